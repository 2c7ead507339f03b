package fit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"cubby/internal/sizing/mix"
)

// TooShort says that no free stretch takes the narrowest module.
type TooShort struct {
	Wall   string // that has the longest free stretch
	Module string
	HaveMM int
	NeedMM int
}

// Error names the wall and what is missing.
func (e *TooShort) Error() string {
	return fmt.Sprintf("wall %s: its longest usable stretch is %d mm, module %s needs %d mm: %d mm too short",
		e.Wall, e.HaveMM, e.Module, e.NeedMM, e.NeedMM-e.HaveMM)
}

// TooLow says that the ceiling is below every module.
type TooLow struct {
	CeilingMM int
	Module    string // the lowest one
	NeedMM    int
}

// Error names the ceiling and what is missing.
func (e *TooLow) Error() string {
	return fmt.Sprintf("the ceiling is at %d mm, the lowest module %s needs %d mm: %d mm too low",
		e.CeilingMM, e.Module, e.NeedMM, e.NeedMM-e.CeilingMM)
}

// TooDeep says that no wall has the floor that a bank and the people before it need.
type TooDeep struct {
	Wall   string // that has the most
	HaveMM int
	NeedMM int // depth of the modules and the free floor in front
}

// Error names the wall and what is missing.
func (e *TooDeep) Error() string {
	return fmt.Sprintf("wall %s: the floor in front is %d mm deep, a bank and the people before it need %d mm: %d mm too little",
		e.Wall, e.HaveMM, e.NeedMM, e.NeedMM-e.HaveMM)
}

// Shortfall says what would have to give for the doors to fit. Each part alone is enough.
type Shortfall struct {
	Demand []int
	// MoreMM is how much longer each wall would have to be, -1 when no length helps. It is in the
	// order of Site.Walls.
	MoreMM []int
	Walls  []string
	// Fewer is how many doors of each size less would do, -1 when that size alone does not help.
	Fewer []int
}

// Error names the least that would have to give.
func (e *Shortfall) Error() string {
	var ways []string
	best := -1
	for i, more := range e.MoreMM {
		if more >= 0 && (best < 0 || more < e.MoreMM[best]) {
			best = i
		}
	}
	if best >= 0 {
		ways = append(ways, fmt.Sprintf("%d mm more of wall %s", e.MoreMM[best], e.Walls[best]))
	}
	for i := len(e.Fewer) - 1; i >= 0; i-- {
		if e.Fewer[i] > 0 {
			ways = append(ways, fmt.Sprintf("%d fewer doors of size %d", e.Fewer[i], i+1))
		}
	}
	what := "doors for the demand do not fit"
	if len(ways) == 0 {
		return what + ": no wall of any length and no single size less would do"
	}
	return what + "; any one of these would do: " + strings.Join(ways, ", or ")
}

// nothing explains why no module stands anywhere.
func nothing(s Site, modules []Module) error {
	p := newPlanner(s, modules, math.MaxInt)
	if p.needsKiosk() && !slices.ContainsFunc(p.kinds, func(k kind) bool { return k.kiosk }) {
		return tooLow(s, modules, true)
	}
	if len(p.usable) == 0 {
		if s.Kiosks == KioskNone && !slices.ContainsFunc(modules, func(m Module) bool { return !m.Kiosk }) {
			return errors.New("every module has a kiosk, and none is wanted")
		}
		return tooLow(s, modules, false)
	}
	wall := slices.MaxFunc(s.Walls, func(a, b Wall) int { return cmp.Compare(floor(a), floor(b)) })
	if need := p.depth + s.FrontMM; floor(wall) < need {
		return &TooDeep{Wall: wall.Name, HaveMM: wall.FreeMM, NeedMM: need}
	}
	e := &TooShort{HaveMM: -1, NeedMM: math.MaxInt}
	for _, m := range p.usable {
		if width := modules[m].WidthMM + 2*s.GapMM; width < e.NeedMM && (modules[m].Kiosk || !p.needsKiosk()) {
			e.Module, e.NeedMM = modules[m].Name, width
		}
	}
	for _, u := range p.uses() {
		for i, w := range s.Walls {
			from, to := p.ends(i, u)
			for _, f := range w.free(i, from, to, p.height) {
				if n := f.LengthMM(); n > e.HaveMM && !u.empty[i] {
					e.Wall, e.HaveMM = w.Name, n
				}
			}
		}
	}
	if e.HaveMM < 0 {
		e.Wall, e.HaveMM = s.Walls[0].Name, 0
	}
	if e.HaveMM >= e.NeedMM { // long enough, but not for the clear floor of a kiosk
		e.Module += " with its clear floor"
		e.NeedMM = max(clearWidthMM, e.HaveMM+1)
	}
	return e
}

// tooLow names the lowest module, or the lowest one with a kiosk.
func tooLow(s Site, modules []Module, kiosk bool) error {
	e := &TooLow{CeilingMM: s.CeilingMM, NeedMM: math.MaxInt}
	for _, m := range modules {
		if m.HeightMM < e.NeedMM && (m.Kiosk || !kiosk) {
			e.Module, e.NeedMM = m.Name, m.HeightMM
		}
	}
	return e
}

func floor(w Wall) int {
	if w.FreeMM == 0 {
		return math.MaxInt
	}
	return w.FreeMM
}

// maxMoreMM bounds how much longer a wall is tried.
const maxMoreMM = 50_000

// shortfall looks for the least that would have to give. It returns the error to report.
func (q *question) shortfall(ctx context.Context) error {
	some, err := q.fits(ctx, q.site, make(mix.Pattern, len(q.demand)))
	if err != nil {
		return fmt.Errorf("place doors: %w", err)
	}
	if !some {
		return fmt.Errorf("place doors: %w", nothing(q.site, q.modules))
	}
	e := &Shortfall{Demand: q.demand}
	for i, w := range q.site.Walls {
		more, err := least(0, maxMoreMM, func(n int) (bool, error) {
			s := q.site
			s.Walls = slices.Clone(s.Walls)
			s.Walls[i].LengthMM += n
			return q.fits(ctx, s, q.demand)
		})
		if err != nil {
			return fmt.Errorf("place doors: %w", err)
		}
		e.Walls, e.MoreMM = append(e.Walls, w.Name), append(e.MoreMM, more)
	}
	for i, n := range q.demand {
		fewer, err := least(0, n, func(less int) (bool, error) {
			demand := slices.Clone(q.demand)
			demand[i] -= less
			return q.fits(ctx, q.site, demand)
		})
		if err != nil {
			return fmt.Errorf("place doors: %w", err)
		}
		e.Fewer = append(e.Fewer, fewer)
	}
	return e
}

// least returns the smallest number between low and high for which ok holds, or -1. ok must not
// turn false again.
func least(low, high int, ok func(int) (bool, error)) (int, error) {
	good, err := ok(high)
	if err != nil || !good {
		return -1, err
	}
	for low < high {
		middle := (low + high) / 2
		if good, err = ok(middle); err != nil {
			return -1, err
		}
		if good {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low, nil
}
