package lock_test

import (
	"go/format"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestContributing_AddsALockBoard does what CONTRIBUTING.md says of a new protocol in a copy of the tree:
// it puts the example's files in their places, adds the three lines, and runs the tests that the page
// names.
func TestContributing_AddsALockBoard(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds several packages")
	}
	const root = "../../.."
	dir := t.TempDir()
	for _, part := range []string{"board", "internal/config", "internal/app/lock", "docs/lockboard"} {
		fatal(t, os.CopyFS(filepath.Join(dir, part), os.DirFS(filepath.Join(root, part))))
	}
	for _, file := range []string{"go.mod", "go.sum"} {
		write(t, filepath.Join(dir, file), read(t, filepath.Join(root, file)))
	}
	page := read(t, filepath.Join(root, "CONTRIBUTING.md"))

	moves := regexp.MustCompile("\\| \\[[^]]+\\]\\(([^)]+)\\) \\| `([^`]+)` \\|").FindAllStringSubmatch(page, -1)
	for _, m := range moves {
		text := read(t, filepath.Join(dir, m[1]))
		if formatted, err := format.Source([]byte(text)); strings.HasSuffix(m[2], ".go") && (err != nil || string(formatted) != text) {
			t.Errorf("%s is not formatted: %v", m[1], err)
		}
		write(t, filepath.Join(dir, m[2]), text)
	}
	if have, err := fs.Glob(os.DirFS(root), "docs/lockboard/*"); err != nil || len(moves) != len(have) {
		t.Fatalf("%v: the page names %d files of %d: is the pattern still right?", err, len(moves), len(have))
	}

	edit := func(file string, change func(text, line string) string) {
		t.Helper()
		m := regexp.MustCompile("(?m)^- `" + regexp.QuoteMeta(file) + "`, in .*: `([^`]+)`$").FindStringSubmatch(page)
		if m == nil {
			t.Fatalf("the page does not say what to write into %s", file)
		}
		text := read(t, filepath.Join(dir, file))
		changed := change(text, m[1])
		if changed == text {
			t.Fatalf("%s has no place for %s", file, m[1])
		}
		write(t, filepath.Join(dir, file), changed)
	}
	edit("internal/app/lock/family.go", func(text, line string) string {
		return strings.Replace(text, "\t\trs485Family(),\n", "\t\trs485Family(),\n\t\t"+line+"\n", 1)
	})
	edit("internal/config/config.go", func(text, word string) string {
		return strings.Replace(text, `oneof:",rs485`, `oneof:",rs485`+word, 1)
	})
	edit("internal/config/bus.go", func(text, word string) string {
		option := regexp.MustCompile(`(yaml:"(?:echo|deadline|status_deadline)" families:"[^"]+)"`)
		return option.ReplaceAllString(text, "${1}"+word+`"`)
	})

	for _, args := range [][]string{
		{"./board/acme"},
		{"-run", "^(TestModels|TestProbe_|TestDecode)", "./board/catalog", "./internal/app/lock"},
	} {
		cmd := exec.CommandContext(t.Context(), "go", append([]string{"test", "-short"}, args...)...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("go test %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		if strings.Contains(string(out), "no tests to run") || strings.Contains(string(out), "no test files") {
			t.Errorf("go test %s ran nothing:\n%s", strings.Join(args, " "), out)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	fatal(t, err)
	return string(data)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	fatal(t, os.MkdirAll(filepath.Dir(path), 0o750))
	fatal(t, os.WriteFile(path, []byte(text), 0o600))
}

func fatal(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
