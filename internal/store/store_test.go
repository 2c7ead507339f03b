package store_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite"

	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/store/migrate"
	"cubby/internal/store/storetest"
)

var update = flag.Bool("update", false, "write schema.sql")

func options(path string) store.Options {
	return store.Options{Path: path, Logger: slog.New(slog.DiscardHandler), Now: storetest.NewClock().Now}
}

// raw opens the file of a store beside it.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	conn, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestOpen_TwiceKeepsData(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "cubby.db")
	for n := range 2 {
		s, err := store.Open(t.Context(), options(path))
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			storetest.Build(t, s).Organization("")
		} else if _, err := s.Read().FirstOrganization(t.Context()); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Names, addresses and keys stand in it: others on the machine must not read it, whatever its folder allows.
func TestOpen_IsPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cubby.db")
	s, err := store.Open(t.Context(), options(path))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, file := range []string{path, path + "-wal"} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", file, info.Mode())
		}
	}
}

func TestOpen_RefusesNewerSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cubby.db")
	s, err := store.Open(t.Context(), options(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = raw(t, path).ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), options(path)); !errors.Is(err, store.ErrNewerSchema) {
		t.Errorf("error %v", err)
	}
}

func TestOpen_BacksUpBeforeMigrating(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cubby.db")
	old, err := goose.NewProvider(goose.DialectSQLite3, raw(t, path), migrate.Files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.UpTo(t.Context(), 4); err != nil { // before there was an outbox
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), options(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	copies, err := filepath.Glob(path + ".before-*")
	if err != nil || len(copies) != 1 {
		t.Fatalf("copies %v, error %v", copies, err)
	}
	for file, want := range map[string]int{copies[0]: 0, path: 1} {
		var tables int
		err = raw(t, file).QueryRowContext(t.Context(), "SELECT COUNT(*) FROM sqlite_master WHERE name = 'outbox'").Scan(&tables)
		if err != nil || tables != want {
			t.Errorf("%s has %d outboxes, want %d: %v", file, tables, want, err)
		}
	}
}

// TestSchema compares the snapshot that people read with what the migrations make.
func TestSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cubby.db")
	s, err := store.Open(t.Context(), options(path))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows, err := raw(t, path).QueryContext(t.Context(), `SELECT sql FROM sqlite_master
		WHERE sql IS NOT NULL AND name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%' ORDER BY tbl_name, type DESC, name`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var text strings.Builder
	text.WriteString("-- All migrations together, for reading. A test compares it; -update writes it.\n")
	for rows.Next() {
		var statement string
		if err := rows.Scan(&statement); err != nil {
			t.Fatal(err)
		}
		text.WriteString("\n" + statement + ";\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("schema.sql", []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != text.String() {
		t.Error("schema.sql is not what the migrations make: run the test with -update")
	}
}

func TestTx_RollsBack(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.NewClock().Now)
	failed := errors.New("no")
	err := s.Tx(t.Context(), func(q *db.Queries) error {
		if err := q.CreateOrganization(t.Context(), db.CreateOrganizationParams{ID: "o", Name: "O"}); err != nil {
			return err
		}
		return failed
	})
	if !errors.Is(err, failed) {
		t.Errorf("error %v", err)
	}
	if _, err := s.Read().FindOrganization(t.Context(), "o"); !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("error %v", err)
	}
}

func TestBatch_PartsFailAlone(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.NewClock().Now)
	ctx := t.Context()
	err := s.Batch(ctx, func(b *store.Batch) error {
		for _, id := range []string{"a", "bad", "c"} {
			failed, broken := b.Try(ctx, func() error {
				if err := b.CreateOrganization(ctx, db.CreateOrganizationParams{ID: id, Name: id}); err != nil {
					return err
				}
				if id == "bad" {
					return errors.New("bad")
				}
				return nil
			})
			if broken != nil {
				return broken
			}
			if (failed != nil) != (id == "bad") {
				t.Errorf("part %s: %v", id, failed)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{"a": true, "bad": false, "c": true} {
		if _, err := s.Read().FindOrganization(ctx, id); (err == nil) != want {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestReaders_DoNotWait(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.NewClock().Now)
	err := s.Tx(t.Context(), func(q *db.Queries) error {
		if err := q.CreateOrganization(t.Context(), db.CreateOrganizationParams{ID: "o", Name: "O"}); err != nil {
			return err
		}
		if _, err := s.Read().FindOrganization(t.Context(), "o"); !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("a reader saw what is not committed: %w", err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestOrganizationTree(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.NewClock().Now)
	b := storetest.Build(t, s)
	top := b.Organization("")
	left, right := b.Organization(top), b.Organization(top)
	leaf := b.Organization(left)
	for root, want := range map[string]int{top: 4, left: 2, right: 1, leaf: 1, "nobody": 0} {
		tree, err := s.Read().ListOrganizationTree(context.WithoutCancel(t.Context()), root)
		if err != nil || len(tree) != want {
			t.Errorf("%s: %v, %v", root, tree, err)
		}
	}
}
