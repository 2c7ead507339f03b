package notice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/notify/email"
	"cubby/internal/notify/qr"
	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/text"
)

// qrScale is how many pixels a module of the QR code has: about 260 pixels in all.
const qrScale = 8

// about is everything that a message to a recipient may tell.
type about struct {
	stay      db.Stay
	recipient db.Recipient
	unit      db.Unit
	place     place
	carrier   string
	tracking  string // last four
	code      cloud.Code
	link      string
	picture   []byte
	home
}

// home is where a site stands.
type home struct {
	site     db.Site
	property db.Property
	settings cloud.SiteSettings
	zone     *time.Location
}

// place is a place as people find it.
type place struct {
	kind locker.PlaceKind
	name string
	in   string // name of the bank or room
}

func (n *Notifier) load(ctx context.Context, row db.Notice) (*about, error) {
	q := n.opts.Store.Read()
	a := new(about)
	var err error
	if a.stay, err = q.FindStay(ctx, db.FindStayParams{Site: row.Site, ID: row.Stay}); err != nil {
		return a, fmt.Errorf("find stay %s: %w", row.Stay, err) // its tables may just be built again
	}
	if a.recipient, err = q.FindRecipient(ctx, row.Recipient); err != nil {
		return a, wrap(err, "find recipient "+row.Recipient)
	}
	if a.home, err = n.home(ctx, q, row.Site); err != nil {
		return a, err
	}
	if a.unit, err = q.FindUnit(ctx, a.recipient.Unit); err != nil {
		return a, wrap(err, "find unit "+a.recipient.Unit)
	}
	if carrier, err := q.FindCarrier(ctx, a.stay.Carrier); err == nil {
		a.carrier = carrier.Name
	} else if ignoreNone(err) != nil {
		return a, wrap(err, "find carrier "+a.stay.Carrier)
	}
	parcel, err := q.FindParcel(ctx, db.FindParcelParams{Site: row.Site, ID: a.stay.Parcel})
	if ignoreNone(err) != nil {
		return a, wrap(err, "find parcel "+a.stay.Parcel)
	}
	a.tracking = parcel.TrackingTail
	layout, err := n.opts.Post.Layout(ctx, row.Site)
	if err != nil {
		return a, err
	}
	a.place = placeIn(layout, locker.PlaceID(a.stay.Place))
	if a.link, err = n.opts.Post.Link(ctx, a.recipient); err != nil {
		return a, err
	}
	if row.Kind == kindCollected {
		return a, nil // the code opens nothing any more
	}
	return a, n.addCode(ctx, a)
}

func (n *Notifier) addCode(ctx context.Context, a *about) (err error) {
	if a.code, err = n.opts.Post.Code(ctx, a.stay, a.unit.Number); err != nil {
		return err
	}
	if a.picture, err = qr.PNG(a.code.Token, qrScale); err != nil {
		return fmt.Errorf("draw the code of stay %s: %w", a.stay.ID, err)
	}
	return nil
}

// wrap makes an error of a query; a row that is gone does not come back, so trying again is no use.
func wrap(err error, what string) error {
	if errors.Is(err, store.ErrNone) {
		err = errors.Join(err, store.ErrPermanent)
	}
	return fmt.Errorf("%s: %w", what, err)
}

func (n *Notifier) home(ctx context.Context, q *db.Queries, site string) (h home, err error) {
	if h.site, err = q.FindSite(ctx, site); err != nil {
		return h, wrap(err, "find site "+site)
	}
	if h.property, err = q.FindProperty(ctx, h.site.Property); err != nil {
		return h, wrap(err, "find property "+h.site.Property)
	}
	if err := json.Unmarshal([]byte(h.site.Settings), &h.settings); err != nil {
		return h, fmt.Errorf("read the settings of site %s: %w", site, err)
	}
	if h.zone, err = time.LoadLocation(h.property.TimeZone); err != nil {
		h.zone = time.UTC // a zone that this machine does not know: better a wrong hour than no mail
	}
	return h, nil
}

func placeIn(layout locker.Layout, id locker.PlaceID) place {
	for _, p := range layout.Places() {
		if p.ID != id {
			continue
		}
		found := place{kind: p.Kind, name: p.Name}
		for _, bank := range layout.Banks {
			if bank.ID == p.Bank {
				found.in = bank.Name
			}
		}
		for _, room := range layout.Rooms {
			if room.ID == p.Room && p.Kind == locker.PlaceShelf {
				found.in = room.Name
			}
		}
		return found
	}
	return place{kind: locker.PlaceDesk, name: string(id)} // taken out of the layout: ask the staff
}

// printer returns the words in somebody's language: the own one, else the site's first, else the
// server's.
func (n *Notifier) printer(lang string, h home) *text.Printer {
	if lang == "" && len(h.settings.Languages) > 0 {
		lang = h.settings.Languages[0]
	}
	if lang == "" {
		lang = n.opts.Language
	}
	return n.opts.Texts.For(n.opts.Texts.Negotiate(lang, ""))
}

// contact returns whom to ask: the site, else the property, else the operator.
func (n *Notifier) contact(h home, p *text.Printer) string {
	for _, c := range [][2]string{
		{h.settings.Phone, h.settings.Mail}, {h.property.Phone, h.property.Email}, {n.opts.Brand.Phone, n.opts.Brand.Mail},
	} {
		parts := c[:]
		if c[0] == "" {
			parts = c[1:]
		}
		if joined := strings.Trim(strings.Join(parts, ", "), ", "); joined != "" {
			return p.T("mail.help", "contact", ltr(p, line(joined)))
		}
	}
	return p.T("mail.help.desk")
}

func line(s string) string { return strings.Join(strings.Fields(s), " ") }

// ltr keeps digits, codes and names of places left to right within a sentence that runs from right to
// left: groups of digits would swap places otherwise. Source: UAX #9 §2.4, isolates.
func ltr(p *text.Printer, s string) string {
	if p.Dir() != "rtl" || s == "" {
		return s
	}
	return text.LTR(s)
}

// own keeps a name in its own direction within a sentence that runs from right to left.
func own(p *text.Printer, s string) string {
	if s = line(s); p.Dir() != "rtl" || s == "" {
		return s
	}
	return "\u2068" + s + "\u2069"
}

// letter puts a message to a recipient together.
func (n *Notifier) letter(row db.Notice, a *about) email.Letter {
	p := n.printer(a.recipient.Language, a.home)
	l := email.Letter{
		Lang: p.Lang(), RTL: p.Dir() == "rtl", Greeting: p.T("mail.greeting", "name", own(p, a.recipient.Name)),
		Help: n.contact(a.home, p), Footer: p.T("mail.footer", "brand", own(p, n.opts.Brand.Name), "property", own(p, a.property.Name)),
	}
	if row.Kind == kindCollected {
		return n.collectedLetter(l, p, a)
	}
	now := n.opts.Now()
	by := p.DayTime(moment(a.stay.CollectBy), now, a.zone)
	overdue := a.stay.CollectBy > 0 && a.stay.CollectBy < now.UnixMilli()
	site := own(p, a.site.Name)
	switch {
	case row.Kind == kindFirst:
		l.Subject = n.where(p, "mail.first.subject.", a.place)
		l.Lines = []string{p.T("mail.first.line", "site", site)}
		if a.carrier != "" {
			l.Lines = []string{p.T("mail.first.line.carrier", "carrier", own(p, a.carrier), "site", site)}
		}
	case row.Kind == kindCode:
		l.Subject = p.T("mail.code.subject")
		l.Lines = []string{p.T("mail.code.line", "site", site)}
	case overdue:
		l.Subject = p.T("mail.overdue.subject")
		l.Lines = []string{p.T("mail.overdue.line", "site", site, "by", by)}
	default:
		l.Subject = n.where(p, "mail.reminder.subject.", a.place)
		since := p.DayTime(moment(a.stay.StoredAt), now, a.zone)
		l.Lines = []string{p.T("mail.reminder.line", "site", site, "since", since)}
	}
	l.Preview = p.T("mail.preview", "site", site, "by", by)
	n.addAccess(&l, p, a)
	l.Details = n.details(p, a)
	return l
}

// addAccess adds the code in its forms and how to use it.
func (n *Notifier) addAccess(l *email.Letter, p *text.Printer, a *about) {
	l.CodeLabel, l.Code = p.T("mail.code_label"), a.code.Symbols
	l.QR, l.QRAlt = a.picture, p.T("mail.qr_alt")
	l.LinkLabel, l.Link = p.T("mail.link"), a.link
	how := p.T("mail.how.staff")
	if a.place.kind == locker.PlaceCompartment {
		how = p.T("mail.how.door")
	}
	l.Lines = append(l.Lines, how)
	l.After = []string{p.T("mail.share")}
}

// where chooses the sentence for a door, a shelf or the desk.
func (n *Notifier) where(p *text.Printer, family string, at place) string {
	name := ltr(p, line(at.name))
	switch at.kind {
	case locker.PlaceCompartment:
		return p.T(family+"door", "place", name)
	case locker.PlaceShelf:
		return p.T(family+"shelf", "place", name)
	case locker.PlaceDesk:
	}
	return p.T(family + "desk")
}

func (n *Notifier) details(p *text.Printer, a *about) []email.Detail {
	var d []email.Detail
	add := func(key, value string, isCode bool) {
		if !isCode {
			value = own(p, value)
		}
		if value = line(value); value != "" {
			d = append(d, email.Detail{Label: p.T("mail.detail." + key), Value: value, LTR: isCode})
		}
	}
	switch a.place.kind {
	case locker.PlaceCompartment:
		add("door", a.place.name, true)
		add("bank", a.place.in, false)
	case locker.PlaceShelf:
		add("shelf", a.place.name, true)
		add("room", a.place.in, false)
	case locker.PlaceDesk:
		add("desk", a.place.name, false)
	}
	add("site", a.site.Name, false)
	add("address", a.property.Address, false)
	if a.stay.CollectBy > 0 {
		add("collect_by", p.DateTime(moment(a.stay.CollectBy), a.zone), false)
	}
	if a.code.Unit != "" && a.place.kind == locker.PlaceCompartment {
		add("keypad", p.T("mail.keypad", "unit", ltr(p, a.code.Unit), "digits", ltr(p, a.code.Digits)), false)
	}
	add("carrier", a.carrier, false)
	add("tracking", a.tracking, true)
	return d
}

func (n *Notifier) collectedLetter(l email.Letter, p *text.Printer, a *about) email.Letter {
	l.Subject = p.T("mail.collected.subject")
	when := p.DayTime(moment(a.stay.EndedAt), n.opts.Now(), a.zone)
	l.Lines = []string{
		p.T("mail.collected.line", "site", own(p, a.site.Name), "when", when), p.T("mail.collected.not_you"),
	}
	l.Footer = p.T("mail.footer.collected", "brand", own(p, n.opts.Brand.Name), "property", own(p, a.property.Name))
	return l
}

func moment(ms int64) time.Time { return locker.Millis(ms).Time() }
