package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"cubby/internal/store/db"
	"cubby/internal/store/native"
)

// Limits of the outbox.
const (
	// MaxAttempts is how often a job is tried before it is dead and waits for a person.
	MaxAttempts = 12
	// Lease is how long a worker has a job for itself: afterwards another one may take it. A worker whose
	// job takes longer prolongs it. So what a server that was killed had begun is done within this time,
	// well inside the minute that a first notice may take.
	Lease = 20 * time.Second

	holdEvery     = Lease / 4
	jobTime       = 90 * time.Second // a job gets at most
	shortestRetry = 5 * time.Second
	longestRetry  = 30 * time.Minute
	lookEvery     = 15 * time.Second // for jobs that another process added
	maxErrorText  = 500
)

// ErrPermanent marks an error of a handler that trying again does not mend: the job is dead at once.
var ErrPermanent = errors.New("store: trying again is no use")

// errTaken says that a lease ended, and another worker has the job.
var errTaken = errors.New("store: another worker has the job")

// Job is something to do after a commit, at least once.
type Job struct {
	Kind string // whose handler runs it
	// Key names the job: while a job of the same kind and key waits, another one is not added.
	Key       string
	Body      string // JSON
	NotBefore time.Time
	Attempt   int // counted from 1, when it runs
}

// Enqueue adds a job in the transaction of its cause. It reports whether the job was added, which it
// is not when one with its kind and key waits already.
func (s *Store) Enqueue(ctx context.Context, q *db.Queries, j Job) (bool, error) {
	n, err := q.EnqueueJob(ctx, s.jobRow(j))
	if err != nil {
		return false, fmt.Errorf("enqueue %s: %w", j.Kind, err)
	}
	s.enqueued.Store(true)
	return n > 0, nil
}

func (s *Store) jobRow(j Job) db.EnqueueJobParams {
	now := s.now().UnixMilli()
	due := now
	if !j.NotBefore.IsZero() {
		due = max(due, j.NotBefore.UnixMilli())
	}
	return db.EnqueueJobParams{ID: s.ids.New(), Kind: j.Kind, Key: j.Key, Body: j.Body, DueAt: due, CreatedAt: now}
}

// notify wakes the workers after a commit that may have added jobs.
func (s *Store) notify() {
	if !s.enqueued.Swap(false) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.news)
	s.news = make(chan struct{})
}

func (s *Store) newsChannel() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.news
}

// Handler does one job. It must bear running the same job twice. An error is tried again later with
// growing waits; one that wraps [ErrPermanent] is not.
type Handler func(ctx context.Context, j Job) error

// WorkerOptions configure [NewWorker]. All but Parallel and Dead are needed.
type WorkerOptions struct {
	Store    *Store
	Logger   *slog.Logger
	Handlers map[string]Handler // by kind; jobs of other kinds wait
	// Parallel is how many jobs of a kind run beside each other; what is not named: one.
	Parallel map[string]int
	// Dead is told of jobs that are given up, e.g. to raise an incident; it may be nil.
	Dead func(ctx context.Context, j Job, cause error)
}

// Worker runs the jobs of the outbox.
type Worker struct {
	opts WorkerOptions
	stop context.CancelFunc
	done sync.WaitGroup
}

// NewWorker returns a worker that is not started.
func NewWorker(opts WorkerOptions) (*Worker, error) {
	if opts.Store == nil || opts.Logger == nil || len(opts.Handlers) == 0 {
		return nil, errors.New("store: a worker needs a store, a logger and handlers")
	}
	return &Worker{opts: opts}, nil
}

// Start runs jobs until Stop or until ctx ends.
func (w *Worker) Start(ctx context.Context) error {
	if w.stop != nil {
		return errors.New("store: the worker was started before")
	}
	ctx, w.stop = context.WithCancel(ctx)
	for _, kind := range slices.Sorted(maps.Keys(w.opts.Handlers)) {
		for range max(1, w.opts.Parallel[kind]) {
			w.done.Go(func() { w.loop(ctx, kind) })
		}
	}
	return nil
}

// Stop ends the work and waits for the jobs that run.
func (w *Worker) Stop() {
	if w.stop != nil {
		w.stop()
	}
	w.done.Wait()
}

func (w *Worker) loop(ctx context.Context, kind string) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		news := w.opts.Store.newsChannel()
		wait, err := w.Run(ctx, kind)
		if err != nil && ctx.Err() == nil {
			w.opts.Logger.ErrorContext(ctx, "outbox not served", slog.String("kind", kind), slog.Any("error", err))
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-news:
		case <-timer.C:
		}
	}
}

// Run does the jobs of a kind that are due, and returns how long to wait for the next one.
func (w *Worker) Run(ctx context.Context, kind string) (time.Duration, error) {
	s := w.opts.Store
	for ctx.Err() == nil {
		now := s.now()
		due, err := s.read.NextJobAt(ctx, kind)
		if err != nil {
			return lookEvery, fmt.Errorf("look for jobs: %w", err)
		}
		if due == 0 {
			return lookEvery, nil
		}
		if due > now.UnixMilli() {
			return min(max(time.UnixMilli(due).Sub(now), time.Millisecond), lookEvery), nil
		}
		if ran, err := w.one(ctx, kind, now); err != nil || !ran {
			return lookEvery, err
		}
	}
	return lookEvery, nil
}

// one leases a job, runs it and writes down how it went.
func (w *Worker) one(ctx context.Context, kind string, now time.Time) (bool, error) {
	row, err := w.opts.Store.lease(ctx, kind, now)
	switch {
	case errors.Is(err, ErrNone):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("lease a job: %w", err)
	}
	job := Job{Kind: row.Kind, Key: row.Key, Body: row.Body, Attempt: int(row.Attempts)}
	runCtx, cancel := context.WithTimeout(ctx, jobTime)
	defer cancel()
	release := w.hold(runCtx, cancel, &row)
	cause := w.opts.Handlers[kind](runCtx, job)
	release()
	if ctx.Err() != nil && cause != nil {
		return false, nil // the lease ends and somebody does it again
	}
	return true, w.settle(context.WithoutCancel(ctx), row, job, cause)
}

// lease takes a job that no other worker, of whatever process, is taking.
func (s *Store) lease(ctx context.Context, kind string, now time.Time) (row db.Outbox, err error) {
	from := db.LeaseJobParams{Kind: kind, Now: now.UnixMilli(), LeasedUntil: now.Add(Lease).UnixMilli()}
	if s.engine == PostgreSQL {
		conn, err := s.writer.Conn(ctx)
		if err != nil {
			return row, Classify(err)
		}
		q, err := nativeOn(conn)
		if err != nil {
			return row, errors.Join(err, conn.Close())
		}
		found, err := q.LeaseJob(ctx, native.LeaseJobParams(from))
		if errors.Is(err, pgx.ErrNoRows) {
			err = ErrNone
		}
		return db.Outbox(found), errors.Join(Classify(err), conn.Close())
	}
	err = s.Guarded(ctx, func(q *db.Queries) (err error) {
		row, err = q.LeaseJob(ctx, from)
		return err
	})
	return row, err
}

// hold prolongs the lease of a job while it runs. When that fails until the lease is nearly over, the job is
// cut short: somebody else may be at it. release ends that; only then may row be read again.
func (w *Worker) hold(ctx context.Context, cut func(), row *db.Outbox) (release func()) {
	s := w.opts.Store
	prolong := func() error {
		until := s.now().Add(Lease).UnixMilli()
		n := int64(0)
		err := s.Guarded(ctx, func(q *db.Queries) (err error) {
			n, err = q.HoldJob(ctx, db.HoldJobParams{Until: until, ID: row.ID, LeasedUntil: row.LeasedUntil})
			return err
		})
		switch {
		case err != nil:
			return fmt.Errorf("prolong a lease: %w", err)
		case n == 0:
			return errTaken
		}
		row.LeasedUntil = until
		return nil
	}
	over := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		ticker := time.NewTicker(holdEvery)
		defer ticker.Stop()
		for {
			select {
			case <-over:
				return
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			err := prolong()
			late := s.now().UnixMilli() >= row.LeasedUntil-holdEvery.Milliseconds()
			if err != nil && ctx.Err() == nil && (late || errors.Is(err, errTaken)) {
				w.opts.Logger.WarnContext(ctx, "job cut short", slog.String("kind", row.Kind), slog.Any("error", err))
				cut()
				return
			}
		}
	})
	return func() {
		close(over)
		done.Wait()
	}
}

func (w *Worker) settle(ctx context.Context, row db.Outbox, job Job, cause error) error {
	s := w.opts.Store
	dead := cause != nil && (errors.Is(cause, ErrPermanent) || job.Attempt >= MaxAttempts)
	err := s.Guarded(ctx, func(q *db.Queries) (err error) {
		switch {
		case cause == nil:
			_, err = q.FinishJob(ctx, db.FinishJobParams{ID: row.ID, LeasedUntil: row.LeasedUntil})
		case dead:
			_, err = q.BuryJob(ctx, db.BuryJobParams{ID: row.ID, LeasedUntil: row.LeasedUntil, Error: shorten(cause.Error())})
		default:
			due := s.now().Add(RetryAfter(job.Attempt)).UnixMilli()
			_, err = q.RetryJob(ctx, db.RetryJobParams{
				ID: row.ID, LeasedUntil: row.LeasedUntil, DueAt: due, Error: shorten(cause.Error()),
			})
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("settle a job: %w", err)
	}
	if dead {
		w.opts.Logger.WarnContext(ctx, "job given up", slog.String("kind", job.Kind), slog.String("key", job.Key),
			slog.Int("attempt", job.Attempt))
		if w.opts.Dead != nil {
			w.opts.Dead(ctx, job, cause)
		}
	}
	return nil
}

// RetryAfter returns the wait after a failed attempt: 5 s, doubled each time, at most 30 minutes.
func RetryAfter(attempt int) time.Duration {
	wait := shortestRetry
	for range attempt - 1 {
		if wait = 2 * wait; wait >= longestRetry {
			return longestRetry
		}
	}
	return wait
}

func shorten(text string) string { return text[:min(len(text), maxErrorText)] }
