package cloud

import (
	"context"
	"fmt"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud/incident"
	"cubby/internal/cloud/intake"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// ReassignStay makes a live stay another recipient's: the old code's holder loses it. The reason is
// needed.
func (c *Cloud) ReassignStay(ctx context.Context, p Principal, site locker.SiteID, stay locker.StayID, to locker.RecipientID, reason string) error { //nolint:revive // context and principal lead every use case; the rest are five at most
	return c.order(ctx, p, orderDraft{kind: "reassign_stay", site: site, stay: stay, reason: reason}, func(q *db.Queries, row db.Site, o *db.StayOrder) error {
		recipient, err := q.FindRecipient(ctx, string(to))
		if err != nil || recipient.Property != row.Property || recipient.Inactive {
			return locker.Errorf(locker.CodeRecipientUnknown, "no such recipient at this property")
		}
		o.Recipient, o.Unit, o.Revoked = recipient.ID, recipient.Unit, false
		return nil
	})
}

// RevokeStay takes the right to collect a stay away: only staff may open it. The reason is needed.
func (c *Cloud) RevokeStay(ctx context.Context, p Principal, site locker.SiteID, stay locker.StayID, reason string) error {
	return c.order(ctx, p, orderDraft{kind: "revoke_stay", site: site, stay: stay, reason: reason}, func(_ *db.Queries, _ db.Site, o *db.StayOrder) error {
		o.Revoked = true
		return nil
	})
}

// RestoreStay gives the right to collect back.
func (c *Cloud) RestoreStay(ctx context.Context, p Principal, site locker.SiteID, stay locker.StayID, reason string) error {
	return c.order(ctx, p, orderDraft{kind: "restore_stay", site: site, stay: stay, reason: reason}, func(_ *db.Queries, _ db.Site, o *db.StayOrder) error {
		o.Revoked = false
		return nil
	})
}

// HoldStay moves the "collect by" of a live stay, at most MaxHold from now.
func (c *Cloud) HoldStay(ctx context.Context, p Principal, site locker.SiteID, stay locker.StayID, until time.Time, reason string) error { //nolint:revive // context and principal lead every use case; the rest are five at most
	now := c.now()
	if !until.After(now) || until.After(now.Add(MaxHold)) {
		return locker.Errorf(locker.CodeInputInvalid, "a parcel can be held for at most %d days", int(MaxHold.Hours()/24))
	}
	return c.order(ctx, p, orderDraft{kind: "hold_stay", site: site, stay: stay, reason: reason}, func(_ *db.Queries, _ db.Site, o *db.StayOrder) error {
		o.CollectBy = until.UnixMilli()
		return nil
	})
}

// MaxHold bounds how far a "collect by" can be moved.
const MaxHold = 90 * 24 * time.Hour

// orderDraft names what is decided about which stay, and why.
type orderDraft struct {
	kind   string
	site   locker.SiteID
	stay   locker.StayID
	reason string
}

// order decides something about a live stay: the row, the directory change and the act in one
// transaction.
func (c *Cloud) order(ctx context.Context, p Principal, d orderDraft, decide func(*db.Queries, db.Site, *db.StayOrder) error) error {
	if err := p.Need(RoleStaff, auth.ScopeWrite); err != nil {
		return err
	}
	reason, err := checkText("reason", d.reason, minReason, maxReason)
	if err != nil {
		return err
	}
	var place string
	err = c.store.Tx(ctx, func(q *db.Queries) error {
		site, err := c.findSiteIn(ctx, q, p, d.site)
		if err != nil {
			return err
		}
		stay, err := q.FindStay(ctx, db.FindStayParams{Site: site.ID, ID: string(d.stay)})
		if err != nil {
			return notFound(err, "stay")
		}
		if !stay.Live {
			return locker.Errorf(locker.CodeStayEnded, "stay %s is over", d.stay)
		}
		place = stay.Place
		o, err := q.FindOrder(ctx, db.FindOrderParams{Site: site.ID, Stay: stay.ID})
		if err != nil && !isNone(err) {
			return fmt.Errorf("read the order of stay %s: %w", d.stay, err)
		}
		o.Site, o.Stay, o.ChangedAt = site.ID, stay.ID, c.millis()
		if err := decide(q, site, &o); err != nil {
			return err
		}
		if err := c.writeOrder(ctx, q, stay, o); err != nil {
			return err
		}
		return c.act(ctx, q, p, act{kind: d.kind, site: site.ID, subject: stay.ID, reason: reason})
	})
	if err != nil {
		return err
	}
	c.wake(d.site)
	c.feed.Publish(Change{Site: d.site, Places: []locker.PlaceID{locker.PlaceID(place)}, Tiles: true, Incidents: true})
	return nil
}

func (c *Cloud) writeOrder(ctx context.Context, q *db.Queries, stay db.Stay, o db.StayOrder) error {
	if err := q.PutOrder(ctx, db.PutOrderParams(o)); err != nil {
		return fmt.Errorf("write the order of stay %s: %w", stay.ID, err)
	}
	before := stay
	intake.ApplyOrder(&stay, o)
	err := q.OrderStay(ctx, db.OrderStayParams{
		Recipient: stay.Recipient, Unit: stay.Unit, Revoked: stay.Revoked, CollectBy: stay.CollectBy, Site: stay.Site,
		ID: stay.ID,
	})
	if err != nil {
		return fmt.Errorf("order stay %s: %w", stay.ID, err)
	}
	change, err := wire.EncodeOrder(locker.Order{
		Stay: locker.StayID(o.Stay), Recipient: locker.RecipientID(o.Recipient), Unit: locker.UnitID(o.Unit),
		Revoked: o.Revoked, CollectBy: locker.Millis(o.CollectBy), Lost: uint32(o.Lost),
	})
	if err != nil {
		return err
	}
	if err := c.publish(ctx, q, stay.Site, change); err != nil {
		return err
	}
	if stay.Recipient == before.Recipient || stay.State != string(locker.StayStored) || !stay.Settled || stay.Revoked {
		return nil
	}
	if err := c.settle(ctx, q, ofSite(stay.Site, intake.UnknownParcel(locker.StayID(stay.ID), locker.PlaceID(stay.Place))), "assigned"); err != nil {
		return err
	}
	return c.announce(ctx, q, stay)
}

func ofSite(site string, i incident.Incident) incident.Incident {
	i.Site = site
	return i
}
