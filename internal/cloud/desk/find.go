package desk

import (
	"context"
	"fmt"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/credential"
	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// FindByCode returns what waits for the holder of a pick-up code, in any of its three forms, or of its QR code.
// What is no code at all is INPUT_INVALID, a code of nothing that waits NOT_FOUND. Staff see these parcels anyway:
// a wrong code spends nobody's attempts.
func (d *Desk) FindByCode(ctx context.Context, p cloud.Principal, site locker.SiteID, code string) ([]cloud.Delivery, error) {
	if err := p.Need(cloud.RoleStaff, auth.ScopeRead); err != nil {
		return nil, err
	}
	wanted, err := credential.Parse(code)
	if err != nil {
		return nil, locker.Errorf(locker.CodeInputInvalid, "this is no pick-up code: %v", err)
	}
	if _, err := d.opts.Cloud.Site(ctx, p, site); err != nil {
		return nil, err
	}
	q := d.opts.Store.Read()
	live, err := q.ListLiveStays(ctx, string(site))
	if err != nil {
		return nil, fmt.Errorf("list what waits: %w", err)
	}
	var holder string
	for _, row := range live {
		stay, err := q.FindStay(ctx, db.FindStayParams{Site: string(site), ID: row.ID})
		if err != nil || stay.Recipient == "" || stay.Revoked {
			continue // it ended just now, or nobody collects it
		}
		unit, err := q.FindUnit(ctx, stay.Unit)
		if err != nil {
			unit = db.Unit{} // without a number it has no digits
		}
		made, err := d.opts.Cloud.Post().Code(ctx, stay, unit.Number)
		if err != nil {
			return nil, err
		}
		if matches(wanted, made) {
			holder = stay.Recipient
			break
		}
	}
	if holder == "" {
		return nil, locker.Errorf(locker.CodeNotFound, "no parcel waits for this code")
	}
	var stays []locker.StayID
	for _, row := range live {
		if row.Recipient == holder {
			stays = append(stays, locker.StayID(row.ID))
		}
	}
	return d.opts.Cloud.DeliveriesOf(ctx, p, site, stays)
}

// matches reports whether an entry is a code in one of its forms.
func matches(wanted credential.Entry, code cloud.Code) bool {
	for _, form := range []string{code.Token, code.Symbols, code.Unit + code.Digits} {
		if entry, err := credential.Parse(form); err == nil && entry == wanted {
			return true
		}
	}
	return false
}
