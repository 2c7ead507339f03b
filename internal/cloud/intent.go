package cloud

import (
	"context"
	"time"

	"cubby/internal/locker"
	"cubby/internal/wire"
)

// IntentState says how far an intent is. The zero value is invalid.
type IntentState string

// The states of an intent.
const (
	IntentPending IntentState = "pending" // not answered yet
	IntentDone    IntentState = "done"    // the site did it
	IntentRefused IntentState = "refused" // the site said no, see Code
	IntentExpired IntentState = "expired" // nobody answered in time: nothing will happen
)

// IntentView is an intent and its answer.
type IntentView struct {
	ID       locker.IntentID
	Site     locker.SiteID
	Kind     wire.IntentKind
	Place    locker.PlaceID
	Stay     locker.StayID
	User     string // id of who asked; empty: a resident
	UserName string
	Reason   string // why
	State    IntentState
	Code     locker.Code // why not, when refused
	Created  time.Time
	Expires  time.Time
	Answered time.Time
}

// IntentDraft is something to ask of a site.
type IntentDraft struct {
	Site   locker.SiteID
	Reason string        // why; some kinds need one
	Life   time.Duration // until it expires; 0: the default of its kind
	Intent wire.Intent   // without ID, Created, Expires, Staff and Note: those are filled in
}

// Act asks a site for something: the intent becomes a row with an expiry and whoever holds the
// site's link is woken. The act is recorded with its reason.
func (c *Cloud) Act(ctx context.Context, p Principal, d IntentDraft) (locker.IntentID, error) {
	return "", errLater
}

// Await waits until an intent is answered or has expired, at most MaxAwait, and returns it as it is
// then: a pending one means that the wait was too short.
func (c *Cloud) Await(ctx context.Context, p Principal, id locker.IntentID) (IntentView, error) {
	return IntentView{}, errLater
}

// MaxAwait bounds how long a page waits for a site's answer.
const MaxAwait = 10 * time.Second

// RemoteOpen asks to open a door. The reason is needed, 3 to 500 characters.
func (c *Cloud) RemoteOpen(ctx context.Context, p Principal, site locker.SiteID, place locker.PlaceID, reason string) (locker.IntentID, error) {
	return "", errLater
}

// SetService asks to take a place out of service, or to put it back.
func (c *Cloud) SetService(ctx context.Context, p Principal, site locker.SiteID, place locker.PlaceID, out bool, reason string) (locker.IntentID, error) {
	return "", errLater
}

// Verify tells the site what somebody saw in a place.
func (c *Cloud) Verify(ctx context.Context, p Principal, site locker.SiteID, place locker.PlaceID, occupied bool) (locker.IntentID, error) {
	return "", errLater
}

// ReserveDraft is a compartment to keep free.
type ReserveDraft struct {
	Place   locker.PlaceID // empty: one of Size
	Size    locker.Size
	Unit    locker.UnitID // for whom: a unit
	Courier locker.CourierID
	Until   time.Time
}

// Reserve asks to keep a compartment free for a unit or a courier.
func (c *Cloud) Reserve(ctx context.Context, p Principal, site locker.SiteID, d ReserveDraft) (locker.IntentID, error) {
	return "", errLater
}

// CancelReservation asks to free a reserved compartment.
func (c *Cloud) CancelReservation(ctx context.Context, p Principal, site locker.SiteID, id locker.ReservationID) (locker.IntentID, error) {
	return "", errLater
}

// Reboot asks a controller to restart. The reason is needed.
func (c *Cloud) Reboot(ctx context.Context, p Principal, site locker.SiteID, reason string) (locker.IntentID, error) {
	return "", errLater
}

// ReissueCode asks for a new code for a stay; the old one is worthless from then on.
func (c *Cloud) ReissueCode(ctx context.Context, p Principal, site locker.SiteID, stay locker.StayID, reason string) (locker.IntentID, error) {
	return "", errLater
}
