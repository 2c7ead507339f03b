package controller_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cubby/board/virtual"
	"cubby/internal/controller"
	"cubby/internal/locker"
)

func latchOnly() locker.Witness { return locker.Witness{Latch: true} }

func TestController_StoreAndCollect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(8, latchOnly()), nil)
		r.signIn()
		stay, door := r.drop("101", locker.SizeS)
		r.act(controller.Finish{})

		turn, err := r.enter(r.code("stay:"+string(stay), 1))
		if err != nil || turn.Role != controller.RoleResident {
			t.Fatalf("role %q, %v", turn.Role, err)
		}
		turn = r.await(controller.StepOpen)
		if turn.Door.Name != door || turn.Door.Column != 1 || !turn.Watched {
			t.Errorf("door %+v, want %s", turn.Door, door)
		}
		r.shut(door)
		turn = r.await(controller.StepDone)
		if !turn.CanReopen || turn.Remaining != 0 {
			t.Errorf("after the last door: %+v", turn)
		}
		r.act(controller.Finish{})
		for kind, want := range map[string]int{
			"parcel_stored": 1, "deposit_settled": 1, "parcel_collected": 1, "open_requested": 2, "door_opened": 2,
		} {
			if got := r.count(kind); got != want {
				t.Errorf("%d facts of kind %s, want %d", got, kind, want)
			}
		}
		if n := len(r.world.Pulses()); n != 2 {
			t.Errorf("%d pulses, want 2", n)
		}
		_, err = r.enter(r.code("stay:"+string(stay), 1))
		wantCode(t, err, locker.CodeCodeExpired)
		r.stop()
	})
}

func TestController_OneCodeOpensAllDoorsInTurn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(8, latchOnly()), nil)
		r.signIn()
		first, _ := r.drop("103", locker.SizeL)
		r.drop("103", locker.SizeL) // no room beside the first
		r.act(controller.Finish{})
		if _, err := r.enter(r.code("stay:"+string(first), 1)); err != nil {
			t.Fatal(err)
		}
		r.shut(r.await(controller.StepOpen).Door.Name)
		if turn := r.await(controller.StepMore); turn.Remaining != 1 {
			t.Errorf("%d doors remain, want 1", turn.Remaining)
		}
		r.act(controller.OpenNext{})
		r.shut(r.await(controller.StepOpen).Door.Name)
		r.await(controller.StepDone)
		if got := r.count("parcel_collected"); got != 2 {
			t.Errorf("%d collected, want 2", got)
		}
	})
}

func TestController_CourierNeedsBiggerAndUndoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(8, latchOnly()), nil)
		r.signIn()
		r.drop("101", locker.SizeS)
		r.act(controller.NeedBigger{})
		r.shut(r.await(controller.StepOpen).Door.Name)
		r.await(controller.StepCourierSize)
		r.act(controller.ChooseSize{Size: locker.SizeM})
		r.shut(r.await(controller.StepOpen).Door.Name)
		turn := r.await(controller.StepCourierReady)
		if turn.Last == nil || turn.Last.UndoUntil == 0 || turn.Stored != 1 {
			t.Fatalf("after the bigger door: %+v, stored %d", turn.Last, turn.Stored)
		}
		r.act(controller.UndoDeposit{})
		r.shut(r.await(controller.StepOpen).Door.Name)
		turn = r.await(controller.StepCourierReady)
		if turn.Last != nil || turn.Stored != 0 || r.count("deposit_undone") != 2 {
			t.Errorf("after undo: %+v, stored %d, undone %d", turn.Last, turn.Stored, r.count("deposit_undone"))
		}
	})
}

func TestController_UndoClosesByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(8, latchOnly()), nil)
		r.signIn()
		r.drop("101", locker.SizeS)
		time.Sleep(63 * time.Second)
		if r.count("deposit_settled") != 1 {
			t.Error("the undo has not closed after a minute")
		}
		_, err := r.c.Act(t.Context(), panelID, controller.UndoDeposit{})
		wantCode(t, err, locker.CodeUndoClosed)
	})
}

func TestController_DoorsThatMisbehave(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		behaviour virtual.Behaviour
		delay     time.Duration
		step      controller.Step
		failure   locker.Code
		pulses    int
	}{
		"stuck": {virtual.BehaviourStuck, 0, controller.StepFailed, locker.CodeDoorJammed, 3},
		"slow":  {virtual.BehaviourSlow, 2 * time.Second, controller.StepOpen, "", 1},
		"slower than one attempt": {
			virtual.BehaviourSlow, 5 * time.Second, controller.StepOpen, "", 2,
		},
		"sensor frozen": {virtual.BehaviourFrozen, 0, controller.StepFailed, locker.CodeDoorJammed, 3},
		"board dead":    {virtual.BehaviourDead, 0, controller.StepFailed, locker.CodeDoorJammed, 3},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, layoutOf(8, latchOnly()), nil)
				r.signIn()
				stay, door := r.drop("103", locker.SizeS)
				r.act(controller.Finish{})
				before := len(r.world.Pulses())
				if err := r.world.SetBehaviour(1, channelOf(t, door), tc.behaviour, tc.delay); err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				if _, err := r.enter(r.code("stay:"+string(stay), 1)); err != nil {
					t.Fatal(err)
				}
				turn := r.await(tc.step)
				if took := time.Since(began); took > 12*time.Second {
					t.Errorf("it took %s, retries end within 10 s", took)
				}
				if tc.failure != "" && (turn.Failure == nil || turn.Failure.Code != tc.failure) {
					t.Errorf("failure %+v, want %s", turn.Failure, tc.failure)
				}
				if got := len(r.world.Pulses()) - before; got != tc.pulses {
					t.Errorf("%d pulses, want %d", got, tc.pulses)
				}
			})
		})
	}
}

func TestController_SilentBoardIsNamedAndHeals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(8, latchOnly()), nil)
		r.signIn()
		stay, door := r.drop("103", locker.SizeS)
		r.act(controller.Finish{})
		if err := r.world.SetSilent(1, true); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		status, err := r.c.Status(t.Context())
		if err != nil || len(status.Boards) != 1 || status.Boards[0].State != "silent" {
			t.Fatalf("boards %+v, %v", status.Boards, err)
		}
		if _, err := r.enter(r.code("stay:"+string(stay), 1)); err != nil {
			t.Fatal(err)
		}
		turn := r.await(controller.StepFailed)
		if turn.Failure == nil || turn.Failure.Code != locker.CodeBoardSilent {
			t.Errorf("failure %+v", turn.Failure)
		}
		if err := r.world.SetSilent(1, false); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Second)
		if r.count("fault_raised") == 0 || r.count("fault_cleared") == 0 {
			t.Error("the silent board was not named, or did not heal")
		}
		r.act(controller.OpenNext{})
		r.shut(r.await(controller.StepOpen).Door.Name)
		r.await(controller.StepDone)
		_ = door
	})
}

func TestController_AjarWarnsThenRaisesAFault(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(8, latchOnly()), nil)
		r.signIn()
		stay, door := r.drop("103", locker.SizeS)
		r.act(controller.Finish{})
		if _, err := r.enter(r.code("stay:"+string(stay), 1)); err != nil {
			t.Fatal(err)
		}
		turn := r.await(controller.StepOpen)
		if turn.Ajar {
			t.Error("the door only just opened")
		}
		time.Sleep(62 * time.Second)
		if turn, _ = r.c.Turn(t.Context(), panelID); !turn.Ajar {
			t.Error("no warning after a minute")
		}
		time.Sleep(62 * time.Second)
		if r.count("fault_raised") != 1 {
			t.Error("no fault after two minutes")
		}
		r.shut(door)
		r.await(controller.StepDone)
		if r.count("fault_cleared") != 1 || r.count("parcel_collected") != 1 {
			t.Error("the fault did not clear, or the parcel was not collected")
		}
	})
}

func TestController_BankWithoutLatchAsksThePerson(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(8, locker.Witness{}), nil)
		r.signIn()
		r.act(controller.ScanParcel{Tracking: "1Z"})
		turn := r.act(controller.FindRecipient{Text: "Smi"})
		if len(turn.Matches) != 2 || turn.Matches[0].Masked != "A… SMITH" || turn.Matches[0].Unit != "101" {
			t.Fatalf("matches %+v", turn.Matches)
		}
		r.act(controller.ChooseRecipient{Ref: turn.Matches[0].Ref})
		r.act(controller.ChooseSize{Size: locker.SizeS})
		r.await(controller.StepAskStored)
		turn = r.act(controller.AnswerStored{Stored: true})
		if turn.Step != controller.StepCourierReady || turn.Stored != 1 {
			t.Fatalf("step %s, stored %d", turn.Step, turn.Stored)
		}
		stay := r.stays()[0]
		r.act(controller.Finish{})
		if _, err := r.enter(r.code("stay:"+string(stay), 1)); err != nil {
			t.Fatal(err)
		}
		r.await(controller.StepAskTaken)
		if turn = r.act(controller.AnswerTaken{Taken: true}); turn.Step != controller.StepDone {
			t.Errorf("step %s, want done", turn.Step)
		}
		if r.count("parcel_collected") != 1 {
			t.Error("not collected")
		}
	})
}

func TestController_UnexpectedOpening(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(8, latchOnly()), nil)
		if err := r.world.Force(1, 3); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		if r.count("place_doubted") != 1 || r.count("open_requested") != 0 {
			t.Errorf("doubted %d, requested %d", r.count("place_doubted"), r.count("open_requested"))
		}
	})
}

// TestController_PulsesOfABankKeepTheirDistance lets two people type their codes at the same moment at
// two panels of one bank: both doors open, one second apart.
func TestController_PulsesOfABankKeepTheirDistance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(8, latchOnly()), nil)
		r.signIn()
		first, _ := r.drop("103", locker.SizeS)
		second, _ := r.drop("101", locker.SizeS)
		r.act(controller.Finish{})
		before := len(r.world.Pulses())
		var both sync.WaitGroup
		for panel, stay := range map[controller.PanelID]locker.StayID{"left": first, "right": second} {
			both.Go(func() {
				code := r.code("stay:"+string(stay), 1)
				if _, err := r.c.Enter(t.Context(), panel, controller.Input{Code: code}); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		time.Sleep(3 * time.Second)
		pulses := r.world.Pulses()[before:]
		if len(pulses) != 2 {
			t.Fatalf("%d pulses, want 2", len(pulses))
		}
		if gap := pulses[1].At.Sub(pulses[0].At); gap < time.Second || gap > 1500*time.Millisecond {
			t.Errorf("the pulses are %s apart", gap)
		}
	})
}
