package kerong

import (
	"errors"
	"fmt"
	"time"

	"cubby/board"
	"cubby/board/exchange"
)

// Polarity is what a hook bit means. The public sources disagree, so it is found by reading the
// state of a door that is known to be shut.
type Polarity uint8

// The polarities. The zero value is invalid for a driver: there is no safe guess.
const (
	PolarityClosing Polarity = iota + 1 // hook bit 1 is locked: the door is closed
	PolarityOpening                     // hook bit 0 is locked
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

// ParsePolarity reads "closing" (a hook bit of 1 is a closed door) or "opening" (1 is an open one).
func ParsePolarity(text string) (Polarity, error) {
	for p := PolarityClosing; p <= PolarityOpening; p++ {
		if p.String() == text {
			return p, nil
		}
	}
	return 0, fmt.Errorf("hook polarity %q, want closing or opening", text)
}

// state translates a hook bit.
func (p Polarity) state(bit bool) board.State {
	if bit == (p == PolarityOpening) {
		return board.StateOpen
	}
	return board.StateClosed
}

// bit is the hook bit of a state, as a board sends it. A door that nobody can sense reads as a
// switch that is not closed.
func (p Polarity) bit(s board.State) bool {
	switch s {
	case board.StateOpen:
		return p == PolarityOpening
	case board.StateClosed:
		return p == PolarityClosing
	case board.StateUnknown:
	}
	return false
}

// Infrared says whether presence sensors hang on the boards, and what their bits mean.
type Infrared uint8

// The infrared settings. The zero value means InfraredNone.
const (
	InfraredNone Infrared = iota + 1 // there are none; boards send zeros
	InfraredHigh                     // bit 1 is an occupied compartment
	InfraredLow                      // bit 0 is an occupied compartment
)

// String returns the word used in the configuration.
func (i Infrared) String() string {
	switch i {
	case InfraredNone:
		return "none"
	case InfraredHigh:
		return "high"
	case InfraredLow:
		return "low"
	}
	return "invalid"
}

// ParseInfrared reads "none", "high" (bit 1 is occupied) or "low" (bit 0 is occupied).
func ParseInfrared(text string) (Infrared, error) {
	for i := InfraredNone; i <= InfraredLow; i++ {
		if i.String() == text {
			return i, nil
		}
	}
	return 0, fmt.Errorf("infrared %q, want none, high or low", text)
}

// occupancy translates a presence bit.
func (i Infrared) occupancy(bit bool) board.Occupancy {
	switch {
	case i != InfraredHigh && i != InfraredLow:
		return board.OccupancyUnknown
	case bit == (i == InfraredHigh):
		return board.OccupancyOccupied
	}
	return board.OccupancyEmpty
}

// bit is the presence bit of a reading, as a board sends it.
func (i Infrared) bit(o board.Occupancy) bool {
	switch o {
	case board.OccupancyOccupied:
		return i == InfraredHigh
	case board.OccupancyEmpty:
		return i == InfraredLow
	case board.OccupancyUnknown:
	}
	return false
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
	DefaultChannels = MaxChannels
	// DefaultDeadline of an unlock leaves time to boards that pulse before they answer.
	DefaultDeadline = 1500 * time.Millisecond
	// DefaultStatusDeadline is for requests that move nothing: 14 bytes at 9600 baud take 15 ms.
	DefaultStatusDeadline = 400 * time.Millisecond
	// DefaultBoardTime is a usual pulse for such locks; what boards are delivered with is in no
	// public source.
	DefaultBoardTime = 500 * time.Millisecond
)

// Options configure a Driver. Zero means the default where one is named.
type Options struct {
	Conn board.Conn       // required
	Now  func() time.Time // required: the clock of Conn's deadlines

	// Channels of each board on this bus, 1 to 16: a CU12 has 12, a CU16 has 16. Default 16.
	Channels int
	Polarity Polarity // required: what a hook bit means
	Infrared Infrared // default InfraredNone
	Echo     Echo     // default EchoAuto
	// NoUnlockReply is for firmwares that answer nothing to an unlock: Unlock returns AckNone when
	// the frame is written.
	NoUnlockReply bool
	// NoWake leaves a board alone that is silent after an unlock. By default one command 38, which
	// moves nothing, goes before the next question for states.
	NoWake bool
	// BoardTime is the unlock time that the boards are set to, 10 ms to MaxTime. It is only told to
	// others by Info; the driver does not set it. Default 500 ms.
	BoardTime      time.Duration
	Deadline       time.Duration // of Unlock; default 1500 ms
	StatusDeadline time.Duration // of one question; default 400 ms
}

// withDefaults fills in the defaults and refuses what the boards cannot do. It does not look at Conn
// and Now, and lets a polarity be unset: only a Driver needs them.
func (o Options) withDefaults() (Options, error) {
	if o.Channels == 0 {
		o.Channels = DefaultChannels
	}
	if o.Infrared == 0 {
		o.Infrared = InfraredNone
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
	switch {
	case o.Polarity > PolarityOpening:
		return o, fmt.Errorf("kerong: hook polarity %d is invalid, want closing or opening", o.Polarity)
	case o.Infrared > InfraredLow:
		return o, fmt.Errorf("kerong: infrared %d is invalid, want none, high or low", o.Infrared)
	case o.Echo > EchoOff:
		return o, fmt.Errorf("kerong: echo %d is invalid, want auto, on or off", o.Echo)
	case o.Channels < 1 || o.Channels > MaxChannels:
		return o, fmt.Errorf("kerong: %d channels, want 12 for a CU12 or 16 for a CU16", o.Channels)
	case o.BoardTime < TimeUnit || o.BoardTime > MaxTime:
		return o, fmt.Errorf("kerong: an unlock time of %v, want %v to %v", o.BoardTime, TimeUnit, MaxTime)
	case o.Deadline < 0 || o.StatusDeadline < 0:
		return o, errors.New("kerong: a deadline is negative")
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

// mayUnlock is inRange for a frame that opens a door.
func (o Options) mayUnlock(addr board.Address, ch board.Channel) error {
	if err := o.inRange(addr, ch); err != nil {
		return err
	}
	if addrByte(addr, ch) == allBoards {
		return fmt.Errorf("%w: channel %d of board %d has the address F0, which calls all boards: "+
			"give the board another address or leave this lock unused", board.ErrRange, ch, addr)
	}
	return nil
}
