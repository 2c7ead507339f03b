package console

import (
	"net/http"

	"cubby/internal/web/console/audits"
	"cubby/internal/web/ui"
)

// auditRoutes are the addresses of the audit of a site.
func (c *Console) auditRoutes() []Route {
	var routes []Route
	if c.audits == nil {
		return nil
	}
	for _, a := range c.audits.Routes() {
		routes = append(routes, Route{
			Method: a.Method, Path: "/sites/{site}" + audits.Path + a.Path,
			handle: func(w http.ResponseWriter, r *http.Request, pg page) error { return a.Handle(w, r, c.auditVisit(pg)) },
		})
	}
	return routes
}

func (c *Console) auditVisit(pg page) audits.Visit {
	return audits.Visit{
		Text: pg.t, Who: pg.who, Site: pg.site, Now: pg.now, Zone: pg.zone, Home: siteHref(pg.site.ID, "/health"),
		Base: siteHref(pg.site.ID, audits.Path),
		Shell: func(title string, failed bool) ui.ShellView {
			return c.shell(pg, shellOf{title: title, nav: "sites", failed: failed})
		},
	}
}

// auditOf adds the last audit to the page of a site, with a button to do it now.
func (c *Console) auditOf(r *http.Request, pg page, v *healthView) error {
	if c.audits == nil {
		return nil
	}
	visit := c.auditVisit(pg)
	name, value, err := c.audits.Line(r, visit)
	if err != nil {
		return err
	}
	v.Audit = &auditCard{
		Heading: name, Text: value, Action: visit.Base + "/run",
		Run:  ui.ButtonView{Text: pg.t.T("audit.run"), Icon: "refresh-cw", Kind: "ghost"},
		Open: ui.ButtonView{Text: pg.t.T("audit.open"), Icon: "list", Kind: "ghost", Href: visit.Base},
	}
	return nil
}

// auditCard is what a site's page says of its audit.
type auditCard struct {
	Heading, Text, Action string
	Run, Open             ui.ButtonView
}
