package link_test

import (
	"strings"
	"testing"
	"time"

	"cubby/internal/link"
	"cubby/internal/link/linktest"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

func TestLink_Everything(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	site := linktest.NewSite(siteID)
	happen(t, site, 1000)
	r.hub.Change(siteID, units(t, 0, 1200)...)
	site.SetHead("head 1000")
	opts, heard := r.options(t, site)
	c := start(t, opts)

	r.sameRecord(t, site)
	eventually(t, "the directory is there", func() bool { have, n, _ := site.Directory(); return have.Rev == 1200 && n == 1200 })
	eventually(t, "the head is countersigned", func() bool { h := heard.heads(); return len(h) == 1 && h[0] == "head 1000 countersigned" })
	eventually(t, "the site knows what was committed", func() bool {
		a := site.Acked()
		return a[len(a)-1] == wire.Position{Epoch: 1, Number: 1000}
	})
	if a := site.Acked(); a[0] != (wire.Position{}) {
		t.Errorf("the first acknowledgement is what the server had: %v", a[0])
	}
	if !connected(c, link.ViaSocket)() || c.State().Acked.Number != 1000 {
		t.Errorf("state %+v", c.State())
	}
	if via, ok := r.server.Connected(siteID); !ok || via != link.ViaSocket {
		t.Error("the server does not know that the site is there")
	}
	eventually(t, "a status came", func() bool {
		all := r.hub.Statuses(siteID)
		return len(all) > 2 && all[len(all)-1].Link.Via == "websocket"
	})

	// Woken, both halves send at once.
	happen(t, site, 3)
	c.Wake()
	r.sameRecord(t, site)
	r.hub.Change(siteID, units(t, 5000, 2)...)
	r.hub.Ask(siteID, wire.Intent{ID: "i1", Kind: wire.IntentOpen, Place: "p", Expires: locker.At(time.Now().Add(time.Minute))})
	r.server.Wake(siteID)
	eventually(t, "news came down", func() bool {
		have, _, _ := site.Directory()
		fresh, _ := site.Intents()
		return have.Rev == 1202 && len(fresh) == 1 && fresh[0].ID == "i1"
	})
	if _, repeats := r.hub.Record(siteID); repeats != 0 {
		t.Errorf("%d operations came twice on a good line", repeats)
	}
	c.Stop()
	eventually(t, "the hub saw it come and go", func() bool {
		p := r.hub.Presences(siteID)
		return len(p) == 2 && p[0].Connected && p[0].Instance == "instance-1" && !p[1].Connected && p[1].Reason != ""
	})
}

func TestServer_StopIsNoted(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	opts, _ := r.options(t, linktest.NewSite(siteID))
	c := start(t, opts)
	eventually(t, "connected", connected(c, link.ViaSocket))
	r.server.Stop()
	p := r.hub.Presences(siteID)
	if len(p) != 2 || p[1].Connected {
		t.Errorf("got %+v", p)
	}
	eventually(t, "the site knows", func() bool { return !c.State().Connected })
}

func TestLink_WakeIsQuick(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	site := linktest.NewSite(siteID)
	opts, _ := r.options(t, site)
	opts.StatusEvery, opts.BeatEvery = time.Hour, time.Hour
	c := start(t, opts)
	eventually(t, "connected", connected(c, link.ViaSocket))
	happen(t, site, 1)
	began := time.Now()
	c.Wake()
	r.sameRecord(t, site)
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %s", took)
	}
}

func TestLink_NewEpoch(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	site := linktest.NewSite(siteID)
	happen(t, site, 5)
	if err := site.BeginEpoch(); err != nil {
		t.Fatal(err)
	}
	happen(t, site, 5)
	opts, _ := r.options(t, site)
	start(t, opts)
	r.sameRecord(t, site)
}

func TestLink_ServerWasRestored(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	site := linktest.NewSite(siteID)
	happen(t, site, 300)
	r.hub.Change(siteID, units(t, 0, 10)...)
	opts, _ := r.options(t, site)
	c := start(t, opts)
	r.sameRecord(t, site)
	eventually(t, "the directory is there", func() bool { have, _, _ := site.Directory(); return have.Rev == 10 })

	c.Cut(true)
	eventually(t, "cut", func() bool { s := c.State(); return s.Cut && !s.Connected })
	r.hub.Forget(siteID, 120)
	r.hub.Restore(siteID, units(t, 900, 4)...)
	happen(t, site, 7)
	c.Cut(false)
	r.sameRecord(t, site)
	eventually(t, "the directory began again", func() bool {
		have, n, _ := site.Directory()
		return have == wire.DirectoryAck{Epoch: 2, Rev: 4} && n == 4
	})
}

func TestLink_DirectoryRestoredWhileConnected(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	site := linktest.NewSite(siteID)
	r.hub.Change(siteID, units(t, 0, 10)...)
	opts, _ := r.options(t, site)
	start(t, opts)
	eventually(t, "the directory is there", func() bool { have, _, _ := site.Directory(); return have.Rev == 10 })
	r.hub.Restore(siteID, units(t, 50, 3)...)
	r.server.Wake(siteID)
	eventually(t, "the directory began again", func() bool {
		have, n, _ := site.Directory()
		return have == wire.DirectoryAck{Epoch: 2, Rev: 3} && n == 3
	})
}

func TestLink_DirectoryLostItsNewest(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	site := linktest.NewSite(siteID)
	r.hub.Change(siteID, units(t, 0, 10)...)
	opts, _ := r.options(t, site)
	start(t, opts)
	eventually(t, "the directory is there", func() bool { have, _, _ := site.Directory(); return have.Rev == 10 })
	r.hub.Rewind(siteID, 4)
	r.server.Wake(siteID)
	eventually(t, "the site knows no more than the server", func() bool {
		have, n, _ := site.Directory()
		return have.Rev == 6 && n == 6
	})
}

func TestLink_ReplicaFails(t *testing.T) {
	t.Parallel()
	for _, via := range []link.Via{link.ViaSocket, link.ViaHTTPS} {
		r := newRig(t, true)
		r.behind(t, 1).BlockSockets(via == link.ViaHTTPS)
		site := linktest.NewSite(siteID)
		r.hub.Change(siteID, units(t, 0, 10)...)
		opts, _ := r.options(t, site)
		c := start(t, opts)
		eventually(t, "the directory is there", func() bool { have, _, _ := site.Directory(); return have.Rev == 10 })
		site.Stumble(1)
		attempts := c.State().Attempts
		r.hub.Change(siteID, units(t, 100, 10)...)
		r.server.Wake(siteID)
		happen(t, site, 5)
		c.Wake()
		r.sameRecord(t, site)
		r.hub.Change(siteID, units(t, 200, 5)...)
		r.server.Wake(siteID)
		eventually(t, "it goes on", func() bool { have, n, _ := site.Directory(); return have.Rev == 25 && n == 25 })
		if via == link.ViaSocket && c.State().Attempts != attempts {
			t.Error("a replica that fails must not end the session")
		}
	}
}

func TestLink_LargeChangesAreSplit(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	site := linktest.NewSite(siteID)
	for i := range 40 {
		c, err := wire.EncodeUnit(locker.Unit{ID: locker.UnitID(time.Duration(i).String()), Name: strings.Repeat("x", 100_000)})
		if err != nil {
			t.Fatal(err)
		}
		r.hub.Change(siteID, c)
	}
	opts, _ := r.options(t, site)
	start(t, opts)
	eventually(t, "the directory is there", func() bool { have, n, _ := site.Directory(); return have.Rev == 40 && n == 40 })
	if _, _, batches := site.Directory(); batches < 4 {
		t.Errorf("4 MB came in %d batches", batches)
	}
}

func TestLink_Cut(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	site := linktest.NewSite(siteID)
	opts, _ := r.options(t, site)
	opts.Shortest, opts.Longest = time.Hour, time.Hour // reconnecting must not wait for the back-off
	c := start(t, opts)
	eventually(t, "connected", connected(c, link.ViaSocket))
	c.Cut(true)
	c.Cut(true)
	eventually(t, "the server saw it go", func() bool { _, ok := r.server.Connected(siteID); return !ok })
	attempts := c.State().Attempts
	happen(t, site, 10)
	c.Wake()
	r.hub.Ask(siteID, wire.Intent{ID: "i", Kind: wire.IntentOpen, Expires: locker.At(time.Now().Add(time.Minute))})
	r.server.Wake(siteID)
	time.Sleep(50 * time.Millisecond) // what must not happen gets its chance
	if got, _ := r.hub.Record(siteID); len(got) != 0 || c.State().Attempts != attempts || c.State().Connected {
		t.Errorf("%d operations passed a cut; state %+v", len(got), c.State())
	}
	c.Cut(false)
	r.sameRecord(t, site)
	eventually(t, "the intent came", func() bool { fresh, _ := site.Intents(); return len(fresh) == 1 })
}

// Whoever puts the network back does not want to wait for the back-off of the last failure.
func TestLink_CutEndsTheBackOff(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	opts, heard := r.options(t, linktest.NewSite(siteID))
	opts.Identity = newIdentity(t)
	opts.Shortest, opts.Longest = time.Hour, time.Hour
	c := start(t, opts)
	eventually(t, "refused", func() bool { return heard.hasNotice(locker.CodeNotAllowed) })
	time.Sleep(20 * time.Millisecond) // now it waits
	r.hub.Allow(siteID, opts.Identity)
	c.Cut(true)
	c.Cut(false)
	eventually(t, "connected", connected(c, link.ViaSocket))
}

func TestLink_IngestFails(t *testing.T) {
	t.Parallel()
	r := newRig(t, false)
	r.hub.FailIngest(3)
	site := linktest.NewSite(siteID)
	happen(t, site, 700)
	opts, heard := r.options(t, site)
	start(t, opts)
	r.sameRecord(t, site)
	if !heard.hasNotice(locker.CodeInternal) {
		t.Error("the site was not told why the session ended")
	}
}

func TestLink_Fork(t *testing.T) {
	t.Parallel()
	r := newRig(t, true)
	relay := r.behind(t, 1)
	site := linktest.NewSite(siteID)
	happen(t, site, 3)
	opts, heard := r.options(t, site)
	relay.Set(linktest.Faults{Hold: map[wire.Type]bool{wire.TypeUploadBatch: true}})
	start(t, opts)
	eventually(t, "an upload is on its way", func() bool {
		for _, m := range relay.Seen() {
			if m.Type() == wire.TypeUploadBatch {
				return true
			}
		}
		return false
	})
	other := linktest.NewSite("other") // its operations have the same numbers and other bytes
	happen(t, other, 3)
	if _, err := r.hub.Ingest(t.Context(), siteID, other.Journal()); err != nil {
		t.Fatal(err)
	}
	relay.Set(linktest.Faults{})
	eventually(t, "the site is told of the fork", func() bool { return heard.hasNotice(locker.CodeJournalFork) })
}

// Two hours off, in both directions: expiry follows the server's clock.
func TestLink_IntentsExpireByTheServersClock(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{-2 * time.Hour, 2 * time.Hour} {
		r := newRig(t, true)
		relay := r.behind(t, 1)
		site := linktest.NewSite(siteID)
		opts, heard := r.options(t, site)
		opts.Now = func() time.Time { return time.Now().Add(off) }
		c := start(t, opts)
		eventually(t, "connected", connected(c, link.ViaSocket))

		r.hub.Ask(siteID, wire.Intent{ID: "good", Kind: wire.IntentOpen, Expires: locker.At(time.Now().Add(time.Minute))})
		r.server.Wake(siteID)
		eventually(t, "the good one came", func() bool { fresh, _ := site.Intents(); return len(fresh) == 1 })

		// A proxy that holds an intent back does not make it open late.
		relay.Set(linktest.Faults{Hold: map[wire.Type]bool{wire.TypeIntents: true}})
		expires := time.Now().Add(150 * time.Millisecond)
		r.hub.Ask(siteID, wire.Intent{ID: "held", Kind: wire.IntentOpen, Expires: locker.At(expires)})
		r.server.Wake(siteID)
		time.Sleep(time.Until(expires) + 20*time.Millisecond)
		relay.Set(linktest.Faults{})
		eventually(t, "the held one is expired", func() bool { _, expired := site.Intents(); return len(expired) == 1 })
		fresh, expired := site.Intents()
		if len(fresh) != 1 || fresh[0].ID != "good" || expired[0].ID != "held" {
			t.Errorf("off by %s: fresh %v, expired %v", off, fresh, expired)
		}
		heard.mu.Lock()
		if heard.clocks == 0 || (heard.offset+off).Abs() > time.Second {
			t.Errorf("off by %s, told %s", off, heard.offset)
		}
		heard.mu.Unlock()
	}
}

func TestLink_Fallback(t *testing.T) {
	t.Parallel()
	r := newRig(t, true)
	relay := r.behind(t, 1)
	relay.BlockSockets(true)
	site := linktest.NewSite(siteID)
	happen(t, site, 900)
	r.hub.Change(siteID, units(t, 0, 1100)...)
	r.hub.Ask(siteID, wire.Intent{ID: "i", Kind: wire.IntentReboot, Expires: locker.At(time.Now().Add(time.Minute))})
	site.SetHead("head")
	opts, heard := r.options(t, site)
	c := start(t, opts)
	r.sameRecord(t, site)
	eventually(t, "everything came down", func() bool {
		have, n, _ := site.Directory()
		fresh, _ := site.Intents()
		return have.Rev == 1100 && n == 1100 && len(fresh) == 1 && len(heard.heads()) >= 1
	})
	eventually(t, "connected", connected(c, link.ViaHTTPS))
	if via, ok := r.server.Connected(siteID); !ok || via != link.ViaHTTPS {
		t.Error("the server does not know that the site is there")
	}
	happen(t, site, 5)
	c.Wake()
	r.sameRecord(t, site)

	relay.BlockSockets(false)
	eventually(t, "back to a socket", connected(c, link.ViaSocket))
	happen(t, site, 5)
	c.Wake()
	r.sameRecord(t, site)
	if fresh, _ := site.Intents(); len(fresh) != 1 {
		t.Errorf("one intent was handed over %d times", len(fresh))
	}
}

func TestLink_FallbackSurvivesFailures(t *testing.T) {
	t.Parallel()
	r := newRig(t, true)
	r.behind(t, 1).BlockSockets(true)
	r.hub.FailIngest(2)
	site := linktest.NewSite(siteID)
	happen(t, site, 50)
	opts, _ := r.options(t, site)
	c := start(t, opts)
	r.sameRecord(t, site)
	c.Cut(true)
	eventually(t, "cut", func() bool { return !c.State().Connected })
	r.hub.Forget(siteID, 20)
	happen(t, site, 10)
	c.Cut(false)
	r.sameRecord(t, site)
}
