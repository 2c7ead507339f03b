package modbus

import (
	"errors"
	"fmt"
	"time"

	"cubby/board"
	"cubby/board/exchange"
)

// Polarity is what an input says of its door. It follows from the contact and its wiring, or is
// found by reading the inputs while a door is known to be shut.
type Polarity uint8

// The polarities. The zero value is invalid: there is no safe guess.
const (
	PolarityClosing Polarity = iota + 1 // the contact closes with the door: an input that is on is a shut door
	PolarityOpening                     // the contact closes when the door opens: an input that is on is an open door
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
	return 0, fmt.Errorf("contact polarity %q, want closing or opening", text)
}

// state translates an input.
func (p Polarity) state(on bool) board.State {
	if on == (p == PolarityOpening) {
		return board.StateOpen
	}
	return board.StateClosed
}

// on is the input of a state. A door that nobody can sense reads as an input that is off.
func (p Polarity) on(s board.State) bool {
	switch s {
	case board.StateOpen:
		return p == PolarityOpening
	case board.StateClosed:
		return p == PolarityClosing
	case board.StateUnknown:
	}
	return false
}

// Mode is how a pulse is made.
type Mode uint8

// The modes. The zero value means ModeFlash.
const (
	ModeFlash Mode = iota + 1 // the board's own timed pulse
	ModeCoil                  // on, then off by the driver's timer; see Acceptance
)

// String returns the word used in the configuration.
func (m Mode) String() string {
	switch m {
	case ModeFlash:
		return "flash"
	case ModeCoil:
		return "coil"
	}
	return "invalid"
}

// ParseMode reads "flash" or "coil".
func ParseMode(text string) (Mode, error) {
	for m := ModeFlash; m <= ModeCoil; m++ {
		if m.String() == text {
			return m, nil
		}
	}
	return 0, fmt.Errorf("pulse mode %q, want flash or coil", text)
}

// Acceptance is the sentence that Options.Accept must hold for ModeCoil: the pulse ends by a timer of
// the program, so a program or a computer that dies in the middle of one leaves the lock's coil on.
const Acceptance = "a crash may leave a coil energised"

// Defaults of the driver.
const (
	DefaultChannels = 8
	DefaultPulse    = 200 * time.Millisecond
	// DefaultDeadline is for the answer to an unlock; in ModeFlash the pulse comes on top, for boards
	// that answer after it.
	DefaultDeadline = time.Second
	// DefaultStatusDeadline is for requests that move nothing: 20 bytes at 9600 baud take 21 ms, and a
	// gateway from TCP to RS-485 asks the board in that time.
	DefaultStatusDeadline = 400 * time.Millisecond
	// DefaultGap is the silence that ends a frame for an RTU board: three and a half characters, at 9600
	// baud or more. Source: Modbus over Serial Line V1.02 §2.5.1.1.
	DefaultGap = 4 * time.Millisecond
)

// Limits of a pulse.
const (
	flashUnit = 100 * time.Millisecond
	minPulse  = 20 * time.Millisecond
	// maxPulse is longer than any lock needs; most coils burn out when they stay on for minutes.
	maxPulse = 30 * time.Second
	maxGap   = 100 * time.Millisecond
)

// Options configure a Driver. Zero means the default where one is named.
type Options struct {
	Conn board.Conn       // required
	Now  func() time.Time // required: the clock of Conn's deadlines

	Framing  Framing // default FramingRTU
	Channels int     // relays of each board on this bus, 1 to 32; default 8
	// NoInputs is for boards without inputs, or whose inputs are not wired to doors: all doors read as
	// StateUnknown, and a poll asks for the relays instead.
	NoInputs bool
	// InputOffset is the number of the input of channel 1, counted from 0, up to 65535-Channels.
	InputOffset int
	Polarity    Polarity // required unless NoInputs

	Mode Mode // default ModeFlash
	// Pulse is 100 ms to 30 s in steps of 100 ms in ModeFlash, 20 ms to 30 s in ModeCoil. Default
	// 200 ms.
	Pulse time.Duration
	// NoUnlockReply is for boards that do not answer when a relay moves: Unlock returns AckNone when
	// the frame is written.
	NoUnlockReply bool
	Echo          exchange.Echo // default EchoAuto; Modbus TCP has none
	// Gap is the silence before each RTU request, up to 100 ms; default 4 ms. At 4800 baud 8 ms is needed,
	// at 2400 baud 15 ms.
	Gap time.Duration
	// Accept must be Acceptance in ModeCoil, word for word, and is ignored otherwise.
	Accept string

	Deadline       time.Duration // for the answer to an unlock; default 1 s, in ModeFlash plus the pulse
	StatusDeadline time.Duration // for the answer to everything else; default 400 ms
}

// withDefaults fills in the defaults and refuses what the boards cannot do.
func (o Options) withDefaults() (Options, error) {
	if o.Framing == 0 {
		o.Framing = FramingRTU
	}
	if o.Channels == 0 {
		o.Channels = DefaultChannels
	}
	if o.Mode == 0 {
		o.Mode = ModeFlash
	}
	if o.Pulse == 0 {
		o.Pulse = DefaultPulse
	}
	if o.Echo == 0 {
		o.Echo = exchange.EchoAuto
	}
	if o.Gap == 0 {
		o.Gap = DefaultGap
	}
	if o.Deadline == 0 {
		o.Deadline = DefaultDeadline
		if o.Mode == ModeFlash {
			o.Deadline += o.Pulse
		}
	}
	if o.StatusDeadline == 0 {
		o.StatusDeadline = DefaultStatusDeadline
	}
	if err := o.check(); err != nil {
		return o, fmt.Errorf("modbus: %w", err)
	}
	if o.Framing == FramingTCP {
		o.Echo, o.Gap = exchange.EchoOff, 0
	}
	return o, nil
}

func (o Options) check() error {
	switch {
	case o.Framing > FramingTCP:
		return fmt.Errorf("framing %d is invalid, want rtu or tcp", o.Framing)
	case o.Mode > ModeCoil:
		return fmt.Errorf("pulse mode %d is invalid, want flash or coil", o.Mode)
	case o.Echo > exchange.EchoOff:
		return fmt.Errorf("echo %d is invalid, want auto, on or off", o.Echo)
	case o.Echo == exchange.EchoOn && o.Framing == FramingTCP:
		return errors.New("nothing echoes on Modbus TCP, set echo to off or auto, or framing to rtu")
	case o.Channels < 1 || o.Channels > MaxChannels:
		return fmt.Errorf("%d channels, want 1 to %d", o.Channels, MaxChannels)
	case !o.NoInputs && o.Polarity != PolarityClosing && o.Polarity != PolarityOpening:
		return errors.New("the polarity of the door contacts is not set, want closing or opening, or no inputs at all")
	case o.InputOffset < 0 || o.InputOffset > 0xFFFF-o.Channels:
		return fmt.Errorf("input offset %d, want 0 to %d", o.InputOffset, 0xFFFF-o.Channels)
	case o.Mode == ModeFlash && (o.Pulse < flashUnit || o.Pulse > maxPulse || o.Pulse%flashUnit != 0):
		return fmt.Errorf("a flash of %v, want %v to %v in steps of %v", o.Pulse, flashUnit, maxPulse, flashUnit)
	case o.Pulse < minPulse || o.Pulse > maxPulse:
		return fmt.Errorf("a pulse of %v, want %v to %v", o.Pulse, minPulse, maxPulse)
	case o.Gap < 0 || o.Gap > maxGap:
		return fmt.Errorf("a gap of %v before each request, want up to %v", o.Gap, maxGap)
	case o.Deadline < 0 || o.StatusDeadline < 0:
		return errors.New("a deadline is negative")
	}
	return nil
}

// checkDriver refuses what only a driver needs; tools that explain frames do without.
func (o Options) checkDriver() error {
	switch {
	case o.Conn == nil || o.Now == nil:
		return errors.New("modbus: Conn and Now are required")
	case o.Mode == ModeCoil && o.Accept != Acceptance:
		return fmt.Errorf("modbus: mode coil ends the pulse by a timer of this program; to use it, set accept to %q",
			Acceptance)
	}
	return nil
}

func (o Options) inRange(addr board.Address, ch board.Channel) error {
	if addr < MinAddress || addr > MaxAddress {
		return fmt.Errorf("%w: board %d, want %d to %d", board.ErrRange, addr, MinAddress, MaxAddress)
	}
	if ch < 1 || int(ch) > o.Channels {
		return fmt.Errorf("%w: channel %d of board %d, want 1 to %d", board.ErrRange, ch, addr, o.Channels)
	}
	return nil
}
