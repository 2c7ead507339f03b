package audit_test

import (
	"errors"
	"slices"
	"testing"

	"cubby/internal/cloud"
	"cubby/internal/cloud/round"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/wire"
)

// answering is a site that carries out what it is asked, or refuses it.
type answering struct {
	*world
	desk   *round.Desk
	refuse locker.Code // empty: it does as it is asked
	asked  []wire.Intent
}

func newAnswering(t *testing.T) *answering {
	t.Helper()
	a := &answering{world: newWorld(t)}
	var err error
	a.desk, err = round.New(round.Options{
		Cloud: a.cloud, Store: a.store, Auditor: a.auditor, Now: a.clock.now, NewID: store.NewIDs(a.clock.now, nil).New,
	})
	must(t, err)
	a.cloud.OnWake(func(locker.SiteID) { a.serve() })
	return a
}

// serve answers every intent that waits, as the site would.
func (a *answering) serve() {
	intents, err := a.cloud.Hub().Intents(a.ctx, a.site)
	must(a.tb, err)
	for _, in := range intents {
		a.asked = append(a.asked, in)
		facts := []locker.Fact{}
		by := locker.Actor{Kind: locker.ActorStaff, ID: string(in.Staff)}
		code := a.refuse
		if code == "" {
			switch in.Kind { //nolint:exhaustive // a guided audit asks for no more
			case wire.IntentVerify:
				facts, err = locker.Decide(a.state, locker.Verify{Place: in.Place, Occupied: in.Occupied, By: by}, locker.At(a.clock.now()))
			case wire.IntentAudit:
				facts, err = locker.Decide(a.state, locker.Audit{
					Place: in.Place, By: by, Seen: in.Stays, Found: in.Found, Strangers: in.Strangers, Unseen: in.Unseen,
				}, locker.At(a.clock.now()))
			case wire.IntentOpen:
			default:
				a.tb.Errorf("asked for %s", in.Kind)
			}
			if err != nil {
				a.tb.Errorf("%s at %s: %v", in.Kind, in.Place, err)
			}
		}
		a.record(append(facts, locker.IntentAnswered{Intent: in.ID, Done: code == "", Reason: code})...)
	}
}

func (a *answering) begin(scope round.Scope, bank locker.BankID) string {
	a.tb.Helper()
	id, err := a.desk.Begin(a.ctx, a.owner, a.site, round.Draft{Scope: scope, Bank: bank, Reason: "weekly round"})
	must(a.tb, err)
	return id
}

func (a *answering) look(id string) round.View {
	a.tb.Helper()
	v, err := a.desk.View(a.ctx, a.owner, a.site, id, "")
	must(a.tb, err)
	return v
}

func wantCode(t *testing.T, err error, code locker.Code) {
	t.Helper()
	var e *locker.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Errorf("got %v, want %s", err, code)
	}
}

// Every place of the site is walked in the order of the layout: doors, shelf and desk. What is said becomes
// facts, and what was not as booked is named.
func TestRound_WalksDoorsShelfAndDesk(t *testing.T) {
	t.Parallel()
	a := newAnswering(t)
	a.stored("s1", "main/A01", a.ana, a.unit)
	a.stored("s2", "main/A02", a.ben, a.benUnit)
	id := a.begin(round.All, "")
	v := a.look(id)
	if len(v.Steps) != 7 || v.Current.Place != "main/A01" {
		t.Fatalf("%d steps from %s, want 7 from main/A01", len(v.Steps), v.Current.Place)
	}
	must(t, a.desk.Open(a.ctx, a.owner, a.site, id, "main/A01"))
	for _, shelf := range []locker.PlaceID{"room/1", "desk"} {
		wantCode(t, a.desk.Open(a.ctx, a.owner, a.site, id, shelf), locker.CodeInputInvalid)
	}
	for place, said := range map[locker.PlaceID]round.Answer{
		"main/A01": {Said: round.AsBooked},
		"main/A02": {Said: round.Empty}, // Ben's parcel is gone
		"main/A03": {Said: round.Differs, Labels: []string{"1Z999AA10123456784"}},
		"eye/E01":  {Said: round.Empty},
		"eye/E02":  {Said: round.Unseen, Note: "the door sticks"},
		"room/1":   {Said: round.Empty},
		"desk":     {Said: round.AsBooked},
	} {
		must(t, a.desk.Answer(a.ctx, a.owner, a.site, id, place, said))
	}
	must(t, a.desk.Finish(a.ctx, a.owner, a.site, id))
	v = a.look(id)
	if v.Done != 7 || v.Amiss != 3 || v.Current != nil || v.Ended.IsZero() {
		t.Errorf("%d of %d over, %d amiss, current %v, want 7, 3 amiss and none", v.Done, v.Of, v.Amiss, v.Current)
	}
	for _, s := range v.Steps {
		switch s.Place {
		case "main/A02":
			if !slices.Equal(s.Missing, []string{"p-s2"}) {
				t.Errorf("missing %v, want Ben's", s.Missing)
			}
		case "main/A03":
			if s.Strangers != 1 || !slices.Equal(s.Tails, []string{"6784"}) {
				t.Errorf("strangers %+v", s)
			}
		}
	}
	if p := a.state.Matter.PlaceState("main/A03"); p.Doubt == "" {
		t.Error("a door with a stranger's parcel is given to the next courier")
	}
	if live := a.state.Matter.LiveIn("main/A01"); len(live) != 1 {
		t.Error("the parcel that was seen is not in the books")
	}
	wantCode(t, a.desk.Answer(a.ctx, a.owner, a.site, id, "main/A01", round.Answer{Said: round.Empty}), locker.CodeConflict)
}

// What the site refuses stays open, with its reason, and can be said again.
func TestRound_ARefusalCanBeSaidAgain(t *testing.T) {
	t.Parallel()
	a := newAnswering(t)
	id := a.begin(round.All, "main")
	a.refuse = locker.CodeDoorOpen
	wantCode(t, a.desk.Answer(a.ctx, a.owner, a.site, id, "main/A01", round.Answer{Said: round.Empty}), locker.CodeDoorOpen)
	v := a.look(id)
	if v.Done != 0 || v.Steps[0].State != round.Refused || v.Steps[0].Code != locker.CodeDoorOpen || v.Current.Place != "main/A01" {
		t.Errorf("after the refusal: %+v", v.Steps[0])
	}
	wantCode(t, a.desk.Open(a.ctx, a.owner, a.site, id, "main/A01"), locker.CodeDoorOpen)
	a.refuse = ""
	must(t, a.desk.Answer(a.ctx, a.owner, a.site, id, "main/A01", round.Answer{Said: round.Empty}))
	must(t, a.desk.Skip(a.ctx, a.owner, a.site, id, "main/A02"))
	if v = a.look(id); v.Done != 2 || v.Current.Place != "main/A03" {
		t.Errorf("%d over, at %s; want 2, at A03", v.Done, v.Current.Place)
	}
}

// Only what somebody doubts is walked, and nothing when nobody does.
func TestRound_OnlyTheDoubtful(t *testing.T) {
	t.Parallel()
	a := newAnswering(t)
	_, err := a.desk.Begin(a.ctx, a.owner, a.site, round.Draft{Scope: round.Doubtful, Reason: "weekly round"})
	wantCode(t, err, locker.CodeNotFound)
	a.record(locker.DoorOpened{Place: "main/A02", Evidence: locker.EvidenceDoor}, locker.PlaceDoubted{Place: "main/A02", Reason: "unasked_open"},
		locker.DoorClosed{Place: "main/A02"})
	id := a.begin(round.Doubtful, "")
	if v := a.look(id); len(v.Steps) != 1 || v.Steps[0].Place != "main/A02" {
		t.Errorf("walks %+v", v.Steps)
	}
}

func TestRound_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	a := newAnswering(t)
	for _, d := range []round.Draft{{Scope: round.All}, {Scope: "some", Reason: "weekly round"}, {Reason: "weekly round"}} {
		_, err := a.desk.Begin(a.ctx, a.owner, a.site, d)
		wantCode(t, err, locker.CodeInputInvalid)
	}
	_, err := a.desk.Begin(a.ctx, a.owner, a.site, round.Draft{Scope: round.All, Bank: "none", Reason: "weekly round"})
	wantCode(t, err, locker.CodeNotFound)
	id := a.begin(round.All, "main")
	for _, answer := range []round.Answer{{}, {Said: "full"}, {Said: round.Differs, More: -1}, {Said: round.Differs, Labels: []string{" "}}} {
		wantCode(t, a.desk.Answer(a.ctx, a.owner, a.site, id, "main/A01", answer), locker.CodeInputInvalid)
	}
	wantCode(t, a.desk.Answer(a.ctx, a.owner, a.site, id, "eye/E01", round.Answer{Said: round.Empty}), locker.CodePlaceUnknown)
	wantCode(t, a.desk.Answer(a.ctx, a.owner, a.site, id, "main/A01", round.Answer{Said: round.Differs, Found: []locker.StayID{"none"}}), locker.CodeConflict)
	if len(a.asked) != 0 {
		t.Errorf("the site was asked for %+v", a.asked)
	}
	stranger := cloud.Principal{User: "u", Organization: "elsewhere", Roles: []cloud.Role{cloud.RoleOwner}}
	_, err = a.desk.View(a.ctx, stranger, a.site, id, "")
	wantCode(t, err, locker.CodeNotFound)
	wantCode(t, a.desk.Finish(a.ctx, stranger, a.site, id), locker.CodeNotFound)
	guest := a.owner
	guest.Roles = nil
	wantCode(t, a.desk.Skip(a.ctx, guest, a.site, id, "main/A01"), locker.CodeNotAllowed)
}
