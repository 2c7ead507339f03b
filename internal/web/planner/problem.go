package planner

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"cubby/internal/locker"
	"cubby/internal/sizing"
	"cubby/internal/sizing/figure"
)

// entered is the source of what a visitor said.
const entered = figure.InPlanner

// Problem returns the planning problem of a state: the defaults with what the visitor said over them.
// It may still contradict itself: sizing.Problem.Validate says how.
func (s State) Problem(name string) sizing.Problem {
	p := sizing.Defaults()
	p.Name = name
	s.demand(&p)
	s.pickUp(&p)
	s.site(&p)
	p.Hardware.Catalogue = s.text("ca")
	p.Currency = s.text("cu")
	p.HorizonYears = int(s.number("y"))
	return p.WithUnits()
}

// figure puts a value that was given over a default, and leaves the default with its range and source
// where none was.
func (s State) figure(f *sizing.Figure, key string) {
	if s.given(key) {
		*f = figure.Of(s.number(key), entered)
	}
}

func (s State) demand(p *sizing.Problem) {
	d := &p.Demand
	d.Units = int(s.number("u"))
	source := entered
	if s.text("by") == "l" {
		source = s.logSource()
	}
	switch {
	case s.text("by") != "u":
		rate := s.number("d") * weekdays / float64(d.Units)
		d.Rate = figure.Of(rate, fmt.Sprintf("%s: %s parcels a day", source, s.text("d")))
	case s.given("rl") || s.given("rm") || s.given("rh"):
		d.Rate = figure.Range(s.number("rl"), s.number("rm"), s.number("rh"), entered)
	}
	s.figure(&d.PeakFactor, "pf")
	s.figure(&d.PeakWeeks, "pw")
	s.figure(&d.Growth, "g")
	s.figure(&d.DesignYears, "gy")
	if s.text("by") != "l" {
		return
	}
	if v := s.numbers("wd"); v != nil {
		d.Weekday = sizing.Profile{Values: v, Source: source}
	}
	if v := s.number("od"); v > 0 {
		d.OverDispersion = figure.Of(v, source)
	}
	if v := s.numbers("sh"); len(v) == len(p.Sizes) {
		total := 0.0
		for _, share := range v {
			total += share
		}
		for i := range p.Sizes {
			p.Sizes[i].Share = figure.Of(v[i]*100/total, source)
		}
	}
	if v := s.number("sg"); v > 0 {
		p.Dwell.Sigma = figure.Of(v, source)
	}
}

func (s State) logSource() string { return "log of " + s.text("n") + " deliveries" }

func (s State) pickUp(p *sizing.Problem) {
	s.figure(&p.Dwell.Median, "m")
	s.figure(&p.Policy.Hold, "h")
	s.figure(&p.Policy.Consolidation, "co")
	s.figure(&p.Policy.Target.Loss, "t")
	p.Policy.Overflow = sizing.Overflow(s.text("of"))
	p.Policy.Target.Week = sizing.Week(s.text("wk"))
}

// shelfLevels is how many shelves stand above each other in a room: as in the plan that names none.
const shelfLevels = 5

// millimetres of a length in metres.
func millimetres(metres float64) int { return int(math.Round(metres * 1000)) }

func (s State) site(p *sizing.Problem) {
	p.Site.CeilingMM = millimetres(s.number("ce"))
	if width, depth := s.number("rw"), s.number("rd"); width > 0 && depth > 0 {
		p.Site.Rooms = []sizing.Room{{Name: "1", WidthMM: millimetres(width), DepthMM: millimetres(depth), Levels: shelfLevels}}
	}
	for i := range maxWalls {
		n := strconv.Itoa(i + 1)
		length := s.number("w" + n)
		if length == 0 {
			continue
		}
		w := sizing.Wall{Name: string(rune('A' + i)), LengthMM: millimetres(length)}
		blocks, _ := parseSpans(s.text("o" + n)) // was read before
		for j, b := range blocks {
			w.Obstacles = append(w.Obstacles, sizing.Obstacle{
				Name: strconv.Itoa(j + 1), FromMM: millimetres(b.from), ToMM: millimetres(b.to), BottomMM: millimetres(b.bottom),
			})
		}
		p.Site.Walls = append(p.Site.Walls, w)
	}
}

// basis is where the value of a field comes from.
type basis uint8

const (
	basisNone      basis = iota // a choice or a measure
	basisEntered                // the visitor's own
	basisLog                    // from the visitor's log
	basisPublished              // somebody published it
	basisAssumed                // nobody did
)

// origin returns where the value of a field comes from, in the words of the engine.
func (s State) origin(key string, p sizing.Problem) (basis, string) {
	fields := map[string]sizing.Figure{
		"rm": p.Demand.Rate, "pf": p.Demand.PeakFactor, "pw": p.Demand.PeakWeeks, "g": p.Demand.Growth,
		"gy": p.Demand.DesignYears, "m": p.Dwell.Median, "h": p.Policy.Hold, "co": p.Policy.Consolidation, "t": p.Policy.Target.Loss,
	}
	f, ok := fields[key]
	switch {
	case !ok:
		return basisNone, ""
	case key == "m" && s.text("by") == "l":
		return basisLog, ""
	case s.given(key) || f.Source == entered:
		return basisEntered, ""
	case f.Assumed:
		return basisAssumed, strings.TrimPrefix(f.Source, "assumption: ")
	}
	return basisPublished, f.Source
}

// problemsOf turns what the engine finds wrong into problems of fields.
func problemsOf(err error) []Problem {
	keys := map[string]string{
		"demand.units": "u", "demand.rate": "rm", "demand.peak_factor": "pf", "demand.peak_weeks": "pw", "demand.growth_percent": "g",
		"demand.design_years": "gy", "dwell.median_hours": "m", "policy.hold_days": "h", "policy.consolidation_percent": "co",
		"policy.target.loss_percent": "t", "site.ceiling_mm": "ce", "currency": "cu", "horizon_years": "y", "hardware.catalogue": "ca",
	}
	var all []Problem
	for _, e := range sizing.FieldErrors(err) {
		p := Problem{Code: "engine", Text: e.Text, Key: keys[e.Field]}
		for i := range maxWalls {
			if strings.HasPrefix(e.Field, fmt.Sprintf("site.walls[%d]", i)) || strings.HasPrefix(e.Field, fmt.Sprintf("site.walls.%d", i)) {
				p.Key = "w" + strconv.Itoa(i+1)
			}
		}
		all = append(all, p)
	}
	return all
}

// FromLog returns the state with what a log of deliveries shows: rate, weekdays, sizes, spread and
// dwell. It warns, in English, where the log is too thin. The log itself is not kept.
func (s State) FromLog(log []sizing.Delivery) (State, []string, error) {
	p, warnings, err := s.Problem("").WithLog(log)
	if err != nil {
		return s, nil, err
	}
	next := s
	put := func(key string, v float64, places int) {
		text := strconv.FormatFloat(v, 'f', places, 64)
		if v, ok := parse(text); ok {
			next = next.with(key, decimal(v))
		}
	}
	next = next.with("by", "l")
	put("n", float64(len(log)), 0)
	put("d", p.Demand.Rate.Mid*float64(p.Demand.Units)/weekdays, 1)
	if !p.Demand.Weekday.Assumed {
		next = next.with("wd", numbersText(p.Demand.Weekday.Values))
	}
	if !p.Demand.OverDispersion.Assumed {
		put("od", p.Demand.OverDispersion.Mid, 2)
	}
	if len(p.Sizes) == sizeClasses && !p.Sizes[0].Share.Assumed {
		shares := make([]float64, sizeClasses)
		for i, c := range p.Sizes {
			shares[i] = c.Share.Mid
		}
		next = next.with("sh", numbersText(shares))
	}
	if p.Dwell.Law == sizing.DwellEmpirical {
		median, sigma := lognormal(p.Dwell.Hours.Values)
		put("m", median, 1)
		put("sg", sigma, 3)
	}
	if f := p.Demand.PeakFactor; strings.HasPrefix(f.Source, "log") {
		put("pf", f.Mid, 2)
	}
	return next, warnings, nil
}

func numbersText(values []float64) string {
	parts := make([]string, len(values))
	for i, v := range values {
		const places = 100
		parts[i] = decimal(math.Round(v*places) / places)
	}
	return strings.Join(parts, ",")
}

// lognormal returns median and sigma of the lognormal law whose logarithm has the mean and the
// deviation of the hours.
func lognormal(hours []float64) (median, sigma float64) {
	const least = 0.05 // hours: a clock that shows minutes
	var sum, squares float64
	for _, h := range hours {
		l := math.Log(max(h, least))
		sum += l
		squares += l * l
	}
	n := float64(len(hours))
	mean := sum / n
	return math.Exp(mean), math.Sqrt(max(squares/n-mean*mean, 0))
}

// SizeCount is how many doors of a size a plan has.
type SizeCount struct {
	Size  locker.Size
	Doors int
}
