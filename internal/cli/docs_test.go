package cli_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documented finds commands in documents: in a line of a code block, or between backquotes.
func documented() *regexp.Regexp {
	return regexp.MustCompile("(?m)(?:^|`)(?:go run )?(?:\\./)?(?:cmd/)?cubby ((?:[a-z][a-z-]*)(?: [^`\n]*)?)")
}

// Every command that the documents name exists, with the flags that they give it.
func TestDocs_NameCommandsThatExist(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	files := []string{filepath.Join(root, "README.md"), filepath.Join(root, "CONTRIBUTING.md"), filepath.Join(root, "CHANGELOG.md")}
	more, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	examples, err := filepath.Glob(filepath.Join(root, "docs", "examples", "*"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range slices.Concat(files, more, examples) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range documented().FindAllStringSubmatch(string(text), -1) {
			command := m[1]
			if strings.Contains(command, "COMMAND") {
				continue
			}
			found++
			line, _, _ := strings.Cut(command, "#")
			line, _, _ = strings.Cut(line, ">")
			args := append(words(line, write(t, t.TempDir(), "file", "")), "--help")
			code, out, errs := run(t, t.TempDir(), "", args...)
			if code != 0 || !strings.Contains(out, "Usage: cubby "+args[0]) {
				t.Errorf("%s names %q: code %d, %s", file, command, code, errs)
			}
		}
	}
	if found < 20 {
		t.Errorf("only %d commands were found in the documents: is the pattern still right?", found)
	}
}

// words splits a command line at blanks, except between quotation marks. Files become one that exists.
func words(line, file string) []string {
	quoted := false
	list := strings.FieldsFunc(line, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == '"' || r == ' ' && !quoted
	})
	for i, w := range list {
		if slices.Contains([]string{".yaml", ".csv", ".db"}, filepath.Ext(w)) {
			list[i] = file
		}
	}
	return list
}

// The layout and the settings of docs/examples are taken as they stand, and fit each other.
func TestExamples_Work(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	examples := filepath.Join("..", "..", "docs", "examples")
	settings := []string{
		"--config", filepath.Join(examples, "cubby.yaml"),
		"--set=server.smtp.password_file=", "--set=server.smtp.username=", // that file is on nobody's machine
	}
	code, out, errs := run(t, dir, "", append(settings, "config", "check")...)
	want(t, code, 0, out, "fine", errs)
	code, out, errs = run(t, dir, "three quiet parcels\n", append(settings, "owner", "add", "olive@dock.example", "--name", "Olive")...)
	want(t, code, 0, out, "may sign in", errs)
	layout := filepath.Join(examples, "harbour.yaml")
	code, out, errs = run(t, dir, "", append(settings, "site", "add", "Harbour House", "--layout", layout, "--time-zone", "America/New_York")...)
	want(t, code, 0, out, "Harbour House", errs)
}
