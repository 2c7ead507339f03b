package sim_test

import (
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"cubby/internal/sim"
)

// BenchmarkRun reports how many site-years a core plays in an hour of its own time, with all faults, and how
// busy its sites are.
func BenchmarkRun(b *testing.B) {
	const days = 30
	years, deliveries := 0.0, uint64(0)
	seed := uint64(0)
	defer debug.SetGCPercent(debug.SetGCPercent(sim.GCPercent))
	spent := cpuTime(b)
	for b.Loop() {
		if seed++; sim.Real(seed) { // BenchmarkReal plays those
			seed++
		}
		r, err := sim.Run(b.Context(), sim.Options{Seed: seed, Days: days, Faults: sim.Faults()})
		if err != nil {
			b.Fatal(err)
		}
		years += r.SiteYears
		deliveries += r.Deliveries
	}
	b.ReportMetric(years/(cpuTime(b)-spent).Hours(), "site-years/core-hour")
	b.ReportMetric(float64(deliveries)/years/365, "deliveries/day")
}

// BenchmarkReal reports the same of a seed over the production's server.
func BenchmarkReal(b *testing.B) {
	defer debug.SetGCPercent(debug.SetGCPercent(sim.GCPercent))
	years, spent := 0.0, cpuTime(b)
	for b.Loop() {
		r, err := sim.Run(b.Context(), sim.Options{Seed: 36, Days: 10, Faults: sim.Faults()})
		if err != nil {
			b.Fatal(err)
		}
		years += r.SiteYears
	}
	b.ReportMetric(years/(cpuTime(b)-spent).Hours(), "site-years/core-hour")
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
