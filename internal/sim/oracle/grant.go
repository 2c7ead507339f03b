package oracle

import (
	"slices"
	"strings"
)

// Bounds of I1.
const (
	maxAttempts  = 3
	retryWithin  = 15_000  // ms from the first pulse of a series: 10 s, and waiting for the bank
	pulseWithin  = 31_000  // ms from its request: nothing opens late
	clockSlack   = 360_000 // ms that a clock may drift in a month alone
	serverSlack  = 2_500   // ms by which a site may misjudge the server's clock
	reopenWithin = 240_000 // ms after which nobody opens again what they had open
)

// grantChecker holds I1: no pulse without exactly one durable request before it, under a grant that
// was live then, and no more than two retries.
type grantChecker struct{ judge }

func newGrantChecker(j judge) *grantChecker { return &grantChecker{j} }

func (c *grantChecker) see(t *truth, ev Event) {
	switch e := ev.(type) {
	case Pulse:
		c.pulse(t, e)
	case Fact:
		if e.Kind == "open_requested" && e.Retries != "" {
			first := t.requests[e.Retries]
			ok := first != nil && first.Place == e.Place && first.Retries == "" && e.Attempt > 1 && e.Attempt <= maxAttempts
			c.hold(ok, e, "request %s is attempt %d and names %s, which is no first request for %s", e.Request, e.Attempt, e.Retries, e.Place)
			if ok && first.pulsedAt != 0 {
				c.hold(e.At-first.pulsedAt <= retryWithin, e, "request %s retries %s after %d ms", e.Request, e.Retries, e.At-first.pulsedAt)
			}
		}
	}
}

func (c *grantChecker) pulse(t *truth, e Pulse) {
	r := t.requests[e.Request]
	c.hold(r != nil, e, "door %s was pulsed for request %s, which is not on record", e.Place, e.Request)
	if r == nil {
		return
	}
	r.pulses++
	if r.pulses == 1 {
		r.pulsedAt = e.At
	}
	c.hold(r.Place == e.Place, e, "request %s for door %s pulsed door %s", e.Request, r.Place, e.Place)
	c.hold(r.pulses == 1, e, "request %s for door %s was pulsed %d times", e.Request, e.Place, r.pulses)
	c.hold(e.At-r.At <= pulseWithin, e, "door %s was pulsed %d ms after request %s", e.Place, e.At-r.At, e.Request)
	c.hold(r.covered == "", e, "door %s was pulsed under %s: %s", e.Place, r.Grant, r.covered)
}

// covers says why no live grant covers a request, as far as the site could know; empty when one does.
func (t *truth) covers(f Fact) string {
	kind, id, _ := strings.Cut(f.Grant, ":")
	if r := t.rights[f.Grant]; r != nil && r.Revoked && r.Rev <= t.applied && f.Purpose != "undo" {
		return "it was taken back before"
	}
	switch kind {
	case "stay":
		return t.stayCovers(t.stays[id], f)
	case "pass", "grant":
		return t.passCovers(f)
	case "courier", "staff":
		if t.rights[f.Grant] == nil {
			return "nobody has it"
		}
		if f.Purpose == "deposit" {
			return t.depositCovers(f)
		}
		return ""
	case "intent":
		return t.intentCovers(f)
	}
	return "there is no such right"
}

func (t *truth) stayCovers(own *stay, f Fact) string {
	if own == nil || own.state == "undone" || own.state == "depositing" {
		return "its parcel is not stored"
	}
	if f.Purpose == "collect" && f.Retries == "" {
		for _, id := range f.Stays {
			if st := t.stays[id]; st == nil || st.state != "stored" || st.place != f.Place {
				return "stay " + id + " is not stored there"
			}
		}
		if len(f.Stays) == 0 {
			return "it opens for no parcel"
		}
	}
	for _, household := range t.households(f.Place) {
		if household != own.household {
			return "the place holds a parcel of another household"
		}
	}
	return ""
}

func (t *truth) passCovers(f Fact) string {
	r := t.rights[f.Grant]
	switch {
	case r == nil:
		return "there is no such pass"
	case r.From != 0 && f.At < r.From-clockSlack, r.Until != 0 && f.At > r.Until+clockSlack:
		return "it is not valid at this time"
	case len(f.Stays) > 1:
		return "a pass is for one parcel"
	}
	return ""
}

func (t *truth) depositCovers(f Fact) string {
	if len(f.Stays) != 1 {
		return "it does not name the parcel"
	}
	st := t.stays[f.Stays[0]]
	if st == nil || st.place != f.Place || st.state != "depositing" {
		return "no parcel is on its way into this place"
	}
	return ""
}

func (t *truth) intentCovers(f Fact) string {
	r := t.rights[f.Grant]
	switch {
	case r == nil:
		return "nobody asked for it"
	case r.Place != f.Place:
		return "it asked for another door"
	case f.Retries == "" && f.At > r.Until+serverSlack:
		return "it had expired"
	case f.Retries == "" && t.spent(f):
		return "it was used before"
	}
	return ""
}

// spent reports whether an intent opened a door before.
func (t *truth) spent(f Fact) bool {
	for id, r := range t.requests {
		if id != f.Request && r.Grant == f.Grant && !slices.Contains([]string{r.Request, r.Retries}, f.Retries) && r.Retries == "" {
			return true
		}
	}
	return false
}
