package holder

import (
	"context"
	"fmt"

	"cubby/internal/cloud/rows"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
)

// LostPhone ends in one act whatever a phone that was lost could open: the link, the codes of all parcels,
// everybody who was sent, and messages to browsers. The sites make new codes as soon as they hear of it,
// and the old ones are over there from then on, with or without a network. A new link goes to the address
// and the number that are known; the holder of the old one never sees it.
func (d *Desk) LostPhone(ctx context.Context, token string) error {
	r, err := d.holders.Find(ctx, token)
	if err != nil {
		return err
	}
	told := map[string]bool{}
	err = d.store.Tx(ctx, func(q *db.Queries) error {
		if r, err = d.holders.Renew(ctx, q, r); err != nil {
			return err
		}
		if err := q.DeletePushSubscriptionsOf(ctx, r.ID); err != nil {
			return fmt.Errorf("forget the browsers of a recipient: %w", err)
		}
		if err := d.endAll(ctx, q, r.ID, told); err != nil {
			return err
		}
		live, err := q.ListWaitingOfRecipient(ctx, db.ListWaitingOfRecipientParams{Recipient: r.ID, Page: maxPage})
		if err != nil {
			return fmt.Errorf("list what waits: %w", err)
		}
		for _, row := range live {
			stay, err := q.FindStay(ctx, db.FindStayParams{Site: row.Site, ID: row.ID})
			if err != nil {
				return fmt.Errorf("find stay %s: %w", row.ID, err)
			}
			if err := d.order(ctx, q, stay, func(o *db.StayOrder) { o.Lost = max(o.Lost, stay.Generation) }); err != nil {
				return err
			}
			told[stay.Site] = true
		}
		if err := d.wrote(ctx, q, act{"lost_phone", "", r.ID, ""}); err != nil {
			return err
		}
		body, err := rows.Encode(LinkJob{Recipient: r.ID, Generation: r.LinkGeneration})
		if err != nil {
			return err
		}
		_, err = d.store.Enqueue(ctx, q, store.Job{Kind: JobLink, Key: fmt.Sprintf("%s|%d", r.ID, r.LinkGeneration), Body: body})
		return err
	})
	if err == nil {
		for s := range told {
			d.holders.Wake(locker.SiteID(s))
		}
	}
	return err
}

func (d *Desk) endAll(ctx context.Context, q *db.Queries, recipient string, told map[string]bool) error {
	all, err := q.ListDelegates(ctx, db.ListDelegatesParams{Recipient: recipient, Now: 0, Page: maxTick})
	if err != nil {
		return fmt.Errorf("list delegates: %w", err)
	}
	for _, delegate := range all {
		if err := d.end(ctx, q, delegate, told); err != nil {
			return err
		}
	}
	return nil
}
