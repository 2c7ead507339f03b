package store_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

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

// schemaAt makes a database as the program did that knew so many migrations.
func schemaAt(t *testing.T, path string, version int64) {
	t.Helper()
	old, err := goose.NewProvider(goose.DialectSQLite3, raw(t, path), migrate.Files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}

func TestOpen_BacksUpBeforeMigrating(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cubby.db")
	schemaAt(t, path, 4) // before there was an outbox
	s, err := store.Open(t.Context(), options(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	copies, err := filepath.Glob(path + ".before-????-????????T??????Z")
	if err != nil || len(copies) != 1 {
		t.Fatalf("copies %v, error %v", copies, err)
	}
	if info, err := os.Stat(copies[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy: %v, %v", info, err)
	}
	for file, want := range map[string]int{copies[0]: 0, path: 1} {
		var tables int
		err = raw(t, file).QueryRowContext(t.Context(), "SELECT COUNT(*) FROM sqlite_master WHERE name = 'outbox'").Scan(&tables)
		if err != nil || tables != want {
			t.Errorf("%s has %d outboxes, want %d: %v", file, tables, want, err)
		}
	}
}

// An upgrade from the version before keeps what is there, and the copy goes back to it: the program of
// that version finds its own schema in it.
func TestOpen_UpgradesTheVersionBefore(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(migrate.Files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(files)
	before, err := strconv.ParseInt(files[len(files)-2][:4], 10, 64) // numbers may be missing
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "cubby.db")
	schemaAt(t, path, before)
	exec := func(file, statement string) {
		t.Helper()
		if _, err := raw(t, file).ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	exec(path, "INSERT INTO organizations (id, name, created_at) VALUES ('dock', 'Dock', 1)")
	s, err := store.Open(t.Context(), options(path))
	if err != nil {
		t.Fatal(err)
	}
	org, err := s.Read().FindOrganization(t.Context(), "dock")
	if err != nil || org.Name != "Dock" {
		t.Errorf("after the upgrade: %+v, %v", org, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	copies, err := filepath.Glob(path + ".before-*")
	if err != nil || len(copies) != 1 {
		t.Fatalf("copies %v, error %v", copies, err)
	}
	var version int64
	var name string
	err = raw(t, copies[0]).QueryRowContext(t.Context(),
		"SELECT (SELECT MAX(version_id) FROM goose_db_version), name FROM organizations").Scan(&version, &name)
	if err != nil || version != before || name != "Dock" {
		t.Errorf("the copy has schema %d and %q, want %d: %v", version, name, before, err)
	}
	// The program of the version before would say this, with the copy to put back.
	exec(path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	_, err = store.Open(t.Context(), options(path))
	if !errors.Is(err, store.ErrNewerSchema) || !strings.Contains(err.Error(), copies[0]) {
		t.Errorf("a newer schema is met with %v", err)
	}
}

// A start that fails again and again does not fill the disk with copies; one after a change makes another.
func TestOpen_KeepsOneCopyOfOneState(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "cubby.db")
	clock := storetest.NewClock()
	opts := options(path)
	ahead := time.Duration(0)
	opts.Now = func() time.Time { return clock.Now().Add(ahead) }
	for n, want := range []int{1, 1, 2} {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		}
		schemaAt(t, path, 4)
		// goose notes when it ran: make both starts find the very same database
		statement := "UPDATE goose_db_version SET tstamp = '2026-01-01 00:00:00'"
		if n == 2 {
			statement += "; INSERT INTO organizations (id, name, created_at) VALUES ('o', 'O', 1)"
		}
		if _, err := raw(t, path).ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
		ahead += time.Minute
		s, err := store.Open(t.Context(), opts)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		copies, err := filepath.Glob(path + ".before-*")
		if err != nil || len(copies) != want {
			t.Errorf("start %d: copies %v, want %d", n, copies, want)
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
