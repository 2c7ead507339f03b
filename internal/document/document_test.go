package document_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"cubby/internal/document"
)

func deliveries() document.Table {
	at := time.Date(2026, 3, 29, 8, 5, 0, 0, time.FixedZone("", 2*3600))
	return document.Table{
		Name: "Deliveries: by day/size",
		Columns: []document.Column{
			{Title: "Carrier", Kind: document.KindText},
			{Title: "Parcels", Kind: document.KindCount},
			{Title: "Hours", Kind: document.KindNumber, Decimals: 2},
			{Title: "Late", Kind: document.KindShare, Decimals: 1},
			{Title: "Cost (EUR)", Kind: document.KindMoney},
			{Title: "Last", Kind: document.KindTime},
		},
		Rows: [][]any{
			{"=HYPERLINK(\"x\")", 12, 1.5, 0.125, int64(-5), at},
			{"Müller, \"Post\"", int64(3), nil, nil, int64(123456), nil},
		},
	}
}

func TestWriteCSV(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := document.WriteCSV(&out, deliveries()); err != nil {
		t.Fatal(err)
	}
	want := "Carrier,Parcels,Hours,Late,Cost (EUR),Last\r\n" +
		"\"'=HYPERLINK(\"\"x\"\")\",12,1.50,12.5,-0.05,2026-03-29 08:05\r\n" +
		"\"Müller, \"\"Post\"\"\",3,,,1234.56,\r\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestWriteXLSX(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := document.WriteXLSX(&out, deliveries(), deliveries()); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	names := book.GetSheetList()
	if len(names) != 2 || names[0] != "Deliveries- by day-size" || names[1] != "Deliveries- by day-size 2" {
		t.Fatalf("sheets %q", names)
	}
	rows, err := book.GetRows(names[1])
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"Carrier", "Parcels", "Hours", "Late", "Cost (EUR)", "Last"},
		{"=HYPERLINK(\"x\")", "12", "1.50", "12.5%", "-0.05", "2026-03-29 08:05"},
		{"Müller, \"Post\"", "3", "", "", "1,234.56"},
	}
	for i, row := range want {
		if got := strings.TrimRight(strings.Join(rows[i], "|"), "|"); got != strings.Join(row, "|") {
			t.Errorf("row %d: %q, want %q", i, got, row)
		}
	}
	if formula, err := book.GetCellFormula(names[0], "A2"); err != nil || formula != "" {
		t.Errorf("a text became the formula %q (%v)", formula, err)
	}
}

func TestTable_Refused(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*document.Table){
		"no column":   func(t *document.Table) { t.Columns = nil },
		"short row":   func(t *document.Table) { t.Rows[1] = t.Rows[1][:2] },
		"wrong cell":  func(t *document.Table) { t.Rows[1][1] = "three" },
		"not finite":  func(t *document.Table) { t.Rows[0][2] = 1 / func() float64 { return 0 }() },
		"wrong money": func(t *document.Table) { t.Rows[0][4] = 1.5 },
	} {
		table := deliveries()
		change(&table)
		if err := document.WriteCSV(&bytes.Buffer{}, table); err == nil {
			t.Errorf("%s: CSV was written", name)
		}
		if err := document.WriteXLSX(&bytes.Buffer{}, table); err == nil {
			t.Errorf("%s: workbook was written", name)
		}
	}
}

func paper(tb testing.TB) *document.Paper {
	tb.Helper()
	p, err := document.NewPaper(document.PaperOptions{
		Title: "Plan for Harbour House", Language: "en", Footer: "Cubby", At: time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func TestPaper(t *testing.T) {
	t.Parallel()
	write := func() []byte {
		p := paper(t)
		p.Heading("What it needs")
		p.Text("Forty doors – “enough” for 99 % of days, 12 €.")
		p.Bullets("one", strings.Repeat("a long item that wraps ", 20))
		table := deliveries()
		for i := range 120 {
			table.Rows = append(table.Rows, []any{fmt.Sprintf("Carrier %d", i), i, 0.5, 0.5, int64(i), nil})
		}
		p.Table(table)
		p.Draw(document.Drawing{Caption: "A caption", Width: 100, Height: 50, MaxMM: 60}, func(c *document.Canvas) {
			black := document.Colour{}
			c.Rect(0, 0, 100, 50, document.Stroke{Line: &black, WidthMM: 0.3})
			c.Line(0, 0, 100, 50, document.Stroke{Line: &black, DashMM: 1})
			c.Polygon([][2]float64{{1, 1}, {5, 1}, {5, 5}}, document.Stroke{Fill: &document.Colour{R: 200}})
			c.Text(50, 25, "Drawing", document.Letters{Size: 5, Align: document.AlignMiddle, Colour: black})
		})
		var out bytes.Buffer
		if err := p.Write(&out); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	first, second := write(), write()
	if !bytes.Equal(first, second) {
		t.Error("the same content gave other bytes")
	}
	text := pdfText(t, first)
	for _, want := range []string{"Plan for Harbour House", "Forty doors", "“enough”", "12 €", "Carrier 119", "12.5 %", "Page 1 of", "Drawing"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text of the PDF lacks %q", want)
		}
	}
	if n := strings.Count(text, "Cost (EUR)"); n < 3 {
		t.Errorf("the header of the table stands on %d pages", n)
	}
}

func TestPaper_OtherScript(t *testing.T) {
	t.Parallel()
	p := paper(t)
	p.Text("خزانة")
	if err := p.Write(&bytes.Buffer{}); !errors.Is(err, document.ErrScript) {
		t.Errorf("got %v", err)
	}
}

func pdfText(t *testing.T, pdf []byte) string {
	t.Helper()
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("pdftotext is missing: install poppler-utils")
		}
		t.Skip("!!!! SKIPPED: pdftotext is missing, install poppler-utils to read the PDF back")
	}
	name := filepath.Join(t.TempDir(), "p.pdf")
	if err := os.WriteFile(name, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tool, "-layout", name, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// BenchmarkWriteXLSX writes 50,000 rows of six columns; the target is 3 s.
func BenchmarkWriteXLSX(b *testing.B) {
	table := deliveries()
	row := table.Rows[0]
	table.Rows = nil
	for range 50_000 {
		table.Rows = append(table.Rows, row)
	}
	for b.Loop() {
		if err := document.WriteXLSX(&bytes.Buffer{}, table); err != nil {
			b.Fatal(err)
		}
	}
}
