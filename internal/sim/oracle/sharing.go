package oracle

import (
	"maps"
	"slices"
)

// sharingChecker holds I2: parcels of two households never lie in one compartment, and nothing is
// promised a place that is taken or that nobody can vouch for.
type sharingChecker struct{ judge }

func newSharingChecker(j judge) *sharingChecker { return &sharingChecker{j} }

func (c *sharingChecker) see(t *truth, ev Event) {
	switch e := ev.(type) {
	case Put:
		if !e.AsTold || !isDoor(e.Place) {
			return
		}
		for _, parcel := range slices.Sorted(maps.Keys(t.inside[e.Place])) {
			other := t.inside[e.Place][parcel]
			if parcel == e.Parcel || other.unseen || !other.asTold || t.lying[e.Place] {
				continue
			}
			c.hold(other.household == e.Household, e, "parcel %s of %s went to %s, where parcel %s of %s lies",
				e.Parcel, e.Household, e.Place, parcel, other.household)
		}
	case Fact:
		if e.Kind == "deposit_begun" && isDoor(e.Place) {
			c.hold(!t.doubted[e.Place], e, "stay %s was promised %s, of which nobody knows what is in it", e.Stay, e.Place)
			households := t.households(e.Place)
			c.hold(len(households) == 1 && households[0] == e.Household, e, "stay %s of %s was promised %s, where %v have parcels",
				e.Stay, e.Household, e.Place, households)
		}
	}
}

// isDoor reports whether a place is a compartment; shelves and the desk hold many.
func isDoor(place string) bool { return len(place) > 5 && place[:5] == "main/" }
