package timeline

import (
	"context"
	"slices"

	"cubby/internal/locker"
)

// Recent is one thing that happened at a site lately.
type Recent struct {
	Entry
	PlaceKind locker.PlaceKind // empty: it happened at no place
	UnitName  string           // whose parcel; empty when unknown
}

// Latest returns the last entries, newest first, at most limit. unit names the unit of a stay.
func (t *Reader) Latest(limit int, kind func(locker.PlaceID) locker.PlaceKind, unit func(locker.StayID) (string, error)) ([]Recent, error) {
	units := map[locker.StayID]string{"": ""}
	var found []Recent
	for _, e := range slices.Backward(t.entries) {
		if len(found) == limit {
			break
		}
		stay := e.Stay
		if asked := t.asked[e.Request]; stay == "" && len(asked) > 0 {
			stay = asked[0] // all stays of an opening are of one household
		}
		name, known := units[stay]
		if !known {
			var err error
			if name, err = unit(stay); err != nil {
				return nil, err
			}
			units[stay] = name
		}
		found = append(found, Recent{Entry: e, PlaceKind: kind(e.Place), UnitName: name})
	}
	return found, nil
}

// AddFollowed adds the facts of an operation that staff follow while they happen: what came to and left
// a place, which doors opened or did not, and what broke.
func (t *Reader) AddFollowed(ctx context.Context, body, annex []byte) {
	t.add(ctx, body, annex, followed)
}

func followed(f locker.Fact) bool {
	switch f.(type) {
	case locker.ParcelStored, locker.ParcelCollected, locker.ParcelRemoved, locker.DepositUndone, locker.DropRefused,
		locker.DoorOpened, locker.OpenFailed, locker.OpenUnconfirmed, locker.PlaceDoubted, locker.ProblemReported,
		locker.ServiceChanged, locker.FaultRaised, locker.FaultCleared:
		return true
	}
	return false
}
