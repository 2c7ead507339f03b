package modbus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cubby/board"
	"cubby/board/exchange"
)

// Driver drives the boards of one bus. It is not safe for concurrent use.
type Driver struct {
	opts Options
	line *exchange.Exchange[Frame]
	// transaction is the number of the last request on Modbus TCP, 0 on other lines.
	transaction uint16
	// hot are relays that may still be on: off was not acknowledged.
	hot   map[board.Address][]board.Channel
	late  map[board.Address]uint64 // answers that came while another one was awaited
	spoke time.Time                // when the line was last used
	// doubt is of units whose last write was not answered: an RTU exception names no relay and no number,
	// so the next one may be the late answer to that write.
	doubt map[board.Address]bool
}

var (
	_ board.Driver         = (*Driver)(nil)
	_ board.Prober         = (*Driver)(nil)
	_ board.Censor         = (*Driver)(nil)
	_ board.Restorer       = (*Driver)(nil)
	_ board.Counter        = (*Driver)(nil)
	_ board.AddressCounter = (*Driver)(nil)
)

// New checks the options. It does no I/O.
func New(opts Options) (*Driver, error) {
	opts, err := opts.withDefaults()
	if err == nil {
		err = opts.checkDriver()
	}
	if err != nil {
		return nil, err
	}
	line, err := exchange.New(exchange.Options[Frame]{
		Conn: opts.Conn, Now: opts.Now, Split: Split(opts.Framing, SideBoard), Echo: opts.Echo,
	})
	if err != nil {
		return nil, fmt.Errorf("modbus: %w", err)
	}
	return &Driver{
		opts: opts, line: line,
		hot: map[board.Address][]board.Channel{}, late: map[board.Address]uint64{}, doubt: map[board.Address]bool{},
	}, nil
}

// Info says what the boards can see. Its Deadline includes the question that finds out about the echo
// before the first unlock, and in ModeCoil the pulse and switching off.
func (d *Driver) Info() board.Info {
	info := board.Info{
		Family: "modbus", Channels: d.opts.Channels, Cycle: !d.opts.NoInputs,
		Deadline: max(d.opts.Deadline, d.opts.StatusDeadline), BoardTime: d.opts.Pulse,
		Software: d.opts.Mode == ModeCoil,
	}
	switch {
	case info.Software:
		// One and a half for prepare, one for off. Each failure costs a wait for quiet.
		info.Deadline = d.opts.Deadline + d.opts.Pulse + 5*d.opts.StatusDeadline/2 + (3+offTries)*exchange.QuietTime
	case d.opts.Echo == exchange.EchoAuto:
		info.Deadline = d.opts.Deadline + d.opts.StatusDeadline
	}
	return info
}

// Counts returns the health counters since New.
func (d *Driver) Counts() board.Counts {
	counts := d.line.Counts()
	for _, n := range d.late {
		counts.Late += n
	}
	return counts
}

// BoardCounts returns the counters of the requests to addr.
func (d *Driver) BoardCounts(addr board.Address) board.Counts {
	counts := d.line.BoardCounts(addr)
	counts.Late += d.late[addr]
	return counts
}

// Unlock pulses one relay. While it is not known whether the adapter echoes, a question goes first;
// whatever comes of that, the pulse is sent. AckRefused is a board's exception that says that it did
// nothing. One that leaves this open is an error.
func (d *Driver) Unlock(ctx context.Context, addr board.Address, ch board.Channel) (board.Ack, error) {
	if err := d.opts.inRange(addr, ch); err != nil {
		return board.AckNone, fmt.Errorf("unlock: %w", err)
	}
	ack, err := d.unlock(ctx, addr, ch)
	if err != nil {
		return board.AckNone, fmt.Errorf("unlock channel %d of board %d: %w", ch, addr, err)
	}
	return ack, nil
}

func (d *Driver) unlock(ctx context.Context, addr board.Address, ch board.Channel) (board.Ack, error) {
	if err := d.prepare(ctx, addr); err != nil {
		return board.AckNone, err
	}
	if d.over(ctx) {
		return board.AckNone, cmp.Or(ctx.Err(), context.DeadlineExceeded)
	}
	if d.opts.Mode == ModeCoil {
		return d.pulse(ctx, addr, ch)
	}
	return d.write(ctx, FlashFrame(addr, ch, int(d.opts.Pulse/flashUnit)), d.opts.Deadline)
}

// prepare finds out about the echo while nothing is known, and switches off what earlier pulses may
// have left on. Only a lost line is an error: everything else shows again in the request that follows.
func (d *Driver) prepare(ctx context.Context, addr board.Address) error {
	within := d.opts.StatusDeadline
	if d.line.Echo() == exchange.EchoAuto && !d.opts.NoUnlockReply {
		if err := d.findEcho(ctx, addr); err != nil {
			return err
		}
		if d.line.Echo() == exchange.EchoAuto {
			return nil // nobody answers, or nobody can tell; the request is sent all the same
		}
		within /= 2
	}
	d.cool(ctx, addr, within)
	return nil
}

// cool stops at the first failure: what it leaves stays hot.
func (d *Driver) cool(ctx context.Context, addr board.Address, within time.Duration) {
	for _, ch := range slices.Clone(d.hot[addr]) {
		if d.offOnce(ctx, addr, ch, within) != nil {
			return
		}
	}
}

func (d *Driver) findEcho(ctx context.Context, addr board.Address) error {
	_, err := d.status(ctx, addr)
	if !errors.Is(err, board.ErrLost) {
		err = nil
	}
	return err
}

// ReadStates polls the inputs of one board, or its relays when it has none for doors.
func (d *Driver) ReadStates(ctx context.Context, addr board.Address) (board.Reading, error) {
	if err := d.opts.inRange(addr, 1); err != nil {
		return board.Reading{}, fmt.Errorf("read states: %w", err)
	}
	var f Frame
	var err error
	if len(d.hot[addr]) > 0 {
		err = d.prepare(ctx, addr)
	}
	if err == nil {
		f, err = d.status(ctx, addr)
	}
	if err != nil {
		return board.Reading{}, fmt.Errorf("read states of board %d: %w", addr, err)
	}
	reading := board.Reading{Doors: make([]board.State, d.opts.Channels)}
	for i := range reading.Doors {
		if on, present := f.Bit(i); present && !d.opts.NoInputs {
			reading.Doors[i] = d.opts.Polarity.state(on)
		}
	}
	return reading, nil
}

// Probe asks a board for one relay. A refusal is an answer too: somebody is there. A gateway's word that
// nobody answers is silence.
func (d *Driver) Probe(ctx context.Context, addr board.Address) (bool, error) {
	if err := d.opts.inRange(addr, 1); err != nil {
		return false, fmt.Errorf("probe: %w", err)
	}
	_, err := d.do(ctx, d.question(RelaysFrame(addr, 1)))
	switch {
	case errors.Is(err, board.ErrSilent), errors.Is(err, board.ErrGarbled):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("probe board %d: %w", addr, err)
	}
	return true, nil
}

// Census asks a board for one relay and listens on for a second answer.
func (d *Driver) Census(ctx context.Context, addr board.Address) (board.Presence, error) {
	if err := d.opts.inRange(addr, 1); err != nil {
		return 0, fmt.Errorf("census: %w", err)
	}
	err := d.hush(ctx)
	presence := board.Presence(0)
	if err == nil {
		presence, err = d.line.Census(ctx, d.question(RelaysFrame(addr, 1)))
		d.spoke = d.opts.Now()
	}
	if err != nil {
		return 0, fmt.Errorf("census of board %d: %w", addr, err)
	}
	return presence, nil
}

// status asks for what tells the state of the doors, or of the board.
func (d *Driver) status(ctx context.Context, addr board.Address) (Frame, error) {
	if d.opts.NoInputs {
		return d.ask(ctx, RelaysFrame(addr, d.opts.Channels))
	}
	return d.ask(ctx, InputsFrame(addr, d.opts.InputOffset, d.opts.Channels))
}

// ask returns the answer to a question about bits; an exception is an error.
func (d *Driver) ask(ctx context.Context, f Frame) (Frame, error) {
	answer, err := d.do(ctx, d.question(f))
	if err != nil {
		return Frame{}, err
	}
	delete(d.doubt, f.Unit) // it answers in order
	if code, refused := answer.Exception(); refused {
		return Frame{}, fmt.Errorf("the board refused to read: %s; check channels and input offset", exception(code))
	}
	return answer, nil
}

// hush keeps the silence between frames without which an RTU board takes two for one.
func (d *Driver) hush(ctx context.Context) error {
	if gap := d.spoke.Add(d.opts.Gap).Sub(d.opts.Now()); gap > 0 {
		return wait(ctx, min(gap, d.opts.Gap))
	}
	return nil
}

// do is one request and its answer.
func (d *Driver) do(ctx context.Context, r exchange.Request[Frame]) (Frame, error) {
	if err := d.hush(ctx); err != nil {
		return Frame{}, err
	}
	f, err := d.line.Do(ctx, r)
	d.spoke = d.opts.Now()
	return f, err
}

// question is a request for bits.
func (d *Driver) question(f Frame) exchange.Request[Frame] {
	frame, match := d.encode(&f), d.matcher(f)
	return exchange.Request[Frame]{
		Addr: f.Unit, Frame: frame, Within: d.opts.StatusDeadline, Match: match,
		State: d.opts.Framing == FramingRTU, // Modbus TCP tells a stale answer by its number
	}
}

// encode numbers the request on Modbus TCP.
func (d *Driver) encode(f *Frame) []byte {
	if d.opts.Framing == FramingTCP {
		d.transaction++
		f.Transaction = d.transaction
	}
	return f.Encode(d.opts.Framing)
}

// matcher tells which frame answers the request. One late answer to another request is counted.
func (d *Driver) matcher(request Frame) func(Frame) exchange.Fit {
	doubt := d.doubt[request.Unit] && request.Function == functionWrite && d.opts.Framing == FramingRTU
	counted := false
	late := func() exchange.Fit {
		if !counted {
			counted = true
			d.late[request.Unit]++
		}
		return exchange.Other
	}
	return func(answer Frame) exchange.Fit {
		switch {
		case answer.Unit != request.Unit:
			return exchange.Other
		case answer.Transaction != request.Transaction:
			return late()
		case answer.Function == request.Function|exceptionBit && answer.ofGateway():
			return exchange.Other // the board is silent, and may have done what it was told
		case answer.Function == request.Function|exceptionBit && doubt:
			return late()
		case answer.Function == request.Function|exceptionBit:
			return exchange.Refusal
		case answer.Function != request.Function:
			return exchange.Other
		case request.Function == functionWrite && !writes(answer, request):
			return late()
		}
		return exchange.Answer
	}
}

// write sends a request that moves a relay.
func (d *Driver) write(ctx context.Context, f Frame, within time.Duration) (board.Ack, error) {
	frame, match := d.encode(&f), d.matcher(f)
	r := exchange.Request[Frame]{
		Addr: f.Unit, Frame: frame, Within: within, Match: match,
		NoReply: d.opts.NoUnlockReply, Unlock: true, Twin: true,
	}
	answer, err := d.do(ctx, r)
	switch {
	case err != nil:
		d.doubt[f.Unit] = true
		return board.AckNone, err
	case r.NoReply:
		return board.AckNone, nil
	}
	if code, refused := answer.Exception(); refused {
		if !didNothing(code) {
			return board.AckNone, fmt.Errorf("%w: %s, so the relay may have moved", board.ErrGarbled, exception(code))
		}
		return board.AckRefused, nil
	}
	delete(d.doubt, f.Unit)
	if got, want := answer.word(2), f.word(2); got != want {
		return board.AckNone, fmt.Errorf("%w: it repeats %04X as %04X, so it does not know flash; see mode coil",
			board.ErrGarbled, want, got)
	}
	return board.AckAccepted, nil
}

// writes tells whether an answer belongs to this write. To a flash it may have another value: nothing
// else is written there, so that is what the board made of it.
func writes(answer, request Frame) bool {
	address := request.word(0)
	flash := address >= flashOn && address < flashOff
	return answer.word(0) == address && (flash || answer.word(2) == request.word(2))
}

// didNothing tells the exceptions by which a board says that it did not do what it was told. The others
// (device failure, still busy, memory error) leave that open.
func didNothing(code byte) bool {
	switch code {
	case 1, 2, 3, 6: // illegal function, address or value; busy with something else
		return true
	}
	return false
}

// exception names a code. Source: Modbus Application Protocol V1.1b3 §7.
func exception(code byte) string {
	names := []string{
		"", "illegal function", "illegal address", "illegal value", "device failure", "still busy", "busy", "",
		"memory error", "", "gateway has no path", "gateway gets no answer",
	}
	if int(code) < len(names) && names[code] != "" {
		return fmt.Sprintf("%s (exception %d)", names[code], code)
	}
	return fmt.Sprintf("exception %d", code)
}

// offTries is how often off is sent before a pulse is given up. Off is the one request that may be
// repeated: it opens nothing.
const offTries = 2

// hurry bounds the wait for the answer to off when the caller no longer waits.
const hurry = 100 * time.Millisecond

// pulse switches on, waits, and switches off whatever happened in between.
func (d *Driver) pulse(ctx context.Context, addr board.Address, ch board.Channel) (board.Ack, error) {
	ack, err := d.write(ctx, RelayFrame(addr, ch, true), d.opts.Deadline)
	if err == nil && ack != board.AckRefused {
		err = wait(ctx, d.opts.Pulse)
	}
	if offErr := d.off(ctx, addr, ch); offErr != nil {
		err = errors.Join(err, offErr)
	}
	if err != nil {
		return board.AckNone, err
	}
	return ack, nil
}

func wait(ctx context.Context, pulse time.Duration) error {
	timer := time.NewTimer(pulse)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// over reports whether the caller no longer waits. A deadline that is reached counts before the context
// has noticed.
func (d *Driver) over(ctx context.Context) bool {
	end, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && !d.opts.Now().Before(end)
}

// off switches one relay off, also when ctx has ended. What stays in doubt is remembered as hot.
func (d *Driver) off(ctx context.Context, addr board.Address, ch board.Channel) error {
	within := d.opts.StatusDeadline / offTries
	if d.over(ctx) {
		within = min(within, hurry)
	}
	ctx = context.WithoutCancel(ctx)
	var err error
	for range offTries {
		if err = d.offOnce(ctx, addr, ch, within); err == nil {
			return nil
		}
	}
	return fmt.Errorf("switch channel %d of board %d off, it may still be on: %w", ch, addr, err)
}

func (d *Driver) offOnce(ctx context.Context, addr board.Address, ch board.Channel, within time.Duration) error {
	hot := d.hot[addr]
	if !slices.Contains(hot, ch) {
		d.hot[addr] = append(hot, ch)
	}
	ack, err := d.write(ctx, RelayFrame(addr, ch, false), within)
	if err == nil && ack == board.AckRefused {
		err = errors.New("the board refused")
	}
	if err == nil {
		d.hot[addr] = slices.DeleteFunc(d.hot[addr], func(c board.Channel) bool { return c == ch })
	}
	return err
}

// Restore switches all relays of a board off and sees that they are. In ModeFlash the board ends every
// pulse, so only what others left on can be on.
func (d *Driver) Restore(ctx context.Context, addr board.Address) error {
	if err := d.opts.inRange(addr, 1); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := d.allOff(ctx, addr); err != nil {
		return fmt.Errorf("switch all relays of board %d off: %w", addr, err)
	}
	delete(d.hot, addr)
	return nil
}

// allOff does not rely on the boards' own "all off": a board may take its address for one more relay,
// or refuse it. The relays are read, and what is on or cannot be read is switched off one by one.
func (d *Driver) allOff(ctx context.Context, addr board.Address) error {
	_, err := d.write(ctx, AllOffFrame(addr), d.opts.StatusDeadline)
	if errors.Is(err, board.ErrLost) || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	relays, err := d.do(ctx, d.question(RelaysFrame(addr, d.opts.Channels)))
	if err != nil {
		return err
	}
	for i := range d.opts.Channels {
		if on, present := relays.Bit(i); on || !present {
			if err := d.offOnce(ctx, addr, board.Channel(i+1), d.opts.StatusDeadline); err != nil {
				return err
			}
		}
	}
	return nil
}
