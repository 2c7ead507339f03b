package report

import (
	"strconv"

	"cubby/internal/locker"
	"cubby/internal/sizing"
	"cubby/internal/sizing/drawing"
)

func (r *Report) serviceSection() Section {
	w := r.words
	s := Section{ID: "service", Title: w.T("report.service.title"), Blocks: []Block{paragraph(w.T("report.service.text"))}}
	s.Blocks = append(s.Blocks, Block{Heading: w.T("report.service.alternatives")})
	for _, n := range r.all() {
		s.Blocks = append(s.Blocks, Block{Table: r.levels(n)})
	}
	if p := r.answer.Replay; p != nil {
		s.Blocks = append(s.Blocks, paragraph(w.T("report.service.replay", "doors", w.Number(p.Doors), "days", w.Number(p.Block),
			"loss", w.interval(p.Normal.Loss), "law", w.interval(p.Law.Loss), "peak", w.interval(p.Peak.Loss), "years", w.Number(p.Years))))
	}
	if near := r.sizesOf(); len(near) > 1 {
		s.Blocks = append(s.Blocks, Block{Heading: w.T("report.service.neighbours")})
		for _, week := range []sizing.Week{sizing.NormalWeek, sizing.PeakWeek} {
			s.Blocks = append(s.Blocks, Block{Table: r.neighbours(near, week)})
		}
	}
	s.Blocks = append(s.Blocks, Block{Table: r.overflow()})
	return s
}

// level is one row of the service levels.
type level struct {
	name string
	unit string
	of   sizing.Interval
}

// levelsOf lists the four service levels of a week: lost by size and in all, days without loss,
// upgrades, the greatest overflow.
func (r *Report) levelsOf(v sizing.Service) []level {
	w := r.words
	var out []level
	for _, c := range v.Classes {
		out = append(out, level{w.T("report.level.class", "size", r.size(c.Size.String())), c.Loss.Unit, c.Loss})
	}
	return append(out,
		level{w.T("report.level.loss"), v.Loss.Unit, v.Loss},
		level{w.T("report.level.days"), v.WholeDay.Unit, v.WholeDay},
		level{w.T("report.level.upgraded"), v.Upgraded.Unit, v.Upgraded},
		level{w.T("report.level.peak_parcels"), v.PeakParcels.Unit, v.PeakParcels},
		level{w.T("report.level.peak_litres"), v.PeakLitres.Unit, v.PeakLitres})
}

// levels is one alternative in both weeks, and over the year what can be added up.
func (r *Report) levels(n named) *Grid {
	w := r.words
	g := &Grid{
		Title: n.name,
		Heads: []Head{
			text1(w.T("report.head.level")), text1(w.T("report.head.unit")), numeric(w.T("report.head.normal")),
			numeric(w.T("report.head.peak")), numeric(w.T("report.head.over_year")),
		},
		Source: r.how(n.Normal),
	}
	year := map[string]sizing.Interval{w.T("report.level.loss"): n.Year.Loss, w.T("report.level.days"): n.Year.WholeDay}
	normal, peak := r.levelsOf(n.Normal), r.levelsOf(n.Peak)
	for i, l := range normal {
		over := ""
		if v, ok := year[l.name]; ok {
			over = w.interval(v)
		}
		g.Rows = append(g.Rows, []string{l.name, w.unit(l.unit), w.interval(l.of), w.interval(peak[i].of), over})
	}
	return g
}

// how says how a service level was found.
func (r *Report) how(v sizing.Service) string {
	if v.Years == 0 {
		return r.words.T("report.source.formula")
	}
	return r.words.T("report.source.simulated", "years", r.words.N("report.years", v.Years))
}

// neighbours is one week of three sizes.
func (r *Report) neighbours(near []named, week sizing.Week) *Grid {
	w := r.words
	g := &Grid{
		Title:  w.T("report.service.near", "kind", w.kind(r.answer.Recommended.Kind), "week", w.word(week.String())),
		Heads:  []Head{text1(w.T("report.head.level")), text1(w.T("report.head.unit"))},
		Source: r.how(near[0].Normal),
	}
	for i, n := range near {
		v := n.Normal
		if week == sizing.PeakWeek {
			v = n.Peak
		}
		g.Heads = append(g.Heads, numeric(n.name))
		for j, l := range r.levelsOf(v) {
			if i == 0 {
				g.Rows = append(g.Rows, []string{l.name, w.unit(l.unit)})
			}
			g.Rows[j] = append(g.Rows[j], w.interval(l.of))
		}
	}
	return g
}

// overflow says where parcels go that find no door.
func (r *Report) overflow() *Grid {
	w := r.words
	g := &Grid{
		Title: w.T("report.overflow.title"),
		Heads: []Head{
			text1(w.T("report.head.alternative")), text1(w.T("report.head.where")), numeric(w.T("report.head.normal_parcels")),
			numeric(w.T("report.head.peak_parcels")),
		},
		Source: w.T("report.source.simulated_or_formula"),
	}
	for _, n := range r.all() {
		for i, d := range n.Normal.Overflow {
			peak := ""
			if i < len(n.Peak.Overflow) {
				peak = w.interval(n.Peak.Overflow[i].ParcelsPerWeek)
			}
			g.Rows = append(g.Rows, []string{n.name, w.word(d.Where.String()), w.interval(d.ParcelsPerWeek), peak})
		}
		if len(n.Normal.Overflow) == 0 {
			g.Rows = append(g.Rows, []string{n.name, w.T("report.overflow.nowhere"), w.Number(0), w.Number(0)})
		}
	}
	return g
}

func (r *Report) occupancySection() Section {
	w := r.words
	s := Section{ID: "occupancy", Title: w.T("report.occupancy.title"), Blocks: []Block{paragraph(w.T("report.occupancy.text"))}}
	a := r.answer.Recommended
	drawn := 0
	for _, v := range []sizing.Service{a.Normal, a.Peak} {
		if len(v.Occupancy) == 0 {
			continue
		}
		drawn++
		caption := w.T("report.occupancy.caption", "week", w.word(v.Week.String()))
		s.Blocks = append(s.Blocks, Block{Drawing: &Drawing{
			Name: "fan-" + v.Week.String(), Caption: caption, Scene: r.fan(v, caption), MaxMM: 104,
		}}, note(r.how(v)))
	}
	if drawn == 0 {
		s.Blocks = append(s.Blocks, note(w.T("report.occupancy.none")))
	}
	return s
}

// fan draws a week of each size.
func (r *Report) fan(v sizing.Service, title string) *drawing.Scene {
	w := r.words
	in := drawing.FanInput{
		Title: title, Desc: w.T("report.fan.desc"), RTL: r.Dir == "rtl",
		Outer: w.T("report.fan.outer"), Inner: w.T("report.fan.inner"), Median: w.T("report.fan.median"), Capacity: w.T("report.fan.capacity"),
		Format: w.short,
	}
	for day := range 7 {
		in.Days = append(in.Days, w.T("time.weekday."+strconv.Itoa((day+1)%7)))
	}
	for _, o := range v.Occupancy {
		p := drawing.FanPanel{Name: r.size(o.Size.String()), Doors: float64(o.Doors)}
		for _, q := range o.Quantiles {
			switch q.Share {
			case 0.05:
				p.Low = q.Values
			case 0.25:
				p.Quarter = q.Values
			case 0.5:
				p.Middle = q.Values
			case 0.75:
				p.Three = q.Values
			case 0.95:
				p.High = q.Values
			}
		}
		in.Panels = append(in.Panels, p)
	}
	return drawing.Fan(in)
}

// index numbers a size among the classes of the problem, 0 the smallest.
func (r *Report) index(size locker.Size) int {
	for i, c := range r.answer.Problem.Sizes {
		if c.Size == size {
			return i
		}
	}
	return 0
}
