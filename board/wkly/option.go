package wkly

import (
	"errors"
	"fmt"
	"time"

	"cubby/board"
	"cubby/board/exchange"
)

// Polarity is what the state of a door means. It depends on the lock's feedback switch, and is found
// by reading the state of a door that is known to be shut.
type Polarity uint8

// The polarities. The zero value means PolarityClosing.
const (
	PolarityClosing Polarity = iota + 1 // 00 is open, 01 is closed, as all sources say
	PolarityOpening                     // 00 is closed, 01 is open
)

// String returns the word used in the configuration.
func (p Polarity) String() string {
	switch p {
	case PolarityClosing:
		return "closing"
	case PolarityOpening:
		return "opening"
	}
	return "invalid"
}

// ParsePolarity reads "closing" (01 is a closed door) or "opening" (01 is an open one).
func ParsePolarity(text string) (Polarity, error) {
	for p := PolarityClosing; p <= PolarityOpening; p++ {
		if p.String() == text {
			return p, nil
		}
	}
	return 0, fmt.Errorf("door polarity %q, want closing or opening", text)
}

// state translates a DD.
func (p Polarity) state(door byte) board.State {
	switch {
	case door != doorOpen && door != doorClosed:
		return board.StateUnknown
	case (door == doorOpen) == (p == PolarityClosing):
		return board.StateOpen
	}
	return board.StateClosed
}

// door is the DD of a state, as a board sends it.
func (p Polarity) door(s board.State) byte {
	switch s {
	case board.StateOpen, board.StateClosed:
		if (s == board.StateOpen) == (p == PolarityClosing) {
			return doorOpen
		}
		return doorClosed
	case board.StateUnknown:
	}
	return failed
}

// Poll is how the states of a board are read.
type Poll uint8

// The ways to poll. The zero value means PollAll.
const (
	PollAll Poll = iota + 1 // one request for all doors
	PollOne                 // one request for each door
)

// String returns the word used in the configuration.
func (p Poll) String() string {
	switch p {
	case PollAll:
		return "all"
	case PollOne:
		return "one"
	}
	return "invalid"
}

// ParsePoll reads "all" or "one".
func ParsePoll(text string) (Poll, error) {
	for p := PollAll; p <= PollOne; p++ {
		if p.String() == text {
			return p, nil
		}
	}
	return 0, fmt.Errorf("poll %q, want all or one", text)
}

// Echo says whether the adapter returns what was sent.
type Echo = exchange.Echo

// The echo settings. The zero value means EchoAuto.
const (
	EchoAuto = exchange.EchoAuto // found out by every request: no reply has the bytes of its request
	EchoOn   = exchange.EchoOn
	EchoOff  = exchange.EchoOff
)

// ParseEcho reads "auto", "on" or "off".
func ParseEcho(text string) (Echo, error) { return exchange.ParseEcho(text) }

// Defaults of the driver.
const (
	DefaultChannels = 24
	// DefaultDeadline of an unlock leaves time to boards that pulse before they answer.
	DefaultDeadline = 1500 * time.Millisecond
	// DefaultStatusDeadline is for requests that move nothing: 8 bytes and an answer of 34 at 9600
	// baud take 44 ms.
	DefaultStatusDeadline = 400 * time.Millisecond
	// DefaultBoardTime is a usual pulse for such locks; no public source says it.
	DefaultBoardTime = 500 * time.Millisecond
	// pollShare is what each further channel adds to the time of PollOne: 20 bytes take 21 ms.
	pollShare = 100 * time.Millisecond
)

// Options configure a Driver. Zero means the default where one is named.
type Options struct {
	Conn board.Conn       // required
	Now  func() time.Time // required: the clock of Conn's deadlines

	// Channels of each board on this bus, 1 to 64. Default 24. Channels that the board's answer does
	// not cover read as StateUnknown.
	Channels int
	Polarity Polarity // default PolarityClosing
	Poll     Poll     // default PollAll
	Echo     Echo     // default EchoAuto
	// BoardTime is the length of the boards' own pulse. It is only told to others by Info. Default
	// 500 ms.
	BoardTime      time.Duration
	Deadline       time.Duration // of Unlock; default 1500 ms
	StatusDeadline time.Duration // of one question; default 400 ms
	// PollDeadline is of ReadStates with PollOne, all questions together; default StatusDeadline and
	// 100 ms for each channel but one.
	PollDeadline time.Duration
}

// withDefaults fills in the defaults and refuses what the boards cannot do. It does not look at Conn
// and Now, which only a Driver needs.
func (o Options) withDefaults() (Options, error) {
	if o.Channels == 0 {
		o.Channels = DefaultChannels
	}
	if o.Polarity == 0 {
		o.Polarity = PolarityClosing
	}
	if o.Poll == 0 {
		o.Poll = PollAll
	}
	if o.Echo == 0 {
		o.Echo = EchoAuto
	}
	if o.BoardTime == 0 {
		o.BoardTime = DefaultBoardTime
	}
	if o.Deadline == 0 {
		o.Deadline = DefaultDeadline
	}
	if o.StatusDeadline == 0 {
		o.StatusDeadline = DefaultStatusDeadline
	}
	if o.PollDeadline == 0 {
		o.PollDeadline = o.StatusDeadline + time.Duration(max(o.Channels-1, 0))*pollShare
	}
	switch {
	case o.Polarity > PolarityOpening:
		return o, fmt.Errorf("wkly: door polarity %d is invalid, want closing or opening", o.Polarity)
	case o.Poll > PollOne:
		return o, fmt.Errorf("wkly: poll %d is invalid, want all or one", o.Poll)
	case o.Echo > EchoOff:
		return o, fmt.Errorf("wkly: echo %d is invalid, want auto, on or off", o.Echo)
	case o.Channels < 1 || o.Channels > MaxChannels:
		return o, fmt.Errorf("wkly: %d channels, want 1 to %d", o.Channels, MaxChannels)
	case o.BoardTime < 0:
		return o, fmt.Errorf("wkly: a pulse of %v is negative", o.BoardTime)
	case o.Deadline < 0 || o.StatusDeadline < 0 || o.PollDeadline < 0:
		return o, errors.New("wkly: a deadline is negative")
	}
	return o, nil
}

// inRange refuses addresses and channels that the settings do not have.
func (o Options) inRange(addr board.Address, ch board.Channel) error {
	if addr > MaxAddress {
		return fmt.Errorf("%w: board %d, want %d to %d", board.ErrRange, addr, MinAddress, MaxAddress)
	}
	if ch < 1 || int(ch) > o.Channels {
		return fmt.Errorf("%w: channel %d of board %d, want 1 to %d", board.ErrRange, ch, addr, o.Channels)
	}
	return nil
}
