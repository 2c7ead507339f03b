package sizing

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"cubby/internal/sizing/cost"
	"cubby/internal/sizing/figure"
)

// swing is one figure of the tornado and how it changes the problem.
type swing struct {
	code   string
	figure Figure
	set    func(p *Problem, value float64)
}

func (s *solver) swings() []swing {
	p := s.problem
	all := []swing{
		{"rate", p.Demand.Rate, func(p *Problem, v float64) { p.Demand.Rate = p.Demand.Rate.Only(v) }},
		{"hold", p.Policy.Hold, func(p *Problem, v float64) { p.Policy.Hold = p.Policy.Hold.Only(v) }},
		{"growth", p.Demand.Growth, func(p *Problem, v float64) { p.Demand.Growth = p.Demand.Growth.Only(v) }},
		{"design_years", p.Demand.DesignYears, func(p *Problem, v float64) { p.Demand.DesignYears = p.Demand.DesignYears.Only(v) }},
		{"peak", p.Demand.PeakFactor, func(p *Problem, v float64) { p.Demand.PeakFactor = p.Demand.PeakFactor.Only(v) }},
	}
	switch p.Dwell.Law {
	case DwellLognormal:
		all = append(all, swing{"dwell", p.Dwell.Median, func(p *Problem, v float64) { p.Dwell.Median = p.Dwell.Median.Only(v) }})
	case DwellEmpirical:
		f := figure.Assume(0.8, 1, 1.2, "residents as they were, a fifth faster or slower").In("times the observed dwell")
		all = append(all, swing{"dwell", f, func(p *Problem, v float64) {
			for i := range p.Dwell.Hours.Values {
				p.Dwell.Hours.Values[i] *= v
			}
		}})
	case DwellNextCommute:
	}
	if p.Dwell.Chance.Known() && p.Dwell.Pickup.Source != "" {
		all = append(all, swing{"pickup", p.Dwell.Chance, func(p *Problem, v float64) {
			p.Dwell.Law = DwellNextCommute
			p.Dwell.Chance = p.Dwell.Chance.Only(v)
		}})
	}
	return all
}

// sensitivity moves one figure after the other to its low and its high, from the bank that holds the
// target wherever it stands. For each the screen finds the least bank, divided anew; what the simulation
// corrected stays corrected.
func (s *solver) sensitivity(ctx context.Context) error {
	n, err := s.need(ctx)
	if err != nil {
		return fmt.Errorf("sensitivity: %w", err)
	}
	s.answer.Unmoved.Doors = n.bank.doors.Total()
	if s.answer.Unmoved.Cost, err = s.costAt(s.model, n.bank); err != nil {
		return fmt.Errorf("sensitivity: %w", err)
	}
	swings := slices.DeleteFunc(s.swings(), func(w swing) bool { return w.figure.Exact() })
	out := make([]Swing, len(swings))
	errs := make([]error, len(swings))
	slots := make(chan struct{}, s.options.Workers)
	var wait sync.WaitGroup
	for i, w := range swings {
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			if errs[i] = ctx.Err(); errs[i] == nil {
				out[i], errs[i] = s.move(ctx, n, w)
			}
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("sensitivity: %w", err)
		}
	}
	slices.SortStableFunc(out, func(a, b Swing) int {
		return cmp.Or(cmp.Compare(math.Abs(b.Change), math.Abs(a.Change)),
			cmp.Compare(spread(b), spread(a)))
	})
	s.answer.Sensitivity = out
	return nil
}

func spread(s Swing) int64 { return max(s.HighCost-s.LowCost, s.LowCost-s.HighCost) }

func (s *solver) move(ctx context.Context, n need, w swing) (Swing, error) {
	out := Swing{Code: w.code, Figure: w.figure}
	for _, end := range []struct {
		value float64
		doors *int
		cost  *int64
	}{{w.figure.Low, &out.LowDoors, &out.LowCost}, {w.figure.High, &out.HighDoors, &out.HighCost}} {
		p := s.problem.clone()
		w.set(&p, end.value)
		m, err := s.moved(n, p)
		if err != nil {
			return out, fmt.Errorf("%s of %s: %w", w.code, number(end.value), err)
		}
		found, err := s.least(ctx, n, m)
		if err != nil {
			return out, fmt.Errorf("%s of %s: %w", w.code, number(end.value), err)
		}
		*end.doors = found.doors.Total()
		if *end.cost, err = s.costAt(m, found); err != nil {
			return out, fmt.Errorf("%s of %s: %w", w.code, number(end.value), err)
		}
	}
	out.Change = float64(out.HighDoors-out.LowDoors) / float64(max(n.bank.doors.Total(), 1))
	return out, nil
}

// costAt is the net present value of a bank under a moved demand, in as many banks as the chosen one.
func (s *solver) costAt(m *model, p pick) (int64, error) {
	a := s.standing(Lockers, p)
	q := s.quantities(p, a)
	q.Banks, q.Growth = len(s.banks(s.chosen)), m.problem.Demand.Growth
	moved := *s
	moved.model, moved.problem = m, m.problem
	_, normal := m.screenClasses(p.doors, m.screen)
	_, peak := m.screenClasses(p.doors, m.screenPeak)
	moved.parcels(&q, normal, peak, m.expired())
	r, err := cost.Compute(moved.basis(), cost.Lines(q, s.problem.Costs))
	return r.Present.Mid, err
}
