package api_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cubby/client"
	"cubby/internal/auth"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// A reader gets what was there, then what happens, each fact once, also when the connection breaks.
func TestStream_GoesOnWhereItBroke(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cut := make(chan context.CancelFunc, 10)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		cut <- cancel
		w.api.Handler().ServeHTTP(rw, r.WithContext(ctx))
	}))
	defer server.Close()
	c, err := client.New(client.Options{URL: server.URL, Token: w.token(auth.ScopeRead)})
	must(t, err)
	fault := func(place locker.PlaceID) {
		w.record(wire.Annex{}, locker.FaultRaised{Fault: locker.FaultLock, Place: place}, locker.FaultCleared{Fault: locker.FaultLock, Place: place})
	}
	fault("main/A01")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	seen := map[string]bool{}
	for f, err := range c.FollowFacts(ctx, site, "") {
		must(t, err)
		if seen[f.Cursor] {
			t.Errorf("%s came twice", f.Cursor)
		}
		seen[f.Cursor] = true
		switch len(seen) {
		case 2:
			go fault("main/A02") //nolint:testifylint // its errors end the test
		case 4:
			(<-cut)()
			fault("main/A03")
		}
		if len(seen) == 6 {
			break
		}
	}
	if len(seen) != 6 {
		t.Errorf("%d facts, want 6", len(seen))
	}
}

func TestStream_IsRefusedBeforeItBegins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := httptest.NewServer(w.api.Handler())
	defer server.Close()
	stranger := w.ownerOf("Elsewhere", "Eve")
	for name, c := range map[string]struct {
		token, site, after string
		status             int
	}{
		"no such site":      {w.token(auth.ScopeRead), "none", "", http.StatusNotFound},
		"another's site":    {w.tokenOf(stranger, auth.ScopeRead), site, "", http.StatusNotFound},
		"no right to read":  {w.token(auth.ScopeOpen), site, "", http.StatusForbidden},
		"no token":          {"x", site, "", http.StatusUnauthorized},
		"a damaged cursor":  {w.token(auth.ScopeRead), site, "%%%", http.StatusUnprocessableEntity},
		"a cursor of words": {w.token(auth.ScopeRead), site, "YWJj", http.StatusUnprocessableEntity},
	} {
		cl, err := client.New(client.Options{URL: server.URL, Token: c.token})
		must(t, err)
		for _, err := range cl.FollowFacts(t.Context(), c.site, c.after) {
			var told *client.Error
			if !errors.As(err, &told) || told.Status != c.status {
				t.Errorf("%s: %v, want status %d", name, err, c.status)
			}
			break
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/v1/sites/"+site+"/facts/stream", strings.NewReader(""))
	rec := httptest.NewRecorder()
	w.api.Handler().ServeHTTP(rec, r)
	if rec.Code != http.StatusUnauthorized || strings.Contains(rec.Header().Get("Content-Type"), "event-stream") {
		t.Errorf("without a token: %d %s", rec.Code, rec.Header())
	}
}
