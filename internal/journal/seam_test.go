package journal

import (
	"context"
	"strconv"
)

// LimitPages makes the disk of a File seem full: SQLite refuses to let the database grow beyond
// that many pages more than it has. Below 0 lifts the limit.
func LimitPages(ctx context.Context, f *File, more int) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var pages, got int
	if err := f.write.QueryRowContext(ctx, "PRAGMA page_count").Scan(&pages); err != nil {
		return err
	}
	limit := pages + more
	if more < 0 {
		limit = 1 << 30
	}
	return f.write.QueryRowContext(ctx, "PRAGMA max_page_count = "+strconv.Itoa(limit)).Scan(&got)
}

// FileOf returns the file under a Log that Open returned.
func FileOf(l *Log) *File {
	f, _ := l.storage.(*File)
	return f
}

// SetStorage puts a storage with faults in place of the real one.
func SetStorage(l *Log, st Storage) { l.storage = st }
