package e2e_test

import (
	"strings"
	"testing"
	"time"

	"cubby/internal/app/demo"
)

// An installer with a phone tests doors from the console: the site's own controller opens them, the
// page says which one moved, and the sheet names it.
func TestConsole_TestsDoors(t *testing.T) {
	webShare(t)
	t.Parallel()
	h := webStart(t)
	tab := h.signIn("installer", "/sites/"+string(demo.BankSite)+"/test")
	tab.size(390, 844)
	begun := `!!document.querySelector('#test form[action$="/test/open"] button')`
	for range 20 { // on a busy machine the boards answer late, and the site says so half a minute later
		tab.click(`#test form[action$="/test/begin"] button`)
		time.Sleep(2 * time.Second)
		tab.visit(h.page(demo.BankSite, "/test"))
		if webEval[bool](tab, begun) {
			break
		}
	}
	tab.click(`#test form[action$="/test/open"] button`)
	tab.until(`/Did door/.test(document.querySelector('#test h2').innerText)`)
	h.pulsed(1, "A01")
	h.shut("A01", false)
	tab.click(`#test form[action$="/test/answer"] button`) // yes, the next
	tab.until(`/A02/.test(document.querySelector('#test h2').innerText)`)
	tab.visit(h.page(demo.BankSite, "/test/sheet"))
	if text := webEval[string](tab, `document.body.innerText`); !strings.Contains(text, "A01") {
		h.Errorf("the sheet does not name the door that was tested:\n%s", text)
	}
}
