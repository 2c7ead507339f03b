package document

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// Limits and looks of a workbook.
const (
	maxSheetName  = 31 // characters, by the file format
	maxCellText   = 32767
	minWidth      = 9  // characters
	maxWidth      = 60 // characters
	widthSample   = 200
	maxSheets     = 50
	formatSeconds = 24 * 60 * 60
)

// WriteXLSX writes a workbook with one sheet for each table. Shares are numbers shown as percent,
// times are dates of the workbook in the zone that they were given in.
func WriteXLSX(w io.Writer, tables ...Table) (err error) {
	if len(tables) == 0 || len(tables) > maxSheets {
		return fmt.Errorf("a workbook of %d tables: want 1 to %d", len(tables), maxSheets)
	}
	book := excelize.NewFile()
	defer func() { err = errors.Join(err, book.Close()) }()
	used := map[string]bool{}
	for i, t := range tables {
		if err := t.check(); err != nil {
			return err
		}
		name := sheetName(t.Name, used)
		if i == 0 {
			err = book.SetSheetName(book.GetSheetName(0), name)
		} else {
			_, err = book.NewSheet(name)
		}
		if err != nil {
			return fmt.Errorf("make sheet %s: %w", name, err)
		}
		if err := writeSheet(book, name, t); err != nil {
			return fmt.Errorf("write sheet %s: %w", name, err)
		}
	}
	if err := book.Write(w); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return nil
}

// sheetName makes a name that the format allows and that no sheet before has.
func sheetName(name string, used map[string]bool) string {
	clean := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]'`, r) {
			return '-'
		}
		return r
	}, name)
	short := []rune(clean)
	short = short[:min(len(short), maxSheetName)]
	unique := string(short)
	for n := 2; used[strings.ToLower(unique)]; n++ {
		tail := fmt.Sprintf(" %d", n)
		unique = string(short[:min(len(short), maxSheetName-len(tail))]) + tail
	}
	used[strings.ToLower(unique)] = true
	return unique
}

func writeSheet(book *excelize.File, name string, t Table) error {
	header, styles, err := sheetStyles(book, t.Columns)
	if err != nil {
		return err
	}
	out, err := book.NewStreamWriter(name)
	if err != nil {
		return err
	}
	for i := range t.Columns {
		if err := out.SetColWidth(i+1, i+1, columnWidth(t, i)); err != nil {
			return err
		}
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	line := make([]any, len(t.Columns))
	for i, c := range t.Columns {
		line[i] = excelize.Cell{StyleID: header, Value: c.Title}
	}
	if err := out.SetRow("A1", line); err != nil {
		return err
	}
	for n, row := range t.Rows {
		for i, cell := range row {
			value, err := t.Columns[i].value(cell)
			if err != nil {
				return fmt.Errorf("row %d: %w", n+1, err)
			}
			line[i] = excelize.Cell{StyleID: styles[i], Value: value}
		}
		if err := out.SetRow(fmt.Sprintf("A%d", n+2), line); err != nil {
			return err
		}
	}
	return out.Flush()
}

// value returns a cell as the workbook holds it.
func (c Column) value(cell any) (any, error) {
	text, err := c.text(cell) // checks that the cell fits its column
	if err != nil {
		return nil, err
	}
	switch v := cell.(type) {
	case string:
		if utf8.RuneCountInString(text) > maxCellText {
			return string([]rune(text)[:maxCellText]), nil
		}
	case int:
		return c.value(int64(v))
	case int64:
		if c.Kind == KindMoney {
			return float64(v) / 100, nil
		}
	case time.Time:
		return serial(v), nil
	}
	return cell, nil
}

// serial is the day number of a workbook, by the wall clock of the time's own zone.
// Source: ECMA-376 part 1 §18.17.4.1: days since 1899-12-30, the fraction is the time of day.
func serial(t time.Time) float64 {
	local := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	epoch := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	return local.Sub(epoch).Seconds() / formatSeconds
}

func sheetStyles(book *excelize.File, columns []Column) (header int, styles []int, err error) {
	header, err = book.NewStyle(&excelize.Style{
		Font:      &excelize.Font{Bold: true},
		Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"},
	})
	if err != nil {
		return 0, nil, err
	}
	for _, c := range columns {
		format := c.format()
		id, err := book.NewStyle(&excelize.Style{CustomNumFmt: &format})
		if err != nil {
			return 0, nil, err
		}
		styles = append(styles, id)
	}
	return header, styles, nil
}

func (c Column) format() string {
	decimals := ""
	if c.Decimals > 0 {
		decimals = "." + strings.Repeat("0", min(c.Decimals, 10))
	}
	switch c.Kind {
	case KindText:
		return "@"
	case KindCount:
		return "#,##0"
	case KindNumber:
		return "#,##0" + decimals
	case KindShare:
		return "0" + decimals + "%"
	case KindMoney:
		return "#,##0.00"
	case KindTime:
		return "yyyy-mm-dd hh:mm"
	}
	return "General"
}

// columnWidth measures the header and the first rows, in characters.
func columnWidth(t Table, column int) float64 {
	width := minWidth
	for _, word := range strings.Fields(t.Columns[column].Title) {
		width = max(width, utf8.RuneCountInString(word)+2)
	}
	for _, row := range t.Rows[:min(len(t.Rows), widthSample)] {
		text, err := t.Columns[column].text(row[column])
		if err == nil { // a wrong cell is reported where it is written
			width = max(width, utf8.RuneCountInString(text)+2)
		}
	}
	return float64(min(width, maxWidth))
}
