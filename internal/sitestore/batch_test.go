package sitestore_test

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"cubby/internal/sitestore"
)

func TestStore_ApplyRange(t *testing.T) {
	t.Parallel()
	s, _, err := sitestore.Open(t.Context(), filepath.Join(t.TempDir(), "site.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	change := func(rev uint64, id string) sitestore.Change {
		return sitestore.Change{Rev: rev, Kind: "unit", ID: id, Body: json.RawMessage(`{}`)}
	}
	rev := func() uint64 {
		_, r, err := s.Rev(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if err := s.ApplyRange(t.Context(), 0, 7, []sitestore.Change{change(3, "a"), change(7, "b")}); err != nil || rev() != 7 {
		t.Fatalf("rev %d, error %v: overtaken revs may be missing", rev(), err)
	}
	if err := s.ApplyRange(t.Context(), 0, 7, []sitestore.Change{change(3, "x")}); err != nil {
		t.Errorf("a repeat: %v", err)
	}
	if err := s.ApplyRange(t.Context(), 9, 10, []sitestore.Change{change(10, "c")}); !errors.Is(err, sitestore.ErrGap) {
		t.Errorf("a gap: %v", err)
	}
	if err := s.ApplyRange(t.Context(), 7, 8, []sitestore.Change{change(9, "c")}); !errors.Is(err, sitestore.ErrBadObject) {
		t.Errorf("a rev outside of the batch: %v", err)
	}
	objects, err := s.Objects(t.Context())
	if err != nil || len(objects) != 2 || rev() != 7 {
		t.Errorf("%d objects at rev %d, %v; want 2 at 7", len(objects), rev(), err)
	}
}
