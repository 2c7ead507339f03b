package sim_test

import (
	"testing"
	"time"

	"cubby/internal/sizing/sim"
)

// fourSizes is the building that the speed is quoted for: 200 units, four sizes of door.
func fourSizes() sim.Scenario {
	stay := sim.LognormalMean(24*time.Hour, 1)
	day := func(from, to int, share float64) sim.Visit {
		return sim.Visit{From: time.Duration(from) * time.Hour, To: time.Duration(to) * time.Hour, Share: share}
	}
	return sim.Scenario{
		Demand: sim.Demand{
			Households: 200, PerWeek: 500, Weekday: [7]float64{1.15, 1.15, 1.15, 1.15, 1.15, 0.95, 0.30},
			Season: sim.PeakSeason(1.81, 47, 5), VarianceRatio: 1.5,
			Carriers: []sim.Carrier{
				{Name: "post", Share: 31, Visits: []sim.Visit{day(10, 14, 1)}},
				{Name: "shop", Share: 27, Visits: []sim.Visit{day(11, 15, 0.6), day(17, 21, 0.4)}},
				{Name: "brown", Share: 21, Visits: []sim.Visit{day(10, 17, 1)}},
				{Name: "purple", Share: 18, Visits: []sim.Visit{day(9, 18, 1)}},
				{Name: "others", Share: 3, Visits: []sim.Visit{day(9, 20, 1)}, Spread: true},
			},
		},
		Classes: []sim.Class{
			{Name: "S", Share: 0.40, Size: 0, LitresLow: 1, LitresHigh: 10, Dwell: stay},
			{Name: "M", Share: 0.35, Size: 1, LitresLow: 8, LitresHigh: 30, Dwell: stay},
			{Name: "L", Share: 0.20, Size: 2, LitresLow: 25, LitresHigh: 70, Dwell: stay},
			{Name: "XL", Share: 0.05, Size: 3, LitresLow: 60, LitresHigh: 140, Dwell: stay},
		},
		Sizes: []sim.Size{
			{Name: "S", Doors: 44, Litres: 18},
			{Name: "M", Doors: 40, Litres: 45},
			{Name: "L", Doors: 26, Litres: 90},
			{Name: "XL", Doors: 10, Litres: 180},
		},
	}
}

// BenchmarkBuildingYears simulates that building for one year per operation, on one core, with one week of
// warm-up.
func BenchmarkBuildingYears(b *testing.B) { benchmarkYears(b, fourSizes(), false) }

// BenchmarkBuildingYears_everything adds the fan chart, a hold, pick-up hours, consolidation and quotas.
func BenchmarkBuildingYears_everything(b *testing.B) {
	s := fourSizes()
	s.Policy = sim.Policy{Hold: 72 * time.Hour, Consolidation: 0.5}
	for day := range 7 {
		open := time.Duration(day*24+6) * time.Hour
		s.Policy.PickUp = append(s.Policy.PickUp, sim.Hours{From: open, To: open + 17*time.Hour})
	}
	s.Demand.Carriers[0].Quota.LeaveFree = 5
	benchmarkYears(b, s, true)
}

func benchmarkYears(b *testing.B, s sim.Scenario, fans bool) {
	b.Helper()
	b.ReportAllocs()
	reportSpeed(b, s, sim.Options{WarmUpWeeks: 1, Fans: fans})
}

// reportSpeed simulates a year per operation, in runs of bounded length.
func reportSpeed(b *testing.B, s sim.Scenario, o sim.Options) {
	b.Helper()
	const longest = 1000
	events := 0.0
	for left := b.N; left > 0; left -= longest {
		o.Seed, o.MinYears = uint64(left), min(left, longest)
		r, err := sim.Run(b.Context(), s, o)
		if err != nil {
			b.Fatal(err)
		}
		events += float64(r.Events)
	}
	b.ReportMetric(events/b.Elapsed().Seconds()/1e6, "Mevents/s")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "building-years/s")
}

// BenchmarkEvents is the bare engine: Poisson arrivals at all hours, one size, exponential stays.
func BenchmarkEvents(b *testing.B) {
	s := poisson(25, 30, sim.Dwell{Kind: sim.Exponential, Mean: 10 * time.Hour})
	reportSpeed(b, s, sim.Options{})
}

// poisson is one size of door under a Poisson stream of the load at all hours.
func poisson(load float64, doors int, stay sim.Dwell) sim.Scenario {
	return sim.Scenario{
		Demand: sim.Demand{
			PerWeek:  load * 168 / stay.Mean.Hours(),
			Carriers: []sim.Carrier{{Name: "all", Share: 1, Spread: true, Visits: []sim.Visit{{To: 24 * time.Hour}}}},
		},
		Classes: []sim.Class{{Name: "parcel", Share: 1, Dwell: stay}},
		Sizes:   []sim.Size{{Name: "door", Doors: doors}},
	}
}
