package e2e_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"cubby/internal/app/demo"
	"cubby/internal/notify/mailcatch"
	"cubby/internal/notify/qr"
)

const (
	journeyMail  = "grace.brown@residents.example"
	journeyTrack = "1Z0000000000424242"
)

// webCode finds the nine symbols in the text of a mail.
func webCode(m mailcatch.Mail) string {
	found := regexp.MustCompile(`\b[2-9A-Z]{3}[- ][2-9A-Z]{3}[- ][2-9A-Z]{3}\b`).FindString(m.Text)
	return strings.NewReplacer("-", "", " ", "").Replace(found)
}

// kiosk opens the bank's panel.
func (h webHouse) kiosk(name string) *webTab {
	h.Helper()
	panel := webOpen(h.T, name)
	panel.size(1280, 800)
	panel.visit(h.Bank.KioskURL())
	panel.until(`document.querySelector('a.k-big')`)
	return panel
}

// touchKeys types on the keys of the screen.
func (w *webTab) touchKeys(text string) {
	w.Helper()
	for _, k := range strings.Split(text, "") {
		w.tap(`[data-key="` + k + `"]`)
	}
}

const shownDoor = `document.querySelector('.where .id')?.textContent ?? ''`

// door waits for the page of an open door and returns the door's name.
func (w *webTab) door(title string) string {
	w.Helper()
	w.until(`document.querySelector('.where h1')?.textContent === '` + title + `'`)
	return webEval[string](w, shownDoor)
}

// deliver is a courier at the kiosk: signs in by touch, scans, types the unit, picks the masked
// match, touches the size. It returns the door, which is open.
func (h webHouse) deliver(panel *webTab, tracking, unit, echo string) string {
	h.Helper()
	panel.tap(`a.k-big:not(.go)`)
	panel.touchKeys(h.courierCode(demo.BankSite))
	panel.sees("Scan the next label")
	panel.scan(tracking)
	panel.until(`document.getElementById('text-form')`)
	panel.touchKeys(unit)
	panel.tap(`button[form="text-form"]`)
	panel.until(`document.querySelector('[id^="match-"]')`)
	if got := webEval[string](panel, `[...document.querySelectorAll('[id^="match-"]')].map((b) => b.textContent.replace(/[\u2066-\u2069]/g, '').trim()).join('; ')`); got != echo {
		h.Errorf("the courier sees %q, want %q", got, echo)
	}
	panel.shoot("match")
	panel.tap(`[id^="match-"]`)
	panel.until(`document.querySelector('.sz[value="S"]')`)
	panel.shoot("sizes")
	panel.tap(`.sz[value="S"]`)
	return panel.door("Put the parcel in")
}

func TestJourney(t *testing.T) {
	webShare(t)
	t.Parallel()
	h := webStart(t)
	wall := h.signIn("wall", "/sites/"+string(demo.BankSite)+"/wall")
	panel := h.kiosk("kiosk")
	panel.shoot("home")

	// The courier stores a parcel.
	door := h.deliver(panel, journeyTrack, "102", "G… BROWN, 102")
	h.pulsed(1, door)
	steel := `document.getElementById('door-main-` + door + `')`
	wall.until(steel + `.dataset.s === 'open'`)
	panel.shoot("put-in")
	h.shut(door, true)
	panel.sees("Stored in")
	panel.shoot("stored")
	wall.until(steel + `.dataset.s === 'occupied'`)
	panel.tap("#key-finish")
	panel.until(`document.querySelector('a.k-big')`)

	// The mail comes with code and picture.
	mail := h.mailTo(journeyMail, nil)
	code := webCode(mail)
	if len(code) != 9 {
		t.Fatalf("the mail has no code:\n%s", mail.Text)
	}
	checkPicture(t, mail)

	// The network is cut: the resident collects all the same, without a pointer.
	h.Bank.Link.Cut(true)
	panel.until(`document.querySelector('#offline .note')`)
	panel.shoot("offline")
	collectByKeys(h, panel, code, door)

	// Staff see the truth of the site as soon as the site can tell it, without a reload.
	if got := webEval[string](wall, steel+`.dataset.s`); got != "occupied" {
		t.Errorf("with the link cut the wall shows %q", got)
	}
	_ = webEval[bool](wall, `(window.neverReloaded = true)`)
	wall.shoot("cut")
	h.Bank.Link.Cut(false)
	wall.until(steel + `.dataset.s === 'free'`)
	if !webEval[bool](wall, `window.neverReloaded === true`) {
		t.Error("the wall was loaded again")
	}
	panel.until(`!document.querySelector('#offline .note')`)
	wall.shoot("restored")
	checkCustody(h, wall, door)
}

// checkPicture reads the QR code of a mail, which must be the picture inside the HTML.
func checkPicture(t *testing.T, mail mailcatch.Mail) {
	t.Helper()
	if len(mail.Inline) != 1 || mail.Inline[0].Type != "image/png" {
		t.Fatalf("the mail has %d pictures", len(mail.Inline))
	}
	if !strings.Contains(mail.HTML, "cid:"+mail.Inline[0].ContentID) {
		t.Error("the mail does not show its picture")
	}
	token := webToken(t, mail)
	if len(token) != 29 || !strings.HasPrefix(token, "C1.") {
		t.Errorf("the picture says %q", token)
	}
}

// webToken is what a scanner reads from the picture of a mail. What was read is drawn again, so that
// a wrong reader cannot pass.
func webToken(t *testing.T, mail mailcatch.Mail) string {
	t.Helper()
	picture := mail.Inline[0].Data
	token, err := webReadQR(picture)
	if err != nil {
		t.Fatal(err)
	}
	for scale := 1; scale <= 40; scale++ {
		if again, err := qr.PNG(token, scale); err == nil && bytes.Equal(again, picture) {
			return token
		}
	}
	t.Errorf("the picture is not the one of %q", token)
	return token
}

// collectByKeys is a resident who has a keyboard and no pointer.
func collectByKeys(h webHouse, panel *webTab, code, door string) {
	h.Helper()
	panel.press("ArrowDown")
	for range 8 {
		if webEval[bool](panel, `document.activeElement.matches('a.k-big.go')`) {
			break
		}
		panel.press("ArrowLeft")
	}
	panel.press("Enter")
	panel.until(`document.querySelector('[data-code]')`)
	panel.shoot("code")
	panel.write(code)
	if got := panel.door("Your door is open"); got != door {
		h.Fatalf("door %s opened, want %s", got, door)
	}
	h.pulsed(2, door)
	panel.shoot("open")
	h.shut(door, false)
	panel.sees("All done. Thank you.")
	panel.shoot("done")
	panel.press("ArrowDown")
	for range 8 {
		if panel.active() == "key-finish" {
			break
		}
		panel.press("ArrowRight")
	}
	panel.press("Enter")
	panel.until(`document.querySelector('a.k-big')`)
}

// checkCustody reads the whole life of the parcel in the console.
func checkCustody(h webHouse, wall *webTab, door string) {
	h.Helper()
	wall.click("#door-main-" + door)
	wall.until(`document.getElementById('sheet').open && document.querySelector('#sheet .tl')`)
	wall.shoot("sheet")
	wall.press("Escape")
	wall.until(`!document.getElementById('sheet').open && document.activeElement.id === 'door-main-` + door + `'`)

	wall.visit(h.Server.URL() + "/deliveries?q=" + journeyTrack)
	wall.until(`document.querySelectorAll('tbody tr').length === 1`)
	wall.shoot("deliveries")
	wall.click("tbody a")
	wall.until(`location.pathname.includes('/parcels/')`)
	const steps = "Place promised, Opening asked for, Door opened, Door shut, Parcel stored, Courier is done, " +
		"Opening asked for, Door opened, Door shut, Picked up"
	if got := webEval[string](wall, `[...document.querySelector('.tl').querySelectorAll('li > span')].map((s) => s.firstChild.textContent.trim()).join(', ')`); got != steps {
		h.Errorf("the custody says %q, want %q", got, steps)
	}
	wall.sees("Courier Morning round")
	wall.sees("Recipient Grace Brown")
	wall.sees("First message")
	wall.shoot("parcel")
}
