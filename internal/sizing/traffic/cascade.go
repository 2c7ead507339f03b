package traffic

import "math"

// maxSizes bounds how many sizes of door one bank may have.
const maxSizes = 16

// Bank is what the cascade and the exact chain say about a bank with upgrades. All slices are in
// the order of the sizes given, smallest first; class i is the parcels for which size i is the best fit.
type Bank struct {
	// Blocked is the fraction of each class that finds no door of its own size or larger.
	Blocked []float64
	// Upgraded is the fraction of each class that is put in a larger door.
	Upgraded []float64
	// Total is the fraction of all parcels that finds no door.
	Total float64
	// Occupied is the mean number of doors taken of each size.
	Occupied []float64
}

// Cascade approximates a bank where a parcel takes the smallest size that fits and has a free
// door: what a size refuses is offered to the next larger one together with that one's own
// parcels, with mean and variance carried on. doors and loads (erlangs) are smallest first and of
// the same length. It wraps ErrInput for figures out of range. It is
// within 1-4 % of the exact chain where some percent are lost, and up to 14 % too low where hardly
// any are; decide by simulation.
//
// Sources: overflow moments Wilkinson 1956; blocking of the peaked stream Fredericks and Hayward
// 1980; the loss is shared among the streams by their variances.
func Cascade(doors []int, loads []float64) (*Bank, error) {
	if err := checkBank(doors, loads); err != nil {
		return nil, err
	}
	k := len(doors)
	mean := make([]float64, k)     // of each class, offered to the size at hand
	variance := make([]float64, k) // likewise
	first := make([]float64, k)    // what of each class its own size refuses
	bank := &Bank{Blocked: make([]float64, k), Upgraded: make([]float64, k), Occupied: make([]float64, k)}
	for size := range k {
		mean[size], variance[size] = loads[size], loads[size]
		m, v := sum(mean[:size+1]), sum(variance[:size+1])
		if m <= 0 {
			continue
		}
		z := v / m
		overMean, overVariance := overflow(m/z, float64(doors[size])/z)
		overMean, overVariance = overMean*z, overVariance*z*z
		bank.Occupied[size] = m - overMean
		shareOverflow(mean[:size+1], variance[:size+1], overMean, overVariance)
		first[size] = mean[size]
	}
	var lost, offered float64
	for i, load := range loads {
		lost += mean[i]
		offered += load
		if load > 0 {
			bank.Blocked[i] = mean[i] / load
			bank.Upgraded[i] = (first[i] - mean[i]) / load
		}
	}
	if offered > 0 {
		bank.Total = lost / offered
	}
	return bank, nil
}

// shareOverflow replaces what each stream offered by what is left of it: a peaked stream loses
// more than a smooth one, in proportion to its variance, but never more than it offered.
func shareOverflow(mean, variance []float64, overMean, overVariance float64) {
	total := sum(variance)
	left, weight := overMean, total
	capped := make([]bool, len(mean))
	for again := true; again; {
		again = false
		for i := range mean {
			if !capped[i] && weight > 0 && left*variance[i]/weight > mean[i] {
				capped[i], again = true, true
				left -= mean[i]
				weight -= variance[i]
			}
		}
	}
	for i := range mean {
		if !capped[i] {
			mean[i] = 0
			if weight > 0 {
				mean[i] = math.Max(0, left*variance[i]/weight)
			}
		}
	}
	for i := range mean {
		variance[i] = 0
		if overMean > 0 {
			variance[i] = overVariance * mean[i] / overMean
		}
	}
}

func checkBank(doors []int, loads []float64) error {
	if len(doors) == 0 || len(doors) > maxSizes {
		return bad("%d sizes of door; give between 1 and %d", len(doors), maxSizes)
	}
	if len(doors) != len(loads) {
		return bad("%d sizes of door but %d loads; give one load per size", len(doors), len(loads))
	}
	for i, n := range doors {
		if err := checkServers(float64(n)); err != nil {
			return err
		}
		if err := checkLoad("a load", loads[i]); err != nil {
			return err
		}
	}
	return nil
}

func sum(of []float64) float64 {
	total := 0.0
	for _, x := range of {
		total += x
	}
	return total
}
