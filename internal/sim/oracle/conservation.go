package oracle

import (
	"maps"
	"slices"
)

// conservationChecker holds I3: every parcel is in exactly one state, both halves count the same as the
// record, and a place with a parcel in it is never believed to be empty.
type conservationChecker struct{ judge }

func newConservationChecker(j judge) *conservationChecker { return &conservationChecker{j} }

func (c *conservationChecker) see(t *truth, ev Event) {
	switch e := ev.(type) {
	case Counted:
		live := 0
		for _, stays := range t.booked {
			live += len(stays)
		}
		n := t.ended
		c.hold(n.entered == live+n.collected+n.removed+n.undone, e, "%d entered, %d live, %d collected, %d removed, %d undone by the record",
			n.entered, live, n.collected, n.removed, n.undone)
		c.hold(e.Live == live, e, "the %s believes in %d parcels, the record in %d", e.Who, e.Live, live)
	case Audited:
		c.audited(t, e)
	case Believed:
		c.believed(t, e)
	case Fact:
		if e.Kind == "parcel_stored" && e.Reason == "infrared" && !t.lying[e.Place] {
			c.hold(len(t.inside[e.Place]) > 0, e, "stay %s is stored in %s on the word of a sensor, and nothing lies there", e.Stay, e.Place)
		}
	case Drained:
		c.hold(e.Live == 0 && e.Left == 0, e, "after everybody came, %d stays are live and %d parcels lie behind doors", e.Live, e.Left)
	}
}

func (c *conservationChecker) believed(t *truth, e Believed) {
	c.hold(e.Stays == len(t.booked[e.Place]), e, "the controller believes in %d parcels in %s, the record in %d",
		e.Stays, e.Place, len(t.booked[e.Place]))
	if t.lying[e.Place] || t.open[e.Place] {
		return
	}
	if e.Plain && !e.Busy && !e.Doubted {
		c.hold(e.Stays == len(t.inside[e.Place]), e, "the controller believes in %d parcels in %s, where %d lie, and nothing went wrong",
			e.Stays, e.Place, len(t.inside[e.Place]))
	}
	for _, parcel := range slices.Sorted(maps.Keys(t.inside[e.Place])) {
		in := t.inside[e.Place][parcel]
		if in.unseen || !in.asTold {
			continue
		}
		c.hold(e.Stays > 0 || e.Doubted || e.Busy, e, "parcel %s lies in %s, which is believed to be empty", parcel, e.Place)
	}
}

// audited holds the server's audit: it finds no contradiction where there can be none, and its sums are the record's.
func (c *conservationChecker) audited(t *truth, e Audited) {
	c.hold(len(e.Contradictions) == 0, e, "the server's audit finds %q", e.Contradictions)
	c.hold(e.Entered == e.Stored+e.Held+e.Collected+e.Returned, e, "the audit counts %d in, %d there, %d in incident, %d collected, %d returned",
		e.Entered, e.Stored, e.Held, e.Collected, e.Returned)
	if e.Plain {
		c.hold(len(e.Differences) == 0, e, "nothing went wrong, and the server's audit finds %q", e.Differences)
	}
	if !e.Current {
		return
	}
	live := int64(0)
	for _, stays := range t.booked {
		live += int64(len(stays))
	}
	c.hold(e.Stored+e.Held == live, e, "the audit counts %d parcels, the record %d", e.Stored+e.Held, live)
}
