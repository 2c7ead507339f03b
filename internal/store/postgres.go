package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Limits of the connections of one process to PostgreSQL. A server of PostgreSQL takes 100 as it is
// installed, which is enough for five processes.
const (
	pgWriters = 8
	pgReaders = 8
	// pgIdle is how long a connection that nobody uses is kept.
	pgIdle = 5 * time.Minute
	// pgConnect is how long one address may take to answer: a cluster has several.
	pgConnect = 5 * time.Second
)

// Keys of the advisory locks of a database.
const (
	lockSpace   = 0x63756262 // what is ours, among locks of other programs
	lockWrite   = 1          // held by transactions: alone, or shared by the writers of records
	lockMigrate = 2          // held by who migrates
)

// openPostgres sets the pools up. It does not connect yet.
func (s *Store) openPostgres(url, password string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil { // the text of the error holds no password: the library takes care of it
		return fmt.Errorf("read the address of the database: %w", err)
	}
	if password != "" {
		config.Password = password
	}
	if config.ValidateConnect == nil {
		// A standby answers reads that may be old, and a server that comes back after a failover must
		// not be believed.
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = pgConnect
	}
	for name, value := range map[string]string{
		"application_name":                    "cubby",
		"synchronous_commit":                  "on",  // acknowledged means durable
		"idle_in_transaction_session_timeout": "60s", // a process that hangs lets go
		"timezone":                            "UTC",
	} {
		if _, set := config.RuntimeParams[name]; !set {
			config.RuntimeParams[name] = value
		}
	}
	s.writer = openPool(config, pgWriters)
	s.reader = openPool(config, pgReaders)
	return nil
}

func openPool(config *pgx.ConnConfig, connections int) *sql.DB {
	conn := sql.OpenDB(textConnector{stdlib.GetConnector(*config)})
	conn.SetMaxOpenConns(connections)
	conn.SetMaxIdleConns(connections)
	conn.SetConnMaxIdleTime(pgIdle)
	return conn
}

// checkPostgres refuses a database that would sort or store otherwise than SQLite does: pages are read
// from behind the last row of the one before, so the order is part of the meaning.
func (s *Store) checkPostgres(ctx context.Context) error {
	var encoding, collation, name, provider string
	err := s.writer.QueryRowContext(ctx, `SELECT pg_encoding_to_char(encoding), datcollate, datname, datlocprovider::TEXT
		FROM pg_database WHERE datname = current_database()`).Scan(&encoding, &collation, &name, &provider)
	if err != nil {
		return fmt.Errorf("ask the database: %w", Classify(err))
	}
	if encoding != "UTF8" || provider == "i" || !slices.Contains([]string{"C", "POSIX", "C.UTF-8", "C.utf8"}, collation) {
		return fmt.Errorf("database %s sorts by %s in %s, want C in UTF8: make it with CREATE DATABASE %s "+
			"ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0", name, collation, encoding, name)
	}
	return nil
}

// lockFor takes the lock of a transaction. Alone is as on SQLite: nobody else writes, so that what was
// read still holds when it is written. Shared is for writers that lock the rows they go by.
func lockFor(ctx context.Context, tx *sql.Tx, shared bool) error {
	query := "SELECT pg_advisory_xact_lock($1, $2)"
	if shared {
		query = "SELECT pg_advisory_xact_lock_shared($1, $2)"
	}
	if _, err := tx.ExecContext(ctx, query, lockSpace, lockWrite); err != nil {
		return fmt.Errorf("wait to write: %w", Classify(err))
	}
	return nil
}

// textConnector makes connections whose texts PostgreSQL can hold.
type textConnector struct{ driver.Connector }

// Connect implements driver.Connector.
func (c textConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	plain, ok := conn.(*stdlib.Conn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("connect: unexpected connection %T", conn), conn.Close())
	}
	return &textConn{plain}, nil
}

// textConn replaces what no text of PostgreSQL may hold: a NUL, and bytes that are no UTF-8. SQLite
// takes both. The record itself is bytes and stays as it came.
type textConn struct{ *stdlib.Conn }

// CheckNamedValue implements driver.NamedValueChecker.
func (c *textConn) CheckNamedValue(v *driver.NamedValue) error {
	if text, ok := v.Value.(string); ok {
		v.Value = Text(text)
	}
	return nil
}

// Text returns a text as every engine can hold it.
func Text(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if strings.Contains(text, "\x00") {
		text = strings.ReplaceAll(text, "\x00", "\uFFFD")
	}
	return text
}
