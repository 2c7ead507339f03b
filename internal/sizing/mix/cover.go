package mix

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Group is a kind of column: what one of its columns can be, and how many there may be.
type Group struct {
	Patterns []Pattern
	Costs    []float64 // of one column of each pattern, any unit, at least 0; empty: 1 each
	Min      int       // columns of this group at least
	Max      int       // columns of this group at most; 0: no limit
}

// Cover asks for the cheapest columns that have at least the doors of a demand.
type Cover struct {
	Groups []Group
	Demand Pattern
	// Upgrade lets doors of a larger class stand in for missing doors of a smaller one.
	Upgrade bool
}

// Covering is an answer to Cover.
type Covering struct {
	Columns [][]int // how many columns of each pattern, by group
	Doors   Pattern // that these columns have
	Total   int     // columns
	Cost    float64
	Bound   float64 // nothing can cost less than this
	Exact   bool    // Cost is the least: proved by exhausting the states or by the bound
}

// ErrNoCover says that the columns allowed cannot have the doors asked for.
var ErrNoCover = errors.New("the columns allowed cannot have these doors")

// maxCoverWork bounds states times patterns of the exact solver: some seconds on a slow machine.
const maxCoverWork = 100_000_000

func (c Cover) check() error {
	if len(c.Groups) == 0 {
		return errors.New("no columns to choose from")
	}
	for i, n := range c.Demand {
		if n < 0 {
			return fmt.Errorf("the demand for size %d is %d, it must not be negative", i+1, n)
		}
	}
	for _, g := range c.Groups {
		if err := g.check(len(c.Demand)); err != nil {
			return err
		}
	}
	return nil
}

func (g Group) check(sizes int) error {
	switch {
	case len(g.Patterns) == 0:
		return errors.New("a kind of column needs at least one pattern")
	case len(g.Costs) != 0 && len(g.Costs) != len(g.Patterns):
		return fmt.Errorf("%d costs for %d column patterns", len(g.Costs), len(g.Patterns))
	case g.Min < 0 || g.Max < 0 || g.Max > 0 && g.Min > g.Max:
		return fmt.Errorf("between %d and %d columns of a kind: the range is empty", g.Min, g.Max)
	}
	for i, p := range g.Patterns {
		if len(p) != sizes {
			return fmt.Errorf("pattern %d has %d sizes, the demand has %d", i+1, len(p), sizes)
		}
		for _, n := range p {
			if n < 0 {
				return fmt.Errorf("pattern %d has a negative number of doors", i+1)
			}
		}
	}
	for i, cost := range g.Costs {
		if cost < 0 || math.IsNaN(cost) || math.IsInf(cost, 0) {
			return fmt.Errorf("the cost of pattern %d is %g, it must be a number of at least 0", i+1, cost)
		}
	}
	return nil
}

func (g Group) cost(i int) float64 {
	if len(g.Costs) == 0 {
		return 1
	}
	return g.Costs[i]
}

// Solve finds the cheapest columns that meet the demand. While the states of the demand are few it
// is exact; beyond that it rounds the linear program down and solves the rest exactly, and Exact
// says whether the bound proves the answer. Errors: bad figures; ErrNoCover.
func (c Cover) Solve() (Covering, error) {
	if err := c.check(); err != nil {
		return Covering{}, fmt.Errorf("cover a demand with columns: %w", err)
	}
	// With upgrades a door of class i or larger counts for class i, so cumulated numbers turn the
	// problem into one without upgrades.
	in := c
	if c.Upgrade {
		in = c.cumulated()
	}
	columns, bound, exact, err := in.solve()
	if err != nil {
		return Covering{}, fmt.Errorf("cover a demand with columns: %w", err)
	}
	out := Covering{Columns: columns, Doors: make(Pattern, len(c.Demand)), Bound: bound, Exact: exact}
	for gi, g := range c.Groups {
		for pi, n := range columns[gi] {
			out.Total += n
			out.Cost += float64(n) * g.cost(pi)
			for i, k := range g.Patterns[pi] {
				out.Doors[i] += n * k
			}
		}
	}
	if exact {
		out.Bound = out.Cost
	}
	return out, nil
}

func (c Cover) cumulated() Cover {
	out := Cover{Demand: cumulate(c.Demand)}
	for _, g := range c.Groups {
		patterns := make([]Pattern, len(g.Patterns))
		for i, p := range g.Patterns {
			patterns[i] = cumulate(p)
		}
		g.Patterns = patterns
		out.Groups = append(out.Groups, g)
	}
	return out
}

// cumulate returns how many doors there are of each class or a larger one.
func cumulate(p Pattern) Pattern {
	out := make(Pattern, len(p))
	sum := 0
	for i := len(p) - 1; i >= 0; i-- {
		sum += p[i]
		out[i] = sum
	}
	return out
}

func (c Cover) solve() (columns [][]int, bound float64, exact bool, err error) {
	if _, _, err := c.relax(); err != nil {
		return nil, 0, false, err // fractions of columns cannot do it, so whole ones cannot
	}
	if free := c.unlimited(); free.work() <= maxCoverWork {
		// Limits on groups cost a layer for each column, so they come in only where they bind.
		columns, err = free.exhaust()
		if err != nil || c.within(columns) {
			return columns, 0, true, err
		}
		if !c.possible() {
			return nil, 0, false, ErrNoCover
		}
	}
	if c.work() <= maxCoverWork {
		columns, err = c.exhaust()
		return columns, 0, true, err
	}
	return c.round()
}

// unlimited is c without upper limits, except where the number of columns is given.
func (c Cover) unlimited() Cover {
	out := c
	out.Groups = slices.Clone(c.Groups)
	for i, g := range out.Groups {
		if g.Max > g.Min {
			out.Groups[i].Max = 0
		}
	}
	return out
}

func (c Cover) within(columns [][]int) bool {
	for i, g := range c.Groups {
		if n := Pattern(columns[i]).Total(); g.Max > 0 && n > g.Max {
			return false
		}
	}
	return true
}

// possible reports whether each group on its own could stay within its limit; a quick no saves the
// layers.
func (c Cover) possible() bool {
	for i, g := range c.Groups {
		if g.Max <= g.Min {
			continue
		}
		few := c.unlimited()
		for j := range few.Groups {
			few.Groups[j].Costs = make([]float64, len(few.Groups[j].Patterns))
			for k := range few.Groups[j].Costs {
				if j == i {
					few.Groups[j].Costs[k] = 1
				}
			}
		}
		columns, err := few.exhaust()
		if err != nil || Pattern(columns[i]).Total() > g.Max {
			return false
		}
	}
	return true
}

// work estimates the steps of the exact solver.
func (c Cover) work() float64 {
	states := 1.0
	for _, n := range c.Demand {
		states *= float64(n + 1)
	}
	steps := 0.0
	for _, g := range c.Groups {
		layers := max(g.Min, g.Max, 1)
		steps += float64(layers) * float64(len(g.Patterns))
	}
	return states * steps
}

// exhaust is dynamic programming over what is still missing. Its state is the demand that is left,
// as one number in mixed radix; a layer adds one column.
func (c Cover) exhaust() ([][]int, error) {
	t := newTable(c)
	best := make([]float64, t.states)
	for i := range best {
		best[i] = math.Inf(1)
	}
	best[0] = 0 // nothing is missing
	var layers []layer
	for gi, g := range c.Groups {
		for range g.Min {
			next, choice := t.step(best, gi, true)
			best, layers = next, append(layers, layer{group: gi, choice: choice})
		}
		switch {
		case g.Max == 0:
			layers = append(layers, layer{group: gi, choice: t.closure(best, gi), repeats: true})
		default:
			for range g.Max - g.Min {
				next, choice := t.step(best, gi, false)
				best, layers = next, append(layers, layer{group: gi, choice: choice})
			}
		}
	}
	if math.IsInf(best[t.states-1], 1) {
		return nil, ErrNoCover
	}
	return t.trace(layers), nil
}

// layer remembers which pattern each state took, -1 for none. A layer that repeats is walked until
// it takes none.
type layer struct {
	group   int
	choice  []int32
	repeats bool
}

type table struct {
	cover  Cover
	states int
	weight []int // of one door of each size in a state's number
}

func newTable(c Cover) *table {
	t := &table{cover: c, states: 1, weight: make([]int, len(c.Demand))}
	for i, n := range c.Demand {
		t.weight[i] = t.states
		t.states *= n + 1
	}
	return t
}

// after returns the state that is left of state s once p is there. rest is s as numbers of doors.
func (t *table) after(rest, p Pattern) int {
	s := 0
	for i, n := range rest {
		if n > p[i] {
			s += (n - p[i]) * t.weight[i]
		}
	}
	return s
}

// each calls f with every state and the demand that it stands for, in rising order.
func (t *table) each(f func(s int, rest Pattern)) {
	rest := make(Pattern, len(t.cover.Demand))
	for s := range t.states {
		f(s, rest)
		for i := range rest {
			if rest[i]++; rest[i] <= t.cover.Demand[i] {
				break
			}
			rest[i] = 0
		}
	}
}

// step adds one column of a group, or at most one unless it must be there.
func (t *table) step(best []float64, group int, must bool) ([]float64, []int32) {
	g := t.cover.Groups[group]
	next := make([]float64, t.states)
	choice := make([]int32, t.states)
	t.each(func(s int, rest Pattern) {
		next[s], choice[s] = best[s], -1
		if must {
			next[s] = math.Inf(1)
		}
		for pi, p := range g.Patterns {
			if cost := best[t.after(rest, p)] + g.cost(pi); cost < next[s] {
				next[s], choice[s] = cost, int32(pi)
			}
		}
	})
	return next, choice
}

// closure adds any number of columns of a group, in place: a state only looks at smaller ones.
func (t *table) closure(best []float64, group int) []int32 {
	g := t.cover.Groups[group]
	choice := make([]int32, t.states)
	t.each(func(s int, rest Pattern) {
		choice[s] = -1
		for pi, p := range g.Patterns {
			from := t.after(rest, p)
			if from == s {
				continue // it brings nothing
			}
			if cost := best[from] + g.cost(pi); cost < best[s] {
				best[s], choice[s] = cost, int32(pi)
			}
		}
	})
	return choice
}

func (t *table) trace(layers []layer) [][]int {
	columns := make([][]int, len(t.cover.Groups))
	for i, g := range t.cover.Groups {
		columns[i] = make([]int, len(g.Patterns))
	}
	rest := append(Pattern(nil), t.cover.Demand...)
	for li := len(layers) - 1; li >= 0; li-- {
		l := layers[li]
		for {
			pi := l.choice[t.after(rest, make(Pattern, len(rest)))]
			if pi < 0 {
				break
			}
			columns[l.group][pi]++
			for i, n := range t.cover.Groups[l.group].Patterns[pi] {
				rest[i] = max(rest[i]-n, 0)
			}
			if !l.repeats {
				break
			}
		}
	}
	return columns
}
