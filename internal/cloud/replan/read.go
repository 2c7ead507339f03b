package replan

import (
	"context"
	"fmt"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/forecast"
	"cubby/internal/locker"
	"cubby/internal/sizing"
	"cubby/internal/store/db"
)

// Limits of what is read of a record.
const (
	window   = 400 * 24 * time.Hour // a year with its busiest week, and a month
	pageRows = 2_000
	mostRows = 500_000 // the largest sites have a fifth of it in a year
)

// read makes of a site's rows what sizing plans with.
func (l *Planner) read(ctx context.Context, v cloud.SiteView) (sizing.Installed, error) {
	now := l.now()
	in := sizing.Installed{
		Name: v.Name, Layout: v.Layout, Policy: v.Policy, Until: now,
	}
	units, err := l.store.Read().CountUnits(ctx, v.Property)
	if err != nil {
		return in, fmt.Errorf("count units: %w", err)
	}
	in.Units = int(units)
	r := reader{
		site: string(v.ID), since: now.Add(-window), zone: zoneOf(v.TimeZone), doors: map[locker.PlaceID]bool{},
		until: map[string]int64{}, parcels: map[string]bool{}, tracked: map[string]bool{},
	}
	for _, p := range v.Layout.Places() {
		r.doors[p.ID] = p.Kind == locker.PlaceCompartment
	}
	err = l.store.ReadTx(ctx, func(q *db.Queries) error {
		if err := r.stays(ctx, q); err != nil {
			return err
		}
		return r.refusals(ctx, q)
	})
	if err != nil {
		return in, err
	}
	in.Arrivals = r.arrivals
	if len(r.arrivals) == 0 {
		in.Stays = func(time.Duration) float64 { return 0 } // the record is refused before anybody asks
		return in, nil
	}
	in.Stays, err = law(r.arrivals, now)
	return in, err
}

// law learns how long parcels stay until they are collected. Those that wait and those that staff took out stay
// longer than seen.
func law(arrivals []sizing.Arrival, now time.Time) (func(time.Duration) float64, error) {
	var stays []forecast.Stay
	left := false
	for _, a := range arrivals {
		switch {
		case a.Where == sizing.Refused:
		case a.Ended.IsZero():
			stays = append(stays, forecast.Stay{For: max(now.Sub(a.At), 0)})
		default:
			stays = append(stays, forecast.Stay{For: max(a.Ended.Sub(a.At), 0), Left: a.Taken})
			left = left || a.Taken
		}
	}
	if !left {
		return nil, &sizing.ThinRecord{Parcels: len(arrivals), Uncollected: true}
	}
	survival, err := forecast.NewSurvival(stays)
	if err != nil {
		return nil, fmt.Errorf("learn how long parcels stay: %w", err)
	}
	return survival.After, nil
}

// reader turns rows into arrivals.
type reader struct {
	site     string
	since    time.Time
	zone     *time.Location
	doors    map[locker.PlaceID]bool // true: a compartment
	until    map[string]int64        // place => when the last of its parcels leaves
	parcels  map[string]bool         // that came already: staff moved them
	tracked  map[string]bool         // numbers of parcels that were refused before
	arrivals []sizing.Arrival
}

// forEver stands for the end of a stay that has none yet.
const forEver = 1 << 62

func (r *reader) stays(ctx context.Context, q *db.Queries) error {
	after := db.ListStaysSinceParams{Site: r.site, AfterAt: r.since.UnixMilli(), Page: pageRows}
	for read := 0; read < mostRows; {
		rows, err := q.ListStaysSince(ctx, after)
		if err != nil {
			return fmt.Errorf("read the stays of site %s: %w", r.site, err)
		}
		for _, row := range rows {
			r.stay(row)
		}
		read += len(rows)
		if len(rows) < pageRows {
			break
		}
		after.AfterAt, after.AfterID = rows[len(rows)-1].BegunAt, rows[len(rows)-1].ID
	}
	return nil
}

func (r *reader) stay(row db.ListStaysSinceRow) {
	if row.State == string(locker.StayUndone) || r.parcels[row.Parcel] {
		return // never was, or came before: staff moved it
	}
	r.parcels[row.Parcel] = true
	a := sizing.Arrival{
		At: r.at(row.BegunAt), Size: locker.Size(row.Size), Carrier: row.CarrierName, Unit: row.Unit, Where: sizing.Outside,
	}
	end := int64(forEver)
	if !row.Live && row.EndedAt > 0 {
		end = row.EndedAt
		a.Ended, a.Taken = r.at(row.EndedAt), row.State == string(locker.StayCollected)
	}
	if r.doors[locker.PlaceID(row.Place)] || !r.known(row.Place) {
		a.Where = sizing.InDoor
		a.Shared = r.until[row.Place] > row.BegunAt
		r.until[row.Place] = max(r.until[row.Place], end)
	}
	r.arrivals = append(r.arrivals, a)
}

// known reports whether the layout of today has a place; one that it lost was a compartment that was rebuilt.
func (r *reader) known(place string) bool {
	_, ok := r.doors[locker.PlaceID(place)]
	return ok
}

func (r *reader) refusals(ctx context.Context, q *db.Queries) error {
	after := db.ListRefusalsSinceParams{Site: r.site, Since: r.since.UnixMilli(), Page: pageRows}
	for read := 0; read < mostRows; {
		rows, err := q.ListRefusalsSince(ctx, after)
		if err != nil {
			return fmt.Errorf("read the refusals of site %s: %w", r.site, err)
		}
		for _, row := range rows {
			r.refusal(row)
		}
		read += len(rows)
		if len(rows) < pageRows {
			break
		}
		after.AfterEpoch, after.AfterNumber = rows[len(rows)-1].Epoch, rows[len(rows)-1].Number
	}
	return nil
}

// refusal counts a parcel for which there was no door, once however often it was brought.
func (r *reader) refusal(row db.ListRefusalsSinceRow) {
	switch locker.Code(row.Reason) { //nolint:exhaustive // other reasons are not about doors
	case locker.CodeBankFull, locker.CodeNothingFits, locker.CodeNoLowDoor:
	default:
		return
	}
	if row.Tracking != "" {
		if r.tracked[row.Tracking] {
			return
		}
		r.tracked[row.Tracking] = true
	}
	r.arrivals = append(r.arrivals, sizing.Arrival{
		At: r.at(row.At), Size: locker.Size(row.Size), Carrier: row.CarrierName, Unit: row.Unit, Where: sizing.Refused,
	})
}

func (r *reader) at(ms int64) time.Time { return locker.Millis(ms).Time().In(r.zone) }
