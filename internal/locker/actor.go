package locker

// ActorKind says in what role somebody acts. The zero value is invalid.
type ActorKind string

// The kinds of actor.
const (
	ActorCourier   ActorKind = "courier"
	ActorRecipient ActorKind = "recipient" // whoever holds the recipient's code
	ActorDelegate  ActorKind = "delegate"  // holds a pass for one stay
	ActorStaff     ActorKind = "staff"
	ActorSite      ActorKind = "site" // the site itself: timers, recovery
)

// Actor is who acts. ID is a CourierID, RecipientID, GrantID or StaffID by Kind; empty for the site.
type Actor struct {
	Kind ActorKind `json:"kind"`
	ID   string    `json:"id,omitempty"`
}

// GrantRef names the right that an opening rests on: what holds it, a colon, and its id.
type GrantRef string

// StayRight is the right to collect that arises when a parcel is stored.
func StayRight(id StayID) GrantRef { return GrantRef("stay:" + id) }

// PassRight is the right of a pass that the cloud issued.
func PassRight(id GrantID) GrantRef { return GrantRef("grant:" + id) }

// CourierRight is a courier's right to drop off.
func CourierRight(id CourierID) GrantRef { return GrantRef("courier:" + id) }

// StaffRight is the right of a person of the staff.
func StaffRight(id StaffID) GrantRef { return GrantRef("staff:" + id) }

// IntentRight is the right of one intent of the cloud.
func IntentRight(id IntentID) GrantRef { return GrantRef("intent:" + id) }

// Purpose says what an opening is for. The zero value is invalid.
type Purpose string

// The purposes.
const (
	PurposeDeposit Purpose = "deposit"
	PurposeUndo    Purpose = "undo"
	PurposeCollect Purpose = "collect"
	PurposeReopen  Purpose = "reopen"
	PurposeClear   Purpose = "clear"  // staff take parcels out
	PurposeOpen    Purpose = "open"   // staff open for a reason
	PurposeRemote  Purpose = "remote" // the cloud asked
)

// Cause says where the wish to open came from, for the governor. The zero value is invalid.
type Cause string

// The causes.
const (
	CauseLocal  Cause = "local"  // somebody at the site
	CausePhone  Cause = "phone"  // a phone with the rotating proof: counts as local
	CauseRemote Cause = "remote" // a remote message: limited by the governor
)

// Evidence says what an observation rests on. The zero value is invalid.
type Evidence string

// The kinds of evidence.
const (
	EvidenceDoor     Evidence = "door_cycle" // the door was seen to open and to close
	EvidenceInfrared Evidence = "infrared"
	EvidenceWeight   Evidence = "weight"
	EvidencePerson   Evidence = "person" // somebody said so
	EvidenceNone     Evidence = "none"   // nobody saw it
)

// Door is what is known of a door. The zero value means unknown.
type Door string

// The states of a door.
const (
	DoorUnknown Door = ""
	DoorShut    Door = "closed"
	DoorAjar    Door = "open"
)

// Occupancy is what a sensor says of a space. The zero value means that no sensor said anything.
type Occupancy string

// The readings of a presence sensor.
const (
	OccupancyUnknown  Occupancy = ""
	OccupancyEmpty    Occupancy = "empty"
	OccupancyOccupied Occupancy = "occupied"
)
