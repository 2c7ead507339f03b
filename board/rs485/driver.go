package rs485

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cubby/board"
	"cubby/board/exchange"
)

// maxChanges bounds what Changes collects; older ones are dropped: polling is the truth.
const maxChanges = 256

// Driver drives the boards of one bus. It is not safe for concurrent use.
type Driver struct {
	opts    Options
	line    *exchange.Exchange[Frame]
	changes []board.Change
}

var (
	_ board.Driver         = (*Driver)(nil)
	_ board.Prober         = (*Driver)(nil)
	_ board.Censor         = (*Driver)(nil)
	_ board.Counter        = (*Driver)(nil)
	_ board.AddressCounter = (*Driver)(nil)
	_ board.Watcher        = (*Driver)(nil)
)

// New checks the options. It does no I/O.
func New(opts Options) (*Driver, error) {
	if opts.Conn == nil || opts.Now == nil {
		return nil, errors.New("rs485: Conn and Now are required")
	}
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	d := &Driver{opts: opts}
	d.line, err = exchange.New(exchange.Options[Frame]{
		Conn: opts.Conn, Now: opts.Now, Echo: opts.Echo, Split: SplitAll(opts.StatusBytes), Unasked: d.collect,
	})
	if err != nil {
		return nil, fmt.Errorf("rs485: %w", err)
	}
	return d, nil
}

// Info says what the boards can see. Its Deadline includes the status request that finds out about
// the echo before the first unlock.
func (d *Driver) Info() board.Info {
	info := board.Info{
		Family: "rs485", Channels: d.opts.Channels, Latch: true,
		Deadline: max(d.opts.Deadline, d.opts.StatusDeadline), BoardTime: boardPulse,
	}
	if d.opts.PulseSeconds > 0 {
		info.BoardTime = time.Duration(d.opts.PulseSeconds) * time.Second
	}
	if d.opts.Echo == EchoAuto {
		info.Deadline = d.opts.Deadline + d.opts.StatusDeadline
	}
	return info
}

// Counts returns the health counters since New.
func (d *Driver) Counts() board.Counts { return d.line.Counts() }

// BoardCounts returns the health counters of one board since New.
func (d *Driver) BoardCounts(addr board.Address) board.Counts { return d.line.BoardCounts(addr) }

// Changes returns the door changes that boards reported unasked, oldest first, and forgets them.
func (d *Driver) Changes() []board.Change {
	changes := d.changes
	d.changes = nil
	return changes
}

// Unlock sends one pulse to one channel. While it is not known whether the adapter echoes, a status
// request goes first; whatever comes of that, the pulse is sent.
func (d *Driver) Unlock(ctx context.Context, addr board.Address, ch board.Channel) (board.Ack, error) {
	if err := d.opts.inRange(addr, ch); err != nil {
		return board.AckNone, fmt.Errorf("unlock: %w", err)
	}
	if d.line.Echo() == EchoAuto && !d.opts.NoUnlockReply {
		_, err := d.status(ctx, addr)
		if errors.Is(err, board.ErrLost) || ctx.Err() != nil {
			return board.AckNone, fmt.Errorf("unlock channel %d of board %d: %w", ch, addr, err)
		}
	}
	frame := EncodeOpen(addr, ch, d.opts.PulseSeconds)
	_, err := d.line.Do(ctx, exchange.Request[Frame]{
		Addr: addr, Frame: frame, Within: d.opts.Deadline, NoReply: d.opts.NoUnlockReply, Unlock: true,
		Twin: len(frame) == shortFrame, // a longer one is never the reply
		Match: func(f Frame) exchange.Fit {
			return fit(f.Kind == KindOpen && f.Addr == addr && f.Channel == ch)
		},
	})
	switch {
	case err != nil:
		return board.AckNone, fmt.Errorf("unlock channel %d of board %d: %w", ch, addr, err)
	case d.opts.NoUnlockReply:
		return board.AckNone, nil
	}
	return board.AckAccepted, nil
}

// ReadStates polls all channels of one board.
func (d *Driver) ReadStates(ctx context.Context, addr board.Address) (board.Reading, error) {
	if err := d.opts.inRange(addr, 1); err != nil {
		return board.Reading{}, fmt.Errorf("read states: %w", err)
	}
	f, err := d.status(ctx, addr)
	if err != nil {
		return board.Reading{}, fmt.Errorf("read states of board %d: %w", addr, err)
	}
	reading := board.Reading{Doors: make([]board.State, d.opts.Channels)}
	for i := range reading.Doors {
		if active, present := f.Bit(board.Channel(i + 1)); present {
			reading.Doors[i] = d.opts.Polarity.state(active)
		}
	}
	return reading, nil
}

// Probe asks a board for the state of its channel 1. That works whatever Options.StatusBytes says,
// so that a wrong setting does not look like a missing board.
func (d *Driver) Probe(ctx context.Context, addr board.Address) (bool, error) {
	if err := d.opts.inRange(addr, 1); err != nil {
		return false, fmt.Errorf("probe: %w", err)
	}
	_, err := d.line.Do(ctx, d.question(addr))
	switch {
	case errors.Is(err, board.ErrSilent), errors.Is(err, board.ErrGarbled):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("probe board %d: %w", addr, err)
	}
	return true, nil
}

// Census asks for the state of channel 1, as Probe does, and listens for a second board.
func (d *Driver) Census(ctx context.Context, addr board.Address) (board.Presence, error) {
	if err := d.opts.inRange(addr, 1); err != nil {
		return 0, fmt.Errorf("census: %w", err)
	}
	presence, err := d.line.Census(ctx, d.question(addr))
	if err != nil {
		return 0, fmt.Errorf("census of board %d: %w", addr, err)
	}
	return presence, nil
}

// question asks for the state of channel 1. It never has the bytes of its reply: 33 is no state.
func (d *Driver) question(addr board.Address) exchange.Request[Frame] {
	return exchange.Request[Frame]{
		Addr: addr, Frame: EncodeStatus(addr, 1), Within: d.opts.StatusDeadline, Split: SplitOne,
		Match: func(f Frame) exchange.Fit {
			return fit(f.Kind == KindOne && f.Addr == addr && f.Channel == 1)
		},
	}
}

// status asks for all channels.
func (d *Driver) status(ctx context.Context, addr board.Address) (Frame, error) {
	return d.line.Do(ctx, exchange.Request[Frame]{
		Addr: addr, Frame: EncodeStatus(addr, AllChannels), Within: d.opts.StatusDeadline, State: true,
		Match: func(f Frame) exchange.Fit { return fit(f.Kind == KindAll && f.Addr == addr) },
	})
}

func fit(answer bool) exchange.Fit {
	if answer {
		return exchange.Answer
	}
	return exchange.Other
}

// collect keeps a door change; it is the Unasked of the line.
func (d *Driver) collect(f Frame) bool {
	if f.Kind != KindChange {
		return false
	}
	if len(d.changes) == maxChanges {
		d.changes = d.changes[1:]
	}
	d.changes = append(d.changes, board.Change{
		Addr: f.Addr, Channel: f.Channel, State: d.opts.Polarity.state(f.Active),
	})
	return true
}
