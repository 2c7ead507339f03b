package intake

import (
	"context"
	"fmt"

	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// Recall returns operations of a site after a position as they stand in its record, without their
// annexes, at most limit: a computer that takes another's place asks for them.
func (in *Intake) Recall(ctx context.Context, site locker.SiteID, after wire.Position, limit int) ([]wire.Upload, error) {
	rows, err := in.store.Read().ListOperations(ctx, db.ListOperationsParams{
		Site: string(site), AfterEpoch: int64(after.Epoch), AfterNumber: int64(after.Number), Page: int32(limit),
	})
	if err != nil {
		return nil, fmt.Errorf("read operations of site %s: %w", site, err)
	}
	items := make([]wire.Upload, 0, len(rows))
	for _, row := range rows {
		items = append(items, wire.Upload{
			Position: wire.Position{Epoch: uint64(row.Epoch), Number: uint64(row.Number)}, Op: row.Body,
		})
	}
	return items, nil
}
