package cli

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/mod/sumdb/note"

	"cubby/internal/app"
	"cubby/internal/auth"
	"cubby/internal/cloud/evidence"
	"cubby/internal/cloud/evidence/bundle"
	"cubby/internal/journal"
	"cubby/internal/locker"
)

type verifyCmd struct {
	File      string   `arg:"" help:"A journal (journal.db), a sealed one, an export, an evidence pack (evidence.json or the archive it came in), or the https address of one of these, e.g. https://cubby.example.com/api/v1/sites/SITE/record."`
	Key       string   `help:"Public key of the operator: its file operator.pub, base64 or hex. Evidence packs need it; of a journal, it checks the countersignatures." placeholder:"KEY"`
	SiteKey   []string `help:"Public key of the site's controller: base64, or its key file. Repeat it for a site that had several computers: each epoch must be signed by one of them. Without it the site's own signatures are not checked." placeholder:"KEY" sep:"none"`
	ServerKey string   `help:"The same as --key." placeholder:"KEY" hidden:""`
	Head      string   `help:"File with a signed tree head that was kept elsewhere: the journal must contain what it covers." type:"existingfile"`
	Published []string `help:"File with the tree heads that the operator published on a day, or its address, e.g. https://cubby.example.com/heads/2026-11-25: the journal must contain what was published. May be repeated." placeholder:"FILE" sep:"none"`
	Site      string   `help:"Id of the site that an evidence pack must be of."`
	Parcel    string   `help:"Id of a parcel: names its records in a journal, and that they are under a signed head; an evidence pack must be about it."`
	Stay      string   `help:"Id of a stay, as --parcel."`
	TokenFile string   `help:"File with the API token, for an address." type:"existingfile" env:"CUBBY_TOKEN_FILE"`
	CAFile    string   `help:"File with the certificate (PEM) by which an address is trusted, for a server with a certificate of its own." type:"existingfile"`
}

// Run verifies and names the first record that is wrong.
func (cmd verifyCmd) Run(ctx context.Context, e *env) (err error) {
	if cmd.Key == "" {
		cmd.Key = cmd.ServerKey
	}
	published, err := cmd.published(ctx)
	if err != nil {
		return err
	}
	if isAddress(cmd.File) {
		if cmd.File, err = cmd.fetch(ctx, cmd.File, cmd.TokenFile, mostFetched); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.Remove(cmd.File)) }()
	}
	kind, err := kindOf(cmd.File)
	switch {
	case err != nil:
		return usageError{err}
	case kind == kindPublication:
		return usageError{errors.New("the file holds published heads: name the record first, and the heads by --published")}
	case kind == kindPack || kind == kindArchive:
		if len(published) > 0 {
			return usageError{errors.New("published heads are compared with a whole record: get it from the operator (/api/v1/sites/SITE/record)")}
		}
		return cmd.evidence(e, kind)
	}
	return cmd.journal(ctx, e, kind, published)
}

func (cmd verifyCmd) journal(ctx context.Context, e *env, kind fileKind, published []string) error {
	opts, err := cmd.options(published)
	if errors.Is(err, journal.ErrBadHead) {
		return errors.Join(e.print("NOT VERIFIED: %v", err), errFailed)
	}
	if err != nil {
		return usageError{err}
	}
	bar := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(e.bars()), progressbar.OptionSetDescription("verify"),
		progressbar.OptionClearOnFinish())
	opts.Progress = func(done, total uint64) {
		bar.ChangeMax64(int64(total)) // a count of records
		_ = bar.Set64(int64(done))    // a picture only
	}
	var trace *evidence.Tracer
	if cmd.Parcel != "" || cmd.Stay != "" {
		trace = evidence.NewTracer(locker.ParcelID(cmd.Parcel), locker.StayID(cmd.Stay))
		opts.Each = func(r journal.Record) { trace.Add(r.Body) }
	}
	report, err := cmd.verify(ctx, kind, opts)
	_ = bar.Finish() // a picture only
	if errors.Is(err, journal.ErrBadHead) {
		return errors.Join(e.print("NOT VERIFIED: %v", err), errFailed)
	}
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
		return errors.Join(e.print("NOT VERIFIED: %s. %s", fault, fault.Sentence()), errFailed)
	}
	if n := report.Published; n > 0 {
		if err := e.print("it holds what was published on %d %s", n, days(n)); err != nil {
			return err
		}
	}
	if len(opts.Published) > 0 && opts.Server == nil {
		e.say("who published the heads was not checked: give --key")
	}
	if opts.Site == nil {
		e.say("the site's signatures were not checked: give --site-key")
	}
	if trace != nil {
		if err := printTrace(e, report, trace); err != nil {
			return err
		}
	}
	return e.print("verified: %d records", report.Records())
}

func days(n int) string {
	if n == 1 {
		return "day"
	}
	return "days"
}

// printTrace prints the records of a parcel and whether signed heads cover them. Every head of a journal that
// verifies is the root over the records that were read, so what stands before a head is included in it, and
// each head goes on from the ones before.
func printTrace(e *env, report journal.Report, trace *evidence.Tracer) error {
	found := trace.Entries()
	if len(found) == 0 {
		return errors.Join(e.print("NOT VERIFIED: no record is about that parcel"), errFailed)
	}
	covered := map[uint64]uint64{}
	for _, epoch := range report.Epochs {
		covered[epoch.Epoch] = epoch.Covered
	}
	open := 0
	for _, entry := range found {
		state := "under a signed head"
		if entry.Number > covered[entry.Epoch] {
			state = "under no head yet"
			open++
		}
		if err := e.print("record %d of epoch %d, %s: %s, %s", entry.Number, entry.Epoch, entry.At.UTC().Format(time.RFC3339),
			entry.Kind, state); err != nil {
			return err
		}
	}
	if open > 0 {
		return e.print("%d of %d facts are newer than the last head: verify a newer export", open, len(found))
	}
	return nil
}

// evidence checks an evidence pack.
func (cmd verifyCmd) evidence(e *env, kind fileKind) error {
	if cmd.Key == "" {
		return usageError{errors.New("an evidence pack is checked with the operator's public key: give --key operator.pub")}
	}
	key, err := publicKey(cmd.Key)
	if err != nil {
		return usageError{fmt.Errorf("operator's key: %w", err)}
	}
	want := evidence.Wanted{
		Key: evidence.Key{Name: app.ServerKeyName, Key: key}, Site: locker.SiteID(cmd.Site), Parcel: locker.ParcelID(cmd.Parcel),
		Stay: locker.StayID(cmd.Stay),
	}
	if want.SiteKeys, err = cmd.siteKeys(); err != nil {
		return usageError{err}
	}
	data, err := os.ReadFile(cmd.File)
	if err != nil {
		return err
	}
	check := evidence.Check
	if kind == kindArchive {
		check = bundle.Check
	}
	proven, err := check(data, want)
	if errors.Is(err, evidence.ErrBadPack) {
		return errors.Join(e.print("NOT VERIFIED: %v", err), errFailed)
	}
	if err != nil {
		return err
	}
	return printProven(e, proven, want.Key)
}

func printProven(e *env, proven evidence.Proven, key evidence.Key) error {
	p := proven.Pack
	lines := []string{
		fmt.Sprintf("parcel %s of site %s", p.Parcel, p.Site),
		"operator's key: " + key.Fingerprint(),
	}
	for _, head := range proven.Heads {
		lines = append(lines, fmt.Sprintf("epoch %d: tree head of %d records, signed", head.Epoch, head.Size))
	}
	for _, entry := range proven.Entries {
		line := fmt.Sprintf("record %d of epoch %d, %s: %s %s", entry.Number, entry.Epoch, entry.At.UTC().Format(time.RFC3339), entry.Kind, entry.Place)
		lines = append(lines, strings.TrimSpace(line))
	}
	for _, at := range p.Pending {
		lines = append(lines, fmt.Sprintf("record %d of epoch %d is not in this pack: no head covered it yet", at.Number, at.Epoch))
	}
	lines = append(lines, fmt.Sprintf("verified: %d records", proven.Records))
	for _, line := range lines {
		if err := e.print("%s", line); err != nil {
			return err
		}
	}
	return nil
}

func (cmd verifyCmd) verify(ctx context.Context, kind fileKind, opts journal.VerifyOptions) (journal.Report, error) {
	if kind == kindDatabase {
		return journal.VerifyFile(ctx, cmd.File, opts)
	}
	f, err := os.Open(cmd.File)
	if err != nil {
		return journal.Report{}, err
	}
	defer f.Close() //nolint:errcheck // only read
	return journal.VerifyExport(f, opts)
}

// options reads what the record is checked against. An error that is journal.ErrBadHead is an answer, not a mistake.
func (cmd verifyCmd) options(published []string) (journal.VerifyOptions, error) {
	var opts journal.VerifyOptions
	sites, err := cmd.siteKeys()
	if err != nil {
		return opts, err
	}
	if len(sites) > 0 {
		opts.Site, opts.Others = sites[0], sites[1:]
	}
	if cmd.Key != "" {
		key, err := publicKey(cmd.Key)
		if err != nil {
			return opts, fmt.Errorf("operator's key: %w", err)
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
	for i, data := range published {
		p, err := journal.OpenPublication([]byte(data), opts.Server)
		if err != nil {
			return opts, fmt.Errorf("%s: %w", cmd.Published[i], err)
		}
		opts.Published = append(opts.Published, p)
	}
	return opts, nil
}

// siteKeys reads the keys of the site's computers.
func (cmd verifyCmd) siteKeys() ([]ed25519.PublicKey, error) {
	var keys []ed25519.PublicKey
	for _, text := range cmd.SiteKey {
		key, err := publicKey(text)
		if err != nil {
			return nil, fmt.Errorf("site key: %w", err)
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// publicKey reads a key in base64 or hex, a file with one, or the public half of a key file.
func publicKey(text string) (ed25519.PublicKey, error) {
	if id, err := auth.LoadIdentity(text); err == nil {
		return id.Public(), nil
	}
	if data, err := os.ReadFile(text); err == nil {
		return evidence.ParsePublic(data)
	}
	key, err := journal.ParsePublicKey(text)
	if err != nil {
		return nil, errors.New("write the 32 bytes of the key in base64 or hex, or name its file")
	}
	return key, nil
}
