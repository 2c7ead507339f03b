package kiosk

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"cubby/internal/controller"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// Idle times in seconds. A courier between two parcels walks to the van; a turn that waits for a
// door to be shut has no limit here.
const (
	idleAfter   = 40
	idleCourier = 240
	idleWarn    = 30
	leaveAfter  = 10 // after "done": long enough to say that something is wrong
	never       = 0
)

// viewName is what may stand in ?view= of an address.
var viewName = regexp.MustCompile(`^[a-z]{1,12}$`)

// answer is what a page must say beyond the turn.
type answer struct {
	status  int
	view    string // a page of the step other than its first; "" for that
	failure *controller.Failure
	entered controller.Input
	unit    string
}

// page is everything that one page is made from.
type page struct {
	answer
	text  *text.Printer
	all   []text.Language // that the site offers
	panel controller.PanelID
	home  controller.Home
	turn  controller.Turn
	query url.Values
	look  look
	zone  *time.Location
	opts  *Options
}

// screen is a page before its frame is put around it.
type screen struct {
	view       string // the view that is shown; it differs from the one asked for when the step has no such
	title      string
	body       templ.Component
	foot       []ui.KioskButton
	languages  bool
	idle       int // seconds without a touch, or never
	leaveAfter int // seconds until the turn ends by itself, or never
	sound      string
	say        string // announced to screen readers
}

func (h *Handler) show(w http.ResponseWriter, r *http.Request) {
	panel, ok := panelOf(w, r)
	if !ok {
		return
	}
	view := r.URL.Query().Get("view")
	if !viewName.MatchString(view) {
		view = ""
	}
	if view != "" {
		h.looks.touch(panel, h.opts.Now()) // somebody pressed a key
	}
	h.render(w, r, panel, answer{status: http.StatusOK, view: view})
}

// render sends the page of the panel's turn as it is now.
func (h *Handler) render(w http.ResponseWriter, r *http.Request, panel controller.PanelID, a answer) {
	pg, err := h.page(r, panel, a)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	if err := ui.Write(w, r, a.status, document(pg.document())); err != nil {
		h.fail(w, r, err)
	}
}

func (h *Handler) page(r *http.Request, panel controller.PanelID, a answer) (page, error) {
	home, err := h.opts.Site.Home(r.Context(), panel)
	if err != nil {
		return page{}, err //nolint:wrapcheck // ours, and the caller logs it
	}
	turn, err := h.opts.Site.Turn(r.Context(), panel)
	if err != nil {
		return page{}, err //nolint:wrapcheck // ours, and the caller logs it
	}
	if turn.Session == "" {
		h.looks.forgetStale(panel, h.opts.Now())
	}
	return h.compose(panel, home, turn, a, r.URL.Query()), nil
}

// compose puts together what a page is made from. Query fields lang, easier and theme show one
// page in another look, without choosing it.
func (h *Handler) compose(
	panel controller.PanelID, home controller.Home, turn controller.Turn, a answer, query url.Values,
) page {
	v := h.looks.get(panel)
	all := offered(h.opts.Text, home.Languages)
	if v.lang == "" {
		v.lang = all[0].Tag
	}
	if lang := query.Get("lang"); h.opts.Text.Speaks(lang) {
		v.lang = lang
	}
	if query.Get("easier") != "" {
		v.easier = query.Get("easier") == yes
	}
	zone, err := time.LoadLocation(home.TimeZone)
	if err != nil {
		zone = time.UTC // a site whose zone this machine does not know reads UTC
	}
	return page{
		answer: a, text: h.opts.Text.For(v.lang), all: all, panel: panel, home: home, turn: turn, query: query, look: v,
		zone: zone, opts: &h.opts,
	}
}

// fail answers when the controller does not: the page tries again each second.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // nobody waits for an answer
	}
	h.opts.Logger.ErrorContext(r.Context(), "kiosk page not made", slog.String("path", r.URL.Path), slog.Any("error", err))
	p := h.opts.Text.For(r.URL.Query().Get("lang"))
	var body bytes.Buffer
	if err := ui.OneMoment(h.oneMoment(p)).Render(r.Context(), &body); err != nil {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	_ = ui.WriteHTML(w, r, http.StatusServiceUnavailable, body.Bytes()) // fails only to compress, before a byte left
}

func (h *Handler) oneMoment(p *text.Printer) ui.OneMomentView {
	return ui.OneMomentView{
		Document: ui.DocumentView{Lang: p.Lang(), Dir: p.Dir(), Title: p.T("common.one_moment")},
		Kiosk:    true, Panel: h.opts.Panel, Title: p.T("common.one_moment"), Text: p.T("common.one_moment.hint"),
	}
}

// documentView is a whole page; updateView what a stream changes of it.
type documentView struct {
	Frame ui.KioskView
	Main  mainView
}

type mainView struct {
	Now  nowView
	Body templ.Component
}

// nowView tells the script what the step is about, and screen readers what happened.
type nowView struct {
	Step, Look, Sound string
	Idle, LeaveAfter  string
	Say               string
}

func (pg page) document() documentView {
	s := pg.screen()
	p := pg.text
	title := s.title
	if pg.failure != nil {
		title = p.T("common.error_prefix", "title", title)
	}
	at := base(pg.panel)
	return documentView{
		Main: pg.main(s),
		Frame: ui.KioskView{
			Document: ui.DocumentView{Lang: p.Lang(), Dir: p.Dir(), Title: title, Theme: pg.theme()},
			Panel:    pg.opts.Panel, Site: pg.siteName(), Bank: pg.contactLine(), Offline: pg.offline(),
			Home: at, Leave: at + "/act?act=idle", Scan: at + "/scan", Heartbeat: at + "/beat", Worker: "/kiosk/sw.js",
			Stream: pg.streamAddress(s), Easier: pg.look.easier, Foot: s.foot, Languages: pg.languages(s),
			Preference: at + "/look", Back: backView(s.view), LanguageText: p.T("common.language"),
			Idle: ui.IdleView{
				Seconds: idleAfter, WarnSeconds: idleWarn, Title: p.T("kiosk.idle.title"), Text: p.T("kiosk.idle.text"),
				More: p.T("kiosk.idle.more"), Leave: p.T("common.done"),
			},
		},
	}
}

// backView is where the choice of a language leads back to: nine digits begin with their number.
func backView(view string) string {
	if view == "digits" {
		return "unit"
	}
	return view
}

func (pg page) main(s screen) mainView {
	lookText := pg.text.Lang()
	if pg.look.easier {
		lookText += " easier"
	}
	door := ""
	if pg.turn.Door != nil {
		door = string(pg.turn.Door.Place)
	}
	now := nowView{
		Step: string(pg.turn.Step) + " " + s.view + " " + door, Look: lookText, Sound: s.sound,
		Idle: strconv.Itoa(s.idle), Say: s.say,
	}
	if s.leaveAfter > 0 {
		now.LeaveAfter = strconv.Itoa(s.leaveAfter)
	}
	return mainView{Now: now, Body: s.body}
}

func (pg page) theme() string {
	switch theme := pg.query.Get("theme"); theme {
	case "light", "dark":
		return theme
	}
	return "" // the panel's own: light by day
}

func (pg page) siteName() string {
	if pg.home.Property != "" {
		return pg.home.Property
	}
	return pg.home.Site
}

// contactLine is whom to call, on every page; without a number it is the bank's name.
func (pg page) contactLine() string {
	if pg.home.Phone == "" {
		return pg.home.Bank.Name
	}
	return text.LTR(pg.home.Phone)
}

func (pg page) offline() string {
	if pg.home.Online {
		return ""
	}
	return pg.text.T("kiosk.offline")
}

func (pg page) languages(s screen) []ui.KioskLanguage {
	if !s.languages || len(pg.all) < 2 {
		return nil
	}
	var list []ui.KioskLanguage
	for _, l := range pg.all {
		list = append(list, ui.KioskLanguage{Tag: l.Tag, Short: l.Short, Name: l.Name, Current: l.Tag == pg.text.Lang()})
	}
	return list
}

// streamAddress names what the page shows, so that the stream sends only what differs from it.
func (pg page) streamAddress(s screen) string {
	q := url.Values{"v": {strconv.FormatUint(pg.turn.Version, 10)}}
	if pg.turn.Session != "" {
		q.Set("busy", yes)
	}
	for _, name := range []string{"lang", "easier", "theme"} {
		if v := pg.query.Get(name); v != "" {
			q.Set(name, v)
		}
	}
	if s.view != "" {
		q.Set("view", s.view)
		for _, name := range []string{"place", "column", "bank", "for"} {
			if v := pg.query.Get(name); v != "" {
				q.Set(name, v)
			}
		}
	}
	return base(pg.panel) + "/stream?" + q.Encode()
}

// screen chooses the page: first the views that the step has beside its own, then the step.
func (pg page) screen() screen {
	if !pg.home.Ready {
		return pg.notReady()
	}
	switch pg.view {
	case "help":
		return pg.help()
	case "refused":
		if pg.failure != nil {
			return pg.refused()
		}
	}
	if s, ok := pg.beside(); ok {
		return s
	}
	pg.view = ""
	return pg.step()
}

// beside returns the page of a view that the step offers.
func (pg page) beside() (screen, bool) {
	switch pg.turn.Role {
	case controller.RoleCourier:
		if s, ok := pg.besideCourier(); ok {
			return s, true
		}
	case controller.RoleStaff:
		if s, ok := pg.besideStaff(); ok {
			return s, true
		}
	case controller.RoleNone, controller.RoleResident:
	}
	switch pg.view {
	case "code", "deliver", "digits", "unit", "second":
		if pg.turn.Role == controller.RoleNone || pg.failure != nil {
			return pg.codeEntry(), true
		}
	case "wrong":
		if pg.turn.Door != nil {
			return pg.wrong(), true
		}
	case "told":
		if pg.turn.Door != nil && pg.turn.Reported != "" {
			return pg.told(), true
		}
	}
	return screen{}, false
}

func (pg page) step() screen {
	switch pg.turn.Step {
	case controller.StepHome:
		return pg.attract()
	case controller.StepOpening:
		return pg.opening()
	case controller.StepOpen:
		return pg.open()
	case controller.StepAskTaken, controller.StepAskStored:
		return pg.ask()
	case controller.StepMore:
		return pg.more()
	case controller.StepFailed:
		return pg.failed()
	case controller.StepDone:
		return pg.done()
	case controller.StepCourierReady:
		return pg.courierReady()
	case controller.StepCourierRecipient:
		return pg.courierRecipient()
	case controller.StepCourierSize:
		return pg.courierSize()
	case controller.StepCourierOptions:
		return pg.courierOptions()
	case controller.StepStaffMenu:
		return pg.staffMenu()
	case controller.StepStaffCode:
		return pg.staffCode()
	}
	return pg.attract() // a step of a newer controller: nothing is lost by starting again
}

// Keys that many pages have.

func (pg page) key(kind, label, icon, act string, fields ...ui.Hidden) ui.KioskButton {
	return ui.KioskButton{
		Text: pg.text.T(label), Icon: icon, Kind: kind, Action: base(pg.panel) + "/act", ID: "key-" + act,
		Fields: append([]ui.Hidden{{Name: "act", Value: act}}, fields...),
	}
}

func (pg page) link(label, icon, view string) ui.KioskButton {
	return ui.KioskButton{Text: pg.text.T(label), Icon: icon, Href: pg.at(view), ID: "key-" + view}
}

func (pg page) at(view string) string {
	if view == "" {
		return base(pg.panel)
	}
	return base(pg.panel) + "?view=" + view
}

func (pg page) helpKey() ui.KioskButton { return pg.link("common.help", "circle-help", "help") }

func (pg page) backKey() ui.KioskButton {
	return ui.KioskButton{Text: pg.text.T("common.back"), Icon: "arrow-left", Href: base(pg.panel), ID: "key-leave"}
}

func (pg page) doneKey() ui.KioskButton { return pg.key("", "common.done", "check", "finish") }

// whom says whom to call, or to go to the desk.
func (pg page) whom() string {
	switch {
	case pg.home.Phone != "":
		return pg.text.T("kiosk.call", "phone", text.LTR(pg.home.Phone))
	case pg.home.Mail != "":
		return pg.text.T("kiosk.write", "mail", text.LTR(pg.home.Mail))
	case pg.opts.Contact != "":
		return pg.opts.Contact
	}
	return pg.text.T("kiosk.desk")
}

// reason is the sentence of an error and its number.
func (pg page) reason(f controller.Failure) (sentence, number string) {
	return pg.text.Error(string(f.Code)), pg.text.T("error.number", "number", f.Number)
}

func (pg page) size(s locker.Size) string { return pg.text.Size(string(s)) }
