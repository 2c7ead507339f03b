package resident_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cubby/internal/cloud"
	"cubby/internal/cloud/holder"
	"cubby/internal/locker"
	"cubby/internal/text"
	"cubby/internal/web/resident"
	"cubby/internal/web/resident/residenttest"
	"cubby/internal/web/ui"
)

var update = flag.Bool("update", false, "write the golden files")

// texts are read once: each test wants pages of its own, not a catalogue.
var texts = sync.OnceValues(func() (*text.Catalog, error) { return text.New() })

// bench is the pages over a Fake, with what they log.
type bench struct {
	*resident.Face
	fake *residenttest.Fake
	log  bytes.Buffer
}

func newBench(t *testing.T) *bench {
	t.Helper()
	catalog, err := texts()
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{fake: residenttest.New(residenttest.Now())}
	b.Face, err = resident.New(resident.Options{
		Cloud: b.fake, Desk: b.fake, Channels: holder.Channels(), PushKey: "BKey", Text: catalog, Logger: slog.New(slog.NewTextHandler(&b.log, nil)), Now: residenttest.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	return w
}

func (b *bench) get(path string) *httptest.ResponseRecorder {
	return b.do(residenttest.Fixture{Path: path}.Request("en"))
}

func (b *bench) open(link, stay, proof string) *httptest.ResponseRecorder {
	return b.do(residenttest.Fixture{
		Method: "POST", Path: "/p/" + link + "/open", Form: url.Values{"stay": {stay}, "proof": {proof}},
	}.Request("en"))
}

func wantStatus(t *testing.T, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d\n%s", w.Code, status, w.Body)
	}
}

func wantText(t *testing.T, w *httptest.ResponseRecorder, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("the page lacks %q", part)
		}
	}
}

func settled(body string) string {
	body = regexp.MustCompile(`\?v=[0-9a-f]{12}`).ReplaceAllString(body, "?v=VERSION")
	return strings.ReplaceAll(body, "><", ">\n<") + "\n"
}

func TestFixtures_MatchTheirGoldens(t *testing.T) {
	t.Parallel()
	for _, x := range residenttest.Fixtures() {
		t.Run(x.Name, func(t *testing.T) {
			t.Parallel()
			w := newBench(t).do(x.Request("en"))
			wantStatus(t, w, max(x.Status, http.StatusOK))
			got, path := settled(w.Body.String()), filepath.Join("testdata", x.Name+".html")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v (run with -update)", err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("differs from its golden:\n%s", diff)
			}
		})
	}
}

func TestFixtures_HoldInEveryLanguage(t *testing.T) {
	t.Parallel()
	missing := regexp.MustCompile(`\[[a-z]+\.[A-Za-z0-9_.]+\]`)
	inline := regexp.MustCompile(`<[^>]+ (style|on[a-z]+)=|<script>`)
	for _, x := range residenttest.Fixtures() {
		for _, l := range text.Languages() {
			t.Run(x.Name+"/"+l.Tag, func(t *testing.T) {
				t.Parallel()
				body := newBench(t).do(x.Request(l.Tag)).Body.String()
				if m := missing.FindAllString(body, -1); m != nil {
					t.Errorf("texts are missing: %v", m)
				}
				if m := inline.FindAllString(body, -1); m != nil {
					t.Errorf("the policy forbids %v", m)
				}
				if !strings.Contains(body, `lang="`+l.Tag+`" dir="`+l.Dir+`"`) {
					t.Error("the page does not say its language")
				}
			})
		}
	}
}

func TestAnswers_AreKeptNowhere(t *testing.T) {
	t.Parallel()
	for _, x := range residenttest.Fixtures() {
		w := newBench(t).do(x.Request("en"))
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow, noarchive", "Referrer-Policy": "no-referrer",
			"X-Frame-Options": "DENY",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", x.Name, name, got, want)
			}
		}
		if !strings.Contains(w.Body.String(), `<meta name="referrer" content="no-referrer">`) {
			t.Errorf("%s: the page itself lets the address travel as a referrer", x.Name)
		}
	}
}

func TestParcels_ShowWhatOpensThem(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.get("/p/" + residenttest.LinkOne)
	wantText(t, w, "1 parcel is waiting", "<span>4F7</span>", "<svg class=\"qr\"", "Door B07", "tomorrow at 19:00", "UPS", "…6784",
		"Stored today at 11:42", "I am at the locker: open B07", `data-worker="/p/sw.js"`, "+1 555 0100")
	w = b.get("/p/" + residenttest.LinkMany)
	wantText(t, w, "4 parcels are waiting", "One code opens all your doors", "Door E01", "<span>HJK</span>", "Only staff may hand this out now.", "Package room Ground floor")
	if n := strings.Count(w.Body.String(), "<svg class=\"qr\""); n != 2 {
		t.Errorf("%d QR codes for two sites", n)
	}
	if strings.Contains(b.get("/p/"+residenttest.LinkAway).Body.String(), "I am at the locker") {
		t.Error("a phone may open a door of a site that is not connected")
	}
}

func TestLink_EndsCalmly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, path := range []string{"", "/help", "/open", "/opened/i1", "/app.webmanifest"} {
		w := b.get("/p/" + residenttest.LinkEnded + path)
		wantStatus(t, w, http.StatusNotFound)
		wantText(t, w, "This link has ended")
	}
	wantStatus(t, b.open(residenttest.LinkEnded, "s2", "HJK-3MP"), http.StatusNotFound)
	if b.log.Len() > 0 || len(b.fake.Calls()) > 0 {
		t.Errorf("logged %s, asked %v", b.log.String(), b.fake.Calls())
	}
	wantText(t, b.get("/p/"+residenttest.LinkNone), "Nothing is waiting")
}

func TestFailure_NeverLogsTheLink(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.FailPage(errors.New("database is gone"))
	w := b.get("/p/" + residenttest.LinkOne)
	wantStatus(t, w, http.StatusInternalServerError)
	if strings.Contains(b.log.String(), residenttest.LinkOne) || strings.Contains(w.Body.String(), "database") {
		t.Errorf("the log or the page tells too much: %s", b.log.String())
	}
	if !strings.Contains(b.log.String(), "database is gone") {
		t.Error("nobody learns of it")
	}
}

func TestOpen_AsksTheSiteAndSaysWhichDoor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.open(residenttest.LinkOne, "s2", " hjk-3mp ")
	wantStatus(t, w, http.StatusSeeOther)
	address := w.Header().Get("Location")
	if address != "/p/"+residenttest.LinkOne+"/opened/i1?stay=s2" {
		t.Errorf("leads to %s", address)
	}
	if diff := cmp.Diff([]string{residenttest.LinkOne + " s2 hjk-3mp"}, b.fake.Calls()); diff != "" {
		t.Error(diff)
	}
	wantText(t, b.get(address), "Door B07 is open", "2nd column")
	for _, v := range []struct {
		answer cloud.IntentView
		says   string
	}{
		{cloud.IntentView{State: cloud.IntentRefused, Code: locker.CodeProofWrong}, "The code on the locker has changed."},
		{cloud.IntentView{State: cloud.IntentExpired}, "This site is not connected now. Nothing opened."},
		{cloud.IntentView{State: cloud.IntentPending}, "The locker has not answered yet."},
	} {
		b.fake.Answer(v.answer)
		w = b.get(address)
		wantStatus(t, w, http.StatusOK)
		wantText(t, w, v.says)
		if strings.Contains(w.Body.String(), "is open<") {
			t.Errorf("%s reads as open", v.answer.State)
		}
	}
}

func TestOpen_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.open(residenttest.LinkOne, "s2", "")
	wantStatus(t, w, http.StatusUnprocessableEntity)
	wantText(t, w, "Enter the six symbols", "<title>Error: ", "data-focus")
	b.fake.FailOpen(locker.Errorf(locker.CodeProofWrong, "old"))
	w = b.open(residenttest.LinkOne, "s2", "HJK-3MP")
	wantStatus(t, w, http.StatusUnprocessableEntity)
	wantText(t, w, "The code on the locker has changed.")
	w = b.get("/p/" + residenttest.LinkAway + "/open")
	wantStatus(t, w, http.StatusSeeOther) // nothing can be opened: back to the page
}

func TestOpen_LimitsTries(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.FailOpen(locker.Errorf(locker.CodeProofWrong, "old"))
	for range 20 {
		wantStatus(t, b.open(residenttest.LinkOne, "s2", "HJK-3MP"), http.StatusUnprocessableEntity)
	}
	if n := len(b.fake.Calls()); n != 8 {
		t.Errorf("%d proofs were tried", n)
	}
	wantStatus(t, b.open(residenttest.LinkMany, "s2", "HJK-3MP"), http.StatusUnprocessableEntity)
	if n := len(b.fake.Calls()); n != 9 {
		t.Error("one link's tries stop another's")
	}
}

func TestContact_IsOnEveryPage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, x := range residenttest.Fixtures() {
		if x.Name == "ended" {
			continue // nobody knows whose link it was
		}
		wantText(t, b.do(x.Request("en")), `href="tel:+15550100"`, "desk@example.org")
	}
	b.fake.FailOpen(locker.Errorf(locker.CodeInternal, "broken"))
	w := b.open(residenttest.LinkOne, "s2", "HJK-3MP")
	wantStatus(t, w, http.StatusInternalServerError)
	wantText(t, w, `href="tel:+15550100"`)
}

func TestLanguage_IsChosenAndKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.do(residenttest.Fixture{Method: "POST", Path: "/p/" + residenttest.LinkOne + "/language", Form: url.Values{"lang": {"ar"}}}.Request("en"))
	wantStatus(t, w, http.StatusSeeOther)
	c := w.Result().Cookies()
	if len(c) != 1 || c[0].Value != "ar" || !c[0].HttpOnly || w.Header().Get("Location") != "/p/"+residenttest.LinkOne {
		t.Errorf("cookies %v, leads to %s", c, w.Header().Get("Location"))
	}
	w = b.do(residenttest.Fixture{Method: "POST", Path: "/p/" + residenttest.LinkOne + "/language", Form: url.Values{"lang": {"xx"}}}.Request("en"))
	if len(w.Result().Cookies()) != 0 {
		t.Error("an unknown language was kept")
	}
	r := httptest.NewRequest(http.MethodGet, "/p/"+residenttest.LinkOne, nil)
	r.Header.Set("Accept-Language", "es-MX")
	wantText(t, b.do(r), "paquete le espera")
}

func TestManifestAndWorker_MakeItAnApp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.get("/p/" + residenttest.LinkOne + "/app.webmanifest")
	wantStatus(t, w, http.StatusOK)
	var manifest map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &manifest); err != nil {
		t.Fatal(err)
	}
	if manifest["start_url"] != "/p/"+residenttest.LinkOne || manifest["name"] != "Harbour House" {
		t.Errorf("manifest %v", manifest)
	}
	w = b.get("/p/sw.js")
	wantStatus(t, w, http.StatusOK)
	if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/javascript") || !strings.Contains(w.Body.String(), "You are offline") {
		t.Error("the worker is wrong")
	}
}

// TestBudget weighs the first load over the wire: page, stylesheet, script, icons, worker.
func TestBudget(t *testing.T) {
	t.Parallel()
	const most = 35_000
	b := newBench(t)
	mux := http.NewServeMux()
	mux.Handle("/p/", b.Handler())
	mux.Handle(ui.AssetPrefix, ui.Handler())
	get := func(path string) string {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Encoding", "br")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		wantStatus(t, w, http.StatusOK)
		t.Logf("%6d %s", w.Body.Len(), path)
		return w.Body.String()
	}
	page := "/p/" + residenttest.LinkMany
	total := len(get(page)) + len(get("/p/sw.js")) + len(get(page+"/app.webmanifest"))
	for _, name := range []string{"phone.css", "phone.js", "icons.svg", "icon.svg"} {
		total += len(get(ui.AssetURL(name)))
	}
	if total > most {
		t.Errorf("the first load weighs %d bytes, %d at most", total, most)
	}
	for _, m := range regexp.MustCompile(`(?:src|href)="(/assets/[^"?]+)`).FindAllStringSubmatch(b.get(page).Body.String(), -1) {
		if !strings.Contains("/assets/phone.css /assets/phone.js /assets/icons.svg /assets/icon.svg", m[1]) {
			t.Errorf("the page loads %s too", m[1])
		}
	}
}

func TestRoutes_AreAllBelowThePrefix(t *testing.T) {
	t.Parallel()
	for _, route := range newBench(t).Routes() {
		if !strings.HasPrefix(route.Path, resident.Prefix) {
			t.Errorf("%s lies outside of the worker's scope", route.Path)
		}
	}
	if _, err := resident.New(resident.Options{}); err == nil {
		t.Error("pages without anything were made")
	}
}
