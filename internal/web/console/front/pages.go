package front

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"cubby/internal/cloud"
	"cubby/internal/cloud/desk"
	"cubby/internal/cloud/label"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/ui"
)

// Desk is what the front desk does; see [desk.Desk] for what the methods do.
type Desk interface {
	LogDelivery(ctx context.Context, p cloud.Principal, site locker.SiteID, d desk.Draft) (locker.IntentID, error)
	UndoDelivery(ctx context.Context, p cloud.Principal, site locker.SiteID, stay locker.StayID) (locker.IntentID, error)
	FindByCode(ctx context.Context, p cloud.Principal, site locker.SiteID, code string) ([]cloud.Delivery, error)
	HandOver(ctx context.Context, p cloud.Principal, site locker.SiteID, h desk.Hand) (locker.IntentID, error)
	Clear(ctx context.Context, p cloud.Principal, site locker.SiteID, stays []locker.StayID, outcome, reason string) (locker.IntentID, error)
	Printing
}

// Printing is what the desk prints, and its settings.
type Printing interface {
	Preview(ctx context.Context, p cloud.Principal, site locker.SiteID, what desk.Print) (desk.Paper, error)
	PDF(ctx context.Context, p cloud.Principal, site locker.SiteID, what desk.Print) ([]byte, error)
	Print(ctx context.Context, p cloud.Principal, site locker.SiteID, what desk.Print) error
	Printed(ctx context.Context, p cloud.Principal, site locker.SiteID, stays []locker.StayID) error
	SetDesk(ctx context.Context, p cloud.Principal, site locker.SiteID, s cloud.DeskSettings) error
}

var _ Desk = (*desk.Desk)(nil)

// Pages serve slips, labels and the settings of the desk. Site returns a site with its settings.
type Pages struct {
	Desk Printing
	Site func(ctx context.Context, p cloud.Principal, site locker.SiteID) (cloud.SiteView, error)
}

// Visit is what the console knows of a request.
type Visit struct {
	Text  *text.Printer
	Who   cloud.Principal
	Site  cloud.SiteSummary
	Now   time.Time
	Base  string // address of the site
	Shell func(title string, failed bool) ui.ShellView
	Done  func(w http.ResponseWriter, r *http.Request, address, did string)
}

// Route is one address below a site.
type Route struct {
	Method string
	Path   string
	Handle func(w http.ResponseWriter, r *http.Request, v Visit) error
}

// Routes lists the addresses.
func (p *Pages) Routes() []Route {
	return []Route{
		{http.MethodGet, "/labels", p.labels},
		{http.MethodPost, "/labels", p.labels},
		{http.MethodPost, "/labels/pdf", p.pdf},
		{http.MethodPost, "/labels/print", p.print},
		{http.MethodPost, "/labels/printed", p.printed},
		{http.MethodGet, "/desk", p.settings},
		{http.MethodPost, "/desk", p.change},
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

func escape(s string) string { return url.QueryEscape(s) }

// pollAttributes let a list draw itself anew while something moves.
func pollAttributes(address string) templ.Attributes {
	if address == "" {
		return nil
	}
	return templ.Attributes{"hx-get": address, "hx-trigger": "every 2s", "hx-swap": "outerMorph"}
}

type labelsView struct {
	Shell  ui.ShellView
	Result *ui.BannerView
	Text   string
	Forms  []formView
	Hidden []ui.Hidden
	Links  []ui.ButtonView
	Labels []labelView
}

type formView struct {
	Action string
	Submit ui.ButtonView
}

type labelView struct {
	Picture string
	Words   string
}

// asked is what a form or an address wants printed. Without a place all shelves and the desk are meant.
func (p *Pages) asked(r *http.Request, v Visit) (desk.Print, error) {
	if err := r.ParseForm(); err != nil {
		return desk.Print{}, locker.Errorf(locker.CodeInputInvalid, "the form cannot be read: %v", err)
	}
	what := desk.Print{Kind: desk.Kind(r.Form.Get("kind")), Language: v.Text.Lang()}
	for _, s := range r.Form["stay"] {
		what.Stays = append(what.Stays, locker.StayID(s))
	}
	for _, s := range r.Form["place"] {
		what.Places = append(what.Places, locker.PlaceID(s))
	}
	if what.Kind != desk.KindPlace || len(what.Places) > 0 {
		return what, nil
	}
	site, err := p.Site(r.Context(), v.Who, v.Site.ID)
	if err != nil {
		return what, err
	}
	for _, place := range site.Layout.Places() {
		if place.Kind != locker.PlaceCompartment {
			what.Places = append(what.Places, place.ID)
		}
	}
	return what, nil
}

// labels shows what would be printed. A slip shows a code, so it is shown by a form only.
func (p *Pages) labels(w http.ResponseWriter, r *http.Request, v Visit) error {
	return p.show(w, r, v, nil)
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request, v Visit, result *ui.BannerView) error {
	what, err := p.asked(r, v)
	if err != nil {
		return err
	}
	site, err := p.Site(r.Context(), v.Who, v.Site.ID)
	if err != nil {
		return err
	}
	t, base := v.Text, v.Base+"/labels"
	view := labelsView{
		Shell: v.Shell(t.T("desk.print."+string(kindOf(what.Kind))), false), Result: result, Text: t.T("desk.print.intro"),
		Hidden: []ui.Hidden{{Name: "kind", Value: string(what.Kind)}},
		Links:  []ui.ButtonView{{Text: t.T("console.nav.log"), Kind: "ghost", Icon: "package-plus", Href: v.Base + "/log"}},
	}
	for _, s := range what.Stays {
		view.Hidden = append(view.Hidden, ui.Hidden{Name: "stay", Value: string(s)})
	}
	for _, s := range what.Places {
		view.Hidden = append(view.Hidden, ui.Hidden{Name: "place", Value: string(s)})
	}
	if what.Kind == desk.KindSlip && r.Method == http.MethodGet {
		view.Text = t.T("desk.print.private")
		view.Forms = []formView{{base, ui.ButtonView{Text: t.T("desk.print.show"), Icon: "qr-code"}}}
		return ui.Write(w, r, http.StatusOK, labelsPage(view))
	}
	paper, err := p.Desk.Preview(r.Context(), v.Who, v.Site.ID, what)
	if err != nil {
		return err
	}
	if view.Labels, err = pictures(paper); err != nil {
		return err
	}
	if site.Settings.Desk.Printer != "" {
		view.Forms = append(view.Forms, formView{base + "/print", ui.ButtonView{Text: t.T("desk.print.printer"), Icon: "printer"}})
	}
	if t.Dir() == "ltr" { // the fonts of a PDF know Latin letters only: this page is printed instead
		view.Forms = append(view.Forms, formView{base + "/pdf", ui.ButtonView{Text: t.T("desk.print.pdf"), Icon: "download", Kind: "ghost"}})
	}
	if what.Kind == desk.KindSlip {
		view.Forms = append(view.Forms, formView{base + "/printed", ui.ButtonView{Text: t.T("desk.print.printed"), Icon: "check", Kind: "ghost"}})
	}
	w.Header().Set("Cache-Control", "no-store")
	return ui.Write(w, r, http.StatusOK, labelsPage(view))
}

func kindOf(k desk.Kind) desk.Kind {
	if k == desk.KindSlip || k == desk.KindPlace {
		return k
	}
	return desk.KindParcel
}

func pictures(paper desk.Paper) ([]labelView, error) {
	var all []labelView
	for _, l := range paper.Labels {
		picture, err := label.SVG(l, paper.Size)
		if err != nil {
			return nil, err
		}
		words := strings.Join(append([]string{l.Title, l.Big}, l.Lines...), ". ")
		all = append(all, labelView{Picture: picture, Words: words})
	}
	return all, nil
}

func (p *Pages) pdf(w http.ResponseWriter, r *http.Request, v Visit) error {
	what, err := p.asked(r, v)
	if err != nil {
		return err
	}
	paper, err := p.Desk.PDF(r.Context(), v.Who, v.Site.ID, what)
	if err != nil {
		return p.failed(w, r, v, err)
	}
	h := w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `attachment; filename="labels.pdf"`)
	h.Set("Cache-Control", "no-store")
	_, err = w.Write(paper) //nolint:gosec // a PDF of our own making, sent as one
	return err              //nolint:wrapcheck // the connection's
}

func (p *Pages) print(w http.ResponseWriter, r *http.Request, v Visit) error {
	what, err := p.asked(r, v)
	if err == nil {
		err = p.Desk.Print(r.Context(), v.Who, v.Site.ID, what)
	}
	if err != nil {
		return p.failed(w, r, v, err)
	}
	return p.show(w, r, v, &ui.BannerView{Kind: "info", Icon: "circle-check", Text: v.Text.T("desk.print.sent")})
}

func (p *Pages) printed(w http.ResponseWriter, r *http.Request, v Visit) error {
	what, err := p.asked(r, v)
	if err == nil {
		err = p.Desk.Printed(r.Context(), v.Who, v.Site.ID, what.Stays)
	}
	if err != nil {
		return p.failed(w, r, v, err)
	}
	return p.show(w, r, v, &ui.BannerView{Kind: "info", Icon: "circle-check", Text: v.Text.T("desk.print.told")})
}

// failed shows the page again with what is wrong.
func (p *Pages) failed(w http.ResponseWriter, r *http.Request, v Visit, err error) error {
	var domain *locker.Error
	if !errors.As(err, &domain) {
		return err
	}
	words := v.Text.Error(string(domain.Code), "code", string(domain.Code))
	if domain.Code == locker.CodeInputInvalid {
		words = v.Text.T("desk.print.script")
	}
	return p.show(w, r, v, &ui.BannerView{Kind: "danger", Icon: "circle-alert", Text: words})
}
