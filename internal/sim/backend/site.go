package backend

import (
	"context"
	"fmt"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/link"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// SiteDraft is a site with the people around it.
type SiteDraft struct {
	ID      locker.SiteID
	Layout  locker.Layout
	Policy  locker.Policy
	Persons []Person
}

// Person is a resident. Persons of the same unit name share it.
type Person struct {
	Name, Unit string
	LowDoor    bool
}

// Made are the ids that the server gave.
type Made struct {
	Staff      locker.StaffID
	Recipients []locker.RecipientID // in the order of the persons
	Units      []locker.UnitID      // likewise
}

// AddSite creates a site.
func (b *Backend) AddSite(ctx context.Context, d SiteDraft) (made Made, err error) {
	made.Staff = b.owner.Staff()
	units := map[string]locker.UnitID{}
	for i, who := range d.Persons {
		name := string(d.ID[len(d.ID)-2:]) + who.Unit // the property has all sites
		if units[name] == "" {
			if units[name], err = b.cloud.PutUnit(ctx, b.owner, b.property, cloud.UnitDraft{Name: name}); err != nil {
				return made, err
			}
		}
		id, err := b.cloud.PutRecipient(ctx, b.owner, b.property, cloud.RecipientDraft{
			Unit: units[name], Name: who.Name, LowDoor: who.LowDoor, Email: fmt.Sprintf("r%d.%s@example.org", i, d.ID),
		})
		if err != nil {
			return made, err
		}
		made.Recipients = append(made.Recipients, id)
		made.Units = append(made.Units, units[name])
	}
	_, err = b.cloud.CreateSite(ctx, b.owner, cloud.SiteDraft{
		ID: d.ID, Property: b.property, Name: string(d.ID), Layout: d.Layout, Policy: d.Policy,
	})
	return made, err
}

// Hire gives one more courier access to a site.
func (b *Backend) Hire(ctx context.Context, site locker.SiteID, name string) (locker.CourierID, error) {
	return b.cloud.PutCourier(ctx, b.owner, site, cloud.CourierDraft{Carrier: Carrier, Name: name})
}

// Fire takes a courier's access back.
func (b *Backend) Fire(ctx context.Context, site locker.SiteID, id locker.CourierID) error {
	_, err := b.cloud.PutCourier(ctx, b.owner, site, cloud.CourierDraft{ID: id, Carrier: Carrier, Name: "gone", Revoked: true})
	return err
}

// Withhold takes the right to collect a stay back. It returns STAY_ENDED for one that is over, as the server knows it.
func (b *Backend) Withhold(ctx context.Context, site locker.SiteID, stay locker.StayID) error {
	return b.cloud.RevokeStay(ctx, b.owner, site, stay, "asked by telephone")
}

// OpenDoor asks a site to open a place.
func (b *Backend) OpenDoor(ctx context.Context, site locker.SiteID, place locker.PlaceID) (wire.Intent, error) {
	id, err := b.cloud.Act(ctx, b.owner, cloud.IntentDraft{
		Site: site, Reason: "asked by telephone", Intent: wire.Intent{Kind: wire.IntentOpen, Place: place},
	})
	if err != nil {
		return wire.Intent{}, err
	}
	intents, err := b.Intents(ctx, site)
	if err != nil {
		return wire.Intent{}, err
	}
	for _, in := range intents {
		if in.ID == id {
			return in, nil
		}
	}
	return wire.Intent{}, fmt.Errorf("the intent %s is not there", id)
}

// Directory returns what follows on what a site has.
func (b *Backend) Directory(ctx context.Context, site locker.SiteID, have wire.DirectoryAck, limit int) (wire.DirectoryBatch, error) {
	return b.cloud.Hub().Directory(ctx, site, have, limit)
}

// Intents returns what is asked of a site.
func (b *Backend) Intents(ctx context.Context, site locker.SiteID) ([]wire.Intent, error) {
	return b.cloud.Hub().Intents(ctx, site)
}

// Ingest takes what a site recorded and returns how far its record then goes.
func (b *Backend) Ingest(ctx context.Context, site locker.SiteID, uploads []wire.Upload) (wire.Position, error) {
	return b.cloud.Hub().Ingest(ctx, site, uploads)
}

// Status takes what a site says of itself.
func (b *Backend) Status(ctx context.Context, site locker.SiteID, s wire.Status) error {
	return b.cloud.Hub().Status(ctx, site, s)
}

// Present notes that a site came or went.
func (b *Backend) Present(ctx context.Context, site locker.SiteID, connected bool) {
	b.cloud.Hub().Present(ctx, site, link.Presence{Connected: connected, Via: "websocket"})
}

// RunJobs does what waits in the outbox, and what follows from it. It returns how long the next job of a failed try waits at
// most; zero: nothing does.
func (b *Backend) RunJobs(ctx context.Context) (time.Duration, error) {
	next := time.Duration(0)
	for range 2 { // a job makes the next
		next = 0
		for _, kind := range kinds() {
			wait, err := b.worker.Run(ctx, kind)
			if err != nil {
				return 0, fmt.Errorf("run jobs %s: %w", kind, err)
			}
			if next == 0 || wait < next {
				next = wait
			}
		}
	}
	return next, nil
}
