package drawing

import "math"

const shelfBayMM = 1000 // a line across a run of shelves marks each metre

// roomsBeside reports whether rooms find space beside walls that reach as far down.
func (p *plan) roomsBeside(chains []frame, width float64) bool {
	high, deep := 0.0, 0.0
	for i, f := range chains {
		high = max(high, math.Abs(f.along.Y)*float64(p.in.Walls[i].LengthMM))
	}
	for _, r := range p.in.Rooms {
		deep = max(deep, float64(r.DepthMM+r.DoorMM))
	}
	return len(p.in.Rooms) > 0 && deep < high && width < 2*high
}

// rooms draws the rooms with shelves beside or below the walls, side by side.
func (p *plan) rooms() {
	if len(p.in.Rooms) == 0 {
		return
	}
	left, top := 0.0, 0.0
	switch {
	case p.beside:
		left, top = p.high.X+chainSpaceMM, p.low.Y
	case len(p.in.Walls) > 0:
		left, top = p.low.X, p.high.Y+0.6*chainSpaceMM
	}
	top += 1.8*p.size + wallMM
	if len(p.in.Walls) == 0 {
		p.grow(Point{left, top}, Point{left + leastWideMM, top})
	}
	for _, r := range p.in.Rooms {
		p.room(r, left+wallMM, top)
		left += max(float64(r.WidthMM)+2*wallMM, measure(r.Label, p.size)) + chainSpaceMM
	}
}

// room draws one room with its far left corner at a point.
func (p *plan) room(r FloorRoom, x, y float64) {
	width, depth := float64(r.WidthMM), float64(r.DepthMM)
	rect := func(x, y, w, d float64) []Point { return []Point{{x, y}, {x + w, y}, {x + w, y + d}, {x, y + d}} }
	from, to := x+float64(r.DoorFromMM), x+float64(r.DoorFromMM+r.DoorMM)
	below := y + depth
	for _, wall := range [][]Point{
		rect(x-wallMM, y-wallMM, width+2*wallMM, wallMM), rect(x-wallMM, y, wallMM, depth), rect(x+width, y, wallMM, depth),
		rect(x-wallMM, below, from-x+wallMM, wallMM), rect(to, below, x+width+wallMM-to, wallMM),
	} {
		p.area(wall, ClassBlank)
	}
	p.path(Path{Points: []Point{{from, below}, {x, below}, {x, y}, {x + width, y}, {x + width, below}, {to, below}}, Class: ClassWall})
	for _, s := range r.Shelves {
		left, far, w, d := x+float64(s.XMM), y+float64(s.YMM), float64(s.WidthMM), float64(s.DepthMM)
		p.area(rect(left, far, w, d), ClassCabinet)
		for mark := far + d - shelfBayMM; mark > far+1; mark -= shelfBayMM {
			p.line(left, mark, left+w, mark, ClassDimension)
		}
	}
	// The door opens outwards: shelves stand beside it.
	leaf := float64(r.DoorMM)
	swing := Path{Points: []Point{{from, below}, {from, below + leaf}}, Class: ClassDimension}
	const steps = 12
	for i := range steps {
		angle := math.Pi / 2 * (1 - float64(i+1)/steps)
		swing.Points = append(swing.Points, Point{from + leaf*math.Cos(angle), below + leaf*math.Sin(angle)})
	}
	p.path(swing)
	p.grow(swing.Points...)
	door := Text{X: to + 0.3*p.size, Y: below + wallMM + 1.1*p.size, Size: p.size, Class: ClassMuted, Value: p.labels.Door}
	p.text(door)
	p.grow(Point{door.X + measure(door.Value, p.size), door.Y + 0.3*p.size})
	title := Text{X: x, Y: y - wallMM - 0.5*p.size, Size: p.size, Class: ClassInk, Value: r.Label}
	p.text(title)
	p.grow(Point{x, title.Y - p.size}, Point{x + measure(r.Label, p.size), title.Y})
}
