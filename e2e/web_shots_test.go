package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"cubby/board/virtual"
	"cubby/internal/app/demo"
	"cubby/internal/cloud"
	"cubby/internal/locker"
)

// TestShots makes the pictures of the README from the running program:
//
//	CUBBY_IMG=docs/img go test ./e2e -run TestShots
func TestShots(t *testing.T) {
	dir := webFolder("CUBBY_IMG")
	if dir == "" {
		t.Skip("CUBBY_IMG names no folder for pictures")
	}
	webShare(t)
	t.Parallel()
	h := webStart(t)
	busy(h)
	wall := h.signIn("wall", "/sites/"+string(demo.BankSite)+"/wall")
	wall.size(1440, 900)
	panel := h.kiosk("kiosk")
	phone := webOpen(t, "phone")
	phone.size(390, 844)
	mail := h.mailTo(journeyMail, nil)
	phone.visit(webLink(mail))
	phone.until(`document.querySelector('#code')`)
	phone.picture(filepath.Join(dir, "resident.png"))
	panel.picture(filepath.Join(dir, "kiosk-home.png"))
	panel.tap("a.k-big.go")
	panel.until(`document.querySelector('[data-code]')`)
	panel.touchKeys(webCode(mail))
	door := panel.door("Your door is open")
	panel.picture(filepath.Join(dir, "kiosk-open.png"))
	wall.until(`document.getElementById('door-main-` + door + `').dataset.s === 'open'`)
	wall.until(`document.querySelector('[data-s="fault"].door[id]') && document.querySelector('[data-s="reserved"].door[id]') && document.querySelector('[data-s="overdue"].door[id]')`)
	wall.visit(h.page(demo.BankSite, "/wall"))
	wall.scheme("light")
	wall.picture(filepath.Join(dir, "wall.png"))
	wall.scheme("dark")
	wall.picture(filepath.Join(dir, "wall-dark.png"))
	h.shut(door, false)
}

// busy is the bank on a good afternoon.
func busy(h webHouse) {
	h.Helper()
	var parcels []webParcel
	for i, unit := range []string{"102", "204", "207", "305", "401", "408", "611", "702", "705", "809", "903", "1004", "1010", "106", "912"} {
		sizes := []locker.Size{locker.SizeS, locker.SizeM, locker.SizeS, locker.SizeL, locker.SizeS, locker.SizeXL, locker.SizeM}
		parcels = append(parcels, webParcel{fmt.Sprintf("1Z00000000002%05d", i), unit, sizes[i%len(sizes)]})
	}
	h.bring(parcels...)
	c := h.Server.Cloud
	must := func(_ locker.IntentID, err error) {
		h.Helper()
		if err != nil {
			h.Fatal(err)
		}
	}
	must(c.SetService(h.Context(), h.owner, demo.BankSite, "main/C05", true, "Hinge is loose"))
	must(c.Reserve(h.Context(), h.owner, demo.BankSite, cloud.ReserveDraft{
		Place: "main/D04", Size: locker.SizeL, Unit: h.residents("Garcia")[0].Unit, Until: time.Now().Add(25 * time.Minute),
	}))
	addr, ch := h.wired("F11")
	if err := h.Bank.World.SetBehaviour(addr, ch, virtual.BehaviourStuck, 0); err != nil {
		h.Fatal(err)
	}
	must(c.RemoteOpen(h.Context(), h.owner, demo.BankSite, "main/F11", "Cleaning"))
	// Two were to be collected by now.
	late, err := c.Deliveries(h.Context(), h.owner, cloud.DeliveryFilter{Site: demo.BankSite, State: "waiting", Limit: 20})
	if err != nil {
		h.Fatal(err)
	}
	for _, d := range late.Items {
		if d.UnitName == "408" || d.UnitName == "705" {
			if err := c.HoldStay(h.Context(), h.owner, demo.BankSite, d.Stay, time.Now().Add(time.Second), "Agreed by telephone"); err != nil {
				h.Fatal(err)
			}
		}
	}
}

// picture writes what the screen shows into a file of the documentation.
func (w *webTab) picture(path string) {
	w.Helper()
	const most = 200 << 10 // bytes: it is loaded by everybody who reads about the program
	w.until(`document.readyState === 'complete' && document.getAnimations().length === 0`)
	data, err := chromedp.Run(w.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		w.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		w.Fatal(err)
	}
	if len(data) > most {
		w.Errorf("%s has %d bytes, at most %d", path, len(data), most)
	}
}
