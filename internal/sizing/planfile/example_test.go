package planfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"cubby/internal/sizing/planfile"
)

// The plans that the documentation shows are read as they stand.
func TestRead_Examples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../../docs/examples/plan-*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatalf("found %q (%v), want the plans of docs/examples", files, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		p, err := planfile.Read(filepath.Base(name), data)
		if err != nil {
			t.Error(err)
		}
		for _, b := range p.Basis() {
			if b.Unit == "" || b.Source == "" {
				t.Errorf("%s: %s has unit %q and source %q, want both", name, b.Key, b.Unit, b.Source)
			}
		}
	}
}
