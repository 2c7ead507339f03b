package cloud

import (
	"context"
	"time"

	"cubby/internal/locker"
)

// ReassignStay makes a live stay another recipient's: the old code's holder loses it. The reason is
// needed.
func (c *Cloud) ReassignStay(ctx context.Context, p Principal, site locker.SiteID, stay locker.StayID, to locker.RecipientID, reason string) error {
	return errLater
}

// RevokeStay takes the right to collect a stay away: only staff may open it. The reason is needed.
func (c *Cloud) RevokeStay(ctx context.Context, p Principal, site locker.SiteID, stay locker.StayID, reason string) error {
	return errLater
}

// RestoreStay gives the right to collect back.
func (c *Cloud) RestoreStay(ctx context.Context, p Principal, site locker.SiteID, stay locker.StayID, reason string) error {
	return errLater
}

// HoldStay moves the "collect by" of a live stay.
func (c *Cloud) HoldStay(ctx context.Context, p Principal, site locker.SiteID, stay locker.StayID, until time.Time, reason string) error {
	return errLater
}
