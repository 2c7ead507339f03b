package rs485_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cubby/board"
	"cubby/board/rs485"
	"cubby/board/virtual"
)

// script is a board that answers each request with fixed bytes, for what no virtual board does.
func script(t *testing.T, replies ...string) board.Conn {
	t.Helper()
	near, far := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 64)
		for _, reply := range replies {
			if _, err := far.Read(buf); err != nil {
				return
			}
			if _, err := far.Write(unhex(t, reply)); err != nil {
				return
			}
		}
		_, _ = io.Copy(io.Discard, far)
	}()
	t.Cleanup(func() {
		if err := near.Close(); err != nil {
			t.Error(err)
		}
		<-done
	})
	return near
}

func newDriver(t *testing.T, conn board.Conn, change func(*rs485.Options)) *rs485.Driver {
	t.Helper()
	opts := rs485.Options{Conn: conn, Now: time.Now, Polarity: rs485.PolarityOpening}
	if change != nil {
		change(&opts)
	}
	d, err := rs485.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDriver_Changes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDriver(t, script(
			t,
			"81 01 05 11 94 80 01 00 00 10 33 A2 82 1F 18 00 85",
			"81 01 05 00 85 8A 01 02 11 98",
		), nil)
		reading, err := d.ReadStates(t.Context(), 1)
		if err != nil || reading.Doors[4] != board.StateOpen {
			t.Fatalf("%v, %v, want channel 5 open", reading, err)
		}
		if ack, err := d.Unlock(t.Context(), 1, 2); err != nil || ack != board.AckAccepted {
			t.Fatalf("unlock: %d, %v", ack, err)
		}
		want := []board.Change{
			{Addr: 1, Channel: 5, State: board.StateOpen},
			{Addr: 31, Channel: 24, State: board.StateClosed},
			{Addr: 1, Channel: 5, State: board.StateClosed},
		}
		if got := d.Changes(); !slices.Equal(got, want) {
			t.Errorf("changes %v, want %v", got, want)
		}
		if got := d.Changes(); got != nil {
			t.Errorf("changes told twice: %v", got)
		}
	})
}

// TestDriver_Twin: while nobody knows whether the adapter echoes, a frame equal to the request is
// no answer, a second one is.
func TestDriver_Twin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reply string
		ack   board.Ack
		err   error
	}{
		"one":             {"8A 01 01 11 9B", board.AckNone, board.ErrSilent},
		"two":             {"8A 01 01 11 9B 8A 01 01 11 9B", board.AckAccepted, nil},
		"other state":     {"8A 01 01 00 8A", board.AckAccepted, nil},
		"other channel":   {"8A 01 02 00 89", board.AckNone, board.ErrSilent},
		"state unheard":   {"8A 01 01 22 A8", board.AckNone, board.ErrGarbled},
		"nothing at all":  {"", board.AckNone, board.ErrSilent},
		"a status answer": {"80 01 00 00 00 33 B2", board.AckNone, board.ErrSilent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDriver(t, script(t, "", c.reply), nil) // the status request finds nobody
				ack, err := d.Unlock(t.Context(), 1, 1)
				if ack != c.ack || !errors.Is(err, c.err) {
					t.Errorf("%d, %v, want %d, %v", ack, err, c.ack, c.err)
				}
			})
		})
	}
}

// TestDriver_GarbledEcho: an answer behind garbled bytes does not prove that the adapter is quiet.
func TestDriver_GarbledEcho(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDriver(t, script(
			t,
			"80 01 00 33 B2 80 01 00 00 00 33 B2", // echo and answer
			"80 41 00 33 B2 80 01 00 00 00 33 B2", // the echo is hit
			"8A 01 01 11 9B",                      // the echo of an unlock, and no answer
		), nil)
		for range 2 {
			if _, err := d.ReadStates(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		if ack, err := d.Unlock(t.Context(), 1, 1); !errors.Is(err, board.ErrSilent) {
			t.Errorf("%d, %v: an echo passed for an answer", ack, err)
		}
	})
}

// TestDriver_ContextEndsInDrain: the wait for quiet after a time-out may outlive the context.
func TestDriver_ContextEndsInDrain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDriver(t, script(t), nil)
		if _, err := d.ReadStates(t.Context(), 1); !errors.Is(err, board.ErrSilent) {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if _, err := d.Unlock(ctx, 1, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the deadline of the context", err)
		}
		if got := d.Counts().Requests; got != 1 {
			t.Errorf("%d requests sent, want only the first", got)
		}
	})
}

// TestDriver_QuietLine: an answer that could be the start of a longer one is taken after 25 ms.
func TestDriver_QuietLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDriver(t, script(t, "80 01 00 00 81 33 33"), nil)
		start := time.Now()
		reading, err := d.ReadStates(t.Context(), 1)
		if err != nil || reading.Doors[7] != board.StateOpen {
			t.Fatalf("%v, %v", reading, err)
		}
		// 1 ms looks for what nobody asked for.
		if took := time.Since(start); took != 26*time.Millisecond {
			t.Errorf("took %v, want 26ms", took)
		}
	})
}

func TestDriver_NoUnlockReply(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newWorld(t, map[board.Address]int{1: 24})
		conn := serve(t, rs485.SlaveOptions{
			World: world, Polarity: rs485.PolarityClosing, NoUnlockReply: true, Announce: true,
		})
		d := newDriver(t, conn, func(o *rs485.Options) {
			o.NoUnlockReply, o.Polarity = true, rs485.PolarityClosing
		})
		start := time.Now()
		ack, err := d.Unlock(t.Context(), 1, 24)
		if err != nil || ack != board.AckNone {
			t.Fatalf("unlock: %d, %v, want no answer and no error", ack, err)
		}
		if took := time.Since(start); took > 10*time.Millisecond {
			t.Errorf("waited %v for a board that never answers", took)
		}
		reading, err := d.ReadStates(t.Context(), 1)
		if err != nil || reading.Doors[23] != board.StateOpen || reading.Doors[0] != board.StateClosed {
			t.Fatalf("%v, %v, want channel 24 open", reading, err)
		}
		if got := d.Changes(); len(got) != 1 || got[0].Channel != 24 || got[0].State != board.StateOpen {
			t.Errorf("changes %v, want channel 24 open", got)
		}
	})
}

// TestDriver_Boards: every size of board, both polarities, short and long pulses.
func TestDriver_Boards(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		channels, statusBytes, seconds int
		polarity                       rs485.Polarity
	}{
		{8, 0, 0, rs485.PolarityOpening},
		{12, 0, 9, rs485.PolarityClosing},
		{24, 0, 0, rs485.PolarityClosing},
		{24, 4, 1, rs485.PolarityOpening},
		{32, 0, 0, rs485.PolarityOpening},
		{32, 0, 0, rs485.PolarityClosing},
		{50, 7, 2, rs485.PolarityOpening},
	} {
		synctest.Test(t, func(t *testing.T) {
			world := newWorld(t, map[board.Address]int{31: c.channels})
			conn := serve(t, rs485.SlaveOptions{
				World: world, Polarity: c.polarity, StatusBytes: c.statusBytes, Pulse: 300 * time.Millisecond,
			})
			d := newDriver(t, conn, func(o *rs485.Options) {
				o.Channels, o.StatusBytes, o.PulseSeconds, o.Polarity = c.channels, c.statusBytes, c.seconds, c.polarity
			})
			last := board.Channel(c.channels)
			if ack, err := d.Unlock(t.Context(), 31, last); err != nil || ack != board.AckAccepted {
				t.Fatalf("%+v: unlock: %d, %v", c, ack, err)
			}
			reading, err := d.ReadStates(t.Context(), 31)
			if err != nil {
				t.Fatalf("%+v: %v", c, err)
			}
			for i, s := range reading.Doors {
				if open := i == c.channels-1; (s == board.StateOpen) != open || s == board.StateUnknown {
					t.Errorf("%+v: channel %d is %v", c, i+1, s)
				}
			}
		})
	}
}

// TestDriver_ShortAnswer: channels that the answer does not cover are unknown, never closed.
func TestDriver_ShortAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDriver(t, script(t, "80 01 00 00 01 33 B3"), func(o *rs485.Options) { o.Channels = 32 })
		reading, err := d.ReadStates(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if reading.Doors[0] != board.StateOpen || reading.Doors[23] != board.StateClosed ||
			reading.Doors[24] != board.StateUnknown || len(reading.Doors) != 32 {
			t.Errorf("doors %v", reading.Doors)
		}
	})
}

func TestSlave_OpenAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newWorld(t, map[board.Address]int{1: 8})
		conn := serve(t, rs485.SlaveOptions{World: world, Polarity: rs485.PolarityOpening})
		if _, err := conn.Write(rs485.EncodeOpen(1, rs485.AllChannels, 0)); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 5)
		for ch := 1; ch <= 8; ch++ {
			if _, err := io.ReadFull(conn, buf); err != nil {
				t.Fatal(err)
			}
			if int(buf[2]) != ch {
				t.Errorf("answer % X, want channel %d", buf, ch)
			}
		}
		if n := len(world.Pulses()); n != 8 {
			t.Errorf("%d pulses, want 8", n)
		}
	})
}

func TestNew_Invalid(t *testing.T) {
	t.Parallel()
	good := rs485.Options{Conn: script(t), Now: time.Now, Polarity: rs485.PolarityClosing}
	for want, change := range map[string]func(*rs485.Options){
		"Conn and Now":              func(o *rs485.Options) { o.Conn = nil },
		"feedback polarity":         func(o *rs485.Options) { o.Polarity = 0 },
		"echo 9":                    func(o *rs485.Options) { o.Echo = 9 },
		"51 channels":               func(o *rs485.Options) { o.Channels = 51 },
		"-1 channels":               func(o *rs485.Options) { o.Channels = -1 },
		"need the number of status": func(o *rs485.Options) { o.Channels = 50 },
		"do not fit":                func(o *rs485.Options) { o.StatusBytes = 2 },
		"9 status bytes":            func(o *rs485.Options) { o.StatusBytes = 9 },
		"pulse of 10 s":             func(o *rs485.Options) { o.PulseSeconds = 10 },
		"deadline is negative":      func(o *rs485.Options) { o.Deadline = -1 },
	} {
		opts := good
		change(&opts)
		if _, err := rs485.New(opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	d, err := rs485.New(good)
	if err != nil {
		t.Fatal(err)
	}
	if info := d.Info(); info.Channels != 24 || info.Deadline != 1900*time.Millisecond || !info.Latch || info.Infrared {
		t.Errorf("info %+v", info)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, p := range []rs485.Polarity{rs485.PolarityClosing, rs485.PolarityOpening} {
		if got, err := rs485.ParsePolarity(p.String()); got != p || err != nil {
			t.Errorf("%v: %v, %v", p, got, err)
		}
	}
	for _, e := range []rs485.Echo{rs485.EchoAuto, rs485.EchoOn, rs485.EchoOff} {
		if got, err := rs485.ParseEcho(e.String()); got != e || err != nil {
			t.Errorf("%v: %v, %v", e, got, err)
		}
	}
	if _, err := rs485.ParsePolarity(""); err == nil {
		t.Error("an empty polarity is accepted")
	}
	if _, err := rs485.ParseEcho("ON"); err == nil {
		t.Error("ON is accepted")
	}
}

// FuzzSlave: the virtual boards face bytes of a controller that is under test.
func FuzzSlave(f *testing.F) {
	for _, ref := range references(f) {
		f.Add(ref.bytes)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		world := newWorld(t, map[board.Address]int{1: 24, 2: 32})
		slave, err := rs485.NewSlave(rs485.SlaveOptions{World: world, Polarity: rs485.PolarityOpening})
		if err != nil {
			t.Fatal(err)
		}
		session := slave.Session()
		replies := 0
		for piece := range slices.Chunk(line, 3) {
			replies += len(session.Feed(piece))
		}
		if requests := len(line) / 5; replies > 33*requests || len(world.Pulses()) > 32*requests {
			t.Fatalf("%d replies and %d pulses from %d bytes", replies, len(world.Pulses()), len(line))
		}
	})
}

func newWorld(tb testing.TB, boards map[board.Address]int) *virtual.World {
	tb.Helper()
	world, err := virtual.NewWorld(virtual.Options{Now: time.Now, Boards: boards})
	if err != nil {
		tb.Fatal(err)
	}
	return world
}

func serve(t *testing.T, opts rs485.SlaveOptions) board.Conn {
	t.Helper()
	slave, err := rs485.NewSlave(opts)
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- slave.Serve(t.Context(), far) }()
	t.Cleanup(func() {
		if err := errors.Join(near.Close(), <-done); err != nil {
			t.Error(err)
		}
	})
	return near
}
