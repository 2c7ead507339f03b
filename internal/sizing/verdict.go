package sizing

import (
	"context"
	"fmt"
	"math"

	"cubby/internal/locker"
	"cubby/internal/sizing/figure"
	"cubby/internal/sizing/sim"
)

// verdict is what a simulation says of one bank in the week of the target.
type verdict struct {
	loss  float64 // in the measure of the target
	total float64 // of all parcels that any door takes
}

// warmUpWeeks is how long a bank runs before it counts: until the first parcels have been taken out.
func (m *model) warmUpWeeks() int {
	const least = 4
	return min(max(int(m.problem.Policy.Hold.Mid/7)+2, least), yearWeeks)
}

// withBanks is the building with each bank in it.
func (s *solver) withBanks(banks [][]int) []sim.Scenario {
	out := make([]sim.Scenario, len(banks))
	for i, doors := range banks {
		out[i] = withDoors(s.model.scenario, doors)
		for z := range out[i].Sizes {
			size := &out[i].Sizes[z]
			size.Reserve = min(size.Reserve, size.Doors)
		}
	}
	return out
}

// simulate runs scenarios over the same parcels.
func (s *solver) simulate(ctx context.Context, scenarios []sim.Scenario, years int) ([]*sim.Result, error) {
	results, _, err := sim.Contrast(ctx, scenarios, sim.Options{
		Seed: s.options.Seed, Workers: s.options.Workers, MinYears: years, MaxYears: years,
		WarmUpWeeks: s.model.warmUpWeeks(),
	})
	if err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	s.count(results)
	return results, nil
}

func (s *solver) count(results []*sim.Result) {
	for _, r := range results {
		s.answer.Work.Simulated++
		s.answer.Work.SimulatedYears += r.Years
		s.answer.Work.Events += r.Events
	}
}

// precise runs scenarios until the target's measure is known to a tenth of the target, within the budget, and
// keeps the occupancy.
func (s *solver) precise(ctx context.Context, scenarios []sim.Scenario) ([]*sim.Result, error) {
	half := s.target / 10
	o := sim.Options{
		Seed: s.options.Seed, Workers: s.options.Workers, MinYears: min(s.years(), s.options.Budget),
		MaxYears: s.options.Budget, Fans: true, WarmUpWeeks: s.model.warmUpWeeks(),
	}
	switch s.problem.Policy.Target.Measure {
	case PerClass:
		o.Precision.ClassLoss = half
	case Total:
		o.Precision.Loss = half
	case Days:
		o.Precision.DaysAccepted = half
	}
	results, _, err := sim.Contrast(ctx, scenarios, o)
	if err != nil {
		return nil, fmt.Errorf("simulate: %w", err)
	}
	s.count(results)
	return results, nil
}

// period returns the week of the target.
func (s *solver) period(r *sim.Result) sim.Period {
	if s.problem.Policy.Target.Week == PeakWeek {
		return r.Peak
	}
	return r.Normal
}

func (s *solver) judge(r *sim.Result) verdict {
	return s.judgePeriod(s.period(r))
}

func (s *solver) judgePeriod(p sim.Period) verdict {
	var v verdict
	lost, offered, worst := 0.0, 0.0, 0.0
	for i, c := range p.Classes {
		if s.model.home[i] < 0 || c.Offered.Mean == 0 {
			continue
		}
		lost += c.Missed.Mean * c.Offered.Mean
		offered += c.Offered.Mean
		worst = math.Max(worst, c.Missed.Mean)
	}
	if offered > 0 {
		v.total = lost / offered
	}
	switch s.problem.Policy.Target.Measure {
	case PerClass:
		v.loss = worst
	case Total:
		v.loss = v.total
	case Days:
		v.loss = 1 - p.DaysKept.Mean
	}
	return v
}

// percents turns an estimate of a share into percent.
func percents(e sim.Estimate, unit string) Interval {
	return Interval{Value: 100 * e.Mean, Low: 100 * e.Low, High: 100 * e.High, Unit: unit}
}

// perWeek turns an estimate of a share into parcels of a week.
func perWeek(e sim.Estimate, weekly float64) Interval {
	return Interval{Value: weekly * e.Mean, Low: weekly * e.Low, High: weekly * e.High, Unit: perWeekUnit}
}

// Units of what a simulation says.
const (
	ofParcels   = "% of the parcels"
	ofClass     = "% of the parcels of the size"
	ofDays      = "% of the days"
	perWeekUnit = "parcels per week"
)

// service turns a period of the simulation into the answer's words.
func (s *solver) service(r *sim.Result, week Week, doors []int) Service {
	p, parcels := r.Normal, s.model.weekly
	if week == PeakWeek {
		p, parcels = r.Peak, s.model.weekly*s.model.peak
	}
	out := Service{
		Week: week, ParcelsPerDay: parcels / 7, Years: r.Years,
		Loss:     percents(p.Missed, ofParcels),
		WholeDay: percents(p.DaysKept, ofDays),
		Upgraded: percents(p.Upgraded, ofParcels),
		PeakParcels: Interval{
			Value: p.BeyondParcels.Mean.Mean, Low: max(0, p.BeyondParcels.Mean.Low), High: p.BeyondParcels.Mean.High,
			Unit: "parcels outside doors and shelves at the fullest moment of a year",
		},
		PeakLitres: Interval{
			Value: p.BeyondLitres.Mean.Mean, Low: max(0, p.BeyondLitres.Mean.Low), High: p.BeyondLitres.Mean.High,
			Unit: "litres outside doors and shelves at the fullest moment of a year",
		},
	}
	for i, c := range p.Classes {
		out.Classes = append(out.Classes, ClassService{
			Size: s.problem.Sizes[i].Size, Doors: doors[i],
			Loss: percents(c.Missed, ofClass), Upgraded: percents(c.Upgraded, ofClass),
		})
	}
	out.Overflow = s.destinations(p, parcels)
	for i, f := range r.Fans {
		if hours := fanOf(f, week); len(hours) > 0 && f.Doors > 0 {
			out.Occupancy = append(out.Occupancy, occupancy(s.problem.Sizes[i].Size, f.Doors, hours))
		}
	}
	return out
}

// destinations says where lost parcels go: to the places of the scenario, and back to the carrier.
func (s *solver) destinations(p sim.Period, weekly float64) []Destination {
	where := s.problem.Policy.Overflow
	if len(p.Overflow) < 2 { // one place, or none
		return []Destination{{Where: where, ParcelsPerWeek: perWeek(p.Loss, weekly)}}
	}
	rest := ToDesk
	if where == ToRedelivery {
		rest = ToRedelivery
	}
	return []Destination{
		{Where: ToRoom, ParcelsPerWeek: perWeek(p.Overflow[0], weekly)},
		{Where: rest, ParcelsPerWeek: perWeek(p.Overflow[1], weekly)},
	}
}

func fanOf(f sim.Fan, week Week) []sim.FanHour {
	if week == PeakWeek {
		return f.Peak
	}
	return f.Normal
}

func occupancy(size locker.Size, doors int, hours []sim.FanHour) SizeOccupancy {
	out := SizeOccupancy{Size: size, Doors: doors, StepHours: weekHours / float64(len(hours))}
	for _, q := range []struct {
		share float64
		of    func(sim.FanHour) int
	}{
		{0.05, func(h sim.FanHour) int { return h.P05 }},
		{0.25, func(h sim.FanHour) int { return h.P25 }},
		{0.5, func(h sim.FanHour) int { return h.P50 }},
		{0.75, func(h sim.FanHour) int { return h.P75 }},
		{0.95, func(h sim.FanHour) int { return h.P95 }},
	} {
		values := make([]float64, len(hours))
		for i, h := range hours {
			values[i] = float64(q.of(h))
		}
		out.Quantiles = append(out.Quantiles, Quantile{Share: q.share, Values: values})
	}
	return out
}

// Figure returns the interval as a figure of this plan.
func (i Interval) Figure() Figure {
	return figure.Range(round(min(i.Low, i.Value), 4), round(i.Value, 4), round(max(i.High, i.Value), 4), computed).In(i.Unit)
}
