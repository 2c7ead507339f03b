package service_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"cubby/board"
	"cubby/internal/commission"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/service"
)

// opener is a bank of one board with eight outputs, in memory. Doors spring open at once.
type opener struct {
	mu     sync.Mutex
	open   map[locker.Output]bool
	opened []locker.Output
	dead   locker.Output // its door opens, its sensor does not move
	full   locker.PlaceID
	slow   chan struct{} // nil: at once; else a pulse waits for it
	closed int
}

func at(channel int) locker.Output {
	return locker.Output{Bus: "left", Board: 1, Channel: uint8(channel)}
}

func (o *opener) Boards(context.Context) ([]commission.Board, error) {
	return []commission.Board{
		{Bus: "left", Address: 1, Family: "rs485", Channels: 8, Sees: true, Presence: board.PresenceOne, Polarity: "closing", Other: "opening"},
		{Bus: "left", Address: 2, Family: "rs485", Channels: 8, Sees: true, Presence: board.PresenceNone},
		{Bus: "left", Address: 3, Family: "rs485", Channels: 8, Sees: true, Presence: board.PresenceSeveral},
	}, nil
}

func (o *opener) Look(context.Context) ([]commission.Reading, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var all []commission.Reading
	for ch := 1; ch <= 8; ch++ {
		s := board.StateClosed
		if o.open[at(ch)] && at(ch) != o.dead {
			s = board.StateOpen
		}
		all = append(all, commission.Reading{Output: at(ch), State: s})
	}
	return all, nil
}

func (o *opener) Open(ctx context.Context, w commission.Opening) (commission.Sight, error) {
	if w.Place != "" && w.Place == o.full && !w.Confirm {
		return commission.Sight{}, &commission.OccupiedError{Door: "A02"}
	}
	if o.slow != nil {
		select {
		case <-o.slow:
		case <-ctx.Done():
			return commission.Sight{}, ctx.Err()
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.opened = append(o.opened, w.Output)
	s := commission.Sight{Request: "r", Result: commission.ResultSent, Heard: true}
	if w.Output != o.dead && !o.open[w.Output] {
		s.Moves = []commission.Move{{Output: w.Output, To: board.StateOpen, After: 300 * time.Millisecond}}
	}
	o.open[w.Output] = true
	return s, nil
}

func (o *opener) Conclude(context.Context, commission.Conclusion) error { return nil }

func (o *opener) Close(context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed++
	return nil
}

func (o *opener) Head(context.Context) (commission.RecordHead, error) {
	return commission.RecordHead{Site: "new-bank", Epoch: 1, Size: 12, Root: "cm9vdA==", Key: "a2V5"}, nil
}

func (o *opener) pulses() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.opened)
}

// bench is the pages over an opener, with a visitor who may be in.
type bench struct {
	*service.Face
	t      *testing.T
	opener *opener
	codes  *commission.Codes
	now    time.Time
	cookie *http.Cookie
	layout *locker.Layout // of the site
	kept   []byte
	tokens []string
}

func noon() time.Time { return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) }

func newBench(t *testing.T, change func(b *bench, o *service.Options)) *bench {
	t.Helper()
	catalog, err := text.New(service.Texts()...)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, opener: &opener{open: map[locker.Output]bool{}}, now: noon()}
	b.codes = &commission.Codes{Path: t.TempDir() + "/code", Key: []byte("k"), Now: func() time.Time { return b.now }}
	opts := service.Options{
		Text: catalog, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return b.now }, Codes: b.codes, Open: b.begin,
		Layout: func(context.Context) (*locker.Layout, error) { return b.layout, nil },
		Kept:   func() ([]byte, error) { return b.kept, nil },
		Enrol: func(_ context.Context, token string) error {
			if !strings.HasPrefix(token, "cubby-enrol1-") {
				return service.ErrToken
			}
			b.tokens = append(b.tokens, token)
			return nil
		},
		Hosts: []string{"locker-7"},
	}
	if change != nil {
		change(b, &opts)
	}
	if b.Face, err = service.New(opts); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) begin(context.Context) (service.Work, error) {
	s, err := commission.NewSession(commission.SessionOptions{
		Opener: b.opener, Now: func() time.Time { return b.now }, Keep: func(data []byte) error { b.kept = data; return nil },
	})
	return service.Work{Session: s, ID: "session-1", Close: func(ctx context.Context) error { return s.Close(ctx) }}, err
}

// ask sends a request as the visitor and keeps the cookie that comes back.
func (b *bench) ask(method, path string, form url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	r := httptest.NewRequestWithContext(b.t.Context(), method, "http://192.0.2.7:8481"+path, strings.NewReader(form.Encode()))
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return b.send(r)
}

func (b *bench) send(r *http.Request) *httptest.ResponseRecorder {
	b.t.Helper()
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		if c.Name == "cubby-service" {
			b.cookie = c
		}
	}
	return w
}

func (b *bench) get(path string) *httptest.ResponseRecorder { return b.ask(http.MethodGet, path, nil) }

// enter lets the visitor in.
func (b *bench) enter() {
	b.t.Helper()
	code, err := b.codes.New(rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	b.leads(b.ask(http.MethodPost, "/service/code", url.Values{"code": {code}}), "/service")
}

// leads wants a redirect.
func (b *bench) leads(w *httptest.ResponseRecorder, to string) {
	b.t.Helper()
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != to {
		b.t.Fatalf("status %d to %q, want a redirect to %s\n%.2000s", w.Code, w.Header().Get("Location"), to, w.Body)
	}
}

// shows wants a page with these words in it.
func (b *bench) shows(w *httptest.ResponseRecorder, status int, parts ...string) string {
	b.t.Helper()
	body := strings.NewReplacer("\u2066", "", "\u2069", "").Replace(w.Body.String())
	if w.Code != status {
		b.t.Fatalf("status %d, want %d\n%.3000s", w.Code, status, body)
	}
	for _, part := range parts {
		if !strings.Contains(body, part) {
			b.t.Errorf("the page lacks %q\n%.6000s", part, body)
		}
	}
	return body
}

// hidden returns the value of the step that the page's forms carry.
func (b *bench) hidden() string {
	b.t.Helper()
	_, rest, ok := strings.Cut(b.get("/service/walk").Body.String(), `name="step" value="`)
	value, _, _ := strings.Cut(rest, `"`)
	if !ok {
		b.t.Fatal("the page has no step")
	}
	return value
}

// post answers the step at hand.
func (b *bench) post(path string, pairs ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	form := url.Values{"step": {b.hidden()}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return b.ask(http.MethodPost, path, form)
}
