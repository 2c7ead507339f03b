// Package codes draws the page of the settings that says how hard the codes of each site are to guess,
// and sets how many wrong ones a site takes. It knows nothing of sessions.
package codes

import (
	"context"
	"errors"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/credential"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// Backend is what the page asks of a Cloud; see there for what the methods do.
type Backend interface {
	Site(ctx context.Context, p cloud.Principal, site locker.SiteID) (cloud.SiteView, error)
	Codes(ctx context.Context, p cloud.Principal, site locker.SiteID) (credential.Assessment, error)
	SetPolicy(ctx context.Context, p cloud.Principal, site locker.SiteID, pol locker.Policy) error
}

var _ Backend = (*cloud.Cloud)(nil)

// Request is who asks for the page, and what for.
type Request struct {
	Cloud  Backend
	Who    cloud.Principal
	Text   *text.Printer
	Sites  []cloud.SiteSummary
	Site   cloud.SiteSummary // the one that the form is about
	Action string            // address of the form
	Form   url.Values        // what was sent; nil: the page is only shown
}

// View is the page.
type View struct {
	Shell  ui.ShellView
	Errors ui.ErrorSummaryView
	Intro  string
	Table  ui.TableView
	Weak   []ui.BannerView
	Form   *formView // nil: who asks may not change it
	Head   string
	Forms  []Fact
}

type formView struct {
	Heading, Text, Action string
	Field                 ui.FieldView
	Submit                ui.ButtonView
}

// Fact is a line of a list.
type Fact struct{ Name, Value string }

// fieldGuesses names the field of the form.
const fieldGuesses = "guesses"

// Answer returns the page without its shell. With a form it saves the number of guesses first; saved says
// that there is nothing wrong with it.
func Answer(ctx context.Context, r Request) (v View, saved bool, err error) {
	a, err := r.Cloud.Codes(ctx, r.Who, r.Site.ID)
	if err != nil {
		return v, false, err
	}
	value, problem := strconv.Itoa(a.Policy.Limits.Site.N), ""
	if r.Form != nil {
		value = strings.TrimSpace(r.Form.Get(fieldGuesses))
		if problem, err = save(ctx, r, a, value); err != nil {
			return v, false, err
		}
		if problem == "" {
			return v, true, nil
		}
	}
	return r.view(ctx, a, value, problem)
}

// save sets the number of guesses. problem says what is wrong with it, in the person's language.
func save(ctx context.Context, r Request, a credential.Assessment, value string) (problem string, err error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return r.Text.T("console.codes.guesses.missing"), nil //nolint:nilerr // said at the field
	}
	site, err := r.Cloud.Site(ctx, r.Who, r.Site.ID)
	if err != nil {
		return "", err
	}
	site.Policy.Guesses = n
	err = r.Cloud.SetPolicy(ctx, r.Who, r.Site.ID, site.Policy)
	if errors.Is(err, &locker.Error{Code: locker.CodeInputInvalid}) {
		return tooWeak(r.Text, a), nil
	}
	return "", err
}

// tooWeak says which number of guesses would do.
func tooWeak(t *text.Printer, a credential.Assessment) string {
	if a.Most == 0 {
		return t.T("console.codes.too_many")
	}
	return t.T("console.codes.too_weak", "most", t.Number(a.Most), "odds", odds(t, credential.MaxChance))
}

func (r Request) view(ctx context.Context, a credential.Assessment, value, problem string) (View, bool, error) {
	t := r.Text
	v := View{
		Intro: t.T("console.codes.intro", "odds", odds(t, credential.MaxChance)), Head: t.T("console.codes.forms"),
		Forms: forms(t, a.Policy),
		Table: ui.TableView{
			ID: "codes", Caption: t.T("console.codes.title"), Empty: ui.EmptyView{Text: t.T("console.sites.none")},
			Columns: []ui.ColumnView{
				{Text: t.T("console.site")},
				{Text: t.T("console.codes.chance")},
				{Text: t.T("console.column.state")},
				{Text: t.T("console.codes.guesses"), Numeric: true},
				{Text: t.T("console.codes.live"), Numeric: true},
			},
		},
	}
	for _, s := range r.Sites {
		of := a
		if s.ID != r.Site.ID {
			var err error
			if of, err = r.Cloud.Codes(ctx, r.Who, s.ID); err != nil {
				return v, false, err
			}
		}
		badge := ui.BadgeView{Text: t.T("console.codes.strong"), Kind: "ok"}
		if of.Wrong != nil {
			badge = ui.BadgeView{Text: t.T("console.codes.weak"), Kind: "danger", Icon: "triangle-alert"}
			v.Weak = append(v.Weak, ui.BannerView{
				Kind: "danger", Icon: "triangle-alert", Text: t.T("console.codes.weak.text", "site", s.Name, "what", tooWeak(t, of)),
			})
		}
		v.Table.Rows = append(v.Table.Rows, ui.RowView{Cells: []ui.CellView{
			{Text: s.Name},
			{Text: odds(t, of.Chance)},
			{Component: ui.Badge(badge)},
			{Text: t.Number(int(of.Policy.Limits.Site.PerDay()))},
			{Text: t.Number(of.Counts.Live)},
		}})
	}
	if r.Who.May(cloud.RoleManager) {
		v.Form = r.form(a, value, problem)
	}
	if problem != "" {
		v.Errors = ui.ErrorSummaryView{Title: t.T("common.problem"), Errors: []ui.FormError{{Field: fieldGuesses, Text: problem}}}
	}
	return v, false, nil
}

func (r Request) form(a credential.Assessment, value, problem string) *formView {
	t := r.Text
	hint := t.T("console.codes.guesses.hint", "most", t.Number(a.Most))
	if a.Most == 0 {
		hint = t.T("console.codes.too_many")
	}
	return &formView{
		Heading: t.T("console.codes.set", "site", r.Site.Name), Text: t.T("console.codes.flood"), Action: r.Action,
		Field: ui.FieldView{
			ID: fieldGuesses, Label: t.T("console.codes.guesses"), Hint: hint, Value: value, Error: problem, InputMode: "numeric",
			LTR: true, Required: true, MaxLength: 4, Autocomplete: "off",
		},
		Submit: ui.ButtonView{Text: t.T("common.save"), Icon: "check"},
	}
}

// forms says what a code consists of.
func forms(t *text.Printer, p credential.Policy) []Fact {
	return []Fact{
		{t.T("console.codes.symbols"), t.T("console.codes.symbols.what", "n", t.Number(p.Symbols), "of", t.Number(len(credential.Alphabet)))},
		{t.T("console.codes.digits"), t.T("console.codes.digits.what", "n", t.Number(p.Digits))},
		{t.T("console.codes.token"), t.T("console.codes.token.what")},
	}
}

// odds writes a chance as people say it: "1 in 18,000", with two digits that count.
func odds(t *text.Printer, chance float64) string {
	if chance <= 0 {
		return t.T("console.codes.never")
	}
	n := 1 / chance
	if step := math.Pow(10, math.Floor(math.Log10(n))-1); step > 1 {
		n = math.Round(n/step) * step
	}
	return t.T("console.codes.odds", "n", t.Number(int(max(math.Round(n), 1))))
}

// Policy lists how a site handles parcels.
func Policy(t *text.Printer, p locker.Policy) []Fact {
	yes := t.T("common.no")
	if p.Consolidate {
		yes = t.T("common.yes")
	}
	var falls []string
	for _, f := range p.Fallback {
		falls = append(falls, t.T("console.fall."+string(f)))
	}
	facts := []Fact{
		{t.T("console.policy.consolidate"), yes},
		{t.T("console.policy.hold"), t.Duration(time.Duration(p.HoldHours) * time.Hour)},
		{t.T("console.policy.undo"), t.Duration(time.Duration(p.UndoSeconds) * time.Second)},
		{t.T("console.policy.grace"), t.Duration(time.Duration(p.GraceSeconds) * time.Second)},
		{t.T("console.policy.ajar"), t.Duration(time.Duration(p.AjarSeconds) * time.Second)},
		{t.T("console.policy.reserve"), t.Duration(time.Duration(p.ReserveMinutes) * time.Minute)},
	}
	if len(falls) > 0 {
		facts = append(facts, Fact{t.T("console.policy.fallback"), t.List(falls...)})
	}
	return facts
}
