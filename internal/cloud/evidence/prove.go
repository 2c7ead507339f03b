package evidence

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// provePage is how many operations are read at once.
const provePage = 512

// errNode means that a proof asks for a hash that was not computed: a fault of this file.
var errNode = errors.New("hash of the tree is not at hand")

// branch is the part of a Merkle tree that proofs of records from some number on need: the roots of the
// complete trees before it, and everything after it. It starts at the frontier that a head before was
// kept with, so that a proof reads the records between two heads and not the whole record.
type branch struct {
	size  uint64
	nodes map[int64]tlog.Hash // by tlog.StoredHashIndex
}

// newBranch starts with the tree that front is the right edge of.
func newBranch(front *journal.Frontier) (*branch, error) {
	b := &branch{size: front.Size(), nodes: map[int64]tlog.Hash{}}
	data, err := front.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("read the tree: %w", err)
	}
	if len(data) < 8 {
		return b, nil
	}
	data = data[8:] // the size
	at := uint64(0)
	for level := 63; level >= 0; level-- {
		if b.size>>level&1 == 0 {
			continue
		}
		b.nodes[tlog.StoredHashIndex(level, int64(at>>level))] = tlog.Hash(data[:tlog.HashSize])
		data = data[tlog.HashSize:]
		at += 1 << level
	}
	return b, nil
}

// add adds the next record.
func (b *branch) add(body []byte) {
	hash := journal.LeafHash(body)
	n := b.size
	b.nodes[tlog.StoredHashIndex(0, int64(n))] = hash
	for level := 0; n&1 == 1; level++ {
		left, known := b.nodes[tlog.StoredHashIndex(level, int64(n-1))]
		if !known {
			break // lies before where the branch starts, whose roots are given
		}
		hash = tlog.NodeHash(left, hash)
		n >>= 1
		b.nodes[tlog.StoredHashIndex(level+1, int64(n))] = hash
	}
	b.size++
}

// ReadHashes implements tlog.HashReader.
func (b *branch) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hash, ok := b.nodes[index]
		if !ok {
			return nil, errNode
		}
		hashes[i] = hash
	}
	return hashes, nil
}

// prove fills the proofs of a part whose records all stand in the tree of its head, the last
// of the given ones.
func prove(ctx context.Context, q *db.Queries, site locker.SiteID, part *Part, heads []db.Head) error {
	at := heads[len(heads)-1]
	first := part.Records[0].Number
	front := new(journal.Frontier)
	for _, h := range heads { // smallest first
		if uint64(h.Size) < first && len(h.Frontier) > 0 {
			if err := front.UnmarshalBinary(h.Frontier); err != nil {
				return fmt.Errorf("read the tree of site %s: %w", site, err)
			}
		}
	}
	b, err := newBranch(front)
	if err != nil {
		return err
	}
	for b.size < uint64(at.Size) {
		rows, err := q.ListEpochOperations(ctx, db.ListEpochOperationsParams{
			Site: string(site), Epoch: int64(part.Epoch), First: int64(b.size + 1),
			Page: int32(min(uint64(at.Size)-b.size, provePage)),
		})
		if err != nil {
			return fmt.Errorf("read operations of site %s: %w", site, err)
		}
		if len(rows) == 0 {
			return fmt.Errorf("record %d of epoch %d of site %s is gone: %w", b.size+1, part.Epoch, site, journal.ErrNotFound)
		}
		for _, row := range rows {
			b.add(row.Body)
		}
	}
	for i := range part.Records {
		item := &part.Records[i]
		proof, err := tlog.ProveRecord(at.Size, int64(item.Number-1), b)
		if err != nil {
			return fmt.Errorf("prove record %d of epoch %d of site %s: %w", item.Number, part.Epoch, site, err)
		}
		item.Proof = proof
	}
	return nil
}
