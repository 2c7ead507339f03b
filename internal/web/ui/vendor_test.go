package ui_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// vendorEntries reads VENDOR.toml, of which only tables of strings are used.
func vendorEntries(t *testing.T) []map[string]string {
	t.Helper()
	raw, err := os.ReadFile("vendored/VENDOR.toml")
	if err != nil {
		t.Fatal(err)
	}
	var entries []map[string]string
	for part := range strings.SplitSeq(string(raw), "[[file]]") {
		entry := map[string]string{}
		for _, m := range regexp.MustCompile(`(?m)^(\w+) = "([^"]*)"$`).FindAllStringSubmatch(part, -1) {
			entry[m[1]] = m[2]
		}
		if len(entry) > 0 {
			entries = append(entries, entry)
		}
	}
	return entries
}

func TestVendor_EveryFileIsWhatTheListSays(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, e := range vendorEntries(t) {
		for _, field := range []string{"name", "version", "licence", "package", "upstream", "path", "sha256"} {
			if e[field] == "" {
				t.Errorf("%s: no %s", e["name"], field)
			}
		}
		body, err := os.ReadFile(filepath.Join("vendored", e["path"]))
		if err != nil {
			t.Error(err)
			continue
		}
		sum := sha256.Sum256(body)
		if got := hex.EncodeToString(sum[:]); got != e["sha256"] {
			t.Errorf("%s has sha256 %s, the list says %s", e["path"], got, e["sha256"])
		}
		if strings.Contains(string(body), "sourceMappingURL=") {
			t.Errorf("%s names a source map", e["path"])
		}
		licence := filepath.Join("vendored", filepath.Dir(e["path"]), "LICENSE")
		if _, err := os.Stat(licence); err != nil {
			t.Errorf("%s has no licence text: %v", e["path"], err)
		}
		listed[e["path"]] = true
	}
	ours := map[string]bool{"VENDOR.toml": true, "lucide/sprite.sh": true, "lucide/icons.txt": true}
	err := filepath.WalkDir("vendored", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "LICENSE" {
			return err
		}
		if name := filepath.ToSlash(strings.TrimPrefix(path, "vendored"+string(filepath.Separator))); !listed[name] && !ours[name] {
			t.Errorf("%s is not listed in VENDOR.toml", name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Every icon that a component or another package draws must be in the sprite.
func TestIcons_AreInTheSprite(t *testing.T) {
	t.Parallel()
	sprite, err := os.ReadFile("vendored/lucide/icons.svg")
	if err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	for _, m := range regexp.MustCompile(`<symbol id="([\w-]+)"`).FindAllStringSubmatch(string(sprite), -1) {
		has[m[1]] = true
	}
	if len(has) < 50 {
		t.Fatalf("the sprite has %d icons", len(has))
	}
	drawn := regexp.MustCompile(`Icon\("([\w-]+)"\)|Icon:\s*"([\w-]+)"`)
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".templ") && !strings.HasSuffix(path, ".go") {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range drawn.FindAllStringSubmatch(string(raw), -1) {
			if name := m[1] + m[2]; !has[name] {
				t.Errorf("%s draws the icon %q, which the sprite lacks: add it to vendored/lucide/icons.txt", path, name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// All scripts of the product together stay small enough to read in an afternoon.
func TestScripts_StaySmall(t *testing.T) {
	t.Parallel()
	const ceiling = 900 // lines here; the whole product may have 2,000
	paths, err := filepath.Glob("static/*.js")
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines += strings.Count(string(raw), "\n")
		for _, word := range []string{"eval(", "new Function", "innerHTML", "insertAdjacentHTML", "http://", "https://"} {
			if strings.Contains(string(raw), word) {
				t.Errorf("%s contains %s", path, word)
			}
		}
	}
	if lines == 0 || lines > ceiling {
		t.Errorf("the scripts have %d lines, the ceiling is %d", lines, ceiling)
	}
}
