package locker

import "slices"

func decideStaff(s *State, c Command, now Millis) ([]Fact, error) {
	switch c := c.(type) {
	case StaffOpen:
		return decideStaffOpen(s, c)
	case StaffClear:
		return decideStaffClear(s, c)
	case HandOver:
		return decideHandOver(s, c)
	case Reissue:
		return decideReissue(s, c)
	case SetService:
		return decideService(s, c)
	case Verify:
		return decideVerify(s, c)
	case Audit:
		return decideAudit(s, c)
	case BeginService:
		return decideBeginService(s, c, now)
	case EndService:
		if s.Matter.Service == 0 {
			return nil, nil
		}
		return []Fact{ServiceSessionEnded{Reason: c.Reason}}, nil
	}
	return nil, Errorf(CodeInternal, "no decision for %T", c)
}

func decideStaffOpen(s *State, c StaffOpen) ([]Fact, error) {
	if err := s.needDuty(c.Staff, DutyOpen); err != nil {
		return nil, err
	}
	p, err := s.findPlace(c.Place)
	if err != nil {
		return nil, err
	}
	opening, err := s.open(ask{
		request: c.Request, place: p, purpose: PurposeOpen, cause: CauseLocal, grant: StaffRight(c.Staff),
		actor: Actor{Kind: ActorStaff, ID: string(c.Staff)}, session: c.Session, note: c.Note,
	})
	if err != nil {
		return nil, err
	}
	return []Fact{opening}, nil
}

func decideStaffClear(s *State, c StaffClear) ([]Fact, error) {
	if err := s.needDuty(c.Staff, DutyClear); err != nil {
		return nil, err
	}
	p, err := s.findPlace(c.Place)
	if err != nil {
		return nil, err
	}
	by := Actor{Kind: ActorStaff, ID: string(c.Staff)}
	var stays []StayID
	for _, st := range s.Matter.LiveIn(c.Place) {
		if len(c.Stays) == 0 || slices.Contains(c.Stays, st.ID) {
			stays = append(stays, st.ID)
		}
	}
	if len(stays) == 0 {
		return nil, Errorf(CodePlaceEmpty, "no parcel is booked in %s", p.Name)
	}
	if p.Kind != PlaceCompartment {
		var facts []Fact
		for _, id := range stays {
			facts = append(facts, ParcelRemoved{Stay: id, Place: p.ID, By: by, Reason: c.Reason, Note: c.Note})
		}
		return facts, nil
	}
	opening, err := s.open(ask{
		request: c.Request, place: p, purpose: PurposeClear, cause: CauseLocal, grant: StaffRight(c.Staff),
		actor: by, session: c.Session, stays: stays, note: c.Note,
	})
	if err != nil {
		return nil, err
	}
	return []Fact{opening}, nil
}

func decideHandOver(s *State, c HandOver) ([]Fact, error) {
	st, ok := s.Directory.Staff[c.Staff]
	if !ok || st.Revoked {
		return nil, Errorf(CodeNotAllowed, "no such person of the staff")
	}
	if len(c.Stays) == 0 {
		return nil, Errorf(CodeInputInvalid, "no parcel was chosen")
	}
	by := Actor{Kind: ActorStaff, ID: string(c.Staff)}
	var facts []Fact
	for _, id := range c.Stays {
		stay, err := s.findStay(id)
		if err != nil {
			return nil, err
		}
		p, err := s.findPlace(stay.Place)
		if err != nil {
			return nil, err
		}
		switch {
		case stay.State.Ended():
			return nil, Errorf(CodeStayEnded, "stay %s is over", id)
		case p.Kind == PlaceCompartment:
			return nil, Errorf(CodeDoorBusy, "the parcel in door %s leaves through its door", p.Name)
		case stay.State == StayDepositing || stay.State == StayUndoing:
			return nil, Errorf(CodeStayNotReady, "stay %s is not stored yet", id)
		}
		if !stay.Settled {
			facts = append(facts, DepositSettled{Stay: id})
		}
		facts = append(facts, ParcelCollected{
			Stay: id, Place: stay.Place, Evidence: EvidencePerson, By: by, To: c.To, Taker: c.Taker, Signature: c.Signature,
		})
	}
	return facts, nil
}

func decideReissue(s *State, c Reissue) ([]Fact, error) {
	st, err := s.findStay(c.Stay)
	if err != nil {
		return nil, err
	}
	if c.By.Kind == ActorStaff {
		if err := s.needDuty(StaffID(c.By.ID), DutyReissue); err != nil {
			return nil, err
		}
	}
	if st.State.Ended() {
		return nil, Errorf(CodeStayEnded, "stay %s is over", st.ID)
	}
	first := c.For != "" && st.Recipient == "" && st.CodeFor == "" // nobody has its code yet
	if c.Key == st.Key && c.Generation <= st.Generation && !first {
		return nil, Errorf(CodeConflict, "generation %d of stay %s was already used", c.Generation, st.ID)
	}
	return []Fact{CodeReissued{Stay: st.ID, Key: c.Key, Generation: c.Generation, By: c.By, For: c.For}}, nil
}

func decideService(s *State, c SetService) ([]Fact, error) {
	if _, err := s.findPlace(c.Place); err != nil {
		return nil, err
	}
	if c.By.Kind == ActorStaff {
		if err := s.needDuty(StaffID(c.By.ID), DutyService); err != nil {
			return nil, err
		}
	}
	ps := s.Matter.PlaceState(c.Place)
	if ps.Out == c.Out {
		return nil, nil
	}
	facts := []Fact{ServiceChanged{Place: c.Place, Out: c.Out, By: c.By, Note: c.Note}}
	if !c.Out && slices.Contains(ps.Faults, FaultLock) { // whoever puts it back says that it works
		facts = append(facts, FaultCleared{Fault: FaultLock, Place: c.Place})
	}
	return facts, nil
}

// decideVerify closes the doubt about a place. What a person sees decides about deposits that a
// restart left open and about parcels that were reported missing. A parcel that its recipient said is
// not theirs stays held until it was made somebody else's.
func decideVerify(s *State, c Verify) ([]Fact, error) {
	p, err := s.findPlace(c.Place)
	if err != nil {
		return nil, err
	}
	if s.inUse(p.ID) {
		return nil, Errorf(CodeDoorBusy, "door %s is in use", p.Name)
	}
	var facts []Fact
	for _, st := range s.Matter.LiveIn(p.ID) {
		facts = append(facts, s.looked(st, c.Occupied, c.By)...)
	}
	facts = append(facts, PlaceVerified{Place: p.ID, Occupied: c.Occupied, By: c.By})
	if c.Occupied && p.Kind == PlaceCompartment && len(s.Matter.LiveIn(p.ID)) == 0 {
		// Something lies there that is on nobody's record: the door is not free before it was taken out.
		facts = append(facts, PlaceDoubted{Place: p.ID, Reason: "contradiction"})
	}
	return facts, nil
}

func decideBeginService(s *State, c BeginService, now Millis) ([]Fact, error) {
	if c.First == c.Second {
		return nil, Errorf(CodeNotAllowed, "a service session needs two different people")
	}
	for _, id := range []StaffID{c.First, c.Second} {
		if err := s.needDuty(id, DutyService); err != nil {
			return nil, err
		}
	}
	if c.Until <= now {
		return nil, Errorf(CodeInputInvalid, "the service session must end in the future")
	}
	return []Fact{ServiceSessionBegan{First: c.First, Second: c.Second, Until: c.Until}}, nil
}
