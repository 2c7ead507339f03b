package audit_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/audit"
	"cubby/internal/link"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/storetest"
	"cubby/internal/wire"
)

type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// world is a cloud with one site whose controller is the rules themselves.
type world struct {
	tb      testing.TB
	ctx     context.Context
	clock   *clock
	store   *store.Store
	cloud   *cloud.Cloud
	auditor *audit.Auditor
	owner   cloud.Principal
	site    locker.SiteID
	unit    locker.UnitID
	ana     locker.RecipientID
	ben     locker.RecipientID
	benUnit locker.UnitID
	state   *locker.State
	epoch   uint64
	no      uint64
}

func layout() locker.Layout {
	door := func(name string, channel uint8) locker.Compartment {
		return locker.Compartment{
			ID: locker.PlaceID("main/" + name), Name: name, Size: locker.SizeM, Units: 2, ReachMM: 1000,
			Output: locker.Output{Bus: "a", Board: 1, Channel: channel},
		}
	}
	eye := func(name string, channel uint8) locker.Compartment {
		d := door(name, channel)
		d.ID, d.Output.Board = locker.PlaceID("eye/"+name), 2
		return d
	}
	return locker.Layout{
		Banks: []locker.Bank{
			{ID: "main", Name: "Main", Witness: locker.Witness{Latch: true}, Columns: []locker.Column{{
				Name: "A", Compartments: []locker.Compartment{door("A01", 1), door("A02", 2), door("A03", 3)},
			}}},
			{ID: "eye", Name: "Eye", Witness: locker.Witness{Latch: true, Infrared: true}, Columns: []locker.Column{{
				Name: "E", Compartments: []locker.Compartment{eye("E01", 1), eye("E02", 2)},
			}}},
		},
		Rooms: []locker.Room{{ID: "room", Name: "Room", Shelves: []locker.Shelf{{ID: "room/1", Name: "1"}}}},
		Desk:  &locker.Desk{ID: "desk", Name: "Desk"},
	}
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{
		tb: tb, ctx: tb.Context(), clock: &clock{t: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}, site: "harbour", epoch: 1,
		state: locker.NewState(),
	}
	log := slog.New(slog.DiscardHandler)
	var err error
	w.store, err = store.Open(w.ctx, store.Options{URL: storetest.Database(tb), Logger: log, Now: w.clock.now})
	must(tb, err)
	id, err := auth.NewIdentity(nil)
	must(tb, err)
	w.cloud, err = cloud.New(cloud.Options{Store: w.store, Logger: log, Now: w.clock.now, Identity: id, PublicURL: "https://parcels.example.org"})
	must(tb, err)
	must(tb, w.cloud.Start(context.WithoutCancel(w.ctx)))
	tb.Cleanup(func() {
		w.cloud.Stop()
		must(tb, w.store.Close())
	})
	ids := store.NewIDs(w.clock.now, nil)
	w.auditor, err = audit.New(audit.Options{Cloud: w.cloud, Store: w.store, Logger: log, Now: w.clock.now, NewID: ids.New})
	must(tb, err)
	w.people()
	return w
}

func (w *world) people() {
	var err error
	w.owner, err = w.cloud.CreateOwner(w.ctx, cloud.OwnerDraft{
		Organization: "Harbour Homes", Name: "Olga Owner", Email: "olga@example.org", Password: "correct horse battery",
	})
	must(w.tb, err)
	property, err := w.cloud.CreateProperty(w.ctx, w.owner, cloud.PropertyDraft{Name: "Harbour House", TimeZone: "Europe/Madrid"})
	must(w.tb, err)
	w.unit, err = w.cloud.PutUnit(w.ctx, w.owner, property, cloud.UnitDraft{Name: "4B", Number: "402"})
	must(w.tb, err)
	w.ana, err = w.cloud.PutRecipient(w.ctx, w.owner, property, cloud.RecipientDraft{Unit: w.unit, Name: "Ana García"})
	must(w.tb, err)
	w.benUnit, err = w.cloud.PutUnit(w.ctx, w.owner, property, cloud.UnitDraft{Name: "5A"})
	must(w.tb, err)
	w.ben, err = w.cloud.PutRecipient(w.ctx, w.owner, property, cloud.RecipientDraft{Unit: w.benUnit, Name: "Ben Smith"})
	must(w.tb, err)
	_, err = w.cloud.CreateSite(w.ctx, w.owner, cloud.SiteDraft{ID: w.site, Property: property, Name: "Harbour", Layout: layout()})
	must(w.tb, err)
	w.learn()
}

// learn gives the site its directory.
func (w *world) learn() {
	w.tb.Helper()
	batch, err := w.cloud.Hub().Directory(w.ctx, w.site, wire.DirectoryAck{}, wire.MaxChanges)
	must(w.tb, err)
	keys := wire.NewKeys()
	for _, change := range batch.Changes {
		must(w.tb, wire.ApplyChange(w.state.Directory, keys, change))
	}
}

// record appends one operation to the site's record and sends it.
func (w *world) record(facts ...locker.Fact) {
	w.tb.Helper()
	w.no++
	at := wire.Position{Epoch: w.epoch, Number: w.no}
	now := locker.At(w.clock.now())
	for _, f := range facts {
		locker.Evolve(w.state, f, now)
	}
	body, err := wire.EncodeOperation(wire.Operation{
		Site: w.site, Epoch: at.Epoch, Number: at.Number, Boot: "b", WallMS: int64(now), ClockTrusted: true, Facts: facts,
	})
	must(w.tb, err)
	annex, err := wire.EncodeAnnex(nil)
	must(w.tb, err)
	_, err = w.cloud.Hub().Ingest(w.ctx, w.site, []wire.Upload{{Position: at, Op: body, Annex: annex}})
	must(w.tb, err)
}

// report sends what the site says of itself.
func (w *world) report() {
	w.tb.Helper()
	sum, err := wire.SumOf(w.state.Matter)
	must(w.tb, err)
	must(w.tb, w.cloud.Hub().Status(w.ctx, w.site, wire.Status{
		State: &wire.StateSum{At: wire.Position{Epoch: w.epoch, Number: w.no}, Sum: sum},
	}))
}

func (w *world) connect() {
	w.cloud.Hub().Present(w.ctx, w.site, link.Presence{Connected: true, Via: "websocket"})
}

// begin records that a parcel of somebody was promised a place and its door asked for.
func (w *world) begin(stay locker.StayID, place locker.PlaceID, to locker.RecipientID, unit locker.UnitID) {
	w.tb.Helper()
	by := locker.Actor{Kind: locker.ActorCourier, ID: "c1"}
	w.record(
		locker.DepositBegun{
			Stay: stay, Parcel: locker.ParcelID("p-" + stay), Place: place, Recipient: to, Unit: unit, Size: locker.SizeM,
			Actor: by, Key: "k1", Generation: 1, CollectBy: locker.At(w.clock.now().Add(72 * time.Hour)),
		},
		locker.OpenRequested{
			Request: locker.RequestID("r-" + stay), Place: place, Purpose: locker.PurposeDeposit, Cause: locker.CauseLocal,
			Grant: locker.CourierRight("c1"), Actor: by, Stays: []locker.StayID{stay}, Attempt: 1,
		})
}

// stored records a parcel that was stored as it should be.
func (w *world) stored(stay locker.StayID, place locker.PlaceID, to locker.RecipientID, unit locker.UnitID) {
	w.tb.Helper()
	by := locker.Actor{Kind: locker.ActorCourier, ID: "c1"}
	request := locker.RequestID("r-" + stay)
	w.begin(stay, place, to, unit)
	w.clock.add(time.Second)
	w.record(locker.DoorOpened{Place: place, Request: request, Evidence: locker.EvidenceDoor})
	w.clock.add(time.Second)
	p, _ := w.state.Directory.Place(place)
	occupancy := locker.OccupancyUnknown
	if p.Witness.SeesSpace() {
		occupancy = locker.OccupancyOccupied
	}
	w.record(locker.DoorClosed{Place: place, Request: request, Occupancy: occupancy},
		locker.ParcelStored{Stay: stay, Place: place, Evidence: locker.EvidenceDoor, By: by}, locker.DepositSettled{Stay: stay})
}

func (w *world) verify(place locker.PlaceID, occupied bool) {
	w.tb.Helper()
	w.clock.add(time.Second)
	facts, err := locker.Decide(w.state, locker.Verify{
		Place: place, Occupied: occupied, By: locker.Actor{Kind: locker.ActorStaff, ID: w.owner.User},
	}, locker.At(w.clock.now()))
	must(w.tb, err)
	w.record(facts...)
}

func (w *world) audit() audit.Report {
	w.tb.Helper()
	w.report()
	r, err := w.auditor.Run(w.ctx, w.owner, w.site)
	must(w.tb, err)
	return r
}

// incidents returns the open incidents of the audit.
func (w *world) incidents() []cloud.IncidentView {
	w.tb.Helper()
	page, err := w.cloud.Incidents(w.ctx, w.owner, cloud.IncidentFilter{Site: w.site})
	must(w.tb, err)
	var ours []cloud.IncidentView
	for _, i := range page.Items {
		if len(i.Kind) > 6 && i.Kind[:6] == "audit_" {
			ours = append(ours, i)
		}
	}
	return ours
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
