package link_test

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"cubby/internal/link"
	"cubby/internal/link/linktest"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// A proxy that drops, repeats, delays and cuts costs time, never an operation, and no operation
// has its effect twice.
func TestLink_BadProxy(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, true)
			relay := r.behind(t, seed)
			relay.Set(linktest.Faults{
				Drop: 0.05, Repeat: 0.1, Cut: 0.05, DelayMost: 3 * time.Millisecond, Greet: seed%2 == 1,
			})
			site := linktest.NewSite(siteID)
			opts, _ := r.options(t, site)
			opts.AnswerWithin, opts.AckWithin, opts.BeatEvery = 200*time.Millisecond, 200*time.Millisecond, 40*time.Millisecond
			c := start(t, opts)
			for i := range 30 {
				happen(t, site, 20)
				c.Wake()
				r.hub.Change(siteID, units(t, i*100, 5)...)
				r.hub.Ask(siteID, wire.Intent{
					ID: locker.IntentID(strconv.Itoa(i)), Kind: wire.IntentOpen, Expires: locker.At(time.Now().Add(time.Hour)),
				})
				r.server.Wake(siteID)
				time.Sleep(10 * time.Millisecond)
			}
			relay.Set(linktest.Faults{})
			r.sameRecord(t, site)
			eventually(t, "directory and intents are there", func() bool {
				have, _, _ := site.Directory()
				fresh, _ := site.Intents()
				return have.Rev == 150 && len(fresh) >= 30
			})
			handed := map[locker.IntentID]int{}
			fresh, _ := site.Intents()
			for _, i := range fresh {
				if handed[i.ID]++; handed[i.ID] > 1 {
					t.Errorf("intent %s came twice", i.ID)
				}
			}
			if c.State().Attempts < 2 {
				t.Error("the faults did nothing: the test proves nothing")
			}
		})
	}
}

// An upload or its acknowledgement that is lost without a trace is sent again.
func TestLink_LostUpload(t *testing.T) {
	t.Parallel()
	for _, lost := range []wire.Type{wire.TypeUploadBatch, wire.TypeAck} {
		r := newRig(t, true)
		relay := r.behind(t, 1)
		relay.Set(linktest.Faults{Lose: map[wire.Type]bool{lost: true}})
		site := linktest.NewSite(siteID)
		opts, _ := r.options(t, site)
		c := start(t, opts)
		eventually(t, "connected", connected(c, link.ViaSocket))
		happen(t, site, 5)
		c.Wake()
		eventually(t, "the client gave up on the session", func() bool { return c.State().Attempts > 1 })
		relay.Set(linktest.Faults{})
		r.sameRecord(t, site)
		eventually(t, "acknowledged", func() bool { return c.State().Acked.Number == 5 })
	}
}

// liar is a hub that acknowledges what it never got.
type liar struct{ *linktest.Hub }

func (l liar) Ingest(ctx context.Context, site locker.SiteID, uploads []wire.Upload) (wire.Position, error) {
	at, err := l.Hub.Ingest(ctx, site, uploads)
	at.Number += 1000
	return at, err
}

// A site never believes that the server has what it did not send.
func TestLink_ServerAcknowledgesTooMuch(t *testing.T) {
	t.Parallel()
	for _, via := range []link.Via{link.ViaSocket, link.ViaHTTPS} {
		r := newRig(t, true, func(o *link.ServerOptions) { o.Hub = liar{o.Hub.(*linktest.Hub)} })
		r.behind(t, 1).BlockSockets(via == link.ViaHTTPS)
		site := linktest.NewSite(siteID)
		happen(t, site, 3)
		opts, _ := r.options(t, site)
		c := start(t, opts)
		eventually(t, "the client objects", func() bool { return strings.Contains(c.State().LastError, "never sent") })
		for _, a := range site.Acked() {
			if a.Number > 3 {
				t.Errorf("%s: the site believes %s", via, a)
			}
		}
	}
}

// A site that says nothing is not there, whatever its connection says.
func TestServer_SilentSite(t *testing.T) {
	t.Parallel()
	r := newRig(t, true, func(o *link.ServerOptions) { o.IdleAfter = 100 * time.Millisecond })
	if _, m := rawSession(t, r, nil); m.Type() != wire.TypeWelcome {
		t.Fatalf("got %#v", m)
	}
	eventually(t, "the server gives it up", func() bool {
		p := r.hub.Presences(siteID)
		return len(p) == 2 && !p[1].Connected && strings.Contains(p[1].Reason, link.ErrHalfOpen.Error())
	})
}

// A wire that breaks after any number of bytes, in the middle of records and frames.
func TestLink_BreakingWire(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	u, err := url.Parse(r.http.URL)
	if err != nil {
		t.Fatal(err)
	}
	w, err := linktest.NewWire(u.Host, 7)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	w.Break(3000, 60_000)
	r.url = "https://" + w.Address()
	site := linktest.NewSite(siteID)
	happen(t, site, 2000)
	r.hub.Change(siteID, units(t, 0, 400)...)
	opts, _ := r.options(t, site)
	c := start(t, opts)
	eventually(t, "the wire broke often", func() bool { return w.Connections() > 12 })
	w.Break(0, 0)
	r.sameRecord(t, site)
	eventually(t, "the directory is there", func() bool { have, _, _ := site.Directory(); return have.Rev == 400 })
	eventually(t, "connected", connected(c, link.ViaSocket))
}

// A cable that was pulled: no byte and no end of the connection.
func TestLink_HalfOpen(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	u, err := url.Parse(r.http.URL)
	if err != nil {
		t.Fatal(err)
	}
	w, err := linktest.NewWire(u.Host, 7)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	r.url = "https://" + w.Address()
	site := linktest.NewSite(siteID)
	opts, _ := r.options(t, site)
	opts.AnswerWithin = 150 * time.Millisecond
	c := start(t, opts)
	eventually(t, "connected", connected(c, link.ViaSocket))
	w.Freeze(true)
	eventually(t, "the site notices", func() bool { return !c.State().Connected })
	happen(t, site, 10)
	w.Freeze(false)
	r.sameRecord(t, site) // the server's half-open session is replaced by the same instance's new one
	if n := len(r.hub.Collisions(siteID)); n != 0 {
		t.Errorf("a controller collided with itself %d times", n)
	}
}
