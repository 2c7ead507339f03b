package traffic

import "math"

// maxStates bounds the exact chain of a bank.
const maxStates = 500_000

// BestFit answers exactly, by its Markov chain, a bank where a parcel takes the smallest size that fits
// and has a free door. Stays are exponential with the same mean for all classes; doors and loads
// (erlangs) are smallest first. reserve, if not nil, is how many last free doors of each size are kept
// from smaller parcels. The chain has the product of doors+1 states, at most 500,000. It wraps
// ErrInput for figures out of range.
func BestFit(doors []int, loads []float64, reserve []int) (*Bank, error) {
	if err := checkBank(doors, loads); err != nil {
		return nil, err
	}
	if reserve == nil {
		reserve = make([]int, len(doors))
	}
	if len(reserve) != len(doors) {
		return nil, bad("%d sizes of door but %d reserves; give one per size", len(doors), len(reserve))
	}
	states := 1
	for i, n := range doors {
		if reserve[i] < 0 || reserve[i] > n {
			return nil, bad("size %d keeps %d of its %d doors; give between 0 and all", i+1, reserve[i], n)
		}
		states *= n + 1
		if states > maxStates {
			return nil, bad("the bank has more than %d states; simulate it", maxStates)
		}
	}
	c := newBankChain(doors, loads, reserve, states)
	return c.bank(c.solve()), nil
}

// bankChain is the chain over the doors taken of each size, in mixed radix.
type bankChain struct {
	doors, reserve []int
	loads          []float64
	states         int
	stride         []int
	// into[size] is the rate at which parcels enter each size, per state; taken likewise the doors.
	into  [][]float64
	taken [][]int32
}

func newBankChain(doors []int, loads []float64, reserve []int, states int) *bankChain {
	c := &bankChain{doors: doors, reserve: reserve, loads: loads, states: states}
	stride := 1
	for _, n := range doors {
		c.stride = append(c.stride, stride)
		stride *= n + 1
		c.into = append(c.into, make([]float64, states))
		c.taken = append(c.taken, make([]int32, states))
	}
	for state := range states {
		for size, n := range doors {
			c.taken[size][state] = int32(state / c.stride[size] % (n + 1))
		}
		for class, load := range loads {
			if size := c.choose(class, state); size >= 0 {
				c.into[size][state] += load
			}
		}
	}
	return c
}

// choose returns the size that a class gets in a state, or -1.
func (c *bankChain) choose(class, state int) int {
	for size := class; size < len(c.doors); size++ {
		free := c.doors[size] - int(c.taken[size][state])
		if size == class && free > 0 || size > class && free > c.reserve[size] {
			return size
		}
	}
	return -1
}

// solve finds the stationary distribution: small chains by elimination, others by sweeps of Gauss and Seidel
// up and down.
func (c *bankChain) solve() []float64 {
	const small = 600
	if c.states <= small {
		return stationary(c.matrix())
	}
	p := make([]float64, c.states)
	for s := range p {
		p[s] = 1
		for size, load := range c.loads {
			p[s] *= poisson(int(c.taken[size][s]), load)
		}
	}
	normalise(p)
	const most = 200_000
	for range most {
		change := 0.0
		for s := range p {
			change = math.Max(change, c.relax(p, s))
		}
		for s := len(p) - 1; s >= 0; s-- {
			change = math.Max(change, c.relax(p, s))
		}
		normalise(p)
		if change < 1e-15 {
			break
		}
	}
	return p
}

// relax balances one state against its neighbours and returns by how much it moved.
func (c *bankChain) relax(p []float64, s int) float64 {
	in, out := 0.0, 0.0
	for size, n := range c.doors {
		taken := int(c.taken[size][s])
		out += c.into[size][s] + float64(taken)
		if taken < n {
			in += p[s+c.stride[size]] * float64(taken+1)
		}
		if taken > 0 {
			in += p[s-c.stride[size]] * c.into[size][s-c.stride[size]]
		}
	}
	if out == 0 {
		return 0
	}
	old := p[s]
	p[s] = in / out
	return math.Abs(p[s] - old)
}

// matrix returns the rates between states; elimination does not ask for the diagonal.
func (c *bankChain) matrix() [][]float64 {
	m := make([][]float64, c.states)
	for s := range m {
		m[s] = make([]float64, c.states)
		for size := range c.doors {
			if rate := c.into[size][s]; rate > 0 {
				m[s][s+c.stride[size]] += rate
			}
			if taken := c.taken[size][s]; taken > 0 {
				m[s][s-c.stride[size]] += float64(taken)
			}
		}
	}
	return m
}

func (c *bankChain) bank(p []float64) *Bank {
	k := len(c.doors)
	bank := &Bank{Blocked: make([]float64, k), Upgraded: make([]float64, k), Occupied: make([]float64, k)}
	lost, offered := 0.0, sum(c.loads)
	for s, probability := range p {
		for class := range c.loads {
			switch size := c.choose(class, s); {
			case size < 0:
				bank.Blocked[class] += probability
			case size > class:
				bank.Upgraded[class] += probability
			}
			bank.Occupied[class] += probability * float64(c.taken[class][s])
		}
	}
	for class, load := range c.loads {
		lost += load * bank.Blocked[class]
	}
	if offered > 0 {
		bank.Total = lost / offered
	}
	return bank
}

func normalise(p []float64) {
	total := compensatedSum(p)
	for i := range p {
		p[i] /= total
	}
}
