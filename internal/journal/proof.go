package journal

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// blockLevel is the height of the subtrees whose roots are kept in memory for proofs: 256
	// records each, so a million records take 125 KB.
	blockLevel = 8
	blockSize  = 1 << blockLevel
)

// proofCache holds roots of complete blocks of one epoch, filled by the first proof.
type proofCache struct {
	epoch  uint64
	blocks []tlog.Hash
}

// ProveRecord returns the proof that the record is in the tree of the first size records of its
// epoch. CheckRecord checks it. The first proof of an epoch reads all its records, later ones a few
// hundred.
func (l *Log) ProveRecord(ctx context.Context, epoch, number, size uint64) (tlog.RecordProof, error) {
	if number < 1 || number > size {
		return nil, fmt.Errorf("prove record %d in %d records: %w", number, size, ErrNotFound)
	}
	r, err := l.hashReader(ctx, epoch, size)
	if err != nil {
		return nil, err
	}
	proof, err := tlog.ProveRecord(int64(size), int64(number-1), r)
	if err != nil {
		return nil, fmt.Errorf("prove record %d of epoch %d in %d: %w", number, epoch, size, err)
	}
	return proof, nil
}

// ProveTree returns the proof that the tree of the first size records goes on from the one of the
// first old, so that nothing was changed or taken out between. old is at least 1. CheckTree checks
// it.
func (l *Log) ProveTree(ctx context.Context, epoch, old, size uint64) (tlog.TreeProof, error) {
	if old < 1 || old > size {
		return nil, fmt.Errorf("prove %d records from %d: %w", size, old, ErrNotFound)
	}
	r, err := l.hashReader(ctx, epoch, size)
	if err != nil {
		return nil, err
	}
	proof, err := tlog.ProveTree(int64(size), int64(old), r)
	if err != nil {
		return nil, fmt.Errorf("prove %d records of epoch %d from %d: %w", size, epoch, old, err)
	}
	return proof, nil
}

// CheckRecord checks that the record with that number and body is in the tree that head speaks of.
// The error is ErrBadProof. The caller has opened head with OpenCheckpoint.
func CheckRecord(proof tlog.RecordProof, head Checkpoint, number uint64, body []byte) error {
	if number < 1 || number > head.Size {
		return fmt.Errorf("record %d is not among the %d of the head: %w", number, head.Size, ErrBadProof)
	}
	if err := tlog.CheckRecord(proof, int64(head.Size), head.Root, int64(number-1), LeafHash(body)); err != nil {
		return fmt.Errorf("%w: %w", ErrBadProof, err)
	}
	return nil
}

// CheckTree checks that head goes on from old, both of the same site and epoch. The error is
// ErrBadProof.
func CheckTree(proof tlog.TreeProof, head, old Checkpoint) error {
	if head.Site != old.Site || head.Epoch != old.Epoch || old.Size < 1 || old.Size > head.Size {
		return fmt.Errorf("heads of %s/%d at %d and %s/%d at %d cannot follow: %w",
			old.Site, old.Epoch, old.Size, head.Site, head.Epoch, head.Size, ErrBadProof)
	}
	if err := tlog.CheckTree(proof, int64(head.Size), head.Root, int64(old.Size), old.Root); err != nil {
		return fmt.Errorf("%w: %w", ErrBadProof, err)
	}
	return nil
}

// hashReader answers for stored hashes by hashing records again: the tree is not stored, because
// proofs are rare and appends are not.
func (l *Log) hashReader(ctx context.Context, epoch, size uint64) (tlog.HashReader, error) {
	e, err := l.findEpoch(ctx, epoch)
	if err != nil {
		return nil, err
	}
	if size > e.Tip.Size {
		return nil, fmt.Errorf("epoch %d has %d records, %d asked: %w", epoch, e.Tip.Size, size, ErrNotFound)
	}
	blocks, err := l.blocks(ctx, epoch, size/blockSize)
	if err != nil {
		return nil, err
	}
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			if level >= blockLevel {
				width := int64(1) << (level - blockLevel)
				hashes[i] = subtree(blocks[n*width : (n+1)*width])
				continue
			}
			leaves, err := l.leaves(ctx, epoch, uint64(n)<<level, 1<<level)
			if err != nil {
				return nil, err
			}
			hashes[i] = subtree(leaves)
		}
		return hashes, nil
	}), nil
}

// blocks returns the roots of the first n complete blocks of an epoch.
func (l *Log) blocks(ctx context.Context, epoch, n uint64) ([]tlog.Hash, error) {
	l.mu.Lock()
	cache := l.proof
	l.mu.Unlock()
	if cache.epoch != epoch {
		cache = proofCache{epoch: epoch}
	}
	blocks := slices.Clip(cache.blocks) // two proofs at once must not append into one array
	for i := uint64(len(blocks)); i < n; i++ {
		leaves, err := l.leaves(ctx, epoch, i*blockSize, blockSize)
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, subtree(leaves))
	}
	l.mu.Lock()
	l.proof = proofCache{epoch: epoch, blocks: blocks}
	l.mu.Unlock()
	return blocks, nil
}

// leaves returns the leaf hashes of count records after record `after`.
func (l *Log) leaves(ctx context.Context, epoch, after uint64, count int) ([]tlog.Hash, error) {
	rows, err := l.Read(ctx, epoch, after+1, count)
	if err != nil {
		return nil, err
	}
	if len(rows) != count {
		return nil, &CorruptError{Fault{Kind: KindTruncated, Epoch: epoch, Number: after + uint64(len(rows)) + 1}}
	}
	leaves := make([]tlog.Hash, count)
	for i := range rows {
		leaves[i] = LeafHash(rows[i].Body)
	}
	return leaves, nil
}

// subtree returns the root of a complete subtree from its hashes at one level.
func subtree(hashes []tlog.Hash) tlog.Hash {
	var f Frontier
	for _, h := range hashes {
		f.Append(h)
	}
	return f.Root()
}
