package winnsen

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cubby/board"
	"cubby/board/exchange"
)

// Driver drives the boards of one bus. It is not safe for concurrent use.
type Driver struct {
	opts    Options
	line    *exchange.Exchange[Frame]
	known   map[board.Address][]board.State // as last believed
	deaf    map[board.Address]board.Channel // left unanswered by the last poll, see readEach
	waiting func() bool                     // for the line; nil: nobody says
}

var (
	_ board.Driver         = (*Driver)(nil)
	_ board.Prober         = (*Driver)(nil)
	_ board.Censor         = (*Driver)(nil)
	_ board.Counter        = (*Driver)(nil)
	_ board.AddressCounter = (*Driver)(nil)
	_ board.Yielder        = (*Driver)(nil)
)

// New checks the options. It does no I/O.
func New(opts Options) (*Driver, error) {
	if opts.Conn == nil || opts.Now == nil {
		return nil, errors.New("winnsen: Conn and Now are required")
	}
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	line, err := exchange.New(exchange.Options[Frame]{
		Conn: opts.Conn, Now: opts.Now, Split: Split(opts.Order), Echo: opts.Echo,
	})
	if err != nil {
		return nil, fmt.Errorf("winnsen: %w", err)
	}
	return &Driver{
		opts: opts, line: line, known: map[board.Address][]board.State{}, deaf: map[board.Address]board.Channel{},
	}, nil
}

// Info says what the boards can see. Its Deadline covers the questions for all channels.
func (d *Driver) Info() board.Info {
	return board.Info{
		Family: "winnsen", Channels: d.opts.Channels, Latch: true,
		Deadline:  max(d.opts.Deadline, d.opts.StatusDeadline, d.opts.PollDeadline),
		BoardTime: d.opts.BoardTime,
	}
}

// Counts returns the health counters of the line since New.
func (d *Driver) Counts() board.Counts { return d.line.Counts() }

// BoardCounts returns the health counters of one board since New.
func (d *Driver) BoardCounts(addr board.Address) board.Counts { return d.line.BoardCounts(addr) }

// Unlock sends one pulse to one lock. A lock that has to cool down gives board.AckRefused.
func (d *Driver) Unlock(ctx context.Context, addr board.Address, ch board.Channel) (board.Ack, error) {
	if err := d.opts.inRange(addr, ch); err != nil {
		return board.AckNone, fmt.Errorf("unlock: %w", err)
	}
	f, err := d.line.Do(ctx, exchange.Request[Frame]{
		Addr: addr, Frame: EncodeUnlock(addr, ch), Within: d.opts.Deadline, Unlock: true,
		Match: about(FunctionUnlock, addr, ch),
	})
	switch {
	case err != nil:
		return board.AckNone, fmt.Errorf("unlock channel %d of board %d: %w", ch, addr, err)
	case f.Result != ResultYes:
		return board.AckRefused, nil
	}
	return board.AckAccepted, nil
}

// about matches the reply for exactly this station, lock and function.
func about(fn Function, addr board.Address, ch board.Channel) func(Frame) exchange.Fit {
	return func(f Frame) exchange.Fit {
		switch {
		case !f.Reply || f.Function != fn || f.Addr != addr || f.Channel != ch:
			return exchange.Other
		case fn == FunctionUnlock && f.Result != ResultYes:
			return exchange.Refusal
		}
		return exchange.Answer
	}
}

// YieldTo makes a poll end between two doors when somebody waits for the line.
func (d *Driver) YieldTo(waiting func() bool) { d.waiting = waiting }

// ReadStates asks for lock after lock. It ends with board.ErrYielded between two of them when
// somebody waits for the line, see YieldTo.
func (d *Driver) ReadStates(ctx context.Context, addr board.Address) (board.Reading, error) {
	if err := d.opts.inRange(addr, 1); err != nil {
		return board.Reading{}, fmt.Errorf("read states: %w", err)
	}
	doors, err := d.readEach(ctx, addr)
	if err != nil {
		return board.Reading{}, fmt.Errorf("read states of board %d: %w", addr, err)
	}
	return board.Reading{Doors: doors}, nil
}

// readEach ends with the first question that has no answer, so that a dead board costs one deadline.
// The next poll asks for that channel last: if it is the only one without an answer again, it is the
// channel that is dead and not the board, and reads as unknown.
func (d *Driver) readEach(ctx context.Context, addr board.Address) ([]board.State, error) {
	limit := d.opts.Now().Add(d.opts.PollDeadline)
	doors := make([]board.State, d.opts.Channels)
	deaf := d.deaf[addr]
	for i := range doors {
		ch := board.Channel((int(deaf)+i)%len(doors) + 1)
		state, err := d.readSure(ctx, addr, ch, limit)
		switch {
		case err == nil:
			doors[ch-1] = state
		case !silent(err):
			return nil, err
		case ch != deaf || i == 0:
			d.deaf[addr] = ch
			return nil, fmt.Errorf("channel %d: %w", ch, err)
		}
		if err == nil && ch == deaf {
			delete(d.deaf, addr)
		}
	}
	return doors, nil
}

// readSure asks for one lock, and once more when the state is news. The second answer counts: if it
// differs from the first one, it is the old state, which stands until the next poll.
func (d *Driver) readSure(
	ctx context.Context, addr board.Address, ch board.Channel, limit time.Time,
) (board.State, error) {
	known := d.known[addr]
	if known == nil {
		known = make([]board.State, d.opts.Channels)
		d.known[addr] = known
	}
	before := known[ch-1]
	state, err := d.readOne(ctx, addr, ch, limit)
	if err != nil || state == before {
		return state, err
	}
	again, err := d.readOne(ctx, addr, ch, limit)
	if err != nil {
		return board.StateUnknown, err
	}
	known[ch-1] = again
	return again, nil
}

func (d *Driver) readOne(
	ctx context.Context, addr board.Address, ch board.Channel, limit time.Time,
) (board.State, error) {
	if d.waiting != nil && d.waiting() {
		return board.StateUnknown, board.ErrYielded
	}
	within := min(d.opts.StatusDeadline, limit.Sub(d.opts.Now()))
	if within <= 0 {
		return board.StateUnknown, fmt.Errorf("%w to all questions within %v", board.ErrSilent, d.opts.PollDeadline)
	}
	f, err := d.line.Do(ctx, d.question(addr, ch, within))
	if err != nil {
		return board.StateUnknown, err
	}
	return d.opts.Polarity.state(f.Result), nil
}

// question asks for the state of one lock.
func (d *Driver) question(addr board.Address, ch board.Channel, within time.Duration) exchange.Request[Frame] {
	return exchange.Request[Frame]{
		Addr: addr, Frame: EncodeStatus(addr, ch), Within: within, State: true, Match: about(FunctionStatus, addr, ch),
	}
}

// Probe asks a board for its lock 1.
func (d *Driver) Probe(ctx context.Context, addr board.Address) (bool, error) {
	if err := d.opts.inRange(addr, 1); err != nil {
		return false, fmt.Errorf("probe: %w", err)
	}
	_, err := d.line.Do(ctx, d.question(addr, 1, d.opts.StatusDeadline))
	switch {
	case silent(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("probe board %d: %w", addr, err)
	}
	return true, nil
}

// Census asks a board for its lock 1 and listens on for a second answer.
func (d *Driver) Census(ctx context.Context, addr board.Address) (board.Presence, error) {
	if err := d.opts.inRange(addr, 1); err != nil {
		return 0, fmt.Errorf("census: %w", err)
	}
	presence, err := d.line.Census(ctx, d.question(addr, 1, d.opts.StatusDeadline))
	if err != nil {
		return 0, fmt.Errorf("census of board %d: %w", addr, err)
	}
	return presence, nil
}

func silent(err error) bool {
	return errors.Is(err, board.ErrSilent) || errors.Is(err, board.ErrGarbled)
}
