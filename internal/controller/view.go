package controller

import (
	"slices"

	"cubby/internal/locker"
)

// view is what a panel may show now, but for its version and the time.
func (m *Machine) view(p *panel) Turn {
	t := Turn{
		Session: p.session, Role: p.role, Step: p.step, Failure: p.failure, Stored: p.stored, Issued: p.issued,
	}
	if p.session == "" {
		return t
	}
	switch p.step {
	case StepOpening, StepOpen, StepAskTaken, StepAskStored, StepMore, StepFailed, StepDone:
		if p.place != "" {
			m.viewDoor(p, &t)
		}
	case StepHome, StepCourierReady, StepCourierRecipient, StepCourierSize, StepCourierOptions, StepStaffMenu,
		StepStaffCode:
	}
	t.CanReopen = m.canReopen(p)
	switch p.role {
	case RoleResident:
		t.Remaining = len(m.doorsLeft(p))
	case RoleCourier:
		m.viewCourier(p, &t)
	case RoleStaff:
		m.viewStaff(p, &t)
	case RoleNone:
	}
	return t
}

func (m *Machine) viewDoor(p *panel, t *Turn) {
	pl, _ := m.state.Directory.Place(p.place)
	door := m.door(p.place)
	t.Door, t.Purpose, t.Attempt, t.Reported = &door, p.purpose, p.attempt, p.reported
	t.Watched = pl.Witness.SeesDoor()
	if p.step == StepOpen {
		ps := m.state.Matter.PlaceState(p.place)
		t.OpenSince = ps.DoorSince
		t.Ajar = m.openFor(ps) >= AjarWarning
	}
}

func (m *Machine) viewCourier(p *panel, t *Turn) {
	t.Masked, t.Unit = m.echo(p.parcel.recipient)
	switch p.step {
	case StepCourierRecipient:
		for i, id := range p.matches {
			masked, unit := m.echo(id)
			t.Matches = append(t.Matches, Match{Ref: matchRef(p.search, i), Masked: masked, Unit: unit})
		}
	case StepCourierSize:
		t.Sizes, t.Cold = m.sizes(p)
	case StepCourierOptions:
		for _, o := range p.options {
			c := OptionChoice{Option: o}
			if o.Place != "" {
				c.Door = m.door(o.Place)
			}
			t.Options = append(t.Options, c)
		}
	case StepHome, StepOpening, StepOpen, StepAskTaken, StepAskStored, StepMore, StepFailed, StepDone,
		StepCourierReady, StepStaffMenu, StepStaffCode:
	}
	if st := m.state.Matter.Stays[p.deposit]; st != nil && !st.State.Ended() {
		last := Deposit{
			Door: m.door(st.Place), Stored: st.State == locker.StayStored, Masked: p.masked, Unit: p.unit,
		}
		if _, err := locker.Decide(m.state, m.undo(p, "?", "undo"), m.at); err == nil && last.Stored {
			last.UndoUntil = st.StoredAt.Add(seconds(m.state.Directory.Policy.UndoSeconds))
		}
		t.Last = &last
	}
}

func (m *Machine) viewStaff(p *panel, t *Turn) {
	staff := m.state.Directory.Staff[locker.StaffID(p.actor.ID)]
	t.Duties = slices.Clone(staff.Duties)
	t.Service = m.state.Matter.Service
	if p.step != StepStaffMenu {
		return
	}
	for _, id := range m.state.Directory.PlaceIDs() {
		ps := m.state.Matter.PlaceState(id)
		s := DoorState{
			Door: m.door(id), State: ps.Door, Out: ps.Out, Doubt: ps.Doubt, Faults: slices.Clone(ps.Faults),
			Reserved: ps.Reserved.Until > m.at,
		}
		for _, st := range m.state.Matter.LiveIn(id) {
			s.Stays = append(s.Stays, StayInfo{
				Stay: st.ID, State: st.State, Size: st.Size, StoredAt: st.StoredAt, CollectBy: st.CollectBy,
			})
		}
		t.Doors = append(t.Doors, s)
	}
}

// echo is what a courier may see of a recipient.
func (m *Machine) echo(id locker.RecipientID) (masked, unit string) {
	r, ok := m.state.Directory.Recipients[id]
	if !ok {
		return "", ""
	}
	return r.MaskedName(), m.state.Directory.Units[r.Unit].Name
}

// door describes a place as panels show it.
func (m *Machine) door(id locker.PlaceID) Door {
	pl, ok := m.state.Directory.Place(id)
	if !ok {
		return Door{Place: id}
	}
	d := Door{Place: id, Kind: pl.Kind, Name: pl.Name}
	if pl.Kind != locker.PlaceCompartment {
		return d
	}
	d.Bank, d.Column, d.Row = pl.Bank, pl.Column+1, pl.Row+1
	d.Size, d.Low = pl.Compartment.Size, pl.Compartment.Low()
	for _, b := range m.state.Directory.Layout.Banks {
		if b.ID == pl.Bank {
			d.BankName = b.Name
			d.Part = partOf(b.Columns[pl.Column], pl.Row)
		}
	}
	return d
}

// partOf returns where the middle of a column's compartment is, 0 at the top and 1 at the bottom.
func partOf(c locker.Column, row int) float64 {
	whole, above := c.ScreenUnits, 0
	for i, x := range c.Compartments {
		whole += x.Units
		if i < row {
			above += x.Units
		}
	}
	if whole == 0 {
		return 0
	}
	if c.ScreenUnits > 0 && c.ScreenAbove <= row {
		above += c.ScreenUnits
	}
	return (float64(above) + float64(c.Compartments[row].Units)/2) / float64(whole)
}
