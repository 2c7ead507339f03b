package governor

import (
	"slices"
	"time"

	"cubby/internal/locker"
)

// The governor's limits. No message and no setting changes them: what a remote attacker can open is
// bounded even when the server is his.
const (
	// PulseGap is the shortest time from the end of one pulse of a bank to the next: coils are
	// rated for one at a time.
	PulseGap = time.Second
	// RemoteLimit is how many openings that a remote message asked for a site does in RemoteSpan.
	RemoteLimit = 6
	// RemoteSpan is the span of RemoteLimit.
	RemoteSpan = time.Minute
)

// Governor bounds the pulses of a site: one in flight and PulseGap between them per bank whatever
// the cause, and RemoteLimit per RemoteSpan for those that a remote message asked for, unless a
// service session lifts that. It is a pure value; moments are milliseconds of one monotonic clock.
// The zero Governor has let nothing through yet.
type Governor struct {
	banks  map[locker.BankID]pace
	remote []int64 // moments of the last remote pulses, oldest first, at most RemoteLimit
}

type pace struct {
	inFlight bool
	ended    int64
	used     bool
}

// Ruling is what the governor says of one wish to pulse. The zero value is invalid.
type Ruling uint8

// The rulings.
const (
	RulingGo     Ruling = iota + 1 // pulse now: the governor counts it as begun
	RulingWait                     // ask again: a pulse is in flight or was just now
	RulingRefuse                   // too many remote openings
)

// Take asks to pulse a bank now. After RulingGo the pulse is in flight until End.
func (g *Governor) Take(bank locker.BankID, cause locker.Cause, service bool, nowMS int64) Ruling {
	p := g.banks[bank]
	remote := cause != locker.CauseLocal && cause != locker.CausePhone // a cause of a newer version is remote too
	switch {
	case remote && !service && g.spent(nowMS) >= RemoteLimit:
		return RulingRefuse
	case p.inFlight, p.used && nowMS-p.ended < PulseGap.Milliseconds():
		return RulingWait
	}
	if g.banks == nil {
		g.banks = map[locker.BankID]pace{}
	}
	g.banks[bank] = pace{inFlight: true, ended: p.ended, used: p.used}
	if remote {
		g.count(nowMS)
	}
	return RulingGo
}

// End says that a bank's pulse is over.
func (g *Governor) End(bank locker.BankID, nowMS int64) {
	if p, ok := g.banks[bank]; ok && p.inFlight {
		g.banks[bank] = pace{ended: nowMS, used: true}
	}
}

// Recall counts a remote pulse of the time before a restart, and treats a bank as just pulsed.
func (g *Governor) Recall(remote int, banks []locker.BankID, nowMS int64) {
	for range min(remote, RemoteLimit) {
		g.count(nowMS)
	}
	for _, b := range banks {
		if g.banks == nil {
			g.banks = map[locker.BankID]pace{}
		}
		g.banks[b] = pace{ended: nowMS, used: true}
	}
}

// RemoteLeft returns how many remote openings the limit leaves now.
func (g *Governor) RemoteLeft(nowMS int64) int { return max(RemoteLimit-g.spent(nowMS), 0) }

func (g *Governor) count(nowMS int64) {
	g.remote = append(g.remote, nowMS)
	if over := len(g.remote) - RemoteLimit; over > 0 {
		g.remote = slices.Delete(g.remote, 0, over)
	}
}

// spent counts remote pulses within the span. A moment that lies in the future counts too.
func (g *Governor) spent(nowMS int64) int {
	n := 0
	for _, at := range g.remote {
		if nowMS-at < RemoteSpan.Milliseconds() {
			n++
		}
	}
	return n
}
