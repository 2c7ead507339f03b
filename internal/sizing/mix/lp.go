package mix

import (
	"math"
	"slices"
)

// pivotLimit stops a simplex that would cycle for want of precision; real ones need some dozens.
const pivotLimit = 10_000

// linearProgram is max gain·y over y >= 0 with rows·y <= limit and limit >= 0, so that y = 0 is a
// start. It is the dual of covering: a row for each column pattern, a variable for each size.
type linearProgram struct {
	rows  [][]float64
	limit []float64
	gain  []float64
}

// solve returns the best value and the prices of the rows, which are the fractional numbers of
// columns. bounded is false when the value grows without end: the covering is impossible.
func (lp linearProgram) solve() (value float64, prices []float64, bounded bool) {
	m, n := len(lp.rows), len(lp.gain)
	// A tableau in condensed form: row i holds the basic variable basis[i] in terms of the
	// non-basic ones free[j]. Numbers below n are y, from n on slacks.
	a := make([][]float64, m)
	for i, row := range lp.rows {
		a[i] = append(slices.Clone(row), lp.limit[i])
	}
	goal := append(slices.Clone(lp.gain), 0)
	basis, free := make([]int, m), make([]int, n)
	for i := range basis {
		basis[i] = n + i
	}
	for j := range free {
		free[j] = j
	}
	for range pivotLimit {
		j := entering(goal[:n], free)
		if j < 0 {
			break
		}
		i := leaving(a, basis, j)
		if i < 0 {
			return 0, nil, false
		}
		pivot(a, goal, i, j)
		basis[i], free[j] = free[j], basis[i]
	}
	prices = make([]float64, m)
	for j, v := range free {
		if v >= n {
			prices[v-n] = -goal[j]
		}
	}
	return -goal[n], prices, true
}

const lpZero = 1e-9

// entering follows Bland's rule, which cannot cycle: the lowest variable that still gains.
func entering(goal []float64, free []int) int {
	best := -1
	for j, g := range goal {
		if g > lpZero && (best < 0 || free[j] < free[best]) {
			best = j
		}
	}
	return best
}

func leaving(a [][]float64, basis []int, j int) int {
	best, ratio := -1, math.Inf(1)
	for i, row := range a {
		if row[j] <= lpZero {
			continue
		}
		r := row[len(row)-1] / row[j]
		if r < ratio-lpZero || r < ratio+lpZero && best >= 0 && basis[i] < basis[best] {
			best, ratio = i, min(r, ratio)
		}
	}
	return best
}

func pivot(a [][]float64, goal []float64, i, j int) {
	p := a[i][j]
	for k := range a[i] {
		if k != j {
			a[i][k] /= p
		}
	}
	a[i][j] = 1 / p
	eliminate := func(row []float64) {
		f := row[j]
		if f == 0 {
			return
		}
		for k := range row {
			if k != j {
				row[k] -= f * a[i][k]
			}
		}
		row[j] = -f / p
	}
	for k, row := range a {
		if k != i {
			eliminate(row)
		}
	}
	eliminate(goal)
}

// relax solves the covering with fractions of columns.
func (c Cover) relax() (bound float64, columns [][]float64, err error) {
	sizes := len(c.Demand)
	lp := linearProgram{gain: make([]float64, sizes+2*len(c.Groups))}
	for i, n := range c.Demand {
		lp.gain[i] = float64(n)
	}
	for gi, g := range c.Groups {
		lp.gain[sizes+2*gi] = float64(g.Min)
		lp.gain[sizes+2*gi+1] = -float64(g.Max)
		for pi, p := range g.Patterns {
			row := make([]float64, len(lp.gain))
			for i, n := range p {
				row[i] = float64(n)
			}
			row[sizes+2*gi] = 1
			if g.Max > 0 {
				row[sizes+2*gi+1] = -1
			}
			lp.rows = append(lp.rows, row)
			lp.limit = append(lp.limit, g.cost(pi))
		}
	}
	bound, prices, bounded := lp.solve()
	if !bounded {
		return 0, nil, ErrNoCover
	}
	for _, g := range c.Groups {
		columns = append(columns, prices[:len(g.Patterns)])
		prices = prices[len(g.Patterns):]
	}
	return bound, columns, nil
}

// maxShrink bounds how many columns of each pattern round gives back when the rest has no answer.
const maxShrink = 4

// round takes the whole columns of the relaxed answer and solves what is left exactly. When limits
// on groups leave the rest without an answer, it gives some columns back and tries again.
func (c Cover) round() (columns [][]int, bound float64, exact bool, err error) {
	bound, fractions, err := c.relax()
	if err != nil {
		return nil, 0, false, err
	}
	for shrink := range maxShrink {
		fixed, rest := c.keep(fractions, shrink)
		if rest.work() > maxCoverWork {
			return nil, 0, false, ErrTooMany
		}
		more, err := rest.exhaust()
		if err != nil {
			continue // the only error is that nothing covers the rest
		}
		cost, whole := 0.0, true
		for gi, g := range c.Groups {
			for pi := range g.Patterns {
				fixed[gi][pi] += more[gi][pi]
				cost += float64(fixed[gi][pi]) * g.cost(pi)
				whole = whole && g.cost(pi) == math.Trunc(g.cost(pi))
			}
		}
		gap := cost - bound
		return fixed, bound, whole && gap < 1-1e-6 || gap <= 1e-9*cost, nil
	}
	return nil, 0, false, ErrTooMany
}

// keep splits the covering into whole columns and what is left to cover.
func (c Cover) keep(fractions [][]float64, shrink int) ([][]int, Cover) {
	fixed := make([][]int, len(c.Groups))
	rest := Cover{Demand: slices.Clone(c.Demand)}
	for gi, g := range c.Groups {
		fixed[gi] = make([]int, len(g.Patterns))
		used := 0
		for pi, x := range fractions[gi] {
			n := max(int(math.Floor(x+1e-6))-shrink, 0)
			if g.Max > 0 {
				n = min(n, g.Max-used)
			}
			fixed[gi][pi] = n
			used += n
			for i, k := range g.Patterns[pi] {
				rest.Demand[i] = max(rest.Demand[i]-n*k, 0)
			}
		}
		g.Min = max(g.Min-used, 0)
		if g.Max > 0 {
			g.Max -= used
			if g.Max == 0 { // full: nothing more of this kind
				g = Group{Patterns: []Pattern{make(Pattern, len(c.Demand))}, Costs: []float64{0}, Max: 1}
				g.Patterns = slices.Repeat(g.Patterns, len(fractions[gi]))
				g.Costs = slices.Repeat(g.Costs, len(fractions[gi]))
			}
		}
		rest.Groups = append(rest.Groups, g)
	}
	return fixed, rest
}
