package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/config"
	"cubby/internal/link"
	"cubby/internal/locker"
	"cubby/internal/store"
)

// ServerIdentityFile is the server's key in its data folder.
const ServerIdentityFile = "server.key"

// ServerOptions are what a server is built from.
type ServerOptions struct {
	Config  config.Server
	Logger  *slog.Logger
	Version string
	Now     func() time.Time
	Random  io.Reader
	NewID   func() string
	Demo    bool // the data is invented, and its folder is marked so
}

// Server is the running server half.
type Server struct {
	Cloud *cloud.Cloud
	Link  *link.Server

	opts     ServerOptions
	store    *store.Store
	identity auth.Identity
	faces    faces
	measures measures
	listen   net.Listener
	http     *http.Server
	tls      encryption
	cancel   context.CancelFunc
	done     sync.WaitGroup
	failed   chan error
}

// WithCloud opens the server's tables, calls f and closes them: for commands.
func WithCloud(ctx context.Context, opts ServerOptions, f func(*cloud.Cloud) error) error {
	st, c, _, err := openCloud(ctx, opts)
	if err != nil {
		return err
	}
	return errors.Join(f(c), st.Close())
}

func openCloud(ctx context.Context, opts ServerOptions) (*store.Store, *cloud.Cloud, auth.Identity, error) {
	if err := claimFolder(opts.Config.DataDir, opts.Demo); err != nil {
		return nil, nil, auth.Identity{}, err
	}
	id, _, err := auth.LoadOrCreateIdentity(filepath.Join(opts.Config.DataDir, ServerIdentityFile), opts.Random)
	if err != nil {
		return nil, nil, id, fmt.Errorf("load the server's key: %w", err)
	}
	st, err := store.Open(ctx, storeOptions(opts))
	if err != nil {
		return nil, nil, id, fmt.Errorf("open the database: %w", err)
	}
	c, err := cloud.New(cloud.Options{
		Store: st, Logger: opts.Logger, Now: opts.Now, NewID: opts.NewID, Rand: opts.Random,
		PublicURL: opts.Config.PublicURL, Identity: id, ServerName: ServerKeyName, Silence: opts.Config.LinkSilence,
	})
	if err != nil {
		return nil, nil, id, errors.Join(fmt.Errorf("build the server: %w", err), st.Close())
	}
	return st, c, id, nil
}

// NewServer opens the data folder and builds all parts. Nothing runs yet, but the address is taken.
func NewServer(ctx context.Context, opts ServerOptions) (*Server, error) {
	s := &Server{opts: opts, failed: make(chan error, 1)}
	if err := s.build(ctx); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *Server) build(ctx context.Context) error {
	st, c, id, err := openCloud(ctx, s.opts)
	if err != nil {
		return err
	}
	s.store, s.Cloud, s.identity = st, c, id
	hub := c.Hub()
	counted, err := s.buildMetrics(ctx, hub)
	if err != nil {
		return err
	}
	public, err := url.Parse(s.opts.Config.PublicURL)
	if err != nil {
		return fmt.Errorf("public URL: %w", err)
	}
	s.Link, err = link.NewServer(link.ServerOptions{
		Hub: counted, Registry: hub, Identity: id, Logger: s.opts.Logger, Now: s.opts.Now, Hosts: []string{public.Host},
	})
	if err != nil {
		return fmt.Errorf("build the link: %w", err)
	}
	c.OnWake(func(site locker.SiteID) { s.Link.Wake(site) })
	if err := s.buildFaces(ctx); err != nil {
		return err
	}
	if err := s.buildTLS(ctx); err != nil {
		return err
	}
	return s.buildListeners(ctx)
}

func (s *Server) buildListeners(ctx context.Context) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", s.opts.Config.Listen)
	if err != nil {
		return fmt.Errorf("listen at %s: %w", s.opts.Config.Listen, err)
	}
	s.listen = l
	front, err := newFront(s.faces.public, s.opts.Config)
	if err != nil {
		return err
	}
	s.http = &http.Server{
		Handler: front, ReadHeaderTimeout: headerTimeout, ErrorLog: quiet(s.opts.Logger), TLSConfig: s.tls.config,
	}
	return nil
}

// Start runs the server and returns once pages are answered.
func (s *Server) Start(ctx context.Context) error {
	ctx, s.cancel = context.WithCancel(ctx)
	if err := s.Cloud.Start(ctx); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	if err := s.startFaces(ctx); err != nil {
		return err
	}
	s.done.Go(func() { s.warnOfCodes(ctx) }) // it looks at every site: nobody waits for that
	s.startMetrics()
	s.startTLS()
	s.done.Go(func() {
		err := s.serve()
		if err != nil && !errors.Is(err, http.ErrServerClosed) {
			s.fail(fmt.Errorf("serve pages: %w", err))
		}
	})
	return nil
}

func (s *Server) serve() error {
	if s.tls.config != nil {
		return s.http.ServeTLS(s.listen, "", "")
	}
	return s.http.Serve(s.listen)
}

func (s *Server) fail(err error) {
	select {
	case s.failed <- err:
	default: // the first reason counts
	}
}

// Failed tells what ended the server by itself.
func (s *Server) Failed() <-chan error { return s.failed }

// URL returns where this server listens, for this computer.
func (s *Server) URL() string {
	scheme := "http://"
	if s.tls.config != nil {
		scheme = "https://"
	}
	return scheme + s.listen.Addr().String()
}

// Stop ends the server: requests under way get a few seconds, streams are cut.
func (s *Server) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	s.Link.Stop()
	var err error
	if s.http.Shutdown(ctx) != nil { // an open stream never ends by itself
		err = s.http.Close()
	}
	if s.cancel != nil {
		s.cancel()
	}
	err = errors.Join(err, s.stopMetrics(), s.stopTLS())
	s.stopFaces()
	s.Cloud.Stop()
	s.done.Wait()
	return errors.Join(err, s.close())
}

func (s *Server) close() error {
	var errs []error
	if s.listen != nil {
		_ = s.listen.Close() // closed by the server already, unless it never ran
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}
