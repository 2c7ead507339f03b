package console

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"cubby/internal/cloud"
	"cubby/internal/cloud/importer"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

type imports interface {
	GuessMapping(ctx context.Context, p cloud.Principal, data []byte) (cloud.ImportGuess, error)
	PlanImport(ctx context.Context, p cloud.Principal, in cloud.ImportInput) (cloud.ImportPlan, error)
	ApplyImport(ctx context.Context, p cloud.Principal, id string) (cloud.ImportResult, error)
}

// importView is the import of residents in three steps on one address: the file, the columns with a
// preview, the result. Nothing is written before the last button.
type importView struct {
	Shell   ui.ShellView
	Errors  ui.ErrorSummaryView
	Intro   string
	Action  string
	File    fileView
	Columns *columnsView
	Preview *previewView
}

// fileView is the choice of a file.
type fileView struct {
	Label, Hint, Error string
	Submit             ui.ButtonView
}

// columnsView says what each column holds. The file itself travels along in the form, so that any
// server can take the next step.
type columnsView struct {
	Heading string
	File    string // base 64
	Rows    []columnView
	Options ui.ChoicesView
	Submit  ui.ButtonView
	Heads   [3]string // of the table
	Read    string    // how the file was read
}

type columnView struct {
	Header, Samples string
	Field           ui.FieldView
}

// previewView says what would change.
type previewView struct {
	Heading  string
	Counts   []factView
	Problems ui.TableView
	Changes  ui.TableView
	More     string // the tables are cut
	Blocked  string // why it cannot be applied
	Plan     string // id
	Apply    ui.ButtonView
	Action   string
}

// maxImportForm is a file in base 64 with room for the other fields.
const maxImportForm = cloud.MaxImportBytes*4/3 + maxForm

func (c *Console) importView(pg page, errs []ui.FormError) importView {
	t := pg.t
	return importView{
		Shell:  c.shell(pg, shellOf{title: t.T("console.import"), nav: "residents", failed: len(errs) > 0}),
		Errors: summary(pg, errs), Intro: t.T("console.import.intro"), Action: siteHref(pg.site.ID, "/residents/import"),
		File: fileView{
			Label: t.T("console.import.file"), Hint: t.T("console.import.file.hint", "size", t.Bytes(cloud.MaxImportBytes)),
			Error: errorOf(errs, "file"), Submit: ui.ButtonView{Text: t.T("console.import.read"), Icon: "upload"},
		},
	}
}

func (c *Console) importForm(w http.ResponseWriter, r *http.Request, pg page) error {
	return write(w, r, importPage(c.importView(pg, nil)))
}

// importTyped is a file and what was said about it.
type importTyped struct {
	data       []byte
	mapping    importer.Mapping
	skip, gone bool
	mapped     bool // the columns were answered
}

// readImport reads the form of either step: the file itself, or the file carried along with the
// columns.
func readImport(w http.ResponseWriter, r *http.Request) (importTyped, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxImportForm)
	f := importTyped{mapped: r.FormValue("mapped") == "yes"}
	if f.mapped {
		data, err := base64.StdEncoding.DecodeString(r.FormValue("data"))
		if err != nil {
			return f, locker.Errorf(locker.CodeImportInvalid, "the file did not survive the form")
		}
		f.data, f.skip, f.gone = data, false, false
		for _, option := range r.Form["option"] {
			f.skip, f.gone = f.skip || option == "skip", f.gone || option == "gone"
		}
		for i := range len(r.Form) {
			key := "column_" + strconv.Itoa(i)
			if !r.Form.Has(key) {
				break
			}
			f.mapping = append(f.mapping, importer.Field(r.Form.Get(key)))
		}
		return f, nil
	}
	file, _, err := r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) {
		return f, nil
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return f, locker.Errorf(locker.CodeImportInvalid, "the file is larger than %d bytes", cloud.MaxImportBytes)
	}
	if err != nil {
		return f, locker.Errorf(locker.CodeImportInvalid, "the file cannot be read: %v", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	if f.data, err = io.ReadAll(io.LimitReader(file, cloud.MaxImportBytes+1)); err != nil {
		return f, err
	}
	return f, nil
}

// importPlan reads the file, proposes what its columns hold and says what would change.
func (c *Console) importPlan(w http.ResponseWriter, r *http.Request, pg page) error {
	f, err := readImport(w, r)
	if err != nil && codeOf(err) != locker.CodeImportInvalid {
		return err
	}
	if err != nil || len(f.data) == 0 {
		return c.importFailed(w, r, pg, pg.t.T("console.import.file.missing"))
	}
	if len(f.data) > cloud.MaxImportBytes {
		return c.importFailed(w, r, pg, pg.t.T("console.import.file.large", "size", pg.t.Bytes(cloud.MaxImportBytes)))
	}
	guess, err := c.cloud.GuessMapping(r.Context(), pg.who, f.data)
	if err == nil && !f.mapped {
		f.mapping = guess.Mapping()
	}
	var plan cloud.ImportPlan
	if err == nil {
		plan, err = c.cloud.PlanImport(r.Context(), pg.who, cloud.ImportInput{
			Site: pg.site.ID, Data: f.data, Mapping: f.mapping, SkipFaulty: f.skip, DeactivateGone: f.gone,
		})
	}
	if codeOf(err) == locker.CodeImportInvalid && err != nil {
		return c.importFailed(w, r, pg, pg.t.T("console.import.file.unreadable"))
	} else if err != nil {
		return err
	}
	v := c.importView(pg, nil)
	v.Columns = columnsOf(pg.t, guess, f)
	v.Preview = previewOf(pg, plan, f)
	return write(w, r, importPage(v))
}

func (c *Console) importFailed(w http.ResponseWriter, r *http.Request, pg page, text string) error {
	return invalid(w, r, importPage(c.importView(pg, []ui.FormError{{Field: "file", Text: text}})), nil)
}

func columnsOf(t *text.Printer, g cloud.ImportGuess, f importTyped) *columnsView {
	v := &columnsView{
		Heading: t.T("console.import.columns"), File: base64.StdEncoding.EncodeToString(f.data),
		Submit: ui.ButtonView{Text: t.T("console.import.again"), Icon: "refresh-cw", Kind: "ghost"},
		Heads:  [3]string{t.T("console.import.column"), t.T("console.import.samples"), t.T("console.import.holds")},
		Read:   t.N("console.import.rows", g.Rows, "encoding", g.Encoding),
		Options: ui.ChoicesView{ID: "option", Name: "option", Multiple: true, Legend: t.T("console.import.options"), Options: []ui.Option{
			{Value: "skip", Text: t.T("console.import.skip"), Selected: f.skip},
			{Value: "gone", Text: t.T("console.import.gone"), Selected: f.gone},
		}},
	}
	for i, col := range g.Columns {
		chosen := importer.FieldNone
		if i < len(f.mapping) {
			chosen = f.mapping[i]
		}
		field := ui.FieldView{
			ID: "column_" + strconv.Itoa(i), Label: t.T("console.import.holds.of", "column", col.Header), Type: "select",
			Options: []ui.Option{{Text: t.T("console.import.field.none"), Selected: chosen == importer.FieldNone}},
		}
		for _, one := range importer.Fields() {
			field.Options = append(field.Options, ui.Option{Value: string(one), Text: fieldWords(t, one), Selected: one == chosen})
		}
		v.Rows = append(v.Rows, columnView{Header: col.Header, Samples: strings.Join(col.Samples, " · "), Field: field})
	}
	return v
}

func fieldWords(t *text.Printer, f importer.Field) string {
	if f == importer.FieldNone {
		return t.T("console.import.field.none")
	}
	return t.T("console.import.field." + string(f))
}

func previewOf(pg page, p cloud.ImportPlan, f importTyped) *previewView {
	t := pg.t
	v := &previewView{
		Heading: t.T("console.import.preview"), Plan: p.ID, Action: siteHref(pg.site.ID, "/residents/import/apply"),
		Apply:    ui.ButtonView{Text: t.T("console.import.apply"), Icon: "check"},
		Problems: problemTable(t, p.Problems), Changes: changeTable(t, p.Changes),
	}
	for _, n := range []struct {
		key   string
		count int
	}{
		{"add", p.Add}, {"change", p.Change}, {"unchanged", p.Unchanged}, {"gone", p.Gone}, {"units", p.UnitsAdd + p.UnitsEdit}, {"faulty", p.Faulty},
	} {
		v.Counts = append(v.Counts, factView{Name: t.T("console.import.count." + n.key), Value: t.Number(n.count)})
	}
	switch {
	case p.ID != "":
	case p.Faulty > 0 && !f.skip:
		v.Blocked = t.T("console.import.blocked")
	default:
		v.Blocked = t.T("console.import.nothing")
	}
	if len(p.Problems) >= cloud.MaxImportProblems || len(p.Changes) >= cloud.MaxImportProblems {
		v.More = t.T("console.import.cut", "n", cloud.MaxImportProblems)
	}
	return v
}

func problemTable(t *text.Printer, problems []importer.Problem) ui.TableView {
	v := ui.TableView{
		ID: "problems", Caption: t.T("console.import.problems"), Columns: []ui.ColumnView{
			{Text: t.T("console.import.line"), Numeric: true},
			{Text: t.T("console.import.column")},
			{Text: t.T("console.import.value")},
			{Text: t.T("console.import.wrong")},
		},
	}
	for _, p := range problems {
		wrong := string(p.Code)
		if t.Has("import.problem." + wrong) {
			wrong = t.T("import.problem."+string(p.Code), "line", p.Other)
		}
		v.Rows = append(v.Rows, ui.RowView{Cells: []ui.CellView{{Text: t.Number(p.Line)}, {Text: p.Column}, {Text: p.Value}, {Text: wrong}}})
	}
	return v
}

func changeTable(t *text.Printer, changes []importer.Change) ui.TableView {
	v := ui.TableView{
		ID: "changes", Caption: t.T("console.import.changes"), Columns: []ui.ColumnView{
			{Text: t.T("console.import.what")},
			{Text: t.T("console.resident.unit")},
			{Text: t.T("console.resident.name")},
			{Text: t.T("console.import.differs")},
		},
	}
	for _, c := range changes {
		var edits []string
		for _, e := range c.Fields {
			edits = append(edits, t.T("console.import.edit", "field", fieldWords(t, e.Field), "old", orDash(e.Old), "new", orDash(e.New)))
		}
		v.Rows = append(v.Rows, ui.RowView{Cells: []ui.CellView{
			{Component: ui.Badge(actionBadge(t, c.Action))}, {Text: c.Unit}, {Text: c.Name}, {Text: strings.Join(edits, "; ")},
		}})
	}
	return v
}

func actionBadge(t *text.Printer, a importer.Action) ui.BadgeView {
	v := ui.BadgeView{Text: t.T("console.import.action." + string(a))}
	switch a {
	case importer.ActionAdd:
		v.Kind = "ok"
	case importer.ActionChange:
		v.Kind = "info"
	case importer.ActionDeactivate:
		v.Kind = "warn"
	}
	return v
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// importApply does what the preview said.
func (c *Console) importApply(w http.ResponseWriter, r *http.Request, pg page) error {
	_, err := c.cloud.ApplyImport(r.Context(), pg.who, r.PostFormValue("plan"))
	switch code := codeOf(err); {
	case err == nil:
		c.done(w, r, siteHref(pg.site.ID, "/residents"), "imported")
		return nil
	case code == locker.CodeConflict || code == locker.CodeNotFound:
		return c.importFailed(w, r, pg, pg.t.T("console.import.stale"))
	}
	return err
}
