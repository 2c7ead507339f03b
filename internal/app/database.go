package app

import (
	"context"

	"cubby/internal/store"
)

// storeOptions says where the tables of a server are.
func storeOptions(opts ServerOptions) store.Options {
	c := opts.Config
	return store.Options{
		URL: c.DatabaseURL(), Password: c.Database.Password.Reveal(), Logger: opts.Logger, Now: opts.Now, Rand: opts.Random,
	}
}

// SchemaOf says how the tables of a server stand to this program.
func SchemaOf(ctx context.Context, opts ServerOptions) (store.Schema, error) {
	return store.SchemaOf(ctx, storeOptions(opts))
}

// MigrateUp brings the tables of a server up to date. A file of SQLite is copied first, and the copy stays
// beside it.
func MigrateUp(ctx context.Context, opts ServerOptions) (before, after store.Schema, err error) {
	if err := claimFolder(opts.Config.DataDir, opts.Demo); err != nil {
		return before, after, err
	}
	if before, err = SchemaOf(ctx, opts); err != nil {
		return before, after, err
	}
	st, err := store.Open(ctx, storeOptions(opts))
	if err != nil {
		return before, after, err
	}
	if err := st.Close(); err != nil {
		return before, after, err
	}
	after, err = SchemaOf(ctx, opts)
	return before, after, err
}
