package linktest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"cubby/internal/link"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// Site is a controller in memory. Its methods may be called from any goroutine.
type Site struct {
	id locker.SiteID

	mu        sync.Mutex
	journal   []wire.Upload
	acked     []wire.Position // every acknowledgement
	directory *locker.Directory
	epoch     uint64
	applied   int // batches
	fresh     []wire.Intent
	expired   []wire.Intent
	head      string
	stumbles  int
}

var _ link.SiteSide = (*Site)(nil)

// NewSite returns a site where nothing has happened.
func NewSite(id locker.SiteID) *Site { return &Site{id: id, directory: locker.NewDirectory()} }

// Happen appends n operations of one fact each to epoch 1, or to the epoch of the last.
func (s *Site) Happen(n int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := wire.Position{Epoch: 1}
	if len(s.journal) > 0 {
		at = s.journal[len(s.journal)-1].Position
	}
	for range n {
		at.Number++
		if err := s.append(at); err != nil {
			return err
		}
	}
	return nil
}

// BeginEpoch appends the first operation of a new epoch.
func (s *Site) BeginEpoch() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := wire.Position{Epoch: 1, Number: 1}
	if len(s.journal) > 0 {
		at.Epoch = s.journal[len(s.journal)-1].Epoch + 1
	}
	return s.append(at)
}

func (s *Site) append(at wire.Position) error {
	op, err := wire.EncodeOperation(wire.Operation{
		Site: s.id, Epoch: at.Epoch, Number: at.Number, Boot: "boot",
		Facts: []locker.Fact{locker.DepositSettled{Stay: locker.StayID(fmt.Sprintf("stay-%s", at))}},
	})
	if err != nil {
		return err
	}
	annex, err := wire.EncodeAnnex(wire.Annex{"r": "annex of " + at.String()})
	s.journal = append(s.journal, wire.Upload{Position: at, Op: op, Annex: annex})
	return err
}

// Journal returns every operation.
func (s *Site) Journal() []wire.Upload {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.journal)
}

// SetHead sets the head that the next report carries.
func (s *Site) SetHead(note string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.head = note
}

// Pending implements link.SiteSide.
func (s *Site) Pending(_ context.Context, after wire.Position, limit int) ([]wire.Upload, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.journal, func(u wire.Upload) bool { return u.Compare(after) > 0 })
	if i < 0 {
		return nil, nil
	}
	return slices.Clone(s.journal[i:min(i+limit, len(s.journal))]), nil
}

// Acknowledged implements link.SiteSide.
func (s *Site) Acknowledged(_ context.Context, upTo wire.Position) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acked = append(s.acked, upTo)
	return nil
}

// Acked returns every acknowledgement.
func (s *Site) Acked() []wire.Position {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.acked)
}

// ApplyDirectory implements link.SiteSide. It refuses a batch that does not fit.
func (s *Site) ApplyDirectory(_ context.Context, b wire.DirectoryBatch) (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stumbles > 0 && b.From > 0 { // the replica is written, then something fails
		s.stumbles--
		for _, c := range b.Changes {
			if err := wire.ApplyChange(s.directory, wire.NewKeys(), c); err != nil {
				return s.directory.Rev, err
			}
		}
		s.directory.Rev = b.To
		return 0, errors.New("the replica is ahead of the memory")
	}
	if b.From == 0 {
		s.directory, s.epoch = locker.NewDirectory(), b.Epoch
	}
	if b.Epoch != s.epoch || b.From != s.directory.Rev {
		return s.directory.Rev, fmt.Errorf("a batch from %d/%d for a replica at %d/%d", b.Epoch, b.From, s.epoch, s.directory.Rev)
	}
	for _, c := range b.Changes {
		if err := wire.ApplyChange(s.directory, wire.NewKeys(), c); err != nil {
			return s.directory.Rev, err
		}
	}
	s.directory.Rev = b.To
	s.applied++
	return b.To, nil
}

// Stumble makes the next n calls of ApplyDirectory keep the batch and then fail.
func (s *Site) Stumble(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stumbles = n
}

// Directory returns the epoch, the revision and the number of units of the replica, and how many
// batches made it.
func (s *Site) Directory() (have wire.DirectoryAck, units, batches int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return wire.DirectoryAck{Epoch: s.epoch, Rev: s.directory.Rev}, len(s.directory.Units), s.applied
}

// HandleIntents implements link.SiteSide.
func (s *Site) HandleIntents(_ context.Context, fresh, expired []wire.Intent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh = append(s.fresh, fresh...)
	s.expired = append(s.expired, expired...)
	return nil
}

// Intents returns what was handed over.
func (s *Site) Intents() (fresh, expired []wire.Intent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.fresh), slices.Clone(s.expired)
}

// Report implements link.SiteSide.
func (s *Site) Report(context.Context) (link.Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var have wire.JournalStatus
	if n := len(s.journal); n > 0 {
		have.Last = s.journal[n-1].Position
	}
	return link.Report{
		Status:    wire.Status{Version: "test", Boot: "boot", Journal: have, Directory: s.directory.Rev},
		Directory: wire.DirectoryAck{Epoch: s.epoch, Rev: s.directory.Rev}, Head: s.head,
	}, nil
}
