package sim_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"cubby/internal/sizing/sim"
	"cubby/internal/sizing/traffic"
)

// TestRun_keptPlaceByHand follows a log of one door, a shelf for two parcels and a desk.
func TestRun_keptPlaceByHand(t *testing.T) {
	t.Parallel()
	s := poisson(1, 1, sim.Dwell{Kind: sim.Deterministic, Mean: 30 * time.Hour})
	s.Classes[0].ShelfMM = 400
	s.Demand = sim.Demand{Households: 9, Log: []sim.Delivery{
		{At: at(0, 9), Litres: 4},                          // the door, until day 1, 15 h
		{At: at(0, 10), Litres: 5, Dwell: 2 * time.Hour},   // the shelf
		{At: at(0, 11), Litres: 6, Dwell: 100 * time.Hour}, // the shelf, until staff take it to the desk after 48 h
		{At: at(0, 11), Litres: 7, Dwell: 3 * time.Hour},   // 300 mm are left: the desk
		{At: at(0, 13), Litres: 8, Dwell: time.Hour},       // the second has left: the shelf
		{At: at(1, 9), Litres: 9, Dwell: 2 * time.Hour},    // the shelf
		{At: at(3, 9), Litres: 10, Dwell: time.Hour},       // the door
	}}
	s.Policy.Hold = 48 * time.Hour
	s.Overflow = []sim.Place{{Name: "room", ShelfMM: 1100, Kept: true}, {Name: "desk"}}
	r := run(t, s, sim.Options{MinYears: 1})
	y := r.Year
	for what, c := range map[string][2]float64{
		"lost": {y.Loss.Mean, 5.0 / 7}, "missed": {y.Missed.Mean, 1.0 / 7}, "of the class": {y.Classes[0].Missed.Mean, 1.0 / 7},
		"days accepted": {y.DaysAccepted.Mean, 5.0 / 7}, "days kept": {y.DaysKept.Mean, 6.0 / 7},
		"in the room": {y.Overflow[0].Mean, 4.0 / 7}, "at the desk": {y.Overflow[1].Mean, 1.0 / 7}, "expired": {y.Expired.Mean, 1.0 / 7},
		"outside": {y.PeakParcels.Max, 3}, "litres outside": {y.PeakLitres.Max, 21},
		"beyond": {y.BeyondParcels.Max, 1}, "litres beyond": {y.BeyondLitres.Max, 7},
	} {
		if math.Abs(c[0]-c[1]) > 1e-12 {
			t.Errorf("%s: %v, want %v", what, c[0], c[1])
		}
	}
}

// TestRun_roomAlone: shelves without doors lose what Kaufman and Roberts say, whatever the stays.
func TestRun_roomAlone(t *testing.T) {
	t.Parallel()
	want, err := traffic.KaufmanRoberts(20, []int{1, 4}, []float64{8, 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, stay := range []sim.Dwell{{Kind: sim.Exponential, Mean: 40 * time.Hour}, sim.LognormalMean(40*time.Hour, 1)} {
		s := twoSizes([2]int{0, 0}, [2]float64{8, 2}, stay)
		s.Classes[0].ShelfMM, s.Classes[1].ShelfMM = 100, 400
		s.Overflow = []sim.Place{{Name: "room", ShelfMM: 2000, Kept: true}, {Name: "desk"}}
		r := run(t, s, sim.Options{Seed: 12, MinYears: 400})
		for i, b := range want.Blocking {
			near4(t, fmt.Sprintf("class %d with %v stays", i, stay.Kind), r.Year.Classes[i].Missed, b)
		}
		if r.Year.Loss.Mean != 1 {
			t.Errorf("%v found no door where there is none", r.Year.Loss.Mean)
		}
	}
}

// TestRun_keptIntervalHolds: of many short runs beside a long one, about 95 % of the intervals hold its value.
func TestRun_keptIntervalHolds(t *testing.T) {
	t.Parallel()
	s := fourSizes()
	s.Demand.PerWeek = 330
	for i := range s.Classes {
		s.Sizes[i].Doors = s.Sizes[i].Doors * 3 / 4
		s.Classes[i].ShelfMM = 100 * float64(i+1)
	}
	s.Overflow = []sim.Place{{Name: "room", ShelfMM: 4000, Kept: true}, {Name: "desk"}}
	truth := run(t, s, sim.Options{Seed: 1, MinYears: 400})
	const runs = 30
	held := map[string]int{}
	for seed := range uint64(runs) {
		r := run(t, s, sim.Options{Seed: 100 + seed, MinYears: 20})
		for what, pair := range map[string][2]sim.Estimate{
			"missed in the peak":    {r.Peak.Missed, truth.Peak.Missed},
			"days of the peak":      {r.Peak.DaysKept, truth.Peak.DaysKept},
			"missed XL in the peak": {r.Peak.Classes[3].Missed, truth.Peak.Classes[3].Missed},
			"missed in the year":    {r.Year.Missed, truth.Year.Missed},
		} {
			if pair[0].Low <= pair[1].Mean && pair[1].Mean <= pair[0].High {
				held[what]++
			}
		}
	}
	for what, n := range held {
		if n < runs*8/10 {
			t.Errorf("%s: %d of %d intervals hold the value of a long run", what, n, runs)
		}
		t.Logf("%s: %d of %d intervals of 20 years hold the value of 400", what, n, runs)
	}
	if len(held) != 4 || truth.Year.Missed.Mean >= truth.Year.Loss.Mean || truth.Peak.Missed.Mean == 0 {
		t.Errorf("%v missed of %v lost, %v", truth.Peak.Missed, truth.Peak.Loss, held)
	}
}
