package journal

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

const (
	applicationID = 0x43424a31 // "CBJ1", so that file(1) and we know our own
	schemaVersion = 1

	// walLimit is how many bytes go into the write-ahead log before it is copied into the
	// database: large enough to be rare, small enough to take a few milliseconds.
	walLimit = 4 << 20
	// commitOverhead is about what a commit writes besides its bodies: three pages.
	commitOverhead = 3 * 4096

	schema = `
CREATE TABLE journal (site TEXT NOT NULL) STRICT;
CREATE TABLE epochs (
	epoch INTEGER PRIMARY KEY CHECK (epoch > 0),
	reason TEXT NOT NULL,
	prev BLOB,
	opened_ms INTEGER NOT NULL,
	size INTEGER NOT NULL CHECK (size >= 0),
	chain BLOB NOT NULL CHECK (length(chain) = 32),
	frontier BLOB NOT NULL
) STRICT;
-- id is epoch * 2^40 + number: one integer key keeps appends at the right edge of one tree.
CREATE TABLE records (
	id INTEGER PRIMARY KEY,
	body BLOB NOT NULL,
	annex BLOB,
	chain BLOB NOT NULL CHECK (length(chain) = 32)
) STRICT;
CREATE TABLE heads (
	epoch INTEGER NOT NULL,
	size INTEGER NOT NULL,
	note BLOB NOT NULL,
	countersigned INTEGER NOT NULL CHECK (countersigned IN (0, 1)),
	frontier BLOB NOT NULL,
	PRIMARY KEY (epoch, size)
) WITHOUT ROWID, STRICT;`
)

// errBlank is an ErrCorrupt that is no loss when nothing was ever recorded: the power went while the
// file was made.
var errBlank = fmt.Errorf("%w: it has no tables", ErrCorrupt)

// File is the Storage on site: one SQLite database in WAL mode with an fsync in every commit.
//
// The copy of the write-ahead log into the database is done here and not by SQLite's own trigger,
// because that one forgets an fsync that failed and tries it again.
type File struct {
	path  string
	site  string
	write *sql.Conn // nil when read-only
	pools []*sql.DB
	read  *sql.DB

	mu      sync.Mutex
	pending int64 // bytes since the last copy
	broken  error // a copy failed: nothing may be written after it
	stmts   fileStatements
}

type fileStatements struct{ tip, insert *sql.Stmt }

var _ Storage = (*File)(nil)

func fileDSN(path string, params ...string) string {
	// Each value is fixed text; only the path is foreign, and it is escaped.
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	u.RawQuery = strings.Join(append([]string{"_pragma=busy_timeout(5000)", "_pragma=foreign_keys(1)"}, params...), "&")
	return u.String()
}

// OpenFile opens a journal file, or makes one for that site, without the checks of Open: whoever wants
// a journal calls Open. An error that is ErrCorrupt means that
// it is no journal that can be read.
func OpenFile(ctx context.Context, path, site string) (*File, error) {
	// SQLite would make it readable by everybody; the files beside it take its mode.
	made, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = made.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	db, err := sql.Open("sqlite", fileDSN(path,
		"_pragma=journal_mode(WAL)", "_pragma=synchronous(FULL)", "_pragma=secure_delete(1)", "_pragma=wal_autocheckpoint(0)", "_txlock=immediate"))
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	db.SetMaxOpenConns(1)
	f := &File{path: path, site: site, pools: []*sql.DB{db}}
	if err := f.prepare(ctx, db, path); err != nil {
		return nil, errors.Join(fmt.Errorf("open journal: %w", f.mapWrite(err)), f.Close())
	}
	return f, nil
}

func (f *File) prepare(ctx context.Context, db *sql.DB, path string) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	f.write = conn
	if err := f.migrate(ctx); err != nil {
		return err
	}
	if err := f.checkSite(ctx, conn); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return err
	}
	const moveTip = `UPDATE epochs SET size = ?, chain = ?, frontier = ?
		WHERE epoch = ? AND size = ? AND epoch = (SELECT MAX(epoch) FROM epochs)`
	if f.stmts.tip, err = conn.PrepareContext(ctx, moveTip); err != nil {
		return err
	}
	const insert = `INSERT INTO records (id, body, annex, chain) VALUES (?, ?, ?, ?)`
	if f.stmts.insert, err = conn.PrepareContext(ctx, insert); err != nil {
		return err
	}
	return f.openReaders(fileDSN(path, "_pragma=query_only(1)"))
}

// openReaders adds connections that do not wait for the writer's fsync.
func (f *File) openReaders(dsn string) error {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(2)
	f.pools = append(f.pools, db)
	f.read = db
	return nil
}

// openReadOnly opens a file that is not to be changed: a sealed one, or one that another process
// writes.
func openReadOnly(ctx context.Context, path string) (*File, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	f := &File{}
	params := []string{"mode=ro"}
	if _, err := os.Stat(path + "-wal"); errors.Is(err, os.ErrNotExist) {
		// Nothing waits beside it, so no file need be made beside it either.
		params = append(params, "immutable=1")
	}
	if err := f.openReaders(fileDSN(path, params...)); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	if err := f.checkSite(ctx, f.read); err != nil {
		return nil, errors.Join(fmt.Errorf("open journal: %w", mapError(err)), f.Close())
	}
	return f, nil
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (f *File) migrate(ctx context.Context) error {
	var tables int
	if err := f.write.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	if tables > 0 {
		return nil
	}
	script := fmt.Sprintf("%s\nPRAGMA application_id = %d; PRAGMA user_version = %d;", schema, applicationID, schemaVersion)
	return f.transact(ctx, func() error {
		if _, err := f.write.ExecContext(ctx, script); err != nil {
			return err
		}
		_, err := f.write.ExecContext(ctx, "INSERT INTO journal (site) VALUES (?)", f.site)
		return err
	})
}

func (f *File) checkSite(ctx context.Context, db querier) error {
	var tables, id, version int
	if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	if tables == 0 {
		return errBlank
	}
	if err := db.QueryRowContext(ctx, "SELECT application_id FROM pragma_application_id").Scan(&id); err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, "SELECT user_version FROM pragma_user_version").Scan(&version); err != nil {
		return err
	}
	if id != applicationID {
		return fmt.Errorf("%w: the file is a database, but not a journal", ErrCorrupt)
	}
	if version > schemaVersion {
		return fmt.Errorf("journal has format %d, this program reads up to %d: use a newer one", version, schemaVersion)
	}
	var site string
	if err := db.QueryRowContext(ctx, "SELECT site FROM journal").Scan(&site); err != nil {
		return fmt.Errorf("%w: it names no site: %w", ErrCorrupt, err)
	}
	if f.site != "" && f.site != site {
		return fmt.Errorf("journal belongs to site %s, not to %s", site, f.site)
	}
	f.site = site
	return nil
}

// Epochs implements Storage.
func (f *File) Epochs(ctx context.Context) ([]Epoch, error) {
	rows, err := f.read.QueryContext(ctx,
		"SELECT epoch, reason, prev, opened_ms, size, chain, frontier FROM epochs ORDER BY epoch")
	if err != nil {
		return nil, mapError(err)
	}
	defer rows.Close()
	var epochs []Epoch
	for rows.Next() {
		var e Epoch
		var chain []byte
		err := rows.Scan(&e.Number, &e.Reason, &e.Prev, &e.OpenedUnixMS, &e.Tip.Size, &chain, &e.Tip.Frontier)
		if err != nil {
			return nil, mapError(err)
		}
		copy(e.Tip.Chain[:], chain)
		epochs = append(epochs, e)
	}
	return epochs, mapError(rows.Err())
}

// Heads implements Storage.
func (f *File) Heads(ctx context.Context, epoch uint64) ([]Head, error) {
	rows, err := f.read.QueryContext(ctx,
		"SELECT size, note, countersigned, frontier FROM heads WHERE epoch = ? ORDER BY size", epoch)
	if err != nil {
		return nil, mapError(err)
	}
	defer rows.Close()
	var heads []Head
	for rows.Next() {
		h := Head{Epoch: epoch}
		if err := rows.Scan(&h.Size, &h.Note, &h.Countersigned, &h.Frontier); err != nil {
			return nil, mapError(err)
		}
		heads = append(heads, h)
	}
	return heads, mapError(rows.Err())
}

// Read implements Storage.
func (f *File) Read(ctx context.Context, epoch, from uint64, limit int) ([]Record, error) {
	if epoch == 0 || epoch > maxEpoch || from > maxNumber || limit <= 0 {
		return nil, nil
	}
	rows, err := f.read.QueryContext(ctx,
		"SELECT id, body, annex, chain FROM records WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?",
		rowID(epoch, from), rowID(epoch, maxNumber), limit)
	if err != nil {
		return nil, mapError(err)
	}
	defer rows.Close()
	var records []Record
	for rows.Next() {
		r := Record{Epoch: epoch}
		var id int64
		var chain []byte
		if err := rows.Scan(&id, &r.Body, &r.Annex, &chain); err != nil {
			return nil, mapError(err)
		}
		r.Number = uint64(id) & maxNumber
		copy(r.Chain[:], chain)
		records = append(records, r)
	}
	return records, mapError(rows.Err())
}

// Commit implements Storage.
func (f *File) Commit(ctx context.Context, change Change) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return f.broken
	}
	if f.write == nil {
		return errors.New("journal file is open for reading only")
	}
	size := int64(commitOverhead)
	if change.Append != nil {
		for _, r := range change.Append.Records {
			size += int64(len(r.Body) + len(r.Annex) + 64)
		}
	}
	if err := f.transact(ctx, func() error { return f.apply(ctx, change) }); err != nil {
		return f.mapWrite(err)
	}
	f.pending += size
	switch {
	case change.Erase != nil:
		// What is erased must not live on in the write-ahead log either.
		f.copyWAL(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	case f.pending >= walLimit:
		f.copyWAL(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
	}
	return nil
}

// transact uses the one connection instead of a sql.Tx, so that a COMMIT that fails for want of
// space is rolled back here and not left open.
func (f *File) transact(ctx context.Context, do func() error) error {
	if _, err := f.write.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := do()
	if err == nil {
		_, err = f.write.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		// SQLite may have rolled back on its own; then this fails, and nothing is lost by it.
		_, _ = f.write.ExecContext(ctx, "ROLLBACK")
	}
	return err
}

func (f *File) apply(ctx context.Context, change Change) error {
	switch {
	case change.Append != nil:
		return f.append(ctx, change.Append)
	case change.Start != nil:
		e := change.Start
		return f.one(ctx, ErrConflict, `INSERT INTO epochs (epoch, reason, prev, opened_ms, size, chain, frontier)
			SELECT ?, ?, ?, ?, ?, ?, ? WHERE ? > COALESCE((SELECT MAX(epoch) FROM epochs), 0)`,
			e.Number, e.Reason, e.Prev, e.OpenedUnixMS, e.Tip.Size, e.Tip.Chain[:], e.Tip.Frontier, e.Number)
	case change.Head != nil:
		h := change.Head
		return f.one(ctx, ErrConflict, `INSERT INTO heads (epoch, size, note, countersigned, frontier) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (epoch, size) DO UPDATE SET note = excluded.note, countersigned = excluded.countersigned,
			frontier = excluded.frontier`, h.Epoch, h.Size, h.Note, h.Countersigned, h.Frontier)
	case change.Erase != nil:
		return f.one(ctx, ErrNotFound, "UPDATE records SET annex = NULL WHERE id = ?",
			rowID(change.Erase.Epoch, change.Erase.Number))
	}
	return nil
}

func (f *File) append(ctx context.Context, b *Batch) error {
	res, err := f.stmts.tip.ExecContext(ctx, b.Tip.Size, b.Tip.Chain[:], b.Tip.Frontier, b.Epoch, b.Expect-1)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, ErrConflict)
	}
	for i := range b.Records {
		r := &b.Records[i]
		var annex any // a nil []byte would be stored as an empty blob
		if len(r.Annex) > 0 {
			annex = r.Annex
		}
		if _, err := f.stmts.insert.ExecContext(ctx, rowID(r.Epoch, r.Number), r.Body, annex, r.Chain[:]); err != nil {
			return err
		}
	}
	return nil
}

func (f *File) one(ctx context.Context, otherwise error, query string, args ...any) error {
	res, err := f.write.ExecContext(ctx, query, args...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, otherwise)
	}
	return nil
}

// copyWAL moves what is in the write-ahead log into the database. The records are durable already,
// so its failure does not fail the commit before it but every one after it. A full disk only puts
// it off.
func (f *File) copyWAL(ctx context.Context, pragma string) {
	var busy, frames, copied int
	err := f.mapWrite(f.write.QueryRowContext(ctx, pragma).Scan(&busy, &frames, &copied))
	switch {
	case err == nil, errors.Is(err, ErrFull), errors.Is(err, ErrBusy):
		f.pending = 0
	default:
		f.broken = fmt.Errorf("copy write-ahead log: %w", err)
	}
}

// Close implements Storage.
func (f *File) Close() error {
	var errs []error
	for _, stmt := range []*sql.Stmt{f.stmts.tip, f.stmts.insert} {
		if stmt != nil {
			errs = append(errs, stmt.Close())
		}
	}
	if f.write != nil {
		errs = append(errs, f.write.Close())
	}
	for i := len(f.pools) - 1; i >= 0; i-- {
		errs = append(errs, f.pools[i].Close())
	}
	return errors.Join(errs...)
}

func rowID(epoch, number uint64) int64 { return int64(epoch<<40 | number&maxNumber) }

// mapError gives SQLite's result codes their meaning here. Source: sqlite.org/rescode.html.
func mapError(err error) error {
	var coded *sqlite.Error
	if err == nil || !errors.As(err, &coded) {
		return err
	}
	switch coded.Code() {
	case sqlite3.SQLITE_IOERR_CORRUPTFS:
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	case sqlite3.SQLITE_IOERR_SHMSIZE: // the index of the write-ahead log found no room
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	switch coded.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return fmt.Errorf("%w: %w", ErrFull, err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return fmt.Errorf("%w: %w", ErrBusy, err)
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return err
}

// mapWrite is mapError for writes. SQLite knows a full disk by ENOSPC only; a quota that is used up and a
// file that may not grow are I/O errors to it. Whether it was one of them, another write of the same kind
// tells. Either way the transaction was rolled back, so that the next one may follow.
func (f *File) mapWrite(err error) error {
	var coded *sqlite.Error
	if errors.As(err, &coded) && coded.Code() == sqlite3.SQLITE_IOERR_WRITE {
		if probed := probeRoom(f.path); noSpace(probed) {
			return fmt.Errorf("%w: %w: %w", ErrFull, probed, err)
		}
	}
	return mapError(err)
}

// edges returns the first and the last number of an epoch's records, 0 when it has none.
func (f *File) edges(ctx context.Context, epoch uint64) (first, last uint64, err error) {
	row := f.read.QueryRowContext(ctx, `SELECT
		COALESCE((SELECT id FROM records WHERE id BETWEEN ? AND ? ORDER BY id LIMIT 1), 0),
		COALESCE((SELECT id FROM records WHERE id BETWEEN ? AND ? ORDER BY id DESC LIMIT 1), 0)`,
		rowID(epoch, 0), rowID(epoch, maxNumber), rowID(epoch, 0), rowID(epoch, maxNumber))
	err = row.Scan(&first, &last)
	return first & maxNumber, last & maxNumber, mapError(err)
}
