package sim

import (
	"context"
	"math"
	"slices"
)

// The calendar is a timing wheel: a ring of minutes, each with a list of the stays that end then, and
// a bit per minute that has any. A stay beyond its horizon is looked at again when the ring comes round.
const (
	wheelMinutes = 1 << 15 // 22 days, more than nearly all stays
	wheelMask    = wheelMinutes - 1
)

// stay is one parcel, or several of a household, in a door or in a place of the overflow.
type stay struct {
	next      int32 // in the list of the minute, or of free entries
	sibling   int32 // next door of the household
	at        int32 // minute at which it leaves where it is
	due       int32 // minute at which it is collected; later than at when staff take it out first
	household int32
	where     int32 // size of door, or firstPlace plus place of the overflow
	items     int32
	shelf     int32 // mm that its parcels take, all together
	litres    float64
}

const firstPlace = maxSizes

// parcel is a delivery on its way in.
type parcel struct {
	class, household, due int32
	coin                  uint32 // decides on consolidation
	litres                float64
}

// engine simulates one chain of years at a time. It is made once per worker and does not allocate once
// its tables have grown.
type engine struct {
	m *model

	head   [wheelMinutes]int32
	marked [wheelMinutes / 64]uint64
	stays  []stay // entry 0 ends lists
	unused int32
	now    int32

	free      [maxSizes]int32
	freeTotal int32
	doorOf    []int32 // first door of each household; only with consolidation

	placeLitres [maxPlaces]float64
	placeShelf  [maxPlaces]int32
	outside     most // now outside of the doors
	beyond      most // outside of doors and kept places
	firstDesk   int  // first place that is not kept

	keys  [maxCarriers]uint64 // of the day
	order []uint64            // the day's visits, packed to be sorted by minute

	tally    *tally
	dayLost  bool
	dayMiss  bool
	events   int64
	fan      *fanCounts
	sampleAt int32
}

func newEngine(m *model, fans bool) *engine {
	e := &engine{m: m, stays: make([]stay, 1, 1024)}
	for e.firstDesk < len(m.places) && m.places[e.firstDesk].kept {
		e.firstDesk++
	}
	if m.joins {
		e.doorOf = make([]int32, m.households)
	}
	if fans {
		e.fan = newFanCounts(m)
	}
	return e
}

// reset empties the bank and the calendar.
func (e *engine) reset() {
	clear(e.head[:])
	clear(e.marked[:])
	clear(e.doorOf)
	e.stays, e.unused, e.now = e.stays[:1], 0, 0
	e.freeTotal = 0
	for i, z := range e.m.sizes {
		e.free[i] = z.doors
		e.freeTotal += z.doors
	}
	e.placeLitres, e.placeShelf = [maxPlaces]float64{}, [maxPlaces]int32{}
	e.outside, e.beyond = most{}, most{}
	e.events = 0
	e.sampleAt = math.MaxInt32
	if e.fan != nil {
		e.sampleAt = 0
	}
}

// chain simulates the warm-up and then len(years) years, and fills their tallies.
func (e *engine) chain(ctx context.Context, key uint64, warmUp int, years []yearTally) error {
	e.reset()
	var ignored tally
	weeks := e.m.weeks
	if e.m.passes() {
		weeks -= warmUp
	}
	for w := range warmUp + weeks*len(years) {
		if err := ctx.Err(); err != nil {
			return err
		}
		e.advance(int32(w*weekMinutes) - 1) // what is left of the last week counts there
		year, weekOf := 0, w
		e.tally = &ignored
		if w >= warmUp {
			year = (w - warmUp) / weeks
			if !e.m.passes() {
				weekOf = w - warmUp - year*weeks
			}
			e.tally = &years[year].normal
			if e.m.peak[weekOf] {
				e.tally = &years[year].peak
			}
		} else if !e.m.passes() {
			weekOf = ((w-warmUp)%weeks + weeks) % weeks
		}
		e.startPeriod(w >= warmUp, weekOf)
		for d := range 7 {
			e.day(key, w*7+d, weekOf*7+d)
		}
		if w >= warmUp && (w-warmUp)%weeks == weeks-1 {
			e.advance(int32((w+1)*weekMinutes) - 1)
			years[year].events = e.events
			e.events = 0
		}
	}
	return nil
}

func (e *engine) startPeriod(counted bool, weekOf int) {
	e.tally.outside.saw(e.outside)
	e.tally.beyond.saw(e.beyond)
	if e.fan != nil {
		e.fan.period = -1
		if counted {
			e.fan.period = 0
			if e.m.peak[weekOf] {
				e.fan.period = 1
			}
		}
	}
}

// day simulates the day that is number day since the start; dayOf is its number in the year or log.
func (e *engine) day(key uint64, day, dayOf int) {
	e.order = e.order[:0]
	switch {
	case e.m.blocks != nil:
		e.listLog(e.m.blocks.dayFor(key, day))
	case e.m.log != nil:
		e.listLog(dayOf)
	default:
		e.listVisits(subkey(key, uint64(day)), dayOf)
	}
	slices.Sort(e.order)
	e.dayLost, e.dayMiss = false, false
	start := int32(day * dayMinutes)
	for _, packed := range e.order {
		v := unpack(packed)
		t := start + v.minute
		e.advance(t)
		switch {
		case e.m.blocks != nil:
			e.depositLog(subkey(key, uint64(day)), v, t, dayOf/7)
		case e.m.log != nil:
			e.depositLog(key, v, t, 0)
		default:
			e.deposit(v, t)
		}
	}
	e.tally.days++
	if e.dayLost {
		e.tally.daysLost++
	}
	if e.dayMiss {
		e.tally.daysMissed++
	}
}

// advance removes what ends up to and including minute to, and samples the full hours on the way.
func (e *engine) advance(to int32) {
	for e.sampleAt <= to {
		e.drain(e.sampleAt)
		e.fan.sample(e.sampleAt, &e.free)
		e.sampleAt += 60
	}
	e.drain(to)
}

func (e *engine) drain(to int32) {
	for t := e.now + 1; t <= to; {
		word := e.marked[t&wheelMask>>6] >> (t & 63)
		if word == 0 {
			t = t | 63 + 1
			continue
		}
		t += nextBit(word)
		if t > to {
			break
		}
		e.release(t)
		t++
	}
	e.now = max(e.now, to)
}

// release ends all stays of minute t.
func (e *engine) release(t int32) {
	slot := t & wheelMask
	e.marked[slot>>6] &^= 1 << (slot & 63)
	i := e.head[slot]
	e.head[slot] = 0
	e.now = t
	for i != 0 {
		s := &e.stays[i]
		next := s.next
		switch {
		case s.at > t:
			e.schedule(i, s.at)
		case s.where < firstPlace:
			e.emptyDoor(i, t)
		default:
			e.leavePlace(i, t)
		}
		i = next
	}
}

func (e *engine) schedule(i, at int32) {
	s := &e.stays[i]
	s.at = at
	slot := min(at, e.now+wheelMinutes-1) & wheelMask
	s.next = e.head[slot]
	e.head[slot] = i
	e.marked[slot>>6] |= 1 << (slot & 63)
}

func (e *engine) newStay() int32 {
	if i := e.unused; i != 0 {
		e.unused = e.stays[i].next
		return i
	}
	e.stays = append(e.stays, stay{})
	return int32(len(e.stays) - 1)
}

func (e *engine) drop(i int32) {
	e.stays[i].next = e.unused
	e.unused = i
}

// emptyDoor frees a door: the household came, or staff took out what was held too long.
func (e *engine) emptyDoor(i, t int32) {
	s := &e.stays[i]
	e.events++
	e.free[s.where]++
	e.freeTotal++
	if e.m.joins {
		e.unlink(i)
	}
	e.takenOut(i, t)
}

// takenOut ends a stay. What was held too long goes to the desk.
func (e *engine) takenOut(i, t int32) {
	s := e.stays[i]
	e.drop(i)
	if s.due > t {
		e.tally.expired += s.items
		e.sendOut(&s, e.firstDesk, s.due)
	}
}

func (e *engine) leavePlace(i, t int32) {
	s := &e.stays[i]
	e.events++
	place := s.where - firstPlace
	e.placeLitres[place] -= s.litres
	e.placeShelf[place] -= s.shelf
	e.outside.parcels -= s.items
	e.outside.litres -= s.litres
	if !e.m.places[place].kept {
		e.beyond.parcels -= s.items
		e.beyond.litres -= s.litres
	}
	if e.beyond.parcels == 0 { // rounding must not add up over the years
		e.beyond.litres = 0
	}
	if e.outside.parcels == 0 {
		e.outside.litres = 0
		e.placeLitres = [maxPlaces]float64{}
	}
	e.takenOut(i, t)
}

// sendOut puts what o holds into the first place of the overflow with room, from a place on, until a minute.
// It returns the place, or -1 when the courier (or staff) must take it away.
func (e *engine) sendOut(o *stay, from int, until int32) int {
	for p := from; p < len(e.m.places); p++ {
		limit := &e.m.places[p]
		if e.placeLitres[p]+o.litres > limit.litres || o.shelf > limit.shelf-e.placeShelf[p] {
			continue
		}
		e.placeLitres[p] += o.litres
		e.placeShelf[p] += o.shelf
		e.outside.parcels += o.items
		e.outside.litres += o.litres
		e.tally.outside.saw(e.outside)
		at := until
		if limit.kept {
			at = min(at, e.held(e.now))
		} else {
			e.beyond.parcels += o.items
			e.beyond.litres += o.litres
			e.tally.beyond.saw(e.beyond)
		}
		i := e.newStay()
		s := &e.stays[i]
		s.where, s.items, s.shelf, s.litres, s.due = int32(firstPlace+p), o.items, o.shelf, o.litres, o.due
		e.schedule(i, at)
		return p
	}
	e.tally.returned += o.items
	return -1
}

// held returns the minute at which staff take out what comes at t.
func (e *engine) held(t int32) int32 {
	if e.m.hold == 0 {
		return math.MaxInt32
	}
	return t + e.m.hold
}

// put finds a door for a parcel, or says that there is none and sends it out. It returns whether it took a
// door that was free.
func (e *engine) put(p *parcel, t int32, allowed bool) bool {
	e.events++
	tally := e.tally
	tally.offered[p.class]++
	if e.m.joins && p.coin <= e.m.join && e.joinHousehold(p) {
		tally.joined++
		return false
	}
	where := int32(-1)
	if allowed {
		where = e.find(&e.m.classes[p.class])
	}
	if where < 0 {
		e.overflow(p)
		return false
	}
	if where != e.m.classes[p.class].size {
		tally.upgraded[p.class]++
	}
	e.free[where]--
	e.freeTotal--
	i := e.newStay()
	s := &e.stays[i]
	s.where, s.items, s.shelf, s.litres = where, 1, e.m.classes[p.class].shelf, p.litres
	s.due, s.household = p.due, p.household
	if e.m.joins {
		s.sibling = e.doorOf[p.household]
		e.doorOf[p.household] = i
	}
	e.schedule(i, min(p.due, e.held(t)))
	return true
}

// overflow sends out a parcel that found no door.
func (e *engine) overflow(p *parcel) {
	e.tally.lost[p.class]++
	e.dayLost = true
	out := stay{items: 1, shelf: e.m.classes[p.class].shelf, litres: p.litres, due: p.due}
	place := e.sendOut(&out, 0, p.due)
	if place >= 0 {
		e.tally.placed[place]++
	}
	if place < 0 || place >= e.firstDesk {
		e.tally.missed[p.class]++
		e.dayMiss = true
	}
}

// find returns the smallest size with a free door that the class may take, or -1.
func (e *engine) find(c *class) int32 {
	if e.free[c.size] > 0 {
		return c.size
	}
	for z := c.size + 1; z <= c.last; z++ {
		if e.free[z] > e.m.sizes[z].reserve {
			return z
		}
	}
	return -1
}

// joinHousehold adds the parcel to a door of its household that has room.
func (e *engine) joinHousehold(p *parcel) bool {
	least := e.m.classes[p.class].size
	for i := e.doorOf[p.household]; i != 0; i = e.stays[i].sibling {
		s := &e.stays[i]
		if s.where >= least && s.litres+p.litres <= e.m.sizes[s.where].litres {
			s.litres += p.litres
			s.shelf += e.m.classes[p.class].shelf
			s.items++
			return true
		}
	}
	return false
}

func (e *engine) unlink(i int32) {
	link := &e.doorOf[e.stays[i].household]
	for *link != i {
		link = &e.stays[*link].sibling
	}
	*link = e.stays[i].sibling
}
