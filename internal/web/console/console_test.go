package console_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/console"
	"cubby/internal/web/console/consoletest"
)

// texts are read once: each test wants a console of its own, not a catalogue.
var texts = sync.OnceValues(func() (*text.Catalog, error) { return text.New() })

var update = flag.Bool("update", false, "write the golden files")

// bench is a console over a Fake.
type bench struct {
	*console.Console
	fake  *consoletest.Fake
	mails []string
	mail  error
	again []string // messages that were sent again
	stale error
}

func newBench(t *testing.T) *bench {
	t.Helper()
	catalog, err := texts()
	if err != nil {
		t.Fatal(err)
	}
	fake, err := consoletest.New(consoletest.Now())
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{fake: fake}
	b.Console, err = console.New(console.Options{
		Cloud: fake, Desk: fake, Said: fake, Tests: fake.Tests(), Audits: fake.Audits(), Text: catalog, Logger: slog.New(slog.DiscardHandler), Now: consoletest.Now, Version: "1.0.0", Plan: consoletest.Plan, Advise: fake.Advise,
		Contact: console.Contact{Mail: "desk@example.org", Phone: "+1 555 0100"}, Mail: "smtp.example.org",
		TestMail: func(_ context.Context, _ cloud.Principal, to string) error {
			b.mails = append(b.mails, to)
			return b.mail
		},
		RetryNotice: func(_ context.Context, _ cloud.Principal, id string) error {
			b.again = append(b.again, id)
			return b.stale
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	return w
}

func (b *bench) get(path string) *httptest.ResponseRecorder {
	return b.do(consoletest.Fixture{Path: path}.Request(b.fake, "en", ""))
}

func (b *bench) post(path string, pairs ...string) *httptest.ResponseRecorder {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return b.do(consoletest.Fixture{Method: http.MethodPost, Path: path, Form: form}.Request(b.fake, "en", ""))
}

func wantStatus(t *testing.T, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d\n%s", w.Code, status, w.Body)
	}
}

func wantCalls(t *testing.T, b *bench, calls ...string) {
	t.Helper()
	if diff := cmp.Diff(calls, b.fake.Calls()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func wantRedirect(t *testing.T, w *httptest.ResponseRecorder, address string) {
	t.Helper()
	wantStatus(t, w, http.StatusSeeOther)
	if got := w.Header().Get("Location"); got != address {
		t.Errorf("leads to %s, want %s", got, address)
	}
}

func wantText(t *testing.T, w *httptest.ResponseRecorder, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("the page lacks %q", part)
		}
	}
}

func show(t *testing.T, x consoletest.Fixture, lang, theme string) *httptest.ResponseRecorder {
	t.Helper()
	b := newBench(t)
	if x.Lists {
		b.fake.Empty()
	}
	w := b.do(x.Request(b.fake, lang, theme))
	status := x.Status
	if status == 0 {
		status = http.StatusOK
	}
	wantStatus(t, w, status)
	return w
}

// settled takes out what changes with every release of an asset.
func settled(body string) string {
	body = regexp.MustCompile(`\?v=[0-9a-f]{12}`).ReplaceAllString(body, "?v=VERSION")
	return strings.ReplaceAll(body, "><", ">\n<") + "\n"
}

func TestFixtures_MatchTheirGoldens(t *testing.T) {
	t.Parallel()
	for _, x := range consoletest.Fixtures() {
		t.Run(x.Name, func(t *testing.T) {
			t.Parallel()
			got := settled(show(t, x, "en", "").Body.String())
			path := filepath.Join("testdata", x.Name+".html")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v (run with -update)", err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("differs from its golden:\n%s", diff)
			}
		})
	}
}

func TestFixtures_HoldInEveryLanguage(t *testing.T) {
	t.Parallel()
	missing := regexp.MustCompile(`\[[a-z]+\.[A-Za-z0-9_.]+\]`)
	inline := regexp.MustCompile(`<[^>]+ (style|on[a-z]+|hx-on[^=]*)=|<script>`)
	id := regexp.MustCompile(` id="([^"]*)"`)
	for _, x := range consoletest.Fixtures() {
		for _, l := range text.Languages() {
			t.Run(x.Name+"/"+l.Tag, func(t *testing.T) {
				t.Parallel()
				body := show(t, x, l.Tag, "dark").Body.String()
				if m := missing.FindAllString(body, -1); m != nil {
					t.Errorf("texts are missing: %v", m)
				}
				if m := inline.FindAllString(body, -1); m != nil {
					t.Errorf("the policy forbids %v", m)
				}
				seen := map[string]bool{}
				for _, m := range id.FindAllStringSubmatch(body, -1) {
					if seen[m[1]] {
						t.Errorf("the id %s stands twice", m[1])
					}
					seen[m[1]] = true
				}
				if x.Paper {
					if !strings.Contains(body, fmt.Sprintf(`<html lang=%q dir=%q>`, l.Tag, l.Dir)) {
						t.Error("the paper does not say its language and direction")
					}
					return
				}
				if !x.Partial && !strings.Contains(body, fmt.Sprintf(`<html lang=%q dir=%q data-theme="dark"`, l.Tag, l.Dir)) {
					t.Error("the page does not say its language, direction and theme")
				}
				if !x.Partial && !strings.Contains(body, `href="/help"`) {
					t.Error("the page has no help")
				}
			})
		}
	}
}

func TestFixtures_SayErrorsAsTheyMust(t *testing.T) {
	t.Parallel()
	for _, x := range consoletest.Fixtures() {
		if x.Status != http.StatusUnprocessableEntity {
			continue
		}
		t.Run(x.Name, func(t *testing.T) {
			t.Parallel()
			body := show(t, x, "en", "").Body.String()
			for _, part := range []string{"There is a problem", "data-focus", "<title>Error: "} {
				if !strings.Contains(body, part) {
					t.Errorf("the page lacks %q", part)
				}
			}
			for _, m := range regexp.MustCompile(`<li>\s*<a href="#([^"]+)">`).FindAllStringSubmatch(body, -1) {
				if !strings.Contains(body, `id="`+m[1]+`"`) {
					t.Errorf("the summary leads to %s, which the page lacks", m[1])
				}
			}
		})
	}
}

func TestRoutes_NeedASession(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	hole := regexp.MustCompile(`\{[^}]*\}`)
	for _, route := range b.Routes() {
		path := hole.ReplaceAllString(strings.ReplaceAll(route.Path, "{$}", ""), "x")
		w := b.do(httptest.NewRequest(route.Method, path, nil))
		if route.Open() {
			if strings.HasPrefix(w.Header().Get("Location"), "/sign-in?next") {
				t.Errorf("%s %s asks for a session", route.Method, path)
			}
			continue
		}
		if strings.HasSuffix(path, "/stream") {
			if w.Code != http.StatusUnauthorized {
				t.Errorf("%s: %d, want 401", path, w.Code)
			}
			continue
		}
		if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/sign-in") {
			t.Errorf("%s %s answers %d without a session", route.Method, path, w.Code)
		}
	}
	if calls := b.fake.Calls(); slices.ContainsFunc(calls, func(c string) bool { return !strings.HasPrefix(c, "Sign") }) {
		t.Errorf("a stranger reached %v", calls)
	}
}

func TestForms_FromOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := consoletest.Fixture{Method: "POST", Path: "/sites/harbour/doors/main~1B04/open", Form: url.Values{"reason": {"because"}}}.Request(b.fake, "en", "")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	wantStatus(t, b.do(r), http.StatusForbidden)
	wantCalls(t, b)
}

func TestPages_SayFailuresWithoutDetails(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.Fail("Wall", errors.New("secret table is gone"))
	w := b.get("/sites/harbour/wall")
	wantStatus(t, w, http.StatusInternalServerError)
	if strings.Contains(w.Body.String(), "secret") {
		t.Error("the page tells what is inside")
	}
	b.fake.Fail("DoorSheet", errors.New("secret"))
	w = b.do(consoletest.Fixture{Path: "/sites/harbour/doors/main~1B04", Partial: true}.Request(b.fake, "en", ""))
	wantStatus(t, w, http.StatusInternalServerError)
	if !strings.HasPrefix(w.Body.String(), `<div class="banner"`) {
		t.Errorf("htmx got more than a banner: %s", w.Body)
	}
	wantStatus(t, b.get("/sites/elsewhere/wall"), http.StatusNotFound)
	wantStatus(t, b.get("/sites/harbour/doors/main~1Z99"), http.StatusNotFound)
	b.fake.Fail("Site", locker.Errorf(locker.CodeNotAllowed, "no"))
	wantStatus(t, b.get("/settings"), http.StatusForbidden)
}

func TestPreferences_AreKeptAndLeadBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.post("/preferences", "lang", "ar", "theme", "dark", "back", "/deliveries?q=4B")
	wantRedirect(t, w, "/deliveries?q=4B")
	got := map[string]string{}
	for _, c := range w.Result().Cookies() {
		got[c.Name] = c.Value
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("cookie %s is open to scripts or other sites", c.Name)
		}
	}
	if diff := cmp.Diff(map[string]string{"cubby-lang": "ar", "cubby-theme": "dark"}, got); diff != "" {
		t.Error(diff)
	}
	wantRedirect(t, b.post("/preferences", "lang", "xx", "back", "https://evil.example"), "/")
}

func TestWall_StaysWithinItsBudget(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := consoletest.Fixture{Path: "/sites/harbour/wall"}.Request(b.fake, "en", "")
	r.Header.Set("Accept-Encoding", "br")
	w := b.do(r)
	wantStatus(t, w, http.StatusOK)
	if w.Header().Get("Content-Encoding") != "br" || w.Body.Len() > 15_000 {
		t.Errorf("the page weighs %d bytes (%s)", w.Body.Len(), w.Header().Get("Content-Encoding"))
	}
}

func TestNew_NeedsItsParts(t *testing.T) {
	t.Parallel()
	if _, err := console.New(console.Options{}); err == nil {
		t.Error("a console without anything was made")
	}
}
