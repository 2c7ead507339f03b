package client

// Advice says whether other doors, another hold or one more column would help a site.
type Advice struct {
	Helps    bool     `json:"helps"`            // something would help noticeably
	Best     string   `json:"best"`             // what saves most; "as_is": nothing helps
	From     string   `json:"from"`             // first day of the record that counts, as 2026-01-05
	To       string   `json:"to"`               // last day of the record that counts
	Days     int      `json:"days"`             // whole days that count; gaps are left out
	Parcels  int      `json:"parcels"`          // parcels that came on them
	NoDoor   int      `json:"no_door"`          // of these, those that found no door
	PerWeek  Range    `json:"parcels_per_week"` // demand, with its 95 % interval
	Remedies []Remedy `json:"remedies"`         // what was tried; the first is the site as it is
	Warnings []string `json:"warnings"`         // what makes the advice less certain, in English
}

// Range is a value with its limits, which hold the doubt of the simulation and that of the record.
type Range struct {
	Value float64 `json:"value"` // most likely
	Low   float64 `json:"low"`   // lower limit
	High  float64 `json:"high"`  // upper limit
}

// Remedy is one way to run a site.
type Remedy struct {
	Code      string         `json:"code"`                 // as_is, mix, shorter_hold, longer_hold, kept_hold, extra_column
	Verdict   string         `json:"verdict"`              // basis, helps, peak_only, nothing, harms
	HoldDays  float64        `json:"hold_days"`            // days after which parcels are taken out; 0: never
	Doors     []DoorCount    `json:"doors"`                // doors of each size
	Columns   []ColumnChange `json:"columns,omitempty"`    // columns that become others, or are new
	Loss      Range          `json:"no_door_percent"`      // parcels that find no door in a normal week, percent
	PeakLoss  Range          `json:"peak_no_door_percent"` // likewise in the peak week
	Saved     Range          `json:"saved_per_week"`       // parcels more that find a door in a normal week than as it is
	PeakSaved Range          `json:"peak_saved_per_week"`  // likewise in the peak week
	TakenOut  Range          `json:"taken_out_per_week"`   // parcels that staff take out in a normal week because the hold is over
	Price     *Cost          `json:"price,omitempty"`      // of the columns with installation, once; an assumption
}

// DoorCount is a number of doors of one size.
type DoorCount struct {
	Size  string `json:"size"`  // S, M, L or XL
	Doors int    `json:"doors"` // how many
}

// ColumnChange is a kind of column that becomes another.
type ColumnChange struct {
	Columns int         `json:"columns"`        // how many columns
	From    []DoorCount `json:"from,omitempty"` // doors of one of them today; none: the column is new
	To      []DoorCount `json:"to"`             // doors of one of them then
}

// Cost is an amount with its limits.
type Cost struct {
	Range
	Currency string `json:"currency"` // ISO 4217
	Source   string `json:"source"`   // where it comes from, in English
}
