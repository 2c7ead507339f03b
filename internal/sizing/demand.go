package sizing

import (
	"fmt"
	"math"
	"slices"
	"time"

	"cubby/internal/sizing/sim"
	"cubby/internal/sizing/traffic"
)

// A year as the simulation counts it.
const (
	weekHours   = 168
	yearWeeks   = 52
	peakWeek    = 47 // from 0: the last week of November
	daysPerYear = 365
)

// model is a problem at single values, ready for formulas and for the simulation.
type model struct {
	problem    Problem
	weekly     float64 // parcels in a normal week, growth in it
	growth     float64 // factor in weekly
	peak       float64 // factor of the peak week
	scenario   sim.Scenario
	normal     *traffic.Week   // offered load of all parcels together
	shares     []float64       // of the size classes; sum 1
	home       []int           // for each class the size of door that takes it; -1 for none
	screen     []traffic.Level // normal week, condensed
	screenPeak []traffic.Level
	correction float64 // by which the screen multiplies loads to agree with the simulation; 1 before that
}

// screenLevels is how many loads stand for a week: the loss is smooth in between.
const screenLevels = 6

func newModel(p Problem, home []int) (*model, error) {
	d := p.Demand
	m := &model{problem: p, home: home, peak: d.PeakFactor.Mid, correction: 1}
	m.growth = math.Pow(1+d.Growth.Mid/100, d.DesignYears.Mid)
	m.weekly = float64(d.Units) * d.Rate.Mid * m.growth
	total := 0.0
	for _, s := range p.Sizes {
		total += s.Share.Mid
	}
	for _, s := range p.Sizes {
		m.shares = append(m.shares, s.Share.Mid/total)
	}
	m.scenario = m.newScenario()
	week, err := traffic.OfferedLoadAt(m.hourly(), m.survival())
	if p.Dwell.Law != DwellNextCommute { // the stay does not depend on when it begins
		survival := m.survival()
		week, err = traffic.OfferedLoad(m.hourly(), func(age float64) float64 { return survival(0, age) })
	}
	if err != nil {
		return nil, fmt.Errorf("offered load: %w", err)
	}
	m.normal = week
	m.screen = week.Levels(screenLevels, 1)
	m.screenPeak = week.Levels(screenLevels, m.peak)
	return m, nil
}

func hours(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }

func (m *model) survival() func(at, age float64) float64 {
	s := m.scenario
	return func(at, age float64) float64 { return s.Survival(0, hours(at), hours(age)) }
}

// newScenario is the building for the simulation, with no doors yet.
func (m *model) newScenario() sim.Scenario {
	p := m.problem
	s := sim.Scenario{
		Demand: sim.Demand{
			Households: p.Demand.Units, PerWeek: m.weekly, Season: m.season(),
			VarianceRatio: p.Demand.OverDispersion.Mid,
		},
		Policy: sim.Policy{
			NoUpgrade: !p.Policy.Upgrade, Consolidation: p.Policy.Consolidation.Mid / 100,
			Hold: hours(p.Policy.Hold.Mid * 24),
		},
	}
	copy(s.Demand.Weekday[:], p.Demand.Weekday.Values)
	for _, c := range p.Demand.Carriers {
		s.Demand.Carriers = append(s.Demand.Carriers, m.carrier(c))
	}
	dwell := p.Dwell.law()
	for i, c := range p.Sizes {
		home := m.home[i]
		if home < 0 {
			home = i // there are no doors of this size or a larger one
		}
		s.Classes = append(s.Classes, sim.Class{
			Name: c.Size.String(), Share: m.shares[i], Size: home, Dwell: dwell,
			LitresLow: c.Litres.Low, LitresHigh: c.Litres.High, ShelfMM: c.Shelf.Mid,
		})
		size := sim.Size{Name: c.Size.String(), Litres: c.volume()}
		for _, r := range p.Policy.Reserved {
			if r.Size == c.Size {
				size.Reserve = r.Doors
			}
		}
		s.Sizes = append(s.Sizes, size)
	}
	return s
}

// volume returns the litres of the largest parcel of the class.
func (s SizeClass) volume() float64 {
	return float64(s.WidthMM) / 100 * float64(s.HeightMM) / 100 * float64(s.DepthMM) / 100
}

// season has the months in every week and the peak in one, so that the simulation tells the peak
// week from normal ones.
func (m *model) season() []float64 {
	months := m.problem.Demand.Season.Values
	season := make([]float64, yearWeeks)
	sum := 0.0
	for w := range season {
		season[w] = months[min(w*len(months)/yearWeeks, len(months)-1)]
		sum += season[w]
	}
	for w := range season {
		season[w] *= yearWeeks / sum
	}
	season[peakWeek] = m.peak
	return season
}

// mostVisits of one carrier and day stand for themselves; more are parcels that come one by one.
const mostVisits = 12

// carrier divides its window into as many equal visits as it makes.
func (m *model) carrier(c Carrier) sim.Carrier {
	visits := max(int(math.Round(c.Visits.Mid)), 1)
	if visits > mostVisits {
		return sim.Carrier{
			Name: c.Name, Share: c.Share.Mid / 100, Spread: true, Visits: []sim.Visit{{From: hours(c.FromHour), To: hours(c.ToHour)}},
			Quota: m.quota(c.Name),
		}
	}
	width := (c.ToHour - c.FromHour) / float64(visits)
	out := sim.Carrier{Name: c.Name, Share: c.Share.Mid / 100}
	for i := range visits {
		from := c.FromHour + float64(i)*width
		out.Visits = append(out.Visits, sim.Visit{From: hours(from), To: hours(from + width)})
	}
	out.Quota = m.quota(c.Name)
	return out
}

func (m *model) quota(carrier string) sim.Quota {
	var out sim.Quota
	for _, q := range m.problem.Policy.Quotas {
		if q.Carrier == carrier {
			out.PerVisit = q.Doors
		}
	}
	return out
}

// law returns the dwell for the simulation.
func (d Dwell) law() sim.Dwell {
	switch d.Law {
	case DwellEmpirical:
		law := sim.Dwell{Kind: sim.Empirical}
		for _, h := range d.Hours.Values {
			law.Sample = append(law.Sample, max(hours(h), time.Minute))
		}
		return law
	case DwellNextCommute:
		law := sim.Dwell{Kind: sim.NextCommute, Prob: d.Chance.Mid / 100}
		for day := range 7 {
			for _, h := range d.Pickup.Values {
				from := hours(math.Min(float64(day)*24+h, weekHours-0.5))
				law.Commutes = append(law.Commutes, sim.Hours{From: from, To: from + 30*time.Minute})
			}
		}
		return law
	case DwellLognormal:
	}
	if d.Sigma.Mid == 0 {
		return sim.Dwell{Kind: sim.Deterministic, Mean: hours(d.Median.Mid)}
	}
	return sim.LognormalMedian(hours(d.Median.Mid), d.Sigma.Mid)
}

// hourly returns the parcels per hour of a normal week from Monday 0:00.
func (m *model) hourly() []float64 {
	d := m.problem.Demand
	weights, shares := 0.0, 0.0
	for _, w := range d.Weekday.Values {
		weights += w
	}
	for _, c := range d.Carriers {
		shares += c.Share.Mid
	}
	rates := make([]float64, weekHours)
	for day, w := range d.Weekday.Values {
		for _, c := range d.Carriers {
			parcels := m.weekly * w / weights * c.Share.Mid / shares
			for h := range 24 {
				overlap := math.Min(c.ToHour, float64(h)+1) - math.Max(c.FromHour, float64(h))
				rates[day*24+h] += parcels * math.Max(overlap, 0) / (c.ToHour - c.FromHour)
			}
		}
	}
	return rates
}

// levels returns what the screen looks at for the week of the target.
func (m *model) levels() []traffic.Level {
	if m.problem.Policy.Target.Week == PeakWeek {
		return m.screenPeak
	}
	return m.screen
}

// expired is the share of parcels that are still there when the hold ends, at noon on a weekday.
func (m *model) expired() float64 {
	hold := m.scenario.Policy.Hold
	return m.scenario.Survival(0, 12*time.Hour, hold-time.Minute)
}

// screenLoss is how bad a mix of doors is by the formulas, in the measure of the target; lower is
// better. Days are screened by the loss of all parcels.
func (m *model) screenLoss(doors []int) float64 {
	return m.screenAt(doors, m.levels())
}

// mostUneven is how many times the share that all parcels lose one size may lose before the screen
// prefers a mix that is kinder to it. By the total alone the rarest size would get no door where space
// is short.
const mostUneven = 4

// noDoor is the loss of a size that no door takes, but for rounding.
const noDoor = 1 - 1e-9

func (m *model) screenAt(doors []int, levels []traffic.Level) float64 {
	classes, total := m.screenClasses(doors, levels)
	worst := 0.0
	for i, l := range classes {
		if m.shares[i] > 0 && m.home[i] >= 0 {
			worst = math.Max(worst, l)
		}
	}
	// A whiff of the one breaks ties between mixes that are equal in the other.
	if m.problem.Policy.Target.Measure == PerClass {
		return worst + total/100
	}
	loss := math.Max(total, worst/mostUneven) + worst/100
	if worst > noDoor {
		loss++
	}
	return loss
}

// noLoss of the loss so far is nothing to a screen.
const noLoss = 1e-4

// screenClasses returns the loss of each class and of all parcels that any door takes, by the
// cascade, over the levels.
func (m *model) screenClasses(doors []int, levels []traffic.Level) (classes []float64, total float64) {
	bySize := make([]float64, len(doors))
	loads := make([]float64, len(doors))
	for _, l := range slices.Backward(levels) { // the highest first
		clear(loads)
		for i, share := range m.shares {
			if m.home[i] >= 0 {
				loads[m.home[i]] += share * l.Load * m.correction
			}
		}
		blocked, all, err := m.cascade(doors, loads)
		if err != nil {
			return make([]float64, len(doors)), math.Inf(1) // loads and doors out of any range: not a candidate
		}
		for i := range bySize {
			bySize[i] += l.Weight * blocked[i]
		}
		total += l.Weight * all
		if all < noLoss*total {
			break // at the loads below it is less still
		}
	}
	classes = make([]float64, len(doors))
	for i, home := range m.home {
		classes[i] = 1
		if home >= 0 {
			classes[i] = bySize[home]
		}
	}
	return classes, total
}

func (m *model) cascade(doors []int, loads []float64) ([]float64, float64, error) {
	if m.problem.Policy.Upgrade {
		bank, err := traffic.Cascade(doors, loads)
		if err != nil {
			return nil, 0, fmt.Errorf("cascade: %w", err)
		}
		return bank.Blocked, bank.Total, nil
	}
	blocked := make([]float64, len(doors))
	lost, offered := 0.0, 0.0
	for i, load := range loads {
		b, err := traffic.ErlangB(load, float64(doors[i]))
		if err != nil {
			return nil, 0, fmt.Errorf("loss of a size: %w", err)
		}
		blocked[i] = b
		lost += b * load
		offered += load
	}
	return blocked, lost / math.Max(offered, 1e-300), nil
}

// result describes the demand for the answer.
func (m *model) result() DemandResult {
	d := m.problem.Demand
	r := DemandResult{
		ParcelsPerDay: m.weekly / 7, PeakParcelsPerDay: m.weekly * m.peak / 7, Growth: m.growth,
		ParcelsPerYear: m.perYear(m.weekly),
		MeanDwellHours: m.normal.Average() / (m.weekly / weekHours),
	}
	for i, s := range m.problem.Sizes {
		r.Sizes = append(r.Sizes, SizeLoad{
			Size: s.Size, ParcelsPerDay: m.shares[i] * r.ParcelsPerDay,
			Mean: m.shares[i] * m.normal.Average(), Highest: m.shares[i] * m.normal.Peak(),
			PeakHighest: m.shares[i] * m.normal.Peak() * d.PeakFactor.Mid,
		})
	}
	return r
}

// perYear adds the peak weeks to a year of normal ones.
func (m *model) perYear(weekly float64) float64 {
	weeks := float64(daysPerYear) / 7
	peak := m.problem.Demand.PeakWeeks.Mid
	return weekly * (weeks - peak + peak*m.peak)
}

// alone asks the formulas for the doors of each size, were no parcel ever put in a larger one.
func (m *model) alone() ([]int, error) {
	load := make([]float64, len(m.shares))
	for i, home := range m.home {
		if home >= 0 {
			load[home] += m.shares[i] * m.normal.Peak()
		}
	}
	doors := make([]int, len(load))
	for i, l := range load {
		if l <= 0 {
			continue
		}
		n, err := traffic.InverseServers(m.problem.Policy.Target.Loss.Mid/100, l)
		if err != nil {
			return nil, fmt.Errorf("doors of one size: %w", err)
		}
		doors[i] = n
	}
	return doors, nil
}

// bracket asks the formulas for the doors, were all parcels of one size.
func (m *model) bracket() (Bracket, error) {
	loss := m.problem.Policy.Target.Loss.Mid / 100
	week := &traffic.Week{Rate: m.normal.Rate, Mean: slices.Clone(m.normal.Mean)}
	factor := 1.0
	if m.problem.Policy.Target.Week == PeakWeek {
		factor = m.peak
	}
	for i := range week.Mean {
		week.Mean[i] *= factor
	}
	mean, err := traffic.InverseServers(loss, week.Average())
	if err != nil {
		return Bracket{}, fmt.Errorf("bracket: %w", err)
	}
	low, high, err := week.Servers(loss)
	if err != nil {
		return Bracket{}, fmt.Errorf("bracket: %w", err)
	}
	return Bracket{MeanLoad: mean, Modified: low, PeakLoad: high}, nil
}
