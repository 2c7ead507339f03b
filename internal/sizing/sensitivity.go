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

// sensitivity moves one figure after the other to its low and its high. The doors needed come from the
// screen in the proportions of the recommended bank; what the simulation corrected stays corrected.
func (s *solver) sensitivity(ctx context.Context) error {
	s.answer.Unmoved.Doors = s.needed(s.model)
	var err error
	if s.answer.Unmoved.Cost, err = s.costAt(s.model, s.answer.Unmoved.Doors); err != nil {
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
				out[i], errs[i] = s.move(w)
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

func (s *solver) move(w swing) (Swing, error) {
	out := Swing{Code: w.code, Figure: w.figure}
	for _, end := range []struct {
		value float64
		doors *int
		cost  *int64
	}{{w.figure.Low, &out.LowDoors, &out.LowCost}, {w.figure.High, &out.HighDoors, &out.HighCost}} {
		p := s.problem.clone()
		w.set(&p, end.value)
		m, err := newModel(p, s.model.home)
		if err != nil {
			return out, fmt.Errorf("%s of %s: %w", w.code, number(end.value), err)
		}
		m.correction = s.model.correction
		*end.doors = s.needed(m)
		if *end.cost, err = s.costAt(m, *end.doors); err != nil {
			return out, fmt.Errorf("%s of %s: %w", w.code, number(end.value), err)
		}
	}
	out.Change = float64(out.HighDoors-out.LowDoors) / float64(max(s.chosen.doors.Total(), 1))
	return out, nil
}

// needed is the least number of doors, divided as the chosen bank is, that the screen finds as good
// as the target.
func (s *solver) needed(m *model) int {
	limit := s.screen
	if s.judged.loss <= s.target {
		// The bank that was chosen is what the unmoved figures need.
		limit = s.model.screenLoss(s.chosen.doors)
	}
	low, high := 1, 20*max(s.chosen.doors.Total(), 10)
	for low < high {
		mid := (low + high) / 2
		if m.screenLoss(proportional(s.chosen.doors, mid)) <= limit {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return low
}

// costAt is the net present value of the chosen bank, made larger or smaller, under a moved demand.
func (s *solver) costAt(m *model, doors int) (int64, error) {
	a := s.standing(Lockers, s.chosen)
	q := s.quantities(s.chosen, a)
	scale := float64(doors) / float64(max(a.Doors, 1))
	for i := range q.Modules {
		q.Modules[i].Count = round(q.Modules[i].Count*scale, 4)
	}
	q.Doors, q.FloorM2, q.Growth = doors, round(q.FloorM2*scale, 2), m.problem.Demand.Growth
	moved := *s
	moved.model, moved.problem = m, m.problem
	mix := proportional(s.chosen.doors, doors)
	_, normal := m.screenClasses(mix, m.screen)
	_, peak := m.screenClasses(mix, m.screenPeak)
	moved.parcels(&q, normal, peak, m.expired())
	r, err := cost.Compute(moved.basis(), cost.Lines(q, s.problem.Costs))
	return r.Present.Mid, err
}
