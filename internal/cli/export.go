package cli

import (
	"context"
	"errors"
	"os"

	"cubby/internal/app"
)

type exportCmd struct {
	File  string `arg:"" help:"File to write, e.g. journal.jsonl. It must not exist yet." type:"path"`
	Annex bool   `help:"Also write the personal data beside the records: names typed, tracking numbers, reasons."`
}

// Run writes the record of this computer's controller to a file that 'cubby verify' checks anywhere.
func (cmd exportCmd) Run(ctx context.Context, e *env) error {
	c, err := e.config()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(cmd.File, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return usageError{err}
	}
	if err := app.ExportJournal(ctx, e.siteOptions(c), f, cmd.Annex); err != nil {
		return errors.Join(err, f.Close(), os.Remove(cmd.File))
	}
	if err := f.Close(); err != nil {
		return err
	}
	return e.print("wrote %s; check it with 'cubby verify %s'", cmd.File, cmd.File)
}
