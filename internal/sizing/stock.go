package sizing

import (
	"cmp"
	"fmt"
	"slices"

	"cubby/internal/sizing/catalogue"
	"cubby/internal/sizing/fit"
	"cubby/internal/sizing/mix"
)

// stock is what can be bought for a problem, with doors counted by the problem's size classes.
type stock struct {
	modules []catalogue.Module
	doors   []mix.Pattern // of each module
	screens []int         // modules with a screen
	plain   []int         // modules without
	shapes  []fit.Module  // the modules for the walls
	site    fit.Site
	kiosk   bool  // some modules have a screen, and every plan needs one
	home    []int // for each class the smallest class with doors that takes it; -1 for none
	notes   []Reason
}

func newStock(p Problem) (*stock, error) {
	offered, err := p.Hardware.offered(p)
	if err != nil {
		return nil, err
	}
	s := &stock{}
	low := 0
	for _, m := range offered.Modules {
		if p.Site.CeilingMM > 0 && m.HeightMM > p.Site.CeilingMM {
			low++
			continue
		}
		if m.Cold {
			continue // bought for groceries, not for parcels
		}
		s.add(p, m)
	}
	if low > 0 {
		s.notes = append(s.notes, reason("ceiling", fmt.Sprintf("%d modules are higher than the ceiling of %d mm", low, p.Site.CeilingMM),
			measured(float64(low), "modules"), measured(float64(p.Site.CeilingMM), "mm")))
	}
	s.kiosk = len(s.screens) > 0
	s.site = p.Site.walls(s.kiosk)
	if len(s.screens) == 0 && len(s.plain) > 0 {
		s.screens = s.plain // sold without a screen: people use their phones
	}
	s.homes(p)
	s.measure(p, offered)
	return s, nil
}

// offered returns the catalogue of the problem, or its own modules as one.
func (h Hardware) offered(p Problem) (catalogue.Catalogue, error) {
	if len(h.Modules) == 0 {
		c, err := catalogue.Load(h.Catalogue)
		if err != nil {
			return c, &FieldError{Field: "hardware.catalogue", Text: err.Error()}
		}
		return c, nil
	}
	c := catalogue.Catalogue{ID: "own", Name: "modules of the plan", Currency: p.Currency}
	for i, own := range h.Modules {
		m := catalogue.Module{
			ID: fmt.Sprintf("own-%d", i+1), Name: own.Name, WidthMM: own.WidthMM, HeightMM: own.HeightMM,
			DepthMM: own.DepthMM, BaseMM: own.BaseMM, Columns: own.Columns, Price: own.Price,
		}
		m.Doors, m.Kiosk = own.stack()
		c.Modules = append(c.Modules, m)
	}
	return c, nil
}

// Modules that the search looks at, with and without a screen. A mix of the best few sizes is made of
// at most as many different columns as there are sizes; the rest is for whole numbers.
const (
	mostPlain   = 16
	mostScreens = 6
)

// focus leaves only the modules that a demand for doors can use: for each size the module with the
// most doors of it, and those whose division is nearest to the demand's.
func (s *stock) focus(demand []int) {
	keep := append(s.nearest(s.screens, demand, mostScreens), s.nearest(s.plain, demand, mostPlain)...)
	slices.Sort(keep)
	keep = slices.Compact(keep)
	old := *s
	s.modules, s.doors, s.shapes, s.screens, s.plain = nil, nil, nil, nil, nil
	for _, at := range keep {
		if slices.Contains(old.screens, at) {
			s.screens = append(s.screens, len(s.modules))
		}
		if slices.Contains(old.plain, at) {
			s.plain = append(s.plain, len(s.modules))
		}
		s.modules = append(s.modules, old.modules[at])
		s.doors = append(s.doors, old.doors[at])
		s.shapes = append(s.shapes, old.shapes[at])
	}
}

func (s *stock) nearest(list, demand []int, most int) []int {
	if len(list) <= most {
		return slices.Clone(list)
	}
	var keep []int
	for size := range demand {
		best := slices.MaxFunc(list, func(a, b int) int { return s.doors[a][size] - s.doors[b][size] })
		if !slices.Contains(keep, best) {
			keep = append(keep, best)
		}
	}
	order := slices.Clone(list)
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(mix.Likeness(s.doors[b], demand), mix.Likeness(s.doors[a], demand))
	})
	for _, at := range order {
		if len(keep) < most && !slices.Contains(keep, at) {
			keep = append(keep, at)
		}
	}
	return keep
}

// screenFromMM is how high the lower edge of a screen stands at least: a standing person reads it and
// a seated one reaches it.
const screenFromMM = 600

// stack puts the doors of a module of one's own from the base up, with the screen in the height
// that they leave.
func (m Module) stack() ([]catalogue.Door, *catalogue.Kiosk) {
	left := m.HeightMM - m.BaseMM
	for _, d := range m.Doors {
		left -= d.HeightMM * d.Count
	}
	var doors []catalogue.Door
	var screen *catalogue.Kiosk
	bottom := m.BaseMM
	place := func(last bool) {
		if m.Screen && screen == nil && (bottom >= screenFromMM || last) {
			screen = &catalogue.Kiosk{BottomMM: bottom, HeightMM: max(left, 0)}
			bottom += screen.HeightMM
		}
	}
	for _, d := range slices.Backward(m.Doors) {
		for range d.Count {
			place(false)
			doors = append(doors, catalogue.Door{Size: d.Size, BottomMM: bottom, HeightMM: d.HeightMM})
			bottom += d.HeightMM
		}
	}
	place(true)
	return doors, screen
}

func (s *stock) add(p Problem, m catalogue.Module) {
	doors := make(mix.Pattern, len(p.Sizes))
	for i, class := range p.Sizes {
		doors[i] = m.Count(class.Size)
	}
	at := len(s.modules)
	s.modules = append(s.modules, m)
	s.doors = append(s.doors, doors)
	s.shapes = append(s.shapes, fit.Module{
		Name: m.Name, WidthMM: m.WidthMM, HeightMM: m.HeightMM, DepthMM: m.DepthMM, Doors: doors,
		Kiosk: m.Kiosk != nil, Cost: m.Price.Mid,
	})
	if m.Kiosk != nil {
		s.screens = append(s.screens, at)
	} else {
		s.plain = append(s.plain, at)
	}
}

// homes finds for each class the smallest size with doors that takes it.
func (s *stock) homes(p Problem) {
	s.home = make([]int, len(p.Sizes))
	next := -1
	for i := len(p.Sizes) - 1; i >= 0; i-- {
		if slices.ContainsFunc(s.doors, func(d mix.Pattern) bool { return d[i] > 0 }) {
			next = i
		}
		s.home[i] = next
		if next < 0 && len(s.modules) > 0 {
			s.notes = append(s.notes, Reason{
				Code: "no_door_for_size", Words: []string{p.Sizes[i].Size.String()},
				Figures: []Figure{p.Sizes[i].Share},
				Text: fmt.Sprintf("nothing on offer has a door for size %s (%s %% of the parcels): they go to the %s, and the target does not count them",
					p.Sizes[i].Size, number(p.Sizes[i].Share.Mid), p.Policy.Overflow),
			})
		}
	}
}

// measure compares the doors on offer with the parcels that the plan puts into them.
func (s *stock) measure(p Problem, c catalogue.Catalogue) {
	for _, class := range p.Sizes {
		for _, size := range c.Sizes {
			small := size.WidthMM < class.WidthMM || size.HeightMM < class.HeightMM || size.DepthMM < class.DepthMM
			if size.Size == class.Size && small {
				s.notes = append(s.notes, Reason{
					Code: "door_smaller_than_class", Words: []string{class.Size.String()},
					Figures: []Figure{
						millimetres(size.WidthMM), millimetres(size.HeightMM), millimetres(size.DepthMM),
						millimetres(class.WidthMM), millimetres(class.HeightMM), millimetres(class.DepthMM),
					},
					Text: fmt.Sprintf("a door of size %s is %d x %d x %d mm inside; the plan counts parcels up to %d x %d x %d mm as %s",
						size.Size, size.WidthMM, size.HeightMM, size.DepthMM, class.WidthMM, class.HeightMM, class.DepthMM, class.Size),
				})
			}
		}
	}
	if c.Currency != p.Currency {
		s.notes = append(s.notes, Reason{
			Code: "catalogue_currency", Words: []string{c.Currency, p.Currency},
			Text: fmt.Sprintf("the catalogue's prices are in %s; they are taken as the same number of %s", c.Currency, p.Currency),
		})
	}
}

// uniform reports whether all modules are equally wide and deep.
func (s *stock) uniform() bool {
	return !slices.ContainsFunc(s.modules, func(m catalogue.Module) bool {
		return m.WidthMM != s.modules[0].WidthMM || m.DepthMM != s.modules[0].DepthMM
	})
}

// pick is a choice of modules.
type pick struct {
	modules []int // one of the screens first, then the others
	doors   mix.Pattern
	loss    float64   // by the screen
	plan    *fit.Plan // where they stand; nil in a row without walls
	which   []int     // module of each of the plan's; nil when they are the same
}

// walls returns the site for package fit.
func (s Site) walls(kiosk bool) fit.Site {
	out := fit.Site{CeilingMM: s.CeilingMM, FrontMM: s.FrontMM, Kiosks: fit.KioskPerSite}
	if !kiosk {
		out.Kiosks = fit.KioskNone
	}
	for _, w := range s.Walls {
		wall := fit.Wall{Name: w.Name, LengthMM: w.LengthMM, CornerLeft: w.CornerLeft, FreeMM: w.FreeMM}
		for _, o := range w.Obstacles {
			wall.Obstacles = append(wall.Obstacles, fit.Obstacle{
				Name: o.Name, FromMM: o.FromMM, ToMM: min(o.ToMM, w.LengthMM), BottomMM: o.BottomMM,
			})
		}
		out.Walls = append(out.Walls, wall)
	}
	return out
}

// kiosks lists the shapes with a screen, and which module each is.
func (s *stock) kiosks() (shapes []fit.Module, which []int) {
	for i, m := range s.shapes {
		if m.Kiosk {
			shapes, which = append(shapes, m), append(which, i)
		}
	}
	return shapes, which
}

// pickOf lists the modules of a mix that groups found.
func (s *stock) pickOf(m mix.Mix) pick {
	p := pick{doors: m.Doors, loss: m.Loss}
	for group, list := range [][]int{s.screens, s.plain} {
		if group < len(m.Counts) {
			for at, n := range m.Counts[group] {
				for range n {
					p.modules = append(p.modules, list[at])
				}
			}
		}
	}
	return p
}

// groups is the choice of n modules, one of them with a screen.
func (s *stock) groups(n int) []mix.Choice {
	choice := func(list []int, columns int) mix.Choice {
		c := mix.Choice{Columns: columns}
		for _, at := range list {
			c.Patterns = append(c.Patterns, s.doors[at])
		}
		return c
	}
	groups := []mix.Choice{choice(s.screens, 1)}
	if n > 1 && len(s.plain) > 0 {
		groups = append(groups, choice(s.plain, n-1))
	}
	return groups
}
