package kiosk

import (
	"github.com/a-h/templ"

	"cubby/internal/controller"
	"cubby/internal/locker"
	"cubby/internal/web/ui"
)

func nowAttributes(v nowView) templ.Attributes {
	a := templ.Attributes{
		"data-step": v.Step, "data-look": v.Look, "data-idle-now": v.Idle, "data-sound": v.Sound,
	}
	if v.LeaveAfter != "" {
		a["data-leave-after"] = v.LeaveAfter
	}
	return a
}

func alert(on bool) templ.Attributes {
	if !on {
		return nil
	}
	return templ.Attributes{"role": "alert"}
}

// notReady is shown until the site has its first directory.
func (pg page) notReady() screen {
	p := pg.text
	return screen{
		title: p.T("kiosk.wait.title"), idle: never, languages: true,
		body: message(messageView{
			Title: p.T("kiosk.wait.title"), Lines: []string{p.T("kiosk.wait.text"), pg.whom()},
		}),
	}
}

func (pg page) help() screen {
	p := pg.text
	lines := []string{p.T("kiosk.help.collect"), p.T("kiosk.help.deliver"), pg.whom()}
	if pg.home.Bank.Name != "" {
		lines[2] += " " + p.T("kiosk.help.bank", "bank", pg.home.Bank.Name)
	}
	return screen{
		view: "help", title: p.T("common.help"), idle: idleAfter, languages: true,
		foot: []ui.KioskButton{pg.easierKey(), pg.backKey()},
		body: message(messageView{Title: p.T("kiosk.help.title"), Lines: lines}),
	}
}

// refused says why something was not done, and how to go on from there.
func (pg page) refused() screen {
	p := pg.text
	sentence, number := pg.reason(*pg.failure)
	again := pg.backKey()
	again.Text, again.Icon, again.Kind = p.T("kiosk.again"), "refresh-cw", "go"
	foot := []ui.KioskButton{again}
	lines := []string{pg.whom()}
	switch {
	case pg.turn.Step == controller.StepCourierRecipient && pg.failure.Code == locker.CodeUnitUnknown:
		foot[0].Text, foot[0].Icon = p.T("kiosk.search.again"), "search"
		foot = append(foot, pg.key("", "kiosk.nobody", "package-x", "nobody"))
		lines = nil
	case pg.turn.Session != "":
		foot = append(foot, pg.doneKey())
	}
	return screen{
		view: "refused", title: p.T("common.problem"), idle: idleAfter, sound: "error",
		foot: append(foot, pg.helpKey()),
		body: message(messageView{Title: sentence, Number: number, Alert: true, Lines: lines}),
	}
}

func (pg page) easierKey() ui.KioskButton {
	label, value := "kiosk.easier", yes
	if pg.look.easier {
		label, value = "kiosk.smaller", "0"
	}
	return ui.KioskButton{
		Text: pg.text.T(label), Icon: "accessibility", Action: base(pg.panel) + "/look", ID: "key-easier",
		Fields: []ui.Hidden{{Name: "easier", Value: value}, {Name: "back", Value: pg.view}},
	}
}
