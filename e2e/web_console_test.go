package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"cubby/internal/app/demo"
	"cubby/internal/cloud"
)

// tabTo presses Tab until an element has the focus, as somebody without a pointer does.
func (w *webTab) tabTo(css string) {
	w.Helper()
	const most = 80
	for range most {
		w.key("Tab", time.Time{})
		if webEval[bool](w, fmt.Sprintf(`document.activeElement.matches(%q)`, css)) {
			return
		}
	}
	w.Fatalf("%s: Tab never comes to %s", w.name, css)
}

const errorsShown = `[...document.querySelectorAll('.errsum li')].map((l) => l.innerText).join('; ')`

// Logging a delivery and opening a door from afar, without a pointer.
func TestConsoleKeyboardOnly(t *testing.T) {
	webShare(t)
	t.Parallel()
	h := webStart(t)
	tab := h.signIn("console", "/sites/"+string(demo.RoomSite)+"/log")
	logByKeys(h, tab)
	openByKeys(h, tab)
}

func logByKeys(h webHouse, tab *webTab) {
	h.Helper()
	tab.tabTo("#tracking")
	tab.enter("940011")
	tab.press("Enter") // the end of a scan, not of the form
	if got := tab.active(); got != "who" {
		h.Fatalf("a scanner's Enter leads to %q", got)
	}
	tab.press("Enter") // too early
	tab.until(`document.activeElement.matches('.errsum')`)
	if got := webEval[string](tab, errorsShown); got != "Enter the unit or three letters of the name; Choose the size" {
		h.Errorf("the summary says %q", got)
	}
	if got := webEval[string](tab, `document.getElementById('tracking').value`); got != "940011" {
		h.Errorf("the number became %q", got)
	}
	tab.tabTo(".errsum a")
	tab.press("Enter")
	if got := tab.active(); got != "who" {
		h.Fatalf("the first line of the summary leads to %q", got)
	}
	tab.enter("103")
	tab.until(`document.querySelector('#log-hits input')`)
	if got := webEval[string](tab, `document.querySelector('#log-hits').innerText.replace(/\s+/g, ' ')`); !strings.Contains(got, "Mateo Garcia") {
		h.Errorf("unit 103 points at %q", got)
	}
	tab.tabTo(`input[name="size"]`)
	tab.press("ArrowRight") // from Small to Medium
	tab.until(`document.querySelector('input[name="size"]:checked')?.value === 'M'`)
	tab.press("Enter")
	tab.until(`document.querySelector('#log .banner')`)
	if got := webEval[string](tab, `document.querySelector('#log .banner').innerText.trim()`); got != "Booked: Shelf 1." {
		h.Errorf("after the booking the page says %q", got)
	}
	tab.until(`document.activeElement.id === 'tracking' && document.getElementById('tracking').value === ''`)
	tab.shoot("logged")
	mail := h.mailTo("mateo.garcia@residents.example", nil)
	if !strings.Contains(mail.Subject, "shelf 1") {
		h.Errorf("the mail says %q", mail.Subject)
	}
}

func openByKeys(h webHouse, tab *webTab) {
	h.Helper()
	tab.visit(h.page(demo.BankSite, "/wall"))
	tab.tabTo("a.door")
	if got := tab.active(); got != "door-main-A01" {
		h.Fatalf("the wall begins at %q", got)
	}
	tab.press("ArrowRight", "ArrowDown", "ArrowDown")
	if got := tab.active(); got != "door-main-B03" {
		h.Fatalf("the arrows lead to %q", got)
	}
	tab.press("Enter")
	tab.until(`document.getElementById('sheet').open`)
	tab.tabTo(`#sheet a[href$="/open"]`)
	tab.press("Enter")
	tab.until(`document.querySelector('#sheet [name=reason]')`)
	tab.tabTo("#sheet [name=reason]")
	tab.press("Enter") // nobody opens a door without a reason
	tab.until(`document.querySelector('#sheet .errsum')`)
	if got := len(h.Bank.World.Pulses()); got != 0 {
		h.Fatalf("a door opened without a reason")
	}
	tab.tabTo("#sheet [name=reason]")
	tab.enter("Parcel is stuck")
	tab.press("Enter")
	h.pulsed(1, "B03")
	tab.until(`document.querySelector('#sheet .banner')`)
	tab.shoot("opened")
	tab.until(`document.getElementById('door-main-B03').dataset.s === 'open'`)
	tab.press("Escape")
	tab.until(`!document.getElementById('sheet').open && document.activeElement.id === 'door-main-B03'`)
	h.shut("B03", false)
	tab.until(`document.getElementById('door-main-B03').dataset.s === 'free'`)
	sheet, err := h.Server.Cloud.DoorSheet(h.Context(), h.owner, demo.BankSite, "main/B03")
	if err != nil {
		h.Fatal(err)
	}
	if !strings.Contains(fmt.Sprint(sheet.Timeline), "Parcel is stuck") {
		h.Errorf("the record has no reason: %v", sheet.Timeline)
	}
}

// A package room that people run: booked onto a shelf, handed over, the record shows both.
func TestStaffedRoom(t *testing.T) {
	webShare(t)
	t.Parallel()
	h := webStart(t)
	tab := h.signIn("console", "/sites/"+string(demo.RoomSite)+"/log")
	book := func(tracking, unit, place string) {
		t.Helper()
		tab.click("#tracking")
		tab.enter(tracking)
		tab.click("#who")
		tab.enter(unit)
		tab.until(`document.querySelector('#log-hits input')`)
		tab.click(`label:has(#size-L)`)
		tab.do(chromedp.SetValue(chromedp.CSS("#place"), place))
		tab.click("#log form .btn.big")
		tab.until(`document.querySelector('#log .banner') && document.getElementById('tracking').value === ''`)
	}
	book("9400000000000000000017", "102", "shelf/17")
	book("9400000000000000000018", "102", "desk")
	h.mailTo(journeyMail, nil)
	tab.visit(h.page(demo.RoomSite, "/wall"))
	tab.until(`document.getElementById('door-shelf-17').dataset.s === 'occupied'`)
	tab.shoot("wall")

	tab.visit(h.page(demo.RoomSite, "/hand-over"))
	tab.click("#q")
	tab.enter("102")
	tab.press("Enter")
	tab.until(`document.querySelectorAll('input[name="stay"]:checked').length === 2`)
	tab.shoot("hand-over")
	tab.click("#who")
	tab.do(chromedp.Clear(chromedp.CSS("#who")))
	tab.enter("Grace Brown, ID seen")
	tab.press("Enter")
	tab.sees("Handed over. The record has it.")

	tab.visit(h.Server.URL() + "/deliveries?q=9400000000000000000017")
	tab.click("tbody a")
	tab.until(`location.pathname.includes('/parcels/')`)
	got := webEval[string](tab, `document.querySelector('.tl').innerText.replace(/\s+/g, ' ')`)
	for _, want := range []string{"Parcel stored", "Olive Owner", "Picked up", "Grace Brown, ID seen"} {
		if !strings.Contains(got, want) {
			t.Errorf("the custody lacks %q: %s", want, got)
		}
	}
	tab.shoot("custody")
	if pulses := h.Room.World.Pulses(); len(pulses) != 0 {
		t.Errorf("a door of the room opened: %v", pulses)
	}
}

const importList = "Apartment;Full name;Mail;Speaks\n" +
	"102;Grace Brown-Lee;grace.brown@residents.example;en\n" +
	"9999;Nova Newcomer;nova@residents.example;es\n" +
	"9998;Mal Formed;not-an-address;en\n"

func TestImportThroughThePages(t *testing.T) {
	webShare(t)
	t.Parallel()
	h := webStart(t)
	file := filepath.Join(t.TempDir(), "residents.csv")
	if err := os.WriteFile(file, []byte(importList), 0o600); err != nil {
		t.Fatal(err)
	}
	tab := h.signIn("console", "/sites/"+string(demo.BankSite)+"/residents/import")
	tab.click("form.form .btn")
	tab.until(`document.activeElement.matches('.errsum')`)
	tab.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file}))
	tab.click("form.form .btn")
	tab.until(`document.getElementById('column_0')`)
	mapping := `[...document.querySelectorAll('select[name^="column_"]')].map((s) => s.value).join()`
	t.Log(webEval[string](tab, mapping))
	for i, field := range []string{"unit", "name", "email", "language"} {
		tab.do(chromedp.SetValue(chromedp.CSS(fmt.Sprintf("#column_%d", i)), field))
	}
	tab.click(`form[enctype] .btn`)
	tab.until(`document.querySelector('#problems tbody tr')`)
	tab.accessible("preview")
	problems := webEval[string](tab, `document.querySelector('#problems').innerText.replace(/\s+/g, ' ')`)
	if !strings.Contains(problems, "not-an-address") || webEval[bool](tab, `!!document.querySelector('[name=plan]')`) {
		t.Errorf("the bad row: %s", problems)
	}
	tab.click(`input[name="option"][value="skip"]`)
	tab.click(`form[enctype] .btn`)
	tab.until(`document.querySelector('[name=plan]')`)
	changes := webEval[string](tab, `document.querySelector('#changes').innerText.replace(/\s+/g, ' ')`)
	for _, want := range []string{"Nova Newcomer", "Grace Brown-Lee"} {
		if !strings.Contains(changes, want) {
			t.Errorf("the preview lacks %q: %s", want, changes)
		}
	}
	if got := h.residents("Newcomer"); len(got) != 0 {
		t.Fatalf("written before it was confirmed: %v", got)
	}
	tab.shoot("plan")
	tab.click(`form:has([name=plan]) .btn`)
	tab.until(`location.pathname.endsWith('/residents')`)
	tab.until(`document.querySelector('.toast')`)
	if got := h.residents("Newcomer"); len(got) != 1 || got[0].Email != "nova@residents.example" || got[0].Language != "es" {
		t.Errorf("after the import: %v", got)
	}
	if got := h.residents("Formed"); len(got) != 0 {
		t.Errorf("a bad row was written: %v", got)
	}
}

// residents finds people by name.
func (h webHouse) residents(name string) []cloud.RecipientView {
	h.Helper()
	page, err := h.Server.Cloud.Recipients(h.Context(), h.owner, cloud.RecipientFilter{Site: demo.BankSite, Query: name, Limit: 10})
	if err != nil {
		h.Fatal(err)
	}
	return page.Items
}
