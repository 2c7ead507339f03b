package lock

import (
	"errors"
	"time"

	"cubby/board"
	"cubby/board/exchange"
	"cubby/board/virtual"
	"cubby/board/wkly"
	"cubby/internal/config"
)

func wklyFamily() family {
	return family{
		Family: Family{
			Name: "wkly", Title: "WKLY lock boards",
			MinAddress: wkly.MinAddress, MaxAddress: wkly.MaxAddress, BaudRate: 9600,
			Search: Search{Last: wkly.MaxAddress, BaudRates: []int{9600, 19200, 115200}},
		},
		driver: func(s config.Bus, line board.Conn, now func() time.Time) (board.Driver, error) {
			opts, err := wklyOptions(s.Options)
			if err != nil {
				return nil, err
			}
			opts.Conn, opts.Now = line, now
			return wkly.New(opts)
		},
		codec: func(s config.Bus) (board.Codec, error) {
			opts, err := wklyOptions(s.Options)
			if err != nil {
				return nil, err
			}
			return wkly.NewCodec(opts)
		},
		slave: func(s config.Bus, bench Bench) (virtual.Boards, error) {
			opts, err := wklyOptions(s.Options)
			if err != nil {
				return nil, err
			}
			return wkly.NewSlave(wkly.SlaveOptions{World: bench.World, Line: bench.Line, Polarity: opts.Polarity})
		},
	}
}

func wklyOptions(o config.BusOptions) (wkly.Options, error) {
	polarity, polarityErr := word(o.Polarity, wkly.ParsePolarity)
	poll, pollErr := word(o.Poll, wkly.ParsePoll)
	echo, echoErr := word(o.Echo, exchange.ParseEcho)
	return wkly.Options{
		Channels: o.Channels, Polarity: polarity, Poll: poll, Echo: echo, BoardTime: o.Pulse,
		Deadline: o.Deadline, StatusDeadline: o.StatusDeadline,
	}, errors.Join(polarityErr, pollErr, echoErr)
}
