package lock

import (
	"cmp"
	"errors"
	"time"

	"cubby/board"
	"cubby/board/exchange"
	"cubby/board/kerong"
	"cubby/board/virtual"
	"cubby/internal/config"
)

func kerongFamily() family {
	return family{
		Family: Family{
			Name: "kerong", Title: "KERONG CU12 and CU16 lock boards",
			MinAddress: kerong.MinAddress, MaxAddress: kerong.MaxAddress, BaudRate: 19200,
			Search: Search{Last: kerong.MaxAddress, BaudRates: []int{19200, 9600, 57600, 115200}},
		},
		driver: func(s config.Bus, line board.Conn, now func() time.Time) (board.Driver, error) {
			opts, err := kerongOptions(s.Options)
			if err != nil {
				return nil, err
			}
			opts.Conn, opts.Now = line, now
			return kerong.New(opts)
		},
		codec: func(s config.Bus) (board.Codec, error) {
			opts, err := kerongOptions(s.Options)
			if err != nil {
				return nil, err
			}
			return kerong.NewCodec(opts)
		},
		slave: func(s config.Bus, bench Bench) (virtual.Boards, error) {
			opts, err := kerongOptions(s.Options)
			if err != nil {
				return nil, err
			}
			return kerong.NewSlave(kerong.SlaveOptions{
				World: bench.World, Line: bench.Line, Polarity: opts.Polarity, Infrared: opts.Infrared,
				NoUnlockReply: opts.NoUnlockReply,
			})
		},
	}
}

// kerongOptions maps the settings. Two of three public sources say that a hook bit of 1 is a locked
// door, so that is what a bus without a polarity means.
func kerongOptions(o config.BusOptions) (kerong.Options, error) {
	polarity, polarityErr := word(cmp.Or(o.Polarity, "closing"), kerong.ParsePolarity)
	infrared, infraredErr := word(o.Infrared, kerong.ParseInfrared)
	echo, echoErr := word(o.Echo, exchange.ParseEcho)
	return kerong.Options{
		Channels: o.Channels, Polarity: polarity, Infrared: infrared, Echo: echo,
		NoUnlockReply: o.UnlockReplies == "false", NoWake: o.Wake == "false", BoardTime: o.Pulse,
		Deadline: o.Deadline, StatusDeadline: o.StatusDeadline,
	}, errors.Join(polarityErr, infraredErr, echoErr)
}
