package cloud

import (
	"context"

	"cubby/internal/locker"
)

// DeliveryDraft is a parcel that staff put on a shelf, at the desk or into a door.
type DeliveryDraft struct {
	Tracking  string             // as scanned; may be empty
	Carrier   locker.CarrierID   // may be empty
	Recipient locker.RecipientID // empty: unknown, kept at a shelf or the desk
	Size      locker.Size
	Place     locker.PlaceID // a shelf, the desk or a compartment; empty: a compartment that fits
	Note      string
}

// LogDelivery asks the site to book a parcel into a place. A compartment opens for it.
func (c *Cloud) LogDelivery(ctx context.Context, p Principal, site locker.SiteID, d DeliveryDraft) (locker.IntentID, error) {
	return "", errLater
}

// HandOver asks the site to book parcels of shelves or the desk as handed to somebody; who says
// whom, 1 to 200 characters.
func (c *Cloud) HandOver(ctx context.Context, p Principal, site locker.SiteID, stays []locker.StayID, who string) (locker.IntentID, error) {
	return "", errLater
}
