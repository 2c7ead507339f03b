package journal_test

import (
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"cubby/internal/journal"
	"cubby/internal/journal/journaltest"
)

const site = journaltest.Site

// tamper is one way to falsify a journal at record n (1-based), and what must be found.
type tamper struct {
	name string
	do   func(rows []journal.Record, n int) []journal.Record
	kind journal.Kind
	// last is the kind when n is the last record; 0 when the tampering needs a next one.
	last journal.Kind
}

func tampers() []tamper {
	renumber := func(rows []journal.Record) []journal.Record {
		for i := range rows {
			rows[i].Number = uint64(i + 1)
		}
		return rows
	}
	alien := func(rows []journal.Record, n int, chained bool) journal.Record {
		r := journal.Record{Epoch: rows[0].Epoch, Number: uint64(n), Body: []byte("alien")}
		var prev [32]byte
		if n > 1 {
			prev = rows[n-2].Chain
		}
		if r.Chain = [32]byte{4, 4}; chained {
			r.Chain = journal.NextChain(prev, r.Body)
		}
		return r
	}
	return []tamper{
		{"flip body", func(rows []journal.Record, n int) []journal.Record {
			rows[n-1].Body = slices.Clone(rows[n-1].Body)
			rows[n-1].Body[len(rows[n-1].Body)/2] ^= 0x10
			return rows
		}, journal.KindFlipped, journal.KindFlipped},
		{"flip chain", func(rows []journal.Record, n int) []journal.Record {
			rows[n-1].Chain[31] ^= 1
			return rows
		}, journal.KindFlipped, journal.KindFlipped},
		{"delete", func(rows []journal.Record, n int) []journal.Record {
			return slices.Delete(rows, n-1, n)
		}, journal.KindRemoved, journal.KindTruncated},
		{"delete and renumber", func(rows []journal.Record, n int) []journal.Record {
			return renumber(slices.Delete(rows, n-1, n))
		}, journal.KindRemoved, journal.KindTruncated},
		{"insert", func(rows []journal.Record, n int) []journal.Record {
			return renumber(slices.Insert(rows, n-1, alien(rows, n, false)))
		}, journal.KindInserted, journal.KindInserted},
		{"insert with a chain that fits", func(rows []journal.Record, n int) []journal.Record {
			return renumber(slices.Insert(rows, n-1, alien(rows, n, true)))
		}, journal.KindInserted, journal.KindInserted},
		{"insert a number again", func(rows []journal.Record, n int) []journal.Record {
			return slices.Insert(rows, n, alien(rows, n, false))
		}, journal.KindInserted, journal.KindInserted},
		{"swap rows", func(rows []journal.Record, n int) []journal.Record {
			rows[n-1], rows[n] = rows[n], rows[n-1]
			return renumber(rows)
		}, journal.KindSwapped, 0},
		{"swap rows with their numbers", func(rows []journal.Record, n int) []journal.Record {
			rows[n-1], rows[n] = rows[n], rows[n-1]
			return rows
		}, journal.KindSwapped, 0},
		{"swap bodies", func(rows []journal.Record, n int) []journal.Record {
			rows[n-1].Body, rows[n].Body = rows[n].Body, rows[n-1].Body
			return rows
		}, journal.KindSwapped, 0},
		{"swap with the last", func(rows []journal.Record, n int) []journal.Record {
			last := len(rows) - 1
			rows[n-1], rows[last] = rows[last], rows[n-1]
			return renumber(rows)
		}, journal.KindSwapped, 0},
		{"truncate", func(rows []journal.Record, n int) []journal.Record {
			return rows[:n-1]
		}, journal.KindTruncated, journal.KindTruncated},
	}
}

// filled returns a log over memory with count records and a head after each `every`.
func filled(tb testing.TB, st journal.Storage, count, every int) *journal.Log {
	tb.Helper()
	l, err := journal.New(tb.Context(), st, journaltest.Options())
	if err != nil {
		tb.Fatal(err)
	}
	fill(tb, l, count, every)
	return l
}

func fill(tb testing.TB, l *journal.Log, count, every int) {
	tb.Helper()
	_, next, err := l.Next(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	for first := int(next); first < int(next)+count; first += every {
		if err := l.Append(tb.Context(), uint64(first), journaltest.Entries(first, min(every, int(next)+count-first))); err != nil {
			tb.Fatal(err)
		}
		if _, err := l.Checkpoint(tb.Context()); err != nil {
			tb.Fatal(err)
		}
	}
}

type content struct {
	epoch journal.Epoch
	heads []journal.Head
	rows  []journal.Record
}

func contentOf(tb testing.TB, st journal.Storage) content {
	tb.Helper()
	epochs, err := st.Epochs(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	c := content{epoch: epochs[len(epochs)-1]}
	if c.heads, err = st.Heads(tb.Context(), c.epoch.Number); err != nil {
		tb.Fatal(err)
	}
	if c.rows, err = st.Read(tb.Context(), c.epoch.Number, 1, 1<<20); err != nil {
		tb.Fatal(err)
	}
	return c
}

func stream(rows []journal.Record) iter.Seq2[journal.Record, error] {
	return func(yield func(journal.Record, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// TestVerify_NamesEveryTamperedRecord falsifies each of 1,000 records in each way.
func TestVerify_NamesEveryTamperedRecord(t *testing.T) {
	t.Parallel()
	const count = 1000
	st := journal.NewMemory()
	filled(t, st, count, 90)
	c := contentOf(t, st)
	for _, tc := range tampers() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for n := 1; n <= count; n++ {
				kind := tc.kind
				if n == count {
					kind = tc.last
				}
				if kind == 0 {
					continue
				}
				rows := tc.do(slices.Clone(c.rows), n)
				report, err := journal.VerifyRecords(site, c.epoch, c.heads, stream(rows), journal.VerifyOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if f := report.Fault; f == nil || f.Kind != kind || f.Number != uint64(n) || f.Epoch != 1 {
					t.Fatalf("record %d: found %v, want it %v", n, f, kind)
				}
			}
		})
	}
}

// TestVerify_FindsRewrittenHistory makes the chain anew from the changed record on, as somebody
// would who can write the file but not sign.
func TestVerify_FindsRewrittenHistory(t *testing.T) {
	t.Parallel()
	st := journal.NewMemory()
	filled(t, st, 100, 10)
	c := contentOf(t, st)
	for n := 1; n <= 100; n++ {
		rows := slices.Clone(c.rows)
		rows[n-1].Body = []byte("rewritten")
		chain := journal.HashHead(c.epoch.Prev)
		front := new(journal.Frontier)
		for i := range rows {
			chain = journal.NextChain(chain, rows[i].Body)
			rows[i].Chain = chain
			front.AppendBody(rows[i].Body)
		}
		epoch := c.epoch
		epoch.Tip.Chain = chain
		epoch.Tip.Frontier, _ = front.MarshalBinary()
		report, err := journal.VerifyRecords(site, epoch, c.heads, stream(rows), journal.VerifyOptions{})
		if err != nil {
			t.Fatal(err)
		}
		first := uint64((n-1)/10*10 + 1)
		want := journal.Fault{Kind: journal.KindRewritten, Epoch: 1, Number: first, Through: first + 9}
		if report.Fault == nil || *report.Fault != want || report.Covered != first-1 {
			t.Fatalf("record %d rewritten: found %v (covered %d), want %v", n, report.Fault, report.Covered, want)
		}
		// Without the heads nothing shows, unless somebody else keeps one.
		opts := journal.VerifyOptions{Site: publicKey(journaltest.Key())}
		if report, err = journal.VerifyRecords(site, epoch, nil, stream(rows), opts); err != nil || report.Fault != nil {
			t.Fatalf("without heads: %v, %v", report.Fault, err)
		}
		opts.Trusted = [][]byte{c.heads[len(c.heads)-1].Note}
		report, err = journal.VerifyRecords(site, epoch, nil, stream(rows), opts)
		if err != nil || report.Fault == nil || report.Fault.Kind != journal.KindRewritten {
			t.Fatalf("with a trusted head: %v, %v", report.Fault, err)
		}
	}
}

func TestVerify_TrustedHeadShowsCutTail(t *testing.T) {
	t.Parallel()
	st := journal.NewMemory()
	filled(t, st, 30, 10)
	c := contentOf(t, st)
	short := journal.NewMemory()
	filled(t, short, 20, 10)
	s := contentOf(t, short)
	opts := journal.VerifyOptions{Site: publicKey(journaltest.Key())}
	report, err := journal.VerifyRecords(site, s.epoch, s.heads, stream(s.rows), opts)
	if err != nil || report.Fault != nil {
		t.Fatalf("a whole journal: %v, %v", report.Fault, err)
	}
	opts.Trusted = [][]byte{c.heads[2].Note}
	report, err = journal.VerifyRecords(site, s.epoch, s.heads, stream(s.rows), opts)
	want := journal.Fault{Kind: journal.KindTruncated, Epoch: 1, Number: 21}
	if err != nil || report.Fault == nil || *report.Fault != want {
		t.Fatalf("found %v, %v, want %v", report.Fault, err, want)
	}
}

func TestVerify_BadHeads(t *testing.T) {
	t.Parallel()
	st := journal.NewMemory()
	filled(t, st, 30, 10)
	c := contentOf(t, st)
	forged := journal.Checkpoint{Site: site, Epoch: 1, Size: 20, Root: c.root(20)}
	other := forged
	other.Site = "site-2"
	for name, note := range map[string][]byte{
		"another key":  sign(t, forged.Text(), journal.SiteKeyName(site), serverKey()),
		"another site": sign(t, other.Text(), journal.SiteKeyName(site), journaltest.Key()),
		"no note":      []byte("x"),
	} {
		heads := slices.Clone(c.heads)
		heads[1].Note = note
		opts := journal.VerifyOptions{Site: publicKey(journaltest.Key())}
		report, err := journal.VerifyRecords(site, c.epoch, heads, stream(c.rows), opts)
		if f := report.Fault; err != nil || f == nil || f.Kind != journal.KindHead || f.Number != 20 {
			t.Errorf("%s: found %v, %v", name, f, err)
		}
	}
	c.epoch.Tip.Chain[0] ^= 1
	report, err := journal.VerifyRecords(site, c.epoch, c.heads, stream(c.rows), journal.VerifyOptions{})
	if f := report.Fault; err != nil || f == nil || f.Kind != journal.KindTip || f.Number != 30 {
		t.Errorf("changed tip: found %v, %v", f, err)
	}
}

func (c content) root(size int) [32]byte {
	var f journal.Frontier
	for _, r := range c.rows[:size] {
		f.AppendBody(r.Body)
	}
	return f.Root()
}

// TestVerifyFile_NamesTamperedRow falsifies rows of real files with SQL.
func TestVerifyFile_NamesTamperedRow(t *testing.T) {
	t.Parallel()
	const count = 1000
	dir := t.TempDir()
	path := filepath.Join(dir, "good.db")
	l, _, err := journal.Open(t.Context(), fileOptions(path))
	if err != nil {
		t.Fatal(err)
	}
	fill(t, l, count, 90)
	c := contentOf(t, journal.FileOf(l))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i, tc := range tampers() {
		if tc.name == "insert a number again" || tc.name == "swap rows with their numbers" {
			continue // the primary key makes these the same as others
		}
		for range 3 {
			n := 1 + rng.IntN(count-1)
			copied := filepath.Join(dir, fmt.Sprintf("copy-%d-%d.db", i, n))
			if err := os.WriteFile(copied, good, 0o600); err != nil {
				t.Fatal(err)
			}
			replaceRows(t, copied, tc.do(slices.Clone(c.rows), n))
			report, err := journal.VerifyFile(t.Context(), copied, journal.VerifyOptions{Site: publicKey(journaltest.Key())})
			if err != nil {
				t.Fatal(err)
			}
			if f := report.Fault(); f == nil || f.Kind != tc.kind || f.Number != uint64(n) {
				t.Errorf("%s at %d: found %v, want %v", tc.name, n, f, tc.kind)
			}
		}
	}
}

func replaceRows(t *testing.T, path string, rows []journal.Record) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec("DELETE FROM records"); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		id := r.Epoch<<40 | r.Number
		if _, err := tx.Exec("INSERT INTO records (id, body, annex, chain) VALUES (?, ?, ?, ?)", id, r.Body, r.Annex, r.Chain[:]); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyFile_Unreadable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "j.db")
	if _, err := journal.VerifyFile(t.Context(), path, journal.VerifyOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(path, []byte("this is not a database, and it is long enough to look like one"), 0o600); err != nil {
		t.Fatal(err)
	}
	report, err := journal.VerifyFile(t.Context(), path, journal.VerifyOptions{})
	if f := report.Fault(); err != nil || f == nil || f.Kind != journal.KindUnreadable {
		t.Errorf("garbage: %v, %v", f, err)
	}
}

// TestVerify_WhileAppending checks that a check beside a writer finds no fault.
func TestVerify_WhileAppending(t *testing.T) {
	t.Parallel()
	st := journal.NewMemory()
	l := filled(t, st, 3000, 500)
	done := make(chan error, 1)
	go func() {
		var err error
		for n := 3001; n <= 4000 && err == nil; n++ {
			err = l.Append(t.Context(), uint64(n), journaltest.Entries(n, 1))
		}
		done <- err
	}()
	for range 3 {
		var calls int
		report, err := l.Verify(t.Context(), func(done, total uint64) { calls++ })
		if err != nil || report.Fault() != nil || calls == 0 {
			t.Errorf("found %v, %v after %d calls", report.Fault(), err, calls)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

// TestVerify_SeveralComputers holds epochs to the keys of the computers that a site has had: each epoch is
// signed throughout by one of them.
func TestVerify_SeveralComputers(t *testing.T) {
	t.Parallel()
	st := journal.NewMemory()
	filled(t, st, 30, 10)
	c := contentOf(t, st)
	next := func(size uint64, key ed25519.PrivateKey) journal.Head {
		text := journal.Checkpoint{Site: site, Epoch: 1, Size: size, Root: c.root(int(size))}.Text()
		head := c.heads[size/10-1]
		head.Note = sign(t, text, journal.SiteKeyName(site), key)
		return head
	}
	old, fresh := journaltest.Key(), serverKey()
	check := func(name string, heads []journal.Head, good bool, keys ...ed25519.PrivateKey) {
		t.Helper()
		opts := journal.VerifyOptions{Site: publicKey(keys[0])}
		for _, k := range keys[1:] {
			opts.Others = append(opts.Others, publicKey(k))
		}
		report, err := journal.VerifyRecords(site, c.epoch, heads, stream(c.rows), opts)
		if err != nil || good != (report.Fault == nil) || !report.Signed {
			t.Errorf("%s: found %v, %v, want it good: %t", name, report.Fault, err, good)
		}
		if !good && report.Fault != nil && report.Fault.Kind != journal.KindHead {
			t.Errorf("%s: found %v, want a bad head", name, report.Fault)
		}
	}
	all := []journal.Head{next(10, fresh), next(20, fresh), next(30, fresh)}
	mixed := []journal.Head{next(10, old), next(20, fresh), next(30, fresh)}
	check("the first computer", c.heads, true, old, fresh)
	check("the second computer", all, true, old, fresh)
	check("a computer that is not named", all, false, old)
	check("both in one epoch", mixed, false, old, fresh)
}
