package controller_test

import (
	"testing"
	"time"

	"cubby/internal/controller"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

func TestMachine_CounterPutsAParcelIntoAFreeDoor(t *testing.T) {
	t.Parallel()
	l := newLab(t, 4)
	a := l.intent(wire.Intent{
		ID: "d1", Kind: wire.IntentDeposit, Door: true, Staff: "s1", Recipient: dora, Size: locker.SizeS, Stay: "s1st", Parcel: "p1",
	})
	st := l.m.State().Matter.Stays["s1st"]
	if !a.Done || st == nil || st.State != locker.StayDepositing {
		t.Fatalf("into a door: %+v, %+v", a, st)
	}
	opened := l.facts("open_requested")
	if f, _ := opened[len(opened)-1].(locker.OpenRequested); f.Cause != locker.CauseRemote || f.Grant != locker.IntentRight("d1") {
		t.Errorf("opened for %s by %s", f.Cause, f.Grant)
	}
	l.look()
	l.close(st.Place)
	if st.State != locker.StayStored || st.Settled || len(l.facts("session_ended")) != 0 {
		t.Fatalf("shut: %s, settled %v, %d sessions ended", st.State, st.Settled, len(l.facts("session_ended")))
	}
	// Within the undo it opens again, and what was stored never was.
	if a = l.intent(wire.Intent{ID: "u1", Kind: wire.IntentUndo, Staff: "s1", Stay: "s1st"}); !a.Done {
		t.Fatalf("undo: %+v", a)
	}
	l.look()
	l.close(st.Place)
	if st.State != locker.StayUndone {
		t.Errorf("after the undo: %s", st.State)
	}
	l.pass(2 * time.Second)
	if len(l.facts("session_ended")) != 1 || len(l.m.State().Matter.Sessions) != 0 {
		t.Errorf("%d sessions ended, %d left", len(l.facts("session_ended")), len(l.m.State().Matter.Sessions))
	}
	for i, id := range []locker.IntentID{"a", "b", "c", "d", "e"} {
		a = l.intent(wire.Intent{ID: id, Kind: wire.IntentDeposit, Door: true, Staff: "s1", Recipient: dora, Size: locker.SizeS})
		if i == 4 && a.Reason != locker.CodeRemoteLimit {
			t.Errorf("a seventh opening from afar within a minute: %+v", a)
		}
	}
}

func TestMachine_CounterTakesBack(t *testing.T) {
	t.Parallel()
	l := newLab(t, 4)
	put := func(id locker.IntentID, stay locker.StayID) {
		l.intent(wire.Intent{ID: id, Kind: wire.IntentDeposit, Place: "desk", Staff: "s1", Recipient: dora, Size: locker.SizeS, Stay: stay, Undo: true})
	}
	put("d1", "one")
	put("d2", "two")
	if n := len(l.facts("deposit_settled")); n != 0 {
		t.Fatalf("%d parcels can no longer be taken back", n)
	}
	if a := l.intent(wire.Intent{ID: "u0", Kind: wire.IntentUndo, Staff: "stranger", Stay: "one"}); a.Reason != locker.CodeNotAllowed {
		t.Errorf("a stranger: %+v", a)
	}
	a := l.intent(wire.Intent{ID: "u1", Kind: wire.IntentUndo, Staff: "s1", Stay: "one"})
	if stays := l.m.State().Matter.Stays; !a.Done || stays["one"].State != locker.StayUndone || stays["two"].State != locker.StayStored {
		t.Fatalf("undo: %+v", a)
	}
	l.pass(70 * time.Second)
	if st := l.m.State().Matter.Stays["two"]; !st.Settled || len(l.m.State().Matter.Sessions) != 0 {
		t.Errorf("after a minute: settled %v, %d sessions", st.Settled, len(l.m.State().Matter.Sessions))
	}
	if a := l.intent(wire.Intent{ID: "u2", Kind: wire.IntentUndo, Staff: "s1", Stay: "two"}); a.Done {
		t.Errorf("too late, and yet: %+v", a)
	}
}

func TestMachine_CounterClearsWhereverItLies(t *testing.T) {
	t.Parallel()
	l := newLab(t, 4)
	for stay, place := range map[locker.StayID]locker.PlaceID{"one": "desk", "two": "room/1"} {
		l.intent(wire.Intent{ID: locker.IntentID("d" + stay), Kind: wire.IntentDeposit, Place: place, Staff: "s1", Recipient: dora, Size: locker.SizeS, Stay: stay})
	}
	if a := l.intent(wire.Intent{ID: "c0", Kind: wire.IntentClear, Staff: "s1", Stays: []locker.StayID{"one", "none"}}); a.Reason != locker.CodeStayUnknown {
		t.Errorf("one that is not there: %+v", a)
	}
	a := l.intent(wire.Intent{ID: "c1", Kind: wire.IntentClear, Staff: "s1", Stays: []locker.StayID{"one", "two"}, Reason: "returned", Note: "refused"})
	if got := l.facts("parcel_removed"); !a.Done || len(got) != 2 {
		t.Errorf("%+v, %d removed", a, len(got))
	}
}

func TestMachine_HandOverKeepsWhoAndHow(t *testing.T) {
	t.Parallel()
	l := newLab(t, 4)
	l.intent(wire.Intent{ID: "d1", Kind: wire.IntentDeposit, Place: "desk", Staff: "s1", Recipient: dora, Size: locker.SizeS, Stay: "one"})
	a := l.intent(wire.Intent{
		ID: "h1", Kind: wire.IntentHandOver, Staff: "s1", Stays: []locker.StayID{"one"}, To: "Max", Taker: "household",
		Signature: "100 40;1,2 3,4",
	})
	f, _ := l.facts("parcel_collected")[0].(locker.ParcelCollected)
	if !a.Done || f.Taker != "household" || f.Signature == "" || f.Signature == f.To {
		t.Errorf("%+v: %+v", a, f)
	}
}

func TestMachine_ClosesABank(t *testing.T) {
	t.Parallel()
	l := newLab(t, 4)
	if a := l.intent(wire.Intent{ID: "b0", Kind: wire.IntentSetService, Bank: "nowhere", Out: true, Staff: "s1"}); a.Reason != locker.CodePlaceUnknown {
		t.Errorf("no such bank: %+v", a)
	}
	if turn, err := l.enter(l.code("staff:s1", 1)); err != nil || turn.Role != controller.RoleStaff {
		t.Fatalf("staff sign in: %s, %v", turn.Role, err)
	}
	l.must(controller.SetBankService{Out: true, Reason: "floor is wet"})
	doors := 0
	for _, id := range l.m.State().Directory.PlaceIDs() {
		if p, _ := l.m.State().Directory.Place(id); p.Bank == "main" && p.Kind == locker.PlaceCompartment {
			doors++
			if !l.m.State().Matter.PlaceState(id).Out {
				t.Errorf("%s is still in service", id)
			}
		}
	}
	if got := len(l.facts("service_changed")); got != doors || doors == 0 {
		t.Errorf("%d facts for %d doors", got, doors)
	}
	a := l.intent(wire.Intent{ID: "b1", Kind: wire.IntentSetService, Bank: "main", Staff: "s1"})
	if !a.Done || len(l.facts("service_changed")) != 2*doors {
		t.Errorf("back in service: %+v, %d facts", a, len(l.facts("service_changed")))
	}
}
