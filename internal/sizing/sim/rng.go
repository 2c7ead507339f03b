package sim

import (
	"math"
	"math/bits"

	"gonum.org/v1/gonum/mathext"
)

// The random numbers are a function of a key and a counter, not a stream: who asks for what in
// which order changes nothing.

const golden = 0x9e3779b97f4a7c15

// mix scrambles 64 bits. Source: SplitMix64's finalizer, Steele, Lea, Flood 2014 (variant 13 of Stafford).
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// subkey derives the key of a part, such as one day of a year.
func subkey(key, part uint64) uint64 { return mix(key + golden*(part+1)) }

// unit turns 64 random bits into a number in (0, 1).
func unit(x uint64) float64 { return (float64(x>>11) + 0.5) * 0x1p-53 }

// below turns 32 random bits into a number in [0, n).
func below(x uint32, n int32) int32 { return int32(uint64(x) * uint64(n) >> 32) }

// quantiles is the inverse of a law of dwell, in minutes: a table with straight lines between, and
// the exact quantile at both ends where lines are too far off. With 1,024 cells the error of a
// lognormal of sigma 1 is below 0.01 % everywhere.
type quantiles struct {
	table [quantileCells + 1]float64
	exact func(p float64) float64
}

const (
	quantileCells = 1024
	quantileEdge  = quantileCells / 32 // cells at each end that use the exact quantile
)

func (q *quantiles) at(random uint64) float64 {
	cell := random >> (64 - 10)
	if cell-quantileEdge >= quantileCells-2*quantileEdge { // also below the edge: it wraps
		return q.exact(unit(random))
	}
	part := float64(random<<10>>11) * 0x1p-53
	low := q.table[cell]
	return low + part*(q.table[cell+1]-low)
}

// newQuantiles makes the table of a lognormal or exponential law.
func newQuantiles(d Dwell) *quantiles {
	q := &quantiles{exact: d.Quantile}
	if d.Kind == Lognormal { // as Quantile, with its logarithm taken once
		mu := math.Log(d.Mean.Minutes()) - d.Sigma*d.Sigma/2
		q.exact = func(p float64) float64 { return math.Exp(mu + d.Sigma*mathext.NormalQuantile(p)) }
	}
	for i := 1; i < quantileCells; i++ {
		q.table[i] = q.exact(float64(i) / quantileCells)
	}
	return q
}

// counts is the inverse of the law of a carrier's parcels of one day.
type counts struct {
	first int32     // the count that cumulative[0] is for
	upTo  []float64 // upTo[i] is P(count <= first+i)
}

// newCounts tabulates a Poisson (ratio 1) or negative-binomial law by its mean and variance over mean.
// Counts of less than about 1e-13 of the probability are left out.
func newCounts(mean, ratio float64) counts {
	const tail, least = 12, 1e-16
	if mean <= 0 {
		return counts{upTo: []float64{1}}
	}
	width := tail*math.Sqrt(mean*ratio) + tail*ratio
	first := int32(max(0, math.Floor(mean-width)))
	last := int32(math.Ceil(mean + 2*width))
	logP := func(n float64) float64 {
		up, _ := math.Lgamma(n + 1)
		if ratio <= 1 {
			return n*math.Log(mean) - mean - up
		}
		r := mean / (ratio - 1)
		a, _ := math.Lgamma(n + r)
		b, _ := math.Lgamma(r)
		return a - b - up - r*math.Log(ratio) + n*math.Log1p(-1/ratio)
	}
	law := counts{first: first}
	total := 0.0
	for n := first; n <= last; n++ {
		p := math.Exp(logP(float64(n)))
		total += p
		law.upTo = append(law.upTo, total)
		if float64(n) > mean && p < least {
			break
		}
	}
	for i := range law.upTo {
		law.upTo[i] /= total
	}
	return law
}

// at draws a count. The table is searched by halves: it is short.
func (c *counts) at(random uint64) int32 {
	u := unit(random)
	low, high := 0, len(c.upTo)-1
	for low < high {
		mid := int(uint(low+high) >> 1)
		if c.upTo[mid] > u {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return c.first + int32(low)
}

// nextBit returns the index of the lowest set bit of a word that is not zero.
func nextBit(word uint64) int32 { return int32(bits.TrailingZeros64(word)) }
