package holder

import (
	"context"
	"fmt"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/rows"
	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// MaxAway bounds how long parcels are held for somebody who is away.
const MaxAway = 60 * 24 * time.Hour

// backFor is how long a parcel waits after its recipient is back.
const backFor = 24 * time.Hour

// KeepUntil returns until when the holder may keep a parcel: for as long again as the site holds one.
// It is zero when the parcel waits for as long already, or only staff may hand it out.
func (d *Desk) KeepUntil(ctx context.Context, token string, stay locker.StayID) (time.Time, error) {
	r, err := d.holders.Find(ctx, token)
	if err != nil {
		return time.Time{}, err
	}
	s, err := mine(ctx, d.store.Read(), r.ID, stay)
	if err != nil {
		return time.Time{}, err
	}
	return d.keepUntil(ctx, d.store.Read(), s)
}

func (d *Desk) keepUntil(ctx context.Context, q *db.Queries, stay db.Stay) (time.Time, error) {
	site, err := q.FindSite(ctx, stay.Site)
	if err != nil {
		return time.Time{}, rows.NotFound(err, "site")
	}
	var policy locker.Policy
	if err := rows.Decode(site.Policy, &policy); err != nil {
		return time.Time{}, err
	}
	hold := time.Duration(policy.WithDefaults().HoldHours) * time.Hour
	until := locker.Millis(stay.StoredAt).Time().Add(2 * hold)
	if stay.Revoked || stay.State != string(locker.StayStored) || stay.CollectBy >= until.UnixMilli() || !until.After(d.now()) {
		return time.Time{}, nil
	}
	return until, nil
}

// Keep lets a parcel wait until [Desk.KeepUntil]. It returns CONFLICT when it waits for as long already.
func (d *Desk) Keep(ctx context.Context, token string, stay locker.StayID) error {
	r, err := d.holders.Find(ctx, token)
	if err != nil {
		return err
	}
	var site string
	err = d.store.Tx(ctx, func(q *db.Queries) error {
		s, err := mine(ctx, q, r.ID, stay)
		if err != nil {
			return err
		}
		until, err := d.keepUntil(ctx, q, s)
		if err != nil {
			return err
		}
		if until.IsZero() {
			return locker.Errorf(locker.CodeConflict, "this parcel waits for as long as it can")
		}
		site = s.Site
		if err := d.order(ctx, q, s, func(o *db.StayOrder) { o.CollectBy = until.UnixMilli() }); err != nil {
			return err
		}
		return d.wrote(ctx, q, act{"keep_stay", s.Site, r.ID, s.ID})
	})
	if err == nil {
		d.holders.Wake(locker.SiteID(site))
	}
	return err
}

// Away holds all parcels of the holder until a moment, those that come included, and pauses reminders.
// A moment that is zero or over ends it. One that is too far off is INPUT_INVALID.
func (d *Desk) Away(ctx context.Context, token string, until time.Time) error {
	r, err := d.holders.Find(ctx, token)
	if err != nil {
		return err
	}
	now := d.now()
	if until.After(now.Add(MaxAway)) {
		return locker.Errorf(locker.CodeInputInvalid, "parcels are held for at most %d days", int(MaxAway.Hours()/24))
	}
	if !until.After(now) {
		until = time.Time{}
	}
	draft := draftOf(r)
	draft.VacationUntil = until
	told := map[locker.SiteID]bool{}
	err = d.store.Tx(ctx, func(q *db.Queries) error {
		sites, err := d.holders.Put(ctx, q, r.Property, draft)
		if err != nil {
			return err
		}
		for _, s := range sites {
			told[s] = true
		}
		stays, err := waiting(ctx, q, r.ID)
		if err != nil {
			return err
		}
		for _, s := range stays {
			if until.IsZero() || s.CollectBy >= until.UnixMilli() {
				continue
			}
			if err := d.hold(ctx, q, s, until); err != nil {
				return err
			}
		}
		return d.wrote(ctx, q, act{"hold_away", "", r.ID, ""})
	})
	if err == nil {
		for s := range told {
			d.holders.Wake(s)
		}
	}
	return err
}

func (d *Desk) hold(ctx context.Context, q *db.Queries, stay db.Stay, until time.Time) error {
	return d.order(ctx, q, stay, func(o *db.StayOrder) { o.CollectBy = until.Add(backFor).UnixMilli() })
}

// holdForAway holds what came while its recipient is away.
func (d *Desk) holdForAway(ctx context.Context) error {
	found, err := d.store.Read().ListStaysOfAway(ctx, db.ListStaysOfAwayParams{Now: d.millis(), Page: maxTick})
	if err != nil {
		return fmt.Errorf("look for parcels of people who are away: %w", err)
	}
	key := func(row db.ListStaysOfAwayRow) (site, stay string) { return row.Site, row.ID }
	return eachStay(ctx, d, found, key, func(q *db.Queries, row db.ListStaysOfAwayRow, stay db.Stay) error {
		return d.hold(ctx, q, stay, locker.Millis(row.VacationUntil).Time())
	})
}

// eachStay does something to the stays of rows that the background work found, all or none, and then wakes
// their sites. key names a row's stay.
func eachStay[R any](
	ctx context.Context, d *Desk, found []R, key func(R) (site, stay string), do func(*db.Queries, R, db.Stay) error,
) error {
	if len(found) == 0 {
		return nil
	}
	told := map[string]bool{}
	err := d.store.Tx(ctx, func(q *db.Queries) error {
		for _, row := range found {
			site, id := key(row)
			stay, err := q.FindStay(ctx, db.FindStayParams{Site: site, ID: id})
			if err != nil {
				return fmt.Errorf("find stay %s: %w", id, err)
			}
			if err := do(q, row, stay); err != nil {
				return err
			}
			told[site] = true
		}
		return nil
	})
	if err == nil {
		for s := range told {
			d.holders.Wake(locker.SiteID(s))
		}
	}
	return err
}

// draftOf returns a recipient as it is, to change a part of it.
func draftOf(r db.Recipient) cloud.RecipientDraft {
	return cloud.RecipientDraft{
		ID: locker.RecipientID(r.ID), Kind: locker.RecipientKind(r.Kind), Unit: locker.UnitID(r.Unit), Name: r.Name,
		Email: r.Email, Phone: r.Phone, Language: r.Language, LowDoor: r.LowDoor, Inactive: r.Inactive,
		VacationUntil: locker.Millis(r.VacationUntil).Time(), QuietFrom: int(r.QuietFrom), QuietTo: int(r.QuietTo),
		Source: r.ExternalSource, ExternalID: r.ExternalID,
	}
}
