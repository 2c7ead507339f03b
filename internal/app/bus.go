package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cubby/board"
	"cubby/board/port"
	"cubby/board/rs485"
	"cubby/internal/config"
)

// bus is one line with its driver.
type bus struct {
	name   string
	driver board.Driver
	conn   board.Conn
}

// openBuses opens every line of the configuration. A line that is not there yet is no error: the
// controller reports it, and it is opened when it comes.
func openBuses(ctx context.Context, settings []config.Bus, now func() time.Time) ([]bus, error) {
	var buses []bus
	for _, s := range settings {
		b, err := openBus(ctx, s, now)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("bus %s: %w", s.Name, err), closeBuses(buses))
		}
		buses = append(buses, b)
	}
	return buses, nil
}

func closeBuses(buses []bus) error {
	var errs []error
	for _, b := range buses {
		errs = append(errs, b.conn.Close())
	}
	return errors.Join(errs...)
}

// openBus is the list of protocol families: one case for each folder of board.
func openBus(ctx context.Context, s config.Bus, now func() time.Time) (bus, error) {
	conn, err := port.NewSpecReopener(ctx, s.Port, port.Options{Now: now})
	if err != nil {
		return bus{}, fmt.Errorf("open %s: %w", s.Port, err)
	}
	var driver board.Driver
	switch s.Family {
	case "rs485":
		driver, err = newRS485(conn, s.Options, now)
	default:
		err = fmt.Errorf("no protocol family %q", s.Family)
	}
	if err != nil {
		return bus{}, errors.Join(err, conn.Close())
	}
	return bus{name: s.Name, driver: driver, conn: conn}, nil
}

func newRS485(conn board.Conn, o config.BusOptions, now func() time.Time) (*rs485.Driver, error) {
	polarity, err := rs485.ParsePolarity(o.Polarity)
	if err != nil {
		return nil, fmt.Errorf("polarity: %w", err)
	}
	echo, err := rs485.ParseEcho(o.Echo)
	if err != nil {
		return nil, fmt.Errorf("echo: %w", err)
	}
	return rs485.New(rs485.Options{
		Conn: conn, Now: now, Channels: o.Channels, StatusBytes: o.StatusBytes, Polarity: polarity, Echo: echo,
		NoUnlockReply: !o.UnlockReplies, PulseSeconds: int(o.Pulse / time.Second),
		Deadline: o.Deadline, StatusDeadline: o.StatusDeadline,
	})
}
