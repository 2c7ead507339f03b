package wkly

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"cubby/board"
	"cubby/board/exchange"
	"cubby/board/virtual"
)

// SlaveOptions configure the boards' end of a line. Zero means the default where one is named.
type SlaveOptions struct {
	World    *virtual.World // required; addresses 0 to 31, at most 64 channels
	Polarity Polarity       // default PolarityClosing
	Line     *virtual.Line  // default: a perfect line
	// ReplyDelay is the board's time to think about a question; default 0.
	ReplyDelay time.Duration
	// Pulse is how long an unlock keeps the board busy before it answers; default 0.
	Pulse time.Duration
	// Announce makes boards report door changes unasked.
	Announce bool
}

// Slave is the boards of one line as a family of virtual boards. It is safe for concurrent use.
type Slave struct {
	opts SlaveOptions
}

var _ virtual.Boards = (*Slave)(nil)

// NewSlave checks the options.
func NewSlave(opts SlaveOptions) (*Slave, error) {
	if opts.Polarity == 0 {
		opts.Polarity = PolarityClosing
	}
	switch {
	case opts.World == nil:
		return nil, errors.New("wkly slave: World is required")
	case opts.Polarity > PolarityOpening:
		return nil, fmt.Errorf("wkly slave: door polarity %d is invalid, want closing or opening", opts.Polarity)
	case opts.ReplyDelay < 0 || opts.Pulse < 0:
		return nil, errors.New("wkly slave: a delay is negative")
	}
	for _, addr := range opts.World.Addresses() {
		if channels := opts.World.Channels(addr); addr > MaxAddress || channels > MaxChannels {
			return nil, fmt.Errorf("wkly slave: board %d with %d channels, want %d to %d with at most %d",
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
	return &Slave{opts: opts}, nil
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
	return &session{SlaveOptions: s.opts, scan: exchange.NewScanner(Split)}
}

// session is one connection: the bytes of a request that has not ended yet.
type session struct {
	SlaveOptions
	scan *exchange.Scanner[Frame]
}

var _ virtual.Slave = (*session)(nil)

// Announce returns the frame for a door that opened or closed, as its sensor sees it.
func (s *session) Announce(e virtual.Event) []byte {
	if !s.SlaveOptions.Announce || e.Kind == virtual.EventPulse || !s.World.Answers(e.Addr) {
		return nil
	}
	return Frame{
		Command: CommandChange, Addr: e.Addr, Data: []byte{byte(e.Channel), s.door(e.Addr, e.Channel)},
	}.Encode()
}

func (s *session) door(addr board.Address, ch board.Channel) byte {
	return s.Polarity.door(s.World.Sensed(addr, ch))
}

// Feed splits the bytes into requests and answers them.
func (s *session) Feed(p []byte) []virtual.Reply {
	_, _ = s.scan.Write(p) // it never fails
	var replies []virtual.Reply
	for found, ok := s.scan.Next(false); ok; found, ok = s.scan.Next(false) {
		reply := virtual.Reply{Request: found.Raw} // silence, but an adapter echoes all the same
		if f := found.Frame; f.Role() == RoleRequest && s.World.Answers(f.Addr) {
			if data, after := s.answer(f); data != nil {
				reply = s.reply(Frame{Command: f.Command, Addr: f.Addr, Data: data}, after)
				reply.Request = found.Raw
			}
		}
		replies = append(replies, reply)
	}
	return replies
}

// answer obeys one request and returns the data of the reply, nil for silence.
func (s *session) answer(f Frame) (data []byte, after time.Duration) {
	switch f.Command {
	case CommandOpen:
		return s.open(f.Addr, board.Channel(f.Data[0])), s.Pulse
	case CommandQuery:
		return s.one(f.Addr, board.Channel(f.Data[0])), s.ReplyDelay
	case CommandQueryAll:
		return s.all(f.Addr), s.ReplyDelay
	case CommandOpenAll:
		for i := range s.World.Channels(f.Addr) {
			s.World.Pulse(f.Addr, board.Channel(i+1))
		}
		return []byte{stDone}, s.Pulse
	case CommandOpenSome, CommandOpenQueue:
		for _, ch := range f.Data[1:] {
			s.World.Pulse(f.Addr, board.Channel(ch))
		}
		return []byte{stDone}, s.Pulse
	case CommandBlink, CommandLight, CommandDark, CommandChange: // no lights hang here
	}
	return nil, 0
}

// open pulses one lock. A channel that the board does not have is refused.
func (s *session) open(addr board.Address, ch board.Channel) []byte {
	switch {
	case int(ch) > s.World.Channels(addr):
		return []byte{failed, byte(ch), failed}
	case !s.World.Pulse(addr, ch):
		return nil
	}
	return []byte{stDone, byte(ch), s.door(addr, ch)}
}

func (s *session) one(addr board.Address, ch board.Channel) []byte {
	switch {
	case int(ch) > s.World.Channels(addr):
		return []byte{failed, byte(ch), failed}
	case s.World.Sensed(addr, ch) == board.StateUnknown:
		return nil
	}
	return []byte{stDone, byte(ch), s.door(addr, ch)}
}

func (s *session) all(addr board.Address) []byte {
	channels := s.World.Channels(addr)
	data := []byte{stDone, byte(channels)}
	for i := range channels {
		data = append(data, s.door(addr, board.Channel(i+1)))
	}
	return data
}

func (s *session) reply(f Frame, after time.Duration) virtual.Reply {
	foreign := f
	foreign.Addr = (f.Addr + 1) % (MaxAddress + 1)
	extra := Frame{Command: CommandChange, Addr: f.Addr, Data: []byte{1, s.door(f.Addr, 1)}}
	return virtual.Reply{Frame: f.Encode(), Foreign: foreign.Encode(), Extra: extra.Encode(), After: after}
}
