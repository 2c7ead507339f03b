package mix

import (
	"cmp"
	"math"
	"slices"
)

// Proportional divides a number as a list of counts is divided, by largest remainder; earlier counts come first
// where remainders are equal. Counts that are all 0 stay 0.
func Proportional(counts []int, total int) []int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	out := make([]int, len(counts))
	if sum == 0 {
		return out
	}
	type rest struct {
		at   int
		part float64
	}
	var rests []rest
	left := total
	for i, n := range counts {
		exact := float64(n) * float64(total) / float64(sum)
		out[i] = int(exact)
		left -= out[i]
		rests = append(rests, rest{i, exact - math.Floor(exact)})
	}
	slices.SortStableFunc(rests, func(a, b rest) int {
		return cmp.Compare(b.part, a.part)
	})
	for i := range left {
		out[rests[i%len(rests)].at]++
	}
	return out
}

// Likeness is the cosine between two divisions of doors, 0 to 1; 0 where one has none.
func Likeness(a, b []int) float64 {
	dot, aa, bb := 0.0, 0.0, 0.0
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		dot, aa, bb = dot+x*y, aa+x*x, bb+y*y
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return dot / math.Sqrt(aa*bb)
}
