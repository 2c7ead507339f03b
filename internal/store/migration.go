package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/pressly/goose/v3"

	"cubby/internal/store/migrate"
)

// Schema says how a database stands to the program.
type Schema struct {
	Have int64 // version of the tables; 0: empty
	Want int64 // version that this program knows
}

// SchemaOf returns the schema of a database without migrating it.
func SchemaOf(ctx context.Context, opts Options) (at Schema, err error) {
	s, err := connect(opts)
	if err != nil {
		return at, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	p, err := s.provider()
	if err != nil {
		return at, err
	}
	at.Have, at.Want, err = p.GetVersions(ctx)
	if err != nil {
		return at, fmt.Errorf("read the version of the schema: %w", Classify(err))
	}
	return at, nil
}

func (s *Store) provider() (*goose.Provider, error) {
	dialect := goose.DialectSQLite3
	if s.engine == PostgreSQL {
		dialect = goose.DialectPostgres
	}
	p, err := goose.NewProvider(dialect, s.writer, migrate.Files, goose.WithSlog(s.log))
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	return p, nil
}

// migrate brings the schema up to date, or refuses one that is newer than this program.
func (s *Store) migrate(ctx context.Context, how Migrate) (err error) {
	p, err := s.provider()
	if err != nil {
		return err
	}
	if s.engine == PostgreSQL { // several processes may start at once
		unlock, err := s.lockMigration(ctx)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, unlock()) }()
	}
	have, want, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read the version of the schema: %w", Classify(err))
	}
	switch {
	case have > want:
		return s.newerSchema(have, want)
	case have == want:
		return nil
	case how == MigrateNever:
		return fmt.Errorf("%w: its schema is %d, this program wants %d; run cubby migrate up", ErrOlderSchema, have, want)
	case have > 0 && s.engine == SQLite:
		if err := s.backup(ctx, s.path, want); err != nil {
			return err
		}
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate from schema %d to %d: %w", have, want, err)
	}
	s.log.InfoContext(ctx, "database migrated", slog.Int64("from", have), slog.Int64("to", want))
	return nil
}

// lockMigration waits until nobody else migrates.
func (s *Store) lockMigration(ctx context.Context) (func() error, error) {
	conn, err := s.reader.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("wait to migrate: %w", Classify(err))
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1, $2)", lockSpace, lockMigrate); err != nil {
		return nil, errors.Join(fmt.Errorf("wait to migrate: %w", Classify(err)), conn.Close())
	}
	return func() error {
		_, err := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1, $2)", lockSpace, lockMigrate)
		return errors.Join(err, conn.Close())
	}, nil
}
