package sizing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"cubby/internal/locker"
	"cubby/internal/sizing/refit"
	"cubby/internal/sizing/sim"
)

// Replay is what happens when the lockers of an answer meet the deliveries of a log themselves, instead of the law
// that its figures make: years of weeks drawn from the log, with growth and peak on top.
type Replay struct {
	Doors  int        `json:"doors"`
	Block  int        `json:"block_days"` // days that are drawn together
	Normal ReplayWeek `json:"normal"`
	Peak   ReplayWeek `json:"peak"`
	Law    ReplayWeek `json:"normal_by_law"` // the same bank in a normal week of the answer
	Years  int        `json:"simulated_years"`
}

// ReplayWeek is one week of a replay.
type ReplayWeek struct {
	Loss     Interval `json:"loss"`      // % of the parcels
	WholeDay Interval `json:"whole_day"` // % of the days without a loss
}

// leastWeeks of a log from which whole weeks are drawn; of a shorter one it is days of the same weekday.
const leastWeeks = 5

// replay simulates the chosen lockers with the log's own deliveries.
func (s *solver) replay(ctx context.Context) error {
	doors := s.chosen.doors
	if len(s.options.Log) == 0 || doors.Total() == 0 {
		return nil
	}
	scenario := withDoors(s.model.scenario, doors)
	law := scenario.Demand
	first := refit.DayOf(s.options.Log[0].Arrived)
	monday := first.AddDate(0, 0, -(int(first.Weekday())+6)%7)
	scenario.Demand = sim.Demand{
		Households: max(law.Households, 1), Growth: s.model.growth, Season: sim.PeakSeason(s.model.peak, peakWeek, 1), Block: 7,
		Carriers: law.Carriers, Log: s.logged(monday, law),
	}
	last := s.options.Log[len(s.options.Log)-1].Arrived
	if refit.DayOf(last).Sub(first) < leastWeeks*7*maxOneLogDay {
		scenario.Demand.Block = 1
	}
	years := max(s.years(), s.options.Budget/2)
	results, err := s.contrast(ctx, scenario, years)
	if err != nil {
		return err
	}
	r := results[0]
	week := func(p sim.Period) ReplayWeek {
		return ReplayWeek{Loss: percents(p.Loss, ofParcels), WholeDay: percents(p.DaysAccepted, ofDays)}
	}
	out := &Replay{Doors: doors.Total(), Block: scenario.Demand.Block, Normal: week(r.Normal), Peak: week(r.Peak), Years: r.Years}
	for _, a := range s.answer.All() {
		if a.Kind == Lockers {
			out.Law = ReplayWeek{Loss: a.Normal.Loss, WholeDay: a.Normal.WholeDay}
		}
	}
	s.answer.Replay = out
	return nil
}

func (s *solver) contrast(ctx context.Context, scenario sim.Scenario, years int) ([]*sim.Result, error) {
	results, _, err := sim.Contrast(ctx, []sim.Scenario{scenario}, sim.Options{
		Seed: s.options.Seed, Workers: s.options.Workers, MinYears: years, MaxYears: years, WarmUpWeeks: s.model.warmUpWeeks(),
	})
	if err != nil {
		return nil, fmt.Errorf("replay the log: %w", err)
	}
	s.count(results)
	return results, nil
}

// logged turns a log into deliveries of the simulation. What a row does not say, a size or a household, is dealt out
// by the shares of the plan; a stay that is not known is drawn.
func (s *solver) logged(monday time.Time, law sim.Demand) []sim.Delivery {
	carriers := map[string]int{}
	for i, c := range law.Carriers {
		carriers[c.Name] = i
	}
	households := map[string]int{}
	dealt := make([]float64, len(s.model.shares))
	out := make([]sim.Delivery, len(s.options.Log))
	for i, d := range s.options.Log {
		at := d.Arrived
		clock := time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
		entry := sim.Delivery{
			At: refit.DayOf(at).Sub(monday) + clock, Carrier: carriers[d.Carrier], Class: s.classOf(d.Size, dealt),
			Household: i % max(law.Households, 1),
		}
		if d.Unit != "" {
			if _, known := households[d.Unit]; !known {
				households[d.Unit] = len(households)
			}
			entry.Household = households[d.Unit] % max(law.Households, 1)
		}
		if !d.Collected.IsZero() {
			entry.Dwell = max(d.Collected.Sub(at), time.Minute)
		}
		out[i] = entry
	}
	slices.SortStableFunc(out, func(a, b sim.Delivery) int { return int(a.At - b.At) })
	return out
}

// classOf returns the class of a size; one that is not known goes to the class that is furthest behind its share.
func (s *solver) classOf(size locker.Size, dealt []float64) int {
	if at := slices.IndexFunc(s.problem.Sizes, func(c SizeClass) bool { return c.Size == size }); at >= 0 {
		return at
	}
	behind := 0
	for i, share := range s.model.shares {
		dealt[i] += share
		if dealt[i] > dealt[behind] {
			behind = i
		}
	}
	dealt[behind]--
	return behind
}
