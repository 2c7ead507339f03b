package journal

import (
	"iter"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	aheadBatch = 512 // items that change hands at once: one by one, handing over would cost as much as hashing
	aheadDepth = 4   // batches that wait, so that neither side waits for the other all the time
)

// hashed is a record with its leaf hash.
type hashed struct {
	Record

	leaf tlog.Hash
}

// batchOf is a run of items, and the error that ended the source.
type batchOf[T any] struct {
	items []T
	err   error
}

// ahead runs a source in a goroutine of its own, which ends before the iterator returns: a check reads and
// hashes leaves on one core while it follows the chain on another.
func ahead[T any](source iter.Seq2[T, error]) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		batches, stop := make(chan batchOf[T], aheadDepth), make(chan struct{})
		go fetch(source, batches, stop)
		defer func() {
			close(stop)
			for range batches { // until the goroutine has closed it
			}
		}()
		for b := range batches {
			for i := range b.items {
				if !yield(&b.items[i], nil) {
					return
				}
			}
			if b.err != nil {
				yield(nil, b.err)
				return
			}
		}
	}
}

func fetch[T any](source iter.Seq2[T, error], batches chan<- batchOf[T], stop <-chan struct{}) {
	defer close(batches)
	send := func(b batchOf[T]) bool {
		select {
		case batches <- b:
			return true
		case <-stop:
			return false
		}
	}
	items := make([]T, 0, aheadBatch)
	for item, err := range source {
		if err != nil {
			send(batchOf[T]{items, err})
			return
		}
		if items = append(items, item); len(items) == aheadBatch {
			if !send(batchOf[T]{items: items}) {
				return
			}
			items = make([]T, 0, aheadBatch)
		}
	}
	send(batchOf[T]{items: items})
}

// hashLeaves adds the leaf hashes to records.
func hashLeaves(records iter.Seq2[Record, error]) iter.Seq2[hashed, error] {
	return func(yield func(hashed, error) bool) {
		for r, err := range records {
			h := hashed{Record: r}
			if err == nil {
				h.leaf = LeafHash(r.Body)
			}
			if !yield(h, err) {
				return
			}
		}
	}
}
