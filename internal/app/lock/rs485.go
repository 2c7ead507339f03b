package lock

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"cubby/board"
	"cubby/board/rs485"
	"cubby/board/virtual"
	"cubby/internal/config"
)

func rs485Family() family {
	return family{
		Family: Family{
			Name: "rs485", Title: "8A/80 RS-485 lock boards",
			MinAddress: rs485.MinAddress, MaxAddress: rs485.MaxAddress, BaudRate: 9600,
			Search: Search{Last: rs485.MaxAddress, BaudRates: []int{9600, 19200, 115200}},
		},
		driver: func(s config.Bus, line board.Conn, now func() time.Time) (board.Driver, error) {
			opts, err := rs485Options(s.Options)
			if err != nil {
				return nil, err
			}
			opts.Conn, opts.Now = line, now
			return rs485.New(opts)
		},
		codec: func(s config.Bus) (board.Codec, error) {
			opts, err := rs485Options(s.Options)
			if err != nil {
				return nil, err
			}
			return rs485.NewCodec(opts)
		},
		slave: func(s config.Bus, bench Bench) (virtual.Boards, error) {
			opts, err := rs485Options(s.Options)
			if err != nil {
				return nil, err
			}
			return rs485.NewSlave(rs485.SlaveOptions{
				World: bench.World, Line: bench.Line, Polarity: opts.Polarity,
				StatusBytes: opts.StatusBytes, NoUnlockReply: opts.NoUnlockReply,
			})
		},
	}
}

// rs485Options maps the settings. Closing feedback is what most locks have; it was the default before
// models were.
func rs485Options(o config.BusOptions) (rs485.Options, error) {
	polarity, polarityErr := word(cmp.Or(o.Polarity, "closing"), rs485.ParsePolarity)
	echo, echoErr := word(o.Echo, rs485.ParseEcho)
	opts := rs485.Options{
		Channels: o.Channels, StatusBytes: o.StatusBytes, Polarity: polarity, Echo: echo,
		NoUnlockReply: o.UnlockReplies == "false", PulseSeconds: int(o.Pulse / time.Second),
		Deadline: o.Deadline, StatusDeadline: o.StatusDeadline,
	}
	if o.Pulse%time.Second != 0 {
		return opts, fmt.Errorf("rs485: a pulse of %s: want whole seconds, or 0s for the board's own", o.Pulse)
	}
	return opts, errors.Join(polarityErr, echoErr)
}
