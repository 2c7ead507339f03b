package cloud

import (
	"context"
	"time"

	"cubby/internal/locker"
)

// CarrierView is a carrier.
type CarrierView struct {
	ID   locker.CarrierID
	Name string
}

// Carriers returns all carriers by name.
func (c *Cloud) Carriers(ctx context.Context) ([]CarrierView, error) { return nil, errLater }

// PutCarrier adds or renames a carrier.
func (c *Cloud) PutCarrier(ctx context.Context, p Principal, v CarrierView) error { return errLater }

// CourierView is a courier's access to a site.
type CourierView struct {
	ID          locker.CourierID
	Site        locker.SiteID
	Carrier     locker.CarrierID
	CarrierName string
	Name        string
	From        time.Time // zero: since ever
	Until       time.Time // zero: no end
	Revoked     bool
}

// Couriers returns the accesses of couriers to a site by name.
func (c *Cloud) Couriers(ctx context.Context, p Principal, site locker.SiteID) ([]CourierView, error) {
	return nil, errLater
}

// CourierDraft is a courier's access to add or to change.
type CourierDraft struct {
	ID      locker.CourierID // empty: a new one
	Carrier locker.CarrierID
	Name    string
	From    time.Time
	Until   time.Time
	Revoked bool
	NewCode bool // the old code is worthless from now on
}

// PutCourier adds or changes a courier's access and tells the site.
func (c *Cloud) PutCourier(ctx context.Context, p Principal, site locker.SiteID, d CourierDraft) (locker.CourierID, error) {
	return "", errLater
}

// CourierCode returns the code of a courier's access. The act is recorded.
func (c *Cloud) CourierCode(ctx context.Context, p Principal, id locker.CourierID) (Code, error) {
	return Code{}, errLater
}
