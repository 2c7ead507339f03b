package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"cubby/internal/auth"
	"cubby/internal/commission"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/service"
)

// serviceTick is how often the page's listener looks whether it is wanted. A code that was made a second
// ago must work when it has been typed.
const serviceTick = time.Second

// sayJoined is how long the page stays to say that the controller has joined its site.
const sayJoined = 2 * time.Second

// ServiceOptions are what the installer's page is built from.
type ServiceOptions struct {
	SiteOptions
	// Site is the running controller. nil: it belongs to no site yet, the page drives the buses itself,
	// and offers to join a site.
	Site *Site
	// Announce says a new code on this computer's own terminal. It is called before enrolment only.
	Announce func(code string, addresses []string)
}

// Service is the page on which an installer tests the doors. Before enrolment it answers all the time;
// afterwards only while a code waits, or somebody is in.
type Service struct {
	opts     ServiceOptions
	codes    *commission.Codes
	face     *service.Face
	key      auth.Identity
	enrolled chan struct{}
	turns    chan struct{} // who wants to know whether the loop turns

	ctx    context.Context //nolint:containedctx // of the run: buses stay open longer than the request that opened them
	cancel context.CancelFunc
	loop   sync.WaitGroup
	served sync.WaitGroup

	server *http.Server // of the loop, while it listens
	issued time.Time    // of the last code that was announced
	joined time.Time    // when the loop saw that the controller belongs to a site
}

// NewService builds the page. Nothing runs yet. The caller owns the data folder, see OwnFolder.
func NewService(opts ServiceOptions) (*Service, error) {
	s := &Service{opts: opts, enrolled: make(chan struct{}), turns: make(chan struct{})}
	var err error
	if s.codes, err = ServiceCodes(opts.SiteOptions); err != nil {
		return nil, err
	}
	if s.key, err = auth.LoadIdentity(filepath.Join(opts.Config.DataDir, IdentityFile)); err != nil {
		return nil, fmt.Errorf("load the controller's key: %w", err)
	}
	catalog, err := text.New(service.Texts()...)
	if err != nil {
		return nil, fmt.Errorf("load the catalogues: %w", err)
	}
	page := service.Options{
		Text: catalog, Logger: opts.Logger, Now: opts.Now, Random: opts.Random, Codes: s.codes, Open: s.openBench,
		Kept: func() ([]byte, error) { return LoadWalk(opts.Config.DataDir) }, Zone: time.Local, Hosts: hostNames(),
	}
	if opts.Site == nil {
		page.Enrol = s.enrol
	} else {
		page.Open, page.Layout = s.openSite, s.siteLayout
	}
	if s.face, err = service.New(page); err != nil {
		return nil, fmt.Errorf("build the service page: %w", err)
	}
	return s, nil
}

// hostNames are the names by which this computer may be asked.
func hostNames() []string {
	name, err := os.Hostname()
	if err != nil {
		return nil // addresses always work
	}
	return []string{strings.ToLower(name)}
}

// Start runs the page. Before enrolment it returns an error when its address cannot be had.
func (s *Service) Start(ctx context.Context) error {
	s.ctx, s.cancel = context.WithCancel(ctx)
	if s.opts.Site == nil {
		if err := s.listen(); err != nil {
			s.cancel()
			return err
		}
	}
	s.loop.Go(s.run)
	return nil
}

// Enrolled is closed when the controller has come to belong to a site, by the page or by `cubby enrol`.
func (s *Service) Enrolled() <-chan struct{} { return s.enrolled }

// Stop ends the page and the session that is open.
func (s *Service) Stop() error {
	s.cancel()
	s.loop.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	err := errors.Join(s.silence(ctx), s.face.Close(ctx))
	s.served.Wait()
	return err
}

func (s *Service) run() {
	ticker := time.NewTicker(serviceTick)
	defer ticker.Stop()
	for {
		s.tick()
		select {
		case <-ticker.C:
		case <-s.turns:
		case <-s.ctx.Done():
			return
		}
	}
}

func (s *Service) tick() {
	if err := s.face.Sweep(s.ctx); err != nil {
		s.opts.Logger.WarnContext(s.ctx, "the session that tested doors did not end well", slog.Any("error", err))
	}
	if s.opts.Site == nil {
		s.announce()
		s.lookForSite()
		return
	}
	switch wanted := s.codes.Live() || s.face.Active(); {
	case wanted && s.server == nil:
		if err := s.listen(); err != nil {
			s.opts.Logger.ErrorContext(s.ctx, "the service page cannot be served", slog.Any("error", err))
		}
	case !wanted && s.server != nil:
		if err := s.silence(s.ctx); err != nil {
			s.opts.Logger.WarnContext(s.ctx, "the service page did not end well", slog.Any("error", err))
		}
	}
}

// announce makes a code when the last one is over: not more often, so that wrong ones stay few.
func (s *Service) announce() {
	now := s.opts.Now()
	if s.codes.Live() || s.face.Active() || now.Sub(s.issued) < commission.CodeFor && !s.issued.IsZero() {
		return
	}
	code, err := s.codes.New(s.opts.Random)
	if err != nil {
		s.opts.Logger.ErrorContext(s.ctx, "no code for the service page", slog.Any("error", err))
		return
	}
	s.issued = now
	if s.opts.Announce != nil {
		s.opts.Announce(code, ServiceAddresses(s.opts.Config.Service.Listen))
	}
}

// lookForSite closes enrolled once the data folder belongs to a site.
func (s *Service) lookForSite() {
	select {
	case <-s.enrolled:
		return
	default:
	}
	enrolled, err := Enrolled(s.ctx, s.opts.SiteOptions)
	if err != nil {
		s.opts.Logger.DebugContext(s.ctx, "cannot tell whether this controller belongs to a site", slog.Any("error", err))
		return // somebody writes it just now: the next tick tells
	}
	now := s.opts.Now()
	switch {
	case !enrolled:
	case s.joined.IsZero():
		s.joined = now
	case now.Sub(s.joined) >= sayJoined:
		close(s.enrolled)
	}
}

func (s *Service) listen() error {
	var lc net.ListenConfig
	l, err := lc.Listen(s.ctx, "tcp", s.opts.Config.Service.Listen)
	if err != nil {
		return fmt.Errorf("listen for the service page at %s: %w", s.opts.Config.Service.Listen, err)
	}
	server := &http.Server{Handler: s.face, ReadHeaderTimeout: headerTimeout, ErrorLog: quiet(s.opts.Logger)}
	s.server = server
	s.served.Go(func() {
		if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.opts.Logger.Error("the service page ended", slog.Any("error", err))
		}
	})
	return nil
}

// silence ends the listener.
func (s *Service) silence(ctx context.Context) error {
	server := s.server
	s.server = nil
	if server == nil {
		return nil
	}
	if err := server.Shutdown(ctx); err != nil {
		return server.Close()
	}
	return nil
}

// openBench begins a session before enrolment: the page owns buses and record until it ends.
func (s *Service) openBench(context.Context) (service.Work, error) {
	bench, err := OpenBench(s.ctx, s.opts.SiteOptions, nil)
	if err != nil {
		return service.Work{}, err
	}
	session, err := commission.NewSession(commission.SessionOptions{
		Opener: bench, Now: s.opts.Now, Keep: KeepWalk(s.opts.Config.DataDir),
	})
	if err != nil {
		return service.Work{}, errors.Join(err, bench.Release())
	}
	return service.Work{Session: session, ID: bench.Session(), Close: func(ctx context.Context) error {
		return errors.Join(session.Close(context.WithoutCancel(ctx)), bench.Release())
	}}, nil
}

// openSite begins a session at the running controller.
func (s *Service) openSite(ctx context.Context) (service.Work, error) {
	installer := s.opts.NewID()
	begin := func(ctx context.Context) (locker.SessionID, error) {
		return s.opts.Site.Controller.Commission(ctx, installer)
	}
	id, err := begin(ctx)
	if err != nil {
		return service.Work{}, err
	}
	opener, err := commission.NewEnrolled(commission.EnrolledOptions{
		Site: s.opts.Site.Controller, Session: id, Begin: begin, Now: s.opts.Now,
		Head: func(ctx context.Context) (commission.RecordHead, error) {
			return commission.HeadOf(ctx, s.opts.Site.Journal, s.key.Public())
		},
	})
	if err != nil {
		return service.Work{}, err
	}
	session, err := commission.NewSession(commission.SessionOptions{
		Opener: opener, Now: s.opts.Now, Keep: KeepWalk(s.opts.Config.DataDir), Only: true,
	})
	if err != nil {
		return service.Work{}, err
	}
	return service.Work{Session: session, ID: id, Close: func(ctx context.Context) error {
		return session.Close(context.WithoutCancel(ctx))
	}}, nil
}

func (s *Service) siteLayout(ctx context.Context) (*locker.Layout, error) {
	c, err := s.opts.Site.Controller.Cabinet(ctx)
	return &c.Layout, err
}

// enrol makes this controller a site's, by a token that was typed on the page.
func (s *Service) enrol(ctx context.Context, typed string) error {
	token, err := auth.ParseEnrolmentToken(strings.TrimSpace(typed))
	if err != nil {
		return errors.Join(service.ErrToken, err)
	}
	_, err = Enrol(ctx, s.opts.SiteOptions, token)
	return err
}

// ServiceAddresses lists where the page can be found: the address as it is set, or those of this
// computer when it listens at all of them.
func ServiceAddresses(listen string) []string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return nil
	}
	if ip := net.ParseIP(host); host != "" && (ip == nil || !ip.IsUnspecified()) {
		return []string{"http://" + net.JoinHostPort(host, port) + service.Prefix}
	}
	var all []string
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && !n.IP.IsLoopback() {
			all = append(all, "http://"+net.JoinHostPort(n.IP.String(), port)+service.Prefix)
		}
	}
	return all
}
