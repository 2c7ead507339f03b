package kiosk

import (
	"net/http"
	"net/url"
	"strings"

	"cubby/internal/controller"
	"cubby/internal/credential"
	"cubby/internal/locker"
	"cubby/internal/web/ui"
)

// acts are the values of field act, and what each means.
func acts() map[string]func(f url.Values) controller.Act {
	return map[string]func(f url.Values) controller.Act{
		"next":  func(url.Values) controller.Act { return controller.OpenNext{} },
		"again": func(url.Values) controller.Act { return controller.OpenAgain{} },
		"problem": func(f url.Values) controller.Act {
			return controller.ReportProblem{Problem: locker.Problem(f.Get("problem"))}
		},
		"taken":  func(f url.Values) controller.Act { return controller.AnswerTaken{Taken: f.Get("answer") == yes} },
		"shut":   func(url.Values) controller.Act { return controller.DoorShut{} },
		"finish": func(url.Values) controller.Act { return controller.Finish{} },
		"idle":   func(url.Values) controller.Act { return controller.Idle{} },
		"back":   func(url.Values) controller.Act { return controller.Back{} },

		"parcel": func(f url.Values) controller.Act { return controller.ScanParcel{Tracking: f.Get("tracking")} },
		"find": func(f url.Values) controller.Act {
			return controller.FindRecipient{Text: strings.TrimSpace(f.Get("text"))}
		},
		"choose": func(f url.Values) controller.Act { return controller.ChooseRecipient{Ref: f.Get("ref")} },
		"nobody": func(url.Values) controller.Act { return controller.NoRecipient{} },
		"size": func(f url.Values) controller.Act {
			return controller.ChooseSize{Size: locker.Size(f.Get("size")), Cold: f.Get("cold") == yes}
		},
		"bigger": func(url.Values) controller.Act { return controller.NeedBigger{} },
		"undo": func(f url.Values) controller.Act {
			return controller.UndoDeposit{WrongRecipient: f.Get("wrong") == yes}
		},
		"stored": func(f url.Values) controller.Act { return controller.AnswerStored{Stored: f.Get("answer") == yes} },
		"option": func(f url.Values) controller.Act { return controller.TakeOption{Index: small(f.Get("index"))} },
		"refuse": func(url.Values) controller.Act { return controller.RefuseParcel{} },

		"open": func(f url.Values) controller.Act {
			return controller.OpenDoor{Place: placeOf(f), Reason: f.Get("reason")}
		},
		"clear": func(f url.Values) controller.Act {
			return controller.ClearPlace{Place: placeOf(f), Reason: f.Get("reason")}
		},
		"reissue": func(f url.Values) controller.Act { return controller.ReissueCode{Stay: locker.StayID(f.Get("stay"))} },
		"out": func(f url.Values) controller.Act {
			return controller.SetService{Place: placeOf(f), Out: f.Get("out") == yes, Reason: f.Get("reason")}
		},
		"bank_out": func(f url.Values) controller.Act {
			return controller.SetBankService{Out: f.Get("out") == yes, Reason: f.Get("reason")}
		},
		"verify": func(f url.Values) controller.Act {
			return controller.VerifyPlace{Place: placeOf(f), Occupied: f.Get("answer") == yes}
		},
		"service": func(f url.Values) controller.Act {
			return controller.BeginService{Second: controller.Input{Code: f.Get("code")}}
		},
		"service_end": func(url.Values) controller.Act { return controller.EndService{} },
	}
}

// yes is the value of a form field that says so.
const yes = "1"

func placeOf(f url.Values) locker.PlaceID { return locker.PlaceID(f.Get("place")) }

// small reads an index of a short list; -1 is none.
func small(s string) int {
	if len(s) != 1 || s[0] < '0' || s[0] > '9' {
		return -1
	}
	return int(s[0] - '0')
}

// act does what a key of the page says and leads back to the turn.
func (h *Handler) act(w http.ResponseWriter, r *http.Request) {
	panel, ok := panelOf(w, r)
	if !ok || !h.parse(w, r) {
		return
	}
	h.looks.touch(panel, h.opts.Now())
	name := r.Form.Get("act")
	build, ok := acts()[name]
	if !ok {
		h.refuse(w, r, panel, locker.Errorf(locker.CodeInputInvalid, "no such act"))
		return
	}
	if _, err := h.opts.Site.Act(r.Context(), panel, build(r.Form)); err != nil && name != "idle" {
		h.refuse(w, r, panel, err)
		return
	}
	switch name {
	case "finish", "idle":
		h.looks.forget(panel)
	case "problem":
		ui.Redirect(w, r, base(panel)+"?view=told")
		return
	case "verify", "out":
		ui.Redirect(w, r, base(panel)+"?view=door&place="+url.QueryEscape(r.Form.Get("place")))
		return
	}
	ui.Redirect(w, r, base(panel))
}

// code takes a typed code. A keypad asks for the unit first, and then for nine digits.
func (h *Handler) code(w http.ResponseWriter, r *http.Request) {
	panel, ok := panelOf(w, r)
	if !ok || !h.parse(w, r) {
		return
	}
	h.looks.touch(panel, h.opts.Now())
	in := controller.Input{Code: r.Form.Get("code"), Unit: r.Form.Get("unit")}
	if in.Code == "" && in.Unit != "" {
		h.render(w, r, panel, answer{status: http.StatusOK, view: "digits", unit: in.Unit})
		return
	}
	h.enter(w, r, panel, in)
}

func (h *Handler) enter(w http.ResponseWriter, r *http.Request, panel controller.PanelID, in controller.Input) {
	_, err := h.opts.Site.Enter(r.Context(), panel, in)
	failure, rule := ruleOf(err)
	switch {
	case err == nil:
		ui.Redirect(w, r, base(panel))
	case !rule:
		h.fail(w, r, err)
	default:
		h.render(w, r, panel, answer{
			status: http.StatusUnprocessableEntity, failure: failure, entered: in, view: codeView(failure.Code, in),
		})
	}
}

// codeView is the page on which a code is tried again. What was typed wrong is not shown again.
func codeView(code locker.Code, in controller.Input) string {
	switch {
	case code == locker.CodeCodeFlooded && in.Unit == "":
		return "second"
	case code == locker.CodeUnitUnknown:
		return "unit" // nine digits without the number that goes before them
	case in.Unit != "":
		return "unit"
	}
	return "code"
}

// scan takes whatever the scanner read. A code begins a turn at any moment; for a courier the rest
// is a label.
func (h *Handler) scan(w http.ResponseWriter, r *http.Request) {
	panel, ok := panelOf(w, r)
	if !ok || !h.parse(w, r) {
		return
	}
	h.looks.touch(panel, h.opts.Now())
	read := strings.TrimSpace(r.Form.Get("scan"))
	turn, err := h.opts.Site.Turn(r.Context(), panel)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	if turn.Role != controller.RoleCourier || strings.HasPrefix(strings.ToUpper(read), credential.TokenPrefix) {
		h.enter(w, r, panel, controller.Input{Code: read})
		return
	}
	if _, err := h.opts.Site.Act(r.Context(), panel, controller.ScanParcel{Tracking: read}); err != nil {
		h.refuse(w, r, panel, err)
		return
	}
	ui.Redirect(w, r, base(panel))
}

// look takes the choice of a language or of larger text.
func (h *Handler) look(w http.ResponseWriter, r *http.Request) {
	panel, ok := panelOf(w, r)
	if !ok || !h.parse(w, r) {
		return
	}
	v := h.looks.get(panel)
	if lang := r.Form.Get("lang"); h.opts.Text.Speaks(lang) {
		v.lang = lang
	}
	switch r.Form.Get("easier") {
	case yes:
		v.easier = true
	case "0":
		v.easier = false
	}
	v.at = h.opts.Now()
	h.looks.set(panel, v)
	back := base(panel)
	if view := r.Form.Get("back"); viewName.MatchString(view) {
		back += "?view=" + view
	}
	ui.Redirect(w, r, back)
}

// beat answers the sign of life of a panel.
func (h *Handler) beat(w http.ResponseWriter, r *http.Request) {
	panel, ok := panelOf(w, r)
	if !ok {
		return
	}
	if _, err := h.opts.Site.Home(r.Context(), panel); err != nil {
		http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}

// parse reads the form; it reports false after it sent what is wrong.
func (h *Handler) parse(w http.ResponseWriter, r *http.Request) bool {
	if err := r.ParseForm(); err != nil {
		http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
		return false
	}
	return true
}

// refuse shows why something was not done, and how to go on.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, panel controller.PanelID, err error) {
	failure, ok := ruleOf(err)
	if !ok {
		h.fail(w, r, err)
		return
	}
	h.render(w, r, panel, answer{status: http.StatusUnprocessableEntity, view: "refused", failure: failure})
}
