package cloud_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/journal"
	"cubby/internal/link"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/storetest"
	"cubby/internal/wire"
)

// clock is a hand-driven clock.
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

// world is a Cloud with one owner, one property, one site of three doors, two shelves and a desk,
// and two residents.
type world struct {
	*cloud.Cloud
	t         testing.TB
	ctx       context.Context
	store     *store.Store
	clock     *clock
	owner     cloud.Principal
	property  string
	site      locker.SiteID
	unit      locker.UnitID
	ana, ben  locker.RecipientID
	identity  auth.Identity // of the controller
	server    auth.Identity
	epoch, no uint64
}

func testLayout() locker.Layout {
	door := func(name string, size locker.Size, channel uint8) locker.Compartment {
		return locker.Compartment{
			ID: locker.PlaceID("main/" + name), Name: name, Size: size, Units: 2, ReachMM: 1000,
			Output: locker.Output{Bus: "a", Board: 1, Channel: channel},
		}
	}
	return locker.Layout{
		Banks: []locker.Bank{{
			ID: "main", Name: "Main", Witness: locker.Witness{Latch: true},
			Columns: []locker.Column{{Name: "A", Compartments: []locker.Compartment{
				door("A01", locker.SizeS, 1), door("A02", locker.SizeM, 2), door("A03", locker.SizeL, 3),
			}}},
		}},
		Rooms: []locker.Room{{ID: "room", Name: "Room", Shelves: []locker.Shelf{
			{ID: "room/1", Name: "1"}, {ID: "room/2", Name: "2"},
		}}},
		Desk: &locker.Desk{ID: "desk", Name: "Desk"},
	}
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{t: tb, ctx: tb.Context(), clock: &clock{t: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}, epoch: 1}
	log := slog.New(slog.DiscardHandler)
	var err error
	w.store, err = store.Open(w.ctx, store.Options{
		URL: storetest.Database(tb), Logger: log, Now: w.clock.now,
	})
	must(tb, err)
	w.server, err = auth.NewIdentity(nil)
	must(tb, err)
	w.Cloud, err = cloud.New(cloud.Options{
		Store: w.store, Logger: log, Now: w.clock.now, Identity: w.server, PublicURL: "https://parcels.example.org",
	})
	must(tb, err)
	must(tb, w.Start(context.WithoutCancel(w.ctx)))
	tb.Cleanup(func() {
		w.Stop()
		must(tb, w.store.Close())
	})
	w.populate()
	return w
}

func (w *world) populate() {
	var err error
	w.owner, err = w.CreateOwner(w.ctx, cloud.OwnerDraft{
		Organization: "Harbour Homes", Name: "Olga Owner", Email: "olga@example.org", Password: "correct horse battery",
	})
	must(w.t, err)
	w.property, err = w.CreateProperty(w.ctx, w.owner, cloud.PropertyDraft{
		Name: "Harbour House", TimeZone: "Europe/Madrid", Phone: "+34 600 000 000",
	})
	must(w.t, err)
	w.unit, err = w.PutUnit(w.ctx, w.owner, w.property, cloud.UnitDraft{Name: "4B", Number: "402"})
	must(w.t, err)
	w.ana, err = w.PutRecipient(w.ctx, w.owner, w.property, cloud.RecipientDraft{
		Unit: w.unit, Name: "Ana García", Email: "ana@example.org", Language: "es",
	})
	must(w.t, err)
	other, err := w.PutUnit(w.ctx, w.owner, w.property, cloud.UnitDraft{Name: "5A"})
	must(w.t, err)
	w.ben, err = w.PutRecipient(w.ctx, w.owner, w.property, cloud.RecipientDraft{Unit: other, Name: "Ben Smith"})
	must(w.t, err)
	must(w.t, w.PutCarrier(w.ctx, w.owner, cloud.CarrierView{ID: "ups", Name: "UPS"}))
	w.site, err = w.CreateSite(w.ctx, w.owner, cloud.SiteDraft{
		ID: "harbour", Property: w.property, Name: "Harbour", Layout: testLayout(),
	})
	must(w.t, err)
}

// enrol makes a controller's key the site's.
func (w *world) enrol() {
	w.t.Helper()
	text, err := w.CreateEnrolToken(w.ctx, w.owner, w.site)
	must(w.t, err)
	token, err := auth.ParseEnrolmentToken(string(text))
	must(w.t, err)
	w.identity, err = auth.NewIdentity(nil)
	must(w.t, err)
	site, err := w.Hub().Enrol(w.ctx, link.EnrolRequest{Secret: token.Secret, Key: w.identity.Public(), Name: "pi"})
	must(w.t, err)
	if site != w.site {
		w.t.Fatalf("enrolled for %s, want %s", site, w.site)
	}
}

// operation encodes the next operation of the site.
func (w *world) operation(facts ...locker.Fact) wire.Upload { return w.operationWith(nil, facts...) }

func (w *world) operationWith(annex wire.Annex, facts ...locker.Fact) wire.Upload {
	w.t.Helper()
	w.no++
	at := wire.Position{Epoch: w.epoch, Number: w.no}
	body, err := wire.EncodeOperation(wire.Operation{
		Site: w.site, Epoch: at.Epoch, Number: at.Number, Boot: "b", WallMS: w.clock.now().UnixMilli(),
		ClockTrusted: true, Facts: facts,
	})
	must(w.t, err)
	notes, err := wire.EncodeAnnex(annex)
	must(w.t, err)
	return wire.Upload{Position: at, Op: body, Annex: notes}
}

// ingest sends operations and expects that all are committed.
func (w *world) ingest(uploads ...wire.Upload) {
	w.t.Helper()
	at, err := w.Hub().Ingest(w.ctx, w.site, uploads)
	must(w.t, err)
	if want := uploads[len(uploads)-1].Position; at != want {
		w.t.Fatalf("committed up to %s, want %s", at, want)
	}
}

// stored sends the operations of a parcel that was stored and settled.
func (w *world) stored(stay locker.StayID, place locker.PlaceID, to locker.RecipientID) {
	w.t.Helper()
	courier := locker.Actor{Kind: locker.ActorCourier, ID: "c1"}
	request := locker.RequestID("r-" + stay)
	w.ingest(
		w.operationWith(wire.Annex{"t1": "1Z 999-AA1 0123456784"},
			locker.DepositBegun{
				Stay: stay, Parcel: locker.ParcelID("p-" + stay), Place: place, Recipient: to, Unit: w.unit,
				Size: locker.SizeM, Actor: courier, Carrier: "ups", Tracking: "t1", Key: w.codeKey(), Generation: 1,
				CollectBy: locker.At(w.clock.now().Add(72 * time.Hour)),
			},
			locker.OpenRequested{
				Request: request, Place: place, Purpose: locker.PurposeDeposit, Cause: locker.CauseLocal,
				Grant: locker.CourierRight("c1"), Actor: courier, Stays: []locker.StayID{stay}, Attempt: 1,
			}),
		w.operation(locker.DoorOpened{Place: place, Request: request, Evidence: locker.EvidenceDoor}),
		w.operation(locker.DoorClosed{Place: place, Request: request},
			locker.ParcelStored{Stay: stay, Place: place, Evidence: locker.EvidenceDoor, By: courier}),
		w.operation(locker.DepositSettled{Stay: stay}),
	)
}

func (w *world) codeKey() locker.KeyID {
	w.t.Helper()
	for _, change := range w.directory().Changes {
		if change.Kind == wire.KindCodeKey {
			return locker.KeyID(change.ID)
		}
	}
	w.t.Fatal("the directory has no key")
	return ""
}

func (w *world) directory() wire.DirectoryBatch {
	w.t.Helper()
	batch, err := w.Hub().Directory(w.ctx, w.site, wire.DirectoryAck{}, wire.MaxChanges)
	must(w.t, err)
	return batch
}

// replica applies the whole directory as a site does.
func (w *world) replica() (*locker.Directory, *wire.Keys) {
	w.t.Helper()
	d, keys := locker.NewDirectory(), wire.NewKeys()
	for _, change := range w.directory().Changes {
		must(w.t, wire.ApplyChange(d, keys, change))
	}
	return d, keys
}

func (w *world) incidents() []cloud.IncidentView {
	w.t.Helper()
	page, err := w.Incidents(w.ctx, w.owner, cloud.IncidentFilter{Site: w.site})
	must(w.t, err)
	return page.Items
}

func (w *world) wantIncident(kind cloud.IncidentKind) cloud.IncidentView {
	w.t.Helper()
	var have []string
	for _, i := range w.incidents() {
		if i.Kind == kind {
			return i
		}
		have = append(have, fmt.Sprintf("%s(%s)", i.Kind, i.Detail))
	}
	w.t.Fatalf("no incident %s, have %v", kind, have)
	return cloud.IncidentView{}
}

// head signs the tree of uploads as the site's journal does.
func (w *world) head(uploads ...wire.Upload) string {
	w.t.Helper()
	log, err := journal.New(w.ctx, journal.NewMemory(), journal.LogOptions{
		Site: string(w.site), Signer: w.identity.Private(), Now: w.clock.now,
	})
	must(w.t, err)
	var entries []journal.Entry
	for _, u := range uploads {
		entries = append(entries, journal.Entry{Body: u.Op})
	}
	must(w.t, log.Append(w.ctx, 1, entries))
	head, err := log.Checkpoint(w.ctx)
	must(w.t, err)
	return string(head.Note)
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func wantCode(tb testing.TB, err error, code locker.Code) {
	tb.Helper()
	if e := new(locker.Error); !errorsAs(err, &e) || e.Code != code {
		tb.Fatalf("error %v, want %s", err, code)
	}
}
