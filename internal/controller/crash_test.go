package controller_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"cubby/internal/controller"
	"cubby/internal/journal"
	"cubby/internal/locker"
)

var errPower = errors.New("power cut")

// cutJournal cuts the power at one append: before it is durable, or right after, before any effect.
type cutJournal struct {
	controller.Journal
	left  int // appends until the cut
	after bool
}

func (j *cutJournal) Append(ctx context.Context, expect uint64, entries []journal.Entry) error {
	j.left--
	if j.left == 0 && !j.after {
		return errPower
	}
	if err := j.Journal.Append(ctx, expect, entries); err != nil {
		return err
	}
	if j.left == 0 {
		return errPower
	}
	return nil
}

// script is one parcel from the courier to its recipient. It ends at the first error.
func script(r *rig) (acked []locker.StayID, err error) {
	act := func(a controller.Act) controller.Turn {
		if err != nil {
			return controller.Turn{}
		}
		var turn controller.Turn
		turn, err = r.c.Act(r.t.Context(), panelID, a)
		return turn
	}
	await := func(step controller.Step) controller.Turn {
		turn := controller.Turn{}
		if err == nil {
			turn, err = r.c.Turn(r.t.Context(), panelID)
		}
		ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
		defer cancel()
		for err == nil && turn.Step != step {
			turn, err = r.c.Watch(ctx, panelID, turn.Version)
		}
		return turn
	}
	if _, err = r.enter(r.code("courier:c1", 1)); err != nil {
		return nil, err
	}
	act(controller.ScanParcel{Tracking: "1Z"})
	turn := act(controller.FindRecipient{Text: "103"})
	if err != nil {
		return nil, err
	}
	act(controller.ChooseRecipient{Ref: turn.Matches[0].Ref})
	act(controller.ChooseSize{Size: locker.SizeS})
	turn = await(controller.StepOpen)
	if err != nil {
		return nil, err
	}
	r.shut(turn.Door.Name)
	turn = await(controller.StepCourierReady)
	if err != nil || turn.Last == nil || !turn.Last.Stored {
		return nil, fmt.Errorf("not stored: %w", err)
	}
	acked = append(acked, r.stays()[0])
	act(controller.Finish{})
	if err == nil {
		_, err = r.enter(r.code("stay:"+string(acked[0]), 1))
	}
	turn = await(controller.StepOpen)
	if err != nil {
		return acked, err
	}
	r.shut(turn.Door.Name)
	await(controller.StepDone)
	return acked, err
}

// TestController_PowerCutAtEveryAppend cuts the power at each append in turn, before and after it is
// durable, and starts again over the same record and the same doors.
func TestController_PowerCutAtEveryAppend(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		for cut := 3; cut <= 12; cut++ { // 1 and 2 are the epoch and the start
			t.Run(fmt.Sprintf("append %d, durable %t", cut, after), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { cutAt(t, cut, after) })
			})
		}
	}
}

func cutAt(t *testing.T, cut int, after bool) {
	t.Helper()
	first := true
	r := newRig(t, layoutOf(8, latchOnly()), func(o *controller.Options) {
		if first {
			o.Journal = &cutJournal{Journal: o.Journal, left: cut, after: after}
		}
		first = false
	})
	acked, err := script(r)
	if runErr := r.halt(); err != nil && !errors.Is(runErr, errPower) {
		t.Fatalf("the script ended with %v, the run with %v", err, runErr)
	}
	pulses := len(r.world.Pulses())
	r.start()
	time.Sleep(2 * time.Second)
	if n := len(r.world.Pulses()); n != pulses {
		t.Errorf("%d pulses after the restart, %d before: it pulsed by itself", n, pulses)
	}
	requested := map[locker.RequestID]bool{}
	stored, ended := map[locker.StayID]bool{}, map[locker.StayID]bool{}
	for _, f := range r.facts() {
		switch f := f.(type) {
		case locker.OpenRequested:
			if requested[f.Request] {
				t.Errorf("request %s stands twice in the record", f.Request)
			}
			requested[f.Request] = true
		case locker.ParcelStored:
			stored[f.Stay] = true
		case locker.ParcelCollected:
			ended[f.Stay] = true
		}
	}
	if pulses > len(requested) {
		t.Errorf("%d pulses, only %d requests on record", pulses, len(requested))
	}
	for _, stay := range acked {
		if !stored[stay] {
			t.Errorf("stay %s was acknowledged and is not on record", stay)
		}
	}
	for stay := range stored {
		if ended[stay] {
			continue
		}
		// Its door may stand open from before the cut: people shut it, then the code still works.
		for ch := range 8 {
			_ = r.world.Close(1, channelOf(t, fmt.Sprintf("A%02d", ch+1)))
		}
		time.Sleep(2 * time.Second)
		if _, err := r.enter(r.code("stay:"+string(stay), 1)); err != nil {
			t.Errorf("stay %s is stored and its code says %v", stay, err)
			continue
		}
		r.shut(r.await(controller.StepOpen).Door.Name)
		r.await(controller.StepDone)
	}
	r.stop()
}

func TestController_RestartRestoresBudgetsAndSnapshot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		snapshotAt := 1000
		r := newRig(t, layoutOf(8, latchOnly()), func(o *controller.Options) { o.SnapshotAt = snapshotAt })
		wrong := r.code("stay:nobody", 1)
		for i := range 20 {
			if i == 10 { // half from a snapshot, half from the record after it
				snapshotAt = 1
			}
			_, err := r.enter(wrong)
			wantCode(t, err, locker.CodeCodeWrong)
			if i%4 == 3 {
				time.Sleep(2 * time.Second) // a quiet moment, for the snapshot
				r.stop()
				r.start()
			}
		}
		_, err := r.enter(wrong)
		wantCode(t, err, locker.CodeCodeFlooded)
		_, err = r.c.Enter(t.Context(), panelID, controller.Input{Code: wrong, Unit: "103"})
		wantCode(t, err, locker.CodeCodeWrong)
		if got := r.count("code_refused"); got != 22 {
			t.Errorf("%d refused codes on record, want 21 and the flood: flooded ones are not tried", got)
		}
	})
}

func TestController_DiskFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(8, latchOnly()), nil)
		r.signIn()
		stay, door := r.drop("103", locker.SizeS)
		pulses := len(r.world.Pulses())
		r.memory.SetFault(func(c journal.Change) error {
			if c.Append != nil {
				return journal.ErrFull
			}
			return nil
		})
		_, err := r.enter(r.code("stay:"+string(stay), 1))
		wantCode(t, err, locker.CodeDiskFull)
		_, err = r.enter(r.code("stay:nobody", 1))
		wantCode(t, err, locker.CodeDiskFull)
		time.Sleep(2 * time.Second)
		if n := len(r.world.Pulses()); n != pulses {
			t.Error("a door was pulsed although nothing could be recorded")
		}
		r.memory.SetFault(nil)
		if _, err = r.enter(r.code("stay:"+string(stay), 1)); err != nil {
			t.Fatalf("with room again: %v", err)
		}
		r.await(controller.StepOpen)
		r.shut(door)
		r.await(controller.StepDone)
		r.stop()
	})
}

func TestController_IOErrorEndsTheRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(8, latchOnly()), nil)
		r.memory.SetFault(func(journal.Change) error { return errPower })
		_, err := r.enter(r.code("courier:c1", 1))
		if !errors.Is(err, controller.ErrStopped) {
			t.Errorf("error %v, want that the controller stopped", err)
		}
		if err := r.halt(); !errors.Is(err, errPower) {
			t.Errorf("run ended with %v", err)
		}
	})
}

// night is a day less two minutes, with the power off on all but one.
func (r *rig) night(day int) {
	r.t.Helper()
	if day == 4 {
		time.Sleep(24*time.Hour - 2*time.Minute)
		return
	}
	r.stop()
	time.Sleep(24*time.Hour - 2*time.Minute)
	r.start()
}

// TestController_WeekOffline stores and collects every day without ever seeing a server.
func TestController_WeekOffline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(8, latchOnly()), func(o *controller.Options) {
			o.Online = func() bool { return false }
			o.IdlePoll = time.Minute // nine days of looking at shut doors are long enough
		})
		for day := range 9 {
			r.signIn()
			stay, _ := r.drop("103", locker.SizeS)
			r.act(controller.Finish{})
			r.night(day)
			if _, err := r.enter(r.code("stay:"+string(stay), 1)); err != nil {
				t.Fatalf("day %d: %v", day, err)
			}
			r.shut(r.await(controller.StepOpen).Door.Name)
			r.await(controller.StepDone)
			r.act(controller.Finish{})
		}
		if got := r.count("parcel_collected"); got != 9 {
			t.Errorf("%d collected, want 9", got)
		}
		home, err := r.c.Home(t.Context(), panelID)
		if err != nil || home.Online || home.Proof.Symbols == "" || !home.Ready {
			t.Errorf("home %+v, %v", home, err)
		}
		pending, err := r.c.Pending(t.Context(), r.operations()[3].Position(), 5)
		if err != nil || len(pending) != 5 || pending[0].Position != r.operations()[4].Position() {
			t.Errorf("pending %+v, %v", pending, err)
		}
	})
}
