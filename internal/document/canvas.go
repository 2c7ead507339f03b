package document

import "codeberg.org/go-pdf/fpdf"

// Colour is red, green and blue, 0 to 255 each.
type Colour struct{ R, G, B uint8 }

// Stroke is how a shape is drawn. Without Line and Fill nothing is seen.
type Stroke struct {
	Line    *Colour
	Fill    *Colour
	WidthMM float64 // of the line on paper
	DashMM  float64 // 0 means a solid line
}

// Align is where a text stands against its point. The zero value is invalid.
type Align uint8

// The alignments.
const (
	AlignStart Align = iota + 1
	AlignMiddle
	AlignEnd
)

// Canvas is a drawing on a Paper, in its own units.
type Canvas struct {
	paper *Paper
	x, y  float64 // of the corner at the top left, on the page
	scale float64 // millimetres on paper for one unit
}

// Drawing is a picture of Width by Height units, across the page and not higher than MaxMM
// millimetres on paper. The units run right and down from the top left corner.
type Drawing struct {
	Caption       string // above it, on the same page; may be empty
	Width, Height float64
	MaxMM         float64
}

// Draw reserves a drawing with its caption, and lets draw fill it.
func (p *Paper) Draw(d Drawing, draw func(*Canvas)) {
	width, height := d.Width, d.Height
	if width <= 0 || height <= 0 || p.err != nil {
		return
	}
	scale := min(p.WidthMM()/width, d.MaxMM/height)
	if d.Caption != "" {
		p.Subheading(d.Caption)
	}
	p.begin(height*scale + 3)
	y := p.pdf.GetY()
	x := marginMM + (p.WidthMM()-width*scale)/2
	auto, margin := p.pdf.GetAutoPageBreak()
	p.pdf.SetAutoPageBreak(false, margin)
	draw(&Canvas{paper: p, x: x, y: y, scale: scale})
	p.pdf.SetAutoPageBreak(auto, margin)
	p.pdf.SetDashPattern(nil, 0)
	p.pdf.SetDrawColor(0, 0, 0)
	p.pdf.SetTextColor(0, 0, 0)
	p.pdf.SetXY(marginMM, y+height*scale+3)
}

func (c *Canvas) style(s Stroke) string {
	pdf, style := c.paper.pdf, ""
	if s.Fill != nil {
		pdf.SetFillColor(int(s.Fill.R), int(s.Fill.G), int(s.Fill.B))
		style += "F"
	}
	if s.Line != nil {
		pdf.SetDrawColor(int(s.Line.R), int(s.Line.G), int(s.Line.B))
		pdf.SetLineWidth(max(s.WidthMM, 0.1))
		style += "D"
	}
	if s.DashMM > 0 {
		pdf.SetDashPattern([]float64{s.DashMM, s.DashMM}, 0)
	} else {
		pdf.SetDashPattern(nil, 0)
	}
	return style
}

// Rect draws a rectangle.
func (c *Canvas) Rect(x, y, width, height float64, s Stroke) {
	if style := c.style(s); style != "" {
		c.paper.pdf.Rect(c.x+x*c.scale, c.y+y*c.scale, width*c.scale, height*c.scale, style)
	}
}

// Line draws a line.
func (c *Canvas) Line(x1, y1, x2, y2 float64, s Stroke) {
	if c.style(s) != "" {
		c.paper.pdf.Line(c.x+x1*c.scale, c.y+y1*c.scale, c.x+x2*c.scale, c.y+y2*c.scale)
	}
}

// Polygon draws a closed shape through pairs of x and y.
func (c *Canvas) Polygon(points [][2]float64, s Stroke) {
	style := c.style(s)
	if style == "" || len(points) < 3 {
		return
	}
	all := make([]fpdf.PointType, len(points))
	for i, at := range points {
		all[i] = fpdf.PointType{X: c.x + at[0]*c.scale, Y: c.y + at[1]*c.scale}
	}
	c.paper.pdf.Polygon(all, style)
}

// Letters are how a text of a drawing looks. All fields are required.
type Letters struct {
	Size   float64 // height in units
	Align  Align
	Colour Colour
}

// Text writes a line whose baseline begins, has its middle or ends at a point.
func (c *Canvas) Text(x, y float64, text string, l Letters) {
	pdf := c.paper.pdf
	clean := c.paper.clean(text)
	pdf.SetFont("Helvetica", "", l.Size*c.scale/0.3528)
	pdf.SetTextColor(int(l.Colour.R), int(l.Colour.G), int(l.Colour.B))
	at := c.x + x*c.scale
	switch l.Align {
	case AlignStart:
	case AlignMiddle:
		at -= pdf.GetStringWidth(clean) / 2
	case AlignEnd:
		at -= pdf.GetStringWidth(clean)
	}
	pdf.Text(at, c.y+y*c.scale, clean)
}
