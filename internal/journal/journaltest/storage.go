package journaltest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"testing"
	"time"

	"cubby/internal/journal"
)

// Site is the site id of the journals that the suite writes.
const Site = "site-1"

// Key returns a fixed signing key, so that heads are the same in every run.
func Key() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
}

// Options returns LogOptions for Site with a fixed clock.
func Options() journal.LogOptions {
	return journal.LogOptions{
		Site: Site, Signer: Key(),
		Now: func() time.Time { return time.UnixMilli(1_750_000_000_000) },
	}
}

// Entries returns n entries, the first with the given number in its body. Each second one has an
// annex.
func Entries(first, n int) []journal.Entry {
	entries := make([]journal.Entry, n)
	for i := range entries {
		entries[i].Body = fmt.Appendf(nil, "operation %d", first+i)
		if i%2 == 1 {
			entries[i].Annex = fmt.Appendf(nil, "name %d", first+i)
		}
	}
	return entries
}

// Exercise runs the suite. open returns an empty storage of Site each time it is called and
// closes it when the test ends.
func Exercise(t *testing.T, open func(t *testing.T) journal.Storage) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, journal.Storage){
		"empty":            testEmpty,
		"append":           testAppend,
		"conflict":         testConflict,
		"two writers":      testTwoWriters,
		"start":            testStart,
		"heads":            testHeads,
		"erase":            testErase,
		"read in pages":    testPages,
		"caller's bytes":   testOwnership,
		"whole log":        testLog,
		"nothing by half":  testAtomic,
		"annex or nothing": testAnnex,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func testEmpty(t *testing.T, st journal.Storage) {
	t.Helper()
	ctx := t.Context()
	if epochs, err := st.Epochs(ctx); err != nil || len(epochs) != 0 {
		t.Fatalf("epochs of an empty storage: %v, %v", epochs, err)
	}
	if rows, err := st.Read(ctx, 1, 1, 10); err != nil || len(rows) != 0 {
		t.Fatalf("records of an empty storage: %v, %v", rows, err)
	}
	if heads, err := st.Heads(ctx, 1); err != nil || len(heads) != 0 {
		t.Fatalf("heads of an empty storage: %v, %v", heads, err)
	}
	if err := st.Commit(ctx, batch(1, 1, 1)); !errors.Is(err, journal.ErrConflict) {
		t.Fatalf("append without an epoch: %v, want ErrConflict", err)
	}
}

func testAppend(t *testing.T, st journal.Storage) {
	t.Helper()
	start(t, st, 3)
	commit(t, st, batch(3, 1, 2))
	commit(t, st, batch(3, 3, 1))
	rows := read(t, st, 3, 1, 10)
	if len(rows) != 3 {
		t.Fatalf("%d records, want 3", len(rows))
	}
	want := append(batch(3, 1, 2).Append.Records, batch(3, 3, 1).Append.Records...)
	for i, r := range rows {
		if r.Epoch != 3 || r.Number != uint64(i+1) || !bytes.Equal(r.Body, want[i].Body) ||
			!bytes.Equal(r.Annex, want[i].Annex) || r.Chain != want[i].Chain {
			t.Errorf("record %d is %+v, want %+v", i+1, r, want[i])
		}
	}
	if tip := epochs(t, st)[0].Tip; tip.Size != 3 || tip.Chain != want[2].Chain || !bytes.Equal(tip.Frontier, []byte("frontier at 3")) {
		t.Errorf("tip is %+v", tip)
	}
}

func testConflict(t *testing.T, st journal.Storage) {
	t.Helper()
	start(t, st, 1)
	commit(t, st, batch(1, 1, 2))
	for name, change := range map[string]journal.Change{
		"a number again":  batch(1, 2, 1),
		"a number beyond": batch(1, 4, 1),
		"another epoch":   batch(2, 3, 1),
	} {
		if err := st.Commit(t.Context(), change); !errors.Is(err, journal.ErrConflict) {
			t.Errorf("%s: %v, want ErrConflict", name, err)
		}
	}
	start(t, st, 2)
	if err := st.Commit(t.Context(), batch(1, 3, 1)); !errors.Is(err, journal.ErrConflict) {
		t.Errorf("append to an epoch that has ended: %v, want ErrConflict", err)
	}
	if rows := read(t, st, 1, 1, 10); len(rows) != 2 {
		t.Errorf("%d records after conflicts, want 2", len(rows))
	}
}

// testTwoWriters lets two writers name the same number at once; one of each pair must win.
func testTwoWriters(t *testing.T, st journal.Storage) {
	t.Helper()
	start(t, st, 1)
	const rounds = 20
	for n := uint64(1); n <= rounds; n++ {
		results := make(chan error, 2)
		for range 2 {
			go func() { results <- st.Commit(context.WithoutCancel(t.Context()), batch(1, n, 1)) }()
		}
		won := 0
		for range 2 {
			switch err := <-results; {
			case err == nil:
				won++
			case !errors.Is(err, journal.ErrConflict):
				t.Fatalf("record %d: %v, want ErrConflict", n, err)
			}
		}
		if won != 1 {
			t.Fatalf("record %d was appended by %d writers, want 1", n, won)
		}
	}
	if rows := read(t, st, 1, 1, 100); len(rows) != rounds {
		t.Errorf("%d records, want %d", len(rows), rounds)
	}
}

func testStart(t *testing.T, st journal.Storage) {
	t.Helper()
	want := journal.Epoch{
		Number: 5, Reason: "replacement", Prev: []byte("head"), OpenedUnixMS: 99,
		Tip: journal.Tip{Chain: [32]byte{1, 2}, Frontier: []byte("frontier")},
	}
	commit(t, st, journal.Change{Start: &want})
	got := epochs(t, st)[0]
	if got.Number != 5 || got.Reason != want.Reason || !bytes.Equal(got.Prev, want.Prev) || got.OpenedUnixMS != 99 ||
		got.Tip.Size != 0 || got.Tip.Chain != want.Tip.Chain || !bytes.Equal(got.Tip.Frontier, want.Tip.Frontier) {
		t.Errorf("epoch is %+v, want %+v", got, want)
	}
	for _, number := range []uint64{5, 4} {
		err := st.Commit(t.Context(), journal.Change{Start: &journal.Epoch{Number: number, Tip: want.Tip}})
		if !errors.Is(err, journal.ErrConflict) {
			t.Errorf("start epoch %d after 5: %v, want ErrConflict", number, err)
		}
	}
	start(t, st, 6)
	if all := epochs(t, st); len(all) != 2 || all[1].Number != 6 || all[1].Prev != nil {
		t.Errorf("epochs are %+v", all)
	}
}

func testHeads(t *testing.T, st journal.Storage) {
	t.Helper()
	start(t, st, 1)
	for _, size := range []uint64{0, 20, 3} {
		commit(t, st, journal.Change{Head: &journal.Head{Epoch: 1, Size: size, Note: []byte("signed"), Frontier: []byte{byte(size)}}})
	}
	commit(t, st, journal.Change{Head: &journal.Head{Epoch: 1, Size: 3, Note: []byte("both"), Countersigned: true, Frontier: []byte{3}}})
	heads, err := st.Heads(t.Context(), 1)
	if err != nil || len(heads) != 3 {
		t.Fatalf("heads are %+v, %v", heads, err)
	}
	for i, size := range []uint64{0, 3, 20} {
		h := heads[i]
		if h.Epoch != 1 || h.Size != size || h.Countersigned != (size == 3) || !bytes.Equal(h.Frontier, []byte{byte(size)}) {
			t.Errorf("head %d is %+v", i, h)
		}
	}
	if !bytes.Equal(heads[1].Note, []byte("both")) {
		t.Errorf("note of the replaced head is %q", heads[1].Note)
	}
	if other, err := st.Heads(t.Context(), 2); err != nil || len(other) != 0 {
		t.Errorf("heads of another epoch: %v, %v", other, err)
	}
}

func testErase(t *testing.T, st journal.Storage) {
	t.Helper()
	start(t, st, 1)
	commit(t, st, batch(1, 1, 4))
	erase := journal.Change{Erase: &journal.Position{Epoch: 1, Number: 2}}
	commit(t, st, erase)
	commit(t, st, erase) // again is no error
	rows := read(t, st, 1, 1, 4)
	if rows[1].Annex != nil || rows[1].Body == nil || rows[3].Annex == nil {
		t.Errorf("records after erasing the annex of 2: %+v", rows)
	}
	err := st.Commit(t.Context(), journal.Change{Erase: &journal.Position{Epoch: 1, Number: 5}})
	if !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("erase beside no record: %v, want ErrNotFound", err)
	}
}

func testPages(t *testing.T, st journal.Storage) {
	t.Helper()
	start(t, st, 1)
	commit(t, st, batch(1, 1, 7))
	start(t, st, 2)
	commit(t, st, batch(2, 1, 1))
	for _, c := range []struct {
		from  uint64
		limit int
		want  []uint64
	}{
		{1, 3, []uint64{1, 2, 3}},
		{6, 3, []uint64{6, 7}},
		{8, 3, nil},
		{2, 0, nil},
	} {
		var got []uint64
		for _, r := range read(t, st, 1, c.from, c.limit) {
			got = append(got, r.Number)
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("read from %d, limit %d: %v, want %v", c.from, c.limit, got, c.want)
		}
	}
}

func testOwnership(t *testing.T, st journal.Storage) {
	t.Helper()
	start(t, st, 1)
	change := batch(1, 1, 2)
	commit(t, st, change)
	clear(change.Append.Records[0].Body)
	rows := read(t, st, 1, 1, 1)
	if rows[0].Body[0] == 0 {
		t.Error("the storage keeps the caller's bytes")
	}
	clear(rows[0].Body)
	if again := read(t, st, 1, 1, 1); again[0].Body[0] == 0 {
		t.Error("the storage hands out its own bytes")
	}
}

// testAtomic makes the last record of a batch collide with one that is there already.
func testAtomic(t *testing.T, st journal.Storage) {
	t.Helper()
	start(t, st, 1)
	commit(t, st, batch(1, 1, 1))
	if err := st.Commit(t.Context(), batch(1, 1, 5)); !errors.Is(err, journal.ErrConflict) {
		t.Fatalf("overlapping batch: %v, want ErrConflict", err)
	}
	if rows := read(t, st, 1, 1, 10); len(rows) != 1 {
		t.Errorf("%d records after a refused batch, want 1", len(rows))
	}
	if tip := epochs(t, st)[0].Tip; tip.Size != 1 {
		t.Errorf("tip is at %d after a refused batch, want 1", tip.Size)
	}
}

func testAnnex(t *testing.T, st journal.Storage) {
	t.Helper()
	start(t, st, 1)
	change := batch(1, 1, 1)
	change.Append.Records[0].Annex = nil
	commit(t, st, change)
	if rows := read(t, st, 1, 1, 1); rows[0].Annex != nil {
		t.Errorf("annex is %q, want nil", rows[0].Annex)
	}
}

// testLog runs a journal over the storage and checks it.
func testLog(t *testing.T, st journal.Storage) {
	t.Helper()
	ctx := t.Context()
	l, err := journal.New(ctx, st, Options())
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n < 60; n += 7 {
		if err := l.Append(ctx, uint64(n), Entries(n, 7)); err != nil {
			t.Fatal(err)
		}
		if _, err := l.Checkpoint(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.NewEpoch(ctx, "test", nil); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(ctx, 1, Entries(1, 3)); err != nil {
		t.Fatal(err)
	}
	again, err := journal.New(ctx, st, Options())
	if err != nil {
		t.Fatal(err)
	}
	if epoch, number, err := again.Next(ctx); epoch != 2 || number != 4 || err != nil {
		t.Errorf("next is %d/%d, %v, want 2/4", epoch, number, err)
	}
	report, err := again.Verify(ctx, nil)
	if err != nil || report.Fault() != nil || report.Records() != 66 {
		t.Errorf("report is %+v, %v", report, err)
	}
}

func batch(epoch, first uint64, n int) journal.Change {
	b := &journal.Batch{Epoch: epoch, Expect: first}
	for i, e := range Entries(int(first), n) {
		number := first + uint64(i)
		b.Records = append(b.Records, journal.Record{
			Epoch: epoch, Number: number, Body: e.Body, Annex: e.Annex, Chain: [32]byte{byte(number)},
		})
	}
	last := first + uint64(n) - 1
	b.Tip = journal.Tip{Size: last, Chain: [32]byte{byte(last)}, Frontier: fmt.Appendf(nil, "frontier at %d", last)}
	return journal.Change{Append: b}
}

func start(t *testing.T, st journal.Storage, number uint64) {
	t.Helper()
	commit(t, st, journal.Change{Start: &journal.Epoch{
		Number: number, Reason: "test", Tip: journal.Tip{Frontier: []byte("empty")},
	}})
}

func commit(t *testing.T, st journal.Storage, change journal.Change) {
	t.Helper()
	if err := st.Commit(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, st journal.Storage, epoch, from uint64, limit int) []journal.Record {
	t.Helper()
	rows, err := st.Read(t.Context(), epoch, from, limit)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func epochs(t *testing.T, st journal.Storage) []journal.Epoch {
	t.Helper()
	all, err := st.Epochs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}
