package commission_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"cubby/board"
	"cubby/internal/commission"
	"cubby/internal/controller"
	"cubby/internal/locker"
)

// fakeSite is a controller with a rig behind it.
type fakeSite struct {
	rig    *rig
	layout locker.Layout
	full   locker.PlaceID
	last   controller.Test
	open   map[locker.Output]bool
	shut   []locker.RequestID
	ended  []locker.SessionID
}

func (f *fakeSite) TestDoor(_ context.Context, s locker.SessionID, place locker.PlaceID, confirm bool) (locker.RequestID, error) {
	if s != "s1" {
		return "", locker.Errorf(locker.CodeSessionEnded, "session %s is over", s)
	}
	if place == f.full && !confirm {
		return "", locker.Errorf(locker.CodePlaceTaken, "a parcel lies in it")
	}
	for _, p := range f.layout.Places() {
		if p.ID != place {
			continue
		}
		sight, opened := f.rig.pulse(p.Compartment.Output)
		f.last = controller.Test{Opened: len(opened) > 0, Failed: len(opened) == 0, Reason: "jammed"}
		for _, m := range sight.Moves {
			f.open[m.Output] = true
		}
	}
	return "r-" + locker.RequestID(place), nil
}

func (f *fakeSite) Tested(context.Context, locker.RequestID) (controller.Test, error) {
	return f.last, nil
}

func (f *fakeSite) ShutTested(_ context.Context, _ locker.SessionID, r locker.RequestID) error {
	f.shut = append(f.shut, r)
	return nil
}

func (f *fakeSite) EndCommission(_ context.Context, s locker.SessionID) error {
	f.ended = append(f.ended, s)
	return nil
}

func (f *fakeSite) Cabinet(context.Context) (controller.Cabinet, error) {
	c := controller.Cabinet{Layout: f.layout}
	for _, b := range f.rig.boards {
		s := controller.BoardSight{
			Ref: controller.BoardRef{Bus: b.Bus, Board: board.Address(b.Address)}, Answers: true,
			Info: board.Info{Family: b.Family, Channels: b.Channels, Latch: b.Sees},
		}
		for ch := 1; ch <= b.Channels; ch++ {
			door := locker.DoorShut
			if f.open[out(int(b.Address), ch)] {
				door = locker.DoorAjar
			}
			s.Channels = append(s.Channels, door)
		}
		c.Boards = append(c.Boards, s)
	}
	return c, nil
}

// A walk through the running controller opens the doors of its layout and no other output, asks before
// it opens a full one, and finds what is crossed.
func TestEnrolled_WalksTheLayout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		boards := seeing(1, 6)
		l := planned(t, []int{4}, boards)
		f := &fakeSite{rig: newRig(boards, l), layout: l, full: "main/A04", open: map[locker.Output]bool{}}
		f.rig.swap(out(1, 1), out(1, 2), true)
		f.rig.lock[out(1, 3)] = nil
		e, err := commission.NewEnrolled(commission.EnrolledOptions{Site: f, Session: "s1", Now: time.Now})
		must(t, err)
		s, err := commission.NewSession(commission.SessionOptions{Opener: e, Now: time.Now, Only: true})
		must(t, err)
		must(t, s.Begin(t.Context(), &l))
		asked := 0
		for {
			step, _, err := s.Step()
			must(t, err)
			if step.Kind == commission.StepDone {
				break
			}
			switch step.Kind {
			case commission.StepOpen:
				must(t, s.Open(t.Context()))
			case commission.StepConfirm:
				asked++
				must(t, s.Answer(t.Context(), commission.Answer{Kind: commission.AnswerConfirm}))
			case commission.StepAsk:
				clear(f.open) // the person shuts the door
				must(t, s.Answer(t.Context(), says(step, f.rig.lock[step.Output])))
			case commission.StepDone:
			}
		}
		must(t, s.View(func(w *commission.Walk) {
			if got := told(w.Findings()); len(got) != 2 || got[0] != "crossed_doors [A01 A02]" || got[1] != "stuck [A03]" {
				t.Errorf("found %q", got)
			}
			if n := len(w.Records()); n != 4 || asked != 1 {
				t.Errorf("%d outputs were opened, asked %d times before a full door", n, asked)
			}
		}))
		if err := s.Close(t.Context()); err != nil || len(f.ended) != 1 || len(f.shut) != 4 {
			t.Errorf("%v, sessions ended: %v, requests ended: %v", err, f.ended, f.shut)
		}
	})
}

// A session that ended by itself is said as such, and the step stands.
func TestSession_KeepsTheStepWhenNothingOpened(t *testing.T) {
	t.Parallel()
	boards := seeing(1, 2)
	l := planned(t, []int{2}, boards)
	f := &fakeSite{rig: newRig(boards, l), layout: l, open: map[locker.Output]bool{}}
	e, err := commission.NewEnrolled(commission.EnrolledOptions{Site: f, Session: "over", Now: time.Now})
	must(t, err)
	var kept []byte
	s, err := commission.NewSession(commission.SessionOptions{
		Opener: e, Now: time.Now, Keep: func(data []byte) error { kept = data; return nil },
	})
	must(t, err)
	if err := s.Open(t.Context()); !errors.Is(err, commission.ErrNoWalk) {
		t.Errorf("before a walk: %v", err)
	}
	must(t, s.Begin(t.Context(), &l))
	var rule *locker.Error
	if err := s.Open(t.Context()); !errors.As(err, &rule) || rule.Code != locker.CodeSessionEnded {
		t.Errorf("got %v, want SESSION_ENDED", err)
	}
	step, busy, err := s.Step()
	must(t, err)
	if busy || step.Kind != commission.StepOpen || step.Door != "A01" || step.Done != 0 {
		t.Errorf("the step is %+v, busy %t: want A01 again", step, busy)
	}
	w, err := commission.Restore(kept)
	must(t, err)
	if w.Next().Door != "A01" {
		t.Error("the walk was not kept")
	}
}
