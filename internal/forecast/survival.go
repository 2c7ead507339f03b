package forecast

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"
)

// ErrStays means stays that nothing can be learnt from.
var ErrStays = errors.New("stays cannot be used")

// Stay is how long one parcel has stayed.
type Stay struct {
	For  time.Duration // until it was taken, or until now
	Left bool          // it was taken; false: it still waits
}

// Survival is the share of parcels that stay longer than a time, by the estimator of Kaplan and
// Meier. Behind the longest stay seen it goes on falling at the pace of its last quarter, so that
// no parcel is expected to stay for ever.
type Survival struct {
	at    []time.Duration // times at which parcels left, rising
	share []float64       // that stays longer than at
	pace  float64         // hazard behind the last time, per hour
}

// Bounds of what is learnt.
const (
	maxStays = 1_000_000
	// slowestPace keeps a tail finite when nothing left late: half of what waits leaves in a month.
	slowestPace = 1.0 / (30 * 24)
)

// NewSurvival learns from stays, some of which may not have ended.
// Source: Kaplan and Meier (1958), JASA 53: S(t) is the product of 1 - leaving/waiting.
func NewSurvival(stays []Stay) (*Survival, error) {
	if len(stays) == 0 || len(stays) > maxStays {
		return nil, fmt.Errorf("%w: %d stays, want 1 to %d", ErrStays, len(stays), maxStays)
	}
	sorted := slices.Clone(stays)
	slices.SortFunc(sorted, func(a, b Stay) int { return cmp.Compare(a.For, b.For) })
	if sorted[0].For < 0 {
		return nil, fmt.Errorf("%w: a stay of %v", ErrStays, sorted[0].For)
	}
	s := &Survival{}
	share := 1.0
	for i := 0; i < len(sorted); {
		at, waiting, leaving := sorted[i].For, len(sorted)-i, 0
		for ; i < len(sorted) && sorted[i].For == at; i++ {
			if sorted[i].Left {
				leaving++
			}
		}
		if leaving > 0 {
			share *= 1 - float64(leaving)/float64(waiting)
			s.at, s.share = append(s.at, at), append(s.share, share)
		}
	}
	if len(s.at) == 0 {
		return nil, fmt.Errorf("%w: none of the %d parcels has left yet", ErrStays, len(stays))
	}
	s.settle()
	return s, nil
}

// settle gives the curve its tail. When the longest stay seen has ended, the estimator says that
// nothing stays longer; half of what stayed until then is kept instead, because the next parcel may.
// The pace is the hazard over the last quarter of the curve.
func (s *Survival) settle() {
	last := len(s.share) - 1
	if s.share[last] <= 0 {
		before := 1.0
		if last > 0 {
			before = s.share[last-1]
		}
		s.share[last] = before / 2
	}
	s.pace = slowestPace
	from := last * 3 / 4
	if hours := (s.at[last] - s.at[from]).Hours(); hours > 0 {
		s.pace = max(math.Log(s.share[from]/s.share[last])/hours, slowestPace)
	}
}

// After returns the share of parcels that stay longer than d, from 1 down to 0.
func (s *Survival) After(d time.Duration) float64 {
	i := sort.Search(len(s.at), func(i int) bool { return s.at[i] > d })
	if i == 0 {
		return 1
	}
	share := s.share[i-1]
	if i == len(s.at) {
		share *= math.Exp(-s.pace * (d - s.at[i-1]).Hours())
	}
	return share
}

// Stays returns the chance that a parcel which has been there for age is still there after wait.
func (s *Survival) Stays(age, wait time.Duration) float64 {
	if now := s.After(age); now > 0 {
		return min(s.After(age+wait)/now, 1)
	}
	return math.Exp(-s.pace * wait.Hours()) // so old that the curve has left the numbers
}
