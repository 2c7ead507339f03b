package fit

import (
	"cmp"
	"slices"
)

// Plan is a set of modules, each in its place.
type Plan struct {
	Banks   []Bank // in the order of walls, then from left to right
	Doors   []int  // of each size class, smallest first
	Modules []int  // how many of each module of the list that was given
	Cost    float64
	Loss    float64 // what Fill made small; 0 from Meet
	UsedMM  int     // of wall, under modules
	FreeMM  int     // of wall, left over on stretches that could take modules

	Evaluated int // mixes of doors that Fill looked at for this packing; 0 from Meet
	// Exact says that no other plan is better: everything was looked at. It is false when a site has
	// more than six corners, or obstacles that only some of the modules fit under, or when a large
	// mix was searched instead of enumerated.
	Exact bool
}

// Bank is a run of modules without a gap.
type Bank struct {
	Wall    int // index in Site.Walls
	FromMM  int // from the wall's left end
	ToMM    int
	DepthMM int
	Modules []Placed // from left to right
}

// Placed is one module in its place.
type Placed struct {
	Module int // index in the list of modules
	FromMM int // from the wall's left end
	ToMM   int
}

// Kiosks returns how many modules with a kiosk the plan has.
func (p Plan) Kiosks(modules []Module) int {
	n := 0
	for i, k := range p.Modules {
		if modules[i].Kiosk {
			n += k
		}
	}
	return n
}

// place puts chosen modules on the stretches of a packing: the longest stretch first, so that there
// are few banks.
func (p *planner) place(k packing, chosen []int) Plan {
	plan := Plan{Modules: chosen, Doors: make([]int, len(p.modules[0].Doors)), Exact: p.exact}
	left := slices.Clone(chosen)
	for i, n := range chosen {
		plan.Cost += float64(n) * p.modules[i].Cost
		for size, doors := range p.modules[i].Doors {
			plan.Doors[size] += n * doors
		}
	}
	order := slices.Clone(k.loads)
	slices.SortStableFunc(order, func(a, b load) int {
		return cmp.Or(cmp.Compare(b.kiosks(p), a.kiosks(p)), cmp.Compare(b.stretch.LengthMM(), a.stretch.LengthMM()))
	})
	for _, l := range order {
		run := p.take(l, left)
		if len(run) == 0 {
			plan.FreeMM += l.stretch.LengthMM()
			continue
		}
		bank := p.lay(l, run)
		plan.UsedMM += bank.ToMM - bank.FromMM
		plan.FreeMM += l.stretch.LengthMM() - (bank.ToMM - bank.FromMM)
		plan.Banks = append(plan.Banks, bank)
	}
	slices.SortFunc(plan.Banks, func(a, b Bank) int {
		return cmp.Or(cmp.Compare(a.Wall, b.Wall), cmp.Compare(a.FromMM, b.FromMM))
	})
	return plan
}

// take removes from left the modules that a stretch holds, kind by kind.
func (p *planner) take(l load, left []int) []int {
	var run []int
	for kind, n := range l.counts {
		for _, m := range p.kinds[kind].modules {
			for n > 0 && left[m] > 0 {
				run = append(run, m)
				left[m]--
				n--
			}
		}
	}
	return run
}

// lay puts a run of modules on its stretch, the kiosk as near to the middle as its clear floor
// allows, the others by their place in the list.
func (p *planner) lay(l load, run []int) Bank {
	slices.Sort(run)
	width := 0
	for _, m := range run {
		width += p.modules[m].WidthMM
	}
	rest := l.stretch.FromMM
	if l.right {
		rest = l.stretch.ToMM - width
	}
	best, from, at := run, rest, -1
	for _, order := range p.orders(run) {
		start, ok := p.start(l, order, rest, width)
		if !ok {
			continue
		}
		if off := p.offCentre(order, width); at < 0 || off < at {
			best, from, at = order, start, off
		}
	}
	bank := Bank{Wall: l.stretch.Wall, FromMM: from, DepthMM: p.depth}
	for _, m := range best {
		bank.Modules = append(bank.Modules, Placed{m, from, from + p.modules[m].WidthMM})
		from += p.modules[m].WidthMM
	}
	bank.ToMM = from
	return bank
}

// orders lists a run with the kiosk behind every number of modules of each width.
func (p *planner) orders(run []int) [][]int {
	var kiosk []int
	plain := map[int][]int{}
	var widths []int
	for _, m := range run {
		w := p.modules[m].WidthMM
		switch {
		case p.modules[m].Kiosk:
			kiosk = append(kiosk, m)
		case plain[w] == nil:
			widths = append(widths, w)
			fallthrough
		default:
			plain[w] = append(plain[w], m)
		}
	}
	if len(kiosk) == 0 {
		return [][]int{run}
	}
	var out [][]int
	var add func(i int, ahead, behind []int)
	add = func(i int, ahead, behind []int) {
		if i == len(widths) {
			a, b := slices.Clone(ahead), slices.Clone(behind)
			slices.Sort(a)
			slices.Sort(b)
			out = append(out, slices.Concat(a, kiosk, b))
			return
		}
		same := plain[widths[i]]
		for n := range len(same) + 1 {
			add(i+1, slices.Concat(ahead, same[:n]), slices.Concat(behind, same[n:]))
		}
	}
	add(0, nil, nil)
	return out
}

// start returns where an order begins so that its kiosk has its clear floor, as near to rest as can
// be.
func (p *planner) start(l load, order []int, rest, width int) (int, bool) {
	low, high := l.stretch.FromMM, l.stretch.ToMM-width
	x := 0
	for _, m := range order {
		if w := p.modules[m].WidthMM; p.modules[m].Kiosk {
			first, last := l.clear.starts(w)
			low, high = max(low, first-x), min(high, last-x)
		}
		x += p.modules[m].WidthMM
	}
	return min(max(rest, low), high), low <= high
}

// offCentre is how far the first kiosk of a run stands from its middle, doubled.
func (p *planner) offCentre(order []int, width int) int {
	x := 0
	for _, m := range order {
		if w := p.modules[m].WidthMM; p.modules[m].Kiosk {
			off := 2*x + w - width
			return max(off, -off)
		}
		x += p.modules[m].WidthMM
	}
	return 0
}
