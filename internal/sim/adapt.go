package sim

import (
	"cubby/internal/locker"
	"cubby/internal/sim/oracle"
	"cubby/internal/wire"
)

// factOf puts a fact into the oracle's words.
func (s *site) factOf(op wire.Operation, f locker.Fact) oracle.Fact {
	o := oracle.Fact{Head: s.w.head(s), Epoch: op.Epoch, Number: op.Number, Boot: s.boot, Kind: f.Kind()}
	switch f := f.(type) {
	case locker.EpochBegan:
		o.Audit = f.Audit
	case locker.CodeRefused:
		o.Reason = string(f.Reason)
	case locker.OpenRequested:
		o.Request, o.Place, o.Purpose, o.Cause = string(f.Request), string(f.Place), string(f.Purpose), string(f.Cause)
		o.Grant, o.Retries, o.Attempt = string(f.Grant), string(f.Retries), f.Attempt
		for _, id := range f.Stays {
			o.Stays = append(o.Stays, string(id))
		}
	case locker.DoorOpened:
		o.Request, o.Place = string(f.Request), string(f.Place)
	case locker.OpenFailed:
		o.Request, o.Place, o.Reason = string(f.Request), string(f.Place), f.Reason
	case locker.OpenUnconfirmed:
		o.Request, o.Place = string(f.Request), string(f.Place)
	case locker.DoorClosed:
		o.Request, o.Place = string(f.Request), string(f.Place)
	case locker.PlaceDoubted:
		o.Place, o.Reason = string(f.Place), f.Reason
	case locker.PlaceVerified:
		o.Place = string(f.Place)
	case locker.IntentAnswered:
		o.Intent, o.Done, o.Reason = string(f.Intent), f.Done, string(f.Reason)
	default:
		s.stayFact(&o, f)
	}
	return o
}

func (s *site) stayFact(o *oracle.Fact, f locker.Fact) {
	switch f := f.(type) {
	case locker.DepositBegun:
		o.Stay, o.Parcel, o.Place = string(f.Stay), string(f.Parcel), string(f.Place)
		o.Recipient, o.Household = string(f.Recipient), string(f.Unit)
	case locker.ParcelStored:
		o.Stay, o.Place, o.Reason = string(f.Stay), string(f.Place), string(f.Evidence)
	case locker.DepositSettled:
		o.Stay = string(f.Stay)
	case locker.UndoRequested:
		o.Stay, o.Reason = string(f.Stay), f.Reason
	case locker.DepositUndone:
		o.Stay, o.Place, o.Reason = string(f.Stay), string(f.Place), f.Reason
	case locker.ParcelCollected:
		o.Stay, o.Place = string(f.Stay), string(f.Place)
	case locker.ParcelRemoved:
		o.Stay, o.Place, o.Reason = string(f.Stay), string(f.Place), f.Reason
	case locker.ProblemReported:
		o.Stay, o.Place, o.Problem = string(f.Stay), string(f.Place), string(f.Problem)
	}
}
