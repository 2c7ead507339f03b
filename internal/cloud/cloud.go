package cloud

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud/feed"
	"cubby/internal/cloud/incident"
	"cubby/internal/cloud/intake"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
)

// Options configure [New]. Store, Logger, Now and Identity are needed.
type Options struct {
	Store  *store.Store
	Logger *slog.Logger
	Now    func() time.Time
	// NewID makes ids; nil: UUIDv7.
	NewID func() string
	// Rand makes keys and tokens; nil: crypto/rand.
	Rand io.Reader
	// PublicURL is where people and controllers reach the server, e.g.
	// "https://parcels.example.org".
	PublicURL string
	// Identity is the server's key: it is in enrolment tokens and countersigns tree heads.
	Identity auth.Identity
	// ServerName names the server in countersignatures, without spaces; empty: "cubby-server".
	ServerName string
	// Silence is how long nothing may be heard of a site before somebody is told; zero:
	// DefaultSilence.
	Silence time.Duration
}

// defaultServerName names a server that was given no name.
const defaultServerName = "cubby-server"

// Cloud is the server half. See the package comment.
type Cloud struct {
	store     *store.Store
	log       *slog.Logger
	now       func() time.Time
	newID     func() string
	rand      io.Reader
	publicURL string
	silence   time.Duration
	identity  auth.Identity
	passwords *auth.Passwords
	book      *incident.Book
	intake    *intake.Intake
	feed      *feed.Feed
	waiting   *feed.Waiting

	mu    sync.Mutex
	wakes []func(locker.SiteID)
	stop  context.CancelFunc
	done  sync.WaitGroup
}

// New returns a Cloud over a store. Start it before sites connect.
func New(opts Options) (*Cloud, error) {
	if opts.Store == nil || opts.Logger == nil || opts.Now == nil || opts.Identity.IsZero() {
		return nil, errors.New("cloud: a store, a logger, a clock and an identity are needed")
	}
	if opts.Rand == nil {
		opts.Rand = rand.Reader
	}
	if opts.NewID == nil {
		opts.NewID = store.NewIDs(opts.Now, opts.Rand).New
	}
	if opts.ServerName == "" {
		opts.ServerName = defaultServerName
	}
	signer, err := journal.NewSigner(opts.ServerName, opts.Identity.Private())
	if err != nil {
		return nil, fmt.Errorf("make the countersigner: %w", err)
	}
	c := &Cloud{
		store: opts.Store, log: opts.Logger, now: opts.Now, newID: opts.NewID, rand: opts.Rand,
		publicURL: strings.TrimRight(opts.PublicURL, "/"), silence: cmp.Or(opts.Silence, DefaultSilence), identity: opts.Identity,
		passwords: auth.NewPasswords(auth.PasswordOptions{Rand: opts.Rand}),
		feed:      feed.New(), waiting: feed.NewWaiting(),
	}
	c.book = &incident.Book{Store: c.store, Now: c.now, NewID: c.newID}
	c.intake = intake.New(intake.Options{
		Store: c.store, Logger: c.log, Now: c.now, Book: c.book, Feed: c.feed, Waiting: c.waiting, Signer: signer,
	})
	return c, nil
}

// sweepEvery is how often what is over is cleared away and silent sites are looked for.
const sweepEvery = 10 * time.Second

// Start begins the background work: the writers of the record and the sweeper. It ends with ctx or
// with Stop.
func (c *Cloud) Start(ctx context.Context) error { return c.start(ctx, c.sweepLoop) }

// StartWriters begins only the writers of the record. Whoever calls it calls Sweep as well, on a clock of their own.
func (c *Cloud) StartWriters(ctx context.Context) error { return c.start(ctx) }

func (c *Cloud) start(ctx context.Context, loops ...func(context.Context)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stop != nil {
		return errors.New("cloud: was started before")
	}
	// Whatever was connected to the process before is not connected to this one.
	if err := c.store.Tx(ctx, func(q *db.Queries) error { return q.ClearLinks(ctx) }); err != nil {
		return fmt.Errorf("forget old connections: %w", err)
	}
	ctx, c.stop = context.WithCancel(ctx)
	c.done.Go(func() { c.intake.Run(ctx) })
	for _, loop := range loops {
		c.done.Go(func() { loop(ctx) })
	}
	return nil
}

// Stop ends the background work and waits for it. What sites sent and was not committed is refused;
// they send it again.
func (c *Cloud) Stop() {
	c.mu.Lock()
	stop := c.stop
	c.mu.Unlock()
	if stop != nil {
		stop()
	}
	c.done.Wait()
}

// OnWake has f called when there is something new for a site: an intent or a change of its
// directory. f must not block.
func (c *Cloud) OnWake(f func(locker.SiteID)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wakes = append(c.wakes, f)
}

func (c *Cloud) wake(site locker.SiteID) {
	c.mu.Lock()
	wakes := c.wakes
	c.mu.Unlock()
	for _, f := range wakes {
		f(site)
	}
}

func (c *Cloud) millis() int64 { return c.now().UnixMilli() }

func moment(ms int64) time.Time { return locker.Millis(ms).Time() }

func siteAttr(site string) slog.Attr { return slog.String("site", site) }

func errAttr(err error) slog.Attr { return slog.Any("error", err) }
