package app

import (
	"cubby/internal/app/backup"
)

// BackupOptions say where a server is that is backed up or restored.
func BackupOptions(opts ServerOptions) backup.Options {
	return backup.Options{
		Store: storeOptions(opts), DataDir: opts.Config.DataDir, Version: opts.Version, Logger: opts.Logger, Now: opts.Now,
	}
}
