package sim_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"cubby/internal/sizing/sim"
	"cubby/internal/sizing/traffic"
)

// near4 fails unless the estimate is within 4 standard errors of what must come out.
func near4(t *testing.T, what string, e sim.Estimate, want float64) {
	t.Helper()
	if !(math.Abs(e.Mean-want) <= 4*e.SE) {
		t.Errorf("%s = %.6f with a standard error of %.6f, want %.6f: %.1f errors off",
			what, e.Mean, e.SE, want, (e.Mean-want)/e.SE)
		return
	}
	t.Logf("%s = %.6f (standard error %.6f, %.1f errors off %.6f)", what, e.Mean, e.SE, (e.Mean-want)/e.SE, want)
}

func run(t *testing.T, s sim.Scenario, o sim.Options) *sim.Result {
	t.Helper()
	r, err := sim.Run(t.Context(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRun_insensitivity: Erlang's loss depends on the mean stay alone.
func TestRun_insensitivity(t *testing.T) {
	t.Parallel()
	want, err := traffic.ErlangB(25, 30)
	if err != nil {
		t.Fatal(err)
	}
	const mean = 40 * time.Hour // long stays: the clock's minute is then nothing
	uniform := make([]time.Duration, 1000)
	for i := range uniform {
		uniform[i] = time.Duration(float64(mean) * (2*float64(i) + 1) / 1000)
	}
	for _, stay := range []sim.Dwell{
		{Kind: sim.Exponential, Mean: mean},
		{Kind: sim.Deterministic, Mean: mean},
		sim.LognormalMean(mean, 1),
		sim.LognormalMean(mean, 0.4),
		{Kind: sim.Empirical, Sample: uniform, Mean: mean},
	} {
		r := run(t, poisson(25, 30, stay), sim.Options{Seed: 7, MinYears: 300, WarmUpWeeks: 20})
		near4(t, fmt.Sprintf("loss with %v stays", stay.Kind), r.Year.Loss, want)
	}
}

// TestRun_chainedYears: batches of one long run say the same as years that start anew.
func TestRun_chainedYears(t *testing.T) {
	t.Parallel()
	s := poisson(25, 30, sim.Dwell{Kind: sim.Exponential, Mean: 40 * time.Hour})
	r := run(t, s, sim.Options{Seed: 8, MinYears: 300, Chained: 50})
	near4(t, "loss", r.Year.Loss, 0.052603172228)
	if r.Years != 300 {
		t.Errorf("%d years, want 300", r.Years)
	}
}

// twoSizes are small and large parcels that come at all hours.
func twoSizes(doors [2]int, loads [2]float64, stay sim.Dwell) sim.Scenario {
	s := poisson(loads[0]+loads[1], 0, stay)
	s.Classes = []sim.Class{
		{Name: "S", Share: loads[0], Size: 0, Dwell: stay},
		{Name: "L", Share: loads[1], Size: 1, Dwell: stay},
	}
	s.Sizes = []sim.Size{{Name: "S", Doors: doors[0]}, {Name: "L", Doors: doors[1]}}
	return s
}

func TestRun_twoSizesWithUpgrade(t *testing.T) {
	t.Parallel()
	stay := sim.Dwell{Kind: sim.Exponential, Mean: 40 * time.Hour}
	for _, c := range []struct {
		doors              [2]int
		loads              [2]float64
		small, large, over float64
	}{
		{[2]int{1, 1}, [2]float64{1, 1}, 7.0 / 22, 13.0 / 22, 2.0 / 11},
		{[2]int{2, 1}, [2]float64{1, 0.5}, 0.101255230, 0.399163180, 0.098744770},
		{[2]int{6, 4}, [2]float64{5, 2}, 0.061609257, 0.192324415, 0.130238002},
	} {
		r := run(t, twoSizes(c.doors, c.loads, stay), sim.Options{Seed: 3, MinYears: 500})
		near4(t, "small lost", r.Year.Classes[0].Loss, c.small)
		near4(t, "large lost", r.Year.Classes[1].Loss, c.large)
		near4(t, "small upgraded", r.Year.Classes[0].Upgraded, c.over)
	}
}

// TestRun_firstChoiceInsensitive: whatever the stays, the small doors refuse what Erlang-B says.
func TestRun_firstChoiceInsensitive(t *testing.T) {
	t.Parallel()
	want, err := traffic.ErlangB(5, 6)
	if err != nil {
		t.Fatal(err)
	}
	for _, stay := range []sim.Dwell{sim.LognormalMean(40*time.Hour, 1), {Kind: sim.Deterministic, Mean: 40 * time.Hour}} {
		s := twoSizes([2]int{6, 4}, [2]float64{5, 2}, stay)
		r := run(t, s, sim.Options{Seed: 4, MinYears: 400})
		refused := r.Year.Classes[0].Loss
		refused.Mean += r.Year.Classes[0].Upgraded.Mean
		refused.SE = math.Hypot(refused.SE, r.Year.Classes[0].Upgraded.SE)
		near4(t, "refused by the small doors", refused, want)
		s.Policy.NoUpgrade = true
		near4(t, "lost without upgrade", run(t, s, sim.Options{Seed: 4, MinYears: 400}).Year.Classes[0].Loss, want)
	}
}

func TestRun_reservedDoors(t *testing.T) {
	t.Parallel()
	stay := sim.Dwell{Kind: sim.Exponential, Mean: 40 * time.Hour}
	want, err := traffic.BestFit([]int{6, 4}, []float64{5, 2}, []int{0, 2})
	if err != nil {
		t.Fatal(err)
	}
	s := twoSizes([2]int{6, 4}, [2]float64{5, 2}, stay)
	s.Sizes[1].Reserve = 2
	r := run(t, s, sim.Options{Seed: 5, MinYears: 400})
	near4(t, "small lost", r.Year.Classes[0].Loss, want.Blocked[0])
	near4(t, "large lost", r.Year.Classes[1].Loss, want.Blocked[1])
	near4(t, "small upgraded", r.Year.Classes[0].Upgraded, want.Upgraded[0])
}

// TestRun_dailyPickUp meets the chain of daily pick-ups: one visit in the morning, and each evening a
// resident comes with probability p.
func TestRun_dailyPickUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		capacity       int
		rho, inverse   float64
		rejectedPerDay float64
		years          int
	}{
		{20, 1.00, 1.8, 1.206071, 400},
		{20, 0.90, 1.8, 0.658699, 400},
		{100, 0.95, 1.8, 1.427772, 200},
		{50, 0.99, 2.84, 1.247107, 300},
	} {
		p := 1 / c.inverse
		perDay := c.rho * float64(c.capacity) * p
		stay := sim.Dwell{Kind: sim.NextCommute, Prob: p}
		for day := range 7 {
			evening := time.Duration(day*24+18) * time.Hour
			stay.Commutes = append(stay.Commutes, sim.Hours{From: evening, To: evening + 2*time.Hour})
		}
		s := sim.Scenario{
			Demand: sim.Demand{
				PerWeek: 7 * perDay,
				Carriers: []sim.Carrier{{
					Name: "all", Share: 1, Visits: []sim.Visit{{From: 9 * time.Hour, To: 9 * time.Hour}},
				}},
			},
			Classes: []sim.Class{{Name: "parcel", Share: 1, Dwell: stay}},
			Sizes:   []sim.Size{{Name: "door", Doors: c.capacity}},
		}
		r := run(t, s, sim.Options{Seed: 6, MinYears: c.years})
		near4(t, fmt.Sprintf("loss of %d doors at %v", c.capacity, c.rho), r.Year.Loss, c.rejectedPerDay/perDay)
		near4(t, "offered per year", r.Year.Offered, perDay*364)
	}
}

// daytime is the building of the daytime sizing table: deliveries from 9 to 20 h, hardly on Sunday.
func daytime(units int, rate, stayHours float64, doors int) sim.Scenario {
	s := poisson(1, doors, sim.LognormalMean(time.Duration(stayHours*float64(time.Hour)), 1))
	s.Demand.PerWeek = float64(units) * rate
	s.Demand.Weekday = [7]float64{1.15, 1.15, 1.15, 1.15, 1.15, 0.95, 0.30}
	s.Demand.Carriers[0].Visits = []sim.Visit{{From: 9 * time.Hour, To: 20 * time.Hour}}
	return s
}

// smallest returns the fewest doors for which good holds, near a guess, on common random numbers.
func smallest(t *testing.T, s sim.Scenario, guess int, good func(*sim.Result) bool) int {
	t.Helper()
	low, high := guess-8, guess+8
	for low < high {
		mid := (low + high) / 2
		s.Sizes[0].Doors = mid
		if good(run(t, s, sim.Options{Seed: 9, MinYears: 60})) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}

func TestRun_daytimeSizing(t *testing.T) {
	t.Parallel()
	const within = 2 // as printed in the reference
	for _, c := range []struct {
		units       int
		rate        float64
		loss, daily int
	}{{100, 2.5, 60, 67}, {200, 1.0, 49, 56}, {400, 2.5, 216, 240}} {
		s := daytime(c.units, c.rate, 24, 0)
		loss := smallest(t, s, c.loss, func(r *sim.Result) bool { return r.Year.Loss.Mean <= 0.01 })
		daily := smallest(t, s, c.daily, func(r *sim.Result) bool { return r.Year.DaysAccepted.Mean >= 0.99 })
		if max(loss-c.loss, c.loss-loss) > within || max(daily-c.daily, c.daily-daily) > within {
			t.Errorf("%d units x %v: %d doors for 1 %% loss and %d for 1 %% of days, want %d and %d within %d",
				c.units, c.rate, loss, daily, c.loss, c.daily, within)
		}
		t.Logf("%d units x %v: %d and %d doors; printed %d and %d", c.units, c.rate, loss, daily, c.loss, c.daily)
		bracket(t, s, loss)
	}
}

// bracket checks that the two analytic answers lie around the simulated one.
func bracket(t *testing.T, s sim.Scenario, simulated int) {
	t.Helper()
	rates := make([]float64, 168)
	for h := range rates {
		if day, hour := h/24, h%24; hour >= 9 && hour < 20 {
			rates[h] = s.Demand.PerWeek / 7 * s.Demand.Weekday[day] / 11
		}
	}
	week, err := traffic.OfferedLoadAt(rates, func(at, age float64) float64 {
		return s.Survival(0, time.Duration(at*float64(time.Hour)), time.Duration(age*float64(time.Hour)))
	})
	if err != nil {
		t.Fatal(err)
	}
	low, high, err := week.Servers(0.01)
	if err != nil || low > simulated || high < simulated {
		t.Errorf("the modified offered load says %d to %d doors (%v), the simulation %d", low, high, err, simulated)
	}
	t.Logf("modified offered load %d, peak load %d, simulation %d", low, high, simulated)
}
