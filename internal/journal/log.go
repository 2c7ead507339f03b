package journal

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// LogOptions say whose journal a Log writes.
type LogOptions struct {
	Site   string             // site id: no spaces, slashes or plus signs
	Signer ed25519.PrivateKey // signs tree heads
	// Previous is a signed head that the first epoch continues, when the storage is empty and the
	// site is not new. Nil is allowed.
	Previous []byte
	// Used is the highest epoch that is known to have been used; the first one of an empty storage is
	// above it.
	Used uint64
	Now  func() time.Time // wall clock, for the time of an epoch's start
}

// Log is the writer of one site's journal. It is safe for concurrent use; writes take turns.
type Log struct {
	storage Storage
	site    string
	signer  note.Signer
	self    note.Verifier
	now     func() time.Time
	side    *sideFile // nil unless over a file
	reserve *reserve  // nil unless over a file

	poison atomic.Pointer[error]

	mu    sync.Mutex
	stale bool // another writer may have moved the storage
	epoch Epoch
	front *Frontier
	head  Head // newest of this epoch; Note is nil when there is none
	cosig Head // newest countersigned of this epoch
	proof proofCache
}

// New returns a Log over a storage and starts epoch 1 (or the one after Previous) when it is empty.
func New(ctx context.Context, storage Storage, opts LogOptions) (*Log, error) {
	l, err := newLog(storage, opts)
	if err != nil {
		return nil, err
	}
	epochs, err := storage.Epochs(ctx)
	if err != nil {
		return nil, fmt.Errorf("read epochs of site %s: %w", opts.Site, err)
	}
	if len(epochs) == 0 {
		if err := l.startFirst(ctx, opts.Previous, opts.Used, "first start"); err != nil {
			return nil, err
		}
	}
	return l, l.reload(ctx)
}

func newLog(storage Storage, opts LogOptions) (*Log, error) {
	if !validSite(opts.Site) {
		return nil, fmt.Errorf("site id %q holds spaces, slashes or plus signs, is empty or too long", opts.Site)
	}
	if opts.Now == nil {
		return nil, errors.New("journal needs a clock")
	}
	signer, err := NewSigner(SiteKeyName(opts.Site), opts.Signer)
	if err != nil {
		return nil, err
	}
	pub, _ := opts.Signer.Public().(ed25519.PublicKey)
	self, err := NewVerifier(SiteKeyName(opts.Site), pub)
	if err != nil {
		return nil, err
	}
	return &Log{storage: storage, site: opts.Site, signer: signer, self: self, now: opts.Now}, nil
}

// startFirst begins the first epoch of an empty storage, above every epoch known to have been used.
func (l *Log) startFirst(ctx context.Context, prev []byte, used uint64, reason string) error {
	if prev != nil {
		c, err := OpenCheckpoint(prev)
		if err != nil {
			return fmt.Errorf("previous head of site %s: %w", l.site, err)
		}
		used = max(used, c.Epoch)
	}
	return l.start(ctx, used+1, reason, prev)
}

func (l *Log) start(ctx context.Context, number uint64, reason string, prev []byte) error {
	if number > maxEpoch {
		return fmt.Errorf("epoch %d is above the limit of %d", number, maxEpoch)
	}
	e := Epoch{
		Number: number, Reason: reason, Prev: prev, OpenedUnixMS: l.now().UnixMilli(),
		Tip: Tip{Chain: HashHead(prev), Frontier: new(Frontier).bytes()},
	}
	// The counter goes first: a number that was announced is never used again, even when the
	// database is lost right after.
	if err := l.note(func() error { return l.side.announce(number) }); err != nil {
		return err
	}
	if err := l.commit(ctx, Change{Start: &e}); err != nil {
		return fmt.Errorf("start epoch %d of site %s: %w", number, l.site, err)
	}
	l.stale = true
	return l.note(func() error { return l.side.started(number) })
}

// Next returns the epoch and the number that the next record gets. Over a storage with several
// writers it is what this Log last saw; after ErrConflict or ErrBusy it is read again.
func (l *Log) Next(ctx context.Context) (epoch, number uint64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.ready(ctx); err != nil {
		return 0, 0, err
	}
	return l.epoch.Number, l.epoch.Tip.Size + 1, nil
}

// Append adds entries as the records expect, expect+1, ... of the newest epoch: all of them or
// none. It returns after they are durable. Whoever has several operations waiting passes them
// together, so that they share one commit; at most MaxBatch.
//
// Errors that leave nothing appended: ErrConflict when expect is not the next number, ErrFull,
// ErrTooLarge, and the error of a ctx that ended before the commit began (a commit that has begun
// is finished). After ErrBusy ask Next. After any other error the Log is poisoned.
func (l *Log) Append(ctx context.Context, expect uint64, entries []Entry) error {
	if err := checkEntries(entries); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.expect(ctx, expect); err != nil || len(entries) == 0 {
		return err
	}
	batch, front := l.batch(entries)
	if err := l.commit(ctx, Change{Append: batch}); err != nil {
		return fmt.Errorf("append record %d of epoch %d: %w", expect, l.epoch.Number, err)
	}
	l.epoch.Tip, l.front = batch.Tip, front
	return nil
}

func (l *Log) expect(ctx context.Context, expect uint64) error {
	if err := l.ready(ctx); err != nil {
		return err
	}
	if expect == l.epoch.Tip.Size+1 {
		return nil
	}
	// Perhaps the caller knows of another writer's records and this Log does not yet.
	if err := l.reload(ctx); err != nil {
		return err
	}
	if next := l.epoch.Tip.Size + 1; expect != next {
		return fmt.Errorf("append record %d of epoch %d, next is %d: %w", expect, l.epoch.Number, next, ErrConflict)
	}
	return nil
}

func (l *Log) batch(entries []Entry) (*Batch, *Frontier) {
	tip := l.epoch.Tip
	b := &Batch{Epoch: l.epoch.Number, Expect: tip.Size + 1, Records: make([]Record, len(entries))}
	front := l.front.Clone()
	h := sha256.New()
	for i, e := range entries {
		tip.Size++
		tip.Chain = nextChain(h, tip.Chain, e.Body)
		front.AppendBody(e.Body)
		b.Records[i] = Record{Epoch: b.Epoch, Number: tip.Size, Body: e.Body, Annex: e.Annex, Chain: tip.Chain}
	}
	tip.Frontier = front.bytes()
	b.Tip = tip
	return b, front
}

// Read returns up to limit records (at most MaxRead) of an epoch from that number on, none past the
// end. Each is checked against the chain; the error is then a *CorruptError that names the record.
func (l *Log) Read(ctx context.Context, epoch, from uint64, limit int) ([]Record, error) {
	if err := l.poisoned(); err != nil {
		return nil, err
	}
	if from == 0 {
		return nil, fmt.Errorf("read epoch %d from 0, numbers start at 1: %w", epoch, ErrNotFound)
	}
	limit = min(limit, MaxRead)
	chain, skip := [32]byte{}, 0
	if from == 1 {
		e, err := l.findEpoch(ctx, epoch)
		if err != nil {
			return nil, err
		}
		chain = HashHead(e.Prev)
	} else {
		skip = 1
	}
	rows, err := l.storage.Read(ctx, epoch, from-uint64(skip), limit+skip)
	if err != nil {
		return nil, fmt.Errorf("read epoch %d from %d: %w", epoch, from, err)
	}
	if skip == 1 {
		if len(rows) == 0 {
			return nil, nil
		}
		if rows[0].Number != from-1 {
			return nil, &CorruptError{Fault{Kind: KindRemoved, Epoch: epoch, Number: from - 1}}
		}
		chain, rows = rows[0].Chain, rows[1:]
	}
	if fault := chainFault(epoch, from, chain, rows); fault != nil {
		return nil, &CorruptError{*fault}
	}
	return rows, nil
}

// chainFault returns the first of rows that does not follow, nil when all do.
func chainFault(epoch, from uint64, chain [32]byte, rows []Record) *Fault {
	h := sha256.New()
	for i := range rows {
		number := from + uint64(i)
		if rows[i].Number != number {
			return &Fault{Kind: KindRemoved, Epoch: epoch, Number: number}
		}
		if chain = nextChain(h, chain, rows[i].Body); chain != rows[i].Chain {
			return &Fault{Kind: KindFlipped, Epoch: epoch, Number: number}
		}
	}
	return nil
}

// Epochs returns all epochs of the storage, oldest first. Epochs in a sealed file are not among
// them.
func (l *Log) Epochs(ctx context.Context) ([]Epoch, error) {
	if err := l.poisoned(); err != nil {
		return nil, err
	}
	epochs, err := l.storage.Epochs(ctx)
	if err != nil {
		return nil, fmt.Errorf("read epochs of site %s: %w", l.site, err)
	}
	return epochs, nil
}

func (l *Log) findEpoch(ctx context.Context, number uint64) (Epoch, error) {
	epochs, err := l.Epochs(ctx)
	if err != nil {
		return Epoch{}, err
	}
	i := slices.IndexFunc(epochs, func(e Epoch) bool { return e.Number == number })
	if i < 0 {
		return Epoch{}, fmt.Errorf("epoch %d of site %s: %w", number, l.site, ErrNotFound)
	}
	return epochs[i], nil
}

// EraseAnnex removes the personal data beside one record for good. The record still verifies.
// ErrNotFound when there is no such record; no error when the annex is gone already.
func (l *Log) EraseAnnex(ctx context.Context, epoch, number uint64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.ready(ctx); err != nil {
		return err
	}
	if err := l.commit(ctx, Change{Erase: &Position{Epoch: epoch, Number: number}}); err != nil {
		return fmt.Errorf("erase annex of record %d of epoch %d: %w", number, epoch, err)
	}
	return nil
}

// NewEpoch ends the current epoch and starts the next, which it returns. The new one continues
// prev, a signed head, and is above prev's epoch; with a nil prev it continues the last
// countersigned head of this journal, or the last head when the server has signed none.
func (l *Log) NewEpoch(ctx context.Context, reason string, prev []byte) (Epoch, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.ready(ctx); err != nil {
		return Epoch{}, err
	}
	if prev == nil {
		if prev = l.cosig.Note; prev == nil {
			head, err := l.sign(ctx)
			if err != nil {
				return Epoch{}, err
			}
			prev = head.Note
		}
	}
	c, err := OpenCheckpoint(prev)
	if err != nil {
		return Epoch{}, fmt.Errorf("previous head of site %s: %w", l.site, err)
	}
	if err := l.start(ctx, max(l.epoch.Number, c.Epoch, l.side.used())+1, reason, prev); err != nil {
		return Epoch{}, err
	}
	if err := l.reload(ctx); err != nil {
		return Epoch{}, err
	}
	return l.epoch, nil
}

// LowSpace reports whether the reserve has been given up because the disk was full. Pick-ups still
// work; a drop-off should be refused, and a person must make room. RefillReserve ends it.
func (l *Log) LowSpace() bool { return l.reserve.released() }

// RefillReserve takes the reserve again when the disk has room for it. The error is ErrFull when it
// has not.
func (l *Log) RefillReserve() error { return l.reserve.fill() }

// Condemn marks the file as bad, because Read or Verify found a fault, and poisons the Log. The
// next Open seals the file. Over other storages it only poisons.
func (l *Log) Condemn(f Fault) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.note(func() error { return l.side.condemn(f) }); err != nil {
		return err
	}
	l.poisonWith(&CorruptError{f})
	return nil
}

// Close releases the storage. It writes nothing: whatever Append has acknowledged is durable.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	closed := errors.New("journal is closed")
	l.poison.CompareAndSwap(nil, &closed)
	if err := l.storage.Close(); err != nil {
		return fmt.Errorf("close journal of site %s: %w", l.site, err)
	}
	return nil
}

// ready must hold before anything else is done under mu.
func (l *Log) ready(ctx context.Context) error {
	if err := l.poisoned(); err != nil {
		return err
	}
	if l.stale {
		return l.reload(ctx)
	}
	return nil
}

func (l *Log) reload(ctx context.Context) error {
	epochs, err := l.storage.Epochs(ctx)
	if err != nil {
		return fmt.Errorf("read epochs of site %s: %w", l.site, err)
	}
	if len(epochs) == 0 {
		return fmt.Errorf("journal of site %s has no epoch: %w", l.site, ErrNotFound)
	}
	epoch := epochs[len(epochs)-1]
	front := new(Frontier)
	if err := front.UnmarshalBinary(epoch.Tip.Frontier); err != nil {
		return &CorruptError{Fault{Kind: KindTip, Epoch: epoch.Number, Number: epoch.Tip.Size, Detail: err.Error()}}
	}
	heads, err := l.storage.Heads(ctx, epoch.Number)
	if err != nil {
		return fmt.Errorf("read heads of epoch %d: %w", epoch.Number, err)
	}
	l.epoch, l.front, l.head, l.cosig, l.stale = epoch, front, Head{}, Head{}, false
	for _, h := range heads {
		l.head = h
		if h.Countersigned {
			l.cosig = h
		}
	}
	return nil
}

// commit runs under mu. A commit that has begun is not cut short by ctx, so that its outcome is
// known; the storage bounds how long it takes.
func (l *Log) commit(ctx context.Context, change Change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	err := l.storage.Commit(ctx, change)
	if errors.Is(err, ErrFull) && l.reserve.release() {
		err = l.storage.Commit(ctx, change)
	}
	switch {
	case err == nil, errors.Is(err, ErrFull), errors.Is(err, ErrNotFound):
		return err
	case errors.Is(err, ErrConflict), errors.Is(err, ErrBusy):
		l.stale = true
		return err
	}
	return l.fail(err)
}

// note runs under mu and writes the side file. A full disk leaves the file as it was, which is
// less than the database knows and never more.
func (l *Log) note(write func() error) error {
	err := write()
	if errors.Is(err, ErrFull) && l.reserve.release() {
		err = write()
	}
	if err == nil || errors.Is(err, ErrFull) {
		return err
	}
	return l.fail(err)
}

// fail poisons the Log and returns the first error together with ErrPoisoned.
func (l *Log) fail(err error) error {
	l.poisonWith(err)
	return fmt.Errorf("%w: %w", ErrPoisoned, err)
}

func (l *Log) poisonWith(err error) {
	wrapped := fmt.Errorf("%w: %w", ErrPoisoned, err)
	l.poison.CompareAndSwap(nil, &wrapped)
}

func (l *Log) poisoned() error {
	if p := l.poison.Load(); p != nil {
		return *p
	}
	return nil
}
