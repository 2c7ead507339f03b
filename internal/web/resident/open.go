package resident

import (
	"net/http"
	"net/url"
	"strings"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/web/ui"
)

// openView is the form of somebody who stands at the locker.
type openView struct {
	Shell   ui.PhoneView
	Heading string
	Text    string
	Errors  ui.ErrorSummaryView
	Action  string
	Doors   *ui.ChoicesView // with several
	Stay    string          // with one
	Proof   ui.FieldView
	Submit  ui.ButtonView
	Back    ui.ButtonView
}

// maxProof is the longest proof: a scanned one has 19 characters.
const maxProof = 40

func (f *Face) openForm(w http.ResponseWriter, r *http.Request, v visit) error {
	if len(doors(v)) == 0 {
		ui.Redirect(w, r, v.href(""))
		return nil
	}
	return write(w, r, openPage(openOf(v, locker.StayID(r.URL.Query().Get("stay")), "", nil)))
}

func openOf(v visit, stay locker.StayID, proof string, errs []ui.FormError) openView {
	t := v.t
	all := doors(v)
	title := t.T("resident.open")
	view := openView{
		Heading: title, Text: t.T("resident.open.text"), Action: v.href("/open"), Stay: string(stay),
		Errors: ui.ErrorSummaryView{Title: t.T("common.problem"), Errors: errs},
		Proof: ui.FieldView{
			ID: "proof", Label: t.T("resident.proof"), Hint: t.T("resident.proof.hint"), Value: proof, LTR: true, Required: true,
			MaxLength: maxProof, Autocomplete: "off", Error: errorOf(errs, "proof"), Autofocus: len(errs) == 0,
			Attrs: map[string]any{"autocapitalize": "characters", "spellcheck": "false"},
		},
		Submit: ui.ButtonView{Text: t.T("resident.open.do"), Icon: "door-open", Large: "xl"},
		Back:   ui.ButtonView{Text: t.T("common.back"), Kind: "ghost", Href: v.href("")},
	}
	if len(errs) > 0 {
		title = t.T("common.error_prefix", "title", title)
	}
	view.Shell = shell(v, title)
	if len(all) > 1 {
		view.Doors = &ui.ChoicesView{ID: "stay", Name: "stay", Legend: t.T("resident.open.which"), Error: errorOf(errs, "stay")}
		for i, p := range all {
			view.Doors.Options = append(view.Doors.Options, ui.Option{
				Value: string(p.Stay), Text: placeWord(t, p), Hint: position(t, p), Selected: p.Stay == stay || stay == "" && i == 0,
			})
		}
	} else if len(all) == 1 {
		view.Stay = string(all[0].Stay)
	}
	return view
}

func errorOf(errs []ui.FormError, field string) string {
	for _, e := range errs {
		if e.Field == field {
			return e.Text
		}
	}
	return ""
}

// open asks the site to open a door with what the locker's screen shows now.
func (f *Face) open(w http.ResponseWriter, r *http.Request, v visit) error {
	stay := locker.StayID(r.PostFormValue("stay"))
	proof := strings.TrimSpace(r.PostFormValue("proof"))
	if proof == "" {
		return openAgain(w, r, openOf(v, stay, proof, []ui.FormError{{Field: "proof", Text: v.t.T("resident.proof.missing")}}))
	}
	// Six symbols are one of 64 million: a link has a few tries, then waits.
	if ok, _ := f.proofs.Allow(v.token); !ok {
		return openAgain(w, r, openOf(v, stay, "", []ui.FormError{{Field: "proof", Text: v.t.Error(string(locker.CodeRateLimited))}}))
	}
	intent, err := f.cloud.ResidentOpen(r.Context(), v.token, stay, proof)
	if code := codeOf(err); err != nil && (code == locker.CodeInternal || code == locker.CodeNotFound) {
		return err
	} else if err != nil {
		return openAgain(w, r, openOf(v, stay, "", []ui.FormError{{Field: "proof", Text: v.t.Error(string(code), "code", string(code))}}))
	}
	ui.Redirect(w, r, v.href("/opened/"+url.PathEscape(string(intent))+"?stay="+url.QueryEscape(string(stay))))
	return nil
}

func openAgain(w http.ResponseWriter, r *http.Request, view openView) error {
	return ui.Write(w, r, http.StatusUnprocessableEntity, openPage(view))
}

// openedView says what the door did.
type openedView struct {
	Shell   ui.PhoneView
	Heading string
	Where   string
	Text    string
	Banner  *ui.BannerView
	Again   ui.ButtonView
	Back    ui.ButtonView
	Icon    string

	Wrong, WrongText string // where to say that something is wrong
}

// opened waits for the site's answer and says it. A refusal shows the form again.
func (f *Face) opened(w http.ResponseWriter, r *http.Request, v visit) error {
	answer, err := f.cloud.ResidentAwait(r.Context(), v.token, locker.IntentID(r.PathValue("intent")))
	if err != nil {
		return err
	}
	stay := locker.StayID(r.URL.Query().Get("stay"))
	if answer.State == cloud.IntentDone {
		f.proofs.Forget(v.token)
		return write(w, r, openedPage(openedOf(v, answer, stay)))
	}
	if len(doors(v)) > 0 && answer.State != cloud.IntentPending {
		code := string(answer.Code)
		if answer.State == cloud.IntentExpired {
			code = string(locker.CodeSiteOffline)
		}
		errs := []ui.FormError{{Field: "proof", Text: v.t.Error(code, "code", code)}}
		return write(w, r, openPage(openOf(v, stay, "", errs)))
	}
	return write(w, r, openedPage(openedOf(v, answer, stay)))
}

func openedOf(v visit, a cloud.IntentView, stay locker.StayID) openedView {
	t := v.t
	view := openedView{
		Wrong: v.href("/wrong?stay=" + url.QueryEscape(string(stay))), WrongText: t.T("household.wrong"),
		Back: ui.ButtonView{Text: t.T("resident.opened.back"), Kind: "ghost", Href: v.href("")},
		Again: ui.ButtonView{
			Text: t.T("resident.opened.again"), Icon: "refresh-cw", Kind: "ghost",
			Href: v.href("/open?stay=" + url.QueryEscape(string(stay))),
		},
	}
	switch a.State {
	case cloud.IntentDone:
		view.Heading, view.Text, view.Icon = t.T("resident.opened"), t.T("resident.opened.text"), "door-open"
		for _, p := range v.page.Parcels {
			if p.Stay == stay {
				view.Heading, view.Where = t.T("resident.opened.door", "door", p.PlaceName), position(t, p)
			}
		}
	case cloud.IntentPending:
		view.Heading, view.Text, view.Icon = t.T("resident.pending"), t.T("resident.pending.text"), "clock"
		view.Again = ui.ButtonView{
			Text: t.T("resident.pending.look"), Icon: "refresh-cw",
			Href: v.href("/opened/" + url.PathEscape(string(a.ID)) + "?stay=" + url.QueryEscape(string(stay))),
		}
	case cloud.IntentRefused, cloud.IntentExpired:
		code := string(a.Code)
		if code == "" {
			code = string(locker.CodeSiteOffline)
		}
		view.Heading, view.Text, view.Icon = t.T("resident.not_opened"), t.Error(code, "code", code), "circle-alert"
	}
	view.Shell = shell(v, view.Heading)
	return view
}
