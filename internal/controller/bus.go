package controller

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"cubby/board"
	"cubby/internal/locker"
)

// longestBackOff is how rarely a board that does not answer is asked.
const longestBackOff = 10 * time.Second

// restTime is how long a stopping controller tries to switch coils off.
const restTime = 2 * time.Second

// consumedGrant is the proof that a request to open is durable and used up by this pulse. Only
// consume makes one, and only perform calls it, after the journal has the request.
type consumedGrant struct {
	request locker.RequestID
	output  locker.Output
}

func consume(p Pulse) consumedGrant { return consumedGrant{request: p.Request, output: p.Output} }

// bus owns one line: its goroutine is the only one that touches the driver.
type bus struct {
	name    string
	driver  board.Driver
	family  string
	reopens func() uint64
	opts    *Options
	emit    func(context.Context, Event)
	grants  chan consumedGrant
	nudge   chan struct{} // something below changed

	mu     sync.Mutex // guards what follows
	boards []board.Address
	fast   []board.Address // doors about to move
	wanted []board.Address // read at once

	line  map[string]uint64                   // health counters of the line, as of the last request; nil: the driver does not count
	lines map[board.Address]map[string]uint64 // of each board

	polls    map[board.Address]*poll // of the goroutine
	restored map[board.Address]bool  // of the goroutine: coils are known to be off
}

// poll is when a board is read next.
type poll struct {
	at      time.Time
	backOff time.Duration
	failing bool
}

func newBus(b Bus, opts *Options, emit func(context.Context, Event)) *bus {
	made := &bus{
		name: b.Name, driver: b.Driver, family: b.Driver.Info().Family, reopens: b.Reopens, opts: opts, emit: emit,
		polls: map[board.Address]*poll{}, restored: map[board.Address]bool{}, lines: map[board.Address]map[string]uint64{},
		grants: make(chan consumedGrant, maxQueue), nudge: make(chan struct{}, 1),
	}
	if y, ok := b.Driver.(board.Yielder); ok {
		y.YieldTo(func() bool { return len(made.grants) > 0 })
	}
	return made
}

// set says which boards the layout names.
func (b *bus) set(boards []board.Address) {
	b.mu.Lock()
	b.boards = boards
	b.mu.Unlock()
	b.poke()
}

// watch says which boards need quick polling.
func (b *bus) watch(fast []board.Address) {
	b.mu.Lock()
	b.fast = fast
	b.mu.Unlock()
	b.poke()
}

// want asks for a reading as soon as possible.
func (b *bus) want(addr board.Address) {
	b.mu.Lock()
	if !slices.Contains(b.wanted, addr) {
		b.wanted = append(b.wanted, addr)
	}
	b.mu.Unlock()
	b.poke()
}

func (b *bus) poke() {
	select {
	case b.nudge <- struct{}{}:
	default:
	}
}

// run polls boards and executes pulses until ctx ends. Pulses go before polls.
func (b *bus) run(ctx context.Context) {
	defer b.rest(ctx)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		select {
		case g := <-b.grants:
			b.pulse(ctx, g)
			continue
		default:
		}
		addr, wait, ok := b.next()
		if ok && wait <= 0 {
			b.read(ctx, addr)
			continue
		}
		if !ok {
			wait = b.opts.IdlePoll
		}
		timer.Reset(wait)
		select {
		case g := <-b.grants:
			b.pulse(ctx, g)
		case <-b.nudge:
		case <-timer.C:
		case <-ctx.Done():
		}
	}
}

// next returns the board to read next, and in how long.
func (b *bus) next() (addr board.Address, wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.wanted) > 0 {
		addr = b.wanted[0]
		b.wanted = b.wanted[1:]
		return addr, 0, true
	}
	now := b.opts.Now()
	for _, a := range b.boards {
		p := b.pollOf(a)
		at := p.at
		if slices.Contains(b.fast, a) && !p.failing {
			if quick := p.at.Add(b.opts.BusyPoll - b.opts.IdlePoll); quick.Before(at) {
				at = quick
			}
		}
		if w := at.Sub(now); !ok || w < wait {
			addr, wait, ok = a, w, true
		}
	}
	return addr, wait, ok
}

func (b *bus) pollOf(a board.Address) *poll {
	p, ok := b.polls[a]
	if !ok {
		p = &poll{}
		b.polls[a] = p
	}
	return p
}

// read polls one board. One that does not answer is asked ever less often, so that it does not hold
// up the others.
func (b *bus) read(ctx context.Context, addr board.Address) {
	b.restore(ctx, addr)
	reading, err := b.driver.ReadStates(ctx, addr)
	b.count(addr)
	if ctx.Err() != nil {
		return
	}
	if errors.Is(err, board.ErrYielded) {
		b.want(addr) // again, right after the pulse
		return
	}
	p := b.pollOf(addr)
	if err == nil {
		if p.failing {
			b.opts.Logger.InfoContext(ctx, "board answers again", slog.String("bus", b.name), slog.Int("board", int(addr)))
		}
		*p = poll{at: b.opts.Now().Add(b.opts.IdlePoll)}
		b.emit(ctx, BoardRead{Bus: b.name, Board: addr, Reading: reading})
		return
	}
	if !p.failing {
		b.opts.Logger.WarnContext(ctx, "board does not answer", slog.String("bus", b.name),
			slog.Int("board", int(addr)), slog.Any("error", err))
	}
	p.failing = true
	p.at = b.opts.Now().Add(max(p.backOff, b.opts.BusyPoll))
	p.backOff = min(max(2*p.backOff, b.opts.BusyPoll), longestBackOff)
	b.emit(ctx, BoardFailed{Bus: b.name, Board: addr, Lost: errors.Is(err, board.ErrLost)})
}

// restore switches the coils of a board off before its first request: a pulse that the driver should
// have ended may be left from a crash. A board that does not hear it is asked again at the next poll.
func (b *bus) restore(ctx context.Context, addr board.Address) {
	restorer, ok := b.driver.(board.Restorer)
	if !ok || b.restored[addr] {
		return
	}
	err := restorer.Restore(ctx, addr)
	b.restored[addr] = err == nil
	if err != nil && ctx.Err() == nil && !b.pollOf(addr).failing { // of a silent board once is enough
		b.opts.Logger.WarnContext(ctx, "coils could not be switched off", slog.String("bus", b.name),
			slog.Int("board", int(addr)), slog.Any("error", err))
	}
}

// rest leaves all coils off.
func (b *bus) rest(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restTime)
	defer cancel()
	for addr := range b.restored {
		b.restored[addr] = false
		b.restore(ctx, addr)
	}
}

// count keeps the health counters of the line and of the board that was just asked.
func (b *bus) count(addr board.Address) {
	var line, one map[string]uint64
	if counter, ok := b.driver.(board.Counter); ok {
		line = named(counter.Counts())
		if b.reopens != nil {
			line["reconnects"] = b.reopens()
		}
	}
	if counter, ok := b.driver.(board.AddressCounter); ok {
		one = named(counter.BoardCounts(addr))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.line = line
	if one != nil {
		b.lines[addr] = one
	}
}

func named(c board.Counts) map[string]uint64 {
	return map[string]uint64{
		"requests": c.Requests, "timeouts": c.Timeouts, "checksums": c.Checksums, "echoes": c.Echoes, "late": c.Late,
		"refused": c.Refused,
	}
}

// health returns the line's counters and those of its boards, as of the last requests. The maps are
// not changed afterwards.
func (b *bus) health() (line map[string]uint64, boards map[board.Address]map[string]uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.line, maps.Clone(b.lines)
}

// pulse sends one pulse, says what came of it, and reads all doors of the line, first those of the board
// that was meant: its address may have been damaged on the way, and another board have heard it.
func (b *bus) pulse(ctx context.Context, g consumedGrant) {
	ack, err := b.unlock(ctx, g)
	result := PulseSent
	switch {
	case errors.Is(err, board.ErrRange):
		result = PulseRange
	case errors.Is(err, board.ErrLost):
		result = PulseLost
	case err != nil:
		result = PulseSilent
	case ack == board.AckRefused:
		result = PulseRefused
	}
	b.opts.Logger.DebugContext(ctx, "pulsed", slog.String("request", string(g.request)),
		slog.String("output", g.output.String()), slog.Int("result", int(result)))
	b.emit(ctx, Pulsed{Request: g.request, Result: result})
	meant := board.Address(g.output.Board)
	b.read(ctx, meant)
	b.mu.Lock()
	boards := b.boards
	b.mu.Unlock()
	for _, addr := range boards {
		if addr != meant && !b.pollOf(addr).failing { // one that does not answer keeps its pace
			b.want(addr)
		}
	}
}

// unlock is the only function that can pulse a lock.
func (b *bus) unlock(ctx context.Context, g consumedGrant) (board.Ack, error) {
	return b.driver.Unlock(ctx, board.Address(g.output.Board), board.Channel(g.output.Channel))
}
