package cloud

import (
	"context"
	"fmt"
	"slices"

	"cubby/internal/cloud/timeline"
	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// placeTimeline returns what happened at a place, newest first.
func (c *Cloud) placeTimeline(ctx context.Context, v *siteView, place locker.PlaceID) ([]TimelineEntry, error) {
	rows, err := c.store.Read().ListPlaceCustody(ctx, db.ListPlaceCustodyParams{
		Site: v.row.ID, Place: string(place), Page: timelineOps,
	})
	if err != nil {
		return nil, fmt.Errorf("read the custody of %s: %w", place, err)
	}
	t := c.reader(v)
	for _, row := range slices.Backward(rows) {
		t.AddPlace(ctx, row.Body, row.Annex, place)
	}
	entries := t.Entries()
	slices.Reverse(entries)
	return entries, nil
}

// stayTimeline returns the custody of stays, oldest first.
func (c *Cloud) stayTimeline(ctx context.Context, v *siteView, stays []locker.StayID) ([]TimelineEntry, error) {
	t := c.reader(v)
	for _, stay := range stays {
		rows, err := c.store.Read().ListStayCustody(ctx, db.ListStayCustodyParams{
			Site: v.row.ID, Stay: string(stay), Page: timelineOps,
		})
		if err != nil {
			return nil, fmt.Errorf("read the custody of stay %s: %w", stay, err)
		}
		for _, row := range rows {
			t.AddStay(ctx, row.Body, row.Annex, stay)
		}
	}
	return t.Entries(), nil
}

// reader turns operations of a site into entries.
func (c *Cloud) reader(v *siteView) *timeline.Reader {
	return timeline.New(&timeline.Directory{Queries: c.store.Read(), Places: v.index, User: c.userName})
}
