package controller

import (
	"context"
	"slices"
	"time"

	"cubby/board"
	"cubby/internal/locker"
)

const (
	// commissionFor is how long a session that tests doors keeps couriers out at most.
	commissionFor = 2 * time.Hour
	// commissionIdle ends a session of which nothing was heard: whoever tested has left.
	commissionIdle = 20 * time.Minute
)

// CommissionAsked is one act of somebody who tests doors on site, let in by a one-time code. It counts
// as local: the governor's pace binds it, the limit on remote openings does not.
type CommissionAsked struct{ Act CommissionAct }

func (CommissionAsked) event() {}

// CommissionAct is what a test of doors asks.
type CommissionAct interface{ commissionAct() }

// The acts.
type (
	// BeginCommission opens a session; the reply is its locker.SessionID. Free compartments are kept
	// from couriers until it ends.
	BeginCommission struct{ Installer string }
	// TestDoor opens one door; the reply is a locker.RequestID. Where a parcel lies, it is refused with
	// PLACE_TAKEN unless Confirm is set.
	TestDoor struct {
		Session locker.SessionID
		Place   locker.PlaceID
		Confirm bool
	}
	// AskTest asks how the last opening stands; the reply is a Test.
	AskTest struct{ Request locker.RequestID }
	// ShutDoor is a person's word that a door which no sensor sees is shut.
	ShutDoor struct {
		Session locker.SessionID
		Request locker.RequestID
	}
	// EndCommission ends the session.
	EndCommission struct{ Session locker.SessionID }
	// AskBoards asks for the boards and what their sensors say; the reply is a Cabinet.
	AskBoards struct{}
)

func (BeginCommission) commissionAct() {}
func (TestDoor) commissionAct()        {}
func (AskTest) commissionAct()         {}
func (ShutDoor) commissionAct()        {}
func (EndCommission) commissionAct()   {}
func (AskBoards) commissionAct()       {}

// Test is how the opening of a door under test stands.
type Test struct {
	Opened bool
	Failed bool   // after all attempts
	Reason string // of the last attempt that failed: silent, refused, not_opened, jammed
}

// Cabinet is the layout and what its boards say.
type Cabinet struct {
	Layout locker.Layout
	Boards []BoardSight
}

// BoardSight is one board and its last reading, channel 1 first.
type BoardSight struct {
	Ref      BoardRef
	Answers  bool
	Channels []locker.Door
	Info     board.Info // of the bus's driver; zero when nobody drives it
}

// testing is the opening under test and its retries.
type testing struct {
	ids  []locker.RequestID
	test Test
}

func (m *Machine) commission(e CommissionAsked) {
	m.commissionAt = m.now.MonoMS
	var err error
	switch a := e.Act.(type) {
	case BeginCommission:
		id := locker.SessionID(m.id())
		err = m.decide(nil, locker.BeginCommission{Session: id, Installer: a.Installer, Until: m.at.Add(commissionFor)})
		m.out.Reply.Value = id
	case TestDoor:
		id := locker.RequestID(m.id())
		err = m.decide(nil, locker.CommissionOpen{Session: a.Session, Place: a.Place, Request: id, Confirm: a.Confirm})
		m.out.Reply.Value = id
	case AskTest:
		var t Test
		if slices.Contains(m.tested.ids, a.Request) {
			t = m.tested.test
		}
		m.out.Reply.Value = t
	case ShutDoor:
		err = m.shutTested(a)
	case EndCommission:
		err = m.decide(nil, locker.EndCommission{Session: a.Session, Reason: "done"})
	case AskBoards:
		m.out.Reply.Value = m.cabinet()
	}
	m.out.Reply.Err = err
}

func (m *Machine) shutTested(a ShutDoor) error {
	r := m.state.Matter.Requests[a.Request]
	if r == nil || r.Session != a.Session || !r.Opened {
		return nil // over already
	}
	if p, _ := m.state.Directory.Place(r.Place); p.Witness.SeesDoor() {
		return nil // its sensor says when
	}
	return m.decide(nil, locker.EndUnwatched{Request: a.Request, By: r.Actor})
}

func (m *Machine) cabinet() Cabinet {
	c := Cabinet{Layout: m.state.Directory.Layout}
	for _, ref := range m.Boards() {
		s := BoardSight{Ref: ref}
		if b := m.boards[ref]; b != nil {
			s.Answers = b.answered && b.missed < silentAfter && b.lost < lostAfter
			for _, x := range b.raw {
				s.Channels = append(s.Channels, x.Door)
			}
		}
		c.Boards = append(c.Boards, s)
	}
	return c
}

// followCommission follows the opening under test through its retries.
func (m *Machine) followCommission(f locker.Fact) {
	t := &m.tested
	switch f := f.(type) {
	case locker.OpenRequested:
		switch s := m.state.Matter.Sessions[f.Session]; {
		case s == nil || !s.Commissioning():
		case f.Retries == "":
			m.tested = testing{ids: []locker.RequestID{f.Request}}
		default:
			t.ids, t.test.Failed = append(t.ids, f.Request), false
		}
	case locker.DoorOpened:
		t.test.Opened = t.test.Opened || slices.Contains(t.ids, f.Request)
	case locker.OpenFailed:
		if slices.Contains(t.ids, f.Request) {
			t.test.Failed, t.test.Reason = true, f.Reason
		}
	}
}

// tickCommission ends a session of which nothing was heard, and frees what one before a restart kept.
func (m *Machine) tickCommission() {
	s, ok := m.state.Commissioning()
	if !ok {
		m.must(locker.FreeCommission{})
		return
	}
	if m.now.after(m.commissionAt) >= commissionIdle {
		m.must(locker.EndCommission{Session: s.ID, Reason: "idle"})
	}
}

// Commission opens a session that tests doors, for an installer known by a random reference.
func (c *Controller) Commission(ctx context.Context, installer string) (locker.SessionID, error) {
	return ask[locker.SessionID](ctx, c, CommissionAsked{BeginCommission{Installer: installer}})
}

// TestDoor asks for one door under test. It returns a *locker.Error: PLACE_TAKEN for a place with
// something in it that was not confirmed, DOOR_BUSY or DOOR_OPEN for one in use.
func (c *Controller) TestDoor(
	ctx context.Context, session locker.SessionID, place locker.PlaceID, confirm bool,
) (locker.RequestID, error) {
	return ask[locker.RequestID](ctx, c, CommissionAsked{TestDoor{Session: session, Place: place, Confirm: confirm}})
}

// Tested returns how the opening of a door under test stands.
func (c *Controller) Tested(ctx context.Context, request locker.RequestID) (Test, error) {
	return ask[Test](ctx, c, CommissionAsked{AskTest{Request: request}})
}

// ShutTested says that a door under test which no sensor sees is shut.
func (c *Controller) ShutTested(ctx context.Context, session locker.SessionID, request locker.RequestID) error {
	_, err := ask[struct{}](ctx, c, CommissionAsked{ShutDoor{Session: session, Request: request}})
	return err
}

// EndCommission ends a session that tests doors and gives its places back to couriers.
func (c *Controller) EndCommission(ctx context.Context, session locker.SessionID) error {
	_, err := ask[struct{}](ctx, c, CommissionAsked{EndCommission{Session: session}})
	return err
}

// Cabinet returns the layout and what its boards say now.
func (c *Controller) Cabinet(ctx context.Context) (Cabinet, error) {
	cabinet, err := ask[Cabinet](ctx, c, CommissionAsked{AskBoards{}})
	for i, b := range cabinet.Boards {
		if bus := c.buses[b.Ref.Bus]; bus != nil {
			cabinet.Boards[i].Info = bus.driver.Info()
		}
	}
	return cabinet, err
}
