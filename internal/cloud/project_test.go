package cloud_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// TestProjection_FollowsEvolve sends random histories that the rules allow, cut into batches at
// random, and compares the tables with what locker.Evolve makes of the same facts. Then it builds
// the tables again and compares once more.
func TestProjection_FollowsEvolve(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	courier, err := w.PutCourier(w.ctx, w.owner, w.site, cloud.CourierDraft{Carrier: "ups", Name: "Carla"})
	must(t, err)
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		site := locker.SiteID(fmt.Sprintf("random-%d", run))
		_, err := w.CreateSite(w.ctx, w.owner, cloud.SiteDraft{ID: site, Property: w.property, Name: "R", Layout: testLayout()})
		must(t, err)
		s := locker.NewState()
		s.Directory, _ = w.replica()
		var ops []wire.Upload
		now := locker.Millis(1_770_000_000_000)
		for i := range rapid.IntRange(1, 60).Draw(rt, "commands") {
			now += locker.Millis(rapid.Int64Range(1, 40_000).Draw(rt, "pause"))
			facts, err := locker.Apply(s, command(rt, i, s, w, courier), now)
			if err != nil || len(facts) == 0 {
				continue
			}
			at := wire.Position{Epoch: 1, Number: uint64(len(ops) + 1)}
			body, err := wire.EncodeOperation(wire.Operation{Site: site, Epoch: 1, Number: at.Number, Boot: "b", WallMS: int64(now), Facts: facts})
			must(t, err)
			ops = append(ops, wire.Upload{Position: at, Op: body})
		}
		for rest := ops; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(rt, "batch")
			_, err := w.Hub().Ingest(w.ctx, site, rest[:n])
			must(t, err)
			rest = rest[n:]
		}
		compare(rt, w, site, s)
		if len(ops) > 0 {
			must(t, w.Rebuild(w.ctx, site, nil))
			compare(rt, w, site, s)
		}
	})
}

// command draws a wish that may well be refused.
func command(rt *rapid.T, i int, s *locker.State, w *world, courier locker.CourierID) locker.Command {
	place := rapid.SampledFrom(s.Directory.PlaceIDs()).Draw(rt, "place")
	door := rapid.SampledFrom([]locker.PlaceID{"main/A01", "main/A02", "main/A03"}).Draw(rt, "door")
	session := locker.SessionID(rapid.SampledFrom([]string{"x", "y"}).Draw(rt, "session"))
	request := locker.RequestID(fmt.Sprintf("r%d", i))
	by := locker.Actor{Kind: locker.ActorCourier, ID: string(courier)}
	staff := locker.Actor{Kind: locker.ActorStaff, ID: w.owner.User}
	var stay locker.StayID
	if live := s.Matter.Live(); len(live) > 0 {
		stay = rapid.SampledFrom(live).Draw(rt, "stay").ID
	}
	var open locker.RequestID
	if requests := s.Matter.Open(); len(requests) > 0 {
		open = rapid.SampledFrom(requests).Draw(rt, "open").ID
	}
	kinds := []locker.Command{
		locker.BeginSession{Session: session, Actor: by},
		locker.EndSession{Session: session, Reason: "done"},
		locker.BeginDeposit{
			Session: session, Actor: by, Parcel: locker.ParcelID(fmt.Sprintf("p%d", i)), Stay: locker.StayID(fmt.Sprintf("s%d", i)),
			Request: request, Recipient: rapid.SampledFrom([]locker.RecipientID{w.ana, w.ben}).Draw(rt, "to"), Size: locker.SizeS,
			Place: rapid.SampledFrom([]locker.PlaceID{"", place}).Draw(rt, "chosen"), Key: "k", Generation: 1,
		},
		locker.See{Place: door, Sighting: locker.Sighting{Door: locker.DoorAjar}},
		locker.See{Place: door, Sighting: locker.Sighting{Door: locker.DoorShut}},
		locker.See{Place: door, Sighting: locker.Sighting{Door: locker.DoorShut, Occupancy: locker.OccupancyOccupied}},
		locker.Collect{Stay: stay, Request: request, By: locker.Actor{Kind: locker.ActorRecipient, ID: string(w.ana)}, Cause: locker.CauseLocal},
		locker.Undo{Session: session, Stay: stay, Request: request, Reason: "undo", By: by},
		locker.Settle{Stay: stay},
		locker.ReportProblem{Stay: stay, Place: door, Problem: rapid.SampledFrom([]locker.Problem{locker.ProblemEmpty, locker.ProblemTooHigh, locker.ProblemDidNotOpen}).Draw(rt, "problem"), By: by},
		locker.StaffClear{Staff: locker.StaffID(w.owner.User), Place: place, Request: request, Reason: "returned"},
		locker.HandOver{Staff: locker.StaffID(w.owner.User), Stays: []locker.StayID{stay}},
		locker.Reissue{Stay: stay, Key: "k", Generation: uint32(i + 2), By: staff},
		locker.SetService{Place: place, Out: rapid.Bool().Draw(rt, "out"), By: staff},
		locker.Verify{Place: door, Occupied: rapid.Bool().Draw(rt, "occupied"), By: staff},
		locker.FailOpen{Request: open, Reason: "not_opened", Final: rapid.Bool().Draw(rt, "final")},
		locker.RaiseFault{Fault: locker.FaultSensor, Place: door},
		locker.ClearFault{Fault: locker.FaultSensor, Place: door},
		locker.RaiseFault{Fault: locker.FaultBoardSilent, Part: "a/1"},
		locker.Reserve{Intent: locker.IntentID(fmt.Sprintf("i%d", i)), Reservation: locker.ReservationID(fmt.Sprintf("v%d", i)), Place: door, Unit: w.unit, Until: s.Matter.Latest + 3_600_000, Expires: s.Matter.Latest + 7_200_000},
		locker.EndReservation{Reservation: s.Matter.PlaceState(door).Reserved.ID, Reason: "cancelled"},
		locker.Start{Boot: "b", Version: "1"},
		locker.BeginEpoch{Reason: "test", Audit: rapid.Bool().Draw(rt, "audit")},
	}
	return rapid.SampledFrom(kinds).Draw(rt, "command")
}

// compare holds the tables of a site against the folded state.
func compare(rt *rapid.T, w *world, site locker.SiteID, s *locker.State) {
	rt.Helper()
	rows, err := w.store.Read().ListPlaces(w.ctx, string(site))
	must(w.t, err)
	have := map[string]db.Place{}
	for _, row := range rows {
		have[row.ID] = row
	}
	for id, p := range s.Matter.Places {
		faults := "[]"
		if len(p.Faults) > 0 {
			faults = `["sensor"]`
			if len(p.Faults) > 1 || p.Faults[0] != locker.FaultSensor {
				faults = have[string(id)].Faults // other faults come in orders of their own
			}
		}
		want := db.Place{
			Site: string(site), ID: string(id), Door: string(p.Door), DoorSince: int64(p.DoorSince), Occupancy: string(p.Occupancy),
			Request: string(p.Request), OutOfService: p.Out, Doubt: p.Doubt, Faults: faults, Failures: int64(p.Failures),
			FreedAt: int64(p.FreedAt), Reservation: string(p.Reserved.ID), ReservedUnit: string(p.Reserved.Unit),
			ReservedCourier: string(p.Reserved.Courier), ReservedUntil: int64(p.Reserved.Until),
		}
		got := have[string(id)]
		got.Unasked, got.RequestStays = false, "" // the rules do not know them
		if cmp.Diff(want, got) != "" {
			rt.Fatalf("place %s: %s", id, cmp.Diff(want, got))
		}
	}
	for id, st := range s.Matter.Stays {
		row, err := w.store.Read().FindStay(w.ctx, db.FindStayParams{Site: string(site), ID: string(id)})
		must(w.t, err)
		type fold struct {
			Place, Recipient, State         string
			Live, Settled                   bool
			Generation, StoredAt, CollectBy int64
		}
		want := fold{string(st.Place), string(st.Recipient), string(st.State), !st.State.Ended(), st.Settled, int64(st.Generation), int64(st.StoredAt), int64(st.CollectBy)}
		got := fold{row.Place, row.Recipient, row.State, row.Live, row.Settled, row.Generation, row.StoredAt, row.CollectBy}
		if cmp.Diff(want, got) != "" {
			rt.Fatalf("stay %s: %s", id, cmp.Diff(want, got))
		}
	}
}
