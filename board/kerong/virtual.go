package kerong

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
	World    *virtual.World // required; addresses 0 to 15, at most 16 channels
	Polarity Polarity       // required
	Infrared Infrared       // default InfraredNone
	Line     *virtual.Line  // default: a perfect line
	// ReplyDelay is the board's time to think about a question; default 0.
	ReplyDelay time.Duration
	// Pulse is how long an unlock keeps the board from answering; default 0.
	Pulse time.Duration
	// NoUnlockReply makes a firmware that answers nothing to an unlock.
	NoUnlockReply bool
	// Sleepy makes a board go silent after an unlock, until command 38 wakes it.
	Sleepy bool
}

// Slave is the boards of one line as a family of virtual boards. It is safe for concurrent use.
type Slave struct {
	opts SlaveOptions

	mu     sync.Mutex
	asleep map[board.Address]bool
	times  map[board.Address]time.Duration // what command 37 has set
}

var _ virtual.Boards = (*Slave)(nil)

// NewSlave checks the options.
func NewSlave(opts SlaveOptions) (*Slave, error) {
	if opts.Infrared == 0 {
		opts.Infrared = InfraredNone
	}
	switch {
	case opts.World == nil:
		return nil, errors.New("kerong slave: World is required")
	case opts.Polarity != PolarityClosing && opts.Polarity != PolarityOpening:
		return nil, errors.New("kerong slave: the hook polarity is not set, want closing or opening")
	case opts.Infrared > InfraredLow:
		return nil, fmt.Errorf("kerong slave: infrared %d is invalid, want none, high or low", opts.Infrared)
	case opts.ReplyDelay < 0 || opts.Pulse < 0:
		return nil, errors.New("kerong slave: a delay is negative")
	}
	for _, addr := range opts.World.Addresses() {
		if channels := opts.World.Channels(addr); addr > MaxAddress || channels > MaxChannels {
			return nil, fmt.Errorf("kerong slave: board %d with %d channels, want %d to %d with at most %d",
				addr, channels, MinAddress, MaxAddress, MaxChannels)
		}
	}
	if opts.Line == nil {
		line, err := virtual.NewLine(virtual.LineOptions{})
		if err != nil {
			return nil, err
		}
		opts.Line = line
	}
	return &Slave{opts: opts, asleep: map[board.Address]bool{}, times: map[board.Address]time.Duration{}}, nil
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
	return &session{Slave: s, scan: exchange.NewScanner(Split)}
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
		answers := s.answer(found.Frame)
		if len(answers) == 0 {
			answers = []virtual.Reply{{}} // silence, but an adapter echoes all the same
		}
		answers[0].Request = found.Raw
		replies = append(replies, answers...)
	}
	return replies
}

// answer obeys one request. Command 39 is left alone: whether it opens or only sets the delay of the
// next opening is not known.
func (s *session) answer(f Frame) []virtual.Reply {
	if f.Command == CommandStatusAll {
		return s.statesOfAll()
	}
	if f.Command == CommandTime {
		s.opts.World.Wake(f.Addr)
	}
	if !s.opts.World.Answers(f.Addr) || s.sleeps(f) {
		return nil
	}
	switch f.Command {
	case CommandStatus:
		return []virtual.Reply{s.states(CommandStates, f.Addr, f.Channel, s.opts.ReplyDelay)}
	case CommandUnlock:
		return s.unlock(f)
	case CommandUnlockAll:
		for i := range s.opts.World.Channels(f.Addr) {
			s.opts.World.Pulse(f.Addr, board.Channel(i+1))
		}
	case CommandSetTime, CommandTime:
		return s.unlockTime(f)
	case CommandStates, CommandStatesAll, CommandStatusAll, CommandDelayed:
	}
	return nil
}

// sleeps reports whether the board ignores f because of an earlier unlock. Command 38 wakes it.
func (s *Slave) sleeps(f Frame) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Command == CommandTime {
		delete(s.asleep, f.Addr)
	}
	return s.asleep[f.Addr]
}

func (s *session) unlock(f Frame) []virtual.Reply {
	answers := s.opts.World.Pulse(f.Addr, f.Channel)
	if s.opts.Sleepy {
		s.mu.Lock()
		s.asleep[f.Addr] = true
		s.mu.Unlock()
	}
	if !answers || s.opts.NoUnlockReply {
		return nil
	}
	return []virtual.Reply{s.states(CommandStates, f.Addr, f.Channel, s.opts.Pulse)}
}

func (s *session) statesOfAll() []virtual.Reply {
	var replies []virtual.Reply
	for _, addr := range s.opts.World.Addresses() {
		if s.opts.World.Answers(addr) && !s.sleeps(Frame{Command: CommandStatusAll, Addr: addr}) {
			replies = append(replies, s.states(CommandStatesAll, addr, 1, s.opts.ReplyDelay))
		}
	}
	return replies
}

func (s *session) unlockTime(f Frame) []virtual.Reply {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d, set := f.Time(); set && f.Command == CommandSetTime {
		s.times[f.Addr] = d
	}
	d, known := s.times[f.Addr]
	if !known {
		d = DefaultBoardTime
	}
	units := d / TimeUnit
	return []virtual.Reply{s.reply(Frame{
		Command: f.Command, Addr: f.Addr, Channel: 1, Data: []byte{byte(units >> 8), byte(units)},
	}, s.opts.ReplyDelay)}
}

// states is the answer that carries the hooks and the presence sensors of a board.
func (s *session) states(c Command, addr board.Address, ch board.Channel, after time.Duration) virtual.Reply {
	data := make([]byte, stateFrame-plainFrame)
	for i := range s.opts.World.Channels(addr) {
		if s.opts.Polarity.bit(s.opts.World.Sensed(addr, board.Channel(i+1))) {
			data[i/8] |= 1 << (i % 8)
		}
		if s.opts.Infrared.bit(s.opts.World.Occupied(addr, board.Channel(i+1))) {
			data[2+i/8] |= 1 << (i % 8)
		}
	}
	return s.reply(Frame{Command: c, Addr: addr, Channel: ch, Data: data}, after)
}

func (s *session) reply(f Frame, after time.Duration) virtual.Reply {
	foreign, extra := f, f
	foreign.Addr = (f.Addr + 1) % (MaxAddress + 1)
	extra.Command, extra.Data = CommandStatesAll, make([]byte, stateFrame-plainFrame)
	return virtual.Reply{Frame: f.Encode(), Foreign: foreign.Encode(), Extra: extra.Encode(), After: after}
}
