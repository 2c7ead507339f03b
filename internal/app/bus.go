package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"cubby/internal/app/lock"
	"cubby/internal/config"
)

// openBuses opens every line of the configuration. A line that is not there yet is no error: the
// controller reports it, and it is opened when it comes.
func openBuses(ctx context.Context, settings []config.Bus, now func() time.Time) ([]*lock.Bus, error) {
	var buses []*lock.Bus
	for _, s := range settings {
		b, err := lock.Open(ctx, s, now)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("bus %s: %w", s.Name, err), closeBuses(buses))
		}
		buses = append(buses, b)
	}
	return buses, nil
}

func closeBuses(buses []*lock.Bus) error {
	var errs []error
	for _, b := range buses {
		errs = append(errs, b.Close())
	}
	return errors.Join(errs...)
}
