package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cubby/internal/journal"
	"cubby/internal/journal/journaltest"
)

const operatorName = "operator"

// published returns the publication of one day as a file: with the heads, or with their hashes only.
func published(tb testing.TB, day string, prev [32]byte, whole bool, heads ...[]byte) []byte {
	tb.Helper()
	p := journal.Publication{Day: day, Prev: prev}
	for _, head := range heads {
		p.Sums = append(p.Sums, journal.HashHead(head))
	}
	p.Sort()
	signed := sign(tb, p.Text(), operatorName, serverKey())
	if !whole {
		heads = nil
	}
	return journal.JoinPublication(signed, heads)
}

func opened(tb testing.TB, files ...[]byte) (all []journal.Published) {
	tb.Helper()
	for _, file := range files {
		p, err := journal.OpenPublication(file, verifier(tb, operatorName, serverKey()))
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// otherHead is the head of another site, which stands in every publication.
func otherHead(tb testing.TB) []byte {
	tb.Helper()
	c := journal.Checkpoint{Site: "site-2", Epoch: 1, Size: 5, Root: [32]byte{7}}
	return sign(tb, c.Text(), journal.SiteKeyName("site-2"), serverKey())
}

// history is the export of 30 records with a head after each tenth, with record n written anew. Whoever holds the
// site's key can sign all of it: that is what an operator could do to a site inside its server.
func history(tb testing.TB, count, n int) (export string, heads [][]byte) {
	tb.Helper()
	l, err := journal.New(tb.Context(), journal.NewMemory(), journaltest.Options())
	if err != nil {
		tb.Fatal(err)
	}
	for first := 1; first <= count; first += 10 {
		entries := journaltest.Entries(first, 10)
		if n >= first && n < first+10 {
			entries[n-first].Body = []byte("written anew")
		}
		if err := l.Append(tb.Context(), uint64(first), entries); err != nil {
			tb.Fatal(err)
		}
		head, err := l.Checkpoint(tb.Context())
		if err != nil {
			tb.Fatal(err)
		}
		heads = append(heads, head.Note)
	}
	return exported(tb, l, journal.ExportOptions{}), heads
}

// A history that was changed, or cut, between two published heads and signed anew is found, and the records are named.
func TestVerify_HistoryBetweenPublishedHeads(t *testing.T) {
	t.Parallel()
	good, heads := history(t, 30, 0)
	for _, whole := range []bool{false, true} {
		var files [][]byte
		var prev [32]byte
		for i, head := range heads {
			file := published(t, fmt.Sprintf("2026-11-%02d", 23+i), prev, whole, otherHead(t), head)
			prev = journal.HashHead(file)
			files = append(files, file)
		}
		days := opened(t, files...)
		slices.Reverse(days) // in any order
		check := func(export string, days []journal.Published) (journal.Report, *journal.Fault) {
			report, err := journal.VerifyExport(strings.NewReader(export), journal.VerifyOptions{
				Site: publicKey(journaltest.Key()), Published: days,
			})
			if err != nil {
				t.Fatal(err)
			}
			return report, report.Fault()
		}
		if report, fault := check(good, days); fault != nil || report.Published != 3 {
			t.Errorf("the true record: %v, %d publications", fault, report.Published)
		}
		for _, tc := range []struct {
			name           string
			count, changed int
			from           uint64 // record that is named
			day            string
		}{
			{"changed on the first day", 30, 4, 1, "2026-11-23"},
			{"changed on the second day", 30, 15, 11, "2026-11-24"},
			{"changed on the third day", 30, 30, 21, "2026-11-25"},
			{"cut", 10, 0, 11, "2026-11-24"},
		} {
			export, _ := history(t, tc.count, tc.changed)
			if _, fault := check(export, nil); fault != nil {
				t.Errorf("%s: %v without a publication", tc.name, fault)
			}
			_, fault := check(export, days)
			switch {
			case fault == nil || fault.Number != tc.from || fault.Epoch != 1:
				t.Errorf("%s: found %v, want record %d", tc.name, fault, tc.from)
			case !whole && (fault.Kind != journal.KindUnpublished || fault.Detail != tc.day):
				t.Errorf("%s: found %v, want %s", tc.name, fault, tc.day)
			}
		}
		// One publication alone shows a change before it.
		export, _ := history(t, 30, 15)
		if _, fault := check(export, days[:1]); fault == nil {
			t.Error("the last publication alone shows nothing")
		}
		if _, fault := check(export, days[2:]); fault != nil {
			t.Errorf("the first publication alone shows %v", fault)
		}
	}
}

// An operator that publishes two rows of days is found out by whoever has one day of each.
func TestVerify_TwoRowsOfPublications(t *testing.T) {
	t.Parallel()
	good, heads := history(t, 30, 0)
	first := published(t, "2026-11-23", [32]byte{}, false, heads[0])
	same := published(t, "2026-11-23", [32]byte{}, false, heads[0], otherHead(t))
	next := published(t, "2026-11-24", journal.HashHead(same), false, heads[1])
	later := published(t, "2026-11-26", journal.HashHead(same), false, heads[2]) // a day between them is not here
	for _, tc := range []struct {
		name  string
		files [][]byte
		good  bool
	}{
		{"the same day twice", [][]byte{first, same}, false},
		{"the next day of another row", [][]byte{first, next}, false},
		{"one row", [][]byte{same, next}, true},
		{"the same file twice", [][]byte{same, same}, true},
		{"days apart", [][]byte{first, later}, true},
	} {
		_, err := journal.VerifyExport(strings.NewReader(good), journal.VerifyOptions{Published: opened(t, tc.files...)})
		if (err == nil) != tc.good || err != nil && !errors.Is(err, journal.ErrBadHead) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

func TestOpenPublication_RefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	_, heads := history(t, 10, 0)
	good := published(t, "2026-11-23", [32]byte{1}, true, heads[0])
	v := verifier(t, operatorName, serverKey())
	if p, err := journal.OpenPublication(good, v); err != nil || len(p.Heads) != 1 || !p.Holds(journal.HashHead(heads[0])) {
		t.Fatalf("a good one: %+v, %v", p, err)
	}
	if _, err := journal.OpenPublication(bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")), nil); err == nil {
		t.Error("with other line ends")
	}
	hash := journal.Publication{Day: "2026-11-23", Sums: [][32]byte{{9}, {1}}} // not sorted
	for name, file := range map[string][]byte{
		"empty":              nil,
		"text":               []byte("hello\n"),
		"a head":             heads[0],
		"another key":        sign(t, journal.Publication{Day: "2026-11-23"}.Text(), operatorName, journaltest.Key()),
		"another name":       sign(t, journal.Publication{Day: "2026-11-23"}.Text(), "stranger", serverKey()),
		"a head not in it":   journal.JoinPublication(good, [][]byte{otherHead(t)}),
		"changed":            bytes.Replace(good, []byte("2026-11-23"), []byte("2026-11-24"), 1),
		"no day":             sign(t, "cubby/heads\n2026-11-31\nfirst\n", operatorName, serverKey()),
		"no hash":            sign(t, "cubby/heads\n2026-11-30\nfirst\nxyz\n", operatorName, serverKey()),
		"not sorted":         sign(t, hash.Text(), operatorName, serverKey()),
		"nothing before it":  sign(t, "cubby/heads\n2026-11-30\n", operatorName, serverKey()),
		"garbage after head": append(slices.Clone(good), "garbage"...),
	} {
		if _, err := journal.OpenPublication(file, v); !errors.Is(err, journal.ErrBadHead) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzOpenPublication(f *testing.F) {
	_, heads := history(f, 10, 0)
	f.Add(published(f, "2026-11-23", [32]byte{}, true, heads[0], otherHead(f)))
	f.Add(published(f, "2026-11-24", [32]byte{1}, false, heads[0]))
	f.Add([]byte("cubby/heads\n2026-11-30\nfirst\n\n— x y\n\n— "))
	v := verifier(f, operatorName, serverKey())
	f.Fuzz(func(t *testing.T, file []byte) {
		if p, err := journal.OpenPublication(file, nil); err == nil {
			if again, err := journal.ParsePublication(p.Text()); err != nil || again.Text() != p.Text() {
				t.Fatalf("it reads as %q, %v", again.Text(), err)
			}
			for _, head := range p.Heads {
				if !p.Holds(journal.HashHead(head)) {
					t.Fatal("a head is not in it")
				}
			}
		}
		p, err := journal.OpenPublication(file, v)
		if err == nil && p.Day != "2026-11-23" && p.Day != "2026-11-24" {
			t.Fatalf("a publication of %s was signed by nobody", p.Day)
		}
	})
}
