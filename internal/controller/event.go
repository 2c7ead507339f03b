package controller

import (
	"time"

	"cubby/board"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// Event is something that happened outside of the machine.
type Event interface{ event() }

// What the kiosk asks.
type (
	// HomeAsked asks for a Home.
	HomeAsked struct{ Panel PanelID }
	// CodeEntered is one code entry at a panel; the reply is a Turn.
	CodeEntered struct {
		Panel PanelID
		Input Input
	}
	// TurnAsked asks for a Turn.
	TurnAsked struct{ Panel PanelID }
	// PanelActed is one act in a panel's turn; the reply is a Turn.
	PanelActed struct {
		Panel PanelID
		Act   Act
	}
)

// What boards say.
type (
	// BoardRead is one poll of a board.
	BoardRead struct {
		Bus     string
		Board   board.Address
		Reading board.Reading
	}
	// BoardFailed says that a board did not answer a poll.
	BoardFailed struct {
		Bus   string
		Board board.Address
		Lost  bool // the line itself failed
	}
	// Pulsed says what came of a pulse. Whether the door opened is for a later BoardRead to say.
	Pulsed struct {
		Request locker.RequestID
		Result  PulseResult
	}
)

// PulseResult is what a board said to a pulse. The zero value is invalid.
type PulseResult uint8

// The results of a pulse.
const (
	PulseSent    PulseResult = iota + 1 // written, perhaps acknowledged
	PulseRefused                        // the board said no
	PulseSilent                         // no valid answer: it may have happened
	PulseLost                           // the line failed: it may have happened
	PulseRange                          // the board has no such channel: nothing was sent
)

// What the rest of the world says.
type (
	// Ticked says that time passed. The run loop sends one at Machine.Wakeup and once a second.
	Ticked struct{}
	// DirectoryChanged carries changes that are durable in the site's replica.
	DirectoryChanged struct {
		Changes []wire.Change
		Rev     uint64 // of the replica with them
	}
	// DirectoryReplaced carries a whole directory that replaced the replica.
	DirectoryReplaced struct {
		Directory *locker.Directory
		Keys      *wire.Keys
	}
	// IntentsArrived carries what the cloud asks. Each is answered by a fact, the expired ones with
	// INTENT_EXPIRED.
	IntentsArrived struct{ Fresh, Expired []wire.Intent }
	// LinkChanged says that the link to the server went up or down.
	LinkChanged struct{ Online bool }
	// ServerTime is the server's clock, as an authenticated message told it.
	ServerTime struct{ At locker.Millis }
	// Outrun says that another controller with this one's key went on with the record.
	Outrun struct{}
	// DiskChecked says whether the disk has room for what can wait; pick-ups have a reserve.
	DiskChecked struct{ Full bool }
	// StatusAsked asks for the machine's part of a wire.Status.
	StatusAsked struct{}
)

func (HomeAsked) event()         {}
func (CodeEntered) event()       {}
func (TurnAsked) event()         {}
func (PanelActed) event()        {}
func (BoardRead) event()         {}
func (BoardFailed) event()       {}
func (Pulsed) event()            {}
func (Ticked) event()            {}
func (DirectoryChanged) event()  {}
func (DirectoryReplaced) event() {}
func (IntentsArrived) event()    {}
func (LinkChanged) event()       {}
func (ServerTime) event()        {}
func (Outrun) event()            {}
func (DiskChecked) event()       {}
func (StatusAsked) event()       {}

// Instant is a moment by both clocks of a site.
type Instant struct {
	Boot   string        // id of the boot that MonoMS counts from
	MonoMS int64         // monotonic, milliseconds
	Wall   locker.Millis // by the wall clock, right or wrong
}

// after reports how long ago an earlier moment of the same boot was.
func (i Instant) after(monoMS int64) time.Duration {
	return time.Duration(i.MonoMS-monoMS) * time.Millisecond
}

// Outcome is what follows from one event. The operations are appended first, in their order; the
// reply and the effects wait until they are durable.
type Outcome struct {
	Operations []Operation
	Effects    []Effect
	Reply      Reply
}

// Operation is one decision, ready for the journal.
type Operation struct {
	wire.Operation
	Annex wire.Annex
}

// Reply answers an event that asked for something.
type Reply struct {
	Value any
	Err   error
}

// Effect is something to do once the operations before it are durable.
type Effect interface{ effect() }

// The effects.
type (
	// Pulse asks for one unlock pulse, at most once, and a reading of the board after it. Only the
	// machine makes one, after the governor let it through.
	Pulse struct {
		Request locker.RequestID
		Output  locker.Output
	}
	// Read asks for a fresh reading of a board.
	Read struct {
		Bus   string
		Board board.Address
	}
	// Watching says which boards need quick polling now; others are polled at leisure.
	Watching struct{ Boards []BoardRef }
	// PanelChanged wakes whoever watches a panel.
	PanelChanged struct{ Panel PanelID }
	// Relaid says that the layout changed: ask Machine.Boards again.
	Relaid struct{}
	// Reboot restarts the computer; the intent that asked for it is answered already.
	Reboot struct{}
)

// BoardRef names a board on a bus.
type BoardRef struct {
	Bus   string
	Board board.Address
}

func (Pulse) effect()        {}
func (Read) effect()         {}
func (Watching) effect()     {}
func (PanelChanged) effect() {}
func (Relaid) effect()       {}
func (Reboot) effect()       {}
