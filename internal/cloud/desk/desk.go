package desk

import (
	"context"
	"errors"
	"slices"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/cloud/entry"
	"cubby/internal/cloud/label"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/text"
	"cubby/internal/wire"
)

// Options configure [New]. All but Dial and Printed are needed.
type Options struct {
	Cloud *cloud.Cloud
	Store *store.Store
	Text  *text.Catalog
	Now   func() time.Time
	NewID func() string
	// Dial reaches label printers; nil: nothing is sent to printers.
	Dial label.Dial
	// Printed is told of each slip that was printed: its recipient counts as told. nil: nobody is.
	Printed func(ctx context.Context, p cloud.Principal, site locker.SiteID, stay locker.StayID) error
}

// Desk is the front desk. It is safe for concurrent use.
type Desk struct{ opts Options }

// New returns a desk.
func New(opts Options) (*Desk, error) {
	if opts.Cloud == nil || opts.Store == nil || opts.Text == nil || opts.Now == nil || opts.NewID == nil {
		return nil, errors.New("the front desk needs a cloud, a store, texts, a clock and ids")
	}
	return &Desk{opts: opts}, nil
}

// Draft is a parcel that staff have in their hands.
type Draft struct {
	Tracking  string             // as scanned; may be empty
	Carrier   locker.CarrierID   // may be empty
	Recipient locker.RecipientID // empty: unknown, kept for staff
	Size      locker.Size        // empty: M
	Place     locker.PlaceID     // a shelf, the desk, or with Door a door; empty only with Door
	Door      bool               // a free door that takes it: it opens, as every remote opening few a minute
	Bank      locker.BankID      // of the door; empty: any
	Undo      bool               // it can be taken back as long as a courier could, and nobody is told before
	Note      string
}

// Limits of what is logged and handed over.
const (
	maxTracking = 60
	maxHandOver = 50 // parcels of one hand-over
	maxWho      = 200
)

// LogDelivery asks the site to book a parcel into a place. Cloud.Await tells the outcome and the stay.
func (d *Desk) LogDelivery(ctx context.Context, p cloud.Principal, site locker.SiteID, draft Draft) (locker.IntentID, error) {
	tracking, err := entry.Text("tracking number", draft.Tracking, 0, maxTracking)
	if err != nil {
		return "", err
	}
	if draft.Size == "" {
		draft.Size = locker.SizeM
	}
	if !draft.Size.Valid() {
		return "", locker.Errorf(locker.CodeInputInvalid, "size %q is not one of S, M, L, XL", string(draft.Size))
	}
	view, err := d.opts.Cloud.Site(ctx, p, site)
	if err != nil {
		return "", err
	}
	if err := draft.checkPlace(view.Layout); err != nil {
		return "", err
	}
	if draft.Recipient != "" {
		recipient, err := d.opts.Cloud.Recipient(ctx, p, draft.Recipient)
		if err != nil || recipient.Property != view.Property || recipient.Inactive {
			return "", locker.Errorf(locker.CodeRecipientUnknown, "no such recipient at this property")
		}
	}
	if draft.Door {
		if err := p.Need(cloud.RoleStaff, auth.ScopeOpen); err != nil { // it opens a door
			return "", err
		}
	}
	return d.opts.Cloud.Act(ctx, p, cloud.IntentDraft{Site: site, Reason: draft.Note, Intent: wire.Intent{
		Kind: wire.IntentDeposit, Place: draft.Place, Door: draft.Door, Bank: draft.Bank, Undo: draft.Undo,
		Stay: locker.StayID(d.opts.NewID()), Parcel: locker.ParcelID(d.opts.NewID()),
		Recipient: draft.Recipient, Carrier: draft.Carrier, Tracking: tracking, Size: draft.Size,
	}})
}

// checkPlace says why a parcel cannot be logged where a draft wants it.
func (x Draft) checkPlace(layout locker.Layout) error {
	bank := x.Bank == ""
	for _, b := range layout.Banks {
		bank = bank || b.ID == x.Bank
	}
	places := layout.Places()
	at := slices.IndexFunc(places, func(p locker.Place) bool { return p.ID == x.Place })
	switch {
	case x.Door && !bank:
		return locker.Errorf(locker.CodePlaceUnknown, "no bank %s in the layout", x.Bank)
	case x.Door && x.Recipient == "":
		return locker.Errorf(locker.CodeRecipientUnknown, "a door is for somebody: parcels for nobody known wait on a shelf or at the desk")
	case x.Door && x.Place == "":
		return nil
	case x.Place == "":
		return locker.Errorf(locker.CodePlaceUnknown, "choose a free door, a shelf or the desk")
	case at >= 0 && x.Door != (places[at].Kind == locker.PlaceCompartment):
		return locker.Errorf(locker.CodeInputInvalid, "a door is logged with door: true, a shelf and the desk without")
	}
	return nil
}

// UndoDelivery asks the site to take a parcel back that was logged a moment ago. Behind a door it opens once more.
// UNDO_CLOSED of the site says that it is too late: its recipient was told.
func (d *Desk) UndoDelivery(ctx context.Context, p cloud.Principal, site locker.SiteID, stay locker.StayID) (locker.IntentID, error) {
	return d.opts.Cloud.Act(ctx, p, cloud.IntentDraft{Site: site, Intent: wire.Intent{Kind: wire.IntentUndo, Stay: stay}})
}

// Taker says as what somebody takes a parcel.
type Taker string

// The takers.
const (
	TakerRecipient Taker = "recipient"
	TakerHousehold Taker = "household" // somebody who lives with the recipient
	TakerDelegate  Taker = "delegate"  // whom the recipient named
	TakerOther     Taker = "other"
)

// Takers lists them in the order of a form.
func Takers() []Taker { return []Taker{TakerRecipient, TakerHousehold, TakerDelegate, TakerOther} }

// Rules for signatures, as they stand in a site's settings.
const (
	SignNever  = ""
	SignOthers = "others" // of everybody but the recipient
	SignAlways = "always"
)

// Signs reports whether a taker signs under a rule.
func Signs(rule string, by Taker) bool {
	return rule == SignAlways || rule == SignOthers && by != TakerRecipient
}

// Hand is a hand-over.
type Hand struct {
	Stays     []locker.StayID
	To        string // who took them, 1 to 200 characters
	Taker     Taker  // empty: recipient
	Signature string // strokes of a pen, or a typed name; see Strokes
}

// HandOver asks the site to book parcels of shelves or the desk as handed to somebody. Where the site's settings
// want a signature, one without it is INPUT_INVALID.
func (d *Desk) HandOver(ctx context.Context, p cloud.Principal, site locker.SiteID, h Hand) (locker.IntentID, error) {
	who, err := entry.Text("who took it", h.To, 1, maxWho)
	if err != nil {
		return "", err
	}
	if err := checkStays(h.Stays); err != nil {
		return "", err
	}
	if h.Taker == "" {
		h.Taker = TakerRecipient
	}
	if !slices.Contains(Takers(), h.Taker) {
		return "", locker.Errorf(locker.CodeInputInvalid, "whoever takes a parcel is one of recipient, household, delegate, other")
	}
	if h.Signature, err = checkSignature(h.Signature); err != nil {
		return "", err
	}
	view, err := d.opts.Cloud.Site(ctx, p, site)
	if err != nil {
		return "", err
	}
	if h.Signature == "" && Signs(view.Settings.Desk.Signature, h.Taker) {
		return "", locker.Errorf(locker.CodeSignatureNeeded, "this site wants a signature of whoever takes a parcel")
	}
	return d.opts.Cloud.Act(ctx, p, cloud.IntentDraft{Site: site, Intent: wire.Intent{
		Kind: wire.IntentHandOver, Stays: h.Stays, To: who, Taker: string(h.Taker), Signature: h.Signature,
	}})
}

// Clear asks the site to book parcels of shelves or the desk as taken out by staff. outcome is
// "returned", "moved" or "cleared"; the reason says why.
func (d *Desk) Clear(ctx context.Context, p cloud.Principal, site locker.SiteID, stays []locker.StayID, outcome, reason string) (locker.IntentID, error) { //nolint:revive // context and principal lead every use case; the rest are five at most
	switch outcome {
	case "returned", "moved", "cleared":
	default:
		return "", locker.Errorf(locker.CodeInputInvalid, "the outcome is returned, moved or cleared")
	}
	if err := checkStays(stays); err != nil {
		return "", err
	}
	return d.opts.Cloud.Act(ctx, p, cloud.IntentDraft{
		Site: site, Reason: reason, Intent: wire.Intent{Kind: wire.IntentClear, Stays: stays, Reason: outcome},
	})
}

func checkStays(stays []locker.StayID) error {
	if len(stays) == 0 || len(stays) > maxHandOver {
		return locker.Errorf(locker.CodeInputInvalid, "choose 1 to %d parcels", maxHandOver)
	}
	return nil
}

// SetBankService asks to take every door of a bank out of service, or to put them back.
func (d *Desk) SetBankService(ctx context.Context, p cloud.Principal, site locker.SiteID, bank locker.BankID, out bool, reason string) (locker.IntentID, error) { //nolint:revive // context and principal lead every use case; the rest are five at most
	view, err := d.opts.Cloud.Site(ctx, p, site)
	if err != nil {
		return "", err
	}
	if bank == "" || (Draft{Door: true, Recipient: "any", Bank: bank}).checkPlace(view.Layout) != nil {
		return "", locker.Errorf(locker.CodePlaceUnknown, "no bank %s in the layout", bank)
	}
	return d.opts.Cloud.Act(ctx, p, cloud.IntentDraft{
		Site: site, Reason: reason, Intent: wire.Intent{Kind: wire.IntentSetService, Bank: bank, Out: out},
	})
}
