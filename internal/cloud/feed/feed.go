package feed

import (
	"context"
	"slices"
	"sync"

	"cubby/internal/locker"
)

// Change says what of a site changed, for live pages. Changes that wait are folded together.
type Change struct {
	Site      locker.SiteID
	Places    []locker.PlaceID // changed, sorted; none with All
	All       bool             // draw everything again: the layout or too much changed
	Tiles     bool             // counts changed
	Incidents bool             // incidents changed
	Health    bool             // link or health changed
}

func (c Change) empty() bool {
	return len(c.Places) == 0 && !c.All && !c.Tiles && !c.Incidents && !c.Health
}

// maxChangedPlaces bounds what waits for a slow reader: beyond it the whole wall is drawn again.
const maxChangedPlaces = 200

// merge folds a later change into c.
func (c Change) merge(o Change) Change {
	c.All, c.Tiles = c.All || o.All, c.Tiles || o.Tiles
	c.Incidents, c.Health = c.Incidents || o.Incidents, c.Health || o.Health
	if !c.All {
		c.Places = slices.Compact(slices.Sorted(slices.Values(slices.Concat(c.Places, o.Places))))
	}
	if c.All || len(c.Places) > maxChangedPlaces {
		c.All, c.Places = true, nil
	}
	return c
}

// Feed hands changes to whoever watches a site, within this process.
type Feed struct {
	mu   sync.Mutex
	subs map[locker.SiteID][]*subscriber
}

type subscriber struct {
	pending Change
	ready   chan struct{} // has room for one
}

// New returns a feed that nobody watches.
func New() *Feed { return &Feed{subs: map[locker.SiteID][]*subscriber{}} }

// Publish hands a change to whoever watches its site. It never blocks.
func (f *Feed) Publish(c Change) {
	if c.empty() {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.subs[c.Site] {
		s.pending = s.pending.merge(c)
		select {
		case s.ready <- struct{}{}:
		default:
		}
	}
}

func (f *Feed) take(s *subscriber) Change {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := s.pending
	s.pending = Change{}
	return c
}

func (f *Feed) add(site locker.SiteID) *subscriber {
	s := &subscriber{ready: make(chan struct{}, 1)}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.subs[site] = append(f.subs[site], s)
	return s
}

func (f *Feed) remove(site locker.SiteID, s *subscriber) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.subs[site] = slices.DeleteFunc(f.subs[site], func(x *subscriber) bool { return x == s }); len(f.subs[site]) == 0 {
		delete(f.subs, site)
	}
}

// Watch returns the changes of a site until ctx ends; the channel is then closed. A slow reader gets
// fewer, larger changes, never old ones.
func (f *Feed) Watch(ctx context.Context, site locker.SiteID) <-chan Change {
	s := f.add(site)
	changes := make(chan Change)
	go func() { // ends with ctx, which the caller owns
		defer close(changes)
		defer f.remove(site, s)
		for {
			select {
			case <-s.ready:
			case <-ctx.Done():
				return
			}
			change := f.take(s)
			if change.empty() {
				continue
			}
			change.Site = site
			select {
			case changes <- change:
			case <-ctx.Done():
				return
			}
		}
	}()
	return changes
}

// Waiting wakes whoever waits for the answer to an intent.
type Waiting struct {
	mu   sync.Mutex
	byID map[locker.IntentID][]chan struct{}
}

// NewWaiting returns one that nobody waits at.
func NewWaiting() *Waiting { return &Waiting{byID: map[locker.IntentID][]chan struct{}{}} }

// Add returns a channel that is sent to when the intent is answered. Remove it afterwards.
func (w *Waiting) Add(id locker.IntentID) <-chan struct{} {
	ch := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.byID[id] = append(w.byID[id], ch)
	return ch
}

// Remove forgets a channel of Add.
func (w *Waiting) Remove(id locker.IntentID, ch <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	left := slices.DeleteFunc(w.byID[id], func(x chan struct{}) bool { return x == ch })
	if w.byID[id] = left; len(left) == 0 {
		delete(w.byID, id)
	}
}

// Wake says that an intent was answered. It never blocks.
func (w *Waiting) Wake(id locker.IntentID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ch := range w.byID[id] {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}
