package kerong_test

import (
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
	"cubby/board/exchange"
	"cubby/board/kerong"
	"cubby/board/virtual"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func family(tb testing.TB) boardtest.Family {
	tb.Helper()
	codec, err := kerong.NewCodec(kerong.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return boardtest.Family{
		Name: "kerong", Now: time.Now, Addr: 0, Other: 14, Channels: 16, Codec: codec,
		Acks: true, Latch: true, Infrared: true, Checksum: true, Echoes: true,
		NewDriver: func(s boardtest.Setup) (board.Driver, error) {
			return kerong.New(kerong.Options{
				Conn: s.Conn, Now: s.Now, Polarity: kerong.PolarityClosing, Infrared: kerong.InfraredHigh,
				Deadline: s.Deadline, StatusDeadline: s.Deadline,
			})
		},
		NewSlave: func(w *virtual.World, l *virtual.Line) (virtual.Boards, error) {
			return kerong.NewSlave(kerong.SlaveOptions{
				World: w, Line: l, Polarity: kerong.PolarityClosing, Infrared: kerong.InfraredHigh,
			})
		},
	}
}

func TestDriver_Conformance(t *testing.T) {
	t.Parallel()
	boardtest.Exercise(t, family(t))
}

func newWorld(tb testing.TB, boards map[board.Address]int) *virtual.World {
	tb.Helper()
	world, err := virtual.NewWorld(virtual.Options{Now: time.Now, Boards: boards})
	if err != nil {
		tb.Fatal(err)
	}
	return world
}

func serve(t *testing.T, opts kerong.SlaveOptions) board.Conn {
	t.Helper()
	if opts.Polarity == 0 {
		opts.Polarity = kerong.PolarityClosing
	}
	slave, err := kerong.NewSlave(opts)
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

func newDriver(t *testing.T, conn board.Conn, change func(*kerong.Options)) *kerong.Driver {
	t.Helper()
	opts := kerong.Options{Conn: conn, Now: time.Now, Polarity: kerong.PolarityClosing}
	if change != nil {
		change(&opts)
	}
	d, err := kerong.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// watched shows what the driver writes.
type watched struct {
	board.Conn
	sent []byte
}

func (w *watched) Write(p []byte) (int, error) {
	w.sent = append(w.sent, p...)
	return w.Conn.Write(p)
}

// TestDriver_Wake: a board that is silent after an unlock gets one 38, never a second unlock.
func TestDriver_Wake(t *testing.T) {
	t.Parallel()
	const unlock, status, wake = "02 12 31 03 48 ", "02 10 30 03 45 ", "02 10 38 03 4D "
	for name, c := range map[string]struct {
		slave kerong.SlaveOptions
		opts  func(*kerong.Options)
		ack   board.Ack
		reads int // without an answer
		sent  string
	}{
		"sleeps after its answer": {
			slave: kerong.SlaveOptions{Sleepy: true},
			ack:   board.AckAccepted, reads: 1, sent: unlock + status + wake + status,
		},
		"sleeps and never answers": {
			slave: kerong.SlaveOptions{Sleepy: true, NoUnlockReply: true}, reads: 0, sent: unlock + wake + status,
		},
		"no answer expected": {
			slave: kerong.SlaveOptions{Sleepy: true, NoUnlockReply: true},
			opts:  func(o *kerong.Options) { o.NoUnlockReply = true },
			reads: 1, sent: unlock + status + wake + status,
		},
		"left alone": {
			slave: kerong.SlaveOptions{Sleepy: true}, opts: func(o *kerong.Options) { o.NoWake = true },
			ack: board.AckAccepted, reads: 3, sent: unlock + status + status + status,
		},
		"stays awake": {ack: board.AckAccepted, sent: unlock + status},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c.slave.World = newWorld(t, map[board.Address]int{1: 16})
				conn := &watched{Conn: serve(t, c.slave)}
				d := newDriver(t, conn, c.opts)
				ack, err := d.Unlock(t.Context(), 1, 3)
				if ack != c.ack || err != nil && !errors.Is(err, board.ErrSilent) {
					t.Fatalf("unlock: %v, %v, want %v", ack, err, c.ack)
				}
				for range c.reads {
					if _, err := d.ReadStates(t.Context(), 1); !errors.Is(err, board.ErrSilent) {
						t.Fatalf("%v, want silence", err)
					}
				}
				if c.opts == nil || c.reads < 3 {
					start := time.Now()
					reading, err := d.ReadStates(t.Context(), 1)
					if err != nil || reading.Doors[2] != board.StateOpen {
						t.Fatalf("%v, %v, want channel 3 open", reading, err)
					}
					if took, limit := time.Since(start), d.Info().Deadline; took > limit {
						t.Errorf("took %v, Info promised %v", took, limit)
					}
				}
				if got := hexOf(conn.sent); got != strings.TrimSpace(c.sent) {
					t.Errorf("sent %s, want %s", got, c.sent)
				}
				if n := len(c.slave.World.Pulses()); n != 1 {
					t.Errorf("%d pulses, want 1", n)
				}
			})
		})
	}
}

// TestDriver_WakeOnce: a board that stays silent is not asked to wake up again and again.
func TestDriver_WakeOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newWorld(t, map[board.Address]int{1: 16})
		if err := world.SetSilent(1, true); err != nil {
			t.Fatal(err)
		}
		conn := &watched{Conn: serve(t, kerong.SlaveOptions{World: world})}
		d := newDriver(t, conn, nil)
		if _, err := d.Unlock(t.Context(), 1, 3); !errors.Is(err, board.ErrSilent) {
			t.Fatal(err)
		}
		for range 4 {
			start := time.Now()
			if _, err := d.ReadStates(t.Context(), 1); !errors.Is(err, board.ErrSilent) {
				t.Fatal(err)
			}
			if took := time.Since(start); took > d.Info().Deadline+100*time.Millisecond {
				t.Errorf("took %v", took)
			}
		}
		if n := strings.Count(hexOf(conn.sent), "38"); n != 1 {
			t.Errorf("woken %d times in %s", n, hexOf(conn.sent))
		}
		if got := d.BoardCounts(1); got.Timeouts != 6 || got != d.Counts() {
			t.Errorf("counts %+v of the line, %+v of the board, want 6 timeouts", d.Counts(), got)
		}
	})
}

func hexOf(p []byte) string {
	const digits = "0123456789ABCDEF"
	var words []string
	for _, b := range p {
		words = append(words, string([]byte{digits[b>>4], digits[b&15]}))
	}
	return strings.Join(words, " ")
}

// TestDriver_Settings: every polarity and both sizes of board, with and without presence sensors.
func TestDriver_Settings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		channels int
		polarity kerong.Polarity
		infrared kerong.Infrared
	}{
		{12, kerong.PolarityClosing, kerong.InfraredNone},
		{12, kerong.PolarityOpening, kerong.InfraredHigh},
		{16, kerong.PolarityClosing, kerong.InfraredLow},
		{16, kerong.PolarityOpening, kerong.InfraredNone},
	} {
		synctest.Test(t, func(t *testing.T) {
			world := newWorld(t, map[board.Address]int{0: c.channels, 15: c.channels})
			conn := serve(t, kerong.SlaveOptions{
				World: world, Polarity: c.polarity, Infrared: c.infrared, Pulse: 300 * time.Millisecond,
			})
			d := newDriver(t, conn, func(o *kerong.Options) {
				o.Channels, o.Polarity, o.Infrared = c.channels, c.polarity, c.infrared
			})
			for _, addr := range []board.Address{0, 15} {
				if err := world.SetOccupied(addr, 3, true); err != nil {
					t.Fatal(err)
				}
				last := board.Channel(c.channels)
				if ack, err := d.Unlock(t.Context(), addr, last); err != nil || ack != board.AckAccepted {
					t.Fatalf("%+v: unlock: %v, %v", c, ack, err)
				}
				reading, err := d.ReadStates(t.Context(), addr)
				if err != nil {
					t.Fatalf("%+v: %v", c, err)
				}
				checkReading(t, reading, c.channels, c.infrared != kerong.InfraredNone)
			}
			if info := d.Info(); info.Infrared != (c.infrared != kerong.InfraredNone) || !info.Latch ||
				info.Channels != c.channels || info.Family != "kerong" || info.Software {
				t.Errorf("%+v: %+v", c, info)
			}
		})
	}
}

// checkReading wants the last door open and, with sensors, the third compartment occupied.
func checkReading(t *testing.T, reading board.Reading, channels int, infrared bool) {
	t.Helper()
	if len(reading.Doors) != channels {
		t.Errorf("%d doors, want %d", len(reading.Doors), channels)
	}
	for i, s := range reading.Doors {
		if open := i == channels-1; (s == board.StateOpen) != open || s == board.StateUnknown {
			t.Errorf("channel %d is %v", i+1, s)
		}
	}
	if !infrared {
		if reading.Occupancy != nil {
			t.Errorf("occupancy %v without a sensor", reading.Occupancy)
		}
		return
	}
	for i, o := range reading.Occupancy {
		if occupied := i == 2; (o == board.OccupancyOccupied) != occupied || o == board.OccupancyUnknown {
			t.Errorf("behind channel %d: %v", i+1, o)
		}
	}
}

// TestDriver_AllBoards: the address of lock 1 of board 15 calls everybody, so it is never sent.
func TestDriver_AllBoards(t *testing.T) {
	t.Parallel()
	conn := &watched{}
	d := newDriver(t, conn, nil)
	if _, err := d.Unlock(t.Context(), 15, 1); !errors.Is(err, board.ErrRange) {
		t.Errorf("%v, want out of range", err)
	}
	if len(conn.sent) > 0 {
		t.Errorf("% X was sent", conn.sent)
	}
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

// TestDriver_Match: only the answer of the board and lock that were asked for is believed.
func TestDriver_Match(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reply  string // to an unlock of lock 3 of board 1
		ack    board.Ack
		unlock error
		status error // the same bytes after a question for states
	}{
		"the lock":         {"02 12 35 FF FF 00 00 03 4A", board.AckAccepted, nil, board.ErrSilent},
		"no lock":          {"02 10 35 FF FF 00 00 03 48", board.AckAccepted, nil, nil},
		"another lock":     {"02 13 35 FF FF 00 00 03 4B", board.AckNone, board.ErrSilent, board.ErrSilent},
		"another board":    {"02 22 35 FF FF 00 00 03 5A", board.AckNone, board.ErrSilent, board.ErrSilent},
		"answer to 32":     {"02 10 36 FF FF 00 00 03 49", board.AckNone, board.ErrSilent, board.ErrSilent},
		"the request":      {"02 12 31 03 48", board.AckNone, board.ErrSilent, board.ErrSilent},
		"a wrong checksum": {"02 12 35 FF FF 00 00 03 4B", board.AckNone, board.ErrGarbled, board.ErrGarbled},
		"nothing":          {"", board.AckNone, board.ErrSilent, board.ErrSilent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDriver(t, script(t, c.reply), nil)
				if ack, err := d.Unlock(t.Context(), 1, 3); ack != c.ack || !errors.Is(err, c.unlock) {
					t.Errorf("unlock: %v, %v, want %v, %v", ack, err, c.ack, c.unlock)
				}
				d = newDriver(t, script(t, c.reply), nil)
				if _, err := d.ReadStates(t.Context(), 1); !errors.Is(err, c.status) {
					t.Errorf("states: %v, want %v", err, c.status)
				}
			})
		})
	}
}

// TestDriver_LateStates: the answer to an unlock carries states too. When it comes late, it must not
// pass for the answer to a later question.
func TestDriver_LateStates(t *testing.T) {
	t.Parallel()
	const closed, open = "02 10 35 FF FF 00 00 03 48", "02 10 35 FE FF 00 00 03 47"
	for name, c := range map[string]struct {
		noWake  bool
		replies []string
	}{
		"no answer, then both at once":       {true, []string{"", closed + open}},
		"no answer, old one to the wake":     {false, []string{"", closed, open}},
		"no answer, all to the question":     {false, []string{"", "", closed + open}},
		"the wake is answered, then as well": {false, []string{"", "02 10 38 00 37 03 84", closed + open}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDriver(t, script(t, c.replies...), func(o *kerong.Options) { o.NoWake = c.noWake })
				if _, err := d.Unlock(t.Context(), 1, 1); !errors.Is(err, board.ErrSilent) {
					t.Fatal(err)
				}
				reading, err := d.ReadStates(t.Context(), 1)
				if err != nil || reading.Doors[0] != board.StateOpen || reading.Doors[1] != board.StateClosed {
					t.Errorf("%v, %v, want channel 1 open", reading.Doors, err)
				}
			})
		})
	}
}

// TestDriver_LateAck: a late answer that names no lock, or lock 1, acknowledges no later unlock, neither
// of another lock nor of lock 1; the answer that names the lock does.
func TestDriver_LateAck(t *testing.T) {
	t.Parallel()
	const states, third = "02 10 35 FF FF 00 00 03 48", "02 12 35 FF FF 00 00 03 4A"
	poll := func(d *kerong.Driver) error {
		_, err := d.ReadStates(t.Context(), 1)
		return err
	}
	unlock := func(ch board.Channel) func(*kerong.Driver) error {
		return func(d *kerong.Driver) error {
			_, err := d.Unlock(t.Context(), 1, ch)
			return err
		}
	}
	for name, c := range map[string]struct {
		owed  func(*kerong.Driver) error
		ch    board.Channel
		reply string
		ack   board.Ack
		err   error
	}{
		"of lock 1 to lock 3":            {unlock(1), 3, states, board.AckNone, board.ErrSilent},
		"of a poll to lock 3":            {poll, 3, states, board.AckNone, board.ErrSilent},
		"of a poll to lock 1":            {poll, 1, states, board.AckNone, board.ErrSilent},
		"of lock 2, unnamed, to lock 3":  {unlock(2), 3, states, board.AckNone, board.ErrSilent},
		"of a poll, then that of lock 3": {poll, 3, states + third, board.AckAccepted, nil},
		"of a poll, then that of lock 1": {poll, 1, states + states, board.AckAccepted, nil},
		"never":                          {unlock(1), 3, third, board.AckAccepted, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDriver(t, script(t, "", c.reply), nil)
				if err := c.owed(d); !errors.Is(err, board.ErrSilent) {
					t.Fatalf("%v, want silence", err)
				}
				if ack, err := d.Unlock(t.Context(), 1, c.ch); ack != c.ack || !errors.Is(err, c.err) {
					t.Errorf("%v, %v, want %v, %v", ack, err, c.ack, c.err)
				}
			})
		})
	}
}

func TestDriver_Census(t *testing.T) {
	t.Parallel()
	const one = "02 10 35 FF FF 00 00 03 48"
	for want, replies := range map[board.Presence][]string{
		board.PresenceNone:    {""},
		board.PresenceOne:     {one, one},
		board.PresenceSeveral: {one + one, one + one},
	} {
		synctest.Test(t, func(t *testing.T) {
			d := newDriver(t, script(t, replies...), nil)
			if got, err := d.Census(t.Context(), 1); err != nil || got != want {
				t.Errorf("%v, %v, want %v", got, err, want)
			}
		})
	}
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

// TestDriver_Noise: no noise is taken for the answer of another lock. The noise is made of frames and
// of pieces of frames, which finds more than random bytes.
func TestDriver_Noise(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var line []byte
		for range rapid.IntRange(1, 6).Draw(t, "pieces") {
			f := frames().Draw(t, "piece")
			f.Addr = board.Address(rapid.IntRange(1, 2).Draw(t, "addr"))
			f.Channel = board.Channel(rapid.IntRange(1, 4).Draw(t, "channel"))
			raw := f.Encode()
			if rapid.Bool().Draw(t, "damaged") {
				raw[rapid.IntRange(0, len(raw)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
			}
			line = append(line, raw[rapid.IntRange(0, 1).Draw(t, "cut"):]...)
		}
		conn := &noisy{waiting: line}
		d, err := kerong.New(kerong.Options{
			Conn: conn, Now: func() time.Time { return conn.now }, Polarity: kerong.PolarityClosing,
		})
		if err != nil {
			t.Fatal(err)
		}
		ack, err := d.Unlock(t.Context(), 1, 3)
		if accepted := ack == board.AckAccepted; accepted != (err == nil) || accepted && !answers(line, 0x10, 0x12) {
			t.Fatalf("%v, %v from % X", ack, err, line)
		}
	})
}

// answers looks for a whole answer with one of the address bytes, in its own way.
func answers(line []byte, addrs ...byte) bool {
	for at := range max(0, len(line)-8) {
		p := line[at : at+9]
		var total byte
		for _, b := range p[:8] {
			total += b
		}
		if p[0] == 2 && p[2] == 0x35 && p[7] == 3 && p[8] == total && slices.Contains(addrs, p[1]) {
			return true
		}
	}
	return false
}

// TestSlave_Damaged: one wrong byte in a request never opens anything; the sum sees each of them.
func TestSlave_Damaged(t *testing.T) {
	t.Parallel()
	world := newWorld(t, map[board.Address]int{0: 16, 1: 16})
	slave, err := kerong.NewSlave(kerong.SlaveOptions{World: world, Polarity: kerong.PolarityClosing})
	if err != nil {
		t.Fatal(err)
	}
	for at := range 5 {
		for flip := 1; flip < 256; flip++ {
			raw := kerong.EncodeUnlock(1, 6)
			raw[at] ^= byte(flip)
			slave.Session().Feed(raw)
		}
	}
	if got := world.Pulses(); len(got) > 0 {
		t.Errorf("pulses %v", got)
	}
}

func TestDriver_Cancelled(t *testing.T) {
	t.Parallel()
	conn := &watched{}
	d := newDriver(t, conn, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Unlock(ctx, 1, 1); !errors.Is(err, context.Canceled) || len(conn.sent) > 0 {
		t.Errorf("%v, % X was sent", err, conn.sent)
	}
}

// bank is 64 doors on four boards, at the rate as delivered.
func bank() boardtest.Poll {
	return boardtest.Poll{Addrs: []board.Address{0, 1, 2, 14}, Channels: 16, BaudRate: 19200}
}

func TestDriver_PollSpeed(t *testing.T) {
	t.Parallel()
	boardtest.PollSpeed(t, family(t), bank())
}

func TestDriver_PollSpeedSlow(t *testing.T) {
	t.Parallel()
	slow := bank()
	slow.BaudRate = 9600
	boardtest.PollSpeed(t, family(t), slow)
}

func TestDriver_BitErrors(t *testing.T) {
	t.Parallel()
	boardtest.BitErrors(t, family(t), all())
}

// all is a bus in which every address has a board but 15: its lock 1 cannot be asked for, so it is left out.
func all() []board.Address {
	var addrs []board.Address
	for addr := board.Address(kerong.MinAddress); addr < kerong.MaxAddress; addr++ {
		addrs = append(addrs, addr)
	}
	return addrs
}

func TestNew_Invalid(t *testing.T) {
	t.Parallel()
	good := kerong.Options{Conn: script(t), Now: time.Now, Polarity: kerong.PolarityClosing}
	for want, change := range map[string]func(*kerong.Options){
		"Conn and Now":                  func(o *kerong.Options) { o.Conn = nil },
		"Conn and Now are":              func(o *kerong.Options) { o.Now = nil },
		"hook polarity is not set":      func(o *kerong.Options) { o.Polarity = 0 },
		"hook polarity 3":               func(o *kerong.Options) { o.Polarity = 3 },
		"infrared 4":                    func(o *kerong.Options) { o.Infrared = 4 },
		"echo 9":                        func(o *kerong.Options) { o.Echo = exchange.Echo(9) },
		"17 channels, want 12":          func(o *kerong.Options) { o.Channels = 17 },
		"-1 channels":                   func(o *kerong.Options) { o.Channels = -1 },
		"unlock time of 1ms, want 10ms": func(o *kerong.Options) { o.BoardTime = time.Millisecond },
		"a deadline is negative":        func(o *kerong.Options) { o.StatusDeadline = -1 },
	} {
		opts := good
		change(&opts)
		if _, err := kerong.New(opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	d, err := kerong.New(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range []func() error{
		func() error { _, err := d.ReadStates(t.Context(), 16); return err },
		func() error { _, err := d.Probe(t.Context(), 16); return err },
		func() error { _, err := d.Census(t.Context(), 16); return err },
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
	for want, opts := range map[string]kerong.SlaveOptions{
		"World":                    {Polarity: kerong.PolarityClosing},
		"hook polarity":            {World: world},
		"infrared 7":               {World: world, Polarity: kerong.PolarityClosing, Infrared: 7},
		"delay is negative":        {World: world, Polarity: kerong.PolarityClosing, Pulse: -1},
		"board 16 with 4":          {World: newWorld(t, map[board.Address]int{16: 4}), Polarity: kerong.PolarityClosing},
		"board 2 with 17 channels": {World: newWorld(t, map[board.Address]int{2: 17}), Polarity: kerong.PolarityClosing},
	} {
		if _, err := kerong.NewSlave(opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// TestSlave_Requests shows what the virtual boards answer to what the driver never sends.
func TestSlave_Requests(t *testing.T) {
	t.Parallel()
	world := newWorld(t, map[board.Address]int{0: 12, 1: 16})
	slave, err := kerong.NewSlave(kerong.SlaveOptions{World: world, Polarity: kerong.PolarityOpening})
	if err != nil {
		t.Fatal(err)
	}
	session := slave.Session()
	for _, c := range []struct{ request, want string }{
		{"02 F0 32 03 27", "02 00 36 00 00 00 00 03 3B 02 10 36 00 00 00 00 03 4B"}, // as captured
		{"02 00 38 03 3D", "02 00 38 00 32 03 6F"},                                  // 500 ms
		{"02 00 37 00 37 03 73", "02 00 37 00 37 03 73"},
		{"02 00 38 03 3D", "02 00 38 00 37 03 74"},
		{"02 02 39 05 03 45", ""},
		{"02 00 33 03 38", ""},
		{"02 00 30 03 35", "02 00 35 FF 0F 00 00 03 48"},
		{"02 20 30 03 55", ""},
		{"02 0C 31 03 42", ""}, // lock 13 of a board with 12
	} {
		var got []byte
		for _, reply := range session.Feed(unhex(t, c.request)) {
			got = append(got, reply.Frame...)
		}
		if !slices.Equal(got, unhex(t, c.want)) {
			t.Errorf("%s: % X, want %s", c.request, got, c.want)
		}
	}
	if n := len(world.Pulses()); n != 12 {
		t.Errorf("%d pulses, want 12 of unlock all", n)
	}
}

// FuzzSlave: no bytes may panic the boards or pulse a lock without a whole valid request.
func FuzzSlave(f *testing.F) {
	for _, ref := range references(f) {
		f.Add(ref.bytes)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		world := newWorld(t, map[board.Address]int{0: 12, 1: 16})
		slave, err := kerong.NewSlave(kerong.SlaveOptions{World: world, Polarity: kerong.PolarityOpening, Sleepy: true})
		if err != nil {
			t.Fatal(err)
		}
		session, replies := slave.Session(), 0
		for piece := range slices.Chunk(line, 3) {
			replies += len(session.Feed(piece))
		}
		if requests := len(line) / 5; replies > 2*requests || len(world.Pulses()) > 16*requests {
			t.Fatalf("%d replies and %d pulses from %d bytes", replies, len(world.Pulses()), len(line))
		}
	})
}
