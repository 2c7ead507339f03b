package api_test

import (
	"testing"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/desk"
)

func TestReturns_WhatACourierScannedAndWhatWasMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrol()
	w.store("s1", "room/1", w.ana)
	ctx := t.Context()
	must(t, w.desk.SetDesk(ctx, w.owner, site, cloud.DeskSettings{ReturnDays: 5}))
	w.clock.add(7 * 24 * time.Hour) // it could be collected for three days
	if due, err := w.desk.Returns(ctx, w.owner, site, ""); err != nil || len(due) != 0 {
		t.Fatalf("two days early: %v, %v", due, err)
	}
	w.clock.add(2 * 24 * time.Hour)
	if due, err := w.desk.Returns(ctx, w.owner, site, "dhl"); err != nil || len(due) != 0 {
		t.Errorf("of another carrier: %v, %v", due, err)
	}
	taken, err := w.desk.TakeReturns(ctx, w.owner, site, desk.Round{Carrier: "ups", Courier: "Route 12", Labels: []string{"TBA1"}})
	if err != nil || len(taken.Missing) != 1 || len(taken.Unknown) != 1 || taken.Intent != "" {
		t.Errorf("another parcel: %+v, %v", taken, err)
	}
	taken, err = w.desk.TakeReturns(ctx, w.owner, site, desk.Round{Courier: "Route 12", Labels: []string{"1z999aa10123456784"}})
	if err != nil || len(taken.Taken) != 1 || len(taken.Missing) != 0 || taken.Intent == "" {
		t.Errorf("the parcel: %+v, %v", taken, err)
	}
	must(t, w.desk.SetDesk(ctx, w.owner, site, cloud.DeskSettings{}))
	if due, err := w.desk.Returns(ctx, w.owner, site, ""); err != nil || len(due) != 0 {
		t.Errorf("nothing goes back by itself: %v, %v", due, err)
	}
}
