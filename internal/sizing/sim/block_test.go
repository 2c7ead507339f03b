package sim_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"cubby/internal/sizing/sim"
)

// loggedWeeks is a log with so many parcels on the days of each week, from a Wednesday on.
func loggedWeeks(perDay ...int) []sim.Delivery {
	var log []sim.Delivery
	for day := 2; day < 7*len(perDay)+2; day++ {
		for n := range perDay[(day-2)/7] {
			log = append(log, sim.Delivery{
				At: time.Duration(day)*24*time.Hour + 10*time.Hour + time.Duration(n)*time.Minute, Household: n % 5, Dwell: 20 * time.Hour,
			})
		}
	}
	return log
}

func blockScenario(block int) sim.Scenario {
	return sim.Scenario{
		Demand:  sim.Demand{Households: 5, Log: loggedWeeks(4, 8, 6), Block: block},
		Classes: []sim.Class{{Name: "S", Share: 1, Dwell: sim.Dwell{Kind: sim.Exponential, Mean: 20 * time.Hour}}},
		Sizes:   []sim.Size{{Name: "S", Doors: 7, Litres: 10}},
	}
}

// TestRun_blocksOfALog: years made of a log have its parcels in the mean, other alternatives meet the same ones,
// and a peak repeats them.
func TestRun_blocksOfALog(t *testing.T) {
	t.Parallel()
	for _, block := range []int{1, 3, 7} {
		s := blockScenario(block)
		s.Demand.Season = sim.PeakSeason(1.5, 47, 1)
		results, differences, err := sim.Compare(t.Context(), s, [][]int{{7}, {8}}, sim.Options{Seed: 3, MinYears: 40, Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		r := results[0]
		normal, peak := r.Normal.Offered.Mean/51/7, r.Peak.Offered.Mean/7
		if r.Normal.Days != 51*7 || math.Abs(normal-6.4) > 0.7 || math.Abs(peak/normal-1.5) > 0.2 {
			t.Errorf("blocks of %d days: %d days, %.2f parcels a day, %.2f in the peak", block, r.Normal.Days, normal, peak)
		}
		// Seven doors: only the days of the week of eight lose a parcel, and one door more takes it.
		if r.Normal.Loss.Mean <= 0 || results[1].Normal.Loss.Mean != 0 || differences[1].NormalLoss.High >= 0 {
			t.Errorf("blocks of %d days: lost %v, with a door more %v", block, r.Normal.Loss, results[1].Normal.Loss)
		}
		alone, err := sim.Run(t.Context(), s, sim.Options{Seed: 3, MinYears: 40})
		if err != nil || alone.Normal.Loss != r.Normal.Loss || alone.Events != r.Events {
			t.Errorf("one worker: %v, %v", err, alone.Normal.Loss)
		}
	}
}

func TestRun_blocksThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*sim.Scenario){
		"too long":     func(s *sim.Scenario) { s.Demand.Block = 8 },
		"negative":     func(s *sim.Scenario) { s.Demand.Block = -1 },
		"no whole one": func(s *sim.Scenario) { s.Demand.Log = loggedWeeks(3) },
		"without log":  func(s *sim.Scenario) { s.Demand.Log, s.Demand.PerWeek = nil, 5 },
		"season":       func(s *sim.Scenario) { s.Demand.Season = []float64{1} },
	} {
		s := blockScenario(7)
		change(&s)
		if _, err := sim.Run(t.Context(), s, sim.Options{}); !errors.Is(err, sim.ErrScenario) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
