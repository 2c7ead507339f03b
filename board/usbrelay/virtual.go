package usbrelay

import (
	"context"
	"errors"
	"fmt"
	"io"

	"cubby/board/exchange"
	"cubby/board/virtual"
)

// SlaveOptions configure the board's end of a line.
type SlaveOptions struct {
	World *virtual.World // required; board 1 only, at most 16 channels
	Line  *virtual.Line  // default: a perfect line
}

// Slave is a virtual board. It is safe for concurrent use.
type Slave struct {
	opts SlaveOptions
}

var _ virtual.Boards = (*Slave)(nil)

// NewSlave checks the options.
func NewSlave(opts SlaveOptions) (*Slave, error) {
	if opts.World == nil {
		return nil, errors.New("usbrelay slave: World is required")
	}
	for _, addr := range opts.World.Addresses() {
		if channels := opts.World.Channels(addr); addr != Address || channels > MaxChannels {
			return nil, fmt.Errorf("usbrelay slave: board %d with %d channels, want board %d only, with at most %d",
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

// Serve obeys what comes on rw until ctx ends or the peer hangs up; it is a virtual.Handler.
func (s *Slave) Serve(ctx context.Context, rw io.ReadWriter) error {
	return virtual.Serve(ctx, rw, virtual.ServeOptions{
		World: s.opts.World, Line: s.opts.Line, Slave: s.Session(),
	})
}

// Session returns the board's end of one connection without a line, for a simulator that moves the
// bytes itself. Its Feed is for one goroutine.
func (s *Slave) Session() virtual.Slave {
	return &session{world: s.opts.World, scan: exchange.NewScanner(Split)}
}

// Serve is NewSlave and Slave.Serve with the defaults.
func Serve(ctx context.Context, rw io.ReadWriter, world *virtual.World) error {
	slave, err := NewSlave(SlaveOptions{World: world})
	if err != nil {
		return err
	}
	return slave.Serve(ctx, rw)
}

// session is one connection.
type session struct {
	world *virtual.World
	scan  *exchange.Scanner[Frame]
}

var _ virtual.Slave = (*session)(nil)

// Announce returns nil: the boards say nothing.
func (*session) Announce(virtual.Event) []byte { return nil }

// Feed obeys the requests and answers none of them.
func (s *session) Feed(p []byte) []virtual.Reply {
	_, _ = s.scan.Write(p) // it never fails
	var replies []virtual.Reply
	for found, ok := s.scan.Next(false); ok; found, ok = s.scan.Next(false) {
		s.world.SetCoil(Address, found.Frame.Channel, found.Frame.On)
		replies = append(replies, virtual.Reply{Request: found.Raw})
	}
	return replies
}
