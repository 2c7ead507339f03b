package planner

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/goccy/go-yaml"

	"cubby/internal/locker"
	"cubby/internal/sizing"
	"cubby/internal/sizing/drawing"
	"cubby/internal/sizing/layout"
	"cubby/internal/sizing/planfile"
	"cubby/internal/text"
	"cubby/internal/web/planner/report"
	"cubby/internal/web/ui"
)

// download is a file that a visitor may take away.
type download struct {
	name, kind string
	write      func(w io.Writer, d data) error
}

// data is what a download may be made of.
type data struct {
	answer sizing.Answer
	report *report.Report
	t      *text.Printer
}

// A report is a PDF, or where paper has no letters of the language a page that the browser prints.
const (
	paperFile = "plan.pdf"
	pageFile  = "plan.html"
)

// offered reports whether a file is offered to readers of a language.
func offered(name string, t *text.Printer) bool {
	switch name {
	case paperFile:
		return t.Dir() == "ltr"
	case pageFile:
		return t.Dir() != "ltr"
	}
	return true
}

func downloads() []download {
	return []download{
		{paperFile, "application/pdf", func(w io.Writer, d data) error { return d.report.PDF(w) }},
		{pageFile, "text/html; charset=utf-8", func(w io.Writer, d data) error { return d.report.HTML(w) }},
		{
			"plan.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
			func(w io.Writer, d data) error { return d.report.XLSX(w) },
		},
		{"plan-csv.zip", "application/zip", writeZip},
		{"plan.json", "application/json", func(w io.Writer, d data) error {
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			return e.Encode(d.answer)
		}},
		{"plan.yaml", "application/yaml", func(w io.Writer, d data) error { return planfile.Write(w, d.answer.Problem) }},
		{"layout.yaml", "application/yaml", writeLayout},
		{"front.svg", "image/svg+xml", func(w io.Writer, d data) error { return d.report.SVG(w, "") }},
	}
}

func writeZip(w io.Writer, d data) error {
	files, err := d.report.CSV()
	if err != nil {
		return err
	}
	z := zip.NewWriter(w)
	for _, f := range files {
		part, err := z.Create(f.Name)
		if err != nil {
			return err
		}
		if _, err := part.Write(f.Data); err != nil {
			return err
		}
	}
	return z.Close()
}

func writeLayout(w io.Writer, d data) error {
	made, err := layout.Of(d.answer.Problem, d.answer.Recommended, names(d.t))
	if err != nil {
		return err
	}
	out, err := yaml.MarshalWithOptions(made, yaml.UseJSONMarshaler())
	if err != nil {
		return fmt.Errorf("write the layout: %w", err)
	}
	_, err = w.Write(out)
	return err
}

// names are the words of a layout in the visitor's language.
func names(t *text.Printer) layout.Names {
	return layout.Names{Bank: t.T("planner.layout.bank"), Room: t.T("planner.layout.room"), Desk: t.T("planner.layout.desk")}
}

// file answers with a download of the full plan.
func (f *Face) file(w http.ResponseWriter, r *http.Request, v visit) error {
	v.full, v.step = true, answerStep
	if r.PathValue("name") == paperFile && !offered(paperFile, v.t) {
		ui.Redirect(w, r, Prefix+"/files/"+pageFile+"?"+v.state.Query()+langQuery(v))
		return nil
	}
	for _, d := range downloads() {
		if d.name != r.PathValue("name") {
			continue
		}
		if len(v.problems) > 0 {
			view := f.view(v) // says what is wrong
			view.Answer.Problems = view.Errors
			return ui.Write(w, r, http.StatusUnprocessableEntity, wizardPage(view))
		}
		a, err := f.answer(r, v, full, nil)
		if err != nil {
			return err
		}
		rep, err := f.report(v, a)
		if err != nil {
			return err
		}
		var out bytes.Buffer
		if err := d.write(&out, data{answer: a, report: rep, t: v.t}); err != nil {
			return fmt.Errorf("write %s: %w", d.name, err)
		}
		h := w.Header()
		h.Set("Content-Type", d.kind)
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": d.name}))
		h.Set("Cache-Control", "no-store")
		_, _ = w.Write(out.Bytes()) // the client went away; nobody is left to tell
		return nil
	}
	http.NotFound(w, r)
	return nil
}

// Site is what a plan makes of a building: the layout of its site, and how its front looks.
type Site struct {
	Query  string // the state, canonical: ask with it again
	Lead   string // the recommendation in one sentence
	Layout locker.Layout
	Doors  []SizeCount
	Boards map[string]int // by bus
	Fronts []*drawing.Scene
}

// Site answers the full plan of a state and makes the layout of a site of it. Errors: the state is
// wrong or keeps nothing in the building (INPUT_INVALID), or there are too many questions at once
// (RATE_LIMITED).
func (f *Face) Site(ctx context.Context, q url.Values, t *text.Printer) (Site, error) {
	state, problems := Decode(q)
	if len(problems) > 0 {
		return Site{}, locker.Errorf(locker.CodeInputInvalid, "the plan's address is wrong: open it in the planner and look")
	}
	p := state.Problem(t.T("planner.name"))
	if err := p.Validate(); err != nil {
		return Site{}, locker.Errorf(locker.CodeInputInvalid, "the plan contradicts itself: %v", err)
	}
	a, err := f.desk.answer(ctx, question{key: state.Query(), problem: p, depth: full})
	if err != nil {
		if ctx.Err() == nil {
			err = locker.Errorf(locker.CodeRateLimited, "%v", err)
		}
		return Site{}, err
	}
	made, err := layout.Of(a.Problem, a.Recommended, names(t))
	if err != nil {
		return Site{}, locker.Errorf(locker.CodeInputInvalid, "the plan makes no site: %v", err)
	}
	rep, err := report.New(a, report.Options{Printer: t, At: f.opts.Now()})
	if err != nil {
		return Site{}, err
	}
	s := Site{Query: state.Query(), Lead: rep.Lead, Layout: made, Boards: layout.Boards(made)}
	for _, c := range a.Recommended.Mix {
		if c.Doors > 0 {
			s.Doors = append(s.Doors, SizeCount{Size: c.Size, Doors: c.Doors})
		}
	}
	for _, d := range rep.Drawings() {
		if isFront(d.Name) {
			s.Fronts = append(s.Fronts, d.Scene)
		}
	}
	return s, nil
}
