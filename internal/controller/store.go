package controller

import (
	"context"
	"fmt"
	"strconv"

	"cubby/internal/sitestore"
	"cubby/internal/wire"
)

var _ Store = (*SiteStore)(nil)

// single is the id under which the store keeps what a site has one of: the site, layout and policy.
const single = "-"

// SiteStore is the Store over the controller's own database.
type SiteStore struct{ db *sitestore.Store }

// NewSiteStore returns the Store over db.
func NewSiteStore(db *sitestore.Store) *SiteStore { return &SiteStore{db: db} }

// Directory returns the replica.
func (s *SiteStore) Directory(ctx context.Context) (wire.DirectoryAck, []wire.Change, error) {
	ack, err := s.rev(ctx)
	if err != nil {
		return wire.DirectoryAck{}, nil, err
	}
	objects, err := s.db.Objects(ctx)
	if err != nil {
		return wire.DirectoryAck{}, nil, err
	}
	changes := make([]wire.Change, 0, len(objects))
	for _, o := range objects {
		changes = append(changes, wire.Change{Rev: o.Rev, Kind: o.Kind, ID: outerID(o.ID), Body: o.Body})
	}
	return ack, changes, nil
}

func (s *SiteStore) rev(ctx context.Context) (wire.DirectoryAck, error) {
	epoch, rev, err := s.db.Rev(ctx)
	if err != nil || epoch == "" {
		return wire.DirectoryAck{Rev: rev}, err
	}
	n, err := strconv.ParseUint(epoch, 10, 64)
	if err != nil {
		return wire.DirectoryAck{}, fmt.Errorf("directory epoch %q: %w", epoch, err)
	}
	return wire.DirectoryAck{Epoch: n, Rev: rev}, nil
}

// ApplyDirectory applies a batch: one from 0 replaces the replica.
func (s *SiteStore) ApplyDirectory(ctx context.Context, b wire.DirectoryBatch) (wire.DirectoryAck, error) {
	var err error
	if b.From == 0 {
		objects := make([]sitestore.Object, 0, len(b.Changes))
		for _, c := range b.Changes {
			if !c.Deleted {
				objects = append(objects, sitestore.Object{Kind: c.Kind, ID: innerID(c.ID), Rev: c.Rev, Body: c.Body})
			}
		}
		err = s.db.Reset(ctx, strconv.FormatUint(b.Epoch, 10), b.To, objects)
	} else {
		changes := make([]sitestore.Change, 0, len(b.Changes))
		for _, c := range b.Changes {
			changes = append(changes, sitestore.Change{
				Rev: c.Rev, Kind: c.Kind, ID: innerID(c.ID), Body: c.Body, Deleted: c.Deleted,
			})
		}
		err = s.db.ApplyRange(ctx, b.From, b.To, changes)
	}
	if err != nil {
		return wire.DirectoryAck{}, err
	}
	return s.rev(ctx)
}

// Snapshot returns the last snapshot.
func (s *SiteStore) Snapshot(ctx context.Context) ([]byte, error) {
	snap, ok, err := s.db.Snapshot(ctx)
	if err != nil || !ok {
		return nil, err
	}
	return snap.Data, nil
}

// PutSnapshot stores a snapshot.
func (s *SiteStore) PutSnapshot(ctx context.Context, at wire.Position, data []byte) error {
	return s.db.PutSnapshot(ctx, at.Epoch, at.Number, data)
}

// SetAcked remembers what the server has committed.
func (s *SiteStore) SetAcked(ctx context.Context, at wire.Position) error {
	return s.db.SetAcked(ctx, at.Epoch, at.Number)
}

// Acked returns the highest number of an epoch that the server has committed, 0 when none.
func (s *SiteStore) Acked(ctx context.Context, epoch uint64) (uint64, error) {
	return s.db.Acked(ctx, epoch)
}

func innerID(id string) string {
	if id == "" {
		return single
	}
	return id
}

func outerID(id string) string {
	if id == single {
		return ""
	}
	return id
}
