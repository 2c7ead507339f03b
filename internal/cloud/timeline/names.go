package timeline

import (
	"context"

	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// Directory names the people and places of a site from the server's tables. It is not safe for
// concurrent use.
type Directory struct {
	Queries *db.Queries
	Places  map[locker.PlaceID]locker.Place
	User    func(ctx context.Context, id string) string // the name of a member of staff

	actors map[locker.Actor]string
}

var _ Names = (*Directory)(nil)

// Place implements Names.
func (d *Directory) Place(id locker.PlaceID) string { return d.Places[id].Name }

// Actor implements Names.
func (d *Directory) Actor(ctx context.Context, a locker.Actor) string {
	if a.ID == "" {
		return ""
	}
	if name, ok := d.actors[a]; ok {
		return name
	}
	name := ""
	switch a.Kind { // whoever is not found keeps the empty name: no reason to show no timeline
	case locker.ActorCourier:
		row, _ := d.Queries.FindCourier(ctx, a.ID)
		name = row.Name
	case locker.ActorRecipient:
		row, _ := d.Queries.FindRecipient(ctx, a.ID)
		name = row.Name
	case locker.ActorStaff:
		name = d.User(ctx, a.ID)
	case locker.ActorDelegate, locker.ActorSite:
	}
	if d.actors == nil {
		d.actors = map[locker.Actor]string{}
	}
	d.actors[a] = name
	return name
}
