// Package boards writes the tables of a site's lines, lock boards and sensors, with their counters, for the
// page of its health. It knows nothing of requests and sessions.
package boards

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/text"
	"cubby/internal/web/ui"
	"cubby/internal/wire"
)

// counters are the counters that the table shows, in its order.
func counters() []string {
	return []string{"requests", "timeouts", "checksums", "late", "refused", "echoes", "reconnects"}
}

// Table lists lines and their boards. A counter that nobody keeps stays empty.
func Table(t *text.Printer, s wire.Status) ui.TableView {
	v := ui.TableView{
		ID: "boards", Caption: t.T("console.health.boards"), Empty: ui.EmptyView{Text: t.T("console.health.boards.none")},
		Columns: []ui.ColumnView{{Text: t.T("console.health.board")}, {Text: t.T("console.column.state")}},
	}
	for _, name := range counters() {
		v.Columns = append(v.Columns, ui.ColumnView{Text: t.T("console.health.counter." + name), Numeric: true})
	}
	row := func(first, second ui.CellView, known map[string]uint64) {
		cells := []ui.CellView{first, second}
		for _, name := range counters() {
			text := ""
			if n, kept := known[name]; kept {
				text = t.Number(int(n))
			}
			cells = append(cells, ui.CellView{Text: text, LTR: true})
		}
		v.Rows = append(v.Rows, ui.RowView{Cells: cells})
	}
	for _, line := range s.Buses {
		row(ui.CellView{Text: line.Name, LTR: true}, ui.CellView{Text: t.T("console.health.line", "family", line.Family)}, line.Counters)
	}
	for _, b := range s.Boards {
		kind := "ok"
		if b.State != wire.BoardOK {
			kind = "danger"
		}
		row(ui.CellView{Text: b.Bus + "/" + strconv.Itoa(int(b.Address)), LTR: true},
			ui.CellView{Component: ui.Badge(ui.BadgeView{Text: words(t, string(b.State)), Kind: kind})}, b.Counters)
	}
	return v
}

func words(t *text.Printer, state string) string {
	if t.Has("console.board." + state) {
		return t.T("console.board." + state)
	}
	return state
}

// Readings lists what a site's sensors last said.
func Readings(t *text.Printer, s wire.Status, now time.Time, zone *time.Location) ui.TableView {
	v := ui.TableView{
		ID: "readings", Caption: t.T("console.health.readings"), Columns: []ui.ColumnView{
			{Text: t.T("console.health.sensor")}, {Text: t.T("console.health.value"), Numeric: true}, {Text: t.T("console.health.at")},
		},
	}
	for _, r := range s.Readings {
		at := ""
		if r.At != 0 {
			at = t.DayTime(r.At.Time(), now, zone)
		}
		v.Rows = append(v.Rows, ui.RowView{Cells: []ui.CellView{{Text: r.Name}, {Text: readingWords(r), LTR: true}, {Text: at}}})
	}
	return v
}

// readingWords writes a value with the unit that its kind ends with.
func readingWords(r wire.Reading) string {
	const milli = 1000
	value := strconv.FormatFloat(float64(r.Milli)/milli, 'f', 1, 64)
	if strings.HasSuffix(r.Kind, "_celsius") {
		return value + " °C"
	}
	if strings.HasSuffix(r.Kind, "_percent") {
		return value + " %"
	}
	return value + " " + r.Kind[strings.LastIndexByte(r.Kind, '_')+1:]
}

// Problems lists what is not as it should be, each in a sentence.
func Problems(t *text.Printer, h cloud.SiteHealth) []ui.BannerView {
	var all []ui.BannerView
	add := func(text string) {
		all = append(all, ui.BannerView{Kind: "warn", Icon: "triangle-alert", Text: text})
	}
	if h.ClockBad {
		add(t.T("console.health.clock.doubted"))
	}
	if h.Audit {
		add(t.T("console.health.audit"))
	}
	if h.Site.Stale != "" {
		add(t.T("console.wall.stale"))
	}
	parts := make([]string, 0, len(h.Parts))
	for part := range h.Parts {
		parts = append(parts, part)
	}
	slices.Sort(parts)
	for _, part := range parts {
		var words []string
		for _, f := range h.Parts[part] {
			words = append(words, t.T("console.fault."+string(f)))
		}
		add(part + ": " + t.List(words...))
	}
	return all
}
