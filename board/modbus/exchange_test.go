package modbus_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cubby/board"
	"cubby/board/exchange"
	"cubby/board/modbus"
	"cubby/board/virtual"
)

// script is a board that answers each request with fixed bytes, for what no virtual board does. An
// answer "=" is the request itself.
func script(t *testing.T, replies ...string) board.Conn {
	t.Helper()
	near, far := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 64)
		for _, reply := range replies {
			n, err := far.Read(buf)
			if err != nil {
				return
			}
			answer := slices.Clone(buf[:n])
			if reply != "=" {
				answer = unhex(t, reply)
			}
			if _, err := far.Write(answer); err != nil {
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

func newDriver(t *testing.T, conn board.Conn, change func(*modbus.Options)) *modbus.Driver {
	t.Helper()
	opts := modbus.Options{Conn: conn, Now: time.Now, Polarity: modbus.PolarityOpening}
	if change != nil {
		change(&opts)
	}
	d, err := modbus.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Frames of unit 1 that scripts answer with.
const (
	shut    = "01 02 01 00 A1 88"
	flashed = "01 05 02 00 00 02 4D B3"
)

// TestDriver_Twin: while nobody knows whether the adapter echoes, a frame equal to the request is no
// answer, a second one is; and what is no answer to this unlock is none.
func TestDriver_Twin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reply string
		ack   board.Ack
		err   error
	}{
		"one":             {flashed, board.AckNone, board.ErrSilent},
		"two":             {flashed + flashed, board.AckAccepted, nil},
		"exception":       {"01 85 03 02 91", board.AckRefused, nil},
		"other channel":   {"01 05 02 01 00 02 1C 73", board.AckNone, board.ErrSilent},
		"other unit":      {"02 05 02 00 00 02 4D 80", board.AckNone, board.ErrSilent},
		"other value":     {"01 05 02 00 00 00 CC 72", board.AckNone, board.ErrGarbled},
		"bad checksum":    {"01 05 02 00 00 02 4D B2", board.AckNone, board.ErrGarbled},
		"nothing at all":  {"", board.AckNone, board.ErrSilent},
		"a status answer": {shut, board.AckNone, board.ErrSilent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDriver(t, script(t, "", c.reply), nil) // the question about the echo finds nobody
				ack, err := d.Unlock(t.Context(), 1, 1)
				if ack != c.ack || !errors.Is(err, c.err) {
					t.Errorf("%v, %v, want %v, %v", ack, err, c.ack, c.err)
				}
			})
		})
	}
}

// exceptionTo is unit 1's exception to a function, as a line of hex for a script.
func exceptionTo(function, code byte) string {
	f := modbus.Frame{Unit: 1, Function: function | 0x80, Body: []byte{code}}
	return fmt.Sprintf("% X", f.Encode(modbus.FramingRTU))
}

// TestDriver_Exceptions: only a board that says that it did nothing has refused. Whoever believes that of
// a gateway's time-out pulses the lock a second time.
func TestDriver_Exceptions(t *testing.T) {
	t.Parallel()
	for code := byte(1); code <= 12; code++ {
		t.Run(strconv.Itoa(int(code)), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ack, want := board.AckNone, board.ErrGarbled
				switch code {
				case 1, 2, 3, 6:
					ack, want = board.AckRefused, nil
				case 0x0A, 0x0B:
					want = board.ErrSilent
				}
				d := newDriver(t, script(t, exceptionTo(5, code)), func(o *modbus.Options) { o.Echo = exchange.EchoOff })
				if got, err := d.Unlock(t.Context(), 1, 1); got != ack || !errors.Is(err, want) {
					t.Errorf("unlock: %v, %v, want %v, %v", got, err, ack, want)
				}
			})
		})
	}
}

// TestDriver_Gateway: a gateway answers for every unit, also for those that are not there.
func TestDriver_Gateway(t *testing.T) {
	t.Parallel()
	for _, code := range []byte{0x0A, 0x0B} {
		synctest.Test(t, func(t *testing.T) {
			nobody := []string{exceptionTo(1, code), exceptionTo(1, code), exceptionTo(2, code)}
			d := newDriver(t, script(t, nobody...), nil)
			if found, err := d.Probe(t.Context(), 1); found || err != nil {
				t.Errorf("probe: %v, %v, want nobody", found, err)
			}
			if presence, err := d.Census(t.Context(), 1); presence != board.PresenceNone || err != nil {
				t.Errorf("census: %v, %v, want nobody", presence, err)
			}
			if _, err := d.ReadStates(t.Context(), 1); !errors.Is(err, board.ErrSilent) {
				t.Errorf("states: %v, want silence", err)
			}
		})
	}
}

// TestDriver_LateException: on RTU an exception names neither relay nor request. After a write without
// an answer it may be that one's, until the board has answered something else.
func TestDriver_LateException(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		no := exceptionTo(5, 6)
		d := newDriver(t, script(t, "", no, shut, no), func(o *modbus.Options) { o.Echo = exchange.EchoOff })
		for ch := board.Channel(1); ch <= 2; ch++ {
			if ack, err := d.Unlock(t.Context(), 1, ch); ack != board.AckNone || !errors.Is(err, board.ErrSilent) {
				t.Errorf("unlock channel %d: %v, %v, want silence", ch, ack, err)
			}
		}
		if late := d.BoardCounts(1).Late; late != 1 {
			t.Errorf("%d late answers counted, want 1", late)
		}
		if _, err := d.ReadStates(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if ack, err := d.Unlock(t.Context(), 1, 3); ack != board.AckRefused || err != nil {
			t.Errorf("%v, %v, want refused", ack, err)
		}
	})
}

// TestDriver_Echo: once the adapter is known, one frame is the echo or the answer, as it must be.
func TestDriver_Echo(t *testing.T) {
	t.Parallel()
	question := "01 02 00 00 00 08 79 CC"
	for name, c := range map[string]struct {
		status, unlock string
		echo           exchange.Echo
		ack            board.Ack
		err            error
	}{
		"quiet adapter":         {shut, flashed, 0, board.AckAccepted, nil},
		"echo and answer":       {question + shut, flashed + flashed, 0, board.AckAccepted, nil},
		"echo only":             {question + shut, flashed, 0, board.AckNone, board.ErrSilent},
		"echo and refusal":      {question + shut, flashed + "01 85 03 02 91", 0, board.AckRefused, nil},
		"set to on, echo only":  {flashed, "", exchange.EchoOn, board.AckNone, board.ErrSilent},
		"set to off, an answer": {flashed, "", exchange.EchoOff, board.AckAccepted, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDriver(t, script(t, c.status, c.unlock), func(o *modbus.Options) { o.Echo = c.echo })
				ack, err := d.Unlock(t.Context(), 1, 1)
				if ack != c.ack || !errors.Is(err, c.err) {
					t.Errorf("%v, %v, want %v, %v", ack, err, c.ack, c.err)
				}
			})
		})
	}
}

// TestDriver_Transaction: on Modbus TCP an answer with another number never fits, however right it
// looks, and is counted.
func TestDriver_Transaction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		open := "00 01 00 00 00 04 01 02 01 FF" // an answer to the first question
		d := newDriver(t, script(t, "", open, "00 03 00 00 00 04 01 02 01 01"), func(o *modbus.Options) {
			o.Framing = modbus.FramingTCP
		})
		for range 2 {
			if _, err := d.ReadStates(t.Context(), 1); !errors.Is(err, board.ErrSilent) {
				t.Fatalf("%v, want silence", err)
			}
		}
		reading, err := d.ReadStates(t.Context(), 1)
		if err != nil || reading.Doors[0] != board.StateOpen || reading.Doors[1] != board.StateClosed {
			t.Errorf("%v, %v, want channel 1 open", reading, err)
		}
		if c := d.Counts(); c.Late != 1 || c.Timeouts != 2 || c != d.BoardCounts(1) {
			t.Errorf("counts %+v", c)
		}
	})
}

func TestDriver_StatusRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDriver(t, script(t, "01 82 02 C1 61", "01 81 01 81 90"), nil)
		_, err := d.ReadStates(t.Context(), 1)
		if err == nil || !strings.Contains(err.Error(), "illegal address (exception 2); check channels and input offset") {
			t.Errorf("%v", err)
		}
		if found, err := d.Probe(t.Context(), 1); !found || err != nil {
			t.Errorf("probe: %v, %v, want somebody who refuses", found, err)
		}
	})
}

// TestDriver_ShortAnswer: channels that the answer does not cover are unknown, never closed.
func TestDriver_ShortAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDriver(t, script(t, "01 02 01 05 61 8B"), func(o *modbus.Options) { o.Channels = 16 })
		reading, err := d.ReadStates(t.Context(), 1)
		if err != nil || len(reading.Doors) != 16 {
			t.Fatalf("%v, %v", reading, err)
		}
		if reading.Doors[2] != board.StateOpen || reading.Doors[7] != board.StateClosed || reading.Doors[8] != board.StateUnknown {
			t.Errorf("doors %v", reading.Doors)
		}
	})
}

// TestDriver_Boards: sizes, offsets, polarities, and boards that answer no write or have no inputs.
func TestDriver_Boards(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		slave  modbus.SlaveOptions
		driver modbus.Options
		ack    board.Ack
	}{
		"one channel":    {driver: modbus.Options{Channels: 1}, ack: board.AckAccepted},
		"32 channels":    {driver: modbus.Options{Channels: 32}, ack: board.AckAccepted},
		"offset":         {slave: modbus.SlaveOptions{InputOffset: 32}, driver: modbus.Options{InputOffset: 32}, ack: board.AckAccepted},
		"no reply":       {slave: modbus.SlaveOptions{NoUnlockReply: true}, driver: modbus.Options{NoUnlockReply: true}},
		"no inputs":      {driver: modbus.Options{NoInputs: true}, ack: board.AckAccepted},
		"no flash":       {slave: modbus.SlaveOptions{NoFlash: true}, ack: board.AckRefused},
		"coil":           {slave: modbus.SlaveOptions{NoFlash: true}, driver: modbus.Options{Mode: modbus.ModeCoil}, ack: board.AckAccepted},
		"coil, no reply": {slave: modbus.SlaveOptions{NoUnlockReply: true}, driver: modbus.Options{Mode: modbus.ModeCoil, NoUnlockReply: true}},
	} {
		for _, polarity := range []modbus.Polarity{modbus.PolarityClosing, modbus.PolarityOpening} {
			synctest.Test(t, func(t *testing.T) {
				opts := c.driver
				if opts.Channels == 0 {
					opts.Channels = 8
				}
				world := newWorld(t, map[board.Address]int{247: opts.Channels})
				c.slave.World, c.slave.Polarity = world, polarity
				opts.Conn, opts.Now, opts.Polarity, opts.Accept = serve(t, c.slave), time.Now, polarity, modbus.Acceptance
				d, err := modbus.New(opts)
				if err != nil {
					t.Fatal(err)
				}
				last := board.Channel(opts.Channels)
				if ack, err := d.Unlock(t.Context(), 247, last); err != nil || ack != c.ack {
					t.Fatalf("%s: unlock: %v, %v, want %v", name, ack, err, c.ack)
				}
				reading, err := d.ReadStates(t.Context(), 247)
				if err != nil || len(reading.Doors) != opts.Channels {
					t.Fatalf("%s: %v, %v", name, reading, err)
				}
				for i, got := range reading.Doors {
					want := world.Position(247, board.Channel(i+1))
					if opts.NoInputs {
						want = board.StateUnknown
					}
					if got != want {
						t.Errorf("%s, %v: channel %d is %v, want %v", name, polarity, i+1, got, want)
					}
				}
				if opened := c.ack != board.AckRefused; (world.PulseCount(247, last) == 1) != opened || world.Coil(247, last) {
					t.Errorf("%s: %d pulses, coil %v", name, world.PulseCount(247, last), world.Coil(247, last))
				}
			})
		}
	}
}

// TestDriver_Gap: an RTU board needs three and a half characters of silence between two frames.
func TestDriver_Gap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDriver(t, script(t, shut, flashed), func(o *modbus.Options) { o.Gap = 15 * time.Millisecond })
		start := time.Now()
		if ack, err := d.Unlock(t.Context(), 1, 1); ack != board.AckAccepted || err != nil {
			t.Fatalf("%v, %v", ack, err)
		}
		if took := time.Since(start); took != 16*time.Millisecond { // a look at the line, the gap
			t.Errorf("took %v, want 16ms", took)
		}
	})
}

// recorder is a board of coils that keeps what is written; some writes fail, some answers do not come.
type recorder struct {
	tried, sent []modbus.Frame
	broken      func(n int) bool // whether write number n fails, from 0
	mute        func(n int) bool // whether write number n is not answered
	answer      []byte
	deadline    time.Time
}

func (r *recorder) Write(p []byte) (int, error) {
	f, _, v := modbus.Split(modbus.FramingTCP, modbus.SideHost)(p, true)
	if v != exchange.Valid {
		return 0, os.ErrInvalid
	}
	n := len(r.tried)
	r.tried = append(r.tried, f)
	if r.broken != nil && r.broken(n) {
		return 0, os.ErrClosed
	}
	r.sent = append(r.sent, f)
	if r.mute == nil || !r.mute(n) {
		if f.Function == 2 {
			f.Body = []byte{1, 0}
		}
		r.answer = append(r.answer, f.Encode(modbus.FramingTCP)...)
	}
	return len(p), nil
}

func (r *recorder) Read(p []byte) (int, error) {
	if len(r.answer) == 0 {
		time.Sleep(time.Until(r.deadline)) // virtual time
		return 0, os.ErrDeadlineExceeded
	}
	n := copy(p, r.answer)
	r.answer = r.answer[n:]
	return n, nil
}

func (r *recorder) SetReadDeadline(t time.Time) error {
	r.deadline = t
	return nil
}

func (*recorder) Close() error { return nil }

// coils tells what the frames switch: channel, and on or off.
func coils(frames []modbus.Frame) (list []int) {
	for _, f := range frames {
		if f.Function == 5 && len(f.Body) == 4 {
			ch := int(binary.BigEndian.Uint16(f.Body)) + 1
			if f.Body[2] == 0 {
				ch = -ch
			}
			list = append(list, ch)
		}
	}
	return list
}

// TestDriver_RestoreUnread: relays whose state the board does not tell are switched off one by one.
func TestDriver_RestoreUnread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn := &counting{Conn: script(t, exceptionTo(5, 2), exceptionTo(1, 1), "=", "=")}
		d := newDriver(t, conn, func(o *modbus.Options) { o.Channels, o.Echo = 2, exchange.EchoOff })
		if err := d.Restore(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if conn.writes != 4 { // all off, the question, two offs
			t.Errorf("%d requests, want an off for each relay", conn.writes)
		}
	})
}

// counting is a line that counts the requests on it.
type counting struct {
	board.Conn
	writes int
}

func (c *counting) Write(p []byte) (int, error) {
	c.writes++
	return c.Conn.Write(p)
}

// TestDriver_Off: after every on, whatever fails and whenever the context ends, off is tried before
// Unlock returns; and once the board works again, a poll sends the offs that are owed. Every pattern of
// four writes that fail and four answers that do not come, for contexts that end before, in, at the end
// of and after a pulse.
func TestDriver_Off(t *testing.T) {
	t.Parallel()
	ends := []time.Duration{0, 50 * time.Millisecond, 200 * time.Millisecond, 10 * time.Second}
	synctest.Test(t, func(t *testing.T) {
		for broken := range 1 << 4 {
			for mute := range 1 << 4 {
				for _, first := range ends {
					for _, second := range ends {
						checkOff(t, broken, mute, first, second)
					}
				}
			}
		}
	})
}

func checkOff(t *testing.T, broken, mute int, ends ...time.Duration) {
	t.Helper()
	line := &recorder{
		broken: func(n int) bool { return broken>>n&1 == 1 },
		mute:   func(n int) bool { return mute>>n&1 == 1 },
	}
	d := newDriver(t, line, func(o *modbus.Options) {
		o.Framing, o.Mode, o.Accept = modbus.FramingTCP, modbus.ModeCoil, modbus.Acceptance
	})
	for i, end := range ends {
		ctx, cancel := context.WithTimeout(t.Context(), end)
		before, ch, start := len(line.tried), i+1, time.Now()
		_, err := d.Unlock(ctx, 1, board.Channel(ch))
		cancel()
		tried := coils(line.tried[before:])
		at := slices.Index(tried, ch)
		if at >= 0 && (!slices.Contains(tried[at:], -ch) || slices.Contains(tried[at+1:], ch)) {
			t.Fatalf("broken %04b, mute %04b, ends %v: tried %v", broken, mute, ends, tried)
		}
		if sent := coils(line.sent); err == nil && (at < 0 || sent[len(sent)-1] != -ch) {
			t.Fatalf("broken %04b, mute %04b, ends %v: sent %v without an error", broken, mute, ends, sent)
		}
		if took := time.Since(start); took > d.Info().Deadline {
			t.Fatalf("broken %04b, mute %04b, ends %v: took %v", broken, mute, ends, took)
		}
	}
	line.broken, line.mute = nil, nil
	if _, err := d.ReadStates(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	on := map[int]bool{}
	for _, c := range coils(line.sent) {
		on[max(c, -c)] = c > 0
	}
	for ch, still := range on {
		if still {
			t.Fatalf("broken %04b, mute %04b, ends %v: relay %d is still on after %v",
				broken, mute, ends, ch, coils(line.sent))
		}
	}
}

// TestDriver_Restore: on a board that refuses "all off" and on one that takes it for one more relay.
func TestDriver_Restore(t *testing.T) {
	t.Parallel()
	const (
		refused = "01 85 02 C3 51"
		on13    = "01 01 01 05 91 8B" // relays 1 and 3 are on
		allOff  = "01 05 00 FF 00 00 FD FA"
	)
	for name, all := range map[string]string{"refused": refused, "taken for a relay": allOff, "silent": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDriver(t, script(t, all, on13, "=", "="), func(o *modbus.Options) {
					o.Mode, o.Accept, o.Echo = modbus.ModeCoil, modbus.Acceptance, exchange.EchoOff
				})
				if err := d.Restore(t.Context(), 1); err != nil {
					t.Fatal(err)
				}
				if got := d.Counts().Requests; got != 4 {
					t.Errorf("%d requests, want all off, a look, and two relays", got)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		d := newDriver(t, script(t), nil)
		if err := d.Restore(t.Context(), 1); !errors.Is(err, board.ErrSilent) {
			t.Errorf("restore of a dead board: %v", err)
		}
		if err := d.Restore(t.Context(), 248); !errors.Is(err, board.ErrRange) {
			t.Errorf("restore of board 248: %v", err)
		}
	})
}

func TestNew_Invalid(t *testing.T) {
	t.Parallel()
	good := modbus.Options{Conn: script(t), Now: time.Now, Polarity: modbus.PolarityClosing}
	for want, change := range map[string]func(*modbus.Options){
		"Conn and Now":            func(o *modbus.Options) { o.Conn = nil },
		"framing 3":               func(o *modbus.Options) { o.Framing = 3 },
		"pulse mode 3":            func(o *modbus.Options) { o.Mode = 3 },
		"echo 9":                  func(o *modbus.Options) { o.Echo = 9 },
		"nothing echoes on":       func(o *modbus.Options) { o.Echo, o.Framing = exchange.EchoOn, modbus.FramingTCP },
		"33 channels":             func(o *modbus.Options) { o.Channels = 33 },
		"polarity of the door":    func(o *modbus.Options) { o.Polarity = 0 },
		"input offset 65528":      func(o *modbus.Options) { o.InputOffset = 65528 },
		"input offset -1":         func(o *modbus.Options) { o.InputOffset = -1 },
		"flash of 250ms":          func(o *modbus.Options) { o.Pulse = 250 * time.Millisecond },
		"flash of 31s":            func(o *modbus.Options) { o.Pulse = 31 * time.Second },
		"pulse of 10ms":           func(o *modbus.Options) { o.Mode, o.Pulse = modbus.ModeCoil, 10*time.Millisecond },
		"gap of 1s":               func(o *modbus.Options) { o.Gap = time.Second },
		"a deadline is negative":  func(o *modbus.Options) { o.StatusDeadline = -1 },
		"set accept to \"a crash": func(o *modbus.Options) { o.Mode, o.Accept = modbus.ModeCoil, "a crash may leave a coil on" },
	} {
		opts := good
		change(&opts)
		if _, err := modbus.New(opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	d := newDriver(t, good.Conn, nil)
	want := board.Info{
		Family: "modbus", Channels: 8, Cycle: true, Deadline: 1600 * time.Millisecond, BoardTime: 200 * time.Millisecond,
	}
	if info := d.Info(); info != want {
		t.Errorf("info %+v, want %+v", info, want)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for p := modbus.PolarityClosing; p <= modbus.PolarityOpening; p++ {
		if got, err := modbus.ParsePolarity(p.String()); got != p || err != nil {
			t.Errorf("%v: %v, %v", p, got, err)
		}
	}
	for f := modbus.FramingRTU; f <= modbus.FramingTCP; f++ {
		if got, err := modbus.ParseFraming(f.String()); got != f || err != nil {
			t.Errorf("%v: %v, %v", f, got, err)
		}
	}
	for m := modbus.ModeFlash; m <= modbus.ModeCoil; m++ {
		if got, err := modbus.ParseMode(m.String()); got != m || err != nil {
			t.Errorf("%v: %v, %v", m, got, err)
		}
	}
	_, polarity := modbus.ParsePolarity("")
	_, framing := modbus.ParseFraming("ascii")
	_, mode := modbus.ParseMode("Flash")
	if polarity == nil || framing == nil || mode == nil {
		t.Error("a wrong word is accepted")
	}
}

// FuzzSlave: the virtual boards face bytes of a controller that is under test.
func FuzzSlave(f *testing.F) {
	for _, ref := range references(f) {
		f.Add(ref.bytes, false)
		f.Add(append([]byte{1, 2, 0, 0, 0, byte(len(ref.bytes) - 2)}, ref.bytes[:len(ref.bytes)-2]...), true)
	}
	f.Fuzz(func(t *testing.T, line []byte, tcp bool) {
		framing := modbus.FramingRTU
		if tcp {
			framing = modbus.FramingTCP
		}
		world := newWorld(t, map[board.Address]int{1: 8, 2: 32})
		slave, err := modbus.NewSlave(modbus.SlaveOptions{World: world, Framing: framing, Polarity: modbus.PolarityOpening})
		if err != nil {
			t.Fatal(err)
		}
		session := slave.Session()
		replies := 0
		for piece := range slices.Chunk(line, 3) {
			for _, r := range session.Feed(piece) {
				replies++
				if _, n, v := modbus.Split(framing, modbus.SideBoard)(append(r.Frame, 0), false); r.Frame != nil &&
					(v != exchange.Valid || n != len(r.Frame)) {
					t.Fatalf("% X is answered with % X", r.Request, r.Frame)
				}
			}
		}
		if requests := len(line) / 8; replies > requests || len(world.Pulses()) > 32*requests {
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

func serve(t *testing.T, opts modbus.SlaveOptions) board.Conn {
	t.Helper()
	slave, err := modbus.NewSlave(opts)
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

// TestDriver_OffTwice: off is repeated when its answer does not come; nothing else is.
func TestDriver_OffTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		line := &recorder{mute: func(n int) bool { return n == 1 }}
		d := newDriver(t, line, func(o *modbus.Options) {
			o.Framing, o.Mode, o.Accept = modbus.FramingTCP, modbus.ModeCoil, modbus.Acceptance
		})
		if ack, err := d.Unlock(t.Context(), 1, 5); ack != board.AckAccepted || err != nil {
			t.Errorf("unlock: %v, %v", ack, err)
		}
		if got, want := coils(line.sent), []int{5, -5, -5}; !slices.Equal(got, want) {
			t.Errorf("sent %v, want %v", got, want)
		}
	})
}
