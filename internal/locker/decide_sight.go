package locker

import "slices"

// LockFailures is how many openings in a row may fail before a lock is taken for broken.
const LockFailures = 3

func decideSight(s *State, c Command) ([]Fact, error) {
	switch c := c.(type) {
	case DoubtAll:
		return s.doubtAll(), nil
	case See:
		return decideSee(s, c)
	case Unwatched:
		r := s.Matter.Requests[c.Request]
		if r == nil || r.Opened {
			return nil, nil
		}
		return []Fact{DoorOpened{Place: r.Place, Request: r.ID, Evidence: EvidenceNone}}, nil
	case EndUnwatched:
		return decideEndUnwatched(s, c)
	case FailOpen:
		return decideFailOpen(s, c)
	case RaiseFault:
		if s.hasFault(c.Fault, c.Place, c.Part) {
			return nil, nil
		}
		return []Fact{FaultRaised(c)}, nil
	case ClearFault:
		if !s.hasFault(c.Fault, c.Place, c.Part) {
			return nil, nil
		}
		return []Fact{FaultCleared(c)}, nil
	}
	return nil, Errorf(CodeInternal, "no decision for %T", c)
}

// doubtAll leaves every compartment unverified until somebody has looked. Collecting goes on.
func (s *State) doubtAll() []Fact {
	var facts []Fact
	for _, id := range s.Directory.PlaceIDs() {
		if p, _ := s.Directory.Place(id); p.Kind == PlaceCompartment && s.Matter.PlaceState(id).Doubt == "" {
			facts = append(facts, PlaceDoubted{Place: id, Reason: "audit"})
		}
	}
	return facts
}

func (s *State) hasFault(f Fault, place PlaceID, part string) bool {
	if place != "" {
		return slices.Contains(s.Matter.PlaceState(place).Faults, f)
	}
	return slices.Contains(s.Matter.Parts[part], f)
}

// decideSee turns a sighting into facts when it changes something. The opening and the closing of a
// door carry the story on: a deposit is stored, a parcel is collected, or nobody asked for it.
func decideSee(s *State, c See) ([]Fact, error) {
	p, err := s.findPlace(c.Place)
	if err != nil {
		return nil, err
	}
	ps := s.Matter.PlaceState(c.Place)
	r := s.Matter.Requests[ps.Request]
	waiting := r != nil && !r.Opened // a door that stood open already answers the request at once
	if c.Door == DoorUnknown || !p.Witness.SeesDoor() || c.Door == ps.Door && (c.Door == DoorShut || !waiting) {
		return nil, nil
	}
	if c.Door == DoorAjar {
		return s.sawOpen(p, r, ps), nil
	}
	return s.sawShut(p, r, c.Sighting), nil
}

func (s *State) sawOpen(p Place, r *Request, ps PlaceState) []Fact {
	if r != nil {
		return []Fact{DoorOpened{Place: p.ID, Request: r.ID, Evidence: EvidenceDoor}}
	}
	facts := []Fact{DoorOpened{Place: p.ID, Evidence: EvidenceDoor}}
	if ps.Doubt == "" && ps.Door != DoorUnknown {
		facts = append(facts, PlaceDoubted{Place: p.ID, Reason: "unasked_open"})
	}
	return facts
}

func (s *State) sawShut(p Place, r *Request, seen Sighting) []Fact {
	ps := s.Matter.PlaceState(p.ID)
	if r != nil && !r.Opened {
		if ps.Door != DoorAjar {
			return nil // shut before the pulse took effect: the request goes on
		}
		r = nil // an opening before this request ends here: nothing was taken or stored by it
	}
	closed := DoorClosed{Place: p.ID, Occupancy: seen.Occupancy}
	facts := []Fact{closed}
	if r != nil {
		closed.Request = r.ID
		facts = append([]Fact{closed}, s.afterwards(p, r, seen)...)
	}
	if slices.Contains(ps.Faults, FaultAjar) {
		facts = append(facts, FaultCleared{Fault: FaultAjar, Place: p.ID})
	}
	return facts
}

// afterwards says what follows from a door's cycle for the parcels of its request. With a sensor in
// the space that contradicts the purpose nothing follows: the person is asked.
func (s *State) afterwards(p Place, r *Request, seen Sighting) []Fact {
	evidence := evidenceOf(p.Witness, seen)
	var facts []Fact
	for _, id := range r.Stays {
		st := s.Matter.Stays[id]
		if st == nil {
			continue
		}
		switch {
		case st.State == StayUndoing && seen.Occupancy != OccupancyEmpty && s.Matter.Sessions[st.Session] == nil:
			// Whoever wanted it back is gone, and nobody saw them take it: it stays in the books until staff look.
			facts = append(facts, PlaceDoubted{Place: p.ID, Reason: "unanswered"})
		case st.State == StayUndoing:
			facts = append(facts, s.undone(p, st, seen)...)
		case st.State == StayDepositing && seen.Occupancy != OccupancyEmpty:
			facts = append(facts, ParcelStored{Stay: id, Place: p.ID, Evidence: evidence, By: r.Actor})
		case st.State == StayDepositing && s.Matter.Sessions[st.Session] == nil: // nobody is left to ask
			facts = append(facts, PlaceDoubted{Place: p.ID, Reason: "unanswered"})
		case st.State == StayStored && r.collects() && r.Problem != ProblemTooHigh &&
			seen.Occupancy != OccupancyOccupied:
			facts = append(facts, ParcelCollected{Stay: id, Place: p.ID, Evidence: evidence, By: r.Actor})
		case !st.State.Ended() && r.Purpose == PurposeClear:
			facts = append(facts, ParcelRemoved{Stay: id, Place: p.ID, By: r.Actor, Reason: "cleared"})
			if seen.Occupancy == OccupancyOccupied {
				facts = append(facts, PlaceDoubted{Place: p.ID, Reason: "contradiction"})
			}
		}
	}
	return facts
}

func (s *State) undone(p Place, st *Stay, seen Sighting) []Fact {
	facts := []Fact{DepositUndone{Stay: st.ID, Place: p.ID, Reason: st.Undo}}
	alone := len(s.Matter.LiveIn(p.ID)) == 1
	if seen.Occupancy == OccupancyOccupied && alone {
		facts = append(facts, PlaceDoubted{Place: p.ID, Reason: "contradiction"})
	}
	return facts
}

func evidenceOf(w Witness, seen Sighting) Evidence {
	switch {
	case seen.Occupancy != OccupancyUnknown && w.Infrared:
		return EvidenceInfrared
	case seen.Occupancy != OccupancyUnknown && w.Weight:
		return EvidenceWeight
	case !w.SeesDoor():
		return EvidencePerson
	}
	return EvidenceDoor
}

// decideEndUnwatched ends an opening that no sensor ends. A person's word moves the parcels on as a
// seen closing would.
func decideEndUnwatched(s *State, c EndUnwatched) ([]Fact, error) {
	r := s.Matter.Requests[c.Request]
	if r == nil {
		return nil, Errorf(CodeConflict, "request %s is over", c.Request)
	}
	p, err := s.findPlace(r.Place)
	if err != nil {
		return nil, err
	}
	if p.Witness.SeesDoor() || !r.Opened {
		return nil, Errorf(CodeDoorBusy, "door %s is being opened", p.Name)
	}
	if c.By.Kind == ActorSite {
		return s.unanswered(r), nil
	}
	return append([]Fact{DoorClosed{Place: p.ID, Request: r.ID}}, s.afterwards(p, r, Sighting{})...), nil
}

// unanswered ends an opening of a door that nobody sees and of which nobody said anything: whoever
// opened it for a parcel leaves a doubt that staff clear.
func (s *State) unanswered(r *Request) []Fact {
	facts := []Fact{OpenUnconfirmed{Request: r.ID, Place: r.Place}}
	if len(r.Stays) > 0 && s.Matter.PlaceState(r.Place).Doubt == "" {
		facts = append(facts, PlaceDoubted{Place: r.Place, Reason: "unanswered"})
	}
	return facts
}

// decideFailOpen ends a request. A deposit that never opened is undone; a lock that failed
// LockFailures times in a row is taken for broken.
func decideFailOpen(s *State, c FailOpen) ([]Fact, error) {
	r := s.Matter.Requests[c.Request]
	if r == nil || r.Opened {
		return nil, nil
	}
	reason := c.Reason
	if r.Attempt >= MaxAttempts && reason == "not_opened" {
		reason = "jammed"
	}
	facts := []Fact{OpenFailed{Request: r.ID, Place: r.Place, Reason: reason}}
	ps := s.Matter.PlaceState(r.Place)
	if ps.Failures+1 >= LockFailures && !slices.Contains(ps.Faults, FaultLock) && reason != "governor" {
		facts = append(facts, FaultRaised{Fault: FaultLock, Place: r.Place})
	}
	if r.Attempt < MaxAttempts && !c.Final {
		return facts, nil // it will be tried again
	}
	moved := false
	for _, id := range r.Stays {
		st := s.Matter.Stays[id]
		switch {
		case st == nil:
		case st.State == StayDepositing:
			facts, moved = append(facts, DepositUndone{Stay: id, Place: r.Place, Reason: "failed"}), true
		case st.State == StayUndoing: // it could not be taken back: it stays stored
			facts = append(facts, ParcelStored{Stay: id, Place: r.Place, Evidence: EvidenceDoor, By: r.Actor})
			moved = true
		}
	}
	if moved && reason == "silent" && ps.Doubt == "" { // nobody saw whether it opened: something may lie in it now
		facts = append(facts, PlaceDoubted{Place: r.Place, Reason: "unanswered"})
	}
	return facts, nil
}

// decideStart ends what a restart left open. Requests without an answer are unconfirmed, never
// repeated; deposits in the middle leave a doubt that staff clear; sessions end.
func decideStart(s *State, c Start) ([]Fact, error) {
	facts := []Fact{SiteStarted{Boot: c.Boot, Version: c.Version}}
	doubted := map[PlaceID]bool{}
	for _, r := range s.Matter.Open() {
		facts = append(facts, OpenUnconfirmed{Request: r.ID, Place: r.Place})
	}
	for _, id := range s.Directory.PlaceIDs() {
		seen, ok := c.Seen[id]
		if !ok || seen.Door == DoorUnknown {
			continue
		}
		ps := s.Matter.PlaceState(id)
		switch {
		case seen.Door == DoorAjar && ps.Door != DoorAjar:
			facts = append(facts, DoorOpened{Place: id, Evidence: EvidenceDoor})
			doubted[id] = s.Matter.Requests[ps.Request] == nil && ps.Door != DoorUnknown
		case seen.Door == DoorShut && ps.Door != DoorShut:
			facts = append(facts, DoorClosed{Place: id, Occupancy: seen.Occupancy})
		}
	}
	for _, st := range s.Matter.Live() {
		if st.State == StayDepositing || st.State == StayUndoing {
			doubted[st.Place] = true
		}
		if st.State == StayStored && !st.Settled {
			facts = append(facts, DepositSettled{Stay: st.ID})
		}
	}
	for _, id := range s.Directory.PlaceIDs() {
		if doubted[id] && s.Matter.PlaceState(id).Doubt == "" {
			facts = append(facts, PlaceDoubted{Place: id, Reason: "restart"})
		}
	}
	return append(facts, s.endSessions()...), nil
}

func (s *State) endSessions() []Fact {
	var facts []Fact
	for _, id := range sortedKeys(s.Matter.Sessions) {
		facts = append(facts, s.unproven(id)...)
		facts = append(facts, SessionEnded{Session: id, Reason: "restart"})
	}
	return facts
}
