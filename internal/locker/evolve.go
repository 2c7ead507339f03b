package locker

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Evolve folds one fact that was recorded at the moment at into the state. It accepts every fact,
// in whatever order, because facts are records; a fact that makes no sense here changes as little
// as possible. Unknown kinds change nothing.
func Evolve(s *State, f Fact, at Millis) {
	m := s.Matter
	if at > m.Latest {
		m.Latest = at
	}
	switch f := f.(type) {
	case EpochBegan:
		m.beginEpoch(f, s.Directory)
	case DirectoryApplied, CodeRefused, DropRefused, SiteStarted, Unknown:
	case SessionBegan:
		m.Sessions[f.Session] = &Session{ID: f.Session, Actor: f.Actor, Grant: f.Grant, Since: at}
	case SessionEnded:
		delete(m.Sessions, f.Session)
	case OpenRequested, DoorOpened, OpenFailed, OpenUnconfirmed, DoorClosed:
		m.evolveDoor(f, at)
	case DepositBegun, ParcelStored, DepositSettled, UndoRequested, DepositUndone,
		ParcelCollected, ParcelRemoved, CodeReissued:
		m.evolveStay(f, at)
	case ProblemReported:
		m.problem(f)
	case ServiceChanged:
		m.place(f.Place).Out = f.Out
		if !f.Out {
			m.place(f.Place).Failures = 0
		}
	case PlaceReserved:
		m.place(f.Place).Reserved = Reservation{ID: f.Reservation, Unit: f.Unit, Courier: f.Courier, Until: f.Until}
	case ReservationEnded:
		m.endReservation(f.Reservation)
	case IntentAnswered:
		m.Answered[f.Intent] = at
	case FaultRaised:
		m.fault(f.Fault, f.Place, f.Part, true)
	case FaultCleared:
		m.fault(f.Fault, f.Place, f.Part, false)
	case PlaceDoubted:
		m.place(f.Place).Doubt = f.Reason
	case PlaceVerified:
		m.place(f.Place).Doubt, m.place(f.Place).Strange = "", nil
	case PlaceAudited:
		m.audited(f)
	case ServiceSessionBegan:
		m.Service = f.Until
	case ServiceSessionEnded:
		m.Service = 0
	case ClockDoubted:
		m.Clock = true
	case ClockTrusted:
		m.Clock = false
	}
	m.sweep(at)
}

func (m *Matter) beginEpoch(f EpochBegan, d *Directory) {
	m.Audit = f.Audit
	if !f.Audit {
		return
	}
	for _, id := range d.PlaceIDs() {
		if p, _ := d.Place(id); p.Kind == PlaceCompartment {
			m.place(id).Doubt = "audit"
		}
	}
}

func (m *Matter) evolveDoor(f Fact, at Millis) {
	switch f := f.(type) {
	case OpenRequested:
		first := f.Retries
		if first == "" {
			first = f.Request
		}
		m.Requests[f.Request] = &Request{
			ID: f.Request, First: first, Attempt: f.Attempt, Place: f.Place, Purpose: f.Purpose, Cause: f.Cause,
			Grant: f.Grant, Actor: f.Actor, Session: f.Session, Stays: slices.Clone(f.Stays), At: at,
		}
		p := m.place(f.Place)
		p.Request = f.Request
		p.LastActive = f.Session
	case DoorOpened:
		p := m.place(f.Place)
		p.DoorSince = at
		p.Door = DoorAjar
		if f.Evidence == EvidenceNone {
			p.Door = DoorUnknown
		}
		if r := m.Requests[f.Request]; r != nil {
			r.Opened = true
			p.Failures = 0
		}
	case OpenFailed:
		m.place(f.Place).Failures++
		m.endRequest(f.Request, f.Place)
	case OpenUnconfirmed:
		m.endRequest(f.Request, f.Place)
	case DoorClosed:
		p := m.place(f.Place)
		p.Door, p.DoorSince, p.Occupancy = DoorShut, at, f.Occupancy
		m.endRequest(f.Request, f.Place)
	}
}

func (m *Matter) endRequest(id RequestID, place PlaceID) {
	p := m.place(place)
	if id != "" && p.Request == id {
		p.Last = m.Requests[id]
		p.Request = ""
	}
	delete(m.Requests, id)
}

func (m *Matter) evolveStay(f Fact, at Millis) {
	switch f := f.(type) {
	case DepositBegun:
		m.Stays[f.Stay] = &Stay{
			ID: f.Stay, Parcel: f.Parcel, Place: f.Place, Recipient: f.Recipient, Unit: f.Unit, Size: f.Size,
			State: StayDepositing, By: f.Actor, Carrier: f.Carrier, Session: f.Session, Tracking: f.Tracking,
			Key: f.Key, Generation: f.Generation, CollectBy: f.CollectBy,
		}
		m.track(m.Stays[f.Stay])
	case ParcelStored:
		if st := m.Stays[f.Stay]; st != nil {
			st.State, st.StoredAt, st.Undo = StayStored, at, ""
		}
	case DepositSettled:
		if st := m.Stays[f.Stay]; st != nil {
			st.Settled = true
		}
	case UndoRequested:
		if st := m.Stays[f.Stay]; st != nil {
			st.State, st.Undo = StayUndoing, f.Reason
		}
	case DepositUndone:
		m.endStay(f.Stay, StayUndone, at)
	case ParcelCollected:
		m.endStay(f.Stay, StayCollected, at)
	case ParcelRemoved:
		m.endStay(f.Stay, StayRemoved, at)
	case CodeReissued:
		if st := m.Stays[f.Stay]; st != nil {
			st.Key, st.Generation, st.CodeFor = f.Key, f.Generation, cmp.Or(f.For, st.CodeFor)
		}
	}
}

func (m *Matter) endStay(id StayID, state StayState, at Millis) {
	st := m.Stays[id]
	if st == nil {
		return
	}
	st.State, st.EndedAt = state, at
	m.track(st)
	m.place(st.Place).FreedAt = at
}

// problem applies a report. What a person did not find or did not want stays in the books until
// staff have looked, even when the door's cycle had ended the stay before.
func (m *Matter) problem(f ProblemReported) {
	if p := m.Places[f.Place]; p != nil {
		if r := m.Requests[p.Request]; r != nil {
			r.Problem = f.Problem
		}
	}
	st := m.Stays[f.Stay]
	if st == nil {
		return
	}
	if f.Problem == ProblemNotMine {
		st.NotFor = st.Recipient
		if f.By.Kind == ActorRecipient {
			st.NotFor = RecipientID(f.By.ID)
		}
	}
	switch f.Problem {
	case ProblemEmpty, ProblemNotMine:
		if st.State != StayRemoved && st.State != StayUndone {
			st.State, st.EndedAt = StayHeld, 0
		}
	case ProblemTooHigh:
		if st.State == StayCollected {
			st.State, st.EndedAt = StayStored, 0
		}
	case ProblemDidNotOpen, ProblemDamaged, ProblemWontClose:
	}
	m.track(st)
}

func (m *Matter) audited(f PlaceAudited) {
	for _, id := range f.Held {
		if st := m.Stays[id]; st != nil && !st.State.Ended() {
			st.State = StayHeld
			m.track(st)
		}
	}
	if f.Unseen {
		return // what was seen before is the last word
	}
	m.place(f.Place).Strange = nil
	if len(f.Found) > 0 || f.Strangers > 0 {
		m.place(f.Place).Strange = &Strange{Found: slices.Clone(f.Found), Unknown: f.Strangers}
	}
}

func (m *Matter) endReservation(id ReservationID) {
	for _, place := range slices.Sorted(maps.Keys(m.Places)) {
		if m.Places[place].Reserved.ID == id {
			m.Places[place].Reserved = Reservation{}
		}
	}
}

func (m *Matter) fault(f Fault, place PlaceID, part string, raised bool) {
	change := func(faults []Fault) []Fault {
		faults = slices.DeleteFunc(slices.Clone(faults), func(x Fault) bool { return x == f })
		if raised {
			faults = append(faults, f)
		}
		return faults
	}
	if place != "" {
		m.place(place).Faults = change(m.place(place).Faults)
		return
	}
	if m.Parts[part] = change(m.Parts[part]); len(m.Parts[part]) == 0 {
		delete(m.Parts, part)
	}
}

// sweep forgets stays that ended longer ago than KeepEnded, and answers to intents likewise, at
// most once an hour of the record's own time.
func (m *Matter) sweep(at Millis) {
	if at < m.Swept.Add(time.Hour) {
		return
	}
	m.Swept = at
	maps.DeleteFunc(m.Stays, func(_ StayID, st *Stay) bool {
		return st.State.Ended() && st.EndedAt.Add(KeepEnded) < at
	})
	maps.DeleteFunc(m.Answered, func(_ IntentID, when Millis) bool { return when.Add(KeepEnded) < at })
}

func sortedKeys[K ~string, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
