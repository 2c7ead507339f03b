package console

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// Cookies of the console. None but the session's is a secret.
const (
	cookieLang  = "cubby-lang"
	cookieTheme = "cubby-theme"
	cookieSite  = "cubby-site"
	cookieDid   = "cubby-did" // a key of the catalogue: what the last form did
)

const (
	preferenceAge = 365 * 24 * 60 * 60 // seconds
	didAge        = 20                 // seconds between a form and the page after it, at most
	maxForm       = 64 << 10           // bytes of a form without a file
	maxPeople     = 200                // choices of one list
)

// page is what every handler knows of a request: who asks, in which words, about which site.
type page struct {
	t     *text.Printer
	who   cloud.Principal
	theme string // "light", "dark" or "": the device's own
	now   time.Time
	path  string // with the query, for coming back
	sites []cloud.SiteSummary
	site  cloud.SiteSummary // the chosen one; zero: there is none
	zone  *time.Location    // of the site
	open  int               // open incidents
	did   string            // what the last form did; empty: nothing
}

// handle is a handler of a page for somebody who is signed in. An error that it returns has not
// been answered yet.
type handle func(w http.ResponseWriter, r *http.Request, pg page) error

func (c *Console) printer(r *http.Request) *text.Printer {
	chosen := ""
	if cookie, err := r.Cookie(cookieLang); err == nil {
		chosen = cookie.Value
	}
	return c.text.For(c.text.Negotiate(chosen, r.Header.Get("Accept-Language")))
}

func themeOf(r *http.Request) string {
	cookie, err := r.Cookie(cookieTheme)
	if err != nil || (cookie.Value != "dark" && cookie.Value != "light") {
		return ""
	}
	return cookie.Value
}

// stranger is the page of somebody who is not signed in.
func (c *Console) stranger(r *http.Request) page {
	return page{t: c.printer(r), theme: themeOf(r), now: c.now(), path: r.URL.RequestURI(), zone: time.UTC}
}

// signedIn finds out who asks and about which site, and calls h. Whoever is not signed in is led
// to the sign-in and back.
func (c *Console) signedIn(h handle) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pg := c.stranger(r)
		who, err := c.principal(r)
		if err != nil {
			c.toSignIn(w, r, pg, err)
			return
		}
		pg.who = who
		if r.Method == http.MethodPost && !strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
			if err = r.ParseForm(); err != nil {
				c.fail(w, r, pg, locker.Errorf(locker.CodeInputInvalid, "the form cannot be read: %v", err))
				return
			}
		}
		if err = c.choose(w, r, &pg); err == nil {
			c.takeDid(w, r, &pg)
			err = h(w, r, pg)
		}
		if err != nil {
			c.fail(w, r, pg, err)
		}
	})
}

func (c *Console) principal(r *http.Request) (cloud.Principal, error) {
	secret, err := auth.SessionSecret(r, c.secure)
	if err != nil {
		return cloud.Principal{}, locker.Errorf(locker.CodeSessionEnded, "no session")
	}
	return c.cloud.Session(r.Context(), secret)
}

// choose loads the sites and picks the one that the address, the query or the last visit names.
func (c *Console) choose(w http.ResponseWriter, r *http.Request, pg *page) error {
	var err error
	if pg.sites, err = c.cloud.Sites(r.Context(), pg.who); err != nil {
		return err
	}
	if pg.open, err = c.cloud.OpenIncidents(r.Context(), pg.who); err != nil {
		return err
	}
	named := unseg[string](r.PathValue("site"))
	wish := named
	if wish == "" {
		if cookie, err := r.Cookie(cookieSite); err == nil {
			if value, err := url.QueryUnescape(cookie.Value); err == nil {
				wish = value
			}
		}
	}
	for i, s := range pg.sites {
		if string(s.ID) == wish || i == 0 && named == "" {
			pg.site = s
		}
	}
	if named != "" && pg.site.ID == "" {
		return locker.Errorf(locker.CodeNotFound, "no site %q", named)
	}
	pg.zone = zoneOf(pg.site.TimeZone)
	if named != "" && r.Method == http.MethodGet {
		c.setCookie(w, cookieSite, url.QueryEscape(named), preferenceAge)
	}
	return nil
}

// zoneOf returns the zone of a site; an unknown name is read as UTC, which shows.
func zoneOf(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	return loc
}

func (c *Console) setCookie(w http.ResponseWriter, name, value string, age int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure follows the connection: plain HTTP on loopback has no other way
		Name: name, Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode,
	})
}

// takeDid reads what the form before did. A fragment leaves it for the page.
func (c *Console) takeDid(w http.ResponseWriter, r *http.Request, pg *page) {
	if r.Method != http.MethodGet || r.Header.Get("HX-Request") == "true" {
		return
	}
	cookie, err := r.Cookie(cookieDid)
	if err != nil {
		return
	}
	c.setCookie(w, cookieDid, "", -1)
	if pg.t.Has("console.did." + cookie.Value) {
		pg.did = pg.t.T("console.did." + cookie.Value)
	}
}

// done leads to the next page, which says what was done: a key under "console.did.".
func (c *Console) done(w http.ResponseWriter, r *http.Request, address, did string) {
	if did != "" {
		c.setCookie(w, cookieDid, did, didAge)
	}
	ui.Redirect(w, r, address)
}

func (c *Console) toSignIn(w http.ResponseWriter, r *http.Request, pg page, err error) {
	if code := codeOf(err); code != locker.CodeSessionEnded && code != locker.CodeNotFound && code != locker.CodeNotAllowed {
		c.fail(w, r, pg, err) // not the person's fault: signing in again would not help
		return
	}
	if strings.HasSuffix(r.URL.Path, streamSuffix) {
		http.Error(w, http.StatusText(http.StatusUnauthorized), http.StatusUnauthorized)
		return
	}
	address := "/sign-in"
	if r.Method == http.MethodGet && !ui.WantsPartial(r) && r.URL.Path != "/" {
		address += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	ui.Redirect(w, r, address)
}

// codeOf returns the stable code of an error, or that of an internal one.
func codeOf(err error) locker.Code {
	var domain *locker.Error
	if errors.As(err, &domain) {
		return domain.Code
	}
	return locker.CodeInternal
}

func statusOf(code locker.Code) int {
	switch code { //nolint:exhaustive // what is not listed is something that the person can change: 422
	case locker.CodeInternal:
		return http.StatusInternalServerError
	case locker.CodeNotFound, locker.CodePlaceUnknown, locker.CodeStayUnknown, locker.CodeRecipientUnknown:
		return http.StatusNotFound
	case locker.CodeNotAllowed:
		return http.StatusForbidden
	case locker.CodeConflict:
		return http.StatusConflict
	case locker.CodeRateLimited:
		return http.StatusTooManyRequests
	case locker.CodeSiteOffline, locker.CodeMailUnreachable, locker.CodePrinterOffline:
		return http.StatusServiceUnavailable
	}
	return http.StatusUnprocessableEntity
}

// fail answers with what went wrong: a page, or for htmx a banner that fits anywhere.
func (c *Console) fail(w http.ResponseWriter, r *http.Request, pg page, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // nobody is left to tell
	}
	code := codeOf(err)
	status := statusOf(code)
	if status >= http.StatusInternalServerError && code == locker.CodeInternal {
		c.log.ErrorContext(r.Context(), "request failed", slog.String("path", r.URL.Path), slog.Any("error", err))
	}
	v := errorView{
		Banner:   ui.BannerView{Kind: "danger", Icon: "circle-alert", Text: pg.t.Error(string(code), "code", string(code))},
		BackText: pg.t.T("console.error.back"), BackHref: "/",
	}
	var body templ.Component
	if ui.WantsPartial(r) {
		body = errorFragment(v)
	} else {
		v.Shell = c.shell(pg, shellOf{title: pg.t.T("console.error.title")})
		body = errorPage(v)
	}
	if err := ui.Write(w, r, status, body); err != nil {
		c.log.ErrorContext(r.Context(), "draw the error page", slog.Any("error", err))
		http.Error(w, http.StatusText(status), status)
	}
}

// denied answers a form that came from another site's page.
func (c *Console) denied(w http.ResponseWriter, r *http.Request) {
	c.fail(w, r, c.stranger(r), locker.Errorf(locker.CodeNotAllowed, "the form came from another site"))
}

// write sends a whole page.
func write(w http.ResponseWriter, r *http.Request, body templ.Component) error {
	return ui.Write(w, r, http.StatusOK, body)
}

// invalid sends a form again with what is wrong with it: the fragment for htmx, else the page.
func invalid(w http.ResponseWriter, r *http.Request, whole, fragment templ.Component) error {
	if ui.WantsPartial(r) && fragment != nil {
		whole = fragment
	}
	return ui.Write(w, r, http.StatusUnprocessableEntity, whole)
}
