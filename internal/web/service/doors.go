package service

import (
	"net/http"

	"cubby/board"
	"cubby/internal/commission"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

type doorsView struct {
	Frame         frameView
	Tally         string
	FindingsTitle string
	NoFindings    string
	Findings      []findingView
	Caption       string
	Heads         [4]string
	Doors         []doorView
	None          string
}

type doorView struct {
	Label, Output, State, Result, Again string
}

func (f *Face) doors(w http.ResponseWriter, r *http.Request, v visit) error {
	t := v.t
	page := doorsView{
		Frame: f.frame(v, t.T("service.doors.title")), FindingsTitle: t.T("service.findings.title"), Caption: t.T("service.doors.title"),
		Heads: [4]string{t.T("service.doors.door"), t.T("service.doors.output"), t.T("service.doors.result"), t.T("service.doors.again")},
	}
	_ = v.work.Session.View(func(walk *commission.Walk) { // without a walk there are no doors
		page.Tally = tally(t, walk.Tally())
		page.Findings = findings(t, walk.Findings())
		for _, d := range walk.Doors() {
			page.Doors = append(page.Doors, doorView{
				Label: d.Label, Output: d.Output.String(), State: string(d.State), Result: t.T("service.state." + string(d.State)),
				Again: t.T("service.doors.again"),
			})
		}
	})
	if len(page.Findings) == 0 {
		page.NoFindings = t.T("service.findings.none")
	}
	if len(page.Doors) == 0 {
		page.None = t.T("service.doors.none")
	}
	return write(w, r, http.StatusOK, doorsPage(page))
}

func tally(t *text.Printer, n commission.Tally) string {
	return t.T("service.finish.tally", "good", t.Number(n.Good), "faulty", t.Number(n.Faulty), "skipped", t.Number(n.Skipped),
		"waiting", t.Number(n.Waiting))
}

type sensorsView struct {
	Frame   frameView
	Boards  []sensorBoard
	None    string
	Refresh ui.ButtonView
	Live    string
}

type sensorBoard struct {
	Name     string
	Channels []sensorView
}

type sensorView struct{ Channel, Door, State, Text string }

// sensors shows what all sensors say now. A page with scripts asks for it again each second.
func (f *Face) sensors(w http.ResponseWriter, r *http.Request, v visit) error {
	t := v.t
	page := sensorsView{
		Frame: f.frame(v, t.T("service.sensors.title")), Live: Prefix + "/sensors",
		Refresh: ui.ButtonView{Text: t.T("service.sensors.refresh"), Href: Prefix + "/sensors", Kind: "ghost"},
	}
	readings, err := v.work.Session.Look(r.Context())
	if err != nil {
		return err
	}
	labels := map[locker.Output]string{}
	_ = v.work.Session.View(func(walk *commission.Walk) { // without a walk no door has a name yet
		for _, d := range walk.Doors() {
			labels[d.Output] = d.Label
		}
	})
	for _, x := range readings {
		name := locker.PartBoard(x.Output.Bus, x.Output.Board)
		if n := len(page.Boards); n == 0 || page.Boards[n-1].Name != name {
			page.Boards = append(page.Boards, sensorBoard{Name: name})
		}
		b := &page.Boards[len(page.Boards)-1]
		b.Channels = append(b.Channels, sensorView{
			Channel: t.Number(int(x.Output.Channel)), Door: labels[x.Output], State: x.State.String(), Text: stateText(t, x.State),
		})
	}
	if len(page.Boards) == 0 {
		page.None = t.T("service.sensors.none")
	}
	return write(w, r, http.StatusOK, sensorsPage(page))
}

func stateText(t *text.Printer, s board.State) string {
	switch s {
	case board.StateOpen:
		return t.T("service.sensors.open")
	case board.StateClosed:
		return t.T("service.sensors.closed")
	case board.StateUnknown:
	}
	return t.T("service.sensors.unknown")
}
