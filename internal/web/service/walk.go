package service

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"cubby/internal/commission"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// walkView is the step at hand.
type walkView struct {
	Frame    frameView
	Progress string
	Done, Of string // of the bar
	Output   string
	Lines    []string
	Step     string // names the step, so that a form sent twice answers nothing else
	Open     *ui.ButtonView
	Confirm  *ui.ButtonView
	Yes      *ui.ButtonView
	Wait     *ui.ButtonView
	Other    *otherView
	More     string // heading of the rarer answers
	Answers  []ui.ButtonView
	Several  *otherView
	Undo     ui.ButtonView
	Finish   *ui.ButtonView
	Busy     string // said while a form is on its way
	Live     string // address that says when this page has changed
}

// otherView is the form that names a door.
type otherView struct {
	Title  string
	Fields []ui.FieldView
	Submit ui.ButtonView
	Kind   commission.AnswerKind
	Next   bool // opens the next door at once
}

func (f *Face) walk(w http.ResponseWriter, r *http.Request, v visit) error {
	return f.showWalk(w, r, v)
}

func (f *Face) showWalk(w http.ResponseWriter, r *http.Request, v visit, problems ...string) error {
	step, busy, err := v.work.Session.Step()
	if errors.Is(err, commission.ErrNoWalk) {
		ui.Redirect(w, r, Prefix)
		return nil
	}
	if err != nil {
		return err
	}
	v.at = Prefix + "/walk"
	page := walkView{
		Progress: progress(v, step), Done: strconv.Itoa(step.Done), Of: strconv.Itoa(max(step.Of, 1)), Step: stepName(step),
		Undo: ui.ButtonView{Text: v.t.T("service.walk.undo"), Icon: "undo-2", Kind: "ghost"}, Busy: v.t.T("service.walk.busy"),
	}
	heading := v.t.T("service.walk.busy")
	if busy {
		page.Live = Prefix + "/walk"
	} else {
		heading = f.fillStep(&page, v, step)
	}
	page.Frame = f.frame(v, heading, problems...)
	page.Frame.Shell.HasBar = page.Open != nil || page.Yes != nil || page.Confirm != nil || page.Finish != nil || page.Other != nil && page.Other.Next
	page.Frame.Shell.Bar = bar(page)
	return write(w, r, okOr(problems), walkPage(page))
}

// progress says how far the walk is.
func progress(v visit, s commission.Step) string {
	text := v.t.T("service.walk.progress", "done", v.t.Number(s.Done), "of", v.t.Number(s.Of))
	if s.Kind == commission.StepDone {
		return text
	}
	minutes := int((s.Left + time.Minute - 1) / time.Minute)
	return text + " · " + v.t.T("service.walk.left", "minutes", v.t.Number(max(minutes, 1)))
}

// stepName tells one step from another.
func stepName(s commission.Step) string {
	return string(s.Kind) + " " + s.Output.String() + " " + strconv.Itoa(s.Done)
}

// fillStep fills in what the step needs and returns its heading.
func (f *Face) fillStep(page *walkView, v visit, s commission.Step) (heading string) {
	t := v.t
	if s.Kind != commission.StepDone {
		page.Output = s.Output.String()
	}
	switch s.Kind {
	case commission.StepDone:
		page.Finish = &ui.ButtonView{Text: t.T("service.finish.title"), Href: Prefix + "/finish", Large: "xl"}
		return t.T("service.walk.done")
	case commission.StepOpen:
		page.Open = &ui.ButtonView{Text: t.T("service.walk.open", "door", text.LTR(s.Door)), Icon: "door-open", Large: "xl"}
		page.Answers = []ui.ButtonView{answerKey(t.T("service.walk.skip"), commission.AnswerSkip)}
		if s.Door == "" {
			page.Open.Text = t.T("service.walk.open.output", "output", text.LTR(s.Output.String()))
			return t.T("service.walk.next.output", "output", text.LTR(s.Output.String()))
		}
		return t.T("service.walk.next", "door", text.LTR(s.Door))
	case commission.StepConfirm:
		page.Lines = []string{t.T("service.walk.full.text")}
		page.Confirm = &ui.ButtonView{Text: t.T("service.walk.full.open", "door", text.LTR(s.Door)), Kind: "danger", Large: "xl", Name: "kind", Value: string(commission.AnswerConfirm)}
		page.Answers = []ui.ButtonView{answerKey(t.T("service.walk.skip"), commission.AnswerSkip)}
		return t.T("service.walk.full", "door", text.LTR(s.Door))
	case commission.StepAsk:
	}
	return f.fillQuestion(page, v, s)
}

func answerKey(text string, kind commission.AnswerKind) ui.ButtonView {
	return ui.ButtonView{Text: text, Kind: "ghost", Large: "big", Name: "kind", Value: string(kind)}
}

func (f *Face) fillQuestion(page *walkView, v visit, s commission.Step) (heading string) {
	t := v.t
	page.Lines = []string{f.seen(v, s), t.T("service.walk.shut")}
	page.More = t.T("service.walk.more")
	page.Answers = []ui.ButtonView{
		answerKey(t.T("service.walk.nothing"), commission.AnswerNothing),
		answerKey(t.T("service.walk.again"), commission.AnswerAgain),
		answerKey(t.T("service.walk.skip"), commission.AnswerSkip),
	}
	label := ui.FieldView{
		ID: "label", Name: "labels", Label: t.T("service.walk.label"), Autocomplete: "off", Required: true, LTR: true, MaxLength: 16,
	}
	page.Other = &otherView{
		Fields: []ui.FieldView{label}, Kind: commission.AnswerOther,
		Submit: ui.ButtonView{Text: t.T("service.walk.this"), Kind: "ghost", Large: "big"},
	}
	page.Several = &otherView{
		Kind: commission.AnswerSeveral, Submit: ui.ButtonView{Text: t.T("service.walk.several"), Kind: "ghost", Large: "big"},
		Fields: []ui.FieldView{{
			ID: "several", Name: "labels", Label: t.T("service.walk.labels"), Autocomplete: "off", LTR: true, MaxLength: 80,
		}},
	}
	if s.Door != "" {
		page.Other.Title = t.T("service.walk.other")
		page.Yes = &ui.ButtonView{Text: t.T("service.walk.yes.next"), Icon: "check", Large: "xl", Name: "kind", Value: string(commission.AnswerYes)}
		wait := answerKey(t.T("service.walk.yes"), commission.AnswerYes)
		page.Wait = &wait
		return t.T("service.walk.asked", "door", text.LTR(s.Door))
	}
	page.Other.Next = true
	page.Other.Fields[0].Value = s.Guess
	page.Other.Fields = append(page.Other.Fields, sizeField(v))
	page.Other.Submit = ui.ButtonView{Text: t.T("service.walk.this"), Icon: "check", Large: "xl", Attrs: map[string]any{"form": "other"}}
	return t.T("service.walk.which")
}

func sizeField(v visit) ui.FieldView {
	field := ui.FieldView{ID: "size", Label: v.t.T("service.walk.size"), Type: "select"}
	for _, s := range locker.Sizes() {
		field.Options = append(field.Options, ui.Option{Value: string(s), Text: v.t.Size(string(s)), Selected: s == locker.SizeM})
	}
	return field
}

// seen says what the sensors showed.
func (f *Face) seen(v visit, s commission.Step) string {
	words := v.t.T("service.walk.unseen")
	_ = v.work.Session.View(func(w *commission.Walk) { // there is a walk: its step is at hand
		if !w.Sees(s.Output) {
			words = v.t.T("service.walk.blind")
			return
		}
		var moved []string
		for _, m := range w.Moves() {
			moved = append(moved, text.LTR(m.Output.String()))
		}
		if len(moved) > 0 {
			words = v.t.T("service.walk.seen", "outputs", v.t.List(moved...))
		}
	})
	return words
}

// openDoor pulses the door of the step and answers with the question that follows.
func (f *Face) openDoor(w http.ResponseWriter, r *http.Request, v visit) error {
	if problem, ok := f.fresh(r, v); !ok {
		return f.showWalk(w, r, v, problem)
	}
	return f.pulse(w, r, v)
}

// maxSpares is how many outputs without a planned door one request may go on to by itself: a browser
// waits for some half minute.
const maxSpares = 8

// pulse opens the door of the step. Where nothing was planned and nothing moved, nobody is asked, and the
// next such output follows at once.
func (f *Face) pulse(w http.ResponseWriter, r *http.Request, v visit) error {
	err := v.work.Session.Open(r.Context())
	for range maxSpares {
		step, _, serr := v.work.Session.Step()
		if err != nil || serr != nil || step.Kind != commission.StepOpen || step.Door != "" || step.Done == 0 {
			break
		}
		err = v.work.Session.Open(r.Context())
	}
	var rule *locker.Error
	switch {
	case errors.Is(err, commission.ErrBusy):
		return f.showWalk(w, r, v, v.t.T("service.said.busy"))
	case errors.Is(err, commission.ErrStep):
		return f.showWalk(w, r, v, v.t.T("service.said.step"))
	case errors.As(err, &rule):
		return f.showWalk(w, r, v, v.t.T("service.said.failed", "reason", v.t.Error(string(rule.Code))))
	case err != nil:
		return f.showWalk(w, r, v, v.t.T("service.said.failed", "reason", err.Error()))
	}
	ui.Redirect(w, r, Prefix+"/walk")
	return nil
}

// fresh reports whether a form belongs to the step at hand.
func (f *Face) fresh(r *http.Request, v visit) (problem string, ok bool) {
	step, _, err := v.work.Session.Step()
	if err == nil && r.PostFormValue("step") == stepName(step) {
		return "", true
	}
	return v.t.T("service.said.step"), false
}

// answer takes what the person saw, and opens the next door at once when they want that.
func (f *Face) answer(w http.ResponseWriter, r *http.Request, v visit) error {
	if problem, ok := f.fresh(r, v); !ok {
		return f.showWalk(w, r, v, problem)
	}
	a := commission.Answer{
		Kind: commission.AnswerKind(r.PostFormValue("kind")), Size: locker.Size(r.PostFormValue("size")),
		Labels: strings.Split(r.PostFormValue("labels"), ","),
	}
	if a.Kind == commission.AnswerYes {
		a.Labels = nil
	}
	err := v.work.Session.Answer(r.Context(), a)
	switch {
	case errors.Is(err, commission.ErrLabel):
		return f.showWalk(w, r, v, v.t.T("service.said.label"))
	case errors.Is(err, commission.ErrStep):
		return f.showWalk(w, r, v, v.t.T("service.said.step"))
	case err != nil:
		return err
	}
	step, _, err := v.work.Session.Step()
	if err != nil {
		return err
	}
	if r.PostFormValue("next") != "" && step.Kind == commission.StepOpen {
		return f.pulse(w, r, v)
	}
	ui.Redirect(w, r, Prefix+"/walk")
	return nil
}

// undo takes the last step back.
func (f *Face) undo(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := v.work.Session.Undo(r.Context()); err != nil && !errors.Is(err, commission.ErrUndo) && !errors.Is(err, commission.ErrNoWalk) {
		return err
	}
	ui.Redirect(w, r, Prefix+"/walk")
	return nil
}

// repeat tests one output again, next.
func (f *Face) repeat(w http.ResponseWriter, r *http.Request, v visit) error {
	want := r.PostFormValue("output")
	var outputs []locker.Output
	err := v.work.Session.View(func(walk *commission.Walk) {
		for _, d := range walk.Doors() {
			if d.Output.String() == want && !slices.Contains(outputs, d.Output) {
				outputs = append(outputs, d.Output)
			}
		}
	})
	if err == nil && len(outputs) > 0 {
		err = v.work.Session.Repeat(outputs...)
	}
	if err != nil && !errors.Is(err, commission.ErrNoWalk) {
		return err
	}
	ui.Redirect(w, r, Prefix+"/walk")
	return nil
}
