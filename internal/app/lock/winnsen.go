package lock

import (
	"errors"
	"fmt"
	"time"

	"cubby/board"
	"cubby/board/exchange"
	"cubby/board/virtual"
	"cubby/board/winnsen"
	"cubby/internal/config"
)

// stations is how many boards a line takes, whatever the first is called.
const stations = winnsen.MaxAddress - winnsen.MinAddress + 1

func winnsenFamily() family {
	return family{
		Family: Family{
			Name: "winnsen", Title: "Winnsen lock boards",
			MinAddress: winnsen.MinAddress, MaxAddress: winnsen.MaxAddress + 1, BaudRate: 9600,
			Search: Search{
				Last: winnsen.MaxAddress + 1, BaudRates: []int{9600},
				Options: []config.BusOptions{{}, {FirstStation: 1}},
			},
		},
		driver: func(s config.Bus, line board.Conn, now func() time.Time) (board.Driver, error) {
			opts, err := winnsenOptions(s.Options)
			if err != nil {
				return nil, err
			}
			for _, addr := range s.Boards {
				if first := s.Options.FirstStation; addr < first || addr >= first+stations {
					return nil, fmt.Errorf("winnsen: board %d, want %d to %d with first_station %d",
						addr, first, first+stations-1, first)
				}
			}
			opts.Conn, opts.Now = line, now
			return winnsen.New(opts)
		},
		codec: func(s config.Bus) (board.Codec, error) {
			opts, err := winnsenOptions(s.Options)
			if err != nil {
				return nil, err
			}
			return winnsen.NewCodec(opts)
		},
		slave: func(s config.Bus, bench Bench) (virtual.Boards, error) {
			opts, err := winnsenOptions(s.Options)
			if err != nil {
				return nil, err
			}
			return winnsen.NewSlave(winnsen.SlaveOptions{
				World: bench.World, Line: bench.Line, Polarity: opts.Polarity, Order: opts.Order,
			})
		},
	}
}

func winnsenOptions(o config.BusOptions) (winnsen.Options, error) {
	polarity, polarityErr := word(o.Polarity, winnsen.ParsePolarity)
	order, orderErr := word(o.Order, winnsen.ParseOrder)
	echo, echoErr := word(o.Echo, exchange.ParseEcho)
	return winnsen.Options{
		Channels: o.Channels, FirstStation: board.Address(o.FirstStation), Polarity: polarity, Order: order, Echo: echo,
		BoardTime: o.Pulse, Deadline: o.Deadline, StatusDeadline: o.StatusDeadline,
	}, errors.Join(polarityErr, orderErr, echoErr)
}
