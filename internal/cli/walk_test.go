package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cubby/board"
	"cubby/board/rs485"
	"cubby/board/virtual"
	"cubby/internal/app"
	"cubby/internal/commission"
	"cubby/internal/locker"
)

// bankOf puts boards of software behind a TCP port.
func bankOf(t *testing.T, boards map[board.Address]int) (world *virtual.World, spec string) {
	t.Helper()
	world, err := virtual.NewWorld(virtual.Options{Now: time.Now, Boards: boards})
	if err != nil {
		t.Fatal(err)
	}
	slave, err := rs485.NewSlave(rs485.SlaveOptions{World: world, Polarity: rs485.PolarityClosing})
	if err != nil {
		t.Fatal(err)
	}
	l, err := virtual.ListenTCP(t.Context(), "127.0.0.1:0", slave.Serve)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(); err != nil {
			t.Error(err)
		}
	})
	return world, l.Spec()
}

// An installer walks along four doors: two are crossed, and one hangs where the plan has none. The
// layout that comes out is one that a server takes, the record verifies, and the sheet names it all.
func TestBoardWalk_WritesTheLayoutAsItIs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	world, spec := bankOf(t, map[board.Address]int{1: 4})
	layout, sheet := filepath.Join(dir, "real.yaml"), filepath.Join(dir, "sheet.html")
	walk := []string{
		"board", "walk", "--port", spec, "--family", "rs485", "--option", "channels=4", "--columns", "3",
		"--out", layout, "--sheet", sheet, "--site", "Harbour House", "--installer", "Olive",
	}
	typed := "\n" + // the doors are shut
		"a02\n" + // the pulse for A01 opened A02
		"n n\n" + // a slip, which is no label
		"A01\n" +
		"\n" + // A03 opened
		"B01 L\n" // and a door that nobody planned
	code, out, errs := run(t, dir, typed, walk...)
	want(t, code, 1, out, "crossed_doors: Crossed doors: A01 and A02", errs)
	for _, part := range []string{"extra_door: Door B01", "1 doors good, 3 to look at, 0 not tested", "layout in " + layout, "root "} {
		if !strings.Contains(out, part) {
			t.Errorf("the answer does not hold %q:\n%s", part, out)
		}
	}
	if !strings.Contains(errs, "[1/4, about 1 min left] opening A01 (left/1/1)") {
		t.Errorf("no progress is shown:\n%s", errs)
	}
	data, err := os.ReadFile(layout)
	if err != nil {
		t.Fatal(err)
	}
	l, err := commission.ParseLayout(data)
	if err != nil {
		t.Fatalf("%v:\n%s", err, data)
	}
	for _, p := range l.Places() {
		want := map[string]uint8{"A01": 2, "A02": 1, "A03": 3, "B01": 4}[p.Name]
		if p.Compartment.Output != (locker.Output{Bus: "left", Board: 1, Channel: want}) {
			t.Errorf("door %s at %s, want output %d", p.Name, p.Compartment.Output, want)
		}
	}
	if n := len(world.Pulses()); n != 4 {
		t.Errorf("%d pulses, want one for each door", n)
	}
	page, err := os.ReadFile(sheet)
	if err != nil || !strings.Contains(string(page), "Harbour House") || !strings.Contains(string(page), "Crossed doors") {
		t.Errorf("the sheet is %v, %.200s", err, page)
	}
	record := filepath.Join(dir, "site", app.CommissionFile)
	code, out, errs = run(t, dir, "", "verify", record, "--site-key", filepath.Join(dir, "site", app.IdentityFile))
	want(t, code, 0, out, "verified: 10 records", errs)
	if raw, err := os.ReadFile(record); err != nil || strings.Contains(string(raw), "Olive") {
		t.Error("the installer's name stands in the record")
	}
	code, out, errs = run(t, dir, "", "site", "add", "Harbour House", "--layout", layout, "--time-zone", "UTC")
	want(t, code, 1, errs, "cubby owner add", out) // the layout was taken, the owner is missing
}

// A walk that was stopped goes on where it was, and the record keeps both sessions.
func TestBoardWalk_Resumes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	world, spec := bankOf(t, map[board.Address]int{1: 2})
	walk := []string{
		"board", "walk", "--port", spec, "--option", "channels=2", "--out", filepath.Join(dir, "real.yaml"),
	}
	code, out, errs := run(t, dir, "\n\nq\n", walk...)
	want(t, code, 1, errs, "go on with --resume", out)
	code, out, errs = run(t, dir, "\n", append(walk, "--resume")...)
	want(t, code, 0, out, "2 doors good", errs)
	if n := len(world.Pulses()); n != 2 {
		t.Errorf("%d pulses: a door that was open already was pulsed again", n)
	}
}

func TestBoardWalk_SaysWhatStandsInTheWay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, errs := run(t, dir, "", "board", "walk")
	want(t, code, 2, errs, "--port", out)
	code, out, errs = run(t, dir, "", "board", "walk", "--port", "tcp:127.0.0.1:1", "--family", "nobody")
	want(t, code, 2, errs, "nobody", out)
	code, out, errs = run(t, dir, "", "board", "walk", "--port", "tcp:127.0.0.1:1", "--resume")
	want(t, code, 2, errs, "leave --resume out", out)
	code, out, errs = run(t, dir, "", "controller", "service-code")
	want(t, code, 0, errs, "start it with 'cubby controller'", out)
	if digits := strings.ReplaceAll(strings.TrimSpace(out), " ", ""); len(digits) != 8 {
		t.Errorf("the code is %q, want eight digits", out)
	}
	code, out, errs = run(t, dir, "", "--set=controller.service.listen=", "controller", "service-code")
	want(t, code, 2, errs, "controller.service.listen is empty", out)
	code, out, errs = run(t, dir, "", "--set=controller.service.listen=", "controller")
	want(t, code, 1, errs, "belongs to no site", out)
	release, err := app.OwnFolder(filepath.Join(dir, "site"))
	if err != nil {
		t.Fatal(err)
	}
	code, out, errs = run(t, dir, "", "board", "walk", "--port", "tcp:127.0.0.1:1")
	want(t, code, 1, errs, "cubby controller service-code", out)
	code, out, errs = run(t, dir, "", "controller", "service-code")
	want(t, code, 0, errs, "open http://127.0.0.1:8481/service", out)
	if err := release(); err != nil {
		t.Fatal(err)
	}
}
