package report

import (
	"strconv"

	"cubby/internal/sizing"
)

// text and numbers make the heads of a table.
func text1(s string) Head      { return Head{Text: s} }
func numeric(s string) Head    { return Head{Text: s, Numeric: true} }
func paragraph(s string) Block { return Block{Text: s} }
func note(s string) Block      { return Block{Note: s} }

// lead says the recommendation in a sentence.
func (r *Report) lead() string {
	w, a := r.words, r.answer.Recommended
	room := ""
	if a.Room != nil {
		room = w.short(a.Room.FloorM2)
	}
	args := []any{"doors", w.Number(a.Doors), "banks", w.N("report.banks", len(a.Banks)), "room", room, "mix", r.mix(a)}
	if r.Feasible {
		return w.T("report.lead."+a.Kind.String(), args...)
	}
	switch {
	case a.Doors == 0 && a.Kind == sizing.Lockers, a.Kind == sizing.OffSite:
		return w.T("report.lead.none", args...)
	case a.Kind == sizing.OpenRoom:
		return w.T("report.lead.only_room", args...)
	}
	return w.T("report.lead.infeasible", append(args, "kind", w.kind(a.Kind))...)
}

// mix says the doors of each size: "60 S, 58 M".
func (r *Report) mix(a sizing.Alternative) string {
	var parts []string
	for _, m := range a.Mix {
		if m.Doors > 0 {
			parts = append(parts, r.words.apart(r.words.T("report.mix.part", "n", r.words.Number(m.Doors), "size", m.Size.String())))
		}
	}
	return r.words.List(parts...)
}

func (r *Report) answerSection() Section {
	w, a := r.words, r.answer.Recommended
	s := Section{ID: "answer", Title: w.T("report.answer.title"), Blocks: []Block{paragraph(r.Lead), {Facts: r.facts(a)}}}
	if len(r.answer.Why) > 0 {
		s.Blocks = append(s.Blocks, Block{Heading: w.T("report.answer.why")}, Block{List: w.reasons(r.answer.Why)})
	}
	if len(r.answer.WouldGive) > 0 {
		s.Blocks = append(s.Blocks, Block{Heading: w.T("report.answer.would_give")},
			Block{List: w.reasons(r.answer.WouldGive), Warn: true})
	}
	warnings := w.reasons(r.answer.Warnings)
	warnings = append(warnings, r.options.Warnings...)
	if len(warnings) > 0 {
		s.Blocks = append(s.Blocks, Block{Heading: w.T("report.answer.warnings")}, Block{List: warnings, Warn: true})
	}
	s.Blocks = append(s.Blocks, Block{Table: r.glance()})
	return s
}

func (r *Report) facts(a sizing.Alternative) []Fact {
	w := r.words
	var out []Fact
	if a.Doors > 0 {
		out = append(out, Fact{w.T("report.fact.doors"), w.Number(a.Doors), w.unit("doors"), r.mix(a)},
			Fact{w.T("report.fact.wall"), w.Number(a.WidthMM), w.unit("mm"), ""})
	}
	if a.Room != nil {
		out = append(out, Fact{w.T("report.fact.room"), w.short(a.Room.FloorM2), w.unit("m²"), ""})
	}
	out = append(out,
		Fact{w.T("report.fact.loss"), w.short(a.Normal.Loss.Value), w.unit(a.Normal.Loss.Unit), w.limits(a.Normal.Loss)},
		Fact{w.T("report.fact.peak_loss"), w.short(a.Peak.Loss.Value), w.unit(a.Peak.Loss.Unit), w.limits(a.Peak.Loss)},
		Fact{w.T("report.fact.present"), w.amount(a.Cost.Present.Mid), r.over(a), w.span(a.Cost.Present)},
		Fact{
			w.T("report.fact.unit_month"), w.amount(a.Cost.UnitMonth.Mid), w.T("report.unit.money_per_unit_and_month", "currency", w.currency),
			w.span(a.Cost.UnitMonth),
		})
	return out
}

// over is the unit of a net present value.
func (r *Report) over(a sizing.Alternative) string {
	return r.words.T("report.cost.over", "years", r.words.N("report.years", a.Cost.Years), "currency", r.words.currency)
}

// glance compares everything that was looked at, in one line each.
func (r *Report) glance() *Grid {
	w := r.words
	g := &Grid{
		Title: w.T("report.glance.title"),
		Heads: []Head{
			text1(w.T("report.head.alternative")), numeric(w.T("report.head.doors")), numeric(w.T("report.head.floor")),
			text1(w.T("report.head.fits")), text1(w.T("report.head.holds")), numeric(w.T("report.head.lost_normal")),
			numeric(w.T("report.head.lost_peak")), numeric(w.T("report.head.present", "currency", w.currency)),
			numeric(w.T("report.head.unit_month", "currency", w.currency)),
		},
		Strong: 1,
		Source: w.T("report.source.simulated_and_priced"),
	}
	for _, n := range r.every() {
		g.Rows = append(g.Rows, []string{
			n.name, w.Number(n.Doors), w.short(n.FloorM2), w.yes(n.Fits), w.yes(n.Meets), w.short(n.Normal.Loss.Value),
			w.short(n.Peak.Loss.Value), w.amount(n.Cost.Present.Mid), w.amount(n.Cost.UnitMonth.Mid),
		})
	}
	return g
}

func (r *Report) rulesSection() Section {
	w := r.words
	s := Section{ID: "rules", Title: w.T("report.rules.title"), Blocks: []Block{paragraph(w.T("report.rules.text"))}}
	if len(r.answer.Rules) == 0 {
		s.Blocks = append(s.Blocks, note(w.T("report.rules.none")))
		return s
	}
	g := &Grid{
		Title: w.T("report.rules.table"),
		Heads: []Head{
			text1(w.T("report.head.rule")), text1(w.T("report.head.source")), numeric(w.T("report.head.doors")),
			numeric(w.T("report.head.lost_normal")), numeric(w.T("report.head.lost_peak")),
		},
		Source: w.T("report.rules.source"),
	}
	for _, rule := range r.answer.Rules {
		name := rule.Text
		if key := "report.rule." + rule.Code; w.Has(key) {
			name = w.T("report.rule." + rule.Code)
		}
		g.Rows = append(g.Rows, []string{name, rule.Source, w.Number(rule.Doors), w.interval(rule.Loss), w.interval(rule.Peak)})
	}
	for _, n := range r.all() {
		if n.Kind != sizing.Lockers {
			continue
		}
		g.Rows = append(g.Rows, []string{
			w.T("report.alt.this", "kind", w.kind(n.Kind), "size", r.standOf(n.Alternative)), w.T("report.source.computed"), w.Number(n.Doors), w.interval(n.Normal.Loss), w.interval(n.Peak.Loss),
		})
		g.Strong = len(g.Rows)
	}
	s.Blocks = append(s.Blocks, Block{Table: g})
	return s
}

func (r *Report) carbonSection() Section {
	w := r.words
	c := r.answer.Recommended.Carbon
	s := Section{ID: "carbon", Title: w.T("report.carbon.title"), Blocks: []Block{paragraph(w.T("report.carbon.text"))}}
	g := &Grid{
		Title: w.T("report.carbon.table"),
		Heads: []Head{
			text1(w.T("report.head.alternative")), numeric(w.T("report.head.avoided")), numeric(w.T("report.head.kg_year")),
			numeric(w.T("report.head.kg_parcel")),
		},
		Strong: 1,
		Source: w.T("report.carbon.source", "attempt", r.sourceOf(c.KgPerYear), "share", r.sourceOf(c.BasisShare)),
	}
	for _, n := range r.all() {
		g.Rows = append(g.Rows, []string{
			n.name, w.rounded(n.Carbon.BasisShare), w.rounded(n.Carbon.KgPerYear), w.rounded(n.Carbon.KgPerUnit),
		})
	}
	s.Blocks = append(s.Blocks, Block{Table: g}, note(w.T("report.carbon.scope", "scope", r.scope(c.Scope))))
	return s
}

// scope says the planner's usual scope in the language; another is quoted.
func (r *Report) scope(s string) string {
	if s == sizing.Defaults().Carbon.Scope {
		return r.words.T("report.carbon.usual_scope")
	}
	return s
}

func (r *Report) sourceOf(f sizing.Figure) string {
	s := r.words.source(f.Source)
	if f.Assumed {
		return r.words.T("report.assumed", "source", s)
	}
	return s
}

func (r *Report) demandSection() Section {
	w, d := r.words, r.answer.Demand
	s := Section{ID: "demand", Title: w.T("report.demand.title")}
	s.Blocks = append(s.Blocks, Block{Table: &Grid{
		Title: w.T("report.demand.table"),
		Heads: []Head{text1(w.T("report.head.figure")), numeric(w.T("report.head.value")), text1(w.T("report.head.unit"))},
		Rows: [][]string{
			{w.T("report.demand.per_day"), w.short(d.ParcelsPerDay), w.unit("parcels per day")},
			{w.T("report.demand.peak_per_day"), w.short(d.PeakParcelsPerDay), w.unit("parcels per day")},
			{w.T("report.demand.per_year"), w.short(d.ParcelsPerYear), w.unit("parcels per year")},
			{w.T("report.demand.growth"), w.short(d.Growth), w.unit("times today")},
			{w.T("report.demand.dwell"), w.short(d.MeanDwellHours), w.unit("h")},
		},
		Source: w.T("report.source.computed_from_basis"),
	}})
	g := &Grid{
		Title: w.T("report.demand.sizes"),
		Heads: []Head{
			text1(w.T("report.head.size")), numeric(w.T("report.head.per_day")), numeric(w.T("report.head.present_mean")),
			numeric(w.T("report.head.present_full")), numeric(w.T("report.head.present_peak")),
		},
		Source: w.T("report.demand.source"),
	}
	for _, z := range d.Sizes {
		g.Rows = append(g.Rows, []string{
			r.size(z.Size.String()), w.short(z.ParcelsPerDay), w.short(z.Mean), w.short(z.Highest), w.short(z.PeakHighest),
		})
	}
	s.Blocks = append(s.Blocks, Block{Table: g})
	return s
}

// size says a size with its letter: "S, small".
func (r *Report) size(letter string) string {
	return r.words.T("report.size", "letter", letter, "name", r.words.Size(letter))
}

func (r *Report) basisSection() Section {
	w := r.words
	assumed := 0
	g := &Grid{
		Title: w.T("report.basis.table"),
		Heads: []Head{
			text1(w.T("report.head.key")), numeric(w.T("report.head.value")), text1(w.T("report.head.unit")),
			text1(w.T("report.head.origin")), text1(w.T("report.head.source")),
		},
		Source: w.T("report.basis.source"),
	}
	for _, b := range r.answer.Rests {
		if b.Assumed {
			assumed++
		}
		g.Rows = append(g.Rows, []string{b.Key, w.given(b.Value), w.unit(b.Unit), r.origin(b.Assumed, b.Source), w.source(b.Source)})
	}
	return Section{ID: "basis", Title: w.T("report.basis.title"), Blocks: []Block{
		paragraph(w.T("report.basis.text", "all", w.Number(len(r.answer.Rests)), "assumed", w.Number(assumed))),
		{Table: g},
	}}
}

func (r *Report) methodSection() Section {
	w, a := r.words, r.answer
	items := []string{
		w.T("report.method.screen"), w.T("report.method.search"), w.T("report.method.simulate"), w.T("report.method.cost"),
		w.T("report.method.limits"),
	}
	mode := w.T("report.method.full")
	if a.Quick {
		mode = w.T("report.method.quick")
	}
	return Section{ID: "method", Title: w.T("report.method.title"), Blocks: []Block{
		{List: items},
		note(w.T("report.method.work", "mode", mode, "screened", w.Number(a.Work.Screened), "simulated", w.Number(a.Work.Simulated),
			"years", w.Number(a.Work.SimulatedYears), "events", w.fixed(float64(a.Work.Events), 0), "seed", strconv.FormatUint(a.Seed, 10))),
		note(w.T("report.method.at", "at", w.DateTime(r.options.At, r.options.Location))),
	}}
}
