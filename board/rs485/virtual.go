package rs485

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"cubby/board"
	"cubby/board/virtual"
)

// SlaveOptions configure the boards' end of a line. Zero means the default where one is named.
type SlaveOptions struct {
	World    *virtual.World // required; addresses 1 to 31, at most 50 channels
	Polarity Polarity       // required
	Line     *virtual.Line  // default: a perfect line
	// StatusBytes of "status of all". Default: 3 for up to 24 channels, 4 for up to 32, 7 beyond.
	StatusBytes int
	// ReplyDelay is the board's time to think about a status; default 0.
	ReplyDelay time.Duration
	// Pulse is how long an unlock keeps the board busy before it answers; default 0. Real boards
	// take 300 ms.
	Pulse time.Duration
	// NoUnlockReply makes a firmware that never answers 8A.
	NoUnlockReply bool
	// Announce makes boards report door changes unasked, with header 81.
	Announce bool
}

// Slave is the boards of one line as a family of virtual boards. It is safe for concurrent use.
type Slave struct {
	opts SlaveOptions
}

// NewSlave checks the options.
func NewSlave(opts SlaveOptions) (*Slave, error) {
	if opts.World == nil {
		return nil, errors.New("rs485 slave: World is required")
	}
	if opts.Polarity != PolarityClosing && opts.Polarity != PolarityOpening {
		return nil, errors.New("rs485 slave: the feedback polarity is not set, want closing or opening")
	}
	if opts.StatusBytes < 0 || opts.StatusBytes > maxStatusBytes || opts.ReplyDelay < 0 || opts.Pulse < 0 {
		return nil, errors.New("rs485 slave: status bytes or a delay is out of range")
	}
	for _, addr := range opts.World.Addresses() {
		channels := opts.World.Channels(addr)
		if addr < MinAddress || addr > MaxAddress || channels > MaxChannels {
			return nil, fmt.Errorf("rs485 slave: board %d with %d channels, want 1 to %d with at most %d",
				addr, channels, MaxAddress, MaxChannels)
		}
		if opts.StatusBytes > 0 && channels > 8*opts.StatusBytes {
			return nil, fmt.Errorf("rs485 slave: %d channels do not fit into %d status bytes", channels, opts.StatusBytes)
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
func (s *Slave) Session() virtual.Slave { return &session{SlaveOptions: s.opts} }

// Serve is NewSlave and Slave.Serve with the defaults and "opening feedback".
func Serve(ctx context.Context, rw io.ReadWriter, world *virtual.World) error {
	slave, err := NewSlave(SlaveOptions{World: world, Polarity: PolarityOpening})
	if err != nil {
		return err
	}
	return slave.Serve(ctx, rw)
}

// maxRequests bounds what a session keeps of bytes that are no request yet.
const maxRequests = 512

// session is one connection: the bytes of a request that has not ended yet.
type session struct {
	SlaveOptions
	buf []byte
}

var _ virtual.Slave = (*session)(nil)

// Announce returns the frame for a door that opened or closed, as its sensor sees it.
func (s *session) Announce(e virtual.Event) []byte {
	if !s.SlaveOptions.Announce || e.Kind == virtual.EventPulse || !s.World.Answers(e.Addr) {
		return nil
	}
	return Frame{
		Kind: KindChange, Addr: e.Addr, Channel: e.Channel,
		Active: s.Polarity.active(s.World.Sensed(e.Addr, e.Channel)),
	}.Encode()
}

// Feed splits the bytes into requests and answers them.
func (s *session) Feed(p []byte) []virtual.Reply {
	s.buf = append(s.buf, p...)
	if over := len(s.buf) - maxRequests; over > 0 {
		s.buf = slices.Delete(s.buf, 0, over)
	}
	var replies []virtual.Reply
	for len(s.buf) > 0 {
		n, whole := splitRequest(s.buf)
		switch {
		case n == 0:
			s.buf = slices.Delete(s.buf, 0, 1)
		case !whole:
			return replies
		default:
			request := slices.Clone(s.buf[:n])
			s.buf = slices.Delete(s.buf, 0, n)
			replies = append(replies, s.answer(request)...)
		}
	}
	return replies
}

// splitRequest returns the length of the request at the start of p, and whether all of it is there.
// 0 means that none starts here.
func splitRequest(p []byte) (n int, whole bool) {
	n = shortFrame
	switch {
	case p[0] != headerOpen && p[0] != headerStatus,
		len(p) > 1 && !plausible(p[1]),
		len(p) > 2 && p[2] > MaxChannels,
		len(p) > 3 && p[0] == headerOpen && p[3] != wordOpen,
		len(p) > 3 && p[0] == headerStatus && p[3] != wordStatus:
		return 0, false
	case len(p) < shortFrame:
		return n, false
	case p[0] == headerOpen && p[4] >= 1 && p[4] <= MaxPulseSeconds:
		// The fifth byte is a pulse length: as a checksum it would have its top bit set.
		n++
	}
	if len(p) < n {
		return n, false
	}
	if bcc(p[:n-1]) != p[n-1] {
		return 0, false
	}
	return n, true
}

func (s *session) answer(request []byte) []virtual.Reply {
	addr, ch := board.Address(request[1]), board.Channel(request[2])
	silence := []virtual.Reply{{Request: request}}
	if !s.World.Answers(addr) || int(ch) > s.World.Channels(addr) {
		return silence
	}
	switch {
	case request[0] == headerStatus && ch == AllChannels:
		return s.reply(request, Frame{Kind: KindAll, Addr: addr, Status: s.status(addr)}, s.ReplyDelay)
	case request[0] == headerStatus:
		sensed := s.World.Sensed(addr, ch)
		if sensed == board.StateUnknown {
			return silence
		}
		return s.reply(request, Frame{
			Kind: KindOne, Addr: addr, Channel: ch, Active: s.Polarity.active(sensed),
		}, s.ReplyDelay)
	case ch == AllChannels:
		replies := silence
		for i := range s.World.Channels(addr) {
			replies = append(replies, s.pulse(nil, addr, board.Channel(i+1))...)
		}
		return replies
	}
	return s.pulse(request, addr, ch)
}

func (s *session) pulse(request []byte, addr board.Address, ch board.Channel) []virtual.Reply {
	pulse := s.Pulse
	if len(request) > shortFrame {
		pulse = time.Duration(request[4]) * time.Second
	}
	if !s.World.Pulse(addr, ch) || s.NoUnlockReply {
		return []virtual.Reply{{Request: request}}
	}
	return s.reply(request, Frame{
		Kind: KindOpen, Addr: addr, Channel: ch, Active: s.Polarity.active(s.World.Sensed(addr, ch)),
	}, pulse)
}

func (s *session) reply(request []byte, f Frame, after time.Duration) []virtual.Reply {
	foreign := f
	foreign.Addr = f.Addr%MaxAddress + 1
	extra := Frame{Kind: KindChange, Addr: f.Addr, Channel: 1, Active: s.Polarity.active(s.World.Sensed(f.Addr, 1))}
	return []virtual.Reply{{
		Request: request, Frame: f.Encode(), Foreign: foreign.Encode(), Extra: extra.Encode(), After: after,
	}}
}

// status builds the status bytes: channel 1 is bit 0 of the last byte.
func (s *session) status(addr board.Address) []byte {
	channels := s.World.Channels(addr)
	n := s.StatusBytes
	switch {
	case n > 0:
	case channels <= 24:
		n = 3
	case channels <= 32:
		n = 4
	default:
		n = 7
	}
	status := make([]byte, n)
	for i := range channels {
		if s.Polarity.active(s.World.Sensed(addr, board.Channel(i+1))) {
			status[n-1-i/8] |= 1 << (i % 8)
		}
	}
	return status
}
