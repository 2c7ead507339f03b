package usbrelay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cubby/board"
)

// offTries is how often off is written before a pulse is given up.
const offTries = 2

// frameGap lets the board's small controller finish a frame before the next one.
const frameGap = 20 * time.Millisecond

// Driver drives one board. It is not safe for concurrent use. It writes and never reads: there is no
// conversation, so it needs no board/exchange, and a line that cannot be read does not keep it
// from switching off.
type Driver struct {
	opts   Options
	hot    []board.Channel // relays that may still be on: the line failed
	last   board.Channel   // the relay that was pulsed last
	counts board.Counts
}

var (
	_ board.Driver         = (*Driver)(nil)
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
	return &Driver{opts: opts, last: 1}, nil
}

// Info says that the board sees nothing and that the driver ends the pulses.
func (d *Driver) Info() board.Info {
	return board.Info{
		Family: "usbrelay", Channels: d.opts.Channels,
		Deadline: d.opts.Pulse + writeTime, BoardTime: d.opts.Pulse, Software: true,
	}
}

// Counts returns the health counters since New; only Requests ever counts.
func (d *Driver) Counts() board.Counts { return d.counts }

// BoardCounts returns the counters of the requests to addr.
func (d *Driver) BoardCounts(addr board.Address) board.Counts {
	if addr != Address {
		return board.Counts{}
	}
	return d.counts
}

// Unlock switches one relay on, waits for the pulse, and switches it off whatever happened in between.
// It always returns AckNone. A context that ends in the middle of the pulse cuts it short.
func (d *Driver) Unlock(ctx context.Context, addr board.Address, ch board.Channel) (board.Ack, error) {
	if err := d.opts.inRange(addr, ch); err != nil {
		return board.AckNone, fmt.Errorf("unlock: %w", err)
	}
	err := ctx.Err()
	if err == nil {
		d.cool()
		err = d.pulse(ctx, ch)
	}
	if err != nil {
		return board.AckNone, fmt.Errorf("unlock channel %d: %w", ch, err)
	}
	return board.AckNone, nil
}

func (d *Driver) pulse(ctx context.Context, ch board.Channel) error {
	d.last = ch
	err := d.write(Frame{Channel: ch, On: true})
	if err == nil {
		err = wait(ctx, d.opts.Pulse)
	}
	var offErr error
	for range offTries {
		if offErr = d.off(ch); offErr == nil {
			return err
		}
	}
	return errors.Join(err, fmt.Errorf("switch off, the relay may still be on: %w", offErr))
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// off switches one relay off.
func (d *Driver) off(ch board.Channel) error {
	err := d.write(Frame{Channel: ch})
	if err == nil {
		d.hot = slices.DeleteFunc(d.hot, func(c board.Channel) bool { return c == ch })
	}
	return err
}

// cool switches off what earlier pulses may have left on. A failure shows again in what follows.
func (d *Driver) cool() {
	for _, ch := range slices.Clone(d.hot) {
		if d.off(ch) != nil {
			return
		}
	}
}

// ReadStates returns StateUnknown for every channel. It writes "off" for the relay that was pulsed
// last: that shows a lost line, and ends a pulse whose first off the board did not understand.
func (d *Driver) ReadStates(ctx context.Context, addr board.Address) (board.Reading, error) {
	if err := d.opts.inRange(addr, 1); err != nil {
		return board.Reading{}, fmt.Errorf("read states: %w", err)
	}
	err := ctx.Err()
	if err == nil {
		d.cool()
		err = d.off(d.last)
	}
	if err != nil {
		return board.Reading{}, fmt.Errorf("read states: %w", err)
	}
	return board.Reading{Doors: make([]board.State, d.opts.Channels)}, nil
}

// Restore switches all relays off.
func (d *Driver) Restore(ctx context.Context, addr board.Address) error {
	if err := d.opts.inRange(addr, 1); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	err := ctx.Err()
	for i := 0; i < d.opts.Channels && err == nil; i++ {
		if err = d.off(board.Channel(i + 1)); err == nil {
			err = wait(ctx, frameGap)
		}
	}
	if err != nil {
		return fmt.Errorf("switch all relays off: %w", err)
	}
	return nil
}

// write sends one frame, once. When the line fails, what was written before may not have arrived
// either, so every relay is in doubt.
func (d *Driver) write(f Frame) error {
	err := d.send(f)
	if err != nil {
		d.hot = d.hot[:0]
		for i := range d.opts.Channels {
			d.hot = append(d.hot, board.Channel(i+1))
		}
	}
	return err
}

func (d *Driver) send(f Frame) error {
	if w, ok := d.opts.Conn.(interface{ SetWriteDeadline(t time.Time) error }); ok {
		if err := w.SetWriteDeadline(d.opts.Now().Add(writeTime)); err != nil {
			return lost("set deadline", err)
		}
	}
	d.counts.Requests++
	if _, err := d.opts.Conn.Write(f.Encode()); err != nil {
		return lost("write", err)
	}
	return nil
}

// lost wraps an error of the line as board.ErrLost, once.
func lost(operation string, err error) error {
	if errors.Is(err, board.ErrLost) {
		return err
	}
	return fmt.Errorf("%w: %s: %w", board.ErrLost, operation, err)
}
