package cloud

import (
	"context"
	"fmt"
	"math"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud/entry"
	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// ActView is a privileged act: who did what, and why.
type ActView struct {
	At       time.Time
	User     string // id; empty: the command line
	UserName string
	Via      string // console, api, cli, enrolment
	Kind     string // e.g. "intent_open", "revoke_stay", "show_code"
	Subject  string // id of the stay, place, person or token
	Reason   string
}

// Acts returns the privileged acts on a site, newest first.
func (c *Cloud) Acts(ctx context.Context, p Principal, site locker.SiteID, cursor string, limit int) (Page[ActView], error) {
	var found Page[ActView]
	if err := p.Need(RoleManager, auth.ScopeRead); err != nil {
		return found, err
	}
	if _, err := c.findSite(ctx, p, site); err != nil {
		return found, err
	}
	before, id, err := entry.ParseCursor(cursor)
	if err != nil {
		return found, err
	}
	if before == 0 {
		before = math.MaxInt64
	}
	limit = page(limit)
	rows, err := c.store.Read().ListActs(ctx, db.ListActsParams{
		Site: string(site), Before: before, BeforeID: id, Page: int32(limit) + 1,
	})
	if err != nil {
		return found, fmt.Errorf("list acts: %w", err)
	}
	for i, row := range rows {
		if i == limit {
			found.Next = entry.FormatCursor(rows[i-1].At, rows[i-1].ID)
			break
		}
		found.Items = append(found.Items, ActView{
			At: moment(row.At), User: row.UserID, UserName: c.userName(ctx, row.UserID), Via: row.Via, Kind: row.Kind,
			Subject: row.Subject, Reason: row.Reason,
		})
	}
	return found, nil
}

// RefusalView is a parcel that was not taken at a site.
type RefusalView struct {
	At        time.Time
	Actor     locker.Actor
	Carrier   locker.CarrierID
	Recipient locker.RecipientID
	Reason    locker.Code
	Size      locker.Size
	Tracking  string // empty when unknown or erased
}

// Refusals returns the latest parcels that were not taken at a site, newest first, at most limit.
func (c *Cloud) Refusals(ctx context.Context, p Principal, site locker.SiteID, limit int) ([]RefusalView, error) {
	if _, err := c.findSite(ctx, p, site); err != nil {
		return nil, err
	}
	rows, err := c.store.Read().ListDropRefusals(ctx, db.ListDropRefusalsParams{Site: string(site), Page: int32(page(limit))})
	if err != nil {
		return nil, fmt.Errorf("list refused drops: %w", err)
	}
	refusals := make([]RefusalView, 0, len(rows))
	for _, row := range rows {
		v := RefusalView{
			At: moment(row.At), Carrier: locker.CarrierID(row.Carrier), Recipient: locker.RecipientID(row.Recipient),
			Reason: locker.Code(row.Reason), Size: locker.Size(row.Size), Tracking: row.Tracking,
		}
		if err := decodeJSON(row.Actor, &v.Actor); err != nil {
			return nil, err
		}
		refusals = append(refusals, v)
	}
	return refusals, nil
}
