package journal

import "context"

// Storage holds the rows of one site's journal. File, Memory and the server's table for a hosted
// site implement it; journaltest holds them to one meaning. It stores what it is given and checks
// only what two writers could break: it never computes a hash.
//
// Errors: ErrConflict, ErrFull and ErrBusy as defined, with nothing changed for the first two; any
// other error of Commit means that the medium cannot be trusted, and poisons the Log. Methods are
// safe for concurrent use. Returned slices belong to the caller.
type Storage interface {
	// Epochs returns all epochs, oldest first; none for a new journal.
	Epochs(ctx context.Context) ([]Epoch, error)
	// Heads returns the heads of one epoch, smallest first.
	Heads(ctx context.Context, epoch uint64) ([]Head, error)
	// Read returns up to limit records from that number on, in order, as they are stored.
	Read(ctx context.Context, epoch, from uint64, limit int) ([]Record, error)
	// Commit makes one change, all or nothing, and returns when it is durable. It does not give up
	// half-way when ctx ends.
	Commit(ctx context.Context, change Change) error
	// Close releases the storage.
	Close() error
}

// Epoch is one unbroken run of numbers.
type Epoch struct {
	Number uint64 // from 1, never used twice
	Reason string // why it was started, for people
	// Prev is the signed head that it continues, nil for a site's first epoch. HashHead(Prev) is
	// the chain value before record 1.
	Prev         []byte
	OpenedUnixMS int64 // wall clock, for people; order is the number
	Tip          Tip
}

// Tip is where an epoch ends.
type Tip struct {
	Size     uint64   // number of its last record, 0 when it is empty
	Chain    [32]byte // chain value of the last record
	Frontier []byte   // Frontier.MarshalBinary at Size
}

// Head is a stored tree head.
type Head struct {
	Epoch         uint64
	Size          uint64
	Note          []byte // signed by the site, and by the server once it is countersigned
	Countersigned bool
	Frontier      []byte // Frontier.MarshalBinary at Size
}

// Change is one of the four things that a journal can suffer. Exactly one field is set.
type Change struct {
	// Append adds records after the tip of the newest epoch.
	Append *Batch
	// Start begins an epoch. Its number is above all others, else ErrConflict.
	Start *Epoch
	// Head stores a head, or replaces the one of the same epoch and size.
	Head *Head
	// Erase removes the annex of one record; ErrNotFound when there is no such record.
	Erase *Position
}

// Batch is what one Append adds.
type Batch struct {
	Epoch   uint64
	Expect  uint64 // number of the first record; ErrConflict unless it is the newest epoch's tip + 1
	Records []Record
	Tip     Tip // after the batch
}

// Position names a record.
type Position struct {
	Epoch  uint64
	Number uint64
}
