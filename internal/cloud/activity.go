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
type ActivityEntry struct {
	TimelineEntry
	PlaceKind locker.PlaceKind // empty: it happened at no place
	UnitName  string           // whose parcel; empty when unknown
}

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
	t := timeline.New(&siteNames{cloud: c, view: v, actors: map[locker.Actor]string{}})
	for _, op := range slices.Backward(rows) {
		t.AddFollowed(ctx, op.Body, op.Annex)
	}
	units := map[locker.StayID]string{}
	var found []ActivityEntry
	for _, e := range slices.Backward(t.Entries()) {
		if len(found) == limit {
			break
		}
		stay := e.Stay
		if asked := t.Asked(e.Request); stay == "" && e.Request != "" && len(asked) > 0 {
			stay = asked[0] // all stays of an opening are of one household
		}
		unit, err := c.unitOfStay(ctx, row.ID, stay, units)
		if err != nil {
			return nil, err
		}
		found = append(found, ActivityEntry{TimelineEntry: e, PlaceKind: v.index[e.Place].Kind, UnitName: unit})
	}
	return found, nil
}

func (c *Cloud) unitOfStay(ctx context.Context, site string, stay locker.StayID, known map[locker.StayID]string) (string, error) {
	if unit, ok := known[stay]; ok || stay == "" {
		return unit, nil
	}
	row, _, err := c.store.FindDelivery(ctx, site, string(stay))
	if err != nil {
		return "", fmt.Errorf("find stay %s: %w", stay, err)
	}
	known[stay] = row.UnitName
	return row.UnitName, nil
}
