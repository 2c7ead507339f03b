package sim

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// model is a scenario made ready: whole minutes, thresholds of 32 bits, tables. It is read only, so that
// workers share it.
type model struct {
	sizes      []size
	classes    []class
	carriers   []carrier
	classUpTo  []uint32 // class i is drawn while the 32 bits are at most classUpTo[i]
	daily      [][]counts
	dailyOf    []int16 // table of daily for each day of the year
	places     []place
	households int32
	hold       int32 // minutes; 0 for ever
	wait       []int32
	join       uint32 // threshold of 32 bits for consolidation
	joins      bool
	quotas     bool
	log        *logTable
	blocks     *blocks // nil: a log is passed through as it is
	weeks      int     // of a year, or of the log
	peak       []bool  // the busiest weeks
}

type size struct {
	doors, reserve int32
	litres         float64
}

type class struct {
	size, last            int32 // sizes of door to try
	litresLow, litresSpan float64
	shelf                 int32      // mm
	stay                  *quantiles // nil when one of the next three says it
	sample                []int32    // observed minutes
	fixed                 int32      // minutes of a stay that is always the same; 0 otherwise
	commute               *commute
}

type place struct {
	litres float64
	shelf  int32 // mm
	kept   bool
}

type carrier struct {
	visits    []visit
	spread    bool
	perVisit  int32
	leaveFree int32
}

type visit struct {
	from, span int32
	upTo       uint32 // drawn while the 32 bits are at most this
}

// logTable is a log of deliveries cut into days.
type logTable struct {
	parcels []logParcel
	firstOf []int32 // index of the first parcel of each day; one more for the end
}

type logParcel struct {
	minute           int32 // of the day
	carrier, class   int32
	household, dwell int32 // dwell in minutes; 0 draws
	litres           float64
}

func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrScenario, fmt.Errorf(format, args...))
}

// newModel checks the scenario and makes it ready.
func newModel(s Scenario) (*model, error) {
	m := &model{}
	for _, step := range []func(Scenario) error{
		m.addSizes, m.addClasses, m.addPolicy, m.addCarriers, m.addDays, m.addLog,
	} {
		if err := step(s); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *model) addSizes(s Scenario) error {
	if len(s.Sizes) == 0 || len(s.Sizes) > maxSizes {
		return wrong("%d sizes of door; give between 1 and %d", len(s.Sizes), maxSizes)
	}
	for _, z := range s.Sizes {
		if z.Doors < 0 || z.Doors > maxDoors {
			return wrong("size %q has %d doors; give between 0 and %d", z.Name, z.Doors, maxDoors)
		}
		if z.Reserve < 0 || z.Reserve > z.Doors {
			return wrong("size %q keeps %d of its %d doors; give between 0 and all", z.Name, z.Reserve, z.Doors)
		}
		if !atLeastZero(z.Litres) || z.Litres == 0 && s.Policy.Consolidation > 0 {
			return wrong("size %q holds %v litres; give 0 or more, and more than 0 with consolidation", z.Name, z.Litres)
		}
		m.sizes = append(m.sizes, size{doors: int32(z.Doors), reserve: int32(z.Reserve), litres: z.Litres})
	}
	return nil
}

func (m *model) addClasses(s Scenario) error {
	if len(s.Classes) == 0 || len(s.Classes) > maxClasses {
		return wrong("%d classes of parcel; give between 1 and %d", len(s.Classes), maxClasses)
	}
	shares := make([]float64, len(s.Classes))
	for i, c := range s.Classes {
		shares[i] = c.Share
		if c.Size < 0 || c.Size >= len(s.Sizes) {
			return wrong("class %q wants size %d of %d sizes", c.Name, c.Size, len(s.Sizes))
		}
		if !atLeastZero(c.LitresLow) || !(c.LitresHigh >= c.LitresLow) || math.IsInf(c.LitresHigh, 0) {
			return wrong("class %q has %v to %v litres; give 0 or more, the lower first", c.Name, c.LitresLow, c.LitresHigh)
		}
		if !(c.ShelfMM >= 0 && c.ShelfMM <= maxShelfMM) {
			return wrong("class %q takes %v mm of shelf; give between 0 and %d", c.Name, c.ShelfMM, maxShelfMM)
		}
		if err := c.Dwell.check(); err != nil {
			return wrong("class %q: %w", c.Name, err)
		}
		ready := class{
			size: int32(c.Size), last: int32(len(s.Sizes) - 1),
			litresLow: c.LitresLow, litresSpan: c.LitresHigh - c.LitresLow, shelf: int32(math.Round(c.ShelfMM)),
		}
		if s.Policy.NoUpgrade {
			ready.last = ready.size
		}
		m.setStay(&ready, c.Dwell, s.Classes[:i])
		m.classes = append(m.classes, ready)
	}
	var err error
	if m.classUpTo, err = thresholds(shares); err != nil {
		return wrong("the shares of the classes: %w", err)
	}
	return nil
}

// setStay gives a class its law of dwell; classes with the same law share the table, which then stays
// in the processor's cache.
func (m *model) setStay(c *class, d Dwell, before []Class) {
	switch d.Kind {
	case NextCommute:
		c.commute = newCommute(d)
		return
	case Deterministic:
		c.fixed = max(1, wholeMinutes(d.Mean))
		return
	case Empirical:
		for _, s := range d.Sample {
			c.sample = append(c.sample, wholeMinutes(s))
		}
		return
	case Lognormal, Exponential:
	}
	for i, b := range before {
		if b.Dwell.Kind == d.Kind && b.Dwell.Mean == d.Mean && b.Dwell.Sigma == d.Sigma {
			c.stay = m.classes[i].stay
			return
		}
	}
	c.stay = newQuantiles(d)
}

func (m *model) addPolicy(s Scenario) error {
	p := s.Policy
	if !(p.Consolidation >= 0 && p.Consolidation <= 1) {
		return wrong("the probability of consolidation is %v; give between 0 and 1", p.Consolidation)
	}
	const longestHold = 365 * 24 * time.Hour
	if p.Hold < 0 || p.Hold > longestHold || p.Hold > 0 && p.Hold < time.Hour {
		return wrong("the hold is %v; give 0 for ever or between an hour and a year", p.Hold)
	}
	if err := checkHours(p.PickUp); err != nil {
		return wrong("the pick-up hours: %w", err)
	}
	if len(s.Overflow) > maxPlaces {
		return wrong("%d places for the overflow; give at most %d", len(s.Overflow), maxPlaces)
	}
	for _, o := range s.Overflow {
		if !atLeastZero(o.Litres) {
			return wrong("place %q holds %v litres; give 0 (no limit) or more", o.Name, o.Litres)
		}
		if !(o.ShelfMM >= 0 && o.ShelfMM <= maxShelvesMM) {
			return wrong("place %q has %v mm of shelf; give between 0 (no limit) and %d", o.Name, o.ShelfMM, maxShelvesMM)
		}
		if n := len(m.places); o.Kept && n > 0 && !m.places[n-1].kept {
			return wrong("place %q is kept and comes after one that is not", o.Name)
		}
		p := place{litres: limitOf(o.Litres), shelf: math.MaxInt32, kept: o.Kept}
		if o.ShelfMM > 0 {
			p.shelf = int32(math.Round(o.ShelfMM))
		}
		m.places = append(m.places, p)
	}
	if len(s.Overflow) == 0 {
		m.places = []place{{litres: math.Inf(1), shelf: math.MaxInt32}}
	}
	m.hold = int32(p.Hold / time.Minute)
	m.wait = untilOpen(p.PickUp)
	m.joins = p.Consolidation > 0
	m.join = uint32(p.Consolidation * math.MaxUint32)
	return nil
}

func limitOf(litres float64) float64 {
	if litres == 0 {
		return math.Inf(1)
	}
	return litres
}

func (m *model) addCarriers(s Scenario) error {
	if len(s.Demand.Carriers) > maxCarriers {
		return wrong("%d carriers; give at most %d", len(s.Demand.Carriers), maxCarriers)
	}
	for _, c := range s.Demand.Carriers {
		if c.Quota.PerVisit < 0 || c.Quota.LeaveFree < 0 {
			return wrong("carrier %q has a quota below 0", c.Name)
		}
		ready := carrier{
			spread: c.Spread, perVisit: int32(min(c.Quota.PerVisit, math.MaxInt32)),
			leaveFree: int32(min(c.Quota.LeaveFree, math.MaxInt32)),
		}
		m.quotas = m.quotas || ready.perVisit > 0 || ready.leaveFree > 0
		if len(s.Demand.Log) == 0 {
			if err := ready.addVisits(c); err != nil {
				return err
			}
		}
		m.carriers = append(m.carriers, ready)
	}
	if len(m.carriers) == 0 {
		if len(s.Demand.Log) == 0 {
			return wrong("no carrier delivers; give at least one with a visit")
		}
		m.carriers = []carrier{{}}
	}
	return nil
}

func (c *carrier) addVisits(from Carrier) error {
	if len(from.Visits) == 0 || len(from.Visits) > maxVisits {
		return wrong("carrier %q has %d visits; give between 1 and %d", from.Name, len(from.Visits), maxVisits)
	}
	shares := make([]float64, len(from.Visits))
	for i, v := range from.Visits {
		if v.From < 0 || v.To < v.From || v.To > dayMinutes*time.Minute {
			return wrong("visit %d of carrier %q runs from %v to %v; give times within 0 and 24 h", i+1, from.Name, v.From, v.To)
		}
		shares[i] = v.Share
		start := min(int32(v.From/time.Minute), dayMinutes-1)
		c.visits = append(c.visits, visit{from: start, span: max(1, int32(v.To/time.Minute)-start)})
	}
	upTo, err := thresholds(evenIfZero(shares))
	if err != nil {
		return wrong("the shares of the visits of carrier %q: %w", from.Name, err)
	}
	for i := range c.visits {
		c.visits[i].upTo = upTo[i]
	}
	return nil
}

// addDays tabulates the counts of each carrier for each kind of day.
func (m *model) addDays(s Scenario) error {
	d := s.Demand
	if err := checkDemand(d); err != nil || len(d.Log) > 0 {
		return err
	}
	m.households = int32(d.Households)
	if d.Households == 0 {
		m.households = int32(max(1, math.Ceil(d.PerWeek/2.5)))
	}
	shares := 0.0
	for _, c := range d.Carriers {
		shares += c.Share
	}
	longest := 0.0
	for _, c := range s.Classes {
		longest = max(longest, c.Dwell.meanDays())
	}
	m.weeks, m.peak = yearWeeks, peakWeeks(d.Season)
	m.dailyOf = make([]int16, yearDays)
	known := map[float64]int16{}
	for day := range yearDays {
		mean := d.dayMean(day)
		if mean > maxPerWeek || mean*longest > maxPresent {
			return wrong("%.0f parcels on day %d of the year that stay %.1f days; give fewer than %d and at most %d at once",
				mean, day+1, longest, maxPerWeek, maxPresent)
		}
		table, found := known[mean]
		if !found {
			table = int16(len(m.daily))
			known[mean] = table
			laws := make([]counts, len(d.Carriers))
			for i, c := range d.Carriers {
				laws[i] = newCounts(mean*c.Share/shares, max(1, d.VarianceRatio))
			}
			m.daily = append(m.daily, laws)
		}
		m.dailyOf[day] = table
	}
	return nil
}

func checkDemand(d Demand) error {
	if d.Households < 0 || d.Households > maxHouseholds {
		return wrong("%d households; give between 0 and %d", d.Households, maxHouseholds)
	}
	if len(d.Log) > 0 {
		if d.PerWeek != 0 {
			return wrong("both a log of deliveries and %v parcels a week; give one of them", d.PerWeek)
		}
		if d.Block == 0 {
			return nil
		}
		return checkSeason(d)
	}
	if d.Block != 0 {
		return wrong("blocks of %d days without a log of deliveries", d.Block)
	}
	if !(d.PerWeek > 0 && d.PerWeek <= maxPerWeek) {
		return wrong("%v parcels a week; give more than 0 and at most %d", d.PerWeek, maxPerWeek)
	}
	const mostRatio = 1000
	if d.VarianceRatio != 0 && !(d.VarianceRatio >= 1 && d.VarianceRatio <= mostRatio) {
		return wrong("a variance ratio of %v; give between 1 and %d", d.VarianceRatio, mostRatio)
	}
	if err := checkSeason(d); err != nil {
		return err
	}
	for _, w := range d.Weekday {
		if !atLeastZero(w) {
			return wrong("a weekday weighs %v; give 0 or more", w)
		}
	}
	total := 0.0
	for _, c := range d.Carriers {
		if !atLeastZero(c.Share) {
			return wrong("carrier %q has a share of %v; give 0 or more", c.Name, c.Share)
		}
		total += c.Share
	}
	if total == 0 {
		return wrong("the shares of all carriers are 0; give at least one")
	}
	return nil
}

func checkSeason(d Demand) error {
	const mostGrowth, mostSeason = 100, 100
	if !(d.Growth >= 0 && d.Growth <= mostGrowth) {
		return wrong("a growth of %v; give a factor between 0 and %d", d.Growth, mostGrowth)
	}
	if n := len(d.Season); n != 0 && n != yearWeeks {
		return wrong("%d weights of weeks; give %d or none", n, yearWeeks)
	}
	for i, w := range d.Season {
		if !(w >= 0 && w <= mostSeason) {
			return wrong("week %d of the year weighs %v; give between 0 and %d", i+1, w, mostSeason)
		}
	}
	return nil
}

// addLog cuts a log into days.
func (m *model) addLog(s Scenario) error {
	entries := s.Demand.Log
	if len(entries) == 0 {
		return nil
	}
	if len(entries) > maxLog {
		return wrong("%d deliveries in the log; give at most %d", len(entries), maxLog)
	}
	m.log = &logTable{}
	m.households = int32(max(1, s.Demand.Households))
	last := time.Duration(0)
	for i, e := range entries {
		if err := m.checkDelivery(e, last); err != nil {
			return wrong("delivery %d of the log: %w", i+1, err)
		}
		last = e.At
		for day := int(e.At / (dayMinutes * time.Minute)); len(m.log.firstOf) <= day; {
			m.log.firstOf = append(m.log.firstOf, int32(len(m.log.parcels)))
		}
		m.log.parcels = append(m.log.parcels, logParcel{
			minute: int32(e.At/time.Minute) % dayMinutes, carrier: int32(e.Carrier), class: int32(e.Class),
			household: int32(e.Household), dwell: wholeMinutes(e.Dwell), litres: e.Litres,
		})
	}
	// Whole weeks, so that the busiest week and the fan chart mean something.
	for len(m.log.firstOf)%7 != 0 {
		m.log.firstOf = append(m.log.firstOf, int32(len(m.log.parcels)))
	}
	m.weeks = len(m.log.firstOf) / 7
	m.log.firstOf = append(m.log.firstOf, int32(len(m.log.parcels)))
	return m.addBlocks(s.Demand)
}

// dropWarmUp finds the busiest week of what is left of a log without its first weeks.
func (m *model) dropWarmUp(weeks int) error {
	if !m.passes() {
		return nil
	}
	if weeks >= m.weeks {
		return wrong("a warm-up of %d weeks leaves nothing of a log of %d", weeks, m.weeks)
	}
	parcels := make([]float64, m.weeks)
	for w := weeks; w < m.weeks; w++ {
		parcels[w] = float64(m.log.firstOf[7*w+7] - m.log.firstOf[7*w])
	}
	m.peak = peakWeeks(parcels)
	return nil
}

// peakWeeks marks the weeks of the largest weight; the first when there are no weights or all are alike.
func peakWeeks(weights []float64) []bool {
	if len(weights) == 0 || slices.Min(weights) == slices.Max(weights) {
		peak := make([]bool, max(yearWeeks, len(weights)))
		peak[0] = true
		return peak
	}
	most := slices.Max(weights)
	peak := make([]bool, len(weights))
	for i, w := range weights {
		peak[i] = w == most
	}
	return peak
}

func (m *model) checkDelivery(e Delivery, last time.Duration) error {
	const longestLog = 20 * yearDays * 24 * time.Hour
	switch {
	case e.At < last || e.At > longestLog:
		return fmt.Errorf("it is at %v; give them in order, from 0 to %v", e.At, longestLog)
	case e.Carrier < 0 || e.Carrier >= len(m.carriers):
		return fmt.Errorf("carrier %d of %d", e.Carrier, len(m.carriers))
	case e.Class < 0 || e.Class >= len(m.classes):
		return fmt.Errorf("class %d of %d", e.Class, len(m.classes))
	case e.Household < 0 || e.Household >= int(m.households):
		return fmt.Errorf("household %d of %d", e.Household, m.households)
	case e.Dwell < 0 || e.Dwell > maxMeanDwell:
		return fmt.Errorf("a stay of %v; give between 0 (drawn) and a year", e.Dwell)
	case !atLeastZero(e.Litres):
		return fmt.Errorf("%v litres; give 0 (drawn) or more", e.Litres)
	}
	return nil
}

// wholeMinutes rounds up: who leaves within a minute still is there at its start.
func wholeMinutes(d time.Duration) int32 { return int32((d + time.Minute - 1) / time.Minute) }

func atLeastZero(x float64) bool { return x >= 0 && !math.IsInf(x, 1) }

func sum(of []float64) float64 {
	total := 0.0
	for _, x := range of {
		total += x
	}
	return total
}

// evenIfZero returns the weights, or 1 for each when all are 0.
func evenIfZero(weights []float64) []float64 {
	for _, w := range weights {
		if w != 0 {
			return weights
		}
	}
	even := make([]float64, len(weights))
	for i := range even {
		even[i] = 1
	}
	return even
}

// thresholds returns the cumulative shares in 32 bits; the last with a share is the largest number, so
// that each draw finds one.
func thresholds(shares []float64) ([]uint32, error) {
	total := 0.0
	for _, s := range shares {
		if !atLeastZero(s) {
			return nil, fmt.Errorf("one is %v; give 0 or more", s)
		}
		total += s
	}
	if total <= 0 || math.IsInf(total, 1) {
		return nil, fmt.Errorf("their sum is %v; give at least one above 0", total)
	}
	upTo := make([]uint32, len(shares))
	run := 0.0
	for i, s := range shares {
		run += s
		upTo[i] = uint32(math.Min(run/total*(1<<32), 1<<32-1))
	}
	last := len(shares) - 1
	for ; shares[last] == 0; last-- {
		upTo[last] = math.MaxUint32
	}
	upTo[last] = math.MaxUint32
	return upTo, nil
}
