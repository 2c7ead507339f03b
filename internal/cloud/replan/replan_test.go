package replan_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/replan"
	"cubby/internal/locker"
	"cubby/internal/sizing"
	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/store/storetest"
)

// oneSite shows a site to everybody but strangers.
type oneSite struct {
	view  cloud.SiteView
	asked int
}

// Site implements replan.Sites.
func (s *oneSite) Site(_ context.Context, p cloud.Principal, site locker.SiteID) (cloud.SiteView, error) {
	if p.User == "stranger" || site != s.view.ID {
		return cloud.SiteView{}, locker.Errorf(locker.CodeNotFound, "no such site")
	}
	s.asked++
	return s.view, nil
}

type world struct {
	*replan.Planner
	t     *testing.T
	store *store.Store
	clock *storetest.Clock
	n     int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	column := locker.Column{Name: "A"}
	for i := range 12 {
		name := fmt.Sprintf("A%02d", i+1)
		column.Compartments = append(column.Compartments, locker.Compartment{
			ID: locker.PlaceID(name), Name: name, Size: locker.SizeS, Units: 2, Output: locker.Output{Bus: "a", Board: 1, Channel: uint8(i + 1)},
		})
	}
	w := &world{t: t, clock: storetest.NewClock()}
	w.store = storetest.Open(t, w.clock.Now)
	sites := &oneSite{view: cloud.SiteView{
		SiteSummary: cloud.SiteSummary{ID: "dock", Name: "Dock", Property: "p", TimeZone: "Europe/Madrid"},
		Layout: locker.Layout{
			Banks: []locker.Bank{{ID: "main", Name: "Main", Columns: []locker.Column{column}}}, Desk: &locker.Desk{ID: "desk", Name: "Desk"},
		},
		Policy: locker.DefaultPolicy(),
	}}
	var err error
	w.Planner, err = replan.New(replan.Options{Sites: sites, Store: w.store, Now: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// stay writes a parcel that came so long ago and stayed so long; 0: it still waits.
func (w *world) stay(ago, long time.Duration, change func(*db.PutStayParams)) {
	w.t.Helper()
	w.n++
	at := w.clock.Now().Add(-ago).UnixMilli()
	row := db.PutStayParams{
		Site: "dock", ID: fmt.Sprint("s", w.n), Parcel: fmt.Sprint("p", w.n), Place: "A01", Unit: "u", Size: "S", State: "collected",
		BegunAt: at, StoredAt: at, EndedAt: at + long.Milliseconds(),
	}
	if long == 0 {
		row.Live, row.State, row.EndedAt = true, "stored", 0
	}
	if change != nil {
		change(&row)
	}
	if err := w.store.Tx(w.t.Context(), func(q *db.Queries) error { return q.PutStay(w.t.Context(), row) }); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) refused(number int64, ago time.Duration, reason, tracking string) {
	w.t.Helper()
	err := w.store.Tx(w.t.Context(), func(q *db.Queries) error {
		return q.InsertDropRefusal(w.t.Context(), db.InsertDropRefusalParams{
			Site: "dock", Epoch: 1, Number: number, At: w.clock.Now().Add(-ago).UnixMilli(), Actor: "{}", Reason: reason, Size: "S", Tracking: tracking,
		})
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

const day = 24 * time.Hour

// TestPlanner_countsParcels: what counts as a parcel that came, and as what.
func TestPlanner_countsParcels(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for n := range 20 * 4 { // four a day, each for five hours in a door of its own
		ago := 20*day - time.Duration(n/4)*day - time.Duration(n%4)*time.Hour
		w.stay(ago, 5*time.Hour, func(r *db.PutStayParams) { r.Place = fmt.Sprintf("A%02d", n%4+1) })
	}
	w.stay(3*day, day, func(r *db.PutStayParams) { r.State = "undone" })                            // never was
	w.stay(3*day, day, func(r *db.PutStayParams) { r.Parcel = "p9" })                               // moved by staff: came before
	w.stay(3*day, 0, func(r *db.PutStayParams) { r.StoredAt = 0 })                                  // was never stored
	w.stay(4*day, 30*time.Hour, func(r *db.PutStayParams) { r.Place, r.State = "desk", "removed" }) // found no door
	w.stay(4*day, 2*day, func(r *db.PutStayParams) { r.Place = "A09" })
	w.stay(3*day, day, func(r *db.PutStayParams) { r.Place = "A09" })         // beside the one before
	w.stay(2*day, 0, func(r *db.PutStayParams) { r.Place = "A11" })           // waits
	w.stay(2*day, 5*time.Hour, func(r *db.PutStayParams) { r.Place = "Z99" }) // a door of an older layout
	w.refused(1, 3*day, "BANK_FULL", "t1")
	w.refused(2, 3*day, "BANK_FULL", "t1") // brought again
	w.refused(3, 2*day, "NOTHING_FITS", "")
	w.refused(4, 2*day, "UNIT_UNKNOWN", "") // not for want of a door

	a, err := w.Advise(t.Context(), cloud.Principal{}, "dock", sizing.ReplanOptions{Quick: true})
	if err != nil {
		t.Fatal(err)
	}
	r := a.Record
	if r.Days != 19 || r.Parcels != 4*19+5+2 || r.Outside != 1 || r.Refused != 2 || r.Waiting != 1 || r.Removed != 1 {
		t.Errorf("the record: %+v", r)
	}
	again, err := w.Advise(t.Context(), cloud.Principal{}, "dock", sizing.ReplanOptions{Quick: true})
	if err != nil || again.Work != a.Work {
		t.Errorf("asked again: %v, %+v", err, again.Work)
	}
	if _, err := w.Advise(t.Context(), cloud.Principal{User: "stranger"}, "dock", sizing.ReplanOptions{}); err == nil {
		t.Error("a stranger gets advice")
	}
}

func TestPlanner_thin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var thin *sizing.ThinRecord
	if _, err := w.Advise(t.Context(), cloud.Principal{}, "dock", sizing.ReplanOptions{}); !errors.As(err, &thin) {
		t.Errorf("no parcels: %v", err)
	}
	for n := range 60 {
		w.stay(20*day-time.Duration(n)*6*time.Hour, 0, func(r *db.PutStayParams) { r.Place = "desk" })
	}
	if _, err := w.Advise(t.Context(), cloud.Principal{}, "dock", sizing.ReplanOptions{}); !errors.As(err, &thin) || !thin.Uncollected {
		t.Errorf("nobody collects: %v", err)
	}
	if _, err := replan.New(replan.Options{}); err == nil {
		t.Error("a planner of nothing")
	}
}
