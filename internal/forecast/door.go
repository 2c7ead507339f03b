package forecast

import (
	"fmt"
	"math"
	"time"
)

// Delivery is parcels expected between now and the moment asked for.
type Delivery struct {
	In   time.Duration // from now; not after the moment
	Mean float64       // expected parcels for doors of this size, Poisson
}

// Doors is one size of door at one moment.
type Doors struct {
	Total   int             // doors of the size
	Out     int             // out of service
	Waiting []time.Duration // ages of the parcels that stand in them now
	Coming  []Delivery
}

// Limits of FreeDoors.
const (
	maxDoors   = 5_000
	maxArrival = 100_000
)

// FreeDoors returns how the number of free doors of a size is distributed after wait: index k is the
// chance that at least k doors are free, from 0 (always 1) to all that are in service.
//
// Each waiting parcel stays with its own chance (a Poisson-binomial sum); parcels that come before
// are thinned by the chance that they have left again. Parcels that would find no door are counted
// as taking one, so that the answer errs on the safe side when the bank fills up in between.
func FreeDoors(d Doors, stay *Survival, wait time.Duration) ([]float64, error) {
	usable := d.Total - d.Out
	switch {
	case d.Total < 0 || d.Out < 0 || usable < 0 || d.Total > maxDoors:
		return nil, fmt.Errorf("%w: %d doors, %d of them out of service", ErrStays, d.Total, d.Out)
	case len(d.Waiting) > usable:
		return nil, fmt.Errorf("%w: %d parcels stand in %d doors", ErrStays, len(d.Waiting), usable)
	case stay == nil || wait < 0:
		return nil, fmt.Errorf("%w: no stays are known, or the moment is past", ErrStays)
	}
	taken := make([]float64, usable+1) // chance that n doors are taken; the last also stands for more
	taken[0] = 1
	for _, age := range d.Waiting {
		if age < 0 {
			return nil, fmt.Errorf("%w: a parcel of the age %v", ErrStays, age)
		}
		add(taken, stay.Stays(age, wait))
	}
	coming := 0.0
	for _, c := range d.Coming {
		if c.Mean < 0 || c.Mean > maxArrival || math.IsNaN(c.Mean) || c.In < 0 || c.In > wait {
			return nil, fmt.Errorf("%w: %v parcels expected in %v, for the moment in %v", ErrStays, c.Mean, c.In, wait)
		}
		coming += c.Mean * stay.After(wait-c.In)
	}
	taken = addPoisson(taken, coming)
	atLeast := make([]float64, usable+1)
	sum := 0.0
	for k := usable; k >= 0; k-- { // at least k are free when at most usable-k are taken
		sum += taken[usable-k]
		atLeast[k] = min(sum, 1)
	}
	return atLeast, nil
}

// add puts one parcel with a chance p into the distribution.
func add(taken []float64, p float64) {
	last := len(taken) - 1
	for n := last; n >= 0; n-- {
		move := taken[n] * p
		if n == last {
			move = 0
		}
		taken[n] -= move
		if n < last {
			taken[n+1] += move
		}
	}
}

// addPoisson adds a Poisson number of parcels.
func addPoisson(taken []float64, mean float64) []float64 {
	if mean <= 0 {
		return taken
	}
	last := len(taken) - 1
	chance := make([]float64, last+1)
	for n := range chance {
		lg, _ := math.Lgamma(float64(n) + 1)
		chance[n] = math.Exp(float64(n)*math.Log(mean) - mean - lg)
	}
	out := make([]float64, last+1)
	rest := 1.0
	for n := range last {
		for m := range n + 1 {
			out[n] += taken[m] * chance[n-m]
		}
		rest -= out[n]
	}
	out[last] = max(rest, 0)
	return out
}
