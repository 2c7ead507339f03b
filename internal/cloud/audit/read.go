package audit

import (
	"context"
	"fmt"
	"slices"
	"time"

	"cubby/internal/cloud/intake"
	"cubby/internal/cloud/rows"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// readStep is how many operations are read at once.
const readStep = 1000

// reading is one look into the books of a site.
type reading struct {
	site        string
	began       time.Time
	whole       bool // the record was folded from its beginning
	books       Books
	skipped     []string
	differences []Difference
	last        []Difference // of the audit before
}

// What may not be there to compare with.
const (
	skipTables     = "tables"
	skipController = "controller"
)

// rests reports whether a difference rests on what was kept of the record, so that all of it is folded first.
func (x *reading) rests() bool {
	return !x.whole && slices.ContainsFunc(x.differences, func(d Difference) bool {
		return d.Kind == Sum || d.Kind == Tables || d.Kind == Controller
	})
}

// before returns the same difference as the audit before found it; nil: it did not.
func (x *reading) before(d Difference) *Difference {
	i := slices.IndexFunc(x.last, func(o Difference) bool { return o.Kind == d.Kind && o.key() == d.key() })
	if i < 0 {
		return nil
	}
	return &x.last[i]
}

// cannotSay reports whether this audit could not look at what an incident of a kind is about, so that it stays open.
func (x *reading) cannotSay(kind string) bool {
	for _, k := range []Kind{Sum, Tables, MovedOut} {
		if i, _ := k.incident(); string(i) == kind {
			return slices.Contains(x.skipped, skipTables)
		}
	}
	i, _ := Controller.incident()
	return string(i) == kind && slices.Contains(x.skipped, skipController)
}

// read folds the record of a site up to where its tables are and compares. With whole it begins at the first operation.
func (a *Auditor) read(ctx context.Context, site locker.SiteID, whole bool) (*reading, error) {
	x := &reading{site: string(site), began: a.opts.Now(), whole: whole}
	err := a.opts.Store.ReadTx(ctx, func(q *db.Queries) error { return x.load(ctx, q) })
	if err != nil {
		return nil, fmt.Errorf("audit site %s: %w", site, err)
	}
	x.books.Now = x.began
	x.differences = Check(x.books)
	return x, nil
}

func (x *reading) load(ctx context.Context, q *db.Queries) error {
	layout, err := intake.Layout(ctx, q, x.site)
	if err != nil {
		return err
	}
	x.books.Directory = locker.NewDirectory()
	x.books.Directory.SetLayout(layout)
	x.books.Replay = NewReplay()
	kept, err := q.FindAudit(ctx, x.site)
	switch {
	case rows.None(err):
		x.whole = true
	case err != nil:
		return fmt.Errorf("read the last audit: %w", err)
	default:
		var replay Replay
		if report, err := readReport(kept); err == nil { // else a version that this one cannot read: as if there was none
			x.last = report.Differences
		}
		if err := rows.Decode(kept.Replay, &replay); err != nil {
			x.whole = true
		} else if !x.whole {
			x.books.Replay = replay.whole()
		}
	}
	cursor, err := q.FindCursor(ctx, x.site)
	if err != nil && !rows.None(err) {
		return fmt.Errorf("read the cursor: %w", err)
	}
	end := wire.Position{Epoch: uint64(cursor.Epoch), Number: uint64(cursor.Number)}
	if err := x.loadController(ctx, q, end); err != nil {
		return err
	}
	if err := x.fold(ctx, q, end); err != nil {
		return err
	}
	if cursor.Stale != "" || cursor.ProjectedEpoch != cursor.Epoch || cursor.ProjectedNumber != cursor.Number {
		x.skipped = append(x.skipped, skipTables)
		return nil
	}
	return x.loadTables(ctx, q)
}

// fold takes in the operations up to a position.
func (x *reading) fold(ctx context.Context, q *db.Queries, end wire.Position) error {
	r := x.books.Replay
	for r.At.Compare(end) < 0 {
		ops, err := q.ListOperations(ctx, db.ListOperationsParams{
			Site: x.site, AfterEpoch: int64(r.At.Epoch), AfterNumber: int64(r.At.Number), Page: readStep,
		})
		if err != nil {
			return fmt.Errorf("read operations: %w", err)
		}
		if len(ops) == 0 {
			return nil
		}
		for _, op := range ops {
			at := wire.Position{Epoch: uint64(op.Epoch), Number: uint64(op.Number)}
			if at.Compare(end) > 0 {
				return nil
			}
			r.Fold(x.books.Directory, at, op.Body)
		}
	}
	return nil
}

// loadController compares what the controller believes with its record folded to the same operation.
func (x *reading) loadController(ctx context.Context, q *db.Queries, end wire.Position) error {
	health, err := q.FindHealth(ctx, x.site)
	if err != nil && !rows.None(err) {
		return fmt.Errorf("read the health: %w", err)
	}
	var status wire.Status
	if health.Status != "" {
		if err := rows.Decode(health.Status, &status); err != nil {
			return err
		}
	}
	r := x.books.Replay
	if s := status.State; s == nil || s.At.Compare(end) > 0 || s.At.Compare(r.At) < 0 {
		x.skipped = append(x.skipped, skipController) // too old, or of operations that are not here yet, or read already
		return nil
	}
	if err := x.fold(ctx, q, status.State.At); err != nil {
		return err
	}
	if r.At != status.State.At || r.Unreadable > 0 {
		x.skipped = append(x.skipped, skipController)
		return nil
	}
	recorded, err := wire.SumOf(r.Matter)
	if err != nil {
		return fmt.Errorf("sum up the record: %w", err)
	}
	x.books.Compared = &Comparison{At: r.At, Theirs: status.State.Sum, Recorded: recorded}
	return nil
}

func (x *reading) loadTables(ctx context.Context, q *db.Queries) error {
	t := &TableBooks{Counts: map[locker.StayState]int64{}, Doubts: map[locker.PlaceID]string{}, Out: map[locker.PlaceID]bool{}}
	counts, err := q.CountStaysByState(ctx, x.site)
	if err != nil {
		return fmt.Errorf("count stays: %w", err)
	}
	for _, row := range counts {
		t.Counts[locker.StayState(row.State)] = row.Stays
	}
	live, err := q.ListStaysLive(ctx, x.site)
	if err != nil {
		return fmt.Errorf("list stays: %w", err)
	}
	for _, row := range live {
		t.Live = append(t.Live, TableStay{
			Stay: locker.StayID(row.ID), Parcel: locker.ParcelID(row.Parcel), Place: locker.PlaceID(row.Place),
			State: locker.StayState(row.State), Generation: row.Generation, MovedOut: row.MovedOut != 0,
		})
	}
	since := x.books.Replay.Matter.Latest.Add(-endedBack)
	ended, err := q.ListStaysEndedSince(ctx, db.ListStaysEndedSinceParams{Site: x.site, Since: int64(since)})
	if err != nil {
		return fmt.Errorf("list stays that are over: %w", err)
	}
	for _, row := range ended {
		t.Ended = append(t.Ended, TableStay{
			Stay: locker.StayID(row.ID), Parcel: locker.ParcelID(row.Parcel), Place: locker.PlaceID(row.Place),
			State: locker.StayState(row.State), Generation: row.Generation,
		})
	}
	places, err := q.ListPlaces(ctx, x.site)
	if err != nil {
		return fmt.Errorf("list places: %w", err)
	}
	for _, row := range places {
		if row.Doubt != "" {
			t.Doubts[locker.PlaceID(row.ID)] = row.Doubt
		}
		if row.OutOfService {
			t.Out[locker.PlaceID(row.ID)] = true
		}
	}
	x.books.Tables = t
	return nil
}
