package sim

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"time"

	"cubby/internal/controller"
	"cubby/internal/credential"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/sim/oracle"
	"cubby/internal/wire"
)

const (
	// snapshotAfter is how many records a start replays at most; production takes 2,000.
	snapshotAfter = 500
	// headAfter and headEvery are when a head is signed. Production signs every five minutes; signing is
	// slow, and nothing here depends on how old a head is.
	headAfter = 256
	headEvery = 6 * time.Hour
	doors     = 48
)

// site is one controller with its computer, its wall and its people. What it does around the machine
// is what controller.Controller does in production: append, then act.
type site struct {
	w    *world
	id   locker.SiteID
	wall *wall
	disk *disk
	key  ed25519.PrivateKey
	ids  int

	m     *controller.Machine // nil: the controller is off
	log   *journal.Log
	store replica
	boot  int
	bootS string
	since int64 // true moment of the boot
	skew  int64 // wall clock against the truth, milliseconds
	drift float64

	due           int64 // true moment of the next tick, see Machine.Wakeup
	tickGen       int
	reads         map[controller.BoardRef]bool // readings that are under way
	sinceSnapshot int
	sinceHead     int
	headAt        int64

	sealed   []*journal.Memory // journals that were put aside, oldest first
	why      string            // the last one was; empty: none was
	prev     []byte            // the head that the next journal continues
	used     uint64            // the highest epoch that is known to have been used
	sealedAt int64
	broken   bool // the record lost something: the server remembers more
	spare    int  // computers that were put in since
	starts   int  // of the wish to start

	link   *line
	people *people
	panels map[controller.PanelID]*visit
}

func newSite(w *world, index int) (*site, error) {
	seed := sha256.Sum256(fmt.Appendf(nil, "site %d of seed %d", index, w.opts.Seed))
	s := &site{
		w: w, id: locker.SiteID(fmt.Sprintf("site%02d", index+1)), key: ed25519.NewKeyFromSeed(seed[:]),
		reads: map[controller.BoardRef]bool{}, panels: map[controller.PanelID]*visit{},
	}
	witness := locker.Witness{Latch: true, Infrared: w.chance(0.5)}
	layout := layoutOf(doors, witness)
	s.wall = newWall(s, layout)
	s.disk = &disk{Memory: journal.NewMemory(), site: s}
	s.link = newLine(s)
	s.people = newPeople(s)
	if err := w.server.addSite(s, layout); err != nil {
		return nil, err
	}
	return s, nil
}

// live begins the site's life.
func (s *site) live() {
	s.start()
	s.link.live()
	s.people.live()
	s.misfortune()
	s.eachDay()
}

func (s *site) eachDay() {
	s.w.after(day, func() {
		s.w.tell(oracle.DayPassed{Head: s.w.head(s)})
		s.believe()
		s.eachDay()
	})
}

// misfortune is what strikes a site from outside.
func (s *site) misfortune() {
	w := s.w
	w.every(FaultPower, 2*day, func() { s.crash("the power went") })
	w.every(FaultFull, 10*day, func() {
		s.disk.full = true
		w.after(w.between(time.Minute, 12*time.Hour), func() { s.disk.full = false })
	})
	w.every(FaultClock, 2*day, s.jump)
	w.every(FaultStuck, 3*day, func() {
		d := s.wall.doors[w.rand.IntN(len(s.wall.doors))]
		d.jammed = w.now + w.expo(6*time.Hour).Milliseconds()
	})
	w.every(FaultSensor, 2*day, func() {
		d := s.wall.doors[w.rand.IntN(len(s.wall.doors))]
		s.wall.lie(d, w.chance(0.5), w.expo(20*time.Minute))
	})
	w.every(FaultNoise, day, func() { s.silence(w.expo(10 * time.Minute)) })
	w.every(FaultHostile, 2*day, func() {
		w.server.attack(w.server.sites[s.id], w.now+w.between(2*time.Minute, 6*time.Minute).Milliseconds())
	})
	w.every(FaultLie, 6*day, s.lie)
	w.every(FaultTorn, 15*day, s.torn)
	w.every(FaultBlank, 30*day, s.replace)
	w.every(FaultForce, 4*day, func() {
		d := s.wall.doors[w.rand.IntN(len(s.wall.doors))]
		s.wall.move(d, true, "force")
		s.people.plunder(d)
	})
}

// jump moves the wall clock.
func (s *site) jump() {
	w := s.w
	const hour = 3_600_000
	jumps := []int64{-600_000, 600_000, -hour, hour, -begin, 12 * 365 * 24 * hour, -4_000, 4_000}
	s.skew += jumps[w.rand.IntN(len(jumps))]
	w.trace("%s  the wall clock is off by %d ms", s.id, s.skew)
	w.after(w.expo(6*time.Hour), func() {
		if w.chance(0.7) {
			s.skew = 0
		}
	})
}

// silence has a board say nothing for a while.
func (s *site) silence(d time.Duration) {
	w := s.w
	refs := s.wall.boards()
	ref := refs[w.rand.IntN(len(refs))]
	s.wall.silent[ref] = w.now + d.Milliseconds()
	for i := range 4 {
		w.after(time.Duration(i)*500*time.Millisecond, func() { s.read(ref, s.boot) })
	}
	for i := range 3 {
		w.after(d+time.Duration(i)*500*time.Millisecond, func() { s.read(ref, s.boot) })
	}
}

// start boots the controller: it recovers what the disk says, reads all sensors, and serves.
func (s *site) start() {
	w := s.w
	s.disk.dead = false
	s.starts++
	s.boot++
	s.bootS = fmt.Sprintf("%s-boot%04d", s.id, s.boot)
	s.since, s.due, s.reads = w.now, never, map[controller.BoardRef]bool{}
	s.drift = 0
	if w.faults.on(FaultClock) {
		s.drift = (2*w.rand.Float64() - 1) * 1e-4
	}
	w.tell(oracle.Booted{Head: w.head(s), Boot: s.boot})
	w.trace("%s  boot %d", s.id, s.boot)
	s.enrol()
	log, err := journal.New(w.ctx, s.disk, journal.LogOptions{
		Site: string(s.id), Signer: s.key, Now: s.wallTime, Previous: s.prev, Used: s.used,
	})
	if err != nil {
		w.fail(err)
		return
	}
	s.log = log
	m, err := s.load()
	if err != nil {
		w.fail(err)
		return
	}
	s.m = m
	s.recovered()
	s.link.renew()
	s.link.told()
	if at, _ := s.disk.end(); at == s.store.acked.Epoch && s.behind(s.store.acked) {
		return
	}
	epoch, number, err := s.log.Next(w.ctx)
	if err != nil {
		w.fail(err)
		return
	}
	reason := "first start"
	if s.why != "" {
		reason = s.why
	}
	if number == 1 && !s.take(s.m.Epoch(epoch, reason, s.why, s.instant())) {
		return
	}
	if !s.take(s.m.Start(s.firstLook(), s.instant())) {
		return
	}
	for _, ref := range s.wall.boards() {
		s.look(ref, 0)
	}
	s.link.wake(time.Second)
	if _, ok := s.ask(controller.LinkChanged{Online: s.link.up()}); ok {
		s.later()
	}
}

// enrol gives a computer that knows nothing its directory. One that takes another's place begins above
// every epoch that the server has, in audit mode, as production does when it brings the record back.
func (s *site) enrol() {
	if s.store.ack.Rev != 0 {
		return
	}
	if last := s.w.server.sites[s.id].at.Epoch; last > 0 {
		s.used, s.why, s.sealedAt = max(s.used, last), "replaced computer", s.w.now
	}
	batch, err := s.w.server.directory(s.id, wire.DirectoryAck{})
	if err != nil {
		s.w.fail(err)
		return
	}
	s.store.apply(batch)
}

// load builds a machine from the replica, the snapshot and the record after it, as production does.
func (s *site) load() (*controller.Machine, error) {
	dir, keys, err := s.store.directory()
	if err != nil {
		return nil, err
	}
	epochs, err := s.log.Epochs(s.w.ctx)
	if err != nil {
		return nil, fmt.Errorf("read epochs: %w", err)
	}
	snap := controller.Snapshot{}
	if s.store.snapshot != nil {
		if snap, err = controller.DecodeSnapshot(s.store.snapshot); err != nil {
			return nil, err
		}
	}
	secret := sha256.Sum256([]byte("proofs of " + s.bootS))
	proof, err := credential.NewKey(secret[:])
	if err != nil {
		return nil, fmt.Errorf("secret of proofs: %w", err)
	}
	m, err := controller.NewMachine(controller.MachineOptions{
		Site: s.id, Version: "sim", NewID: s.newID, ProofKey: proof, Buses: []string{"a"},
		Panels: map[controller.PanelID]locker.BankID{panelA: "main", panelB: "main"},
	}, dir, keys, snap)
	if err != nil {
		return nil, err
	}
	s.sinceSnapshot = 0
	if len(s.sealed) > 0 && m.Position().Epoch < epochs[0].Number {
		if err := s.recall(m); err != nil {
			return nil, err
		}
		s.sinceSnapshot = snapshotAfter
	}
	for _, e := range epochs {
		if e.Number < m.Position().Epoch {
			continue
		}
		n, err := controller.ReplayEpoch(s.w.ctx, s.log, m, e)
		if err != nil {
			return nil, err
		}
		s.sinceSnapshot += n
	}
	return m, nil
}

// recovered tells the oracle where the start got to.
func (s *site) recovered() {
	epochs, err := s.disk.Epochs(s.w.ctx)
	if err != nil || len(epochs) == 0 {
		s.w.fail(err)
		return
	}
	last := epochs[len(epochs)-1]
	at := s.m.Position()
	if last.Tip.Size > 0 {
		s.w.tell(oracle.Recovered{
			Head: s.w.head(s), Epoch: at.Epoch, Number: at.Number, DiskEpoch: last.Number, DiskNumber: last.Tip.Size,
		})
	}
	s.w.tell(oracle.Applied{Head: s.w.head(s), Rev: s.m.State().Directory.Rev})
}

func (s *site) firstLook() map[locker.PlaceID]locker.Sighting {
	seen := map[controller.BoardRef][]locker.Sighting{}
	for _, ref := range s.wall.boards() {
		if s.w.now < s.wall.silent[ref] || s.w.hits(FaultNoise, 0.05) {
			continue
		}
		seen[ref] = sightings(s.wall.read(ref))
	}
	return s.m.Sighted(seen)
}

// newID returns ids that grow with time, as UUIDv7 do.
func (s *site) newID() string {
	s.ids++
	return fmt.Sprintf("%s-%08x", s.id, s.ids)
}

// instant is the moment by the site's clocks.
func (s *site) instant() controller.Instant {
	up := s.w.now - s.since
	return controller.Instant{
		Boot: s.bootS, MonoMS: up + int64(float64(up)*s.drift), Wall: locker.Millis(s.w.now + s.skew + int64(float64(up)*s.drift)),
	}
}

func (s *site) wallTime() time.Time { return time.UnixMilli(s.w.now + s.skew) }

// crash ends the controller at this moment. What was not durable is gone, what was done is done.
func (s *site) crash(why string) {
	if s.m == nil {
		return
	}
	w := s.w
	w.trace("%s  the controller ends: %s", s.id, why)
	w.counters["crashes"]++
	s.m, s.disk.dead = nil, true
	s.link.told()
	s.unschedule()
	off := w.between(4*time.Second, time.Minute)
	if w.chance(0.1) {
		off = w.expo(4 * time.Hour)
	}
	s.starts++
	starts := s.starts
	w.after(off, func() {
		if starts == s.starts {
			s.start()
		}
	})
}

// ask puts an event to the machine; ok is false when the controller is off or ended over it.
func (s *site) ask(ev controller.Event) (reply controller.Reply, ok bool) {
	if s.m == nil {
		return controller.Reply{}, false
	}
	boot := s.boot
	out := s.m.Step(ev, s.instant())
	if err := s.append(out); err != nil {
		return s.refused(ev, out, err)
	}
	s.perform(out, boot)
	if s.m == nil {
		return out.Reply, false
	}
	s.later()
	return out.Reply, true
}

// take makes an outcome that nobody waits for durable and acts on it.
func (s *site) take(out controller.Outcome) bool {
	if err := s.append(out); err != nil {
		if errors.Is(err, journal.ErrFull) { // production gives up this start and tries again
			s.crash("the disk is full at a start")
			return false
		}
		s.crash(err.Error())
		return false
	}
	s.perform(out, s.boot)
	return s.m != nil
}

// append makes the operations of an outcome durable.
func (s *site) append(out controller.Outcome) error {
	if len(out.Operations) == 0 {
		return nil
	}
	entries := make([]journal.Entry, 0, len(out.Operations))
	for _, op := range out.Operations {
		body, err := wire.EncodeOperation(op.Operation)
		if err != nil {
			s.w.fail(err)
			return err
		}
		annex, err := wire.EncodeAnnex(op.Annex)
		if err != nil {
			s.w.fail(err)
			return err
		}
		entries = append(entries, journal.Entry{Body: body, Annex: annex})
	}
	if err := s.log.Append(s.w.ctx, out.Operations[0].Number, entries); err != nil {
		return fmt.Errorf("append from %d: %w", out.Operations[0].Number, err)
	}
	s.sinceSnapshot += len(entries)
	s.sinceHead += len(entries)
	s.link.wake(s.w.between(200*time.Millisecond, 3*time.Second))
	return nil
}

// refused is what becomes of an event whose operations could not be recorded.
func (s *site) refused(ev controller.Event, out controller.Outcome, err error) (controller.Reply, bool) {
	if !errors.Is(err, journal.ErrFull) && !errors.Is(err, journal.ErrConflict) && !errors.Is(err, journal.ErrBusy) {
		s.crash(err.Error())
		return controller.Reply{}, false
	}
	s.w.counters["rebased"]++
	fresh, err := s.load()
	if err != nil {
		s.w.fail(err)
		return controller.Reply{}, false
	}
	s.m.Rebase(fresh, []controller.Outcome{out})
	if _, tick := ev.(controller.Ticked); tick {
		s.tickAt(s.w.now + fullTick.Milliseconds())
	} else {
		s.later()
	}
	switch e := ev.(type) {
	case controller.CodeEntered:
		reply := s.m.Step(controller.TurnAsked{Panel: e.Panel}, s.instant()).Reply
		return controller.Reply{Value: reply.Value, Err: locker.Errorf(locker.CodeDiskFull, "the site's disk is full")}, true
	case controller.PanelActed:
		reply := s.m.Step(controller.TurnAsked{Panel: e.Panel}, s.instant()).Reply
		return controller.Reply{Value: reply.Value, Err: locker.Errorf(locker.CodeDiskFull, "the site's disk is full")}, true
	}
	return controller.Reply{Err: locker.Errorf(locker.CodeDiskFull, "the site's disk is full")}, true
}

// perform runs the effects of an outcome whose operations are durable. The power may go between two.
func (s *site) perform(out controller.Outcome, boot int) {
	for _, e := range out.Effects {
		if s.boot != boot || s.m == nil {
			return
		}
		if s.w.hits(FaultPower, 0.0005) {
			s.crash("the power went between two effects")
			return
		}
		switch e := e.(type) {
		case controller.Pulse:
			s.w.after(s.w.between(8*time.Millisecond, 40*time.Millisecond), func() { s.unlock(e, boot) })
		case controller.Read:
			s.look(controller.BoardRef(e), 20*time.Millisecond)
		case controller.Reboot:
			s.w.after(time.Second, func() { s.crash("a reboot that the server asked for") })
		case controller.Watching, controller.PanelChanged, controller.Relaid:
		}
	}
}

// tick lets time act. Production ticks each second, and ten times as often while a door is being opened;
// here only the ticks come that do something, at the moments that the machine names.
func (s *site) tick(gen int) {
	if s.m == nil || gen != s.tickGen {
		return
	}
	s.due = never
	if _, ok := s.ask(controller.Ticked{}); ok && !s.m.Busy() {
		s.maintain()
	}
}

// never is the moment of a tick that nothing needs.
const never = math.MaxInt64

// later brings the next tick near after something happened. The machine counts by its own clock, whose
// drift in the time until a tick is far below what a tick may be late.
func (s *site) later() {
	due := s.m.Wakeup()
	if due == never {
		return
	}
	if at := s.w.now + max(due-s.instant().MonoMS, 1); at < s.due {
		s.tickAt(at)
	}
}

// fullTick is how long a tick waits that found the disk full: production tries each second, and fails.
const fullTick = 5 * time.Minute

// tickAt schedules the next tick for a true moment.
func (s *site) tickAt(at int64) {
	s.unschedule()
	s.due = at
	gen := s.tickGen
	s.w.after(time.Duration(at-s.w.now)*time.Millisecond, func() { s.tick(gen) })
}

// unschedule forgets the next tick.
func (s *site) unschedule() {
	s.tickGen++
	s.due = never
}

// maintain writes snapshots and signs heads, as production does when nobody waits.
func (s *site) maintain() {
	if s.sinceSnapshot >= snapshotAfter {
		data, err := s.m.Snapshot()
		if err != nil {
			s.w.fail(err)
			return
		}
		s.sinceSnapshot, s.store.snapshot = 0, data
		s.w.counters["snapshots"]++
	}
	if s.sinceHead == 0 || s.sinceHead < headAfter && s.w.now-s.headAt < headEvery.Milliseconds() {
		return
	}
	s.sinceHead, s.headAt = 0, s.w.now
	if _, err := s.log.Checkpoint(s.w.ctx); err != nil && !errors.Is(err, journal.ErrFull) {
		s.crash(err.Error())
	}
}
