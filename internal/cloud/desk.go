package cloud

import (
	"context"

	"cubby/internal/locker"
	"cubby/internal/wire"
)

// DeliveryDraft is a parcel that staff put on a shelf or at the desk. Parcels for doors are stored
// at the kiosk, where the door opens.
type DeliveryDraft struct {
	Tracking  string             // as scanned; may be empty
	Carrier   locker.CarrierID   // may be empty
	Recipient locker.RecipientID // empty: unknown, kept for staff
	Size      locker.Size        // empty: M
	Place     locker.PlaceID     // a shelf or the desk
	Note      string
}

// LogDelivery asks the site to book a parcel into a shelf or the desk. Await tells the outcome and
// the stay.
func (c *Cloud) LogDelivery(ctx context.Context, p Principal, site locker.SiteID, d DeliveryDraft) (locker.IntentID, error) {
	tracking, err := checkText("tracking number", d.Tracking, 0, maxTracking)
	if err != nil {
		return "", err
	}
	if d.Size == "" {
		d.Size = locker.SizeM
	}
	if !d.Size.Valid() {
		return "", locker.Errorf(locker.CodeInputInvalid, "size %q is not one of S, M, L, XL", string(d.Size))
	}
	row, err := c.findSite(ctx, p, site)
	if err != nil {
		return "", err
	}
	var layout locker.Layout
	if err := decodeJSON(row.Layout, &layout); err != nil {
		return "", err
	}
	for _, place := range layout.Places() {
		if place.ID == d.Place && place.Kind == locker.PlaceCompartment {
			return "", locker.Errorf(locker.CodeInputInvalid, "parcels for doors are stored at the kiosk")
		}
	}
	if d.Place == "" {
		return "", locker.Errorf(locker.CodePlaceUnknown, "choose a shelf or the desk")
	}
	if d.Recipient != "" {
		recipient, err := c.store.Read().FindRecipient(ctx, string(d.Recipient))
		if err != nil || recipient.Property != row.Property || recipient.Inactive {
			return "", locker.Errorf(locker.CodeRecipientUnknown, "no such recipient at this property")
		}
	}
	return c.Act(ctx, p, IntentDraft{Site: site, Reason: d.Note, Intent: wire.Intent{
		Kind: wire.IntentDeposit, Place: d.Place, Stay: locker.StayID(c.newID()), Parcel: locker.ParcelID(c.newID()),
		Recipient: d.Recipient, Carrier: d.Carrier, Tracking: tracking, Size: d.Size,
	}})
}

const (
	maxTracking = 60
	maxHandOver = 50 // parcels of one hand-over
)

// HandOver asks the site to book parcels of shelves or the desk as handed to somebody; who says
// whom, 1 to 200 characters.
func (c *Cloud) HandOver(ctx context.Context, p Principal, site locker.SiteID, stays []locker.StayID, who string) (locker.IntentID, error) {
	who, err := checkText("who took it", who, 1, 200)
	if err != nil {
		return "", err
	}
	if err := checkStays(stays); err != nil {
		return "", err
	}
	return c.Act(ctx, p, IntentDraft{
		Site: site, Intent: wire.Intent{Kind: wire.IntentHandOver, Stays: stays, To: who},
	})
}

// Clear asks the site to book parcels of shelves or the desk as taken out by staff. outcome is
// "returned", "moved" or "cleared"; the reason says why.
func (c *Cloud) Clear(ctx context.Context, p Principal, site locker.SiteID, stays []locker.StayID, outcome, reason string) (locker.IntentID, error) { //nolint:revive // context and principal lead every use case; the rest are five at most
	switch outcome {
	case "returned", "moved", "cleared":
	default:
		return "", locker.Errorf(locker.CodeInputInvalid, "the outcome is returned, moved or cleared")
	}
	if err := checkStays(stays); err != nil {
		return "", err
	}
	return c.Act(ctx, p, IntentDraft{
		Site: site, Reason: reason, Intent: wire.Intent{Kind: wire.IntentClear, Stays: stays, Reason: outcome},
	})
}

func checkStays(stays []locker.StayID) error {
	if len(stays) == 0 || len(stays) > maxHandOver {
		return locker.Errorf(locker.CodeInputInvalid, "choose 1 to %d parcels", maxHandOver)
	}
	return nil
}
