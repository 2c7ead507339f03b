package report

import (
	"errors"
	"fmt"
	"io"

	"cubby/internal/document"
	"cubby/internal/sizing/drawing"
)

// PDF writes the report on paper with all drawings as vectors. A language that paper cannot hold
// returns an error that wraps document.ErrScript and says to print the page.
func (r *Report) PDF(w io.Writer) error {
	paper, err := document.NewPaper(document.PaperOptions{
		Title: r.Title, Language: r.Tag, Footer: r.words.T("report.paper.footer", "seed", r.answer.Seed),
		PageOf: r.words.T("report.paper.page_of", "page", "%d", "pages", "%s"), At: r.options.At, Letter: r.options.Letter,
	})
	if err != nil {
		return fmt.Errorf("begin the report: %w", err)
	}
	for _, s := range r.Sections {
		paper.Heading(s.Title)
		for _, b := range s.Blocks {
			onPaper(paper, b)
		}
	}
	if err := paper.Write(w); err != nil {
		if errors.Is(err, document.ErrScript) {
			return fmt.Errorf("a PDF in the language %q: %w (--html, then the browser's print)", r.Tag, document.ErrScript)
		}
		return err
	}
	return nil
}

func onPaper(paper *document.Paper, b Block) {
	switch {
	case b.Heading != "":
		paper.Subheading(b.Heading)
	case b.Text != "":
		paper.Text(b.Text)
	case b.Note != "":
		paper.Note(b.Note)
	case len(b.List) > 0:
		paper.Bullets(b.List...)
	case len(b.Facts) > 0:
		items := make([]string, len(b.Facts))
		for i, f := range b.Facts {
			items[i] = f.Label + ": " + f.Value + " " + f.Unit
			if f.More != "" {
				items[i] += " (" + f.More + ")"
			}
		}
		paper.Bullets(items...)
	case b.Table != nil:
		paper.Table(b.Table.onPaper())
		if b.Table.Source != "" {
			paper.Note(b.Table.Source)
		}
	case b.Drawing != nil:
		scene := b.Drawing.Scene
		paper.Draw(document.Drawing{
			Caption: b.Drawing.Caption, Width: scene.Width, Height: scene.Height, MaxMM: b.Drawing.MaxMM,
		}, func(c *document.Canvas) { scene.Walk(&pen{canvas: c, line: paper.WidthMM() / 1000}) })
	}
}

func (g Grid) onPaper() document.Table {
	t := document.Table{Name: g.Title}
	for _, h := range g.Heads {
		t.Columns = append(t.Columns, document.Column{Title: h.Text, Kind: document.KindText, End: h.Numeric})
	}
	for _, row := range g.Rows {
		cells := make([]any, len(row))
		for i, c := range row {
			cells[i] = c
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// pen draws the primitives of a scene on paper.
type pen struct {
	canvas *document.Canvas
	line   float64 // millimetres of a line that is a thousandth of the scene
}

var _ drawing.Canvas = (*pen)(nil)

func (p *pen) stroke(c drawing.Class, filled bool) document.Stroke {
	look := c.Look()
	s := document.Stroke{WidthMM: look.Width * p.line}
	if filled && look.Fill.Alpha > 0 {
		s.Fill = onWhite(look.Fill)
	}
	if look.Stroke.Alpha > 0 {
		s.Line = onWhite(look.Stroke)
	}
	if len(look.Dash) > 0 {
		s.DashMM = look.Dash[0] * look.Width * p.line
	}
	return s
}

func onWhite(p drawing.Paint) *document.Colour {
	r, g, b := p.OnWhite()
	return &document.Colour{R: r, G: g, B: b}
}

// Rect draws a rectangle; corners are square on paper.
func (p *pen) Rect(r drawing.Rect) {
	p.canvas.Rect(r.X, r.Y, max(r.W, 0), max(r.H, 0), p.stroke(r.Class, true))
}

// Line draws a line.
func (p *pen) Line(l drawing.Line) { p.canvas.Line(l.X1, l.Y1, l.X2, l.Y2, p.stroke(l.Class, false)) }

// Path draws a polygon or the lines between points.
func (p *pen) Path(path drawing.Path) {
	s := p.stroke(path.Class, path.Closed)
	if path.Closed {
		points := make([][2]float64, len(path.Points))
		for i, q := range path.Points {
			points[i] = [2]float64{q.X, q.Y}
		}
		p.canvas.Polygon(points, s)
		return
	}
	for i := 1; i < len(path.Points); i++ {
		a, b := path.Points[i-1], path.Points[i]
		p.canvas.Line(a.X, a.Y, b.X, b.Y, s)
	}
}

// Text writes a line of text.
func (p *pen) Text(t drawing.Text) {
	align := document.AlignStart
	switch t.Anchor {
	case drawing.AnchorLeft:
	case drawing.AnchorMiddle:
		align = document.AlignMiddle
	case drawing.AnchorRight:
		align = document.AlignEnd
	}
	p.canvas.Text(t.X, t.Y, t.Value, document.Letters{Size: t.Size, Align: align, Colour: *onWhite(t.Class.Look().Fill)})
}
