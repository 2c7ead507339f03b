package commission_test

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cubby/internal/commission"
)

// codesAt returns codes in a folder by a clock that the test moves.
func codesAt(dir string, now *time.Time) *commission.Codes {
	return &commission.Codes{
		Path: filepath.Join(dir, "code.json"), Key: []byte("key"), Now: func() time.Time { return *now },
	}
}

// other returns a code that is not this one.
func wrong(code string) string {
	if code[0] == '9' {
		return "0" + code[1:]
	}
	return string(code[0]+1) + code[1:]
}

func TestCodes_WorkOnce(t *testing.T) {
	t.Parallel()
	now := start()
	c := codesAt(t.TempDir(), &now)
	if err := c.Take("12345678"); !errors.Is(err, commission.ErrCodeOver) || c.Live() {
		t.Errorf("without a code: %v, live %t", err, c.Live())
	}
	code, err := c.New(rand.Reader)
	must(t, err)
	if len(strings.ReplaceAll(code, " ", "")) != 8 || !c.Live() {
		t.Fatalf("the code is %q, live %t: want eight digits", code, c.Live())
	}
	must(t, c.Take(" "+strings.ReplaceAll(code, " ", "-")))
	if err := c.Take(code); !errors.Is(err, commission.ErrCodeOver) {
		t.Errorf("a second use: %v", err)
	}
}

func TestCodes_EndByTime(t *testing.T) {
	t.Parallel()
	now := start()
	c := codesAt(t.TempDir(), &now)
	code, err := c.New(rand.Reader)
	must(t, err)
	now = now.Add(commission.CodeFor)
	if err := c.Take(code); !errors.Is(err, commission.ErrCodeOver) {
		t.Errorf("after 15 minutes: %v", err)
	}
	now = start().Add(-time.Hour) // the clock jumped back
	if err := c.Take(code); !errors.Is(err, commission.ErrCodeOver) {
		t.Errorf("by a clock that jumped back: %v", err)
	}
}

// Wrong codes are counted on disk: a restart gives no further tries, and the last one ends the code.
func TestCodes_CountWrongOnesForGood(t *testing.T) {
	t.Parallel()
	now, dir := start(), t.TempDir()
	code, err := codesAt(dir, &now).New(rand.Reader)
	must(t, err)
	for i := range commission.CodeTries {
		c := codesAt(dir, &now) // started again
		err := c.Take(wrong(code))
		last := i == commission.CodeTries-1
		if !last && !errors.Is(err, commission.ErrCodeWrong) || last && !errors.Is(err, commission.ErrCodeOver) {
			t.Errorf("try %d: %v", i+1, err)
		}
	}
	if err := codesAt(dir, &now).Take(code); !errors.Is(err, commission.ErrCodeOver) {
		t.Errorf("the right code after the last try: %v", err)
	}
}

// The file tells nobody the code, only its owner can read it, and a new code ends the one before.
func TestCodes_FileTellsNothing(t *testing.T) {
	t.Parallel()
	now, dir := start(), t.TempDir()
	c := codesAt(dir, &now)
	first, err := c.New(rand.Reader)
	must(t, err)
	data, err := os.ReadFile(c.Path)
	must(t, err)
	info, err := os.Stat(c.Path)
	must(t, err)
	if strings.Contains(string(data), strings.ReplaceAll(first, " ", "")) || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %s", info.Mode(), data)
	}
	stolen := &commission.Codes{Path: c.Path, Key: []byte("guess"), Now: c.Now}
	if err := stolen.Take(first); !errors.Is(err, commission.ErrCodeWrong) {
		t.Errorf("another key takes the code: %v", err)
	}
	second, err := c.New(rand.Reader)
	must(t, err)
	if first != second {
		if err := c.Take(first); !errors.Is(err, commission.ErrCodeWrong) {
			t.Errorf("the code before: %v", err)
		}
	}
	must(t, os.WriteFile(c.Path, []byte("{"), 0o600))
	if err := c.Take(second); !errors.Is(err, commission.ErrCodeOver) {
		t.Errorf("half a file: %v", err)
	}
	must(t, c.End())
	must(t, c.End())
	seen := map[string]bool{}
	for range 50 {
		code, err := c.New(rand.Reader)
		must(t, err)
		seen[code] = true
	}
	if len(seen) < 50 {
		t.Errorf("50 codes, %d of them different", len(seen))
	}
}
