package fit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"cubby/internal/sizing/mix"
)

// Meet returns the cheapest plan that has at least the doors of a demand. Errors: bad figures; a
// *TooShort, *TooLow or *TooDeep when nothing stands anywhere; a *Shortfall that says what would
// have to give when the doors do not fit; the context's.
func Meet(ctx context.Context, s Site, modules []Module, demand []int) (Plan, error) {
	ask, err := newQuestion(s, modules, demand)
	if err != nil {
		return Plan{}, fmt.Errorf("place doors: %w", err)
	}
	plan, err := ask.best(ctx)
	if errors.Is(err, errNone) {
		return Plan{}, ask.shortfall(ctx)
	}
	if err != nil {
		return Plan{}, fmt.Errorf("place doors: %w", err)
	}
	return plan, nil
}

// question is one demand on one site.
type question struct {
	site    Site
	modules []Module
	demand  mix.Pattern
	covers  map[string]answer // by counts of kinds, shared by all attempts
}

type answer struct {
	cost    float64
	columns [][]int
	err     error
}

// errNone says that the site does not take the doors.
var errNone = errors.New("the doors do not fit")

func newQuestion(s Site, modules []Module, demand []int) (*question, error) {
	s = s.withDefaults()
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := checkModules(modules); err != nil {
		return nil, err
	}
	if len(demand) != len(modules[0].Doors) {
		return nil, fmt.Errorf("a demand for %d sizes, modules have %d", len(demand), len(modules[0].Doors))
	}
	for i, n := range demand {
		if n < 0 {
			return nil, fmt.Errorf("the demand for size %d is %d, it must not be negative", i+1, n)
		}
	}
	return &question{site: s, modules: modules, demand: demand, covers: map[string]answer{}}, nil
}

// limits lists the heights of modules, highest first: with lower modules only, more of a site may
// be free under what hangs there.
func limits(s Site, modules []Module) []int {
	var all []int
	for _, m := range modules {
		if s.CeilingMM == 0 || m.HeightMM <= s.CeilingMM {
			all = append(all, m.HeightMM)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	slices.Reverse(all)
	hangs := slices.ContainsFunc(s.Walls, func(w Wall) bool {
		return slices.ContainsFunc(w.Obstacles, func(o Obstacle) bool { return o.BottomMM > 0 })
	})
	if len(all) > 0 && !hangs {
		all = all[:1]
	}
	return all
}

// planners calls f with a planner for each height limit and its packings.
func planners(ctx context.Context, s Site, modules []Module, f func(*planner, packing) error) error {
	heights := limits(s, modules)
	for _, height := range heights {
		p := newPlanner(s, modules, height)
		p.exact = p.exact && len(heights) == 1
		all, err := p.packings()
		if err != nil {
			return err
		}
		for _, k := range all {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := f(p, k); err != nil {
				return err
			}
		}
	}
	return nil
}

func (q *question) best(ctx context.Context) (Plan, error) {
	var best Plan
	found, cost := false, math.Inf(1)
	err := planners(ctx, q.site, q.modules, func(p *planner, k packing) error {
		a := q.cover(p, k)
		if a.err != nil {
			return q.ignore(a.err)
		}
		// Costs are compared before the modules are placed: placing is the dear part.
		if found && a.cost >= cost {
			return nil
		}
		best, cost, found = p.place(k, p.chosen(a.columns)), a.cost, true
		return nil
	})
	if err == nil && !found {
		err = errNone
	}
	return best, err
}

// ignore keeps on looking when one packing cannot have the doors.
func (q *question) ignore(err error) error {
	if errors.Is(err, mix.ErrNoCover) {
		return nil
	}
	return err
}

// fits reports whether a changed site or demand would do.
func (q *question) fits(ctx context.Context, s Site, demand mix.Pattern) (bool, error) {
	other := &question{site: s, modules: q.modules, demand: demand, covers: q.covers}
	err := planners(ctx, s, q.modules, func(p *planner, k packing) error {
		a := other.cover(p, k)
		if a.err == nil {
			return errFound
		}
		return other.ignore(a.err)
	})
	if errors.Is(err, errFound) {
		return true, nil
	}
	return false, err
}

// errFound ends a walk that has what it looked for.
var errFound = errors.New("found")

// cover chooses modules for a packing, once for each demand and set of counts.
func (q *question) cover(p *planner, k packing) answer {
	key := fmt.Sprint(p.height, k.counts, q.demand)
	if a, ok := q.covers[key]; ok {
		return a
	}
	c := mix.Cover{Demand: q.demand}
	free := !slices.ContainsFunc(p.usable, func(m int) bool { return p.modules[m].Cost > 0 })
	var at []int
	for i, kind := range p.kinds {
		if k.counts[i] == 0 {
			continue
		}
		g := mix.Group{Max: k.counts[i]}
		if kind.kiosk {
			g.Min = g.Max
		}
		for _, m := range kind.modules {
			cost := p.modules[m].Cost
			if free {
				cost = 1
			}
			g.Patterns, g.Costs = append(g.Patterns, p.modules[m].Doors), append(g.Costs, cost)
		}
		c.Groups, at = append(c.Groups, g), append(at, i)
	}
	a := answer{columns: make([][]int, len(p.kinds))}
	if len(c.Groups) == 0 {
		a.err = mix.ErrNoCover
	} else {
		var covering mix.Covering
		covering, a.err = c.Solve()
		a.cost = covering.Cost
		for i, columns := range covering.Columns {
			a.columns[at[i]] = columns
		}
	}
	q.covers[key] = a
	return a
}

// chosen turns columns by kind into a number for each module.
func (p *planner) chosen(columns [][]int) []int {
	out := make([]int, len(p.modules))
	for i, kind := range columns {
		for j, n := range kind {
			out[p.kinds[i].modules[j]] += n
		}
	}
	return out
}

// FillOptions tune Fill.
type FillOptions struct {
	MaxColumns int // modules without a kiosk at most; 0: as many as fit
	Keep       int // how many plans to return at most; 0: 1
	Search     mix.SearchOptions
}

// Fill returns the plans that lose the least when the site is filled, best first; among equal losses
// the cheaper one comes first. Errors: bad figures; a *TooShort, *TooLow or *TooDeep when nothing
// stands anywhere; the context's.
func Fill(ctx context.Context, s Site, modules []Module, loss mix.Loss, o FillOptions) ([]Plan, error) {
	s = s.withDefaults()
	if err := errors.Join(s.check(), checkModules(modules)); err != nil {
		return nil, fmt.Errorf("fill a site: %w", err)
	}
	if loss == nil || o.MaxColumns < 0 || o.Keep < 0 {
		return nil, errors.New("fill a site: want a loss, and limits that are not negative")
	}
	keep := cmp.Or(o.Keep, 1)
	o.Search.Keep = max(o.Search.Keep, keep)
	seen := map[string]bool{}
	var plans []Plan
	err := planners(ctx, s, modules, func(p *planner, full packing) error {
		for _, k := range p.clip(full, o.MaxColumns) {
			key := fmt.Sprint(p.height, k.counts)
			if seen[key] {
				continue
			}
			seen[key] = true
			some, err := p.fill(ctx, k, loss, o.Search)
			if err != nil {
				return err
			}
			plans = append(plans, some...)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("fill a site: %w", err)
	}
	if len(plans) == 0 {
		return nil, fmt.Errorf("fill a site: %w", nothing(s, modules))
	}
	slices.SortStableFunc(plans, func(a, b Plan) int {
		return cmp.Or(cmp.Compare(a.Loss, b.Loss), cmp.Compare(a.Cost, b.Cost), cmp.Compare(a.UsedMM, b.UsedMM))
	})
	return plans[:min(keep, len(plans))], nil
}

// clip lists the packings inside full that have at most so many modules without a kiosk.
func (p *planner) clip(full packing, most int) []packing {
	plain := 0
	for i, n := range full.counts {
		if !p.kinds[i].kiosk {
			plain += n
		}
	}
	if plain+p.kiosksOf(full) == 0 {
		return nil
	}
	if most == 0 || plain <= most {
		return []packing{full}
	}
	var out []packing
	counts := slices.Clone(full.counts)
	var add func(i, left int)
	add = func(i, left int) {
		if i == len(counts) {
			if left == 0 {
				out = append(out, packing{counts: slices.Clone(counts), loads: full.loads})
			}
			return
		}
		if p.kinds[i].kiosk {
			add(i+1, left)
			return
		}
		for n := min(left, full.counts[i]); n >= 0 && len(out) < maxPackings; n-- {
			counts[i] = n
			add(i+1, left-n)
		}
		counts[i] = full.counts[i]
	}
	add(0, most)
	return out
}

// fill finds the best modules for a packing. Of modules with the same doors the cheapest is taken.
func (p *planner) fill(ctx context.Context, k packing, loss mix.Loss, o mix.SearchOptions) ([]Plan, error) {
	problem := mix.Problem{Loss: loss}
	var which [][]int // module of each pattern, by group
	for i, kind := range p.kinds {
		if k.counts[i] == 0 {
			continue
		}
		choice := mix.Choice{Columns: k.counts[i]}
		var from []int
		for _, m := range p.cheapest(kind.modules) {
			choice.Patterns, from = append(choice.Patterns, p.modules[m].Doors), append(from, m)
		}
		problem.Groups, which = append(problem.Groups, choice), append(which, from)
	}
	mixes, err := mix.Best(ctx, problem, o)
	if err != nil {
		return nil, err
	}
	var plans []Plan
	for _, m := range mixes {
		chosen := make([]int, len(p.modules))
		for g, counts := range m.Counts {
			for j, n := range counts {
				chosen[which[g][j]] += n
			}
		}
		plan := p.place(k, chosen)
		plan.Loss, plan.Exact, plan.Evaluated = m.Loss, plan.Exact && m.Exact, m.Evaluated
		plans = append(plans, plan)
	}
	return plans, nil
}

// cheapest keeps one module for each set of doors, in the order of the list.
func (p *planner) cheapest(modules []int) []int {
	var out []int
	for _, m := range modules {
		at := slices.IndexFunc(out, func(o int) bool { return slices.Equal(p.modules[o].Doors, p.modules[m].Doors) })
		switch {
		case at < 0:
			out = append(out, m)
		case p.modules[m].Cost < p.modules[out[at]].Cost:
			out[at] = m
		}
	}
	return out
}
