package kiosk

import (
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"cubby/internal/controller"
	"cubby/internal/locker"
)

// Fixture is one page with what it is made from, for the gallery and for tests.
type Fixture struct {
	Name  string // of the golden, e.g. "open"
	Home  controller.Home
	Turn  controller.Turn
	Query url.Values // view, place and the like
	Err   *locker.Error
	Input controller.Input // that led to Err
}

// Page renders a fixture in a look: lang is a language tag, theme "light", "dark" or "".
func (h *Handler) Page(f Fixture, lang, theme string, easier bool) templ.Component {
	q := url.Values{}
	for k, v := range f.Query {
		q[k] = v
	}
	q.Set("lang", lang)
	if theme != "" {
		q.Set("theme", theme)
	}
	if easier {
		q.Set("easier", yes)
	}
	a := answer{view: q.Get("view"), entered: f.Input, unit: f.Input.Unit}
	if f.Err != nil {
		a.failure = &controller.Failure{Code: f.Err.Code, Number: f.Err.Code.Number()}
	}
	pg := h.compose(controller.PanelID("main"), f.Home, f.Turn, a, q)
	return document(pg.document())
}

// fixtureNow is a Wednesday morning.
func fixtureNow() locker.Millis { return locker.At(time.Date(2026, 11, 25, 9, 30, 0, 0, time.UTC)) }

// FixtureHome is the home of a bank of 45 doors with its link up.
func FixtureHome() controller.Home {
	return controller.Home{
		Site: "harbour", Property: "Harbour House", Bank: fixtureBank(), Languages: []string{"en", "es", "ar"},
		TimeZone: "America/New_York", Phone: "+1 555 0100", Mail: "desk@example.org", PublicURL: "https://cubby.example",
		Online: true, Now: fixtureNow(), Ready: true,
		Proof: controller.Proof{Symbols: "HJK-3MP", Text: "P1.A7KQ2MZX9RTC4HJE", Until: fixtureNow().Add(20 * time.Second)},
	}
}

// fixtureBank has the shape of the bank in the pictures; a negative height is the screen.
func fixtureBank() locker.Bank {
	bank := locker.Bank{ID: "main", Name: "Locker 1", Witness: locker.Witness{Latch: true}}
	sizes := map[int]locker.Size{2: locker.SizeS, 3: locker.SizeM, 5: locker.SizeL, 8: locker.SizeXL}
	for c, heights := range [][]int{
		{2, 2, 2, 2, 3, 3, 5, 5},
		{2, 2, 2, 2, 2, 2, 3, 3, 3, 3},
		{2, 2, -8, 3, 3, 3, 3},
		{3, 3, 3, 5, 5, 5},
		{8, 8, 8},
		{2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2},
	} {
		column := locker.Column{Name: string(rune('A' + c))}
		for _, units := range heights {
			if units < 0 {
				column.ScreenUnits, column.ScreenAbove = -units, len(column.Compartments)
				continue
			}
			name := fmt.Sprintf("%s%02d", column.Name, len(column.Compartments)+1)
			column.Compartments = append(column.Compartments, locker.Compartment{
				ID: locker.PlaceID("main/" + name), Name: name, Size: sizes[units], Units: units,
			})
		}
		bank.Columns = append(bank.Columns, column)
	}
	return bank
}

func fixtureDoor() *controller.Door {
	return &controller.Door{
		Place: "main/B07", Kind: locker.PlaceCompartment, Name: "B07", Bank: "main", BankName: "Locker 1", Column: 2,
		Row: 7, Part: 0.56, Size: locker.SizeM, Low: true,
	}
}

// turnOf is a turn at a step, with a door where steps have one.
func turnOf(role controller.Role, step controller.Step, purpose locker.Purpose) controller.Turn {
	t := controller.Turn{
		Version: 7, Session: "s", Role: role, Step: step, Now: fixtureNow(), Watched: true, Attempt: 1, Purpose: purpose,
	}
	if purpose != "" {
		t.Door = fixtureDoor()
	}
	if role == controller.RoleCourier {
		t.Masked, t.Unit = "J… SMITH", "4B"
	}
	return t
}

func view(pairs ...string) url.Values {
	q := url.Values{"view": {pairs[0]}}
	for i := 1; i+1 < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return q
}

// Fixtures lists every page once.
func Fixtures() []Fixture {
	all := append(fixturesOfHome(), fixturesOfResident()...)
	all = append(all, fixturesOfCourier()...)
	all = append(all, fixturesOfStaff()...)
	for i := range all {
		if all[i].Home.Now == 0 {
			all[i].Home = FixtureHome()
		}
	}
	return all
}

func fixturesOfHome() []Fixture {
	nobody := controller.Turn{Version: 1, Step: controller.StepHome, Now: fixtureNow()}
	offline := FixtureHome()
	offline.Online = false
	auditing := FixtureHome()
	auditing.Auditing = true
	bare := controller.Home{Now: fixtureNow(), Languages: nil}
	flooded := locker.Errorf(locker.CodeCodeFlooded, "too many")
	return []Fixture{
		{Name: "home", Turn: nobody},
		{Name: "home-offline", Turn: nobody, Home: offline},
		{Name: "home-auditing", Turn: nobody, Home: auditing},
		{Name: "not-ready", Turn: nobody, Home: bare},
		{Name: "help", Turn: nobody, Query: view("help")},
		{Name: "code", Turn: nobody, Query: view("code")},
		{
			Name: "code-wrong", Turn: nobody, Query: view("code"), Err: locker.Errorf(locker.CodeCodeWrong, "wrong"),
			Input: controller.Input{Code: "234679CFH"},
		},
		{Name: "code-expired", Turn: nobody, Query: view("code"), Err: locker.Errorf(locker.CodeCodeExpired, "over")},
		{Name: "unit", Turn: nobody, Query: view("unit")},
		{
			Name: "unit-wrong", Turn: nobody, Query: view("unit"), Err: locker.Errorf(locker.CodeHolderLocked, "locked"),
			Input: controller.Input{Unit: "12"},
		},
		{Name: "digits", Turn: nobody, Query: view("digits"), Input: controller.Input{Unit: "12"}},
		{Name: "second", Turn: nobody, Query: view("second"), Err: flooded, Input: controller.Input{Code: "234679CFH"}},
		{Name: "deliver", Turn: nobody, Query: view("deliver")},
	}
}

func fixturesOfResident() []Fixture {
	resident := func(step controller.Step, change func(t *controller.Turn)) controller.Turn {
		t := turnOf(controller.RoleResident, step, locker.PurposeCollect)
		if change != nil {
			change(&t)
		}
		return t
	}
	again := func(t *controller.Turn) { t.CanReopen = true }
	blind := func(t *controller.Turn) { t.Watched = false }
	told := func(t *controller.Turn) { t.Reported, t.CanReopen = locker.ProblemNotMine, true }
	failed := func(t *controller.Turn) {
		t.Failure = &controller.Failure{Code: locker.CodeDoorJammed, Number: locker.CodeDoorJammed.Number()}
	}
	shelf := func(t *controller.Turn) {
		t.Door = &controller.Door{Place: "room/3", Kind: locker.PlaceShelf, Name: "S3"}
		t.Failure = &controller.Failure{Code: locker.CodePlaceEmpty, Number: locker.CodePlaceEmpty.Number()}
	}
	return []Fixture{
		{Name: "opening", Turn: resident(controller.StepOpening, func(t *controller.Turn) { t.Attempt = 2 })},
		{Name: "open", Turn: resident(controller.StepOpen, nil)},
		{Name: "open-ajar", Turn: resident(controller.StepOpen, func(t *controller.Turn) { t.Ajar = true })},
		{Name: "ask-taken", Turn: resident(controller.StepAskTaken, again)},
		{Name: "ask-taken-blind", Turn: resident(controller.StepAskTaken, blind)},
		{Name: "more", Turn: resident(controller.StepMore, func(t *controller.Turn) { t.CanReopen, t.Remaining = true, 2 })},
		{Name: "wrong", Turn: resident(controller.StepOpen, again), Query: view("wrong")},
		{Name: "told", Turn: resident(controller.StepOpen, told), Query: view("told")},
		{Name: "failed", Turn: resident(controller.StepFailed, failed)},
		{Name: "counter", Turn: resident(controller.StepFailed, shelf)},
		{Name: "done", Turn: resident(controller.StepDone, again)},
		{
			Name: "refused", Turn: resident(controller.StepMore, again), Query: view("refused"),
			Err: locker.Errorf(locker.CodeDoorBusy, "busy"),
		},
	}
}

func fixturesOfCourier() []Fixture {
	courier := func(step controller.Step, purpose locker.Purpose, change func(t *controller.Turn)) controller.Turn {
		t := turnOf(controller.RoleCourier, step, purpose)
		if change != nil {
			change(&t)
		}
		return t
	}
	last := func(t *controller.Turn) {
		t.Last = &controller.Deposit{
			Door: *fixtureDoor(), Stored: true, UndoUntil: fixtureNow().Add(time.Minute), Masked: "J… SMITH", Unit: "4B",
		}
		t.Stored, t.CanReopen = 3, true
	}
	matches := func(t *controller.Turn) {
		for i, name := range []string{"J… SMITH", "M… SMITHSON-WILLIAMS", "A… SMITS", "K… SMILEY", "Z… SMIT", "O… SMICK", "P… SMILJANIĆ"} {
			t.Matches = append(t.Matches, controller.Match{Ref: "1." + strconv.Itoa(i), Masked: name, Unit: strconv.Itoa(4+i) + "B"})
		}
	}
	sizes := func(t *controller.Turn) {
		t.Cold = true
		t.Sizes = []controller.SizeChoice{
			{Size: locker.SizeS, Free: 14, Fits: true},
			{Size: locker.SizeM, Free: 4, Fits: true},
			{Size: locker.SizeL, Free: 0, Fits: true},
			{Size: locker.SizeXL, Free: 0, Fits: false},
		}
	}
	ready, who := controller.StepCourierReady, controller.StepCourierRecipient
	return []Fixture{
		{Name: "courier-first", Turn: courier(ready, "", nil)},
		{Name: "courier-ready", Turn: courier(ready, "", last)},
		{Name: "courier-last", Turn: courier(ready, "", last), Query: view("last")},
		{Name: "courier-track", Turn: courier(ready, "", last), Query: view("track")},
		{Name: "courier-who", Turn: courier(who, "", nil)},
		{Name: "courier-which", Turn: courier(who, "", matches)},
		{Name: "courier-nobody", Turn: courier(who, "", nil), Query: view("refused"), Err: locker.Errorf(locker.CodeUnitUnknown, "nobody")},
		{Name: "courier-size", Turn: courier(controller.StepCourierSize, "", sizes)},
		{Name: "courier-cold", Turn: courier(controller.StepCourierSize, "", sizes), Query: view("cold")},
		{Name: "courier-open", Turn: courier(controller.StepOpen, locker.PurposeDeposit, nil)},
		{Name: "courier-undo", Turn: courier(controller.StepOpen, locker.PurposeUndo, nil)},
		{Name: "courier-ask", Turn: courier(controller.StepAskStored, locker.PurposeDeposit, nil)},
		{
			Name: "courier-ask-blind",
			Turn: courier(controller.StepAskStored, locker.PurposeDeposit, func(t *controller.Turn) { t.Watched = false }),
		},
		{Name: "courier-options", Turn: courier(controller.StepCourierOptions, "", fixtureOptions)},
		{Name: "courier-failed", Turn: courier(controller.StepFailed, locker.PurposeDeposit, nil)},
	}
}

func fixtureOptions(t *controller.Turn) {
	t.Failure = &controller.Failure{Code: locker.CodeNothingFits, Number: locker.CodeNothingFits.Number()}
	other := controller.Door{
		Place: "second/D01", Kind: locker.PlaceCompartment, Name: "D01", Bank: "second", BankName: "Locker 2", Column: 4,
		Row: 1, Part: 0.1, Size: locker.SizeXL,
	}
	t.Options = []controller.OptionChoice{
		{Option: locker.Option{Kind: "bank", Place: other.Place, Bank: other.Bank}, Door: other},
		{Option: locker.Option{Kind: "shelf"}, Door: controller.Door{Place: "room/3", Kind: locker.PlaceShelf, Name: "S3"}},
		{Option: locker.Option{Kind: "desk"}, Door: controller.Door{Place: "desk", Kind: locker.PlaceDesk, Name: "Desk"}},
		{Option: locker.Option{Kind: "refuse"}},
	}
}

func fixturesOfStaff() []Fixture {
	staff := func(step controller.Step) controller.Turn {
		t := turnOf(controller.RoleStaff, step, "")
		t.Duties = []locker.Duty{locker.DutyOpen, locker.DutyClear, locker.DutyReissue, locker.DutyService}
		t.Doors = fixtureDoors()
		return t
	}
	menu := staff(controller.StepStaffMenu)
	serving := menu
	serving.Service = fixtureNow().Add(20 * time.Minute)
	code := staff(controller.StepStaffCode)
	code.Issued = &controller.IssuedCode{ //nolint:gosec // it opens nothing
		Symbols: "HJK-3MP-2XY", Digits: "012-345-678", Number: "12", Token: "C1.A7KQ2MZX9RTC4HJE6FNDP3",
	}
	failed := turnOf(controller.RoleStaff, controller.StepFailed, locker.PurposeOpen)
	failed.Failure = &controller.Failure{Code: locker.CodeBoardSilent, Number: locker.CodeBoardSilent.Number()}
	return []Fixture{
		{Name: "staff-menu", Turn: menu},
		{Name: "staff-column", Turn: menu, Query: view("column", "column", "6")},
		{Name: "staff-places", Turn: menu, Query: view("places")},
		{Name: "staff-door", Turn: menu, Query: view("door", "place", "main/A05")},
		{Name: "staff-reason", Turn: menu, Query: view("reason", "place", "main/A05", "for", "open")},
		{Name: "staff-reason-typed", Turn: menu, Query: view("reason", "place", "main/A05", "for", "clear", "from", "1")},
		{Name: "staff-which", Turn: menu, Query: view("reissue", "place", "room/3")},
		{Name: "staff-verify", Turn: menu, Query: view("verify", "place", "main/A07")},
		{Name: "staff-service", Turn: menu, Query: view("service")},
		{Name: "staff-bank", Turn: menu, Query: view("bank")},
		{Name: "staff-bank-why", Turn: menu, Query: view("bankwhy")},
		{Name: "staff-serving", Turn: serving, Query: view("service")},
		{Name: "staff-code", Turn: code},
		{Name: "staff-open", Turn: turnOf(controller.RoleStaff, controller.StepOpen, locker.PurposeClear)},
		{Name: "staff-failed", Turn: failed},
	}
}

// fixtureDoors are the places of the site in all seven states.
func fixtureDoors() []controller.DoorState {
	var all []controller.DoorState
	stay := controller.StayInfo{
		Stay: "st1", State: locker.StayStored, Size: locker.SizeM, StoredAt: fixtureNow().Add(-26 * time.Hour),
		CollectBy: fixtureNow().Add(46 * time.Hour),
	}
	late := stay
	late.Stay, late.CollectBy = "st2", fixtureNow().Add(-time.Hour)
	k := 0
	for c, column := range fixtureBank().Columns {
		for r, x := range column.Compartments {
			d := controller.DoorState{State: locker.DoorShut, Door: controller.Door{
				Place: x.ID, Kind: locker.PlaceCompartment, Name: x.Name, Bank: "main", BankName: "Locker 1", Column: c + 1,
				Row: r + 1, Part: (float64(r) + 0.5) / float64(len(column.Compartments)), Size: x.Size,
			}}
			switch k % 8 {
			case 1:
				d.Stays = []controller.StayInfo{stay}
			case 3:
				d.Reserved = true
			case 4:
				d.Stays = []controller.StayInfo{late}
			case 5:
				d.State = locker.DoorAjar
			case 6:
				d.Faults, d.Doubt = []locker.Fault{locker.FaultLock}, "unanswered"
			case 7:
				d.Out = true
			}
			k++
			all = append(all, d)
		}
	}
	return append(all,
		controller.DoorState{Door: controller.Door{Place: "room/3", Kind: locker.PlaceShelf, Name: "S3"}, Stays: []controller.StayInfo{stay, late}},
		controller.DoorState{Door: controller.Door{Place: "desk", Kind: locker.PlaceDesk, Name: "Desk"}},
	)
}
