package rs485

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"cubby/board"
)

// Timing of the line.
const (
	// quietTime without a byte ends a burst; about 24 bytes at 9600 baud.
	quietTime = 25 * time.Millisecond
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
	readBytes  = 256
	drainReads = 64  // a line that babbles for longer is used all the same
	maxChanges = 256 // older changes are dropped: polling is the truth
)

// Driver drives the boards of one bus. It is not safe for concurrent use.
type Driver struct {
	opts    Options
	dec     *Decoder
	buf     []byte
	echo    Echo // what is known of the adapter; EchoAuto while nothing is
	unread  []byte
	owed    map[board.Address]bool // status replies that never came and still might
	changes []board.Change
	counts  board.Counts
}

var (
	_ board.Driver  = (*Driver)(nil)
	_ board.Prober  = (*Driver)(nil)
	_ board.Counter = (*Driver)(nil)
	_ board.Watcher = (*Driver)(nil)
)

// New checks the options. It does no I/O.
func New(opts Options) (*Driver, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	return &Driver{
		opts: opts,
		dec:  NewDecoder(opts.StatusBytes),
		buf:  make([]byte, readBytes),
		echo: opts.Echo,
		owed: map[board.Address]bool{},
	}, nil
}

// Info says what the boards can see. Its Deadline includes the status request that finds out about
// the echo before the first unlock.
func (d *Driver) Info() board.Info {
	info := board.Info{
		Family: "rs485", Channels: d.opts.Channels, Latch: true,
		Deadline: max(d.opts.Deadline, d.opts.StatusDeadline), BoardTime: boardPulse,
	}
	if d.opts.PulseSeconds > 0 {
		info.BoardTime = time.Duration(d.opts.PulseSeconds) * time.Second
	}
	if d.opts.Echo == EchoAuto {
		info.Deadline = d.opts.Deadline + d.opts.StatusDeadline
	}
	return info
}

// Counts returns the health counters since New.
func (d *Driver) Counts() board.Counts {
	d.counts.Checksums = d.dec.Checksums
	return d.counts
}

// Changes returns the door changes that boards reported unasked, oldest first, and forgets them.
func (d *Driver) Changes() []board.Change {
	changes := d.changes
	d.changes = nil
	return changes
}

// Unlock sends one pulse to one channel. While it is not known whether the adapter echoes, a status
// request goes first; whatever comes of that, the pulse is sent.
func (d *Driver) Unlock(ctx context.Context, addr board.Address, ch board.Channel) (board.Ack, error) {
	if err := d.inRange(addr, ch); err != nil {
		return board.AckNone, fmt.Errorf("unlock: %w", err)
	}
	if d.echo == EchoAuto && !d.opts.NoUnlockReply {
		_, err := d.status(ctx, addr)
		if errors.Is(err, board.ErrLost) || ctx.Err() != nil {
			return board.AckNone, fmt.Errorf("unlock channel %d of board %d: %w", ch, addr, err)
		}
	}
	ack, err := d.unlock(ctx, addr, ch)
	if err != nil {
		return board.AckNone, fmt.Errorf("unlock channel %d of board %d: %w", ch, addr, err)
	}
	return ack, nil
}

// ReadStates polls all channels of one board.
func (d *Driver) ReadStates(ctx context.Context, addr board.Address) (board.Reading, error) {
	if err := d.inRange(addr, 1); err != nil {
		return board.Reading{}, fmt.Errorf("read states: %w", err)
	}
	f, err := d.status(ctx, addr)
	if err != nil {
		return board.Reading{}, fmt.Errorf("read states of board %d: %w", addr, err)
	}
	reading := board.Reading{Doors: make([]board.State, d.opts.Channels)}
	for i := range reading.Doors {
		if active, present := f.Bit(board.Channel(i + 1)); present {
			reading.Doors[i] = d.opts.Polarity.state(active)
		}
	}
	return reading, nil
}

// Probe asks a board for the state of its channel 1. That works whatever Options.StatusBytes says,
// so that a wrong setting does not look like a missing board.
func (d *Driver) Probe(ctx context.Context, addr board.Address) (bool, error) {
	if err := d.inRange(addr, 1); err != nil {
		return false, fmt.Errorf("probe: %w", err)
	}
	frame := EncodeStatus(addr, 1)
	_, err := d.do(ctx, request{
		frame: frame, within: d.opts.StatusDeadline, one: true,
		// A request for the state of one never has the bytes of its reply: 33 is no state.
		mayEcho: d.echo != EchoOff, sureEcho: true,
		match: func(f Frame) bool { return f.Kind == KindOne && f.Addr == addr && f.Channel == 1 },
	})
	switch {
	case errors.Is(err, board.ErrSilent), errors.Is(err, board.ErrGarbled):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("probe board %d: %w", addr, err)
	}
	return true, nil
}

func (d *Driver) inRange(addr board.Address, ch board.Channel) error {
	if addr < MinAddress || addr > MaxAddress {
		return fmt.Errorf("%w: board %d, want %d to %d", board.ErrRange, addr, MinAddress, MaxAddress)
	}
	if ch < 1 || int(ch) > d.opts.Channels {
		return fmt.Errorf("%w: channel %d of board %d, want 1 to %d", board.ErrRange, ch, addr, d.opts.Channels)
	}
	return nil
}

// status asks for all channels and learns whether the adapter echoes.
func (d *Driver) status(ctx context.Context, addr board.Address) (Frame, error) {
	echoes, dropped := d.counts.Echoes, d.dec.Dropped
	f, err := d.do(ctx, request{
		frame: EncodeStatus(addr, AllChannels), within: d.opts.StatusDeadline, status: true,
		mayEcho: d.opts.Echo != EchoOff, sureEcho: d.opts.Echo == EchoOn,
		match: func(f Frame) bool { return f.Kind == KindAll && f.Addr == addr },
	})
	if d.opts.Echo == EchoAuto {
		switch {
		case d.counts.Echoes > echoes:
			d.echo = EchoOn
		case err == nil && d.dec.Dropped == dropped: // else the echo may be among what was garbled
			d.echo = EchoOff
		}
	}
	return f, err
}

func (d *Driver) unlock(ctx context.Context, addr board.Address, ch board.Channel) (board.Ack, error) {
	frame := EncodeOpen(addr, ch, d.opts.PulseSeconds)
	long := len(frame) > shortFrame // then its echo cannot be a reply
	r := request{
		frame: frame, within: d.opts.Deadline, noReply: d.opts.NoUnlockReply, unlock: true,
		mayEcho: d.echo == EchoOn || long, sureEcho: true,
	}
	twins := 0
	r.match = func(f Frame) bool {
		if f.Kind != KindOpen || f.Addr != addr || f.Channel != ch {
			return false
		}
		if d.echo != EchoAuto || long || !f.Active {
			return true
		}
		// The frame equals the request and nobody knows whether the adapter echoes: the first one
		// may be the echo, a second one can only be the board.
		twins++
		return twins == 2
	}
	if _, err := d.do(ctx, r); err != nil {
		return board.AckNone, err
	}
	if d.opts.NoUnlockReply {
		return board.AckNone, nil
	}
	return board.AckAccepted, nil
}

// request is one exchange on the line.
type request struct {
	frame    []byte
	match    func(Frame) bool
	within   time.Duration
	one      bool // a status of one is asked for
	status   bool // a status of all is asked for
	unlock   bool // a pulse is asked for
	noReply  bool
	mayEcho  bool
	sureEcho bool // an echo cannot be mistaken for the reply
}

func (d *Driver) do(ctx context.Context, r request) (Frame, error) {
	// Somebody waits for an unlock: the look at the line, a millisecond of waiting, is left out when
	// nothing is owed. A stray reply to an unlock says nothing about a door, and other strays do not
	// match. A status always looks: a stray status would be believed.
	if idle := d.unread == nil && len(d.owed) == 0 && d.dec.Buffered() == 0; !r.unlock || !idle {
		if err := d.drain(ctx); err != nil {
			return Frame{}, err
		}
	} else if err := ctx.Err(); err != nil {
		return Frame{}, err
	}
	if err := d.send(r.frame); err != nil {
		return Frame{}, err
	}
	if r.noReply {
		d.unread = r.frame // its echo, or a reply after all, is drained before the next request
		return Frame{}, nil
	}
	d.dec.One = r.one
	d.dec.Echo, d.dec.SureEcho = nil, false
	if r.mayEcho {
		d.dec.Echo, d.dec.SureEcho = r.frame, r.sureEcho
	}
	f, err := d.await(ctx, r)
	d.dec.One, d.dec.Echo, d.dec.SureEcho = false, nil, false
	if err != nil {
		d.unread = r.frame
		d.counts.Timeouts++
	}
	return f, err
}

// drain empties the line before a request, so that an answer that came too late cannot satisfy it.
// After an unanswered request it waits for quiet and forgets a frame that has only half arrived.
func (d *Driver) drain(ctx context.Context) error {
	wait := drainTime
	if d.unread != nil {
		wait = quietTime
		d.dec.Reset()
	}
	for range drainReads {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := d.read(d.opts.Now().Add(wait))
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
	}
	for {
		f, ok := d.dec.Next(true)
		if !ok {
			break
		}
		switch f.Kind {
		case KindChange:
			d.collect(f)
		case KindOpen:
			if d.echo == EchoOn && d.opts.NoUnlockReply && bytes.Equal(f.Encode(), d.unread) {
				d.counts.Echoes++
				continue
			}
			d.counts.Late++
		case KindOne, KindAll, KindEcho:
			d.counts.Late++
			delete(d.owed, f.Addr)
		}
	}
	if d.unread != nil {
		d.dec.Reset()
		d.unread = nil
	}
	return ctx.Err() // the last look before something is sent
}

func (d *Driver) send(frame []byte) error {
	if w, ok := d.opts.Conn.(interface{ SetWriteDeadline(t time.Time) error }); ok {
		if err := w.SetWriteDeadline(d.opts.Now().Add(writeTime)); err != nil {
			return lost("set deadline", err)
		}
	}
	d.counts.Requests++
	if _, err := d.opts.Conn.Write(frame); err != nil {
		return lost("write", err)
	}
	return nil
}

// lost wraps an error of the line as board.ErrLost, once.
func lost(operation string, err error) error {
	if errors.Is(err, board.ErrLost) {
		return err
	}
	return fmt.Errorf("%w: %s: %w", board.ErrLost, operation, err)
}

// await reads until the answer is there or the time is over.
func (d *Driver) await(ctx context.Context, r request) (Frame, error) {
	limit := d.opts.Now().Add(r.within)
	if t, ok := ctx.Deadline(); ok && t.Before(limit) {
		limit = t
	}
	w := wait{request: r}
	dropped := d.dec.Dropped
	for quiet := false; ; {
		settling := w.answered
		if d.take(&w, quiet) {
			return w.answer, nil
		}
		if w.answered && !settling {
			limit = earlier(limit, d.opts.Now().Add(settleTime))
		}
		if err := ctx.Err(); err != nil {
			return Frame{}, err
		}
		now := d.opts.Now()
		if !now.Before(limit) {
			break
		}
		slice := readSlice
		if d.dec.Buffered() > 0 {
			slice = quietTime
		}
		n, err := d.read(earlier(now.Add(slice), limit))
		if err != nil {
			return Frame{}, err
		}
		quiet = n == 0
	}
	switch {
	case w.answered:
		delete(d.owed, w.answer.Addr)
		return w.answer, nil
	case r.status:
		d.owed[board.Address(r.frame[1])] = true
	}
	if !w.valid && (d.dec.Dropped > dropped || d.dec.Buffered() > 0) {
		return Frame{}, board.ErrGarbled
	}
	return Frame{}, board.ErrSilent
}

// wait is what await has seen so far.
type wait struct {
	request
	answer   Frame
	answered bool // answer holds one, but a fresher one may follow
	valid    bool // some valid frame came
}

// take reads what the decoder holds. It reports whether the answer is final.
func (d *Driver) take(w *wait, quiet bool) bool {
	for {
		f, ok := d.dec.Next(quiet)
		switch {
		case !ok:
			return false
		case f.Kind == KindEcho:
			d.counts.Echoes++
		case f.Kind == KindChange:
			d.collect(f)
		case w.match(f):
			if !w.status || !d.owed[f.Addr] {
				w.answer = f
				return true
			}
			// An older answer of this board may still be on its way: the last one is the fresh one.
			if w.answered {
				d.counts.Late++
			}
			w.answer, w.answered = f, true
		}
		w.valid = true
	}
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// read reads once into the decoder. It returns 0 when nothing came in time.
func (d *Driver) read(limit time.Time) (int, error) {
	if err := d.opts.Conn.SetReadDeadline(limit); err != nil {
		return 0, lost("set deadline", err)
	}
	n, err := d.opts.Conn.Read(d.buf)
	_, _ = d.dec.Write(d.buf[:n]) // it never fails
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return n, lost("read", err)
	}
	return n, nil
}

func (d *Driver) collect(f Frame) {
	if len(d.changes) == maxChanges {
		d.changes = d.changes[1:]
	}
	d.changes = append(d.changes, board.Change{
		Addr: f.Addr, Channel: f.Channel, State: d.opts.Polarity.state(f.Active),
	})
}
