package sitestore

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

const (
	keyBoot        = "boot"
	keyTrustedTime = "trusted_time_ms"
	keyLink        = "link"
)

// Acked returns the highest number of that epoch that the server has committed, 0 when none.
func (s *Store) Acked(ctx context.Context, epoch uint64) (uint64, error) {
	var number uint64
	err := s.db.QueryRowContext(ctx, "SELECT number FROM acked WHERE epoch = ?", epoch).Scan(&number)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("read acknowledged number of epoch %d: %w", epoch, mapError(err))
	}
	return number, nil
}

// SetAcked stores what the server has committed of an epoch. It may go down: a server that came
// back from a backup asks for records again.
func (s *Store) SetAcked(ctx context.Context, epoch, number uint64) error {
	_, err := s.db.ExecContext(ctx, `INSERT INTO acked (epoch, number) VALUES (?, ?)
		ON CONFLICT (epoch) DO UPDATE SET number = excluded.number`, epoch, number)
	if err != nil {
		return fmt.Errorf("store acknowledged number %d of epoch %d: %w", number, epoch, mapError(err))
	}
	return nil
}

// NextBoot counts this start and returns its number, which is above floor. The caller gives the
// highest boot number in the journal as floor, so that the count survives a lost database.
func (s *Store) NextBoot(ctx context.Context, floor uint64) (uint64, error) {
	var boot uint64
	err := s.transact(ctx, func(tx *sql.Tx) error {
		last, err := metaUint(ctx, tx, keyBoot)
		if err != nil {
			return err
		}
		boot = max(last, floor) + 1
		return putMetaUint(ctx, tx, keyBoot, boot)
	})
	if err != nil {
		return 0, fmt.Errorf("count boot: %w", err)
	}
	return boot, nil
}

// TrustedTime returns the last time that a trusted clock gave, in milliseconds precision and UTC;
// false when there was none.
func (s *Store) TrustedTime(ctx context.Context) (time.Time, bool, error) {
	var ms uint64
	err := s.transact(ctx, func(tx *sql.Tx) (err error) {
		ms, err = metaUint(ctx, tx, keyTrustedTime)
		return err
	})
	if err != nil {
		return time.Time{}, false, fmt.Errorf("read trusted time: %w", err)
	}
	return time.UnixMilli(int64(ms)).UTC(), ms != 0, nil
}

// SetTrustedTime stores the time that a trusted clock gives. It never goes back: a wrong clock
// must not revive what has expired.
func (s *Store) SetTrustedTime(ctx context.Context, t time.Time) error {
	err := s.transact(ctx, func(tx *sql.Tx) error {
		last, err := metaUint(ctx, tx, keyTrustedTime)
		if err != nil || t.UnixMilli() <= int64(last) {
			return err
		}
		return putMetaUint(ctx, tx, keyTrustedTime, uint64(t.UnixMilli()))
	})
	if err != nil {
		return fmt.Errorf("store trusted time: %w", err)
	}
	return nil
}

// Link returns what enrolment left for the link (server address, server key), as the caller encoded
// it; false when this controller is not enrolled.
func (s *Store) Link(ctx context.Context) ([]byte, bool, error) { return s.Meta(ctx, keyLink) }

// SetLink stores it.
func (s *Store) SetLink(ctx context.Context, value []byte) error {
	return s.SetMeta(ctx, keyLink, value)
}

// Meta returns a value that SetMeta stored; false when there is none.
func (s *Store) Meta(ctx context.Context, key string) (value []byte, ok bool, err error) {
	err = s.transact(ctx, func(tx *sql.Tx) (err error) {
		value, ok, err = metaOf(ctx, tx, key)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("read %q: %w", key, err)
	}
	return value, ok, nil
}

// SetMeta stores a small value under a key, durable when it returns. Keys of the package's own
// values are "boot", "link", "trusted_time_ms" and those that begin with "directory_".
func (s *Store) SetMeta(ctx context.Context, key string, value []byte) error {
	err := s.transact(ctx, func(tx *sql.Tx) error { return putMeta(ctx, tx, key, value) })
	if err != nil {
		return fmt.Errorf("store %q: %w", key, err)
	}
	return nil
}

func metaOf(ctx context.Context, tx *sql.Tx, key string) (value []byte, ok bool, err error) {
	err = tx.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = ?", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	return value, err == nil, err
}

func putMeta(ctx context.Context, tx *sql.Tx, key string, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO meta (key, value) VALUES (?, ?)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	return err
}

func metaUint(ctx context.Context, tx *sql.Tx, key string) (uint64, error) {
	value, ok, err := metaOf(ctx, tx, key)
	if err != nil || !ok {
		return 0, err
	}
	if len(value) != 8 {
		return 0, fmt.Errorf("%q has %d bytes instead of 8: %w", key, len(value), ErrDamaged)
	}
	return binary.BigEndian.Uint64(value), nil
}

func putMetaUint(ctx context.Context, tx *sql.Tx, key string, n uint64) error {
	return putMeta(ctx, tx, key, binary.BigEndian.AppendUint64(nil, n))
}
