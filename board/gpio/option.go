package gpio

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"cubby/board"
)

// Address is the one board of a chip: its pins.
const Address board.Address = 1

// Acceptance is the sentence that Options.Accept must hold: a pulse ends by a timer of the program, so
// a program or a computer that dies in the middle of one leaves the lock's coil on.
const Acceptance = "a crash may leave a coil energised"

// Polarity is what an input says of its door. It follows from the contact, or is found by reading the
// inputs while a door is known to be shut.
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

// on is the input of a state. A door that nobody can sense reads as a contact that is open.
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

// Bias is the resistor in the chip that holds an input while its contact is open.
type Bias uint8

// The biases. The zero value means BiasPullUp.
const (
	BiasPullUp   Bias = iota + 1 // to the supply: the contact joins the line to ground, on is low
	BiasPullDown                 // to ground: the contact joins the line to the supply, on is high
	BiasOff                      // none: a circuit outside holds the line, on is high
	BiasAsIs                     // left as the system has set it, on is high
)

// String returns the word used in the configuration.
func (b Bias) String() string {
	switch b {
	case BiasPullUp:
		return "pull-up"
	case BiasPullDown:
		return "pull-down"
	case BiasOff:
		return "off"
	case BiasAsIs:
		return "as-is"
	}
	return "invalid"
}

// ParseBias reads "pull-up", "pull-down", "off" or "as-is".
func ParseBias(text string) (Bias, error) {
	for b := BiasPullUp; b <= BiasAsIs; b++ {
		if b.String() == text {
			return b, nil
		}
	}
	return 0, fmt.Errorf("bias %q, want pull-up, pull-down, off or as-is", text)
}

// Defaults of the driver.
const (
	DefaultPulse    = 500 * time.Millisecond
	DefaultDeadline = 250 * time.Millisecond // a system call takes microseconds, a busy computer longer
)

const (
	minPulse = 20 * time.Millisecond
	// maxPulse is longer than any lock needs; most coils burn out when they stay on for minutes.
	maxPulse = 30 * time.Second
	// maxOffset is far beyond the largest chip.
	maxOffset = 4095
)

// Options configure a Driver, a Codec and Open. Zero means the default where one is named.
type Options struct {
	Conn board.Conn       // required by New: what Open gave, or a line to a Slave
	Now  func() time.Time // required by New and Open: the clock of Conn's deadlines

	Chip      string // required by Open: gpiochip0 or /dev/gpiochip0; New ignores it
	Outputs   []int  // required: offsets of the lines of channel 1, 2, ... ; 1 to 32, each once
	ActiveLow bool   // the relays switch on when their line is low

	Inputs   []int    // offsets of the door contacts in the same order; none means no witness
	Polarity Polarity // required with Inputs
	Bias     Bias     // of the inputs; default BiasPullUp

	Pulse    time.Duration // 20 ms to 30 s; default 500 ms
	Deadline time.Duration // for each answer of the pins; default 250 ms
	Accept   string        // required by New: Acceptance, word for word
}

// withDefaults fills in the defaults and refuses what cannot be.
func (o Options) withDefaults() (Options, error) {
	if o.Bias == 0 {
		o.Bias = BiasPullUp
	}
	if o.Pulse == 0 {
		o.Pulse = DefaultPulse
	}
	if o.Deadline == 0 {
		o.Deadline = DefaultDeadline
	}
	if err := o.check(); err != nil {
		return o, fmt.Errorf("gpio: %w", err)
	}
	return o, nil
}

func (o Options) check() error {
	switch {
	case len(o.Outputs) < 1 || len(o.Outputs) > MaxChannels:
		return fmt.Errorf("%d output lines, want 1 to %d: the offsets of the locks' lines", len(o.Outputs), MaxChannels)
	case len(o.Inputs) > 0 && len(o.Inputs) != len(o.Outputs):
		return fmt.Errorf("%d input lines for %d outputs, want one for each or none", len(o.Inputs), len(o.Outputs))
	case len(o.Inputs) > 0 && o.Polarity != PolarityClosing && o.Polarity != PolarityOpening:
		return errors.New("the polarity of the door contacts is not set, want closing or opening")
	case o.Bias > BiasAsIs:
		return fmt.Errorf("bias %d is invalid, want pull-up, pull-down, off or as-is", o.Bias)
	case o.Pulse < minPulse || o.Pulse > maxPulse:
		return fmt.Errorf("a pulse of %v, want %v to %v", o.Pulse, minPulse, maxPulse)
	case o.Deadline < 0:
		return errors.New("the deadline is negative")
	}
	used := map[int]bool{}
	for _, offset := range slices.Concat(o.Outputs, o.Inputs) {
		if offset < 0 || offset > maxOffset {
			return fmt.Errorf("line %d, want 0 to %d", offset, maxOffset)
		}
		if used[offset] {
			return fmt.Errorf("line %d is named twice", offset)
		}
		used[offset] = true
	}
	return nil
}

// checkDriver refuses what only a driver needs; tools that explain frames do without.
func (o Options) checkDriver() error {
	switch {
	case o.Conn == nil || o.Now == nil:
		return errors.New("gpio: Conn and Now are required")
	case o.Accept != Acceptance:
		return fmt.Errorf("gpio: the pulse is ended by a timer of this program; to use GPIO lines, set accept to %q",
			Acceptance)
	}
	return nil
}

func (o Options) inRange(addr board.Address, ch board.Channel) error {
	if addr != Address {
		return fmt.Errorf("%w: board %d, want %d, the only one of a chip", board.ErrRange, addr, Address)
	}
	if ch < 1 || int(ch) > len(o.Outputs) {
		return fmt.Errorf("%w: channel %d, want 1 to %d", board.ErrRange, ch, len(o.Outputs))
	}
	return nil
}
