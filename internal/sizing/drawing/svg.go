package drawing

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// SVGOptions tune SVG. The zero value is for a picture inside a page.
type SVGOptions struct {
	// ID makes the names inside the file differ from those of other pictures on the page: letters,
	// digits and dashes. Empty: "drawing".
	ID string
	// Standalone is for a file of its own: it brings its font, and turns dark by itself.
	Standalone bool
}

// SVG writes a scene. Inside a page texts and lines have the colour of the page's text, fills are
// translucent, and each class takes the custom property --plan-CLASS when the page sets it, so that a
// dark page needs nothing else. There is no style element, because pages forbid it.
func SVG(w io.Writer, s *Scene, o SVGOptions) error {
	id := strings.Map(idRune, o.ID)
	if id == "" {
		id = "drawing"
	}
	b := &svg{scene: s, standalone: o.Standalone}
	fmt.Fprintf(&b.out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" role="img" aria-labelledby="%s-title %s-desc"`,
		number(s.Width), number(s.Height), id, id)
	if o.Standalone {
		fmt.Fprintf(&b.out, ` width="%s" height="%s" font-family="system-ui, 'Noto Sans', 'DejaVu Sans', sans-serif"`,
			number(standaloneWidth), number(standaloneWidth*s.Height/s.Width))
	}
	b.out.WriteString(">\n")
	fmt.Fprintf(&b.out, "<title id=\"%s-title\">%s</title>\n<desc id=\"%s-desc\">%s</desc>\n", id, escape(s.Title), id, escape(s.Desc))
	if o.Standalone {
		b.out.WriteString("<style>:root{color-scheme:light dark;color:CanvasText;background:Canvas}</style>\n")
	}
	s.Walk(b)
	b.out.WriteString("</svg>\n")
	if _, err := w.Write(b.out.Bytes()); err != nil {
		return fmt.Errorf("write drawing: %w", err)
	}
	return nil
}

// standaloneWidth is how wide a file of its own shows at first, in pixels.
const standaloneWidth = 1000

func idRune(r rune) rune {
	if r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
		return r
	}
	return -1
}

// svg is the canvas that writes elements.
type svg struct {
	out        bytes.Buffer
	scene      *Scene
	standalone bool
}

var _ Canvas = (*svg)(nil)

// Rect writes a rectangle.
func (b *svg) Rect(r Rect) {
	fmt.Fprintf(&b.out, `<rect x="%s" y="%s" width="%s" height="%s"`, number(r.X), number(r.Y), number(max(r.W, 0)), number(max(r.H, 0)))
	if r.Radius > 0 {
		fmt.Fprintf(&b.out, ` rx="%s"`, number(r.Radius))
	}
	b.look(r.Class, true)
	if r.Hint == "" {
		b.out.WriteString("/>\n")
		return
	}
	fmt.Fprintf(&b.out, "><title>%s</title></rect>\n", escape(r.Hint))
}

// Line writes a line.
func (b *svg) Line(l Line) {
	fmt.Fprintf(&b.out, `<line x1="%s" y1="%s" x2="%s" y2="%s"`, number(l.X1), number(l.Y1), number(l.X2), number(l.Y2))
	b.look(l.Class, false)
	b.out.WriteString("/>\n")
}

// Path writes a polyline or a polygon.
func (b *svg) Path(p Path) {
	b.out.WriteString(`<path d="`)
	for i, q := range p.Points {
		command := "L"
		if i == 0 {
			command = "M"
		}
		fmt.Fprintf(&b.out, "%s%s %s", command, number(q.X), number(q.Y))
	}
	if p.Closed {
		b.out.WriteString("Z")
	}
	b.out.WriteString(`"`)
	b.look(p.Class, p.Closed)
	b.out.WriteString("/>\n")
}

// Text writes a line of text. Anchors are physical, so from right to left they are named the other
// way round.
func (b *svg) Text(t Text) {
	anchor := [...]string{"start", "middle", "end"}[min(t.Anchor, AnchorRight)]
	fmt.Fprintf(&b.out, `<text x="%s" y="%s" font-size="%s"`, number(t.X), number(t.Y), number(t.Size))
	if b.scene.RTL {
		anchor = [...]string{"end", "middle", "start"}[min(t.Anchor, AnchorRight)]
		b.out.WriteString(` direction="rtl"`)
	}
	if anchor != "start" {
		fmt.Fprintf(&b.out, ` text-anchor="%s"`, anchor)
	}
	if t.Bold {
		b.out.WriteString(` font-weight="600"`)
	}
	b.look(t.Class, true)
	fmt.Fprintf(&b.out, ">%s</text>\n", escape(t.Value))
}

// look writes the attributes of a class. What has no inside is not filled.
func (b *svg) look(c Class, filled bool) {
	l := c.Look()
	fmt.Fprintf(&b.out, ` class="%s"`, c)
	switch {
	case !filled || l.Fill.Alpha == 0:
		b.out.WriteString(` fill="none"`)
	default:
		b.paint("fill", c, l.Fill)
	}
	if l.Stroke.Alpha == 0 {
		return
	}
	b.paint("stroke", c, l.Stroke)
	width := l.Width * b.scene.Width / 1000
	fmt.Fprintf(&b.out, ` stroke-width="%s"`, number(width))
	if len(l.Dash) > 0 {
		dash := make([]string, len(l.Dash))
		for i, d := range l.Dash {
			dash[i] = number(d * width)
		}
		fmt.Fprintf(&b.out, ` stroke-dasharray="%s"`, strings.Join(dash, " "))
	}
}

func (b *svg) paint(attribute string, c Class, p Paint) {
	value := "currentColor"
	if !p.Ink {
		value = fmt.Sprintf("#%02x%02x%02x", p.R, p.G, p.B)
		if !b.standalone {
			value = fmt.Sprintf("var(--plan-%s,%s)", c, value)
		}
	}
	fmt.Fprintf(&b.out, ` %s="%s"`, attribute, value)
	if p.Alpha < 1 {
		fmt.Fprintf(&b.out, ` %s-opacity="%s"`, attribute, strconv.FormatFloat(p.Alpha, 'f', -1, 64))
	}
}

// number writes a coordinate with at most two digits behind the point.
func number(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	s := strconv.FormatFloat(v, 'f', 2, 64)
	s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

func escape(s string) string {
	// Control characters have no place in XML, not even escaped.
	clean := strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' || r == 0xfffe || r == 0xffff {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;").Replace(clean)
}
