package oracle

import (
	"maps"
	"slices"
)

// noticeWithin is how soon the first notice is out where the link is up, in milliseconds.
const noticeWithin = 60_000

// noticeChecker holds I4: exactly one first notice for each parcel and channel, not before the courier's
// undo has closed, and soon after that.
type noticeChecker struct {
	judge
	sent map[string]int
	due  map[string]due
}

type due struct {
	at   int64
	site string
}

func newNoticeChecker(j judge) *noticeChecker {
	return &noticeChecker{judge: j, sent: map[string]int{}, due: map[string]due{}}
}

func (c *noticeChecker) see(t *truth, ev Event) {
	switch e := ev.(type) {
	case Fact:
		st := t.stays[e.Stay]
		if e.Kind == "deposit_settled" && st != nil && st.state == "stored" && st.recipient != "" && t.online {
			c.due[st.parcel] = due{at: e.At, site: e.Site}
		}
		if st != nil && st.over() && (!t.online || t.since > c.due[st.parcel].at) {
			delete(c.due, st.parcel) // it left before the server could hear of it: there is nothing to announce
		}
	case Notice:
		if e.Kind != "first" {
			return
		}
		key := e.Parcel + "|" + e.Channel
		c.sent[key]++
		c.hold(c.sent[key] == 1, e, "parcel %s has %d first notices by %s", e.Parcel, c.sent[key], e.Channel)
		c.hold(c.settled(t, e.Parcel), e, "parcel %s was announced before its courier was done", e.Parcel)
		if d, ok := c.due[e.Parcel]; ok && t.online && t.since < d.at {
			c.hold(e.At-d.at <= noticeWithin, e, "parcel %s was announced %d ms after it was stored", e.Parcel, e.At-d.at)
		}
		delete(c.due, e.Parcel)
	case Lost, Replaced: // whoever waits for a parcel that the record forgot hears from staff
		c.forget(t, e.head())
	case Drained:
		for _, parcel := range slices.Sorted(maps.Keys(c.due)) {
			d := c.due[parcel]
			if d.site == e.Site {
				c.hold(false, e, "parcel %s was never announced", parcel)
			}
		}
	}
}

func (c *noticeChecker) forget(t *truth, h Head) {
	known := map[string]bool{}
	for _, st := range t.stays {
		known[st.parcel] = st.settled
	}
	for parcel, d := range c.due {
		if d.site == h.Site && !known[parcel] {
			delete(c.due, parcel)
		}
	}
}

func (c *noticeChecker) settled(t *truth, parcel string) bool {
	for _, st := range t.stays {
		if st.parcel == parcel {
			return st.settled && st.storedAt != 0
		}
	}
	return true // so long ago that it is forgotten
}
