package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"cubby/internal/journal"
	"cubby/internal/journal/journaltest"
)

func exported(tb testing.TB, l *journal.Log, opts journal.ExportOptions) string {
	tb.Helper()
	var out bytes.Buffer
	if err := l.Export(tb.Context(), &out, opts); err != nil {
		tb.Fatal(err)
	}
	return out.String()
}

// sample is an export of two epochs, the first with 20 records.
func sample(tb testing.TB) string {
	tb.Helper()
	l := filled(tb, journal.NewMemory(), 20, 10)
	if _, err := l.NewEpoch(tb.Context(), "test", nil); err != nil {
		tb.Fatal(err)
	}
	fill(tb, l, 12, 5)
	return exported(tb, l, journal.ExportOptions{})
}

func TestExport_RoundTrip(t *testing.T) {
	t.Parallel()
	opts := journal.VerifyOptions{Site: publicKey(journaltest.Key())}
	report, err := journal.VerifyExport(strings.NewReader(sample(t)), opts)
	if err != nil || report.Fault() != nil || report.Site != site || report.Records() != 32 || len(report.Epochs) != 2 {
		t.Fatalf("report %+v, %v", report, err)
	}
	for i, want := range []journal.EpochReport{
		{Epoch: 1, Reason: "first start", Records: 20, Heads: 3, Signed: true, Covered: 20},
		{Epoch: 2, Reason: "test", Records: 12, Heads: 3, Signed: true, Covered: 12},
	} {
		got := report.Epochs[i]
		got.Root = want.Root
		// The head that epoch 2 continues is only known after epoch 1 has been read.
		if want.Heads = got.Heads; got != want || got.Heads < 2 {
			t.Errorf("epoch %d: %+v, want %+v", i+1, got, want)
		}
	}
	opts.Site = publicKey(serverKey())
	if report, err = journal.VerifyExport(strings.NewReader(sample(t)), opts); err != nil || report.Fault() == nil {
		t.Errorf("with another key: %v, %v", report.Fault(), err)
	}
}

func TestExport_AnnexOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	l := filled(t, journal.NewMemory(), 4, 4)
	if text := exported(t, l, journal.ExportOptions{}); strings.Contains(text, "annex") {
		t.Error("the annex is in the export")
	}
	text := exported(t, l, journal.ExportOptions{WithAnnex: true})
	if !strings.Contains(text, "annex") {
		t.Error("the annex is not in the export")
	}
	if report, err := journal.VerifyExport(strings.NewReader(text), journal.VerifyOptions{}); err != nil || report.Fault() != nil {
		t.Errorf("report %v, %v", report.Fault(), err)
	}
}

func TestVerifyExport_NamesTamperedLine(t *testing.T) {
	t.Parallel()
	good := strings.SplitAfter(strings.TrimSuffix(sample(t), "\n"), "\n")
	at := func(lines []string, epoch, number int) int {
		return slices.IndexFunc(lines, func(s string) bool {
			return strings.HasPrefix(s, fmt.Sprintf(`{"type":"record","epoch":%d,"number":%d,`, epoch, number))
		})
	}
	for name, c := range map[string]struct {
		do   func(lines []string) []string
		want journal.Fault
	}{
		"removed": {func(lines []string) []string {
			i := at(lines, 1, 7)
			return slices.Delete(lines, i, i+1)
		}, journal.Fault{Kind: journal.KindRemoved, Epoch: 1, Number: 7}},
		"swapped": {func(lines []string) []string {
			i, j := at(lines, 1, 7), at(lines, 1, 8)
			lines[i], lines[j] = lines[j], lines[i]
			return lines
		}, journal.Fault{Kind: journal.KindSwapped, Epoch: 1, Number: 7}},
		"inserted": {func(lines []string) []string {
			return slices.Insert(lines, at(lines, 1, 8), lines[at(lines, 1, 7)])
		}, journal.Fault{Kind: journal.KindInserted, Epoch: 1, Number: 7}},
		"flipped": {func(lines []string) []string {
			i := at(lines, 2, 3)
			lines[i] = strings.Replace(lines[i], `"body":"b3`, `"body":"b2`, 1)
			return lines
		}, journal.Fault{Kind: journal.KindFlipped, Epoch: 2, Number: 3}},
		"end of an epoch removed": {func(lines []string) []string {
			return slices.Delete(lines, at(lines, 1, 18), at(lines, 1, 20)+1)
		}, journal.Fault{Kind: journal.KindTruncated, Epoch: 1, Number: 18}},
		"end of an epoch removed with its head": {func(lines []string) []string {
			lines = slices.Delete(lines, at(lines, 1, 18), at(lines, 1, 20)+2)
			for i := range lines {
				lines[i] = strings.Replace(lines[i], `"size":20`, `"size":17`, 1)
			}
			return lines
		}, journal.Fault{Kind: journal.KindTruncated, Epoch: 1, Number: 18}},
		"cut off": {func(lines []string) []string {
			return lines[:len(lines)-1]
		}, journal.Fault{Kind: journal.KindTruncated, Epoch: 2, Number: 13, Detail: "the last line is missing"}},
		"count": {func(lines []string) []string {
			last := len(lines) - 1
			lines[last] = strings.Replace(lines[last], "32", "33", 1)
			return lines
		}, journal.Fault{Kind: journal.KindTip, Epoch: 2, Number: 13, Detail: "the last line says 33 records, there are 32"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Join(c.do(slices.Clone(good)), "")
			report, err := journal.VerifyExport(strings.NewReader(text), journal.VerifyOptions{})
			if f := report.Fault(); err != nil || f == nil || *f != c.want {
				t.Errorf("found %v, %v, want %v", f, err, c.want)
			}
		})
	}
}

func TestVerifyExport_RefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	first := `{"type":"journal","version":1,"site":"site-1"}` + "\n"
	for name, text := range map[string]string{
		"empty":           "",
		"no JSON":         "hello\n",
		"no first line":   `{"type":"end"}` + "\n",
		"newer version":   `{"type":"journal","version":2,"site":"site-1"}` + "\n",
		"no site":         `{"type":"journal","version":1}` + "\n",
		"twice begun":     first + first,
		"unknown type":    first + `{"type":"x"}` + "\n",
		"unknown field":   first + `{"type":"end","x":1}` + "\n",
		"two on a line":   first + `{"type":"end"}{"type":"end"}` + "\n",
		"after the end":   first + `{"type":"end"}` + "\n" + `{"type":"end"}` + "\n",
		"loose record":    first + `{"type":"record","epoch":1,"number":1}` + "\n",
		"epochs unsorted": first + `{"type":"epoch","epoch":2}` + "\n" + `{"type":"epoch","epoch":2}` + "\n",
		"no chain":        first + `{"type":"epoch","epoch":1}` + "\n" + `{"type":"record","epoch":1,"number":1,"body":"eA=="}` + "\n",
		"long line":       first + strings.Repeat("x", 4<<20),
	} {
		if _, err := journal.VerifyExport(strings.NewReader(text), journal.VerifyOptions{}); !errors.Is(err, journal.ErrBadExport) {
			t.Errorf("%s: %v, want ErrBadExport", name, err)
		}
	}
	broken := io.MultiReader(strings.NewReader(first), brokenReader{})
	if _, err := journal.VerifyExport(broken, journal.VerifyOptions{}); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("broken reader: %v", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func FuzzVerifyExport(f *testing.F) {
	good := sample(f)
	f.Add(good)
	f.Add(strings.Replace(good, "site-1", "site-2", 1))
	f.Add(`{"type":"journal","version":1,"site":"site-1"}` + "\n" + `{"type":"end"}` + "\n")
	f.Add(`{"type":"journal","version":1,"site":"s"}` + "\n" + `{"type":"epoch","epoch":1,"prev":"eA=="}` + "\n")
	opts := journal.VerifyOptions{Site: publicKey(journaltest.Key())}
	f.Fuzz(func(t *testing.T, text string) {
		report, err := journal.VerifyExport(strings.NewReader(text), opts)
		if err == nil && report.Fault() == nil && report.Site == site {
			// It verifies: whatever a head covers must be what the sample says.
			for _, e := range report.Epochs {
				if e.Covered > 20 || e.Covered > 12 && e.Epoch == 2 {
					t.Fatalf("epoch %d is covered up to %d", e.Epoch, e.Covered)
				}
			}
		}
	})
}
