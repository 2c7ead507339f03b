package drawing

import "math"

// FloorInput is a room or a part of one, seen from above.
type FloorInput struct {
	Walls   []FloorWall
	FrontMM int // free floor in front of banks
	Rooms   []FloorRoom
}

// FloorRoom is a closed room with shelves; its door is in the near wall, which is drawn below.
type FloorRoom struct {
	Label              string // stands above it
	WidthMM, DepthMM   int
	DoorFromMM, DoorMM int // from the left end of the near wall
	Shelves            []FloorShelf
}

// FloorShelf is a run of shelves, measured from the upper left corner of its room.
type FloorShelf struct{ XMM, YMM, WidthMM, DepthMM int }

// FloorWall is one wall, seen from the room and measured from its left end.
type FloorWall struct {
	Name       string
	LengthMM   int
	CornerLeft bool // it meets the wall before at a right angle
	Obstacles  []FloorObstacle
	Banks      []FloorBank
}

// FloorObstacle is what takes a part of a wall.
type FloorObstacle struct {
	FromMM, ToMM int
	Label        string
}

// FloorBank is a run of modules.
type FloorBank struct {
	FromMM  int
	DepthMM int
	Modules []FloorModule // from left to right
}

// FloorModule is one module of a bank.
type FloorModule struct {
	WidthMM int
	Kiosk   bool
}

// Sizes of what is drawn, in mm.
const (
	wallMM       = 120 // thickness of a wall
	clearWideMM  = 762 // clear floor of a wheelchair
	clearDeepMM  = 1219
	chainSpaceMM = 600  // between walls that do not meet, beside their names
	leastWideMM  = 6000 // a small room alone is not drawn larger than a hall
)

// frame is where a wall lies: its left end, the way along it, and the way into the room.
type frame struct {
	origin Point
	along  Point
	inward Point
}

// at returns the point so far along the wall and so deep in the room.
func (f frame) at(along, depth float64) Point {
	return Point{
		f.origin.X + f.along.X*along + f.inward.X*depth,
		f.origin.Y + f.along.Y*along + f.inward.Y*depth,
	}
}

func (f frame) quad(from, to, near, deep float64) []Point {
	return []Point{f.at(from, near), f.at(to, near), f.at(to, deep), f.at(from, deep)}
}

// plan is a floor plan while it is drawn.
type plan struct {
	*Scene
	in     FloorInput
	labels Labels
	size   float64 // of text
	names  float64 // width of the widest name of a wall
	beside bool    // rooms stand beside the walls, not below
	low    Point   // what is drawn so far reaches from low to high
	high   Point
}

// FloorPlan draws walls, obstacles, banks with their modules, the free floor in front of them and
// the clear floor before each kiosk, one unit for one millimetre. The first wall lies at the top;
// walls that meet turn to the right, as they do for somebody in the room.
func FloorPlan(in FloorInput, l Labels) *Scene {
	p := &plan{
		Scene: &Scene{Title: l.Title, Desc: l.Desc, RTL: l.RTL}, in: in, labels: l,
		low: Point{math.Inf(1), math.Inf(1)}, high: Point{math.Inf(-1), math.Inf(-1)},
	}
	chains, width := p.frames()
	p.beside = p.roomsBeside(chains, width)
	for _, r := range in.Rooms {
		if p.beside {
			width += float64(r.WidthMM) + chainSpaceMM
		}
		width = max(width, float64(r.WidthMM), leastWideMM)
	}
	p.size = min(max(width/50, 90), 260)
	// Names of walls that run up and down stand between the chains.
	for _, w := range in.Walls {
		p.names = max(p.names, measure(p.name(w), p.size)+p.size)
	}
	frames, _ := p.frames()
	for i, w := range in.Walls {
		p.clear(frames[i], w)
	}
	for i, w := range in.Walls {
		corner := i+1 < len(in.Walls) && in.Walls[i+1].CornerLeft
		p.wall(frames[i], w, corner)
	}
	p.rooms()
	p.close()
	return p.Scene
}

// frames lays chains of walls that meet side by side. The second wall of three or more lies at the
// top, so that a U opens downwards. width is what all of them take.
func (p *plan) frames() (out []frame, width float64) {
	right := 0.0
	for start := 0; start < len(p.in.Walls); {
		end := start + 1
		for end < len(p.in.Walls) && p.in.Walls[end].CornerLeft {
			end++
		}
		chain := p.chain(start, end)
		low, high := p.extent(chain, start)
		for i := range chain {
			chain[i].origin.X += right - low.X
			chain[i].origin.Y -= low.Y
		}
		width = right + high.X - low.X
		right = width + chainSpaceMM
		out = append(out, chain...)
		start = end
	}
	return out, width
}

func (p *plan) chain(start, end int) []frame {
	at := frame{along: Point{1, 0}, inward: Point{0, 1}}
	if end-start > 2 {
		at = frame{along: Point{0, -1}, inward: Point{1, 0}}
	}
	out := []frame{at}
	for i := start + 1; i < end; i++ {
		at = frame{
			origin: at.at(float64(p.in.Walls[i-1].LengthMM), 0),
			along:  at.inward,
			inward: Point{-at.along.X, -at.along.Y},
		}
		out = append(out, at)
	}
	return out
}

// extent returns what a chain of walls takes with its banks and the free floor.
func (p *plan) extent(chain []frame, start int) (low, high Point) {
	low, high = Point{math.Inf(1), math.Inf(1)}, Point{math.Inf(-1), math.Inf(-1)}
	for i, f := range chain {
		w := p.in.Walls[start+i]
		deep := 0.0
		for _, b := range w.Banks {
			deep = max(deep, float64(b.DepthMM)+clearDeepMM)
		}
		for _, q := range f.quad(0, float64(w.LengthMM), 0, deep) {
			low = Point{min(low.X, q.X), min(low.Y, q.Y)}
			high = Point{max(high.X, q.X), max(high.Y, q.Y)}
		}
		switch { // its name stands outside
		case f.inward.X > 0:
			low.X = min(low.X, f.origin.X-p.names)
		case f.inward.X < 0:
			high.X = max(high.X, f.origin.X+p.names)
		}
	}
	return low, high
}

func (p *plan) grow(points ...Point) {
	for _, q := range points {
		p.low = Point{min(p.low.X, q.X), min(p.low.Y, q.Y)}
		p.high = Point{max(p.high.X, q.X), max(p.high.Y, q.Y)}
	}
}

func (p *plan) area(points []Point, c Class) {
	p.grow(points...)
	p.path(Path{Points: points, Closed: true, Class: c})
}

// clear draws the floor that must stay free: behind everything else.
func (p *plan) clear(f frame, w FloorWall) {
	for _, b := range w.Banks {
		from, depth := float64(b.FromMM), float64(b.DepthMM)
		width := 0.0
		for _, m := range b.Modules {
			width += float64(m.WidthMM)
		}
		p.area(f.quad(from, from+width, depth, depth+float64(p.in.FrontMM)), ClassClear)
	}
}

// wall draws a wall and what stands at it. Where the next one meets it, it takes the corner.
func (p *plan) wall(f frame, w FloorWall, corner bool) {
	length := float64(w.LengthMM)
	end := length
	if corner {
		end += wallMM
	}
	p.area(f.quad(0, end, -wallMM, 0), ClassBlank)
	edge := []Point{f.at(0, 0), f.at(length, 0)}
	p.grow(edge...)
	p.line(edge[0].X, edge[0].Y, edge[1].X, edge[1].Y, ClassWall)
	for _, o := range w.Obstacles {
		from, to := float64(o.FromMM), float64(o.ToMM)
		p.area(f.quad(from, to, -wallMM, 0.4*wallMM), ClassObstacle)
		p.write(f, (from+to)/2, 0.4*wallMM+0.7*p.size, ClassMuted, o.Label)
	}
	for _, b := range w.Banks {
		p.bank(f, b)
	}
	p.write(f, length/2, -wallMM-0.75*p.size, ClassInk, p.name(w))
}

func (p *plan) name(w FloorWall) string {
	if w.Name == "" {
		return p.labels.mm(w.LengthMM)
	}
	return w.Name + ", " + p.labels.mm(w.LengthMM)
}

func (p *plan) bank(f frame, b FloorBank) {
	x, depth := float64(b.FromMM), float64(b.DepthMM)
	for _, m := range b.Modules {
		width := float64(m.WidthMM)
		class := SizeClass(0)
		if m.Kiosk {
			class = ClassKiosk
			middle := x + width/2
			p.area(f.quad(middle-clearWideMM/2, middle+clearWideMM/2, depth, depth+clearDeepMM), ClassClear)
		}
		p.area(f.quad(x, x+width, 0, depth), class)
		if m.Kiosk {
			p.area(f.quad(x+0.15*width, x+0.85*width, depth-60, depth), ClassScreen)
			p.write(f, x+width/2, depth/2, ClassInk, p.labels.Kiosk)
		}
		x += width
	}
}

// write puts a text around a point so far along a wall and so deep. Beside walls that run up or down
// it grows away from the wall.
func (p *plan) write(f frame, along, depth float64, c Class, value string) {
	q := f.at(along, depth)
	width := measure(value, p.size)
	t := Text{X: q.X, Y: q.Y + 0.35*p.size, Size: p.size, Anchor: AnchorMiddle, Class: c, Value: value}
	left := q.X - width/2
	switch {
	case c == ClassInk && depth > 0 || f.inward.X == 0: // inside a module, or above and below a wall
	case (depth < 0) == (f.inward.X > 0):
		t.Anchor, left = AnchorRight, q.X-width
	default:
		t.Anchor, left = AnchorLeft, q.X
	}
	p.grow(Point{left, q.Y - p.size}, Point{left + width, q.Y + p.size})
	p.text(t)
}

// close moves everything into view and adds the legend.
func (p *plan) close() {
	if math.IsInf(p.low.X, 1) {
		p.Width, p.Height = 1, 1
		return
	}
	margin := 0.8 * p.size
	dx, dy := margin-p.low.X, margin-p.low.Y
	for i, item := range p.items {
		switch it := item.(type) {
		case Line:
			p.items[i] = Line{it.X1 + dx, it.Y1 + dy, it.X2 + dx, it.Y2 + dy, it.Class}
		case Text:
			it.X, it.Y = it.X+dx, it.Y+dy
			p.items[i] = it
		case Path:
			for j := range it.Points {
				it.Points[j].X += dx
				it.Points[j].Y += dy
			}
		}
	}
	p.Width, p.Height = p.high.X-p.low.X+2*margin, p.high.Y-p.low.Y+2*margin
	var entries []legendEntry
	if p.labels.Clear != "" && len(p.in.Walls) > 0 {
		entries = append(entries, legendEntry{ClassClear, p.labels.Clear})
	}
	if p.labels.Shelf != "" && len(p.in.Rooms) > 0 {
		entries = append(entries, legendEntry{ClassCabinet, p.labels.Shelf})
	}
	for _, e := range entries {
		p.Width = max(p.Width, margin+3.2*p.size+measure(e.text, p.size))
	}
	if len(entries) > 0 {
		p.Height = p.legend(entries, margin, p.Width, p.Height, p.size) + 0.3*margin
	}
}
