package linktest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"cubby/internal/auth"
	"cubby/internal/link"
	"cubby/internal/locker"
	"cubby/internal/wire"
)

// ErrGap means that an upload left operations out.
var ErrGap = errors.New("linktest: a gap in the record")

// Hub is a server in memory: link.Hub and link.Registry for any number of sites. Its methods may be
// called from any goroutine.
type Hub struct {
	now func() time.Time

	mu          sync.Mutex
	sites       map[locker.SiteID]*hubSite
	controllers map[auth.Fingerprint]link.Controller
	enrolments  map[auth.Digest]*auth.Enrolment
	failures    int // of Ingest that are still to come
	identified  int
}

type hubSite struct {
	record     []wire.Upload
	repeats    int
	epoch      uint64
	changes    []wire.Change
	intents    []wire.Intent
	statuses   []wire.Status
	heads      []string
	presences  []link.Presence
	collisions []link.Collision
}

var (
	_ link.Hub      = (*Hub)(nil)
	_ link.Registry = (*Hub)(nil)
)

// NewHub returns an empty hub.
func NewHub(now func() time.Time) *Hub {
	return &Hub{
		now: now, sites: map[locker.SiteID]*hubSite{},
		controllers: map[auth.Fingerprint]link.Controller{}, enrolments: map[auth.Digest]*auth.Enrolment{},
	}
}

func (h *Hub) site(id locker.SiteID) *hubSite {
	s, ok := h.sites[id]
	if !ok {
		s = &hubSite{epoch: 1}
		h.sites[id] = s
	}
	return s
}

// Allow makes a key the controller of a site, without enrolment.
func (h *Hub) Allow(site locker.SiteID, id auth.Identity) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.controllers[id.Fingerprint()] = link.Controller{Site: site, Key: id.Public()}
}

// Expect stores an enrolment.
func (h *Hub) Expect(e auth.Enrolment) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.enrolments[e.Digest] = &e
}

// Enrol implements link.Registry.
func (h *Hub) Enrol(_ context.Context, r link.EnrolRequest) (locker.SiteID, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e, ok := h.enrolments[r.Secret.Digest()]
	switch {
	case !ok || !e.UsedAt.IsZero():
		return "", locker.Errorf(locker.CodeTokenUsed, "the token is unknown or was used")
	case !e.Usable(h.now()):
		return "", locker.Errorf(locker.CodeTokenExpired, "the token is too old")
	}
	e.UsedAt, e.UsedBy = h.now(), auth.FingerprintOf(r.Key)
	site := locker.SiteID(e.Site)
	maps.DeleteFunc(h.controllers, func(_ auth.Fingerprint, c link.Controller) bool { return c.Site == site })
	h.controllers[e.UsedBy] = link.Controller{Site: site, Key: r.Key}
	return site, nil
}

// Identify implements link.Registry.
func (h *Hub) Identify(_ context.Context, key auth.Fingerprint) (link.Controller, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.identified++
	c, ok := h.controllers[key]
	if !ok {
		return link.Controller{}, locker.Errorf(locker.CodeNotFound, "no such controller")
	}
	return c, nil
}

// Identified returns how often somebody asked to be identified.
func (h *Hub) Identified() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.identified
}

// Standing implements link.Registry.
func (h *Hub) Standing(_ context.Context, id locker.SiteID) (link.Standing, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.site(id)
	return link.Standing{DirectoryEpoch: s.epoch, Acked: s.acked()}, nil
}

func (s *hubSite) acked() wire.Position {
	if len(s.record) == 0 {
		return wire.Position{}
	}
	return s.record[len(s.record)-1].Position
}

// Present implements link.Registry.
func (h *Hub) Present(ctx context.Context, id locker.SiteID, p link.Presence) {
	if ctx.Err() != nil {
		return // a database would not take it either
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.site(id)
	s.presences = append(s.presences, p)
}

// Collided implements link.Registry.
func (h *Hub) Collided(_ context.Context, id locker.SiteID, c link.Collision) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.site(id)
	s.collisions = append(s.collisions, c)
}

// FailIngest makes the next n calls of Ingest fail, as a database does that is away.
func (h *Hub) FailIngest(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failures = n
}

// Ingest implements link.Hub. It takes repeats with the same bytes, and refuses gaps.
func (h *Hub) Ingest(_ context.Context, id locker.SiteID, uploads []wire.Upload) (wire.Position, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.site(id)
	if h.failures > 0 {
		h.failures--
		return s.acked(), errors.New("the database is away")
	}
	for _, u := range uploads {
		last := s.acked()
		switch {
		case u.Compare(last) <= 0:
			i := slices.IndexFunc(s.record, func(r wire.Upload) bool { return r.Position == u.Position })
			if i < 0 || !bytes.Equal(s.record[i].Op, u.Op) {
				return last, locker.Errorf(locker.CodeJournalFork, "operation %s has other bytes", u.Position)
			}
			s.repeats++
		case u.Epoch == last.Epoch && u.Number == last.Number+1, u.Epoch > last.Epoch && u.Number == 1:
			// What was decoded shares the memory of its frame.
			u.Op, u.Annex = bytes.Clone(u.Op), bytes.Clone(u.Annex)
			s.record = append(s.record, u)
		default:
			return last, ErrGap
		}
	}
	return s.acked(), nil
}

// Recall implements link.Hub.
func (h *Hub) Recall(_ context.Context, id locker.SiteID, after wire.Position, limit int) ([]wire.Upload, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var items []wire.Upload
	for _, u := range h.site(id).record {
		if u.Compare(after) > 0 && len(items) < limit {
			items = append(items, wire.Upload{Position: u.Position, Op: u.Op})
		}
	}
	return items, nil
}

// Record returns everything that was committed for a site, and how many operations came again.
func (h *Hub) Record(id locker.SiteID) (record []wire.Upload, repeats int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.site(id)
	return slices.Clone(s.record), s.repeats
}

// Forget takes the newest operations of a site away, as a restore from a backup does.
func (h *Hub) Forget(id locker.SiteID, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.site(id)
	s.record = s.record[:len(s.record)-n]
}

// Change appends changes to the directory of a site and numbers them.
func (h *Hub) Change(id locker.SiteID, changes ...wire.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.site(id)
	for _, c := range changes {
		c.Rev = uint64(len(s.changes) + 1)
		s.changes = append(s.changes, c)
	}
}

// Restore begins a new epoch of the directory with these changes.
func (h *Hub) Restore(id locker.SiteID, changes ...wire.Change) {
	h.mu.Lock()
	s := h.site(id)
	s.epoch++
	s.changes = nil
	h.mu.Unlock()
	h.Change(id, changes...)
}

// Rewind takes the newest changes of a directory away without a new epoch.
func (h *Hub) Rewind(id locker.SiteID, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.site(id)
	s.changes = s.changes[:len(s.changes)-n]
}

// Directory implements link.Hub.
func (h *Hub) Directory(
	_ context.Context, id locker.SiteID, have wire.DirectoryAck, limit int,
) (wire.DirectoryBatch, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.site(id)
	rev := uint64(len(s.changes))
	from := have.Rev
	if have.Epoch != s.epoch || from > rev {
		from = 0
	}
	to := min(from+uint64(limit), rev)
	return wire.DirectoryBatch{
		Epoch: s.epoch, From: from, To: to, Changes: slices.Clone(s.changes[from:to]), More: to < rev,
	}, nil
}

// Ask adds intents for a site.
func (h *Hub) Ask(id locker.SiteID, intents ...wire.Intent) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.site(id)
	s.intents = append(s.intents, intents...)
}

// Intents implements link.Hub. The fake never takes an answer: intents come until they expire.
func (h *Hub) Intents(_ context.Context, id locker.SiteID) ([]wire.Intent, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.site(id).intents), nil
}

// Status implements link.Hub.
func (h *Hub) Status(_ context.Context, id locker.SiteID, status wire.Status) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.site(id)
	s.statuses = append(s.statuses, status)
	return nil
}

// Head implements link.Hub.
func (h *Hub) Head(_ context.Context, id locker.SiteID, note string) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.site(id)
	s.heads = append(s.heads, note)
	return note + " countersigned", nil
}

// Statuses returns every status that a site sent.
func (h *Hub) Statuses(id locker.SiteID) []wire.Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.site(id).statuses)
}

// Presences returns every change of a site's connection.
func (h *Hub) Presences(id locker.SiteID) []link.Presence {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.site(id).presences)
}

// Collisions returns every second controller that was refused.
func (h *Hub) Collisions(id locker.SiteID) []link.Collision {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.site(id).collisions)
}
