package cloud

import (
	"context"
	"time"

	"cubby/internal/locker"
)

// Action is something that a person may ask of a place or a parcel now.
type Action string

// The actions.
const (
	ActionOpen       Action = "open"        // RemoteOpen
	ActionOut        Action = "out"         // SetService out
	ActionBack       Action = "back"        // SetService back
	ActionReserve    Action = "reserve"     // Reserve
	ActionUnreserve  Action = "unreserve"   // CancelReservation
	ActionVerify     Action = "verify"      // Verify: somebody looked
	ActionHandOver   Action = "hand_over"   // HandOver
	ActionReassign   Action = "reassign"    // ReassignStay
	ActionRevoke     Action = "revoke"      // RevokeStay
	ActionRestore    Action = "restore"     // RestoreStay
	ActionExtend     Action = "extend"      // HoldStay
	ActionReissue    Action = "reissue"     // ReissueCode
	ActionSendNotice Action = "send_notice" // send the first notice again
)

// DoorSheet is one place with everything that staff need to know of it.
type DoorSheet struct {
	Place     WallPlace
	Site      SiteSummary
	Bank      string // name of the bank or room
	Door      locker.Door
	Occupancy locker.Occupancy
	Out       bool
	Request   locker.RequestID // being opened now
	Reserved  locker.Reservation
	Parcels   []Delivery // live, oldest first
	Timeline  []TimelineEntry
	Intents   []IntentView // latest ones, newest first
	Actions   []Action
}

// TimelineEntry is one fact of the custody of a parcel or of the life of a place.
type TimelineEntry struct {
	At        time.Time // by the site's clock
	Kind      string    // of the fact, e.g. "parcel_stored"
	Place     locker.PlaceID
	PlaceName string
	Stay      locker.StayID
	Actor     locker.Actor
	ActorName string // of the courier, the person or the recipient; empty when unknown or erased
	Evidence  locker.Evidence
	Purpose   locker.Purpose
	Reason    string // why: a code or word of the fact
	Note      string // what a person typed, from the annex; empty when erased
	Request   locker.RequestID
	Epoch     uint64 // where it stands in the site's record
	Number    uint64
	Index     int // within its operation
	Fact      locker.Fact
}

// DoorSheet returns one place with its parcels, the last 100 entries of its timeline (newest
// first) and what may be done.
func (c *Cloud) DoorSheet(ctx context.Context, p Principal, site locker.SiteID, place locker.PlaceID) (DoorSheet, error) {
	return DoorSheet{}, errLater
}
