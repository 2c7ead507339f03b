package sizing

import (
	"context"
	"fmt"
	"math"

	"cubby/internal/sizing/cost"
	"cubby/internal/sizing/sim"
	"cubby/internal/sizing/traffic"
)

// Sizes of a room.
const (
	shelfUnitMM   = 25      // steps in which Kaufman-Roberts counts shelf
	maxShelfUnits = 200_000 // 5 km of shelf
	levelsUsual   = 5       // shelves one above the other where the problem names no room
	runDepthMM    = 500     // of a run of shelves
	aisleMM       = 1000    // between two runs that face each other
	// mostBeside is the share of parcels that a room beside a bank may take in a normal week: beyond
	// it the room is where parcels go, and the bank stands beside it.
	mostBeside = 0.2
)

// shelfWeek is what a length of shelf gives in one week, by Kaufman-Roberts over the levels of load.
type shelfWeek struct {
	classes []float64
	total   float64
}

// shelf computes the losses of a room with so many units of shelf.
func (m *model) shelf(units int, levels []level) (shelfWeek, error) {
	sizes := make([]int, len(m.shares))
	loads := make([]float64, len(m.shares))
	for i, c := range m.problem.Sizes {
		sizes[i] = max(int(math.Round(c.Shelf.Mid/shelfUnitMM)), 1)
	}
	out := shelfWeek{classes: make([]float64, len(sizes))}
	for _, l := range levels {
		for i, share := range m.shares {
			loads[i] = share * l.load * m.correction
		}
		room, err := traffic.KaufmanRoberts(units, sizes, loads)
		if err != nil {
			return out, fmt.Errorf("shelves: %w", err)
		}
		for i, b := range room.Blocking {
			out.classes[i] += l.weight * b
			out.total += l.weight * b * m.shares[i]
		}
	}
	return out, nil
}

// holds reports whether the losses are within the target. Days are counted as for wholeDay.
func (s *solver) holds(w shelfWeek, weekly float64) bool {
	switch s.problem.Policy.Target.Measure {
	case Total:
		return w.total <= s.target
	case Days:
		return 1-s.wholeDay(w.total, weekly) <= s.target
	case PerClass:
	}
	for i, b := range w.classes {
		if s.model.shares[i] > 0 && b > s.target {
			return false
		}
	}
	return true
}

// wholeDay is the chance that a day loses no parcel when the lost ones fall on days like a Poisson
// stream. They come together in truth, so more days are whole than this says.
func (s *solver) wholeDay(loss, weekly float64) float64 {
	weights, sum := s.problem.Demand.Weekday.Values, 0.0
	for _, w := range weights {
		sum += w
	}
	whole := 0.0
	for _, w := range weights {
		whole += math.Exp(-loss*weekly*w/sum) / float64(len(weights))
	}
	return whole
}

// openRoom sizes a room of shelves by formula: the least length that holds the target.
func (s *solver) openRoom() (Alternative, error) {
	target, weekly := s.model.levels(), s.model.weekly
	if s.problem.Policy.Target.Week == PeakWeek {
		weekly *= s.model.peak
	}
	low, high := 1, maxShelfUnits
	for low < high {
		mid := (low + high) / 2
		if mid > 4*low+4000 {
			mid = 2*low + 2000 // gallop: the work grows with the length
		}
		w, err := s.model.shelf(mid, target)
		if err != nil {
			return Alternative{}, err
		}
		if s.holds(w, weekly) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	plan := s.roomPlan(float64(low * shelfUnitMM))
	a := Alternative{Kind: OpenRoom, Room: &plan, FloorM2: plan.FloorM2}
	a.Fits, a.Misses = s.roomFits(plan)
	normal, err := s.model.shelf(low, s.model.screen)
	if err != nil {
		return a, err
	}
	peak, err := s.model.shelf(low, s.model.screenPeak)
	if err != nil {
		return a, err
	}
	a.Normal = s.shelfService(normal, NormalWeek)
	a.Peak = s.shelfService(peak, PeakWeek)
	a.Meets = low < maxShelfUnits
	total, lost := s.yearly(normal.total, peak.total)
	q := cost.Quantities{
		RoomM2: plan.FloorM2, FloorM2: plan.FloorM2, ByRoom: count(total - lost),
		ByStaff: count(lost + (total-lost)*s.model.expired()),
		Units:   s.problem.Demand.Units, Growth: s.problem.Demand.Growth,
	}
	if s.problem.Policy.Overflow == ToRedelivery {
		q.ByStaff, q.NoPlace = count((total-lost)*s.model.expired()), count(lost)
	}
	return a, s.price(&a, q, normal.total, peak.total)
}

// roomPlan is a room with a length of shelf.
func (s *solver) roomPlan(shelfMM float64) RoomPlan {
	mean := 0.0
	for i, c := range s.problem.Sizes {
		mean += s.model.shares[i] * c.Shelf.Mid
	}
	levels := levelsUsual
	if rooms := s.problem.Site.Rooms; len(rooms) > 0 {
		levels = rooms[0].Levels
	}
	run := math.Ceil(shelfMM / float64(levels))
	return RoomPlan{
		ShelfMM: int(math.Ceil(shelfMM)), Levels: levels, Capacity: round(shelfMM/mean, 1),
		FloorM2: round(run*(runDepthMM+aisleMM/2)/1e6, 2),
	}
}

// roomFits compares a room with those that the site has.
func (s *solver) roomFits(r RoomPlan) (bool, []Reason) {
	rooms := s.problem.Site.Rooms
	if len(rooms) == 0 {
		return false, []Reason{reason("no_room", fmt.Sprintf("the plan names no room; this one takes %s m² of floor",
			number(r.FloorM2)), measured(r.FloorM2, "m²"))}
	}
	have := 0.0
	for _, room := range rooms {
		have += float64(room.WidthMM) * float64(room.DepthMM) / 1e6
	}
	if r.FloorM2 <= have {
		return true, nil
	}
	return false, []Reason{reason("room_too_small", fmt.Sprintf("the shelves need %s m² of floor, the rooms have %s m²",
		number(r.FloorM2), number(round(have, 2))), measured(r.FloorM2, "m²"), measured(have, "m²"))}
}

// shelfService puts the losses of shelves into the answer's words. Years is 0: no simulation.
func (s *solver) shelfService(w shelfWeek, week Week) Service {
	weekly := s.model.weekly
	if week == PeakWeek {
		weekly *= s.model.peak
	}
	where := s.problem.Policy.Overflow
	if where == ToRoom {
		where = ToDesk // it is the room that is full
	}
	out := Service{
		Week: week, ParcelsPerDay: weekly / 7, Loss: exactly(100*w.total, ofParcels),
		WholeDay: exactly(100*s.wholeDay(w.total, weekly), ofDays), Upgraded: exactly(0, ofParcels),
		Overflow: []Destination{{Where: where, ParcelsPerWeek: exactly(w.total*weekly, perWeekUnit)}},
	}
	busiest, litres := 0.0, 0.0
	for _, v := range s.problem.Demand.Weekday.Values {
		busiest = math.Max(busiest, v)
	}
	lost := w.total * weekly / 7 * busiest
	for i, c := range s.problem.Sizes {
		out.Classes = append(out.Classes, ClassService{
			Size: c.Size, Loss: exactly(100*w.classes[i], ofClass), Upgraded: exactly(0, ofClass),
		})
		litres += s.model.shares[i] * c.Litres.Mid
	}
	out.PeakParcels = exactly(lost, "parcels lost on the busiest weekday, by formula")
	out.PeakLitres = exactly(lost*litres, "litres lost on the busiest weekday, by formula")
	return out
}

// hybrid puts a smaller bank beside a room for what finds no door: of a few sizes the cheapest. It
// returns nil when there is no smaller bank.
func (s *solver) hybrid(ctx context.Context) (*Alternative, error) {
	picks, err := s.smallerBanks(ctx)
	if err != nil || len(picks) == 0 {
		return nil, err
	}
	banks := make([][]int, len(picks))
	for i, p := range picks {
		banks[i] = p.doors
	}
	results, err := s.simulate(ctx, s.model.scenario, banks, max(s.years()/2, 4))
	if err != nil {
		return nil, err
	}
	best, cheapest := -1, int64(math.MaxInt64)
	for i, r := range results {
		if r.Normal.Loss.Mean > mostBeside && i != 0 {
			continue // the first is the largest
		}
		a, err := s.hybridOf(picks[i], r, s.shelfFor(r))
		if err != nil {
			return nil, err
		}
		if a.Cost.Present.Mid < cheapest {
			best, cheapest = i, a.Cost.Present.Mid
		}
	}
	room := s.shelfFor(results[best])
	scenario := s.model.scenario
	scenario.Overflow = []sim.Place{{Name: "room", Litres: math.Max(room.litres, 1)}, {Name: "desk"}}
	again, err := s.precise(ctx, scenario, [][]int{picks[best].doors})
	if err != nil {
		return nil, err
	}
	a, err := s.hybridOf(picks[best], again[0], room)
	return &a, err
}

// smallerBanks picks banks of some sizes below the chosen one; the chosen one itself where it does
// not hold the target.
func (s *solver) smallerBanks(ctx context.Context) ([]pick, error) {
	n := len(s.chosen.modules)
	var picks []pick
	if s.judged.loss > s.target {
		picks = append(picks, s.chosen)
	}
	last := n
	for _, share := range []float64{0.85, 0.7, 0.55, 0.4} {
		k := max(int(math.Round(float64(n)*share)), 1)
		if k >= last {
			continue
		}
		last = k
		p, err := s.pickSize(ctx, k)
		if err != nil {
			return nil, err
		}
		picks = append(picks, p)
	}
	return picks, nil
}

// shelfRoom is room on shelves for the overflow of a bank.
type shelfRoom struct {
	litres float64
	mm     float64
}

// shelfFor is room for the most that lies outside of the doors in 19 of 20 years, in the week of
// the target.
func (s *solver) shelfFor(r *sim.Result) shelfRoom {
	p := s.period(r)
	lost, shelf := 0.0, 0.0
	for i, c := range p.Classes {
		n := c.Loss.Mean * c.Offered.Mean
		lost += n
		shelf += n * s.problem.Sizes[i].Shelf.Mid
	}
	if lost == 0 {
		return shelfRoom{litres: p.PeakLitres.P95, mm: p.PeakParcels.P95 * s.problem.Sizes[0].Shelf.Mid}
	}
	return shelfRoom{litres: p.PeakLitres.P95, mm: p.PeakParcels.P95 * shelf / lost}
}

// hybridOf describes a bank with a room. Where the simulation knew the room, its loss is what found
// neither door nor shelf.
func (s *solver) hybridOf(p pick, r *sim.Result, room shelfRoom) (Alternative, error) {
	a := s.standing(Hybrid, p)
	plan := s.roomPlan(math.Max(room.mm, 1))
	a.Room = &plan
	fits, misses := s.roomFits(plan)
	a.Fits, a.Misses = a.Fits && fits, append(a.Misses, misses...)
	a.FloorM2 = round(a.FloorM2+plan.FloorM2, 2)
	a.Normal, a.Peak = s.service(r, NormalWeek, p.doors), s.service(r, PeakWeek, p.doors)
	normal, peak := s.beside(&a.Normal, r.Normal, s.model.weekly), s.beside(&a.Peak, r.Peak, s.model.weekly*s.model.peak)
	held := a.Normal
	if s.problem.Policy.Target.Week == PeakWeek {
		held = a.Peak
	}
	a.Meets = s.serviceHolds(held)
	q := s.quantities(p, a)
	q.RoomM2, q.FloorM2 = plan.FloorM2, a.FloorM2
	total, outside := s.yearly(r.Normal.Loss.Mean, r.Peak.Loss.Mean)
	_, lost := s.yearly(normal, peak)
	expired := (total - outside) * r.Normal.Expired.Mean
	q.ByLocker, q.ByRoom, q.ByStaff = count(total-outside), count(outside-lost), count(lost+expired)
	if s.problem.Policy.Overflow == ToRedelivery {
		q.ByStaff, q.NoPlace = count(expired), count(lost)
	}
	if !a.Meets {
		a.Misses = append(a.Misses, s.missed(r))
	}
	return a, s.price(&a, q, normal, peak)
}

// beside turns the losses of doors into losses of doors and room together and returns the total.
func (s *solver) beside(out *Service, p sim.Period, weekly float64) float64 {
	if len(p.Overflow) < 2 { // the room was taken to be large enough
		p.Overflow = []sim.Estimate{p.Loss, {}}
		out.Overflow = []Destination{{Where: ToRoom, ParcelsPerWeek: perWeek(p.Loss, weekly)}}
	}
	lost := p.Overflow[1]
	part := 0.0
	if p.Loss.Mean > 0 {
		part = lost.Mean / p.Loss.Mean
	}
	out.Loss = percents(lost, ofParcels)
	out.WholeDay = exactly(100*s.wholeDay(lost.Mean, weekly), ofDays)
	for i := range out.Classes {
		l := &out.Classes[i].Loss
		l.Value, l.Low, l.High = l.Value*part, l.Low*part, l.High*part
	}
	return lost.Mean
}

// serviceHolds reports whether a service is within the target.
func (s *solver) serviceHolds(v Service) bool {
	limit := 100 * s.target
	switch s.problem.Policy.Target.Measure {
	case Total:
		return v.Loss.Value <= limit
	case Days:
		return 100-v.WholeDay.Value <= limit
	case PerClass:
	}
	for _, c := range v.Classes {
		if c.Loss.Value > limit {
			return false
		}
	}
	return true
}

// offSite is a service that keeps the parcels elsewhere and brings them by appointment.
func (s *solver) offSite() (Alternative, error) {
	a := Alternative{Kind: OffSite, Fits: true, Meets: true}
	for _, week := range []Week{NormalWeek, PeakWeek} {
		v := s.shelfService(shelfWeek{classes: make([]float64, len(s.model.shares))}, week)
		v.Overflow = nil
		if week == NormalWeek {
			a.Normal = v
		} else {
			a.Peak = v
		}
	}
	q := cost.Quantities{OffSite: true, Units: s.problem.Demand.Units, Growth: s.problem.Demand.Growth}
	return a, s.price(&a, q, 0, 0)
}
