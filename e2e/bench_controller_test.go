package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cubby/internal/app"
	"cubby/internal/sitestore"
)

const (
	benchReadyMost  = time.Second
	benchMemoryMost = 64.0 // MiB
	benchHistory    = 100_000
)

// killMemory is the resident memory of a process, now and at most so far, in MiB. Source: proc(5),
// /proc/pid/status.
func (p *killProc) killMemory(tb testing.TB) (now, most float64) {
	tb.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	killMust(tb, err)
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) != 3 {
			continue
		}
		kib, err := strconv.ParseFloat(f[1], 64)
		if err != nil {
			continue
		}
		switch f[0] {
		case "VmRSS:":
			now = kib / 1024
		case "VmHWM:":
			most = kib / 1024
		}
	}
	return now, most
}

// benchHouse is an enrolled controller with 500 residents whose journal holds n operations.
func benchHouse(tb testing.TB, n int) *killRig {
	tb.Helper()
	r := newKillRig(tb, killOptions{banks: 6, units: 500, tcp: true})
	if n > 0 {
		killBacklog(tb, r, n, 4)
	}
	r.startController() // takes the directory, uploads the record
	r.awaitDirectory()
	killEventually(tb, 5*time.Minute, "the server has the record", func() bool { return killServerCount(tb, r) >= n })
	time.Sleep(2500 * time.Millisecond) // a quiet moment, in which the controller keeps a snapshot
	return r
}

// BenchmarkController_Start starts the real controller again and again: until its kiosk answers, and the
// memory that it takes by then and while it serves.
func BenchmarkController_Start(b *testing.B) {
	for _, n := range []int{0, benchHistory} {
		b.Run("operations="+strconv.Itoa(n), func(b *testing.B) {
			r := benchHouse(b, n)
			var took []time.Duration
			var most float64
			for b.Loop() {
				r.controller.kill()
				took = append(took, r.startController())
				b.StopTimer()
				kiosk := newKillPanel(r.kiosk, "bank0", nil)
				for range 20 {
					if _, err := kiosk.get(b.Context(), ""); err != nil {
						b.Fatal(err)
					}
				}
				_, m := r.controller.killMemory(b)
				most = max(most, m)
				b.StartTimer()
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "ready-p50-ms")
			b.ReportMetric(float64(took[len(took)-1].Milliseconds()), "ready-max-ms")
			b.ReportMetric(most, "RSS-max-MiB")
		})
	}
}

// TestKill_StartIsQuickAndSmall holds the start to its promise, with 100,000 operations on record. What a
// start takes without the snapshot, when it reads the whole record, is only told.
func TestKill_StartIsQuickAndSmall(t *testing.T) {
	killSkipShort(t)
	r := benchHouse(t, benchHistory)
	for _, snapshot := range []bool{true, false} {
		r.controller.kill()
		if !snapshot {
			killMust(t, dropSnapshot(t, r))
		}
		ready := r.startController()
		kiosk := newKillPanel(r.kiosk, "bank0", nil)
		_, err := kiosk.get(t.Context(), "")
		killMust(t, err)
		now, most := r.controller.killMemory(t)
		t.Logf("with a snapshot: %t: ready after %v, %.1f MiB resident, %.1f at most", snapshot, ready.Round(time.Millisecond), now, most)
		if snapshot && (ready > benchReadyMost || most > benchMemoryMost) {
			t.Errorf("ready after %v with %.1f MiB, want below %v and %.0f MiB", ready, most, benchReadyMost, benchMemoryMost)
		}
	}
}

// dropSnapshot puts a snapshot in place that nobody can read.
func dropSnapshot(tb testing.TB, r *killRig) error {
	tb.Helper()
	db, _, err := sitestore.Open(tb.Context(), filepath.Join(r.controllerDir(), app.ReplicaFile))
	if err != nil {
		return err
	}
	defer db.Close()
	return db.PutSnapshot(tb.Context(), 1, benchHistory+1_000_000, []byte("{"))
}
