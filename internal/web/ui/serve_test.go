package ui_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
	"github.com/andybalholm/brotli"

	"cubby/internal/web/ui"
)

func get(t *testing.T, h http.Handler, path string, header map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func assetNames() []string {
	return []string{
		"console.css", "kiosk.css", "phone.css", "console.js", "kiosk.js", "phone.js", "icon.svg", "icons.svg",
		"inter.woff2", "htmx.js", "scalar.js",
	}
}

func TestHandler_ServesEveryAssetInEveryEncoding(t *testing.T) {
	t.Parallel()
	for _, name := range assetNames() {
		plain := get(t, ui.Handler(), ui.AssetURL(name), nil).Body.Bytes()
		if len(plain) == 0 {
			t.Errorf("%s is empty", name)
		}
		for encoding, open := range map[string]func(io.Reader) (io.Reader, error){
			"br":   func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
			"gzip": func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		} {
			res := get(t, ui.Handler(), ui.AssetURL(name), map[string]string{"Accept-Encoding": encoding + ", deflate;q=0.5"})
			packed := res.Body.Bytes()
			if name == "inter.woff2" {
				if res.Header().Get("Content-Encoding") != "" {
					t.Errorf("%s is compressed twice", name)
				}
				continue
			}
			if res.Header().Get("Content-Encoding") != encoding {
				t.Errorf("%s is not sent as %s", name, encoding)
				continue
			}
			reader, err := open(bytes.NewReader(packed))
			if err != nil {
				t.Fatal(err)
			}
			again, err := io.ReadAll(reader)
			if err != nil || !bytes.Equal(again, plain) {
				t.Errorf("%s as %s does not unpack to the same bytes: %v", name, encoding, err)
			}
		}
	}
}

func TestHandler_Caching(t *testing.T) {
	t.Parallel()
	url := ui.AssetURL("phone.css")
	if !regexp.MustCompile(`^/assets/phone\.css\?v=[0-9a-f]{12}$`).MatchString(url) {
		t.Errorf("address without version: %s", url)
	}
	res := get(t, ui.Handler(), url, nil)
	if got := res.Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("versioned asset is cached as %q", got)
	}
	if got := get(t, ui.Handler(), "/assets/phone.css", nil).Header().Get("Cache-Control"); got != "no-cache" {
		t.Errorf("asset without version is cached as %q", got)
	}
	if got := get(t, ui.Handler(), "/assets/phone.css?v=000000000000", nil).Header().Get("Cache-Control"); got != "no-cache" {
		t.Errorf("asset with a wrong version is cached as %q", got)
	}
	again := get(t, ui.Handler(), url, map[string]string{"If-None-Match": res.Header().Get("Etag")})
	if again.Code != http.StatusNotModified {
		t.Errorf("unchanged asset answers %d", again.Code)
	}
	for _, path := range []string{"/assets/", "/assets/nothing.js", "/assets/../doc.go", "/assets/static/base.js"} {
		if got := get(t, ui.Handler(), path, nil).Code; got != http.StatusNotFound {
			t.Errorf("%s answers %d", path, got)
		}
	}
	r := httptest.NewRequest(http.MethodPost, url, nil)
	w := httptest.NewRecorder()
	ui.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST answers %d", w.Code)
	}
	css := get(t, ui.Handler(), ui.AssetURL("console.css"), nil).Body.String()
	if !strings.Contains(css, ui.AssetURL("inter.woff2")) {
		t.Error("the stylesheet names the font without its version: the preload would be a second download")
	}
}

func TestHandler_HonoursRefusedEncodings(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"": "", "br": "br", "gzip, br": "br", "br;q=0, gzip": "gzip", "br;q=x": "", "identity": "", "GZIP;q=0.3": "gzip", "br;q=0.0, gzip; q=0": "",
	} {
		res := get(t, ui.Handler(), ui.AssetURL("phone.js"), map[string]string{"Accept-Encoding": accept})
		if got := res.Header().Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q gives %q, want %q", accept, got, want)
		}
	}
}

// wire returns the bytes that a browser receives for a page and everything that the page names.
func wire(t *testing.T, h http.Handler, path string) int {
	t.Helper()
	header := map[string]string{"Accept-Encoding": "gzip, br"}
	res := get(t, h, path, header)
	page := res.Body.Bytes()
	total := len(page)
	if res.Header().Get("Content-Encoding") == "br" {
		plain, err := io.ReadAll(brotli.NewReader(bytes.NewReader(page)))
		if err != nil {
			t.Fatal(err)
		}
		page = plain
	}
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`/assets/[^"#]+`).FindAllString(string(page), -1) {
		if seen[m] {
			continue
		}
		seen[m] = true
		asset := get(t, h, m, header)
		if asset.Code != http.StatusOK {
			t.Errorf("%s names %s, which answers %d", path, m, asset.Code)
		}
		total += len(asset.Body.Bytes())
	}
	return total
}

func TestPages_FirstLoadBudget(t *testing.T) {
	t.Parallel()
	const headers = 600 // bytes of headers for each of about ten answers
	for page, budget := range map[string]int{"phone": 35_000, "console": 100_000, "kiosk-code": 100_000} {
		got := wire(t, galleryServer(), "/"+page)
		t.Logf("%s: %d bytes", page, got)
		if got+10*headers > budget {
			t.Errorf("%s takes %d bytes and headers, budget %d", page, got, budget)
		}
	}
}

func TestSecure_SetsThePolicy(t *testing.T) {
	t.Parallel()
	res := get(t, galleryServer(), "/console", nil)
	policy := res.Header().Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "form-action 'self'"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy lacks %s: %s", want, policy)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("policy is unsafe: %s", policy)
	}
	if res.Header().Get("X-Content-Type-Options") != "nosniff" || res.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("headers: %v", res.Header())
	}
}

func TestWrite_RendersBeforeItSends(t *testing.T) {
	t.Parallel()
	broken := templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		if _, err := io.WriteString(w, "half a page"); err != nil {
			return err
		}
		return errors.New("broken")
	})
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if err := ui.Write(w, r, http.StatusOK, broken); err == nil {
		t.Fatal("no error")
	}
	if w.Body.Len() != 0 || len(w.Header()) != 0 {
		t.Errorf("something was sent: %q %v", w.Body, w.Header())
	}
}

func TestWrite_CompressesForRemoteClientsOnly(t *testing.T) {
	t.Parallel()
	page := templ.Raw(strings.Repeat("<p>door</p>", 500))
	for name, c := range map[string]struct {
		remote, forwarded, want string
	}{
		"remote":         {"203.0.113.7:4000", "", "br"},
		"same machine":   {"127.0.0.1:4000", "", ""},
		"same, IPv6":     {"[::1]:4000", "", ""},
		"behind a proxy": {"127.0.0.1:4000", "203.0.113.7", "br"},
		"odd address":    {"@", "", "br"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.remote
		r.Header.Set("Accept-Encoding", "br, gzip")
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		w := httptest.NewRecorder()
		if err := ui.Write(w, r, http.StatusUnprocessableEntity, page); err != nil {
			t.Fatal(err)
		}
		if got := w.Header().Get("Content-Encoding"); got != c.want || w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: encoding %q and status %d, want %q and 422", name, got, w.Code, c.want)
		}
	}
}

func TestRedirect(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/", nil)
	w := httptest.NewRecorder()
	ui.Redirect(w, r, "/next")
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/next" {
		t.Errorf("browser gets %d %v", w.Code, w.Header())
	}
	r.Header.Set("HX-Request", "true")
	w = httptest.NewRecorder()
	ui.Redirect(w, r, "/next")
	if w.Code != http.StatusNoContent || w.Header().Get("HX-Redirect") != "/next" || w.Header().Get("Location") != "" {
		t.Errorf("htmx gets %d %v", w.Code, w.Header())
	}
}

func TestWantsPartial(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		header map[string]string
		want   bool
	}{
		"browser":         {nil, false},
		"htmx":            {map[string]string{"HX-Request": "true", "HX-Request-Type": "partial"}, true},
		"htmx whole page": {map[string]string{"HX-Request": "true", "HX-Request-Type": "full"}, false},
		"history":         {map[string]string{"HX-Request": "true", "HX-History-Restore-Request": "true"}, false},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		for k, v := range c.header {
			r.Header.Set(k, v)
		}
		if got := ui.WantsPartial(r); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestStream_SendsEvents(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Date(2126, 11, 25, 12, 0, 0, 0, time.UTC) } // deadlines of sockets count from it
	for _, accept := range []string{"", "br"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Accept-Encoding", accept)
		s, err := ui.OpenStream(w, r, now)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.SendHTML("7", []byte("<p>\r\none</p>\n")); err != nil {
			t.Fatal(err)
		}
		if err := s.Send(context.Background(), "", templ.Raw("<b>x</b>")); err != nil {
			t.Fatal(err)
		}
		if got := w.Header().Get("Content-Encoding"); got != accept {
			t.Errorf("encoding %q, want %q", got, accept)
		}
		sent := w.Body.Bytes()
		if accept == "br" {
			// The stream is flushed and not closed: everything sent so far must be readable.
			part := make([]byte, 1<<16)
			n, err := io.ReadFull(brotli.NewReader(bytes.NewReader(sent)), part)
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatal(err)
			}
			sent = part[:n]
		}
		want := ":\n\nid: 7\ndata: <p>\ndata: one</p>\ndata: \n\ndata: <b>x</b>\n\n"
		if string(sent) != want {
			t.Errorf("%q sends %q, want %q", accept, sent, want)
		}
		if !w.Flushed || w.Header().Get("Content-Type") != "text/event-stream" {
			t.Errorf("not a stream: %v", w.Header())
		}
	}
}

func TestWorker(t *testing.T) {
	t.Parallel()
	offline := []byte("<!doctype html><script>'</script>\u2028\"\\")
	for _, name := range []string{"resident-sw.js", "kiosk-sw.js"} {
		h, err := ui.Worker(name, offline)
		if err != nil {
			t.Fatal(err)
		}
		res := get(t, h, "/sw.js", nil)
		script := res.Body.String()
		if strings.Contains(script, "{{") {
			t.Errorf("%s is not filled in", name)
		}
		if strings.Contains(script, "</script>") || strings.Contains(script, "\u2028") {
			t.Errorf("%s: the offline page is not escaped", name)
		}
		for _, m := range regexp.MustCompile(`/assets/[^"]+`).FindAllString(script, -1) {
			if m != "/assets/') " && strings.Contains(m, "?v=") {
				if got := get(t, ui.Handler(), m, nil); got.Code != http.StatusOK || !strings.Contains(got.Header().Get("Cache-Control"), "immutable") {
					t.Errorf("%s keeps %s, which is not served", name, m)
				}
			}
		}
		if !strings.Contains(script, ui.AssetURL("icons.svg")) || res.Header().Get("Cache-Control") != "no-cache" {
			t.Errorf("%s: %v", name, res.Header())
		}
	}
	if _, err := ui.Worker("base.js", offline); err == nil {
		t.Error("any file can be a worker")
	}
}
