package cli

import (
	"context"
	"errors"
	"os"

	"cubby/internal/app"
)

type exportCmd struct {
	File  string `arg:"" help:"File to write, e.g. journal.jsonl or everything.tar. It must not exist yet." type:"path"`
	All   bool   `help:"Write everything that this computer's server knows as a tar archive: database, settings without secrets, the record of each site."`
	Annex bool   `help:"Also write the personal data beside the records: names typed, tracking numbers, reasons."`
}

// Run writes the record of this computer's controller to a file that 'cubby verify' checks anywhere, or
// all of its server.
func (cmd exportCmd) Run(ctx context.Context, e *env) error {
	c, err := e.config()
	if err != nil {
		return err
	}
	if cmd.All && cmd.Annex {
		return usageError{errors.New("--all holds everything already, --annex is for the record of a controller")}
	}
	f, err := os.OpenFile(cmd.File, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return usageError{err}
	}
	if cmd.All {
		err = app.ExportAll(ctx, e.serverOptions(c), c, f)
	} else {
		err = app.ExportJournal(ctx, e.siteOptions(c), f, cmd.Annex)
	}
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		return errors.Join(err, f.Close(), os.Remove(cmd.File))
	}
	if err := f.Close(); err != nil {
		return err
	}
	if cmd.All {
		return e.print("wrote %s; it holds personal data and opens with tar", cmd.File)
	}
	return e.print("wrote %s; check it with 'cubby verify %s'", cmd.File, cmd.File)
}
