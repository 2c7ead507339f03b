package traffic

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// ErrInput is what every error of this package wraps: a figure that is negative, not a number,
// contradictory or beyond the limits below.
var ErrInput = errors.New("bad figure for a traffic formula")

// Limits keep a typing mistake from becoming an hour of work.
const (
	maxServers = 10_000_000
	maxLoad    = 10_000_000 // erlangs
)

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInput, fmt.Sprintf(format, args...))
}

func checkLoad(what string, load float64) error {
	if math.IsNaN(load) || load < 0 || load > maxLoad {
		return bad("%s is %v; it must be between 0 and %d erlangs", what, load, maxLoad)
	}
	return nil
}

func checkServers(servers float64) error {
	if math.IsNaN(servers) || servers < 0 || servers > maxServers {
		return bad("the number of doors is %v; it must be between 0 and %d", servers, maxServers)
	}
	return nil
}

func checkBlocking(blocking float64) error {
	if math.IsNaN(blocking) || blocking <= 0 || blocking >= 1 {
		return bad("the blocking is %v; it must lie between 0 and 1, both excluded", blocking)
	}
	return nil
}

// ErlangB returns the fraction of parcels that find all servers (doors) taken when load erlangs
// are offered. A number of servers that is not whole is answered by the continuous extension
// 1/B = load * integral of exp(-load t) (1+t)^servers dt, which Hayward's approximation needs.
// It wraps ErrInput for figures out of range.
//
// Source: Erlang 1917; extension: Jagerman, Some properties of the Erlang loss function, 1974.
func ErlangB(load, servers float64) (float64, error) {
	if err := errors.Join(checkLoad("the load", load), checkServers(servers)); err != nil {
		return 0, err
	}
	return erlangB(load, servers), nil
}

// erlangB is ErlangB for figures that were checked. The recursion runs upwards, where it is stable, and
// over 1/B = 1 + servers/load * 1/B of one server less: without a division that waits for the one before
// it is three times as fast. What is beyond any float blocks nobody.
func erlangB(load, servers float64) float64 {
	if load == 0 {
		if servers == 0 {
			return 1
		}
		return 0
	}
	whole := math.Floor(servers)
	rest := servers - whole
	inverse, each := 1.0, 1/load
	if rest > 0 {
		inverse = 1 / erlangBFraction(load, rest)
	}
	for n := 1.0; n <= whole; n++ {
		inverse = 1 + (n+rest)*each*inverse
	}
	return 1 / inverse
}

// erlangBFraction is the continuous extension for a number of servers x in (0, 1):
// 1/B = e^a a^-x Gamma(x+1, a).
func erlangBFraction(a, x float64) float64 {
	const seriesBelow = 1.5 // the continued fraction is slow near 0, the difference of Gammas exact there
	if a < seriesBelow {
		return math.Exp(-a) * math.Pow(a, x) / (math.Gamma(x+1) * mathext.GammaIncRegComp(x+1, a))
	}
	return 1 / (a * upperGammaFraction(x+1, a))
}

// upperGammaFraction returns Gamma(s, a) e^a a^-s by Lentz's method.
// Source: Abramowitz and Stegun 6.5.31, in the contracted form of DLMF 8.9.2.
func upperGammaFraction(s, a float64) float64 {
	const tiny, steps = 1e-300, 10_000
	b := a + 1 - s
	c := 1 / tiny
	d := 1 / b
	h := d
	for i := 1.0; i < steps; i++ {
		an := -i * (i - s)
		b += 2
		d = an*d + b
		if math.Abs(d) < tiny {
			d = tiny
		}
		c = b + an/c
		if math.Abs(c) < tiny {
			c = tiny
		}
		d = 1 / d
		step := d * c
		h *= step
		if math.Abs(step-1) < 1e-16 {
			break
		}
	}
	return h
}

// InverseLoad returns the largest load in erlangs at which servers doors refuse at most the
// fraction blocking. It wraps ErrInput unless 0 < blocking < 1 and servers > 0.
func InverseLoad(blocking, servers float64) (float64, error) {
	if err := errors.Join(checkBlocking(blocking), checkServers(servers)); err != nil {
		return 0, err
	}
	if servers == 0 {
		return 0, bad("no load fits no doors; ask for at least one door")
	}
	low, high := 0.0, servers+1
	for erlangB(high, servers) < blocking {
		low = high
		high *= 2
		if high > maxLoad {
			return 0, bad("a blocking of %v at %v doors means more than %d erlangs", blocking, servers, maxLoad)
		}
	}
	// Erlang-B rises strictly with the load, so halving ends at the last bit.
	for range 200 {
		mid := (low + high) / 2
		if mid <= low || mid >= high {
			break
		}
		if erlangB(mid, servers) <= blocking {
			low = mid
		} else {
			high = mid
		}
	}
	return low, nil
}

// InverseServers returns the smallest whole number of doors that refuse at most the fraction
// blocking of load erlangs. It wraps ErrInput unless 0 < blocking < 1 and the load is in range.
func InverseServers(blocking, load float64) (int, error) {
	if err := errors.Join(checkBlocking(blocking), checkLoad("the load", load)); err != nil {
		return 0, err
	}
	if load == 0 {
		return 0, nil
	}
	b, n := 1.0, 0
	for b > blocking {
		n++
		if n > maxServers {
			return 0, bad("more than %d doors would be needed", maxServers)
		}
		b = load * b / (float64(n) + load*b)
	}
	return n, nil
}

// Hayward returns the fraction lost of a stream of load erlangs whose peakedness (variance over
// mean of the parcels present if doors were unlimited) is not 1, by Erlang-B of load/peakedness on
// servers/peakedness doors. Peakedness 1 is plain Erlang-B. It wraps ErrInput for figures out of range.
//
// Source: Fredericks, Congestion in blocking systems, Bell System Technical Journal 59 (1980).
func Hayward(load, peakedness, servers float64) (float64, error) {
	if err := errors.Join(checkLoad("the load", load), checkServers(servers)); err != nil {
		return 0, err
	}
	const least, most = 1e-3, 1e3 // beyond them the approximation says nothing
	if math.IsNaN(peakedness) || peakedness < least || peakedness > most {
		return 0, bad("the peakedness is %v; it must be between %v and %v", peakedness, least, most)
	}
	return erlangB(load/peakedness, servers/peakedness), nil
}

// Overflow returns mean and variance, in erlangs, of the parcels that would be present in an
// unlimited second bank that takes what servers doors refuse of a Poisson stream of load erlangs.
// It wraps ErrInput for figures out of range.
//
// Source: Wilkinson, Theories for toll traffic engineering in the USA, 1956.
func Overflow(load, servers float64) (mean, variance float64, err error) {
	if err := errors.Join(checkLoad("the load", load), checkServers(servers)); err != nil {
		return 0, 0, err
	}
	mean, variance = overflow(load, servers)
	return mean, variance, nil
}

func overflow(load, servers float64) (mean, variance float64) {
	mean = load * erlangB(load, servers)
	return mean, mean * (1 - mean + load/(servers+1-load+mean))
}
