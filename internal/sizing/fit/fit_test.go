package fit_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cubby/internal/sizing/fit"
	"cubby/internal/sizing/mix"
)

// columns are two kinds of column of 450 mm and a kiosk's, with small and large doors.
func columns() []fit.Module {
	return []fit.Module{
		{Name: "small", WidthMM: 450, HeightMM: 2000, DepthMM: 600, Doors: []int{16, 0}, Cost: 10},
		{Name: "large", WidthMM: 450, HeightMM: 2000, DepthMM: 600, Doors: []int{0, 4}, Cost: 9},
		{Name: "screen", WidthMM: 500, HeightMM: 2000, DepthMM: 600, Doors: []int{4, 1}, Kiosk: true, Cost: 20},
	}
}

func straight(lengths ...int) fit.Site {
	var s fit.Site
	for i, n := range lengths {
		s.Walls = append(s.Walls, fit.Wall{Name: string(rune('A' + i)), LengthMM: n})
	}
	return s
}

// few is a loss that falls with every door: large ones count four times.
func few(doors mix.Pattern) float64 { return 1 / float64(1+doors[0]+4*doors[1]) }

func TestMeet_Straight(t *testing.T) {
	t.Parallel()
	plan, err := fit.Meet(t.Context(), straight(4000), columns(), []int{30, 9})
	if err != nil {
		t.Fatal(err)
	}
	// The kiosk's column has 4 and 1; 26 small ones take two columns, 8 large ones two.
	if !slices.Equal(plan.Modules, []int{2, 2, 1}) || plan.Cost != 58 || !plan.Exact || plan.UsedMM != 2300 || plan.FreeMM != 1700 {
		t.Errorf("%+v", plan)
	}
	if len(plan.Banks) != 1 || !slices.Equal(plan.Doors, []int{36, 9}) {
		t.Fatalf("%+v", plan)
	}
	if middle := plan.Banks[0].Modules[2]; middle.Module != 2 || middle.FromMM != 900 {
		t.Errorf("the kiosk is at %+v, want the middle", plan.Banks[0].Modules)
	}
}

func TestMeet_ObstaclesSplitTheBank(t *testing.T) {
	t.Parallel()
	s := straight(4000)
	s.Walls[0].Obstacles = []fit.Obstacle{
		{Name: "door", FromMM: 1500, ToMM: 2500}, {Name: "window", FromMM: 2600, ToMM: 3500, BottomMM: 2000},
	}
	plan, err := fit.Meet(t.Context(), s, columns(), []int{36, 9})
	if err != nil {
		t.Fatal(err)
	}
	// 1,500 mm on both sides take three columns of 450, or the kiosk's and two.
	if len(plan.Banks) != 2 || plan.Banks[0].ToMM > 1500 || plan.Banks[1].FromMM < 2500 {
		t.Errorf("%+v", plan.Banks)
	}
	s.Walls[0].Obstacles[1].BottomMM = 1900 // now it hangs too low
	if _, err := fit.Meet(t.Context(), s, columns(), []int{36, 9}); err == nil {
		t.Error("columns of 2,000 mm stand under a window at 1,900")
	}
}

// TestMeet_Corner works out the loss of a corner by hand: 600 deep, 100 filler, 1,067 in front.
func TestMeet_Corner(t *testing.T) {
	t.Parallel()
	s := straight(2500, 2500)
	s.Walls[1].CornerLeft = true
	plain := columns()[:2]
	// Both out of the square: 1,800 and 1,800 mm, four columns each. One in the corner: 5 and 1.
	plans, err := fit.Fill(t.Context(), s, plain, few, fit.FillOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if n := plans[0].Modules[0] + plans[0].Modules[1]; n != 8 {
		t.Errorf("%d columns, want 8: %+v", n, plans[0].Banks)
	}
	// A wall of 1,000 mm has room for nothing once it keeps its distance, so the other runs in.
	s.Walls[1].LengthMM = 1000
	plans, err = fit.Fill(t.Context(), s, plain, few, fit.FillOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if n := plans[0].Modules[0] + plans[0].Modules[1]; n != 5 || plans[0].Banks[0].ToMM > 2500 {
		t.Errorf("%d columns, want 5: %+v", n, plans[0].Banks)
	}
}

func TestFill_UShape(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ middle, columns int }{
		{3000, 2 + 2 + 3}, // 1,600 mm of each side left of the corners hold 2 (900), the middle 3
		{2266, 4},         // the sides face each other at 2,266-1,200 = 1,066: one of them stays empty
		{1600, 0},         // not even one side leaves room to stand
	} {
		s := straight(1700, c.middle, 1700)
		s.Walls[1].CornerLeft, s.Walls[2].CornerLeft = true, true
		plans, err := fit.Fill(t.Context(), s, columns()[:2], few, fit.FillOptions{})
		if c.columns == 0 {
			if err != nil {
				t.Fatal(err) // the middle itself has 1,600 mm
			}
			for _, b := range plans[0].Banks {
				if b.Wall != 1 {
					t.Errorf("a bank on wall %d of an alcove of %d mm", b.Wall, c.middle)
				}
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if n := plans[0].Modules[0] + plans[0].Modules[1]; n < c.columns {
			t.Errorf("middle %d: %d columns, want at least %d: %+v", c.middle, n, c.columns, plans[0].Banks)
		}
		if c.middle == 2266 {
			for _, b := range plans[0].Banks {
				for _, o := range plans[0].Banks {
					if b.Wall == 0 && o.Wall == 2 {
						t.Errorf("banks face each other: %+v", plans[0].Banks)
					}
				}
			}
		}
	}
}

func TestMeet_KioskRules(t *testing.T) {
	t.Parallel()
	s := straight(3000, 3000)
	for _, c := range []struct {
		rule   fit.KioskRule
		kiosks int
	}{{0, 1}, {fit.KioskPerSite, 1}, {fit.KioskPerWall, 2}, {fit.KioskNone, 0}} {
		s.Kiosks = c.rule
		plan, err := fit.Meet(t.Context(), s, columns(), []int{40, 26})
		if err != nil {
			t.Fatalf("%s: %v", c.rule, err)
		}
		if n := plan.Kiosks(columns()); n != c.kiosks {
			t.Errorf("%s: %d kiosks, want %d", c.rule, n, c.kiosks)
		}
	}
}

// TestMeet_KioskNeedsClearFloor puts the kiosk's column into a niche that is wide enough for the
// column and not for a wheelchair.
func TestMeet_KioskNeedsClearFloor(t *testing.T) {
	t.Parallel()
	s := straight(600)
	_, err := fit.Meet(t.Context(), s, columns(), []int{1, 0})
	if err == nil || !strings.Contains(err.Error(), "clear floor") {
		t.Errorf("%v: want the clear floor", err)
	}
	s.Walls[0].LengthMM = 762
	if _, err := fit.Meet(t.Context(), s, columns(), []int{1, 0}); err != nil {
		t.Error(err)
	}
	s.Walls[0].FreeMM = 1700 // room to stand before doors; a wheelchair must come from the side
	if _, err := fit.Meet(t.Context(), s, columns(), []int{1, 0}); err == nil {
		t.Error("1,219 mm of clear floor on 762 mm of wall")
	}
}

func TestErrors_SayWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := fit.Meet(t.Context(), straight(380, 300), columns()[:2], []int{1, 1})
	var short *fit.TooShort
	if !errors.As(err, &short) || short.Wall != "A" || short.NeedMM-short.HaveMM != 70 {
		t.Errorf("%v: want 70 mm too short on wall A", err)
	}
	low := straight(4000)
	low.CeilingMM = 1900
	_, err = fit.Meet(t.Context(), low, columns(), []int{1, 1})
	var ceiling *fit.TooLow
	if !errors.As(err, &ceiling) || ceiling.NeedMM-ceiling.CeilingMM != 100 {
		t.Errorf("%v: want 100 mm too low", err)
	}
	narrow := straight(4000)
	narrow.Walls[0].FreeMM = 1500
	_, err = fit.Meet(t.Context(), narrow, columns(), []int{1, 1})
	var deep *fit.TooDeep
	if !errors.As(err, &deep) || deep.NeedMM-deep.HaveMM != 167 {
		t.Errorf("%v: want 167 mm too little floor", err)
	}
	if _, err := fit.Fill(t.Context(), low, columns(), few, fit.FillOptions{}); !errors.As(err, &ceiling) {
		t.Errorf("fill: %v", err)
	}
}

func TestMeet_Shortfall(t *testing.T) {
	t.Parallel()
	s := straight(3130, 500)
	// Wall A takes the kiosk's column and five more, wall B one; the demand takes seven.
	demand := []int{36, 21}
	_, err := fit.Meet(t.Context(), s, columns(), demand)
	var short *fit.Shortfall
	if !errors.As(err, &short) {
		t.Fatal(err)
	}
	if !slices.Equal(short.MoreMM, []int{70, 400}) || !slices.Equal(short.Fewer, []int{16, 4}) {
		t.Errorf("%+v, want 70 mm of A, 400 of B, 16 fewer small or 4 fewer large", short)
	}
	if want := "doors for the demand do not fit; any one of these would do: 70 mm more of wall A, " +
		"or 4 fewer doors of size 2, or 16 fewer doors of size 1"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	for i, more := range short.MoreMM {
		longer := s
		longer.Walls = slices.Clone(s.Walls)
		longer.Walls[i].LengthMM += more
		if _, err := fit.Meet(t.Context(), longer, columns(), demand); err != nil {
			t.Errorf("wall %d with %d mm more: %v", i, more, err)
		}
		longer.Walls[i].LengthMM--
		if _, err := fit.Meet(t.Context(), longer, columns(), demand); err == nil {
			t.Errorf("wall %d needs less than %d mm more", i, more)
		}
	}
	for i, fewer := range short.Fewer {
		less := slices.Clone(demand)
		less[i] -= fewer
		if _, err := fit.Meet(t.Context(), s, columns(), less); err != nil {
			t.Errorf("%d fewer of size %d: %v", fewer, i+1, err)
		}
	}
}

func TestSite_Errors(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]fit.Site{
		"no wall":           {},
		"flat wall":         straight(0),
		"obstacle outside":  {Walls: []fit.Wall{{LengthMM: 100, Obstacles: []fit.Obstacle{{FromMM: 50, ToMM: 101}}}}},
		"obstacle reversed": {Walls: []fit.Wall{{LengthMM: 100, Obstacles: []fit.Obstacle{{FromMM: 50, ToMM: 50}}}}},
		"first corner":      {Walls: []fit.Wall{{LengthMM: 100, CornerLeft: true}}},
		"closed pair":       {Walls: []fit.Wall{{LengthMM: 100}, {LengthMM: 100}}, Closed: true},
		"ceiling":           {Walls: []fit.Wall{{LengthMM: 100}}, CeilingMM: -1},
	} {
		if _, err := fit.Meet(t.Context(), s, columns(), []int{1, 1}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	bad := columns()
	bad[1].Doors = []int{1}
	if _, err := fit.Meet(t.Context(), straight(5000), bad, []int{1, 1}); err == nil {
		t.Error("modules of different sizes are no error")
	}
	bad = columns()
	bad[0].Cost = math.NaN()
	if _, err := fit.Meet(t.Context(), straight(5000), bad, []int{1, 1}); err == nil {
		t.Error("a cost that is no number is no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := fit.Meet(ctx, straight(5000), columns(), []int{1, 1}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want context.Canceled", err)
	}
}

func TestFill_Keep(t *testing.T) {
	t.Parallel()
	plans, err := fit.Fill(t.Context(), straight(4000), columns(), few, fit.FillOptions{MaxColumns: 3, Keep: 3})
	if err != nil {
		t.Fatal(err)
	}
	if len(plans) != 3 || plans[0].Loss > plans[1].Loss || plans[1].Loss > plans[2].Loss {
		t.Fatalf("%+v", plans)
	}
	for _, p := range plans {
		if p.Modules[0]+p.Modules[1] != 3 || p.Modules[2] != 1 {
			t.Errorf("modules %v, want three and the kiosk", p.Modules)
		}
	}
}

func drawSite(t *rapid.T) fit.Site {
	s := fit.Site{GapMM: rapid.IntRange(0, 20).Draw(t, "gap"), Kiosks: fit.KioskRule(rapid.IntRange(0, 3).Draw(t, "kiosks"))}
	for i := range rapid.IntRange(1, 4).Draw(t, "walls") {
		w := fit.Wall{Name: string(rune('A' + i)), LengthMM: rapid.IntRange(300, 5000).Draw(t, "length")}
		w.CornerLeft = i > 0 && rapid.Bool().Draw(t, "corner")
		if rapid.Bool().Draw(t, "narrow") {
			w.FreeMM = rapid.IntRange(1400, 2500).Draw(t, "free")
		}
		for range rapid.IntRange(0, 2).Draw(t, "obstacles") {
			from := rapid.IntRange(0, w.LengthMM-1).Draw(t, "from")
			w.Obstacles = append(w.Obstacles, fit.Obstacle{
				Name: "o", FromMM: from, ToMM: rapid.IntRange(from+1, w.LengthMM).Draw(t, "to"),
				BottomMM: rapid.SampledFrom([]int{0, 1500, 2100}).Draw(t, "bottom"),
			})
		}
		s.Walls = append(s.Walls, w)
	}
	if rapid.Bool().Draw(t, "ceiling") {
		s.CeilingMM = rapid.IntRange(1300, 2200).Draw(t, "ceiling height")
	}
	return s
}

func drawModules(t *rapid.T) []fit.Module {
	m := columns()
	if rapid.Bool().Draw(t, "other width") {
		m = append(m, fit.Module{Name: "wide", WidthMM: 700, HeightMM: 1400, DepthMM: 500, Doors: []int{6, 4}, Cost: 14})
	}
	return m
}

// TestPlan_Property checks every plan against the site with arithmetic of its own.
func TestPlan_Property(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, modules := drawSite(t), drawModules(t)
		var plan fit.Plan
		if rapid.Bool().Draw(t, "meet") {
			demand := []int{rapid.IntRange(0, 60).Draw(t, "small"), rapid.IntRange(0, 12).Draw(t, "large")}
			var err error
			if plan, err = fit.Meet(t.Context(), s, modules, demand); err != nil {
				return
			}
			for i, n := range demand {
				if plan.Doors[i] < n {
					t.Fatalf("doors %v for the demand %v", plan.Doors, demand)
				}
			}
		} else {
			plans, err := fit.Fill(t.Context(), s, modules, few, fit.FillOptions{})
			if err != nil {
				return
			}
			plan = plans[0]
		}
		checkPlan(t, s, modules, plan)
	})
}

func checkPlan(t *rapid.T, s fit.Site, modules []fit.Module, plan fit.Plan) {
	checkFacing(t, s, plan)
	placed, doors, kiosks := make([]int, len(modules)), make([]int, 2), map[int]int{}
	for _, b := range plan.Banks {
		wall := s.Walls[b.Wall]
		if b.FromMM < 0 || b.ToMM > wall.LengthMM || b.FromMM >= b.ToMM {
			t.Fatalf("bank %+v leaves wall %+v", b, wall)
		}
		if wall.FreeMM > 0 && wall.FreeMM < b.DepthMM+fit.DefaultFrontMM {
			t.Fatalf("nobody can stand before bank %+v on %+v", b, wall)
		}
		x := b.FromMM
		for _, p := range b.Modules {
			m := modules[p.Module]
			if p.FromMM != x || p.ToMM != x+m.WidthMM || s.CeilingMM > 0 && m.HeightMM > s.CeilingMM {
				t.Fatalf("module %+v in bank %+v", p, b)
			}
			x = p.ToMM
			placed[p.Module]++
			for i, n := range m.Doors {
				doors[i] += n
			}
			if m.Kiosk {
				kiosks[b.Wall]++
				checkClearFloor(t, s, plan, b, p)
			}
			for _, o := range wall.Obstacles {
				if p.FromMM < o.ToMM && p.ToMM > o.FromMM && (o.BottomMM == 0 || o.BottomMM < m.HeightMM) {
					t.Fatalf("module %+v stands on obstacle %+v", p, o)
				}
			}
		}
		if x != b.ToMM {
			t.Fatalf("bank %+v ends at %d", b, x)
		}
		for _, o := range plan.Banks {
			if o.Wall == b.Wall && o.FromMM != b.FromMM && o.FromMM < b.ToMM && o.ToMM > b.FromMM {
				t.Fatalf("banks %+v and %+v overlap", o, b)
			}
			if o.Wall == b.Wall+1 && s.Walls[o.Wall].CornerLeft {
				checkCorner(t, wall.LengthMM-b.ToMM, o.FromMM, max(b.DepthMM, o.DepthMM))
			}
		}
	}
	if !slices.Equal(placed, plan.Modules) || !slices.Equal(doors, plan.Doors) {
		t.Fatalf("placed %v with doors %v, the plan says %v and %v", placed, doors, plan.Modules, plan.Doors)
	}
	total := 0
	for wall, n := range kiosks {
		total += n
		if n > 1 {
			t.Fatalf("%d kiosks on wall %d", n, wall)
		}
	}
	switch s.Kiosks {
	case fit.KioskNone:
		if total != 0 {
			t.Fatalf("%d kiosks, none wanted", total)
		}
	case fit.KioskPerWall:
		for _, b := range plan.Banks {
			if kiosks[b.Wall] != 1 {
				t.Fatalf("bank %+v on a wall without a kiosk", b)
			}
		}
	case 0, fit.KioskPerSite:
		if total != 1 {
			t.Fatalf("%d kiosks, want one", total)
		}
	}
}

// checkFacing looks across each wall that meets others at both ends.
func checkFacing(t *rapid.T, s fit.Site, plan fit.Plan) {
	depth := map[int]int{}
	for _, b := range plan.Banks {
		depth[b.Wall] = b.DepthMM
	}
	n := len(s.Walls)
	for i, w := range s.Walls {
		left, right := (i+n-1)%n, (i+1)%n
		if !w.CornerLeft || !s.Walls[right].CornerLeft || right == 0 && !s.Closed {
			continue
		}
		if used := depth[left] + depth[right]; used > 0 && w.LengthMM < used+fit.DefaultFrontMM {
			t.Fatalf("%d mm between the walls %d and %d with banks %d mm deep", w.LengthMM, left, right, used)
		}
	}
}

// checkClearFloor lays 762 by 1,219 mm before a kiosk.
func checkClearFloor(t *rapid.T, s fit.Site, plan fit.Plan, b fit.Bank, p fit.Placed) {
	wall := s.Walls[b.Wall]
	width := 762
	if wall.FreeMM > 0 && wall.FreeMM < b.DepthMM+1219 {
		width = 1219
	}
	from, to := (p.FromMM+p.ToMM-width)/2, (p.FromMM+p.ToMM+width)/2
	least, most := 0, wall.LengthMM
	for _, o := range plan.Banks {
		if o.Wall == b.Wall-1 && wall.CornerLeft {
			least = o.DepthMM
		}
		if o.Wall == b.Wall+1 && s.Walls[o.Wall].CornerLeft {
			most = wall.LengthMM - o.DepthMM
		}
	}
	if from < least || to > most {
		t.Fatalf("the clear floor from %d to %d of kiosk %+v leaves %d to %d", from, to, p, least, most)
	}
}

// checkCorner gets how far two banks stand from their common corner.
func checkCorner(t *rapid.T, a, b, depth int) {
	near, far := min(a, b), max(a, b)
	if near >= depth+fit.DefaultCornerMM {
		return
	}
	if far < depth+fit.DefaultFrontMM {
		t.Fatalf("banks %d and %d mm from a corner, %d deep", a, b, depth)
	}
}

// TestMeet_Exact compares with a search over every set of modules on straight walls.
func TestMeet_Exact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := straight(rapid.IntRange(400, 2600).Draw(t, "a"), rapid.IntRange(400, 1900).Draw(t, "b"))
		modules := []fit.Module{
			{Name: "x", WidthMM: 450, HeightMM: 2000, DepthMM: 600, Doors: []int{5, 0}, Cost: 10},
			{Name: "y", WidthMM: 450, HeightMM: 2000, DepthMM: 600, Doors: []int{1, 2}, Cost: 12},
			{Name: "z", WidthMM: 600, HeightMM: 2000, DepthMM: 600, Doors: []int{2, 3}, Cost: 17},
		}
		demand := []int{rapid.IntRange(0, 14).Draw(t, "small"), rapid.IntRange(0, 8).Draw(t, "large")}
		want := math.Inf(1)
		for x := range 9 {
			for y := range 9 - x {
				for z := range 7 {
					doors := []int{5*x + y + 2*z, 2*y + 3*z}
					if doors[0] >= demand[0] && doors[1] >= demand[1] && x+y+z > 0 && stands(s, x+y, z) {
						want = min(want, float64(10*x+12*y+17*z))
					}
				}
			}
		}
		plan, err := fit.Meet(t.Context(), s, modules, demand)
		switch {
		case math.IsInf(want, 1):
			if err == nil {
				t.Fatalf("%+v stands, nothing should", plan)
			}
		case demand[0]+demand[1] == 0:
			if err != nil || plan.Cost != 0 {
				t.Fatalf("%+v, %v: nothing was asked for", plan, err)
			}
		case err != nil:
			t.Fatalf("%v, a plan costs %g", err, want)
		case plan.Cost != want || !plan.Exact:
			t.Fatalf("%+v costs %g, another plan %g", plan, plan.Cost, want)
		}
	})
}

// stands reports whether so many modules of 450 and of 600 mm stand on two walls.
func stands(s fit.Site, narrow, wide int) bool {
	for n := range narrow + 1 {
		for w := range wide + 1 {
			if n*450+w*600 <= s.Walls[0].LengthMM && (narrow-n)*450+(wide-w)*600 <= s.Walls[1].LengthMM {
				return true
			}
		}
	}
	return false
}

// TestFill_ClosedRoom fills a room of 4 by 3 m with its door in the front wall and works out the
// corners by hand: each wall keeps 700 mm away from both, the door takes 1,000 mm and leaves 900 mm
// beside it.
func TestFill_ClosedRoom(t *testing.T) {
	t.Parallel()
	s := straight(4000, 3000, 4000, 3000)
	s.Closed = true
	for i := range s.Walls {
		s.Walls[i].CornerLeft = true
	}
	s.Walls[0].Obstacles = []fit.Obstacle{{Name: "door", FromMM: 1600, ToMM: 2600}}
	plans, err := fit.Fill(t.Context(), s, columns()[:2], few, fit.FillOptions{})
	if err != nil {
		t.Fatal(err)
	}
	plan := plans[0]
	// Front 900 and 700 mm hold 2 and 1, the back 2,600 mm 5, both sides 1,600 mm 3 each.
	if n := plan.Modules[0] + plan.Modules[1]; n < 14 || len(plan.Banks) < 4 {
		t.Errorf("%d columns in %d banks, want at least 14: %+v", n, len(plan.Banks), plan.Banks)
	}
	for i, b := range plan.Banks {
		for _, o := range plan.Banks[i+1:] {
			if s := overlap(s, b, o); s != "" {
				t.Error(s)
			}
		}
	}
}

// overlap lays two banks of a closed rectangular room into its plan and says where they meet.
func overlap(s fit.Site, a, b fit.Bank) string {
	w, h := s.Walls[0].LengthMM, s.Walls[1].LengthMM
	lay := func(k fit.Bank) (x1, y1, x2, y2 int) {
		switch k.Wall {
		case 0:
			return k.FromMM, 0, k.ToMM, k.DepthMM
		case 1:
			return w - k.DepthMM, k.FromMM, w, k.ToMM
		case 2:
			return w - k.ToMM, h - k.DepthMM, w - k.FromMM, h
		}
		return 0, h - k.ToMM, k.DepthMM, h - k.FromMM
	}
	ax1, ay1, ax2, ay2 := lay(a)
	bx1, by1, bx2, by2 := lay(b)
	if ax1 < bx2 && bx1 < ax2 && ay1 < by2 && by1 < ay2 {
		return fmt.Sprintf("banks %+v and %+v stand in each other", a, b)
	}
	return ""
}

func TestStretches(t *testing.T) {
	t.Parallel()
	s := straight(5000)
	s.Walls[0].Obstacles = []fit.Obstacle{
		{FromMM: 3000, ToMM: 4000}, {FromMM: 1000, ToMM: 1500}, {FromMM: 1200, ToMM: 1800, BottomMM: 1000},
	}
	got, err := fit.Stretches(s, 2000)
	if err != nil {
		t.Fatal(err)
	}
	if want := []fit.Stretch{{0, 0, 1000}, {0, 1800, 3000}, {0, 4000, 5000}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got, err = fit.Stretches(s, 900); err != nil || got[1].FromMM != 1500 {
		t.Errorf("%v, %v: a low module stands under what hangs", got, err)
	}
}
