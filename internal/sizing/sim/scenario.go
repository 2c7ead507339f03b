package sim

import (
	"errors"
	"time"
)

// ErrScenario is what every error about the input wraps: figures that are missing, negative,
// contradictory or beyond the limits.
var ErrScenario = errors.New("the scenario cannot be simulated")

// Limits keep a typing mistake from filling the memory.
const (
	maxSizes      = 8
	maxClasses    = 16
	maxCarriers   = 64
	maxVisits     = 16
	maxDoors      = 5_000 // of one size
	maxHouseholds = 1_000_000
	maxPerWeek    = 200_000   // parcels
	maxPresent    = 1_000_000 // parcels in the building at once, in the mean
	maxLog        = 4_000_000 // deliveries; arrivals.pack has 22 bits for their number
	maxPlaces     = 4
	maxShelfMM    = 10_000        // of one parcel
	maxShelvesMM  = 1_000_000_000 // of one place: 1,000 km, within 32 bits
)

// A year of the simulation.
const (
	weekMinutes = 7 * dayMinutes
	dayMinutes  = 24 * 60
	yearWeeks   = 52
	yearDays    = yearWeeks * 7
)

// Scenario is one building with one bank.
type Scenario struct {
	Demand  Demand
	Classes []Class
	// Sizes are the sizes of door, smallest first.
	Sizes  []Size
	Policy Policy
	// Overflow are the places that take what finds no door, in the order in which they are tried. When
	// all are full the courier takes the parcel back. None means one desk without limit. Those that are
	// Kept come first.
	Overflow []Place
}

// Demand is what is delivered: a law (PerWeek and what follows) or a log.
type Demand struct {
	// Households is the number of units; it matters for consolidation only. 0 means 1 per 2.5 parcels a week.
	Households int
	// PerWeek is the mean number of parcels of the whole building in a week of weight 1.
	PerWeek float64
	// Weekday weighs the days from Monday to Sunday; it is scaled to a mean of 1. All zero means all alike.
	Weekday [7]float64
	// Season multiplies the weeks of the year; it is not scaled. Empty means 1 in each of the 52 weeks.
	Season []float64
	// Growth multiplies everything, 1.05 for 5 % more than PerWeek. 0 means 1.
	Growth float64
	// VarianceRatio is the variance of a carrier's count of a day over its mean: 1 (or 0) is Poisson,
	// more is negative binomial.
	VarianceRatio float64
	Carriers      []Carrier
	// Log replaces the law above by deliveries that happened, in order of At. PerWeek must then be 0;
	// of Carriers only the quotas count.
	Log []Delivery
	// Block makes years of 52 weeks of a log: each stretch of so many days (1 to 7, counted from Monday) is that of a
	// week drawn from the log, only days between its first and its last delivery; Season and Growth then repeat or
	// leave out parcels. 0 passes through the log as it is.
	Block int
}

// Carrier is who delivers.
type Carrier struct {
	Name string
	// Share is the carrier's part of PerWeek; shares are scaled to a sum of 1.
	Share float64
	// Visits are the daily windows in which this carrier comes; at least one.
	Visits []Visit
	// Spread means that each parcel comes alone at its own moment of the window, as a Poisson stream.
	// Otherwise all parcels of a visit come together.
	Spread bool
	// Quota limits what the carrier may fill.
	Quota Quota
}

// Visit is a daily window, as time after midnight; the visit happens at a moment drawn uniformly from it.
type Visit struct {
	From, To time.Duration
	// Share is the part of the carrier's parcels that come with this visit; scaled to a sum of 1 per
	// carrier. All zero means all alike.
	Share float64
}

// Quota limits one carrier. The zero value does not.
type Quota struct {
	// PerVisit is the number of doors that one visit (one moment) may take; 0 means any.
	PerVisit int
	// LeaveFree is the number of free doors of any size that this carrier must leave to others.
	LeaveFree int
}

// Delivery is one parcel of a log.
type Delivery struct {
	// At is the time after Monday 00:00 of the log's first week, at least 0; it counts in whole minutes.
	At time.Duration
	// Carrier and Class are indexes into Demand.Carriers (0 when that is empty) and Scenario.Classes.
	Carrier, Class int
	// Household is below Demand.Households.
	Household int
	// Dwell is how long it stayed; 0 draws from the law of its class.
	Dwell time.Duration
	// Litres is its volume; 0 draws from its class.
	Litres float64
}

// Class is a kind of parcel by size.
type Class struct {
	Name string
	// Share is the part of all parcels; shares are scaled to a sum of 1.
	Share float64
	// Size is the index of the smallest size of door that takes it.
	Size int
	// LitresLow and LitresHigh bound the volume, which is uniform between them. They matter for
	// consolidation and for the litres of the overflow.
	LitresLow, LitresHigh float64
	// ShelfMM is the length of shelf that one takes; it matters for places with shelves only.
	ShelfMM float64
	Dwell   Dwell
}

// Size is a size of door.
type Size struct {
	Name string
	// Doors is how many there are; it may be 0.
	Doors int
	// Litres is what one holds; it matters for consolidation only.
	Litres float64
	// Reserve is how many of its last free doors are kept from smaller parcels.
	Reserve int
}

// Policy is how the bank is run. The zero value puts each parcel in the smallest free door that fits
// until it is collected, at any hour.
type Policy struct {
	// NoUpgrade keeps parcels out of doors that are larger than the smallest that fits.
	NoUpgrade bool
	// Consolidation is the probability that a parcel joins one of its household that is in a door
	// already, when size and litres allow. The household then collects all at the time of the first.
	Consolidation float64
	// Hold is how long a parcel may stay in a door or a kept place before staff move it to the first place
	// of the overflow that is not kept. 0 means for ever.
	Hold time.Duration
	// PickUp are the hours of the week in which residents can collect; who would come outside of
	// them comes at the next opening. Empty means always.
	PickUp []Hours
}

// Hours is a stretch of the week, as time after Monday 00:00; To is at most 168 h and excluded.
type Hours struct{ From, To time.Duration }

// Place takes parcels that find no door.
type Place struct {
	Name string
	// Litres is its capacity; 0 means no limit.
	Litres float64
	// ShelfMM is the length of its shelves; 0 means that shelves do not limit it.
	ShelfMM float64
	// Kept means that people collect there themselves, as from a door: a room with shelves. What it takes
	// is not missed.
	Kept bool
}

// Rates returns the mean number of parcels that arrive in each hour of the week, from Monday 00:00, in the
// given week of the year (0 to 51): what a modified offered load needs. It wraps ErrScenario for a demand
// that does not make sense, for a log, and for a week that does not exist.
func (d Demand) Rates(weekOfYear int) ([]float64, error) {
	if weekOfYear < 0 || weekOfYear >= yearWeeks {
		return nil, wrong("week %d of the year; give 0 to %d", weekOfYear, yearWeeks-1)
	}
	if err := checkDemand(d); err != nil {
		return nil, err
	}
	if len(d.Log) > 0 {
		return nil, wrong("a log of deliveries has no rates")
	}
	rates := make([]float64, weekHours)
	total := 0.0
	for _, c := range d.Carriers {
		total += c.Share
	}
	for _, c := range d.Carriers {
		hours, err := c.hours()
		if err != nil {
			return nil, err
		}
		for hour := range rates {
			rates[hour] += d.dayMean(weekOfYear*7+hour/24) * c.Share / total * hours[hour%24]
		}
	}
	return rates, nil
}

// dayMean returns the mean number of parcels on a day of the year.
func (d Demand) dayMean(day int) float64 {
	weekday := evenIfZero(d.Weekday[:])
	mean := d.PerWeek * weekday[day%7] / sum(weekday)
	if len(d.Season) > 0 {
		mean *= d.Season[day/7]
	}
	if d.Growth > 0 {
		mean *= d.Growth
	}
	return mean
}

// hours returns the part of the carrier's day that comes in each hour.
func (c Carrier) hours() ([24]float64, error) {
	var hours [24]float64
	var ready carrier
	if err := ready.addVisits(c); err != nil {
		return hours, err
	}
	shares := make([]float64, len(c.Visits))
	for i, v := range c.Visits {
		shares[i] = v.Share
	}
	shares = evenIfZero(shares)
	for i, v := range ready.visits {
		for m := v.from; m < v.from+v.span; m++ {
			hours[min(m/60, 23)] += shares[i] / sum(shares) / float64(v.span)
		}
	}
	return hours, nil
}

// PeakSeason returns the 52 weights of a year whose weeks are 1 except for the weeks of a peak that
// weigh factor; first is the index of the first of them, 47 for the last week of November.
// It returns nil when the weeks do not lie in a year.
func PeakSeason(factor float64, first, weeks int) []float64 {
	if first < 0 || weeks < 0 || first+weeks > yearWeeks {
		return nil
	}
	season := make([]float64, yearWeeks)
	for w := range season {
		season[w] = 1
		if w >= first && w < first+weeks {
			season[w] = factor
		}
	}
	return season
}
