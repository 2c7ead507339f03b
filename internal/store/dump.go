package store

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
)

// DumpFormat is the version of what [Store.Dump] writes.
//
// A dump is lines of JSON: a head, then for each table a description, its rows in the order of the primary
// key as arrays, and an end with their number and the SHA-256 of their lines; then the end of all. Bytes
// stand in base64. It is the same for both engines, so that either can be filled from the other.
const DumpFormat = 1

// Sums are what tables hold: two databases with the same sums hold the same.
type Sums struct {
	Schema int64
	Tables []TableSum
}

// TableSum is one table of Sums.
type TableSum struct {
	Name   string
	Rows   int64
	SHA256 string // of its rows as a dump has them, in hexadecimal
}

// Rows returns how many rows all tables have.
func (s Sums) Rows() int64 {
	n := int64(0)
	for _, t := range s.Tables {
		n += t.Rows
	}
	return n
}

// Compare returns an error that names the first table in which two databases differ.
func (s Sums) Compare(other Sums) error {
	if len(s.Tables) != len(other.Tables) {
		return fmt.Errorf("%d tables and %d tables", len(s.Tables), len(other.Tables))
	}
	for n, t := range s.Tables {
		if o := other.Tables[n]; o != t {
			return fmt.Errorf("table %s has %d rows with sum %s, and %s has %d with sum %s",
				t.Name, t.Rows, t.SHA256, o.Name, o.Rows, o.SHA256)
		}
	}
	return nil
}

// kind says how the values of a column are written. The zero value is invalid.
type kind string

const (
	kindText  kind = "text"
	kindInt   kind = "integer"
	kindBool  kind = "boolean"
	kindBytes kind = "bytes"
)

// kindOfType reads the types that migrations use, as the engines name them.
func kindOfType(name string) (kind, error) {
	switch strings.ToUpper(name) {
	case "TEXT":
		return kindText, nil
	case "BIGINT":
		return kindInt, nil
	case "BOOLEAN":
		return kindBool, nil
	case "BYTEA":
		return kindBytes, nil
	}
	return "", fmt.Errorf("a dump cannot hold a column of type %s", name)
}

type dumpColumn struct {
	Name     string `json:"name"`
	Kind     kind   `json:"kind"`
	Nullable bool   `json:"nullable,omitempty"`
}

type dumpTable struct {
	Name    string       `json:"table"`
	Columns []dumpColumn `json:"columns"`
	key     []string
}

type dumpHead struct {
	Format int   `json:"cubby_dump"`
	Schema int64 `json:"schema"`
	Tables int   `json:"tables"`
}

type dumpEnd struct {
	Table  string `json:"end"`
	Rows   int64  `json:"rows"`
	SHA256 string `json:"sha256"`
}

// quoted is a name in SQL of either engine.
func quoted(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func (t dumpTable) names() []string {
	names := make([]string, 0, len(t.Columns))
	for _, c := range t.Columns {
		names = append(names, c.Name)
	}
	return names
}

func quotedList(names []string) string {
	list := make([]string, 0, len(names))
	for _, name := range names {
		list = append(list, quoted(name))
	}
	return strings.Join(list, ", ")
}

// asker is a connection or a transaction.
type asker interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Dump writes all tables as they are at one moment, also while others write.
func (s *Store) Dump(ctx context.Context, w io.Writer) (sums Sums, err error) {
	p, err := s.provider()
	if err != nil {
		return sums, err
	}
	if sums.Schema, err = p.GetDBVersion(ctx); err != nil {
		return sums, fmt.Errorf("read the version of the schema: %w", Classify(err))
	}
	tx, err := s.reader.BeginTx(ctx, s.snapshot())
	if err != nil {
		return sums, fmt.Errorf("begin reading: %w", Classify(err))
	}
	defer tx.Rollback()
	tables, err := s.tables(ctx, tx)
	if err != nil {
		return sums, err
	}
	out := bufio.NewWriterSize(w, 1<<20)
	if err := putLine(out, dumpHead{Format: DumpFormat, Schema: sums.Schema, Tables: len(tables)}); err != nil {
		return sums, err
	}
	for _, table := range tables {
		end, err := dumpRows(ctx, tx, table, out)
		if err != nil {
			return sums, fmt.Errorf("dump table %s: %w", table.Name, Classify(err))
		}
		sums.Tables = append(sums.Tables, TableSum{Name: end.Table, Rows: end.Rows, SHA256: end.SHA256})
	}
	if err := putLine(out, dumpEnd{Rows: sums.Rows()}); err != nil {
		return sums, err
	}
	return sums, out.Flush()
}

// Sums returns what the tables hold at one moment.
func (s *Store) Sums(ctx context.Context) (Sums, error) { return s.Dump(ctx, io.Discard) }

func (s *Store) snapshot() *sql.TxOptions {
	if s.engine == PostgreSQL {
		return &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	return nil
}

func putLine(w io.Writer, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}

func dumpRows(ctx context.Context, tx asker, table dumpTable, w io.Writer) (end dumpEnd, err error) {
	end.Table = table.Name
	if err := putLine(w, table); err != nil {
		return end, err
	}
	rows, err := tx.QueryContext(ctx, "SELECT "+quotedList(table.names())+" FROM "+quoted(table.Name)+
		" ORDER BY "+quotedList(table.key))
	if err != nil {
		return end, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	sum := sha256.New()
	both := io.MultiWriter(sum, w)
	cells := newCells(table)
	for rows.Next() {
		if err := rows.Scan(cells.targets...); err != nil {
			return end, err
		}
		if err := putLine(both, cells.values()); err != nil {
			return end, err
		}
		end.Rows++
	}
	if err := rows.Err(); err != nil {
		return end, err
	}
	end.SHA256 = sumText(sum)
	return end, putLine(w, end)
}

func sumText(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// rowCells receive one row of a table.
type rowCells struct {
	table   dumpTable
	targets []any
}

func newCells(table dumpTable) rowCells {
	cells := rowCells{table: table}
	for _, c := range table.Columns {
		switch c.Kind {
		case kindText:
			cells.targets = append(cells.targets, new(sql.NullString))
		case kindInt:
			cells.targets = append(cells.targets, new(sql.NullInt64))
		case kindBool:
			cells.targets = append(cells.targets, new(sql.NullBool))
		case kindBytes:
			cells.targets = append(cells.targets, new([]byte))
		}
	}
	return cells
}

func (c rowCells) values() []any {
	values := make([]any, 0, len(c.targets))
	for n, target := range c.targets {
		var value any
		switch t := target.(type) {
		case *sql.NullString:
			if t.Valid {
				value = Text(t.String) // what both engines can hold
			}
		case *sql.NullInt64:
			if t.Valid {
				value = t.Int64
			}
		case *sql.NullBool:
			if t.Valid {
				value = t.Bool
			}
		case *[]byte: // an empty one of SQLite reads like none
			if *t != nil {
				value = *t
			} else if !c.table.Columns[n].Nullable {
				value = []byte{}
			}
		}
		values = append(values, value)
	}
	return values
}

// tables describes the tables of the schema, by name, without that of the migrations.
func (s *Store) tables(ctx context.Context, tx asker) ([]dumpTable, error) {
	query := `SELECT m.name, c.name, c.type, c."notnull" = 0 AND c.pk = 0, c.pk FROM sqlite_master m
		JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'goose%' AND m.name NOT LIKE 'sqlite%'
		ORDER BY m.name, c.cid`
	if s.engine == PostgreSQL {
		query = `SELECT t.relname::TEXT, a.attname::TEXT, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
			COALESCE(array_position(i.indkey::INT2[], a.attnum) + 1, 0)
			FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace JOIN pg_attribute a ON a.attrelid = t.oid
			LEFT JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary
			WHERE t.relkind = 'r' AND n.nspname = current_schema() AND t.relname NOT LIKE 'goose%' AND a.attnum > 0
				AND NOT a.attisdropped ORDER BY t.relname COLLATE "C", a.attnum`
	}
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read the schema: %w", Classify(err))
	}
	defer rows.Close()
	var tables []dumpTable
	var places []map[int]string // of the columns in the key
	for rows.Next() {
		var table, typed string
		var column dumpColumn
		var place int
		if err := rows.Scan(&table, &column.Name, &typed, &column.Nullable, &place); err != nil {
			return nil, fmt.Errorf("read the schema: %w", err)
		}
		if column.Kind, err = kindOfType(typed); err != nil {
			return nil, fmt.Errorf("column %s of table %s: %w", column.Name, table, err)
		}
		if len(tables) == 0 || tables[len(tables)-1].Name != table {
			tables, places = append(tables, dumpTable{Name: table}), append(places, map[int]string{})
		}
		last := len(tables) - 1
		tables[last].Columns = append(tables[last].Columns, column)
		if place > 0 {
			places[last][place] = column.Name
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	for n := range tables {
		if len(places[n]) == 0 {
			return nil, fmt.Errorf("table %s has no primary key to sort by", tables[n].Name)
		}
		for place := range len(places[n]) {
			tables[n].key = append(tables[n].key, places[n][place+1])
		}
	}
	return tables, nil
}
