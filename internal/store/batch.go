package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"cubby/internal/store/db"
	"cubby/internal/store/native"
)

// batchTries is how often a batch that others got in the way of is done.
const batchTries = 5

// Tx runs do in one transaction, which is committed when do returns nil. Nobody else writes meanwhile,
// in no process, so that what do read still holds when it writes.
func (s *Store) Tx(ctx context.Context, do func(*db.Queries) error) error {
	return s.transact(ctx, alone, do)
}

// Guarded runs do in one transaction beside others. It is for statements that hold whatever others
// write at the same time: each names in its condition what it rests on.
func (s *Store) Guarded(ctx context.Context, do func(*db.Queries) error) error {
	return s.transact(ctx, beside, do)
}

// lock says who else may write while a transaction runs. SQLite has one writer anyhow.
type lock uint8

const (
	alone  lock = iota + 1 // nobody
	shared                 // those whose rows are others: the writers of records
	beside                 // everybody
)

func (s *Store) transact(ctx context.Context, who lock, do func(*db.Queries) error) (err error) {
	defer func() { s.note(err) }()
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", Classify(err))
	}
	defer tx.Rollback()
	if s.engine == PostgreSQL && who != beside {
		if err := lockFor(ctx, tx, who == shared); err != nil {
			return err
		}
	}
	if err := do(s.write.WithTx(tx)); err != nil {
		return Classify(err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", Classify(err))
	}
	s.notify()
	return nil
}

// Batch is a transaction of parts that may fail alone.
type Batch struct {
	*db.Queries
	store  *Store
	tx     *sql.Tx
	native *native.Queries // of PostgreSQL, in the same transaction; nil on SQLite
}

// Batch runs do in one transaction, which is committed when do returns nil. Batches of several
// processes run beside each other, so do takes the cursors of its sites before it reads anything else
// (see [Batch.Cursors]). do runs again when others got in its way.
func (s *Store) Batch(ctx context.Context, do func(*Batch) error) (err error) {
	defer func() { s.note(err) }()
	for range batchTries {
		if err = s.batch(ctx, do); !errors.Is(err, ErrConflict) {
			break
		}
	}
	return err
}

func (s *Store) batch(ctx context.Context, do func(*Batch) error) (err error) {
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return fmt.Errorf("begin: %w", Classify(err))
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	// Nobody but this goroutine may use the connection: cancelling would roll back beside it.
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return fmt.Errorf("begin: %w", Classify(err))
	}
	defer tx.Rollback()
	b := &Batch{Queries: s.write.WithTx(tx), store: s, tx: tx}
	if s.engine == PostgreSQL {
		if err := lockFor(ctx, tx, true); err != nil {
			return err
		}
		if b.native, err = nativeOn(conn); err != nil {
			return err
		}
	}
	if err := do(b); err != nil {
		return Classify(err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", Classify(err))
	}
	s.notify()
	return nil
}

// nativeOn returns the queries that only PostgreSQL has, on a connection that the caller holds.
func nativeOn(conn *sql.Conn) (q *native.Queries, err error) {
	err = conn.Raw(func(c any) error {
		plain, ok := c.(*textConn)
		if !ok {
			return fmt.Errorf("unexpected connection %T", c)
		}
		q = native.New(plain.Conn.Conn())
		return nil
	})
	return q, err
}

// Try runs do as a part of the transaction. When do fails, what it wrote is undone, its error comes
// back as failed, and the transaction goes on. broken means that the transaction cannot go on.
func (b *Batch) Try(ctx context.Context, do func() error) (failed, broken error) {
	if _, err := b.tx.ExecContext(ctx, "SAVEPOINT part"); err != nil {
		return nil, fmt.Errorf("begin a part: %w", err)
	}
	if failed = do(); failed != nil {
		if _, err := b.tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT part"); err != nil {
			return failed, fmt.Errorf("undo a part: %w", err)
		}
		if kind := Classify(failed); errors.Is(kind, ErrConflict) || errors.Is(kind, ErrUnavailable) {
			return nil, failed // it says nothing about the part
		}
	}
	if _, err := b.tx.ExecContext(ctx, "RELEASE SAVEPOINT part"); err != nil {
		return failed, fmt.Errorf("end a part: %w", err)
	}
	return failed, nil
}

// Cursors returns how far the records of sites go, with a row for each site. Until the transaction ends
// nobody else adds to these records.
func (b *Batch) Cursors(ctx context.Context, sites []string) (map[string]db.SiteCursor, error) {
	found := make(map[string]db.SiteCursor, len(sites))
	if b.native == nil { // SQLite has one writer
		for _, site := range sites {
			row, err := b.FindCursor(ctx, site)
			if err != nil && !errors.Is(err, ErrNone) {
				return nil, fmt.Errorf("read the cursor of site %s: %w", site, err)
			}
			row.Site = site
			found[site] = row
		}
		return found, nil
	}
	for range 2 {
		rows, err := b.native.LockCursors(ctx, sites)
		if err != nil {
			return nil, fmt.Errorf("lock the cursors of %d sites: %w", len(sites), Classify(err))
		}
		for _, row := range rows {
			found[row.Site] = db.SiteCursor(row)
		}
		if len(found) == len(sites) {
			return found, nil
		}
		if err := b.native.AddCursors(ctx, sites); err != nil {
			return nil, fmt.Errorf("add cursors: %w", Classify(err))
		}
	}
	return nil, fmt.Errorf("lock the cursors of %d sites: %w", len(sites), ErrConflict)
}
