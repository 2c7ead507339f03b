package service

import (
	"context"
	"errors"
	"io"
	"net/http"

	"cubby/internal/commission"
	"cubby/internal/locker"
	"cubby/internal/web/ui"
)

type homeView struct {
	Frame       frameView
	BoardsTitle string
	Boards      *boardsView
	NoBoards    string
	Look        ui.ButtonView // posts to /probe
	Plan        *planView
	Enrol       *enrolView
}

type planView struct {
	Title  string
	Shut   string
	Known  string // why nothing is asked
	Fields []ui.FieldView
	Resume *ui.ButtonView
	Begin  ui.ButtonView
}

type enrolView struct {
	Title string
	Field ui.FieldView
	Join  ui.ButtonView
}

func (f *Face) home(w http.ResponseWriter, r *http.Request, v visit) error {
	return f.showHome(w, r, v)
}

func (f *Face) showHome(w http.ResponseWriter, r *http.Request, v visit, problems ...string) error {
	t := v.t
	page := homeView{Frame: f.frame(v, t.T("service.title"), problems...), BoardsTitle: t.T("service.boards.title")}
	found := v.work.Session.Found()
	page.Look = ui.ButtonView{Text: t.T("service.boards.look"), Icon: "search", Large: "xl"}
	if len(found) == 0 {
		page.NoBoards = t.T("service.boards.none")
	} else {
		boards := boardsOf(t, found)
		page.Boards = &boards
		page.Look = ui.ButtonView{Text: t.T("service.boards.again"), Icon: "search", Kind: "ghost"}
		plan, err := f.plan(r.Context(), v)
		if err != nil {
			return err
		}
		page.Plan = plan
	}
	if f.opts.Enrol != nil {
		page.Enrol = &enrolView{
			Title: t.T("service.enrol.title"), Join: ui.ButtonView{Text: t.T("service.enrol.join"), Kind: "ghost"},
			Field: ui.FieldView{
				ID: "token", Label: t.T("service.enrol.label"), Hint: t.T("service.enrol.hint"), Autocomplete: "off", Required: true, LTR: true,
				MaxLength: 2000,
			},
		}
	}
	return write(w, r, okOr(problems), homePage(page))
}

// plan offers to begin: with the site's layout, with columns or a file, or without.
func (f *Face) plan(ctx context.Context, v visit) (*planView, error) {
	t := v.t
	p := &planView{
		Title: t.T("service.plan.title"), Shut: t.T("service.plan.shut"),
		Begin: ui.ButtonView{Text: t.T("service.plan.begin"), Large: "xl"},
	}
	known, err := f.siteLayout(ctx)
	if err != nil {
		return nil, err
	}
	if known != nil {
		p.Known = t.T("service.plan.known")
	} else {
		p.Fields = []ui.FieldView{
			{
				ID: "columns", Label: t.T("service.plan.columns"), Hint: t.T("service.plan.columns.hint"), InputMode: "text",
				Autocomplete: "off", LTR: true, MaxLength: 100,
			},
			{ID: "file", Label: t.T("service.plan.file"), Hint: t.T("service.plan.file.hint"), Type: "file"},
		}
	}
	if w, when := f.kept(v); w {
		p.Resume = &ui.ButtonView{Text: when, Name: "resume", Value: "yes", Large: "xl"}
		p.Begin = ui.ButtonView{Text: t.T("service.plan.fresh"), Kind: "ghost"}
	}
	return p, nil
}

// kept reports whether a walk waits to be taken up, and the words for it.
func (f *Face) kept(v visit) (waits bool, words string) {
	if f.opts.Kept == nil {
		return false, ""
	}
	data, err := f.opts.Kept()
	if err != nil || data == nil {
		return false, "" // nothing to offer: a new walk can begin
	}
	w, err := commission.Restore(data)
	if err != nil || w.Next().Kind == commission.StepDone {
		return false, ""
	}
	return true, v.t.T("service.plan.resume", "when", v.t.DayTime(w.Started(), f.opts.Now(), f.opts.Zone))
}

func (f *Face) siteLayout(ctx context.Context) (*locker.Layout, error) {
	if f.opts.Layout == nil {
		return nil, nil //nolint:nilnil // nobody knows one
	}
	return f.opts.Layout(ctx)
}

// probe looks for the boards. It opens nothing.
func (f *Face) probe(w http.ResponseWriter, r *http.Request, v visit) error {
	boards, err := v.work.Session.Probe(r.Context())
	switch {
	case err != nil:
		return f.showHome(w, r, v, err.Error())
	case len(boards) == 0:
		return f.showHome(w, r, v, v.t.T("service.boards.empty"))
	}
	ui.Redirect(w, r, Prefix)
	return nil
}

// begin starts a walk, or takes up the last one.
func (f *Face) begin(w http.ResponseWriter, r *http.Request, v visit) error {
	err := r.ParseMultipartForm(maxBody) //nolint:gosec // MaxBytesHandler bounds the body, see New
	if err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return f.showHome(w, r, v, v.t.T("service.said.plan", "reason", err.Error()))
	}
	if r.PostFormValue("resume") != "" {
		data, err := f.opts.Kept()
		if err != nil {
			return err
		}
		if err := v.work.Session.Resume(data); err != nil {
			return f.showHome(w, r, v, v.t.T("service.said.plan", "reason", err.Error()))
		}
		ui.Redirect(w, r, Prefix+"/walk")
		return nil
	}
	plan, err := f.chosenPlan(r, v)
	if err == nil {
		err = v.work.Session.Begin(r.Context(), plan)
	}
	switch {
	case errors.Is(err, commission.ErrBoards):
		return f.showHome(w, r, v, v.t.T("service.said.boards"))
	case err != nil:
		return f.showHome(w, r, v, v.t.T("service.said.plan", "reason", err.Error()))
	}
	ui.Redirect(w, r, Prefix+"/walk")
	return nil
}

// chosenPlan reads how the bank should be wired; nil when nobody knows.
func (f *Face) chosenPlan(r *http.Request, v visit) (*locker.Layout, error) {
	known, err := f.siteLayout(r.Context())
	if err != nil || known != nil {
		return known, err
	}
	if file, _, err := r.FormFile("file"); err == nil {
		defer file.Close() //nolint:errcheck // only read
		data, err := io.ReadAll(io.LimitReader(file, maxBody))
		if err != nil {
			return nil, err
		}
		if len(data) > 0 {
			l, err := commission.ParseLayout(data)
			return &l, err
		}
	}
	columns, err := commission.ParseColumns(r.PostFormValue("columns"))
	if err != nil || len(columns) == 0 {
		return nil, err
	}
	var boards []commission.Board
	for _, b := range v.work.Session.Found() {
		if b.Answers() {
			boards = append(boards, b)
		}
	}
	l, err := commission.PlanColumns(columns, boards)
	return &l, err
}

// enrol makes this controller a site's. The session ends with it.
func (f *Face) enrol(w http.ResponseWriter, r *http.Request, v visit) error {
	if f.opts.Enrol == nil {
		http.NotFound(w, r)
		return nil
	}
	err := f.opts.Enrol(r.Context(), r.PostFormValue("token"))
	switch {
	case errors.Is(err, ErrToken):
		return f.showHome(w, r, v, v.t.T("service.enrol.bad"))
	case err != nil:
		return f.showHome(w, r, v, v.t.T("service.enrol.failed", "reason", err.Error()))
	}
	if err := f.Close(r.Context()); err != nil {
		return err
	}
	ui.Redirect(w, r, Prefix+"/ended?enrolled=yes")
	return nil
}
