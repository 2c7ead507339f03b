package controller

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"cubby/board"
	"cubby/internal/credential"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// Defaults of Options.
const (
	DefaultIdlePoll   = 500 * time.Millisecond // a door opened by force shows within half a second
	DefaultBusyPoll   = 100 * time.Millisecond // a person waits for the screen to follow the door
	DefaultFirstLook  = 2 * time.Second        // longest reading of all sensors at a start
	DefaultSnapshotAt = 2000                   // operations between two snapshots: some 50 ms of replay
)

// Journal is the append-only record of the site. *journal.Log implements it; optional powers are
// found by type assertion: signing heads, and the reserve of a full disk.
type Journal interface {
	// Next returns the epoch and the number that the next record gets.
	Next(ctx context.Context) (epoch, number uint64, err error)
	// Append adds entries from the expected number on, all or none, durable when it returns.
	Append(ctx context.Context, expect uint64, entries []journal.Entry) error
	// Read returns up to limit records of an epoch from a number on.
	Read(ctx context.Context, epoch, from uint64, limit int) ([]journal.Record, error)
	// Epochs returns all epochs, oldest first.
	Epochs(ctx context.Context) ([]journal.Epoch, error)
}

// headSigner is a Journal that signs tree heads.
type headSigner interface {
	Checkpoint(ctx context.Context) (journal.Head, error)
	LastHead() (journal.Head, bool)
}

// reserver is a Journal that keeps disk space back for pick-ups.
type reserver interface {
	LowSpace() bool
	RefillReserve() error
}

// Store is the controller's memory beside the journal. Nothing in it is the only copy of anything.
type Store interface {
	// Directory returns the replica: its revision and its objects as changes.
	Directory(ctx context.Context) (wire.DirectoryAck, []wire.Change, error)
	// ApplyDirectory applies a batch durably and returns the revision that the replica then has.
	ApplyDirectory(ctx context.Context, batch wire.DirectoryBatch) (wire.DirectoryAck, error)
	// Snapshot returns what PutSnapshot stored last; nil when there is none.
	Snapshot(ctx context.Context) ([]byte, error)
	// PutSnapshot stores the machine's memory as of a position.
	PutSnapshot(ctx context.Context, at wire.Position, data []byte) error
	// SetAcked remembers what the server has committed.
	SetAcked(ctx context.Context, at wire.Position) error
}

// Bus is one line with lock boards on it.
type Bus struct {
	Name   string // as locker.Output.Bus names it
	Driver board.Driver
	// Reopens returns how often the line was lost and opened again; nil: nobody counts. It is called
	// by whoever drives the bus.
	Reopens func() uint64
}

// Options are what a Controller needs. Zero durations and counts mean the defaults.
type Options struct {
	Site    locker.SiteID
	Version string
	Journal Journal
	Store   Store
	Buses   []Bus // none for a hosted site
	Panels  map[PanelID]locker.BankID
	Limits  credential.Limits
	Sealed  string // what was lost before this start, as the journal's report says; empty: nothing
	// Past yields what can still be read of journals that were sealed, in order; fits says that a record
	// is good. It tells what lies in the places, and what the server has not got. nil: nothing was sealed.
	Past func(ctx context.Context, yield func(r journal.Record, fits bool) error) error

	Logger *slog.Logger
	Now    func() time.Time // with a monotonic reading
	NewID  func() string    // UUIDv7 in lower case; safe for concurrent use is not needed
	Rand   io.Reader        // 32 bytes for the kiosk's proofs; nil: crypto/rand

	IdlePoll   time.Duration
	BusyPoll   time.Duration
	FirstLook  time.Duration
	SnapshotAt int

	// Each of these may be nil. They must not block.
	Wake     func()                    // new operations wait for the link
	Online   func() bool               // whether the link is up
	Reboot   func()                    // restart the computer
	Disk     func() (wire.Disk, error) // the file system that holds the journal
	Readings func() []wire.Reading     // sensors of the cabinet
}

func (o *Options) validate() error {
	switch {
	case o.Site == "":
		return errors.New("controller needs a site")
	case o.Journal == nil || o.Store == nil:
		return errors.New("controller needs a journal and a store")
	case o.Now == nil || o.NewID == nil || o.Logger == nil:
		return errors.New("controller needs a clock, ids and a logger")
	}
	seen := map[string]bool{}
	for _, b := range o.Buses {
		if b.Name == "" || b.Driver == nil || seen[b.Name] {
			return fmt.Errorf("bus %q has no name, no driver, or stands twice", b.Name)
		}
		seen[b.Name] = true
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	o.IdlePoll = orDefault(o.IdlePoll, DefaultIdlePoll)
	o.BusyPoll = orDefault(o.BusyPoll, DefaultBusyPoll)
	o.FirstLook = orDefault(o.FirstLook, DefaultFirstLook)
	o.SnapshotAt = orDefault(o.SnapshotAt, DefaultSnapshotAt)
	return nil
}

func orDefault[T time.Duration | int](v, d T) T {
	if v <= 0 {
		return d
	}
	return v
}
