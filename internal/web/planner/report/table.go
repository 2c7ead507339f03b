package report

import (
	"bytes"
	"fmt"
	"io"
	"strconv"

	"cubby/internal/document"
	"cubby/internal/sizing"
	"cubby/internal/sizing/cost"
	"cubby/internal/sizing/figure"
)

// File is a file of a set.
type File struct {
	Name string // e.g. "03-service-levels.csv": the same in every language
	Data []byte
}

// sheet is a table under its stable name.
type sheet struct {
	id    string
	table document.Table
}

// Tables lists the figures of the answer as tables for programs and spreadsheets: numbers stay
// numbers, and each stands with its unit and its source.
func (r *Report) Tables() []document.Table {
	sheets := r.sheets()
	out := make([]document.Table, len(sheets))
	for i, s := range sheets {
		out[i] = s.table
	}
	return out
}

// XLSX writes all tables as a workbook.
func (r *Report) XLSX(w io.Writer) error {
	if err := document.WriteXLSX(w, r.Tables()...); err != nil {
		return fmt.Errorf("write the workbook: %w", err)
	}
	return nil
}

// CSV returns one file for each table.
func (r *Report) CSV() ([]File, error) {
	sheets := r.sheets()
	out := make([]File, len(sheets))
	for i, s := range sheets {
		var b bytes.Buffer
		if err := document.WriteCSV(&b, s.table); err != nil {
			return nil, fmt.Errorf("table %s: %w", s.id, err)
		}
		out[i] = File{Name: fmt.Sprintf("%02d-%s.csv", i+1, s.id), Data: b.Bytes()}
	}
	return out, nil
}

func (r *Report) sheets() []sheet {
	return []sheet{
		r.sheet("alternatives", r.alternativeRows()), r.sheet("doors", r.doorRows()), r.sheet("service-levels", r.serviceRows()),
		r.sheet("occupancy", r.occupancyRows()), r.sheet("columns", r.columnRows()), r.sheet("costs", r.costRows()),
		r.sheet("cost-summary", r.summaryRows()), r.sheet("cost-lines", r.lineRows()), r.sheet("cost-sensitivity", r.costSwingRows()),
		r.sheet("sensitivity", r.swingRows()), r.sheet("rules-of-thumb", r.ruleRows()), r.sheet("co2", r.carbonRows()),
		r.sheet("demand", r.demandRows()), r.sheet("basis", r.basisRows()), r.sheet("reasons", r.reasonRows()),
	}
}

// rows are columns by their keys and the cells under them.
type rows struct {
	columns []document.Column
	cells   [][]any
}

func (r *Report) sheet(id string, x rows) sheet {
	return sheet{id: id, table: document.Table{Name: r.words.T("report.sheet." + slug(id)), Columns: x.columns, Rows: x.cells}}
}

func (x *rows) add(cells ...any) { x.cells = append(x.cells, cells) }

// Columns of tables: their titles are keys below report.column.
func (r *Report) texts(keys ...string) []document.Column {
	return r.columns(document.Column{Kind: document.KindText}, keys)
}

func (r *Report) counts(keys ...string) []document.Column {
	return r.columns(document.Column{Kind: document.KindCount}, keys)
}

func (r *Report) numbers(keys ...string) []document.Column {
	return r.columns(document.Column{Kind: document.KindNumber, Decimals: 6}, keys)
}

func (r *Report) monies(keys ...string) []document.Column {
	return r.columns(document.Column{Kind: document.KindMoney}, keys)
}

func (r *Report) columns(of document.Column, keys []string) []document.Column {
	out := make([]document.Column, len(keys))
	for i, key := range keys {
		out[i] = of
		out[i].Title = r.words.T("report.column."+key, "currency", r.words.currency)
	}
	return out
}

func join(parts ...[]document.Column) []document.Column {
	var out []document.Column
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// every lists each alternative once: recommended, others, neighbours.
func (r *Report) every() []named {
	out := r.all()
	for _, a := range []*sizing.Alternative{r.answer.Smaller, r.answer.Larger} {
		if a != nil {
			out = append(out, r.neighbour(a))
		}
	}
	return out
}

func (r *Report) alternativeRows() rows {
	w := r.words
	x := rows{columns: join(r.texts("alternative"), r.counts("doors", "width"), r.numbers("floor", "shelf", "capacity"),
		r.texts("fits", "holds", "misses", "source"))}
	for _, n := range r.every() {
		var shelf, capacity any
		if n.Room != nil {
			shelf, capacity = float64(n.Room.ShelfMM), n.Room.Capacity
		}
		misses := ""
		for _, m := range w.reasons(n.Misses) {
			misses += m + " "
		}
		x.add(n.name, n.Doors, n.WidthMM, n.FloorM2, shelf, capacity, w.yes(n.Fits), w.yes(n.Meets), misses, w.source("this plan"))
	}
	return x
}

func (r *Report) doorRows() rows {
	x := rows{columns: join(r.texts("alternative", "size"), r.counts("doors"), r.texts("source"))}
	for _, n := range r.every() {
		for _, m := range n.Mix {
			x.add(n.name, m.Size.String(), m.Doors, r.words.source("this plan"))
		}
	}
	return x
}

// serviceRows has one row for each service level and destination of overflow.
func (r *Report) serviceRows() rows {
	w := r.words
	x := rows{columns: join(r.texts("alternative", "week", "level", "size"), r.numbers("value", "low95", "high95"), r.texts("unit", "source"))}
	for _, n := range r.every() {
		for _, v := range []sizing.Service{n.Normal, n.Peak} {
			add := func(level, size string, i sizing.Interval) {
				x.add(n.name, w.word(v.Week.String()), level, size, i.Value, i.Low, i.High, w.unit(i.Unit), r.how(v))
			}
			add(w.T("report.level.loss"), "", v.Loss)
			for _, c := range v.Classes {
				add(w.T("report.level.size"), c.Size.String(), c.Loss)
				add(w.T("report.level.upgraded"), c.Size.String(), c.Upgraded)
			}
			add(w.T("report.level.days"), "", v.WholeDay)
			add(w.T("report.level.upgraded"), "", v.Upgraded)
			add(w.T("report.level.peak_parcels"), "", v.PeakParcels)
			add(w.T("report.level.peak_litres"), "", v.PeakLitres)
			for _, d := range v.Overflow {
				add(w.T("report.level.overflow", "where", w.word(d.Where.String())), "", d.ParcelsPerWeek)
			}
		}
		for _, i := range []struct {
			level string
			of    sizing.Interval
		}{{w.T("report.level.loss"), n.Year.Loss}, {w.T("report.level.days"), n.Year.WholeDay}} {
			x.add(n.name, w.T("report.word.year"), i.level, "", i.of.Value, i.of.Low, i.of.High, w.unit(i.of.Unit), r.how(n.Normal))
		}
	}
	return x
}

func (r *Report) occupancyRows() rows {
	x := rows{columns: join(r.texts("alternative", "week", "size"), r.numbers("hour", "p05", "p25", "p50", "p75", "p95"),
		r.counts("doors"), r.texts("source"))}
	for _, n := range r.every() {
		for _, v := range []sizing.Service{n.Normal, n.Peak} {
			for _, o := range v.Occupancy {
				r.occupancyOf(&x, n, v, o)
			}
		}
	}
	return x
}

func (r *Report) occupancyOf(x *rows, n named, v sizing.Service, o sizing.SizeOccupancy) {
	if len(o.Quantiles) == 0 {
		return
	}
	for i := range o.Quantiles[0].Values {
		cells := []any{n.name, r.words.word(v.Week.String()), o.Size.String(), float64(i) * o.StepHours}
		for _, share := range []float64{0.05, 0.25, 0.5, 0.75, 0.95} {
			var cell any
			for _, q := range o.Quantiles {
				if q.Share == share && i < len(q.Values) {
					cell = q.Values[i]
				}
			}
			cells = append(cells, cell)
		}
		x.add(append(cells, o.Doors, r.how(v))...)
	}
}

// columnRows lists every door of the recommendation.
func (r *Report) columnRows() rows {
	x := rows{columns: join(r.texts("bank", "wall"), r.counts("column"), r.texts("module"), r.counts("door"), r.texts("size"),
		r.counts("bottom", "height"), r.texts("reach", "source"))}
	walls := r.walls()
	for _, b := range r.answer.Recommended.Banks {
		for i, c := range b.Columns {
			for j, d := range c.Doors {
				x.add(b.Name, walls[min(max(b.WallNo, 0), len(walls)-1)].Name, i+1, c.Module, j+1, d.Size.String(), d.BottomMM, d.HeightMM,
					r.words.yes(d.InReach), r.words.source("this plan"))
			}
		}
	}
	return x
}

func (r *Report) costRows() rows {
	w := r.words
	x := rows{columns: join(r.texts("alternative", "item"),
		r.monies("start_low", "start_mid", "start_high", "year_low", "year_mid", "year_high", "total_low", "total_mid", "total_high",
			"present_low", "present_mid", "present_high"), r.texts("source"))}
	for _, n := range r.every() {
		for _, row := range n.Cost.Rows {
			x.add(n.name, w.T("report.item."+row.Item.String()), row.Start.Low, row.Start.Mid, row.Start.High, row.Year.Low, row.Year.Mid,
				row.Year.High, row.Total.Low, row.Total.Mid, row.Total.High, row.Present.Low, row.Present.Mid, row.Present.High,
				w.T("report.source.lines"))
		}
	}
	return x
}

func (r *Report) summaryRows() rows {
	w := r.words
	x := rows{columns: join(r.texts("alternative", "figure"), r.monies("low", "mid", "high"), r.texts("unit", "source"))}
	unit := func(key string) string { return w.T(key, "currency", w.currency) }
	for _, n := range r.every() {
		c := n.Cost
		add := func(name, unit string, a cost.Amounts, source string) {
			x.add(n.name, name, a.Low, a.Mid, a.High, unit, source)
		}
		lines := w.T("report.source.lines")
		add(w.T("report.cost.total"), w.currency, c.Total, lines)
		add(w.T("report.cost.present"), w.currency, c.Present, lines)
		add(w.T("report.cost.annuity"), unit("report.unit.money_per_year"), c.Annuity, lines)
		add(w.T("report.cost.unit_month"), unit("report.unit.money_per_unit_and_month"), c.UnitMonth, lines)
		add(w.T("report.cost.parcel"), unit("report.unit.money_per_parcel"), c.Parcel, lines)
		draws := w.T("report.source.draws", "runs", w.Number(c.Chance.Runs))
		add(w.T("report.cost.chance"), w.currency, cost.Amounts{Low: c.Chance.P5, Mid: c.Chance.P50, High: c.Chance.P95}, draws)
		x.add(n.name, w.T("report.cost.mean"), nil, c.Chance.Mean, nil, w.currency, draws)
	}
	return x
}

// lineRows lists every factor of every amount.
func (r *Report) lineRows() rows {
	w := r.words
	x := rows{columns: join(r.texts("alternative", "item"), r.counts("line"), r.texts("timing", "factor"), r.numbers("low", "mid", "high"),
		r.texts("unit", "use", "origin", "source"))}
	for _, n := range r.every() {
		for _, row := range n.Cost.Rows {
			for i, l := range row.Lines {
				for _, f := range l.Factors {
					use := w.T("report.use.times")
					switch {
					case f.Percent:
						use = w.T("report.use.percent")
					case f.Divide:
						use = w.T("report.use.divide")
					}
					r.factor(&x, []any{n.name, w.T("report.item." + l.Item.String()), i + 1, r.timing(l), f.Key}, f.Figure, use)
				}
				if g := l.Growth; g != nil {
					r.factor(&x, []any{n.name, w.T("report.item." + l.Item.String()), i + 1, r.timing(l), g.Key}, g.Figure, w.T("report.use.growth"))
				}
			}
		}
	}
	return x
}

func (r *Report) factor(x *rows, begin []any, f figure.Figure, use string) {
	x.add(append(begin, f.Low, f.Mid, f.High, r.words.unit(f.Unit), use, r.origin(f.Assumed, f.Source), r.words.source(f.Source))...)
}

// origin says whether a figure is published, assumed, or the reader's own without a source.
func (r *Report) origin(assumed bool, source string) string {
	switch {
	case assumed:
		return r.words.T("report.basis.assumption")
	case figure.Own(source):
		return r.words.T("report.basis.own")
	}
	return r.words.T("report.basis.cited")
}

func (r *Report) timing(l cost.Line) string {
	switch l.Timing {
	case cost.Once:
		return r.words.T("report.timing.once")
	case cost.Yearly:
		return r.words.T("report.timing.yearly")
	case cost.EveryFew:
		return r.words.T("report.timing.every", "years", r.words.N("report.years", l.Every))
	}
	return strconv.Itoa(int(l.Timing))
}

func (r *Report) costSwingRows() rows {
	x := rows{columns: join(r.texts("alternative", "input"), r.numbers("low", "mid", "high"), r.texts("unit"), r.monies("cost_low", "cost_high"),
		r.texts("origin", "source"))}
	for _, n := range r.every() {
		for _, v := range n.Cost.Tornado {
			x.add(n.name, v.Key, v.Figure.Low, v.Figure.Mid, v.Figure.High, r.words.unit(v.Figure.Unit), v.Low, v.High,
				r.origin(v.Figure.Assumed, v.Figure.Source), r.words.source(v.Figure.Source))
		}
	}
	return x
}

func (r *Report) swingRows() rows {
	x := rows{columns: join(r.texts("input"), r.numbers("low", "mid", "high"), r.texts("unit"), r.counts("doors_low", "doors_high"),
		r.numbers("change"), r.monies("cost_low", "cost_high"), r.texts("origin", "source"))}
	if base := r.answer.Unmoved; base.Doors > 0 {
		x.add(r.words.T("report.sensitivity.unmoved"), nil, nil, nil, "", base.Doors, base.Doors, nil, base.Cost, base.Cost, "",
			r.words.T("report.source.computed"))
	}
	for _, v := range r.answer.Sensitivity {
		x.add(r.swing(v.Code), v.Figure.Low, v.Figure.Mid, v.Figure.High, r.words.unit(v.Figure.Unit), v.LowDoors, v.HighDoors, 100*v.Change,
			v.LowCost, v.HighCost, r.origin(v.Figure.Assumed, v.Figure.Source), r.words.source(v.Figure.Source))
	}
	return x
}

func (r *Report) ruleRows() rows {
	x := rows{columns: join(r.texts("rule"), r.counts("doors"), r.numbers("loss", "loss_low", "loss_high", "peak", "peak_low", "peak_high"),
		r.texts("unit", "source"))}
	for _, v := range r.answer.Rules {
		x.add(v.Text, v.Doors, v.Loss.Value, v.Loss.Low, v.Loss.High, v.Peak.Value, v.Peak.Low, v.Peak.High, r.words.unit(v.Loss.Unit), v.Source)
	}
	return x
}

func (r *Report) carbonRows() rows {
	w := r.words
	x := rows{columns: join(r.texts("alternative", "figure"), r.numbers("low", "mid", "high"), r.texts("unit", "origin", "source", "scope"))}
	for _, n := range r.every() {
		for _, v := range []struct {
			key string
			f   figure.Figure
		}{
			{"report.carbon.attempts", n.Carbon.BasisShare}, {"report.carbon.per_year", n.Carbon.KgPerYear}, {"report.carbon.per_parcel", n.Carbon.KgPerUnit},
		} {
			x.add(n.name, w.T(v.key), v.f.Low, v.f.Mid, v.f.High, w.unit(v.f.Unit), r.origin(v.f.Assumed, v.f.Source), w.source(v.f.Source), r.scope(n.Carbon.Scope))
		}
	}
	return x
}

func (r *Report) demandRows() rows {
	w, d := r.words, r.answer.Demand
	x := rows{columns: join(r.texts("figure", "size"), r.numbers("value"), r.texts("unit", "source"))}
	add := func(key, size string, v float64, unit string) {
		x.add(w.T("report.demand."+key), size, v, w.unit(unit), w.T("report.source.computed_from_basis"))
	}
	add("per_day", "", d.ParcelsPerDay, "parcels per day")
	add("peak_per_day", "", d.PeakParcelsPerDay, "parcels per day")
	add("per_year", "", d.ParcelsPerYear, "parcels per year")
	add("growth", "", d.Growth, "times today")
	add("dwell", "", d.MeanDwellHours, "h")
	for _, z := range d.Sizes {
		size := z.Size.String()
		add("per_day", size, z.ParcelsPerDay, "parcels per day")
		add("mean", size, z.Mean, "parcels")
		add("highest", size, z.Highest, "parcels")
		add("peak_highest", size, z.PeakHighest, "parcels")
	}
	b := r.answer.Bracket
	add("erlang_mean", "", float64(b.MeanLoad), "doors")
	add("modified", "", float64(b.Modified), "doors")
	add("erlang_peak", "", float64(b.PeakLoad), "doors")
	return x
}

func (r *Report) basisRows() rows {
	x := rows{columns: r.texts("key", "value", "unit", "origin", "source")}
	for _, b := range r.answer.Rests {
		x.add(b.Key, b.Value, r.words.unit(b.Unit), r.origin(b.Assumed, b.Source), r.words.source(b.Source))
	}
	return x
}

// reasonRows lists what the answer says in words, each figure with unit and source.
func (r *Report) reasonRows() rows {
	w := r.words
	x := rows{columns: join(r.texts("kind", "text"), r.counts("number"), r.numbers("low", "mid", "high"), r.texts("unit", "source"))}
	add := func(key string, all []sizing.Reason) {
		for _, reason := range all {
			if len(reason.Figures) == 0 {
				x.add(w.T(key), w.reason(reason), nil, nil, nil, nil, "", w.source("this plan"))
			}
			for i, f := range reason.Figures {
				x.add(w.T(key), w.reason(reason), i+1, f.Low, f.Mid, f.High, w.unit(f.Unit), w.source(f.Source))
			}
		}
	}
	add("report.answer.why", r.answer.Why)
	add("report.answer.would_give", r.answer.WouldGive)
	add("report.answer.warnings", r.answer.Warnings)
	for _, n := range r.every() {
		add("report.answer.misses", n.Misses)
	}
	for _, s := range r.options.Warnings {
		x.add(w.T("report.answer.warnings"), s, nil, nil, nil, nil, "", w.source("given in the plan"))
	}
	return x
}
