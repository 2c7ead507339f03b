package consoletest

import (
	"context"
	"slices"
	"strings"

	"cubby/internal/cloud"
	"cubby/internal/cloud/desk"
	"cubby/internal/cloud/label"
	"cubby/internal/locker"
	"cubby/internal/web/console/front"
)

var _ front.Desk = (*Fake)(nil)

// LogDelivery notes the wish.
func (f *Fake) LogDelivery(_ context.Context, _ cloud.Principal, _ locker.SiteID, d desk.Draft) (locker.IntentID, error) {
	place := string(d.Place)
	if d.Door {
		place = strings.TrimSuffix("door:"+string(d.Bank), ":")
	}
	return "i1", f.call("LogDelivery", d.Tracking, string(d.Recipient), string(d.Size), place)
}

// UndoDelivery notes the wish.
func (f *Fake) UndoDelivery(_ context.Context, _ cloud.Principal, _ locker.SiteID, stay locker.StayID) (locker.IntentID, error) {
	return "i1", f.call("UndoDelivery", string(stay))
}

// Code is the one that FindByCode knows.
const Code = "4F7-KM2-9CX"

// FindByCode finds what waits in the room for the code.
func (f *Fake) FindByCode(_ context.Context, _ cloud.Principal, _ locker.SiteID, code string) ([]cloud.Delivery, error) {
	if code != Code {
		return nil, locker.Errorf(locker.CodeNotFound, "no such code")
	}
	return f.waiting(), f.read("FindByCode")
}

// waiting is what the desk and the shelves of the room hold for one unit.
func (f *Fake) waiting() []cloud.Delivery {
	page, err := f.Deliveries(context.Background(), cloud.Principal{}, cloud.DeliveryFilter{Site: RoomSite, Query: "310", State: "waiting"})
	if err != nil {
		return nil
	}
	return page.Items
}

// DeliveriesOf knows the deliveries of the samples by their stays; "new" is on its way into a door.
func (f *Fake) DeliveriesOf(ctx context.Context, p cloud.Principal, site locker.SiteID, stays []locker.StayID) ([]cloud.Delivery, error) {
	var found []cloud.Delivery
	for _, of := range []locker.SiteID{site, RoomSite, "harbour"} {
		page, err := f.Deliveries(ctx, p, cloud.DeliveryFilter{Site: of})
		if err != nil {
			return nil, err
		}
		for _, d := range page.Items {
			if slices.Contains(stays, d.Stay) && !slices.ContainsFunc(found, func(x cloud.Delivery) bool { return x.Stay == d.Stay }) {
				found = append(found, d)
			}
		}
	}
	if slices.Contains(stays, "new") {
		found = append([]cloud.Delivery{{
			Site: site, Stay: "new", Parcel: "pnew", State: locker.StayDepositing, Place: "main/B07", PlaceName: "B07",
			PlaceKind: locker.PlaceCompartment, Recipient: "r4", RecipientName: "Ana Torres", UnitName: "310",
		}}, found...)
	}
	return found, f.read("DeliveriesOf")
}

// HandOver notes the wish.
func (f *Fake) HandOver(_ context.Context, _ cloud.Principal, _ locker.SiteID, h desk.Hand) (locker.IntentID, error) {
	var ids []string
	for _, s := range h.Stays {
		ids = append(ids, string(s))
	}
	args := []string{strings.Join(ids, ","), h.To}
	for _, more := range []string{string(h.Taker), h.Signature} {
		if more != "" {
			args = append(args, more)
		}
	}
	return "i1", f.call("HandOver", args...)
}

// Clear notes the wish.
func (f *Fake) Clear(_ context.Context, _ cloud.Principal, _ locker.SiteID, stays []locker.StayID, outcome, reason string) (locker.IntentID, error) { //nolint:revive // as desk.Desk has it
	return "i1", f.call("Clear", string(stays[0]), outcome, reason)
}

// Preview is a sample of each kind.
func (f *Fake) Preview(_ context.Context, _ cloud.Principal, _ locker.SiteID, what desk.Print) (desk.Paper, error) {
	l := label.Label{
		Title: "Harbour House", Big: "S3", Lines: []string{"Ana Torres", "Unit 310", "UPS · M · Nov 25, 2026"},
		QR: "p4", Bar: "1Z999AA10123456784",
	}
	switch what.Kind {
	case desk.KindSlip:
		l.Title, l.Big, l.QR, l.Bar = "Harbour House · A parcel waits for you", Code, "C1.2345", ""
	case desk.KindPlace:
		l.Lines, l.QR, l.Bar = nil, "room/S3", "room/S3"
	case desk.KindParcel:
	}
	return desk.Paper{Labels: []label.Label{l}, Size: label.DefaultSize()}, f.read("Preview")
}

// PDF notes the wish.
func (f *Fake) PDF(_ context.Context, _ cloud.Principal, _ locker.SiteID, what desk.Print) ([]byte, error) {
	return []byte("%PDF-1.3"), f.call("PDF", string(what.Kind))
}

// Print notes the wish.
func (f *Fake) Print(_ context.Context, _ cloud.Principal, _ locker.SiteID, what desk.Print) error {
	return f.call("Print", string(what.Kind))
}

// Printed notes the wish.
func (f *Fake) Printed(_ context.Context, _ cloud.Principal, _ locker.SiteID, stays []locker.StayID) error {
	return f.call("Printed", string(stays[0]))
}

// SetDesk notes the wish.
func (f *Fake) SetDesk(_ context.Context, _ cloud.Principal, _ locker.SiteID, s cloud.DeskSettings) error {
	return f.call("SetDesk", s.Signature, s.Printer)
}
