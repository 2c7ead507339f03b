package commission

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"cubby/board"
	"cubby/internal/locker"
)

// ErrBusy means that another opening of this session is under way.
var ErrBusy = errors.New("a door is being opened right now: wait for it")

// ErrNoWalk means that no walk was begun.
var ErrNoWalk = errors.New("no walk has begun: look for the boards and begin one")

// SessionOptions are what a Session needs.
type SessionOptions struct {
	Opener Opener
	Now    func() time.Time
	// Keep stores the walk after each change, so that it can be taken up after an interruption. nil: it
	// is not kept.
	Keep func(data []byte) error
	Only bool // the opener reaches the outputs of the layout alone
}

// Session leads a person through a Walk. It is safe for concurrent use: one opening at a time, while
// others may look.
type Session struct {
	opts SessionOptions
	turn chan struct{} // held by whoever uses the opener

	mu    sync.Mutex // guards what follows
	walk  *Walk
	found []Board
	busy  bool
}

// NewSession returns a session without a walk.
func NewSession(opts SessionOptions) (*Session, error) {
	if opts.Opener == nil || opts.Now == nil {
		return nil, errors.New("a commissioning session needs an opener and a clock")
	}
	return &Session{opts: opts, turn: make(chan struct{}, 1)}, nil
}

func (s *Session) take(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the boards: %w", ctx.Err())
	}
}

func (s *Session) give() { <-s.turn }

// Probe looks for the boards and opens nothing.
func (s *Session) Probe(ctx context.Context) ([]Board, error) {
	if err := s.take(ctx); err != nil {
		return nil, err
	}
	defer s.give()
	return s.probe(ctx)
}

func (s *Session) probe(ctx context.Context) ([]Board, error) {
	boards, err := s.opts.Opener.Boards(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for boards: %w", err)
	}
	s.mu.Lock()
	s.found = boards
	s.mu.Unlock()
	return slices.Clone(boards), nil
}

// Found returns the boards of the last probe.
func (s *Session) Found() []Board {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.found)
}

// Look reads all sensors now.
func (s *Session) Look(ctx context.Context) ([]Reading, error) {
	if err := s.take(ctx); err != nil {
		return nil, err
	}
	defer s.give()
	readings, err := s.opts.Opener.Look(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the sensors: %w", err)
	}
	return readings, nil
}

// Begin starts a walk: it looks for the boards, and reads all sensors while the doors are shut. plan
// may be nil. It returns ErrBoards, or why the plan is wrong.
func (s *Session) Begin(ctx context.Context, plan *locker.Layout) error {
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.give()
	boards, err := s.probe(ctx)
	if err != nil {
		return err
	}
	rest, err := s.opts.Opener.Look(ctx)
	if err != nil {
		return fmt.Errorf("read the sensors: %w", err)
	}
	w, err := New(Plan{Boards: boards, Layout: plan, Rest: rest, Only: s.opts.Only && plan != nil}, s.opts.Now())
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.walk = w
	return s.keep()
}

// Resume takes up a walk that Keep stored.
func (s *Session) Resume(data []byte) error {
	w, err := Restore(data)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.walk, s.found = w, w.plan.Boards
	return nil
}

// keep must be called with mu held.
func (s *Session) keep() error {
	if s.opts.Keep == nil {
		return nil
	}
	data, err := s.walk.Save()
	if err != nil {
		return err
	}
	if err := s.opts.Keep(data); err != nil {
		return fmt.Errorf("keep the walk: %w", err)
	}
	return nil
}

// View calls f with the walk, to be read only and not to be kept. It returns ErrNoWalk.
func (s *Session) View(f func(w *Walk)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.walk == nil {
		return ErrNoWalk
	}
	f(s.walk)
	return nil
}

// Step returns what the walk waits for, and whether a door is being opened right now.
func (s *Session) Step() (step Step, busy bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.walk == nil {
		return Step{}, false, ErrNoWalk
	}
	return s.walk.Next(), s.busy, nil
}

// Open opens the door of the step at hand and returns once the boards have said what they saw. After
// an error nothing is known to have opened, and the step stands again. It returns ErrStep when the
// step is a question, ErrBusy while another opening is under way.
func (s *Session) Open(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
	default:
		return ErrBusy
	}
	defer s.give()
	step, err := s.begin()
	if err != nil {
		return err
	}
	sight, err := s.opts.Opener.Open(ctx, Opening{Output: step.Output, Place: step.Place, Confirm: step.Confirm})
	s.mu.Lock()
	s.busy = false
	var full *OccupiedError
	switch {
	case errors.As(err, &full):
		err = errors.Join(s.walk.Occupied(), s.keep())
		s.mu.Unlock()
		return err
	case err != nil:
		s.walk.Drop()
		err = errors.Join(err, s.keep())
		s.mu.Unlock()
		return err
	}
	done, err := s.walk.Saw(sight, s.opts.Now())
	record := s.last(done)
	err = errors.Join(err, s.keep())
	s.mu.Unlock()
	if err != nil || !done {
		return err
	}
	return s.conclude(ctx, record)
}

func (s *Session) begin() (Step, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.walk == nil {
		return Step{}, ErrNoWalk
	}
	step := s.walk.Next()
	if err := s.walk.Begin(s.opts.Now()); err != nil {
		return step, err
	}
	s.busy = true
	return step, s.keep()
}

// last returns the record that ended just now, or the one at hand; mu is held.
func (s *Session) last(done bool) Record {
	if done && len(s.walk.records) > 0 {
		return s.walk.records[len(s.walk.records)-1]
	}
	if s.walk.current != nil {
		return *s.walk.current
	}
	return Record{}
}

// Answer takes what the person said and puts it on record. It returns ErrStep, ErrLabel, or why the
// record could not be written.
func (s *Session) Answer(ctx context.Context, a Answer) error {
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.give()
	s.mu.Lock()
	if s.walk == nil {
		s.mu.Unlock()
		return ErrNoWalk
	}
	before := s.last(false)
	if err := s.walk.Answer(a, s.opts.Now()); err != nil {
		s.mu.Unlock()
		return err
	}
	record := s.last(true)
	ended := s.walk.current == nil
	if record.Output != before.Output || record.Began != before.Began { // the pulse is asked for again
		record = before
		record.Answer = a
	}
	err := s.keep()
	s.mu.Unlock()
	if err != nil || !ended {
		return err
	}
	return s.conclude(ctx, record)
}

// Undo takes the last step back.
func (s *Session) Undo(ctx context.Context) error {
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.give()
	s.mu.Lock()
	if s.walk == nil {
		s.mu.Unlock()
		return ErrNoWalk
	}
	open := s.last(false)
	err := s.walk.Undo()
	if err == nil {
		err = s.keep()
	}
	s.mu.Unlock()
	if err != nil || open.Sight.Request == "" {
		return err
	}
	return s.conclude(ctx, open)
}

// Repeat tests outputs once more, next.
func (s *Session) Repeat(outputs ...locker.Output) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.walk == nil {
		return ErrNoWalk
	}
	s.walk.Repeat(outputs...)
	return s.keep()
}

// Close ends the session on record.
func (s *Session) Close(ctx context.Context) error {
	if err := s.take(ctx); err != nil {
		return err
	}
	defer s.give()
	return s.opts.Opener.Close(ctx) //nolint:wrapcheck // says what it could not do
}

// Head names the record of the openings as it stands now; zero when the opener cannot name it.
func (s *Session) Head(ctx context.Context) (RecordHead, error) {
	h, ok := s.opts.Opener.(Header)
	if !ok {
		return RecordHead{}, nil
	}
	if err := s.take(ctx); err != nil {
		return RecordHead{}, err
	}
	defer s.give()
	return h.Head(ctx) //nolint:wrapcheck // says what it could not do
}

// conclude puts the end of an opening on record.
func (s *Session) conclude(ctx context.Context, r Record) error {
	if r.Sight.Request == "" {
		return nil // nothing was asked for
	}
	c := Conclusion{Request: r.Sight.Request, Ending: EndingUnknown}
	s.mu.Lock()
	c.Place = placeOf(r.Output, s.placeOf(r.Door))
	switch r.Answer.Kind {
	case AnswerYes, AnswerOther, AnswerSeveral:
		c.Ending = EndingOpened
		if len(r.Answer.Labels) > 0 && s.placeOf(r.Answer.Labels[0]) != "" {
			c.Place = s.placeOf(r.Answer.Labels[0])
		}
	case AnswerNothing:
		c.Ending, c.Reason = EndingFailed, reasonOf(r.Sight)
	case AnswerSkip:
		if r.Sight.Result == ResultSilent {
			c.Ending, c.Reason = EndingFailed, reasonOf(r.Sight)
		}
	case AnswerAgain, AnswerConfirm:
	}
	s.mu.Unlock()
	c.Sensor = slices.ContainsFunc(r.Sight.Moves, func(m Move) bool { return m.Output == r.Output && m.To != board.StateUnknown })
	if err := s.opts.Opener.Conclude(ctx, c); err != nil {
		return fmt.Errorf("put the answer on record: %w", err)
	}
	return nil
}

func (s *Session) placeOf(label string) locker.PlaceID {
	p, _ := s.walk.planned(label)
	return p.ID
}

func reasonOf(s Sight) string {
	switch s.Result {
	case ResultRefused, ResultRange:
		return "refused"
	case ResultSilent:
		return "silent"
	case ResultSent:
	}
	return "not_opened"
}
