package forecast

import (
	"math"
	"slices"
)

// seasonalAt is the one-sided 5 % point of the normal distribution: an autocorrelation at the period
// beyond it, in standard errors, means seasons.
const seasonalAt = 1.6448536269514722

// smallestFactor keeps a division by a seasonal factor sane.
const smallestFactor = 1e-4

// Theta forecasts by the Theta method: half of a straight line and simple exponential smoothing,
// after taking multiplicative seasons out if the series has them.
func Theta(s Series, horizon int) ([]float64, error) {
	if err := s.check(horizon); err != nil {
		return nil, err
	}
	index, values := []float64(nil), s.Values
	if s.Period > 1 && seasonal(s) {
		index = decompose(s, true)
		if slices.Min(index) < smallestFactor {
			index = nil
		} else {
			values = adjust(s, index, true)
		}
	}
	out, err := theta(values, horizon)
	if err != nil {
		return nil, err
	}
	for h := range out {
		if index != nil {
			out[h] *= index[(len(s.Values)+h)%s.Period]
		}
		out[h] = max(out[h], 0)
	}
	return out, nil
}

// theta is the method on a series without seasons.
func theta(values []float64, horizon int) ([]float64, error) {
	fit, err := FitForm(Series{Values: values, Period: 1}, Form{Trend: KindNone, Season: KindNone})
	if err != nil {
		return nil, err
	}
	_, slope := line(values)
	drift := slope / 2
	settled := (1 - math.Pow(1-fit.Alpha, float64(len(values)))) / fit.Alpha
	out := make([]float64, horizon)
	for h := range out {
		out[h] = fit.end.level + drift*(float64(h)+settled)
	}
	return out, nil
}

// seasonal tests the autocorrelation at the period against those of the shorter lags.
func seasonal(s Series) bool {
	level, n := mean(s.Values), len(s.Values)
	at := func(lag int) float64 {
		sum := 0.0
		for i := lag; i < n; i++ {
			sum += (s.Values[i] - level) * (s.Values[i-lag] - level)
		}
		return sum
	}
	variance := at(0)
	if variance == 0 {
		return false
	}
	squares := 0.0
	for lag := 1; lag < s.Period; lag++ {
		r := at(lag) / variance
		squares += r * r
	}
	return math.Abs(at(s.Period)/variance) > seasonalAt*math.Sqrt((1+2*squares)/float64(n))
}

// decompose returns the classical seasonal indices, that of the first value first: sums around 0 or
// factors around 1. The trend is a centred moving average over one period.
func decompose(s Series, multiply bool) []float64 {
	m, n := s.Period, len(s.Values)
	sums, counts := make([]float64, m), make([]float64, m)
	half := m / 2
	for t := half; t < n-half; t++ {
		var trend float64
		if m%2 == 1 {
			trend = mean(s.Values[t-half : t+half+1])
		} else {
			inner := s.Values[t-half+1 : t+half]
			ends := (s.Values[t-half] + s.Values[t+half]) / 2
			trend = (mean(inner)*float64(len(inner)) + ends) / float64(m)
		}
		if multiply && trend <= 0 {
			continue
		}
		v := s.Values[t] - trend
		if multiply {
			v = s.Values[t] / trend
		}
		sums[t%m] += v
		counts[t%m]++
	}
	index := make([]float64, m)
	neutral := 0.0
	if multiply {
		neutral = 1
	}
	for i := range index {
		index[i] = neutral
		if counts[i] > 0 {
			index[i] = sums[i] / counts[i]
		}
	}
	centre := mean(index)
	for i := range index {
		switch {
		case !multiply:
			index[i] -= centre
		case centre > 0:
			index[i] /= centre
		}
	}
	return index
}

// adjust takes seasonal indices out of the series.
func adjust(s Series, index []float64, multiply bool) []float64 {
	out := make([]float64, len(s.Values))
	for t, v := range s.Values {
		if multiply {
			out[t] = v / max(index[t%s.Period], smallestFactor)
		} else {
			out[t] = v - index[t%s.Period]
		}
	}
	return out
}
