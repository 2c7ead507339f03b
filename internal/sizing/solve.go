package sizing

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"cubby/internal/sizing/figure"
)

// Limits and defaults of Solve.
const (
	maxWorkers    = 64
	defaultBudget = 60
	quickBudget   = 16
	maxBudget     = 10_000
	decideYears   = 16 // simulated to decide between neighbours
	quickDecide   = 6
)

// Solve answers a problem. It validates the problem first and returns its *FieldErrors joined. It
// returns the context's error when that ends first. A problem that nothing holds is no error: the
// answer then says what would have to give.
//
// The same problem, seed and options give the same answer on every machine and for any number of
// workers.
func Solve(ctx context.Context, p Problem, o Options) (Answer, error) {
	if err := p.Validate(); err != nil {
		return Answer{}, err
	}
	o, err := o.complete()
	if err != nil {
		return Answer{}, err
	}
	s, err := newSolver(p.WithUnits(), o)
	if err != nil {
		return Answer{}, err
	}
	if err := s.solve(ctx); err != nil {
		return Answer{}, err
	}
	return s.answer, nil
}

func (o Options) complete() (Options, error) {
	if o.Workers < 0 || o.Workers > maxWorkers {
		return o, fmt.Errorf("%d workers: want 0 to %d", o.Workers, maxWorkers)
	}
	if o.Budget < 0 || o.Budget > maxBudget {
		return o, fmt.Errorf("a budget of %d years: want 0 to %d", o.Budget, maxBudget)
	}
	o.Workers = cmp.Or(o.Workers, 2)
	if o.Budget == 0 {
		o.Budget = defaultBudget
		if o.Quick {
			o.Budget = quickBudget
		}
	}
	return o, nil
}

// solver works on one answer.
type solver struct {
	problem Problem
	options Options
	model   *model
	stock   *stock
	search  *searcher
	answer  Answer

	target  float64         // share lost at most
	screen  float64         // what the screen may say when the simulation says target
	most    int             // modules that fit the walls; maxSearched without walls
	chosen  pick            // lockers of the recommended size, or the most that fit
	judged  verdict         // of chosen
	refused error           // why no module stands anywhere
	near    [2]*Alternative // lockers with a module less and more than chosen
	stands  map[Kind]stand  // of the alternatives with a room
	asked   *need           // what the demand asks for, once it is known
}

func newSolver(p Problem, o Options) (*solver, error) {
	stock, err := newStock(p)
	if err != nil {
		return nil, err
	}
	m, err := newModel(p, stock.home)
	if err != nil {
		return nil, err
	}
	alone, err := m.alone()
	if err != nil {
		return nil, err
	}
	stock.focus(alone)
	s := &solver{
		problem: p, options: o, model: m, stock: stock, search: newSearcher(m, stock, o.Quick, o.Workers),
		target: p.Policy.Target.Loss.Mid / 100, stands: map[Kind]stand{},
	}
	s.answer = Answer{
		Problem: p, Seed: o.Seed, Quick: o.Quick, Demand: m.result(), Rests: p.Basis(), Warnings: stock.notes,
	}
	s.screen = s.firstScreen()
	if s.answer.Bracket, err = m.bracket(); err != nil {
		return nil, err
	}
	return s, nil
}

// firstScreen is what the screen may say before a simulation has corrected it. A day is lost with its
// first parcel; how far losses cluster shows in the simulation.
func (s *solver) firstScreen() float64 {
	if s.problem.Policy.Target.Measure == Days {
		return s.target / math.Max(math.Sqrt(s.answer.Demand.ParcelsPerDay), 1)
	}
	return s.target
}

func (s *solver) progress(stage Stage, done float64) {
	if s.options.Progress != nil {
		s.options.Progress(Progress{Stage: stage, Done: done})
	}
}

func (s *solver) solve(ctx context.Context) error {
	s.progress(StageScreen, 0)
	if err := s.room(ctx); err != nil {
		return err
	}
	lockers := s.most > 0
	if lockers {
		if err := s.decide(ctx); err != nil {
			return err
		}
	} else {
		s.chosen.doors = make([]int, len(s.problem.Sizes))
	}
	s.progress(StageCompare, 0.5)
	if err := s.compare(ctx, lockers); err != nil {
		return err
	}
	s.progress(StageSensitivity, 0.85)
	if lockers && !s.options.Brief {
		if err := s.sensitivity(ctx); err != nil {
			return err
		}
	}
	s.answer.Work.Screened += s.search.screened
	s.progress(StageSensitivity, 1)
	return nil
}

// room finds how many modules the walls take.
func (s *solver) room(ctx context.Context) error {
	s.most = maxSearched
	if len(s.stock.modules) == 0 {
		s.most = 0
		return nil
	}
	if len(s.problem.Site.Walls) == 0 {
		return nil
	}
	picks, _, err := s.search.fill(ctx, 0)
	if _, none := nothingStands(err); none {
		s.most, s.refused = 0, err
		return nil
	}
	if err != nil {
		return fmt.Errorf("fill the walls: %w", err)
	}
	s.most = len(picks[0].modules)
	return nil
}

// manyParcels is a week's parcels from which fewer years tell as much.
const manyParcels = 3000

// years is how long banks are simulated that are compared with each other only to decide.
func (s *solver) years() int {
	years, least := float64(decideYears), 4.0
	if s.options.Quick {
		years, least = quickDecide, 3
	}
	years *= min(1, manyParcels/s.model.weekly)
	return min(int(max(years, least)), s.options.Budget)
}

// compare simulates the recommended bank, its neighbours and the rules of thumb over the same
// parcels, builds the alternatives, prices them and chooses.
func (s *solver) compare(ctx context.Context, lockers bool) error {
	var alternatives []Alternative
	if lockers {
		all, err := s.lockers(ctx)
		if err != nil {
			return err
		}
		alternatives = append(alternatives, all)
		s.progress(StageCompare, 0.65)
		if !s.options.Brief || len(s.problem.Site.Rooms) > 0 || s.judged.loss > s.target {
			hybrid, err := s.hybrid(ctx)
			if err != nil {
				return err
			}
			if hybrid != nil {
				alternatives = append(alternatives, *hybrid)
			}
		}
	}
	room, err := s.openRoom(ctx)
	if err != nil {
		return err
	}
	offSite, err := s.offSite()
	if err != nil {
		return err
	}
	s.progress(StageCompare, 0.75)
	if lockers && !s.options.Brief {
		if err := s.rules(ctx); err != nil {
			return err
		}
	}
	s.choose(append(alternatives, room, offSite))
	switch s.answer.Recommended.Kind {
	case Hybrid, OpenRoom:
		if err := s.besides(ctx); err != nil {
			return err
		}
	case Lockers:
		s.answer.Smaller, s.answer.Larger = s.near[0], s.near[1]
	case OffSite:
	}
	s.why()
	if err := s.replay(ctx); err != nil {
		return err
	}
	if s.answer.Feasible {
		return nil
	}
	return s.wouldGive(ctx)
}

// choose recommends the cheapest of lockers and hybrid that fits and holds the target. An open room
// comes next: whoever is in it can take any parcel. What the building does not keep itself comes
// last.
func (s *solver) choose(all []Alternative) {
	rank := func(a Alternative) int {
		switch {
		case !a.Fits || !a.Meets:
			return 3
		case a.Kind == Lockers, a.Kind == Hybrid:
			return 0
		case a.Kind == OpenRoom:
			return 1
		}
		return 2
	}
	order := slices.Clone(all)
	slices.SortStableFunc(order, func(a, b Alternative) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		if rank(a) == 3 { // nothing holds: lockers in the walls that there are, as the best known
			return 0
		}
		return cmp.Compare(a.Cost.Present.Mid, b.Cost.Present.Mid)
	})
	s.answer.Recommended, s.answer.Others = order[0], order[1:]
	s.answer.Feasible = rank(order[0]) < 2
	if !s.answer.Feasible && len(all) > 0 {
		s.answer.Recommended, s.answer.Others = all[0], all[1:]
	}
}

// money writes minor units as the currency.
func money(minor int64, currency string) Figure {
	return figure.Of(float64(minor)/100, computed).In(currency)
}
