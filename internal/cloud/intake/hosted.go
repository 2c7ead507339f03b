package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"cubby/internal/cloud/rows"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// Hosted returns the journal of a site that runs inside the server: the server's own table
// of operations. An append names the number that it expects, so that two servers cannot both write,
// and goes through the same intake as what other sites send.
func (in *Intake) Hosted(site locker.SiteID) journal.Storage {
	return &hostedStorage{intake: in, site: string(site)}
}

type hostedStorage struct {
	intake *Intake
	site   string
}

var _ journal.Storage = (*hostedStorage)(nil)

// Epochs implements journal.Storage.
func (h *hostedStorage) Epochs(ctx context.Context) ([]journal.Epoch, error) {
	rows, err := h.intake.store.Read().ListEpochs(ctx, h.site)
	if err != nil {
		return nil, fmt.Errorf("read epochs: %w", err)
	}
	epochs := make([]journal.Epoch, 0, len(rows))
	for _, row := range rows {
		e := journal.Epoch{
			Number: uint64(row.Number), Reason: row.Reason, Prev: orNil(row.Prev), OpenedUnixMS: row.OpenedAt,
			Tip: journal.Tip{Size: uint64(row.Size), Frontier: row.Frontier},
		}
		if copy(e.Tip.Chain[:], row.Chain) != len(e.Tip.Chain) {
			return nil, fmt.Errorf("epoch %d has no chain: %w", row.Number, journal.ErrBadHead)
		}
		epochs = append(epochs, e)
	}
	return epochs, nil
}

func orNil(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

// Heads implements journal.Storage.
func (h *hostedStorage) Heads(ctx context.Context, epoch uint64) ([]journal.Head, error) {
	rows, err := h.intake.store.Read().ListHeads(ctx, db.ListHeadsParams{Site: h.site, Epoch: int64(epoch)})
	if err != nil {
		return nil, fmt.Errorf("read heads: %w", err)
	}
	heads := make([]journal.Head, 0, len(rows))
	for _, row := range rows {
		heads = append(heads, journal.Head{
			Epoch: uint64(row.Epoch), Size: uint64(row.Size), Note: row.Note, Countersigned: row.Countersigned,
			Frontier: row.Frontier,
		})
	}
	return heads, nil
}

// Read implements journal.Storage.
func (h *hostedStorage) Read(ctx context.Context, epoch, from uint64, limit int) ([]journal.Record, error) {
	rows, err := h.intake.store.Read().ListEpochOperations(ctx, db.ListEpochOperationsParams{
		Site: h.site, Epoch: int64(epoch), First: int64(from), Page: int32(max(limit, 0)),
	})
	if err != nil {
		return nil, fmt.Errorf("read operations: %w", err)
	}
	records := make([]journal.Record, 0, len(rows))
	for _, row := range rows {
		r := journal.Record{Epoch: epoch, Number: uint64(row.Number), Body: row.Body, Annex: orNil(row.Annex)}
		copy(r.Chain[:], row.Chain)
		records = append(records, r)
	}
	return records, nil
}

// Commit implements journal.Storage.
func (h *hostedStorage) Commit(ctx context.Context, change journal.Change) error {
	switch {
	case change.Append != nil:
		return h.append(ctx, change.Append)
	case change.Start != nil:
		return h.intake.store.Tx(ctx, func(q *db.Queries) error { return h.start(ctx, q, change.Start) })
	case change.Head != nil:
		return h.putHead(ctx, change.Head)
	case change.Erase != nil:
		return h.erase(ctx, change.Erase)
	}
	return nil
}

// Close implements journal.Storage; the store belongs to the server.
func (h *hostedStorage) Close() error { return nil }

func (h *hostedStorage) append(ctx context.Context, b *journal.Batch) error {
	if len(b.Records) == 0 {
		return nil
	}
	a := &arrival{site: locker.SiteID(h.site), hosted: b}
	// The commit is not given up half-way: what the Log was told must be what is stored.
	_, err := h.intake.submit(context.WithoutCancel(ctx), a)
	if errors.Is(err, errStopped) {
		return journal.ErrBusy
	}
	return err
}

func (h *hostedStorage) start(ctx context.Context, q *db.Queries, e *journal.Epoch) error {
	epochs, err := q.ListEpochs(ctx, h.site)
	if err != nil {
		return fmt.Errorf("read epochs: %w", err)
	}
	if n := len(epochs); n > 0 && epochs[n-1].Number >= int64(e.Number) {
		return journal.ErrConflict
	}
	err = q.PutEpoch(ctx, db.PutEpochParams{
		Site: h.site, Number: int64(e.Number), Reason: e.Reason, Prev: rows.Bytes(e.Prev), OpenedAt: e.OpenedUnixMS,
		Size: int64(e.Tip.Size), Chain: e.Tip.Chain[:], Frontier: rows.Bytes(e.Tip.Frontier),
	})
	if err != nil {
		return fmt.Errorf("start epoch %d: %w", e.Number, err)
	}
	return nil
}

func (h *hostedStorage) putHead(ctx context.Context, head *journal.Head) error {
	err := h.intake.store.Tx(ctx, func(q *db.Queries) error {
		return q.PutHead(ctx, db.PutHeadParams{
			Site: h.site, Epoch: int64(head.Epoch), Size: int64(head.Size), Note: head.Note,
			Countersigned: head.Countersigned, Frontier: rows.Bytes(head.Frontier), At: h.intake.millis(),
		})
	})
	if err != nil {
		return fmt.Errorf("store the head of epoch %d at %d: %w", head.Epoch, head.Size, err)
	}
	return nil
}

func (h *hostedStorage) erase(ctx context.Context, at *journal.Position) error {
	return h.intake.store.Tx(ctx, func(q *db.Queries) error {
		n, err := q.EraseAnnex(ctx, db.EraseAnnexParams{
			Site: h.site, Epoch: int64(at.Epoch), Number: int64(at.Number), Empty: []byte{},
		})
		if err != nil {
			return fmt.Errorf("erase annex: %w", err)
		}
		if n == 0 {
			return journal.ErrNotFound
		}
		return nil
	})
}

// takeHosted stores an append of a site that runs inside the server, all of it or nothing.
func (r *recorder) takeHosted(b *journal.Batch, ops []incoming) (outcome, error) {
	if err := r.finish(); err != nil {
		return outcome{}, err
	}
	epochs, err := r.q.ListEpochs(r.ctx, string(r.work.site))
	if err != nil {
		return outcome{}, fmt.Errorf("read epochs of site %s: %w", r.work.site, err)
	}
	if len(epochs) == 0 {
		return outcome{err: journal.ErrConflict}, nil
	}
	last := epochs[len(epochs)-1]
	if added, again := r.added[last.Number]; again { // earlier in this batch
		last = added
	}
	if uint64(last.Number) != b.Epoch || uint64(last.Size)+1 != b.Expect {
		return outcome{err: journal.ErrConflict}, nil
	}
	for _, in := range ops {
		if in.err == nil && (in.op.Site != r.work.site || in.op.Position() != in.Position) {
			return outcome{err: locker.Errorf(locker.CodeInputInvalid, "operation %s is not of this site", in.Position)}, nil
		}
	}
	for _, in := range ops {
		r.insert(in)
	}
	last.Size, last.Chain, last.Frontier = int64(b.Tip.Size), bytes.Clone(b.Tip.Chain[:]), b.Tip.Frontier
	r.putEpoch(last)
	r.loaded = false
	return outcome{at: wire.Position{Epoch: b.Epoch, Number: b.Tip.Size}}, nil
}
