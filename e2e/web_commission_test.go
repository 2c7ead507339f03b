package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cubby/board/virtual"
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
	h.beginTest(tab)
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

// beginTest begins the test of all doors.
func (h webHouse) beginTest(tab *webTab) {
	h.Helper()
	begun := `!!document.querySelector('#test form[action$="/test/open"] button')`
	for range 20 { // on a busy machine the boards answer late, and the site says so half a minute later
		tab.click(`#test form[action$="/test/begin"] button`)
		time.Sleep(2 * time.Second)
		tab.visit(h.page(demo.BankSite, "/test"))
		if webEval[bool](tab, begun) {
			return
		}
	}
}

// A layout that has two doors crossed, and a lock that is stuck: the test names both, and one tap puts
// the layout right. A second phone goes on where the first one stopped.
func TestConsole_FindsCrossedDoors(t *testing.T) {
	webShare(t)
	t.Parallel()
	h := webStart(t)
	crossed := demo.BankLayout()
	doors := crossed.Banks[0].Columns[0].Compartments
	doors[0].Output, doors[1].Output = doors[1].Output, doors[0].Output
	if err := h.Server.Cloud.SetLayout(t.Context(), h.owner, demo.BankSite, crossed); err != nil {
		t.Fatal(err)
	}
	addr, ch := h.wired("A03")
	if err := h.Bank.World.SetBehaviour(addr, ch, virtual.BehaviourStuck, 0); err != nil {
		t.Fatal(err)
	}
	tab := h.signIn("installer", "/sites/"+string(demo.BankSite)+"/test")
	tab.size(360, 740)
	h.beginTest(tab)
	asked := func(door string) {
		t.Helper()
		tab.until(`/Did door/.test(document.querySelector('#test h2').innerText) && /` + door + `/.test(document.querySelector('#test h2').innerText)`)
	}
	tab.click(`#test form[action$="/test/open"] button`)
	for i, label := range []string{"A02", "A01"} { // the person reads the other label, and goes on to the next
		asked([]string{"A01", "A02"}[i])
		tab.until(`/Sensors say open/.test(document.querySelector('#test').innerText)`) // nobody shuts a door faster
		h.pulsed(i+1, label)
		h.shut(label, false)
		tab.click("#test summary")
		_ = webEval[bool](tab, fmt.Sprintf(`(document.querySelector('#other').value = %q) && true`, label))
		tab.click(`#test details form:nth-of-type(1) button`)
	}
	asked("A03")
	second := h.signIn("second phone", "/sites/"+string(demo.BankSite)+"/test")
	second.size(390, 844)
	second.until(`/A03/.test(document.querySelector('#test h2').innerText)`)
	second.click(`#test button[value="nothing"]`)
	second.until(`/A04/.test(document.querySelector('#test h2').innerText)`)
	tab.until(`/A04/.test(document.querySelector('#test h2').innerText)`) // by the stream
	second.visit(h.page(demo.BankSite, "/test/doors"))
	for _, found := range []string{"Crossed doors", "A03", "did not open"} {
		second.sees(found)
	}
	second.click(`form[action$="/test/apply"] button`)
	second.sees("The layout has this wiring")
	site, err := h.Server.Cloud.Site(t.Context(), h.owner, demo.BankSite)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := site.Layout.Places()[0].Compartment.Output, demo.BankLayout().Places()[0].Compartment.Output; got != want {
		t.Errorf("A01 is at %s, want %s", got, want)
	}
}
