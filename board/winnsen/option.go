package winnsen

import (
	"errors"
	"fmt"
	"time"

	"cubby/board"
	"cubby/board/exchange"
)

// Polarity is what the result of a status means. It depends on the lock's feedback switch, and is
// found by reading the state of a door that is known to be shut.
type Polarity uint8

// The polarities. The zero value means PolarityOpening.
const (
	PolarityOpening Polarity = iota + 1 // 01 is open, 00 is closed, as the source says
	PolarityClosing                     // 01 is closed, 00 is open
)

// String returns the word used in the configuration.
func (p Polarity) String() string {
	switch p {
	case PolarityOpening:
		return "opening"
	case PolarityClosing:
		return "closing"
	}
	return "invalid"
}

// ParsePolarity reads "opening" (01 is an open door) or "closing" (01 is a closed one).
func ParsePolarity(text string) (Polarity, error) {
	for p := PolarityOpening; p <= PolarityClosing; p++ {
		if p.String() == text {
			return p, nil
		}
	}
	return 0, fmt.Errorf("door polarity %q, want opening or closing", text)
}

// state translates the result of a status.
func (p Polarity) state(r Result) board.State {
	if (r == ResultYes) == (p == PolarityOpening) {
		return board.StateOpen
	}
	return board.StateClosed
}

// result is the result of a state, as a board sends it.
func (p Polarity) result(s board.State) Result {
	if (s == board.StateOpen) == (p == PolarityOpening) {
		return ResultYes
	}
	return ResultNo
}

// Order is where the lock stands in the reply to status.
type Order uint8

// The orders. The zero value means OrderLockFirst.
const (
	OrderLockFirst  Order = iota + 1 // lock, then state
	OrderStateFirst                  // state, then lock, as the last revision of the source reads it
)

// String returns the word used in the configuration.
func (o Order) String() string {
	switch o {
	case OrderLockFirst:
		return "lock-first"
	case OrderStateFirst:
		return "state-first"
	}
	return "invalid"
}

// ParseOrder reads "lock-first" or "state-first".
func ParseOrder(text string) (Order, error) {
	for o := OrderLockFirst; o <= OrderStateFirst; o++ {
		if o.String() == text {
			return o, nil
		}
	}
	return 0, fmt.Errorf("status order %q, want lock-first or state-first", text)
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
	// DefaultStatusDeadline is for requests that move nothing: 13 bytes at 9600 baud take 14 ms.
	DefaultStatusDeadline = 400 * time.Millisecond
	// DefaultBoardTime is a usual pulse for such locks; no public source says it.
	DefaultBoardTime = 500 * time.Millisecond
	// DefaultCoolDown is how long a lock cannot be pulsed again.
	DefaultCoolDown = 15 * time.Second
	// pollShare is what each further channel adds to the time of a poll: twice 13 bytes take 28 ms.
	pollShare = 100 * time.Millisecond
)

// Options configure a Driver. Zero means the default where one is named.
type Options struct {
	Conn board.Conn       // required
	Now  func() time.Time // required: the clock of Conn's deadlines

	// Channels of each board on this bus, 1 to 16. Default 16.
	Channels int
	// FirstStation is the lowest station, 0 or 1; there are four. Default 0.
	FirstStation board.Address
	Polarity     Polarity // default PolarityOpening
	Order        Order    // default OrderLockFirst
	Echo         Echo     // default EchoAuto
	// BoardTime is the length of the boards' own pulse. It is only told to others by Info. Default
	// 500 ms.
	BoardTime      time.Duration
	Deadline       time.Duration // of Unlock; default 1500 ms
	StatusDeadline time.Duration // of one question; default 400 ms
	// PollDeadline is of ReadStates, all questions together; default StatusDeadline and 100 ms for
	// each channel but one.
	PollDeadline time.Duration
}

// withDefaults fills in the defaults and refuses what the boards cannot do. It does not look at Conn
// and Now, which only a Driver needs.
func (o Options) withDefaults() (Options, error) {
	if o.Channels == 0 {
		o.Channels = DefaultChannels
	}
	if o.Polarity == 0 {
		o.Polarity = PolarityOpening
	}
	if o.Order == 0 {
		o.Order = OrderLockFirst
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
	case o.Polarity > PolarityClosing:
		return o, fmt.Errorf("winnsen: door polarity %d is invalid, want opening or closing", o.Polarity)
	case o.Order > OrderStateFirst:
		return o, fmt.Errorf("winnsen: status order %d is invalid, want lock-first or state-first", o.Order)
	case o.Echo > EchoOff:
		return o, fmt.Errorf("winnsen: echo %d is invalid, want auto, on or off", o.Echo)
	case o.Channels < 1 || o.Channels > MaxChannels:
		return o, fmt.Errorf("winnsen: %d channels, want 1 to %d", o.Channels, MaxChannels)
	case o.FirstStation > 1:
		return o, fmt.Errorf("winnsen: the first station is %d, want 0 or 1", o.FirstStation)
	case o.BoardTime < 0:
		return o, fmt.Errorf("winnsen: a pulse of %v is negative", o.BoardTime)
	case o.Deadline < 0 || o.StatusDeadline < 0 || o.PollDeadline < 0:
		return o, errors.New("winnsen: a deadline is negative")
	}
	return o, nil
}

// inRange refuses addresses and channels that the settings do not have.
func (o Options) inRange(addr board.Address, ch board.Channel) error {
	if last := o.FirstStation + MaxAddress; addr < o.FirstStation || addr > last {
		return fmt.Errorf("%w: board %d, want %d to %d", board.ErrRange, addr, o.FirstStation, last)
	}
	if ch < 1 || int(ch) > o.Channels {
		return fmt.Errorf("%w: channel %d of board %d, want 1 to %d", board.ErrRange, ch, addr, o.Channels)
	}
	return nil
}
