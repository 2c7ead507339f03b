package cli_test

import (
	"path/filepath"
	"strings"
	"testing"

	"cubby/internal/store"
	"cubby/internal/store/storetest"
)

// A server goes into a backup, out of it into PostgreSQL, and from there into a file.
func TestBackup_RestoreCopy(t *testing.T) {
	t.Parallel()
	dir, there := t.TempDir(), t.TempDir()
	step := func(dir, in, part string, args ...string) string {
		t.Helper()
		code, out, errs := run(t, dir, in, args...)
		if code != 0 || !strings.Contains(out, part) {
			t.Fatalf("%v: code %d, %q, %s", args, code, out, errs)
		}
		return strings.TrimSpace(out)
	}
	step(dir, "three quiet parcels\n", "may sign in", "owner", "add", "olga@example.org", "--name=Olga")
	key, file := filepath.Join(dir, "key"), filepath.Join(dir, "backup.age")
	public := step(dir, "", "age1", "backup-key", key)
	step(dir, "", "held the same", "backup", file, "--recipient", public)
	postgres := storetest.DatabaseOn(t, store.PostgreSQL)
	step(there, "", "restored the server of", "restore", file, "--key", key, "--database", postgres)
	code, _, errs := run(t, there, "three quiet parcels\n", "--set=server.database.url="+postgres, "owner", "add", "olga@example.org", "--name=Olga")
	if code == 0 {
		t.Error("the owner is not in the restored server", errs)
	}
	step(there, "", "are the same in both", "copy", postgres, "sqlite:"+filepath.Join(there, "copy.db"))
	if code, _, errs := run(t, dir, "", "backup", filepath.Join(dir, "other.age")); code != 2 || !strings.Contains(errs, "age1") {
		t.Errorf("a backup for nobody: code %d, %s", code, errs)
	}
}
