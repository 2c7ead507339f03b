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
	t := timeline.New(&siteNames{cloud: c, view: v, actors: map[locker.Actor]string{}})
	for _, row := range slices.Backward(rows) {
		t.AddPlace(ctx, row.Body, row.Annex, place)
	}
	entries := t.Entries()
	slices.Reverse(entries)
	return entries, nil
}

// stayTimeline returns the custody of stays, oldest first.
func (c *Cloud) stayTimeline(ctx context.Context, v *siteView, stays []locker.StayID) ([]TimelineEntry, error) {
	t := timeline.New(&siteNames{cloud: c, view: v, actors: map[locker.Actor]string{}})
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

// siteNames names the actors and places of a site.
type siteNames struct {
	cloud  *Cloud
	view   *siteView
	actors map[locker.Actor]string
}

// Place implements timeline.Names.
func (t *siteNames) Place(id locker.PlaceID) string { return t.view.index[id].Name }

// Actor implements timeline.Names.
func (t *siteNames) Actor(ctx context.Context, a locker.Actor) string {
	if a.ID == "" {
		return ""
	}
	if name, ok := t.actors[a]; ok {
		return name
	}
	q := t.cloud.store.Read()
	name := ""
	switch a.Kind { // whoever is not found keeps the empty name: no reason to show no timeline
	case locker.ActorCourier:
		row, _ := q.FindCourier(ctx, a.ID)
		name = row.Name
	case locker.ActorRecipient:
		row, _ := q.FindRecipient(ctx, a.ID)
		name = row.Name
	case locker.ActorStaff:
		name = t.cloud.userName(ctx, a.ID)
	case locker.ActorDelegate, locker.ActorSite:
	}
	t.actors[a] = name
	return name
}
