package console

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/commission"
	"cubby/internal/commission/remote"
	"cubby/internal/locker"
	"cubby/internal/web/console/banktest"
	"cubby/internal/web/service"
	"cubby/internal/web/ui"
)

// BankTests lead an installer through the test of a bank; see [remote.Desk] for what the methods do.
type BankTests interface {
	View(ctx context.Context, p cloud.Principal, site locker.SiteID) (remote.View, error)
	Begin(ctx context.Context, p cloud.Principal, site locker.SiteID) error
	Open(ctx context.Context, p cloud.Principal, site locker.SiteID, step string) error
	Answer(ctx context.Context, p cloud.Principal, site locker.SiteID, step string, a commission.Answer) error
	Undo(ctx context.Context, p cloud.Principal, site locker.SiteID) error
	Repeat(ctx context.Context, p cloud.Principal, site locker.SiteID, door string) error
	Apply(ctx context.Context, p cloud.Principal, site locker.SiteID) error
	Sheet(ctx context.Context, p cloud.Principal, site locker.SiteID) (commission.Sheet, error)
}

var _ BankTests = (*remote.Desk)(nil)

const (
	testPath  = "/test"
	testDoors = "/test/doors"
	// testLook is how often an open test is looked at: what counts down shows seconds.
	testLook = time.Second
	// testViewers bounds the open tests of this server: each reads once in testLook.
	testViewers = 100
)

// said are codes that the step itself explains; every other error is a page of its own.
func saidAtStep(code locker.Code) bool {
	switch code { //nolint:exhaustive // the rest are no part of a test
	case locker.CodeConflict, locker.CodeRemoteLimit, locker.CodeSiteOffline, locker.CodeInputInvalid:
		return true
	}
	return false
}

// commission is the step of the test at hand, or the offer to begin one.
func (c *Console) commission(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.showTest(w, r, pg, "")
}

// testRequest is what the pages of the test need to know of a request.
func testRequest(pg page, v remote.View) banktest.Request {
	return banktest.Request{
		Text: pg.t, Action: siteHref(pg.site.ID, testPath), Now: pg.now, Zone: pg.zone, Site: siteBanner(pg.t, v.Site, pg.now),
	}
}

func (c *Console) showTest(w http.ResponseWriter, r *http.Request, pg page, problem string) error {
	v, err := c.tests.View(r.Context(), pg.who, pg.site.ID)
	if err != nil {
		return err
	}
	page := banktest.PageView{
		Shell: c.shell(pg, shellOf{title: pg.t.T("console.commission.title"), nav: "sites", live: true, failed: problem != ""}),
		Live:  siteHref(pg.site.ID, testPath+streamSuffix), Part: banktest.Of(testRequest(pg, v), v),
	}
	if problem != "" {
		page.Problem = &ui.BannerView{Kind: "warn", Icon: "triangle-alert", Text: problem}
	}
	if wait := look(v); wait > 0 { // a page without scripts asks again by itself
		w.Header().Set("Refresh", strconv.Itoa(wait)+"; url="+siteHref(pg.site.ID, testPath))
	}
	status := http.StatusOK
	if problem != "" {
		status = http.StatusUnprocessableEntity
	}
	return ui.Write(w, r, status, banktest.Page(page))
}

// look is after how many seconds the step is another one without anybody doing anything; 0: never.
func look(v remote.View) int {
	switch {
	case v.Pending:
		return 2
	case v.Walk != nil && v.Step.Kind == commission.StepOpen && v.Wait > 0:
		return int(math.Ceil(v.Wait.Seconds())) + 1
	}
	return 0
}

// commissionStream sends the step whenever it has changed: the facts of the site, another phone, the
// seconds until the next opening.
func (c *Console) commissionStream(w http.ResponseWriter, r *http.Request, pg page) error {
	select {
	case c.testers <- struct{}{}:
		defer func() { <-c.testers }()
	default:
		return locker.Errorf(locker.CodeRateLimited, "too many tests are open")
	}
	stream, err := ui.OpenStream(w, r, c.now)
	if err != nil {
		return nil // the page went away before the first byte
	}
	tick := time.NewTicker(testLook)
	defer tick.Stop()
	var last string
	for beat := 0; ; beat++ {
		if err := c.sendTest(r, pg, stream, &last); err != nil {
			c.log.DebugContext(r.Context(), "live test ended", slog.String("site", string(pg.site.ID)), slog.Any("error", err))
			return nil
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-tick.C:
		}
		if beat%int(livePing/testLook) != 0 {
			continue
		}
		if _, err := c.principal(r); err != nil {
			return nil // signed out: the page asks again and is led to the sign-in
		}
		if err := stream.Ping(); err != nil {
			return nil // the page went away
		}
	}
}

func (c *Console) sendTest(r *http.Request, pg page, stream *ui.Stream, last *string) error {
	pg.now = c.now()
	v, err := c.tests.View(r.Context(), pg.who, pg.site.ID)
	if err != nil {
		return err
	}
	var html strings.Builder
	if err := banktest.Update(banktest.Of(testRequest(pg, v), v)).Render(r.Context(), &html); err != nil {
		return err
	}
	if html.String() == *last {
		return nil
	}
	*last = html.String()
	return stream.SendHTML("", []byte(*last))
}

// commissionStep runs a step and shows the test again; what the step itself explains is said there.
func (c *Console) commissionStep(w http.ResponseWriter, r *http.Request, pg page, err error) error {
	var label bool
	switch code := codeOf(err); {
	case err == nil:
		ui.Redirect(w, r, siteHref(pg.site.ID, testPath))
		return nil
	case errors.Is(err, commission.ErrBoards):
		return c.showTest(w, r, pg, pg.t.T("service.said.boards"))
	case errors.Is(err, commission.ErrLabel):
		label = true
	case code == locker.CodeConflict:
		return c.showTest(w, r, pg, pg.t.T("service.said.step"))
	case code == locker.CodeRemoteLimit:
		return c.showTest(w, r, pg, pg.t.T("console.commission.limit"))
	case saidAtStep(code):
		return c.showTest(w, r, pg, pg.t.Error(string(code), "code", string(code)))
	}
	if label {
		return c.showTest(w, r, pg, pg.t.T("service.said.label"))
	}
	return err
}

func (c *Console) commissionBegin(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.commissionStep(w, r, pg, c.tests.Begin(r.Context(), pg.who, pg.site.ID))
}

func (c *Console) commissionOpen(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.commissionStep(w, r, pg, c.tests.Open(r.Context(), pg.who, pg.site.ID, r.PostFormValue("step")))
}

// commissionAnswer takes what the person saw and goes on to the next door when they want that and the
// site takes it; else the page says how long to wait.
func (c *Console) commissionAnswer(w http.ResponseWriter, r *http.Request, pg page) error {
	a := commission.Answer{Kind: commission.AnswerKind(r.PostFormValue("kind"))}
	for _, l := range r.PostForm["labels"] {
		for part := range strings.SplitSeq(l, ",") {
			if part = strings.TrimSpace(part); part != "" {
				a.Labels = append(a.Labels, part)
			}
		}
	}
	if a.Kind != commission.AnswerOther && a.Kind != commission.AnswerSeveral {
		a.Labels = nil
	}
	err := c.tests.Answer(r.Context(), pg.who, pg.site.ID, r.PostFormValue("step"), a)
	if err != nil || r.PostFormValue("next") == "" {
		return c.commissionStep(w, r, pg, err)
	}
	v, err := c.tests.View(r.Context(), pg.who, pg.site.ID)
	if err == nil && v.Step.Kind == commission.StepOpen && v.Wait == 0 && !v.Pending {
		err = c.tests.Open(r.Context(), pg.who, pg.site.ID, v.Name)
	}
	return c.commissionStep(w, r, pg, err)
}

func (c *Console) commissionUndo(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.commissionStep(w, r, pg, c.tests.Undo(r.Context(), pg.who, pg.site.ID))
}

func (c *Console) commissionRepeat(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.commissionStep(w, r, pg, c.tests.Repeat(r.Context(), pg.who, pg.site.ID, r.PostFormValue("door")))
}

// commissionDoors lists all doors with their results, what was found, and how the test is handed over.
func (c *Console) commissionDoors(w http.ResponseWriter, r *http.Request, pg page) error {
	return c.showResults(w, r, pg, "")
}

func (c *Console) showResults(w http.ResponseWriter, r *http.Request, pg page, problem string) error {
	v, err := c.tests.View(r.Context(), pg.who, pg.site.ID)
	if err != nil {
		return err
	}
	if v.Walk == nil {
		ui.Redirect(w, r, siteHref(pg.site.ID, testPath))
		return nil
	}
	page := banktest.ResultsOf(testRequest(pg, v), v)
	page.Shell = c.shell(pg, shellOf{title: pg.t.T("console.commission.results"), nav: "sites", failed: problem != ""})
	status := http.StatusOK
	if problem != "" {
		page.Problem, status = &ui.BannerView{Kind: "danger", Icon: "circle-alert", Text: problem}, http.StatusConflict
	}
	return ui.Write(w, r, status, banktest.ResultsPage(page))
}

// commissionApply makes the wiring that was found the site's layout.
func (c *Console) commissionApply(w http.ResponseWriter, r *http.Request, pg page) error {
	err := c.tests.Apply(r.Context(), pg.who, pg.site.ID)
	var rule *locker.Error
	switch {
	case err == nil:
		c.done(w, r, siteHref(pg.site.ID, testDoors), "commission")
		return nil
	case errors.As(err, &rule) && rule.Code == locker.CodeConflict:
		return c.showResults(w, r, pg, pg.t.T("console.commission.apply.refused"))
	}
	return err
}

// commissionSheet is the hand-over sheet: to print, or to keep as a file.
func (c *Console) commissionSheet(w http.ResponseWriter, r *http.Request, pg page) error {
	sheet, err := c.tests.Sheet(r.Context(), pg.who, pg.site.ID)
	if err != nil {
		return err
	}
	html, err := service.RenderSheet(r.Context(), pg.t, sheet, pg.zone)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Security-Policy", string(service.SheetPolicy()))
	if r.URL.Query().Get("save") != "" {
		w.Header().Set("Content-Disposition", `attachment; filename="hand-over.html"`)
	}
	return ui.WriteHTML(w, r, http.StatusOK, html)
}

// commissionLayout sends the layout file as the doors really hang.
func (c *Console) commissionLayout(w http.ResponseWriter, r *http.Request, pg page) error {
	v, err := c.tests.View(r.Context(), pg.who, pg.site.ID)
	if err != nil {
		return err
	}
	if v.Walk == nil {
		return locker.Errorf(locker.CodeNotFound, "no test of the doors was begun")
	}
	h := w.Header()
	h.Set("Content-Type", "application/yaml; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="layout.yaml"`)
	_, err = w.Write(commission.WriteLayout(v.Walk.Layout(), "Made by the test of the doors of "+string(pg.site.ID)+"."))
	return err
}
