package commission

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"cubby/board"
	"cubby/internal/locker"
)

// slowAfter is how late a sensor may follow its pulse: a latch of the trade springs within half a
// second, and a poll comes every 100 ms.
const slowAfter = 1500 * time.Millisecond

// Kind is what a finding is. The zero value is invalid. Each has two sentences in the catalogues:
// service.finding.KIND says what was found, service.todo.KIND what to do.
type Kind string

// The kinds of finding, the worst first.
const (
	KindSharedAddress Kind = "shared_address" // two boards answer to one address
	KindSilentBoard   Kind = "silent_board"   // no answer from a board
	KindTwoDoors      Kind = "two_doors"      // one output opens two doors
	KindTwoOutputs    Kind = "two_outputs"    // two outputs open the door of one label: a label twice, or misread
	KindCrossedDoors  Kind = "crossed_doors"  // doors hang on each other's outputs
	KindMovedDoor     Kind = "moved_door"     // a door hangs on an output where none was planned
	KindNoChannel     Kind = "no_channel"     // no output opens a planned door
	KindStuck         Kind = "stuck"          // the pulse was sent, nothing moved
	KindHeld          Kind = "held"           // the lock let go, the door did not come open
	KindRefused       Kind = "refused"        // the board said no
	KindRange         Kind = "range"          // the board has no such output
	KindExtraDoor     Kind = "extra_door"     // a door that the plan does not know
	KindPolarity      Kind = "polarity"       // all sensors of a board say the opposite: a setting
	KindInverted      Kind = "inverted"       // one sensor says the opposite
	KindCrossedSensor Kind = "crossed_sensor" // a lock and its sensor hang on different channels
	KindDeadSensor    Kind = "dead_sensor"    // the door opened, its sensor did not move
	KindStraySensor   Kind = "stray_sensor"   // another sensor moved too
	KindSlow          Kind = "slow"           // the door came late
	KindUntested      Kind = "untested"       // skipped, or not reached
	KindSpare         Kind = "spare"          // outputs without a door: no fault
)

// Kinds lists every kind, the worst first.
func Kinds() []Kind {
	return []Kind{
		KindSharedAddress, KindSilentBoard, KindTwoDoors, KindTwoOutputs, KindCrossedDoors, KindMovedDoor, KindNoChannel,
		KindStuck, KindHeld, KindRefused, KindRange, KindExtraDoor, KindPolarity, KindInverted, KindCrossedSensor,
		KindDeadSensor, KindStraySensor, KindSlow, KindUntested, KindSpare,
	}
}

// Fault reports whether something must be mended or looked at before the bank is handed over.
func (k Kind) Fault() bool { return k != KindSpare }

// Finding is one thing that a walk found. Doors are labels; Outputs belong to them in the same order
// where there is one for each.
type Finding struct {
	Kind    Kind            `json:"kind"`
	Doors   []string        `json:"doors,omitempty"`
	Outputs []locker.Output `json:"outputs,omitempty"`
	Board   string          `json:"board,omitempty"` // bus/address, of a finding about a board
	Setting string          `json:"setting,omitempty"`
	From    string          `json:"from,omitempty"` // value of the setting
	To      string          `json:"to,omitempty"`   // what it should be
	Late    time.Duration   `json:"late,omitempty"` // of KindSlow
}

// Findings derives what is wrong from what was tested so far, the worst first. Doors that are still
// to be tested are findings only once the walk is done.
func (w *Walk) Findings() []Finding {
	var all []Finding
	all = append(all, w.boardFindings()...)
	all = append(all, w.wiringFindings()...)
	for _, r := range w.records {
		all = append(all, w.recordFindings(r)...)
	}
	all = append(all, w.sensorFindings()...)
	all = append(all, w.restFindings()...)
	order := Kinds()
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind))
	})
	return all
}

func partOf(bus string, addr uint8) string { return locker.PartBoard(bus, addr) }

// boardFindings are those about a board as a whole: its address, its silence.
func (w *Walk) boardFindings() []Finding {
	var all []Finding
	for _, b := range w.plan.Boards {
		part := partOf(b.Bus, b.Address)
		doubles := w.doubles(b)
		switch {
		case b.Presence == board.PresenceSeveral || len(doubles) > 1:
			f := Finding{Kind: KindSharedAddress, Board: part}
			for _, r := range doubles {
				f.Doors, f.Outputs = append(f.Doors, r.Answer.Labels...), append(f.Outputs, r.Output)
			}
			all = append(all, f)
		case len(doubles) == 1:
			all = append(all, Finding{
				Kind: KindTwoDoors, Doors: doubles[0].Answer.Labels, Outputs: []locker.Output{doubles[0].Output}, Board: part,
			})
		}
		if !b.Answers() || w.muted(b.output(1)) {
			all = append(all, Finding{Kind: KindSilentBoard, Board: part, Doors: w.doorsOn(b)})
		}
	}
	return append(all, w.absentBoards()...)
}

// absentBoards are boards that the plan names and no probe found.
func (w *Walk) absentBoards() []Finding {
	var all []Finding
	for _, p := range w.doors() {
		o := p.Compartment.Output
		if _, known := w.boardOf(o); known {
			continue
		}
		part := partOf(o.Bus, o.Board)
		i := slices.IndexFunc(all, func(f Finding) bool { return f.Board == part })
		if i < 0 {
			all, i = append(all, Finding{Kind: KindSilentBoard, Board: part}), len(all)
		}
		all[i].Doors = append(all[i].Doors, p.Name)
	}
	return all
}

// doubles are the records of a board where one pulse opened several doors.
func (w *Walk) doubles(b Board) []Record {
	var found []Record
	for _, r := range w.records {
		if r.Answer.Kind == AnswerSeveral && r.Output.Bus == b.Bus && r.Output.Board == b.Address {
			found = append(found, r)
		}
	}
	return found
}

func (w *Walk) doorsOn(b Board) []string {
	var names []string
	for _, p := range w.doors() {
		if o := p.Compartment.Output; o.Bus == b.Bus && o.Board == b.Address {
			names = append(names, p.Name)
		}
	}
	return names
}

// wiringFindings compare the plan with which output opened which door. Doors that swapped among
// themselves are one finding that names them all.
func (w *Walk) wiringFindings() []Finding {
	var all []Finding
	done := map[string]bool{}
	for _, p := range w.doors() {
		at, ok := w.found(p.Name)
		if !ok || at == p.Compartment.Output || done[p.Name] {
			continue
		}
		ring, closed := w.ring(p)
		if !closed {
			all = append(all, Finding{Kind: KindMovedDoor, Doors: []string{p.Name}, Outputs: []locker.Output{at}})
			continue
		}
		f := Finding{Kind: KindCrossedDoors}
		for _, door := range ring {
			done[door.Name] = true
			output, _ := w.found(door.Name)
			f.Doors, f.Outputs = append(f.Doors, door.Name), append(f.Outputs, output)
		}
		all = append(all, f)
	}
	return append(all, w.twoOutputs()...)
}

// ring follows a door to the one whose output it hangs on, and so on, until it closes.
func (w *Walk) ring(first locker.Place) (ring []locker.Place, closed bool) {
	at := first
	for range len(w.doors()) {
		ring = append(ring, at)
		output, ok := w.found(at.Name)
		if !ok {
			return ring, false
		}
		next, ok := w.planned(w.doorAt(output))
		if !ok {
			return ring, false
		}
		if next.ID == first.ID {
			return ring, true
		}
		at = next
	}
	return ring, false
}

func (w *Walk) twoOutputs() []Finding {
	var all []Finding
	for i, r := range w.records {
		if !r.Answer.one() {
			continue
		}
		label := r.Answer.Labels[0]
		f := Finding{Kind: KindTwoOutputs, Doors: []string{label}}
		for j, other := range w.records {
			if other.Answer.one() && sameLabel(other.Answer.Labels[0], label) {
				if j < i {
					break // told already
				}
				f.Outputs = append(f.Outputs, other.Output)
			}
		}
		if len(f.Outputs) > 1 {
			all = append(all, f)
		}
	}
	return all
}

// recordFindings are those about one pulse alone.
func (w *Walk) recordFindings(r Record) []Finding {
	one := func(k Kind, doors ...string) []Finding {
		return []Finding{{Kind: k, Doors: nonEmpty(doors), Outputs: []locker.Output{r.Output}}}
	}
	switch {
	case r.Sight.Result == ResultRange:
		return one(KindRange, r.Door)
	case r.Sight.Result == ResultRefused:
		return one(KindRefused, r.Door)
	}
	switch r.Answer.Kind {
	case AnswerNothing:
		switch {
		case len(r.Sight.Moves) > 0 && r.Door != "":
			return one(KindHeld, r.Door)
		case len(r.Sight.Moves) > 0:
			return one(KindHeld, w.doorAt(r.Sight.Moves[0].Output))
		case r.Door != "" && !w.opens(r.Door):
			return one(KindStuck, r.Door)
		}
	case AnswerYes, AnswerOther:
		all := w.without(r)
		if _, ok := w.planned(r.Answer.Labels[0]); !ok && w.plan.Layout != nil {
			all = append(all, one(KindExtraDoor, r.Answer.Labels[0])...)
		}
		return all
	case AnswerSeveral:
		return w.without(r)
	case AnswerSkip, AnswerAgain, AnswerConfirm:
	}
	return nil
}

// without names the planned door of an output that opened others, when nothing opens it.
func (w *Walk) without(r Record) []Finding {
	if r.Door == "" || w.opens(r.Door) {
		return nil
	}
	return []Finding{{Kind: KindNoChannel, Doors: []string{r.Door}}}
}

// opens reports whether some output opens a door, alone or with others.
func (w *Walk) opens(label string) bool {
	return slices.ContainsFunc(w.records, func(r Record) bool {
		return slices.ContainsFunc(r.Answer.Labels, func(l string) bool { return sameLabel(l, label) })
	})
}

// restFindings are doors that were not tested, and outputs without a door.
func (w *Walk) restFindings() []Finding {
	untested, spare := Finding{Kind: KindUntested}, Finding{Kind: KindSpare}
	done := w.Next().Kind == StepDone
	for _, r := range w.records {
		switch {
		case r.Answer.Kind == AnswerSkip && !w.muted(r.Output):
			untested.Doors = append(untested.Doors, cmp.Or(r.Door, r.Output.String()))
			untested.Outputs = append(untested.Outputs, r.Output)
		case r.Answer.Kind == AnswerNothing && r.Door == "" && len(r.Sight.Moves) == 0 && r.Sight.Result == ResultSent:
			spare.Outputs = append(spare.Outputs, r.Output)
		}
	}
	for _, p := range w.doors() {
		o := p.Compartment.Output
		if b, ok := w.boardOf(o); done && ok && b.Answers() && !w.muted(o) && !w.tested(o) && !w.opens(p.Name) {
			untested.Doors, untested.Outputs = append(untested.Doors, p.Name), append(untested.Outputs, o)
		}
	}
	var all []Finding
	for _, f := range []Finding{untested, spare} {
		if len(f.Outputs) > 0 {
			all = append(all, f)
		}
	}
	return all
}

func nonEmpty(texts []string) []string {
	return slices.DeleteFunc(texts, func(s string) bool { return strings.TrimSpace(s) == "" })
}
