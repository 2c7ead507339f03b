package link_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"cubby/internal/auth"
	"cubby/internal/link"
	"cubby/internal/link/linktest"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const siteID = locker.SiteID("site-1")

// rig is a server over TLS and what a client needs to reach it.
type rig struct {
	hub      *linktest.Hub
	server   *link.Server
	identity auth.Identity // of the server
	http     *httptest.Server
	url      string // what clients dial
	tls      *tls.Config
}

// newRig starts a server. With plain it has no TLS, as behind a proxy that ends it.
func newRig(t *testing.T, plain bool, change ...func(*link.ServerOptions)) *rig {
	t.Helper()
	r := &rig{hub: linktest.NewHub(time.Now), identity: newIdentity(t)}
	opts := link.ServerOptions{
		Hub: r.hub, Registry: r.hub, Identity: r.identity, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
		LookEvery: 100 * time.Millisecond, AliveWithin: 300 * time.Millisecond,
	}
	for _, c := range change {
		c(&opts)
	}
	var err error
	r.server, err = link.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	r.http = httptest.NewUnstartedServer(r.server.Handler())
	r.http.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	if plain {
		r.http.Start()
	} else {
		r.http.StartTLS()
		r.tls = &tls.Config{RootCAs: pool(r.http), MinVersion: tls.VersionTLS12}
	}
	r.url = r.http.URL
	t.Cleanup(func() {
		r.server.Stop()
		r.http.CloseClientConnections()
		r.http.Close()
	})
	return r
}

func pool(s *httptest.Server) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(s.Certificate())
	return p
}

func newIdentity(t *testing.T) auth.Identity {
	t.Helper()
	id, err := auth.NewIdentity(nil)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// seen collects what a client's callbacks say.
type seen struct {
	mu            sync.Mutex
	notices       []wire.Notice
	countersigned []string
	offset        time.Duration
	clocks        int
}

func (s *seen) hasNotice(code locker.Code) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.notices {
		if n.Code == code {
			return true
		}
	}
	return false
}

func (s *seen) heads() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.countersigned...)
}

// options returns those of a quick client of the rig with a new key that the hub knows.
func (r *rig) options(t *testing.T, site *linktest.Site) (link.ClientOptions, *seen) {
	t.Helper()
	id := newIdentity(t)
	r.hub.Allow(siteID, id)
	s := &seen{}
	return link.ClientOptions{
		ServerURL: r.url, Identity: id, ServerKey: r.identity.Public(), SiteID: siteID, Instance: "instance-1",
		Software: "test", Site: site, Logger: slog.New(slog.DiscardHandler), Now: time.Now, TLS: r.tls,
		OnNotice: func(n wire.Notice) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.notices = append(s.notices, n)
		},
		OnCountersigned: func(note string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.countersigned = append(s.countersigned, note)
		},
		OnClock: func(offset, _ time.Duration) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.offset = offset
			s.clocks++
		},
		Shortest: 5 * time.Millisecond, Longest: 20 * time.Millisecond, BeatEvery: 100 * time.Millisecond,
		StatusEvery: 100 * time.Millisecond, PollEvery: 20 * time.Millisecond, SocketAgain: 300 * time.Millisecond,
		AnswerWithin: 2 * time.Second, AckWithin: 500 * time.Millisecond,
	}, s
}

// start runs a client until the test ends.
func start(t *testing.T, opts link.ClientOptions) *link.Client {
	t.Helper()
	c, err := link.NewClient(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Stop)
	return c
}

// eventually waits until check holds. The link runs on real sockets, so there is no virtual time.
func eventually(t *testing.T, what string, check func() bool) {
	t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !check() {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func happen(t *testing.T, site *linktest.Site, n int) {
	t.Helper()
	if err := site.Happen(n); err != nil {
		t.Fatal(err)
	}
}

// sameRecord waits until the hub has exactly what the site's journal has: each position once.
func (r *rig) sameRecord(t *testing.T, site *linktest.Site) {
	t.Helper()
	want := site.Journal()
	eventually(t, "the hub has the whole journal", func() bool {
		got, _ := r.hub.Record(siteID)
		return len(got) >= len(want)
	})
	got, _ := r.hub.Record(siteID)
	if !reflect.DeepEqual(want, got) { // a thousand operations take cmp a second
		t.Errorf("-site +hub:\n%s", cmp.Diff(want, got))
	}
}

func units(t *testing.T, from, n int) []wire.Change {
	t.Helper()
	changes := make([]wire.Change, n)
	for i := range changes {
		c, err := wire.EncodeUnit(locker.Unit{ID: locker.UnitID("u" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + time.Duration(from+i).String()), Name: "4B"})
		if err != nil {
			t.Fatal(err)
		}
		changes[i] = c
	}
	return changes
}

func connected(c *link.Client, via link.Via) func() bool {
	return func() bool { s := c.State(); return s.Connected && s.Via == via }
}

// behind starts a relay in front of the rig, which must be plain, and makes clients dial it.
func (r *rig) behind(t *testing.T, seed uint64) *linktest.Relay {
	t.Helper()
	transport := &http.Transport{}
	relay, err := linktest.NewRelay(r.http.URL, &http.Client{Transport: transport}, seed)
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewServer(relay)
	r.url = front.URL
	t.Cleanup(func() {
		r.server.Stop()
		front.CloseClientConnections()
		front.Close()
		relay.Wait()
		transport.CloseIdleConnections()
	})
	return relay
}
