package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What went wrong in a database, whichever engine it is. Errors of transactions wrap one of them
// beside their cause.
var (
	// ErrConflict means that others changed the same at the same time: the same again may work at once.
	ErrConflict = errors.New("store: others changed the same at the same time")
	// ErrDuplicate means that a key is taken.
	ErrDuplicate = errors.New("store: the key is taken")
	// ErrUnavailable means that the database does not answer, or takes no writes now: the same again may
	// work in a while.
	ErrUnavailable = errors.New("store: the database does not answer")
)

// Classify adds to an error of an engine which of ErrConflict, ErrDuplicate and ErrUnavailable it is.
// Others come back as they are.
func Classify(err error) error {
	if err == nil || errors.Is(err, ErrConflict) || errors.Is(err, ErrDuplicate) || errors.Is(err, ErrUnavailable) {
		return err
	}
	if kind := kindOf(err); kind != nil {
		return fmt.Errorf("%w: %w", kind, err)
	}
	return err
}

func kindOf(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return kindOfState(pg.Code)
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return kindOfResult(lite.Code())
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return nil // whoever asked gave up
	}
	var connect *pgconn.ConnectError
	var network net.Error
	if errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) ||
		errors.Is(err, net.ErrClosed) || pgconn.SafeToRetry(err) {
		return ErrUnavailable
	}
	return nil
}

// kindOfState gives the states of PostgreSQL their meaning here. Source: PostgreSQL 15 documentation,
// appendix A.
func kindOfState(code string) error {
	switch {
	case slices.Contains([]string{"40001", "40P01", "55P03"}, code): // serialization, deadlock, lock timeout
		return ErrConflict
	case code == "23505":
		return ErrDuplicate
	case strings.HasPrefix(code, "08"), // connection
		strings.HasPrefix(code, "57P"), // shut down, starting, dropped
		strings.HasPrefix(code, "53"),  // disk, memory, connections
		code == "25006",                // a standby
		code == "25P03":                // a transaction that idled for too long
		return ErrUnavailable
	}
	return nil
}

// kindOfResult gives SQLite's result codes their meaning here. Source: sqlite.org/rescode.html.
func kindOfResult(code int) error {
	switch code {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return ErrDuplicate
	}
	switch code & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return ErrConflict
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
		return ErrUnavailable
	}
	return nil
}
