package locker

import "time"

func decideIntent(s *State, c Command, now Millis) ([]Fact, error) {
	switch c := c.(type) {
	case RemoteOpen:
		return decideRemoteOpen(s, c, now)
	case Reserve:
		return decideReserve(s, c, now)
	case EndReservation:
		for _, id := range s.Directory.PlaceIDs() {
			if s.Matter.PlaceState(id).Reserved.ID == c.Reservation {
				return []Fact{ReservationEnded{Reservation: c.Reservation, Reason: c.Reason}}, nil
			}
		}
		return nil, Errorf(CodeNotFound, "no reservation %s", c.Reservation)
	case AnswerIntent:
		if err := s.fresh(c.Intent); err != nil {
			return nil, err
		}
		return []Fact{IntentAnswered{Intent: c.Intent, Done: c.Done, Reason: c.Reason}}, nil
	}
	return nil, Errorf(CodeInternal, "no decision for %T", c)
}

// fresh reports a conflict for an intent that was answered already.
func (s *State) fresh(id IntentID) error {
	if _, done := s.Matter.Answered[id]; done {
		return Errorf(CodeConflict, "intent %s was answered already", id)
	}
	return nil
}

func (s *State) intentValid(id IntentID, expires, now Millis) error {
	if err := s.fresh(id); err != nil {
		return err
	}
	if expires <= now {
		return Errorf(CodeIntentExpired, "intent %s came too late", id)
	}
	return nil
}

func decideRemoteOpen(s *State, c RemoteOpen, now Millis) ([]Fact, error) {
	if err := s.intentValid(c.Intent, c.Expires, now); err != nil {
		return nil, err
	}
	p, err := s.findPlace(c.Place)
	if err != nil {
		return nil, err
	}
	opening, err := s.open(ask{
		request: c.Request, place: p, purpose: PurposeRemote, cause: CauseRemote, grant: IntentRight(c.Intent),
		actor: Actor{Kind: ActorStaff, ID: string(c.Staff)}, note: c.Note,
	})
	if err != nil {
		return nil, err
	}
	return []Fact{opening, IntentAnswered{Intent: c.Intent, Done: true}}, nil
}

func decideReserve(s *State, c Reserve, now Millis) ([]Fact, error) {
	if err := s.intentValid(c.Intent, c.Expires, now); err != nil {
		return nil, err
	}
	longest := now.Add(time.Duration(s.Directory.Policy.ReserveMinutes) * time.Minute)
	if c.Until <= now || c.Until > longest {
		return nil, Errorf(CodeInputInvalid, "a reservation ends within %d minutes", s.Directory.Policy.ReserveMinutes)
	}
	if c.Unit == "" && c.Courier == "" {
		return nil, Errorf(CodeInputInvalid, "a reservation is for a unit or a courier")
	}
	place := c.Place
	if place == "" {
		a, err := Allocate(s, Need{Size: c.Size}, now)
		if err != nil {
			return nil, err
		}
		place = a.Place
	}
	p, err := s.findPlace(place)
	if err != nil {
		return nil, err
	}
	if !s.free(&p, now) {
		return nil, Errorf(CodePlaceTaken, "door %s is not free", p.Name)
	}
	return []Fact{
		PlaceReserved{Reservation: c.Reservation, Place: place, Unit: c.Unit, Courier: c.Courier, Until: c.Until},
		IntentAnswered{Intent: c.Intent, Done: true},
	}, nil
}
