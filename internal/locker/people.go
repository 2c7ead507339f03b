package locker

import "strings"

// UnitKind says what a unit is. The zero value is invalid.
type UnitKind string

// The kinds of unit.
const (
	UnitApartment  UnitKind = "apartment"
	UnitOffice     UnitKind = "office"
	UnitDepartment UnitKind = "department"
	UnitProperty   UnitKind = "property"
)

// Unit is an apartment, an office, a department, or the property itself. The people of one unit
// are one household.
type Unit struct {
	ID     UnitID   `json:"id"`
	Kind   UnitKind `json:"kind"`
	Name   string   `json:"name"`   // as people say it, e.g. "4B"
	Number string   `json:"number"` // digits only, for keypads and telephones, e.g. "402"
}

// RecipientKind says who a recipient is. The zero value is invalid.
type RecipientKind string

// The kinds of recipient.
const (
	RecipientResident RecipientKind = "resident"
	RecipientEmployee RecipientKind = "employee"
	RecipientOffice   RecipientKind = "office" // a whole office, department or the property
)

// Recipient is whoever a parcel is for.
type Recipient struct {
	ID       RecipientID   `json:"id"`
	Kind     RecipientKind `json:"kind"`
	Unit     UnitID        `json:"unit"`
	Name     string        `json:"name"`
	LowDoor  bool          `json:"low_door,omitempty"` // needs a door within reach, never a high one
	Language string        `json:"language,omitempty"` // BCP 47
	Inactive bool          `json:"inactive,omitempty"` // moved out: nothing new is stored for them
}

// MaskedName returns what a courier may see of the name before a door opens: the first letter of
// all but the last word, and the last word, e.g. "J… SMITH". A name of one word keeps its first
// letter and its length hidden.
func (r Recipient) MaskedName() string {
	words := strings.Fields(r.Name)
	if len(words) == 0 {
		return "…"
	}
	if len(words) == 1 {
		return firstRune(words[0]) + "…"
	}
	return firstRune(words[0]) + "… " + strings.ToUpper(words[len(words)-1])
}

func firstRune(word string) string {
	for _, r := range word {
		return strings.ToUpper(string(r))
	}
	return ""
}

// Courier is a courier's access to a site: its credential is derived from ID and Generation.
type Courier struct {
	ID         CourierID `json:"id"`
	Carrier    CarrierID `json:"carrier"`
	Name       string    `json:"name"`
	Generation uint32    `json:"generation"`
	Key        KeyID     `json:"key"`
	From       Millis    `json:"from,omitempty"`  // zero: since ever
	Until      Millis    `json:"until,omitempty"` // zero: no end
	Revoked    bool      `json:"revoked,omitempty"`
}

// Duty is something that a person of the staff may do at a kiosk.
type Duty string

// The duties.
const (
	DutyOpen    Duty = "open"    // open a door with a reason
	DutyClear   Duty = "clear"   // take a parcel out of a place
	DutyReissue Duty = "reissue" // give a recipient a new code
	DutyService Duty = "service" // take places out of service and back
)

// Staff is a person of the staff as a site knows them.
type Staff struct {
	ID         StaffID `json:"id"`
	Name       string  `json:"name"`
	Duties     []Duty  `json:"duties"`
	Generation uint32  `json:"generation"`
	Key        KeyID   `json:"key"`
	Revoked    bool    `json:"revoked,omitempty"`
}

// Grant is a pass that the cloud issued for a stay: a delegate may collect it.
type Grant struct {
	ID         GrantID `json:"id"`
	Stay       StayID  `json:"stay"`
	Generation uint32  `json:"generation"`
	Key        KeyID   `json:"key"`
	From       Millis  `json:"from,omitempty"`
	Until      Millis  `json:"until,omitempty"`
	Revoked    bool    `json:"revoked,omitempty"`
}

// Order is what the cloud decided about a stay after it began: who may collect it now.
type Order struct {
	Stay      StayID      `json:"stay"`
	Recipient RecipientID `json:"recipient,omitempty"` // reassigned to; empty: unchanged
	Unit      UnitID      `json:"unit,omitempty"`      // of the new recipient
	Revoked   bool        `json:"revoked,omitempty"`   // nobody but staff may open it
	CollectBy Millis      `json:"collect_by,omitempty"`
	// Lost is the last generation of the stay's code that got into wrong hands: neither it nor one before
	// opens anything, and the site makes another. 0: none. Since v3.
	Lost uint32 `json:"lost,omitempty"`
}
