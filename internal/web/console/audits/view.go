package audits

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"cubby/internal/cloud"
	"cubby/internal/cloud/audit"
	"cubby/internal/cloud/round"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

type fact struct{ Name, Value string }

// overview is the audit of a site.
type overviewView struct {
	Shell       ui.ShellView
	Errors      ui.ErrorSummaryView
	Line        ui.BannerView
	What        string
	Facts       []fact
	Run         ui.ButtonView
	RunAction   string
	Heading     string
	Differences ui.TableView
	RoundHead   string
	Intro       string
	Action      string
	Scope       ui.ChoicesView
	Bank        ui.FieldView
	Reason      ui.FieldView
	Begin       ui.ButtonView
	Rounds      ui.TableView
	RoundsHead  string
	Links       []ui.ButtonView
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request, v Visit, f beginForm) error {
	t := v.Text
	report, ok, err := p.Audits.Last(r.Context(), v.Who, v.Site.ID)
	if err != nil {
		return err
	}
	list, err := p.Rounds.List(r.Context(), v.Who, v.Site.ID)
	if err != nil {
		return err
	}
	layout, err := p.Layout(r.Context(), v.Who, v.Site.ID)
	if err != nil {
		return err
	}
	o := overviewView{
		Shell: v.Shell(t.T("audit.title"), len(f.errs) > 0), Errors: ui.ErrorSummaryView{Title: t.T("common.problem"), Errors: f.errs},
		Line: ui.BannerView{Kind: "ok", Icon: "check", Text: line(v, report, ok)}, What: t.T("audit.what"),
		Run: ui.ButtonView{Text: t.T("audit.run"), Icon: "refresh-cw", Kind: "ghost"}, RunAction: v.Base + "/run",
		Heading: t.T("audit.differences"), RoundHead: t.T("audit.round.begin"), Intro: t.T("audit.round.intro"), Action: v.Base + "/rounds",
		Begin: ui.ButtonView{Text: t.T("audit.round.begin"), Icon: "map-pin", Large: "big"}, RoundsHead: t.T("audit.rounds"),
		Links: []ui.ButtonView{{Text: v.Site.Name, Icon: "building", Kind: "ghost", Href: v.Home}},
	}
	switch {
	case !ok:
		o.Line.Kind, o.Line.Icon = "", "info"
	case !report.Nothing():
		o.Line.Kind, o.Line.Icon = "warn", "triangle-alert"
	}
	if ok {
		o.Facts, o.Differences = reportFacts(t, report), differenceTable(v, layout, report)
	}
	o.form(t, layout, f)
	o.Rounds = roundTable(v, list)
	status := http.StatusOK
	if len(f.errs) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return ui.Write(w, r, status, overviewPage(o))
}

func (o *overviewView) form(t *text.Printer, layout locker.Layout, f beginForm) {
	problem := func(field string) string {
		for _, e := range f.errs {
			if e.Field == field {
				return e.Text
			}
		}
		return ""
	}
	o.Scope = ui.ChoicesView{ID: "scope", Name: "scope", Legend: t.T("audit.round.scope"), Error: problem("scope")}
	for _, s := range []round.Scope{round.Doubtful, round.All} {
		o.Scope.Options = append(o.Scope.Options, ui.Option{
			Value: string(s), Text: t.T("audit.round.scope." + string(s)), Selected: f.scope == string(s),
		})
	}
	o.Bank = ui.FieldView{ID: "bank", Label: t.T("audit.round.bank"), Type: "select", Options: []ui.Option{{Text: t.T("audit.round.bank.all")}}}
	for _, b := range layout.Banks {
		o.Bank.Options = append(o.Bank.Options, ui.Option{Value: string(b.ID), Text: b.Name, Selected: f.bank == string(b.ID)})
	}
	for _, room := range layout.Rooms {
		o.Bank.Options = append(o.Bank.Options, ui.Option{Value: string(room.ID), Text: room.Name, Selected: f.bank == string(room.ID)})
	}
	o.Reason = ui.FieldView{
		ID: "reason", Label: t.T("audit.round.reason"), Hint: t.T("audit.round.reason.hint"), Value: f.reason, Error: problem("reason"),
		Required: true, MaxLength: 200,
	}
}

func reportFacts(t *text.Printer, r audit.Report) []fact {
	facts := []fact{
		{t.T("audit.entered"), t.Number(int(r.Entered))},
		{t.T("audit.stored"), t.Number(int(r.Stored))},
		{t.T("audit.collected"), t.Number(int(r.Collected))},
		{t.T("audit.returned"), t.Number(int(r.Returned))},
		{t.T("audit.held"), t.Number(int(r.Held))},
		{t.T("audit.position"), r.Position.String()},
	}
	var skipped []string
	for _, s := range r.Skipped {
		skipped = append(skipped, t.T("audit.skipped."+s))
	}
	if len(skipped) > 0 {
		facts = append(facts, fact{t.T("audit.skipped"), t.List(skipped...)})
	}
	return facts
}

func differenceTable(v Visit, layout locker.Layout, r audit.Report) ui.TableView {
	t := v.Text
	table := ui.TableView{
		ID: "differences", Caption: t.T("audit.differences"), Empty: ui.EmptyView{Text: t.T("audit.none")},
		Columns: []ui.ColumnView{{Text: t.T("console.column.what")}, {Text: t.T("console.column.place")}},
	}
	names := map[locker.PlaceID]string{}
	for _, p := range layout.Places() {
		names[p.ID] = p.Name
	}
	for n, d := range r.Differences {
		words := t.T("incident.audit_" + string(d.Kind))
		if detail := cmp.Or(names[locker.PlaceID(d.Detail)], why(t, d.Detail)); detail != "" {
			words += " · " + detail
		}
		href := ""
		if d.Parcel != "" {
			href = v.site("/parcels/" + seg(string(d.Parcel)))
		} else if names[d.Place] != "" {
			href = v.site("/doors/" + seg(string(d.Place)))
		}
		table.Rows = append(table.Rows, ui.RowView{
			ID: "difference-" + strconv.Itoa(n), Href: href, Cells: []ui.CellView{{Text: words}, {Text: cmp.Or(names[d.Place], string(d.Place))}},
		})
	}
	return table
}

func why(t *text.Printer, detail string) string {
	if t.Has("console.why." + detail) {
		return t.T("console.why." + detail)
	}
	return detail
}

// site is a path below the site's.
func (v Visit) site(rest string) string { return strings.TrimSuffix(v.Base, Path) + rest }

// seg writes an id as one segment of a path, as the console does.
func seg(id string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(id) }

func roundTable(v Visit, list []round.Summary) ui.TableView {
	t := v.Text
	table := ui.TableView{
		ID: "rounds", Caption: t.T("audit.rounds"), Empty: ui.EmptyView{Text: t.T("audit.rounds.none")},
		Columns: []ui.ColumnView{
			{Text: t.T("audit.round.when")},
			{Text: t.T("audit.round.by")},
			{Text: t.T("audit.round.done"), Numeric: true},
			{Text: t.T("audit.round.amiss"), Numeric: true},
			{Text: t.T("audit.sheet.state")},
		},
	}
	for _, s := range list {
		state, href := t.T("audit.round.goes_on"), v.round(s.ID)
		if !s.Ended.IsZero() {
			state, href = t.T("audit.round.ended"), href+"/sheet"
		}
		table.Rows = append(table.Rows, ui.RowView{ID: "round-" + s.ID, Href: href, Cells: []ui.CellView{
			{Text: t.DayTime(s.Began, v.Now, v.Zone)},
			{Text: s.By},
			{Text: t.T("audit.round.progress", "done", t.Number(s.Done), "of", t.Number(s.Of))},
			{Text: t.Number(s.Amiss)},
			{Text: state},
		}})
	}
	return table
}

// parcelWords names a parcel so that a person with it in hand knows it: whose, and the end of its label.
func parcelWords(t *text.Printer, d cloud.Delivery) string {
	parts := []string{t.Own(cmp.Or(d.RecipientName, t.T("console.recipient.unknown")))}
	if d.UnitName != "" {
		parts = append(parts, t.Own(d.UnitName))
	}
	if d.CarrierName != "" {
		parts = append(parts, t.Own(d.CarrierName))
	}
	if d.Tracking != "" {
		parts = append(parts, text.LTR(d.Tracking))
	}
	return strings.Join(parts, " · ")
}

// stepView is one place of a guided audit.
type stepView struct {
	Shell     ui.ShellView
	Errors    ui.ErrorSummaryView
	Action    string // of the forms, without their word
	Place     string
	Progress  string
	Done, Of  string
	Heading   string
	Lines     []string
	Open      *ui.ButtonView
	BooksHead string
	Books     []string
	See       string
	Answers   []ui.ButtonView
	Other     *otherView
	Skip      *ui.ButtonView
	Finish    ui.ButtonView
	Links     []ui.ButtonView
}

// otherView says what is there when the books do not.
type otherView struct {
	Title  string
	Open   bool
	Scan   ui.FieldView
	Add    ui.ButtonView
	Seen   ui.ChoicesView
	Found  ui.ChoicesView
	Known  []string
	Labels ui.ChoicesView
	More   ui.FieldView
	Note   ui.FieldView
	Send   ui.ButtonView
}

func (p *Pages) showStep(w http.ResponseWriter, r *http.Request, v Visit, place locker.PlaceID, f typed) error {
	id := r.PathValue("round")
	view, err := p.Rounds.View(r.Context(), v.Who, v.Site.ID, id, place)
	if err != nil {
		return err
	}
	if !view.Ended.IsZero() {
		ui.Redirect(w, r, v.round(id)+"/sheet")
		return nil
	}
	t := v.Text
	s := stepView{
		Shell: v.Shell(t.T("audit.round.title"), len(f.errs) > 0), Errors: ui.ErrorSummaryView{Title: t.T("common.problem"), Errors: f.errs},
		Action: v.round(id), Done: strconv.Itoa(view.Done), Of: strconv.Itoa(max(view.Of, 1)),
		Progress: t.T("audit.round.progress", "done", t.Number(view.Done), "of", t.Number(view.Of)),
		Finish:   ui.ButtonView{Text: t.T("audit.step.finish"), Icon: "check", Kind: "ghost"},
		Links: []ui.ButtonView{
			{Text: t.T("audit.step.sheet"), Icon: "list", Kind: "ghost", Href: v.round(id) + "/sheet"},
			{Text: t.T("audit.back"), Kind: "ghost", Href: v.Base},
		},
	}
	if view.Current == nil {
		s.Heading, s.Finish.Kind, s.Finish.Large = t.T("audit.step.all_done"), "", "big"
	} else {
		s.at(t, view, f)
	}
	status := http.StatusOK
	if len(f.errs) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return ui.Write(w, r, status, stepPage(s))
}

func placeWords(t *text.Printer, s round.Step) string {
	switch s.Kind {
	case locker.PlaceShelf:
		return t.T("audit.place.shelf", "name", s.Name)
	case locker.PlaceDesk:
		return t.T("audit.place.desk")
	case locker.PlaceCompartment:
	}
	return t.T("audit.place.door", "name", s.Name)
}

func (s *stepView) at(t *text.Printer, v round.View, f typed) {
	step := *v.Current
	name := placeWords(t, step)
	s.Place, s.Heading = string(step.Place), name
	if step.State != round.Todo && step.Said != "" {
		s.Lines = append(s.Lines, t.T("audit.step.last", "name", t.T("audit.said."+string(step.Said)), "said", t.T("audit.state."+string(step.State))))
	}
	s.door(t, v, step.Name)
	s.BooksHead, s.See = t.T("audit.step.books"), t.T("audit.step.see")
	for _, d := range v.Sheet.Parcels {
		s.Books = append(s.Books, parcelWords(t, d))
	}
	if len(s.Books) == 0 {
		s.Lines = append(s.Lines, t.T("audit.step.books.none"))
		s.Answers = []ui.ButtonView{said(t.T("audit.step.empty"), round.Empty, "check", "")}
	} else {
		key := t.T("audit.step.as_booked")
		if len(s.Books) > 1 {
			key = t.T("audit.step.as_booked.all")
		}
		s.Answers = []ui.ButtonView{
			said(key, round.AsBooked, "check", ""), said(t.T("audit.step.empty.lost"), round.Empty, "package-open", "ghost"),
		}
	}
	s.Answers = append(s.Answers, said(t.T("audit.step.unseen"), round.Unseen, "ban", "ghost"))
	s.Skip = &ui.ButtonView{Text: t.T("audit.step.skip"), Kind: "ghost"}
	s.Other = other(t, v, f, s.Action)
}

func said(words string, what round.Said, icon, kind string) ui.ButtonView {
	return ui.ButtonView{Text: words, Name: "said", Value: string(what), Icon: icon, Kind: kind, Large: "big"}
}

// door says how the door stands and offers to open it.
func (s *stepView) door(t *text.Printer, v round.View, name string) {
	if v.Current.Kind != locker.PlaceCompartment {
		s.Lines = append(s.Lines, t.T("audit.step.look"))
		return
	}
	open := &ui.ButtonView{Text: t.T("audit.step.open", "name", name), Icon: "door-open", Large: "big"}
	switch {
	case v.Sheet.Door == locker.DoorAjar:
		s.Lines = append(s.Lines, t.T("audit.step.is_open", "name", name))
		return
	case v.Opening.State == cloud.IntentDone && v.Current.State == round.Todo:
		s.Lines = append(s.Lines, t.T("audit.step.asked", "name", name))
		open.Text, open.Kind = t.T("audit.step.again", "name", name), "ghost"
	default:
		s.Lines = append(s.Lines, t.T("audit.step.shut"))
	}
	s.Open = open
}

func other(t *text.Printer, v round.View, f typed, action string) *otherView {
	o := &otherView{
		Title: t.T("audit.step.other"), Open: f.open,
		Scan: ui.FieldView{
			ID: "scan", Label: t.T("audit.step.scan"), Hint: t.T("audit.step.scan.hint"), LTR: true, MaxLength: 100, Autocomplete: "off",
			Autofocus: f.open && len(f.errs) == 0,
		},
		Add:    ui.ButtonView{Text: t.T("audit.step.scan.add"), Icon: "plus", Kind: "ghost"},
		Seen:   ui.ChoicesView{ID: "seen", Name: "seen", Legend: t.T("audit.step.seen"), Multiple: true},
		Found:  ui.ChoicesView{ID: "found", Name: "found", Legend: t.T("audit.step.found"), Multiple: true},
		Labels: ui.ChoicesView{ID: "label", Name: "label", Legend: t.T("audit.step.labels"), Multiple: true},
		More: ui.FieldView{
			ID: "more", Label: t.T("audit.step.more"), InputMode: "numeric", Value: f.more, MaxLength: 2, LTR: true,
		},
		Note: ui.FieldView{ID: "note", Label: t.T("audit.step.note"), Value: f.note, MaxLength: 500},
		Send: ui.ButtonView{
			Text: t.T("audit.step.send"), Icon: "check", Large: "big", Name: "said", Value: string(round.Differs),
			Attrs: map[string]any{"formaction": action + "/answer"},
		},
	}
	for _, e := range f.errs {
		switch e.Field {
		case "scan":
			o.Scan.Error = e.Text
		case "more":
			o.More.Error = e.Text
		}
	}
	for _, d := range v.Sheet.Parcels {
		o.Seen.Options = append(o.Seen.Options, ui.Option{
			Value: string(d.Stay), Text: parcelWords(t, d), Selected: slices.Contains(f.seen, string(d.Stay)),
		})
	}
	for _, c := range f.found {
		o.Known = append(o.Known, c.stay+choiceMark+c.words)
		o.Found.Options = append(o.Found.Options, ui.Option{Value: c.stay, Text: c.words, Selected: c.chosen})
	}
	for _, l := range f.labels {
		o.Labels.Options = append(o.Labels.Options, ui.Option{Value: l, Text: text.LTR(l), Selected: true})
	}
	return o
}
