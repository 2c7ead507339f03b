package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/console/fact"
	"cubby/internal/web/ui"
)

// wallPageView is the live wall.
type wallPageView struct {
	Shell    ui.ShellView
	Stream   string
	Banner   *ui.BannerView // the page shows what was, not what is
	Tiles    []ui.TileView
	Walls    wallsView
	Log      logView
	Activity activityView
}

// wallsView is everything that holds parcels at a site.
type wallsView struct {
	Label    string
	Banks    []bankView
	Legend   ui.LegendView
	Switch   ui.ButtonView // between the picture and the list
	Empty    ui.EmptyView  // a site without places
	HasPlace bool
}

// bankView is one bank, room or the desk as steel.
type bankView struct {
	Name string // heading; empty: the only one needs none
	Wall ui.WallView
	Note *ui.BannerView
}

type activityView struct {
	Heading string
	Line    ui.TimelineView
	Empty   string
}

// activityShown is how many lines of recent activity the wall shows.
const activityShown = 8

func (c *Console) wall(w http.ResponseWriter, r *http.Request, pg page) error {
	wall, err := c.cloud.Wall(r.Context(), pg.who, pg.site.ID)
	if err != nil {
		return err
	}
	recent, err := c.recent(r.Context(), pg.who, pg.site.ID)
	if err != nil {
		return err
	}
	card, err := c.logCard(r, pg, logForm{}, nil)
	if err != nil {
		return err
	}
	list := r.URL.Query().Get("view") == "list"
	v := wallPageView{
		Shell: c.shell(pg, shellOf{title: pg.t.T("console.wall"), nav: "wall", live: true}), Banner: siteBanner(pg.t, wall.Site, pg.now),
		Stream: streamHref(pg.site.ID, list), Tiles: tiles(pg.t, wall), Walls: wallViews(pg.t, wall, list), Log: card,
		Activity: activity(pg.t, recent, pg.now, pg.zone),
	}
	return write(w, r, wallPage(v))
}

const streamSuffix = "/stream"

func streamHref(site locker.SiteID, list bool) string {
	href := siteHref(site, "/wall"+streamSuffix)
	if list {
		href += "?view=list"
	}
	return href
}

// siteBanner says when what the page shows may be old.
func siteBanner(t *text.Printer, s cloud.SiteSummary, now time.Time) *ui.BannerView {
	v := &ui.BannerView{Kind: "warn", Icon: "wifi-off", LinkText: t.T("console.wall.look"), LinkHref: siteHref(s.ID, "/health")}
	switch s.Link {
	case cloud.LinkDown, cloud.LinkSilent:
		v.Text = t.T("console.wall.offline", "when", t.DayTime(s.SeenAt, now, zoneOf(s.TimeZone)))
	case cloud.LinkNever:
		v.Text = t.T("console.wall.never")
	case cloud.LinkUp, cloud.LinkHosted:
		if s.Stale == "" {
			return nil
		}
		v.Icon, v.Text = "triangle-alert", t.T("console.wall.stale")
	}
	return v
}

func tiles(t *text.Printer, w cloud.Wall) []ui.TileView {
	n := w.Tiles
	doors := n.Free + n.Reserved + n.Occupied + n.Overdue + n.Open + n.Fault + n.Blocked
	attention := ui.TileView{
		ID: "tile-attention", Label: t.T("console.tile.attention"), Value: t.Number(n.Incidents), Icon: "triangle-alert", Kind: "fault",
		Href: "/incidents?site=" + seg(w.Site.ID),
	}
	overdue := ui.TileView{
		ID: "tile-overdue", Label: t.T("console.tile.overdue"), Value: t.Number(overdueParcels(w)), Icon: "clock-alert", Kind: "overdue",
		Href: "/deliveries?state=overdue&site=" + seg(w.Site.ID),
	}
	if doors == 0 {
		return []ui.TileView{
			{ID: "tile-waiting", Label: t.T("console.tile.waiting"), Value: t.Number(n.Waiting), Icon: "package"},
			{ID: "tile-stored", Label: t.T("console.tile.stored"), Value: t.Number(n.StoredToday), Icon: "package-plus"},
			overdue, attention,
		}
	}
	of := t.T("console.tile.of", "n", t.Number(doors))
	return []ui.TileView{
		{ID: "tile-free", Label: t.T("console.tile.free"), Value: t.Number(n.Free), Small: of, Icon: "circle-dashed"},
		{
			ID: "tile-used", Label: t.T("console.tile.used"), Value: t.Number(n.Reserved + n.Occupied + n.Overdue + n.Open), Small: of,
			Icon: "package",
		},
		overdue, attention,
	}
}

// overdueParcels counts parcels, not doors: shelves and the desk hold many.
func overdueParcels(w cloud.Wall) int {
	n := 0
	for _, p := range allPlaces(w) {
		n += p.Overdue
	}
	return n
}

func allPlaces(w cloud.Wall) []cloud.WallPlace {
	var all []cloud.WallPlace
	for _, b := range w.Banks {
		for _, col := range b.Columns {
			all = append(all, col.Doors...)
		}
	}
	for _, r := range w.Rooms {
		all = append(all, r.Shelves...)
	}
	if w.Desk != nil {
		all = append(all, *w.Desk)
	}
	return all
}

func wallViews(t *text.Printer, w cloud.Wall, list bool) wallsView {
	v := wallsView{Label: t.T("console.wall.label", "site", w.Site.Name), Legend: legend(t), Switch: listSwitch(t, w.Site.ID, list)}
	v.Empty = ui.EmptyView{Text: t.T("console.wall.empty"), ActionText: t.T("console.nav.sites"), ActionHref: siteHref(w.Site.ID, "/health")}
	several := len(w.Banks)+len(w.Rooms) > 1 || w.Desk != nil && len(w.Banks)+len(w.Rooms) > 0
	add := func(id, name string, bays []ui.BayView, note *ui.BannerView) {
		b := bankView{Wall: steel(t, id, name, list), Note: note}
		b.Wall.Bays = bays
		if several {
			b.Name = name
		}
		v.Banks = append(v.Banks, b)
		v.HasPlace = true
	}
	for _, b := range w.Banks {
		var note *ui.BannerView
		if b.Closed {
			note = &ui.BannerView{Kind: "warn", Icon: "ban", Text: t.T("console.wall.closed")}
		}
		add(string(b.ID), b.Name, bankBays(t, w.Site.ID, b), note)
	}
	for _, r := range w.Rooms {
		add(string(r.ID), r.Name, shelfBays(t, w.Site.ID, r.Shelves), nil)
	}
	if w.Desk != nil {
		add("desk", w.Desk.Name, shelfBays(t, w.Site.ID, []cloud.WallPlace{*w.Desk}), nil)
	}
	return v
}

func listSwitch(t *text.Printer, site locker.SiteID, list bool) ui.ButtonView {
	if list {
		return ui.ButtonView{Text: t.T("wall.wall"), Icon: "layout-grid", Kind: "ghost", Href: siteHref(site, "/wall")}
	}
	return ui.ButtonView{Text: t.T("wall.list"), Icon: "list", Kind: "ghost", Href: siteHref(site, "/wall?view=list")}
}

func steel(t *text.Printer, id, name string, list bool) ui.WallView {
	return ui.WallView{
		ID: "wall-" + htmlID(id), Label: t.T("wall.label", "bank", name), UnitWord: t.T("wall.unit_word"),
		ScreenText: t.T("wall.screen"), List: list, Sheet: true,
		Columns: ui.WallColumns{
			Door: t.T("wall.column.door"), Size: t.T("wall.column.size"), State: t.T("wall.column.state"),
			Unit: t.T("wall.column.unit"), Days: t.T("wall.column.days"),
		},
	}
}

// htmlID makes an id of ours usable as an id of an element.
func htmlID(id string) string { return strings.NewReplacer("/", "-", " ", "-").Replace(id) }

func bankBays(t *text.Printer, site locker.SiteID, b cloud.WallBank) []ui.BayView {
	var bays []ui.BayView
	for _, col := range b.Columns {
		bay := ui.BayView{Name: col.Name}
		for i, d := range col.Doors {
			if col.ScreenUnits > 0 && col.ScreenAbove == i {
				bay.Doors = append(bay.Doors, ui.DoorView{IsScreen: true, Units: col.ScreenUnits})
			}
			bay.Doors = append(bay.Doors, doorView(t, site, d))
		}
		if col.ScreenUnits > 0 && col.ScreenAbove >= len(col.Doors) {
			bay.Doors = append(bay.Doors, ui.DoorView{IsScreen: true, Units: col.ScreenUnits})
		}
		bays = append(bays, bay)
	}
	return bays
}

func doorView(t *text.Printer, site locker.SiteID, d cloud.WallPlace) ui.DoorView {
	v := ui.DoorView{
		ID: "door-" + htmlID(string(d.Place)), Name: d.Name, Size: string(d.Size), SizeText: t.Size(string(d.Size)), Units: d.Units,
		State: ui.DoorState(d.Status), StateText: t.T("state." + string(d.Status)), Unit: d.Unit, Href: placeHref(site, d.Place),
	}
	if d.Parcels > 0 && d.Days > 0 {
		v.DaysText = t.Days(d.Days)
	}
	return v
}

// shelfUnits is the height at which the steel draws a shelf.
const shelfUnits = 3

// maxBays is the most columns that shelves are spread over.
const maxBays = 6

// shelfBays spreads the shelves of a room over columns, in their order from the left.
func shelfBays(t *text.Printer, site locker.SiteID, shelves []cloud.WallPlace) []ui.BayView {
	columns := max(1, min(len(shelves), maxBays))
	per := (len(shelves) + columns - 1) / columns
	var bays []ui.BayView
	for chunk := range slices.Chunk(shelves, max(per, 1)) {
		var bay ui.BayView
		for _, s := range chunk {
			v := doorView(t, site, s)
			v.Units, v.Size, v.SizeText, v.Unit = shelfUnits, "", t.T("console.place."+string(s.Kind)), ""
			if s.Parcels > 0 {
				v.Unit = t.N("common.parcels", s.Parcels)
			}
			bay.Doors = append(bay.Doors, v)
		}
		bays = append(bays, bay)
	}
	return bays
}

// doorStates lists the states of the legend in the order of the pictures.
func doorStates() []ui.DoorState {
	return []ui.DoorState{
		ui.DoorFree, ui.DoorReserved, ui.DoorOccupied, ui.DoorOverdue, ui.DoorOpen, ui.DoorFault, ui.DoorBlocked,
	}
}

func legend(t *text.Printer) ui.LegendView {
	v := ui.LegendView{Label: t.T("wall.legend")}
	for _, s := range doorStates() {
		v.Items = append(v.Items, ui.LegendItem{State: s, Text: t.T("state." + string(s))})
	}
	return v
}

// activity draws what happened lately, newest first.
func activity(t *text.Printer, recent []cloud.ActivityEntry, now time.Time, zone *time.Location) activityView {
	v := activityView{Heading: t.T("console.activity"), Empty: t.T("console.activity.empty"), Line: ui.TimelineView{ID: "activity-list"}}
	for _, e := range recent {
		var detail []string
		if e.Place != "" {
			detail = append(detail, placeWord(t, e.PlaceKind, e.PlaceName))
		}
		if e.UnitName != "" {
			detail = append(detail, t.T("console.unit", "unit", e.UnitName))
		}
		switch e.Kind {
		case "fault_raised", "fault_cleared", "problem_reported", "service_changed", "drop_refused", "open_failed":
			if words := detailWords(t, e.Reason); words != "" {
				detail = append(detail, words)
			}
		}
		when := t.Time(e.At, zone)
		if text.DaysBetween(e.At, now, zone) != 0 {
			when = t.Day(e.At, now, zone)
		}
		icon, fault := fact.Icon(e.Kind)
		item := ui.TimelineItem{
			ID: "a-" + itoa(int(e.Epoch)) + "-" + itoa(int(e.Number)) + "-" + itoa(e.Index), Icon: icon,
			Text: factWords(t, e.Kind), Detail: strings.Join(detail, " · "), Time: when, ISO: iso(e.At),
		}
		if fault {
			item.Kind = "fault"
		}
		v.Line.Items = append(v.Line.Items, item)
	}
	return v
}

// iso writes a moment for machines. Source: RFC 3339.
func iso(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// placeWord names a place as people say it, e.g. "Door B07".
func placeWord(t *text.Printer, kind locker.PlaceKind, name string) string {
	switch kind {
	case locker.PlaceCompartment:
		return t.T("console.place.door", "name", name)
	case locker.PlaceShelf:
		return t.T("console.place.shelf_name", "name", name)
	case locker.PlaceDesk:
		return name
	}
	return name
}

func itoa(n int) string { return strconv.Itoa(n) }
