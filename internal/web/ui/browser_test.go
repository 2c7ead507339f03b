package ui_test

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
	"github.com/chromedp/chromedp"

	"cubby/internal/web/ui"
)

// browser starts one Chromium and a server of the fixtures for a test. Without Chromium the test
// is skipped, except where REQUIRE_BROWSER says that it must be there.
func browser(t *testing.T, h http.Handler) (ctx context.Context, address string) {
	t.Helper()
	if testing.Short() {
		t.Skip("no browser in short mode")
	}
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("REQUIRE_BROWSER") != "" || os.Getenv("CI") != "" {
			t.Fatal("chromium is missing")
		}
		t.Skip("SKIPPED: chromium is missing, the pages are not tried in a browser")
	}
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, stopTab := chromedp.NewContext(allocator)
	t.Cleanup(stopTab)
	ctx, stopTime := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(stopTime)
	focused := func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return chromedp.Void{}, err
	}
	do(ctx, t, focused) // a page that the system does not show has no focus events
	return ctx, server.URL
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
		t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// pollPause lies between two looks at something that the browser does in its own time.
const pollPause = 50 * time.Millisecond

// until waits for an expression to become true.
func until(ctx context.Context, t *testing.T, expression string) {
	t.Helper()
	if _, err := chromedp.Run(ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(5*time.Second))); err != nil {
		t.Fatalf("never true: %s: %v", expression, err)
	}
}

// watch fails the test on every console error and policy violation.
func watch(ctx context.Context, t *testing.T) {
	t.Helper()
	listen, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	messages := chromedp.Console(listen)
	done.Go(func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.IsException() || m.Type == "error" {
				t.Errorf("console: %s", m)
			}
		}
	})
	t.Cleanup(func() {
		stop()
		done.Wait()
	})
}

const outside = `[...document.querySelectorAll('a, button, h1, h2, p, b, span, input')].filter((el) => {
	const r = el.getBoundingClientRect();
	if (r.width <= 1 || r.height <= 1 || el.closest('dialog, .vh')) return false;
	return r.left < -1 || r.top < -1 || r.right > innerWidth + 1 || r.bottom > innerHeight + 1;
}).map((el) => el.outerHTML.slice(0, 80)).join('\n')`

const small = `[...document.querySelectorAll('a, button')].filter((el) => {
	const r = el.getBoundingClientRect();
	return !el.closest('dialog, .vh, .k-langs') && r.width && (r.width < 117 || r.height < 117);
}).map((el) => el.outerHTML.slice(0, 80)).join('\n')`

func TestBrowser_PagesAreAccessibleAndFit(t *testing.T) {
	t.Parallel()
	ctx, address := browser(t, galleryServer())
	axe, err := os.ReadFile("../../../e2e/testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	do(ctx, t, chromedp.Navigate(address+"/phone"))
	watch(ctx, t)
	for _, c := range []struct {
		page          string
		width, height int64
	}{
		{"console", 1440, 1000},
		{"console?dark&rtl", 1440, 1000},
		{"console", 320, 700},
		{"console?dark", 390, 800},
		{"phone", 320, 640},
		{"phone?dark&rtl", 390, 800},
		{"kiosk-home", 1280, 800},
		{"kiosk-home?dark&rtl", 1280, 800},
		{"kiosk-home?easier", 1280, 800},
		{"kiosk-code", 1280, 800},
		{"kiosk-code?easier&rtl", 1280, 800},
		{"kiosk-digit", 1280, 800},
		{"kiosk-open?easier", 1280, 800},
		{"kiosk-open?dark", 1280, 800},
		{"kiosk-sizes", 1280, 800},
	} {
		do(ctx, t, chromedp.EmulateViewport(c.width, c.height), chromedp.Navigate(address+"/"+c.page))
		_ = eval[chromedp.Void](ctx, t, string(axe)) // axe defines itself and has no result
		found := eval[string](ctx, t, `axe.run().then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 120)).join(' | ')).join('\n'))`)
		if found != "" {
			t.Errorf("%s at %d: axe finds\n%s", c.page, c.width, found)
		}
		if strings.HasPrefix(c.page, "kiosk") {
			// The kiosk's own shift against burn-in is no overflow, and its body never scrolls.
		} else if wide := eval[bool](ctx, t, `document.documentElement.scrollWidth > innerWidth`); wide {
			t.Errorf("%s scrolls sideways at %d", c.page, c.width)
		}
		if strings.HasPrefix(c.page, "kiosk") {
			if lost := eval[string](ctx, t, outside); lost != "" {
				t.Errorf("%s: outside the screen:\n%s", c.page, lost)
			}
			if tiny := eval[string](ctx, t, small); tiny != "" {
				t.Errorf("%s: smaller than 20 mm:\n%s", c.page, tiny)
			}
		}
	}
}

func TestBrowser_WallIsOneTabStop(t *testing.T) {
	t.Parallel()
	ctx, address := browser(t, galleryServer())
	do(ctx, t, chromedp.EmulateViewport(1440, 1000))
	for _, page := range []string{"/console", "/console?rtl"} {
		do(ctx, t, chromedp.Navigate(address+page))
		if got := eval[int](ctx, t, `document.querySelectorAll('[data-wall] [tabindex="0"]').length`); got != 1 {
			t.Fatalf("%s: the wall has %d tab stops", page, got)
		}
		do(ctx, t, chromedp.Evaluate[chromedp.Void](`document.getElementById('door-A01').focus()`))
		for _, step := range []struct{ key, want string }{
			{"ArrowDown", "A02"},
			{"ArrowRight", "B02"},
			{"ArrowRight", "C02"},
			{"ArrowRight", "D02"},
			{"ArrowLeft", "C02"},
			{"ArrowUp", "C01"},
			{"End", "F12"},
			{"ArrowRight", "F12"},
			{"Home", "A01"},
		} {
			do(ctx, t, chromedp.Evaluate[chromedp.Void](`document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key: '`+step.key+`', bubbles: true, cancelable: true}))`))
			if got := eval[string](ctx, t, `document.activeElement.id`); got != "door-"+step.want {
				t.Fatalf("%s: %s leads to %s, want %s", page, step.key, got, step.want)
			}
		}
		if got := eval[int](ctx, t, `document.querySelectorAll('[data-wall] [tabindex="0"]').length`); got != 1 {
			t.Errorf("%s: after moving the wall has %d tab stops", page, got)
		}
	}
}

// A live update must not take the focus, the tab stop or typed text.
func TestBrowser_UpdatesKeepTheFocus(t *testing.T) {
	t.Parallel()
	changes := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/wall/stream", func(w http.ResponseWriter, r *http.Request) {
		s, err := ui.OpenStream(w, r, time.Now)
		if err != nil {
			return
		}
		for {
			select {
			case <-r.Context().Done():
				return
			case <-changes:
				v := fixtureWall()
				v.Bays[0].Doors[1].State, v.Bays[0].Doors[1].StateText = "fault", "Fault"
				if err := s.Send(r.Context(), "", ui.LockerWall(v)); err != nil {
					return
				}
			}
		}
	})
	mux.Handle("/", galleryServer())
	ctx, address := browser(t, mux)
	do(ctx, t, chromedp.EmulateViewport(1440, 1000), chromedp.Navigate(address+"/console"))
	do(ctx, t, chromedp.Evaluate[chromedp.Void](`document.getElementById('tracking').value = '1Z999'; document.getElementById('door-A02').focus()`))
	changes <- struct{}{}
	until(ctx, t, `document.getElementById('door-A02').dataset.s === 'fault'`)
	if got := eval[string](ctx, t, `document.activeElement.id`); got != "door-A02" {
		t.Errorf("the focus went to %q", got)
	}
	if got := eval[string](ctx, t, `[...document.querySelectorAll('[data-wall] [tabindex="0"]')].map((d) => d.id).join()`); got != "door-A02" {
		t.Errorf("the tab stop went to %q", got)
	}
	if got := eval[string](ctx, t, `document.getElementById('tracking').value`); got != "1Z999" {
		t.Errorf("typed text became %q", got)
	}
	until(ctx, t, `document.getElementById('news').textContent.includes('A02, Small, Fault')`)
}

func TestBrowser_SheetOpensAndCloses(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/doors/A01", func(w http.ResponseWriter, r *http.Request) {
		if !ui.WantsPartial(r) {
			http.Error(w, "not asked as a fragment", http.StatusBadRequest)
			return
		}
		v := fixtureConfirm()
		v.ID = "sheet"
		if err := ui.Write(w, r, http.StatusOK, ui.ConfirmForm(v)); err != nil {
			t.Error(err)
		}
	})
	mux.Handle("/", galleryServer())
	ctx, address := browser(t, mux)
	watch(ctx, t)
	do(ctx, t, chromedp.EmulateViewport(1440, 1000), chromedp.Navigate(address+"/console"))
	do(ctx, t, chromedp.Evaluate[chromedp.Void](`document.getElementById('door-A01').focus(); document.getElementById('door-A01').click()`))
	until(ctx, t, `document.getElementById('sheet').open && !!document.querySelector('#sheet [name=reason]')`)
	do(ctx, t, chromedp.Evaluate[chromedp.Void](`document.querySelector('#sheet [data-close]').click()`))
	until(ctx, t, `!document.getElementById('sheet').open && document.activeElement.id === 'door-A01'`)
	do(ctx, t, chromedp.Evaluate[chromedp.Void](`document.querySelector('[data-dialog]').click()`))
	until(ctx, t, `document.getElementById('open-b07').open`)
}

// posts records what the kiosk's forms send.
type posts struct {
	mu  sync.Mutex
	got []string
}

func (p *posts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.got = append(p.got, r.URL.Path+" "+r.PostForm.Encode())
	http.Redirect(w, r, "/kiosk-code?done", http.StatusSeeOther)
}

func (p *posts) all() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.got, "; ")
}

func (p *posts) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = nil
}

// press sends keys as a keyboard does, pause milliseconds apart.
func press(pause int, keys ...string) string {
	list, err := json.Marshal(keys)
	if err != nil {
		return "0"
	}
	wait := ""
	if pause > 0 {
		wait = `await new Promise((r) => setTimeout(r, 60));`
	}
	return `(async () => { for (const key of ` + string(list) + `) {
		document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true}));` + wait + `} })()`
}

func TestBrowser_KioskReadsKeysAndScanner(t *testing.T) {
	t.Parallel()
	sent := &posts{}
	mux := http.NewServeMux()
	mux.Handle("POST /kiosk/scan", sent)
	mux.Handle("POST /kiosk/code", sent)
	mux.Handle("/", galleryServer())
	ctx, address := browser(t, mux)
	token := strings.Split("A7KQ2MZX9RTC4HJE6FNDP3", "")
	burst := press(0, append(token, "Enter")...)
	for _, c := range []struct{ name, page, script, want string }{
		{"scanner on home", "/kiosk-home", burst, "/kiosk/scan scan=A7KQ2MZX9RTC4HJE6FNDP3"},
		{"scanner on code page", "/kiosk-code", burst, "/kiosk/scan scan=A7KQ2MZX9RTC4HJE6FNDP3"},
		{
			"typed code", "/kiosk-code",
			press(60, "4", "f", "o", "7", "Backspace", "7", "H", "2", "K", "M", "X", "9"), "/kiosk/code code=4F7H2KMX9&step=code",
		},
		{
			"touched code", "/kiosk-code",
			`for (const k of '4F7H2KMX9') document.querySelector('[data-key="' + k + '"]').click()`, "/kiosk/code code=4F7H2KMX9&step=code",
		},
		{
			"typed on home", "/kiosk-home",
			press(60, "4", "F", "7", "H", "2", "K", "M", "X", "9", "Enter"), "/kiosk/scan scan=4F7H2KMX9",
		},
	} {
		sent.reset()
		do(ctx, t, chromedp.EmulateViewport(1280, 800), chromedp.Navigate(address+c.page))
		do(ctx, t, chromedp.Evaluate[chromedp.Void](c.script))
		for range 100 {
			if sent.all() != "" {
				break
			}
			do(ctx, t, chromedp.Sleep(pollPause))
		}
		if got := sent.all(); got != c.want {
			t.Errorf("%s: sent %q, want %q", c.name, got, c.want)
		}
	}
}

func TestBrowser_KioskHidesWhatWasTyped(t *testing.T) {
	t.Parallel()
	ctx, address := browser(t, galleryServer())
	do(ctx, t, chromedp.EmulateViewport(1280, 800), chromedp.Navigate(address+"/kiosk-code"))
	shown := `[...document.querySelectorAll('.boxes span')].map((s) => s.textContent).join('')`
	do(ctx, t, chromedp.Evaluate[chromedp.Void](`for (const k of '4F7') document.querySelector('[data-key="' + k + '"]').click()`))
	if got := eval[string](ctx, t, shown); got != "\u2022\u20227" {
		t.Errorf("the boxes show %q", got)
	}
	until(ctx, t, shown+` === '\u2022\u2022\u2022'`)
	if got := eval[string](ctx, t, `document.querySelector('[data-count]').textContent`); got != "3 entered" {
		t.Errorf("a screen reader hears %q", got)
	}
	do(ctx, t, chromedp.Evaluate[chromedp.Void](press(0, "ArrowRight")))
	if got := eval[string](ctx, t, `document.activeElement.tagName`); got != "BUTTON" && got != "A" {
		t.Errorf("an arrow key moves the focus to %s", got)
	}
}
