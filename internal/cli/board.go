package cli

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cubby/board"
	"cubby/internal/app/lock"
	"cubby/internal/config"
)

type boardCmd struct {
	Families familiesCmd `cmd:"" help:"List the protocols that lock boards may speak."`
	Models   modelsCmd   `cmd:"" help:"List the models of lock boards that are known."`
	Probe    probeCmd    `cmd:"" help:"Find the boards on a line. Opens nothing."`
	Walk     walkCmd     `cmd:"" help:"Open door after door, ask which one moved, and write the layout as it really is."`
	Watch    watchCmd    `cmd:"" help:"Show the states of doors as they change. Opens nothing."`
	Frame    frameCmd    `cmd:"" help:"Print the bytes that would be sent. Sends nothing."`
	Decode   decodeCmd   `cmd:"" help:"Say what bytes from a line mean."`
	Virtual  virtualCmd  `cmd:"" help:"Serve virtual lock boards on a port, to try a controller without hardware."`
}

// kindFlags say which boards are meant.
type kindFlags struct {
	Family string            `help:"Protocol family; cubby board families lists them. Default: the model's, or rs485." placeholder:"FAMILY"`
	Model  string            `help:"Model; cubby board models lists them. It brings family and options." placeholder:"MODEL"`
	Option map[string]string `help:"One option of the family, as in the settings file, e.g. --option polarity=opening. May be repeated." placeholder:"KEY=VALUE" mapsep:"none"`
}

// bus returns the settings that the flags stand for. Mistakes are the command line's.
func (k kindFlags) bus() (config.Bus, error) {
	s := config.Bus{Family: k.Family, Model: k.Model}
	for _, key := range slices.Sorted(maps.Keys(k.Option)) {
		if err := s.Options.Set(key, k.Option[key]); err != nil {
			return s, usageError{fmt.Errorf("--option %w", err)}
		}
	}
	s, err := lock.Resolve(s)
	if err != nil {
		return s, usageError{err}
	}
	return s, nil
}

// address reads a board's number of the command line.
func address(n int) (board.Address, error) {
	if n < 0 || n > 255 {
		return 0, usageError{fmt.Errorf("board %d: addresses are 0 to 255", n)}
	}
	return board.Address(n), nil
}

// outOfRange makes an error about a channel or an address a mistake in the command line, without the
// words that only programs need.
func outOfRange(err error) error {
	if !errors.Is(err, board.ErrRange) {
		return err
	}
	return usageError{errors.New(strings.Replace(err.Error(), board.ErrRange.Error()+": ", "", 1))}
}

// hexPairs writes bytes as people read them from a line: "8A 01 01 11 9B".
func hexPairs(p []byte) string { return fmt.Sprintf("% X", p) }
