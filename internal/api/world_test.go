package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cubby/internal/api"
	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/audit"
	"cubby/internal/cloud/desk"
	"cubby/internal/cloud/holder"
	"cubby/internal/cloud/hook"
	"cubby/internal/cloud/round"
	"cubby/internal/integration/webhook"
	"cubby/internal/link"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/store/storetest"
	"cubby/internal/text"
	"cubby/internal/wire"
)

// clock is driven by hand.
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

// world is an API over a real Cloud over a real database: an owner, a property with two units and two
// residents, a site of three doors, two shelves and a desk.
type world struct {
	desk     *desk.Desk
	holders  *holder.Desk
	t        *testing.T
	clock    *clock
	db       *store.Store
	cloud    *cloud.Cloud
	hooks    *hook.Hooks
	api      *api.API
	log      *bytes.Buffer // guarded by logs
	owner    cloud.Principal
	property string
	unit     locker.UnitID
	ana, ben locker.RecipientID
	number   uint64
}

const site = "harbour"

func layout() locker.Layout {
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

// locked makes a buffer safe for the goroutines of a server.
type locked struct {
	mu  sync.Mutex
	out *bytes.Buffer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(b)
}

func newWorld(t *testing.T) *world {
	t.Helper()
	return newWorldWith(t, api.Options{})
}

func newWorldWith(t *testing.T, opts api.Options) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{t: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}, log: new(bytes.Buffer)}
	log := slog.New(slog.NewTextHandler(&locked{out: w.log}, nil))
	database, err := store.Open(t.Context(), store.Options{
		URL: storetest.Database(t), Logger: slog.New(slog.DiscardHandler), Now: w.clock.now,
	})
	must(t, err)
	w.db = database
	identity, err := auth.NewIdentity(nil)
	must(t, err)
	w.cloud, err = cloud.New(cloud.Options{
		Store: database, Logger: log, Now: w.clock.now, Identity: identity, PublicURL: "https://parcels.example.org",
	})
	must(t, err)
	must(t, w.cloud.Start(context.WithoutCancel(t.Context())))
	t.Cleanup(func() {
		w.cloud.Stop()
		must(t, database.Close())
	})
	catalog, err := text.New()
	must(t, err)
	n := 0
	sender, err := webhook.New(webhook.Options{Now: w.clock.now, Version: "test"})
	must(t, err)
	opts.Hooks, err = hook.New(hook.Options{Store: database, Sender: sender, Logger: log, Now: w.clock.now, NewID: rand.Text, Random: rand.Reader})
	must(t, err)
	w.hooks = opts.Hooks
	opts.Audits, err = audit.New(audit.Options{Cloud: w.cloud, Store: database, Logger: log, Now: w.clock.now, NewID: rand.Text})
	must(t, err)
	opts.Rounds, err = round.New(round.Options{Cloud: w.cloud, Store: database, Auditor: opts.Audits, Now: w.clock.now, NewID: rand.Text})
	must(t, err)
	opts.Desk, err = desk.New(desk.Options{Cloud: w.cloud, Store: database, Text: catalog, Now: w.clock.now, NewID: rand.Text})
	must(t, err)
	w.desk = opts.Desk
	w.holders, err = holder.New(holder.Options{Cloud: w.cloud, Store: database, Now: w.clock.now, NewID: rand.Text})
	must(t, err)
	opts.Holders = w.holders
	opts.Cloud, opts.Text, opts.Logger, opts.Now = w.cloud, catalog, log, w.clock.now
	opts.NewID = func() string { n++; return "request-" + strconv.Itoa(n) }
	w.api, err = api.New(opts)
	must(t, err)
	w.populate()
	return w
}

func (w *world) populate() {
	ctx := w.t.Context()
	var err error
	w.owner = w.ownerOf("Harbour Homes", "Olga Owner")
	w.property, err = w.cloud.CreateProperty(ctx, w.owner, cloud.PropertyDraft{Name: "Harbour House", TimeZone: "Europe/Madrid"})
	must(w.t, err)
	w.unit, err = w.cloud.PutUnit(ctx, w.owner, w.property, cloud.UnitDraft{Name: "4B", Number: "402"})
	must(w.t, err)
	w.ana, err = w.cloud.PutRecipient(ctx, w.owner, w.property, cloud.RecipientDraft{
		Unit: w.unit, Name: "Ana García", Email: "ana@example.org", Language: "es",
	})
	must(w.t, err)
	other, err := w.cloud.PutUnit(ctx, w.owner, w.property, cloud.UnitDraft{Name: "5A"})
	must(w.t, err)
	w.ben, err = w.cloud.PutRecipient(ctx, w.owner, w.property, cloud.RecipientDraft{Unit: other, Name: "Ben Smith"})
	must(w.t, err)
	must(w.t, w.cloud.PutCarrier(ctx, w.owner, cloud.CarrierView{ID: "ups", Name: "UPS"}))
	_, err = w.cloud.CreateSite(ctx, w.owner, cloud.SiteDraft{ID: site, Property: w.property, Name: "Harbour", Layout: layout()})
	must(w.t, err)
}

// ownerOf makes an organization and its owner, without the second that hashing a password takes.
func (w *world) ownerOf(organization, name string) cloud.Principal {
	w.t.Helper()
	p := cloud.Principal{
		User: "owner of " + organization, Name: name, Organization: organization, Roles: []cloud.Role{cloud.RoleOwner}, Via: "console",
	}
	must(w.t, w.db.Tx(w.t.Context(), func(q *db.Queries) error {
		err := q.CreateOrganization(w.t.Context(), db.CreateOrganizationParams{ID: organization, Name: organization})
		if err != nil {
			return err
		}
		return q.CreateUser(w.t.Context(), db.CreateUserParams{
			ID: p.User, Organization: organization, Name: name, Email: p.User + "@example.org", PasswordHash: "none",
			Roles: `["owner"]`, Duties: "[]", Generation: 1,
		})
	}))
	return p
}

// token makes an API token.
func (w *world) token(scopes ...auth.Scope) string {
	w.t.Helper()
	return w.tokenOf(w.owner, scopes...)
}

func (w *world) tokenOf(who cloud.Principal, scopes ...auth.Scope) string {
	w.t.Helper()
	secret, err := w.cloud.CreateAPIToken(w.t.Context(), who, "test", scopes, time.Time{})
	must(w.t, err)
	return string(secret)
}

// enrol makes a key the site's controller.
func (w *world) enrol() {
	w.t.Helper()
	text, err := w.cloud.CreateEnrolToken(w.t.Context(), w.owner, site)
	must(w.t, err)
	token, err := auth.ParseEnrolmentToken(string(text))
	must(w.t, err)
	identity, err := auth.NewIdentity(nil)
	must(w.t, err)
	_, err = w.cloud.Hub().Enrol(w.t.Context(), link.EnrolRequest{Secret: token.Secret, Key: identity.Public(), Name: "pi"})
	must(w.t, err)
}

// record sends one operation of the site.
func (w *world) record(annex wire.Annex, facts ...locker.Fact) {
	w.t.Helper()
	w.number++
	at := wire.Position{Epoch: 1, Number: w.number}
	body, err := wire.EncodeOperation(wire.Operation{
		Site: site, Epoch: at.Epoch, Number: at.Number, Boot: "b", WallMS: w.clock.now().UnixMilli(), ClockTrusted: true, Facts: facts,
	})
	must(w.t, err)
	notes, err := wire.EncodeAnnex(annex)
	must(w.t, err)
	_, err = w.cloud.Hub().Ingest(w.t.Context(), site, []wire.Upload{{Position: at, Op: body, Annex: notes}})
	must(w.t, err)
}

// store records a parcel for somebody in a place.
func (w *world) store(stay locker.StayID, place locker.PlaceID, to locker.RecipientID) {
	w.t.Helper()
	batch, err := w.cloud.Hub().Directory(w.t.Context(), site, wire.DirectoryAck{}, wire.MaxChanges)
	must(w.t, err)
	var key locker.KeyID
	for _, change := range batch.Changes {
		if change.Kind == wire.KindCodeKey {
			key = locker.KeyID(change.ID)
		}
	}
	courier := locker.Actor{Kind: locker.ActorCourier, ID: "c1"}
	w.record(wire.Annex{"t1": "1Z 999-AA1 0123456784"}, locker.DepositBegun{
		Stay: stay, Parcel: locker.ParcelID("p-" + stay), Place: place, Recipient: to, Unit: w.unit, Size: locker.SizeM,
		Actor: courier, Carrier: "ups", Tracking: "t1", Key: key, Generation: 1,
		CollectBy: locker.At(w.clock.now().Add(72 * time.Hour)),
	})
	w.record(nil, locker.ParcelStored{Stay: stay, Place: place, Evidence: locker.EvidenceDoor, By: courier})
	w.record(nil, locker.DepositSettled{Stay: stay})
}

// asked is one request.
type asked struct {
	method, path, token string
	body                string
	header              map[string]string
}

// reply is what came back.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

func (w *world) ask(q asked) reply {
	w.t.Helper()
	return w.askWith(w.t.Context(), q)
}

func (w *world) askWith(ctx context.Context, q asked) reply {
	w.t.Helper()
	if strings.HasSuffix(q.path, "/stream") { // it ends when its reader leaves
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		ctx = short
	}
	r := httptest.NewRequestWithContext(ctx, q.method, q.path, strings.NewReader(q.body))
	if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if q.token != "" {
		r.Header.Set("Authorization", "Bearer "+q.token)
	}
	for name, value := range q.header {
		r.Header.Set(name, value)
	}
	rec := httptest.NewRecorder()
	w.api.Handler().ServeHTTP(rec, r)
	raw, err := io.ReadAll(rec.Body)
	must(w.t, err)
	return reply{t: w.t, status: rec.Code, header: rec.Header(), body: string(raw)}
}

// get asks for something with a token and expects to get it.
func (w *world) get(token, path string) map[string]any {
	w.t.Helper()
	return w.ask(asked{method: "GET", path: api.Prefix + path, token: token}).want(http.StatusOK)
}

// want expects a status and returns the answer's object.
func (r reply) want(status int) map[string]any {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("status %d, want %d: %s", r.status, status, r.body)
	}
	if r.body == "" {
		return nil
	}
	var v map[string]any
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		r.t.Fatalf("%v in %s", err, r.body)
	}
	return v
}

// refused expects a problem with a code.
func (r reply) refused(status int, code locker.Code) map[string]any {
	r.t.Helper()
	v := r.want(status)
	if got := r.header.Get("Content-Type"); got != "application/problem+json" {
		r.t.Errorf("content type %s", got)
	}
	if v["code"] != string(code) || v["number"] != float64(code.Number()) || v["status"] != float64(status) ||
		v["type"] != "urn:cubby:error:"+string(code) || v["title"] == "" || v["request"] == "" {
		r.t.Errorf("problem %v, want %s", v, code)
	}
	return v
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
