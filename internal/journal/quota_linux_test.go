package journal_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"cubby/internal/journal"
	"cubby/internal/journal/journaltest"
)

// quotaEnv makes the test below run in a process of its own: the limit holds for all of a process.
const quotaEnv = "CUBBY_TEST_FILE_LIMIT"

// TestFile_FileLimit lets no file grow beyond a size (EFBIG, which is an I/O error to SQLite): that is a full
// disk, nothing is appended, and with room again the journal goes on.
func TestFile_FileLimit(t *testing.T) {
	t.Parallel()
	if os.Getenv(quotaEnv) == "" {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestFile_FileLimit$")
		cmd.Env = append(os.Environ(), quotaEnv+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	ctx := t.Context()
	l, _ := open(t, fileOptions(filepath.Join(t.TempDir(), "j.db")))
	fill(t, l, 10, 10)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	limit := func(bytes uint64) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: bytes, Max: before.Max}); err != nil {
			t.Fatal(err)
		}
	}
	limit(300 << 10)
	big := journaltest.Entries(11, 1)
	big[0].Body = make([]byte, 1<<20)
	for range 2 {
		if err := l.Append(ctx, 11, big); !errors.Is(err, journal.ErrFull) || errors.Is(err, journal.ErrPoisoned) {
			t.Fatalf("append to a file that may not grow: %v, want ErrFull", err)
		}
	}
	if err := l.Append(ctx, 11, journaltest.Entries(11, 1)); err != nil {
		t.Fatalf("append what fits: %v", err)
	}
	limit(before.Cur)
	if err := l.Append(ctx, 12, big); err != nil {
		t.Fatal(err)
	}
	if verified, err := l.Verify(ctx, nil); err != nil || verified.Fault() != nil || verified.Records() != 12 {
		t.Errorf("verify %+v, %v", verified, err)
	}
}
