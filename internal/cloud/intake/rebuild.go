package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cubby/internal/cloud/feed"
	"cubby/internal/cloud/incident"
	"cubby/internal/cloud/rows"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// rebuildStep is how many operations one transaction of a rebuild folds in, so that writers of
// other sites get their turn.
const rebuildStep = 1000

// rebuildEvery is how long a site whose tables could not be built waits for the next try: the program or
// its data must have changed meanwhile.
const rebuildEvery = time.Hour

// staleRebuilding is why the tables of a site do not follow its record while they are built again.
const staleRebuilding = "rebuilding"

// Rebuild builds the tables of a site again from its record, from its first operation on. Incidents and jobs
// follow only from operations that had none yet. Meanwhile the site's operations are stored as ever, by this
// process or another one; pages show the site as stale. progress is told how many operations are folded in of
// how many there are; it may be nil.
func (in *Intake) Rebuild(ctx context.Context, site locker.SiteID, progress func(done, total int64)) error {
	if err := in.store.Tx(ctx, func(q *db.Queries) error { return beginRebuild(ctx, q, string(site)) }); err != nil {
		return fmt.Errorf("rebuild site %s: %w", site, err)
	}
	for sum := int64(0); ; {
		n, cursor, err := in.rebuildStep(ctx, string(site))
		if err != nil {
			return fmt.Errorf("rebuild site %s: %w", site, errors.Join(err, in.noteFailed(ctx, string(site), err)))
		}
		if sum += n; progress != nil {
			progress(sum, max(sum, cursor.Operations))
		}
		if cursor.Stale == "" {
			in.feed.Publish(feed.Change{Site: site, All: true, Tiles: true, Incidents: true, Health: true})
			return nil
		}
	}
}

// RebuildStale builds the tables of the sites that do not follow their record, each at most once an hour. A
// site that another process builds is left to it as long as it goes on. The background work calls it every
// ten seconds.
func (in *Intake) RebuildStale(ctx context.Context) error {
	sites, err := in.store.Read().ListStale(ctx)
	if err != nil {
		return fmt.Errorf("look for stale sites: %w", err)
	}
	var errs []error
	for _, site := range in.noteStale(sites) {
		if err := in.Rebuild(ctx, locker.SiteID(site), nil); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// noteStale returns the sites whose turn it is, and tells the pages of those that somebody else has built.
func (in *Intake) noteStale(sites []db.ListStaleRow) (due []string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	built := in.building
	in.building = map[string]wire.Position{}
	for _, s := range sites {
		at := wire.Position{Epoch: uint64(s.ProjectedEpoch), Number: uint64(s.ProjectedNumber)}
		before, seen := built[s.Site]
		delete(built, s.Site)
		if s.Stale == staleRebuilding {
			if in.building[s.Site] = at; !seen || before != at {
				continue
			}
		} else if in.now().Sub(in.tried[s.Site]) < rebuildEvery {
			continue
		}
		in.tried[s.Site] = in.now()
		due = append(due, s.Site)
	}
	for site := range built {
		in.feed.Publish(feed.Change{Site: locker.SiteID(site), All: true, Tiles: true, Incidents: true, Health: true})
	}
	return due
}

// noteFailed writes down why tables could not be built. A rebuild that was only ended says nothing: it is
// begun again by whoever sees that it does not go on.
func (in *Intake) noteFailed(ctx context.Context, site string, cause error) error {
	if ctx.Err() != nil {
		return nil //nolint:nilerr // the caller returns the cause
	}
	return in.store.Tx(ctx, func(q *db.Queries) error {
		cursor, err := q.FindCursor(ctx, site)
		if err != nil || cursor.Stale == "" {
			return err
		}
		cursor.Stale = rows.Shorten(cause.Error())
		return q.PutCursor(ctx, db.PutCursorParams(cursor))
	})
}

// beginRebuild empties the tables and flags the site, so that the intake leaves them alone.
func beginRebuild(ctx context.Context, q *db.Queries, site string) error {
	cursor, err := q.FindCursor(ctx, site)
	if err != nil {
		return rows.NotFound(err, "site")
	}
	cursor.ProjectedEpoch, cursor.ProjectedNumber = 0, 0
	cursor.Stale = staleRebuilding
	for _, empty := range []func(context.Context, string) error{
		q.DeletePlaces, q.DeleteStays, q.DeleteParcels, q.DeleteCustody, q.DeleteDropRefusals,
	} {
		if err := empty(ctx, site); err != nil {
			return fmt.Errorf("empty the tables: %w", err)
		}
	}
	err = q.PutHealthFacts(ctx, db.PutHealthFactsParams{Site: site, Parts: "{}"})
	if err != nil {
		return fmt.Errorf("empty the health: %w", err)
	}
	return q.PutCursor(ctx, db.PutCursorParams(cursor))
}

// rebuildStep folds in the next operations, and returns how many these were and how far the site is then:
// it is not stale any more after the last.
func (in *Intake) rebuildStep(ctx context.Context, site string) (n int64, cursor db.SiteCursor, err error) {
	var follow *projection
	err = in.store.Batch(ctx, func(b *store.Batch) error {
		cursors, err := b.Cursors(ctx, []string{site})
		if err != nil {
			return err
		}
		cursor = cursors[site]
		rows, err := b.ListOperations(ctx, db.ListOperationsParams{
			Site: site, AfterEpoch: cursor.ProjectedEpoch, AfterNumber: cursor.ProjectedNumber, Page: rebuildStep,
		})
		if err != nil {
			return fmt.Errorf("read operations: %w", err)
		}
		n = int64(len(rows))
		follow = newProjection(in, b.Queries, site)
		follow.again = true
		for _, row := range rows {
			at := wire.Position{Epoch: uint64(row.Epoch), Number: uint64(row.Number)}
			effects := at.Compare(wire.Position{
				Epoch: uint64(cursor.EffectsEpoch), Number: uint64(cursor.EffectsNumber),
			}) > 0
			in := decodeIncoming(wire.Upload{Position: at, Op: row.Body, Annex: row.Annex}, nil)
			if err := follow.apply(ctx, in, effects); err != nil {
				return err
			}
			cursor.ProjectedEpoch, cursor.ProjectedNumber = row.Epoch, row.Number
			if effects {
				cursor.EffectsEpoch, cursor.EffectsNumber = row.Epoch, row.Number
			}
		}
		if err := follow.write(ctx, b); err != nil {
			return err
		}
		if cursor.ProjectedEpoch == cursor.Epoch && cursor.ProjectedNumber == cursor.Number {
			cursor.Stale = ""
			if err := in.book.Settle(ctx, b.Queries, incident.Incident{Site: site, Kind: incident.Projection}, "rebuilt"); err != nil {
				return err
			}
		}
		return b.PutCursor(ctx, db.PutCursorParams(cursor))
	})
	if err == nil {
		for _, id := range follow.answered {
			in.waiting.Wake(id)
		}
	}
	return n, cursor, err
}
