package planner

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // style and script
	"encoding/hex"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/andybalholm/brotli"

	"cubby/internal/auth"
	"cubby/internal/sizing"
	"cubby/internal/text"
	"cubby/internal/web/planner/report"
	"cubby/internal/web/ui"
)

// Prefix is the path under which the pages live.
const Prefix = "/plan"

// SitePath is where a plan becomes a site; the state follows as the query.
const SitePath = "/sites/new-from-plan"

const (
	cookieLang  = "cubby-lang"  // of other pages of this server; this one sets none
	cookieTheme = "cubby-theme" // of other pages of this server; this one sets none

	maxLog     = 4 << 20 // bytes of a log of deliveries
	maxLogRows = 50_000

	// What one address may ask for: whoever moves a slider asks often, full plans cost ten times more.
	askEvery  = 500 * time.Millisecond
	askBurst  = 60
	fullEvery = 5 * time.Second
	fullBurst = 12
)

// Options configure [New]. Text, Logger and Now are needed.
type Options struct {
	Text   *text.Catalog
	Logger *slog.Logger
	Now    func() time.Time
	Solve  sizing.Solver // nil: sizing.Solve
	// Public is the address of the server, e.g. https://parcels.example.org: the start of a link that is
	// copied. Empty: as the visitor came.
	Public string
	// Wait is how long a visitor waits for a turn; 0: 6 s.
	Wait time.Duration
	Name string // of the service, shown on top
}

// Face serves the pages. It is safe for concurrent use.
type Face struct {
	opts    Options
	desk    *desk
	asks    *auth.Limiter
	fulls   *auth.Limiter
	handler http.Handler
	assets  map[string]file
}

// New returns the pages, or an error when something that they need is missing.
func New(opts Options) (*Face, error) {
	if opts.Text == nil || opts.Logger == nil || opts.Now == nil {
		return nil, errors.New("planner: texts, a logger and a clock are needed")
	}
	if opts.Solve == nil {
		opts.Solve = sizing.Solve
	}
	if opts.Wait == 0 {
		opts.Wait = waitFor
	}
	f := &Face{opts: opts, desk: newDesk(opts.Solve, opts.Wait), assets: assets()}
	var err error
	if f.asks, err = auth.NewLimiter(auth.LimiterOptions{Now: opts.Now, Every: askEvery, Burst: askBurst}); err != nil {
		return nil, err
	}
	if f.fulls, err = auth.NewLimiter(auth.LimiterOptions{Now: opts.Now, Every: fullEvery, Burst: fullBurst}); err != nil {
		return nil, err
	}
	f.handler = ui.Secure(f.mux(), ui.StrictPolicy)
	return f, nil
}

// Handler serves every address of [Face.Routes].
func (f *Face) Handler() http.Handler { return f.handler }

// Route is one address of the pages. None needs a sign-in, and none changes anything.
type Route struct {
	Method string
	Path   string // as net/http's ServeMux reads it
	serve  http.Handler
}

// Routes lists every address.
func (f *Face) Routes() []Route {
	return []Route{
		{Method: "GET", Path: Prefix, serve: f.page(f.plan)},
		{Method: "GET", Path: Prefix + "/more", serve: f.page(f.more)},
		{Method: "GET", Path: Prefix + "/stream", serve: f.page(f.stream)},
		{Method: "POST", Path: Prefix + "/log", serve: f.page(f.log)},
		{Method: "GET", Path: Prefix + "/files/{name}", serve: f.page(f.file)},
		{Method: "GET", Path: Prefix + "/assets/{name}", serve: http.HandlerFunc(f.asset)},
	}
}

func (f *Face) mux() http.Handler {
	mux := http.NewServeMux()
	for _, r := range f.Routes() {
		mux.Handle(r.Method+" "+r.Path, r.serve)
	}
	return mux
}

// visit is what every handler knows of a request.
type visit struct {
	t        *text.Printer
	theme    string
	chosen   string // language of the address; "": the browser's
	now      time.Time
	base     string // scheme and host
	state    State
	problems []Problem
	problem  sizing.Problem
	step     int
	full     bool
}

// query is the address of this visit at a step.
func (v visit) query(step int) string {
	q := v.state.Query()
	if step > firstStep {
		q += "&s=" + strconv.Itoa(step)
	}
	if v.chosen != "" {
		q += "&lang=" + v.chosen
	}
	return q
}

// address is the canonical address of this visit: what stands in the browser and is copied.
func (v visit) address() string {
	q := v.query(v.step)
	if v.full {
		q += "&full=1"
	}
	return Prefix + "?" + q
}

// handle is a handler. An error that it returns has not been answered.
type handle func(w http.ResponseWriter, r *http.Request, v visit) error

func (f *Face) page(h handle) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := f.visit(r)
		w.Header().Set("X-Robots-Tag", "noindex")
		if err := h(w, r, v); err != nil {
			f.fail(w, r, v, err)
		}
	})
}

func (f *Face) visit(r *http.Request) visit {
	q := r.URL.Query()
	v := visit{now: f.opts.Now(), step: firstStep, full: q.Get("full") == "1", base: f.opts.Public}
	if lang := q.Get("lang"); f.opts.Text.Speaks(lang) {
		v.chosen = lang
	}
	wish := v.chosen
	if wish == "" {
		wish = cookie(r, cookieLang)
	}
	v.t = f.opts.Text.For(f.opts.Text.Negotiate(wish, r.Header.Get("Accept-Language")))
	if theme := cookie(r, cookieTheme); theme == "light" || theme == "dark" {
		v.theme = theme
	}
	if v.base == "" {
		v.base = "http://" + r.Host
	}
	if n, err := strconv.Atoi(q.Get("s")); err == nil && n >= firstStep && n <= answerStep {
		v.step = n
	}
	v.state, v.problems = Decode(q)
	v.problem = v.state.Problem(v.t.T("planner.name"))
	if len(v.problems) == 0 {
		v.problems = problemsOf(v.problem.Validate())
	}
	return v
}

func cookie(r *http.Request, name string) string {
	if c, err := r.Cookie(name); err == nil {
		return c.Value
	}
	return ""
}

// errRate means that an address has used up its allowance.
var errRate = errors.New("too many plans from one address: wait a moment")

// answer answers the visit in some depth at least, within the allowance of the address that asks.
func (f *Face) answer(r *http.Request, v visit, least depth, progress func(sizing.Progress)) (sizing.Answer, error) {
	q := question{key: v.state.Query(), problem: v.problem, depth: least, progress: progress}
	if v.full {
		q.depth = full
	}
	if a, ok := f.desk.kept(q); ok { // what is kept costs nothing
		return a, nil
	}
	limiter := f.asks
	if q.depth == full {
		limiter = f.fulls
	}
	if ok, _ := limiter.Allow(addressOf(r)); !ok {
		return sizing.Answer{}, errRate
	}
	return f.desk.answer(r.Context(), q)
}

func (f *Face) report(v visit, a sizing.Answer) (*report.Report, error) {
	return report.New(a, report.Options{Printer: v.t, At: v.now, Letter: v.problem.Currency == "USD"})
}

// plan shows the page, or for htmx only what a change of a field changes.
func (f *Face) plan(w http.ResponseWriter, r *http.Request, v visit) error {
	partial := ui.WantsPartial(r)
	if !partial && len(v.problems) == 0 && r.URL.RawQuery != "" && Prefix+"?"+r.URL.RawQuery != v.address() {
		ui.Redirect(w, r, v.address()) // one address for one state
		return nil
	}
	if partial {
		w.Header().Set("HX-Replace-Url", v.address())
	}
	view := f.view(v)
	status := http.StatusOK
	switch {
	case len(v.problems) > 0:
		view.Answer.Problems = view.Errors
		status = http.StatusUnprocessableEntity
	case partial && v.full && !f.solved(v):
		view.Answer.Stream = Prefix + "/stream?" + v.state.Query() + "&full=1" + langQuery(v)
	default:
		a, err := f.answer(r, v, brief, nil)
		if err != nil {
			return err
		}
		rep, err := f.report(v, a)
		if err != nil {
			return err
		}
		view.fill(v, a, rep)
	}
	if partial {
		return ui.Write(w, r, status, changes(view))
	}
	return ui.Write(w, r, status, wizardPage(view))
}

// more shows every figure behind the answer. It comes when somebody looks at it: a phone that only fills
// in the form does not load it.
func (f *Face) more(w http.ResponseWriter, r *http.Request, v visit) error {
	if len(v.problems) > 0 {
		ui.Redirect(w, r, Prefix+"?"+r.URL.RawQuery)
		return nil
	}
	a, err := f.answer(r, v, quick, nil)
	if err != nil {
		return err
	}
	rep, err := f.report(v, a)
	if err != nil {
		return err
	}
	_, sections := arrange(rep)
	if ui.WantsPartial(r) {
		return ui.Write(w, r, http.StatusOK, morePart(sections))
	}
	v.step = answerStep
	back := ui.ButtonView{Text: v.t.T("common.back"), Kind: "ghost", Href: v.address()}
	return ui.Write(w, r, http.StatusOK, morePage(f.view(v), sections, back))
}

func langQuery(v visit) string {
	if v.chosen == "" {
		return ""
	}
	return "&lang=" + v.chosen
}

// solved reports whether the full answer is kept.
func (f *Face) solved(v visit) bool {
	_, ok := f.desk.kept(question{key: v.state.Query(), depth: full})
	return ok
}

const (
	progressEvery = 200 * time.Millisecond
	percent       = 100
)

// stream works out the full plan, says how far it is, and sends it.
func (f *Face) stream(w http.ResponseWriter, r *http.Request, v visit) error {
	v.full = true
	if len(v.problems) > 0 {
		return ui.Write(w, r, http.StatusUnprocessableEntity, answerPart(f.view(v).Answer))
	}
	s, err := ui.OpenStream(w, r, f.opts.Now)
	if err != nil {
		return nil //nolint:nilerr // the client cannot stream or is gone: nobody is left to tell
	}
	var sent time.Time
	a, err := f.answer(r, v, full, func(p sizing.Progress) {
		if now := f.opts.Now(); now.Sub(sent) >= progressEvery {
			sent = now
			// A client that went away ends the request's context, and with it the work.
			_ = s.Send(r.Context(), "", progressChange(progressOf(v.t, p)))
		}
	})
	view := f.view(v)
	if err == nil {
		var rep *report.Report
		if rep, err = f.report(v, a); err == nil {
			view.fill(v, a, rep)
		}
	}
	if err != nil {
		if r.Context().Err() != nil {
			return nil //nolint:nilerr // the visitor left: nobody is left to tell
		}
		view.Answer.Trouble, _ = f.trouble(r.Context(), v, err)
	}
	_ = s.Send(r.Context(), "", changes(view)) // the client went away; nobody is left to tell
	return nil
}

func progressOf(t *text.Printer, p sizing.Progress) progressView {
	n := int(math.Round(min(max(p.Done, 0), 1) * percent))
	return progressView{Text: t.T("planner.stage." + p.Stage.String()), Percent: strconv.Itoa(n)}
}

// trouble says in the visitor's language why there is no answer, and which status that is.
func (f *Face) trouble(ctx context.Context, v visit, err error) (*troubleView, int) {
	again := &troubleView{
		Title: v.t.T("planner.busy"), Text: v.t.T("planner.busy.text"),
		Again: ui.ButtonView{Text: v.t.T("planner.again"), Icon: "refresh-cw", Href: v.address()},
	}
	switch {
	case errors.Is(err, errBusy):
		return again, http.StatusServiceUnavailable
	case errors.Is(err, errRate):
		again.Title, again.Text = v.t.T("planner.often"), v.t.T("planner.often.text")
		return again, http.StatusTooManyRequests
	case errors.Is(err, errSlow):
		again.Title, again.Text = v.t.T("planner.slow"), v.t.T("planner.slow.text")
		return again, http.StatusServiceUnavailable
	}
	f.opts.Logger.ErrorContext(ctx, "planner failed", slog.Any("error", err))
	again.Title, again.Text = v.t.T("planner.trouble"), v.t.T("planner.trouble.text")
	return again, http.StatusInternalServerError
}

func (f *Face) fail(w http.ResponseWriter, r *http.Request, v visit, err error) {
	if r.Context().Err() != nil {
		return // nobody is left to tell
	}
	view := f.view(v)
	var status int
	view.Answer.Trouble, status = f.trouble(r.Context(), v, err)
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "5")
	}
	body := wizardPage(view)
	if ui.WantsPartial(r) {
		body = changes(view)
	}
	if err := ui.Write(w, r, status, body); err != nil {
		f.opts.Logger.ErrorContext(r.Context(), "draw the error page", slog.Any("error", err))
		http.Error(w, http.StatusText(status), status)
	}
}

//go:embed planner.css
var style []byte

//go:embed planner.js
var script []byte

// file is an asset of these pages.
type file struct {
	kind    string
	body    []byte
	packed  []byte // by brotli
	version string
}

func assets() map[string]file {
	all := map[string]file{
		"planner.css": {kind: "text/css; charset=utf-8", body: append([]byte(report.Style()), style...)},
		"planner.js":  {kind: "text/javascript; charset=utf-8", body: script},
	}
	for name, a := range all {
		sum := sha256.Sum256(a.body)
		a.version = hex.EncodeToString(sum[:6])
		var packed bytes.Buffer
		b := brotli.NewWriterLevel(&packed, brotli.BestCompression)
		if _, err := b.Write(a.body); err == nil && b.Close() == nil { // memory does not fail; without it the plain bytes are sent
			a.packed = packed.Bytes()
		}
		all[name] = a
	}
	return all
}

func (f *Face) assetURL(name string) string {
	return Prefix + "/assets/" + name + "?v=" + f.assets[name].version
}

func (f *Face) asset(w http.ResponseWriter, r *http.Request) {
	a, ok := f.assets[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == a.version {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	w.Header().Set("Vary", "Accept-Encoding")
	body := a.body
	if a.packed != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "br") {
		w.Header().Set("Content-Encoding", "br")
		body = a.packed
	}
	_, _ = w.Write(body) // the client went away; nobody is left to tell
}
