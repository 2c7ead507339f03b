package controller

import (
	"slices"
	"time"

	"cubby/board"
	"cubby/internal/locker"
)

const (
	// silentAfter is how many polls in a row a board may miss before it counts as silent: one lost
	// frame is noise.
	silentAfter = 3
	// lostAfter is how many polls in a row may find the line lost before the bus does.
	lostAfter = 2
	// maxChase is how often in a row a door that moves is read again at once: a contact that chatters for
	// ever must not fill the line.
	maxChase = 3
)

// boardHealth is what is known of one board.
type boardHealth struct {
	answered bool // ever
	looked   bool // answered the first look at the start, before any poll
	readAt   int64
	missed   int // polls in a row
	lost     int
	chased   int               // readings at once in a row
	raw      []locker.Sighting // last reading by channel, from 0
	believed []locker.Sighting // read twice in a row
	spare    []locker.Sighting // what raw was before, to be written over
	heard    bool              // twice: a reading like raw has no more to say until something happens
	rev      uint64            // Machine.rev then
}

// pending reports whether a door's last reading differs from what is believed.
func (b *boardHealth) pending(channel uint8) bool {
	i := int(channel) - 1
	return i >= 0 && i < len(b.raw) && i < len(b.believed) && b.raw[i].Door != b.believed[i].Door
}

func (m *Machine) health(ref BoardRef) *boardHealth {
	b, ok := m.boards[ref]
	if !ok {
		b = &boardHealth{}
		m.boards[ref] = b
	}
	return b
}

// boardRead takes a poll. A change counts once two readings in a row agree: neither a bouncing latch
// nor one garbled frame collects a parcel. Door and presence are judged apart: a presence sensor that
// flickers while a hand moves behind the door does not hide that the door opened.
func (m *Machine) boardRead(e BoardRead) {
	ref := BoardRef{Bus: e.Bus, Board: e.Board}
	b := m.health(ref)
	first := !b.answered
	b.answered, b.readAt, b.missed, b.lost = true, m.now.MonoMS, 0, 0
	if len(m.state.Matter.Parts) > 0 {
		m.must(locker.ClearFault{Fault: locker.FaultBoardSilent, Part: locker.PartBoard(ref.Bus, uint8(ref.Board))})
		m.must(locker.ClearFault{Fault: locker.FaultBusLost, Part: locker.PartBus(ref.Bus)})
	}
	now := sightings(b.spare, e.Reading)
	again := slices.Equal(now, b.raw)
	if again && b.heard && b.rev == m.rev {
		b.spare = now
		return // as nearly always: what it says was heard before, and nothing happened since
	}
	if len(b.believed) != len(now) {
		b.raw, b.believed = nil, make([]locker.Sighting, len(now))
		first = true
	}
	moves := b.believe(now)
	b.heard = again && !moves
	for _, o := range m.outputs[ref] {
		m.see(o, b)
	}
	if first {
		m.checkBoard(ref, len(now))
	}
	b.rev = m.rev
	if b.chased++; !moves || b.chased > maxChase {
		b.chased = 0
		return
	}
	m.out.Effects = append(m.out.Effects, Read(ref))
}

// believe takes over what two readings in a row say. It reports whether a door is about to move, so
// that the next reading should come at once.
func (b *boardHealth) believe(now []locker.Sighting) (moves bool) {
	for i, s := range now {
		known := i < len(b.raw)
		switch {
		case known && b.raw[i].Door == s.Door:
			b.believed[i].Door = s.Door
		case s.Door != b.believed[i].Door:
			moves = true
		}
		if known && b.raw[i].Occupancy == s.Occupancy {
			b.believed[i].Occupancy = s.Occupancy
		}
	}
	b.raw, b.spare = now, b.raw
	return moves
}

func (m *Machine) see(o output, b *boardHealth) {
	i := int(o.channel) - 1
	if i >= len(b.believed) || b.believed[i].Door == locker.DoorUnknown {
		return
	}
	if b.pending(o.channel) {
		return // what was believed is contradicted by now, and must not answer a request made since
	}
	s := b.believed[i]
	if m.state.Matter.Knows(o.place, s.Door) {
		return // as nearly always
	}
	if !o.witness.SeesSpace() {
		s.Occupancy = locker.OccupancyUnknown
	}
	m.must(locker.See{Place: o.place, Sighting: s})
}

func (m *Machine) boardFailed(e BoardFailed) {
	b := m.health(BoardRef{Bus: e.Bus, Board: e.Board})
	b.missed++
	if e.Lost {
		if b.lost++; b.lost >= lostAfter {
			m.must(locker.RaiseFault{Fault: locker.FaultBusLost, Part: locker.PartBus(e.Bus)})
		}
		return
	}
	b.lost = 0
	if b.missed >= silentAfter {
		m.must(locker.RaiseFault{Fault: locker.FaultBoardSilent, Part: locker.PartBoard(e.Bus, uint8(e.Board))})
	}
}

// sightings turns a reading into the words of the rules, in the room of what nobody needs any more.
func sightings(room []locker.Sighting, r board.Reading) []locker.Sighting {
	seen := slices.Grow(room[:0], len(r.Doors))[:len(r.Doors)]
	clear(seen)
	for i, d := range r.Doors {
		switch d {
		case board.StateClosed:
			seen[i].Door = locker.DoorShut
		case board.StateOpen:
			seen[i].Door = locker.DoorAjar
		case board.StateUnknown:
		}
		if i >= len(r.Occupancy) {
			continue
		}
		switch r.Occupancy[i] {
		case board.OccupancyEmpty:
			seen[i].Occupancy = locker.OccupancyEmpty
		case board.OccupancyOccupied:
			seen[i].Occupancy = locker.OccupancyOccupied
		case board.OccupancyUnknown:
		}
	}
	return seen
}

// Sighted turns first readings of boards into what is seen of each place, for Start.
func (m *Machine) Sighted(readings map[BoardRef][]locker.Sighting) map[locker.PlaceID]locker.Sighting {
	seen := map[locker.PlaceID]locker.Sighting{}
	for ref, channels := range readings {
		m.health(ref).looked = true
		for _, o := range m.outputs[ref] {
			i := int(o.channel) - 1
			if i >= len(channels) || !o.witness.SeesDoor() {
				continue
			}
			s := channels[i]
			if !o.witness.SeesSpace() {
				s.Occupancy = locker.OccupancyUnknown
			}
			seen[o.place] = s
		}
	}
	return seen
}

// output is a compartment as a board knows it.
type output struct {
	place   locker.PlaceID
	channel uint8
	witness locker.Witness
}

// learnLayout finds out which places hang on which board.
func (m *Machine) learnLayout() {
	m.outputs = map[BoardRef][]output{}
	for _, id := range m.state.Directory.PlaceIDs() {
		if p, _ := m.state.Directory.Place(id); p.Kind == locker.PlaceCompartment {
			ref := refOf(p.Compartment.Output)
			m.outputs[ref] = append(m.outputs[ref], output{
				place: id, channel: p.Compartment.Output.Channel, witness: p.Witness,
			})
		}
	}
}

// Boards returns the boards that the layout names, in its order.
func (m *Machine) Boards() []BoardRef {
	var refs []BoardRef
	for _, id := range m.state.Directory.PlaceIDs() {
		p, _ := m.state.Directory.Place(id)
		if ref := refOf(p.Compartment.Output); p.Kind == locker.PlaceCompartment && !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	return refs
}

// checkLayout raises a fault for every bus that the layout names and nobody drives, and clears those
// of a layout before.
func (m *Machine) checkLayout() {
	refs := m.Boards()
	for _, part := range sortedParts(m.state.Matter.Parts) {
		missing := func(ref BoardRef) bool { return !m.driven(ref.Bus) && locker.PartBus(ref.Bus) == part }
		if !slices.ContainsFunc(refs, missing) {
			m.must(locker.ClearFault{Fault: locker.FaultLayout, Part: part})
		}
	}
	for _, ref := range refs {
		if !m.driven(ref.Bus) {
			m.must(locker.RaiseFault{Fault: locker.FaultLayout, Part: locker.PartBus(ref.Bus)})
		} else if b := m.boards[ref]; b != nil && b.answered {
			m.checkBoard(ref, len(b.believed))
		}
	}
}

// checkBoard compares the layout with how many channels a board has.
func (m *Machine) checkBoard(ref BoardRef, channels int) {
	for _, o := range m.outputs[ref] {
		if int(o.channel) > channels {
			m.must(locker.RaiseFault{Fault: locker.FaultLayout, Place: o.place})
		} else {
			m.must(locker.ClearFault{Fault: locker.FaultLayout, Place: o.place})
		}
	}
}

func sortedParts(parts map[string][]locker.Fault) []string {
	var names []string
	for name, faults := range parts {
		if slices.Contains(faults, locker.FaultLayout) && name != "directory" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// openFor returns how long a door has been open, zero when it is not.
func (m *Machine) openFor(ps locker.PlaceState) time.Duration {
	if ps.Door != locker.DoorAjar || ps.DoorSince == 0 {
		return 0
	}
	return time.Duration(m.at-ps.DoorSince) * time.Millisecond
}
