package e2e_test

import (
	"strings"
	"testing"

	"cubby/internal/app/demo"
	"cubby/internal/cloud"
	"cubby/internal/locker"
)

// Staff with a phone look into doors, with the keyboard only: an empty one, one with a parcel that nobody knows,
// whose incident names the door, and a sheet of what was seen. Another phone goes on where this one stopped.
func TestConsole_GuidedAudit(t *testing.T) {
	webShare(t)
	t.Parallel()
	h := webStart(t)
	tab := h.signIn("auditor", "/sites/"+string(demo.BankSite)+"/audit")
	tab.size(390, 844)
	tab.accessible("audit")
	tab.shoot("audit")
	_ = webEval[bool](tab, `(document.querySelector('input[name=scope][value=all]').checked = true) && (document.querySelector('#reason').focus(), true)`)
	tab.enter("Weekly")
	tab.press("Enter")
	tab.until(`!!document.querySelector('form[action$="/open"] button')`)
	tab.accessible("round")
	tab.shoot("audit-round")
	_ = webEval[bool](tab, `(document.querySelector('form[action$="/open"] button').focus(), true)`)
	tab.press("Enter")
	h.pulsed(1, "A01")
	tab.until(`/is open|was asked/.test(document.querySelector('#main').innerText)`)
	h.shut("A01", false)
	tab.until(`!!document.querySelector('form[action$="/answer"] button[value=empty]')`)
	_ = webEval[bool](tab, `(document.querySelector('form[action$="/answer"] button[value=empty]').focus(), true)`)
	tab.press("Enter")
	tab.until(`/A02/.test(document.querySelector('#main h2').innerText)`)

	// What a scanner types at the next door is nobody's parcel.
	_ = webEval[bool](tab, `(document.querySelector('#main details').open = true) && (document.querySelector('#scan').focus(), true)`)
	tab.scan("ZZ000111222XY")
	tab.until(`!!document.querySelector('input[name=label]:checked')`)
	tab.accessible("round with a label")
	tab.shoot("audit-scan")
	_ = webEval[bool](tab, `(document.querySelector('button[value=differs]').focus(), true)`)
	tab.press("Enter")
	tab.until(`/A03/.test(document.querySelector('#main h2').innerText)`)
	round := webEval[string](tab, `location.pathname`)

	second := h.signIn("auditor-second", round)
	second.until(`/A03/.test(document.querySelector('#main h2').innerText)`)
	second.visit(h.page(demo.BankSite, "/audit/rounds/"+round[strings.LastIndexByte(round, '/')+1:]+"/sheet"))
	second.size(1280, 900)
	second.accessible("sheet")
	second.shoot("audit-sheet")
	if text := webEval[string](second, `document.querySelector('#places').innerText`); !strings.Contains(text, "22XY") {
		h.Errorf("the sheet does not name the strange parcel:\n%s", text)
	}
	incidents, err := h.Server.Cloud.Incidents(t.Context(), h.owner, cloud.IncidentFilter{Site: demo.BankSite})
	if err != nil {
		t.Fatal(err)
	}
	strays := 0
	for _, i := range incidents.Items {
		if i.Kind == "audit_stray" && i.PlaceName == "A02" {
			strays++
		}
	}
	if strays != 1 {
		h.Errorf("%d incidents about the strange parcel in A02, want one: %+v", strays, incidents.Items)
	}
	sheet, err := h.Server.Cloud.DoorSheet(t.Context(), h.owner, demo.BankSite, locker.PlaceID("a/A01"))
	if err == nil && sheet.Place.Doubt != "" {
		h.Errorf("A01 is in doubt after somebody looked: %s", sheet.Place.Doubt)
	}
}
