package client

import (
	"time"
)

// Parcel is a parcel with its latest stay.
type Parcel struct {
	ID           string    `json:"id"`                      // id
	Site         string    `json:"site"`                    // id of the site
	Stay         string    `json:"stay"`                    // id of the stay
	State        string    `json:"state"`                   // where the stay is in its life
	Overdue      bool      `json:"overdue"`                 // past its "collect by"
	Revoked      bool      `json:"revoked"`                 // only staff may open it
	Place        string    `json:"place"`                   // id of the place
	PlaceName    string    `json:"place_name"`              // as painted on it
	PlaceKind    string    `json:"place_kind,omitempty"`    // what the place is; missing: it is no longer in the layout
	Resident     string    `json:"resident,omitempty"`      // id of whom it is for; missing: unknown
	ResidentName string    `json:"resident_name,omitempty"` // with the scope pii
	Unit         string    `json:"unit,omitempty"`          // id of the unit
	UnitName     string    `json:"unit_name,omitempty"`     // name of the unit
	Carrier      string    `json:"carrier,omitempty"`       // id of the carrier
	CarrierName  string    `json:"carrier_name,omitempty"`  // name of the carrier
	Tracking     string    `json:"tracking,omitempty"`      // tracking number; with the scope pii
	Size         string    `json:"size,omitempty"`          // of the parcel
	BegunAt      time.Time `json:"begun_at,omitzero"`       // when the stay began
	StoredAt     time.Time `json:"stored_at,omitzero"`      // when it was stored
	CollectBy    time.Time `json:"collect_by,omitzero"`     // until when
	EndedAt      time.Time `json:"ended_at,omitzero"`       // when the stay ended
	Evidence     string    `json:"evidence,omitempty"`      // what the last step rests on
	EndReason    string    `json:"end_reason,omitempty"`    // why it ended
	Problem      string    `json:"problem,omitempty"`       // last one that was reported
	Days         int       `json:"days"`                    // whole days since it was stored
}

// ParcelDetail is a parcel with its custody record.
type ParcelDetail struct {
	Parcel
	Stays    []Parcel        `json:"stays"`    // all of them, oldest first
	Timeline []TimelineEntry `json:"timeline"` // oldest first
	Notices  []Notice        `json:"notices"`  // messages about it
	Actions  []string        `json:"actions"`  // what may be asked of it now
}

// TimelineEntry is one fact of custody or of the life of a place.
type TimelineEntry struct {
	At       time.Time `json:"at"`                 // by the site's clock
	Kind     string    `json:"kind"`               // which fact
	Place    string    `json:"place,omitempty"`    // id of the place
	Stay     string    `json:"stay,omitempty"`     // id of the stay
	Actor    Actor     `json:"actor"`              // who
	Evidence string    `json:"evidence,omitempty"` // what it rests on
	Purpose  string    `json:"purpose,omitempty"`  // what an opening was for
	Reason   string    `json:"reason,omitempty"`   // a code or word of the fact
	Note     string    `json:"note,omitempty"`     // what a person typed; with the scope pii
	Epoch    uint64    `json:"epoch"`              // where it stands in the record
	Number   uint64    `json:"number"`             // where it stands in the record
	Index    int       `json:"index"`              // within its operation
}

// Actor is who acted.
type Actor struct {
	Kind string `json:"kind,omitempty"` // in what role
	ID   string `json:"id,omitempty"`   // id of the courier, the resident, the pass or the person of the staff
	Name string `json:"name,omitempty"` // with the scope pii
}

// Notice is one message to a resident.
type Notice struct {
	ID       string    `json:"id"`                 // id
	Channel  string    `json:"channel"`            // how it went
	Kind     string    `json:"kind"`               // which one
	State    string    `json:"state"`              // how far it is
	Attempts int       `json:"attempts"`           // how often it was tried
	Created  time.Time `json:"created_at"`         // when it was made
	Sent     time.Time `json:"sent_at,omitzero"`   // when it left
	Failed   time.Time `json:"failed_at,omitzero"` // when it last failed
}

// DeliveryDraft is a parcel that staff put on a shelf, at the desk or behind a door.
type DeliveryDraft struct {
	Place    string `json:"place,omitempty"`    // a shelf or the desk; with Door a door, empty: the site chooses
	Resident string `json:"resident,omitempty"` // id of whom it is for; missing: unknown, kept for staff
	Carrier  string `json:"carrier,omitempty"`  // id of the carrier
	Tracking string `json:"tracking,omitempty"` // as scanned
	Size     string `json:"size,omitempty"`     // of the parcel
	Door     bool   `json:"door,omitempty"`     // into a free door, which opens
	Bank     string `json:"bank,omitempty"`     // of the door; empty: any
	Undo     bool   `json:"undo,omitempty"`     // it can be taken back for a while; nobody is told before
	Note     string `json:"note,omitempty"`     // for staff
}

// HandOverDraft says what was handed to whom.
type HandOverDraft struct {
	Stays     []string `json:"stays"`               // ids of the stays
	To        string   `json:"to"`                  // who took them
	Taker     string   `json:"taker,omitempty"`     // "recipient" (when empty), "household", "delegate" or "other"
	Signature string   `json:"signature,omitempty"` // strokes of a pen, "W H;x,y x,y;x,y" in pixels, or "=" and a typed name
}

// ReturnRound is what a courier takes back to senders.
type ReturnRound struct {
	Carrier string   `json:"carrier,omitempty"` // id of the carrier; empty: all
	Courier string   `json:"courier"`           // who took them
	Labels  []string `json:"labels"`            // tracking numbers as scanned
}

// ReturnsTaken is what came of a round.
type ReturnsTaken struct {
	Intent  string   `json:"intent,omitempty"` // id of the intent; empty: nothing fit
	Taken   []Parcel `json:"taken"`            // booked as returned
	Missing []Parcel `json:"missing"`          // on the list, and not scanned
	Doors   []Parcel `json:"doors"`            // scanned, and behind a door: it is cleared at the kiosk
	Unknown []string `json:"unknown"`          // scanned, and not on the list
}

// PrintDraft is something to print.
type PrintDraft struct {
	Kind     string   `json:"kind"`               // "slip", "parcel" or "place"
	Stays    []string `json:"stays,omitempty"`    // of slips and parcel labels
	Places   []string `json:"places,omitempty"`   // of place labels
	Language string   `json:"language,omitempty"` // BCP 47; empty: the site's first
}

// DeskSettings are the settings of a site's front desk.
type DeskSettings struct {
	Signature  string `json:"signature,omitempty"`         // of whoever takes a parcel: empty (never), "others" or "always"
	Printer    string `json:"printer,omitempty"`           // host and port of a label printer that reads ZPL
	WidthMM    int    `json:"label_width_mm,omitempty"`    // 50 to 220; 0: 102
	HeightMM   int    `json:"label_height_mm,omitempty"`   // 40 to 310; 0: 76
	DotsPerMM  int    `json:"label_dots_per_mm,omitempty"` // 8, 12 or 24; 0: 8
	ReturnDays int    `json:"return_days,omitempty"`       // after its collect-by a parcel goes back; 0: never by itself
}

// Refusal is a parcel that was not taken.
type Refusal struct {
	At       time.Time `json:"at"`                 // by the site's clock
	Actor    Actor     `json:"actor"`              // who brought it
	Carrier  string    `json:"carrier,omitempty"`  // id of the carrier
	Resident string    `json:"resident,omitempty"` // id of whom it was for; missing: unknown
	Reason   string    `json:"reason"`             // why it was not taken
	Size     string    `json:"size,omitempty"`     // of the parcel
	Tracking string    `json:"tracking,omitempty"` // tracking number; with the scope pii
}
