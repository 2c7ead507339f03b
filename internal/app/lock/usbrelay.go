package lock

import (
	"time"

	"cubby/board"
	"cubby/board/usbrelay"
	"cubby/board/virtual"
	"cubby/internal/config"
)

func usbrelayFamily() family {
	return family{
		Family: Family{
			Name: "usbrelay", Title: "USB serial relays (LCUS and clones)",
			MinAddress: usbrelay.Address, MaxAddress: usbrelay.Address, BaudRate: 9600,
		},
		driver: func(s config.Bus, line board.Conn, now func() time.Time) (board.Driver, error) {
			opts := usbrelayOptions(s.Options)
			opts.Conn, opts.Now = line, now
			return usbrelay.New(opts)
		},
		codec: func(s config.Bus) (board.Codec, error) { return usbrelay.NewCodec(usbrelayOptions(s.Options)) },
		slave: func(_ config.Bus, bench Bench) (virtual.Boards, error) {
			return usbrelay.NewSlave(usbrelay.SlaveOptions{World: bench.World, Line: bench.Line})
		},
	}
}

func usbrelayOptions(o config.BusOptions) usbrelay.Options {
	return usbrelay.Options{Channels: o.Channels, Pulse: o.Pulse, Accept: o.Accept}
}
