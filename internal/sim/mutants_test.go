package sim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cubby/internal/sim"
)

// What each mutant is played with: enough for the rarest, and the same for all, so that what is found does
// not depend on luck.
const (
	mutantSeeds = 24 // from 1 on
	mutantDays  = 8
	// mutantServerSeeds is up to which seed those over the production's server are played, for mistakes in it.
	mutantServerSeeds = 150
	mutantKilled      = 95 // percent that must be found
	// mutantTime is how long one mutant may take, on a busy machine.
	mutantTime = 5 * time.Minute
)

// TestMutants puts one mistake after the other into the production code and sees whether it is found. It
// prints how many are; one that is not is a hole in the workload or in the checkers. CUBBY_MUTANTS names
// some by a part of their names or of their files.
func TestMutants(t *testing.T) {
	if raced || testing.Short() {
		t.Skip("mutants are played by a run of their own: go test ./internal/sim -run Mutants -v")
	}
	lab := newMutantLab(t)
	for _, server := range []bool{false, true} {
		if found := lab.play(t, "", "none", server); found != "" {
			t.Fatalf("without a mistake: %s", found)
		}
	}
	only, killed, played := os.Getenv("CUBBY_MUTANTS"), 0, 0
	for i, m := range mutants() { // all at once, before the hour is spent
		lab.overlay(t, i, m)
	}
	for i, m := range mutants() {
		if !strings.Contains(m.name+" in "+m.file, only) {
			continue
		}
		played++
		began := time.Now()
		found := lab.try(t, i, m)
		took := time.Since(began).Round(100 * time.Millisecond)
		if found == "" {
			t.Logf("SURVIVED %s (%s, %s)", m.name, m.file, took)
			continue
		}
		killed++
		t.Logf("killed   %s (should break %s, %s): %s", m.name, m.promise, took, found)
	}
	fmt.Fprintf(os.Stdout, "%d of %d mutants killed\n", killed, played)
	if 100*killed < mutantKilled*played {
		t.Errorf("%d of %d killed, at least %d %% must be", killed, played, mutantKilled)
	}
}

// mutantLab builds and plays mutants.
type mutantLab struct {
	root string // of the module
	dir  string
}

func newMutantLab(t *testing.T) *mutantLab {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	return &mutantLab{root: root, dir: t.TempDir()}
}

// try returns what was found of a mutant, empty when nothing was.
func (l *mutantLab) try(t *testing.T, i int, m mutant) string {
	t.Helper()
	overlay := l.overlay(t, i, m)
	if m.pkg != "" {
		return l.test(t, overlay, m)
	}
	return l.play(t, overlay, m.name, m.server)
}

// overlay writes the changed file and returns what tells the compiler of it.
func (l *mutantLab) overlay(t *testing.T, i int, m mutant) string {
	t.Helper()
	path := filepath.Join(l.root, filepath.FromSlash(m.file))
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(source, []byte(m.old)); n != 1 {
		t.Errorf("%q: its old text stands %d times in %s, must be once: the table follows the code", m.name, n, m.file)
	}
	changed := filepath.Join(l.dir, strconv.Itoa(i)+".go")
	if err := os.WriteFile(changed, bytes.Replace(source, []byte(m.old), []byte(m.new), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(l.dir, strconv.Itoa(i)+".json")
	if err := os.WriteFile(overlay, list, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}

// play builds the simulator over a mutant and plays its seeds.
// With server it plays those over the production's server.
func (l *mutantLab) play(t *testing.T, overlay, name string, server bool) string {
	t.Helper()
	program := filepath.Join(l.dir, "mutant")
	args := []string{"build", "-ldflags=-s -w", "-o", program}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	if out, err := l.command(t, "go", append(args, "./internal/sim/testdata/mutant")...); err != nil {
		t.Fatalf("%q does not build: %v\n%s", name, err, out)
	}
	played := []string{strconv.Itoa(mutantDays)}
	for seed := range uint64(mutantSeeds) {
		if !server {
			played = append(played, strconv.FormatUint(seed+1, 10))
		}
	}
	for seed := uint64(1); server && seed <= mutantServerSeeds; seed++ {
		if sim.Real(seed) {
			played = append(played, strconv.FormatUint(seed, 10))
		}
	}
	out, err := l.command(t, program, played...)
	return verdict(t, name, out, err)
}

// test runs the tests that must find a mutant.
func (l *mutantLab) test(t *testing.T, overlay string, m mutant) string {
	t.Helper()
	out, err := l.command(t, "go", "test", "-count=1", "-short", "-overlay", overlay, "-run", m.run, m.pkg)
	if strings.Contains(out, "[build failed]") || strings.Contains(out, "no tests to run") {
		t.Fatalf("%q does not build, or %s has no test %s: %s", m.name, m.pkg, m.run, out)
	}
	if err == nil {
		return ""
	}
	for line := range strings.Lines(out) {
		if strings.Contains(line, "--- FAIL") || strings.Contains(line, "panic:") {
			return strings.TrimSpace(line)
		}
	}
	return m.run + " of " + m.pkg + " failed"
}

func (l *mutantLab) command(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), mutantTime)
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = l.root
	c.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GOFLAGS=") })
	out, err := c.CombinedOutput()
	if ctx.Err() != nil {
		return "it hangs", nil
	}
	return string(out), err
}

// verdict reads what a run of seeds said.
func verdict(t *testing.T, name, out string, err error) string {
	t.Helper()
	out = strings.TrimSpace(out)
	var exit *exec.ExitError
	switch {
	case err == nil:
		return out // nothing, unless it hangs
	case errors.As(err, &exit) && exit.ExitCode() > 0: // found, or it died of it
		return strings.TrimSpace(out[:min(len(out), 300)])
	}
	t.Fatalf("%q cannot be played: %v\n%s", name, err, out)
	return ""
}
