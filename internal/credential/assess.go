package credential

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Scheme is a way to make codes, to be compared with others.
type Scheme struct {
	Name      string
	Policy    Policy // without limits
	PerNumber int    // live codes under one unit's number that the comparison assumes
}

// Schemes lists the schemes of the table "Codes" in the design, weakest first. The one that Cubby
// issues is three in one: 8 of 20 symbols, unit and 9 digits, and the token.
func Schemes() []Scheme {
	return []Scheme{
		{"4 digits", Policy{Digits: 4, DigitsAlone: true}, 1},
		{"6 digits", Policy{Digits: 6, DigitsAlone: true}, 1},
		{"8 digits", Policy{Digits: 8, DigitsAlone: true}, 1},
		{"unit + 6 digits", Policy{Digits: 6}, 1},
		{"unit + 8 digits (one live code in that unit)", Policy{Digits: 8}, 1},
		{"unit + 9 digits (ten live codes in that unit)", Policy{Digits: 9}, 10},
		{"7 of 20 symbols + check", Policy{Symbols: 7}, 1},
		{"8 of 20 symbols + check", Policy{Symbols: 8}, 1},
		{"QR token, 128 bit", Policy{}, 1},
	}
}

// Chance returns the chance per year with live codes and so many guesses a day on this scheme alone.
func (s Scheme) Chance(live, guessesADay int) float64 {
	p := s.Policy
	p.Limits = Limits{Site: Rate{N: guessesADay, Per: day}}
	return Chance(p, Counts{Live: live, PerNumber: s.PerNumber})
}

// FormatChance writes a chance with two digits: "1", "0.31", "7.3e-5", "0".
func FormatChance(c float64) string {
	if c >= 0.1 || c == 0 {
		return strconv.FormatFloat(c, 'g', 2, 64)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(c, 'e', 1, 64), "e-")
	return mantissa + "e-" + strings.TrimLeft(exponent, "0")
}

// String names what a policy issues: "8 of 20 symbols + check, or unit + 9 digits, or QR token".
func (p Policy) String() string {
	var forms []string
	if p.Symbols > 0 {
		forms = append(forms, fmt.Sprintf("%d of %d symbols + check", p.Symbols, len(Alphabet)))
	}
	switch {
	case p.Digits > 0 && p.DigitsAlone:
		forms = append(forms, fmt.Sprintf("%d digits", p.Digits))
	case p.Digits > 0:
		forms = append(forms, fmt.Sprintf("unit + %d digits", p.Digits))
	}
	return strings.Join(append(forms, "QR token"), ", or ")
}

// PerDay is the mean number of guesses that come back in a day.
func (r Rate) PerDay() float64 { return float64(r.N) * float64(day) / float64(r.Per) }

// Guesses returns the limits with n wrong guesses a day for the whole site; 0 leaves them as they are.
// A number, and the flood's reserve, never get more than the site: they are lowered with it.
func (l Limits) Guesses(n int) Limits {
	if n <= 0 {
		return l
	}
	l.Site = Rate{N: n, Per: day}
	l.Holder.N = min(l.Holder.N, n)
	l.Reserve.N = min(l.Reserve.N, n)
	return l
}

// Assessment is what a policy is worth at a site.
type Assessment struct {
	Policy Policy
	Counts Counts
	Chance float64 // per site and year, 0 to 1
	Most   int     // the most wrong guesses a day that the policy could allow there; 0: not even one
	Wrong  error   // ErrWeak or ErrLimits, with what to change; nil: all is well
}

// Why says what is wrong and what to change, for people; empty: all is well.
func (a Assessment) Why() string {
	if a.Wrong == nil {
		return ""
	}
	return strings.TrimPrefix(a.Wrong.Error(), "credential: ")
}

// Assess computes the chance that a stranger opens anything at a site in a year, and what to change
// when that is more than [MaxChance].
func Assess(policy Policy, counts Counts) Assessment {
	a := Assessment{Policy: policy, Counts: counts, Chance: Chance(policy, counts)}
	allowed := policy
	for n := 1; n <= maxN; n++ {
		allowed.Limits = policy.Limits.Guesses(n)
		if Check(allowed, counts) != nil {
			break
		}
		a.Most = n
	}
	a.Wrong = Check(policy, counts)
	if !errors.Is(a.Wrong, ErrWeak) {
		return a
	}
	switch now := policy.Limits.Site.PerDay(); {
	case a.Most > 0:
		a.Wrong = fmt.Errorf("%w; allow at most %d wrong codes a day instead of %s", a.Wrong, a.Most, trim(now))
	case policy.Symbols >= SymbolCount && (policy.Digits == 0 || !policy.DigitsAlone && policy.Digits >= CodeLength):
		a.Wrong = fmt.Errorf("%w; have fewer codes valid at a time: collect or return what waits, and revoke what nobody uses", a.Wrong)
	default:
		a.Wrong = fmt.Errorf("%w; issue longer codes: %d symbols, or a unit and %d digits", a.Wrong, SymbolCount, CodeLength)
	}
	return a
}

func trim(x float64) string { return strconv.FormatFloat(math.Round(x*100)/100, 'f', -1, 64) }
