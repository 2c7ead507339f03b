package sizing

import (
	"context"
	"fmt"
	"slices"

	"cubby/internal/sizing/fit"
)

// Limits on what the reach rule may change.
const (
	reachExtra = 3 // modules more
	reachSwaps = 4 // modules exchanged for others as wide
)

// reachable looks for a bank that the reach rule allows where the chosen one is not: modules are
// exchanged for equally wide ones, or one or two are added. Where none is found the answer says what
// is out of reach.
func (s *solver) reachable(ctx context.Context) error {
	if s.judged.loss > s.target || len(s.reachMisses(s.standing(Lockers, s.chosen))) == 0 {
		return nil
	}
	n := len(s.chosen.modules)
	for extra := range reachExtra + 1 {
		if n+extra > s.most {
			return nil
		}
		picks, err := s.search.best(ctx, n+extra)
		if err != nil {
			return err
		}
		for _, p := range picks {
			p, ok := s.swapForReach(p)
			if !ok {
				continue
			}
			v, err := s.look(ctx, p)
			if err != nil {
				return err
			}
			if v.loss <= s.target {
				s.chosen, s.judged = p, v
				return nil
			}
		}
	}
	return nil
}

// swapForReach exchanges the module that helps most, and among those the one that loses least by the
// screen, until the rule holds.
func (s *solver) swapForReach(p pick) (pick, bool) {
	misses := len(s.reachMisses(s.standing(Lockers, p)))
	for range reachSwaps {
		if misses == 0 {
			return p, true
		}
		best, fewest := p, misses
		for _, candidate := range s.exchanges(p) {
			left := len(s.reachMisses(s.standing(Lockers, candidate)))
			if left < fewest || left == fewest && fewest < misses && candidate.loss < best.loss {
				best, fewest = candidate, left
			}
		}
		if fewest == misses {
			return p, false
		}
		p, misses = best, fewest
	}
	return p, misses == 0
}

// exchanges lists the banks with one module exchanged for another of the same outline.
func (s *solver) exchanges(p pick) []pick {
	var out []pick
	var seen []int
	for i, from := range p.modules {
		if slices.Contains(seen, from) {
			continue
		}
		seen = append(seen, from)
		a := s.stock.modules[from]
		for to, b := range s.stock.modules {
			outline := a.WidthMM == b.WidthMM && a.DepthMM == b.DepthMM && b.HeightMM <= a.HeightMM
			if to != from && outline && (a.Kiosk == nil) == (b.Kiosk == nil) {
				out = append(out, s.exchange(p, i, to))
			}
		}
	}
	return out
}

func (s *solver) exchange(p pick, at, to int) pick {
	from := p.modules[at]
	p.modules, p.doors = slices.Clone(p.modules), slices.Clone(p.doors)
	p.modules[at] = to
	for i := range p.doors {
		p.doors[i] += s.stock.doors[to][i] - s.stock.doors[from][i]
	}
	p.loss = s.model.screenLoss(p.doors)
	if p.plan == nil {
		return p
	}
	plan, done := *p.plan, false
	plan.Banks = slices.Clone(plan.Banks)
	for i, b := range plan.Banks {
		b.Modules = slices.Clone(b.Modules)
		for j, m := range b.Modules {
			if !done && p.module(m) == from {
				b.Modules[j].Module, done = p.index(to), true
			}
		}
		plan.Banks[i] = b
	}
	p.plan = &plan
	return p
}

// module returns the module of the stock that stands in a place of the plan.
func (p pick) module(m fit.Placed) int {
	if p.which == nil {
		return m.Module
	}
	return p.which[m.Module]
}

// index returns how the plan names a module of the stock.
func (p pick) index(module int) int {
	if p.which == nil {
		return module
	}
	return slices.Index(p.which, module)
}

// reachMisses checks the reach rule over all banks: the share, and one of each size.
func (s *solver) reachMisses(a Alternative) []Reason {
	rule := s.problem.Site.Reach
	if !rule.Required || a.Doors == 0 {
		return nil
	}
	in, each := 0, map[string]bool{}
	for _, b := range a.Banks {
		for _, c := range b.Columns {
			for _, d := range c.Doors {
				if d.InReach {
					in++
					each[d.Size.String()] = true
				}
			}
		}
	}
	var out []Reason
	share := 100 * float64(in) / float64(a.Doors)
	if share < rule.Share.Mid {
		out = append(out, reason("reach_share", fmt.Sprintf("%s %% of the doors are between %d and %d mm, %s %% are wanted",
			number(round(share, 1)), rule.LowMM, rule.HighMM, number(rule.Share.Mid)), measured(share, "% of the doors"), rule.Share))
	}
	for _, m := range a.Mix {
		if m.Doors > 0 && !each[m.Size.String()] {
			out = append(out, Reason{
				Code: "reach_size", Words: []string{m.Size.String()},
				Text: fmt.Sprintf("no door of size %s is between %d and %d mm above the floor", m.Size, rule.LowMM, rule.HighMM),
			})
		}
	}
	return out
}
