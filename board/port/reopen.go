package port

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"cubby/board"
)

// Back-off between attempts to reopen a line, doubled from the first to the second.
const (
	DefaultMinWait = 500 * time.Millisecond
	DefaultMaxWait = 30 * time.Second
)

// ReopenOptions configure a Reopener. Zero durations mean the defaults.
type ReopenOptions struct {
	// Open opens the line once. It must bound its own time; usually it calls Spec.Open.
	Open    func() (board.Conn, error)
	Now     func() time.Time
	MinWait time.Duration
	MaxWait time.Duration
}

// Reopener is a board.Conn that heals: after any failure it closes the line, and the next Read or
// Write after the back-off opens it again. Bytes are never sent twice: a Write that failed is
// reported as board.ErrLost and forgotten. It has no goroutine and is for one goroutine.
type Reopener struct {
	opts     ReopenOptions
	conn     board.Conn // nil while the line is lost
	deadline time.Time
	wait     time.Duration
	next     time.Time // no attempt before
	closed   bool
	opened   uint64 // successful opens
}

var _ board.Conn = (*Reopener)(nil)

// NewReopener checks the options. It opens nothing: the first Read or Write does.
func NewReopener(opts ReopenOptions) (*Reopener, error) {
	if opts.Open == nil || opts.Now == nil {
		return nil, errors.New("reopener: Open and Now are required")
	}
	if opts.MinWait == 0 {
		opts.MinWait = DefaultMinWait
	}
	if opts.MaxWait == 0 {
		opts.MaxWait = max(DefaultMaxWait, opts.MinWait)
	}
	if opts.MinWait < 0 || opts.MaxWait < opts.MinWait {
		return nil, fmt.Errorf("reopener: waits %v to %v are out of order", opts.MinWait, opts.MaxWait)
	}
	return &Reopener{opts: opts, wait: opts.MinWait}, nil
}

// NewSpecReopener is NewReopener for a spec. ctx bounds every later attempt as well.
func NewSpecReopener(ctx context.Context, spec string, opts Options) (*Reopener, error) {
	parsed, err := ParseSpec(spec)
	if err != nil {
		return nil, err
	}
	return NewReopener(ReopenOptions{
		Now:  opts.Now,
		Open: func() (board.Conn, error) { return parsed.Open(ctx, opts) },
	})
}

// SetReadDeadline bounds the Reads that follow, also on a line opened later.
func (r *Reopener) SetReadDeadline(t time.Time) error {
	r.deadline = t
	if r.conn == nil {
		return nil
	}
	if err := r.conn.SetReadDeadline(t); err != nil {
		return r.lost("set deadline", err)
	}
	return nil
}

// Read reads from the line, opening it first when it is lost and the back-off is over. Errors other
// than os.ErrDeadlineExceeded wrap board.ErrLost.
func (r *Reopener) Read(p []byte) (int, error) {
	if err := r.open(); err != nil {
		return 0, err
	}
	n, err := r.conn.Read(p)
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return n, r.lost("read", err)
	}
	return n, err
}

// Write writes to the line, opening it first when it is lost and the back-off is over. Errors wrap
// board.ErrLost.
func (r *Reopener) Write(p []byte) (int, error) {
	if err := r.open(); err != nil {
		return 0, err
	}
	n, err := r.conn.Write(p)
	if err != nil {
		return n, r.lost("write", err)
	}
	return n, nil
}

// Close closes the line for good.
func (r *Reopener) Close() error {
	r.closed = true
	if r.conn == nil {
		return nil
	}
	conn := r.conn
	r.conn = nil
	return conn.Close()
}

// Connected reports whether the line is open, as far as the last Read or Write could tell.
func (r *Reopener) Connected() bool { return r.conn != nil }

// Reopens returns how often the line was opened again after it had been lost. Like all methods it is
// for the goroutine that owns the line.
func (r *Reopener) Reopens() uint64 { return r.opened - min(r.opened, 1) }

func (r *Reopener) open() error {
	if r.closed {
		return fmt.Errorf("%w: closed", board.ErrLost)
	}
	if r.conn != nil {
		return nil
	}
	if now := r.opts.Now(); now.Before(r.next) {
		return fmt.Errorf("%w: next attempt in %v", board.ErrLost, r.next.Sub(now).Round(time.Millisecond))
	}
	conn, err := r.opts.Open()
	if err == nil {
		err = conn.SetReadDeadline(r.deadline)
		if err != nil {
			err = errors.Join(err, conn.Close())
		}
	}
	if err != nil {
		// The clock is read again: a dial may have taken seconds.
		r.next = r.opts.Now().Add(r.wait)
		r.wait = min(2*r.wait, r.opts.MaxWait)
		if errors.Is(err, board.ErrLost) { // it says so already
			return err
		}
		return fmt.Errorf("reopen line: %w: %w", board.ErrLost, err)
	}
	r.conn = conn
	r.opened++
	return nil
}

// lost closes the line. The wait shrinks back only here, when a line that was open for longer than
// the wait breaks: a port that opens and fails at once must not be tried in a tight loop.
func (r *Reopener) lost(operation string, cause error) error {
	now := r.opts.Now()
	if now.Sub(r.next) > r.opts.MaxWait {
		r.wait = r.opts.MinWait
	}
	r.next = now.Add(r.wait)
	r.wait = min(2*r.wait, r.opts.MaxWait)
	conn := r.conn
	r.conn = nil
	if err := conn.Close(); err != nil {
		cause = errors.Join(cause, err)
	}
	return fmt.Errorf("%s: %w: %w", operation, board.ErrLost, cause)
}
