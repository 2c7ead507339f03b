package api_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"cubby/internal/api"
	"cubby/internal/auth"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/storetest"
	"cubby/internal/wire"
)

// fullEnv makes the test below run in a process of its own: its limit holds for all of a process.
const fullEnv = "CUBBY_TEST_FILE_LIMIT"

// TestServer_FullDisk lets no file of the server grow: what sites send is not acknowledged, /readyz says that
// nothing can be written, what is there can be read, and with room again all goes on.
func TestServer_FullDisk(t *testing.T) {
	t.Parallel()
	if storetest.Default() != store.SQLite {
		t.Skip("the disk of the other engine is its own")
	}
	if os.Getenv(fullEnv) == "" {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestServer_FullDisk$")
		cmd.Env = append(os.Environ(), fullEnv+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	w := newWorld(t)
	token := w.token(auth.ScopeRead)
	health, err := api.NewHealth(slog.New(slog.DiscardHandler),
		api.Check{Name: "server", Run: w.cloud.Ready}, api.Check{Name: "writes", Run: w.cloud.Writable})
	must(t, err)
	ready := func() string {
		rec := httptest.NewRecorder()
		health.Handler().ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, api.ReadyPath, nil))
		body, _ := io.ReadAll(rec.Body)
		return string(body)
	}
	hub := w.cloud.Hub()
	w.record(nil, locker.SiteStarted{Boot: "b", Version: "1"})
	before := standing(t, w)
	body, err := wire.EncodeOperation(wire.Operation{
		Site: site, Epoch: before.Epoch, Number: before.Number + 1, Boot: "b", ClockTrusted: true,
		Facts: []locker.Fact{locker.SiteStarted{Boot: "b", Version: strings.Repeat("1", 20)}},
	})
	must(t, err)
	next := []wire.Upload{{Position: wire.Position{Epoch: before.Epoch, Number: before.Number + 1}, Op: body}}

	var limit syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit))
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4096, Max: limit.Max}))
	for range 2 {
		at, err := hub.Ingest(t.Context(), site, next)
		if !errors.Is(err, store.ErrUnavailable) || at.Number > before.Number {
			t.Errorf("a full disk acknowledges %s: %v", at, err)
		}
	}
	if got := ready(); !strings.Contains(got, `"server":"ok","writes":"failed"`) || !strings.Contains(got, "not ready") {
		t.Errorf("ready with a full disk: %s", got)
	}
	if got := w.get(token, "/sites"); len(got) == 0 {
		t.Error("nothing can be read with a full disk")
	}
	if got := standing(t, w); got != before {
		t.Errorf("the server has %s, and had %s", got, before)
	}
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))
	if got := ready(); !strings.Contains(got, `"status":"ok"`) {
		t.Errorf("not ready with room again: %s", got)
	}
	at, err := hub.Ingest(t.Context(), site, next)
	if must(t, err); at.Number != before.Number+1 {
		t.Errorf("with room again the server is at %s", at)
	}
}

func standing(t *testing.T, w *world) wire.Position {
	t.Helper()
	s, err := w.cloud.Hub().Standing(t.Context(), site)
	must(t, err)
	return s.Acked
}
