package locker_test

import (
	"fmt"
	"strconv"
	"testing"

	"cubby/internal/locker"
)

// Builders on a fixed clock. Bank "main" has one column of six doors, top to bottom: A01 S high,
// A02 S low, A03 M low, A04 M high, A05 L low, A06 XL high; a shelf and a desk beside it.

const t0 = locker.Millis(1_760_000_000_000)

const (
	ana  = locker.RecipientID("ana")  // unit 101
	bob  = locker.RecipientID("bob")  // unit 101, the same household
	cleo = locker.RecipientID("cleo") // unit 102, needs a low door
	dora = locker.RecipientID("dora") // unit 103
)

func testLayout(w locker.Witness) locker.Layout {
	door := func(n int, size locker.Size, reach int) locker.Compartment {
		name := fmt.Sprintf("A%02d", n)
		return locker.Compartment{
			ID: locker.PlaceID("main/" + name), Name: name, Size: size, Units: 2, ReachMM: reach,
			Output: locker.Output{Bus: "b", Board: 1, Channel: uint8(n)},
		}
	}
	return locker.Layout{
		Banks: []locker.Bank{{ID: "main", Name: "Main", Witness: w, Columns: []locker.Column{{
			Name: "A", Compartments: []locker.Compartment{
				door(1, locker.SizeS, 1700), door(2, locker.SizeS, 1200), door(3, locker.SizeM, 900),
				door(4, locker.SizeM, 1500), door(5, locker.SizeL, 700), door(6, locker.SizeXL, 1600),
			},
		}}}},
		Rooms: []locker.Room{{ID: "room", Name: "Room", Shelves: []locker.Shelf{{ID: "room/1", Name: "1"}}}},
		Desk:  &locker.Desk{ID: "desk", Name: "Desk"},
	}
}

// world is a site under test with a clock and fresh ids.
type world struct {
	*locker.State
	t     testing.TB
	now   locker.Millis
	n     int
	facts []locker.Fact
	at    []locker.Millis
}

func newWorld(tb testing.TB, w locker.Witness) *world {
	tb.Helper()
	s := locker.NewState()
	fillDirectory(s.Directory, w)
	x := &world{State: s, t: tb, now: t0}
	for _, id := range s.Directory.PlaceIDs() {
		if p, _ := s.Directory.Place(id); p.Kind == locker.PlaceCompartment {
			x.must(locker.See{Place: id, Sighting: locker.Sighting{Door: locker.DoorShut}})
		}
	}
	x.must(locker.BeginSession{
		Session: "courier", Actor: locker.Actor{Kind: locker.ActorCourier, ID: "c1"}, Grant: locker.CourierRight("c1"),
	})
	x.must(locker.BeginSession{Session: "home", Actor: locker.Actor{Kind: locker.ActorRecipient, ID: "ana"}})
	return x
}

func fillDirectory(d *locker.Directory, w locker.Witness) {
	d.SetLayout(testLayout(w))
	for i, u := range []locker.UnitID{"u101", "u102", "u103"} {
		d.Units[u] = locker.Unit{
			ID: u, Kind: locker.UnitApartment, Name: strconv.Itoa(101 + i), Number: strconv.Itoa(101 + i),
		}
	}
	person := func(id locker.RecipientID, unit locker.UnitID, name string, low bool) {
		d.Recipients[id] = locker.Recipient{
			ID: id, Kind: locker.RecipientResident, Unit: unit, Name: name, LowDoor: low,
		}
	}
	person(ana, "u101", "Ana Smith", false)
	person(bob, "u101", "Bob Smith", false)
	person(cleo, "u102", "Cleo Garcia Lopez", true)
	person(dora, "u103", "Dora", false)
	d.Couriers["c1"] = locker.Courier{ID: "c1", Carrier: "ups", Key: "k"}
	d.Staff["s1"] = locker.Staff{ID: "s1", Duties: []locker.Duty{
		locker.DutyOpen, locker.DutyClear, locker.DutyReissue, locker.DutyService,
	}}
	d.Staff["s2"] = locker.Staff{ID: "s2", Duties: []locker.Duty{locker.DutyService}}
}

func (x *world) do(c locker.Command) ([]locker.Fact, error) {
	facts, err := locker.Apply(x.State, c, x.now)
	for range facts {
		x.at = append(x.at, x.now)
	}
	x.facts = append(x.facts, facts...)
	return facts, err
}

func (x *world) must(c locker.Command) []locker.Fact {
	x.t.Helper()
	facts, err := x.do(c)
	if err != nil {
		x.t.Fatalf("%T: %v", c, err)
	}
	return facts
}

func (x *world) id(prefix string) string {
	x.n++
	return fmt.Sprintf("%s%04d", prefix, x.n)
}

func (x *world) deposit(to locker.RecipientID, size locker.Size) (locker.StayID, locker.PlaceID, error) {
	stay := locker.StayID(x.id("stay"))
	_, err := x.do(locker.BeginDeposit{
		Session: "courier", Actor: locker.Actor{Kind: locker.ActorCourier, ID: "c1"}, Grant: locker.CourierRight("c1"),
		Parcel: locker.ParcelID(x.id("parcel")), Stay: stay, Request: locker.RequestID(x.id("req")),
		Recipient: to, Size: size, Key: "k", Generation: 1,
	})
	if err != nil {
		return "", "", err
	}
	return stay, x.Matter.Stays[stay].Place, nil
}

func (x *world) swing(p locker.PlaceID, o locker.Occupancy) []locker.Fact {
	x.t.Helper()
	x.must(locker.See{Place: p, Sighting: locker.Sighting{Door: locker.DoorAjar}})
	return x.must(locker.See{Place: p, Sighting: locker.Sighting{Door: locker.DoorShut, Occupancy: o}})
}

func (x *world) store(to locker.RecipientID, size locker.Size) (locker.StayID, locker.PlaceID) {
	x.t.Helper()
	stay, place, err := x.deposit(to, size)
	if err != nil {
		x.t.Fatal(err)
	}
	x.swing(place, locker.OccupancyUnknown)
	return stay, place
}

func (x *world) collect(stay locker.StayID) error {
	holder, _ := x.Holder(x.Matter.Stays[stay])
	_, err := x.do(locker.Collect{
		Session: "home", Stay: stay, Request: locker.RequestID(x.id("req")), Cause: locker.CauseLocal,
		By: locker.Actor{Kind: locker.ActorRecipient, ID: string(holder)},
	})
	return err
}
