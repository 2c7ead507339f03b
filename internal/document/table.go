package document

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// Kind is what the cells of a column hold. The zero value is invalid.
type Kind uint8

// The kinds of columns, each with the Go type of its cells. A nil cell is empty in any of them.
const (
	KindText   Kind = iota + 1 // string
	KindCount                  // int, int64
	KindNumber                 // float64, with Column.Decimals
	KindShare                  // float64 from 0 to 1, shown as percent with Column.Decimals
	KindMoney                  // int64 in minor units (cents), shown in major units with two decimals
	KindTime                   // time.Time, shown in its own zone to the minute
)

// String returns the kind in lower case.
func (k Kind) String() string {
	switch k {
	case KindText:
		return "text"
	case KindCount:
		return "count"
	case KindNumber:
		return "number"
	case KindShare:
		return "share"
	case KindMoney:
		return "money"
	case KindTime:
		return "time"
	}
	return "invalid"
}

// Limits of a table. A workbook cannot hold more rows: 1,048,576 with its header.
const (
	MaxRows    = 1_048_575
	MaxColumns = 200
)

// Column is one column of a Table.
type Column struct {
	Title    string // with its unit, e.g. "Waiting (h)"
	Kind     Kind
	Decimals int  // of KindNumber and KindShare, 0 to 10
	End      bool // KindText: stands at the end of the cell on paper, as numbers do
}

// atEnd reports whether cells stand at the end of the column on paper: figures do.
func (c Column) atEnd() bool { return c.End || c.Kind != KindText && c.Kind != KindTime }

// Table is rows with a header.
type Table struct {
	Name    string // of the sheet, and above the table on paper
	Columns []Column
	Rows    [][]any
}

// check refuses what cannot be written.
func (t Table) check() error {
	switch {
	case t.Name == "" || len(t.Columns) == 0:
		return errors.New("a table needs a name and a column")
	case len(t.Columns) > MaxColumns || len(t.Rows) > MaxRows:
		return fmt.Errorf("table %s: %d columns and %d rows, at most %d and %d", t.Name, len(t.Columns), len(t.Rows),
			MaxColumns, MaxRows)
	}
	for i, row := range t.Rows {
		if len(row) != len(t.Columns) {
			return fmt.Errorf("table %s, row %d: %d cells for %d columns", t.Name, i+1, len(row), len(t.Columns))
		}
	}
	return nil
}

// timeLayout is how a time reads in CSV and on paper.
const timeLayout = "2006-01-02 15:04"

// text returns a cell as people read it.
func (c Column) text(cell any) (string, error) {
	if cell == nil {
		return "", nil
	}
	switch v := cell.(type) {
	case string:
		if c.Kind == KindText {
			return v, nil
		}
	case int:
		return c.text(int64(v))
	case int64:
		if c.Kind == KindCount {
			return strconv.FormatInt(v, 10), nil
		}
		if c.Kind == KindMoney {
			return money(v), nil
		}
	case float64:
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			return "", fmt.Errorf("%v is no number to print", v)
		case c.Kind == KindNumber:
			return strconv.FormatFloat(v, 'f', c.Decimals, 64), nil
		case c.Kind == KindShare:
			return strconv.FormatFloat(100*v, 'f', c.Decimals, 64), nil
		}
	case time.Time:
		if c.Kind == KindTime {
			return v.Format(timeLayout), nil
		}
	}
	return "", fmt.Errorf("column %q holds %v, not %T", c.Title, c.Kind, cell)
}

func money(minor int64) string {
	sign := ""
	if minor < 0 {
		sign, minor = "-", -minor
	}
	return fmt.Sprintf("%s%d.%02d", sign, minor/100, minor%100)
}

// disarm keeps a spreadsheet from running text as a formula.
// Source: OWASP, CSV injection: cells that begin with one of = + - @ tab or carriage return.
func disarm(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

// WriteCSV writes one table as CSV (RFC 4180) in UTF-8. Shares are in percent.
func WriteCSV(w io.Writer, t Table) error {
	if err := t.check(); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	line := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		line[i] = disarm(c.Title)
	}
	if err := out.Write(line); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	for n, row := range t.Rows {
		for i, cell := range row {
			text, err := t.Columns[i].text(cell)
			if err != nil {
				return fmt.Errorf("table %s, row %d: %w", t.Name, n+1, err)
			}
			if t.Columns[i].Kind == KindText {
				text = disarm(text)
			}
			line[i] = text
		}
		if err := out.Write(line); err != nil {
			return fmt.Errorf("write CSV: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}
