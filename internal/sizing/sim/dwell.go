package sim

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"gonum.org/v1/gonum/mathext"
)

// DwellKind is a law of how long a parcel stays.
type DwellKind int

// The laws of dwell.
const (
	// Lognormal has Mean and Sigma.
	Lognormal DwellKind = iota + 1
	// Exponential has Mean.
	Exponential
	// Deterministic always lasts Mean.
	Deterministic
	// Empirical draws from Sample.
	Empirical
	// NextCommute ends in one of the coming Commutes, each with probability Prob.
	NextCommute
)

// String returns the name of the law.
func (k DwellKind) String() string {
	switch k {
	case Lognormal:
		return "lognormal"
	case Exponential:
		return "exponential"
	case Deterministic:
		return "deterministic"
	case Empirical:
		return "empirical"
	case NextCommute:
		return "next-commute"
	}
	return "dwell kind " + strconv.Itoa(int(k))
}

// Dwell is the law of how long the parcels of a class stay.
type Dwell struct {
	Kind DwellKind
	// Mean is the mean stay of the first three laws.
	Mean time.Duration
	// Sigma is the standard deviation of the lognormal's logarithm.
	Sigma float64
	// Sample holds the observed stays of Empirical, in any order.
	Sample []time.Duration
	// Commutes are the stretches of the week in which a resident may come by.
	Commutes []Hours
	// Prob is the probability that the resident collects in any one of them, above 0 and at most 1.
	Prob float64
}

// LognormalMean returns the lognormal law with the given mean.
func LognormalMean(mean time.Duration, sigma float64) Dwell {
	return Dwell{Kind: Lognormal, Mean: mean, Sigma: sigma}
}

// LognormalMedian returns the lognormal law with the given median. A median of 18.5 h with a sigma of
// 1.037 comes close to Norway in 2022: a mean of 31.6 h, 60 % within 24 h.
func LognormalMedian(median time.Duration, sigma float64) Dwell {
	return Dwell{Kind: Lognormal, Mean: time.Duration(float64(median) * math.Exp(sigma*sigma/2)), Sigma: sigma}
}

// maxMeanDwell bounds a stay; beyond it a figure was mistyped.
const maxMeanDwell = 365 * 24 * time.Hour

// check returns what is wrong with the law.
func (d Dwell) check() error {
	switch d.Kind {
	case Lognormal, Exponential, Deterministic:
		if d.Mean < time.Minute || d.Mean > maxMeanDwell {
			return fmt.Errorf("the mean stay is %v; give between a minute and a year", d.Mean)
		}
		const maxSigma = 4
		if d.Kind == Lognormal && !(d.Sigma > 0 && d.Sigma <= maxSigma) {
			return fmt.Errorf("the sigma of the stay is %v; give more than 0 and at most %d", d.Sigma, maxSigma)
		}
		return nil
	case Empirical:
		if len(d.Sample) == 0 {
			return fmt.Errorf("the %v stay has no sample", d.Kind)
		}
		for _, s := range d.Sample {
			if s < 0 || s > maxMeanDwell {
				return fmt.Errorf("a stay of the sample is %v; give between 0 and a year", s)
			}
		}
		return nil
	case NextCommute:
		const leastProb = 0.01 // 1 in a hundred commutes; below that a resident never comes
		if !(d.Prob >= leastProb && d.Prob <= 1) {
			return fmt.Errorf("the probability of a pick-up per commute is %v; give between %v and 1", d.Prob, leastProb)
		}
		if len(d.Commutes) == 0 {
			return fmt.Errorf("the %v stay has no commutes", d.Kind)
		}
		return checkHours(d.Commutes)
	}
	return fmt.Errorf("the law of the stay is unknown (%v)", d.Kind)
}

// meanDays returns the mean stay in days; for NextCommute about so.
func (d Dwell) meanDays() float64 {
	switch d.Kind {
	case Lognormal, Exponential, Deterministic:
		return d.Mean.Hours() / 24
	case Empirical:
		total := 0.0
		for _, s := range d.Sample {
			total += s.Hours() / 24
		}
		return total / float64(len(d.Sample))
	case NextCommute:
		return 7 / (float64(len(d.Commutes)) * d.Prob)
	}
	return 0
}

// Quantile returns the stay in minutes that the fraction p of the parcels stays at most; p lies in
// (0, 1). It is NaN for NextCommute, whose stay depends on when it begins.
func (d Dwell) Quantile(p float64) float64 {
	mean := d.Mean.Minutes()
	switch d.Kind {
	case Lognormal:
		return math.Exp(math.Log(mean) - d.Sigma*d.Sigma/2 + d.Sigma*mathext.NormalQuantile(p))
	case Exponential:
		return -mean * math.Log1p(-p)
	case Deterministic:
		return mean
	case Empirical:
		sorted := slices.Clone(d.Sample)
		slices.Sort(sorted)
		return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)].Minutes()
	case NextCommute:
	}
	return math.NaN()
}

// Survival returns the probability that a parcel delivered at (after Monday 00:00) still waits after
// age; only NextCommute looks at at. It is 0 for a law that is not valid. Holds and pick-up hours are
// not in it: see Scenario.Survival.
func (d Dwell) Survival(at, age time.Duration) float64 {
	mean, x := d.Mean.Minutes(), age.Minutes()
	if age <= 0 {
		return 1
	}
	switch d.Kind {
	case Lognormal:
		z := (math.Log(x) - math.Log(mean) + d.Sigma*d.Sigma/2) / d.Sigma
		return math.Erfc(z/math.Sqrt2) / 2
	case Exponential:
		return math.Exp(-x / mean)
	case Deterministic:
		if x < mean {
			return 1
		}
		return 0
	case Empirical:
		longer := 0
		for _, s := range d.Sample {
			if s > age {
				longer++
			}
		}
		return float64(longer) / float64(len(d.Sample))
	case NextCommute:
		return d.commuteSurvival(at, age)
	}
	return 0
}

// commuteSurvival walks the commutes that begin after at.
func (d Dwell) commuteSurvival(at, age time.Duration) float64 {
	at %= week
	survival := 1.0
	for start := time.Duration(0); start <= at+age; start += week {
		for _, c := range d.Commutes {
			from, to := start+c.From, start+c.To
			if from < at || from >= at+age {
				continue
			}
			part := min(1, float64(at+age-from)/float64(to-from))
			survival *= 1 - d.Prob*part
		}
	}
	return survival
}
