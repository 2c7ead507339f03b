package console

import (
	"net/http"
	"slices"
	"strings"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/web/ui"
)

// doorPageView is the door sheet as a page of its own.
type doorPageView struct {
	Shell ui.ShellView
	Sheet sheetView
}

// sheetView is everything that staff need to know of a place.
type sheetView struct {
	Title    string
	Where    string // bank and site
	State    ui.DoorState
	StateTxt string
	Notice   *ui.BannerView // what became of the last wish
	Facts    []factView
	Actions  []ui.ButtonView
	Parcels  parcelListView
	Timeline activityView
	Wishes   activityView // what the site was asked to do
	Close    string
	Full     ui.ButtonView // the sheet as a page; without Href on the page itself
}

// factView is a name and a value.
type factView struct{ Name, Value string }

// parcelListView is a short list of parcels.
type parcelListView struct {
	Heading string
	Rows    []parcelRowView
	Empty   string
}

type parcelRowView struct {
	Href, Who, Detail string
	Badge             ui.BadgeView
}

func (c *Console) place(r *http.Request) locker.PlaceID {
	return unseg[locker.PlaceID](r.PathValue("place"))
}

func (c *Console) door(w http.ResponseWriter, r *http.Request, pg page) error {
	sheet, err := c.cloud.DoorSheet(r.Context(), pg.who, pg.site.ID, c.place(r))
	if err != nil {
		return err
	}
	var notice *ui.BannerView
	if intent := locker.IntentID(r.URL.Query().Get("intent")); intent != "" {
		answer, err := c.cloud.Await(r.Context(), pg.who, intent)
		if err != nil {
			return err
		}
		notice = outcome(pg.t, answer)
	}
	return c.showDoor(w, r, pg, sheet, notice)
}

func (c *Console) showDoor(w http.ResponseWriter, r *http.Request, pg page, sheet cloud.DoorSheet, notice *ui.BannerView) error {
	v := sheetOf(pg, sheet)
	v.Notice = notice
	if ui.WantsPartial(r) {
		return write(w, r, sheetPart(v))
	}
	v.Full = ui.ButtonView{}
	return write(w, r, doorPage(doorPageView{Shell: c.shell(pg, shellOf{title: v.Title, nav: "wall"}), Sheet: v}))
}

func sheetOf(pg page, s cloud.DoorSheet) sheetView {
	t := pg.t
	v := sheetView{
		Title: placeWord(t, s.Place.Kind, s.Place.Name), Where: s.Bank, State: ui.DoorState(s.Place.Status),
		StateTxt: t.T("state." + string(s.Place.Status)), Facts: doorFacts(pg, s), Close: t.T("common.close"),
		Full: ui.ButtonView{Text: t.T("console.door.full"), Kind: "ghost", Href: placeHref(pg.site.ID, s.Place.Place)},
	}
	v.Actions = doorActions(pg, s)
	v.Parcels = parcelListView{Heading: t.T("console.door.parcels"), Empty: t.T("console.door.parcels.none")}
	for _, d := range s.Parcels {
		v.Parcels.Rows = append(v.Parcels.Rows, parcelRow(pg, d))
	}
	v.Timeline = activityView{
		Heading: t.T("console.custody"), Empty: t.T("console.custody.none"), Line: timeline(pg, "custody", s.Timeline),
	}
	v.Wishes = activityView{Heading: t.T("console.door.wishes"), Line: wishes(pg, s.Intents)}
	return v
}

func parcelRow(pg page, d cloud.Delivery) parcelRowView {
	row := parcelRowView{Href: parcelHref(d.Site, d.Parcel), Who: recipientWords(pg.t, d), Badge: stayBadge(pg.t, d)}
	var parts []string
	if d.CarrierName != "" || d.Tracking != "" {
		parts = append(parts, strings.TrimSpace(d.CarrierName+" "+last4(d.Tracking)))
	}
	if !d.StoredAt.IsZero() {
		parts = append(parts, pg.t.T("console.stored_at", "when", pg.t.DayTime(d.StoredAt, pg.now, pg.zone)))
	}
	row.Detail = strings.Join(parts, " · ")
	return row
}

// last4 shortens a tracking number to what tells parcels apart at a glance.
func last4(tracking string) string {
	const shown = 4
	if len(tracking) <= shown {
		return tracking
	}
	return "…" + tracking[len(tracking)-shown:]
}

func doorFacts(pg page, s cloud.DoorSheet) []factView {
	t := pg.t
	var facts []factView
	add := func(key, value string) {
		if value != "" {
			facts = append(facts, factView{Name: t.T("console.door." + key), Value: value})
		}
	}
	if s.Place.Kind == locker.PlaceCompartment {
		add("size", t.Size(string(s.Place.Size)))
		add("sensor", t.T("console.door.sensor."+doorKey(s.Door)))
	}
	if s.Occupancy != locker.OccupancyUnknown {
		add("inside", t.T("console.door.inside."+string(s.Occupancy)))
	}
	if !s.Place.Since.IsZero() {
		add("since", t.DayTime(s.Place.Since, pg.now, pg.zone))
	}
	if s.Place.Low {
		add("reach", t.T("console.door.low"))
	}
	add("features", featureWords(t, s.Place.Features))
	if s.Reserved.ID != "" {
		add("reserved", t.T("console.door.reserved.until", "when", t.DayTime(s.Reserved.Until.Time(), pg.now, pg.zone)))
	}
	for _, f := range s.Place.Faults {
		add("fault", t.T("console.fault."+string(f)))
	}
	if s.Place.Doubt != "" {
		add("doubt", reasonWords(t, s.Place.Doubt))
	}
	return facts
}

func doorKey(d locker.Door) string {
	switch d {
	case locker.DoorShut:
		return "closed"
	case locker.DoorAjar:
		return "open"
	case locker.DoorUnknown:
	}
	return "unknown"
}

// actButton is an act and how its button looks.
type actButton struct {
	act        cloud.Action
	icon, kind string
}

// doorActs lists what can be asked of a place, in the order of the buttons.
func doorActs() []actButton {
	return []actButton{
		{cloud.ActionOpen, "door-open", ""},
		{cloud.ActionVerify, "check", "ghost"},
		{cloud.ActionUnreserve, "bookmark", "ghost"},
		{cloud.ActionOut, "ban", "ghost"},
		{cloud.ActionBack, "undo-2", "ghost"},
	}
}

func doorActions(pg page, s cloud.DoorSheet) []ui.ButtonView {
	var buttons []ui.ButtonView
	for _, a := range doorActs() {
		if !slices.Contains(s.Actions, a.act) {
			continue
		}
		href := placeHref(pg.site.ID, s.Place.Place) + "/" + string(a.act)
		buttons = append(buttons, ui.ButtonView{
			Text: pg.t.T("console.act." + string(a.act)), Icon: a.icon, Kind: a.kind, Href: href, Attrs: inSheet(href),
		})
	}
	if slices.Contains(s.Actions, cloud.ActionHandOver) {
		buttons = append(buttons, ui.ButtonView{
			Text: pg.t.T("console.nav.hand_over"), Icon: "hand", Href: siteHref(pg.site.ID, "/hand-over?place="+seg(s.Place.Place)),
		})
	}
	return buttons
}

// inSheet makes a link open as a fragment in the sheet; without a script it leads to the page.
func inSheet(href string) map[string]any {
	return map[string]any{"hx-get": href, "hx-target": "#sheet", "hx-swap": "innerHTML"}
}

// askPageView is a question before something that is hard to undo, as a page.
type askPageView struct {
	Shell   ui.ShellView
	Errors  ui.ErrorSummaryView
	Confirm ui.ConfirmView
	Choices *ui.ChoicesView // e.g. what was seen in the place
	Field   *ui.FieldView   // one more field, e.g. until when
}

// doorAsk is the question before an act at a place.
func (c *Console) doorAsk(w http.ResponseWriter, r *http.Request, pg page) error {
	act := cloud.Action(r.PathValue("act"))
	known := slices.ContainsFunc(doorActs(), func(a actButton) bool { return a.act == act })
	if !known {
		return locker.Errorf(locker.CodeNotFound, "no act %q", string(act))
	}
	sheet, err := c.cloud.DoorSheet(r.Context(), pg.who, pg.site.ID, c.place(r))
	if err != nil {
		return err
	}
	return c.ask(w, r, pg, doorQuestion(pg, sheet.Place, act, "", nil))
}

// ask shows a question as a fragment in the sheet, or as a page.
func (c *Console) ask(w http.ResponseWriter, r *http.Request, pg page, v askPageView) error {
	v.Shell = c.shell(pg, shellOf{title: v.Confirm.Title, nav: "wall", failed: len(v.Errors.Errors) > 0})
	if len(v.Errors.Errors) > 0 {
		return invalid(w, r, askPage(v), askPart(v))
	}
	if ui.WantsPartial(r) {
		return write(w, r, askPart(v))
	}
	return write(w, r, askPage(v))
}

func doorQuestion(pg page, place cloud.WallPlace, act cloud.Action, reason string, errs []ui.FormError) askPageView {
	t := pg.t
	name := placeWord(t, place.Kind, place.Name)
	base := "console.ask." + string(act)
	v := askPageView{Errors: summary(pg, errs)}
	v.Confirm = question(t, base, name, placeHref(pg.site.ID, place.Place), string(act))
	if act == cloud.ActionVerify {
		v.Choices = &ui.ChoicesView{
			ID: "seen", Name: "seen", Legend: t.T("console.ask.verify.seen"), Error: errorOf(errs, "seen"), Options: []ui.Option{
				{Value: "empty", Text: t.T("console.door.inside.empty")}, {Value: "occupied", Text: t.T("console.door.inside.occupied")},
			},
		}
		return v
	}
	if act != cloud.ActionUnreserve {
		v.Confirm.Reason = reasonField(t, reason, errs)
	}
	v.Confirm.Danger = act == cloud.ActionOpen
	return v
}

// doorOpen asks the site to open a door, with the reason that the record keeps.
func (c *Console) doorOpen(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.doorAct(w, r, pg, cloud.ActionOpen, func(place locker.PlaceID, reason string) (locker.IntentID, error) {
		return c.cloud.RemoteOpen(r.Context(), pg.who, pg.site.ID, place, reason)
	})
}

func (c *Console) doorOut(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.doorAct(w, r, pg, cloud.ActionOut, func(place locker.PlaceID, reason string) (locker.IntentID, error) {
		return c.cloud.SetService(r.Context(), pg.who, pg.site.ID, place, true, reason)
	})
}

func (c *Console) doorBack(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.doorAct(w, r, pg, cloud.ActionBack, func(place locker.PlaceID, reason string) (locker.IntentID, error) {
		return c.cloud.SetService(r.Context(), pg.who, pg.site.ID, place, false, reason)
	})
}

func (c *Console) doorVerify(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.doorAct(w, r, pg, cloud.ActionVerify, func(place locker.PlaceID, _ string) (locker.IntentID, error) {
		return c.cloud.Verify(r.Context(), pg.who, pg.site.ID, place, r.PostFormValue("seen") == "occupied")
	})
}

func (c *Console) doorUnreserve(w http.ResponseWriter, r *http.Request, pg page) error {
	sheet, err := c.cloud.DoorSheet(r.Context(), pg.who, pg.site.ID, c.place(r))
	if err != nil {
		return err
	}
	return c.doorAct(w, r, pg, cloud.ActionUnreserve, func(locker.PlaceID, string) (locker.IntentID, error) {
		return c.cloud.CancelReservation(r.Context(), pg.who, pg.site.ID, sheet.Reserved.ID)
	})
}

// doorAct checks the form, asks the site and shows the place again with the answer.
func (c *Console) doorAct(
	w http.ResponseWriter, r *http.Request, pg page, act cloud.Action, do func(locker.PlaceID, string) (locker.IntentID, error),
) error {
	place, reason := c.place(r), strings.TrimSpace(r.PostFormValue("reason"))
	errs := checkAct(pg, act, reason, r.PostFormValue("seen"))
	var intent locker.IntentID
	if len(errs) == 0 {
		var err error
		intent, err = do(place, reason)
		switch code := codeOf(err); {
		case err != nil && (code == locker.CodeInternal || code == locker.CodeNotFound):
			return err
		case err != nil:
			errs = append(errs, ui.FormError{Text: pg.t.Error(string(code), "code", string(code))})
		}
	}
	if len(errs) == 0 && !ui.WantsPartial(r) {
		ui.Redirect(w, r, placeHref(pg.site.ID, place)+"?intent="+seg(intent))
		return nil
	}
	var notice *ui.BannerView
	if len(errs) == 0 {
		answer, err := c.cloud.Await(r.Context(), pg.who, intent)
		if err != nil {
			return err
		}
		notice = outcome(pg.t, answer)
	}
	sheet, err := c.cloud.DoorSheet(r.Context(), pg.who, pg.site.ID, place)
	if err != nil {
		return err
	}
	if len(errs) > 0 {
		return c.ask(w, r, pg, doorQuestion(pg, sheet.Place, act, reason, errs))
	}
	return c.showDoor(w, r, pg, sheet, notice)
}

func checkAct(pg page, act cloud.Action, reason, seen string) []ui.FormError {
	switch act { //nolint:exhaustive // the other acts have forms of their own
	case cloud.ActionVerify:
		if seen != "empty" && seen != "occupied" {
			return []ui.FormError{{Field: "seen", Text: pg.t.T("console.ask.verify.missing")}}
		}
	case cloud.ActionOpen, cloud.ActionOut, cloud.ActionBack:
		return checkReason(pg, reason)
	}
	return nil
}
