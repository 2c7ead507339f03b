package traffic

import "math"

// maxPickUpCapacity bounds the daily chain: its solution costs the cube of it.
const maxPickUpCapacity = 1500

// PickUp is what the daily pick-up chain says.
type PickUp struct {
	// Rejected is the mean number of parcels refused per day.
	Rejected float64
	// Loss is Rejected over the mean number that arrive.
	Loss float64
	// Left[j] is the probability that j parcels stay over night, after the day's pick-up.
	Left []float64
	// Occupied is the mean number of doors taken after the day's deliveries.
	Occupied float64
}

// PickUpChain answers a bank of capacity doors of one size that is filled once a day and emptied
// once a day: Poisson(perDay) parcels arrive, what does not fit is refused, and then each parcel leaves
// with probability leave. It solves the Markov chain exactly. It wraps ErrInput for figures out of
// range.
//
// Source: the chain that Raviv's papers on parcel lockers use.
func PickUpChain(capacity int, perDay, leave float64) (*PickUp, error) {
	if capacity < 1 || capacity > maxPickUpCapacity {
		return nil, bad("the capacity is %d; it must be between 1 and %d doors", capacity, maxPickUpCapacity)
	}
	if err := checkLoad("the parcels per day", perDay); err != nil {
		return nil, err
	}
	if !(leave > 0 && leave <= 1) {
		return nil, bad("the probability of a pick-up per day is %v; it must be above 0 and at most 1", leave)
	}
	full := make([][]float64, capacity+1)   // full[j][k]: j over night are k after delivery
	rejected := make([]float64, capacity+1) // mean refused on a day that begins with j
	for j := range full {
		full[j], rejected[j] = fill(capacity, j, perDay)
	}
	stay := make([][]float64, capacity+1) // stay[k][j]: of k after delivery, j are left over night
	for k := range stay {
		stay[k] = binomial(k, 1-leave)
	}
	chain := make([][]float64, capacity+1)
	for j := range chain {
		chain[j] = make([]float64, capacity+1)
		for k := j; k <= capacity; k++ {
			for left, p := range stay[k] {
				chain[j][left] += full[j][k] * p
			}
		}
	}
	left := stationary(chain)
	answer := &PickUp{Left: left}
	for j, p := range left {
		answer.Rejected += p * rejected[j]
		for k, q := range full[j] {
			answer.Occupied += p * q * float64(k)
		}
	}
	if perDay > 0 {
		answer.Loss = answer.Rejected / perDay
	}
	return answer, nil
}

// fill returns the distribution after Poisson(mean) arrivals on top of j, cut at capacity, and the
// mean number cut off.
func fill(capacity, j int, mean float64) ([]float64, float64) {
	after := make([]float64, capacity+1)
	room := capacity - j
	below, partial := 0.0, 0.0 // P(arrivals < room), E(arrivals; arrivals < room)
	for n := range room {
		p := poisson(n, mean)
		after[j+n] = p
		below += p
		partial += float64(n) * p
	}
	after[capacity] += math.Max(0, 1-below)
	if below < 0.5 {
		return after, mean - partial - float64(room)*(1-below)
	}
	// The tail is small: sum it, for the difference would lose its digits.
	excess := 0.0
	for n := room + 1; ; n++ {
		p := poisson(n, mean)
		excess += float64(n-room) * p
		if float64(n) > mean && p < 1e-18*math.Max(excess, 1e-200) {
			return after, excess
		}
	}
}

func poisson(n int, mean float64) float64 {
	if mean == 0 {
		if n == 0 {
			return 1
		}
		return 0
	}
	up, _ := math.Lgamma(float64(n) + 1)
	return math.Exp(float64(n)*math.Log(mean) - mean - up)
}

// binomial returns the distribution of the successes among n.
func binomial(n int, p float64) []float64 {
	of := make([]float64, n+1)
	if p <= 0 || p >= 1 {
		of[n*int(math.Round(p))] = 1
		return of
	}
	upN, _ := math.Lgamma(float64(n) + 1)
	for k := range of {
		upK, _ := math.Lgamma(float64(k) + 1)
		upRest, _ := math.Lgamma(float64(n-k) + 1)
		of[k] = math.Exp(upN - upK - upRest + float64(k)*math.Log(p) + float64(n-k)*math.Log1p(-p))
	}
	return of
}

// stationary returns the stationary distribution of a chain, whose rows it overwrites, by the
// elimination of Grassmann, Taksar and Heyman (1985), which never subtracts.
func stationary(chain [][]float64) []float64 {
	n := len(chain)
	for last := n - 1; last > 0; last-- {
		out := 0.0
		for _, p := range chain[last][:last] {
			out += p
		}
		if out == 0 {
			continue // from here nothing leads back below; the state is never reached either
		}
		for i := range last {
			factor := chain[i][last] / out
			if factor == 0 {
				continue
			}
			chain[i][last] = factor
			row, from := chain[i], chain[last]
			for j := range last {
				row[j] += factor * from[j]
			}
		}
	}
	p := make([]float64, n)
	p[0] = 1
	total := 1.0
	for j := 1; j < n; j++ {
		for i := range j {
			p[j] += p[i] * chain[i][j]
		}
		total += p[j]
	}
	for j := range p {
		p[j] /= total
	}
	return p
}
