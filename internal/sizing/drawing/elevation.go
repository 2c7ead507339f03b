package drawing

import (
	"fmt"
	"math"
)

// ElevationInput is the front of one wall.
type ElevationInput struct {
	LengthMM    int // of the wall
	CeilingMM   int // 0: not drawn
	Modules     []FrontModule
	Obstacles   []FrontObstacle
	ReachLowMM  int // both 0: no band
	ReachHighMM int
	Person      bool // a person of 1.70 m for scale
}

// FrontModule is one module in its place.
type FrontModule struct {
	FromMM   int // from the wall's left end
	WidthMM  int
	HeightMM int
	BaseMM   int
	Columns  int // equal columns side by side; below 1 counts as 1
	Doors    []FrontDoor
	Kiosk    *FrontKiosk // in the first column
}

// FrontDoor is a compartment of one column.
type FrontDoor struct {
	Size     int // class, 0 the smallest
	BottomMM int // above the floor
	HeightMM int
	Label    string // e.g. its number; empty: the name of its size
}

// FrontKiosk is the panel with the screen.
type FrontKiosk struct {
	BottomMM int
	HeightMM int
}

// FrontObstacle is what takes a part of the wall.
type FrontObstacle struct {
	FromMM, ToMM    int
	BottomMM, TopMM int // TopMM 0: up to the ceiling
	Label           string
}

// Labels are the words of the two drawings of a building.
type Labels struct {
	Title   string
	Desc    string
	RTL     bool
	Kiosk   string
	Reach   string           // name of the band
	Clear   string           // name of the floor that stays free
	Shelf   string           // name of the runs of shelves
	Door    string           // name of the door of a room
	Sizes   []string         // name of each size class, e.g. S
	Legend  []string         // one entry for each size class, e.g. "S: 40 doors"; empty: Sizes
	Measure func(int) string // a length in millimetres; nil: "1220 mm"
}

func (l Labels) mm(v int) string {
	if l.Measure == nil {
		return fmt.Sprintf("%d mm", v)
	}
	return l.Measure(v)
}

func (l Labels) size(i int) string {
	if i >= 0 && i < len(l.Sizes) {
		return l.Sizes[i]
	}
	return ""
}

func (l Labels) sizeLegend(used []bool) []legendEntry {
	var out []legendEntry
	for i, u := range used {
		text := l.size(i)
		if i < len(l.Legend) {
			text = l.Legend[i]
		}
		if u && text != "" {
			out = append(out, legendEntry{SizeClass(i), text})
		}
	}
	return out
}

// front is an elevation while it is drawn. Heights above the floor become y by up.
type front struct {
	*Scene
	in     ElevationInput
	labels Labels
	left   float64 // x of the wall's left end
	ground float64 // y of the floor
	size   float64 // of text
}

// personMM is how tall the figure for scale is, in mm.
const personMM = 1700

// Elevation draws the front of a wall to scale, one unit for one millimetre: floor and ceiling,
// modules with each door, the kiosk, the band of reach, obstacles and measures.
func Elevation(in ElevationInput, l Labels) *Scene {
	f := &front{Scene: &Scene{Title: l.Title, Desc: l.Desc, RTL: l.RTL}, in: in, labels: l}
	length := float64(max(in.LengthMM, 1))
	height := 2100.0
	if in.CeilingMM > 0 {
		height = max(height, float64(in.CeilingMM))
	}
	for _, m := range in.Modules {
		height = max(height, float64(m.HeightMM)+100)
	}
	extra := 0.0
	if in.Person {
		extra = 900
	}
	f.size = min(max((length+extra+1200)/62, 62), 190)
	f.left = widest(f.size, l.mm(9999), l.mm(in.CeilingMM)) + 2.4*f.size
	right := widest(f.size, l.mm(in.ReachHighMM), l.Reach) + 2*f.size
	f.ground = height + 1.2*f.size
	f.Width = f.left + length + extra + right
	f.room(length + extra)
	for _, o := range in.Obstacles {
		f.obstacle(o, height)
	}
	used := make([]bool, max(len(l.Sizes), len(l.Legend)))
	for _, m := range in.Modules {
		f.module(m, used)
	}
	if in.Person {
		f.person(f.left + length + extra/2)
	}
	f.reach(length + extra)
	f.measures(length)
	y := f.ground + 5.6*f.size
	f.Height = f.legend(l.sizeLegend(used), f.left, f.Width-f.size, y, f.size) + 0.4*f.size
	return f.Scene
}

func (f *front) up(mm int) float64 { return f.ground - float64(mm) }

func (f *front) room(length float64) {
	if f.in.ReachHighMM > f.in.ReachLowMM {
		f.rect(Rect{
			X: f.left, Y: f.up(f.in.ReachHighMM), W: length, H: float64(f.in.ReachHighMM - f.in.ReachLowMM),
			Class: ClassReach, Hint: f.labels.Reach,
		})
	}
	f.line(f.left, f.ground, f.left+length, f.ground, ClassGround)
	if f.in.CeilingMM > 0 {
		f.line(f.left, f.up(f.in.CeilingMM), f.left+length, f.up(f.in.CeilingMM), ClassGround)
	}
}

func (f *front) obstacle(o FrontObstacle, height float64) {
	top := float64(o.TopMM)
	if o.TopMM == 0 {
		top = height
		if f.in.CeilingMM > 0 {
			top = float64(f.in.CeilingMM)
		}
	}
	r := Rect{
		X: f.left + float64(o.FromMM), Y: f.ground - top, W: float64(o.ToMM - o.FromMM), H: top - float64(o.BottomMM),
		Class: ClassObstacle, Hint: o.Label,
	}
	f.rect(r)
	size := min(f.size, r.W/max(measure(o.Label, 1), 1)*0.9)
	f.text(Text{X: r.X + r.W/2, Y: r.Y + r.H/2 + 0.35*size, Size: size, Anchor: AnchorMiddle, Class: ClassInk, Value: o.Label})
}

func (f *front) module(m FrontModule, used []bool) {
	x, w := f.left+float64(m.FromMM), float64(m.WidthMM)
	f.rect(Rect{X: x, Y: f.up(m.HeightMM), W: w, H: float64(m.HeightMM), Radius: 10, Class: ClassCabinet})
	if m.BaseMM > 0 {
		f.rect(Rect{X: x + 12, Y: f.up(m.BaseMM), W: w - 24, H: float64(m.BaseMM), Class: ClassBlank})
	}
	columns := max(m.Columns, 1)
	each := w / float64(columns)
	for c := range columns {
		left := x + float64(c)*each
		if m.Kiosk != nil {
			f.kiosk(left, each, *m.Kiosk, c == 0)
		}
		for _, d := range m.Doors {
			f.door(left, each, d)
			if d.Size >= 0 && d.Size < len(used) {
				used[d.Size] = true
			}
		}
	}
}

// gapMM is what a door leaves free around itself, so that doors can be told apart.
const gapMM = 7

func (f *front) door(x, width float64, d FrontDoor) {
	r := Rect{
		X: x + 2*gapMM, Y: f.up(d.BottomMM+d.HeightMM) + gapMM, W: width - 4*gapMM, H: float64(d.HeightMM) - 2*gapMM,
		Radius: 8, Class: SizeClass(max(d.Size, 0)), Hint: f.labels.size(d.Size) + ", " + f.labels.mm(d.HeightMM),
	}
	f.rect(r)
	// The lock: a short line beside the edge where the door opens.
	f.line(r.X+r.W-18, r.Y+r.H/2-min(20, r.H/4), r.X+r.W-18, r.Y+r.H/2+min(20, r.H/4), ClassDimension)
	label := d.Label
	if label == "" {
		label = f.labels.size(d.Size)
	}
	if label == "" {
		return
	}
	size := min(0.9*f.size, 0.72*r.H, 0.7*r.W/measure(label, 1))
	f.text(Text{X: r.X + r.W/2, Y: r.Y + r.H/2 + 0.36*size, Size: size, Anchor: AnchorMiddle, Class: ClassInk, Value: label})
}

func (f *front) kiosk(x, width float64, k FrontKiosk, screen bool) {
	r := Rect{
		X: x + 2*gapMM, Y: f.up(k.BottomMM+k.HeightMM) + gapMM, W: width - 4*gapMM, H: float64(k.HeightMM) - 2*gapMM,
		Radius: 8, Class: ClassBlank,
	}
	if !screen {
		f.rect(r)
		return
	}
	r.Class, r.Hint = ClassKiosk, f.labels.Kiosk
	f.rect(r)
	size := min(0.8*f.size, 0.9*r.W/max(measure(f.labels.Kiosk, 1), 1))
	w := min(r.W*0.78, (r.H-1.8*size)*1.6)
	h := w / 1.6
	top := r.Y + (r.H-h-1.3*size)/2
	f.rect(Rect{X: r.X + (r.W-w)/2, Y: top, W: w, H: h, Radius: 10, Class: ClassScreen})
	f.text(Text{X: r.X + r.W/2, Y: top + h + 1.15*size, Size: size, Anchor: AnchorMiddle, Class: ClassInk, Value: f.labels.Kiosk})
}

// reach draws the ends of the band over the doors.
func (f *front) reach(length float64) {
	if f.in.ReachHighMM <= f.in.ReachLowMM {
		return
	}
	for _, mm := range []int{f.in.ReachLowMM, f.in.ReachHighMM} {
		f.line(f.left, f.up(mm), f.left+length+0.5*f.size, f.up(mm), ClassReachEdge)
		f.text(Text{X: f.left + length + 0.8*f.size, Y: f.up(mm) + 0.35*f.size, Size: f.size, Class: ClassInk, Value: f.labels.mm(mm)})
	}
	middle := (f.up(f.in.ReachLowMM) + f.up(f.in.ReachHighMM)) / 2
	f.text(Text{X: f.left + length + 0.8*f.size, Y: middle + 0.35*f.size, Size: f.size, Class: ClassMuted, Value: f.labels.Reach})
}

// measures writes the lengths of runs and of the wall below the floor, heights beside it.
func (f *front) measures(length float64) {
	y := f.ground + 2*f.size
	top, all := 0, false
	for i := 0; i < len(f.in.Modules); {
		from := f.in.Modules[i].FromMM
		to := from
		for i < len(f.in.Modules) && f.in.Modules[i].FromMM <= to {
			to = max(to, f.in.Modules[i].FromMM+f.in.Modules[i].WidthMM)
			top = max(top, f.in.Modules[i].HeightMM)
			i++
		}
		all = all || to-from == f.in.LengthMM
		f.span(span{f.left + float64(from), y, f.left + float64(to), y, f.size, f.labels.mm(to - from)})
	}
	if !all { // else the run says the same
		f.span(span{f.left, y + 2.2*f.size, f.left + length, y + 2.2*f.size, f.size, f.labels.mm(f.in.LengthMM)})
	}
	if top > 0 {
		f.span(span{f.left - 0.8*f.size, f.up(top), f.left - 0.8*f.size, f.ground, f.size, f.labels.mm(top)})
	}
	if f.in.CeilingMM > 0 {
		f.text(Text{X: f.left - 1.2*f.size, Y: f.up(f.in.CeilingMM) + 0.35*f.size, Size: f.size, Anchor: AnchorRight, Class: ClassMuted, Value: f.labels.mm(f.in.CeilingMM)})
	}
}

// person draws a standing figure: head, body, legs.
func (f *front) person(x float64) {
	var head []Point
	for i := range 24 {
		a := 2 * math.Pi * float64(i) / 24
		head = append(head, Point{x + 105*math.Cos(a), f.up(personMM-115) + 115*math.Sin(a)})
	}
	f.path(Path{Points: head, Closed: true, Class: ClassPerson})
	outline := []struct{ x, up float64 }{
		{-60, 1450}, {-185, 1420}, {-225, 1330}, {-250, 800}, {-190, 790}, {-160, 1180}, {-150, 850}, {-140, 0}, {-35, 0}, {-10, 760},
	}
	var body []Point
	for _, p := range outline {
		body = append(body, Point{x + p.x, f.ground - p.up})
	}
	for i := len(outline) - 1; i >= 0; i-- {
		body = append(body, Point{x - outline[i].x, f.ground - outline[i].up})
	}
	f.path(Path{Points: body, Closed: true, Class: ClassPerson})
}
