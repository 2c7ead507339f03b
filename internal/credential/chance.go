package credential

import (
	"errors"
	"fmt"
	"math"
)

// MaxChance is the greatest chance, per site and year, that a stranger opens anything.
const MaxChance = 1e-4

// ErrWeak means that a policy lets a stranger guess a code too easily.
var ErrWeak = errors.New("credential: the policy is too weak")

// Policy is the strength of the codes of a site. [DefaultPolicy] is what Cubby issues; other
// values are for comparison and for settings that a person asks for.
type Policy struct {
	// Symbols is how many random symbols of [Alphabet] a symbol code has; 0 = no such form.
	Symbols int
	// Digits is how many digits a digit code has; 0 = no such form.
	Digits int
	// DigitsAlone accepts digits without a unit or pass number.
	DigitsAlone bool
	Limits      Limits
}

// DefaultPolicy returns eight symbols, nine digits with a number, and [DefaultLimits].
func DefaultPolicy() Policy {
	return Policy{Symbols: SymbolCount, Digits: CodeLength, Limits: DefaultLimits()}
}

// Counts are the codes that are valid at a site at the same time, passes, couriers' and staff's
// codes included.
type Counts struct {
	Live      int // all codes
	PerNumber int // most codes under one unit or pass number; 0 = 1
}

// DefaultCounts is the size up to which the default policy holds: 200 codes, ten under one number.
func DefaultCounts() Counts { return Counts{Live: 200, PerNumber: 10} }

// Chance returns the chance that a stranger who uses every guess that the limits allow, all year
// and in the best order, opens anything. A token of 128 bits adds nothing that a float can hold.
//
// Three streams of guesses add up: those of the site's budget, each on the form with the best
// odds; during a flood, symbols with a number, bounded per holder; and during a flood, digits
// with a number, bounded by the holder's reserve. The last two can at best name each live code's
// holder in turn.
func Chance(policy Policy, counts Counts) float64 {
	live := float64(max(counts.Live, 0))
	perNumber := min(float64(max(counts.PerNumber, 1)), live)
	limits := policy.Limits
	var bestOfSite, logMiss float64
	if policy.Symbols > 0 {
		space := symbolCodes(policy.Symbols)
		bestOfSite = live / space
		logMiss += misses(live/space, limits.Holder.PerYear())
	}
	if policy.Digits > 0 {
		space := math.Pow10(policy.Digits)
		odds := perNumber / space
		if policy.DigitsAlone {
			odds = live / space
		}
		bestOfSite = max(bestOfSite, odds)
		logMiss += misses(live/space, limits.Reserve.PerYear())
	}
	return max(-math.Expm1(logMiss+misses(bestOfSite, limits.Site.PerYear())), 0) // not minus zero
}

// misses is the logarithm of the chance that none of n guesses hits.
func misses(odds, n float64) float64 {
	if !(n > 0) || odds <= 0 {
		return 0 // no such stream
	}
	return n * math.Log1p(-min(odds, 1))
}

// symbolCodes is the number of codes of n symbols: those that read as digits are never issued.
func symbolCodes(n int) float64 {
	return math.Pow(float64(len(Alphabet)), float64(n)) - math.Pow(float64(digitLike()), float64(n))
}

func digitLike() int {
	n := 1 // L, typed as 1
	for _, s := range Alphabet {
		if s <= '9' {
			n++
		}
	}
	return n
}

// Check returns [ErrWeak], with the computed chance in its text, for a policy under which a
// stranger's chance at a site with these counts is above [MaxChance], and [ErrLimits] for limits
// out of range.
func Check(policy Policy, counts Counts) error {
	if err := policy.Limits.validate(); err != nil {
		return err
	}
	if c := Chance(policy, counts); !(c <= MaxChance) {
		return fmt.Errorf("%w: a stranger's chance to open anything in a year is %.2g with %d codes, at most %.0e is allowed",
			ErrWeak, c, counts.Live, MaxChance)
	}
	return nil
}

// Fit returns the policy with its guesses lowered, in steps, until [Check] accepts it for a larger
// site: fewer guesses first, then the single guess that is left in a longer time. It returns the
// error of Check when even one guess in half a year is too many, which means that the codes are too
// short.
func Fit(policy Policy, counts Counts) (Policy, error) {
	for {
		err := Check(policy, counts)
		if err == nil || !errors.Is(err, ErrWeak) {
			return policy, err
		}
		lowered := false
		l := &policy.Limits
		for _, r := range []*Rate{&l.Site, &l.Holder, &l.Reserve} {
			lowered = r.lower() || lowered
		}
		if !lowered {
			return Policy{}, err
		}
	}
}

// lower makes the rate one step stricter; false: it is the strictest there is.
func (r *Rate) lower() bool {
	switch {
	case r.N > 1:
		r.N = r.N * 3 / 4
	case r.Per < maxPer:
		r.Per = min(r.Per*4/3, maxPer)
	default:
		return false
	}
	return true
}
