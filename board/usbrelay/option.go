package usbrelay

import (
	"errors"
	"fmt"
	"time"

	"cubby/board"
)

// Acceptance is the sentence that Options.Accept must hold: a pulse ends by a timer of the program, so
// a program or a computer that dies in the middle of one leaves the lock's coil on.
const Acceptance = "a crash may leave a coil energised"

// Defaults of the driver.
const (
	// DefaultChannels is 1, because an unlock of a relay that is not there would look like one that is.
	DefaultChannels = 1
	DefaultPulse    = 500 * time.Millisecond
)

const (
	minPulse = 20 * time.Millisecond
	// maxPulse is longer than any lock needs; most coils burn out when they stay on for minutes.
	maxPulse = 30 * time.Second
	// writeTime is what writing may take beside the pulse: 12 bytes at 9600 baud take 13 ms.
	writeTime = 250 * time.Millisecond
)

// Options configure a Driver. Zero means the default where one is named.
type Options struct {
	Conn board.Conn       // required
	Now  func() time.Time // required: the clock of Conn's deadlines

	Channels int           // relays of the board, 1 to 16; default 1
	Pulse    time.Duration // 20 ms to 30 s; default 500 ms
	Accept   string        // required: Acceptance, word for word
}

// withDefaults fills in the defaults and refuses what the boards cannot do.
func (o Options) withDefaults() (Options, error) {
	if o.Channels == 0 {
		o.Channels = DefaultChannels
	}
	if o.Pulse == 0 {
		o.Pulse = DefaultPulse
	}
	switch {
	case o.Channels < 1 || o.Channels > MaxChannels:
		return o, fmt.Errorf("usbrelay: %d channels, want 1 to %d", o.Channels, MaxChannels)
	case o.Pulse < minPulse || o.Pulse > maxPulse:
		return o, fmt.Errorf("usbrelay: a pulse of %v, want %v to %v", o.Pulse, minPulse, maxPulse)
	}
	return o, nil
}

// checkDriver refuses what only a driver needs; tools that explain frames do without.
func (o Options) checkDriver() error {
	switch {
	case o.Conn == nil || o.Now == nil:
		return errors.New("usbrelay: Conn and Now are required")
	case o.Accept != Acceptance:
		return fmt.Errorf("usbrelay: the pulse is ended by a timer of this program; to use these boards, set accept to %q",
			Acceptance)
	}
	return nil
}

func (o Options) inRange(addr board.Address, ch board.Channel) error {
	if addr != Address {
		return fmt.Errorf("%w: board %d, want %d, the only one of its line", board.ErrRange, addr, Address)
	}
	if ch < 1 || int(ch) > o.Channels {
		return fmt.Errorf("%w: channel %d, want 1 to %d", board.ErrRange, ch, o.Channels)
	}
	return nil
}
