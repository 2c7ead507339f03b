package sizing

import (
	"context"
	"math"

	"cubby/internal/sizing/cost"
	"cubby/internal/sizing/sim"
)

// mostBeside is the share of parcels that a room beside a bank may take in a normal week: beyond it the
// room is where parcels go, and the bank stands beside it.
const mostBeside = 0.2

// hybrid puts a smaller bank beside a room that makes up for it: of a few sizes the cheapest. It returns nil
// when there is no smaller bank.
func (s *solver) hybrid(ctx context.Context) (*Alternative, error) {
	picks, err := s.smallerBanks(ctx)
	if err != nil || len(picks) == 0 {
		return nil, err
	}
	var best tried
	steps := 1
	for i, p := range picks {
		least, err := s.leastRoom(ctx, stand{pick: p, steps: steps})
		if err != nil {
			return nil, err
		}
		if least.result.Normal.Loss.Mean > mostBeside && i > 0 {
			break // the first is the largest, and those that follow leave still more to the room
		}
		steps = least.steps // a smaller bank wants more
		if !s.options.Quick {
			if least, err = s.cheaper(ctx, least); err != nil {
				return nil, err
			}
		}
		if i == 0 || least.cost < best.cost {
			best = least
		}
	}
	if s.options.Quick {
		if best, err = s.cheaper(ctx, best); err != nil {
			return nil, err
		}
	}
	a, err := s.settle(ctx, best.stand)
	return &a, err
}

// smallerBanks picks banks of some sizes below the chosen one; the chosen one itself where it does
// not hold the target.
func (s *solver) smallerBanks(ctx context.Context) ([]pick, error) {
	n := len(s.chosen.modules)
	var picks []pick
	if s.judged.loss > s.target {
		picks = append(picks, s.chosen)
	}
	last := n
	for _, share := range []float64{0.85, 0.7, 0.55, 0.4} {
		k := max(int(math.Round(float64(n)*share)), 1)
		if k >= last {
			continue
		}
		last = k
		p, err := s.pickSize(ctx, k)
		if err != nil {
			return nil, err
		}
		picks = append(picks, p)
	}
	return picks, nil
}

// offSite is a service that keeps the parcels elsewhere and brings them by appointment. It is taken to accept every
// parcel.
func (s *solver) offSite() (Alternative, error) {
	a := Alternative{Kind: OffSite, Fits: true, Meets: true}
	all := sim.Period{DaysAccepted: sim.Estimate{Mean: 1, Low: 1, High: 1}}
	all.DaysKept = all.DaysAccepted
	all.Classes = make([]sim.ClassPeriod, len(s.problem.Sizes))
	r := &sim.Result{Normal: all, Peak: all}
	doors := make([]int, len(s.problem.Sizes))
	a.Normal, a.Peak = s.service(r, NormalWeek, doors), s.service(r, PeakWeek, doors)
	a.Normal.Overflow, a.Peak.Overflow = nil, nil
	q := cost.Quantities{OffSite: true, Units: s.problem.Demand.Units, Growth: s.problem.Demand.Growth}
	return a, s.price(&a, q, 0, 0)
}
