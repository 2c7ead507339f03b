package sizing

import (
	"context"
	"errors"
	"math"
)

// Limits on the walk from where the screen points to the smallest bank that holds.
const (
	maxSteps    = 60   // simulated banks in one direction
	farOff      = 1.5  // times the target: beyond it the walk takes longer steps
	longStep    = 25   // part of the bank that a longer step adds
	noUse       = 0.95 // of the loss that is left after some modules more: doors do not help
	noUseAfter  = 4    // modules
	maxSettling = 4    // times that a precise simulation may move the decision
)

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
	if n, err = s.search.leastNear(ctx, n, low, high, s.screen); err != nil && !errors.Is(err, errTooSmall) {
		return err
	}
	s.progress(StageDecide, 0.3)
	if err := s.walk(ctx, n); err != nil {
		return err
	}
	return s.reachable(ctx)
}

// try simulates the best mix of n modules.
func (s *solver) try(ctx context.Context, n int) (pick, verdict, error) {
	p, err := s.pickSize(ctx, n)
	if err != nil {
		return pick{}, verdict{}, err
	}
	v, err := s.look(ctx, p)
	return p, v, err
}

// look simulates one bank as long as it takes to decide.
func (s *solver) look(ctx context.Context, p pick) (verdict, error) {
	results, err := s.simulate(ctx, s.withBanks([][]int{p.doors}), s.years())
	if err != nil {
		return verdict{}, err
	}
	return s.judge(results[0]), nil
}

// walk goes from n up to a bank that holds the target, and down to the smallest one. Where more doors
// do not help it stays where the screen pointed, and the answer says what would have to give.
func (s *solver) walk(ctx context.Context, n int) error {
	p, v, err := s.try(ctx, n)
	if err != nil {
		return err
	}
	s.chosen, s.judged = p, v
	first := n
	for range maxSteps {
		if s.judged.loss <= s.target || n >= s.most {
			break
		}
		step := 1
		if s.judged.loss > farOff*s.target {
			step = max(n/longStep, 1)
		}
		n = min(n+step, s.most)
		up, upper, err := s.try(ctx, n)
		if err != nil {
			return err
		}
		if n >= first+noUseAfter && upper.loss > noUse*v.loss {
			s.chosen, s.judged = p, v
			return nil
		}
		s.chosen, s.judged = up, upper
	}
	for range maxSteps {
		if s.judged.loss > s.target || n <= 1 {
			break
		}
		down, lower, err := s.try(ctx, n-1)
		if err != nil {
			return err
		}
		if lower.loss > s.target {
			break
		}
		n--
		s.chosen, s.judged = down, lower
	}
	return s.rank(ctx, n)
}

// rank simulates the best few mixes of n modules side by side and takes the one that loses least.
func (s *solver) rank(ctx context.Context, n int) error {
	picks, err := s.search.best(ctx, n)
	if err != nil || len(picks) < 2 {
		return err
	}
	banks := make([][]int, len(picks))
	for i, m := range picks {
		banks[i] = m.doors
	}
	results, err := s.simulate(ctx, s.withBanks(banks), s.years())
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
