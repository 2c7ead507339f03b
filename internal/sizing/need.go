package sizing

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"cubby/internal/sizing/mix"
)

// need is the bank that a demand asks for, wherever it stands.
type need struct {
	bank   pick
	held   bool    // the simulation finds that it holds the target
	screen float64 // what the screen says of a bank that just holds it
	model  *model  // with the correction that belongs to screen
}

// need returns the bank that holds the target in the simulation, were there wall enough: the chosen
// one where that holds it, else one that is decided in the same way without walls.
func (s *solver) need(ctx context.Context) (need, error) {
	if s.asked != nil {
		return *s.asked, nil
	}
	n, err := s.freeNeed(ctx)
	s.asked = &n
	return n, err
}

func (s *solver) freeNeed(ctx context.Context) (need, error) {
	if s.judged.loss <= s.target || len(s.problem.Site.Walls) == 0 {
		return s.needed(s.near[0]), nil
	}
	p := s.problem.clone()
	p.Site.Walls = nil
	free := *s
	m := *s.model
	m.problem, m.correction = p, 1
	free.problem, free.model, free.most, free.screen = p, &m, maxSearched, s.firstScreen()
	free.options.Progress = nil // it stands where this one stands
	free.search = newSearcher(&m, s.stock, true, s.options.Workers)
	if err := free.decide(ctx); err != nil {
		return need{}, fmt.Errorf("bank without walls: %w", err)
	}
	if err := free.lookLonger(ctx); err != nil {
		return need{}, fmt.Errorf("bank without walls: %w", err)
	}
	s.answer.Work = free.answer.Work
	s.search.screened += free.search.screened
	return free.needed(nil), nil
}

// lookLonger simulates more years of a bank that was decided in few years, and adds modules while it does not hold.
func (s *solver) lookLonger(ctx context.Context) error {
	if s.judged.loss > s.target {
		return nil // more modules did not help
	}
	for settling := range maxSettling {
		results, err := s.simulate(ctx, s.withBanks([][]int{s.chosen.doors}), s.options.Budget)
		if err != nil {
			return err
		}
		s.judged = s.judge(results[0])
		if s.judged.loss <= s.target || settling == maxSettling-1 {
			return nil
		}
		if s.chosen, err = s.pickSize(ctx, len(s.chosen.modules)+1); err != nil {
			return err
		}
	}
	return nil
}

// needed is the chosen bank as a need. What the screen says at the target lies between the chosen
// bank and the next smaller one, which does not hold it.
func (s *solver) needed(smaller *Alternative) need {
	n := need{bank: s.chosen, held: s.judged.loss <= s.target, screen: s.screen, model: s.model}
	if !n.held || s.judged.loss == 0 {
		return n
	}
	n.screen = s.model.screenLoss(s.chosen.doors) * s.target / s.judged.loss
	if smaller != nil {
		have := s.model.screenLoss(s.chosen.doors)
		n.screen = math.Max(math.Min(n.screen, math.Sqrt(have*s.model.screenLoss(doorsOf(smaller.Mix)))), have)
	}
	return n
}

// under returns what the screen may say of a bank that just holds the target under a moved demand. A
// day is lost with its first parcel, so twice the parcels may lose half the share.
func (n need) under(m *model) float64 {
	if m.problem.Policy.Target.Measure == Days && m.weekly > 0 {
		return n.screen * n.model.weekly / m.weekly
	}
	return n.screen
}

// moved is the model of a changed problem, corrected as the need is.
func (s *solver) moved(n need, p Problem) (*model, error) {
	m, err := newModel(p, s.model.home)
	if err != nil {
		return nil, err
	}
	m.correction = n.model.correction
	return m, nil
}

// least is the smallest bank in a row that the screen finds as good as the need, divided anew for the
// model's demand. It starts from the need's own division, made larger or smaller.
func (s *solver) least(ctx context.Context, n need, m *model) (pick, error) {
	search := newSearcher(m, s.stock, true, 1)
	search.options.Kicks, search.options.Max = 1, 1500 // a dozen of these have to be done within the second
	limit, have := n.under(m), max(len(n.bank.modules), 1)
	at := func(modules int) (pick, bool, error) {
		search.options.From = s.stock.scaled(n.bank, modules)
		found, _, err := search.row(ctx, modules)
		if err != nil {
			return pick{}, false, fmt.Errorf("bank of %d modules: %w", modules, err)
		}
		return found[0], found[0].loss <= limit, nil
	}
	doors := n.bank.doors.Total()
	low, high := 1, maxRatio*max(doors, 10)
	for low < high {
		middle := (low + high) / 2
		if m.screenLoss(mix.Proportional(n.bank.doors, middle)) <= limit {
			high = middle
		} else {
			low = middle + 1
		}
	}
	modules := min(max(int(math.Ceil(float64(low*have)/float64(max(doors, 1)))), 1), maxSearched)
	found, enough, err := at(modules)
	for err == nil && !enough && modules < maxSearched {
		modules += max(modules/longStep, 1)
		found, enough, err = at(modules)
	}
	for err == nil && enough && modules > 1 {
		var smaller pick
		if smaller, enough, err = at(modules - 1); enough {
			found, modules = smaller, modules-1
		}
	}
	if err == nil && modules >= have && m.screenLoss(n.bank.doors) <= limit {
		return n.bank, nil // it stays as it is
	}
	return found, err
}

// maxRatio is how many times the doors of a need a moved demand asks for at most.
const maxRatio = 20

// giveWall says how much more wall would do.
func (s *solver) giveWall(n need, add func(Reason)) {
	doors, have := n.bank.doors.Total(), s.chosen.doors.Total()
	more := s.stock.width(n.bank) - s.stock.width(s.chosen)
	if !n.held || more <= 0 {
		return
	}
	add(reason("more_wall", fmt.Sprintf("about %d doors would hold the target; %d fit: %d mm more wall would do", doors, have, more),
		measured(float64(doors), "doors"), measured(float64(have), "doors"), measured(float64(more), "mm")))
}

// scaled is a filling of so many modules that is divided about as a bank is.
func (s *stock) scaled(p pick, modules int) [][]int {
	var out [][]int
	columns := []int{1, modules - 1}
	for i, list := range [][]int{s.screens, s.plain}[:len(s.groups(modules))] {
		counts := make([]int, len(list))
		for _, m := range p.modules {
			if at := slices.Index(list, m); at >= 0 {
				counts[at]++
			}
		}
		if !slices.ContainsFunc(counts, func(n int) bool { return n > 0 }) {
			counts[0] = 1
		}
		out = append(out, mix.Proportional(counts, columns[i]))
	}
	return out
}

func (s *stock) width(p pick) int {
	width := 0
	for _, at := range p.modules {
		width += s.modules[at].WidthMM
	}
	return width
}

// way is a figure that could give instead of the wall.
type way struct {
	code, text, unit string
	from, least      float64
	set              func(p *Problem, v float64)
}

// nearly all of a figure is no advice to change it.
const nearly = 0.98

// giveWay looks for the hold and for the rate with which the same walls would be enough, divided as that
// demand wants it. The screen proposes, the simulation confirms.
func (s *solver) giveWay(ctx context.Context, n need, add func(Reason)) error {
	p := s.problem
	for _, w := range []way{
		{
			"shorter_hold", "parcels taken out after %s days instead of %s would do", "days", p.Policy.Hold.Mid, 0.5,
			func(p *Problem, v float64) { p.Policy.Hold = p.Policy.Hold.Only(v) },
		},
		{
			"fewer_parcels", "%s parcels per unit and week instead of %s would do", "parcels per unit and week", p.Demand.Rate.Mid, 0,
			func(p *Problem, v float64) { p.Demand.Rate = p.Demand.Rate.Only(v) },
		},
	} {
		v, err := s.greatest(ctx, n, w)
		if err != nil {
			return err
		}
		if v > w.least && v < nearly*w.from {
			add(reason(w.code, fmt.Sprintf(w.text, number(v), number(w.from)), measured(v, w.unit), measured(w.from, w.unit)))
		}
	}
	return nil
}

// Limits of the search for a figure that gives.
const (
	wayHalvings = 7    // of the range, by the screen
	wayLooks    = 4    // simulations that correct it
	wayNear     = 0.6  // of the target: closer is not looked for
	wayAim      = 0.93 // of the target: other parcels may lose a little more
	wayPower    = 0.25 // the loss grows at least with the fourth power of a figure near the target
)

// greatest is the greatest value of a way, to two digits, at which the walls hold the target in the
// simulation; 0 when none was found.
func (s *solver) greatest(ctx context.Context, n need, w way) (float64, error) {
	best, last, most := 0.0, w.from, w.from
	for range wayLooks {
		v, err := s.screened(ctx, n, w, most)
		if err != nil || v <= w.least || v <= best {
			return best, err
		}
		v = math.Floor(v*100) / 100
		judged, err := s.lookAt(ctx, n, w, v)
		if err != nil {
			return best, err
		}
		if judged.loss <= wayAim*s.target {
			if best = v; judged.loss >= wayNear*s.target || v >= nearly*w.from {
				return best, nil
			}
			most = (best + last) / 2
			n.screen *= math.Min(s.target/math.Max(judged.loss, s.target/3), 2)
			continue
		}
		last, most = v, math.Max(v*math.Pow(s.target/judged.loss, wayPower), (best+v)/2)
		n.screen *= math.Max(s.target/judged.loss, 0.2)
	}
	return best, nil
}

// screened is the greatest value of a way up to most at which the screen finds the walls enough.
func (s *solver) screened(ctx context.Context, n need, w way, most float64) (float64, error) {
	low, high := w.least, most
	for range wayHalvings {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		middle := (low + high) / 2
		found, limit, err := s.filled(ctx, n, w, middle)
		if err != nil {
			return 0, err
		}
		if found.loss <= limit {
			low = middle
		} else {
			high = middle
		}
	}
	return low, nil
}

// filled is the best bank along the walls at a value of a way, and what the screen may say of it.
func (s *solver) filled(ctx context.Context, n need, w way, v float64) (pick, float64, error) {
	m, err := s.movedWay(n, w, v)
	if err != nil {
		return pick{}, 0, err
	}
	search := newSearcher(m, s.stock, true, s.options.Workers)
	find := search.fill
	if s.stock.uniform() {
		find = search.row // what stands in a row stands along walls that take as many
	}
	picks, _, err := find(ctx, s.most)
	if err == nil && len(picks) == 0 {
		err = errors.New("no mix found")
	}
	if err != nil {
		return pick{}, 0, fmt.Errorf("%s of %s: %w", w.code, number(v), err)
	}
	return picks[0], n.under(m), nil
}

func (s *solver) movedWay(n need, w way, v float64) (*model, error) {
	p := s.problem.clone()
	w.set(&p, v)
	m, err := s.moved(n, p)
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", w.code, number(v), err)
	}
	return m, nil
}

// lookAt simulates the best bank along the walls at a value of a way.
func (s *solver) lookAt(ctx context.Context, n need, w way, v float64) (verdict, error) {
	found, _, err := s.filled(ctx, n, w, v)
	if err != nil {
		return verdict{}, err
	}
	moved := *s
	if moved.model, err = s.movedWay(n, w, v); err != nil {
		return verdict{}, err
	}
	moved.problem = moved.model.problem
	years := min(max(2*s.years(), quickBudget), s.options.Budget)
	results, err := moved.simulate(ctx, moved.withBanks([][]int{found.doors}), years)
	if err != nil {
		return verdict{}, err
	}
	s.answer.Work = moved.answer.Work
	return moved.judge(results[0]), nil
}

// doorsOf returns the doors of a mix in the order of the size classes.
func doorsOf(doors []DoorCount) mix.Pattern {
	out := make(mix.Pattern, len(doors))
	for i, c := range doors {
		out[i] = c.Doors
	}
	return out
}
