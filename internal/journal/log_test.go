package journal_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"cubby/internal/journal"
	"cubby/internal/journal/journaltest"
)

func TestLog_AppendNeedsTheNextNumber(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := filled(t, journal.NewMemory(), 3, 3)
	for _, n := range []uint64{0, 3, 5} {
		if err := l.Append(ctx, n, journaltest.Entries(1, 1)); !errors.Is(err, journal.ErrConflict) {
			t.Errorf("append %d after 3: %v, want ErrConflict", n, err)
		}
	}
	if err := l.Append(ctx, 4, nil); err != nil {
		t.Errorf("append nothing: %v", err)
	}
	if err := l.Append(ctx, 4, journaltest.Entries(4, 1)); err != nil {
		t.Error(err)
	}
}

func TestLog_AppendRefusesOversize(t *testing.T) {
	t.Parallel()
	l := filled(t, journal.NewMemory(), 1, 1)
	for name, entries := range map[string][]journal.Entry{
		"body":  {{Body: make([]byte, journal.MaxBody+1)}},
		"annex": {{Body: []byte("x"), Annex: make([]byte, journal.MaxBody+1)}},
		"batch": journaltest.Entries(1, journal.MaxBatch+1),
	} {
		if err := l.Append(t.Context(), 2, entries); !errors.Is(err, journal.ErrTooLarge) {
			t.Errorf("%s: %v, want ErrTooLarge", name, err)
		}
	}
	if err := l.Append(t.Context(), 2, []journal.Entry{{}}); err == nil {
		t.Error("an empty body was appended")
	}
	if err := l.Append(t.Context(), 2, []journal.Entry{{Body: make([]byte, journal.MaxBody)}}); err != nil {
		t.Errorf("the largest body: %v", err)
	}
}

func TestLog_OtherWritersRecordsAreSeen(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	st := journal.NewMemory()
	a := filled(t, st, 2, 2)
	b := filled(t, st, 2, 2) // records 3 and 4
	if err := a.Append(ctx, 3, journaltest.Entries(3, 1)); !errors.Is(err, journal.ErrConflict) {
		t.Fatalf("append over the other's record: %v, want ErrConflict", err)
	}
	if epoch, n, err := a.Next(ctx); epoch != 1 || n != 5 || err != nil {
		t.Fatalf("next is %d/%d, %v, want 1/5", epoch, n, err)
	}
	if err := a.Append(ctx, 5, journaltest.Entries(5, 1)); err != nil {
		t.Fatal(err)
	}
	// b does not know of 5, its caller does.
	if err := b.Append(ctx, 6, journaltest.Entries(6, 1)); err != nil {
		t.Fatal(err)
	}
	if report, err := b.Verify(ctx, nil); err != nil || report.Fault() != nil || report.Records() != 6 {
		t.Errorf("report %+v, %v", report, err)
	}
}

func TestLog_IOErrorPoisons(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	st := journal.NewMemory()
	l := filled(t, st, 2, 2)
	broken := errors.New("input/output error")
	st.SetFault(func(journal.Change) error { return broken })
	if err := l.Append(ctx, 3, journaltest.Entries(3, 1)); !errors.Is(err, journal.ErrPoisoned) || !errors.Is(err, broken) {
		t.Fatalf("append with a broken disk: %v, want ErrPoisoned and the cause", err)
	}
	st.SetFault(nil) // the disk says all is well again; it is not believed
	_, _, next := l.Next(ctx)
	_, read := l.Read(ctx, 1, 1, 1)
	_, epochs := l.Epochs(ctx)
	_, checkpoint := l.Checkpoint(ctx)
	_, epoch := l.NewEpoch(ctx, "x", nil)
	_, verify := l.Verify(ctx, nil)
	for name, err := range map[string]error{
		"append": l.Append(ctx, 3, journaltest.Entries(3, 1)), "next": next, "read": read, "epochs": epochs,
		"checkpoint": checkpoint, "new epoch": epoch, "verify": verify, "erase": l.EraseAnnex(ctx, 1, 2),
	} {
		if !errors.Is(err, journal.ErrPoisoned) {
			t.Errorf("%s of a poisoned log: %v, want ErrPoisoned", name, err)
		}
	}
	if again := filled(t, st, 1, 1); again == nil {
		t.Error("the journal cannot be opened again")
	}
}

func TestLog_FullAndBusyDoNotPoison(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, cause := range []error{journal.ErrFull, journal.ErrBusy} {
		st := journal.NewMemory()
		l := filled(t, st, 2, 2)
		st.SetFault(func(journal.Change) error { return fmt.Errorf("disk: %w", cause) })
		if err := l.Append(ctx, 3, journaltest.Entries(3, 2)); !errors.Is(err, cause) || errors.Is(err, journal.ErrPoisoned) {
			t.Fatalf("append: %v, want %v", err, cause)
		}
		st.SetFault(nil)
		if rows, err := l.Read(ctx, 1, 1, 10); err != nil || len(rows) != 2 {
			t.Errorf("%d records, %v, want 2", len(rows), err)
		}
		if err := l.Append(ctx, 3, journaltest.Entries(3, 2)); err != nil {
			t.Errorf("append after %v: %v", cause, err)
		}
	}
}

func TestLog_EndedContextAppendsNothing(t *testing.T) {
	t.Parallel()
	l := filled(t, journal.NewMemory(), 2, 2)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Append(ctx, 3, journaltest.Entries(3, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v, want context.Canceled", err)
	}
	if _, n, err := l.Next(t.Context()); n != 3 || err != nil {
		t.Errorf("next is %d, %v, want 3", n, err)
	}
}

func TestLog_ReadChecksTheChain(t *testing.T) {
	t.Parallel()
	st := journal.NewMemory()
	l := filled(t, st, 50, 10)
	st.Tamper(1, func(rows []journal.Record) []journal.Record {
		rows[19].Body = []byte("changed")
		return rows
	})
	for _, c := range []struct {
		from  uint64
		limit int
		bad   bool
	}{{1, 19, false}, {1, 20, true}, {20, 1, true}, {15, 10, true}, {21, 30, false}} {
		rows, err := l.Read(t.Context(), 1, c.from, c.limit)
		var corrupt *journal.CorruptError
		if errors.As(err, &corrupt) != c.bad || !c.bad && (err != nil || len(rows) != c.limit) {
			t.Errorf("read %d from %d: %d rows, %v", c.limit, c.from, len(rows), err)
		}
		if c.bad && corrupt != nil && corrupt.Fault != (journal.Fault{Kind: journal.KindFlipped, Epoch: 1, Number: 20}) {
			t.Errorf("read %d from %d: fault is %v", c.limit, c.from, corrupt.Fault)
		}
	}
}

func TestLog_ReadAtTheEdges(t *testing.T) {
	t.Parallel()
	l := filled(t, journal.NewMemory(), 5, 5)
	if rows, err := l.Read(t.Context(), 1, 6, 10); err != nil || len(rows) != 0 {
		t.Errorf("read at the end: %v, %v", rows, err)
	}
	if rows, err := l.Read(t.Context(), 1, 9, 10); err != nil || len(rows) != 0 {
		t.Errorf("read past the end: %v, %v", rows, err)
	}
	for _, c := range [][2]uint64{{1, 0}, {2, 1}} {
		if _, err := l.Read(t.Context(), c[0], c[1], 1); !errors.Is(err, journal.ErrNotFound) {
			t.Errorf("read %d/%d: %v, want ErrNotFound", c[0], c[1], err)
		}
	}
}

func TestLog_EraseAnnexKeepsTheProof(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := filled(t, journal.NewMemory(), 10, 5)
	if err := l.EraseAnnex(ctx, 1, 4); err != nil {
		t.Fatal(err)
	}
	rows, err := l.Read(ctx, 1, 1, 10)
	if err != nil || rows[3].Annex != nil || rows[1].Annex == nil {
		t.Errorf("annexes are %q and %q, %v", rows[3].Annex, rows[1].Annex, err)
	}
	if report, err := l.Verify(ctx, nil); err != nil || report.Fault() != nil {
		t.Errorf("report %v, %v", report.Fault(), err)
	}
	if err := l.EraseAnnex(ctx, 1, 11); !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("erase beside no record: %v, want ErrNotFound", err)
	}
}

func TestLog_CountersignaturesAndEpochs(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	st := journal.NewMemory()
	l := filled(t, st, 20, 10)
	first, err := l.Heads(ctx, 1)
	if err != nil || len(first) != 2 {
		t.Fatalf("heads %v, %v", first, err)
	}
	server := verifier(t, "server", serverKey())
	signer, err := journal.NewSigner("server", serverKey())
	if err != nil {
		t.Fatal(err)
	}
	both, err := journal.Countersign(first[0].Note, l.Verifier(), signer)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := l.LastCountersigned(); ok {
		t.Error("countersigned before anybody did")
	}
	if err := l.AddCountersignature(ctx, first[0].Note, server); !errors.Is(err, journal.ErrBadHead) {
		t.Errorf("head without the server's signature: %v, want ErrBadHead", err)
	}
	for range 2 { // the second time changes nothing
		if err := l.AddCountersignature(ctx, both, server); err != nil {
			t.Fatal(err)
		}
	}
	if h, ok := l.LastCountersigned(); !ok || h.Size != 10 {
		t.Errorf("countersigned head is at %d, %v", h.Size, ok)
	}
	if h, ok := l.LastHead(); !ok || h.Size != 20 {
		t.Errorf("last head is at %d, %v", h.Size, ok)
	}
	epoch, err := l.NewEpoch(ctx, "replacement", nil)
	if err != nil || epoch.Number != 2 || string(epoch.Prev) != string(both) {
		t.Fatalf("epoch %+v, %v", epoch, err)
	}
	fill(t, l, 5, 5)
	h, _ := l.LastHead()
	c, err := journal.OpenCheckpoint(h.Note, l.Verifier())
	if err != nil || c.Epoch != 2 || c.Size != 5 || c.Prev != journal.HashHead(both) {
		t.Errorf("head of the new epoch is %+v, %v", c, err)
	}
	opts := journaltest.Options()
	if l, err = journal.New(ctx, st, opts); err != nil {
		t.Fatal(err)
	}
	report, err := l.Verify(ctx, nil)
	if err != nil || report.Fault() != nil || len(report.Epochs) != 2 {
		t.Errorf("report %+v, %v", report, err)
	}
}

func TestLog_AddCountersignatureRefusesAnotherRoot(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l := filled(t, journal.NewMemory(), 20, 10)
	signer, err := journal.NewSigner("server", serverKey())
	if err != nil {
		t.Fatal(err)
	}
	other := journal.Checkpoint{Site: site, Epoch: 1, Size: 10, Root: [32]byte{1}}
	msg := sign(t, other.Text(), journal.SiteKeyName(site), journaltest.Key())
	both, err := journal.Countersign(msg, l.Verifier(), signer)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.AddCountersignature(ctx, both, verifier(t, "server", serverKey())); !errors.Is(err, journal.ErrBadHead) {
		t.Errorf("another root: %v, want ErrBadHead", err)
	}
}

func TestLog_VerifySeesAnEpochThatWasCutBelowItsSuccessor(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	st := journal.NewMemory()
	l := filled(t, st, 20, 10)
	if _, err := l.NewEpoch(ctx, "test", nil); err != nil {
		t.Fatal(err)
	}
	st.Tamper(1, func(rows []journal.Record) []journal.Record { return rows[:15] })
	report, err := l.Verify(ctx, nil)
	want := journal.Fault{Kind: journal.KindTruncated, Epoch: 1, Number: 16}
	if err != nil || report.Fault() == nil || *report.Fault() != want {
		t.Errorf("found %v, %v, want %v", report.Fault(), err, want)
	}
}

func TestLog_CheckpointOfTheSameSizeIsTheSame(t *testing.T) {
	t.Parallel()
	l := filled(t, journal.NewMemory(), 4, 4)
	a, err := l.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := l.Checkpoint(t.Context())
	if err != nil || string(a.Note) != string(b.Note) {
		t.Errorf("second head %q, %v", b.Note, err)
	}
	if heads, err := l.Heads(t.Context(), 1); err != nil || len(heads) != 1 {
		t.Errorf("%d heads, %v, want 1", len(heads), err)
	}
}

func TestNew_RefusesBadOptions(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*journal.LogOptions){
		"no site":      func(o *journal.LogOptions) { o.Site = "" },
		"slash":        func(o *journal.LogOptions) { o.Site = "a/b" },
		"plus":         func(o *journal.LogOptions) { o.Site = "a+b" },
		"no key":       func(o *journal.LogOptions) { o.Signer = ed25519.PrivateKey{} },
		"no clock":     func(o *journal.LogOptions) { o.Now = nil },
		"bad previous": func(o *journal.LogOptions) { o.Previous = []byte("x") },
	} {
		opts := journaltest.Options()
		change(&opts)
		if _, err := journal.New(t.Context(), journal.NewMemory(), opts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestNew_ContinuesAfterPrevious(t *testing.T) {
	t.Parallel()
	old := filled(t, journal.NewMemory(), 3, 3)
	head, _ := old.LastHead()
	opts := journaltest.Options()
	opts.Previous = head.Note
	l, err := journal.New(t.Context(), journal.NewMemory(), opts)
	if err != nil {
		t.Fatal(err)
	}
	epochs, err := l.Epochs(t.Context())
	if err != nil || len(epochs) != 1 || epochs[0].Number != 2 || string(epochs[0].Prev) != string(head.Note) {
		t.Errorf("epochs %+v, %v", epochs, err)
	}
	fill(t, l, 3, 2)
	if report, err := l.Verify(t.Context(), nil); err != nil || report.Fault() != nil {
		t.Errorf("report %v, %v", report.Fault(), err)
	}
}

// TestLog_AnyHistory drives a log through any sequence of calls, with disks that fill and writers
// that come again, and compares with a plain list.
func TestLog_AnyHistory(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		st := journal.NewMemory()
		l, err := journal.New(ctx, st, journaltest.Options())
		if err != nil {
			t.Fatal(err)
		}
		epoch, model := uint64(1), []journal.Entry{}
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				entries := journaltest.Entries(rapid.IntRange(0, 99).Draw(t, "body"), rapid.IntRange(1, 5).Draw(t, "n"))
				if err := l.Append(ctx, uint64(len(model)+1), entries); err != nil {
					t.Fatal(err)
				}
				model = append(model, entries...)
			},
			"append when full": func(t *rapid.T) {
				st.SetFault(func(journal.Change) error { return journal.ErrFull })
				defer st.SetFault(nil)
				if err := l.Append(ctx, uint64(len(model)+1), journaltest.Entries(1, 1)); !errors.Is(err, journal.ErrFull) {
					t.Fatal(err)
				}
			},
			"checkpoint": func(t *rapid.T) {
				if _, err := l.Checkpoint(ctx); err != nil {
					t.Fatal(err)
				}
			},
			"new epoch": func(t *rapid.T) {
				e, err := l.NewEpoch(ctx, "test", nil)
				if err != nil || e.Number != epoch+1 {
					t.Fatal(e, err)
				}
				epoch, model = e.Number, nil
			},
			"restart": func(t *rapid.T) {
				if l, err = journal.New(ctx, st, journaltest.Options()); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				rows, err := l.Read(ctx, epoch, 1, journal.MaxRead)
				if err != nil || len(rows) != len(model) {
					t.Fatalf("%d records, %v, want %d", len(rows), err, len(model))
				}
				for i := range rows {
					if string(rows[i].Body) != string(model[i].Body) || string(rows[i].Annex) != string(model[i].Annex) {
						t.Fatalf("record %d is %q", i+1, rows[i].Body)
					}
				}
			},
		})
		if report, err := l.Verify(ctx, nil); err != nil || report.Fault() != nil {
			t.Fatal(report.Fault(), err)
		}
	})
}

// TestNew_StartsAboveWhatWasUsed checks that a replacement never takes a number again, whichever of the two
// that it is told is higher.
func TestNew_StartsAboveWhatWasUsed(t *testing.T) {
	t.Parallel()
	opts := journaltest.Options()
	opts.Used = 6
	l, err := journal.New(t.Context(), journal.NewMemory(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if epoch, number, err := l.Next(t.Context()); err != nil || epoch != 7 || number != 1 {
		t.Errorf("the first record is %d/%d, %v", epoch, number, err)
	}
}

// TestMemory_ReturnLosesWhatCameAfterTheMark checks the disk that had not written what it said.
func TestMemory_ReturnLosesWhatCameAfterTheMark(t *testing.T) {
	t.Parallel()
	m := journal.NewMemory()
	filled(t, m, 5, 5)
	mark := m.Mark()
	l := filled(t, m, 4, 2)
	if _, err := l.NewEpoch(t.Context(), "test", nil); err != nil {
		t.Fatal(err)
	}
	m.Return(mark)
	again := filled(t, m, 1, 1)
	if epoch, number, err := again.Next(t.Context()); err != nil || epoch != 1 || number != 7 {
		t.Errorf("the next record is %d/%d, %v, want 1/7", epoch, number, err)
	}
	if records, err := again.Read(t.Context(), 1, 1, 10); err != nil || len(records) != 6 {
		t.Errorf("%d records, %v, want 6", len(records), err)
	}
}
