package journal_test

import (
	"os"
	"strconv"
	"testing"

	"cubby/internal/journal"
	"cubby/internal/journal/journaltest"
)

func TestReadPast_GivesEverythingThatCanBeRead(t *testing.T) {
	t.Parallel()
	id := strconv.FormatInt(1<<40|60, 10)
	for name, c := range map[string]struct {
		sql       string
		all, fits int
	}{
		"flipped":   {"UPDATE records SET body = X'00' WHERE id = " + id, 95, 59},
		"removed":   {"DELETE FROM records WHERE id = " + id, 94, 59},
		"truncated": {"DELETE FROM records WHERE id >= " + id, 59, 59},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := written(t, 95)
			execSQL(t, opts.Path, c.sql)
			if err := os.Rename(opts.Path, opts.Path+".sealed-1"); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(opts.Path+".sealed-2", []byte("garbage"), 0o400); err != nil {
				t.Fatal(err)
			}
			all, fits, last := 0, 0, uint64(0)
			err := journal.ReadPast(t.Context(), opts.Path, func(r journal.Record, fit bool) error {
				all++
				if fit {
					fits++
				}
				if r.Number <= last {
					t.Errorf("record %d after %d", r.Number, last)
				}
				last = r.Number
				return nil
			})
			if err != nil || all != c.all || fits != c.fits {
				t.Errorf("%d records, %d fit, %v, want %d and %d", all, fits, err, c.all, c.fits)
			}
		})
	}
}

func TestReadPast_NothingWasSealed(t *testing.T) {
	t.Parallel()
	opts := written(t, 3)
	l, _ := open(t, opts)
	defer l.Close()
	if err := l.Append(t.Context(), 4, journaltest.Entries(4, 1)); err != nil {
		t.Fatal(err)
	}
	err := journal.ReadPast(t.Context(), opts.Path, func(journal.Record, bool) error {
		t.Error("a record of no sealed file")
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
