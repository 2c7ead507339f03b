package sim

import (
	"context"
	"errors"
)

// Options is how long and how carefully to simulate. The zero value is 32 years without a target.
type Options struct {
	// Seed decides all randomness; the same seed gives the same result on any machine.
	Seed uint64
	// Workers is the number of goroutines; 0 means 1. The result does not depend on it.
	Workers int
	// MinYears and MaxYears bound the building-years; 0 means 32 and max(MinYears, 32).
	MinYears, MaxYears int
	// WarmUpWeeks are simulated before the first year (or dropped from a log) and not counted; 0 means 4,
	// negative none.
	WarmUpWeeks int
	// Chained is the number of years that follow one another without a new start, as batches of one long
	// run; 0 means 1: each year starts empty and warms up.
	Chained int
	// Precision stops the run when all its targets are met.
	Precision Precision
	// Fans asks for the occupancy by hour of the week.
	Fans bool
	// Progress, if set, is called between rounds with the years done and the most there may be. It is
	// called from the goroutine that called Run.
	Progress func(years, most int)
}

// Precision is the half-width of the 95 % interval to reach; 0 asks nothing.
type Precision struct {
	// Loss is for the fraction of all parcels lost over the year, ClassLoss for that of each class.
	Loss, ClassLoss float64
	// PeakLoss is for the fraction lost in the busiest week.
	PeakLoss float64
	// DaysAccepted is for the fraction of days without a loss over the year, PeakDaysAccepted for the
	// busiest week.
	DaysAccepted, PeakDaysAccepted float64
}

// Run simulates the scenario until the precision is met or MaxYears are done. It wraps ErrScenario when the
// input does not make sense and returns the context's error when that ends first.
func Run(ctx context.Context, s Scenario, o Options) (*Result, error) {
	return nil, errors.New("not yet")
}

// Compare simulates the scenario with each bank of doors (one count per size) over the same parcels, for
// the same number of years. differences[i] is banks[i] minus banks[0]; differences[0] is zero. The
// precision is met when every bank meets it.
func Compare(ctx context.Context, s Scenario, banks [][]int, o Options) ([]*Result, []Difference, error) {
	return nil, nil, errors.New("not yet")
}
