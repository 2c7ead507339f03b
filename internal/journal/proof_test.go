package journal_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cubby/internal/journal"
)

func TestProof_AnyRecordInAnyTree(t *testing.T) {
	t.Parallel()
	const count = 1300 // more than five blocks
	st := journal.NewMemory()
	l := filled(t, st, count, 100)
	c := contentOf(t, st)
	head := func(size int) journal.Checkpoint {
		return journal.Checkpoint{Site: site, Epoch: 1, Size: uint64(size), Root: c.root(size)}
	}
	rapid.Check(t, func(rt *rapid.T) {
		size := rapid.IntRange(1, count).Draw(rt, "size")
		number := rapid.IntRange(1, size).Draw(rt, "number")
		old := rapid.IntRange(1, size).Draw(rt, "old")
		h := head(size)
		record, err := l.ProveRecord(t.Context(), 1, uint64(number), uint64(size))
		if err != nil {
			rt.Fatal(err)
		}
		body := c.rows[number-1].Body
		if err := journal.CheckRecord(record, h, uint64(number), body); err != nil {
			rt.Fatal(err)
		}
		if err := journal.CheckRecord(record, h, uint64(number), append(slices.Clone(body), 'x')); !errors.Is(err, journal.ErrBadProof) {
			rt.Fatalf("another body is proved: %v", err)
		}
		tree, err := l.ProveTree(t.Context(), 1, uint64(old), uint64(size))
		if err != nil {
			rt.Fatal(err)
		}
		before := head(old)
		if err := journal.CheckTree(tree, h, before); err != nil {
			rt.Fatal(err)
		}
		before.Root[3] ^= 1
		if err := journal.CheckTree(tree, h, before); !errors.Is(err, journal.ErrBadProof) {
			rt.Fatalf("another history is proved: %v", err)
		}
	})
}

func TestProof_OutOfRange(t *testing.T) {
	t.Parallel()
	l := filled(t, journal.NewMemory(), 10, 10)
	for _, c := range [][3]uint64{{1, 0, 5}, {1, 6, 5}, {1, 5, 11}, {2, 1, 1}} {
		if _, err := l.ProveRecord(t.Context(), c[0], c[1], c[2]); !errors.Is(err, journal.ErrNotFound) {
			t.Errorf("record %v: %v, want ErrNotFound", c, err)
		}
		if _, err := l.ProveTree(t.Context(), c[0], c[1], c[2]); !errors.Is(err, journal.ErrNotFound) {
			t.Errorf("tree %v: %v, want ErrNotFound", c, err)
		}
	}
	h := journal.Checkpoint{Site: site, Epoch: 1, Size: 5}
	if err := journal.CheckRecord(nil, h, 6, []byte("x")); !errors.Is(err, journal.ErrBadProof) {
		t.Errorf("record beyond the head: %v", err)
	}
	if err := journal.CheckTree(nil, h, journal.Checkpoint{Site: site, Epoch: 2, Size: 5}); !errors.Is(err, journal.ErrBadProof) {
		t.Errorf("heads of two epochs: %v", err)
	}
}

// TestProof_SurvivesAppends asks again after the tree has grown.
func TestProof_SurvivesAppends(t *testing.T) {
	t.Parallel()
	st := journal.NewMemory()
	l := filled(t, st, 300, 100)
	for range 3 {
		c := contentOf(t, st)
		size := len(c.rows)
		proof, err := l.ProveRecord(t.Context(), 1, 257, uint64(size))
		if err != nil {
			t.Fatal(err)
		}
		h := journal.Checkpoint{Site: site, Epoch: 1, Size: uint64(size), Root: c.root(size)}
		if err := journal.CheckRecord(proof, h, 257, c.rows[256].Body); err != nil {
			t.Error(err)
		}
		fill(t, l, 300, 100)
	}
}
