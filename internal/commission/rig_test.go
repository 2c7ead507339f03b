package commission_test

import (
	"fmt"
	"slices"
	"time"

	"cubby/board"
	"cubby/internal/commission"
	"cubby/internal/locker"
)

// start is when every walk of these tests begins.
func start() time.Time { return time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC) }

// rig is a cabinet as it is really wired, and an honest person in front of it.
type rig struct {
	boards []commission.Board
	lock   map[locker.Output][]string // labels of the doors that a pulse opens
	sensor map[string]locker.Output   // channel on which a door's sensor hangs; none: it has none
	shut   map[locker.Output]board.State
	late   map[string]time.Duration
	silent map[string]bool // bus/address
	refuse map[locker.Output]bool
	full   map[string]bool // doors with something inside
}

func out(addr, ch int) locker.Output {
	return locker.Output{Bus: "left", Board: uint8(addr), Channel: uint8(ch)}
}

func seeing(n, channels int) []commission.Board {
	var boards []commission.Board
	for i := 1; i <= n; i++ {
		boards = append(boards, commission.Board{
			Bus: "left", Address: uint8(i), Family: "rs485", Channels: channels, Sees: true, Presence: board.PresenceOne,
			Polarity: "closing", Other: "opening",
		})
	}
	return boards
}

// newRig wires a layout as planned.
func newRig(boards []commission.Board, l locker.Layout) *rig {
	r := &rig{
		boards: boards, lock: map[locker.Output][]string{}, sensor: map[string]locker.Output{},
		shut: map[locker.Output]board.State{}, late: map[string]time.Duration{}, silent: map[string]bool{},
		refuse: map[locker.Output]bool{}, full: map[string]bool{},
	}
	for _, p := range l.Places() {
		if p.Kind == locker.PlaceCompartment {
			r.lock[p.Compartment.Output] = []string{p.Name}
			r.sensor[p.Name] = p.Compartment.Output
		}
	}
	for _, b := range boards {
		for ch := 1; ch <= b.Channels; ch++ {
			r.shut[out(int(b.Address), ch)] = board.StateClosed
		}
	}
	return r
}

func (r *rig) rest() []commission.Reading {
	var list []commission.Reading
	for o, s := range r.shut {
		list = append(list, commission.Reading{Output: o, State: s})
	}
	return list
}

// swap exchanges what two outputs open, and their sensors too when they share a cable.
func (r *rig) swap(a, b locker.Output, sensors bool) {
	x, y := r.lock[a][0], r.lock[b][0]
	r.lock[a], r.lock[b] = []string{y}, []string{x}
	if sensors {
		r.sensor[x], r.sensor[y] = r.sensor[y], r.sensor[x]
	}
}

// pulse is what boards tell of a pulse.
func (r *rig) pulse(o locker.Output) (commission.Sight, []string) {
	part := locker.PartBoard(o.Bus, o.Board)
	if r.silent[part] {
		return commission.Sight{Result: commission.ResultSilent}, nil
	}
	if r.refuse[o] {
		return commission.Sight{Result: commission.ResultRefused, Heard: true}, nil
	}
	s := commission.Sight{Result: commission.ResultSent, Heard: true}
	for _, label := range r.lock[o] {
		at, ok := r.sensor[label]
		if !ok {
			continue
		}
		b := slices.IndexFunc(r.boards, func(b commission.Board) bool { return b.Address == at.Board })
		if !r.boards[b].Sees {
			continue
		}
		to := board.StateOpen
		if r.shut[at] == board.StateOpen {
			to = board.StateClosed
		}
		s.Moves = append(s.Moves, commission.Move{Output: at, To: to, After: 300*time.Millisecond + r.late[label]})
	}
	return s, r.lock[o]
}

// says is what the person answers who sees these doors open.
func says(step commission.Step, opened []string) commission.Answer {
	switch {
	case len(opened) == 0:
		return commission.Answer{Kind: commission.AnswerNothing}
	case len(opened) > 1:
		return commission.Answer{Kind: commission.AnswerSeveral, Labels: opened}
	case opened[0] == step.Door:
		return commission.Answer{Kind: commission.AnswerYes}
	}
	return commission.Answer{Kind: commission.AnswerOther, Labels: opened}
}

// walk goes through the whole walk, eight seconds for each question.
func (r *rig) walk(t tester, w *commission.Walk) time.Time {
	t.Helper()
	now := start()
	for range 2000 {
		step := w.Next()
		switch step.Kind {
		case commission.StepDone:
			return now
		case commission.StepConfirm, commission.StepAsk:
			t.Fatalf("nobody asked for %+v", step)
		case commission.StepOpen:
		}
		r.step(t, w, step, &now)
	}
	t.Fatal("the walk does not end")
	return now
}

func (r *rig) step(t tester, w *commission.Walk, step commission.Step, now *time.Time) {
	t.Helper()
	must(t, w.Begin(*now))
	if r.full[step.Door] && !step.Confirm {
		must(t, w.Occupied())
		*now = now.Add(8 * time.Second)
		must(t, w.Answer(commission.Answer{Kind: commission.AnswerConfirm}, *now))
		return
	}
	sight, opened := r.pulse(step.Output)
	*now = now.Add(2 * time.Second)
	done, err := w.Saw(sight, *now)
	must(t, err)
	if done {
		return
	}
	*now = now.Add(8 * time.Second)
	must(t, w.Answer(says(step, opened), *now))
}

func must(t tester, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func planned(t tester, columns []int, boards []commission.Board) locker.Layout {
	t.Helper()
	l, err := commission.PlanColumns(columns, boards)
	must(t, err)
	return l
}

// wiring is what a layout says: label => output.
func wiring(l locker.Layout) map[string]locker.Output {
	m := map[string]locker.Output{}
	for _, p := range l.Places() {
		if p.Kind == locker.PlaceCompartment {
			m[p.Name] = p.Compartment.Output
		}
	}
	return m
}

// told lists findings as "kind A03,A04".
func told(findings []commission.Finding) []string {
	var list []string
	for _, f := range findings {
		doors := slices.Clone(f.Doors)
		slices.Sort(doors)
		line := string(f.Kind)
		if len(doors) > 0 {
			line += fmt.Sprintf(" %v", doors)
		}
		list = append(list, line)
	}
	return list
}

// tester is what rapid and the standard library have in common.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}
