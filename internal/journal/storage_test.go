package journal_test

import (
	"path/filepath"
	"testing"

	"cubby/internal/journal"
	"cubby/internal/journal/journaltest"
)

func TestMemory_Suite(t *testing.T) {
	t.Parallel()
	journaltest.Exercise(t, func(*testing.T) journal.Storage { return journal.NewMemory() })
}

func TestFile_Suite(t *testing.T) {
	t.Parallel()
	journaltest.Exercise(t, func(t *testing.T) journal.Storage {
		t.Helper()
		f, err := journal.OpenFile(t.Context(), filepath.Join(t.TempDir(), "with ? and #.db"), journaltest.Site)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := f.Close(); err != nil {
				t.Error(err)
			}
		})
		return f
	})
}
