package intake

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"cubby/internal/cloud/rows"
	"cubby/internal/locker"
	"cubby/internal/store/db"
)

func (p *projection) foldDoor(ctx context.Context, f locker.Fact) error {
	p.tiles = true
	switch f := f.(type) {
	case locker.OpenRequested:
		row, err := p.place(ctx, f.Place)
		if err != nil {
			return err
		}
		row.Request, row.RequestStays = string(f.Request), ""
		if len(f.Stays) > 0 {
			if row.RequestStays, err = rows.Encode(f.Stays); err != nil {
				return err
			}
		}
		return p.markRequest(row)
	case locker.DoorOpened:
		row, err := p.place(ctx, f.Place)
		if err != nil {
			return err
		}
		row.Unasked = f.Request == "" && row.Door == string(locker.DoorShut)
		row.DoorSince, row.Door = p.at, string(locker.DoorAjar)
		if f.Evidence == locker.EvidenceNone {
			row.Door = string(locker.DoorUnknown)
		}
		p.mark(f.Place, "")
		if f.Request == "" || row.Request != string(f.Request) {
			return nil
		}
		row.Failures = 0
		return p.markRequest(row)
	case locker.OpenFailed:
		row, err := p.endRequest(ctx, f.Request, f.Place)
		if err != nil {
			return err
		}
		row.Failures++
	case locker.OpenUnconfirmed:
		_, err := p.endRequest(ctx, f.Request, f.Place)
		return err
	case locker.DoorClosed:
		row, err := p.endRequest(ctx, f.Request, f.Place)
		if err != nil {
			return err
		}
		row.Door, row.DoorSince, row.Occupancy, row.Unasked = string(locker.DoorShut), p.at, string(f.Occupancy), false
	}
	return nil
}

func (p *projection) endRequest(ctx context.Context, id locker.RequestID, place locker.PlaceID) (*placeRow, error) {
	row, err := p.place(ctx, place)
	if err != nil {
		return nil, err
	}
	p.mark(place, "")
	if id == "" || row.Request != string(id) {
		return row, nil
	}
	err = p.markRequest(row)
	row.Request, row.RequestStays = "", ""
	return row, err
}

// markRequest says that the operation is part of the custody of those for whom the door was opened.
func (p *projection) markRequest(row *placeRow) error {
	p.mark(locker.PlaceID(row.ID), "")
	if row.RequestStays == "" {
		return nil
	}
	var stays []locker.StayID
	if err := rows.Decode(row.RequestStays, &stays); err != nil {
		return err
	}
	for _, stay := range stays {
		p.mark(locker.PlaceID(row.ID), stay)
	}
	return nil
}

func (p *projection) foldPlace(ctx context.Context, f locker.Fact) error {
	p.tiles = true
	var place locker.PlaceID
	change := func(*placeRow) {}
	switch f := f.(type) {
	case locker.ServiceChanged:
		place, change = f.Place, func(row *placeRow) {
			row.OutOfService = f.Out
			if !f.Out {
				row.Failures = 0
			}
		}
	case locker.PlaceReserved:
		place, change = f.Place, func(row *placeRow) {
			row.Reservation, row.ReservedUnit = string(f.Reservation), string(f.Unit)
			row.ReservedCourier, row.ReservedUntil = string(f.Courier), int64(f.Until)
		}
	case locker.ReservationEnded:
		return p.endReservation(ctx, f.Reservation)
	case locker.PlaceDoubted:
		place, change = f.Place, func(row *placeRow) { row.Doubt = f.Reason }
	case locker.PlaceVerified:
		place, change = f.Place, func(row *placeRow) { row.Doubt = "" }
	}
	row, err := p.place(ctx, place)
	if err != nil {
		return err
	}
	change(row)
	p.mark(place, "")
	return nil
}

// foldAudited marks what was seen: parcels that only staff may hand out now, and all that the look was about.
func (p *projection) foldAudited(ctx context.Context, f locker.PlaceAudited) error {
	p.tiles = true
	p.mark(f.Place, "")
	if _, err := p.place(ctx, f.Place); err != nil {
		return err
	}
	for _, id := range f.Held {
		row, err := p.stay(ctx, id)
		if err != nil {
			return err
		}
		if row != nil && row.Live {
			row.State = string(locker.StayHeld)
		}
	}
	for _, id := range slices.Concat(f.Seen, f.Missing, f.Found) {
		p.mark(f.Place, id)
	}
	return nil
}

func (p *projection) endReservation(ctx context.Context, id locker.ReservationID) error {
	found, err := p.q.FindPlaceByReservation(ctx, db.FindPlaceByReservationParams{Site: p.site, Reservation: string(id)})
	if err != nil {
		return fmt.Errorf("look for reservation %s: %w", id, err)
	}
	for _, place := range found { // those that this batch did not load yet
		if p.places[place.ID] == nil {
			if _, err := p.keepPlace(place); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.places)) {
		row := p.places[name]
		if row.Reservation != string(id) {
			continue
		}
		row.changed = true
		row.Reservation, row.ReservedUnit, row.ReservedCourier, row.ReservedUntil = "", "", "", 0
		p.mark(locker.PlaceID(name), "")
	}
	return nil
}

func (p *projection) foldFault(ctx context.Context, f locker.Fault, place locker.PlaceID, part string, raised bool) error {
	p.tiles = true
	change := func(faults []locker.Fault) []locker.Fault {
		faults = slices.DeleteFunc(slices.Clone(faults), func(x locker.Fault) bool { return x == f })
		if raised {
			faults = append(faults, f)
		}
		return faults
	}
	if place == "" {
		h, err := p.loadHealth(ctx)
		if err != nil {
			return err
		}
		if h.parts[part] = change(h.parts[part]); len(h.parts[part]) == 0 {
			delete(h.parts, part)
		}
		return nil
	}
	row, err := p.place(ctx, place)
	if err != nil {
		return err
	}
	row.faults = change(row.faults)
	if row.Faults, err = rows.Encode(row.faults); err != nil {
		return err
	}
	if len(row.faults) == 0 {
		row.Faults = "[]"
	}
	p.mark(place, "")
	return nil
}

// healthRow is what the facts say of a site as a whole.
type healthRow struct {
	clockBad, audit bool
	parts           map[string][]locker.Fault
}

func (p *projection) loadHealth(ctx context.Context) (*healthRow, error) {
	p.healthy = true
	if p.health != nil {
		return p.health, nil
	}
	h := &healthRow{parts: map[string][]locker.Fault{}}
	row, err := p.q.FindHealth(ctx, p.site)
	switch {
	case rows.None(err):
	case err != nil:
		return nil, fmt.Errorf("read the health of site %s: %w", p.site, err)
	default:
		h.clockBad, h.audit = row.ClockBad, row.Audit
		if err := rows.Decode(row.Parts, &h.parts); err != nil {
			return nil, err
		}
	}
	p.health = h
	return h, nil
}

func (p *projection) foldHealth(ctx context.Context, f locker.Fact) error {
	h, err := p.loadHealth(ctx)
	if err != nil {
		return err
	}
	switch f := f.(type) {
	case locker.EpochBegan:
		h.audit = f.Audit
		p.all = true
		if f.Audit {
			return p.doubtAll(ctx)
		}
	case locker.ClockDoubted:
		h.clockBad = true
	case locker.ClockTrusted:
		h.clockBad = false
	}
	return nil
}

// doubtAll marks every compartment of the layout as unverified, as an epoch in audit mode begins.
func (p *projection) doubtAll(ctx context.Context) error {
	p.tiles = true
	layout, err := Layout(ctx, p.q, p.site)
	if err != nil {
		return err
	}
	for _, place := range layout.Places() {
		if place.Kind != locker.PlaceCompartment {
			continue
		}
		row, err := p.place(ctx, place.ID)
		if err != nil {
			return err
		}
		row.Doubt = "audit"
	}
	return nil
}

func (p *projection) flushHealth(ctx context.Context) error {
	if p.health == nil {
		return nil
	}
	parts, err := rows.Encode(p.health.parts)
	if err != nil {
		return err
	}
	err = p.q.PutHealthFacts(ctx, db.PutHealthFactsParams{
		Site: p.site, ClockBad: p.health.clockBad, Audit: p.health.audit, Parts: parts,
	})
	if err != nil {
		return fmt.Errorf("write the health of site %s: %w", p.site, err)
	}
	return nil
}

func (p *projection) foldRefusal(ctx context.Context, f locker.DropRefused) error {
	actor, err := rows.Encode(f.Actor)
	if err != nil {
		return err
	}
	err = p.q.InsertDropRefusal(ctx, db.InsertDropRefusalParams{
		Site: p.site, Epoch: int64(p.op.Epoch), Number: int64(p.op.Number), At: p.at, Actor: actor,
		Carrier: string(f.Carrier), Recipient: string(f.Recipient), Reason: string(f.Reason), Size: string(f.Size),
		Tracking: p.note(f.Tracking),
	})
	if err != nil {
		return fmt.Errorf("write a refused drop: %w", err)
	}
	return nil
}
