package kiosk

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/a-h/templ"

	"cubby/internal/controller"
	"cubby/internal/web/ui"
)

// watch is an open page: what it shows, and from when.
type watch struct {
	h      *Handler
	r      *http.Request
	panel  controller.PanelID
	after  uint64 // version of the turn that the page shows
	view   string
	busy   bool // the page was made in somebody's turn
	home   controller.Home
	turn   controller.Turn
	stream *ui.Stream
}

// stream sends the page again when the turn changes by itself, and the proof and the note of the
// link when they change. It ends with the page.
func (h *Handler) stream(w http.ResponseWriter, r *http.Request) {
	panel, ok := panelOf(w, r)
	if !ok {
		return
	}
	after, err := strconv.ParseUint(r.URL.Query().Get("v"), 10, 64)
	if err != nil {
		after = 0 // a page that does not know what it shows gets the turn at once
	}
	out, err := ui.OpenStream(w, r, h.opts.Now)
	if err != nil {
		return // the page is gone already
	}
	s := &watch{h: h, r: r, panel: panel, after: after, view: r.URL.Query().Get("view"), stream: out}
	s.busy = r.URL.Query().Get("busy") == yes
	if !viewName.MatchString(s.view) {
		s.view = ""
	}
	if s.home, err = h.opts.Site.Home(r.Context(), panel); err != nil {
		return // the page's script asks again
	}
	if s.turn, err = h.opts.Site.Turn(r.Context(), panel); err != nil {
		return // as above
	}
	for s.once() == nil {
		continue
	}
}

// once waits for one change, or for a tick without one, and sends it.
func (s *watch) once() error {
	ctx, cancel := context.WithTimeout(s.r.Context(), s.h.opts.Tick)
	turn, err := s.h.opts.Site.Watch(ctx, s.panel, s.after)
	cancel()
	quiet := errors.Is(err, context.DeadlineExceeded)
	if err != nil && !quiet {
		return err //nolint:wrapcheck // ends the loop; nobody reads it
	}
	home, err := s.h.opts.Site.Home(s.r.Context(), s.panel)
	if err != nil {
		return err //nolint:wrapcheck // ends the loop; nobody reads it
	}
	if quiet {
		return s.tick(home)
	}
	if s.busy && turn.Session == "" {
		s.h.looks.forget(s.panel) // the next person reads the site's own language
	}
	s.busy = turn.Session != ""
	s.home, s.turn, s.after = home, turn, turn.Version
	return s.send()
}

// send sends the page of the turn. A view that the step does not have is forgotten.
func (s *watch) send() error {
	pg := s.h.compose(s.panel, s.home, s.turn, answer{view: s.view}, s.r.URL.Query())
	s.view = pg.screen().view
	doc := pg.document()
	return s.stream.Send(s.r.Context(), strconv.FormatUint(s.after, 10), update(doc)) //nolint:wrapcheck // as above
}

// tick sends what changes without a turn: the proof, the note of the link, a look that nobody uses.
func (s *watch) tick(home controller.Home) error {
	before := s.home
	s.home = home
	stale := s.turn.Session == "" && s.h.looks.forgetStale(s.panel, s.h.opts.Now())
	if stale || before.Ready != home.Ready {
		return s.send()
	}
	var parts []templ.Component
	if before.Online != home.Online {
		pg := s.h.compose(s.panel, home, s.turn, answer{}, s.r.URL.Query())
		parts = append(parts, offlineUpdate(pg.offline()))
	}
	if before.Proof.Text != home.Proof.Text && s.view == "" && s.turn.Session == "" {
		pg := s.h.compose(s.panel, home, s.turn, answer{}, s.r.URL.Query())
		parts = append(parts, proofUpdate(pg.proof()))
	}
	if len(parts) == 0 {
		return s.stream.Ping() //nolint:wrapcheck // as above
	}
	return s.stream.Send(s.r.Context(), "", templ.Join(parts...)) //nolint:wrapcheck // as above
}
