package store

import (
	"context"
	"errors"
	"fmt"
)

// note remembers that the database did not take a transaction. One that it takes says nothing: it may have
// had nothing to write.
func (s *Store) note(err error) {
	if errors.Is(err, ErrUnavailable) {
		s.refused.Store(true)
	}
}

// Writable returns nil while the database takes writes. After one that it did not take (a full disk, a quota, a
// standby) it is asked again, with a write that changes nothing; the error then says why.
func (s *Store) Writable(ctx context.Context) error {
	if !s.refused.Load() {
		return nil
	}
	if err := s.probe(ctx); err != nil {
		return fmt.Errorf("the database takes no writes; look for room on its disk: %w", Classify(err))
	}
	s.refused.Store(false)
	return nil
}

// probe changes a row and changes it back in one transaction: an engine may leave out a write that changes
// nothing, but what was touched is written at the end.
func (s *Store) probe(ctx context.Context) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for range 2 {
		_, err := tx.ExecContext(ctx, `UPDATE goose_db_version SET is_applied = NOT is_applied
			WHERE id = (SELECT min(id) FROM goose_db_version)`)
		if err != nil {
			return err
		}
	}
	return tx.Commit()
}
