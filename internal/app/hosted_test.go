package app_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"cubby/internal/app"
	"cubby/internal/cloud"
	"cubby/internal/cloud/desk"
	"cubby/internal/config"
	"cubby/internal/locker"
	"cubby/internal/store"
)

// newServer starts a server in a folder of its own, with an owner and a hosted mailroom.
func newServer(t *testing.T, dir string) (*app.Server, cloud.Principal) {
	t.Helper()
	c := config.Default().Server
	c.DataDir, c.Listen = dir, "127.0.0.1:0"
	s, err := app.NewServer(t.Context(), app.ServerOptions{
		Config: c, Logger: slog.New(slog.DiscardHandler), Version: "test", Now: time.Now, Random: rand.Reader,
		NewID: store.NewIDs(time.Now, rand.Reader).New,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	p, err := s.Cloud.Operator(t.Context(), "")
	if err == nil {
		return s, p
	}
	p, err = s.Cloud.CreateOwner(t.Context(), cloud.OwnerDraft{
		Organization: "Dock", Name: "Olive", Email: "olive@dock.example", Password: "three quiet parcels",
	})
	if err != nil {
		t.Fatal(err)
	}
	property, err := s.Cloud.CreateProperty(t.Context(), p, cloud.PropertyDraft{Name: "Dock 1", TimeZone: "Europe/Madrid"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Cloud.CreateSite(t.Context(), p, cloud.SiteDraft{
		ID: "mailroom", Property: property, Name: "Mailroom", Hosted: true, Policy: locker.DefaultPolicy(),
		Layout: locker.Layout{
			Rooms: []locker.Room{{ID: "r", Name: "Room", Shelves: []locker.Shelf{{ID: "shelf/1", Name: "1"}}}},
			Desk:  &locker.Desk{ID: "desk", Name: "Desk"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	unit, err := s.Cloud.PutUnit(t.Context(), p, property, cloud.UnitDraft{Kind: locker.UnitApartment, Name: "4B", Number: "402"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Cloud.PutRecipient(t.Context(), p, property, cloud.RecipientDraft{
		Kind: locker.RecipientResident, Unit: unit, Name: "Ana Smith", Email: "ana@dock.example",
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, p
}

// until asks until the answer is yes, for at most ten seconds.
func until(t *testing.T, what string, ask func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ask(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within ten seconds", what)
		}
	}
}

func waiting(t *testing.T, s *app.Server, p cloud.Principal) []cloud.Delivery {
	t.Helper()
	page, err := s.Cloud.Deliveries(t.Context(), p, cloud.DeliveryFilter{Site: "mailroom", State: "waiting"})
	if err != nil {
		t.Fatal(err)
	}
	return page.Items
}

// A room without hardware runs inside the server: a parcel is logged to a shelf, survives a restart
// of the server, and is handed over, all by the same rules and in the same kind of record.
func TestHostedSite_KeepsItsRecordInTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, p := newServer(t, dir)
	var ana []cloud.RecipientView
	until(t, "the resident is found", func() bool {
		var err error
		ana, err = s.Cloud.FindRecipients(t.Context(), p, "mailroom", "4B")
		return err == nil && len(ana) == 1
	})
	until(t, "the parcel is logged", func() bool {
		_, err := s.Desk().LogDelivery(t.Context(), p, "mailroom", desk.Draft{
			Tracking: "1Z999", Recipient: ana[0].ID, Size: locker.SizeL, Place: "shelf/1",
		})
		return err == nil
	})
	until(t, "it shows as waiting", func() bool { return len(waiting(t, s, p)) == 1 })
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}

	s, p = newServer(t, dir)
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	found := waiting(t, s, p)
	if len(found) != 1 {
		t.Fatalf("after a restart %d parcels wait, want 1", len(found))
	}
	until(t, "it is handed over", func() bool {
		_, err := s.Desk().HandOver(t.Context(), p, "mailroom", desk.Hand{Stays: []locker.StayID{found[0].Stay}, To: "her brother"})
		return err == nil
	})
	until(t, "nothing waits", func() bool { return len(waiting(t, s, p)) == 0 })
	health, err := s.Cloud.SiteHealth(t.Context(), p, "mailroom")
	if err != nil {
		t.Fatal(err)
	}
	if health.Operations == 0 {
		t.Errorf("health = %+v, want a record", health)
	}
}
