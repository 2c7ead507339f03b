package forecast_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cubby/internal/forecast"
)

// The published cases of revenue management.
func TestQuota_KnownCases(t *testing.T) {
	t.Parallel()
	y, err := forecast.Littlewood(40, 16, 0.6)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "Littlewood N(40,16) at 0.6", y, 35.946446, 5e-7)
	if n, err := forecast.LittlewoodPoisson(20, 0.25); err != nil || n != 23 {
		t.Errorf("Littlewood Poisson(20) at 0.25: %d (%v), want 23", n, err)
	}
	if n, err := forecast.Newsvendor(60, 3, 1); err != nil || n != 65 {
		t.Errorf("newsvendor Poisson(60), 3 to 1: %d (%v), want 65", n, err)
	}
	if n, err := forecast.Newsvendor(0, 3, 1); err != nil || n != 0 {
		t.Errorf("newsvendor without demand: %d (%v)", n, err)
	}
	for _, bad := range [][3]float64{{-1, 1, 0.5}, {1, -1, 0.5}, {1, 1, 0}, {1, 1, 1}, {math.NaN(), 1, 0.5}} {
		if _, err := forecast.Littlewood(bad[0], bad[1], bad[2]); err == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
}

func TestBookingLimits(t *testing.T) {
	t.Parallel()
	classes := []forecast.Class{
		{Name: "refrigerated", Value: 10, Mean: 10, Deviation: 3},
		{Name: "express", Value: 5, Mean: 20, Deviation: 5},
		{Name: "standard", Value: 2, Mean: 60, Deviation: 15},
	}
	got, err := forecast.BookingLimits(60, classes)
	if err != nil {
		t.Fatal(err)
	}
	// First class alone: 10 + 3 z(0.5) = 10. Both: mean 30, deviation sqrt(34), value 200/30, ratio 0.3: 30 + 5.831 * 0.5244 = 33.06.
	if fmt.Sprint(got) != "[60 50 27]" {
		t.Errorf("limits %v, want [60 50 27]", got)
	}
	classes[2].Value = 11
	if _, err := forecast.BookingLimits(60, classes); err == nil {
		t.Error("classes out of order were accepted")
	}
}

func TestBookingLimits_NeverRise(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		value := 100.0
		classes := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) forecast.Class {
			return forecast.Class{
				Value: rapid.Float64Range(0.1, 1).Draw(rt, "value"), Mean: rapid.Float64Range(0, 50).Draw(rt, "mean"),
				Deviation: rapid.Float64Range(0, 20).Draw(rt, "deviation"),
			}
		}), 1, 6).Draw(rt, "classes")
		for i := range classes {
			value *= classes[i].Value
			classes[i].Value = value
		}
		doors := rapid.IntRange(0, 200).Draw(rt, "doors")
		limits, err := forecast.BookingLimits(doors, classes)
		if err != nil {
			rt.Fatal(err)
		}
		for i, l := range limits {
			if l < 0 || l > doors || i > 0 && l > limits[i-1] {
				rt.Fatalf("limits %v of %d doors", limits, doors)
			}
		}
	})
}

func hours(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }

// The classic small example, by hand: 6 parcels, two still waiting.
func TestSurvival_ByHand(t *testing.T) {
	t.Parallel()
	s, err := forecast.NewSurvival([]forecast.Stay{
		{For: hours(1), Left: true},
		{For: hours(2), Left: true},
		{For: hours(2)},
		{For: hours(3), Left: true},
		{For: hours(4)},
		{For: hours(5), Left: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[float64]float64{0: 1, 1: 5.0 / 6, 1.9: 5.0 / 6, 2: 5.0 / 6 * 4 / 5, 3: 2.0 / 3 * 2 / 3, 4.5: 4.0 / 9} {
		near(t, fmt.Sprintf("S(%v h)", at), s.After(hours(at)), want, 1e-12)
	}
	near(t, "residual", s.Stays(hours(2), hours(1)), 2.0/3, 1e-12)
	if late := s.After(hours(200)); late <= 0 || late > 0.2 {
		t.Errorf("a parcel stays 200 h with the chance %v", late)
	}
	if _, err := forecast.NewSurvival([]forecast.Stay{{For: hours(3)}}); err == nil {
		t.Error("learnt from a parcel that never left")
	}
}

func TestSurvival_Falls(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		stays := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) forecast.Stay {
			return forecast.Stay{For: hours(rapid.Float64Range(0, 100).Draw(rt, "for")), Left: rapid.Bool().Draw(rt, "left")}
		}), 1, 50).Draw(rt, "stays")
		s, err := forecast.NewSurvival(append(stays, forecast.Stay{For: hours(20), Left: true}))
		if err != nil {
			rt.Fatal(err)
		}
		last := 1.0
		for h := range 400 {
			v := s.After(hours(float64(h)))
			if v > last+1e-12 || v < 0 {
				rt.Fatalf("S(%d h) is %v after %v", h, v, last)
			}
			last = v
			if p := s.Stays(hours(float64(h)/2), hours(3)); p < 0 || p > 1 {
				rt.Fatalf("chance %v", p)
			}
		}
	})
}

// geometric stays: each hour a parcel leaves with the chance 1/4, so all can be counted by hand.
func geometric(t *testing.T) *forecast.Survival {
	t.Helper()
	var stays []forecast.Stay
	waiting := 4096 * 4
	for h := 1; h <= 8; h++ {
		leaving := waiting / 4
		for range leaving {
			stays = append(stays, forecast.Stay{For: hours(float64(h)), Left: true})
		}
		waiting -= leaving
	}
	for range waiting {
		stays = append(stays, forecast.Stay{For: hours(8)})
	}
	s, err := forecast.NewSurvival(stays)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFreeDoors_ByHand(t *testing.T) {
	t.Parallel()
	s := geometric(t)
	// Two parcels, each still there after an hour with 3/4; three doors, one out of service.
	got, err := forecast.FreeDoors(forecast.Doors{Total: 3, Out: 1, Waiting: []time.Duration{0, hours(2)}}, s, hours(1))
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range []float64{1, 1 - 9.0/16, 1.0 / 16} {
		near(t, fmt.Sprintf("at least %d free", k), got[k], want, 1e-9)
	}
	// One empty door, a Poisson delivery of mean 1/2 an hour before: it is taken by a mean of 3/8.
	got, err = forecast.FreeDoors(forecast.Doors{Total: 1, Coming: []forecast.Delivery{{In: 0, Mean: 0.5}}}, s, hours(1))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "one door", got[1], math.Exp(-0.375), 1e-9)
	if _, err := forecast.FreeDoors(forecast.Doors{Total: 1, Waiting: []time.Duration{0, 0}}, s, 0); err == nil {
		t.Error("two parcels in one door were accepted")
	}
	if _, err := forecast.FreeDoors(forecast.Doors{Total: 1, Coming: []forecast.Delivery{{In: hours(2), Mean: 1}}}, s, hours(1)); err == nil {
		t.Error("a delivery after the moment was accepted")
	}
}

func TestFreeDoors_IsADistribution(t *testing.T) {
	t.Parallel()
	s := geometric(t)
	rapid.Check(t, func(rt *rapid.T) {
		total := rapid.IntRange(0, 40).Draw(rt, "total")
		ages := rapid.SliceOfN(rapid.Float64Range(0, 30), 0, total).Draw(rt, "ages")
		d := forecast.Doors{Total: total, Coming: []forecast.Delivery{{In: 0, Mean: rapid.Float64Range(0, 60).Draw(rt, "mean")}}}
		for _, a := range ages {
			d.Waiting = append(d.Waiting, hours(a))
		}
		got, err := forecast.FreeDoors(d, s, hours(rapid.Float64Range(0, 20).Draw(rt, "wait")))
		if err != nil {
			rt.Fatal(err)
		}
		if len(got) != total+1 || math.Abs(got[0]-1) > 1e-9 {
			rt.Fatalf("%v", got)
		}
		for k := 1; k < len(got); k++ {
			if got[k] > got[k-1]+1e-12 || got[k] < 0 {
				rt.Fatalf("%v", got)
			}
		}
	})
}
