package journal_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"io"
	"testing"

	"cubby/internal/journal"
	"cubby/internal/journal/journaltest"
)

// million is how many records the target speaks of: at least so many in five seconds on two cores.
const million = 1_000_000

// likeOperations returns bodies of the size that operations have, 250 bytes and more.
func likeOperations(first, count int) []journal.Entry {
	entries := make([]journal.Entry, count)
	for i := range entries {
		entries[i].Body = fmt.Appendf(nil, `{"v":1,"site":"harbour-view","epoch":1,"n":%d,"boot":"0197d3a8-2f6b-7b1c-9d55-0a4f6c1e8b21",`+
			`"mono_ms":%d,"wall_ms":1764064706000,"clock_trusted":true,"facts":[{"k":"door_opened","d":{"request":"r-%d",`+
			`"place":"main/B07","evidence":"door_cycle"}}]}`, first+i, i*977, first+i)
	}
	return entries
}

func fillLarge(b *testing.B, l *journal.Log, count int) {
	b.Helper()
	const batch = 4000
	for first := 1; first <= count; first += batch {
		if err := l.Append(b.Context(), uint64(first), likeOperations(first, min(batch, count-first+1))); err != nil {
			b.Fatal(err)
		}
		if _, err := l.Checkpoint(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerify_Million checks a million records of 250 bytes with signatures: from an export, and from a
// journal's file.
func BenchmarkVerify_Million(b *testing.B) {
	opts := fileOptions(b.TempDir() + "/journal.db")
	l, _ := open(b, opts)
	fillLarge(b, l, million)
	var export bytes.Buffer
	if err := l.Export(b.Context(), &export, journal.ExportOptions{}); err != nil {
		b.Fatal(err)
	}
	l.Close()
	check := journal.VerifyOptions{Site: journaltest.Key().Public().(ed25519.PublicKey)}
	b.Run("export", func(b *testing.B) {
		for b.Loop() {
			report, err := journal.VerifyExport(io.LimitReader(bytes.NewReader(export.Bytes()), int64(export.Len())), check)
			if err != nil || report.Fault() != nil || report.Records() != million {
				b.Fatal(report.Fault(), err)
			}
		}
		b.ReportMetric(million*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	})
	b.Run("file", func(b *testing.B) {
		for b.Loop() {
			report, err := journal.VerifyFile(b.Context(), opts.Path, check)
			if err != nil || report.Fault() != nil || report.Records() != million {
				b.Fatal(report.Fault(), err)
			}
		}
		b.ReportMetric(million*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	})
}
