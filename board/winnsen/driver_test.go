package winnsen_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"cubby/board"
	"cubby/board/boardtest"
	"cubby/board/virtual"
	"cubby/board/winnsen"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// family describes boards of one revision. Their locks have no cool-down: the suite opens and shuts
// faster than people.
func family(tb testing.TB, channels int, order winnsen.Order, polarity winnsen.Polarity) boardtest.Family {
	tb.Helper()
	codec, err := winnsen.NewCodec(winnsen.Options{Channels: channels, Order: order, Polarity: polarity})
	if err != nil {
		tb.Fatal(err)
	}
	return boardtest.Family{
		Name: "winnsen", Now: time.Now, Addr: 0, Other: 3, Channels: channels, Codec: codec,
		Acks: true, Latch: true, Echoes: true,
		NewDriver: func(s boardtest.Setup) (board.Driver, error) {
			return winnsen.New(winnsen.Options{
				Conn: s.Conn, Now: s.Now, Channels: channels, Order: order, Polarity: polarity,
				Deadline: s.Deadline, StatusDeadline: s.Deadline, PollDeadline: 3 * s.Deadline,
			})
		},
		NewSlave: func(w *virtual.World, l *virtual.Line) (virtual.Boards, error) {
			return winnsen.NewSlave(winnsen.SlaveOptions{World: w, Line: l, Order: order, Polarity: polarity})
		},
	}
}

func TestDriver_Conformance(t *testing.T) {
	t.Parallel()
	boardtest.Exercise(t, family(t, 6, winnsen.OrderLockFirst, winnsen.PolarityOpening))
}

func TestDriver_ConformanceStateFirst(t *testing.T) {
	t.Parallel()
	f := family(t, 6, winnsen.OrderStateFirst, winnsen.PolarityClosing)
	f.Piped = true
	boardtest.Exercise(t, f)
}

func newWorld(tb testing.TB, boards map[board.Address]int) *virtual.World {
	tb.Helper()
	world, err := virtual.NewWorld(virtual.Options{Now: time.Now, Boards: boards})
	if err != nil {
		tb.Fatal(err)
	}
	return world
}

func serve(t *testing.T, opts winnsen.SlaveOptions) board.Conn {
	t.Helper()
	slave, err := winnsen.NewSlave(opts)
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

func newDriver(t *testing.T, conn board.Conn, change func(*winnsen.Options)) *winnsen.Driver {
	t.Helper()
	opts := winnsen.Options{Conn: conn, Now: time.Now}
	if change != nil {
		change(&opts)
	}
	d, err := winnsen.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func channels(n int) func(*winnsen.Options) {
	return func(o *winnsen.Options) { o.Channels = n }
}

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

// TestDriver_CoolDown: a lock that was just pulsed refuses, which is neither silence nor a pulse.
func TestDriver_CoolDown(t *testing.T) {
	t.Parallel()
	for _, early := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			world := newWorld(t, map[board.Address]int{2: 16})
			d := newDriver(t, serve(t, winnsen.SlaveOptions{World: world, Now: time.Now, TooEarly: early}), nil)
			for _, step := range []struct {
				wait time.Duration
				ch   board.Channel
				want board.Ack
			}{
				{0, 1, board.AckAccepted},
				{0, 1, board.AckRefused},
				{0, 2, board.AckAccepted},
				{14 * time.Second, 1, board.AckRefused},
				{time.Second, 1, board.AckAccepted},
				{0, 1, board.AckRefused},
			} {
				time.Sleep(step.wait)
				if ack, err := d.Unlock(t.Context(), 2, step.ch); err != nil || ack != step.want {
					t.Errorf("%+v: %v, %v", step, ack, err)
				}
			}
			if n := len(world.Pulses()); n != 3 {
				t.Errorf("%d pulses, want 3", n)
			}
			if c := d.BoardCounts(2); c.Refused != 3 || c.Timeouts != 0 || c != d.Counts() {
				t.Errorf("counts %+v of the board, %+v of the line, want 3 refusals", c, d.Counts())
			}
		})
	}
}

// TestDriver_Match: only the reply of the station, lock and function that were asked for is believed.
func TestDriver_Match(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reply string // to an unlock of lock 3 of station 1
		ack   board.Ack
		err   error
	}{
		"done":              {"90 07 85 01 03 01 03", board.AckAccepted, nil},
		"failed":            {"90 07 85 01 03 00 03", board.AckRefused, nil},
		"too early":         {"90 07 85 01 03 02 03", board.AckRefused, nil},
		"another lock":      {"90 07 85 01 02 01 03", board.AckNone, board.ErrSilent},
		"another station":   {"90 07 85 02 03 01 03", board.AckNone, board.ErrSilent},
		"reply to a status": {"90 07 92 01 03 01 03", board.AckNone, board.ErrSilent},
		"the request":       {"90 06 05 01 03 03", board.AckNone, board.ErrSilent},
		"echo and reply":    {"90 06 05 01 03 03 90 07 85 01 03 01 03", board.AckAccepted, nil},
		"unknown result":    {"90 07 85 01 03 81 03", board.AckNone, board.ErrGarbled},
		"no end":            {"90 07 85 01 03 01 13", board.AckNone, board.ErrGarbled},
		"cut off":           {"90 07 85 01 03 01", board.AckNone, board.ErrGarbled},
		"nothing":           {"", board.AckNone, board.ErrSilent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDriver(t, script(t, c.reply), nil)
				if ack, err := d.Unlock(t.Context(), 1, 3); ack != c.ack || !errors.Is(err, c.err) {
					t.Errorf("%v, %v, want %v, %v", ack, err, c.ack, c.err)
				}
			})
		})
	}
}

// TestDriver_News: a state that nobody expected is asked for twice; one wrong answer changes nothing.
func TestDriver_News(t *testing.T) {
	t.Parallel()
	const open, closed = "90 07 92 00 01 01 03", "90 07 92 00 01 00 03"
	const o, c = board.StateOpen, board.StateClosed
	for name, test := range map[string]struct {
		replies []string
		want    []board.State // of polls that follow each other
	}{
		"first look":          {[]string{closed, closed, closed}, []board.State{c, c}},
		"first look is wrong": {[]string{open, closed, closed}, []board.State{c, c}},
		"opens":               {[]string{closed, closed, open, open, open}, []board.State{c, o, o}},
		"one wrong answer":    {[]string{closed, closed, open, closed, closed}, []board.State{c, c, c}},
		"closes":              {[]string{open, open, closed, closed, closed}, []board.State{o, c, c}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDriver(t, script(t, test.replies...), channels(1))
				for i, want := range test.want {
					if got, err := d.ReadStates(t.Context(), 0); err != nil || got.Doors[0] != want {
						t.Errorf("poll %d: %v, %v, want %v", i+1, got.Doors, err, want)
					}
				}
				if n := d.Counts().Requests; n != uint64(len(test.replies)) {
					t.Errorf("%d requests, want %d", n, len(test.replies))
				}
			})
		})
	}
}

// TestDriver_DeafChannel: one channel that never answers does not hide the others, and a dead board
// costs one deadline.
func TestDriver_DeafChannel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newWorld(t, map[board.Address]int{1: 16})
		d := newDriver(t, serve(t, winnsen.SlaveOptions{World: world}), channels(4))
		if err := errors.Join(world.SetBehaviour(1, 4, virtual.BehaviourDead, 0), world.Force(1, 3)); err != nil {
			t.Fatal(err)
		}
		if _, err := d.ReadStates(t.Context(), 1); !errors.Is(err, board.ErrSilent) {
			t.Fatalf("%v, want silence at first", err)
		}
		want := []board.State{board.StateClosed, board.StateClosed, board.StateOpen, board.StateUnknown}
		for range 3 {
			reading, err := d.ReadStates(t.Context(), 1)
			if err != nil || !slices.Equal(reading.Doors, want) {
				t.Fatalf("%v, %v, want %v", reading.Doors, err, want)
			}
		}
		if err := world.SetSilent(1, true); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			start := time.Now()
			if _, err := d.ReadStates(t.Context(), 1); !errors.Is(err, board.ErrSilent) {
				t.Fatalf("%v, want silence of a dead board", err)
			}
			if took := time.Since(start); took > winnsen.DefaultStatusDeadline+50*time.Millisecond {
				t.Errorf("a dead board took %v", took)
			}
		}
		if err := errors.Join(world.SetSilent(1, false), world.SetBehaviour(1, 4, virtual.BehaviourNormal, 0)); err != nil {
			t.Fatal(err)
		}
		want[3] = board.StateClosed
		if reading, err := d.ReadStates(t.Context(), 1); err != nil || !slices.Equal(reading.Doors, want) {
			t.Fatalf("%v, %v, want %v", reading.Doors, err, want)
		}
	})
}

// TestDriver_PollDeadline: many slow answers do not add up to more than Info promises, and one who
// waits for something else can end a poll.
func TestDriver_PollDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newWorld(t, map[board.Address]int{1: 16})
		d := newDriver(t, serve(t, winnsen.SlaveOptions{World: world, ReplyDelay: 300 * time.Millisecond}), nil)
		start := time.Now()
		_, err := d.ReadStates(t.Context(), 1)
		if !errors.Is(err, board.ErrSilent) {
			t.Errorf("%v, want silence", err)
		}
		if took, limit := time.Since(start), d.Info().Deadline; took > limit+50*time.Millisecond || took < limit/2 {
			t.Errorf("took %v, Info promised %v", took, limit)
		}
		time.Sleep(time.Second) // the board still thinks about the last question
		ctx, cancel := context.WithCancel(t.Context())
		defer time.AfterFunc(450*time.Millisecond, cancel).Stop()
		start = time.Now()
		if _, err := d.ReadStates(ctx, 1); !errors.Is(err, context.Canceled) {
			t.Errorf("%v, want the context's error", err)
		}
		if took := time.Since(start); took > 550*time.Millisecond {
			t.Errorf("took %v", took)
		}
	})
}

// noisy is a line on which bytes wait, with a clock that jumps to the deadline when nothing does.
type noisy struct {
	waiting []byte
	now     time.Time
	limit   time.Time
	sent    bool
}

func (n *noisy) Write(p []byte) (int, error) {
	n.sent = true
	return len(p), nil
}

func (n *noisy) Read(p []byte) (int, error) {
	if !n.sent || len(n.waiting) == 0 {
		n.now = n.limit
		return 0, os.ErrDeadlineExceeded
	}
	size := copy(p, n.waiting)
	n.waiting = n.waiting[size:]
	return size, nil
}

func (n *noisy) SetReadDeadline(t time.Time) error { n.limit = t; return nil }
func (n *noisy) Close() error                      { return nil }

// TestDriver_Noise: without a checksum noise can be anything, but only the whole reply of this lock
// is believed.
func TestDriver_Noise(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var line []byte
		for range rapid.IntRange(1, 6).Draw(t, "pieces") {
			f := frames().Draw(t, "piece")
			if rapid.Bool().Draw(t, "near") {
				f = winnsen.Frame{
					Function: winnsen.FunctionUnlock, Addr: 1, Reply: true, Result: winnsen.ResultYes,
					Channel: board.Channel(rapid.IntRange(2, 4).Draw(t, "channel")),
				}
			}
			raw := f.Encode(winnsen.OrderLockFirst)
			if rapid.Bool().Draw(t, "damaged") {
				raw[rapid.IntRange(0, len(raw)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
			}
			line = append(line, raw...)
		}
		conn := &noisy{waiting: line}
		d, err := winnsen.New(winnsen.Options{Conn: conn, Now: func() time.Time { return conn.now }})
		if err != nil {
			t.Fatal(err)
		}
		ack, err := d.Unlock(t.Context(), 1, 3)
		told := strings.Contains(string(line), "\x90\x07\x85\x01\x03\x01\x03")
		if ack == board.AckAccepted && (!told || err != nil) {
			t.Fatalf("%v, %v from % X", ack, err, line)
		}
	})
}

// TestSlave_WrongBits counts what every possible error of one and of two bits in an unlock frame does.
// This is what a line without a checksum costs.
func TestSlave_WrongBits(t *testing.T) {
	t.Parallel()
	world := newWorld(t, map[board.Address]int{0: 16, 1: 16, 2: 16, 3: 16})
	slave, err := winnsen.NewSlave(winnsen.SlaveOptions{World: world})
	if err != nil {
		t.Fatal(err)
	}
	var pulses []lock
	world.Subscribe(func(e virtual.Event) {
		if e.Kind == virtual.EventPulse {
			pulses = append(pulses, lock{e.Addr, e.Channel})
		}
	})
	const bits = 48
	frames, wrong, confessed := [3]int{}, [3]int{}, [3]int{}
	for door := range 64 {
		want := lock{board.Address(door / 16), board.Channel(door%16 + 1)}
		for first := range bits {
			for second := range first + 1 { // equal ones are one wrong bit
				raw := winnsen.EncodeUnlock(want.addr, want.ch)
				raw[first/8] ^= 1 << (first % 8)
				errs := 1
				if second != first {
					raw[second/8] ^= 1 << (second % 8)
					errs = 2
				}
				pulses = pulses[:0]
				replies := slave.Session().Feed(raw)
				frames[errs]++
				if len(pulses) == 0 {
					continue
				}
				if pulses[0] == want || len(pulses) > 1 {
					t.Fatalf("% X opened %v for %v", raw, pulses, want)
				}
				wrong[errs]++
				if bytes.Equal(replies[0].Frame, pulsed(pulses[0])) {
					confessed[errs]++
				}
			}
		}
	}
	for errs := 1; errs <= 2; errs++ {
		t.Logf("of all %d errors of %d bits in an unlock frame %d opened another door (%.2f %%), in %d the reply names that door",
			frames[errs], errs, wrong[errs], 100*float64(wrong[errs])/float64(frames[errs]), confessed[errs])
		if wrong[errs] == 0 || confessed[errs] != wrong[errs] {
			t.Errorf("%d wrong bits: %d wrong doors, %d replies that name them", errs, wrong[errs], confessed[errs])
		}
	}
}

// lock names one lock of the bus.
type lock struct {
	addr board.Address
	ch   board.Channel
}

// pulsed is the reply of a board that pulsed a lock.
func pulsed(l lock) []byte {
	return winnsen.Frame{
		Function: winnsen.FunctionUnlock, Addr: l.addr, Channel: l.ch, Reply: true, Result: winnsen.ResultYes,
	}.Encode(winnsen.OrderLockFirst)
}

// TestDriver_BitErrors runs in virtual time: a poll asks for 16 locks, one after another.
func TestDriver_BitErrors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := family(t, 16, winnsen.OrderLockFirst, winnsen.PolarityOpening)
		if got := boardtest.BitErrors(t, f, []board.Address{0, 1, 2, 3}); got.Wrong == 0 {
			t.Errorf("%+v: no wrong unlock without a checksum", got)
		}
	})
}

func TestDriver_PollSpeed(t *testing.T) {
	t.Parallel()
	boardtest.PollSpeed(t, family(t, 16, winnsen.OrderLockFirst, winnsen.PolarityOpening), bank())
}

func TestNew_Invalid(t *testing.T) {
	t.Parallel()
	good := winnsen.Options{Conn: &noisy{}, Now: time.Now}
	for want, change := range map[string]func(*winnsen.Options){
		"Conn and Now":               func(o *winnsen.Options) { o.Conn = nil },
		"Conn and Now are":           func(o *winnsen.Options) { o.Now = nil },
		"door polarity 3":            func(o *winnsen.Options) { o.Polarity = 3 },
		"status order 3 is":          func(o *winnsen.Options) { o.Order = 3 },
		"echo 9":                     func(o *winnsen.Options) { o.Echo = 9 },
		"17 channels, want 1":        func(o *winnsen.Options) { o.Channels = 17 },
		"-1 channels":                func(o *winnsen.Options) { o.Channels = -1 },
		"first station is 2, want 0": func(o *winnsen.Options) { o.FirstStation = 2 },
		"pulse of -1ns":              func(o *winnsen.Options) { o.BoardTime = -1 },
		"a deadline is negative":     func(o *winnsen.Options) { o.PollDeadline = -1 },
	} {
		opts := good
		change(&opts)
		if _, err := winnsen.New(opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	d, err := winnsen.New(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range []func() error{
		func() error { _, err := d.ReadStates(t.Context(), 4); return err },
		func() error { _, err := d.Probe(t.Context(), 4); return err },
		func() error { _, err := d.Census(t.Context(), 4); return err },
		func() error { _, err := d.Unlock(t.Context(), 1, 17); return err },
	} {
		if err := call(); !errors.Is(err, board.ErrRange) {
			t.Errorf("%v, want out of range", err)
		}
	}
}

func TestNewSlave_Invalid(t *testing.T) {
	t.Parallel()
	world := newWorld(t, map[board.Address]int{1: 16})
	for want, opts := range map[string]winnsen.SlaveOptions{
		"World":                    {},
		"door polarity 7":          {World: world, Polarity: 7},
		"status order 7":           {World: world, Order: 7},
		"delay is negative":        {World: world, CoolDown: -1},
		"board 5 with 4":           {World: newWorld(t, map[board.Address]int{5: 4})},
		"board 2 with 17 channels": {World: newWorld(t, map[board.Address]int{2: 17})},
	} {
		if _, err := winnsen.NewSlave(opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// TestSlave_Requests shows what the virtual boards answer, byte for byte.
func TestSlave_Requests(t *testing.T) {
	t.Parallel()
	world := newWorld(t, map[board.Address]int{0: 4, 2: 16})
	slave, err := winnsen.NewSlave(winnsen.SlaveOptions{World: world, Order: winnsen.OrderStateFirst})
	if err != nil {
		t.Fatal(err)
	}
	session := slave.Session()
	for _, c := range []struct{ request, want string }{
		{"90 06 12 00 01 03", "90 07 92 00 00 01 03"},
		{"90 06 05 00 01 03", "90 07 85 00 01 01 03"},
		{"90 06 12 00 01 03", "90 07 92 00 01 01 03"},
		{"90 06 05 00 05 03", "90 07 85 00 05 00 03"}, // of a board with four locks
		{"90 06 12 00 05 03", ""},
		{"90 06 12 01 01 03", ""},    // a board that is not there
		{"90 07 85 00 01 01 03", ""}, // what only boards send
	} {
		var got []byte
		for _, reply := range session.Feed(unhex(t, c.request)) {
			got = append(got, reply.Frame...)
		}
		if !slices.Equal(got, unhex(t, c.want)) {
			t.Errorf("%s: % X, want %s", c.request, got, c.want)
		}
	}
}

// FuzzSlave: no bytes may panic the boards or pulse a lock without a whole valid request.
func FuzzSlave(f *testing.F) {
	for _, ref := range references(f) {
		f.Add(ref.bytes)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		world := newWorld(t, map[board.Address]int{0: 16, 1: 4})
		slave, err := winnsen.NewSlave(winnsen.SlaveOptions{World: world, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		session, replies := slave.Session(), 0
		for piece := range slices.Chunk(line, 3) {
			replies += len(session.Feed(piece))
		}
		if requests := len(line) / 6; replies > requests || len(world.Pulses()) > requests {
			t.Fatalf("%d replies and %d pulses from %d bytes", replies, len(world.Pulses()), len(line))
		}
	})
}
