package cloud_test

import (
	"testing"
	"time"

	"cubby/internal/locker"
)

func TestActivity_ShowsWhatStaffFollow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stored("s1", "main/A02", w.ana)
	w.clock.add(time.Hour)
	ana := locker.Actor{Kind: locker.ActorRecipient, ID: string(w.ana)}
	w.ingest(w.operation(
		locker.OpenRequested{Request: "r2", Place: "main/A02", Purpose: locker.PurposeCollect, Cause: locker.CauseLocal, Actor: ana, Stays: []locker.StayID{"s1"}, Attempt: 1},
	), w.operation(
		locker.DoorOpened{Place: "main/A02", Request: "r2", Evidence: locker.EvidenceDoor},
	), w.operation(
		locker.ParcelCollected{Stay: "s1", Place: "main/A02", Evidence: locker.EvidenceDoor, By: ana},
		locker.FaultRaised{Fault: locker.FaultLock, Place: "main/A01"},
	))
	got, err := w.Activity(w.ctx, w.owner, w.site, 4)
	must(t, err)
	want := []struct{ kind, place, unit string }{
		{"fault_raised", "A01", ""}, {"parcel_collected", "A02", "4B"}, {"door_opened", "A02", "4B"}, {"parcel_stored", "A02", "4B"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d entries, want %d: %+v", len(got), len(want), got)
	}
	for i, e := range got {
		if e.Kind != want[i].kind || e.PlaceName != want[i].place || e.UnitName != want[i].unit || e.PlaceKind != locker.PlaceCompartment {
			t.Errorf("entry %d is %s at %q of unit %q, want %v", i, e.Kind, e.PlaceName, e.UnitName, want[i])
		}
	}
}
