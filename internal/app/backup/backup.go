package backup

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"cubby/internal/store"
)

// Format is the version of what Create writes.
const Format = 1

// Limits of a backup.
const (
	pieceBytes = 1 << 20 // of a file in one line
	// maxFileBytes bounds one file of the data folder that is restored.
	maxFileBytes = 4 << 30
)

// Errors of a backup.
var (
	// ErrNoRecipient means that nobody could read the backup.
	ErrNoRecipient = errors.New("backup: name the public key of who may read it (age1...); 'cubby backup-key FILE' makes one")
	// ErrDamaged means that a backup does not read as it was written.
	ErrDamaged = errors.New("backup: the file is damaged or no backup")
)

// Options say what is backed up or restored. All but Password are needed.
type Options struct {
	Store   store.Options // of the server's tables
	DataDir string
	Version string // of the program
	Logger  *slog.Logger
	Now     func() time.Time
}

// Report says what a backup holds.
type Report struct {
	MadeAt  time.Time
	Version string // of the program that made it
	Files   int
	Sums    store.Sums
}

type head struct {
	Format  int    `json:"cubby_backup"`
	MadeAt  int64  `json:"made_at"` // UTC ms
	Version string `json:"version"`
	Files   int    `json:"files"`
}

// piece is a part of a file.
type piece struct {
	File string      `json:"file"` // path in the data folder, with slashes
	Mode fs.FileMode `json:"mode"`
	Data []byte      `json:"data"`
	More bool        `json:"more,omitempty"` // another piece of it follows
}

// Create writes a backup of a server, also while it runs, and restores it aside to see that it reads. The file
// must not exist.
func Create(ctx context.Context, opts Options, path string, recipients []age.Recipient) (report Report, err error) {
	if len(recipients) == 0 {
		return report, ErrNoRecipient
	}
	once, err := age.GenerateX25519Identity() // reads it back now, and is forgotten
	if err != nil {
		return report, fmt.Errorf("make a key: %w", err)
	}
	if report, err = write(ctx, opts, path, append(slices.Clone(recipients), once.Recipient())); err != nil {
		return report, fmt.Errorf("write the backup: %w", err)
	}
	if err := verify(ctx, opts, path, once, report); err != nil {
		return report, errors.Join(fmt.Errorf("verify the backup: %w", err), os.Remove(path))
	}
	return report, nil
}

func write(ctx context.Context, opts Options, path string, recipients []age.Recipient) (report Report, err error) {
	s, err := store.Open(ctx, opts.Store)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	names, err := filesOf(opts, path)
	if err != nil {
		return report, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return report, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}()
	report = Report{MadeAt: opts.Now(), Version: opts.Version, Files: len(names)}
	report.Sums, err = writeTo(ctx, f, opts, s, contents{head{Format, report.MadeAt.UnixMilli(), opts.Version, len(names)}, names, recipients})
	if err == nil {
		err = f.Sync()
	}
	return report, errors.Join(err, f.Close())
}

type contents struct {
	head       head
	names      []string
	recipients []age.Recipient
}

func writeTo(ctx context.Context, f io.Writer, opts Options, s *store.Store, c contents) (sums store.Sums, err error) {
	sealed, err := age.Encrypt(f, c.recipients...)
	if err != nil {
		return sums, err
	}
	packed := gzip.NewWriter(sealed)
	out := json.NewEncoder(packed)
	if err := out.Encode(c.head); err != nil {
		return sums, err
	}
	for _, name := range c.names {
		if err := putFile(out, opts.DataDir, name); err != nil {
			return sums, fmt.Errorf("file %s: %w", name, err)
		}
	}
	if sums, err = s.Dump(ctx, packed); err != nil {
		return sums, err
	}
	return sums, errors.Join(packed.Close(), sealed.Close())
}

// filesOf lists the files of the data folder that are not the database or copies of it.
func filesOf(opts Options, backup string) ([]string, error) {
	skip := func(name string) bool {
		base := filepath.Base(name)
		return strings.HasPrefix(base, "cubby.db") || strings.HasPrefix(base, "export-") || strings.HasPrefix(base, checkPrefix) ||
			strings.HasSuffix(base, ".age")
	}
	out, err := filepath.Abs(backup)
	if err != nil {
		return nil, err
	}
	var names []string
	err = filepath.WalkDir(opts.DataDir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // it went away meanwhile, or there is no folder
		case err != nil:
			return err
		case skip(path) && d.IsDir():
			return fs.SkipDir
		case skip(path) || !d.Type().IsRegular():
			return nil
		}
		if whole, err := filepath.Abs(path); err != nil || whole == out {
			return err
		}
		name, err := filepath.Rel(opts.DataDir, path)
		if err != nil {
			return err
		}
		names = append(names, filepath.ToSlash(name))
		return nil
	})
	return names, err
}

func putFile(out *json.Encoder, dir, name string) error {
	f, err := os.Open(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		return err
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return err
	}
	in := bufio.NewReaderSize(f, pieceBytes)
	for more := true; more; {
		data := make([]byte, pieceBytes)
		n, err := io.ReadFull(in, data)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		_, ended := in.Peek(1)
		more = ended == nil
		if err := out.Encode(piece{File: name, Mode: info.Mode().Perm(), Data: data[:n], More: more}); err != nil {
			return err
		}
	}
	return nil
}

// checkPrefix begins the names of folders in which backups are tried.
const checkPrefix = "backup-check-"

// verify restores a backup into a SQLite file of its own and compares everything.
func verify(ctx context.Context, opts Options, path string, key age.Identity, want Report) (err error) {
	if err := os.MkdirAll(opts.DataDir, 0o700); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(opts.DataDir, checkPrefix) // where there is room, and nobody else looks
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	aside := store.Options{Path: filepath.Join(dir, "cubby.db"), Logger: slog.New(slog.DiscardHandler), Now: opts.Now}
	in, err := open(path, key)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.close()) }()
	if err := in.files(func(piece) error { return nil }); err != nil {
		return err
	}
	if _, err := store.Load(ctx, aside, in.rest(), nil); err != nil {
		return err
	}
	return compare(ctx, aside, want.Sums)
}

// compare reads tables back and holds them against what they should be.
func compare(ctx context.Context, at store.Options, want store.Sums) (err error) {
	s, err := store.Open(ctx, at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	got, err := s.Sums(ctx)
	if err != nil {
		return err
	}
	if err := want.Compare(got); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}
