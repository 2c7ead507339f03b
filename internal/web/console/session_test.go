package console_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"cubby/internal/web/console/consoletest"
)

func signIn(b *bench, email, password, next string) *httptest.ResponseRecorder {
	return b.do(consoletest.Fixture{
		Method: "POST", Path: "/sign-in?next=" + url.QueryEscape(next), Stranger: true,
		Form: url.Values{"email": {email}, "password": {password}},
	}.Request(b.fake, "en", ""))
}

func TestSignIn_LeadsToWhereOneWanted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := signIn(b, "ana@example.org", consoletest.Password, "/deliveries?q=4B")
	wantRedirect(t, w, "/deliveries?q=4B")
	var session *http.Cookie
	for _, c := range w.Result().Cookies() {
		if c.Name == "cubby" {
			session = c
		}
	}
	if session == nil || !session.HttpOnly || session.SameSite != http.SameSiteLaxMode || session.Value != b.fake.Cookie().Value {
		t.Fatalf("session cookie: %+v", session)
	}
	wantRedirect(t, b.get("/sign-in?next=%2Fsites"), "/sites")
}

func TestSignIn_SaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := signIn(b, "", "", "/")
	wantStatus(t, w, http.StatusUnprocessableEntity)
	wantText(t, w, "Enter your e-mail address", "Enter your password")
	wantCalls(t, b)
	w = signIn(b, "ana@example.org", "wrong", "/")
	wantStatus(t, w, http.StatusUnprocessableEntity)
	wantText(t, w, "The address or the password is wrong.", `value="ana@example.org"`)
	if strings.Contains(w.Body.String(), "wrong\"") || len(w.Result().Cookies()) != 0 {
		t.Error("the password came back, or a cookie was set")
	}
}

func TestSignIn_IsLimited(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 8 {
		wantStatus(t, signIn(b, "ana@example.org", "wrong", "/"), http.StatusUnprocessableEntity)
	}
	w := signIn(b, "Ana@Example.org", consoletest.Password, "/")
	wantStatus(t, w, http.StatusTooManyRequests)
	if w.Header().Get("Retry-After") == "" || len(b.fake.Calls()) != 8 {
		t.Errorf("Retry-After %q after %d looks at the password", w.Header().Get("Retry-After"), len(b.fake.Calls()))
	}
	for i := range 40 {
		w = signIn(b, "x"+strings.Repeat("y", i)+"@example.org", "wrong", "/")
	}
	wantStatus(t, w, http.StatusTooManyRequests) // the address has no tries left for further accounts
}

func TestSignOut_EndsTheSession(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.post("/sign-out")
	wantRedirect(t, w, "/sign-in")
	if c := w.Result().Cookies(); len(c) != 1 || c[0].MaxAge >= 0 {
		t.Errorf("cookies %v", c)
	}
	wantRedirect(t, b.get("/deliveries?q=1"), "/sign-in?next="+url.QueryEscape("/deliveries?q=1"))
	r := consoletest.Fixture{Path: "/sites/harbour/doors/main~1B04", Partial: true}.Request(b.fake, "en", "")
	w = b.do(r)
	if w.Code != http.StatusNoContent || w.Header().Get("HX-Redirect") != "/sign-in" {
		t.Errorf("htmx: %d %v", w.Code, w.Header())
	}
}

// FuzzNext holds that a link from outside never uses the sign-in to lead elsewhere.
func FuzzNext(f *testing.F) {
	for _, seed := range []string{"/wall", "//evil.example", "/\\evil.example", "https://evil.example", "/%2Fevil", "\t//evil", "/a\r\nSet-Cookie: x", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, next string) {
		b := newBench(t)
		location := b.get("/sign-in?next=" + url.QueryEscape(next)).Header().Get("Location")
		base, err := url.Parse("https://parcels.example.org/sign-in")
		if err != nil {
			t.Fatal(err)
		}
		u, err := base.Parse(location)
		if err != nil || u.Host != base.Host || u.Scheme != "https" || strings.ContainsAny(location, "\\\r\n\t") {
			t.Errorf("%q leads to %q", next, location)
		}
	})
}
