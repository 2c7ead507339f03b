package controller_test

import (
	"testing"
	"time"

	"cubby/internal/controller"
	"cubby/internal/credential"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// change brings one change of the directory, as the link does.
func (l *lab) change(c wire.Change, err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
	c.Rev = uint64(len(l.dir) + 1)
	l.dir = append(l.dir, c)
	l.step(controller.DirectoryChanged{Changes: []wire.Change{c}, Rev: c.Rev})
}

func (l *lab) generation(id locker.StayID) uint32 { return l.m.State().Matter.Stays[id].Generation }

func TestMachine_ReassignedCodeIsWorthNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t, 8)
	l.signIn()
	stay, place := l.drop("103", locker.SizeS) // dora's
	_, theirs := l.drop("4B", locker.SizeS)
	l.must(controller.Finish{})
	old := l.code("stay:"+string(stay), 1)
	pulses := len(l.sent)
	l.change(wire.EncodeOrder(locker.Order{Stay: stay, Recipient: cleo, Unit: "u4b"}))
	for _, in := range []controller.Input{
		old,
		{Code: l.credential("stay:"+string(stay), 1).Token()},
		{Code: "402" + l.credential("stay:"+string(stay), 1).Digits()},
	} {
		if turn, err := l.enter(in); err == nil {
			t.Fatalf("the code of whom it was before shows %s", turn.Step)
		}
	}
	if len(l.sent) != pulses {
		t.Fatal("a door opened for whom the parcel was before")
	}
	if got := l.generation(stay); got != 2 {
		t.Fatalf("generation %d, want 2", got)
	}
	turn, err := l.enter(l.code("stay:"+string(stay), 2))
	if err != nil || turn.Door == nil || turn.Door.Place != place {
		t.Fatalf("the new code: %+v, %v", turn.Door, err)
	}
	l.shut()
	if turn = l.turn(); turn.Remaining != 1 {
		t.Errorf("%d doors left, want %s", turn.Remaining, theirs)
	}
}

func TestMachine_ReassignEndsTheTurnUnderWay(t *testing.T) {
	t.Parallel()
	l := newLab(t, 8)
	l.signIn()
	stay, _ := l.drop("103", locker.SizeS)
	l.drop("103", locker.SizeM)
	l.drop("4B", locker.SizeS)
	l.must(controller.Finish{})
	if _, err := l.enter(l.code("stay:"+string(stay), 1)); err != nil {
		t.Fatal(err)
	}
	l.must(controller.ReportProblem{Problem: locker.ProblemTooHigh})
	l.shut()
	pulses := len(l.sent)
	l.change(wire.EncodeOrder(locker.Order{Stay: stay, Recipient: cleo, Unit: "u4b"}))
	for _, act := range []controller.Act{controller.OpenNext{}, controller.OpenAgain{}} {
		if _, err := l.act(act); err == nil {
			t.Errorf("%T works in the turn of whom the parcel was before", act)
		}
	}
	if len(l.sent) != pulses {
		t.Error("a door opened for whom the parcel was before")
	}
}

func TestMachine_ReassignSurvivesAPowerCutBeforeItIsRecorded(t *testing.T) {
	t.Parallel()
	l := newLab(t, 8)
	l.signIn()
	stay, _ := l.drop("103", locker.SizeS)
	l.must(controller.Finish{})
	order, err := wire.EncodeOrder(locker.Order{Stay: stay, Recipient: cleo, Unit: "u4b"})
	if err != nil {
		t.Fatal(err)
	}
	order.Rev = uint64(len(l.dir) + 1)
	l.dir = append(l.dir, order) // in the replica, and then the power went
	l.restart()
	if _, err := l.enter(l.code("stay:"+string(stay), 1)); err == nil {
		t.Error("the code of whom it was before opens")
	}
	if got := l.generation(stay); got != 2 {
		t.Errorf("generation %d, want 2", got)
	}
	l.restart()
	if got := l.generation(stay); got != 2 {
		t.Errorf("after another start generation %d, want 2", got)
	}
}

func TestMachine_UnknownParcelKeepsItsCodeForItsFirstRecipient(t *testing.T) {
	t.Parallel()
	l := newLab(t, 8)
	l.intent(wire.Intent{
		ID: "i1", Kind: wire.IntentDeposit, Place: "desk", Staff: "s1", Stay: "s", Parcel: "p", Expires: noon * 2,
	})
	l.change(wire.EncodeOrder(locker.Order{Stay: "s", Recipient: dora, Unit: "u103"}))
	if got := l.generation("s"); got != 1 {
		t.Errorf("generation %d: nobody had the code, so nobody needs another", got)
	}
	l.change(wire.EncodeOrder(locker.Order{Stay: "s", Recipient: cleo, Unit: "u4b"}))
	if got := l.generation("s"); got != 2 {
		t.Errorf("generation %d, want 2: dora had the code", got)
	}
}

func TestMachine_RevokedAccessEndsItsTurn(t *testing.T) {
	t.Parallel()
	l := newLab(t, 8)
	l.signIn()
	l.drop("103", locker.SizeS)
	l.change(wire.EncodeCourier(locker.Courier{
		ID: "c1", Carrier: "ups", Key: locker.KeyID(keyOf(t, "codes").ID()), Generation: 1, Revoked: true,
	}))
	if turn := l.turn(); turn.Role != controller.RoleNone {
		t.Errorf("the courier's turn goes on at %s", turn.Step)
	}
	if _, err := l.enter(l.code("staff:s1", 1)); err != nil {
		t.Fatal(err)
	}
	l.change(wire.EncodeStaff(locker.Staff{
		ID: "s1", Name: "Sam", Key: locker.KeyID(keyOf(t, "codes").ID()), Generation: 1, Revoked: true,
	}))
	if turn := l.turn(); turn.Role != controller.RoleNone {
		t.Errorf("the turn of the staff goes on at %s", turn.Step)
	}
}

func TestMachine_ReissueEndsTheTurnOfTheOldCode(t *testing.T) {
	t.Parallel()
	l := newLab(t, 8)
	l.signIn()
	stay, _ := l.drop("103", locker.SizeS)
	l.drop("103", locker.SizeM)
	l.must(controller.Finish{})
	if _, err := l.enter(l.code("stay:"+string(stay), 1)); err != nil {
		t.Fatal(err)
	}
	l.must(controller.ReportProblem{Problem: locker.ProblemTooHigh})
	l.shut()
	l.intent(wire.Intent{ID: "i1", Kind: wire.IntentReissue, Stay: stay, Staff: "s1", Expires: noon * 2})
	if turn := l.turn(); turn.Role != controller.RoleNone {
		t.Errorf("the turn of the old code goes on at %s", turn.Step)
	}
}

func TestMachine_PhoneOfWhomItWasBefore(t *testing.T) {
	t.Parallel()
	l := newLab(t, 8)
	l.signIn()
	stay, place := l.drop("103", locker.SizeS)
	l.must(controller.Finish{})
	l.change(wire.EncodeOrder(locker.Order{Stay: stay, Recipient: cleo, Unit: "u4b"}))
	proof := credential.NewProof(keyOf(t, "proofs"), "main", l.m.At().Time())
	answer := l.intent(wire.Intent{
		ID: "i1", Kind: wire.IntentOpenStay, Stay: stay, Place: place, Proof: proof.Symbols, Recipient: dora,
		Expires: noon * 2,
	})
	if answer.Done || answer.Reason != locker.CodeStayRevoked {
		t.Errorf("answer %+v", answer)
	}
}

// TestMachine_LockOutsAreOnRecord: somebody must look at them, so the record says when one begins.
func TestMachine_LockOutsAreOnRecord(t *testing.T) {
	t.Parallel()
	l := newLab(t, 8)
	l.signIn()
	l.drop("103", locker.SizeS)
	l.must(controller.Finish{})
	for n := uint32(100); n < 140; n++ {
		code := l.credential("stay:nobody", n)
		_, _ = l.enter(controller.Input{Code: "103" + code.Digits()}) // wrong, and then locked
		_, _ = l.enter(controller.Input{Code: code.Symbols()})
	}
	reasons := map[locker.Code]int{}
	for _, f := range l.facts("code_refused") {
		refused, _ := f.(locker.CodeRefused)
		reasons[refused.Reason]++
	}
	if reasons[locker.CodeHolderLocked] != 1 || reasons[locker.CodeCodeFlooded] != 1 {
		t.Errorf("refusals %v, want one lock-out and one flood", reasons)
	}
	wrong := reasons[locker.CodeCodeWrong]
	l.restart()
	if _, err := l.enter(controller.Input{Code: l.credential("stay:nobody", 200).Symbols()}); err == nil {
		t.Error("a wrong code opens")
	}
	if got := len(l.facts("code_refused")); got != wrong+2 {
		t.Errorf("%d refusals after a restart, want %d: the budget was refilled", got, wrong+2)
	}
}

func TestMachine_ProofOfOneBankOpensNoDoorOfAnother(t *testing.T) {
	t.Parallel()
	layout := layoutOf(8, latchOnly())
	far := layout.Banks[0]
	far.ID, far.Name = "far", "Far"
	far.Columns = []locker.Column{{Name: "B", Compartments: far.Columns[0].Compartments[4:]}}
	layout.Banks[0].Columns = []locker.Column{{Name: "A", Compartments: layout.Banks[0].Columns[0].Compartments[:4]}}
	layout.Banks = append(layout.Banks, far)
	two, err := wire.EncodeLayout(layout)
	if err != nil {
		t.Fatal(err)
	}
	l := newLab(t, 8, two)
	l.signIn()
	stay, place := l.drop("103", locker.SizeS) // at the main bank
	l.must(controller.Finish{})
	l.pass(2 * time.Second)
	pulses := len(l.sent)
	proof := credential.NewProof(keyOf(t, "proofs"), "far", l.m.At().Time()).Symbols
	for id, wish := range map[locker.IntentID]locker.PlaceID{"i1": place, "i2": ""} {
		answer := l.intent(wire.Intent{
			ID: id, Kind: wire.IntentOpenStay, Stay: stay, Place: wish, Proof: proof, Recipient: dora, Expires: noon * 2,
		})
		if answer.Done || answer.Reason != locker.CodeProofWrong {
			t.Errorf("the proof of the far bank, wish %q: %+v", wish, answer)
		}
	}
	if len(l.sent) != pulses {
		t.Error("a door opened where nobody stands")
	}
	proof = credential.NewProof(keyOf(t, "proofs"), "main", l.m.At().Time()).Symbols
	if answer := l.intent(wire.Intent{
		ID: "i3", Kind: wire.IntentOpenStay, Stay: stay, Place: place, Proof: proof, Recipient: dora, Expires: noon * 2,
	}); !answer.Done {
		t.Errorf("the proof of the door's bank: %+v", answer)
	}
}

// A right is taken back while its door stands open: whoever comes with the code, or with a pass that was
// taken back, is nobody here any more.
func TestEnter_AnOpenDoorAdmitsNobodyWhoseRightIsOver(t *testing.T) {
	t.Parallel()
	for _, pass := range []bool{false, true} {
		l := newLab(t, 8)
		l.signIn()
		stay, place := l.drop("103", locker.SizeS)
		l.must(controller.Finish{})
		code := l.code("stay:"+string(stay), 1)
		grant := locker.Grant{ID: "g1", Stay: stay, Generation: 1, Key: locker.KeyID(keyOf(t, "codes").ID())}
		if pass {
			l.change(wire.EncodeGrant(grant))
			code = l.code("grant:g1", 1)
		}
		for range 2 { // the second time they stand before their open door
			if _, err := l.enter(code); err != nil {
				t.Fatal(err)
			}
			l.pass(time.Second)
			l.must(controller.Finish{})
		}
		if l.m.State().Matter.PlaceState(place).Door != locker.DoorAjar {
			t.Fatal("the door is shut")
		}
		if pass {
			grant.Revoked = true
			l.change(wire.EncodeGrant(grant))
		} else {
			l.change(wire.EncodeOrder(locker.Order{Stay: stay, Revoked: true}))
		}
		if _, err := l.enter(code); err == nil {
			t.Errorf("admitted with a right that was taken back (by pass: %t)", pass)
		}
	}
}
