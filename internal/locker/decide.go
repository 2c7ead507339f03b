package locker

import "slices"

// Decide answers a command with the facts that follow from it at now, or with an *Error. It changes
// nothing; the facts count once they are durable and folded in by Evolve. now must not lie before
// the state's latest operation, Matter.Latest: a clock that jumps back revives nothing.
func Decide(s *State, c Command, now Millis) ([]Fact, error) {
	switch c := c.(type) {
	case BeginDeposit, ConfirmStored, Undo, Settle, RefuseDrop:
		return decideDrop(s, c, now)
	case Collect, ConfirmTaken, Reopen, Retry, ReportProblem:
		return decideCollect(s, c, now)
	case StaffOpen, StaffClear, HandOver, Reissue, SetService, Verify, Audit, BeginService, EndService:
		return decideStaff(s, c, now)
	case RemoteOpen, Reserve, EndReservation, AnswerIntent:
		return decideIntent(s, c, now)
	case BeginCommission, CommissionOpen, EndCommission, FreeCommission:
		return decideCommission(s, c, now)
	case DoubtAll, See, Unwatched, EndUnwatched, FailOpen, RaiseFault, ClearFault:
		return decideSight(s, c)
	case Start:
		return decideStart(s, c)
	case BeginEpoch:
		return []Fact{EpochBegan{Reason: c.Reason, Audit: c.Audit, Sealed: c.Sealed}}, nil
	case ApplyDirectory:
		return []Fact{DirectoryApplied{Rev: c.Rev}}, nil
	case BeginSession:
		return []Fact{SessionBegan{Session: c.Session, Actor: c.Actor, Grant: c.Grant}}, nil
	case EndSession:
		return decideEndSession(s, c)
	case RefuseCode:
		return []Fact{c.Fact}, nil
	case DoubtClock:
		return []Fact{ClockDoubted{JumpMS: c.JumpMS}}, nil
	case TrustClock:
		return []Fact{ClockTrusted{OffsetMS: c.OffsetMS}}, nil
	}
	return nil, Errorf(CodeInternal, "no decision for %T", c)
}

// Apply decides and folds the facts in: what an application does when the facts are durable.
func Apply(s *State, c Command, now Millis) ([]Fact, error) {
	facts, err := Decide(s, c, now)
	if err != nil {
		return nil, err
	}
	for _, f := range facts {
		Evolve(s, f, now)
	}
	return facts, nil
}

func decideEndSession(s *State, c EndSession) ([]Fact, error) {
	if s.Matter.Sessions[c.Session] == nil {
		return nil, Errorf(CodeSessionEnded, "session %s is over", c.Session)
	}
	var facts []Fact
	for _, r := range s.Matter.Open() {
		p, _ := s.Directory.Place(r.Place)
		if r.Session == c.Session && r.Opened && !p.Witness.SeesDoor() {
			facts = append(facts, s.unanswered(r)...)
		}
	}
	for _, st := range s.Matter.Live() {
		ps := s.Matter.PlaceState(st.Place)
		switch {
		case st.Session != c.Session:
		case st.State == StayStored && !st.Settled:
			facts = append(facts, DepositSettled{Stay: st.ID})
		case st.State == StayDepositing && ps.Request == "" && ps.Doubt == "":
			facts = append(facts, PlaceDoubted{Place: st.Place, Reason: "unanswered"})
		}
	}
	if c.Reason != ReasonDone {
		facts = append(facts, s.unproven(c.Session)...)
	}
	return append(facts, SessionEnded{Session: c.Session, Reason: c.Reason}), nil
}

// ReasonDone ends the session of somebody who said that they are done. All others went without a word.
const ReasonDone = "done"

// unproven doubts the place of what a session took back last, when nobody could see it go and whoever wanted it back did
// nothing after its door was shut: they may have walked away from the open door.
func (s *State) unproven(session SessionID) []Fact {
	var last *Stay
	for _, st := range s.Matter.Stays {
		if st.Session == session && (last == nil || st.ID > last.ID) {
			last = st
		}
	}
	if last == nil || last.State != StayUndone || last.Undo == "" {
		return nil
	}
	p, _ := s.Directory.Place(last.Place)
	ps := s.Matter.PlaceState(last.Place)
	if p.Kind != PlaceCompartment || p.Witness.SeesSpace() && ps.Occupancy != OccupancyUnknown || ps.Doubt != "" {
		return nil
	}
	return []Fact{PlaceDoubted{Place: last.Place, Reason: "unanswered"}}
}

// ask is an opening before it became a fact.
type ask struct {
	request RequestID
	place   Place
	purpose Purpose
	cause   Cause
	grant   GrantRef
	actor   Actor
	session SessionID
	stays   []StayID
	note    AnnexRef
}

// open returns the fact that asks for a door, or an error when a request for that door is under way,
// or when the place has no door. A door that stands open already is not pulsed again: the caller
// gets CodeDoorOpen. A broken sensor or a fault never blocks somebody who has the right to open.
func (s *State) open(a ask) (OpenRequested, error) {
	if a.place.Kind != PlaceCompartment {
		return OpenRequested{}, Errorf(CodePlaceUnknown, "place %s has no door", a.place.ID)
	}
	ps := s.Matter.PlaceState(a.place.ID)
	if ps.Request != "" {
		if ps.Door == DoorAjar {
			return OpenRequested{}, Errorf(CodeDoorOpen, "door %s is open", a.place.Name)
		}
		return OpenRequested{}, Errorf(CodeDoorBusy, "door %s is being opened", a.place.Name)
	}
	return OpenRequested{
		Request: a.request, Place: a.place.ID, Purpose: a.purpose, Cause: a.cause, Grant: a.grant, Actor: a.actor,
		Session: a.session, Stays: a.stays, Attempt: 1, Note: a.note,
	}, nil
}

func (s *State) findPlace(id PlaceID) (Place, error) {
	p, ok := s.Directory.Place(id)
	if !ok {
		return Place{}, Errorf(CodePlaceUnknown, "no place %s in the layout", id)
	}
	return p, nil
}

func (s *State) findStay(id StayID) (*Stay, error) {
	st := s.Matter.Stays[id]
	if st == nil {
		return nil, Errorf(CodeStayUnknown, "no stay %s", id)
	}
	return st, nil
}

func (s *State) needSession(id SessionID) error {
	if s.Matter.Sessions[id] == nil {
		return Errorf(CodeSessionEnded, "session %s is over", id)
	}
	return nil
}

func (s *State) needDuty(id StaffID, d Duty) error {
	st, ok := s.Directory.Staff[id]
	if !ok || st.Revoked {
		return Errorf(CodeNotAllowed, "no such person of the staff")
	}
	if !slices.Contains(st.Duties, d) {
		return Errorf(CodeNotAllowed, "this needs the duty %q", string(d))
	}
	return nil
}
