package backup

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"cubby/internal/journal"
	"cubby/internal/store"
	"cubby/internal/store/db"
)

// ErrInTheWay means that the data folder holds another server.
var ErrInTheWay = errors.New("backup: the data folder holds another server; move it away first")

// Restore makes a server of a backup: its files in an empty data folder, its tables in an empty database, of
// whichever engine. It begins new epochs for what sites may know better, and ends all sign-ins.
func Restore(ctx context.Context, opts Options, path string, keys []age.Identity) (report Report, err error) {
	in, err := open(path, keys...)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, in.close()) }()
	report = Report{MadeAt: time.UnixMilli(in.head.MadeAt), Version: in.head.Version, Files: in.head.Files}
	if err := os.MkdirAll(opts.DataDir, 0o700); err != nil {
		return report, fmt.Errorf("make the data folder: %w", err)
	}
	root, err := os.OpenRoot(opts.DataDir) // nothing in a backup names a place outside
	if err != nil {
		return report, fmt.Errorf("open the data folder: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	files := &fileWriter{root: root}
	if err := in.files(files.put); err != nil {
		return report, errors.Join(err, files.close())
	}
	now := opts.Now()
	report.Sums, err = store.Load(ctx, opts.Store, in.rest(), func(q *db.Queries) error { return beginAnew(ctx, q, now) })
	if err != nil {
		return report, fmt.Errorf("restore the tables: %w", err)
	}
	return report, nil
}

// beginAnew changes what must not go on from where the backup stands.
func beginAnew(ctx context.Context, q *db.Queries, now time.Time) error {
	// Sites may have revisions that this server will give out again with other contents.
	if err := q.BeginDirectoryEpoch(ctx, now.UnixMilli()); err != nil {
		return fmt.Errorf("begin new epochs of the directories: %w", err)
	}
	if _, err := q.SweepWebSessions(ctx, math.MaxInt64); err != nil { // some were ended since
		return fmt.Errorf("end the sign-ins: %w", err)
	}
	if err := q.ClearLinks(ctx); err != nil {
		return fmt.Errorf("forget old connections: %w", err)
	}
	hosted, err := q.ListHostedSites(ctx)
	if err != nil {
		return fmt.Errorf("list hosted sites: %w", err)
	}
	for _, site := range hosted {
		if err := beginRecord(ctx, q, site, now); err != nil {
			return fmt.Errorf("begin a new epoch of the record of site %s: %w", site, err)
		}
	}
	return nil
}

// epochGap is more epochs than a server began since its backup was made: their heads were published, and no
// number of theirs may be used again.
const epochGap = 1000

// beginRecord begins a new epoch of a record that the server keeps itself. Whoever has a head of what was lost
// sees that this is not its continuation.
func beginRecord(ctx context.Context, q *db.Queries, site string, now time.Time) error {
	epochs, err := q.ListEpochs(ctx, site)
	if err != nil || len(epochs) == 0 {
		return err
	}
	var previous []byte
	if last, err := q.LatestHead(ctx, site); err == nil {
		previous = last.Note
	} else if !errors.Is(err, store.ErrNone) {
		return err
	}
	tree, err := new(journal.Frontier).MarshalBinary()
	if err != nil {
		return err
	}
	chain := journal.HashHead(previous)
	return q.PutEpoch(ctx, db.PutEpochParams{
		Site: site, Number: epochs[len(epochs)-1].Number + epochGap, Reason: "rollback", Prev: notNil(previous),
		OpenedAt: now.UnixMilli(), Chain: chain[:], Frontier: notNil(tree),
	})
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// reader is an open backup.
type reader struct {
	f      *os.File
	packed *gzip.Reader
	dec    *json.Decoder
	head   head
}

func open(path string, keys ...age.Identity) (in *reader, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the backup: %w", err)
	}
	in = &reader{f: f}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	plain, err := age.Decrypt(f, keys...)
	if err != nil {
		return nil, fmt.Errorf("decrypt the backup: %w", err)
	}
	if in.packed, err = gzip.NewReader(plain); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	in.dec = json.NewDecoder(in.packed)
	if err := in.dec.Decode(&in.head); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if in.head.Format != Format {
		return nil, fmt.Errorf("the backup has format %d, this program reads %d: use the version that made it, %q",
			in.head.Format, Format, in.head.Version)
	}
	return in, nil
}

func (r *reader) close() error { return r.f.Close() }

// files reads the files; put gets their pieces in order.
func (r *reader) files(put func(piece) error) error {
	for range r.head.Files {
		for more := true; more; {
			var p piece
			if err := r.dec.Decode(&p); err != nil {
				return fmt.Errorf("%w: %w", ErrDamaged, err)
			}
			if err := put(p); err != nil {
				return fmt.Errorf("restore file %s: %w", p.File, err)
			}
			more = p.More
		}
	}
	return nil
}

// rest is the dump that follows on the files.
func (r *reader) rest() io.Reader { return io.MultiReader(r.dec.Buffered(), r.packed) }

// fileWriter puts files into the data folder.
type fileWriter struct {
	root *os.Root
	now  *os.File // that gets pieces; nil between files
	same []byte   // a file that is there already must begin with this
	size int64
}

func (w *fileWriter) put(p piece) error {
	if w.now == nil {
		if err := w.begin(p); err != nil {
			return err
		}
	}
	if w.size += int64(len(p.Data)); w.size > maxFileBytes {
		return fmt.Errorf("it is larger than %d bytes", int64(maxFileBytes))
	}
	if w.same != nil {
		if !bytes.HasPrefix(w.same, p.Data) || !p.More && len(w.same) != len(p.Data) {
			return ErrInTheWay
		}
		w.same = w.same[len(p.Data):]
	} else if _, err := w.now.Write(p.Data); err != nil {
		return err
	}
	if p.More {
		return nil
	}
	err := w.now.Sync()
	return errors.Join(err, w.close())
}

// begin makes a file. One that is there with the same contents is left: an earlier try made it.
func (w *fileWriter) begin(p piece) (err error) {
	w.size, w.same = 0, nil
	name := filepath.FromSlash(p.File)
	if err := w.root.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	w.now, err = w.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, p.Mode&0o700)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if w.now, err = w.root.Open(name); err != nil {
		return err
	}
	w.same, err = io.ReadAll(io.LimitReader(w.now, maxFileBytes))
	return err
}

func (w *fileWriter) close() error {
	if w.now == nil {
		return nil
	}
	f := w.now
	w.now = nil
	return f.Close()
}
