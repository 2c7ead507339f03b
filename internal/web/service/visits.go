package service

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	cookieVisit = "cubby-service"
	cookieLang  = "cubby-lang"
	cookieTheme = "cubby-theme"
	lookFor     = 365 * 24 * time.Hour // a choice of language or theme
	keyBytes    = 32
)

// names are what the sheet says; they are kept in memory alone.
type names struct{ Site, Installer string }

// visits lets one visitor in at a time: a new code takes the place of the visitor before.
type visits struct {
	mu    sync.Mutex
	hash  [sha256.Size]byte // of the cookie; the cookie itself is the visitor's alone
	until time.Time         // zero: nobody is in
	work  Work
	names names
}

// find returns the work of whoever holds the cookie.
func (s *visits) find(key string, now time.Time) (Work, names, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	hash := sha256.Sum256([]byte(key))
	if s.until.IsZero() || !now.Before(s.until) || subtle.ConstantTimeCompare(hash[:], s.hash[:]) != 1 {
		return Work{}, names{}, false
	}
	return s.work, s.names, true
}

// running returns the work that is open, whoever is in.
func (s *visits) running() (Work, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.work, s.work.Session != nil
}

// admit lets a new visitor in.
func (s *visits) admit(key string, until time.Time, work Work) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hash, s.until, s.work = sha256.Sum256([]byte(key)), until, work
}

func (s *visits) name(n names) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.names = n
}

// leave takes the work out, so that one caller ends it.
func (s *visits) leave() Work {
	s.mu.Lock()
	defer s.mu.Unlock()
	work := s.work
	s.work, s.until, s.names, s.hash = Work{}, time.Time{}, names{}, [sha256.Size]byte{}
	return work
}

// Active reports whether somebody is in.
func (f *Face) Active() bool {
	f.visits.mu.Lock()
	defer f.visits.mu.Unlock()
	return !f.visits.until.IsZero() && f.opts.Now().Before(f.visits.until)
}

// Sweep ends the session of a visitor whose time is over. Whoever serves the pages calls it now and then.
func (f *Face) Sweep(ctx context.Context) error {
	if _, open := f.visits.running(); !open || f.Active() {
		return nil
	}
	return f.Close(ctx)
}

// Close ends the session that is open, if there is one, on record too.
func (f *Face) Close(ctx context.Context) error {
	work := f.visits.leave()
	if work.Close == nil {
		return nil
	}
	return work.Close(ctx)
}

func cookie(r *http.Request, name string) string {
	if c, err := r.Cookie(name); err == nil {
		return c.Value
	}
	return ""
}

// letIn begins a session, or gives the one that is open to the new visitor, and sets the cookie.
func (f *Face) letIn(w http.ResponseWriter, r *http.Request) error {
	raw := make([]byte, keyBytes)
	if _, err := io.ReadFull(f.opts.Random, raw); err != nil {
		return fmt.Errorf("draw a visitor's key: %w", err)
	}
	work, open := f.visits.running()
	if !open {
		var err error
		if work, err = f.opts.Open(r.Context()); err != nil {
			return err
		}
	}
	key := base64.RawURLEncoding.EncodeToString(raw)
	f.visits.admit(key, f.opts.Now().Add(VisitFor), work)
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // the page is plain HTTP on the local network: there is no certificate before enrolment
		Name: cookieVisit, Value: key, Path: Prefix, MaxAge: int(VisitFor / time.Second), HttpOnly: true, SameSite: http.SameSiteStrictMode,
	})
	return nil
}
