package locker_test

import (
	"testing"

	"cubby/internal/locker"
)

func TestEndUnwatched_ByAPersonsWordOrWithout(t *testing.T) {
	t.Parallel()
	x := newWorld(t, locker.Witness{})
	stay, place, err := x.deposit(ana, locker.SizeS)
	if err != nil {
		t.Fatal(err)
	}
	request := x.Matter.Places[place].Request
	_, err = x.do(locker.EndUnwatched{Request: request, By: locker.Actor{Kind: locker.ActorStaff}})
	wantCode(t, err, locker.CodeDoorBusy) // not pulsed yet
	x.must(locker.Unwatched{Request: request})
	facts := x.must(locker.EndUnwatched{Request: request, By: locker.Actor{Kind: locker.ActorCourier, ID: "c1"}})
	wantKinds(t, facts, "door_closed", "parcel_stored")
	if got := facts[1].(locker.ParcelStored).Evidence; got != locker.EvidencePerson {
		t.Errorf("evidence = %s, want the person's word", got)
	}
	if err := x.collect(stay); err != nil {
		t.Fatal(err)
	}
	request = x.Matter.Places[place].Request
	x.must(locker.Unwatched{Request: request})
	wantKinds(t, x.must(locker.EndUnwatched{Request: request, By: locker.Actor{Kind: locker.ActorSite}}),
		"open_unconfirmed", "place_doubted")
	if x.Matter.Stays[stay].State != locker.StayStored {
		t.Error("nobody said that the parcel was taken")
	}
}

func TestEndUnwatched_RefusesADoorThatIsSeen(t *testing.T) {
	t.Parallel()
	x := newWorld(t, latch)
	_, place, _ := x.deposit(ana, locker.SizeS)
	x.must(locker.See{Place: place, Sighting: locker.Sighting{Door: locker.DoorAjar}})
	_, err := x.do(locker.EndUnwatched{Request: x.Matter.Places[place].Request, By: locker.Actor{Kind: locker.ActorStaff}})
	wantCode(t, err, locker.CodeDoorBusy)
}

func TestEndSession_LeavesNoDoorAndNoDepositHanging(t *testing.T) {
	t.Parallel()
	x := newWorld(t, locker.Witness{})
	_, place, err := x.deposit(ana, locker.SizeS)
	if err != nil {
		t.Fatal(err)
	}
	x.must(locker.Unwatched{Request: x.Matter.Places[place].Request})
	wantKinds(t, x.must(locker.EndSession{Session: "courier", Reason: "idle"}),
		"open_unconfirmed", "place_doubted", "session_ended")
	if ps := x.Matter.PlaceState(place); ps.Request != "" || ps.Doubt == "" {
		t.Errorf("the place is %+v, want no request and a doubt", ps)
	}
	wantKinds(t, x.must(locker.Verify{Place: place, By: locker.Actor{Kind: locker.ActorStaff, ID: "s1"}}),
		"deposit_undone", "place_verified")
}

func TestEndSession_SensorSaysEmptyAfterTheCourierLeft(t *testing.T) {
	t.Parallel()
	x := newWorld(t, locker.Witness{Latch: true, Infrared: true})
	_, place, _ := x.deposit(ana, locker.SizeS)
	x.must(locker.See{Place: place, Sighting: locker.Sighting{Door: locker.DoorAjar}})
	wantKinds(t, x.must(locker.EndSession{Session: "courier", Reason: "idle"}), "session_ended")
	wantKinds(t, x.must(locker.See{Place: place, Sighting: locker.Sighting{
		Door: locker.DoorShut, Occupancy: locker.OccupancyEmpty,
	}}), "door_closed", "place_doubted")
}
