package cli_test

import (
	"strings"
	"testing"
)

func TestMigrate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, step := range []struct {
		command, want string
		code          int
	}{
		{"status", "cubby migrate up makes the tables", 1},
		{"up", "migrated from schema 0 to ", 0},
		{"up", "is up to date", 0},
		{"status", "up to date", 0},
	} {
		code, out, errs := run(t, dir, "", "migrate", step.command)
		if code != step.code || !strings.Contains(out, step.want) {
			t.Errorf("migrate %s: code %d, %q, %s", step.command, code, out, errs)
		}
	}
}
