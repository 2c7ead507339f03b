package kiosk_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"cubby/internal/controller"
	"cubby/internal/web/kiosk"
	"cubby/internal/web/ui"
)

// TestBrowser tries the pages in Chromium: one process, a tab for each journey. Without Chromium it is
// skipped, except where it must be there.
func TestBrowser(t *testing.T) { //nolint:tparallel // the tabs take turns: one that is not shown has no focus
	t.Parallel()
	if testing.Short() {
		t.Skip("no browser in short mode")
	}
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("REQUIRE_BROWSER") != "" || os.Getenv("CI") != "" {
			t.Fatal("chromium is missing")
		}
		t.Skip("SKIPPED: chromium is missing, the panel is not tried in a browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	first, stopBrowser := chromedp.NewContext(allocator)
	defer stopBrowser()
	do(first, t, chromedp.Navigate("about:blank")) // starts the process
	for name, journey := range map[string]func(ctx context.Context, t *testing.T){
		"every page fits in every language": everyPageFits,
		"no axe violations":                 noAxeViolations,
		"warns before it leaves":            warnsBeforeItLeaves,
		"collects by keyboard alone":        collectsByKeyboard,
		"collects by keypad":                collectsByKeypad,
		"courier scans and touches":         courierScansAndTouches,
		"home forgets the language":         homeForgetsTheLanguage,
	} {
		t.Run(name, func(t *testing.T) {
			ctx, stopTab := chromedp.NewContext(first)
			defer stopTab()
			ctx, stopTime := context.WithTimeout(ctx, 2*time.Minute)
			defer stopTime()
			focused := func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
				_, err := cdp.Call(ctx, tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
				return chromedp.Void{}, err
			}
			do(ctx, t, focused, chromedp.EmulateViewport(1280, 800)) // a panel of 10.1 inch
			defer watchConsole(ctx, t)()
			journey(ctx, t)
		})
	}
}

// serve runs a server for one journey.
func serve(t *testing.T, h http.Handler) (address string) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.CloseClientConnections) // a stream would hold Close up
	return server.URL
}

func do(ctx context.Context, t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func eval[T any](ctx context.Context, t *testing.T, expression string) T {
	t.Helper()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%.200s: %v", expression, err)
	}
	return value
}

// pollPause lies between two looks at something that the browser does in its own time.
const pollPause = 30 * time.Millisecond

// until waits for an expression to become true. A page that is just being left has no answer.
func until(ctx context.Context, t *testing.T, expression string) {
	t.Helper()
	outer := ctx
	ctx, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	ticker := time.NewTicker(pollPause)
	defer ticker.Stop()
	for {
		if yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression)); err == nil && yes {
			return
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			state, _ := chromedp.Run(outer, chromedp.Evaluate[string](
				`document.visibilityState + ' ' + location.href + ' ' + (document.querySelector('h1')?.textContent ?? document.body.outerHTML.slice(0, 300))`))
			t.Fatalf("never true: %s; the page is %s", expression, state)
		}
	}
}

// watchConsole fails the test on every console error: a refused script or style is one. The answer
// 422 to a wrong code is no error.
func watchConsole(ctx context.Context, t *testing.T) (end func()) {
	t.Helper()
	listen, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	messages := chromedp.Console(listen)
	done.Go(func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if text := m.String(); (m.IsException() || m.Type == "error") && !strings.Contains(text, "422") {
				t.Errorf("console: %s", text)
			}
		}
	})
	return func() {
		stop()
		done.Wait()
	}
}

// gallery serves every fixture at /f/{name}.
func gallery(t *testing.T) http.Handler {
	t.Helper()
	h := newHandler(t, &fake{}, nil)
	mux := http.NewServeMux()
	mux.Handle(ui.AssetPrefix, ui.Handler())
	mux.HandleFunc("GET /f/{name}", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		for _, f := range kiosk.Fixtures() {
			if f.Name == r.PathValue("name") {
				if err := ui.Write(w, r, http.StatusOK, h.Page(f, q.Get("lang"), q.Get("theme"), q.Get("easier") != "")); err != nil {
					t.Error(err)
				}
			}
		}
	})
	mux.Handle("GET /kiosk/sw.js", h)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return ui.Secure(mux, ui.StrictPolicy)
}

// layoutScript finds what lies outside of its place, is cut off, too small to press or too small to
// read. Sizes in millimetres are those of ADA 707.7.2 (capitals of 4.8 mm, 0.7275 of the font size)
// and the 20 mm of the keys; the picture of the bank is drawn, not pressed.
const layoutScript = `() => {
	const bad = [];
	const mm = 5.9, screen = {left: 0, top: 0, right: 1280, bottom: 800};
	const place = document.getElementById('kiosk-main').getBoundingClientRect();
	const main = {left: 0, top: place.top, right: screen.right, bottom: place.bottom};
	const hidden = (el) => el.closest('dialog, .vh') || (el.closest('h1')?.offsetWidth ?? 9) <= 1;
	const say = (what, el) => bad.push(what + ': ' + (el.textContent.trim().slice(0, 40) || el.outerHTML.slice(0, 60)));
	for (const el of document.querySelectorAll('#kiosk *')) {
		const r = el.getBoundingClientRect();
		if (r.width <= 1 || r.height <= 1 || hidden(el)) continue;
		const box = el.closest('#kiosk-main') ? main : screen;
		if (el.matches('a, button, h1, h2, p, b, span, input, label, small, .qr, .mini') &&
			(r.left < box.left - 1 || r.top < box.top - 1 || r.right > box.right + 1 || r.bottom > box.bottom + 1)) say('outside', el);
		if (el.matches('a, button') && (el.scrollWidth > el.clientWidth + 1 || el.scrollHeight > el.clientHeight + 1)) say('cut off', el);
		if (el.matches('a, button') && !el.closest('.k-langs') && (r.width < 20 * mm - .6 || r.height < 20 * mm - .6)) say('too small to press', el);
		const words = [...el.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
		if (words && parseFloat(getComputedStyle(el).fontSize) * .7275 < 4.8 * mm - .1) say('too small to read', el);
	}
	const top = document.querySelector('.k-top');
	for (const el of [top, ...top.children]) if (el.scrollWidth > el.clientWidth + 1 && el.clientWidth) say('cut off', el);
	return bad;
}`

func everyPageFits(ctx context.Context, t *testing.T) { //nolint:thelper // a journey is a test of its own
	address := serve(t, gallery(t))
	do(ctx, t, chromedp.Navigate(address+"/f/home"))
	var names []string
	for _, f := range kiosk.Fixtures() {
		names = append(names, f.Name)
	}
	list, err := json.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	// The pages are put into one document after another: loading each would take minutes.
	found := eval[[]string](ctx, t, `(async () => {
		const check = `+layoutScript+`;
		const all = [];
		await document.fonts.load('700 40px Inter');
		for (const lang of ['en', 'es', 'ar']) for (const easier of ['', '1']) for (const name of `+string(list)+`) {
			const page = await (await fetch('/f/' + name + '?lang=' + lang + '&easier=' + easier)).text();
			const next = new DOMParser().parseFromString(page, 'text/html');
			for (const a of ['lang', 'dir', 'class']) document.documentElement.setAttribute(a, next.documentElement.getAttribute(a));
			document.getElementById('kiosk').replaceWith(next.getElementById('kiosk'));
			for (const fault of check()) all.push([lang, easier && 'easier', name, fault].join(' '));
		}
		return all;
	})()`)
	for _, f := range found {
		t.Error(f)
	}
	// The check can fail.
	if faults := eval[[]string](ctx, t, `(() => {
		document.getElementById('kiosk-main').innerHTML = '<p>x</p><button class="k-key">y</button>';
		const el = document.querySelector('#kiosk-main button');
		el.style.cssText = 'min-width:0;min-height:0;width:50px;height:50px;font-size:12px;translate:5000px';
		return (`+layoutScript+`)();
	})()`); len(faults) < 3 {
		t.Errorf("the check sees only %q", faults)
	}
}

func noAxeViolations(ctx context.Context, t *testing.T) { //nolint:thelper // a journey is a test of its own
	axe, err := os.ReadFile("../../../e2e/testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	address := serve(t, gallery(t))
	pages := []string{"home", "code-wrong", "unit", "open", "courier-who", "courier-size", "staff-menu"}
	if os.Getenv("EVERY_PAGE") != "" {
		pages = nil
		for _, f := range kiosk.Fixtures() {
			pages = append(pages, f.Name)
		}
	}
	for _, look := range []string{"?lang=en&theme=light", "?lang=ar&theme=dark&easier=1"} {
		for _, name := range pages {
			do(ctx, t, chromedp.Navigate(address+"/f/"+name+look))
			faults := eval[[]string](ctx, t, string(axe)+`;axe.run(document).then((r) =>
				r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 120)).join(' ')))`)
			for _, f := range faults {
				t.Errorf("%s%s: %s", name, look, f)
			}
		}
	}
}

// The warning before a turn ends fits, and its one big key keeps the turn.
func warnsBeforeItLeaves(ctx context.Context, t *testing.T) { //nolint:thelper // a journey is a test of its own
	address := serve(t, gallery(t))
	for _, look := range []string{"en", "es", "ar", "en&easier=1", "es&easier=1", "ar&easier=1"} {
		do(ctx, t, chromedp.Navigate(address+"/f/more?lang="+look))
		until(ctx, t, `document.readyState === 'complete'`)
		bad := eval[string](ctx, t, `(() => {
			const dialog = document.getElementById('idle');
			document.getElementById('idle-left').textContent = '30';
			dialog.showModal();
			return [...dialog.querySelectorAll('*')].filter((el) => {
				const r = el.getBoundingClientRect(), b = dialog.getBoundingClientRect();
				return r.left < b.left || r.right > b.right || r.top < b.top || r.bottom > b.bottom || b.bottom > 800 || b.top < 0 ||
					(el.matches('button') && (r.height < 117.5 || el.scrollWidth > el.clientWidth + 1));
			}).map((el) => el.textContent).join(', ');
		})()`)
		if bad != "" {
			t.Errorf("%s: outside of the warning: %s", look, bad)
		}
	}
	do(ctx, t, press("Enter")) // the key with the focus is the one that keeps the turn
	until(ctx, t, `!document.getElementById('idle').open`)
}

// press sends a key as a keyboard does.
func press(key string) chromedp.Action[chromedp.Void] {
	text := ""
	switch {
	case key == "Enter":
		text = "\r"
	case len(key) == 1:
		text = key
	}
	codes := map[string]int64{"Enter": 13, "Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
	return func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
		for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeKeyDown, input.DispatchKeyEventTypeKeyUp} {
			p := input.DispatchKeyEventParams{Type: kind, Key: key, WindowsVirtualKeyCode: codes[key]}
			if kind == input.DispatchKeyEventTypeKeyDown {
				p.Text = text
			}
			if _, err := cdp.Call(ctx, tab, input.DispatchKeyEvent, p); err != nil {
				return chromedp.Void{}, err
			}
		}
		return chromedp.Void{}, nil
	}
}

// reach moves the focus by arrow keys and Tab alone until it is on the key with that id.
func reach(ctx context.Context, t *testing.T, selector string) {
	t.Helper()
	for range 40 {
		if eval[bool](ctx, t, `document.activeElement?.matches('`+selector+`') ?? false`) {
			return
		}
		do(ctx, t, press("Tab"))
	}
	t.Fatalf("the keyboard does not reach %s", selector)
}

// A person with a tactile keypad and no pointer collects two parcels.
func collectsByKeyboard(ctx context.Context, t *testing.T) { //nolint:thelper // a journey is a test of its own
	site := siteAt(t, "home")
	home := site.home
	open, more, done := fixture(t, "open").Turn, fixture(t, "more").Turn, fixture(t, "done").Turn
	more.Version, done.Version, more.Remaining = 8, 10, 1
	site.onEnter = func() { site.turn = open }
	address := serve(t, newHandler(t, site, nil))
	do(ctx, t, chromedp.Navigate(address+"/"))
	reach(ctx, t, `a[href$="view=code"]`)
	do(ctx, t, press("Enter"))
	until(ctx, t, `!!document.querySelector('[data-code]') && document.readyState === 'complete'`)
	for _, key := range strings.Split("234679CFH", "") {
		do(ctx, t, press(key))
	}
	until(ctx, t, `document.querySelector('h1')?.textContent === 'Your door is open'`)
	if got := site.lastEntered(); got.Code != "234679CFH" {
		t.Error("another code arrived")
	}
	if said := eval[string](ctx, t, `document.getElementById('kiosk-say').textContent`); !strings.Contains(said, "B07") ||
		!strings.Contains(said, "2nd column, middle") {
		t.Errorf("the door is not said in words: %q", said)
	}

	site.put(home, more) // the door shuts: the page changes by itself
	until(ctx, t, `document.querySelector('h1')?.textContent.startsWith('1 more door')`)
	reach(ctx, t, "#key-next")
	again := open
	again.Version = 9
	site.onAct = func(controller.Act) { site.turn = again }
	do(ctx, t, press("Enter"))
	until(ctx, t, `document.querySelector('h1')?.textContent === 'Your door is open'`)

	site.put(home, done)
	until(ctx, t, `document.querySelector('h1')?.textContent.startsWith('All done')`)
	idle := fixture(t, "home").Turn
	idle.Version = 11
	site.onAct = func(controller.Act) { site.turn = idle }
	reach(ctx, t, "#key-finish")
	began := eval[float64](ctx, t, `Date.now()`)
	do(ctx, t, press("Enter"))
	until(ctx, t, `!!document.querySelector('.k-choices')`)
	if took := eval[float64](ctx, t, `Date.now()`) - began; took > 2000 {
		t.Errorf("home comes after %.0f ms", took)
	}
}

// A keypad of twelve keys with arrows is enough: number, nine digits, no letter.
func collectsByKeypad(ctx context.Context, t *testing.T) { //nolint:thelper // a journey is a test of its own
	site := siteAt(t, "home")
	open := fixture(t, "open").Turn
	site.onEnter = func() { site.turn = open }
	address := serve(t, newHandler(t, site, nil))
	do(ctx, t, chromedp.Navigate(address+"/kiosk/main"))
	arrows(ctx, t, `a[href$="view=code"]`)
	do(ctx, t, press("Enter"))
	until(ctx, t, `!!document.querySelector('[data-code]') && document.readyState === 'complete'`)
	arrows(ctx, t, "#key-unit")
	do(ctx, t, press("Enter"))
	until(ctx, t, `document.activeElement?.id === 'unit' && document.readyState === 'complete'`)
	do(ctx, t, press("1"), press("2"), press("Enter"))
	until(ctx, t, `!!document.querySelector('[data-code]') && document.readyState === 'complete'`)
	for _, key := range strings.Split("012345678", "") {
		do(ctx, t, press(key))
	}
	until(ctx, t, `document.querySelector('h1')?.textContent === 'Your door is open'`)
	if got := site.lastEntered(); got != (controller.Input{Code: "012345678", Unit: "12"}) {
		t.Error("another code arrived")
	}
}

// arrows moves the focus by arrow keys alone: down to the last line, then along it.
func arrows(ctx context.Context, t *testing.T, selector string) {
	t.Helper()
	for _, key := range strings.Fields(strings.Repeat("ArrowDown ", 5) + strings.Repeat("ArrowLeft ", 6) + strings.Repeat("ArrowRight ", 6)) {
		do(ctx, t, press(key))
		if eval[bool](ctx, t, `document.activeElement?.matches('`+selector+`') ?? false`) {
			return
		}
	}
	t.Fatalf("the arrow keys do not reach %s", selector)
}

// The courier's page takes a label from the scanner and a unit from the keyboard on the screen.
func courierScansAndTouches(ctx context.Context, t *testing.T) { //nolint:thelper // a journey is a test of its own
	site := siteAt(t, "courier-ready")
	who, which := fixture(t, "courier-who").Turn, fixture(t, "courier-which").Turn
	who.Version, which.Version = 8, 9
	site.onAct = func(act controller.Act) {
		switch act.(type) {
		case controller.ScanParcel:
			site.turn = who
		case controller.FindRecipient:
			site.turn = which
		}
	}
	address := serve(t, newHandler(t, site, nil))
	do(ctx, t, chromedp.Navigate(address+"/kiosk/main"))
	eval[any](ctx, t, `(() => { for (const key of [...'1Z999AA10123456784', 'Enter'])
		document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true})) })()`)
	until(ctx, t, `!!document.querySelector('.board') && document.readyState === 'complete'`)
	eval[any](ctx, t, `(() => { for (const k of 'SMI') document.querySelector('.board [data-key="' + k + '"]').click() })()`)
	eval[any](ctx, t, `document.querySelector('.board .go').click()`)
	until(ctx, t, `document.body.textContent.includes('J… SMITH, 4B')`)
	want := []controller.Act{controller.ScanParcel{Tracking: "1Z999AA10123456784"}, controller.FindRecipient{Text: "SMI"}}
	if got := site.done(); len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("did %#v", got)
	}
}

// The language of one person is not left to the next: the page that the stream brings home to is
// loaded again in the site's own.
func homeForgetsTheLanguage(ctx context.Context, t *testing.T) { //nolint:thelper // a journey is a test of its own
	site := siteAt(t, "open")
	h := newHandler(t, site, nil)
	post(h, "/kiosk/main/look", "lang=ar&easier=1")
	address := serve(t, h)
	do(ctx, t, chromedp.Navigate(address+"/kiosk/main"))
	until(ctx, t, `document.documentElement.dir === 'rtl'`)
	home := fixture(t, "home")
	home.Turn.Version = 30
	site.put(home.Home, home.Turn)
	until(ctx, t, `document.documentElement.lang === 'en' && !document.documentElement.classList.contains('easier') && !!document.querySelector('.k-choices')`)
}
