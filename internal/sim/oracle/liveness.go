package oracle

import (
	"maps"
	"slices"
)

// openWithin is how soon a door opens after a right code, in milliseconds.
const openWithin = 3_000

// livenessChecker holds I11: where nothing stands in the way, a right code opens its door within
// openWithin, and a courier with a parcel that fits gets a door, with the link up or down.
type livenessChecker struct {
	judge
	waiting map[string]Entered // by site and place
}

func newLivenessChecker(j judge) *livenessChecker {
	return &livenessChecker{judge: j, waiting: map[string]Entered{}}
}

func (c *livenessChecker) see(t *truth, ev Event) {
	switch e := ev.(type) {
	case Entered:
		st := t.stays[e.Stay]
		if e.Excused == "" && st != nil && st.state == "stored" && st.place == e.Place && !t.open[e.Place] {
			c.waiting[e.Site+"|"+e.Place] = e
		}
	case DoorMoved:
		if w, ok := c.waiting[e.Site+"|"+e.Place]; ok && e.Open {
			c.hold(e.At-w.At <= openWithin, e, "door %s opened %d ms after the right code of stay %s", e.Place, e.At-w.At, w.Stay)
			delete(c.waiting, e.Site+"|"+e.Place)
		}
	case Dropping:
		if e.Excused == "" {
			c.hold(e.Offered, e, "a courier got no door although one fits")
		}
	case DayPassed:
		for _, key := range slices.Sorted(maps.Keys(c.waiting)) {
			w := c.waiting[key]
			if w.Site == e.Site && e.At-w.At > openWithin {
				c.hold(false, w, "door %s did not open for the right code of stay %s", w.Place, w.Stay)
				delete(c.waiting, key)
			}
		}
	case Booted: // the power went: nobody can say what would have been
		for key, w := range c.waiting {
			if w.Site == e.Site {
				delete(c.waiting, key)
			}
		}
	}
}
