package forecast

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// ErrQuota means figures that no booking limit can be computed from.
var ErrQuota = errors.New("booking limit cannot be computed")

// Littlewood returns how many doors to keep for a class whose demand is normal with this mean and
// deviation, when another class is worth ratio times as much (above 0, below 1) and asks first.
// Source: Talluri and van Ryzin (2004) §2.2.1: protect y with P(demand > y) = ratio.
func Littlewood(mean, deviation, ratio float64) (float64, error) {
	if mean < 0 || deviation < 0 || ratio <= 0 || ratio >= 1 || math.IsNaN(mean+deviation+ratio) {
		return 0, fmt.Errorf("%w: mean %v, deviation %v, ratio %v: want 0 or more, and a ratio between 0 and 1", ErrQuota,
			mean, deviation, ratio)
	}
	return max(mean+deviation*distuv.UnitNormal.Quantile(1-ratio), 0), nil
}

// LittlewoodPoisson is Littlewood for a Poisson demand: the smallest whole y with
// P(demand > y) <= ratio.
func LittlewoodPoisson(mean, ratio float64) (int, error) {
	if mean < 0 || ratio <= 0 || ratio >= 1 || math.IsNaN(mean+ratio) {
		return 0, fmt.Errorf("%w: mean %v, ratio %v: want 0 or more, and a ratio between 0 and 1", ErrQuota, mean, ratio)
	}
	return poissonQuantile(mean, 1-ratio)
}

// Newsvendor returns how many doors to hold for a Poisson demand when a door too few costs under
// and a door too many costs over: the smallest y with P(demand <= y) >= under / (under + over).
func Newsvendor(mean, under, over float64) (int, error) {
	if mean < 0 || under <= 0 || over <= 0 || math.IsNaN(mean+under+over) {
		return 0, fmt.Errorf("%w: mean %v, costs %v and %v: want positive costs", ErrQuota, mean, under, over)
	}
	return poissonQuantile(mean, under/(under+over))
}

// maxPoissonMean bounds the walk through the distribution.
const maxPoissonMean = 1e6

// poissonQuantile walks from the middle of the distribution, so that large means do not underflow.
func poissonQuantile(mean, share float64) (int, error) {
	if mean > maxPoissonMean {
		return 0, fmt.Errorf("%w: a mean of %v, at most %v", ErrQuota, mean, maxPoissonMean)
	}
	if mean == 0 {
		return 0, nil
	}
	p := distuv.Poisson{Lambda: mean}
	y := int(mean)
	for y > 0 && p.CDF(float64(y-1)) >= share {
		y--
	}
	for p.CDF(float64(y)) < share {
		y++
	}
	return y, nil
}

// Class is a carrier or service that books doors. Classes are given from the most valuable down.
type Class struct {
	Name      string
	Value     float64 // of one door to this class, above 0
	Mean      float64 // of its demand in the window, doors
	Deviation float64 // of its demand
}

// BookingLimits returns, by EMSR-b, how many of the doors each class may book: the first all of
// them, each later one what is left when the classes before it are protected. Limits are whole
// doors and never rise from one class to the next.
// Source: Talluri and van Ryzin (2004) §2.2.4.2 (Belobaba 1992).
func BookingLimits(doors int, classes []Class) ([]int, error) {
	if doors < 0 || len(classes) == 0 {
		return nil, fmt.Errorf("%w: %d doors for %d classes", ErrQuota, doors, len(classes))
	}
	limits := make([]int, len(classes))
	limits[0] = doors
	demand, variance, worth := 0.0, 0.0, 0.0
	for i, c := range classes {
		if c.Value <= 0 || c.Mean < 0 || c.Deviation < 0 || math.IsNaN(c.Value+c.Mean+c.Deviation) {
			return nil, fmt.Errorf("%w: class %s: want a value above 0 and a demand of 0 or more", ErrQuota, c.Name)
		}
		if i > 0 {
			before := classes[i-1]
			if c.Value > before.Value {
				return nil, fmt.Errorf("%w: class %s is worth more than %s before it: order them by value", ErrQuota, c.Name,
					before.Name)
			}
			limits[i] = limits[i-1]
			if mean := worth / max(demand, math.SmallestNonzeroFloat64); demand > 0 && c.Value < mean {
				protect, err := Littlewood(demand, math.Sqrt(variance), c.Value/mean)
				if err != nil {
					return nil, err
				}
				limits[i] = min(limits[i-1], max(doors-int(math.Round(protect)), 0))
			}
		}
		demand += c.Mean
		variance += c.Deviation * c.Deviation
		worth += c.Value * c.Mean
	}
	return limits, nil
}
