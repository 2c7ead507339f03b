package cli_test

import (
	"strings"
	"testing"
)

func TestStaff_AndTokens(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, errs := run(t, dir, "three quiet parcels\n", "owner", "add", "olive@dock.example", "--name", "Olive")
	want(t, code, 0, out, "may sign in", errs)
	layout := write(t, dir, "layout.yaml", layoutYAML)
	code, out, errs = run(t, dir, "", "site", "add", "Dock 1", "--layout", layout, "--time-zone", "Europe/Madrid")
	want(t, code, 0, out, "Dock 1", errs)
	site := strings.Fields(out)[1]

	code, out, errs = run(t, dir, "seven loud couriers\n", "staff", "add", "sam@dock.example", "--name", "Sam", "--duty", "open")
	want(t, code, 0, out, "sam@dock.example", errs)
	code, out, errs = run(t, dir, "", "staff", "list")
	want(t, code, 0, out, "sam@dock.example\tSam\t[staff]\t[open]", errs)
	code, out, errs = run(t, dir, "", "staff", "code", "sam@dock.example", "--site", site)
	want(t, code, 0, out, "-", errs)
	code, out, errs = run(t, dir, "nine polite residents\n", "staff", "password", "SAM@dock.example")
	want(t, code, 0, out, "new password", errs)
	code, out, errs = run(t, dir, "", "staff", "code", "nobody@dock.example", "--site", site)
	want(t, code, 2, errs, "cubby staff list", out)
	code, out, errs = run(t, dir, "x\n", "staff", "add", "kim@dock.example", "--name", "Kim", "--duty", "fly")
	want(t, code, 1, errs, "INPUT_INVALID", out)

	code, out, errs = run(t, dir, "", "api-token", "add", "Property system", "--scope", "read,write", "--valid", "24h")
	want(t, code, 0, out, "cubby_", errs)
	code, out, errs = run(t, dir, "", "api-token", "list")
	want(t, code, 0, out, "Property system", errs)
	id := strings.Fields(out)[0]
	code, out, errs = run(t, dir, "", "api-token", "revoke", id)
	want(t, code, 0, out, "", errs)
	code, out, errs = run(t, dir, "", "api-token", "list")
	want(t, code, 0, out, "revoked", errs)
	code, out, errs = run(t, dir, "", "api-token", "add", "Strange", "--scope", "fly")
	want(t, code, 1, errs, "INPUT_INVALID", out)
}
