package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"cubby/internal/auth"
	"cubby/internal/journal"
	"cubby/internal/sitestore"
)

// ExportJournal writes the record of a controller's data folder as lines that VerifyExport and
// `cubby verify` check anywhere. It may run beside the controller. Personal data is left out unless
// annex is true.
func ExportJournal(ctx context.Context, opts SiteOptions, w io.Writer, annex bool) (err error) {
	dir := opts.Config.DataDir
	path := filepath.Join(dir, JournalFile)
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("find the journal: %w", err)
	}
	id, err := auth.LoadIdentity(filepath.Join(dir, IdentityFile))
	if err != nil {
		return fmt.Errorf("load the controller's key: %w", err)
	}
	store, _, err := sitestore.Open(ctx, filepath.Join(dir, ReplicaFile))
	if err != nil {
		return fmt.Errorf("open the replica: %w", err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	member, err := (&Site{opts: opts, store: store}).membership(ctx)
	if err != nil {
		return err
	}
	file, err := journal.OpenFile(ctx, path, string(member.Site))
	if err != nil {
		return fmt.Errorf("open the journal: %w", err)
	}
	log, err := journal.New(ctx, file, journal.LogOptions{Site: string(member.Site), Signer: id.Private(), Now: opts.Now})
	if err != nil {
		return errors.Join(fmt.Errorf("open the journal: %w", err), file.Close())
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	return log.Export(ctx, w, journal.ExportOptions{WithAnnex: annex})
}
