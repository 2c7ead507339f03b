package forecast

import (
	"errors"
	"fmt"
	"math"
)

// Limits of a series.
const (
	MaxValues  = 100_000
	MaxPeriod  = 366
	MaxHorizon = 2_000
)

// ErrSeries means a series that cannot be forecast: too short, or with a value that is no number.
var ErrSeries = errors.New("series cannot be forecast")

// Series is equally spaced values, oldest first.
type Series struct {
	Values []float64 // parcels per day or hour, 0 or more
	Period int       // values of one season: 7 for days, 168 for hours; 1 for none
}

// check refuses what no model can take. Seasonal models need two whole seasons.
func (s Series) check(horizon int) error {
	switch {
	case s.Period < 1 || s.Period > MaxPeriod:
		return fmt.Errorf("%w: a period of %d, want 1 to %d", ErrSeries, s.Period, MaxPeriod)
	case horizon < 1 || horizon > MaxHorizon:
		return fmt.Errorf("%w: a horizon of %d, want 1 to %d", ErrSeries, horizon, MaxHorizon)
	case len(s.Values) < 2*s.Period || len(s.Values) < 4:
		return fmt.Errorf("%w: %d values, want two seasons (%d) and at least 4", ErrSeries, len(s.Values), 2*s.Period)
	case len(s.Values) > MaxValues:
		return fmt.Errorf("%w: %d values, at most %d", ErrSeries, len(s.Values), MaxValues)
	}
	for i, v := range s.Values {
		if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
			return fmt.Errorf("%w: value %d is %v, want 0 or more", ErrSeries, i+1, v)
		}
	}
	return nil
}

// SeasonalNaive repeats the last season.
func SeasonalNaive(s Series, horizon int) ([]float64, error) {
	if err := s.check(horizon); err != nil {
		return nil, err
	}
	last := s.Values[len(s.Values)-s.Period:]
	out := make([]float64, horizon)
	for i := range out {
		out[i] = last[i%s.Period]
	}
	return out, nil
}
