package replan

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/sizing"
	"cubby/internal/store"
)

// Sites is the part of cloud.Cloud that says who may see which site.
type Sites interface {
	Site(ctx context.Context, p cloud.Principal, site locker.SiteID) (cloud.SiteView, error)
}

var _ Sites = (*cloud.Cloud)(nil)

// Options configure New. All but Turn are needed.
type Options struct {
	Sites Sites
	Store *store.Store
	Now   func() time.Time
	// Turn is how long one waits for those who asked before; 0: 20 s.
	Turn time.Duration
}

// Planner gives advice on sites: one at a time, the last answers again without work. It is safe for concurrent
// use.
type Planner struct {
	sites Sites
	store *store.Store
	now   func() time.Time
	wait  time.Duration
	turns chan struct{}

	mu   sync.Mutex
	kept map[string]sizing.Advice
}

const (
	defaultTurn = 20 * time.Second
	keptAdvices = 64 // of some 20 kB each
)

// New returns a planner.
func New(o Options) (*Planner, error) {
	if o.Sites == nil || o.Store == nil || o.Now == nil {
		return nil, errors.New("plan sites again: sites, a store and a clock are needed")
	}
	if o.Turn == 0 {
		o.Turn = defaultTurn
	}
	return &Planner{
		sites: o.Sites, store: o.Store, now: o.Now, wait: o.Turn, turns: make(chan struct{}, 1), kept: map[string]sizing.Advice{},
	}, nil
}

// Advise returns the advice on a site that the principal sees. A record that says too little yet is a
// *sizing.ThinRecord, a site without doors is refit.ErrNoDoors; RATE_LIMITED when others are being answered.
// The same record, day and options give the same advice.
func (l *Planner) Advise(ctx context.Context, p cloud.Principal, site locker.SiteID, o sizing.ReplanOptions) (sizing.Advice, error) {
	view, err := l.sites.Site(ctx, p, site)
	if err != nil {
		return sizing.Advice{}, err
	}
	key, err := l.key(ctx, view, o)
	if err != nil {
		return sizing.Advice{}, err
	}
	if a, ok := l.find(key); ok {
		return a, nil
	}
	done, err := l.turn(ctx)
	if err != nil {
		return sizing.Advice{}, err
	}
	defer done()
	if a, ok := l.find(key); ok { // somebody before asked the same
		return a, nil
	}
	in, err := l.read(ctx, view)
	if err != nil {
		return sizing.Advice{}, err
	}
	a, err := sizing.Replan(ctx, in, o)
	if err != nil {
		return sizing.Advice{}, err
	}
	l.keep(key, a)
	return a, nil
}

// key names an answer: it holds until the site sends more, its layout or policy change, or the day is over.
func (l *Planner) key(ctx context.Context, v cloud.SiteView, o sizing.ReplanOptions) (string, error) {
	q := l.store.Read()
	cursor, err := q.FindCursor(ctx, string(v.ID))
	if err != nil && !errors.Is(err, store.ErrNone) {
		return "", fmt.Errorf("read the cursor of site %s: %w", v.ID, err)
	}
	today := l.now().In(zoneOf(v.TimeZone)).Format(time.DateOnly)
	return fmt.Sprint(v.ID, " ", v.Name, " ", today, " ", v.Rev, " ", cursor.Operations, " ", o.Seed, " ", o.Quick), nil
}

func (l *Planner) find(key string) (sizing.Advice, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ok := l.kept[key]
	return a, ok
}

func (l *Planner) keep(key string, a sizing.Advice) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.kept) >= keptAdvices {
		clear(l.kept)
	}
	l.kept[key] = a
}

// turn waits until nobody else is answered, and returns what to call at the end.
func (l *Planner) turn(ctx context.Context) (func(), error) {
	timer := time.NewTimer(l.wait)
	defer timer.Stop()
	select {
	case l.turns <- struct{}{}:
		return func() { <-l.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, locker.Errorf(locker.CodeRateLimited, "others are being answered: try again in a moment")
	}
}

// zoneOf returns the zone of a site; an unknown name is read as UTC.
func zoneOf(name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return zone
}
