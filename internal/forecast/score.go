package forecast

import (
	"errors"
	"fmt"
	"math"
)

// SMAPE is the symmetric mean absolute percentage error as the M4 competition counts it, in percent
// from 0 to 200: the mean of 200 |a-f| / (|a|+|f|). A pair of zeros counts as no error.
func SMAPE(actual, predicted []float64) (float64, error) {
	if err := samePairs(actual, predicted); err != nil {
		return 0, err
	}
	sum := 0.0
	for i, a := range actual {
		if size := math.Abs(a) + math.Abs(predicted[i]); size > 0 {
			sum += 200 * math.Abs(a-predicted[i]) / size
		}
	}
	return sum / float64(len(actual)), nil
}

// MASE is the mean absolute scaled error: the mean of |a-f| over the mean absolute error of the
// seasonal naive forecast within history, whose period is m. Below 1 is better than that.
func MASE(history []float64, period int, actual, predicted []float64) (float64, error) {
	if err := samePairs(actual, predicted); err != nil {
		return 0, err
	}
	if period < 1 || len(history) <= period {
		return 0, fmt.Errorf("a history of %d values is too short for the period %d", len(history), period)
	}
	scale := 0.0
	for i := period; i < len(history); i++ {
		scale += math.Abs(history[i] - history[i-period])
	}
	scale /= float64(len(history) - period)
	if scale == 0 {
		return 0, errors.New("the history repeats itself exactly: there is nothing to scale by")
	}
	sum := 0.0
	for i, a := range actual {
		sum += math.Abs(a - predicted[i])
	}
	return sum / float64(len(actual)) / scale, nil
}

// Coverage is the share of actual values inside of their intervals, bounds included.
func Coverage(actual, low, high []float64) (float64, error) {
	if err := samePairs(actual, low); err != nil {
		return 0, err
	}
	if err := samePairs(actual, high); err != nil {
		return 0, err
	}
	in := 0
	for i, a := range actual {
		if a >= low[i] && a <= high[i] {
			in++
		}
	}
	return float64(in) / float64(len(actual)), nil
}

func samePairs(a, b []float64) error {
	if len(a) == 0 || len(a) != len(b) {
		return fmt.Errorf("%d values against %d: want as many of each, at least one", len(a), len(b))
	}
	return nil
}
