package refit

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"cubby/internal/locker"
	"cubby/internal/sizing/mix"
)

// Bank is the doors of an installed site by columns, counted by size, S first. Heights are the units of
// its layout.
type Bank struct {
	Doors   mix.Pattern   // of every column
	Columns []mix.Pattern // that can be divided anew: those without a screen
	Units   []int         // height of a door of each size
	Guessed []bool        // sizes that the site does not have: their height follows from the others

	heights []int // of Columns
	choices map[int][]mix.Pattern
	typical int // height of a column to add
}

// ErrNoDoors means a site that has no compartments, only shelves or a desk.
var ErrNoDoors = errors.New("the site has no compartments: there are no doors to plan again")

// relative are the heights of doors of S, M, L and XL beside each other, where a site has none of a size.
func relative() []float64 { return []float64{1, 2, 4, 8} }

// NewBank reads the columns of a layout; refrigerated compartments are left out. Without any compartment it
// returns ErrNoDoors.
func NewBank(l locker.Layout) (*Bank, error) {
	sizes := locker.Sizes()
	b := &Bank{
		Doors: make(mix.Pattern, len(sizes)), Units: make([]int, len(sizes)), Guessed: make([]bool, len(sizes)),
		choices: map[int][]mix.Pattern{},
	}
	seen := make([][]int, len(sizes))
	for _, in := range l.Banks {
		for _, c := range in.Columns {
			b.add(c, seen)
		}
	}
	if b.Doors.Total() == 0 {
		return nil, ErrNoDoors
	}
	b.measure(seen)
	for i, c := range b.Columns {
		b.heights = append(b.heights, b.height(c))
		if _, known := b.choices[b.heights[i]]; !known {
			patterns, err := mix.Maximal(mix.Space{Height: b.heights[i], Sizes: b.Units})
			if err != nil {
				return nil, fmt.Errorf("divide a column of %d units: %w", b.heights[i], err)
			}
			b.choices[b.heights[i]] = patterns
		}
	}
	b.typical = b.common()
	return b, nil
}

func (b *Bank) add(c locker.Column, seen [][]int) {
	doors := make(mix.Pattern, len(b.Doors))
	for _, d := range c.Compartments {
		if at := d.Size.Rank() - 1; at >= 0 && !d.Features.Refrigerated {
			doors[at]++
			seen[at] = append(seen[at], d.Units)
		}
	}
	if doors.Total() == 0 {
		return
	}
	b.Doors = b.Doors.Plus(doors)
	if c.ScreenUnits > 0 {
		return // its division is made around the screen
	}
	b.Columns = append(b.Columns, doors)
}

// measure takes the middle height of the doors of each size, and that of a size which the site lacks from
// the next one that it has.
func (b *Bank) measure(seen [][]int) {
	near := func(i int) (int, bool) {
		best, found := 0, false
		for j := range seen {
			if len(seen[j]) > 0 && (!found || math.Abs(float64(j-i)) < math.Abs(float64(best-i))) {
				best, found = j, true
			}
		}
		return best, found
	}
	for i := range seen {
		if len(seen[i]) > 0 {
			slices.Sort(seen[i])
			b.Units[i] = seen[i][len(seen[i])/2]
		}
	}
	for i := range seen {
		if from, ok := near(i); ok && len(seen[i]) == 0 {
			b.Guessed[i] = true
			b.Units[i] = max(int(math.Round(float64(b.Units[from])*relative()[i]/relative()[from])), 1)
		}
	}
	for i := 1; i < len(b.Units); i++ { // a larger door is no lower
		b.Units[i] = max(b.Units[i], b.Units[i-1])
	}
}

// height is what the doors of a column take, and at least what its division of today takes.
func (b *Bank) height(p mix.Pattern) int { return p.Height(b.Units) }

// common is the most frequent height of the columns that can be divided anew.
func (b *Bank) common() int {
	count := map[int]int{}
	for _, h := range b.heights {
		count[h]++
	}
	best := 0
	for _, h := range slices.Sorted(maps.Keys(count)) {
		if count[h] >= count[best] {
			best = h
		}
	}
	return best
}

// Division is one way to divide the columns.
type Division struct {
	Doors   mix.Pattern // of the whole bank
	columns []mix.Pattern
	worth   float64 // by the loss; lower is better
}

func (b *Bank) today() Division { return Division{columns: slices.Clone(b.Columns), Doors: b.Doors} }

// with returns the division with another pattern in a column.
func (d Division) with(at int, p mix.Pattern) Division {
	out := Division{columns: slices.Clone(d.columns), Doors: slices.Clone(d.Doors)}
	for i := range out.Doors {
		out.Doors[i] += p[i] - d.columns[at][i]
	}
	out.columns[at] = p
	return out
}

// enough of the gain of dividing every column is reached with fewer columns.
const enough = 0.9

// Divide exchanges one column after another for the pattern that helps most, and returns the division with the
// fewest changes that has nearly all of the gain. The division is that of today where no exchange helps.
func (b *Bank) Divide(loss mix.Loss) Division {
	steps := []Division{b.today()}
	steps[0].worth = loss(steps[0].Doors)
	for range b.Columns {
		last := steps[len(steps)-1]
		best := last
		tried := map[string]bool{}
		for i, c := range last.columns {
			for _, p := range b.choices[b.heights[i]] {
				key := fmt.Sprint(c, p)
				if tried[key] {
					continue
				}
				tried[key] = true
				next := last.with(i, p)
				if next.worth = loss(next.Doors); next.worth < best.worth {
					best = next
				}
			}
		}
		if best.worth >= last.worth-1e-9 {
			break
		}
		steps = append(steps, best)
	}
	gain := steps[0].worth - steps[len(steps)-1].worth
	for _, s := range steps {
		if steps[0].worth-s.worth >= enough*gain {
			return s
		}
	}
	return steps[len(steps)-1]
}

// Extra returns the best division of one column more; false when the site has no column to go by.
func (b *Bank) Extra(loss mix.Loss) (mix.Pattern, bool) {
	var best mix.Pattern
	worth := math.Inf(1)
	for _, p := range b.choices[b.typical] {
		if w := loss(b.Doors.Plus(p)); w < worth {
			best, worth = p, w
		}
	}
	return best, best != nil
}

// Change is a kind of column that becomes another.
type Change struct {
	Columns  int
	From, To mix.Pattern
}

// Changes lists how columns become others, equal ones together, the most frequent first.
func (b *Bank) Changes(d Division) []Change {
	at := map[string]int{}
	var out []Change
	for i, c := range b.Columns {
		if slices.Equal(c, d.columns[i]) {
			continue
		}
		key := fmt.Sprint(c, d.columns[i])
		if n, known := at[key]; known {
			out[n].Columns++
			continue
		}
		at[key] = len(out)
		out = append(out, Change{Columns: 1, From: c, To: d.columns[i]})
	}
	slices.SortStableFunc(out, func(a, b Change) int { return cmp.Compare(b.Columns, a.Columns) })
	return out
}
