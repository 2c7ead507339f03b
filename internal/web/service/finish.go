package service

import (
	"errors"
	"net/http"
	"strings"

	"cubby/internal/commission"
	"cubby/internal/locker"
	"cubby/internal/web/ui"
)

// maxName is the most characters of a name on the sheet.
const maxName = 80

type finishView struct {
	Frame   frameView
	Tally   string
	Fields  []ui.FieldView
	Sheet   ui.ButtonView
	Layout  ui.ButtonView
	EndText string
	End     ui.ButtonView
}

func (f *Face) finish(w http.ResponseWriter, r *http.Request, v visit) error {
	t := v.t
	page := finishView{
		Frame: f.frame(v, t.T("service.finish.title")), EndText: t.T("service.finish.end.text"),
		Fields: []ui.FieldView{
			{ID: "site", Label: t.T("service.finish.site"), Value: v.names.Site, Autocomplete: "off", MaxLength: maxName},
			{
				ID: "installer", Label: t.T("service.finish.installer"), Hint: t.T("service.finish.installer.hint"), Value: v.names.Installer,
				Autocomplete: "name", MaxLength: maxName,
			},
		},
		Sheet:  ui.ButtonView{Text: t.T("service.finish.sheet"), Icon: "printer", Large: "xl"},
		Layout: ui.ButtonView{Text: t.T("service.finish.layout"), Href: Prefix + "/layout.yaml", Kind: "ghost", Large: "big"},
		End:    ui.ButtonView{Text: t.T("service.finish.end"), Kind: "ghost", Large: "big"},
	}
	err := v.work.Session.View(func(walk *commission.Walk) { page.Tally = tally(t, walk.Tally()) })
	if errors.Is(err, commission.ErrNoWalk) {
		ui.Redirect(w, r, Prefix)
		return nil
	}
	return write(w, r, http.StatusOK, finishPage(page))
}

func short(s string) string {
	runes := []rune(strings.TrimSpace(s))
	return string(runes[:min(len(runes), maxName)])
}

// sheet draws the hand-over sheet. It is a POST because it takes names, which stand in no address.
func (f *Face) sheet(w http.ResponseWriter, r *http.Request, v visit) error {
	n := names{Site: short(r.PostFormValue("site")), Installer: short(r.PostFormValue("installer"))}
	f.visits.name(n)
	var sheet commission.Sheet
	if err := v.work.Session.View(func(walk *commission.Walk) { sheet = walk.Sheet() }); err != nil {
		ui.Redirect(w, r, Prefix)
		return nil //nolint:nilerr // without a walk there is nothing to hand over
	}
	head, err := v.work.Session.Head(r.Context())
	if err != nil {
		return err
	}
	sheet.Site, sheet.Installer, sheet.Session, sheet.Record = n.Site, n.Installer, v.work.ID, head
	page, err := RenderSheet(r.Context(), v.t, sheet, f.opts.Zone)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", string(sheetPolicy()))
	return ui.WriteHTML(w, r, http.StatusOK, page)
}

// layout sends the layout file as the doors really hang.
func (f *Face) layout(w http.ResponseWriter, r *http.Request, v visit) error {
	var l locker.Layout
	if err := v.work.Session.View(func(walk *commission.Walk) { l = walk.Layout() }); err != nil {
		ui.Redirect(w, r, Prefix)
		return nil //nolint:nilerr // without a walk there is no layout
	}
	h := w.Header()
	h.Set("Content-Type", "application/yaml; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="layout.yaml"`)
	const comment = "Made by the test of the doors. Sizes, units and reach_mm of doors that no plan knew are guesses: set them."
	_, err := w.Write(commission.WriteLayout(l, comment))
	return err
}

// end closes the session. A new code opens another.
func (f *Face) end(w http.ResponseWriter, r *http.Request, _ visit) error {
	if err := f.Close(r.Context()); err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{Name: cookieVisit, Path: Prefix, MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode}) //nolint:gosec // it only ends
	ui.Redirect(w, r, Prefix+"/ended")
	return nil
}
