package link

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	"cubby/internal/auth"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// Defaults of ClientOptions.
const (
	defaultShortest     = time.Second
	defaultLongest      = time.Minute
	defaultBeatEvery    = 20 * time.Second
	defaultStatusEvery  = 30 * time.Second
	defaultPollEvery    = 3 * time.Second // a revocation reaches an online site within 5 s
	defaultSocketAgain  = 5 * time.Minute
	defaultAnswerWithin = 15 * time.Second
	defaultAckWithin    = time.Minute
)

// Limits of the client.
const (
	batchLimit     = 256              // operations of one upload: a fraction of a second of ingest
	window         = 4                // uploads in flight
	frameBudget    = 64 << 10         // bytes of one frame, so that a slow line (50 kbit/s) keeps its deadlines
	downQueue      = 16               // messages that wait for the site; then the socket waits
	fallbackAfter  = 3                // sockets that fail in a row before POST is tried
	reportGap      = time.Second      // at most one status a second
	steadyAfter    = 10 * time.Second // a session that lasted so long resets the back-off
	maxSeenIntents = 1024             // ids of intents that were handed over
)

// Report is what a site says of itself.
type Report struct {
	Status    wire.Status
	Directory wire.DirectoryAck // epoch and revision of the replica
	Head      string            // newest signed tree head, as a note; empty: none yet
}

// SiteSide is the controller as the link sees it. Methods are called one at a time for each purpose
// but from several goroutines, and must return when ctx ends.
type SiteSide interface {
	// Pending returns operations after a position in order, without gaps, at most limit.
	Pending(ctx context.Context, after wire.Position, limit int) ([]wire.Upload, error)
	// Acknowledged says that the server has committed everything up to a position. It is called
	// at the start of each session too, with what the server says it has: that may lie before what
	// was acknowledged earlier (the server was restored) or beyond the journal (the site was).
	Acknowledged(ctx context.Context, upTo wire.Position) error
	// ApplyDirectory applies a batch that fits the replica: of its epoch and from its revision, or
	// from 0, which replaces it. It returns the revision that the replica then has. After an error
	// Report says what it has, and the batch comes again.
	ApplyDirectory(ctx context.Context, batch wire.DirectoryBatch) (rev uint64, err error)
	// HandleIntents takes intents: fresh ones to act on, expired ones to answer with
	// INTENT_EXPIRED. The same intent may come again after a restart.
	HandleIntents(ctx context.Context, fresh, expired []wire.Intent) error
	// Report returns the site's health, its revision and its newest head.
	Report(ctx context.Context) (Report, error)
}

// ClientOptions are what a client needs. Zero durations mean defaults.
type ClientOptions struct {
	ServerURL string            // https://host[:port][/path]; http only on loopback
	Identity  auth.Identity     // of the controller
	ServerKey ed25519.PublicKey // pinned at enrolment
	SiteID    locker.SiteID
	Instance  string // random, one per start of the controller
	Software  string // version of the program
	Site      SiteSide
	Logger    *slog.Logger
	Now       func() time.Time // with a monotonic reading
	Rand      func() float64   // 0 <= r < 1, safe for concurrent use; nil: math/rand/v2
	TLS       *tls.Config      // nil: the system's certificate authorities

	// OnCountersigned, OnClock and OnNotice are called when something of the kind comes down; they
	// must not block. Each may be nil.
	OnCountersigned func(note string)
	OnClock         func(offset, uncertainty time.Duration) // server's clock minus the local one
	OnNotice        func(notice wire.Notice)                // e.g. IDENTITY_IN_USE; also refusals

	Shortest     time.Duration // shortest wait before reconnecting, 1 s
	Longest      time.Duration // longest, 60 s
	BeatEvery    time.Duration // keepalive, 20 s
	StatusEvery  time.Duration // 30 s
	PollEvery    time.Duration // of the fallback, 3 s
	SocketAgain  time.Duration // how long the fallback lasts before a socket is tried, 5 min
	AnswerWithin time.Duration // of a dial, a write, a beat or a POST, 15 s
	AckWithin    time.Duration // of an upload; then it is sent again, 60 s
}

// Via is how a client reaches the server.
type Via string

// The ways to the server. The zero value means not connected.
const (
	ViaNone   Via = ""
	ViaSocket Via = "websocket"
	ViaHTTPS  Via = "https"
)

// State is how the link is now.
type State struct {
	Connected bool
	Via       Via
	Since     time.Time // of the connection, or of its loss; zero before the first
	Attempts  uint64
	LastError string // why the last connection ended or did not come about
	Acked     wire.Position
	Cut       bool
}

// Client keeps a site connected to its server. Its methods may be called from any goroutine.
type Client struct {
	opts   ClientOptions
	base   *url.URL
	host   string
	http   *http.Client
	server auth.Fingerprint

	wake   chan struct{} // new operations wait
	report chan struct{} // the status changed
	kick   chan struct{} // a cut ended: do not wait any longer

	intents *seenIntents
	stop    context.CancelFunc
	done    chan struct{}

	mu      sync.Mutex
	state   State
	cut     bool
	uncut   chan struct{}           // closed when a cut ends
	session context.CancelCauseFunc // of the running session
}

// NewClient checks the options and returns a client that is not started. It returns [ErrAddress]
// for an address that it must not use.
func NewClient(opts ClientOptions) (*Client, error) {
	base, err := parseAddress(opts.ServerURL)
	if err != nil {
		return nil, err
	}
	switch {
	case opts.Identity.IsZero() || len(opts.ServerKey) != ed25519.PublicKeySize:
		return nil, errors.New("link: the client needs its identity and the server's key")
	case opts.SiteID == "" || opts.Instance == "" || opts.Site == nil:
		return nil, errors.New("link: the client needs a site and an instance")
	case opts.Logger == nil || opts.Now == nil:
		return nil, errors.New("link: the client needs a logger and a clock")
	}
	opts.setDefaults()
	return &Client{
		opts: opts, base: base, host: hostOf(base.Host), http: newHTTP(opts.TLS),
		server: auth.FingerprintOf(opts.ServerKey),
		wake:   make(chan struct{}, 1), report: make(chan struct{}, 1), kick: make(chan struct{}, 1),
		intents: newSeenIntents(), done: make(chan struct{}), uncut: closed(),
	}, nil
}

func (o *ClientOptions) setDefaults() {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&o.Shortest, defaultShortest},
		{&o.Longest, defaultLongest},
		{&o.BeatEvery, defaultBeatEvery},
		{&o.StatusEvery, defaultStatusEvery},
		{&o.PollEvery, defaultPollEvery},
		{&o.SocketAgain, defaultSocketAgain},
		{&o.AnswerWithin, defaultAnswerWithin},
		{&o.AckWithin, defaultAckWithin},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	o.Longest = max(o.Longest, o.Shortest)
	if o.Rand == nil {
		o.Rand = rand.Float64 // spreads reconnections, no secret
	}
}

// newHTTP returns a client that speaks HTTP/1.1 only: the WebSocket upgrade needs it. It goes
// through the proxy of the environment, as sites behind a corporate network need.
func newHTTP(config *tls.Config) *http.Client {
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	config = config.Clone()
	config.NextProtos = []string{"http/1.1"}
	return &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, TLSClientConfig: config,
			TLSHandshakeTimeout: defaultAnswerWithin, IdleConnTimeout: time.Minute, MaxIdleConns: 2,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func closed() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// Start begins to connect in the background and returns at once. The client runs until Stop or
// until ctx ends. It must be called once.
func (c *Client) Start(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stop != nil {
		stop()
		return errors.New("link: the client was already started")
	}
	c.stop = stop
	go func() {
		defer close(c.done)
		defer c.http.CloseIdleConnections()
		c.run(ctx)
	}()
	return nil
}

// Stop ends the session and waits until everything has ended. It does nothing before Start.
func (c *Client) Stop() {
	c.mu.Lock()
	stop := c.stop
	c.mu.Unlock()
	if stop == nil {
		return
	}
	stop()
	<-c.done
}

// Wake says that new operations wait; they go up at once.
func (c *Client) Wake() { signal(c.wake) }

// ReportSoon says that the status changed; it goes up within a second.
func (c *Client) ReportSoon() { signal(c.report) }

// signal leaves a token unless one waits already.
func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// Cut simulates a cut network: true drops the connection and refuses to connect again, false
// reconnects at once. It is for tests and for the demo.
func (c *Client) Cut(cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cut == c.cut {
		return
	}
	c.cut = cut
	c.state.Cut = cut
	if !cut {
		close(c.uncut)
		signal(c.kick)
		return
	}
	c.uncut = make(chan struct{})
	if c.session != nil {
		c.session(ErrCut)
	}
}

// State returns how the link is now.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// run connects again and again until ctx ends.
func (c *Client) run(ctx context.Context) {
	b := backoff{shortest: c.opts.Shortest, longest: c.opts.Longest, rand: c.opts.Rand}
	sockets := 0 // that failed in a row
	for ctx.Err() == nil {
		if !c.waitUncut(ctx) {
			return
		}
		began := c.opts.Now()
		err := c.attempt(ctx, ViaSocket, c.runSocket)
		switch {
		case errors.Is(err, errNoUpgrade):
			sockets++
		default:
			sockets = 0
		}
		if sockets >= fallbackAfter && ctx.Err() == nil && !errors.Is(err, ErrCut) {
			err = c.attempt(ctx, ViaHTTPS, c.runExchange)
		}
		if err == nil || errors.Is(err, ErrCut) || c.opts.Now().Sub(began) >= steadyAfter {
			b.reset()
		}
		var domain *locker.Error
		if errors.As(err, &domain) && domain.Code != locker.CodeInternal || errors.Is(err, ErrServerKey) {
			b.far()
		}
		if err == nil || errors.Is(err, ErrCut) || ctx.Err() != nil {
			continue // nothing failed: the fallback has had its time, or the cut has ended
		}
		c.wait(ctx, b.next())
	}
}

// wait returns after d, when a cut ended, or when ctx ends.
func (c *Client) wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.kick:
	case <-ctx.Done():
	}
}

// pause returns after d or when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// waitUncut waits for the end of a cut; false when ctx ended.
func (c *Client) waitUncut(ctx context.Context) bool {
	c.mu.Lock()
	uncut := c.uncut
	c.mu.Unlock()
	select {
	case <-uncut:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// attempt runs one session and keeps the state true around it.
func (c *Client) attempt(ctx context.Context, via Via, run func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c.mu.Lock()
	if c.cut {
		c.mu.Unlock()
		return ErrCut
	}
	c.session = cancel
	c.state.Attempts++
	c.mu.Unlock()

	err := run(ctx)
	if cause := context.Cause(ctx); errors.Is(cause, ErrCut) {
		err = ErrCut
	}

	c.mu.Lock()
	was := c.state.Connected
	c.session = nil
	c.state.Connected, c.state.Via = false, ViaNone
	if was {
		c.state.Since = c.opts.Now()
	}
	if err != nil {
		c.state.LastError = err.Error()
	}
	c.mu.Unlock()
	if was {
		c.opts.Logger.InfoContext(ctx, "link lost", slog.String("site", string(c.opts.SiteID)),
			slog.String("via", string(via)), slog.Any("error", err))
	} else {
		c.opts.Logger.DebugContext(ctx, "link not made", slog.String("site", string(c.opts.SiteID)),
			slog.String("via", string(via)), slog.Any("error", err))
	}
	return err
}

// connected marks the link as up.
func (c *Client) connected(ctx context.Context, via Via, acked wire.Position) {
	c.mu.Lock()
	was := c.state.Connected
	c.state.Connected, c.state.Via, c.state.Acked = true, via, acked
	if !was {
		c.state.Since, c.state.LastError = c.opts.Now(), ""
	}
	c.mu.Unlock()
	if !was {
		c.opts.Logger.InfoContext(ctx, "link up", slog.String("site", string(c.opts.SiteID)),
			slog.String("via", string(via)), slog.String("acked", acked.String()))
	}
}

// acknowledged tells the site what the server has.
func (c *Client) acknowledged(ctx context.Context, upTo wire.Position) error {
	if err := c.opts.Site.Acknowledged(ctx, upTo); err != nil {
		return fmt.Errorf("keep the acknowledgement of %s: %w", upTo, err)
	}
	c.mu.Lock()
	c.state.Acked = upTo
	c.mu.Unlock()
	return nil
}

// takeReport asks the site for its report and adds what only the link knows.
func (c *Client) takeReport(ctx context.Context) (Report, error) {
	r, err := c.opts.Site.Report(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("ask the site for its status: %w", err)
	}
	state := c.State()
	r.Status.Link = wire.LinkStatus{
		Via: string(state.Via), Since: locker.At(state.Since), Attempts: state.Attempts, LastError: state.LastError,
	}
	return r, nil
}

// handleIntents sorts intents by the server's clock and hands those over that are new.
func (c *Client) handleIntents(ctx context.Context, clock serverClock, m wire.Intents) error {
	now := max(clock.latest(c.opts.Now()), m.ServerTime)
	var fresh, expired []wire.Intent
	for _, i := range m.Items {
		switch {
		case i.ID == "" || c.intents.has(i.ID):
		case i.ExpiredAt(now):
			expired = append(expired, i)
		default:
			fresh = append(fresh, i)
		}
	}
	if len(fresh)+len(expired) == 0 {
		return nil
	}
	if err := c.opts.Site.HandleIntents(ctx, fresh, expired); err != nil {
		return fmt.Errorf("hand over intents: %w", err)
	}
	for _, i := range append(fresh, expired...) {
		c.intents.add(i.ID)
	}
	return nil
}

func (c *Client) noticed(n wire.Notice) {
	if c.opts.OnNotice != nil {
		c.opts.OnNotice(n)
	}
}

func (c *Client) clockSeen(clock serverClock) {
	if c.opts.OnClock != nil {
		c.opts.OnClock(clock.offset())
	}
}

// seenIntents remembers the newest ids that were handed over. It has one user at a time.
type seenIntents struct {
	ids   map[locker.IntentID]struct{}
	order []locker.IntentID
}

func newSeenIntents() *seenIntents { return &seenIntents{ids: map[locker.IntentID]struct{}{}} }

func (s *seenIntents) has(id locker.IntentID) bool {
	_, ok := s.ids[id]
	return ok
}

func (s *seenIntents) add(id locker.IntentID) {
	if s.has(id) {
		return
	}
	if len(s.order) == maxSeenIntents {
		delete(s.ids, s.order[0])
		s.order = s.order[1:]
	}
	s.ids[id] = struct{}{}
	s.order = append(s.order, id)
}
