package lock

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"cubby/board"
	"cubby/board/gpio"
	"cubby/board/virtual"
	"cubby/internal/config"
)

// chipPort starts a port that is a GPIO chip of this computer.
const chipPort = "gpio:"

func gpioFamily() family {
	return family{
		Family: Family{
			Name: "gpio", Title: "relays on the GPIO lines of this computer",
			MinAddress: gpio.Address, MaxAddress: gpio.Address,
		},
		driver: func(s config.Bus, line board.Conn, now func() time.Time) (board.Driver, error) {
			opts, err := gpioOptions(s.Options)
			if err != nil {
				return nil, err
			}
			opts.Conn, opts.Now = line, now
			return gpio.New(opts)
		},
		codec: func(s config.Bus) (board.Codec, error) {
			opts, err := gpioOptions(s.Options)
			if err != nil {
				return nil, err
			}
			return gpio.NewCodec(opts)
		},
		slave: func(s config.Bus, bench Bench) (virtual.Boards, error) {
			opts, err := gpioOptions(s.Options)
			if err != nil {
				return nil, err
			}
			return gpio.NewSlave(gpio.SlaveOptions{
				World: bench.World, Line: bench.Line, NoInputs: len(opts.Inputs) == 0, Polarity: opts.Polarity,
			})
		},
	}
}

// openChip requests the lines of a chip.
func openChip(s config.Bus, now func() time.Time) (board.Conn, error) {
	opts, err := gpioOptions(s.Options)
	if err != nil {
		return nil, err
	}
	opts.Chip, opts.Now = strings.TrimPrefix(s.Port, chipPort), now
	return gpio.Open(opts)
}

// gpioOptions maps the settings. A contact that is closed while the door is shut is the usual one,
// because a cut wire then reads as an open door.
func gpioOptions(o config.BusOptions) (gpio.Options, error) {
	polarity, polarityErr := word(cmp.Or(o.Polarity, "closing"), gpio.ParsePolarity)
	bias, biasErr := word(o.Bias, gpio.ParseBias)
	return gpio.Options{
		Outputs: o.OutputLines, ActiveLow: o.ActiveLow == "true", Inputs: o.InputLines, Polarity: polarity, Bias: bias,
		Pulse: o.Pulse, Deadline: o.Deadline, Accept: o.Accept,
	}, errors.Join(polarityErr, biasErr)
}
