package cloud

import (
	"context"
	"fmt"
	"slices"

	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// placeTimeline returns what happened at a place, newest first.
func (c *Cloud) placeTimeline(ctx context.Context, v *siteView, place locker.PlaceID) ([]TimelineEntry, error) {
	rows, err := c.store.Read().ListPlaceCustody(ctx, db.ListPlaceCustodyParams{
		Site: v.row.ID, Place: string(place), Page: timelineOps,
	})
	if err != nil {
		return nil, fmt.Errorf("read the custody of %s: %w", place, err)
	}
	t := c.newTimeline(v)
	for _, row := range slices.Backward(rows) {
		t.add(ctx, row.Body, row.Annex, func(f locker.Fact) bool { return t.placeOf(f) == place })
	}
	slices.Reverse(t.entries)
	return t.entries, nil
}

// stayTimeline returns the custody of stays, oldest first.
func (c *Cloud) stayTimeline(ctx context.Context, v *siteView, stays []locker.StayID) ([]TimelineEntry, error) {
	t := c.newTimeline(v)
	for _, stay := range stays {
		rows, err := c.store.Read().ListStayCustody(ctx, db.ListStayCustodyParams{
			Site: v.row.ID, Stay: string(stay), Page: timelineOps,
		})
		if err != nil {
			return nil, fmt.Errorf("read the custody of stay %s: %w", stay, err)
		}
		for _, row := range rows {
			t.add(ctx, row.Body, row.Annex, func(f locker.Fact) bool { return t.concerns(f, stay) })
		}
	}
	return t.entries, nil
}

// timeline turns operations into entries for people.
type timeline struct {
	cloud   *Cloud
	view    *siteView
	entries []TimelineEntry
	names   map[locker.Actor]string
	places  map[locker.StayID]locker.PlaceID // of stays that were seen
	asked   map[locker.RequestID][]locker.StayID
}

func (c *Cloud) newTimeline(v *siteView) *timeline {
	return &timeline{
		cloud: c, view: v, names: map[locker.Actor]string{}, places: map[locker.StayID]locker.PlaceID{},
		asked: map[locker.RequestID][]locker.StayID{},
	}
}

func (t *timeline) add(ctx context.Context, body, annex []byte, keep func(locker.Fact) bool) {
	op, err := wire.DecodeOperation(body)
	if err != nil {
		return // it is kept, but this version cannot show it
	}
	notes, err := wire.DecodeAnnex(annex)
	if err != nil {
		notes = wire.Annex{} // erased or damaged: the record stands without it
	}
	for i, f := range op.Facts {
		switch f := f.(type) {
		case locker.DepositBegun:
			t.places[f.Stay] = f.Place
		case locker.OpenRequested:
			t.asked[f.Request] = f.Stays
		}
		if !keep(f) {
			continue
		}
		e := describe(f)
		e.At, e.Kind, e.Index, e.Fact = op.At().Time(), f.Kind(), i, f
		e.Epoch, e.Number = op.Epoch, op.Number
		e.Place = t.placeOf(f)
		e.PlaceName = t.view.index[e.Place].Name
		e.Stay = stayOf(f)
		e.ActorName = t.name(ctx, e.Actor)
		e.Note = notes[e.note]
		t.entries = append(t.entries, e.TimelineEntry)
	}
}

// concerns reports whether a fact is part of the story of a stay.
func (t *timeline) concerns(f locker.Fact, stay locker.StayID) bool {
	if id := stayOf(f); id != "" {
		return id == stay
	}
	switch f := f.(type) {
	case locker.OpenRequested:
		return slices.Contains(f.Stays, stay)
	case locker.DoorOpened:
		return slices.Contains(t.asked[f.Request], stay)
	case locker.DoorClosed:
		return slices.Contains(t.asked[f.Request], stay)
	case locker.OpenFailed:
		return slices.Contains(t.asked[f.Request], stay)
	case locker.OpenUnconfirmed:
		return slices.Contains(t.asked[f.Request], stay)
	}
	return false
}

// placeOf returns where a fact happened; empty when it names no place.
func (t *timeline) placeOf(f locker.Fact) locker.PlaceID {
	switch f := f.(type) {
	case locker.OpenRequested:
		return f.Place
	case locker.DoorOpened:
		return f.Place
	case locker.DoorClosed:
		return f.Place
	case locker.OpenFailed:
		return f.Place
	case locker.OpenUnconfirmed:
		return f.Place
	case locker.DepositBegun:
		return f.Place
	case locker.ProblemReported:
		return f.Place
	case locker.ServiceChanged:
		return f.Place
	case locker.PlaceReserved:
		return f.Place
	case locker.FaultRaised:
		return f.Place
	case locker.FaultCleared:
		return f.Place
	case locker.PlaceDoubted:
		return f.Place
	case locker.PlaceVerified:
		return f.Place
	}
	return t.placeOfStay(f)
}

func (t *timeline) placeOfStay(f locker.Fact) locker.PlaceID {
	switch f := f.(type) {
	case locker.ParcelStored:
		return f.Place
	case locker.ParcelCollected:
		return f.Place
	case locker.ParcelRemoved:
		return f.Place
	case locker.DepositUndone:
		return f.Place
	}
	return t.places[stayOf(f)]
}

// described is an entry with the reference to what a person typed.
type described struct {
	TimelineEntry
	note locker.AnnexRef
}

// describe takes from a fact what a timeline shows.
func describe(f locker.Fact) described {
	var d described
	switch f := f.(type) {
	case locker.OpenRequested:
		d.Actor, d.Purpose, d.Reason, d.Request, d.note = f.Actor, f.Purpose, string(f.Cause), f.Request, f.Note
	case locker.DoorOpened:
		d.Request, d.Evidence = f.Request, f.Evidence
	case locker.DoorClosed:
		d.Request, d.Reason = f.Request, string(f.Occupancy)
	case locker.OpenFailed:
		d.Request, d.Reason = f.Request, f.Reason
	case locker.OpenUnconfirmed:
		d.Request = f.Request
	case locker.ServiceChanged:
		d.Actor, d.note, d.Reason = f.By, f.Note, "back"
		if f.Out {
			d.Reason = "out"
		}
	case locker.FaultRaised:
		d.Reason = string(f.Fault)
	case locker.FaultCleared:
		d.Reason = string(f.Fault)
	case locker.PlaceDoubted:
		d.Reason = f.Reason
	case locker.PlaceVerified:
		d.Actor, d.Reason = f.By, "empty"
		if f.Occupied {
			d.Reason = "occupied"
		}
	default:
		return describeStay(f)
	}
	return d
}

func describeStay(f locker.Fact) described {
	var d described
	switch f := f.(type) {
	case locker.DepositBegun:
		d.Actor, d.note = f.Actor, f.Tracking
	case locker.ParcelStored:
		d.Actor, d.Evidence = f.By, f.Evidence
	case locker.UndoRequested:
		d.Reason = f.Reason
	case locker.DepositUndone:
		d.Reason = f.Reason
	case locker.ParcelCollected:
		d.Actor, d.Evidence, d.note = f.By, f.Evidence, f.To
	case locker.ParcelRemoved:
		d.Actor, d.Reason, d.note = f.By, f.Reason, f.Note
	case locker.ProblemReported:
		d.Actor, d.Reason = f.By, string(f.Problem)
	case locker.CodeReissued:
		d.Actor = f.By
	}
	return d
}

// name returns the name of an actor; empty when unknown or erased.
func (t *timeline) name(ctx context.Context, a locker.Actor) string {
	if a.ID == "" {
		return ""
	}
	if name, ok := t.names[a]; ok {
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
	t.names[a] = name
	return name
}
