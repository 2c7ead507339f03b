package commission

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cubby/board"
	"cubby/internal/controller"
	"cubby/internal/locker"
)

// testFor is how long an enrolled site may take for one door, its own retries included.
const testFor = 12 * time.Second

// site is what an Enrolled needs of the running controller.
type site interface {
	TestDoor(ctx context.Context, session locker.SessionID, place locker.PlaceID, confirm bool) (locker.RequestID, error)
	Tested(ctx context.Context, request locker.RequestID) (controller.Test, error)
	ShutTested(ctx context.Context, session locker.SessionID, request locker.RequestID) error
	EndCommission(ctx context.Context, session locker.SessionID) error
	Cabinet(ctx context.Context) (controller.Cabinet, error)
}

var _ site = (*controller.Controller)(nil)

// EnrolledOptions are what an Enrolled needs.
type EnrolledOptions struct {
	Site    site
	Session locker.SessionID // of Controller.Commission
	// Begin opens another session when the controller ended this one, because nothing was heard of it
	// for long while the visitor was still in. nil: then nothing opens any more.
	Begin func(ctx context.Context) (locker.SessionID, error)
	Now   func() time.Time
	Head  func(ctx context.Context) (RecordHead, error) // of the site's journal; nil: the sheet names none
}

// Enrolled is an Opener over a running controller, which records, pulses and paces as for everybody.
// It reaches the doors of the site's layout only.
type Enrolled struct{ opts EnrolledOptions }

var (
	_ Opener = (*Enrolled)(nil)
	_ Header = (*Enrolled)(nil)
)

// NewEnrolled returns an opener for a session that is open.
func NewEnrolled(opts EnrolledOptions) (*Enrolled, error) {
	if opts.Site == nil || opts.Session == "" || opts.Now == nil {
		return nil, errors.New("opening doors through the controller needs the controller, a session and a clock")
	}
	return &Enrolled{opts: opts}, nil
}

// Boards implements Opener: the boards that the layout names. The controller polls them all the time.
func (e *Enrolled) Boards(ctx context.Context) ([]Board, error) {
	c, err := e.opts.Site.Cabinet(ctx)
	if err != nil {
		return nil, err //nolint:wrapcheck // says what it could not do
	}
	boards := make([]Board, 0, len(c.Boards))
	for _, b := range c.Boards {
		p := board.PresenceNone
		if b.Answers || !b.Info.SeesDoor() && b.Info.Family != "" {
			p = board.PresenceOne
		}
		boards = append(boards, Board{
			Bus: b.Ref.Bus, Address: uint8(b.Ref.Board), Family: b.Info.Family, Channels: b.Info.Channels,
			Sees: b.Info.SeesDoor(), Presence: p,
		})
	}
	return boards, nil
}

// Look implements Opener.
func (e *Enrolled) Look(ctx context.Context) ([]Reading, error) {
	c, err := e.opts.Site.Cabinet(ctx)
	if err != nil {
		return nil, err //nolint:wrapcheck // says what it could not do
	}
	var all []Reading
	for _, b := range c.Boards {
		if !b.Answers {
			continue
		}
		for i, d := range b.Channels {
			all = append(all, Reading{State: stateOf(d), Output: locker.Output{
				Bus: b.Ref.Bus, Board: uint8(b.Ref.Board), Channel: uint8(i + 1),
			}})
		}
	}
	return all, nil
}

func stateOf(d locker.Door) board.State {
	switch d {
	case locker.DoorShut:
		return board.StateClosed
	case locker.DoorAjar:
		return board.StateOpen
	case locker.DoorUnknown:
	}
	return board.StateUnknown
}

// Open implements Opener.
func (e *Enrolled) Open(ctx context.Context, o Opening) (Sight, error) {
	if o.Place == "" {
		return Sight{}, fmt.Errorf("output %s: the site's layout has no door there", o.Output)
	}
	before, err := e.Look(ctx)
	if err != nil {
		return Sight{}, err
	}
	request, err := e.test(ctx, o)
	var rule *locker.Error
	if errors.As(err, &rule) && rule.Code == locker.CodePlaceTaken {
		return Sight{}, &OccupiedError{Door: e.nameOf(ctx, o.Place)}
	}
	if err != nil {
		return Sight{}, err //nolint:wrapcheck // an error of the rules says it best
	}
	began := e.opts.Now()
	s := Sight{Request: request, Result: ResultSent, Heard: true, Was: stateAt(before, o.Output)}
	var test controller.Test
	for e.opts.Now().Sub(began) < testFor && !test.Opened && !test.Failed {
		if err := pause(ctx, lookEvery); err != nil {
			return s, err
		}
		if test, err = e.opts.Site.Tested(ctx, request); err != nil {
			return s, err //nolint:wrapcheck // says what it could not do
		}
	}
	moved := e.opts.Now().Sub(began)
	if test.Failed {
		s.Result, s.Heard = failedResult(test.Reason)
	}
	if err := pause(ctx, settleFor); err != nil {
		return s, err
	}
	after, err := e.Look(ctx)
	if err != nil {
		return s, err
	}
	s.Moves = moves(before, after, moved)
	return s, nil
}

// test asks for the door, in a new session when the one before ended by itself.
func (e *Enrolled) test(ctx context.Context, o Opening) (locker.RequestID, error) {
	request, err := e.opts.Site.TestDoor(ctx, e.opts.Session, o.Place, o.Confirm)
	var rule *locker.Error
	if e.opts.Begin == nil || !errors.As(err, &rule) || rule.Code != locker.CodeSessionEnded {
		return request, err //nolint:wrapcheck // an error of the rules says it best
	}
	if e.opts.Session, err = e.opts.Begin(ctx); err != nil {
		return "", err
	}
	return e.opts.Site.TestDoor(ctx, e.opts.Session, o.Place, o.Confirm) //nolint:wrapcheck // as above
}

func (e *Enrolled) nameOf(ctx context.Context, id locker.PlaceID) string {
	c, err := e.opts.Site.Cabinet(ctx)
	if err != nil {
		return string(id) // the id says it too
	}
	for _, p := range c.Layout.Places() {
		if p.ID == id {
			return p.Name
		}
	}
	return string(id)
}

func failedResult(reason string) (Result, bool) {
	switch reason {
	case "silent":
		return ResultSilent, false
	case "refused":
		return ResultRefused, true
	}
	return ResultSent, true
}

// Conclude implements Opener. The controller has recorded what it saw; only the end of a door that no
// sensor sees is for a person to say.
func (e *Enrolled) Conclude(ctx context.Context, c Conclusion) error {
	return e.opts.Site.ShutTested(ctx, e.opts.Session, c.Request) //nolint:wrapcheck // says what it could not do
}

// Close implements Opener.
func (e *Enrolled) Close(ctx context.Context) error {
	err := e.opts.Site.EndCommission(ctx, e.opts.Session)
	var rule *locker.Error
	if errors.As(err, &rule) && rule.Code == locker.CodeSessionEnded {
		return nil // it was idle for long, and ended by itself
	}
	return err //nolint:wrapcheck // says what it could not do
}

// Head implements Header.
func (e *Enrolled) Head(ctx context.Context) (RecordHead, error) {
	if e.opts.Head == nil {
		return RecordHead{}, nil
	}
	return e.opts.Head(ctx)
}
