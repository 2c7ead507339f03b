package service

import (
	"context"
	"crypto/rand"
	_ "embed" // the page's script
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"

	"cubby/internal/commission"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// Prefix is the path under which the pages live.
const Prefix = "/service"

const (
	// VisitFor is how long a visitor stays in after the code.
	VisitFor = 2 * time.Hour
	maxBody  = 1<<20 + 64<<10 // bytes: a layout file, and the form around it
)

// ErrToken means that what was typed is no enrolment token.
var ErrToken = errors.New("this is no enrolment token: copy the whole of it")

// Work is a session that a visitor was let in to.
type Work struct {
	Session *commission.Session
	ID      locker.SessionID
	// Close ends the session on record and gives the boards back.
	Close func(ctx context.Context) error
}

// codes takes the one-time code; *commission.Codes does.
type codes interface {
	Take(typed string) error
}

var _ codes = (*commission.Codes)(nil)

// Texts names the parts of the catalogues that the pages need, for text.New.
func Texts() []string { return []string{"common", "error", "service"} }

// Options configure [New]. Text, Logger, Now, Codes and Open are needed.
type Options struct {
	Text   *text.Catalog
	Logger *slog.Logger
	Now    func() time.Time
	Random io.Reader // of the cookie; nil: crypto/rand
	Codes  codes
	// Open begins a session once a code was right.
	Open func(ctx context.Context) (Work, error)
	// Layout returns how the site should be wired; nil where nobody knows, as before enrolment.
	Layout func(ctx context.Context) (*locker.Layout, error)
	// Kept returns the walk that was interrupted last; nil when there is none. It may be nil.
	Kept func() ([]byte, error)
	// Enrol makes this controller a site's. It returns an error that wraps ErrToken for something else
	// than a token. nil: it belongs to a site already.
	Enrol func(ctx context.Context, token string) error
	Name  string         // shown on top, e.g. the site's name; "" is the page's title
	Zone  *time.Location // of times; nil: UTC
	Hosts []string       // names that the computer answers to, beside addresses and localhost
}

// Face serves the pages. It is safe for concurrent use.
type Face struct {
	opts    Options
	visits  visits
	handler http.Handler
}

// New returns the pages, or an error when something that they need is missing.
func New(opts Options) (*Face, error) {
	if opts.Text == nil || opts.Logger == nil || opts.Now == nil || opts.Codes == nil || opts.Open == nil {
		return nil, errors.New("service page: texts, a logger, a clock, codes and a session are needed")
	}
	if opts.Random == nil {
		opts.Random = rand.Reader
	}
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	f := &Face{opts: opts}
	guarded := http.NewCrossOriginProtection().Handler(http.MaxBytesHandler(f.mux(), maxBody))
	f.handler = ui.Secure(f.hosts(guarded), ui.StrictPolicy)
	return f, nil
}

// ServeHTTP serves every address of [Face.Routes], and the assets of the pages.
func (f *Face) ServeHTTP(w http.ResponseWriter, r *http.Request) { f.handler.ServeHTTP(w, r) }

// hosts refuses names that are not this computer's: a page elsewhere whose name was made to point here
// must not act on the local network. An address or a .local name cannot be made so from outside.
func (f *Face) hosts(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		host = strings.ToLower(strings.Trim(host, "[]"))
		known := net.ParseIP(host) != nil || host == "localhost" || slices.Contains(f.opts.Hosts, host) ||
			slices.Contains(f.opts.Hosts, strings.TrimSuffix(host, ".local"))
		if !known {
			http.Error(w, "ask for this page by the controller's address", http.StatusMisdirectedRequest)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Robots-Tag", "noindex, nofollow, noarchive")
		next.ServeHTTP(w, r)
	})
}

// Route is one address of the pages.
type Route struct {
	Method string
	Path   string
	Open   bool // needs no code
	serve  http.Handler
}

// Routes lists every address.
func (f *Face) Routes() []Route {
	return []Route{
		{Method: "GET", Path: "/{$}", Open: true, serve: http.RedirectHandler(Prefix, http.StatusSeeOther)},
		{Method: "GET", Path: ui.AssetPrefix, Open: true, serve: ui.Handler()},
		{Method: "GET", Path: Prefix + "/live.js", Open: true, serve: http.HandlerFunc(liveScript)},
		{Method: "POST", Path: Prefix + "/look", Open: true, serve: f.open(f.look)},
		{Method: "GET", Path: Prefix + "/code", Open: true, serve: f.open(f.codeForm)},
		{Method: "POST", Path: Prefix + "/code", Open: true, serve: f.open(f.code)},
		{Method: "GET", Path: Prefix + "/ended", Open: true, serve: f.open(f.ended)},
		{Method: "GET", Path: Prefix, serve: f.in(f.home)},
		{Method: "POST", Path: Prefix + "/probe", serve: f.in(f.probe)},
		{Method: "POST", Path: Prefix + "/begin", serve: f.in(f.begin)},
		{Method: "POST", Path: Prefix + "/enrol", serve: f.in(f.enrol)},
		{Method: "GET", Path: Prefix + "/walk", serve: f.in(f.walk)},
		{Method: "POST", Path: Prefix + "/open", serve: f.in(f.openDoor)},
		{Method: "POST", Path: Prefix + "/answer", serve: f.in(f.answer)},
		{Method: "POST", Path: Prefix + "/undo", serve: f.in(f.undo)},
		{Method: "GET", Path: Prefix + "/doors", serve: f.in(f.doors)},
		{Method: "POST", Path: Prefix + "/repeat", serve: f.in(f.repeat)},
		{Method: "GET", Path: Prefix + "/sensors", serve: f.in(f.sensors)},
		{Method: "GET", Path: Prefix + "/finish", serve: f.in(f.finish)},
		{Method: "POST", Path: Prefix + "/sheet", serve: f.in(f.sheet)},
		{Method: "GET", Path: Prefix + "/layout.yaml", serve: f.in(f.layout)},
		{Method: "POST", Path: Prefix + "/end", serve: f.in(f.end)},
	}
}

func (f *Face) mux() http.Handler {
	mux := http.NewServeMux()
	for _, r := range f.Routes() {
		mux.Handle(r.Method+" "+r.Path, r.serve)
	}
	return mux
}

//go:embed live.js
var live []byte

func liveScript(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(live)))
}

// visit is what every handler knows of a request.
type visit struct {
	t     *text.Printer
	theme string
	at    string // the address, for the way back from a choice
	work  Work
	names names
}

func (f *Face) stranger(r *http.Request) visit {
	v := visit{t: f.opts.Text.For(f.opts.Text.Negotiate(cookie(r, cookieLang), r.Header.Get("Accept-Language"))), at: Prefix}
	if r.Method == http.MethodGet {
		v.at = r.URL.Path
	}
	if theme := cookie(r, cookieTheme); theme == "light" || theme == "dark" {
		v.theme = theme
	}
	return v
}

// handle is a handler. An error that it returns has not been answered.
type handle func(w http.ResponseWriter, r *http.Request, v visit) error

// open serves to whoever asks.
func (f *Face) open(h handle) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.answerWith(w, r, h, f.stranger(r)) })
}

// in serves to whoever gave a code; others are asked for one.
func (f *Face) in(h handle) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := f.stranger(r)
		var ok bool
		if v.work, v.names, ok = f.visits.find(cookie(r, cookieVisit), f.opts.Now()); !ok {
			ui.Redirect(w, r, Prefix+"/code")
			return
		}
		f.answerWith(w, r, h, v)
	})
}

func (f *Face) answerWith(w http.ResponseWriter, r *http.Request, h handle, v visit) {
	err := h(w, r, v)
	if err == nil || errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return
	}
	f.opts.Logger.ErrorContext(r.Context(), "service page failed", slog.String("path", r.URL.Path), slog.Any("error", err))
	http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
}

// frame is the shell around a page of this face.
func (f *Face) frame(v visit, heading string, problems ...string) frameView {
	t := v.t
	name := f.opts.Name
	if name == "" {
		name = t.T("service.title")
	}
	title := heading
	if len(problems) > 0 {
		title = t.T("common.error_prefix", "title", heading)
	}
	switches := ui.SwitchView{Action: Prefix + "/look", Back: v.at, Theme: "dark", ThemeText: t.T("common.theme.dark")}
	if v.theme == "dark" {
		switches.Theme, switches.ThemeText = "light", t.T("common.theme.light")
	}
	for _, l := range text.Languages() {
		if l.Tag != t.Lang() {
			switches.Languages = append(switches.Languages, ui.LanguageView{Tag: l.Tag, Name: l.Name})
		}
	}
	view := frameView{
		Heading: heading,
		Shell: ui.PhoneView{
			Document: ui.DocumentView{Lang: t.Lang(), Dir: t.Dir(), Theme: v.theme, Title: title},
			SkipText: t.T("common.skip"), Site: name, Languages: switches,
		},
		Errors: ui.ErrorSummaryView{Title: t.T("service.problem")},
	}
	for _, p := range problems {
		view.Errors.Errors = append(view.Errors.Errors, ui.FormError{Text: p})
	}
	if v.work.Session != nil {
		view.Nav = nav(t, v.at)
	}
	return view
}

func nav(t *text.Printer, at string) []ui.NavItem {
	items := []ui.NavItem{
		{Text: t.T("service.boards.title"), Href: Prefix, Icon: "boxes"},
		{Text: t.T("service.title"), Href: Prefix + "/walk", Icon: "door-open"},
		{Text: t.T("service.doors.title"), Href: Prefix + "/doors", Icon: "list"},
		{Text: t.T("service.sensors.title"), Href: Prefix + "/sensors", Icon: "scan-line"},
		{Text: t.T("service.finish.title"), Href: Prefix + "/finish", Icon: "printer"},
	}
	for i := range items {
		items[i].Current = items[i].Href == at
	}
	return items
}

func write(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	if err := ui.Write(w, r, status, page); err != nil {
		return fmt.Errorf("service page: %w", err)
	}
	return nil
}

// okOr is 200, or 422 for a page that says what is wrong with what was sent.
func okOr(problems []string) int {
	if len(problems) > 0 {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}
