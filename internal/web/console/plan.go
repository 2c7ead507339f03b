package console

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"cubby/internal/cloud"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// PlannedSite is what a plan makes of a building.
type PlannedSite struct {
	Query   string // the plan's state, canonical: ask with it again
	Planner string // path of the planner
	Lead    string // the recommendation in one sentence
	Layout  locker.Layout
	Doors   []PlannedDoors // by size
	Boards  int
	Fronts  []templ.Component
}

// PlannedDoors is how many doors of a size a plan has.
type PlannedDoors struct {
	Size locker.Size
	N    int
}

// planner makes a layout of the state of a plan; see [Options.Plan].
type planner func(ctx context.Context, q url.Values, t *text.Printer) (PlannedSite, error)

// properties is what a new site needs beside its layout.
type properties interface {
	Properties(ctx context.Context, p cloud.Principal) ([]cloud.PropertyView, error)
	CreateProperty(ctx context.Context, p cloud.Principal, d cloud.PropertyDraft) (string, error)
	CreateSite(ctx context.Context, p cloud.Principal, d cloud.SiteDraft) (locker.SiteID, error)
}

const (
	maxSiteName = 200
	maxZone     = 60 // the longest name of a zone has some 30 letters
)

// planView is the page that makes a site of a plan.
type planView struct {
	Shell    ui.ShellView
	Errors   ui.ErrorSummaryView
	Lead     string
	Text     string
	Facts    []factView
	Fronts   []templ.Component
	Front    string // what the drawings show, for screen readers
	Action   string
	Name     ui.FieldView
	Property *ui.FieldView // nil: there is none yet
	Zone     ui.FieldView
	Submit   ui.ButtonView
	Back     ui.ButtonView
}

type planForm struct{ name, property, zone string }

// planForm shows what a plan would make, and asks what is missing.
func (c *Console) planForm(w http.ResponseWriter, r *http.Request, pg page) error {
	plan, known, err := c.planned(r, pg)
	if err != nil {
		return err
	}
	f := planForm{}
	if len(known) > 0 {
		f.property = known[0].ID
	}
	return write(w, r, planPage(c.planView(pg, plan, known, f, nil)))
}

// planned reads the plan of the address for somebody who may make a site of it.
func (c *Console) planned(r *http.Request, pg page) (PlannedSite, []cloud.PropertyView, error) {
	if c.plan == nil {
		return PlannedSite{}, nil, locker.Errorf(locker.CodeNotFound, "the planner is switched off")
	}
	if !pg.who.May(cloud.RoleManager) {
		return PlannedSite{}, nil, locker.Errorf(locker.CodeNotAllowed, "making a site takes a manager")
	}
	known, err := c.cloud.Properties(r.Context(), pg.who)
	if err != nil {
		return PlannedSite{}, nil, err
	}
	plan, err := c.plan(r.Context(), r.URL.Query(), pg.t)
	return plan, known, err
}

// planMake makes the site and leads to where its controller gets its token.
func (c *Console) planMake(w http.ResponseWriter, r *http.Request, pg page) error {
	plan, known, err := c.planned(r, pg)
	if err != nil {
		return err
	}
	f := planForm{
		name: strings.TrimSpace(r.PostFormValue("name")), property: r.PostFormValue("property"),
		zone: strings.TrimSpace(r.PostFormValue("zone")),
	}
	var errs []ui.FormError
	if f.name == "" || len(f.name) > maxSiteName {
		errs = append(errs, ui.FormError{Field: "name", Text: pg.t.T("planner.new.name.missing")})
	}
	if _, err := time.LoadLocation(f.zone); f.property == "" && (err != nil || f.zone == "" || f.zone == "Local") {
		errs = append(errs, ui.FormError{Field: "zone", Text: pg.t.T("planner.new.zone.wrong")})
	}
	if len(errs) > 0 {
		return invalid(w, r, planPage(c.planView(pg, plan, known, f, errs)), nil)
	}
	if f.property == "" {
		f.property, err = c.cloud.CreateProperty(r.Context(), pg.who, cloud.PropertyDraft{Name: f.name, TimeZone: f.zone})
		if err != nil {
			return err
		}
	}
	site, err := c.cloud.CreateSite(r.Context(), pg.who, cloud.SiteDraft{
		Property: f.property, Name: f.name, Layout: plan.Layout, Policy: locker.DefaultPolicy(),
	})
	if err != nil {
		return err
	}
	c.done(w, r, siteHref(site, "/health"), "site_planned")
	return nil
}

func (c *Console) planView(pg page, plan PlannedSite, known []cloud.PropertyView, f planForm, errs []ui.FormError) planView {
	t := pg.t
	v := planView{
		Shell:  c.shell(pg, shellOf{title: t.T("planner.new.title"), nav: "sites", failed: len(errs) > 0}),
		Errors: summary(pg, errs), Lead: plan.Lead, Text: t.T("planner.new.text"), Fronts: plan.Fronts, Front: t.T("planner.step.6"),
		Action: planPath + "?" + plan.Query,
		Name: ui.FieldView{
			ID: "name", Label: t.T("planner.new.name"), Hint: t.T("planner.new.name.hint"), Value: f.name, Required: true,
			MaxLength: maxSiteName, Error: errorOf(errs, "name"), Autocomplete: "off", Autofocus: len(errs) == 0,
		},
		Zone: ui.FieldView{
			ID: "zone", Label: t.T("planner.new.zone"), Hint: t.T("planner.new.zone.hint"), Value: f.zone, LTR: true,
			MaxLength: maxZone, Error: errorOf(errs, "zone"), Autocomplete: "off",
		},
		Submit: ui.ButtonView{Text: t.T("planner.new.do"), Icon: "plus", Large: "big"},
		Back:   ui.ButtonView{Text: t.T("planner.new.back"), Kind: "ghost", Href: plan.Planner + "?" + plan.Query},
	}
	places := 0
	for _, room := range plan.Layout.Rooms {
		places += len(room.Shelves)
	}
	var doors []string
	for _, d := range plan.Doors {
		part := fmt.Sprintf("%s %s", t.Number(d.N), d.Size)
		if t.Dir() == "rtl" {
			part = text.LTR(part) // number and letter stay together
		}
		doors = append(doors, part)
	}
	for _, fact := range []factView{
		{Name: t.T("planner.new.doors"), Value: t.List(doors...)},
		{Name: t.T("planner.new.boards"), Value: t.Number(plan.Boards)},
		{Name: t.T("planner.new.places"), Value: t.Number(places)},
	} {
		if fact.Value != "" && fact.Value != t.Number(0) {
			v.Facts = append(v.Facts, fact)
		}
	}
	if len(known) == 0 {
		return v
	}
	v.Property = &ui.FieldView{ID: "property", Label: t.T("planner.new.property"), Type: "select"}
	for _, p := range known {
		v.Property.Options = append(v.Property.Options, ui.Option{Value: p.ID, Text: p.Name, Selected: p.ID == f.property})
	}
	v.Property.Options = append(v.Property.Options, ui.Option{Value: "", Text: t.T("planner.new.property.new"), Selected: f.property == ""})
	return v
}

// planPath is where a plan becomes a site.
const planPath = "/sites/new-from-plan"
