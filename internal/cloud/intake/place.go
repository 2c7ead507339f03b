package intake

import "cubby/internal/locker"

// PlaceOf returns the place that a fact names. ok is false for a kind of fact that names none; the place may
// be empty with ok, e.g. for a fault of a whole bank.
func PlaceOf(f locker.Fact) (place locker.PlaceID, ok bool) {
	switch f := f.(type) {
	case locker.OpenRequested:
		return f.Place, true
	case locker.DoorOpened:
		return f.Place, true
	case locker.DoorClosed:
		return f.Place, true
	case locker.OpenFailed:
		return f.Place, true
	case locker.OpenUnconfirmed:
		return f.Place, true
	case locker.DepositBegun:
		return f.Place, true
	case locker.ProblemReported:
		return f.Place, true
	case locker.ServiceChanged:
		return f.Place, true
	case locker.PlaceReserved:
		return f.Place, true
	case locker.FaultRaised:
		return f.Place, true
	case locker.FaultCleared:
		return f.Place, true
	case locker.PlaceDoubted:
		return f.Place, true
	case locker.PlaceVerified:
		return f.Place, true
	case locker.PlaceAudited:
		return f.Place, true
	}
	return placeOfStay(f)
}

func placeOfStay(f locker.Fact) (place locker.PlaceID, ok bool) {
	switch f := f.(type) {
	case locker.ParcelStored:
		return f.Place, true
	case locker.ParcelCollected:
		return f.Place, true
	case locker.ParcelRemoved:
		return f.Place, true
	case locker.DepositUndone:
		return f.Place, true
	}
	return "", false
}
