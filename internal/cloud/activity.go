package cloud

import (
	"context"
	"fmt"
	"slices"

	"cubby/internal/cloud/timeline"
	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// ActivityEntry is one thing that happened at a site lately.
type ActivityEntry = timeline.Recent

// activityOps is how many of the newest operations are read for recent activity: a pick-up is some three.
const activityOps = 60

// Activity returns what happened at a site lately, newest first, at most limit entries.
func (c *Cloud) Activity(ctx context.Context, p Principal, site locker.SiteID, limit int) ([]ActivityEntry, error) {
	row, err := c.findSite(ctx, p, site)
	if err != nil {
		return nil, err
	}
	v, err := c.viewSite(ctx, row)
	if err != nil {
		return nil, err
	}
	rows, err := c.store.Read().ListLatestOperations(ctx, db.ListLatestOperationsParams{Site: row.ID, Page: activityOps})
	if err != nil {
		return nil, fmt.Errorf("read the newest operations of %s: %w", site, err)
	}
	t := c.reader(v)
	for _, op := range slices.Backward(rows) {
		t.AddFollowed(ctx, op.Body, op.Annex)
	}
	kind := func(id locker.PlaceID) locker.PlaceKind { return v.index[id].Kind }
	return t.Latest(limit, kind, func(stay locker.StayID) (string, error) {
		found, _, err := c.store.FindDelivery(ctx, row.ID, string(stay))
		return found.UnitName, err
	})
}
