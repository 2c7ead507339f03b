package report

import (
	"strconv"

	"cubby/internal/locker"
	"cubby/internal/sizing"
	"cubby/internal/sizing/drawing"
)

func (r *Report) placeSection() Section {
	w, a := r.words, r.answer.Recommended
	s := Section{ID: "place", Title: w.T("report.place.title")}
	if len(a.Banks) == 0 {
		s.Blocks = append(s.Blocks, note(w.T("report.place.none")))
		if a.Room != nil {
			s.Blocks = append(s.Blocks, paragraph(w.T("report.place.room_only")), r.floorDrawing())
		}
		s.Blocks = append(s.Blocks, r.rooms()...)
		return s
	}
	s.Blocks = append(s.Blocks, paragraph(w.T("report.place.text")))
	for _, wall := range r.walls() {
		if len(wall.banks) == 0 {
			continue
		}
		caption := w.T("report.place.elevation", "wall", wall.Name)
		if wall.drawn {
			caption = w.T("report.place.front")
		}
		s.Blocks = append(s.Blocks, Block{Drawing: &Drawing{
			Name: "elevation-" + strconv.Itoa(wall.no+1), Caption: caption, Scene: r.elevation(wall, caption), MaxMM: 110,
		}})
	}
	s.Blocks = append(s.Blocks, r.floorDrawing(), Block{Table: r.clearances()}, Block{Table: r.bankGrid(a)}, Block{Table: r.reachGrid(a)}, Block{Table: r.moduleGrid(a)})
	s.Blocks = append(s.Blocks, r.rooms()...)
	return s
}

func (r *Report) floorDrawing() Block {
	return Block{Drawing: &Drawing{Name: "floor", Caption: r.words.T("report.place.floor"), Scene: r.floor(), MaxMM: 150}}
}

// rooms are the figures of the recommended room; without one, the room that lockers with a room would need.
func (r *Report) rooms() []Block {
	w := r.words
	var out []Block
	for i, n := range r.all() {
		switch {
		case n.Room == nil || i > 0 && n.Kind != sizing.Hybrid:
			continue
		case i > 0:
			caption := w.T("report.place.room_of_hybrid")
			scene := drawing.FloorPlan(drawing.FloorInput{Rooms: r.floorRooms(n.Alternative)}, r.floorLabels(caption, n.Alternative))
			out = append(out, Block{Drawing: &Drawing{Name: "room-hybrid", Caption: caption, Scene: scene, MaxMM: 80}})
		}
		if !n.Room.Held {
			out = append(out, note(w.T("report.place.room_wanted")))
		}
		out = append(out, Block{Table: r.roomGrid(n)})
		if i == 0 {
			break
		}
	}
	return out
}

// floorRooms are the rooms of an alternative with the words that stand above them.
func (r *Report) floorRooms(a *sizing.Alternative) []drawing.FloorRoom {
	w := r.words
	if a.Room == nil {
		return nil
	}
	var rooms []drawing.FloorRoom
	for _, v := range a.Room.Rooms {
		key := "report.draw.room"
		if v.Name == "" {
			key = "report.draw.room_wanted"
		}
		room := drawing.FloorRoom{
			Label:   w.T(key, "name", v.Name, "width", w.Number(v.WidthMM), "depth", w.Number(v.DepthMM)),
			WidthMM: v.WidthMM, DepthMM: v.DepthMM, DoorFromMM: v.DoorFromMM, DoorMM: v.DoorMM,
		}
		for _, run := range v.Runs {
			room.Shelves = append(room.Shelves, drawing.FloorShelf(run))
		}
		rooms = append(rooms, room)
	}
	return rooms
}

func (r *Report) floorLabels(title string, a *sizing.Alternative) drawing.Labels {
	l := r.labels(title, r.words.T("report.draw.floor_desc"), nil)
	l.Door = r.words.T("report.draw.door")
	if a.Room != nil {
		l.Shelf = r.words.T("report.draw.shelf", "levels", r.words.Number(a.Room.Levels))
	}
	return l
}

// wall is a wall with what stands at it.
type wall struct {
	sizing.Wall
	no    int
	banks []sizing.BankPlan
	drawn bool // its length is that of the banks: the plan names none
}

// walls lists the walls of the site, or one as long as the banks where the plan names none.
func (r *Report) walls() []wall {
	p, a := r.answer.Problem, r.answer.Recommended
	var out []wall
	for i, v := range p.Site.Walls {
		out = append(out, wall{Wall: v, no: i})
	}
	if len(out) == 0 {
		out = []wall{{Wall: sizing.Wall{Name: r.words.T("report.place.any_wall")}, drawn: true}}
		for _, b := range a.Banks {
			out[0].LengthMM = max(out[0].LengthMM, b.FromMM+b.WidthMM)
		}
	}
	for _, b := range a.Banks {
		at := &out[min(max(b.WallNo, 0), len(out)-1)]
		at.banks = append(at.banks, b)
	}
	return out
}

// labels are the words of a drawing; count has the doors of each size that it shows.
func (r *Report) labels(title, desc string, count map[locker.Size]int) drawing.Labels {
	w := r.words
	l := drawing.Labels{
		Title: title, Desc: desc, RTL: r.Dir == "rtl", Kiosk: w.T("report.draw.kiosk"), Clear: w.T("report.draw.clear"),
		Measure: func(mm int) string { return w.Number(mm) + " " + w.unit("mm") },
	}
	reach := r.answer.Problem.Site.Reach
	l.Reach = w.T("report.draw.reach", "low", w.Number(reach.LowMM), "high", w.Number(reach.HighMM))
	for _, c := range r.answer.Problem.Sizes {
		l.Sizes = append(l.Sizes, c.Size.String())
		l.Legend = append(l.Legend, w.T("report.draw.legend", "doors", w.N("report.doors", count[c.Size]), "size", c.Size.String()))
	}
	return l
}

// elevation draws the front of one wall.
func (r *Report) elevation(v wall, title string) *drawing.Scene {
	site, count := r.answer.Problem.Site, map[locker.Size]int{}
	in := drawing.ElevationInput{
		LengthMM: v.LengthMM, CeilingMM: site.CeilingMM, ReachLowMM: site.Reach.LowMM, ReachHighMM: site.Reach.HighMM, Person: true,
	}
	for _, b := range v.banks {
		at := b.FromMM
		for _, c := range b.Columns {
			m := drawing.FrontModule{FromMM: at, WidthMM: c.WidthMM, HeightMM: b.HeightMM, Columns: 1, BaseMM: b.HeightMM}
			for _, d := range c.Doors {
				count[d.Size]++
				m.BaseMM = min(m.BaseMM, d.BottomMM)
				m.Doors = append(m.Doors, drawing.FrontDoor{Size: r.index(d.Size), BottomMM: d.BottomMM, HeightMM: d.HeightMM})
			}
			if c.ScreenMM > 0 {
				m.BaseMM = min(m.BaseMM, c.ScreenBottomMM)
				m.Kiosk = &drawing.FrontKiosk{BottomMM: c.ScreenBottomMM, HeightMM: c.ScreenMM}
			}
			in.Modules = append(in.Modules, m)
			at += c.WidthMM
		}
	}
	for _, o := range v.Obstacles {
		in.Obstacles = append(in.Obstacles, drawing.FrontObstacle{FromMM: o.FromMM, ToMM: o.ToMM, BottomMM: o.BottomMM, Label: o.Name})
	}
	return drawing.Elevation(in, r.labels(title, r.words.T("report.draw.elevation_desc", "wall", v.Name), count))
}

// floor draws all walls from above.
func (r *Report) floor() *drawing.Scene {
	in := drawing.FloorInput{FrontMM: r.answer.Problem.Site.FrontMM}
	for _, v := range r.walls() {
		if len(v.banks) == 0 && len(r.answer.Problem.Site.Walls) == 0 {
			continue // a room alone
		}
		f := drawing.FloorWall{Name: v.Name, LengthMM: v.LengthMM, CornerLeft: v.CornerLeft}
		for _, o := range v.Obstacles {
			f.Obstacles = append(f.Obstacles, drawing.FloorObstacle{FromMM: o.FromMM, ToMM: o.ToMM, Label: o.Name})
		}
		for _, b := range v.banks {
			bank := drawing.FloorBank{FromMM: b.FromMM, DepthMM: b.DepthMM}
			for _, c := range b.Columns {
				bank.Modules = append(bank.Modules, drawing.FloorModule{WidthMM: c.WidthMM, Kiosk: c.ScreenMM > 0})
			}
			f.Banks = append(f.Banks, bank)
		}
		in.Walls = append(in.Walls, f)
	}
	a := &r.answer.Recommended
	in.Rooms = r.floorRooms(a)
	return drawing.FloorPlan(in, r.floorLabels(r.words.T("report.place.floor"), a))
}

// placeSource says where the figures of walls and banks are from: a plan without walls gave none.
func (r *Report) placeSource() string {
	if len(r.answer.Problem.Site.Walls) == 0 {
		return r.words.T("report.place.source_any")
	}
	return r.words.T("report.place.source")
}

// clearances says of each wall what stands at it, what is left and what must stay free.
func (r *Report) clearances() *Grid {
	w, front := r.words, r.answer.Problem.Site.FrontMM
	g := &Grid{
		Title: w.T("report.place.clearances"),
		Heads: []Head{
			text1(w.T("report.head.wall")), numeric(w.T("report.head.length")), numeric(w.T("report.head.obstacles")),
			numeric(w.T("report.head.taken")), numeric(w.T("report.head.left")), numeric(w.T("report.head.front")),
			numeric(w.T("report.head.front_have")),
		},
		Source: r.placeSource(),
	}
	for _, v := range r.walls() {
		taken, blocked, deep := 0, 0, 0
		for _, b := range v.banks {
			taken += b.WidthMM
			deep = max(deep, b.DepthMM)
		}
		for _, o := range v.Obstacles {
			blocked += o.ToMM - o.FromMM
		}
		have := w.T("report.place.no_limit")
		if v.FreeMM > 0 {
			have = w.Number(v.FreeMM - deep)
		}
		g.Rows = append(g.Rows, []string{
			v.Name, w.Number(v.LengthMM), w.Number(blocked), w.Number(taken), w.Number(max(v.LengthMM-taken-blocked, 0)), w.Number(front), have,
		})
	}
	return g
}

func (r *Report) bankGrid(a sizing.Alternative) *Grid {
	w := r.words
	walls := r.walls()
	g := &Grid{
		Title: w.T("report.place.banks"),
		Heads: []Head{
			text1(w.T("report.head.bank")), text1(w.T("report.head.wall")), numeric(w.T("report.head.from")), numeric(w.T("report.head.width")),
			numeric(w.T("report.head.height")), numeric(w.T("report.head.depth")), numeric(w.T("report.head.columns")), numeric(w.T("report.head.doors")),
		},
		Source: r.placeSource(),
	}
	for _, b := range a.Banks {
		doors := 0
		for _, c := range b.Columns {
			doors += len(c.Doors)
		}
		g.Rows = append(g.Rows, []string{
			b.Name, walls[min(max(b.WallNo, 0), len(walls)-1)].Name, w.Number(b.FromMM), w.Number(b.WidthMM), w.Number(b.HeightMM),
			w.Number(b.DepthMM), w.Number(len(b.Columns)), w.Number(doors),
		})
	}
	return g
}

// reachGrid counts the doors of each size, and those that everybody reaches.
func (r *Report) reachGrid(a sizing.Alternative) *Grid {
	w := r.words
	reach := r.answer.Problem.Site.Reach
	g := &Grid{
		Title: w.T("report.place.reach"),
		Heads: []Head{text1(w.T("report.head.size")), numeric(w.T("report.head.doors")), numeric(w.T("report.head.in_reach"))},
		Source: w.T("report.place.reach_source", "low", w.Number(reach.LowMM), "high", w.Number(reach.HighMM),
			"share", w.figure(reach.Share), "source", r.sourceOf(reach.Share)),
	}
	for _, m := range a.Mix {
		in := 0
		for _, b := range a.Banks {
			for _, c := range b.Columns {
				for _, d := range c.Doors {
					if d.Size == m.Size && d.InReach {
						in++
					}
				}
			}
		}
		g.Rows = append(g.Rows, []string{r.size(m.Size.String()), w.Number(m.Doors), w.Number(in)})
	}
	return g
}

// moduleGrid lists what to order.
func (r *Report) moduleGrid(a sizing.Alternative) *Grid {
	w := r.words
	g := &Grid{
		Title: w.T("report.place.modules"),
		Heads: []Head{
			text1(w.T("report.head.module")), numeric(w.T("report.head.count")), numeric(w.T("report.head.price", "currency", w.currency)),
			text1(w.T("report.head.source")),
		},
	}
	for _, p := range purchased(a) {
		g.Rows = append(g.Rows, []string{p.name, w.exact(p.count), w.figure(p.price), r.sourceOf(p.price)})
	}
	return g
}

func (r *Report) roomGrid(n named) *Grid {
	w, room := r.words, n.Room
	g := &Grid{
		Title: w.T("report.room.title"),
		Heads: []Head{text1(w.T("report.head.figure")), numeric(w.T("report.head.value")), text1(w.T("report.head.unit"))},
		Rows: [][]string{
			{w.T("report.room.shelf"), w.Number(room.ShelfMM), w.unit("mm")},
			{w.T("report.room.levels"), w.Number(room.Levels), w.unit("shelves above each other")},
			{w.T("report.room.capacity"), w.short(room.Capacity), w.unit("parcels")},
			{w.T("report.room.floor"), w.short(room.FloorM2), w.unit("m²")},
		},
		Source: w.T("report.source.computed_from_basis"),
	}
	for _, v := range room.Rooms {
		name := v.Name
		if name == "" {
			name = w.T("report.room.wanted")
		}
		size := w.apart(w.Number(v.WidthMM) + " × " + w.Number(v.DepthMM))
		g.Rows = append(g.Rows, []string{w.T("report.room.size", "name", name), size, w.unit("mm")})
	}
	return g
}
