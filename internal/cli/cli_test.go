package cli_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cubby/internal/cli"
)

// run runs one command with settings that keep everything in dir.
func run(t *testing.T, dir, in string, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	args = append([]string{
		"--set=server.data_dir=" + filepath.Join(dir, "server"), "--set=controller.data_dir=" + filepath.Join(dir, "site"),
		"--set=log.level=error",
	}, args...)
	code = cli.Main(args, cli.Streams{In: strings.NewReader(in), Out: &o, Err: &e})
	return code, o.String(), e.String()
}

func want(t *testing.T, code, wantCode int, text, part, errs string) {
	t.Helper()
	if code != wantCode || !strings.Contains(text, part) {
		t.Fatalf("code %d, want %d; %q does not contain %q; errors: %s", code, wantCode, text, part, errs)
	}
}

const layoutYAML = `
banks:
  - id: main
    name: Locker 1
    witness: {latch: true}
    columns:
      - name: A
        compartments:
          - {id: main/A01, name: A01, size: S, units: 2, reach_mm: 1200, output: {bus: left, board: 1, channel: 1}}
          - {id: main/A02, name: A02, size: M, units: 3, reach_mm: 900, output: {bus: left, board: 1, channel: 2}}
desk: {id: desk, name: Desk}
`

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A new installation, as docs/start.md walks through it.
func TestMain_FromNothingToAToken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, errs := run(t, dir, "", "site", "list")
	want(t, code, 1, errs, "cubby owner add", out)

	code, out, errs = run(t, dir, "short\n", "owner", "add", "olive@dock.example", "--name", "Olive")
	want(t, code, 1, errs, "INPUT_INVALID", out)
	code, out, errs = run(t, dir, "three quiet parcels\n", "owner", "add", "olive@dock.example", "--name", "Olive")
	want(t, code, 0, out, "may sign in", errs)

	layout := write(t, dir, "layout.yaml", layoutYAML)
	code, out, errs = run(t, dir, "", "site", "add", "Dock 1", "--layout", layout, "--time-zone", "Europe/Madrid")
	want(t, code, 0, out, "Dock 1", errs)
	site := strings.Fields(out)[1]

	people := write(t, dir, "people.csv", "Apartment,Name,E-mail\n4B,Ana Smith,ana@dock.example\n4C,Bo,not an address\n")
	code, out, errs = run(t, dir, "", "import", "residents", people, "--site", site)
	want(t, code, 1, errs, "nothing was written", out)
	code, out, errs = run(t, dir, "", "import", "residents", people, "--site", site, "--skip")
	want(t, code, 0, out, "run again with --yes", errs)
	code, out, errs = run(t, dir, "", "import", "residents", people, "--site", site, "--skip", "--yes")
	want(t, code, 0, out, "added 1", errs)

	code, out, errs = run(t, dir, "", "site", "token", site)
	want(t, code, 0, out, "", errs)
	if len(strings.TrimSpace(out)) < 40 {
		t.Errorf("a token of %d characters", len(out))
	}
	code, out, errs = run(t, dir, "", "site", "list")
	want(t, code, 0, out, "Dock 1", errs)
	code, out, errs = run(t, dir, "", "controller", "--no-service")
	want(t, code, 1, errs, "cubby enrol TOKEN", out)
}

func TestMain_SaysWhatIsWrongWithItsInput(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bad := write(t, dir, "bad.yaml", "server:\n  lisen: 127.0.0.1:1\n")
	double := strings.ReplaceAll(layoutYAML, "channel: 2", "channel: 1")
	crossed := write(t, dir, "crossed.yaml", double)
	for name, c := range map[string]struct {
		args []string
		code int
		part string
	}{
		"unknown key":      {[]string{"--config", bad, "config", "check"}, 2, "lisen"},
		"unknown command":  {[]string{"fly"}, 2, "fly"},
		"unknown flag":     {[]string{"serve", "--fast"}, 2, "fast"},
		"no token":         {[]string{"enrol", "not-a-token"}, 2, "no enrolment token"},
		"crossed doors":    {[]string{"site", "add", "X", "--layout", crossed, "--time-zone", "UTC"}, 2, "same output"},
		"no such file":     {[]string{"verify", filepath.Join(dir, "none.db")}, 2, "none.db"},
		"setting by --set": {[]string{"--set", "server.lisen=1", "config", "check"}, 2, "lisen"},
	} {
		code, out, errs := run(t, dir, "", c.args...)
		if code != c.code || !strings.Contains(errs, c.part) {
			t.Errorf("%s: code %d, want %d; says %q%q, want %q in it", name, code, c.code, out, errs, c.part)
		}
	}
}

func TestMain_DescribesItself(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, errs := run(t, dir, "", "version")
	want(t, code, 0, out, "cubby 0.", errs)
	code, out, errs = run(t, dir, "", "config", "describe")
	want(t, code, 0, out, "public_url:", errs)
	described := write(t, dir, "described.yaml", out)
	code, out, errs = run(t, dir, "", "--config", described, "config", "check")
	want(t, code, 0, out, "fine", errs)
	code, out, errs = run(t, dir, "", "--help")
	want(t, code, 0, out, "demo", errs)
}

func TestMain_DoctorNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	code, out, errs := run(t, t.TempDir(), "", "doctor")
	want(t, code, 1, out, "cubby owner add", errs)
	for _, part := range []string{"cubby enrol TOKEN", "server.smtp.host", "disk speed", "clock"} {
		if !strings.Contains(out, part) {
			t.Errorf("the doctor does not speak of %q:\n%s", part, out)
		}
	}
}
