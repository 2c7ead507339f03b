package virtual

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"cubby/board"
)

// ErrNoDoor means an address or channel that the world does not have.
var ErrNoDoor = errors.New("no such virtual door")

// maxTimeline bounds the memory of a long demo (about 50 MB); older events are dropped and counted.
const maxTimeline = 1 << 20

// Behaviour is how a door and its sensor act.
type Behaviour uint8

// The behaviours of a door. The zero value is invalid.
const (
	BehaviourNormal   Behaviour = iota + 1 // opens on a pulse, the sensor tells the truth
	BehaviourStuck                         // a pulse does nothing
	BehaviourSlow                          // opens some time after the pulse
	BehaviourInverted                      // opens on a pulse, the sensor says the opposite
	BehaviourFrozen                        // opens on a pulse, the sensor keeps its reading
	BehaviourDead                          // pulses do nothing and the board does not answer for it
	BehaviourBouncing                      // opens on a pulse, the sensor chatters for a while after each move
)

// String returns the behaviour in lower case.
func (b Behaviour) String() string {
	switch b {
	case BehaviourNormal:
		return "normal"
	case BehaviourStuck:
		return "stuck"
	case BehaviourSlow:
		return "slow"
	case BehaviourInverted:
		return "inverted"
	case BehaviourFrozen:
		return "frozen"
	case BehaviourDead:
		return "dead"
	case BehaviourBouncing:
		return "bouncing"
	}
	return "invalid"
}

// ParseBehaviour reads what String writes.
func ParseBehaviour(text string) (Behaviour, error) {
	for b := BehaviourNormal; b <= BehaviourBouncing; b++ {
		if b.String() == text {
			return b, nil
		}
	}
	return 0, fmt.Errorf("behaviour %q, want normal, stuck, slow, inverted, frozen, dead or bouncing", text)
}

// EventKind is what happened to a door.
type EventKind uint8

// The kinds of events. The zero value is invalid.
const (
	EventPulse  EventKind = iota + 1 // a board energised the lock once
	EventOpened                      // the door came open
	EventClosed                      // the door was shut
)

// String returns the kind in lower case.
func (k EventKind) String() string {
	switch k {
	case EventPulse:
		return "pulse"
	case EventOpened:
		return "opened"
	case EventClosed:
		return "closed"
	}
	return "invalid"
}

// Event is one entry of the timeline.
type Event struct {
	Kind    EventKind
	Addr    board.Address
	Channel board.Channel
	At      time.Time // by Options.Now; for a slow door the time it was due
	Forced  bool      // opened without a pulse
}

// Pulse is one energising of a lock.
type Pulse struct {
	Addr    board.Address
	Channel board.Channel
	At      time.Time
}

// Options configure a World.
type Options struct {
	Now    func() time.Time      // required
	Boards map[board.Address]int // channels of each board, at least one board and one channel
}

type door struct {
	open      bool
	occupied  bool
	behaviour Behaviour
	delay     time.Duration // BehaviourSlow: from pulse to open; BehaviourBouncing: how long it chatters
	moved     time.Time     // when the door last opened or closed
	due       time.Time     // BehaviourSlow: when a pulsed door opens; zero when not pulsed
	frozen    board.State   // BehaviourFrozen: what the sensor keeps saying
	pulses    int

	coil    bool          // energised right now, by SetCoil
	coilAt  time.Time     // since when
	coilFor time.Duration // the length of the last energising that ended
}

type cabinet struct {
	doors  []door // index 0 is channel 1
	silent bool
	rest   time.Duration // how long the board is deaf after a pulse
	busy   time.Time     // until when it is
}

// World is the doors behind the boards of one line.
type World struct {
	now func() time.Time

	mu          sync.Mutex
	boards      map[board.Address]*cabinet
	unpowered   bool
	timeline    []Event
	dropped     int
	subscribers map[int]func(Event)
	nextID      int
}

// NewWorld makes a world with all doors closed, empty and normal.
func NewWorld(opts Options) (*World, error) {
	if opts.Now == nil || len(opts.Boards) == 0 {
		return nil, errors.New("virtual world: Now and at least one board are required")
	}
	w := &World{now: opts.Now, boards: map[board.Address]*cabinet{}, subscribers: map[int]func(Event){}}
	for addr, channels := range opts.Boards {
		if channels < 1 || channels > 255 {
			return nil, fmt.Errorf("virtual world: board %d has %d channels, want 1 to 255", addr, channels)
		}
		c := &cabinet{doors: make([]door, channels)}
		for i := range c.doors {
			c.doors[i].behaviour = BehaviourNormal
		}
		w.boards[addr] = c
	}
	return w, nil
}

// Addresses lists the boards in ascending order.
func (w *World) Addresses() []board.Address {
	w.mu.Lock()
	defer w.mu.Unlock()
	addrs := make([]board.Address, 0, len(w.boards))
	for addr := range w.boards {
		addrs = append(addrs, addr)
	}
	slices.Sort(addrs)
	return addrs
}

// Channels returns how many doors a board has, 0 for a board that does not exist.
func (w *World) Channels(addr board.Address) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.boards[addr]; c != nil {
		return len(c.doors)
	}
	return 0
}

// Close shuts a door. Closing a closed door does nothing.
func (w *World) Close(addr board.Address, ch board.Channel) error {
	return w.change(addr, ch, func(d *door, now time.Time) []Event {
		if !d.open {
			return nil
		}
		d.open, d.moved = false, now
		return []Event{{Kind: EventClosed, At: now}}
	})
}

// Force opens a door without a pulse, as a crowbar or a mechanical key does.
func (w *World) Force(addr board.Address, ch board.Channel) error {
	return w.change(addr, ch, func(d *door, now time.Time) []Event {
		if d.open {
			return nil
		}
		d.open, d.moved = true, now
		return []Event{{Kind: EventOpened, At: now, Forced: true}}
	})
}

// SetBehaviour changes how a door acts from now on. delay is the time from pulse to open of
// BehaviourSlow, or how long BehaviourBouncing chatters, and must be 0 for the others. A frozen sensor
// keeps its present reading.
func (w *World) SetBehaviour(addr board.Address, ch board.Channel, b Behaviour, delay time.Duration) error {
	if b < BehaviourNormal || b > BehaviourBouncing {
		return fmt.Errorf("set behaviour of door %d/%d: behaviour %d is invalid", addr, ch, b)
	}
	if (b == BehaviourSlow || b == BehaviourBouncing) != (delay > 0) {
		return fmt.Errorf("set behaviour of door %d/%d: delay %v does not fit %v", addr, ch, delay, b)
	}
	return w.change(addr, ch, func(d *door, now time.Time) []Event {
		d.frozen = d.sensed(now)
		d.behaviour, d.delay, d.due = b, delay, time.Time{}
		return nil
	})
}

// SetOccupied puts something into the space behind a door or takes it out.
func (w *World) SetOccupied(addr board.Address, ch board.Channel, occupied bool) error {
	return w.change(addr, ch, func(d *door, _ time.Time) []Event {
		d.occupied = occupied
		return nil
	})
}

// SetSilent makes one board deaf and mute, or brings it back. Its doors stay as they are.
func (w *World) SetSilent(addr board.Address, silent bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.boards[addr]
	if c == nil {
		return fmt.Errorf("board %d: %w", addr, ErrNoDoor)
	}
	c.silent = silent
	return nil
}

// SetBusy makes one board deaf and mute for a while after each pulse, as boards that cannot listen
// while they drive a lock; 0 ends it. The answer to the pulse itself still comes.
func (w *World) SetBusy(addr board.Address, rest time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.boards[addr]
	if c == nil {
		return fmt.Errorf("board %d: %w", addr, ErrNoDoor)
	}
	c.rest = max(0, rest)
	return nil
}

// Wake ends the deafness of a busy board, for families with a request that does.
func (w *World) Wake(addr board.Address) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.boards[addr]; c != nil {
		c.busy = time.Time{}
	}
}

// SetPower cuts or restores the power of all boards. Doors keep their positions; a slow door that
// has not opened yet stays shut, and coils fall off.
func (w *World) SetPower(on bool) {
	w.settle()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unpowered = !on
	if on {
		return
	}
	now := w.now()
	for _, c := range w.boards {
		c.busy = time.Time{}
		for i := range c.doors {
			c.doors[i].due = time.Time{}
			c.doors[i].release(now)
		}
	}
}

// Pulse energises one lock, as a board does when told. It reports whether the board answers; a board
// without power or one that is silent does nothing at all. The boards call it; people use Force.
func (w *World) Pulse(addr board.Address, ch board.Channel) bool {
	if !w.Answers(addr) {
		return false
	}
	answers := false
	err := w.change(addr, ch, func(d *door, now time.Time) []Event {
		answers = d.behaviour != BehaviourDead
		return w.energise(addr, d, now)
	})
	return err == nil && answers
}

// energise is one pulse. It must be called with mu held.
func (w *World) energise(addr board.Address, d *door, now time.Time) []Event {
	d.pulses++
	events := []Event{{Kind: EventPulse, At: now}}
	if c := w.boards[addr]; c.rest > 0 {
		c.busy = now.Add(c.rest)
	}
	switch d.behaviour {
	case BehaviourNormal, BehaviourInverted, BehaviourFrozen, BehaviourBouncing:
		if !d.open {
			d.open, d.moved = true, now
			events = append(events, Event{Kind: EventOpened, At: now})
		}
	case BehaviourSlow:
		if !d.open && d.due.IsZero() {
			d.due = now.Add(d.delay)
		}
	case BehaviourStuck, BehaviourDead:
	}
	return events
}

// Answers reports whether a board is there, powered, not silent and not busy.
func (w *World) Answers(addr board.Address) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.boards[addr]
	return c != nil && !c.silent && !w.unpowered && !w.now().Before(c.busy)
}

// Position returns where a door really is, StateUnknown for one that does not exist.
func (w *World) Position(addr board.Address, ch board.Channel) board.State {
	w.settle()
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.door(addr, ch)
	if d == nil {
		return board.StateUnknown
	}
	return position(d.open)
}

// Sensed returns what the door's sensor says, which may be a lie; StateUnknown for a door that does
// not exist or that is dead.
func (w *World) Sensed(addr board.Address, ch board.Channel) board.State {
	w.settle()
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.door(addr, ch)
	if d == nil {
		return board.StateUnknown
	}
	return d.sensed(w.now())
}

// Occupied returns what is behind a door.
func (w *World) Occupied(addr board.Address, ch board.Channel) board.Occupancy {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.door(addr, ch)
	switch {
	case d == nil:
		return board.OccupancyUnknown
	case d.occupied:
		return board.OccupancyOccupied
	}
	return board.OccupancyEmpty
}

// PulseCount returns how often a lock was energised.
func (w *World) PulseCount(addr board.Address, ch board.Channel) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if d := w.door(addr, ch); d != nil {
		return d.pulses
	}
	return 0
}

// Pulses returns every pulse of the timeline, oldest first.
func (w *World) Pulses() []Pulse {
	w.mu.Lock()
	defer w.mu.Unlock()
	var pulses []Pulse
	for _, e := range w.timeline {
		if e.Kind == EventPulse {
			pulses = append(pulses, Pulse{Addr: e.Addr, Channel: e.Channel, At: e.At})
		}
	}
	return pulses
}

// Timeline returns a copy of what happened, oldest first, and how many older events were dropped
// to bound the memory.
func (w *World) Timeline() (events []Event, dropped int) {
	w.settle()
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.timeline), w.dropped
}

// Subscribe calls fn after each event, in order for one door, in the goroutine that caused it and
// without a lock, so fn may call the world but must not block. cancel ends it; a call that is
// under way may still finish.
func (w *World) Subscribe(fn func(Event)) (cancel func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	id := w.nextID
	w.nextID++
	w.subscribers[id] = fn
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.subscribers, id)
	}
}

// Settle opens the slow doors whose time has come and tells the subscribers. Every look at a door
// does it too; a demo that nobody polls calls it on its own clock.
func (w *World) Settle() { w.settle() }

// bounce is how long a chattering contact rests in one place.
const bounce = 3 * time.Millisecond

func (d *door) sensed(now time.Time) board.State {
	switch d.behaviour {
	case BehaviourInverted:
		return position(!d.open)
	case BehaviourFrozen:
		return d.frozen
	case BehaviourDead:
		return board.StateUnknown
	case BehaviourBouncing:
		since := now.Sub(d.moved)
		return position(d.open != (since < d.delay && since/bounce%2 == 0))
	case BehaviourNormal, BehaviourStuck, BehaviourSlow:
	}
	return position(d.open)
}

func position(open bool) board.State {
	if open {
		return board.StateOpen
	}
	return board.StateClosed
}

// door must be called with mu held; nil when there is none.
func (w *World) door(addr board.Address, ch board.Channel) *door {
	c := w.boards[addr]
	if c == nil || ch < 1 || int(ch) > len(c.doors) {
		return nil
	}
	return &c.doors[ch-1]
}

// change runs fn on a door and publishes the events it returns.
func (w *World) change(addr board.Address, ch board.Channel, fn func(*door, time.Time) []Event) error {
	w.settle()
	w.mu.Lock()
	d := w.door(addr, ch)
	if d == nil {
		w.mu.Unlock()
		return fmt.Errorf("door %d/%d: %w", addr, ch, ErrNoDoor)
	}
	events := fn(d, w.now())
	for i := range events {
		events[i].Addr, events[i].Channel = addr, ch
	}
	w.publish(events)
	return nil
}

func (w *World) settle() {
	w.mu.Lock()
	now := w.now()
	var events []Event
	for addr, c := range w.boards {
		for i := range c.doors {
			d := &c.doors[i]
			if d.due.IsZero() || d.due.After(now) {
				continue
			}
			if !d.open {
				d.open, d.moved = true, d.due
				events = append(events, Event{
					Kind: EventOpened, Addr: addr, Channel: board.Channel(i + 1), At: d.due,
				})
			}
			d.due = time.Time{}
		}
	}
	slices.SortFunc(events, func(a, b Event) int { return a.At.Compare(b.At) })
	w.publish(events)
}

// publish must be called with mu held; it releases it, because subscribers may call the world.
func (w *World) publish(events []Event) {
	w.timeline = append(w.timeline, events...)
	if over := len(w.timeline) - maxTimeline; over > 0 {
		// A quarter at a time, so that a full timeline is not moved for every event.
		over = max(over, maxTimeline/4)
		w.timeline = slices.Delete(w.timeline, 0, over)
		w.dropped += over
	}
	var subscribers []func(Event)
	if len(events) > 0 {
		for id := range w.nextID { // in the order of subscription
			if fn := w.subscribers[id]; fn != nil {
				subscribers = append(subscribers, fn)
			}
		}
	}
	w.mu.Unlock()
	for _, e := range events {
		for _, fn := range subscribers {
			fn(e)
		}
	}
}
