package intake

import (
	"context"
	"fmt"

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

// Rebuild builds the tables of a site again from its record. Incidents and jobs follow only from
// operations that had none yet. Meanwhile the site's operations are stored as ever; pages show the
// site as stale.
func (in *Intake) Rebuild(ctx context.Context, site locker.SiteID) error {
	if err := in.store.Tx(ctx, func(q *db.Queries) error { return beginRebuild(ctx, q, string(site)) }); err != nil {
		return fmt.Errorf("rebuild site %s: %w", site, err)
	}
	for {
		done, err := in.rebuildStep(ctx, string(site))
		if err != nil {
			return fmt.Errorf("rebuild site %s: %w", site, err)
		}
		if done {
			in.feed.Publish(feed.Change{Site: site, All: true, Tiles: true, Incidents: true, Health: true})
			return nil
		}
	}
}

// beginRebuild empties the tables and flags the site, so that the intake leaves them alone.
func beginRebuild(ctx context.Context, q *db.Queries, site string) error {
	cursor, err := q.FindCursor(ctx, site)
	if err != nil {
		return rows.NotFound(err, "site")
	}
	cursor.ProjectedEpoch, cursor.ProjectedNumber = 0, 0
	if cursor.Stale == "" {
		cursor.Stale = "rebuilding"
	}
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

// rebuildStep folds in the next operations and reports whether these were the last.
func (in *Intake) rebuildStep(ctx context.Context, site string) (bool, error) {
	done := false
	var follow *projection
	err := in.store.Batch(ctx, func(b *store.Batch) error {
		cursor, err := b.FindCursor(ctx, site)
		if err != nil {
			return rows.NotFound(err, "site")
		}
		rows, err := b.ListOperations(ctx, db.ListOperationsParams{
			Site: site, AfterEpoch: cursor.ProjectedEpoch, AfterNumber: cursor.ProjectedNumber, Page: rebuildStep,
		})
		if err != nil {
			return fmt.Errorf("read operations: %w", err)
		}
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
		if err := follow.flush(ctx); err != nil {
			return err
		}
		done = cursor.ProjectedEpoch == cursor.Epoch && cursor.ProjectedNumber == cursor.Number
		if done {
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
	return done, err
}
