package cloud_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/credential"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

func errorsAs(err error, target **locker.Error) bool { return errors.As(err, target) }

func TestIngest_Parcel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stored("s1", "main/A02", w.ana)

	wall, err := w.Wall(w.ctx, w.owner, w.site)
	must(t, err)
	door := wall.Banks[0].Columns[0].Doors[1]
	if door.Status != cloud.PlaceOccupied || door.Unit != "4B" || door.Parcels != 1 {
		t.Errorf("door is %+v", door)
	}
	if wall.Tiles.Free != 2 || wall.Tiles.Occupied != 1 || wall.Tiles.StoredToday != 1 || wall.Tiles.Waiting != 1 {
		t.Errorf("tiles are %+v", wall.Tiles)
	}
	sheet, err := w.DoorSheet(w.ctx, w.owner, w.site, "main/A02")
	must(t, err)
	var kinds []string
	for _, e := range sheet.Timeline {
		kinds = append(kinds, e.Kind)
	}
	want := []string{"deposit_settled", "parcel_stored", "door_closed", "door_opened", "open_requested", "deposit_begun"}
	if !slices.Equal(kinds, want) {
		t.Errorf("timeline is %v, want %v", kinds, want)
	}
	if len(sheet.Parcels) != 1 || sheet.Parcels[0].Tracking != "1Z 999-AA1 0123456784" || sheet.Parcels[0].CarrierName != "UPS" {
		t.Errorf("parcels are %+v", sheet.Parcels)
	}
	for _, query := range []string{"1z999aa10123456784", "6784", "1z999", "4b", "402", "gar", "ANA"} {
		found, err := w.Deliveries(w.ctx, w.owner, cloud.DeliveryFilter{Site: w.site, Query: query})
		must(t, err)
		if len(found.Items) != 1 || found.Items[0].RecipientName != "Ana García" {
			t.Errorf("query %q found %+v", query, found.Items)
		}
	}
	found, err := w.Deliveries(w.ctx, w.owner, cloud.DeliveryFilter{Query: "smith"})
	must(t, err)
	if len(found.Items) != 0 {
		t.Errorf("found somebody else's: %+v", found.Items)
	}

	w.clock.add(time.Hour)
	ana := locker.Actor{Kind: locker.ActorRecipient, ID: string(w.ana)}
	w.ingest(w.operation(
		locker.OpenRequested{Request: "r2", Place: "main/A02", Purpose: locker.PurposeCollect, Cause: locker.CauseLocal, Actor: ana, Stays: []locker.StayID{"s1"}, Attempt: 1},
		locker.DoorOpened{Place: "main/A02", Request: "r2", Evidence: locker.EvidenceDoor},
		locker.DoorClosed{Place: "main/A02", Request: "r2"},
		locker.ParcelCollected{Stay: "s1", Place: "main/A02", Evidence: locker.EvidenceDoor, By: ana},
	))
	parcel, err := w.Parcel(w.ctx, w.owner, w.site, "p-s1")
	must(t, err)
	if parcel.State != locker.StayCollected || len(parcel.Timeline) != 10 {
		t.Errorf("parcel is %s with %d entries", parcel.State, len(parcel.Timeline))
	}
	if n := len(w.incidents()); n != 0 {
		t.Errorf("%d incidents: %+v", n, w.incidents())
	}
	tiles, err := w.Tiles(w.ctx, w.owner, w.site)
	must(t, err)
	if tiles.Free != 3 || tiles.CollectedToday != 1 {
		t.Errorf("tiles are %+v", tiles)
	}
}

func TestIngest_RepeatsGapsAndForks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var ops []wire.Upload
	for range 5 {
		ops = append(ops, w.operation(locker.SiteStarted{Boot: "b", Version: "1"}))
	}
	hub := w.Hub()
	at, err := hub.Ingest(w.ctx, w.site, ops[:2])
	must(t, err)
	if at.Number != 2 {
		t.Fatalf("at %s", at)
	}
	at, err = hub.Ingest(w.ctx, w.site, ops[3:]) // a gap
	must(t, err)
	if at.Number != 2 {
		t.Fatalf("took an operation behind a gap: at %s", at)
	}
	at, err = hub.Ingest(w.ctx, w.site, ops[1:]) // one repeated
	must(t, err)
	if at.Number != 5 {
		t.Fatalf("at %s", at)
	}
	health, err := w.SiteHealth(w.ctx, w.owner, w.site)
	must(t, err)
	if health.Operations != 5 || health.Facts != 5 {
		t.Errorf("counted %d operations and %d facts", health.Operations, health.Facts)
	}
	w.no = 2
	forged := w.operation(locker.SiteStarted{Boot: "other", Version: "1"})
	_, err = hub.Ingest(w.ctx, w.site, []wire.Upload{forged})
	wantCode(t, err, locker.CodeJournalFork)
	w.wantIncident(cloud.IncidentJournalFork)

	lying := ops[4]
	lying.Number = 6
	_, err = hub.Ingest(w.ctx, w.site, []wire.Upload{lying})
	wantCode(t, err, locker.CodeInputInvalid)

	w.epoch, w.no = 2, 0
	w.ingest(w.operation(locker.EpochBegan{Reason: "sealed", Sealed: "journal-1", Audit: true}))
	w.wantIncident(cloud.IncidentJournalSealed)
	lost := func(epoch uint64) {
		w.epoch, w.no = epoch, 0
		w.ingest(w.operation(locker.EpochBegan{
			Reason: "sealed", Audit: true, Sealed: fmt.Sprintf("journal-%d: %s at record 9 of epoch %d", epoch, journal.KindRolledBack, epoch-1),
		}))
	}
	forks := func() (n int) {
		for _, i := range w.incidents() {
			if i.Kind == cloud.IncidentJournalFork {
				n++
			}
		}
		return n
	}
	before := forks()
	if lost(3); forks() != before {
		t.Error("a disk that lost something counts as a copy")
	}
	if lost(4); forks() != before+1 { // each thinks that it lost what the other recorded
		t.Error("two copies that take turns are no fork")
	}
	wall, err := w.Wall(w.ctx, w.owner, w.site)
	must(t, err)
	if s := wall.Banks[0].Columns[0].Doors[0].Status; s != cloud.PlaceFault {
		t.Errorf("in audit mode the door is %s", s)
	}
}

func TestHead_Countersigned(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrol()
	var ops []wire.Upload
	for range 7 {
		ops = append(ops, w.operation(locker.SiteStarted{Boot: "b", Version: "1"}))
	}
	w.ingest(ops...)
	hub := w.Hub()
	for _, n := range []int{7, 3} { // a head may lie before what has arrived since
		signed, err := hub.Head(w.ctx, w.site, w.head(ops[:n]...))
		must(t, err)
		again, err := hub.Head(w.ctx, w.site, w.head(ops[:n]...))
		must(t, err)
		if again != signed {
			t.Error("the same head was countersigned twice")
		}
	}
	standing, err := hub.Standing(w.ctx, w.site)
	must(t, err)
	if standing.Head == "" || standing.Acked.Number != 7 {
		t.Errorf("standing is %+v", standing)
	}
	wrong := append(slices.Clone(ops[:4]), ops[6])
	_, err = hub.Head(w.ctx, w.site, w.head(wrong...))
	wantCode(t, err, locker.CodeJournalFork)
	w.wantIncident(cloud.IncidentHeadMismatch)
}

func TestIncidents_FromContradictions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stored("s1", "main/A02", w.ana)
	must(t, w.RevokeStay(w.ctx, w.owner, w.site, "s1", "sent to the wrong house"))
	d, _ := w.replica()
	if !d.Orders["s1"].Revoked {
		t.Fatal("the site does not learn of it")
	}
	ana := locker.Actor{Kind: locker.ActorRecipient, ID: string(w.ana)}
	w.ingest(w.operation(locker.ParcelCollected{Stay: "s1", Place: "main/A02", Evidence: locker.EvidenceDoor, By: ana}))
	i := w.wantIncident(cloud.IncidentRevokedCollected)
	if i.Severity != cloud.SeverityUrgent || i.Parcel != "p-s1" {
		t.Errorf("incident is %+v", i)
	}
	w.ingest(w.operation(locker.DoorOpened{Place: "main/A02", Evidence: locker.EvidenceDoor}, locker.PlaceDoubted{Place: "main/A02", Reason: "unasked_open"}))
	w.wantIncident(cloud.IncidentUnexpectedOpen)
	if n := len(w.incidents()); n != 2 {
		t.Errorf("one cause raised more than one incident: %d open", n)
	}
	w.ingest(w.operation(locker.FaultRaised{Fault: locker.FaultBusLost, Part: "a"}))
	if i := w.wantIncident(cloud.IncidentFault); i.Part != "a" || i.Place != "" {
		t.Errorf("the fault is at %q, part %q", i.Place, i.Part)
	}
	w.ingest(w.operation(locker.FaultCleared{Fault: locker.FaultBusLost, Part: "a"}))
	if n := len(w.incidents()); n != 2 {
		t.Errorf("a fault that is over stays open: %d open", n)
	}
	must(t, w.NoteIncident(w.ctx, w.owner, i.ID, "called her"))
	must(t, w.AssignIncident(w.ctx, w.owner, i.ID, ""))
	must(t, w.ResolveIncident(w.ctx, w.owner, i.ID, "it was hers"))
	wantCode(t, w.ResolveIncident(w.ctx, w.owner, i.ID, "again"), locker.CodeConflict)
	i, err := w.Incident(w.ctx, w.owner, i.ID)
	must(t, err)
	if !i.Resolved || len(i.Notes) != 1 || i.OwnerName != "Olga Owner" || i.ResolvedBy != "Olga Owner" {
		t.Errorf("incident is %+v", i)
	}
}

func TestIntents_OpenAndAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	woken := make(chan locker.SiteID, 10)
	w.OnWake(func(s locker.SiteID) { woken <- s })
	_, err := w.RemoteOpen(w.ctx, w.owner, w.site, "main/A01", " ")
	wantCode(t, err, locker.CodeInputInvalid)
	_, err = w.RemoteOpen(w.ctx, w.owner, w.site, "main/Z99", "stuck parcel")
	wantCode(t, err, locker.CodePlaceUnknown)
	id, err := w.RemoteOpen(w.ctx, w.owner, w.site, "main/A01", "stuck parcel")
	must(t, err)
	if <-woken != w.site {
		t.Fatal("nobody was woken")
	}
	intents, err := w.Hub().Intents(w.ctx, w.site)
	must(t, err)
	if len(intents) != 1 || intents[0].ID != id || intents[0].Note != "stuck parcel" || intents[0].Staff != w.owner.Staff() {
		t.Fatalf("intents are %+v", intents)
	}
	answered := make(chan cloud.IntentView)
	go func() {
		v, err := w.Await(w.ctx, w.owner, id)
		if err != nil {
			t.Error(err)
		}
		answered <- v
	}()
	w.ingest(w.operation(locker.IntentAnswered{Intent: id, Reason: locker.CodeDoorBusy}))
	if v := <-answered; v.State != cloud.IntentRefused || v.Code != locker.CodeDoorBusy || v.Reason != "stuck parcel" {
		t.Errorf("answer is %+v", v)
	}
	intents, err = w.Hub().Intents(w.ctx, w.site)
	must(t, err)
	if len(intents) != 0 {
		t.Errorf("an answered intent is sent again")
	}
	late, err := w.RemoteOpen(w.ctx, w.owner, w.site, "main/A01", "stuck parcel")
	must(t, err)
	w.clock.add(time.Minute)
	must(t, w.Sweep(w.ctx))
	v, err := w.Await(w.ctx, w.owner, late)
	must(t, err)
	if v.State != cloud.IntentExpired {
		t.Errorf("state is %s", v.State)
	}
}

func TestResidentPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrol()
	w.stored("s1", "main/A02", w.ana)
	address, err := w.RecipientLink(w.ctx, w.owner, w.ana)
	must(t, err)
	token := address[len("https://parcels.example.org/p/"):]
	page, err := w.ResidentPage(w.ctx, token)
	must(t, err)
	if len(page.Parcels) != 1 || page.Name != "Ana" || page.Parcels[0].Last4 != "6784" || page.Parcels[0].Row != 2 {
		t.Fatalf("page is %+v", page)
	}
	_, keys := w.replica()
	key, err := credential.NewKey(keys.Code[w.codeKey()])
	must(t, err)
	if want := credential.Derive(key, "stay:s1", 1).Symbols(); page.Parcels[0].Code.Symbols != want {
		t.Errorf("code is %s, the site derives %s", page.Parcels[0].Code.Symbols, want)
	}
	_, err = w.ResidentOpen(w.ctx, token, "s1", "HJK-3MP")
	wantCode(t, err, locker.CodeSiteOffline)
	must(t, w.Hub().Status(w.ctx, w.site, wire.Status{Version: "1"}))
	_, err = w.ResidentPage(w.ctx, token+"x")
	wantCode(t, err, locker.CodeNotFound)
	renewed, err := w.RenewRecipientLink(w.ctx, w.owner, w.ana)
	must(t, err)
	if _, err = w.ResidentPage(w.ctx, token); renewed == address || err == nil {
		t.Error("the old link still works")
	}
	token = renewed[len("https://parcels.example.org/p/"):]
	must(t, w.ReassignStay(w.ctx, w.owner, w.site, "s1", w.ben, "wrong label"))
	page, err = w.ResidentPage(w.ctx, token)
	must(t, err)
	if len(page.Parcels) != 0 {
		t.Error("somebody else's parcel is shown")
	}
}

func TestResidentPage_TellsTheContactWhenNothingWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	address, err := w.RecipientLink(w.ctx, w.owner, w.ana)
	must(t, err)
	page, err := w.ResidentPage(w.ctx, address[len("https://parcels.example.org/p/"):])
	must(t, err)
	if want := (cloud.ResidentContact{Name: "Harbour", Phone: "+34 600 000 000"}); page.Contact != want || len(page.Parcels) > 0 {
		t.Errorf("page is %+v, want the contact %+v", page, want)
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.SignIn(w.ctx, "olga@example.org", "wrong horse battery", "test")
	wantCode(t, err, locker.CodeSignInWrong)
	_, err = w.SignIn(w.ctx, "nobody@example.org", "correct horse battery", "test")
	wantCode(t, err, locker.CodeSignInWrong)
	secret, err := w.SignIn(w.ctx, " Olga@Example.org ", "correct horse battery", "test")
	must(t, err)
	p, err := w.Session(w.ctx, secret)
	must(t, err)
	if p.User != w.owner.User || !p.May(cloud.RoleManager) {
		t.Errorf("principal is %+v", p)
	}
	must(t, w.SignOut(w.ctx, secret))
	_, err = w.Session(w.ctx, secret)
	wantCode(t, err, locker.CodeSessionEnded)

	api, err := w.CreateAPIToken(w.ctx, w.owner, "export", []auth.Scope{auth.ScopeRead}, time.Time{})
	must(t, err)
	program, err := w.Token(w.ctx, api)
	must(t, err)
	_, err = w.RemoteOpen(w.ctx, program, w.site, "main/A01", "because")
	wantCode(t, err, locker.CodeNotAllowed)
	if _, err := w.Facts(w.ctx, program, w.site, "", 10); err != nil {
		t.Error(err)
	}
}

func TestSubscribe_Coalesces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, cancel := context.WithCancel(w.ctx)
	changes, err := w.Subscribe(ctx, w.owner, w.site)
	must(t, err)
	w.stored("s1", "main/A02", w.ana)
	w.stored("s2", "main/A03", w.ana)
	seen := map[locker.PlaceID]bool{}
	for len(seen) < 2 {
		change := <-changes
		for _, p := range change.Places {
			seen[p] = true
		}
	}
	cancel()
	for change := range changes {
		if change.Site != w.site {
			t.Errorf("a change of %s", change.Site)
		}
	}
}
