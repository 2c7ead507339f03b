package mix

import (
	"errors"
	"fmt"
	"math"
)

// Online is a bank in operation: parcels of each size arrive one by one and must be given a door or
// refused at once. Dwell is exponential with mean 1 whatever the size, so the doors in use are all
// that matters. It answers how far a rule of allocation is from the best one there is.
type Online struct {
	Doors Pattern   // of each size class, smallest first
	Loads []float64 // offered load of each size: arrivals during one mean dwell
	// Values says what an accepted parcel of each size is worth; empty: 1 each.
	Values []float64
}

// Conduct is what a rule of allocation does in the long run.
type Conduct struct {
	Value    float64   // worth of the parcels accepted during one mean dwell
	Blocked  []float64 // share of each size that is refused
	Upgraded []float64 // share of each size that gets a larger door
}

// Limits of the chains solved here.
const (
	maxStates = 60_000
	maxSweeps = 200_000
)

func (o Online) check() error {
	switch {
	case len(o.Doors) == 0 || len(o.Doors) > maxSizes:
		return fmt.Errorf("%d sizes of doors, want 1 to %d", len(o.Doors), maxSizes)
	case len(o.Loads) != len(o.Doors):
		return fmt.Errorf("%d loads for %d sizes", len(o.Loads), len(o.Doors))
	case len(o.Values) != 0 && len(o.Values) != len(o.Doors):
		return fmt.Errorf("%d values for %d sizes", len(o.Values), len(o.Doors))
	}
	states := 1.0
	offered := 0.0
	for i, n := range o.Doors {
		if n < 0 {
			return fmt.Errorf("the number of doors of size %d is negative", i+1)
		}
		if o.Loads[i] < 0 || math.IsNaN(o.Loads[i]) || math.IsInf(o.Loads[i], 0) {
			return fmt.Errorf("the load of size %d is %g, it must be a number of at least 0", i+1, o.Loads[i])
		}
		states *= float64(n + 1)
		offered += o.Loads[i]
	}
	if offered == 0 {
		return errors.New("nothing arrives: at least one load must be above 0")
	}
	if states > maxStates {
		return fmt.Errorf("%.0f states, at most %d: %w", states, maxStates, ErrTooMany)
	}
	return nil
}

func (o Online) value(size int) float64 {
	if len(o.Values) == 0 {
		return 1
	}
	return o.Values[size]
}

// BestFit is the rule of locker.Allocate: the smallest free door that holds the parcel. reserve
// keeps the last doors of each size for parcels of that size; empty: none. Errors: bad figures; a
// chain that is too large or does not settle.
func (o Online) BestFit(reserve []int) (Conduct, error) {
	if err := o.check(); err != nil {
		return Conduct{}, fmt.Errorf("follow best fit: %w", err)
	}
	if len(reserve) != 0 && len(reserve) != len(o.Doors) {
		return Conduct{}, fmt.Errorf("follow best fit: %d reserves for %d sizes", len(reserve), len(o.Doors))
	}
	c := newChain(o)
	rule := c.rule(func(s, size int) int {
		for door := size; door < len(o.Doors); door++ {
			kept := 0
			if door > size && len(reserve) > 0 {
				kept = reserve[door]
			}
			if o.Doors[door]-c.used(s, door) > kept {
				return door
			}
		}
		return refuse
	})
	return c.conduct(rule)
}

// Optimum is the best that any rule can do, which may refuse a parcel although a door is free. It is
// found by value iteration to a relative gap of 1e-9. Errors: as BestFit.
func (o Online) Optimum() (Conduct, error) {
	if err := o.check(); err != nil {
		return Conduct{}, fmt.Errorf("find the best rule: %w", err)
	}
	c := newChain(o)
	worth, err := c.iterate()
	if err != nil {
		return Conduct{}, fmt.Errorf("find the best rule: %w", err)
	}
	return c.conduct(c.rule(func(s, size int) int { return c.choose(worth, s, size) }))
}

// refuse is the door of a parcel that gets none.
const refuse = -1

// chain numbers the states: doors in use by size, in mixed radix.
type chain struct {
	Online
	states int
	weight []int
}

func newChain(o Online) *chain {
	c := &chain{Online: o, states: 1, weight: make([]int, len(o.Doors))}
	for i, n := range o.Doors {
		c.weight[i] = c.states
		c.states *= n + 1
	}
	return c
}

func (c *chain) used(s, door int) int { return s / c.weight[door] % (c.Doors[door] + 1) }

// rule tabulates which door a parcel of each size gets in each state.
func (c *chain) rule(door func(s, size int) int) [][]int8 {
	table := make([][]int8, c.states)
	for s := range table {
		table[s] = make([]int8, len(c.Doors))
		for size := range table[s] {
			table[s][size] = int8(door(s, size))
		}
	}
	return table
}

// choose returns the best door for a parcel when states have these worths. Equal worths go to the
// smaller door, and a door beats refusing.
func (c *chain) choose(worth []float64, s, size int) int {
	best, at := refuse, worth[s]-c.value(size)
	for door := size; door < len(c.Doors); door++ {
		if c.used(s, door) == c.Doors[door] {
			continue
		}
		if w := worth[s+c.weight[door]]; w > at+1e-12 || best == refuse && w >= at {
			best, at = door, w
		}
	}
	return best
}

// iterate is relative value iteration on the uniformized chain.
//
// Source: Puterman, Markov Decision Processes, 1994, sections 8.5.5 and 11.5.
func (c *chain) iterate() ([]float64, error) {
	rate := float64(c.Doors.Total())
	scale := 0.0
	for i, load := range c.Loads {
		rate += load
		scale += load * c.value(i)
	}
	worth, next := make([]float64, c.states), make([]float64, c.states)
	for range maxSweeps {
		low, high := math.Inf(1), math.Inf(-1)
		for s := range worth {
			next[s] = c.sweep(worth, s, rate)
			low, high = min(low, next[s]-worth[s]), max(high, next[s]-worth[s])
		}
		base := next[0]
		for s := range next {
			next[s] -= base
		}
		worth, next = next, worth
		if (high-low)*rate <= 1e-9*scale {
			return worth, nil
		}
	}
	return nil, errors.New("value iteration does not settle")
}

func (c *chain) sweep(worth []float64, s int, rate float64) float64 {
	sum, left := 0.0, rate
	for size, load := range c.Loads {
		w := worth[s]
		if door := c.choose(worth, s, size); door != refuse {
			w = worth[s+c.weight[door]] + c.value(size)
		}
		sum += load * w
		left -= load
	}
	for door := range c.Doors {
		if n := float64(c.used(s, door)); n > 0 {
			sum += n * worth[s-c.weight[door]]
			left -= n
		}
	}
	return (sum + left*worth[s]) / rate
}

// conduct finds the long run under a rule: Gauss-Seidel on the balance equations.
func (c *chain) conduct(rule [][]int8) (Conduct, error) {
	p, err := c.settle(rule)
	if err != nil {
		return Conduct{}, err
	}
	out := Conduct{Blocked: make([]float64, len(c.Doors)), Upgraded: make([]float64, len(c.Doors))}
	for s, prob := range p {
		for size, door := range rule[s] {
			switch {
			case door == refuse:
				out.Blocked[size] += prob
			case int(door) > size:
				out.Upgraded[size] += prob
			}
		}
	}
	for size, load := range c.Loads {
		out.Value += load * c.value(size) * (1 - out.Blocked[size])
	}
	return out, nil
}

// settle returns the probabilities of the states.
func (c *chain) settle(rule [][]int8) ([]float64, error) {
	type arrow struct {
		from int
		rate float64
	}
	in := make([][]arrow, c.states)
	out := make([]float64, c.states)
	for s := range c.states {
		for size, door := range rule[s] {
			if door == refuse || c.Loads[size] == 0 {
				continue
			}
			to := s + c.weight[door]
			in[to] = append(in[to], arrow{s, c.Loads[size]})
			out[s] += c.Loads[size]
		}
		for door := range c.Doors {
			if n := c.used(s, door); n > 0 {
				to := s - c.weight[door]
				in[to] = append(in[to], arrow{s, float64(n)})
				out[s] += float64(n)
			}
		}
	}
	p := make([]float64, c.states)
	for s := range p {
		p[s] = 1 / float64(c.states)
	}
	for range maxSweeps {
		change, mass := 0.0, 0.0
		for s := range p {
			sum := 0.0
			for _, a := range in[s] {
				sum += p[a.from] * a.rate
			}
			if out[s] > 0 {
				sum /= out[s]
			} else {
				sum = p[s] // a bank without doors has one state
			}
			change += math.Abs(sum - p[s])
			p[s] = sum
			mass += sum
		}
		for s := range p {
			p[s] /= mass
		}
		if change <= 1e-14*mass {
			return p, nil
		}
	}
	return nil, errors.New("the probabilities of the states do not settle")
}
