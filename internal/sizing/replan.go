package sizing

import (
	"context"
	"fmt"
	"time"

	"cubby/internal/locker"
	"cubby/internal/sizing/refit"
)

// Installed is a site as it stands, with what its record says of its parcels.
type Installed struct {
	Name   string
	Layout locker.Layout
	Policy locker.Policy
	Units  int // of the property; 0: those that the record names
	// Arrivals are all parcels of the record in order of arrival, times as the clock on the wall shows
	// them (in the site's zone).
	Arrivals []Arrival
	Until    time.Time // when the record was read
	// Stays is the share of parcels that lie longer than a time, learnt with those that still wait
	// (package forecast); from 1 down to 0.
	Stays func(time.Duration) float64
	// Catalogue is what a new column is priced by; empty: "generic".
	Catalogue string
}

// Where says what became of a parcel that arrived. The zero value is invalid.
type Where string

// Where parcels went.
const (
	InDoor  Where = "door"    // a compartment took it
	Outside Where = "outside" // a shelf or the desk took it
	Refused Where = "refused" // no door: the courier took it away again
)

// String returns the place as programs write it.
func (w Where) String() string { return string(w) }

// Arrival is one parcel that came to the site.
type Arrival struct {
	At      time.Time
	Ended   time.Time // zero: it still waits, or was refused
	Taken   bool      // its recipient took it; false with Ended: staff did
	Size    locker.Size
	Carrier string
	Unit    string
	Where   Where
	Shared  bool // put into a door that held a parcel of the household
}

// ReplanOptions tune Replan. The zero value works.
type ReplanOptions struct {
	Seed    uint64
	Workers int  // goroutines; 0 means 2
	Quick   bool // fewer simulated years: wider intervals
	// Progress is called with the share done, from the goroutine that called Replan; may be nil.
	Progress func(done float64)
}

// Advice says whether other doors or another hold would help an installed site.
type Advice struct {
	Name     string     `json:"name"`
	Seed     uint64     `json:"seed"`
	Record   Record     `json:"record"`
	Doors    int        `json:"doors"`
	Remedies []Remedy   `json:"remedies"` // the first is the site as it is
	Helps    bool       `json:"helps"`    // any remedy does
	Best     RemedyCode `json:"best"`     // the remedy that saves most; as_is when none helps
	Findings []Reason   `json:"findings"`
	Warnings []Reason   `json:"warnings,omitempty"`
	Rests    []Basis    `json:"rests_on"`
	Work     Work       `json:"work"`
	Currency string     `json:"currency"`
}

// Record is what the site's own record says.
type Record struct {
	From      string      `json:"from"` // first and last day that count, as 2026-03-02
	To        string      `json:"to"`
	Days      int         `json:"days"` // that count: whole, and outside of gaps
	Gaps      []Gap       `json:"gaps,omitempty"`
	Parcels   int         `json:"parcels"`
	InDoors   int         `json:"in_doors"`
	Outside   int         `json:"outside"` // on shelves and at the desk
	Refused   int         `json:"refused"`
	Waiting   int         `json:"waiting"`  // still there: their stay is longer than seen
	Removed   int         `json:"removed"`  // taken out by staff: likewise
	Weekly    Figure      `json:"weekly"`   // parcels per week, with its 95 % interval
	Observed  Interval    `json:"observed"` // % that found no door
	Sizes     []SizeShare `json:"sizes"`
	Median    float64     `json:"median_hours"` // of the time until a parcel is collected
	Hold      float64     `json:"hold_days"`    // by the site's policy
	HoldKept  bool        `json:"hold_kept"`    // parcels are taken out about then
	BeyondPct float64     `json:"beyond_hold_percent"`
}

// Gap is a stretch of days without any parcel that chance does not explain.
type Gap struct {
	From string `json:"from"`
	To   string `json:"to"`
	Days int    `json:"days"`
}

// SizeShare is how many parcels of a size came, and how many of them found no door.
type SizeShare struct {
	Size    locker.Size `json:"size"`
	Doors   int         `json:"doors"`
	Parcels int         `json:"parcels"`
	Lost    int         `json:"lost"`
}

// RemedyCode names a remedy. The zero value is invalid.
type RemedyCode string

// The remedies.
const (
	AsItIs      RemedyCode = "as_is"
	OtherMix    RemedyCode = "mix"          // other doors in the same columns
	ShorterHold RemedyCode = "shorter_hold" // parcels are taken out a day earlier
	LongerHold  RemedyCode = "longer_hold"  // a day later
	KeptHold    RemedyCode = "kept_hold"    // parcels are taken out when the policy says so
	ExtraColumn RemedyCode = "extra_column" // one column more
)

// RemedyCodes lists the remedies.
func RemedyCodes() []RemedyCode {
	return []RemedyCode{AsItIs, OtherMix, ShorterHold, LongerHold, KeptHold, ExtraColumn}
}

// String returns the remedy as programs write it.
func (c RemedyCode) String() string { return string(c) }

// Verdict says whether a remedy helps. The zero value is invalid.
type Verdict string

// The verdicts. What is the basis for others has none of them: VerdictBasis.
const (
	VerdictBasis   Verdict = "basis"
	VerdictHelps   Verdict = "helps"     // in normal weeks
	VerdictPeak    Verdict = "peak_only" // only in the peak week
	VerdictNothing Verdict = "nothing"   // not noticeably, or the doubt is larger than the gain
	VerdictHarms   Verdict = "harms"     // noticeably more parcels find no door
)

// Verdicts lists the verdicts.
func Verdicts() []Verdict {
	return []Verdict{VerdictBasis, VerdictHelps, VerdictPeak, VerdictNothing, VerdictHarms}
}

// String returns the verdict as programs write it.
func (v Verdict) String() string { return string(v) }

// Remedy is one way to run the site, beside the site as it is.
type Remedy struct {
	Code    RemedyCode     `json:"code"`
	Mix     []DoorCount    `json:"mix"`
	Hold    float64        `json:"hold_days"` // 0: parcels lie until they are collected
	Columns []ColumnChange `json:"columns,omitempty"`
	Normal  RemedyWeek     `json:"normal"`
	Peak    RemedyWeek     `json:"peak"`
	Verdict Verdict        `json:"verdict"`
	Price   *Figure        `json:"price,omitempty"`      // once
	Staff   *Figure        `json:"staff_year,omitempty"` // per year more than as it is; below 0: less
}

// ColumnChange is a kind of column that becomes another. Without From it is new.
type ColumnChange struct {
	Columns int         `json:"columns"`
	From    []DoorCount `json:"from,omitempty"`
	To      []DoorCount `json:"to"`
}

// RemedyWeek is one week under a remedy. Intervals hold the doubt of the simulation and that of the
// demand: they run from the lower limit at the lowest demand to the upper at the highest.
type RemedyWeek struct {
	Loss     Interval       `json:"loss"`      // % of the parcels
	Classes  []ClassService `json:"classes"`   // at the most likely demand
	Saved    Interval       `json:"saved"`     // parcels per week that find a door, and would not as it is
	TakenOut Interval       `json:"taken_out"` // parcels per week that staff take out when the hold ends
}

// Replan says from an installed site's own record whether other doors in the same columns, a day more or
// less of hold, or one more column would help, in the normal and in the peak week. All alternatives meet
// the same simulated parcels.
//
// A record that is too short or too thin is a *ThinRecord that says how much is missing; a site without
// compartments is refit.ErrNoDoors. It returns the
// context's error when that ends first. The same input and seed give the same advice.
func Replan(ctx context.Context, in Installed, o ReplanOptions) (Advice, error) {
	options, err := Options{Seed: o.Seed, Workers: o.Workers, Quick: o.Quick}.complete()
	if err != nil {
		return Advice{}, err
	}
	bank, err := refit.NewBank(in.Layout)
	if err != nil {
		return Advice{}, err
	}
	r, err := readRecord(in, bank)
	if err != nil {
		return Advice{}, err
	}
	a := &adviser{in: in, options: options, record: r, bank: bank, progress: o.Progress}
	a.advice = Advice{
		Name: in.Name, Seed: o.Seed, Record: r.Record, Doors: bank.Doors.Total(), Best: AsItIs, Currency: r.problem.Currency,
	}
	if err := a.advise(ctx); err != nil {
		return Advice{}, fmt.Errorf("plan site %s again: %w", in.Name, err)
	}
	return a.advice, nil
}
