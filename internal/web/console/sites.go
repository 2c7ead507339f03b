package console

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/sizing"
	"cubby/internal/text"
	"cubby/internal/web/console/advice"
	"cubby/internal/web/console/boards"
	"cubby/internal/web/ui"
	"cubby/internal/wire"
)

// sitesView is the list of sites.
type sitesView struct {
	Shell ui.ShellView
	Table ui.TableView
	Plan  *ui.ButtonView // leads to the planner
}

func (c *Console) siteList(w http.ResponseWriter, r *http.Request, pg page) error {
	t := pg.t
	v := sitesView{
		Shell: c.shell(pg, shellOf{title: t.T("console.nav.sites"), nav: "sites"}),
		Table: ui.TableView{
			ID: "sites", Caption: t.T("console.nav.sites"), Empty: ui.EmptyView{Text: t.T("console.sites.none")},
			Columns: []ui.ColumnView{
				{Text: t.T("console.site")},
				{Text: t.T("console.sites.property")},
				{Text: t.T("console.sites.link")},
				{Text: t.T("console.sites.seen")},
				{Text: t.T("console.nav.incidents"), Numeric: true},
			},
		},
	}
	for _, s := range pg.sites {
		seen := ""
		if !s.SeenAt.IsZero() {
			seen = t.DayTime(s.SeenAt, pg.now, zoneOf(s.TimeZone))
		}
		v.Table.Rows = append(v.Table.Rows, ui.RowView{ID: "site-" + htmlID(string(s.ID)), Href: siteHref(s.ID, "/health"), Cells: []ui.CellView{
			{Text: s.Name}, {Text: s.PropertyName}, {Component: ui.Badge(linkBadge(t, s.Link))}, {Text: seen}, {Text: t.Number(s.Incidents)},
		}})
	}
	if c.plan != nil {
		v.Plan = &ui.ButtonView{Text: t.T("planner.new.link"), Icon: "plus", Href: "/plan"}
	}
	return write(w, r, sitesPage(v))
}

func linkBadge(t *text.Printer, l cloud.LinkState) ui.BadgeView {
	v := ui.BadgeView{Text: t.T("console.link." + string(l))}
	switch l {
	case cloud.LinkUp, cloud.LinkHosted:
		v.Kind = "ok"
	case cloud.LinkDown:
		v.Kind, v.Icon = "warn", "wifi-off"
	case cloud.LinkSilent:
		v.Kind, v.Icon = "danger", "wifi-off"
	case cloud.LinkNever:
	}
	return v
}

// healthView is what a site says of itself.
type healthView struct {
	Shell    ui.ShellView
	Badge    ui.BadgeView
	Site     []factView
	Record   []factView
	RecHead  string
	Boards   ui.TableView
	Readings ui.TableView
	Problems []ui.BannerView
	Enrol    *enrolView
	Reboot   *ui.ButtonView
	Audit    *auditCard
	Links    []ui.ButtonView
	None     string // nothing was heard yet
}

// enrolView makes a token for a controller and shows it once.
type enrolView struct {
	Heading, Text, Action string
	Submit                ui.ButtonView
	Token                 string
	Once                  string
	Copy, Copied          string
}

func (c *Console) siteHealth(w http.ResponseWriter, r *http.Request, pg page) error {
	v, err := c.healthView(r, pg)
	if err != nil {
		return err
	}
	return write(w, r, healthPage(v))
}

func (c *Console) healthView(r *http.Request, pg page) (healthView, error) {
	t := pg.t
	h, err := c.cloud.SiteHealth(r.Context(), pg.who, pg.site.ID)
	if err != nil {
		return healthView{}, err
	}
	site, err := c.cloud.Site(r.Context(), pg.who, pg.site.ID)
	if err != nil {
		return healthView{}, err
	}
	v := healthView{
		Shell: c.shell(pg, shellOf{title: t.T("console.health.title", "site", pg.site.Name), nav: "sites"}),
		Badge: linkBadge(t, h.Site.Link), Site: c.siteFacts(pg, h, site), Record: recordFacts(pg, h), RecHead: t.T("console.health.record"),
		Problems: boards.Problems(t, h),
		Links: []ui.ButtonView{
			{Text: t.T("console.wall"), Icon: "layout-grid", Kind: "ghost", Href: siteHref(pg.site.ID, "/wall")},
			{Text: t.T("console.nav.incidents"), Icon: "siren", Kind: "ghost", Href: "/incidents?site=" + seg(pg.site.ID)},
		},
	}
	if h.Status == nil {
		v.None = t.T("console.health.none")
	} else {
		v.Boards, v.Readings = boards.Table(t, *h.Status), boards.Readings(t, *h.Status, pg.now, pg.zone)
	}
	if c.advice != nil {
		v.Links = append(v.Links, ui.ButtonView{Text: t.T("advice.link"), Icon: "chart-column", Kind: "ghost", Href: siteHref(pg.site.ID, advicePath)})
	}
	if err := c.auditOf(r, pg, &v); err != nil {
		return v, err
	}
	if h.Site.Hosted {
		return v, nil
	}
	if c.tests != nil {
		v.Links = append(v.Links, ui.ButtonView{
			Text: t.T("console.commission.title"), Icon: "door-open", Kind: "ghost", Href: siteHref(pg.site.ID, testPath),
		})
	}
	v.Links = append(v.Links, ui.ButtonView{Text: t.T("console.hardware.title"), Icon: "boxes", Kind: "ghost", Href: "/hardware"})
	reboot := siteHref(pg.site.ID, "/reboot")
	v.Reboot = &ui.ButtonView{Text: t.T("console.health.reboot"), Icon: "refresh-cw", Kind: "ghost", Href: reboot, Attrs: inSheet(reboot)}
	v.Enrol = &enrolView{
		Heading: t.T("console.enrol"), Text: t.T("console.enrol.text"), Action: siteHref(pg.site.ID, "/enrol"),
		Submit: ui.ButtonView{Text: t.T("console.enrol.make"), Icon: "key-round", Kind: "ghost"},
	}
	if site.Enrolled {
		v.Enrol.Text = t.T("console.enrol.again")
	}
	return v, nil
}

func (c *Console) siteFacts(pg page, h cloud.SiteHealth, site cloud.SiteView) []factView {
	t := pg.t
	var facts []factView
	add := func(key, value string) {
		if value != "" {
			facts = append(facts, factView{Name: t.T("console.health." + key), Value: value})
		}
	}
	add("property", site.PropertyName)
	if !h.Site.SeenAt.IsZero() {
		add("seen", t.DayTime(h.Site.SeenAt, pg.now, pg.zone))
	}
	add("server", c.version)
	add("key", site.Key)
	if h.Status == nil {
		return facts
	}
	s := h.Status
	add("version", s.Version)
	add("uptime", t.Duration(time.Duration(s.UptimeMS)*time.Millisecond))
	if s.Link.Since != 0 {
		add("since", t.DayTime(s.Link.Since.Time(), pg.now, pg.zone))
	}
	add("via", s.Link.Via)
	add("last_error", s.Link.LastError)
	add("disk", t.T("console.health.disk.of", "free", t.Bytes(int64(s.Disk.FreeBytes)), "total", t.Bytes(int64(s.Disk.TotalBytes))))
	add("clock", clockWords(t, s.Clock))
	add("doors", t.T("console.health.doors.of", "total", s.Doors.Total, "open", s.Doors.Open, "faulty", s.Doors.Faulty, "out", s.Doors.Out))
	if s.KioskSeen != 0 {
		add("kiosk", t.DayTime(s.KioskSeen.Time(), pg.now, pg.zone))
	}
	return facts
}

func clockWords(t *text.Printer, c wire.Clock) string {
	if !c.Trusted {
		return t.T("console.health.clock.doubted")
	}
	offset := time.Duration(c.OffsetMS) * time.Millisecond
	if offset.Abs() < time.Second {
		return t.T("console.health.clock.right")
	}
	return t.T("console.health.clock.off", "by", t.Duration(offset))
}

func recordFacts(pg page, h cloud.SiteHealth) []factView {
	t := pg.t
	facts := []factView{
		{Name: t.T("console.health.epoch"), Value: strconv.FormatUint(h.Epoch, 10)},
		{Name: t.T("console.health.number"), Value: t.Number(int(h.Number))},
		{Name: t.T("console.health.facts"), Value: t.Number(int(h.Facts))},
	}
	if !h.ReceivedAt.IsZero() {
		facts = append(facts, factView{Name: t.T("console.health.received"), Value: t.DayTime(h.ReceivedAt, pg.now, pg.zone)})
	}
	if h.Status != nil && h.Status.Journal.Last.Number > h.Status.Journal.Acked.Number {
		waiting := h.Status.Journal.Last.Number - h.Status.Journal.Acked.Number
		facts = append(facts, factView{Name: t.T("console.health.waiting"), Value: t.Number(int(waiting))})
	}
	if !h.HeadAt.IsZero() {
		facts = append(facts, factView{Name: t.T("console.health.head"), Value: t.DayTime(h.HeadAt, pg.now, pg.zone)})
	}
	return facts
}

const advicePath = "/advice"

// siteAdvice says whether other doors would help the site.
func (c *Console) siteAdvice(w http.ResponseWriter, r *http.Request, pg page) error {
	return advice.Serve(w, r, advice.Request{
		Ask:  func(ctx context.Context) (sizing.Advice, error) { return c.advice(ctx, pg.who, pg.site.ID) },
		Text: pg.t, Now: pg.now, Zone: pg.zone, Shell: c.shell(pg, shellOf{title: pg.t.T("advice.link"), nav: "sites"}),
		Self: siteHref(pg.site.ID, advicePath), Back: siteHref(pg.site.ID, "/health"), File: r.PathValue("file"),
	})
}

// siteEnrol makes an enrolment token. The answer is the page itself: the token is shown once and
// never stands in an address.
func (c *Console) siteEnrol(w http.ResponseWriter, r *http.Request, pg page) error {
	token, err := c.cloud.CreateEnrolToken(r.Context(), pg.who, pg.site.ID)
	if err != nil {
		return err
	}
	v, err := c.healthView(r, pg)
	if err != nil {
		return err
	}
	if v.Enrol == nil {
		return locker.Errorf(locker.CodeInputInvalid, "a hosted site has no controller")
	}
	v.Enrol.Token = string(token)
	v.Enrol.Once = pg.t.T("console.enrol.once", "hours", int(auth.EnrolmentLife/time.Hour))
	v.Enrol.Copy, v.Enrol.Copied = pg.t.T("common.copy"), pg.t.T("common.copied")
	return write(w, r, healthPage(v))
}

func (c *Console) siteRebootAsk(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.ask(w, r, pg, rebootQuestion(pg, "", nil))
}

func rebootQuestion(pg page, reason string, errs []ui.FormError) askPageView {
	v := askPageView{Errors: summary(pg, errs), Confirm: question(pg.t, "console.ask.reboot", pg.site.Name, siteHref(pg.site.ID, ""), "reboot")}
	v.Confirm.CancelHref = siteHref(pg.site.ID, "/health")
	v.Confirm.Reason = reasonField(pg.t, reason, errs)
	v.Confirm.Danger = true
	return v
}

func (c *Console) siteReboot(w http.ResponseWriter, r *http.Request, pg page) error {
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	errs := checkReason(pg, reason)
	if len(errs) == 0 {
		_, err := c.cloud.Reboot(r.Context(), pg.who, pg.site.ID, reason)
		if err == nil {
			c.done(w, r, siteHref(pg.site.ID, "/health"), "reboot")
			return nil
		}
		if codeOf(err) == locker.CodeInternal {
			return err
		}
		errs = append(errs, ui.FormError{Text: pg.t.Error(string(codeOf(err)))})
	}
	return c.ask(w, r, pg, rebootQuestion(pg, reason, errs))
}
