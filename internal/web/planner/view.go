package planner

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"cubby/internal/auth"
	"cubby/internal/sizing"
	"cubby/internal/sizing/catalogue"
	"cubby/internal/sizing/drawing"
	"cubby/internal/text"
	"cubby/internal/web/planner/report"
	"cubby/internal/web/ui"
)

// pageView is the whole assistant.
type pageView struct {
	Document   ui.DocumentView
	Style      string
	Script     string
	Skip       string
	Brand      string
	Languages  []ui.NavItem
	SignIn     ui.ButtonView
	Title      string
	Intro      string
	StepsText  string
	Steps      []ui.NavItem
	Step       string
	Lang       string      // chosen by the address; "" for none
	Kept       []ui.Hidden // what a log showed
	Sections   []sectionView
	Log        logView
	Answer     answerView
	AnswerName string
	Errors     []ui.FormError
	Summary    ui.ErrorSummaryView
	Update     string
	Back, Next string
	BackStep   string
	NextStep   string
	Over       ui.ButtonView
	Working    string
}

// sectionView is one step of the form.
type sectionView struct {
	N      string
	Title  string
	Text   string
	Groups []groupView
	Note   string // sources that stand beside the fields
	Notes  string // heading of Note
	Log    bool   // the log of deliveries stands here
}

// groupView is some fields in a row, under a legend when they belong together.
type groupView struct {
	Legend string
	Hint   string
	Fields []fieldView
	Badge  *badgeView
}

// fieldView is a field with what is known of its value.
type fieldView struct {
	Key, Label, Hint, Unit string
	Value                  string
	Options                []ui.Option // of a choice; drawn as a list, or as buttons when Radio
	Radio                  bool
	Text                   bool // letters too
	Error                  string
	Badge                  *badgeView
}

// badgeView says where a value comes from.
type badgeView struct {
	ID, Kind, Text, Source, SourceText string
}

// logView is where a log of deliveries goes in.
type logView struct {
	Title, Text, Action, File, Pasted, PastedHint, Submit, Error string
	Used                                                         string // what stands in the address from a log
}

// answerView is the answer, or why there is none yet.
type answerView struct {
	Title    string
	Problems []ui.FormError
	Problem  string // heading of Problems
	Trouble  *troubleView
	Stream   string // the full plan is being worked out: where it comes from
	Progress progressView
	Pill     string
	PillText string
	Report   *reportView
	Bar      string // in a few words
}

// reportView is what an answer says, most important first.
type reportView struct {
	Lead     string
	Open     report.Section
	More     ui.ButtonView // leads to every other figure
	Full     *ui.ButtonView
	FullText string
	Site     ui.ButtonView
	Share    shareView
	Files    []ui.ButtonView
	FilesTo  string
	FileNote string
}

type shareView struct{ Address, Text, Done, Note string }

type troubleView struct {
	Title, Text string
	Again       ui.ButtonView
}

type progressView struct{ Text, Percent string }

func (f *Face) view(v visit) pageView {
	t := v.t
	view := pageView{
		Document: ui.DocumentView{Lang: t.Lang(), Dir: t.Dir(), Theme: v.theme, Title: t.T("planner.title")},
		Style:    f.assetURL("planner.css"), Script: f.assetURL("planner.js"),
		Skip: t.T("common.skip"), Brand: f.opts.Name, Title: t.T("planner.title"), Intro: t.T("planner.intro"),
		StepsText: t.T("planner.steps"), Step: strconv.Itoa(v.step), Lang: v.chosen, AnswerName: t.T("planner.step.6"),
		SignIn: ui.ButtonView{Text: t.T("planner.sign_in"), Kind: "ghost", Href: "/sites"},
		Update: t.T("planner.update"), Back: t.T("common.back"), Next: t.T("planner.next"),
		BackStep: strconv.Itoa(max(v.step-1, firstStep)), NextStep: strconv.Itoa(min(v.step+1, answerStep)),
		Over:    ui.ButtonView{Text: t.T("planner.over"), Kind: "ghost", Icon: "undo-2", Href: Prefix},
		Working: t.T("planner.working"),
	}
	if view.Brand == "" {
		view.Brand = t.T("planner.name")
	}
	for _, l := range text.Languages() {
		other := v
		other.chosen = l.Tag
		view.Languages = append(view.Languages, ui.NavItem{Text: l.Name, Icon: l.Tag, Href: other.address(), Current: l.Tag == t.Lang()})
	}
	for n := firstStep; n <= answerStep; n++ {
		view.Steps = append(view.Steps, ui.NavItem{
			Text: t.T("planner.step." + strconv.Itoa(n)), Href: Prefix + "?" + v.query(n), Badge: strconv.Itoa(n), Current: n == v.step,
		})
	}
	view.Errors = formErrors(v)
	view.Summary = ui.ErrorSummaryView{Title: t.T("common.problem"), Errors: view.Errors}
	if len(view.Errors) > 0 {
		view.Document.Title = t.T("common.error_prefix", "title", view.Title)
	}
	view.Sections = sections(v, view.Errors)
	for _, key := range []string{"n", "wd", "sh", "sg", "od"} {
		if value := v.state.text(key); value != "" {
			view.Kept = append(view.Kept, ui.Hidden{Name: key, Value: value})
		}
	}
	view.Log = logFields(v)
	view.Answer = answerView{Title: t.T("planner.step.6"), Problem: t.T("common.problem"), Progress: progressView{Text: t.T("planner.working"), Percent: "0"}}
	return view
}

// formErrors says what is wrong in the visitor's language.
func formErrors(v visit) []ui.FormError {
	var all []ui.FormError
	for _, p := range v.problems {
		e := ui.FormError{Field: p.Key}
		if p.Code == "engine" {
			e.Text = v.t.T("planner.wrong.engine", "text", p.Text)
		} else {
			e.Text = v.t.T("planner.wrong."+p.Code, "low", p.Low, "high", p.High)
		}
		if p.Key != "" && v.t.Has("planner.field."+strings.TrimRight(p.Key, "1234")) {
			e.Text = v.t.T("planner.wrong.of", "field", label(v.t, p.Key), "text", e.Text)
		}
		if key := p.Key; key == "n" || key == "wd" || key == "sh" || key == "sg" || key == "od" {
			e.Field = "file" // what a log showed has no field of its own
		}
		all = append(all, e)
	}
	return all
}

// label names a field; the walls share their words.
func label(t *text.Printer, key string) string {
	base := strings.TrimRight(key, "1234")
	n, _ := strconv.Atoi(strings.TrimPrefix(key, base)) // 0: no wall
	return t.T("planner.field."+base, "n", string(rune('A'+max(n-1, 0))))
}

func sections(v visit, errs []ui.FormError) []sectionView {
	t := v.t
	field := func(key string) fieldView { return fieldOf(v, key, errs) }
	group := func(keys ...string) groupView {
		var g groupView
		for _, key := range keys {
			g.Fields = append(g.Fields, field(key))
		}
		return g
	}
	rate := group("rl", "rm", "rh")
	rate.Legend, rate.Hint = t.T("planner.rate"), t.T("planner.rate.hint")
	rate.Badge, rate.Fields[1].Badge = rate.Fields[1].Badge, nil
	published := sizing.Defaults().Demand.Rate.Source
	if rate.Badge != nil && rate.Badge.Source == published {
		rate.Badge.Source = "" // stands beside the fields
	}
	walls := []groupView{}
	for i := range maxWalls {
		n := strconv.Itoa(i + 1)
		g := group("w"+n, "o"+n)
		g.Legend = t.T("planner.wall", "name", string(rune('A'+i)))
		walls = append(walls, g)
	}
	room := group("rw", "rd")
	room.Legend, room.Hint = t.T("planner.room"), t.T("planner.room.hint")
	s := []sectionView{
		{Groups: []groupView{group("by"), group("u", "d")}, Log: true},
		{Groups: []groupView{rate, group("pf", "pw"), group("g", "gy")}, Note: published, Notes: t.T("planner.published")},
		{Groups: []groupView{group("m", "h"), group("co"), group("of"), group("t", "wk")}},
		{Groups: append(walls, group("ce"), room)},
		{Groups: []groupView{group("ca"), group("cu", "y")}},
	}
	for i := range s {
		s[i].N = strconv.Itoa(i + 1)
		s[i].Title, s[i].Text = t.T("planner.step."+s[i].N), t.T("planner.text."+s[i].N)
	}
	return s
}

func fieldOf(v visit, key string, errs []ui.FormError) fieldView {
	t := v.t
	base := strings.TrimRight(key, "1234")
	f := fieldView{Key: key, Label: label(t, key), Value: v.state.shown(key), Text: base == "o"}
	if t.Has("planner.hint." + base) {
		f.Hint = t.T("planner.hint." + base)
	}
	if key != "d" && t.Has("planner.unit."+base) { // its label says the unit
		f.Unit = t.T("planner.unit." + base)
	}
	for _, e := range errs {
		if e.Field == key && f.Error == "" {
			f.Error = e.Text
		}
	}
	for _, s := range specs() {
		if s.key != key {
			continue
		}
		for _, o := range s.options {
			f.Options = append(f.Options, ui.Option{Value: o, Text: optionText(t, key, o), Selected: v.state.text(key) == o})
		}
		f.Radio = len(s.options) > 0 && len(s.options) <= 3
	}
	if key == "by" && v.state.text("n") == "" {
		f.Options = slices.DeleteFunc(f.Options, func(o ui.Option) bool { return o.Value == "l" && !o.Selected })
	}
	f.Badge = badge(v, key)
	return f
}

func optionText(t *text.Printer, key, value string) string {
	switch key {
	case "cu":
		return value
	case "ca":
		if name := "planner.make." + value; t.Has(name) {
			return t.T("planner.make." + value)
		}
		if c, err := catalogue.Load(value); err == nil {
			return c.Name
		}
		return value
	}
	return t.T("planner.option." + key + "." + value)
}

func badge(v visit, key string) *badgeView {
	origin, source := v.state.origin(key, v.problem)
	b := &badgeView{ID: "b-" + key, Source: source, SourceText: v.t.T("planner.source")}
	switch origin {
	case basisNone:
		return nil
	case basisEntered:
		b.Kind, b.Text = "", v.t.T("planner.basis.entered")
	case basisLog:
		b.Kind, b.Text = "ok", v.t.T("planner.basis.log")
	case basisPublished:
		b.Kind, b.Text = "info", v.t.T("planner.basis.published")
	case basisAssumed:
		b.Kind, b.Text = "warn", v.t.T("planner.basis.assumed")
	}
	return b
}

func logFields(v visit) logView {
	t := v.t
	l := logView{
		Title: t.T("planner.log"), Text: t.T("planner.log.text"), Action: Prefix + "/log?" + v.query(firstStep),
		File: t.T("planner.log.file"), Pasted: t.T("planner.log.pasted"), PastedHint: t.T("planner.log.columns"), Submit: t.T("planner.log.read"),
	}
	if n := v.state.text("n"); n != "" {
		count, _ := strconv.Atoi(n)
		l.Used = t.N("planner.log.used", count, "day", v.state.text("d"))
	}
	return l
}

// fill puts an answer into the page.
func (p *pageView) fill(v visit, a sizing.Answer, rep *report.Report) {
	t := v.t
	r := &reportView{
		Lead: rep.Lead, FilesTo: t.T("planner.files"), FileNote: t.T("planner.files.note"),
		Share: shareView{Address: v.base + v.address(), Text: t.T("planner.share"), Done: t.T("planner.share.done"), Note: t.T("planner.share.note")},
		Site:  ui.ButtonView{Text: t.T("planner.site"), Icon: "plus", Href: SitePath + "?" + v.state.Query()},
	}
	more := Prefix + "/more?" + v.query(firstStep)
	if !a.Quick {
		more += "&full=1"
	}
	r.More = ui.ButtonView{Text: t.T("planner.more"), Kind: "ghost", Icon: "list", Href: more}
	v.full = true
	v.step = answerStep
	p.Answer.Pill, p.Answer.PillText = "ok", t.T("planner.full.done")
	if a.Quick {
		p.Answer.Pill, p.Answer.PillText = "", t.T("planner.quick")
		r.Site.Kind = "ghost"
		r.FullText = t.T("planner.full.text")
		r.Full = &ui.ButtonView{
			Text: t.T("planner.full"), Icon: "chart-column", Href: v.address(),
			Attrs: templ.Attributes{"hx-get": v.address(), "hx-target": "#answer", "hx-swap": "outerMorph"},
		}
	}
	for _, d := range downloads() {
		if !offered(d.name, t) {
			continue
		}
		key := strings.NewReplacer(".", "_", "-", "_").Replace(d.name)
		r.Files = append(r.Files, ui.ButtonView{
			Text: t.T("planner.file." + key), Icon: "download", Kind: "ghost", Href: Prefix + "/files/" + d.name + "?" + v.state.Query() + langQuery(v),
		})
	}
	r.Open, _ = arrange(rep)
	p.Answer.Report = r
	p.Answer.Bar = bar(r.Open)
}

func isFront(name string) bool { return strings.HasPrefix(name, "elevation") }

// arrange puts the front of the bank behind the figures of the answer, and the floor where a room belongs to it;
// everything else follows.
func arrange(rep *report.Report) (open report.Section, folded []report.Section) {
	first := func(name string) bool { return isFront(name) || rep.Room && name == "floor" }
	for _, s := range rep.Sections {
		if s.ID != "answer" {
			s.Blocks = slices.DeleteFunc(slices.Clone(s.Blocks), func(b report.Block) bool { return b.Drawing != nil && first(b.Drawing.Name) })
			if len(s.Blocks) > 0 {
				folded = append(folded, s)
			}
			continue
		}
		open = report.Section{ID: s.ID, Title: s.Title}
		for i, b := range s.Blocks {
			if i == 0 {
				continue // the lead stands above
			}
			open.Blocks = append(open.Blocks, b)
			if len(b.Facts) == 0 {
				continue
			}
			for _, d := range rep.Drawings() {
				if first(d.Name) {
					open.Blocks = append(open.Blocks, report.Block{Drawing: &d})
				}
			}
		}
	}
	return open, folded
}

// bar says the answer in a few words: how many doors, at what cost.
func bar(s report.Section) string {
	for _, b := range s.Blocks {
		if len(b.Facts) == 0 {
			continue
		}
		f := b.Facts[0]
		if f.More != "" { // doors, of which the label speaks
			return f.Label + ": " + f.Value
		}
		return f.Label + ": " + f.Value + " " + f.Unit
	}
	return ""
}

// logResultView says what a log showed, before it is used.
type logResultView struct {
	Page     pageView
	Title    string
	Text     string
	Facts    []report.Fact
	Warnings []string
	Heading  string // of Warnings
	Use      ui.ButtonView
	Back     ui.ButtonView
}

func (f *Face) logResult(v visit, warnings []string) logResultView {
	t := v.t
	view := logResultView{
		Page: f.view(v), Title: t.T("planner.log.shows"), Text: t.T("planner.log.kept"), Heading: t.T("planner.log.warnings"), Warnings: warnings,
		Use:  ui.ButtonView{Text: t.T("planner.log.use"), Icon: "check", Href: Prefix + "?" + v.query(2)},
		Back: ui.ButtonView{Text: t.T("common.back"), Kind: "ghost", Href: Prefix},
	}
	add := func(key, value, unit string) {
		if value != "" {
			view.Facts = append(view.Facts, report.Fact{Label: t.T("planner.log.fact." + key), Value: value, Unit: unit})
		}
	}
	n, _ := strconv.Atoi(v.state.text("n"))
	add("n", t.Number(n), "")
	add("d", v.state.text("d"), t.T("planner.unit.d"))
	if v.state.text("sg") != "" {
		add("m", v.state.text("m"), t.T("planner.unit.m"))
	}
	add("wd", strings.ReplaceAll(v.state.text("wd"), ",", " · "), "")
	add("sh", strings.ReplaceAll(v.state.text("sh"), ",", " · "), "%")
	if len(view.Warnings) > maxBlocks {
		view.Warnings = append(view.Warnings[:maxBlocks:maxBlocks], "…")
	}
	return view
}

func mustQuery(s State) url.Values {
	q, err := url.ParseQuery(s.Query())
	if err != nil {
		return url.Values{}
	}
	return q
}

func addressOf(r *http.Request) string { return auth.AddressKey(r.RemoteAddr) }

// Picture draws a scene inside a page; id keeps the names inside it apart from those of others.
func Picture(s *drawing.Scene, id string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		return drawing.SVG(w, s, drawing.SVGOptions{ID: id})
	})
}

func radioID(i int, key string) templ.Attributes {
	id := key
	if i > 0 {
		id += "-" + strconv.Itoa(i)
	}
	return templ.Attributes{"id": id, "aria-describedby": "e-" + key}
}

// describes names what stands at a field.
func describes(f fieldView) string {
	ids := "e-" + f.Key
	if f.Hint != "" {
		ids = "h-" + f.Key + " " + ids
	}
	if f.Badge != nil {
		ids += " b-" + f.Key
	}
	return ids
}

func invalid(f fieldView) string { return strconv.FormatBool(f.Error != "") }

func inputMode(f fieldView) string {
	if f.Text {
		return "text"
	}
	return "decimal"
}
