package controller_test

import (
	"testing"

	"cubby/internal/controller"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// A phone is lost: the directory alone ends its code, and the site makes another without a word from
// anybody.
func TestMachine_LostCodeIsWorthNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t, 8)
	l.signIn()
	stay, place := l.drop("103", locker.SizeS)
	l.must(controller.Finish{})
	l.change(wire.EncodeOrder(locker.Order{Stay: stay, Lost: 1}))
	if turn, err := l.enter(l.code("stay:"+string(stay), 1)); err == nil {
		t.Fatalf("the lost code shows %s", turn.Step)
	}
	if got := l.generation(stay); got != 2 {
		t.Fatalf("generation %d, want 2", got)
	}
	l.change(wire.EncodeOrder(locker.Order{Stay: stay, Lost: 1})) // told again: nothing more is over
	l.restart()
	if got := l.generation(stay); got != 2 {
		t.Fatalf("generation %d after a start, want 2", got)
	}
	turn, err := l.enter(l.code("stay:"+string(stay), 2))
	if err != nil || turn.Door == nil || turn.Door.Place != place {
		t.Fatalf("the new code: %+v, %v", turn.Door, err)
	}
	l.change(wire.EncodeOrder(locker.Order{Stay: stay, Lost: 2}))
	if l.turn().Step != controller.StepHome {
		t.Errorf("whoever came with the lost code is still at %s", l.turn().Step)
	}
}

// What a holder says from afar becomes a fact, for the holder only, and opens nothing.
func TestMachine_ReportFromAfar(t *testing.T) {
	t.Parallel()
	l := newLab(t, 8)
	l.signIn()
	stay, place := l.drop("103", locker.SizeS)
	l.must(controller.Finish{})
	pulses := len(l.sent)
	in := wire.Intent{ID: "r1", Kind: wire.IntentReport, Stay: stay, Problem: locker.ProblemDamaged, Recipient: cleo, Expires: noon * 2}
	if a := l.intent(in); a.Done || a.Reason != locker.CodeStayRevoked {
		t.Errorf("somebody else's report: %+v", a)
	}
	in.ID, in.Recipient, in.Problem = "r2", dora, "bored"
	if a := l.intent(in); a.Done || a.Reason != locker.CodeInputInvalid {
		t.Errorf("no problem: %+v", a)
	}
	in.ID, in.Problem = "r3", locker.ProblemDamaged
	if a := l.intent(in); !a.Done {
		t.Errorf("the report: %+v", a)
	}
	facts := l.facts("problem_reported")
	want := locker.ProblemReported{
		Stay: stay, Place: place, Problem: locker.ProblemDamaged, By: locker.Actor{Kind: locker.ActorRecipient, ID: string(dora)},
	}
	if len(facts) != 1 || facts[0] != want || len(l.sent) != pulses {
		t.Errorf("facts %+v, %d pulses", facts, len(l.sent)-pulses)
	}
}
