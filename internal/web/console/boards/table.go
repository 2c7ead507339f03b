// Package boards writes the table of a site's lines and lock boards, with their counters, for the
// page of its health. It knows nothing of requests and sessions.
package boards

import (
	"strconv"

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
