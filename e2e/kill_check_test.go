package e2e_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"cubby/board"
	"cubby/board/virtual"
	"cubby/internal/app"
	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// killOperation is an operation as the journal or the server's table holds it.
type killOperation struct {
	wire.Operation
	body  []byte
	annex wire.Annex
}

// killJournal reads the whole journal of a controller that is not running.
func killJournal(tb testing.TB, r *killRig) []killOperation {
	tb.Helper()
	ctx := context.Background()
	id, err := auth.LoadIdentity(filepath.Join(r.controllerDir(), app.IdentityFile))
	killMust(tb, err)
	log, report, err := journal.Open(ctx, journal.Options{
		Path: r.journal(), Site: string(killSite), Signer: id.Private(), Now: time.Now,
	})
	killMust(tb, err)
	defer log.Close()
	if report.Sealed || report.Lost {
		tb.Errorf("the journal is damaged: %+v", report)
	}
	epochs, err := log.Epochs(ctx)
	killMust(tb, err)
	var all []killOperation
	for _, e := range epochs {
		for from := uint64(1); ; {
			records, err := log.Read(ctx, e.Number, from, 1024)
			killMust(tb, err)
			if len(records) == 0 {
				break
			}
			for _, rec := range records {
				all = append(all, killDecode(tb, rec.Body, rec.Annex))
			}
			from += uint64(len(records))
		}
	}
	return all
}

func killDecode(tb testing.TB, body, annex []byte) killOperation {
	tb.Helper()
	op := killOperation{body: bytes.Clone(body)}
	var err error
	op.Operation, err = wire.DecodeOperation(body)
	killMust(tb, err)
	if len(annex) > 0 {
		op.annex, err = wire.DecodeAnnex(annex)
		killMust(tb, err)
	}
	return op
}

// killServerOperations reads the server's table itself: it shows what is there, not what pages say.
func killServerOperations(tb testing.TB, r *killRig) []killOperation {
	tb.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(r.serverDir(), "cubby.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	killMust(tb, err)
	defer db.Close()
	rows, err := db.Query("SELECT body, annex FROM operations WHERE site = ? ORDER BY epoch, number", string(killSite))
	killMust(tb, err)
	defer rows.Close()
	var all []killOperation
	for rows.Next() {
		var body, annex []byte
		killMust(tb, rows.Scan(&body, &annex))
		all = append(all, killDecode(tb, body, annex))
	}
	killMust(tb, rows.Err())
	return all
}

func killServerCount(tb testing.TB, r *killRig) (n int) {
	tb.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(r.serverDir(), "cubby.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	killMust(tb, err)
	defer db.Close()
	killMust(tb, db.QueryRow("SELECT count(*) FROM operations WHERE site = ?", string(killSite)).Scan(&n))
	return n
}

// killFloors are how much must have happened for a comparison to mean something.
type killFloors struct {
	openings  int // doors that opened
	confirmed int // times that the kiosk told people that something is done
}

// killCheck compares all that there is: people's word, the boards' timeline, the journal, the server.
func killCheck(t *testing.T, r *killRig, parcels []*killParcel, least killFloors) {
	t.Helper()
	ops := killConverge(t, r)
	report, err := journal.VerifyFile(t.Context(), r.journal(), journal.VerifyOptions{})
	killMust(t, err)
	if fault := report.Fault(); fault != nil {
		t.Errorf("the journal does not verify: %s", fault)
	}
	killComparePulsesOf(t, r, ops, least.openings)
	killCompareParcels(t, ops, parcels, least.confirmed)
	killCompareServer(t, r, ops)
	killAskServer(t, r, parcels)
}

// killConverge stops the controller, starts it again, and waits until the server has all that was on
// record at the first stop.
func killConverge(t *testing.T, r *killRig) []killOperation {
	t.Helper()
	r.controller.stop(t)
	n := len(killJournal(t, r))
	r.startController()
	began := time.Now()
	killEventually(t, 60*time.Second, fmt.Sprintf("the server has all %d operations", n), func() bool {
		return killServerCount(t, r) >= n
	})
	t.Logf("the server had all %d operations %.1f s after the last start", n, time.Since(began).Seconds())
	r.controller.stop(t)
	ops := killJournal(t, r)
	if len(ops) < n {
		t.Errorf("the journal has %d operations, it had %d before", len(ops), n)
	}
	return ops
}

type killOutput struct {
	addr board.Address
	ch   board.Channel
}

type killRequest struct {
	at     time.Time
	boot   string
	index  int // of its operation
	id     locker.RequestID
	pulses int
}

// killComparePulsesOf holds every pulse against the record: one request before it, of the same boot,
// at most one pulse each. No door came open without a pulse.
func killComparePulsesOf(t *testing.T, r *killRig, ops []killOperation, least int) {
	t.Helper()
	outputs := map[locker.PlaceID]killOutput{}
	for _, p := range r.layout.Places() {
		o := p.Compartment.Output
		outputs[p.ID] = killOutput{board.Address(o.Board), board.Channel(o.Channel)}
	}
	asked := map[killOutput][]*killRequest{}
	seen := map[locker.RequestID]bool{}
	type boot struct {
		id    string
		began time.Time
	}
	var boots []boot
	requests := 0
	for i, op := range ops {
		at := time.UnixMilli(op.WallMS)
		if n := len(boots); n == 0 || boots[n-1].id != op.Boot {
			boots = append(boots, boot{op.Boot, at})
		}
		for _, f := range op.Facts {
			req, ok := f.(locker.OpenRequested)
			if !ok {
				continue
			}
			if seen[req.Request] || req.Grant == "" {
				t.Errorf("request %s stands twice in the record, or has no grant", req.Request)
			}
			seen[req.Request] = true
			requests++
			o := outputs[req.Place]
			asked[o] = append(asked[o], &killRequest{at: at, boot: op.Boot, index: i, id: req.Request})
		}
	}
	pulses := r.world.Pulses()
	for _, pulse := range pulses {
		var last *killRequest
		for _, req := range asked[killOutput{pulse.Addr, pulse.Channel}] {
			if !req.at.After(pulse.At) {
				last = req
			}
		}
		if last == nil {
			t.Errorf("board %d channel %d was pulsed at %v, and nothing on record asked for it", pulse.Addr, pulse.Channel, pulse.At)
			continue
		}
		if last.pulses++; last.pulses > 1 {
			t.Errorf("request %s was pulsed %d times", last.id, last.pulses)
		}
		for i, b := range boots {
			if b.id == last.boot && i+1 < len(boots) && boots[i+1].began.Before(pulse.At) {
				t.Errorf("request %s of an earlier start was pulsed after a restart", last.id)
			}
		}
	}
	events, dropped := r.world.Timeline()
	for _, e := range events {
		if e.Kind == virtual.EventOpened && e.Forced {
			t.Errorf("board %d channel %d came open without a pulse", e.Addr, e.Channel)
		}
	}
	t.Logf("%d starts on record, %d requests, %d pulses, %d operations (%d events dropped)", len(boots), requests, len(pulses), len(ops), dropped)
	if len(pulses) < least || len(pulses) > requests {
		t.Errorf("%d requests and %d pulses, want at least %d pulses and a request for each", requests, len(pulses), least)
	}
}

// killCompareParcels holds people's word against the record. They were told at least so many times.
func killCompareParcels(t *testing.T, ops []killOperation, parcels []*killParcel, least int) {
	t.Helper()
	stays := map[string][]locker.StayID{} // by tracking number
	stored := map[locker.StayID]locker.PlaceID{}
	undone, collected := map[locker.StayID]bool{}, map[locker.StayID]int{}
	for _, op := range ops {
		for _, f := range op.Facts {
			switch f := f.(type) {
			case locker.DepositBegun:
				tracking := op.annex[f.Tracking]
				stays[tracking] = append(stays[tracking], f.Stay)
			case locker.ParcelStored:
				stored[f.Stay] = f.Place
				delete(undone, f.Stay)
			case locker.DepositUndone:
				undone[f.Stay] = true
			case locker.ParcelCollected:
				collected[f.Stay]++
			}
		}
	}
	acked, thanked := 0, 0
	for _, p := range parcels {
		var held []locker.StayID
		gone := 0
		for _, id := range stays[p.tracking] {
			if place, ok := stored[id]; ok && !undone[id] {
				held = append(held, id)
				if place != p.place {
					t.Errorf("parcel %s is in %s, the record says %s", p.tracking, p.place, place)
				}
			}
			gone += collected[id]
		}
		if p.acked {
			acked++
			if len(held) != 1 {
				t.Errorf("parcel %s in %s was acknowledged as stored: %d stays on record, want 1", p.tracking, p.place, len(held))
			}
		}
		if p.thanked {
			thanked++
			if gone != 1 {
				t.Errorf("parcel %s was acknowledged as collected: %d times on record, want 1", p.tracking, gone)
			}
		}
	}
	t.Logf("%d parcels, %d acknowledged as stored, %d as collected", len(parcels), acked, thanked)
	if acked+thanked < least {
		t.Errorf("only %d acknowledged as stored and %d as collected", acked, thanked)
	}
}

// killCompareServer holds the server's table against the journal: the same bytes in the same order, and
// no incident that says otherwise but those that are expected.
func killCompareServer(t *testing.T, r *killRig, ops []killOperation, expected ...cloud.IncidentKind) {
	t.Helper()
	theirs := killServerOperations(t, r)
	if len(theirs) > len(ops) { // the last start's own operations may be on their way
		t.Errorf("the server has %d operations, the site %d", len(theirs), len(ops))
	}
	facts := 0
	for i := range min(len(ops), len(theirs)) {
		if !bytes.Equal(ops[i].body, theirs[i].body) {
			t.Fatalf("operation %d is %+v at the site and %+v at the server", i+1, ops[i].Position(), theirs[i].Position())
		}
		facts += len(theirs[i].Facts)
	}
	r.withCloud(func(ctx context.Context, c *cloud.Cloud, owner cloud.Principal) error {
		health, err := c.SiteHealth(ctx, owner, killSite)
		if err != nil {
			return err
		}
		if health.Facts != uint64(facts) || health.Operations != uint64(len(theirs)) || health.Site.Stale != "" {
			return fmt.Errorf("the server counts %d facts in %d operations, its table has %d in %d (stale: %q)",
				health.Facts, health.Operations, facts, len(theirs), health.Site.Stale)
		}
		incidents, err := c.Incidents(ctx, owner, cloud.IncidentFilter{})
		for _, i := range incidents.Items {
			broken := []cloud.IncidentKind{
				cloud.IncidentJournalFork, cloud.IncidentHeadMismatch, cloud.IncidentIdentityInUse,
				cloud.IncidentJournalSealed, cloud.IncidentProjection,
			}
			if slices.Contains(broken, i.Kind) && !slices.Contains(expected, i.Kind) {
				t.Errorf("incident %s: %s", i.Kind, i.Detail)
			}
		}
		return err
	})
}

// killAskServer asks the server for each parcel as staff do.
func killAskServer(t *testing.T, r *killRig, parcels []*killParcel) {
	t.Helper()
	r.withCloud(func(ctx context.Context, c *cloud.Cloud, owner cloud.Principal) error {
		for _, p := range parcels {
			if !p.acked {
				continue
			}
			found, err := c.Deliveries(ctx, owner, cloud.DeliveryFilter{Site: killSite, Query: p.tracking})
			if err != nil {
				return err
			}
			live, gone := 0, 0
			for _, d := range found.Items {
				switch d.State {
				case locker.StayStored:
					live++
				case locker.StayCollected:
					gone++
				case locker.StayDepositing, locker.StayUndoing, locker.StayHeld, locker.StayRemoved, locker.StayUndone:
				}
			}
			if want := p.thanked; want && gone != 1 || live+gone != 1 {
				t.Errorf("the server shows parcel %s %d times as stored and %d times as collected", p.tracking, live, gone)
			}
		}
		return nil
	})
}
