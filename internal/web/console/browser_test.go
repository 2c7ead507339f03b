package console_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"cubby/internal/web/console/consoletest"
	"cubby/internal/web/ui"
)

// gallery serves every fixture at /f/{name}?lang=&theme=, and the console itself to somebody who is
// signed in.
func gallery(t *testing.T) string {
	t.Helper()
	b, lists := newBench(t), newBench(t)
	lists.fake.Empty()
	mux := http.NewServeMux()
	mux.Handle(ui.AssetPrefix, ui.Handler())
	mux.HandleFunc("GET /f/{name}", func(w http.ResponseWriter, r *http.Request) {
		for _, x := range consoletest.Fixtures() {
			from := b
			if x.Lists {
				from = lists
			}
			if x.Name == r.PathValue("name") {
				from.Handler().ServeHTTP(w, x.Request(from.fake, r.URL.Query().Get("lang"), r.URL.Query().Get("theme")))
			}
		}
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		r.AddCookie(b.fake.Cookie())
		b.Handler().ServeHTTP(w, r)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections) // a stream would hold Close up
	return server.URL
}

// TestBrowser_FindsNothingInaccessible runs axe over the pages, light and dark, left to right and right
// to left. Without Chromium it is skipped, except where it must be there.
func TestBrowser_FindsNothingInaccessible(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("no browser in short mode")
	}
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("REQUIRE_BROWSER") != "" || os.Getenv("CI") != "" {
			t.Fatal("chromium is missing")
		}
		t.Skip("SKIPPED: chromium is missing, the console is not tried in a browser")
	}
	axe, err := os.ReadFile("../../../e2e/testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	defer stop()
	ctx, stopTab := chromedp.NewContext(allocator)
	defer stopTab()
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil { // starts the process
		t.Fatal(err)
	}
	address := gallery(t)
	for _, look := range []string{"?lang=en&theme=light", "?lang=ar&theme=dark"} {
		for _, name := range browserPages() {
			limit, cancel := context.WithTimeout(ctx, time.Minute)
			if err := chromedp.Do(limit, chromedp.EmulateViewport(1440, 1000), chromedp.Navigate(address+"/f/"+name+look)); err != nil {
				t.Fatal(err)
			}
			faults, err := chromedp.Run(limit, chromedp.Evaluate[[]string](string(axe)+`;axe.run(document).then((r) =>
				r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 120)).join(' ')))`, chromedp.EvalAwaitPromise))
			if err != nil {
				t.Fatalf("%s%s: %v", name, look, err)
			}
			for _, f := range faults {
				t.Errorf("%s%s: %s", name, look, f)
			}
			cancel()
		}
	}
}

// browserPages are those that differ most, or all of them when EVERY_PAGE is set.
func browserPages() []string {
	if os.Getenv("EVERY_PAGE") == "" {
		return []string{"wall", "log-wrong", "parcel-code", "import", "test-asked", "test-doors", "advice"}
	}
	var pages []string
	for _, x := range consoletest.Fixtures() {
		if !x.Partial && !strings.HasPrefix(x.Name, "not-found") {
			pages = append(pages, x.Name)
		}
	}
	return pages
}
