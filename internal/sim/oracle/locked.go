package oracle

// lockedChecker holds I8: whatever fails, a shut door stays shut until its lock is pulsed for somebody
// who asked since the last start, or is forced.
type lockedChecker struct {
	judge
	pulsed map[string]int64 // last pulse of a door, by site and place
}

func newLockedChecker(j judge) *lockedChecker {
	return &lockedChecker{judge: j, pulsed: map[string]int64{}}
}

func (c *lockedChecker) see(t *truth, ev Event) {
	switch e := ev.(type) {
	case Pulse:
		c.pulsed[e.Site+"|"+e.Place] = e.At
		if r := t.requests[e.Request]; r != nil {
			c.hold(r.Boot == e.Boot, e, "door %s was pulsed in boot %d for request %s of boot %d", e.Place, e.Boot, e.Request, r.Boot)
		}
		c.hold(e.Boot == t.boot, e, "door %s was pulsed by a controller that is gone", e.Place)
	case DoorMoved:
		if e.Open && e.Cause == "pulse" {
			at, ok := c.pulsed[e.Site+"|"+e.Place]
			c.hold(ok && e.At-at < 60_000, e, "door %s opened and nothing pulsed its lock", e.Place)
		}
	}
}
