package gpio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"cubby/board"
	"cubby/board/virtual"
)

// SlaveOptions configure virtual pins. Zero means the default where one is named.
type SlaveOptions struct {
	World    *virtual.World // required; board 1 only, at most 32 channels
	Line     *virtual.Line  // default: a perfect line
	NoInputs bool           // no door contacts
	Polarity Polarity       // required unless NoInputs
	// ReplyDelay is the time until each answer; default 0.
	ReplyDelay time.Duration
}

// Slave is the pins of a virtual bank. It is safe for concurrent use.
type Slave struct {
	opts SlaveOptions
}

var _ virtual.Boards = (*Slave)(nil)

// NewSlave checks the options.
func NewSlave(opts SlaveOptions) (*Slave, error) {
	switch {
	case opts.World == nil:
		return nil, errors.New("gpio slave: World is required")
	case !opts.NoInputs && opts.Polarity != PolarityClosing && opts.Polarity != PolarityOpening:
		return nil, errors.New("gpio slave: the polarity of the door contacts is not set, want closing or opening")
	case opts.ReplyDelay < 0:
		return nil, errors.New("gpio slave: the delay is negative")
	}
	for _, addr := range opts.World.Addresses() {
		if channels := opts.World.Channels(addr); addr != Address || channels > MaxChannels {
			return nil, fmt.Errorf("gpio slave: board %d with %d channels, want board %d only, with at most %d",
				addr, channels, Address, MaxChannels)
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

// Session returns the pins' end of one connection without a line, for a simulator that moves the
// bytes itself. Its Feed is for one goroutine.
func (s *Slave) Session() virtual.Slave {
	return &session{SlaveOptions: s.opts, server: newServer(worldPins{s.opts})}
}

// Serve is NewSlave and Slave.Serve with the defaults and contacts that close with the door.
func Serve(ctx context.Context, rw io.ReadWriter, world *virtual.World) error {
	slave, err := NewSlave(SlaveOptions{World: world, Polarity: PolarityClosing})
	if err != nil {
		return err
	}
	return slave.Serve(ctx, rw)
}

// session is one connection.
type session struct {
	SlaveOptions
	server *server
}

var _ virtual.Slave = (*session)(nil)

// Announce returns nil: pins speak only when asked.
func (*session) Announce(virtual.Event) []byte { return nil }

// Feed splits the bytes into requests and answers them.
func (s *session) Feed(p []byte) []virtual.Reply {
	var replies []virtual.Reply
	s.server.feed(p, func(raw []byte, answer Frame, ok bool) {
		reply := virtual.Reply{Request: raw, After: s.ReplyDelay}
		if ok && s.World.Answers(Address) {
			reply.Frame = answer.Encode()
			reply.Extra = Frame{Seq: answer.Seq + 128, Kind: KindOK}.Encode()
		}
		replies = append(replies, reply)
	})
	return replies
}

// worldPins are pins on the doors of a virtual world.
type worldPins struct{ SlaveOptions }

func (p worldPins) Count() (outputs, inputs int) {
	outputs = p.World.Channels(Address)
	if p.NoInputs {
		return outputs, 0
	}
	return outputs, outputs
}

func (p worldPins) Set(ch board.Channel, on bool) error {
	if !p.World.SetCoil(Address, ch, on) {
		return errMute
	}
	return nil
}

func (p worldPins) Get(ch board.Channel) (bool, error) {
	return p.Polarity.on(p.World.Sensed(Address, ch)), nil
}
