package controller

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"cubby/internal/controller/governor"
	"cubby/internal/credential"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// MachineOptions are what a Machine needs beside its state.
type MachineOptions struct {
	Site    locker.SiteID
	Version string
	// NewID returns a fresh id, a UUIDv7 in lower case. The machine has no other randomness.
	NewID func() string
	// Limits of wrong codes. Zero: credential.DefaultLimits; any other are checked against
	// credential.MaxChance at a site of credential.DefaultCounts. The site's policy may name another
	// number of guesses. All of them are lowered while so many codes are valid that a stranger's chance
	// would be above MaxChance.
	Limits credential.Limits
	// ProofKey is the secret of what the kiosk shows to prove that a phone is near. The server must not
	// know it: openings with a proof are not bound by the limit on remote ones. Zero: no proofs.
	ProofKey credential.Key
	// Panels says at which bank a panel stands. A panel that is not named stands at the bank of its
	// own name, else at the first bank of the layout.
	Panels map[PanelID]locker.BankID
	// Buses that this controller drives. A door on any other bus does not answer.
	Buses []string
}

// Machine is the controller as a step function: it decides, keeps the state, and says what to do.
// It is for one goroutine.
type Machine struct {
	opts   MachineOptions
	state  *locker.State
	keys   *wire.Keys
	pos    wire.Position // of the last operation
	clock  siteClock
	codes  *codes
	budget *credential.Budget
	pace   waited // of the budget
	proofs proofTries

	guessesStale bool  // codes came or went since the limits were fitted
	freeSince    int64 // moment from which freeNotes counts
	freeNotes    int   // records of wrong codes that cost no guess

	governor governor.Governor
	openings openings
	boards   map[BoardRef]*boardHealth
	outputs  map[BoardRef][]output
	recall   []locker.Millis // remote pulses on record, for the governor after a restart
	watched  []BoardRef      // as last said in a Watching

	panels    map[PanelID]*panel
	panelIDs  []PanelID // in order
	panelSeen locker.Millis
	online    bool
	since     locker.Millis // of online
	diskFull  bool
	sealed    string
	swept     locker.Millis // of the codes
	rev       uint64        // grows with everything that may change what panels show
	due       int64         // moment of the next tick that is needed, see Wakeup

	tested       testing // the last door under test
	commissionAt int64   // moment of the last act of whoever tests doors

	now Instant
	at  locker.Millis // the site's time of this step
	out *Outcome
}

// NewMachine returns a machine over a directory and what a snapshot holds; the operations after the
// snapshot follow by Replay, then Start. It returns credential.ErrLimits for limits out of range, and
// credential.ErrWeak with the computed chance for limits that make guessing too easy.
func NewMachine(opts MachineOptions, dir *locker.Directory, keys *wire.Keys, snap Snapshot) (*Machine, error) {
	if opts.Site == "" || opts.NewID == nil {
		return nil, fmt.Errorf("machine of site %q: site and ids are needed", string(opts.Site))
	}
	if err := checkLimits(opts.Limits); err != nil {
		return nil, fmt.Errorf("limits of wrong codes: %w", err)
	}
	budget, err := credential.RestoreBudget(baseLimits(opts.Limits, dir.Policy), snap.Budget)
	if err != nil {
		return nil, fmt.Errorf("restore the budget of wrong codes: %w", err)
	}
	m := &Machine{
		opts: opts, keys: keys, codes: newCodes(), budget: budget, pos: snap.Position,
		state: &locker.State{Directory: dir, Matter: snap.matter()}, recall: snap.Remote,
		boards: map[BoardRef]*boardHealth{}, panels: map[PanelID]*panel{},
	}
	m.clock.offset = snap.OffsetMS
	if m.pace = snap.Pace; m.pace.At == 0 { // of a version that counted by the wall clock
		m.pace.At, m.pace.Site = m.state.Matter.Latest, m.state.Matter.Latest
	}
	m.learnLayout()
	m.fitGuesses()
	return m, nil
}

// Position returns the position of the last operation.
func (m *Machine) Position() wire.Position { return m.pos }

// State returns the machine's state, to be read only and only between steps.
func (m *Machine) State() *locker.State { return m.state }

// At returns the site's time of the last step.
func (m *Machine) At() locker.Millis { return m.at }

// Replay folds an operation of the journal in. Operations come in their order, from the one after
// the snapshot; one that is known already is passed over.
func (m *Machine) Replay(op wire.Operation) {
	if op.Position().Compare(m.pos) <= 0 {
		return
	}
	m.pos = op.Position()
	m.pace.advance(op.Boot, op.MonoMS, op.At())
	for _, f := range op.Facts {
		locker.Evolve(m.state, f, op.At())
		m.learn(f, op.At())
	}
}

// learn takes from a fact what the state does not hold: attempts, remote pulses, the clock.
func (m *Machine) learn(f locker.Fact, at locker.Millis) {
	switch f := f.(type) {
	case locker.CodeRefused:
		if f.Reason == locker.CodeCodeWrong {
			m.fitGuesses() // as it was when the guess was made
			m.budget.Recount(formOf(f.Form), holderOf(f.Unit), m.pace.At.Time())
		}
	case locker.OpenRequested:
		if f.Cause == locker.CauseRemote {
			m.recall = append(m.recall, at)
			m.recall = m.recall[max(0, len(m.recall)-governor.RemoteLimit):]
		}
	case locker.ClockTrusted:
		m.clock.offset = f.OffsetMS
	}
}

// Epoch begins a new epoch of the journal before Start: numbers count from 1 again. A sealed journal is
// named. It, and a new computer in the place of another, leave every place unverified.
func (m *Machine) Epoch(epoch uint64, reason, sealed string, now Instant) Outcome {
	m.pos = wire.Position{Epoch: epoch}
	m.sealed = sealed
	jump := m.open(now)
	m.must(locker.BeginEpoch{ // the first record, whatever the clock says
		Reason: reason, Sealed: sealed, Audit: sealed != "" || reason == journal.ReasonReplacement,
	})
	m.doubt(jump)
	return m.finish()
}

// Start ends what a restart left open. seen is what the sensors say now; nothing was pulsed, and
// nothing will be before somebody asks.
func (m *Machine) Start(seen map[locker.PlaceID]locker.Sighting, now Instant) Outcome {
	m.begin(now)
	m.openings = openings{}
	m.due = now.MonoMS
	m.recallPulses()
	m.guessesStale = true
	m.codes.setKeys(m.keys)
	m.codes.sync(m.state)
	m.must(locker.Start{Boot: now.Boot, Version: m.opts.Version, Seen: seen})
	m.reassigned()
	m.checkLayout()
	return m.finish()
}

// Step answers one event.
func (m *Machine) Step(ev Event, now Instant) Outcome {
	m.begin(now)
	m.out.Reply.Value = struct{}{}
	switch e := ev.(type) {
	case HomeAsked:
		m.out.Reply.Value = m.home(m.panel(e.Panel))
	case CodeEntered, TurnAsked, PanelActed:
		m.stepPanel(ev)
	case BoardRead:
		m.boardRead(e)
	case BoardFailed:
		m.boardFailed(e)
	case Pulsed:
		m.pulsed(e)
	case Ticked:
		m.tick()
	case DirectoryChanged:
		m.changeDirectory(e)
	case DirectoryReplaced:
		m.rev++
		m.state.Directory, m.keys = e.Directory, e.Keys
		m.directoryChanged(true)
	case IntentsArrived:
		m.handleIntents(e)
	case LinkChanged:
		if m.online != e.Online {
			m.online, m.since = e.Online, m.at
		}
	case ServerTime:
		m.serverTime(e.At)
	case Outrun:
		m.must(locker.DoubtAll{})
	case DiskChecked:
		m.checkDisk(e.Full)
	case StatusAsked:
		m.out.Reply.Value = m.status()
	case CommissionAsked:
		m.commission(e)
	}
	return m.finish()
}

// begin opens a step.
func (m *Machine) begin(now Instant) { m.doubt(m.open(now)) }

// open sets the moment of a step, and returns by how much the wall clock jumped.
func (m *Machine) open(now Instant) time.Duration {
	m.now, m.out = now, &Outcome{}
	jump := m.clock.advance(now, !m.state.Matter.Clock, m.state.Matter.Latest)
	m.at = m.clock.at
	m.pace.advance(now.Boot, now.MonoMS, m.at)
	return jump
}

// doubt records that the wall clock jumped.
func (m *Machine) doubt(jump time.Duration) {
	if jump != 0 {
		m.dueAt(m.now.MonoMS)
		m.must(locker.DoubtClock{JumpMS: jump.Milliseconds()})
	}
}

// finish closes a step: pulses that the governor lets through, what panels show, what is watched.
func (m *Machine) finish() Outcome {
	m.pump()
	m.showPanels()
	m.watch()
	out := *m.out
	m.out = nil
	return out
}

// decide runs commands and records all their facts as one operation. The facts of commands before
// one that fails are recorded; the error is returned.
func (m *Machine) decide(annex wire.Annex, commands ...locker.Command) error {
	var facts []locker.Fact
	var failed error
	for _, c := range commands {
		got, err := locker.Decide(m.state, c, m.at)
		if err != nil {
			failed = err
			break
		}
		for _, f := range got {
			locker.Evolve(m.state, f, m.at)
		}
		facts = append(facts, got...)
	}
	m.record(facts, annex)
	return failed
}

// must runs commands that the rules never refuse; if they do, nothing happens.
func (m *Machine) must(commands ...locker.Command) {
	_ = m.decide(nil, commands...) // these commands say what was seen: there is nobody to tell
}

// maxFacts is the most facts of one operation; only a start has more to say, and says it in several.
const maxFacts = wire.MaxFacts / 2

// record makes an operation of facts that are folded in already, and follows them.
func (m *Machine) record(facts []locker.Fact, annex wire.Annex) {
	if len(facts) == 0 {
		return
	}
	m.rev++
	for part := range slices.Chunk(facts, maxFacts) {
		m.pos.Number++
		op := Operation{Annex: annex, Operation: wire.Operation{
			Site: m.opts.Site, Epoch: m.pos.Epoch, Number: m.pos.Number, Boot: m.now.Boot, MonoMS: m.now.MonoMS,
			WallMS: int64(m.at), ClockTrusted: !m.state.Matter.Clock, Facts: part,
		}}
		m.out.Operations = append(m.out.Operations, op)
		annex = nil
	}
	for _, f := range facts {
		m.followCode(f)
		m.followOpening(f)
		m.followCommission(f)
		m.followDue(f)
		if open, ok := f.(locker.OpenRequested); ok && open.Cause == locker.CauseRemote {
			m.learn(f, m.at)
		}
	}
	m.followPanels(facts)
}

// followCode keeps the index of codes true to the stays.
func (m *Machine) followCode(f locker.Fact) {
	var id locker.StayID
	switch f := f.(type) {
	case locker.DepositBegun:
		id = f.Stay
	case locker.DepositUndone:
		id = f.Stay
	case locker.ParcelCollected:
		id = f.Stay
	case locker.ParcelRemoved:
		id = f.Stay
	case locker.CodeReissued:
		id = f.Stay
	case locker.ProblemReported: // a report brings a stay back
		id = f.Stay
	}
	if st := m.state.Matter.Stays[id]; st != nil {
		m.guessesStale = true
		m.codes.putStay(m.state, st)
	}
}

func (m *Machine) changeDirectory(e DirectoryChanged) {
	m.rev++
	d := m.state.Directory
	layout := false
	for _, c := range e.Changes {
		if err := wire.ApplyChange(d, m.keys, c); err != nil {
			m.must(locker.RaiseFault{Fault: locker.FaultLayout, Part: "directory"})
			continue
		}
		if c.Kind == wire.KindLayout {
			layout = true
			m.must(locker.ClearFault{Fault: locker.FaultLayout, Part: "directory"})
		}
	}
	d.Rev = max(d.Rev, e.Rev)
	m.directoryChanged(layout)
}

// directoryChanged follows a directory that is not what it was.
func (m *Machine) directoryChanged(layout bool) {
	if layout {
		m.learnLayout()
		m.checkLayout()
		m.out.Effects = append(m.out.Effects, Relaid{})
	}
	m.guessesStale = true
	m.codes.setKeys(m.keys)
	m.codes.sync(m.state)
	m.must(locker.ApplyDirectory{Rev: m.state.Directory.Rev})
	m.reassigned()
	m.endRevoked()
}

// reassigned gives a new code to every stay that the cloud made somebody else's, or whose code was
// lost: whoever has the old one has nothing from here on. Without a key to make one the old code is over all the same.
func (m *Machine) reassigned() {
	for _, st := range m.state.Matter.Live() {
		if !m.state.CodeElsewhere(st) {
			continue
		}
		holder, _ := m.state.Holder(st)
		key, from := m.state.Directory.Site.Key, st.Generation+1
		if st.Recipient == "" && st.CodeFor == "" { // nobody was ever told its code
			key, from = st.Key, st.Generation
		}
		generation, _, err := m.codes.next(key, "stay:"+string(st.ID), from)
		if err != nil {
			continue // the directory that brings the key comes by here again
		}
		m.must(locker.Reissue{
			Stay: st.ID, Key: key, Generation: generation, By: locker.Actor{Kind: locker.ActorSite}, For: holder,
		})
		m.endOldCode(st.ID)
	}
}

// endRevoked ends the turns of couriers and staff whose access was taken back, and of residents whose
// parcel was.
func (m *Machine) endRevoked() {
	for _, id := range m.panelIDs {
		p := m.panels[id]
		over := false
		switch p.role {
		case RoleCourier:
			c, known := m.state.Directory.Couriers[locker.CourierID(p.actor.ID)]
			over = !known || c.Revoked
		case RoleStaff:
			s, known := m.state.Directory.Staff[m.staffOf(p)]
			over = !known || s.Revoked
		case RoleResident:
			st := m.state.Matter.Stays[p.shownTo]
			over = st != nil && (m.state.Revoked(st) || p.pass == "" && !m.holds(p.actor, st) ||
				p.pass != "" && m.state.Directory.Grants[p.pass].Revoked)
		case RoleNone:
		}
		if over && p.session != "" {
			_ = m.endTurn(p, "replaced") // only says that the session is over already
		}
	}
}

func (m *Machine) holds(who locker.Actor, st *locker.Stay) bool {
	holder, _ := m.state.Holder(st)
	return who.ID == string(holder)
}

func (m *Machine) serverTime(server locker.Millis) {
	offset, matters := m.clock.correct(server, !m.state.Matter.Clock)
	m.at = max(m.at, m.clock.at)
	if matters {
		m.dueAt(m.now.MonoMS)
		m.must(locker.TrustClock{OffsetMS: offset})
	}
}

func (m *Machine) checkDisk(full bool) {
	m.diskFull = full
	if full {
		m.must(locker.RaiseFault{Fault: locker.FaultDisk, Part: "disk"})
		return
	}
	m.must(locker.ClearFault{Fault: locker.FaultDisk, Part: "disk"})
}

// tick does what time alone brings about.
func (m *Machine) tick() {
	m.tickOpenings()
	m.tickDoors()
	m.tickStays()
	m.tickCounters()
	m.tickPanels()
	m.tickCommission()
	m.findDue()
}

func (m *Machine) tickStays() {
	if swept := m.state.Matter.Swept; swept != m.swept { // ended stays were forgotten: so are their codes
		m.swept = swept
		m.codes.forget(m.state)
	}
	undo := seconds(m.state.Directory.Policy.UndoSeconds)
	closed := func(st *locker.Stay) bool {
		return st.State == locker.StayStored && !st.Settled && m.at > st.StoredAt.Add(undo) &&
			m.state.Matter.PlaceState(st.Place).Request == "" // else its courier looks into it again
	}
	some := false
	m.state.Matter.EachLive(func(st *locker.Stay) { some = some || closed(st) })
	if some {
		for _, st := range m.state.Matter.Live() {
			if closed(st) {
				m.must(locker.Settle{Stay: st.ID})
			}
		}
	}
	for _, id := range m.state.Directory.PlaceIDs() {
		if ps := m.state.Matter.Places[id]; ps != nil && ps.Reserved.ID != "" && ps.Reserved.Until <= m.at {
			m.must(locker.EndReservation{Reservation: ps.Reserved.ID, Reason: "expired"})
		}
	}
	if until := m.state.Matter.Service; until != 0 && until <= m.at {
		m.must(locker.EndService{Reason: "expired"})
	}
}

// id returns a fresh id.
func (m *Machine) id() string { return m.opts.NewID() }

// note puts a text into an annex and returns its reference; an empty text has none.
func (m *Machine) note(annex wire.Annex, text string) locker.AnnexRef {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	ref := locker.AnnexRef(m.id())
	annex[ref] = limitText(text)
	return ref
}

// maxNote is the most bytes of one text in an annex: a reason or a tracking number, not a novel.
const maxNote = 500

func limitText(text string) string {
	if len(text) <= maxNote {
		return text
	}
	return strings.ToValidUTF8(text[:maxNote], "")
}

// driven reports whether this controller drives a bus.
func (m *Machine) driven(bus string) bool { return slices.Contains(m.opts.Buses, bus) }

// Rebase takes the state of a fresh machine over the same record, because what this one last decided
// was not recorded: lost are those outcomes, whose pulses were not sent. What is known of boards,
// panels and pulses in flight stays.
func (m *Machine) Rebase(fresh *Machine, lost []Outcome) {
	for _, out := range lost {
		for _, e := range out.Effects {
			p, ok := e.(Pulse)
			if x := m.openings.find(p.Request); ok && x != nil {
				m.governor.End(x.place.Bank, m.now.MonoMS)
				x.sent = false // asked again if its request is on record, else forgotten below
			}
		}
	}
	// Guesses that were evaluated but not recorded stay spent: on a full disk nobody guesses for ever.
	m.budget.Absorb(fresh.budget.State())
	m.state, m.keys, m.pos = fresh.state, fresh.keys, fresh.pos
	m.pace.At, m.guessesStale = max(m.pace.At, fresh.pace.At), true
	m.rev++
	m.due = m.now.MonoMS + tickEvery.Milliseconds() // at once it would only fail again
	m.learnLayout()
	m.codes.setKeys(m.keys)
	m.codes.sync(m.state)
	m.openings = slices.DeleteFunc(m.openings, func(x *opening) bool {
		return m.state.Matter.Requests[x.request] == nil && (!x.sent || x.done)
	})
	for _, r := range m.state.Matter.Open() {
		pl, ok := m.state.Directory.Place(r.Place)
		if x := m.openings.find(r.ID); !ok || r.Opened || x != nil {
			continue
		}
		m.openings = append(m.openings, &opening{ // its end was not recorded: it ends again
			request: r.ID, place: pl, cause: r.Cause, attempt: locker.MaxAttempts, first: m.now.MonoMS,
			asked: m.now.MonoMS, sent: true, done: true, doneAt: m.now.MonoMS, deadline: m.now.MonoMS,
		})
	}
	for _, id := range m.panelIDs {
		p := m.panels[id]
		if p.session != "" && m.state.Matter.Sessions[p.session] == nil {
			p.turn = turn{step: StepHome}
		} else if p.session != "" && m.state.Matter.Requests[p.request] == nil {
			m.settlePanel(p)
		}
	}
}

// settlePanel brings a turn whose door was never asked for back to where something can be done.
func (m *Machine) settlePanel(p *panel) {
	switch p.role {
	case RoleCourier:
		p.parcel, p.step = parcelAtHand{}, StepCourierReady
	case RoleStaff:
		p.step = StepStaffMenu
	case RoleResident:
		m.residentNext(p)
	case RoleNone:
	}
}
