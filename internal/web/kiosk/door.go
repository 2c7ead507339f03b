package kiosk

import (
	"strconv"

	"github.com/a-h/templ"

	"cubby/internal/controller"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

func keyed() templ.Attributes { return templ.Attributes{"data-keyed": true} }

// doorView is a page about one door: where it is, in a picture and in words.
type doorView struct {
	Title string
	Name  string // as painted
	Mini  *ui.MiniWallView
	Lines []string
	Small string
	Alert bool
}

// door is the turn's door; every page that calls it belongs to a step that has one.
func (pg page) door() controller.Door {
	if pg.turn.Door == nil {
		return controller.Door{}
	}
	return *pg.turn.Door
}

// where says where a door is: "2nd column, middle", with its bank when that is another one.
func (pg page) where(d controller.Door) string {
	if d.Column == 0 {
		return ""
	}
	position := pg.text.Position(d.Column, text.BandOf(d.Part))
	if d.Bank != pg.home.Bank.ID && d.BankName != "" {
		return pg.text.T("kiosk.elsewhere", "bank", d.BankName, "where", position)
	}
	return position
}

// mini is the picture of the panel's bank with the door in it; nil when the door is elsewhere.
func (pg page) mini(d controller.Door) *ui.MiniWallView {
	if d.Column == 0 || d.Bank != pg.home.Bank.ID {
		return nil
	}
	return &ui.MiniWallView{
		Label: pg.text.T("kiosk.door.label", "door", text.LTR(d.Name), "where", pg.where(d)),
		Bays: bays(pg.home.Bank, func(c locker.Compartment) ui.MiniCell {
			return ui.MiniCell{Units: c.Units, Here: c.ID == d.Place}
		}),
	}
}

// bays draws a bank with its screen, each compartment as draw says.
func bays(bank locker.Bank, draw func(c locker.Compartment) ui.MiniCell) []ui.MiniBay {
	var all []ui.MiniBay
	for _, column := range bank.Columns {
		var bay ui.MiniBay
		screen := ui.MiniCell{Units: column.ScreenUnits, Screen: true}
		for i, c := range column.Compartments {
			if column.ScreenUnits > 0 && i == column.ScreenAbove {
				bay.Cells = append(bay.Cells, screen)
			}
			bay.Cells = append(bay.Cells, draw(c))
		}
		if column.ScreenUnits > 0 && column.ScreenAbove >= len(column.Compartments) {
			bay.Cells = append(bay.Cells, screen)
		}
		all = append(all, bay)
	}
	return all
}

// doorPage fills a page about the turn's door.
func (pg page) doorPage(title string, lines ...string) doorView {
	d := pg.door()
	v := doorView{Title: pg.text.T(title), Name: d.Name, Mini: pg.mini(d)}
	if where := pg.where(d); where != "" {
		v.Lines = append(v.Lines, pg.text.T("kiosk.sentence", "text", where))
	}
	for _, key := range lines {
		v.Lines = append(v.Lines, pg.text.T(key))
	}
	return v
}

// words is what a screen reader says of the page.
func (v doorView) words(p *text.Printer) string {
	said := p.T("kiosk.say", "title", v.Title, "door", v.Name)
	for _, line := range v.Lines {
		said += " " + line
	}
	return said
}

func (pg page) opening() screen {
	p := pg.text
	v := pg.doorPage("kiosk.opening.title")
	if pg.turn.Attempt > 1 {
		v.Small = p.T("kiosk.opening.again", "n", pg.turn.Attempt)
	}
	return screen{
		title: v.Title, body: doorBody(v), idle: never, say: v.words(p), foot: []ui.KioskButton{pg.helpKey()},
	}
}

// titleOf is the heading of an open door: what it is open for.
func (pg page) titleOf() string {
	switch pg.turn.Purpose {
	case locker.PurposeDeposit:
		return "kiosk.open.deposit"
	case locker.PurposeUndo:
		return "kiosk.open.undo"
	case locker.PurposeClear:
		return "kiosk.open.clear"
	case locker.PurposeOpen, locker.PurposeRemote:
		return "kiosk.open.staff"
	case locker.PurposeCollect, locker.PurposeReopen:
	}
	return "kiosk.open.title"
}

func (pg page) open() screen {
	p := pg.text
	line := "kiosk.open.shut"
	sound := "open"
	if pg.turn.Ajar {
		line, sound = "kiosk.open.ajar", "warn"
	}
	v := pg.doorPage(pg.titleOf(), line)
	if pg.turn.Role == controller.RoleCourier {
		v.Small = pg.echo(pg.turn.Masked, pg.turn.Unit)
	}
	return screen{
		title: v.Title, body: doorBody(v), idle: never, say: v.words(p), sound: sound,
		foot: append(pg.openKeys(), pg.helpKey()),
	}
}

// openKeys are at most three; the rest stands behind "Something is wrong".
func (pg page) openKeys() []ui.KioskButton {
	shut := pg.key("go", "kiosk.shut", "door-closed", "shut")
	switch {
	case pg.turn.Role == controller.RoleCourier && pg.turn.Purpose == locker.PurposeDeposit:
		list := []ui.KioskButton{
			pg.key("", "kiosk.bigger", "arrow-up-to-line", "bigger"),
			pg.key("", "kiosk.undo", "undo-2", "undo"),
		}
		if !pg.turn.Watched {
			return []ui.KioskButton{shut, list[0], list[1]}
		}
		return append(list, pg.wrongKey())
	case !pg.turn.Watched:
		return []ui.KioskButton{pg.wrongKey(), shut}
	case pg.turn.Role != controller.RoleResident:
		return []ui.KioskButton{pg.wrongKey(), pg.doneKey()}
	case pg.turn.CanReopen:
		return []ui.KioskButton{pg.againKey(), pg.wrongKey(), pg.doneKey()}
	}
	high := pg.key("", "kiosk.problem.too_high", "accessibility", "problem", ui.Hidden{Name: "problem", Value: string(locker.ProblemTooHigh)})
	return []ui.KioskButton{high, pg.wrongKey(), pg.doneKey()}
}

func (pg page) wrongKey() ui.KioskButton { return pg.link("kiosk.wrong", "triangle-alert", "wrong") }

func (pg page) againKey() ui.KioskButton { return pg.key("", "kiosk.reopen", "door-open", "again") }

// reopenKeys is the key that opens the last door again, while that is possible.
func (pg page) reopenKeys() []ui.KioskButton {
	if !pg.turn.CanReopen {
		return nil
	}
	return []ui.KioskButton{pg.againKey()}
}

// ask asks what nobody and nothing saw.
func (pg page) ask() screen {
	p := pg.text
	act, title, yesText, noText := "taken", "kiosk.ask.taken", "kiosk.ask.taken.yes", "kiosk.ask.taken.no"
	if pg.turn.Step == controller.StepAskStored {
		act, title, yesText, noText = "stored", "kiosk.ask.stored", "kiosk.ask.stored.yes", "kiosk.ask.stored.no"
	}
	yesKey := pg.key("go", yesText, "check", act, ui.Hidden{Name: "answer", Value: yes})
	noKey := pg.key("", noText, "x", act, ui.Hidden{Name: "answer", Value: "0"})
	yesKey.ID, noKey.ID = "key-yes", "key-no"
	v := pg.doorPage(title)
	if !pg.turn.Watched {
		v.Title = p.T(pg.titleOf())
		v.Lines = append(v.Lines, p.T(title+".first"))
	}
	foot := []ui.KioskButton{yesKey, noKey, pg.wrongKey(), pg.helpKey()}
	if pg.turn.Role == controller.RoleCourier {
		v.Small = pg.echo(pg.turn.Masked, pg.turn.Unit)
	}
	return screen{title: v.Title, body: doorBody(v), idle: idleAfter, say: v.words(p), sound: "open", foot: foot}
}

func (pg page) more() screen {
	p := pg.text
	next := pg.key("go", "kiosk.more.next", "door-open", "next")
	title := p.N("kiosk.more.title", pg.turn.Remaining)
	return screen{
		title: title, idle: idleAfter, say: title, sound: "ok",
		foot: append(append(pg.reopenKeys(), pg.wrongKey()), pg.doneKey(), pg.helpKey()),
		body: message(messageView{Title: title, Lines: []string{p.T("kiosk.more.text")}, Keys: []ui.KioskButton{next}}),
	}
}

// failed says why the door did not open, and how to go on.
func (pg page) failed() screen {
	p := pg.text
	d := pg.door()
	if d.Kind == locker.PlaceShelf || d.Kind == locker.PlaceDesk {
		return pg.atCounter(d)
	}
	failure := controller.Failure{Code: locker.CodeDoorJammed, Number: locker.CodeDoorJammed.Number()}
	if pg.turn.Failure != nil {
		failure = *pg.turn.Failure
	}
	sentence, number := pg.reason(failure)
	if pg.turn.Role != controller.RoleResident {
		sentence = p.T("kiosk.failed.title") // the sentence of the code is for whoever collects
	}
	lines := []string{pg.whom()}
	if where := pg.where(d); where != "" {
		lines = append([]string{p.T("kiosk.door.label", "door", text.LTR(d.Name), "where", where)}, lines...)
	}
	return screen{
		title: p.T("common.problem"), idle: idleAfter, say: sentence, sound: "error",
		foot: append(pg.failedKeys(), pg.helpKey()),
		body: message(messageView{Title: sentence, Number: number, Lines: lines, Alert: true}),
	}
}

func (pg page) failedKeys() []ui.KioskButton {
	next := pg.key("go", "kiosk.retry", "refresh-cw", "next")
	back := pg.key("", "common.back", "arrow-left", "back")
	switch pg.turn.Role {
	case controller.RoleStaff:
		back.Kind = "go"
		return []ui.KioskButton{back, pg.doneKey()}
	case controller.RoleCourier:
		return []ui.KioskButton{next, pg.key("", "kiosk.refuse", "package-x", "refuse"), back}
	case controller.RoleResident, controller.RoleNone:
	}
	if pg.turn.Reported != "" {
		return []ui.KioskButton{next, pg.doneKey()}
	}
	stuck := pg.key("", "kiosk.tell", "siren", "problem", ui.Hidden{Name: "problem", Value: string(locker.ProblemDidNotOpen)})
	return []ui.KioskButton{next, stuck, pg.doneKey()}
}

// atCounter is the page of a parcel on a shelf or at the desk: people hand it over.
func (pg page) atCounter(d controller.Door) screen {
	p := pg.text
	title := p.T("kiosk.counter.desk")
	if d.Kind == locker.PlaceShelf {
		title = p.T("kiosk.counter.shelf", "shelf", text.LTR(d.Name))
	}
	foot := []ui.KioskButton{pg.doneKey(), pg.helpKey()}
	if pg.turn.Remaining > 0 {
		foot = append([]ui.KioskButton{pg.key("go", "kiosk.more.next", "door-open", "next")}, foot...)
	}
	return screen{
		title: title, idle: idleAfter, say: title, foot: foot, sound: "ok",
		body: message(messageView{Title: title, Lines: []string{p.T("kiosk.counter.text"), pg.whom()}}),
	}
}

func (pg page) done() screen {
	p := pg.text
	lines := []string{p.T("kiosk.done.text")}
	done := pg.doneKey()
	done.Kind = "go"
	return screen{
		title: p.T("kiosk.done.title"), idle: never, leaveAfter: leaveAfter, say: p.T("kiosk.done.title"), sound: "ok",
		foot: append(append(pg.reopenKeys(), pg.wrongKey()), done, pg.helpKey()),
		body: message(messageView{Title: p.T("kiosk.done.title"), Lines: lines}),
	}
}

// problems are what a person can say of a door, in the order in which they happen.
func problems() []struct {
	Problem locker.Problem
	Icon    string
} {
	return []struct {
		Problem locker.Problem
		Icon    string
	}{
		{locker.ProblemDidNotOpen, "lock"},
		{locker.ProblemTooHigh, "accessibility"},
		{locker.ProblemEmpty, "package-open"},
		{locker.ProblemNotMine, "package-x"},
		{locker.ProblemDamaged, "triangle-alert"},
		{locker.ProblemWontClose, "door-open"},
	}
}

// wrong offers everything that can be wrong with the door.
func (pg page) wrong() screen {
	p := pg.text
	v := listView{Title: p.T("kiosk.wrong.title", "door", text.LTR(pg.door().Name)), Class: "c2"}
	for _, problem := range problems() {
		k := pg.key("", "kiosk.problem."+string(problem.Problem), problem.Icon, "problem",
			ui.Hidden{Name: "problem", Value: string(problem.Problem)})
		k.ID = "key-" + string(problem.Problem)
		v.Keys = append(v.Keys, k)
	}
	return screen{
		view: "wrong", title: v.Title, idle: idleAfter, body: listBody(v),
		foot: append(append([]ui.KioskButton{pg.backKey()}, pg.reopenKeys()...), pg.doneKey(), pg.helpKey()),
	}
}

// told is the next step of a problem: what happens now, and whom to call.
func (pg page) told() screen {
	p := pg.text
	title := p.T("kiosk.told.title")
	back := pg.backKey()
	back.Text, back.Icon, back.Kind = p.T("common.continue"), "arrow-right", "go"
	foot := []ui.KioskButton{back}
	foot = append(foot, pg.reopenKeys()...)
	return screen{
		view: "told", title: title, idle: idleAfter, say: title, sound: "ok",
		foot: append(foot, pg.doneKey(), pg.helpKey()),
		body: message(messageView{
			Title: title, Lines: []string{p.T("kiosk.told." + string(pg.turn.Reported)), pg.whom()},
		}),
	}
}

// echo is what a courier may see of a recipient: "J… SMITH, 4B".
func (pg page) echo(masked, unit string) string {
	switch {
	case masked == "":
		return text.LTR(unit)
	case unit == "":
		return text.LTR(masked)
	}
	return text.LTR(masked + ", " + unit)
}

func itoa(n int) string { return strconv.Itoa(n) }
