package store_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"cubby/internal/store"
)

func TestStore_Open(t *testing.T) {
	t.Parallel()
	s, err := store.Open(context.Background(), store.Options{Path: filepath.Join(t.TempDir(), "a", "cubby.db"), Logger: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
