package controller_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"cubby/board/virtual"
	"cubby/internal/controller"
	"cubby/internal/locker"
)

// A crowbar: the door opens without a request. The record says so within two polls, long before the
// two seconds that are promised after the next one.
func TestHealth_DoorThatNobodyAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(8, latchOnly()), nil)
		defer r.stop()
		if err := r.world.Force(1, 5); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second + 2*time.Second) // the next idle poll, and the promise
		i := slices.IndexFunc(r.facts(), func(f locker.Fact) bool {
			d, ok := f.(locker.PlaceDoubted)
			return ok && d.Place == "main/A05" && d.Reason == "unasked_open"
		})
		if i < 0 {
			t.Error("a door that nobody asked for is not on record after 3 s")
		}
	})
}

// A lock that fails three times is out: with a fault on record, and couriers are led elsewhere.
func TestHealth_BrokenLockIsAvoided(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(8, latchOnly()), nil)
		defer r.stop()
		r.signIn()
		r.act(controller.ScanParcel{Tracking: "1Z999"})
		turn := r.act(controller.FindRecipient{Text: "103"})
		r.act(controller.ChooseRecipient{Ref: turn.Matches[0].Ref})
		for ch := range 8 { // whichever door is chosen first, it is stuck
			if err := r.world.SetBehaviour(1, channelOf(t, "A0"+string(rune('1'+ch))), virtual.BehaviourStuck, 0); err != nil {
				t.Fatal(err)
			}
		}
		r.act(controller.ChooseSize{Size: locker.SizeS})
		time.Sleep(time.Minute)
		var broken []locker.PlaceID
		for _, f := range r.facts() {
			if raised, ok := f.(locker.FaultRaised); ok && raised.Fault == locker.FaultLock {
				broken = append(broken, raised.Place)
			}
		}
		if len(broken) == 0 {
			t.Fatal("a lock that failed three times is not on record as broken")
		}
		for ch := range 8 {
			if err := r.world.SetBehaviour(1, channelOf(t, "A0"+string(rune('1'+ch))), virtual.BehaviourNormal, 0); err != nil {
				t.Fatal(err)
			}
		}
		before := len(r.world.Pulses())
		r.act(controller.Finish{}) // the courier begins anew
		r.signIn()
		_, door := r.drop("103", locker.SizeS)
		if slices.Contains(broken, locker.PlaceID("main/"+door)) {
			t.Errorf("a parcel was put behind the broken lock %s", door)
		}
		for _, p := range r.world.Pulses()[before:] {
			if slices.Contains(broken, locker.PlaceID("main/A0"+string(rune('0'+p.Channel)))) {
				t.Errorf("the broken lock of channel %d was pulsed again", p.Channel)
			}
		}
	})
}

func TestHealth_CountersOfLineAndBoard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reopened := uint64(3)
		r := newRig(t, layoutOf(30, latchOnly()), func(o *controller.Options) { // board 2 is not there
			o.Buses[0].Reopens = func() uint64 { return reopened }
		})
		defer r.stop()
		time.Sleep(10 * time.Second)
		s, err := r.c.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Buses) != 1 || len(s.Boards) != 2 {
			t.Fatalf("buses %+v, boards %+v", s.Buses, s.Boards)
		}
		line, good, silent := s.Buses[0].Counters, s.Boards[0].Counters, s.Boards[1].Counters
		if s.Buses[0].Family != "rs485" || line["reconnects"] != 3 {
			t.Errorf("bus %+v", s.Buses[0])
		}
		if good["requests"] < 5 || good["timeouts"] != 0 || silent["timeouts"] == 0 || silent["timeouts"] != silent["requests"] {
			t.Errorf("board 1 %v, board 2 %v", good, silent)
		}
		if line["requests"] != good["requests"]+silent["requests"] || line["timeouts"] != silent["timeouts"] {
			t.Errorf("line %v is not the sum of %v and %v", line, good, silent)
		}
	})
}
