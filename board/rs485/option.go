package rs485

import (
	"errors"
	"fmt"
	"time"

	"cubby/board"
	"cubby/board/exchange"
)

// Polarity is what the lock's feedback switch means. It is on the lock's data sheet, or found by
// reading the state of a door that is known to be shut.
type Polarity uint8

// The polarities. The zero value is invalid: there is no safe guess.
const (
	PolarityClosing Polarity = iota + 1 // "closing feedback": 00 is open, 11 is closed
	PolarityOpening                     // "opening feedback": 11 is open, 00 is closed
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

// ParsePolarity reads "closing" or "opening".
func ParsePolarity(text string) (Polarity, error) {
	for _, p := range []Polarity{PolarityClosing, PolarityOpening} {
		if p.String() == text {
			return p, nil
		}
	}
	return 0, fmt.Errorf("feedback polarity %q, want closing or opening", text)
}

// state translates a feedback bit.
func (p Polarity) state(active bool) board.State {
	if active == (p == PolarityOpening) {
		return board.StateOpen
	}
	return board.StateClosed
}

// active is the feedback bit of a state, as a board sends it. A door that nobody can sense reads as
// a switch that is not closed.
func (p Polarity) active(s board.State) bool {
	switch s {
	case board.StateOpen:
		return p == PolarityOpening
	case board.StateClosed:
		return p == PolarityClosing
	case board.StateUnknown:
	}
	return false
}

// Echo says whether the adapter returns what was sent.
type Echo = exchange.Echo

// The echo settings. The zero value means EchoAuto.
const (
	EchoAuto = exchange.EchoAuto // found out by the first status request, and by every later one
	EchoOn   = exchange.EchoOn
	EchoOff  = exchange.EchoOff
)

// ParseEcho reads "auto", "on" or "off".
func ParseEcho(text string) (Echo, error) { return exchange.ParseEcho(text) }

// Defaults of the driver.
const (
	DefaultChannels = 24
	// DefaultDeadline covers boards that pulse (300 ms) before they answer; 500 ms has been seen.
	// Options.PulseSeconds comes on top.
	DefaultDeadline = 1500 * time.Millisecond
	// DefaultStatusDeadline is for requests that move nothing: 12 bytes at 9600 baud take 13 ms.
	DefaultStatusDeadline = 400 * time.Millisecond
	// boardPulse is the pulse length as delivered.
	boardPulse = 300 * time.Millisecond
)

// Options configure a Driver. Zero means the default where one is named.
type Options struct {
	Conn board.Conn       // required
	Now  func() time.Time // required: the clock of Conn's deadlines

	// Channels of each board on this bus, 1 to 24; 25 to 32 for boards that send four status bytes;
	// 33 to 50 need StatusBytes. Default 24. Channels that the board's answer does not cover read
	// as StateUnknown.
	Channels int
	// StatusBytes is how many status bytes the boards send, 1 to 8. Default 0: three or four.
	StatusBytes int
	Polarity    Polarity // required
	Echo        Echo     // default EchoAuto
	// NoUnlockReply is for firmwares that never answer 8A: Unlock returns AckNone when the frame is
	// written.
	NoUnlockReply bool
	// PulseSeconds asks for a pulse of 1 to 9 seconds. Default 0: the board's own, about 300 ms.
	PulseSeconds   int
	Deadline       time.Duration // of Unlock; default 1500 ms plus the pulse
	StatusDeadline time.Duration // of ReadStates and Probe; default 400 ms
}

// withDefaults fills in the defaults and refuses what the boards cannot do. It does not look at Conn
// and Now, which only a Driver needs.
func (o Options) withDefaults() (Options, error) {
	if o.Channels == 0 {
		o.Channels = DefaultChannels
	}
	if o.Echo == 0 {
		o.Echo = EchoAuto
	}
	if o.Deadline == 0 {
		o.Deadline = DefaultDeadline + time.Duration(o.PulseSeconds)*time.Second
	}
	if o.StatusDeadline == 0 {
		o.StatusDeadline = DefaultStatusDeadline
	}
	switch {
	case o.Polarity != PolarityClosing && o.Polarity != PolarityOpening:
		return o, errors.New("rs485: the feedback polarity is not set, want closing or opening")
	case o.Echo > EchoOff:
		return o, fmt.Errorf("rs485: echo %d is invalid", o.Echo)
	case o.StatusBytes < 0 || o.StatusBytes > maxStatusBytes:
		return o, fmt.Errorf("rs485: %d status bytes, want 1 to %d, or 0 for three or four", o.StatusBytes, maxStatusBytes)
	case o.Channels < 1 || o.Channels > MaxChannels:
		return o, fmt.Errorf("rs485: %d channels, want 1 to %d", o.Channels, MaxChannels)
	case o.StatusBytes == 0 && o.Channels > 32:
		return o, fmt.Errorf("rs485: %d channels need the number of status bytes", o.Channels)
	case o.StatusBytes > 0 && o.Channels > 8*o.StatusBytes:
		return o, fmt.Errorf("rs485: %d channels do not fit into %d status bytes", o.Channels, o.StatusBytes)
	case o.PulseSeconds < 0 || o.PulseSeconds > MaxPulseSeconds:
		return o, fmt.Errorf("rs485: a pulse of %d s, want 0 to %d", o.PulseSeconds, MaxPulseSeconds)
	case o.Deadline < 0 || o.StatusDeadline < 0:
		return o, errors.New("rs485: a deadline is negative")
	}
	return o, nil
}
