package sizing

import (
	"context"
	"fmt"
	"math"

	"cubby/internal/sizing/cost"
	"cubby/internal/sizing/shelving"
	"cubby/internal/sizing/sim"
	"cubby/internal/sizing/traffic"
)

// Sizes of a room.
const (
	shelfUnitMM   = 25      // steps in which Kaufman-Roberts counts shelf
	maxShelfUnits = 200_000 // 5 km of shelf
	levelsUsual   = 5       // shelves one above the other where the problem names no room
	stepMM        = 1000    // of run, all levels: what a room is larger than the next smaller one
	maxRoomSteps  = maxShelfUnits * shelfUnitMM / stepMM
)

// shelfWeek is what a length of shelf gives in one week, by Kaufman-Roberts over the levels of load.
type shelfWeek struct {
	classes []float64
	total   float64
}

// shelf computes the losses of a room with so many units of shelf.
func (m *model) shelf(units int, levels []traffic.Level) (shelfWeek, error) {
	sizes := make([]int, len(m.shares))
	loads := make([]float64, len(m.shares))
	for i, c := range m.problem.Sizes {
		sizes[i] = max(int(math.Round(c.Shelf.Mid/shelfUnitMM)), 1)
	}
	out := shelfWeek{classes: make([]float64, len(sizes))}
	for _, l := range levels {
		for i, share := range m.shares {
			loads[i] = share * l.Load * m.correction
		}
		room, err := traffic.KaufmanRoberts(units, sizes, loads)
		if err != nil {
			return out, fmt.Errorf("shelves: %w", err)
		}
		for i, b := range room.Blocking {
			out.classes[i] += l.Weight * b
			out.total += l.Weight * b * m.shares[i]
		}
	}
	return out, nil
}

// holds reports whether the losses are within the target. Days are screened as if the lost parcels fell on them like
// a Poisson stream.
func (s *solver) holds(w shelfWeek, weekly float64) bool {
	switch s.problem.Policy.Target.Measure {
	case Total:
		return w.total <= s.target
	case Days:
		return 1-math.Exp(-w.total*weekly/7) <= s.target
	case PerClass:
	}
	for i, b := range w.classes {
		if s.model.shares[i] > 0 && b > s.target {
			return false
		}
	}
	return true
}

// screenRoom asks the formulas for the least room without lockers that holds the target, in steps.
func (s *solver) screenRoom() (int, error) {
	weekly := s.model.weekly
	if s.problem.Policy.Target.Week == PeakWeek {
		weekly *= s.model.peak
	}
	low, high := 1, maxShelfUnits
	for low < high {
		mid := (low + high) / 2
		if mid > 4*low+4000 {
			mid = 2*low + 2000 // gallop: the work grows with the length
		}
		w, err := s.model.shelf(mid, s.model.levels())
		if err != nil {
			return 0, err
		}
		if s.holds(w, weekly) {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return max(low*shelfUnitMM/s.stepShelf(), 1), nil
}

// levels is how many shelves stand one above the other.
func (s *solver) levels() int {
	if rooms := s.problem.Site.Rooms; len(rooms) > 0 {
		return rooms[0].Levels
	}
	return levelsUsual
}

// stepShelf is the length of shelf of one step, in mm.
func (s *solver) stepShelf() int { return s.levels() * stepMM }

// stand is a bank, or none, with a room of so many steps.
type stand struct {
	pick
	steps int
}

// scenario is the building with the stand in it.
func (s *solver) scenario(st stand) sim.Scenario {
	out := s.withBanks([][]int{st.doors})[0]
	if st.steps == 0 {
		return out
	}
	out.Overflow = []sim.Place{{Name: "room", ShelfMM: float64(st.steps * s.stepShelf()), Kept: true}, {Name: "desk"}}
	return out
}

// withRoom simulates a stand to decide where to go on looking; what is found is simulated precisely before it
// counts.
func (s *solver) withRoom(ctx context.Context, st stand) (*sim.Result, error) {
	least := 4
	if s.options.Quick {
		least = 2
	}
	results, err := s.simulate(ctx, []sim.Scenario{s.scenario(st)}, max(s.years()/2, least))
	if err != nil {
		return nil, err
	}
	return results[0], nil
}

// leastRoom finds the fewest steps with which a stand holds the target, from a guess.
func (s *solver) leastRoom(ctx context.Context, st stand) (tried, error) {
	var held *sim.Result
	low, high := 1, 0 // high holds, once it is known
	for try := min(max(st.steps, 1), maxRoomSteps); high == 0 || low < high; {
		st.steps = try
		r, err := s.withRoom(ctx, st)
		if err != nil {
			return tried{}, err
		}
		if s.judge(r).loss <= s.target || try >= maxRoomSteps {
			high, held = try, r
			try = max(low, try-max(try/roomStride, 1))
		} else {
			low = try + 1
			try += max(try/roomStride, 1)
		}
		if high > 0 && try >= high {
			try = (low + high) / 2
		}
		try = min(try, maxRoomSteps)
	}
	st.steps = high
	return s.tried(st, held)
}

// roomStride is the part of a room by which the search for the least one goes on.
const roomStride = 8

// tried is a stand with what a simulation said of it.
type tried struct {
	stand
	result *sim.Result
	fits   bool
	cost   int64 // net present value in minor units
}

func (s *solver) tried(st stand, r *sim.Result) (tried, error) {
	a, q := s.furnish(st, r)
	c, err := cost.Compute(s.basis(), cost.Lines(q, s.problem.Costs))
	if err != nil {
		return tried{}, fmt.Errorf("price %s: %w", a.Kind, err)
	}
	return tried{stand: st, result: r, fits: a.Fits, cost: c.Present.Mid}, nil
}

// cheaper is the cheapest room for a stand that holds the target, from the least one up: shelves cost less than staff
// who hand out what overflows in the peak weeks.
func (s *solver) cheaper(ctx context.Context, best tried) (tried, error) {
	finest := 1
	if s.options.Quick { // near the best the cost hardly moves
		finest = max(best.steps/roomStride, 1)
	}
	for stride := max(best.steps/2, 1); stride >= finest; {
		next := best.stand
		next.steps = min(next.steps+stride, maxRoomSteps)
		r, err := s.withRoom(ctx, next)
		if err != nil {
			return best, err
		}
		up, err := s.tried(next, r)
		if err != nil {
			return best, err
		}
		if up.cost < best.cost && (up.fits || !best.fits) {
			best = up
			continue
		}
		stride /= 2
	}
	return best, nil
}

// settle simulates a stand precisely, and the next larger ones where it does not hold after all.
func (s *solver) settle(ctx context.Context, st stand) (Alternative, error) {
	for try := 0; ; try++ {
		results, err := s.precise(ctx, []sim.Scenario{s.scenario(st)})
		if err != nil {
			return Alternative{}, err
		}
		if try >= maxSettling || s.judge(results[0]).loss <= s.target || st.steps >= maxRoomSteps {
			a, err := s.withShelves(st, results[0])
			s.stands[a.Kind] = st
			return a, err
		}
		st.steps++
	}
}

// besides are the next smaller and larger stands of the recommended alternative where a room belongs to it. Where
// one of them is better after all in the precise simulation, it is the one to recommend.
func (s *solver) besides(ctx context.Context) error {
	for range maxSettling {
		st := s.stands[s.answer.Recommended.Kind]
		near := []stand{{pick: st.pick, steps: st.steps + 1}}
		if st.steps > 1 || st.doors.Total() > 0 {
			near = append(near, stand{pick: st.pick, steps: st.steps - 1})
		}
		var scenarios []sim.Scenario
		for _, n := range near {
			scenarios = append(scenarios, s.scenario(n))
		}
		results, err := s.precise(ctx, scenarios)
		if err != nil {
			return err
		}
		all := make([]Alternative, len(near))
		better := -1
		for i, n := range near {
			if all[i], err = s.withShelves(n, results[i]); err != nil {
				return err
			}
			if b := all[i]; b.Kind == s.answer.Recommended.Kind && b.Meets && b.Fits == s.answer.Recommended.Fits &&
				b.Cost.Present.Mid < s.answer.Recommended.Cost.Present.Mid {
				better = i
			}
		}
		s.answer.Larger = &all[0]
		if s.answer.Smaller = nil; len(all) > 1 {
			s.answer.Smaller = &all[1]
		}
		if better < 0 {
			return nil
		}
		s.answer.Recommended, s.stands[all[better].Kind] = all[better], near[better]
	}
	return nil
}

// openRoom is a room of shelves without lockers: the least that holds the target in the simulation.
func (s *solver) openRoom(ctx context.Context) (Alternative, error) {
	steps, err := s.screenRoom()
	if err != nil {
		return Alternative{}, err
	}
	none := pick{doors: make([]int, len(s.problem.Sizes))}
	least, err := s.leastRoom(ctx, stand{pick: none, steps: steps})
	if err != nil {
		return Alternative{}, err
	}
	best, err := s.cheaper(ctx, least)
	if err != nil {
		return Alternative{}, err
	}
	return s.settle(ctx, best.stand)
}

// roomPlan lays out a length of shelf in the rooms of the site, in their order; where they do not hold it, or the
// problem names none, in a room that would.
func (s *solver) roomPlan(shelfMM int) RoomPlan {
	mean := 0.0
	for i, c := range s.problem.Sizes {
		mean += s.model.shares[i] * c.Shelf.Mid
	}
	out := RoomPlan{ShelfMM: shelfMM, Levels: s.levels(), Capacity: round(float64(shelfMM)/mean, 1)}
	left := shelfMM
	for _, room := range s.problem.Site.Rooms {
		if left <= 0 {
			break
		}
		l, _ := shelving.Take(room.WidthMM, room.DepthMM, (left+room.Levels-1)/room.Levels)
		if l.RunMM == 0 {
			continue
		}
		left -= l.RunMM * room.Levels
		out.Rooms = append(out.Rooms, RoomFloor{Name: room.Name, Levels: room.Levels, Layout: l})
		out.FloorM2 += l.FloorM2
	}
	out.Held = left <= 0
	if !out.Held {
		l := shelving.Least((shelfMM + out.Levels - 1) / out.Levels)
		out.Rooms, out.FloorM2 = []RoomFloor{{Levels: out.Levels, Layout: l}}, l.FloorM2
	}
	out.FloorM2 = round(out.FloorM2, 2)
	return out
}

// roomFits compares a room with those that the site has.
func (s *solver) roomFits(r RoomPlan) (bool, []Reason) {
	rooms := s.problem.Site.Rooms
	need := r.Rooms[len(r.Rooms)-1]
	switch {
	case r.Held:
		return true, nil
	case len(rooms) == 0:
		return false, []Reason{reason("no_room", fmt.Sprintf("the plan names no room; this one takes %s m² of floor",
			number(r.FloorM2)), measured(r.FloorM2, "m²"))}
	}
	have := 0
	for _, room := range rooms {
		l, _ := shelving.Take(room.WidthMM, room.DepthMM, maxShelfUnits*shelfUnitMM)
		have += l.RunMM * room.Levels
	}
	return false, []Reason{reason("room_too_small",
		fmt.Sprintf("the parcels need %d mm of shelf, the rooms take %d mm; a room of %d x %d mm would do", r.ShelfMM, have, need.WidthMM, need.DepthMM),
		millimetres(r.ShelfMM), millimetres(have), millimetres(need.WidthMM), millimetres(need.DepthMM))}
}

// withShelves describes a stand of which the simulation knew the room: what is lost found neither door nor shelf.
func (s *solver) withShelves(st stand, r *sim.Result) (Alternative, error) {
	if st.steps == 0 {
		return s.lockerAlternative(st.pick, r)
	}
	a, q := s.furnish(st, r)
	return a, s.price(&a, q, r.Normal.Missed.Mean, r.Peak.Missed.Mean)
}

// furnish is an alternative with shelves before it has a price.
func (s *solver) furnish(st stand, r *sim.Result) (Alternative, cost.Quantities) {
	a, q := Alternative{Kind: OpenRoom, Fits: true}, cost.Quantities{Units: s.problem.Demand.Units, Growth: s.problem.Demand.Growth}
	if st.doors.Total() > 0 {
		a = s.standing(Hybrid, st.pick)
		q = s.quantities(st.pick, a)
	}
	plan := s.roomPlan(st.steps * s.stepShelf())
	a.Room = &plan
	fits, misses := s.roomFits(plan)
	a.Fits, a.Misses = a.Fits && fits, append(a.Misses, misses...)
	a.FloorM2 = round(a.FloorM2+plan.FloorM2, 2)
	a.Normal, a.Peak = s.service(r, NormalWeek, st.doors), s.service(r, PeakWeek, st.doors)
	a.Meets = s.judge(r).loss <= s.target
	q.RoomM2, q.FloorM2 = plan.FloorM2, a.FloorM2
	total, noDoor := s.yearly(r.Normal.Loss.Mean, r.Peak.Loss.Mean)
	_, lost := s.yearly(r.Normal.Missed.Mean, r.Peak.Missed.Mean)
	expired := (total - lost) * r.Normal.Expired.Mean
	q.ByLocker, q.ByRoom, q.ByStaff = count(total-noDoor), count(noDoor-lost), count(lost+expired)
	if s.problem.Policy.Overflow == ToRedelivery {
		q.ByStaff, q.NoPlace = count(expired), count(lost)
	} else {
		q.DeskParcels = round(r.Normal.BeyondParcels.Mean.Mean, 1) // as beside lockers alone
	}
	if !a.Meets {
		a.Misses = append(a.Misses, s.missed(r))
	}
	return a, q
}
