package intake

import (
	"context"
	"log/slog"

	"cubby/internal/cloud/incident"
	"cubby/internal/cloud/rows"
	"cubby/internal/store"
	"cubby/internal/store/db"
)

// followSites projects the new operations of all sites. Together is quick; when that fails, each site
// tries alone, and one that fails is flagged and left behind: Rebuild brings it up again.
func (in *Intake) followSites(ctx context.Context, b *store.Batch, works []*siteWork) error {
	var current []*siteWork // that follow their record
	for _, work := range works {
		if len(work.fresh) > 0 && work.cursor.Stale == "" {
			current = append(current, work)
		}
	}
	if len(current) > 0 {
		failed, broken := b.Try(ctx, func() error { return in.followTogether(ctx, b, current) })
		if broken != nil {
			return broken
		}
		for _, work := range current {
			if failed == nil {
				work.followed()
			} else if err := in.followAlone(ctx, b, work); err != nil {
				return err
			}
		}
	}
	var cursors []db.PutCursorParams
	for _, work := range works {
		if len(work.fresh) > 0 {
			cursors = append(cursors, db.PutCursorParams(work.cursor))
		}
	}
	return b.WriteCursors(ctx, cursors)
}

// followed says that the tables are as far as the record.
func (w *siteWork) followed() {
	c := &w.cursor
	c.ProjectedEpoch, c.ProjectedNumber = c.Epoch, c.Number
	c.EffectsEpoch, c.EffectsNumber = c.Epoch, c.Number
}

// followTogether reads what the operations of all sites touch, folds them, and writes all rows.
func (in *Intake) followTogether(ctx context.Context, b *store.Batch, works []*siteWork) error {
	var places, stays []store.Key
	for _, work := range works {
		for _, in := range work.fresh {
			for _, f := range in.op.Facts {
				if place, _ := PlaceOf(f); place != "" {
					places = append(places, store.Key{Site: string(work.site), ID: string(place)})
				}
				if stay := StayOf(f); stay != "" {
					stays = append(stays, store.Key{Site: string(work.site), ID: string(stay)})
				}
			}
		}
	}
	ahead, err := b.ReadAhead(ctx, places, stays)
	if err != nil {
		return err
	}
	var tables store.Tables
	for _, work := range works {
		work.follow.ahead = ahead
		if err := work.fold(ctx); err != nil {
			return err
		}
		if err := work.follow.flush(ctx, &tables); err != nil {
			return err
		}
	}
	return b.WriteTables(ctx, &tables)
}

func (w *siteWork) fold(ctx context.Context) error {
	for _, in := range w.fresh {
		if err := w.follow.apply(ctx, in, true); err != nil {
			return err
		}
	}
	return nil
}

// followAlone projects the operations of one site after a first try was undone.
func (in *Intake) followAlone(ctx context.Context, b *store.Batch, work *siteWork) error {
	work.follow = newProjection(in, b.Queries, string(work.site))
	failed, broken := b.Try(ctx, func() error {
		if err := work.fold(ctx); err != nil {
			return err
		}
		return work.follow.write(ctx, b)
	})
	if broken != nil {
		return broken
	}
	if failed == nil {
		work.followed()
		return nil
	}
	in.log.ErrorContext(ctx, "tables do not follow the record", slog.String("site", work.cursor.Site), slog.Any("error", failed))
	work.cursor.Stale = rows.Shorten(failed.Error())
	work.follow = newProjection(in, b.Queries, work.cursor.Site)
	return work.follow.raise(ctx, incident.Incident{Kind: incident.Projection, Severity: incident.High})
}

// write flushes into the transaction at once.
func (p *projection) write(ctx context.Context, b *store.Batch) error {
	var tables store.Tables
	if err := p.flush(ctx, &tables); err != nil {
		return err
	}
	return b.WriteTables(ctx, &tables)
}

// readPlace returns the row of a place, or ErrNone.
func (p *projection) readPlace(ctx context.Context, id string) (db.Place, error) {
	if row, asked := p.ahead.Places[store.Key{Site: p.site, ID: id}]; asked {
		if row == nil {
			return db.Place{}, store.ErrNone
		}
		return *row, nil
	}
	return p.q.FindPlace(ctx, db.FindPlaceParams{Site: p.site, ID: id})
}

// readStay returns the row of a stay, or ErrNone.
func (p *projection) readStay(ctx context.Context, id string) (db.Stay, error) {
	if row, asked := p.ahead.Stays[store.Key{Site: p.site, ID: id}]; asked {
		if row == nil {
			return db.Stay{}, store.ErrNone
		}
		return *row, nil
	}
	return p.q.FindStay(ctx, db.FindStayParams{Site: p.site, ID: id})
}

// parcel adds a parcel, or gives one that this batch has added another stay.
func (p *projection) parcel(row db.PutParcelParams) {
	if before, again := p.parcels[row.ID]; again {
		before.Stay = row.Stay
		row = before
	}
	p.parcels[row.ID] = row
}
