package controller

import (
	"slices"

	"cubby/internal/controller/governor"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// Staff at a counter, which the server speaks for: their acts come as intents. A deposit opens a session of
// its own, named like the intent; it ends with the act, or when what it holds can no longer be taken back.

// counterDeposit puts a parcel on a shelf, at the desk, or into a free door that opens.
func (m *Machine) counterDeposit(in wire.Intent, by locker.Actor, done locker.AnswerIntent) error {
	if err := m.counterOpen(in); err != nil {
		return err
	}
	deposit, err := m.newDeposit(parcelAtHand{
		recipient: in.Recipient, nobody: in.Recipient == "", size: in.Size, carrier: in.Carrier,
	})
	if err != nil {
		return err
	}
	if in.Stay != "" {
		deposit.Stay = in.Stay
		if deposit.Generation, _, err = m.codes.next(deposit.Key, "stay:"+string(in.Stay), 1); err != nil {
			return err
		}
	}
	if in.Parcel != "" {
		deposit.Parcel = in.Parcel
	}
	annex := wire.Annex{}
	session := locker.SessionID(in.ID)
	deposit.Session, deposit.Actor, deposit.Grant = session, by, locker.StaffRight(in.Staff)
	deposit.Place, deposit.Bank, deposit.Tracking = in.Place, in.Bank, m.note(annex, in.Tracking)
	if in.Door {
		deposit.Cause, deposit.Grant = locker.CauseRemote, locker.IntentRight(in.ID)
	}
	commands := []locker.Command{
		locker.BeginSession{Session: session, Actor: by, Grant: locker.StaffRight(in.Staff)}, deposit, done,
	}
	end := locker.EndSession{Session: session, Reason: "done"}
	if !in.Door && !in.Undo {
		commands = append(commands, end)
	}
	if err := m.decide(annex, commands...); err != nil {
		m.must(end)
		return err
	}
	return nil
}

// counterOpen says why a parcel cannot be put where an intent wants it.
func (m *Machine) counterOpen(in wire.Intent) error {
	pl, ok := m.state.Directory.Place(in.Place)
	switch {
	case in.Door && in.Place != "" && (!ok || pl.Kind != locker.PlaceCompartment):
		return locker.Errorf(locker.CodePlaceUnknown, "%s is no door", in.Place)
	case !in.Door && (!ok || pl.Kind == locker.PlaceCompartment):
		return locker.Errorf(locker.CodePlaceUnknown, "%s is no shelf and no desk", in.Place)
	case m.diskFull:
		return locker.Errorf(locker.CodeDiskFull, "the site cannot take parcels: its disk is full")
	}
	if staff, known := m.state.Directory.Staff[in.Staff]; !known || staff.Revoked {
		return locker.Errorf(locker.CodeNotAllowed, "no such person of the staff")
	}
	if in.Door {
		return m.remoteAllowed()
	}
	return nil
}

// remoteAllowed asks the governor, so that an answer says why not; it stands below as well.
func (m *Machine) remoteAllowed() error {
	if m.state.Matter.Service <= m.at && m.governor.RemoteLeft(m.now.MonoMS) <= m.remoteQueued() {
		return locker.Errorf(locker.CodeRemoteLimit, "at most %d remote openings a minute", governor.RemoteLimit)
	}
	return nil
}

// counterUndo takes a parcel back that staff booked a moment ago. Behind a door it opens once more.
func (m *Machine) counterUndo(in wire.Intent, by locker.Actor, done locker.AnswerIntent) error {
	st := m.state.Matter.Stays[in.Stay]
	switch {
	case st == nil:
		return locker.Errorf(locker.CodeStayUnknown, "no stay %s", in.Stay)
	case st.By.Kind != locker.ActorStaff || m.onPanel(st.Session):
		return locker.Errorf(locker.CodeUndoClosed, "this parcel was not booked at a counter")
	}
	if staff, known := m.state.Directory.Staff[in.Staff]; !known || staff.Revoked {
		return locker.Errorf(locker.CodeNotAllowed, "no such person of the staff")
	}
	if pl, _ := m.state.Directory.Place(st.Place); pl.Kind == locker.PlaceCompartment {
		if err := m.remoteAllowed(); err != nil {
			return err
		}
	}
	return m.whole(nil, locker.Undo{
		Session: st.Session, Stay: st.ID, Request: locker.RequestID(m.id()), Reason: "undo", By: by,
		Grant: locker.IntentRight(in.ID), Cause: locker.CauseRemote,
	}, done)
}

// onPanel reports whether a session is somebody's turn at a panel.
func (m *Machine) onPanel(id locker.SessionID) bool {
	for _, p := range m.panels {
		if p.session == id {
			return true
		}
	}
	return false
}

// tickCounters ends the sessions of counters that have nothing open and nothing to take back any more.
func (m *Machine) tickCounters() {
	var over []locker.SessionID
	for id, s := range m.state.Matter.Sessions {
		if s.Actor.Kind == locker.ActorStaff && !m.onPanel(id) && m.counterOver(id) {
			over = append(over, id)
		}
	}
	slices.Sort(over) // a record is the same however a map is walked
	for _, id := range over {
		m.must(locker.EndSession{Session: id, Reason: "done"})
	}
}

// counterOver reports whether nothing is left to do in a session.
func (m *Machine) counterOver(id locker.SessionID) bool {
	for _, r := range m.state.Matter.Requests {
		if r.Session == id {
			return false
		}
	}
	over := true
	m.state.Matter.EachLive(func(st *locker.Stay) {
		over = over && (st.Session != id || st.State != locker.StayStored || st.Settled)
	})
	return over
}

// counterClear books parcels of shelves and of the desk as taken out, in one operation.
func (m *Machine) counterClear(in wire.Intent, done locker.AnswerIntent) error {
	places := []locker.PlaceID{in.Place}
	if in.Place == "" {
		places = nil
		for _, id := range in.Stays {
			st := m.state.Matter.Stays[id]
			if st == nil {
				return locker.Errorf(locker.CodeStayUnknown, "no stay %s", id)
			}
			if !slices.Contains(places, st.Place) {
				places = append(places, st.Place)
			}
		}
	}
	reason := in.Reason
	if !slices.Contains([]string{"returned", "moved", "cleared"}, reason) {
		reason = "cleared"
	}
	annex := wire.Annex{}
	note := m.note(annex, in.Note)
	var commands []locker.Command
	for _, place := range places {
		pl, ok := m.state.Directory.Place(place)
		if !ok || pl.Kind == locker.PlaceCompartment { // a door is cleared by whoever stands before it
			return locker.Errorf(locker.CodePlaceUnknown, "%s is no shelf and no desk", place)
		}
		taken := locker.StaffClear{
			Staff: in.Staff, Place: place, Stays: in.Stays, Request: locker.RequestID(m.id()), Reason: reason, Note: note,
		}
		if _, err := locker.Decide(m.state, taken, m.at); err != nil { // all of it, or none
			return err
		}
		commands = append(commands, taken)
	}
	if len(commands) == 0 {
		return locker.Errorf(locker.CodeInputInvalid, "no parcel was chosen")
	}
	return m.whole(annex, append(commands, done)...)
}

// bankService takes every door of a bank out of service, or puts it back, as one operation with one reason.
func (m *Machine) bankService(bank locker.BankID, out bool, by locker.Actor, reason string, more ...locker.Command) error {
	annex := wire.Annex{}
	note := m.note(annex, reason)
	var commands []locker.Command
	for _, id := range m.state.Directory.PlaceIDs() {
		if pl, _ := m.state.Directory.Place(id); pl.Kind == locker.PlaceCompartment && pl.Bank == bank {
			commands = append(commands, locker.SetService{Place: id, Out: out, By: by, Note: note})
		}
	}
	if len(commands) == 0 {
		return locker.Errorf(locker.CodePlaceUnknown, "no bank %s with doors", bank)
	}
	return m.whole(annex, append(commands, more...)...)
}

// maxSignature is the most bytes of a signature: some hundred points of a pen.
const maxSignature = 6000

// signature puts the strokes of a pen into an annex. One that is too long is left out: the word of who
// handed the parcel over stands.
func (m *Machine) signature(annex wire.Annex, strokes string) locker.AnnexRef {
	if strokes == "" || len(strokes) > maxSignature {
		return ""
	}
	ref := locker.AnnexRef(m.id())
	annex[ref] = strokes
	return ref
}
