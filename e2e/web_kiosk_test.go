package e2e_test

import (
	"testing"
	"time"

	"cubby/internal/app/demo"
	"cubby/internal/controller"
	"cubby/internal/locker"
)

// webKeyPixels is 20 mm on a panel of 10.1 inch and 1280x800, less half a pixel of rounding.
const webKeyPixels = "116.5"

const webOutside = `[...document.querySelectorAll('a, button, h1, h2, p, b, span, input')].filter((el) => {
	const r = el.getBoundingClientRect();
	if (r.width <= 1 || r.height <= 1 || el.closest('dialog, .vh')) return false;
	return r.left < -1 || r.top < -1 || r.right > innerWidth + 1 || r.bottom > innerHeight + 1;
}).map((el) => el.outerHTML.slice(0, 100)).join('\n')`

const webSmall = `[...document.querySelectorAll('a, button')].filter((el) => {
	const r = el.getBoundingClientRect();
	return !el.closest('dialog, .vh, .k-langs') && r.width && (r.width < ` + webKeyPixels + ` || r.height < ` + webKeyPixels + `);
}).map((el) => el.outerHTML.slice(0, 100) + ' ' + Math.round(el.getBoundingClientRect().width) + 'x' + Math.round(el.getBoundingClientRect().height)).join('\n')`

// webPanelUser is a person at the panel, and an inspector who looks at each of their steps in every
// language without touching anything.
type webPanelUser struct {
	webHouse
	panel, inspector *webTab
}

// inspect looks at the panel's step as it is: nothing outside the screen, no key too small, nothing for
// axe to say.
func (u webPanelUser) inspect(step, view string) {
	u.Helper()
	query := "?view=" + view
	for _, lang := range []string{"en", "es", "ar"} {
		u.inspector.visit(u.Bank.KioskURL() + "/kiosk/main" + query + "&lang=" + lang)
		u.inspector.until(`document.documentElement?.lang === '` + lang + `' && document.getElementById('kiosk-now')`)
		if lost := webEval[string](u.inspector, webOutside); lost != "" {
			u.Errorf("%s, %s: outside the screen:\n%s", step, lang, lost)
		}
		if tiny := webEval[string](u.inspector, webSmall); tiny != "" {
			u.Errorf("%s, %s: smaller than 20 mm:\n%s", step, lang, tiny)
		}
		switch lang {
		case "en":
			u.inspector.accessible(step)
		case "ar": // the same colours as in English
			u.inspector.accessibleIn(step+"-ar", "light")
		default: // the same markup, other words
			u.inspector.shoot(step + "-" + lang)
		}
	}
}

func TestKioskSteps(t *testing.T) {
	webShare(t)
	t.Parallel()
	h := webStart(t)
	u := webPanelUser{webHouse: h, panel: h.kiosk("panel"), inspector: webOpen(t, "inspector")}
	u.inspector.size(1280, 800)
	u.inspect("home", "")
	u.inspect("help", "help")
	u.inspect("code", "code")
	u.inspect("unit", "unit")
	door := u.courier()
	u.resident(door)
	u.byQR(door)
}

// courier walks through every step of a delivery, the wrong turns too.
func (u webPanelUser) courier() (door string) {
	u.Helper()
	panel := u.panel
	panel.tap(`a.k-big:not(.go)`)
	panel.touchKeys("222222222") // nobody's code
	panel.until(`document.title.startsWith('Error') || document.querySelector('[role=alert]')`)
	panel.shoot("wrong-code")
	if found := panel.violations(); found != "" {
		u.Errorf("wrong code: axe finds\n%s", found)
	}
	if lost := webEval[string](panel, webOutside); lost != "" {
		u.Errorf("wrong code: outside the screen:\n%s", lost)
	}
	panel.visit(u.Bank.KioskURL())
	panel.tap(`a.k-big:not(.go)`)
	panel.touchKeys(u.courierCode(demo.BankSite))
	panel.sees("Scan the next label")
	u.inspect("courier-ready", "")
	u.inspect("track", "track")
	panel.scan("1Z0000000000555555")
	panel.until(`document.getElementById('text-form')`)
	u.inspect("search", "")
	panel.touchKeys("NOBODY")
	panel.tap(`button[form="text-form"]`)
	panel.until(`document.querySelector('[role=alert]')`)
	panel.shoot("unknown")
	panel.tap(".k-foot .go")
	panel.until(`document.getElementById('text-form')`)
	panel.touchKeys("101")
	panel.tap(`button[form="text-form"]`)
	panel.until(`document.querySelectorAll('[id^="match-"]').length === 2`)
	u.inspect("matches", "")
	panel.tap(`[id^="match-"]`)
	panel.until(`document.querySelector('.sz[value="M"]')`)
	u.inspect("sizes", "")
	panel.tap(`.sz[value="M"]`)
	small := panel.door("Put the parcel in")
	u.inspect("put-in", "")
	u.inspect("wrong", "wrong")
	panel.tap("#key-bigger")
	if got := panel.door("Take the parcel out"); got != small {
		u.Fatalf("the parcel is to be taken out of %s, it is in %s", got, small)
	}
	u.inspect("take-out", "")
	u.shut(small, false)
	panel.until(`document.querySelector('.sz[value="L"]')`)
	panel.tap(`.sz[value="L"]`)
	door = panel.door("Put the parcel in")
	u.pulsed(2, door)
	u.shut(door, true)
	panel.sees("Stored in")
	u.inspect("stored", "")
	u.inspect("last", "last")
	panel.tap("#key-finish")
	panel.until(`document.querySelector('a.k-big')`)
	return door
}

// resident collects by touch, reports a problem on the way, and opens the door a second time.
func (u webPanelUser) resident(door string) {
	u.Helper()
	panel := u.panel
	mail := u.mailTo("dev.haddad@residents.example", nil)
	panel.tap(`a.k-big.go`)
	panel.until(`document.querySelector('[data-code]')`)
	panel.touchKeys(webCode(mail))
	if got := panel.door("Your door is open"); got != door {
		u.Fatalf("door %s opened, want %s", got, door)
	}
	u.pulsed(3, door)
	u.inspect("open", "")
	panel.tap("#key-wrong")
	panel.tap("#key-empty")
	panel.sees("Noted. The staff are told.")
	u.inspect("told", "told")
	u.shut(door, false)
	panel.tap(".k-foot .go")
	panel.until(`document.getElementById('key-again')`)
	u.inspect("done", "")
	panel.tap("#key-again")
	u.pulsed(4, door)
	panel.until(`document.querySelector('.where h1')?.textContent === 'Your door is open'`)
	u.shut(door, false)
	panel.until(`document.getElementById('key-finish')`)
	panel.tap("#key-finish")
	panel.until(`document.querySelector('a.k-big')`)
}

// byQR holds the picture of a mail to the scanner: on the home screen nothing has to be touched.
func (u webPanelUser) byQR(string) {
	u.Helper()
	began := time.Now()
	door := u.bring(webParcel{"1Z0000000000888888", "103", locker.SizeS})[0]
	pulses := len(u.Bank.World.Pulses())
	mail := u.mailTo("mateo.garcia@residents.example", nil)
	u.panel.until(`document.querySelector('a.k-big')`)
	u.panel.scan(webToken(u.T, mail))
	if got := u.panel.door("Your door is open"); got != door {
		u.Fatalf("door %s opened, want %s", got, door)
	}
	u.pulsed(pulses+1, door)
	u.shut(door, false)
	u.awaitStep(controller.StepDone)
	u.Logf("from delivery to collection: %v", time.Since(began).Round(time.Millisecond))
}
