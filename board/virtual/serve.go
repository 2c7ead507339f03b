package virtual

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"time"
)

// Slave is a family's end of a line at the boards, made anew for each connection.
type Slave interface {
	// Feed takes bytes as they arrived, in any pieces, and returns a reply to each whole request.
	// A request that no board answers gives a Reply without a Frame, so that it still echoes.
	Feed(p []byte) []Reply
	// Announce returns the frame by which the boards report an event unasked, nil for none. Unlike
	// Feed it may be called at any time from any goroutine.
	Announce(e Event) []byte
}

// Boards are the boards of one line as a family makes them, e.g. rs485.Slave.
type Boards interface {
	// Serve answers on rw until ctx ends or the peer hangs up; it is a Handler.
	Serve(ctx context.Context, rw io.ReadWriter) error
	// Session returns the boards' end of one connection without a line.
	Session() Slave
}

// Limits of one served connection.
const (
	readBytes = 256
	// maxWaiting bounds what waits for the wire; more is dropped, as a busy line would.
	maxWaiting = 64
)

// ServeOptions name what Serve connects. All fields are required.
type ServeOptions struct {
	World *World
	Line  *Line
	Slave Slave
}

// Serve answers requests on rw until ctx ends or rw fails. When ctx ends it closes rw if that is an
// io.Closer, because nothing else wakes a Read. It returns nil after ctx ended or the peer
// hung up, and leaves no goroutine behind.
func Serve(ctx context.Context, rw io.ReadWriter, opts ServeOptions) error {
	ctx, cancel := context.WithCancel(ctx)
	s := &server{ServeOptions: opts, rw: rw, out: make(chan burst, maxWaiting)}
	unsubscribe := opts.World.Subscribe(s.announce)
	stopClosing := context.AfterFunc(ctx, s.close)
	var writing sync.WaitGroup
	var writeErr error
	writing.Go(func() {
		writeErr = s.write(ctx)
		cancel() // wakes the Read below
	})
	readErr := s.read(ctx)
	ended := ctx.Err() != nil
	cancel()
	if stopClosing() {
		s.close()
	}
	writing.Wait()
	unsubscribe()
	if ended || hungUp(readErr) {
		readErr = nil
	}
	if hungUp(writeErr) {
		writeErr = nil
	}
	return errors.Join(readErr, writeErr)
}

// hungUp tells a peer that went away, however rudely, from a line that failed.
func hungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

type server struct {
	ServeOptions
	rw   io.ReadWriter
	out  chan burst
	once sync.Once
}

func (s *server) close() {
	s.once.Do(func() {
		if c, ok := s.rw.(io.Closer); ok {
			_ = c.Close() // the line is given up; an error changes nothing
		}
	})
}

func (s *server) announce(e Event) {
	frame := s.Slave.Announce(e)
	if frame == nil {
		return
	}
	select {
	case s.out <- burst{bytes: frame}:
	default: // the wire is busy; an unasked frame may be lost
	}
}

func (s *server) read(ctx context.Context) error {
	buf := make([]byte, readBytes)
	for {
		n, err := s.rw.Read(buf)
		if n > 0 {
			for _, reply := range s.Slave.Feed(buf[:n]) {
				for _, b := range s.Line.shape(reply) {
					select {
					case s.out <- b:
					case <-ctx.Done():
						return nil
					}
				}
			}
		}
		if err != nil {
			return fmt.Errorf("read requests: %w", err)
		}
	}
}

// write puts bursts on the wire one after another, as one pair of wires does.
func (s *server) write(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case b := <-s.out:
			if err := s.send(ctx, b); err != nil && ctx.Err() == nil {
				return fmt.Errorf("write reply: %w", err)
			}
		}
	}
}

func (s *server) send(ctx context.Context, b burst) error {
	start := s.World.now().Add(b.after)
	if err := pause(ctx, b.after); err != nil {
		return err
	}
	if s.Line.wire(1) == 0 {
		_, err := s.rw.Write(b.bytes)
		return err
	}
	// Each byte has its own time from the start, so that late timers do not add up.
	for i := range b.bytes {
		if err := pause(ctx, s.Line.wire(i+1)-s.World.now().Sub(start)); err != nil {
			return err
		}
		if _, err := s.rw.Write(b.bytes[i : i+1]); err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
