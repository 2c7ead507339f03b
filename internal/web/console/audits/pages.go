package audits

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/audit"
	"cubby/internal/cloud/round"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// Audits look into the books of a site; see [audit.Auditor] for what the methods do.
type Audits interface {
	Last(ctx context.Context, p cloud.Principal, site locker.SiteID) (audit.Report, bool, error)
	Run(ctx context.Context, p cloud.Principal, site locker.SiteID) (audit.Report, error)
}

// Rounds lead staff from place to place; see [round.Desk] for what the methods do.
type Rounds interface {
	Begin(ctx context.Context, p cloud.Principal, site locker.SiteID, d round.Draft) (string, error)
	List(ctx context.Context, p cloud.Principal, site locker.SiteID) ([]round.Summary, error)
	View(ctx context.Context, p cloud.Principal, site locker.SiteID, id string, place locker.PlaceID) (round.View, error)
	Open(ctx context.Context, p cloud.Principal, site locker.SiteID, id string, place locker.PlaceID) error
	Answer(ctx context.Context, p cloud.Principal, site locker.SiteID, id string, place locker.PlaceID, a round.Answer) error
	Skip(ctx context.Context, p cloud.Principal, site locker.SiteID, id string, place locker.PlaceID) error
	Finish(ctx context.Context, p cloud.Principal, site locker.SiteID, id string) error
	Scan(ctx context.Context, p cloud.Principal, site locker.SiteID, text string) ([]cloud.Delivery, error)
}

var (
	_ Audits = (*audit.Auditor)(nil)
	_ Rounds = (*round.Desk)(nil)
)

// Path is where the pages stand below a site.
const Path = "/audit"

// Pages serve the audit of one server. Layout returns the layout of a site.
type Pages struct {
	Audits Audits
	Rounds Rounds
	Layout func(ctx context.Context, p cloud.Principal, site locker.SiteID) (locker.Layout, error)
}

// Visit is what the console knows of a request.
type Visit struct {
	Text  *text.Printer
	Who   cloud.Principal
	Site  cloud.SiteSummary
	Now   time.Time
	Zone  *time.Location
	Home  string // path of the site's own page
	Base  string // path of these pages
	Shell func(title string, failed bool) ui.ShellView
}

// Handle answers a request. An error has not been answered yet.
type Handle func(w http.ResponseWriter, r *http.Request, v Visit) error

// Route is one address below [Path].
type Route struct {
	Method, Path string
	Handle       Handle
}

// Routes lists the addresses.
func (p *Pages) Routes() []Route {
	const one = "/rounds/{round}"
	return []Route{
		{"GET", "", p.overview},
		{"POST", "/run", p.run},
		{"POST", "/rounds", p.begin},
		{"GET", one, p.step},
		{"POST", one + "/open", p.open},
		{"POST", one + "/scan", p.scan},
		{"POST", one + "/answer", p.answer},
		{"POST", one + "/skip", p.skip},
		{"POST", one + "/finish", p.finish},
		{"GET", one + "/sheet", p.sheet},
		{"GET", one + "/sheet/{file}", p.file},
	}
}

// Line says in one line how the last audit of a site went, for the site's own page.
func (p *Pages) Line(r *http.Request, v Visit) (name, value string, err error) {
	report, ok, err := p.Audits.Last(r.Context(), v.Who, v.Site.ID)
	if err != nil {
		return "", "", err
	}
	return v.Text.T("audit.title"), line(v, report, ok), nil
}

func line(v Visit, r audit.Report, ok bool) string {
	switch {
	case !ok:
		return v.Text.T("audit.never")
	case r.Nothing():
		return v.Text.T("audit.fine", "when", v.Text.DayTime(r.At, v.Now, v.Zone))
	}
	return v.Text.T("audit.amiss", "when", v.Text.DayTime(r.At, v.Now, v.Zone), "n", v.Text.Number(len(r.Differences)))
}

func (p *Pages) overview(w http.ResponseWriter, r *http.Request, v Visit) error {
	return p.show(w, r, v, beginForm{scope: string(round.Doubtful)})
}

func (p *Pages) run(w http.ResponseWriter, r *http.Request, v Visit) error {
	if _, err := p.Audits.Run(r.Context(), v.Who, v.Site.ID); err != nil {
		return err
	}
	ui.Redirect(w, r, v.Base)
	return nil
}

// beginForm is what was typed to begin a guided audit, and what is wrong with it.
type beginForm struct {
	scope, bank, reason string
	errs                []ui.FormError
}

func (p *Pages) begin(w http.ResponseWriter, r *http.Request, v Visit) error {
	f := beginForm{scope: r.PostFormValue("scope"), bank: r.PostFormValue("bank"), reason: strings.TrimSpace(r.PostFormValue("reason"))}
	id, err := p.Rounds.Begin(r.Context(), v.Who, v.Site.ID, round.Draft{
		Scope: round.Scope(f.scope), Bank: locker.BankID(f.bank), Reason: f.reason,
	})
	switch code(err) { //nolint:exhaustive // the rest is no fault of what was typed
	case "":
		ui.Redirect(w, r, v.round(id))
		return nil
	case locker.CodeInputInvalid:
		f.errs = []ui.FormError{{Field: "reason", Text: v.Text.T("audit.round.reason.missing")}}
	case locker.CodeNotFound:
		f.errs = []ui.FormError{{Field: "scope", Text: v.Text.T("audit.round.nothing")}}
	default:
		return err
	}
	return p.show(w, r, v, f)
}

func (v Visit) round(id string) string { return v.Base + "/rounds/" + url.PathEscape(id) }

// at is the page of one place of a guided audit.
func (v Visit) at(id string, place locker.PlaceID) string {
	return v.round(id) + "?place=" + url.QueryEscape(string(place))
}

// code returns the stable code of an error of the rules; empty: none.
func code(err error) locker.Code {
	var rule *locker.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &rule):
		return rule.Code
	}
	return locker.CodeInternal
}

// typed is what a person has told of a place so far.
type typed struct {
	seen, labels []string
	found        []choice
	more, note   string
	open         bool // the details were used
	errs         []ui.FormError
}

// choice is a parcel that is booked somewhere else.
type choice struct {
	stay, words string
	chosen      bool
}

// choiceMark parts a stay from the words that the page shows of it.
const choiceMark = "\x1f"

func readTyped(r *http.Request) typed {
	f := typed{
		seen: r.PostForm["seen"], labels: r.PostForm["label"], more: strings.TrimSpace(r.PostFormValue("more")),
		note: strings.TrimSpace(r.PostFormValue("note")), open: true,
	}
	for _, known := range r.PostForm["known"] {
		stay, words, _ := strings.Cut(known, choiceMark)
		c := choice{stay: stay, words: words}
		for _, chosen := range r.PostForm["found"] {
			c.chosen = c.chosen || chosen == stay
		}
		f.found = append(f.found, c)
	}
	return f
}

func (p *Pages) step(w http.ResponseWriter, r *http.Request, v Visit) error {
	return p.showStep(w, r, v, locker.PlaceID(r.URL.Query().Get("place")), typed{})
}

// did shows the next place, or the same one with what is wrong.
func (p *Pages) did(w http.ResponseWriter, r *http.Request, v Visit, err error, f typed) error {
	id, place := r.PathValue("round"), locker.PlaceID(r.PostFormValue("place"))
	var words string
	switch c := code(err); c { //nolint:exhaustive // the rest has words of its own
	case "":
		ui.Redirect(w, r, v.round(id))
		return nil
	case locker.CodeInternal, locker.CodeNotFound, locker.CodeNotAllowed:
		return err
	case locker.CodeRemoteLimit:
		words = v.Text.T("audit.step.limit")
	case locker.CodeSiteOffline:
		words = v.Text.T("audit.step.waiting")
	case locker.CodeConflict:
		words = v.Text.T("audit.step.conflict")
	default:
		words = v.Text.Error(string(c), "code", string(c))
	}
	f.errs = []ui.FormError{{Text: words}}
	return p.showStep(w, r, v, place, f)
}

func (p *Pages) open(w http.ResponseWriter, r *http.Request, v Visit) error {
	id, place := r.PathValue("round"), locker.PlaceID(r.PostFormValue("place"))
	err := p.Rounds.Open(r.Context(), v.Who, v.Site.ID, id, place)
	if err == nil {
		ui.Redirect(w, r, v.at(id, place))
		return nil
	}
	return p.did(w, r, v, err, typed{})
}

func (p *Pages) skip(w http.ResponseWriter, r *http.Request, v Visit) error {
	err := p.Rounds.Skip(r.Context(), v.Who, v.Site.ID, r.PathValue("round"), locker.PlaceID(r.PostFormValue("place")))
	return p.did(w, r, v, err, typed{})
}

func (p *Pages) finish(w http.ResponseWriter, r *http.Request, v Visit) error {
	if err := p.Rounds.Finish(r.Context(), v.Who, v.Site.ID, r.PathValue("round")); err != nil {
		return err
	}
	ui.Redirect(w, r, v.round(r.PathValue("round"))+"/sheet")
	return nil
}

// scan takes what a scanner or a person typed and shows the place again with what that is.
func (p *Pages) scan(w http.ResponseWriter, r *http.Request, v Visit) error {
	f := readTyped(r)
	label, place := strings.TrimSpace(r.PostFormValue("scan")), locker.PlaceID(r.PostFormValue("place"))
	if label != "" {
		parcels, err := p.Rounds.Scan(r.Context(), v.Who, v.Site.ID, label)
		if err != nil {
			return err
		}
		f.add(v, label, place, parcels)
	}
	return p.showStep(w, r, v, place, f)
}

// add files a label: what is booked here is seen, what is booked somewhere else is found, the rest is nobody's.
// Of several parcels that fit, the person chooses.
func (f *typed) add(v Visit, label string, place locker.PlaceID, parcels []cloud.Delivery) {
	if len(parcels) == 0 {
		f.labels = append(f.labels, label)
		return
	}
	for _, d := range parcels {
		if d.Place == place {
			f.seen = append(f.seen, string(d.Stay))
			continue
		}
		words := parcelWords(v.Text, d) + " · " + v.Text.T("audit.step.found.at", "name", d.PlaceName)
		known := false
		for i := range f.found {
			if f.found[i].stay == string(d.Stay) {
				known, f.found[i].chosen = true, f.found[i].chosen || len(parcels) == 1
			}
		}
		if !known {
			f.found = append(f.found, choice{stay: string(d.Stay), words: words, chosen: len(parcels) == 1})
		}
	}
}

func (p *Pages) answer(w http.ResponseWriter, r *http.Request, v Visit) error {
	f := readTyped(r)
	a := round.Answer{Said: round.Said(r.PostFormValue("said")), Note: f.note}
	if a.Said == round.Differs {
		for _, s := range f.seen {
			a.Seen = append(a.Seen, locker.StayID(s))
		}
		for _, c := range f.found {
			if c.chosen {
				a.Found = append(a.Found, locker.StayID(c.stay))
			}
		}
		a.Labels = f.labels
		if f.more != "" {
			more, err := strconv.Atoi(f.more)
			if err != nil || more < 0 || more > locker.MaxStrangers {
				f.errs = []ui.FormError{{Field: "more", Text: v.Text.Error(string(locker.CodeInputInvalid))}}
				return p.showStep(w, r, v, locker.PlaceID(r.PostFormValue("place")), f)
			}
			a.More = more
		}
		if len(a.Seen)+len(a.Found)+len(a.Labels)+a.More == 0 {
			f.errs = []ui.FormError{{Field: "scan", Text: v.Text.T("audit.step.nothing_chosen")}}
			return p.showStep(w, r, v, locker.PlaceID(r.PostFormValue("place")), f)
		}
	} else {
		f.open = false
	}
	err := p.Rounds.Answer(r.Context(), v.Who, v.Site.ID, r.PathValue("round"), locker.PlaceID(r.PostFormValue("place")), a)
	return p.did(w, r, v, err, f)
}
