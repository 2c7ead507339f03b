package sitestore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
)

// Snapshot is derived state as of one record of the journal. It is a cache: replaying the journal
// gives it again.
type Snapshot struct {
	Epoch  uint64
	Number uint64 // the last record that is in it
	Data   []byte // opaque here
}

// PutSnapshot replaces the snapshot.
func (s *Store) PutSnapshot(ctx context.Context, epoch, number uint64, data []byte) error {
	sum := snapshotSum(epoch, number, data)
	if data == nil {
		data = []byte{}
	}
	_, err := s.db.ExecContext(ctx, `INSERT INTO snapshot (id, epoch, number, sum, data) VALUES (1, ?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, number = excluded.number, sum = excluded.sum,
		data = excluded.data`, epoch, number, sum[:], data)
	if err != nil {
		return fmt.Errorf("store snapshot at record %d of epoch %d: %w", number, epoch, mapError(err))
	}
	return nil
}

// Snapshot returns the snapshot; false when there is none or its checksum does not fit, which is no
// error because the journal has it all.
func (s *Store) Snapshot(ctx context.Context) (Snapshot, bool, error) {
	var snap Snapshot
	var sum []byte
	err := s.db.QueryRowContext(ctx, "SELECT epoch, number, sum, data FROM snapshot").
		Scan(&snap.Epoch, &snap.Number, &sum, &snap.Data)
	if errors.Is(err, sql.ErrNoRows) {
		return Snapshot{}, false, nil
	}
	if err != nil {
		return Snapshot{}, false, fmt.Errorf("read snapshot: %w", mapError(err))
	}
	if want := snapshotSum(snap.Epoch, snap.Number, snap.Data); string(sum) != string(want[:]) {
		return Snapshot{}, false, nil
	}
	return snap, true, nil
}

func snapshotSum(epoch, number uint64, data []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, epoch), number))
	h.Write(data)
	return [sha256.Size]byte(h.Sum(nil))
}
