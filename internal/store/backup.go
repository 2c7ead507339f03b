package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// CopyTo writes the database as it is now into a new file, also while others read and write. The file
// is as private as the database.
func (s *Store) CopyTo(ctx context.Context, to string) error {
	if s.engine != SQLite {
		return fmt.Errorf("copy the database: only a database of %s is a file; use cubby backup", SQLite)
	}
	if _, err := os.Stat(to); err == nil {
		return fmt.Errorf("copy the database: %s is there already", to)
	}
	if _, err := s.writer.ExecContext(ctx, "VACUUM INTO $1", to); err != nil {
		return fmt.Errorf("copy the database: %w", err)
	}
	if err := os.Chmod(to, 0o600); err != nil { // as private as what it is a copy of
		return fmt.Errorf("keep the copy private: %w", err)
	}
	return nil
}

// backup copies the database before it is migrated to a version of the schema. The name of the copy
// holds version and time. A start that fails again and again makes one copy, not one each time.
func (s *Store) backup(ctx context.Context, path string, version int64) error {
	before, err := backupsOf(path)
	if err != nil {
		return err
	}
	to := fmt.Sprintf("%s.before-%04d-%s", path, version, s.now().UTC().Format("20060102T150405Z"))
	if slices.Contains(before, to) {
		return nil // of this very second
	}
	if err := s.CopyTo(ctx, to); err != nil {
		return fmt.Errorf("back up before migrating: %w", err)
	}
	if len(before) == 0 {
		return nil
	}
	same, err := sameFile(before[len(before)-1], to)
	if err == nil && same {
		err = os.Remove(to)
	}
	if err != nil {
		return fmt.Errorf("back up before migrating: %w", err)
	}
	return nil
}

// backupsOf lists the copies that were made before migrations, the newest last.
func backupsOf(path string) ([]string, error) {
	found, err := filepath.Glob(filepath.Clean(path) + ".before-*")
	if err != nil {
		return nil, fmt.Errorf("look for copies of the database: %w", err)
	}
	made := map[string]time.Time{}
	for _, name := range found {
		info, err := os.Stat(name)
		if err != nil {
			return nil, fmt.Errorf("look for copies of the database: %w", err)
		}
		made[name] = info.ModTime()
	}
	slices.SortFunc(found, func(a, b string) int { return made[a].Compare(made[b]) })
	return found, nil
}

// newerSchema says what to do about a database that a newer program wrote.
func (s *Store) newerSchema(have, want int64) error {
	advice := "install the newer version again"
	var copies []string
	var err error
	if s.engine == SQLite {
		copies, err = backupsOf(s.path)
	}
	if err == nil && len(copies) > 0 {
		advice += fmt.Sprintf(", or put back the copy from before the upgrade, %s, and lose what came after it", copies[len(copies)-1])
	}
	return fmt.Errorf("%w: its schema is %d, this program knows %d; %s", ErrNewerSchema, have, want, advice)
}

func sameFile(a, b string) (bool, error) {
	x, err := sumOf(a)
	if err != nil {
		return false, err
	}
	y, err := sumOf(b)
	return bytes.Equal(x, y), err
}

func sumOf(path string) (sum []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, err
	}
	return h.Sum(nil), nil
}
