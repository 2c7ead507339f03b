package e2e_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"cubby/board"
	"cubby/board/rs485"
	"cubby/board/virtual"
	"cubby/internal/app"
	"cubby/internal/app/demo"
	"cubby/internal/auth"
	"cubby/internal/config"
	"cubby/internal/locker"
)

// fill replaces what stands in a field.
func (w *webTab) fill(id, text string) {
	w.Helper()
	w.until(`document.getElementById('` + id + `')`)
	_ = webEval[bool](w, `(() => { const f = document.getElementById('`+id+`'); f.focus(); f.select?.(); return true; })()`)
	w.press("Backspace")
	w.enter(text)
}

// Somebody without an account plans lockers for a wall, makes the plan a site with one click and a
// sign-in, and enrols a controller: the doors that were drawn are the doors that answer.
func TestPlanBecomesASite(t *testing.T) {
	webShare(t)
	t.Parallel()
	h := webStart(t)
	tab := webOpen(t, "planner")
	tab.size(1280, 900)
	tab.visit(h.Server.URL() + "/plan")
	tab.fill("u", "12")
	tab.until(`location.search.includes('u=12')`)
	tab.fill("w1", "3")
	tab.until(`location.search.includes('w1=3') && !document.querySelector('.htmx-request')`)
	lead := webEval[string](tab, `document.querySelector('.pl-say').textContent`)
	tab.shoot("plan")
	tab.click(`#answer a[href^="/sites/new-from-plan"]`)

	// The sign-in comes in between, and leads back to the plan.
	tab.fill("email", demo.OwnerMail)
	tab.fill("password", demo.OwnerPassword)
	tab.press("Enter")
	tab.until(`location.pathname === '/sites/new-from-plan' && document.getElementById('plan-lead')`)
	if got := webEval[string](tab, `document.getElementById('plan-lead').textContent`); !sameBank(got, lead) {
		t.Errorf("the planner said %q, the new site is %q", lead, got)
	}
	tab.newFromPlan()
	tab.fill("name", "Mill")
	tab.click("form.form .btn.big")
	tab.until(`location.pathname.endsWith('/health') && document.getElementById('enrol')`)
	id := locker.SiteID(strings.Split(webEval[string](tab, "location.pathname"), "/")[2])

	// The doors of the plan stand on the wall before anything is installed.
	layout := h.layout(id)
	doors, steel := 0, []string{}
	for _, b := range layout.Banks {
		steel = append(steel, `[id^="door-`+string(b.ID)+`-"][data-s]`)
		for _, c := range b.Columns {
			doors += len(c.Compartments)
		}
	}
	if doors < 4 {
		t.Fatalf("the site has %d doors", doors)
	}
	tab.visit(h.page(id, "/wall"))
	shown := `document.querySelectorAll('` + strings.Join(steel, ", ") + `').length`
	tab.until(shown + " > 0")
	if n := webEval[int](tab, shown); n != doors {
		t.Errorf("the wall shows %d doors, the layout has %d", n, doors)
	}
	tab.accessible("planned-wall")

	// A controller is enrolled with the token of the page, finds its boards, and the doors are free.
	tab.visit(h.page(id, "/health"))
	tab.click("#enrol form button")
	tab.until(`document.querySelector('#enrol .token')`)
	h.install(id, layout, webEval[string](tab, `document.querySelector('#enrol .token').textContent`))
	tab.visit(h.page(id, "/wall"))
	tab.until(shown + ` > 0 && ` + strings.ReplaceAll(shown, "[data-s]", `[data-s="free"]`) + ` === ` + shown)
	tab.shoot("planned-site")
}

// sameBank compares two leads by their mix: the full plan may differ from the quick one by a door.
func sameBank(a, b string) bool {
	first := func(s string) string { head, _, _ := strings.Cut(s, " "); return head }
	return first(a) == first(b)
}

// newFromPlan looks at the page that makes a site, on a screen and on a phone, with what may be wrong.
func (w *webTab) newFromPlan() {
	w.Helper()
	w.accessible("new-from-plan")
	w.click("form.form .btn.big")
	w.until(`document.activeElement.matches('.errsum')`)
	w.accessible("new-from-plan-errors")
	w.size(390, 844)
	w.accessible("new-from-plan-phone")
	w.size(1280, 900)
	for _, lang := range []string{"ar", "en"} {
		w.speak(lang)
		w.until(`document.getElementById('plan-lead')`)
		w.accessible("new-from-plan-" + lang)
	}
}

// layout is the layout of a site.
func (h webHouse) layout(id locker.SiteID) locker.Layout {
	h.Helper()
	site, err := h.Server.Cloud.Site(h.Context(), h.owner, id)
	if err != nil {
		h.Fatal(err)
	}
	return site.Layout
}

// install puts a controller with virtual boards at a new site, and starts it.
func (h webHouse) install(id locker.SiteID, layout locker.Layout, token string) {
	h.Helper()
	const outputs = 24 // of a board of the planner's layout
	boards := map[board.Address]int{}
	bus := ""
	for _, b := range layout.Banks {
		for _, c := range b.Columns {
			for _, d := range c.Compartments {
				boards[board.Address(d.Output.Board)] = outputs
				bus = d.Output.Bus
			}
		}
	}
	world, err := virtual.NewWorld(virtual.Options{Now: time.Now, Boards: boards})
	killMust(h.T, err)
	slave, err := rs485.NewSlave(rs485.SlaveOptions{World: world, Polarity: rs485.PolarityClosing})
	killMust(h.T, err)
	line, err := virtual.ListenTCP(context.WithoutCancel(h.Context()), "127.0.0.1:0", slave.Serve)
	killMust(h.T, err)
	c := config.Default().Controller
	c.DataDir, c.Kiosk.Listen = h.TempDir(), "127.0.0.1:0"
	wired := config.Bus{Name: bus, Port: line.Spec(), Family: "rs485", Options: config.BusOptions{Channels: outputs}}
	for a := range boards {
		wired.Boards = append(wired.Boards, int(a))
	}
	slices.Sort(wired.Boards)
	c.Buses = []config.Bus{wired}
	opts := app.SiteOptions{Config: c, Logger: slog.New(slog.DiscardHandler), Version: "e2e", Now: time.Now, Random: rand.Reader, NewID: rand.Text}
	parsed, err := auth.ParseEnrolmentToken(token)
	killMust(h.T, err)
	enrolled, err := app.Enrol(h.Context(), opts, parsed)
	killMust(h.T, err)
	if enrolled.Site != id {
		h.Fatalf("the token is for %s, the site is %s", enrolled.Site, id)
	}
	site, err := app.NewSite(h.Context(), opts)
	killMust(h.T, err)
	killMust(h.T, site.Start(h.Context()))
	h.Cleanup(func() {
		killMust(h.T, site.Stop())
		_ = line.Stop() // whatever the last connection said
	})
}
