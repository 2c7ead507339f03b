package report_test

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

func htmlOf(t *testing.T, plan, language string) string {
	t.Helper()
	r, _ := made(t, plan, language)
	var out bytes.Buffer
	if err := r.HTML(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The page is well formed: every element is closed in its order, no attribute stands twice, no id either,
// and what an attribute names by id is there.
func TestHTML_IsWellFormed(t *testing.T) {
	t.Parallel()
	void := regexp.MustCompile(`<(meta|link|br|hr|img|input)([^>]*[^/>])>`)
	for _, language := range []string{"en", "es", "ar"} {
		page := strings.TrimPrefix(htmlOf(t, "plan-400", language), "<!doctype html>")
		decoder := xml.NewDecoder(strings.NewReader(void.ReplaceAllString(page, "<$1$2/>")))
		decoder.Entity = xml.HTMLEntity
		ids, named := map[string]bool{}, map[string]bool{}
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", language, err)
			}
			element, ok := token.(xml.StartElement)
			if !ok {
				continue
			}
			for _, a := range element.Attr {
				switch a.Name.Local {
				case "id":
					if ids[a.Value] {
						t.Errorf("%s: id %s twice", language, a.Value)
					}
					ids[a.Value] = true
				case "aria-labelledby", "aria-describedby":
					for _, id := range strings.Fields(a.Value) {
						named[id] = true
					}
				}
			}
		}
		for id := range named {
			if !ids[id] {
				t.Errorf("%s: nothing has the id %s", language, id)
			}
		}
	}
}

// TestBrowser looks at the page on phone and desktop, light and dark, in every language: no fault that axe
// finds, nothing wider than the screen, no text of a drawing cut off or on another one. Without Chromium
// it is skipped, except where it must be there.
func TestBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() || os.Getenv("CUBBY_QUICK") != "" {
		t.Skip("no browser in short mode")
	}
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("REQUIRE_BROWSER") != "" || os.Getenv("CI") != "" {
			t.Fatal("chromium is missing")
		}
		t.Skip("!!!! SKIPPED: chromium is missing, the report is not looked at in a browser")
	}
	axe, err := os.ReadFile("../../../../e2e/testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, x := range [][2]string{{"plan-400", "en"}, {"plan-200", "es"}, {"plan-400", "ar"}} {
		pages["/"+x[1]] = htmlOf(t, x[0], x[1])
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, pages[r.URL.Path]) // the browser is gone when the test is
	}))
	t.Cleanup(server.Close)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	defer stop()
	ctx, stopTab := chromedp.NewContext(allocator)
	defer stopTab()
	ctx, stopTime := context.WithTimeout(ctx, 3*time.Minute)
	defer stopTime()
	for _, look := range []struct {
		lang, scheme  string
		width, height int64
	}{
		{"en", "light", 360, 740},
		{"en", "dark", 1440, 1000},
		{"es", "dark", 360, 740},
		{"es", "light", 1440, 1000},
		{"ar", "light", 360, 740},
		{"ar", "dark", 1440, 1000},
	} {
		scheme := func(ctx context.Context, at *chromedp.Target) (chromedp.Void, error) {
			_, err := cdp.Call(ctx, at, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.scheme}},
			})
			return chromedp.Void{}, err
		}
		if err := chromedp.Do(ctx, scheme, chromedp.EmulateViewport(look.width, look.height), chromedp.Navigate(server.URL+"/"+look.lang)); err != nil {
			t.Fatal(err)
		}
		for _, script := range []string{string(axe) + axeFaults, drawingFaults} {
			faults, err := chromedp.Run(ctx, chromedp.Evaluate[[]string](script, chromedp.EvalAwaitPromise))
			if err != nil {
				t.Fatal(err)
			}
			for _, fault := range faults {
				t.Errorf("%s, %s, %d wide: %s", look.lang, look.scheme, look.width, fault)
			}
		}
	}
}

const axeFaults = `;axe.run(document).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 160)).join(' ')))`

// drawingFaults lists what is cut off: the page itself, texts of drawings outside of their picture, and
// texts of a drawing that lie on each other.
const drawingFaults = `(() => {
	const out = [];
	const wide = document.documentElement.scrollWidth - innerWidth;
	if (wide > 0) out.push('the page is ' + wide + ' pixels wider than its screen');
	if (document.querySelectorAll('svg text').length < 100) out.push('the drawings are missing');
	for (const svg of document.querySelectorAll('svg')) {
		const name = svg.querySelector('title').textContent, view = svg.viewBox.baseVal;
		const boxes = [...svg.querySelectorAll('text')].map((t) => ({ t: t.textContent, b: t.getBBox() }));
		for (const { t, b } of boxes) {
			const slack = view.width / 400;
			if (b.x < -slack || b.y < -slack || b.x + b.width > view.width + slack || b.y + b.height > view.height + slack) out.push(name + ': "' + t + '" is cut off');
		}
		boxes.forEach((a, i) => boxes.slice(i + 1).forEach((c) => {
			const x = Math.min(a.b.x + a.b.width, c.b.x + c.b.width) - Math.max(a.b.x, c.b.x);
			const y = Math.min(a.b.y + a.b.height, c.b.y + c.b.height) - Math.max(a.b.y, c.b.y);
			if (x > 0 && y > 0 && x * y > 0.2 * Math.min(a.b.width * a.b.height, c.b.width * c.b.height)) out.push(name + ': "' + a.t + '" and "' + c.t + '" lie on each other');
		}));
	}
	return out;
})()`
