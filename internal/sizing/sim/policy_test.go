package sim_test

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cubby/internal/sizing/sim"
	"cubby/internal/sizing/traffic"
)

// everything uses all there is at once.
func everything() sim.Scenario {
	s := fourSizes()
	s.Policy = sim.Policy{Hold: 72 * time.Hour, Consolidation: 0.6}
	for day := range 7 {
		open := time.Duration(day*24+7) * time.Hour
		s.Policy.PickUp = append(s.Policy.PickUp, sim.Hours{From: open, To: open + 15*time.Hour})
	}
	s.Sizes[3].Reserve = 2
	s.Demand.Carriers[0].Quota = sim.Quota{PerVisit: 12, LeaveFree: 10}
	s.Overflow = []sim.Place{{Name: "desk", Litres: 300}, {Name: "room", Litres: 2000}}
	return s
}

func TestRun_workersChangeNothing(t *testing.T) {
	t.Parallel()
	o := sim.Options{Seed: 11, MinYears: 12, MaxYears: 60, Precision: sim.Precision{Loss: 0.002}, Fans: true}
	one := run(t, everything(), o)
	o.Workers = 3
	if three := run(t, everything(), o); !reflect.DeepEqual(one, three) {
		t.Errorf("three workers say\n%+v\none says\n%+v", three, one)
	}
	o.Seed = 12
	if other := run(t, everything(), o); reflect.DeepEqual(one.Year, other.Year) {
		t.Error("another seed says the same to the last digit")
	}
}

// TestCompare_moreDoorsNeverLoseMore: with one class, whoever finds a door in the small bank finds one in
// the larger one, whatever the stays.
func TestCompare_moreDoorsNeverLoseMore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := fourSizes()
		s.Classes = s.Classes[:1]
		s.Classes[0].Dwell = sim.LognormalMean(24*time.Hour, rapid.Float64Range(0.1, 2).Draw(t, "sigma"))
		s.Demand.PerWeek = rapid.Float64Range(10, 400).Draw(t, "per week")
		s.Demand.VarianceRatio = rapid.Float64Range(1, 4).Draw(t, "variance ratio")
		s.Sizes = s.Sizes[:1]
		doors := rapid.IntRange(0, 60).Draw(t, "doors")
		banks := [][]int{{doors}, {doors + 1}, {doors + rapid.IntRange(2, 30).Draw(t, "more")}}
		o := sim.Options{Seed: rapid.Uint64().Draw(t, "seed"), MinYears: 1, WarmUpWeeks: -1}
		results, differences, err := sim.Compare(context.Background(), s, banks, o)
		if err != nil {
			t.Fatal(err)
		}
		for i, r := range results {
			if r.Year.Offered.Mean != results[0].Year.Offered.Mean {
				t.Fatalf("bank %v was offered %v parcels, the first %v", banks[i], r.Year.Offered.Mean, results[0].Year.Offered.Mean)
			}
			if i > 0 && (r.Year.Loss.Mean > results[i-1].Year.Loss.Mean || differences[i].Loss.Mean > 0) {
				t.Fatalf("%v doors lose %v, %v lose %v", banks[i-1], results[i-1].Year.Loss.Mean, banks[i], r.Year.Loss.Mean)
			}
		}
	})
}

func TestCompare_commonNumbersCancelOut(t *testing.T) {
	t.Parallel()
	banks := [][]int{{44, 40, 26, 10}, {46, 40, 26, 11}}
	results, differences, err := sim.Compare(t.Context(), fourSizes(), banks, sim.Options{Seed: 2, MinYears: 100})
	if err != nil {
		t.Fatal(err)
	}
	apart := math.Hypot(results[0].Year.Loss.SE, results[1].Year.Loss.SE)
	if d := differences[1].Loss; d.SE*4 > apart || d.High >= 0 {
		t.Errorf("the difference is %v with an error of %v; unpaired it would be %v", d.Mean, d.SE, apart)
	}
	if differences[0] != (sim.Difference{
		Loss: differences[0].Loss, DaysAccepted: differences[0].DaysAccepted,
		NormalLoss: differences[0].NormalLoss, PeakLoss: differences[0].PeakLoss, PeakDaysAccepted: differences[0].PeakDaysAccepted,
	}) || differences[0].Loss.Mean != 0 {
		t.Errorf("the first bank differs from itself: %+v", differences[0])
	}
	if _, _, err := sim.Compare(t.Context(), fourSizes(), [][]int{{1, 2}}, sim.Options{}); !errors.Is(err, sim.ErrScenario) {
		t.Errorf("two counts for four sizes: %v", err)
	}
}

func TestRun_stopsWhenPrecise(t *testing.T) {
	t.Parallel()
	o := sim.Options{Seed: 1, MinYears: 8, MaxYears: 4000, Precision: sim.Precision{Loss: 0.002, PeakDaysAccepted: 0.05}}
	calls := 0
	o.Progress = func(years, most int) {
		calls++
		if years < 8 || most != 4000 {
			t.Errorf("progress %d of %d", years, most)
		}
	}
	r := run(t, fourSizes(), o)
	if !r.Met || r.Years >= 4000 || r.Year.Loss.Half() > 0.002 || r.Peak.DaysAccepted.Half() > 0.05 || calls < 2 {
		t.Errorf("met %v after %d years in %d rounds: loss ±%v, peak days ±%v",
			r.Met, r.Years, calls, r.Year.Loss.Half(), r.Peak.DaysAccepted.Half())
	}
	o.Precision.Loss, o.MaxYears, o.Progress = 1e-7, 16, nil
	if r := run(t, fourSizes(), o); r.Met || r.Years != 16 {
		t.Errorf("met %v after %d years; a precision of 1e-7 is out of reach", r.Met, r.Years)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sim.Run(ctx, fourSizes(), o); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
}

// TestRun_occupancyIsTheOfferedLoad: with doors for all, the fan chart's mean is the M_t/G/infinity mean,
// with commutes, pick-up hours and a hold in it.
func TestRun_occupancyIsTheOfferedLoad(t *testing.T) {
	t.Parallel()
	const half = 30 * time.Minute
	commute := sim.Dwell{Kind: sim.NextCommute, Prob: 0.45}
	var open []sim.Hours
	for day := range 7 {
		start := time.Duration(day*24) * time.Hour
		commute.Commutes = append(commute.Commutes,
			sim.Hours{From: start + 7*time.Hour, To: start + 9*time.Hour},
			sim.Hours{From: start + 17*time.Hour, To: start + 20*time.Hour})
		if day < 6 {
			open = append(open, sim.Hours{From: start + 6*time.Hour, To: start + 22*time.Hour})
		}
	}
	for name, c := range map[string]struct {
		stay   sim.Dwell
		policy sim.Policy
	}{
		"lognormal":        {sim.LognormalMean(24*time.Hour, 1), sim.Policy{}},
		"hold":             {sim.LognormalMean(24*time.Hour, 1), sim.Policy{Hold: 48 * time.Hour}},
		"hours":            {sim.LognormalMean(24*time.Hour, 1), sim.Policy{PickUp: open}},
		"commute":          {commute, sim.Policy{}},
		"commute and hold": {commute, sim.Policy{Hold: 60 * time.Hour, PickUp: open}},
	} {
		s := daytime(100, 2.5, 24, 400)
		s.Demand.Carriers[0].Visits[0] = sim.Visit{From: at(0, 9) + half, To: at(0, 20) + half}
		s.Classes[0].Dwell, s.Policy = c.stay, c.policy
		r := run(t, s, sim.Options{Seed: 21, MinYears: 40, Fans: true})
		// Bins begin at half past, so that the middle of bin i is the full hour i, when the doors are counted.
		rates := make([]float64, 168)
		for i := range rates {
			if hour := i % 24; hour >= 10 && hour < 21 {
				rates[i] = 250.0 / 7 * s.Demand.Weekday[i/24] / 11
			}
		}
		week, err := traffic.OfferedLoadAt(rates, func(at, age float64) float64 {
			return s.Survival(0, time.Duration((at+167.5)*float64(time.Hour)), time.Duration(age*float64(time.Hour)))
		})
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for hour, h := range r.Fans[0].Normal {
			want := week.Mean[hour]
			// 40 x 51 samples of a Poisson variable; parcels of one day fill several hours alike.
			worst = max(worst, math.Abs(h.Mean-want)/math.Sqrt(want/(40*51)))
			if h.P05 > h.P25 || h.P25 > h.P50 || h.P50 > h.P75 || h.P75 > h.P95 || h.P95 > h.Max {
				t.Errorf("%s: the quantiles of hour %d are out of order: %+v", name, hour, h)
			}
		}
		if worst > 5 { // the largest of 168 correlated hours
			t.Errorf("%s: an hour's occupancy is %.1f standard errors off", name, worst)
		}
		t.Logf("%s: the worst hour is %.1f standard errors off", name, worst)
	}
}

// TestRun_dayCounts checks mean and over-dispersion of what arrives.
func TestRun_dayCounts(t *testing.T) {
	t.Parallel()
	// One visit a day that finds the bank empty: what it loses beyond n doors is the tail of the day's count.
	s := poisson(1, 12, sim.Dwell{Kind: sim.Deterministic, Mean: time.Hour})
	s.Demand.PerWeek, s.Demand.VarianceRatio = 70, 3
	s.Demand.Carriers = []sim.Carrier{{Name: "one", Share: 1, Visits: []sim.Visit{{From: 9 * time.Hour, To: 12 * time.Hour}}}}
	r := run(t, s, sim.Options{Seed: 31, MinYears: 300})
	near4(t, "parcels a year", r.Year.Offered, 3640)
	// A negative binomial of mean 10 and variance 30: r = 5, p = 1/3.
	excess, within, p := 0.0, 0.0, math.Pow(1.0/3, 5)
	for n := range 400 {
		if n <= 12 {
			within += p
		} else {
			excess += float64(n-12) * p
		}
		p *= (float64(n) + 5) / (float64(n) + 1) * 2 / 3
	}
	near4(t, "loss", r.Year.Loss, excess/10)
	near4(t, "days without a loss", r.Year.DaysAccepted, within)
}

func TestRun_consolidation(t *testing.T) {
	t.Parallel()
	s := fourSizes()
	s.Demand.Households = 60
	apart := run(t, s, sim.Options{Seed: 5, MinYears: 30})
	s.Policy.Consolidation = 1
	together := run(t, s, sim.Options{Seed: 5, MinYears: 30})
	if together.Year.Consolidated.Low < 0.05 || together.Year.Loss.High >= apart.Year.Loss.Low {
		t.Errorf("joined %v, loss %v instead of %v", together.Year.Consolidated, together.Year.Loss, apart.Year.Loss)
	}
	s.Policy.Consolidation = 0.3
	some := run(t, s, sim.Options{Seed: 5, MinYears: 30})
	if some.Year.Consolidated.High >= together.Year.Consolidated.Low || some.Year.Consolidated.Low <= 0 {
		t.Errorf("a third joined %v, all %v", some.Year.Consolidated, together.Year.Consolidated)
	}
	for i := range s.Sizes {
		s.Sizes[i].Litres = 0.5 // nothing has room for a second
	}
	if full := run(t, s, sim.Options{Seed: 5, MinYears: 5}); full.Year.Consolidated.Mean > 0 {
		t.Errorf("doors of half a litre took %v more", full.Year.Consolidated.Mean)
	}
}

// hours of a log.
func at(day, hour int) time.Duration { return time.Duration(day*24+hour) * time.Hour }

// TestRun_log replays a log that can be followed by hand.
func TestRun_log(t *testing.T) {
	t.Parallel()
	s := poisson(1, 2, sim.Dwell{Kind: sim.Deterministic, Mean: 30 * time.Hour})
	s.Demand = sim.Demand{Households: 9, Log: []sim.Delivery{
		{At: at(0, 9), Household: 1, Dwell: 5 * time.Hour, Litres: 4},
		{At: at(0, 10), Household: 2, Litres: 4},                         // until day 1, 16 h
		{At: at(0, 13), Household: 3, Litres: 5},                         // full: out until day 1, 19 h
		{At: at(0, 13), Household: 4, Dwell: 2 * time.Hour, Litres: 6},   // full too
		{At: at(0, 14), Household: 5, Dwell: 100 * time.Hour, Litres: 4}, // the first has just left; held 48 h
		{At: at(1, 9), Household: 6, Dwell: time.Hour, Litres: 20},       // full, and the desk has no room
		{At: at(2, 15), Household: 7, Dwell: time.Hour},                  // the held one was taken out an hour ago
	}}
	s.Policy.Hold = 48 * time.Hour
	s.Overflow = []sim.Place{{Name: "desk", Litres: 12}}
	r := run(t, s, sim.Options{MinYears: 1, Fans: true})
	y := r.Year
	counts := map[string][2]float64{
		"offered": {y.Offered.Mean, 7}, "loss": {y.Loss.Mean, 3.0 / 7}, "at the desk": {y.Overflow[0].Mean, 2.0 / 7},
		"returned": {y.Returned.Mean, 1.0 / 7}, "expired": {y.Expired.Mean, 1.0 / 7}, "days": {float64(y.Days), 7},
		"days accepted": {y.DaysAccepted.Mean, 5.0 / 7}, "outside at once": {y.PeakParcels.Max, 2},
		"litres outside": {y.PeakLitres.Max, 11}, "peak days": {float64(r.Peak.Days), 7},
	}
	for what, c := range counts {
		if math.Abs(c[0]-c[1]) > 1e-12 {
			t.Errorf("%s: %v, want %v", what, c[0], c[1])
		}
	}
	for hour, want := range map[int]int{9: 0, 10: 1, 11: 2, 14: 1, 15: 2, 39: 2, 40: 1, 61: 1, 62: 0, 64: 0} {
		if got := r.Fans[0].Peak[hour].Max; got != want {
			t.Errorf("at hour %d %d doors are taken, want %d", hour, got, want)
		}
	}
}

func TestRun_quotas(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		others int // that b brings an hour after a brought 5
		lost   float64
	}{
		{2, 1}, // a fills 4 of 8 doors, b 2
		{5, 3}, // a fills 4, b 3 and leaves 1
	} {
		var log []sim.Delivery
		for range 5 {
			log = append(log, sim.Delivery{At: at(0, 9), Carrier: 0})
		}
		for range c.others {
			log = append(log, sim.Delivery{At: at(0, 10), Carrier: 1})
		}
		s := poisson(1, 8, sim.Dwell{Kind: sim.Deterministic, Mean: 30 * time.Hour})
		s.Demand = sim.Demand{Log: log, Carriers: []sim.Carrier{
			{Name: "a", Quota: sim.Quota{PerVisit: 4}}, {Name: "b", Quota: sim.Quota{LeaveFree: 1}},
		}}
		r := run(t, s, sim.Options{MinYears: 1})
		if got := r.Year.Loss.Mean * r.Year.Offered.Mean; math.Abs(got-c.lost) > 1e-9 {
			t.Errorf("%v lost, want %v", got, c.lost)
		}
	}
}

// TestRun_householdShareOneDoor fills doors of 10 litres by hand, and leaves the last one for 40 days, longer
// than the calendar's horizon.
func TestRun_householdShareOneDoor(t *testing.T) {
	t.Parallel()
	s := poisson(1, 5, sim.Dwell{Kind: sim.Deterministic, Mean: 30 * time.Hour})
	s.Sizes[0].Litres = 10
	s.Policy.Consolidation = 1
	s.Demand = sim.Demand{Households: 2, Log: []sim.Delivery{
		{At: at(0, 9), Household: 0, Litres: 4},
		{At: at(0, 10), Household: 0, Litres: 4},                            // joins
		{At: at(0, 11), Household: 0, Litres: 4},                            // too much: a second door
		{At: at(0, 12), Household: 1, Litres: 1},                            // not theirs: a third
		{At: at(0, 13), Household: 0, Litres: 6},                            // joins the second
		{At: at(3, 9), Household: 0, Litres: 4, Dwell: 40 * 24 * time.Hour}, // all is empty: a new door
		{At: at(50, 9), Household: 1, Litres: 4, Dwell: time.Hour},
	}}
	r := run(t, s, sim.Options{MinYears: 1, Fans: true})
	if got := r.Year.Consolidated.Mean * 7; math.Abs(got-2) > 1e-9 || r.Year.Loss.Mean != 0 {
		t.Errorf("%v joined and %v lost, want 2 and none", got, r.Year.Loss.Mean)
	}
	// Week 0 is the busiest; the others make the normal fan. The stay of 40 days ends in week 6 on Monday.
	for hour, want := range map[int]int{10: 1, 12: 2, 13: 3, 38: 3, 40: 2, 41: 1, 42: 0, 82: 1} {
		if got := r.Fans[0].Peak[hour].Max; got != want {
			t.Errorf("at hour %d of week 0, %d doors are taken, want %d", hour, got, want)
		}
	}
	taken := 0.0
	for _, h := range r.Fans[0].Normal {
		taken += h.Mean * 7 // weeks
	}
	// From Monday of week 1 until day 43 at 9 h, when it is gone; the last parcel comes and goes between hours.
	if want := float64((43-7)*24 + 9); math.Abs(taken-want) > 1e-6 {
		t.Errorf("%v door-hours in the other weeks, want %v", taken, want)
	}
}

// TestRun_warmUpIsTheEndOfTheSeason: what the last week of December left behind meets the first of January.
func TestRun_warmUpIsTheEndOfTheSeason(t *testing.T) {
	t.Parallel()
	s := poisson(1, 40, sim.Dwell{Kind: sim.Deterministic, Mean: 5 * 24 * time.Hour})
	s.Demand.PerWeek, s.Demand.Season = 7, sim.PeakSeason(20, 51, 1)
	if r := run(t, s, sim.Options{MinYears: 5, WarmUpWeeks: -1}); r.Normal.Loss.Mean != 0 || r.Peak.Loss.Mean == 0 {
		t.Errorf("from an empty start the normal weeks lose %v, the last %v", r.Normal.Loss.Mean, r.Peak.Loss.Mean)
	}
	if r := run(t, s, sim.Options{MinYears: 5}); r.Normal.Loss.Mean == 0 {
		t.Error("the first week of January starts with an empty bank after a full December")
	}
}

// TestRun_everything keeps the books: each parcel is somewhere.
func TestRun_everything(t *testing.T) {
	t.Parallel()
	r := run(t, everything(), sim.Options{Seed: 3, MinYears: 20, Fans: true})
	for name, p := range map[string]sim.Period{"year": r.Year, "normal": r.Normal, "peak": r.Peak} {
		out := p.Returned.Mean
		for _, o := range p.Overflow {
			out += o.Mean
		}
		// What expires and finds the desk and the room full is returned as well.
		if out < p.Loss.Mean-1e-12 || out > p.Loss.Mean+p.Expired.Mean+1e-12 {
			t.Errorf("%s: %v lost and %v expired, but %v went elsewhere", name, p.Loss.Mean, p.Expired.Mean, out)
		}
		if p.PeakLitres.Max > 2300+1e-6 || p.PeakLitres.Max <= 0 || p.PeakParcels.P95 > p.PeakParcels.Max {
			t.Errorf("%s: %v litres outside, the places hold 2300", name, p.PeakLitres)
		}
	}
	if r.Peak.Days != 35 || r.Normal.Days != 329 || r.Year.Days != 364 {
		t.Errorf("%d peak and %d normal days of %d", r.Peak.Days, r.Normal.Days, r.Year.Days)
	}
	if r.Peak.Loss.Low <= r.Normal.Loss.High || r.Peak.DaysAccepted.High >= r.Normal.DaysAccepted.Low {
		t.Errorf("the peak loses %v, other weeks %v", r.Peak.Loss, r.Normal.Loss)
	}
}

func TestRun_errors(t *testing.T) {
	t.Parallel()
	nan := math.NaN()
	for want, spoil := range map[string]func(*sim.Scenario, *sim.Options){
		"sizes of door":        func(s *sim.Scenario, _ *sim.Options) { s.Sizes = nil },
		"-1 doors":             func(s *sim.Scenario, _ *sim.Options) { s.Sizes[0].Doors = -1 },
		"keeps 99":             func(s *sim.Scenario, _ *sim.Options) { s.Sizes[0].Reserve = 99 },
		"classes of parcel":    func(s *sim.Scenario, _ *sim.Options) { s.Classes = nil },
		"wants size 4":         func(s *sim.Scenario, _ *sim.Options) { s.Classes[0].Size = 4 },
		"the lower first":      func(s *sim.Scenario, _ *sim.Options) { s.Classes[0].LitresLow = 99 },
		"shares of the class":  func(s *sim.Scenario, _ *sim.Options) { s.Classes[0].Share = nan },
		"mean stay":            func(s *sim.Scenario, _ *sim.Options) { s.Classes[0].Dwell.Mean = -time.Hour },
		"sigma":                func(s *sim.Scenario, _ *sim.Options) { s.Classes[0].Dwell.Sigma = nan },
		"law of the stay":      func(s *sim.Scenario, _ *sim.Options) { s.Classes[0].Dwell.Kind = 0 },
		"no sample":            func(s *sim.Scenario, _ *sim.Options) { s.Classes[0].Dwell = sim.Dwell{Kind: sim.Empirical} },
		"no commutes":          func(s *sim.Scenario, _ *sim.Options) { s.Classes[0].Dwell = sim.Dwell{Kind: sim.NextCommute, Prob: 1} },
		"per commute":          func(s *sim.Scenario, _ *sim.Options) { s.Classes[0].Dwell = sim.Dwell{Kind: sim.NextCommute} },
		"parcels a week":       func(s *sim.Scenario, _ *sim.Options) { s.Demand.PerWeek = nan },
		"growth":               func(s *sim.Scenario, _ *sim.Options) { s.Demand.Growth = -1 },
		"variance ratio":       func(s *sim.Scenario, _ *sim.Options) { s.Demand.VarianceRatio = 0.5 },
		"weights of weeks":     func(s *sim.Scenario, _ *sim.Options) { s.Demand.Season = []float64{1} },
		"week 3 of the year":   func(s *sim.Scenario, _ *sim.Options) { s.Demand.Season[2] = nan },
		"weekday":              func(s *sim.Scenario, _ *sim.Options) { s.Demand.Weekday[0] = -1 },
		"households":           func(s *sim.Scenario, _ *sim.Options) { s.Demand.Households = -1 },
		"no carrier":           func(s *sim.Scenario, _ *sim.Options) { s.Demand.Carriers = nil },
		"share of -1":          func(s *sim.Scenario, _ *sim.Options) { s.Demand.Carriers[0].Share = -1 },
		"0 visits":             func(s *sim.Scenario, _ *sim.Options) { s.Demand.Carriers[0].Visits = nil },
		"within 0 and 24 h":    func(s *sim.Scenario, _ *sim.Options) { s.Demand.Carriers[0].Visits[0].To = 25 * time.Hour },
		"quota":                func(s *sim.Scenario, _ *sim.Options) { s.Demand.Carriers[0].Quota.PerVisit = -1 },
		"both a log":           func(s *sim.Scenario, _ *sim.Options) { s.Demand.Log = []sim.Delivery{{}} },
		"consolidation is 2":   func(s *sim.Scenario, _ *sim.Options) { s.Policy.Consolidation = 2 },
		"with consolidation":   func(s *sim.Scenario, _ *sim.Options) { s.Policy.Consolidation = 1; s.Sizes[0].Litres = 0 },
		"hold":                 func(s *sim.Scenario, _ *sim.Options) { s.Policy.Hold = time.Minute },
		"pick-up hours":        func(s *sim.Scenario, _ *sim.Options) { s.Policy.PickUp = []sim.Hours{{From: 2, To: 1}} },
		"place":                func(s *sim.Scenario, _ *sim.Options) { s.Overflow = []sim.Place{{Litres: nan}} },
		"mm of shelf":          func(s *sim.Scenario, _ *sim.Options) { s.Overflow = []sim.Place{{ShelfMM: nan}} },
		"-1 mm of shelf":       func(s *sim.Scenario, _ *sim.Options) { s.Classes[0].ShelfMM = -1 },
		"after one that is":    func(s *sim.Scenario, _ *sim.Options) { s.Overflow = []sim.Place{{}, {Kept: true}} },
		"workers":              func(_ *sim.Scenario, o *sim.Options) { o.Workers = -1 },
		"years":                func(_ *sim.Scenario, o *sim.Options) { o.MinYears = -1 },
		"at least 9 but":       func(_ *sim.Scenario, o *sim.Options) { o.MinYears, o.MaxYears = 9, 3 },
		"chain":                func(_ *sim.Scenario, o *sim.Options) { o.Chained = 1_000_000 },
		"precision":            func(_ *sim.Scenario, o *sim.Options) { o.Precision.Loss = nan },
		"delivery 2 of the lo": func(s *sim.Scenario, _ *sim.Options) { useLog(s, sim.Delivery{At: time.Hour}, sim.Delivery{}) },
		"class 7 of 4":         func(s *sim.Scenario, _ *sim.Options) { useLog(s, sim.Delivery{Class: 7}) },
		"household 300":        func(s *sim.Scenario, _ *sim.Options) { useLog(s, sim.Delivery{Household: 300}) },
		"leaves nothing":       func(s *sim.Scenario, o *sim.Options) { useLog(s, sim.Delivery{}); o.WarmUpWeeks = 1 },
	} {
		s, o := fourSizes(), sim.Options{}
		spoil(&s, &o)
		_, err := sim.Run(t.Context(), s, o)
		if !errors.Is(err, sim.ErrScenario) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one about %q", err, want)
		}
	}
}

func useLog(s *sim.Scenario, log ...sim.Delivery) { s.Demand.PerWeek, s.Demand.Log = 0, log }
