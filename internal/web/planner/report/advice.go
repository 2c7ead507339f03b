package report

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"cubby/internal/sizing"
	"cubby/internal/text"
)

// advice says what Replan found in one language.
type advice struct {
	words
	sizing.Advice
}

// NewAdvice says an advice on an installed site in the printer's language. Of a Report's forms it has HTML,
// PDF and Text; it has no drawings and no tables for programs.
func NewAdvice(a sizing.Advice, o Options) (*Report, error) {
	if o.Printer == nil || o.At.IsZero() || len(a.Remedies) == 0 {
		return nil, errors.New("a report needs a printer, a time and an advice")
	}
	if o.Location == nil {
		o.Location = time.UTC
	}
	w := words{Printer: o.Printer, currency: a.Currency}
	v := advice{words: w, Advice: a}
	r := &Report{
		Title: w.T("advice.title", "name", a.Name), Lead: v.lead(), Feasible: a.Helps, Tag: w.Lang(), Dir: w.Dir(), words: w, options: o,
		answer: sizing.Answer{Seed: a.Seed},
	}
	r.Sections = []Section{v.answer(r.Lead), v.remedies(), v.doors(), v.money(), v.record(), v.basis(), v.method(o)}
	return r, nil
}

func (v advice) best() sizing.Remedy {
	for _, r := range v.Remedies {
		if r.Code == v.Best {
			return r
		}
	}
	return v.Remedies[0]
}

func (v advice) lead() string {
	now, best := v.Remedies[0], v.best()
	what := v.what(best)
	switch best.Verdict {
	case sizing.VerdictHelps:
		return v.T("advice.lead.helps", "what", what, "saved", v.interval(best.Normal.Saved))
	case sizing.VerdictPeak:
		return v.T("advice.lead.peak_only", "what", what, "saved", v.interval(best.Peak.Saved))
	case sizing.VerdictBasis, sizing.VerdictNothing, sizing.VerdictHarms:
	}
	return v.T("advice.lead.none", "loss", v.interval(now.Normal.Loss))
}

// what names a remedy.
func (v advice) what(r sizing.Remedy) string {
	switch r.Code {
	case sizing.ShorterHold, sizing.LongerHold:
		return v.T("advice.hold", "days", v.short(r.Hold))
	case sizing.KeptHold:
		return v.T("advice.hold.kept", "days", v.short(r.Hold))
	case sizing.AsItIs, sizing.OtherMix, sizing.ExtraColumn:
	}
	return v.T("advice.remedy." + r.Code.String())
}

func (v advice) answer(lead string) Section {
	now := v.Remedies[0]
	s := Section{ID: "answer", Title: v.T("advice.answer.title"), Blocks: []Block{paragraph(lead), {Facts: []Fact{
		{Label: v.T("advice.fact.loss"), Value: v.interval(now.Normal.Loss), Unit: v.unit(now.Normal.Loss.Unit)},
		{Label: v.T("advice.fact.peak"), Value: v.interval(now.Peak.Loss), Unit: v.unit(now.Peak.Loss.Unit)},
		{Label: v.T("advice.fact.observed"), Value: v.interval(v.Record.Observed), Unit: v.unit(v.Record.Observed.Unit)},
		{Label: v.T("advice.fact.weekly"), Value: v.rounded(v.Record.Weekly), Unit: v.unit(v.Record.Weekly.Unit)},
	}}}}
	s.Blocks = append(s.Blocks, Block{List: v.sentences(v.Findings)})
	if len(v.Warnings) > 0 {
		s.Blocks = append(s.Blocks, Block{Heading: v.T("report.answer.warnings")}, Block{List: v.sentences(v.Warnings), Warn: true})
	}
	return s
}

// sentences says reasons of an advice. One that no catalogue has stays in English.
func (v advice) sentences(all []sizing.Reason) []string {
	out := make([]string, len(all))
	for i, r := range all {
		out[i] = r.Text
		if !v.Has("advice.reason." + r.Code) {
			continue
		}
		args := []any{}
		for j, f := range r.Figures {
			n := "f" + strconv.Itoa(j+1)
			args = append(args, n, v.short(f.Mid), n+"range", v.rounded(f))
		}
		for j, word := range r.Words {
			args = append(args, "w"+strconv.Itoa(j+1), word)
			for _, remedy := range v.Remedies {
				if remedy.Code.String() == word {
					args = append(args, "what", v.what(remedy))
				}
			}
		}
		if said := v.T("advice.reason."+r.Code, args...); !strings.HasPrefix(said, "[") {
			out[i] = said
		}
	}
	return out
}

func (v advice) remedies() Section {
	g := &Grid{
		Title: v.T("advice.remedies.table"),
		Heads: []Head{
			text1(v.T("advice.head.remedy")), text1(v.T("advice.head.verdict")), numeric(v.T("advice.head.saved")), numeric(v.T("advice.head.peak_saved")),
			numeric(v.T("advice.head.loss")), numeric(v.T("advice.head.peak_loss")), numeric(v.T("advice.head.taken")),
		},
		Source: v.T("report.source.computed"),
	}
	for i, r := range v.Remedies {
		saved, peak := "", ""
		if i > 0 {
			saved, peak = v.interval(r.Normal.Saved), v.interval(r.Peak.Saved)
		}
		g.Rows = append(g.Rows, []string{
			v.what(r), v.T("advice.verdict." + r.Verdict.String()), saved, peak, v.interval(r.Normal.Loss), v.interval(r.Peak.Loss),
			v.interval(r.Normal.TakenOut),
		})
		if v.Helps && r.Code == v.Best {
			g.Strong = i + 1
		}
	}
	return Section{ID: "remedies", Title: v.T("advice.remedies.title"), Blocks: []Block{paragraph(v.T("advice.remedies.text")), {Table: g}}}
}

func (v advice) doors() Section {
	s := Section{ID: "doors", Title: v.T("advice.columns.title")}
	g := &Grid{
		Title: v.T("advice.columns.table"),
		Heads: []Head{
			text1(v.T("advice.head.remedy")), numeric(v.T("advice.head.columns")), text1(v.T("advice.head.from")), text1(v.T("advice.head.to")),
		},
		Source: v.T("advice.columns.source"),
	}
	for _, r := range v.Remedies {
		for _, c := range r.Columns {
			from := v.T("advice.new")
			if len(c.From) > 0 {
				from = v.mix(c.From)
			}
			g.Rows = append(g.Rows, []string{v.what(r), v.Number(c.Columns), from, v.mix(c.To)})
		}
	}
	if len(g.Rows) > 0 {
		s.Blocks = append(s.Blocks, Block{Table: g})
	}
	sizes := &Grid{
		Title: v.T("advice.sizes.table"),
		Heads: []Head{
			text1(v.T("advice.head.size")), numeric(v.T("advice.head.doors")), numeric(v.T("advice.head.came")), numeric(v.T("advice.head.lost")),
			numeric(v.T("advice.head.simulated")), numeric(v.T("advice.head.with")),
		},
		Source: v.T("report.source.computed"),
	}
	now, best := v.Remedies[0].Normal.Classes, v.best().Normal.Classes
	for i, z := range v.Record.Sizes {
		if i >= len(now) || i >= len(best) {
			break
		}
		sizes.Rows = append(sizes.Rows, []string{
			v.T("report.size", "letter", z.Size.String(), "name", v.Size(z.Size.String())), v.Number(z.Doors), v.Number(z.Parcels), v.Number(z.Lost),
			v.interval(now[i].Loss), v.interval(best[i].Loss),
		})
	}
	s.Blocks = append(s.Blocks, Block{Table: sizes})
	return s
}

// mix says doors of sizes: "6 S, 3 M".
func (v advice) mix(doors []sizing.DoorCount) string {
	var parts []string
	for _, d := range doors {
		if d.Doors > 0 {
			parts = append(parts, v.T("report.mix.part", "n", v.Number(d.Doors), "size", d.Size.String()))
		}
	}
	return v.List(parts...)
}

func (v advice) money() Section {
	price, staff := v.T("advice.money.unknown"), ""
	g := &Grid{
		Title: v.T("advice.money.table"),
		Heads: []Head{
			text1(v.T("advice.head.remedy")), numeric(v.T("advice.head.price", "currency", v.currency)),
			numeric(v.T("advice.head.staff", "currency", v.currency)),
		},
	}
	for _, r := range v.Remedies[1:] {
		once, yearly := v.Number(0), ""
		if len(r.Columns) > 0 {
			once = v.T("advice.money.unknown")
		}
		if r.Price != nil {
			once, price = v.rounded(*r.Price), v.origin(*r.Price)
		}
		if r.Staff != nil {
			yearly, staff = v.rounded(*r.Staff), v.origin(*r.Staff)
		}
		g.Rows = append(g.Rows, []string{v.what(r), once, yearly})
	}
	g.Source = v.T("advice.money.source", "price", price, "staff", staff)
	return Section{ID: "cost", Title: v.T("advice.money.title"), Blocks: []Block{{Table: g}}}
}

// origin says where a figure comes from, and that it is an assumption.
func (v advice) origin(f sizing.Figure) string {
	if f.Assumed {
		return v.T("report.assumed", "source", v.source(f.Source))
	}
	return v.source(f.Source)
}

func (v advice) record() Section {
	r := v.Record
	g := &Grid{
		Title: v.T("advice.record.table"), Heads: []Head{text1(v.T("advice.head.figure")), numeric(v.T("advice.head.value"))},
		Rows: [][]string{
			{v.T("advice.record.from"), r.From},
			{v.T("advice.record.to"), r.To},
			{v.T("advice.record.days"), v.Number(r.Days)},
			{v.T("advice.record.parcels"), v.Number(r.Parcels)},
			{v.T("advice.record.doors"), v.Number(r.InDoors)},
			{v.T("advice.record.outside"), v.Number(r.Outside)},
			{v.T("advice.record.refused"), v.Number(r.Refused)},
			{v.T("advice.record.waiting"), v.Number(r.Waiting)},
			{v.T("advice.record.removed"), v.Number(r.Removed)},
			{v.T("advice.record.weekly"), v.rounded(r.Weekly)},
			{v.T("advice.record.median"), v.short(r.Median)},
			{v.T("advice.record.hold"), v.short(r.Hold)},
			{v.T("advice.record.beyond"), v.short(r.BeyondPct)},
		},
	}
	return Section{ID: "record", Title: v.T("advice.record.title"), Blocks: []Block{{Table: g}}}
}

func (v advice) basis() Section {
	r := &Report{words: v.words, answer: sizing.Answer{Rests: v.Rests}}
	s := r.basisSection()
	s.Blocks = s.Blocks[1:] // without the sentence about the sensitivity, which an advice has not
	return s
}

func (v advice) method(o Options) Section {
	return Section{ID: "method", Title: v.T("advice.method.title"), Blocks: []Block{
		{List: []string{v.T("advice.method.demand"), v.T("advice.method.stays"), v.T("advice.method.notice"), v.T("advice.method.limits")}},
		note(v.T("advice.method.work", "simulated", v.Number(v.Work.Simulated), "years", v.Number(v.Work.SimulatedYears),
			"events", v.fixed(float64(v.Work.Events), 0), "seed", strconv.FormatUint(v.Seed, 10))),
		note(v.T("report.method.at", "at", v.DateTime(o.At, o.Location))),
	}}
}

// Thin says in one sentence what a site's record lacks before there can be advice.
func Thin(t *text.Printer, e *sizing.ThinRecord) string {
	least := sizing.LeastRecord()
	switch {
	case e.Parcels == 0:
		return t.T("advice.thin.empty") + " " +
			t.T("advice.thin.days", "days", t.Number(e.Days), "least", t.Number(least.Days), "missing", t.Number(e.MissingDays))
	case e.Uncollected:
		return t.T("advice.thin.uncollected")
	case e.MissingDays > 0:
		return t.T("advice.thin.days", "days", t.Number(e.Days), "least", t.Number(least.Days), "missing", t.Number(e.MissingDays))
	case e.Weekdays > 0:
		return t.T("advice.thin.weekdays", "missing", t.Number(e.Weekdays))
	}
	return t.T("advice.thin.parcels", "parcels", t.Number(e.Parcels), "least", t.Number(least.Parcels), "missing", t.Number(e.Missing))
}
