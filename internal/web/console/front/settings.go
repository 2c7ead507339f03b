package front

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"cubby/internal/cloud"
	"cubby/internal/cloud/desk"
	"cubby/internal/cloud/label"
	"cubby/internal/locker"
	"cubby/internal/web/ui"
)

type settingsView struct {
	Shell     ui.ShellView
	Errors    ui.ErrorSummaryView
	Action    string
	Signature ui.ChoicesView
	Printer   ui.FieldView
	Width     ui.FieldView
	Height    ui.FieldView
	Dots      ui.FieldView
	Return    ui.FieldView
	Submit    ui.ButtonView
	Links     []ui.ButtonView
}

// typed is what the form of the settings holds.
type typed struct {
	signature, printer, width, height, dots, days string
	errs                                          []ui.FormError
}

func (p *Pages) settings(w http.ResponseWriter, r *http.Request, v Visit) error {
	site, err := p.Site(r.Context(), v.Who, v.Site.ID)
	if err != nil {
		return err
	}
	s := site.Settings.Desk
	size := label.DefaultSize()
	if s.Label != (cloud.LabelSize{}) {
		size = label.Size(s.Label)
	}
	f := typed{signature: s.Signature, printer: s.Printer, width: itoa(size.WidthMM), height: itoa(size.HeightMM), dots: itoa(size.DotsPerMM)}
	if s.ReturnDays > 0 {
		f.days = itoa(s.ReturnDays)
	}
	return ui.Write(w, r, http.StatusOK, settingsPage(p.form(v, f)))
}

func (p *Pages) change(w http.ResponseWriter, r *http.Request, v Visit) error {
	value := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	f := typed{
		signature: value("signature"), printer: value("printer"), width: value("width"), height: value("height"), dots: value("dots"),
		days: value("days"),
	}
	s := cloud.DeskSettings{Signature: f.signature}
	for _, n := range []struct {
		field, text string
		into        *int
	}{
		{"width", f.width, &s.Label.WidthMM},
		{"height", f.height, &s.Label.HeightMM},
		{"dots", f.dots, &s.Label.DotsPerMM},
		{"days", f.days, &s.ReturnDays},
	} {
		if n.text == "" && n.field == "days" {
			continue
		}
		number, err := strconv.Atoi(n.text)
		if err != nil || number < 0 {
			f.errs = append(f.errs, ui.FormError{Field: n.field, Text: v.Text.T("desk.settings.number")})
			continue
		}
		*n.into = number
	}
	var err error
	if s.Printer, err = label.Address(f.printer); err != nil {
		f.errs = append(f.errs, ui.FormError{Field: "printer", Text: v.Text.T("desk.settings.printer.wrong")})
	}
	if len(f.errs) == 0 && label.Size(s.Label).Check() != nil {
		f.errs = append(f.errs, ui.FormError{Field: "width", Text: v.Text.T("desk.settings.size.wrong")})
	}
	if len(f.errs) == 0 {
		err = p.Desk.SetDesk(r.Context(), v.Who, v.Site.ID, s)
		var domain *locker.Error
		switch {
		case err == nil:
			v.Done(w, r, v.Base+"/desk", "desk_saved")
			return nil
		case !errors.As(err, &domain) || domain.Code != locker.CodeInputInvalid:
			return err
		}
		f.errs = append(f.errs, ui.FormError{Field: "days", Text: v.Text.Error(string(domain.Code))})
	}
	return ui.Write(w, r, http.StatusUnprocessableEntity, settingsPage(p.form(v, f)))
}

func (p *Pages) form(v Visit, f typed) settingsView {
	t := v.Text
	wrong := func(field string) string {
		for _, e := range f.errs {
			if e.Field == field {
				return e.Text
			}
		}
		return ""
	}
	field := func(id, value string) ui.FieldView {
		return ui.FieldView{
			ID: id, Label: t.T("desk.settings." + id), Hint: t.T("desk.settings." + id + ".hint"), Value: value, Error: wrong(id), LTR: true,
			Autocomplete: "off", MaxLength: maxName,
		}
	}
	view := settingsView{
		Shell: v.Shell(t.T("desk.settings"), len(f.errs) > 0), Errors: ui.ErrorSummaryView{Title: t.T("common.problem"), Errors: f.errs},
		Action:    v.Base + "/desk",
		Signature: ui.ChoicesView{ID: "signature", Name: "signature", Legend: t.T("desk.settings.signature")},
		Printer:   field("printer", f.printer), Width: field("width", f.width), Height: field("height", f.height), Dots: field("dots", f.dots),
		Return: field("days", f.days), Submit: ui.ButtonView{Text: t.T("common.save"), Icon: "check"},
		Links: []ui.ButtonView{
			{Text: t.T("desk.print.place"), Icon: "printer", Kind: "ghost", Href: v.Base + "/labels?kind=place"},
			{Text: t.T("console.nav.log"), Icon: "package-plus", Kind: "ghost", Href: v.Base + "/log"},
		},
	}
	for _, rule := range []string{desk.SignNever, desk.SignOthers, desk.SignAlways} {
		key := rule
		if key == desk.SignNever {
			key = "never"
		}
		view.Signature.Options = append(view.Signature.Options, ui.Option{
			Value: rule, Text: t.T("desk.settings.signature." + key), Selected: rule == f.signature,
		})
	}
	return view
}
