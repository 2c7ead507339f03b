package sim

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"cubby/board"
	"cubby/internal/controller"
	"cubby/internal/locker"
	"cubby/internal/sim/oracle"
)

const (
	perBoard = 24 // doors on a board
	coil     = 300 * time.Millisecond
)

// parcel is a thing.
type parcel struct {
	id      string // its tracking number: the truth's own name for it
	to      *resident
	size    locker.Size
	place   *door // where it lies; nil: in somebody's hands, or gone
	counter bool  // on a shelf or at the desk
	stay    locker.StayID
	unseen  bool // left behind where no sensor sees it, or forgotten by the record
	putAt   int64
}

// door is one compartment as it really is.
type door struct {
	place   locker.PlaceID
	bank    locker.BankID
	ref     controller.BoardRef
	channel int
	size    locker.Size
	low     bool

	open   bool
	inside []*parcel
	jammed int64         // true moment until which its lock does nothing
	slow   time.Duration // between the pulse and the door
	liesTo int64         // its latch sensor lies until then
	stuck  board.State   // what it shows while it lies; unknown: the opposite of the truth
	blind  int64         // its presence sensor lies until then
}

// wall is all doors of a site, and its boards.
type wall struct {
	site   *site
	doors  []*door
	byID   map[locker.PlaceID]*door
	silent map[controller.BoardRef]int64 // boards that do not answer, until then
	space  bool                          // presence sensors
}

func newWall(s *site, layout locker.Layout) *wall {
	wl := &wall{site: s, byID: map[locker.PlaceID]*door{}, silent: map[controller.BoardRef]int64{}}
	for _, p := range layout.Places() {
		if p.Kind != locker.PlaceCompartment {
			continue
		}
		o := p.Compartment.Output
		d := &door{
			place: p.ID, bank: p.Bank, ref: controller.BoardRef{Bus: o.Bus, Board: board.Address(o.Board)},
			channel: int(o.Channel), size: p.Compartment.Size, low: p.Compartment.Low(),
		}
		wl.space = p.Witness.SeesSpace()
		wl.doors = append(wl.doors, d)
		wl.byID[p.ID] = d
	}
	return wl
}

// read is what a board says of its doors.
func (wl *wall) read(ref controller.BoardRef) board.Reading {
	r := board.Reading{Doors: make([]board.State, perBoard)}
	if wl.space {
		r.Occupancy = make([]board.Occupancy, perBoard)
	}
	for i := range r.Doors {
		r.Doors[i] = board.StateClosed
	}
	for _, d := range wl.doors {
		if d.ref != ref {
			continue
		}
		i := d.channel - 1
		r.Doors[i] = wl.latch(d)
		if wl.space {
			r.Occupancy[i] = wl.presence(d)
		}
	}
	return r
}

func (wl *wall) latch(d *door) board.State {
	truth := board.StateClosed
	if d.open {
		truth = board.StateOpen
	}
	switch {
	case wl.site.w.now >= d.liesTo:
		return truth
	case d.stuck != board.StateUnknown:
		return d.stuck
	case d.open:
		return board.StateClosed
	}
	return board.StateOpen
}

func (wl *wall) presence(d *door) board.Occupancy {
	occupied := len(d.inside) > 0
	if wl.site.w.now < d.blind {
		occupied = !occupied
	}
	if occupied {
		return board.OccupancyOccupied
	}
	return board.OccupancyEmpty
}

// pulse is what a coil does to a door.
func (wl *wall) pulse(d *door) {
	w := wl.site.w
	if w.now < d.jammed || w.hits(FaultStuck, 0.02) {
		w.counters["jammed"]++
		return
	}
	slow := d.slow
	if w.hits(FaultStuck, 0.02) {
		slow = w.between(time.Second, 8*time.Second)
	}
	w.after(slow, func() { wl.move(d, true, "pulse") })
}

// move opens or shuts a door.
func (wl *wall) move(d *door, open bool, cause string) {
	if d.open == open {
		return
	}
	w := wl.site.w
	d.open = open
	if open {
		w.counters["openings"]++
	}
	w.tell(oracle.DoorMoved{Head: w.head(wl.site), Place: string(d.place), Open: open, Cause: cause})
	if w.hits(FaultSensor, 0.05) { // its latch bounces
		w.counters["bounced"]++
		wl.lieLatch(d, w.between(100*time.Millisecond, 900*time.Millisecond))
	}
	w.trace("%s  door %s open=%t by %s", wl.site.id, d.place, open, cause)
	wl.site.look(d.ref, w.between(50*time.Millisecond, 500*time.Millisecond))
	if open {
		wl.passer(d)
	}
}

// passer has somebody shut a door that stands open for long.
func (wl *wall) passer(d *door) {
	wl.site.w.after(wl.site.w.between(10*time.Minute, 5*time.Hour), func() {
		if d.open && !wl.site.attended(d) {
			wl.move(d, false, "person")
		}
	})
}

// put lays a parcel into a place.
func (wl *wall) put(d *door, p *parcel, asTold bool) {
	w := wl.site.w
	d.inside = append(d.inside, p)
	p.place, p.putAt = d, w.now
	w.tell(oracle.Put{
		Head: w.head(wl.site), Place: string(d.place), Parcel: p.id, Household: string(p.to.unit), AsTold: asTold,
	})
	w.trace("%s  parcel %s for %s laid into %s", wl.site.id, p.id, p.to.unit, d.place)
}

// overlook says that the record has forgotten what was laid in since a moment.
func (wl *wall) overlook(since int64) {
	for _, d := range wl.doors {
		for _, p := range d.inside {
			p.unseen = p.unseen || p.putAt >= since
		}
	}
}

// found is a parcel that the record had forgotten and staff have seen.
func (wl *wall) found(d *door, p *parcel) {
	w := wl.site.w
	p.unseen = false
	w.counters["found by staff"]++
	w.tell(oracle.Put{
		Head: w.head(wl.site), Place: string(d.place), Parcel: p.id, Household: string(p.to.unit), AsTold: true,
	})
	w.trace("%s  parcel %s for %s found in %s", wl.site.id, p.id, p.to.unit, d.place)
}

// take takes a parcel out.
func (wl *wall) take(d *door, p *parcel, by string) {
	w := wl.site.w
	d.inside = slices.DeleteFunc(d.inside, func(x *parcel) bool { return x == p })
	p.place, p.unseen = nil, false
	w.tell(oracle.Took{Head: w.head(wl.site), Place: string(d.place), Parcel: p.id, By: by})
	w.trace("%s  parcel %s taken out of %s by %s", wl.site.id, p.id, d.place, by)
}

// leave shuts a door on a parcel that should have been taken.
func (wl *wall) leave(d *door, p *parcel) {
	w := wl.site.w
	sees := wl.space && w.now >= d.blind
	p.unseen = !sees
	w.counters["left behind"]++
	w.tell(oracle.LeftBehind{Head: w.head(wl.site), Place: string(d.place), Parcel: p.id, Seen: sees})
	w.trace("%s  parcel %s left behind in %s", wl.site.id, p.id, d.place)
}

// lieLatch has a latch show the opposite of the truth.
func (wl *wall) lieLatch(d *door, d2 time.Duration) {
	d.stuck = board.StateUnknown
	wl.lieFor(d, &d.liesTo, d2)
}

// lie has a sensor of a door lie for a while.
func (wl *wall) lie(d *door, latch bool, d2 time.Duration) {
	w := wl.site.w
	if latch {
		d.stuck = []board.State{board.StateUnknown, board.StateClosed, board.StateOpen}[w.rand.IntN(3)]
		wl.lieFor(d, &d.liesTo, d2)
		return
	}
	wl.lieFor(d, &d.blind, d2)
}

// lieFor has a sensor lie until later.
func (wl *wall) lieFor(d *door, until *int64, d2 time.Duration) {
	w := wl.site.w
	*until = max(*until, w.now+d2.Milliseconds())
	w.tell(oracle.SensorLied{Head: w.head(wl.site), Place: string(d.place), Lies: true})
	wl.site.look(d.ref, 300*time.Millisecond)
	w.after(d2, func() { wl.site.look(d.ref, 0) })
	// What was misread stands in the books until somebody has looked: the truth is judged again a while
	// after the sensor is well.
	w.after(d2+12*time.Hour, func() {
		if w.now >= d.liesTo && w.now >= d.blind {
			w.tell(oracle.SensorLied{Head: w.head(wl.site), Place: string(d.place)})
		}
	})
}

// layoutOf is one bank of doors, a shelf and a desk.
func layoutOf(doors int, witness locker.Witness) locker.Layout {
	sizes := []locker.Size{locker.SizeS, locker.SizeM, locker.SizeS, locker.SizeM, locker.SizeL, locker.SizeXL}
	bank := locker.Bank{ID: "main", Name: "Main", Witness: witness}
	for i := range doors {
		if i%6 == 0 {
			bank.Columns = append(bank.Columns, locker.Column{Name: string(rune('A' + i/6))})
		}
		col := &bank.Columns[i/6]
		name := fmt.Sprintf("%s%02d", col.Name, i%6+1)
		col.Compartments = append(col.Compartments, locker.Compartment{
			ID: locker.PlaceID("main/" + name), Name: name, Size: sizes[i%len(sizes)], Units: 2, ReachMM: 500 + 250*(i%6),
			Output: locker.Output{Bus: "a", Board: uint8(1 + i/perBoard), Channel: uint8(1 + i%perBoard)},
		})
	}
	return locker.Layout{
		Banks: []locker.Bank{bank},
		Rooms: []locker.Room{{ID: "room", Name: "Room", Shelves: []locker.Shelf{{ID: "room/1", Name: "1"}}}},
		Desk:  &locker.Desk{ID: "desk", Name: "Desk"},
	}
}

// boards returns the boards of a wall in order.
func (wl *wall) boards() []controller.BoardRef {
	seen := map[controller.BoardRef]bool{}
	for _, d := range wl.doors {
		seen[d.ref] = true
	}
	return slices.SortedFunc(maps.Keys(seen), func(a, b controller.BoardRef) int { return int(a.Board) - int(b.Board) })
}
