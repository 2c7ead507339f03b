package service

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"cubby/internal/commission"
	"cubby/internal/web/ui"
)

// frameView is what every page has.
type frameView struct {
	Shell   ui.PhoneView
	Heading string
	Errors  ui.ErrorSummaryView
	Nav     []ui.NavItem
}

type codeView struct {
	Frame  frameView
	Action string
	Field  ui.FieldView
	Submit ui.ButtonView
}

func (f *Face) codeForm(w http.ResponseWriter, r *http.Request, v visit) error {
	return f.askCode(w, r, v, "")
}

func (f *Face) askCode(w http.ResponseWriter, r *http.Request, v visit, problem string) error {
	t := v.t
	var problems []string
	if problem != "" {
		problems = []string{problem}
	}
	page := codeView{
		Frame: f.frame(v, t.T("service.code.title"), problems...), Action: Prefix + "/code",
		Field: ui.FieldView{
			ID: "code", Label: t.T("service.code.label"), Hint: t.T("service.code.hint"), Error: problem, Autocomplete: "one-time-code",
			InputMode: "numeric", Required: true, Autofocus: problem == "", LTR: true, MaxLength: 12,
		},
		Submit: ui.ButtonView{Text: t.T("service.code.enter"), Large: "xl"},
	}
	if problem != "" {
		page.Frame.Errors.Errors[0].Field = "code"
	}
	return write(w, r, okOr(problems), codePage(page))
}

// code takes the one-time code. Wrong ones are counted where they outlive a restart.
func (f *Face) code(w http.ResponseWriter, r *http.Request, v visit) error {
	err := f.opts.Codes.Take(r.PostFormValue("code"))
	switch {
	case errors.Is(err, commission.ErrCodeWrong):
		f.opts.Logger.WarnContext(r.Context(), "wrong service code", slog.String("from", r.RemoteAddr))
		return f.askCode(w, r, v, v.t.T("service.code.wrong"))
	case errors.Is(err, commission.ErrCodeOver):
		f.opts.Logger.WarnContext(r.Context(), "service code after its end", slog.String("from", r.RemoteAddr))
		return f.askCode(w, r, v, v.t.T("service.code.over"))
	case err != nil:
		return err
	}
	if err := f.letIn(w, r); err != nil {
		f.opts.Logger.ErrorContext(r.Context(), "no session to test the doors", slog.Any("error", err))
		return f.askCode(w, r, v, v.t.T("service.said.open", "reason", err.Error()+"."))
	}
	f.opts.Logger.InfoContext(r.Context(), "somebody tests the doors", slog.String("from", r.RemoteAddr))
	ui.Redirect(w, r, Prefix)
	return nil
}

// look stores a choice of language or theme and leads back.
func (f *Face) look(w http.ResponseWriter, r *http.Request, _ visit) error {
	keep := func(name, value string) {
		http.SetCookie(w, &http.Cookie{ //nolint:gosec // as the visitor's own cookie: plain HTTP on the local network
			Name: name, Value: value, Path: "/", MaxAge: int(lookFor / time.Second), HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
	}
	if lang := r.PostFormValue("lang"); f.opts.Text.Speaks(lang) {
		keep(cookieLang, lang)
	}
	if theme := r.PostFormValue("theme"); theme == "light" || theme == "dark" {
		keep(cookieTheme, theme)
	}
	back := r.PostFormValue("back")
	if back != Prefix && !strings.HasPrefix(back, Prefix+"/") || strings.Contains(back, "\\") {
		back = Prefix
	}
	ui.Redirect(w, r, back)
	return nil
}

// ended says that the session is over.
func (f *Face) ended(w http.ResponseWriter, r *http.Request, v visit) error {
	text := v.t.T("service.ended.text")
	if r.URL.Query().Get("enrolled") != "" {
		text = v.t.T("service.enrol.done")
	}
	return write(w, r, http.StatusOK, calmPage(calmView{Frame: f.frame(v, v.t.T("service.ended.title")), Text: text}))
}

type calmView struct {
	Frame frameView
	Text  string
}
