package virtual_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"cubby/board"
	"cubby/board/virtual"
)

// TestWorld_Bouncing: the sensor chatters after every move, and then tells the truth.
func TestWorld_Bouncing(t *testing.T) {
	t.Parallel()
	w, clock := newWorld(t)
	must(t, w.SetBehaviour(1, 2, virtual.BehaviourBouncing, 20*time.Millisecond))
	for _, move := range []struct {
		by   func() error
		want board.State
	}{
		{func() error { w.Pulse(1, 2); return nil }, board.StateOpen},
		{func() error { return w.Close(1, 2) }, board.StateClosed},
		{func() error { return w.Force(1, 2) }, board.StateOpen},
	} {
		must(t, move.by())
		seen := map[board.State]int{}
		for range 20 {
			seen[w.Sensed(1, 2)]++
			clock.advance(time.Millisecond)
		}
		if seen[board.StateOpen] < 5 || seen[board.StateClosed] < 5 {
			t.Errorf("within 20 ms it read %v, want both", seen)
		}
		for range 20 {
			if got := w.Sensed(1, 2); got != move.want || w.Position(1, 2) != move.want {
				t.Fatalf("reads %v afterwards, want %v", got, move.want)
			}
			clock.advance(time.Millisecond)
		}
	}
}

func TestWorld_Busy(t *testing.T) {
	t.Parallel()
	w, clock := newWorld(t)
	must(t, w.SetBusy(1, time.Second))
	if !w.Answers(1) || !w.Pulse(1, 1) || w.Answers(1) || !w.Answers(2) {
		t.Error("want the pulse answered, then board 1 deaf and board 2 not")
	}
	if w.Pulse(1, 2) || w.PulseCount(1, 2) != 0 {
		t.Error("a busy board pulsed")
	}
	clock.advance(time.Second)
	if !w.Pulse(1, 2) || w.Answers(1) {
		t.Error("want a pulse after the rest, and another rest")
	}
	w.Wake(1)
	if !w.Answers(1) {
		t.Error("the board sleeps on")
	}
	must(t, w.SetBusy(1, 0))
	if !w.Pulse(1, 3) || !w.Answers(1) {
		t.Error("want no rest any more")
	}
	if err := w.SetBusy(9, 1); !errors.Is(err, virtual.ErrNoDoor) {
		t.Errorf("%v, want ErrNoDoor", err)
	}
	w.Wake(9) // nobody there
}

func TestWorld_Coil(t *testing.T) {
	t.Parallel()
	w, clock := newWorld(t)
	for range 2 {
		if !w.SetCoil(1, 2, true) || !w.Coil(1, 2) || w.PulseCount(1, 2) != 1 {
			t.Errorf("coil on: %d pulses, want 1 however often it is told", w.PulseCount(1, 2))
		}
	}
	if w.Position(1, 2) != board.StateOpen || w.CoilTime(1, 2) != 0 {
		t.Error("want an open door and a coil that is still on")
	}
	clock.advance(300 * time.Millisecond)
	if !w.SetCoil(1, 2, false) || w.Coil(1, 2) || w.CoilTime(1, 2) != 300*time.Millisecond {
		t.Errorf("coil off after %v, want 300ms", w.CoilTime(1, 2))
	}
	w.SetCoil(1, 2, true)
	must(t, w.SetSilent(1, true))
	if w.SetCoil(1, 2, false) || !w.Coil(1, 2) {
		t.Error("a silent board obeyed")
	}
	w.SetPower(false)
	if w.Coil(1, 2) {
		t.Error("a coil is on without power")
	}
	if w.SetCoil(9, 1, true) || w.Coil(9, 1) || w.CoilTime(9, 1) != 0 {
		t.Error("a coil that does not exist does something")
	}
}

// TestServe_Pace: late timers do not add up, so a long frame takes exactly its time.
func TestServe_Pace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn, _, _ := serveParrot(t, virtual.LineOptions{BaudRate: 9600})
		start := time.Now()
		_, err := conn.Write([]byte("a"))
		must(t, err)
		if got := hear(t, conn, time.Second); got != "aaaa" {
			t.Errorf("heard %q", got)
		}
		// One byte of request and four of answer, ten bits each; hear waits a second more.
		took, want := time.Since(start)-time.Second, 50*time.Second/9600
		if took < want-time.Microsecond || took > want+time.Microsecond {
			t.Errorf("took %v, want %v", took, want)
		}
	})
}

// tagged is a parrot with an answer of its own.
type tagged struct {
	parrot
	frame []byte
}

func (s tagged) Feed(p []byte) []virtual.Reply {
	return []virtual.Reply{{Request: p, Frame: s.frame}}
}

func TestTogether(t *testing.T) {
	t.Parallel()
	a, b, mute := tagged{frame: []byte{0xF0, 0x0F}}, tagged{frame: []byte{0x33, 0x55}}, tagged{}
	for name, c := range map[string]struct {
		slave virtual.Slave
		want  string
	}{
		"in turn":              {virtual.Together(false, a, b), "?\xF0\x0F\x33\x55"},
		"clash":                {virtual.Together(true, a, b), "?\xF0\x03\x55"},
		"clash with itself":    {virtual.Together(true, a, a), "?\xF0\x00\x0F"},
		"the second is silent": {virtual.Together(true, a, mute), "?\xF0\x0F"},
		"the first is silent":  {virtual.Together(true, mute, b), "?\x33\x55"},
		"nobody":               {virtual.Together(false), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w, err := virtual.NewWorld(virtual.Options{Now: time.Now, Boards: map[board.Address]int{1: 1}})
				must(t, err)
				line, err := virtual.NewLine(virtual.LineOptions{Echo: true})
				must(t, err)
				near, far := net.Pipe()
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() {
					done <- virtual.Serve(ctx, far, virtual.ServeOptions{World: w, Line: line, Slave: c.slave})
				}()
				_, err = near.Write([]byte("?"))
				must(t, err)
				if got := hear(t, near, time.Second); got != c.want {
					t.Errorf("heard % X, want % X", got, c.want)
				}
				w.Pulse(1, 1) // announced by the first board, if there is one
				want := ""
				if name != "nobody" {
					want = "!"
				}
				if got := hear(t, near, time.Second); got != want {
					t.Errorf("heard %q, want %q", got, want)
				}
				cancel()
				must(t, <-done)
				must(t, near.Close())
			})
		})
	}
}
