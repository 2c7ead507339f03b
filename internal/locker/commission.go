package locker

import "strings"

// serviceGrant begins the right of a commissioning session: somebody on site with the one-time code.
const serviceGrant = "service:"

// ServiceRight is the right of whoever tests the doors on site with a one-time code.
func ServiceRight(id SessionID) GrantRef { return GrantRef(serviceGrant + id) }

// Commissioning reports whether a session tests doors.
func (s Session) Commissioning() bool { return strings.HasPrefix(string(s.Grant), serviceGrant) }

type (
	// BeginCommission opens a session that tests doors, and keeps couriers out of every free
	// compartment until Until.
	BeginCommission struct {
		Session   SessionID
		Installer string // a random reference, no name
		Until     Millis
	}

	// CommissionOpen opens one door for a test. Where a parcel is booked, or a sensor sees something,
	// only with Confirm; the fact then names the stays.
	CommissionOpen struct {
		Session SessionID
		Place   PlaceID
		Request RequestID
		Confirm bool
	}

	// EndCommission ends a session that tests doors and frees what it kept.
	EndCommission struct {
		Session SessionID
		Reason  string // done, idle
	}

	// FreeCommission frees what a session kept that is over, because the site restarted in between.
	FreeCommission struct{}
)

func (BeginCommission) command() {}
func (CommissionOpen) command()  {}
func (EndCommission) command()   {}
func (FreeCommission) command()  {}

func decideCommission(s *State, c Command, now Millis) ([]Fact, error) {
	switch c := c.(type) {
	case BeginCommission:
		return decideBeginCommission(s, c, now)
	case CommissionOpen:
		return decideCommissionOpen(s, c)
	case EndCommission:
		return decideEndCommission(s, c)
	case FreeCommission:
		return s.freed(func(id SessionID) bool { return s.Matter.Sessions[id] == nil }), nil
	}
	return nil, Errorf(CodeInternal, "no decision for %T", c)
}

func decideBeginCommission(s *State, c BeginCommission, now Millis) ([]Fact, error) {
	if c.Session == "" || c.Installer == "" || c.Until <= now {
		return nil, Errorf(CodeInputInvalid, "testing doors needs a session, who does it, and an end in the future")
	}
	if _, busy := s.Commissioning(); busy {
		return nil, Errorf(CodeConflict, "somebody tests the doors already")
	}
	facts := []Fact{SessionBegan{
		Session: c.Session, Actor: Actor{Kind: ActorStaff, ID: c.Installer}, Grant: ServiceRight(c.Session),
	}}
	for _, id := range s.Directory.PlaceIDs() {
		p, _ := s.Directory.Place(id)
		if p.Kind != PlaceCompartment || s.Matter.PlaceState(id).Reserved.Until > now {
			continue // kept for somebody already: no other courier gets it
		}
		facts = append(facts, PlaceReserved{
			Reservation: keptBy(c.Session, id), Place: id, Courier: CourierID(ServiceRight(c.Session)), Until: c.Until,
		})
	}
	return facts, nil
}

// keptBy names the reservation by which a session keeps a place.
func keptBy(session SessionID, place PlaceID) ReservationID {
	return ReservationID(string(ServiceRight(session)) + "/" + string(place))
}

func decideCommissionOpen(s *State, c CommissionOpen) ([]Fact, error) {
	session := s.Matter.Sessions[c.Session]
	if session == nil || !session.Commissioning() {
		return nil, Errorf(CodeSessionEnded, "session %s is over", c.Session)
	}
	p, err := s.findPlace(c.Place)
	if err != nil {
		return nil, err
	}
	var stays []StayID
	for _, st := range s.Matter.LiveIn(p.ID) {
		stays = append(stays, st.ID)
	}
	full := len(stays) > 0 || s.Matter.PlaceState(p.ID).Occupancy == OccupancyOccupied
	if full && !c.Confirm {
		return nil, Errorf(CodePlaceTaken, "a parcel lies in door %s", p.Name)
	}
	opening, err := s.open(ask{
		request: c.Request, place: p, purpose: PurposeOpen, cause: CauseLocal, grant: session.Grant,
		actor: session.Actor, session: c.Session, stays: stays,
	})
	if err != nil {
		return nil, err
	}
	return []Fact{opening}, nil
}

func decideEndCommission(s *State, c EndCommission) ([]Fact, error) {
	if st := s.Matter.Sessions[c.Session]; st == nil || !st.Commissioning() {
		return nil, Errorf(CodeSessionEnded, "session %s is over", c.Session)
	}
	facts := s.freed(func(id SessionID) bool { return id == c.Session })
	return append(facts, SessionEnded{Session: c.Session, Reason: c.Reason}), nil
}

// freed ends the reservations of sessions that test doors.
func (s *State) freed(over func(SessionID) bool) []Fact {
	var facts []Fact
	for _, id := range s.Directory.PlaceIDs() {
		r := s.Matter.PlaceState(id).Reserved
		session, kept := strings.CutPrefix(string(r.Courier), serviceGrant)
		if kept && r.ID != "" && over(SessionID(session)) {
			facts = append(facts, ReservationEnded{Reservation: r.ID, Reason: "cancelled"})
		}
	}
	return facts
}

// Commissioning returns the session that tests doors now; ok is false when there is none.
func (s *State) Commissioning() (session Session, ok bool) {
	for _, id := range sortedKeys(s.Matter.Sessions) {
		if st := s.Matter.Sessions[id]; st.Commissioning() {
			return *st, true
		}
	}
	return Session{}, false
}
