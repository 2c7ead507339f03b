package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"filippo.io/age"

	"cubby/internal/app"
	"cubby/internal/app/backup"
	"cubby/internal/config"
)

type backupCmd struct {
	File       string   `arg:"" help:"File to write, e.g. monday.age. It must not exist yet." type:"path"`
	Recipient  []string `help:"Public key of who may read it (age1...). May be repeated." placeholder:"AGE1..."`
	Recipients string   `help:"File with such keys, one a line." type:"existingfile" placeholder:"FILE"`
}

// Run backs the server of this computer up, also while it runs.
func (cmd backupCmd) Run(ctx context.Context, e *env) error {
	recipients, err := cmd.keys()
	if err != nil {
		return usageError{err}
	}
	c, err := e.config()
	if err != nil {
		return err
	}
	report, err := backup.Create(ctx, app.BackupOptions(e.serverOptions(c)), cmd.File, recipients)
	if err != nil {
		return err
	}
	return e.print("wrote %s: %d rows of %d tables, %d files; it was restored once, aside, and held the same",
		cmd.File, report.Sums.Rows(), len(report.Sums.Tables), report.Files)
}

func (cmd backupCmd) keys() ([]age.Recipient, error) {
	text := strings.Join(cmd.Recipient, "\n")
	if cmd.Recipients != "" {
		more, err := os.ReadFile(cmd.Recipients)
		if err != nil {
			return nil, fmt.Errorf("read the public keys: %w", err)
		}
		text += "\n" + string(more)
	}
	if strings.TrimSpace(text) == "" {
		return nil, backup.ErrNoRecipient
	}
	recipients, err := age.ParseRecipients(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("read the public keys: %w", err)
	}
	return recipients, nil
}

type backupKeyCmd struct {
	File string `arg:"" help:"File to write the private key to. Keep it away from the server. It must not exist yet." type:"path"`
}

// Run makes a key that opens backups.
func (cmd backupKeyCmd) Run(e *env) (err error) {
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	f, err := os.OpenFile(cmd.File, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return usageError{err}
	}
	_, err = fmt.Fprintf(f, "# public key: %s\n%s\n", key.Recipient(), key)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return e.print("%s", key.Recipient())
}

type restoreCmd struct {
	File     string `arg:"" help:"Backup to restore." type:"existingfile"`
	Key      string `help:"File with the private key, from 'cubby backup-key'." type:"existingfile" required:"" placeholder:"FILE"`
	Database string `help:"Empty database to fill, in place of server.database.url: sqlite:PATH or postgres://USER@HOST/NAME." placeholder:"URL"`
}

// Run makes a server of a backup.
func (cmd restoreCmd) Run(ctx context.Context, e *env) error {
	e.set("server.database.url", cmd.Database)
	c, err := e.config()
	if err != nil {
		return err
	}
	f, err := os.Open(cmd.Key)
	if err != nil {
		return usageError{err}
	}
	keys, err := age.ParseIdentities(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return usageError{fmt.Errorf("read the key: %w", err)}
	}
	report, err := backup.Restore(ctx, app.BackupOptions(e.serverOptions(c)), cmd.File, keys)
	if err != nil {
		return err
	}
	return e.print("restored the server of %s: %d rows of %d tables, %d files. Start it: sites send again what it has not seen, "+
		"and take their directories anew. People sign in again.",
		report.MadeAt.UTC().Format(time.RFC3339), report.Sums.Rows(), len(report.Sums.Tables), report.Files)
}

type copyCmd struct {
	From string `arg:"" help:"Where the tables are: sqlite:PATH or postgres://USER@HOST/NAME."`
	To   string `arg:"" help:"Empty database to fill, written likewise."`
}

// Run copies the tables of a server from one database to another.
func (cmd copyCmd) Run(ctx context.Context, e *env) error {
	from, err := e.serverAt(cmd.From)
	if err != nil {
		return err
	}
	to, err := e.serverAt(cmd.To)
	if err != nil {
		return err
	}
	if path, ok := strings.CutPrefix(cmd.From, "sqlite:"); ok { // it would be made
		if _, err := os.Stat(path); err != nil {
			return usageError{err}
		}
	}
	sums, err := backup.Copy(ctx, app.BackupOptions(e.serverOptions(from)).Store, app.BackupOptions(e.serverOptions(to)).Store)
	if err != nil {
		return err
	}
	for _, t := range sums.Tables {
		if err := e.print("%-18s %10d  %s", t.Name, t.Rows, t.SHA256[:16]); err != nil {
			return err
		}
	}
	return e.print("%d rows of %d tables are the same in both. Set server.database.url to the copy and start the server.",
		sums.Rows(), len(sums.Tables))
}

// serverAt returns the settings of a server whose tables are elsewhere.
func (e *env) serverAt(url string) (config.Config, error) {
	e.set("server.database.url", url)
	return e.config()
}
