package intake

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"cubby/internal/cloud/feed"
	"cubby/internal/cloud/incident"
	"cubby/internal/cloud/rows"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
	"cubby/internal/wire"
)

// Options configure [New]. All are needed.
type Options struct {
	Store   *store.Store
	Logger  *slog.Logger
	Now     func() time.Time
	Book    *incident.Book
	Feed    *feed.Feed
	Waiting *feed.Waiting
	Signer  note.Signer // countersigns tree heads
}

// Intake commits what sites send by natural batching: what arrived during the last commit is the
// next one. Sites are divided between the writers, so that one site's arrivals keep their order. It
// is safe for concurrent use.
type Intake struct {
	store   *store.Store
	log     *slog.Logger
	now     func() time.Time
	book    *incident.Book
	feed    *feed.Feed
	waiting *feed.Waiting
	signer  note.Signer
	writers []*writer

	mu       sync.Mutex
	tried    map[string]time.Time     // when a stale site was last built again
	building map[string]wire.Position // how far sites are that somebody builds
}

// New returns an intake that commits nothing until Run.
func New(opts Options) *Intake {
	in := &Intake{
		store: opts.Store, log: opts.Logger, now: opts.Now, book: opts.Book, feed: opts.Feed, waiting: opts.Waiting,
		signer: opts.Signer, tried: map[string]time.Time{}, building: map[string]wire.Position{},
	}
	writers := sqliteWriters
	if opts.Store.Engine() == store.PostgreSQL {
		writers = postgresWriters
	}
	for range writers {
		in.writers = append(in.writers, &writer{
			intake: in, queue: make(chan *arrival, queueDepth), gone: make(chan struct{}),
		})
	}
	return in
}

// Run commits until ctx ends, then refuses what waits. It is called once.
func (in *Intake) Run(ctx context.Context) {
	var done sync.WaitGroup
	for _, w := range in.writers {
		done.Go(func() { w.loop(ctx) })
	}
	done.Wait()
}

// Submit commits uploads of a site, which may repeat what is there, and returns how far its record
// then goes. A gap is not an error: the site goes on from the answer.
func (in *Intake) Submit(ctx context.Context, site locker.SiteID, uploads []wire.Upload) (wire.Position, error) {
	return in.submit(ctx, &arrival{site: site, uploads: uploads})
}

func (in *Intake) millis() int64 { return in.now().UnixMilli() }

// Layout returns the layout of a site; that of one that was taken away is empty.
func Layout(ctx context.Context, q *db.Queries, site string) (locker.Layout, error) {
	row, err := q.FindSite(ctx, site)
	if rows.None(err) {
		return locker.Layout{}, nil
	}
	if err != nil {
		return locker.Layout{}, fmt.Errorf("read the layout of site %s: %w", site, err)
	}
	var layout locker.Layout
	return layout, rows.Decode(row.Layout, &layout)
}
