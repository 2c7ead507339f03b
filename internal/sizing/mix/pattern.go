package mix

import (
	"errors"
	"fmt"
	"slices"
)

// Limits of what is enumerated. A real column has at most some dozens of doors of four or five
// sizes; beyond these numbers the input is a mistake.
const (
	maxSizes    = 8
	maxPatterns = 200_000
	maxPairs    = 5_000_000 // of what stands below and above a kiosk
)

// ErrTooMany says that an enumeration would not end within reasonable memory.
var ErrTooMany = errors.New("too many combinations")

// Pattern says how many compartments of each size class, smallest first. It stands for the doors of
// one column, of a bank, or of a demand.
type Pattern []int

// Total returns the number of compartments.
func (p Pattern) Total() int {
	n := 0
	for _, k := range p {
		n += k
	}
	return n
}

// Height returns the height that the compartments take together.
func (p Pattern) Height(sizes []int) int {
	h := 0
	for i, n := range p {
		h += n * sizes[i]
	}
	return h
}

// Covers reports whether p has at least as many of each size as q.
func (p Pattern) Covers(q Pattern) bool {
	for i := range q {
		if p[i] < q[i] {
			return false
		}
	}
	return true
}

// Plus returns p and q together.
func (p Pattern) Plus(q Pattern) Pattern {
	sum := slices.Clone(p)
	for i, n := range q {
		sum[i] += n
	}
	return sum
}

// Space is a column that is to be divided.
type Space struct {
	Height int   // usable height
	Sizes  []int // height of a compartment of each size class, smallest class first, shelf included
	Most   []int // most compartments of each size in one column; empty: no limit
	Kiosk  Kiosk // what the kiosk takes of this column; the zero value means no kiosk
}

// Kiosk is the part of a column that the screen takes. Compartments stand below and above it, none
// across it.
type Kiosk struct {
	Bottom int // height of its lower edge above the column's usable bottom
	Height int // how much it takes; 0: there is none
}

func (s Space) check() error {
	switch {
	case len(s.Sizes) == 0:
		return errors.New("a column needs at least one size of compartment")
	case len(s.Sizes) > maxSizes:
		return fmt.Errorf("%d sizes of compartment, at most %d", len(s.Sizes), maxSizes)
	case s.Height <= 0:
		return fmt.Errorf("the height of the column is %d, it must be above 0", s.Height)
	case len(s.Most) != 0 && len(s.Most) != len(s.Sizes):
		return fmt.Errorf("%d limits for %d sizes of compartment", len(s.Most), len(s.Sizes))
	case s.Kiosk.Height < 0 || s.Kiosk.Bottom < 0:
		return errors.New("the kiosk's height and its lower edge must not be negative")
	case s.Kiosk.Height > 0 && s.Kiosk.Bottom+s.Kiosk.Height > s.Height:
		return fmt.Errorf("the kiosk ends at %d, the column at %d", s.Kiosk.Bottom+s.Kiosk.Height, s.Height)
	}
	for i, h := range s.Sizes {
		if h <= 0 {
			return fmt.Errorf("size %d is %d high, it must be above 0", i+1, h)
		}
	}
	for i, n := range s.Most {
		if n < 0 {
			return fmt.Errorf("the limit of size %d is %d, it must not be negative", i+1, n)
		}
	}
	return nil
}

// Patterns lists every way to fill the column, the empty one included, in rising order of the
// largest class, then the next smaller. Errors: bad figures; ErrTooMany.
func Patterns(s Space) ([]Pattern, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("list column patterns: %w", err)
	}
	all, err := s.patterns()
	if err != nil {
		return nil, fmt.Errorf("list column patterns: %w", err)
	}
	return all, nil
}

// Maximal lists the patterns to which no compartment can be added, in the order of Patterns.
// Errors: those of Patterns; a column too low for the smallest compartment.
func Maximal(s Space) ([]Pattern, error) {
	all, err := Patterns(s)
	if err != nil {
		return nil, err
	}
	if len(all) < 2 {
		low := slices.Min(s.Sizes)
		return nil, fmt.Errorf("list column patterns: the column of %d is too low for the smallest compartment of %d", s.Height, low)
	}
	feasible := make(map[string]bool, len(all))
	for _, p := range all {
		feasible[p.key()] = true
	}
	var out []Pattern
	for _, p := range all {
		if !growable(p, feasible) {
			out = append(out, p)
		}
	}
	return out, nil
}

// growable looks one compartment up only: what fits stays feasible when something is taken out.
func growable(p Pattern, feasible map[string]bool) bool {
	q := slices.Clone(p)
	for i := range q {
		q[i]++
		if feasible[q.key()] {
			return true
		}
		q[i]--
	}
	return false
}

func (s Space) patterns() ([]Pattern, error) {
	if s.Kiosk.Height == 0 {
		return s.stackings(s.Height)
	}
	below, err := s.stackings(s.Kiosk.Bottom)
	if err != nil {
		return nil, err
	}
	above, err := s.stackings(s.Height - s.Kiosk.Bottom - s.Kiosk.Height)
	if err != nil {
		return nil, err
	}
	if len(below)*len(above) > maxPairs {
		return nil, ErrTooMany
	}
	seen := map[string]bool{}
	var out []Pattern
	for _, lower := range below {
		for _, upper := range above {
			p := lower.Plus(upper)
			if seen[p.key()] || !s.allowed(p) {
				continue
			}
			seen[p.key()] = true
			if len(out) == maxPatterns {
				return nil, ErrTooMany
			}
			out = append(out, p)
		}
	}
	slices.SortFunc(out, comparePatterns)
	return out, nil
}

func (s Space) allowed(p Pattern) bool {
	for i, most := range s.Most {
		if p[i] > most {
			return false
		}
	}
	return true
}

// stackings lists what fits into one height without a kiosk.
func (s Space) stackings(height int) ([]Pattern, error) {
	var out []Pattern
	p := make(Pattern, len(s.Sizes))
	var add func(size, left int) error
	add = func(size, left int) error {
		if size < 0 {
			if len(out) == maxPatterns {
				return ErrTooMany
			}
			out = append(out, slices.Clone(p))
			return nil
		}
		most := left / s.Sizes[size]
		if len(s.Most) > 0 {
			most = min(most, s.Most[size])
		}
		for n := 0; n <= most; n++ {
			p[size] = n
			if err := add(size-1, left-n*s.Sizes[size]); err != nil {
				return err
			}
		}
		p[size] = 0
		return nil
	}
	if err := add(len(s.Sizes)-1, height); err != nil {
		return nil, err
	}
	return out, nil
}

// comparePatterns orders by the number of the largest class, then of the next smaller.
func comparePatterns(a, b Pattern) int {
	for i := len(a) - 1; i >= 0; i-- {
		if a[i] != b[i] {
			return a[i] - b[i]
		}
	}
	return 0
}

// key is p as a map key; no column or bank has 65,536 doors of a size.
func (p Pattern) key() string {
	b := make([]byte, 0, 2*len(p))
	for _, n := range p {
		b = append(b, byte(n), byte(n>>8))
	}
	return string(b)
}
