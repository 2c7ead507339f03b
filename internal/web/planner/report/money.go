package report

import (
	"strings"

	"cubby/internal/sizing"
	"cubby/internal/sizing/cost"
	"cubby/internal/sizing/drawing"
	"cubby/internal/sizing/figure"
)

// module is a cabinet to order.
type module struct {
	name  string
	count float64
	price figure.Figure
}

// purchased lists the modules of an alternative from the lines of its purchase.
func purchased(a sizing.Alternative) []module {
	var out []module
	for _, row := range a.Cost.Rows {
		for _, l := range row.Lines {
			if row.Item != cost.Purchase || len(l.Factors) != 2 {
				continue
			}
			name, ok := strings.CutPrefix(l.Factors[0].Key, "modules ")
			if ok {
				out = append(out, module{name: name, count: l.Factors[0].Figure.Mid, price: l.Factors[1].Figure})
			}
		}
	}
	return out
}

func (r *Report) costSection() Section {
	w := r.words
	years := w.N("report.years", r.answer.Recommended.Cost.Years)
	p := r.answer.Problem
	s := Section{ID: "cost", Title: w.T("report.cost.title", "years", years), Blocks: []Block{
		paragraph(w.T("report.cost.text", "years", years, "discount", w.figure(p.Discount), "currency", w.currency)),
		{Table: r.costSummary()},
		{Drawing: &Drawing{Name: "cost", Caption: w.T("report.cost.chart"), Scene: r.costBars(), MaxMM: 90}},
		note(w.T("report.cost.chart_note")),
	}}
	s.Blocks = append(s.Blocks, Block{Table: r.costItems()})
	for _, n := range r.all() {
		s.Blocks = append(s.Blocks, Block{Table: r.costGrid(n)})
	}
	return s
}

// costSummary puts the alternatives on one basis.
func (r *Report) costSummary() *Grid {
	w := r.words
	g := &Grid{
		Title:  w.T("report.cost.summary"),
		Heads:  []Head{text1(w.T("report.head.figure")), text1(w.T("report.head.unit"))},
		Source: w.T("report.cost.summary_source", "runs", w.Number(r.answer.Recommended.Cost.Chance.Runs)),
	}
	unit := func(key string) string { return w.T(key, "currency", w.currency) }
	g.Rows = [][]string{
		{w.T("report.cost.present"), w.currency},
		{w.T("report.cost.annuity"), unit("report.unit.money_per_year")},
		{w.T("report.cost.unit_month"), unit("report.unit.money_per_unit_and_month")},
		{w.T("report.cost.parcel"), unit("report.unit.money_per_parcel")},
		{w.T("report.cost.chance"), w.currency},
	}
	for _, n := range r.all() {
		g.Heads = append(g.Heads, numeric(n.name))
		c := n.Cost
		chance := w.T("report.interval", "value", w.amount(c.Chance.P50), "low", w.amount(c.Chance.P5), "high", w.amount(c.Chance.P95))
		for i, cell := range []string{w.amounts(c.Present), w.amounts(c.Annuity), w.amounts(c.UnitMonth), w.amounts(c.Parcel), chance} {
			g.Rows[i] = append(g.Rows[i], cell)
		}
	}
	return g
}

// costItems compares the items by their present value at the mid figures.
func (r *Report) costItems() *Grid {
	w := r.words
	g := &Grid{
		Title:  w.T("report.cost.items", "currency", w.currency),
		Heads:  []Head{text1(w.T("report.head.item"))},
		Source: w.T("report.cost.lines_source"),
	}
	for _, i := range cost.Items() {
		g.Rows = append(g.Rows, []string{w.T("report.item." + i.String())})
	}
	g.Rows = append(g.Rows, []string{w.T("report.cost.sum")})
	g.Strong = len(g.Rows)
	for _, n := range r.all() {
		g.Heads = append(g.Heads, numeric(n.name))
		for j, i := range cost.Items() {
			g.Rows[j] = append(g.Rows[j], w.amount(itemOf(n.Cost, i).Present.Mid))
		}
		last := len(g.Rows) - 1
		g.Rows[last] = append(g.Rows[last], w.amount(n.Cost.Present.Mid))
	}
	return g
}

func itemOf(c cost.Result, i cost.Item) cost.Row {
	for _, row := range c.Rows {
		if row.Item == i {
			return row
		}
	}
	return cost.Row{Item: i}
}

// costGrid is one alternative over the years: low, mid and high.
func (r *Report) costGrid(n named) *Grid {
	w := r.words
	g := &Grid{
		Title: w.T("report.cost.table", "years", w.N("report.years", n.Cost.Years), "name", n.name, "currency", w.currency),
		Heads: []Head{
			text1(w.T("report.head.item")), numeric(w.T("report.head.start")), numeric(w.T("report.head.year")),
			numeric(w.T("report.head.total_low")), numeric(w.T("report.head.total_mid")), numeric(w.T("report.head.total_high")),
			numeric(w.T("report.head.present_value")),
		},
		Source: w.T("report.cost.lines_source"),
	}
	for _, i := range cost.Items() {
		row := itemOf(n.Cost, i)
		if row.Total.High == 0 {
			continue // the table of all items has it
		}
		g.Rows = append(g.Rows, []string{
			w.T("report.item." + i.String()), w.amount(row.Start.Mid), w.amount(row.Year.Mid), w.amount(row.Total.Low),
			w.amount(row.Total.Mid), w.amount(row.Total.High), w.amount(row.Present.Mid),
		})
	}
	var start, year int64
	for _, row := range n.Cost.Rows {
		start, year = start+row.Start.Mid, year+row.Year.Mid
	}
	t := n.Cost.Total
	g.Rows = append(g.Rows, []string{
		w.T("report.cost.sum"), w.amount(start), w.amount(year), w.amount(t.Low), w.amount(t.Mid), w.amount(t.High), w.amount(n.Cost.Present.Mid),
	})
	g.Strong = len(g.Rows)
	return g
}

// costBars draws the present values by item, with the range of each sum.
func (r *Report) costBars() *drawing.Scene {
	w := r.words
	in := drawing.BarsInput{
		Title: w.T("report.cost.chart"), Desc: w.T("report.cost.chart_desc"), RTL: r.Dir == "rtl",
		Format: func(v float64) string { return w.money(int64(v)) },
	}
	var used []cost.Item
	for _, i := range cost.Items() {
		for _, n := range r.all() {
			if itemOf(n.Cost, i).Present.Mid > 0 {
				used = append(used, i)
				in.Parts = append(in.Parts, w.T("report.item."+i.String()))
				break
			}
		}
	}
	for _, n := range r.all() {
		bar := drawing.Bar{Label: n.name, Low: float64(n.Cost.Present.Low), High: float64(n.Cost.Present.High)}
		for _, i := range used {
			bar.Parts = append(bar.Parts, float64(max(itemOf(n.Cost, i).Present.Mid, 0)))
		}
		in.Bars = append(in.Bars, bar)
	}
	return drawing.StackedBars(in)
}

func (r *Report) sensitivitySection() Section {
	w := r.words
	s := Section{ID: "sensitivity", Title: w.T("report.sensitivity.title")}
	if len(r.answer.Sensitivity) == 0 {
		s.Blocks = append(s.Blocks, note(w.T("report.sensitivity.none")))
		return s
	}
	s.Blocks = append(s.Blocks, paragraph(w.T("report.sensitivity.text")))
	g := &Grid{
		Title: w.T("report.sensitivity.table"),
		Heads: []Head{
			text1(w.T("report.head.input")), numeric(w.T("report.head.value")), text1(w.T("report.head.unit")), numeric(w.T("report.head.doors_low")),
			numeric(w.T("report.head.doors_high")), numeric(w.T("report.head.cost_low", "currency", w.currency)),
			numeric(w.T("report.head.cost_high", "currency", w.currency)), text1(w.T("report.head.source")),
		},
		Source: w.T("report.sensitivity.source"),
	}
	if base := r.answer.Unmoved; base.Doors > 0 {
		doors, paid := w.Number(base.Doors), w.amount(base.Cost)
		g.Rows = append(g.Rows, []string{w.T("report.sensitivity.unmoved"), "", "", doors, doors, paid, paid, w.T("report.source.computed")})
	}
	for _, v := range r.answer.Sensitivity {
		g.Rows = append(g.Rows, []string{
			r.swing(v.Code), w.figure(v.Figure), w.unit(v.Figure.Unit), w.Number(v.LowDoors), w.Number(v.HighDoors), w.amount(v.LowCost),
			w.amount(v.HighCost), r.sourceOf(v.Figure),
		})
	}
	s.Blocks = append(s.Blocks, Block{Drawing: &Drawing{
		Name: "tornado", Caption: w.T("report.sensitivity.chart"), Scene: r.tornado(), MaxMM: 90,
	}}, Block{Table: g}, Block{Table: r.costSwings()})
	return s
}

func (r *Report) swing(code string) string { return r.words.T("report.swing." + code) }

// tornado draws the doors at both ends of each input.
func (r *Report) tornado() *drawing.Scene {
	w := r.words
	base := r.answer.Recommended.Doors
	for _, a := range r.answer.All() {
		if a.Kind == sizing.Lockers {
			base = a.Doors
		}
	}
	in := drawing.TornadoInput{
		Title: w.T("report.sensitivity.chart"), Desc: w.T("report.sensitivity.desc"), RTL: r.Dir == "rtl", Base: float64(base),
		BaseLabel: w.T("report.sensitivity.base", "doors", w.N("report.doors", base)), LowLabel: w.T("report.sensitivity.low"), HighLabel: w.T("report.sensitivity.high"),
		Format: w.short,
	}
	for _, v := range r.answer.Sensitivity {
		in.Rows = append(in.Rows, drawing.TornadoRow{
			Label: r.swing(v.Code), Low: float64(v.LowDoors), High: float64(v.HighDoors),
			LowText: w.exact(v.Figure.Low), HighText: w.exact(v.Figure.High),
		})
	}
	return drawing.Tornado(in)
}

// mostSwings is how many cost figures are worth a look; the tables have all.
const mostSwings = 10

// costSwings lists the figures that move the recommended cost most.
func (r *Report) costSwings() *Grid {
	w := r.words
	g := &Grid{
		Title: w.T("report.sensitivity.costs"),
		Heads: []Head{
			text1(w.T("report.head.input")), numeric(w.T("report.head.value")), text1(w.T("report.head.unit")),
			numeric(w.T("report.head.cost_low", "currency", w.currency)), numeric(w.T("report.head.cost_high", "currency", w.currency)),
			text1(w.T("report.head.source")),
		},
		Source: w.T("report.sensitivity.costs_source"),
	}
	all := r.answer.Recommended.Cost.Tornado
	for _, v := range all[:min(len(all), mostSwings)] {
		g.Rows = append(g.Rows, []string{
			v.Key, w.figure(v.Figure), w.unit(v.Figure.Unit), w.amount(v.Low), w.amount(v.High), r.sourceOf(v.Figure),
		})
	}
	return g
}
