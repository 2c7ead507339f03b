package wkly

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
	deaf    map[board.Address]board.Channel // left unanswered by the last poll, see readEach
	doubt   map[board.Address]bool          // the last unlock has no answer: a refusal without a channel may be its
	waiting func() bool                     // for the line; nil: nobody says
}

var (
	_ board.Driver         = (*Driver)(nil)
	_ board.Prober         = (*Driver)(nil)
	_ board.Censor         = (*Driver)(nil)
	_ board.Counter        = (*Driver)(nil)
	_ board.AddressCounter = (*Driver)(nil)
	_ board.Yielder        = (*Driver)(nil)
	_ board.Watcher        = (*Driver)(nil)
)

// New checks the options. It does no I/O.
func New(opts Options) (*Driver, error) {
	if opts.Conn == nil || opts.Now == nil {
		return nil, errors.New("wkly: Conn and Now are required")
	}
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	d := &Driver{opts: opts, deaf: map[board.Address]board.Channel{}, doubt: map[board.Address]bool{}}
	d.line, err = exchange.New(exchange.Options[Frame]{
		Conn: opts.Conn, Now: opts.Now, Split: Split, Echo: opts.Echo, Unasked: d.collect,
	})
	if err != nil {
		return nil, fmt.Errorf("wkly: %w", err)
	}
	return d, nil
}

// Info says what the boards can see.
func (d *Driver) Info() board.Info {
	info := board.Info{
		Family: "wkly", Channels: d.opts.Channels, Latch: true,
		Deadline: max(d.opts.Deadline, d.opts.StatusDeadline), BoardTime: d.opts.BoardTime,
	}
	if d.opts.Poll == PollOne {
		info.Deadline = max(info.Deadline, d.opts.PollDeadline)
	}
	return info
}

// Counts returns the health counters of the line since New.
func (d *Driver) Counts() board.Counts { return d.line.Counts() }

// BoardCounts returns the health counters of one board since New.
func (d *Driver) BoardCounts(addr board.Address) board.Counts { return d.line.BoardCounts(addr) }

// Changes returns the door changes that boards reported unasked, oldest first, and forgets them.
func (d *Driver) Changes() []board.Change {
	changes := d.changes
	d.changes = nil
	return changes
}

// Unlock sends one pulse to one lock.
func (d *Driver) Unlock(ctx context.Context, addr board.Address, ch board.Channel) (board.Ack, error) {
	if err := d.opts.inRange(addr, ch); err != nil {
		return board.AckNone, fmt.Errorf("unlock: %w", err)
	}
	match := about(CommandOpen, addr, ch)
	if d.doubt[addr] {
		match = named(match, ch)
	}
	f, err := d.line.Do(ctx, exchange.Request[Frame]{
		Addr: addr, Frame: EncodeOpen(addr, ch), Within: d.opts.Deadline, Unlock: true, Match: match,
	})
	switch {
	case err != nil:
		d.doubt[addr] = true
		return board.AckNone, fmt.Errorf("unlock channel %d of board %d: %w", ch, addr, err)
	case f.Failed():
		return board.AckRefused, nil
	}
	return board.AckAccepted, nil
}

// about matches the reply to a request for one channel. A reply that failed need not name it.
func about(c Command, addr board.Address, ch board.Channel) func(Frame) exchange.Fit {
	return func(f Frame) exchange.Fit {
		switch {
		case f.Command != c || f.Addr != addr || f.Role() != RoleReply:
			return exchange.Other
		case f.Failed() && (len(f.Data) == 1 || f.Names(ch)):
			return exchange.Refusal
		case !f.Failed() && f.Names(ch):
			return exchange.Answer
		}
		return exchange.Other
	}
}

// named lets match decide only on frames that name the channel.
func named(match func(Frame) exchange.Fit, ch board.Channel) func(Frame) exchange.Fit {
	return func(f Frame) exchange.Fit {
		if !f.Names(ch) {
			return exchange.Other
		}
		return match(f)
	}
}

// YieldTo makes a poll with PollOne end between two channels when somebody waits for the line.
func (d *Driver) YieldTo(waiting func() bool) { d.waiting = waiting }

// ReadStates polls all channels of one board.
func (d *Driver) ReadStates(ctx context.Context, addr board.Address) (board.Reading, error) {
	if err := d.opts.inRange(addr, 1); err != nil {
		return board.Reading{}, fmt.Errorf("read states: %w", err)
	}
	read := d.readAll
	if d.opts.Poll == PollOne {
		read = d.readEach
	}
	doors, err := read(ctx, addr)
	if err != nil {
		return board.Reading{}, fmt.Errorf("read states of board %d: %w", addr, err)
	}
	delete(d.doubt, addr) // it answers in order
	return board.Reading{Doors: doors}, nil
}

func (d *Driver) readAll(ctx context.Context, addr board.Address) ([]board.State, error) {
	f, err := d.line.Do(ctx, exchange.Request[Frame]{
		Addr: addr, Frame: EncodeQueryAll(addr), Within: d.opts.StatusDeadline, State: true,
		Match: func(f Frame) exchange.Fit {
			switch {
			case f.Command != CommandQueryAll || f.Addr != addr || f.Role() != RoleReply:
				return exchange.Other
			case f.Failed():
				return exchange.Refusal
			}
			return exchange.Answer
		},
	})
	if err != nil {
		return nil, err
	}
	if f.Failed() {
		return nil, errors.New("the board answers that it failed; if it always does, set poll to one")
	}
	doors := make([]board.State, d.opts.Channels)
	for i := range doors {
		if door, ok := f.Door(board.Channel(i + 1)); ok {
			doors[i] = d.opts.Polarity.state(door)
		}
	}
	return doors, nil
}

// readEach asks for door after door. The first question without an answer ends the poll, so that a
// dead board costs one deadline. The next poll asks for that channel last: if it is the only one
// without an answer again, it is the channel that is dead and not the board, and reads as unknown.
func (d *Driver) readEach(ctx context.Context, addr board.Address) ([]board.State, error) {
	limit := d.opts.Now().Add(d.opts.PollDeadline)
	doors := make([]board.State, d.opts.Channels)
	deaf := d.deaf[addr]
	for i := range doors {
		ch := board.Channel((int(deaf)+i)%len(doors) + 1)
		state, err := d.readOne(ctx, addr, ch, limit)
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

func (d *Driver) readOne(
	ctx context.Context, addr board.Address, ch board.Channel, limit time.Time,
) (board.State, error) {
	if d.waiting != nil && d.waiting() {
		return board.StateUnknown, board.ErrYielded
	}
	within := min(d.opts.StatusDeadline, limit.Sub(d.opts.Now()))
	if within <= 0 {
		return board.StateUnknown, fmt.Errorf("%w within %v for %d channels", board.ErrSilent, d.opts.PollDeadline, ch)
	}
	f, err := d.line.Do(ctx, d.question(addr, ch, within))
	if err != nil || f.Failed() {
		return board.StateUnknown, err // a board that cannot tell is no reason to lose the others
	}
	door, _ := f.Door(ch) // the answer names the channel
	return d.opts.Polarity.state(door), nil
}

// question asks for one door.
func (d *Driver) question(addr board.Address, ch board.Channel, within time.Duration) exchange.Request[Frame] {
	return exchange.Request[Frame]{
		Addr: addr, Frame: EncodeQuery(addr, ch), Within: within, State: true, Match: about(CommandQuery, addr, ch),
	}
}

// Probe asks a board for its door 1. That works whatever form the answer to "all" has, so that an odd
// firmware does not look like a missing board.
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

// Census asks a board for its door 1 and listens on for a second answer.
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

// collect keeps a door change; it is the Unasked of the line.
func (d *Driver) collect(f Frame) bool {
	if f.Command != CommandChange {
		return false
	}
	if len(d.changes) == maxChanges {
		d.changes = d.changes[1:]
	}
	d.changes = append(d.changes, board.Change{
		Addr: f.Addr, Channel: board.Channel(f.Data[0]), State: d.opts.Polarity.state(f.Data[1]),
	})
	return true
}
