package app_test

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"testing"
	"time"

	"cubby/internal/app"
	"cubby/internal/cloud"
	"cubby/internal/config"
	"cubby/internal/store"
)

func serverOptions(dir string, demo bool) app.ServerOptions {
	c := config.Default().Server
	c.DataDir, c.Listen = dir, "127.0.0.1:0"
	return app.ServerOptions{
		Config: c, Logger: slog.New(slog.DiscardHandler), Version: "test", Now: time.Now, Random: rand.Reader,
		NewID: store.NewIDs(time.Now, rand.Reader).New, Demo: demo,
	}
}

// The demo never writes into real data, and nothing real into the demo's.
func TestDataFolder_DemoAndRealNeverMix(t *testing.T) {
	t.Parallel()
	nothing := func(*cloud.Cloud) error { return nil }
	for name, tt := range map[string]struct {
		first, second bool // whether it is the demo
		want          error
	}{
		"real, then real": {},
		"demo, then demo": {first: true, second: true},
		"real, then demo": {second: true, want: app.ErrRealData},
		"demo, then real": {first: true, want: app.ErrDemoData},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := app.WithCloud(t.Context(), serverOptions(dir, tt.first), nothing); err != nil {
				t.Fatal(err)
			}
			if err := app.WithCloud(t.Context(), serverOptions(dir, tt.second), nothing); !errors.Is(err, tt.want) {
				t.Errorf("the server's folder: %v", err)
			}
			// A controller's folder is held to the same.
			opts := siteOptions(dir, "")
			opts.Demo = tt.second
			if _, err := app.NewSite(t.Context(), opts); !errors.Is(err, tt.want) && !errors.Is(err, app.ErrNotEnrolled) {
				t.Errorf("the controller's folder: %v", err)
			} else if tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("the controller's folder: %v, want %v", err, tt.want)
			}
		})
	}
}
