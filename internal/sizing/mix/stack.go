package mix

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
)

// Reach is what people who sit must be able to use.
type Reach struct {
	Low, High int     // lowest and highest point that a hand can use, above the floor
	Share     float64 // of all compartments that must be in reach, between 0 and 1
	Each      bool    // at least one compartment of each size must be in reach
}

// ADA is the reach rule of the US: 15 to 48 inches, 5 % of the compartments and one of each size.
// The unit is millimetres, rounded inwards.
//
// Source: 2010 ADA Standards for Accessible Design, 308 (reach ranges) and 228.1 with 811 (storage).
func ADA() Reach { return Reach{Low: 381, High: 1219, Share: 0.05, Each: true} }

// DefaultReach is the band that these plans take by default, 380 to 1,220 mm, with the shares of ADA.
func DefaultReach() Reach { return Reach{Low: 380, High: 1220, Share: 0.05, Each: true} }

// Door is one compartment in a column.
type Door struct {
	Size   int // class, 0 the smallest
	Bottom int // of the compartment above the floor
	Height int
}

// In reports whether the middle of the door, where a hand takes it, lies in the band.
func (d Door) In(r Reach) bool {
	middle := 2*d.Bottom + d.Height
	return middle >= 2*r.Low && middle <= 2*r.High
}

// Stack orders the compartments of a column from the bottom up. Large ones stand low and small ones
// high, except that as many sizes as possible get a compartment in reach. base is the height of the
// column's usable bottom above the floor. Errors: a pattern that does not fit the column.
func Stack(s Space, p Pattern, base int, r Reach) ([]Door, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("stack a column: %w", err)
	}
	if len(p) != len(s.Sizes) || slices.Min(p) < 0 {
		return nil, fmt.Errorf("stack a column: the pattern %v does not name each of %d sizes", p, len(s.Sizes))
	}
	if s.Kiosk.Height == 0 {
		if p.Height(s.Sizes) > s.Height {
			return nil, errNoFit(s, p)
		}
		best, _ := s.pile(p, base, r, 0)
		return best, nil
	}
	return s.around(p, base, r)
}

func errNoFit(s Space, p Pattern) error {
	return fmt.Errorf("stack a column: compartments %v need more than the column of %d has", p, s.Height)
}

// around tries every division of the pattern below and above the kiosk.
func (s Space) around(p Pattern, base int, r Reach) ([]Door, error) {
	top := s.Kiosk.Bottom + s.Kiosk.Height
	below, err := Space{Height: s.Kiosk.Bottom, Sizes: s.Sizes, Most: p}.stackings(s.Kiosk.Bottom)
	if err != nil {
		return nil, fmt.Errorf("stack a column: %w", err)
	}
	var best []Door
	high := pile{sizes: -1}
	for _, lower := range slices.Backward(below) { // most large ones below first
		upper := slices.Clone(p)
		for i, n := range lower {
			upper[i] -= n
		}
		if upper.Height(s.Sizes) > s.Height-top {
			continue
		}
		low, a := s.pile(lower, base, r, 0)
		up, b := s.pile(upper, base+top, r, a.mask)
		got := pile{mask: b.mask, sizes: b.sizes, swaps: a.swaps + b.swaps + crossed(lower, upper)}
		if got.better(high) {
			high, best = got, append(low, up...)
		}
	}
	if best == nil && p.Total() > 0 {
		return nil, errNoFit(s, p)
	}
	return best, nil
}

// crossed counts the pairs with the smaller compartment below the kiosk and the larger above.
func crossed(lower, upper Pattern) int {
	n := 0
	for i, a := range lower {
		for j := i + 1; j < len(upper); j++ {
			n += a * upper[j]
		}
	}
	return n
}

// pile is how good an order is: first how many sizes are in reach, then how few pairs stand with
// the larger one on top.
type pile struct {
	mask  uint8
	sizes int
	swaps int
}

func (p pile) better(q pile) bool {
	if p.sizes != q.sizes {
		return p.sizes > q.sizes
	}
	return p.swaps < q.swaps
}

// pileKey is a state of the dynamic program: what stands already, and the sizes it has in reach.
type pileKey struct {
	placed string
	mask   uint8
}

// pile finds the best order of p from base up. reached are the sizes that are in reach already.
// Where the next compartment stands depends only on what stands below, not on its order.
func (s Space) pile(p Pattern, base int, r Reach, reached uint8) ([]Door, pile) {
	type step struct {
		result pile
		size   int
	}
	memo := map[pileKey]step{}
	placed := make(Pattern, len(p))
	var solve func(bottom int, mask uint8) pile
	solve = func(bottom int, mask uint8) pile {
		key := pileKey{placed.key(), mask}
		if known, ok := memo[key]; ok {
			return known.result
		}
		best := step{result: pile{mask: mask, sizes: bits.OnesCount8(mask), swaps: math.MaxInt32}, size: -1}
		if slices.Equal(placed, p) {
			best.result.swaps = 0
			memo[key] = best
			return best.result
		}
		best.result.sizes = -1
		for i := len(p) - 1; i >= 0; i-- {
			if placed[i] == p[i] {
				continue
			}
			larger := 0 // compartments still to come that are larger than this one
			for j := i + 1; j < len(p); j++ {
				larger += p[j] - placed[j]
			}
			next := mask
			if (Door{Bottom: bottom, Height: s.Sizes[i]}).In(r) {
				next |= 1 << i
			}
			placed[i]++
			got := solve(bottom+s.Sizes[i], next)
			placed[i]--
			got.swaps += larger
			if got.better(best.result) {
				best = step{result: got, size: i}
			}
		}
		memo[key] = best
		return best.result
	}
	result := solve(base, reached)
	var doors []Door
	bottom, mask := base, reached
	for placed.Total() < p.Total() {
		i := memo[pileKey{placed.key(), mask}].size
		d := Door{Size: i, Bottom: bottom, Height: s.Sizes[i]}
		if d.In(r) {
			mask |= 1 << i
		}
		doors = append(doors, d)
		bottom += d.Height
		placed[i]++
	}
	return doors, result
}

// Reachable is what a bank offers to people who sit.
type Reachable struct {
	In    Pattern // compartments in reach of each size
	Doors Pattern // compartments of each size
	Need  int     // compartments that must be in reach
}

// Check compares a bank, column by column, with the rule. It returns the numbers also when the rule
// is broken. Errors: which size has none in reach, or how many compartments are missing.
func (r Reach) Check(columns [][]Door, sizes int) (Reachable, error) {
	out := Reachable{In: make(Pattern, sizes), Doors: make(Pattern, sizes)}
	for _, column := range columns {
		for _, d := range column {
			if d.Size < 0 || d.Size >= sizes {
				return out, fmt.Errorf("check reach: a door of size %d, there are %d sizes", d.Size+1, sizes)
			}
			out.Doors[d.Size]++
			if d.In(r) {
				out.In[d.Size]++
			}
		}
	}
	out.Need = int(math.Ceil(r.Share*float64(out.Doors.Total()) - 1e-9))
	var problems []error
	if n := out.In.Total(); n < out.Need {
		problems = append(problems, fmt.Errorf("%d of %d compartments are between %d and %d high, %d must be",
			n, out.Doors.Total(), r.Low, r.High, out.Need))
	}
	for i, n := range out.Doors {
		if r.Each && n > 0 && out.In[i] == 0 {
			problems = append(problems, fmt.Errorf("no compartment of size %d is between %d and %d high", i+1, r.Low, r.High))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return out, fmt.Errorf("check reach: %w", err)
	}
	return out, nil
}
