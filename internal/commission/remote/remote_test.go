package remote_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/commission"
	"cubby/internal/commission/remote"
	"cubby/internal/link"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/wire"
)

// clock is a hand-driven clock.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// bank is a cloud with one site, and the site's half of the conversation: it answers intents by
// facts, as its wiring has it.
type bank struct {
	t      *testing.T
	ctx    context.Context
	clock  *clock
	cloud  *cloud.Cloud
	desk   *remote.Desk
	owner  cloud.Principal
	staff  cloud.Principal
	site   locker.SiteID
	no     uint64
	wired  map[locker.PlaceID]locker.PlaceID // asked for => moves; empty: nothing moves
	silent map[locker.PlaceID]bool
	refuse locker.Code // of every intent
	seen   map[locker.IntentID]bool
	pulses []time.Time
}

const doors = 45

func place(n int) locker.PlaceID {
	l := layout()
	return l.Places()[n].ID
}

// layout is a bank of 45 doors on two boards of 24.
func layout() locker.Layout {
	boards := []commission.Board{{Bus: "a", Address: 1, Channels: 24, Sees: true}, {Bus: "a", Address: 2, Channels: 24, Sees: true}}
	l, err := commission.PlanColumns([]int{15, 15, 15}, boards)
	if err != nil {
		panic(err) // the plan is a constant of this test
	}
	return l
}

func newBank(t *testing.T) *bank {
	t.Helper()
	b := &bank{
		t: t, ctx: t.Context(), clock: &clock{t: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}, site: "harbour",
		wired: map[locker.PlaceID]locker.PlaceID{}, silent: map[locker.PlaceID]bool{}, seen: map[locker.IntentID]bool{},
	}
	log := slog.New(slog.DiscardHandler)
	s, err := store.Open(b.ctx, store.Options{Path: filepath.Join(t.TempDir(), "cubby.db"), Logger: log, Now: b.clock.now})
	must(t, err)
	id, err := auth.NewIdentity(nil)
	must(t, err)
	b.cloud, err = cloud.New(cloud.Options{Store: s, Logger: log, Now: b.clock.now, Identity: id, PublicURL: "https://parcels.example.org"})
	must(t, err)
	must(t, b.cloud.Start(context.WithoutCancel(b.ctx)))
	t.Cleanup(func() {
		b.cloud.Stop()
		must(t, s.Close())
	})
	ids := store.NewIDs(b.clock.now, strings.NewReader(strings.Repeat("0123456789abcdef", 1<<14)))
	b.desk, err = remote.New(remote.Options{Cloud: b.cloud, Store: s, Now: b.clock.now, NewID: ids.New})
	must(t, err)
	b.people()
	b.connect()
	return b
}

func (b *bank) people() {
	var err error
	b.owner, err = b.cloud.CreateOwner(b.ctx, cloud.OwnerDraft{
		Organization: "Harbour Homes", Name: "Olga Owner", Email: "olga@example.org", Password: "correct horse battery",
	})
	must(b.t, err)
	b.staff = b.owner
	b.staff.Roles = []cloud.Role{cloud.RoleStaff}
	property, err := b.cloud.CreateProperty(b.ctx, b.owner, cloud.PropertyDraft{
		Name: "Harbour House", Address: "1 Quay Street", TimeZone: "Europe/Madrid",
	})
	must(b.t, err)
	_, err = b.cloud.CreateSite(b.ctx, b.owner, cloud.SiteDraft{ID: b.site, Property: property, Name: "Harbour", Layout: layout()})
	must(b.t, err)
}

// connect enrols a controller, which reports its boards and that all doors are shut.
func (b *bank) connect() {
	text, err := b.cloud.CreateEnrolToken(b.ctx, b.owner, b.site)
	must(b.t, err)
	token, err := auth.ParseEnrolmentToken(string(text))
	must(b.t, err)
	key, err := auth.NewIdentity(nil)
	must(b.t, err)
	_, err = b.cloud.Hub().Enrol(b.ctx, link.EnrolRequest{Secret: token.Secret, Key: key.Public(), Name: "pi"})
	must(b.t, err)
	b.cloud.Hub().Present(b.ctx, b.site, link.Presence{Connected: true, Via: "websocket"})
	b.report(wire.BoardOK, wire.BoardOK, nil)
	var shut []locker.Fact
	for i := range doors {
		shut = append(shut, locker.DoorClosed{Place: place(i)})
	}
	b.tell(shut...)
}

func (b *bank) report(one, two wire.BoardState, counters map[string]uint64) {
	must(b.t, b.cloud.Hub().Status(b.ctx, b.site, wire.Status{
		Version: "1", Buses: []wire.BusStatus{{Name: "a", Family: "rs485"}},
		Boards: []wire.BoardStatus{{Bus: "a", Address: 1, State: one, Counters: counters}, {Bus: "a", Address: 2, State: two}},
	}))
}

// tell sends one operation.
func (b *bank) tell(facts ...locker.Fact) {
	b.t.Helper()
	b.no++
	at := wire.Position{Epoch: 1, Number: b.no}
	body, err := wire.EncodeOperation(wire.Operation{
		Site: b.site, Epoch: at.Epoch, Number: at.Number, Boot: "b", WallMS: b.clock.now().UnixMilli(), ClockTrusted: true, Facts: facts,
	})
	must(b.t, err)
	annex, err := wire.EncodeAnnex(nil)
	must(b.t, err)
	_, err = b.cloud.Hub().Ingest(b.ctx, b.site, []wire.Upload{{Position: at, Op: body, Annex: annex}})
	must(b.t, err)
}

// serve answers the intents that wait, as a site does: at once, with up to three pulses.
func (b *bank) serve() {
	b.t.Helper()
	intents, err := b.cloud.Hub().Intents(b.ctx, b.site)
	must(b.t, err)
	for _, i := range intents {
		if b.seen[i.ID] {
			continue
		}
		b.seen[i.ID] = true
		if b.refuse != "" {
			b.tell(locker.IntentAnswered{Intent: i.ID, Reason: b.refuse})
			continue
		}
		b.open(i)
	}
}

func (b *bank) open(i wire.Intent) {
	b.t.Helper()
	request := locker.RequestID("r-" + i.ID)
	actor := locker.Actor{Kind: locker.ActorStaff, ID: string(i.Staff)}
	asked := locker.OpenRequested{
		Request: request, Place: i.Place, Purpose: locker.PurposeOpen, Cause: locker.CauseRemote,
		Grant: locker.StaffRight(i.Staff), Actor: actor, Attempt: 1,
	}
	b.pulses = append(b.pulses, b.clock.now())
	b.tell(asked, locker.IntentAnswered{Intent: i.ID, Done: true})
	moves, crossed := b.wired[i.Place]
	switch {
	case b.silent[i.Place]:
		b.tell(locker.OpenFailed{Request: request, Place: i.Place, Reason: "silent"})
	case !crossed:
		b.tell(locker.DoorOpened{Place: i.Place, Request: request, Evidence: locker.EvidenceDoor})
		b.tell(locker.DoorClosed{Place: i.Place, Request: request})
	case moves == "":
		b.tell(locker.OpenFailed{Request: request, Place: i.Place, Reason: "not_opened"})
	default:
		b.tell(locker.DoorOpened{Place: moves, Evidence: locker.EvidenceDoor}, locker.PlaceDoubted{Place: moves, Reason: "unasked_open"})
		b.tell(locker.OpenFailed{Request: request, Place: i.Place, Reason: "not_opened"})
		b.tell(locker.DoorClosed{Place: moves})
	}
}

func (b *bank) view() remote.View {
	b.t.Helper()
	v, err := b.desk.View(b.ctx, b.staff, b.site)
	must(b.t, err)
	return v
}

// ask opens the next door and waits until the question stands.
func (b *bank) ask() remote.View {
	b.t.Helper()
	v := b.view()
	b.clock.add(v.Wait)
	must(b.t, b.desk.Open(b.ctx, b.staff, b.site, b.view().Name))
	if b.view().Step.Kind == commission.StepConfirm {
		return b.view()
	}
	if !b.view().Pending {
		b.t.Fatal("the site has not answered, and nothing is pending")
	}
	b.serve()
	b.clock.add(500 * time.Millisecond)
	return b.view()
}

func (b *bank) say(a commission.Answer) {
	b.t.Helper()
	must(b.t, b.desk.Answer(b.ctx, b.staff, b.site, b.view().Name, a))
}

func yes() commission.Answer { return commission.Answer{Kind: commission.AnswerYes} }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code locker.Code) {
	t.Helper()
	var rule *locker.Error
	if !errors.As(err, &rule) || rule.Code != code {
		t.Fatalf("error %v, want %s", err, code)
	}
}

// 45 doors under the site's limit of six remote openings a minute, eight seconds for each answer: the
// whole bank is tested within 15 minutes, and no opening was asked for that the limit refuses.
func TestDesk_TestsFortyFiveDoorsWithinFifteenMinutes(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	must(t, b.desk.Begin(b.ctx, b.staff, b.site))
	began := b.clock.now()
	for n := range doors {
		v := b.ask()
		if !v.Asked || len(v.Moves) == 0 {
			t.Fatalf("door %d: asked %v, moves %v", n, v.Asked, v.Moves)
		}
		b.clock.add(7500 * time.Millisecond)
		b.say(yes())
		if n == 0 && b.clock.now().Sub(began) > 10*time.Minute {
			t.Error("the first door took more than 10 minutes")
		}
	}
	v := b.view()
	if v.Step.Kind != commission.StepDone || v.Walk.Tally().Good != doors || len(v.Walk.Findings()) != 0 {
		t.Fatalf("step %s, %+v, %v", v.Step.Kind, v.Walk.Tally(), v.Walk.Findings())
	}
	took := b.clock.now().Sub(began)
	t.Logf("%d doors in %s", doors, took)
	if took > 15*time.Minute || took < remote.Least(doors, 0) {
		t.Errorf("took %s", took)
	}
	for i := 6; i < len(b.pulses); i++ {
		if gap := b.pulses[i].Sub(b.pulses[i-6]); gap < time.Minute {
			t.Errorf("seven openings within %s", gap)
		}
	}
}

func TestWait_FollowsTheSixthLastOpening(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	var six []time.Time
	for i := range 6 {
		six = append(six, now.Add(time.Duration(i-20)*time.Second))
	}
	for name, x := range map[string]struct {
		remote  []time.Time
		service time.Time
		want    time.Duration
	}{
		"none":          {nil, time.Time{}, 0},
		"five":          {six[1:], time.Time{}, 0},
		"six":           {six, time.Time{}, 41 * time.Second},
		"service":       {six, now.Add(time.Minute), 0},
		"service over":  {six, now.Add(-time.Minute), 41 * time.Second},
		"six, long ago": {[]time.Time{now.Add(-2 * time.Minute), now, now, now, now, now}, time.Time{}, 0},
	} {
		if got := remote.Wait(x.remote, x.service, now); got != x.want {
			t.Errorf("%s: %s, want %s", name, got, x.want)
		}
	}
	if got := remote.Least(45, 0); got < 7*time.Minute || got > 8*time.Minute {
		t.Errorf("45 doors take at least %s", got)
	}
}

// Two doors whose cables, lock and sensor, hang on each other's channel: the sensors agree with the site,
// and only the person sees it. The layout follows, and the sheet tells who tested.
func TestDesk_CrossedDoors(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	must(t, b.desk.Begin(b.ctx, b.staff, b.site))
	for _, label := range []string{"A02", "A01"} {
		b.ask()
		b.say(commission.Answer{Kind: commission.AnswerOther, Labels: []string{strings.ToLower(label)}})
	}
	v := b.view()
	found := v.Walk.Findings()
	if len(found) != 1 || found[0].Kind != commission.KindCrossedDoors || !slices.Equal(found[0].Doors, []string{"A01", "A02"}) {
		t.Fatalf("findings %+v", found)
	}
	if len(v.Changes) != 2 || v.Changes[0].Label != "A01" || v.Changes[0].To != outputOf("A02") {
		t.Fatalf("changes %+v", v.Changes)
	}
	wantCode(t, b.desk.Apply(b.ctx, b.staff, b.site), locker.CodeNotAllowed)
	must(t, b.desk.Apply(b.ctx, b.owner, b.site))
	site, err := b.cloud.Site(b.ctx, b.owner, b.site)
	must(t, err)
	if got := site.Layout.Places()[0].Compartment.Output; got != outputOf("A02") {
		t.Errorf("A01 is at %s", got)
	}
	wantCode(t, b.desk.Apply(b.ctx, b.owner, b.site), locker.CodeConflict)
	sheet, err := b.desk.Sheet(b.ctx, b.staff, b.site)
	must(t, err)
	if sheet.Installer != "Olga Owner" || sheet.Site != "Harbour, Harbour House, 1 Quay Street" || len(sheet.Doors) != doors {
		t.Errorf("sheet of %q by %q, %d doors", sheet.Site, sheet.Installer, len(sheet.Doors))
	}
}

// Two locks alone on each other's output: the other door's sensor moves, nobody asked for that door, and
// the site gives up on its own. A door that somebody shuts meanwhile is no move.
func TestDesk_CrossedLocks(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	b.wired[place(0)], b.wired[place(1)] = place(1), place(0)
	must(t, b.desk.Begin(b.ctx, b.staff, b.site))
	for _, label := range []string{"A02", "A01"} {
		v := b.ask()
		if len(v.Moves) != 1 || v.Moves[0].Output != outputOf(label) {
			t.Fatalf("moves %v, want the sensor of %s", v.Moves, label)
		}
		b.say(commission.Answer{Kind: commission.AnswerOther, Labels: []string{label}})
	}
	var kinds []commission.Kind
	for _, f := range b.view().Walk.Findings() {
		kinds = append(kinds, f.Kind)
	}
	if !slices.Equal(kinds, []commission.Kind{commission.KindCrossedDoors, commission.KindCrossedSensor}) {
		t.Errorf("findings %v", kinds)
	}
}

func outputOf(label string) locker.Output {
	for _, p := range layout().Places() {
		if p.Name == label {
			return p.Compartment.Output
		}
	}
	return locker.Output{}
}

// A door that holds a parcel is opened after a yes only, and its wiring never changes.
func TestDesk_FullDoor(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	b.wired[place(0)], b.wired[place(1)] = place(1), place(0)
	b.tell(locker.DepositBegun{Stay: "s1", Parcel: "p1", Place: place(0), Size: locker.SizeM, Generation: 1},
		locker.ParcelStored{Stay: "s1", Place: place(0), Evidence: locker.EvidenceDoor})
	must(t, b.desk.Begin(b.ctx, b.staff, b.site))
	if v := b.ask(); v.Step.Kind != commission.StepConfirm {
		t.Fatalf("step %s", v.Step.Kind)
	}
	b.serve()
	if len(b.pulses) != 0 {
		t.Fatal("a full door was opened")
	}
	b.say(commission.Answer{Kind: commission.AnswerConfirm})
	if v := b.ask(); !v.Asked || len(b.pulses) != 1 {
		t.Fatalf("asked %v, %d pulses", v.Asked, len(b.pulses))
	}
	b.say(commission.Answer{Kind: commission.AnswerOther, Labels: []string{"A02"}})
	b.ask()
	b.say(commission.Answer{Kind: commission.AnswerOther, Labels: []string{"A01"}})
	wantCode(t, b.desk.Apply(b.ctx, b.owner, b.site), locker.CodeConflict)
	site, err := b.cloud.Site(b.ctx, b.owner, b.site)
	must(t, err)
	if got := site.Layout.Places()[0].Compartment.Output; got != outputOf("A01") {
		t.Errorf("A01 was wired to %s with a parcel in it", got)
	}
}

// A lock that is stuck, a board that falls silent, and a door that is tested again.
func TestDesk_StuckAndSilent(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	b.wired[place(0)] = ""
	for i := 1; i < 24; i++ {
		b.silent[place(i)] = true
	}
	must(t, b.desk.Begin(b.ctx, b.staff, b.site))
	if v := b.ask(); len(v.Moves) != 0 {
		t.Fatalf("moves %v", v.Moves)
	}
	b.say(commission.Answer{Kind: commission.AnswerNothing})
	b.ask()
	b.clock.add(2 * time.Second)
	v := b.view() // ends by itself: nobody is asked about a silent board
	if v.Step.Kind != commission.StepOpen || v.Step.Output.Board != 2 {
		t.Fatalf("next %+v", v.Step)
	}
	kinds := map[commission.Kind]bool{}
	for _, f := range v.Walk.Findings() {
		kinds[f.Kind] = true
	}
	if !kinds[commission.KindStuck] || !kinds[commission.KindSilentBoard] {
		t.Errorf("findings %v", kinds)
	}
	delete(b.wired, place(0))
	must(t, b.desk.Repeat(b.ctx, b.staff, b.site, "A01"))
	if v := b.ask(); v.Step.Door != "A01" || len(v.Moves) == 0 {
		t.Fatalf("again: %s, %v", v.Step.Door, v.Moves)
	}
	b.say(yes())
	if d := b.view().Walk.Doors()[0]; d.State != commission.DoorGood {
		t.Errorf("A01 is %s %v", d.State, d.Kinds)
	}
}

// The test goes on at another phone, and two phones never take the same step.
func TestDesk_TwoPhones(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	must(t, b.desk.Begin(b.ctx, b.staff, b.site))
	old := b.view()
	b.ask()
	wantCode(t, b.desk.Open(b.ctx, b.staff, b.site, old.Name), locker.CodeConflict)
	asked := b.view()
	other := b.staff
	other.User = "somebody"
	must(t, b.desk.Answer(b.ctx, other, b.site, asked.Name, yes()))
	wantCode(t, b.desk.Answer(b.ctx, b.staff, b.site, asked.Name, commission.Answer{Kind: commission.AnswerNothing}), locker.CodeConflict)
	v := b.view()
	if v.Step.Done != 1 || v.Walk.Doors()[0].State != commission.DoorGood || !slices.Contains(v.People, "somebody") {
		t.Fatalf("%d done, %v, %v", v.Step.Done, v.Walk.Doors()[0].State, v.People)
	}
	must(t, b.desk.Undo(b.ctx, b.staff, b.site))
	if v := b.view(); v.Step.Done != 0 || v.Step.Door != "A01" {
		t.Errorf("after undo: %d done, next %s", v.Step.Done, v.Step.Door)
	}
	acts, err := b.cloud.Acts(b.ctx, b.owner, b.site, "", 50)
	must(t, err)
	var kinds []string
	for _, a := range acts.Items {
		if strings.HasPrefix(a.Kind, "walk_") {
			kinds = append(kinds, a.Kind+" "+a.Subject+" "+a.Reason)
		}
	}
	slices.Sort(kinds)
	want := []string{"walk_answer A01 yes", "walk_begin  ", "walk_open A01 ", "walk_undo  "}
	if !slices.Equal(kinds, want) {
		t.Errorf("acts %q, want %q", kinds, want)
	}
}

// What the site refuses, and what never reaches it, leaves the step as it was, with the reason.
func TestDesk_Refused(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	must(t, b.desk.Begin(b.ctx, b.staff, b.site))
	b.refuse = locker.CodeRemoteLimit
	v := b.ask()
	if v.Trouble != locker.CodeRemoteLimit || v.Step.Kind != commission.StepOpen || v.Step.Door != "A01" {
		t.Fatalf("trouble %q at %s %s", v.Trouble, v.Step.Kind, v.Step.Door)
	}
	b.refuse = ""
	must(t, b.desk.Open(b.ctx, b.staff, b.site, v.Name))
	b.clock.add(time.Minute)
	must(t, b.cloud.Sweep(b.ctx))
	if v := b.view(); v.Trouble != locker.CodeIntentExpired || v.Pending || v.Step.Kind != commission.StepOpen {
		t.Fatalf("trouble %q, pending %v at %s", v.Trouble, v.Pending, v.Step.Kind)
	}
	if v := b.ask(); v.Trouble != "" || !v.Asked {
		t.Errorf("trouble %q, asked %v", v.Trouble, v.Asked)
	}
}

func TestDesk_NotAllowed(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	stranger := cloud.Principal{User: "x", Organization: "another", Roles: []cloud.Role{cloud.RoleOwner}}
	if _, err := b.desk.View(b.ctx, stranger, b.site); err == nil {
		t.Error("another organization sees the test")
	}
	if err := b.desk.Begin(b.ctx, stranger, b.site); err == nil {
		t.Error("another organization begins a test")
	}
	reader := b.owner
	reader.Scopes = []auth.Scope{auth.ScopeRead}
	wantCode(t, b.desk.Begin(b.ctx, reader, b.site), locker.CodeNotAllowed)
	nobody := b.owner
	nobody.Roles = nil
	wantCode(t, b.desk.Begin(b.ctx, nobody, b.site), locker.CodeNotAllowed)
	wantCode(t, b.desk.Open(b.ctx, b.staff, b.site, "x"), locker.CodeNotFound)
	must(t, b.desk.Begin(b.ctx, b.staff, b.site))
	wantCode(t, b.desk.Open(b.ctx, reader, b.site, b.view().Name), locker.CodeNotAllowed)
	b.cloud.Hub().Present(b.ctx, b.site, link.Presence{})
	wantCode(t, b.desk.Begin(b.ctx, b.staff, b.site), locker.CodeSiteOffline)
}

// What boards report is said before any door is opened.
func TestDesk_Warnings(t *testing.T) {
	t.Parallel()
	b := newBank(t)
	if w := b.view().Warnings; len(w) != 0 {
		t.Errorf("warnings %v of two good boards", w)
	}
	b.report(wire.BoardOK, wire.BoardSilent, map[string]uint64{"requests": 1000, "checksums": 80})
	want := []remote.Warning{{Board: "a/1", Kind: remote.WarningGarbled}, {Board: "a/2", Kind: remote.WarningSilent}}
	if w := b.view().Warnings; !slices.Equal(w, want) {
		t.Errorf("warnings %v, want %v", w, want)
	}
	b.report(wire.BoardOK, wire.BoardOK, nil)
	var ajar []locker.Fact
	for i := range 24 {
		ajar = append(ajar, locker.DoorOpened{Place: place(i), Evidence: locker.EvidenceDoor})
	}
	b.tell(ajar...)
	if w := b.view().Warnings; !slices.Equal(w, []remote.Warning{{Board: "a/1", Kind: remote.WarningAllOpen}}) {
		t.Errorf("warnings %v", w)
	}
}
