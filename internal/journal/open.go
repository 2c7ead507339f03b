package journal

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// maxTailCheck bounds how many records Open reads back, so that it takes milliseconds whatever the
// size of the file. Verify reads the rest in its own time.
const maxTailCheck = 4096

// ReasonReplacement is the reason of an epoch that begins in an empty file of a site that has had others:
// whoever wrote those is gone, and what lies in the places is not known by sight.
const ReasonReplacement = "replacement"

// Options say where a site's journal file is and who signs it.
type Options struct {
	// Path of the database. Beside it stand PATH.epoch, PATH.reserve and PATH.sealed-N.
	Path   string
	Site   string             // site id: no spaces, slashes or plus signs
	Signer ed25519.PrivateKey // signs tree heads
	// Previous is the head that the server countersigned last, for a controller that replaces
	// another or has lost its file. A new epoch continues it and is above its epoch. May be nil.
	Previous []byte
	// Above is the highest epoch that the server knows of, for the same; the new epoch is above it.
	Above uint64
	// ReserveBytes is the disk space kept back; 0 means DefaultReserve, below 0 none.
	ReserveBytes int64
	Now          func() time.Time // wall clock
}

// OpenReport says what Open found.
type OpenReport struct {
	// Sealed is true when the file was bad. It stands now at SealedPath, read-only.
	Sealed     bool
	SealedPath string
	// BadEpoch and BadNumber name the first record that is known to be wrong; 0 when unknown.
	BadEpoch  uint64
	BadNumber uint64
	Reason    string // for people; empty when all was well
	// Lost is true when what this site had recorded is not in the new file: the file was sealed or
	// gone. The caller starts its audit.
	Lost    bool
	Started bool   // a new epoch was started, the first one included
	Epoch   uint64 // current epoch
	Records uint64 // records in the current epoch
}

// Open opens the journal of one site or makes it. A file that is torn, corrupt, older than what this
// site has signed, or condemned is sealed, named in the report, and a new one is started; that is
// not an error. Errors are those of the operating system, a site id that differs, and a file of a
// newer program.
func Open(ctx context.Context, opts Options) (*Log, OpenReport, error) {
	l, err := newLog(nil, LogOptions{Site: opts.Site, Signer: opts.Signer, Now: opts.Now})
	if err != nil {
		return nil, OpenReport{}, err
	}
	if opts.ReserveBytes == 0 {
		opts.ReserveBytes = DefaultReserve
	}
	if l.side, err = readSide(opts.Path + ".epoch"); err != nil {
		return nil, OpenReport{}, err
	}
	if l.reserve, err = openReserve(opts.Path+".reserve", opts.ReserveBytes); err != nil {
		return nil, OpenReport{}, err
	}
	report, err := openOnce(ctx, opts, l)
	if errors.Is(err, ErrFull) && l.reserve.release() {
		report, err = openOnce(ctx, opts, l)
	}
	if err != nil {
		return nil, report, err
	}
	return l, report, nil
}

func openOnce(ctx context.Context, opts Options, l *Log) (OpenReport, error) {
	o := &opener{opts: opts, log: l, side: l.side}
	report, err := o.open(ctx)
	if err != nil && o.file != nil {
		err = errors.Join(err, o.file.Close())
	}
	return report, err
}

type opener struct {
	opts Options
	log  *Log
	side *sideFile
	file *File
	used uint64 // highest epoch known to have been used
}

func (o *opener) open(ctx context.Context) (OpenReport, error) {
	var report OpenReport
	o.used = max(o.side.state.Announced, o.highestSealed(), o.opts.Above)
	fault, err := o.inspect(ctx)
	if err != nil {
		return report, err
	}
	if fault != nil {
		report.Lost = true
		report.BadEpoch, report.BadNumber, report.Reason = fault.Epoch, fault.Number, fault.String()
		if report.SealedPath, err = o.seal(); err != nil {
			return report, err
		}
		report.Sealed = report.SealedPath != ""
		if o.file, err = OpenFile(ctx, o.opts.Path, o.opts.Site); err != nil {
			return report, err
		}
	}
	o.log.storage = o.file
	epochs, err := o.file.Epochs(ctx)
	if err != nil {
		return report, fmt.Errorf("read epochs of site %s: %w", o.opts.Site, err)
	}
	if len(epochs) == 0 {
		report.Started = true
		if err := o.log.startFirst(ctx, o.previous(), o.used, o.startReason(report)); err != nil {
			return report, err
		}
	}
	if err := o.log.reload(ctx); err != nil {
		return report, err
	}
	report.Epoch, report.Records = o.log.epoch.Number, o.log.epoch.Tip.Size
	return report, nil
}

func (o *opener) startReason(report OpenReport) string {
	switch {
	case report.Sealed:
		return "sealed " + filepath.Base(report.SealedPath) + ": " + report.Reason
	case report.Lost:
		return report.Reason
	case o.used > 0 || o.opts.Previous != nil:
		return ReasonReplacement
	}
	return "first start"
}

// previous returns the head that a new first epoch continues: the last one that the server has
// signed, else the last one that this site has.
func (o *opener) previous() []byte {
	if prev := laterHead(o.side.state.Countersigned, o.opts.Previous); prev != nil {
		return prev
	}
	return o.side.state.Head
}

// inspect opens the file, or makes it when this is the first start, and returns what is wrong with
// it.
func (o *opener) inspect(ctx context.Context) (*Fault, error) {
	info, err := os.Stat(o.opts.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && o.side.state.Started > 0:
		return &Fault{Kind: KindMissing, Detail: "the journal file is not there"}, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("look for journal: %w", err)
	case err == nil && info.Size() == 0 && o.side.state.Started > 0:
		return &Fault{Kind: KindUnreadable, Detail: "the journal file is empty"}, nil
	}
	if err != nil || info.Size() == 0 {
		return o.create(ctx)
	}
	// Opened for reading only until it is known to be good: closing a file that is open for writing
	// would copy its write-ahead log into it, and a bad file is sealed as it was found.
	o.file, err = openReadOnly(ctx, o.opts.Path)
	if errors.Is(err, errBlank) && o.side.state.Started == 0 {
		return o.create(ctx)
	}
	if err != nil {
		return asFault(err)
	}
	if o.file.site != o.opts.Site {
		return nil, fmt.Errorf("journal belongs to site %s, not to %s", o.file.site, o.opts.Site)
	}
	fault, err := o.look(ctx)
	if fault != nil || err != nil {
		return fault, err
	}
	err = o.file.Close()
	o.file = nil
	if err != nil {
		return nil, fmt.Errorf("close journal: %w", err)
	}
	return o.create(ctx)
}

// create opens the file for writing and makes it when it is not there.
func (o *opener) create(ctx context.Context) (fault *Fault, err error) {
	if o.file, err = OpenFile(ctx, o.opts.Path, o.opts.Site); err != nil {
		return asFault(err)
	}
	return nil, nil //nolint:nilnil // a nil fault is the good answer
}

func (o *opener) look(ctx context.Context) (*Fault, error) {
	if f := o.side.state.Suspect; f != nil {
		if epochs, err := o.file.Epochs(ctx); err == nil && len(epochs) > 0 {
			o.used = max(o.used, epochs[len(epochs)-1].Number)
		}
		o.used = max(o.used, f.Epoch) // the server may know of a later epoch than this file does
		return f, nil
	}
	fault, err := o.check(ctx)
	if err != nil {
		return asFault(err)
	}
	return fault, nil
}

func asFault(err error) (*Fault, error) {
	var corrupt *CorruptError
	if errors.As(err, &corrupt) {
		return &corrupt.Fault, nil
	}
	if errors.Is(err, ErrCorrupt) {
		return &Fault{Kind: KindUnreadable, Detail: err.Error()}, nil
	}
	return nil, err
}

// check looks at what can be looked at quickly: the edges of every epoch, the last head, and the
// records after it.
func (o *opener) check(ctx context.Context) (*Fault, error) {
	epochs, err := o.file.Epochs(ctx)
	if err != nil {
		return nil, err
	}
	started := o.side.state.Started
	if len(epochs) == 0 {
		if started > 0 {
			return &Fault{Kind: KindRolledBack, Detail: fmt.Sprintf("it is empty, epoch %d was started", started)}, nil
		}
		return nil, nil //nolint:nilnil // a nil fault is the good answer
	}
	last := epochs[len(epochs)-1]
	o.used = max(o.used, last.Number)
	if last.Number < started {
		return &Fault{Kind: KindRolledBack, Epoch: last.Number, Detail: fmt.Sprintf("epoch %d was started", started)}, nil
	}
	for _, e := range epochs {
		if fault, err := o.checkEdges(ctx, e); fault != nil || err != nil {
			return fault, err
		}
	}
	heads, err := o.file.Heads(ctx, last.Number)
	if err != nil {
		return nil, err
	}
	if fault := o.checkSide(last, heads); fault != nil {
		return fault, nil
	}
	if fault, err := o.checkTail(ctx, last, heads); fault != nil || err != nil {
		return fault, err
	}
	if last.Number > started { // the counter was lost, or the power went right after the start
		return nil, o.side.started(last.Number)
	}
	return nil, nil //nolint:nilnil // a nil fault is the good answer
}

func (o *opener) checkEdges(ctx context.Context, e Epoch) (*Fault, error) {
	first, last, err := o.file.edges(ctx, e.Number)
	if err != nil {
		return nil, err
	}
	fault := Fault{Epoch: e.Number}
	switch {
	case last < e.Tip.Size:
		fault.Kind, fault.Number = KindTruncated, last+1
	case last > e.Tip.Size:
		fault.Kind, fault.Number = KindInserted, e.Tip.Size+1
	case e.Tip.Size > 0 && first != 1:
		fault.Kind, fault.Number = KindRemoved, 1
	default:
		return nil, nil //nolint:nilnil // a nil fault is the good answer
	}
	return &fault, nil
}

// checkSide compares the file with the head that the side file remembers, which shows an old copy
// put in its place.
func (o *opener) checkSide(last Epoch, heads []Head) *Fault {
	c, err := OpenCheckpoint(o.side.state.Head)
	if err != nil || c.Epoch != last.Number {
		return nil // nothing to compare with
	}
	if c.Size > last.Tip.Size {
		return &Fault{
			Kind: KindRolledBack, Epoch: c.Epoch, Number: last.Tip.Size + 1,
			Detail: fmt.Sprintf("a head at %d was signed", c.Size),
		}
	}
	for _, h := range heads {
		if h.Size == c.Size && HashHead(h.Note) == HashHead(o.side.state.Head) {
			return nil
		}
	}
	return &Fault{Kind: KindHead, Epoch: c.Epoch, Number: c.Size, Detail: "the head that was signed is not there"}
}

func (o *opener) checkTail(ctx context.Context, e Epoch, heads []Head) (*Fault, error) {
	after, front := uint64(0), new(Frontier)
	if len(heads) > 0 {
		h := heads[len(heads)-1]
		if fault := o.checkHead(e, h, front); fault != nil {
			return fault, nil
		}
		after = h.Size
	}
	if e.Tip.Size > after+maxTailCheck {
		after, front = e.Tip.Size-maxTailCheck, nil
	}
	s := newScan(e.Number, after, HashHead(e.Prev), front)
	for from := max(after, 1); from <= e.Tip.Size; {
		rows, err := o.file.Read(ctx, e.Number, from, verifyPage)
		if err != nil {
			return nil, err
		}
		for i := range rows {
			if rows[i].Number == after {
				s.chain, s.before = rows[i].Chain, rows[i].Chain
				continue
			}
			s.record(&rows[i])
		}
		if len(rows) == 0 {
			break
		}
		from = rows[len(rows)-1].Number + 1
	}
	if fault := s.end(e.Tip.Size); fault != nil {
		return fault, nil
	}
	if s.chain != e.Tip.Chain || front != nil && string(front.bytes()) != string(e.Tip.Frontier) {
		return &Fault{Kind: KindTip, Epoch: e.Number, Number: e.Tip.Size}, nil
	}
	return nil, nil //nolint:nilnil // a nil fault is the good answer
}

// checkHead checks the last head and leaves its frontier in front.
func (o *opener) checkHead(e Epoch, h Head, front *Frontier) *Fault {
	fault := &Fault{Kind: KindHead, Epoch: e.Number, Number: h.Size}
	c, err := OpenCheckpoint(h.Note, o.log.self)
	if err != nil {
		fault.Detail = err.Error()
		return fault
	}
	if h.Size > e.Tip.Size {
		return &Fault{Kind: KindTruncated, Epoch: e.Number, Number: e.Tip.Size + 1}
	}
	err = front.UnmarshalBinary(h.Frontier)
	if err != nil || front.Size() != h.Size || c.Size != h.Size || c.Epoch != e.Number || c.Root != front.Root() {
		fault.Detail = "it says something else than was stored with it"
		return fault
	}
	return nil
}

// seal closes the bad file and moves it aside as it is, its write-ahead log with it. It returns the
// new path, empty when there is no file.
func (o *opener) seal() (string, error) {
	if o.file != nil {
		err := o.file.Close()
		o.file = nil
		if err != nil {
			return "", fmt.Errorf("close bad journal: %w", err)
		}
	}
	path := o.opts.Path
	sealed, err := freeName(path+".sealed-", max(o.used, 1))
	if err != nil {
		return "", err
	}
	// The log goes first: a database without its log could be taken for a whole one.
	moved := false
	for _, suffix := range []string{"-wal", ""} {
		err := os.Rename(path+suffix, sealed+suffix)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("seal bad journal: %w", err)
		}
		if err := os.Chmod(sealed+suffix, 0o400); err != nil {
			return "", fmt.Errorf("seal bad journal: %w", err)
		}
		moved = true
	}
	if err := os.Remove(path + "-shm"); err != nil && !errors.Is(err, fs.ErrNotExist) { // an index, no data
		return "", fmt.Errorf("seal bad journal: %w", err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return "", fmt.Errorf("seal bad journal: %w", err)
	}
	if !moved {
		return "", nil
	}
	return sealed, nil
}

func freeName(prefix string, n uint64) (string, error) {
	for ; ; n++ {
		name := prefix + strconv.FormatUint(n, 10)
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return name, nil
		} else if err != nil {
			return "", fmt.Errorf("look for %s: %w", name, err)
		}
	}
}

// highestSealed returns the highest N of the sealed files; each is at least the epoch that it ended
// in.
func (o *opener) highestSealed() uint64 {
	var highest uint64
	prefix := filepath.Base(o.opts.Path) + ".sealed-"
	entries, _ := os.ReadDir(filepath.Dir(o.opts.Path)) // an unreadable directory fails at the next step
	for _, e := range entries {
		if number, ok := strings.CutPrefix(e.Name(), prefix); ok {
			if n, err := strconv.ParseUint(number, 10, 64); err == nil && n < maxEpoch {
				highest = max(highest, n)
			}
		}
	}
	return highest
}
