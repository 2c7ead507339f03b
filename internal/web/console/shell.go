package console

import (
	"net/url"
	"strconv"
	"strings"

	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// shellOf is what a page says of itself.
type shellOf struct {
	title  string // heading and title of the tab
	nav    string // which entry of the menu is the current one
	failed bool   // the page shows a form that failed
	live   bool   // the page follows a stream
}

func (c *Console) shell(pg page, of shellOf) ui.ShellView {
	v := ui.ShellView{
		Document: document(pg, of), SkipText: pg.t.T("common.skip"), NavText: pg.t.T("common.menu"),
		Site: pg.site.Name, HomeHref: "/", Heading: of.title, Switches: switches(pg),
		Help: c.help(pg),
	}
	if v.Site == "" {
		v.Site = pg.t.T("console.product")
	}
	if of.live {
		v.Live = &ui.LiveView{
			Text: pg.t.T("common.live"), OffText: pg.t.T("common.live.off"), PausedText: pg.t.T("common.live.paused"),
			PauseText: pg.t.T("common.pause"), ResumeText: pg.t.T("common.resume"),
		}
	}
	if pg.did != "" {
		v.Toast = &ui.ToastView{Text: pg.did, CloseText: pg.t.T("common.close")}
	}
	if pg.who.User == "" {
		return v
	}
	v.User, v.SignOut, v.SignOutAction = pg.who.Name, pg.t.T("console.sign_out"), "/sign-out"
	v.Nav = nav(pg, of.nav)
	if len(pg.sites) > 1 {
		v.Sites = siteLinks(pg, of.nav)
		v.SitesText = pg.t.T("console.sites.switch")
	}
	return v
}

func document(pg page, of shellOf) ui.DocumentView {
	title := of.title
	if of.failed {
		title = pg.t.T("common.error_prefix", "title", title)
	}
	if pg.site.Name != "" {
		title += " · " + pg.site.Name
	}
	return ui.DocumentView{Lang: pg.t.Lang(), Dir: pg.t.Dir(), Theme: pg.theme, Title: title}
}

func switches(pg page) ui.SwitchView {
	v := ui.SwitchView{Action: "/preferences", Back: pg.path, Theme: "dark", ThemeText: pg.t.T("common.theme.dark")}
	if pg.theme == "dark" {
		v.Theme, v.ThemeText = "light", pg.t.T("common.theme.light")
	}
	for _, l := range text.Languages() {
		if l.Tag != pg.t.Lang() {
			v.Languages = append(v.Languages, ui.LanguageView{Tag: l.Tag, Name: l.Name})
		}
	}
	return v
}

func (c *Console) help(pg page) ui.HelpView {
	v := ui.HelpView{Text: pg.t.T("common.help"), Href: "/help", Contact: c.contact.Mail}
	if c.contact.Phone != "" {
		v.TelText, v.TelHref = c.contact.Phone, telHref(c.contact.Phone)
	}
	return v
}

// telHref returns a link to a telephone number: digits and a leading plus. Source: RFC 3966 §3.
func telHref(phone string) string {
	return "tel:" + strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phone)
}

// navEntries lists the menu: what a person needs first stands first. {site} is the chosen one.
func navEntries() []struct{ key, icon, href string } {
	return []struct{ key, icon, href string }{
		{"wall", "layout-grid", "/sites/{site}/wall"},
		{"deliveries", "truck", "/deliveries"},
		{"log", "package-plus", "/sites/{site}/log"},
		{"hand_over", "hand", "/sites/{site}/hand-over"},
		{"residents", "users", "/sites/{site}/residents"},
		{"incidents", "siren", "/incidents"},
		{"couriers", "key-round", "/sites/{site}/couriers"},
		{"sites", "building", "/sites"},
		{"settings", "settings", "/settings"},
	}
}

func nav(pg page, current string) []ui.NavItem {
	var items []ui.NavItem
	for _, e := range navEntries() {
		if pg.site.ID == "" && strings.Contains(e.href, "{site}") {
			continue
		}
		item := ui.NavItem{
			Text: pg.t.T("console.nav." + e.key), Icon: e.icon, Current: e.key == current,
			Href: strings.Replace(e.href, "{site}", seg(pg.site.ID), 1),
		}
		if e.key == "incidents" && pg.open > 0 {
			item.Badge, item.BadgeText = strconv.Itoa(pg.open), pg.t.T("console.nav.incidents.open")
		}
		items = append(items, item)
	}
	return items
}

// siteLinks lead to the same page of another site where there is one, else to its wall.
func siteLinks(pg page, current string) []ui.NavItem {
	target := "/sites/{site}/wall"
	for _, e := range navEntries() {
		if e.key == current && strings.Contains(e.href, "{site}") {
			target = e.href
		}
	}
	var items []ui.NavItem
	for _, s := range pg.sites {
		item := ui.NavItem{
			Text: s.Name, Icon: "building", Current: s.ID == pg.site.ID,
			Href: strings.Replace(target, "{site}", seg(s.ID), 1),
		}
		if s.Incidents > 0 {
			item.Badge, item.BadgeText = strconv.Itoa(s.Incidents), pg.t.T("console.nav.incidents.open")
		}
		items = append(items, item)
	}
	return items
}

// seg writes an id as one segment of a path. Slashes become "~1" and tildes "~0", because some
// proxies decode %2F. Source: RFC 6901 §3.
func seg[T ~string](id T) string {
	return url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(string(id)))
}

// unseg reads what seg wrote and the router unescaped.
func unseg[T ~string](segment string) T {
	return T(strings.NewReplacer("~1", "/", "~0", "~").Replace(segment))
}

func siteHref(site locker.SiteID, rest string) string { return "/sites/" + seg(site) + rest }

func placeHref(site locker.SiteID, place locker.PlaceID) string {
	return siteHref(site, "/doors/"+seg(place))
}

func parcelHref(site locker.SiteID, parcel locker.ParcelID) string {
	return siteHref(site, "/parcels/"+seg(parcel))
}

func summary(pg page, errs []ui.FormError) ui.ErrorSummaryView {
	return ui.ErrorSummaryView{Title: pg.t.T("common.problem"), Errors: errs}
}

// errorOf returns what is wrong with a field, to be shown at it.
func errorOf(errs []ui.FormError, field string) string {
	for _, e := range errs {
		if e.Field == field {
			return e.Text
		}
	}
	return ""
}
