package console

import (
	"net/http"
	"net/url"
	"strings"

	"cubby/internal/cloud"
	"cubby/internal/web/ui"
)

// residentsView is the list of recipients of a site's property.
type residentsView struct {
	Shell  ui.ShellView
	Filter filterView
	Links  []ui.ButtonView
	Table  ui.TableView
	Pages  ui.PaginationView
}

func (c *Console) residents(w http.ResponseWriter, r *http.Request, pg page) error {
	q := r.URL.Query()
	f := cloud.RecipientFilter{
		Site: pg.site.ID, Query: strings.TrimSpace(q.Get("q")), Inactive: q.Get("state") == "inactive", Cursor: q.Get("cursor"),
	}
	list, err := c.cloud.Recipients(r.Context(), pg.who, f)
	if err != nil {
		return err
	}
	base := siteHref(pg.site.ID, "/residents")
	v := residentsView{
		Shell:  c.shell(pg, shellOf{title: pg.t.T("console.nav.residents"), nav: "residents"}),
		Filter: residentFilter(pg, q, base), Table: residentTable(pg, list.Items, f), Pages: pages(pg, q, list.Next),
		Links: []ui.ButtonView{
			{Text: pg.t.T("console.resident.add"), Icon: "user-plus", Href: base + "/new"},
			{Text: pg.t.T("console.import"), Icon: "upload", Kind: "ghost", Href: base + "/import"},
		},
	}
	return write(w, r, residentsPage(v))
}

func residentFilter(pg page, q url.Values, base string) filterView {
	t := pg.t
	v := filterView{
		Action: base, Label: t.T("console.filter"), Submit: ui.ButtonView{Text: t.T("common.search"), Icon: "search"},
		Search: ui.FieldView{
			ID: "q", Label: t.T("common.search"), Hint: t.T("console.residents.search"), Type: "search", Value: q.Get("q"), MaxLength: maxName,
		},
		Chips: []chipView{
			{Text: t.T("console.residents.active"), Href: base + with(q, "state", ""), Current: q.Get("state") == ""},
			{Text: t.T("console.residents.all"), Href: base + with(q, "state", "inactive"), Current: q.Get("state") == "inactive"},
		},
	}
	if s := q.Get("state"); s != "" {
		v.Hidden = append(v.Hidden, ui.Hidden{Name: "state", Value: s})
	}
	return v
}

func residentTable(pg page, items []cloud.RecipientView, f cloud.RecipientFilter) ui.TableView {
	t := pg.t
	base := siteHref(pg.site.ID, "/residents")
	v := ui.TableView{
		ID: "residents", Caption: t.T("console.nav.residents"), Columns: []ui.ColumnView{
			{Text: t.T("console.resident.name")},
			{Text: t.T("console.resident.unit")},
			{Text: t.T("console.resident.email")},
			{Text: t.T("console.resident.language")},
			{Text: t.T("console.resident.waiting"), Numeric: true},
			{Text: t.T("console.column.state")},
		},
		Empty: ui.EmptyView{Text: t.T("console.residents.empty"), ActionText: t.T("console.import"), ActionHref: base + "/import"},
	}
	if f.Query != "" {
		v.Empty = ui.EmptyView{Text: t.T("console.residents.none"), ActionText: t.T("console.residents.show_all"), ActionHref: base}
	}
	for _, p := range items {
		var marks []ui.BadgeView
		if p.Inactive {
			marks = append(marks, ui.BadgeView{Text: t.T("console.resident.inactive")})
		}
		if p.LowDoor {
			marks = append(marks, ui.BadgeView{Text: t.T("console.resident.low"), Kind: "info", Icon: "accessibility"})
		}
		if p.VacationUntil.After(pg.now) {
			marks = append(marks, ui.BadgeView{Text: t.T("console.resident.away"), Kind: "info", Icon: "calendar"})
		}
		if p.Email == "" && p.Phone == "" && !p.Inactive {
			marks = append(marks, ui.BadgeView{Text: t.T("console.resident.unreachable"), Kind: "warn", Icon: "mail"})
		}
		language := ""
		if p.Language != "" {
			language = languageName(p.Language)
		}
		v.Rows = append(v.Rows, ui.RowView{ID: "resident-" + htmlID(string(p.ID)), Href: base + "/" + seg(p.ID), Cells: []ui.CellView{
			{Text: p.Name},
			{Text: p.UnitName},
			{Text: p.Email, LTR: true},
			{Text: language},
			{Text: t.Number(p.Waiting)},
			{Component: badges(marks)},
		}})
	}
	return v
}
