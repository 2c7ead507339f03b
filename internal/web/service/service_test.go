package service_test

import (
	"bytes"
	"context"
	"errors"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"cubby/internal/commission"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/service"
)

// Nothing but the code's own page is served to somebody without a code.
func TestRoutes_AskForTheCode(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	closed := 0
	for _, route := range b.Routes() {
		if route.Open {
			continue
		}
		closed++
		b.leads(b.ask(route.Method, route.Path, url.Values{"kind": {"yes"}}), "/service/code")
	}
	if closed < 12 || b.opener.pulses() != 0 {
		t.Errorf("%d closed routes, %d pulses", closed, b.opener.pulses())
	}
	b.shows(b.get("/service/code"), http.StatusOK, "Enter the code", `autocomplete="one-time-code"`)
}

func TestCode_LetsOneVisitorIn(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.shows(b.ask(http.MethodPost, "/service/code", url.Values{"code": {"12345678"}}), http.StatusUnprocessableEntity, "No code works now")
	b.enter()
	c := b.cookie
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.MaxAge != 7200 || len(c.Value) < 40 || c.Path != "/service" {
		t.Errorf("the cookie is %+v", c)
	}
	b.shows(b.get("/service"), http.StatusOK, "Look for boards")
	first := b.cookie
	b.cookie = nil
	b.enter() // somebody else has a code
	b.cookie, first = first, b.cookie
	b.leads(b.get("/service"), "/service/code")
	b.cookie = first
	b.shows(b.get("/service"), http.StatusOK)
	b.now = b.now.Add(service.VisitFor)
	b.leads(b.get("/service"), "/service/code")
	if err := b.Sweep(t.Context()); err != nil || b.opener.closed != 1 || b.Active() {
		t.Errorf("after two hours: %v, closed %d, active %t", err, b.opener.closed, b.Active())
	}
}

// Wrong codes end a code, and the page says so.
func TestCode_EndsAfterWrongOnes(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	code, err := b.codes.New(zeros{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range commission.CodeTries {
		want := "That is not the code"
		if i == commission.CodeTries-1 {
			want = "No code works now"
		}
		b.shows(b.ask(http.MethodPost, "/service/code", url.Values{"code": {"99999999"}}), http.StatusUnprocessableEntity, want)
	}
	b.shows(b.ask(http.MethodPost, "/service/code", url.Values{"code": {code}}), http.StatusUnprocessableEntity, "No code works now")
}

// A bus that cannot be opened is said, and lets nobody in.
func TestCode_SaysWhyThereIsNoSession(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(_ *bench, o *service.Options) {
		o.Open = func(context.Context) (service.Work, error) {
			return service.Work{}, errors.New("open serial:/dev/ttyUSB9: no such port")
		}
	})
	code, err := b.codes.New(zeros{})
	if err != nil {
		t.Fatal(err)
	}
	b.shows(b.ask(http.MethodPost, "/service/code", url.Values{"code": {code}}), http.StatusUnprocessableEntity, "no such port", "Get a new code")
	b.leads(b.get("/service"), "/service/code")
}

// zeros draws the same code each time.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A page elsewhere can neither be shown under another name nor send a form here.
func TestFace_KeepsOtherPagesOut(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.enter()
	for host, status := range map[string]int{
		"192.0.2.7:8481": 200, "[2001:db8::7]:8481": 200, "localhost:8481": 200, "locker-7": 200, "locker-7.local:8481": 200,
		"evil.example": http.StatusMisdirectedRequest, "locker-7.evil.example:8481": http.StatusMisdirectedRequest,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://192.0.2.7/service", nil)
		r.Host = host
		if w := b.send(r); w.Code != status {
			t.Errorf("host %s: status %d, want %d", host, w.Code, status)
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://192.0.2.7/service/end", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if w := b.send(r); w.Code != http.StatusForbidden || b.opener.closed != 0 {
		t.Errorf("a form of another page: status %d, closed %d", w.Code, b.opener.closed)
	}
	w := b.get("/service")
	if w.Header().Get("Cache-Control") != "no-store" || !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("headers %v", w.Header())
	}
}

// begin starts a walk of columns.
func (b *bench) beginWith(form url.Values) {
	b.t.Helper()
	b.leads(b.ask(http.MethodPost, "/service/probe", nil), "/service")
	b.shows(b.get("/service"), http.StatusOK, "left/1", "two boards with one address", "silent", "Shut all doors first")
	b.leads(b.ask(http.MethodPost, "/service/begin", form), "/service/walk")
}

// An installer walks along three doors without a script: yes, another one, nothing; takes an answer back;
// tests one again; and leaves with layout and sheet.
func TestWalk_FromCodeToSheet(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.enter()
	b.beginWith(url.Values{"columns": {"2,1"}})
	b.shows(b.get("/service/walk"), http.StatusOK, "Next: door A01", "Open A01", "0 of 16")
	b.leads(b.post("/service/open"), "/service/walk")
	b.shows(b.get("/service/walk"), http.StatusOK, "Did door A01 open?", "Sensors that moved: left/1/1", "Yes. Open the next")
	b.leads(b.post("/service/answer", "kind", "yes", "next", "yes"), "/service/walk") // and A02 springs open
	b.shows(b.get("/service/walk"), http.StatusOK, "Did door A02 open?", "1 of 16")
	b.leads(b.post("/service/answer", "kind", "other", "labels", "b01"), "/service/walk")
	b.leads(b.ask(http.MethodPost, "/service/undo", nil), "/service/walk")
	b.shows(b.get("/service/walk"), http.StatusOK, "Next: door A02")
	b.leads(b.post("/service/open"), "/service/walk")
	b.leads(b.post("/service/answer", "kind", "other", "labels", "b01"), "/service/walk")
	b.leads(b.post("/service/open"), "/service/walk")
	b.shows(b.post("/service/answer", "kind", "other", "labels", ""), http.StatusUnprocessableEntity, "Write what is painted")
	b.leads(b.post("/service/answer", "kind", "other", "labels", "A02"), "/service/walk")
	b.shows(b.get("/service/doors"), http.StatusOK, "Crossed doors: A02 and B01", "left/3", "look at it")
	for range 13 { // outputs without a door
		b.leads(b.post("/service/answer", "kind", "skip"), "/service/walk")
	}
	b.shows(b.get("/service/walk"), http.StatusOK, "Every door is tested")
	b.leads(b.ask(http.MethodPost, "/service/repeat", url.Values{"output": {"left/1/1"}}), "/service/walk")
	b.shows(b.get("/service/walk"), http.StatusOK, "Next: door A01")
	b.leads(b.post("/service/answer", "kind", "skip"), "/service/walk")
	b.finish()
}

func (b *bench) finish() {
	b.t.Helper()
	b.shows(b.get("/service/finish"), http.StatusOK, "Your name")
	w := b.get("/service/layout.yaml")
	l, err := commission.ParseLayout(w.Body.Bytes())
	if err != nil || len(l.Places()) != 3 || !strings.Contains(w.Header().Get("Content-Disposition"), "layout.yaml") {
		b.t.Errorf("layout %+v, %v", l, err)
	}
	w = b.ask(http.MethodPost, "/service/sheet", url.Values{"site": {"Harbour <House>"}, "installer": {"Olive"}})
	b.shows(w, http.StatusOK, "Harbour &lt;House&gt;", "Olive", "Crossed doors", "cm9vdA==", "new-bank", "session-1", "@page")
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "style-src 'sha256-") || strings.Contains(policy, "script-src") {
		b.t.Errorf("the sheet's policy is %q", policy)
	}
	b.leads(b.ask(http.MethodPost, "/service/end", nil), "/service/ended")
	b.shows(b.get("/service/ended"), http.StatusOK, "The session has ended")
	b.leads(b.get("/service"), "/service/code")
	if b.opener.closed != 1 {
		b.t.Errorf("the session on record was ended %d times", b.opener.closed)
	}
}

// A form that is sent twice, or from a page that is old, opens nothing.
func TestWalk_RefusesWhatIsOld(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.enter()
	b.beginWith(url.Values{"columns": {"3"}})
	step := b.hidden()
	form := url.Values{"step": {step}}
	b.leads(b.ask(http.MethodPost, "/service/open", form), "/service/walk")
	b.shows(b.ask(http.MethodPost, "/service/open", form), http.StatusUnprocessableEntity, "another step by now", "Did door A01 open?")
	if b.opener.pulses() != 1 {
		t.Errorf("%d pulses", b.opener.pulses())
	}
	form.Set("kind", "yes")
	b.shows(b.ask(http.MethodPost, "/service/answer", form), http.StatusUnprocessableEntity, "another step by now")
}

// While one phone opens a door, another that looks sees so, and cannot open a second.
func TestWalk_OpensOneDoorAtATime(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(b *bench, _ *service.Options) { b.opener.slow = make(chan struct{}) })
	b.enter()
	b.beginWith(url.Values{"columns": {"3"}})
	form := url.Values{"step": {b.hidden()}}
	done := make(chan *httptest.ResponseRecorder)
	go func() { done <- b.ask(http.MethodPost, "/service/open", form) }()
	for !strings.Contains(b.get("/service/walk").Body.String(), `data-live="/service/walk"`) {
		time.Sleep(time.Millisecond)
	}
	b.opener.slow <- struct{}{}
	b.leads(<-done, "/service/walk")
	b.shows(b.get("/service/walk"), http.StatusOK, "Did door A01 open?")
}

// A door with a parcel behind it opens only when somebody says so.
func TestWalk_AsksBeforeItOpensAFullDoor(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(b *bench, _ *service.Options) {
		l, err := commission.PlanColumns([]int{3}, []commission.Board{{Bus: "left", Address: 1, Channels: 8, Sees: true}})
		if err != nil {
			t.Fatal(err)
		}
		b.layout, b.opener.full = &l, "main/A02"
	})
	b.enter()
	b.leads(b.ask(http.MethodPost, "/service/probe", nil), "/service")
	body := b.shows(b.get("/service"), http.StatusOK, "The layout of this site is used")
	if strings.Contains(body, `id="columns"`) {
		t.Error("a site that knows its layout is asked for columns")
	}
	b.leads(b.ask(http.MethodPost, "/service/begin", nil), "/service/walk")
	b.leads(b.post("/service/open"), "/service/walk")
	b.leads(b.post("/service/answer", "kind", "yes", "next", "yes"), "/service/walk")
	b.shows(b.get("/service/walk"), http.StatusOK, "A parcel lies in door A02", "Open A02 all the same")
	if b.opener.pulses() != 1 {
		t.Fatalf("%d pulses: the full door was opened", b.opener.pulses())
	}
	b.leads(b.post("/service/answer", "kind", "confirm", "next", "yes"), "/service/walk")
	b.shows(b.get("/service/walk"), http.StatusOK, "Did door A02 open?")
}

// What was interrupted is offered, a layout file is taken, and a bad one is refused in words.
func TestHome_TakesUpAndUploads(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.enter()
	b.beginWith(url.Values{"columns": {"3"}})
	b.leads(b.post("/service/open"), "/service/walk")
	b.leads(b.post("/service/answer", "kind", "yes"), "/service/walk")
	b.leads(b.ask(http.MethodPost, "/service/end", nil), "/service/ended")
	b.enter()
	b.leads(b.ask(http.MethodPost, "/service/probe", nil), "/service")
	b.shows(b.get("/service"), http.StatusOK, "Go on with the test of today")
	b.leads(b.ask(http.MethodPost, "/service/begin", url.Values{"resume": {"yes"}}), "/service/walk")
	b.shows(b.get("/service/walk"), http.StatusOK, "Next: door A02", "1 of 16")

	b.shows(b.ask(http.MethodPost, "/service/begin", url.Values{"columns": {"17"}}), http.StatusUnprocessableEntity, "The plan cannot be used")
	b.shows(b.upload("banks: [{"), http.StatusUnprocessableEntity, "The plan cannot be used")
	l, err := commission.PlanColumns([]int{2}, []commission.Board{{Bus: "left", Address: 1, Channels: 8}})
	if err != nil {
		t.Fatal(err)
	}
	b.leads(b.upload(string(commission.WriteLayout(commission.NameBank(l, "east"), ""))), "/service/walk")
	b.shows(b.get("/service/walk"), http.StatusOK, "Next: door A01")
}

func (b *bench) upload(file string) *httptest.ResponseRecorder {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "layout.yaml")
	if err == nil {
		_, err = part.Write([]byte(file))
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		b.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(b.t.Context(), http.MethodPost, "http://192.0.2.7/service/begin", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return b.send(r)
}

func TestEnrol_EndsTheSession(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.enter()
	b.shows(b.ask(http.MethodPost, "/service/enrol", url.Values{"token": {"nonsense"}}), http.StatusUnprocessableEntity, "no enrolment token")
	b.leads(b.ask(http.MethodPost, "/service/enrol", url.Values{"token": {"cubby-enrol1-x"}}), "/service/ended?enrolled=yes")
	if len(b.tokens) != 1 || b.opener.closed != 1 {
		t.Errorf("tokens %v, closed %d", b.tokens, b.opener.closed)
	}
	enrolled := newBench(t, func(_ *bench, o *service.Options) { o.Enrol = nil })
	enrolled.enter()
	if w := enrolled.ask(http.MethodPost, "/service/enrol", url.Values{"token": {"cubby-enrol1-x"}}); w.Code != http.StatusNotFound {
		t.Errorf("a site's controller joins another: %d", w.Code)
	}
}

// Every page speaks every language, in full, and every finding has its two sentences.
func TestPages_SpeakEveryLanguage(t *testing.T) {
	t.Parallel()
	missing := regexp.MustCompile(`\[[a-z]+\.[A-Za-z0-9_.]+\]|<no value>`)
	for _, lang := range text.Languages() {
		b := newBench(t, nil)
		b.enter()
		b.beginWith(url.Values{"columns": {"2"}})
		b.opener.dead = at(1)
		b.leads(b.post("/service/open"), "/service/walk")
		for _, path := range []string{"", "/walk", "/doors", "/sensors", "/finish", "/code", "/ended"} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://192.0.2.7/service"+path, nil)
			r.Header.Set("Accept-Language", lang.Tag)
			w := b.send(r)
			body := b.shows(w, http.StatusOK, `lang="`+lang.Tag+`"`, `dir="`+lang.Dir+`"`)
			if hole := missing.FindString(body); hole != "" {
				t.Errorf("%s in %s: %s", path, lang.Tag, hole)
			}
		}
	}
	catalog, err := text.New(service.Texts()...)
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range commission.Kinds() {
		for _, lang := range text.Languages() {
			found, todo := commission.Sentence(catalog.For(lang.Tag), commission.Finding{
				Kind: kind, Doors: []string{"A03", "A04"}, Outputs: []locker.Output{at(3), at(4)}, Board: "left/1", From: "closing", To: "opening",
			})
			if missing.MatchString(found+todo) || found == "" || todo == "" {
				t.Errorf("%s in %s: %q, %q", kind, lang.Tag, found, todo)
			}
		}
	}
}

func TestLook_KeepsTheChoice(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	w := b.ask(http.MethodPost, "/service/look", url.Values{"lang": {"ar"}, "theme": {"dark"}, "back": {"/service/doors"}})
	b.leads(w, "/service/doors")
	if n := len(w.Result().Cookies()); n != 2 {
		t.Errorf("%d cookies, want language and theme", n)
	}
	for _, back := range []string{"//evil.example", "https://evil.example", "/serviceable", "/service/\\evil"} {
		b.leads(b.ask(http.MethodPost, "/service/look", url.Values{"back": {back}}), "/service")
	}
}

func TestRenderSheet_IsCompleteInItself(t *testing.T) {
	t.Parallel()
	catalog, err := text.New(service.Texts()...)
	if err != nil {
		t.Fatal(err)
	}
	sheet := commission.Sheet{
		Site: "Harbour House", Began: noon(), Ended: noon().Add(9 * time.Minute),
		Doors:    []commission.Door{{Label: "A01", Output: at(1), State: commission.DoorGood}, {Label: "A02", Output: at(2), State: commission.DoorFaulty}},
		Findings: []commission.Finding{{Kind: commission.KindStuck, Doors: []string{"A02"}, Outputs: []locker.Output{at(2)}}},
	}
	page, err := service.RenderSheet(context.Background(), catalog.For("es"), sheet, time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"Hoja de entrega", "1 de 2 puertas bien", "2026-03-02 12:09 UTC", "no se abrió", "@media print"} {
		if !strings.Contains(string(page), part) {
			t.Errorf("the sheet lacks %q", part)
		}
	}
	if strings.Contains(string(page), "/assets/") || strings.Contains(string(page), "<script") {
		t.Error("the sheet asks for something else")
	}
}
