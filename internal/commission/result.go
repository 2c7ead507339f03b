package commission

import (
	"slices"
	"time"

	"cubby/internal/locker"
)

// DoorState is how a door stands in the test. The zero value is invalid.
type DoorState string

// The states of a door in the test.
const (
	DoorWaiting DoorState = "waiting" // not tested yet
	DoorGood    DoorState = "good"
	DoorFaulty  DoorState = "faulty"  // at least one finding names it
	DoorSkipped DoorState = "skipped" // not tested
)

// Door is one line of the list of doors.
type Door struct {
	Label  string
	Size   locker.Size
	Output locker.Output // that opens it, else as planned
	State  DoorState
	Kinds  []Kind // of the findings that name it
}

// Doors lists all doors with their results: the planned ones in the plan's order, then the others in
// the order in which they were found.
func (w *Walk) Doors() []Door {
	findings := w.Findings()
	var list []Door
	for _, p := range w.doors() {
		at, ok := w.found(p.Name)
		if !ok {
			at = p.Compartment.Output
		}
		d := Door{Label: p.Name, Size: p.Compartment.Size, Output: at, State: DoorWaiting}
		switch {
		case ok:
			d.State = DoorGood
		case w.skipped(at) || w.muted(at):
			d.State = DoorSkipped
		case w.tested(p.Compartment.Output):
			d.State = DoorFaulty
		}
		list = append(list, d)
	}
	for _, r := range w.records {
		if !r.Answer.one() {
			continue
		}
		label := r.Answer.Labels[0]
		if _, planned := w.planned(label); !planned && !slices.ContainsFunc(list, func(d Door) bool { return sameLabel(d.Label, label) }) {
			list = append(list, Door{Label: label, Size: r.Answer.Size, Output: r.Output, State: DoorGood})
		}
	}
	for i := range list {
		mark(&list[i], findings)
	}
	return list
}

func mark(d *Door, findings []Finding) {
	for _, f := range findings {
		if f.Kind.Fault() && slices.Contains(f.Doors, d.Label) {
			d.Kinds = append(d.Kinds, f.Kind)
			if d.State == DoorGood || d.State == DoorWaiting && f.Kind != KindUntested {
				d.State = DoorFaulty
			}
		}
	}
}

// Tally counts a walk's doors.
type Tally struct {
	Good, Faulty, Skipped, Waiting int
}

// Tally counts the doors by their state.
func (w *Walk) Tally() Tally {
	var t Tally
	for _, d := range w.Doors() {
		switch d.State {
		case DoorWaiting:
			t.Waiting++
		case DoorGood:
			t.Good++
		case DoorFaulty:
			t.Faulty++
		case DoorSkipped:
			t.Skipped++
		}
	}
	return t
}

// Sheet is what is handed over: printed, signed by hand, kept.
type Sheet struct {
	Site      string // as the installer calls it
	Installer string // a name; it stands here and in no record
	Session   locker.SessionID
	Began     time.Time
	Ended     time.Time // of the last door
	Boards    []Board
	Doors     []Door
	Findings  []Finding
	Record    RecordHead
}

// RecordHead names the record that the openings of a walk stand in.
type RecordHead struct {
	Site  string
	Epoch uint64
	Size  uint64 // number of the last record
	Root  string // of the Merkle tree, base64
	Key   string // public key of the controller, base64: cubby verify --site-key
}

// Sheet returns the sheet of a walk as it stands.
func (w *Walk) Sheet() Sheet {
	s := Sheet{Began: w.started, Boards: w.plan.Boards, Doors: w.Doors(), Findings: w.Findings()}
	for _, r := range w.records {
		if r.Ended.After(s.Ended) {
			s.Ended = r.Ended
		}
	}
	return s
}
