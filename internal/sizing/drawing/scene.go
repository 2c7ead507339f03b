package drawing

// Scene is one picture.
type Scene struct {
	Width  float64 // scene units
	Height float64
	Title  string // read aloud by screen readers
	Desc   string // what the picture shows, in words
	RTL    bool   // texts are written from right to left
	items  []any
}

// Canvas takes the primitives of a scene. Renderers implement it.
type Canvas interface {
	Rect(r Rect)
	Line(l Line)
	Path(p Path)
	Text(t Text)
}

// Rect is a rectangle with its upper left corner at X, Y.
type Rect struct {
	X, Y, W, H float64
	Radius     float64 // of the corners
	Class      Class
	Hint       string // shown where the pointer rests; may be empty
}

// Line is a straight line.
type Line struct {
	X1, Y1, X2, Y2 float64
	Class          Class
}

// Point is a place in a scene.
type Point struct{ X, Y float64 }

// Path is a line through points; a closed one has an inside.
type Path struct {
	Points []Point
	Closed bool
	Class  Class
}

// Anchor says which part of a text stands at its point. The zero value is AnchorLeft.
type Anchor uint8

// The anchors are physical: left is left in every language.
const (
	AnchorLeft Anchor = iota
	AnchorMiddle
	AnchorRight
)

// String returns the anchor as people read it.
func (a Anchor) String() string {
	switch a {
	case AnchorLeft:
		return "left"
	case AnchorMiddle:
		return "middle"
	case AnchorRight:
		return "right"
	}
	return "invalid anchor"
}

// Text is one line of text on a baseline.
type Text struct {
	X, Y   float64 // of the anchor, on the baseline
	Size   float64 // height of the font
	Anchor Anchor
	Bold   bool
	Class  Class
	Value  string
}

// Walk hands every primitive to a canvas, from the back to the front.
func (s *Scene) Walk(c Canvas) {
	for _, item := range s.items {
		switch p := item.(type) {
		case Rect:
			c.Rect(p)
		case Line:
			c.Line(p)
		case Path:
			c.Path(p)
		case Text:
			c.Text(p)
		}
	}
}

func (s *Scene) rect(r Rect) { s.items = append(s.items, r) }

func (s *Scene) line(x1, y1, x2, y2 float64, class Class) {
	s.items = append(s.items, Line{x1, y1, x2, y2, class})
}

func (s *Scene) path(p Path) { s.items = append(s.items, p) }

func (s *Scene) text(t Text) {
	if t.Value != "" {
		s.items = append(s.items, t)
	}
}

// span is a dimension: a line with ticks at its ends and a text in its middle. It runs along x when
// y1 equals y2, else along y.
type span struct {
	x1, y1, x2, y2 float64
	size           float64
	value          string
}

func (s *Scene) span(d span) {
	tick := d.size * 0.4
	s.line(d.x1, d.y1, d.x2, d.y2, ClassDimension)
	if d.y1 == d.y2 {
		s.line(d.x1, d.y1-tick, d.x1, d.y1+tick, ClassDimension)
		s.line(d.x2, d.y1-tick, d.x2, d.y1+tick, ClassDimension)
		s.text(Text{X: (d.x1 + d.x2) / 2, Y: d.y1 - d.size*0.5, Size: d.size, Anchor: AnchorMiddle, Class: ClassMuted, Value: d.value})
		return
	}
	s.line(d.x1-tick, d.y1, d.x1+tick, d.y1, ClassDimension)
	s.line(d.x1-tick, d.y2, d.x1+tick, d.y2, ClassDimension)
	s.text(Text{X: d.x1 - d.size*0.6, Y: (d.y1+d.y2)/2 + d.size*0.35, Size: d.size, Anchor: AnchorRight, Class: ClassMuted, Value: d.value})
}
