package audit_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cubby/internal/cloud"
	"cubby/internal/cloud/audit"
	"cubby/internal/cloud/incident"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/text"
	"cubby/internal/wire"
)

// seed makes one difference and, where people can, ends it.
type seed struct {
	make, mend func(w *world)
	kind       incident.Kind
	place      locker.PlaceID
	parcel     locker.ParcelID
	detail     string
}

func seeds() map[string]seed {
	const door, eye = locker.PlaceID("main/A01"), locker.PlaceID("eye/E01")
	staff := locker.Actor{Kind: locker.ActorStaff, ID: "s"}
	return map[string]seed{
		"tables": {
			kind: incident.AuditTables, place: door, parcel: "p-s1", detail: "stored/collected",
			make: func(w *world) {
				w.stored("s1", door, w.ana, w.unit)
				w.spoil(func(q *db.Queries) error {
					return q.UpdateStay(w.ctx, db.UpdateStayParams{
						State: "collected", KeyID: "k1", Generation: 1, Settled: true, EndedAt: w.clock.now().UnixMilli(), Site: string(w.site), ID: "s1",
					})
				})
			},
			mend: func(w *world) { must(w.tb, w.cloud.Rebuild(w.ctx, w.site, nil)) },
		},
		"tables lost a doubt": {
			kind: incident.AuditTables, place: door, detail: "doubt",
			make: func(w *world) {
				w.record(locker.PlaceDoubted{Place: door, Reason: "unanswered"})
				w.spoil(func(q *db.Queries) error {
					return q.PutPlace(w.ctx, db.PutPlaceParams{Site: string(w.site), ID: string(door), Faults: "[]"})
				})
			},
			mend: func(w *world) { must(w.tb, w.cloud.Rebuild(w.ctx, w.site, nil)) },
		},
		"sum": {
			kind: incident.AuditSum, detail: "1/2",
			make: func(w *world) {
				w.stored("s1", door, w.ana, w.unit)
				w.spoil(func(q *db.Queries) error {
					return q.PutStay(w.ctx, db.PutStayParams{Site: string(w.site), ID: "s0", Parcel: "p-s0", State: "removed", EndedAt: 1})
				})
			},
			mend: func(w *world) { must(w.tb, w.cloud.Rebuild(w.ctx, w.site, nil)) },
		},
		"controller": {
			kind: incident.AuditController, detail: "1/4: 0/1",
			make: func(w *world) {
				w.stored("s1", door, w.ana, w.unit)
				w.state.Matter = locker.NewMatter() // it forgot
			},
			mend: func(w *world) {
				w.state.Matter = locker.NewMatter()
				w.again()
			},
		},
		"unasked": {
			kind: incident.AuditUnasked, place: door, parcel: "p-s1",
			make: func(w *world) {
				w.stored("s1", door, w.ana, w.unit)
				w.record(locker.DoorOpened{Place: door, Evidence: locker.EvidenceDoor}, locker.PlaceDoubted{Place: door, Reason: "unasked_open"})
				w.record(locker.DoorClosed{Place: door})
				w.resolve(incident.UnexpectedOpen) // and nobody looked
				w.clock.add(2 * time.Hour)
			},
			mend: func(w *world) { w.verify(door, true) },
		},
		"no door": {
			kind: incident.AuditNoDoor, place: door, parcel: "p-s1",
			make: func(w *world) {
				w.begin("s1", door, w.ana, w.unit)
				w.clock.add(time.Second)
				w.record(locker.OpenFailed{Request: "r-s1", Place: door, Reason: "silent"},
					locker.ParcelStored{Stay: "s1", Place: door, Evidence: locker.EvidenceDoor, By: staff})
			},
			mend: func(w *world) { w.verify(door, true) },
		},
		"ghost by sensor": {
			kind: incident.AuditGhost, place: eye, parcel: "p-s1", detail: "sensor_empty",
			make: func(w *world) {
				w.stored("s1", eye, w.ana, w.unit)
				w.record(locker.DoorOpened{Place: eye, Request: "r9", Evidence: locker.EvidenceDoor})
				w.record(locker.DoorClosed{Place: eye, Occupancy: locker.OccupancyEmpty})
			},
			mend: func(w *world) { w.verify(eye, true) },
		},
		"ghost by use": {
			kind: incident.AuditGhost, place: door, parcel: "p-s1", detail: "used_since",
			make: func(w *world) {
				w.stored("s1", door, w.ana, w.unit)
				w.stored("s2", door, w.ben, w.benUnit)
			},
			mend: func(w *world) {
				w.record(locker.ParcelRemoved{Stay: "s1", Place: door, By: staff, Reason: "cleared"})
			},
		},
		"ghost without a place": {
			kind: incident.AuditGhost, place: "main/Z99", parcel: "p-s1", detail: "place_gone",
			make: func(w *world) { w.stored("s1", "main/Z99", w.ana, w.unit) },
			mend: func(w *world) {
				w.record(locker.ParcelRemoved{Stay: "s1", Place: "main/Z99", By: staff, Reason: "cleared"})
			},
		},
		"stray by sensor": {
			kind: incident.AuditStray, place: eye, detail: "sensor",
			make: func(w *world) { w.record(locker.DoorClosed{Place: eye, Occupancy: locker.OccupancyOccupied}) },
			mend: func(w *world) { w.record(locker.DoorClosed{Place: eye, Occupancy: locker.OccupancyEmpty}) },
		},
		"stray by sight": {
			kind: incident.AuditStray, place: door, detail: "seen",
			make: func(w *world) { w.look(locker.Audit{Place: door, Strangers: 1, By: staff}) },
			mend: func(w *world) { w.verify(door, false) },
		},
		"misplaced": {
			kind: incident.AuditMisplaced, place: "main/A02", parcel: "p-s1", detail: string(door),
			make: func(w *world) {
				w.stored("s1", door, w.ana, w.unit)
				w.look(locker.Audit{Place: "main/A02", Found: []locker.StayID{"s1"}, By: staff})
			},
			mend: func(w *world) { w.verify("main/A02", false) },
		},
		"moved out": {
			kind: incident.AuditMovedOut, place: door, parcel: "p-s1",
			make: func(w *world) {
				w.stored("s1", door, w.ana, w.unit)
				w.movedOut(w.ana)
			},
			mend: func(w *world) {
				w.record(locker.ParcelRemoved{Stay: "s1", Place: door, By: staff, Reason: "returned"})
			},
		},
		"replaced": {
			kind: incident.AuditReplaced, place: door, parcel: "p-s1", detail: "replacement",
			make: func(w *world) {
				w.stored("s1", door, w.ana, w.unit)
				w.clock.add(time.Minute)
				w.epoch, w.no = 2, 0
				w.record(locker.EpochBegan{Reason: "replacement", Audit: true})
			},
			mend: func(w *world) {
				for _, p := range layout().Places() {
					if p.Kind == locker.PlaceCompartment {
						w.verify(p.ID, p.ID == door)
					}
				}
			},
		},
		"doubt": {
			kind: incident.AuditDoubt, place: door, parcel: "p-s1", detail: "unanswered",
			make: func(w *world) {
				w.stored("s1", door, w.ana, w.unit)
				w.record(locker.PlaceDoubted{Place: door, Reason: "unanswered"})
				w.resolve(incident.PlaceDoubted)
				w.clock.add(25 * time.Hour)
			},
			mend: func(w *world) { w.verify(door, true) },
		},
	}
}

// TestRun_FindsEach seeds one difference of each kind and sees exactly one incident that names the parcel and
// the place, not a second one an hour later, and its end when the difference is gone.
func TestRun_FindsEach(t *testing.T) {
	t.Parallel()
	kinds := map[incident.Kind]bool{}
	catalog, err := text.New()
	must(t, err)
	for name, s := range seeds() {
		kinds[s.kind] = true
		said(t, catalog, s.kind)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.record(locker.EpochBegan{Reason: "enrolment"})
			if r := w.audit(); !r.Nothing() {
				t.Fatalf("before anything: %+v", r.Differences)
			}
			s.make(w)
			for range 2 { // once for a difference, however often it is found
				w.audit()
				w.clock.add(time.Hour)
			}
			found := w.incidents()
			if len(found) != 1 {
				t.Fatalf("%d incidents, want one: %+v", len(found), found)
			}
			got := found[0]
			if got.Kind != s.kind || got.Place != s.place || got.Parcel != s.parcel || s.detail != "" && got.Detail != s.detail || got.Count != 1 {
				t.Errorf("incident %s at %q about %q (%s) %d times, want %s %q %q (%s) once",
					got.Kind, got.Place, got.Parcel, got.Detail, got.Count, s.kind, s.place, s.parcel, s.detail)
			}
			s.mend(w)
			if r := w.audit(); !r.Nothing() {
				t.Errorf("after it was mended: %+v", r.Differences)
			}
			if left := w.incidents(); len(left) != 0 {
				t.Errorf("still open: %+v", left)
			}
		})
	}
	if len(kinds) != len(audit.Kinds()) {
		t.Errorf("%d of %d kinds are seeded", len(kinds), len(audit.Kinds()))
	}
}

// said checks that whoever reads of an incident is told in each language what it is, what that means and what to
// do next.
func said(t *testing.T, catalog *text.Catalog, kind incident.Kind) {
	t.Helper()
	for _, part := range []string{"", ".what", ".next"} {
		key, seen := "incident."+string(kind)+part, map[string]bool{}
		for _, lang := range text.Languages() {
			p := catalog.For(lang.Tag)
			if !p.Has(key) || seen[p.T(key)] {
				t.Errorf("%s is not said in %s", key, lang.Tag)
				continue
			}
			seen[p.T(key)] = true
		}
		if len(seen) < 3 {
			t.Errorf("%s is said in %d languages", key, len(seen))
		}
	}
}

// TestRun_Covered sees no second incident for what another says already.
func TestRun_Covered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.record(locker.DoorClosed{Place: "main/A01"})
	w.record(locker.DoorOpened{Place: "main/A01", Evidence: locker.EvidenceDoor}, locker.PlaceDoubted{Place: "main/A01", Reason: "unasked_open"})
	w.clock.add(30 * time.Hour)
	r := w.audit()
	if len(r.Differences) != 1 || r.Differences[0].Kind != audit.Unasked {
		t.Errorf("differences %+v, want the opening", r.Differences)
	}
	if found := w.incidents(); len(found) != 0 {
		t.Errorf("incidents %+v beside the one that the opening made", found)
	}
}

// TestRun_RemindsAfterADay brings up again what somebody called resolved while it stands.
func TestRun_RemindsAfterADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.record(locker.DoorClosed{Place: "eye/E01", Occupancy: locker.OccupancyOccupied})
	w.audit()
	w.resolve(incident.AuditStray)
	for hour := range 30 {
		w.clock.add(time.Hour)
		w.audit()
		if open := len(w.incidents()); open == 1 != (hour+1 >= 24) {
			t.Fatalf("%d incidents %d hours after it was resolved", open, hour+1)
		}
	}
}

// TestRunDue audits each hour and after a site came back and spoke.
func TestRunDue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	runs := func() uint64 {
		must(t, w.auditor.RunDue(w.ctx))
		n, _ := w.auditor.Counts()
		return n
	}
	if n := runs(); n != 1 {
		t.Fatalf("%d audits of a site that was never audited", n)
	}
	w.clock.add(time.Minute)
	if n := runs(); n != 1 {
		t.Fatalf("%d audits a minute later", n)
	}
	w.clock.add(time.Minute)
	w.connect()
	w.clock.add(time.Second)
	if n := runs(); n != 1 {
		t.Fatalf("%d audits before the site spoke", n)
	}
	w.report()
	if n := runs(); n != 2 {
		t.Fatalf("%d audits after the site came back", n)
	}
	w.clock.add(audit.Every + time.Second)
	if n := runs(); n != 3 {
		t.Fatalf("%d audits an hour later", n)
	}
}

// TestRun_Sums holds entered = stored + collected + returned + in incident.
// TestRun_FirstOfItsKind audits a site between the first facts of several kinds: what an audit kept of a record without them
// is written down without a place for them.
func TestRun_FirstOfItsKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.record(locker.SiteStarted{Boot: "b"})
	w.audit()
	for _, f := range []locker.Fact{
		locker.IntentAnswered{Intent: "i1", Done: true},
		locker.FaultRaised{Fault: locker.FaultBoardSilent, Part: "a/1"},
		locker.SessionBegan{Session: "x", Actor: locker.Actor{Kind: locker.ActorStaff, ID: "s"}},
	} {
		w.record(f)
		if r := w.audit(); !r.Nothing() {
			t.Errorf("after %s: %v", f.Kind(), r.Differences)
		}
	}
	w.stored("s1", "main/A01", w.ana, w.unit)
	if r := w.audit(); !r.Nothing() || r.Stored != 1 {
		t.Errorf("after a parcel: %+v", r)
	}
}

func TestRun_Sums(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	by := locker.Actor{Kind: locker.ActorRecipient, ID: string(w.ana)}
	w.stored("s1", "main/A01", w.ana, w.unit)
	w.stored("s2", "main/A02", w.ana, w.unit)
	w.stored("s3", "main/A03", w.ana, w.unit)
	w.stored("s4", "eye/E01", w.ana, w.unit)
	w.record(locker.ParcelCollected{Stay: "s2", Place: "main/A02", By: by})
	w.record(locker.ParcelRemoved{Stay: "s3", Place: "main/A03", Reason: "returned"})
	w.record(locker.ProblemReported{Stay: "s4", Place: "eye/E01", Problem: locker.ProblemEmpty, By: by})
	r := w.audit()
	got := []int64{r.Entered, r.Stored, r.Collected, r.Returned, r.Held}
	if diff := cmp.Diff([]int64{4, 1, 1, 1, 1}, got); diff != "" || !r.Nothing() {
		t.Errorf("entered, stored, collected, returned, held (-want +got):\n%s%+v", diff, r.Differences)
	}
	if r.Position != (wire.Position{Epoch: 1, Number: w.no}) || len(r.Skipped) != 0 {
		t.Errorf("compared up to %s without %v", r.Position, r.Skipped)
	}
}

func TestRun_Rights(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stranger := w.owner
	stranger.Organization = "elsewhere"
	if _, err := w.auditor.Run(w.ctx, stranger, w.site); err == nil {
		t.Error("somebody of another organization audited the site")
	}
	if _, _, err := w.auditor.Last(w.ctx, stranger, w.site); err == nil {
		t.Error("somebody of another organization read the audit")
	}
	if _, err := w.auditor.Run(w.ctx, cloud.Principal{Organization: w.owner.Organization}, w.site); err == nil {
		t.Error("somebody without a role audited the site")
	}
	if _, ok, err := w.auditor.Last(w.ctx, w.owner, w.site); ok || err != nil {
		t.Errorf("a report of no audit: %v, %v", ok, err)
	}
}
