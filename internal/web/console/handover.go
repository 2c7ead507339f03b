package console

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"cubby/internal/cloud"
	"cubby/internal/cloud/desk"
	"cubby/internal/locker"
	"cubby/internal/web/console/front"
	"cubby/internal/web/ui"
)

// handOverView is "Hand over": find somebody's parcels, choose, say who took them.
type handOverView struct {
	Shell   ui.ShellView
	Result  *ui.BannerView
	Errors  ui.ErrorSummaryView
	Search  ui.FieldView
	Find    string // where the search goes: a code never stands in an address
	Look    ui.ButtonView
	Query   string
	Known   []ui.Hidden // what a code found, so that the form can be shown again
	Action  string
	Parcels ui.ChoicesView
	Taker   ui.ChoicesView
	Who     ui.FieldView
	Sign    *front.SignView
	Submit  ui.ButtonView
	Doors   parcelListView // what waits behind doors: its holder opens them
	Empty   *ui.EmptyView
}

// maxWho is the longest text that says who took a parcel.
const maxWho = 200

type handOverForm struct {
	query, place, who string
	stays             []string
	known             []locker.StayID // found by a code
	taker             desk.Taker
	signature, signed string
	chosen            bool // the first showing of what was found: all of it is chosen
}

func (c *Console) handOverForm(w http.ResponseWriter, r *http.Request, pg page) error {
	f := handOverForm{query: strings.TrimSpace(r.URL.Query().Get("q")), place: unseg[string](r.URL.Query().Get("place"))}
	f.chosen = f.query != ""
	v, err := c.handOverView(r, pg, f, nil)
	if err != nil {
		return err
	}
	if intent := locker.IntentID(r.URL.Query().Get("intent")); intent != "" {
		answer, err := c.cloud.Await(r.Context(), pg.who, intent)
		if err != nil {
			return err
		}
		v.Result = outcome(pg.t, answer)
		if answer.State == cloud.IntentDone {
			v.Result.Text = pg.t.T("console.hand_over.done")
		}
	}
	return write(w, r, handOverPage(v))
}

func (c *Console) handOver(w http.ResponseWriter, r *http.Request, pg page) error {
	f := handOverForm{
		query: strings.TrimSpace(r.PostFormValue("q")), place: r.PostFormValue("place"), who: strings.TrimSpace(r.PostFormValue("who")),
		stays: r.PostForm["stay"], taker: desk.Taker(r.PostFormValue("taker")), signature: r.PostFormValue("signature"),
		signed: strings.TrimSpace(r.PostFormValue("signed")),
	}
	for _, id := range r.PostForm["known"] {
		f.known = append(f.known, locker.StayID(id))
	}
	var errs []ui.FormError
	if len(f.stays) == 0 {
		errs = append(errs, ui.FormError{Field: "stay", Text: pg.t.T("console.hand_over.choose")})
	}
	switch n := utf8.RuneCountInString(f.who); {
	case n == 0:
		errs = append(errs, ui.FormError{Field: "who", Text: pg.t.T("console.hand_over.who.missing")})
	case n > maxWho:
		errs = append(errs, ui.FormError{Field: "who", Text: pg.t.T("console.hand_over.who.long", "n", maxWho)})
	}
	if len(errs) == 0 {
		var stays []locker.StayID
		for _, s := range f.stays {
			stays = append(stays, locker.StayID(s))
		}
		intent, err := c.desk.HandOver(r.Context(), pg.who, pg.site.ID, desk.Hand{
			Stays: stays, To: f.who, Taker: f.taker, Signature: front.Signature(f.signature, f.signed),
		})
		if err == nil {
			ui.Redirect(w, r, siteHref(pg.site.ID, "/hand-over?intent="+seg(intent)))
			return nil
		}
		field := "stay"
		switch codeOf(err) { //nolint:exhaustive // the rest is about the parcels
		case locker.CodeInternal:
			return err
		case locker.CodeSignatureNeeded:
			field = "signed"
		}
		errs = append(errs, ui.FormError{Field: field, Text: pg.t.Error(string(codeOf(err)))})
	}
	v, err := c.handOverView(r, pg, f, errs)
	if err != nil {
		return err
	}
	return invalid(w, r, handOverPage(v), nil)
}

// handOverFind finds by a pick-up code, its QR code, a unit, a name or a tracking number. A code never stands in
// an address, so the answer is the page itself.
func (c *Console) handOverFind(w http.ResponseWriter, r *http.Request, pg page) error {
	f := handOverForm{query: strings.TrimSpace(r.PostFormValue("q")), chosen: true}
	found, err := c.desk.FindByCode(r.Context(), pg.who, pg.site.ID, f.query)
	switch code := codeOf(err); {
	case err == nil:
		for _, d := range found {
			f.known = append(f.known, d.Stay)
		}
		f.query = ""
	case code != locker.CodeInputInvalid && code != locker.CodeNotFound:
		return err
	}
	v, err := c.handOverView(r, pg, f, nil)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	return write(w, r, handOverPage(v))
}

func (c *Console) handOverView(r *http.Request, pg page, f handOverForm, errs []ui.FormError) (handOverView, error) {
	t := pg.t
	v := handOverView{
		Shell:  c.shell(pg, shellOf{title: t.T("console.nav.hand_over"), nav: "hand_over", failed: len(errs) > 0}),
		Errors: summary(pg, errs), Action: siteHref(pg.site.ID, "/hand-over"),
		Find: siteHref(pg.site.ID, "/hand-over/find"), Look: ui.ButtonView{Text: t.T("common.search"), Icon: "search"}, Query: f.query,
		Search: ui.FieldView{
			ID: "q", Label: t.T("console.hand_over.find"), Hint: t.T("desk.find.hint"), Type: "search", Value: f.query,
			MaxLength: maxName, Autofocus: len(errs) == 0, Autocomplete: "off",
		},
	}
	for _, id := range f.known {
		v.Known = append(v.Known, ui.Hidden{Name: "known", Value: string(id)})
	}
	if len(f.known) > 0 {
		found, err := c.cloud.DeliveriesOf(r.Context(), pg.who, pg.site.ID, f.known)
		if err != nil {
			return v, err
		}
		return v, c.fillHandOver(r, pg, &v, f, found, errs)
	}
	if f.query == "" && f.place == "" {
		v.Empty = &ui.EmptyView{Text: t.T("console.hand_over.start")}
		return v, nil
	}
	list, err := c.cloud.Deliveries(r.Context(), pg.who, cloud.DeliveryFilter{
		Site: pg.site.ID, Query: f.query, State: "waiting", Limit: cloud.MaxPage,
	})
	if err != nil {
		return v, err
	}
	return v, c.fillHandOver(r, pg, &v, f, list.Items, errs)
}

// fillHandOver sorts what waits into what staff can hand out and what stands behind doors.
func (c *Console) fillHandOver(r *http.Request, pg page, v *handOverView, f handOverForm, items []cloud.Delivery, errs []ui.FormError) error { //nolint:revive // a page, a form and what is wrong with it
	t := pg.t
	site, err := c.cloud.Site(r.Context(), pg.who, pg.site.ID)
	if err != nil {
		return err
	}
	v.Parcels = ui.ChoicesView{
		ID: "stay", Name: "stay", Multiple: true, Legend: t.T("console.hand_over.parcels"), Error: errorOf(errs, "stay"),
	}
	v.Doors = parcelListView{Heading: t.T("console.hand_over.doors")}
	taker := f.who
	for _, d := range items {
		switch {
		case f.place != "" && string(d.Place) != f.place:
		case d.PlaceKind == locker.PlaceCompartment:
			row := parcelRow(pg, d)
			row.Detail = strings.Trim(placeWord(t, d.PlaceKind, d.PlaceName)+" · "+row.Detail, " ·")
			v.Doors.Rows = append(v.Doors.Rows, row)
		default:
			row := parcelRow(pg, d)
			v.Parcels.Options = append(v.Parcels.Options, ui.Option{
				Value: string(d.Stay), Text: recipientWords(t, d), Hint: strings.Trim(placeWord(t, d.PlaceKind, d.PlaceName)+" · "+row.Detail, " ·"),
				Selected: slices.Contains(f.stays, string(d.Stay)) || f.chosen,
			})
			if taker == "" && f.chosen {
				taker = d.RecipientName
			}
		}
	}
	if len(v.Parcels.Options) == 0 && len(v.Doors.Rows) == 0 {
		v.Empty = &ui.EmptyView{Text: t.T("console.hand_over.none")}
	}
	v.Who = ui.FieldView{
		ID: "who", Label: t.T("console.hand_over.who"), Hint: t.T("console.hand_over.who.hint"), Value: taker, MaxLength: maxWho,
		Error: errorOf(errs, "who"), Autocomplete: "off",
	}
	v.Taker = front.Takers(t, f.taker)
	v.Sign = front.Sign(t, site.Settings.Desk.Signature, f.signed, errorOf(errs, "signed"))
	v.Submit = ui.ButtonView{Text: t.T("console.nav.hand_over"), Icon: "hand", Large: "big"}
	return nil
}
