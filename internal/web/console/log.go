package console

import (
	"net/http"
	"net/url"
	"strings"

	"cubby/internal/cloud"
	"cubby/internal/cloud/desk"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/console/front"
	"cubby/internal/web/ui"
)

// logPageView is "Log a delivery" as a page of its own.
type logPageView struct {
	Shell ui.ShellView
	Log   logView
}

// logView is the card "Log a delivery": on the wall and on its own page.
type logView struct {
	Heading  string
	Action   string
	Errors   ui.ErrorSummaryView
	Result   *ui.BannerView // what became of the last parcel
	Tracking ui.FieldView
	Who      ui.FieldView
	Hits     ui.ChoicesView // whom the text points at
	Unknown  ui.ChoicesView // keep it for somebody who was not found
	Sizes    sizesView
	Place    ui.FieldView
	Carrier  ui.FieldView
	Submit   ui.ButtonView
	Kiosk    string // there is no place at all to log to
	Fresh    bool   // the form begins anew: what was typed was taken
	Just     front.JustView
	JustIDs  string // of what was logged a moment ago, for the next form
	More     []ui.ButtonView
}

// sizesView chooses a size.
type sizesView struct {
	Legend string
	Error  string
	Sizes  []sizeView
}

type sizeView struct {
	ID, Value, Text string
	Width           string // class of the picture
	Selected        bool
}

// logForm is what was typed.
type logForm struct {
	tracking, who, recipient, size, carrier, place string
	unknown                                        bool
	just                                           []locker.StayID // logged a moment ago, newest first
}

func readLog(values url.Values) logForm {
	return logForm{
		tracking: strings.TrimSpace(values.Get("tracking")), who: strings.TrimSpace(values.Get("who")),
		recipient: values.Get("recipient"), size: values.Get("size"), carrier: values.Get("carrier"),
		place: values.Get("place"), unknown: values.Get("unknown") == "yes", just: readJust(values.Get("just")),
	}
}

// again is the form for the next parcel: what is likely the same stays.
func (f logForm) again() logForm {
	return logForm{size: f.size, carrier: f.carrier, place: f.place, just: f.just}
}

// maxJust is how many parcels stand below the form.
const maxJust = 10

func readJust(text string) []locker.StayID {
	var ids []locker.StayID
	for id := range strings.SplitSeq(text, ",") {
		if id != "" && len(ids) < maxJust {
			ids = append(ids, locker.StayID(id))
		}
	}
	return ids
}

func writeJust(ids []locker.StayID) string {
	var parts []string
	for _, id := range ids[:min(len(ids), maxJust)] {
		parts = append(parts, string(id))
	}
	return strings.Join(parts, ",")
}

// took notes what became of a parcel. One that the site did not take stays in the form, for another place.
func (f logForm) took(a cloud.IntentView) logForm {
	if a.State == cloud.IntentRefused || a.State == cloud.IntentExpired {
		return f
	}
	next := f.again()
	if a.Stay != "" {
		next.just = append([]locker.StayID{a.Stay}, f.just...)
	}
	return next
}

// door reports whether the place is a free door, and of which bank; empty: any.
func (f logForm) door() (locker.BankID, bool) {
	bank, found := strings.CutPrefix(f.place, doorPlace)
	return locker.BankID(strings.TrimPrefix(bank, ":")), found
}

// doorPlace is the value of the choice "a free door"; a colon and a bank may follow.
const doorPlace = "door"

// query keeps the last values over a redirect.
func (f logForm) query(intent locker.IntentID) string {
	return "?" + url.Values{
		"size": {f.size}, "carrier": {f.carrier}, "place": {f.place}, "intent": {string(intent)}, "just": {writeJust(f.just)},
	}.Encode()
}

// Limits of what is typed; longer texts are mistakes of a scanner.
const (
	maxTracking = 60
	maxName     = 120
)

func (c *Console) logForm(w http.ResponseWriter, r *http.Request, pg page) error {
	f := readLog(r.URL.Query())
	var card logView
	var err error
	if intent := locker.IntentID(r.URL.Query().Get("intent")); intent != "" {
		card, err = c.logged(r, pg, f, intent)
	} else {
		card, err = c.logCard(r, pg, f, nil)
	}
	if err != nil {
		return err
	}
	shell := c.shell(pg, shellOf{title: pg.t.T("console.nav.log"), nav: "log"})
	return write(w, r, logPage(logPageView{Shell: shell, Log: card}))
}

// logParcel books one parcel, waits for the site's answer and offers the form for the next one.
func (c *Console) logParcel(w http.ResponseWriter, r *http.Request, pg page) error {
	f := readLog(r.PostForm)
	if err := c.scannedPlace(r, pg, &f); err != nil {
		return err
	}
	draft, errs, err := c.draft(r, pg, &f)
	if err != nil {
		return err
	}
	var intent locker.IntentID
	if len(errs) == 0 {
		intent, err = c.desk.LogDelivery(r.Context(), pg.who, pg.site.ID, draft)
		if code := codeOf(err); err != nil && code == locker.CodeInternal {
			return err
		} else if err != nil {
			errs = append(errs, ui.FormError{Text: pg.t.Error(string(code))})
		}
	}
	if len(errs) > 0 {
		return c.logAgain(w, r, pg, f, errs)
	}
	if !ui.WantsPartial(r) {
		ui.Redirect(w, r, siteHref(pg.site.ID, "/log")+f.again().query(intent))
		return nil
	}
	card, err := c.logged(r, pg, f, intent)
	if err != nil {
		return err
	}
	return write(w, r, logPart(card))
}

// scannedPlace takes the label of a shelf for the place, whichever field the scanner was in.
func (c *Console) scannedPlace(r *http.Request, pg page, f *logForm) error {
	site, err := c.cloud.Site(r.Context(), pg.who, pg.site.ID)
	if err != nil {
		return err
	}
	for _, p := range site.Layout.Places() {
		for _, field := range []*string{&f.tracking, &f.who} {
			if p.Kind != locker.PlaceCompartment && *field == string(p.ID) {
				f.place, *field = *field, ""
			}
		}
	}
	return nil
}

// logged waits for the site's word about a parcel, and is the form for the next one.
func (c *Console) logged(r *http.Request, pg page, f logForm, intent locker.IntentID) (logView, error) {
	answer, err := c.cloud.Await(r.Context(), pg.who, intent)
	if err != nil {
		return logView{}, err
	}
	next := f.took(answer)
	card, err := c.logCard(r, pg, next, nil)
	if err != nil {
		return logView{}, err
	}
	card.Result, card.Fresh = placed(pg, card, answer), answer.State == cloud.IntentDone || answer.State == cloud.IntentPending
	return card, nil
}

// logUndo takes back a parcel that was logged a moment ago.
func (c *Console) logUndo(w http.ResponseWriter, r *http.Request, pg page) error {
	f := logForm{just: readJust(r.PostFormValue("just"))}
	intent, err := c.desk.UndoDelivery(r.Context(), pg.who, pg.site.ID, locker.StayID(r.PostFormValue("stay")))
	if err != nil {
		return err
	}
	answer, err := c.cloud.Await(r.Context(), pg.who, intent)
	if err != nil {
		return err
	}
	card, err := c.logCard(r, pg, f, nil)
	if err != nil {
		return err
	}
	if card.Result = outcome(pg.t, answer); answer.State == cloud.IntentDone {
		card.Result.Text = pg.t.T("desk.just.undone")
	}
	if ui.WantsPartial(r) {
		return write(w, r, logPart(card))
	}
	shell := c.shell(pg, shellOf{title: pg.t.T("console.nav.log"), nav: "log"})
	return write(w, r, logPage(logPageView{Shell: shell, Log: card}))
}

// logJust draws what was logged a moment ago, while a door is open.
func (c *Console) logJust(w http.ResponseWriter, r *http.Request, pg page) error {
	v, err := c.justView(r, pg, readJust(r.URL.Query().Get("just")))
	if err != nil {
		return err
	}
	return write(w, r, front.JustList(v))
}

func (c *Console) justView(r *http.Request, pg page, ids []locker.StayID) (front.JustView, error) {
	v := front.JustView{Heading: pg.t.T("desk.just")}
	if len(ids) == 0 {
		return v, nil
	}
	found, err := c.cloud.DeliveriesOf(r.Context(), pg.who, pg.site.ID, ids)
	if err != nil {
		return v, err
	}
	base, just := siteHref(pg.site.ID, ""), writeJust(ids)
	for _, d := range found {
		v.Rows = append(v.Rows, front.Just(pg.t, base, just, d, front.JustRow{
			Who: recipientWords(pg.t, d), Detail: placeWord(pg.t, d.PlaceKind, d.PlaceName), Badge: stayBadge(pg.t, d),
		}))
		if front.Waiting(d) || len(found) < len(ids) {
			v.Poll = base + "/log/just?just=" + url.QueryEscape(just)
		}
	}
	return v, nil
}

func (c *Console) logAgain(w http.ResponseWriter, r *http.Request, pg page, f logForm, errs []ui.FormError) error {
	card, err := c.logCard(r, pg, f, errs)
	if err != nil {
		return err
	}
	shell := c.shell(pg, shellOf{title: pg.t.T("console.nav.log"), nav: "log", failed: true})
	return invalid(w, r, logPage(logPageView{Shell: shell, Log: card}), logPart(card))
}

// draft checks the form. Somebody whom the text points at alone is taken without a further question.
func (c *Console) draft(r *http.Request, pg page, f *logForm) (desk.Draft, []ui.FormError, error) {
	var errs []ui.FormError
	d := desk.Draft{
		Tracking: f.tracking, Carrier: locker.CarrierID(f.carrier), Recipient: locker.RecipientID(f.recipient), Size: locker.Size(f.size),
	}
	if len(f.tracking) > maxTracking {
		errs = append(errs, ui.FormError{Field: "tracking", Text: pg.t.T("console.log.tracking.long", "n", maxTracking)})
	}
	if d.Recipient == "" && !f.unknown {
		found, err := c.cloud.FindRecipients(r.Context(), pg.who, pg.site.ID, f.who)
		if err != nil && codeOf(err) == locker.CodeInternal {
			return d, nil, err
		}
		switch {
		case f.who == "":
			errs = append(errs, ui.FormError{Field: "who", Text: pg.t.T("console.log.who.missing")})
		case len(found) == 0:
			errs = append(errs, ui.FormError{Field: "who", Text: pg.t.T("console.log.who.none")})
		case len(found) > 1:
			errs = append(errs, ui.FormError{Field: "recipient", Text: pg.t.T("console.log.who.choose")})
		default:
			d.Recipient, f.recipient = found[0].ID, string(found[0].ID)
		}
	}
	if !d.Size.Valid() {
		errs = append(errs, ui.FormError{Field: "size-S", Text: pg.t.T("console.log.size.missing")})
	}
	d.Undo = true
	if d.Bank, d.Door = f.door(); !d.Door {
		d.Place = locker.PlaceID(f.place)
	}
	if d.Place == "" && !d.Door {
		errs = append(errs, ui.FormError{Field: "place", Text: pg.t.T("console.log.place.missing")})
	}
	return d, errs, nil
}

// logRecipients answers what is typed with whom it points at.
func (c *Console) logRecipients(w http.ResponseWriter, r *http.Request, pg page) error {
	f := readLog(r.URL.Query())
	v, err := c.hits(r, pg, f, "")
	if err != nil {
		return err
	}
	return write(w, r, hitsPart(v))
}

func (c *Console) hits(r *http.Request, pg page, f logForm, wrong string) (ui.ChoicesView, error) {
	v := ui.ChoicesView{ID: "recipient", Name: "recipient", Legend: pg.t.T("console.log.hits"), Error: wrong}
	if f.who == "" {
		return v, nil
	}
	found, err := c.cloud.FindRecipients(r.Context(), pg.who, pg.site.ID, f.who)
	if err != nil && codeOf(err) == locker.CodeInternal {
		return v, err
	}
	for _, p := range found {
		v.Options = append(v.Options, ui.Option{
			Value: string(p.ID), Text: p.Name, Hint: unitWord(pg.t, p.UnitName), Selected: string(p.ID) == f.recipient || len(found) == 1,
		})
	}
	return v, nil
}

func unitWord(t *text.Printer, unit string) string {
	if unit == "" {
		return ""
	}
	return t.T("console.unit", "unit", unit)
}

// logCard is the form with what was typed and what is wrong with it.
func (c *Console) logCard(r *http.Request, pg page, f logForm, errs []ui.FormError) (logView, error) {
	site, err := c.cloud.Site(r.Context(), pg.who, pg.site.ID)
	if err != nil {
		return logView{}, err
	}
	carriers, err := c.cloud.Carriers(r.Context())
	if err != nil {
		return logView{}, err
	}
	hits, err := c.hits(r, pg, f, errorOf(errs, "recipient"))
	if err != nil {
		return logView{}, err
	}
	v := logFields(pg, f, errs)
	v.Hits, v.Carrier = hits, carrierField(pg, carriers, f.carrier)
	if errorOf(errs, "who") != "" && f.who != "" {
		v.Unknown = ui.ChoicesView{
			ID: "unknown", Name: "unknown", Multiple: true, Legend: pg.t.T("console.log.unknown"),
			Options: []ui.Option{{Value: "yes", Text: pg.t.T("console.log.unknown.keep"), Selected: f.unknown}},
		}
	}
	v.Place = placeField(pg, site.Layout, f.place, errorOf(errs, "place"))
	if len(v.Place.Options) == 0 {
		v.Kiosk = pg.t.T("console.log.kiosk")
	}
	v.JustIDs = writeJust(f.just)
	v.More = []ui.ButtonView{{Text: pg.t.T("desk.settings"), Icon: "settings", Kind: "ghost", Href: siteHref(pg.site.ID, "/desk")}}
	v.Just, err = c.justView(r, pg, f.just)
	return v, err
}

func logFields(pg page, f logForm, errs []ui.FormError) logView {
	t := pg.t
	return logView{
		Heading: t.T("console.nav.log"), Action: siteHref(pg.site.ID, "/log"), Errors: summary(pg, errs),
		Sizes: sizesOf(t, f.size, errorOf(errs, "size-S")), Submit: ui.ButtonView{Text: t.T("console.log.do"), Icon: "package-plus", Large: "big"},
		Tracking: ui.FieldView{
			ID: "tracking", Label: t.T("console.log.tracking"), Hint: t.T("console.log.tracking.hint"), Value: f.tracking, LTR: true,
			Error: errorOf(errs, "tracking"), MaxLength: maxTracking + 1, Autocomplete: "off", Attrs: map[string]any{"data-next": "who"},
		},
		Who: ui.FieldView{
			ID: "who", Label: t.T("console.log.who"), Hint: t.T("console.log.who.hint"), Value: f.who, Error: errorOf(errs, "who"),
			MaxLength: maxName, Autocomplete: "off", Attrs: map[string]any{
				"hx-get": siteHref(pg.site.ID, "/log/recipients"), "hx-target": "#log-hits", "hx-swap": "innerHTML",
				"hx-trigger": "input delay:250ms", "hx-sync": "this:replace",
			},
		},
	}
}

func carrierField(pg page, carriers []cloud.CarrierView, chosen string) ui.FieldView {
	v := ui.FieldView{
		ID: "carrier", Label: pg.t.T("console.log.carrier"), Type: "select",
		Options: []ui.Option{{Text: pg.t.T("console.log.carrier.any"), Selected: chosen == ""}},
	}
	for _, cr := range carriers {
		v.Options = append(v.Options, ui.Option{Value: string(cr.ID), Text: cr.Name, Selected: string(cr.ID) == chosen})
	}
	return v
}

// placeField lists shelves, the desk and free doors; the last one stays chosen.
func placeField(pg page, layout locker.Layout, chosen, wrong string) ui.FieldView {
	v := ui.FieldView{ID: "place", Label: pg.t.T("console.log.place"), Type: "select", Error: wrong}
	for _, p := range layout.Places() {
		if p.Kind != locker.PlaceCompartment {
			v.Options = append(v.Options, ui.Option{
				Value: string(p.ID), Text: placeWord(pg.t, p.Kind, p.Name), Selected: string(p.ID) == chosen,
			})
		}
	}
	if len(layout.Banks) == 1 {
		v.Options = append(v.Options, ui.Option{Value: doorPlace, Text: pg.t.T("desk.door"), Selected: chosen == doorPlace})
	}
	for _, b := range layout.Banks {
		if value := doorPlace + ":" + string(b.ID); len(layout.Banks) > 1 {
			v.Options = append(v.Options, ui.Option{Value: value, Text: pg.t.T("desk.door.of", "bank", b.Name), Selected: chosen == value})
		}
	}
	return v
}

func sizesOf(t *text.Printer, chosen, wrong string) sizesView {
	v := sizesView{Legend: t.T("console.log.size"), Error: wrong}
	for i, s := range locker.Sizes() {
		v.Sizes = append(v.Sizes, sizeView{
			ID: "size-" + string(s), Value: string(s), Text: t.Size(string(s)), Width: "w" + itoa(i+1), Selected: string(s) == chosen,
		})
	}
	return v
}

// placed says what became of a parcel that was booked.
func placed(pg page, card logView, a cloud.IntentView) *ui.BannerView {
	if a.State != cloud.IntentDone {
		return outcome(pg.t, a)
	}
	name := string(a.Place)
	if len(card.Just.Rows) > 0 && a.Place == "" {
		return &ui.BannerView{Kind: "info", Icon: "door-open", Text: card.Just.Rows[0].Detail}
	}
	for _, o := range card.Place.Options {
		if o.Value == string(a.Place) {
			name = o.Text
		}
	}
	return &ui.BannerView{Kind: "info", Icon: "circle-check", Text: pg.t.T("console.log.done", "place", name)}
}

// outcome says what became of something that a site was asked to do.
func outcome(t *text.Printer, a cloud.IntentView) *ui.BannerView {
	switch a.State {
	case cloud.IntentDone:
		return &ui.BannerView{Kind: "info", Icon: "circle-check", Text: t.T("console.intent.done")}
	case cloud.IntentRefused:
		return &ui.BannerView{Kind: "danger", Icon: "circle-alert", Text: reasonWords(t, string(a.Code))}
	case cloud.IntentExpired:
		return &ui.BannerView{Kind: "danger", Icon: "circle-alert", Text: t.T("console.intent.expired")}
	case cloud.IntentPending:
	}
	return &ui.BannerView{Kind: "warn", Icon: "clock", Text: t.T("console.intent.pending")}
}
