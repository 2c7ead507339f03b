package sizing

import (
	"cmp"
	"context"
	"errors"
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

	target  float64 // share lost at most
	screen  float64 // what the screen may say when the simulation says target
	most    int     // modules that fit the walls; maxSearched without walls
	chosen  pick    // lockers of the recommended size, or the most that fit
	judged  verdict // of chosen
	refused error   // why no module stands anywhere
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
		target: p.Policy.Target.Loss.Mid / 100,
	}
	s.answer = Answer{
		Problem: p, Seed: o.Seed, Quick: o.Quick, Demand: m.result(), Rests: p.Basis(), Warnings: stock.notes,
	}
	s.screen = s.target
	if p.Policy.Target.Measure == Days {
		// A day is lost with its first parcel; how far losses cluster shows in the simulation.
		s.screen = s.target / math.Max(math.Sqrt(s.answer.Demand.ParcelsPerDay), 1)
	}
	if s.answer.Bracket, err = m.bracket(); err != nil {
		return nil, err
	}
	return s, nil
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
	if lockers {
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

// years is how long banks are simulated that are compared with each other only to decide.
func (s *solver) years() int {
	if s.options.Quick {
		return min(quickDecide, s.options.Budget)
	}
	return min(decideYears, s.options.Budget)
}

// decide finds the smallest bank that holds the target in the simulation. The screen says where to
// look; what the simulation says of the first bank corrects it.
func (s *solver) decide(ctx context.Context) error {
	low, high := s.search.guess(s.answer.Bracket)
	low, high = min(low, s.most), min(high, s.most)
	s.progress(StageSearch, 0.05)
	n, err := s.search.least(ctx, low, high, s.screen)
	if err != nil && !errors.Is(err, errTooSmall) {
		return err
	}
	first, judged, err := s.try(ctx, n)
	if err != nil {
		return err
	}
	s.correct(first, judged)
	s.progress(StageSearch, 0.2)
	if n, err = s.search.least(ctx, low, high, s.screen); err != nil && !errors.Is(err, errTooSmall) {
		return err
	}
	s.progress(StageDecide, 0.3)
	return s.walk(ctx, n)
}

// try simulates the best mix of n modules.
func (s *solver) try(ctx context.Context, n int) (pick, verdict, error) {
	picks, err := s.search.best(ctx, n)
	if err != nil {
		return pick{}, verdict{}, err
	}
	p := picks[0]
	results, err := s.simulate(ctx, s.model.scenario, [][]int{p.doors}, s.years())
	if err != nil {
		return pick{}, verdict{}, err
	}
	return p, s.judge(results[0]), nil
}

// walk goes from n to the smallest bank that holds the target, one module at a time.
func (s *solver) walk(ctx context.Context, n int) error {
	const most = 40 // steps; the corrected screen is a few off at most
	p, v, err := s.try(ctx, n)
	for range most {
		if err != nil {
			return err
		}
		switch {
		case v.loss <= s.target && n == 1, v.loss > s.target && n >= s.most:
			s.chosen, s.judged = p, v
			return nil
		case v.loss <= s.target:
			smaller, below, err := s.try(ctx, n-1)
			if err != nil {
				return err
			}
			if below.loss > s.target {
				s.chosen, s.judged = p, v
				return s.rank(ctx, n)
			}
			n, p, v = n-1, smaller, below
		default:
			n++
			var up verdict
			if p, up, err = s.try(ctx, n); err != nil {
				return err
			}
			if v = up; v.loss <= s.target {
				s.chosen, s.judged = p, v
				return s.rank(ctx, n)
			}
		}
	}
	s.chosen, s.judged = p, v
	return nil
}

// rank simulates the best few picks of n modules side by side and takes the one that loses least.
func (s *solver) rank(ctx context.Context, n int) error {
	picks, err := s.search.best(ctx, n)
	if err != nil || len(picks) < 2 {
		return err
	}
	banks := make([][]int, len(picks))
	for i, m := range picks {
		banks[i] = m.doors
	}
	results, err := s.simulate(ctx, s.model.scenario, banks, s.years())
	if err != nil {
		return err
	}
	for i, r := range results {
		if v := s.judge(r); v.loss < s.judged.loss {
			s.chosen, s.judged = picks[i], v
		}
	}
	return nil
}

// correct makes the screen agree with the simulation of one bank: loads are multiplied so that the
// total loss is the same, and the target becomes what the screen says at it.
func (s *solver) correct(p pick, v verdict) {
	if v.total > 0 && v.total < 1 {
		low, high := 0.5, 2.0
		for range 40 {
			s.model.correction = (low + high) / 2
			if _, total := s.model.screenClasses(p.doors, s.model.levels()); total < v.total {
				low = s.model.correction
			} else {
				high = s.model.correction
			}
		}
	}
	if v.loss > 0 {
		// The measure moves with the screen: what is twice too much here is twice too much there.
		s.screen = math.Min(s.model.screenLoss(p.doors)*s.target/v.loss, 0.5)
	}
	s.search.forget()
}

// pickSize returns the best mix of n modules.
func (s *solver) pickSize(ctx context.Context, n int) (pick, error) {
	picks, err := s.search.best(ctx, n)
	if err != nil {
		return pick{}, err
	}
	return picks[0], nil
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
		hybrid, err := s.hybrid(ctx)
		if err != nil {
			return err
		}
		if hybrid != nil {
			alternatives = append(alternatives, *hybrid)
		}
	}
	room, err := s.openRoom()
	if err != nil {
		return err
	}
	offSite, err := s.offSite()
	if err != nil {
		return err
	}
	s.progress(StageCompare, 0.75)
	if lockers {
		if err := s.rules(ctx); err != nil {
			return err
		}
	}
	s.choose(append(alternatives, room, offSite))
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
	s.why()
}

// money writes minor units as the currency.
func money(minor int64, currency string) Figure {
	return figure.Of(float64(minor)/100, computed).In(currency)
}
