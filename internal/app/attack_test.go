package app_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cubby/internal/app"
	"cubby/internal/app/demo"
	"cubby/internal/auth"
	"cubby/internal/commission"
	"cubby/internal/credential"
	"cubby/internal/journal"
	"cubby/internal/locker"
	"cubby/internal/web/resident"
	"cubby/internal/wire"
)

// attacker sends guesses from a program, as fast as they are answered.
type attacker struct {
	t    *testing.T
	http http.Client

	mu      sync.Mutex
	answers map[string]int // by what was guessed and what came of it
}

func newAttacker(t *testing.T) *attacker {
	t.Helper()
	return &attacker{
		t: t, answers: map[string]int{}, http: http.Client{
			Timeout:       time.Minute,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// send sends one request and counts its answer: the status and, when the page holds one of them, the
// words that say whether a guess was evaluated.
func (a *attacker) send(what string, r *http.Request, words ...string) {
	resp, err := a.http.Do(r)
	if err != nil {
		a.t.Errorf("%s: %v", what, err)
		return
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		a.t.Errorf("%s: %v", what, err)
		return
	}
	result := resp.Status[:3]
	for _, w := range words {
		if strings.Contains(string(body), w) {
			result += " " + w
			break
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answers[what+": "+result]++
}

func (a *attacker) request(method, address string, form url.Values) *http.Request {
	r, err := http.NewRequestWithContext(a.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		a.t.Error(err)
		return nil
	}
	r.Header.Set("Accept-Language", "en")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

const (
	saidWrong   = "No parcel has this code"
	saidFlooded = "Too many wrong codes"
)

// kiosk guesses at one panel: symbols, a unit's number with digits, and tokens.
func (a *attacker) kiosk(base, panel string, key credential.Key, n int) {
	for i := range n {
		code := credential.Derive(key, fmt.Sprintf("%s:%d:%s", base, i, panel), 1)
		address := base + "/kiosk/" + panel
		a.send("symbols", a.request(http.MethodPost, address+"/code", url.Values{"code": {code.Symbols()}}), saidWrong, saidFlooded)
		a.send("digits", a.request(http.MethodPost, address+"/code", url.Values{"code": {code.Digits()}, "unit": {"101"}}), saidWrong, saidFlooded)
		if i%10 == 0 { // each of them is a record
			a.send("token", a.request(http.MethodPost, address+"/scan", url.Values{"scan": {code.Token()}}))
		}
	}
}

// server guesses at what the server half keeps: links, API tokens, passwords.
func (a *attacker) server(base string, n int) {
	for i := range n {
		link := strings.Repeat("A", 20) + fmt.Sprintf("%04d", i)
		a.send("link", a.request(http.MethodGet, base+resident.Prefix+link, nil))
		_, secret, err := auth.NewAPIToken(rand.Reader, auth.APIToken{Organization: "o", Scopes: auth.Scopes()})
		if err != nil {
			a.t.Error(err)
			return
		}
		api := a.request(http.MethodGet, base+"/api/v1/sites", nil)
		api.Header.Set("Authorization", "Bearer "+string(secret))
		a.send("API token", api)
		a.send("password", a.request(http.MethodPost, base+"/sign-in", url.Values{
			"email": {"owner@cubby.example"}, "password": {fmt.Sprintf("three quiet parcel%d", i)},
		}))
	}
}

// service guesses the one-time code of the page for installers.
func (a *attacker) service(base string, n int) {
	for i := range n {
		a.send("service code", a.request(http.MethodPost, base+"/service/code", url.Values{"code": {fmt.Sprintf("%08d", i)}}))
	}
}

// dock is a site of its own in the house, that can be cut off and started again at another time.
type dock struct {
	opts app.SiteOptions
	site *app.Site
}

func newDock(t *testing.T, house *demo.House) *dock {
	t.Helper()
	// Without lock boards: a line's deadlines would follow the clock that this test moves.
	d := &dock{opts: siteOptions(filepath.Join(t.TempDir(), "dock"), freePort(t))}
	d.opts.Config.Kiosk.Listen = freePort(t)
	token, err := auth.ParseEnrolmentToken(newSite(t, house))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := app.Enrol(t.Context(), d.opts, token); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *dock) start(t *testing.T, skew time.Duration) {
	t.Helper()
	opts := d.opts
	opts.Now = func() time.Time { return time.Now().Add(skew) }
	var err error
	if d.site, err = app.NewSite(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	if err := d.site.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the directory", func() bool {
		home, err := d.site.Controller.Home(t.Context(), "p")
		return err == nil && home.Ready
	})
}

// counted counts the wrong codes in the site's record.
func (d *dock) counted(t *testing.T) (n int) {
	t.Helper()
	for from := uint64(1); ; {
		records, err := d.site.Journal.Read(t.Context(), 1, from, journal.MaxRead)
		if err != nil {
			t.Fatal(err)
		}
		if len(records) == 0 {
			return n
		}
		from += uint64(len(records))
		for _, r := range records {
			op, err := wire.DecodeOperation(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range op.Facts {
				if refused, ok := f.(locker.CodeRefused); ok && refused.Reason == locker.CodeCodeWrong {
					n++
				}
			}
		}
	}
}

// serveService starts the page for installers beside the site, with a code that somebody made.
func (d *dock) serveService(t *testing.T) (base string, stop func()) {
	t.Helper()
	s, err := app.NewService(app.ServiceOptions{SiteOptions: d.opts, Site: d.site})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	codes, err := app.ServiceCodes(d.opts)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := codes.New(rand.Reader); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the page", func() bool { return listens(d.opts.Config.Service.Listen) })
	return "http://" + d.opts.Config.Service.Listen, func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}
}

// A program guesses at every door of a real house at once: the kiosk's, the installers' page, the server's
// links, tokens and passwords. The controller is started again in between, an hour and a month ahead and
// back. What is evaluated stays within the policy, and all of it is on record.
func TestAttack_EverywhereAtOnce(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts a whole house")
	}
	house := startHouse(t)
	d := newDock(t, house)
	key, err := credential.NewKey([]byte("the key of a stranger, 32 bytes!"))
	if err != nil {
		t.Fatal(err)
	}
	a, began := newAttacker(t), time.Now()
	tokens := 0
	for boot, skew := range []time.Duration{0, time.Hour, 30 * 24 * time.Hour, -time.Hour} {
		d.start(t, skew)
		var bots sync.WaitGroup
		for panel := range 4 {
			bots.Go(func() { a.kiosk("http://"+d.opts.Config.Kiosk.Listen, fmt.Sprintf("p%d-%d", boot, panel), key, 30) })
			tokens += 3
		}
		bots.Go(func() { a.server(house.Server.URL(), 10) }) // beside the kiosk, each time
		if boot == 0 {
			base, stop := d.serveService(t)
			bots.Go(func() { a.service(base, commission.CodeTries) })
			bots.Wait()
			stop()
			codes, err := app.ServiceCodes(d.opts)
			if err != nil || codes.Live() {
				t.Errorf("after %d wrong service codes: %v, still live", commission.CodeTries, err)
			}
		}
		bots.Wait()
		told := a.answers["symbols: 422 "+saidWrong] + a.answers["digits: 422 "+saidWrong] + tokens
		if on := d.counted(t); on != told {
			t.Errorf("boot %d: %d were told that a code is wrong, %d are on record: %v", boot, told, on, a.answers)
		}
		if err := d.site.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%v", a.answers)
	a.judge(tokens, time.Since(began))
}

// judge compares the answers with what the policies let through.
func (a *attacker) judge(tokens int, took time.Duration) {
	a.t.Helper()
	most := func(what string, n int) {
		a.t.Helper()
		if got := a.answers[what]; got > n || got == 0 {
			a.t.Errorf("%s: %d times, want 1 to %d", what, got, n)
		}
	}
	most("symbols: 422 "+saidWrong, 20)
	most("digits: 422 "+saidWrong, 5) // of one unit in a day
	most("symbols: 422 "+saidFlooded, 480)
	most("digits: 422 "+saidFlooded, 480)
	most("password: 422", 8+1+int(took/(30*time.Second))) // at once, and one more each half a minute
	most("password: 429", 40)
	for what, n := range map[string]int{"link: 404": 40, "API token: 401": 40, "token: 422": tokens} {
		if got := a.answers[what]; got != n {
			a.t.Errorf("%s: %d times, want %d", what, got, n)
		}
	}
	all := 0
	for what, n := range a.answers {
		all += n
		if strings.Contains(what, ": 2") && !strings.HasPrefix(what, "service code") || strings.Contains(what, ": 3") || strings.Contains(what, ": 5") {
			a.t.Errorf("%s: %d times", what, n)
		}
	}
	a.t.Logf("%d guesses", all)
}
