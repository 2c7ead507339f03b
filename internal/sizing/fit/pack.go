package fit

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// corner is a way to use an inner corner.
type corner uint8

const (
	cornerShared corner = iota // both banks keep out of the square
	cornerLeft                 // the bank of the wall before runs into it
	cornerRight                // the bank of this wall runs into it
)

// kind is the modules of one width, with or without a kiosk. For a packing they are the same.
type kind struct {
	width   int
	kiosk   bool
	modules []int // indices, cheapest first
}

// clearance is where the clear floor of a kiosk may lie.
type clearance struct {
	from, to int // along the wall
	width    int // that it takes: 762 mm lengthwise, 1,219 mm crosswise
}

// load is how many modules of each kind stand on a stretch at most.
type load struct {
	stretch Stretch
	counts  []int
	right   bool // the run stands against the right end: beside a corner on its right only
	clear   clearance
}

func (l load) kiosks(p *planner) int {
	n := 0
	for i, k := range l.counts {
		if p.kinds[i].kiosk {
			n += k
		}
	}
	return n
}

// packing is a set of loads on the whole site, with the sum of each kind.
type packing struct {
	counts []int
	loads  []load
}

// planner holds one question: which modules, on which site.
type planner struct {
	site    Site
	modules []Module
	usable  []int // indices of the modules that may be used
	kinds   []kind
	height  int // of the highest module in use
	depth   int // of the deepest one
	exact   bool
}

// maxPackings bounds the packings kept of a wall or a site.
const maxPackings = 20_000

// newPlanner leaves out the modules that are higher than limit, and those with a kiosk when nobody
// wants one.
func newPlanner(s Site, modules []Module, limit int) *planner {
	p := &planner{site: s, modules: modules, exact: true}
	for i, m := range modules {
		if m.HeightMM > limit || s.CeilingMM > 0 && m.HeightMM > s.CeilingMM || m.Kiosk && s.Kiosks == KioskNone {
			continue
		}
		p.usable = append(p.usable, i)
		p.height, p.depth = max(p.height, m.HeightMM), max(p.depth, m.DepthMM)
		at := slices.IndexFunc(p.kinds, func(k kind) bool { return k.width == m.WidthMM && k.kiosk == m.Kiosk })
		if at < 0 {
			p.kinds = append(p.kinds, kind{width: m.WidthMM, kiosk: m.Kiosk})
			at = len(p.kinds) - 1
		}
		p.kinds[at].modules = append(p.kinds[at].modules, i)
	}
	return p
}

// needsKiosk reports whether a plan must have one: whoever sells kiosks does not run without.
func (p *planner) needsKiosk() bool {
	return p.site.Kiosks != KioskNone && slices.ContainsFunc(p.modules, func(m Module) bool { return m.Kiosk })
}

// packings lists the packings of every way to use the corners, without those that another contains.
func (p *planner) packings() ([]packing, error) {
	var all []packing
	for _, use := range p.uses() {
		some, err := p.pack(use)
		if err != nil {
			return nil, err
		}
		if all, err = undominated(append(all, some...), p.kinds); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// use is one way to use the site: how each wall's left corner is used, and which walls stay empty.
type use struct {
	corners []corner
	empty   []bool
}

// before returns the wall that meets wall i on its left.
func (p *planner) before(i int) (int, bool) {
	if !p.site.Walls[i].CornerLeft {
		return 0, false
	}
	return (i + len(p.site.Walls) - 1) % len(p.site.Walls), true
}

// after returns the wall that meets wall i on its right.
func (p *planner) after(i int) (int, bool) {
	j := i + 1
	if j == len(p.site.Walls) {
		if !p.site.Closed {
			return 0, false
		}
		j = 0
	}
	return j, p.site.Walls[j].CornerLeft
}

func (p *planner) uses() []use {
	n := len(p.site.Walls)
	start := use{corners: make([]corner, n), empty: make([]bool, n)}
	for i, w := range p.site.Walls {
		if w.FreeMM > 0 && w.FreeMM < p.depth+p.site.FrontMM {
			start.empty[i] = true
		}
	}
	all := []use{start}
	for i, w := range p.site.Walls {
		left, a := p.before(i)
		right, b := p.after(i)
		if !a || !b {
			continue
		}
		// The walls on both sides face each other across this one.
		switch {
		case w.LengthMM < p.depth+p.site.FrontMM:
			all = without(all, left, right)
		case w.LengthMM < 2*p.depth+p.site.FrontMM:
			all = append(without(all, left), without(all, right)...)
		}
	}
	corners := 0
	for i := range p.site.Walls {
		if _, ok := p.before(i); !ok {
			continue
		}
		if corners++; corners > maxCorners {
			p.exact = false
			continue
		}
		next := make([]use, 0, 3*len(all))
		for _, u := range all {
			for c := cornerShared; c <= cornerRight; c++ {
				v := use{corners: slices.Clone(u.corners), empty: u.empty}
				v.corners[i] = c
				next = append(next, v)
			}
		}
		all = next
	}
	return all
}

// without returns the uses with these walls empty too.
func without(all []use, walls ...int) []use {
	out := make([]use, 0, len(all))
	for _, u := range all {
		v := use{corners: u.corners, empty: slices.Clone(u.empty)}
		for _, w := range walls {
			v.empty[w] = true
		}
		out = append(out, v)
	}
	return out
}

// ends returns what the corners leave of wall i.
func (p *planner) ends(i int, u use) (from, to int) {
	to = p.site.Walls[i].LengthMM
	shared, away := p.depth+p.site.CornerMM, p.depth+p.site.FrontMM
	if j, ok := p.before(i); ok && !u.empty[j] {
		switch u.corners[i] {
		case cornerShared:
			from = shared
		case cornerLeft:
			from = away
		case cornerRight:
		}
	}
	if j, ok := p.after(i); ok && !u.empty[j] {
		switch u.corners[j] {
		case cornerShared:
			to -= shared
		case cornerRight:
			to -= away
		case cornerLeft:
		}
	}
	return from, to
}

// clearance returns where the clear floor of a kiosk may lie on wall i.
func (p *planner) clearance(i int, u use) clearance {
	w := p.site.Walls[i]
	c := clearance{to: w.LengthMM, width: clearWidthMM}
	if w.FreeMM > 0 && w.FreeMM < p.depth+clearLengthMM {
		c.width = clearLengthMM
	}
	if j, ok := p.before(i); ok && !u.empty[j] {
		c.from = p.depth
	}
	if j, ok := p.after(i); ok && !u.empty[j] {
		c.to -= p.depth
	}
	return c
}

// pack lists the packings of one way to use the site.
func (p *planner) pack(u use) ([]packing, error) {
	sum := []packing{{counts: make([]int, len(p.kinds))}}
	for i := range p.site.Walls {
		if u.empty[i] {
			continue
		}
		wall, err := p.packWall(i, u)
		if err != nil {
			return nil, err
		}
		var next []packing
		for _, a := range sum {
			for _, b := range wall {
				if joined, ok := p.join(a, b); ok {
					next = append(next, joined)
				}
			}
		}
		if sum, err = undominated(next, p.kinds); err != nil {
			return nil, err
		}
	}
	if p.needsKiosk() {
		sum = slices.DeleteFunc(sum, func(k packing) bool { return p.kiosksOf(k) == 0 })
	}
	return sum, nil
}

// join adds two packings, unless the site would have a kiosk too many.
func (p *planner) join(a, b packing) (packing, bool) {
	out := packing{counts: slices.Clone(a.counts), loads: append(slices.Clone(a.loads), b.loads...)}
	for i, n := range b.counts {
		out.counts[i] += n
	}
	return out, p.site.Kiosks != KioskPerSite || p.kiosksOf(out) <= 1
}

func (p *planner) kiosksOf(k packing) int {
	n := 0
	for i, c := range k.counts {
		if p.kinds[i].kiosk {
			n += c
		}
	}
	return n
}

// packWall lists the packings of a wall: without a kiosk, and with one on any stretch and of any
// kind.
func (p *planner) packWall(i int, u use) ([]packing, error) {
	from, to := p.ends(i, u)
	right := false
	if j, ok := p.after(i); ok && !u.empty[j] {
		_, leftCorner := p.before(i)
		right = !leftCorner
	}
	room := p.clearance(i, u)
	sum := []packing{{counts: make([]int, len(p.kinds))}}
	for _, s := range p.site.Walls[i].free(i, from, to, p.height) {
		s.FromMM, s.ToMM = s.FromMM+p.site.GapMM, s.ToMM-p.site.GapMM
		var next []packing
		for _, counts := range p.fills(s, room) {
			l := load{stretch: s, counts: counts, right: right, clear: room}
			for _, a := range sum {
				if joined, ok := p.join(a, packing{counts: counts, loads: []load{l}}); ok && p.kiosksOf(joined) <= 1 {
					next = append(next, joined)
				}
			}
		}
		var err error
		if sum, err = undominated(next, p.kinds); err != nil {
			return nil, err
		}
	}
	if p.site.Kiosks == KioskPerWall && p.needsKiosk() {
		// A wall without a kiosk stays empty.
		sum = slices.DeleteFunc(sum, func(k packing) bool { return p.kiosksOf(k) == 0 })
		sum = append(sum, packing{counts: make([]int, len(p.kinds))})
	}
	return sum, nil
}

// fills lists how many modules of each kind a stretch takes at most: without a kiosk, and with one
// of each kind that has the clear floor it needs.
func (p *planner) fills(s Stretch, c clearance) [][]int {
	plain := func(length, kiosk int) [][]int {
		var out [][]int
		counts := make([]int, len(p.kinds))
		if kiosk >= 0 {
			counts[kiosk] = 1
		}
		var add func(k, left int)
		add = func(k, left int) {
			if k == len(p.kinds) {
				if !p.roomFor(left) {
					out = append(out, slices.Clone(counts))
				}
				return
			}
			if p.kinds[k].kiosk {
				add(k+1, left)
				return
			}
			for n := left / p.kinds[k].width; n >= 0 && len(out) < maxPackings; n-- {
				counts[k] = n
				add(k+1, left-n*p.kinds[k].width)
			}
			counts[k] = 0
		}
		add(0, length)
		return out
	}
	length := s.LengthMM()
	if length <= 0 {
		return [][]int{make([]int, len(p.kinds))}
	}
	out := plain(length, -1)
	for i, k := range p.kinds {
		if !k.kiosk || k.width > length {
			continue
		}
		for _, counts := range plain(length-k.width, i) {
			if p.standable(s, c, i, counts) {
				out = append(out, counts)
			}
		}
	}
	return out
}

// roomFor reports whether a plain module fits into what is left.
func (p *planner) roomFor(left int) bool {
	return slices.ContainsFunc(p.kinds, func(k kind) bool { return !k.kiosk && k.width <= left })
}

// standable reports whether some order and place of the full run gives the kiosk its clear floor.
// Fewer modules in the run never make that harder.
func (p *planner) standable(s Stretch, c clearance, kiosk int, counts []int) bool {
	width := p.kinds[kiosk].width
	slack := s.LengthMM() - width
	ahead := []int{0}
	for i, n := range counts {
		if p.kinds[i].kiosk {
			continue
		}
		slack -= n * p.kinds[i].width
		var next []int
		for _, a := range ahead {
			for k := range n + 1 {
				next = append(next, a+k*p.kinds[i].width)
			}
		}
		slices.Sort(next)
		ahead = slices.Compact(next)
	}
	return slices.ContainsFunc(ahead, func(a int) bool {
		low, high := c.starts(width)
		return max(low, s.FromMM+a) <= min(high, s.FromMM+a+slack)
	})
}

// starts returns where a kiosk's column of this width may begin: its clear floor, centred on it,
// must lie between the ends.
func (c clearance) starts(width int) (low, high int) {
	return (2*c.from + c.width - width + 1) >> 1, (2*c.to - c.width - width) >> 1
}

// undominated removes the packings that another one contains: as many of each kind with a kiosk and
// at least as many of each without.
func undominated(all []packing, kinds []kind) ([]packing, error) {
	if len(all) > 50*maxPackings {
		return nil, fmt.Errorf("%d packings of the widths given: use fewer different widths", len(all))
	}
	seen := make(map[string]bool, len(all))
	var unique []packing
	for _, k := range all {
		var key []byte
		for _, n := range k.counts {
			key = binary.AppendUvarint(key, uint64(n))
		}
		if !seen[string(key)] {
			seen[string(key)] = true
			unique = append(unique, k)
		}
	}
	total := func(k packing) int {
		n := 0
		for _, c := range k.counts {
			n += c
		}
		return n
	}
	slices.SortStableFunc(unique, func(a, b packing) int { return total(b) - total(a) })
	var out []packing
	for _, k := range unique {
		inside := func(o packing) bool {
			for i, n := range k.counts {
				if o.counts[i] < n || kinds[i].kiosk && o.counts[i] != n {
					return false
				}
			}
			return true
		}
		if !slices.ContainsFunc(out, inside) {
			out = append(out, k)
		}
	}
	if len(out) > maxPackings {
		return nil, fmt.Errorf("%d packings of the widths given: use fewer different widths", len(out))
	}
	return out, nil
}
