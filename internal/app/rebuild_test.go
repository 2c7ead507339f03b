package app_test

import (
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"cubby/internal/app"
	"cubby/internal/cloud"
	"cubby/internal/cloud/desk"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/store/db"
)

// Tables that were damaged are built again by another process beside a server that goes on taking parcels:
// afterwards the pages show every parcel, those that came meanwhile too, and each once.
func TestRebuild_BesideTheServer(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, p := newServer(t, dir)
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	var ana []cloud.RecipientView
	until(t, "the directory", func() (ok bool) {
		var err error
		ana, err = s.Cloud.FindRecipients(t.Context(), p, "mailroom", "4B")
		return err == nil && len(ana) == 1
	})
	logOne := func() error {
		_, err := s.Desk().LogDelivery(t.Context(), p, "mailroom", desk.Draft{Recipient: ana[0].ID, Size: locker.SizeL, Place: "shelf/1"})
		return err
	}
	until(t, "a parcel is logged", func() bool { return logOne() == nil })
	until(t, "it shows", func() bool { return len(waiting(t, s, p)) == 1 })

	const more = 8
	opts := serverOptions(dir, false)
	err := app.WithCloud(t.Context(), opts, func(c *cloud.Cloud) error {
		if err := loseStays(t, dir); err != nil {
			return err
		}
		if n := len(waiting(t, s, p)); n != 0 {
			t.Errorf("%d parcels show after the damage", n)
		}
		if text, _ := found(t, app.ExamineServer(t.Context(), opts), "tables"); text == "" {
			t.Error("the doctor says nothing of the tables")
		}
		var both sync.WaitGroup
		both.Go(func() {
			for range more {
				if err := logOne(); err != nil {
					t.Error(err)
				}
			}
		})
		var calls int
		var failed error
		for range 4 {
			failed = errors.Join(failed, c.Rebuild(t.Context(), "mailroom", func(done, total int64) {
				if calls++; done > total || done == 0 {
					t.Errorf("progress says %d of %d", done, total)
				}
			}))
		}
		both.Wait()
		if calls < 4 {
			t.Errorf("progress was told %d times", calls)
		}
		return failed
	})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "every parcel shows", func() bool { return len(waiting(t, s, p)) == 1+more })
}

// loseStays empties a table that follows the record.
func loseStays(t *testing.T, dir string) error {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{
		Path: filepath.Join(dir, "cubby.db"), Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		return err
	}
	err = st.Tx(t.Context(), func(q *db.Queries) error { return q.DeleteStays(t.Context(), "mailroom") })
	return errors.Join(err, st.Close())
}
