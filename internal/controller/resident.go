package controller

import (
	"slices"

	"cubby/internal/locker"
)

func (m *Machine) actResident(p *panel, act Act) error {
	if p.role != RoleResident {
		if _, again := act.(OpenNext); again && p.role == RoleCourier && p.step == StepFailed {
			return m.openDeposit(p, "", "")
		}
		return errStep(p)
	}
	switch a := act.(type) {
	case OpenNext:
		return m.openNext(p)
	case AnswerTaken:
		return m.answerTaken(p, a.Taken)
	}
	return errStep(p)
}

// openNext opens the next door of the holder: one that this turn has not opened yet, else the one
// that failed.
func (m *Machine) openNext(p *panel) error {
	if p.step != StepMore && p.step != StepFailed && p.step != StepDone {
		return errStep(p)
	}
	collect := locker.Collect{
		Session: p.session, Stay: p.shownTo, Grant: p.pass, Request: locker.RequestID(m.id()), By: p.actor,
		Cause: locker.CauseLocal,
	}
	if left := m.doorsLeft(p); len(left) > 0 {
		collect.Place = left[0]
	} else if p.step == StepFailed {
		collect.Place = p.place
	}
	err := m.decide(nil, collect)
	return err
}

// doorsLeft returns the doors with parcels of the holder that this turn has not opened.
func (m *Machine) doorsLeft(p *panel) []locker.PlaceID {
	shown := m.state.Matter.Stays[p.shownTo]
	if shown == nil || p.pass != "" {
		return nil
	}
	var left []locker.PlaceID
	for _, st := range m.state.Collectable(shown) {
		pl, ok := m.state.Directory.Place(st.Place)
		if !ok || pl.Kind != locker.PlaceCompartment || st.Place == p.place && p.step != StepHome ||
			slices.Contains(p.visited, st.Place) || slices.Contains(left, st.Place) {
			continue
		}
		left = append(left, st.Place)
	}
	return left
}

// residentShut asks when a sensor still sees a parcel in a door that was opened to collect.
func (m *Machine) residentShut(p *panel) {
	if (p.purpose == locker.PurposeCollect || p.purpose == locker.PurposeReopen) && p.reported == "" {
		for _, id := range p.stays {
			if st := m.state.Matter.Stays[id]; st != nil && st.State == locker.StayStored {
				p.step = StepAskTaken
				return
			}
		}
	}
	m.residentNext(p)
}

func (m *Machine) residentNext(p *panel) {
	p.visit(p.place)
	p.step = StepDone
	if len(m.doorsLeft(p)) > 0 {
		p.step = StepMore
	}
}

func (m *Machine) answerTaken(p *panel, taken bool) error {
	if p.step != StepAskTaken {
		return errStep(p)
	}
	ps := m.state.Matter.PlaceState(p.place)
	var err error
	switch {
	case taken:
		err = m.decide(nil, locker.ConfirmTaken{Session: p.session, Place: p.place, By: p.actor})
	case ps.Request == p.request && ps.Request != "": // nobody sees this door: nothing was taken, it is shut
		err = m.decide(nil, locker.EndUnwatched{Request: p.request, By: locker.Actor{Kind: locker.ActorSite}})
	}
	if err != nil {
		return err
	}
	p.failure = nil
	m.residentNext(p)
	return nil
}
