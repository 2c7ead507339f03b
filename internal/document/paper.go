package document

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// ErrScript means text in a script that the fonts of a PDF do not have.
var ErrScript = errors.New("this language cannot be written to a PDF: print the page instead")

// Measures of a page, in millimetres and points.
const (
	marginMM    = 16.0
	lineMM      = 5.2
	cellPadMM   = 1.6
	headingPt   = 15.0
	subPt       = 11.5
	textPt      = 9.5
	smallPt     = 8.0
	tablePt     = 8.5
	titlePt     = 20.0
	maxPages    = 500
	footerSpace = 14.0

	paragraphMM = 3 * lineMM // under a heading on its page
	// A table of at most this part of a page is not broken; a longer one has its head and some rows
	// at least on the page of its name, and no row alone on its last page.
	shortTable = 0.45
	leastRows  = 3
	noteMM     = 8.0 // of a source below a table
)

// PaperOptions describe a document. Title and At are required.
type PaperOptions struct {
	Title    string
	Language string    // BCP 47, e.g. "en"
	Footer   string    // on every page, left of the page number
	PageOf   string    // "Page %d of %s", translated; empty means that
	At       time.Time // of the document; the same content and time give the same bytes
	Letter   bool      // US Letter instead of A4
	Wide     bool      // landscape
}

// Paper is a PDF that grows from top to bottom. Errors are kept and returned by Write. Text may hold
// any character of Windows-1252; others make Write return ErrScript, because a reader without them
// would see a wrong name.
type Paper struct {
	pdf   *fpdf.Fpdf
	tr    func(string) string
	title string
	err   error
	heads []head // that wait for what they stand above
}

// head is a heading. It stands on the page of what follows it.
type head struct {
	text           string
	points         float64
	before, behind float64 // millimetres
}

// describe writes what a file says of itself; language may be empty.
func describe(pdf *fpdf.Fpdf, title, language string, at time.Time) {
	pdf.SetTitle(title, true)
	pdf.SetCreator("Cubby", true)
	pdf.SetCreationDate(at.UTC())
	pdf.SetModificationDate(at.UTC())
	pdf.SetCatalogSort(true)
	if language != "" {
		pdf.SetLang(language)
	}
}

// NewPaper begins a document with its title on the first page.
func NewPaper(opts PaperOptions) (*Paper, error) {
	if opts.Title == "" || opts.At.IsZero() {
		return nil, errors.New("a document needs a title and a time")
	}
	size, orientation := "A4", "P"
	if opts.Letter {
		size = "Letter"
	}
	if opts.Wide {
		orientation = "L"
	}
	if opts.PageOf == "" {
		opts.PageOf = "Page %d of %s"
	}
	pdf := fpdf.New(orientation, "mm", size, "")
	p := &Paper{pdf: pdf, tr: pdf.UnicodeTranslatorFromDescriptor(""), title: opts.Title}
	pdf.SetMargins(marginMM, marginMM, marginMM)
	pdf.SetCellMargin(0) // rows and their wrapping count the same width
	pdf.SetAutoPageBreak(true, marginMM+footerSpace/2)
	describe(pdf, opts.Title, opts.Language, opts.At)
	pdf.AliasNbPages("")
	pdf.SetFooterFunc(func() {
		pdf.SetY(-footerSpace)
		pdf.SetX(marginMM) // a list that goes on has a margin of its own
		pdf.SetFont("Helvetica", "", smallPt)
		pdf.SetTextColor(110, 110, 110)
		width, _ := pdf.GetPageSize()
		half := (width - 2*marginMM) / 2
		pdf.CellFormat(half, lineMM, p.clean(opts.Footer), "", 0, "L", false, 0, "")
		pdf.CellFormat(half, lineMM, p.clean(fmt.Sprintf(opts.PageOf, pdf.PageNo(), "{nb}")), "", 0, "R", false, 0, "")
		pdf.SetTextColor(0, 0, 0)
	})
	pdf.AddPage()
	p.block(opts.Title, "B", titlePt, 1.1)
	pdf.Ln(2)
	return p, nil
}

// clean turns text into the encoding of the fonts and keeps an error for what they do not have.
func (p *Paper) clean(text string) string {
	for _, r := range text {
		// The translator writes a dot for what the code page does not have.
		if r >= 0x80 && p.tr(string(r)) == "." && p.err == nil {
			p.err = fmt.Errorf("%w (%q in %q)", ErrScript, r, text)
		}
	}
	return p.tr(text)
}

func (p *Paper) block(text, style string, points, spacing float64) {
	p.pdf.SetFont("Helvetica", style, points)
	p.pdf.MultiCell(0, lineOf(points)*spacing, p.clean(text), "", "L", false)
}

// Heading begins a section. It stays with what follows it.
func (p *Paper) Heading(text string) {
	p.heads = append(p.heads, head{text: text, points: headingPt, before: 4, behind: 1.5})
}

// Subheading begins a part of a section. It stays with what follows it.
func (p *Paper) Subheading(text string) {
	p.heads = append(p.heads, head{text: text, points: subPt, before: 2, behind: 1})
}

// begin writes the headings that wait, on a page that has so much room below them.
func (p *Paper) begin(heightMM float64) {
	heads := p.heads
	p.heads = nil
	for _, h := range heads {
		p.pdf.SetFont("Helvetica", "B", h.points)
		lines := len(p.pdf.SplitLines([]byte(p.clean(h.text)), p.WidthMM()))
		heightMM += h.before + h.behind + float64(lines)*lineOf(h.points)
	}
	p.room(heightMM)
	for _, h := range heads {
		p.pdf.Ln(h.before)
		p.block(h.text, "B", h.points, 1)
		p.pdf.Ln(h.behind)
	}
}

// lineOf is the height of a line of letters, in millimetres.
func lineOf(points float64) float64 { return points * 0.3528 * 1.25 }

// Text writes a paragraph.
func (p *Paper) Text(text string) {
	p.begin(paragraphMM)
	p.block(text, "", textPt, 1.1)
	p.pdf.Ln(1.5)
}

// Note writes a paragraph in small grey letters: sources and limits.
func (p *Paper) Note(text string) {
	p.begin(0)
	p.pdf.SetTextColor(95, 95, 95)
	p.block(text, "", smallPt, 1.1)
	p.pdf.SetTextColor(0, 0, 0)
	p.pdf.Ln(1.2)
}

// Bullets writes a list.
func (p *Paper) Bullets(items ...string) {
	p.begin(paragraphMM)
	for _, item := range items {
		p.room(lineMM)
		p.pdf.SetFont("Helvetica", "", textPt)
		y := p.pdf.GetY()
		p.pdf.CellFormat(4, lineMM, p.clean("•"), "", 0, "L", false, 0, "")
		p.pdf.SetXY(marginMM+4, y)
		p.pdf.SetLeftMargin(marginMM + 4)
		p.pdf.MultiCell(0, lineMM, p.clean(item), "", "L", false)
		p.pdf.SetLeftMargin(marginMM)
		p.pdf.SetX(marginMM)
	}
	p.pdf.Ln(1.5)
}

// WidthMM is the width between the margins.
func (p *Paper) WidthMM() float64 {
	width, _ := p.pdf.GetPageSize()
	return width - 2*marginMM
}

// room begins a page when less than this height is left.
func (p *Paper) room(heightMM float64) {
	_, height := p.pdf.GetPageSize()
	if p.pdf.GetY()+heightMM > height-marginMM-footerSpace/2 {
		p.newPage()
	}
}

func (p *Paper) newPage() {
	if p.pdf.PageNo() >= maxPages && p.err == nil {
		p.err = fmt.Errorf("the document has more than %d pages", maxPages)
	}
	if p.err == nil {
		p.pdf.AddPage()
	}
}

// Table writes a table whose header repeats on every page. Cells wrap.
func (p *Paper) Table(t Table) {
	if err := t.check(); err != nil {
		p.fail(err)
		return
	}
	texts := make([][]string, 0, len(t.Rows)+1)
	head := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = p.clean(c.Title)
	}
	texts = append(texts, head)
	for n, row := range t.Rows {
		line := make([]string, len(row))
		for i, cell := range row {
			text, err := t.Columns[i].text(cell)
			if err != nil {
				p.fail(fmt.Errorf("table %s, row %d: %w", t.Name, n+1, err))
				return
			}
			if t.Columns[i].Kind == KindShare && text != "" {
				text += " %"
			}
			line[i] = p.clean(text)
		}
		texts = append(texts, line)
	}
	widths := p.widths(texts, t.Columns)
	p.Subheading(t.Name)
	p.begin(p.together(texts, widths))
	p.row(head, widths, t.Columns, true)
	for n, line := range texts[1:] {
		if p.err != nil {
			return
		}
		need := p.rowHeight(line, widths, false)
		if left := len(texts) - 2 - n; left == 1 { // the last two stay together
			need += p.rowHeight(texts[n+2], widths, false)
		}
		if need+p.pdf.GetY() > p.bottom() {
			p.newPage()
			p.row(head, widths, t.Columns, true)
		}
		p.row(line, widths, t.Columns, false)
	}
	p.pdf.Ln(3)
}

// together is the height of a table that must stand on the page of its name: all of a short one, the
// head and the first rows of a long one.
func (p *Paper) together(texts [][]string, widths []float64) float64 {
	_, page := p.pdf.GetPageSize()
	all, begin := 0.0, 0.0
	for n, line := range texts {
		all += p.rowHeight(line, widths, n == 0)
		if n <= leastRows {
			begin = all
		}
	}
	if all <= shortTable*page {
		return all + noteMM
	}
	return begin
}

func (p *Paper) bottom() float64 {
	_, height := p.pdf.GetPageSize()
	return height - marginMM - footerSpace/2
}

func (p *Paper) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// widths shares the page's width among the columns: each has its longest word, figures stay in one line
// where that fits, and the width that is left goes where it saves most lines.
func (p *Paper) widths(texts [][]string, columns []Column) []float64 {
	wants, widths, figures := make([]float64, len(texts[0])), make([]float64, len(texts[0])), make([]float64, len(texts[0]))
	rows := make([][]float64, 0, min(len(texts), sampleRows))
	const pad = 2*cellPadMM + 1
	for n, line := range texts[:min(len(texts), sampleRows)] {
		style := ""
		if n == 0 {
			style = "B"
		}
		p.pdf.SetFont("Helvetica", style, tablePt)
		row := make([]float64, len(line))
		for i, text := range line {
			row[i] = p.pdf.GetStringWidth(text) + pad
			wants[i] = max(wants[i], row[i])
			for _, word := range strings.Fields(text) {
				widths[i] = max(widths[i], min(p.pdf.GetStringWidth(word), longWordMM)+pad)
			}
			if n > 0 && columns[i].atEnd() {
				figures[i] = max(figures[i], min(row[i], longWordMM))
			}
		}
		rows = append(rows, row)
	}
	want, least, unbroken := 0.0, 0.0, 0.0
	for i := range wants {
		widths[i] = max(widths[i], pad)
		figures[i] = max(figures[i], widths[i])
		want += max(wants[i], widths[i])
		least += widths[i]
		unbroken += figures[i]
	}
	all := p.WidthMM()
	if unbroken < all {
		widths, least = figures, unbroken
	}
	if want <= all { // the table is as wide as it needs
		return wants
	}
	if least >= all {
		for i := range widths {
			widths[i] *= all / least
		}
		return widths
	}
	for left := all - least; left > widthStepMM; left -= widthStepMM {
		widths[saves(rows, widths)] += widthStepMM
	}
	return widths
}

// saves is the column whose widening saves most lines, were words as fine as sand.
func saves(rows [][]float64, widths []float64) int {
	saved := make([]float64, len(widths))
	for _, row := range rows {
		highest, lines, next := 0, 0.0, 1.0
		for i, w := range row {
			switch n := w / widths[i]; {
			case n > lines:
				highest, lines, next = i, n, max(lines, 1)
			case n > next:
				next = n
			}
		}
		if lines > 1 {
			saved[highest] += lines - max(row[highest]/(widths[highest]+widthStepMM), next)
		}
	}
	best := 0
	for i, s := range saved {
		if s > saved[best] {
			best = i
		}
	}
	return best
}

const (
	longWordMM  = 62.0 // longer words are broken
	widthStepMM = 1.0
	sampleRows  = 300 // that say enough about a table
)

func (p *Paper) rowHeight(line []string, widths []float64, head bool) float64 {
	style := ""
	if head {
		style = "B" // wider, so it wraps earlier
	}
	p.pdf.SetFont("Helvetica", style, tablePt)
	lines := 1
	for i, text := range line {
		lines = max(lines, len(p.pdf.SplitLines([]byte(text), widths[i]-2*cellPadMM)))
	}
	return float64(lines)*tableLineMM + 1.6
}

const tableLineMM = 4.1

func (p *Paper) row(line []string, widths []float64, columns []Column, head bool) {
	height := p.rowHeight(line, widths, head)
	x, y := marginMM, p.pdf.GetY()
	style := ""
	if head {
		style = "B"
	}
	p.pdf.SetFont("Helvetica", style, tablePt)
	for i, text := range line {
		align := "L"
		if columns[i].atEnd() {
			align = "R"
		}
		for n, part := range p.pdf.SplitLines([]byte(text), widths[i]-2*cellPadMM) {
			p.pdf.SetXY(x+cellPadMM, y+0.8+float64(n)*tableLineMM)
			p.pdf.CellFormat(widths[i]-2*cellPadMM, tableLineMM, string(part), "", 0, align, false, 0, "")
		}
		x += widths[i]
	}
	p.pdf.SetDrawColor(190, 190, 190)
	if head {
		p.pdf.SetDrawColor(60, 60, 60)
	}
	p.pdf.SetLineWidth(0.2)
	p.pdf.Line(marginMM, y+height, x, y+height)
	p.pdf.SetDrawColor(0, 0, 0)
	p.pdf.SetXY(marginMM, y+height)
}

// Write finishes the document. It returns the first error of any call before, ErrScript among them.
func (p *Paper) Write(w io.Writer) error {
	p.begin(0)
	if p.err == nil {
		p.err = p.pdf.Error()
	}
	if p.err != nil {
		return fmt.Errorf("write %s: %w", p.title, p.err)
	}
	if err := p.pdf.Output(w); err != nil {
		return fmt.Errorf("write %s: %w", p.title, err)
	}
	return nil
}
