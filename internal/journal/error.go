package journal

import (
	"errors"
	"fmt"
)

var (
	// ErrConflict means that the expected number or epoch is not the next one: somebody else wrote.
	// Nothing was appended.
	ErrConflict = errors.New("journal moved on: another writer appended")
	// ErrFull means that the disk has no room, the reserve included. Nothing was appended.
	ErrFull = errors.New("no disk space left for the journal")
	// ErrBusy means that the storage could not be used now, for instance because another program
	// holds it. Ask Next before trying again.
	ErrBusy = errors.New("journal storage is busy")
	// ErrPoisoned means that an earlier write or fsync failed. The process must exit and open the
	// journal again; retrying an fsync would hide the loss.
	ErrPoisoned = errors.New("journal is poisoned by an I/O error: restart to recover")
	// ErrCorrupt is what every *CorruptError is.
	ErrCorrupt = errors.New("journal is corrupt")
	// ErrTooLarge means that an entry or a batch is beyond its limit. Nothing was appended.
	ErrTooLarge = errors.New("journal entry is too large")
	// ErrNotFound means that there is no such epoch or record.
	ErrNotFound = errors.New("no such journal record")
	// ErrBadHead means that a signed tree head cannot be read, is signed by nobody known, or says
	// something else than the journal.
	ErrBadHead = errors.New("tree head is not valid")
	// ErrBadProof means that a proof does not lead to the head.
	ErrBadProof = errors.New("proof does not lead to the tree head")
	// ErrBadExport means that an export cannot be read.
	ErrBadExport = errors.New("journal export is not readable")
)

// CorruptError names the record that is wrong. errors.Is(err, ErrCorrupt) finds it.
type CorruptError struct {
	Fault Fault
}

// Error returns the fault in words.
func (e *CorruptError) Error() string { return fmt.Sprintf("%v: %v", ErrCorrupt, e.Fault) }

// Unwrap returns ErrCorrupt.
func (e *CorruptError) Unwrap() error { return ErrCorrupt }
