package link

import (
	"time"

	"cubby/internal/locker"
)

// serverClock bounds the server's clock from above. The server stamped its time between the
// question and the answer, so at the answer its clock shows at most the stamp and the round trip.
// Local time is only used for differences, so a wrong wall clock does not matter.
type serverClock struct {
	stamp     locker.Millis
	roundTrip time.Duration
	at        time.Time // local, with its monotonic reading, when the answer came
}

// latest returns the latest that the server's clock may show now.
func (c serverClock) latest(now time.Time) locker.Millis {
	return c.stamp.Add(c.roundTrip + max(now.Sub(c.at), 0) + time.Millisecond)
}

// offset returns what to add to the local wall clock to get the server's, and how wrong that may be.
func (c serverClock) offset() (offset, uncertainty time.Duration) {
	half := c.roundTrip / 2
	// UnixMilli drops the monotonic reading: the offset is one of wall clocks.
	return time.Duration(int64(c.stamp)-c.at.UnixMilli())*time.Millisecond + half, half + time.Millisecond
}
