package cloud_test

import (
	"context"
	"testing"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// TestIngest_SurvivesBrokenTables damages a row so that the tables of one site cannot follow: its
// record is kept all the same, another site is not held up, and a sweep builds the tables again.
func TestIngest_SurvivesBrokenTables(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stored("s1", "main/A02", w.ana)
	other, err := w.CreateSite(w.ctx, w.owner, cloud.SiteDraft{ID: "other", Property: w.property, Name: "Other", Layout: testLayout()})
	must(t, err)
	must(t, w.store.Tx(w.ctx, func(q *db.Queries) error {
		return q.PutPlace(w.ctx, db.PutPlaceParams{Site: string(w.site), ID: "main/A02", Faults: "not a list"})
	}))
	w.ingest(w.operation(locker.DropRefused{Reason: locker.CodeBankFull, Actor: locker.Actor{Kind: locker.ActorCourier, ID: "c1"}}),
		w.operation(locker.FaultRaised{Fault: locker.FaultLock, Place: "main/A02"}))
	first, main := w.site, w.no
	w.site, w.no = other, 0
	w.ingest(w.operation(locker.DoorClosed{Place: "main/A01"}))
	w.site, w.no = first, main

	health, err := w.SiteHealth(w.ctx, w.owner, w.site)
	must(t, err)
	if health.Number != 6 || health.Site.Stale == "" {
		t.Errorf("record at %d, stale %q", health.Number, health.Site.Stale)
	}
	w.wantIncident(cloud.IncidentProjection)
	if refusals, err := w.Refusals(w.ctx, w.owner, w.site, 0); err != nil || len(refusals) != 0 {
		t.Errorf("half an operation was kept: %v, %v", refusals, err)
	}
	w.ingest(w.operation(locker.FaultRaised{Fault: locker.FaultBusLost, Part: "a"}))

	must(t, w.Sweep(w.ctx))
	health, err = w.SiteHealth(w.ctx, w.owner, w.site)
	must(t, err)
	if health.Site.Stale != "" || len(health.Parts["a"]) != 1 {
		t.Errorf("health is %+v", health)
	}
	wall, err := w.WallPlace(w.ctx, w.owner, w.site, "main/A02")
	must(t, err)
	if wall.Parcels != 1 || len(wall.Faults) != 1 {
		t.Errorf("place is %+v", wall)
	}
	kinds := map[cloud.IncidentKind]int{}
	for _, i := range w.incidents() {
		kinds[i.Kind] += i.Count
	}
	// What happened while the tables stood still has its incidents, each once.
	if kinds[cloud.IncidentFault] != 2 || kinds[cloud.IncidentDropRefused] != 1 || kinds[cloud.IncidentProjection] != 0 {
		t.Errorf("incidents are %v", kinds)
	}
	jobs, err := w.store.Read().NextJobAt(w.ctx, cloud.JobFirstNotice)
	must(t, err)
	if jobs == 0 {
		t.Error("no first notice")
	}
	must(t, w.Rebuild(w.ctx, w.site, nil))
	if n := len(w.incidents()); n != 3 {
		t.Errorf("a rebuild raised incidents again: %d", n)
	}
}

// TestIngest_KeepsWhatItCannotRead says that facts and operations of newer versions are kept.
func TestIngest_KeepsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ingest(w.operation(locker.Unknown{Name: "door_painted", Body: `{"colour":"red"}`}))
	at := wire.Position{Epoch: 1, Number: 2}
	w.ingest(wire.Upload{Position: at, Op: []byte("from the future")})
	w.no = 2
	w.ingest(w.operation(locker.DoorClosed{Place: "main/A01"}))
	page, err := w.Facts(w.ctx, w.owner, w.site, "", 10)
	must(t, err)
	if len(page.Items) != 2 || page.Items[0].Kind != "door_painted" || string(page.Items[0].Body) != `{"colour":"red"}` {
		t.Errorf("facts are %+v", page.Items)
	}
	w.wantIncident(cloud.IncidentProjection)
}

// TestIngest_StopRefuses says that whoever sends to a server that stops is told, and nothing hangs.
func TestIngest_StopRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Stop()
	_, err := w.Hub().Ingest(context.WithoutCancel(w.ctx), w.site, []wire.Upload{w.operation(locker.DoorClosed{Place: "main/A01"})})
	if err == nil {
		t.Error("committed by nobody")
	}
}

func TestActs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.RemoteOpen(w.ctx, w.owner, w.site, "main/A01", "stuck parcel")
	must(t, err)
	_, err = w.RemoteOpen(w.ctx, w.owner, w.site, "main/A02", "another one")
	must(t, err)
	var reasons []string
	for cursor := ""; ; {
		page, err := w.Acts(w.ctx, w.owner, w.site, cursor, 1)
		must(t, err)
		for _, a := range page.Items {
			if a.UserName != "Olga Owner" {
				t.Errorf("act is %+v", a)
			}
			reasons = append(reasons, a.Reason)
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(reasons) != 3 || reasons[0] != "another one" || reasons[1] != "stuck parcel" { // and the site's creation
		t.Errorf("reasons are %q", reasons)
	}
}
