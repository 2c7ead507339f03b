package text_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cubby/internal/text"
)

// used finds the keys that the sources of the repository use: every string literal that begins a
// call of T or N. A literal that ends with a dot begins a family: "state." + s. Keys chosen
// elsewhere stand in literals that are keys as a whole.
func used(t *testing.T, root string) (keys, families map[string]string, literals map[string]bool) {
	t.Helper()
	call := regexp.MustCompile(`\.[TN]\(\s*"([a-z][A-Za-z0-9_.]*)"(\s*\+)?`)
	literal := regexp.MustCompile(`"([a-z]+\.[A-Za-z0-9_.]+)"`)
	keys, families, literals = map[string]string{}, map[string]string{}, map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		name := d.Name()
		source := strings.HasSuffix(name, ".go") || strings.HasSuffix(name, ".templ")
		if !source || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") {
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range call.FindAllStringSubmatch(string(raw), -1) {
			if m[2] != "" || strings.HasSuffix(m[1], ".") {
				families[m[1]] = path
			} else {
				keys[m[1]] = path
			}
		}
		for _, m := range literal.FindAllStringSubmatch(string(raw), -1) {
			literals[m[1]] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys, families, literals
}

func TestSources_UseOnlyKeysThatExist(t *testing.T) {
	t.Parallel()
	keys, families, literals := used(t, filepath.Join("..", ".."))
	p := catalog(t).For(text.Default)
	for key, path := range keys {
		if !p.Has(key) {
			t.Errorf("%s uses the key %s, which no catalogue has", path, key)
		}
	}
	for family, path := range families {
		found := false
		for _, key := range p.Keys() {
			found = found || strings.HasPrefix(key, family)
		}
		if !found {
			t.Errorf("%s uses keys that begin with %s, but no catalogue has one", path, family)
		}
	}
	var idle []string
	for _, key := range p.Keys() {
		inFamily := strings.HasPrefix(key, "error.") // Printer.Error uses them all
		for family := range families {
			inFamily = inFamily || strings.HasPrefix(key, family)
		}
		if keys[key] == "" && !inFamily && !literals[key] {
			idle = append(idle, key)
		}
	}
	// Not a failure: a sentence may be ahead of its page.
	t.Logf("%d of %d keys are not used:\n%s", len(idle), len(p.Keys()), strings.Join(idle, "\n"))
	if len(keys) < 10 {
		t.Fatalf("found only %d keys in the sources: the search is broken", len(keys))
	}
}
