package sizing

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"cubby/internal/locker"
	"cubby/internal/sizing/catalogue"
	"cubby/internal/sizing/figure"
	"cubby/internal/sizing/mix"
	"cubby/internal/sizing/refit"
	"cubby/internal/sizing/sim"
)

// adviser works on one advice.
type adviser struct {
	in       Installed
	options  Options
	record   *record
	bank     *refit.Bank
	model    *model
	advice   Advice
	progress func(float64)
}

// Years that each alternative is simulated, at the most likely demand; half as many at its limits.
const (
	replanYears = 40
	replanQuick = 16
)

func (a *adviser) advise(ctx context.Context) error {
	a.tell(0)
	home := make([]int, len(a.record.problem.Sizes))
	for i := range home {
		home[i] = i
	}
	if err := a.consolidate(ctx, home); err != nil {
		return err
	}
	m, err := newModel(a.record.problem, home)
	if err != nil {
		return err
	}
	a.model = m
	m.correction = 1 - a.record.shared
	a.tell(0.1)
	a.remedies()
	if err := a.weigh(ctx, home); err != nil {
		return err
	}
	a.price()
	a.judge()
	a.say()
	a.advice.Rests = slices.DeleteFunc(a.record.problem.Basis(), func(b Basis) bool {
		return !slices.ContainsFunc(restsOn(), func(key string) bool { return strings.HasPrefix(b.Key, key) })
	})
	a.tell(1)
	return nil
}

// restsOn lists the beginnings of the keys that an advice rests on.
func restsOn() []string {
	return []string{
		"demand.rate", "demand.carriers", "demand.weekday", "demand.month", "demand.peak", "demand.over_dispersion", "dwell.hours",
		"sizes", "policy.hold", "policy.consolidation", "costs.installation_percent", "costs.staff_minutes_by_hand", "costs.staff_per_hour",
	}
}

func (a *adviser) tell(done float64) {
	if a.progress != nil {
		a.progress(done)
	}
}

// mostShared is the highest share that a problem takes.
const mostShared = 90

// consolidate sets how often parcels of a household share a door so that the simulated share is that of
// the record. Where even the highest does not reach it, few households get most parcels: fewer households
// then stand for them.
func (a *adviser) consolidate(ctx context.Context, home []int) error {
	p := &a.record.problem
	source := fmt.Sprintf("the site's record: %s %% of the parcels in doors joined others", number(round(100*a.record.shared, 1)))
	unit := p.Policy.Consolidation.Unit
	p.Policy.Consolidation = figure.Of(0, source).In(unit)
	if a.record.shared == 0 {
		return nil
	}
	p.Policy.Consolidation = figure.Of(mostShared, source).In(unit)
	m, err := newModel(*p, home)
	if err != nil {
		return err
	}
	const tries = 4 // years: the share is a mean over thousands of parcels
	results, err := a.run(ctx, []sim.Scenario{withDoors(m.scenario, a.bank.Doors)}, m.warmUpWeeks(), tries)
	if err != nil {
		return err
	}
	ratio := a.record.shared / max(results.results[0].Year.Consolidated.Mean, 1e-6)
	if ratio <= 1 {
		p.Policy.Consolidation = figure.Of(round(mostShared*ratio, 2), source).In(unit)
		return nil
	}
	units := max(int(float64(p.Demand.Units)/ratio), 1)
	scale := float64(p.Demand.Units) / float64(units)
	p.Demand.Units = units
	r := p.Demand.Rate
	p.Demand.Rate = figure.Range(r.Low*scale, r.Mid*scale, r.High*scale, r.Source+fmt.Sprintf("; as if %d households got them all", units)).In(r.Unit)
	return nil
}

func withDoors(s sim.Scenario, doors []int) sim.Scenario {
	sizes := make([]sim.Size, len(s.Sizes))
	copy(sizes, s.Sizes)
	for i := range sizes {
		sizes[i].Doors = doors[i]
	}
	s.Sizes = sizes
	return s
}

// worse is what a class that would lose more than today weighs in the search: a better total must not
// be paid by one size.
const worse = 10

// objective is the share of a year's parcels lost, by the screen.
func (a *adviser) objective() mix.Loss {
	m := a.model
	today, _ := m.screenClasses(a.bank.Doors, m.screen)
	peakWeeks := m.problem.Demand.PeakWeeks.Mid
	const slack = 0.005
	return func(doors mix.Pattern) float64 {
		classes, normal := m.screenClasses(doors, m.screen)
		_, peak := m.screenClasses(doors, m.screenPeak)
		worth := normal*(yearWeeks-peakWeeks)/yearWeeks + peak*m.peak*peakWeeks/yearWeeks
		for i, c := range classes {
			if m.shares[i] > 0 {
				worth += worse * max(c-today[i]-slack, 0)
			}
		}
		return worth
	}
}

// remedies lists what can be done.
func (a *adviser) remedies() {
	hold := a.record.problem.Policy.Hold.Mid
	if !a.record.HoldKept {
		hold = 0
	}
	add := func(code RemedyCode, doors mix.Pattern, hold float64, columns ...ColumnChange) {
		a.advice.Remedies = append(a.advice.Remedies, Remedy{
			Code: code, Mix: a.mixOf(doors), Hold: hold, Columns: columns, Verdict: VerdictNothing,
		})
	}
	add(AsItIs, a.bank.Doors, hold)
	a.advice.Remedies[0].Verdict = VerdictBasis
	loss := a.objective()
	d := a.bank.Divide(loss)
	var changes []ColumnChange
	for _, c := range a.bank.Changes(d) {
		changes = append(changes, ColumnChange{Columns: c.Columns, From: counted(c.From), To: counted(c.To)})
	}
	if len(changes) > 0 {
		add(OtherMix, d.Doors, hold, changes...)
	}
	set := a.record.Hold
	if !a.record.HoldKept {
		add(KeptHold, a.bank.Doors, set)
	}
	const least = 0.5
	if set-1 >= least {
		add(ShorterHold, a.bank.Doors, set-1)
	}
	if a.record.HoldKept {
		add(LongerHold, a.bank.Doors, set+1)
	}
	if p, ok := a.bank.Extra(loss); ok {
		add(ExtraColumn, a.bank.Doors.Plus(p), hold, ColumnChange{Columns: 1, To: counted(p)})
	}
}

// counted writes a pattern as doors of sizes, without those that are none.
func counted(p mix.Pattern) []DoorCount {
	var out []DoorCount
	for i, size := range locker.Sizes() {
		if p[i] > 0 {
			out = append(out, DoorCount{Size: size, Doors: p[i]})
		}
	}
	return out
}

func (a *adviser) mixOf(doors mix.Pattern) []DoorCount {
	var out []DoorCount
	for i, size := range locker.Sizes() {
		out = append(out, DoorCount{Size: size, Doors: doors[i]})
	}
	return out
}

// runs is what one demand said.
type runs struct {
	results     []*sim.Result
	differences []sim.Difference
	weekly      float64
	peak        float64 // parcels of the peak week
}

func (a *adviser) run(ctx context.Context, all []sim.Scenario, warmUp, years int) (runs, error) {
	results, differences, err := sim.Contrast(ctx, all, sim.Options{
		Seed: a.options.Seed, Workers: a.options.Workers, MinYears: years, MaxYears: years, WarmUpWeeks: warmUp,
	})
	if err != nil {
		return runs{}, fmt.Errorf("simulate: %w", err)
	}
	for _, r := range results {
		a.advice.Work.Simulated++
		a.advice.Work.SimulatedYears += r.Years
		a.advice.Work.Events += r.Events
	}
	return runs{results: results, differences: differences}, nil
}

func (a *adviser) years() int {
	years := float64(replanYears)
	if a.options.Quick {
		years = replanQuick
	}
	return max(int(years*min(1, manyParcels/a.model.weekly)), 6)
}

// weigh simulates all remedies over the same parcels: at the most likely demand, and at the limits of
// what the record allows.
func (a *adviser) weigh(ctx context.Context, home []int) error {
	levels := figure.Levels()
	byLevel := make([]runs, len(levels))
	for i, level := range levels {
		p := a.record.problem.clone()
		p.Demand.Rate = p.Demand.Rate.Only(p.Demand.Rate.At(level))
		p.Demand.PeakFactor = p.Demand.PeakFactor.Only(p.Demand.PeakFactor.At(level))
		m, err := newModel(p, home)
		if err != nil {
			return err
		}
		years := a.years()
		if level != figure.Mid {
			years = max(years/2, 6)
		}
		scenarios := make([]sim.Scenario, len(a.advice.Remedies))
		for j, r := range a.advice.Remedies {
			scenarios[j] = a.scenario(m.scenario, r)
		}
		warmUp := min(m.warmUpWeeks()+2, yearWeeks)
		if byLevel[i], err = a.run(ctx, scenarios, warmUp, years); err != nil {
			return err
		}
		byLevel[i].weekly, byLevel[i].peak = m.weekly, m.weekly*m.peak
		a.tell(0.1 + 0.85*float64(i+1)/float64(len(levels)))
	}
	low, mid, high := byLevel[0], byLevel[1], byLevel[2]
	for i := range a.advice.Remedies {
		r := &a.advice.Remedies[i]
		r.Normal = a.week(i, NormalWeek, low, mid, high)
		r.Peak = a.week(i, PeakWeek, low, mid, high)
	}
	return nil
}

func (a *adviser) scenario(s sim.Scenario, r Remedy) sim.Scenario {
	doors := make([]int, len(r.Mix))
	for i, d := range r.Mix {
		doors[i] = d.Doors
	}
	s = withDoors(s, doors)
	s.Policy.Hold = hours(r.Hold * 24)
	return s
}

// week puts the three demands together.
func (a *adviser) week(i int, week Week, all ...runs) RemedyWeek {
	var w RemedyWeek
	for level, r := range all {
		p, d, parcels := r.results[i].Normal, r.differences[i].NormalLoss, r.weekly
		if week == PeakWeek {
			p, d, parcels = r.results[i].Peak, r.differences[i].PeakLoss, r.peak
		}
		saved := Interval{Value: -parcels * d.Mean, Low: -parcels * d.High, High: -parcels * d.Low, Unit: perWeekUnit}
		taken := perWeek(p.Expired, parcels)
		loss := percents(p.Loss, ofParcels)
		if level == 0 {
			w.Loss, w.Saved, w.TakenOut = loss, saved, taken
			continue
		}
		w.Loss, w.Saved, w.TakenOut = w.Loss.around(loss), w.Saved.around(saved), w.TakenOut.around(taken)
		if level != 1 {
			continue
		}
		w.Loss.Value, w.Saved.Value, w.TakenOut.Value = loss.Value, saved.Value, taken.Value
		for j, c := range p.Classes {
			w.Classes = append(w.Classes, ClassService{
				Size: a.record.problem.Sizes[j].Size, Doors: a.advice.Remedies[i].Mix[j].Doors,
				Loss: percents(c.Loss, ofClass), Upgraded: percents(c.Upgraded, ofClass),
			})
		}
	}
	return w
}

// around widens an interval to hold another one.
func (i Interval) around(other Interval) Interval {
	i.Low, i.High = math.Min(i.Low, other.Low), math.Max(i.High, other.High)
	return i
}

// price says what columns cost, by a catalogue, and what staff spend on parcels outside of doors.
func (a *adviser) price() {
	p := a.record.problem
	column, ok := a.column(p)
	for i := range a.advice.Remedies {
		r := &a.advice.Remedies[i]
		columns := 0
		for _, c := range r.Columns {
			columns += c.Columns
		}
		if columns > 0 && ok {
			n := float64(columns)
			price := figure.Range(n*column.Low, n*column.Mid, n*column.High, column.Source).In(p.Currency)
			price.Assumed = column.Assumed
			r.Price = &price
		}
		if i == 0 {
			continue
		}
		weeks := float64(yearWeeks) - p.Demand.PeakWeeks.Mid
		first := a.advice.Remedies[0]
		parcels := weeks*(r.Normal.TakenOut.Value-first.Normal.TakenOut.Value-r.Normal.Saved.Value) +
			p.Demand.PeakWeeks.Mid*(r.Peak.TakenOut.Value-first.Peak.TakenOut.Value-r.Peak.Saved.Value)
		minutes, hour := p.Costs.StaffMinutesByHand, p.Costs.StaffPerHour
		at := func(l figure.Level) float64 { return parcels * minutes.At(l) * hour.At(l) / 60 }
		staff := figure.Range(min(at(figure.Low), at(figure.High)), at(figure.Mid), max(at(figure.Low), at(figure.High)),
			"minutes per parcel handed over by staff: "+minutes.Source+"; wage: "+hour.Source).In(p.Currency + " per year")
		staff.Assumed = minutes.Assumed || hour.Assumed
		r.Staff = &staff
	}
}

// column is the price of one column with its installation, by the catalogue.
func (a *adviser) column(p Problem) (Figure, bool) {
	c, err := catalogue.Load(p.Hardware.Catalogue)
	if err != nil {
		return Figure{}, false
	}
	low, mid, high, n := math.Inf(1), 0.0, 0.0, 0.0
	for _, m := range c.Modules {
		if m.Kiosk != nil || m.Cold || m.Price.Mid <= 0 || m.Columns < 1 {
			continue
		}
		each := float64(m.Columns)
		low, high = min(low, m.Price.Low/each), max(high, m.Price.High/each)
		mid += m.Price.Mid / each
		n++
	}
	if n == 0 || c.Currency != p.Currency {
		return Figure{}, false
	}
	install := p.Costs.InstallationPercent
	f := figure.Range(round(low*(1+install.Low/100), 0), round(mid/n*(1+install.Mid/100), 0), round(high*(1+install.High/100), 0),
		fmt.Sprintf("a column of the catalogue %q with its installation; ask the maker of the site's lockers", c.Name))
	f.Assumed = true
	return f, true
}
