package wkly_test

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
	"cubby/board/wkly"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// family describes boards that are polled in one of the two ways, with one of the two polarities.
func family(tb testing.TB, poll wkly.Poll, polarity wkly.Polarity) boardtest.Family {
	tb.Helper()
	channels := map[wkly.Poll]int{wkly.PollAll: 24, wkly.PollOne: 6}[poll]
	codec, err := wkly.NewCodec(wkly.Options{Channels: channels, Polarity: polarity, Poll: poll})
	if err != nil {
		tb.Fatal(err)
	}
	return boardtest.Family{
		Name: "wkly", Now: time.Now, Addr: 0, Other: 31, Channels: channels, Codec: codec,
		Acks: true, Latch: true, Checksum: true, Echoes: true,
		NewDriver: func(s boardtest.Setup) (board.Driver, error) {
			return wkly.New(wkly.Options{
				Conn: s.Conn, Now: s.Now, Channels: channels, Polarity: polarity, Poll: poll,
				Deadline: s.Deadline, StatusDeadline: s.Deadline, PollDeadline: 2 * s.Deadline,
			})
		},
		NewSlave: func(w *virtual.World, l *virtual.Line) (virtual.Boards, error) {
			return wkly.NewSlave(wkly.SlaveOptions{World: w, Line: l, Polarity: polarity, Announce: true})
		},
	}
}

func TestDriver_Conformance(t *testing.T) {
	t.Parallel()
	boardtest.Exercise(t, family(t, wkly.PollAll, wkly.PolarityClosing))
}

func TestDriver_ConformanceOne(t *testing.T) {
	t.Parallel()
	f := family(t, wkly.PollOne, wkly.PolarityOpening)
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

func serve(t *testing.T, opts wkly.SlaveOptions) board.Conn {
	t.Helper()
	slave, err := wkly.NewSlave(opts)
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

func newDriver(t *testing.T, conn board.Conn, change func(*wkly.Options)) *wkly.Driver {
	t.Helper()
	opts := wkly.Options{Conn: conn, Now: time.Now, Channels: 4}
	if change != nil {
		change(&opts)
	}
	d, err := wkly.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// script is a board that answers each request with fixed bytes, for what no virtual board does.
func script(t *testing.T, replies ...[]byte) board.Conn {
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
			if _, err := far.Write(reply); err != nil {
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

func frame(addr board.Address, c wkly.Command, data ...byte) []byte {
	return wkly.Frame{Command: c, Addr: addr, Data: data}.Encode()
}

// TestDriver_Unlock: only the answer of the board and channel that were asked for is believed.
func TestDriver_Unlock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reply []byte // to an unlock of channel 3 of board 1
		ack   board.Ack
		err   error
	}{
		"done":                 {frame(1, wkly.CommandOpen, 0, 3, 0), board.AckAccepted, nil},
		"done, not yet open":   {frame(1, wkly.CommandOpen, 0, 3, 1), board.AckAccepted, nil},
		"failed":               {frame(1, wkly.CommandOpen, 0xFF, 3, 0xFF), board.AckRefused, nil},
		"failed and no more":   {frame(1, wkly.CommandOpen, 0xFF), board.AckRefused, nil},
		"another channel":      {frame(1, wkly.CommandOpen, 0, 2, 0), board.AckNone, board.ErrSilent},
		"failed elsewhere":     {frame(1, wkly.CommandOpen, 0xFF, 2, 0xFF), board.AckNone, board.ErrSilent},
		"another board":        {frame(2, wkly.CommandOpen, 0, 3, 0), board.AckNone, board.ErrSilent},
		"a question's answer":  {frame(1, wkly.CommandQuery, 0, 3, 0), board.AckNone, board.ErrSilent},
		"a door change":        {frame(1, wkly.CommandChange, 3, 0), board.AckNone, board.ErrSilent},
		"the request":          {wkly.EncodeOpen(1, 3), board.AckNone, board.ErrSilent},
		"another host's":       {wkly.EncodeOpen(1, 2), board.AckNone, board.ErrSilent},
		"XOR of the data only": {[]byte("WKLY\x0B\x01\x82\x00\x03\x00\x80"), board.AckNone, board.ErrGarbled},
		"nothing":              {nil, board.AckNone, board.ErrSilent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDriver(t, script(t, c.reply), nil)
				if ack, err := d.Unlock(t.Context(), 1, 3); ack != c.ack || !errors.Is(err, c.err) {
					t.Errorf("%v, %v, want %v, %v", ack, err, c.ack, c.err)
				}
				if refused := d.BoardCounts(1).Refused; (refused == 1) != (c.ack == board.AckRefused) {
					t.Errorf("%d refusals counted", refused)
				}
			})
		})
	}
}

// TestDriver_LateRefusal: a refusal that names no channel may belong to the unlock before. While that
// one has no answer it refuses nothing: a lock that was pulsed would be pulsed again.
func TestDriver_LateRefusal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		no, named := frame(1, wkly.CommandOpen, 0xFF), frame(1, wkly.CommandOpen, 0xFF, 2, 0xFF)
		all := frame(1, wkly.CommandQueryAll, 0, 4, 1, 1, 1, 1)
		d := newDriver(t, script(t, nil, no, named, all, no), nil)
		for ch, want := range []error{board.ErrSilent, board.ErrSilent} {
			if ack, err := d.Unlock(t.Context(), 1, board.Channel(ch+3)); ack != board.AckNone || !errors.Is(err, want) {
				t.Errorf("unlock %d: %v, %v, want silence", ch, ack, err)
			}
		}
		if ack, err := d.Unlock(t.Context(), 1, 2); ack != board.AckRefused || err != nil {
			t.Errorf("%v, %v, want the refusal that names the channel", ack, err)
		}
		if _, err := d.ReadStates(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if ack, err := d.Unlock(t.Context(), 1, 4); ack != board.AckRefused || err != nil {
			t.Errorf("%v, %v, want refused", ack, err)
		}
	})
}

// TestDriver_ReadStates: what a board does not tell is unknown, never closed.
func TestDriver_ReadStates(t *testing.T) {
	t.Parallel()
	const u, o, c = board.StateUnknown, board.StateOpen, board.StateClosed
	for name, test := range map[string]struct {
		reply    []byte
		polarity wkly.Polarity
		want     []board.State
	}{
		"as many":        {frame(1, wkly.CommandQueryAll, 0, 4, 0, 1, 1, 0xFF), 0, []board.State{o, c, c, u}},
		"the other way":  {frame(1, wkly.CommandQueryAll, 0, 4, 0, 1, 1, 0xFF), wkly.PolarityOpening, []board.State{c, o, o, u}},
		"fewer":          {frame(1, wkly.CommandQueryAll, 0, 1, 0), 0, []board.State{o, u, u, u}},
		"more":           {frame(1, wkly.CommandQueryAll, 0, 5, 1, 1, 1, 1, 0), 0, []board.State{c, c, c, c}},
		"failed":         {frame(1, wkly.CommandQueryAll, 0xFF), 0, nil},
		"another board":  {frame(2, wkly.CommandQueryAll, 0, 1, 0), 0, nil},
		"of one channel": {frame(1, wkly.CommandQuery, 0, 1, 0), 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDriver(t, script(t, test.reply), func(o *wkly.Options) { o.Polarity = test.polarity })
				reading, err := d.ReadStates(t.Context(), 1)
				if !slices.Equal(reading.Doors, test.want) || (err == nil) != (test.want != nil) {
					t.Errorf("%v, %v, want %v", reading.Doors, err, test.want)
				}
			})
		})
	}
}

// TestDriver_DeafChannel: with PollOne one channel that never answers does not hide the others, and a
// dead board costs one deadline.
func TestDriver_DeafChannel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := newWorld(t, map[board.Address]int{1: 4})
		d := newDriver(t, serve(t, wkly.SlaveOptions{World: world}), func(o *wkly.Options) { o.Poll = wkly.PollOne })
		if err := world.SetBehaviour(1, 2, virtual.BehaviourDead, 0); err != nil {
			t.Fatal(err)
		}
		if err := world.Force(1, 3); err != nil {
			t.Fatal(err)
		}
		if _, err := d.ReadStates(t.Context(), 1); !errors.Is(err, board.ErrSilent) {
			t.Fatalf("%v, want silence at first", err)
		}
		want := []board.State{board.StateClosed, board.StateUnknown, board.StateOpen, board.StateClosed}
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
			if took := time.Since(start); took > wkly.DefaultStatusDeadline+50*time.Millisecond {
				t.Errorf("a dead board took %v", took)
			}
		}
		if err := errors.Join(world.SetSilent(1, false), world.SetBehaviour(1, 2, virtual.BehaviourNormal, 0)); err != nil {
			t.Fatal(err)
		}
		want[1] = board.StateClosed
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
		world := newWorld(t, map[board.Address]int{1: 24})
		conn := serve(t, wkly.SlaveOptions{World: world, ReplyDelay: 300 * time.Millisecond})
		d := newDriver(t, conn, func(o *wkly.Options) { o.Poll, o.Channels = wkly.PollOne, 24 })
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

func TestDriver_Changes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDriver(t, script(
			t,
			slices.Concat(frame(1, wkly.CommandChange, 3, 0), frame(1, wkly.CommandQueryAll, 0, 1, 1), frame(31, wkly.CommandChange, 24, 1)),
			slices.Concat(frame(1, wkly.CommandChange, 3, 1), frame(1, wkly.CommandOpen, 0, 2, 0)),
		), nil)
		if _, err := d.ReadStates(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if ack, err := d.Unlock(t.Context(), 1, 2); err != nil || ack != board.AckAccepted {
			t.Fatalf("unlock: %v, %v", ack, err)
		}
		want := []board.Change{
			{Addr: 1, Channel: 3, State: board.StateOpen},
			{Addr: 31, Channel: 24, State: board.StateClosed},
			{Addr: 1, Channel: 3, State: board.StateClosed},
		}
		if got := d.Changes(); !slices.Equal(got, want) {
			t.Errorf("changes %v, want %v", got, want)
		}
		if got := d.Changes(); got != nil {
			t.Errorf("changes told twice: %v", got)
		}
	})
}

// TestDriver_Babble: a board that reports without end does not fill the memory.
func TestDriver_Babble(t *testing.T) {
	t.Parallel()
	line := bytes.Repeat(frame(1, wkly.CommandChange, 3, 0), 300)
	conn := &noisy{waiting: append(line, frame(1, wkly.CommandQueryAll, 0, 1, 1)...)}
	d := newDriver(t, conn, func(o *wkly.Options) { o.Now = func() time.Time { return conn.now } })
	if _, err := d.ReadStates(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if got := len(d.Changes()); got != 256 {
		t.Errorf("%d changes kept, want 256", got)
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

// TestDriver_Noise: no noise is taken for the answer of another channel. The noise is made of frames
// and of pieces of frames, which finds more than random bytes.
func TestDriver_Noise(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var line []byte
		for range rapid.IntRange(1, 6).Draw(t, "pieces") {
			f := frames().Draw(t, "piece")
			if rapid.Bool().Draw(t, "near") {
				f = wkly.Frame{Command: wkly.CommandOpen, Addr: 1, Data: []byte{0, rapid.ByteRange(2, 4).Draw(t, "ch"), 0}}
			}
			raw := f.Encode()
			if rapid.Bool().Draw(t, "damaged") {
				raw[rapid.IntRange(0, len(raw)-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "flip"))
			}
			line = append(line, raw...)
		}
		conn := &noisy{waiting: line}
		d, err := wkly.New(wkly.Options{Conn: conn, Now: func() time.Time { return conn.now }})
		if err != nil {
			t.Fatal(err)
		}
		ack, err := d.Unlock(t.Context(), 1, 3)
		told := false
		for _, door := range []byte{0, 1, 0xFF} {
			told = told || bytes.Contains(line, frame(1, wkly.CommandOpen, 0, 3, door))
		}
		if ack == board.AckAccepted && (!told || err != nil) {
			t.Fatalf("%v, %v from % X", ack, err, line)
		}
	})
}

// TestSlave_Damaged: one wrong byte in a request never opens anything; the XOR sees each of them.
func TestSlave_Damaged(t *testing.T) {
	t.Parallel()
	world := newWorld(t, map[board.Address]int{0: 24, 1: 24})
	slave, err := wkly.NewSlave(wkly.SlaveOptions{World: world})
	if err != nil {
		t.Fatal(err)
	}
	for at := range len(wkly.EncodeOpen(1, 6)) {
		for flip := 1; flip < 256; flip++ {
			raw := wkly.EncodeOpen(1, 6)
			raw[at] ^= byte(flip)
			slave.Session().Feed(raw)
		}
	}
	if got := world.Pulses(); len(got) > 0 {
		t.Errorf("pulses %v", got)
	}
}

// bank is 64 doors on four boards.
func bank(channels int) boardtest.Poll {
	return boardtest.Poll{Addrs: []board.Address{0, 1, 2, 31}, Channels: channels, BaudRate: 9600}
}

func TestDriver_PollSpeed(t *testing.T) {
	t.Parallel()
	boardtest.PollSpeed(t, family(t, wkly.PollAll, wkly.PolarityClosing), bank(16))
}

func TestDriver_PollSpeedOne(t *testing.T) {
	t.Parallel()
	boardtest.PollSpeed(t, family(t, wkly.PollOne, wkly.PolarityClosing), bank(6))
}

func TestDriver_BitErrors(t *testing.T) {
	t.Parallel()
	boardtest.BitErrors(t, family(t, wkly.PollAll, wkly.PolarityClosing), all())
}

// all is a bus in which every address has a board.
func all() []board.Address {
	var addrs []board.Address
	for addr := board.Address(wkly.MinAddress); addr <= wkly.MaxAddress; addr++ {
		addrs = append(addrs, addr)
	}
	return addrs
}

func TestNew_Invalid(t *testing.T) {
	t.Parallel()
	good := wkly.Options{Conn: &noisy{}, Now: time.Now}
	for want, change := range map[string]func(*wkly.Options){
		"Conn and Now":           func(o *wkly.Options) { o.Conn = nil },
		"Conn and Now are":       func(o *wkly.Options) { o.Now = nil },
		"door polarity 3":        func(o *wkly.Options) { o.Polarity = 3 },
		"poll 3 is invalid":      func(o *wkly.Options) { o.Poll = 3 },
		"echo 9":                 func(o *wkly.Options) { o.Echo = 9 },
		"65 channels, want 1":    func(o *wkly.Options) { o.Channels = 65 },
		"-1 channels":            func(o *wkly.Options) { o.Channels = -1 },
		"pulse of -1ns":          func(o *wkly.Options) { o.BoardTime = -1 },
		"a deadline is negative": func(o *wkly.Options) { o.PollDeadline = -1 },
	} {
		opts := good
		change(&opts)
		if _, err := wkly.New(opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	d, err := wkly.New(good)
	if err != nil {
		t.Fatal(err)
	}
	for _, call := range []func() error{
		func() error { _, err := d.ReadStates(t.Context(), 32); return err },
		func() error { _, err := d.Probe(t.Context(), 32); return err },
		func() error { _, err := d.Census(t.Context(), 32); return err },
		func() error { _, err := d.Unlock(t.Context(), 1, 25); return err },
	} {
		if err := call(); !errors.Is(err, board.ErrRange) {
			t.Errorf("%v, want out of range", err)
		}
	}
}

func TestNewSlave_Invalid(t *testing.T) {
	t.Parallel()
	world := newWorld(t, map[board.Address]int{1: 16})
	for want, opts := range map[string]wkly.SlaveOptions{
		"World":                    {},
		"door polarity 7":          {World: world, Polarity: 7},
		"delay is negative":        {World: world, Pulse: -1},
		"board 32 with 4":          {World: newWorld(t, map[board.Address]int{32: 4})},
		"board 2 with 65 channels": {World: newWorld(t, map[board.Address]int{2: 65})},
	} {
		if _, err := wkly.NewSlave(opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// TestSlave_Requests shows what the virtual boards answer to what the driver never sends.
func TestSlave_Requests(t *testing.T) {
	t.Parallel()
	world := newWorld(t, map[board.Address]int{0: 24, 1: 4})
	slave, err := wkly.NewSlave(wkly.SlaveOptions{World: world})
	if err != nil {
		t.Fatal(err)
	}
	session := slave.Session()
	for _, c := range []struct {
		request string
		want    []byte
	}{
		{"57 4B 4C 59 0C 00 80 03 01 02 03 86", unhex(t, "57 4B 4C 59 09 00 80 00 80")},
		{"57 4B 4C 59 0C 00 87 03 01 02 03 81", unhex(t, "57 4B 4C 59 09 00 87 00 87")},
		{"57 4B 4C 59 08 00 86 87", unhex(t, "57 4B 4C 59 09 00 86 00 86")},
		// As in the manual: all 24 doors are open.
		{"57 4B 4C 59 08 00 84 85", frame(0, wkly.CommandQueryAll, append([]byte{0, 24}, make([]byte, 24)...)...)},
		{"57 4B 4C 59 09 00 83 01 82", unhex(t, "57 4B 4C 59 0B 00 83 00 01 00 80")},
		{"57 4B 4C 59 09 00 81 01 80", nil},
		{"57 4B 4C 59 0A 00 85 01 01 86", nil}, // what only boards send
		{"57 4B 4C 59 09 02 82 01 81", nil},    // a board that is not there
	} {
		var got []byte
		for _, reply := range session.Feed(unhex(t, c.request)) {
			got = append(got, reply.Frame...)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: % X, want % X", c.request, got, c.want)
		}
	}
	if n := len(world.Pulses()); n != 30 {
		t.Errorf("%d pulses, want 30", n)
	}
	for _, c := range []wkly.Command{wkly.CommandOpen, wkly.CommandQuery} {
		replies := session.Feed(frame(1, c, 5)) // of a board with four channels
		if len(replies) != 1 || !bytes.Equal(replies[0].Frame, frame(1, c, 0xFF, 5, 0xFF)) {
			t.Errorf("%v of a channel that is not there: %+v", c, replies)
		}
	}
}

// FuzzSlave: no bytes may panic the boards or pulse a lock without a whole valid request.
func FuzzSlave(f *testing.F) {
	for _, ref := range references(f) {
		f.Add(ref.bytes)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		world := newWorld(t, map[board.Address]int{0: 24, 1: 4})
		slave, err := wkly.NewSlave(wkly.SlaveOptions{World: world})
		if err != nil {
			t.Fatal(err)
		}
		session, replies := slave.Session(), 0
		for piece := range slices.Chunk(line, 3) {
			replies += len(session.Feed(piece))
		}
		if requests := len(line) / 8; replies > requests || len(world.Pulses()) > wkly.MaxChannels*requests {
			t.Fatalf("%d replies and %d pulses from %d bytes", replies, len(world.Pulses()), len(line))
		}
	})
}
