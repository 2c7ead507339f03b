package consoletest

import (
	"context"
	"slices"
	"strings"
	"time"

	"cubby/board"
	"cubby/internal/cloud"
	"cubby/internal/commission"
	"cubby/internal/commission/remote"
	"cubby/internal/locker"
	"cubby/internal/web/console"
)

// Tests answers like a remote.Desk. Stage says how far the test is.
type Tests struct{ fake *Fake }

var _ console.BankTests = (*Tests)(nil)

// Tests returns the tests of banks that belong to the sample property.
func (f *Fake) Tests() *Tests { return &Tests{fake: f} }

// Stage is how far the sample's test of a bank is. The zero value is invalid.
type Stage string

// The stages.
const (
	StageNone    Stage = "none"    // not begun; a board is silent
	StageOpen    Stage = "open"    // a door is next
	StageWait    Stage = "wait"    // and the site takes no opening yet
	StagePending Stage = "pending" // the site was asked
	StageAsked   Stage = "asked"   // another door's sensor moved
	StageFull    Stage = "full"    // a parcel lies in it
	StageDone    Stage = "done"    // with findings, and a wiring to apply
)

// Stage sets how far the test is from now on.
func (f *Fake) Stage(s Stage) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stage = s
}

func testBoards() []commission.Board {
	return []commission.Board{
		{Bus: "left", Address: 1, Family: "rs485", Channels: 6, Sees: true, Presence: board.PresenceOne},
		{Bus: "left", Address: 2, Family: "rs485", Channels: 2, Sees: true, Presence: board.PresenceNone},
	}
}

// sampleWalk walks as far as the stage says: A01 and A02 good, A03 and A04 crossed, A05 stuck.
func sampleWalk(now time.Time, stage Stage) (*commission.Walk, error) {
	layout, err := commission.PlanColumns([]int{6, 2}, testBoards())
	if err != nil {
		return nil, err
	}
	began := now.Add(-4 * time.Minute)
	var rest []commission.Reading
	for _, p := range layout.Places() {
		rest = append(rest, commission.Reading{Output: p.Compartment.Output, State: board.StateClosed})
	}
	w, err := commission.New(commission.Plan{Boards: testBoards(), Layout: &layout, Rest: rest, Only: true}, began)
	if err != nil {
		return nil, err
	}
	doors := layout.Places()
	steps := []struct {
		moves int // index of the door whose sensor moves; -1: none
		say   commission.Answer
	}{
		{0, commission.Answer{Kind: commission.AnswerYes}},
		{1, commission.Answer{Kind: commission.AnswerYes}},
		{3, commission.Answer{Kind: commission.AnswerOther, Labels: []string{"A04"}}},
		{2, commission.Answer{Kind: commission.AnswerOther, Labels: []string{"A03"}}},
		{-1, commission.Answer{Kind: commission.AnswerNothing}},
		{5, commission.Answer{Kind: commission.AnswerYes}},
	}
	if stage != StageDone {
		steps = steps[:2]
	}
	at := began
	for _, s := range steps {
		if err := w.Begin(at); err != nil {
			return nil, err
		}
		at = at.Add(2 * time.Second)
		sight := commission.Sight{Result: commission.ResultSent, Heard: true}
		if s.moves >= 0 {
			sight.Moves = []commission.Move{{Output: doors[s.moves].Compartment.Output, To: board.StateOpen, After: 300 * time.Millisecond}}
		}
		if _, err := w.Saw(sight, at); err != nil {
			return nil, err
		}
		at = at.Add(6 * time.Second)
		if err := w.Answer(s.say, at); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// View implements console.BankTests.
func (t *Tests) View(ctx context.Context, p cloud.Principal, site locker.SiteID) (remote.View, error) {
	f := t.fake
	if err := f.read("TestView"); err != nil {
		return remote.View{}, err
	}
	sites, err := f.Sites(ctx, p)
	if err != nil {
		return remote.View{}, err
	}
	f.mu.Lock()
	stage := f.stage
	f.mu.Unlock()
	if stage == "" {
		stage = StageNone
	}
	v := remote.View{Boards: testBoards(), Doors: 8}
	if i := slices.IndexFunc(sites, func(s cloud.SiteSummary) bool { return s.ID == site }); i >= 0 {
		v.Site = sites[i]
	}
	if stage == StageNone {
		v.Warnings = []remote.Warning{{Board: "left/2", Kind: remote.WarningSilent}, {Board: "left/1", Kind: remote.WarningGarbled}}
		return v, nil
	}
	w, err := sampleWalk(f.now, stage)
	if err != nil {
		return v, err
	}
	v.Walk, v.Began, v.By, v.People = w, w.Started(), "Ana Lima", []string{"Ana Lima"}
	t.at(&v, stage)
	v.Name = remote.StepName(v.Step)
	return v, nil
}

// at brings a view to its stage.
func (t *Tests) at(v *remote.View, stage Stage) {
	v.Step = v.Walk.Next()
	switch stage {
	case StageNone, StageOpen:
	case StageWait:
		v.Wait, v.Trouble = 23*time.Second, locker.CodeRemoteLimit
	case StagePending:
		v.Pending, v.Step.Kind = true, commission.StepAsk
	case StageAsked:
		v.Asked, v.Step.Kind = true, commission.StepAsk
		v.Moves = []commission.Move{{Output: locker.Output{Bus: "left", Board: 1, Channel: 4}, To: board.StateOpen}}
	case StageFull:
		v.Step.Kind = commission.StepConfirm
	case StageDone:
		v.Changes = []remote.Change{
			{Label: "A03", From: locker.Output{Bus: "left", Board: 1, Channel: 3}, To: locker.Output{Bus: "left", Board: 1, Channel: 4}},
			{Label: "A04", From: locker.Output{Bus: "left", Board: 1, Channel: 4}, To: locker.Output{Bus: "left", Board: 1, Channel: 3}},
		}
	}
}

// Begin implements console.BankTests.
func (t *Tests) Begin(context.Context, cloud.Principal, locker.SiteID) error {
	return t.fake.call("TestBegin")
}

// Open implements console.BankTests.
func (t *Tests) Open(_ context.Context, _ cloud.Principal, _ locker.SiteID, step string) error {
	return t.fake.call("TestOpen", step)
}

// Answer implements console.BankTests.
func (t *Tests) Answer(_ context.Context, _ cloud.Principal, _ locker.SiteID, _ string, a commission.Answer) error {
	return t.fake.call("TestAnswer", append([]string{string(a.Kind)}, a.Labels...)...)
}

// Undo implements console.BankTests.
func (t *Tests) Undo(context.Context, cloud.Principal, locker.SiteID) error {
	return t.fake.call("TestUndo")
}

// Repeat implements console.BankTests.
func (t *Tests) Repeat(_ context.Context, _ cloud.Principal, _ locker.SiteID, door string) error {
	return t.fake.call("TestRepeat", door)
}

// Apply implements console.BankTests.
func (t *Tests) Apply(context.Context, cloud.Principal, locker.SiteID) error {
	return t.fake.call("TestApply")
}

// Sheet implements console.BankTests.
func (t *Tests) Sheet(context.Context, cloud.Principal, locker.SiteID) (commission.Sheet, error) {
	w, err := sampleWalk(t.fake.now, StageDone)
	if err != nil {
		return commission.Sheet{}, err
	}
	s := w.Sheet()
	s.Site, s.Installer, s.Session = "Harbour House, 1 Quay Street", "Ana Lima", "w1"
	s.Record = commission.RecordHead{Site: "harbour", Epoch: 1, Size: 412, Root: strings.Repeat("A", 43) + "=", Key: strings.Repeat("B", 43) + "="}
	return s, t.fake.read("TestSheet")
}
