package link

import "time"

// backoff spreads reconnections: the wait is drawn evenly from the shortest to a ceiling that
// doubles with each failure. Full jitter keeps a building full of controllers from coming back
// all at once.
type backoff struct {
	shortest, longest time.Duration
	rand              func() float64 // 0 <= r < 1
	failures          int
}

// next returns how long to wait now.
func (b *backoff) next() time.Duration {
	ceiling := b.shortest
	for i := 0; i <= b.failures && ceiling < b.longest; i++ {
		ceiling *= 2
	}
	ceiling = min(ceiling, b.longest)
	b.failures++
	return b.shortest + time.Duration(b.rand()*float64(ceiling-b.shortest))
}

func (b *backoff) reset() { b.failures = 0 }

// far makes the next waits the longest: after a refusal another try soon would change nothing.
func (b *backoff) far() { b.failures = max(b.failures, 16) }
