package controller_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cubby/board"
	"cubby/board/virtual"
	"cubby/internal/controller"
	"cubby/internal/locker"
	"cubby/internal/wire"
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

// relays is a board whose coils the driver itself switches off.
type relays struct {
	mu       sync.Mutex
	coils    [8]bool
	restored int
}

func (r *relays) Info() board.Info {
	return board.Info{Family: "relays", Channels: 8, Deadline: time.Second, BoardTime: time.Second, Software: true}
}

func (r *relays) Unlock(_ context.Context, _ board.Address, ch board.Channel) (board.Ack, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.coils[ch-1] = true // the process dies before it switches off
	return board.AckNone, nil
}

func (r *relays) ReadStates(context.Context, board.Address) (board.Reading, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.restored == 0 {
		return board.Reading{}, errors.New("asked before the coils were switched off")
	}
	return board.Reading{Doors: make([]board.State, 8)}, nil
}

func (r *relays) Restore(context.Context, board.Address) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.coils = [8]bool{}
	r.restored++
	return nil
}

func TestHealth_CoilsAreOffAtStartAndEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		driver := &relays{}
		driver.coils[3] = true // left by a crash
		r := newRig(t, layoutOf(8, locker.Witness{}), func(o *controller.Options) { o.Buses[0].Driver = driver })
		time.Sleep(5 * time.Second)
		driver.mu.Lock()
		if driver.coils[3] || driver.restored != 1 {
			t.Errorf("coil %v after %d times switched off, want off after one", driver.coils[3], driver.restored)
		}
		driver.coils[5] = true
		driver.mu.Unlock()
		r.stop()
		if driver.coils[5] || driver.restored != 2 {
			t.Error("a coil is on after the controller stopped")
		}
	})
}

// A driver that asks for door after door makes way for an unlock.
type slowly struct {
	relays
	waiting func() bool
	yielded int
}

func (s *slowly) YieldTo(waiting func() bool) { s.waiting = waiting }

func (s *slowly) ReadStates(ctx context.Context, addr board.Address) (board.Reading, error) {
	for range 8 {
		if s.waiting() {
			s.yielded++
			return board.Reading{}, board.ErrYielded
		}
		time.Sleep(time.Second)
	}
	return s.relays.ReadStates(ctx, addr)
}

func TestHealth_PollMakesWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		driver := &slowly{}
		r := newRig(t, layoutOf(8, locker.Witness{}), func(o *controller.Options) {
			o.Buses[0].Driver = driver
			o.FirstLook = time.Minute
		})
		defer r.stop()
		time.Sleep(3500 * time.Millisecond) // in the middle of a poll
		r.signIn()
		r.act(controller.ScanParcel{Tracking: "1Z999"})
		turn := r.act(controller.FindRecipient{Text: "103"})
		r.act(controller.ChooseRecipient{Ref: turn.Matches[0].Ref})
		r.act(controller.ChooseSize{Size: locker.SizeS})
		time.Sleep(1500 * time.Millisecond)
		on := false
		driver.mu.Lock()
		for _, coil := range driver.coils {
			on = on || coil
		}
		driver.mu.Unlock()
		if !on {
			t.Error("1.5 s after the order nothing was pulsed: it waits for a whole poll")
		}
		time.Sleep(20 * time.Second)
		s, err := r.c.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Boards) != 1 || s.Boards[0].State != wire.BoardOK {
			t.Errorf("boards %+v: making way is no silence", s.Boards)
		}
	})
}

// flicker is a board whose presence sensors never say the same twice, as when a hand moves behind the door.
type flicker struct {
	relays
	doors    [8]board.State
	polls    int
	pulse    [8]int
	chatters bool // the contacts of a door that was pulsed and of two others never come to rest
}

func (f *flicker) Info() board.Info {
	return board.Info{
		Family: "flicker", Channels: 8, Latch: true, Infrared: true, Deadline: time.Second, BoardTime: time.Second,
	}
}

func (f *flicker) Unlock(_ context.Context, _ board.Address, ch board.Channel) (board.Ack, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pulse[ch-1]++
	f.doors[ch-1] = board.StateOpen
	return board.AckAccepted, nil
}

func (f *flicker) ReadStates(context.Context, board.Address) (board.Reading, error) {
	time.Sleep(10 * time.Millisecond) // the line's time
	f.mu.Lock()
	defer f.mu.Unlock()
	f.polls++
	r := board.Reading{Doors: f.doors[:], Occupancy: make([]board.Occupancy, 8)}
	r.Doors = slices.Clone(r.Doors)
	for i := range r.Occupancy {
		if f.chatters && (f.pulse[i] > 0 || i >= 6) { // two of them in turn, so that each reading differs
			r.Doors[i] = board.StateClosed + board.State((f.polls+i)%2)
		}
		r.Occupancy[i] = board.OccupancyEmpty
		if f.polls%2 == 1 {
			r.Occupancy[i] = board.OccupancyOccupied
		}
	}
	return r, nil
}

// A presence sensor that flickers hides no door: the lock is pulsed once, and the record says that it
// opened.
func TestHealth_FlickeringInfrared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		driver := &flicker{}
		for i := range driver.doors {
			driver.doors[i] = board.StateClosed
		}
		r := newRig(t, layoutOf(8, locker.Witness{Latch: true, Infrared: true}), func(o *controller.Options) {
			o.Buses[0].Driver = driver
		})
		defer r.stop()
		time.Sleep(3 * time.Second)
		driver.mu.Lock()
		driver.doors[6] = board.StateOpen // a crowbar
		before := driver.polls
		driver.mu.Unlock()
		time.Sleep(10 * time.Second)
		unasked := slices.ContainsFunc(r.facts(), func(f locker.Fact) bool {
			d, ok := f.(locker.PlaceDoubted)
			return ok && d.Place == "main/A07" && d.Reason == "unasked_open"
		})
		driver.mu.Lock()
		polls := driver.polls - before
		driver.mu.Unlock()
		if !unasked || polls > 40 {
			t.Errorf("a forced door on record: %v, after %d polls in 10 s", unasked, polls)
		}
		r.openSmall()
		time.Sleep(20 * time.Second)
		opened := slices.ContainsFunc(r.facts(), func(f locker.Fact) bool {
			_, ok := f.(locker.DoorOpened)
			return ok
		})
		driver.mu.Lock()
		defer driver.mu.Unlock()
		pulses := 0
		for _, n := range driver.pulse {
			pulses += n
		}
		if pulses != 1 || !opened {
			t.Errorf("%d pulses, opened on record: %v, want one and true", pulses, opened)
		}
	})
}

// openSmall asks for a small compartment as a courier.
func (r *rig) openSmall() {
	r.signIn()
	r.act(controller.ScanParcel{Tracking: "1Z999"})
	turn := r.act(controller.FindRecipient{Text: "103"})
	r.act(controller.ChooseRecipient{Ref: turn.Matches[0].Ref})
	r.act(controller.ChooseSize{Size: locker.SizeS})
}

// A contact that chatters for ever fills no line, and the opening behind it ends.
func TestHealth_ChatteringContact(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		driver := &flicker{chatters: true}
		for i := range driver.doors {
			driver.doors[i] = board.StateClosed
		}
		r := newRig(t, layoutOf(8, latchOnly()), func(o *controller.Options) { o.Buses[0].Driver = driver })
		defer r.stop()
		time.Sleep(3 * time.Second)
		r.openSmall()
		time.Sleep(2 * time.Minute)
		ended := slices.ContainsFunc(r.facts(), func(f locker.Fact) bool {
			switch f.(type) {
			case locker.OpenFailed, locker.DoorOpened:
				return true
			}
			return false
		})
		if !ended {
			t.Error("an opening behind a contact that chatters never ended")
		}
		driver.mu.Lock()
		before := driver.polls
		driver.mu.Unlock()
		time.Sleep(10 * time.Second)
		driver.mu.Lock()
		defer driver.mu.Unlock()
		if polls := driver.polls - before; polls > 100 {
			t.Errorf("%d polls in 10 s", polls)
		}
	})
}

// steady is a board without presence sensors whose answers a test sets, and which notes when it is asked.
type steady struct {
	flicker
	ack   board.Ack
	fail  error // of ReadStates
	odd   int   // readings that say that door 8 is open
	reads []time.Time
	asked []board.Address // of each of reads
	wrote time.Time       // the last unlock
}

func newSteady() *steady {
	s := &steady{ack: board.AckAccepted}
	for i := range s.doors {
		s.doors[i] = board.StateClosed
	}
	return s
}

func (s *steady) Unlock(ctx context.Context, addr board.Address, ch board.Channel) (board.Ack, error) {
	s.mu.Lock()
	ack := s.ack
	s.wrote = time.Now()
	s.mu.Unlock()
	if ack == board.AckRefused {
		return ack, nil
	}
	return s.flicker.Unlock(ctx, addr, ch)
}

func (s *steady) ReadStates(_ context.Context, addr board.Address) (board.Reading, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads, s.asked = append(s.reads, time.Now()), append(s.asked, addr)
	if s.fail != nil {
		return board.Reading{}, s.fail
	}
	doors := slices.Clone(s.doors[:])
	if s.odd > 0 {
		s.odd--
		doors[7] = board.StateOpen
	}
	return board.Reading{Doors: doors}, nil
}

func steadyRig(t *testing.T) (*rig, *steady) {
	t.Helper()
	driver := newSteady()
	return newRig(t, layoutOf(8, latchOnly()), func(o *controller.Options) { o.Buses[0].Driver = driver }), driver
}

// One odd reading is noise; two are a door.
func TestHealth_OneOddReading(t *testing.T) {
	t.Parallel()
	for odd, want := range []int{0, 0, 1} {
		synctest.Test(t, func(t *testing.T) {
			r, driver := steadyRig(t)
			defer r.stop()
			time.Sleep(3 * time.Second)
			driver.mu.Lock()
			driver.odd = odd
			driver.mu.Unlock()
			time.Sleep(5 * time.Second)
			doubted := 0
			for _, f := range r.facts() {
				if _, ok := f.(locker.PlaceDoubted); ok {
					doubted++
				}
			}
			if doubted != want {
				t.Errorf("%d odd readings: %d forced doors on record, want %d", odd, doubted, want)
			}
		})
	}
}

// All doors are read in the moment after a pulse: it may have opened another one.
func TestHealth_ReadAfterPulse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, driver := steadyRig(t)
		defer r.stop()
		time.Sleep(3 * time.Second)
		r.openSmall()
		time.Sleep(3 * time.Second)
		driver.mu.Lock()
		defer driver.mu.Unlock()
		if driver.wrote.IsZero() || !slices.ContainsFunc(driver.reads, driver.wrote.Equal) {
			t.Error("no reading in the moment after the pulse")
		}
	})
}

// The address of a pulse may be damaged on the line: every board is read in the moment after it, not only
// the one that was meant.
func TestHealth_EveryBoardIsReadAfterPulse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		layout := layoutOf(8, latchOnly())
		doors := layout.Banks[0].Columns[0].Compartments
		for i := range doors[4:] {
			doors[4+i].Output = locker.Output{Bus: "a", Board: 2, Channel: uint8(i + 1)}
		}
		driver := newSteady()
		r := newRig(t, layout, func(o *controller.Options) { o.Buses[0].Driver = driver })
		defer r.stop()
		time.Sleep(3300 * time.Millisecond) // between two polls
		r.openSmall()
		time.Sleep(3 * time.Second)
		driver.mu.Lock()
		defer driver.mu.Unlock()
		after := map[board.Address]bool{}
		for i, at := range driver.reads {
			if at.Equal(driver.wrote) {
				after[driver.asked[i]] = true
			}
		}
		if !after[1] || !after[2] {
			t.Errorf("read in the moment after the pulse: %v, want boards 1 and 2", after)
		}
	})
}

// What a board refused is on record as refused, and the lock is given up after three tries.
func TestHealth_Refused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, driver := steadyRig(t)
		defer r.stop()
		time.Sleep(3 * time.Second)
		driver.mu.Lock()
		driver.ack = board.AckRefused
		driver.mu.Unlock()
		r.openSmall()
		time.Sleep(20 * time.Second)
		refused := 0
		for _, f := range r.facts() {
			if failed, ok := f.(locker.OpenFailed); ok && failed.Reason == "refused" {
				refused++
			}
		}
		if refused < locker.MaxAttempts {
			t.Errorf("%d refusals on record, want %d", refused, locker.MaxAttempts)
		}
	})
}

// A board that does not answer is asked ever less often; a line that is lost is on record as such.
func TestHealth_BackOff(t *testing.T) {
	t.Parallel()
	for _, fail := range []error{board.ErrSilent, board.ErrLost} {
		synctest.Test(t, func(t *testing.T) {
			r, driver := steadyRig(t)
			defer r.stop()
			time.Sleep(3 * time.Second)
			driver.mu.Lock()
			driver.fail, driver.reads = fail, nil
			driver.mu.Unlock()
			time.Sleep(time.Minute)
			driver.mu.Lock()
			if n := len(driver.reads); n < 8 || n > 16 {
				t.Errorf("%v: asked %d times in a minute", fail, n)
			}
			driver.fail = nil
			driver.mu.Unlock()
			want := locker.FaultBoardSilent
			if errors.Is(fail, board.ErrLost) {
				want = locker.FaultBusLost
			}
			time.Sleep(15 * time.Second)
			raised, cleared := 0, 0
			for _, f := range r.facts() {
				switch f := f.(type) {
				case locker.FaultRaised:
					if f.Fault == want {
						raised++
					}
				case locker.FaultCleared:
					if f.Fault == want {
						cleared++
					}
				}
			}
			if raised != 1 || cleared != 1 {
				t.Errorf("%v: %d times on record and %d times ended, want once each", want, raised, cleared)
			}
		})
	}
}

// The first word that the server gets of a site comes before the first poll: a board that answered
// the look at the start is not missing.
func TestHealth_FirstStatusKnowsTheBoards(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, layoutOf(30, latchOnly()), nil) // board 2 is not there
		defer r.stop()
		s, err := r.c.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if s.Boards[0].State != wire.BoardOK || s.Boards[1].State == wire.BoardOK {
			t.Errorf("boards at the start: %+v", s.Boards)
		}
	})
}

// A door stood open, is shut, and somebody's code is typed before the poll that sees it: what was
// believed of the door is no answer to the request, and its closing collects nothing.
func TestHealth_StaleDoorAnswersNoRequest(t *testing.T) {
	t.Parallel()
	l := newLab(t, 8)
	l.signIn()
	stay, place := l.drop("103", locker.SizeS)
	l.must(controller.Finish{})
	p, _ := l.m.State().Directory.Place(place)
	at := int(p.Compartment.Output.Channel) - 1
	l.doors[at] = board.StateOpen // forced
	l.look()
	if turn, err := l.enter(l.code("staff:s1", 1)); err != nil || turn.Step != controller.StepStaffMenu {
		t.Fatalf("staff: %s, %v", turn.Step, err)
	}
	l.must(controller.VerifyPlace{Place: place, Occupied: true})
	l.must(controller.Finish{})
	l.doors[at] = board.StateClosed
	l.still[p.Compartment.Output.Channel] = true // the pulse takes its time
	if _, err := l.enter(l.code("stay:"+string(stay), 1)); err != nil {
		t.Fatal(err)
	}
	l.look()
	l.look()
	if n := len(l.facts("parcel_collected")); n != 0 {
		t.Error("a parcel counts as collected by the closing of an opening before")
	}
}
