package drawing

import "strconv"

// Class says what a primitive is. Renderers take its Look; pages may give it another colour.
type Class uint8

// The classes.
const (
	ClassInk       Class = iota + 1 // text that must be read
	ClassMuted                      // text that helps
	ClassGrid                       // faint lines behind data
	ClassAxis                       // the line that data starts from
	ClassDimension                  // measures of a drawing
	ClassCabinet                    // the body of a module
	ClassBlank                      // a closed panel of a module
	ClassKiosk                      // the front around a screen
	ClassScreen
	ClassReach     // the band that a seated person reaches
	ClassReachEdge // its upper and lower end
	ClassGround    // floor and ceiling lines
	ClassWall
	ClassObstacle
	ClassClear // floor that must stay free
	ClassPerson
	ClassOuter // nine of ten weeks
	ClassInner // every other week
	ClassMedian
	ClassCapacity
	ClassLow
	ClassHigh
	ClassRange  // an interval around a value
	classSize   // first of the size classes
	classSeries = classSize + maxColours
	classEnd    = classSeries + maxColours
)

// maxColours is how many sizes, or parts of a bar, have a colour of their own; more start again.
const maxColours = 12

// SizeClass returns the class of compartments of a size, 0 the smallest.
func SizeClass(size int) Class { return classSize + Class(size%maxColours) }

// SeriesClass returns the class of the n-th part of a bar.
func SeriesClass(n int) Class { return classSeries + Class(n%maxColours) }

// String returns the name that stands in SVG files: the class attribute, and behind --plan- the
// custom property that a page may set.
func (c Class) String() string {
	names := []string{
		"", "ink", "muted", "grid", "axis", "dimension", "cabinet", "blank", "kiosk", "screen", "reach", "reach-edge", "ground",
		"wall", "obstacle", "clear", "person", "outer", "inner", "median", "capacity", "low", "high", "range",
	}
	switch {
	case c == 0 || c >= classEnd:
		return "invalid"
	case c >= classSeries:
		return "series-" + strconv.Itoa(int(c-classSeries)+1)
	case c >= classSize:
		return "size-" + strconv.Itoa(int(c-classSize)+1)
	}
	for i, name := range names {
		if Class(i) == c {
			return name
		}
	}
	return "invalid"
}

// Paint is a colour over whatever is behind it. Inks follow the text of the page, so they stand on
// light and on dark.
type Paint struct {
	R, G, B uint8
	Alpha   float64 // 0 paints nothing
	Ink     bool    // the colour of text; R, G and B are for renderers without one
}

// OnWhite returns the colour that the paint makes on white paper.
func (p Paint) OnWhite() (r, g, b uint8) {
	mix := func(v uint8) uint8 { return uint8(255 - (255-float64(v))*p.Alpha + 0.5) }
	return mix(p.R), mix(p.G), mix(p.B)
}

// Look is how a class is drawn.
type Look struct {
	Fill   Paint
	Stroke Paint
	// Width is the width of lines in thousandths of the scene's width.
	Width float64
	Dash  []float64 // lengths of strokes and gaps in widths; empty: solid
}

func ink(alpha float64) Paint { return Paint{R: 27, G: 31, B: 36, Alpha: alpha, Ink: true} }

func colour(rgb uint32, alpha float64) Paint {
	return Paint{R: uint8(rgb >> 16), G: uint8(rgb >> 8), B: uint8(rgb), Alpha: alpha}
}

// Colours that differ in lightness as well as in hue, and stand on light and dark.
const (
	blue  = 0x2f6fde
	teal  = 0x0f9d8a
	amber = 0xd98a0b
	plum  = 0x9a4fd0
	red   = 0xd6455d
	green = 0x2f9e44
	sky   = 0x3aa6dd
	brown = 0x9c6b3f
	olive = 0x8a9a1f
	slate = 0x6b7a90
	navy  = 0x4c50c4
	rose  = 0xc4619b
)

func hue(n int) uint32 {
	return [maxColours]uint32{blue, teal, amber, plum, red, sky, olive, brown, green, slate, navy, rose}[n%maxColours]
}

// Look returns how the class is drawn.
func (c Class) Look() Look {
	switch {
	case c >= classSeries:
		return Look{Fill: colour(hue(int(c-classSeries)), 0.8)}
	case c >= classSize:
		h := hue(int(c - classSize))
		return Look{Fill: colour(h, 0.22), Stroke: colour(h, 0.95), Width: 1.1}
	}
	return plainLook(c)
}

// plainLook is the table of everything that is not one of a series.
func plainLook(c Class) Look {
	looks := [classSize]Look{
		ClassInk:       {Fill: ink(1)},
		ClassMuted:     {Fill: ink(0.72)},
		ClassGrid:      {Stroke: ink(0.15), Width: 0.8},
		ClassAxis:      {Stroke: ink(0.6), Width: 1.2},
		ClassDimension: {Stroke: ink(0.55), Width: 0.8},
		ClassCabinet:   {Fill: ink(0.06), Stroke: ink(0.65), Width: 1.2},
		ClassBlank:     {Fill: ink(0.1), Stroke: ink(0.35), Width: 0.7},
		ClassKiosk:     {Fill: ink(0.16), Stroke: ink(0.65), Width: 1},
		ClassScreen:    {Fill: colour(sky, 0.6), Stroke: ink(0.7), Width: 1},
		ClassReach:     {Fill: colour(green, 0.1)},
		ClassReachEdge: {Stroke: colour(green, 0.9), Width: 1.2, Dash: []float64{6, 4}},
		ClassGround:    {Stroke: ink(0.8), Width: 2.2},
		ClassWall:      {Stroke: ink(0.85), Width: 5},
		ClassObstacle:  {Fill: ink(0.2), Stroke: ink(0.5), Width: 0.9, Dash: []float64{3, 2}},
		ClassClear:     {Fill: colour(green, 0.07), Stroke: colour(green, 0.75), Width: 1, Dash: []float64{5, 4}},
		ClassPerson:    {Fill: ink(0.28)},
		ClassOuter:     {Fill: colour(blue, 0.18)},
		ClassInner:     {Fill: colour(blue, 0.35)},
		ClassMedian:    {Stroke: colour(blue, 1), Width: 2},
		ClassCapacity:  {Stroke: colour(red, 0.95), Width: 1.5, Dash: []float64{6, 4}},
		ClassLow:       {Fill: colour(teal, 0.75)},
		ClassHigh:      {Fill: colour(amber, 0.8)},
		ClassRange:     {Stroke: ink(0.85), Width: 1.4},
	}
	return looks[c]
}
