package cli

import (
	"context"

	"cubby/internal/app"
	"cubby/internal/store"
)

type migrateCmd struct {
	Status migrateStatusCmd `cmd:"" help:"Say which schema the database has and which one this program wants. Exit code 1: they differ."`
	Up     migrateUpCmd     `cmd:"" help:"Bring the schema up to date. A SQLite file is copied first."`
}

type migrateStatusCmd struct{}

// Run prints how the schema stands.
func (migrateStatusCmd) Run(ctx context.Context, e *env) error {
	c, err := e.config()
	if err != nil {
		return err
	}
	at, err := app.SchemaOf(ctx, e.serverOptions(c))
	if err != nil {
		return err
	}
	if err := e.print("schema %d, this program wants %d: %s", at.Have, at.Want, schemaWord(at)); err != nil {
		return err
	}
	if at.Have != at.Want {
		return errFailed
	}
	return nil
}

func schemaWord(at store.Schema) string {
	switch {
	case at.Have == 0:
		return "the database is empty, cubby migrate up makes the tables"
	case at.Have < at.Want:
		return "cubby migrate up brings it up to date"
	case at.Have > at.Want:
		return "a newer version of cubby wrote it, install that one"
	}
	return "up to date"
}

type migrateUpCmd struct{}

// Run brings the schema up to date.
func (migrateUpCmd) Run(ctx context.Context, e *env) error {
	c, err := e.config()
	if err != nil {
		return err
	}
	before, after, err := app.MigrateUp(ctx, e.serverOptions(c))
	if err != nil {
		return err
	}
	if before == after {
		return e.print("schema %d is up to date", after.Have)
	}
	return e.print("migrated from schema %d to %d", before.Have, after.Have)
}
