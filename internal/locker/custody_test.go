package locker_test

import (
	"slices"
	"testing"
	"time"

	"cubby/internal/locker"
)

// Each test here is a way in which somebody could have got a parcel that is not theirs, or have been
// locked out of one that is.

func collectAs(who locker.RecipientID, stay locker.StayID, request locker.RequestID) locker.Collect {
	return locker.Collect{
		Session: "home", Stay: stay, Request: request, Cause: locker.CauseLocal,
		By: locker.Actor{Kind: locker.ActorRecipient, ID: string(who)},
	}
}

func TestReassign_EndsTheTurnOfWhoHadTheCode(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	stay, _ := x.store(ana, locker.SizeS)
	x.store(dora, locker.SizeM)
	x.Directory.Orders[stay] = locker.Order{Stay: stay, Recipient: dora, Unit: "u103"}
	_, err := x.do(collectAs(ana, stay, "r-ana"))
	wantCode(t, err, locker.CodeStayRevoked)
	if !x.CodeElsewhere(x.Matter.Stays[stay]) {
		t.Error("the code that ana has is not known to be hers")
	}
	x.must(locker.Reissue{Stay: stay, Key: "k", Generation: 2, By: locker.Actor{Kind: locker.ActorSite}, For: dora})
	if x.CodeElsewhere(x.Matter.Stays[stay]) {
		t.Error("the new code is not known to be dora's")
	}
	x.must(collectAs(dora, stay, "r-dora"))
}

func TestCollect_RefusesADoorWithSomebodyElsesParcel(t *testing.T) {
	t.Parallel()
	for name, order := range map[string]locker.Order{
		"reassigned": {Recipient: dora, Unit: "u103"},
		"revoked":    {Revoked: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newWorld(t, latch)
			x.Directory.Policy.Consolidate = true
			mine, place := x.store(ana, locker.SizeM) // the two M doors are taken first
			other := x.share(place)
			order.Stay = other
			x.Directory.Orders[other] = order
			wantCode(t, x.collect(mine), locker.CodeStayRevoked)
			if name == "reassigned" {
				wantCode(t, x.collect(other), locker.CodeStayRevoked)
			}
			apart, _ := x.store(ana, locker.SizeS)
			if err := x.collect(apart); err != nil {
				t.Errorf("the other doors of hers still open: %v", err)
			}
		})
	}
}

// share puts a small parcel of bob, of ana's household, into the door of hers.
func (x *world) share(place locker.PlaceID) locker.StayID { return x.storeAt(bob, place) }

func (x *world) storeAt(who locker.RecipientID, place locker.PlaceID) locker.StayID {
	x.t.Helper()
	stay := locker.StayID(x.id("stay"))
	x.must(locker.BeginDeposit{
		Session: "courier", Actor: locker.Actor{Kind: locker.ActorCourier, ID: "c1"}, Grant: locker.CourierRight("c1"),
		Parcel: locker.ParcelID(x.id("parcel")), Stay: stay, Request: locker.RequestID(x.id("req")), Recipient: who,
		Size: locker.SizeS, Place: place, Key: "k", Generation: 1,
	})
	x.swing(place, locker.OccupancyUnknown)
	return stay
}

func TestPass_NeverOpensADoorWithAnotherParcel(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	x.Directory.Policy.Consolidate = true
	mine, place := x.store(ana, locker.SizeM)
	x.share(place)
	x.Directory.Grants["g"] = locker.Grant{ID: "g", Stay: mine}
	_, err := x.do(locker.Collect{Stay: mine, Grant: "g", Request: "r-g", Cause: locker.CauseLocal})
	wantCode(t, err, locker.CodePlaceEmpty)
}

// A code opens all doors of its holder. In the second door lies a parcel of the household beside the
// holder's: both are in their hands, so the record may not keep one as if it lay there still.
func TestCollect_TakesWhatTheHouseholdSharesInEveryDoor(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	x.Directory.Policy.Consolidate = true
	second := locker.PlaceID("main/A05")
	x.storeAt(ana, second)
	x.share(second)
	first, _ := x.store(ana, locker.SizeXL)
	if first, ok := x.Matter.Stays[first]; !ok || first.Place == second {
		t.Fatal("both parcels went to one door")
	}
	x.must(locker.Collect{
		Session: "home", Stay: first, Place: second, Request: "r-second", Cause: locker.CauseLocal,
		By: locker.Actor{Kind: locker.ActorRecipient, ID: string(ana)},
	})
	x.swing(second, locker.OccupancyUnknown)
	if left := x.Matter.LiveIn(second); len(left) != 0 {
		t.Errorf("the record keeps %d parcels in a door that was emptied", len(left))
	}
}

func TestAllocate_WhoMovedOutIsOfTheHouseholdNoMore(t *testing.T) {
	t.Parallel()
	for name, moved := range map[string]locker.Recipient{
		"moved out":      {ID: ana, Unit: "u101", Inactive: true},
		"moved to 102":   {ID: ana, Unit: "u102"},
		"gone from here": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newWorld(t, latch)
			x.Directory.Policy.Consolidate = true
			old := locker.PlaceID("main/A05")
			x.storeAt(ana, old)
			x.Directory.Recipients[ana] = moved
			if moved.ID == "" {
				delete(x.Directory.Recipients, ana)
			}
			if _, place := x.store(bob, locker.SizeS); place == old {
				t.Error("the next tenant's parcel lies with the last one's")
			}
		})
	}
}

func TestReopen_OfACourierEndsWithTheUndo(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	_, place := x.store(ana, locker.SizeS)
	x.now = x.now.Add(50 * time.Second)
	courier := locker.Actor{Kind: locker.ActorCourier, ID: "c1"}
	x.must(locker.Reopen{Session: "courier", Place: place, Request: "r-1", By: courier})
	x.swing(place, "")
	x.now = x.now.Add(50 * time.Second) // within the grace of the last opening, beyond the undo
	_, err := x.do(locker.Reopen{Session: "courier", Place: place, Request: "r-2"})
	wantCode(t, err, locker.CodeUndoClosed)
}

func TestReopen_IsRefusedToWhoseAccessWasTakenBack(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	stay, place := x.store(ana, locker.SizeS)
	x.Directory.Couriers["c1"] = locker.Courier{ID: "c1", Revoked: true}
	_, err := x.do(locker.Reopen{Session: "courier", Place: place, Request: "r-1"})
	wantCode(t, err, locker.CodeCourierUnknown)
	if err := x.collect(stay); err != nil {
		t.Fatal(err)
	}
	x.must(locker.See{Place: place, Sighting: locker.Sighting{Door: locker.DoorAjar}})
	x.must(locker.ReportProblem{Session: "home", Stay: stay, Place: place, Problem: locker.ProblemTooHigh})
	x.must(locker.See{Place: place, Sighting: locker.Sighting{Door: locker.DoorShut}})
	x.Directory.Orders[stay] = locker.Order{Stay: stay, Revoked: true}
	_, err = x.do(locker.Reopen{Session: "home", Place: place, Request: "r-2"})
	wantCode(t, err, locker.CodeStayRevoked)
	x.Directory.Orders[stay] = locker.Order{Stay: stay, Recipient: dora, Unit: "u103"}
	_, err = x.do(locker.Reopen{Session: "home", Place: place, Request: "r-3"})
	wantCode(t, err, locker.CodeStayRevoked)
}

func TestReopen_OfARecipientCollects(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	stay, place := x.store(ana, locker.SizeS)
	if err := x.collect(stay); err != nil {
		t.Fatal(err)
	}
	x.must(locker.See{Place: place, Sighting: locker.Sighting{Door: locker.DoorAjar}})
	x.must(locker.ReportProblem{Session: "home", Stay: stay, Place: place, Problem: locker.ProblemTooHigh})
	x.must(locker.See{Place: place, Sighting: locker.Sighting{Door: locker.DoorShut}})
	x.must(locker.Reopen{ // somebody tall helps
		Session: "home", Place: place, Request: "r-1", By: locker.Actor{Kind: locker.ActorRecipient, ID: string(ana)},
	})
	wantKinds(t, x.swing(place, ""), "door_closed", "parcel_collected")
}

func TestUndo_NeverThroughADoorThatSomebodyElseOpened(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	stay, place := x.store(ana, locker.SizeS)
	x.must(locker.StaffOpen{Session: "home", Staff: "s1", Place: place, Request: "r-s"})
	_, err := x.do(locker.Undo{Session: "courier", Stay: stay, Request: "r-u", Reason: "undo"})
	wantCode(t, err, locker.CodeDoorBusy)
	x.swing(place, "")
	if err := x.collect(stay); err != nil {
		t.Errorf("the recipient is locked out: %v", err)
	}
}

func TestVerify_EndsAnUndoThatARestartCut(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	stay, place := x.store(ana, locker.SizeS)
	x.must(locker.Undo{Session: "courier", Stay: stay, Request: "r-u", Reason: "undo"})
	x.must(locker.Start{Boot: "b2"})
	x.must(locker.Verify{Place: place, Occupied: true, By: locker.Actor{Kind: locker.ActorStaff, ID: "s1"}})
	if err := x.collect(stay); err != nil {
		t.Errorf("the recipient is locked out: %v", err)
	}
}

// Staff see a parcel in a door that has none on record. Its door is given to nobody before it was emptied.
func TestVerify_AParcelThatIsOnNoRecordKeepsItsDoor(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	_, place := x.store(ana, locker.SizeS)
	x.State.Matter = locker.NewMatter() // a disk that lost all of it
	x.must(locker.BeginEpoch{Reason: "sealed", Sealed: "sealed", Audit: true})
	for _, id := range x.Directory.PlaceIDs() {
		x.must(locker.See{Place: id, Sighting: locker.Sighting{Door: locker.DoorShut}})
		if id != place {
			x.must(locker.Verify{Place: id, By: locker.Actor{Kind: locker.ActorStaff, ID: "s1"}})
		}
	}
	see := func(occupied bool) (given bool) {
		x.must(locker.Verify{Place: place, Occupied: occupied, By: locker.Actor{Kind: locker.ActorStaff, ID: "s1"}})
		for _, size := range []locker.Size{locker.SizeS, locker.SizeM, locker.SizeL, locker.SizeXL} {
			a, err := locker.Allocate(x.State, locker.Need{Recipient: dora, Unit: "u103", Size: size}, x.now)
			given = given || err == nil && a.Place == place
		}
		return given
	}
	if see(true) {
		t.Error("the door with somebody's parcel in it goes to somebody else")
	}
	if !see(false) {
		t.Error("the door stays shut for everybody after it was emptied")
	}
}

// The courier asks for the parcel back, the door opens, the courier walks away and somebody shuts it: a
// bank that sees only doors must not give the place away with the parcel in it. While the session lives,
// the one who asked stands before the bank, and the closing counts as for a collection.
func TestUndo_NobodyIsLeftToSayThatItWasTaken(t *testing.T) {
	t.Parallel()
	for _, gone := range []bool{true, false} {
		x := newWorld(t, latch)
		stay, place := x.store(ana, locker.SizeS)
		r := locker.RequestID("r-u")
		x.must(locker.Undo{Session: "courier", Stay: stay, Request: r, Reason: "undo"})
		x.must(locker.See{Place: place, Sighting: locker.Sighting{Door: locker.DoorAjar}})
		if gone {
			x.must(locker.EndSession{Session: "courier", Reason: "idle"})
			wantKinds(t, x.must(locker.See{Place: place, Sighting: locker.Sighting{Door: locker.DoorShut}}), "door_closed", "place_doubted")
		} else {
			wantKinds(t, x.must(locker.See{Place: place, Sighting: locker.Sighting{Door: locker.DoorShut}}), "door_closed", "deposit_undone")
		}
	}
}

// The courier asks for the parcel back, walks away from the open door, and somebody shuts it while the session still lives. When
// it ends without a word, the place is in doubt; whoever went on or said that they are done stood there.
func TestUndo_WhoeverWalksAwayLeavesADoubt(t *testing.T) {
	t.Parallel()
	for reason, doubted := range map[string]bool{"idle": true, "replaced": true, "done": false} {
		x := newWorld(t, latch)
		stay, place := x.store(ana, locker.SizeS)
		x.must(locker.Undo{Session: "courier", Stay: stay, Request: "r-u", Reason: "undo"})
		x.swing(place, "")
		x.must(locker.EndSession{Session: "courier", Reason: reason})
		if got := x.Matter.PlaceState(place).Doubt != ""; got != doubted {
			t.Errorf("%s: the place is in doubt: %t, want %t", reason, got, doubted)
		}
	}
	x := newWorld(t, latch)
	stay, place := x.store(ana, locker.SizeS)
	x.must(locker.Undo{Session: "courier", Stay: stay, Request: "r-u", Reason: "undo"})
	x.swing(place, "")
	x.must(locker.Start{Boot: "b2"})
	if x.Matter.PlaceState(place).Doubt == "" {
		t.Error("a restart says that the parcel was taken")
	}
}

func TestFailOpen_ASilentBoardLeavesADoubt(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	_, place, err := x.deposit(ana, locker.SizeS)
	if err != nil {
		t.Fatal(err)
	}
	facts := x.must(locker.FailOpen{Request: x.Matter.PlaceState(place).Request, Reason: "silent", Final: true})
	wantKinds(t, facts, "open_failed", "deposit_undone", "place_doubted")
	for range 3 { // nobody else's parcel goes in with what may lie there
		if _, next := x.store(dora, locker.SizeS); next == place {
			t.Errorf("door %s was given away", place)
		}
	}
}

func TestReport_AfterThePlaceWasLetAgainHoldsNothing(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	old, place := x.store(ana, locker.SizeXL)
	if err := x.collect(old); err != nil {
		t.Fatal(err)
	}
	x.swing(place, "")
	x.now = x.now.Add(10 * time.Minute)
	next, again := x.store(dora, locker.SizeXL)
	if again != place {
		t.Fatalf("the test needs one door, got %s and %s", place, again)
	}
	for _, p := range []locker.Problem{locker.ProblemTooHigh, locker.ProblemNotMine} {
		x.must(locker.ReportProblem{Session: "home", Stay: old, Place: place, Problem: p})
	}
	if live := x.Matter.LiveIn(place); len(live) != 1 || live[0].ID != next {
		t.Errorf("%d parcels are booked in one door", len(live))
	}
	if err := x.collect(next); err != nil {
		t.Errorf("the recipient is locked out: %v", err)
	}
	if !slices.ContainsFunc(x.facts, func(f locker.Fact) bool { return f.Kind() == "problem_reported" }) {
		t.Error("the report is not on record")
	}
}

func TestVerify_NeverGivesBackWhatIsNotTheirs(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	stay, place := x.store(ana, locker.SizeS)
	if err := x.collect(stay); err != nil {
		t.Fatal(err)
	}
	by := locker.Actor{Kind: locker.ActorRecipient, ID: string(ana)}
	x.must(locker.See{Place: place, Sighting: locker.Sighting{Door: locker.DoorAjar}})
	x.must(locker.ReportProblem{Session: "home", Stay: stay, Place: place, Problem: locker.ProblemNotMine, By: by})
	x.must(locker.See{Place: place, Sighting: locker.Sighting{Door: locker.DoorShut}})
	verify := locker.Verify{Place: place, Occupied: true, By: locker.Actor{Kind: locker.ActorStaff, ID: "s1"}}
	x.must(verify)
	wantCode(t, x.collect(stay), locker.CodeStayRevoked)
	if _, next := x.store(dora, locker.SizeS); next == place {
		t.Error("the door was given away")
	}
	x.Directory.Orders[stay] = locker.Order{Stay: stay, Recipient: cleo, Unit: "u102"}
	x.must(verify)
	if err := x.collect(stay); err != nil {
		t.Errorf("whose it is: %v", err)
	}
}

// A code that was taken back is in wrong hands: it opens no door of its holder. Her other codes do.
func TestCollect_RevokedCodeOpensNoOtherDoor(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	lost, _ := x.store(ana, locker.SizeS)
	kept, _ := x.store(ana, locker.SizeM)
	x.Directory.Orders[lost] = locker.Order{Stay: lost, Revoked: true}
	wantCode(t, x.collect(lost), locker.CodeStayRevoked)
	if err := x.collect(kept); err != nil {
		t.Errorf("the code that nobody took back: %v", err)
	}
}

// A door stood open before anybody asked for it, and is shut right after somebody did: that closing
// collects nothing, the request goes on.
func TestCollect_ClosingOfAnEarlierOpeningIsNone(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	stay, place := x.store(ana, locker.SizeS)
	see := func(d locker.Door) []locker.Fact {
		return x.must(locker.See{Place: place, Sighting: locker.Sighting{Door: d}})
	}
	see(locker.DoorAjar)
	x.must(locker.Verify{Place: place, Occupied: true, By: locker.Actor{Kind: locker.ActorStaff, ID: "s1"}})
	if err := x.collect(stay); err != nil {
		t.Fatal(err)
	}
	wantKinds(t, see(locker.DoorShut), "door_closed")
	if got := x.Matter.Stays[stay].State; got != locker.StayStored {
		t.Fatalf("the parcel is %s, though its door was not opened for its resident", got)
	}
	wantKinds(t, see(locker.DoorAjar), "door_opened")
	wantKinds(t, see(locker.DoorShut), "door_closed", "parcel_collected")
}
