package sitestore

import (
	"context"
	"database/sql"
	"fmt"
)

// ApplyRange applies a batch that takes the replica from one rev to another, all or none, durable
// when it returns. Revs that were overtaken may be missing in between: the server leaves them out.
// A batch that was applied before changes nothing; one that does not begin at the replica's rev is a
// *GapError.
func (s *Store) ApplyRange(ctx context.Context, from, to uint64, changes []Change) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		rev, err := metaUint(ctx, tx, keyDirectoryRev)
		switch {
		case err != nil:
			return err
		case to <= rev:
			return nil
		case from != rev:
			return &GapError{Expected: rev + 1, Got: from + 1}
		}
		for _, c := range changes {
			if c.Rev <= from || c.Rev > to {
				return fmt.Errorf("rev %d is not in %d to %d: %w", c.Rev, from+1, to, ErrBadObject)
			}
			if err := putObject(ctx, tx, c); err != nil {
				return err
			}
		}
		return putMetaUint(ctx, tx, keyDirectoryRev, to)
	})
	if err != nil {
		return fmt.Errorf("apply directory changes %d to %d: %w", from+1, to, err)
	}
	return nil
}
