package desk

import (
	"context"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/entry"
	"cubby/internal/cloud/intake"
	"cubby/internal/locker"
)

// maxReturns is how many parcels one manifest holds.
const maxReturns = 500

// Returns lists the parcels that go back to their senders: those whose last day to collect lies further back than
// the site's return days. carrier narrows it; empty: all. Without return days nothing goes back by itself.
func (d *Desk) Returns(ctx context.Context, p cloud.Principal, site locker.SiteID, carrier locker.CarrierID) ([]cloud.Delivery, error) {
	view, err := d.opts.Cloud.Site(ctx, p, site)
	if err != nil || view.Settings.Desk.ReturnDays == 0 {
		return nil, err
	}
	before := d.opts.Now().Add(-time.Duration(view.Settings.Desk.ReturnDays) * 24 * time.Hour)
	var due []cloud.Delivery
	f := cloud.DeliveryFilter{Site: site, State: "overdue", Limit: cloud.MaxPage}
	for {
		page, err := d.opts.Cloud.Deliveries(ctx, p, f)
		if err != nil {
			return nil, err
		}
		for _, parcel := range page.Items {
			if parcel.CollectBy.Before(before) && (carrier == "" || parcel.Carrier == carrier) && len(due) < maxReturns {
				due = append(due, parcel)
			}
		}
		if f.Cursor = page.Next; f.Cursor == "" || len(due) == maxReturns {
			return due, nil
		}
	}
}

// Round is what a courier takes back: the labels that were scanned, one of each parcel.
type Round struct {
	Carrier locker.CarrierID // whose parcels; empty: all
	Courier string           // who took them, 1 to 200 characters
	Labels  []string         // tracking numbers as scanned
}

// Taken is what came of a round.
type Taken struct {
	Intent  locker.IntentID  // empty: nothing fit
	Taken   []cloud.Delivery // booked as returned
	Missing []cloud.Delivery // on the manifest, and not scanned
	Doors   []cloud.Delivery // scanned, and booked behind a door: its door clears it at the kiosk
	Unknown []string         // scanned, and not on the manifest
}

// TakeReturns asks the site to book what a courier scanned as returned to its senders, and says what was missing.
func (d *Desk) TakeReturns(ctx context.Context, p cloud.Principal, site locker.SiteID, r Round) (Taken, error) {
	courier, err := entry.Text("courier", r.Courier, 1, maxWho)
	if err != nil {
		return Taken{}, err
	}
	due, err := d.Returns(ctx, p, site, r.Carrier)
	if err != nil {
		return Taken{}, err
	}
	scanned := map[string]string{}
	for _, label := range r.Labels {
		if key := intake.TrackingKey(label); key != "" {
			scanned[key] = strings.TrimSpace(label)
		}
	}
	var t Taken
	var stays []locker.StayID
	for _, parcel := range due {
		key := intake.TrackingKey(parcel.Tracking)
		_, here := scanned[key]
		switch {
		case key == "" || !here:
			t.Missing = append(t.Missing, parcel)
			continue
		case parcel.PlaceKind == locker.PlaceCompartment:
			t.Doors = append(t.Doors, parcel)
		case len(stays) < maxHandOver:
			t.Taken, stays = append(t.Taken, parcel), append(stays, parcel.Stay)
		}
		delete(scanned, key)
	}
	for _, label := range r.Labels {
		if key := intake.TrackingKey(label); scanned[key] != "" {
			t.Unknown = append(t.Unknown, scanned[key])
			delete(scanned, key)
		}
	}
	if len(stays) == 0 {
		return t, nil
	}
	t.Intent, err = d.Clear(ctx, p, site, stays, "returned", "taken by "+courier)
	return t, err
}
