package journal_test

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"cubby/internal/journal"
)

// memoryHashes stores a whole tlog tree, to compare with.
type memoryHashes []tlog.Hash

func (m memoryHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hashes[i] = m[index]
	}
	return hashes, nil
}

func (m *memoryHashes) add(t interface{ Fatal(...any) }, n int64, body []byte) {
	hashes, err := tlog.StoredHashes(n, body, *m)
	if err != nil {
		t.Fatal(err)
	}
	*m = append(*m, hashes...)
}

func TestFrontier_EqualsTreeHash(t *testing.T) {
	t.Parallel()
	var hashes memoryHashes
	var f journal.Frontier
	for n := range int64(1100) {
		want, err := tlog.TreeHash(n, hashes)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Root(); got != want || f.Size() != uint64(n) {
			t.Fatalf("root at %d is %v (size %d), want %v", n, got, f.Size(), want)
		}
		body := binary.BigEndian.AppendUint64(nil, uint64(n))
		hashes.add(t, n, body)
		f.AppendBody(body)
	}
}

func TestFrontier_AnyBodiesAndRestarts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		bodies := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 1, 40), 0, 70).Draw(t, "bodies")
		var hashes memoryHashes
		f := new(journal.Frontier)
		for i, body := range bodies {
			hashes.add(t, int64(i), body)
			before := f.Clone()
			f.AppendBody(body)
			if before.Size() != uint64(i) || before.Equal(f) {
				t.Fatal("appending changed the clone")
			}
			if rapid.Bool().Draw(t, "restart") {
				f = remarshal(t, f)
			}
		}
		want, err := tlog.TreeHash(int64(len(bodies)), hashes)
		if err != nil {
			t.Fatal(err)
		}
		if f.Root() != want {
			t.Fatalf("root of %d bodies is %v, want %v", len(bodies), f.Root(), want)
		}
	})
}

func remarshal(t *rapid.T, f *journal.Frontier) *journal.Frontier {
	data, err := f.MarshalBinary()
	if err != nil || len(data) != 8+32*bits.OnesCount64(f.Size()) {
		t.Fatalf("frontier of %d has %d bytes, %v", f.Size(), len(data), err)
	}
	g := new(journal.Frontier)
	if err := g.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if !g.Equal(f) {
		t.Fatal("frontier changed on its way through bytes")
	}
	return g
}

func FuzzFrontier_Unmarshal(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 8))
	f.Add(append([]byte{0, 0, 0, 0, 0, 0, 0, 5}, make([]byte, 64)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		var g journal.Frontier
		if err := g.UnmarshalBinary(data); err != nil {
			if !errors.Is(err, journal.ErrBadHead) {
				t.Fatalf("error is %v, want ErrBadHead", err)
			}
			return
		}
		again, err := g.MarshalBinary()
		if err != nil || len(data) > 0 && string(again) != string(data) {
			t.Fatalf("%x became %x, %v", data, again, err)
		}
		g.AppendBody([]byte("x"))
		g.Root()
	})
}

func BenchmarkFrontier_Append(b *testing.B) {
	body := make([]byte, 600)
	var f journal.Frontier
	b.ReportAllocs()
	for b.Loop() {
		f.AppendBody(body)
	}
}
