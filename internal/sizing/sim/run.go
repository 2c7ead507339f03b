package sim

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Options is how long and how carefully to simulate. The zero value is 32 years without a target.
type Options struct {
	// Seed decides all randomness; the same seed gives the same result on any machine.
	Seed uint64
	// Workers is the number of goroutines; 0 means 1. The result does not depend on it.
	Workers int
	// MinYears and MaxYears bound the building-years; 0 means 32 and max(MinYears, 32).
	MinYears, MaxYears int
	// WarmUpWeeks are simulated before the first year and not counted; 0 means 4, negative none. They pass
	// through the last weeks of the year's season. Of a log they are its first weeks; 0 means none.
	WarmUpWeeks int
	// Chained is the number of years that follow one another without a new start, as batches of one long
	// run; 0 means 1: each year starts empty and warms up. A log is never chained.
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
	// Loss is for the fraction of all parcels lost over the year, ClassLoss for that of each class. What a
	// kept place takes does not count as lost here: the targets are for Period.Missed and DaysKept.
	Loss, ClassLoss float64
	// PeakLoss is for the fraction lost in the busiest week.
	PeakLoss float64
	// DaysAccepted is for the fraction of days without a loss over the year, PeakDaysAccepted for the
	// busiest week.
	DaysAccepted, PeakDaysAccepted float64
}

// Limits of a run.
const (
	defaultYears  = 32
	defaultWarmUp = 4 // weeks: longer than nearly all stays
	mostYears     = 50_000
	mostChained   = 1000 // the clock counts minutes in 32 bits
	mostWorkers   = 256
	mostBanks     = 100
)

// Run simulates the scenario until the precision is met or MaxYears are done. It wraps ErrScenario when the
// input does not make sense and returns the context's error when that ends first.
func Run(ctx context.Context, s Scenario, o Options) (*Result, error) {
	b, err := newBuilding(s, &o)
	if err != nil {
		return nil, err
	}
	if err := simulate(ctx, []*building{b}, o); err != nil {
		return nil, err
	}
	return b.result(), nil
}

// Compare simulates the scenario with each bank of doors (one count per size) over the same parcels, for
// the same number of years. differences[i] is banks[i] minus banks[0]; differences[0] is zero. The
// precision is met when every bank meets it.
func Compare(ctx context.Context, s Scenario, banks [][]int, o Options) ([]*Result, []Difference, error) {
	if len(banks) == 0 || len(banks) > mostBanks {
		return nil, nil, wrong("%d banks to compare; give between 1 and %d", len(banks), mostBanks)
	}
	all := make([]Scenario, len(banks))
	for i, bank := range banks {
		if len(bank) != len(s.Sizes) {
			return nil, nil, wrong("bank %d has %d counts of doors for %d sizes", i+1, len(bank), len(s.Sizes))
		}
		all[i] = s
		all[i].Sizes = slices.Clone(s.Sizes)
		for z, doors := range bank {
			all[i].Sizes[z].Doors = doors
			all[i].Sizes[z].Reserve = min(s.Sizes[z].Reserve, max(0, doors))
		}
	}
	return Contrast(ctx, all, o)
}

// Contrast simulates scenarios of the same demand that differ in doors or policy over the same parcels,
// for the same number of years. differences[i] is scenarios[i] minus scenarios[0]; differences[0] is
// zero. The precision is met when every scenario meets it.
func Contrast(ctx context.Context, scenarios []Scenario, o Options) ([]*Result, []Difference, error) {
	if len(scenarios) == 0 || len(scenarios) > mostBanks {
		return nil, nil, wrong("%d scenarios to compare; give between 1 and %d", len(scenarios), mostBanks)
	}
	all := make([]*building, len(scenarios))
	for i, s := range scenarios {
		var err error
		if all[i], err = newBuilding(s, &o); err != nil {
			return nil, nil, fmt.Errorf("bank %d: %w", i+1, err)
		}
	}
	if err := simulate(ctx, all, o); err != nil {
		return nil, nil, err
	}
	results := make([]*Result, len(all))
	differences := make([]Difference, len(all))
	for i, b := range all {
		results[i] = b.result()
		differences[i] = differenceOf(all[0].years, b.years)
	}
	return results, differences, nil
}

// building is a scenario under simulation.
type building struct {
	model *model
	names []string
	years []yearTally
	fan   *fanCounts
	idle  []*engine // one per worker
	met   bool
}

// newBuilding checks scenario and options, and fills the options' defaults.
func newBuilding(s Scenario, o *Options) (*building, error) {
	m, err := newModel(s)
	if err != nil {
		return nil, err
	}
	if err := o.complete(m.passes()); err != nil {
		return nil, err
	}
	if err := m.dropWarmUp(max(0, o.WarmUpWeeks)); err != nil {
		return nil, err
	}
	b := &building{model: m}
	for _, z := range s.Sizes {
		b.names = append(b.names, z.Name)
	}
	if o.Fans {
		b.fan = newFanCounts(m)
	}
	for range o.Workers {
		b.idle = append(b.idle, newEngine(m, o.Fans))
	}
	return b, nil
}

// complete checks the options and fills what is left out. It changes nothing the second time.
func (o *Options) complete(isLog bool) error {
	if o.Workers < 0 || o.Workers > mostWorkers {
		return wrong("%d workers; give between 0 and %d", o.Workers, mostWorkers)
	}
	if o.MinYears < 0 || o.MaxYears < 0 || max(o.MinYears, o.MaxYears) > mostYears {
		return wrong("%d to %d years; give between 0 and %d", o.MinYears, o.MaxYears, mostYears)
	}
	if o.MaxYears > 0 && o.MaxYears < o.MinYears {
		return wrong("at least %d but at most %d years", o.MinYears, o.MaxYears)
	}
	if o.Chained < 0 || o.Chained > mostChained || o.WarmUpWeeks > yearWeeks {
		return wrong("%d years in a chain and a warm-up of %d weeks; give at most %d and %d",
			o.Chained, o.WarmUpWeeks, mostChained, yearWeeks)
	}
	for _, target := range o.Precision.targets() {
		if !(target >= 0 && target < 1) {
			return wrong("a precision of %v; give a half-width between 0 (none) and 1", target)
		}
	}
	o.Workers = max(1, o.Workers)
	switch {
	case o.MinYears == 0 && o.MaxYears == 0:
		o.MinYears = defaultYears
	case o.MinYears == 0:
		o.MinYears = min(defaultYears, o.MaxYears)
	}
	o.MaxYears = max(o.MinYears, o.MaxYears)
	if o.WarmUpWeeks == 0 && !isLog {
		o.WarmUpWeeks = defaultWarmUp
	}
	if o.WarmUpWeeks < 0 {
		o.WarmUpWeeks = -1 // stays none
	}
	if o.Chained == 0 || isLog {
		o.Chained = 1
	}
	return nil
}

func (p Precision) targets() []float64 {
	return []float64{p.Loss, p.ClassLoss, p.PeakLoss, p.DaysAccepted, p.PeakDaysAccepted}
}

// simulate runs rounds until all buildings are known well enough. How many years a round has depends on
// results only, never on time or workers.
func simulate(ctx context.Context, all []*building, o Options) error {
	chains := roundUp(o.MinYears, o.Chained)
	most := max(chains, o.MaxYears/o.Chained)
	done := 0
	for {
		if err := runChains(ctx, all, done, chains, o); err != nil {
			return err
		}
		done = chains
		need := 0.0
		for _, b := range all {
			worst := b.shortfall(o.Precision)
			b.met = worst <= 1
			need = max(need, worst)
		}
		if o.Progress != nil {
			o.Progress(done*o.Chained, most*o.Chained)
		}
		if need <= 1 || done >= most {
			return nil
		}
		// The half-width falls with the root of the years.
		const reserve, fastest = 1.1, 4
		chains = done + max(1, int(float64(done)*min(fastest-1, need*need*reserve-1)))
		chains = min(chains, most)
	}
}

func roundUp(years, per int) int { return (years + per - 1) / per }

// runChains simulates the chains from done up to chains for each building.
func runChains(ctx context.Context, all []*building, done, chains int, o Options) error {
	for _, b := range all {
		b.years = append(b.years, make([]yearTally, (chains-done)*o.Chained)...)
	}
	jobs := int64((chains - done) * len(all))
	var next atomic.Int64
	errs := make([]error, o.Workers)
	var group sync.WaitGroup
	for worker := range o.Workers {
		group.Go(func() {
			for {
				job := next.Add(1) - 1
				if job >= jobs || errs[worker] != nil {
					return
				}
				b, chain := all[job%int64(len(all))], done+int(job)/len(all)
				years := b.years[chain*o.Chained : (chain+1)*o.Chained]
				errs[worker] = b.idle[worker].chain(ctx, subkey(mix(o.Seed), uint64(chain)), max(0, o.WarmUpWeeks), years)
			}
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// shortfall returns how many times the widest interval is wider than asked for; at most 1 is good.
func (b *building) shortfall(p Precision) float64 {
	r := resultOf(b.model, b.years, nil, b.names)
	worst := 0.0
	against := func(e Estimate, target float64) {
		if target > 0 {
			half := e.Half()
			if e.N < 2 {
				half = 1
			}
			worst = max(worst, half/target)
		}
	}
	against(r.Year.Missed, p.Loss)
	for _, c := range r.Year.Classes {
		against(c.Missed, p.ClassLoss)
	}
	against(r.Peak.Missed, p.PeakLoss)
	against(r.Year.DaysKept, p.DaysAccepted)
	against(r.Peak.DaysKept, p.PeakDaysAccepted)
	return worst
}

func (b *building) result() *Result {
	for _, e := range b.idle {
		if b.fan != nil {
			b.fan.add(e.fan)
		}
	}
	r := resultOf(b.model, b.years, b.fan, b.names)
	r.Met = b.met
	return r
}
