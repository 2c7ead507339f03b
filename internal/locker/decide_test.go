package locker_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"cubby/internal/locker"
)

var latch = locker.Witness{Latch: true}

func wantCode(t *testing.T, err error, code locker.Code) {
	t.Helper()
	if !errors.Is(err, &locker.Error{Code: code}) {
		t.Fatalf("error = %v, want code %s", err, code)
	}
}

func kinds(facts []locker.Fact) []string {
	var out []string
	for _, f := range facts {
		out = append(out, f.Kind())
	}
	return out
}

func wantKinds(t *testing.T, facts []locker.Fact, want ...string) {
	t.Helper()
	if got := kinds(facts); !slices.Equal(got, want) {
		t.Fatalf("facts = %v, want %v", got, want)
	}
}

func TestDeposit_StoredByTheDoorCycle(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	stay, place, err := x.deposit(ana, locker.SizeS)
	if err != nil {
		t.Fatal(err)
	}
	if place != "main/A01" {
		t.Errorf("place = %s, want the high small door: low doors are kept for who needs them", place)
	}
	wantKinds(t, x.swing(place, ""), "door_closed", "parcel_stored")
	if got := x.Matter.Stays[stay].State; got != locker.StayStored {
		t.Errorf("state = %s", got)
	}
}

func TestCollect_OneCodeOpensAllDoorsInTurn(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	first, p1 := x.store(ana, locker.SizeS)
	_, p2 := x.store(ana, locker.SizeS)
	if p1 == p2 {
		t.Fatal("two small parcels cannot share a small door")
	}
	for _, want := range []locker.PlaceID{p1, p2} {
		if err := x.collect(first); err != nil {
			t.Fatal(err)
		}
		req := x.facts[len(x.facts)-1].(locker.OpenRequested)
		if req.Place != want || req.Grant != locker.StayRight(first) {
			t.Fatalf("opened %s by %s, want %s by the code of %s", req.Place, req.Grant, want, first)
		}
		wantKinds(t, x.swing(want, ""), "door_closed", "parcel_collected")
	}
	wantCode(t, x.collect(first), locker.CodeStayEnded)
}

func TestCollect_InfraredStillSeesAParcel(t *testing.T) {
	t.Parallel()
	x := newWorld(t, locker.Witness{Latch: true, Infrared: true})
	stay, place, _ := x.deposit(ana, locker.SizeM)
	wantKinds(t, x.swing(place, locker.OccupancyEmpty), "door_closed")
	x.must(locker.ConfirmStored{Stay: stay, By: locker.Actor{Kind: locker.ActorCourier, ID: "c1"}})
	if err := x.collect(stay); err != nil {
		t.Fatal(err)
	}
	wantKinds(t, x.swing(place, locker.OccupancyOccupied), "door_closed")
	facts := x.must(locker.ConfirmTaken{Session: "home", Place: place, By: locker.Actor{Kind: locker.ActorRecipient}})
	wantKinds(t, facts, "parcel_collected", "place_doubted")
	if c := facts[0].(locker.ParcelCollected); c.Evidence != locker.EvidencePerson {
		t.Errorf("evidence = %s, want the person's word", c.Evidence)
	}
}

func TestCollect_WithoutAnyWitnessThePersonIsAsked(t *testing.T) {
	t.Parallel()
	x := newWorld(t, locker.Witness{})
	stay, place, err := x.deposit(ana, locker.SizeS)
	if err != nil {
		t.Fatal(err)
	}
	x.must(locker.Unwatched{Request: x.Matter.Places[place].Request})
	facts := x.must(locker.ConfirmStored{Stay: stay, By: locker.Actor{Kind: locker.ActorCourier, ID: "c1"}})
	wantKinds(t, facts, "door_closed", "parcel_stored")
	if err := x.collect(stay); err != nil {
		t.Fatal(err)
	}
	x.must(locker.Unwatched{Request: x.Matter.Places[place].Request})
	wantKinds(t, x.must(locker.ConfirmTaken{Session: "home", Place: place}), "door_closed", "parcel_collected")
}

func TestUndo_WithinItsTimeOnly(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	stay, place := x.store(ana, locker.SizeS)
	undo := locker.Undo{Session: "courier", Stay: stay, Request: "r-undo", Reason: "need_bigger"}
	x.now = x.now.Add(61 * time.Second)
	_, err := x.do(undo)
	wantCode(t, err, locker.CodeUndoClosed)
	x.now = x.now.Add(-2 * time.Second)
	wantKinds(t, x.must(undo), "undo_requested", "open_requested")
	wantKinds(t, x.swing(place, ""), "door_closed", "deposit_undone")
	wantCode(t, x.collect(stay), locker.CodeStayEnded)
}

func TestUndo_WhileTheDoorIsOpenNeedsNoSecondPulse(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	stay, place, _ := x.deposit(ana, locker.SizeS)
	x.must(locker.See{Place: place, Sighting: locker.Sighting{Door: locker.DoorAjar}})
	wantKinds(t, x.must(locker.Undo{Session: "courier", Stay: stay, Request: "r-u", Reason: "undo"}), "undo_requested")
	wantKinds(t, x.must(locker.See{Place: place, Sighting: locker.Sighting{Door: locker.DoorShut}}),
		"door_closed", "deposit_undone")
}

func TestFailOpen_ThreeTriesThenTheLockIsBroken(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	stay, place, _ := x.deposit(ana, locker.SizeS)
	for try := 1; try <= 3; try++ {
		req := x.Matter.Places[place].Request
		facts := x.must(locker.FailOpen{Request: req, Reason: "not_opened"})
		if try < 3 {
			wantKinds(t, facts, "open_failed")
			x.must(locker.Retry{Of: req, Request: locker.RequestID(x.id("req"))})
			continue
		}
		wantKinds(t, facts, "open_failed", "fault_raised", "deposit_undone")
		_, err := x.do(locker.Retry{Of: req, Request: "r-4"})
		wantCode(t, err, locker.CodeRetriesSpent)
	}
	if got := x.Matter.Stays[stay].State; got != locker.StayUndone {
		t.Errorf("state = %s, want undone: nothing was put in", got)
	}
	if _, next, _ := x.deposit(ana, locker.SizeS); next == place {
		t.Error("a broken lock was allocated again")
	}
}

func TestStart_UnconfirmsAndNeverRepeats(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	stored, sp := x.store(dora, locker.SizeM)
	stay, place, _ := x.deposit(ana, locker.SizeS)
	facts := x.must(locker.Start{Boot: "b2", Version: "t", Seen: map[locker.PlaceID]locker.Sighting{
		place: {Door: locker.DoorShut}, sp: {Door: locker.DoorShut},
	}})
	wantKinds(t, facts, "site_started", "open_unconfirmed", "deposit_settled", "place_doubted",
		"session_ended", "session_ended")
	if _, p, err := x.deposit(ana, locker.SizeS); err == nil {
		t.Errorf("a session survived the restart and got %s", p)
	}
	x.must(locker.Verify{Place: place, Occupied: true, By: locker.Actor{Kind: locker.ActorStaff, ID: "s1"}})
	if got := x.Matter.Stays[stay].State; got != locker.StayStored {
		t.Errorf("state after staff looked = %s, want stored", got)
	}
	if !x.Matter.Stays[stay].Settled {
		t.Error("the first notice waits for an undo that nobody is left to do")
	}
	if err := x.collect(stored); err != nil {
		t.Errorf("a restart locked a resident out: %v", err)
	}
}

func TestSee_UnexpectedOpeningIsDoubted(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	_, place := x.store(ana, locker.SizeS)
	wantKinds(t, x.must(locker.See{Place: place, Sighting: locker.Sighting{Door: locker.DoorAjar}}),
		"door_opened", "place_doubted")
	x.must(locker.See{Place: place, Sighting: locker.Sighting{Door: locker.DoorShut}})
	if _, p, _ := x.deposit(bob, locker.SizeS); p == place {
		t.Error("a doubted place was shared")
	}
}

func TestReport_NotMineIsHeldForStaffEvenAfterwards(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	stay, place := x.store(ana, locker.SizeS)
	if err := x.collect(stay); err != nil {
		t.Fatal(err)
	}
	x.swing(place, "")
	report := locker.ReportProblem{Session: "home", Stay: stay, Place: place, Problem: locker.ProblemNotMine}
	wantKinds(t, x.must(report), "problem_reported", "place_doubted")
	wantCode(t, x.collect(stay), locker.CodeStayRevoked)
	x.must(locker.Verify{Place: place, Occupied: false, By: locker.Actor{Kind: locker.ActorStaff, ID: "s1"}})
	if got := x.Matter.Stays[stay].State; got != locker.StayRemoved {
		t.Errorf("state = %s, want removed (missing)", got)
	}
}

func TestReport_TooHighLeavesTheParcelToItsRecipient(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	stay, place := x.store(ana, locker.SizeS)
	if err := x.collect(stay); err != nil {
		t.Fatal(err)
	}
	x.must(locker.See{Place: place, Sighting: locker.Sighting{Door: locker.DoorAjar}})
	x.must(locker.ReportProblem{Session: "home", Stay: stay, Place: place, Problem: locker.ProblemTooHigh})
	wantKinds(t, x.must(locker.See{Place: place, Sighting: locker.Sighting{Door: locker.DoorShut}}), "door_closed")
	if err := x.collect(stay); err != nil {
		t.Errorf("after too high: %v", err)
	}
}

func TestOrder_RevokedAndReassigned(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	stay, _ := x.store(ana, locker.SizeS)
	x.Directory.Orders[stay] = locker.Order{Stay: stay, Revoked: true}
	wantCode(t, x.collect(stay), locker.CodeStayRevoked)
	x.Directory.Orders[stay] = locker.Order{Stay: stay, Recipient: dora, Unit: "u103"}
	other, _ := x.store(dora, locker.SizeM)
	if err := x.collect(other); err != nil {
		t.Fatal(err)
	}
	if got := len(x.Collectable(x.Matter.Stays[other])); got != 2 {
		t.Errorf("collectable by the new recipient = %d, want 2", got)
	}
}

func TestPass_ForOneStayInItsTime(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	stay, _ := x.store(ana, locker.SizeS)
	x.store(ana, locker.SizeM)
	pass := locker.Grant{ID: "g", Stay: stay, From: x.now, Until: x.now.Add(time.Hour)}
	x.Directory.Grants["g"] = pass
	c := locker.Collect{Stay: stay, Grant: "g", Request: "r-g", Cause: locker.CauseLocal}
	x.now = x.now.Add(2 * time.Hour)
	_, err := x.do(c)
	wantCode(t, err, locker.CodeCodeExpired)
	x.now = x.now.Add(-90 * time.Minute)
	facts := x.must(c)
	if got := facts[len(facts)-1].(locker.OpenRequested).Stays; !slices.Equal(got, []locker.StayID{stay}) {
		t.Errorf("a pass for one parcel opened %v", got)
	}
}

func TestIntent_ExpiredOrAnsweredTwice(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	c := locker.RemoteOpen{Intent: "i", Place: "main/A03", Staff: "s1", Request: "r-i", Expires: x.now}
	_, err := x.do(c)
	wantCode(t, err, locker.CodeIntentExpired)
	c.Expires = x.now.Add(time.Minute)
	wantKinds(t, x.must(c), "open_requested", "intent_answered")
	c.Request = "r-j"
	_, err = x.do(c)
	wantCode(t, err, locker.CodeConflict)
}

func TestReserve_KeepsADoorForItsUnit(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	x.must(locker.Reserve{
		Intent: "i", Reservation: "res", Size: locker.SizeXL, Unit: "u103",
		Until: x.now.Add(time.Hour), Expires: x.now.Add(time.Minute),
	})
	_, _, err := x.deposit(ana, locker.SizeXL)
	wantCode(t, err, locker.CodeNothingFits)
	if _, place, err := x.deposit(dora, locker.SizeXL); err != nil || place != "main/A06" {
		t.Errorf("dora got %q, %v; want her reserved door", place, err)
	}
}

func TestHandOver_ShelfAndDeskHoldMany(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	x.must(locker.BeginSession{Session: "desk", Actor: locker.Actor{Kind: locker.ActorStaff, ID: "s1"}})
	var stays []locker.StayID
	for _, to := range []locker.RecipientID{ana, dora, ""} {
		id := locker.StayID(x.id("stay"))
		wantKinds(t, x.must(locker.BeginDeposit{
			Session: "desk", Actor: locker.Actor{Kind: locker.ActorStaff, ID: "s1"}, Parcel: "p", Stay: id,
			Recipient: to, Size: locker.SizeL, Place: "desk",
		}), "deposit_begun", "parcel_stored")
		stays = append(stays, id)
	}
	facts := x.must(locker.HandOver{Staff: "s1", Stays: stays[:1], To: "annex"})
	wantKinds(t, facts, "deposit_settled", "parcel_collected")
	_, err := x.do(locker.HandOver{Staff: "s1", Stays: stays[:1]})
	wantCode(t, err, locker.CodeStayEnded)
}

func TestService_NeedsTwoDifferentPeople(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	until := x.now.Add(time.Hour)
	_, err := x.do(locker.BeginService{First: "s1", Second: "s1", Until: until})
	wantCode(t, err, locker.CodeNotAllowed)
	wantKinds(t, x.must(locker.BeginService{First: "s1", Second: "s2", Until: until}), "service_session_began")
}

func TestReopen_OnlyByWhoOpenedAndWithinGrace(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	_, place := x.store(ana, locker.SizeS)
	_, err := x.do(locker.Reopen{Session: "home", Place: place, Request: "r-a"})
	wantCode(t, err, locker.CodeUndoClosed)
	wantKinds(t, x.must(locker.Reopen{Session: "courier", Place: place, Request: "r-b"}), "open_requested")
	wantKinds(t, x.swing(place, ""), "door_closed")
}
