package locker

import (
	"cmp"
	"slices"
	"time"
)

func decideDrop(s *State, c Command, now Millis) ([]Fact, error) {
	switch c := c.(type) {
	case BeginDeposit:
		return decideDeposit(s, c, now)
	case ConfirmStored:
		return decideConfirmStored(s, c)
	case Undo:
		return decideUndo(s, c, now)
	case Settle:
		st, err := s.findStay(c.Stay)
		if err != nil {
			return nil, err
		}
		if st.State != StayStored || st.Settled {
			return nil, nil
		}
		return []Fact{DepositSettled{Stay: st.ID}}, nil
	case RefuseDrop:
		return []Fact{c.Fact}, nil
	}
	return nil, Errorf(CodeInternal, "no decision for %T", c)
}

func decideDeposit(s *State, c BeginDeposit, now Millis) ([]Fact, error) {
	if err := s.mayDeposit(c, now); err != nil {
		return nil, err
	}
	r, known := s.Directory.Recipients[c.Recipient]
	need := Need{
		Recipient: c.Recipient, Unit: r.Unit, Size: c.Size, LowDoor: known && r.LowDoor, Cold: c.Cold, Bank: c.Bank,
	}
	if c.Actor.Kind == ActorCourier {
		need.Courier = CourierID(c.Actor.ID)
	}
	a, err := s.depositPlace(c, need, now)
	if err != nil {
		return nil, err
	}
	p, err := s.findPlace(a.Place)
	if err != nil {
		return nil, err
	}
	hold := time.Duration(s.Directory.Policy.HoldHours) * time.Hour
	begun := DepositBegun{
		Stay: c.Stay, Parcel: c.Parcel, Place: a.Place, Recipient: c.Recipient, Unit: r.Unit, Size: c.Size,
		Actor: c.Actor, Carrier: c.Carrier, Session: c.Session, Tracking: c.Tracking, Key: c.Key,
		Generation: c.Generation, CollectBy: now.Add(hold), Upgraded: a.Upgraded, Shared: a.Shared,
	}
	facts := []Fact{begun}
	if a.Reservation != "" {
		facts = append(facts, ReservationEnded{Reservation: a.Reservation, Reason: "used"})
	}
	if p.Kind != PlaceCompartment { // a shelf or the desk: whoever puts it there is the witness
		return append(facts, ParcelStored{Stay: c.Stay, Place: a.Place, Evidence: EvidencePerson, By: c.Actor}), nil
	}
	opening, err := s.open(ask{
		request: c.Request, place: p, purpose: PurposeDeposit, cause: cmp.Or(c.Cause, CauseLocal), grant: c.Grant, actor: c.Actor,
		session: c.Session, stays: []StayID{c.Stay},
	})
	if err != nil {
		return nil, err
	}
	return append(facts, opening), nil
}

// mayDeposit checks who brings the parcel and whom it is for.
func (s *State) mayDeposit(c BeginDeposit, now Millis) error {
	if err := s.needSession(c.Session); err != nil {
		return err
	}
	if !c.Size.Valid() {
		return Errorf(CodeInputInvalid, "size %q is not one of S, M, L, XL", string(c.Size))
	}
	if s.Matter.Stays[c.Stay] != nil || s.Matter.Requests[c.Request] != nil {
		return Errorf(CodeConflict, "stay %s or its request is already in use", c.Stay)
	}
	switch c.Actor.Kind {
	case ActorCourier:
		if err := s.courierValid(CourierID(c.Actor.ID), now); err != nil {
			return err
		}
	case ActorStaff:
		if st, ok := s.Directory.Staff[StaffID(c.Actor.ID)]; !ok || st.Revoked {
			return Errorf(CodeNotAllowed, "no such person of the staff")
		}
	case ActorRecipient, ActorDelegate, ActorSite:
		return Errorf(CodeNotAllowed, "a %s cannot store parcels for others", c.Actor.Kind)
	}
	r, known := s.Directory.Recipients[c.Recipient]
	if known && !r.Inactive {
		return nil
	}
	p, _ := s.Directory.Place(c.Place)
	if c.Recipient == "" && p.Kind != PlaceCompartment && p.Kind != "" {
		return nil // an unknown parcel waits on a shelf or at the desk for staff
	}
	return Errorf(CodeRecipientUnknown, "no recipient %q who takes parcels here", string(c.Recipient))
}

func (s *State) courierValid(id CourierID, now Millis) error {
	c, ok := s.Directory.Couriers[id]
	if !ok || c.Revoked || c.From > now || c.Until != 0 && c.Until <= now {
		return Errorf(CodeCourierUnknown, "this courier access is unknown, over or revoked")
	}
	return nil
}

// depositPlace returns the place that the person chose, when it may be had, else Allocate's.
func (s *State) depositPlace(c BeginDeposit, n Need, now Millis) (Allocation, error) {
	if c.Place == "" {
		return Allocate(s, n, now)
	}
	p, err := s.findPlace(c.Place)
	if err != nil {
		return Allocation{}, err
	}
	if s.Matter.PlaceState(p.ID).Out {
		return Allocation{}, Errorf(CodePlaceOut, "place %s is out of service", p.Name)
	}
	if p.Kind == PlaceShelf && n.LowDoor {
		return Allocation{}, Errorf(CodeNoLowDoor, "this recipient gets a low door or the desk")
	}
	if p.Kind != PlaceCompartment {
		return Allocation{Place: p.ID}, nil
	}
	if n.LowDoor && !p.Compartment.Low() {
		return Allocation{}, Errorf(CodeNoLowDoor, "door %s is too high for this recipient", p.Name)
	}
	if !p.Compartment.Size.Holds(c.Size) || c.Cold && !p.Compartment.Features.Refrigerated {
		return Allocation{}, Errorf(CodeNothingFits, "door %s does not take this parcel", p.Name)
	}
	if s.free(&p, now) {
		return Allocation{Place: p.ID, Upgraded: p.Compartment.Size != c.Size}, nil
	}
	usable := s.usable(&p, s.Matter.Places[p.ID])
	if s.Directory.Policy.Consolidate && usable && s.mayShare(&p, n, false) {
		return Allocation{Place: p.ID, Shared: true}, nil
	}
	if !usable {
		return Allocation{}, Errorf(CodePlaceOut, "door %s cannot be used now", p.Name)
	}
	return Allocation{}, Errorf(CodePlaceTaken, "door %s is taken", p.Name)
}

func decideConfirmStored(s *State, c ConfirmStored) ([]Fact, error) {
	st, err := s.findStay(c.Stay)
	if err != nil {
		return nil, err
	}
	if st.State != StayDepositing {
		return nil, Errorf(CodeConflict, "stay %s is %s", st.ID, st.State)
	}
	p, err := s.findPlace(st.Place)
	if err != nil {
		return nil, err
	}
	ps := s.Matter.PlaceState(st.Place)
	if p.Witness.SeesDoor() && ps.Door != DoorShut {
		return nil, Errorf(CodeDoorOpen, "door %s must be shut first", p.Name)
	}
	stored := ParcelStored{Stay: st.ID, Place: st.Place, Evidence: EvidencePerson, By: c.By}
	if ps.Request == "" {
		return []Fact{stored}, nil
	}
	if p.Witness.SeesDoor() {
		return nil, Errorf(CodeDoorBusy, "door %s is being opened", p.Name)
	}
	return []Fact{DoorClosed{Place: st.Place, Request: ps.Request}, stored}, nil
}

func decideUndo(s *State, c Undo, now Millis) ([]Fact, error) {
	st, err := s.findStay(c.Stay)
	if err != nil {
		return nil, err
	}
	if st.Session != c.Session || s.Matter.Sessions[c.Session] == nil {
		return nil, Errorf(CodeSessionEnded, "only whoever stored it may take it back")
	}
	if s.undoClosed(st, now) || st.State.Ended() || st.State == StayHeld || st.State == StayUndoing {
		return nil, Errorf(CodeUndoClosed, "it is too late to take this parcel back")
	}
	p, err := s.findPlace(st.Place)
	if err != nil {
		return nil, err
	}
	asked := UndoRequested{Stay: st.ID, Reason: c.Reason}
	ps := s.Matter.PlaceState(st.Place)
	switch {
	case p.Kind != PlaceCompartment:
		return []Fact{asked, DepositUndone{Stay: st.ID, Place: st.Place, Reason: c.Reason}}, nil
	case ps.Request != "": // its door is open or opening: it ends when the door shuts
		r := s.Matter.Requests[ps.Request]
		if r == nil || r.Session != c.Session || !slices.Contains(r.Stays, st.ID) {
			return nil, Errorf(CodeDoorBusy, "somebody else has door %s open", p.Name)
		}
		return []Fact{asked}, nil
	}
	opening, err := s.open(ask{
		request: c.Request, place: p, purpose: PurposeUndo, cause: cmp.Or(c.Cause, CauseLocal), grant: c.Grant, actor: c.By,
		session: c.Session, stays: []StayID{st.ID},
	})
	if err != nil {
		return nil, err
	}
	return []Fact{asked, opening}, nil
}
