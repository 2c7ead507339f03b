package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"cubby/internal/store/db"
)

// Errors of loading a dump.
var (
	// ErrNotEmpty means that the database holds something already.
	ErrNotEmpty = errors.New("store: the database is not empty")
	// ErrDump means that a dump is damaged or was cut off.
	ErrDump = errors.New("store: the dump is damaged")
)

// Load fills an empty database from a dump and brings its schema up to date: all of it or nothing. finish,
// which may be nil, changes what was loaded in the same transaction. The sums are those of the dump.
func Load(ctx context.Context, opts Options, r io.Reader, finish func(*db.Queries) error) (sums Sums, err error) {
	if opts.Logger == nil || opts.Now == nil {
		return sums, errors.New("load a dump: logger and clock are needed")
	}
	in := &dumpReader{dec: json.NewDecoder(r)}
	if err := in.head(); err != nil {
		return sums, err
	}
	s, err := connect(opts)
	if err != nil {
		return sums, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if s.engine == PostgreSQL {
		if err := s.checkPostgres(ctx); err != nil {
			return sums, err
		}
	}
	if err := s.migrateTo(ctx, in.schema); err != nil {
		return sums, err
	}
	if sums, err = s.load(ctx, in, finish); err != nil {
		return sums, fmt.Errorf("load a dump: %w", err)
	}
	return sums, s.migrate(ctx, MigrateUp)
}

// migrateTo makes the tables as they were when a dump was made.
func (s *Store) migrateTo(ctx context.Context, schema int64) error {
	p, err := s.provider()
	if err != nil {
		return err
	}
	have, want, err := p.GetVersions(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("read the version of the schema: %w", Classify(err))
	case schema > want:
		return fmt.Errorf("%w: the dump has schema %d, this program knows %d", ErrNewerSchema, schema, want)
	case have > schema:
		return fmt.Errorf("%w: it has schema %d and the dump %d; give a new database", ErrNotEmpty, have, schema)
	}
	if _, err := p.UpTo(ctx, schema); err != nil {
		return fmt.Errorf("make the tables of schema %d: %w", schema, Classify(err))
	}
	return nil
}

// load fills the tables in one transaction.
func (s *Store) load(ctx context.Context, in *dumpReader, finish func(*db.Queries) error) (sums Sums, err error) {
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return sums, Classify(err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	tx, err := conn.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return sums, Classify(err)
	}
	defer tx.Rollback()
	tables, err := s.tables(ctx, tx)
	if err != nil {
		return sums, err
	}
	if err := checkEmpty(ctx, tx, tables); err != nil {
		return sums, err
	}
	enforce, err := s.deferKeys(ctx, tx)
	if err != nil {
		return sums, err
	}
	if sums, err = in.tables(tables, func(t dumpTable, next func() ([]any, error)) error {
		if s.engine == PostgreSQL {
			return copyRows(ctx, conn, t, next)
		}
		return insertRows(ctx, tx, t, next)
	}); err != nil {
		return sums, err
	}
	if err := enforce(); err != nil {
		return sums, err
	}
	if finish != nil {
		if err := finish(db.New(tx)); err != nil {
			return sums, err
		}
	}
	return sums, Classify(tx.Commit())
}

func checkEmpty(ctx context.Context, tx *sql.Tx, tables []dumpTable) error {
	for _, t := range tables {
		var some bool
		err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+quoted(t.Name)+")").Scan(&some)
		if err != nil {
			return fmt.Errorf("look into table %s: %w", t.Name, Classify(err))
		}
		if some {
			return fmt.Errorf("%w: table %s has rows", ErrNotEmpty, t.Name)
		}
	}
	return nil
}

// deferKeys lets rows come before those that they name. The function checks all and makes it as before.
func (s *Store) deferKeys(ctx context.Context, tx *sql.Tx) (enforce func() error, err error) {
	if s.engine == SQLite {
		_, err := tx.ExecContext(ctx, "PRAGMA defer_foreign_keys = 1") // until the commit, which checks
		return func() error { return nil }, err
	}
	rows, err := tx.QueryContext(ctx, `SELECT conrelid::REGCLASS::TEXT, conname::TEXT FROM pg_constraint
		WHERE contype = 'f' AND connamespace = current_schema()::REGNAMESPACE`)
	if err != nil {
		return nil, fmt.Errorf("read the foreign keys: %w", Classify(err))
	}
	defer rows.Close()
	var late, early strings.Builder
	late.WriteString("SET LOCAL lock_timeout = '10s';")
	early.WriteString("SET CONSTRAINTS ALL IMMEDIATE;")
	for rows.Next() {
		var table, name string
		if err := rows.Scan(&table, &name); err != nil {
			return nil, fmt.Errorf("read the foreign keys: %w", err)
		}
		change := "ALTER TABLE " + table + " ALTER CONSTRAINT " + quoted(name)
		late.WriteString(change + " DEFERRABLE;")
		early.WriteString(change + " NOT DEFERRABLE;")
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the foreign keys: %w", err)
	}
	if _, err := tx.ExecContext(ctx, late.String()+"SET CONSTRAINTS ALL DEFERRED"); err != nil {
		return nil, fmt.Errorf("defer the foreign keys: %w", Classify(err))
	}
	return func() error {
		if _, err := tx.ExecContext(ctx, early.String()); err != nil {
			return fmt.Errorf("check the foreign keys: %w", Classify(err))
		}
		return nil
	}, nil
}

func copyRows(ctx context.Context, conn *sql.Conn, t dumpTable, next func() ([]any, error)) error {
	return conn.Raw(func(c any) error {
		plain, ok := c.(*textConn)
		if !ok {
			return fmt.Errorf("unexpected connection %T", c)
		}
		_, err := plain.Conn.Conn().CopyFrom(ctx, pgx.Identifier{t.Name}, t.names(), pgx.CopyFromFunc(next))
		return err
	})
}

func insertRows(ctx context.Context, tx *sql.Tx, t dumpTable, next func() ([]any, error)) (err error) {
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(t.Columns)), ", ")
	insert, err := tx.PrepareContext(ctx, "INSERT INTO "+quoted(t.Name)+" ("+quotedList(t.names())+") VALUES ("+marks+")") //nolint:gosec // names of the schema
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, insert.Close()) }()
	for {
		row, err := next()
		if err != nil || row == nil {
			return err
		}
		if _, err := insert.ExecContext(ctx, row...); err != nil {
			return err
		}
	}
}

// dumpReader reads a dump line by line.
type dumpReader struct {
	dec    *json.Decoder
	schema int64
	count  int
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrDump}, args...)...)
}

func (r *dumpReader) head() error {
	var head dumpHead
	if err := r.dec.Decode(&head); err != nil {
		return damaged("it has no head: %w", err)
	}
	if head.Format != DumpFormat {
		return fmt.Errorf("load a dump: its format is %d, this program reads %d", head.Format, DumpFormat)
	}
	if head.Schema < 1 {
		return damaged("it names no schema")
	}
	r.schema, r.count = head.Schema, head.Tables
	return nil
}

// tables reads all tables; fill takes the rows of one, which end with nil.
func (r *dumpReader) tables(want []dumpTable, fill func(dumpTable, func() ([]any, error)) error) (sums Sums, err error) {
	sums.Schema = r.schema
	if r.count != len(want) {
		return sums, damaged("it has %d tables, the schema %d has %d", r.count, r.schema, len(want))
	}
	for _, table := range want {
		var got dumpTable
		if err := r.dec.Decode(&got); err != nil {
			return sums, damaged("before table %s: %w", table.Name, err)
		}
		if got.Name != table.Name || !slices.Equal(got.Columns, table.Columns) {
			return sums, damaged("it has table %s where the schema %d has %s, or other columns", got.Name, r.schema, table.Name)
		}
		rows := &tableRows{reader: r, table: table, sum: sha256.New()}
		if err := fill(table, rows.next); err != nil {
			return sums, fmt.Errorf("table %s: %w", table.Name, Classify(err))
		}
		sums.Tables = append(sums.Tables, TableSum{Name: table.Name, Rows: rows.n, SHA256: sumText(rows.sum)})
	}
	var over dumpEnd
	if err := r.dec.Decode(&over); err != nil || over.Table != "" || over.Rows != sums.Rows() {
		return sums, damaged("it has no end: %w", errors.Join(err, io.ErrUnexpectedEOF))
	}
	return sums, nil
}

// tableRows are the rows of one table of a dump.
type tableRows struct {
	reader *dumpReader
	table  dumpTable
	sum    hash.Hash
	n      int64
}

// next returns a row, and nil after the last when number and sum are right.
func (t *tableRows) next() ([]any, error) {
	var line json.RawMessage
	if err := t.reader.dec.Decode(&line); err != nil {
		return nil, damaged("in table %s: %w", t.table.Name, err)
	}
	if !bytes.HasPrefix(line, []byte("[")) {
		var end dumpEnd
		if err := json.Unmarshal(line, &end); err != nil {
			return nil, damaged("in table %s: %w", t.table.Name, err)
		}
		if end != (dumpEnd{Table: t.table.Name, Rows: t.n, SHA256: sumText(t.sum)}) {
			return nil, damaged("the rows of table %s are not those that were written", t.table.Name)
		}
		return nil, nil
	}
	t.sum.Write(append(bytes.Clone(line), '\n'))
	t.n++
	row, err := t.decode(line)
	if err != nil {
		return nil, damaged("row %d of table %s: %w", t.n, t.table.Name, err)
	}
	return row, nil
}

func (t *tableRows) decode(line []byte) ([]any, error) {
	var cells []json.RawMessage
	if err := json.Unmarshal(line, &cells); err != nil {
		return nil, err
	}
	if len(cells) != len(t.table.Columns) {
		return nil, fmt.Errorf("it has %d cells, want %d", len(cells), len(t.table.Columns))
	}
	row := make([]any, 0, len(cells))
	for n, c := range t.table.Columns {
		value, err := c.decode(cells[n])
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		row = append(row, value)
	}
	return row, nil
}

func (c dumpColumn) decode(cell []byte) (any, error) {
	if string(cell) == "null" {
		if !c.Nullable {
			return nil, errors.New("it must not be empty")
		}
		return nil, nil
	}
	switch c.Kind {
	case kindText:
		return decodeCell[string](cell)
	case kindInt:
		return decodeCell[int64](cell)
	case kindBool:
		return decodeCell[bool](cell)
	case kindBytes:
		b, err := decodeCell[[]byte](cell)
		if len(b) == 0 {
			b = []byte{} // nil would be NULL
		}
		return b, err
	}
	return nil, fmt.Errorf("kind %q is unknown", c.Kind)
}

func decodeCell[T any](cell []byte) (value T, err error) {
	err = json.Unmarshal(cell, &value)
	return value, err
}
