package e2e_test

import (
	"context"
	"fmt"
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
)

const (
	webWithin = 60 * time.Second      // until something that must happen counts as never happening
	webLook   = 40 * time.Millisecond // between two looks at what a browser or a controller does in its own time
	webTyping = 70 * time.Millisecond // between two keys of a person: a scanner is faster
	webTest   = 2 * time.Minute       // the longest test
)

// webChromium is one browser process for all tests. Each test takes its share before t.Parallel, so
// the process ends with the last of them.
var webChromium struct {
	mu     sync.Mutex
	shares int
	ctx    context.Context
	stop   []context.CancelFunc
}

// webShare takes a share in the browser. Without Chromium the test is skipped, loudly, except
// where REQUIRE_BROWSER or CI says that it must be there.
func webShare(t *testing.T) {
	t.Helper()
	if testing.Short() || os.Getenv("CUBBY_QUICK") != "" {
		t.Skip("SKIPPED: no browser in a quick run")
	}
	if _, err := exec.LookPath("chromium"); err != nil {
		if os.Getenv("REQUIRE_BROWSER") != "" || os.Getenv("CI") != "" {
			t.Fatal("chromium is missing")
		}
		t.Skip("SKIPPED: chromium is missing, the program is not tried in a browser")
	}
	c := &webChromium
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shares++; c.shares == 1 {
		options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)
		allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, end := chromedp.NewContext(allocator)
		c.ctx, c.stop = ctx, []context.CancelFunc{end, stop}
		if err := chromedp.Do(ctx); err != nil {
			t.Errorf("start chromium: %v", err)
		}
	}
	t.Cleanup(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.shares--; c.shares == 0 {
			for _, stop := range c.stop {
				stop()
			}
		}
	})
}

// webTab is one page in front of one person. Everything that the browser complains of fails the
// test, except what Allow names.
type webTab struct {
	*testing.T
	ctx  context.Context
	name string

	mu         sync.Mutex
	allowed    []string
	complaints []string
}

// webOpen opens a tab in a browser context of its own: no cookie, cache or worker of another.
func webOpen(t *testing.T, name string, options ...chromedp.CreateBrowserContextOption) *webTab {
	t.Helper()
	ctx, stop := chromedp.NewContext(webChromium.ctx, chromedp.WithNewBrowserContext(options...))
	t.Cleanup(stop)
	ctx, stopTime := context.WithTimeout(ctx, webTest)
	t.Cleanup(stopTime)
	tab := &webTab{T: t, ctx: ctx, name: name}
	tab.do(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		// A page that the system does not show has no focus events.
		_, err := cdp.Call(ctx, target, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
		return chromedp.Void{}, err
	})
	tab.watch()
	// An answer that says what is wrong with a form is no fault of the page.
	tab.allow("status of 422")
	return tab
}

// watch fails the test on console errors and policy violations.
func (w *webTab) watch() {
	w.Helper()
	listen, stop := context.WithCancel(w.ctx)
	messages := chromedp.Console(listen)
	var done sync.WaitGroup
	done.Go(func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			if (m.IsException() || m.Type == chromedp.ConsoleError) && !w.allows(m.String()+" "+m.URL) {
				w.mu.Lock()
				w.complaints = append(w.complaints, fmt.Sprintf("%s (%s:%d)", m, m.URL, m.Line))
				w.mu.Unlock()
			}
		}
	})
	w.Cleanup(func() {
		stop()
		done.Wait()
		for _, c := range w.complain() {
			w.Errorf("%s: console: %s", w.name, c)
		}
	})
}

// complain returns what the browser complained of since the last call.
func (w *webTab) complain() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.complaints
	w.complaints = nil
	return all
}

// allow names a part of the complaints that the test provokes.
func (w *webTab) allow(part string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.allowed = append(w.allowed, part)
}

func (w *webTab) allows(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, part := range w.allowed {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

func (w *webTab) do(steps ...chromedp.Action[chromedp.Void]) {
	w.Helper()
	if err := chromedp.Do(w.ctx, steps...); err != nil {
		w.Fatalf("%s: %v", w.name, err)
	}
}

// size makes the screen so many CSS pixels large; phones and panels are touched.
func (w *webTab) size(width, height int64) {
	w.Helper()
	w.do(chromedp.EmulateViewport(width, height, chromedp.EmulateTouch))
}

func (w *webTab) visit(address string) {
	w.Helper()
	w.do(chromedp.Navigate(address))
}

// scheme sets what the device prefers: "light" or "dark", and that nothing moves, so that colours
// are read when they have arrived.
func (w *webTab) scheme(name string) {
	w.Helper()
	w.do(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: name}, {Name: "prefers-reduced-motion", Value: "reduce"},
			},
		})
		return chromedp.Void{}, err
	})
}

// session takes over the cookies of another tab.
func (w *webTab) session(of *webTab) {
	w.Helper()
	var all []*network.CookieParam
	of.do(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		got, err := cdp.Call(ctx, target, network.GetCookies, network.GetCookiesParams{})
		for _, c := range got.Cookies {
			all = append(all, &network.CookieParam{Name: c.Name, Value: c.Value, Domain: c.Domain, Path: c.Path, HTTPOnly: c.HTTPOnly})
		}
		return chromedp.Void{}, err
	})
	w.do(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, network.SetCookies, network.SetCookiesParams{Cookies: all})
		return chromedp.Void{}, err
	})
}

func webEval[T any](w *webTab, expression string) T {
	w.Helper()
	value, err := chromedp.Run(w.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		w.Fatalf("%s: %s: %v", w.name, expression, err)
	}
	return value
}

// until waits for an expression to become true, over any number of page loads.
func (w *webTab) until(expression string) {
	w.Helper()
	var last error
	for began := time.Now(); time.Since(began) < webWithin; {
		ok, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		if ok {
			return
		}
		last = err
		time.Sleep(webLook)
	}
	w.shoot("failed")
	page, _ := chromedp.Run(w.ctx, chromedp.Evaluate[string](`location.href + '\n' + document.body.innerText.slice(0, 1500)`))
	w.Fatalf("%s: never true: %s (%v)\n%s", w.name, expression, last, page)
}

// sees waits for a text of the page.
func (w *webTab) sees(text string) {
	w.Helper()
	w.until(fmt.Sprintf(`document.body.innerText.includes(%q)`, text))
}

// tap touches the middle of an element with a finger.
func (w *webTab) tap(css string) {
	w.Helper()
	w.until(fmt.Sprintf(`document.querySelector(%q)`, css))
	w.do(chromedp.Tap(chromedp.CSS(css)))
}

// click presses an element with the mouse.
func (w *webTab) click(css string) {
	w.Helper()
	w.until(fmt.Sprintf(`document.querySelector(%q)`, css))
	w.do(chromedp.Click(chromedp.CSS(css)))
}

// key is what one key of a keyboard sends.
func (w *webTab) key(name string, at time.Time) {
	w.Helper()
	p := input.DispatchKeyEventParams{Type: input.DispatchKeyEventTypeKeyDown, Key: name}
	if !at.IsZero() {
		p.Timestamp = input.TimeSinceEpoch(float64(at.UnixMicro()) / 1e6)
	}
	switch code := map[string]int64{
		"Enter": 13, "Tab": 9, "Backspace": 8, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Home": 36,
		"End": 35, "Escape": 27, " ": 32,
	}[name]; {
	case name == "Enter":
		p.Text, p.Code, p.WindowsVirtualKeyCode = "\r", name, code
	case len(name) == 1:
		p.Text = name
		if c := strings.ToUpper(name)[0]; c == ' ' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' {
			p.WindowsVirtualKeyCode = int64(c) // others stand elsewhere on each keyboard
		}
	default:
		p.Type, p.Code, p.WindowsVirtualKeyCode = input.DispatchKeyEventTypeRawKeyDown, name, code
	}
	w.do(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		if _, err := cdp.Call(ctx, target, input.DispatchKeyEvent, p); err != nil {
			return chromedp.Void{}, err
		}
		p.Type, p.Text = input.DispatchKeyEventTypeKeyUp, ""
		_, err := cdp.Call(ctx, target, input.DispatchKeyEvent, p)
		return chromedp.Void{}, err
	})
}

// press presses named keys one after another, as a person does.
func (w *webTab) press(keys ...string) {
	w.Helper()
	for _, k := range keys {
		w.key(k, time.Time{})
		time.Sleep(webTyping)
	}
}

// write types a text as a person does.
func (w *webTab) write(text string) {
	w.Helper()
	w.press(strings.Split(text, "")...)
}

// enter types a text where nobody cares how fast.
func (w *webTab) enter(text string) {
	w.Helper()
	for _, k := range strings.Split(text, "") {
		w.key(k, time.Time{})
	}
}

// scan is a scanner: a keyboard that is faster than anybody, and Enter.
func (w *webTab) scan(text string) {
	w.Helper()
	const gap = 4 * time.Millisecond
	keys := append(strings.Split(text, ""), "Enter")
	at := time.Now().Add(-time.Duration(len(keys)) * gap)
	for i, k := range keys {
		w.key(k, at.Add(time.Duration(i)*gap))
	}
}

// active is the id of the element that has the focus.
func (w *webTab) active() string {
	w.Helper()
	return webEval[string](w, `document.activeElement?.id ?? ''`)
}

// shoot keeps a picture in the folder of CUBBY_SHOTS, if that is set.
func (w *webTab) shoot(name string) {
	w.Helper()
	dir := webFolder("CUBBY_SHOTS")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(w.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		w.Errorf("%s: %v", w.name, err)
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		w.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, strings.ReplaceAll(w.Name(), "/", "-")+"-"+w.name+"-"+name+".png"), picture, 0o644); err != nil {
		w.Error(err)
	}
}

// webFolder is the folder that a variable names, from the root of the repository; "" for none.
func webFolder(variable string) string {
	dir := os.Getenv(variable)
	if dir == "" || filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join("..", dir)
}
