package holder_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"log/slog"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/holder"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func wantCode(tb testing.TB, err error, code locker.Code) {
	tb.Helper()
	var e *locker.Error
	if !errors.As(err, &e) || e.Code != code {
		tb.Errorf("error is %v, want %s", err, code)
	}
}

// world is a property with a site of three doors, and Ana of 4B, whose link is token.
type world struct {
	*cloud.Cloud
	tb       testing.TB
	ctx      context.Context
	store    *store.Store
	desk     *holder.Desk
	now      time.Time
	owner    cloud.Principal
	property string
	unit     locker.UnitID
	ana, ben locker.RecipientID
	token    string
	key      locker.KeyID
	number   uint64
}

const site = locker.SiteID("harbour")

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{tb: tb, ctx: tb.Context(), now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	logger := slog.New(slog.DiscardHandler)
	var err error
	w.store, err = store.Open(w.ctx, store.Options{Path: filepath.Join(tb.TempDir(), "cubby.db"), Logger: logger, Now: time.Now})
	must(tb, err)
	identity, err := auth.NewIdentity(nil)
	must(tb, err)
	w.Cloud, err = cloud.New(cloud.Options{
		Store: w.store, Logger: logger, Now: clock, Identity: identity, PublicURL: "https://parcels.example.org",
	})
	must(tb, err)
	tb.Cleanup(func() { must(tb, w.store.Close()) })
	ids := 0
	w.desk, err = holder.New(holder.Options{Cloud: w.Cloud, Store: w.store, Now: clock, NewID: func() string {
		ids++
		return "id" + strconv.Itoa(ids)
	}})
	must(tb, err)
	w.populate()
	return w
}

func (w *world) populate() {
	var err error
	w.owner, err = w.CreateOwner(w.ctx, cloud.OwnerDraft{
		Organization: "Harbour Homes", Name: "Olga Owner", Email: "olga@example.org", Password: "correct horse battery",
	})
	must(w.tb, err)
	w.property, err = w.CreateProperty(w.ctx, w.owner, cloud.PropertyDraft{Name: "Harbour House", TimeZone: "Europe/Madrid"})
	must(w.tb, err)
	w.unit, err = w.PutUnit(w.ctx, w.owner, w.property, cloud.UnitDraft{Name: "4B", Number: "402"})
	must(w.tb, err)
	w.ana = w.put(cloud.RecipientDraft{Name: "Ana García", Email: "ana@example.org", Phone: "+34600000011", Language: "es"})
	w.ben = w.put(cloud.RecipientDraft{Name: "Ben Smith"})
	must(w.tb, w.PutCarrier(w.ctx, w.owner, cloud.CarrierView{ID: "ups", Name: "UPS"}))
	var doors []locker.Compartment
	for i, name := range []string{"A01", "A02", "A03"} {
		doors = append(doors, locker.Compartment{
			ID: locker.PlaceID("main/" + name), Name: name, Size: locker.SizeM, Units: 2, ReachMM: 1000,
			Output: locker.Output{Bus: "a", Board: 1, Channel: uint8(i + 1)},
		})
	}
	_, err = w.CreateSite(w.ctx, w.owner, cloud.SiteDraft{ID: site, Property: w.property, Name: "Harbour", Layout: locker.Layout{
		Banks: []locker.Bank{{
			ID: "main", Name: "Lobby", Witness: locker.Witness{Latch: true}, Columns: []locker.Column{{Name: "A", Compartments: doors}},
		}},
	}})
	must(w.tb, err)
	address, err := w.RecipientLink(w.ctx, w.owner, w.ana)
	must(w.tb, err)
	w.token = path.Base(address)
	_, keys := w.replica()
	for id := range keys.Code {
		w.key = id
	}
}

func (w *world) put(d cloud.RecipientDraft) locker.RecipientID {
	w.tb.Helper()
	d.Unit = w.unit
	id, err := w.PutRecipient(w.ctx, w.owner, w.property, d)
	must(w.tb, err)
	return id
}

// replica is the directory as a site has it.
func (w *world) replica() (*locker.Directory, *wire.Keys) {
	w.tb.Helper()
	batch, err := w.Hub().Directory(w.ctx, site, wire.DirectoryAck{}, wire.MaxChanges)
	must(w.tb, err)
	d, keys := locker.NewDirectory(), wire.NewKeys()
	for _, change := range batch.Changes {
		must(w.tb, wire.ApplyChange(d, keys, change))
	}
	return d, keys
}

// ingest books facts of the site. The writers of the record run for as long as it takes.
func (w *world) ingest(facts ...locker.Fact) {
	w.tb.Helper()
	w.number++
	body, err := wire.EncodeOperation(wire.Operation{
		Site: site, Epoch: 1, Number: w.number, Boot: "b", WallMS: w.now.UnixMilli(), ClockTrusted: true, Facts: facts,
	})
	must(w.tb, err)
	notes, err := wire.EncodeAnnex(wire.Annex{"t": "1Z999AA10123456784"})
	must(w.tb, err)
	_, err = w.Hub().Ingest(w.ctx, site, []wire.Upload{{Position: wire.Position{Epoch: 1, Number: w.number}, Op: body, Annex: notes}})
	must(w.tb, err)
}

func (w *world) stored(stay locker.StayID, place locker.PlaceID, to locker.RecipientID) {
	w.tb.Helper()
	courier := locker.Actor{Kind: locker.ActorCourier, ID: "c1"}
	w.ingest(
		locker.DepositBegun{
			Stay: stay, Parcel: locker.ParcelID("p-" + stay), Place: place, Recipient: to, Unit: w.unit, Size: locker.SizeM,
			Actor: courier, Carrier: "ups", Tracking: "t", Key: w.key, Generation: 1, CollectBy: locker.At(w.now.Add(72 * time.Hour)),
		},
		locker.ParcelStored{Stay: stay, Place: place, Evidence: locker.EvidenceDoor, By: courier},
		locker.DepositSettled{Stay: stay},
	)
}

func (w *world) start() {
	must(w.tb, w.Start(context.WithoutCancel(w.ctx)))
	w.tb.Cleanup(w.Stop)
}

func (w *world) page() cloud.ResidentPage {
	w.tb.Helper()
	page, err := w.ResidentPage(w.ctx, w.token)
	must(w.tb, err)
	return page
}

func TestSend_OneParcel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.stored("s1", "main/A01", w.ana)
	w.stored("s2", "main/A02", w.ana)
	w.stored("s3", "main/A03", w.ben)
	until := w.now.Add(48 * time.Hour)
	sent, err := w.desk.Send(w.ctx, w.token, holder.Draft{Name: " Tom ", Stay: "s1", Until: until})
	must(t, err)
	page, err := w.desk.DelegatePage(w.ctx, sent.Token)
	must(t, err)
	own := w.page().Parcels[0]
	if len(page.Parcels) != 1 || page.Parcels[0].Stay != "s1" || page.Parcels[0].Code == own.Code || page.Parcels[0].Code.Unit != "402" ||
		page.Name != "" || page.Parcels[0].Last4 != "" {
		t.Errorf("the delegate sees %+v", page)
	}
	d, _ := w.replica()
	if len(d.Grants) != 1 {
		t.Fatalf("the site knows %+v", d.Grants)
	}
	for _, g := range d.Grants {
		if g.Stay != "s1" || g.Revoked || g.Until != locker.At(until) || g.Key != w.key {
			t.Errorf("the site knows %+v", g)
		}
	}
	_, err = w.desk.Send(w.ctx, w.token, holder.Draft{Name: "Tom", Stay: "s3", Until: until})
	wantCode(t, err, locker.CodeStayUnknown) // Ben's
	wantCode(t, w.desk.End(w.ctx, w.token+"x", sent.ID), locker.CodeNotFound)
	must(t, w.desk.End(w.ctx, w.token, sent.ID))
	d, _ = w.replica()
	for _, g := range d.Grants {
		if !g.Revoked {
			t.Error("the site does not know that the pass is over")
		}
	}
	_, err = w.desk.DelegatePage(w.ctx, sent.Token)
	wantCode(t, err, locker.CodeNotFound)
	if all, err := w.desk.SentBy(w.ctx, w.token); err != nil || len(all) != 0 {
		t.Errorf("still sent: %v %v", all, err)
	}
}

func TestSend_AllUntilADate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	sent, err := w.desk.Send(w.ctx, w.token, holder.Draft{Name: "Tom", Until: w.now.Add(24 * time.Hour)})
	must(t, err)
	w.stored("s1", "main/A01", w.ana)
	must(t, w.desk.Tick(w.ctx))
	must(t, w.desk.Tick(w.ctx)) // no second pass
	page, err := w.desk.DelegatePage(w.ctx, sent.Token)
	must(t, err)
	if d, _ := w.replica(); len(page.Parcels) != 1 || len(d.Grants) != 1 {
		t.Errorf("page %+v, grants %+v", page, d.Grants)
	}
	w.now = w.now.Add(25 * time.Hour)
	_, err = w.desk.DelegatePage(w.ctx, sent.Token)
	wantCode(t, err, locker.CodeNotFound)
	for _, bad := range []holder.Draft{{Until: w.now.Add(time.Hour)}, {Name: "x", Until: w.now}, {Name: "x", Until: w.now.Add(31 * 24 * time.Hour)}} {
		_, err := w.desk.Send(w.ctx, w.token, bad)
		wantCode(t, err, locker.CodeInputInvalid)
	}
	for range holder.MaxDelegates {
		_, err = w.desk.Send(w.ctx, w.token, holder.Draft{Name: "x", Until: w.now.Add(time.Hour)})
		must(t, err)
	}
	_, err = w.desk.Send(w.ctx, w.token, holder.Draft{Name: "x", Until: w.now.Add(time.Hour)})
	wantCode(t, err, locker.CodeConflict)
}

// A page for somebody who was sent shows no code that the site would refuse: it says why instead.
func TestSend_NoCodeThatOpensNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.stored("s1", "main/A01", w.ana)
	w.stored("s2", "main/A02", w.ana)
	w.stored("s3", "main/A02", w.ana) // into the same door
	w.stored("s4", "main/A03", w.ben)
	must(t, w.ReassignStay(w.ctx, w.owner, site, "s4", w.ana, "label misread"))
	sent, err := w.desk.Send(w.ctx, w.token, holder.Draft{Name: "Tom", Until: w.now.Add(24 * time.Hour)})
	must(t, err)
	shown := func(want map[locker.StayID]cloud.PassBar) {
		t.Helper()
		page, err := w.desk.DelegatePage(w.ctx, sent.Token)
		must(t, err)
		if len(page.Parcels) != len(want) {
			t.Errorf("the page shows %d parcels, want %d", len(page.Parcels), len(want))
		}
		for _, p := range page.Parcels {
			if p.Bar != want[p.Stay] || (p.Code.Symbols == "") != (p.Bar != "" || p.Held) {
				t.Errorf("%s: bar %q, held %v, code %t; want %q", p.Stay, p.Bar, p.Held, p.Code.Symbols != "", want[p.Stay])
			}
		}
	}
	shown(map[locker.StayID]cloud.PassBar{"s1": "", "s2": cloud.PassShared, "s3": cloud.PassShared, "s4": cloud.PassMoved})
	w.ingest(locker.ParcelCollected{Stay: "s3", Place: "main/A02", Evidence: locker.EvidenceDoor, By: locker.Actor{Kind: locker.ActorRecipient, ID: string(w.ana)}})
	shown(map[locker.StayID]cloud.PassBar{"s1": "", "s2": "", "s4": cloud.PassMoved})
	must(t, w.RevokeStay(w.ctx, w.owner, site, "s1", "police asked"))
	shown(map[locker.StayID]cloud.PassBar{"s1": "", "s2": "", "s4": cloud.PassMoved})
	later, err := w.desk.Send(w.ctx, w.token, holder.Draft{Name: "Eva", Until: w.now.Add(24 * time.Hour)})
	must(t, err)
	sent.Token = later.Token // has no pass for s1 at all, which is said too
	shown(map[locker.StayID]cloud.PassBar{"s1": "", "s2": "", "s4": cloud.PassMoved})
}

func TestKeepAndAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	stored := w.now
	w.stored("s1", "main/A01", w.ana)
	until, err := w.desk.KeepUntil(w.ctx, w.token, "s1")
	must(t, err)
	if want := stored.Add(144 * time.Hour); !until.Equal(want) {
		t.Errorf("may be kept until %v, want %v", until, want)
	}
	must(t, w.desk.Keep(w.ctx, w.token, "s1"))
	wantCode(t, w.desk.Keep(w.ctx, w.token, "s1"), locker.CodeConflict)
	if d, _ := w.replica(); d.Orders["s1"].CollectBy != locker.At(until) {
		t.Errorf("the site knows %+v", d.Orders["s1"])
	}
	back := w.now.Add(20 * 24 * time.Hour)
	wantCode(t, w.desk.Away(w.ctx, w.token, w.now.Add(61*24*time.Hour)), locker.CodeInputInvalid)
	must(t, w.desk.Away(w.ctx, w.token, back))
	w.stored("s2", "main/A02", w.ana) // came while away
	must(t, w.desk.Tick(w.ctx))
	for _, p := range w.page().Parcels {
		if !p.CollectBy.After(back) {
			t.Errorf("%s waits until %v only", p.Stay, p.CollectBy)
		}
	}
	must(t, w.desk.Away(w.ctx, w.token, time.Time{}))
	wishes, err := w.desk.Wishes(w.ctx, w.token)
	must(t, err)
	if !wishes.VacationUntil.IsZero() {
		t.Errorf("still away: %+v", wishes)
	}
}

func TestWishes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := holder.Wishes{
		LowDoor: true, Language: "ar", Channels: []holder.Channel{holder.SMS, holder.Push}, QuietFrom: 22 * 60, QuietTo: 7 * 60,
		Email: "a…@example.org", Phone: "…11", TimeZone: "Europe/Madrid", Browsers: 1,
	}
	must(t, w.desk.SetWishes(w.ctx, w.token, want))
	key := append([]byte{4}, make([]byte, 64)...)
	browser := holder.Browser{
		Endpoint: "https://push.example.org/x", P256DH: base64.RawURLEncoding.EncodeToString(key),
		Auth: base64.RawURLEncoding.EncodeToString(make([]byte, 16)),
	}
	must(t, w.desk.AddBrowser(w.ctx, w.token, browser))
	must(t, w.desk.AddBrowser(w.ctx, w.token, browser)) // the same one
	browser.Endpoint = "http://push.example.org/x"
	wantCode(t, w.desk.AddBrowser(w.ctx, w.token, browser), locker.CodeInputInvalid)
	got, err := w.desk.Wishes(w.ctx, w.token)
	must(t, err)
	if got.LowDoor != want.LowDoor || got.Email != want.Email || got.Phone != want.Phone || got.Browsers != 1 ||
		len(got.Channels) != 2 || got.QuietFrom != want.QuietFrom || got.Language != "ar" || got.TimeZone != want.TimeZone {
		t.Errorf("wishes are %+v, want %+v", got, want)
	}
	if d, _ := w.replica(); !d.Recipients[w.ana].LowDoor || d.Recipients[w.ana].Name != "Ana García" {
		t.Errorf("the site knows %+v", d.Recipients[w.ana])
	}
	wantCode(t, w.desk.SetWishes(w.ctx, w.token, holder.Wishes{Channels: []holder.Channel{"fax"}}), locker.CodeInputInvalid)
	wantCode(t, w.desk.SetWishes(w.ctx, "nobody", holder.Wishes{}), locker.CodeNotFound)
}

func TestLostPhone_EndsEverythingInOneAct(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.stored("s1", "main/A01", w.ana)
	w.stored("s3", "main/A03", w.ben)
	sent, err := w.desk.Send(w.ctx, w.token, holder.Draft{Name: "Tom", Until: w.now.Add(time.Hour)})
	must(t, err)
	must(t, w.desk.LostPhone(w.ctx, w.token))
	_, err = w.ResidentPage(w.ctx, w.token)
	wantCode(t, err, locker.CodeNotFound)
	_, err = w.desk.DelegatePage(w.ctx, sent.Token)
	wantCode(t, err, locker.CodeNotFound)
	d, _ := w.replica()
	if d.Orders["s1"].Lost != 1 || d.Orders["s1"].Revoked || d.Orders["s3"].Lost != 0 {
		t.Errorf("the site knows %+v", d.Orders)
	}
	for _, g := range d.Grants {
		if !g.Revoked {
			t.Errorf("the site still knows %+v", g)
		}
	}
	due, err := w.store.Read().NextJobAt(w.ctx, holder.JobLink)
	must(t, err)
	if due == 0 {
		t.Error("nobody sends the new link")
	}
	wantCode(t, w.desk.LostPhone(w.ctx, w.token), locker.CodeNotFound)
}

// photo is a picture with a place where it was taken beside it, held on its side.
func photo(tb testing.TB) []byte {
	tb.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 2000, 1000))
	for x := range 1000 { // the left half is red
		for y := range 1000 {
			img.Set(x, y, color.RGBA{R: 255, A: 255})
		}
	}
	var plain bytes.Buffer
	must(tb, jpeg.Encode(&plain, img, nil))
	exif := "Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00GPS 40.4168 -3.7038"
	size := len(exif) + 2
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1, byte(size >> 8), byte(size)}, exif...)
	return append(out, plain.Bytes()[2:]...)
}

func TestReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	w.stored("s1", "main/A01", w.ana)
	w.stored("s3", "main/A03", w.ben)
	must(t, w.desk.Report(w.ctx, w.token, holder.Complaint{Stay: "s1", Problem: locker.ProblemDamaged, Note: "wet\n box", Photo: photo(t)}))
	list, err := w.Incidents(w.ctx, w.owner, cloud.IncidentFilter{})
	must(t, err)
	found := list.Items
	if len(found) != 1 || found[0].Kind != cloud.IncidentProblem || found[0].Detail != "damaged" || found[0].Stay != "s1" {
		t.Errorf("incidents %+v", found)
	}
	// The site hears of it, and its fact raises no second incident.
	intents, err := w.store.Read().ListPendingIntents(w.ctx, db.ListPendingIntentsParams{Site: string(site), Now: w.now.UnixMilli(), Page: 10})
	must(t, err)
	if len(intents) != 1 || intents[0].Kind != string(wire.IntentReport) {
		t.Errorf("intents %+v", intents)
	}
	w.ingest(locker.ProblemReported{
		Stay: "s1", Place: "main/A01", Problem: locker.ProblemDamaged, By: locker.Actor{Kind: locker.ActorRecipient, ID: string(w.ana)},
	})
	if list, err = w.Incidents(w.ctx, w.owner, cloud.IncidentFilter{}); err != nil || len(list.Items) != 1 {
		t.Errorf("incidents %+v %v", list.Items, err)
	}
	reports, err := w.desk.Reports(w.ctx, w.owner, site, "s1")
	must(t, err)
	if len(reports) != 1 || !reports[0].Photo || reports[0].Note != "wet box" {
		t.Fatalf("reports %+v", reports)
	}
	picture, err := w.desk.Photo(w.ctx, w.owner, site, reports[0].ID)
	must(t, err)
	if bytes.Contains(picture, []byte("GPS")) || bytes.Contains(picture, []byte("Exif")) {
		t.Error("the picture says where it was taken")
	}
	img, err := jpeg.Decode(bytes.NewReader(picture))
	must(t, err)
	if b := img.Bounds(); b.Dx() != 800 || b.Dy() != 1600 {
		t.Errorf("the picture is %v", b)
	}
	if r, _, _, _ := img.At(400, 100).RGBA(); r < 0xe000 { // what was left is up
		t.Errorf("the picture was not turned: %x", r)
	}
	stranger := cloud.Principal{User: "x", Organization: "other", Roles: []cloud.Role{cloud.RoleOwner}, Scopes: w.owner.Scopes}
	_, err = w.desk.Photo(w.ctx, stranger, site, reports[0].ID)
	wantCode(t, err, locker.CodeNotFound)
	_, err = w.desk.Reports(w.ctx, stranger, site, "s1")
	wantCode(t, err, locker.CodeNotFound)

	wantCode(t, w.desk.Report(w.ctx, w.token, holder.Complaint{Stay: "s3", Problem: locker.ProblemEmpty}), locker.CodeStayUnknown)
	wantCode(t, w.desk.Report(w.ctx, w.token, holder.Complaint{Stay: "s1"}), locker.CodeInputInvalid)
	wantCode(t, w.desk.Report(w.ctx, w.token, holder.Complaint{Stay: "s1", Problem: locker.ProblemEmpty, Photo: []byte("GIF89a")}), locker.CodeInputInvalid)
	w.ingest(locker.ParcelCollected{Stay: "s1", Place: "main/A01", Evidence: locker.EvidenceDoor, By: locker.Actor{Kind: locker.ActorRecipient, ID: string(w.ana)}})
	for range 9 {
		must(t, w.desk.Report(w.ctx, w.token, holder.Complaint{Stay: "s1", Problem: locker.ProblemNotMine}))
	}
	wantCode(t, w.desk.Report(w.ctx, w.token, holder.Complaint{Stay: "s1", Problem: locker.ProblemNotMine}), locker.CodeRateLimited)

	w.now = w.now.Add(91 * 24 * time.Hour)
	must(t, w.desk.Tick(w.ctx))
	if reports, err = w.desk.Reports(w.ctx, w.owner, site, "s1"); err != nil || len(reports) != 0 {
		t.Errorf("%d reports are kept for ever: %v", len(reports), err)
	}
}

func FuzzPhoto(f *testing.F) {
	f.Add(photo(f)[:200])
	f.Add([]byte("\xff\xd8\xff\xe1\x00\x10Exif\x00\x00II\x2a\x00\xff\xff\xff\xff"))
	w := newWorld(f)
	w.start()
	w.stored("s1", "main/A01", w.ana)
	f.Fuzz(func(t *testing.T, raw []byte) {
		err := w.desk.Report(w.ctx, w.token, holder.Complaint{Stay: "s1", Problem: locker.ProblemDamaged, Photo: raw})
		if err != nil && strings.Contains(err.Error(), "INTERNAL") {
			t.Error(err)
		}
	})
}
