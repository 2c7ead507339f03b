package e2e_test

import (
	_ "embed"
	"strings"
	"testing"
	"time"

	"cubby/internal/app/demo"
	"cubby/internal/locker"
)

//go:embed testdata/axe.min.js
var webAxe string

const webViolations = `axe.run().then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')).join('\n'))`

// violations runs axe over the page as it stands and returns what it finds.
func (w *webTab) violations() string {
	w.Helper()
	if !webEval[bool](w, `typeof axe === 'object'`) {
		_ = webEval[struct{}](w, webAxe+";({})") // axe defines itself
	}
	return webEval[string](w, webViolations)
}

// accessible fails the test on anything that axe finds in the page, in light and in dark.
func (w *webTab) accessible(page string) {
	w.Helper()
	w.accessibleIn(page, "light", "dark")
}

func (w *webTab) accessibleIn(page string, schemes ...string) {
	w.Helper()
	for _, scheme := range schemes {
		w.scheme(scheme)
		if found := w.violations(); found != "" {
			w.Errorf("%s, %s: axe finds\n%s", page, scheme, found)
		}
	}
	if webEval[bool](w, `document.documentElement.scrollWidth > innerWidth && !document.querySelector('.k')`) {
		w.Errorf("%s scrolls sideways", page)
	}
	w.shoot(page)
	w.scheme("light")
}

// speak changes the console's language with its own button.
func (w *webTab) speak(lang string) {
	w.Helper()
	w.click(`button[name="lang"][value="` + lang + `"]`)
	w.until(`document.documentElement.lang === '` + lang + `'`)
}

// Checkers that find nothing anywhere would make every other test here worthless.
func TestCheckersSeeFaults(t *testing.T) {
	webShare(t)
	t.Parallel()
	h := webStart(t)
	tab := webOpen(t, "broken")
	tab.visit(h.Server.URL() + "/sign-in")
	if found := tab.violations(); found != "" {
		t.Errorf("before it is broken: %s", found)
	}
	_ = webEval[bool](tab, `(() => {
		document.documentElement.removeAttribute('lang');
		document.querySelector('label').remove();
		document.querySelector('p.muted').style.color = '#ddd';
		return true;
	})()`)
	found := tab.violations()
	for _, rule := range []string{"html-has-lang", "label", "color-contrast"} {
		if !strings.Contains(found, rule+":") {
			t.Errorf("axe does not see %s: %s", rule, found)
		}
	}
	_ = webEval[bool](tab, `document.body.append(Object.assign(document.createElement('script'), {textContent: '1'})), true`)
	_ = webEval[bool](tab, `setTimeout(() => { throw new Error('broken') }), true`)
	said := ""
	for began := time.Now(); strings.Count(said, "\n") < 2 && time.Since(began) < webWithin; time.Sleep(webLook) {
		for _, c := range tab.complain() {
			said += c + "\n"
		}
	}
	if !strings.Contains(said, "Content Security Policy") || !strings.Contains(said, "broken") {
		t.Errorf("the browser complained of %q", said)
	}
}

// furnish makes something of every kind to look at.
func furnish(h webHouse) {
	h.Helper()
	h.bring(webParcel{"1Z0000000000000001", "102", locker.SizeS}, webParcel{"1Z0000000000000002", "101", locker.SizeM})
	cloud := h.Server.Cloud
	if _, err := cloud.SetService(h.Context(), h.owner, demo.BankSite, "main/B01", true, "Hinge is loose"); err != nil {
		h.Fatal(err)
	}
	addr, ch := h.wired("F12")
	if err := h.Bank.World.Force(addr, ch); err != nil { // a crowbar: an incident
		h.Fatal(err)
	}
}

func TestConsoleAccessible(t *testing.T) {
	webShare(t)
	t.Parallel()
	h := webStart(t)
	furnish(h)
	stranger := webOpen(t, "stranger")
	stranger.size(1440, 1000)
	stranger.visit(h.Server.URL() + "/sign-in")
	stranger.accessible("sign-in")
	stranger.click("form.form .btn.big")
	stranger.until(`document.activeElement.matches('.errsum')`)
	stranger.accessible("sign-in-errors")

	tab := h.signIn("console", "/sites/"+string(demo.BankSite)+"/wall")
	tab.until(`document.querySelector('[data-s="fault"], #door-main-F12[data-s="open"]') && document.querySelector('#door-main-B01[data-s="blocked"]')`)
	tab.accessible("wall")
	tab.click("#door-main-A01")
	tab.until(`document.getElementById('sheet').open`)
	tab.accessible("sheet")
	tab.click(`#sheet a[href$="/open"]`)
	tab.until(`document.querySelector('#sheet [name=reason]')`)
	tab.accessible("ask")
	consolePages(h, tab)
}

// consolePages looks at every other page of the console, the main ones in Arabic too.
func consolePages(h webHouse, tab *webTab) {
	h.Helper()
	bank, room := demo.BankSite, demo.RoomSite
	for _, p := range []struct{ name, address, ready string }{
		{"wall-list", h.page(bank, "/wall?view=list"), "#walls table"},
		{"room-wall", h.page(room, "/wall"), "#log form"},
		{"door", h.page(bank, "/doors/main~1A01"), "dl.facts"},
		{"log", h.page(room, "/log"), "#tracking"},
		{"hand-over", h.page(room, "/hand-over?q=102"), "#q"},
		{"deliveries", h.Server.URL() + "/deliveries", "tbody tr"},
		{"deliveries-none", h.Server.URL() + "/deliveries?q=nobody", ".empty"},
		{"incidents", h.Server.URL() + "/incidents", "tbody tr"},
		{"residents", h.page(bank, "/residents"), "tbody tr"},
		{"resident-new", h.page(bank, "/residents/new"), "#name"},
		{"import", h.page(bank, "/residents/import"), "#file"},
		{"couriers", h.page(bank, "/couriers"), "tbody tr"},
		{"sites", h.Server.URL() + "/sites", "tbody tr"},
		{"health", h.page(bank, "/health"), "dl.facts"},
		{"settings", h.Server.URL() + "/settings", "#to"},
		{"codes", h.page(bank, "/codes"), "#guesses"},
		{"help", h.Server.URL() + "/help", "h2"},
		{"lost", h.Server.URL() + "/nowhere", "h1"},
	} {
		if p.name == "lost" {
			tab.allow("status of 404")
		}
		tab.visit(p.address)
		tab.until(`document.querySelector('` + p.ready + `')`)
		tab.accessible(p.name)
	}
	follow := func(name, address, link string) {
		h.Helper()
		tab.visit(address)
		tab.click(link)
		tab.until(`location.href !== '` + address + `' && document.readyState === 'complete'`)
		tab.accessible(name)
	}
	follow("parcel", h.Server.URL()+"/deliveries", "tbody a")
	follow("incident", h.Server.URL()+"/incidents", "tbody a")
	follow("resident", h.page(bank, "/residents"), "tbody a")
	tab.visit(h.page(bank, "/couriers"))
	tab.click(`form[action$="/code"] button`)
	tab.until(`document.querySelector('section.code')`)
	tab.accessible("courier-code")
	tab.visit(h.page(room, "/log"))
	tab.click("#log form .btn.big")
	tab.until(`document.activeElement.matches('.errsum')`)
	tab.accessible("log-errors")
	tab.visit(h.page(bank, "/wall"))
	tab.speak("ar")
	for name, address := range map[string]string{
		"wall-ar": h.page(bank, "/wall"), "deliveries-ar": h.Server.URL() + "/deliveries", "log-ar": h.page(room, "/log"),
		"residents-ar": h.page(bank, "/residents"), "incidents-ar": h.Server.URL() + "/incidents", "door-ar": h.page(bank, "/doors/main~1A01"),
	} {
		tab.visit(address)
		tab.until(`document.documentElement?.dir === 'rtl'`)
		tab.accessible(name)
	}
}
