package report_test

import (
	"bytes"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"cubby/internal/web/planner/report"
)

// poppler runs a tool of poppler-utils over the PDF of a report. Without it the test is skipped, except
// where it must be there.
func poppler(t *testing.T, r *report.Report, args ...string) string {
	t.Helper()
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		if os.Getenv("CI") == "true" || os.Getenv("REQUIRE_TOOLS") != "" {
			t.Fatal("pdftotext is missing: install poppler-utils")
		}
		t.Skip("!!!! SKIPPED: pdftotext is missing, install poppler-utils to read the PDF back")
	}
	var paper bytes.Buffer
	if err := r.PDF(&paper); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "plan.pdf")
	if err := os.WriteFile(name, paper.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tool, append(args, name, "-")...).Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// spaces joins the words of a text, so that line breaks do not matter.
func spaces(s string) string { return strings.Join(strings.Fields(s), " ") }

// The paper holds every section in the order of the report, every sentence, every cell and every source.
func TestPDF_HoldsTheReport(t *testing.T) {
	t.Parallel()
	for _, x := range []struct{ plan, language string }{{"plan-200", "en"}, {"plan-400", "es"}} {
		r, _ := made(t, x.plan, x.language)
		raw := poppler(t, r, "-raw")
		said := spaces(raw)
		at := 0
		for _, s := range r.Sections {
			next := strings.Index(strings.ReplaceAll(raw[at:], "\f", "\n"), "\n"+s.Title+"\n")
			if next < 0 {
				t.Errorf("%s: section %q does not follow the one before it", x.plan, s.Title)
				continue
			}
			at += next
			for _, b := range s.Blocks {
				for _, want := range sentences(b) {
					// A word that is broken over lines, and what a page break parts, is found by its beginning.
					if words := strings.Fields(want); len(words) > 0 && !strings.Contains(said, strings.Join(words[:min(len(words), 4)], " ")) {
						t.Errorf("%s: the paper lacks %q", x.plan, want)
					}
				}
			}
		}
		if pages := strings.Count(raw, "\f"); pages < 8 || pages > 22 {
			t.Errorf("%s: %d pages", x.plan, pages)
		}
	}
}

// sentences lists what a block says outside of its cells.
func sentences(b report.Block) []string {
	out := append([]string{b.Heading, b.Text, b.Note}, b.List...)
	for _, f := range b.Facts {
		out = append(out, f.Label+": "+f.Value)
	}
	if b.Table != nil {
		out = append(out, b.Table.Title, b.Table.Source)
	}
	if b.Drawing != nil {
		out = append(out, b.Drawing.Caption)
	}
	return out
}

// box is a word on a page, in points.
type box struct {
	XMin float64 `xml:"xMin,attr"`
	YMin float64 `xml:"yMin,attr"`
	XMax float64 `xml:"xMax,attr"`
	YMax float64 `xml:"yMax,attr"`
	Text string  `xml:",chardata"`
}

func (a box) overlaps(b box) bool {
	const slack = 1.2 // points: letters of neighbours may touch
	return a.XMin+slack < b.XMax && b.XMin+slack < a.XMax && a.YMin+2*slack < b.YMax && b.YMin+2*slack < a.YMax
}

// Nothing on paper leaves the margins, and no two words lie on each other: neither in tables nor in drawings.
func TestPDF_KeepsItsMargins(t *testing.T) {
	t.Parallel()
	const margin = 16 / 25.4 * 72
	for _, x := range []struct{ plan, language string }{{"plan-200", "es"}, {"plan-400", "en"}} {
		r, _ := made(t, x.plan, x.language)
		var doc struct {
			Pages []struct {
				Width float64 `xml:"width,attr"`
				Words []box   `xml:"word"`
			} `xml:"body>doc>page"`
		}
		if err := xml.Unmarshal([]byte(poppler(t, r, "-bbox")), &doc); err != nil {
			t.Fatal(err)
		}
		for n, page := range doc.Pages {
			if len(page.Words) < 8 {
				t.Errorf("%s: page %d is nearly empty", x.plan, n+1)
			}
			for i, a := range page.Words {
				if a.XMin < margin-1 || a.XMax > page.Width-margin+1 {
					t.Errorf("%s: page %d: %q leaves the margins: %.0f to %.0f of %.0f", x.plan, n+1, a.Text, a.XMin, a.XMax, page.Width)
				}
				for _, b := range page.Words[i+1:] {
					if a.overlaps(b) {
						t.Errorf("%s: page %d: %q and %q lie on each other", x.plan, n+1, a.Text, b.Text)
					}
				}
			}
			last := page.Words[max(len(page.Words)-12, 0):]
			for _, s := range r.Drawings() {
				if strings.HasSuffix(join(last, "Cubby"), s.Caption) {
					t.Errorf("%s: page %d ends with the caption %q", x.plan, n+1, s.Caption)
				}
			}
		}
	}
}

// join writes words until the one that begins the foot of the page.
func join(words []box, foot string) string {
	var out []string
	for _, w := range words {
		if w.Text == foot {
			break
		}
		out = append(out, w.Text)
	}
	return strings.Join(out, " ")
}

// No figure without unit and source: each table of the report has a source, below it or in a column, and
// each column of figures has a unit, in its head, in the table's title or in a column.
func TestReport_EveryFigureHasUnitAndSource(t *testing.T) {
	t.Parallel()
	amount := regexp.MustCompile(`^[-<\d]`)
	tables, figures := 0, 0
	for _, plan := range []string{"plan-200", "plan-400"} {
		r, _ := made(t, plan, "en")
		for _, s := range r.Sections {
			explained := false
			for _, b := range s.Blocks {
				explained = explained || b.Note != "" || b.Table != nil && b.Table.Source != ""
				for _, f := range b.Facts {
					if f.Unit == "" || f.Value == "" {
						t.Errorf("%s: %s is %q %q", plan, f.Label, f.Value, f.Unit)
					}
				}
				if b.Table == nil {
					continue
				}
				tables++
				unit, source := strings.Contains(b.Table.Title, "("), b.Table.Source != ""
				for _, h := range b.Table.Heads {
					unit, source = unit || h.Text == "Unit", source || h.Text == "Source"
				}
				if !source {
					t.Errorf("%s: table %q has no source", plan, b.Table.Title)
				}
				for i, h := range b.Table.Heads {
					for _, row := range b.Table.Rows {
						if !h.Numeric || !amount.MatchString(row[i]) {
							continue
						}
						figures++
						if !unit && !strings.Contains(h.Text, "(") && !strings.HasPrefix(h.Text, "Parcels per ") {
							t.Errorf("%s: table %q: %q has no unit", plan, b.Table.Title, h.Text)
						}
					}
				}
			}
			if len(s.Blocks) > 1 && !explained {
				t.Errorf("%s: section %s says nowhere where its figures come from", plan, s.ID)
			}
		}
	}
	if tables < 40 || figures < 600 {
		t.Fatalf("only %d figures in %d tables: does the test still see them?", figures, tables)
	}
}

// The same of what leaves as a workbook or as files: each row has a source, and each figure a unit.
func TestTables_EveryFigureHasUnitAndSource(t *testing.T) {
	t.Parallel()
	counted := 0
	for _, plan := range []string{"plan-200", "plan-400"} {
		r, _ := made(t, plan, "en")
		for name, rows := range workbook(t, r) {
			hasUnit := false
			for _, head := range rows[0] {
				hasUnit = hasUnit || head == "Unit"
			}
			for _, row := range rows[1:] {
				if cell(t, rows, row, "Source") == "" {
					t.Errorf("%s: a row of %s has no source: %q", plan, name, row)
				}
				for i, text := range row {
					if _, err := strconv.ParseFloat(text, 64); err != nil || strings.Contains(rows[0][i], "(") {
						continue
					}
					counted++
					if !hasUnit || cell(t, rows, row, "Unit") == "" {
						t.Errorf("%s: %s: %q is %s without a unit: %q", plan, name, rows[0][i], text, row)
					}
				}
			}
		}
	}
	if counted < 300 {
		t.Fatalf("only %d figures seen", counted)
	}
}
