package client

import (
	"time"
)

// Unit is an apartment, an office, a department or the property itself.
type Unit struct {
	ID        string `json:"id"`        // id
	Kind      string `json:"kind"`      // what it is
	Name      string `json:"name"`      // as people say it
	Number    string `json:"number"`    // digits for keypads
	Residents int    `json:"residents"` // active ones
}

// UnitDraft is a unit to create or to replace.
type UnitDraft struct {
	Kind   string `json:"kind,omitempty"`   // what it is
	Name   string `json:"name"`             // as people say it
	Number string `json:"number,omitempty"` // digits for keypads; empty: the digits of the name
}

// Resident is whoever a parcel can be for.
type Resident struct {
	ID            string    `json:"id"`                      // id
	Property      string    `json:"property"`                // id of the property
	Kind          string    `json:"kind"`                    // who it is
	Unit          string    `json:"unit"`                    // id of the unit
	UnitName      string    `json:"unit_name"`               // name of the unit
	Name          string    `json:"name"`                    // name
	Email         string    `json:"email,omitempty"`         // where messages go
	Phone         string    `json:"phone,omitempty"`         // E.164
	Language      string    `json:"language,omitempty"`      // BCP 47; missing: the site's first
	LowDoor       bool      `json:"low_door"`                // needs a door within reach, never a high one
	Inactive      bool      `json:"inactive"`                // nothing new is stored for them
	VacationUntil time.Time `json:"vacation_until,omitzero"` // parcels are held and reminders pause until then
	QuietFrom     int       `json:"quiet_from"`              // no messages from this minute of the day of the property; the same as quiet_to: none
	QuietTo       int       `json:"quiet_to"`                // until this minute of the day
	Source        string    `json:"source,omitempty"`        // system that they came from
	ExternalID    string    `json:"external_id,omitempty"`   // id in that system
	Waiting       int       `json:"waiting"`                 // parcels that wait for them
}

// ResidentDraft is a resident to create.
type ResidentDraft struct {
	Kind          string    `json:"kind,omitempty"`          // who it is
	Unit          string    `json:"unit"`                    // id of the unit
	Name          string    `json:"name"`                    // name
	Email         string    `json:"email,omitempty"`         // where messages go
	Phone         string    `json:"phone,omitempty"`         // E.164
	Language      string    `json:"language,omitempty"`      // BCP 47
	LowDoor       bool      `json:"low_door,omitempty"`      // needs a door within reach
	VacationUntil time.Time `json:"vacation_until,omitzero"` // hold parcels until then
	QuietFrom     int       `json:"quiet_from,omitempty"`    // minute of the day
	QuietTo       int       `json:"quiet_to,omitempty"`      // minute of the day
	Source        string    `json:"source,omitempty"`        // system that they come from
	ExternalID    string    `json:"external_id,omitempty"`   // id in that system
}

// ImportPlan is what importing a list would change.
type ImportPlan struct {
	ID        string          `json:"id,omitempty"`        // for applying it; missing: it cannot be applied as it is, or there is nothing to do
	Rows      int             `json:"rows"`                // of the list, without the header
	Add       int             `json:"add"`                 // residents that are new
	Change    int             `json:"change"`              // residents that change
	Unchanged int             `json:"unchanged"`           // residents that stay as they are
	Gone      int             `json:"gone"`                // known of the source, not in the list
	Faulty    int             `json:"faulty"`              // rows with problems
	UnitsAdd  int             `json:"units_add"`           // units that are new
	UnitsEdit int             `json:"units_change"`        // units whose number changes
	Problems  []ImportProblem `json:"problems"`            // the first 200
	Mapping   []string        `json:"mapping"`             // what each column was taken for
	ExpiresAt time.Time       `json:"expires_at,omitzero"` // when it can no longer be applied
}

// ImportProblem is one thing that is wrong with a row.
type ImportProblem struct {
	Line   int    `json:"line"`                 // of the list, counted from 1
	Column string `json:"column,omitempty"`     // header of the column
	Code   string `json:"code"`                 // what is wrong
	Other  int    `json:"other_line,omitempty"` // line that this one repeats
}

// ImportResult is what an import changed.
type ImportResult struct {
	Added        int `json:"added"`         // residents
	Changed      int `json:"changed"`       // residents
	Deactivated  int `json:"deactivated"`   // residents
	UnitsAdded   int `json:"units_added"`   // units
	UnitsChanged int `json:"units_changed"` // units
}

// Carrier is a company that delivers.
type Carrier struct {
	ID   string `json:"id"`   // id
	Name string `json:"name"` // name
}

// Courier is a courier's access to a site.
type Courier struct {
	ID          string    `json:"id"`             // id
	Carrier     string    `json:"carrier"`        // id of the carrier
	CarrierName string    `json:"carrier_name"`   // name of the carrier
	Name        string    `json:"name,omitempty"` // of the courier; with the scope pii
	From        time.Time `json:"from,omitzero"`  // missing: since ever
	Until       time.Time `json:"until,omitzero"` // missing: no end
	Revoked     bool      `json:"revoked"`        // the code does not work
}

// PickupCode is a code in its three forms. Show it to its holder only.
type PickupCode struct {
	Symbols string `json:"symbols"`        // for touch screens
	Token   string `json:"token"`          // text of the QR code
	Unit    string `json:"unit,omitempty"` // what to type before the digits on a keypad
	Digits  string `json:"digits"`         // for keypads
}
