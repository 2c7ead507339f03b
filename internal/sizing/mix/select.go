package mix

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
)

// Sample simulates one replication of a mix and returns its loss. Replication n must use the same
// random numbers for every mix: then the differences between mixes are far less noisy than the
// mixes themselves.
type Sample func(ctx context.Context, doors Pattern, replication int) (float64, error)

// SelectOptions tune Select.
type SelectOptions struct {
	Delta float64 // difference in loss that does not matter; must be above 0
	Alpha float64 // chance that a mix worse by Delta or more is chosen; 0: 0.05
	First int     // replications before anything is ruled out; 0: 10
	Max   int     // replications of each mix at most; 0: 400
}

// Contender is what Select learnt about one mix.
type Contender struct {
	Doors        Pattern
	Index        int     // of the mix in the list given
	Mean         float64 // loss over the replications
	Half         float64 // half-width of its normal 95 % confidence interval
	Replications int
	Out          bool // ruled out before the end
}

// Selection is the answer of Select.
type Selection struct {
	Contenders []Contender // the chosen one first, then those still in by mean, then those ruled out
	// Decided is false when Max ended the comparison: the first is the best seen, and those still
	// in are not shown to be worse by Delta.
	Decided bool
}

// Select simulates the mixes side by side until one is left that is the best, or worse than the
// best by less than Delta, with probability at least 1-Alpha. It is the fully sequential procedure
// for normal data with common random numbers.
//
// Source: Kim and Nelson, A fully sequential procedure for indifference-zone selection in
// simulation, ACM TOMACS 11(3), 2001, with c = 1.
func Select(ctx context.Context, mixes []Pattern, sample Sample, o SelectOptions) (Selection, error) {
	o.Alpha, o.First, o.Max = cmp.Or(o.Alpha, 0.05), cmp.Or(o.First, 10), cmp.Or(o.Max, 400)
	switch {
	case len(mixes) == 0:
		return Selection{}, errors.New("select a mix: there is none to choose from")
	case o.Delta <= 0 || o.Alpha <= 0 || o.Alpha >= 1:
		return Selection{}, fmt.Errorf("select a mix: delta %g and alpha %g must be above 0, alpha below 1", o.Delta, o.Alpha)
	case o.First < 2 || o.Max < o.First:
		return Selection{}, fmt.Errorf("select a mix: %d first and %d replications at most, want 2 <= first <= most", o.First, o.Max)
	}
	r := &race{mixes: mixes, sample: sample, options: o, losses: make([][]float64, len(mixes)), out: make([]bool, len(mixes))}
	for range o.First {
		if err := r.replicate(ctx); err != nil {
			return Selection{}, fmt.Errorf("select a mix: %w", err)
		}
	}
	r.spread()
	for r.eliminate() > 1 && r.done < o.Max {
		if err := r.replicate(ctx); err != nil {
			return Selection{}, fmt.Errorf("select a mix: %w", err)
		}
	}
	return r.result(), nil
}

type race struct {
	mixes   []Pattern
	sample  Sample
	options SelectOptions
	losses  [][]float64 // by mix, then by replication
	out     []bool
	done    int         // replications of each mix that is still in
	h2      float64     // h squared of the procedure
	s2      [][]float64 // variance of the differences over the first replications
}

func (r *race) replicate(ctx context.Context) error {
	for i, m := range r.mixes {
		if r.out[i] {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		loss, err := r.sample(ctx, m, r.done)
		if err != nil {
			return fmt.Errorf("simulate doors %v: %w", m, err)
		}
		if math.IsNaN(loss) {
			return fmt.Errorf("simulate doors %v: the loss is not a number", m)
		}
		r.losses[i] = append(r.losses[i], loss)
	}
	r.done++
	return nil
}

func (r *race) spread() {
	k, n := len(r.mixes), float64(r.options.First)
	if k > 1 {
		eta := (math.Pow(2*r.options.Alpha/float64(k-1), -2/(n-1)) - 1) / 2
		r.h2 = 2 * eta * (n - 1)
	}
	r.s2 = make([][]float64, k)
	for i := range k {
		r.s2[i] = make([]float64, k)
		for j := range k {
			d := make([]float64, r.options.First)
			for t := range d {
				d[t] = r.losses[i][t] - r.losses[j][t]
			}
			_, r.s2[i][j] = MeanVariance(d)
		}
	}
}

// eliminate rules out each mix that lies behind another by more than the noise and delta explain,
// and returns how many are left.
func (r *race) eliminate() int {
	n, delta := float64(r.done), r.options.Delta
	behind := make([]bool, len(r.mixes))
	for i := range r.mixes {
		for j := range r.mixes {
			if i == j || r.out[i] || r.out[j] {
				continue
			}
			// W of the procedure, in sums instead of means.
			margin := max(0, delta/2*(r.h2*r.s2[i][j]/(delta*delta)-n))
			lead := total(r.losses[i]) - total(r.losses[j])
			// Mixes that stay equal once the noise is used up: the earlier one stands for both.
			if lead > margin || lead == 0 && margin == 0 && j < i {
				behind[i] = true
			}
		}
	}
	left := 0
	for i := range r.mixes {
		r.out[i] = r.out[i] || behind[i]
		if !r.out[i] {
			left++
		}
	}
	return left
}

func (r *race) result() Selection {
	var s Selection
	left := 0
	for i, m := range r.mixes {
		mean, variance := MeanVariance(r.losses[i])
		n := len(r.losses[i])
		s.Contenders = append(s.Contenders, Contender{
			Doors: m, Index: i, Mean: mean, Replications: n, Out: r.out[i],
			Half: 1.959963984540054 * math.Sqrt(variance/float64(n)),
		})
		if !r.out[i] {
			left++
		}
	}
	slices.SortStableFunc(s.Contenders, func(a, b Contender) int {
		switch {
		case a.Out != b.Out && a.Out:
			return 1
		case a.Out != b.Out:
			return -1
		}
		return cmp.Compare(a.Mean, b.Mean)
	})
	s.Decided = left == 1
	return s
}

func total(x []float64) float64 {
	t := 0.0
	for _, v := range x {
		t += v
	}
	return t
}

// MeanVariance returns the mean of a sample and its variance, with one less than its number below; both are 0 of
// none.
func MeanVariance(x []float64) (mean, variance float64) {
	if len(x) == 0 {
		return 0, 0
	}
	mean = total(x) / float64(len(x))
	for _, v := range x {
		variance += (v - mean) * (v - mean)
	}
	if len(x) > 1 {
		variance /= float64(len(x) - 1)
	}
	return mean, variance
}
