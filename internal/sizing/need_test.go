package sizing_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"cubby/internal/locker"
	"cubby/internal/sizing"
)

// named is the number of doors that an infeasible answer says would hold the target.
func named(t *testing.T, a sizing.Answer) float64 {
	t.Helper()
	at := slices.IndexFunc(a.WouldGive, func(r sizing.Reason) bool { return r.Code == "more_wall" })
	if a.Feasible || at < 0 {
		t.Fatalf("feasible %t, would give %q: want more wall", a.Feasible, codes(a.WouldGive))
	}
	return a.WouldGive[at].Figures[0].Mid
}

// The doors that a wall too short is told of are those that the same demand gets where there is wall enough,
// whatever the target counts and however little of it the wall holds.
func TestSolve_WouldGiveNamesTheDoors(t *testing.T) {
	t.Parallel()
	for _, measure := range sizing.Measures() {
		t.Run(measure.String(), func(t *testing.T) {
			t.Parallel()
			demand := func(lengthMM int) sizing.Problem {
				return building(func(p *sizing.Problem) {
					p.Demand.Units, p.Policy.Target.Measure = 200, measure
					if lengthMM > 0 {
						p.Site.Walls = []sizing.Wall{{Name: "hall", LengthMM: lengthMM}}
					}
				})
			}
			options := sizing.Options{Seed: 1, Quick: true, Brief: true}
			free, err := sizing.Solve(context.Background(), demand(0), options)
			if err != nil {
				t.Fatal(err)
			}
			bank := kind(t, free, sizing.Lockers)
			short, err := sizing.Solve(context.Background(), demand(bank.WidthMM*55/100), options)
			if err != nil {
				t.Fatal(err)
			}
			if doors := named(t, short); math.Abs(doors-float64(bank.Doors)) > 0.05*float64(bank.Doors) {
				t.Errorf("%v doors are named, %d hold the target", doors, bank.Doors)
			}
			for _, c := range kind(t, short, sizing.Lockers).Mix {
				if c.Doors == 0 {
					t.Errorf("a bank of %d doors has none of size %s", kind(t, short, sizing.Lockers).Doors, c.Size)
				}
			}
		})
	}
}

// twoSizes is a small demand with a rare large size, and cabinets that have doors of one size each.
func twoSizes(measure sizing.Measure, modules ...sizing.Module) sizing.Problem {
	return building(func(p *sizing.Problem) {
		p.Demand.Units, p.Policy.Target.Measure, p.Policy.Target.Loss = 30, measure, exactly(3)
		p.Site.Reach.Required = false
		p.Sizes = []sizing.SizeClass{p.Sizes[0], p.Sizes[2]}
		p.Sizes[0].Share, p.Sizes[1].Share = exactly(90), exactly(10)
		p.Hardware.Catalogue, p.Hardware.Modules = "", modules
	})
}

func cabinet(name string, screen bool, small, large int) sizing.Module {
	m := sizing.Module{
		Name: name, WidthMM: 500, HeightMM: 2000, DepthMM: 500, Columns: 1, Screen: screen,
		Price: exactly(1000),
	}
	for _, d := range []sizing.ModuleDoor{{Size: locker.SizeS, HeightMM: 60, Count: small}, {Size: locker.SizeL, HeightMM: 120, Count: large}} {
		if d.Count > 0 {
			m.Doors = append(m.Doors, d)
		}
	}
	return m
}

// Every way to divide a small bank is simulated: the modules that the planner names are the fewest that hold
// the target, or one more.
func TestSolve_WouldGiveAgainstEveryMix(t *testing.T) {
	t.Parallel()
	const small, large = 4, 2 // doors of a cabinet
	options := sizing.Options{Seed: 1, Quick: true, Brief: true}
	for _, measure := range sizing.Measures() {
		t.Run(measure.String(), func(t *testing.T) {
			t.Parallel()
			holds := func(modules, ofLarge int) bool {
				// One cabinet with all doors of the mix leaves nothing to choose.
				p := twoSizes(measure, cabinet("all", true, 1+small*(modules-1-ofLarge), 1+large*ofLarge))
				p.Site.Walls = []sizing.Wall{{Name: "hall", LengthMM: 1300}}
				p.Hardware.Modules[0].WidthMM = 1250
				a, err := sizing.Solve(context.Background(), p, options)
				if err != nil {
					t.Fatal(err)
				}
				return kind(t, a, sizing.Lockers).Meets
			}
			p := twoSizes(measure, cabinet("screen", true, 1, 1), cabinet("small", false, small, 0), cabinet("large", false, 0, large))
			p.Site.Walls = []sizing.Wall{{Name: "hall", LengthMM: 1500}}
			a, err := sizing.Solve(context.Background(), p, options)
			if err != nil {
				t.Fatal(err)
			}
			doors := named(t, a)
			at := slices.IndexFunc(a.WouldGive, func(r sizing.Reason) bool { return r.Code == "more_wall" })
			have := 3 + int(a.WouldGive[at].Figures[2].Mid)/500
			fewest := 0
			for modules := max(have-2, 2); fewest == 0; modules++ {
				for ofLarge := range modules {
					if holds(modules, ofLarge) {
						fewest = modules
						break
					}
				}
			}
			t.Logf("%d modules hold the target at the least, %d with %v doors are named", fewest, have, doors)
			if have < fewest || have > fewest+1 {
				t.Errorf("%d modules are named, the fewest are %d", have, fewest)
			}
		})
	}
}

// A figure that is moved finds the bank that a plan of its own would find.
func TestSolve_SensitivityAgainstPlans(t *testing.T) {
	t.Parallel()
	for _, measure := range []sizing.Measure{sizing.PerClass, sizing.Days} {
		t.Run(measure.String(), func(t *testing.T) {
			t.Parallel()
			demand := func(change func(p *sizing.Problem)) sizing.Problem {
				return building(func(p *sizing.Problem) { p.Demand.Units, p.Policy.Target.Measure = 200, measure }, change)
			}
			a := solve(t, demand(func(*sizing.Problem) {}))
			at := slices.IndexFunc(a.Sensitivity, func(s sizing.Swing) bool { return s.Code == "rate" })
			s := a.Sensitivity[at]
			high, err := sizing.Solve(context.Background(), demand(func(p *sizing.Problem) { p.Demand.Rate = exactly(s.Figure.High) }),
				sizing.Options{Seed: 1, Quick: true, Brief: true})
			if err != nil {
				t.Fatal(err)
			}
			if want := float64(kind(t, high, sizing.Lockers).Doors); math.Abs(float64(s.HighDoors)-want) > 0.06*want {
				t.Errorf("%v parcels per unit: %d doors, a plan of its own has %v", s.Figure.High, s.HighDoors, want)
			}
		})
	}
}
