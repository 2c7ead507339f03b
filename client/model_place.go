package client

import (
	"time"
)

// Place is a place as the live wall shows it.
type Place struct {
	ID       string    `json:"id"`               // id
	Kind     string    `json:"kind"`             // what it is
	Name     string    `json:"name"`             // as painted on it
	Bank     string    `json:"bank,omitempty"`   // id of the bank of a compartment
	Room     string    `json:"room,omitempty"`   // id of the room of a shelf
	Column   int       `json:"column,omitempty"` // of a compartment, counted from 1
	Row      int       `json:"row,omitempty"`    // of a compartment, counted from 1 at the top
	Size     string    `json:"size,omitempty"`   // of a compartment
	Units    int       `json:"units,omitempty"`  // height of a compartment, 1 to 12
	Low      bool      `json:"low"`              // within reach of a seated person
	Features Features  `json:"features"`         // what it offers beyond its size
	Status   string    `json:"status"`           // what a person must know first
	Unit     string    `json:"unit,omitempty"`   // name of the unit whose parcels are in it, or that it is reserved for
	Days     int       `json:"days"`             // whole days since the oldest parcel was stored
	Parcels  int       `json:"parcels"`          // how many are in it
	Overdue  int       `json:"overdue"`          // of them, past their "collect by"
	Held     int       `json:"held"`             // of them, for staff only
	Faults   []string  `json:"faults"`           // what is broken
	Doubt    string    `json:"doubt,omitempty"`  // why nobody can vouch for what is in it
	Since    time.Time `json:"since,omitzero"`   // when the door last changed
}

// Wall is a site as its live wall shows it.
type Wall struct {
	Site  Site       `json:"site"`           // the site
	Banks []WallBank `json:"banks"`          // its banks
	Rooms []WallRoom `json:"rooms"`          // its package rooms
	Desk  *Place     `json:"desk,omitempty"` // its desk
	Tiles Tiles      `json:"tiles"`          // counts
}

// WallBank is a bank with its compartments.
type WallBank struct {
	ID      string       `json:"id"`      // id
	Name    string       `json:"name"`    // name
	Closed  bool         `json:"closed"`  // closed for service: nothing new is stored
	Columns []WallColumn `json:"columns"` // from the left
}

// WallColumn is a column of a bank.
type WallColumn struct {
	Name         string  `json:"name"`         // name
	Compartments []Place `json:"compartments"` // from the top
}

// WallRoom is a package room with its shelves.
type WallRoom struct {
	ID      string  `json:"id"`      // id
	Name    string  `json:"name"`    // name
	Shelves []Place `json:"shelves"` // its shelves
}

// Tiles are counts.
type Tiles struct {
	Free           int            `json:"free"`            // compartments
	Reserved       int            `json:"reserved"`        // compartments
	Occupied       int            `json:"occupied"`        // compartments
	Overdue        int            `json:"overdue"`         // compartments
	Open           int            `json:"open"`            // compartments
	Fault          int            `json:"fault"`           // compartments
	Blocked        int            `json:"blocked"`         // compartments
	FreeBySize     map[string]int `json:"free_by_size"`    // free compartments of each size
	Waiting        int            `json:"waiting"`         // parcels that wait, on shelves and at the desk too
	StoredToday    int            `json:"stored_today"`    // since midnight of the site
	CollectedToday int            `json:"collected_today"` // since midnight of the site
	OpenIncidents  int            `json:"open_incidents"`  // how many
}

// Bank is a bank with counts.
type Bank struct {
	ID           string         `json:"id"`           // id
	Name         string         `json:"name"`         // name
	Closed       bool           `json:"closed"`       // closed for service: nothing new is stored
	Columns      int            `json:"columns"`      // how many
	Compartments int            `json:"compartments"` // how many
	Statuses     map[string]int `json:"statuses"`     // compartments in each state
}

// PlaceDetail is a place with everything that staff need to know of it.
type PlaceDetail struct {
	Place
	Around      string          `json:"around,omitempty"`      // name of its bank or room
	Door        string          `json:"door,omitempty"`        // what is known of the door; missing: nothing
	Occupancy   string          `json:"occupancy,omitempty"`   // what a sensor says; missing: nothing
	Out         bool            `json:"out_of_service"`        // out of service
	Reservation *Reservation    `json:"reservation,omitempty"` // whom it is kept free for
	Stays       []Parcel        `json:"stays"`                 // parcels in it, oldest first
	Timeline    []TimelineEntry `json:"timeline"`              // the last 100 entries, newest first
	Intents     []Intent        `json:"intents"`               // the latest, newest first
	Actions     []string        `json:"actions"`               // what may be asked of it now
}

// Reservation keeps a compartment free.
type Reservation struct {
	ID      string    `json:"id"`                // id
	Unit    string    `json:"unit,omitempty"`    // for whom: a unit
	Courier string    `json:"courier,omitempty"` // for whom: a courier
	Until   time.Time `json:"until,omitzero"`    // when it ends
}

// ReservationDraft is a compartment to keep free.
type ReservationDraft struct {
	Place   string    `json:"place,omitempty"`   // missing: one of the size
	Size    string    `json:"size,omitempty"`    // of the parcel to come
	Unit    string    `json:"unit,omitempty"`    // for whom: a unit
	Courier string    `json:"courier,omitempty"` // for whom: a courier
	Until   time.Time `json:"until"`             // when it ends
}

// Intent is something that was asked of a site, and its answer.
type Intent struct {
	ID         string    `json:"id"`                   // id
	Site       string    `json:"site"`                 // id of the site
	Kind       string    `json:"kind"`                 // what was asked
	Place      string    `json:"place,omitempty"`      // id of the place
	Stay       string    `json:"stay,omitempty"`       // id of the stay
	User       string    `json:"user,omitempty"`       // id of who asked; missing: a resident
	UserName   string    `json:"user_name,omitempty"`  // with the scope pii
	Reason     string    `json:"reason,omitempty"`     // why; with the scope pii
	State      string    `json:"state"`                // how far it is. Expired: nothing will happen
	Code       string    `json:"code,omitempty"`       // why the site refused
	CreatedAt  time.Time `json:"created_at"`           // when it was asked
	ExpiresAt  time.Time `json:"expires_at"`           // when it has no effect any more
	AnsweredAt time.Time `json:"answered_at,omitzero"` // when the site answered
}
