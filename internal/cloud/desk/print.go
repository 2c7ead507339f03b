package desk

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/entry"
	"cubby/internal/cloud/label"
	"cubby/internal/document"
	"cubby/internal/locker"
	"cubby/internal/text"
)

// Print is something to print. Stays are needed for slips and parcel labels, Places for place labels.
type Print struct {
	Kind     Kind
	Stays    []locker.StayID
	Places   []locker.PlaceID
	Language string // of the words; empty: the site's first
}

// Kind is what is printed. The zero value is invalid.
type Kind string

// The kinds.
const (
	KindSlip   Kind = "slip"   // for the recipient: a parcel waits, where, and its code
	KindParcel Kind = "parcel" // for the parcel: place, name, unit, tracking number
	KindPlace  Kind = "place"  // for a shelf or the desk: its name, to read and to scan
)

// maxLabels is how many labels are printed at once.
const maxLabels = 200

// Paper is what was made to be printed.
type Paper struct {
	Labels []label.Label
	Size   label.Size
	title  string
	lang   string
	at     time.Time
}

// Preview returns what would be printed. A slip shows the code of its parcel: that is recorded.
func (d *Desk) Preview(ctx context.Context, p cloud.Principal, site locker.SiteID, what Print) (Paper, error) {
	view, err := d.opts.Cloud.Site(ctx, p, site)
	if err != nil {
		return Paper{}, err
	}
	if n := len(what.Stays) + len(what.Places); n == 0 || n > maxLabels {
		return Paper{}, locker.Errorf(locker.CodeInputInvalid, "choose 1 to %d labels", maxLabels)
	}
	lang := what.Language
	if lang == "" && len(view.Settings.Languages) > 0 {
		lang = view.Settings.Languages[0]
	}
	w := writer{Desk: d, who: p, site: view, t: d.opts.Text.For(d.opts.Text.Negotiate(lang, "")), zone: time.UTC}
	if zone, err := time.LoadLocation(view.TimeZone); err == nil {
		w.zone = zone
	}
	paper := Paper{Size: sizeOf(view.Settings.Desk.Label), title: w.t.T("desk.print." + string(what.Kind)), lang: w.t.Lang(), at: d.opts.Now()}
	switch what.Kind {
	case KindPlace:
		paper.Labels, err = w.places(what.Places)
	case KindSlip, KindParcel:
		paper.Labels, err = w.parcels(ctx, what)
	default:
		err = locker.Errorf(locker.CodeInputInvalid, "what is printed is a slip, a parcel label or a place label")
	}
	return paper, err
}

func sizeOf(s cloud.LabelSize) label.Size {
	if s == (cloud.LabelSize{}) {
		return label.DefaultSize()
	}
	return label.Size(s)
}

// writer writes labels of one site in one language.
type writer struct {
	*Desk
	who  cloud.Principal
	site cloud.SiteView
	t    *text.Printer
	zone *time.Location
}

func (w writer) places(ids []locker.PlaceID) ([]label.Label, error) {
	var labels []label.Label
	for _, id := range ids {
		found := false
		for _, place := range w.site.Layout.Places() {
			if place.ID != id {
				continue
			}
			found = true
			l := label.Label{Title: w.site.Name, Big: place.Name, Lines: []string{w.t.T("desk.print.scan")}, QR: string(id), Bar: bar(string(id))}
			if l.Big == "" {
				l.Big = string(id)
			}
			labels = append(labels, l)
		}
		if !found {
			return nil, locker.Errorf(locker.CodePlaceUnknown, "no place %s in the layout", id)
		}
	}
	return labels, nil
}

func (w writer) parcels(ctx context.Context, what Print) ([]label.Label, error) {
	found, err := w.opts.Cloud.DeliveriesOf(ctx, w.who, w.site.ID, what.Stays)
	if err != nil {
		return nil, err
	}
	if len(found) != len(what.Stays) {
		return nil, locker.Errorf(locker.CodeStayUnknown, "a parcel is not there")
	}
	labels := make([]label.Label, 0, len(found))
	for _, parcel := range found {
		if what.Kind == KindParcel {
			labels = append(labels, w.parcel(parcel))
			continue
		}
		slip, err := w.slip(ctx, parcel)
		if err != nil {
			return nil, err
		}
		labels = append(labels, slip)
	}
	return labels, nil
}

// parcel is stuck on the parcel itself: it says whose it is and where it lies.
func (w writer) parcel(d cloud.Delivery) label.Label {
	who := d.RecipientName
	if d.Recipient == "" {
		who = w.t.T("desk.print.unknown")
	}
	l := label.Label{
		Title: w.site.Name, Big: placeName(d), QR: string(d.Parcel), Bar: bar(d.Tracking),
		Lines: []string{who, w.unit(d), join(d.CarrierName, w.t.Size(string(d.Size)), w.t.Date(d.BegunAt, w.zone))},
	}
	if l.Bar == "" {
		l.Bar = bar(string(d.Parcel))
	}
	return l
}

// slip tells a recipient without a telephone. It opens the door: it is for its holder alone.
func (w writer) slip(ctx context.Context, d cloud.Delivery) (label.Label, error) {
	code, err := w.opts.Cloud.StayCode(ctx, w.who, w.site.ID, d.Stay, "printed slip")
	if err != nil {
		return label.Label{}, err
	}
	l := label.Label{
		Title: join(w.site.Name, w.t.T("desk.print.waits")), Big: code.Symbols, QR: code.Token,
		Lines: []string{
			d.RecipientName, w.unit(d), w.t.T("desk.print.where", "place", placeName(d)),
			w.t.T("desk.print.until", "date", w.t.Date(d.CollectBy, w.zone)),
		},
		Note: strings.Trim(join(w.site.Settings.Phone, w.site.Settings.Mail), " ·"),
	}
	if code.Unit != "" { // who has no QR code and no letters on the pad
		l.Lines = append(l.Lines, w.t.T("desk.print.keypad", "unit", code.Unit, "digits", code.Digits))
	}
	return l, nil
}

func (w writer) unit(d cloud.Delivery) string {
	if d.UnitName == "" {
		return ""
	}
	return w.t.T("desk.print.unit", "unit", d.UnitName)
}

func placeName(d cloud.Delivery) string {
	if d.PlaceName != "" {
		return d.PlaceName
	}
	return string(d.Place)
}

func join(parts ...string) string {
	var some []string
	for _, p := range parts {
		if p != "" {
			some = append(some, p)
		}
	}
	return strings.Join(some, " · ")
}

// bar returns a text that a bar code can hold, else nothing.
func bar(content string) string {
	if _, err := label.Bars(content); err != nil {
		return ""
	}
	return content
}

// PDF returns what was asked for as paper, one label on each page. A script that a PDF cannot hold is
// INPUT_INVALID: the preview is printed instead.
func (d *Desk) PDF(ctx context.Context, p cloud.Principal, site locker.SiteID, what Print) ([]byte, error) {
	paper, err := d.Preview(ctx, p, site, what)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = label.WritePDF(&out, label.Sheet{Title: paper.title, Language: paper.lang, At: paper.at, Size: paper.Size}, paper.Labels)
	if errors.Is(err, document.ErrScript) {
		return nil, locker.Errorf(locker.CodeInputInvalid, "%v", document.ErrScript)
	}
	if err != nil {
		return nil, err
	}
	return out.Bytes(), d.printed(ctx, p, site, what)
}

// Print sends what was asked for to the label printer of the site. Without one it is CONFLICT, and PRINTER_OFFLINE
// when the printer does not take it.
func (d *Desk) Print(ctx context.Context, p cloud.Principal, site locker.SiteID, what Print) error {
	view, err := d.opts.Cloud.Site(ctx, p, site)
	if err != nil {
		return err
	}
	if err := p.Need(cloud.RoleStaff, "write"); err != nil {
		return err
	}
	if view.Settings.Desk.Printer == "" || d.opts.Dial == nil {
		return locker.Errorf(locker.CodeConflict, "this site has no label printer: set its address, or print the PDF")
	}
	paper, err := d.Preview(ctx, p, site, what)
	if err != nil {
		return err
	}
	data, err := label.ZPL(paper.Size, paper.Labels)
	if err != nil {
		return err
	}
	if err := label.Print(ctx, d.opts.Dial, view.Settings.Desk.Printer, data); err != nil {
		return locker.Errorf(locker.CodePrinterOffline, "the label printer at %s does not answer: %v", view.Settings.Desk.Printer, err)
	}
	return d.printed(ctx, p, site, what)
}

// Printed says that slips were printed from a page: their recipients count as told.
func (d *Desk) Printed(ctx context.Context, p cloud.Principal, site locker.SiteID, stays []locker.StayID) error {
	if err := p.Need(cloud.RoleStaff, "write"); err != nil {
		return err
	}
	return d.printed(ctx, p, site, Print{Kind: KindSlip, Stays: stays})
}

func (d *Desk) printed(ctx context.Context, p cloud.Principal, site locker.SiteID, what Print) error {
	if d.opts.Printed == nil || what.Kind != KindSlip {
		return nil
	}
	for _, stay := range what.Stays {
		if err := d.opts.Printed(ctx, p, site, stay); err != nil {
			return err
		}
	}
	return nil
}

// maxReturnDays is the longest wait before a parcel goes back.
const maxReturnDays = 365

// SetDesk changes the settings of a site's front desk and leaves the rest as it is.
func (d *Desk) SetDesk(ctx context.Context, p cloud.Principal, site locker.SiteID, s cloud.DeskSettings) error {
	view, err := d.opts.Cloud.Site(ctx, p, site)
	if err != nil {
		return err
	}
	if s.Signature != SignNever && s.Signature != SignOthers && s.Signature != SignAlways {
		return locker.Errorf(locker.CodeInputInvalid, "signatures are wanted never, of others or always")
	}
	if s.Printer, err = label.Address(s.Printer); err != nil {
		return locker.Errorf(locker.CodeInputInvalid, "%v", err)
	}
	if err := sizeOf(s.Label).Check(); err != nil {
		return locker.Errorf(locker.CodeInputInvalid, "%v", err)
	}
	if s.ReturnDays < 0 || s.ReturnDays > maxReturnDays {
		return locker.Errorf(locker.CodeInputInvalid, "a parcel goes back after 0 to %d days", maxReturnDays)
	}
	name, err := entry.Text("name", view.Name, 1, maxWho)
	if err != nil {
		return err
	}
	settings := view.Settings
	settings.Desk = s
	return d.opts.Cloud.SetSettings(ctx, p, site, name, settings)
}
