package resident

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/holder"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// Prefix is the path under which the pages live; the service worker rules over it.
const Prefix = "/p/"

// Backend is what the pages ask of a [cloud.Cloud].
type Backend interface {
	ResidentPage(ctx context.Context, token string) (cloud.ResidentPage, error)
	ResidentOpen(ctx context.Context, token string, stay locker.StayID, proof string) (locker.IntentID, error)
	ResidentAwait(ctx context.Context, token string, id locker.IntentID) (cloud.IntentView, error)
}

var _ Backend = (*cloud.Cloud)(nil)

// Desk is what the pages ask of a [holder.Desk].
type Desk interface { //nolint:interfacebloat // each is one button of the page
	DelegatePage(ctx context.Context, token string) (cloud.ResidentPage, error)
	Reportable(ctx context.Context, token string) ([]holder.Reportable, error)
	Report(ctx context.Context, token string, c holder.Complaint) error
	SentBy(ctx context.Context, token string) ([]holder.Sent, error)
	Send(ctx context.Context, token string, d holder.Draft) (holder.Sent, error)
	End(ctx context.Context, token, id string) error
	KeepUntil(ctx context.Context, token string, stay locker.StayID) (time.Time, error)
	Keep(ctx context.Context, token string, stay locker.StayID) error
	Away(ctx context.Context, token string, until time.Time) error
	Wishes(ctx context.Context, token string) (holder.Wishes, error)
	SetWishes(ctx context.Context, token string, w holder.Wishes) error
	AddBrowser(ctx context.Context, token string, b holder.Browser) error
	RemoveBrowsers(ctx context.Context, token string) error
	LostPhone(ctx context.Context, token string) error
}

var _ Desk = (*holder.Desk)(nil)

// Options configure [New]. Cloud, Desk, Text, Logger and Now are needed.
type Options struct {
	Cloud  Backend
	Desk   Desk
	Text   *text.Catalog
	Logger *slog.Logger
	Now    func() time.Time
	// Secure is true where people reach the server by HTTPS.
	Secure bool
	// Channels lists how people can be told here, in the order of the page; empty: by mail.
	Channels []holder.Channel
	// PushKey is the server's public key for messages to browsers, base64url; empty: there are none.
	PushKey string
}

// Face serves the pages. It is safe for concurrent use.
type Face struct {
	cloud    Backend
	desk     Desk
	channels []holder.Channel
	pushKey  string
	text     *text.Catalog
	log      *slog.Logger
	now      func() time.Time
	secure   bool
	proofs   *auth.Limiter
	workers  map[string]http.Handler // by language
	handler  http.Handler
}

// New returns the pages over a Cloud.
func New(opts Options) (*Face, error) {
	if opts.Cloud == nil || opts.Desk == nil || opts.Text == nil || opts.Logger == nil || opts.Now == nil {
		return nil, errors.New("resident: a cloud, a desk, texts, a logger and a clock are needed")
	}
	proofs, err := auth.NewLimiter(auth.LimiterOptions{Now: opts.Now})
	if err != nil {
		return nil, err
	}
	f := &Face{
		cloud: opts.Cloud, text: opts.Text, log: opts.Logger, now: opts.Now, secure: opts.Secure, proofs: proofs,
		workers: map[string]http.Handler{}, desk: opts.Desk, channels: opts.Channels, pushKey: opts.PushKey,
	}
	if len(f.channels) == 0 {
		f.channels = []holder.Channel{holder.Email}
	}
	for _, l := range text.Languages() {
		if f.workers[l.Tag], err = f.worker(l.Tag); err != nil {
			return nil, err
		}
	}
	f.handler = ui.Secure(private(f.mux()), ui.StrictPolicy)
	return f, nil
}

// Handler serves every address of [Face.Routes].
func (f *Face) Handler() http.Handler { return f.handler }

// worker is the service worker with the page that it shows when it has kept nothing.
func (f *Face) worker(lang string) (http.Handler, error) {
	t := f.text.For(lang)
	var offline bytes.Buffer
	page := ui.OneMoment(ui.OneMomentView{
		Document: ui.DocumentView{Lang: t.Lang(), Dir: t.Dir(), Title: t.T("common.offline")},
		Title:    t.T("common.offline"), Text: t.T("common.offline.hint"),
	})
	if err := page.Render(context.Background(), &offline); err != nil {
		return nil, fmt.Errorf("draw the offline page: %w", err)
	}
	return ui.Worker("resident-sw.js", offline.Bytes())
}

// private keeps an answer out of caches, search engines and referrers.
func private(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

const (
	cookieLang = "cubby-lang"
	langAge    = 365 * 24 * 60 * 60 // seconds
	maxForm    = 16 << 10           // bytes
)

// visit is what every handler knows of a request.
type visit struct {
	t     *text.Printer
	token string
	page  cloud.ResidentPage
	now   time.Time
	// delegate is true for whoever was sent: they see codes of their own and nothing else.
	delegate bool
}

func (v visit) href(rest string) string { return Prefix + url.PathEscape(v.token) + rest }

// chosen is the language that the visitor chose, or "".
func chosen(r *http.Request) string {
	if c, err := r.Cookie(cookieLang); err == nil {
		return c.Value
	}
	return ""
}

func (f *Face) stranger(r *http.Request) visit {
	t := f.text.For(f.text.Negotiate(chosen(r), r.Header.Get("Accept-Language")))
	return visit{t: t, token: r.PathValue("token"), now: f.now()}
}

// handle is a handler of a page whose link is good. An error that it returns has not been answered.
type handle func(w http.ResponseWriter, r *http.Request, v visit) error

// known loads what the link shows and calls h; a link that is unknown or has ended gets a calm page. It is
// the recipient's own link.
func (f *Face) known(h handle) http.Handler { return f.visited(h, maxForm, false) }

// anybody is known for the links of those who were sent, too.
func (f *Face) anybody(h handle) http.Handler { return f.visited(h, maxForm, true) }

// picture is known for a form with a picture.
func (f *Face) picture(h handle) http.Handler { return f.visited(h, maxForm+holder.MaxPhoto, false) }

func (f *Face) visited(h handle, most int64, delegates bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := f.stranger(r)
		r.Body = http.MaxBytesReader(w, r.Body, most)
		var err error
		v.page, err = f.cloud.ResidentPage(r.Context(), v.token)
		if err != nil && codeOf(err) == locker.CodeNotFound && delegates {
			v.delegate = true
			v.page, err = f.desk.DelegatePage(r.Context(), v.token)
		}
		if err == nil {
			if chosen(r) == "" && v.page.Language != "" {
				v.t = f.text.For(v.page.Language)
			}
			err = h(w, r, v)
		}
		if err != nil {
			f.fail(w, r, v, err)
		}
	})
}

// fail answers with what went wrong. Nothing of the request is logged: its path is a key.
func (f *Face) fail(w http.ResponseWriter, r *http.Request, v visit, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return
	}
	status, body := http.StatusNotFound, endedPage(endedView(v))
	if code := codeOf(err); code != locker.CodeNotFound {
		status = http.StatusInternalServerError
		f.log.ErrorContext(r.Context(), "resident page failed", slog.Any("error", err))
		body = endedPage(troubleView(v, code))
	}
	if err := ui.Write(w, r, status, body); err != nil {
		f.log.ErrorContext(r.Context(), "draw the error page", slog.Any("error", err))
		http.Error(w, http.StatusText(status), status)
	}
}

func codeOf(err error) locker.Code {
	var domain *locker.Error
	if errors.As(err, &domain) {
		return domain.Code
	}
	return locker.CodeInternal
}

func write(w http.ResponseWriter, r *http.Request, body templ.Component) error {
	return ui.Write(w, r, http.StatusOK, body)
}

// language stores the visitor's choice and leads back to the page.
func (f *Face) language(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	v := f.stranger(r)
	if lang := r.PostFormValue("lang"); f.text.Speaks(lang) {
		http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure follows the connection: plain HTTP on loopback has no other way
			Name: cookieLang, Value: lang, Path: "/", MaxAge: langAge, HttpOnly: true, Secure: f.secure, SameSite: http.SameSiteLaxMode,
		})
	}
	ui.Redirect(w, r, v.href(""))
}

// telHref returns a link to a telephone number: digits and a leading plus. Source: RFC 3966 §3.
func telHref(phone string) string {
	return "tel:" + strings.Map(func(r rune) rune {
		if r == '+' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phone)
}
