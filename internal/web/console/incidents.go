package console

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/console/said"
	"cubby/internal/web/ui"
)

// incidentsView is the list of incidents.
type incidentsView struct {
	Shell  ui.ShellView
	Filter filterView
	Table  ui.TableView
	Pages  ui.PaginationView
}

func (c *Console) incidents(w http.ResponseWriter, r *http.Request, pg page) error {
	q := r.URL.Query()
	f := cloud.IncidentFilter{Site: locker.SiteID(q.Get("site")), Resolved: q.Get("state") == "resolved", Cursor: q.Get("cursor")}
	list, err := c.cloud.Incidents(r.Context(), pg.who, f)
	if err != nil {
		return err
	}
	v := incidentsView{
		Shell:  c.shell(pg, shellOf{title: pg.t.T("console.nav.incidents"), nav: "incidents"}),
		Filter: incidentFilter(pg, q), Table: incidentTable(pg, list.Items, f.Resolved), Pages: pages(pg, q, list.Next),
	}
	return write(w, r, incidentsPage(v))
}

// incidentFilter has chips only: for the state, and for each of several sites.
func incidentFilter(pg page, q url.Values) filterView {
	v := filterView{Label: pg.t.T("console.filter")}
	for _, s := range []string{"", "resolved"} {
		key := s
		if key == "" {
			key = "open"
		}
		v.Chips = append(v.Chips, chipView{
			Text: pg.t.T("console.incidents." + key), Href: "/incidents" + with(q, "state", s), Current: q.Get("state") == s,
		})
	}
	if len(pg.sites) < 2 {
		return v
	}
	v.Chips = append(v.Chips, chipView{
		Text: pg.t.T("console.site.all"), Href: "/incidents" + with(q, "site", ""), Current: q.Get("site") == "",
	})
	for _, s := range pg.sites {
		v.Chips = append(v.Chips, chipView{
			Text: s.Name, Href: "/incidents" + with(q, "site", string(s.ID)), Current: q.Get("site") == string(s.ID),
		})
	}
	return v
}

func incidentTable(pg page, items []cloud.IncidentView, resolved bool) ui.TableView {
	t := pg.t
	v := ui.TableView{
		ID: "incidents", Caption: t.T("console.nav.incidents"), Empty: ui.EmptyView{Text: t.T("console.incidents.none")},
		Columns: []ui.ColumnView{
			{Text: t.T("console.column.what")},
			{Text: t.T("console.column.severity")},
			{Text: t.T("console.column.place")},
			{Text: t.T("console.column.since")},
			{Text: t.T("console.column.owner")},
			{Text: t.T("console.column.due")},
		},
	}
	if resolved {
		v.Empty.Text = t.T("console.incidents.none_resolved")
		v.Columns[5].Text = t.T("console.column.resolved")
	}
	if len(pg.sites) > 1 {
		v.Columns = append(v.Columns, ui.ColumnView{Text: t.T("console.site")})
	}
	for _, i := range items {
		zone := zoneFor(pg, i.Site)
		last := t.DayTime(i.DueAt, pg.now, zone)
		if resolved {
			last = t.DayTime(i.ResolvedAt, pg.now, zone)
		}
		owner := i.OwnerName
		if owner == "" {
			owner = t.T("console.incident.nobody")
		}
		row := ui.RowView{ID: "incident-" + htmlID(i.ID), Href: "/incidents/" + seg(i.ID), Cells: []ui.CellView{
			{Text: incidentTitle(t, i)},
			{Component: ui.Badge(severityBadge(t, i.Severity))},
			{Text: cmp.Or(i.PlaceName, i.Part)},
			{Text: t.DayTime(i.OpenedAt, pg.now, zone)},
			{Text: owner},
			{Text: last},
		}}
		if len(pg.sites) > 1 {
			row.Cells = append(row.Cells, ui.CellView{Text: i.SiteName})
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

func incidentTitle(t *text.Printer, i cloud.IncidentView) string {
	key := "incident." + string(i.Kind)
	if !t.Has(key) {
		return strings.ReplaceAll(string(i.Kind), "_", " ")
	}
	title := t.T("incident." + string(i.Kind))
	if detail := detailWords(t, i.Detail); detail != "" {
		title += " · " + detail
	}
	return title
}

// detailWords says more closely what happened: a fault, a problem or a reason.
func detailWords(t *text.Printer, detail string) string {
	if detail == "" {
		return ""
	}
	for _, family := range []string{"console.fault.", "console.problem."} {
		if t.Has(family + detail) {
			return t.T(family + detail)
		}
	}
	return reasonWords(t, detail)
}

func severityBadge(t *text.Printer, s cloud.Severity) ui.BadgeView {
	v := ui.BadgeView{Text: t.T("console.severity." + string(s))}
	switch s {
	case cloud.SeverityUrgent:
		v.Kind, v.Icon = "danger", "siren"
	case cloud.SeverityHigh:
		v.Kind, v.Icon = "warn", "triangle-alert"
	case cloud.SeverityLow:
	}
	return v
}

// incidentView is one incident: what happened, what to do, who does it.
type incidentPageView struct {
	Shell    ui.ShellView
	Errors   ui.ErrorSummaryView
	Badge    ui.BadgeView
	What     string
	Next     string // the next step in words
	NextHead string
	Facts    []factView
	Links    []ui.ButtonView
	Notes    activityView
	Said     *said.View // what the resident said; nil: nothing
	Assign   *ui.ButtonView
	Action   string // address of the incident
	Note     ui.FieldView
	NoteSend ui.ButtonView
	Resolve  ui.FieldView
	Done     ui.ButtonView
	Resolved bool
}

// Bounds of texts about an incident, as the use cases have them.
const maxNote = 2000

// incidentTyped is what was typed on the page of an incident, and what is wrong with it.
type incidentTyped struct {
	note, resolution string
	errs             []ui.FormError
}

func incidentID(r *http.Request) string { return unseg[string](r.PathValue("incident")) }

func (c *Console) incident(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.showIncident(w, r, pg, incidentTyped{})
}

func (c *Console) showIncident(w http.ResponseWriter, r *http.Request, pg page, typed incidentTyped) error {
	i, err := c.cloud.Incident(r.Context(), pg.who, incidentID(r))
	if err != nil {
		return err
	}
	v := incidentPageOf(pg, i, typed)
	if v.Said, err = c.saidOf(r, pg, i.Site, i.Stay); err != nil {
		return err
	}
	v.Shell = c.shell(pg, shellOf{title: incidentTitle(pg.t, i), nav: "incidents", failed: len(typed.errs) > 0})
	if len(typed.errs) > 0 {
		return invalid(w, r, incidentPage(v), nil)
	}
	return write(w, r, incidentPage(v))
}

func incidentPageOf(pg page, i cloud.IncidentView, typed incidentTyped) incidentPageView {
	t := pg.t
	href := "/incidents/" + seg(i.ID)
	v := incidentPageView{
		Errors: summary(pg, typed.errs), Badge: severityBadge(t, i.Severity), Facts: incidentFacts(pg, i), Action: href,
		NextHead: t.T("console.incident.next"), Resolved: i.Resolved,
		Note: ui.FieldView{
			ID: "note", Label: t.T("console.incident.note"), Type: "textarea", Value: typed.note, Error: errorOf(typed.errs, "note"),
			MaxLength: maxNote,
		},
		NoteSend: ui.ButtonView{Text: t.T("console.incident.note.add"), Kind: "ghost"},
		Resolve: ui.FieldView{
			ID: "resolution", Label: t.T("console.incident.resolution"), Hint: t.T("console.incident.resolution.hint"), Type: "textarea",
			Value: typed.resolution, Error: errorOf(typed.errs, "resolution"), MaxLength: maxNote,
		},
		Done: ui.ButtonView{Text: t.T("console.incident.resolve"), Icon: "check"},
	}
	if key := "incident." + string(i.Kind) + ".what"; t.Has(key) {
		v.What, v.Next = t.T("incident."+string(i.Kind)+".what"), t.T("incident."+string(i.Kind)+".next")
	}
	if !i.Resolved && i.Owner != pg.who.User {
		v.Assign = &ui.ButtonView{Text: t.T("console.incident.assign"), Icon: "user", Kind: "ghost"}
	}
	if i.Place != "" {
		door := placeHref(i.Site, i.Place)
		v.Links = append(v.Links, ui.ButtonView{
			Text: t.T("console.incident.place", "name", i.PlaceName), Icon: "map-pin", Href: door, Kind: "ghost", Attrs: inSheet(door),
		})
	}
	if i.Parcel != "" {
		v.Links = append(v.Links, ui.ButtonView{
			Text: t.T("console.incident.parcel"), Icon: "package", Href: parcelHref(i.Site, i.Parcel), Kind: "ghost",
		})
	}
	v.Links = append(v.Links, ui.ButtonView{
		Text: t.T("console.incident.health"), Icon: "building", Href: siteHref(i.Site, "/health"), Kind: "ghost",
	})
	v.Notes = activityView{Heading: t.T("console.incident.notes"), Empty: t.T("console.incident.notes.none"), Line: ui.TimelineView{ID: "notes"}}
	for n, note := range i.Notes {
		v.Notes.Line.Items = append(v.Notes.Line.Items, ui.TimelineItem{
			ID: "note-" + itoa(n), Icon: "pencil", Text: note.Text, Detail: note.User, ISO: iso(note.At), Time: t.DayTime(note.At, pg.now, pg.zone),
		})
	}
	return v
}

func incidentFacts(pg page, i cloud.IncidentView) []factView {
	t, zone := pg.t, zoneFor(pg, i.Site)
	facts := []factView{
		{Name: t.T("console.site"), Value: i.SiteName},
		{Name: t.T("console.column.since"), Value: t.DayTime(i.OpenedAt, pg.now, zone)},
	}
	if i.Part != "" {
		facts = append(facts, factView{Name: t.T("console.incident.part"), Value: i.Part})
	}
	if i.Count > 1 {
		facts = append(facts, factView{Name: t.T("console.incident.count"), Value: t.N("console.incident.times", i.Count)},
			factView{Name: t.T("console.incident.last"), Value: t.DayTime(i.LastAt, pg.now, zone)})
	}
	owner := i.OwnerName
	if owner == "" {
		owner = t.T("console.incident.nobody")
	}
	facts = append(facts, factView{Name: t.T("console.column.owner"), Value: owner})
	if i.Resolved {
		return append(facts,
			factView{Name: t.T("console.column.resolved"), Value: t.DayTime(i.ResolvedAt, pg.now, zone)},
			factView{Name: t.T("console.incident.by"), Value: i.ResolvedBy},
			factView{Name: t.T("console.incident.resolution"), Value: i.Resolution})
	}
	return append(facts, factView{Name: t.T("console.column.due"), Value: t.DayTime(i.DueAt, pg.now, zone)})
}

func (c *Console) incidentAssign(w http.ResponseWriter, r *http.Request, pg page) error {
	if err := c.cloud.AssignIncident(r.Context(), pg.who, incidentID(r), ""); err != nil {
		return err
	}
	c.done(w, r, "/incidents/"+seg(incidentID(r)), "assigned")
	return nil
}

func (c *Console) incidentNote(w http.ResponseWriter, r *http.Request, pg page) error {
	note := strings.TrimSpace(r.PostFormValue("note"))
	if note == "" {
		return c.showIncident(w, r, pg, incidentTyped{errs: []ui.FormError{{Field: "note", Text: pg.t.T("console.incident.note.missing")}}})
	}
	if err := c.cloud.NoteIncident(r.Context(), pg.who, incidentID(r), note); err != nil {
		return err
	}
	c.done(w, r, "/incidents/"+seg(incidentID(r)), "noted")
	return nil
}

func (c *Console) incidentResolve(w http.ResponseWriter, r *http.Request, pg page) error {
	resolution := strings.TrimSpace(r.PostFormValue("resolution"))
	if resolution == "" {
		return c.showIncident(w, r, pg, incidentTyped{
			errs: []ui.FormError{{Field: "resolution", Text: pg.t.T("console.incident.resolution.missing")}},
		})
	}
	if err := c.cloud.ResolveIncident(r.Context(), pg.who, incidentID(r), resolution); err != nil {
		return err
	}
	c.done(w, r, "/incidents", "resolved")
	return nil
}
