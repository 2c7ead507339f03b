package app_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cubby/internal/app"
	"cubby/internal/cloud"
	"cubby/internal/config"
)

// found returns what a doctor says about one thing, and whether it is wrong.
func found(t *testing.T, all []app.Finding, what string) (text string, wrong bool) {
	t.Helper()
	for _, f := range all {
		if f.What == what {
			return f.Text(), f.Wrong != nil
		}
	}
	t.Errorf("nothing was said about %q", what)
	return "", false
}

func wantFinding(t *testing.T, all []app.Finding, what string, wrong bool, part string) {
	t.Helper()
	text, is := found(t, all, what)
	if is != wrong || !strings.Contains(text, part) {
		t.Errorf("%s: %q, wrong %v; want %v and %q", what, text, is, wrong, part)
	}
}

// A server that runs is well, in all that is not set on purpose here.
func TestExamineServer_Running(t *testing.T) {
	t.Parallel()
	dir, listen := filepath.Join(t.TempDir(), "data"), freePort(t)
	startWith(t, time.Now, func(c *config.Server) { c.DataDir, c.Listen, c.PublicURL = dir, listen, "http://"+listen })
	opts := serverOptions(dir, false)
	opts.Config.Listen, opts.Config.PublicURL = listen, "http://"+listen
	all := app.ExamineServer(t.Context(), opts)
	for what, part := range map[string]string{
		"clock": "", "time zones": "known", "data folder": dir, "data folder rights": "private", "public": "answers",
		"public clock": "the same", "certificate": "a proxy", "port of pages": "which runs", "database": "",
	} {
		wantFinding(t, all, what, false, part)
	}
	wantFinding(t, all, "mail", true, "server.smtp.host")
	wantFinding(t, all, "owner", true, "cubby owner add")
	opts.Now = func() time.Time { return time.Now().Add(time.Hour) }
	wantFinding(t, app.ExamineServer(t.Context(), opts), "public clock", true, "apart")
}

// What is wrong with an installation is named, with what to do.
func TestExamineServer_FindsFaults(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	if err := app.WithCloud(t.Context(), serverOptions(dir, true), func(*cloud.Cloud) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	other := httptest.NewServer(http.NotFoundHandler()) // a program that is not ours
	t.Cleanup(other.Close)
	certs := t.TempDir()
	opts := serverOptions(dir, false)
	opts.Config.Listen, opts.Config.PublicURL = other.Listener.Addr().String(), other.URL
	opts.Config.TLS.CertFile, opts.Config.TLS.KeyFile = filepath.Join(certs, "c"), filepath.Join(certs, "k")
	issue(t, "parcels.example.org", opts.Config.TLS.CertFile, opts.Config.TLS.KeyFile) // for a day
	all := app.ExamineServer(t.Context(), opts)
	wantFinding(t, all, "data folder rights", true, "chmod 0700")
	wantFinding(t, all, "public", true, "something else")
	wantFinding(t, all, "certificate", true, "it ends on")
	wantFinding(t, all, "database", true, "cubby demo")
	opts.Config.TLS, opts.Config.Listen = config.TLS{}, other.Listener.Addr().String()
	wantFinding(t, app.ExamineServer(t.Context(), opts), "port of pages", true, "another program")
	_, port, err := net.SplitHostPort(freePort(t))
	if err != nil {
		t.Fatal(err)
	}
	opts.Config.Listen = "0.0.0.0:" + port
	wantFinding(t, app.ExamineServer(t.Context(), opts), "certificate", true, "without encryption")
}

// A file that root left behind is found before the service trips over it.
func TestExamineServer_FindsForeignFiles(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("!!!! SKIPPED: only root can give files away")
	}
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "server.pub")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(file, 4711, 4711); err != nil {
		t.Fatal(err)
	}
	wantFinding(t, app.ExamineServer(t.Context(), serverOptions(dir, false)), "data folder rights", true, "chown -R")
}
