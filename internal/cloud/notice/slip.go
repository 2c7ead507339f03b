package notice

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// channelSlip is a slip of paper with the code on it: whoever has no telephone is told by it.
const channelSlip = "slip"

// Printed writes down that a slip was printed for a parcel: its recipient counts as told. A parcel that waits for
// nobody, or no longer, is CONFLICT.
func (n *Notifier) Printed(ctx context.Context, p cloud.Principal, site locker.SiteID, id locker.StayID) error {
	if err := n.opts.Post.Permit(ctx, p, cloud.RoleStaff, site); err != nil {
		return err
	}
	err := n.opts.Store.Tx(ctx, func(q *db.Queries) error {
		stay, err := q.FindStay(ctx, db.FindStayParams{Site: string(site), ID: string(id)})
		if err != nil {
			return notFound(err)
		}
		if !stay.Live || stay.State != string(locker.StayStored) || stay.Recipient == "" {
			return locker.Errorf(locker.CodeConflict, "this parcel waits for nobody who could be told")
		}
		row := slipID(stay)
		now := n.opts.Now().UnixMilli()
		added, err := q.CreateNotice(ctx, db.CreateNoticeParams{
			ID: row, Site: stay.Site, Stay: stay.ID, Recipient: stay.Recipient, Channel: channelSlip, Kind: kindFirst,
			Generation: stay.Generation, CreatedAt: now,
		})
		if err != nil {
			return fmt.Errorf("note a slip of stay %s: %w", id, err)
		}
		if added == 0 {
			return nil // printed once more
		}
		if err := q.MarkNoticeSent(ctx, db.MarkNoticeSentParams{SentAt: now, ID: row}); err != nil {
			return fmt.Errorf("note a slip of stay %s: %w", id, err)
		}
		if err := n.opts.Post.Wrote(ctx, q, p, stay.Site, row); err != nil {
			return err
		}
		return n.opts.Post.Notified(ctx, q, stay, "told")
	})
	if err == nil {
		n.opts.Post.Changed(string(site))
	}
	return err
}

func slipID(stay db.Stay) string {
	parts := []string{stay.Site, stay.ID, stay.Recipient, channelSlip, kindFirst, strconv.FormatInt(stay.Generation, 10)}
	return messageKey(strings.Join(parts, "|"))
}

// hasSlip reports whether a slip with the code that a stay has now was printed for its recipient.
func hasSlip(rows []db.Notice, stay db.Stay) bool {
	for _, row := range rows {
		if row.Channel == channelSlip && row.Recipient == stay.Recipient && row.Generation == stay.Generation && row.State == stateSent {
			return true
		}
	}
	return false
}
