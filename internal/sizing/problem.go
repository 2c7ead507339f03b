package sizing

import (
	"time"

	"cubby/internal/locker"
	"cubby/internal/sizing/cost"
	"cubby/internal/sizing/figure"
)

// Figure is a number with its range, unit and source.
type Figure = figure.Figure

// Limits on a problem: more than this is a mistake in the input, or too much to answer quickly.
const (
	MaxUnits      = 20_000
	MaxCarriers   = 20
	MaxWalls      = 12
	MaxRooms      = 12
	MaxObstacles  = 40 // per wall
	MaxModules    = 60
	MaxYears      = 40
	MaxDwellHours = 100_000 // observed dwells
	// MaxParcelsPerWeek is what the busiest week may bring: the largest buildings have a hundredth of it.
	MaxParcelsPerWeek = 200_000
)

// Problem is everything that an answer rests on. Keys of plan files are the json names. Each Figure
// carries its source; the tags give its unit and the range that Validate allows.
type Problem struct {
	Name         string      `json:"name"`
	Currency     string      `json:"currency"` // ISO 4217
	HorizonYears int         `json:"horizon_years" min:"1" max:"40"`
	Discount     Figure      `json:"discount_percent" unit:"% per year" min:"0" max:"50"`
	Demand       Demand      `json:"demand"`
	Dwell        Dwell       `json:"dwell"`
	Sizes        []SizeClass `json:"sizes"`
	Policy       Policy      `json:"policy"`
	Site         Site        `json:"site"`
	Hardware     Hardware    `json:"hardware"`
	Costs        cost.Rates  `json:"costs"`
	Carbon       Carbon      `json:"carbon"`
}

// Demand is what arrives.
type Demand struct {
	Units          int       `json:"units" min:"1" max:"20000"`
	Residents      Figure    `json:"residents_per_unit" unit:"people per unit" min:"0" max:"20"`
	Rate           Figure    `json:"rate" unit:"parcels per unit and week" min:"0" max:"50"`
	Carriers       []Carrier `json:"carriers"`
	Weekday        Profile   `json:"weekday_weights" unit:"relative to the mean day, Monday first" count:"7"`
	Season         Profile   `json:"month_weights" unit:"relative to the mean month, January first" count:"12"`
	PeakFactor     Figure    `json:"peak_factor" unit:"times the normal week" min:"1" max:"10"`
	PeakWeeks      Figure    `json:"peak_weeks" unit:"weeks per year" min:"0" max:"26"`
	Growth         Figure    `json:"growth_percent" unit:"% per year" min:"-50" max:"100"`
	DesignYears    Figure    `json:"design_years" unit:"years of growth to leave room for" min:"0" max:"20"`
	OverDispersion Figure    `json:"over_dispersion" unit:"variance over mean of a day's parcels" min:"1" max:"20"`
	Log            string    `json:"log"` // file of deliveries that replaces the figures it can; empty for none
}

// Carrier is a company that delivers, in visits: batches inside a window of the day.
type Carrier struct {
	Name     string  `json:"name"`
	Share    Figure  `json:"share_percent" unit:"% of the parcels" min:"0" max:"100"`
	Visits   Figure  `json:"visits_per_day" unit:"visits per working day" min:"0.05" max:"24"`
	FromHour float64 `json:"from_hour" min:"0" max:"24"`
	ToHour   float64 `json:"to_hour" min:"0" max:"24"`
}

// Profile is a list of weights with one origin.
type Profile struct {
	Values  []float64 `json:"values"`
	Unit    string    `json:"unit"`
	Source  string    `json:"source"`
	Assumed bool      `json:"assumed,omitempty"`
}

// DwellLaw says how long parcels stay. The zero value is invalid.
type DwellLaw string

// The laws of dwell.
const (
	DwellLognormal   DwellLaw = "lognormal"    // by median and sigma
	DwellEmpirical   DwellLaw = "empirical"    // observed hours, drawn again
	DwellNextCommute DwellLaw = "next_commute" // at one of the hours of the day, each with a chance
)

// DwellLaws lists the laws.
func DwellLaws() []DwellLaw { return []DwellLaw{DwellLognormal, DwellEmpirical, DwellNextCommute} }

// String returns the law as plan files write it.
func (l DwellLaw) String() string { return string(l) }

// Dwell is how long parcels stay, before anybody limits it.
type Dwell struct {
	Law    DwellLaw `json:"law" oneof:"lognormal,empirical,next_commute"`
	Median Figure   `json:"median_hours" unit:"h" min:"0.1" max:"2000"`
	Sigma  Figure   `json:"sigma" unit:"standard deviation of the logarithm" min:"0" max:"4"`
	Hours  Profile  `json:"hours" unit:"h, one per parcel"`                                       // empirical
	Pickup Profile  `json:"pickup_hours" unit:"hour of the day"`                                  // next_commute
	Chance Figure   `json:"pickup_chance_percent" unit:"% per hour of pick-up" min:"1" max:"100"` // next_commute
}

// SizeClass is what counts as S, M, L or XL: the largest parcel of it, the mean one, its share.
type SizeClass struct {
	Size     locker.Size `json:"size" oneof:"S,M,L,XL"`
	WidthMM  int         `json:"width_mm" min:"10" max:"3000"`
	HeightMM int         `json:"height_mm" min:"10" max:"3000"`
	DepthMM  int         `json:"depth_mm" min:"10" max:"3000"`
	Share    Figure      `json:"share_percent" unit:"% of the parcels" min:"0" max:"100"`
	Litres   Figure      `json:"mean_litres" unit:"litres per parcel" min:"0.1" max:"2000"`
	Shelf    Figure      `json:"mean_shelf_mm" unit:"mm of shelf per parcel" min:"10" max:"3000"`
}

// Measure says what a service level counts. The zero value is invalid.
type Measure string

// The measures: of parcels in the worst size class, of all parcels, of days with any parcel lost.
const (
	PerClass Measure = "per_class"
	Total    Measure = "total"
	Days     Measure = "days"
)

// Measures lists the measures.
func Measures() []Measure { return []Measure{PerClass, Total, Days} }

// String returns the measure as plan files write it.
func (m Measure) String() string { return string(m) }

// Week says which week a service level is held in. The zero value is invalid.
type Week string

// The weeks.
const (
	NormalWeek Week = "normal"
	PeakWeek   Week = "peak"
)

// String returns the week as plan files write it.
func (w Week) String() string { return string(w) }

// Overflow says where a parcel goes that finds no door. The zero value is invalid.
type Overflow string

// Where overflow goes.
const (
	ToDesk       Overflow = "desk"
	ToRoom       Overflow = "room"
	ToRedelivery Overflow = "redelivery"
)

// String returns the place as plan files write it.
func (o Overflow) String() string { return string(o) }

// Target is the service level that the recommended alternative must hold.
type Target struct {
	Loss    Figure  `json:"loss_percent" unit:"% lost at most" min:"0.01" max:"50"`
	Measure Measure `json:"measure" oneof:"per_class,total,days"`
	Week    Week    `json:"week" oneof:"normal,peak"`
}

// Quota keeps a carrier from taking more than its doors in one visit.
type Quota struct {
	Carrier string `json:"carrier"`
	Doors   int    `json:"doors_per_visit" min:"1" max:"10000"`
}

// Reserve keeps the last free doors of a size for parcels of that size.
type Reserve struct {
	Size  locker.Size `json:"size" oneof:"S,M,L,XL"`
	Doors int         `json:"doors" min:"1" max:"1000"`
}

// Policy is what the operator decides.
type Policy struct {
	Hold          Figure    `json:"hold_days" unit:"days until a parcel is taken out" min:"0.5" max:"60"`
	Consolidation Figure    `json:"consolidation_percent" unit:"% of the parcels that share a door of their household" min:"0" max:"90"`
	Upgrade       bool      `json:"upgrade"` // a parcel may take a larger door when its own size is full
	Reserved      []Reserve `json:"reserved"`
	Quotas        []Quota   `json:"quotas"`
	Overflow      Overflow  `json:"overflow" oneof:"desk,room,redelivery"`
	Target        Target    `json:"target"`
}

// Obstacle takes a stretch of a wall: a door, a window, a radiator.
type Obstacle struct {
	Name     string `json:"name"`
	FromMM   int    `json:"from_mm" min:"0" max:"200000"`
	ToMM     int    `json:"to_mm" min:"0" max:"200000"`
	BottomMM int    `json:"bottom_mm" min:"0" max:"10000"` // 0: stands on the floor; lower modules may stand under it
}

// Wall is a straight stretch that banks can stand against, measured from its left end.
type Wall struct {
	Name       string     `json:"name"`
	LengthMM   int        `json:"length_mm" min:"1" max:"200000"`
	Obstacles  []Obstacle `json:"obstacles"`
	FreeMM     int        `json:"free_mm" min:"0" max:"200000"` // clear floor from the wall; 0: no limit
	CornerLeft bool       `json:"corner_left"`                  // the wall before meets it at a right angle on its left
}

// Room is floor for an open package room with shelves.
type Room struct {
	Name    string `json:"name"`
	WidthMM int    `json:"width_mm" min:"500" max:"100000"`
	DepthMM int    `json:"depth_mm" min:"500" max:"100000"`
	Levels  int    `json:"shelf_levels" min:"1" max:"12"`
}

// Site is where it stands. Without walls any width is taken to fit, and the answer says how much it needs.
type Site struct {
	Walls     []Wall `json:"walls"`
	CeilingMM int    `json:"ceiling_mm" min:"0" max:"20000"` // 0: high enough
	FrontMM   int    `json:"front_mm" min:"300" max:"5000"`  // clear depth in front of the doors
	Rooms     []Room `json:"rooms"`
	Reach     Reach  `json:"reach"`
}

// Reach is the rule for seated or short people.
type Reach struct {
	LowMM    int    `json:"low_mm" min:"0" max:"3000"`
	HighMM   int    `json:"high_mm" min:"0" max:"3000"`
	Share    Figure `json:"share_percent" unit:"% of the doors in reach, and one of each size" min:"0" max:"100"`
	Required bool   `json:"required"`
}

// ModuleDoor is some doors of one size in a module, from the top.
type ModuleDoor struct {
	Size     locker.Size `json:"size" oneof:"S,M,L,XL"`
	HeightMM int         `json:"height_mm" min:"30" max:"3000"` // pitch on the wall, frame included
	Count    int         `json:"count" min:"1" max:"60"`
}

// Module is a cabinet that is bought in one piece: one or more columns of equal make.
type Module struct {
	Name     string       `json:"name"`
	WidthMM  int          `json:"width_mm" min:"100" max:"10000"`
	HeightMM int          `json:"height_mm" min:"300" max:"4000"`
	DepthMM  int          `json:"depth_mm" min:"100" max:"3000"`
	BaseMM   int          `json:"base_mm" min:"0" max:"2000"` // foot below the lowest door
	Columns  int          `json:"columns" min:"1" max:"20"`
	Doors    []ModuleDoor `json:"doors"`  // of one column, from the top
	Screen   bool         `json:"screen"` // holds the kiosk; every bank needs one
	Price    Figure       `json:"price" unit:"¤ per module" min:"0" max:"1e7"`
}

// Hardware is what can be bought: a catalogue by name, or modules of one's own.
type Hardware struct {
	Catalogue     string   `json:"catalogue"`
	Modules       []Module `json:"modules"`
	BoardChannels int      `json:"board_channels" min:"1" max:"200"` // outputs of one lock board
	Bus           string   `json:"bus"`                              // name of the bus in the layout
}

// Carbon is what one parcel emits.
type Carbon struct {
	Door    Figure `json:"to_door_kg" unit:"kg CO2 per parcel to the door" min:"0" max:"50"`
	Attempt Figure `json:"per_attempt_kg" unit:"kg CO2 per delivery attempt" min:"0" max:"50"`
	Scope   string `json:"scope"`
}

// Delivery is one row of a log of deliveries. What is not known is zero.
type Delivery struct {
	Line      int // in the file, from 1
	Arrived   time.Time
	Collected time.Time // zero: not yet, or not recorded
	Size      locker.Size
	Carrier   string
	Unit      string
}
