package sitestore_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cubby/internal/sitestore"
)

func open(tb testing.TB, path string) (*sitestore.Store, sitestore.Report) {
	tb.Helper()
	s, report, err := sitestore.Open(tb.Context(), path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { s.Close() })
	return s, report
}

func fresh(tb testing.TB) (*sitestore.Store, string) {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "with ? and #.db")
	s, report := open(tb, path)
	if report != (sitestore.Report{}) {
		tb.Fatalf("report of a first start is %+v", report)
	}
	return s, path
}

func exec(tb testing.TB, path string, statements ...string) {
	tb.Helper()
	db, err := sql.Open("sqlite", "file:"+strings.ReplaceAll(strings.ReplaceAll(path, "?", "%3f"), "#", "%23"))
	if err != nil {
		tb.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			tb.Fatalf("%s: %v", s, err)
		}
	}
}

func TestOpen_DamagedFileIsMovedAside(t *testing.T) {
	t.Parallel()
	garbage := []byte(strings.Repeat("garbage ", 1000))
	for name, damage := range map[string]func(data []byte) []byte{
		"garbage":     func([]byte) []byte { return garbage },
		"one page":    func(data []byte) []byte { return data[:4096] },
		"cut in half": func(data []byte) []byte { return data[:len(data)/2] },
		// The application id stands at byte 68. Source: sqlite.org/fileformat.html §1.3.
		"another program": func(data []byte) []byte { data[68] ^= 1; return data },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, path := fresh(t)
			apply(t, s, changes(1, 50)...)
			s.Close()
			good, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			bad := damage(good)
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			s, report := open(t, path)
			if report.MovedTo != path+".damaged-1" || report.Reason == "" {
				t.Fatalf("report is %+v", report)
			}
			if moved, err := os.ReadFile(report.MovedTo); err != nil || string(moved) != string(bad) {
				t.Errorf("the damaged file was changed: %v", err)
			}
			if epoch, rev, err := s.Rev(t.Context()); epoch != "" || rev != 0 || err != nil {
				t.Errorf("directory of the new file is at %q %d, %v", epoch, rev, err)
			}
			apply(t, s, changes(1, 3)...)
			s.Close()
			if _, report = open(t, path); report != (sitestore.Report{}) {
				t.Errorf("next report is %+v", report)
			}
		})
	}
}

// TestOpen_FlippedBytes damages a file at random. It either opens and can be read, or is moved aside;
// it never stays in the way.
func TestOpen_FlippedBytes(t *testing.T) {
	t.Parallel()
	s, path := fresh(t)
	apply(t, s, changes(1, 200)...)
	s.Close()
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	moved := 0
	for i := range 40 {
		data := append([]byte(nil), good...)
		for range 1 + rng.IntN(64) {
			data[rng.IntN(len(data))] ^= byte(1 + rng.IntN(255))
		}
		path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.db", i))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, report, err := sitestore.Open(t.Context(), path)
		if err != nil {
			// A flip in the format number makes it a newer program's file, which is not touched.
			if !strings.Contains(err.Error(), "use a newer one") {
				t.Fatalf("file %d: %v", i, err)
			}
			continue
		}
		if report.MovedTo != "" {
			moved++
			apply(t, s, changes(1, 3)...)
		}
		s.Close()
	}
	if moved == 0 {
		t.Error("no file was moved aside: the damage is too small to test anything")
	}
}

func TestOpen_NewerFormatIsRefused(t *testing.T) {
	t.Parallel()
	s, path := fresh(t)
	s.Close()
	exec(t, path, "PRAGMA user_version = 99")
	if _, _, err := sitestore.Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "use a newer one") {
		t.Errorf("error is %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error("the file was moved")
	}
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, path := fresh(t)
	if _, ok, err := s.Snapshot(ctx); ok || err != nil {
		t.Errorf("snapshot of an empty store: %v, %v", ok, err)
	}
	for n := range uint64(2) {
		if err := s.PutSnapshot(ctx, 3, 70+n, []byte("state")); err != nil {
			t.Fatal(err)
		}
	}
	if snap, ok, err := s.Snapshot(ctx); !ok || err != nil || snap.Epoch != 3 || snap.Number != 71 || string(snap.Data) != "state" {
		t.Errorf("snapshot is %+v, %v, %v", snap, ok, err)
	}
	s.Close()
	for _, damage := range []string{"data = X'00'", "number = 72", "epoch = 4", "sum = zeroblob(32)"} {
		exec(t, path, "UPDATE snapshot SET "+damage)
		s, _ := open(t, path)
		if _, ok, err := s.Snapshot(ctx); ok || err != nil {
			t.Errorf("snapshot with %s: %v, %v, want none", damage, ok, err)
		}
		if err := s.PutSnapshot(ctx, 3, 71, []byte("state")); err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
}

func TestMeta(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, path := fresh(t)
	if _, ok, err := s.Link(ctx); ok || err != nil {
		t.Errorf("link of an empty store: %v, %v", ok, err)
	}
	for _, value := range []string{"one", "two"} {
		if err := s.SetLink(ctx, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SetMeta(ctx, "empty", nil); err != nil {
		t.Fatal(err)
	}
	s.Close()
	s, _ = open(t, path)
	if value, ok, err := s.Link(ctx); !ok || err != nil || string(value) != "two" {
		t.Errorf("link is %q, %v, %v", value, ok, err)
	}
	if value, ok, err := s.Meta(ctx, "empty"); !ok || err != nil || len(value) != 0 {
		t.Errorf("empty value is %q, %v, %v", value, ok, err)
	}
}

func TestAcked(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, _ := fresh(t)
	for _, c := range [][2]uint64{{1, 10}, {2, 5}, {1, 30}, {2, 3}} {
		if err := s.SetAcked(ctx, c[0], c[1]); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Acked(ctx, c[0]); n != c[1] || err != nil {
			t.Errorf("acknowledged of epoch %d is %d, %v, want %d", c[0], n, err, c[1])
		}
	}
	if n, err := s.Acked(ctx, 3); n != 0 || err != nil {
		t.Errorf("acknowledged of an unknown epoch is %d, %v", n, err)
	}
}

func TestNextBoot(t *testing.T) {
	t.Parallel()
	s, path := fresh(t)
	for i, c := range [][2]uint64{{0, 1}, {0, 2}, {7, 8}, {3, 9}} {
		boot, err := s.NextBoot(t.Context(), c[0])
		if err != nil || boot != c[1] {
			t.Errorf("boot %d is %d, %v, want %d", i+1, boot, err, c[1])
		}
		s.Close()
		s, _ = open(t, path)
	}
}

func TestTrustedTime_NeverGoesBack(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s, _ := fresh(t)
	if _, ok, err := s.TrustedTime(ctx); ok || err != nil {
		t.Errorf("trusted time of an empty store: %v, %v", ok, err)
	}
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct{ set, want time.Time }{
		{time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC), time.UnixMilli(0).UTC()},
		{noon, noon},
		{noon.Add(-time.Hour), noon},
		{noon.Add(time.Millisecond), noon.Add(time.Millisecond)},
		{time.Unix(0, 0), noon.Add(time.Millisecond)},
	} {
		if err := s.SetTrustedTime(ctx, c.set); err != nil {
			t.Fatal(err)
		}
		if got, _, err := s.TrustedTime(ctx); err != nil || !got.Equal(c.want) || got.Location() != time.UTC {
			t.Errorf("after %v it is %v, %v, want %v", c.set, got, err, c.want)
		}
	}
}
