package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"cubby/internal/api"
	"cubby/internal/controller"
)

// Supervisor tells systemd how the process stands (sd_notify(3)): ready, alive, stopping. A process
// that nobody supervises has one too, which says nothing.
type Supervisor struct {
	log   *slog.Logger
	conn  net.Conn      // nil: nobody listens
	every time.Duration // between two signs of life; 0: nobody waits for them
}

// SupervisorOptions are what a supervisor is made from.
type SupervisorOptions struct {
	Logger *slog.Logger
	Env    func(name string) string // of the process, as os.Getenv
	PID    int                      // of the process
}

// signs is how many signs of life fit into the time after which the process would be killed: one may
// come late.
const signs = 3

// NewSupervisor reads what systemd has put into the environment: NOTIFY_SOCKET, and WATCHDOG_USEC with
// WATCHDOG_PID.
func NewSupervisor(ctx context.Context, opts SupervisorOptions) (*Supervisor, error) {
	s := &Supervisor{log: opts.Logger}
	path := opts.Env("NOTIFY_SOCKET")
	if path == "" {
		return s, nil
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unixgram", path) // a leading @ is an abstract address, also in package net
	if err != nil {
		return nil, fmt.Errorf("reach the supervisor at %s: %w", path, err)
	}
	s.conn = conn
	usec := opts.Env("WATCHDOG_USEC")
	if pid := opts.Env("WATCHDOG_PID"); usec == "" || pid != "" && pid != strconv.Itoa(opts.PID) {
		return s, nil // it waits for nobody, or for another process
	}
	patience, err := time.ParseDuration(usec + "us")
	if err != nil || patience < 0 {
		return nil, errors.Join(fmt.Errorf("WATCHDOG_USEC is %q: want microseconds", usec), conn.Close())
	}
	s.every = patience / signs
	return s, nil
}

func (s *Supervisor) say(state string) {
	if s.conn == nil {
		return
	}
	if _, err := io.WriteString(s.conn, state); err != nil {
		s.log.Warn("the supervisor cannot be told", slog.String("state", state), slog.Any("error", err))
	}
}

// Ready says that the process does its work now; status is a line for people.
func (s *Supervisor) Ready(status string) { s.say("READY=1\nSTATUS=" + status) }

// Stopping says that the process ends in order.
func (s *Supervisor) Stopping() { s.say("STOPPING=1") }

// Watch gives a sign of life each time that alive returns nil, until ctx ends. alive must go through
// whatever may hang, and return an error when its context ends before it is through.
func (s *Supervisor) Watch(ctx context.Context, alive func(context.Context) error) {
	if s.every == 0 {
		return
	}
	ticker := time.NewTicker(s.every)
	defer ticker.Stop()
	for {
		asking, cancel := context.WithTimeout(ctx, s.every)
		err := alive(asking)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.log.ErrorContext(ctx, "the program does not turn; its supervisor ends it soon", slog.Any("error", err))
		default:
			s.say("WATCHDOG=1")
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Close ends the talk.
func (s *Supervisor) Close() error {
	if s.conn == nil {
		return nil
	}
	return s.conn.Close()
}

// Alive goes through pages and database. Only what hangs is an error: a restart mends no database that
// says no.
func (s *Server) Alive(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, api.LivePath, http.NoBody)
	if err != nil {
		return fmt.Errorf("make a question: %w", err)
	}
	return answers(ctx, func() {
		s.faces.public.ServeHTTP(&unread{header: http.Header{}}, r)
		if err := s.Cloud.Ready(ctx); err != nil {
			s.opts.Logger.DebugContext(ctx, "the server is not ready", slog.Any("error", err))
		}
	})
}

// Alive goes once through the loop that decides about doors.
func (s *Site) Alive(ctx context.Context) error {
	stopped := make(chan error, 1)
	err := answers(ctx, func() {
		_, err := s.Controller.Status(ctx)
		if errors.Is(err, controller.ErrStopped) {
			stopped <- err
		} else if err != nil { // it answered, only not well: a restart mends no sensor
			s.opts.Logger.DebugContext(ctx, "no status", slog.Any("error", err))
		}
	})
	if err != nil {
		return err
	}
	select {
	case err := <-stopped:
		return err
	default:
		return nil
	}
}

// Alive waits for the next turn of the page's loop.
func (s *Service) Alive(ctx context.Context) error {
	select {
	case s.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errHangs
	}
}

var errHangs = errors.New("no answer in time")

// answers runs do and reports whether it came back before ctx ended. What hangs is left behind: the
// process is about to be killed for it.
func answers(ctx context.Context, do func()) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
	case <-ctx.Done():
		return errHangs
	}
	if ctx.Err() != nil {
		return errHangs
	}
	return nil
}

// unread takes an answer that nobody reads.
type unread struct{ header http.Header }

// Header implements http.ResponseWriter.
func (u *unread) Header() http.Header { return u.header }

// Write implements http.ResponseWriter.
func (u *unread) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader implements http.ResponseWriter.
func (u *unread) WriteHeader(int) {}
