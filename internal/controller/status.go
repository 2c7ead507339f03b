package controller

import (
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// status is the machine's part of a site's health: boards, doors, clock, record.
func (m *Machine) status() wire.Status {
	s := wire.Status{
		Version: m.opts.Version, Boot: m.now.Boot, At: m.at,
		Clock:     wire.Clock{Wall: m.now.Wall, Trusted: !m.state.Matter.Clock, OffsetMS: m.clock.offset},
		Journal:   wire.JournalStatus{Last: m.pos, Sealed: m.sealed},
		Directory: m.state.Directory.Rev, KioskSeen: m.panelSeen, Audit: m.state.Matter.Audit,
		Service: m.state.Matter.Service, Doors: m.doorSummary(),
	}
	if sum, err := wire.SumOf(m.state.Matter); err == nil { // without one the server cannot compare, and says so
		s.State = &wire.StateSum{At: m.pos, Sum: sum}
	}
	for _, ref := range m.Boards() {
		b := m.boards[ref]
		state := wire.BoardMissing
		switch {
		case b == nil || !b.answered && !b.looked:
		case b.missed >= silentAfter || b.lost >= lostAfter:
			state = wire.BoardSilent
		default:
			state = wire.BoardOK
		}
		s.Boards = append(s.Boards, wire.BoardStatus{Bus: ref.Bus, Address: uint8(ref.Board), State: state})
	}
	return s
}

func (m *Machine) doorSummary() wire.DoorSummary {
	var d wire.DoorSummary
	for _, id := range m.state.Directory.PlaceIDs() {
		pl, _ := m.state.Directory.Place(id)
		if pl.Kind != locker.PlaceCompartment {
			continue
		}
		ps := m.state.Matter.PlaceState(id)
		d.Total++
		d.Open += count(ps.Door == locker.DoorAjar)
		d.Occupied += count(len(m.state.Matter.LiveIn(id)) > 0)
		d.Out += count(ps.Out)
		d.Faulty += count(len(ps.Faults) > 0)
		d.Doubted += count(ps.Doubt != "")
	}
	return d
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
