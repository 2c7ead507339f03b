package virtual_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"cubby/board"
	"cubby/board/virtual"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newWorld(t *testing.T) (*virtual.World, *clock) {
	t.Helper()
	c := &clock{now: time.Unix(1000, 0)}
	w, err := virtual.NewWorld(virtual.Options{Now: c.Now, Boards: map[board.Address]int{1: 4, 2: 8}})
	must(t, err)
	return w, c
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWorld_Behaviour(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		behaviour virtual.Behaviour
		answers   bool
		position  board.State // after a pulse
		sensed    board.State
	}{
		{virtual.BehaviourNormal, true, board.StateOpen, board.StateOpen},
		{virtual.BehaviourStuck, true, board.StateClosed, board.StateClosed},
		{virtual.BehaviourSlow, true, board.StateClosed, board.StateClosed},
		{virtual.BehaviourInverted, true, board.StateOpen, board.StateClosed},
		{virtual.BehaviourFrozen, true, board.StateOpen, board.StateClosed},
		{virtual.BehaviourDead, false, board.StateClosed, board.StateUnknown},
	} {
		w, clock := newWorld(t)
		var delay time.Duration
		if c.behaviour == virtual.BehaviourSlow {
			delay = time.Second
		}
		must(t, w.SetBehaviour(1, 2, c.behaviour, delay))
		if got := w.Pulse(1, 2); got != c.answers {
			t.Errorf("%v: answers %v", c.behaviour, got)
		}
		if got := w.Position(1, 2); got != c.position {
			t.Errorf("%v: position %v", c.behaviour, got)
		}
		if got := w.Sensed(1, 2); got != c.sensed {
			t.Errorf("%v: sensed %v", c.behaviour, got)
		}
		if got := w.PulseCount(1, 2); got != 1 {
			t.Errorf("%v: %d pulses", c.behaviour, got)
		}
		clock.advance(time.Second)
		if got := w.Position(1, 2); c.behaviour == virtual.BehaviourSlow && got != board.StateOpen {
			t.Errorf("slow: %v after its delay", got)
		}
		if again, err := virtual.ParseBehaviour(c.behaviour.String()); err != nil || again != c.behaviour {
			t.Errorf("%v: read back as %v, %v", c.behaviour, again, err)
		}
	}
}

func TestWorld_Timeline(t *testing.T) {
	t.Parallel()
	w, clock := newWorld(t)
	start := clock.Now()
	var told []virtual.Event
	cancel := w.Subscribe(func(e virtual.Event) {
		told = append(told, e)
		w.Position(e.Addr, e.Channel) // a subscriber may look
	})
	must(t, w.SetBehaviour(2, 8, virtual.BehaviourSlow, time.Second))
	w.Pulse(2, 8)
	w.Pulse(2, 8) // a second pulse does not restart the delay
	clock.advance(1500 * time.Millisecond)
	w.Settle()
	must(t, w.Close(2, 8))
	must(t, w.Close(2, 8))
	must(t, w.Force(1, 1))
	must(t, w.Force(1, 1))
	late := start.Add(1500 * time.Millisecond)
	want := []virtual.Event{
		{Kind: virtual.EventPulse, Addr: 2, Channel: 8, At: start},
		{Kind: virtual.EventPulse, Addr: 2, Channel: 8, At: start},
		{Kind: virtual.EventOpened, Addr: 2, Channel: 8, At: start.Add(time.Second)},
		{Kind: virtual.EventClosed, Addr: 2, Channel: 8, At: late},
		{Kind: virtual.EventOpened, Addr: 1, Channel: 1, At: late, Forced: true},
	}
	if got, dropped := w.Timeline(); !slices.Equal(got, want) || dropped != 0 {
		t.Errorf("timeline %v, %d dropped, want %v", got, dropped, want)
	}
	if !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	if got := w.Pulses(); len(got) != 2 || got[0] != (virtual.Pulse{Addr: 2, Channel: 8, At: start}) {
		t.Errorf("pulses %v", got)
	}
	cancel()
	w.Pulse(1, 2)
	if len(told) != len(want) {
		t.Error("told after cancel")
	}
}

func TestWorld_Power(t *testing.T) {
	t.Parallel()
	w, clock := newWorld(t)
	must(t, w.SetBehaviour(1, 1, virtual.BehaviourSlow, time.Second))
	w.Pulse(1, 1)
	w.Pulse(1, 2)
	w.SetPower(false)
	if w.Answers(1) || w.Pulse(1, 3) || w.PulseCount(1, 3) != 0 {
		t.Error("a board without power pulsed or answered")
	}
	clock.advance(time.Minute)
	w.SetPower(true)
	if !w.Answers(1) || w.Position(1, 1) != board.StateClosed || w.Position(1, 2) != board.StateOpen {
		t.Error("doors moved without power")
	}
	must(t, w.SetSilent(1, true))
	if w.Answers(1) || !w.Answers(2) || w.Pulse(1, 3) {
		t.Error("silence reaches the wrong board")
	}
}

func TestWorld_Occupied(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	if got := w.Occupied(1, 1); got != board.OccupancyEmpty {
		t.Errorf("%v at the start", got)
	}
	must(t, w.SetOccupied(1, 1, true))
	if got := w.Occupied(1, 1); got != board.OccupancyOccupied {
		t.Errorf("%v, want occupied", got)
	}
}

func TestWorld_NoDoor(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	for _, err := range []error{
		w.Close(3, 1), w.Force(1, 0), w.Force(1, 5), w.SetSilent(3, true), w.SetOccupied(2, 9, true),
		w.SetBehaviour(1, 9, virtual.BehaviourStuck, 0),
	} {
		if !errors.Is(err, virtual.ErrNoDoor) {
			t.Errorf("%v, want ErrNoDoor", err)
		}
	}
	if w.Pulse(1, 5) || w.Position(3, 1) != board.StateUnknown || w.Sensed(1, 0) != board.StateUnknown ||
		w.Occupied(1, 5) != board.OccupancyUnknown || w.Channels(9) != 0 || w.PulseCount(9, 9) != 0 {
		t.Error("a door that does not exist does something")
	}
	if err := w.SetBehaviour(1, 1, virtual.BehaviourSlow, 0); err == nil {
		t.Error("a slow door without a delay is accepted")
	}
	if err := w.SetBehaviour(1, 1, 0, 0); err == nil {
		t.Error("no behaviour is accepted")
	}
	for _, opts := range []virtual.Options{
		{Now: time.Now},
		{Boards: map[board.Address]int{1: 1}},
		{Now: time.Now, Boards: map[board.Address]int{1: 0}},
		{Now: time.Now, Boards: map[board.Address]int{1: 256}},
	} {
		if _, err := virtual.NewWorld(opts); err == nil {
			t.Errorf("%v is accepted", opts.Boards)
		}
	}
}

// TestWorld_Concurrent is for the race detector, and counts.
func TestWorld_Concurrent(t *testing.T) {
	t.Parallel()
	w, _ := newWorld(t)
	var people sync.WaitGroup
	cancel := w.Subscribe(func(e virtual.Event) {
		if e.Kind == virtual.EventOpened {
			_ = w.Close(e.Addr, e.Channel) // the door exists
		}
	})
	defer cancel()
	for range 4 {
		people.Go(func() {
			for i := range 100 {
				w.Pulse(1, board.Channel(i%4+1))
				w.Sensed(1, board.Channel(i%4+1))
			}
		})
	}
	people.Wait()
	if n := len(w.Pulses()); n != 400 {
		t.Errorf("%d pulses, want 400", n)
	}
}
