// Package board is the contract of a lock board driver, on one page. A board knows channels
// (its outputs, counted from 1), not compartments: which door hangs on which channel is layout,
// and layout belongs to the floors above.
//
// A driver speaks one protocol family over one Conn (a serial line or a TCP connection, see
// board/port). One goroutine owns a bus: a Driver is not safe for concurrent use, and nobody but
// its owner touches the Conn. A driver never decides: it sends what it is told once, never repeats
// an unlock by itself, and reports what the board said. "The board acknowledged" is not "the door
// opened": only a later ReadStates says that.
//
// Families live in one folder each (board/rs485, ...), never import each other, and pass
// board/boardtest.
package board

import (
	"context"
	"errors"
	"io"
	"time"
)

// Conn is the line to the boards: a serial port or a TCP connection. Read returns what has arrived
// so far, and (0, os.ErrDeadlineExceeded) or an error that wraps it when nothing came before the
// deadline. Implementations are in board/port.
type Conn interface {
	io.ReadWriteCloser
	// SetReadDeadline bounds the Reads that follow; the zero time means no bound.
	SetReadDeadline(t time.Time) error
}

// Address is a board's number on its bus, as its switches set it. The range is the family's.
type Address uint8

// Channel is one output of a board, counted from 1.
type Channel uint8

// State is what a board reports of one channel's door or latch.
type State uint8

// The states of a channel. The zero value means that nobody has looked.
const (
	StateUnknown State = iota // not read, or the board has no feedback on it
	StateClosed               // the latch is home: the door is shut
	StateOpen                 // the latch is not home: the door is open or ajar
)

// String returns the state in lower case.
func (s State) String() string {
	switch s {
	case StateUnknown:
		return "unknown"
	case StateClosed:
		return "closed"
	case StateOpen:
		return "open"
	}
	return "invalid"
}

// Occupancy is what a board's own presence sensor says of the space behind a door.
type Occupancy uint8

// The readings of a presence sensor. The zero value means that there is none.
const (
	OccupancyUnknown Occupancy = iota
	OccupancyEmpty
	OccupancyOccupied
)

// String returns the reading in lower case.
func (o Occupancy) String() string {
	switch o {
	case OccupancyUnknown:
		return "unknown"
	case OccupancyEmpty:
		return "empty"
	case OccupancyOccupied:
		return "occupied"
	}
	return "invalid"
}

// Ack is what the board answered to an unlock.
type Ack uint8

// The answers to an unlock. None of them says that the door opened.
const (
	AckNone     Ack = iota // the family or this firmware answers nothing; the frame was written
	AckAccepted            // the board repeated the request or said that it pulsed
	AckRefused             // the board said no
)

// String returns the answer in lower case.
func (a Ack) String() string {
	switch a {
	case AckNone:
		return "none"
	case AckAccepted:
		return "accepted"
	case AckRefused:
		return "refused"
	}
	return "invalid"
}

// Reading is one poll of a board: index 0 is channel 1.
type Reading struct {
	Doors     []State     // one for each configured channel
	Occupancy []Occupancy // nil when the board has no presence sensors
}

// Sentinel errors. Test with errors.Is; drivers wrap them with the operation and the address.
var (
	// ErrSilent means that no valid answer came before the deadline. After an unlock it says
	// nothing about the lock: read the states before anything else.
	ErrSilent = errors.New("no answer from the board")
	// ErrGarbled means that bytes came but none formed a valid frame.
	ErrGarbled = errors.New("garbled answer from the board")
	// ErrRange means a channel or an address outside of the configuration. Nothing was sent.
	ErrRange = errors.New("channel or address out of range")
	// ErrLost means that the line itself failed: reopen the port.
	ErrLost = errors.New("line to the boards lost")
	// ErrYielded means that ReadStates ended early because YieldTo's function said so. It says
	// nothing about the board.
	ErrYielded = errors.New("the poll made way for something urgent")
)

// Driver drives the boards of one family on one bus. Methods return within the driver's own
// per-request deadline (Info.Deadline) or the context's, whichever is earlier.
type Driver interface {
	// Info says what the family can see and how long it may take. It does no I/O.
	Info() Info
	// Unlock sends one unlock pulse to one channel, once. It never repeats it. An error that wraps
	// ErrRange means that nothing was sent; after any other error the pulse may have happened.
	Unlock(ctx context.Context, addr Address, ch Channel) (Ack, error)
	// ReadStates polls all channels of one board.
	ReadStates(ctx context.Context, addr Address) (Reading, error)
}

// Info describes a configured driver. Latch, Cycle and Infrared are its witnesses: what it can see.
// A family without any still works; then people are asked, see docs/adr/0009.
type Info struct {
	Family    string        // folder name, e.g. "rs485"
	Channels  int           // channels of each board, as configured
	Latch     bool          // ReadStates tells open from closed by the lock's own switch
	Cycle     bool          // ReadStates tells open from closed by a contact on the door
	Infrared  bool          // ReadStates tells occupied from empty
	Deadline  time.Duration // the longest that one request takes before ErrSilent
	BoardTime time.Duration // the length of one pulse
	// Software means that the driver itself ends each pulse, because the board has no pulse of its
	// own: a crash in between would leave the coil energised.
	Software bool
}

// SeesDoor reports whether ReadStates tells open from closed.
func (i Info) SeesDoor() bool { return i.Latch || i.Cycle }

// Optional powers are interfaces of one method, found by type assertion.

// Prober finds boards without opening anything.
type Prober interface {
	// Probe reports whether a board answers at addr. Silence is false without an error.
	Probe(ctx context.Context, addr Address) (bool, error)
}

// Presence is what answers at an address. The zero value is invalid.
type Presence uint8

// The answers of a census.
const (
	PresenceNone    Presence = iota + 1 // silence
	PresenceOne                         // one board answers
	PresenceSeveral                     // two or more boards have this address: more answers than one, or a clash
)

// String returns the presence in lower case.
func (p Presence) String() string {
	switch p {
	case PresenceNone:
		return "none"
	case PresenceOne:
		return "one"
	case PresenceSeveral:
		return "several"
	}
	return "invalid"
}

// Censor tells one board at an address from two, without opening anything. Boards that answer in
// the same instant with the same bits look like one: only the doors tell, when one pulse opens two.
type Censor interface {
	// Census asks addr and listens on for further answers. PresenceSeveral also covers an address
	// whose answers are garbled every time. Silence is PresenceNone without an error.
	Census(ctx context.Context, addr Address) (Presence, error)
}

// Restorer brings boards into their safe state: every coil off. It is for families that end pulses
// themselves (Info.Software); the owner of the bus calls it before the first request and at the end.
type Restorer interface {
	// Restore switches all outputs of a board off. It opens nothing.
	Restore(ctx context.Context, addr Address) error
}

// Watcher hands over the door changes that boards report unasked. They are advice: a change may be
// lost on the line, so polling stays the truth.
type Watcher interface {
	// Changes returns what arrived since the last call, oldest first, and forgets it. It does no
	// I/O: unasked frames are collected while requests run and before each one.
	Changes() []Change
}

// Change is one door change that a board reported by itself.
type Change struct {
	Addr    Address
	Channel Channel
	State   State
}

// Counter tells the health of the line since the driver was made. The counts only grow.
type Counter interface {
	Counts() Counts
}

// Yielder is for families whose ReadStates is many requests, one for each door: somebody at the kiosk
// must not wait for all of them.
type Yielder interface {
	// YieldTo makes ReadStates ask before each of its requests whether somebody waits for the line,
	// and end with ErrYielded if so. waiting must not block. It is called before the first request.
	YieldTo(waiting func() bool)
}

// AddressCounter tells the health of each board, by the address that was asked.
type AddressCounter interface {
	// BoardCounts returns the counters of the requests to addr; all zero when it was never asked.
	BoardCounts(addr Address) Counts
}

// Counts are the health counters of one bus, or of one board on it.
type Counts struct {
	Requests  uint64 // frames sent
	Timeouts  uint64 // requests without a valid answer
	Checksums uint64 // frames dropped for their checksum
	Echoes    uint64 // own frames read back
	Late      uint64 // answers drained after their deadline
	Refused   uint64 // answers by which a board said no
}

// Codec says what a family's frames mean, for people and tools: nothing is sent. Each family has one.
type Codec interface {
	// OpenFrame returns the bytes by which Unlock asks for one pulse, or an error that wraps ErrRange.
	OpenFrame(addr Address, ch Channel) ([]byte, error)
	// StatusFrame returns the bytes that ask for a state: of the channel where the family can ask
	// for one, else of the board. Channel 0 asks for the board.
	StatusFrame(addr Address, ch Channel) ([]byte, error)
	// Explain splits what was seen on a line into frames and says of each what it means. Bytes that
	// belong to no frame are explained as such. It never fails.
	Explain(seen []byte) []Explanation
}

// Explanation is one frame as a person reads it.
type Explanation struct {
	Bytes []byte
	Valid bool   // it has the form of a frame and its checksum, if there is one, is right
	Text  string // one plain English sentence without full stop, e.g. "open channel 1 of board 1"
}
