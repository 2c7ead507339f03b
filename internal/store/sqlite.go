package store

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the engine
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

// openFile opens the SQLite file: one connection writes and several read.
func (s *Store) openFile() error {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o750); err != nil {
		return fmt.Errorf("make the folder of the database: %w", err)
	}
	// The library would make a file that everybody can read; the -wal beside it takes over its mode.
	made, err := os.OpenFile(s.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	if err := made.Close(); err != nil {
		return fmt.Errorf("make the database: %w", err)
	}
	if s.writer, err = openSQLite(s.path, "immediate", 1); err != nil {
		return err
	}
	s.reader, err = openSQLite(s.path, "deferred", readers)
	return err
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
