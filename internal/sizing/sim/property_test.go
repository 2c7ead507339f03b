package sim_test

import (
	"context"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cubby/internal/sizing/sim"
)

// TestRun_anyScenarioKeepsItsBooks draws scenarios of all kinds and checks what must hold in each.
func TestRun_anyScenarioKeepsItsBooks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawScenario(t)
		o := sim.Options{Seed: rapid.Uint64().Draw(t, "seed"), MinYears: 2, Workers: 2, Fans: rapid.Bool().Draw(t, "fans")}
		r, err := sim.Run(context.Background(), s, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []sim.Period{r.Year, r.Normal, r.Peak} {
			checkPeriod(t, s, p)
		}
		if r.Years != 2 || r.Year.Days != r.Normal.Days+r.Peak.Days || r.Events < int64(r.Year.Offered.Mean) {
			t.Fatalf("%d years, %d days, %d events", r.Years, r.Year.Days, r.Events)
		}
		for i, f := range r.Fans {
			for _, h := range append(f.Normal, f.Peak...) {
				if h.Max > s.Sizes[i].Doors || h.Mean < 0 {
					t.Fatalf("%d of %d doors taken", h.Max, s.Sizes[i].Doors)
				}
			}
		}
	})
}

func checkPeriod(t *rapid.T, s sim.Scenario, p sim.Period) {
	offered, lost := 0.0, 0.0
	for _, c := range p.Classes {
		offered += c.Offered.Mean
		lost += c.Offered.Mean * c.Loss.Mean
		if c.Loss.Mean+c.Upgraded.Mean > 1+1e-12 {
			t.Fatalf("a class lost %v and was upgraded %v", c.Loss, c.Upgraded)
		}
	}
	if math.Abs(offered-p.Offered.Mean) > 1e-6 || math.Abs(lost-offered*p.Loss.Mean) > 1e-6*(1+lost) {
		t.Fatalf("the classes add up to %v offered and %v lost, the total is %v and %v", offered, lost, p.Offered, p.Loss)
	}
	out := p.Returned.Mean
	for _, o := range p.Overflow {
		out += o.Mean
	}
	if out < p.Loss.Mean-1e-9 || out > p.Loss.Mean+p.Expired.Mean+1e-9 {
		t.Fatalf("lost %v, expired %v, but elsewhere %v", p.Loss.Mean, p.Expired.Mean, out)
	}
	if p.Loss.Mean == 0 && p.DaysAccepted.Mean != 1 && offered > 0 {
		t.Fatalf("nothing lost, but days accepted %v", p.DaysAccepted)
	}
	if p.Missed.Mean > p.Loss.Mean || p.DaysKept.Mean < p.DaysAccepted.Mean || p.BeyondLitres.Max > p.PeakLitres.Max+1e-6 {
		t.Fatalf("missed %v of %v lost, %v of %v days", p.Missed, p.Loss, p.DaysKept, p.DaysAccepted)
	}
	if kept := len(s.Overflow) > 0 && s.Overflow[0].Kept; !kept && (p.Missed != p.Loss || p.DaysKept != p.DaysAccepted || p.BeyondParcels != p.PeakParcels) {
		t.Fatalf("missed %v, lost %v, and no place is kept", p.Missed, p.Loss)
	}
	limit := 0.0
	for _, o := range s.Overflow {
		limit += o.Litres
	}
	if len(s.Overflow) > 0 && p.PeakLitres.Max > limit+1e-6 {
		t.Fatalf("%v litres outside, the places hold %v", p.PeakLitres.Max, limit)
	}
}

func drawScenario(t *rapid.T) sim.Scenario {
	s := fourSizes()
	s.Demand.PerWeek = rapid.Float64Range(0.1, 300).Draw(t, "per week")
	s.Demand.VarianceRatio = rapid.Float64Range(1, 5).Draw(t, "variance ratio")
	s.Demand.Growth = rapid.Float64Range(0.5, 2).Draw(t, "growth")
	s.Demand.Households = rapid.IntRange(1, 50).Draw(t, "households")
	for i := range s.Classes {
		s.Classes[i].Size = rapid.IntRange(0, 3).Draw(t, "size")
		s.Classes[i].Dwell = drawStay(t)
		s.Classes[i].ShelfMM = rapid.Float64Range(0, 500).Draw(t, "shelf of one")
		s.Sizes[i].Doors = rapid.IntRange(0, 30).Draw(t, "doors")
		s.Sizes[i].Reserve = rapid.IntRange(0, s.Sizes[i].Doors).Draw(t, "reserve")
	}
	for i := range s.Demand.Carriers {
		s.Demand.Carriers[i].Spread = rapid.Bool().Draw(t, "spread")
		s.Demand.Carriers[i].Quota.PerVisit = rapid.IntRange(0, 3).Draw(t, "per visit")
		s.Demand.Carriers[i].Quota.LeaveFree = rapid.IntRange(0, 3).Draw(t, "leave free")
	}
	s.Policy.NoUpgrade = rapid.Bool().Draw(t, "no upgrade")
	s.Policy.Consolidation = rapid.SampledFrom([]float64{0, 0.4, 1}).Draw(t, "consolidation")
	s.Policy.Hold = rapid.SampledFrom([]time.Duration{0, time.Hour, 50 * time.Hour, 40 * 24 * time.Hour}).Draw(t, "hold")
	if rapid.Bool().Draw(t, "hours") {
		s.Policy.PickUp = []sim.Hours{{From: 30 * time.Hour, To: 31 * time.Hour}, {From: 150 * time.Hour, To: 168 * time.Hour}}
	}
	for range rapid.IntRange(0, 3).Draw(t, "places") {
		p := sim.Place{Litres: rapid.Float64Range(0.5, 500).Draw(t, "litres"), ShelfMM: rapid.Float64Range(0, 5000).Draw(t, "shelf")}
		p.Kept = len(s.Overflow) == 0 && rapid.Bool().Draw(t, "kept")
		s.Overflow = append(s.Overflow, p)
	}
	return s
}

func drawStay(t *rapid.T) sim.Dwell {
	mean := time.Duration(rapid.Int64Range(int64(time.Minute), int64(30*24*time.Hour)).Draw(t, "mean"))
	return rapid.SampledFrom([]sim.Dwell{
		sim.LognormalMean(mean, 3),
		{Kind: sim.Exponential, Mean: mean},
		{Kind: sim.Deterministic, Mean: mean},
		{Kind: sim.Empirical, Sample: []time.Duration{0, time.Second, mean}},
		{Kind: sim.NextCommute, Prob: 0.02, Commutes: []sim.Hours{{To: time.Minute}, {From: 167 * time.Hour, To: 168 * time.Hour}}},
		{Kind: sim.NextCommute, Prob: 1, Commutes: []sim.Hours{{From: 100 * time.Hour, To: 104 * time.Hour}}},
	}).Draw(t, "stay")
}

func TestDemand_rates(t *testing.T) {
	t.Parallel()
	d := fourSizes().Demand
	for week, want := range map[int]float64{0: 500, 47: 905} {
		rates, err := d.Rates(week)
		if err != nil {
			t.Fatal(err)
		}
		total, monday := 0.0, 0.0
		for hour, r := range rates {
			total += r
			if hour < 24 {
				monday += r
			}
		}
		if math.Abs(total-want) > 1e-9 || math.Abs(monday-want/7*1.15) > 1e-9 {
			t.Errorf("week %d has %v parcels, Monday %v", week, total, monday)
		}
		// 21 % of Monday's come with one visit between 10 and 17 h; only that and three others are there at 16 h.
		noon := 0.21/7 + 0.18/9 + 0.03/11
		if got := rates[16] / monday; math.Abs(got-noon) > 1e-9 {
			t.Errorf("at 16 h %v of Monday, want %v", got, noon)
		}
	}
	if _, err := d.Rates(52); err == nil {
		t.Error("there is no week 52")
	}
}

func TestDwell_lawsAgreeWithThemselves(t *testing.T) {
	t.Parallel()
	norway := sim.LognormalMedian(1110*time.Minute, 1.037)
	if h := norway.Mean.Hours(); math.Abs(h-31.6) > 0.2 {
		t.Errorf("the mean of Norway is %v h, want 31.6", h)
	}
	if p := 1 - norway.Survival(0, 24*time.Hour); math.Abs(p-0.60) > 0.002 {
		t.Errorf("%v within 24 h, want about 0.60", p)
	}
	for _, d := range []sim.Dwell{norway, {Kind: sim.Exponential, Mean: time.Hour}} {
		for _, p := range []float64{0.01, 0.3, 0.5, 0.9, 0.999} {
			age := time.Duration(d.Quantile(p) * float64(time.Minute))
			if got := 1 - d.Survival(0, age); math.Abs(got-p) > 1e-9 {
				t.Errorf("%v: the quantile of %v has %v below it", d.Kind, p, got)
			}
		}
	}
}
