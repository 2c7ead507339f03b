package controller

import (
	"time"

	"cubby/internal/locker"
)

const (
	// ClockJump is how far the wall clock may move against the monotonic one before it is doubted.
	ClockJump = 5 * time.Second
	// clockLeap is how far ahead of the record a clock may be at a start: a site that was off for
	// longer is rarer than a clock battery that died.
	clockLeap = 400 * 24 * time.Hour
)

// siteClock turns both clocks of an Instant into the site's time. While the wall clock is trusted
// it is that, corrected by what the server last said; after a jump, time goes on from before the
// jump by the monotonic clock, until the server's clock is known again. Time never goes backwards:
// where it should, it runs at half speed until the truth has caught up.
type siteClock struct {
	offset   int64 // milliseconds to add to the wall clock
	seen     bool
	wall     locker.Millis // of the last instant
	mono     int64         // of the last instant
	estimate locker.Millis // at the last instant
	at       locker.Millis // what was last given out
}

// advance moves to now. jump is not zero when the wall clock moved against the monotonic one.
// trusted is whether the wall clock was trusted until now; floor is the latest moment on record.
func (c *siteClock) advance(now Instant, trusted bool, floor locker.Millis) (jump time.Duration) {
	if !c.seen {
		return c.first(now, trusted, floor)
	}
	elapsed := max(now.MonoMS-c.mono, 0)
	drift := int64(now.Wall-c.wall) - elapsed
	if abs(drift) > ClockJump.Milliseconds() {
		jump = time.Duration(drift) * time.Millisecond
	}
	if trusted && jump == 0 {
		c.estimate = now.Wall + locker.Millis(c.offset)
	} else {
		c.estimate += locker.Millis(elapsed)
	}
	c.at = max(c.estimate, c.at+locker.Millis(elapsed/2), floor)
	c.wall, c.mono = now.Wall, now.MonoMS
	return jump
}

// first judges the wall clock at a start: before the record, or impossibly far after it, it has
// jumped. A correction from before the restart is only good until the server confirms it.
func (c *siteClock) first(now Instant, trusted bool, floor locker.Millis) (jump time.Duration) {
	c.seen, c.wall, c.mono = true, now.Wall, now.MonoMS
	c.estimate = now.Wall + locker.Millis(c.offset)
	ahead := time.Duration(c.estimate-floor) * time.Millisecond
	switch {
	case floor == 0:
	case c.estimate < floor-locker.Millis(ClockJump.Milliseconds()), c.estimate > floor.Add(clockLeap):
		jump = ahead
	case c.offset != 0 && trusted:
		jump = time.Duration(c.offset) * time.Millisecond
	}
	if floor != 0 && c.estimate > floor.Add(clockLeap) {
		c.estimate = floor
	}
	c.at = max(c.estimate, floor)
	return jump
}

// correct takes the server's clock. It reports the new correction, and whether it matters: the clock
// was doubted, or the site's time was wrong by more than ClockJump.
func (c *siteClock) correct(server locker.Millis, trusted bool) (offset int64, matters bool) {
	wrong := abs(int64(server - c.estimate))
	if trusted && wrong <= ClockJump.Milliseconds() {
		return c.offset, false
	}
	c.offset = int64(server - c.wall)
	c.estimate = server
	c.at = max(c.at, server)
	return c.offset, true
}

func abs(n int64) int64 { return max(n, -n) }
