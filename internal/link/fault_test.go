package link_test

import (
	"fmt"
	"net/url"
	"strconv"
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
