package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"maps"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"cubby/internal/cloud/incident"
	"cubby/internal/cloud/rows"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// Limits of the intake.
const (
	// How many commits are prepared at once. SQLite has one writer: a second one here would only halve
	// the batches (measured: 12 % slower). PostgreSQL gains from two.
	sqliteWriters   = 1
	postgresWriters = 2
	// commitCap is the most operations of one commit: a fraction of a second of work, so that a page
	// that writes does not wait for long.
	commitCap  = 1024
	queueDepth = 256 // arrivals that wait; then the sockets wait
)

type writer struct {
	intake *Intake
	queue  chan *arrival
	held   *arrival      // did not fit into the last commit
	gone   chan struct{} // closed when nobody reads the queue any more
}

// arrival is what one call of Ingest, or one append of a hosted site, brings.
type arrival struct {
	site    locker.SiteID
	uploads []wire.Upload
	hosted  *journal.Batch
	ops     []incoming   // of both
	done    chan outcome // has room for one
}

type outcome struct {
	at  wire.Position
	err error
}

// incoming is one operation of an arrival, decoded for reading.
type incoming struct {
	wire.Upload
	chain []byte
	leaf  tlog.Hash
	op    wire.Operation
	err   error // why it cannot be read; it is kept all the same
}

// submit hands an arrival to its writer and waits for the commit. What takes the processor is done
// here, by whoever brings it, so that the writer only writes.
func (in *Intake) submit(ctx context.Context, a *arrival) (wire.Position, error) {
	a.decode()
	a.done = make(chan outcome, 1)
	h := fnv.New32a()
	_, _ = h.Write([]byte(a.site)) // a hash never fails
	w := in.writers[h.Sum32()%uint32(len(in.writers))]
	select {
	case w.queue <- a:
	case <-w.gone:
		return wire.Position{}, errStopped
	case <-ctx.Done():
		return wire.Position{}, fmt.Errorf("wait to commit: %w", context.Cause(ctx))
	}
	select {
	case o := <-a.done:
		return o.at, o.err
	case <-w.gone:
	case <-ctx.Done():
		return wire.Position{}, fmt.Errorf("wait for the commit: %w", context.Cause(ctx))
	}
	select { // the last commit may have taken it
	case o := <-a.done:
		return o.at, o.err
	default:
		return wire.Position{}, errStopped
	}
}

var errStopped = errors.New("cloud: the server stops")

func (w *writer) loop(ctx context.Context) {
	for {
		batch := w.gather(ctx)
		if batch == nil {
			w.refuseRest()
			return
		}
		w.commit(context.WithoutCancel(ctx), batch)
	}
}

// gather waits for an arrival and takes what else is there, up to commitCap operations.
func (w *writer) gather(ctx context.Context) []*arrival {
	first := w.held
	w.held = nil
	if first == nil {
		select {
		case first = <-w.queue:
		case <-ctx.Done():
			return nil
		}
	}
	batch, size := []*arrival{first}, first.size()
	for size < commitCap {
		select {
		case a := <-w.queue:
			if size += a.size(); size > commitCap {
				w.held = a
				return batch
			}
			batch = append(batch, a)
		default:
			return batch
		}
	}
	return batch
}

func (w *writer) refuseRest() {
	defer close(w.gone)
	if w.held != nil {
		w.held.done <- outcome{err: errStopped}
	}
	for {
		select {
		case a := <-w.queue:
			a.done <- outcome{err: errStopped}
		default:
			return
		}
	}
}

func (a *arrival) size() int {
	if a.hosted != nil {
		return len(a.hosted.Records)
	}
	return len(a.uploads)
}

// siteWork is everything of one site in one commit.
type siteWork struct {
	site     locker.SiteID
	arrivals []*arrival
	outcomes []outcome // by arrival
	cursor   db.SiteCursor
	fresh    []incoming // that were not there yet
	follow   *projection
}

func (w *writer) commit(ctx context.Context, batch []*arrival) {
	works := divide(batch)
	err := w.intake.store.Batch(ctx, func(b *store.Batch) error { return w.intake.commitSites(ctx, b, works) })
	if err != nil {
		w.intake.log.ErrorContext(ctx, "operations not committed", slog.Any("error", err))
	}
	for _, work := range works {
		if err == nil {
			w.intake.published(work)
		}
		for i, a := range work.arrivals {
			if err != nil {
				a.done <- outcome{err: err}
				continue
			}
			a.done <- work.outcomes[i]
		}
	}
}

func sitesOf(works []*siteWork) []string {
	sites := make([]string, 0, len(works))
	for _, work := range works {
		sites = append(sites, string(work.site))
	}
	return sites
}

// divide groups arrivals by site, in the order in which the sites came.
func divide(batch []*arrival) []*siteWork {
	var works []*siteWork
	bySite := map[locker.SiteID]*siteWork{}
	for _, a := range batch {
		work := bySite[a.site]
		if work == nil {
			work = &siteWork{site: a.site}
			bySite[a.site] = work
			works = append(works, work)
		}
		work.arrivals = append(work.arrivals, a)
	}
	return works
}

// decode reads the operations of an arrival.
func (a *arrival) decode() {
	a.ops = make([]incoming, 0, a.size())
	if a.hosted != nil {
		for _, r := range a.hosted.Records {
			u := wire.Upload{Position: wire.Position{Epoch: r.Epoch, Number: r.Number}, Op: r.Body, Annex: r.Annex}
			a.ops = append(a.ops, decodeIncoming(u, r.Chain[:]))
		}
	}
	for _, u := range a.uploads {
		in := decodeIncoming(u, nil)
		in.leaf = journal.LeafHash(u.Op)
		a.ops = append(a.ops, in)
	}
}

func decodeIncoming(u wire.Upload, chain []byte) incoming {
	op, err := wire.DecodeOperation(u.Op)
	return incoming{Upload: u, chain: chain, op: op, err: err}
}

// commitSites stores what is new of each site, then lets the tables follow. The record is kept whatever
// the tables do. It may run again.
func (in *Intake) commitSites(ctx context.Context, b *store.Batch, works []*siteWork) error {
	cursors, err := b.Cursors(ctx, sitesOf(works))
	if err != nil {
		return err
	}
	epochs, err := b.Epochs(ctx, cursors)
	if err != nil {
		return err
	}
	var record store.Record
	for _, work := range works {
		rec := &recorder{ctx: ctx, q: b.Queries, work: work, now: in.millis(), added: map[int64]db.Epoch{}}
		if epoch, found := epochs[string(work.site)]; found {
			rec.known = &epoch
		}
		work.cursor = cursors[string(work.site)]
		if err := in.recordSite(ctx, b, rec); err != nil {
			return err
		}
		rec.addTo(&record)
	}
	if err := b.WriteRecord(ctx, record); err != nil {
		return err
	}
	return in.followSites(ctx, b, works)
}

// recordSite takes what is new of a site.
func (in *Intake) recordSite(ctx context.Context, b *store.Batch, rec *recorder) error {
	work := rec.work
	work.fresh, work.outcomes = nil, make([]outcome, len(work.arrivals))
	for i, a := range work.arrivals {
		var err error
		if work.outcomes[i], err = rec.take(a); err != nil {
			return err
		}
	}
	if err := rec.finish(); err != nil {
		return err
	}
	work.follow = newProjection(in, b.Queries, string(work.site))
	if rec.forked == "" {
		return nil
	}
	return work.follow.raise(ctx, incident.Incident{
		Kind: incident.JournalFork, Severity: incident.Urgent, Detail: rec.forked, Key: rec.forked,
	})
}

// published tells everybody who waits for what a commit brought.
func (in *Intake) published(work *siteWork) {
	if work.follow == nil {
		return
	}
	in.feed.Publish(work.follow.change())
	for _, id := range work.follow.answered {
		in.waiting.Wake(id)
	}
}

// recorder stores the operations of one site in one transaction.
type recorder struct {
	ctx    context.Context //nolint:containedctx // lives for one call of commitSite
	q      *db.Queries
	work   *siteWork
	now    int64
	known  *db.Epoch // that the record is in, when it was read ahead
	epoch  db.Epoch
	front  journal.Frontier
	loaded bool
	added  map[int64]db.Epoch // what is to be written, by number
	forked string             // position of an operation that came with other bytes
}

// take stores what is new of an arrival, up to the first gap. The outcome says how far the record
// then goes.
func (r *recorder) take(a *arrival) (outcome, error) {
	if a.hosted != nil {
		return r.takeHosted(a.hosted, a.ops)
	}
	for _, in := range a.ops {
		done, err := r.takeOne(in)
		if err != nil {
			var refused *locker.Error
			if errors.As(err, &refused) {
				return outcome{at: r.at(), err: refused}, nil
			}
			return outcome{}, err
		}
		if !done {
			break // a gap: the site goes on from what the outcome says
		}
	}
	return outcome{at: r.at()}, nil
}

func (r *recorder) at() wire.Position {
	return wire.Position{Epoch: uint64(r.work.cursor.Epoch), Number: uint64(r.work.cursor.Number)}
}

// takeOne reports false for an operation that does not follow on what is there.
func (r *recorder) takeOne(in incoming) (bool, error) {
	if in.err == nil && (in.op.Site != r.work.site || in.op.Position() != in.Position) {
		return false, locker.Errorf(locker.CodeInputInvalid, "operation %s says that it is %s of site %q",
			in.Position, in.op.Position(), string(in.op.Site))
	}
	at := r.at()
	switch {
	case in.Compare(at) <= 0:
		return true, r.checkRepeat(in)
	case in.Epoch == at.Epoch && in.Number == at.Number+1:
	case in.Epoch > at.Epoch && in.Number == 1:
		if err := r.beginEpoch(in.Epoch); err != nil {
			return false, err
		}
	default:
		return false, nil
	}
	if err := r.load(); err != nil {
		return false, err
	}
	r.front.Append(in.leaf)
	r.insert(in)
	return true, nil
}

// checkRepeat compares what came again with what is there.
func (r *recorder) checkRepeat(in incoming) error {
	for _, fresh := range slices.Backward(r.work.fresh) { // it may have come twice in one batch
		if fresh.Position == in.Position {
			return r.compare(in, fresh.Op)
		}
	}
	have, err := r.q.FindOperation(r.ctx, db.FindOperationParams{
		Site: string(r.work.site), Epoch: int64(in.Epoch), Number: int64(in.Number),
	})
	if err != nil && !rows.None(err) {
		return fmt.Errorf("read operation %s: %w", in.Position, err)
	}
	if err != nil {
		return r.compare(in, nil)
	}
	return r.compare(in, have.Body)
}

func (r *recorder) compare(in incoming, have []byte) error {
	if have != nil && bytes.Equal(have, in.Op) {
		return nil
	}
	r.forked = in.String()
	return locker.Errorf(locker.CodeJournalFork, "operation %s came with other bytes than before", in.Position)
}

// load reads the epoch that the record is in.
func (r *recorder) load() error {
	if r.loaded {
		return nil
	}
	epoch, err := r.findEpoch(r.work.cursor.Epoch)
	if err != nil {
		return err
	}
	if err := r.front.UnmarshalBinary(epoch.Frontier); err != nil {
		return fmt.Errorf("read the tree of site %s: %w", r.work.site, err)
	}
	r.epoch, r.loaded = epoch, true
	return nil
}

func (r *recorder) findEpoch(number int64) (db.Epoch, error) {
	if epoch, found := r.added[number]; found {
		return epoch, nil
	}
	if r.known != nil && r.known.Number == number {
		return *r.known, nil
	}
	epoch, err := r.q.FindEpoch(r.ctx, db.FindEpochParams{Site: string(r.work.site), Number: number})
	if err != nil {
		return epoch, fmt.Errorf("read epoch %d of site %s: %w", number, r.work.site, err)
	}
	return epoch, nil
}

func (r *recorder) beginEpoch(number uint64) error {
	if err := r.finish(); err != nil {
		return err
	}
	r.front, r.loaded = journal.Frontier{}, true
	r.epoch = db.Epoch{
		Site: string(r.work.site), Number: int64(number), OpenedAt: r.now,
	}
	r.work.cursor.Epoch, r.work.cursor.Number = int64(number), 0
	return nil
}

// insert takes an operation into the record; addTo stores it.
func (r *recorder) insert(in incoming) {
	cursor := &r.work.cursor
	cursor.Epoch, cursor.Number = int64(in.Epoch), int64(in.Number)
	cursor.Operations++
	cursor.Facts += int64(len(in.op.Facts))
	cursor.ReceivedAt = r.now
	r.work.fresh = append(r.work.fresh, in)
}

// addTo hands over what is to be stored.
func (r *recorder) addTo(record *store.Record) {
	for _, in := range r.work.fresh {
		record.Operations = append(record.Operations, db.InsertOperationParams{
			Site: string(r.work.site), Epoch: int64(in.Epoch), Number: int64(in.Number), ReceivedAt: r.now,
			WallAt: in.op.WallMS, Body: in.Op, Annex: rows.Bytes(in.Annex), Chain: rows.Bytes(in.chain),
		})
	}
	for _, number := range slices.Sorted(maps.Keys(r.added)) {
		record.Epochs = append(record.Epochs, db.PutEpochParams(r.added[number]))
	}
}

// finish writes down the tree of the epoch that was added to.
func (r *recorder) finish() error {
	if !r.loaded || len(r.work.fresh) == 0 {
		return nil
	}
	frontier, err := r.front.MarshalBinary()
	if err != nil {
		return fmt.Errorf("write the tree of site %s: %w", r.work.site, err)
	}
	r.epoch.Frontier, r.epoch.Size = frontier, r.work.cursor.Number
	r.putEpoch(r.epoch)
	return nil
}

func (r *recorder) putEpoch(row db.Epoch) {
	row.Prev, row.Chain, row.Frontier = rows.Bytes(row.Prev), rows.Bytes(row.Chain), rows.Bytes(row.Frontier)
	r.added[row.Number] = row
}
