package cloud

import (
	"context"
	"fmt"

	"cubby/internal/auth"
	"cubby/internal/cloud/timeline"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// FactView is one fact of a site's record, as the API gives it out.
type FactView = timeline.FactView

// Facts returns the facts of a site after a cursor, in the order of the record. An empty cursor
// starts at the beginning; Next continues, also when nothing more is there yet.
func (c *Cloud) Facts(ctx context.Context, p Principal, site locker.SiteID, cursor string, limit int) (Page[FactView], error) {
	var found Page[FactView]
	if err := p.NeedScope(auth.ScopeRead); err != nil {
		return found, err
	}
	if _, err := c.findSite(ctx, p, site); err != nil {
		return found, err
	}
	after, err := timeline.ParseCursor(cursor)
	if err != nil {
		return found, err
	}
	found.Next = cursor
	limit = page(limit)
	rows, err := c.store.Read().ListOperations(ctx, db.ListOperationsParams{
		Site: string(site), AfterEpoch: after.Epoch, AfterNumber: after.Number - 1, Page: int32(limit) + 1,
	})
	if err != nil {
		return found, fmt.Errorf("list operations: %w", err)
	}
	for _, row := range rows {
		op, err := wire.DecodeOperation(row.Body)
		if err != nil {
			continue // kept, but this version cannot show it
		}
		for i, f := range op.Facts {
			at := timeline.Cursor{Epoch: row.Epoch, Number: row.Number, Index: i}
			if at.Compare(after) <= 0 && cursor != "" {
				continue
			}
			if len(found.Items) == limit {
				return found, nil
			}
			view, err := timeline.View(op, at, f)
			if err != nil {
				return found, err
			}
			found.Items = append(found.Items, view)
			found.Next = view.Cursor
		}
	}
	return found, nil
}
