package gpio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cubby/board"
	"cubby/board/exchange"
)

const (
	// offTries is how often off is sent before a pulse is given up. Off is the one request that may be
	// repeated: it opens nothing.
	offTries = 2
	// hurry bounds the wait for the answer to off when the caller no longer waits.
	hurry = 100 * time.Millisecond
)

// Driver drives the pins of one chip. It is not safe for concurrent use.
type Driver struct {
	opts Options
	line *exchange.Exchange[Frame]
	seq  byte
	hot  []board.Channel // outputs that may still be on: off was not acknowledged
	late uint64          // answers that came while another one was awaited
}

var (
	_ board.Driver         = (*Driver)(nil)
	_ board.Prober         = (*Driver)(nil)
	_ board.Censor         = (*Driver)(nil)
	_ board.Restorer       = (*Driver)(nil)
	_ board.Counter        = (*Driver)(nil)
	_ board.AddressCounter = (*Driver)(nil)
)

// New checks the options. It does no I/O.
func New(opts Options) (*Driver, error) {
	opts, err := opts.withDefaults()
	if err == nil {
		err = opts.checkDriver()
	}
	if err != nil {
		return nil, err
	}
	line, err := exchange.New(exchange.Options[Frame]{
		Conn: opts.Conn, Now: opts.Now, Split: Split, Echo: exchange.EchoOff,
	})
	if err != nil {
		return nil, fmt.Errorf("gpio: %w", err)
	}
	return &Driver{opts: opts, line: line}, nil
}

// Info says what the pins can see. Its Deadline includes the pulse, switching off, and what an earlier
// pulse left on; each failure costs a wait for quiet.
func (d *Driver) Info() board.Info {
	return board.Info{
		Family: "gpio", Channels: len(d.opts.Outputs), Cycle: len(d.opts.Inputs) > 0,
		Deadline:  5*d.opts.Deadline/2 + d.opts.Pulse + (2+offTries)*exchange.QuietTime,
		BoardTime: d.opts.Pulse, Software: true,
	}
}

// Counts returns the health counters since New.
func (d *Driver) Counts() board.Counts {
	counts := d.line.Counts()
	counts.Late += d.late
	return counts
}

// BoardCounts returns the counters of the requests to addr.
func (d *Driver) BoardCounts(addr board.Address) board.Counts {
	if addr != Address {
		return board.Counts{}
	}
	return d.Counts()
}

// Unlock switches one output on, waits for the pulse, and switches it off whatever happened in between.
// A context that ends in the middle of the pulse cuts it short. AckRefused means that the system did
// not let the line be switched.
func (d *Driver) Unlock(ctx context.Context, addr board.Address, ch board.Channel) (board.Ack, error) {
	if err := d.opts.inRange(addr, ch); err != nil {
		return board.AckNone, fmt.Errorf("unlock: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return board.AckNone, fmt.Errorf("unlock channel %d: %w", ch, err)
	}
	d.cool(ctx)
	ack, err := d.pulse(ctx, ch)
	if err != nil {
		return board.AckNone, fmt.Errorf("unlock channel %d: %w", ch, err)
	}
	return ack, nil
}

func (d *Driver) pulse(ctx context.Context, ch board.Channel) (board.Ack, error) {
	answer, err := d.do(ctx, Frame{Kind: KindOn, Channel: ch}, d.opts.Deadline)
	ack := board.AckAccepted
	switch {
	case err != nil:
	case answer.Kind == KindError:
		ack = board.AckRefused
	default:
		err = wait(ctx, d.opts.Pulse)
	}
	if offErr := d.off(ctx, ch); offErr != nil {
		err = errors.Join(err, offErr)
	}
	if err != nil {
		return board.AckNone, err
	}
	return ack, nil
}

func wait(ctx context.Context, pulse time.Duration) error {
	timer := time.NewTimer(pulse)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// over reports whether the caller no longer waits. A deadline that is reached counts before the context
// has noticed.
func (d *Driver) over(ctx context.Context) bool {
	end, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !d.opts.Now().Before(end)
}

// off switches one output off, also when ctx has ended. What stays in doubt is remembered as hot.
func (d *Driver) off(ctx context.Context, ch board.Channel) error {
	within := d.opts.Deadline / offTries
	if d.over(ctx) {
		within = min(within, hurry)
	}
	ctx = context.WithoutCancel(ctx)
	var err error
	for range offTries {
		if err = d.offOnce(ctx, ch, within); err == nil {
			return nil
		}
	}
	return fmt.Errorf("switch off, the output may still be on: %w", err)
}

func (d *Driver) offOnce(ctx context.Context, ch board.Channel, within time.Duration) error {
	if !slices.Contains(d.hot, ch) {
		d.hot = append(d.hot, ch)
	}
	if err := d.order(ctx, Frame{Kind: KindOff, Channel: ch}, within); err != nil {
		return err
	}
	d.hot = slices.DeleteFunc(d.hot, func(c board.Channel) bool { return c == ch })
	return nil
}

// cool switches off what earlier pulses may have left on. A failure shows again in what follows.
func (d *Driver) cool(ctx context.Context) {
	for _, ch := range slices.Clone(d.hot) {
		if d.offOnce(ctx, ch, d.opts.Deadline/2) != nil {
			return
		}
	}
}

// ReadStates reads the inputs. Without inputs it proves only that the pins can be had.
func (d *Driver) ReadStates(ctx context.Context, addr board.Address) (board.Reading, error) {
	if err := d.opts.inRange(addr, 1); err != nil {
		return board.Reading{}, fmt.Errorf("read states: %w", err)
	}
	d.cool(ctx)
	answer, err := d.do(ctx, Frame{Kind: KindRead}, d.opts.Deadline)
	switch {
	case err != nil:
	case answer.Kind == KindError:
		err = fmt.Errorf("%w: %s", board.ErrLost, answer.Text)
	case len(answer.Inputs) < len(d.opts.Inputs):
		err = fmt.Errorf("%w: %d inputs, want %d", board.ErrGarbled, len(answer.Inputs), len(d.opts.Inputs))
	}
	if err != nil {
		return board.Reading{}, fmt.Errorf("read states: %w", err)
	}
	reading := board.Reading{Doors: make([]board.State, len(d.opts.Outputs))}
	for i := range d.opts.Inputs {
		reading.Doors[i] = d.opts.Polarity.state(answer.Inputs[i])
	}
	return reading, nil
}

// Probe reads the inputs.
func (d *Driver) Probe(ctx context.Context, addr board.Address) (bool, error) {
	if err := d.opts.inRange(addr, 1); err != nil {
		return false, fmt.Errorf("probe: %w", err)
	}
	_, err := d.do(ctx, Frame{Kind: KindRead}, d.opts.Deadline)
	switch {
	case errors.Is(err, board.ErrSilent), errors.Is(err, board.ErrGarbled):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("probe: %w", err)
	}
	return true, nil
}

// Census reads the inputs and listens on for a second answer, which only a wrong network address of
// remote pins can give.
func (d *Driver) Census(ctx context.Context, addr board.Address) (board.Presence, error) {
	if err := d.opts.inRange(addr, 1); err != nil {
		return 0, fmt.Errorf("census: %w", err)
	}
	presence, err := d.line.Census(ctx, d.request(Frame{Kind: KindRead}, d.opts.Deadline))
	if err != nil {
		return 0, fmt.Errorf("census: %w", err)
	}
	return presence, nil
}

// Restore switches all outputs off.
func (d *Driver) Restore(ctx context.Context, addr board.Address) error {
	if err := d.opts.inRange(addr, 1); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := d.order(ctx, Frame{Kind: KindAllOff}, d.opts.Deadline); err != nil {
		return fmt.Errorf("switch all outputs off: %w", err)
	}
	d.hot = nil
	return nil
}

// order sends a request that must be obeyed.
func (d *Driver) order(ctx context.Context, f Frame, within time.Duration) error {
	answer, err := d.do(ctx, f, within)
	if err == nil && answer.Kind == KindError {
		err = fmt.Errorf("%w: %s", board.ErrLost, answer.Text)
	}
	return err
}

func (d *Driver) do(ctx context.Context, f Frame, within time.Duration) (Frame, error) {
	return d.line.Do(ctx, d.request(f, within))
}

// request numbers a frame, so that a stale answer never fits: it needs no Request.State.
func (d *Driver) request(f Frame, within time.Duration) exchange.Request[Frame] {
	d.seq++
	f.Seq = d.seq
	want := KindOK
	if f.Kind == KindRead {
		want = KindInputs
	}
	late := false
	return exchange.Request[Frame]{
		Addr: Address, Frame: f.Encode(), Within: within, Unlock: f.Kind == KindOn || f.Kind == KindOff,
		Match: func(answer Frame) exchange.Fit {
			switch {
			case answer.Seq != f.Seq:
				if !late { // a frame may be shown twice
					late = true
					d.late++
				}
				return exchange.Other
			case answer.Kind == KindError:
				return exchange.Refusal
			case answer.Kind == want:
				return exchange.Answer
			}
			return exchange.Other
		},
	}
}
