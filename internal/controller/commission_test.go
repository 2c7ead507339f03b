package controller_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cubby/board/virtual"
	"cubby/internal/controller"
	"cubby/internal/locker"
)

// codeOfRule returns the code of an error of the rules.
func codeOfRule(err error) locker.Code {
	var rule *locker.Error
	if errors.As(err, &rule) {
		return rule.Code
	}
	return ""
}

// testDoor opens a door under test and waits for what comes of it.
func (r *rig) testDoor(session locker.SessionID, place locker.PlaceID, confirm bool) (controller.Test, error) {
	r.t.Helper()
	request, err := r.c.TestDoor(r.t.Context(), session, place, confirm)
	if err != nil {
		return controller.Test{}, err
	}
	for range 200 {
		time.Sleep(100 * time.Millisecond)
		test, err := r.c.Tested(r.t.Context(), request)
		if err != nil || test.Opened || test.Failed {
			return test, err
		}
	}
	r.t.Fatal("nothing came of the opening")
	return controller.Test{}, nil
}

func (r *rig) commission() locker.SessionID {
	r.t.Helper()
	session, err := r.c.Commission(r.t.Context(), "installer-7")
	if err != nil {
		r.t.Fatal(err)
	}
	return session
}

// A place with a parcel in it stays shut until somebody says that it shall open, and the record says
// what lay there. Others open at once, more of them than a remote message could.
func TestCommission_OpensDoorsAndSparesParcels(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(10, latchOnly()), nil)
		defer r.stop()
		r.signIn()
		stay, name := r.drop("101", locker.SizeS)
		r.act(controller.Finish{})
		full := locker.PlaceID("main/" + name)
		session := r.commission()
		if _, err := r.testDoor(session, full, false); codeOfRule(err) != locker.CodePlaceTaken {
			t.Fatalf("a door with a parcel in it: %v", err)
		}
		opened := 0
		for _, p := range layoutOf(10, latchOnly()).Places() {
			if p.Kind != locker.PlaceCompartment || p.ID == full {
				continue
			}
			test, err := r.testDoor(session, p.ID, false)
			if err != nil || !test.Opened {
				t.Fatalf("door %s: %+v, %v", p.Name, test, err)
			}
			opened++
		}
		if opened != 9 {
			t.Errorf("%d doors opened, want 9: the limit on remote openings does not bind who stands there", opened)
		}
		test, err := r.testDoor(session, full, true)
		if err != nil || !test.Opened {
			t.Fatalf("confirmed: %+v, %v", test, err)
		}
		r.shut(name)
		time.Sleep(2 * time.Second)
		i := slices.IndexFunc(r.facts(), func(f locker.Fact) bool {
			o, ok := f.(locker.OpenRequested)
			return ok && o.Place == full && o.Session == session
		})
		if i < 0 || !slices.Equal(r.facts()[i].(locker.OpenRequested).Stays, []locker.StayID{stay}) {
			t.Error("the record does not name what lay behind the door")
		}
		if r.count("parcel_collected") != 0 || r.count("parcel_removed") != 0 {
			t.Error("a test of the door moved the parcel on")
		}
	})
}

// While doors are tested no courier gets one; afterwards, and after a restart, they do.
func TestCommission_KeepsCouriersOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(4, latchOnly()), nil)
		session := r.commission()
		if _, err := r.c.Commission(t.Context(), "installer-8"); codeOfRule(err) != locker.CodeConflict {
			t.Errorf("a second session: %v", err)
		}
		if free := r.free(); free != 0 {
			t.Errorf("couriers are offered %d doors under test", free)
		}
		if err := r.c.EndCommission(t.Context(), session); err != nil {
			t.Fatal(err)
		}
		if free := r.free(); free != 4 {
			t.Errorf("after the test %d doors are free, want 4", free)
		}
		if _, err := r.testDoor(session, "main/A01", false); codeOfRule(err) != locker.CodeSessionEnded {
			t.Errorf("a door opened after the session: %v", err)
		}
		r.commission()
		r.stop()
		r.start() // the power went while somebody tested
		defer r.stop()
		time.Sleep(3 * time.Second)
		if free := r.free(); free != 4 {
			t.Errorf("after a restart %d doors are free, want 4", free)
		}
		r.commission()
		time.Sleep(21 * time.Minute)
		if free := r.free(); free != 4 {
			t.Errorf("after 21 idle minutes %d doors are free, want 4", free)
		}
	})
}

// free counts the doors that a courier is offered.
func (r *rig) free() int {
	r.t.Helper()
	r.signIn()
	r.act(controller.ScanParcel{Tracking: "1Z999"})
	turn := r.act(controller.FindRecipient{Text: "101"})
	turn = r.act(controller.ChooseRecipient{Ref: turn.Matches[0].Ref})
	n := 0
	for _, s := range turn.Sizes {
		n += s.Free
	}
	r.act(controller.Finish{})
	return n
}

// A lock that does not open says so, after the retries of the rules, and boards that are there show
// what their sensors say.
func TestCommission_SaysWhatFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(4, latchOnly()), nil)
		defer r.stop()
		if err := r.world.SetBehaviour(1, 2, virtual.BehaviourStuck, 0); err != nil {
			t.Fatal(err)
		}
		session := r.commission()
		test, err := r.testDoor(session, "main/A02", false)
		if err != nil || test.Opened || !test.Failed || !strings.Contains("not_opened jammed", test.Reason) {
			t.Errorf("a stuck lock: %+v, %v", test, err)
		}
		cabinet, err := r.c.Cabinet(t.Context())
		if err != nil || len(cabinet.Boards) != 1 || !cabinet.Boards[0].Answers || len(cabinet.Boards[0].Channels) != 24 ||
			cabinet.Boards[0].Info.Family == "" {
			t.Errorf("the cabinet is %+v, %v", cabinet, err)
		}
	})
}
