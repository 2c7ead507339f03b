package api

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Paths of liveness and readiness.
const (
	LivePath  = "/healthz"
	ReadyPath = "/readyz"
)

// readyTime bounds all checks of one question.
const readyTime = 2 * time.Second

// Check is one thing that must hold before requests may come: the database answers, migrations are
// current, workers run.
type Check struct {
	Name string // one word, told to whoever asks
	// Run returns what is wrong. It must end with its context. The error is logged, not told.
	Run func(context.Context) error
}

// Health answers whether this process lives and whether it is ready.
type Health struct {
	log    *slog.Logger
	checks []Check

	mu     sync.Mutex
	failed map[string]bool // told to the log already
}

// NewHealth returns the answers of a process with these checks.
func NewHealth(log *slog.Logger, checks ...Check) (*Health, error) {
	if log == nil {
		return nil, errors.New("api: health needs a logger")
	}
	for _, c := range checks {
		if c.Name == "" || c.Run == nil {
			return nil, errors.New("api: a check needs a name and something to run")
		}
	}
	return &Health{log: log, checks: checks, failed: map[string]bool{}}, nil
}

// Handler serves LivePath and ReadyPath. Both are for anybody: they tell names of checks only.
func (h *Health) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+LivePath, func(w http.ResponseWriter, r *http.Request) {
		h.tell(w, r, http.StatusOK, map[string]any{"status": "ok"})
	})
	mux.HandleFunc("GET "+ReadyPath, h.ready)
	return mux
}

func (h *Health) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTime)
	defer cancel()
	errs := make([]error, len(h.checks))
	var running sync.WaitGroup
	for i, c := range h.checks {
		running.Go(func() { errs[i] = c.Run(ctx) })
	}
	running.Wait()
	status, word, checks := http.StatusOK, "ok", map[string]string{}
	for i, c := range h.checks {
		checks[c.Name] = "ok"
		if errs[i] != nil {
			status, word, checks[c.Name] = http.StatusServiceUnavailable, "not ready", "failed"
		}
		h.note(ctx, c.Name, errs[i])
	}
	h.tell(w, r, status, map[string]any{"status": word, "checks": checks})
}

// note logs a check that began or ceased to fail: readiness is asked every few seconds.
func (h *Health) note(ctx context.Context, name string, err error) {
	h.mu.Lock()
	before := h.failed[name]
	h.failed[name] = err != nil
	h.mu.Unlock()
	switch {
	case err != nil && !before:
		h.log.WarnContext(ctx, "not ready", slog.String("check", name), slog.Any("error", err))
	case err == nil && before:
		h.log.InfoContext(ctx, "ready again", slog.String("check", name))
	}
}

func (h *Health) tell(w http.ResponseWriter, r *http.Request, status int, body map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		h.log.DebugContext(r.Context(), "client went away", slog.Any("error", err))
	}
}
