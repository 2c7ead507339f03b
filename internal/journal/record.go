package journal

import (
	"crypto/sha256"
	"fmt"
	"hash"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// MaxBody is the most bytes of one record's body, and of one annex: far above any operation,
	// and small enough to hold a batch in memory.
	MaxBody = 1 << 20
	// MaxBatch is the most entries of one Append, so that a commit stays short.
	MaxBatch = 4096
	// MaxRead is the most records that one Read returns.
	MaxRead = 4096

	// maxNumber and maxEpoch let both share one 64-bit row id, see rowID.
	maxNumber = 1<<40 - 1
	maxEpoch  = 1<<22 - 1
)

// Entry is what Append takes: the bytes of one operation, and the personal data beside them.
type Entry struct {
	// Body is hashed and stays for ever. It holds 1 to MaxBody bytes and no personal data.
	Body []byte
	// Annex is not hashed and can be erased. It is nil when there is none.
	Annex []byte
}

// Record is one entry in its place.
type Record struct {
	Epoch  uint64
	Number uint64 // contiguous in its epoch, from 1
	Body   []byte
	Annex  []byte   // nil when there was none or it is erased
	Chain  [32]byte // SHA-256(chain of the record before || Body)
}

// NextChain returns the chain value of the record with that body, given the value before it.
func NextChain(prev [32]byte, body []byte) [32]byte {
	return nextChain(sha256.New(), prev, body)
}

func nextChain(h hash.Hash, prev [32]byte, body []byte) (sum [32]byte) {
	h.Reset()
	h.Write(prev[:])
	h.Write(body)
	h.Sum(sum[:0])
	return sum
}

// LeafHash returns the hash of a body as a leaf of the Merkle tree. Source: RFC 6962 §2.1.
func LeafHash(body []byte) tlog.Hash { return tlog.RecordHash(body) }

func checkEntries(entries []Entry) error {
	if len(entries) > MaxBatch {
		return fmt.Errorf("%d entries in one batch, at most %d: %w", len(entries), MaxBatch, ErrTooLarge)
	}
	for i, e := range entries {
		if len(e.Body) == 0 {
			return fmt.Errorf("entry %d of the batch has an empty body", i)
		}
		if len(e.Body) > MaxBody || len(e.Annex) > MaxBody {
			return fmt.Errorf("entry %d of the batch has a body of %d and an annex of %d bytes, at most %d: %w",
				i, len(e.Body), len(e.Annex), MaxBody, ErrTooLarge)
		}
	}
	return nil
}
