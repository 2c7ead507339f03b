package e2e_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cubby/internal/locker"
)

// killFault is a way in which the disk fails under a running controller. What strace does to the system
// calls of the real process is what the kernel does to them when a disk goes bad.
type killFault struct {
	name  string
	calls string // that fail
	how   string // they fail, as strace says it
	ends  bool   // the process must end by itself; else it goes on, and says no
	says  string // in its log
}

func killFaults() []killFault {
	const syncs, writes = "fsync,fdatasync", "pwrite64,write,ftruncate,fallocate"
	return []killFault{
		{"fsync says EIO", syncs, "error=EIO", true, "disk I/O error"},
		{"fsync says EIO once", syncs, "error=EIO:when=1", true, "disk I/O error"},
		{"fsync says ENOSPC", syncs, "error=ENOSPC", true, "disk I/O error"},
		{"write says EIO", "pwrite64", "error=EIO", true, "disk I/O error"},
		{"write says ENOSPC", "pwrite64", "error=ENOSPC", false, "disk full"},
	}
}

// killDiskRounds is how often the disk fails: once in each way, or DISK_FAULTS times in a random way, at
// random moments, as long as a night has time for.
func killDiskRounds(tb testing.TB) int {
	tb.Helper()
	text := os.Getenv("DISK_FAULTS")
	if text == "" {
		return len(killFaults())
	}
	n, err := strconv.Atoi(text)
	killMust(tb, err)
	return max(n, len(killFaults()))
}

func killNeedsStrace(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("strace", "-o", "/dev/null", "true").CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" || os.Getenv("REQUIRE_TOOLS") != "" {
			t.Fatalf("strace: %v: %s", err, out)
		}
		fmt.Fprintf(os.Stderr, "\n!!!! SKIPPED for want of strace, or of the right to trace: %s\n\n", t.Name())
		t.Skipf("strace: %v: %s", err, out)
	}
}

// breakDisk makes system calls of the running controller fail from now on. heal ends that and returns how
// many failed.
func (r *killRig) breakDisk(f killFault) (heal func() int) {
	r.t.Helper()
	log := filepath.Join(r.t.TempDir(), "strace")
	cmd := exec.Command("strace", "-f", "-o", log, "-e", "trace="+f.calls, "-e", "inject="+f.calls+":"+f.how,
		"-p", strconv.Itoa(r.controller.cmd.Process.Pid))
	out, err := cmd.StderrPipe()
	killMust(r.t, err)
	killMust(r.t, cmd.Start())
	lines := bufio.NewScanner(out)
	attached := false
	for !attached && lines.Scan() {
		attached = strings.Contains(lines.Text(), " attached")
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for lines.Scan() { // what it says of threads that come and go
			continue
		}
		_ = cmd.Wait() // its status is that of what it traces
	}()
	r.t.Cleanup(func() {
		_ = cmd.Process.Kill() // long over, unless the test failed meanwhile
		<-done
	})
	if !attached {
		r.t.Fatal("strace cannot trace the controller")
	}
	return func() int {
		_ = cmd.Process.Signal(syscall.SIGINT) // already over when the controller is
		<-done
		data, err := os.ReadFile(log)
		killMust(r.t, err)
		return strings.Count(string(data), "(INJECTED)")
	}
}

// TestKill_DiskFaults lets the disk of the real controller refuse to make the record durable, or to take
// it, at the moment at which a door is asked for: no door opens, nobody is told that anything was
// done, the process ends and says why (or, with a full disk, says no), and the next start has all that was
// acknowledged.
func TestKill_DiskFaults(t *testing.T) {
	killSkipShort(t)
	killNeedsStrace(t)
	seed, rounds := killSeed(t), killDiskRounds(t)
	rng := rand.New(rand.NewPCG(seed, 5))
	r := newKillRig(t, killOptions{banks: 2, units: 4 * rounds, tcp: true})
	r.startController()
	r.awaitDirectory()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute+time.Duration(rounds)*20*time.Second)
	defer cancel()
	d := &killDiskRun{rig: r, people: []*killPerson{r.person(0), r.person(1)}, rng: rng}
	faults := killFaults()
	for round := 0; round < rounds && !t.Failed(); round++ {
		f := faults[round%len(faults)]
		if round >= len(faults) {
			f = faults[rng.IntN(len(faults))]
		}
		d.round(ctx, t, f, round)
	}
	var parcels []*killParcel
	for _, p := range d.people {
		for _, parcel := range p.parcels {
			if parcel.acked && !parcel.taken {
				killMust(t, p.collect(ctx, parcel))
			}
		}
		parcels = append(parcels, p.parcels...)
	}
	ops := killConverge(t, r)
	killComparePulsesOf(t, r, ops, 2*rounds)
	killCompareParcels(t, ops, parcels, 2*rounds)
	killCompareServer(t, r, ops)
	t.Logf("%d faults of the disk, %d system calls failed, %d requests of doors refused; ready again after %v at worst", rounds,
		d.injected, d.refused, d.worst.Round(time.Millisecond))
}

type killDiskRun struct {
	rig      *killRig
	people   []*killPerson
	rng      *rand.Rand
	units    int
	injected int
	refused  int
	worst    time.Duration
}

// round stores a parcel, breaks the disk when the next one's door, or the first one's, is asked for, and
// goes on when the controller is back.
func (d *killDiskRun) round(ctx context.Context, t *testing.T, f killFault, n int) {
	t.Helper()
	p := d.people[n%len(d.people)]
	kept := d.store(ctx, t, p)
	killMust(t, p.readMail(ctx, kept))
	ask := func() (killPage, error) { return p.panel.code(ctx, kept.code) }
	collects := n%3 == 0
	if n >= len(killFaults()) {
		collects = d.rng.IntN(2) == 0
	}
	if !collects {
		d.atSizes(ctx, t, p)
		ask = func() (killPage, error) { return p.panel.act(ctx, "size", "size", "S") }
	}
	time.Sleep(time.Duration(d.rng.Int64N(int64(80 * time.Millisecond))))
	before := len(d.rig.world.Pulses())
	heal := d.rig.breakDisk(f)
	page, err := ask()
	switch {
	case f.ends && !errors.Is(err, errKillDown):
		t.Errorf("%s: a door was asked for, and the kiosk says %q: %v", f.name, page.text, err)
	case !f.ends && (err != nil || page.status == http.StatusOK || !strings.Contains(page.text, killError(locker.CodeDiskFull))):
		t.Errorf("%s: a door was asked for, and the kiosk says %q: %v", f.name, page.text, err)
	default:
		d.refused++
	}
	if f.ends {
		select {
		case <-d.rig.controller.done:
		case <-time.After(10 * time.Second):
			t.Fatalf("%s: the controller goes on:\n%s", f.name, d.rig.controller.tail(10))
		}
	}
	injected := heal()
	d.injected += injected
	if now := len(d.rig.world.Pulses()); now != before || injected == 0 {
		t.Errorf("%s: %d system calls failed and %d doors were pulsed, want some and none", f.name, injected, now-before)
	}
	if out := d.rig.controller.output(); !strings.Contains(out, f.says) {
		t.Errorf("%s: the controller does not say %q:\n%s", f.name, f.says, d.rig.controller.tail(10))
	}
	if f.ends { // whatever supervises it starts it again, on a disk that works
		d.worst = max(d.worst, d.rig.startController())
	}
	_, err = p.panel.act(ctx, "finish") // as before: what was stored opens, the next round's parcel is taken
	killMust(t, ignoreDown(err))
	killMust(t, p.collect(ctx, kept))
	_, err = p.lookInto(ctx, nil) // doors of which a start did not know what came
	killMust(t, err)
}

func (d *killDiskRun) store(ctx context.Context, t *testing.T, p *killPerson) *killParcel {
	t.Helper()
	d.units++
	parcel, err := p.deposit(ctx, killUnit(d.units-1))
	killMust(t, err)
	_, err = p.panel.act(ctx, "finish")
	killMust(t, err)
	return parcel
}

// atSizes brings a courier to the step from which a door opens.
func (d *killDiskRun) atSizes(ctx context.Context, t *testing.T, p *killPerson) {
	t.Helper()
	page, err := p.panel.code(ctx, p.rig.courier)
	for _, act := range [][]string{{"parcel", "tracking", "1Z9"}, {"find", "text", killUnit(d.units - 1)}} {
		killMust(t, err)
		page, err = p.panel.act(ctx, act[0], act[1:]...)
	}
	killMust(t, err)
	if m := killMatch.FindStringSubmatch(page.body); m != nil {
		page, err = p.panel.act(ctx, "choose", "ref", m[1])
		killMust(t, err)
	}
	if page.step != "courier_size" {
		t.Fatalf("the courier is at %s: %s", page.step, page.text)
	}
}

// killError is how a kiosk names an error.
func killError(c locker.Code) string { return fmt.Sprintf("Error %d", c.Number()) }

// TestKill_PersonRemembers holds the people of these tests to what they were told: a kiosk took the word of
// staff for a parcel and was killed before their round was over. In house 9 of the run with
// KILL_SEED=20261125 two of them forgot it, and looked into the same doors for ever.
func TestKill_PersonRemembers(t *testing.T) {
	t.Parallel()
	page := `<main data-step="staff_menu"><a id="place-b/A01">Fault</a><a id="place-b/A02">Fault</a></main>`
	kiosk := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.FormValue("place") == "b/A02" {
			panic(http.ErrAbortHandler) // killed
		}
		_, _ = w.Write([]byte(page))
	}))
	defer kiosk.Close()
	parcel := &killParcel{handled: true, place: "b/A01"}
	p := &killPerson{
		rig: &killRig{}, parcels: []*killParcel{parcel},
		panel: newKillPanel(strings.TrimPrefix(kiosk.URL, "http://"), "b", nil),
	}
	for range 2 {
		if done, err := p.lookInto(t.Context(), parcel); !done || !errors.Is(err, errKillDown) {
			t.Errorf("looked into: %t, %v, want that it is done and the kiosk down", done, err)
		}
	}
}
