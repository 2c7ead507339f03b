package sizing

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

// bank is the doors of an installed site by columns. Heights are the units of its layout.
type bank struct {
	doors   mix.Pattern   // of every column
	columns []mix.Pattern // that can be divided anew: those without a screen
	heights []int         // of columns
	fixed   mix.Pattern   // doors of columns with a screen, which stay
	units   []int         // height of a door of each size
	guessed []bool        // sizes that the site does not have: their height follows from the others
	choices map[int][]mix.Pattern
	typical int // height of a column to add
}

// ErrNoDoors means a site that has no compartments, only shelves or a desk.
var ErrNoDoors = errors.New("the site has no compartments: there are no doors to plan again")

// relative are the heights of doors of S, M, L and XL beside each other, where a site has none of a size.
func relative() []float64 { return []float64{1, 2, 4, 8} }

func newBank(l locker.Layout) (*bank, error) {
	sizes := locker.Sizes()
	b := &bank{
		doors: make(mix.Pattern, len(sizes)), fixed: make(mix.Pattern, len(sizes)), choices: map[int][]mix.Pattern{},
		units: make([]int, len(sizes)), guessed: make([]bool, len(sizes)),
	}
	seen := make([][]int, len(sizes))
	for _, in := range l.Banks {
		for _, c := range in.Columns {
			b.add(c, seen)
		}
	}
	if b.doors.Total() == 0 {
		return nil, ErrNoDoors
	}
	b.measure(seen)
	for i, c := range b.columns {
		b.heights = append(b.heights, b.height(c))
		if _, known := b.choices[b.heights[i]]; !known {
			patterns, err := mix.Maximal(mix.Space{Height: b.heights[i], Sizes: b.units})
			if err != nil {
				return nil, fmt.Errorf("divide a column of %d units: %w", b.heights[i], err)
			}
			b.choices[b.heights[i]] = patterns
		}
	}
	b.typical = b.common()
	return b, nil
}

func (b *bank) add(c locker.Column, seen [][]int) {
	doors := make(mix.Pattern, len(b.doors))
	for _, d := range c.Compartments {
		if at := d.Size.Rank() - 1; at >= 0 && !d.Features.Refrigerated {
			doors[at]++
			seen[at] = append(seen[at], d.Units)
		}
	}
	if doors.Total() == 0 {
		return
	}
	b.doors = b.doors.Plus(doors)
	if c.ScreenUnits > 0 {
		b.fixed = b.fixed.Plus(doors)
		return
	}
	b.columns = append(b.columns, doors)
}

// measure takes the middle height of the doors of each size, and that of a size which the site lacks from
// the next one that it has.
func (b *bank) measure(seen [][]int) {
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
			b.units[i] = seen[i][len(seen[i])/2]
		}
	}
	for i := range seen {
		if from, ok := near(i); ok && len(seen[i]) == 0 {
			b.guessed[i] = true
			b.units[i] = max(int(math.Round(float64(b.units[from])*relative()[i]/relative()[from])), 1)
		}
	}
	for i := 1; i < len(b.units); i++ { // a larger door is no lower
		b.units[i] = max(b.units[i], b.units[i-1])
	}
}

// height is what the doors of a column take, and at least what its division of today takes.
func (b *bank) height(p mix.Pattern) int { return p.Height(b.units) }

// common is the most frequent height of the columns that can be divided anew.
func (b *bank) common() int {
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

// plan is a division of the columns.
type division struct {
	columns []mix.Pattern
	doors   mix.Pattern
	worth   float64 // by the screen; lower is better
}

func (b *bank) today() division { return division{columns: slices.Clone(b.columns), doors: b.doors} }

// with returns the division with another pattern in a column.
func (d division) with(at int, p mix.Pattern) division {
	out := division{columns: slices.Clone(d.columns), doors: slices.Clone(d.doors)}
	for i := range out.doors {
		out.doors[i] += p[i] - d.columns[at][i]
	}
	out.columns[at] = p
	return out
}

// enough of the gain of dividing every column is reached with fewer columns.
const enough = 0.9

// divide exchanges one column after another for the pattern that helps most, and stops when what is left
// to gain does not pay for one more column. loss must not be the same for all.
func (b *bank) divide(loss func(mix.Pattern) float64) division {
	steps := []division{b.today()}
	steps[0].worth = loss(steps[0].doors)
	for range b.columns {
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
				if next.worth = loss(next.doors); next.worth < best.worth {
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

// extra returns the best division of one column more; false when the site has no column to go by.
func (b *bank) extra(loss func(mix.Pattern) float64) (mix.Pattern, bool) {
	var best mix.Pattern
	worth := math.Inf(1)
	for _, p := range b.choices[b.typical] {
		if w := loss(b.doors.Plus(p)); w < worth {
			best, worth = p, w
		}
	}
	return best, best != nil
}

// changes lists how columns become others, equal ones together.
func (b *bank) changes(d division) []ColumnChange {
	type change struct{ from, to string }
	at := map[change]int{}
	var out []ColumnChange
	for i, c := range b.columns {
		if slices.Equal(c, d.columns[i]) {
			continue
		}
		key := change{fmt.Sprint(c), fmt.Sprint(d.columns[i])}
		if n, known := at[key]; known {
			out[n].Columns++
			continue
		}
		at[key] = len(out)
		out = append(out, ColumnChange{Columns: 1, From: counted(c), To: counted(d.columns[i])})
	}
	slices.SortStableFunc(out, func(a, b ColumnChange) int { return cmp.Compare(b.Columns, a.Columns) })
	return out
}

// counted writes a pattern as doors of sizes, without those that are none.
func counted(p mix.Pattern) []DoorCount {
	var out []DoorCount
	for i, size := range locker.Sizes() {
		if p[i] > 0 {
			out = append(out, DoorCount{Size: size, Doors: p[i]})
		}
	}
	return out
}
