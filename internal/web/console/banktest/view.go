// Package banktest draws the test of a bank that is led from the console, step by step, and its results.
// It knows nothing of requests and sessions.
package banktest

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"cubby/board"
	"cubby/internal/commission"
	"cubby/internal/commission/remote"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// PageView is the test of a bank, step by step.
type PageView struct {
	Shell   ui.ShellView
	Live    string
	Problem *ui.BannerView
	Part    View
}

// View is what follows the facts.
type View struct {
	Action   string // of the forms, without the step's word
	Heading  string
	Banners  []ui.BannerView
	Progress string
	Done, Of string
	Output   string
	Lines    []string
	Step     string
	Main     *mainView // the big button
	Wait     string    // how long until the site takes another opening
	Answers  []ui.ButtonView
	Moved    []namedView // doors whose sensor moved instead: one tap
	Other    *otherDoor
	More     string
	Undo     *ui.ButtonView
	Again    *ui.ButtonView // a look, where no script looks
	Boards   *boardsCard    // before a test
	Links    []ui.ButtonView
}

// mainView is the form under the thumb.
type mainView struct {
	Action string // begin, open, answer
	Kind   commission.AnswerKind
	Next   bool
	Button ui.ButtonView
}

type namedView struct{ Label, Text string }

type otherDoor struct {
	ID              string // of the step: what is open and typed stays while the page is updated within it
	Title, Legend   string
	Pick, Two       ui.FieldView
	Submit, Submit2 ui.ButtonView
}

type boardsCard struct {
	Facts []fact
	Table ui.TableView
	Text  string
}

// Request is who looks at a test, and from where.
type Request struct {
	Text   *text.Printer
	Action string // address of the test
	Now    time.Time
	Zone   *time.Location
	Site   *ui.BannerView // what is wrong with the site; nil: nothing
}

type fact struct{ Name, Value string }

// Of returns the step at hand, or the offer to begin a test.
func Of(r Request, v remote.View) View {
	t := r.Text
	p := View{Action: r.Action, Banners: banners(r, v)}
	if v.Walk == nil {
		p.Heading = t.T("console.commission.overview")
		card := overview(r, v)
		p.Boards = &card
		p.Main = &mainView{Action: "begin", Button: ui.ButtonView{Text: t.T("service.plan.begin"), Large: "big", Icon: "door-open"}}
		p.Links = []ui.ButtonView{{Text: t.T("console.hardware.title"), Href: "/hardware", Kind: "ghost", Icon: "boxes"}}
		return p
	}
	s := v.Step
	p.Step, p.Done, p.Of = v.Name, strconv.Itoa(s.Done), strconv.Itoa(max(s.Of, 1))
	p.Progress = t.T("service.walk.progress", "done", t.Number(s.Done), "of", t.Number(s.Of))
	if s.Kind != commission.StepDone {
		p.Output = s.Output.String()
		p.Progress += " · " + t.T("service.walk.left", "minutes", t.Number(minutesLeft(v)))
	}
	p.Links = []ui.ButtonView{{Text: t.T("console.commission.results"), Href: r.Action + "/doors", Kind: "ghost", Icon: "list"}}
	if !v.Pending && s.Done > 0 {
		p.Undo = &ui.ButtonView{Text: t.T("service.walk.undo"), Icon: "undo-2", Kind: "ghost"}
	}
	p.fill(t, v)
	return p
}

// minutesLeft is how long the rest takes: as fast as people answer, but not faster than the site takes
// remote openings.
func minutesLeft(v remote.View) int {
	left := v.Step.Left
	if v.Service.IsZero() {
		left = max(left, remote.Least(v.Step.Of-v.Step.Done, v.Wait))
	}
	return max(int(math.Ceil(left.Minutes())), 1)
}

func (p *View) fill(t *text.Printer, v remote.View) {
	s := v.Step
	door := text.LTR(s.Door)
	skip := answerButton(t.T("service.walk.skip"), commission.AnswerSkip)
	if v.Wait > 0 && v.Service.IsZero() && (s.Kind == commission.StepOpen || s.Kind == commission.StepConfirm) && !v.Pending {
		p.Wait = t.T("console.commission.wait", "seconds", t.Number(int(math.Ceil(v.Wait.Seconds()))))
	}
	switch {
	case v.Pending:
		p.Heading = t.T("service.walk.busy")
		p.Lines = []string{t.T("console.commission.pending", "door", door)}
		p.Again = &ui.ButtonView{Text: t.T("console.commission.look"), Href: p.Action, Kind: "ghost", Icon: "refresh-cw"}
		return
	case s.Kind == commission.StepDone:
		p.Heading = t.T("service.walk.done")
		p.Links[0].Kind, p.Links[0].Large = "", "big"
		return
	case s.Kind == commission.StepOpen:
		p.Heading = t.T("service.walk.next", "door", door)
		p.Main = &mainView{Action: "open", Button: ui.ButtonView{
			Text: t.T("service.walk.open", "door", door), Icon: "door-open", Large: "big", Disabled: p.Wait != "",
		}}
		p.Answers = []ui.ButtonView{skip}
		return
	case s.Kind == commission.StepConfirm:
		p.Heading = t.T("service.walk.full", "door", door)
		p.Lines = []string{t.T("service.walk.full.text")}
		p.Main = &mainView{Action: "answer", Kind: commission.AnswerConfirm, Next: true, Button: ui.ButtonView{
			Text: t.T("service.walk.full.open", "door", door), Kind: "danger", Large: "big", Disabled: p.Wait != "",
		}}
		p.Answers = []ui.ButtonView{skip}
		return
	}
	p.question(t, v, skip)
}

func (p *View) question(t *text.Printer, v remote.View, skip ui.ButtonView) {
	s := v.Step
	p.Heading = t.T("service.walk.asked", "door", text.LTR(s.Door))
	p.Lines = []string{seenWords(t, v), t.T("service.walk.shut")}
	p.Main = &mainView{Action: "answer", Kind: commission.AnswerYes, Next: true, Button: ui.ButtonView{
		Text: t.T("service.walk.yes.next"), Icon: "check", Large: "big",
	}}
	p.More = t.T("service.walk.more")
	p.Answers = []ui.ButtonView{
		answerButton(t.T("service.walk.nothing"), commission.AnswerNothing),
		answerButton(t.T("service.walk.again"), commission.AnswerAgain), skip,
	}
	for _, m := range v.Moves {
		if label := labelAt(v, m.Output); label != "" && label != s.Door {
			p.Main.Button.Kind = "ghost" // the sensors say another door
			p.Moved = append(p.Moved, namedView{Label: label, Text: t.T("console.commission.moved", "door", text.LTR(label))})
		}
	}
	var doors []ui.Option
	for _, d := range v.Walk.Doors() {
		if d.Label != s.Door {
			doors = append(doors, ui.Option{Value: d.Label, Text: d.Label})
		}
	}
	p.Other = &otherDoor{
		ID:    "other-" + strings.Join(strings.FieldsFunc(v.Name, notWord), "-"),
		Title: t.T("service.walk.other"),
		Pick:  ui.FieldView{ID: "other", Name: "labels", Label: t.T("service.walk.label"), Type: "select", Options: doors, LTR: true},
		Two: ui.FieldView{
			ID: "several", Name: "labels", Label: t.T("service.walk.labels"), Autocomplete: "off", LTR: true, MaxLength: 80,
		},
		Submit:  ui.ButtonView{Text: t.T("service.walk.this"), Kind: "ghost", Large: "big"},
		Submit2: ui.ButtonView{Text: t.T("service.walk.several"), Kind: "ghost", Large: "big"},
	}
}

func notWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }

func answerButton(words string, kind commission.AnswerKind) ui.ButtonView {
	return ui.ButtonView{Text: words, Kind: "ghost", Large: "big", Name: "kind", Value: string(kind)}
}

// seenWords says what the sensors showed, by the names of the doors.
func seenWords(t *text.Printer, v remote.View) string {
	var moved []string
	for _, m := range v.Moves {
		moved = append(moved, text.LTR(labelAt(v, m.Output)))
	}
	switch {
	case !v.Walk.Sees(v.Step.Output):
		return t.T("service.walk.blind")
	case len(moved) > 0:
		return t.T("console.commission.seen", "doors", t.List(moved...))
	case v.Failed:
		return t.T("console.commission.failed")
	case v.Asked:
		return t.T("console.commission.watching")
	}
	return t.T("service.walk.unseen")
}

func labelAt(v remote.View, o locker.Output) string {
	for _, p := range v.Walk.Plan().Layout.Places() {
		if p.Kind == locker.PlaceCompartment && p.Compartment.Output == o {
			return p.Name
		}
	}
	return o.String()
}

func banners(r Request, v remote.View) []ui.BannerView {
	t := r.Text
	var all []ui.BannerView
	if r.Site != nil {
		all = append(all, *r.Site)
	}
	if v.Trouble != "" {
		words := t.Error(string(v.Trouble), "code", string(v.Trouble))
		if v.Trouble == locker.CodeRemoteLimit {
			words = t.T("console.commission.limit")
		}
		all = append(all, ui.BannerView{Kind: "warn", Icon: "triangle-alert", Text: t.T("service.said.failed", "reason", words)})
	}
	if !v.Service.IsZero() {
		all = append(all, ui.BannerView{Kind: "info", Icon: "users", Text: t.T("console.commission.service", "when", t.Time(v.Service, r.Zone))})
	}
	if v.Walk == nil {
		for _, w := range v.Warnings {
			all = append(all, ui.BannerView{Kind: "warn", Icon: "triangle-alert", Text: t.T("console.commission.warning."+string(w.Kind), "board", text.LTR(w.Board))})
		}
	}
	return all
}

func overview(r Request, v remote.View) boardsCard {
	t := r.Text
	card := boardsCard{
		Text: t.T("console.commission.intro"),
		Facts: []fact{
			{Name: t.T("console.commission.link"), Value: t.T("console.link." + string(v.Site.Link))},
			{Name: t.T("service.doors.title"), Value: t.Number(v.Doors)},
		},
		Table: ui.TableView{
			ID: "test-boards", Caption: t.T("service.boards.title"), Empty: ui.EmptyView{Text: t.T("console.health.boards.none")},
			Columns: []ui.ColumnView{
				{Text: t.T("service.boards.board")},
				{Text: t.T("service.boards.family")},
				{Text: t.T("service.boards.outputs"), Numeric: true},
				{Text: t.T("service.boards.state")},
			},
		},
	}
	for _, b := range v.Boards {
		state, kind := t.T("service.boards.silent"), "danger"
		if b.Presence != board.PresenceNone {
			state, kind = t.T("service.boards.one"), "ok"
			if !b.Sees {
				state, kind = t.T("service.boards.blind"), ""
			}
		}
		card.Table.Rows = append(card.Table.Rows, ui.RowView{Cells: []ui.CellView{
			{Text: locker.PartBoard(b.Bus, b.Address), LTR: true},
			{Text: b.Family, LTR: true},
			{Text: t.Number(b.Channels), LTR: true},
			{Component: ui.Badge(ui.BadgeView{Text: state, Kind: kind})},
		}})
	}
	return card
}

// Results is every door with its result, and how the test is handed over.
type Results struct {
	Shell    ui.ShellView
	Problem  *ui.BannerView
	Action   string
	Tally    string
	Begun    string
	Findings []findingView
	FindHead string
	Nothing  string
	Doors    []doorResult
	DoorHead string
	Heads    [4]string
	Links    []ui.ButtonView
	HandOver string
	Changes  []changeView
	Change   string
	Apply    *ui.ButtonView
	ApplyTxt string
	Applied  *ui.BannerView
	Fresh    ui.ButtonView
	FreshTxt string
}

type findingView struct{ Found, Todo string }

type doorResult struct {
	Label, Output, Again string
	Badge                ui.BadgeView
}

type changeView struct{ Label, From, To string }

// ResultsOf returns the results so far.
func ResultsOf(r Request, v remote.View) Results {
	t := r.Text
	n := v.Walk.Tally()
	p := Results{
		Action: r.Action, FindHead: t.T("service.findings.title"), DoorHead: t.T("service.doors.title"),
		Tally: t.T("service.finish.tally", "good", t.Number(n.Good), "faulty", t.Number(n.Faulty), "skipped", t.Number(n.Skipped), "waiting", t.Number(n.Waiting)),
		Begun: t.T("console.commission.begun", "who", v.By, "when", t.DayTime(v.Began, r.Now, r.Zone)),
		Heads: [4]string{t.T("service.doors.door"), t.T("service.doors.output"), t.T("service.doors.result"), t.T("service.doors.again")},
		Links: []ui.ButtonView{
			{Text: t.T("service.finish.sheet"), Href: r.Action + "/sheet", Icon: "printer", Large: "big"},
			{Text: t.T("console.commission.save"), Href: r.Action + "/sheet?save=yes", Kind: "ghost", Large: "big"},
			{Text: t.T("service.finish.layout"), Href: r.Action + "/layout.yaml", Kind: "ghost", Large: "big"},
		},
		HandOver: t.T("service.finish.title"), Change: t.T("console.commission.changes"),
		Fresh: ui.ButtonView{Text: t.T("service.plan.fresh"), Kind: "ghost", Large: "big"}, FreshTxt: t.T("console.commission.fresh"),
	}
	if v.Step.Kind != commission.StepDone {
		p.Links = slices.Insert(p.Links, 0, ui.ButtonView{Text: t.T("console.commission.goon"), Href: p.Action, Icon: "door-open", Large: "big"})
	}
	for _, f := range v.Walk.Findings() {
		found, todo := commission.Sentence(t, f)
		p.Findings = append(p.Findings, findingView{found, todo})
	}
	if len(p.Findings) == 0 {
		p.Nothing = t.T("service.findings.none")
	}
	for _, d := range v.Walk.Doors() {
		p.Doors = append(p.Doors, doorResult{
			Label: d.Label, Output: d.Output.String(), Again: t.T("service.doors.again"),
			Badge: ui.BadgeView{Text: t.T("service.state." + string(d.State)), Kind: resultKind(d.State)},
		})
	}
	for _, c := range v.Changes {
		p.Changes = append(p.Changes, changeView{c.Label, outputWords(t, c.From), outputWords(t, c.To)})
	}
	switch {
	case !v.Applied.IsZero():
		p.Applied = &ui.BannerView{Kind: "info", Icon: "check", Text: t.T("console.commission.applied", "when", t.DayTime(v.Applied, r.Now, r.Zone))}
	case len(p.Changes) > 0:
		p.Apply = &ui.ButtonView{Text: t.T("console.commission.apply"), Kind: "danger", Large: "big"}
		p.ApplyTxt = t.T("console.commission.apply.text")
	}
	return p
}

func outputWords(t *text.Printer, o locker.Output) string {
	if o == (locker.Output{}) {
		return t.T("console.commission.nowhere")
	}
	return o.String()
}

func resultKind(s commission.DoorState) string {
	switch s {
	case commission.DoorGood:
		return "ok"
	case commission.DoorFaulty:
		return "danger"
	case commission.DoorSkipped:
		return "warn"
	case commission.DoorWaiting:
	}
	return ""
}
