package forecast

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// Options of Forecast. Zero means the default where one is named.
type Options struct {
	Horizon int // values ahead, 1 to MaxHorizon; required
	// Cover is the share of days that the intervals should hold, above 0 and below 1. Default 0.9.
	Cover float64
	// Origins is how many past moments the models are tested from for the intervals, 1 to 60.
	// Default 12, fewer when the history is short.
	Origins int
	// Holidays name the values that are not like others: place in the series, counted from 0 and
	// going on through the horizon, to a name, e.g. "black friday". Each name gets one factor.
	Holidays map[int]string
}

// Outlook is a forecast with its intervals.
type Outlook struct {
	Mean, Low, High []float64
	Model           string             // of the smoothing model, e.g. "trend damped, season additive"
	Factors         map[string]float64 // of holidays, against a usual day
	Cover           float64            // that the intervals were made for
	Tested          int                // past days that the intervals rest on
}

// Defaults and limits of Forecast.
const (
	defaultCover   = 0.9
	defaultOrigins = 12
	maxOrigins     = 60
	// holidayPrior is how many usual days stand against one holiday seen: a factor learnt from a
	// single Christmas is only half believed.
	holidayPrior = 1
)

// Forecast returns the mean of three models with conformal intervals.
func Forecast(s Series, opts Options) (Outlook, error) {
	if opts.Cover == 0 {
		opts.Cover = defaultCover
	}
	if opts.Origins == 0 {
		opts.Origins = defaultOrigins
	}
	if opts.Cover <= 0 || opts.Cover >= 1 || opts.Origins < 1 || opts.Origins > maxOrigins {
		return Outlook{}, fmt.Errorf("cover %v and %d origins: want a share between 0 and 1, and 1 to %d", opts.Cover,
			opts.Origins, maxOrigins)
	}
	if err := s.check(opts.Horizon); err != nil {
		return Outlook{}, err
	}
	factors := holidayFactors(s, opts.Holidays)
	usual := s.without(opts.Holidays, factors)
	values, model, err := combined(usual, opts.Horizon)
	if err != nil {
		return Outlook{}, err
	}
	scores, err := misses(usual, opts)
	if err != nil {
		return Outlook{}, err
	}
	reach := quantile(scores, opts.Cover)
	out := Outlook{Mean: values, Model: model, Factors: factors, Cover: opts.Cover, Tested: len(scores)}
	for h, v := range values {
		factor := 1.0
		if name, ok := opts.Holidays[len(s.Values)+h]; ok {
			if f, known := factors[name]; known {
				factor = f
			}
		}
		out.Mean[h] = v * factor
		spread := reach * width(out.Mean[h])
		out.Low = append(out.Low, max(out.Mean[h]-spread, 0))
		out.High = append(out.High, out.Mean[h]+spread)
	}
	return out, nil
}

// combined is the mean of the three models.
func combined(s Series, horizon int) (values []float64, model string, err error) {
	naive, err := SeasonalNaive(s, horizon)
	if err != nil {
		return nil, "", err
	}
	fit, err := ETS(s)
	if err != nil {
		return nil, "", err
	}
	line, err := Theta(s, horizon)
	if err != nil {
		return nil, "", err
	}
	smooth := fit.Forecast(horizon)
	for h := range naive {
		naive[h] = (naive[h] + smooth[h] + line[h]) / 3
	}
	return naive, fmt.Sprintf("trend %v, season %v", fit.Trend, fit.Season), nil
}

// width scales a miss: counts scatter with the square root of their size.
func width(expected float64) float64 { return math.Sqrt(max(expected, 1)) }

// misses tests the models from past moments and returns the scaled errors on what followed.
func misses(s Series, opts Options) ([]float64, error) {
	least := max(2*s.Period, 4)
	spare := len(s.Values) - least
	step := max(1, min(opts.Horizon, spare/max(opts.Origins, 1)))
	var scores []float64
	for o := range opts.Origins {
		end := len(s.Values) - (o+1)*step
		if end < least {
			break
		}
		past := Series{Values: s.Values[:end], Period: s.Period}
		ahead := min(opts.Horizon, len(s.Values)-end)
		values, _, err := combined(past, ahead)
		if err != nil {
			return nil, err
		}
		for h, v := range values {
			scores = append(scores, math.Abs(s.Values[end+h]-v)/width(v))
		}
	}
	if len(scores) == 0 { // two seasons only: how far each value lies from the one a season before
		for t := s.Period; t < len(s.Values); t++ {
			scores = append(scores, math.Abs(s.Values[t]-s.Values[t-s.Period])/width(s.Values[t-s.Period]))
		}
	}
	slices.Sort(scores)
	return scores, nil
}

// quantile is the conformal one of n sorted scores: the ceil((n+1) cover)-th, the last at most.
func quantile(sorted []float64, cover float64) float64 {
	n := len(sorted)
	k := int(math.Ceil(float64(n+1) * cover))
	return sorted[min(max(k, 1), n)-1]
}

// holidayFactors compares each named value with its neighbours at the same place in the season.
func holidayFactors(s Series, holidays map[int]string) map[string]float64 {
	sums, counts := map[string]float64{}, map[string]float64{}
	for _, at := range slices.Sorted(maps.Keys(holidays)) {
		if at < 0 || at >= len(s.Values) {
			continue
		}
		var near []float64
		for _, other := range []int{at - 2*s.Period, at - s.Period, at + s.Period, at + 2*s.Period} {
			if _, special := holidays[other]; !special && other >= 0 && other < len(s.Values) {
				near = append(near, s.Values[other])
			}
		}
		if len(near) == 0 || mean(near) <= 0 {
			continue
		}
		sums[holidays[at]] += s.Values[at] / mean(near)
		counts[holidays[at]]++
	}
	factors := map[string]float64{}
	for name, n := range counts {
		factors[name] = (sums[name] + holidayPrior) / (n + holidayPrior)
	}
	return factors
}

// without replaces holidays by what a usual day would have been.
func (s Series) without(holidays map[int]string, factors map[string]float64) Series {
	values := slices.Clone(s.Values)
	for at, name := range holidays {
		if factor := factors[name]; at >= 0 && at < len(values) && factor > 0 {
			values[at] /= factor
		}
	}
	return Series{Values: values, Period: s.Period}
}
