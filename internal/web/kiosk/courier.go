package kiosk

import (
	"time"

	"cubby/internal/controller"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

const (
	maxTyped    = 60 // characters of a tracking number or a search
	matchesPage = 6  // matches on one page: more keys do not fit
)

// besideCourier returns the pages that a courier's step has beside its own.
func (pg page) besideCourier() (screen, bool) {
	switch {
	case pg.view == "track" && pg.turn.Step == controller.StepCourierReady:
		return pg.typeTracking(), true
	case pg.view == "search" && pg.turn.Step == controller.StepCourierRecipient:
		return pg.searchRecipient(), true
	case pg.view == "cold" && pg.turn.Step == controller.StepCourierSize && pg.turn.Cold:
		return pg.sizes(true), true
	case pg.view == "last" && pg.turn.Step == controller.StepCourierReady && pg.turn.Last != nil:
		return pg.lastParcel(), true
	}
	return screen{}, false
}

// readyView waits for the next label.
type readyView struct {
	Title string
	Hint  string
	Last  *lastView
}

// lastView is the parcel that was stored last, as long as it may be undone.
type lastView struct {
	Text string
	Echo string
	Keys []ui.KioskButton
}

func (pg page) courierReady() screen {
	p := pg.text
	done := pg.doneKey()
	if pg.turn.Stored > 0 {
		done.Text = p.N("kiosk.courier.done", pg.turn.Stored)
	}
	v := readyView{Title: p.T("kiosk.courier.scan"), Hint: p.T("kiosk.courier.scan.hint"), Last: pg.last()}
	say := v.Title
	if v.Last != nil {
		say = v.Last.Text + " " + v.Title
	}
	return screen{
		title: v.Title, body: readyBody(v), idle: idleCourier, say: say, sound: "ok",
		foot: []ui.KioskButton{pg.link("kiosk.courier.type", "pencil", "track"), done, pg.helpKey()},
	}
}

// last shows the last parcel with what can still be done about it.
func (pg page) last() *lastView {
	d := pg.turn.Last
	if d == nil {
		return nil
	}
	v := &lastView{Text: pg.text.T("kiosk.courier.stored", "door", text.LTR(d.Door.Name)), Echo: pg.lastEcho()}
	if !d.Stored {
		v.Text = pg.text.T("kiosk.courier.unsure", "door", text.LTR(d.Door.Name))
	}
	if pg.undoable() || pg.turn.CanReopen {
		v.Keys = append(v.Keys, pg.link("kiosk.courier.change", "undo-2", "last"))
	}
	return v
}

// lastEcho is whom the last parcel is for, and until when it may be taken back.
func (pg page) lastEcho() string {
	d := pg.turn.Last
	if !pg.undoable() {
		return pg.echo(d.Masked, d.Unit)
	}
	until := d.UndoUntil.Time().In(pg.zone).Format(time.TimeOnly)
	return pg.text.T("kiosk.courier.until", "who", pg.echo(d.Masked, d.Unit), "time", text.LTR(until))
}

func (pg page) undoable() bool {
	return pg.turn.Last != nil && pg.turn.Last.UndoUntil > pg.turn.Now
}

// lastParcel offers to take the last parcel back, to put it right, or to open its door again.
func (pg page) lastParcel() screen {
	p := pg.text
	d := pg.turn.Last
	v := listView{Title: p.T("kiosk.courier.stored", "door", text.LTR(d.Door.Name)), Text: pg.lastEcho()}
	v.Keys = pg.reopenKeys()
	if pg.undoable() {
		wrong := pg.key("", "kiosk.courier.wrong", "users", "undo", ui.Hidden{Name: "wrong", Value: yes})
		wrong.ID = "key-wrong-recipient"
		v.Keys = append(v.Keys, pg.key("", "kiosk.bigger", "arrow-up-to-line", "bigger"), wrong,
			pg.key("", "kiosk.undo", "undo-2", "undo"))
	}
	return screen{
		view: "last", title: v.Title, idle: idleAfter, body: listBody(v), foot: []ui.KioskButton{pg.backKey(), pg.helpKey()},
	}
}

func (pg page) typeTracking() screen {
	p := pg.text
	return screen{
		view: "track", title: p.T("kiosk.courier.track"), idle: idleAfter,
		body: ui.Keyboard(ui.KeyboardView{
			ID: "tracking", Name: "tracking", Label: p.T("kiosk.courier.track"), MaxLength: maxTyped, Scan: true,
			Action: base(pg.panel) + "/act", Fields: []ui.Hidden{{Name: "act", Value: "parcel"}},
			Before: []ui.KioskButton{iconOnly(pg.backKey())}, After: []ui.KioskButton{iconOnly(pg.helpKey())},
			Text: p.T("kiosk.keys"), DeleteText: p.T("kiosk.delete"), OKText: p.T("common.continue"),
		}),
	}
}

// courierRecipient asks whom the parcel is for, or which of those found it is.
func (pg page) courierRecipient() screen {
	if len(pg.turn.Matches) == 0 {
		return pg.searchRecipient()
	}
	p := pg.text
	from := max(0, small(pg.query.Get("from"))) * matchesPage
	if from >= len(pg.turn.Matches) {
		from = 0
	}
	to := min(from+matchesPage, len(pg.turn.Matches))
	v := listView{Title: p.T("kiosk.courier.which")}
	for _, m := range pg.turn.Matches[from:to] {
		k := pg.key("", "kiosk.courier.which", "", "choose", ui.Hidden{Name: "ref", Value: m.Ref})
		k.Text, k.ID = pg.echo(m.Masked, m.Unit), "match-"+m.Ref
		v.Keys = append(v.Keys, k)
	}
	foot := []ui.KioskButton{pg.link("kiosk.search.again", "search", "search")}
	if len(pg.turn.Matches) > matchesPage {
		next := pg.link("kiosk.courier.others", "arrow-right", "")
		next.ID = "key-others"
		if to < len(pg.turn.Matches) {
			next.Href += "?from=" + itoa(to/matchesPage)
		}
		foot = append(foot, next)
	}
	foot = append(foot, pg.key("", "kiosk.nobody", "package-x", "nobody"), pg.helpKey())
	return screen{title: v.Title, idle: idleAfter, say: v.Title, body: listBody(v), foot: foot}
}

func (pg page) searchRecipient() screen {
	p := pg.text
	back := pg.key("icon", "common.back", "arrow-left", "back")
	view := ""
	if len(pg.turn.Matches) > 0 {
		back, view = iconOnly(pg.backKey()), "search"
	}
	return screen{
		view: view, title: p.T("kiosk.courier.who"), idle: idleAfter, say: p.T("kiosk.courier.who"), sound: "ok",
		body: ui.Keyboard(ui.KeyboardView{
			ID: "text", Name: "text", Label: p.T("kiosk.courier.who"), MaxLength: maxTyped,
			Action: base(pg.panel) + "/act", Fields: []ui.Hidden{{Name: "act", Value: "find"}},
			Before: []ui.KioskButton{back},
			After:  []ui.KioskButton{pg.key("", "kiosk.nobody", "", "nobody"), iconOnly(pg.helpKey())},
			Text:   p.T("kiosk.keys"), DeleteText: p.T("kiosk.delete"), OKText: p.T("common.search"),
		}),
	}
}

func (pg page) courierSize() screen { return pg.sizes(false) }

// sizesView is the page whose size keys open a door at once.
type sizesView struct {
	Action string
	Title  string
	Cold   bool
	Picker ui.SizePickerView
}

func (pg page) sizes(cold bool) screen {
	p := pg.text
	v := sizesView{
		Action: base(pg.panel) + "/act", Title: pg.echo(pg.turn.Masked, pg.turn.Unit), Cold: cold,
		Picker: ui.SizePickerView{ID: "size", Name: "size", Label: p.T("kiosk.courier.size")},
	}
	if cold {
		v.Picker.Label = p.T("kiosk.courier.size.cold")
	}
	for _, s := range pg.turn.Sizes {
		choice := ui.SizeChoice{Value: string(s.Size), Text: pg.size(s.Size), Free: p.N("common.doors.free", s.Free)}
		switch {
		case cold:
			choice.Free = ""
		case !s.Fits: // pressed, it leads to the other ways
			choice.Free = p.T("kiosk.courier.full")
		case s.Free == 0:
			choice.Free = p.T("kiosk.courier.fits")
		}
		v.Picker.Sizes = append(v.Picker.Sizes, choice)
	}
	s := screen{
		title: v.Picker.Label, idle: idleAfter, say: v.Title + ". " + v.Picker.Label, body: sizesBody(v),
		foot: []ui.KioskButton{pg.key("", "common.back", "arrow-left", "back")},
	}
	switch {
	case cold:
		s.view, s.foot = "cold", []ui.KioskButton{pg.backKey()}
	case pg.turn.Cold:
		s.foot = append(s.foot, pg.link("kiosk.courier.cold", "package", "cold"))
	}
	s.foot = append(s.foot, pg.key("", "kiosk.refuse", "package-x", "refuse"), pg.helpKey())
	return s
}

// courierOptions are the ways out when no door takes the parcel.
func (pg page) courierOptions() screen {
	p := pg.text
	v := listView{Title: p.T("kiosk.options.title")}
	sentence := v.Title
	if f := pg.turn.Failure; f != nil {
		var number string
		sentence, number = pg.reason(*f)
		v.Title, v.Text = sentence, number
	}
	for i, o := range pg.turn.Options {
		k := pg.key("", "kiosk.refuse", "package-x", "option", ui.Hidden{Name: "index", Value: itoa(i)})
		k.ID = "option-" + itoa(i)
		switch o.Option.Kind {
		case "bank":
			k.Text, k.Icon = p.T("kiosk.options.bank", "bank", o.Door.BankName, "where", pg.text.T("kiosk.door.label",
				"door", text.LTR(o.Door.Name), "where", pg.place(o.Door))), "door-open"
		case string(locker.FallShelf):
			k.Text, k.Icon = p.T("kiosk.options.shelf", "shelf", text.LTR(o.Door.Name)), "archive"
		case string(locker.FallDesk):
			k.Text, k.Icon = p.T("kiosk.options.desk"), "user"
		}
		v.Keys = append(v.Keys, k)
	}
	return screen{
		title: p.T("kiosk.options.title"), idle: idleAfter, say: sentence, sound: "error", body: listBody(v),
		foot: []ui.KioskButton{pg.key("", "common.back", "arrow-left", "back"), pg.helpKey()},
	}
}
