package e2e_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"cubby/board"
	"cubby/board/virtual"
	"cubby/internal/app/demo"
	"cubby/internal/cloud"
	"cubby/internal/controller"
	"cubby/internal/locker"
	"cubby/internal/notify/mailcatch"
)

// webHouse is Harbour House with people who only do what the test has them do.
type webHouse struct {
	*testing.T
	*demo.House
	owner cloud.Principal
}

// webLog keeps what the program logs, for a test that fails.
type webLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *webLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func webStart(t *testing.T) webHouse {
	t.Helper()
	log := &webLog{}
	house, err := demo.Start(t.Context(), demo.Options{
		Dir: t.TempDir(), Logger: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Now: time.Now, Random: rand.Reader, NewID: rand.Text, Version: "e2e",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := house.Stop(); err != nil {
			t.Errorf("stop the house: %v", err)
		}
		if t.Failed() {
			log.mu.Lock()
			defer log.mu.Unlock()
			t.Logf("the program says:\n%s", log.text.String())
		}
	})
	owner, err := house.Server.Cloud.Operator(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	policy := locker.DefaultPolicy()
	policy.UndoSeconds = 5 // notices wait for it where no courier says "Done"
	if err := house.Server.Cloud.SetPolicy(t.Context(), owner, demo.RoomSite, policy); err != nil {
		t.Fatal(err)
	}
	return webHouse{T: t, House: house, owner: owner}
}

// courierCode is the code of the site's courier: nine symbols.
func (h webHouse) courierCode(site locker.SiteID) string {
	h.Helper()
	couriers, err := h.Server.Cloud.Couriers(h.Context(), h.owner, site)
	if err != nil || len(couriers) == 0 {
		h.Fatalf("couriers of %s: %v %v", site, couriers, err)
	}
	code, err := h.Server.Cloud.CourierCode(h.Context(), h.owner, couriers[0].ID)
	if err != nil {
		h.Fatal(err)
	}
	return strings.ReplaceAll(code.Symbols, "-", "")
}

// wired is where the door of a name is wired in the bank.
func (h webHouse) wired(door string) (board.Address, board.Channel) {
	h.Helper()
	for _, p := range demo.BankLayout().Places() {
		if p.Name == door {
			o := p.Compartment.Output
			return board.Address(o.Board), board.Channel(o.Channel)
		}
	}
	h.Fatalf("there is no door %q", door)
	return 0, 0
}

// pulsed fails unless the boards of the bank saw so many pulses, the last one at this door.
func (h webHouse) pulsed(n int, door string) {
	h.Helper()
	addr, ch := h.wired(door)
	var pulses []virtual.Pulse
	for began := time.Now(); time.Since(began) < webWithin; time.Sleep(webLook) {
		if pulses = h.Bank.World.Pulses(); len(pulses) >= n {
			break
		}
	}
	if len(pulses) != n {
		h.Fatalf("the boards saw %d pulses, want %d", len(pulses), n)
	}
	if last := pulses[n-1]; last.Addr != addr || last.Channel != ch {
		h.Fatalf("board %d opened lock %d, want door %s: board %d, lock %d", last.Addr, last.Channel, door, addr, ch)
	}
	if state := h.Bank.World.Position(addr, ch); state != board.StateOpen {
		h.Fatalf("door %s is %v after its pulse", door, state)
	}
}

// shut puts something into the open door, or takes it out, and pushes the door shut.
func (h webHouse) shut(door string, full bool) {
	h.Helper()
	addr, ch := h.wired(door)
	if err := h.Bank.World.SetOccupied(addr, ch, full); err != nil {
		h.Fatal(err)
	}
	if err := h.Bank.World.Close(addr, ch); err != nil {
		h.Fatal(err)
	}
}

// mailTo waits for the first mail to an address that a rule likes.
func (h webHouse) mailTo(address string, likes func(mailcatch.Mail) bool) mailcatch.Mail {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), webWithin)
	defer cancel()
	mail, err := h.Mail.Wait(ctx, func(m mailcatch.Mail) bool {
		return len(m.To) == 1 && m.To[0] == address && (likes == nil || likes(m))
	})
	if err != nil {
		h.Fatalf("mail to %s: %v", address, err)
	}
	return mail
}

// signIn opens the console as the owner and leads to a page of it.
func (h webHouse) signIn(name, path string, options ...chromedp.CreateBrowserContextOption) *webTab {
	h.Helper()
	tab := webOpen(h.T, name, options...)
	tab.size(1440, 1000)
	tab.visit(h.Server.URL() + path)
	tab.until(`document.getElementById('password')`)
	if got := tab.active(); got != "email" {
		h.Errorf("sign-in: the focus is on %q", got)
	}
	tab.enter(demo.OwnerMail)
	tab.press("Tab")
	tab.enter(demo.OwnerPassword)
	tab.press("Enter")
	tab.until(fmt.Sprintf(`location.pathname + location.search === %q`, path))
	return tab
}

// page is an address of a site's console.
func (h webHouse) page(site locker.SiteID, rest string) string {
	return h.Server.URL() + "/sites/" + string(site) + rest
}

// webParcel is a parcel that a courier brings without a browser.
type webParcel struct {
	tracking, unit string
	size           locker.Size
}

// bring has the bank's courier store parcels at the panel, without a browser. It returns the doors.
func (h webHouse) bring(parcels ...webParcel) []string {
	h.Helper()
	k := h.Bank.Controller
	act := func(a controller.Act) controller.Turn {
		h.Helper()
		turn, err := k.Act(h.Context(), demo.Panel, a)
		if err != nil {
			h.Fatalf("the courier: %T: %v", a, err)
		}
		return turn
	}
	if _, err := k.Enter(h.Context(), demo.Panel, controller.Input{Code: h.courierCode(demo.BankSite)}); err != nil {
		h.Fatal(err)
	}
	var doors []string
	for _, p := range parcels {
		act(controller.ScanParcel{Tracking: p.tracking})
		found := act(controller.FindRecipient{Text: p.unit})
		if len(found.Matches) == 0 {
			h.Fatalf("nobody lives in %s", p.unit)
		}
		act(controller.ChooseRecipient{Ref: found.Matches[0].Ref})
		act(controller.ChooseSize{Size: p.size})
		door := h.awaitStep(controller.StepOpen).Door.Name
		doors = append(doors, door)
		h.shut(door, true)
		h.awaitStep(controller.StepCourierReady)
	}
	act(controller.Finish{})
	return doors
}

// awaitStep waits until the panel shows a step.
func (h webHouse) awaitStep(step controller.Step) controller.Turn {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), webWithin)
	defer cancel()
	turn, err := h.Bank.Controller.Turn(ctx, demo.Panel)
	for err == nil && turn.Step != step {
		turn, err = h.Bank.Controller.Watch(ctx, demo.Panel, turn.Version)
	}
	if err != nil {
		h.Fatalf("the panel shows %s, not %s: %v", turn.Step, step, err)
	}
	return turn
}
