package journal_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"cubby/internal/journal"
	"cubby/internal/journal/journaltest"
)

// fdatasyncMedian measures the disk that the benchmark writes to: append 4 KiB, fdatasync.
func fdatasyncMedian(b *testing.B, dir string) time.Duration {
	b.Helper()
	f, err := os.Create(filepath.Join(dir, "probe"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	var took []time.Duration
	for range 200 {
		start := time.Now()
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// BenchmarkLog_Append appends durably, n operations to a commit, and reports the quantiles of one
// Append beside the fdatasync median of the same disk in the same run.
func BenchmarkLog_Append(b *testing.B) {
	for _, n := range []int{1, 20, 256} {
		b.Run("batch="+strconv.Itoa(n), func(b *testing.B) {
			dir := b.TempDir()
			l, _ := open(b, fileOptions(filepath.Join(dir, "j.db")))
			entries := make([]journal.Entry, n)
			for i := range entries {
				entries[i].Body = make([]byte, 600)
			}
			sync := fdatasyncMedian(b, dir)
			var took []time.Duration
			next := uint64(1)
			for b.Loop() {
				start := time.Now()
				if err := l.Append(b.Context(), next, entries); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(start))
				next += uint64(n)
			}
			slices.Sort(took)
			p50, p99 := took[len(took)/2], took[len(took)*99/100]
			b.ReportMetric(float64(sync.Nanoseconds()), "fdatasync-p50-ns")
			b.ReportMetric(float64(p50.Nanoseconds()), "append-p50-ns")
			b.ReportMetric(float64(p99.Nanoseconds()), "append-p99-ns")
			b.ReportMetric(float64(p99)/float64(sync), "p99/fdatasync")
			b.ReportMetric(float64(next-1)/b.Elapsed().Seconds(), "ops/s")
		})
	}
}

// BenchmarkOpen_MillionRecords opens a journal of a million records.
func BenchmarkOpen_MillionRecords(b *testing.B) {
	opts := fileOptions(filepath.Join(b.TempDir(), "j.db"))
	l, _ := open(b, opts)
	const batch = 4000
	for first := 1; first < 1_000_000; first += batch {
		if err := l.Append(b.Context(), uint64(first), journaltest.Entries(first, batch)); err != nil {
			b.Fatal(err)
		}
		if _, err := l.Checkpoint(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Append(b.Context(), 1_000_001, journaltest.Entries(1, 255)); err != nil {
		b.Fatal(err)
	}
	l.Close()
	for b.Loop() {
		l, report, err := journal.Open(b.Context(), opts)
		if err != nil || report.Records != 1_000_255 {
			b.Fatal(report, err)
		}
		l.Close()
	}
}

func BenchmarkLog_Verify(b *testing.B) {
	l := filled(b, journal.NewMemory(), 10_000, 256)
	for b.Loop() {
		if report, err := l.Verify(b.Context(), nil); err != nil || report.Fault() != nil {
			b.Fatal(report.Fault(), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/record")
}
