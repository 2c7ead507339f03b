package console

import (
	"net/http"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/web/ui"
)

// couriersView is the list of couriers' accesses and the form for a new one.
type couriersView struct {
	Shell   ui.ShellView
	Errors  ui.ErrorSummaryView
	Table   ui.TableView
	Heading string
	Action  string
	Carrier ui.FieldView
	NewName ui.FieldView
	Name    ui.FieldView
	Until   ui.FieldView
	Submit  ui.ButtonView
	Card    *ui.CodeCardView // of an access just added, or asked for
	CardFor string
}

// courierForm is what was typed.
type courierForm struct{ carrier, newCarrier, name, until string }

func (c *Console) couriers(w http.ResponseWriter, r *http.Request, pg page) error {
	v, err := c.couriersView(r, pg, courierForm{}, nil)
	if err != nil {
		return err
	}
	return write(w, r, couriersPage(v))
}

func (c *Console) couriersView(r *http.Request, pg page, f courierForm, errs []ui.FormError) (couriersView, error) {
	t := pg.t
	carriers, err := c.cloud.Carriers(r.Context())
	if err != nil {
		return couriersView{}, err
	}
	list, err := c.cloud.Couriers(r.Context(), pg.who, pg.site.ID)
	if err != nil {
		return couriersView{}, err
	}
	v := couriersView{
		Shell:  c.shell(pg, shellOf{title: t.T("console.nav.couriers"), nav: "couriers", failed: len(errs) > 0}),
		Errors: summary(pg, errs), Table: courierTable(pg, list), Heading: t.T("console.courier.add"),
		Action: siteHref(pg.site.ID, "/couriers"), Carrier: carrierField(pg, carriers, f.carrier),
		NewName: ui.FieldView{
			ID: "new-carrier", Name: "new_carrier", Label: t.T("console.courier.new_carrier"), Hint: t.T("console.courier.new_carrier.hint"),
			Value: f.newCarrier, Error: errorOf(errs, "new-carrier"), MaxLength: maxName,
		},
		Name: ui.FieldView{
			ID: "name", Label: t.T("console.courier.name"), Hint: t.T("console.courier.name.hint"), Value: f.name,
			Error: errorOf(errs, "name"), MaxLength: maxName,
		},
		Until: ui.FieldView{
			ID: "until", Label: t.T("console.courier.until"), Hint: t.T("console.courier.until.hint"), Type: "date", Value: f.until,
			Error: errorOf(errs, "until"),
		},
		Submit: ui.ButtonView{Text: t.T("console.courier.add"), Icon: "plus"},
	}
	v.Carrier.Label, v.Carrier.Error = t.T("console.column.carrier"), errorOf(errs, "carrier")
	v.Carrier.Options[0].Text = t.T("console.courier.choose")
	return v, nil
}

func courierTable(pg page, list []cloud.CourierView) ui.TableView {
	t := pg.t
	v := ui.TableView{
		ID: "couriers", Caption: t.T("console.nav.couriers"), Empty: ui.EmptyView{Text: t.T("console.courier.none")},
		Columns: []ui.ColumnView{
			{Text: t.T("console.courier.name")},
			{Text: t.T("console.column.carrier")},
			{Text: t.T("console.courier.until")},
			{Text: t.T("console.column.state")},
			{Text: t.T("console.column.actions")},
		},
	}
	for _, cr := range list {
		until := t.T("console.courier.no_end")
		if !cr.Until.IsZero() {
			until = t.Date(cr.Until, pg.zone)
		}
		state := ui.BadgeView{Text: t.T("console.courier.active"), Kind: "ok"}
		acts := courierActsView{Code: siteHref(pg.site.ID, "/couriers/"+seg(cr.ID)+"/code"), CodeText: t.T("console.courier.code"), Name: cr.Name}
		revoke := siteHref(pg.site.ID, "/couriers/"+seg(cr.ID)+"/revoke")
		acts.Revoke = ui.ButtonView{Text: t.T("console.courier.revoke"), Kind: "ghost", Href: revoke, Attrs: inSheet(revoke)}
		switch {
		case cr.Revoked:
			state, acts = ui.BadgeView{Text: t.T("console.courier.revoked"), Kind: "danger"}, courierActsView{}
		case !cr.Until.IsZero() && !pg.now.Before(cr.Until):
			state, acts = ui.BadgeView{Text: t.T("console.courier.ended")}, courierActsView{}
		}
		v.Rows = append(v.Rows, ui.RowView{ID: "courier-" + htmlID(string(cr.ID)), Cells: []ui.CellView{
			{Text: cr.Name}, {Text: cr.CarrierName}, {Text: until}, {Component: ui.Badge(state)}, {Component: courierActs(acts)},
		}})
	}
	return v
}

// courierActsView are the buttons of a courier's row.
type courierActsView struct {
	Code, CodeText, Name string
	Revoke               ui.ButtonView
}

// courierAdd adds an access and shows its code at once: the answer is the page itself, because a
// code never stands in an address.
func (c *Console) courierAdd(w http.ResponseWriter, r *http.Request, pg page) error {
	f := courierForm{
		carrier: r.PostFormValue("carrier"), newCarrier: strings.TrimSpace(r.PostFormValue("new_carrier")),
		name: strings.TrimSpace(r.PostFormValue("name")), until: r.PostFormValue("until"),
	}
	draft, errs := f.draft(pg)
	var id locker.CourierID
	if len(errs) == 0 {
		var err error
		if id, err = c.putCourier(r, pg, f, draft); err != nil {
			if codeOf(err) == locker.CodeInternal {
				return err
			}
			errs = append(errs, ui.FormError{Field: "name", Text: pg.t.Error(string(codeOf(err)))})
		}
	}
	if len(errs) > 0 {
		v, err := c.couriersView(r, pg, f, errs)
		if err != nil {
			return err
		}
		return invalid(w, r, couriersPage(v), nil)
	}
	return c.showCourierCode(w, r, pg, id)
}

func (f courierForm) draft(pg page) (cloud.CourierDraft, []ui.FormError) {
	d := cloud.CourierDraft{Carrier: locker.CarrierID(f.carrier), Name: f.name}
	var errs []ui.FormError
	if f.carrier == "" && f.newCarrier == "" {
		errs = append(errs, ui.FormError{Field: "carrier", Text: pg.t.T("console.courier.carrier.missing")})
	}
	if f.name == "" {
		errs = append(errs, ui.FormError{Field: "name", Text: pg.t.T("console.courier.name.missing")})
	}
	if f.until != "" {
		day, err := time.ParseInLocation(dateLayout, f.until, pg.zone)
		if err != nil || !day.AddDate(0, 0, 1).After(pg.now) {
			errs = append(errs, ui.FormError{Field: "until", Text: pg.t.T("console.courier.until.past")})
		}
		d.Until = day.AddDate(0, 0, 1)
	}
	return d, errs
}

// putCourier adds the carrier first when it is a new one.
func (c *Console) putCourier(r *http.Request, pg page, f courierForm, d cloud.CourierDraft) (locker.CourierID, error) {
	if d.Carrier == "" {
		carrier := cloud.CarrierView{ID: carrierID(f.newCarrier), Name: f.newCarrier}
		if err := c.cloud.PutCarrier(r.Context(), pg.who, carrier); err != nil {
			return "", err
		}
		d.Carrier = carrier.ID
	}
	return c.cloud.PutCourier(r.Context(), pg.who, pg.site.ID, d)
}

// carrierID makes an id of a carrier's name: "Post & Co" becomes "post-co".
func carrierID(name string) locker.CarrierID {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r < 0x80
	})
	return locker.CarrierID(strings.Join(words, "-"))
}

func (c *Console) courierCode(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.showCourierCode(w, r, pg, courierID(r))
}

func courierID(r *http.Request) locker.CourierID {
	return unseg[locker.CourierID](r.PathValue("courier"))
}

func (c *Console) showCourierCode(w http.ResponseWriter, r *http.Request, pg page, id locker.CourierID) error {
	code, err := c.cloud.CourierCode(r.Context(), pg.who, id)
	if err != nil {
		return err
	}
	v, err := c.couriersView(r, pg, courierForm{}, nil)
	if err != nil {
		return err
	}
	cr, err := c.findCourier(r, pg, id)
	if err != nil {
		return err
	}
	v.CardFor = pg.t.T("console.courier.card", "name", cr.Name, "carrier", cr.CarrierName)
	if v.Card, err = codeCard(pg.t, code, pg.t.T("console.courier.prompt")); err != nil {
		return err
	}
	return write(w, r, couriersPage(v))
}

func (c *Console) findCourier(r *http.Request, pg page, id locker.CourierID) (cloud.CourierView, error) {
	list, err := c.cloud.Couriers(r.Context(), pg.who, pg.site.ID)
	if err != nil {
		return cloud.CourierView{}, err
	}
	for _, cr := range list {
		if cr.ID == id {
			return cr, nil
		}
	}
	return cloud.CourierView{}, locker.Errorf(locker.CodeNotFound, "no courier %q at this site", string(id))
}

func (c *Console) courierRevokeAsk(w http.ResponseWriter, r *http.Request, pg page) error {
	cr, err := c.findCourier(r, pg, courierID(r))
	if err != nil {
		return err
	}
	v := askPageView{Confirm: question(pg.t, "console.ask.courier", cr.Name, siteHref(pg.site.ID, "/couriers/"+seg(cr.ID)), "revoke")}
	v.Confirm.CancelHref = siteHref(pg.site.ID, "/couriers")
	v.Confirm.Danger = true
	return c.ask(w, r, pg, v)
}

func (c *Console) courierRevoke(w http.ResponseWriter, r *http.Request, pg page) error {
	cr, err := c.findCourier(r, pg, courierID(r))
	if err != nil {
		return err
	}
	_, err = c.cloud.PutCourier(r.Context(), pg.who, pg.site.ID, cloud.CourierDraft{
		ID: cr.ID, Carrier: cr.Carrier, Name: cr.Name, From: cr.From, Until: cr.Until, Revoked: true,
	})
	if err != nil {
		return err
	}
	c.done(w, r, siteHref(pg.site.ID, "/couriers"), "courier_revoked")
	return nil
}
