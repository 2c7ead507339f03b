package cli_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cubby/internal/app"
	"cubby/internal/cloud"
	"cubby/internal/commission"
	"cubby/internal/config"
	"cubby/internal/locker"
	"cubby/internal/store"
)

func TestMain_DoctorCodesComparesSchemes(t *testing.T) {
	t.Parallel()
	code, out, errs := run(t, t.TempDir(), "", "doctor", "codes", "--schemes")
	want(t, code, 0, out, "8 of 20 symbols + check                          1.4e-5    5.7e-5", errs)
	code, out, errs = run(t, t.TempDir(), "", "doctor", "codes", "--schemes", "--json")
	want(t, code, 0, out, `"guesses_a_day":20`, errs)
}

// A site whose policy was good for its doors gets many more: the doctor refuses it, says what to change,
// and is content once that was done.
func TestMain_DoctorCodesRefusesWhatIsWeak(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, errs := run(t, dir, "three quiet parcels\n", "owner", "add", "olive@dock.example", "--name", "Olive")
	want(t, code, 0, out, "may sign in", errs)
	code, out, errs = run(t, dir, "", "doctor", "codes")
	want(t, code, 0, out, "no site yet", errs)

	site := locker.SiteID("")
	withCloud(t, dir, func(ctx context.Context, c *cloud.Cloud, p cloud.Principal) {
		property, err := c.CreateProperty(ctx, p, cloud.PropertyDraft{Name: "Dock", TimeZone: "UTC"})
		must(t, err)
		pol := locker.DefaultPolicy()
		pol.Guesses = 25
		site, err = c.CreateSite(ctx, p, cloud.SiteDraft{Property: property, Name: "Dock 1", Layout: doors(t, 20), Policy: pol})
		must(t, err)
	})
	code, out, errs = run(t, dir, "", "doctor", "codes")
	want(t, code, 0, out, "Dock 1  21", errs)

	withCloud(t, dir, func(ctx context.Context, c *cloud.Cloud, p cloud.Principal) {
		must(t, c.SetLayout(ctx, p, site, doors(t, 480)))
	})
	code, out, errs = run(t, dir, "", "doctor", "codes")
	want(t, code, 1, out, "WEAK", errs)
	want(t, code, 1, out, "allow at most 7 wrong codes a day instead of 25", errs)
	code, out, errs = run(t, dir, "", "doctor", "--server")
	want(t, code, 1, out, "codes of Dock 1", errs)
	code, out, errs = run(t, dir, "", "doctor", "codes", "--json")
	var answer struct {
		Max   float64 `json:"max_chance"`
		Sites []struct {
			Chance float64 `json:"chance_a_year"`
			Most   int     `json:"guesses_allowed"`
			Wrong  string
		}
	}
	must(t, json.Unmarshal([]byte(out), &answer))
	if code != 1 || len(answer.Sites) != 1 || answer.Sites[0].Chance <= answer.Max || answer.Sites[0].Wrong == "" {
		t.Fatalf("code %d, %s, %s", code, out, errs)
	}

	withCloud(t, dir, func(ctx context.Context, c *cloud.Cloud, p cloud.Principal) {
		pol := locker.DefaultPolicy()
		pol.Guesses = answer.Sites[0].Most + 1
		if err := c.SetPolicy(ctx, p, site, pol); err == nil || !strings.Contains(err.Error(), "too weak") {
			t.Errorf("one guess more than is allowed: %v", err)
		}
		pol.Guesses = answer.Sites[0].Most
		must(t, c.SetPolicy(ctx, p, site, pol))
	})
	code, out, errs = run(t, dir, "", "doctor", "codes")
	want(t, code, 0, out, " ok", errs)
}

// doors is a layout of n doors, 20 to a column.
func doors(t *testing.T, n int) locker.Layout {
	t.Helper()
	var columns []int
	var boards []commission.Board
	for range n / 20 {
		columns = append(columns, 20)
		boards = append(boards, commission.Board{Bus: "left", Address: uint8(len(boards) + 1), Channels: 20, Sees: true})
	}
	l, err := commission.PlanColumns(columns, boards)
	must(t, err)
	return l
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// withCloud works on the server's files as a command does.
func withCloud(t *testing.T, dir string, f func(context.Context, *cloud.Cloud, cloud.Principal)) {
	t.Helper()
	c := config.Default().Server
	c.DataDir = filepath.Join(dir, "server")
	opts := app.ServerOptions{
		Config: c, Logger: slog.New(slog.DiscardHandler), Version: "test", Now: time.Now, Random: rand.Reader,
		NewID: store.NewIDs(time.Now, rand.Reader).New,
	}
	must(t, app.WithCloud(t.Context(), opts, func(c *cloud.Cloud) error {
		p, err := c.Operator(t.Context(), "")
		must(t, err)
		f(t.Context(), c, p)
		return nil
	}))
}
