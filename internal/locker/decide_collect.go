package locker

import (
	"slices"
	"time"
)

// MaxAttempts is how often a door is tried for one wish: the first request and two retries.
const MaxAttempts = 3

// ReportWindow is how long after collecting a person may still report a problem at the kiosk.
const ReportWindow = 24 * time.Hour

func decideCollect(s *State, c Command, now Millis) ([]Fact, error) {
	switch c := c.(type) {
	case Collect:
		return decideCollecting(s, c, now)
	case ConfirmTaken:
		return decideConfirmTaken(s, c)
	case Reopen:
		return decideReopen(s, c, now)
	case Retry:
		return decideRetry(s, c)
	case ReportProblem:
		return decideReport(s, c, now)
	}
	return nil, Errorf(CodeInternal, "no decision for %T", c)
}

func decideCollecting(s *State, c Collect, now Millis) ([]Fact, error) {
	shown, err := s.findStay(c.Stay)
	if err != nil {
		return nil, err
	}
	if holder, _ := s.Holder(shown); c.Grant == "" && c.By.Kind == ActorRecipient && c.By.ID != string(holder) {
		return nil, Errorf(CodeStayRevoked, "stay %s was made somebody else's", shown.ID)
	}
	if s.Revoked(shown) { // its code opens nothing any more, the holder's other doors included
		return nil, s.whyNot(shown)
	}
	grant := StayRight(shown.ID)
	found := s.Collectable(shown)
	if c.Grant != "" {
		if err := s.passValid(c.Grant, shown.ID, now); err != nil {
			return nil, err
		}
		grant = PassRight(c.Grant)
		found = slices.DeleteFunc(found, func(st *Stay) bool {
			return st.ID != shown.ID || len(s.Matter.LiveIn(st.Place)) > 1 // a pass is for one parcel, not for a door
		})
	}
	if c.Place != "" {
		found = slices.DeleteFunc(found, func(st *Stay) bool { return st.Place != c.Place })
	}
	found = slices.DeleteFunc(found, func(st *Stay) bool {
		p, ok := s.Directory.Place(st.Place)
		return !ok || p.Kind != PlaceCompartment
	})
	if len(found) == 0 {
		return nil, s.whyNot(shown)
	}
	p, err := s.findPlace(found[0].Place)
	if err != nil {
		return nil, err
	}
	var stays []StayID
	for _, st := range s.Matter.LiveIn(p.ID) {
		if slices.Contains(found, st) {
			stays = append(stays, st.ID)
		}
	}
	opening, err := s.open(ask{
		request: c.Request, place: p, purpose: PurposeCollect, cause: c.Cause, grant: grant, actor: c.By,
		session: c.Session, stays: stays,
	})
	if err != nil {
		return nil, err
	}
	// A code that opens a door right after the courier left closes the courier's undo.
	var facts []Fact
	for _, id := range stays {
		if !s.Matter.Stays[id].Settled {
			facts = append(facts, DepositSettled{Stay: id})
		}
	}
	return append(facts, opening), nil
}

// whyNot says why nothing can be collected with the right to a stay.
func (s *State) whyNot(st *Stay) error {
	switch {
	case s.Revoked(st) || st.State == StayHeld:
		return Errorf(CodeStayRevoked, "only staff may open the door of stay %s", st.ID)
	case st.State.Ended():
		return Errorf(CodeStayEnded, "stay %s is over", st.ID)
	case st.State == StayDepositing || st.State == StayUndoing:
		return Errorf(CodeStayNotReady, "stay %s is not stored yet", st.ID)
	case s.closedTo(st.Place, st):
		return Errorf(CodeStayRevoked, "only staff may open the door of stay %s: it holds another parcel too", st.ID)
	}
	return Errorf(CodePlaceEmpty, "no door to open for stay %s", st.ID)
}

func (s *State) passValid(id GrantID, stay StayID, now Millis) error {
	g, ok := s.Directory.Grants[id]
	switch {
	case !ok || g.Stay != stay:
		return Errorf(CodeCodeWrong, "no such pass for this parcel")
	case g.Revoked:
		return Errorf(CodeStayRevoked, "the pass was taken back")
	case s.reassigned(stay):
		return Errorf(CodeStayRevoked, "the pass is of whom the parcel was before")
	case g.From > now || g.Until != 0 && g.Until <= now:
		return Errorf(CodeCodeExpired, "the pass is not valid now")
	}
	return nil
}

func decideConfirmTaken(s *State, c ConfirmTaken) ([]Fact, error) {
	p, err := s.findPlace(c.Place)
	if err != nil {
		return nil, err
	}
	ps := s.Matter.PlaceState(c.Place)
	if p.Witness.SeesDoor() && ps.Door != DoorShut {
		return nil, Errorf(CodeDoorOpen, "door %s must be shut first", p.Name)
	}
	r := s.Matter.Requests[ps.Request]
	if r == nil {
		r = ps.Last
	}
	if r == nil || r.Session != c.Session || !r.collects() {
		return nil, Errorf(CodeSessionEnded, "this session did not open door %s", p.Name)
	}
	var facts []Fact
	if ps.Request != "" {
		if p.Witness.SeesDoor() {
			return nil, Errorf(CodeDoorBusy, "door %s is being opened", p.Name)
		}
		facts = append(facts, DoorClosed{Place: p.ID, Request: r.ID})
	}
	for _, id := range r.Stays {
		if st := s.Matter.Stays[id]; st != nil && st.State == StayStored {
			facts = append(facts, ParcelCollected{Stay: id, Place: p.ID, Evidence: EvidencePerson, By: c.By})
		}
	}
	if ps.Occupancy == OccupancyOccupied {
		facts = append(facts, PlaceDoubted{Place: p.ID, Reason: "contradiction"})
	}
	return facts, nil
}

func decideReopen(s *State, c Reopen, now Millis) ([]Fact, error) {
	p, err := s.findPlace(c.Place)
	if err != nil {
		return nil, err
	}
	if err := s.needSession(c.Session); err != nil {
		return nil, err
	}
	ps := s.Matter.PlaceState(c.Place)
	grace := time.Duration(s.Directory.Policy.GraceSeconds) * time.Second
	last := ps.Last
	if last == nil || last.Session != c.Session || ps.DoorSince != 0 && now > ps.DoorSince.Add(grace) {
		return nil, Errorf(CodeUndoClosed, "it is too late to open door %s again", p.Name)
	}
	if err := s.whoReopens(last.Actor, now); err != nil {
		return nil, err
	}
	for _, st := range s.Matter.LiveIn(c.Place) {
		if !slices.Contains(last.Stays, st.ID) && !s.sharesWith(st, last.Stays) {
			return nil, Errorf(CodePlaceTaken, "door %s holds somebody else's parcel now", p.Name)
		}
		if err := s.mayReopen(last, st, now); err != nil {
			return nil, err
		}
	}
	grant := c.Grant
	if grant == "" {
		grant = last.Grant
	}
	opening, err := s.open(ask{
		request: c.Request, place: p, purpose: PurposeReopen, cause: CauseLocal, grant: grant, actor: c.By,
		session: c.Session, stays: last.Stays,
	})
	if err != nil {
		return nil, err
	}
	return []Fact{opening}, nil
}

// whoReopens reports whether whoever opened a door may still do anything at this site.
func (s *State) whoReopens(who Actor, now Millis) error {
	switch who.Kind {
	case ActorCourier:
		return s.courierValid(CourierID(who.ID), now)
	case ActorStaff:
		if st, ok := s.Directory.Staff[StaffID(who.ID)]; !ok || st.Revoked {
			return Errorf(CodeNotAllowed, "no such person of the staff")
		}
	case ActorRecipient, ActorDelegate, ActorSite:
	}
	return nil
}

// mayReopen reports whether an opening may be repeated with this parcel in the place: a courier's while
// the courier may take it back, a recipient's while it is theirs.
func (s *State) mayReopen(last *Request, st *Stay, now Millis) error {
	switch last.Actor.Kind {
	case ActorCourier:
		if slices.Contains(last.Stays, st.ID) && s.undoClosed(st, now) {
			return Errorf(CodeUndoClosed, "it is too late to open the door of stay %s again", st.ID)
		}
	case ActorRecipient, ActorDelegate:
		holder, unit := s.Holder(st)
		theirs := last.Actor.Kind == ActorDelegate || string(holder) == last.Actor.ID ||
			unit != "" && unit == s.Directory.Recipients[RecipientID(last.Actor.ID)].Unit
		if s.Revoked(st) || !theirs {
			return Errorf(CodeStayRevoked, "only staff may open the door of stay %s now", st.ID)
		}
	case ActorStaff, ActorSite:
	}
	return nil
}

// undoClosed reports whether the courier may not take a stored parcel back any more.
func (s *State) undoClosed(st *Stay, now Millis) bool {
	undo := time.Duration(s.Directory.Policy.UndoSeconds) * time.Second
	return st.State == StayStored && (st.Settled || now > st.StoredAt.Add(undo))
}

func (s *State) sharesWith(st *Stay, ids []StayID) bool {
	for _, id := range ids {
		if other := s.Matter.Stays[id]; other != nil && s.SameHands(st, other) {
			return true
		}
	}
	return false
}

func decideRetry(s *State, c Retry) ([]Fact, error) {
	var last *Request
	for _, ps := range s.Matter.Places {
		if ps.Last != nil && ps.Last.ID == c.Of && ps.Request == "" {
			last = ps.Last
		}
	}
	if last == nil {
		return nil, Errorf(CodeConflict, "request %s cannot be tried again", c.Of)
	}
	if last.Attempt >= MaxAttempts {
		return nil, Errorf(CodeRetriesSpent, "door %s did not open in %d tries", last.Place, MaxAttempts)
	}
	p, err := s.findPlace(last.Place)
	if err != nil {
		return nil, err
	}
	opening, err := s.open(ask{
		request: c.Request, place: p, purpose: last.Purpose, cause: last.Cause, grant: last.Grant, actor: last.Actor,
		session: last.Session, stays: last.Stays,
	})
	if err != nil {
		return nil, err
	}
	opening.Retries, opening.Attempt = last.First, last.Attempt+1
	return []Fact{opening}, nil
}

func decideReport(s *State, c ReportProblem, now Millis) ([]Fact, error) {
	if _, err := s.findPlace(c.Place); err != nil {
		return nil, err
	}
	if c.Stay != "" {
		st, err := s.findStay(c.Stay)
		if err != nil {
			return nil, err
		}
		if st.State.Ended() && now > st.EndedAt.Add(ReportWindow) {
			return nil, Errorf(CodeStayEnded, "stay %s ended too long ago", st.ID)
		}
		if st.State.Ended() && s.closedTo(st.Place, st) {
			c.Stay = "" // its place is somebody else's by now: the parcel cannot be back in it
		}
	}
	facts := []Fact{ProblemReported{Stay: c.Stay, Place: c.Place, Problem: c.Problem, By: c.By}}
	switch c.Problem {
	case ProblemEmpty, ProblemNotMine:
		facts = append(facts, PlaceDoubted{Place: c.Place, Reason: "reported"})
	case ProblemDidNotOpen, ProblemTooHigh, ProblemDamaged, ProblemWontClose:
	}
	return facts, nil
}
