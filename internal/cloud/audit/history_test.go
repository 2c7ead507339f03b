package audit_test

import (
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"cubby/internal/locker"
)

// TestRun_HistoriesWithoutFaults stores, collects, clears and looks at random: nothing is ever amiss, with what was
// kept of the record and with the whole record.
func TestRun_HistoriesWithoutFaults(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	w := newWorld(t)
	places := []locker.PlaceID{"main/A01", "main/A02", "main/A03", "eye/E01", "eye/E02"}
	by := locker.Actor{Kind: locker.ActorRecipient, ID: string(w.ana)}
	for n := range 150 {
		w.clock.add(time.Duration(1+r.IntN(90)) * time.Minute)
		place := places[r.IntN(len(places))]
		live := w.state.Matter.LiveIn(place)
		p, _ := w.state.Directory.Place(place)
		gone := locker.OccupancyUnknown
		if p.Witness.SeesSpace() {
			gone = locker.OccupancyEmpty
		}
		request := locker.RequestID("c" + strconv.Itoa(n))
		switch {
		case len(live) == 0:
			w.stored(locker.StayID("s"+strconv.Itoa(n)), place, w.ana, w.unit)
		case r.IntN(4) == 0:
			w.verify(place, true)
		default:
			w.record(locker.OpenRequested{
				Request: request, Place: place, Purpose: locker.PurposeCollect, Cause: locker.CauseLocal, Grant: locker.StayRight(live[0].ID),
				Actor: by, Stays: []locker.StayID{live[0].ID}, Attempt: 1,
			})
			w.record(locker.DoorOpened{Place: place, Request: request, Evidence: locker.EvidenceDoor})
			w.record(locker.DoorClosed{Place: place, Request: request, Occupancy: gone},
				locker.ParcelCollected{Stay: live[0].ID, Place: place, Evidence: locker.EvidenceDoor, By: by})
		}
		if n%10 == 9 {
			if report := w.audit(); !report.Nothing() || len(report.Skipped) > 0 {
				t.Fatalf("seed %d, step %d: %+v without %v", seed, n, report.Differences, report.Skipped)
			}
		}
	}
	if found := w.incidents(); len(found) != 0 {
		t.Errorf("incidents %+v", found)
	}
}
