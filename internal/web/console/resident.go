package console

import (
	"context"
	"net/http"
	"net/mail"
	"strconv"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// residentView is the form of one recipient.
type residentView struct {
	Shell   ui.ShellView
	Errors  ui.ErrorSummaryView
	Action  string
	Fields  []ui.FieldView
	NewUnit *ui.ChoicesView // the unit is not known yet: add it?
	Marks   ui.ChoicesView
	More    []ui.FieldView
	MoreTxt string
	Save    ui.ButtonView
	Cancel  ui.ButtonView
	Link    *linkView
	Parcels *ui.ButtonView
}

// linkView is the address of the recipient's own page.
type linkView struct {
	Heading, Text, Action string
	Show, Renew           ui.ButtonView
	Address, Copy, Copied string
}

// residentForm is what was typed.
type residentForm struct {
	name, unit, kind, email, phone, language string
	low, inactive, addUnit                   bool
	vacation, quietFrom, quietTo             string
}

func readResident(r *http.Request) residentForm {
	get := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	f := residentForm{
		name: get("name"), unit: get("unit"), kind: get("kind"), email: get("email"), phone: get("phone"), language: get("language"),
		vacation: get("vacation"), quietFrom: get("quiet_from"), quietTo: get("quiet_to"), addUnit: get("add_unit") == "yes",
	}
	for _, mark := range r.PostForm["mark"] {
		f.low, f.inactive = f.low || mark == "low", f.inactive || mark == "inactive"
	}
	return f
}

func formOf(pg page, p cloud.RecipientView) residentForm {
	f := residentForm{
		name: p.Name, unit: p.UnitName, kind: string(p.Kind), email: p.Email, phone: p.Phone, language: p.Language, low: p.LowDoor,
		inactive: p.Inactive,
	}
	if !p.VacationUntil.IsZero() {
		f.vacation = p.VacationUntil.In(pg.zone).Format(dateLayout)
	}
	if p.QuietFrom != p.QuietTo {
		f.quietFrom, f.quietTo = clockText(p.QuietFrom), clockText(p.QuietTo)
	}
	return f
}

const (
	minutesPerHour = 60
	clockLayout    = "15:04" // as browsers send a time of day
)

func clockText(minutes int) string {
	two := func(n int) string {
		const ten = 10
		if n < ten {
			return "0" + strconv.Itoa(n)
		}
		return strconv.Itoa(n)
	}
	return two(minutes/minutesPerHour) + ":" + two(minutes%minutesPerHour)
}

func languageName(tag string) string {
	for _, l := range text.Languages() {
		if l.Tag == tag {
			return l.Name
		}
	}
	return tag
}

func (c *Console) residentNew(w http.ResponseWriter, r *http.Request, pg page) error {
	v := c.residentView(pg, "", residentForm{kind: string(locker.RecipientResident), unit: r.URL.Query().Get("unit")}, nil)
	return write(w, r, residentPage(v))
}

func residentID(r *http.Request) locker.RecipientID {
	return unseg[locker.RecipientID](r.PathValue("resident"))
}

func (c *Console) resident(w http.ResponseWriter, r *http.Request, pg page) error {
	p, err := c.cloud.Recipient(r.Context(), pg.who, residentID(r))
	if err != nil {
		return err
	}
	return write(w, r, residentPage(c.residentView(pg, p.ID, formOf(pg, p), nil)))
}

func (c *Console) residentAdd(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.putResident(w, r, pg, cloud.RecipientDraft{})
}

func (c *Console) residentChange(w http.ResponseWriter, r *http.Request, pg page) error {
	p, err := c.cloud.Recipient(r.Context(), pg.who, residentID(r))
	if err != nil {
		return err
	}
	return c.putResident(w, r, pg, cloud.RecipientDraft{ID: p.ID, Source: p.Source, ExternalID: p.ExternalID})
}

// putResident checks the form, adds a unit when that was asked for, and stores the recipient.
func (c *Console) putResident(w http.ResponseWriter, r *http.Request, pg page, d cloud.RecipientDraft) error {
	f := readResident(r)
	errs := f.fill(pg, &d)
	if len(errs) == 0 {
		unit, err := c.unit(r.Context(), pg, f)
		switch code := codeOf(err); {
		case err != nil && code == locker.CodeInternal:
			return err
		case err != nil:
			errs = append(errs, ui.FormError{Field: "unit", Text: pg.t.T("console.resident.unit.unknown", "unit", f.unit)})
		default:
			d.Unit = unit
		}
	}
	if len(errs) == 0 {
		_, err := c.cloud.PutRecipient(r.Context(), pg.who, pg.site.Property, d)
		if err == nil {
			c.done(w, r, siteHref(pg.site.ID, "/residents"), "resident_saved")
			return nil
		}
		if codeOf(err) == locker.CodeInternal {
			return err
		}
		errs = append(errs, ui.FormError{Text: pg.t.Error(string(codeOf(err)))})
	}
	return invalid(w, r, residentPage(c.residentView(pg, d.ID, f, errs)), nil)
}

// fill reads the form into the draft and says what is wrong.
func (f residentForm) fill(pg page, d *cloud.RecipientDraft) []ui.FormError {
	var errs []ui.FormError
	wrong := func(field, key string) {
		errs = append(errs, ui.FormError{Field: field, Text: pg.t.T(key)})
	}
	d.Kind, d.Name, d.Email, d.Phone = locker.RecipientKind(f.kind), f.name, f.email, strings.ReplaceAll(f.phone, " ", "")
	d.Language, d.LowDoor, d.Inactive = f.language, f.low, f.inactive
	if f.name == "" {
		wrong("name", "console.resident.name.missing")
	}
	if f.unit == "" {
		wrong("unit", "console.resident.unit.missing")
	}
	if _, err := mail.ParseAddress(f.email); f.email != "" && err != nil {
		wrong("email", "console.resident.email.wrong")
	}
	if f.phone != "" && !strings.HasPrefix(d.Phone, "+") {
		wrong("phone", "console.resident.phone.wrong")
	}
	if f.vacation != "" {
		day, err := time.ParseInLocation(dateLayout, f.vacation, pg.zone)
		if err != nil {
			wrong("vacation", "console.resident.vacation.wrong")
		}
		d.VacationUntil = day
	}
	if f.quietFrom != "" || f.quietTo != "" {
		from, errFrom := time.Parse(clockLayout, f.quietFrom)
		to, errTo := time.Parse(clockLayout, f.quietTo)
		if errFrom != nil || errTo != nil {
			wrong("quiet_from", "console.resident.quiet.wrong")
		}
		d.QuietFrom = from.Hour()*minutesPerHour + from.Minute()
		d.QuietTo = to.Hour()*minutesPerHour + to.Minute()
	}
	return errs
}

// unit finds the unit by its name among those of the property, and adds it when that was asked for.
func (c *Console) unit(ctx context.Context, pg page, f residentForm) (locker.UnitID, error) {
	const maxPages = 50 // 10,000 units
	cursor := ""
	for range maxPages {
		list, err := c.cloud.Units(ctx, pg.who, pg.site.ID, cursor, cloud.MaxPage)
		if err != nil {
			return "", err
		}
		for _, u := range list.Items {
			if strings.EqualFold(u.Name, f.unit) {
				return u.ID, nil
			}
		}
		if cursor = list.Next; cursor == "" {
			break
		}
	}
	if !f.addUnit {
		return "", locker.Errorf(locker.CodeUnitUnknown, "no unit %q", f.unit)
	}
	kind := locker.UnitApartment
	if f.kind != string(locker.RecipientResident) {
		kind = locker.UnitOffice
	}
	return c.cloud.PutUnit(ctx, pg.who, pg.site.Property, cloud.UnitDraft{Kind: kind, Name: f.unit})
}

func (c *Console) residentView(pg page, id locker.RecipientID, f residentForm, errs []ui.FormError) residentView {
	t := pg.t
	base := siteHref(pg.site.ID, "/residents")
	title := t.T("console.resident.add")
	v := residentView{Action: base + "/new", Errors: summary(pg, errs), MoreTxt: t.T("console.resident.more")}
	if id != "" {
		title, v.Action = f.name, base+"/"+seg(id)
		v.Link = &linkView{
			Heading: t.T("console.resident.link"), Text: t.T("console.resident.link.text"), Action: v.Action + "/link",
			Show:  ui.ButtonView{Text: t.T("console.resident.link.show"), Kind: "ghost", Name: "do", Value: "show"},
			Renew: ui.ButtonView{Text: t.T("console.resident.link.renew"), Kind: "ghost", Name: "do", Value: "renew"},
		}
		v.Parcels = &ui.ButtonView{
			Text: t.T("console.resident.parcels"), Icon: "package", Kind: "ghost",
			Href: "/deliveries" + with(map[string][]string{"q": {f.name}, "site": {string(pg.site.ID)}}, "state", ""),
		}
	}
	v.Shell = c.shell(pg, shellOf{title: title, nav: "residents", failed: len(errs) > 0})
	v.Fields = residentFields(t, f, errs)
	if errorOf(errs, "unit") != "" && f.unit != "" {
		v.NewUnit = &ui.ChoicesView{
			ID: "add-unit", Name: "add_unit", Multiple: true, Legend: t.T("console.resident.unit.new"),
			Options: []ui.Option{{Value: "yes", Text: t.T("console.resident.unit.add", "unit", f.unit), Selected: f.addUnit}},
		}
	}
	v.Marks = ui.ChoicesView{
		ID: "mark", Name: "mark", Multiple: true, Legend: t.T("console.resident.marks"), Options: []ui.Option{
			{Value: "low", Text: t.T("console.resident.low"), Hint: t.T("console.resident.low.hint"), Selected: f.low},
			{Value: "inactive", Text: t.T("console.resident.inactive"), Hint: t.T("console.resident.inactive.hint"), Selected: f.inactive},
		},
	}
	v.More = []ui.FieldView{
		{ID: "vacation", Label: t.T("console.resident.vacation"), Hint: t.T("console.resident.vacation.hint"), Type: "date", Value: f.vacation, Error: errorOf(errs, "vacation")},
		{ID: "quiet_from", Label: t.T("console.resident.quiet.from"), Hint: t.T("console.resident.quiet.hint"), Type: "time", Value: f.quietFrom, Error: errorOf(errs, "quiet_from")},
		{ID: "quiet_to", Label: t.T("console.resident.quiet.to"), Type: "time", Value: f.quietTo},
	}
	v.Save = ui.ButtonView{Text: t.T("common.save"), Icon: "check"}
	v.Cancel = ui.ButtonView{Text: t.T("common.cancel"), Kind: "ghost", Href: base}
	return v
}

func residentFields(t *text.Printer, f residentForm, errs []ui.FormError) []ui.FieldView {
	kinds := ui.FieldView{ID: "kind", Label: t.T("console.resident.kind"), Type: "select"}
	for _, k := range []locker.RecipientKind{locker.RecipientResident, locker.RecipientEmployee, locker.RecipientOffice} {
		kinds.Options = append(kinds.Options, ui.Option{
			Value: string(k), Text: t.T("console.resident.kind." + string(k)), Selected: f.kind == string(k),
		})
	}
	languages := ui.FieldView{
		ID: "language", Label: t.T("console.resident.language"), Type: "select",
		Options: []ui.Option{{Text: t.T("console.resident.language.any"), Selected: f.language == ""}},
	}
	for _, l := range text.Languages() {
		languages.Options = append(languages.Options, ui.Option{Value: l.Tag, Text: l.Name, Selected: f.language == l.Tag})
	}
	return []ui.FieldView{
		{ID: "name", Label: t.T("console.resident.name"), Value: f.name, Error: errorOf(errs, "name"), MaxLength: maxName, Autocomplete: "off"},
		{ID: "unit", Label: t.T("console.resident.unit"), Value: f.unit, Error: errorOf(errs, "unit"), MaxLength: maxName, Autocomplete: "off"},
		kinds,
		{ID: "email", Label: t.T("console.resident.email"), Type: "email", Value: f.email, Error: errorOf(errs, "email"), LTR: true, MaxLength: 254, Autocomplete: "off"},
		{
			ID: "phone", Label: t.T("console.resident.phone"), Hint: t.T("console.resident.phone.hint"), Type: "tel", Value: f.phone,
			Error: errorOf(errs, "phone"), LTR: true, MaxLength: 32, Autocomplete: "off",
		},
		languages,
	}
}

// residentLink shows the address of the recipient's page, or makes a new one. The answer is the page
// itself: the address is a key and never stands in another address.
func (c *Console) residentLink(w http.ResponseWriter, r *http.Request, pg page) error {
	p, err := c.cloud.Recipient(r.Context(), pg.who, residentID(r))
	if err != nil {
		return err
	}
	get := c.cloud.RecipientLink
	if r.PostFormValue("do") == "renew" {
		get = c.cloud.RenewRecipientLink
	}
	address, err := get(r.Context(), pg.who, p.ID)
	if err != nil {
		return err
	}
	v := c.residentView(pg, p.ID, formOf(pg, p), nil)
	v.Link.Address, v.Link.Copy, v.Link.Copied = address, pg.t.T("common.copy"), pg.t.T("common.copied")
	return write(w, r, residentPage(v))
}
