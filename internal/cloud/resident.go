package cloud

import (
	"context"
	"time"

	"cubby/internal/locker"
)

// ResidentPage is what the holder of a link sees: what waits now, never what was.
type ResidentPage struct {
	Name     string // first name or initial, as a greeting; empty for an office
	Language string // BCP 47; empty: the site's first
	Parcels  []WaitingParcel
}

// WaitingParcel is one parcel that the holder of a link may collect.
type WaitingParcel struct {
	Site      locker.SiteID
	SiteName  string
	TimeZone  string
	Phone     string // whom to call
	Mail      string
	Stay      locker.StayID
	Place     locker.PlaceID
	PlaceName string
	PlaceKind locker.PlaceKind // shelves and the desk: staff hand it over
	Bank      string           // name of the bank or room
	Column    int              // of a door, counted from 1
	Row       int              // of a door from the top, counted from 1
	Low       bool
	Carrier   string // name
	Last4     string // of the tracking number
	Size      locker.Size
	StoredAt  time.Time
	CollectBy time.Time
	Overdue   bool
	Held      bool // only staff may hand it out now: no code
	Code      Code // one code opens all of a recipient's doors at that site
	MayOpen   bool // "I am at the locker" works now: the site is connected and has doors
}

// ResidentPage returns what waits for the holder of a link. An unknown token is NOT_FOUND.
func (c *Cloud) ResidentPage(ctx context.Context, token string) (ResidentPage, error) {
	return ResidentPage{}, errLater
}

// ResidentOpen asks the site to open the door of a stay, with the proof that the kiosk shows now.
// Await tells the outcome.
func (c *Cloud) ResidentOpen(ctx context.Context, token string, stay locker.StayID, proof string) (locker.IntentID, error) {
	return "", errLater
}

// ResidentAwait waits for the answer to an intent of ResidentOpen.
func (c *Cloud) ResidentAwait(ctx context.Context, token string, id locker.IntentID) (IntentView, error) {
	return IntentView{}, errLater
}

// ResidentWishes are what the holder of a link may set.
type ResidentWishes struct {
	LowDoor  bool
	Language string
}

// SetResidentWishes stores what the holder of a link wishes and tells the sites.
func (c *Cloud) SetResidentWishes(ctx context.Context, token string, w ResidentWishes) error {
	return errLater
}
