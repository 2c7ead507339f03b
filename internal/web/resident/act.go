package resident

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/a-h/templ"

	"cubby/internal/cloud/holder"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// actView is a page on which the holder does something: one form or several, each on a card.
type actView struct {
	Shell   ui.PhoneView
	Heading string
	Text    string
	Errors  ui.ErrorSummaryView
	Cards   []cardView
	Back    ui.ButtonView
}

// cardView is a card: words, and a form when it has an Action.
type cardView struct {
	ID       string
	Heading  string
	Text     string
	Link     string // an address to hand on
	LinkText string
	Action   string
	Files    bool // the form sends files
	Hidden   []ui.Hidden
	Parts    []templ.Component
	Submit   ui.ButtonView
}

// act begins the view of a page of the holder; errs stand in its summary.
func act(v visit, what string, errs []ui.FormError) actView {
	title := v.t.T("household." + what)
	view := actView{
		Heading: title, Text: v.t.T("household." + what + ".text"),
		Errors: ui.ErrorSummaryView{Title: v.t.T("common.problem"), Errors: errs},
		Back:   ui.ButtonView{Text: v.t.T("resident.opened.back"), Kind: "ghost", Href: v.href("")},
	}
	if len(errs) > 0 {
		title = v.t.T("common.error_prefix", "title", title)
	}
	view.Shell = shell(v, title)
	return view
}

// done shows at the top that the last act worked.
func (a *actView) done(v visit, r *http.Request) {
	if what := r.URL.Query().Get("done"); slices.Contains([]string{"report", "send", "end", "keep", "away", "back", "wishes", "browser"}, what) {
		a.Shell.Banner = &ui.BannerView{Kind: "info", Icon: "check", Text: v.t.T("household.done." + what)}
	}
}

// problem turns an error of the rules into words at a field; ok is false for any other.
func problem(v visit, err error, field string) (errs []ui.FormError, ok bool) {
	code := codeOf(err)
	if code == locker.CodeInternal || code == locker.CodeNotFound {
		return nil, false
	}
	key := "household.refused." + field + "." + string(code)
	words := v.t.Error(string(code), "code", string(code))
	if v.t.Has(key) {
		words = v.t.T("household.refused." + field + "." + string(code))
	}
	return []ui.FormError{{Field: field, Text: words}}, true
}

func show(w http.ResponseWriter, r *http.Request, view actView) error {
	status := http.StatusOK
	if len(view.Errors.Errors) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return ui.Write(w, r, status, actPage(view))
}

// --- something is wrong

// problems lists what can be said of a parcel, in the order of the page.
func problems() []locker.Problem {
	return []locker.Problem{
		locker.ProblemTooHigh, locker.ProblemEmpty, locker.ProblemNotMine, locker.ProblemDamaged, locker.ProblemDidNotOpen,
		locker.ProblemWontClose,
	}
}

func (f *Face) wrongForm(w http.ResponseWriter, r *http.Request, v visit) error {
	return f.wrongPage(w, r, v, nil)
}

func (f *Face) wrongPage(w http.ResponseWriter, r *http.Request, v visit, errs []ui.FormError) error {
	all, err := f.desk.Reportable(r.Context(), v.token)
	if err != nil {
		return err
	}
	view := act(v, "wrong", errs)
	view.done(v, r)
	if len(all) == 0 {
		view.Cards = []cardView{{Text: v.t.T("household.wrong.none")}}
		return show(w, r, view)
	}
	stays := ui.ChoicesView{ID: "stay", Name: "stay", Legend: v.t.T("household.wrong.which"), Error: errorOf(errs, "stay")}
	wish := r.FormValue("stay")
	for i, p := range all {
		o := ui.Option{Value: string(p.Stay), Text: f.nameOf(v, p.Stay, p.Place), Selected: string(p.Stay) == wish || wish == "" && i == 0}
		if p.Collected {
			o.Hint = v.t.T("household.wrong.collected")
		}
		stays.Options = append(stays.Options, o)
	}
	what := ui.ChoicesView{ID: "problem", Name: "problem", Legend: v.t.T("household.wrong.what"), Error: errorOf(errs, "problem")}
	for _, p := range problems() {
		what.Options = append(what.Options, ui.Option{
			Value: string(p), Text: v.t.T("household.problem." + string(p)), Selected: string(p) == r.FormValue("problem"),
		})
	}
	view.Cards = []cardView{{
		Action: v.href("/wrong"), Files: true, Submit: ui.ButtonView{Text: v.t.T("household.wrong.do"), Icon: "circle-alert", Large: "xl"},
		Parts: []templ.Component{
			ui.Choices(stays), ui.Choices(what),
			ui.Field(ui.FieldView{
				ID: "photo", Type: "file", Label: v.t.T("household.wrong.photo"), Hint: v.t.T("household.wrong.photo.hint"),
				Error: errorOf(errs, "photo"), Attrs: templ.Attributes{"accept": "image/jpeg,image/png", "capture": "environment"},
			}),
			ui.Field(ui.FieldView{
				ID: "note", Type: "textarea", Label: v.t.T("household.wrong.note"), Value: r.FormValue("note"), MaxLength: 500,
			}),
		},
	}}
	return show(w, r, view)
}

// nameOf says which parcel is meant: the words of the page, else the name of its place.
func (f *Face) nameOf(v visit, stay locker.StayID, place locker.PlaceID) string {
	for _, p := range v.page.Parcels {
		if p.Stay == stay {
			return placeWord(v.t, p)
		}
	}
	return v.t.T("resident.door", "name", lastPart(string(place)))
}

func lastPart(id string) string {
	for i := len(id) - 1; i >= 0; i-- {
		if id[i] == '/' {
			return id[i+1:]
		}
	}
	return id
}

func (f *Face) wrong(w http.ResponseWriter, r *http.Request, v visit) error {
	c := holder.Complaint{
		Stay: locker.StayID(r.FormValue("stay")), Problem: locker.Problem(r.FormValue("problem")), Note: r.FormValue("note"),
	}
	if c.Problem == "" {
		return f.wrongPage(w, r, v, []ui.FormError{{Field: "problem", Text: v.t.T("household.wrong.choose")}})
	}
	var err error
	if c.Photo, err = upload(r, "photo"); err == nil {
		err = f.desk.Report(r.Context(), v.token, c)
	}
	if err == nil {
		ui.Redirect(w, r, v.href("/wrong?done=report"))
		return nil
	}
	field := "photo"
	if len(c.Photo) == 0 {
		field = "stay"
	}
	errs, ok := problem(v, err, field)
	if !ok {
		return err
	}
	return f.wrongPage(w, r, v, errs)
}

// upload reads a file of a form; a form without one gives nothing.
func upload(r *http.Request, name string) ([]byte, error) {
	file, _, err := r.FormFile(name)
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, http.ErrMissingFile), errors.Is(err, http.ErrNotMultipart):
		return nil, nil
	case errors.As(err, &large):
		return nil, locker.Errorf(locker.CodeInputInvalid, "the picture is too large")
	case err != nil:
		return nil, locker.Errorf(locker.CodeInputInvalid, "the picture did not arrive")
	}
	var body bytes.Buffer
	_, err = io.Copy(&body, file)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, locker.Errorf(locker.CodeInputInvalid, "the picture did not arrive")
	}
	return body.Bytes(), nil
}

// --- send somebody else

func (f *Face) sendForm(w http.ResponseWriter, r *http.Request, v visit) error {
	return f.sendPage(w, r, v, nil)
}

func (f *Face) sendPage(w http.ResponseWriter, r *http.Request, v visit, errs []ui.FormError) error {
	sent, err := f.desk.SentBy(r.Context(), v.token)
	if err != nil {
		return err
	}
	zone, err := f.zone(r, v)
	if err != nil {
		return err
	}
	view := act(v, "send", errs)
	view.done(v, r)
	for _, s := range sent {
		what := v.t.T("household.send.all")
		if s.Stay != "" {
			what = f.nameOf(v, s.Stay, locker.PlaceID(s.Place))
		}
		view.Cards = append(view.Cards, cardView{
			ID: s.ID, Heading: s.Name, Text: v.t.T("household.send.until", "what", what, "when", v.t.DayTime(s.Until, v.now, zone)),
			Link: f.absolute(r, Prefix+url.PathEscape(s.Token)), LinkText: v.t.T("household.send.link"), Action: v.href("/send/" + url.PathEscape(s.ID) + "/end"),
			Submit: ui.ButtonView{Text: v.t.T("household.send.end"), Icon: "ban", Kind: "danger"},
		})
	}
	which := ui.ChoicesView{ID: "stay", Name: "stay", Legend: v.t.T("household.send.which"), Error: errorOf(errs, "stay")}
	for _, p := range v.page.Parcels {
		if !p.Held && p.PlaceKind == locker.PlaceCompartment { // a pass opens doors, nothing else
			which.Options = append(which.Options, ui.Option{
				Value: string(p.Stay), Text: placeWord(v.t, p), Selected: r.FormValue("stay") == string(p.Stay),
			})
		}
	}
	which.Options = append(which.Options, ui.Option{
		Value: "", Text: v.t.T("household.send.all"), Hint: v.t.T("household.send.all.hint"), Selected: r.FormValue("stay") == "",
	})
	day := r.FormValue("until")
	if day == "" {
		day = v.now.In(zone).AddDate(0, 0, 2).Format(time.DateOnly)
	}
	view.Cards = append(view.Cards, cardView{
		Heading: v.t.T("household.send.new"), Action: v.href("/send"),
		Submit: ui.ButtonView{Text: v.t.T("household.send.do"), Icon: "user-plus", Large: "xl"},
		Parts: []templ.Component{
			ui.Field(ui.FieldView{
				ID: "name", Label: v.t.T("household.send.name"), Hint: v.t.T("household.send.name.hint"), Value: r.FormValue("name"),
				Error: errorOf(errs, "name"), Required: true, MaxLength: 60, Autocomplete: "off",
			}),
			ui.Choices(which),
			ui.Field(dayField(v, dayOf{id: "until", label: v.t.T("household.send.day"), value: day, most: holder.MaxSent, zone: zone, err: errorOf(errs, "until")})),
		},
	})
	return show(w, r, view)
}

// dayOf is a day to choose.
type dayOf struct {
	id, label, hint, value, err string
	most                        time.Duration
	zone                        *time.Location
}

func dayField(v visit, d dayOf) ui.FieldView {
	today := v.now.In(d.zone)
	return ui.FieldView{
		ID: d.id, Type: "date", Label: d.label, Hint: d.hint, Value: d.value, Error: d.err, LTR: true,
		Attrs: templ.Attributes{"min": today.Format(time.DateOnly), "max": today.Add(d.most - 24*time.Hour).Format(time.DateOnly)},
	}
}

// endOf returns the end of a day that a form names.
func endOf(day string, zone *time.Location) (time.Time, bool) {
	t, err := time.ParseInLocation(time.DateOnly, day, zone)
	return t.AddDate(0, 0, 1), err == nil
}

// zone is the time zone of the property.
func (f *Face) zone(r *http.Request, v visit) (*time.Location, error) {
	wishes, err := f.desk.Wishes(r.Context(), v.token)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(wishes.TimeZone)
	if err != nil {
		return time.UTC, nil //nolint:nilerr // a zone that this machine does not know: better a wrong hour than no page
	}
	return zone, nil
}

// absolute returns an address as others can open it.
func (f *Face) absolute(r *http.Request, path string) string {
	scheme := "http"
	if f.secure {
		scheme = "https"
	}
	return scheme + "://" + r.Host + path
}

func (f *Face) send(w http.ResponseWriter, r *http.Request, v visit) error {
	zone, err := f.zone(r, v)
	if err != nil {
		return err
	}
	until, ok := endOf(r.PostFormValue("until"), zone)
	switch {
	case r.PostFormValue("name") == "":
		return f.sendPage(w, r, v, []ui.FormError{{Field: "name", Text: v.t.T("household.send.name.missing")}})
	case !ok:
		return f.sendPage(w, r, v, []ui.FormError{{Field: "until", Text: v.t.T("household.day.missing")}})
	}
	sent, err := f.desk.Send(r.Context(), v.token, holder.Draft{
		Name: r.PostFormValue("name"), Stay: locker.StayID(r.PostFormValue("stay")), Until: until,
	})
	if err == nil {
		ui.Redirect(w, r, v.href("/send?done=send#"+url.PathEscape(sent.ID)))
		return nil
	}
	field := "stay"
	if codeOf(err) == locker.CodeInputInvalid {
		field = "until"
	}
	errs, ok := problem(v, err, field)
	if !ok {
		return err
	}
	return f.sendPage(w, r, v, errs)
}

func (f *Face) endSent(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := f.desk.End(r.Context(), v.token, r.PathValue("sent")); err != nil && codeOf(err) != locker.CodeNotFound {
		return err // whom the link does not send has ended already
	}
	ui.Redirect(w, r, v.href("/send?done=end"))
	return nil
}

// --- keep parcels longer

func (f *Face) keepForm(w http.ResponseWriter, r *http.Request, v visit) error {
	return f.keepPage(w, r, v, nil)
}

func (f *Face) keepPage(w http.ResponseWriter, r *http.Request, v visit, errs []ui.FormError) error {
	wishes, err := f.desk.Wishes(r.Context(), v.token)
	if err != nil {
		return err
	}
	zone, err := f.zone(r, v)
	if err != nil {
		return err
	}
	view := act(v, "keep", errs)
	view.done(v, r)
	for _, p := range v.page.Parcels {
		c := cardView{Heading: placeWord(v.t, p), Text: v.t.T("household.keep.now", "when", v.t.DayTime(p.CollectBy, v.now, zoneOf(p)))}
		until, err := f.desk.KeepUntil(r.Context(), v.token, p.Stay)
		if err != nil {
			return err
		}
		if until.IsZero() {
			c.Text += " " + v.t.T("household.keep.most")
		} else {
			c.Action, c.Hidden = v.href("/keep"), []ui.Hidden{{Name: "stay", Value: string(p.Stay)}}
			c.Submit = ui.ButtonView{
				Text: v.t.T("household.keep.do", "when", v.t.DayTime(until, v.now, zoneOf(p))), Icon: "calendar", Large: "big",
			}
		}
		view.Cards = append(view.Cards, c)
	}
	away := cardView{
		ID: "away", Heading: v.t.T("household.away"), Text: v.t.T("household.away.text"), Action: v.href("/away"),
		Submit: ui.ButtonView{Text: v.t.T("household.away.do"), Icon: "calendar", Large: "big"},
		Parts: []templ.Component{ui.Field(dayField(v, dayOf{
			id: "until", label: v.t.T("household.away.day"), value: r.FormValue("until"), most: holder.MaxAway, zone: zone, err: errorOf(errs, "until"),
		}))},
	}
	if !wishes.VacationUntil.IsZero() {
		away.Text, away.Parts = v.t.T("household.away.now", "when", v.t.DayTime(wishes.VacationUntil, v.now, zone)), nil
		away.Hidden = []ui.Hidden{{Name: "back", Value: "yes"}}
		away.Submit = ui.ButtonView{Text: v.t.T("household.away.back"), Icon: "check", Large: "big"}
	}
	view.Cards = append(view.Cards, away)
	return show(w, r, view)
}

func (f *Face) keep(w http.ResponseWriter, r *http.Request, v visit) error {
	err := f.desk.Keep(r.Context(), v.token, locker.StayID(r.PostFormValue("stay")))
	if err == nil {
		ui.Redirect(w, r, v.href("/keep?done=keep"))
		return nil
	}
	errs, ok := problem(v, err, "keep")
	if !ok {
		return err
	}
	return f.keepPage(w, r, v, errs)
}

func (f *Face) away(w http.ResponseWriter, r *http.Request, v visit) error {
	if r.PostFormValue("back") != "" {
		if err := f.desk.Away(r.Context(), v.token, time.Time{}); err != nil {
			return err
		}
		ui.Redirect(w, r, v.href("/keep?done=back"))
		return nil
	}
	zone, err := f.zone(r, v)
	if err != nil {
		return err
	}
	until, ok := endOf(r.PostFormValue("until"), zone)
	if !ok || !until.After(v.now) {
		return f.keepPage(w, r, v, []ui.FormError{{Field: "until", Text: v.t.T("household.day.missing")}})
	}
	if err := f.desk.Away(r.Context(), v.token, until); err != nil {
		errs, ok := problem(v, err, "until")
		if !ok {
			return err
		}
		return f.keepPage(w, r, v, errs)
	}
	ui.Redirect(w, r, v.href("/keep?done=away"))
	return nil
}

// --- a phone was lost

func (f *Face) lostForm(w http.ResponseWriter, r *http.Request, v visit) error {
	wishes, err := f.desk.Wishes(r.Context(), v.token)
	if err != nil {
		return err
	}
	view := act(v, "lost", nil)
	c := cardView{
		Text: v.t.T("household.lost.desk"), Action: v.href("/lost"),
		Submit: ui.ButtonView{Text: v.t.T("household.lost.do"), Icon: "ban", Kind: "danger", Large: "xl"},
	}
	if known := knownWays(wishes); len(known) > 0 {
		c.Text = v.t.T("household.lost.where", "where", v.t.List(known...))
	}
	view.Cards = []cardView{c}
	return show(w, r, view)
}

// knownWays lists where a new link can go.
func knownWays(w holder.Wishes) []string {
	var all []string
	for _, way := range []string{w.Email, w.Phone} {
		if way != "" {
			all = append(all, text.LTR(way))
		}
	}
	return all
}

func (f *Face) lost(w http.ResponseWriter, r *http.Request, v visit) error {
	if err := f.desk.LostPhone(r.Context(), v.token); err != nil {
		return err
	}
	c := endedView(v)
	c.Heading, c.Text = v.t.T("household.lost.done"), v.t.T("household.lost.done.text")
	c.Shell.Document.Title = c.Heading
	return write(w, r, endedPage(c))
}

// --- how somebody is told

// clock writes minutes of the day as HH:MM, as a field of kind "time" has it.
func clock(minutes int) string {
	return time.Date(2000, 1, 1, 0, minutes, 0, 0, time.UTC).Format("15:04")
}

func minutesOf(text string) (int, bool) {
	t, err := time.Parse("15:04", text)
	return t.Hour()*60 + t.Minute(), err == nil
}

// menu lists what else the holder can do.
func menu(v visit) []ui.ButtonView {
	if v.delegate {
		return nil
	}
	var all []ui.ButtonView
	for _, m := range []struct{ what, icon string }{
		{"wrong", "triangle-alert"}, {"send", "user-plus"}, {"keep", "calendar"}, {"wishes", "settings"}, {"lost", "lock"},
	} {
		all = append(all, ui.ButtonView{Text: v.t.T("household." + m.what), Icon: m.icon, Kind: "ghost", Large: "big", Href: v.href("/" + m.what)})
	}
	return all
}

func cardAttributes(c cardView) templ.Attributes {
	a := templ.Attributes{}
	if c.ID != "" {
		a["id"] = c.ID
	}
	if c.Files {
		a["enctype"] = "multipart/form-data"
	}
	return a
}
