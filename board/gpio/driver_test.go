package gpio_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"cubby/board"
	"cubby/board/boardtest"
	"cubby/board/gpio"
	"cubby/board/virtual"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func lines(from, count int) []int {
	offsets := make([]int, count)
	for i := range offsets {
		offsets[i] = from + i
	}
	return offsets
}

func TestDriver_Conformance(t *testing.T) {
	t.Parallel()
	for name, inputs := range map[string][]int{"contacts": lines(10, 4), "blind": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := gpio.Options{Outputs: lines(0, 4), Inputs: inputs, Polarity: gpio.PolarityOpening}
			codec, err := gpio.NewCodec(settings)
			if err != nil {
				t.Fatal(err)
			}
			boardtest.Exercise(t, boardtest.Family{
				Name: "gpio", Now: time.Now, Addr: gpio.Address, Single: true, Channels: 4, Codec: codec,
				Acks: true, Cycle: inputs != nil, Software: true,
				NewDriver: func(s boardtest.Setup) (board.Driver, error) {
					opts := settings
					opts.Conn, opts.Now, opts.Deadline, opts.Pulse = s.Conn, s.Now, s.Deadline, s.Pulse
					opts.Accept = gpio.Acceptance
					return gpio.New(opts)
				},
				NewSlave: func(w *virtual.World, l *virtual.Line) (virtual.Boards, error) {
					return gpio.NewSlave(gpio.SlaveOptions{
						World: w, Line: l, NoInputs: inputs == nil, Polarity: gpio.PolarityOpening,
					})
				},
			})
		})
	}
}

// fakePins are pins of a chip without the chip.
type fakePins struct {
	on     []bool
	inputs []bool
	set    []string          // what was tried, in order
	fails  func(n int) error // of Set number n, from 0
	broken error             // of Get
	closed int
}

func (p *fakePins) Count() (outputs, inputs int) { return len(p.on), len(p.inputs) }

func (p *fakePins) Set(ch board.Channel, on bool) error {
	n := len(p.set)
	p.set = append(p.set, fmt.Sprint(ch, on))
	if p.fails != nil {
		if err := p.fails(n); err != nil {
			return err
		}
	}
	p.on[ch-1] = on
	return nil
}

func (p *fakePins) Get(ch board.Channel) (bool, error) { return p.inputs[ch-1], p.broken }

func (p *fakePins) Close() error {
	p.closed++
	return nil
}

func newDriver(t *testing.T, conn board.Conn) *gpio.Driver {
	t.Helper()
	d, err := gpio.New(gpio.Options{
		Conn: conn, Now: time.Now, Outputs: lines(0, 3), Inputs: lines(10, 3), Polarity: gpio.PolarityClosing,
		Pulse: time.Second, Accept: gpio.Acceptance,
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestConn_Pins drives pins in memory, as those of a chip are driven.
func TestConn_Pins(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pins := &fakePins{on: make([]bool, 3), inputs: []bool{true, false, true}}
		conn := gpio.NewConn(pins, time.Now)
		d := newDriver(t, conn)
		start := time.Now()
		if ack, err := d.Unlock(t.Context(), 1, 2); ack != board.AckAccepted || err != nil {
			t.Fatalf("unlock: %v, %v", ack, err)
		}
		if took := time.Since(start); took != time.Second+time.Millisecond && took != time.Second {
			t.Errorf("a pulse of a second took %v", took)
		}
		if want := []string{"2 true", "2 false"}; !slices.Equal(pins.set, want) {
			t.Errorf("set %v, want %v", pins.set, want)
		}
		reading, err := d.ReadStates(t.Context(), 1)
		want := []board.State{board.StateClosed, board.StateOpen, board.StateClosed}
		if err != nil || !slices.Equal(reading.Doors, want) {
			t.Errorf("%v, %v, want %v", reading.Doors, err, want)
		}
		pins.broken = os.ErrInvalid
		if _, err := d.ReadStates(t.Context(), 1); !errors.Is(err, board.ErrLost) || !strings.Contains(err.Error(), "invalid argument") {
			t.Errorf("broken inputs: %v", err)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(); err != nil || pins.closed != 1 {
			t.Errorf("closed %d times, %v", pins.closed, err)
		}
		if want := []string{"1 false", "2 false", "3 false"}; !slices.Equal(pins.set[2:], want) {
			t.Errorf("closing set %v, want %v", pins.set[2:], want)
		}
		if _, err := d.Unlock(t.Context(), 1, 2); !errors.Is(err, board.ErrLost) {
			t.Errorf("unlock after close: %v", err)
		}
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Error("read after close gives no error")
		}
	})
}

func TestConn_ReadDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn := gpio.NewConn(&fakePins{}, time.Now)
		start := time.Now()
		if err := conn.SetReadDeadline(start.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		if err := conn.SetReadDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() {
			_, err := conn.Read(make([]byte, 1))
			done <- err
		}()
		synctest.Wait()
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err == nil {
			t.Error("a read on a closed line gives no error")
		}
	})
}

// TestDriver_Off: after every on, whatever fails and whenever the context ends, off is tried before
// Unlock returns; and once the pins work again, a poll sends the offs that are owed. Every pattern of
// six settings that fail, and every pair of contexts that end before, in, at the end of and after a pulse.
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
	pins := &fakePins{on: make([]bool, 3), inputs: make([]bool, 3)}
	pins.fails = func(n int) error {
		if broken>>n&1 == 1 {
			return os.ErrInvalid
		}
		return nil
	}
	conn := gpio.NewConn(pins, time.Now)
	d := newDriver(t, conn)
	for i, end := range ends {
		ctx, cancel := context.WithTimeout(t.Context(), end)
		before := len(pins.set)
		_, err := d.Unlock(ctx, 1, board.Channel(i+1))
		cancel()
		tried := pins.set[before:]
		on, off := fmt.Sprint(i+1, true), fmt.Sprint(i+1, false)
		if at := slices.Index(tried, on); at >= 0 &&
			(!slices.Contains(tried[at:], off) || slices.Contains(tried[at+1:], on)) {
			t.Fatalf("broken %06b, ends %v: tried %v", broken, ends, tried)
		}
		if pins.on[i] && err == nil {
			t.Fatalf("broken %06b, ends %v: output %d is on and nobody says so", broken, ends, i+1)
		}
	}
	pins.fails = nil
	if _, err := d.ReadStates(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if slices.Contains(pins.on, true) {
		t.Fatalf("broken %06b, ends %v: outputs %v after %v", broken, ends, pins.on, pins.set)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestNew_Invalid(t *testing.T) {
	t.Parallel()
	good := gpio.Options{
		Conn: gpio.NewConn(&fakePins{}, time.Now), Now: time.Now, Outputs: []int{17, 27}, Inputs: []int{5, 6},
		Polarity: gpio.PolarityClosing, Accept: gpio.Acceptance,
	}
	for want, change := range map[string]func(*gpio.Options){
		"Conn and Now":        func(o *gpio.Options) { o.Conn = nil },
		"0 output lines":      func(o *gpio.Options) { o.Outputs = nil },
		"33 output lines":     func(o *gpio.Options) { o.Outputs = lines(0, 33) },
		"1 input lines for 2": func(o *gpio.Options) { o.Inputs = []int{5} },
		"polarity":            func(o *gpio.Options) { o.Polarity = 0 },
		"line 17 is named":    func(o *gpio.Options) { o.Inputs = []int{5, 17} },
		"line -1, want":       func(o *gpio.Options) { o.Outputs = []int{-1, 2} },
		"bias 5":              func(o *gpio.Options) { o.Bias = 5 },
		"pulse of 31s":        func(o *gpio.Options) { o.Pulse = 31 * time.Second },
		"deadline":            func(o *gpio.Options) { o.Deadline = -1 },
		"set accept to":       func(o *gpio.Options) { o.Accept = "yes" },
	} {
		opts := good
		change(&opts)
		if _, err := gpio.New(opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	if _, err := gpio.New(good); err != nil {
		t.Fatal(err)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, p := range []gpio.Polarity{gpio.PolarityClosing, gpio.PolarityOpening} {
		if got, err := gpio.ParsePolarity(p.String()); got != p || err != nil {
			t.Errorf("%v: %v, %v", p, got, err)
		}
	}
	for b := gpio.BiasPullUp; b <= gpio.BiasAsIs; b++ {
		if got, err := gpio.ParseBias(b.String()); got != b || err != nil {
			t.Errorf("%v: %v, %v", b, got, err)
		}
	}
	if _, err := gpio.ParsePolarity(""); err == nil {
		t.Error("an empty polarity is accepted")
	}
	if _, err := gpio.ParseBias("up"); err == nil {
		t.Error("bias up is accepted")
	}
}

// TestDriver_OffTwice: off is repeated when it fails; on never is.
func TestDriver_OffTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pins := &fakePins{on: make([]bool, 3), inputs: make([]bool, 3)}
		pins.fails = func(n int) error {
			if n == 1 {
				return os.ErrInvalid
			}
			return nil
		}
		conn := gpio.NewConn(pins, time.Now)
		if ack, err := newDriver(t, conn).Unlock(t.Context(), 1, 3); ack != board.AckAccepted || err != nil {
			t.Errorf("unlock: %v, %v", ack, err)
		}
		if want := []string{"3 true", "3 false", "3 false"}; !slices.Equal(pins.set, want) {
			t.Errorf("set %v, want %v", pins.set, want)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestDriver_Refused: a line that the system does not let be switched is a refusal, and off is tried.
func TestDriver_Refused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pins := &fakePins{on: make([]bool, 3), inputs: make([]bool, 3)}
		pins.fails = func(n int) error {
			if n == 0 {
				return os.ErrPermission
			}
			return nil
		}
		d := newDriver(t, gpio.NewConn(pins, time.Now))
		if ack, err := d.Unlock(t.Context(), 1, 1); ack != board.AckRefused || err != nil {
			t.Errorf("unlock: %v, %v, want refused", ack, err)
		}
		if want := []string{"1 true", "1 false"}; !slices.Equal(pins.set, want) || d.Counts().Refused != 1 {
			t.Errorf("set %v, counts %+v", pins.set, d.Counts())
		}
	})
}
