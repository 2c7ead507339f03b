package cli

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/mod/sumdb/note"

	"cubby/internal/app"
	"cubby/internal/auth"
	"cubby/internal/journal"
)

type verifyCmd struct {
	File      string `arg:"" help:"A journal (journal.db), a sealed one, or an export." type:"existingfile"`
	SiteKey   string `help:"Public key of the site's controller: base64, or its key file. Without it signatures are not checked." placeholder:"KEY"`
	ServerKey string `help:"Public key of the server, to check its countersignatures: base64, or its key file." placeholder:"KEY"`
	Head      string `help:"File with a signed tree head that was kept elsewhere: the journal must contain what it covers." type:"existingfile"`
}

// Run verifies and names the first record that is wrong.
func (cmd verifyCmd) Run(ctx context.Context, e *env) error {
	opts, err := cmd.options()
	if err != nil {
		return usageError{err}
	}
	bar := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(e.bars()), progressbar.OptionSetDescription("verify"),
		progressbar.OptionClearOnFinish())
	opts.Progress = func(done, total uint64) {
		bar.ChangeMax64(int64(total)) // a count of records
		_ = bar.Set64(int64(done))    // a picture only
	}
	report, err := cmd.verify(ctx, opts)
	_ = bar.Finish() // a picture only
	if err != nil {
		return err
	}
	for _, epoch := range report.Epochs {
		if err := e.print("site %s epoch %d: %d records, %d heads signed by the site, %d countersigned",
			report.Site, epoch.Epoch, epoch.Records, epoch.Heads, epoch.Countersigned); err != nil {
			return err
		}
	}
	if fault := report.Fault(); fault != nil {
		return errors.Join(e.print("NOT VERIFIED: %s", fault), errFailed)
	}
	if opts.Site == nil {
		e.say("signatures were not checked: give --site-key")
	}
	return e.print("verified: %d records", report.Records())
}

func (cmd verifyCmd) verify(ctx context.Context, opts journal.VerifyOptions) (journal.Report, error) {
	f, err := os.Open(cmd.File)
	if err != nil {
		return journal.Report{}, err
	}
	defer f.Close() //nolint:errcheck // only read
	magic := make([]byte, 16)
	n, err := io.ReadFull(f, magic)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return journal.Report{}, err
	}
	if bytes.HasPrefix(magic[:n], []byte("SQLite format 3")) {
		return journal.VerifyFile(ctx, cmd.File, opts)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return journal.Report{}, err
	}
	return journal.VerifyExport(f, opts)
}

func (cmd verifyCmd) options() (journal.VerifyOptions, error) {
	var opts journal.VerifyOptions
	var err error
	if cmd.SiteKey != "" {
		if opts.Site, err = publicKey(cmd.SiteKey); err != nil {
			return opts, fmt.Errorf("site key: %w", err)
		}
	}
	if cmd.ServerKey != "" {
		key, err := publicKey(cmd.ServerKey)
		if err != nil {
			return opts, fmt.Errorf("server key: %w", err)
		}
		var v note.Verifier
		if v, err = journal.NewVerifier(app.ServerKeyName, key); err != nil {
			return opts, err
		}
		opts.Server = v
	}
	if cmd.Head != "" {
		head, err := os.ReadFile(cmd.Head)
		if err != nil {
			return opts, err
		}
		opts.Trusted = [][]byte{head}
	}
	return opts, nil
}

// publicKey reads a key in base64, or the public half of a key file.
func publicKey(text string) (ed25519.PublicKey, error) {
	if id, err := auth.LoadIdentity(text); err == nil {
		return id.Public(), nil
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(data) != ed25519.PublicKeySize {
		return nil, errors.New("write the 32 bytes of the key in base64, or name its key file")
	}
	return data, nil
}
