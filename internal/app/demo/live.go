package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/desk"
	"cubby/internal/locker"
)

// Life is how the people of the house behave while somebody watches.
type Life struct {
	Pace time.Duration // mean time between two people at the kiosk
	Seed uint64
}

const (
	fullEnough = 26 // parcels in the bank above which residents come more often than couriers
	roundMost  = 4  // parcels that a courier brings at once

	// Whoever watches is this resident: the people of the demo leave these parcels to them.
	guestUnit = "102"
	guestMail = "grace.brown@residents.example"
)

// Live lets people deliver and collect until ctx ends. What goes wrong for one of them is logged:
// the next one comes all the same.
func (h *House) Live(ctx context.Context, l Life) error {
	rng := rand.New(rand.NewPCG(l.Seed, l.Seed)) // people, not secrets
	pending := map[string]bool{}                 // codes that were not used yet
	read := 0
	if err := h.courierRound(ctx, rng, guestUnit); err != nil && ctx.Err() == nil {
		return fmt.Errorf("bring the guest a parcel: %w", err)
	}
	for {
		read = h.readMails(pending, read)
		if err := h.visit(ctx, rng, pending); err != nil && ctx.Err() == nil {
			h.opts.Logger.WarnContext(ctx, "somebody of the demo met a problem", slog.Any("error", err))
		}
		wait := time.Duration(rng.ExpFloat64() * float64(l.Pace))
		if err := pause(ctx, min(wait, 4*l.Pace)); err != nil {
			return nil //nolint:nilerr // the watcher has seen enough
		}
	}
}

// readMails puts new codes into pending and returns the id of the newest mail that was read.
func (h *House) readMails(pending map[string]bool, after int) int {
	newest := after
	for _, m := range h.Mail.List() {
		if m.ID <= after {
			continue
		}
		newest = max(newest, m.ID)
		if code, ok := codeIn(m.Text); ok && !slices.Contains(m.To, guestMail) {
			pending[code] = true
		}
	}
	return newest
}

func (h *House) visit(ctx context.Context, rng *rand.Rand, pending map[string]bool) error {
	if rng.IntN(6) == 0 {
		return h.staffRound(ctx, rng)
	}
	if len(pending) > 0 && rng.IntN(fullEnough) < len(pending) {
		codes := make([]string, 0, len(pending))
		for code := range pending {
			codes = append(codes, code)
		}
		slices.Sort(codes)
		code := codes[rng.IntN(len(codes))]
		delete(pending, code)
		err := h.Bank.collect(ctx, code)
		if errors.Is(err, &locker.Error{Code: locker.CodeCodeExpired}) {
			return nil // a household's other code emptied the door already
		}
		return err
	}
	return h.courierRound(ctx, rng)
}

// courierRound brings parcels to the units, and then to some others.
func (h *House) courierRound(ctx context.Context, rng *rand.Rand, units ...string) error {
	code, err := h.courierCode(ctx, BankSite)
	if err != nil {
		return err
	}
	c, err := h.Bank.arrive(ctx, code)
	if err != nil {
		return err
	}
	sizes := []locker.Size{locker.SizeS, locker.SizeS, locker.SizeS, locker.SizeM, locker.SizeM, locker.SizeL, locker.SizeXL}
	for range 1 + rng.IntN(roundMost) {
		units = append(units, fmt.Sprintf("%d%02d", 1+rng.IntN(10), 1+rng.IntN(12)))
	}
	for _, unit := range units {
		track := fmt.Sprintf("1Z%016d", rng.Uint64N(1e16))
		_, err := c.deliver(ctx, track, unit, sizes[rng.IntN(len(sizes))])
		if err != nil && !errors.Is(err, errRefused) {
			return errors.Join(err, c.leave(ctx))
		}
	}
	return c.leave(ctx)
}

// staffRound logs a parcel to a shelf of the mailroom, and hands one over when there are several.
func (h *House) staffRound(ctx context.Context, rng *rand.Rand) error {
	c := h.Server.Cloud
	unit := fmt.Sprintf("%d%02d", 1+rng.IntN(10), 1+rng.IntN(12))
	found, err := c.FindRecipients(ctx, h.owner, RoomSite, unit)
	if err != nil || len(found) == 0 {
		return err
	}
	page, err := c.Deliveries(ctx, h.owner, cloud.DeliveryFilter{Site: RoomSite, State: "waiting", Limit: 50})
	if err != nil {
		return err
	}
	if len(page.Items) > 12 {
		stay := page.Items[rng.IntN(len(page.Items))]
		_, err := h.Server.Desk().HandOver(ctx, h.owner, RoomSite, desk.Hand{Stays: []locker.StayID{stay.Stay}, To: "the resident"})
		return err
	}
	_, err = h.Server.Desk().LogDelivery(ctx, h.owner, RoomSite, desk.Draft{
		Tracking: fmt.Sprintf("9400%018d", rng.Uint64N(1e18)), Recipient: found[0].ID, Size: locker.SizeL, Carrier: "ups",
		Place: locker.PlaceID(fmt.Sprintf("shelf/%d", 1+rng.IntN(40))),
	})
	return err
}

// Links are the addresses that somebody who tries the demo opens.
type Links struct {
	Wall, BankKiosk, RoomKiosk, Mail, Resident, API string
}

// Links returns the addresses. The resident's page is that of the guest.
func (h *House) Links(ctx context.Context) Links {
	base := h.Server.URL()
	l := Links{
		Wall: base + "/", BankKiosk: h.Bank.KioskURL() + "/", RoomKiosk: h.Room.KioskURL() + "/", API: base + "/docs",
	}
	page, err := h.Server.Cloud.Recipients(ctx, h.owner, cloud.RecipientFilter{Site: BankSite, Query: guestUnit, Limit: 1})
	if err == nil && len(page.Items) > 0 {
		if link, err := h.Server.Cloud.RecipientLink(ctx, h.owner, page.Items[0].ID); err == nil {
			l.Resident = link
		}
	}
	return l
}
