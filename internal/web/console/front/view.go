package front

import (
	"strings"

	"cubby/internal/cloud"
	"cubby/internal/cloud/desk"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// JustView lists what was logged a moment ago, newest first, with a way to take it back.
type JustView struct {
	Heading string
	Poll    string // address that draws it anew while a door is open; empty: nothing changes by itself
	Rows    []JustRow
}

// JustRow is one parcel that was logged.
type JustRow struct {
	ID     string // of the row
	Who    string
	Detail string // where it is, or what to do now
	Badge  ui.BadgeView
	Action string // of Undo
	Hidden []ui.Hidden
	Undo   *ui.ButtonView // nil: it is over
	Prints []ui.ButtonView
}

// Waiting reports whether a parcel is on its way into a door or out of it.
func Waiting(d cloud.Delivery) bool {
	return d.State == locker.StayDepositing || d.State == locker.StayUndoing
}

// Just fills the row of a parcel. base is the address of the site; just is what the form knows of earlier ones.
func Just(t *text.Printer, base, just string, d cloud.Delivery, row JustRow) JustRow {
	row.ID = "just-" + string(d.Stay)
	place := text.LTR(d.PlaceName)
	switch d.State {
	case locker.StayDepositing:
		row.Detail = t.T("desk.just.open", "door", place)
	case locker.StayUndoing:
		row.Detail = t.T("desk.just.take", "door", place)
	case locker.StayStored, locker.StayHeld, locker.StayCollected, locker.StayRemoved, locker.StayUndone:
	}
	if d.State == locker.StayStored || d.State == locker.StayDepositing {
		row.Action = base + "/log/undo"
		row.Hidden = []ui.Hidden{{Name: "stay", Value: string(d.Stay)}, {Name: "just", Value: just}}
		row.Undo = &ui.ButtonView{Text: t.T("desk.just.undo"), Icon: "undo-2", Kind: "ghost"}
	}
	if d.State == locker.StayStored {
		for _, kind := range []desk.Kind{desk.KindParcel, desk.KindSlip} {
			if kind == desk.KindSlip && d.Recipient == "" {
				continue
			}
			row.Prints = append(row.Prints, PrintLink(t, base, kind, d.Stay))
		}
	}
	return row
}

// PrintLink leads to the page that prints something of a parcel.
func PrintLink(t *text.Printer, base string, kind desk.Kind, stay locker.StayID) ui.ButtonView {
	return ui.ButtonView{
		Text: t.T("desk.print." + string(kind)), Icon: "printer", Kind: "ghost",
		Href: base + "/labels?kind=" + string(kind) + "&stay=" + escape(string(stay)),
	}
}

// SignView is the field for a signature: a pad to draw on, and a name to type for whoever cannot.
type SignView struct {
	Label string
	Hint  string
	Clear string
	Error string
	Typed ui.FieldView
}

// Sign returns the field under a site's rule, nil where nobody signs.
func Sign(t *text.Printer, rule, typed, wrong string) *SignView {
	if rule == desk.SignNever {
		return nil
	}
	hint := t.T("desk.sign.always")
	if rule == desk.SignOthers {
		hint = t.T("desk.sign.others")
	}
	return &SignView{
		Label: t.T("desk.sign"), Hint: hint, Clear: t.T("desk.sign.clear"), Error: wrong,
		Typed: ui.FieldView{
			ID: "signed", Label: t.T("desk.sign.typed"), Value: typed, MaxLength: maxName, Autocomplete: "off",
		},
	}
}

const maxName = 200

// Signature returns what a form says of a signature: what was drawn, else what was typed.
func Signature(drawn, typed string) string {
	if drawn != "" {
		return drawn
	}
	if typed = strings.TrimSpace(typed); typed != "" {
		return "=" + typed
	}
	return ""
}

// SignedView shows a signature on the page of its parcel.
type SignedView struct {
	Heading string
	Typed   string
	Path    string // of an SVG picture
	Box     string // its viewBox
}

// Signed reads the signature of a parcel; nil: there is none, or it was erased.
func Signed(t *text.Printer, kept string) *SignedView {
	s, err := desk.ParseSignature(kept)
	if kept == "" || err != nil {
		return nil
	}
	v := &SignedView{Heading: t.T("desk.signed"), Typed: s.Typed}
	if s.Typed == "" {
		v.Path, v.Box = s.Path(), "0 0 "+itoa(s.Width)+" "+itoa(s.Height)
	}
	return v
}

// Takers are the choices of who takes a parcel.
func Takers(t *text.Printer, chosen desk.Taker) ui.ChoicesView {
	v := ui.ChoicesView{ID: "taker", Name: "taker", Legend: t.T("desk.taker")}
	for _, taker := range desk.Takers() {
		v.Options = append(v.Options, ui.Option{
			Value: string(taker), Text: t.T("desk.taker." + string(taker)), Selected: taker == chosen || chosen == "" && taker == desk.TakerRecipient,
		})
	}
	return v
}
