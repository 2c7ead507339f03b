package sitestore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
)

const (
	keyDirectoryEpoch = "directory_epoch"
	keyDirectoryRev   = "directory_rev"

	// MaxObjectBody is the most bytes of one object's JSON.
	MaxObjectBody = 1 << 20
)

// ErrGap is what every *GapError is.
var ErrGap = errors.New("directory changes are missing")

// ErrBadObject means that a change has no kind, no id, or a body that is no JSON or too long.
var ErrBadObject = errors.New("directory object is not valid")

// GapError says which change must come next. Nothing was applied.
type GapError struct {
	Expected uint64 // the rev to ask the server for
	Got      uint64
}

// Error returns the two revs.
func (e *GapError) Error() string {
	return fmt.Sprintf("%v: got rev %d, expected %d", ErrGap, e.Got, e.Expected)
}

// Unwrap returns ErrGap.
func (e *GapError) Unwrap() error { return ErrGap }

// Object is one thing of the directory, as the server wrote it.
type Object struct {
	Kind string
	ID   string
	Rev  uint64          // of its last change
	Body json.RawMessage // opaque here
}

// Change is one step of the directory. Revs are contiguous per site and directory epoch, from 1.
type Change struct {
	Rev     uint64
	Kind    string
	ID      string
	Body    json.RawMessage // ignored when Deleted
	Deleted bool
}

// Rev returns the directory epoch and the rev of the last change that was applied; "" and 0 before
// the first.
func (s *Store) Rev(ctx context.Context) (epoch string, rev uint64, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) error {
		value, _, err := metaOf(ctx, tx, keyDirectoryEpoch)
		if err != nil {
			return err
		}
		epoch = string(value)
		rev, err = metaUint(ctx, tx, keyDirectoryRev)
		return err
	})
	if err != nil {
		return "", 0, fmt.Errorf("read directory rev: %w", err)
	}
	return epoch, rev, nil
}

// ApplyChanges applies changes in their order, all or none, durable when it returns. A change whose
// rev was applied before is skipped, so the same batch may come twice. A missing rev is a *GapError.
func (s *Store) ApplyChanges(ctx context.Context, changes []Change) error {
	applied := false
	err := s.transact(ctx, func(tx *sql.Tx) error {
		rev, err := metaUint(ctx, tx, keyDirectoryRev)
		if err != nil {
			return err
		}
		before := rev
		for _, c := range changes {
			if c.Rev <= rev {
				continue
			}
			if c.Rev != rev+1 {
				return &GapError{Expected: rev + 1, Got: c.Rev}
			}
			if err := putObject(ctx, tx, c); err != nil {
				return err
			}
			rev = c.Rev
		}
		if applied = rev != before; !applied {
			return nil
		}
		return putMetaUint(ctx, tx, keyDirectoryRev, rev)
	})
	if err == nil && applied {
		err = s.forget(ctx)
	}
	if err != nil {
		return fmt.Errorf("apply %d directory changes: %w", len(changes), err)
	}
	return nil
}

// Reset replaces the whole directory by what the server holds at that rev of a directory epoch, in
// one transaction: a site never sees half of it. It is how a new epoch of the directory begins.
func (s *Store) Reset(ctx context.Context, epoch string, rev uint64, objects []Object) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM objects"); err != nil {
			return err
		}
		for _, o := range objects {
			if err := putObject(ctx, tx, Change{Rev: o.Rev, Kind: o.Kind, ID: o.ID, Body: o.Body}); err != nil {
				return err
			}
		}
		if err := putMeta(ctx, tx, keyDirectoryEpoch, []byte(epoch)); err != nil {
			return err
		}
		return putMetaUint(ctx, tx, keyDirectoryRev, rev)
	})
	if err == nil {
		err = s.forget(ctx)
	}
	if err != nil {
		return fmt.Errorf("reset directory to epoch %q rev %d: %w", epoch, rev, err)
	}
	return nil
}

func putObject(ctx context.Context, tx *sql.Tx, c Change) error {
	body := []byte(c.Body)
	if c.Deleted {
		body = []byte("{}") // the tombstone keeps the rev, not the person
	}
	if c.Kind == "" || c.ID == "" || len(body) > MaxObjectBody || !json.Valid(body) {
		return fmt.Errorf("rev %d, kind %q: %w", c.Rev, c.Kind, ErrBadObject)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO objects (kind, id, rev, body, deleted) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (kind, id) DO UPDATE SET rev = excluded.rev, body = excluded.body, deleted = excluded.deleted`,
		c.Kind, c.ID, c.Rev, string(body), c.Deleted)
	return err
}

// Objects returns all objects that are not deleted, in the order of kind and id.
func (s *Store) Objects(ctx context.Context) ([]Object, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT kind, id, rev, body FROM objects WHERE deleted = 0 ORDER BY kind, id")
	if err != nil {
		return nil, fmt.Errorf("read directory: %w", mapError(err))
	}
	defer rows.Close()
	var objects []Object
	for rows.Next() {
		var o Object
		var body string
		if err := rows.Scan(&o.Kind, &o.ID, &o.Rev, &body); err != nil {
			return nil, fmt.Errorf("read directory: %w", mapError(err))
		}
		o.Body = json.RawMessage(body)
		objects = append(objects, o)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read directory: %w", mapError(err))
	}
	return objects, nil
}
