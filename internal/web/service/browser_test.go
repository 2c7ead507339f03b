package service_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"cubby/internal/web/service"
)

// phone is a tab of the size of a phone.
type phone struct {
	*testing.T
	ctx  context.Context //nolint:containedctx // of the tab: each helper is one act in it
	axe  string
	base string
}

// TestBrowser walks along the doors in Chromium, with a phone's screen and a script. Without Chromium it is
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
		t.Skip("!!!! SKIPPED: chromium is missing, the service page is not tried in a browser")
	}
	axe, err := os.ReadFile("../../../e2e/testdata/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	defer stop()
	first, stopBrowser := chromedp.NewContext(allocator)
	defer stopBrowser()
	if err := chromedp.Do(first, chromedp.Navigate("about:blank")); err != nil { // starts the process
		t.Fatal(err)
	}
	for name, journey := range map[string]func(p *phone){
		"walks with one thumb":  walksWithOneThumb,
		"walks by keyboard":     walksByKeyboard,
		"reads from the right":  readsFromTheRight,
		"sensors follow":        sensorsFollow,
		"fits a desktop screen": fitsADesktop,
	} {
		t.Run(name, func(t *testing.T) {
			ctx, stopTab := chromedp.NewContext(first)
			defer stopTab()
			ctx, stopTime := context.WithTimeout(ctx, time.Minute)
			defer stopTime()
			p := &phone{T: t, ctx: ctx, axe: string(axe)}
			focused := func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
				_, err := cdp.Call(ctx, tab, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
				return chromedp.Void{}, err
			}
			p.do(focused, chromedp.EmulateViewport(390, 844))
			defer p.watchConsole()()
			journey(p)
		})
	}
}

// serve starts the pages for one journey and lets the phone in when a code is wanted.
func (p *phone) serve(change func(b *bench, o *service.Options)) *bench {
	p.Helper()
	b := newBench(p.T, change)
	server := httptest.NewServer(b)
	p.Cleanup(server.Close)
	p.base = server.URL
	p.do(func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) { // cookies know no port: others came here before
		_, err := cdp.Call(ctx, tab, network.ClearBrowserCookies, cdp.Empty{})
		return chromedp.Void{}, err
	})
	return b
}

func (p *phone) do(steps ...chromedp.Action[chromedp.Void]) {
	p.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.Fatal(err)
	}
}

func evaluate[T any](p *phone, expression string) T {
	p.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		p.Fatalf("%.200s: %v", expression, err)
	}
	return value
}

// until waits for an expression to become true. A page that is just being left has no answer.
func (p *phone) until(expression string) {
	p.Helper()
	for range 200 {
		ctx, stop := context.WithTimeout(p.ctx, 2*time.Second)
		yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		stop()
		if err == nil && yes {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	state, _ := chromedp.Run(p.ctx, chromedp.Evaluate[string](`location.href + ' ' + document.body.innerText.slice(0, 800)`))
	p.Fatalf("never true: %s; the page is %s", expression, state)
}

func (p *phone) sees(text string) {
	p.Helper()
	p.until(fmt.Sprintf(`document.body.innerText.replaceAll(/[\u2066\u2069]/g, '').includes(%q)`, text))
}

func (p *phone) visit(path string) {
	p.Helper()
	p.do(chromedp.Navigate(p.base + path))
}

// tap presses an element with a finger.
func (p *phone) tap(css string) {
	p.Helper()
	p.until(fmt.Sprintf(`document.querySelector(%q)`, css))
	p.do(chromedp.Tap(chromedp.CSS(css)))
}

func (p *phone) fill(css, text string) {
	p.Helper()
	p.until(fmt.Sprintf(`document.querySelector(%q)`, css))
	_ = evaluate[bool](p, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.focus(); e.value = %q; return true })()`, css, text))
}

// tooSmall lists what a thumb cannot hit, or what leaves the screen sideways.
const tooSmall = `[...document.querySelectorAll('main a, main button, main input, .bar button, .bar a')].filter((e) => {
	const r = e.getBoundingClientRect();
	return r.width > 1 && (r.height < 43.5 || r.left < -1 && !e.closest('.tablebox'));
}).map((e) => e.outerHTML.slice(0, 90)).concat(document.documentElement.scrollWidth > innerWidth ? ['the page scrolls sideways'] : []).join('\n')`

// good checks the page as it stands: what axe finds in light and in dark, sizes, the screen's width.
func (p *phone) good(name string) {
	p.Helper()
	if faults := evaluate[string](p, tooSmall); faults != "" {
		p.Errorf("%s: %s", name, faults)
	}
	if !evaluate[bool](p, `typeof axe === 'object'`) {
		_ = evaluate[struct{}](p, p.axe+";({})") // axe defines itself
	}
	for scheme, rules := range map[string]string{"light": "{}", "dark": "{runOnly: ['color-contrast']}"} { // the rest is the same
		p.do(func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
			_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
			})
			return chromedp.Void{}, err
		})
		found := evaluate[string](p, `axe.run(document, `+rules+`).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')).join('\n'))`)
		if found != "" {
			p.Errorf("%s, %s: axe finds\n%s", name, scheme, found)
		}
		p.shoot(name + "-" + scheme)
	}
}

// shoot keeps a picture in the folder of CUBBY_SHOTS, if that is set.
func (p *phone) shoot(name string) {
	p.Helper()
	dir := os.Getenv("CUBBY_SHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "service-"+name+".png"), picture, 0o644)
	}
	if err != nil {
		p.Error(err)
	}
}

// watchConsole fails the test on every console error but the answer 422 to what was typed wrong.
func (p *phone) watchConsole() (end func()) {
	p.Helper()
	listen, stop := context.WithCancel(p.ctx)
	var done sync.WaitGroup
	messages := chromedp.Console(listen)
	done.Go(func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if text := m.String(); (m.IsException() || m.Type == "error") && !strings.Contains(text, "422") {
				p.Errorf("console: %s", text)
			}
		}
	})
	return func() { stop(); done.Wait() }
}

func (p *phone) enter(b *bench) {
	p.Helper()
	code, err := b.codes.New(rand.Reader)
	if err != nil {
		p.Fatal(err)
	}
	p.visit("/")
	p.fill("#code", code)
	p.tap("form.card button")
	p.sees("Look for boards")
}

// walksWithOneThumb goes from the code to the sheet; each page is good in light and in dark.
func walksWithOneThumb(p *phone) {
	b := p.serve(nil)
	b.opener.dead = at(2)
	p.visit("/")
	p.good("code")
	p.fill("#code", "00000000")
	p.tap("form.card button")
	p.sees("No code works now")
	p.until(`document.activeElement.matches('.errsum')`)
	p.good("code-wrong")
	p.enter(b)
	p.good("start")
	p.tap(`form[action$="/probe"] button`)
	p.sees("two boards with one address")
	p.good("boards")
	p.fill("#columns", "3")
	p.tap(`form[action$="/begin"] button`)
	p.sees("Next: door A01")
	p.good("next")
	p.tap("#open button")
	p.sees("Did door A01 open?")
	p.good("asked")
	p.tap("#yes button")
	p.sees("Did door A02 open?")
	p.sees("No sensor moved")
	p.tap("#yes button")
	p.sees("Did door A03 open?")
	p.fill("#label", "A07")
	p.tap("#other button")
	p.sees("Next: output")
	p.visit("/service/doors")
	p.sees("The sensor of door A02 did not move")
	p.good("doors")
	p.visit("/service/sensors")
	p.good("sensors")
	p.visit("/service/finish")
	p.good("finish")
	p.fill("#site", "Harbour House")
	_ = evaluate[bool](p, `document.querySelector('form[action$="/sheet"]').removeAttribute('target'), true`) // one tab is enough
	p.tap(`form[action$="/sheet"] button`)
	p.sees("Hand-over sheet")
	p.good("sheet")
	p.visit("/service/finish")
	p.tap(`form[action$="/end"] button`)
	p.sees("The session has ended")
	p.good("ended")
}

// key presses one key.
func (p *phone) key(name, text string, code int64) {
	p.Helper()
	p.do(func(ctx context.Context, tab *chromedp.Target) (chromedp.Void, error) {
		k := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: name, Code: name, Text: text, WindowsVirtualKeyCode: code}
		if _, err := cdp.Call(ctx, tab, input.DispatchKeyEvent, k); err != nil {
			return chromedp.Void{}, err
		}
		k.Type, k.Text = input.DispatchKeyEventTypeKeyUp, ""
		_, err := cdp.Call(ctx, tab, input.DispatchKeyEvent, k)
		return chromedp.Void{}, err
	})
}

// tabTo moves the focus on with the tab key until it is on an element.
func (p *phone) tabTo(css string) {
	p.Helper()
	for range 40 {
		p.key("Tab", "", 9)
		if evaluate[bool](p, fmt.Sprintf(`document.activeElement.matches(%q)`, css)) {
			return
		}
	}
	p.Fatalf("the tab key does not reach %s", css)
}

// walksByKeyboard opens and answers with Tab and Enter alone. The key says that it is on its way.
func walksByKeyboard(p *phone) {
	b := p.serve(nil)
	p.enter(b)
	p.tap(`form[action$="/probe"] button`)
	p.fill("#columns", "2")
	p.do(chromedp.Submit(chromedp.CSS("#columns")))
	p.sees("Next: door A01")
	said := evaluate[string](p, `(() => {
		addEventListener('submit', (e) => e.preventDefault()); // a page that is being left tells nothing
		const key = document.querySelector('#open button');
		key.click();
		return new Promise((tell) => setTimeout(() => tell(key.textContent + key.disabled), 50));
	})()`)
	if said != "Opening…true" {
		p.Errorf("while a door is being opened the key says %q", said)
	}
	p.visit("/service/walk")
	p.tabTo("#open button")
	p.key("Enter", "\r", 13)
	p.sees("Did door A01 open?")
	p.tabTo("#yes button")
	p.key("Enter", "\r", 13)
	p.sees("Did door A02 open?")
	if order := evaluate[string](p, `[...document.querySelectorAll('.skip, main button, main input, main a, .bar button')].map((e) => e.tabIndex).join('')`); strings.Trim(order, "0") != "" {
		p.Errorf("the order of the tab key was changed: %s", order)
	}
}

// readsFromTheRight looks at the pages in Arabic, and at a full door.
func readsFromTheRight(p *phone) {
	b := p.serve(func(b *bench, _ *service.Options) { b.opener.full = "main/A01" })
	p.enter(b)
	p.tap(`form[action$="/probe"] button`)
	p.sees("Begin the test")
	p.tap(`button[name="lang"][value="ar"]`)
	p.until(`document.documentElement.dir === 'rtl'`)
	p.good("boards-ar")
	p.fill("#columns", "2")
	p.tap(`form[action$="/begin"] button`)
	p.tap("#open button")
	p.until(`document.querySelector('#confirm button')`)
	p.good("full-ar")
	p.tap("#confirm button")
	p.until(`document.querySelector('#open button, #yes button')`)
	for _, page := range []string{"doors", "sensors", "finish", "walk"} {
		p.visit("/service/" + page)
		p.good(page + "-ar")
	}
	if b.opener.pulses() != 1 {
		p.Errorf("%d pulses", b.opener.pulses())
	}
}

// sensorsFollow sees a door open without asking for the page again.
func sensorsFollow(p *phone) {
	b := p.serve(nil)
	p.enter(b)
	p.visit("/service/sensors")
	p.until(`document.querySelectorAll('#sensors [data-k="ok"]').length === 8`)
	b.opener.mu.Lock()
	b.opener.open[at(5)] = true
	b.opener.mu.Unlock()
	p.until(`document.querySelectorAll('#sensors [data-k="warn"]').length === 1`)
}

// fitsADesktop looks at the pages on a laptop beside the bank.
func fitsADesktop(p *phone) {
	b := p.serve(nil)
	p.do(chromedp.EmulateViewport(1440, 900))
	p.enter(b)
	p.tap(`form[action$="/probe"] button`)
	p.sees("Begin the test")
	p.good("boards-desktop")
	p.tap(`form[action$="/begin"] button`) // nobody knows how it is wired: each door is named as it opens
	p.tap("#open button")
	p.sees("Which door opened?")
	p.until(`document.getElementById('label').value === 'A01'`)
	p.good("which-desktop")
	p.tap(".bar button")
	p.until(`document.getElementById('label')?.value === 'A02'`)
	p.visit("/service/doors")
	p.sees("1 good")
}

var _ http.Handler = (*service.Face)(nil)
