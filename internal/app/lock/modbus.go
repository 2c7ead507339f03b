package lock

import (
	"cmp"
	"errors"
	"time"

	"cubby/board"
	"cubby/board/exchange"
	"cubby/board/modbus"
	"cubby/board/virtual"
	"cubby/internal/config"
)

// usualUnits is how many Modbus units a probe tries: all 247 would take half a minute at each rate.
const usualUnits = 32

func modbusFamily() family {
	return family{
		Family: Family{
			Name: "modbus", Title: "Modbus relay boards (Waveshare and relatives)",
			MinAddress: modbus.MinAddress, MaxAddress: modbus.MaxAddress, BaudRate: 9600,
			Search: Search{
				Last: usualUnits, BaudRates: []int{9600, 19200, 115200, 57600, 38400, 4800},
				Options: []config.BusOptions{{}, {Framing: "tcp"}},
			},
		},
		driver: func(s config.Bus, line board.Conn, now func() time.Time) (board.Driver, error) {
			opts, err := modbusOptions(s.Options)
			if err != nil {
				return nil, err
			}
			opts.Conn, opts.Now = line, now
			return modbus.New(opts)
		},
		codec: func(s config.Bus) (board.Codec, error) {
			opts, err := modbusOptions(s.Options)
			if err != nil {
				return nil, err
			}
			return modbus.NewCodec(opts)
		},
		slave: func(s config.Bus, bench Bench) (virtual.Boards, error) {
			opts, err := modbusOptions(s.Options)
			if err != nil {
				return nil, err
			}
			return modbus.NewSlave(modbus.SlaveOptions{
				World: bench.World, Line: bench.Line, Framing: opts.Framing, Polarity: opts.Polarity,
				InputOffset: opts.InputOffset, NoUnlockReply: opts.NoUnlockReply,
			})
		},
	}
}

// modbusOptions maps the settings. A contact that is closed while the door is shut is the usual one,
// because a cut wire then reads as an open door.
func modbusOptions(o config.BusOptions) (modbus.Options, error) {
	framing, framingErr := word(o.Framing, modbus.ParseFraming)
	mode, modeErr := word(o.Mode, modbus.ParseMode)
	polarity, polarityErr := word(cmp.Or(o.Polarity, "closing"), modbus.ParsePolarity)
	echo, echoErr := word(o.Echo, exchange.ParseEcho)
	return modbus.Options{
		Framing: framing, Channels: o.Channels, NoInputs: o.Inputs == "false", InputOffset: o.InputOffset,
		Polarity: polarity, Mode: mode, Pulse: o.Pulse, NoUnlockReply: o.UnlockReplies == "false", Echo: echo,
		Accept: o.Accept, Deadline: o.Deadline, StatusDeadline: o.StatusDeadline,
	}, errors.Join(framingErr, modeErr, polarityErr, echoErr)
}
