package kiosk

import (
	"net/url"
	"slices"
	"strings"

	"cubby/internal/controller"
	"cubby/internal/credential"
	"cubby/internal/locker"
	"cubby/internal/notify/qr"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// besideStaff returns the pages that the menu of the staff has beside its own.
func (pg page) besideStaff() (screen, bool) {
	if pg.turn.Step != controller.StepStaffMenu {
		return screen{}, false
	}
	switch pg.view {
	case "column":
		return pg.staffColumn(), true
	case "places":
		return pg.staffPlaces(), true
	case "service":
		return pg.staffService(), true
	case "bank":
		return pg.staffBank(), true
	case "bankwhy":
		return pg.staffBankWhy(), true
	}
	d, ok := pg.chosen()
	if !ok {
		return screen{}, false
	}
	switch pg.view {
	case "door":
		return pg.staffDoor(d), true
	case "reason":
		return pg.staffReason(d), true
	case "reissue":
		return pg.staffStays(d), true
	case "verify":
		return pg.staffVerify(d), true
	}
	return screen{}, false
}

// chosen is the place that the address names.
func (pg page) chosen() (controller.DoorState, bool) {
	for _, d := range pg.turn.Doors {
		if string(d.Door.Place) == pg.query.Get("place") {
			return d, true
		}
	}
	return controller.DoorState{}, false
}

// placeKey is a key about one place: it leads to another page about it.
func (pg page) placeKey(label, icon, view string, d controller.DoorState) ui.KioskButton {
	k := pg.link(label, icon, view)
	k.Href += "&place=" + url.QueryEscape(string(d.Door.Place))
	return k
}

func placeField(d controller.DoorState) ui.Hidden {
	return ui.Hidden{Name: "place", Value: string(d.Door.Place)}
}

// menuView is the bank in the states of its doors, over a key for each column: a door of the
// picture is too small for a finger.
type menuView struct {
	Title   string
	Wall    ui.MiniWallView
	Columns []ui.KioskButton
	Count   int
}

func (pg page) staffMenu() screen {
	p := pg.text
	bank := pg.home.Bank
	states := map[locker.PlaceID]controller.DoorState{}
	for _, d := range pg.turn.Doors {
		states[d.Door.Place] = d
	}
	v := menuView{
		Title: bank.Name, Count: min(len(bank.Columns), 12),
		Wall: ui.MiniWallView{
			Label: p.T("wall.label", "bank", bank.Name),
			Bays: bays(bank, func(c locker.Compartment) ui.MiniCell {
				return ui.MiniCell{Units: c.Units, State: pg.stateOf(states[c.ID])}
			}),
		},
	}
	for i, column := range bank.Columns {
		k := pg.link("kiosk.staff.column", "", "column")
		k.Href += "&column=" + itoa(i+1)
		k.Text, k.ID = column.Name, "column-"+itoa(i+1)
		v.Columns = append(v.Columns, k)
	}
	if len(bank.Columns) == 0 {
		return pg.staffPlaces()
	}
	foot := []ui.KioskButton{pg.link("kiosk.staff.places", "list", "places")}
	if pg.may(locker.DutyService) {
		foot = append(foot, pg.link("kiosk.staff.service", "wrench", "bank"))
	}
	return screen{
		title: p.T("kiosk.staff.title"), idle: idleAfter, say: p.T("kiosk.staff.title"), body: menuBody(v),
		foot: append(foot, pg.doneKey(), pg.helpKey()),
	}
}

// stateOf is the one word for a place, the most urgent first.
func (pg page) stateOf(d controller.DoorState) ui.DoorState {
	switch {
	case len(d.Faults) > 0 || d.Doubt != "":
		return ui.DoorFault
	case d.Out:
		return ui.DoorBlocked
	case d.State == locker.DoorAjar:
		return ui.DoorOpen
	case len(d.Stays) > 0:
		for _, s := range d.Stays {
			if s.CollectBy != 0 && s.CollectBy < pg.turn.Now {
				return ui.DoorOverdue
			}
		}
		return ui.DoorOccupied
	case d.Reserved:
		return ui.DoorReserved
	}
	return ui.DoorFree
}

func (pg page) may(duty locker.Duty) bool { return slices.Contains(pg.turn.Duties, duty) }

// doorKeys are keys to the doors that pick chooses, each with its state in a word.
func (pg page) doorKeys(pick func(d controller.DoorState) bool) []ui.KioskButton {
	var list []ui.KioskButton
	for _, d := range pg.turn.Doors {
		if !pick(d) {
			continue
		}
		k := pg.placeKey("kiosk.staff.door", stateIcon(pg.stateOf(d)), "door", d)
		k.Text = pg.text.T("kiosk.staff.door", "door", text.LTR(d.Door.Name), "state", pg.stateWord(d))
		k.ID = "place-" + string(d.Door.Place)
		list = append(list, k)
	}
	return list
}

func (pg page) stateWord(d controller.DoorState) string {
	return pg.text.T("state." + string(pg.stateOf(d)))
}

// stateIcon is the picture of a state that needs a look; the others have none.
func stateIcon(s ui.DoorState) string {
	switch s {
	case ui.DoorOverdue:
		return "clock-alert"
	case ui.DoorOpen:
		return "door-open"
	case ui.DoorFault:
		return "triangle-alert"
	case ui.DoorBlocked:
		return "ban"
	case ui.DoorOccupied:
		return "package"
	case ui.DoorFree, ui.DoorReserved:
	}
	return ""
}

const keysPage = 12 // door keys on one page

// staffColumn lists the doors of one column, from the top.
func (pg page) staffColumn() screen {
	column := max(1, small(pg.query.Get("column")))
	if long := pg.query.Get("column"); len(long) == 2 && long[0] == '1' { // at most twelve columns
		column = 10 + max(0, small(long[1:]))
	}
	return pg.doorList("column", pg.text.Column(column), func(d controller.DoorState) bool {
		return d.Door.Bank == pg.home.Bank.ID && d.Door.Column == column
	})
}

// staffPlaces lists every place that is not in the panel's own bank.
func (pg page) staffPlaces() screen {
	return pg.doorList("places", pg.text.T("kiosk.staff.places"), func(d controller.DoorState) bool {
		return d.Door.Column == 0 || d.Door.Bank != pg.home.Bank.ID
	})
}

func (pg page) doorList(view, title string, pick func(d controller.DoorState) bool) screen {
	list := pg.doorKeys(pick)
	from := max(0, small(pg.query.Get("from"))) * keysPage
	if from >= len(list) {
		from = 0
	}
	to := min(from+keysPage, len(list))
	foot := []ui.KioskButton{pg.backKey()}
	if len(list) > keysPage {
		next := pg.link("kiosk.courier.others", "arrow-right", view)
		next.Href += "&column=" + url.QueryEscape(pg.query.Get("column"))
		if to < len(list) {
			next.Href += "&from=" + itoa(to/keysPage)
		}
		next.ID = "key-others"
		foot = append(foot, next)
	}
	v := listView{Title: title, Class: "c4", Keys: list[from:to]}
	return screen{
		view: view, title: title, idle: idleAfter, body: listBody(v), foot: append(foot, pg.doneKey(), pg.helpKey()),
	}
}

// staffDoor says what is known of a place, and what its keeper may do there.
func (pg page) staffDoor(d controller.DoorState) screen {
	v := listView{
		Title: pg.text.T("kiosk.staff.door", "door", text.LTR(d.Door.Name), "state", pg.stateWord(d)),
		Text:  strings.Join(pg.findings(d), " · "), Class: "c3", Keys: pg.doorActs(d),
	}
	return screen{
		view: "door", title: v.Title, idle: idleAfter, say: v.Title + ". " + v.Text, body: listBody(v),
		foot: []ui.KioskButton{pg.backKey(), pg.doneKey(), pg.helpKey()},
	}
}

func (pg page) doorActs(d controller.DoorState) []ui.KioskButton {
	var list []ui.KioskButton
	isDoor := d.Door.Kind == locker.PlaceCompartment
	add := func(allowed bool, k ui.KioskButton) {
		if allowed {
			list = append(list, k)
		}
	}
	reason := func(label, icon, what string) ui.KioskButton {
		k := pg.placeKey(label, icon, "reason", d)
		k.Href, k.ID = k.Href+"&for="+what, "key-"+what
		return k
	}
	add(isDoor && pg.may(locker.DutyOpen), reason("kiosk.staff.open", "door-open", "open"))
	add(len(d.Stays) > 0 && pg.may(locker.DutyClear), reason("kiosk.staff.clear", "package-open", "clear"))
	add(len(d.Stays) > 0 && pg.may(locker.DutyReissue), pg.reissueKey(d))
	back := pg.key("", "kiosk.staff.back", "circle-check", "out", placeField(d), ui.Hidden{Name: "out", Value: "0"})
	add(pg.may(locker.DutyService) && d.Out, back)
	add(pg.may(locker.DutyService) && !d.Out, reason("kiosk.staff.out", "ban", "out"))
	add(pg.may(locker.DutyOpen) || pg.may(locker.DutyClear) || pg.may(locker.DutyService),
		pg.placeKey("kiosk.staff.verify", "search", "verify", d))
	return list
}

func (pg page) reissueKey(d controller.DoorState) ui.KioskButton {
	if len(d.Stays) == 1 {
		return pg.key("", "kiosk.staff.reissue", "key-round", "reissue", ui.Hidden{Name: "stay", Value: string(d.Stays[0].Stay)})
	}
	return pg.placeKey("kiosk.staff.reissue", "key-round", "reissue", d)
}

// findings are the words about a place: where it is, what is wrong, what is in it. No names.
func (pg page) findings(d controller.DoorState) []string {
	p := pg.text
	var all []string
	if where := pg.place(d.Door); where != "" {
		all = append(all, where)
	}
	for _, f := range d.Faults {
		all = append(all, p.T("kiosk.fault."+string(f)))
	}
	if d.Doubt != "" {
		all = append(all, p.T("kiosk.staff.doubt"))
	}
	if n := len(d.Stays); n > 0 {
		all = append(all, p.N("common.parcels", n))
		all = append(all, pg.stayWords(d.Stays[0]))
	}
	return all
}

func (pg page) stayWords(s controller.StayInfo) string {
	now := pg.turn.Now.Time()
	if s.StoredAt == 0 {
		return pg.size(s.Size)
	}
	return pg.text.T("kiosk.staff.stay", "size", pg.size(s.Size), "since", pg.text.DayTime(s.StoredAt.Time(), now, pg.zone))
}

// staffStays chooses the parcel of several in one place.
func (pg page) staffStays(d controller.DoorState) screen {
	p := pg.text
	v := listView{Title: p.T("kiosk.staff.reissue.which", "door", text.LTR(d.Door.Name))}
	for i, s := range d.Stays {
		if i == matchesPage {
			break
		}
		k := pg.key("", "kiosk.staff.reissue", "key-round", "reissue", ui.Hidden{Name: "stay", Value: string(s.Stay)})
		k.Text, k.ID = pg.stayWords(s), "stay-"+itoa(i)
		v.Keys = append(v.Keys, k)
	}
	return screen{view: "reissue", title: v.Title, idle: idleAfter, body: listBody(v), foot: pg.doorFoot(d)}
}

func (pg page) doorFoot(d controller.DoorState) []ui.KioskButton {
	return []ui.KioskButton{pg.placeKey("common.back", "arrow-left", "door", d), pg.doneKey(), pg.helpKey()}
}

// staffReason asks why: one touch, or a sentence typed.
func (pg page) staffReason(d controller.DoorState) screen {
	p := pg.text
	act := pg.query.Get("for")
	if act != "clear" && act != "out" {
		act = "open"
	}
	if pg.query.Get("from") == yes {
		return pg.typeReason(d, act)
	}
	v := listView{Title: p.T("kiosk.staff.why.title", "act", p.T("kiosk.staff."+act), "door", text.LTR(d.Door.Name))}
	for _, why := range []string{"stuck", "asked", "check", "overdue", "repair"} {
		k := pg.key("", "kiosk.staff.why."+why, "", act, pg.reasonFields(d, act, p.T("kiosk.staff.why."+why))...)
		k.ID = "why-" + why
		v.Keys = append(v.Keys, k)
	}
	other := pg.placeKey("kiosk.staff.why.other", "pencil", "reason", d)
	other.Href, other.ID = other.Href+"&for="+act+"&from="+yes, "why-other"
	v.Keys = append(v.Keys, other)
	return screen{view: "reason", title: v.Title, idle: idleAfter, body: listBody(v), foot: pg.doorFoot(d)}
}

func (pg page) reasonFields(d controller.DoorState, act, reason string) []ui.Hidden {
	fields := []ui.Hidden{placeField(d)}
	if act == "out" {
		fields = append(fields, ui.Hidden{Name: "out", Value: yes})
	}
	if reason != "" {
		fields = append(fields, ui.Hidden{Name: "reason", Value: reason})
	}
	return fields
}

func (pg page) typeReason(d controller.DoorState, act string) screen {
	p := pg.text
	back := pg.placeKey("common.back", "arrow-left", "door", d)
	return screen{
		view: "reason", title: p.T("kiosk.staff.why"), idle: idleAfter,
		body: ui.Keyboard(ui.KeyboardView{
			ID: "reason", Name: "reason", Label: p.T("kiosk.staff.why"), MaxLength: maxTyped, Action: base(pg.panel) + "/act",
			Fields: append([]ui.Hidden{{Name: "act", Value: act}}, pg.reasonFields(d, act, "")...),
			Before: []ui.KioskButton{iconOnly(back)}, After: []ui.KioskButton{iconOnly(pg.helpKey())},
			Text: p.T("kiosk.keys"), DeleteText: p.T("kiosk.delete"), OKText: p.T("common.continue"),
		}),
	}
}

// staffVerify asks what the person sees in a place that nobody could vouch for.
func (pg page) staffVerify(d controller.DoorState) screen {
	p := pg.text
	full := pg.key("", "kiosk.staff.verify.full", "package", "verify", placeField(d), ui.Hidden{Name: "answer", Value: yes})
	empty := pg.key("", "kiosk.staff.verify.empty", "circle-dashed", "verify", placeField(d), ui.Hidden{Name: "answer", Value: "0"})
	full.ID, empty.ID = "key-full", "key-empty"
	v := listView{
		Title: p.T("kiosk.staff.verify.title", "door", text.LTR(d.Door.Name)), Text: p.T("kiosk.staff.verify.text"),
		Keys: []ui.KioskButton{full, empty},
	}
	return screen{view: "verify", title: v.Title, idle: idleAfter, body: listBody(v), foot: pg.doorFoot(d)}
}

// staffService begins a service session by the code of a second person, or ends it.
func (pg page) staffService() screen {
	p := pg.text
	if pg.turn.Service > pg.turn.Now {
		end := pg.key("go", "kiosk.staff.service.end", "check", "service_end")
		until := p.Time(pg.turn.Service.Time(), pg.zone)
		return screen{
			view: "service", title: p.T("kiosk.staff.service"), idle: idleAfter,
			foot: []ui.KioskButton{pg.backKey(), pg.helpKey()},
			body: message(messageView{
				Title: p.T("kiosk.staff.service"), Lines: []string{p.T("kiosk.staff.service.until", "time", text.LTR(until))},
				Keys: []ui.KioskButton{end},
			}),
		}
	}
	v := codeEntryView{
		Boxes: ui.CodeBoxesView{
			ID: "code", Name: "code", Label: p.T("kiosk.staff.second"),
			Length: credential.CodeLength, Keys: symbolKeys, Action: base(pg.panel) + "/act",
			Fields: []ui.Hidden{{Name: "act", Value: "service"}}, SubmitText: p.T("common.continue"),
			SpokenText: p.T("kiosk.code.spoken"),
		},
		Pad: pg.pad(5, splitKeys(symbolKeys)),
	}
	return screen{
		view: "service", title: p.T("kiosk.staff.service"), idle: idleAfter, body: codeEntry(v),
		foot: []ui.KioskButton{pg.backKey(), pg.helpKey()},
	}
}

// issuedView is a new code, shown this once.
type issuedView struct {
	Title  string
	Groups []string
	Digits string
	Note   string
	QR     [][]bool
	Label  string
}

func (pg page) staffCode() screen {
	p := pg.text
	v := issuedView{Title: p.T("kiosk.issued.title"), Note: p.T("kiosk.issued.note"), Label: p.T("kiosk.issued.picture")}
	if code := pg.turn.Issued; code != nil {
		v.Groups = strings.Split(code.Symbols, "-")
		if code.Digits != "" {
			v.Digits = p.T("kiosk.issued.digits", "number", text.LTR(code.Number), "digits", text.LTR(code.Digits))
		}
		if modules, err := qr.Matrix(code.Token); err == nil {
			v.QR = modules // without a picture the symbols still do
		}
	}
	back := pg.key("go", "kiosk.issued.hide", "check", "back")
	return screen{
		title: v.Title, idle: idleAfter, say: v.Title, body: issuedBody(v),
		foot: []ui.KioskButton{back, pg.helpKey()},
	}
}

// staffBank is service on the whole bank: close it, open it again, or let the office open doors from afar.
func (pg page) staffBank() screen {
	p := pg.text
	open, out := 0, 0
	for _, d := range pg.turn.Doors {
		switch {
		case d.Door.Bank != pg.home.Bank.ID || d.Door.Kind != locker.PlaceCompartment:
		case d.Out:
			out++
		default:
			open++
		}
	}
	v := listView{
		Title: p.T("kiosk.staff.bank.title", "bank", text.LTR(pg.home.Bank.Name)),
		Text:  p.T("kiosk.staff.bank.state", "open", p.Number(open), "out", p.Number(out)),
	}
	if open > 0 {
		v.Keys = append(v.Keys, pg.link("kiosk.staff.bank.close", "ban", "bankwhy"))
	}
	if out > 0 {
		k := pg.key("", "kiosk.staff.bank.open", "circle-check", "bank_out", ui.Hidden{Name: "out", Value: "0"})
		k.ID = "bank-open"
		v.Keys = append(v.Keys, k)
	}
	v.Keys = append(v.Keys, pg.link("kiosk.staff.bank.remote", "key-round", "service"))
	return screen{
		view: "bank", title: v.Title, idle: idleAfter, say: v.Title + ". " + v.Text, body: listBody(v),
		foot: []ui.KioskButton{pg.backKey(), pg.doneKey(), pg.helpKey()},
	}
}

// staffBankWhy asks why the bank is closed: the reason stands beside each door in the record.
func (pg page) staffBankWhy() screen {
	p := pg.text
	v := listView{Title: p.T("kiosk.staff.why.title", "act", p.T("kiosk.staff.bank.close"), "door", text.LTR(pg.home.Bank.Name))}
	for _, why := range []string{"repair", "stuck", "check", "asked"} {
		reason := p.T("kiosk.staff.why." + why)
		k := pg.key("", "kiosk.staff.why."+why, "", "bank_out", ui.Hidden{Name: "out", Value: yes}, ui.Hidden{Name: "reason", Value: reason})
		k.ID = "bank-" + why
		v.Keys = append(v.Keys, k)
	}
	return screen{
		view: "bankwhy", title: v.Title, idle: idleAfter, body: listBody(v),
		foot: []ui.KioskButton{pg.link("common.back", "arrow-left", "bank"), pg.doneKey(), pg.helpKey()},
	}
}

// place says where a door is, without its bank.
func (pg page) place(d controller.Door) string {
	d.Bank = pg.home.Bank.ID
	return pg.where(d)
}
