package mix

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Loss says how bad a mix of doors is; lower is better. It must give the same answer for the same
// doors, and must not grow when a door is added. Examples: the share of parcels refused, the worst
// class's share, or that plus a price.
type Loss func(doors Pattern) float64

// Problem asks for the best filling of columns whose number is given.
type Problem struct {
	Groups []Choice
	Loss   Loss
}

// Choice is a kind of column of which there are so many, each of any of the patterns.
type Choice struct {
	Patterns []Pattern
	Columns  int
}

// Mix is one filling of the columns.
type Mix struct {
	Counts    [][]int // how many columns of each pattern, by group
	Doors     Pattern
	Loss      float64
	Evaluated int  // mixes of doors that were looked at to find it
	Exact     bool // every mix was looked at, or could be left out because another has all its doors
}

// Limits of enumeration: at most this many different mixes of doors are kept at once.
const (
	maxMixes = 60_000
	// maxExact is how many mixes an exact answer may keep inside Best: about as many evaluations as a
	// search makes, and some milliseconds to compare them.
	maxExact = 2_000
	// maxTries pairs of exchanges are tried at most before a place counts as the best around.
	maxTries = 400_000
)

func (p Problem) check() error {
	if p.Loss == nil {
		return errors.New("nothing says how good a mix is")
	}
	if len(p.Groups) == 0 {
		return errors.New("no columns to fill")
	}
	sizes := -1
	for _, g := range p.Groups {
		if g.Columns < 0 {
			return fmt.Errorf("%d columns: the number must not be negative", g.Columns)
		}
		if len(g.Patterns) == 0 {
			return errors.New("a kind of column needs at least one pattern")
		}
		for _, q := range g.Patterns {
			if sizes < 0 {
				sizes = len(q)
			}
			if len(q) != sizes || sizes == 0 {
				return errors.New("column patterns have different numbers of sizes")
			}
		}
	}
	return nil
}

// Enumerate looks at every filling and returns all mixes of doors that no other filling contains,
// best first; equal losses stand in the order of fewer doors, then of fewer large ones. Errors: bad
// figures; ErrTooMany.
func Enumerate(p Problem) ([]Mix, error) {
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("enumerate mixes: %w", err)
	}
	fillings, err := p.fillings(maxMixes)
	if err != nil {
		return nil, fmt.Errorf("enumerate mixes: %w", err)
	}
	return p.rank(fillings)
}

// rank evaluates fillings and sorts them.
func (p Problem) rank(fillings []filling) ([]Mix, error) {
	out := make([]Mix, 0, len(fillings))
	for _, f := range fillings {
		m := Mix{Counts: f.counts, Doors: f.doors, Loss: p.Loss(f.doors), Evaluated: len(fillings), Exact: true}
		if math.IsNaN(m.Loss) {
			return nil, fmt.Errorf("enumerate mixes: the loss of doors %v is not a number", f.doors)
		}
		out = append(out, m)
	}
	slices.SortStableFunc(out, compareMixes)
	return out, nil
}

func compareMixes(a, b Mix) int {
	return cmp.Or(
		cmp.Compare(a.Loss, b.Loss),
		cmp.Compare(a.Doors.Total(), b.Doors.Total()),
		comparePatterns(a.Doors, b.Doors),
	)
}

type filling struct {
	doors  Pattern
	counts [][]int
}

// fillings adds column after column and keeps one filling for each set of doors, without those
// that another contains: whatever is added later, the other one stays at least as good.
func (p Problem) fillings(limit int) ([]filling, error) {
	first := filling{doors: make(Pattern, len(p.Groups[0].Patterns[0]))}
	for _, g := range p.Groups {
		first.counts = append(first.counts, make([]int, len(g.Patterns)))
	}
	all := []filling{first}
	for gi, g := range p.Groups {
		for range g.Columns {
			seen := map[string]bool{}
			var next []filling
			for _, f := range all {
				for pi, q := range g.Patterns {
					doors := f.doors.Plus(q)
					if key := doors.key(); !seen[key] {
						seen[key] = true
						next = append(next, filling{doors: doors, counts: bump(f.counts, gi, pi)})
					}
				}
				if len(next) > limit {
					return nil, ErrTooMany
				}
			}
			all = undominated(next)
		}
	}
	return all, nil
}

func bump(counts [][]int, group, pattern int) [][]int {
	out := slices.Clone(counts)
	out[group] = slices.Clone(out[group])
	out[group][pattern]++
	return out
}

// undominated keeps the fillings whose doors no other one contains. Larger totals come first, so
// that only earlier ones can contain a later one.
func undominated(all []filling) []filling {
	slices.SortStableFunc(all, func(a, b filling) int {
		return cmp.Or(cmp.Compare(b.doors.Total(), a.doors.Total()), comparePatterns(a.doors, b.doors))
	})
	var out []filling
	for _, f := range all {
		if !slices.ContainsFunc(out, func(o filling) bool { return o.doors.Covers(f.doors) }) {
			out = append(out, f)
		}
	}
	return out
}

// SearchOptions tune Search. The zero value is good.
type SearchOptions struct {
	Keep   int // how many different mixes to return at most; 0: 5
	Starts int // starting points; 0: 6
	Kicks  int // times that the best mix is shaken and improved again; 0: 40
	Max    int // evaluations at most; 0: 20,000
	// From is how many columns of each pattern a filling has, by group, from which to start instead of
	// from points of the search's own: one that is good for nearly the same columns.
	From [][]int
	Seed uint64
}

func (o SearchOptions) orDefault() SearchOptions {
	o.Keep = cmp.Or(o.Keep, 5)
	o.Starts = cmp.Or(o.Starts, 6)
	o.Kicks = cmp.Or(o.Kicks, 40)
	o.Max = cmp.Or(o.Max, 20_000)
	return o
}

// Best returns the best mixes, best first: by enumeration while that costs little, else by Search.
// Errors: bad figures; the context's.
func Best(ctx context.Context, p Problem, o SearchOptions) ([]Mix, error) {
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("find the best mix: %w", err)
	}
	o = o.orDefault()
	if small, err := p.fillings(maxExact); err == nil {
		all, err := p.rank(small)
		if err != nil {
			return nil, err
		}
		return all[:min(o.Keep, len(all))], nil
	}
	return Search(ctx, p, o)
}

// Search is local search by exchange: from several starting points it replaces one column by
// another pattern, or two at once when no single exchange helps, as long as the loss falls. Then it
// shakes the best filling a few times and improves it again, which leaves the flat places of a
// worst-class target. It returns the best mixes that it met, best first; the seed makes it
// repeatable. Errors: bad figures; the context's.
//
// Source: exchange search found every certified optimum in arXiv 2607.01489; the tests here compare
// it with Enumerate.
func Search(ctx context.Context, p Problem, o SearchOptions) ([]Mix, error) {
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("search for the best mix: %w", err)
	}
	if err := p.checkFrom(o.From); err != nil {
		return nil, fmt.Errorf("search for the best mix: %w", err)
	}
	s := newSearcher(p, o.orDefault())
	for _, start := range s.startings() {
		if err := s.descend(ctx, start); err != nil {
			return nil, fmt.Errorf("search for the best mix: %w", err)
		}
	}
	r := rand.New(rand.NewPCG(s.options.Seed, uint64(len(s.moves))))
	for range s.options.Kicks {
		if len(s.top) == 0 || len(s.losses) >= s.options.Max {
			break
		}
		if err := s.descend(ctx, s.shake(r)); err != nil {
			return nil, fmt.Errorf("search for the best mix: %w", err)
		}
	}
	return s.best(), nil
}

// tally is a mix of doors as a map key.
type tally [maxSizes]int32

func (p Pattern) tally() (t tally) {
	for i, n := range p {
		t[i] = int32(n)
	}
	return t
}

func (t *tally) add(d *tally) {
	for i := range t {
		t[i] += d[i]
	}
}

// searcher holds what one search has seen.
type searcher struct {
	problem Problem
	options SearchOptions
	sizes   int
	moves   []exchange
	losses  map[tally]float64
	top     []Mix // the best different mixes so far, best first
}

// exchange replaces one column of a group by another pattern.
type exchange struct {
	group, from, to int
	change          tally // of the doors
}

func newSearcher(p Problem, o SearchOptions) *searcher {
	s := &searcher{problem: p, options: o, sizes: len(p.Groups[0].Patterns[0]), losses: map[tally]float64{}}
	for gi, g := range p.Groups {
		if g.Columns == 0 {
			continue
		}
		for from, a := range g.Patterns {
			for to, b := range g.Patterns {
				if from == to {
					continue
				}
				m := exchange{group: gi, from: from, to: to}
				for i := range a {
					m.change[i] = int32(b[i] - a[i])
				}
				if m.change != (tally{}) {
					s.moves = append(s.moves, m)
				}
			}
		}
	}
	return s
}

// checkFrom says whether a filling belongs to the problem; none does.
func (p Problem) checkFrom(from [][]int) error {
	if from == nil {
		return nil
	}
	if len(from) != len(p.Groups) {
		return fmt.Errorf("a start of %d kinds of column for %d", len(from), len(p.Groups))
	}
	for i, g := range p.Groups {
		columns := 0
		for _, n := range from[i] {
			if n < 0 {
				return fmt.Errorf("a start with %d columns of a pattern", n)
			}
			columns += n
		}
		if len(from[i]) != len(g.Patterns) || columns != g.Columns {
			return fmt.Errorf("a start of %d columns in %d patterns for %d columns in %d", columns, len(from[i]), g.Columns, len(g.Patterns))
		}
	}
	return nil
}

// startings lists the starting points.
func (s *searcher) startings() [][][]int {
	if s.options.From != nil {
		return [][][]int{apply(s.options.From)}
	}
	var out [][][]int
	for n := range s.options.Starts {
		out = append(out, s.start(n))
	}
	return out
}

// start spreads the starting points: all columns of one pattern, then mixtures of patterns that
// stand apart in the list.
func (s *searcher) start(n int) [][]int {
	counts := make([][]int, len(s.problem.Groups))
	for gi, g := range s.problem.Groups {
		counts[gi] = make([]int, len(g.Patterns))
		for c := range g.Columns {
			stride := 1 + n*(len(g.Patterns)-1)/max(s.options.Starts-1, 1)
			counts[gi][(n+c*stride)%len(g.Patterns)]++
		}
	}
	return counts
}

// shake exchanges two to four columns of one of the best fillings.
func (s *searcher) shake(r *rand.Rand) [][]int {
	counts := apply(s.top[r.IntN(min(2, len(s.top)))].Counts)
	for todo, tries := 2+r.IntN(3), 0; len(s.moves) > 0 && todo > 0 && tries < 1000; tries++ {
		if m := s.moves[r.IntN(len(s.moves))]; counts[m.group][m.from] > 0 {
			counts = apply(counts, m)
			todo--
		}
	}
	return counts
}

func (s *searcher) doors(counts [][]int) Pattern {
	doors := make(Pattern, s.sizes)
	for gi, g := range s.problem.Groups {
		for pi, n := range counts[gi] {
			for i, k := range g.Patterns[pi] {
				doors[i] += n * k
			}
		}
	}
	return doors
}

// loss asks once for each mix of doors; columns that make the same doors are the same mix. counts
// with moves make the doors.
func (s *searcher) loss(doors *tally, counts [][]int, moves ...exchange) float64 {
	if l, ok := s.losses[*doors]; ok {
		return l
	}
	if len(s.losses) >= s.options.Max {
		return math.Inf(1)
	}
	mix := make(Pattern, s.sizes)
	for i := range mix {
		mix[i] = int(doors[i])
	}
	l := s.problem.Loss(mix)
	if math.IsNaN(l) {
		l = math.Inf(1)
	}
	s.losses[*doors] = l
	m := Mix{Doors: mix, Loss: l}
	if at, _ := slices.BinarySearchFunc(s.top, m, compareMixes); at < s.options.Keep {
		m.Counts = apply(counts, moves...)
		s.top = slices.Insert(s.top, at, m)
		s.top = s.top[:min(len(s.top), s.options.Keep)]
	}
	return l
}

func (s *searcher) descend(ctx context.Context, counts [][]int) error {
	doors := s.doors(counts).tally()
	at := s.loss(&doors, counts)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		moves := s.single(counts, doors, at)
		if len(moves) == 0 {
			moves = s.double(ctx, counts, doors, at)
		}
		if len(moves) == 0 {
			return ctx.Err()
		}
		counts = apply(counts, moves...)
		for _, m := range moves {
			doors.add(&m.change)
		}
		at = s.loss(&doors, counts)
	}
}

// better is a clear improvement: rounding must not keep a search going round.
func better(loss, than float64) bool { return loss < than-1e-12*math.Abs(than) }

// single finds the best single exchange that helps.
func (s *searcher) single(counts [][]int, doors tally, at float64) []exchange {
	best, move := at, -1
	for i := range s.moves {
		m := &s.moves[i]
		if counts[m.group][m.from] == 0 {
			continue
		}
		next := doors
		next.add(&m.change)
		if loss := s.loss(&next, counts, *m); better(loss, best) {
			best, move = loss, i
		}
	}
	if move < 0 {
		return nil
	}
	return []exchange{s.moves[move]}
}

// double finds the first pair of exchanges that helps.
func (s *searcher) double(ctx context.Context, counts [][]int, doors tally, at float64) []exchange {
	tries := 0
	for i := range s.moves {
		a := &s.moves[i]
		if counts[a.group][a.from] == 0 {
			continue
		}
		if ctx.Err() != nil || len(s.losses) >= s.options.Max || tries > maxTries {
			return nil
		}
		half := doors
		half.add(&a.change)
		for j := range s.moves[i:] {
			b := &s.moves[i+j]
			left := counts[b.group][b.from]
			if b.group == a.group && b.from == a.from {
				left--
			}
			if left <= 0 {
				continue
			}
			tries++
			next := half
			next.add(&b.change)
			if loss := s.loss(&next, counts, *a, *b); better(loss, at) {
				return []exchange{*a, *b}
			}
		}
	}
	return nil
}

func apply(counts [][]int, moves ...exchange) [][]int {
	out := make([][]int, len(counts))
	for i, c := range counts {
		out[i] = slices.Clone(c)
	}
	for _, m := range moves {
		out[m.group][m.from]--
		out[m.group][m.to]++
	}
	return out
}

func (s *searcher) best() []Mix {
	for i := range s.top {
		s.top[i].Evaluated = len(s.losses)
	}
	return s.top
}
