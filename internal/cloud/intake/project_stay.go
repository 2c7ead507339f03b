package intake

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"cubby/internal/cloud/rows"
	"cubby/internal/locker"
	"cubby/internal/store/db"
)

func (p *projection) foldStay(ctx context.Context, f locker.Fact) error {
	p.tiles = true
	switch f := f.(type) {
	case locker.DepositBegun:
		return p.beginStay(ctx, f)
	case locker.ProblemReported:
		return p.problem(ctx, f)
	}
	id := StayOf(f)
	row, err := p.stay(ctx, id)
	if err != nil || row == nil {
		return err
	}
	p.mark(locker.PlaceID(row.Place), id)
	switch f := f.(type) {
	case locker.ParcelStored:
		row.State, row.StoredAt, row.Evidence = string(locker.StayStored), p.at, string(f.Evidence)
	case locker.DepositSettled:
		row.Settled = true
	case locker.UndoRequested:
		row.State, row.EndReason = string(locker.StayUndoing), f.Reason
	case locker.DepositUndone:
		row.EndReason = f.Reason
		return p.endStay(ctx, row, locker.StayUndone)
	case locker.ParcelCollected:
		row.Evidence, row.EndReason, row.TakenBy = string(f.Evidence), string(f.By.Kind), p.note(f.To)
		return p.endStay(ctx, row, locker.StayCollected)
	case locker.ParcelRemoved:
		row.EndReason = f.Reason
		return p.endStay(ctx, row, locker.StayRemoved)
	case locker.CodeReissued:
		row.KeyID, row.Generation = string(f.Key), int64(f.Generation)
	}
	row.Live = !locker.StayState(row.State).Ended()
	return p.touchPlace(ctx, row)
}

// touchPlace says that the wall must draw the stay's place again.
func (p *projection) touchPlace(ctx context.Context, row *stayRow) error {
	_, err := p.place(ctx, locker.PlaceID(row.Place))
	return err
}

// StayOf returns the stay that a fact is about; empty for a fact about none.
func StayOf(f locker.Fact) locker.StayID {
	switch f := f.(type) {
	case locker.ParcelStored:
		return f.Stay
	case locker.DepositSettled:
		return f.Stay
	case locker.UndoRequested:
		return f.Stay
	case locker.DepositUndone:
		return f.Stay
	case locker.ParcelCollected:
		return f.Stay
	case locker.ParcelRemoved:
		return f.Stay
	case locker.CodeReissued:
		return f.Stay
	case locker.DepositBegun:
		return f.Stay
	case locker.ProblemReported:
		return f.Stay
	}
	return ""
}

func (p *projection) beginStay(ctx context.Context, f locker.DepositBegun) error {
	row := &stayRow{changed: true, fresh: true, Stay: db.Stay{
		Site: p.site, ID: string(f.Stay), Parcel: string(f.Parcel), Place: string(f.Place),
		Recipient: string(f.Recipient), Unit: string(f.Unit), FirstRecipient: string(f.Recipient),
		Size: string(f.Size), State: string(locker.StayDepositing), Live: true, Carrier: string(f.Carrier),
		ActorKind: string(f.Actor.Kind), ActorID: f.Actor.ID, Session: string(f.Session), KeyID: string(f.Key),
		Generation: int64(f.Generation), BegunAt: p.at, CollectBy: int64(f.CollectBy),
	}}
	if p.again {
		if err := p.reorder(ctx, row); err != nil {
			return err
		}
	}
	p.stays[row.ID] = row
	tracking := p.note(f.Tracking)
	key := TrackingKey(tracking)
	p.parcel(db.PutParcelParams{
		Site: p.site, ID: string(f.Parcel), Stay: string(f.Stay), Carrier: string(f.Carrier), Size: string(f.Size),
		Tracking: tracking, TrackingKey: key, TrackingTail: Tail(key), BegunAt: p.at,
	})
	p.mark(f.Place, f.Stay)
	return p.touchPlace(ctx, row)
}

// reorder applies what the cloud decided about a stay, when the stay is built again.
func (p *projection) reorder(ctx context.Context, row *stayRow) error {
	o, err := p.q.FindOrder(ctx, db.FindOrderParams{Site: p.site, Stay: row.ID})
	if rows.None(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the order of stay %s: %w", row.ID, err)
	}
	ApplyOrder(&row.Stay, o)
	return nil
}

// ApplyOrder changes a stay as the cloud decided about it.
func ApplyOrder(row *db.Stay, o db.StayOrder) {
	if o.Recipient != "" {
		row.Recipient, row.Unit = o.Recipient, o.Unit
	}
	if o.CollectBy != 0 {
		row.CollectBy = o.CollectBy
	}
	row.Revoked = o.Revoked
}

func (p *projection) endStay(ctx context.Context, row *stayRow, state locker.StayState) error {
	row.State, row.EndedAt, row.Live = string(state), p.at, false
	place, err := p.place(ctx, locker.PlaceID(row.Place))
	if err != nil {
		return err
	}
	place.FreedAt = p.at
	return nil
}

// problem applies a report, as locker.Evolve does: what a person did not find or did not want stays
// in the books until staff have looked.
func (p *projection) problem(ctx context.Context, f locker.ProblemReported) error {
	p.mark(f.Place, f.Stay)
	if _, err := p.place(ctx, f.Place); err != nil {
		return err
	}
	if f.Stay == "" {
		return nil
	}
	row, err := p.stay(ctx, f.Stay)
	if err != nil || row == nil {
		return err
	}
	row.Problem = string(f.Problem)
	state := locker.StayState(row.State)
	switch f.Problem {
	case locker.ProblemEmpty, locker.ProblemNotMine:
		if state != locker.StayRemoved && state != locker.StayUndone {
			row.State, row.EndedAt = string(locker.StayHeld), 0
		}
	case locker.ProblemTooHigh:
		if state == locker.StayCollected {
			row.State, row.EndedAt = string(locker.StayStored), 0
		}
	case locker.ProblemDidNotOpen, locker.ProblemDamaged, locker.ProblemWontClose:
	}
	row.Live = !locker.StayState(row.State).Ended()
	return nil
}

// TrackingKey is a tracking number as it is searched for: letters and digits, in upper case.
func TrackingKey(tracking string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToUpper(r)
		}
		return -1
	}, tracking)
}

// Tail returns the last four letters or digits of a tracking number.
func Tail(key string) string {
	runes := []rune(key)
	return string(runes[max(0, len(runes)-4):])
}
