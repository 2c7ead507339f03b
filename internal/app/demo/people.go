package demo

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"cubby/board"
	"cubby/board/virtual"
	"cubby/internal/controller"
	"cubby/internal/locker"
)

// Panel is the kiosk that people of the demo use.
const Panel controller.PanelID = "main"

const (
	stepWithin = 30 * time.Second       // a door opens within 3 s; the governor may queue it
	handsAt    = 150 * time.Millisecond // a person's hands at an open door, at the least
)

// errRefused says that the courier was told to take a parcel away again.
var errRefused = errors.New("no door took the parcel")

// outputOf returns where a door is wired.
func (p *Place) outputOf(id locker.PlaceID) (board.Address, board.Channel) {
	for _, place := range p.layout().Places() {
		if place.ID == id {
			o := place.Compartment.Output
			return board.Address(o.Board), board.Channel(o.Channel)
		}
	}
	return 0, 0
}

func (p *Place) layout() locker.Layout {
	if p.ID == RoomSite {
		return RoomLayout()
	}
	return BankLayout()
}

// doors counts the site's compartments.
func (p *Place) doors() int {
	n := 0
	for _, place := range p.layout().Places() {
		if place.Kind == locker.PlaceCompartment {
			n++
		}
	}
	return n
}

// await waits until the panel shows one of the steps.
func (p *Place) await(ctx context.Context, steps ...controller.Step) (controller.Turn, error) {
	ctx, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	turn, err := p.Controller.Turn(ctx, Panel)
	for err == nil {
		for _, s := range steps {
			if turn.Step == s {
				return turn, nil
			}
		}
		turn, err = p.Controller.Watch(ctx, Panel, turn.Version)
	}
	return turn, fmt.Errorf("the kiosk shows %s, not %v: %w", turn.Step, steps, err)
}

// handle stands at the open door: puts something in or takes it out, and shuts it.
func (p *Place) handle(ctx context.Context, door locker.PlaceID, full bool) error {
	addr, ch := p.outputOf(door)
	if err := pause(ctx, handsAt); err != nil {
		return err
	}
	if err := p.World.SetOccupied(addr, ch, full); err != nil {
		return err
	}
	return p.World.Close(addr, ch)
}

// courier is a courier's turn at the kiosk.
type courier struct {
	place *Place
}

// arrive signs in with the courier's code.
func (p *Place) arrive(ctx context.Context, code string) (courier, error) {
	turn, err := p.Controller.Enter(ctx, Panel, controller.Input{Code: code})
	if err != nil {
		return courier{}, fmt.Errorf("the courier signs in: %w", err)
	}
	if turn.Role != controller.RoleCourier {
		return courier{}, fmt.Errorf("the courier's code made a turn of %q", turn.Role)
	}
	return courier{place: p}, nil
}

// deliver stores one parcel: scan, unit, whom, size, door. It returns the door.
func (c courier) deliver(ctx context.Context, tracking, unit string, size locker.Size) (locker.PlaceID, error) {
	k := c.place.Controller
	if _, err := k.Act(ctx, Panel, controller.ScanParcel{Tracking: tracking}); err != nil {
		return "", fmt.Errorf("scan: %w", err)
	}
	turn, err := k.Act(ctx, Panel, controller.FindRecipient{Text: unit})
	if err != nil {
		return "", fmt.Errorf("find unit %s: %w", unit, err)
	}
	if len(turn.Matches) == 0 {
		return "", fmt.Errorf("nobody was found in unit %s", unit)
	}
	if _, err := k.Act(ctx, Panel, controller.ChooseRecipient{Ref: turn.Matches[0].Ref}); err != nil {
		return "", fmt.Errorf("choose the recipient: %w", err)
	}
	turn, err = k.Act(ctx, Panel, controller.ChooseSize{Size: size})
	if err != nil {
		return "", fmt.Errorf("choose size %s: %w", size, err)
	}
	if turn.Step == controller.StepCourierOptions {
		_, err := k.Act(ctx, Panel, controller.RefuseParcel{})
		return "", errors.Join(errRefused, err)
	}
	if turn, err = c.place.await(ctx, controller.StepOpen, controller.StepFailed); err != nil {
		return "", err
	}
	if turn.Step == controller.StepFailed {
		return "", fmt.Errorf("door %s did not open", turn.Door.Name)
	}
	door := turn.Door.Place
	if err := c.place.handle(ctx, door, true); err != nil {
		return "", err
	}
	_, err = c.place.await(ctx, controller.StepCourierReady)
	return door, err
}

// leave ends the courier's turn, which closes the undo of every parcel.
func (c courier) leave(ctx context.Context) error {
	_, err := c.place.Controller.Act(ctx, Panel, controller.Finish{})
	return err
}

// collect types a code at the kiosk and empties all doors that it opens, one after another.
func (p *Place) collect(ctx context.Context, code string) error {
	if _, err := p.Controller.Enter(ctx, Panel, controller.Input{Code: code}); err != nil {
		return fmt.Errorf("type the code: %w", err)
	}
	for {
		turn, err := p.await(ctx, controller.StepOpen, controller.StepFailed)
		if err != nil {
			return err
		}
		if turn.Step == controller.StepFailed {
			return fmt.Errorf("door %s did not open", turn.Door.Name)
		}
		if err := p.handle(ctx, turn.Door.Place, false); err != nil {
			return err
		}
		if turn, err = p.await(ctx, controller.StepMore, controller.StepDone); err != nil {
			return err
		}
		next := controller.Act(controller.Finish{})
		if turn.Step == controller.StepMore {
			next = controller.OpenNext{}
		}
		if _, err := p.Controller.Act(ctx, Panel, next); err != nil || turn.Step == controller.StepDone {
			return err
		}
	}
}

// codeIn finds the nine symbols of a pick-up code in the text of a mail.
func codeIn(text string) (string, bool) {
	found := regexp.MustCompile(`\b[2-9A-Z]{3}[- ][2-9A-Z]{3}[- ][2-9A-Z]{3}\b`).FindString(text)
	return strings.ReplaceAll(found, " ", "-"), found != ""
}

// openedByForce counts the doors that came open without a pulse.
func openedByForce(w *virtual.World) int {
	events, _ := w.Timeline()
	n := 0
	for _, e := range events {
		if e.Kind == virtual.EventOpened && e.Forced {
			n++
		}
	}
	return n
}
