package winnsen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"cubby/board"
	"cubby/board/exchange"
	"cubby/board/virtual"
)

// SlaveOptions configure the boards' end of a line. Zero means the default where one is named.
type SlaveOptions struct {
	World    *virtual.World // required; addresses 0 to 4, at most 16 channels
	Polarity Polarity       // default PolarityOpening
	Order    Order          // default OrderLockFirst
	Line     *virtual.Line  // default: a perfect line
	// Now is the clock of the cool-down; without it the locks have none.
	Now func() time.Time
	// CoolDown is how long a pulsed lock refuses the next pulse; default 15 s.
	CoolDown time.Duration
	// TooEarly makes boards refuse with 02 during the cool-down, as the last revision; default 00.
	TooEarly bool
	// ReplyDelay is the board's time to think about a question; default 0.
	ReplyDelay time.Duration
	// Pulse is how long an unlock keeps the board busy before it answers; default 0.
	Pulse time.Duration
}

// lock names one lock of the bus.
type lock struct {
	addr board.Address
	ch   board.Channel
}

// Slave is the boards of one line as a family of virtual boards. It is safe for concurrent use.
type Slave struct {
	opts SlaveOptions

	mu   sync.Mutex
	cool map[lock]time.Time // when a lock may be pulsed again
}

var _ virtual.Boards = (*Slave)(nil)

// NewSlave checks the options.
func NewSlave(opts SlaveOptions) (*Slave, error) {
	if opts.Polarity == 0 {
		opts.Polarity = PolarityOpening
	}
	if opts.Order == 0 {
		opts.Order = OrderLockFirst
	}
	if opts.CoolDown == 0 {
		opts.CoolDown = DefaultCoolDown
	}
	switch {
	case opts.World == nil:
		return nil, errors.New("winnsen slave: World is required")
	case opts.Polarity > PolarityClosing:
		return nil, fmt.Errorf("winnsen slave: door polarity %d is invalid, want opening or closing", opts.Polarity)
	case opts.Order > OrderStateFirst:
		return nil, fmt.Errorf("winnsen slave: status order %d is invalid, want lock-first or state-first", opts.Order)
	case opts.ReplyDelay < 0 || opts.Pulse < 0 || opts.CoolDown < 0:
		return nil, errors.New("winnsen slave: a delay is negative")
	}
	for _, addr := range opts.World.Addresses() {
		if channels := opts.World.Channels(addr); addr > maxStation || channels > MaxChannels {
			return nil, fmt.Errorf("winnsen slave: board %d with %d channels, want %d to %d with at most %d",
				addr, channels, MinAddress, maxStation, MaxChannels)
		}
	}
	if opts.Line == nil {
		line, err := virtual.NewLine(virtual.LineOptions{})
		if err != nil {
			return nil, err
		}
		opts.Line = line
	}
	return &Slave{opts: opts, cool: map[lock]time.Time{}}, nil
}

// Serve answers on rw until ctx ends or the peer hangs up; it is a virtual.Handler.
func (s *Slave) Serve(ctx context.Context, rw io.ReadWriter) error {
	return virtual.Serve(ctx, rw, virtual.ServeOptions{
		World: s.opts.World, Line: s.opts.Line, Slave: s.Session(),
	})
}

// Session returns the boards' end of one connection without a line, for a simulator that moves the
// bytes itself. Its Feed is for one goroutine.
func (s *Slave) Session() virtual.Slave {
	return &session{Slave: s, scan: exchange.NewScanner(Split(s.opts.Order))}
}

// session is one connection: the bytes of a request that has not ended yet.
type session struct {
	*Slave
	scan *exchange.Scanner[Frame]
}

var _ virtual.Slave = (*session)(nil)

// Announce returns nil: these boards report nothing unasked.
func (s *session) Announce(virtual.Event) []byte { return nil }

// Feed splits the bytes into requests and answers them.
func (s *session) Feed(p []byte) []virtual.Reply {
	_, _ = s.scan.Write(p) // it never fails
	var replies []virtual.Reply
	for found, ok := s.scan.Next(false); ok; found, ok = s.scan.Next(false) {
		reply := virtual.Reply{} // silence, but an adapter echoes all the same
		if f := found.Frame; !f.Reply && s.opts.World.Answers(f.Addr) {
			switch f.Function {
			case FunctionUnlock:
				reply = s.unlock(f)
			case FunctionStatus:
				reply = s.status(f)
			}
		}
		reply.Request = found.Raw
		replies = append(replies, reply)
	}
	return replies
}

// unlock pulses a lock, unless it is not there or has to cool down.
func (s *session) unlock(f Frame) virtual.Reply {
	switch {
	case int(f.Channel) > s.opts.World.Channels(f.Addr):
		return s.reply(f, ResultNo, s.opts.ReplyDelay)
	case !s.ready(f):
		result := ResultNo
		if s.opts.TooEarly {
			result = ResultEarly
		}
		return s.reply(f, result, s.opts.ReplyDelay)
	case !s.opts.World.Pulse(f.Addr, f.Channel):
		return virtual.Reply{}
	}
	return s.reply(f, ResultYes, s.opts.Pulse)
}

// ready reports whether a lock is cold, and warms it up.
func (s *Slave) ready(f Frame) bool {
	if s.opts.Now == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now, l := s.opts.Now(), lock{f.Addr, f.Channel}
	if now.Before(s.cool[l]) {
		return false
	}
	s.cool[l] = now.Add(s.opts.CoolDown)
	return true
}

// status answers for a lock. One that is not there, or whose sensor is dead, gets no answer.
func (s *session) status(f Frame) virtual.Reply {
	sensed := s.opts.World.Sensed(f.Addr, f.Channel)
	if sensed == board.StateUnknown {
		return virtual.Reply{}
	}
	return s.reply(f, s.opts.Polarity.result(sensed), s.opts.ReplyDelay)
}

func (s *session) reply(f Frame, result Result, after time.Duration) virtual.Reply {
	f.Reply, f.Result = true, result
	foreign, extra := f, f
	foreign.Addr = (f.Addr + 1) % (maxStation + 1)
	extra.Function, extra.Channel, extra.Result = FunctionStatus, f.Channel%MaxChannels+1, ResultNo
	return virtual.Reply{
		Frame: f.Encode(s.opts.Order), Foreign: foreign.Encode(s.opts.Order), Extra: extra.Encode(s.opts.Order),
		After: after,
	}
}
