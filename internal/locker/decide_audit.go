package locker

import "slices"

// MaxStrangers is how many parcels that are booked nowhere one look may find: more is a typing error.
const MaxStrangers = 50

// inUse reports whether a door's request may still change what is behind it. Staff who opened a door for no
// parcel of their own stand before it, and the open door is when they see most.
func (s *State) inUse(place PlaceID) bool {
	id := s.Matter.PlaceState(place).Request
	if id == "" {
		return false
	}
	r := s.Matter.Requests[id]
	if r == nil {
		return true
	}
	staff := r.Purpose == PurposeOpen || r.Purpose == PurposeRemote
	return !staff || !r.Opened || len(r.Stays) > 0
}

// looked is what follows for one stay from what a person saw of it: deposits that a restart left open are
// decided, and a parcel that is not there is missing.
func (s *State) looked(st *Stay, there bool, by Actor) []Fact {
	holder, _ := s.Holder(st)
	switch {
	case there && st.State == StayHeld && st.NotFor != "" && st.NotFor == holder:
		// There is a parcel, and it is not its recipient's: it waits until staff find out whose it is.
	case there && (st.State == StayDepositing || st.State == StayUndoing || st.State == StayHeld):
		facts := []Fact{ParcelStored{Stay: st.ID, Place: st.Place, Evidence: EvidencePerson, By: by}}
		if s.Matter.Sessions[st.Session] == nil && !st.Settled { // nobody is left who could undo it
			facts = append(facts, DepositSettled{Stay: st.ID})
		}
		return facts
	case !there && (st.State == StayDepositing || st.State == StayUndoing):
		return []Fact{DepositUndone{Stay: st.ID, Place: st.Place, Reason: "abandoned"}}
	case !there:
		return []Fact{ParcelRemoved{Stay: st.ID, Place: st.Place, By: by, Reason: "missing"}}
	}
	return nil
}

// decideAudit records what somebody saw in a place, parcel by parcel. A compartment that holds somebody
// else's parcel too is opened by staff only, and stays in doubt until that parcel is gone and somebody looked
// again: whoever opened it could take the wrong one.
func decideAudit(s *State, c Audit) ([]Fact, error) {
	p, err := s.findPlace(c.Place)
	if err != nil {
		return nil, err
	}
	if s.inUse(p.ID) {
		return nil, Errorf(CodeDoorBusy, "door %s is in use", p.Name)
	}
	fact := PlaceAudited{Place: p.ID, By: c.By, Unseen: c.Unseen, Note: c.Note}
	doubt := s.Matter.PlaceState(p.ID).Doubt
	if c.Unseen {
		var facts []Fact
		if doubt == "" {
			facts = append(facts, PlaceDoubted{Place: p.ID, Reason: "unseen"})
		}
		return append(facts, fact), nil
	}
	if err := s.checkSeen(p, c); err != nil {
		return nil, err
	}
	fact.Found, fact.Strangers, fact.Labels = c.Found, c.Strangers, c.Labels
	strange := len(c.Found) > 0 || c.Strangers > 0
	closed := strange && p.Kind == PlaceCompartment
	var facts []Fact
	for _, st := range s.Matter.LiveIn(p.ID) {
		there := slices.Contains(c.Seen, st.ID)
		facts = append(facts, s.looked(st, there, c.By)...)
		switch {
		case !there:
			fact.Missing = append(fact.Missing, st.ID)
			continue
		case closed:
			fact.Held = append(fact.Held, st.ID)
		}
		fact.Seen = append(fact.Seen, st.ID)
	}
	switch {
	case !closed:
		facts = append(facts, PlaceVerified{Place: p.ID, Occupied: len(fact.Seen) > 0 || strange, By: c.By})
	case doubt == "":
		facts = append(facts, PlaceDoubted{Place: p.ID, Reason: "strangers"})
	}
	return append(facts, fact), nil
}

// checkSeen refuses what the books contradict by now: somebody else moved a parcel meanwhile.
func (s *State) checkSeen(p Place, c Audit) error {
	if c.Strangers < 0 || c.Strangers > MaxStrangers || len(c.Labels) > c.Strangers {
		return Errorf(CodeInputInvalid, "at most %d parcels that are booked nowhere", MaxStrangers)
	}
	for _, id := range c.Seen {
		if st := s.Matter.Stays[id]; st == nil || st.Place != p.ID || st.State.Ended() {
			return Errorf(CodeConflict, "stay %s is not booked in %s any more", id, p.Name)
		}
	}
	for _, id := range c.Found {
		if st := s.Matter.Stays[id]; st == nil || st.Place == p.ID || st.State.Ended() {
			return Errorf(CodeConflict, "stay %s is not booked somewhere else any more", id)
		}
	}
	return nil
}
