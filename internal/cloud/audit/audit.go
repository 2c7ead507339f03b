package audit

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/incident"
	"cubby/internal/locker"
	"cubby/internal/store"
)

// Every is how often each site is audited.
const Every = time.Hour

const (
	// lookEvery is how often an Auditor looks for sites that are due.
	lookEvery = 10 * time.Second
	// settleTime is what a site that came back has to send what it recorded meanwhile before it is
	// compared: both halves agree within it.
	settleTime = time.Minute
	// again is when a difference that somebody resolved, and that still stands, is brought up once more.
	again = 24 * time.Hour
	// runTime bounds one audit: a long record is read in it many times over.
	runTime = 5 * time.Minute
)

// Options configure [New]. All are needed.
type Options struct {
	Cloud  *cloud.Cloud
	Store  *store.Store
	Logger *slog.Logger
	Now    func() time.Time
	NewID  func() string
}

// Auditor audits the sites of a server. It is safe for concurrent use.
type Auditor struct {
	opts Options
	book *incident.Book
	turn chan struct{} // one audit at a time: it reads much

	mu    sync.Mutex
	runs  uint64
	found map[locker.SiteID]map[Kind]int
	stop  context.CancelFunc
	done  sync.WaitGroup
}

// New returns an auditor that does nothing until it is asked or started.
func New(opts Options) (*Auditor, error) {
	if opts.Cloud == nil || opts.Store == nil || opts.Logger == nil || opts.Now == nil || opts.NewID == nil {
		return nil, errors.New("the audit needs a cloud, a store, a logger, a clock and ids")
	}
	return &Auditor{
		opts: opts, book: &incident.Book{Store: opts.Store, Now: opts.Now, NewID: opts.NewID},
		turn: make(chan struct{}, 1), found: map[locker.SiteID]map[Kind]int{},
	}, nil
}

// Start audits sites as they become due, until ctx ends or Stop.
func (a *Auditor) Start(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stop != nil {
		return errors.New("the audit was started before")
	}
	ctx, a.stop = context.WithCancel(ctx)
	a.done.Go(func() { a.loop(ctx) })
	return nil
}

// Stop ends the work of Start and waits for it.
func (a *Auditor) Stop() {
	a.mu.Lock()
	stop := a.stop
	a.mu.Unlock()
	if stop != nil {
		stop()
	}
	a.done.Wait()
}

func (a *Auditor) loop(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if err := a.RunDue(ctx); err != nil && ctx.Err() == nil {
			a.opts.Logger.ErrorContext(ctx, "audit not done", slog.Any("error", err))
		}
	}
}

// RunDue audits every site that is due: its last audit is an hour old, or it came back since. The background work calls it
// every ten seconds.
func (a *Auditor) RunDue(ctx context.Context) error {
	now := a.opts.Now()
	rows, err := a.opts.Store.Read().ListAuditsDue(ctx, now.Add(-Every).UnixMilli())
	if err != nil {
		return err
	}
	var errs []error
	for _, row := range rows {
		old := row.AuditedAt < now.Add(-Every).UnixMilli()
		since := now.Sub(time.UnixMilli(row.LinkSince))
		if !old && since < settleTime && row.StatusAt < row.LinkSince {
			continue // it came back just now and has said nothing yet
		}
		if _, err := a.run(ctx, locker.SiteID(row.ID)); err != nil {
			errs = append(errs, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(errs...)
}

// Run audits a site now. It is for staff of the site, and writes no act: it changes nothing.
func (a *Auditor) Run(ctx context.Context, p cloud.Principal, site locker.SiteID) (Report, error) {
	if !p.May(cloud.RoleStaff) || !p.Allows(auth.ScopeWrite) {
		return Report{}, locker.Errorf(locker.CodeNotAllowed, "an audit needs the role %q and the scope %q", string(cloud.RoleStaff), string(auth.ScopeWrite))
	}
	if _, err := a.opts.Cloud.Site(ctx, p, site); err != nil {
		return Report{}, err
	}
	return a.run(ctx, site)
}

// Last returns the report of the last audit of a site; ok is false when there was none.
func (a *Auditor) Last(ctx context.Context, p cloud.Principal, site locker.SiteID) (r Report, ok bool, err error) {
	if err := p.NeedScope(auth.ScopeRead); err != nil {
		return r, false, err
	}
	if _, err := a.opts.Cloud.Site(ctx, p, site); err != nil {
		return r, false, err
	}
	row, err := a.opts.Store.Read().FindAudit(ctx, string(site))
	switch {
	case errors.Is(err, store.ErrNone):
		return r, false, nil
	case err != nil:
		return r, false, err
	}
	r, err = readReport(row)
	return r, err == nil, err
}

// Counts are what an auditor has done since it began, for metrics: its runs, and the differences of the last audit of each
// site that it audited, by kind.
func (a *Auditor) Counts() (runs uint64, differences map[Kind]int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	differences = map[Kind]int{}
	for _, kind := range Kinds() {
		differences[kind] = 0
	}
	for _, site := range a.found {
		for kind, n := range site {
			differences[kind] += n
		}
	}
	return a.runs, differences
}

func (a *Auditor) counted(site locker.SiteID, r Report) {
	kinds := map[Kind]int{}
	for _, d := range r.Differences {
		kinds[d.Kind]++
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.runs++
	a.found[site] = kinds
}

// run audits a site. A difference that only what was kept of the record shows is no difference: the record is folded from its
// beginning before anything is said.
func (a *Auditor) run(ctx context.Context, site locker.SiteID) (Report, error) {
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return Report{}, context.Cause(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, runTime)
	defer cancel()
	x, err := a.read(ctx, site, false)
	if err != nil {
		return Report{}, err
	}
	if x.rests() {
		if x, err = a.read(ctx, site, true); err != nil {
			return Report{}, err
		}
	}
	report, err := a.keep(ctx, x)
	if err != nil {
		return Report{}, err
	}
	a.counted(site, report)
	a.opts.Cloud.Publish(cloud.Change{Site: site, Incidents: true, Tiles: true, Health: true})
	return report, nil
}
