package credential

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

const (
	// Year is the span over which guesses are counted and chances are given.
	Year = 365 * 24 * time.Hour

	day   = 24 * time.Hour
	month = 30 * day

	maxPer = Year / 2 // a longer time is no rate but a ban
	maxN   = 1000     // more guesses at once are no limit

	// maxHolders bounds the remembered numbers; a site has far fewer units and passes.
	maxHolders = 8192
)

// Rate allows N wrong guesses at once, and over any year as many as N in each Per would give, the
// first N included.
type Rate struct {
	N   int
	Per time.Duration
}

// PerYear returns the most wrong guesses that the rate lets through in any year.
func (r Rate) PerYear() float64 { return float64(r.N) * float64(Year) / float64(r.Per) }

func (r Rate) valid() bool { return r.N > 0 && r.N <= maxN && r.Per >= time.Hour && r.Per <= maxPer }

// interval is the time after which one guess comes back. It is a little longer than Per/N because
// the full bucket at the start counts in the year too.
func (r Rate) interval() time.Duration {
	perGuess := (int64(r.Per) + int64(r.N) - 1) / int64(r.N)
	return time.Duration(float64(perGuess) * float64(Year) / float64(Year-r.Per))
}

// Limits are the budgets of wrong guesses at one site.
type Limits struct {
	// Site bounds wrong guesses of all typed forms. Once they are used up the site is flooded:
	// symbols then need the unit or pass number with them as a second proof.
	Site Rate
	// Holder bounds wrong guesses that name one unit's or pass's number.
	Holder Rate
	// Reserve bounds wrong number-and-digits guesses that name one holder while the site is
	// flooded. A right code costs nothing, so the holder still gets in.
	Reserve Rate
}

// DefaultLimits returns 20 wrong guesses a day for the site, 5 a day for each holder, and 3 in 30
// days for each holder's digits during a flood.
func DefaultLimits() Limits {
	return Limits{
		Site:    Rate{N: 20, Per: day},
		Holder:  Rate{N: 5, Per: day},
		Reserve: Rate{N: 3, Per: month},
	}
}

// ErrLimits means that a limit is missing or out of range (1 to 1000 guesses, an hour to half a
// year), or that a saved state does not fit.
var ErrLimits = errors.New("credential: limits out of range")

func (l Limits) validate() error {
	for _, r := range []Rate{l.Site, l.Holder, l.Reserve} {
		if !r.valid() {
			return fmt.Errorf("%w: %d in %s", ErrLimits, r.N, r.Per)
		}
	}
	return nil
}

// Verdict says whether an entry may be tried now.
type Verdict uint8

// What a budget answers.
const (
	// VerdictAllowed means: match the entry, and [Budget.Spend] when it matches nothing.
	VerdictAllowed Verdict = iota + 1
	// VerdictFlooded means: the site saw too many wrong guesses; ask for the unit or pass number
	// as well, or a scan. The entry must not be matched.
	VerdictFlooded
	// VerdictLocked means: too many wrong guesses named this number; a scan still works, and
	// [Answer.Until] says when typing does again. The entry must not be matched.
	VerdictLocked
)

// String returns "allowed", "flooded" or "locked".
func (v Verdict) String() string {
	switch v {
	case VerdictAllowed:
		return "allowed"
	case VerdictFlooded:
		return "flooded"
	case VerdictLocked:
		return "locked"
	}
	return "invalid"
}

// Answer is a verdict and, unless allowed, the time from which the entry may be tried again.
type Answer struct {
	Verdict Verdict
	Until   time.Time
}

// Bucket is what has been spent of one rate, as the time that it takes to come back. At is the
// latest time that was ever seen: a clock that jumps back gives nothing back.
type Bucket struct {
	Debt time.Duration `json:"debt"`
	At   time.Time     `json:"at"`
}

func (b Bucket) debtAt(now time.Time) time.Duration {
	return max(b.Debt-max(now.Sub(b.At), 0), 0)
}

// wait is how long it takes until one more guess fits; zero means now.
func (b Bucket) wait(r Rate, now time.Time) time.Duration {
	over := b.debtAt(now) - time.Duration(r.N-1)*r.interval()
	if over > 0 && now.Before(b.At) {
		over += b.At.Sub(now)
	}
	return max(over, 0)
}

// used is the part of the rate that is spent, 0 to 1.
func (b Bucket) used(r Rate, now time.Time) float64 {
	return float64(b.debtAt(now)) / float64(time.Duration(r.N)*r.interval())
}

// most is the bucket of two that takes longer to come back.
func (b Bucket) most(o Bucket) Bucket {
	if b.At.Add(b.Debt).Before(o.At.Add(o.Debt)) {
		b.At, b.Debt, o.At, o.Debt = o.At, o.Debt, b.At, b.Debt
	}
	if b.At.Before(o.At) { // the same end, seen from the later moment
		b.Debt, b.At = b.debtAt(o.At), o.At
	}
	return b
}

func (b Bucket) spend(r Rate, now time.Time) Bucket {
	debt := min(b.debtAt(now)+r.interval(), time.Duration(r.N)*r.interval())
	if now.Before(b.At) {
		now = b.At
	}
	return Bucket{Debt: debt, At: now.UTC().Round(0)}
}

// HolderState is what was spent in one holder's name.
type HolderState struct {
	Holder  string `json:"holder"`
	Typed   Bucket `json:"typed"`
	Reserve Bucket `json:"reserve"`
}

// BudgetState is a budget as it is stored. Holders are in the order of their names.
type BudgetState struct {
	Site    Bucket        `json:"site"`
	Holders []HolderState `json:"holders,omitempty"`
}

// Budget counts the wrong guesses of one site. It is a pure state machine: the same calls give the
// same state, so it can be rebuilt from the journal. One goroutine owns it.
//
// The order of a try is [Parse], [Budget.Allow], [Index.Match]; when nothing matches, the wrong
// guess is made durable and spent before the answer is shown. A right code spends nothing and
// gives nothing back: whoever has one code may not buy guesses with it. A scanned token is always
// allowed and never spends.
//
// Times are the site's trusted time. Each bucket keeps the latest time it saw, so that a clock
// that jumps back refills nothing until it has caught up.
type Budget struct {
	limits  Limits
	site    Bucket
	holders map[string]HolderState
}

// NewBudget returns a full budget. It returns [ErrLimits] for limits out of range.
func NewBudget(limits Limits) (*Budget, error) {
	return RestoreBudget(limits, BudgetState{})
}

// RestoreBudget returns the budget that was saved as state. It returns [ErrLimits] for limits out
// of range, negative debts and too many holders.
func RestoreBudget(limits Limits, state BudgetState) (*Budget, error) {
	if err := limits.validate(); err != nil {
		return nil, err
	}
	if len(state.Holders) > maxHolders || state.Site.Debt < 0 {
		return nil, fmt.Errorf("%w: saved state", ErrLimits)
	}
	b := &Budget{limits: limits, site: state.Site, holders: make(map[string]HolderState, len(state.Holders))}
	for _, h := range state.Holders {
		if h.Typed.Debt < 0 || h.Reserve.Debt < 0 {
			return nil, fmt.Errorf("%w: saved state of a holder", ErrLimits)
		}
		b.holders[h.Holder] = h
	}
	return b, nil
}

// State returns what has been spent, to be stored.
func (b *Budget) State() BudgetState {
	state := BudgetState{Site: b.site}
	for _, name := range slices.Sorted(maps.Keys(b.holders)) {
		state.Holders = append(state.Holders, b.holders[name])
	}
	return state
}

// Limit replaces the limits, as more or fewer codes become valid at the site. What was spent stays
// spent: it is kept as the time that it takes to come back. It returns [ErrLimits] for limits out of
// range, and changes nothing then.
func (b *Budget) Limit(limits Limits) error {
	if err := limits.validate(); err != nil {
		return err
	}
	b.limits = limits
	return nil
}

// Absorb takes over what another count of the same site has spent, wherever that is more: guesses of
// which one of the two knows nothing. Guesses that only one of two counts knows are not added up.
func (b *Budget) Absorb(other BudgetState) {
	b.site = b.site.most(other.Site)
	for _, h := range other.Holders {
		known, ok := b.holders[h.Holder]
		if !ok && len(b.holders) >= maxHolders {
			continue // who is not counted here is counted for the site
		}
		b.holders[h.Holder] = HolderState{
			Holder: h.Holder, Typed: known.Typed.most(h.Typed), Reserve: known.Reserve.most(h.Reserve),
		}
	}
}

// Flooded reports whether the site has no wrong guess left.
func (b *Budget) Flooded(now time.Time) bool { return b.site.wait(b.limits.Site, now) > 0 }

// Allow says whether entry may be matched now. Holder is what [Index.Holder] says of the entry's
// number. Allow changes nothing.
func (b *Budget) Allow(entry Entry, holder string, now time.Time) Answer {
	if entry.form == FormToken {
		return Answer{Verdict: VerdictAllowed}
	}
	flood := b.site.wait(b.limits.Site, now)
	if entry.number == "" {
		if flood > 0 {
			return Answer{Verdict: VerdictFlooded, Until: now.Add(flood)}
		}
		return Answer{Verdict: VerdictAllowed}
	}
	h := b.holders[holder]
	wait := h.Typed.wait(b.limits.Holder, now)
	if flood > 0 && entry.form == FormDigits {
		wait = max(wait, h.Reserve.wait(b.limits.Reserve, now))
	}
	if wait > 0 {
		return Answer{Verdict: VerdictLocked, Until: now.Add(wait)}
	}
	return Answer{Verdict: VerdictAllowed}
}

// Spend counts a wrong guess that [Budget.Allow] had allowed. Holder as for Allow.
func (b *Budget) Spend(entry Entry, holder string, now time.Time) {
	if entry.number == "" {
		holder = ""
	}
	b.Recount(entry.form, holder, now)
}

// Recount counts a wrong guess that the journal recorded, in the order of the record. Holder is as
// for [Budget.Spend], and empty when no number was typed.
func (b *Budget) Recount(form Form, holder string, now time.Time) {
	if form == FormToken {
		return
	}
	flooded := b.Flooded(now)
	b.site = b.site.spend(b.limits.Site, now)
	if holder == "" {
		return
	}
	h, known := b.holders[holder]
	if !known && len(b.holders) >= maxHolders {
		b.forget(now)
	}
	h.Holder = holder
	h.Typed = h.Typed.spend(b.limits.Holder, now)
	if flooded && form == FormDigits {
		h.Reserve = h.Reserve.spend(b.limits.Reserve, now)
	}
	b.holders[holder] = h
}

// forget makes room for one holder: those who owe nothing go, else the one who is furthest from
// being locked. That gives back a guess or two out of thousands that were just spent.
func (b *Budget) forget(now time.Time) {
	least, name := 2.0, ""
	for _, n := range slices.Sorted(maps.Keys(b.holders)) {
		h := b.holders[n]
		used := max(h.Typed.used(b.limits.Holder, now), h.Reserve.used(b.limits.Reserve, now))
		if used == 0 {
			delete(b.holders, n)
		}
		if used < least {
			least, name = used, n
		}
	}
	if len(b.holders) >= maxHolders {
		delete(b.holders, name)
	}
}
