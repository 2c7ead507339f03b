package controller

import (
	"math"

	"cubby/internal/locker"
)

const (
	// never is the moment of a tick that nothing needs.
	never = math.MaxInt64
	// dueGap is the least time until a tick that is needed again after one: what it waits for may be late by
	// the site's clock, which runs slower while it waits for the truth.
	dueGap = busyTick
)

// Wakeup returns the moment of the monotonic clock, in milliseconds, until which time alone brings nothing
// about: the machine needs a Ticked then, and an earlier one does no harm. It is math.MaxInt64 when it
// waits for nothing. What panels show of time alone is looked at when somebody asks, or at a tick.
func (m *Machine) Wakeup() int64 { return m.due }

// dueAt brings the next tick near.
func (m *Machine) dueAt(monoMS int64) { m.due = min(m.due, monoMS) }

// dueBy brings the next tick near by the site's time.
func (m *Machine) dueBy(at locker.Millis) { m.dueAt(m.now.MonoMS + int64(at-m.at)) }

// followDue notes what time will do because of a fact.
func (m *Machine) followDue(f locker.Fact) {
	policy := m.state.Directory.Policy
	switch f := f.(type) {
	case locker.DoorOpened:
		m.dueBy(m.at.Add(seconds(policy.AjarSeconds)))
	case locker.ParcelStored:
		m.dueBy(m.at.Add(seconds(policy.UndoSeconds)) + 1)
	case locker.PlaceReserved:
		m.dueBy(f.Until)
	case locker.ServiceSessionBegan:
		m.dueBy(f.Until)
	case locker.DepositUndone, locker.DoorClosed:
		if len(m.state.Matter.Sessions) > 0 { // of a counter: nothing may be left to do in it
			m.dueAt(m.now.MonoMS + tickEvery.Milliseconds())
		}
	case locker.SessionEnded, locker.EpochBegan:
		m.dueAt(m.now.MonoMS + tickEvery.Milliseconds())
	}
	if m.state.Matter.Swept != m.swept {
		m.dueAt(m.now.MonoMS + tickEvery.Milliseconds())
	}
}

// findDue finds out what time will do next, after a tick has done what it could.
func (m *Machine) findDue() {
	m.due = never
	m.dueOpenings()
	m.dueDoors()
	policy := m.state.Directory.Policy
	undo := seconds(policy.UndoSeconds)
	m.state.Matter.EachLive(func(st *locker.Stay) {
		if st.State == locker.StayStored && !st.Settled {
			m.dueBy(st.StoredAt.Add(undo) + 1)
		}
	})
	if until := m.state.Matter.Service; until != 0 {
		m.dueBy(until)
	}
	for _, id := range m.panelIDs {
		if p := m.panels[id]; p.session != "" {
			m.duePanel(p)
		}
	}
	if _, ok := m.state.Commissioning(); ok {
		m.dueAt(m.commissionAt + commissionIdle.Milliseconds())
	}
	m.due = max(m.due, m.now.MonoMS+dueGap.Milliseconds())
}

// duePanel notes until when a turn may last that nobody touches.
func (m *Machine) duePanel(p *panel) { m.dueAt(p.touched + p.limit().Milliseconds() + 1) }

// dueOpenings notes until when attempts to open may wait.
func (m *Machine) dueOpenings() {
	for _, x := range m.openings {
		switch {
		case x.done:
			m.dueAt(x.deadline)
		case x.sent: // its Pulsed comes
		default:
			m.dueAt(m.now.MonoMS) // the governor lets it through soon
		}
	}
}

// dueDoors notes until when doors may stand open and places be kept.
func (m *Machine) dueDoors() {
	ajar := seconds(m.state.Directory.Policy.AjarSeconds)
	for id, ps := range m.state.Matter.Places {
		if ps.Reserved.ID != "" {
			m.dueBy(ps.Reserved.Until)
		}
		if ps.DoorSince == 0 || ps.Door == locker.DoorShut {
			continue
		}
		raised := ps.Door == locker.DoorAjar && ps.Raised(locker.FaultAjar)
		if p, _ := m.state.Directory.Place(id); !raised || ps.Request != "" && !p.Witness.SeesDoor() {
			m.dueBy(ps.DoorSince.Add(ajar))
		}
	}
}
