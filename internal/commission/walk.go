package commission

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"cubby/board"
	"cubby/internal/locker"
)

const (
	// firstGuess is what one door takes until the walk has measured it: a pulse, a look, one key.
	firstGuess = 12 * time.Second
	// maxRecords bounds a walk: 32 boards of 50 channels, each repeated once.
	maxRecords = 4096
)

// Plan is what a walk starts from.
type Plan struct {
	Boards []Board `json:"boards"`
	// Layout is how the bank should be wired. nil: nobody knows, each door is named as it opens.
	Layout *locker.Layout `json:"layout,omitempty"`
	// Rest is what the sensors say while all doors are shut.
	Rest []Reading `json:"rest,omitempty"`
	// Only limits the walk to the outputs of the layout: the opener cannot reach others.
	Only bool `json:"only,omitempty"`
	// Bank names the bank of a walk without a layout; "" is "main".
	Bank string `json:"bank,omitempty"`
}

// Record is one output that was tested.
type Record struct {
	Output    locker.Output `json:"output"`
	Door      string        `json:"door,omitempty"` // as planned; empty: the plan knows no door there
	Began     time.Time     `json:"began"`
	Ended     time.Time     `json:"ended,omitzero"`
	Sight     Sight         `json:"sight"`
	Answer    Answer        `json:"answer"`
	Occupied  bool          `json:"occupied,omitempty"`  // something lay in it
	Confirmed bool          `json:"confirmed,omitempty"` // and it was opened all the same
	Auto      bool          `json:"auto,omitempty"`      // nobody was asked
}

// StepKind is what a walk waits for. The zero value is invalid.
type StepKind string

// The kinds of step.
const (
	StepOpen    StepKind = "open"    // pulse Step.Output
	StepConfirm StepKind = "confirm" // something lies behind the door: open it all the same?
	StepAsk     StepKind = "ask"     // which door opened?
	StepDone    StepKind = "done"    // every output is tested
)

// Step is what to do now.
type Step struct {
	Kind    StepKind
	Output  locker.Output
	Door    string         // as planned; empty: no door is planned there
	Place   locker.PlaceID // of that door
	Confirm bool           // of StepOpen: it was confirmed that something lies in it
	Guess   string         // of StepAsk: what the sensors make the likely label
	Done    int            // outputs tested
	Of      int            // outputs to test
	Left    time.Duration  // how long the rest will take
}

// Walk is the test of one bank. It is a value with a state of its own, for one goroutine.
type Walk struct {
	plan    Plan
	records []Record // one per output, in the order of their last test
	current *Record
	again   []locker.Output // to be tested next, before all others
	mute    []Board         // boards that stopped to answer
	started time.Time
}

// state is a Walk as it is kept.
type state struct {
	Plan    Plan            `json:"plan"`
	Records []Record        `json:"records,omitempty"`
	Current *Record         `json:"current,omitempty"`
	Again   []locker.Output `json:"again,omitempty"`
	Mute    []Board         `json:"mute,omitempty"`
	Started time.Time       `json:"started"`
}

// New returns a walk that has tested nothing. It returns ErrBoards without a board that answers, and
// the layout's own error for one that contradicts itself.
func New(plan Plan, now time.Time) (*Walk, error) {
	if !slices.ContainsFunc(plan.Boards, Board.Answers) {
		return nil, ErrBoards
	}
	if plan.Layout != nil {
		if err := plan.Layout.Validate(); err != nil {
			return nil, fmt.Errorf("plan of the walk: %w", err)
		}
	}
	return &Walk{plan: plan, started: now}, nil
}

// Restore takes up a walk where Save left it. A pulse that was under way is asked for again.
func Restore(data []byte) (*Walk, error) {
	var s state
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("read the walk: %w", err)
	}
	if len(s.Records) > maxRecords {
		return nil, fmt.Errorf("read the walk: %d records, at most %d", len(s.Records), maxRecords)
	}
	w, err := New(s.Plan, s.Started)
	if err != nil {
		return nil, err
	}
	w.records, w.current, w.again, w.mute = s.Records, s.Current, s.Again, s.Mute
	if w.current != nil && w.current.Sight.Result == 0 && !w.current.Occupied {
		w.again = slices.Insert(w.again, 0, w.current.Output)
		w.current = nil
	}
	return w, nil
}

// Save returns the walk as Restore takes it.
func (w *Walk) Save() ([]byte, error) {
	data, err := json.Marshal(state{
		Plan: w.plan, Records: w.records, Current: w.current, Again: w.again, Mute: w.mute, Started: w.started,
	})
	if err != nil {
		return nil, fmt.Errorf("save the walk: %w", err)
	}
	return data, nil
}

// Plan returns what the walk started from.
func (w *Walk) Plan() Plan { return w.plan }

// Started returns when the walk began.
func (w *Walk) Started() time.Time { return w.started }

// Records returns what was tested, in order of time.
func (w *Walk) Records() []Record { return slices.Clone(w.records) }

// Next returns what to do now.
func (w *Walk) Next() Step {
	queue := w.queue()
	s := Step{Kind: StepDone, Done: len(w.records), Of: len(w.records) + len(queue)}
	if c := w.current; c != nil {
		s.Of++
		s.Kind, s.Output, s.Door = StepAsk, c.Output, c.Door
		switch {
		case c.Occupied && !c.Confirmed:
			s.Kind = StepConfirm
		case c.Confirmed && c.Sight.Result == 0:
			s.Kind, s.Confirm = StepOpen, true
		default:
			s.Guess = w.guess(*c)
		}
	} else if len(queue) > 0 {
		s.Kind, s.Output, s.Door = StepOpen, queue[0], w.doorAt(queue[0])
	}
	if p, ok := w.planned(s.Door); ok {
		s.Place = p.ID
	}
	s.Left = time.Duration(s.Of-s.Done) * w.pace()
	return s
}

// pace is what one door took so far. Pauses do not count.
func (w *Walk) pace() time.Duration {
	var took []time.Duration
	for _, r := range w.records {
		if !r.Ended.IsZero() {
			took = append(took, r.Ended.Sub(r.Began))
		}
	}
	if len(took) < 3 {
		return firstGuess
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// queue lists the outputs that are still to be tested: repeated ones, planned doors in the plan's
// order, then outputs where no door is planned. Those are worth a pulse where a sensor would show a
// door nobody knew of, or while a planned door has not been found.
func (w *Walk) queue() []locker.Output {
	queue := slices.Clone(w.again)
	add := func(o locker.Output) {
		if !slices.Contains(queue, o) && !w.tested(o) && w.reachable(o) && (w.current == nil || w.current.Output != o) {
			queue = append(queue, o)
		}
	}
	if w.plan.Layout != nil {
		for _, p := range w.plan.Layout.Places() {
			if p.Kind == locker.PlaceCompartment {
				add(p.Compartment.Output)
			}
		}
		if w.plan.Only {
			return queue
		}
	}
	search := w.plan.Layout == nil || len(queue) > 0 || len(w.missing()) > 0
	for _, b := range w.plan.Boards {
		if !b.Sees && !search {
			continue
		}
		for ch := 1; ch <= b.Channels; ch++ {
			add(b.output(ch))
		}
	}
	return queue
}

func (w *Walk) tested(o locker.Output) bool {
	return slices.ContainsFunc(w.records, func(r Record) bool { return r.Output == o })
}

// reachable reports whether a board answers there, as far as the walk knows.
func (w *Walk) reachable(o locker.Output) bool {
	b, ok := w.boardOf(o)
	if !ok {
		return false
	}
	return b.Answers() && int(o.Channel) <= b.Channels && !w.muted(o)
}

func (w *Walk) muted(o locker.Output) bool {
	return slices.ContainsFunc(w.mute, func(b Board) bool { return b.Bus == o.Bus && b.Address == o.Board })
}

func (w *Walk) boardOf(o locker.Output) (Board, bool) {
	i := slices.IndexFunc(w.plan.Boards, func(b Board) bool { return b.Bus == o.Bus && b.Address == o.Board })
	if i < 0 {
		return Board{}, false
	}
	return w.plan.Boards[i], true
}

// doorAt returns the label that the plan gives an output.
func (w *Walk) doorAt(o locker.Output) string {
	for _, p := range w.doors() {
		if p.Compartment.Output == o {
			return p.Name
		}
	}
	return ""
}

// doors are the planned compartments.
func (w *Walk) doors() []locker.Place {
	if w.plan.Layout == nil {
		return nil
	}
	return slices.DeleteFunc(w.plan.Layout.Places(), func(p locker.Place) bool { return p.Kind != locker.PlaceCompartment })
}

func (w *Walk) planned(label string) (locker.Place, bool) {
	for _, p := range w.doors() {
		if sameLabel(p.Name, label) {
			return p, true
		}
	}
	return locker.Place{}, false
}

// sameLabel compares labels as people type them: "a03" is A03.
func sameLabel(a, b string) bool { return strings.EqualFold(a, b) }

// rest returns what a sensor says while its door is shut.
func (w *Walk) rest(o locker.Output) board.State {
	return stateAt(w.plan.Rest, o)
}

// Begin says that the pulse of the step at hand is about to be sent.
func (w *Walk) Begin(now time.Time) error {
	s := w.Next()
	if s.Kind != StepOpen {
		return ErrStep
	}
	if s.Confirm {
		return nil // it began when it was found occupied
	}
	w.again = slices.DeleteFunc(w.again, func(o locker.Output) bool { return o == s.Output })
	w.current = &Record{Output: s.Output, Door: s.Door, Began: now}
	return nil
}

// Occupied says that the pulse was refused because something lies behind the door.
func (w *Walk) Occupied() error {
	if w.current == nil || w.current.Sight.Result != 0 {
		return ErrStep
	}
	w.current.Occupied, w.current.Confirmed = true, false
	return nil
}

// Drop says that the pulse could not be asked for: the step stands again.
func (w *Walk) Drop() {
	if w.current == nil || w.current.Sight.Result != 0 {
		return
	}
	w.again = slices.Insert(w.again, 0, w.current.Output)
	w.current = nil
}

// Saw takes what followed from the pulse. Where nobody has to be asked the step ends by itself, and
// done says so: a board that fell silent, an output without a planned door where no sensor moved.
func (w *Walk) Saw(sight Sight, now time.Time) (done bool, err error) {
	c := w.current
	if c == nil || c.Sight.Result != 0 {
		return false, ErrStep
	}
	sight.Moves = slices.DeleteFunc(slices.Clone(sight.Moves), func(m Move) bool { return m.To == w.rest(m.Output) }) // somebody shut a door
	c.Sight = sight
	b, _ := w.boardOf(c.Output)
	switch {
	case sight.Result == ResultRange:
		return true, w.end(Answer{Kind: AnswerNothing}, true, now)
	case !sight.Heard && sight.Result == ResultSilent:
		if !w.muted(c.Output) {
			w.mute = append(w.mute, b)
		}
		return true, w.end(Answer{Kind: AnswerSkip}, true, now)
	case c.Door == "" && b.Sees && len(sight.Moves) == 0 && w.plan.Layout != nil && len(w.missing()) == 0:
		return true, w.end(Answer{Kind: AnswerNothing}, true, now)
	}
	return false, nil
}

// Answer takes what the person said. It returns ErrStep when no question is open, and ErrLabel.
func (w *Walk) Answer(a Answer, now time.Time) error {
	a, err := a.clean()
	if err != nil {
		return err
	}
	if w.current == nil && a.Kind == AnswerSkip && w.Begin(now) == nil { // not even pulsed
		return w.end(a, false, now)
	}
	c := w.current
	if c == nil {
		return ErrStep
	}
	waits := c.Occupied && !c.Confirmed
	switch a.Kind {
	case AnswerConfirm:
		if !waits {
			return ErrStep
		}
		c.Confirmed = true
		return nil
	case AnswerSkip:
		return w.end(a, false, now)
	case AnswerAgain:
		if waits || c.Sight.Result == 0 {
			return ErrStep
		}
		w.again = slices.Insert(w.again, 0, c.Output)
		w.current = nil
		return nil
	case AnswerYes, AnswerOther, AnswerNothing, AnswerSeveral:
		if waits || c.Sight.Result == 0 {
			return ErrStep
		}
		return w.opened(a, now)
	}
	return ErrStep
}

func (w *Walk) opened(a Answer, now time.Time) error {
	if a.Kind == AnswerYes {
		if w.current.Door == "" {
			return ErrLabel // no door is planned there: it needs a name
		}
		a.Labels = []string{w.current.Door}
	}
	for i, l := range a.Labels {
		if p, ok := w.planned(l); ok {
			a.Labels[i] = p.Name
		}
	}
	if a.Kind == AnswerOther && w.current.Door != "" && sameLabel(a.Labels[0], w.current.Door) {
		a.Kind = AnswerYes
	}
	return w.end(a, false, now)
}

func (w *Walk) end(a Answer, auto bool, now time.Time) error {
	c := *w.current
	c.Answer, c.Ended, c.Auto = a, now, auto
	w.records = slices.DeleteFunc(w.records, func(r Record) bool { return r.Output == c.Output })
	w.records = append(w.records, c)
	w.current = nil
	return nil
}

// Undo takes the last answered step back: its output is next. A question that is open is dropped
// first. It returns ErrUndo when there is nothing to take back.
func (w *Walk) Undo() error {
	if w.current != nil {
		w.again = slices.Insert(w.again, 0, w.current.Output)
		w.current = nil
		return nil
	}
	for i := len(w.records) - 1; i >= 0; i-- {
		if r := w.records[i]; !r.Auto {
			w.Repeat(r.Output)
			return nil
		}
	}
	return ErrUndo
}

// Repeat tests outputs once more, before all others. A board that fell silent is asked again.
func (w *Walk) Repeat(outputs ...locker.Output) {
	for i, o := range outputs {
		w.records = slices.DeleteFunc(w.records, func(r Record) bool { return r.Output == o })
		w.mute = slices.DeleteFunc(w.mute, func(b Board) bool { return b.Bus == o.Bus && b.Address == o.Board })
		w.again = slices.DeleteFunc(w.again, func(x locker.Output) bool { return x == o })
		w.again = slices.Insert(w.again, min(i, len(w.again)), o)
	}
}

// guess returns the label that is likely for the question at hand: the planned door when its own
// sensor moved or none did, the door of the sensor that moved, or the next name of a bank that nobody
// planned.
func (w *Walk) guess(c Record) string {
	if w.plan.Layout == nil {
		return w.nextName()
	}
	for _, m := range c.Sight.Moves {
		if m.Output == c.Output {
			return c.Door
		}
	}
	if len(c.Sight.Moves) == 1 && c.Door == "" {
		return w.doorAt(c.Sight.Moves[0].Output)
	}
	return c.Door
}

// nextName counts on from the last label: after A03 comes A04.
func (w *Walk) nextName() string {
	for i := len(w.records) - 1; i >= 0; i-- {
		labels := w.records[i].Answer.Labels
		if len(labels) != 1 {
			continue
		}
		head, number := splitLabel(labels[0])
		if number < 0 {
			continue
		}
		return fmt.Sprintf("%s%02d", head, number+1)
	}
	return "A01"
}

// missing lists the planned doors that no tested output opened, although their own was tested.
func (w *Walk) missing() []locker.Place {
	var lost []locker.Place
	for _, p := range w.doors() {
		if !w.opens(p.Name) && w.tested(p.Compartment.Output) && !w.skipped(p.Compartment.Output) {
			lost = append(lost, p)
		}
	}
	return lost
}

func (w *Walk) skipped(o locker.Output) bool {
	return slices.ContainsFunc(w.records, func(r Record) bool { return r.Output == o && r.Answer.Kind == AnswerSkip })
}

// found returns the output that opened a door, the first one when several do.
func (w *Walk) found(label string) (locker.Output, bool) {
	for _, r := range w.records {
		if r.Answer.one() && sameLabel(r.Answer.Labels[0], label) {
			return r.Output, true
		}
	}
	return locker.Output{}, false
}

// one reports whether exactly one door opened and its label is known.
func (a Answer) one() bool {
	return (a.Kind == AnswerYes || a.Kind == AnswerOther) && len(a.Labels) == 1
}

// Sees reports whether the board of an output has sensors.
func (w *Walk) Sees(o locker.Output) bool {
	b, ok := w.boardOf(o)
	return ok && b.Sees
}

// Moves returns the sensors that moved after the pulse of the step at hand.
func (w *Walk) Moves() []Move {
	if w.current == nil {
		return nil
	}
	return slices.Clone(w.current.Sight.Moves)
}
