package link

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"cubby/internal/auth"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// Limits of the server.
const (
	subprotocol = "cubby.link.v1"

	maxHandshakes  = 256              // sessions that are being made at once
	handshakeTime  = 15 * time.Second // from the upgrade to the proof
	defaultAlive   = 10 * time.Second
	defaultIdle    = 75 * time.Second // three beats and a bit
	writeWithin    = 15 * time.Second
	ingestQueue    = 2 * window // uploads that wait for ingest; then the socket waits
	directoryLimit = 500        // changes of one batch
	recallLimit    = 512        // operations that are handed down at once
	defaultLook    = 30 * time.Second
	exchangeAlive  = 30 * time.Second // a site that polls is there for so long after a POST
)

// Controller is the controller that a key belongs to.
type Controller struct {
	Site locker.SiteID
	Key  ed25519.PublicKey
}

// EnrolRequest is a new controller that presents a token.
type EnrolRequest struct {
	Secret   auth.Secret // of the token
	Key      ed25519.PublicKey
	Software string
	Name     string
	Remote   string // address that it came from
}

// Standing is what the server has of a site.
type Standing struct {
	DirectoryEpoch uint64
	Acked          wire.Position // highest committed operation
	Head           string        // last head that the server countersigned; may be empty
}

// Presence is a change of a site's connection.
type Presence struct {
	Connected bool
	Via       Via
	Instance  string
	Software  string
	Remote    string
	At        time.Time
	Reason    string // why it ended
}

// Collision is a second controller with the key of one that is connected.
type Collision struct {
	Instance string // that is connected
	Newcomer string // that was refused
	Remote   string // address of the newcomer
	At       time.Time
}

// Registry knows controllers. Its methods may be called from many goroutines.
type Registry interface {
	// Enrol takes a token once and makes the key the controller of its site. It returns a
	// *locker.Error with TOKEN_USED or TOKEN_EXPIRED.
	Enrol(ctx context.Context, request EnrolRequest) (locker.SiteID, error)
	// Identify returns the controller with that key, or a *locker.Error with NOT_FOUND.
	Identify(ctx context.Context, key auth.Fingerprint) (Controller, error)
	// Standing returns what the server has of a site.
	Standing(ctx context.Context, site locker.SiteID) (Standing, error)
	// Present is told of connections that begin and end. It must not block for long.
	Present(ctx context.Context, site locker.SiteID, presence Presence)
	// Collided is told that a second controller was refused.
	Collided(ctx context.Context, site locker.SiteID, collision Collision)
}

// Hub takes what comes up and gives what goes down. For one site, each method is called by one
// goroutine at a time.
type Hub interface {
	// Ingest commits uploads, which may repeat what it has, and returns the highest committed
	// position. The bytes are those of a frame: it copies what it keeps. It checks that each operation is of that site and at its position. An error ends
	// the session; a *locker.Error is told to the site.
	Ingest(ctx context.Context, site locker.SiteID, uploads []wire.Upload) (wire.Position, error)
	// Directory returns what follows on what a site has, at most limit changes: From is have.Rev,
	// or 0 when have is of another epoch or beyond what the server knows. Changes are in the order
	// of Rev; those that a later one overtook may be left out. Without news From equals To.
	Directory(ctx context.Context, site locker.SiteID, have wire.DirectoryAck, limit int) (wire.DirectoryBatch, error)
	// Intents returns the intents of a site that have no answer and are not expired.
	Intents(ctx context.Context, site locker.SiteID) ([]wire.Intent, error)
	// Status keeps the newest status of a site.
	Status(ctx context.Context, site locker.SiteID, status wire.Status) error
	// Head checks a tree head of a site and returns it countersigned, or a *locker.Error, which the
	// site is told; the session goes on.
	Head(ctx context.Context, site locker.SiteID, note string) (countersigned string, err error)
	// Recall returns operations of a site after a position in order, without gaps and without their
	// annexes, at most limit.
	Recall(ctx context.Context, site locker.SiteID, after wire.Position, limit int) ([]wire.Upload, error)
}

// ServerOptions are what a server needs.
type ServerOptions struct {
	Hub      Hub
	Registry Registry
	Identity auth.Identity // of the server
	Logger   *slog.Logger
	Now      func() time.Time
	// Hosts are the names by which sites may reach the server, when a proxy in front of it changes
	// the Host header. Empty: whatever the Host header says.
	Hosts []string
	// LookEvery is how often a session looks for news when nobody calls Wake, and sends again what
	// the site did not answer; zero means 30 s.
	LookEvery time.Duration
	// AliveWithin is how soon a connected site must answer, or poll again, to keep a second
	// controller out; zero means 10 s.
	AliveWithin time.Duration
	// IdleAfter is how long a site may be silent before its session is taken for half-open; zero
	// means 75 s.
	IdleAfter time.Duration
}

// Server is the server's half of the link. Its methods may be called from any goroutine.
type Server struct {
	opts       ServerOptions
	nonces     *nonces
	handshakes chan struct{} // a token for each session that is being made
	sessions   sync.WaitGroup

	mu      sync.Mutex
	stopped bool
	cancels map[*session]context.CancelCauseFunc // of all sessions, also those being made
	present map[locker.SiteID]*presence
}

// presence is a site that is connected: by a session, or by having polled a moment ago.
type presence struct {
	instance string
	via      Via
	session  *session      // of a WebSocket
	expire   *time.Timer   // of a poll
	over     chan struct{} // of a poll: closed when it was replaced or has expired
}

// NewServer checks the options and returns a server that listens to nothing: mount Handler.
func NewServer(opts ServerOptions) (*Server, error) {
	if opts.Hub == nil || opts.Registry == nil || opts.Identity.IsZero() || opts.Logger == nil || opts.Now == nil {
		return nil, errors.New("link: the server needs a hub, a registry, an identity, a logger and a clock")
	}
	hosts := make([]string, len(opts.Hosts))
	for i, h := range opts.Hosts {
		hosts[i] = hostOf(h)
	}
	opts.Hosts = hosts
	if opts.LookEvery <= 0 {
		opts.LookEvery = defaultLook
	}
	if opts.AliveWithin <= 0 {
		opts.AliveWithin = defaultAlive
	}
	if opts.IdleAfter <= 0 {
		opts.IdleAfter = defaultIdle
	}
	return &Server{
		opts: opts, nonces: newNonces(opts.Identity, opts.Now),
		handshakes: make(chan struct{}, maxHandshakes),
		cancels:    map[*session]context.CancelCauseFunc{},
		present:    map[locker.SiteID]*presence{},
	}, nil
}

// Handler returns the handler of /link/v1/. It needs no other authentication, and no limit on the
// duration of a request on /link/v1/socket.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+pathEnrol, s.serveEnrol)
	mux.HandleFunc("GET "+pathSocket, s.serveSocket)
	mux.HandleFunc("POST "+pathExchange, s.serveExchange)
	return mux
}

// Stop ends all sessions, refuses new ones, and waits until everything has ended.
func (s *Server) Stop() {
	s.mu.Lock()
	s.stopped = true
	for _, cancel := range s.cancels {
		cancel(ErrStopped)
	}
	for _, p := range s.present {
		p.end(ErrStopped)
	}
	s.mu.Unlock()
	s.sessions.Wait()
}

// Wake says that a site's directory changed or that an intent waits: a connected site gets it at
// once. For a site that is not connected here it does nothing.
func (s *Server) Wake(site locker.SiteID) {
	s.mu.Lock()
	p := s.present[site]
	s.mu.Unlock()
	if p != nil && p.session != nil {
		signal(p.session.news)
	}
}

// Connected reports whether a site is connected to this process, and how.
func (s *Server) Connected(site locker.SiteID) (Via, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.present[site]
	if !ok {
		return ViaNone, false
	}
	return p.via, true
}

// enter counts a session in; false when the server was stopped.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.sessions.Add(1)
	return true
}

// follow lets Stop end a session; the answer ends that again.
func (s *Server) follow(se *session) (unfollow func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cancels[se] = se.cancel
	if s.stopped {
		se.cancel(ErrStopped)
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.cancels, se)
	}
}

// host returns the host that both signatures name, or false when a site must not use it.
func (s *Server) host(claimed string, r *http.Request) (string, bool) {
	if len(s.opts.Hosts) > 0 {
		return claimed, slices.Contains(s.opts.Hosts, claimed)
	}
	return claimed, claimed == hostOf(r.Host)
}

// admit makes next the presence of a site. An older one of the same instance is replaced; one of
// another instance is asked whether it is alive, and if it is, next is refused with
// IDENTITY_IN_USE and both are told.
func (s *Server) admit(ctx context.Context, site locker.SiteID, next *presence, who Presence) error {
	for {
		s.mu.Lock()
		if s.stopped {
			s.mu.Unlock()
			return ErrStopped
		}
		old := s.present[site]
		if old == nil || old.instance == next.instance {
			s.present[site] = next
			s.mu.Unlock()
			if old != nil {
				old.end(errors.New("replaced by a newer connection of the same controller"))
			}
			if old == nil || old.via != next.via || next.session != nil {
				s.opts.Registry.Present(ctx, site, who)
			}
			return nil
		}
		s.mu.Unlock()
		if s.alive(ctx, site, old) {
			s.collide(ctx, site, old, next, who)
			return locker.Errorf(locker.CodeIdentityInUse, "another controller of this site is connected with the same key")
		}
		s.leave(site, old)
		old.end(ErrHalfOpen)
	}
}

func (s *Server) collide(ctx context.Context, site locker.SiteID, old, next *presence, who Presence) {
	s.opts.Logger.ErrorContext(ctx, "second controller with the same key refused", siteAttr(site),
		slog.String("instance", old.instance), slog.String("newcomer", next.instance))
	s.opts.Registry.Collided(ctx, site, Collision{
		Instance: old.instance, Newcomer: next.instance, Remote: who.Remote, At: who.At,
	})
	if old.session != nil {
		old.session.notice(ctx, wire.Notice{
			Code:    locker.CodeIdentityInUse,
			Message: "another controller tried to connect with the key of this one",
		})
	}
}

// leave takes a presence away, unless another has taken its place; true when it was there.
func (s *Server) leave(site locker.SiteID, p *presence) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.present[site] != p {
		return false
	}
	delete(s.present, site)
	return true
}

// dismiss ends the connection of the controller that a site had: another was enrolled in its place, and
// whoever holds the old one must hear and hold up nothing any more.
func (s *Server) dismiss(ctx context.Context, site locker.SiteID) {
	s.mu.Lock()
	old := s.present[site]
	delete(s.present, site)
	s.mu.Unlock()
	if old == nil {
		return
	}
	cause := errors.New("another controller was enrolled")
	old.end(cause)
	s.opts.Registry.Present(context.WithoutCancel(ctx), site, Presence{
		Instance: old.instance, Via: old.via, At: s.opts.Now(), Reason: cause.Error(),
	})
}

// alive asks a session for an answer, and waits whether a site that polls does so again: a
// controller that was restarted a moment ago must not collide with its own past.
func (s *Server) alive(ctx context.Context, site locker.SiteID, p *presence) bool {
	ctx, cancel := context.WithTimeout(ctx, s.opts.AliveWithin)
	defer cancel()
	if p.session != nil {
		return p.session.busy.Load() || p.session.conn.Ping(ctx) == nil
	}
	select {
	case <-p.over:
	case <-ctx.Done():
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.present[site]
	return next != nil && next.instance == p.instance
}

// end ends what keeps the presence up.
func (p *presence) end(cause error) {
	if p.session != nil {
		p.session.cancel(cause)
	}
	if p.session == nil && p.expire.Stop() {
		close(p.over)
	}
}
