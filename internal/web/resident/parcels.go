package resident

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/notify/qr"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// parcelsView is the page: what waits, and what opens it.
type parcelsView struct {
	Shell    ui.PhoneView
	Heading  string
	Groups   []groupView
	None     string          // nothing waits
	Menu     []ui.ButtonView // what else can be done
	MenuText string
}

// groupView is what waits at one site: one code opens all of its doors.
type groupView struct {
	Site    string // heading; empty when there is only one site
	Card    *ui.CodeCardView
	All     string // "One code opens all doors"
	Parcels []parcelView
}

type parcelView struct {
	Heading string // where it is; empty when the card says it
	Lines   []lineView
}

// lineView is one line of a parcel with its icon.
type lineView struct{ Icon, Text, Strong, Rest string }

// whereView is below the code: the door and until when.
type whereView struct{ Door, By, ByWhen, Position string }

func (f *Face) parcels(w http.ResponseWriter, r *http.Request, v visit) error {
	view, err := parcelsOf(v)
	if err != nil {
		return err
	}
	return write(w, r, parcelsPage(view))
}

func parcelsOf(v visit) (parcelsView, error) {
	t, all := v.t, v.page.Parcels
	view := parcelsView{
		Shell: shell(v, t.N("resident.waiting", len(all))), Heading: t.N("resident.waiting", len(all)), Menu: menu(v), MenuText: v.t.T("household.menu"),
	}
	if len(all) == 0 {
		view.Heading, view.None = t.T("resident.nothing"), t.T("resident.nothing.text")
		view.Shell = shell(v, view.Heading)
		return view, nil
	}
	groups := bySite(all)
	several := len(groups) > 1
	if v.delegate {
		groups = singly(groups)
	}
	for i, g := range groups {
		one, err := groupOf(v, g)
		if err != nil {
			return view, err
		}
		if several && (i == 0 || g[0].Site != groups[i-1][0].Site) {
			one.Site = g[0].SiteName
		}
		view.Groups = append(view.Groups, one)
	}
	if b := openButton(v); b.Href != "" {
		view.Shell.HasBar, view.Shell.Bar = true, ui.Button(b)
	}
	return view, nil
}

// bySite groups parcels by site in the order in which the sites first appear.
func bySite(all []cloud.WaitingParcel) [][]cloud.WaitingParcel {
	var groups [][]cloud.WaitingParcel
	index := map[locker.SiteID]int{}
	for _, p := range all {
		i, ok := index[p.Site]
		if !ok {
			i = len(groups)
			index[p.Site] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], p)
	}
	return groups
}

// singly parts groups into single parcels: a pass is for one parcel, so each has a code of its own.
func singly(groups [][]cloud.WaitingParcel) [][]cloud.WaitingParcel {
	var all [][]cloud.WaitingParcel
	for _, g := range groups {
		for i := range g {
			all = append(all, g[i:i+1])
		}
	}
	return all
}

func groupOf(v visit, parcels []cloud.WaitingParcel) (groupView, error) {
	t := v.t
	var g groupView
	var doors []cloud.WaitingParcel
	for _, p := range parcels {
		if !p.Held && p.Code.Symbols != "" {
			doors = append(doors, p)
		}
	}
	if len(doors) > 0 {
		modules, err := qr.Matrix(doors[0].Code.Token)
		if err != nil {
			return g, err
		}
		g.Card = &ui.CodeCardView{
			Prompt: t.T("resident.show"), QR: modules, QRText: t.T("resident.qr"), Code: strings.ReplaceAll(doors[0].Code.Symbols, "-", ""),
			CodeText: t.T("resident.code"), CopyText: t.T("common.copy"), CopiedText: t.T("common.copied"),
		}
		if doors[0].PlaceKind != locker.PlaceCompartment {
			g.Card.Prompt = t.T("resident.show.desk")
		}
	}
	if len(doors) == 1 && len(parcels) == 1 {
		g.Card.Where = where(whereOf(v, parcels[0]))
	} else if len(doors) > 1 {
		g.All = t.T("resident.all")
	}
	for _, p := range parcels {
		one := parcelView{Lines: lines(v, p)}
		if g.Card == nil || g.Card.Where == nil {
			one.Heading = placeWord(t, p)
		}
		g.Parcels = append(g.Parcels, one)
	}
	return g, nil
}

func zoneOf(p cloud.WaitingParcel) *time.Location {
	loc, err := time.LoadLocation(p.TimeZone)
	if err != nil {
		return time.UTC
	}
	return loc
}

func placeWord(t *text.Printer, p cloud.WaitingParcel) string {
	switch p.PlaceKind {
	case locker.PlaceCompartment:
		return t.T("resident.door", "name", p.PlaceName)
	case locker.PlaceShelf:
		return t.T("resident.shelf", "room", p.Bank)
	case locker.PlaceDesk:
		return t.T("resident.desk")
	}
	return p.PlaceName
}

// position says where the door is, so that nobody depends on a light.
func position(t *text.Printer, p cloud.WaitingParcel) string {
	if p.PlaceKind != locker.PlaceCompartment || p.Column < 1 || p.Row < 1 {
		return ""
	}
	return t.T("resident.position", "bank", p.Bank, "column", t.Column(p.Column), "row", p.Row)
}

func whereOf(v visit, p cloud.WaitingParcel) whereView {
	return whereView{
		Door: placeWord(v.t, p), By: v.t.T("resident.collect_by"), ByWhen: v.t.DayTime(p.CollectBy, v.now, zoneOf(p)),
		Position: position(v.t, p),
	}
}

func lines(v visit, p cloud.WaitingParcel) []lineView {
	t := v.t
	var all []lineView
	if p.Carrier != "" || p.Last4 != "" {
		from := p.Carrier
		if from == "" {
			from = t.T("resident.carrier")
		}
		last4 := ""
		if p.Last4 != "" {
			last4 = "…" + p.Last4
		}
		all = append(all, lineView{Icon: "truck", Text: t.T("resident.from"), Strong: from, Rest: last4})
	}
	if !p.StoredAt.IsZero() {
		all = append(all, lineView{Icon: "clock", Text: t.T("resident.stored", "when", t.DayTime(p.StoredAt, v.now, zoneOf(p)))})
	}
	switch {
	case p.Held:
		all = append(all, lineView{Icon: "lock", Text: t.T("resident.held")})
	case p.Bar != "":
		all = append(all, lineView{Icon: "lock", Text: t.T("resident.pass." + string(p.Bar))})
	case p.PlaceKind != locker.PlaceCompartment:
		all = append(all, lineView{Icon: "hand", Text: t.T("resident.staff")})
	}
	if p.Overdue {
		all = append(all, lineView{Icon: "clock-alert", Text: t.T("resident.overdue", "when", t.DayTime(p.CollectBy, v.now, zoneOf(p)))})
	} else if !p.CollectBy.IsZero() {
		all = append(all, lineView{
			Icon: "calendar", Text: t.T("resident.collect_by"), Strong: t.DayTime(p.CollectBy, v.now, zoneOf(p)),
		})
	}
	return all
}

// doors lists the parcels whose door a phone may open now.
func doors(v visit) []cloud.WaitingParcel {
	var all []cloud.WaitingParcel
	for _, p := range v.page.Parcels {
		if p.MayOpen && !p.Held && p.PlaceKind == locker.PlaceCompartment {
			all = append(all, p)
		}
	}
	return all
}

// openButton is the main action of the page; without Href there is none.
func openButton(v visit) ui.ButtonView {
	all := doors(v)
	switch len(all) {
	case 0:
		return ui.ButtonView{}
	case 1:
		return ui.ButtonView{
			Text: v.t.T("resident.open.one", "door", all[0].PlaceName), Icon: "door-open", Large: "xl",
			Href: v.href("/open?stay=" + url.QueryEscape(string(all[0].Stay))),
		}
	}
	return ui.ButtonView{Text: v.t.T("resident.open"), Icon: "door-open", Large: "xl", Href: v.href("/open")}
}

// shell is the frame of a page, with whom to ask.
func shell(v visit, title string) ui.PhoneView {
	t := v.t
	s := ui.PhoneView{
		Document: ui.DocumentView{
			Lang: t.Lang(), Dir: t.Dir(), Title: title, Referrer: "no-referrer", Manifest: v.href("/app.webmanifest"),
		},
		SkipText: t.T("common.skip"), Site: t.T("resident.product"), Note: t.T("resident.offline"), NoteIcon: "wifi-off",
		Worker: "/p/sw.js", Help: ui.HelpView{Text: t.T("common.help"), Href: v.href("/help")},
		Languages: ui.SwitchView{Action: v.href("/language"), Back: v.href("")},
	}
	for _, l := range text.Languages() {
		if l.Tag != t.Lang() {
			s.Languages.Languages = append(s.Languages.Languages, ui.LanguageView{Tag: l.Tag, Name: l.Name})
		}
	}
	c := v.page.Contact
	s.Site, s.Help.Contact = cmp.Or(c.Name, s.Site), c.Mail
	if c.Phone != "" {
		s.Help.TelText, s.Help.TelHref = c.Phone, telHref(c.Phone)
	}
	return s
}

// manifest lets a phone keep the page as an app.
func (f *Face) manifest(w http.ResponseWriter, _ *http.Request, v visit) error {
	name := cmp.Or(v.page.Contact.Name, v.t.T("resident.product"))
	body, err := json.Marshal(map[string]any{
		"name": name, "short_name": name, "lang": v.t.Lang(), "dir": v.t.Dir(), "display": "standalone",
		"start_url": v.href(""), "scope": v.href(""), "theme_color": "#0b6553", "background_color": "#f4f6f4",
		"icons": []map[string]string{{"src": ui.AssetURL("icon.svg"), "sizes": "any", "type": "image/svg+xml"}},
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/manifest+json")
	_, _ = w.Write(body) // the client went away; nobody is left to tell
	return nil
}

// calmView is a page with one thing to say.
type calmView struct {
	Shell         ui.PhoneView
	Heading, Text string
	Points        []pointView
}

type pointView struct{ Heading, Text string }

// endedView is shown for a link that is unknown or has ended: both look the same, and nothing of what
// was is told. Whom to ask is, where the link is good and only what it asked for failed.
func endedView(v visit) calmView {
	v.page = cloud.ResidentPage{Contact: v.page.Contact}
	s := shell(v, v.t.T("resident.ended"))
	s.Note, s.Document.Manifest, s.Worker = "", "", ""
	if v.page.Contact == (cloud.ResidentContact{}) {
		s.Help = ui.HelpView{}
	}
	return calmView{Shell: s, Heading: v.t.T("resident.ended"), Text: v.t.T("resident.ended.text")}
}

func troubleView(v visit, code locker.Code) calmView {
	c := endedView(v)
	c.Heading, c.Text = v.t.T("resident.trouble"), v.t.Error(string(code), "code", string(code))
	c.Shell.Document.Title = c.Heading
	return c
}

func (f *Face) help(w http.ResponseWriter, r *http.Request, v visit) error {
	c := calmView{Shell: shell(v, v.t.T("common.help")), Heading: v.t.T("common.help"), Text: v.t.T("resident.help")}
	for _, topic := range []string{"use", "open", "high", "empty", "other", "keep"} {
		c.Points = append(c.Points, pointView{v.t.T("resident.help." + topic), v.t.T("resident.help." + topic + ".answer")})
	}
	return write(w, r, helpPage(c, v.href(""), v.t.T("common.back")))
}
