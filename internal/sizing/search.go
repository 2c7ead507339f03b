package sizing

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"cubby/internal/sizing/fit"
	"cubby/internal/sizing/mix"
)

// maxSearched bounds a bank in modules: more stand in no building.
const maxSearched = 1000

// searcher finds the best mixes of doors for a number of modules by the screen, each number once.
type searcher struct {
	model   *model
	stock   *stock
	options mix.SearchOptions
	workers int

	mu       sync.Mutex
	found    map[int][]pick // modules => best mixes
	screened int
}

func newSearcher(m *model, s *stock, quick bool, workers int) *searcher {
	o := mix.SearchOptions{Keep: 3, Starts: 3, Kicks: 12, Max: 6_000}
	if quick {
		o = mix.SearchOptions{Keep: 1, Starts: 1, Kicks: 4, Max: 2_000}
	}
	return &searcher{model: m, stock: s, options: o, workers: workers, found: map[int][]pick{}}
}

func (s *searcher) loss(doors mix.Pattern) float64 { return s.model.screenLoss(doors) }

// best returns the best mixes of n modules: along the walls, or in one row where there are none.
func (s *searcher) best(ctx context.Context, n int) ([]pick, error) {
	s.mu.Lock()
	known, ok := s.found[n]
	s.mu.Unlock()
	if ok {
		return known, nil
	}
	find := s.row
	if s.walls() {
		find = s.fill
	}
	picks, evaluated, err := find(ctx, n)
	if err != nil {
		return nil, fmt.Errorf("search %d modules: %w", n, err)
	}
	if len(picks) == 0 {
		return nil, fmt.Errorf("search %d modules: no mix found", n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found[n] = picks
	s.screened += evaluated
	return picks, nil
}

func (s *searcher) walls() bool { return len(s.model.problem.Site.Walls) > 0 }

// rough returns the screen's loss of about the best mix of n modules. Walls do not matter to it where
// all modules are equally wide: what stands in a row then stands along walls that take n of them.
func (s *searcher) rough(ctx context.Context, n int) (float64, error) {
	if s.walls() && s.stock.uniform() {
		picks, evaluated, err := s.row(ctx, n)
		if err != nil {
			return 0, fmt.Errorf("search %d modules: %w", n, err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.screened += evaluated
		return picks[0].loss, nil
	}
	picks, err := s.best(ctx, n)
	if err != nil {
		return 0, err
	}
	return picks[0].loss, nil
}

// row searches mixes of n modules side by side.
func (s *searcher) row(ctx context.Context, n int) ([]pick, int, error) {
	mixes, err := mix.Search(ctx, mix.Problem{Groups: s.stock.groups(n), Loss: s.loss}, s.options)
	if err != nil {
		return nil, 0, err
	}
	picks := make([]pick, len(mixes))
	evaluated := 0
	for i, m := range mixes {
		picks[i] = s.stock.pickOf(m)
		evaluated = m.Evaluated
	}
	return picks, evaluated, nil
}

// fill searches mixes of at most n modules along the walls. A number of 0 takes as many as fit.
func (s *searcher) fill(ctx context.Context, n int) ([]pick, int, error) {
	modules, which := s.stock.shapes, []int(nil)
	o := fit.FillOptions{MaxColumns: n, Keep: s.options.Keep, Search: s.options}
	if s.stock.kiosk {
		if o.MaxColumns = n - 1; n == 1 {
			o.MaxColumns = 0
			modules, which = s.stock.kiosks() // the screen's module alone
		} else if n == 0 {
			o.MaxColumns = 0
		}
	}
	plans, err := fit.Fill(ctx, s.stock.site, modules, s.loss, o)
	if err != nil {
		return nil, 0, err
	}
	picks := make([]pick, len(plans))
	for i, plan := range plans {
		picks[i] = pick{doors: plan.Doors, loss: plan.Loss, plan: &plan, which: which}
		for at, count := range plan.Modules {
			if which != nil {
				at = which[at]
			}
			for range count {
				picks[i].modules = append(picks[i].modules, at)
			}
		}
	}
	return picks, 0, nil
}

// forget drops what was found, after the screen has been corrected.
func (s *searcher) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found = map[int][]pick{}
}

// errTooSmall says that no number of modules holds the target by the screen.
var errTooSmall = errors.New("no bank of a size that could be built holds the target")

// least returns the smallest number of modules between low and high that holds a loss by the
// screen. Several numbers are tried at once: the loss falls with the modules.
func (s *searcher) least(ctx context.Context, low, high int, loss float64) (int, error) {
	for low < high {
		tries := probes(low, high, s.workers)
		holds := make([]bool, len(tries))
		errs := make([]error, len(tries))
		var wait sync.WaitGroup
		for i, n := range tries {
			wait.Go(func() {
				rough, err := s.rough(ctx, n)
				errs[i] = err
				holds[i] = err == nil && rough <= loss
			})
		}
		wait.Wait()
		if err := errors.Join(errs...); err != nil {
			return 0, err
		}
		for i, n := range tries {
			if holds[i] {
				high = n
				break
			}
			low = n + 1
		}
	}
	rough, err := s.rough(ctx, low)
	if err != nil {
		return 0, err
	}
	if rough > loss {
		return low, errTooSmall
	}
	return low, nil
}

// leastNear is least where the answer is likely near a number: it looks there first.
func (s *searcher) leastNear(ctx context.Context, near, low, high int, loss float64) (int, error) {
	const part = 8
	from, to := max(low, near-near/part-1), min(high, near+near/part+1)
	n, err := s.least(ctx, from, to, loss)
	if errors.Is(err, errTooSmall) && to < high {
		return s.least(ctx, to+1, high, loss)
	}
	if err == nil && n == from && from > low {
		return s.least(ctx, low, from, loss)
	}
	return n, err
}

// probes divides low to high, the last excluded, into equal parts.
func probes(low, high, workers int) []int {
	n := min(workers, high-low)
	var out []int
	for i := range n {
		at := low + (high-low)*(i+1)/(n+1)
		if len(out) == 0 || out[len(out)-1] < at {
			out = append(out, at)
		}
	}
	return out
}

// guess brackets the number of modules by their mean doors and the doors that formulas ask for.
func (s *searcher) guess(b Bracket) (low, high int) {
	doors, count := 0, 0
	for _, d := range s.stock.doors {
		doors += d.Total()
		count++
	}
	each := max(float64(doors)/float64(max(count, 1)), 1)
	low = max(int(float64(b.MeanLoad)/each/3), 1)
	high = min(int(float64(b.PeakLoad)/each*2.5)+4, maxSearched)
	return min(low, high), high
}
