package app_test

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cubby/board"
	"cubby/board/rs485"
	"cubby/board/virtual"
	"cubby/internal/app"
	"cubby/internal/app/demo"
	"cubby/internal/auth"
	"cubby/internal/cloud"
	"cubby/internal/commission"
	"cubby/internal/config"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/store"
	"cubby/internal/wire"
)

// freePort returns an address that nobody listens at.
func freePort(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func siteOptions(dir, listen string, buses ...config.Bus) app.SiteOptions {
	c := config.Default().Controller
	c.DataDir, c.Service.Listen, c.Buses, c.Kiosk.Listen = dir, listen, buses, "127.0.0.1:0"
	return app.SiteOptions{
		Config: c, Logger: slog.New(slog.DiscardHandler), Version: "test", Now: time.Now, Random: rand.Reader,
		NewID: store.NewIDs(time.Now, rand.Reader).New,
	}
}

// installer is a phone on the local network.
type installer struct {
	t    *testing.T
	base string
	http http.Client
	page string // as it was last shown
}

func newInstaller(t *testing.T, listen string) *installer {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &installer{t: t, base: "http://" + listen, http: http.Client{Jar: jar, Timeout: 30 * time.Second}}
}

// does sends a form, or asks for a page when there is none, and wants these words in the answer.
func (i *installer) does(path string, form url.Values, wants ...string) {
	i.t.Helper()
	var resp *http.Response
	var err error
	if form == nil {
		resp, err = i.http.Get(i.base + path)
	} else {
		if _, rest, ok := strings.Cut(i.page, `name="step" value="`); ok {
			step, _, _ := strings.Cut(rest, `"`)
			form.Set("step", step)
		}
		resp, err = i.http.PostForm(i.base+path, form)
	}
	if err != nil {
		i.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		i.t.Fatal(err)
	}
	i.page = strings.NewReplacer("\u2066", "", "\u2069", "").Replace(string(body))
	for _, want := range wants {
		if !strings.Contains(i.page, want) {
			i.t.Fatalf("%s: status %d, the page lacks %q:\n%.4000s", path, resp.StatusCode, want, i.page)
		}
	}
}

func bankOf(t *testing.T, channels int) (*virtual.World, config.Bus) {
	t.Helper()
	world, err := virtual.NewWorld(virtual.Options{Now: time.Now, Boards: map[board.Address]int{1: channels}})
	if err != nil {
		t.Fatal(err)
	}
	slave, err := rs485.NewSlave(rs485.SlaveOptions{World: world, Polarity: rs485.PolarityClosing})
	if err != nil {
		t.Fatal(err)
	}
	l, err := virtual.ListenTCP(t.Context(), "127.0.0.1:0", slave.Serve)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Stop() }) // whatever the last connection said
	return world, config.Bus{
		Name: "left", Port: l.Spec(), Family: "rs485", Boards: []int{1}, Options: config.BusOptions{Channels: channels},
	}
}

// A new controller serves the page with the code that its own terminal shows. An installer finds the
// board, opens both doors, and ends; the record verifies and holds each opening.
func TestService_BeforeEnrolment(t *testing.T) {
	t.Parallel()
	world, bus := bankOf(t, 2)
	dir, listen := t.TempDir(), freePort(t)
	codes := make(chan string, 1)
	s, err := app.NewService(app.ServiceOptions{
		SiteOptions: siteOptions(dir, listen, bus), Announce: func(code string, _ []string) { codes <- code },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	phone := newInstaller(t, listen)
	phone.does("/", nil, "Enter the code")
	phone.does("/service/code", url.Values{"code": {<-codes}}, "Look for boards", "Join a site")
	phone.does("/service/probe", url.Values{}, "left/1", "answers")
	phone.does("/service/begin", url.Values{"columns": {"2"}}, "Next: door A01")
	phone.does("/service/open", url.Values{}, "Did door A01 open?", "left/1/1")
	phone.does("/service/answer", url.Values{"kind": {"yes"}, "next": {"yes"}}, "Did door A02 open?")
	phone.does("/service/answer", url.Values{"kind": {"yes"}}, "Every door is tested")
	phone.does("/service/sensors", nil, "A01", "open")
	phone.does("/service/sheet", url.Values{"site": {"Harbour"}, "installer": {"Olive"}}, "2 of 2 doors good", "cubby verify")
	phone.does("/service/end", url.Values{}, "The session has ended")
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if n := len(world.Pulses()); n != 2 {
		t.Errorf("%d pulses, want 2", n)
	}
	key, err := auth.LoadIdentity(filepath.Join(dir, app.IdentityFile))
	if err != nil {
		t.Fatal(err)
	}
	report, err := journal.VerifyFile(t.Context(), filepath.Join(dir, app.CommissionFile), journal.VerifyOptions{Site: key.Public()})
	if err != nil || report.Fault() != nil || report.Records() != 6 { // session, 2 x (asked, opened), end
		t.Errorf("the record: %v, %v, %d records", err, report.Fault(), report.Records())
	}
}

// A token that is typed on the page makes the controller a site's: the page ends, and the controller goes
// on with its work. From then on nobody tests doors beside it.
func TestService_JoinsASite(t *testing.T) {
	t.Parallel()
	house := startHouse(t)
	_, bus := bankOf(t, 2)
	dir, listen := t.TempDir(), freePort(t)
	codes := make(chan string, 1)
	opts := siteOptions(dir, listen, bus)
	s, err := app.NewService(app.ServiceOptions{SiteOptions: opts, Announce: func(code string, _ []string) { codes <- code }})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	phone := newInstaller(t, listen)
	phone.does("/service/code", url.Values{"code": {<-codes}}, "Join a site")
	phone.does("/service/enrol", url.Values{"token": {"nonsense"}}, "no enrolment token")
	phone.does("/service/enrol", url.Values{"token": {newSite(t, house)}}, "starts its work now")
	select {
	case <-s.Enrolled():
	case <-time.After(10 * time.Second):
		t.Fatal("the page does not notice that the controller has joined")
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := app.OpenBench(t.Context(), opts, nil); err == nil || !strings.Contains(err.Error(), "belongs to a site") {
		t.Errorf("doors are tested beside a site's controller: %v", err)
	}
	site, err := app.NewSite(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := site.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	if err := site.Stop(); err != nil {
		t.Error(err)
	}
}

func startHouse(t *testing.T) *demo.House {
	t.Helper()
	house, err := demo.Start(context.WithoutCancel(t.Context()), demo.Options{
		Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler), Now: time.Now, Random: rand.Reader,
		NewID: store.NewIDs(time.Now, rand.Reader).New, Version: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := house.Stop(); err != nil {
			t.Error(err)
		}
	})
	return house
}

// newSite makes another site of the house and returns a token for its controller.
func newSite(t *testing.T, house *demo.House) string {
	t.Helper()
	c := house.Server.Cloud
	owner, err := c.Operator(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	property, err := c.CreateProperty(t.Context(), owner, cloud.PropertyDraft{Name: "Dock", TimeZone: "UTC"})
	if err != nil {
		t.Fatal(err)
	}
	layout, err := commission.PlanColumns([]int{2}, []commission.Board{{Bus: "left", Address: 1, Channels: 2, Sees: true}})
	if err != nil {
		t.Fatal(err)
	}
	site, err := c.CreateSite(t.Context(), owner, cloud.SiteDraft{
		Property: property, Name: "Dock 1", Layout: layout, Policy: locker.DefaultPolicy(),
	})
	if err != nil {
		t.Fatal(err)
	}
	token, err := c.CreateEnrolToken(t.Context(), owner, site)
	if err != nil {
		t.Fatal(err)
	}
	return string(token)
}

// Beside a running controller the page answers nobody without a code, opens doors through the controller
// and onto its record, and is gone after the end.
func TestService_BesideTheController(t *testing.T) {
	t.Parallel()
	house := startHouse(t)
	opts := siteOptions(filepath.Join(t.TempDir(), "side"), freePort(t))
	s, err := app.NewService(app.ServiceOptions{SiteOptions: opts, Site: house.Bank.Site})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1500 * time.Millisecond) // of real time: what must not happen has no signal
	if listens(opts.Config.Service.Listen) {
		t.Fatal("the page answers before anybody made a code")
	}
	codes, err := app.ServiceCodes(opts)
	if err != nil {
		t.Fatal(err)
	}
	code, err := codes.New(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the page", func() bool { return listens(opts.Config.Service.Listen) })
	phone := newInstaller(t, opts.Config.Service.Listen)
	phone.does("/service/code", url.Values{"code": {code}}, "Look for boards")
	phone.does("/service/probe", url.Values{}, "lockers/1", "The layout of this site is used")
	phone.does("/service/begin", url.Values{}, "Next: door A01", "0 of 45")
	phone.does("/service/open", url.Values{}, "Did door A01 open?", "Sensors that moved")
	phone.does("/service/answer", url.Values{"kind": {"yes"}}, "1 of 45")
	phone.does("/service/end", url.Values{}, "The session has ended")
	waitFor(t, "the page to go", func() bool { return !listens(opts.Config.Service.Listen) })
	if err := s.Stop(); err != nil {
		t.Error(err)
	}
	if asked, ended := serviceFacts(t, house.Bank.Site); asked != 1 || ended != 1 {
		t.Errorf("the site's record holds %d openings by a service session and %d ends of one", asked, ended)
	}
}

func listens(address string) bool {
	conn, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	return conn.Close() == nil
}

func waitFor(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for range 100 {
		if ready() {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("waited 10 s for %s", what)
}

// serviceFacts counts what service sessions left on a site's record.
func serviceFacts(t *testing.T, site *app.Site) (asked, ended int) {
	t.Helper()
	records, err := site.Journal.Read(t.Context(), 1, 1, journal.MaxRead)
	if err != nil {
		t.Fatal(err)
	}
	sessions := map[locker.SessionID]bool{}
	for _, r := range records {
		op, err := wire.DecodeOperation(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range op.Facts {
			switch f := f.(type) {
			case locker.SessionBegan:
				sessions[f.Session] = strings.HasPrefix(string(f.Grant), "service:")
			case locker.OpenRequested:
				if sessions[f.Session] {
					asked++
				}
			case locker.SessionEnded:
				if sessions[f.Session] {
					ended++
				}
			}
		}
	}
	return asked, ended
}
