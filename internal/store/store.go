package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the engine

	"cubby/internal/store/db"
	"cubby/internal/store/migrate"
)

// Errors of opening a store.
var (
	// ErrNewerSchema means that a newer version of the program has migrated the database.
	ErrNewerSchema = errors.New("store: the database was written by a newer version")
	// ErrEngine means that the URL names an engine that this version does not have.
	ErrEngine = errors.New("store: unknown database engine")
)

const (
	// busyTimeout is how long a writer waits for another process.
	busyTimeout = 5 * time.Second
	// readers is how many connections read beside the writer.
	readers = 8
	// checkpointPages is how far the write-ahead log grows before it is folded in: 16 MiB.
	checkpointPages = 4096
	// pageCacheKiB is the page cache of one connection.
	pageCacheKiB = 16 << 10
)

// Options configure [Open].
type Options struct {
	// Path is the SQLite file; it and its folder are created.
	Path string
	// Logger is needed.
	Logger *slog.Logger
	// Now is needed.
	Now func() time.Time
	// Rand makes the ids of jobs; nil: crypto/rand.
	Rand io.Reader
}

// Store is an open database. It is safe for concurrent use.
type Store struct {
	log    *slog.Logger
	now    func() time.Time
	writer *sql.DB
	reader *sql.DB
	write  *db.Queries // prepared on the writer
	read   *db.Queries // prepared on the readers
	ids    *IDs

	enqueued atomic.Bool // a job was added in a transaction that is not over

	mu   sync.Mutex
	news chan struct{} // closed when jobs were added
}

// Open opens or creates a database and migrates it. It returns [ErrNewerSchema] for one that a
// newer program wrote. Before a migration of an existing file a copy is put beside it.
func Open(ctx context.Context, opts Options) (*Store, error) {
	if opts.Path == "" || opts.Logger == nil || opts.Now == nil {
		return nil, errors.New("open store: path, logger and clock are needed")
	}
	if strings.Contains(opts.Path, "://") {
		return nil, fmt.Errorf("open store: %w", ErrEngine)
	}
	if err := os.MkdirAll(filepath.Dir(opts.Path), 0o750); err != nil {
		return nil, fmt.Errorf("make the folder of the database: %w", err)
	}
	s := &Store{
		log: opts.Logger, now: opts.Now, ids: NewIDs(opts.Now, opts.Rand), news: make(chan struct{}),
	}
	// The library would make a file that everybody can read; the -wal beside it takes over its mode.
	made, err := os.OpenFile(opts.Path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the database: %w", err)
	}
	if err := made.Close(); err != nil {
		return nil, fmt.Errorf("make the database: %w", err)
	}
	if s.writer, err = openSQLite(opts.Path, "immediate", 1); err != nil {
		return nil, err
	}
	if err := s.migrate(ctx, opts.Path); err != nil {
		return nil, errors.Join(err, s.writer.Close())
	}
	if s.reader, err = openSQLite(opts.Path, "deferred", readers); err != nil {
		return nil, errors.Join(err, s.writer.Close())
	}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// prepare compiles every query once, which also finds one that the engine does not understand.
func (s *Store) prepare(ctx context.Context) (err error) {
	if s.write, err = db.Prepare(ctx, s.writer); err != nil {
		return fmt.Errorf("prepare to write: %w", err)
	}
	if s.read, err = db.Prepare(ctx, s.reader); err != nil {
		return fmt.Errorf("prepare to read: %w", err)
	}
	return nil
}

func openSQLite(path, lock string, connections int) (*sql.DB, error) {
	q := url.Values{"_txlock": {lock}, "_pragma": {
		"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		fmt.Sprintf("wal_autocheckpoint(%d)", checkpointPages),
		fmt.Sprintf("cache_size(-%d)", pageCacheKiB), "temp_store(MEMORY)",
	}}
	conn, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	conn.SetMaxOpenConns(connections)
	conn.SetMaxIdleConns(connections)
	return conn, nil
}

// migrate brings the schema up to date, or refuses one that is newer than this program.
func (s *Store) migrate(ctx context.Context, path string) error {
	p, err := goose.NewProvider(goose.DialectSQLite3, s.writer, migrate.Files, goose.WithSlog(s.log))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the version of the schema: %w", err)
	}
	switch {
	case have > want:
		return newerSchema(path, have, want)
	case have == want:
		return nil
	case have > 0:
		if err := s.backup(ctx, path, want); err != nil {
			return err
		}
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate from schema %d to %d: %w", have, want, err)
	}
	s.log.InfoContext(ctx, "database migrated", slog.Int64("from", have), slog.Int64("to", want))
	return nil
}

// Close closes the database.
func (s *Store) Close() error {
	var errs []error
	for _, q := range []*db.Queries{s.read, s.write} {
		if q != nil {
			errs = append(errs, q.Close())
		}
	}
	return errors.Join(append(errs, s.reader.Close(), s.writer.Close())...)
}

// Read returns queries over committed data. They never wait for the writer.
func (s *Store) Read() *db.Queries { return s.read }

// ReadTx runs do over one unchanging state of the data.
func (s *Store) ReadTx(ctx context.Context, do func(*db.Queries) error) error {
	tx, err := s.reader.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	defer tx.Rollback()
	return do(s.read.WithTx(tx))
}

// Tx runs do in one transaction, which is committed when do returns nil.
func (s *Store) Tx(ctx context.Context, do func(*db.Queries) error) error {
	return s.Batch(ctx, func(b *Batch) error { return do(b.Queries) })
}

// Batch is a transaction of parts that may fail alone.
type Batch struct {
	*db.Queries
	tx *sql.Tx
}

// Batch runs do in one transaction, which is committed when do returns nil.
func (s *Store) Batch(ctx context.Context, do func(*Batch) error) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	defer tx.Rollback()
	if err := do(&Batch{Queries: s.write.WithTx(tx), tx: tx}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	s.notify()
	return nil
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
	}
	if _, err := b.tx.ExecContext(ctx, "RELEASE SAVEPOINT part"); err != nil {
		return failed, fmt.Errorf("end a part: %w", err)
	}
	return failed, nil
}
