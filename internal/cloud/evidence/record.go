package evidence

import (
	"context"
	"errors"
	"fmt"

	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/store"
)

// recordPage is how many operations of a record are read at once.
const recordPage = 512

// errReadOnly says that a record is only read here.
var errReadOnly = errors.New("the record is only read here")

// Record is the record of a site as the server holds it, to be read. Records of sites with a
// controller stand in the same tables as those of hosted sites, but only the controller keeps where they
// end and how they are chained: that is computed again by reading them. It is for one reader.
type Record struct {
	journal.Storage

	store  *store.Store
	site   string
	heads  map[uint64][32]byte // by epoch, the chain value before its first record
	epoch  uint64              // that chains belong to
	chains map[uint64][32]byte // by number, of what was read last
}

// chainsKept is how many chain values are remembered: readers go forward, and look one record back.
const chainsKept = 4 * recordPage

var _ journal.Storage = (*Record)(nil)

// NewRecord returns the record of a site, over the server's table of its operations.
func NewRecord(operations journal.Storage, st *store.Store, site locker.SiteID) *Record {
	return &Record{Storage: operations, store: st, site: string(site)}
}

// Site returns whose record it is.
func (r *Record) Site() locker.SiteID { return locker.SiteID(r.site) }

// Epochs implements journal.Storage.
func (r *Record) Epochs(ctx context.Context) ([]journal.Epoch, error) {
	rows, err := r.store.Read().ListEpochs(ctx, r.site)
	if err != nil {
		return nil, fmt.Errorf("read epochs: %w", err)
	}
	epochs := make([]journal.Epoch, 0, len(rows))
	for _, row := range rows {
		e := journal.Epoch{Number: uint64(row.Number), Reason: row.Reason, OpenedUnixMS: row.OpenedAt}
		if len(row.Prev) > 0 {
			e.Prev = row.Prev
		}
		r.begin(e)
		if e.Tip, err = r.tip(ctx, e); err != nil {
			return nil, err
		}
		epochs = append(epochs, e)
	}
	return epochs, nil
}

// begin forgets what was read of another epoch.
func (r *Record) begin(e journal.Epoch) {
	if r.heads == nil {
		r.heads = map[uint64][32]byte{}
	}
	r.heads[e.Number] = journal.HashHead(e.Prev)
	r.epoch, r.chains = e.Number, map[uint64][32]byte{0: r.heads[e.Number]}
}

// Read implements journal.Storage.
func (r *Record) Read(ctx context.Context, epoch, from uint64, limit int) ([]journal.Record, error) {
	if r.epoch != epoch {
		r.epoch, r.chains = epoch, map[uint64][32]byte{0: r.heads[epoch]}
	}
	if _, known := r.chains[from-1]; !known {
		r.chains = map[uint64][32]byte{0: r.heads[epoch]}
		for at := uint64(1); at < from; {
			got, err := r.page(ctx, epoch, at, int(min(recordPage, from-at)))
			if err != nil || len(got) == 0 {
				return nil, err
			}
			at += uint64(len(got))
		}
	}
	return r.page(ctx, epoch, from, limit)
}

// page reads records and chains them to the one before, which was read.
func (r *Record) page(ctx context.Context, epoch, from uint64, limit int) ([]journal.Record, error) {
	records, err := r.Storage.Read(ctx, epoch, from, limit)
	if err != nil {
		return nil, err
	}
	chain := r.chains[from-1]
	for i := range records {
		chain = journal.NextChain(chain, records[i].Body)
		records[i].Chain = chain
		r.chains[records[i].Number] = chain
		delete(r.chains, records[i].Number-chainsKept) // wraps below zero, where nothing is
	}
	return records, nil
}

// tip reads an epoch to its end.
func (r *Record) tip(ctx context.Context, e journal.Epoch) (journal.Tip, error) {
	tip := journal.Tip{Chain: journal.HashHead(e.Prev)}
	var front journal.Frontier
	for {
		records, err := r.Read(ctx, e.Number, tip.Size+1, recordPage)
		if err != nil {
			return tip, err
		}
		for _, record := range records {
			front.AppendBody(record.Body)
			tip.Size, tip.Chain = record.Number, record.Chain
		}
		if len(records) < recordPage {
			break
		}
	}
	var err error
	tip.Frontier, err = front.MarshalBinary()
	return tip, err
}

// Commit implements journal.Storage.
func (*Record) Commit(context.Context, journal.Change) error { return errReadOnly }
