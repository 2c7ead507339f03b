package link

import (
	"time"

	"cubby/internal/auth"
	"cubby/internal/locker"
)

// What the tests of parts use.

type Nonces = nonces

func NewNonces(id auth.Identity, now func() time.Time) *Nonces { return newNonces(id, now) }

func (n *nonces) Next() string { return n.next() }

func (n *nonces) Spend(text string) bool { return n.spend(text) }

func Waits(shortest, longest time.Duration, rand func() float64, n int) []time.Duration {
	b := backoff{shortest: shortest, longest: longest, rand: rand}
	waits := make([]time.Duration, n)
	for i := range waits {
		waits[i] = b.next()
	}
	return waits
}

func ParseAddress(text string) error {
	_, err := parseAddress(text)
	return err
}

func LatestServerTime(stamp locker.Millis, roundTrip time.Duration, at, now time.Time) locker.Millis {
	return serverClock{stamp: stamp, roundTrip: roundTrip, at: at}.latest(now)
}

func ServerOffset(stamp locker.Millis, roundTrip time.Duration, at time.Time) (offset, uncertainty time.Duration) {
	return serverClock{stamp: stamp, roundTrip: roundTrip, at: at}.offset()
}
