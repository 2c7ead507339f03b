package planner_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"cubby/internal/web/planner"
	"cubby/internal/web/ui"
)

// tab is a tab of Chromium at the planner.
type tab struct {
	*testing.T
	ctx  context.Context //nolint:containedctx // of the tab: each helper is one act in it
	base string
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.Fatal(err)
	}
}

func evaluate[T any](b *tab, expression string) T {
	b.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.Fatalf("%.200s: %v", expression, err)
	}
	return value
}

// until waits for an expression to become true and returns how long that took, in milliseconds.
func (b *tab) until(expression string) float64 {
	b.Helper()
	return evaluate[float64](b, `new Promise((yes, no) => { const t = performance.now();
		const look = () => (`+expression+`) ? yes(performance.now() - t) : performance.now() - t > 20000 ? no(new Error('waited in vain')) : setTimeout(look, 10);
		look(); })`)
}

// open shows an address on a screen of so many pixels, with a colour scheme.
func (b *tab) open(path string, width, height int64, scheme string) {
	b.Helper()
	media := func(ctx context.Context, at *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, at, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return chromedp.Void{}, err
	}
	b.do(media, chromedp.EmulateViewport(width, height), chromedp.Navigate(b.base+path))
}

// set types a value as a person does: the field has the focus, and the page hears of it.
func (b *tab) set(id, value string) {
	b.Helper()
	evaluate[bool](b, `(() => { const f = document.getElementById('`+id+`'); f.focus(); f.value = '`+value+`';
		f.dispatchEvent(new Event('input', { bubbles: true })); return true; })()`)
}

// TestBrowser walks through the planner in Chromium. Without it it is skipped, except where it must be there.
func TestBrowser(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("no browser in short mode")
	}
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("REQUIRE_BROWSER") != "" || os.Getenv("CI") != "" {
			t.Fatal("chromium is missing")
		}
		t.Skip("!!!! SKIPPED: chromium is missing, the planner is not tried in a browser")
	}
	axe, err := os.ReadFile("../../../e2e/testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	f := newFace(t, func(o *planner.Options) { o.Public, o.Wait, o.Now = "", time.Minute, time.Now })
	mux := http.NewServeMux()
	mux.Handle(ui.AssetPrefix, ui.Handler())
	mux.Handle("/", f.Handler())
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	defer stop()
	ctx, stopTab := chromedp.NewContext(allocator)
	defer stopTab()
	ctx, stopTime := context.WithTimeout(ctx, 3*time.Minute)
	defer stopTime()
	b := &tab{T: t, ctx: ctx, base: server.URL}
	b.do(chromedp.Navigate("about:blank")) // starts the process
	b.accessible(string(axe))
	b.phone()
	b.desktop()
}

// accessible runs axe over every step, and finds pages that are wider than their screen.
func (b *tab) accessible(axe string) {
	for _, look := range []struct {
		lang, scheme  string
		width, height int64
	}{{"en", "light", 360, 740}, {"ar", "dark", 360, 740}, {"es", "light", 820, 1180}, {"en", "dark", 1440, 1000}} {
		steps := "123456"
		if look.width > 1000 {
			steps = "1"
		}
		for _, step := range strings.Split(steps, "") {
			path := "/plan?v=1&u=20&w1=4&o1=1-1.9&s=" + step + "&lang=" + look.lang
			b.open(path, look.width, look.height, look.scheme)
			for _, fault := range evaluate[[]string](b, axe+`;axe.run(document).then((r) =>
				r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 160)).join(' ')))`) {
				b.Errorf("%s at %d: %s", path, look.width, fault)
			}
			if wide := evaluate[int](b, "document.documentElement.scrollWidth - innerWidth"); wide > 0 {
				b.Errorf("%s is %d pixels wider than its %d", path, wide, look.width)
			}
		}
	}
}

// phone walks from step to step with one thumb, then asks for the full plan.
func (b *tab) phone() {
	b.open("/plan", 360, 740, "light")
	loaded := evaluate[float64](b, "performance.timeOrigin")
	b.set("u", "30")
	b.until(`location.search.includes('u=30')`)
	for step := range 5 {
		if n := evaluate[int](b, `[...document.querySelectorAll('.pl-step')].filter((s) => s.offsetParent).length`); n != 1 {
			b.Errorf("%d steps show at once", n)
		}
		evaluate[bool](b, `(document.querySelector('[data-move="1"]').click(), true)`)
		b.until(`document.getElementById('main').dataset.step === '` + string(rune('2'+step)) + `'`)
	}
	b.until(`location.search.includes('s=6')`)
	evaluate[bool](b, `(document.querySelector('#answer a[hx-get*="full=1"]').click(), true)`)
	b.until(`document.querySelector('#answer .badge')?.dataset.k === 'ok'`)
	b.until(`location.search.includes('full=1')`)
	evaluate[bool](b, `(document.getElementById('pl-more').scrollIntoView(), true)`)
	b.until(`document.querySelectorAll('#pl-more details').length > 5`)
	if evaluate[float64](b, "performance.timeOrigin") != loaded {
		b.Error("the page was loaded again on the way")
	}
}

// desktop changes one field after the other, and measures how long the answer takes to follow.
func (b *tab) desktop() {
	b.open("/plan?v=1&u=20", 1440, 1000, "light")
	loaded := evaluate[float64](b, "performance.timeOrigin")
	var took []float64
	for _, change := range [][2]string{
		{"u", "24"}, {"pf", "2"}, {"m", "24"}, {"h", "2"}, {"w1", "6"}, {"o1", "1-2"}, {"y", "12"}, {"g", "3"}, {"t", "2"}, {"w1", "7"},
	} {
		b.set(change[0], change[1])
		took = append(took, b.until(`new URLSearchParams(location.search).get('`+change[0]+`') === '`+change[1]+`'`))
	}
	slices.Sort(took)
	b.Logf("redraw: median %.0f ms, p95 %.0f ms, 200 ms of it waiting for more keys", took[len(took)/2], took[len(took)-1])
	if took[len(took)-1] > 10_000 {
		b.Error("an answer took more than ten seconds")
	}
	b.set("u", "none")
	b.until(`document.getElementById('e-u').textContent !== '' && document.getElementById('u').getAttribute('aria-invalid') === 'true'`)
	if got := evaluate[string](b, `document.activeElement.id + '=' + document.activeElement.value`); got != "u=none" {
		b.Errorf("the focus or the text is gone: %s", got)
	}
	if evaluate[float64](b, "performance.timeOrigin") != loaded {
		b.Error("the page was loaded again")
	}
	b.keyboard()
}

// keyboard holds that every control of the form is reached in the order of the page.
func (b *tab) keyboard() {
	const controls = `[...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')].filter((e) => e.offsetParent && !e.disabled && e.tabIndex >= 0)`
	if n := evaluate[int](b, controls+".filter((e) => e.tabIndex > 0).length"); n > 0 {
		b.Errorf("%d controls jump the order", n)
	}
	if n := evaluate[int](b, `document.querySelectorAll('#plan [tabindex="-1"]:is(input, select, button)').length`); n > 0 {
		b.Errorf("%d controls cannot be reached by keyboard", n)
	}
}
