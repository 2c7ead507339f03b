package cloud

import (
	"context"
	"fmt"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud/incident"
	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// DefaultSilence is how long nothing may be heard of a site before somebody is told.
const DefaultSilence = 5 * time.Minute

// sweepLoop clears away what is over and looks for silent sites.
func (c *Cloud) sweepLoop(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		if err := c.Sweep(ctx); err != nil && ctx.Err() == nil {
			c.log.ErrorContext(ctx, "sweep not done", errAttr(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Sweep expires intents, ends old sessions and idempotency keys, brings stale tables up again and
// raises incidents for silent sites. The background work calls it every ten seconds.
func (c *Cloud) Sweep(ctx context.Context) error {
	now := c.now()
	var expired []db.ExpireIntentsRow
	var silent []string
	err := c.store.Tx(ctx, func(q *db.Queries) (err error) {
		if expired, err = q.ExpireIntents(ctx, now.Add(-answerGrace).UnixMilli()); err != nil {
			return fmt.Errorf("expire intents: %w", err)
		}
		if silent, err = q.MarkSilent(ctx, now.Add(-c.silence).UnixMilli()); err != nil {
			return fmt.Errorf("look for silent sites: %w", err)
		}
		for _, site := range silent {
			if err := c.raise(ctx, q, incident.Incident{
				Site: site, Kind: incident.SiteSilent, Severity: incident.Urgent,
			}); err != nil {
				return err
			}
		}
		if _, err = q.SweepWebSessions(ctx, now.Add(-auth.SessionIdle).UnixMilli()); err != nil {
			return fmt.Errorf("end old sessions: %w", err)
		}
		if _, err = q.SweepIdempotencyKeys(ctx, now.Add(-idempotencyLife).UnixMilli()); err != nil {
			return fmt.Errorf("forget old requests: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, row := range expired {
		c.waiting.Wake(locker.IntentID(row.ID))
	}
	for _, site := range silent {
		c.feed.Publish(Change{Site: locker.SiteID(site), Health: true, Incidents: true, Tiles: true})
	}
	return c.intake.RebuildStale(ctx)
}

// answerGrace is how long after its expiry an intent waits for an answer that is on its way.
const answerGrace = 10 * time.Second
