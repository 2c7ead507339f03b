package cli_test

import (
	"strings"
	"testing"
)

func TestRebuild_SitesOfAnInstallation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, errs := run(t, dir, "", "rebuild")
	want(t, code, 1, errs, "owner add", out)
	code, out, errs = run(t, dir, "three quiet parcels\n", "owner", "add", "olive@dock.example", "--name", "Olive")
	want(t, code, 0, out, "may sign in", errs)
	code, out, errs = run(t, dir, "", "site", "add", "Dock 1", "--layout", write(t, dir, "layout.yaml", layoutYAML), "--time-zone", "Europe/Madrid")
	want(t, code, 0, out, "Dock 1", errs)
	site := strings.Fields(out)[1]
	code, out, errs = run(t, dir, "", "rebuild", site)
	want(t, code, 0, out, "Dock 1: nothing is recorded yet", errs)
	code, out, errs = run(t, dir, "", "rebuild", "elsewhere")
	want(t, code, 2, errs, "cubby site list", out)
}
