package gpio

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"cubby/board"
)

// Open requests the lines of a chip, with all outputs off, and returns a Conn for New whose other end
// they are. Errors wrap board.ErrLost and say what a person can do. Close switches all outputs off
// and gives the lines back. Linux only; elsewhere the error wraps errors.ErrUnsupported.
func Open(opts Options) (board.Conn, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	if opts.Chip == "" || opts.Now == nil {
		return nil, errors.New("gpio: Chip and Now are required")
	}
	pins, err := openPins(opts)
	if err != nil {
		return nil, fmt.Errorf("open GPIO lines: %w: %w", board.ErrLost, err)
	}
	return newConn(pins, opts.Now), nil
}

// closablePins are pins that somebody else may use after Close.
type closablePins interface {
	Pins
	io.Closer
}

// conn is a line in memory: a request is obeyed while it is written.
type conn struct {
	now  func() time.Time
	gone chan struct{}

	mu       sync.Mutex
	pins     closablePins
	server   *server
	answers  []byte
	deadline time.Time
	closed   bool
}

func newConn(pins closablePins, now func() time.Time) *conn {
	return &conn{now: now, gone: make(chan struct{}), pins: pins, server: newServer(pins)}
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	return nil
}

func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, net.ErrClosed
	}
	c.server.feed(p, func(_ []byte, answer Frame, ok bool) {
		if ok {
			c.answers = append(c.answers, answer.Encode()...)
		}
	})
	return len(p), nil
}

// Read waits for nothing but its deadline: an answer is there as soon as Write returns.
func (c *conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	n := copy(p, c.answers)
	c.answers = c.answers[n:]
	deadline, closed := c.deadline, c.closed
	c.mu.Unlock()
	switch {
	case n > 0:
		return n, nil
	case closed:
		return 0, net.ErrClosed
	case deadline.IsZero():
		<-c.gone
		return 0, net.ErrClosed
	}
	timer := time.NewTimer(deadline.Sub(c.now()))
	defer timer.Stop()
	select {
	case <-timer.C:
		return 0, os.ErrDeadlineExceeded
	case <-c.gone:
		return 0, net.ErrClosed
	}
}

// Close may be called again; only the first time does something.
func (c *conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	close(c.gone)
	return errors.Join(allOff(c.pins), c.pins.Close())
}
