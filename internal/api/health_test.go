package api_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"cubby/internal/api"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	var broken atomic.Bool
	h, err := api.NewHealth(slog.New(slog.NewTextHandler(&out, nil)),
		api.Check{Name: "workers", Run: func(context.Context) error { return nil }},
		api.Check{Name: "database", Run: func(context.Context) error {
			if broken.Load() {
				return errors.New("secret address refused")
			}
			return nil
		}},
	)
	must(t, err)
	ask := func(path string) (int, string) {
		rec := httptest.NewRecorder()
		h.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		body, _ := io.ReadAll(rec.Body)
		return rec.Code, strings.TrimSpace(string(body))
	}
	if code, body := ask("/readyz"); code != http.StatusOK || body != `{"checks":{"database":"ok","workers":"ok"},"status":"ok"}` {
		t.Errorf("%d %s", code, body)
	}
	broken.Store(true)
	for range 3 {
		if code, body := ask("/readyz"); code != http.StatusServiceUnavailable || strings.Contains(body, "secret") || !strings.Contains(body, `"database":"failed"`) {
			t.Errorf("%d %s", code, body)
		}
	}
	if code, body := ask("/healthz"); code != http.StatusOK || body != `{"status":"ok"}` {
		t.Errorf("a process that lives says %d %s", code, body)
	}
	broken.Store(false)
	if code, _ := ask("/readyz"); code != http.StatusOK {
		t.Errorf("%d", code)
	}
	if logged := out.String(); strings.Count(logged, "not ready") != 1 || strings.Count(logged, "ready again") != 1 {
		t.Errorf("transitions are logged once: %s", logged)
	}
}

func TestHealth_OfCloud(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(t, w.cloud.Ready(t.Context()))
	must(t, w.db.Close())
	if err := w.cloud.Ready(t.Context()); err == nil {
		t.Error("ready without a database")
	}
}
