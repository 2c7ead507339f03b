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
	scale, err := naiveError(history, period)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for i, a := range actual {
		sum += math.Abs(a - predicted[i])
	}
	return sum / float64(len(actual)) / scale, nil
}

// Accuracy is how far a forecast missed.
type Accuracy struct {
	SMAPE float64 // percent, 0 to 200
	MASE  float64 // 1 is as far as the seasonal naive forecast within the history
}

// OWA is the overall weighted average of the M4 competition: the mean of sMAPE and MASE, each over
// that of the competition's benchmark on the same series (Naive 2). Below 1 is better than that.
func OWA(ours, benchmark Accuracy) (float64, error) {
	if !(benchmark.SMAPE > 0 && benchmark.MASE > 0) {
		return 0, fmt.Errorf("the benchmark has sMAPE %v and MASE %v: want both above 0", benchmark.SMAPE, benchmark.MASE)
	}
	return (ours.SMAPE/benchmark.SMAPE + ours.MASE/benchmark.MASE) / 2, nil
}

// Interval is a forecast as bounds, one pair for each value ahead, and the share of values that they
// were made to hold, above 0 and below 1.
type Interval struct {
	Low, High []float64
	Cover     float64
}

// MSIS is the mean scaled interval score of M4 (Gneiting and Raftery 2007): the width of the interval,
// and 2/(1-cover) times how far a value lies outside of it, scaled as in MASE. Lower is better.
func MSIS(history []float64, period int, actual []float64, in Interval) (float64, error) {
	if err := samePairs(actual, in.Low); err != nil {
		return 0, err
	}
	if err := samePairs(actual, in.High); err != nil {
		return 0, err
	}
	if !(in.Cover > 0 && in.Cover < 1) {
		return 0, fmt.Errorf("intervals that hold %v: want a share above 0 and below 1", in.Cover)
	}
	scale, err := naiveError(history, period)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for i, a := range actual {
		outside := max(in.Low[i]-a, a-in.High[i], 0)
		sum += in.High[i] - in.Low[i] + 2/(1-in.Cover)*outside
	}
	return sum / float64(len(actual)) / scale, nil
}

// naiveError is the mean absolute error of the seasonal naive forecast within a history.
func naiveError(history []float64, period int) (float64, error) {
	if period < 1 || len(history) <= period {
		return 0, fmt.Errorf("a history of %d values is too short for the period %d", len(history), period)
	}
	sum := 0.0
	for i := period; i < len(history); i++ {
		sum += math.Abs(history[i] - history[i-period])
	}
	if sum == 0 {
		return 0, errors.New("the history repeats itself exactly: there is nothing to scale by")
	}
	return sum / float64(len(history)-period), nil
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
