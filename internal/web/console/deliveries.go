package console

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/web/ui"
)

// deliveriesView is the list of parcels.
type deliveriesView struct {
	Shell   ui.ShellView
	Filter  filterView
	Table   ui.TableView
	Pages   ui.PaginationView
	Message *ui.BannerView // a search that cannot be read
}

// filterView is a row of chips and a search; all of it is in the address.
type filterView struct {
	Action string
	Label  string // of the chips
	Chips  []chipView
	Hidden []ui.Hidden
	Search ui.FieldView
	Site   *ui.FieldView
	Submit ui.ButtonView
}

type chipView struct {
	Text, Href string
	Current    bool
}

// deliveryStates lists the chips of the list of parcels.
func deliveryStates() []string { return []string{"", "waiting", "overdue", "held", "ended"} }

func (c *Console) deliveries(w http.ResponseWriter, r *http.Request, pg page) error {
	q := r.URL.Query()
	f := cloud.DeliveryFilter{
		Site: locker.SiteID(q.Get("site")), Query: strings.TrimSpace(q.Get("q")), State: q.Get("state"), Cursor: q.Get("cursor"),
	}
	v := deliveriesView{
		Shell:  c.shell(pg, shellOf{title: pg.t.T("console.nav.deliveries"), nav: "deliveries"}),
		Filter: deliveryFilter(pg, q),
	}
	list, err := c.cloud.Deliveries(r.Context(), pg.who, f)
	switch {
	case codeOf(err) == locker.CodeInputInvalid && err != nil:
		v.Message = &ui.BannerView{Kind: "warn", Icon: "circle-alert", Text: pg.t.Error(string(codeOf(err)))}
	case err != nil:
		return err
	}
	v.Table = deliveryTable(pg, list.Items, f)
	v.Pages = pages(pg, q, list.Next)
	return write(w, r, deliveriesPage(v))
}

// with returns the query with one value changed; another filter begins at the first page.
func with(q url.Values, key, value string) string {
	next := url.Values{}
	for k, vs := range q {
		if k != "cursor" && len(vs) > 0 && vs[0] != "" {
			next.Set(k, vs[0])
		}
	}
	if next.Del(key); value != "" {
		next.Set(key, value)
	}
	if len(next) == 0 {
		return "?"
	}
	return "?" + next.Encode()
}

func deliveryFilter(pg page, q url.Values) filterView {
	t := pg.t
	v := filterView{
		Action: "/deliveries", Label: t.T("console.filter"), Submit: ui.ButtonView{Text: t.T("common.search"), Icon: "search"},
		Search: ui.FieldView{
			ID: "q", Label: t.T("common.search"), Hint: t.T("console.deliveries.search"), Type: "search", Value: q.Get("q"), MaxLength: maxName,
		},
		Site: siteField(pg, q.Get("site")),
	}
	for _, s := range deliveryStates() {
		key := s
		if key == "" {
			key = "all"
		}
		v.Chips = append(v.Chips, chipView{
			Text: t.T("console.deliveries.state." + key), Href: "/deliveries" + with(q, "state", s), Current: q.Get("state") == s,
		})
	}
	if s := q.Get("state"); s != "" {
		v.Hidden = append(v.Hidden, ui.Hidden{Name: "state", Value: s})
	}
	return v
}

// siteField chooses one of several sites; with one there is nothing to choose.
func siteField(pg page, chosen string) *ui.FieldView {
	const several = 2
	if len(pg.sites) < several {
		return nil
	}
	v := &ui.FieldView{
		ID: "site", Label: pg.t.T("console.site"), Type: "select",
		Options: []ui.Option{{Text: pg.t.T("console.site.all"), Selected: chosen == ""}},
	}
	for _, s := range pg.sites {
		v.Options = append(v.Options, ui.Option{Value: string(s.ID), Text: s.Name, Selected: string(s.ID) == chosen})
	}
	return v
}

func pages(pg page, q url.Values, next string) ui.PaginationView {
	v := ui.PaginationView{Label: pg.t.T("common.pages"), FirstText: pg.t.T("common.previous"), NextText: pg.t.T("common.next")}
	if q.Get("cursor") != "" {
		v.FirstHref = with(q, "cursor", "")
	}
	if next != "" {
		v.NextHref = with(q, "cursor", next)
	}
	return v
}

func deliveryTable(pg page, items []cloud.Delivery, f cloud.DeliveryFilter) ui.TableView {
	t := pg.t
	v := ui.TableView{
		ID: "deliveries", Caption: t.T("console.nav.deliveries"), Columns: []ui.ColumnView{
			{Text: t.T("console.column.recipient")},
			{Text: t.T("console.column.tracking")},
			{Text: t.T("console.column.carrier")},
			{Text: t.T("console.column.place")},
			{Text: t.T("console.column.stored")},
			{Text: t.T("console.column.state")},
		},
		Empty: ui.EmptyView{Text: t.T("console.deliveries.empty")},
	}
	if f.Query != "" || f.State != "" || f.Site != "" {
		v.Empty = ui.EmptyView{
			Text: t.T("console.deliveries.none"), ActionText: t.T("console.deliveries.show_all"), ActionHref: "/deliveries",
		}
	}
	several := f.Site == "" && len(pg.sites) > 1
	if several {
		v.Columns = append(v.Columns, ui.ColumnView{Text: t.T("console.site")})
	}
	for _, d := range items {
		stored := ""
		if !d.StoredAt.IsZero() {
			stored = t.DayTime(d.StoredAt, pg.now, zoneFor(pg, d.Site))
		}
		row := ui.RowView{ID: "stay-" + htmlID(string(d.Stay)), Href: parcelHref(d.Site, d.Parcel), Cells: []ui.CellView{
			{Text: recipientWords(t, d)},
			{Text: d.Tracking, LTR: true},
			{Text: d.CarrierName},
			{Text: placeWord(t, d.PlaceKind, d.PlaceName)},
			{Text: stored},
			{Component: badges(stayBadges(pg, d))},
		}}
		if several {
			row.Cells = append(row.Cells, ui.CellView{Text: d.SiteName})
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

func stayBadges(pg page, d cloud.Delivery) []ui.BadgeView {
	all := []ui.BadgeView{stayBadge(pg.t, d)}
	if d.Problem != "" {
		all = append(all, ui.BadgeView{Text: pg.t.T("console.problem." + string(d.Problem)), Kind: "danger", Icon: "triangle-alert"})
	}
	return all
}

// zoneFor is the zone of a site in a list over several.
func zoneFor(pg page, site locker.SiteID) *time.Location {
	for _, s := range pg.sites {
		if s.ID == site {
			return zoneOf(s.TimeZone)
		}
	}
	return pg.zone
}
