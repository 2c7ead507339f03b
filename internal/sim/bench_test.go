package sim_test

import (
	"testing"

	"cubby/internal/sim"
)

// BenchmarkRun reports how many site-years a core plays in an hour, with all faults, and how busy its sites are.
func BenchmarkRun(b *testing.B) {
	const days = 20
	years, deliveries := 0.0, uint64(0)
	seed := uint64(0)
	for b.Loop() {
		seed++
		r, err := sim.Run(b.Context(), sim.Options{Seed: seed, Days: days, Faults: sim.Faults()})
		if err != nil {
			b.Fatal(err)
		}
		years += r.SiteYears
		deliveries += r.Deliveries
	}
	b.ReportMetric(years/b.Elapsed().Hours(), "site-years/core-hour")
	b.ReportMetric(float64(deliveries)/years/365, "deliveries/day")
}
