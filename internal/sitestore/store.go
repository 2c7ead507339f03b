package sitestore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	applicationID = 0x43425331 // "CBS1"
	schemaVersion = 1

	schema = `
CREATE TABLE meta (
	key TEXT PRIMARY KEY,
	value BLOB NOT NULL
) WITHOUT ROWID, STRICT;
CREATE TABLE objects (
	kind TEXT NOT NULL,
	id TEXT NOT NULL,
	rev INTEGER NOT NULL,
	body TEXT NOT NULL CHECK (json_valid(body)),
	deleted INTEGER NOT NULL CHECK (deleted IN (0, 1)),
	PRIMARY KEY (kind, id)
) WITHOUT ROWID, STRICT;
CREATE TABLE acked (
	epoch INTEGER PRIMARY KEY,
	number INTEGER NOT NULL
) STRICT;
CREATE TABLE snapshot (
	id INTEGER PRIMARY KEY CHECK (id = 1),
	epoch INTEGER NOT NULL,
	number INTEGER NOT NULL,
	sum BLOB NOT NULL,
	data BLOB NOT NULL
) STRICT;`
)

var (
	// ErrDamaged means that the database was found damaged while it was in use. The next Open moves
	// it aside.
	ErrDamaged = errors.New("site database is damaged")
	// ErrFull means that the disk has no room. Either nothing was changed or all of it; doing it
	// again is safe.
	ErrFull = errors.New("no disk space left for the site database")
)

// Report says what Open found.
type Report struct {
	// MovedTo is where a damaged file stands now; empty when all was well. The directory must then
	// come again from the server.
	MovedTo string
	Reason  string // what was wrong, for people
}

// Store is the open database. It is safe for concurrent use; calls take turns.
type Store struct {
	db *sql.DB
}

// Open opens the database at path or makes it. A damaged file is moved aside and named in the
// report. Errors are those of the operating system and a file of a newer program.
func Open(ctx context.Context, path string) (*Store, Report, error) {
	s, err := open(ctx, path)
	if err == nil {
		return s, Report{}, nil
	}
	if !errors.Is(err, ErrDamaged) {
		return nil, Report{}, err
	}
	report := Report{Reason: err.Error()}
	if report.MovedTo, err = moveAside(path); err != nil {
		return nil, report, err
	}
	s, err = open(ctx, path)
	return s, report, err
}

func open(ctx context.Context, path string) (*Store, error) {
	// SQLite would make it readable by everybody; the files beside it take its mode.
	made, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = made.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("open site database: %w", err)
	}
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	u.RawQuery = "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(1)" +
		"&_pragma=synchronous(FULL)&_pragma=secure_delete(1)&_txlock=immediate"
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, fmt.Errorf("open site database: %w", err)
	}
	db.SetMaxOpenConns(1)
	s := &Store{db: db}
	if err := s.prepare(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open site database: %w", mapError(err)), db.Close())
	}
	return s, nil
}

func (s *Store) prepare(ctx context.Context) error {
	var verdict string
	// The file is a few megabytes at most, so a whole check takes milliseconds.
	if err := s.db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, verdict)
	}
	var tables, id, version int
	const look = `SELECT (SELECT COUNT(*) FROM sqlite_schema), (SELECT application_id FROM pragma_application_id),
		(SELECT user_version FROM pragma_user_version)`
	if err := s.db.QueryRowContext(ctx, look).Scan(&tables, &id, &version); err != nil {
		return err
	}
	switch {
	case tables == 0:
		return s.transact(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, fmt.Sprintf("%s\nPRAGMA application_id = %d; PRAGMA user_version = %d;",
				schema, applicationID, schemaVersion))
			return err
		})
	case id != applicationID:
		return fmt.Errorf("%w: it is another program's database", ErrDamaged)
	case version > schemaVersion:
		return fmt.Errorf("site database has format %d, this program reads up to %d: use a newer one", version, schemaVersion)
	}
	return nil
}

// Close releases the database.
func (s *Store) Close() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close site database: %w", err)
	}
	return nil
}

func (s *Store) transact(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return mapError(err)
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return mapError(err)
	}
	return mapError(tx.Commit())
}

// forget moves what was committed out of the write-ahead log, so that what was replaced or deleted
// does not live on there. It is the erasure of a person that needs it.
func (s *Store) forget(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return mapError(err)
}

func moveAside(path string) (string, error) {
	var aside string
	for n := 1; ; n++ {
		aside = path + ".damaged-" + strconv.Itoa(n)
		if _, err := os.Lstat(aside); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return "", fmt.Errorf("move damaged site database aside: %w", err)
		}
	}
	for _, suffix := range []string{"-wal", ""} {
		if err := os.Rename(path+suffix, aside+suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("move damaged site database aside: %w", err)
		}
	}
	if err := os.Remove(path + "-shm"); err != nil && !errors.Is(err, fs.ErrNotExist) { // an index, no data
		return "", fmt.Errorf("move damaged site database aside: %w", err)
	}
	return aside, syncDir(filepath.Dir(path))
}

// syncDir makes names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// mapError gives SQLite's result codes their meaning here. Source: sqlite.org/rescode.html.
func mapError(err error) error {
	var coded *sqlite.Error
	if err == nil || !errors.As(err, &coded) {
		return err
	}
	switch coded.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w: %w", ErrFull, err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}
