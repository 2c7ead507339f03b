package sizing

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"cubby/internal/locker"
	"cubby/internal/sizing/figure"
	"cubby/internal/sizing/refit"
)

// Least that a site's record must hold before anything is said of it.
const (
	leastDays    = minLogDays
	leastParcels = 50
)

// LeastRecord returns the days and parcels that a record must hold before there is advice.
func LeastRecord() ThinRecord { return ThinRecord{Days: leastDays, Parcels: leastParcels} }

// ThinRecord says how much a site's record lacks.
type ThinRecord struct {
	Days        int // whole days that count
	MissingDays int
	Parcels     int
	Missing     int  // parcels
	Weekdays    int  // weekdays that no day of the record shows
	Uncollected bool // no recipient has taken a parcel yet: nobody knows how long they stay
}

// Error says what is missing and what to do: wait.
func (e *ThinRecord) Error() string {
	switch {
	case e.Parcels == 0:
		return fmt.Sprintf("the record of the site has no parcels yet: at least %d whole days and %d parcels are needed", leastDays, leastParcels)
	case e.Uncollected:
		return "no parcel of the site's record has been collected yet: how long they stay is not known"
	case e.MissingDays > 0:
		return fmt.Sprintf("the record of the site holds %d whole days of deliveries, at least %d are needed: wait %d more",
			e.Days, leastDays, e.MissingDays)
	case e.Weekdays > 0:
		return fmt.Sprintf("the record of the site lacks %d of the seven weekdays in the days that count: wait a week more", e.Weekdays)
	}
	return fmt.Sprintf("the record of the site holds %d parcels, at least %d are needed: wait for %d more", e.Parcels, leastParcels, e.Missing)
}

// record is what was read from a site's record, and the problem that follows from it.
type record struct {
	Record
	problem  Problem
	shared   float64 // share of the parcels in doors that joined one of their household
	warnings []Reason
}

func readRecord(in Installed, b *refit.Bank) (*record, error) {
	if in.Stays == nil {
		return nil, errors.New("plan a site again: the law of its stays is missing")
	}
	all := slices.Clone(in.Arrivals)
	slices.SortStableFunc(all, func(a, b Arrival) int { return a.At.Compare(b.At) })
	if len(all) == 0 {
		return nil, &ThinRecord{MissingDays: leastDays, Missing: leastParcels}
	}
	times := make([]time.Time, len(all))
	for i, a := range all {
		times[i] = a.At
	}
	d := refit.NewDays(times, in.Until)
	counted := whole(d, all)
	if err := enough(d, all, counted); err != nil {
		return nil, err
	}
	r := &record{}
	r.count(counted, d, b)
	r.problem = r.newProblem(in, counted, d)
	r.hold(in, counted)
	return r, nil
}

// enough says whether a record is long and thick enough.
func enough(d *refit.Days, all, whole []Arrival) error {
	e := &ThinRecord{Days: d.Counted(), Parcels: len(all)}
	e.MissingDays = max(leastDays-e.Days, 0)
	e.Missing = max(leastParcels-len(whole), 0)
	_, n := d.Means()
	for _, days := range n {
		if days == 0 {
			e.Weekdays++
		}
	}
	if e.MissingDays > 0 || e.Missing > 0 || e.Weekdays > 0 {
		return e
	}
	return nil
}

// whole returns the arrivals of the days that count.
func whole(d *refit.Days, all []Arrival) []Arrival {
	var out []Arrival
	for _, a := range all {
		if d.Counts(a.At) {
			out = append(out, a)
		}
	}
	return out
}

func gaps(d *refit.Days) []Gap {
	var out []Gap
	for _, g := range d.Gaps() {
		out = append(out, Gap{From: d.Date(g[0]), To: d.Date(g[1]), Days: g[1] - g[0] + 1})
	}
	return out
}

// count tells what the record holds.
func (r *record) count(all []Arrival, d *refit.Days, b *refit.Bank) {
	r.From, r.To, r.Days, r.Gaps, r.Parcels = d.Date(0), d.Date(len(d.Parcels)-1), d.Counted(), gaps(d), len(all)
	for i, size := range locker.Sizes() {
		r.Sizes = append(r.Sizes, SizeShare{Size: size, Doors: b.Doors[i]})
	}
	joined := 0
	for _, a := range all {
		lost := a.Where != InDoor
		switch a.Where {
		case InDoor:
			r.InDoors++
		case Outside:
			r.Outside++
		case Refused:
			r.Refused++
		}
		if a.Shared {
			joined++
		}
		if a.Where != Refused && a.Ended.IsZero() {
			r.Waiting++
		}
		if !a.Ended.IsZero() && !a.Taken {
			r.Removed++
		}
		for i := range r.Sizes {
			if r.Sizes[i].Size == a.Size {
				r.Sizes[i].Parcels++
				if lost {
					r.Sizes[i].Lost++
				}
			}
		}
	}
	r.shared = float64(joined) / float64(max(r.InDoors, 1))
	r.Observed = wilson(r.Outside+r.Refused, r.Parcels)
}

// wilson is the 95 % interval of a share in percent. Source: Wilson (1927), JASA 22.
func wilson(x, n int) Interval {
	const z = 1.959963984540054
	if n == 0 {
		return Interval{Unit: ofParcels}
	}
	p, size := float64(x)/float64(n), float64(n)
	middle := (p + z*z/(2*size)) / (1 + z*z/size)
	half := z / (1 + z*z/size) * math.Sqrt(p*(1-p)/size+z*z/(4*size*size))
	return Interval{Value: 100 * p, Low: 100 * max(middle-half, 0), High: 100 * min(middle+half, 1), Unit: ofParcels}
}

// newProblem is the site as the planner sees it: what the record shows, and published figures for the
// rest.
func (r *record) newProblem(in Installed, all []Arrival, d *refit.Days) Problem {
	p := Defaults()
	p.Name = in.Name
	p.Demand.Units = max(in.Units, unitsOfRecord(all), 1)
	p.Demand.Growth = figure.Of(0, "the site as it is today")
	p.Demand.DesignYears = figure.Of(0, "the site as it is today")
	p.Policy.Upgrade = true
	p.Hardware.Catalogue = cmp.Or(in.Catalogue, p.Hardware.Catalogue)
	log := make([]Delivery, len(all))
	for i, a := range all {
		log[i] = Delivery{Arrived: a.At, Size: a.Size, Carrier: a.Carrier, Unit: a.Unit}
	}
	h := newHistory(log)
	h.source = fmt.Sprintf("the site's record: %d parcels on %d days from %s to %s", len(all), r.Days, r.From, r.To)
	h.carriers(&p)
	h.sizes(&p)
	r.rate(&p, d, h.source)
	p.Demand.Season = Profile{Values: slices.Repeat([]float64{1}, 12), Source: h.source + ": the weeks of the record are taken for normal ones"}
	if len(r.Gaps) == 0 && h.days >= minLogYear {
		h.year(&p)
	}
	for _, w := range h.warnings {
		r.warnings = append(r.warnings, Reason{Code: "record", Text: w})
	}
	r.stays(&p, in, h.source)
	return p.WithUnits()
}

func unitsOfRecord(all []Arrival) int {
	seen := map[string]bool{}
	for _, a := range all {
		if a.Unit != "" {
			seen[a.Unit] = true
		}
	}
	return len(seen)
}

// rate is the mean week of the days that count, by weekdays. Days of one weekday differ by more than
// chance; the interval follows from how much they do.
func (r *record) rate(p *Problem, d *refit.Days, source string) {
	mean, n := d.Means()
	squares, freedom, weekly := 0.0, 0.0, 0.0
	for i, c := range d.Parcels {
		w := d.Weekday(i)
		if !d.Out[i] && mean[w] > 0 {
			squares += (c - mean[w]) * (c - mean[w]) / mean[w]
		}
	}
	variance := 0.0
	for w := range mean {
		weekly += mean[w]
		freedom += float64(max(n[w]-1, 0))
	}
	ratio := max(squares/max(freedom, 1), 1)
	for w := range mean {
		variance += ratio * mean[w] / float64(n[w])
	}
	const tail = 0.975
	half := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: max(freedom, 1)}.Quantile(tail) * math.Sqrt(variance)
	low := max(weekly-half, weekly/10) // a simulation without parcels says nothing
	r.Weekly = figure.Range(round(low, 3), round(weekly, 3), round(weekly+half, 3), source).In("parcels per week")
	units := float64(p.Demand.Units)
	p.Demand.Rate = figure.Range(low/units, weekly/units, (weekly+half)/units, source)
	p.Demand.OverDispersion = figure.Of(round(min(ratio, 20), 2), source+", days of the same weekday")
	weights := make([]float64, 7)
	for w := range mean {
		weights[w] = round(mean[w]*7/weekly, 4)
	}
	p.Demand.Weekday = Profile{Values: weights, Source: source}
}

// Bounds of the sample that stands for the law of stays.
const (
	staySample  = 800
	longestStay = 60 * 24 * time.Hour // what lies longer is cleared away
)

// stays draws the law of stays at equal steps of its share.
func (r *record) stays(p *Problem, in Installed, source string) {
	hours := make([]float64, staySample)
	for i := range hours {
		share := 1 - (float64(i)+0.5)/staySample
		low, high := time.Duration(0), longestStay
		for high-low > time.Minute {
			mid := (low + high) / 2
			if in.Stays(mid) > share {
				low = mid
			} else {
				high = mid
			}
		}
		hours[i] = round(max(high.Hours(), 1.0/60), 3)
	}
	r.Median = hours[staySample/2]
	p.Dwell.Law = DwellEmpirical
	p.Dwell.Hours = Profile{Values: hours, Source: source + fmt.Sprintf("; %d that still wait and %d that staff took out count as longer than seen "+
		"(Kaplan and Meier)", r.Waiting, r.Removed)}
}

// A hold is kept when most parcels that reach it are gone within the grace.
const (
	holdGrace   = 24 * time.Hour
	mostBeyond  = 0.5
	leastReach  = 5 // parcels that reached the hold, before anything is said of it
	forEverDays = 60
)

// hold finds out whether the site keeps the hold of its policy.
func (r *record) hold(in Installed, all []Arrival) {
	r.Hold = float64(in.Policy.WithDefaults().HoldHours) / 24
	limit := hours(r.Hold * 24)
	reached, beyond := 0, 0
	for _, a := range all {
		if a.Where != InDoor {
			continue
		}
		end := a.Ended
		if end.IsZero() {
			end = in.Until
		}
		if stay := end.Sub(a.At); stay > limit {
			switch {
			case stay > limit+holdGrace:
				beyond++
				reached++
			case !a.Ended.IsZero():
				reached++
			}
		}
	}
	r.BeyondPct = round(100*float64(beyond)/float64(max(r.InDoors, 1)), 1)
	r.HoldKept = reached < leastReach || float64(beyond) < mostBeyond*float64(reached)
	days := r.Hold
	source := "the site's policy, which its record shows to be kept"
	if !r.HoldKept {
		days = forEverDays
		source = fmt.Sprintf("the site's record: of %d parcels that reached the hold of %s days, %d lay for more than a day longer",
			reached, number(r.Hold), beyond)
	}
	r.problem.Policy.Hold = figure.Of(min(max(days, 0.5), forEverDays), source).In("days until a parcel is taken out")
}
