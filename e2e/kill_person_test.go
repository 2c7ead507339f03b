package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"cubby/board"
	"cubby/internal/locker"
	"cubby/internal/notify/mailcatch"
)

// killParcel is a parcel and what people know of it.
type killParcel struct {
	unit     string
	tracking string

	handled bool           // out of the courier's hands
	place   locker.PlaceID // where it was put; where it really is
	acked   bool           // the kiosk said that it is stored
	code    string         // that its resident was sent
	taken   bool           // in its resident's hands
	thanked bool           // the kiosk said that all is done
}

// killPerson stands at one bank and is, in turn, its courier, its residents and its staff. Whatever
// happens to the controller, people do what people do: they wait for the screen to come back, shut
// doors that stand open, and try again what was not confirmed.
type killPerson struct {
	rig   *killRig
	panel *killPanel
	bank  locker.Bank
	rng   *rand.Rand
	poll  time.Duration

	mu      sync.Mutex
	parcels []*killParcel // all that this person ever handled
	opened  func()        // told when a door's opening was confirmed to the person
}

// hands do what hands do at a door that stands open: put the parcel in or take it out, and shut it.
// When the screen went dark some keep their parcel and shut the door.
func (p *killPerson) hands(parcel *killParcel, dark bool) error {
	for _, c := range p.bank.Columns[0].Compartments {
		addr, ch := board.Address(c.Output.Board), board.Channel(c.Output.Channel)
		if p.rig.world.Position(addr, ch) != board.StateOpen {
			continue
		}
		time.Sleep(time.Duration(p.rng.IntN(60)) * time.Millisecond)
		switch {
		case parcel == nil:
		case !parcel.handled && !(dark && p.rng.IntN(3) == 0):
			p.note(func() { parcel.handled, parcel.place = true, c.ID })
		case parcel.acked && !parcel.taken && parcel.place == c.ID:
			p.note(func() { parcel.taken = true })
		}
		if err := errors.Join(p.rig.world.SetOccupied(addr, ch, p.inside(c.ID)), p.rig.world.Close(addr, ch)); err != nil {
			return err
		}
	}
	return nil
}

func (p *killPerson) note(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// inside reports whether a parcel is really in a place.
func (p *killPerson) inside(place locker.PlaceID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, x := range p.parcels {
		if x.handled && !x.taken && x.place == place {
			return true
		}
	}
	return false
}

// try does one step of something until it is done. A kiosk that does not answer is waited for.
func (p *killPerson) try(ctx context.Context, parcel *killParcel, step func(killPage) (done bool, err error)) error {
	trail := []string{}
	for {
		page, err := p.panel.get(ctx, "")
		if err == nil {
			err = p.hands(parcel, false)
		}
		done := false
		if err == nil {
			if n := len(trail); n == 0 || trail[n-1] != page.step {
				trail = append(trail, page.step)
			}
			done, err = step(page)
		}
		switch {
		case err != nil && !errors.Is(err, errKillDown):
			return fmt.Errorf("%s after %v: %w", p.bank.ID, trail, err)
		case done:
			return nil
		case err != nil:
			if err := p.hands(parcel, true); err != nil { // the door is there, the screen is not
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s did not come to an end after %v, last refused: %q: %w", p.bank.ID, trail[max(0, len(trail)-20):],
				p.panel.last, ctx.Err())
		case <-time.After(p.poll):
		}
	}
}

// deposit brings a parcel as a courier does, until the kiosk says that it is stored.
func (p *killPerson) deposit(ctx context.Context, unit string) (*killParcel, error) {
	parcel := &killParcel{unit: unit, tracking: fmt.Sprintf("1Z%016d", p.rng.Uint64N(1e16))}
	p.note(func() { p.parcels = append(p.parcels, parcel) })
	return parcel, p.try(ctx, parcel, func(page killPage) (bool, error) {
		if parcel.handled && page.stored(p.doorOf(parcel.place)) {
			p.note(func() { parcel.acked = true })
			p.opened()
			return true, nil
		}
		return p.stepDeposit(ctx, page, parcel)
	})
}

func (p *killPerson) stepDeposit(ctx context.Context, page killPage, parcel *killParcel) (done bool, err error) {
	next := page
	switch page.step {
	case "home":
		if parcel.handled { // it is in there, but nobody said so: have it looked into
			return p.lookInto(ctx, parcel)
		}
		next, err = p.panel.code(ctx, p.rig.courier)
	case "courier_ready":
		if parcel.handled {
			next, err = p.panel.act(ctx, "finish")
			break
		}
		next, err = p.panel.act(ctx, "parcel", "tracking", parcel.tracking)
	case "courier_recipient":
		if m := killMatch.FindStringSubmatch(page.body); m != nil {
			next, err = p.panel.act(ctx, "choose", "ref", m[1])
			break
		}
		next, err = p.panel.act(ctx, "find", "text", parcel.unit)
	case "courier_size":
		next, err = p.panel.act(ctx, "size", "size", "S")
	case "courier_options": // no door is free: some wait to be looked into
		if next, err = p.panel.act(ctx, "finish"); err == nil {
			return p.lookInto(ctx, parcel)
		}
	case "failed", "staff_menu", "done", "more":
		next, err = p.panel.act(ctx, "finish")
	case "opening", "open":
	default:
		return false, fmt.Errorf("a courier sees %q: %s", page.step, page.text)
	}
	over := killError(locker.CodeSessionEnded) // it was started again between two keys
	if err == nil && next.status != 200 && !strings.Contains(next.text, over) {
		return false, fmt.Errorf("refused at %s: %s", page.step, next.text)
	}
	return false, err
}

// lookInto is a round of the staff at the bank: they look into every door that shows a fault. done
// means that they found the parcel, and that the kiosk took their word; that stays true when the kiosk is
// killed before the round is over.
func (p *killPerson) lookInto(ctx context.Context, parcel *killParcel) (done bool, err error) {
	done = parcel != nil && parcel.acked
	page, err := p.panel.code(ctx, p.rig.staff)
	if err != nil || page.step != "staff_menu" {
		return done, err
	}
	page, err = p.panel.get(ctx, "?view=column&column=1")
	if err != nil {
		return done, err
	}
	places := page.faulty()
	if parcel != nil && parcel.handled && !parcel.acked && !contains(places, string(parcel.place)) {
		places = append(places, string(parcel.place))
	}
	for _, place := range places {
		answer := "0"
		if p.inside(locker.PlaceID(place)) {
			answer = "1"
		}
		said, err := p.panel.act(ctx, "verify", "place", place, "answer", answer)
		if err != nil {
			return done, err
		}
		if said.status == 200 && said.step == "staff_menu" && parcel != nil && string(parcel.place) == place && parcel.handled {
			p.note(func() { parcel.acked = true })
			done = true
		}
	}
	if _, err := p.panel.act(ctx, "finish"); err != nil {
		return done, err
	}
	return done, nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// collect waits for the mail, types the code and takes the parcel, until the kiosk thanks.
func (p *killPerson) collect(ctx context.Context, parcel *killParcel) error {
	if err := p.readMail(ctx, parcel); err != nil {
		return err
	}
	return p.try(ctx, parcel, func(page killPage) (bool, error) {
		var err error
		switch page.step {
		case "home":
			next, err := p.panel.code(ctx, parcel.code)
			if err != nil || next.status == 200 {
				return false, err
			}
			if parcel.taken { // it was recorded, but the thanks were not seen
				return true, nil
			}
			return false, fmt.Errorf("the code of a parcel that waits is refused: %s", next.text)
		case "done":
			if !parcel.taken {
				return false, fmt.Errorf("the kiosk thanks, and the parcel is still in %s", parcel.place)
			}
			p.note(func() { parcel.thanked = true })
			p.opened()
			_, err = p.panel.act(ctx, "finish")
			return true, ignoreDown(err)
		case "failed":
			_, err = p.panel.act(ctx, "next")
		case "opening", "open":
		default:
			_, err = p.panel.act(ctx, "finish")
		}
		return false, err
	})
}

func ignoreDown(err error) error {
	if errors.Is(err, errKillDown) {
		return nil
	}
	return err
}

func (p *killPerson) readMail(ctx context.Context, parcel *killParcel) error {
	mail, err := p.rig.mail.Wait(ctx, func(m mailcatch.Mail) bool {
		return contains(m.To, killAddressOf(parcel.unit)) && killCode.MatchString(m.Text)
	})
	if err != nil {
		return fmt.Errorf("no mail for unit %s, whose parcel %s is in %s (%+v): %w", parcel.unit, parcel.tracking, parcel.place,
			p.rig.firstNotice(parcel), err)
	}
	p.note(func() { parcel.code = killCode.FindString(mail.Text) })
	return nil
}

func (p *killPerson) doorOf(id locker.PlaceID) string {
	_, name, _ := strings.Cut(string(id), "/")
	return name
}
