package controller

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cubby/board"
	"cubby/internal/credential"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

const (
	// maxQueue bounds what waits for the machine; whoever comes then waits outside.
	maxQueue = 256
	// maxGroup is how many waiting events share one transaction.
	maxGroup = 64
	// tickEvery is the pace of what only time brings about; busyTick while a door is being opened.
	tickEvery = time.Second
	busyTick  = 100 * time.Millisecond
	// headEvery is how long the journal goes without a signed head at most, and headAfter how many
	// records.
	headEvery = 5 * time.Minute
	headAfter = 256
	// replayBatch is how many records a start reads at a time.
	replayBatch = 1024
)

// Controller is the on-site half of one site, or the whole of a hosted site.
type Controller struct {
	opts     Options
	machine  *Machine // of the run loop
	queue    chan question
	watchers watchers
	buses    map[string]*bus
	start    time.Time // zero of the monotonic clock
	boot     string
	proofKey credential.Key // of this start: it never leaves the controller
	ready    chan struct{}
	stopped  chan struct{}
	behind   chan error    // the journal was condemned: the run ends
	outrun   atomic.Uint64 // epoch of another controller because of which the places were doubted

	acked     atomic.Pointer[wire.Position]
	replica   atomic.Pointer[wire.DirectoryAck]
	directory batches

	sinceSnapshot int
	sinceHead     int
	headAt        int64
	lastTick      int64
	diskLow       bool
}

// ErrStopped means that the controller's run is over: what was asked has no answer.
var ErrStopped = errors.New("the controller has stopped")

// batches lets one batch of the directory in at a time.
type batches struct {
	mu        sync.Mutex
	resetting bool // a whole new directory is coming in batches into an empty replica
	// whole is what has come so far of a directory that replaces another: the old one stays in the
	// replica until all is there, for the power may go and the link stay cut.
	whole *wire.DirectoryBatch
}

// question is one event on its way to the machine, with the place where its reply goes.
type question struct {
	event Event
	reply chan Reply // nil: nobody waits
}

// New returns a controller. It does nothing before Run.
func New(opts Options) (*Controller, error) {
	if err := opts.validate(); err != nil {
		return nil, err
	}
	c := &Controller{
		opts: opts, queue: make(chan question, maxQueue), buses: map[string]*bus{}, ready: make(chan struct{}), stopped: make(chan struct{}),
		behind: make(chan error, 1),
		start:  opts.Now(), boot: opts.NewID(),
	}
	secret := make([]byte, credential.KeySize)
	if _, err := io.ReadFull(opts.Rand, secret); err != nil {
		return nil, fmt.Errorf("draw the secret of the kiosk's proofs: %w", err)
	}
	var err error
	if c.proofKey, err = credential.NewKey(secret); err != nil {
		return nil, fmt.Errorf("secret of the kiosk's proofs: %w", err)
	}
	for _, b := range opts.Buses {
		c.buses[b.Name] = newBus(b, &c.opts, c.tell)
	}
	return c, nil
}

// Ready is closed once the controller takes requests.
func (c *Controller) Ready() <-chan struct{} { return c.ready }

// Run recovers what the record says, reads all sensors, and then serves until ctx ends. It returns
// nil when ctx ended, and the first error that a restart must mend: whatever was said by then is
// durable, and nothing that was not was acted upon.
func (c *Controller) Run(ctx context.Context) error {
	defer close(c.stopped)
	var err error
	began := c.opts.Now()
	if c.machine, err = c.load(ctx); err != nil {
		return err
	}
	loaded, replayed := c.opts.Now(), c.sinceSnapshot
	if err := c.beginEpoch(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	var lines sync.WaitGroup
	defer lines.Wait()
	defer cancel()
	c.setBoards()
	seen := c.firstLook(ctx)
	looked := c.opts.Now()
	if err := c.commit(ctx, []Outcome{c.machine.Start(seen, c.instant())}); err != nil {
		return done(ctx, err)
	}
	if c.sinceHead >= headAfter {
		if err := c.signHead(ctx); err != nil {
			return done(ctx, err)
		}
	}
	for _, b := range c.buses {
		lines.Go(func() { b.run(ctx) })
	}
	c.opts.Logger.InfoContext(ctx, "controller ready", slog.String("site", string(c.opts.Site)),
		slog.String("position", c.machine.Position().String()), slog.Int("replayed", replayed),
		slog.Duration("load", loaded.Sub(began)), slog.Duration("first_look", looked.Sub(loaded)),
		slog.Duration("record", c.opts.Now().Sub(looked)))
	close(c.ready)
	return done(ctx, c.loop(ctx))
}

// done forgives errors of a shutdown.
func done(ctx context.Context, err error) error {
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return nil
	}
	return err
}

func (c *Controller) instant() Instant {
	now := c.opts.Now()
	return Instant{Boot: c.boot, MonoMS: now.Sub(c.start).Milliseconds(), Wall: locker.At(now)}
}

// load builds the machine from the replica, the snapshot and the record after it.
func (c *Controller) load(ctx context.Context) (*Machine, error) {
	dir, keys, err := c.loadDirectory(ctx)
	if err != nil {
		return nil, err
	}
	epochs, err := c.opts.Journal.Epochs(ctx)
	if err != nil {
		return nil, fmt.Errorf("read epochs: %w", err)
	}
	snap := c.loadSnapshot(ctx, epochs)
	var buses []string
	for _, b := range c.opts.Buses {
		buses = append(buses, b.Name)
	}
	m, err := NewMachine(MachineOptions{
		Site: c.opts.Site, Version: c.opts.Version, NewID: c.opts.NewID, Limits: c.opts.Limits,
		Panels: c.opts.Panels, Buses: buses, ProofKey: c.proofKey,
	}, dir, keys, snap)
	if err != nil {
		return nil, err
	}
	if err := c.checkAcked(ctx, epochs); err != nil {
		return nil, err
	}
	c.recall(ctx, m, epochs)
	for _, e := range epochs {
		if e.Number < m.pos.Epoch {
			continue
		}
		n, err := ReplayEpoch(ctx, c.opts.Journal, m, e)
		if err != nil {
			return nil, err
		}
		c.sinceSnapshot += n // a site that restarts often must not read more and more each time
	}
	return m, nil
}

// recall takes from sealed journals what lies in the places, so that whoever has a parcel there gets
// it. Once a snapshot of the journal that followed is there, it knows all that.
func (c *Controller) recall(ctx context.Context, m *Machine, epochs []journal.Epoch) {
	if c.opts.Past == nil || len(epochs) > 0 && m.pos.Epoch >= epochs[0].Number {
		return
	}
	unreadable := 0
	err := c.opts.Past(ctx, func(r journal.Record, _ bool) error {
		if op, err := wire.DecodeOperation(r.Body); err == nil && op.Position() == (wire.Position{Epoch: r.Epoch, Number: r.Number}) {
			m.Replay(op)
		} else {
			unreadable++
		}
		return nil
	})
	if m.pos.Epoch > 0 {
		c.sinceSnapshot = c.opts.SnapshotAt // the next quiet moment keeps it
	}
	if err != nil || unreadable > 0 {
		c.opts.Logger.WarnContext(ctx, "a sealed journal was not read as a whole", slog.Int("records", unreadable), slog.Any("error", err))
	}
}

// ReplayEpoch has a machine take in what a journal holds of an epoch after the machine's own position, and
// returns how many records that were.
func ReplayEpoch(ctx context.Context, j Journal, m *Machine, e journal.Epoch) (int, error) {
	from := uint64(1)
	if e.Number == m.pos.Epoch {
		from = m.pos.Number + 1
	}
	for read := 0; ; {
		records, err := j.Read(ctx, e.Number, from, replayBatch)
		if err != nil {
			return read, fmt.Errorf("replay epoch %d from %d: %w", e.Number, from, err)
		}
		if len(records) == 0 {
			return read, nil
		}
		for _, r := range records {
			op, err := wire.DecodeOperation(r.Body)
			if err != nil {
				return read, fmt.Errorf("replay record %d of epoch %d: %w", r.Number, e.Number, err)
			}
			m.Replay(op)
		}
		read += len(records)
		from += uint64(len(records))
	}
}

// loadSnapshot returns the last snapshot when the record bears it out, else an empty one.
func (c *Controller) loadSnapshot(ctx context.Context, epochs []journal.Epoch) Snapshot {
	data, err := c.opts.Store.Snapshot(ctx)
	if err != nil || data == nil {
		return Snapshot{}
	}
	snap, err := DecodeSnapshot(data)
	if err != nil {
		c.opts.Logger.WarnContext(ctx, "snapshot passed over", slog.Any("error", err))
		return Snapshot{}
	}
	for _, e := range epochs {
		if e.Number == snap.Position.Epoch && snap.Position.Number > e.Tip.Size {
			return Snapshot{} // it knows more than the record: the record counts
		}
	}
	return snap
}

func (c *Controller) loadDirectory(ctx context.Context) (*locker.Directory, *wire.Keys, error) {
	ack, changes, err := c.opts.Store.Directory(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("load the directory: %w", err)
	}
	dir, keys := locker.NewDirectory(), wire.NewKeys()
	for _, ch := range changes {
		if err := wire.ApplyChange(dir, keys, ch); err != nil {
			c.opts.Logger.WarnContext(ctx, "object of the directory passed over", slog.Any("error", err))
		}
	}
	dir.Rev = ack.Rev
	c.replica.Store(&ack)
	return dir, keys, nil
}

// beginEpoch opens an epoch that has no record yet.
func (c *Controller) beginEpoch(ctx context.Context) error {
	epoch, number, err := c.opts.Journal.Next(ctx)
	if err != nil {
		return fmt.Errorf("ask for the next record: %w", err)
	}
	if number > 1 {
		return nil
	}
	reason := ""
	epochs, err := c.opts.Journal.Epochs(ctx)
	if err != nil {
		return fmt.Errorf("read epochs: %w", err)
	}
	for _, e := range epochs {
		if e.Number == epoch {
			reason = e.Reason
		}
	}
	sealed := c.opts.Sealed
	if sealed == "" && strings.HasPrefix(reason, "sealed") { // the start that sealed it got no further
		sealed = reason
	}
	if sealed != "" || reason == journal.ReasonReplacement {
		c.sinceHead = headAfter // signed at once: the server then knows what the epoch continues
	}
	return c.commit(ctx, []Outcome{c.machine.Epoch(epoch, reason, sealed, c.instant())})
}

// firstLook reads all sensors, at most for FirstLook. Nothing is pulsed.
func (c *Controller) firstLook(ctx context.Context) map[locker.PlaceID]locker.Sighting {
	ctx, cancel := context.WithTimeout(ctx, c.opts.FirstLook)
	defer cancel()
	var mu sync.Mutex
	var lines sync.WaitGroup
	readings := map[BoardRef][]locker.Sighting{}
	for name, b := range c.buses {
		boards := c.boardsOf(name)
		lines.Go(func() {
			for _, addr := range boards {
				b.restore(ctx, addr)
				reading, err := b.driver.ReadStates(ctx, addr)
				if err != nil {
					c.opts.Logger.WarnContext(ctx, "board does not answer at the start",
						slog.String("bus", name), slog.Int("board", int(addr)), slog.Any("error", err))
					continue
				}
				mu.Lock()
				readings[BoardRef{Bus: name, Board: addr}] = sightings(nil, reading)
				mu.Unlock()
			}
		})
	}
	lines.Wait()
	return c.machine.Sighted(readings)
}

func (c *Controller) boardsOf(name string) []board.Address {
	var boards []board.Address
	for _, ref := range c.machine.Boards() {
		if ref.Bus == name {
			boards = append(boards, ref.Board)
		}
	}
	return boards
}

func (c *Controller) setBoards() {
	for name, b := range c.buses {
		b.set(c.boardsOf(name))
	}
}

// loop takes what waits, steps through it, and commits it together.
func (c *Controller) loop(ctx context.Context) error {
	timer := time.NewTimer(tickEvery)
	defer timer.Stop()
	for {
		pace := tickEvery
		if c.machine.Busy() {
			pace = busyTick
		}
		wait := time.Duration(c.lastTick+pace.Milliseconds()-c.instant().MonoMS) * time.Millisecond
		timer.Reset(max(wait, 0))
		var group []question
		quiet := false
		select {
		case q := <-c.queue:
			group = c.drain([]question{q})
		case <-timer.C:
			group, quiet = c.ticks(), pace == tickEvery
		case err := <-c.behind:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := c.serve(ctx, group); err != nil {
			return err
		}
		if quiet && len(c.queue) == 0 {
			if err := c.maintain(ctx); err != nil {
				return err
			}
		}
	}
}

func (c *Controller) drain(group []question) []question {
	for len(group) < maxGroup {
		select {
		case q := <-c.queue:
			group = append(group, q)
		default:
			return group
		}
	}
	return group
}

// serve steps through a group and commits it. A disk that is full answers everybody so, and the
// state is read back from the record.
func (c *Controller) serve(ctx context.Context, group []question) error {
	outs := make([]Outcome, len(group))
	for i, q := range group {
		outs[i] = c.machine.Step(q.event, c.instant())
	}
	err := c.append(ctx, outs)
	switch {
	case err == nil:
	case errors.Is(err, journal.ErrFull):
		c.opts.Logger.ErrorContext(ctx, "disk full: nothing can be recorded", slog.Any("error", err))
		return c.refuse(ctx, group, outs, locker.Errorf(locker.CodeDiskFull, "the site's disk is full"))
	case errors.Is(err, journal.ErrConflict), errors.Is(err, journal.ErrBusy):
		c.opts.Logger.WarnContext(ctx, "another writer was first: reading the record again", slog.Any("error", err))
		return c.refuse(ctx, group, outs, locker.Errorf(locker.CodeConflict, "somebody else was first: try again"))
	default:
		return err
	}
	for _, out := range outs {
		c.perform(ctx, out)
	}
	for i, q := range group {
		if q.reply != nil {
			q.reply <- outs[i].Reply
		}
	}
	return nil
}

// commit appends and performs outcomes that nobody waits for.
func (c *Controller) commit(ctx context.Context, outs []Outcome) error {
	if err := c.append(ctx, outs); err != nil {
		return err
	}
	for _, out := range outs {
		c.logFaults(ctx, out.Operations)
		c.perform(ctx, out)
	}
	return nil
}

// logFaults tells the operator of the computer what the record says of broken parts.
func (c *Controller) logFaults(ctx context.Context, operations []Operation) {
	for _, op := range operations {
		for _, fact := range op.Operation.Facts {
			switch f := fact.(type) {
			case locker.FaultRaised:
				c.opts.Logger.WarnContext(ctx, "fault", slog.String("fault", string(f.Fault)),
					slog.String("place", string(f.Place)), slog.String("part", f.Part))
			case locker.FaultCleared:
				c.opts.Logger.InfoContext(ctx, "fault ended", slog.String("fault", string(f.Fault)),
					slog.String("place", string(f.Place)), slog.String("part", f.Part))
			}
		}
	}
}

// append makes all operations durable in one transaction.
func (c *Controller) append(ctx context.Context, outs []Outcome) error {
	var entries []journal.Entry
	expect := uint64(0)
	for _, out := range outs {
		for _, op := range out.Operations {
			if expect == 0 {
				expect = op.Number
			}
			body, err := wire.EncodeOperation(op.Operation)
			if err != nil {
				return err
			}
			annex, err := wire.EncodeAnnex(op.Annex)
			if err != nil {
				return err
			}
			entries = append(entries, journal.Entry{Body: body, Annex: annex})
		}
	}
	if len(entries) == 0 {
		return nil
	}
	if err := c.opts.Journal.Append(ctx, expect, entries); err != nil {
		return fmt.Errorf("append %d operations from %d: %w", len(entries), expect, err)
	}
	c.sinceSnapshot += len(entries)
	c.sinceHead += len(entries)
	if c.opts.Wake != nil {
		c.opts.Wake()
	}
	return nil
}

// perform runs the effects of an outcome whose operations are durable.
func (c *Controller) perform(ctx context.Context, out Outcome) {
	for _, e := range out.Effects {
		switch e := e.(type) {
		case Pulse:
			if b := c.buses[e.Output.Bus]; b != nil {
				b.grants <- consume(e)
			}
		case Read:
			if b := c.buses[e.Bus]; b != nil {
				b.want(e.Board)
			}
		case Watching:
			c.watchBoards(e.Boards)
		case PanelChanged:
			c.watchers.wake(e.Panel)
		case Relaid:
			c.setBoards()
		case Reboot:
			c.opts.Logger.InfoContext(ctx, "restarting, as the server asked")
			if c.opts.Reboot != nil {
				c.opts.Reboot()
			}
		}
	}
}

func (c *Controller) watchBoards(refs []BoardRef) {
	for name, b := range c.buses {
		var fast []board.Address
		for _, r := range refs {
			if r.Bus == name {
				fast = append(fast, r.Board)
			}
		}
		b.watch(fast)
	}
}

// refuse answers a group of which nothing was recorded, and takes the state back from the record.
func (c *Controller) refuse(ctx context.Context, group []question, lost []Outcome, why *locker.Error) error {
	fresh, err := c.load(ctx)
	if err != nil {
		return err
	}
	c.machine.Rebase(fresh, lost)
	for _, out := range lost { // what panels and boards need is no less true
		out.Effects = slices.DeleteFunc(out.Effects, func(e Effect) bool {
			switch e.(type) {
			case Pulse, Reboot:
				return true
			}
			return false
		})
		c.perform(ctx, out)
	}
	for _, q := range group {
		if q.reply == nil {
			continue
		}
		reply := Reply{Err: why}
		if id, ok := panelOf(q.event); ok {
			reply.Value = c.machine.Step(TurnAsked{Panel: id}, c.instant()).Reply.Value
		}
		q.reply <- reply
	}
	return nil
}

func panelOf(ev Event) (PanelID, bool) {
	switch e := ev.(type) {
	case CodeEntered:
		return e.Panel, true
	case PanelActed:
		return e.Panel, true
	case TurnAsked:
		return e.Panel, true
	}
	return "", false
}

// maintain writes a snapshot and signs the journal's head when there is enough new, while nobody
// waits.
func (c *Controller) maintain(ctx context.Context) error {
	if c.sinceSnapshot >= c.opts.SnapshotAt {
		data, err := c.machine.Snapshot()
		if err != nil {
			return err
		}
		c.sinceSnapshot = 0
		if err := c.opts.Store.PutSnapshot(ctx, c.machine.Position(), data); err != nil {
			c.opts.Logger.WarnContext(ctx, "snapshot not stored", slog.Any("error", err)) // the record has it all
		}
	}
	return c.signHead(ctx)
}

// signHead signs the journal's head when there is enough new.
func (c *Controller) signHead(ctx context.Context) error {
	signer, ok := c.opts.Journal.(headSigner)
	now := c.instant()
	if !ok || c.sinceHead == 0 || c.sinceHead < headAfter && now.after(c.headAt) < headEvery {
		return nil
	}
	c.sinceHead, c.headAt = 0, now.MonoMS
	if _, err := signer.Checkpoint(ctx); err != nil && !errors.Is(err, journal.ErrFull) && !errors.Is(err, journal.ErrBusy) {
		return fmt.Errorf("sign the head of the journal: %w", err)
	}
	return nil
}

// ticks are the events of a moment when nothing else waits: time, the link, the disk.
func (c *Controller) ticks() []question {
	c.lastTick = c.instant().MonoMS
	group := []question{{event: Ticked{}}}
	if c.opts.Online != nil {
		group = append(group, question{event: LinkChanged{Online: c.opts.Online()}})
	}
	if r, ok := c.opts.Journal.(reserver); ok {
		if low := r.LowSpace(); low != c.diskLow {
			c.diskLow = low
			group = append(group, question{event: DiskChecked{Full: low}})
		} else if low {
			_ = r.RefillReserve() // still full: the next tick asks again
		}
	}
	return group
}

// tell puts an event to the machine without waiting for what comes of it.
func (c *Controller) tell(ctx context.Context, ev Event) {
	select {
	case c.queue <- question{event: ev}:
	case <-ctx.Done():
	}
}

// ask puts an event to the machine and waits for its reply, which comes once what follows from the
// event is durable. The value comes with an error too: a turn stands beside its error.
func ask[T any](ctx context.Context, c *Controller, ev Event) (T, error) {
	var none T
	q := question{event: ev, reply: make(chan Reply, 1)}
	select {
	case c.queue <- q:
	case <-ctx.Done():
		return none, fmt.Errorf("ask the controller: %w", ctx.Err())
	case <-c.stopped:
		return none, fmt.Errorf("ask the controller: %w", ErrStopped)
	}
	select {
	case r := <-q.reply:
		v, ok := r.Value.(T)
		if !ok && r.Err == nil {
			return none, fmt.Errorf("ask the controller: no %T in the reply to %T", none, ev)
		}
		return v, r.Err
	case <-ctx.Done():
		return none, fmt.Errorf("ask the controller: %w", ctx.Err())
	case <-c.stopped:
		return none, fmt.Errorf("ask the controller: %w", ErrStopped)
	}
}
