package ui_test

import (
	"bytes"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"cubby/internal/web/ui"
)

// broken is a server that can be switched off: it then closes every connection without an answer.
type broken struct {
	http.Handler
	off atomic.Bool
}

func (b *broken) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !b.off.Load() {
		b.Handler.ServeHTTP(w, r)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_ = conn.Close() // the point is that the browser gets nothing
}

func TestBrowser_ParcelPageWorksOffline(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/p/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/p/sw.js" {
			galleryServer().ServeHTTP(w, r)
			return
		}
		if err := ui.Write(w, r, http.StatusOK, phonePage()); err != nil {
			t.Error(err)
		}
	})
	mux.Handle("/", galleryServer())
	server := &broken{Handler: mux}
	ctx, address := browser(t, server)
	do(ctx, t, chromedp.Navigate(address+"/p/secret"))
	until(ctx, t, `navigator.serviceWorker.controller !== null`)
	kept := `caches.keys().then(async (names) => (await Promise.all(names.map(async (n) => (await (await caches.open(n)).keys()).map((r) => r.url)))).flat().join(' '))`
	for range 50 {
		if strings.Contains(eval[string](ctx, t, kept), "/p/secret") {
			break
		}
		do(ctx, t, chromedp.Sleep(pollPause))
	}
	server.off.Store(true)
	do(ctx, t, chromedp.Navigate(address+"/p/secret"))
	if got := eval[string](ctx, t, `document.querySelector('#code')?.textContent.replace(/\s/g, '') ?? document.body.textContent`); !strings.HasSuffix(got, "4F7H2KMX9") {
		t.Errorf("offline the page shows %q", got)
	}
	if got := eval[string](ctx, t, `getComputedStyle(document.querySelector('.bar')).position`); got != "sticky" {
		t.Errorf("offline the page has no style: %q", got)
	}
	do(ctx, t, chromedp.Navigate(address+"/p/other"))
	if got := eval[string](ctx, t, `document.body.textContent`); got != "offline" {
		t.Errorf("a page that was never seen shows %q", got)
	}
}

func TestBrowser_KioskWaitsForTheController(t *testing.T) {
	t.Parallel()
	var page bytes.Buffer
	moment := ui.OneMoment(ui.OneMomentView{Document: document("One moment"), Kiosk: true, Title: "One moment", Text: "Starting."})
	if err := moment.Render(t.Context(), &page); err != nil {
		t.Fatal(err)
	}
	worker, err := ui.Worker("kiosk-sw.js", page.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/sw.js", worker)
	mux.Handle("/", galleryServer())
	server := &broken{Handler: mux}
	ctx, address := browser(t, server)
	do(ctx, t, chromedp.Navigate(address+"/kiosk-home"))
	until(ctx, t, `navigator.serviceWorker.controller !== null`)
	server.off.Store(true)
	do(ctx, t, chromedp.Navigate(address+"/kiosk-home"))
	if got := eval[string](ctx, t, `document.querySelector('h1').textContent`); got != "One moment" {
		t.Fatalf("while the controller is down the kiosk shows %q", got)
	}
	server.off.Store(false)
	for range 100 {
		if title, err := chromedp.Run(ctx, chromedp.Title()); err == nil && title == "Collect a parcel" {
			return
		}
		do(ctx, t, chromedp.Sleep(pollPause))
	}
	t.Error("the kiosk does not come back by itself")
}

// A stream that is refused must not replace the wall by the error, and is tried again.
func TestBrowser_RefusedStreamLeavesThePage(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	mux := http.NewServeMux()
	mux.HandleFunc("/wall/stream", func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		http.Error(w, "no stream today", http.StatusServiceUnavailable)
	})
	mux.Handle("/", galleryServer())
	ctx, address := browser(t, mux)
	do(ctx, t, chromedp.EmulateViewport(1440, 1000), chromedp.Navigate(address+"/console"))
	for range 120 {
		if asked.Load() > 1 {
			break
		}
		do(ctx, t, chromedp.Sleep(pollPause))
	}
	if asked.Load() < 2 {
		t.Error("the stream is not tried again")
	}
	if got := eval[int](ctx, t, `document.querySelectorAll('#wall a.door').length`); got != 45 {
		t.Errorf("the wall has %d doors left", got)
	}
}

func TestBrowser_KioskWarnsBeforeItLeaves(t *testing.T) {
	t.Parallel()
	sent := &posts{}
	mux := http.NewServeMux()
	mux.Handle("POST /kiosk/leave", sent)
	mux.HandleFunc("/idle", func(w http.ResponseWriter, r *http.Request) {
		v := fixtureKiosk()
		v.Idle.Seconds, v.Idle.WarnSeconds = 1, 2
		if err := ui.Write(w, r, http.StatusOK, withChildren(ui.KioskShell(v), raw(`<h1>Help</h1>`))); err != nil {
			t.Error(err)
		}
	})
	mux.Handle("/", galleryServer())
	ctx, address := browser(t, mux)
	do(ctx, t, chromedp.EmulateViewport(1280, 800), chromedp.Navigate(address+"/idle"))
	until(ctx, t, `document.getElementById('idle').open && document.activeElement.hasAttribute('data-idle-more')`)
	if lost := eval[string](ctx, t, `[...document.querySelectorAll('#idle *')].filter((e) => e.getBoundingClientRect().bottom > innerHeight).length + ''`); lost != "0" {
		t.Errorf("%s parts of the warning lie outside the screen", lost)
	}
	do(ctx, t, chromedp.Click(chromedp.CSS("[data-idle-more]")))
	until(ctx, t, `!document.getElementById('idle').open`)
	if got := sent.all(); got != "" {
		t.Fatalf("more time was given, yet the kiosk sent %q", got)
	}
	for range 120 {
		if sent.all() != "" {
			break
		}
		do(ctx, t, chromedp.Sleep(pollPause))
	}
	if got := sent.all(); got != "/kiosk/leave " {
		t.Errorf("after the warning the kiosk sent %q", got)
	}
}

func TestBrowser_APIReferenceAsksNobodyElse(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/docs", func(w http.ResponseWriter, r *http.Request) {
		v := ui.APIReferenceView{Document: document("API"), SpecURL: "/openapi.json", NoScript: "Read the document itself:"}
		if err := ui.Write(w, r, http.StatusOK, ui.APIReference(v)); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, err := w.Write([]byte(`{"openapi":"3.1.0","info":{"title":"T","version":"1"},"paths":{"/v1/sites":{"get":{"summary":"List sites",` +
			`"responses":{"200":{"description":"ok"}}}}}}`))
		if err != nil {
			t.Error(err)
		}
	})
	mux.Handle(ui.AssetPrefix, ui.Handler())
	ctx, address := browser(t, ui.Secure(mux, ui.DocsPolicy))
	watch(ctx, t)
	do(ctx, t, chromedp.EmulateViewport(1280, 800), chromedp.Navigate(address+"/docs"))
	until(ctx, t, `document.body.innerText.includes('List sites')`)
	foreign := `performance.getEntriesByType('resource').map((r) => r.name).filter((n) => !n.startsWith(location.origin)).join(' ')`
	if got := eval[string](ctx, t, foreign); got != "" {
		t.Errorf("the page asks %s", got)
	}
}
