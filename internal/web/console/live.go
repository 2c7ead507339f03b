package console

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/a-h/templ"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// Bounds of the live wall.
const (
	// liveGap gathers what changes within it into one drawing: a pick-up is some six facts.
	liveGap = 150 * time.Millisecond
	// livePing keeps connections open and is when a session is looked at again.
	livePing = 15 * time.Second
	// maxViewers bounds the open walls of a site; more than that is a mistake or an attack.
	maxViewers = 200
)

// parts are the pieces of the wall page that a stream replaces.
type parts uint8

const (
	partTiles parts = 1 << iota
	partWalls
	partActivity
	partAll = partTiles | partWalls | partActivity
)

// form is how somebody looks at a wall: everybody with the same form gets the same bytes.
type form struct {
	lang string
	list bool
}

// live holds one room for each site that somebody looks at.
type live struct {
	c *Console

	mu    sync.Mutex
	rooms map[locker.SiteID]*room
}

func newLive(c *Console) *live { return &live{c: c, rooms: map[locker.SiteID]*room{}} }

// room follows one site for all who look at it.
type room struct {
	c    *Console
	site locker.SiteID
	stop context.CancelFunc
	done chan struct{}

	mu      sync.Mutex
	viewers map[*viewer]struct{}
	loaded  bool
	ended   bool // the subscription is over: who comes now needs a new room
	wall    cloud.Wall
	recent  []cloud.ActivityEntry
	at      time.Time
	drawn   map[form]map[parts][]byte // emptied when a part changes
}

// viewer is one open page. wake holds at most one token.
type viewer struct {
	form  form
	wake  chan struct{}
	dirty parts // guarded by room.mu
}

// join adds a viewer to the site's room and starts the room when it is the first one. who must
// have been allowed to see the site. The last one to leave ends the room and waits for it.
func (l *live) join(ctx context.Context, who cloud.Principal, site locker.SiteID, f form) (*room, *viewer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, ok := l.rooms[site]
	if !ok || r.over() {
		ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
		changes, err := l.c.cloud.Subscribe(ctx, who, site)
		if err != nil {
			stop()
			return nil, nil, err
		}
		r = &room{
			c: l.c, site: site, stop: stop, done: make(chan struct{}), viewers: map[*viewer]struct{}{},
			drawn: map[form]map[parts][]byte{},
		}
		l.rooms[site] = r
		go r.follow(ctx, who, changes)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.viewers) >= maxViewers {
		return nil, nil, locker.Errorf(locker.CodeRateLimited, "too many live walls of one site are open")
	}
	v := &viewer{form: f, wake: make(chan struct{}, 1)}
	r.viewers[v] = struct{}{}
	if r.loaded {
		r.mark(v, partAll)
	}
	return r, v, nil
}

func (r *room) over() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended
}

func (l *live) leave(r *room, v *viewer) {
	l.mu.Lock()
	r.mu.Lock()
	delete(r.viewers, v)
	last := len(r.viewers) == 0
	r.mu.Unlock()
	if last && l.rooms[r.site] == r {
		delete(l.rooms, r.site)
	}
	l.mu.Unlock()
	if last {
		r.stop()
		<-r.done
	}
}

// follow loads the site again when it changed. When loading fails the next change tries again; the
// page keeps what it has and the pill of the wall still tells the truth about the connection.
func (r *room) follow(ctx context.Context, who cloud.Principal, changes <-chan cloud.Change) {
	defer close(r.done)
	r.load(ctx, who, cloud.Change{All: true, Tiles: true})
	gap := time.NewTimer(liveGap)
	defer gap.Stop()
	for change := range changes {
		r.load(ctx, who, change)
		gap.Reset(liveGap)
		select {
		case <-gap.C:
		case <-ctx.Done():
			return
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	for v := range r.viewers {
		close(v.wake) // the subscription ended: pages connect again
	}
	clear(r.viewers)
}

// load reads what the change touches and marks it for every viewer.
func (r *room) load(ctx context.Context, who cloud.Principal, change cloud.Change) {
	wall, err := r.c.cloud.Wall(ctx, who, r.site)
	if err == nil {
		var recent []cloud.ActivityEntry
		if recent, err = r.c.recent(ctx, who, r.site); err == nil {
			r.show(wall, recent, touched(change))
			return
		}
	}
	if ctx.Err() == nil {
		r.c.log.WarnContext(ctx, "live wall not loaded", slog.String("site", string(r.site)), slog.Any("error", err))
	}
}

// touched says which parts a change touches. Places carry tiles and activity with them.
func touched(change cloud.Change) parts {
	switch {
	case change.All || len(change.Places) > 0 || change.Health:
		return partAll
	case change.Tiles:
		return partTiles | partActivity
	case change.Incidents:
		return partTiles
	}
	return 0
}

func (r *room) show(wall cloud.Wall, recent []cloud.ActivityEntry, changed parts) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.loaded {
		changed = partAll
	}
	r.wall, r.recent, r.at, r.loaded = wall, recent, r.c.now(), true
	if changed == 0 {
		return
	}
	for _, drawn := range r.drawn {
		for part := range drawn {
			if part&changed != 0 {
				delete(drawn, part)
			}
		}
	}
	for v := range r.viewers {
		r.mark(v, changed)
	}
}

// mark wakes a viewer. r.mu is held.
func (r *room) mark(v *viewer, changed parts) {
	v.dirty |= changed
	select {
	case v.wake <- struct{}{}:
	default: // it has not taken the last wake yet and will see these parts too
	}
}

// take returns what a viewer has to send, drawn once for everybody of the same form.
func (r *room) take(ctx context.Context, v *viewer) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	dirty := v.dirty
	v.dirty = 0
	if r.drawn[v.form] == nil {
		r.drawn[v.form] = map[parts][]byte{}
	}
	var message []byte
	for _, part := range []parts{partTiles, partWalls, partActivity} {
		if dirty&part == 0 {
			continue
		}
		html, ok := r.drawn[v.form][part]
		if !ok {
			var err error
			if html, err = r.draw(ctx, v.form, part); err != nil {
				return nil, err
			}
			r.drawn[v.form][part] = html
		}
		message = append(message, html...)
	}
	return message, nil
}

func (r *room) draw(ctx context.Context, f form, part parts) ([]byte, error) {
	t := r.c.text.For(f.lang)
	var out bytes.Buffer
	for _, piece := range pieces(t, r.wall, r.recent, f.list, r.at) {
		if piece.part != part {
			continue
		}
		if err := piece.html.Render(ctx, &out); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

type piece struct {
	part parts
	html templ.Component
}

func pieces(t *text.Printer, wall cloud.Wall, recent []cloud.ActivityEntry, list bool, at time.Time) []piece {
	return []piece{
		{partTiles, bannerUpdate(siteBanner(t, wall.Site, at))},
		{partTiles, tilesUpdate(tiles(t, wall))},
		{partWalls, wallsUpdate(wallViews(t, wall, list))},
		{partActivity, activityUpdate(activity(t, recent, at, zoneOf(wall.Site.TimeZone)))},
	}
}

// recent returns what recent activity shows.
func (c *Console) recent(ctx context.Context, who cloud.Principal, site locker.SiteID) ([]cloud.ActivityEntry, error) {
	return c.cloud.Activity(ctx, who, site, activityShown)
}

// wallStream sends the wall as it is, then what changes, until the page closes or the session ends.
func (c *Console) wallStream(w http.ResponseWriter, r *http.Request, pg page) error {
	f := form{lang: pg.t.Lang(), list: r.URL.Query().Get("view") == "list"}
	rm, v, err := c.live.join(r.Context(), pg.who, pg.site.ID, f)
	if err != nil {
		return err
	}
	defer c.live.leave(rm, v)
	stream, err := ui.OpenStream(w, r, c.now)
	if err != nil {
		return nil // the page went away before the first byte
	}
	ping := time.NewTicker(livePing)
	defer ping.Stop()
	for {
		select {
		case <-r.Context().Done():
			return nil
		case <-ping.C:
			if _, err := c.principal(r); err != nil {
				return nil // signed out: the page asks again and is led to the sign-in
			}
			err = stream.Ping()
		case _, ok := <-v.wake:
			if !ok {
				return nil
			}
			var message []byte
			if message, err = rm.take(r.Context(), v); err == nil && len(message) > 0 {
				err = stream.SendHTML("", message)
			}
		}
		if err != nil {
			c.log.DebugContext(r.Context(), "live wall ended", slog.String("site", string(pg.site.ID)), slog.Any("error", err))
			return nil
		}
	}
}
