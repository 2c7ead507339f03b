package sitestore_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cubby/internal/sitestore"
)

func apply(tb testing.TB, s *sitestore.Store, list ...sitestore.Change) {
	tb.Helper()
	if err := s.ApplyChanges(tb.Context(), list); err != nil {
		tb.Fatal(err)
	}
}

// changes returns n changes of n people, the first with that rev.
func changes(first uint64, n int) []sitestore.Change {
	list := make([]sitestore.Change, n)
	for i := range list {
		rev := first + uint64(i)
		list[i] = sitestore.Change{Rev: rev, Kind: "person", ID: fmt.Sprintf("p%04d", rev), Body: fmt.Appendf(nil, `{"rev":%d}`, rev)}
	}
	return list
}

func ids(tb testing.TB, s *sitestore.Store) string {
	tb.Helper()
	objects, err := s.Objects(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	var list []string
	for _, o := range objects {
		list = append(list, fmt.Sprintf("%s/%s@%d=%s", o.Kind, o.ID, o.Rev, o.Body))
	}
	return strings.Join(list, " ")
}

func TestApplyChanges(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	apply(t, s,
		sitestore.Change{Rev: 1, Kind: "unit", ID: "u2", Body: []byte(`{"n":2}`)},
		sitestore.Change{Rev: 2, Kind: "unit", ID: "u1", Body: []byte(`[]`)},
		sitestore.Change{Rev: 3, Kind: "person", ID: "u1", Body: []byte(`{"name":"Ada"}`)},
		sitestore.Change{Rev: 4, Kind: "unit", ID: "u2", Body: []byte(`{"n":3}`)})
	if got, want := ids(t, s), `person/u1@3={"name":"Ada"} unit/u1@2=[] unit/u2@4={"n":3}`; got != want {
		t.Errorf("objects are %s, want %s", got, want)
	}
	apply(t, s, sitestore.Change{Rev: 5, Kind: "person", ID: "u1", Deleted: true})
	if got, want := ids(t, s), `unit/u1@2=[] unit/u2@4={"n":3}`; got != want {
		t.Errorf("objects are %s, want %s", got, want)
	}
	apply(t, s, sitestore.Change{Rev: 6, Kind: "person", ID: "u1", Body: []byte(`{}`)})
	if got, want := ids(t, s), `person/u1@6={} unit/u1@2=[] unit/u2@4={"n":3}`; got != want {
		t.Errorf("objects are %s, want %s", got, want)
	}
}

func TestApplyChanges_GapAppliesNothing(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	apply(t, s, changes(1, 3)...)
	before := ids(t, s)
	for _, list := range [][]sitestore.Change{
		changes(5, 1),
		append(changes(4, 2), changes(7, 1)...),
		append(changes(2, 2), changes(6, 1)...),
	} {
		err := s.ApplyChanges(t.Context(), list)
		var gap *sitestore.GapError
		if !errors.As(err, &gap) || !errors.Is(err, sitestore.ErrGap) {
			t.Fatalf("error is %v, want a GapError", err)
		}
		if last := list[len(list)-1].Rev; gap.Got != last || gap.Expected >= last {
			t.Errorf("gap is %+v for a batch up to %d", gap, last)
		}
		if _, rev, err := s.Rev(t.Context()); rev != 3 || err != nil || ids(t, s) != before {
			t.Errorf("rev is %d, %v after a gap, or the objects changed", rev, err)
		}
	}
}

func TestApplyChanges_SameRevIsIgnored(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	apply(t, s, changes(1, 3)...)
	before := ids(t, s)
	other := sitestore.Change{Rev: 2, Kind: "person", ID: "p0002", Body: []byte(`{"other":true}`)}
	apply(t, s, other)
	apply(t, s, changes(1, 3)...)
	if got := ids(t, s); got != before {
		t.Errorf("objects are %s, want %s", got, before)
	}
}

func TestApplyChanges_RefusesBadObjects(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	for name, c := range map[string]sitestore.Change{
		"no kind":  {Rev: 2, ID: "x", Body: []byte("{}")},
		"no id":    {Rev: 2, Kind: "unit", Body: []byte("{}")},
		"no body":  {Rev: 2, Kind: "unit", ID: "x"},
		"no JSON":  {Rev: 2, Kind: "unit", ID: "x", Body: []byte("{")},
		"too long": {Rev: 2, Kind: "unit", ID: "x", Body: []byte(`"` + strings.Repeat("x", sitestore.MaxObjectBody) + `"`)},
	} {
		if err := s.ApplyChanges(t.Context(), append(changes(1, 1), c)); !errors.Is(err, sitestore.ErrBadObject) {
			t.Errorf("%s: %v, want ErrBadObject", name, err)
		}
	}
	if _, rev, err := s.Rev(t.Context()); rev != 0 || err != nil {
		t.Errorf("rev is %d, %v after refusals", rev, err)
	}
}

func TestReset_ReplacesAll(t *testing.T) {
	t.Parallel()
	s, path := fresh(t)
	apply(t, s, changes(1, 5)...)
	objects := []sitestore.Object{{Kind: "unit", ID: "u1", Rev: 40, Body: []byte(`{"n":1}`)}}
	if err := s.Reset(t.Context(), "epoch-2", 41, objects); err != nil {
		t.Fatal(err)
	}
	bad := []sitestore.Object{{Kind: "unit", ID: "u2", Rev: 1, Body: []byte(`{}`)}, {Kind: "unit"}}
	if err := s.Reset(t.Context(), "epoch-3", 1, bad); !errors.Is(err, sitestore.ErrBadObject) {
		t.Errorf("reset with a bad object: %v, want ErrBadObject", err)
	}
	s.Close()
	s, _ = open(t, path)
	if epoch, rev, err := s.Rev(t.Context()); epoch != "epoch-2" || rev != 41 || err != nil {
		t.Errorf("directory is at %q %d, %v", epoch, rev, err)
	}
	if got, want := ids(t, s), `unit/u1@40={"n":1}`; got != want {
		t.Errorf("objects are %s, want %s", got, want)
	}
	apply(t, s, changes(42, 1)...)
}

// TestDeletedPersonIsGoneFromTheDisk looks for the bytes of a person after deletion.
func TestDeletedPersonIsGoneFromTheDisk(t *testing.T) {
	t.Parallel()
	s, path := fresh(t)
	const canary = "Ada Canary Lovelace"
	apply(t, s, sitestore.Change{Rev: 1, Kind: "person", ID: "p", Body: []byte(`{"name":"` + canary + `"}`)})
	apply(t, s, sitestore.Change{Rev: 2, Kind: "person", ID: "p", Deleted: true})
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(path + suffix)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if strings.Contains(string(data), canary) {
			t.Errorf("the person is still in the file %q", suffix)
		}
	}
}

// TestApplyChanges_AnyOrderOfBatches sends one history in any batches, with repeats and gaps, until
// it is complete, and compares with a map.
func TestApplyChanges_AnyOrderOfBatches(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		s, _, err := sitestore.Open(t.Context(), filepath.Join(dir, fmt.Sprintf("%d.db", n)))
		if err != nil {
			rt.Fatal(err)
		}
		defer s.Close()
		history := make([]sitestore.Change, rapid.IntRange(1, 12).Draw(rt, "length"))
		model := map[string]sitestore.Object{}
		for i := range history {
			c := sitestore.Change{Rev: uint64(i + 1), Kind: "k", ID: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "id")}
			if c.Deleted = rapid.Bool().Draw(rt, "deleted"); c.Deleted {
				delete(model, c.ID)
			} else {
				c.Body = json.RawMessage(strconv.Itoa(i))
				model[c.ID] = sitestore.Object{Kind: "k", ID: c.ID, Rev: c.Rev, Body: c.Body}
			}
			history[i] = c
		}
		for done := 0; done < len(history); {
			from := rapid.IntRange(0, len(history)-1).Draw(rt, "from")
			to := rapid.IntRange(from+1, len(history)).Draw(rt, "to")
			err := s.ApplyChanges(t.Context(), history[from:to])
			switch {
			case from > done:
				var gap *sitestore.GapError
				if !errors.As(err, &gap) || gap.Expected != uint64(done+1) {
					rt.Fatalf("changes %d to %d after %d: %v", from+1, to, done, err)
				}
			case err != nil:
				rt.Fatal(err)
			default:
				done = max(done, to)
			}
		}
		var want []string
		for _, o := range model {
			want = append(want, fmt.Sprintf("%s@%d=%s", o.ID, o.Rev, o.Body))
		}
		slices.Sort(want)
		objects, err := s.Objects(t.Context())
		if err != nil {
			rt.Fatal(err)
		}
		var got []string
		for _, o := range objects {
			got = append(got, fmt.Sprintf("%s@%d=%s", o.ID, o.Rev, o.Body))
		}
		if !slices.Equal(got, want) {
			rt.Fatalf("objects are %v, want %v", got, want)
		}
	})
}
