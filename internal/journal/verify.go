package journal

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"iter"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// verifyPage is how many records are read at a time, so that a check holds no long transaction.
const verifyPage = 1024

// VerifyOptions say what to check a journal against. The zero value checks hashes only.
type VerifyOptions struct {
	// Site is the key that must have signed the heads; nil leaves their signatures unchecked.
	Site ed25519.PublicKey
	// Others are the keys of the computers that the site had before or has had since: each epoch must be
	// signed throughout by one of all these. A site that never lost a computer has none.
	Others []ed25519.PublicKey
	// Server countersigns; with nil a countersignature is neither checked nor counted.
	Server note.Verifier
	// Trusted are signed heads kept elsewhere (at the server, in a daily mail). The journal must
	// contain what they cover, which shows a tail that was cut off together with its heads. They
	// are checked against Server when it is given, else against Site.
	Trusted [][]byte
	// Published are publications that were kept. Each must hold a head of the journal, which shows a
	// history that was changed between two of them.
	Published []Published
	// Progress is called now and then with the records done and all that there are; it may be nil.
	Progress func(done, total uint64)
	// Each is called with every record in the order in which it stands, right or wrong; it may be nil. It
	// must not keep the record's bytes when it wants to keep memory small.
	Each func(Record)
}

// Report is what a check found.
type Report struct {
	Site      string // as the journal says
	Epochs    []EpochReport
	Published int // publications that hold a head of it
}

// EpochReport is the part of a Report about one epoch.
type EpochReport struct {
	Epoch         uint64
	Reason        string
	Records       uint64 // seen
	Root          tlog.Hash
	Heads         int    // heads that fitted
	Signed        bool   // their signatures by the site were checked
	Covered       uint64 // size of the largest head that fitted: nothing before it was changed
	Countersigned uint64 // size of the largest that the server signed
	Fault         *Fault // first fault, nil when there is none
}

// Fault returns the first fault of the first bad epoch, nil when all is well.
func (r Report) Fault() *Fault {
	for _, e := range r.Epochs {
		if e.Fault != nil {
			return e.Fault
		}
	}
	return nil
}

// Records returns how many records were seen.
func (r Report) Records() uint64 {
	var n uint64
	for _, e := range r.Epochs {
		n += e.Records
	}
	return n
}

// Verify checks the whole journal against its hashes, its heads and their signatures. It reads in
// pages, so appends go on meanwhile; records after the tip at its start are not looked at. The
// error says that it could not be read; what is wrong stands in the report.
func (l *Log) Verify(ctx context.Context, progress func(done, total uint64)) (Report, error) {
	if err := l.poisoned(); err != nil {
		return Report{}, err
	}
	self, _ := l.self.(noteVerifier)
	return verifyStorage(ctx, l.storage, l.site, VerifyOptions{Site: self.key, Progress: progress})
}

// VerifyFile checks a journal file, sealed or live, without changing it.
func VerifyFile(ctx context.Context, path string, opts VerifyOptions) (Report, error) {
	f, err := openReadOnly(ctx, path)
	if err != nil {
		if errors.Is(err, ErrCorrupt) {
			return unreadable(err), nil
		}
		return Report{}, err
	}
	defer func() { _ = f.Close() }() // nothing was written
	report, err := verifyStorage(ctx, f, f.site, opts)
	if errors.Is(err, ErrCorrupt) {
		return unreadable(err), nil
	}
	return report, err
}

func unreadable(err error) Report {
	return Report{Epochs: []EpochReport{{Fault: &Fault{Kind: KindUnreadable, Detail: err.Error()}}}}
}

// VerifyRecords checks one epoch from a stream of its records, for callers that hold a journal in
// another form. Heads are those stored with it.
func VerifyRecords(
	site string, epoch Epoch, heads []Head, records iter.Seq2[Record, error], opts VerifyOptions,
) (EpochReport, error) {
	keys, err := newKeys(site, opts)
	if err != nil {
		return EpochReport{}, err
	}
	return keys.verifyEpoch(epoch, heads, records)
}

func verifyStorage(ctx context.Context, st Storage, site string, opts VerifyOptions) (Report, error) {
	keys, err := newKeys(site, opts)
	if err != nil {
		return Report{}, err
	}
	report := Report{Site: site}
	epochs, err := st.Epochs(ctx)
	if err != nil {
		return report, fmt.Errorf("read epochs: %w", err)
	}
	var done, total uint64
	for _, e := range epochs {
		total += e.Tip.Size
		keys.addPrev(e)
	}
	for _, e := range epochs {
		heads, err := st.Heads(ctx, e.Number)
		if err != nil {
			return report, fmt.Errorf("read heads of epoch %d: %w", e.Number, err)
		}
		newest := e.Number == epochs[len(epochs)-1].Number
		if n := len(heads); newest && n > 0 && heads[n-1].Size > e.Tip.Size && grown(ctx, st, e) {
			heads = slices.DeleteFunc(heads, func(h Head) bool { return h.Size > e.Tip.Size })
		}
		records := readAll(ctx, st, e, newest, func(n int) {
			done += uint64(n)
			if opts.Progress != nil {
				opts.Progress(done, max(done, total))
			}
		})
		er, err := keys.verifyEpoch(e, heads, records)
		if err != nil && !errors.Is(err, ErrCorrupt) {
			return report, err
		}
		report.Epochs = append(report.Epochs, er)
	}
	report.Epochs = append(report.Epochs, keys.missing(epochs)...)
	keys.checkPublished(&report)
	return report, nil
}

// readAll reads an epoch in pages. In the newest epoch, where somebody may be appending, it stops at
// the tip that was seen unless the next record is not a new one.
func readAll(ctx context.Context, st Storage, e Epoch, newest bool, read func(int)) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for from := uint64(1); ; {
			rows, err := st.Read(ctx, e.Number, from, verifyPage)
			if err != nil {
				yield(Record{}, fmt.Errorf("read epoch %d from %d: %w", e.Number, from, err))
				return
			}
			read(len(rows))
			for _, r := range rows {
				if newest && r.Number > e.Tip.Size && grown(ctx, st, e) {
					return
				}
				if !yield(r, nil) {
					return
				}
				from = r.Number + 1
			}
			if len(rows) < verifyPage {
				return
			}
		}
	}
}

// grown reports whether the tip has moved since e was read: records after e's tip are then new, not
// put in.
func grown(ctx context.Context, st Storage, e Epoch) bool {
	epochs, err := st.Epochs(ctx)
	if err != nil {
		return false // then the records after the tip are reported, and the reader tries again
	}
	for _, now := range epochs {
		if now.Number == e.Number {
			return now.Tip.Size > e.Tip.Size
		}
	}
	return false
}

// keys is what signatures and trusted heads are checked with.
type keys struct {
	site    string
	sites   []note.Verifier // of the site's computers; none: unchecked
	server  note.Verifier   // nil: unchecked
	trusted map[uint64][]Head
	each    func(Record) // nil: nobody looks
	// published is sorted by day; seen says up to where the record was when each of its heads fitted.
	published []Published
	seen      map[int]Position
}

func newKeys(site string, opts VerifyOptions) (*keys, error) {
	k := &keys{site: site, server: opts.Server, trusted: map[uint64][]Head{}, each: opts.Each, seen: map[int]Position{}}
	for i, key := range slices.Concat([]ed25519.PublicKey{opts.Site}, opts.Others) {
		if i == 0 && key == nil {
			continue
		}
		self, err := NewVerifier(SiteKeyName(site), key)
		if err != nil {
			return nil, err
		}
		k.sites = append(k.sites, self)
	}
	for i, msg := range opts.Trusted {
		c, err := k.openTrusted(msg)
		if err != nil {
			return nil, fmt.Errorf("trusted head %d: %w", i+1, err)
		}
		if c.Site != site {
			return nil, fmt.Errorf("trusted head %d is of site %s, the journal of site %s: %w", i+1, c.Site, site, ErrBadHead)
		}
		k.trusted[c.Epoch] = append(k.trusted[c.Epoch], Head{Epoch: c.Epoch, Size: c.Size, Note: msg})
	}
	return k, k.addPublished(opts.Published)
}

// openTrusted reads a head that was kept elsewhere: signed by the server when its key is known, else by the site.
func (k *keys) openTrusted(msg []byte) (Checkpoint, error) {
	if k.server == nil {
		c, _, err := openAny(msg, k.sites)
		return c, err
	}
	c, err := OpenCheckpoint(msg, k.server)
	if err == nil {
		return c, nil
	}
	if hosted := k.hosted(); hosted != nil {
		if c, herr := OpenCheckpoint(msg, hosted); herr == nil {
			return c, nil
		}
	}
	return c, err
}

// hosted is the verifier of a site that runs inside the server, which signs for it with its own key.
func (k *keys) hosted() note.Verifier {
	server, ok := k.server.(noteVerifier)
	if !ok {
		return nil
	}
	v, err := NewVerifier(SiteKeyName(k.site), server.key)
	if err != nil {
		return nil // a site without a proper name signs nothing
	}
	return v
}

func some(v note.Verifier) []note.Verifier {
	if v == nil {
		return nil
	}
	return []note.Verifier{v}
}

// openAny reads a head that one of these must have signed, and returns which one, from 1; with none it
// reads without checking a signature, and returns 0. The error is ErrBadHead.
func openAny(msg []byte, signers []note.Verifier) (c Checkpoint, by int, err error) {
	if len(signers) == 0 {
		c, err = OpenCheckpoint(msg)
		return c, 0, err
	}
	for i, v := range signers {
		if c, err = OpenCheckpoint(msg, v); err == nil {
			return c, i + 1, nil
		}
	}
	return c, 0, err
}

// addPrev takes the head that an epoch continues as one more head of the epoch before.
func (k *keys) addPrev(e Epoch) {
	if c, err := OpenCheckpoint(e.Prev); err == nil && c.Site == k.site && c.Epoch < e.Number {
		k.trusted[c.Epoch] = append(k.trusted[c.Epoch], Head{Epoch: c.Epoch, Size: c.Size, Note: e.Prev})
	}
}

// missing reports epochs between the first and the last of the journal, or trusted to be there, that
// are not. An epoch that continues from another file is not missed.
func (k *keys) missing(epochs []Epoch) []EpochReport {
	var reports []EpochReport
	for number := range k.trusted {
		here := func(e Epoch) bool { return e.Number == number }
		if slices.ContainsFunc(epochs, here) || len(epochs) > 0 && number < epochs[0].Number {
			continue
		}
		reports = append(reports, EpochReport{Epoch: number, Fault: &Fault{Kind: KindMissing, Epoch: number}})
	}
	slices.SortFunc(reports, func(a, b EpochReport) int { return int(a.Epoch) - int(b.Epoch) })
	return reports
}

func (k *keys) verifyEpoch(e Epoch, heads []Head, records iter.Seq2[Record, error]) (EpochReport, error) {
	v := k.newEpochCheck(e)
	for _, h := range heads {
		v.addHead(h)
	}
	v.sortHeads()
	for r, err := range ahead(hashLeaves(records)) {
		if err != nil {
			if errors.Is(err, ErrCorrupt) {
				return v.unreadable(err), nil
			}
			return v.report, err
		}
		v.record(&r.Record, &r.leaf)
		if k.each != nil {
			k.each(r.Record)
		}
	}
	return v.end(e.Tip), nil
}

// epochCheck checks one epoch as its records come.
type epochCheck struct {
	keys   *keys
	epoch  Epoch
	scan   *scan
	heads  []checkedHead
	by     int    // which of the site's keys signed the heads, from 1; 0: none was checked
	bad    *Fault // first head that is not valid
	size   uint64 // largest size that a valid head covers
	report EpochReport
}

type checkedHead struct {
	Checkpoint
	countersigned bool
	sum           [32]byte // HashHead
}

func (k *keys) newEpochCheck(e Epoch) *epochCheck {
	v := &epochCheck{
		keys: k, epoch: e,
		scan:   newScan(e.Number, 0, HashHead(e.Prev), new(Frontier)),
		report: EpochReport{Epoch: e.Number, Reason: e.Reason, Signed: len(k.sites) > 0},
	}
	for _, h := range k.trusted[e.Number] {
		c, err := OpenCheckpoint(h.Note)
		if err != nil {
			continue // newKeys and addPrev have opened it before
		}
		v.size = max(v.size, c.Size)
		v.heads = append(v.heads, checkedHead{Checkpoint: c, sum: HashHead(h.Note)})
	}
	return v
}

func (v *epochCheck) addHead(h Head) {
	c, countersigned, by, err := v.keys.open(h.Note)
	switch {
	case err != nil:
		v.badHead(h.Size, err.Error())
	case v.by != 0 && by != v.by:
		v.badHead(h.Size, "another computer has signed it than the heads before it")
	case c.Site != v.keys.site || c.Epoch != v.epoch.Number || c.Size != h.Size:
		v.badHead(h.Size, fmt.Sprintf("it is of site %s, epoch %d, size %d", c.Site, c.Epoch, c.Size))
	case c.Prev != HashHead(v.epoch.Prev):
		v.badHead(h.Size, "it continues another head than the epoch")
	default:
		v.by = by
		v.size = max(v.size, c.Size)
		v.heads = append(v.heads, checkedHead{c, countersigned, HashHead(h.Note)})
	}
}

func (v *epochCheck) badHead(size uint64, detail string) {
	if v.bad == nil || size < v.bad.Number {
		v.bad = &Fault{Kind: KindHead, Epoch: v.epoch.Number, Number: size, Detail: detail}
	}
}

func (k *keys) open(msg []byte) (c Checkpoint, countersigned bool, by int, err error) {
	c, by, err = openAny(msg, k.sites)
	if err != nil || k.server == nil {
		return c, false, by, err
	}
	_, err = k.openTrusted(msg)
	return c, err == nil, by, nil
}

func (v *epochCheck) sortHeads() {
	slices.SortStableFunc(v.heads, func(a, b checkedHead) int {
		switch {
		case a.Size < b.Size:
			return -1
		case a.Size > b.Size:
			return 1
		}
		return 0
	})
	v.checkHeads()
}

func (v *epochCheck) record(r *Record, leaf *tlog.Hash) {
	v.scan.leaf = leaf
	v.scan.record(r)
	v.checkHeads()
}

func (v *epochCheck) checkHeads() {
	for len(v.heads) > 0 && v.scan.clean() && v.heads[0].Size == v.scan.next-1 {
		h := v.heads[0]
		v.heads = v.heads[1:]
		v.scan.head(h.Size, h.Root)
		if !v.scan.clean() {
			return
		}
		v.report.Heads++
		v.report.Covered = max(v.report.Covered, h.Size)
		v.keys.fitted(h)
		if h.countersigned {
			v.report.Countersigned = max(v.report.Countersigned, h.Size)
		}
	}
}

func (v *epochCheck) end(tip Tip) EpochReport {
	v.finish()
	fault := v.scan.end(max(tip.Size, v.size))
	if fault == nil {
		fault = v.bad
	}
	if fault == nil {
		fault = v.checkTip(tip)
	}
	v.report.Fault = fault
	return v.report
}

func (v *epochCheck) unreadable(err error) EpochReport {
	v.finish()
	if v.report.Fault = v.scan.fault; v.report.Fault == nil {
		v.report.Fault = &Fault{Kind: KindUnreadable, Epoch: v.epoch.Number, Number: v.scan.next, Detail: err.Error()}
	}
	return v.report
}

func (v *epochCheck) finish() {
	v.report.Records = v.scan.count
	v.report.Root = v.scan.front.Root()
}

func (v *epochCheck) checkTip(tip Tip) *Fault {
	if tip.Size == v.scan.next-1 && tip.Chain == v.scan.chain && bytes.Equal(tip.Frontier, v.scan.front.bytes()) {
		return nil
	}
	return &Fault{Kind: KindTip, Epoch: v.epoch.Number, Number: v.scan.next - 1}
}
