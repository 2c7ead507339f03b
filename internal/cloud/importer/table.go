package importer

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"cubby/internal/locker"
)

// Limits of a table, beside those of whoever reads it.
const (
	MaxColumns = 100
	// maxHeader is how many characters of a header are kept.
	maxHeader = 100
)

// Table is a file as rows of cells.
type Table struct {
	Encoding  string // "UTF-8", "UTF-16" or "Windows-1252"
	Separator rune
	Header    []string
	Records   []Record  // rows that are not empty
	Problems  []Problem // rows that cannot be read
}

// Record is one row. It may have fewer or more cells than the header.
type Record struct {
	Line  int // of the file, counted from 1
	Cells []string
}

// Read reads a file of at most maxRows rows. Separators are commas, semicolons or tabs; characters
// are UTF-8, UTF-16 or Windows-1252. It returns IMPORT_INVALID when there is no header or too much
// of anything. A row that cannot be read is a problem of the table.
func Read(data []byte, maxRows int) (Table, error) {
	text, name, err := decode(data)
	if err != nil {
		return Table{}, err
	}
	t := Table{Encoding: name}
	var skipped int
	if t.Separator, text, skipped = separator(text); strings.TrimSpace(text) == "" {
		return Table{}, locker.Errorf(locker.CodeImportInvalid, "the file is empty")
	}
	// Old Macs end lines with a carriage return alone.
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, "\r", "\n")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = t.Separator, -1, false
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			t.Problems = append(t.Problems, Problem{Line: bad.StartLine + skipped, Code: ProblemQuote})
		} else if err != nil {
			return Table{}, locker.Errorf(locker.CodeImportInvalid, "the file cannot be read: %v", err)
		}
		if bad != nil || blank(cells) {
			if len(t.Problems) > maxRows {
				return Table{}, tooManyRows(maxRows)
			}
			continue
		}
		line, _ := r.FieldPos(0)
		if t.Header == nil {
			if err := t.setHeader(cells); err != nil {
				return Table{}, err
			}
			continue
		}
		if len(t.Records) >= maxRows {
			return Table{}, tooManyRows(maxRows)
		}
		t.Records = append(t.Records, Record{Line: line + skipped, Cells: cells})
	}
	if t.Header == nil {
		return Table{}, locker.Errorf(locker.CodeImportInvalid, "the file has no line that names the columns")
	}
	if len(t.Records)+len(t.Problems) == 0 {
		return Table{}, locker.Errorf(locker.CodeImportInvalid, "the file has no rows below the names of the columns")
	}
	return t, nil
}

func tooManyRows(most int) error {
	return locker.Errorf(locker.CodeImportInvalid, "the file has more than %d rows, split it", most)
}

func (t *Table) setHeader(cells []string) error {
	if len(cells) > MaxColumns {
		return locker.Errorf(locker.CodeImportInvalid, "the file has %d columns, at most %d", len(cells), MaxColumns)
	}
	t.Header = make([]string, 0, len(cells))
	for _, cell := range cells {
		t.Header = append(t.Header, shorten(clean(cell), maxHeader))
	}
	return nil
}

func blank(cells []string) bool {
	for _, cell := range cells {
		if clean(cell) != "" {
			return false
		}
	}
	return true
}

// clean returns a cell without spaces around it, also those that do not break and those without
// width, which spreadsheets leave behind.
func clean(cell string) string {
	const invisible = " \t\r\n\u00a0\u200b\u200e\u200f\ufeff\u2060"
	return strings.Trim(cell, invisible)
}

func shorten(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// decode returns the characters of a file and the name of their encoding.
func decode(data []byte) (text, name string, err error) {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		data = data[3:]
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return convert(data, "UTF-16", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM))
	case zeroes(data, 1):
		return convert(data, "UTF-16", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM))
	case zeroes(data, 0):
		return convert(data, "UTF-16", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM))
	}
	if utf8.Valid(data) {
		return string(data), "UTF-8", nil
	}
	return convert(data, "Windows-1252", charmap.Windows1252)
}

func convert(data []byte, name string, from encoding.Encoding) (text, encodingName string, err error) {
	decoded, err := from.NewDecoder().Bytes(data)
	if err != nil {
		return "", "", locker.Errorf(locker.CodeImportInvalid, "the file is not %s: %v", name, err)
	}
	return string(decoded), name, nil
}

// zeroes reports whether most of the first bytes at odd or even places are zero, as those of UTF-16
// without a mark are.
func zeroes(data []byte, odd int) bool {
	const look, enough = 200, 0.7
	data = data[:min(len(data), look)]
	if len(data) < 4 || len(data)%2 != 0 {
		return false
	}
	zero := 0
	for i := odd; i < len(data); i += 2 {
		if data[i] == 0 {
			zero++
		}
	}
	return float64(zero) > enough*float64(len(data)/2)
}

// separator finds what separates cells: what a line "sep=;" says, as one spreadsheet writes it, else
// what the first line that is not empty has most of outside of quotations. It returns the text
// without that first line, and how many lines it took off.
func separator(text string) (sep rune, rest string, skipped int) {
	first, after, _ := strings.Cut(text, "\n")
	if mark, ok := strings.CutPrefix(strings.ToLower(clean(first)), "sep="); ok && len(mark) == 1 && strings.Contains(",;\t", mark) {
		return rune(mark[0]), after, 1
	}
	if first, ok := strings.CutPrefix(strings.TrimRight(first, "\r"), "sep=\t"); ok && first == "" {
		return '\t', after, 1
	}
	counts := map[rune]int{}
	quoted := false
	for _, r := range strings.TrimLeft(text, "\r\n") {
		if r == '"' {
			quoted = !quoted
		}
		if (r == '\n' || r == '\r') && !quoted {
			break
		}
		if !quoted {
			counts[r]++
		}
	}
	sep = ','
	for _, candidate := range []rune{';', '\t'} {
		if counts[candidate] > counts[sep] {
			sep = candidate
		}
	}
	return sep, text, 0
}

// Samples returns the first values of a column that are not empty.
func (t Table) Samples(column, most int) []string {
	var found []string
	for _, record := range t.Records {
		if len(found) == most {
			break
		}
		if column < len(record.Cells) && clean(record.Cells[column]) != "" {
			found = append(found, shorten(clean(record.Cells[column]), maxShown))
		}
	}
	return found
}
