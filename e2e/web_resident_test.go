package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"cubby/internal/app/demo"
	"cubby/internal/locker"
	"cubby/internal/notify/mailcatch"
)

// webLink finds the address of the resident's page in a mail.
func webLink(m mailcatch.Mail) string {
	return regexp.MustCompile(`http://\S+/p/[\w-]+`).FindString(m.Text)
}

// webNet is the network between a phone and the server. It can be cut for the page and its worker.
type webNet struct {
	off   atomic.Bool
	proxy *httptest.Server
}

func webNetwork(t *testing.T) *webNet {
	t.Helper()
	n := &webNet{}
	forward := &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetXForwarded() },
		FlushInterval: -1,
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	n.proxy = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.off.Load() {
			panic(http.ErrAbortHandler)
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		n.proxy.CloseClientConnections()
		n.proxy.Close()
	})
	return n
}

func (n *webNet) cut(off bool) { n.off.Store(off) }

// through puts a browser context behind the network.
func (n *webNet) through(p *target.CreateBrowserContextParams) {
	p.ProxyServer, p.ProxyBypassList = n.proxy.URL, "<-loopback>"
}

// weigh counts the bytes over the wire, headers included, of everything that a page loads at first.
func (w *webTab) weigh(address string) int {
	w.Helper()
	var sum atomic.Int64
	events := chromedp.Events(w.ctx, network.LoadingFinished)
	go func() {
		for e, err := range events {
			if err != nil {
				return
			}
			sum.Add(int64(e.EncodedDataLength))
		}
	}()
	w.visit(address)
	w.until(`document.readyState === 'complete'`)
	const quiet = 700 * time.Millisecond
	for last := int64(-1); last != sum.Load(); time.Sleep(quiet) {
		last = sum.Load()
	}
	return int(sum.Load())
}

func TestResidentPage(t *testing.T) {
	webShare(t)
	t.Parallel()
	h := webStart(t)
	door := h.bring(webParcel{"1Z0000000000777777", "102", locker.SizeS})[0]
	mail := h.mailTo(journeyMail, nil)
	link, code := webLink(mail), webCode(mail)
	if link == "" {
		t.Fatalf("the mail has no link:\n%s", mail.Text)
	}
	net := webNetwork(t)
	phone := webOpen(t, "phone", net.through)
	phone.size(390, 844)

	const budget = 35_000
	if got := phone.weigh(link); got > budget || got < 5000 {
		t.Errorf("the first load takes %d bytes, at most %d", got, budget)
	} else {
		t.Logf("first load of the resident's page: %d bytes", got)
	}
	checkParcelPage(phone, code, door)
	phone.accessible("parcel")

	// Without a network the page still shows the code.
	phone.until(`navigator.serviceWorker.controller !== null`)
	phone.until(`caches.keys().then(async (names) => (await Promise.all(names.map(async (n) => (await (await caches.open(n)).keys()).map((r) => r.url)))).flat().includes(location.href))`)
	phone.allow("net::ERR")
	net.cut(true)
	phone.do(chromedp.Reload())
	checkParcelPage(phone, code, door)
	if got := webEval[string](phone, `getComputedStyle(document.querySelector('.bar')).position`); got != "sticky" {
		t.Errorf("offline the page has no style: %q", got)
	}
	phone.shoot("offline")
	net.cut(false)
	openByPhone(h, phone, link, door)
}

func checkParcelPage(phone *webTab, code, door string) {
	phone.Helper()
	phone.until(`document.querySelector('#code')`)
	if got := webEval[string](phone, `[...document.querySelectorAll('#code > span:not(.vh)')].map((s) => s.textContent).join('')`); got != code {
		phone.Errorf("the page shows the code %q, the mail %q", got, code)
	}
	if !webEval[bool](phone, `document.querySelector('svg.qr, .qr svg, .qr')?.getBoundingClientRect().width > 150`) {
		phone.Error("the page shows no QR code")
	}
	phone.sees("Door " + door)
	if got := webEval[string](phone, `document.body.innerText`); strings.Contains(got, "1Z0000000000777777") {
		phone.Error("a link that whoever has it can open shows the whole tracking number")
	}
}

// openByPhone proves nearness by what the kiosk shows now, after a wrong try.
func openByPhone(h webHouse, phone *webTab, link, door string) {
	h.Helper()
	panel := h.kiosk("kiosk")
	phone.visit(link)
	phone.tap(".bar a")
	phone.until(`document.getElementById('proof')`)
	phone.accessible("open")
	phone.tap("#proof")
	phone.enter("222222")
	phone.press("Enter")
	phone.until(`document.activeElement.matches('.errsum') || document.querySelector('.errsum')`)
	phone.accessible("open-error")
	if got := len(h.Bank.World.Pulses()); got != 1 {
		h.Fatalf("a wrong proof: the boards saw %d pulses", got)
	}
	phone.tap("#proof")
	phone.enter(webEval[string](panel, `document.querySelector('#kiosk-proof b').textContent`))
	phone.press("Enter")
	h.pulsed(2, door)
	phone.sees("Door " + door + " is open")
	phone.accessible("opened")
	h.shut(door, false)
	for began := time.Now(); ; time.Sleep(webLook) {
		tiles, err := h.Server.Cloud.Tiles(h.Context(), h.owner, demo.BankSite)
		if err != nil {
			h.Fatal(err)
		}
		if tiles.Occupied+tiles.Open == 0 {
			break
		}
		if time.Since(began) > webWithin {
			h.Fatalf("the parcel still waits: %+v", tiles)
		}
	}
	phone.visit(link)
	phone.until(`!document.querySelector('#code')`)
	phone.accessible("nothing")
	phone.visit(link + "/help")
	phone.accessible("help")
	phone.tap(`button[name="lang"][value="ar"]`)
	phone.until(`document.documentElement.dir === 'rtl'`)
	phone.accessible("nothing-ar")
	phone.allow("status of 404")
	phone.visit(link[:strings.LastIndex(link, "/")] + "/nosuchlink")
	phone.accessible("ended")
}

func TestWallBudget(t *testing.T) {
	webShare(t)
	t.Parallel()
	h := webStart(t)
	net := webNetwork(t)
	tab := webOpen(t, "wall", net.through) // which has loaded nothing yet
	tab.size(1440, 1000)
	tab.session(h.signIn("first", "/settings"))
	const budget = 100_000
	if got := tab.weigh(h.page(demo.BankSite, "/wall")); got > budget || got < 20_000 {
		t.Errorf("the first load takes %d bytes, at most %d", got, budget)
	} else {
		t.Logf("first load of the wall: %d bytes", got)
	}
	// The wall scrolls in its own box on a phone; the page does not.
	tab.size(320, 640)
	for _, rest := range []string{"/wall", "/wall?view=list", "/log", "/residents", "/health", "/couriers", "/doors/main~1A01", "/hand-over"} {
		tab.visit(h.page(demo.BankSite, rest))
		tab.until(`document.querySelector('main')`)
		if got := webEval[int](tab, `document.documentElement.scrollWidth`); got > 320 {
			t.Errorf("%s is %d px wide on a phone of 320", rest, got)
			tab.shoot("wide")
		}
	}
	tab.visit(h.page(demo.BankSite, "/wall"))
	tab.shoot("phone")
}
