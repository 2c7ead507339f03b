package traffic

import "math"

// weekHours is the period of everything here.
const weekHours = 168

// Week is how many parcels arrive and would be present over a week if doors were unlimited.
// The slices have one entry per bin; the bins are of equal length and fill the week from Monday 00:00.
type Week struct {
	// Rate is the rate of arrival in each bin, in parcels per hour.
	Rate []float64
	// Mean is the mean number of parcels present in the middle of each bin, in erlangs.
	Mean []float64
}

// limits of a week's profile.
const (
	maxBins     = 10_080 // one a minute
	longestStay = 60     // weeks after which the rest of a stay is ignored
	shortTail   = 1e-9   // the survival below which the rest is ignored
)

// OfferedLoad returns the M_t/G/infinity week by Simpson's rule with eight steps per bin (a survival
// that jumps is met to an eighth of a bin): rates are parcels per hour in equal bins of a week
// (168 for hours), survival(age) is the probability that a parcel stays longer than age hours.
// It wraps ErrInput for rates that are negative or not numbers and for a survival outside [0, 1].
//
// Source: Eick, Massey, Whitt, The physics of the Mt/G/infinity queue, 1993.
func OfferedLoad(rates []float64, survival func(ageHours float64) float64) (*Week, error) {
	if err := checkRates(rates); err != nil {
		return nil, err
	}
	folded, err := foldKernel(len(rates), survival)
	if err != nil {
		return nil, err
	}
	n := len(rates)
	week := &Week{Rate: append([]float64(nil), rates...), Mean: make([]float64, n)}
	for from, rate := range rates {
		for lag, hours := range folded {
			week.Mean[(from+lag)%n] += rate * hours
		}
	}
	return week, nil
}

// OfferedLoadAt is OfferedLoad for stays that depend on when they begin, such as pick-up at the
// next commute or only while the room is open: survival(at, age) is for a parcel delivered at hours
// after Monday 00:00 (the middle of its bin).
func OfferedLoadAt(rates []float64, survival func(atHours, ageHours float64) float64) (*Week, error) {
	if err := checkRates(rates); err != nil {
		return nil, err
	}
	n := len(rates)
	step := weekHours / float64(n)
	week := &Week{Rate: append([]float64(nil), rates...), Mean: make([]float64, n)}
	for from, rate := range rates {
		if rate == 0 {
			continue
		}
		at := (float64(from) + 0.5) * step
		folded, err := foldKernel(n, func(age float64) float64 { return survival(at, age) })
		if err != nil {
			return nil, err
		}
		for lag, hours := range folded {
			week.Mean[(from+lag)%n] += rate * hours
		}
	}
	return week, nil
}

// foldKernel returns, for each lag in bins, the hours that a parcel delivered anywhere in a bin adds
// to the middle of the bin lag later, in this week and in all that follow.
func foldKernel(n int, survival func(ageHours float64) float64) ([]float64, error) {
	step := weekHours / float64(n)
	folded := make([]float64, n)
	edge := survival(0)
	if math.IsNaN(edge) || edge < 0 || edge > 1 {
		return nil, bad("the survival of a stay at age 0 is %v; it must be between 0 and 1", edge)
	}
	// Between ages a and b by Simpson's rule in four pieces; the first lag is half a bin.
	const pieces = 4
	low := 0.0
	for lag := range n * longestStay {
		high := (float64(lag) + 0.5) * step
		h := (high - low) / (2 * pieces)
		area, last := edge, edge
		for i := 1; i <= 2*pieces; i++ {
			s := survival(low + float64(i)*h)
			if math.IsNaN(s) || s < -shortTail || s > last+shortTail {
				return nil, bad("the survival of a stay at %v hours is %v; it must fall from 1 to 0", low+float64(i)*h, s)
			}
			last = s
			switch {
			case i == 2*pieces:
				area += s
			case i%2 == 1:
				area += 4 * s
			default:
				area += 2 * s
			}
		}
		folded[lag%n] += area * h / 3
		low, edge = high, last
		if last < shortTail {
			break
		}
	}
	return folded, nil
}

func checkRates(rates []float64) error {
	if len(rates) == 0 || len(rates) > maxBins {
		return bad("%d bins in the week; give between 1 and %d", len(rates), maxBins)
	}
	total := 0.0
	for i, r := range rates {
		if math.IsNaN(r) || r < 0 || r > maxLoad {
			return bad("the rate of bin %d is %v; it must be between 0 and %d parcels per hour", i+1, r, maxLoad)
		}
		total += r
	}
	if total == 0 {
		return bad("no parcel arrives in the whole week")
	}
	return nil
}

// Average returns the mean load over the week in erlangs.
func (w *Week) Average() float64 { return sum(w.Mean) / float64(len(w.Mean)) }

// Peak returns the largest load of the week in erlangs.
func (w *Week) Peak() float64 {
	peak := 0.0
	for _, m := range w.Mean {
		peak = math.Max(peak, m)
	}
	return peak
}

// Loss returns the fraction lost at a number of doors by the modified offered load: Erlang-B at
// each bin's load, weighted by the bin's arrivals. For parcels in the daytime it asks for about
// 6-8 % too few doors. It wraps ErrInput for a number of doors out of range.
func (w *Week) Loss(servers float64) (float64, error) {
	if err := checkServers(servers); err != nil {
		return 0, err
	}
	return w.loss(servers), nil
}

func (w *Week) loss(servers float64) float64 {
	lost := 0.0
	for i, r := range w.Rate {
		if r > 0 {
			lost += r * erlangB(w.Mean[i], servers)
		}
	}
	return lost / sum(w.Rate)
}

// PeakLoss returns Erlang-B at the week's largest load, which asks for about 7-12 % too many doors.
// It wraps ErrInput for a number of doors out of range.
func (w *Week) PeakLoss(servers float64) (float64, error) { return ErlangB(w.Peak(), servers) }

// Servers returns the smallest number of doors by the modified offered load (low) and by the week's
// largest load (high) that lose at most the fraction blocking; what is needed lies between them.
// It wraps ErrInput unless 0 < blocking < 1.
func (w *Week) Servers(blocking float64) (low, high int, err error) {
	high, err = InverseServers(blocking, w.Peak())
	if err != nil {
		return 0, 0, err
	}
	// The loss falls with the doors and the load is nowhere above the peak: halve between them.
	low, above := 0, high
	for low < above {
		mid := (low + above) / 2
		if w.loss(float64(mid)) <= blocking {
			above = mid
		} else {
			low = mid + 1
		}
	}
	return low, high, nil
}
