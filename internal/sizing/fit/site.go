package fit

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Clearances when a site does not say otherwise.
const (
	// DefaultFrontMM is 42 inches. Source: installation requirements of US parcel lockers.
	DefaultFrontMM = 1067
	// DefaultCornerMM keeps a door beside a corner from hitting the next bank. Assumption: the handle
	// and the hinge of an opened door take less.
	DefaultCornerMM = 100
	// The clear floor of a wheelchair, 30 by 48 inches. Source: 2010 ADA Standards, 305.3.
	clearWidthMM  = 762
	clearLengthMM = 1219
)

// Limits of a site. Real ones have a few walls; beyond this the input is a mistake.
const (
	maxWalls     = 40
	maxObstacles = 60
	maxModules   = 2_000
	maxLengthMM  = 500_000
	// maxCorners bounds the exact search: three ways to use each corner.
	maxCorners = 6
)

// KioskRule says how many kiosks the banks need. The zero value means KioskPerSite.
type KioskRule uint8

// The rules.
const (
	KioskPerSite KioskRule = iota + 1 // one for all banks
	KioskPerWall                      // one on each wall that has a bank
	KioskNone                         // none: people open with their phones; modules with a kiosk are left out
)

// String returns the rule as people read it.
func (k KioskRule) String() string {
	switch k {
	case KioskPerSite:
		return "one kiosk"
	case KioskPerWall:
		return "a kiosk on each wall"
	case KioskNone:
		return "no kiosk"
	}
	return "invalid kiosk rule " + strconv.Itoa(int(k))
}

// Site is where modules may stand.
type Site struct {
	Walls     []Wall
	CeilingMM int       // 0: high enough for everything
	FrontMM   int       // free floor in front of doors; 0: DefaultFrontMM
	CornerMM  int       // filler in an inner corner; 0: DefaultCornerMM
	GapMM     int       // left free at both ends of each stretch
	Closed    bool      // the first wall's left end meets the last wall's right end when CornerLeft says so
	Kiosks    KioskRule // 0: KioskPerSite
}

// Wall is a straight stretch, seen from the room.
type Wall struct {
	Name       string
	LengthMM   int
	Obstacles  []Obstacle
	CornerLeft bool // its left end meets the wall before at a right angle, inside
	FreeMM     int  // free floor in front, measured from the wall; 0: no limit
}

// Obstacle takes a part of a wall, measured from its left end.
type Obstacle struct {
	Name     string
	FromMM   int
	ToMM     int
	BottomMM int // 0: it stands on the floor; else modules that are lower may stand under it
}

// Module is a cabinet that can be bought any number of times.
type Module struct {
	Name     string
	WidthMM  int
	HeightMM int
	DepthMM  int
	Doors    []int // of each size class, smallest first
	Kiosk    bool
	Cost     float64 // any unit, at least 0; when all are 0 fewer modules are better
}

// withDefaults fills what the caller left open.
func (s Site) withDefaults() Site {
	if s.FrontMM == 0 {
		s.FrontMM = DefaultFrontMM
	}
	if s.CornerMM == 0 {
		s.CornerMM = DefaultCornerMM
	}
	if s.Kiosks == 0 {
		s.Kiosks = KioskPerSite
	}
	return s
}

func (s Site) check() error {
	switch {
	case len(s.Walls) == 0:
		return errors.New("a site needs at least one wall")
	case len(s.Walls) > maxWalls:
		return fmt.Errorf("%d walls, at most %d", len(s.Walls), maxWalls)
	case s.CeilingMM < 0 || s.FrontMM < 0 || s.CornerMM < 0 || s.GapMM < 0:
		return errors.New("ceiling, front, corner and gap must not be negative")
	case s.Kiosks > KioskNone:
		return fmt.Errorf("%s: want 0 to %d", s.Kiosks, KioskNone)
	case s.Walls[0].CornerLeft && !s.Closed:
		return fmt.Errorf("wall %s is the first: there is no wall on its left to meet, unless the room is closed", s.Walls[0].Name)
	case s.Closed && len(s.Walls) < 3:
		return errors.New("a closed room needs at least three walls")
	}
	for _, w := range s.Walls {
		if err := w.check(); err != nil {
			return err
		}
	}
	return nil
}

func (w Wall) check() error {
	if w.LengthMM <= 0 || w.LengthMM > maxLengthMM {
		return fmt.Errorf("wall %s is %d mm long, want 1 to %d", w.Name, w.LengthMM, maxLengthMM)
	}
	if w.FreeMM < 0 {
		return fmt.Errorf("wall %s has %d mm of free floor, it must not be negative", w.Name, w.FreeMM)
	}
	if len(w.Obstacles) > maxObstacles {
		return fmt.Errorf("wall %s has %d obstacles, at most %d", w.Name, len(w.Obstacles), maxObstacles)
	}
	for _, o := range w.Obstacles {
		if o.FromMM < 0 || o.ToMM <= o.FromMM || o.ToMM > w.LengthMM || o.BottomMM < 0 {
			return fmt.Errorf("wall %s: the obstacle %q from %d to %d mm does not lie on the wall of %d mm",
				w.Name, o.Name, o.FromMM, o.ToMM, w.LengthMM)
		}
	}
	return nil
}

func checkModules(modules []Module) error {
	if len(modules) == 0 {
		return errors.New("no modules to place")
	}
	if len(modules) > maxModules {
		return fmt.Errorf("%d modules, at most %d", len(modules), maxModules)
	}
	sizes := len(modules[0].Doors)
	for _, m := range modules {
		switch {
		case m.WidthMM <= 0 || m.HeightMM <= 0 || m.DepthMM <= 0:
			return fmt.Errorf("module %s: width, height and depth must be above 0", m.Name)
		case len(m.Doors) != sizes || sizes == 0:
			return fmt.Errorf("module %s has %d sizes of doors, the first module %d", m.Name, len(m.Doors), sizes)
		case m.Cost < 0 || math.IsNaN(m.Cost) || math.IsInf(m.Cost, 0):
			return fmt.Errorf("module %s: the cost %g must be a number of at least 0", m.Name, m.Cost)
		case slices.Min(m.Doors) < 0:
			return fmt.Errorf("module %s has a negative number of doors", m.Name)
		}
	}
	return nil
}

// Stretch is a free part of a wall.
type Stretch struct {
	Wall   int // index in Site.Walls
	FromMM int
	ToMM   int
}

// LengthMM returns how long the stretch is.
func (s Stretch) LengthMM() int { return s.ToMM - s.FromMM }

// Stretches lists the parts of each wall without obstacles for modules of this height, before
// corners and facing banks take theirs. Errors: bad figures.
func Stretches(s Site, heightMM int) ([]Stretch, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("list free stretches: %w", err)
	}
	var out []Stretch
	for i, w := range s.Walls {
		out = append(out, w.free(i, 0, w.LengthMM, heightMM)...)
	}
	return out, nil
}

// free cuts the obstacles out of a part of the wall.
func (w Wall) free(index, from, to, height int) []Stretch {
	var block []Obstacle
	for _, o := range w.Obstacles {
		if o.BottomMM == 0 || o.BottomMM < height {
			block = append(block, o)
		}
	}
	slices.SortFunc(block, func(a, b Obstacle) int { return a.FromMM - b.FromMM })
	var out []Stretch
	for _, o := range block {
		if end := min(o.FromMM, to); end > from {
			out = append(out, Stretch{index, from, end})
		}
		from = max(from, o.ToMM)
	}
	if to > from {
		out = append(out, Stretch{index, from, to})
	}
	return out
}
