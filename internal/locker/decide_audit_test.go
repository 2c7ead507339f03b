package locker_test

import (
	"testing"

	"cubby/internal/locker"
)

// A compartment with a stranger's parcel is staff's only until somebody looked again; what is not seen is missing.
func TestAudit_HoldsWhatLiesWithStrangers(t *testing.T) {
	t.Parallel()
	s := locker.NewState()
	s.Directory.SetLayout(locker.Layout{Banks: []locker.Bank{{ID: "b", Name: "B", Columns: []locker.Column{{
		Name: "A", Compartments: []locker.Compartment{{ID: "a", Name: "A"}, {ID: "c", Name: "C"}},
	}}}}})
	by := locker.Actor{Kind: locker.ActorStaff, ID: "s"}
	for _, id := range []locker.StayID{"one", "two"} {
		locker.Evolve(s, locker.DepositBegun{Stay: id, Parcel: locker.ParcelID("p-" + id), Place: "a"}, 1)
		locker.Evolve(s, locker.ParcelStored{Stay: id, Place: "a"}, 2)
	}
	do := func(c locker.Command) {
		t.Helper()
		facts, err := locker.Decide(s, c, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range facts {
			locker.Evolve(s, f, 3)
		}
	}
	do(locker.Audit{Place: "a", By: by, Seen: []locker.StayID{"one"}, Strangers: 1})
	ps := s.Matter.PlaceState("a")
	if s.Matter.Stays["one"].State != locker.StayHeld || s.Matter.Stays["two"].State != locker.StayRemoved || ps.Doubt != "strangers" || ps.Strange == nil {
		t.Errorf("one %s, two %s, place %+v", s.Matter.Stays["one"].State, s.Matter.Stays["two"].State, ps)
	}
	do(locker.Verify{Place: "a", Occupied: true, By: by})
	ps = s.Matter.PlaceState("a")
	if s.Matter.Stays["one"].State != locker.StayStored || ps.Doubt != "" || ps.Strange != nil {
		t.Errorf("after somebody looked: %s, %+v", s.Matter.Stays["one"].State, ps)
	}
	if _, err := locker.Decide(s, locker.Audit{Place: "c", By: by, Seen: []locker.StayID{"one"}}, 4); err == nil {
		t.Error("a parcel was seen where it is not booked")
	}
}
