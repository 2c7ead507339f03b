package kerong

import (
	"context"
	"errors"
	"fmt"

	"cubby/board"
	"cubby/board/exchange"
)

// Driver drives the boards of one bus. It is not safe for concurrent use.
type Driver struct {
	opts  Options
	line  *exchange.Exchange[Frame]
	after map[board.Address]mood
}

// mood is what an unlock left behind at a board. The zero value means nothing to remember.
type mood uint8

const (
	pulsed mood = iota + 1 // an unlock was sent since the last answer
	stuck                  // the board was silent since: wake it once
)

var (
	_ board.Driver         = (*Driver)(nil)
	_ board.Prober         = (*Driver)(nil)
	_ board.Censor         = (*Driver)(nil)
	_ board.Counter        = (*Driver)(nil)
	_ board.AddressCounter = (*Driver)(nil)
)

// New checks the options. It does no I/O.
func New(opts Options) (*Driver, error) {
	if opts.Conn == nil || opts.Now == nil {
		return nil, errors.New("kerong: Conn and Now are required")
	}
	if opts.Polarity == 0 {
		return nil, errors.New("kerong: the hook polarity is not set, want closing (bit 1 is a closed door) or opening")
	}
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	line, err := exchange.New(exchange.Options[Frame]{
		Conn: opts.Conn, Now: opts.Now, Split: Split, Echo: opts.Echo,
	})
	if err != nil {
		return nil, fmt.Errorf("kerong: %w", err)
	}
	return &Driver{opts: opts, line: line, after: map[board.Address]mood{}}, nil
}

// Info says what the boards can see. Its Deadline includes the one command that wakes a board.
func (d *Driver) Info() board.Info {
	info := board.Info{
		Family: "kerong", Channels: d.opts.Channels, Latch: true, Infrared: d.opts.Infrared != InfraredNone,
		Deadline: max(d.opts.Deadline, d.opts.StatusDeadline), BoardTime: d.opts.BoardTime,
	}
	if !d.opts.NoWake {
		info.Deadline = max(d.opts.Deadline, 2*d.opts.StatusDeadline)
	}
	return info
}

// Counts returns the health counters of the line since New.
func (d *Driver) Counts() board.Counts { return d.line.Counts() }

// BoardCounts returns the counters of the requests to one board.
func (d *Driver) BoardCounts(addr board.Address) board.Counts { return d.line.BoardCounts(addr) }

// Unlock sends one pulse to one lock.
func (d *Driver) Unlock(ctx context.Context, addr board.Address, ch board.Channel) (board.Ack, error) {
	if err := d.opts.mayUnlock(addr, ch); err != nil {
		return board.AckNone, fmt.Errorf("unlock: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return board.AckNone, fmt.Errorf("unlock channel %d of board %d: %w", ch, addr, err)
	}
	d.after[addr] = pulsed
	_, err := d.line.Do(ctx, exchange.Request[Frame]{
		Addr: addr, Frame: EncodeUnlock(addr, ch), Within: d.opts.Deadline, NoReply: d.opts.NoUnlockReply,
		// The answer carries states: a late one must not pass for the answer to a later question.
		State: true, Unlock: true,
		Match: func(f Frame) exchange.Fit {
			named := f.Channel == ch || f.Channel == 1 // 1 is also "no lock"
			if f.Command == CommandStates && f.Addr == addr && named {
				return exchange.Answer
			}
			return exchange.Other
		},
	})
	switch {
	case err != nil:
		if silent(err) {
			d.after[addr] = stuck
		}
		return board.AckNone, fmt.Errorf("unlock channel %d of board %d: %w", ch, addr, err)
	case d.opts.NoUnlockReply:
		return board.AckNone, nil
	}
	return board.AckAccepted, nil
}

// ReadStates polls all channels of one board. A board that went silent after an unlock is sent one
// command 38 first.
func (d *Driver) ReadStates(ctx context.Context, addr board.Address) (board.Reading, error) {
	if err := d.opts.inRange(addr, 1); err != nil {
		return board.Reading{}, fmt.Errorf("read states: %w", err)
	}
	if d.after[addr] == stuck && !d.opts.NoWake {
		delete(d.after, addr)
		if err := d.wake(ctx, addr); err != nil {
			return board.Reading{}, fmt.Errorf("wake board %d: %w", addr, err)
		}
	}
	f, err := d.line.Do(ctx, d.status(addr))
	if err != nil {
		if silent(err) && d.after[addr] == pulsed {
			d.after[addr] = stuck
		}
		return board.Reading{}, fmt.Errorf("read states of board %d: %w", addr, err)
	}
	delete(d.after, addr)
	return d.reading(f), nil
}

func (d *Driver) reading(f Frame) board.Reading {
	reading := board.Reading{Doors: make([]board.State, d.opts.Channels)}
	if d.opts.Infrared != InfraredNone {
		reading.Occupancy = make([]board.Occupancy, d.opts.Channels)
	}
	for i := range d.opts.Channels {
		ch := board.Channel(i + 1)
		if bit, ok := f.Hook(ch); ok {
			reading.Doors[i] = d.opts.Polarity.state(bit)
		}
		if bit, ok := f.Infrared(ch); ok && reading.Occupancy != nil {
			reading.Occupancy[i] = d.opts.Infrared.occupancy(bit)
		}
	}
	return reading
}

// Probe asks a board for its states.
func (d *Driver) Probe(ctx context.Context, addr board.Address) (bool, error) {
	if err := d.opts.inRange(addr, 1); err != nil {
		return false, fmt.Errorf("probe: %w", err)
	}
	_, err := d.line.Do(ctx, d.status(addr))
	switch {
	case silent(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("probe board %d: %w", addr, err)
	}
	return true, nil
}

// Census asks a board for its states and listens on for a second answer.
func (d *Driver) Census(ctx context.Context, addr board.Address) (board.Presence, error) {
	if err := d.opts.inRange(addr, 1); err != nil {
		return 0, fmt.Errorf("census: %w", err)
	}
	presence, err := d.line.Census(ctx, d.status(addr))
	if err != nil {
		return 0, fmt.Errorf("census of board %d: %w", addr, err)
	}
	return presence, nil
}

func (d *Driver) status(addr board.Address) exchange.Request[Frame] {
	return exchange.Request[Frame]{
		Addr: addr, Frame: EncodeStatus(addr), Within: d.opts.StatusDeadline, State: true,
		Match: func(f Frame) exchange.Fit {
			if f.Command == CommandStates && f.Addr == addr && f.Channel == 1 {
				return exchange.Answer
			}
			return exchange.Other
		},
	}
}

// wake asks for the unlock time, which moves nothing. Whether an answer comes does not matter: the
// question for states that follows tells.
func (d *Driver) wake(ctx context.Context, addr board.Address) error {
	_, err := d.line.Do(ctx, exchange.Request[Frame]{
		Addr: addr, Frame: EncodeTime(addr), Within: d.opts.StatusDeadline,
		Match: func(f Frame) exchange.Fit {
			if _, told := f.Time(); told && f.Command == CommandTime && f.Addr == addr {
				return exchange.Answer
			}
			return exchange.Other
		},
	})
	if silent(err) {
		return nil
	}
	return err
}

func silent(err error) bool {
	return errors.Is(err, board.ErrSilent) || errors.Is(err, board.ErrGarbled)
}
