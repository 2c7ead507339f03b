package mix

import (
	"context"
	"errors"
	"fmt"
)

// InHeight lists every maximal mix of doors whose heights add up to at most height, best first: the
// question without columns. Errors: bad figures; ErrTooMany.
func InHeight(sizes []int, height int, loss Loss) ([]Mix, error) {
	patterns, err := Maximal(Space{Height: height, Sizes: sizes})
	if err != nil {
		return nil, err
	}
	return Enumerate(Problem{Groups: []Choice{{Patterns: patterns, Columns: 1}}, Loss: loss})
}

// ErrTarget says that no number of doors up to the limit reaches the target.
var ErrTarget = errors.New("the target is not reached")

// LeastHeight returns the least height in which some mix loses at most target, and all mixes of
// that height that do, best first. Errors: bad figures; ErrTarget when most is too low.
func LeastHeight(sizes []int, target float64, most int, loss Loss) (int, []Mix, error) {
	// A mix that fits stays when the height grows, so the best loss falls with the height and
	// halving finds the least.
	reaches := func(height int) ([]Mix, error) {
		all, err := InHeight(sizes, height, loss)
		if err != nil {
			return nil, err
		}
		n := 0
		for n < len(all) && all[n].Loss <= target {
			n++
		}
		return all[:n], nil
	}
	low := 0
	for _, h := range sizes {
		if low == 0 || h < low {
			low = h
		}
	}
	found, err := reaches(most)
	if err != nil {
		return 0, nil, err
	}
	if len(found) == 0 {
		return 0, nil, fmt.Errorf("find the least height up to %d: %w", most, ErrTarget)
	}
	high := most
	for low < high {
		middle := (low + high) / 2
		mixes, err := reaches(middle)
		if err != nil {
			return 0, nil, err
		}
		if len(mixes) > 0 {
			high, found = middle, mixes
		} else {
			low = middle + 1
		}
	}
	return high, found, nil
}

// LeastColumns returns the fewest columns of the last group with which some mix loses at most
// target, and the best mixes of that number, best first; the other groups keep their numbers (the
// kiosk's column). Errors: bad figures; ErrTarget when most columns are too few.
func LeastColumns(ctx context.Context, p Problem, target float64, most int, o SearchOptions) ([]Mix, error) {
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("find the fewest columns: %w", err)
	}
	last := len(p.Groups) - 1
	with := func(columns int) ([]Mix, error) {
		q := p
		q.Groups = append([]Choice(nil), p.Groups...)
		q.Groups[last].Columns = columns
		return Best(ctx, q, o)
	}
	// Doubling first: the answer is usually far below most, and small problems are cheap.
	high := 1
	if sum(p.Groups[:last]) > 0 {
		high = 0
	}
	low := high
	found, err := with(high)
	for err == nil && found[0].Loss > target {
		if high >= most {
			return nil, fmt.Errorf("find the fewest columns up to %d: %w", most, ErrTarget)
		}
		low = high + 1
		high = min(max(2*high, 1), most)
		found, err = with(high)
	}
	for err == nil && low < high {
		middle := (low + high) / 2
		var mixes []Mix
		if mixes, err = with(middle); err != nil {
			break
		}
		if mixes[0].Loss <= target {
			high, found = middle, mixes
		} else {
			low = middle + 1
		}
	}
	return found, err
}

func sum(groups []Choice) int {
	n := 0
	for _, g := range groups {
		n += g.Columns
	}
	return n
}
