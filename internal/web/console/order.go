package console

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/web/ui"
)

// orderForm is what was typed into a question about a parcel.
type orderForm struct {
	reason, who, recipient, until, outcome string
}

func readOrder(r *http.Request) orderForm {
	return orderForm{
		reason: strings.TrimSpace(r.FormValue("reason")), who: strings.TrimSpace(r.FormValue("who")),
		recipient: r.FormValue("recipient"), until: r.FormValue("until"), outcome: r.FormValue("outcome"),
	}
}

// dateLayout is how browsers send a date.
const dateLayout = "2006-01-02"

// parcelAsk is the question before an act on a parcel.
func (c *Console) parcelAsk(w http.ResponseWriter, r *http.Request, pg page) error {
	act := cloud.Action(r.PathValue("act"))
	if !slices.ContainsFunc(parcelActs(), func(a actButton) bool { return a.act == act }) {
		return locker.Errorf(locker.CodeNotFound, "no act %q", string(act))
	}
	p, err := c.cloud.Parcel(r.Context(), pg.who, pg.site.ID, parcelID(r))
	if err != nil {
		return err
	}
	return c.askOrder(w, r, pg, orderAsk{p: p, act: act, form: readOrder(r)})
}

// orderAsk is a question about a parcel with what was typed and what is wrong with it.
type orderAsk struct {
	p    cloud.ParcelView
	act  cloud.Action
	form orderForm
	errs []ui.FormError
}

func (c *Console) askOrder(w http.ResponseWriter, r *http.Request, pg page, a orderAsk) error {
	v := askPageView{Errors: summary(pg, a.errs)}
	href := parcelHref(a.p.Site, a.p.Parcel)
	v.Confirm = question(pg.t, "console.ask."+string(a.act), recipientWords(pg.t, a.p.Delivery), href, string(a.act))
	v.Confirm.Reason = reasonField(pg.t, a.form.reason, a.errs)
	switch a.act { //nolint:exhaustive // the other acts need no more than a reason
	case cloud.ActionExtend:
		if a.form.until == "" {
			a.form.until = a.p.CollectBy.In(pg.zone).AddDate(0, 0, 1).Format(dateLayout)
		}
		v.Field = &ui.FieldView{
			ID: "until", Label: pg.t.T("console.ask.extend.until"), Type: "date", Value: a.form.until, Error: errorOf(a.errs, "until"),
		}
	case cloud.ActionClear:
		v.Field = &ui.FieldView{ID: "outcome", Label: pg.t.T("console.ask.clear.outcome"), Type: "select"}
		for _, o := range []string{"returned", "moved", "cleared"} {
			v.Field.Options = append(v.Field.Options, ui.Option{Value: o, Text: pg.t.T("console.outcome." + o), Selected: o == a.form.outcome})
		}
	case cloud.ActionReassign:
		hits, err := c.hits(r, pg, logForm{who: a.form.who, recipient: a.form.recipient}, errorOf(a.errs, "recipient"))
		if err != nil {
			return err
		}
		f := logFields(pg, logForm{who: a.form.who}, a.errs).Who
		v.Field = &f
		if len(hits.Options) > 0 {
			v.Choices = &hits
		}
	case actionCode:
		// The code opens as a page: a fragment would stand in the history of the sheet.
		delete(v.Confirm.Attrs, "hx-post")
	}
	return c.ask(w, r, pg, v)
}

// order runs an act on the newest stay of a parcel and leads back to the parcel.
func (c *Console) order(w http.ResponseWriter, r *http.Request, pg page, act cloud.Action, do func(cloud.ParcelView, orderForm) (string, error)) error {
	p, err := c.cloud.Parcel(r.Context(), pg.who, pg.site.ID, parcelID(r))
	if err != nil {
		return err
	}
	f := readOrder(r)
	errs := checkReason(pg, f.reason)
	if len(errs) > 0 {
		return c.askOrder(w, r, pg, orderAsk{p: p, act: act, form: f, errs: errs})
	}
	query, err := do(p, f)
	if err != nil {
		code := codeOf(err)
		if code == locker.CodeInternal || code == locker.CodeNotFound {
			return err
		}
		field := map[cloud.Action]string{cloud.ActionExtend: "until", cloud.ActionReassign: "who"}[act]
		errs = []ui.FormError{{Field: field, Text: pg.t.Error(string(code), "code", string(code))}}
		return c.askOrder(w, r, pg, orderAsk{p: p, act: act, form: f, errs: errs})
	}
	c.done(w, r, parcelHref(p.Site, p.Parcel)+query, did(query, string(act)))
	return nil
}

// did is the toast of an act; an intent's answer is said by the page instead.
func did(query, act string) string {
	if query != "" {
		return ""
	}
	return act
}

func (c *Console) parcelReissue(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.order(w, r, pg, cloud.ActionReissue, func(p cloud.ParcelView, f orderForm) (string, error) {
		intent, err := c.cloud.ReissueCode(r.Context(), pg.who, p.Site, p.Stay, f.reason)
		return "?intent=" + seg(intent), err
	})
}

func (c *Console) parcelReassign(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.order(w, r, pg, cloud.ActionReassign, func(p cloud.ParcelView, f orderForm) (string, error) {
		to := locker.RecipientID(f.recipient)
		if to == "" {
			found, err := c.cloud.FindRecipients(r.Context(), pg.who, p.Site, f.who)
			if err != nil {
				return "", err
			}
			if len(found) != 1 {
				return "", locker.Errorf(locker.CodeUnitUnknown, "%d people found", len(found))
			}
			to = found[0].ID
		}
		return "", c.cloud.ReassignStay(r.Context(), pg.who, p.Site, p.Stay, to, f.reason)
	})
}

func (c *Console) parcelRevoke(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.order(w, r, pg, cloud.ActionRevoke, func(p cloud.ParcelView, f orderForm) (string, error) {
		return "", c.cloud.RevokeStay(r.Context(), pg.who, p.Site, p.Stay, f.reason)
	})
}

func (c *Console) parcelRestore(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.order(w, r, pg, cloud.ActionRestore, func(p cloud.ParcelView, f orderForm) (string, error) {
		return "", c.cloud.RestoreStay(r.Context(), pg.who, p.Site, p.Stay, f.reason)
	})
}

// parcelClear books a parcel of a shelf or the desk as taken away by staff.
func (c *Console) parcelClear(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.order(w, r, pg, cloud.ActionClear, func(p cloud.ParcelView, f orderForm) (string, error) {
		intent, err := c.desk.Clear(r.Context(), pg.who, p.Site, []locker.StayID{p.Stay}, f.outcome, f.reason)
		return "?intent=" + seg(intent), err
	})
}

// parcelExtend moves "collect by" to the end of a day in the site's zone.
func (c *Console) parcelExtend(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.order(w, r, pg, cloud.ActionExtend, func(p cloud.ParcelView, f orderForm) (string, error) {
		day, err := time.ParseInLocation(dateLayout, f.until, pg.zone)
		if err != nil {
			return "", locker.Errorf(locker.CodeInputInvalid, "%q is no date", f.until)
		}
		return "", c.cloud.HoldStay(r.Context(), pg.who, p.Site, p.Stay, day.AddDate(0, 0, 1).Add(-time.Minute), f.reason)
	})
}

// parcelCode shows the code of a parcel, for reading it to its holder. The answer is the page itself:
// a code never stands in an address.
func (c *Console) parcelCode(w http.ResponseWriter, r *http.Request, pg page) error {
	p, err := c.cloud.Parcel(r.Context(), pg.who, pg.site.ID, parcelID(r))
	if err != nil {
		return err
	}
	f := readOrder(r)
	errs := checkReason(pg, f.reason)
	var code cloud.Code
	if len(errs) == 0 {
		code, err = c.cloud.StayCode(r.Context(), pg.who, p.Site, p.Stay, f.reason)
		if err != nil && codeOf(err) == locker.CodeInternal {
			return err
		} else if err != nil {
			errs = append(errs, ui.FormError{Text: pg.t.Error(string(codeOf(err)))})
		}
	}
	if len(errs) > 0 {
		return c.askOrder(w, r, pg, orderAsk{p: p, act: actionCode, form: f, errs: errs})
	}
	v := c.parcelView(pg, p)
	if v.Code, err = codeCard(pg.t, code, pg.t.T("console.code.prompt")); err != nil {
		return err
	}
	return write(w, r, parcelPage(v))
}
