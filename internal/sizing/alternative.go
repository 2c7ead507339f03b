package sizing

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"

	"cubby/internal/sizing/cost"
	"cubby/internal/sizing/figure"
	"cubby/internal/sizing/fit"
	"cubby/internal/sizing/sim"
)

// monteCarloRuns is how often all cost figures are drawn: the 5 % quantile is then known to about
// one percent of its rank.
const (
	monteCarloRuns      = 1000
	quickMonteCarloRuns = 200
)

// neighbours are a bank, the one with a module less and the one with a module more.
type neighbours struct {
	picks           []pick
	smaller, larger int // index in picks; 0 when there is none
	results         []*sim.Result
}

// around simulates the chosen bank and its neighbours over the same parcels.
func (s *solver) around(ctx context.Context) (neighbours, error) {
	out := neighbours{picks: []pick{s.chosen}}
	n := len(s.chosen.modules)
	add := func(n int) (int, error) {
		p, err := s.pickSize(ctx, n)
		out.picks = append(out.picks, p)
		return len(out.picks) - 1, err
	}
	var err error
	if n > 1 {
		if out.smaller, err = add(n - 1); err != nil {
			return out, err
		}
	}
	if n < s.most {
		if out.larger, err = add(n + 1); err != nil {
			return out, err
		}
	}
	banks := make([][]int, len(out.picks))
	for i, p := range out.picks {
		banks[i] = p.doors
	}
	out.results, err = s.precise(ctx, s.withBanks(banks))
	return out, err
}

// lockers builds the recommended bank and its neighbours. Where the precise simulation says otherwise
// than the one that decided, the decision moves to the neighbour.
func (s *solver) lockers(ctx context.Context) (Alternative, error) {
	var near neighbours
	for range maxSettling {
		var err error
		if near, err = s.around(ctx); err != nil {
			return Alternative{}, err
		}
		held := s.judge(near.results[0]).loss <= s.target
		if held || near.larger == 0 || s.judged.loss > s.target {
			break // a bank that did not hold before is the best there is
		}
		s.chosen = near.picks[near.larger]
		s.judged = s.judge(near.results[near.larger])
	}
	all := make([]Alternative, len(near.picks))
	var err error
	for i, p := range near.picks {
		if all[i], err = s.lockerAlternative(p, near.results[i]); err != nil {
			return Alternative{}, err
		}
	}
	s.chosen, s.judged = near.picks[0], s.judge(near.results[0])
	if near.smaller > 0 {
		s.near[0] = &all[near.smaller]
	}
	if near.larger > 0 {
		s.near[1] = &all[near.larger]
	}
	return all[0], nil
}

func (s *solver) lockerAlternative(p pick, r *sim.Result) (Alternative, error) {
	a := s.standing(Lockers, p)
	a.Normal, a.Peak = s.service(r, NormalWeek, p.doors), s.service(r, PeakWeek, p.doors)
	a.Meets = s.judge(r).loss <= s.target
	q := s.quantities(p, a)
	normal, peak := r.Normal.Loss.Mean, r.Peak.Loss.Mean
	s.parcels(&q, normal, peak, r.Normal.Expired.Mean)
	if s.problem.Policy.Overflow != ToRedelivery {
		q.DeskParcels = round(r.Normal.PeakParcels.Mean.Mean, 1)
	}
	if !a.Meets {
		a.Misses = append(a.Misses, s.missed(r))
	}
	return a, s.price(&a, q, normal, peak)
}

// missed says by how much a bank misses the target.
func (s *solver) missed(r *sim.Result) Reason {
	t := s.problem.Policy.Target
	loss := measured(100*s.judge(r).loss, "%")
	return Reason{
		Code: "target_missed", Figures: []Figure{loss, t.Loss}, Words: []string{t.Measure.String(), t.Week.String()},
		Text: fmt.Sprintf("loses %s %% where at most %s %% may be lost (%s, %s week)", number(loss.Mid), number(t.Loss.Mid),
			measureWords(t.Measure), t.Week),
	}
}

func measureWords(m Measure) string {
	switch m {
	case PerClass:
		return "the worst size class"
	case Total:
		return "all parcels"
	case Days:
		return "days with any parcel lost"
	}
	return m.String()
}

// standing fills what does not depend on what happens in the bank.
func (s *solver) standing(kind Kind, p pick) Alternative {
	a := Alternative{Kind: kind, Fits: true, Doors: p.doors.Total()}
	for i, class := range s.problem.Sizes {
		a.Mix = append(a.Mix, DoorCount{Size: class.Size, Doors: p.doors[i]})
	}
	a.Banks = s.banks(p)
	for _, b := range a.Banks {
		a.WidthMM += b.WidthMM
		a.FloorM2 += float64(b.WidthMM) * float64(b.DepthMM+s.problem.Site.FrontMM) / 1e6
	}
	a.FloorM2 = round(a.FloorM2, 2)
	if a.Misses = s.reachMisses(a); len(a.Misses) > 0 {
		a.Fits = false
	}
	return a
}

// quantities is what the bank of a pick consists of.
func (s *solver) quantities(p pick, a Alternative) cost.Quantities {
	q := cost.Quantities{
		Doors: a.Doors, Banks: len(a.Banks), FloorM2: a.FloorM2, Units: s.problem.Demand.Units,
		Growth: s.problem.Demand.Growth,
	}
	counts := map[int]int{}
	for _, m := range p.modules {
		counts[m]++
	}
	for at, m := range s.stock.modules {
		if n := counts[at]; n > 0 {
			if !m.Price.Known() {
				return q // priced by the door
			}
			q.Modules = append(q.Modules, cost.Purchased{Name: m.Name, Count: float64(n), Price: m.Price})
		}
	}
	return q
}

// parcels divides the parcels of the first year, without the growth that the bank has room for, into
// those that a locker takes and those that find none, by the losses of the normal and the peak week.
func (s *solver) parcels(q *cost.Quantities, normal, peak, expired float64) {
	total, lost := s.yearly(normal, peak)
	moved := (total - lost) * expired
	q.ByLocker = count(total - lost)
	switch s.problem.Policy.Overflow {
	case ToDesk:
		q.ByStaff = count(lost + moved)
	case ToRoom:
		q.ByRoom = count(lost + moved)
	case ToRedelivery:
		q.NoPlace = count(lost)
		q.ByStaff = count(moved)
	}
}

// yearly returns the parcels of the first year and those lost of them.
func (s *solver) yearly(normal, peak float64) (total, lost float64) {
	weekly := s.model.weekly / s.model.growth
	peaks := s.problem.Demand.PeakWeeks.Mid
	rest := float64(daysPerYear)/7 - peaks
	busy := weekly * s.model.peak * peaks
	return weekly*rest + busy, weekly*rest*normal + busy*peak
}

// count is a number of parcels per year that this plan worked out.
func count(n float64) Figure { return figure.Of(round(math.Max(n, 0), 1), computed) }

func (s *solver) basis() cost.Basis {
	total, _ := s.yearly(0, 0)
	return cost.Basis{
		Years: s.problem.HorizonYears, Discount: cost.Factor{Key: "discount_percent", Figure: s.problem.Discount},
		Currency: s.problem.Currency, Units: s.problem.Demand.Units, ParcelsPerYear: round(total, 1),
		Growth: cost.Factor{Key: "growth", Figure: s.problem.Demand.Growth},
	}
}

// price fills cost and carbon of an alternative.
func (s *solver) price(a *Alternative, q cost.Quantities, normal, peak float64) error {
	lines := cost.Lines(q, s.problem.Costs)
	result, err := cost.Compute(s.basis(), lines)
	if err != nil {
		return fmt.Errorf("price %s: %w", a.Kind, err)
	}
	runs := monteCarloRuns
	if s.options.Quick {
		runs = quickMonteCarloRuns
	}
	if result.Chance, err = cost.MonteCarlo(s.basis(), lines, runs, s.options.Seed); err != nil {
		return fmt.Errorf("price %s: %w", a.Kind, err)
	}
	a.Cost, a.Year = result, s.year(*a)
	a.Carbon = s.saving(*a, normal, peak)
	return nil
}

// year adds the services of the normal and the peak weeks: losses by parcels, days by days.
func (s *solver) year(a Alternative) YearService {
	peaks := s.problem.Demand.PeakWeeks.Mid
	normal := float64(daysPerYear)/7 - peaks
	together := func(x, y Interval, wx, wy float64) Interval {
		at := func(a, b float64) float64 { return (a*wx + b*wy) / (wx + wy) }
		return Interval{Value: at(x.Value, y.Value), Low: at(x.Low, y.Low), High: at(x.High, y.High), Unit: x.Unit}
	}
	return YearService{
		Loss:     together(a.Normal.Loss, a.Peak.Loss, normal, peaks*s.model.peak),
		WholeDay: together(a.Normal.WholeDay, a.Peak.WholeDay, normal, peaks),
	}
}

// saving counts the second attempts that an alternative avoids.
func (s *solver) saving(a Alternative, normal, peak float64) Saving {
	c, failed := s.problem.Carbon, s.problem.Costs.FailedSharePercent
	total, lost := s.yearly(normal, peak)
	kept := (total - lost) / total
	if a.Kind == OffSite {
		kept = 0 // the service drives to the building itself: nobody has published how far
	}
	share := figure.Range(failed.Low*kept, failed.Mid*kept, failed.High*kept, failed.Source).In("% of the parcels")
	share.Assumed = failed.Assumed
	kg := figure.Range(share.Low*c.Attempt.Low/100, share.Mid*c.Attempt.Mid/100, share.High*c.Attempt.High/100,
		c.Attempt.Source).In("kg CO2 per parcel")
	kg.Assumed = c.Attempt.Assumed || failed.Assumed
	year := figure.Range(kg.Low*total, kg.Mid*total, kg.High*total, c.Attempt.Source).In("kg CO2 per year")
	year.Assumed = kg.Assumed
	return Saving{KgPerYear: year, KgPerUnit: kg, Scope: c.Scope, BasisShare: share}
}

// banks turns a pick into banks where they stand.
func (s *solver) banks(p pick) []BankPlan {
	if p.plan == nil {
		return []BankPlan{s.bank("A", 0, 0, p.modules)}
	}
	var out []BankPlan
	for i, b := range p.plan.Banks {
		var modules []int
		for _, m := range b.Modules {
			modules = append(modules, p.module(m))
		}
		bank := s.bank(bankName(i), b.Wall, b.FromMM, modules)
		bank.Wall = s.problem.Site.Walls[b.Wall].Name
		out = append(out, bank)
	}
	return out
}

// bankName is A, B, ... Z, then A2 and so on.
func bankName(i int) string {
	const letters = 26
	name := string(rune('A' + i%letters))
	if i >= letters {
		name += strconv.Itoa(i/letters + 1)
	}
	return name
}

// bank stands modules side by side. In a row without walls the screen goes to the middle.
func (s *solver) bank(name string, wall, from int, modules []int) BankPlan {
	b := BankPlan{Name: name, WallNo: wall, FromMM: from}
	if len(s.problem.Site.Walls) == 0 {
		screen := slices.IndexFunc(modules, func(m int) bool { return s.stock.modules[m].Kiosk != nil })
		if screen >= 0 {
			at := modules[screen]
			modules = slices.Delete(slices.Clone(modules), screen, screen+1)
			modules = slices.Insert(modules, len(modules)/2, at)
		}
	}
	for _, at := range modules {
		m := s.stock.modules[at]
		for column := range m.Columns {
			b.Columns = append(b.Columns, s.column(at, column))
		}
		b.WidthMM += m.WidthMM
		b.HeightMM, b.DepthMM = max(b.HeightMM, m.HeightMM), max(b.DepthMM, m.DepthMM)
	}
	return b
}

// column lists the doors of one column from the top.
func (s *solver) column(at, number int) ColumnPlan {
	m := s.stock.modules[at]
	c := ColumnPlan{Module: m.Name, WidthMM: m.WidthMM / m.Columns}
	reach := s.problem.Site.Reach
	for _, d := range slices.Backward(m.Doors) {
		middle := d.BottomMM + d.HeightMM/2
		c.Doors = append(c.Doors, DoorPlan{
			Size: d.Size, BottomMM: d.BottomMM, HeightMM: d.HeightMM,
			InReach: middle >= reach.LowMM && middle <= reach.HighMM,
		})
	}
	slices.SortStableFunc(c.Doors, func(a, b DoorPlan) int { return b.BottomMM - a.BottomMM })
	if m.Kiosk != nil && number == 0 {
		c.ScreenMM, c.ScreenBottomMM = m.Kiosk.HeightMM, m.Kiosk.BottomMM
		c.ScreenAbove = len(c.Doors)
		for i, d := range c.Doors {
			if d.BottomMM < m.Kiosk.BottomMM {
				c.ScreenAbove = i
				break
			}
		}
	}
	return c
}

// nothingStands returns why no module stands anywhere; false for any other error.
func nothingStands(err error) (Reason, bool) {
	switch e := err.(type) { //nolint:errorlint // unwrapped below
	case nil:
		return Reason{}, false
	case *fit.TooShort:
		return Reason{
			Code: "wall_too_short", Words: []string{e.Wall, e.Module}, Text: e.Error(),
			Figures: []Figure{millimetres(e.HaveMM), millimetres(e.NeedMM), millimetres(e.NeedMM - e.HaveMM)},
		}, true
	case *fit.TooLow:
		return Reason{
			Code: "ceiling_too_low", Words: []string{e.Module}, Text: e.Error(),
			Figures: []Figure{millimetres(e.CeilingMM), millimetres(e.NeedMM), millimetres(e.NeedMM - e.CeilingMM)},
		}, true
	case *fit.TooDeep:
		return Reason{
			Code: "floor_too_shallow", Words: []string{e.Wall}, Text: e.Error(),
			Figures: []Figure{millimetres(e.HaveMM), millimetres(e.NeedMM), millimetres(e.NeedMM - e.HaveMM)},
		}, true
	case interface{ Unwrap() error }:
		return nothingStands(e.Unwrap())
	}
	return Reason{}, false
}
