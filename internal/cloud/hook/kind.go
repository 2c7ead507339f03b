package hook

import (
	"slices"

	"cubby/internal/locker"
)

// Kind says what a message is about, in the words of the API. Kinds are only added.
type Kind string

// The kinds.
const (
	ParcelStored    Kind = "parcel.stored"    // it lies behind a door, on a shelf or at the desk; the courier may still undo
	ParcelConfirmed Kind = "parcel.confirmed" // the courier's undo closed, the recipient is told
	ParcelUndone    Kind = "parcel.undone"    // it left with whoever brought it
	ParcelCollected Kind = "parcel.collected"
	ParcelRemoved   Kind = "parcel.removed" // staff took it
	ParcelProblem   Kind = "parcel.problem" // somebody said that something is wrong with it or its door
	CodeChanged     Kind = "parcel.code_changed"
	DropRefused     Kind = "drop.refused" // a parcel found no place
	OpenedUnasked   Kind = "door.opened_unasked"
	FaultRaised     Kind = "fault.raised"
	FaultCleared    Kind = "fault.cleared"
	PlaceDoubted    Kind = "place.doubted" // nobody knows what is in it until somebody looks
	PlaceVerified   Kind = "place.verified"
	PlaceService    Kind = "place.service" // taken out of service or put back
	IncidentOpened  Kind = "incident.opened"
	IncidentEnded   Kind = "incident.resolved"
	Ping            Kind = "ping" // somebody pressed "Send a test"
)

// Kinds returns all kinds that a hook can choose, sorted. Ping goes to every hook that is tested.
func Kinds() []Kind {
	all := []Kind{
		ParcelStored, ParcelConfirmed, ParcelUndone, ParcelCollected, ParcelRemoved, ParcelProblem, CodeChanged, DropRefused,
		OpenedUnasked, FaultRaised, FaultCleared, PlaceDoubted, PlaceVerified, PlaceService, IncidentOpened, IncidentEnded,
	}
	slices.Sort(all)
	return all
}

// kindOf returns the kind of message that a fact makes, and empty for one that makes none.
func kindOf(f locker.Fact) Kind {
	switch f := f.(type) {
	case locker.ParcelStored:
		return ParcelStored
	case locker.DepositSettled:
		return ParcelConfirmed
	case locker.DepositUndone:
		return ParcelUndone
	case locker.ParcelCollected:
		return ParcelCollected
	case locker.ParcelRemoved:
		return ParcelRemoved
	case locker.ProblemReported:
		return ParcelProblem
	case locker.CodeReissued:
		return CodeChanged
	case locker.DropRefused:
		return DropRefused
	case locker.DoorOpened:
		if f.Request == "" {
			return OpenedUnasked
		}
	case locker.FaultRaised:
		return FaultRaised
	case locker.FaultCleared:
		return FaultCleared
	case locker.PlaceDoubted:
		return PlaceDoubted
	case locker.PlaceVerified:
		return PlaceVerified
	case locker.ServiceChanged:
		return PlaceService
	}
	return ""
}
