package sizing

import (
	"context"

	"cubby/internal/locker"
	"cubby/internal/sizing/cost"
	"cubby/internal/sizing/shelving"
)

// Options of Solve. The zero value works.
type Options struct {
	Seed     uint64         // the same seed gives the same answer; zero is a seed too
	Workers  int            // goroutines that simulate; 0 means 2, at most 64
	Progress func(Progress) // called from the goroutine that called Solve; may be nil
	Quick    bool           // fewer simulated years: an answer in a second, with wider intervals
	// Brief leaves out what nobody looks at first: rules of thumb, sensitivity, and lockers with a room
	// where the plan names no room and does not need one. The rest is the same as without it.
	Brief  bool
	Budget int // simulated years per alternative at most; 0 means 60, or 16 when Quick
	// Log is replayed against the lockers of the answer: the deliveries that Problem.WithLog was given, in order of
	// arrival. Empty: nothing is replayed.
	Log []Delivery
}

// Progress is how far Solve is.
type Progress struct {
	Stage Stage
	Done  float64 // 0 to 1 over all stages
}

// Stage is a part of Solve. The zero value is invalid.
type Stage string

// The stages, in order.
const (
	StageScreen      Stage = "screen"
	StageSearch      Stage = "search"
	StageDecide      Stage = "decide"
	StageCompare     Stage = "compare"
	StageSensitivity Stage = "sensitivity"
)

// String returns the stage as programs write it.
func (s Stage) String() string { return string(s) }

// Solver is the type of Solve, for whoever takes it as a value.
type Solver func(ctx context.Context, p Problem, o Options) (Answer, error)

// Answer is what Solve found, and what it rests on.
type Answer struct {
	Problem     Problem       `json:"problem"` // as it was solved: units filled, the log's figures in place
	Seed        uint64        `json:"seed"`
	Quick       bool          `json:"quick,omitempty"`
	Demand      DemandResult  `json:"demand"`
	Bracket     Bracket       `json:"bracket"`
	Feasible    bool          `json:"feasible"`          // the recommended alternative fits and holds the target
	Recommended Alternative   `json:"recommended"`       // when not feasible: the best that fits
	Smaller     *Alternative  `json:"smaller,omitempty"` // one module, or one metre of shelves, less than recommended
	Larger      *Alternative  `json:"larger,omitempty"`  // one more; none when no wall takes it
	Others      []Alternative `json:"others"`            // the other kinds, on the same basis: lockers, room, hybrid, off-site
	Why         []Reason      `json:"why"`
	WouldGive   []Reason      `json:"would_give,omitempty"` // when not feasible: what would have to give
	Rules       []Rule        `json:"rules_of_thumb"`
	Sensitivity []Swing       `json:"sensitivity"` // widest first
	Unmoved     SwingBase     `json:"sensitivity_base"`
	Rests       []Basis       `json:"rests_on"`
	Warnings    []Reason      `json:"warnings,omitempty"`
	Replay      *Replay       `json:"replay,omitempty"`
	Work        Work          `json:"work"`
}

// All returns the recommended alternative and the others.
func (a Answer) All() []Alternative { return append([]Alternative{a.Recommended}, a.Others...) }

// Interval is an estimate with its 95 % confidence limits. An exact value has Low = Value = High.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Unit  string  `json:"unit"`
}

// DemandResult is the demand at the mid figures, with the design years' growth in it.
type DemandResult struct {
	ParcelsPerDay     float64    `json:"parcels_per_day"`      // mean of the normal week
	PeakParcelsPerDay float64    `json:"peak_parcels_per_day"` // mean of the peak week
	ParcelsPerYear    float64    `json:"parcels_per_year"`     // peak weeks included
	Growth            float64    `json:"growth"`               // factor that is in all of these
	MeanDwellHours    float64    `json:"mean_dwell_hours"`     // with the hold in it
	Sizes             []SizeLoad `json:"sizes"`
}

// SizeLoad is the offered load of one size class in parcels present, were there always a door.
type SizeLoad struct {
	Size          locker.Size `json:"size"`
	ParcelsPerDay float64     `json:"parcels_per_day"`
	Mean          float64     `json:"mean_load"`      // over the normal week
	Highest       float64     `json:"highest_load"`   // at the fullest hour of the normal week
	PeakHighest   float64     `json:"peak_week_load"` // at the fullest hour of the peak week
}

// Bracket is how many doors formulas ask for, were all of one size. Simulation lies between the
// second and the third.
type Bracket struct {
	MeanLoad int `json:"erlang_b_mean_load"` // 13-28 % too few by day deliveries
	Modified int `json:"modified_offered_load"`
	PeakLoad int `json:"erlang_b_peak_load"` // 7-12 % too many
}

// Kind is a way to keep parcels. The zero value is invalid.
type Kind string

// The kinds of alternative.
const (
	Lockers  Kind = "lockers"
	OpenRoom Kind = "room"
	Hybrid   Kind = "hybrid"
	OffSite  Kind = "off_site"
)

// Kinds lists the kinds.
func Kinds() []Kind { return []Kind{Lockers, OpenRoom, Hybrid, OffSite} }

// String returns the kind as programs write it.
func (k Kind) String() string { return string(k) }

// Alternative is one way to keep the parcels of the building.
type Alternative struct {
	Kind    Kind        `json:"kind"`
	Mix     []DoorCount `json:"mix,omitempty"` // every size class of the problem, smallest first
	Doors   int         `json:"doors"`
	Banks   []BankPlan  `json:"banks,omitempty"`
	WidthMM int         `json:"width_mm"` // of all banks together
	Room    *RoomPlan   `json:"room,omitempty"`
	FloorM2 float64     `json:"floor_m2"` // with the clear floor in front of doors
	Fits    bool        `json:"fits"`
	Meets   bool        `json:"meets"` // the target
	Misses  []Reason    `json:"misses,omitempty"`
	Normal  Service     `json:"normal"`
	Peak    Service     `json:"peak"`
	Year    YearService `json:"year"`
	Cost    cost.Result `json:"cost"`
	Carbon  Saving      `json:"carbon"`
}

// YearService is what the normal weeks and the peak weeks of a year make together.
type YearService struct {
	Loss     Interval `json:"loss"`      // of the year's parcels
	WholeDay Interval `json:"whole_day"` // chance that a day of the year loses no parcel
}

// DoorCount is a number of doors of one size.
type DoorCount struct {
	Size  locker.Size `json:"size"`
	Doors int         `json:"doors"`
}

// BankPlan is a bank where it stands. Its columns go from left to right.
type BankPlan struct {
	Name     string       `json:"name"`
	Wall     string       `json:"wall"` // empty when the problem names no walls
	WallNo   int          `json:"wall_no"`
	FromMM   int          `json:"from_mm"` // from the left end of the wall
	WidthMM  int          `json:"width_mm"`
	HeightMM int          `json:"height_mm"`
	DepthMM  int          `json:"depth_mm"`
	Columns  []ColumnPlan `json:"columns"`
}

// ColumnPlan is a column; its doors go from the top.
type ColumnPlan struct {
	Module  string     `json:"module"`
	WidthMM int        `json:"width_mm"`
	Doors   []DoorPlan `json:"doors"`
	// A screen takes height between the doors; ScreenMM is zero without one.
	ScreenMM       int `json:"screen_mm,omitempty"`
	ScreenBottomMM int `json:"screen_bottom_mm,omitempty"` // above the floor
	ScreenAbove    int `json:"screen_above,omitempty"`     // index of the door right below the screen
}

// DoorPlan is a door.
type DoorPlan struct {
	Size     locker.Size `json:"size"`
	BottomMM int         `json:"bottom_mm"` // above the floor
	HeightMM int         `json:"height_mm"`
	InReach  bool        `json:"in_reach"`
}

// RoomPlan is an open room with shelves.
type RoomPlan struct {
	ShelfMM  int     `json:"shelf_mm"` // length of all shelves
	Levels   int     `json:"shelf_levels"`
	Capacity float64 `json:"capacity_parcels"` // of the mean mix
	FloorM2  float64 `json:"floor_m2"`
	Held     bool    `json:"held"` // the rooms of the site hold the shelves
	// Rooms are the rooms of the site that get shelves; where they do not hold them, or the problem names none, one
	// that would, without a name.
	Rooms []RoomFloor `json:"rooms"`
}

// RoomFloor is a room with shelves from above.
type RoomFloor struct {
	Name   string `json:"name"`
	Levels int    `json:"shelf_levels"`
	shelving.Layout
}

// Service is what happens in a week: the four service levels, and where overflow goes.
type Service struct {
	Week          Week            `json:"week"`
	ParcelsPerDay float64         `json:"parcels_per_day"`
	Loss          Interval        `json:"loss"`                  // of all parcels
	Classes       []ClassService  `json:"classes"`               // service level 1: loss per size class
	WholeDay      Interval        `json:"whole_day"`             // 2: chance that a day loses no parcel
	Upgraded      Interval        `json:"upgraded"`              // 3: parcels in a larger door than needed
	PeakParcels   Interval        `json:"peak_overflow_parcels"` // 4: the most outside at one moment of a year, those beyond the hold included
	PeakLitres    Interval        `json:"peak_overflow_litres"`
	Overflow      []Destination   `json:"overflow"`
	Occupancy     []SizeOccupancy `json:"occupancy,omitempty"`
	Years         int             `json:"simulated_years"` // 0: by formula
}

// ClassService is the loss of one size class.
type ClassService struct {
	Size     locker.Size `json:"size"`
	Doors    int         `json:"doors"`
	Loss     Interval    `json:"loss"`
	Upgraded Interval    `json:"upgraded"`
}

// Destination is where lost parcels go.
type Destination struct {
	Where          Overflow `json:"where"`
	ParcelsPerWeek Interval `json:"parcels_per_week"`
}

// SizeOccupancy is the occupied doors of one size over a week from Monday 0:00: at each step a
// quantile of what the simulated weeks had.
type SizeOccupancy struct {
	Size      locker.Size `json:"size"`
	Doors     int         `json:"doors"`
	StepHours float64     `json:"step_hours"`
	Quantiles []Quantile  `json:"quantiles"`
}

// Quantile is a share of the weeks and the value at each step that they do not exceed.
type Quantile struct {
	Share  float64   `json:"share"`
	Values []float64 `json:"values"`
}

// Saving is CO2 that an alternative avoids against delivery to the door with its second attempts.
type Saving struct {
	KgPerYear  Figure `json:"kg_per_year"`
	KgPerUnit  Figure `json:"kg_per_parcel"`
	Scope      string `json:"scope"`
	BasisShare Figure `json:"attempts_avoided_percent"`
}

// Reason is a statement with its figures: a code that faces translate, and English.
type Reason struct {
	Code    string   `json:"code"`
	Figures []Figure `json:"figures,omitempty"` // in the order that the code's sentence uses them
	Words   []string `json:"words,omitempty"`   // names that the sentence uses
	Text    string   `json:"text"`
}

// Rule is a vendor's rule of thumb and what it would give.
type Rule struct {
	Code   string   `json:"code"`
	Text   string   `json:"text"`
	Source string   `json:"source"`
	Doors  int      `json:"doors"`
	Loss   Interval `json:"loss"`      // of all parcels in the normal week, in the recommended mix
	Peak   Interval `json:"peak_loss"` // in the peak week
}

// Swing is how far one figure moves the answer.
type Swing struct {
	Code      string  `json:"code"` // rate, dwell, peak, growth, pickup
	Figure    Figure  `json:"figure"`
	LowDoors  int     `json:"low_doors"`
	HighDoors int     `json:"high_doors"`
	LowCost   int64   `json:"low_cost"`  // net present value in minor units
	HighCost  int64   `json:"high_cost"` // in minor units
	Change    float64 `json:"change"`    // doors between low and high over the recommended doors
}

// SwingBase is what the sensitivity starts from: doors and cost of lockers by the same formulas, with
// every figure at mid. Its cost differs a little from that of the alternative, which is simulated.
type SwingBase struct {
	Doors int   `json:"doors"`
	Cost  int64 `json:"cost"` // net present value in minor units
}

// Basis is one value that the answer rests on.
type Basis struct {
	Key     string `json:"key"` // as in a plan file, e.g. demand.rate
	Value   string `json:"value"`
	Unit    string `json:"unit"`
	Source  string `json:"source"`
	Assumed bool   `json:"assumed,omitempty"`
}

// Work is how much Solve did.
type Work struct {
	Screened       int   `json:"mixes_screened"`
	Simulated      int   `json:"mixes_simulated"`
	SimulatedYears int   `json:"simulated_years"`
	Events         int64 `json:"events"`
}
