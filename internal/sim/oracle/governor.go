package oracle

// Bounds of I13, from the specification.
const (
	pulseGap     = 1_000  // ms from the end of one pulse of a bank to the next
	remoteLimit  = 6      // openings that a remote message asked for
	remoteWithin = 60_000 // ms
)

// governorChecker holds I13: one pulse in flight and a gap between pulses at each bank, and a bound on
// what remote messages open, across restarts.
type governorChecker struct {
	judge
	ended  map[string]int64 // last pulse of a bank
	remote map[string][]int64
}

func newGovernorChecker(j judge) *governorChecker {
	return &governorChecker{judge: j, ended: map[string]int64{}, remote: map[string][]int64{}}
}

func (c *governorChecker) see(t *truth, ev Event) {
	e, ok := ev.(Pulse)
	if !ok {
		return
	}
	bank := e.Site + "|" + e.Bank
	if last, ok := c.ended[bank]; ok {
		c.hold(e.At-last >= pulseGap-1, e, "bank %s was pulsed %d ms after the pulse before it", e.Bank, e.At-last)
	}
	c.ended[bank] = e.End
	r := t.requests[e.Request]
	if r == nil || r.Cause != "remote" || t.service {
		return
	}
	remote := append(c.remote[e.Site], e.At)
	for len(remote) > 0 && remote[0] <= e.At-remoteWithin+1_000 { // a clock may run fast
		remote = remote[1:]
	}
	c.remote[e.Site] = remote
	c.hold(len(remote) <= remoteLimit, e, "%d doors were opened within a minute because remote messages asked", len(remote))
}
