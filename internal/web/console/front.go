package console

import (
	"net/http"

	"cubby/internal/web/console/front"
	"cubby/internal/web/ui"
)

// frontRoutes are the addresses of the front desk.
func (c *Console) frontRoutes() []Route {
	routes := []Route{
		{Method: "GET", Path: "/sites/{site}/log", handle: c.logForm},
		{Method: "POST", Path: "/sites/{site}/log", handle: c.logParcel},
		{Method: "GET", Path: "/sites/{site}/log/recipients", handle: c.logRecipients},
		{Method: "GET", Path: "/sites/{site}/log/just", handle: c.logJust},
		{Method: "POST", Path: "/sites/{site}/log/undo", handle: c.logUndo},
		{Method: "GET", Path: "/sites/{site}/hand-over", handle: c.handOverForm},
		{Method: "POST", Path: "/sites/{site}/hand-over/find", handle: c.handOverFind},
		{Method: "POST", Path: "/sites/{site}/hand-over", handle: c.handOver},
	}
	pages := front.Pages{Desk: c.desk, Site: c.cloud.Site}
	for _, f := range pages.Routes() {
		routes = append(routes, Route{
			Method: f.Method, Path: "/sites/{site}" + f.Path,
			handle: func(w http.ResponseWriter, r *http.Request, pg page) error { return f.Handle(w, r, c.frontVisit(pg)) },
		})
	}
	return routes
}

func (c *Console) frontVisit(pg page) front.Visit {
	return front.Visit{
		Text: pg.t, Who: pg.who, Site: pg.site, Now: pg.now, Base: siteHref(pg.site.ID, ""), Done: c.done,
		Shell: func(title string, failed bool) ui.ShellView {
			return c.shell(pg, shellOf{title: title, nav: "log", failed: failed})
		},
	}
}
