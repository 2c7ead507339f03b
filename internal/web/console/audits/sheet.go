package audits

import (
	"bytes"
	"errors"
	"net/http"
	"strings"

	"cubby/internal/cloud/round"
	"cubby/internal/document"
	"cubby/internal/locker"
	"cubby/internal/web/ui"
)

// sheetView is the result of a guided audit, to print or to keep.
type sheetView struct {
	Shell ui.ShellView
	Facts []fact
	Table ui.TableView
	Links []ui.ButtonView
}

func (p *Pages) sheet(w http.ResponseWriter, r *http.Request, v Visit) error {
	view, err := p.Rounds.View(r.Context(), v.Who, v.Site.ID, r.PathValue("round"), "")
	if err != nil {
		return err
	}
	t, self := v.Text, v.round(view.ID)+"/sheet"
	s := sheetView{
		Shell: v.Shell(t.T("audit.step.sheet"), false), Facts: sheetFacts(v, view),
		Table: ui.TableView{ID: "places", Caption: t.T("audit.step.sheet")},
		Links: []ui.ButtonView{{Text: t.T("audit.sheet.csv"), Icon: "download", Kind: "ghost", Href: self + "/csv"}},
	}
	if t.Dir() == "ltr" { // the fonts of a PDF know Latin letters only: this page is printed instead
		s.Links = append(s.Links, ui.ButtonView{Text: t.T("audit.sheet.pdf"), Icon: "download", Kind: "ghost", Href: self + "/pdf"})
	}
	if view.Ended.IsZero() {
		s.Links = append(s.Links, ui.ButtonView{Text: t.T("audit.continue"), Href: v.round(view.ID)})
	}
	s.Links = append(s.Links, ui.ButtonView{Text: t.T("audit.back"), Kind: "ghost", Href: v.Base})
	for _, c := range columns(v) {
		s.Table.Columns = append(s.Table.Columns, ui.ColumnView{Text: c.Title, Numeric: c.Kind == document.KindCount})
	}
	for _, step := range view.Steps {
		row := ui.RowView{ID: "place-" + seg(string(step.Place))}
		for i, cell := range cells(v, view, step) {
			text, ok := cell.(string)
			if n, count := cell.(int); count {
				text = t.Number(n)
			} else if !ok {
				text = ""
			}
			if i == 0 && view.Ended.IsZero() {
				row.Href = v.at(view.ID, step.Place)
			}
			row.Cells = append(row.Cells, ui.CellView{Text: text})
		}
		s.Table.Rows = append(s.Table.Rows, row)
	}
	return ui.Write(w, r, http.StatusOK, sheetPage(s))
}

func sheetFacts(v Visit, view round.View) []fact {
	t := v.Text
	facts := []fact{
		{t.T("console.site"), v.Site.Name},
		{t.T("audit.round.reason"), view.Reason},
		{t.T("audit.round.by"), view.By},
		{t.T("audit.round.when"), t.DayTime(view.Began, v.Now, v.Zone)},
		{t.T("audit.round.done"), t.T("audit.round.progress", "done", t.Number(view.Done), "of", t.Number(view.Of))},
		{t.T("audit.round.amiss"), t.Number(view.Amiss)},
	}
	if !view.Ended.IsZero() {
		facts = append(facts, fact{t.T("audit.round.ended"), t.DayTime(view.Ended, v.Now, v.Zone)})
	}
	return facts
}

func columns(v Visit) []document.Column {
	t := v.Text
	return []document.Column{
		{Title: t.T("audit.sheet.place"), Kind: document.KindText},
		{Title: t.T("audit.sheet.state"), Kind: document.KindText},
		{Title: t.T("audit.sheet.said"), Kind: document.KindText},
		{Title: t.T("audit.sheet.booked"), Kind: document.KindCount},
		{Title: t.T("audit.sheet.there"), Kind: document.KindCount},
		{Title: t.T("audit.sheet.missing"), Kind: document.KindText},
		{Title: t.T("audit.sheet.found"), Kind: document.KindText},
		{Title: t.T("audit.sheet.strangers"), Kind: document.KindText},
		{Title: t.T("audit.sheet.note"), Kind: document.KindText},
		{Title: t.T("audit.sheet.by"), Kind: document.KindText},
		{Title: t.T("audit.sheet.at"), Kind: document.KindText},
	}
}

func cells(v Visit, view round.View, s round.Step) []any {
	t := v.Text
	words, at, strangers := "", "", ""
	if s.Said != "" {
		words = t.T("audit.said." + string(s.Said))
	}
	if !s.At.IsZero() {
		at = t.DayTime(s.At, v.Now, v.Zone)
	}
	if s.Strangers > 0 {
		strangers = strings.TrimSpace(t.Number(s.Strangers) + " " + strings.Join(s.Tails, ", "))
	}
	return []any{
		s.Name, t.T("audit.state." + string(s.State)), words, s.Booked, s.Seen, strings.Join(s.Missing, ", "), strings.Join(s.Found, ", "),
		strangers, s.Note, view.People[s.By], at,
	}
}

// file sends the result as CSV or PDF.
func (p *Pages) file(w http.ResponseWriter, r *http.Request, v Visit) error {
	view, err := p.Rounds.View(r.Context(), v.Who, v.Site.ID, r.PathValue("round"), "")
	if err != nil {
		return err
	}
	table := document.Table{Name: v.Text.T("audit.step.sheet"), Columns: columns(v)}
	for _, s := range view.Steps {
		table.Rows = append(table.Rows, cells(v, view, s))
	}
	var body bytes.Buffer
	kind := "text/csv; charset=utf-8"
	switch r.PathValue("file") {
	case "csv":
		err = document.WriteCSV(&body, table)
	case "pdf":
		kind, err = "application/pdf", writePDF(&body, v, view, table)
	default:
		return locker.Errorf(locker.CodeNotFound, "no such file")
	}
	if errors.Is(err, document.ErrScript) {
		return locker.Errorf(locker.CodeInputInvalid, "this language cannot be written to a PDF: print the page instead")
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", `attachment; filename="audit.`+r.PathValue("file")+`"`)
	h.Set("Cache-Control", "no-store")
	_, err = w.Write(body.Bytes())
	return err
}

func writePDF(body *bytes.Buffer, v Visit, view round.View, table document.Table) error {
	paper, err := document.NewPaper(document.PaperOptions{
		Title: v.Text.T("audit.sheet.of", "site", v.Site.Name), Language: v.Text.Lang(), Footer: v.Site.PropertyName,
		PageOf: v.Text.T("audit.sheet.page"), At: view.Began, Wide: true,
	})
	if err != nil {
		return err
	}
	for _, f := range sheetFacts(v, view) {
		paper.Text(f.Name + ": " + f.Value)
	}
	paper.Table(table)
	return paper.Write(body)
}
