package sim

// Estimate is a figure with its doubt. With N of 1 there is no doubt to be had: SE is 0 and the
// bounds equal the mean.
type Estimate struct {
	Mean float64
	// SE is the standard error.
	SE float64
	// Low and High bound the 95 % confidence interval (Student's t over building-years). A fraction that
	// is the same in every year, as when no case was seen, gets bounds by the rule of three.
	Low, High float64
	// N is the number of building-years behind it.
	N int
}

// Half returns the half-width of the interval.
func (e Estimate) Half() float64 { return max(e.High-e.Mean, e.Mean-e.Low) }

// Result is what a run says.
type Result struct {
	// Years is the number of building-years (or passes through the log) simulated after warm-up.
	Years int
	// Events is the number of deposits, refusals and removals, warm-up included.
	Events int64
	// Met says whether the precision that was asked for was reached within the limit of years.
	Met bool
	// Year covers all weeks; Peak the busiest week, or weeks when several weigh the same; Normal all
	// others. In a season that is flat the first week stands for the peak.
	Year, Normal, Peak Period
	// Fans has one entry per size of door; empty unless Options.Fans.
	Fans []Fan
}

// Period is what happened in some weeks of the year. Fractions lie between 0 and 1.
type Period struct {
	// Days is the number of days in it, per year.
	Days int
	// Offered is the number of parcels delivered, per year.
	Offered Estimate
	// Loss is the fraction of parcels that found no door.
	Loss Estimate
	// Upgraded is the fraction of parcels put in a larger door than needed.
	Upgraded Estimate
	// Consolidated is the fraction of parcels that joined one of their household.
	Consolidated Estimate
	// Expired is the fraction of parcels that staff took out when the hold ended.
	Expired Estimate
	// Returned is the fraction of parcels that no place took.
	Returned Estimate
	// DaysAccepted is the fraction of days on which every parcel found a door.
	DaysAccepted Estimate
	// Missed is the fraction of parcels that found neither a door nor a kept place, DaysKept that of the
	// days without any such parcel. Where no place is kept they are Loss and DaysAccepted.
	Missed, DaysKept Estimate
	// Classes is in the order of Scenario.Classes.
	Classes []ClassPeriod
	// Overflow is in the order of Scenario.Overflow: the fraction of parcels that went there for want of a
	// door, without those that expired.
	Overflow []Estimate
	// PeakParcels and PeakLitres are the most that lay outside of the doors at one moment, expired ones
	// included, per year.
	PeakParcels, PeakLitres Extreme
	// BeyondParcels and BeyondLitres are the same without what lies in kept places.
	BeyondParcels, BeyondLitres Extreme
}

// ClassPeriod is a class within a Period.
type ClassPeriod struct {
	// Offered is in parcels per year; Loss, Missed (see Period) and Upgraded are fractions of the class.
	Offered, Loss, Missed, Upgraded Estimate
}

// Extreme is the largest value of each year: its mean, the value that 95 % of the years stay at or
// below, and the largest of all.
type Extreme struct {
	Mean Estimate
	P95  float64
	Max  float64
}

// Fan is the occupancy of one size of door over the week, sampled at each full hour from Monday
// 00:00, in a normal week and in the busiest.
type Fan struct {
	Size         string
	Doors        int
	Normal, Peak []FanHour // 168 each
}

// FanHour is the distribution of the doors taken at one hour of the week.
type FanHour struct {
	Mean                    float64
	P05, P25, P50, P75, P95 int
	Max                     int
}

// Difference is an alternative beside the first bank, over the same parcels: minus means fewer.
type Difference struct {
	// Loss is the difference of the fraction lost, DaysAccepted of the fraction of days without a loss,
	// over the year; NormalLoss in the normal weeks; PeakLoss and PeakDaysAccepted over the busiest week.
	Loss, DaysAccepted         Estimate
	NormalLoss                 Estimate
	PeakLoss, PeakDaysAccepted Estimate
}
