package cloud

import (
	"context"
	"fmt"

	"cubby/internal/cloud/timeline"
	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// Action is something that a person may ask of a place or a parcel now.
type Action string

// The actions.
const (
	ActionOpen      Action = "open"      // RemoteOpen
	ActionOut       Action = "out"       // SetService out
	ActionBack      Action = "back"      // SetService back
	ActionReserve   Action = "reserve"   // Reserve
	ActionUnreserve Action = "unreserve" // CancelReservation
	ActionVerify    Action = "verify"    // Verify: somebody looked
	ActionHandOver  Action = "hand_over" // HandOver
	ActionClear     Action = "clear"     // Clear
	ActionReassign  Action = "reassign"  // ReassignStay
	ActionRevoke    Action = "revoke"    // RevokeStay
	ActionRestore   Action = "restore"   // RestoreStay
	ActionExtend    Action = "extend"    // HoldStay
	ActionReissue   Action = "reissue"   // ReissueCode
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
type TimelineEntry = timeline.Entry

// DoorSheet returns one place with its parcels, the last 100 entries of its timeline (newest
// first) and what may be done.
func (c *Cloud) DoorSheet(ctx context.Context, p Principal, site locker.SiteID, place locker.PlaceID) (DoorSheet, error) {
	row, err := c.findSite(ctx, p, site)
	if err != nil {
		return DoorSheet{}, err
	}
	v, err := c.viewSite(ctx, row)
	if err != nil {
		return DoorSheet{}, err
	}
	known, ok := v.index[place]
	if !ok {
		return DoorSheet{}, locker.Errorf(locker.CodePlaceUnknown, "no place %s in the layout", place)
	}
	state := v.rows[string(place)]
	d := DoorSheet{
		Place: v.place(place), Bank: v.around(known), Door: locker.Door(state.Door),
		Occupancy: locker.Occupancy(state.Occupancy), Out: state.OutOfService, Request: locker.RequestID(state.Request),
	}
	if state.ReservedUntil > v.now.UnixMilli() {
		d.Reserved = locker.Reservation{
			ID: locker.ReservationID(state.Reservation), Unit: locker.UnitID(state.ReservedUnit),
			Courier: locker.CourierID(state.ReservedCourier), Until: locker.Millis(state.ReservedUntil),
		}
	}
	if d.Site, err = c.fullSummary(ctx, row); err != nil {
		return DoorSheet{}, err
	}
	live, err := c.store.ListLiveOfPlace(ctx, row.ID, string(place))
	if err != nil {
		return DoorSheet{}, err
	}
	for _, stay := range live {
		d.Parcels = append(d.Parcels, v.delivery(stay))
	}
	if d.Timeline, err = c.placeTimeline(ctx, v, place); err != nil {
		return DoorSheet{}, err
	}
	intents, err := c.store.Read().ListIntentsOfPlace(ctx, db.ListIntentsOfPlaceParams{
		Site: row.ID, Place: string(place), Page: latestIntents,
	})
	if err != nil {
		return DoorSheet{}, fmt.Errorf("list intents: %w", err)
	}
	for _, i := range intents {
		d.Intents = append(d.Intents, c.intentView(ctx, i))
	}
	d.Actions = placeActions(d, known)
	return d, nil
}

const (
	latestIntents = 5
	timelineOps   = 100 // operations of a timeline
)

// around returns the name of the bank or room that a place belongs to.
func (v *siteView) around(place locker.Place) string {
	for _, b := range v.layout.Banks {
		if b.ID == place.Bank && place.Kind == locker.PlaceCompartment {
			return b.Name
		}
	}
	for _, r := range v.layout.Rooms {
		if r.ID == place.Room && place.Kind == locker.PlaceShelf {
			return r.Name
		}
	}
	return ""
}

func placeActions(d DoorSheet, place locker.Place) []Action {
	var actions []Action
	if place.Kind == locker.PlaceCompartment {
		actions = append(actions, ActionOpen)
		switch {
		case d.Reserved.ID != "":
			actions = append(actions, ActionUnreserve)
		case d.Place.Status == PlaceFree:
			actions = append(actions, ActionReserve)
		}
	}
	if d.Out {
		actions = append(actions, ActionBack)
	} else {
		actions = append(actions, ActionOut)
	}
	if d.Place.Doubt != "" || d.Place.Held > 0 {
		actions = append(actions, ActionVerify)
	}
	if len(d.Parcels) > 0 && place.Kind != locker.PlaceCompartment {
		actions = append(actions, ActionHandOver, ActionClear)
	}
	return actions
}
