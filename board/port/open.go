package port

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"go.bug.st/serial"

	"cubby/board"
)

// Limits of a line.
const (
	DefaultDialTimeout = 3 * time.Second
	// writeTimeout bounds one Write, also on a serial line: a request is a few bytes, so only a dead peer
	// or a wedged adapter takes longer.
	writeTimeout = 2 * time.Second
	// Keepalive finds a serial server that lost its power within half a minute.
	keepAliveIdle     = 10 * time.Second
	keepAliveInterval = 5 * time.Second
	keepAliveCount    = 4
)

// Options are what opening needs beside the spec.
type Options struct {
	Now         func() time.Time // required: the clock that read deadlines refer to
	DialTimeout time.Duration    // TCP only; zero means DefaultDialTimeout
}

// Open parses the spec and opens the line. Errors wrap ErrSpec (nothing was tried) or
// board.ErrLost (the device or the network said no). The Conn is for one goroutine.
func Open(ctx context.Context, spec string, opts Options) (board.Conn, error) {
	parsed, err := ParseSpec(spec)
	if err != nil {
		return nil, err
	}
	return parsed.Open(ctx, opts)
}

// Open opens the line; see the function Open.
func (s Spec) Open(ctx context.Context, opts Options) (board.Conn, error) {
	if opts.Now == nil {
		return nil, errors.New("open line: Options.Now is missing")
	}
	if opts.DialTimeout == 0 {
		opts.DialTimeout = DefaultDialTimeout
	}
	switch s.Kind {
	case KindSerial:
		return s.openSerial(opts)
	case KindTCP:
		return s.openTCP(ctx, opts)
	}
	return nil, fmt.Errorf("%w: kind %d", ErrSpec, s.Kind)
}

func (s Spec) openTCP(ctx context.Context, opts Options) (board.Conn, error) {
	dialer := net.Dialer{
		Timeout: opts.DialTimeout,
		KeepAliveConfig: net.KeepAliveConfig{
			Enable: true, Idle: keepAliveIdle, Interval: keepAliveInterval, Count: keepAliveCount,
		},
	}
	conn, err := dialer.DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w: %w", s, board.ErrLost, err)
	}
	return &tcpConn{Conn: conn, now: opts.Now}, nil
}

// tcpConn bounds every Write; Nagle's delay is already off, as Go's dialer leaves it.
type tcpConn struct {
	net.Conn
	now func() time.Time
}

func (c *tcpConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(c.now().Add(writeTimeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

func (s Spec) openSerial(opts Options) (board.Conn, error) {
	mode := &serial.Mode{BaudRate: s.BaudRate, DataBits: s.DataBits}
	switch s.Parity {
	case 'N':
		mode.Parity = serial.NoParity
	case 'E':
		mode.Parity = serial.EvenParity
	case 'O':
		mode.Parity = serial.OddParity
	default:
		return nil, fmt.Errorf("%w: parity %q", ErrSpec, s.Parity)
	}
	switch s.StopBits {
	case 1:
		mode.StopBits = serial.OneStopBit
	case 2:
		mode.StopBits = serial.TwoStopBits
	default:
		return nil, fmt.Errorf("%w: %d stop bits", ErrSpec, s.StopBits)
	}
	line, err := serial.Open(s.Path, mode)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w: %w", s, board.ErrLost, err)
	}
	return &serialConn{line: line, now: opts.Now}, nil
}

// serialConn gives the serial library, which knows time-outs, the deadlines of board.Conn.
type serialConn struct {
	line     serial.Port
	now      func() time.Time
	deadline time.Time
	wedged   atomic.Bool // a Write was given up; the line is of no more use
}

func (c *serialConn) SetReadDeadline(t time.Time) error {
	c.deadline = t
	return nil
}

func (c *serialConn) Read(p []byte) (int, error) {
	timeout := serial.NoTimeout
	if !c.deadline.IsZero() {
		timeout = max(0, c.deadline.Sub(c.now()))
	}
	if err := c.line.SetReadTimeout(timeout); err != nil {
		return 0, fmt.Errorf("set read timeout: %w", err)
	}
	n, err := c.line.Read(p)
	if n == 0 && err == nil && len(p) > 0 {
		return 0, os.ErrDeadlineExceeded // the library reports a time-out as nothing read
	}
	return n, err
}

// errWedged says what a person can do about an adapter that takes no bytes.
var errWedged = errors.New("serial line takes no bytes: unplug the adapter and plug it in again")

// Write gives up after writeTimeout: the system call waits for ever for an adapter that has stopped taking
// bytes without an error. What such an adapter has not sent is thrown away, because a request must not
// open a door minutes later.
func (c *serialConn) Write(p []byte) (int, error) {
	if c.wedged.Load() {
		return 0, errWedged
	}
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	frame := slices.Clone(p) // the caller may use p again when this Write was given up
	go func() {
		n, err := c.write(frame)
		done <- result{n, err}
	}()
	timer := time.NewTimer(writeTimeout)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.n, r.err
	case <-timer.C:
	}
	c.wedged.Store(true)
	return 0, errors.Join(errWedged, c.line.ResetOutputBuffer()) // which also ends the system call
}

func (c *serialConn) write(p []byte) (int, error) {
	for done := 0; done < len(p); {
		if c.wedged.Load() {
			return done, errWedged
		}
		n, err := c.line.Write(p[done:])
		if err != nil {
			return done, err
		}
		if n == 0 {
			return done, errWedged
		}
		done += n
	}
	return len(p), nil
}

func (c *serialConn) Close() error { return c.line.Close() }
