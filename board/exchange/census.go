package exchange

import (
	"context"
	"time"

	"cubby/board"
)

const (
	// censusTime is how long a line must stay silent after an answer before nobody else answers:
	// a second board thinks no longer than the first and then sends a frame.
	censusTime = 100 * time.Millisecond
	// censusAsks bounds how often the question is put, censusVotes how many equal results decide: one
	// burst of noise or one late answer looks like a second board.
	censusAsks  = 3
	censusVotes = 2
)

// Census asks up to three times whether one board or several answer to r, which must not open
// anything. Several is more than one answer, or garbled bytes, two times. Silence at the first time
// is board.PresenceNone without an error. Errors wrap board.ErrLost or are the context's.
func (x *Exchange[F]) Census(ctx context.Context, r Request[F]) (board.Presence, error) {
	one, several, answered := 0, 0, false
	for ask := range censusAsks {
		h, err := x.hear(ctx, r)
		if err != nil {
			return 0, err
		}
		answered = answered || h.answers > 0
		switch {
		case h.answers > 1 || h.garbled:
			several++
		case h.answers == 1:
			one++
		case ask == 0:
			return board.PresenceNone, nil
		}
		switch {
		case several == censusVotes:
			return board.PresenceSeveral, nil
		case one == censusVotes:
			return board.PresenceOne, nil
		}
	}
	if answered {
		return board.PresenceOne, nil
	}
	return board.PresenceNone, nil
}

// heard is what came after one question of a census.
type heard struct {
	answers int
	garbled bool
}

// hear sends r and listens on after the first answer.
func (x *Exchange[F]) hear(ctx context.Context, r Request[F]) (heard, error) {
	echoes, dropped := x.counts.Echoes, x.scan.Dropped
	if err := x.open(ctx, r); err != nil {
		return heard{}, err
	}
	defer x.close()
	x.unread = &r // whatever happens, the next request waits for quiet
	if r.State {
		x.owed[r.Addr] = r // and does not believe what comes late
	}
	garbage := x.scan.Dropped
	start := x.opts.Now()
	limit, last := start.Add(r.Within), start.Add(r.Within+censusTime)
	var h heard
	for quiet := false; ; {
		for found, ok := x.next(quiet); ok; found, ok = x.next(quiet) {
			if !found.Echo && fits(r, found.Frame) {
				h.answers++
				limit = earlier(last, x.opts.Now().Add(censusTime))
			}
		}
		if err := ctx.Err(); err != nil {
			return heard{}, err
		}
		now := x.opts.Now()
		if !now.Before(limit) {
			break
		}
		n, err := x.read(earlier(now.Add(x.slice()), limit))
		if err != nil {
			return heard{}, err
		}
		quiet = n == 0
	}
	h.garbled = x.scan.Dropped > garbage || x.scan.Buffered() > 0
	if h.answers == 0 {
		x.tally(r.Addr, func(c *board.Counts) { c.Timeouts++ })
	} else {
		delete(x.owed, r.Addr)
	}
	if !r.Twin {
		x.learn(x.counts.Echoes > echoes, h.answers > 0 && !h.garbled && x.scan.Dropped == dropped)
	}
	return h, nil
}
