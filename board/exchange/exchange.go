package exchange

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"cubby/board"
)

// Timing of the line.
const (
	// QuietTime without a byte ends a burst; about 24 bytes at 9600 baud.
	QuietTime = 25 * time.Millisecond
	// drainTime is how long a line that owes nothing is looked at before a request.
	drainTime = time.Millisecond
	// settleTime is how long a second answer is awaited when an earlier one is still owed.
	settleTime = 60 * time.Millisecond
	// readSlice bounds one Read, so that a cancelled context is noticed on lines without wake-up.
	readSlice = 50 * time.Millisecond
	// writeTime bounds one Write on lines that can bound it.
	writeTime = time.Second
)

// Limits of what the line may make us keep or do.
const (
	readBytes = 256
	// A line that babbles for longer is used all the same: somebody waits.
	drainReads = 64
	drainLimit = 150 * time.Millisecond // twice the longest answer of a lock board at 9600 baud
)

// Fit is what a frame is to a request.
type Fit uint8

// The fits. The zero value is invalid and read as Other.
const (
	Other   Fit = iota + 1 // the frame belongs to something else
	Answer                 // the answer
	Refusal                // the answer, by which the board says no
)

// Request is one request and how to know its answer.
type Request[F any] struct {
	Addr   board.Address // whose counters it moves
	Frame  []byte        // sent once
	Match  func(F) Fit   // required unless NoReply; it has no memory, a frame may be shown twice
	Within time.Duration // for the answer, from the moment the frame is written
	Split  Splitter[F]   // while this request runs; nil means that of the Options

	// NoReply is for boards that answer nothing: Do returns when the frame is written.
	NoReply bool
	// State marks a request whose answer carries states: an older answer would be believed.
	State bool
	// Unlock marks a request that somebody waits for: the look at an idle line, a millisecond, is
	// left out. A stray answer to it must not match or must mean nothing. With State, while an answer
	// is owed that would fit, one answer acknowledges nothing and the second one does.
	Unlock bool
	// Twin says that the answer may have the very bytes of the request, so that only the knowledge
	// whether the adapter echoes tells them apart. While that is unknown (Echo returns EchoAuto) the
	// first such frame is believed to be an echo and only a second one is the answer; so a family
	// lets another request find out first.
	Twin bool
}

// Options configure an Exchange. Fields without a default are required.
type Options[F any] struct {
	Conn  board.Conn
	Now   func() time.Time // the clock of Conn's deadlines
	Split Splitter[F]
	Echo  Echo // default EchoAuto; EchoOff for lines without an adapter, as Modbus TCP
	// Unasked is shown each valid frame that is no echo, before any Match. It returns true for one
	// that a board sent by itself, which is then no answer. Default: there are none.
	Unasked func(F) bool
}

// Exchange is one side of the conversation on one line. It is not safe for concurrent use.
type Exchange[F any] struct {
	opts   Options[F]
	scan   *Scanner[F]
	buf    []byte
	echo   Echo        // what is known of the adapter; EchoAuto while nothing is
	unread *Request[F] // an answer or an echo of it may still come
	owed   map[board.Address]Request[F]
	last   board.Address // whom a fault in unasked bytes is laid on
	counts board.Counts
	boards map[board.Address]*board.Counts
	sums   uint64 // of the scanner's bad checksums, those that are counted
}

var (
	_ board.Counter        = (*Exchange[int])(nil)
	_ board.AddressCounter = (*Exchange[int])(nil)
)

// New checks the options. It does no I/O.
func New[F any](opts Options[F]) (*Exchange[F], error) {
	if opts.Conn == nil || opts.Now == nil || opts.Split == nil {
		return nil, errors.New("exchange: Conn, Now and Split are required")
	}
	if opts.Echo == 0 {
		opts.Echo = EchoAuto
	}
	if opts.Echo > EchoOff {
		return nil, fmt.Errorf("exchange: echo %d is invalid, want auto, on or off", opts.Echo)
	}
	return &Exchange[F]{
		opts:   opts,
		scan:   NewScanner(opts.Split),
		buf:    make([]byte, readBytes),
		echo:   opts.Echo,
		owed:   map[board.Address]Request[F]{},
		boards: map[board.Address]*board.Counts{},
	}, nil
}

// Echo returns what is known of the adapter: EchoOn or EchoOff, or EchoAuto while nothing is.
func (x *Exchange[F]) Echo() Echo { return x.echo }

// Counts returns the health counters of the line since New.
func (x *Exchange[F]) Counts() board.Counts { return x.counts }

// BoardCounts returns the counters of the requests to addr; all zero when it was never asked.
func (x *Exchange[F]) BoardCounts(addr board.Address) board.Counts {
	if c := x.boards[addr]; c != nil {
		return *c
	}
	return board.Counts{}
}

// Do sends one request, once, and returns its answer. A Refusal is returned like an Answer. Errors
// wrap board.ErrSilent, board.ErrGarbled or board.ErrLost, or are the context's; after any of them
// the request may have been obeyed, unless the context had ended before the call.
func (x *Exchange[F]) Do(ctx context.Context, r Request[F]) (F, error) {
	var none F
	echoes, dropped := x.counts.Echoes, x.scan.Dropped
	if err := x.open(ctx, r); err != nil {
		return none, err
	}
	if r.NoReply {
		x.unread = &r // its echo, or an answer after all, is drained before the next request
		return none, nil
	}
	f, err := x.await(ctx, r)
	x.close()
	if err != nil {
		x.unread = &r
		if r.State {
			x.owed[r.Addr] = r
		}
		x.tally(r.Addr, func(c *board.Counts) { c.Timeouts++ })
	}
	if !r.Twin && !errors.Is(err, board.ErrLost) {
		x.learn(x.counts.Echoes > echoes, err == nil && x.scan.Dropped == dropped)
	}
	return f, err
}

// learn draws the conclusion about the adapter. clean means an answer without any garbled byte
// around it, among which an echo might have been.
func (x *Exchange[F]) learn(echoed, clean bool) {
	switch {
	case x.opts.Echo != EchoAuto:
	case echoed:
		x.echo = EchoOn
	case clean:
		x.echo = EchoOff
	}
}

// open empties the line and sends.
func (x *Exchange[F]) open(ctx context.Context, r Request[F]) error {
	if r.Match == nil && !r.NoReply {
		return errors.New("exchange: a request without Match and without NoReply")
	}
	// Somebody waits for an unlock: the look at the line, a millisecond of waiting, is left out when
	// nothing is owed. A question about states always looks: a stray answer would be believed.
	if idle := x.unread == nil && len(x.owed) == 0 && x.scan.Buffered() == 0; !r.Unlock || !idle {
		if err := x.drain(ctx); err != nil {
			return err
		}
	} else if err := ctx.Err(); err != nil {
		return err
	}
	x.last = r.Addr
	if err := x.send(r); err != nil {
		x.unread = &r
		return err
	}
	if r.Split != nil {
		x.scan.split = r.Split
	}
	x.expect(r)
	return nil
}

func (x *Exchange[F]) close() {
	x.scan.split = x.opts.Split
	x.scan.Expect(nil, false)
}

// expect tells the scanner whether an echo of r may come.
func (x *Exchange[F]) expect(r Request[F]) {
	if x.opts.Echo == EchoOff || r.Twin && x.echo != EchoOn {
		x.scan.Expect(nil, false)
		return
	}
	x.scan.Expect(r.Frame, r.Twin || x.opts.Echo == EchoOn)
}

// drain empties the line before a request, so that an answer that came too late cannot satisfy it.
// After an unanswered request it waits for quiet and forgets a frame that has only half arrived.
func (x *Exchange[F]) drain(ctx context.Context) error {
	wait := drainTime
	if x.unread != nil {
		wait = QuietTime
		x.scan.Reset()
		if x.unread.Split != nil {
			x.scan.split = x.unread.Split
		}
		if x.unread.NoReply {
			x.expect(*x.unread)
		}
	}
	defer x.close()
	limit := x.opts.Now().Add(drainLimit)
	for range drainReads {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := x.read(x.opts.Now().Add(wait))
		if err != nil {
			return err
		}
		if n == 0 || x.opts.Now().After(limit) {
			break
		}
	}
	for found, ok := x.next(true); ok; found, ok = x.next(true) {
		if !found.Echo {
			x.late(found.Frame)
		}
	}
	if x.unread != nil {
		x.scan.Reset()
		x.unread = nil
	}
	return ctx.Err() // the last look before something is sent
}

// late notes an answer that nobody waits for any more.
func (x *Exchange[F]) late(f F) {
	addr := x.last
	for a, r := range x.owed {
		if fits(r, f) {
			addr = a
			delete(x.owed, a)
		}
	}
	x.tally(addr, func(c *board.Counts) { c.Late++ })
}

func fits[F any](r Request[F], f F) bool {
	fit := r.Match(f)
	return fit == Answer || fit == Refusal
}

func (x *Exchange[F]) send(r Request[F]) error {
	if w, ok := x.opts.Conn.(interface{ SetWriteDeadline(t time.Time) error }); ok {
		if err := w.SetWriteDeadline(x.opts.Now().Add(writeTime)); err != nil {
			return x.lost("set deadline", err)
		}
	}
	x.tally(r.Addr, func(c *board.Counts) { c.Requests++ })
	if _, err := x.opts.Conn.Write(r.Frame); err != nil {
		return x.lost("write", err)
	}
	return nil
}

// lost wraps an error of the line as board.ErrLost, once. What comes back may be another adapter.
func (x *Exchange[F]) lost(operation string, err error) error {
	x.echo = x.opts.Echo
	if errors.Is(err, board.ErrLost) {
		return err
	}
	return fmt.Errorf("%w: %s: %w", board.ErrLost, operation, err)
}

// await reads until the answer is there or the time is over.
func (x *Exchange[F]) await(ctx context.Context, r Request[F]) (F, error) {
	limit := x.opts.Now().Add(r.Within)
	if t, ok := ctx.Deadline(); ok {
		limit = earlier(limit, t)
	}
	var none F
	w := wait[F]{Request: r}
	dropped := x.scan.Dropped
	for quiet := false; ; {
		settling := w.answered
		if x.take(&w, quiet) {
			return w.answer, nil
		}
		if w.answered && !settling && !r.Unlock {
			limit = earlier(limit, x.opts.Now().Add(settleTime))
		}
		if err := ctx.Err(); err != nil {
			return none, err
		}
		now := x.opts.Now()
		if !now.Before(limit) {
			break
		}
		n, err := x.read(earlier(now.Add(x.slice()), limit))
		if err != nil {
			return none, err
		}
		quiet = n == 0
	}
	switch {
	case w.answered && r.Unlock: // it may be the owed one: nothing is known of this unlock
		x.tally(r.Addr, func(c *board.Counts) { c.Late++ })
	case w.answered:
		delete(x.owed, r.Addr)
		return w.answer, nil
	}
	if t, ok := ctx.Deadline(); ok && !x.opts.Now().Before(t) {
		return none, context.DeadlineExceeded // the context's own timer may be a moment late
	}
	if !w.valid && (x.scan.Dropped > dropped || x.scan.Buffered() > 0) {
		return none, board.ErrGarbled
	}
	return none, board.ErrSilent
}

// wait is what await has seen so far.
type wait[F any] struct {
	Request[F]
	answer   F
	answered bool // answer holds one, but a fresher one may follow
	valid    bool // some valid frame came
	twins    int
}

// take reads what the scanner holds. It reports whether the answer is final.
func (x *Exchange[F]) take(w *wait[F], quiet bool) bool {
	for found, ok := x.next(quiet); ok; found, ok = x.next(quiet) {
		w.valid = true
		if found.Echo || !fits(w.Request, found.Frame) {
			continue
		}
		if w.Twin && x.echo == EchoAuto && string(found.Raw) == string(w.Frame) {
			// Nobody knows whether the adapter echoes: the first one may be the echo, a second one
			// can only be the board.
			if w.twins++; w.twins < 2 {
				continue
			}
		}
		if w.Match(found.Frame) == Refusal {
			x.tally(w.Addr, func(c *board.Counts) { c.Refused++ })
		}
		if owed, ok := x.owed[w.Addr]; !w.State || !ok || !fits(owed, found.Frame) {
			w.answer = found.Frame
			return true
		}
		// An older answer of this board may still be on its way: the last one is the fresh one.
		second := w.answered
		w.answer, w.answered = found.Frame, true
		if second {
			x.tally(w.Addr, func(c *board.Counts) { c.Late++ })
		}
		if second && w.Unlock {
			delete(x.owed, w.Addr)
			return true
		}
	}
	return false
}

// next returns the next frame that is not unasked, and keeps the counters.
func (x *Exchange[F]) next(quiet bool) (Found[F], bool) {
	for {
		found, ok := x.scan.Next(quiet)
		if bad := x.scan.Checksums - x.sums; bad > 0 {
			x.sums = x.scan.Checksums
			x.tally(x.last, func(c *board.Counts) { c.Checksums += bad })
		}
		switch {
		case !ok:
			return found, false
		case found.Echo:
			x.tally(x.last, func(c *board.Counts) { c.Echoes++ })
		case x.opts.Unasked != nil && x.opts.Unasked(found.Frame):
			continue
		}
		return found, true
	}
}

// tally moves the counters of the line and of one board.
func (x *Exchange[F]) tally(addr board.Address, move func(*board.Counts)) {
	c := x.boards[addr]
	if c == nil {
		c = &board.Counts{}
		x.boards[addr] = c
	}
	move(c)
	move(&x.counts)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// slice is how long one Read may wait: while a frame is unfinished, until the line counts as quiet.
func (x *Exchange[F]) slice() time.Duration {
	if x.scan.Buffered() > 0 {
		return QuietTime
	}
	return readSlice
}

// read reads once into the scanner. It returns 0 when nothing came in time.
func (x *Exchange[F]) read(limit time.Time) (int, error) {
	if err := x.opts.Conn.SetReadDeadline(limit); err != nil {
		return 0, x.lost("set deadline", err)
	}
	n, err := x.opts.Conn.Read(x.buf)
	_, _ = x.scan.Write(x.buf[:n]) // it never fails
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return n, x.lost("read", err)
	}
	return n, nil
}
