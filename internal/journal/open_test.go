package journal_test

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"cubby/internal/journal"
	"cubby/internal/journal/journaltest"
)

func open(tb testing.TB, opts journal.Options) (*journal.Log, journal.OpenReport) {
	tb.Helper()
	l, report, err := journal.Open(tb.Context(), opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	return l, report
}

// written makes a journal file with count records, a head after each 10, and closes it.
func written(tb testing.TB, count int) journal.Options {
	tb.Helper()
	opts := fileOptions(filepath.Join(tb.TempDir(), "j.db"))
	l, _ := open(tb, opts)
	fill(tb, l, count, 10)
	if err := l.Close(); err != nil {
		tb.Fatal(err)
	}
	return opts
}

func readFile(tb testing.TB, path string) []byte {
	tb.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func writeFile(tb testing.TB, path string, data []byte) {
	tb.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
}

func execSQL(tb testing.TB, path string, statements ...string) {
	tb.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
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

func TestOpen_FirstStartAndRestart(t *testing.T) {
	t.Parallel()
	opts := fileOptions(filepath.Join(t.TempDir(), "j.db"))
	l, report := open(t, opts)
	if report != (journal.OpenReport{Started: true, Epoch: 1}) {
		t.Errorf("first report is %+v", report)
	}
	fill(t, l, 25, 10)
	for _, suffix := range []string{"", "-wal", ".epoch"} { // annexes are personal data
		if info, err := os.Stat(opts.Path + suffix); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("file %q has mode %v, %v", suffix, info.Mode(), err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(t.Context(), 26, journaltest.Entries(26, 1)); err == nil {
		t.Error("a closed journal took a record")
	}
	if _, err := os.Stat(opts.Path + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the write-ahead log is left behind: %v", err)
	}
	l, report = open(t, opts)
	if report != (journal.OpenReport{Epoch: 1, Records: 25}) {
		t.Errorf("second report is %+v", report)
	}
	if err := l.Append(t.Context(), 26, journaltest.Entries(26, 1)); err != nil {
		t.Fatal(err)
	}
	if verified, err := l.Verify(t.Context(), nil); err != nil || verified.Fault() != nil || verified.Records() != 26 {
		t.Errorf("verify %+v, %v", verified, err)
	}
}

func TestOpen_AnotherSitesFile(t *testing.T) {
	t.Parallel()
	opts := written(t, 5)
	opts.Site = "site-2"
	if _, _, err := journal.Open(t.Context(), opts); err == nil || !strings.Contains(err.Error(), "belongs to site site-1") {
		t.Errorf("error is %v", err)
	}
	if _, err := os.Stat(opts.Path); err != nil {
		t.Error("the file was moved")
	}
}

// TestOpen_SealsWhatIsBad damages a file with 95 records (heads at 10, 20, ... 90, 95) and looks at
// what Open makes of it.
func TestOpen_SealsWhatIsBad(t *testing.T) {
	t.Parallel()
	id := func(n int) string { return strconv.FormatInt(1<<40|int64(n), 10) }
	garbage := []byte(strings.Repeat("garbage ", 4096))
	for name, c := range map[string]struct {
		bytes  func(data []byte) []byte // what stands in the file; nil result: nothing, the file is gone
		sql    string
		number uint64
		reason string
	}{
		"garbage":         {func([]byte) []byte { return garbage }, "", 0, "unreadable"},
		"empty":           {func([]byte) []byte { return []byte{} }, "", 0, "unreadable"},
		"gone":            {func([]byte) []byte { return nil }, "", 0, "missing"},
		"cut in half":     {func(data []byte) []byte { return data[:len(data)/2] }, "", 0, "unreadable"},
		"another program": {nil, "PRAGMA application_id = 1", 0, "unreadable"},
		"table gone":      {nil, "DROP TABLE journal", 0, "unreadable"},
		"last gone":       {nil, "DELETE FROM records WHERE id = " + id(95), 95, "truncated"},
		"first gone":      {nil, "DELETE FROM records WHERE id = " + id(1), 1, "removed"},
		"head gone":       {nil, "DELETE FROM heads WHERE size = 95", 95, "bad head"},
		"head changed":    {nil, "UPDATE heads SET note = X'41' WHERE size = 95", 95, "bad head"},
		"record too many": {nil, "INSERT INTO records SELECT " + id(96) + ", body, annex, chain FROM records WHERE id = " + id(3), 96, "inserted"},
		"tip changed":     {nil, "UPDATE epochs SET chain = zeroblob(32)", 95, "bad tip"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := written(t, 95)
			bad := damage(t, opts.Path, c.bytes, c.sql)
			l, report := open(t, opts)
			if !report.Lost || !report.Started || report.Epoch != 2 || report.Records != 0 || report.BadNumber != c.number ||
				!strings.Contains(report.Reason, c.reason) || report.Sealed != (bad != nil) {
				t.Fatalf("report is %+v", report)
			}
			if bad != nil {
				if report.SealedPath != opts.Path+".sealed-1" || string(readFile(t, report.SealedPath)) != string(bad) {
					t.Errorf("sealed at %s, or not as it was found", report.SealedPath)
				}
				if info, err := os.Stat(report.SealedPath); err != nil || info.Mode().Perm() != 0o400 {
					t.Errorf("sealed file has mode %v, %v", info.Mode(), err)
				}
			}
			fill(t, l, 5, 5)
			epochs, err := l.Epochs(t.Context())
			if err != nil || len(epochs) != 1 {
				t.Fatalf("epochs %+v, %v", epochs, err)
			}
			if prev, err := journal.OpenCheckpoint(epochs[0].Prev, l.Verifier()); err != nil || prev.Epoch != 1 || prev.Size != 95 {
				t.Errorf("the new epoch continues %+v, %v", prev, err)
			}
			l.Close()
			if _, report = open(t, opts); report.Lost || report.Epoch != 2 || report.Records != 5 {
				t.Errorf("next report is %+v", report)
			}
		})
	}
}

// damage changes the file by its bytes or by SQL and returns what it then is, nil when it is gone.
func damage(t *testing.T, path string, change func([]byte) []byte, statement string) []byte {
	t.Helper()
	if change == nil {
		execSQL(t, path, statement)
		return readFile(t, path)
	}
	data := change(readFile(t, path))
	if data == nil {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return nil
	}
	writeFile(t, path, data)
	return data
}

// TestOpen_TailIsChecked changes a record after the last head, which no signature covers yet.
func TestOpen_TailIsChecked(t *testing.T) {
	t.Parallel()
	opts := fileOptions(filepath.Join(t.TempDir(), "j.db"))
	l, _ := open(t, opts)
	fill(t, l, 30, 10)
	if err := l.Append(t.Context(), 31, journaltest.Entries(31, 20)); err != nil {
		t.Fatal(err)
	}
	l.Close()
	execSQL(t, opts.Path, fmt.Sprintf("UPDATE records SET body = X'00' WHERE id = %d", 1<<40|44))
	_, report := open(t, opts)
	if !report.Sealed || report.BadEpoch != 1 || report.BadNumber != 44 || !strings.Contains(report.Reason, "flipped") {
		t.Errorf("report is %+v", report)
	}
	verified, err := journal.VerifyFile(t.Context(), report.SealedPath, journal.VerifyOptions{})
	if f := verified.Fault(); err != nil || f == nil || f.Number != 44 || f.Kind != journal.KindFlipped {
		t.Errorf("verify of the sealed file: %v, %v", f, err)
	}
}

func TestOpen_OldCopyIsFound(t *testing.T) {
	t.Parallel()
	opts := written(t, 20)
	old := readFile(t, opts.Path)
	l, _ := open(t, opts)
	fill(t, l, 10, 10)
	l.Close()
	writeFile(t, opts.Path, old)
	l, report := open(t, opts)
	if !report.Sealed || report.BadNumber != 21 || !strings.Contains(report.Reason, "rolled back") || report.Epoch != 2 {
		t.Fatalf("report is %+v", report)
	}
	if _, err := l.NewEpoch(t.Context(), "test", nil); err != nil {
		t.Fatal(err)
	}
	l.Close()
	writeFile(t, opts.Path, old)
	if _, report = open(t, opts); !report.Sealed || report.Epoch != 4 {
		t.Errorf("report of a copy from before two epochs is %+v", report)
	}
}

// TestOpen_EpochIsNeverUsedAgain loses one file after the other.
func TestOpen_EpochIsNeverUsedAgain(t *testing.T) {
	t.Parallel()
	opts := written(t, 20)
	for want := uint64(2); want < 6; want++ {
		writeFile(t, opts.Path, []byte("broken"))
		l, report := open(t, opts)
		if report.Epoch != want || !report.Sealed {
			t.Fatalf("report is %+v, want epoch %d", report, want)
		}
		l.Close()
	}
	// The database is good and the counter is lost: the database says where it was.
	writeFile(t, opts.Path+".epoch", []byte("broken"))
	l, report := open(t, opts)
	if report.Lost || report.Epoch != 5 {
		t.Fatalf("report without a counter is %+v", report)
	}
	l.Close()
	// Both are lost, a sealed file is left.
	writeFile(t, opts.Path, []byte("broken"))
	writeFile(t, opts.Path+".epoch", []byte("broken"))
	l, report = open(t, opts)
	if !report.Sealed || report.Epoch <= 4 {
		t.Fatalf("report without both is %+v", report)
	}
	l.Close()
	// Everything is lost: the server says what it has countersigned.
	head := journal.Checkpoint{Site: site, Epoch: 40, Size: 7}
	opts.Path = filepath.Join(t.TempDir(), "new.db")
	opts.Previous = sign(t, head.Text(), journal.SiteKeyName(site), journaltest.Key())
	if _, report = open(t, opts); report.Lost || !report.Started || report.Epoch != 41 {
		t.Errorf("report of a replacement is %+v", report)
	}
}

// TestOpen_PowerCutWhileStarting stops between the counter and the database.
func TestOpen_PowerCutWhileStarting(t *testing.T) {
	t.Parallel()
	opts := written(t, 10)
	before := readFile(t, opts.Path)
	l, _ := open(t, opts)
	counter := readFile(t, opts.Path+".epoch")
	st := journal.NewMemory()
	st.SetFault(func(journal.Change) error { return errors.New("power cut") })
	journal.SetStorage(l, st)
	if _, err := l.NewEpoch(t.Context(), "test", nil); !errors.Is(err, journal.ErrPoisoned) {
		t.Fatalf("new epoch: %v, want ErrPoisoned", err)
	}
	if string(readFile(t, opts.Path+".epoch")) == string(counter) {
		t.Fatal("the counter was not written first")
	}
	if string(readFile(t, opts.Path)) != string(before) {
		t.Fatal("the database was written")
	}
	l, report := open(t, opts)
	if report.Lost || report.Epoch != 1 || report.Records != 10 {
		t.Fatalf("report is %+v", report)
	}
	if e, err := l.NewEpoch(t.Context(), "test", nil); err != nil || e.Number != 3 {
		t.Errorf("epoch %+v, %v, want 3 because 2 was announced", e, err)
	}
}

func TestOpen_CondemnedFileIsSealed(t *testing.T) {
	t.Parallel()
	opts := written(t, 30)
	execSQL(t, opts.Path, fmt.Sprintf("UPDATE records SET body = X'00' WHERE id = %d", 1<<40|7))
	l, report := open(t, opts)
	if report.Lost {
		t.Fatalf("the quick check looked at record 7: %+v", report)
	}
	verified, err := l.Verify(t.Context(), nil)
	if err != nil || verified.Fault() == nil {
		t.Fatalf("verify: %+v, %v", verified, err)
	}
	if err := l.Condemn(*verified.Fault()); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(t.Context(), 31, journaltest.Entries(31, 1)); !errors.Is(err, journal.ErrPoisoned) || !errors.Is(err, journal.ErrCorrupt) {
		t.Errorf("append to a condemned journal: %v", err)
	}
	l.Close()
	for i, want := range []journal.OpenReport{
		{Sealed: true, SealedPath: opts.Path + ".sealed-1", BadEpoch: 1, BadNumber: 7, Reason: "epoch 1 record 7 flipped", Lost: true, Started: true, Epoch: 2},
		{Epoch: 2},
	} {
		l, report := open(t, opts)
		if report != want {
			t.Errorf("report %d is %+v, want %+v", i+1, report, want)
		}
		l.Close()
	}
}

// TestOpen_TornAtAnyByte cuts the database or its write-ahead log at random places, as a disk does
// that lied about an fsync. The journal that comes back is a beginning of the one that was, or it is
// sealed; it is never one that verifies and says something else.
func TestOpen_TornAtAnyByte(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	src := fileOptions(filepath.Join(dir, "j.db"))
	l, _ := open(t, src)
	fill(t, l, 200, 10)
	if err := l.Append(t.Context(), 201, journaltest.Entries(201, 3)); err != nil {
		t.Fatal(err)
	}
	// Copied while it is open, so that the log holds everything.
	files := map[string][]byte{}
	for _, suffix := range []string{"", "-wal", ".epoch"} {
		files[suffix] = readFile(t, src.Path+suffix)
	}
	l.Close()
	closed := map[string][]byte{"": readFile(t, src.Path), ".epoch": files[".epoch"]}
	rng := rand.New(rand.NewPCG(3, 4))
	sealed, kept := 0, 0
	for i := range 90 {
		set, victim := files, "-wal"
		switch i % 3 {
		case 1:
			set, victim = closed, ""
		case 2:
			set, victim = files, ""
		}
		opts := fileOptions(filepath.Join(dir, fmt.Sprintf("torn-%d.db", i)))
		for suffix, data := range set {
			if suffix == victim {
				data = torn(rng, data)
			}
			writeFile(t, opts.Path+suffix, data)
		}
		l, report, err := journal.Open(t.Context(), opts)
		if err != nil {
			t.Fatalf("file %d: %v", i, err)
		}
		if report.Sealed {
			sealed++
			if report.Epoch != 2 || report.Records != 0 {
				t.Fatalf("file %d: report %+v", i, report)
			}
		} else {
			kept++
			checkBeginning(t, l, i)
		}
		l.Close()
	}
	if sealed == 0 || kept == 0 {
		t.Errorf("%d sealed, %d kept: the damage is too small or too large to test anything", sealed, kept)
	}
}

// torn cuts the end off, or overwrites a few bytes.
func torn(rng *rand.Rand, data []byte) []byte {
	data = append([]byte(nil), data...)
	at := rng.IntN(len(data))
	if rng.IntN(2) == 0 {
		return data[:at]
	}
	for i := at; i < min(at+16, len(data)); i++ {
		data[i] ^= byte(1 + rng.IntN(255))
	}
	return data
}

func checkBeginning(t *testing.T, l *journal.Log, i int) {
	t.Helper()
	report, err := l.Verify(t.Context(), nil)
	if err != nil || report.Fault() != nil {
		return // found, though not by the quick check
	}
	for from := uint64(1); ; {
		rows, err := l.Read(t.Context(), 1, from, 50)
		if err != nil {
			t.Fatalf("file %d verifies and cannot be read: %v", i, err)
		}
		for _, r := range rows {
			if want := fmt.Sprintf("operation %d", r.Number); string(r.Body) != want {
				t.Fatalf("file %d verifies, but record %d is %q", i, r.Number, r.Body)
			}
		}
		if len(rows) == 0 {
			if from < 201 { // the side file knows of the head at 200
				t.Fatalf("file %d verifies with %d records", i, from-1)
			}
			return
		}
		from += uint64(len(rows))
	}
}

// TestOpen_AfterKill kills a process again and again while it appends. Whatever it has
// acknowledged must be there.
func TestOpen_AfterKill(t *testing.T) {
	t.Parallel()
	opts := fileOptions(filepath.Join(t.TempDir(), "j.db"))
	rng := rand.New(rand.NewPCG(5, 6))
	acked := uint64(0)
	for round := range 8 {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHelperProcess$")
		cmd.Env = append(os.Environ(), "JOURNAL_TEST_PATH="+opts.Path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for stop := acked + uint64(1+rng.IntN(60)); lines.Scan(); {
			n, err := strconv.ParseUint(lines.Text(), 10, 64)
			if err != nil {
				t.Fatalf("round %d: %s", round, lines.Text())
			}
			if acked = n; acked >= stop {
				break
			}
		}
		_ = cmd.Process.Kill()
		for lines.Scan() { // what it said before it died counts too
			if n, err := strconv.ParseUint(lines.Text(), 10, 64); err == nil {
				acked = n
			}
		}
		_ = cmd.Wait()
		l, report := open(t, opts)
		if report.Lost || report.Records < acked {
			t.Fatalf("round %d: %d were acknowledged, report %+v", round, acked, report)
		}
		if verified, err := l.Verify(t.Context(), nil); err != nil || verified.Fault() != nil {
			t.Fatalf("round %d: %v, %v", round, verified.Fault(), err)
		}
		acked = report.Records
		l.Close()
	}
	if acked < 8 {
		t.Errorf("only %d records in 8 rounds", acked)
	}
}

// TestHelperProcess is the process that TestOpen_AfterKill kills.
func TestHelperProcess(t *testing.T) {
	path := os.Getenv("JOURNAL_TEST_PATH")
	if path == "" {
		t.Skip("it is run by TestOpen_AfterKill")
	}
	l, _ := open(t, fileOptions(path))
	_, n, err := l.Next(t.Context())
	for deadline := time.Now().Add(20 * time.Second); err == nil && time.Now().Before(deadline); n++ {
		err = l.Append(t.Context(), n, journaltest.Entries(int(n), 1))
		if err == nil {
			fmt.Fprintln(os.Stdout, n)
		}
		if n%7 == 0 && err == nil {
			_, err = l.Checkpoint(t.Context())
		}
	}
	t.Fatal(err)
}

func TestFile_FullDiskAppendsNothing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	opts := fileOptions(filepath.Join(t.TempDir(), "j.db"))
	l, _ := open(t, opts)
	fill(t, l, 10, 10)
	if err := journal.LimitPages(ctx, journal.FileOf(l), 2); err != nil {
		t.Fatal(err)
	}
	big := make([]journal.Entry, 20)
	for i := range big {
		big[i].Body = make([]byte, 4000)
	}
	if err := l.Append(ctx, 11, big); !errors.Is(err, journal.ErrFull) || errors.Is(err, journal.ErrPoisoned) {
		t.Fatalf("append to a full disk: %v, want ErrFull", err)
	}
	if rows, err := l.Read(ctx, 1, 1, 100); err != nil || len(rows) != 10 {
		t.Errorf("%d records, %v, want 10", len(rows), err)
	}
	if err := journal.LimitPages(ctx, journal.FileOf(l), -1); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(ctx, 11, big); err != nil {
		t.Fatal(err)
	}
	if verified, err := l.Verify(ctx, nil); err != nil || verified.Fault() != nil || verified.Records() != 30 {
		t.Errorf("verify %+v, %v", verified, err)
	}
}

func TestLog_ReserveIsGivenUpForTheRecord(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	opts := fileOptions(filepath.Join(t.TempDir(), "j.db"))
	opts.ReserveBytes = 1 << 20
	l, _ := open(t, opts)
	info, err := os.Stat(opts.Path + ".reserve")
	if err != nil || info.Size() != opts.ReserveBytes || l.LowSpace() {
		t.Fatalf("reserve %v, %v, low %v", info, err, l.LowSpace())
	}
	// A disk that is full until the reserve has gone.
	st := journal.NewMemory()
	if err := st.Commit(ctx, journal.Change{Start: &journal.Epoch{Number: 1}}); err != nil {
		t.Fatal(err)
	}
	full := true
	st.SetFault(func(journal.Change) error {
		if _, err := os.Stat(opts.Path + ".reserve"); err == nil || full {
			full = false
			return journal.ErrFull
		}
		return nil
	})
	file := journal.FileOf(l)
	journal.SetStorage(l, st)
	if err := l.Append(ctx, 1, journaltest.Entries(1, 1)); err != nil || !l.LowSpace() {
		t.Fatalf("append: %v, low %v", err, l.LowSpace())
	}
	full = true
	if err := l.Append(ctx, 2, journaltest.Entries(2, 1)); !errors.Is(err, journal.ErrFull) {
		t.Errorf("append without a reserve: %v, want ErrFull", err)
	}
	if err := l.RefillReserve(); err != nil || l.LowSpace() {
		t.Errorf("refill: %v, low %v", err, l.LowSpace())
	}
	journal.SetStorage(l, file)
}

func TestFile_ErasedAnnexIsGoneFromTheDisk(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	opts := fileOptions(filepath.Join(t.TempDir(), "j.db"))
	l, _ := open(t, opts)
	const canary = "Ada Canary Lovelace"
	if err := l.Append(ctx, 1, []journal.Entry{{Body: []byte("op"), Annex: []byte(canary)}}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(readFile(t, opts.Path+"-wal")), canary) {
		t.Fatal("the canary is not where this test looks")
	}
	if err := l.EraseAnnex(ctx, 1, 1); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal"} {
		if strings.Contains(string(readFile(t, opts.Path+suffix)), canary) {
			t.Errorf("the annex is still in the file %q", suffix)
		}
	}
}

func TestReadSealed_GivesWhatIsGood(t *testing.T) {
	t.Parallel()
	id := strconv.FormatInt(1<<40|60, 10)
	for name, c := range map[string]struct {
		sql  string
		want *journal.Fault
		good int
	}{
		"whole":     {"SELECT 1", nil, 95},
		"flipped":   {"UPDATE records SET body = X'00' WHERE id = " + id, &journal.Fault{Kind: journal.KindFlipped, Epoch: 1, Number: 60}, 59},
		"removed":   {"DELETE FROM records WHERE id = " + id, &journal.Fault{Kind: journal.KindRemoved, Epoch: 1, Number: 60}, 59},
		"truncated": {"DELETE FROM records WHERE id >= " + id, &journal.Fault{Kind: journal.KindTruncated, Epoch: 1, Number: 60}, 59},
	} {
		opts := written(t, 95)
		execSQL(t, opts.Path, c.sql)
		if err := os.Chmod(opts.Path, 0o400); err != nil {
			t.Fatal(err)
		}
		var got []journal.Record
		fault, err := journal.ReadSealed(t.Context(), opts.Path, func(r journal.Record) error {
			got = append(got, r)
			return nil
		})
		if err != nil || len(got) != c.good || (fault == nil) != (c.want == nil) || fault != nil && *fault != *c.want {
			t.Errorf("%s: %d records, fault %v, %v, want %d and %v", name, len(got), fault, err, c.good, c.want)
		}
		for i, r := range got {
			if r.Number != uint64(i+1) || string(r.Body) != fmt.Sprintf("operation %d", i+1) {
				t.Fatalf("%s: record %d is %+v", name, i+1, r)
			}
		}
	}
	stop := errors.New("stop")
	_, err := journal.ReadSealed(t.Context(), written(t, 3).Path, func(journal.Record) error { return stop })
	if !errors.Is(err, stop) {
		t.Errorf("error of the caller became %v", err)
	}
}
