package locker_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cubby/internal/locker"
)

// TestProperties drives a site with random people, doors and faults, and holds after every step:
// no compartment holds parcels of two households; whoever needs a low door never gets a high one;
// at most one request is under way for a door; every opening rests on a right; every parcel that
// came in is in exactly one state; and the facts alone rebuild the state.
func TestProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		witness := rapid.SampledFrom([]locker.Witness{latch, {Latch: true, Infrared: true}, {}}).Draw(rt, "witness")
		x := newWorld(t, witness)
		x.Directory.Policy.Consolidate = rapid.Bool().Draw(rt, "consolidate")
		requests := map[locker.RequestID]bool{}
		steps := rapid.IntRange(1, 80).Draw(rt, "steps")
		for range steps {
			x.now = x.now.Add(time.Duration(rapid.IntRange(0, 90).Draw(rt, "seconds")) * time.Second)
			facts, _ := x.do(randomCommand(rt, x))
			checkOpenings(rt, x, facts, requests)
			checkPlaces(rt, x)
		}
		checkChoices(rt, x)
		checkReplay(rt, x, witness)
	})
}

func randomCommand(rt *rapid.T, x *world) locker.Command {
	places := x.Directory.PlaceIDs()
	place := rapid.SampledFrom(places).Draw(rt, "place")
	stays := x.Matter.Live()
	stay := locker.StayID("none")
	if len(stays) > 0 {
		stay = stays[rapid.IntRange(0, len(stays)-1).Draw(rt, "stay")].ID
		place = x.Matter.Stays[stay].Place
	}
	req := locker.RequestID(x.id("req"))
	staff := locker.Actor{Kind: locker.ActorStaff, ID: "s1"}
	courier := locker.Actor{Kind: locker.ActorCourier, ID: "c1"}
	door := rapid.SampledFrom([]locker.Door{locker.DoorAjar, locker.DoorShut}).Draw(rt, "door")
	occupancy := locker.OccupancyUnknown
	if p, _ := x.Directory.Place(place); p.Witness.Infrared {
		occupancy = rapid.SampledFrom([]locker.Occupancy{locker.OccupancyEmpty, locker.OccupancyOccupied}).Draw(rt, "ir")
	}
	switch rapid.IntRange(0, 15).Draw(rt, "command") {
	case 0, 1, 2:
		return locker.BeginDeposit{
			Session: "courier", Actor: courier, Grant: locker.CourierRight("c1"), Parcel: locker.ParcelID(x.id("p")),
			Stay: locker.StayID(x.id("stay")), Request: req, Key: "k",
			Recipient: rapid.SampledFrom([]locker.RecipientID{ana, bob, cleo, dora, "nobody"}).Draw(rt, "to"),
			Size:      rapid.SampledFrom(locker.Sizes()).Draw(rt, "size"),
			Place:     rapid.SampledFrom(append(slices.Clone(places), "", "", "")).Draw(rt, "chosen"),
		}
	case 3, 4, 5, 6:
		return locker.See{Place: place, Sighting: locker.Sighting{Door: door, Occupancy: occupancy}}
	case 7:
		return locker.Collect{Session: "home", Stay: stay, Request: req, Cause: locker.CauseLocal}
	case 8:
		return locker.Undo{Session: "courier", Stay: stay, Request: req, Reason: "undo", By: courier}
	case 9:
		return locker.FailOpen{Request: x.Matter.PlaceState(place).Request, Reason: "not_opened", Final: true}
	case 10:
		problem := rapid.SampledFrom([]locker.Problem{
			locker.ProblemEmpty, locker.ProblemNotMine, locker.ProblemTooHigh,
		}).Draw(rt, "problem")
		return locker.ReportProblem{Session: "home", Stay: stay, Place: place, Problem: problem}
	case 11:
		return locker.Verify{Place: place, Occupied: rapid.Bool().Draw(rt, "occupied"), By: staff}
	case 12:
		return locker.StaffClear{Session: "home", Staff: "s1", Place: place, Request: req, Reason: "returned"}
	case 13:
		return locker.Unwatched{Request: x.Matter.PlaceState(place).Request}
	case 14:
		return locker.ConfirmStored{Stay: stay, By: courier}
	default:
		return locker.ConfirmTaken{Session: "home", Place: place, By: locker.Actor{Kind: locker.ActorRecipient}}
	}
}

func checkOpenings(rt *rapid.T, x *world, facts []locker.Fact, seen map[locker.RequestID]bool) {
	for _, f := range facts {
		r, ok := f.(locker.OpenRequested)
		if !ok {
			continue
		}
		if r.Grant == "" && r.Purpose != locker.PurposeUndo {
			rt.Fatalf("opening %s for %s rests on no right", r.Request, r.Purpose)
		}
		if seen[r.Request] {
			rt.Fatalf("request %s was asked twice", r.Request)
		}
		seen[r.Request] = true
		if x.Matter.PlaceState(r.Place).Request != r.Request {
			rt.Fatalf("place %s has two requests under way", r.Place)
		}
	}
}

func checkPlaces(rt *rapid.T, x *world) {
	for _, id := range x.Directory.PlaceIDs() {
		p, _ := x.Directory.Place(id)
		if p.Kind != locker.PlaceCompartment {
			continue
		}
		live := x.Matter.LiveIn(id)
		for i, st := range live {
			if _, unit := x.Holder(st); i > 0 && unit != live[0].Unit {
				rt.Fatalf("%s holds parcels of %s and %s", id, live[0].Unit, unit)
			}
			if i > 0 && !x.Directory.Policy.Consolidate && st.State != locker.StayHeld {
				rt.Fatalf("%s is shared although the policy forbids it", id)
			}
			if x.Directory.Recipients[st.Recipient].LowDoor && !p.Compartment.Low() {
				rt.Fatalf("%s in the high door %s", st.Recipient, id)
			}
		}
	}
	for id, st := range x.Matter.Stays {
		if st.State == "" || st.ID != id {
			rt.Fatalf("stay %s is in no state", id)
		}
	}
}

// checkChoices holds that what a courier is offered for each size is what Allocate would give.
func checkChoices(rt *rapid.T, x *world) {
	need := locker.Need{
		Recipient: ana, Unit: x.Directory.Recipients[ana].Unit, LowDoor: rapid.Bool().Draw(rt, "low"), Courier: "c1",
		Bank: rapid.SampledFrom([]locker.BankID{"", "main", "side"}).Draw(rt, "bank"),
	}
	choices, cold := locker.Choices(x.State, need, x.now)
	free, anyCold := x.FreeBySize(need.Bank, x.now), false
	for i, size := range locker.Sizes() {
		need.Size, need.Cold = size, false
		_, err := locker.Allocate(x.State, need, x.now)
		if want := (locker.Choice{Size: size, Free: free[size], Fits: err == nil}); choices[i] != want {
			rt.Fatalf("offered %+v, should be %+v", choices[i], want)
		}
		need.Cold = true
		if _, err := locker.Allocate(x.State, need, x.now); err == nil {
			anyCold = true
		}
	}
	if cold != anyCold {
		rt.Fatalf("a cold door is offered: %t, there is one: %t", cold, anyCold)
	}
}

func checkReplay(rt *rapid.T, x *world, w locker.Witness) {
	again := locker.NewState()
	fillDirectory(again.Directory, w)
	for i, f := range x.facts {
		locker.Evolve(again, f, x.at[i])
	}
	a, err := json.Marshal(x.Matter)
	if err != nil {
		rt.Fatal(err)
	}
	b, err := json.Marshal(again.Matter)
	if err != nil {
		rt.Fatal(err)
	}
	if diff := cmp.Diff(string(a), string(b)); diff != "" {
		rt.Fatalf("the facts alone give another state: %s", diff)
	}
}
