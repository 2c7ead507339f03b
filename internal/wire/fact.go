package wire

import (
	"bytes"
	"encoding/json"
	"fmt"

	"cubby/internal/locker"
)

// Facts returns a zero value of every fact type that this version knows, in the order of
// internal/locker. A test compares it with the sources.
func Facts() []locker.Fact {
	return []locker.Fact{
		locker.EpochBegan{},
		locker.SiteStarted{},
		locker.DirectoryApplied{},
		locker.SessionBegan{},
		locker.SessionEnded{},
		locker.CodeRefused{},
		locker.OpenRequested{},
		locker.DoorOpened{},
		locker.OpenFailed{},
		locker.OpenUnconfirmed{},
		locker.DoorClosed{},
		locker.DepositBegun{},
		locker.ParcelStored{},
		locker.DepositSettled{},
		locker.UndoRequested{},
		locker.DepositUndone{},
		locker.ParcelCollected{},
		locker.ParcelRemoved{},
		locker.ProblemReported{},
		locker.CodeReissued{},
		locker.DropRefused{},
		locker.ServiceChanged{},
		locker.PlaceReserved{},
		locker.ReservationEnded{},
		locker.IntentAnswered{},
		locker.FaultRaised{},
		locker.FaultCleared{},
		locker.PlaceDoubted{},
		locker.PlaceVerified{},
		locker.PlaceAudited{},
		locker.ServiceSessionBegan{},
		locker.ServiceSessionEnded{},
		locker.ClockDoubted{},
		locker.ClockTrusted{},
	}
}

// appendFact writes one fact as {"k":kind,"d":body}. The body of an unknown one stays as it is.
func appendFact(b *bytes.Buffer, fact locker.Fact) error {
	if fact == nil {
		return fmt.Errorf("no fact: %w", ErrMalformed)
	}
	kind, err := json.Marshal(fact.Kind())
	if err != nil {
		return err
	}
	body, err := encodeBody(fact)
	if err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	b.WriteString(`{"k":`)
	b.Write(kind)
	b.WriteString(`,"d":`)
	b.Write(body)
	b.WriteByte('}')
	return nil
}

func encodeBody(fact locker.Fact) ([]byte, error) {
	unknown, ok := fact.(locker.Unknown)
	if !ok {
		return json.Marshal(fact)
	}
	if unknown.Name == "" || !json.Valid([]byte(unknown.Body)) {
		return nil, ErrMalformed
	}
	return []byte(unknown.Body), nil
}

// scanFact reads one fact. The kind stands before the body in everything that this package wrote;
// the other order is read too.
func scanFact(s *scanner) (locker.Fact, error) {
	var kind string
	var body []byte
	err := s.object(func(key string) (err error) {
		switch key {
		case "k":
			kind, err = s.text()
		case "d":
			body, err = s.raw()
		default:
			err = s.skip()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if kind == "" || body == nil {
		return nil, ErrMalformed
	}
	return DecodeFact(kind, body)
}

// DecodeFact reads the body of one fact. A kind that this version does not know, a body that does
// not fit its type, and a value that it must not guess come back as [locker.Unknown]; the only
// error is [ErrMalformed], for a body that is not JSON.
func DecodeFact(kind string, body []byte) (locker.Fact, error) {
	if len(body) > 0 && body[0] == '{' {
		if fact, ok := parseFact(kind, body); ok && sound(fact) {
			return fact, nil
		}
	}
	if !json.Valid(body) {
		return nil, ErrMalformed
	}
	return locker.Unknown{Name: kind, Body: string(body)}, nil
}

// sound reports whether this version knows the values of a fact that rules branch on. With a
// purpose, a cause or an occupancy that it does not know it would guess whether a place is free.
func sound(fact locker.Fact) bool {
	switch f := fact.(type) {
	case locker.OpenRequested:
		return knownPurpose(f.Purpose) && knownCause(f.Cause)
	case locker.DoorClosed:
		return knownOccupancy(f.Occupancy)
	}
	return true
}

func knownPurpose(p locker.Purpose) bool {
	switch p {
	case locker.PurposeDeposit, locker.PurposeUndo, locker.PurposeCollect, locker.PurposeReopen,
		locker.PurposeClear, locker.PurposeOpen, locker.PurposeRemote:
		return true
	}
	return false
}

func knownCause(c locker.Cause) bool {
	switch c {
	case locker.CauseLocal, locker.CausePhone, locker.CauseRemote:
		return true
	}
	return false
}

func knownOccupancy(o locker.Occupancy) bool {
	switch o {
	case locker.OccupancyUnknown, locker.OccupancyEmpty, locker.OccupancyOccupied:
		return true
	}
	return false
}

// parse reads a body into its type; false when it does not fit.
func parse[F locker.Fact](body []byte) (locker.Fact, bool) {
	var fact F
	if json.Unmarshal(body, &fact) != nil {
		return nil, false
	}
	return fact, true
}

// parseFact reads the body of a known kind; false for an unknown kind or a body that does not fit.
// It is two switches because a table of functions would be a global.
func parseFact(kind string, body []byte) (locker.Fact, bool) {
	switch kind {
	case "epoch_began":
		return parse[locker.EpochBegan](body)
	case "site_started":
		return parse[locker.SiteStarted](body)
	case "directory_applied":
		return parse[locker.DirectoryApplied](body)
	case "session_began":
		return parse[locker.SessionBegan](body)
	case "session_ended":
		return parse[locker.SessionEnded](body)
	case "code_refused":
		return parse[locker.CodeRefused](body)
	case "open_requested":
		return parse[locker.OpenRequested](body)
	case "door_opened":
		return parse[locker.DoorOpened](body)
	case "open_failed":
		return parse[locker.OpenFailed](body)
	case "open_unconfirmed":
		return parse[locker.OpenUnconfirmed](body)
	case "door_closed":
		return parse[locker.DoorClosed](body)
	case "deposit_begun":
		return parse[locker.DepositBegun](body)
	case "parcel_stored":
		return parse[locker.ParcelStored](body)
	case "deposit_settled":
		return parse[locker.DepositSettled](body)
	case "undo_requested":
		return parse[locker.UndoRequested](body)
	case "deposit_undone":
		return parse[locker.DepositUndone](body)
	}
	return parseLaterFact(kind, body)
}

func parseLaterFact(kind string, body []byte) (locker.Fact, bool) {
	switch kind {
	case "parcel_collected":
		return parse[locker.ParcelCollected](body)
	case "parcel_removed":
		return parse[locker.ParcelRemoved](body)
	case "problem_reported":
		return parse[locker.ProblemReported](body)
	case "code_reissued":
		return parse[locker.CodeReissued](body)
	case "drop_refused":
		return parse[locker.DropRefused](body)
	case "service_changed":
		return parse[locker.ServiceChanged](body)
	case "place_reserved":
		return parse[locker.PlaceReserved](body)
	case "reservation_ended":
		return parse[locker.ReservationEnded](body)
	case "intent_answered":
		return parse[locker.IntentAnswered](body)
	case "fault_raised":
		return parse[locker.FaultRaised](body)
	case "fault_cleared":
		return parse[locker.FaultCleared](body)
	case "place_doubted":
		return parse[locker.PlaceDoubted](body)
	case "place_verified":
		return parse[locker.PlaceVerified](body)
	case "place_audited":
		return parse[locker.PlaceAudited](body)
	case "service_session_began":
		return parse[locker.ServiceSessionBegan](body)
	case "service_session_ended":
		return parse[locker.ServiceSessionEnded](body)
	case "clock_doubted":
		return parse[locker.ClockDoubted](body)
	case "clock_trusted":
		return parse[locker.ClockTrusted](body)
	}
	return nil, false
}
