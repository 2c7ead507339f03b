package kiosk_test

import (
	"bufio"
	"context"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cubby/internal/controller"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/kiosk"
)

var update = flag.Bool("update", false, "write the golden files")

// fixedNow lies far ahead: deadlines of real sockets are counted from it.
func fixedNow() time.Time { return time.Date(2126, 11, 25, 9, 30, 0, 0, time.UTC) }

func newHandler(t *testing.T, site *fake, change func(o *kiosk.Options)) *kiosk.Handler {
	t.Helper()
	c, err := text.New(kiosk.Texts()...)
	if err != nil {
		t.Fatal(err)
	}
	o := kiosk.Options{Site: site, Text: c, Logger: slog.New(slog.DiscardHandler), Now: fixedNow}
	if change != nil {
		change(&o)
	}
	h, err := kiosk.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// siteAt is a site whose panel stands where a fixture says.
func siteAt(t *testing.T, name string) *fake {
	t.Helper()
	f := fixture(t, name)
	return &fake{home: f.Home, turn: f.Turn}
}

func fixture(t *testing.T, name string) kiosk.Fixture {
	t.Helper()
	for _, f := range kiosk.Fixtures() {
		if f.Name == name {
			return f
		}
	}
	t.Fatalf("no fixture %s", name)
	return kiosk.Fixture{}
}

func render(t *testing.T, h *kiosk.Handler, f kiosk.Fixture, lang string) string {
	t.Helper()
	var b strings.Builder
	if err := h.Page(f, lang, "", false).Render(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func post(h http.Handler, path, form string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// digest says in a few lines what a page says and what its keys do.
func digest(t *testing.T, page string) string {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var out, said strings.Builder
	var fields []string
	attr := func(e xml.StartElement, name string) string {
		for _, a := range e.Attr {
			if a.Name.Local == name {
				return a.Value
			}
		}
		return ""
	}
	line := func(format string, args ...any) { fmt.Fprintf(&out, "  "+format+"\n", args...) }
	action, href := "", ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "html":
				line("html %s %s", attr(e, "lang"), attr(e, "dir"))
			case "form":
				action, fields = attr(e, "action"), nil
			case "a":
				href = attr(e, "href")
				said.Reset()
			case "button":
				if name := attr(e, "name"); name != "" {
					fields = append(slices.DeleteFunc(fields, func(f string) bool { return strings.HasPrefix(f, name+"=") }), name+"="+attr(e, "value"))
				}
				said.Reset()
			case "input":
				if attr(e, "type") == "hidden" {
					fields = append(fields, attr(e, "name")+"="+attr(e, "value"))
				} else {
					line("input %s", attr(e, "name"))
				}
			case "i":
				if attr(e, "id") == "kiosk-now" {
					line("idle %s, sound %q, leaves after %q", attr(e, "data-idle-now"), attr(e, "data-sound"), attr(e, "data-leave-after"))
				}
			case "h1", "h2", "p", "title", "label", "legend", "dialog":
				said.Reset()
			}
		case xml.CharData:
			said.Write(e)
		case xml.EndElement:
			words := strings.Join(strings.Fields(said.String()), " ")
			switch e.Name.Local {
			case "h1", "h2", "p", "title", "label", "legend":
				if words != "" {
					line("%s %s", e.Name.Local, words)
				}
				said.Reset()
			case "a":
				line("[%s] -> %s", words, href)
			case "button":
				if len(words) > 1 && action != "" {
					line("[%s] -> %s %s", words, action, strings.Join(fields, " "))
				}
			case "form":
				action = ""
			}
		}
	}
}

func TestPages_MatchTheirGoldens(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &fake{}, nil)
	for _, lang := range []string{"en", "es", "ar"} {
		var all strings.Builder
		for _, f := range kiosk.Fixtures() {
			fmt.Fprintf(&all, "%s\n%s\n", f.Name, digest(t, render(t, h, f, lang)))
		}
		path := filepath.Join("testdata", "pages."+lang+".txt")
		if *update {
			if err := os.WriteFile(path, []byte(all.String()), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatalf("%v (run with -update)", err)
		}
		if diff := cmp.Diff(string(want), all.String()); diff != "" {
			t.Errorf("%s differs (run with -update):\n%s", path, diff)
		}
	}
}

func TestPages_AreWhole(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &fake{}, nil)
	for _, f := range kiosk.Fixtures() {
		for _, lang := range []string{"en", "es", "ar"} {
			page := render(t, h, f, lang)
			if strings.Contains(page, "[kiosk.") || strings.Contains(page, "[error.") || strings.Contains(page, "[common.") {
				t.Errorf("%s %s: a sentence is missing", f.Name, lang)
			}
			if n := strings.Count(page, "<h1"); n != 1 {
				t.Errorf("%s %s: %d headings of the first level", f.Name, lang, n)
			}
			ids := map[string]bool{}
			for _, part := range strings.Split(page, ` id="`)[1:] {
				id, _, _ := strings.Cut(part, `"`)
				if ids[id] {
					t.Errorf("%s %s: id %s stands twice", f.Name, lang, id)
				}
				ids[id] = true
			}
			helped := strings.Contains(page, "view=help") || f.Name == "help" || f.Name == "not-ready"
			if !helped {
				t.Errorf("%s %s: no way to help", f.Name, lang)
			}
			if f.Home.Phone != "" && !strings.Contains(page, f.Home.Phone) {
				t.Errorf("%s %s: nobody to call", f.Name, lang)
			}
			if strings.Contains(page, " style=") || strings.Contains(page, " onclick=") {
				t.Errorf("%s %s: the policy forbids this", f.Name, lang)
			}
		}
	}
}

// A resident's pages and the staff's name nobody, whatever the turn holds by mistake.
func TestPages_NameNobody(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &fake{}, nil)
	for _, f := range kiosk.Fixtures() {
		if f.Turn.Role == controller.RoleCourier {
			continue
		}
		f.Turn.Masked, f.Turn.Unit = "J… SECRET", "99Q"
		f.Turn.Last = &controller.Deposit{Masked: "J… SECRET", Unit: "99Q", UndoUntil: f.Home.Now + 1000}
		f.Turn.Matches = []controller.Match{{Ref: "1", Masked: "J… SECRET", Unit: "99Q"}}
		if page := render(t, h, f, "en"); strings.Contains(page, "SECRET") || strings.Contains(page, "99Q") {
			t.Errorf("%s names somebody", f.Name)
		}
	}
}

func TestPages_KeepAtMostFourKeysInTheFoot(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &fake{}, nil)
	for _, f := range kiosk.Fixtures() {
		page := render(t, h, f, "en")
		_, foot, _ := strings.Cut(page, `<footer class="k-foot">`)
		foot, _, _ = strings.Cut(foot, "</footer>")
		if n := strings.Count(foot, `class="k-key`) + strings.Count(foot, `class="k-langs`); n > 4 {
			t.Errorf("%s: %d keys in the foot", f.Name, n)
		}
	}
}

func TestAct_SaysWhatTheKeyMeans(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]controller.Act{
		"act=next":                     controller.OpenNext{},
		"act=again":                    controller.OpenAgain{},
		"act=problem&problem=too_high": controller.ReportProblem{Problem: locker.ProblemTooHigh},
		"act=taken&answer=1":           controller.AnswerTaken{Taken: true},
		"act=taken&answer=0":           controller.AnswerTaken{},
		"act=shut":                     controller.DoorShut{},
		"act=finish":                   controller.Finish{},
		"act=idle":                     controller.Idle{},
		"act=back":                     controller.Back{},
		"act=parcel&tracking=1Z9":      controller.ScanParcel{Tracking: "1Z9"},
		"act=find&text=+4b+":           controller.FindRecipient{Text: "4b"},
		"act=choose&ref=1.2":           controller.ChooseRecipient{Ref: "1.2"},
		"act=nobody":                   controller.NoRecipient{},
		"act=size&size=M":              controller.ChooseSize{Size: locker.SizeM},
		"act=size&size=M&cold=1":       controller.ChooseSize{Size: locker.SizeM, Cold: true},
		"act=bigger":                   controller.NeedBigger{},
		"act=undo":                     controller.UndoDeposit{},
		"act=undo&wrong=1":             controller.UndoDeposit{WrongRecipient: true},
		"act=stored&answer=1":          controller.AnswerStored{Stored: true},
		"act=option&index=2":           controller.TakeOption{Index: 2},
		"act=option&index=x":           controller.TakeOption{Index: -1},
		"act=refuse":                   controller.RefuseParcel{},
		"act=open&place=a&reason=r":    controller.OpenDoor{Place: "a", Reason: "r"},
		"act=clear&place=a&reason=r":   controller.ClearPlace{Place: "a", Reason: "r"},
		"act=reissue&stay=s":           controller.ReissueCode{Stay: "s"},
		"act=out&place=a&out=1":        controller.SetService{Place: "a", Out: true},
		"act=bank_out&out=1&reason=x":  controller.SetBankService{Out: true, Reason: "x"},
		"act=out&place=a&out=0":        controller.SetService{Place: "a"},
		"act=verify&place=a&answer=1":  controller.VerifyPlace{Place: "a", Occupied: true},
		"act=service&code=c":           controller.BeginService{Second: controller.Input{Code: "c"}},
		"act=service_end":              controller.EndService{},
	} {
		site := siteAt(t, "home")
		w := post(newHandler(t, site, nil), "/kiosk/main/act", form)
		if w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/kiosk/main") {
			t.Errorf("%s: answer %d to %q", form, w.Code, w.Header().Get("Location"))
		}
		if len(site.acts) != 1 || site.acts[0] != want {
			t.Errorf("%s: did %#v, want %#v", form, site.acts, want)
		}
	}
}

func TestAct_RefusedShowsWhyAndANextStep(t *testing.T) {
	t.Parallel()
	site := siteAt(t, "courier-who")
	site.err = locker.Errorf(locker.CodeUnitUnknown, "nobody")
	w := post(newHandler(t, site, nil), "/kiosk/main/act", "act=find&text=zzz")
	page := w.Body.String()
	if w.Code != http.StatusUnprocessableEntity {
		t.Errorf("status %d", w.Code)
	}
	for _, want := range []string{"Nobody found", "Error 207", "Search again", "Nobody matches", `role="alert"`, "<title>Error: "} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if w := post(newHandler(t, siteAt(t, "home"), nil), "/kiosk/main/act", "act=explode"); w.Code != http.StatusUnprocessableEntity {
		t.Errorf("an unknown act: %d", w.Code)
	}
}

func TestProblem_LeadsToItsNextStep(t *testing.T) {
	t.Parallel()
	w := post(newHandler(t, siteAt(t, "open"), nil), "/kiosk/main/act", "act=problem&problem=not_mine")
	if got := w.Header().Get("Location"); got != "/kiosk/main?view=told" {
		t.Fatalf("leads to %q", got)
	}
	page := get(newHandler(t, siteAt(t, "told"), nil), "/kiosk/main?view=told").Body.String()
	if !strings.Contains(page, "Leave it in") || !strings.Contains(page, "+1 555 0100") {
		t.Error("the page says neither what to do nor whom to call")
	}
	// Every problem has a next step of its own.
	for _, p := range []locker.Problem{
		locker.ProblemDidNotOpen, locker.ProblemTooHigh, locker.ProblemEmpty, locker.ProblemNotMine, locker.ProblemDamaged,
		locker.ProblemWontClose,
	} {
		site := siteAt(t, "told")
		site.turn.Reported = p
		if page := get(newHandler(t, site, nil), "/kiosk/main?view=told").Body.String(); strings.Contains(page, "[kiosk.") {
			t.Errorf("%s has no next step", p)
		}
	}
}

func TestCode_EntersAndExplains(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, form string
		err        *locker.Error
		status     int
		want       string
		in         controller.Input
	}{
		{"right", "code=234679CFH", nil, 303, "", controller.Input{Code: "234679CFH"}},
		{"wrong", "code=234679CFH", locker.Errorf(locker.CodeCodeWrong, ""), 422, "Error 201", controller.Input{Code: "234679CFH"}},
		{"slip", "code=234679CFJ", locker.Errorf(locker.CodeCodeTyped, ""), 422, "Error 202", controller.Input{Code: "234679CFJ"}},
		{
			"digits", "code=012345678&unit=12", locker.Errorf(locker.CodeCodeWrong, ""), 422, `name="unit"`,
			controller.Input{Code: "012345678", Unit: "12"},
		},
		{
			"flooded", "code=234679CFH", locker.Errorf(locker.CodeCodeFlooded, ""), 422,
			`<input type="hidden" name="code" value="234679CFH">`,
			controller.Input{Code: "234679CFH"},
		},
		{"digits without number", "code=012345678", locker.Errorf(locker.CodeUnitUnknown, ""), 422, `name="unit"`, controller.Input{Code: "012345678"}},
	} {
		site := siteAt(t, "home")
		if c.err != nil {
			site.err = c.err
		}
		w := post(newHandler(t, site, nil), "/kiosk/main/code", c.form)
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: status %d, %q found: %t", c.name, w.Code, c.want, strings.Contains(w.Body.String(), c.want))
		}
		if len(site.entered) != 1 || site.entered[0] != c.in {
			t.Errorf("%s: entered something else", c.name)
		}
	}
	site := siteAt(t, "home")
	w := post(newHandler(t, site, nil), "/kiosk/main/code", "unit=12")
	if w.Code != http.StatusOK || len(site.entered) != 0 || !strings.Contains(w.Body.String(), "Now the nine digits") {
		t.Errorf("a number alone does not lead to the digits: %d", w.Code)
	}
}

func TestScan_IsACodeAtAnyMomentAndALabelForCouriers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ at, scan, want string }{
		{"home", "C1.A7KQ", "code"},
		{"home", "234679CFH", "code"},
		{"open", "C1.A7KQ", "code"},
		{"staff-menu", "C1.A7KQ", "code"},
		{"courier-ready", "1Z999AA10123456784", "label"},
		{"courier-who", "1Z999AA10123456784", "label"},
		{"courier-ready", "c1.a7kq", "code"},
	} {
		site := siteAt(t, c.at)
		w := post(newHandler(t, site, nil), "/kiosk/main/scan", "scan="+url.QueryEscape(c.scan))
		if w.Code != http.StatusSeeOther {
			t.Errorf("%s %s: status %d", c.at, c.scan, w.Code)
		}
		got := "nothing"
		switch {
		case len(site.entered) == 1 && site.entered[0].Code == c.scan:
			got = "code"
		case len(site.acts) == 1 && site.acts[0] == controller.Act(controller.ScanParcel{Tracking: c.scan}):
			got = "label"
		}
		if got != c.want {
			t.Errorf("%s %s: taken for %s, want %s", c.at, c.scan, got, c.want)
		}
	}
}

// Somebody else's wrong code shows its error in every turn.
func TestScan_WrongCodeShowsInEveryTurn(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"home", "open", "courier-ready", "staff-menu"} {
		site := siteAt(t, at)
		site.err = locker.Errorf(locker.CodeCodeWrong, "")
		w := post(newHandler(t, site, nil), "/kiosk/main/scan", "scan=C1.A7KQ")
		if w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Error 201") {
			t.Errorf("%s: status %d, no error shown", at, w.Code)
		}
	}
}

func TestViews_BelongToTheirStep(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ at, view, want string }{
		{"home", "code", "Scan or type your code"},
		{"home", "told", "Collect a parcel"},
		{"home", "wrong", "Collect a parcel"},
		{"home", "refused", "Collect a parcel"},
		{"home", "door", "Collect a parcel"},
		{"home", "track", "Collect a parcel"},
		{"open", "code", "Your door is open"},
		{"open", "wrong", "What is wrong with"},
		{"open", "service", "Your door is open"},
		{"staff-menu", "door&place=nowhere", "Other places"},
		{"staff-open", "door&place=main/A05", "Take everything out"},
		{"courier-who", "last", "Unit, or 3 letters"},
		{"home", "UPPER", "Collect a parcel"},
	} {
		page := get(newHandler(t, siteAt(t, c.at), nil), "/kiosk/main?view="+c.view).Body.String()
		if !strings.Contains(page, c.want) {
			t.Errorf("%s with view %s does not show %q", c.at, c.view, c.want)
		}
	}
}

func TestAnswers_AreGuardedAndNeverStored(t *testing.T) {
	t.Parallel()
	h := newHandler(t, siteAt(t, "home"), nil)
	for _, path := range []string{"/kiosk/main", "/kiosk/main?view=code"} {
		w := get(h, path)
		if w.Code != http.StatusOK || w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, Cache-Control %q", path, w.Code, w.Header().Get("Cache-Control"))
		}
		if !strings.Contains(w.Header().Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: no policy", path)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/kiosk/main/act", strings.NewReader("act=finish"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("a post from another site: %d", w.Code)
	}
	for path, want := range map[string]int{
		"/": 303, "/kiosk/main/act": 303, "/kiosk/main/code": 303, "/kiosk/a%2Fb": 404, "/kiosk/a.b": 404, "/nothing": 404,
		"/kiosk/sw.js": 200,
	} {
		if w := get(h, path); w.Code != want {
			t.Errorf("GET %s: %d, want %d", path, w.Code, want)
		}
	}
	if w := post(h, "/kiosk/main/act", "act="+strings.Repeat("x", 20_000)); w.Code != http.StatusBadRequest {
		t.Errorf("a form without end: %d", w.Code)
	}
	if w := post(h, "/kiosk/main/beat", ""); w.Code != http.StatusNoContent {
		t.Errorf("heartbeat: %d", w.Code)
	}
}

func TestController_AwayShowsOneMoment(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &fake{down: errors.New("stopping")}, nil)
	for _, w := range []*httptest.ResponseRecorder{
		get(h, "/kiosk/main"), post(h, "/kiosk/main/scan", "scan=x"),
	} {
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "One moment") ||
			!strings.Contains(w.Body.String(), `data-retry="1"`) {
			t.Errorf("status %d: %s", w.Code, w.Body.String())
		}
	}
	if w := post(h, "/kiosk/main/beat", ""); w.Code != http.StatusServiceUnavailable {
		t.Errorf("heartbeat: %d", w.Code)
	}
}

func TestLook_LastsForOneTurn(t *testing.T) {
	t.Parallel()
	now := fixedNow()
	site := siteAt(t, "home")
	h := newHandler(t, site, func(o *kiosk.Options) { o.Now = func() time.Time { return now } })
	lang := func(path string) string {
		_, rest, _ := strings.Cut(get(h, path).Body.String(), `<html lang="`)
		tag, _, _ := strings.Cut(rest, `"`)
		return tag
	}
	if got := lang("/kiosk/main"); got != "en" {
		t.Fatalf("begins in %q", got)
	}
	w := post(h, "/kiosk/main/look", "lang=ar&back=code")
	if got := w.Header().Get("Location"); got != "/kiosk/main?view=code" {
		t.Errorf("leads to %q", got)
	}
	post(h, "/kiosk/main/look", "easier=1")
	page := get(h, "/kiosk/main").Body.String()
	if lang("/kiosk/main") != "ar" || !strings.Contains(page, `dir="rtl"`) || !strings.Contains(page, "easier") {
		t.Error("the choice is not kept")
	}
	if lang("/kiosk/other") != "en" || lang("/kiosk/main?lang=es") != "es" {
		t.Error("the choice leaks, or one page cannot be asked for in another language")
	}
	post(h, "/kiosk/main/look", "lang=xx&back=//evil.example")
	if lang("/kiosk/main") != "ar" {
		t.Error("an unknown language replaced the choice")
	}
	post(h, "/kiosk/main/act", "act=finish")
	if lang("/kiosk/main") != "en" {
		t.Error("the next person gets the last one's language")
	}
	post(h, "/kiosk/main/look", "lang=es")
	now = now.Add(69 * time.Second)
	if lang("/kiosk/main?view=code") != "es" {
		t.Error("the choice is forgotten too soon")
	}
	now = now.Add(69 * time.Second)
	if lang("/kiosk/main") != "es" {
		t.Error("a touch did not keep the choice")
	}
	now = now.Add(71 * time.Second)
	if lang("/kiosk/main") != "en" {
		t.Error("a choice that nobody uses stays")
	}
}

func TestLanguages_AreTheSites(t *testing.T) {
	t.Parallel()
	site := siteAt(t, "home")
	site.home.Languages = []string{"es", "fr", "en"}
	page := get(newHandler(t, site, nil), "/kiosk/main").Body.String()
	if !strings.Contains(page, `<html lang="es"`) || strings.Contains(page, `lang="ar"`) {
		t.Error("the page offers other languages than the site")
	}
}

// events reads the stream of a page.
func events(t *testing.T, h http.Handler, path string) (next func() string) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(stop)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 1<<20)
	return func() string {
		var message strings.Builder
		for lines.Scan() {
			if lines.Text() == "" && message.Len() > 0 {
				return message.String()
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				message.WriteString(data + "\n")
			}
		}
		t.Fatalf("the stream ended: %v", lines.Err())
		return ""
	}
}

// first returns the first message that holds a part. The turn and the link are looked at one after
// another, so that a change of both may come in two messages, in either order.
func first(t *testing.T, next func() string, part string) string {
	t.Helper()
	const few = 5
	for range few {
		if got := next(); strings.Contains(got, part) {
			return got
		}
	}
	t.Fatalf("no message with %q comes", part)
	return ""
}

func TestStream_SendsWhatChanges(t *testing.T) {
	t.Parallel()
	site := siteAt(t, "home")
	home := site.home
	h := newHandler(t, site, func(o *kiosk.Options) { o.Tick = 10 * time.Millisecond })
	next := events(t, h, "/kiosk/main/stream?v=1&view=code")

	opened := fixture(t, "open").Turn
	site.put(home, opened)
	if got := first(t, next, "Your door is open"); !strings.Contains(got, "#kiosk .k-foot") {
		t.Errorf("the open door does not come: %s", got)
	}
	offline := home
	offline.Online = false
	site.put(offline, opened)
	if got := first(t, next, "Offline. Collecting works."); strings.Contains(got, "kiosk-main") {
		t.Errorf("the note of the link does not come alone: %s", got)
	}
	// The turn ends: the view asked for at first is forgotten, so the home screen comes.
	over := fixture(t, "home").Turn
	over.Version = 20
	site.put(home, over)
	first(t, next, "Collect a parcel")
	home.Proof.Text, home.Proof.Symbols = "P1.OTHER", "WXY-234"
	site.put(home, over)
	if got := first(t, next, "WXY-234"); strings.Contains(got, "Collect a parcel") {
		t.Errorf("the new proof does not come alone: %s", got)
	}
}

func TestStream_BringsWhoeverMissedSomethingUpToDate(t *testing.T) {
	t.Parallel()
	next := events(t, newHandler(t, siteAt(t, "more"), nil), "/kiosk/main/stream?v=1")
	if got := next(); !strings.Contains(got, "2 more doors wait for you") {
		t.Errorf("the present turn does not come: %s", got)
	}
}

func TestNew_WantsWhatItNeeds(t *testing.T) {
	t.Parallel()
	if _, err := kiosk.New(kiosk.Options{}); err == nil {
		t.Error("no error without a site")
	}
}
