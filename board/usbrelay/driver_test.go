package usbrelay_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"cubby/board"
	"cubby/board/boardtest"
	"cubby/board/usbrelay"
	"cubby/board/virtual"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func family(tb testing.TB) boardtest.Family {
	tb.Helper()
	codec, err := usbrelay.NewCodec(usbrelay.Options{Channels: 8})
	if err != nil {
		tb.Fatal(err)
	}
	return boardtest.Family{
		Name: "usbrelay", Now: time.Now, Addr: usbrelay.Address, Single: true, Channels: 8, Codec: codec, Software: true,
		NewDriver: func(s boardtest.Setup) (board.Driver, error) {
			return usbrelay.New(usbrelay.Options{
				Conn: s.Conn, Now: s.Now, Channels: 8, Pulse: s.Pulse, Accept: usbrelay.Acceptance,
			})
		},
		NewSlave: func(w *virtual.World, l *virtual.Line) (virtual.Boards, error) {
			return usbrelay.NewSlave(usbrelay.SlaveOptions{World: w, Line: l})
		},
	}
}

func TestDriver_Conformance(t *testing.T) {
	t.Parallel()
	boardtest.Exercise(t, family(t))
}

// recorder is a line that keeps what is written and fails on demand.
type recorder struct {
	sent   []usbrelay.Frame
	tried  []usbrelay.Frame
	broken func(n int) bool // whether write number n fails, from 0
}

func (r *recorder) Write(p []byte) (int, error) {
	f, _, _ := usbrelay.Split(p, true)
	n := len(r.tried)
	r.tried = append(r.tried, f)
	if r.broken != nil && r.broken(n) {
		return 0, os.ErrClosed
	}
	r.sent = append(r.sent, f)
	return len(p), nil
}

func (*recorder) Read([]byte) (int, error)        { return 0, os.ErrDeadlineExceeded }
func (*recorder) SetReadDeadline(time.Time) error { return nil }
func (*recorder) Close() error                    { return nil }

func newDriver(tb testing.TB, line *recorder) *usbrelay.Driver {
	tb.Helper()
	d, err := usbrelay.New(usbrelay.Options{
		Conn: line, Now: time.Now, Channels: 4, Pulse: time.Second, Accept: usbrelay.Acceptance,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

// TestDriver_Off: after every on, whatever fails and whenever the context ends, off is tried before
// Unlock returns; and once the line works again, a poll writes the offs that are owed. Every pattern of
// six writes that fail, and every pair of contexts that end before, in, at the end of and after a pulse.
func TestDriver_Off(t *testing.T) {
	t.Parallel()
	ends := []time.Duration{0, 300 * time.Millisecond, time.Second, 1500 * time.Millisecond}
	synctest.Test(t, func(t *testing.T) {
		for broken := range 1 << 6 {
			for _, first := range ends {
				for _, second := range ends {
					checkOff(t, broken, first, second)
				}
			}
		}
	})
}

func checkOff(t *testing.T, broken int, ends ...time.Duration) {
	t.Helper()
	line := &recorder{broken: func(n int) bool { return broken>>n&1 == 1 }}
	d := newDriver(t, line)
	for i, end := range ends {
		ctx, cancel := context.WithTimeout(t.Context(), end)
		before := len(line.tried)
		ch := board.Channel(i + 1)
		_, err := d.Unlock(ctx, 1, ch)
		cancel()
		checkPulse(t, line.tried[before:], ch, err)
	}
	line.broken = nil
	if _, err := d.ReadStates(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	on := map[board.Channel]bool{}
	for _, f := range line.sent {
		on[f.Channel] = f.On
	}
	for ch, still := range on {
		if still {
			t.Fatalf("broken %06b, ends %v: relay %d is still on after %+v", broken, ends, ch, line.sent)
		}
	}
}

// checkPulse: one on at most, the last thing tried for that relay is off, and a failed off is an error.
func checkPulse(t *testing.T, tried []usbrelay.Frame, ch board.Channel, err error) {
	t.Helper()
	ons, off := 0, true
	for _, f := range tried {
		if f.On {
			ons++
		}
		if f.Channel == ch {
			off = !f.On
		}
		if f.On && f.Channel != ch {
			t.Fatalf("relay %d was switched on for %d", f.Channel, ch)
		}
	}
	if ons > 1 || !off {
		t.Fatalf("tried %+v", tried)
	}
	if ons == 0 && err == nil {
		t.Fatal("nothing was switched on and nobody says so")
	}
}

func TestDriver_Cancel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		line := &recorder{}
		d := newDriver(t, line)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		start := time.Now()
		if _, err := d.Unlock(ctx, 1, 3); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want the deadline of the context", err)
		}
		if took := time.Since(start); took != 300*time.Millisecond {
			t.Errorf("took %v", took)
		}
		want := []usbrelay.Frame{{Channel: 3, On: true}, {Channel: 3}}
		if len(line.sent) != 2 || line.sent[0] != want[0] || line.sent[1] != want[1] {
			t.Errorf("sent %+v, want %+v", line.sent, want)
		}
	})
}

func TestNew_Invalid(t *testing.T) {
	t.Parallel()
	good := usbrelay.Options{Conn: &recorder{}, Now: time.Now, Accept: usbrelay.Acceptance}
	for want, change := range map[string]func(*usbrelay.Options){
		"Conn and Now":        func(o *usbrelay.Options) { o.Now = nil },
		"17 channels":         func(o *usbrelay.Options) { o.Channels = 17 },
		"-1 channels":         func(o *usbrelay.Options) { o.Channels = -1 },
		"pulse of 10ms":       func(o *usbrelay.Options) { o.Pulse = 10 * time.Millisecond },
		"pulse of 31s":        func(o *usbrelay.Options) { o.Pulse = 31 * time.Second },
		"set accept to \"a c": func(o *usbrelay.Options) { o.Accept = "A crash may leave a coil energised" },
	} {
		opts := good
		change(&opts)
		if _, err := usbrelay.New(opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	d, err := usbrelay.New(good)
	if err != nil {
		t.Fatal(err)
	}
	if info := d.Info(); info.Channels != 1 || info.SeesDoor() || !info.Software || info.Deadline != 750*time.Millisecond {
		t.Errorf("info %+v", info)
	}
}

// TestDriver_OffTwice: off is repeated when it cannot be written; on never is.
func TestDriver_OffTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		line := &recorder{broken: func(n int) bool { return n == 1 }}
		if _, err := newDriver(t, line).Unlock(t.Context(), 1, 2); err != nil {
			t.Error(err)
		}
		want := []usbrelay.Frame{{Channel: 2, On: true}, {Channel: 2}, {Channel: 2}}
		if !slices.Equal(line.tried, want) {
			t.Errorf("tried %+v, want %+v", line.tried, want)
		}
	})
}

// TestDriver_CoolsOnce: what a broken line left in doubt is switched off at the next poll, and then no more.
func TestDriver_CoolsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		line := &recorder{broken: func(n int) bool { return n < 3 }} // on and both offs
		d := newDriver(t, line)
		if _, err := d.Unlock(t.Context(), 1, 2); !errors.Is(err, board.ErrLost) {
			t.Fatal(err)
		}
		for _, want := range []int{5, 1, 1} { // four relays in doubt and the one pulsed last
			before := len(line.sent)
			if _, err := d.ReadStates(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
			if got := len(line.sent) - before; got != want {
				t.Errorf("%d frames sent by a poll, want %d", got, want)
			}
		}
	})
}

// TestSlave_BitErrors counts how many requests with two wrong bits switch another relay: the sum of a
// byte cannot find them all, and no poll can show it. The line is a USB cable, see doc.go.
func TestSlave_BitErrors(t *testing.T) {
	t.Parallel()
	flips := boardtest.BitErrors(t, family(t), []board.Address{usbrelay.Address})
	if share := float64(flips.Wrong) / float64(flips.Frames); share > 0.05 {
		t.Errorf("%.2f %% of two-bit errors switch another relay", 100*share)
	}
}

func BenchmarkSlave_BitErrors(b *testing.B) {
	boardtest.BenchmarkBitErrors(b, family(b), []board.Address{usbrelay.Address})
}
