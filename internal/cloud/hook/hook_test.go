package hook_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"cubby/internal/cloud"
	"cubby/internal/cloud/hook"
	"cubby/internal/integration/webhook"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/store/storetest"
	"cubby/internal/wire"
)

// receiver is another program: it keeps what it got and answers with the status that is set.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	status  int
	got     []got
	secrets []string
}

type got struct {
	ID   string
	Body struct {
		Type string         `json:"type"`
		Data map[string]any `json:"data"`
	}
	Good bool // one of the secrets signed it
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{status: http.StatusNoContent}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	g := got{ID: request.Header.Get("webhook-id")}
	_ = json.Unmarshal(body, &g.Body)
	for _, s := range r.secrets {
		verifier, err := standardwebhooks.NewWebhook(s)
		g.Good = g.Good || err == nil && verifier.VerifyIgnoringTimestamp(body, request.Header) == nil
	}
	r.got = append(r.got, g)
	w.WriteHeader(r.status)
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

// take returns what came since it was called last.
func (r *receiver) take() []got {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.got
	r.got = nil
	return all
}

type world struct {
	t     *testing.T
	store *store.Store
	clock *storetest.Clock
	build *storetest.Builder
	hooks *hook.Hooks
	owner cloud.Principal
	sites []string // of the owner, then one of somebody else
	next  map[string]uint64
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: storetest.NewClock(), next: map[string]uint64{}}
	w.store = storetest.Open(t, w.clock.Now)
	w.build = storetest.Build(t, w.store)
	org := w.build.Organization("")
	below := w.build.Organization(org)
	other := w.build.Organization("")
	for _, o := range []string{org, below, other} {
		w.sites = append(w.sites, w.build.Site(w.build.Property(o)))
	}
	w.owner = cloud.Principal{User: "u1", Organization: org, Roles: []cloud.Role{cloud.RoleOwner}, Via: "console"}
	w.hooks = w.another()
	return w
}

// another is a second process over the same store.
func (w *world) another() *hook.Hooks {
	w.t.Helper()
	sender, err := webhook.New(webhook.Options{Now: time.Now, Version: "test", Private: true, Timeout: 5 * time.Second})
	must(w.t, err)
	h, err := hook.New(hook.Options{
		Store: w.store, Sender: sender, Logger: slog.New(slog.DiscardHandler), Now: w.clock.Now, Random: rand.Reader,
		NewID: rand.Text,
	})
	must(w.t, err)
	return h
}

// happen writes an operation into the record of a site, with the tables grown up to it.
func (w *world) happen(site string, facts ...locker.Fact) {
	w.t.Helper()
	w.next[site]++
	n := w.next[site]
	body, err := wire.EncodeOperation(wire.Operation{
		Site: locker.SiteID(site), Epoch: 1, Number: n, Boot: "b", WallMS: w.clock.Now().UnixMilli(), ClockTrusted: true, Facts: facts,
	})
	must(w.t, err)
	must(w.t, w.store.Tx(w.t.Context(), func(q *db.Queries) error {
		return errors.Join(
			q.InsertOperation(w.t.Context(), db.InsertOperationParams{
				Site: site, Epoch: 1, Number: int64(n), Body: body, Annex: []byte{}, Chain: []byte{},
			}),
			q.PutCursor(w.t.Context(), db.PutCursorParams{Site: site, Epoch: 1, Number: int64(n), ProjectedEpoch: 1, ProjectedNumber: int64(n)}),
		)
	}))
}

func (w *world) run(hooks *hook.Hooks) {
	w.t.Helper()
	must(w.t, hooks.Follow(w.t.Context()))
	must(w.t, hooks.Send(w.t.Context()))
}

func (w *world) create(r *receiver, kinds ...hook.Kind) string {
	w.t.Helper()
	id, secret, err := w.hooks.Create(w.t.Context(), w.owner, hook.Draft{Name: "PMS", URL: r.URL + "/in", Kinds: kinds, Active: true})
	must(w.t, err)
	r.secrets = append(r.secrets, secret.Reveal())
	return id
}

func (w *world) log(id, state string) []hook.Delivery {
	w.t.Helper()
	page, err := w.hooks.Deliveries(w.t.Context(), w.owner, id, hook.Choice{State: state, Limit: 200})
	must(w.t, err)
	return page.Items
}

func kinds(all []got) []string {
	var k []string
	for _, g := range all {
		k = append(k, g.Body.Type)
	}
	slices.Sort(k)
	return k
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code locker.Code) {
	t.Helper()
	var e *locker.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

func stored(stay locker.StayID) locker.Fact {
	return locker.ParcelStored{Stay: stay, Place: "main/A01", Evidence: locker.EvidenceDoor, By: locker.Actor{Kind: locker.ActorCourier, ID: "c1"}}
}

func TestFollow_TellsWhatHappensFromNowOn(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t), newReceiver(t)
	w.happen(w.sites[0], stored("before"))
	w.create(r)
	w.run(w.hooks)
	if all := r.take(); len(all) != 0 {
		t.Errorf("told of the past: %+v", all)
	}
	w.happen(w.sites[0], locker.DoorOpened{Place: "main/A01", Request: "r1", Evidence: locker.EvidenceDoor}, stored("s1"), locker.DepositSettled{Stay: "s1"})
	w.happen(w.sites[1], locker.DoorOpened{Place: "main/A01", Evidence: locker.EvidenceDoor})
	w.happen(w.sites[2], stored("other"))
	w.run(w.hooks)
	all := r.take()
	if got, want := kinds(all), []string{"door.opened_unasked", "parcel.confirmed", "parcel.stored"}; !slices.Equal(got, want) {
		t.Errorf("told of %v, want %v", got, want)
	}
	for _, g := range all {
		if !g.Good || g.ID == "" || g.ID != g.Body.Data["event"] || !strings.HasPrefix(g.ID, g.Body.Data["site"].(string)+"-1-") {
			t.Errorf("got %+v", g)
		}
	}
	w.run(w.hooks)
	if again := r.take(); len(again) != 0 {
		t.Errorf("told twice: %+v", again)
	}
}

// A site that was added later is told of from its first fact.
func TestFollow_AYoungSite(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t), newReceiver(t)
	w.create(r, hook.ParcelStored)
	site := w.build.Site(w.build.Property(w.owner.Organization))
	for i := range 450 { // more than two pages
		w.happen(site, stored(locker.StayID(fmt.Sprint("s", i))), locker.DepositSettled{Stay: "s"})
	}
	must(t, w.hooks.Follow(t.Context()))
	for range 10 {
		must(t, w.hooks.Send(t.Context()))
	}
	all := r.take()
	ids := map[string]bool{}
	for _, g := range all {
		ids[g.ID] = true
	}
	if len(all) != 450 || len(ids) != 450 {
		t.Errorf("%d messages with %d ids, want 450", len(all), len(ids))
	}
}

// Nothing is told that the tables do not know yet: whoever asks the API about it would be told that it
// does not exist.
func TestFollow_WaitsForTheTables(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t), newReceiver(t)
	w.create(r)
	w.happen(w.sites[0], stored("s1"))
	w.happen(w.sites[0], stored("s2"))
	must(t, w.store.Tx(t.Context(), func(q *db.Queries) error {
		return q.PutCursor(t.Context(), db.PutCursorParams{Site: w.sites[0], Epoch: 1, Number: 2, ProjectedEpoch: 1, ProjectedNumber: 1})
	}))
	w.run(w.hooks)
	if all := r.take(); len(all) != 1 {
		t.Errorf("told of %+v", all)
	}
}

func TestFollow_Incidents(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t), newReceiver(t)
	raise := func(id, site string) {
		must(t, w.store.Tx(t.Context(), func(q *db.Queries) error {
			now := w.clock.Now().UnixMilli()
			_, err := q.RaiseIncident(t.Context(), db.RaiseIncidentParams{
				ID: id, Site: site, Kind: "fault", Severity: "high", Place: "main/A01", Dedupe: id, OpenedAt: now, DueAt: now,
			})
			return err
		}))
	}
	raise("i0", w.sites[0])
	w.clock.Add(time.Second)
	w.create(r, hook.IncidentOpened, hook.IncidentEnded)
	raise("i1", w.sites[0])
	raise("i2", w.sites[2])
	for range 5 { // the same span is looked at again and again
		w.run(w.hooks)
		w.clock.Add(20 * time.Second)
	}
	must(t, w.store.Tx(t.Context(), func(q *db.Queries) error {
		_, err := q.ResolveIncident(t.Context(), db.ResolveIncidentParams{ResolvedAt: w.clock.Now().UnixMilli(), ID: "i1"})
		return err
	}))
	for range 20 {
		w.run(w.hooks)
		w.clock.Add(20 * time.Second)
	}
	all := r.take()
	if got := kinds(all); !slices.Equal(got, []string{"incident.opened", "incident.resolved"}) || all[0].Body.Data["incident"] != "i1" {
		t.Errorf("told of %+v", all)
	}
}

// Two processes over one store make one delivery of each fact and send it once.
func TestHooks_TwoProcesses(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t), newReceiver(t)
	w.create(r, hook.ParcelStored)
	for i := range 100 {
		w.happen(w.sites[0], stored(locker.StayID(fmt.Sprint("s", i))))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	both := []*hook.Hooks{w.hooks, w.another()}
	var wg sync.WaitGroup
	errs := make(chan error, 2)
	for _, h := range both {
		wg.Go(func() {
			for range 4 {
				if err := errors.Join(h.Follow(ctx), h.Send(ctx)); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		t.Fatal(err)
	}
	times := map[string]int{}
	for _, g := range r.take() {
		times[g.ID]++
	}
	for id, n := range times {
		if n != 1 {
			t.Errorf("%s was sent %d times", id, n)
		}
	}
	if len(times) != 100 {
		t.Errorf("%d messages, want 100", len(times))
	}
}

func TestSend_TriesForThreeDaysAndOthersDoNotWait(t *testing.T) {
	t.Parallel()
	w, bad, good := newWorld(t), newReceiver(t), newReceiver(t)
	bad.answer(http.StatusInternalServerError)
	failing := w.create(bad, hook.ParcelStored)
	w.create(good, hook.ParcelStored)
	w.happen(w.sites[0], stored("s1"))
	w.run(w.hooks)
	if all := good.take(); len(all) != 1 {
		t.Errorf("the other one got %+v", all)
	}
	began := w.clock.Now()
	var ended time.Duration
	for range 5 * 24 * 6 {
		w.run(w.hooks)
		if d := w.log(failing, "")[0]; d.State == "dead" {
			ended = w.clock.Now().Sub(began)
			break
		}
		w.clock.Add(10 * time.Minute)
	}
	d := w.log(failing, "")[0]
	if d.State != "dead" || d.Attempts != 10 || d.Status != 500 || ended < 3*24*time.Hour || ended > 4*24*time.Hour {
		t.Errorf("after %v: %+v", ended, d)
	}
	all := bad.take()
	if len(all) != 10 || slices.ContainsFunc(all, func(g got) bool { return g.ID != all[0].ID || !g.Good }) {
		t.Errorf("%d attempts: %+v", len(all), all)
	}
	view, err := w.hooks.Get(t.Context(), w.owner, failing)
	must(t, err)
	if view.Dead != 1 || view.Failing.IsZero() {
		t.Errorf("got %+v", view)
	}
	bad.answer(http.StatusOK)
	n, err := w.hooks.Replay(t.Context(), w.owner, failing, hook.Span{Since: began, FailedOnly: true})
	if err != nil || n != 1 {
		t.Errorf("replayed %d: %v", n, err)
	}
	w.clock.Add(10 * time.Minute)
	w.run(w.hooks)
	view, err = w.hooks.Get(t.Context(), w.owner, failing)
	must(t, err)
	if again := bad.take(); len(again) != 1 || again[0].ID != all[0].ID || !view.Failing.IsZero() || view.Dead != 0 {
		t.Errorf("got %+v, %+v", again, view)
	}
}

func TestSend_StopsAtAnAddressThatIsGone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		after  time.Duration
		want   string
	}{
		"gone":    {http.StatusGone, 0, hook.StoppedGone},
		"failing": {http.StatusBadGateway, hook.FailingMost, hook.StoppedFailing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, r := newWorld(t), newReceiver(t)
			id := w.create(r, hook.ParcelStored)
			r.answer(c.status)
			w.happen(w.sites[0], stored("s1"))
			w.run(w.hooks)
			w.clock.Add(c.after)
			w.happen(w.sites[0], stored("s2"))
			w.run(w.hooks)
			view, err := w.hooks.Get(t.Context(), w.owner, id)
			if err != nil || view.Stopped != c.want {
				t.Fatalf("got %+v, %v", view, err)
			}
			r.take()
			r.answer(http.StatusOK)
			w.happen(w.sites[0], stored("s3"))
			w.run(w.hooks)
			if all := r.take(); len(all) != 0 {
				t.Errorf("sent after it was stopped: %+v", all)
			}
			must(t, w.hooks.Update(t.Context(), w.owner, id, hook.Draft{Name: "PMS", URL: r.URL, Active: true, Kinds: []hook.Kind{hook.ParcelStored}}))
			w.clock.Add(time.Hour)
			w.run(w.hooks)
			if all := r.take(); len(all) != 3 {
				t.Errorf("after it was mended: %+v, want all three", all)
			}
		})
	}
}

func TestRotate_BothSecretsForADay(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t), newReceiver(t)
	id := w.create(r)
	before := r.secrets
	fresh, err := w.hooks.Rotate(t.Context(), w.owner, id)
	must(t, err)
	for _, c := range []struct {
		secrets []string
		wait    time.Duration
		want    bool
	}{{before, 0, true}, {[]string{fresh.Reveal()}, 0, true}, {before, hook.OldSecret, false}, {[]string{fresh.Reveal()}, 0, true}} {
		w.clock.Add(c.wait)
		r.secrets = c.secrets
		must(t, w.hooks.Ping(t.Context(), w.owner, id))
		w.run(w.hooks)
		if all := r.take(); len(all) != 1 || all[0].Good != c.want || all[0].Body.Type != "ping" {
			t.Errorf("got %+v, want a good signature: %t", all, c.want)
		}
	}
}

func TestHooks_AreOfOneOrganization(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t), newReceiver(t)
	id := w.create(r)
	ctx := t.Context()
	for name, who := range map[string]cloud.Principal{
		"another organization": {User: "u2", Organization: "elsewhere", Roles: []cloud.Role{cloud.RoleOwner}},
		"the one below":        {User: "u3", Organization: "", Roles: []cloud.Role{cloud.RoleOwner}},
	} {
		_, err := w.hooks.Get(ctx, who, id)
		wantCode(t, err, locker.CodeNotFound)
		wantCode(t, w.hooks.Remove(ctx, who, id), locker.CodeNotFound)
		wantCode(t, w.hooks.Ping(ctx, who, id), locker.CodeNotFound)
		_, err = w.hooks.Rotate(ctx, who, id)
		wantCode(t, err, locker.CodeNotFound)
		_, err = w.hooks.Deliveries(ctx, who, id, hook.Choice{})
		wantCode(t, err, locker.CodeNotFound)
		if all, err := w.hooks.List(ctx, who); err != nil || len(all) != 0 {
			t.Errorf("%s sees %+v, %v", name, all, err)
		}
	}
	clerk := w.owner
	clerk.Roles = []cloud.Role{cloud.RoleStaff}
	_, err := w.hooks.List(ctx, clerk)
	wantCode(t, err, locker.CodeNotAllowed)
}

func TestCreate_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, d := range map[string]hook.Draft{
		"no name": {URL: "https://example.org"},
		"no host": {Name: "x", URL: "https://"},
		"a kind":  {Name: "x", URL: "https://example.org", Kinds: []hook.Kind{"parcel.eaten"}},
		"ping":    {Name: "x", URL: "https://example.org", Kinds: []hook.Kind{hook.Ping}},
	} {
		_, _, err := w.hooks.Create(t.Context(), w.owner, d)
		t.Log(name, err)
		wantCode(t, err, locker.CodeInputInvalid)
	}
	for range hook.MaxHooks {
		_, _, err := w.hooks.Create(t.Context(), w.owner, hook.Draft{Name: "x", URL: "https://example.org"})
		must(t, err)
	}
	_, _, err := w.hooks.Create(t.Context(), w.owner, hook.Draft{Name: "x", URL: "https://example.org"})
	wantCode(t, err, locker.CodeConflict)
}

func TestDeliveries_Pages(t *testing.T) {
	t.Parallel()
	w, r := newWorld(t), newReceiver(t)
	id := w.create(r, hook.ParcelStored)
	for i := range 5 {
		w.happen(w.sites[0], stored(locker.StayID(fmt.Sprint("s", i))))
	}
	w.run(w.hooks)
	seen := map[string]bool{}
	cursor := ""
	for pages := 0; ; pages++ {
		page, err := w.hooks.Deliveries(t.Context(), w.owner, id, hook.Choice{State: "taken", Cursor: cursor, Limit: 2})
		must(t, err)
		for _, d := range page.Items {
			seen[d.ID] = true
		}
		if cursor = page.Next; cursor == "" {
			if pages != 2 {
				t.Errorf("%d pages, want 3", pages+1)
			}
			break
		}
	}
	if len(seen) != 5 {
		t.Errorf("%d deliveries, want 5", len(seen))
	}
	one := w.log(id, "")[0]
	must(t, w.hooks.Redeliver(t.Context(), w.owner, id, one.ID))
	r.take()
	w.run(w.hooks)
	if all := r.take(); len(all) != 1 || all[0].ID != one.Event {
		t.Errorf("sent again: %+v, want %s", all, one.Event)
	}
	wantCode(t, w.hooks.Redeliver(t.Context(), w.owner, id, "none"), locker.CodeNotFound)
	_, err := w.hooks.Replay(t.Context(), w.owner, id, hook.Span{Since: w.clock.Now().Add(-hook.Keep - time.Hour)})
	wantCode(t, err, locker.CodeInputInvalid)
	_, err = w.hooks.Deliveries(t.Context(), w.owner, id, hook.Choice{Cursor: "x|y"})
	wantCode(t, err, locker.CodeInputInvalid)
}
