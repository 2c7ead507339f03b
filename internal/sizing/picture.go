package sizing

import (
	"fmt"
	"slices"

	"cubby/internal/locker"
	"cubby/internal/sizing/drawing"
)

// aloneMM is the wall drawn beside a bank when the plan names no walls.
const aloneMM = 600

// Front is a wall with the banks of an alternative, for drawing.Elevation.
type Front struct {
	Wall  string // empty when the plan names no walls
	Input drawing.ElevationInput
}

// Fronts returns the walls that have banks, in the order of the plan. Doors are labelled as Layout
// names them.
func Fronts(p Problem, a Alternative) []Front {
	var out []Front
	column := 0
	for _, b := range a.Banks {
		at := slices.IndexFunc(out, func(f Front) bool { return f.Wall == b.Wall })
		if at < 0 {
			out = append(out, newFront(p, b))
			at = len(out) - 1
		}
		from := b.FromMM
		if b.Wall == "" {
			from += aloneMM
		}
		for _, c := range b.Columns {
			out[at].Input.Modules = append(out[at].Input.Modules, frontColumn(p, b, c, ColumnName(column), from))
			from += c.WidthMM
			column++
		}
	}
	return out
}

func newFront(p Problem, b BankPlan) Front {
	reach := p.Site.Reach
	f := Front{Wall: b.Wall, Input: drawing.ElevationInput{
		LengthMM: b.WidthMM + 2*aloneMM, CeilingMM: p.Site.CeilingMM, ReachLowMM: reach.LowMM, ReachHighMM: reach.HighMM, Person: true,
	}}
	if b.Wall == "" || b.WallNo >= len(p.Site.Walls) {
		return f
	}
	wall := p.Site.Walls[b.WallNo]
	f.Input.LengthMM = wall.LengthMM
	for _, o := range wall.Obstacles {
		f.Input.Obstacles = append(f.Input.Obstacles, drawing.FrontObstacle{
			FromMM: o.FromMM, ToMM: min(o.ToMM, wall.LengthMM), BottomMM: o.BottomMM, Label: o.Name,
		})
	}
	return f
}

func frontColumn(p Problem, b BankPlan, c ColumnPlan, name string, from int) drawing.FrontModule {
	m := drawing.FrontModule{FromMM: from, WidthMM: c.WidthMM, HeightMM: b.HeightMM, Columns: 1, BaseMM: b.HeightMM}
	for i, d := range c.Doors {
		m.BaseMM = min(m.BaseMM, d.BottomMM)
		m.Doors = append(m.Doors, drawing.FrontDoor{
			Size: p.class(d.Size), BottomMM: d.BottomMM, HeightMM: d.HeightMM, Label: DoorName(name, i),
		})
	}
	if c.ScreenMM > 0 {
		m.BaseMM = min(m.BaseMM, c.ScreenBottomMM)
		m.Kiosk = &drawing.FrontKiosk{BottomMM: c.ScreenBottomMM, HeightMM: c.ScreenMM}
	}
	return m
}

// DoorName is what is painted on a door: its column and its place from the top.
func DoorName(column string, i int) string { return fmt.Sprintf("%s%02d", column, i+1) }

// class returns the index of a size among the problem's classes, and 0 for one that it has not.
func (p Problem) class(size locker.Size) int {
	return max(slices.IndexFunc(p.Sizes, func(c SizeClass) bool { return c.Size == size }), 0)
}

// ColumnName is A to Z, then AA, AB and so on: the name of column i of a site, from 0.
func ColumnName(i int) string {
	const letters = 26
	name := ""
	for i >= 0 {
		name = string(rune('A'+i%letters)) + name
		i = i/letters - 1
	}
	return name
}

// Floor returns the walls with their banks and the rooms with their shelves from above, for drawing.FloorPlan.
func Floor(p Problem, a Alternative) drawing.FloorInput {
	in := drawing.FloorInput{FrontMM: p.Site.FrontMM}
	for _, w := range p.Site.Walls {
		wall := drawing.FloorWall{Name: w.Name, LengthMM: w.LengthMM, CornerLeft: w.CornerLeft}
		for _, o := range w.Obstacles {
			wall.Obstacles = append(wall.Obstacles, drawing.FloorObstacle{FromMM: o.FromMM, ToMM: min(o.ToMM, w.LengthMM), Label: o.Name})
		}
		in.Walls = append(in.Walls, wall)
	}
	for _, b := range a.Banks {
		bank := drawing.FloorBank{FromMM: b.FromMM, DepthMM: b.DepthMM}
		for _, c := range b.Columns {
			bank.Modules = append(bank.Modules, drawing.FloorModule{WidthMM: c.WidthMM, Kiosk: c.ScreenMM > 0})
		}
		if b.Wall == "" {
			bank.FromMM += aloneMM
			in.Walls = append(in.Walls, drawing.FloorWall{LengthMM: b.WidthMM + 2*aloneMM, Banks: []drawing.FloorBank{bank}})
			continue
		}
		if b.WallNo < len(in.Walls) {
			in.Walls[b.WallNo].Banks = append(in.Walls[b.WallNo].Banks, bank)
		}
	}
	if a.Room == nil {
		return in
	}
	for _, r := range a.Room.Rooms {
		room := drawing.FloorRoom{Label: r.Name, WidthMM: r.WidthMM, DepthMM: r.DepthMM, DoorFromMM: r.DoorFromMM, DoorMM: r.DoorMM}
		for _, run := range r.Runs {
			room.Shelves = append(room.Shelves, drawing.FloorShelf(run))
		}
		in.Rooms = append(in.Rooms, room)
	}
	return in
}

// FanPanels returns the occupancy of each size, for drawing.Fan; none where nothing was simulated.
func FanPanels(s Service) []drawing.FanPanel {
	var out []drawing.FanPanel
	for _, o := range s.Occupancy {
		if o.Doors == 0 || len(o.Quantiles) != 5 {
			continue
		}
		out = append(out, drawing.FanPanel{
			Name: o.Size.String(), Doors: float64(o.Doors),
			Low: o.Quantiles[0].Values, Quarter: o.Quantiles[1].Values, Middle: o.Quantiles[2].Values,
			Three: o.Quantiles[3].Values, High: o.Quantiles[4].Values,
		})
	}
	return out
}
