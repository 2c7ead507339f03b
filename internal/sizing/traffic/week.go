package traffic

import (
	"cmp"
	"math"
	"slices"
)

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
	tail        = 1e-12  // the survival below which the rest of a stay is ignored
	tailAt      = 1e-7   // likewise where each hour has a law of its own: it bounds the work
	slack       = 1e-9   // by how much rounding may lift a survival
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
// after Monday 00:00, in [0, 168).
func OfferedLoadAt(rates []float64, survival func(atHours, ageHours float64) float64) (*Week, error) {
	if err := checkRates(rates); err != nil {
		return nil, err
	}
	n := len(rates)
	step := weekHours / float64(n)
	weeks := weeksOfStay(n, survival)
	week := &Week{Rate: append([]float64(nil), rates...), Mean: make([]float64, n)}
	for i := range week.Mean {
		t := (float64(i) + 0.5) * step
		alive := func(age float64) float64 {
			at := math.Mod(t-age, weekHours)
			if at < 0 {
				at += weekHours
			}
			return survival(at, age)
		}
		for lag := range n*weeks + 1 {
			rate := rates[((i-lag)%n+n)%n]
			if rate == 0 {
				continue
			}
			low, high := math.Max(0, float64(lag)-0.5)*step, (float64(lag)+0.5)*step
			area, _, err := simpson(alive, low, high, alive(low), math.Inf(1))
			if err != nil {
				return nil, err
			}
			week.Mean[i] += rate * area
		}
	}
	return week, nil
}

// weeksOfStay returns after how many weeks hardly any stay goes on, whenever it began.
func weeksOfStay(n int, survival func(atHours, ageHours float64) float64) int {
	for weeks := 1; weeks < longestStay; weeks++ {
		longest := 0.0
		for i := range n {
			longest = math.Max(longest, survival(float64(i)*weekHours/float64(n), float64(weeks)*weekHours))
		}
		if longest < tailAt {
			return weeks
		}
	}
	return longestStay
}

// simpson returns the integral of a survival from age low to high and its value at high. The value at low
// is given; no later one may lie above ceiling, which falls with each unless it is infinite.
func simpson(survival func(age float64) float64, low, high, first, ceiling float64) (area, last float64, err error) {
	pieces := 4
	if low > weekHours {
		pieces = 1 // it hardly bends there
	}
	h := (high - low) / float64(2*pieces)
	area = first
	for i := 1; i <= 2*pieces; i++ {
		last = survival(low + float64(i)*h)
		if math.IsNaN(last) || last < -slack || last > 1+slack || last > ceiling+slack {
			return 0, 0, bad("the survival of a stay at %v hours is %v; it must fall from 1 to 0", low+float64(i)*h, last)
		}
		if !math.IsInf(ceiling, 1) {
			ceiling = last
		}
		switch {
		case i == 2*pieces:
			area += last
		case i%2 == 1:
			area += 4 * last
		default:
			area += 2 * last
		}
	}
	return area * h / 3, last, nil
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
	low := 0.0
	for lag := range n * longestStay {
		high := (float64(lag) + 0.5) * step
		area, last, err := simpson(survival, low, high, edge, edge)
		if err != nil {
			return nil, err
		}
		folded[lag%n] += area
		low, edge = high, last
		if last < tail {
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

// Level is a load, in erlangs, and the share of the parcels that meet about that much.
type Level struct {
	Load, Weight float64
}

// Levels groups the bins of the week by load, lowest first, into at most so many levels of about equal
// weight; their weights add up to 1. The loads are multiplied by factor. A week without parcels has none.
func (w *Week) Levels(most int, factor float64) []Level {
	type bin struct{ load, rate float64 }
	var all []bin
	total := 0.0
	for i, r := range w.Rate {
		if r > 0 {
			all = append(all, bin{w.Mean[i], r})
			total += r
		}
	}
	slices.SortFunc(all, func(a, b bin) int { return cmp.Compare(a.load, b.load) })
	levels := make([]Level, max(most, 1))
	done := 0.0
	for _, b := range all {
		at := min(int(done/total*float64(len(levels))), len(levels)-1)
		levels[at].Load += b.load * b.rate
		levels[at].Weight += b.rate
		done += b.rate
	}
	var out []Level
	for _, l := range levels {
		if l.Weight > 0 {
			out = append(out, Level{Load: l.Load / l.Weight * factor, Weight: l.Weight / total})
		}
	}
	return out
}
