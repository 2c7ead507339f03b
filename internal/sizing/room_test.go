package sizing_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"cubby/internal/sizing"
)

// withRoom is the building with a room beside the lockers.
func withRoom(widthMM, depthMM int) sizing.Problem {
	return building(func(p *sizing.Problem) {
		p.Demand.Units = 120
		p.Site.Rooms = []sizing.Room{{Name: "store", WidthMM: widthMM, DepthMM: depthMM, Levels: 5}}
		p.Policy.Overflow = sizing.ToRoom
	})
}

// All ways are counted on one basis: what finds neither a door nor a shelf, by simulation, with intervals.
func TestSolve_OneBasis(t *testing.T) {
	t.Parallel()
	a := solve(t, withRoom(4000, 3000))
	units := func(v sizing.Service) string {
		all := []string{v.Loss.Unit, v.WholeDay.Unit, v.Upgraded.Unit, v.PeakParcels.Unit, v.PeakLitres.Unit}
		for _, c := range v.Classes {
			all = append(all, c.Loss.Unit)
		}
		return strings.Join(all, "; ")
	}
	want := units(a.Recommended.Normal)
	for _, x := range a.All() {
		for _, v := range []sizing.Service{x.Normal, x.Peak} {
			if got := units(v); got != want {
				t.Errorf("%s in the %s week is counted in %q, the recommended in %q", x.Kind, v.Week, got, want)
			}
			if x.Kind != sizing.OffSite && v.Years < 4 {
				t.Errorf("%s in the %s week: %d years simulated", x.Kind, v.Week, v.Years)
			}
			lost := 0.0
			for _, d := range v.Overflow {
				if d.Where != sizing.ToRoom || x.Room == nil {
					lost += d.ParcelsPerWeek.Value
				}
			}
			if got := v.Loss.Value / 100 * v.ParcelsPerDay * 7; math.Abs(got-lost) > 1e-6*(1+lost) {
				t.Errorf("%s in the %s week loses %v parcels, %v of them go somewhere", x.Kind, v.Week, got, lost)
			}
		}
	}
	for _, k := range []sizing.Kind{sizing.Lockers, sizing.Hybrid, sizing.OpenRoom} {
		peak := kind(t, a, k).Peak
		for _, i := range []sizing.Interval{peak.Loss, peak.WholeDay, peak.Classes[0].Loss, peak.Classes[3].Loss, peak.PeakParcels} {
			if peak.Loss.Value > 0 && !(i.Low < i.Value && i.Value < i.High) {
				t.Errorf("%s in the peak week: %+v has no interval", k, i)
			}
		}
	}
	if a.Rules[0].Loss.Unit != a.Recommended.Normal.Loss.Unit {
		t.Errorf("rules of thumb in %q", a.Rules[0].Loss.Unit)
	}
}

// Whoever has parcels at the desk pays for the floor there, with a room or without.
func TestSolve_OneBasisForTheDesk(t *testing.T) {
	t.Parallel()
	a := solve(t, withRoom(4000, 3000))
	for _, x := range a.All() {
		desk := 0.0
		for _, row := range x.Cost.Rows {
			for _, l := range row.Lines {
				for _, f := range l.Factors {
					if f.Key == "desk_parcels" {
						desk = f.Figure.Mid
					}
				}
			}
		}
		if want := x.Normal.PeakParcels.Value; math.Abs(desk-want) > 0.05+1e-9 {
			t.Errorf("%s: %v parcels lie at the desk in the fullest moment, floor is paid for %v", x.Kind, want, desk)
		}
	}
}

// The neighbours of lockers with a room are lockers with a room, and the answer says why the smaller does not do.
func TestSolve_NextToAHybrid(t *testing.T) {
	t.Parallel()
	p := withRoom(4000, 3000)
	p.Site.Walls = []sizing.Wall{{Name: "hall", LengthMM: 4200}} // too short for lockers alone
	a := solve(t, p)
	r := a.Recommended
	if r.Kind != sizing.Hybrid || a.Smaller == nil || a.Larger == nil {
		t.Fatalf("%s is recommended, smaller %t, larger %t", r.Kind, a.Smaller != nil, a.Larger != nil)
	}
	if a.Larger.Kind != sizing.Hybrid || a.Larger.Room.ShelfMM <= r.Room.ShelfMM || a.Larger.Doors != r.Doors {
		t.Errorf("larger: %s of %d doors, this %d", a.Larger.Kind, a.Larger.Doors, r.Doors)
	}
	if a.Larger.Fits && a.Larger.Meets && a.Larger.Cost.Present.Mid < r.Cost.Present.Mid {
		t.Errorf("the larger one is cheaper: %d, this %d", a.Larger.Cost.Present.Mid, r.Cost.Present.Mid)
	}
	why := codes(a.Why)
	switch s := a.Smaller; {
	case s.Room == nil:
		if s.Kind != sizing.Lockers || s.Meets || !strings.Contains(why, "smaller_no_room") {
			t.Errorf("smaller: %s, meets %t; %s", s.Kind, s.Meets, why)
		}
	case s.Room.ShelfMM >= r.Room.ShelfMM || s.Doors != r.Doors:
		t.Errorf("smaller: %d doors, %d mm of shelf, this %d and %d", s.Doors, s.Room.ShelfMM, r.Doors, r.Room.ShelfMM)
	case s.Meets:
		if s.Cost.Present.Mid < r.Cost.Present.Mid || !strings.Contains(why, "smaller_dearer") {
			t.Errorf("the smaller one holds and costs %d, this %d; %s", s.Cost.Present.Mid, r.Cost.Present.Mid, why)
		}
	case !strings.Contains(why, "smaller_room"):
		t.Errorf("the smaller one misses the target; %s", why)
	}
}

// Shelves stand in the room of the site and hold what was simulated; a closet is too small, and the answer says what
// would do.
func TestSolve_RoomToScale(t *testing.T) {
	t.Parallel()
	for _, k := range []sizing.Kind{sizing.Hybrid, sizing.OpenRoom} {
		plan := kind(t, solve(t, withRoom(4000, 3000)), k).Room
		run := 0
		for _, r := range plan.Rooms[0].Runs {
			run += r.DepthMM
		}
		if w, d := plan.Rooms[0].WidthMM, plan.Rooms[0].DepthMM; !plan.Held || w*d != 12_000_000 || run*plan.Levels < plan.ShelfMM || plan.FloorM2 > 12 {
			t.Errorf("%s: %+v, %d mm of runs", k, plan, run)
		}
	}
	a := solve(t, withRoom(1600, 600))
	for _, k := range []sizing.Kind{sizing.Hybrid, sizing.OpenRoom} {
		x := kind(t, a, k)
		at := slices.IndexFunc(x.Misses, func(r sizing.Reason) bool { return r.Code == "room_too_small" })
		if x.Fits || x.Room.Held || at < 0 || x.Room.Rooms[0].Name != "" {
			t.Fatalf("%s in a closet: fits %t, %+v", k, x.Fits, x.Misses)
		}
		need := x.Misses[at].Figures
		fits := kind(t, solve(t, withRoom(int(need[2].Mid), int(need[3].Mid))), k)
		if !fits.Fits || !fits.Meets {
			t.Errorf("%s: a room of %v x %v mm does not do: %+v", k, need[2].Mid, need[3].Mid, fits.Misses)
		}
	}
	if !strings.Contains(codes(a.Why), "room_too_small") {
		t.Errorf("%s: not said why the others do not fit", codes(a.Why))
	}
}
