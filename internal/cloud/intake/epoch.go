package intake

import (
	"context"
	"fmt"
	"strings"

	"cubby/internal/cloud/incident"
	"cubby/internal/cloud/rows"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// copiesWithin is how soon after each other two epochs begin with less than the server has when they are
// two copies of one disk that seal their journals because of each other: a disk that lies once is
// looked at before it lies again.
const copiesWithin = 24 * 60 * 60 * 1000 // milliseconds

// followEpoch opens an incident for a journal that was sealed, and JOURNAL_FORK when copies of one disk
// take turns (ADR 0013).
func (p *projection) followEpoch(ctx context.Context, f locker.EpochBegan) error {
	if f.Sealed == "" {
		return nil
	}
	err := p.raise(ctx, incident.Incident{
		Kind: incident.JournalSealed, Severity: incident.Urgent, Detail: f.Sealed, Key: f.Sealed,
	})
	if err != nil || !behind(f.Sealed) {
		return err
	}
	before, err := p.lastBehind(ctx)
	if err != nil || before == 0 {
		return err
	}
	detail := fmt.Sprintf("%d, %d", before, p.op.Epoch)
	return p.raise(ctx, incident.Incident{
		Kind: incident.JournalFork, Severity: incident.Urgent, Detail: detail, Key: detail,
	})
}

// behind reports whether a journal was sealed because the server had more than it.
func behind(sealed string) bool { return strings.Contains(sealed, journal.KindRolledBack.String()) }

// lastBehind returns the epoch before this one when it began in the same way not long before; 0: it did not.
func (p *projection) lastBehind(ctx context.Context) (uint64, error) {
	epochs, err := p.q.ListEpochs(ctx, p.site)
	if err != nil {
		return 0, fmt.Errorf("read epochs of site %s: %w", p.site, err)
	}
	var last *db.Epoch
	for i := range epochs {
		if uint64(epochs[i].Number) < p.op.Epoch {
			last = &epochs[i]
		}
	}
	if last == nil || p.intake.millis()-last.OpenedAt > copiesWithin {
		return 0, nil
	}
	row, err := p.q.FindOperation(ctx, db.FindOperationParams{Site: p.site, Epoch: last.Number, Number: 1})
	if rows.None(err) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the first operation of epoch %d of site %s: %w", last.Number, p.site, err)
	}
	op, err := wire.DecodeOperation(row.Body)
	if err != nil {
		return 0, nil //nolint:nilerr // what cannot be read says nothing of copies
	}
	for _, f := range op.Facts {
		if began, ok := f.(locker.EpochBegan); ok && behind(began.Sealed) {
			return uint64(last.Number), nil
		}
	}
	return 0, nil
}
