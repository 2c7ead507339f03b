package controller_test

import (
	"errors"
	"testing"
	"time"

	"cubby/board"
	"cubby/internal/controller"
	"cubby/internal/credential"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// noon is when the tests at the machine begin.
const noon = locker.Millis(1_780_000_000_000)

// lab is a machine without a run loop: the test is the loop, the clock and the doors.
type lab struct {
	t     testing.TB
	m     *controller.Machine
	ids   *ids
	dir   []wire.Change
	ms    int64 // true time
	since int64 // of ms, where the monotonic clock of this boot began
	snap  []byte
	skew  locker.Millis
	boot  string
	ops   []controller.Operation
	doors [64]board.State
	still map[uint8]bool // doors that do not open
	sent  []controller.Pulse
	other []controller.Effect // not pulses, readings or panels
}

func newLab(tb testing.TB, doors int, more ...wire.Change) *lab {
	tb.Helper()
	dir := directoryOf(tb, layoutOf(doors, latchOnly()))
	for _, c := range more {
		c.Rev = uint64(len(dir) + 1)
		dir = append(dir, c)
	}
	l := &lab{t: tb, ids: &ids{}, dir: dir, boot: "boot1", still: map[uint8]bool{}}
	for i := range l.doors {
		l.doors[i] = board.StateClosed
	}
	l.restart()
	return l
}

// restart begins a new boot over the same record.
func (l *lab) restart() {
	l.t.Helper()
	d, keys := locker.NewDirectory(), wire.NewKeys()
	for _, c := range l.dir {
		if err := wire.ApplyChange(d, keys, c); err != nil {
			l.t.Fatal(err)
		}
	}
	m, err := controller.NewMachine(controller.MachineOptions{
		Site: siteID, Version: "test", NewID: l.ids.next, Buses: []string{"a"}, ProofKey: keyOf(l.t, "proofs"),
	}, d, keys, l.snapshot())
	if err != nil {
		l.t.Fatal(err)
	}
	l.m = m
	for _, op := range l.ops {
		m.Replay(op.Operation)
	}
	l.boot += "'"
	if len(l.ops) == 0 {
		l.take(m.Epoch(1, "first start", "", l.now()))
	}
	seen := map[controller.BoardRef][]locker.Sighting{}
	for _, ref := range m.Boards() {
		for i := range 24 {
			s := locker.Sighting{Door: locker.DoorShut}
			if l.doors[(int(ref.Board)-1)*24+i] == board.StateOpen {
				s.Door = locker.DoorAjar
			}
			seen[ref] = append(seen[ref], s)
		}
	}
	l.take(m.Start(m.Sighted(seen), l.now()))
	l.look()
	l.pass(2 * time.Second)
}

// snapshot is what the machine begins with: nothing, unless a test kept one.
func (l *lab) snapshot() controller.Snapshot {
	if l.snap == nil {
		return controller.Snapshot{}
	}
	snap, err := controller.DecodeSnapshot(l.snap)
	if err != nil {
		l.t.Fatal(err)
	}
	return snap
}

func (l *lab) now() controller.Instant {
	return controller.Instant{Boot: l.boot, MonoMS: l.ms - l.since, Wall: noon + locker.Millis(l.ms) + l.skew}
}

// take makes an outcome durable and runs its effects: a pulse opens its door at once.
func (l *lab) take(out controller.Outcome) controller.Reply {
	l.ops = append(l.ops, out.Operations...)
	for _, e := range out.Effects {
		switch e := e.(type) {
		case controller.Pulse:
			l.sent = append(l.sent, e)
			if !l.still[e.Output.Channel] {
				l.doors[(int(e.Output.Board)-1)*24+int(e.Output.Channel)-1] = board.StateOpen
			}
			l.step(controller.Pulsed{Request: e.Request, Result: controller.PulseSent})
			l.look()
		case controller.Read, controller.PanelChanged, controller.Watching, controller.Relaid:
		default:
			l.other = append(l.other, e)
		}
	}
	return out.Reply
}

func (l *lab) step(ev controller.Event) controller.Reply { return l.take(l.m.Step(ev, l.now())) }

// look reads all boards twice, as a change counts only then.
func (l *lab) look() {
	for range 2 {
		for _, ref := range l.m.Boards() {
			from := (int(ref.Board) - 1) * 24
			l.step(controller.BoardRead{Bus: ref.Bus, Board: ref.Board, Reading: board.Reading{Doors: l.doors[from : from+24]}})
		}
	}
}

// pass lets time pass in ticks of a second.
func (l *lab) pass(d time.Duration) {
	for end := l.ms + d.Milliseconds(); l.ms < end; {
		l.ms += 1000
		l.look()
		l.tick()
	}
}

// tick lets time act, and holds what Wakeup says of it: before that moment a tick does nothing.
func (l *lab) tick() {
	l.t.Helper()
	due := l.m.Wakeup()
	out := l.m.Step(controller.Ticked{}, l.now())
	if done := len(out.Operations); l.ms < due && done > 0 {
		l.t.Errorf("at %d ms a tick made %d operations, first %v, and the next was due at %d ms",
			l.ms, done, out.Operations[0].Facts, due)
	}
	l.take(out)
}

func (l *lab) enter(in controller.Input) (controller.Turn, error) {
	r := l.step(controller.CodeEntered{Panel: panelID, Input: in})
	return l.turn(), r.Err
}

func (l *lab) code(subject string, generation uint32) controller.Input {
	return controller.Input{Code: l.credential(subject, generation).Symbols()}
}

func (l *lab) credential(subject string, generation uint32) credential.Credential {
	return credential.Derive(keyOf(l.t, "codes"), subject, generation)
}

func (l *lab) turn() controller.Turn {
	turn, ok := l.step(controller.TurnAsked{Panel: panelID}).Value.(controller.Turn)
	if !ok {
		l.t.Fatal("no turn")
	}
	return turn
}

func (l *lab) act(act controller.Act) (controller.Turn, error) {
	r := l.step(controller.PanelActed{Panel: panelID, Act: act})
	return l.turn(), r.Err
}

func (l *lab) must(act controller.Act) controller.Turn {
	l.t.Helper()
	turn, err := l.act(act)
	if err != nil {
		l.t.Fatalf("%T: %v (step %s)", act, err, turn.Step)
	}
	return turn
}

// shut shuts the door that the panel shows.
func (l *lab) shut() controller.Turn {
	l.t.Helper()
	turn := l.turn()
	if turn.Step != controller.StepOpen {
		l.t.Fatalf("step %s, want an open door", turn.Step)
	}
	l.close(turn.Door.Place)
	return l.turn()
}

func (l *lab) close(id locker.PlaceID) {
	p, _ := l.m.State().Directory.Place(id)
	o := p.Compartment.Output
	l.ms += 2000
	l.doors[(int(o.Board)-1)*24+int(o.Channel)-1] = board.StateClosed
	l.look()
}

func (l *lab) signIn() {
	l.t.Helper()
	if turn, err := l.enter(l.code("courier:c1", 1)); err != nil || turn.Role != controller.RoleCourier {
		l.t.Fatalf("courier signs in: %s, %v", turn.Role, err)
	}
}

// choose scans a parcel and finds its recipient.
func (l *lab) choose(who string) {
	l.t.Helper()
	l.must(controller.ScanParcel{Tracking: "1Z"})
	turn := l.must(controller.FindRecipient{Text: who})
	l.must(controller.ChooseRecipient{Ref: turn.Matches[0].Ref})
}

// drop stores a parcel; the courier is signed in.
func (l *lab) drop(who string, size locker.Size) (locker.StayID, locker.PlaceID) {
	l.t.Helper()
	l.choose(who)
	turn := l.must(controller.ChooseSize{Size: size})
	if turn.Step != controller.StepOpen {
		l.pass(2 * time.Second) // the governor's second
		turn = l.turn()
	}
	place := turn.Door.Place
	l.shut()
	live := l.m.State().Matter.Live()
	return live[len(live)-1].ID, place
}

func (l *lab) facts(kind string) []locker.Fact {
	var found []locker.Fact
	for _, op := range l.ops {
		for _, f := range op.Facts {
			if f.Kind() == kind {
				found = append(found, f)
			}
		}
	}
	return found
}

// intent hands one intent over and returns the site's answer.
func (l *lab) intent(in wire.Intent) locker.IntentAnswered {
	l.t.Helper()
	l.step(controller.IntentsArrived{Fresh: []wire.Intent{in}})
	answers := l.facts("intent_answered")
	if len(answers) == 0 {
		l.t.Fatal("the intent was not answered")
	}
	last, _ := answers[len(answers)-1].(locker.IntentAnswered)
	if last.Intent != in.ID {
		l.t.Fatalf("the last answer is to %s, want %s", last.Intent, in.ID)
	}
	return last
}

func wantErr(t *testing.T, err error, code locker.Code) {
	t.Helper()
	if !errors.Is(err, &locker.Error{Code: code}) {
		t.Errorf("error %v, want %s", err, code)
	}
}
