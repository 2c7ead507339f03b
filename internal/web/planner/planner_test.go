package planner_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/google/go-cmp/cmp"

	"cubby/internal/locker"
	"cubby/internal/sizing"
	"cubby/internal/sizing/planfile"
	"cubby/internal/text"
	"cubby/internal/web/planner"
	"cubby/internal/web/planner/plannertest"
	"cubby/internal/web/ui"
)

var update = flag.Bool("update", false, "write the golden files")

var texts = sync.OnceValues(func() (*text.Catalog, error) { return text.New() })

func newFace(t *testing.T, change func(*planner.Options)) *planner.Face {
	t.Helper()
	catalog, err := texts()
	if err != nil {
		t.Fatal(err)
	}
	o := planner.Options{
		Text: catalog, Logger: slog.New(slog.DiscardHandler), Now: plannertest.Now, Solve: plannertest.Solve, Public: "https://plan.example.org",
	}
	if change != nil {
		change(&o)
	}
	f, err := planner.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func get(f *planner.Face, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, r)
	return w
}

func wantStatus(t *testing.T, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d\n%.2000s", w.Code, status, w.Body)
	}
}

func settled(body string) string {
	body = regexp.MustCompile(`\?v=[0-9a-f]{12}`).ReplaceAllString(body, "?v=VERSION")
	body = regexp.MustCompile(`(?s)<div id="answer".*?</div><div|<div id="answer".*?<form id="log"`).ReplaceAllString(body, "ANSWER<form id=\"log\"")
	return strings.ReplaceAll(body, "><", ">\n<") + "\n"
}

// shared answers each fixture once for all tests that only look at pages.
var shared = sync.OnceValue(func() http.Handler {
	catalog, err := texts()
	if err != nil {
		panic(err)
	}
	f, err := planner.New(planner.Options{
		Text: catalog, Logger: slog.New(slog.DiscardHandler), Now: plannertest.Now, Solve: plannertest.Solve,
		Public: "https://plan.example.org", Wait: time.Minute,
	})
	if err != nil {
		panic(err)
	}
	return f.Handler()
})

func sharedGet(path, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Accept-Language", accept)
	w := httptest.NewRecorder()
	shared().ServeHTTP(w, r)
	return w
}

// TestFixtures_MatchTheirGoldens looks at everything but the answer, which package report tests.
func TestFixtures_MatchTheirGoldens(t *testing.T) {
	t.Parallel()
	for _, x := range plannertest.Fixtures() {
		w := sharedGet("/plan?"+x.Query, "en")
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
			t.Errorf("%s differs from its golden:\n%s", x.Name, diff)
		}
	}
}

func TestFixtures_HoldInEveryLanguage(t *testing.T) {
	t.Parallel()
	missing := regexp.MustCompile(`\[[a-z]+\.[A-Za-z0-9_.]+\]`)
	inline := regexp.MustCompile(`<[^>]+ (style|on[a-z]+)=|<script>|<style>`)
	ids := regexp.MustCompile(` id="([^"]+)"`)
	for _, x := range plannertest.Fixtures() {
		for _, l := range text.Languages() {
			body := sharedGet("/plan?"+x.Query, l.Tag).Body.String()
			if m := missing.FindAllString(body, -1); m != nil {
				t.Errorf("%s/%s: texts are missing: %v", x.Name, l.Tag, m)
			}
			if m := inline.FindAllString(body, -1); m != nil {
				t.Errorf("%s/%s: the policy forbids %v", x.Name, l.Tag, m)
			}
			if !strings.Contains(body, `lang="`+l.Tag+`" dir="`+l.Dir+`"`) {
				t.Errorf("%s/%s: the page does not say its language", x.Name, l.Tag)
			}
			seen := map[string]bool{}
			for _, m := range ids.FindAllStringSubmatch(body, -1) {
				if seen[m[1]] {
					t.Errorf("%s/%s: id %s twice", x.Name, l.Tag, m[1])
				}
				seen[m[1]] = true
			}
		}
	}
}

func TestPages_AreLightOnAPhone(t *testing.T) {
	t.Parallel()
	size := func(handler http.Handler, path string) int {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Encoding", "br")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Header().Get("Content-Encoding") == "br" {
			return w.Body.Len()
		}
		var out bytes.Buffer
		b := brotli.NewWriter(&out)
		_, _ = b.Write(w.Body.Bytes())
		_ = b.Close()
		return out.Len()
	}
	body := sharedGet("/plan?v=1&u=20", "en").Body.String()
	total := size(shared(), "/plan?v=1&u=20")
	page := total
	for _, m := range regexp.MustCompile(`(?:src|href)="(/(?:assets|plan/assets)/[^"#]+)"`).FindAllStringSubmatch(body, -1) {
		if strings.Contains(m[1], "icon.svg") {
			continue
		}
		handler := shared()
		if strings.HasPrefix(m[1], "/assets/") {
			handler = ui.Handler()
		}
		total += size(handler, m[1])
	}
	t.Logf("page %d bytes, first load %d bytes", page, total)
	const most = 35 << 10
	if total > most {
		t.Errorf("the first load is %d bytes, want at most %d", total, most)
	}
}

func TestPlan_HasOneAddressForOneState(t *testing.T) {
	t.Parallel()
	w := get(newFace(t, nil), "/plan?by=u&u=20&d=43&rl=0.35&rm=1.5&rh=3.5&w1=&o1=&cu=USD&s=2&v=1")
	wantStatus(t, w, http.StatusSeeOther)
	if got := w.Header().Get("Location"); got != "/plan?v=1&u=20&s=2" {
		t.Errorf("leads to %s", got)
	}
}

func TestPlan_AnswersAChangeWithPartsOnly(t *testing.T) {
	t.Parallel()
	w := get(newFace(t, nil), "/plan?u=20&d=43", "HX-Request", "true", "HX-Request-Type", "partial")
	wantStatus(t, w, http.StatusOK)
	if got := w.Header().Get("HX-Replace-Url"); got != "/plan?v=1&u=20" {
		t.Errorf("the address becomes %q", got)
	}
	body := w.Body.String()
	if strings.Contains(body, "<html") || !strings.Contains(body, `hx-target="#answer"`) || !strings.Contains(body, "<svg") {
		t.Errorf("not the parts of a page: %.300s", body)
	}
	wantStatus(t, get(newFace(t, nil), "/plan?u=x", "HX-Request", "true"), http.StatusUnprocessableEntity)
}

// held solves when it is let.
func held(started chan<- struct{}, release <-chan struct{}) sizing.Solver {
	return func(ctx context.Context, p sizing.Problem, o sizing.Options) (sizing.Answer, error) {
		started <- struct{}{}
		select {
		case <-release:
			return plannertest.Solve(ctx, p, o)
		case <-ctx.Done():
			return sizing.Answer{}, ctx.Err()
		}
	}
}

func TestPlan_IsBusyWithTwo(t *testing.T) {
	t.Parallel()
	started, release := make(chan struct{}, 9), make(chan struct{})
	f := newFace(t, func(o *planner.Options) { o.Solve, o.Wait = held(started, release), time.Millisecond })
	var two sync.WaitGroup
	for i := range 2 {
		two.Go(func() {
			if w := get(f, fmt.Sprintf("/plan?v=1&u=%d", 10+i)); w.Code != http.StatusOK {
				t.Errorf("status %d", w.Code)
			}
		})
	}
	<-started
	<-started
	w := get(f, "/plan?v=1&u=12")
	wantStatus(t, w, http.StatusServiceUnavailable)
	if !strings.Contains(w.Body.String(), "Others are being answered") || w.Header().Get("Retry-After") == "" {
		t.Error("the page does not say that it is busy")
	}
	close(release)
	two.Wait()
	if w := get(f, "/plan?v=1&u=10"); w.Code != http.StatusOK || len(started) != 0 {
		t.Error("an answer that was given was worked out again")
	}
}

func TestPlan_StopsWhenTheVisitorLeaves(t *testing.T) {
	t.Parallel()
	started := make(chan struct{}, 1)
	f := newFace(t, func(o *planner.Options) { o.Solve = held(started, nil) })
	ctx, leave := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r := httptest.NewRequest(http.MethodGet, "/plan?v=1&u=10", nil).WithContext(ctx)
		f.Handler().ServeHTTP(httptest.NewRecorder(), r)
	}()
	<-started
	leave()
	<-done
}

func TestPlan_LimitsAnAddress(t *testing.T) {
	t.Parallel()
	f := newFace(t, func(o *planner.Options) { o.Solve = plannertest.Broken })
	last := 0
	for i := range 70 {
		last = get(f, fmt.Sprintf("/plan?v=1&u=%d", 10+i)).Code
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("status %d after 70 questions", last)
	}
}

func TestFiles_HoldThePlan(t *testing.T) {
	t.Parallel()
	f := newFace(t, nil)
	const state = "?v=1&u=20&w1=6"
	for name, begin := range map[string]string{
		"plan.pdf": "%PDF", "plan.html": "<!doctype html>", "plan.xlsx": "PK", "plan-csv.zip": "PK", "plan.json": "{", "plan.yaml": "", "layout.yaml": "banks:", "front.svg": "<svg",
	} {
		w := get(f, "/plan/files/"+name+state)
		wantStatus(t, w, http.StatusOK)
		if !strings.HasPrefix(w.Body.String(), begin) || !strings.Contains(w.Header().Get("Content-Disposition"), name) {
			t.Errorf("%s begins %.20q", name, w.Body)
		}
	}
	p, err := planfile.Read("plan.yaml", get(f, "/plan/files/plan.yaml"+state).Body.Bytes())
	if err != nil || p.Demand.Units != 20 || p.Site.Walls[0].LengthMM != 6000 {
		t.Errorf("%v %+v", err, p.Site)
	}
	var a sizing.Answer
	if err := json.Unmarshal(get(f, "/plan/files/plan.json"+state).Body.Bytes(), &a); err != nil || a.Quick {
		t.Errorf("%v, quick %v", err, a.Quick)
	}
	wantStatus(t, get(f, "/plan/files/plan.exe"+state), http.StatusNotFound)
	// Paper has no Arabic letters: the page that a browser prints takes its place.
	w := get(f, "/plan/files/plan.pdf"+state+"&lang=ar")
	wantStatus(t, w, http.StatusSeeOther)
	if got := w.Header().Get("Location"); got != "/plan/files/plan.html"+state+"&lang=ar" {
		t.Errorf("the paper leads to %s", got)
	}
	if body := get(f, "/plan"+state+"&s=6&lang=ar").Body.String(); strings.Contains(body, "plan.pdf") || !strings.Contains(body, "plan.html") {
		t.Error("the Arabic page offers paper, or no page to print")
	}
}

// A room that the visitor names takes part: the hybrid fits, and its room stands in the layout.
func TestPlan_PlansWithARoom(t *testing.T) {
	t.Parallel()
	var a sizing.Answer
	f := newFace(t, nil)
	if err := json.Unmarshal(get(f, "/plan/files/plan.json?v=1&u=60&rw=4&rd=3").Body.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	if r := a.Problem.Site.Rooms; len(r) != 1 || r[0].WidthMM != 4000 || r[0].DepthMM != 3000 {
		t.Fatalf("the rooms are %+v", r)
	}
	fits := 0
	for _, x := range a.All() {
		if x.Kind == sizing.Hybrid || x.Kind == sizing.OpenRoom {
			if x.Fits {
				fits++
			}
		}
	}
	if fits != 2 {
		t.Errorf("%d of hybrid and open room fit into 12 m²", fits)
	}
	// Where lockers alone do not hold, the page shows the room without being asked for all figures.
	page := get(f, "/plan?v=1&u=120&w1=4.2&rw=4&rd=3").Body.String()
	for _, want := range []string{"Room 1: ", "4,000", "Shelves, 5 above each other", ">Door<"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of lockers with a room lacks %q", want)
		}
	}
}

// What the first page leaves out is the same as without leaving it out.
func TestPlan_FirstPageAgreesWithAllFigures(t *testing.T) {
	t.Parallel()
	p := sizing.Defaults()
	p.Name, p.Demand.Units = "x", 30
	p = p.WithUnits()
	var of [2]sizing.Answer
	for i := range of {
		var err error
		if of[i], err = sizing.Solve(t.Context(), p, sizing.Options{Quick: true, Brief: i == 0, Budget: 4}); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(of[1].Recommended, of[0].Recommended); diff != "" {
		t.Errorf("the brief answer differs:\n%s", diff)
	}
	if len(of[0].Sensitivity) != 0 || len(of[0].Rules) != 0 || len(of[1].Sensitivity) == 0 || len(of[1].Rules) == 0 {
		t.Error("the brief answer leaves out the wrong things")
	}
}

// A plan that does not exist says in the page what would have to give, in every language.
func TestPlan_SaysWhatWouldHaveToGive(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string]string{"en": "What would have to give", "es": "Qué tendría que ceder", "ar": "ما الذي يجب أن يتغيّر"} {
		for _, state := range []string{"u=60&w1=1.5", "u=60&w1=0.4"} { // too few doors; no module at all
			if body := sharedGet("/plan?v=1&"+state, lang).Body.String(); !strings.Contains(body, want) {
				t.Errorf("%s, %s: %q is missing", lang, state, want)
			}
		}
	}
}

func TestStream_SaysHowFarItIs(t *testing.T) {
	t.Parallel()
	w := get(newFace(t, nil), "/plan/stream?v=1&u=20")
	wantStatus(t, w, http.StatusOK)
	if body := w.Body.String(); !strings.Contains(body, "<progress") || !strings.Contains(body, "Full plan") {
		t.Errorf("%.400s", body)
	}
}

func TestSite_IsALayoutThatHolds(t *testing.T) {
	t.Parallel()
	f := newFace(t, nil)
	catalog, _ := texts()
	site, err := f.Site(t.Context(), url.Values{"v": {"1"}, "u": {"20"}}, catalog.For("es"))
	if err != nil {
		t.Fatal(err)
	}
	if err := site.Layout.Validate(); err != nil || len(site.Fronts) == 0 || len(site.Boards) == 0 {
		t.Errorf("%v, %d fronts, %v", err, len(site.Fronts), site.Boards)
	}
	if got := site.Layout.Banks[0].Name; !strings.HasPrefix(got, "Taquilla") {
		t.Errorf("the bank is called %q", got)
	}
	if _, err := f.Site(t.Context(), url.Values{"u": {"x"}}, catalog.For("en")); !strings.Contains(fmt.Sprint(err), string(locker.CodeInputInvalid)) {
		t.Errorf("a wrong address gives %v", err)
	}
}

func postLog(f *planner.Face, csv string) *httptest.ResponseRecorder {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, _ := form.CreateFormFile("file", "log.csv")
	_, _ = part.Write([]byte(csv))
	_ = form.Close()
	r := httptest.NewRequest(http.MethodPost, "/plan/log?v=1&u=20", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, r)
	return w
}

func TestLog_BecomesFiguresInTheAddress(t *testing.T) {
	t.Parallel()
	var csv strings.Builder
	csv.WriteString("arrived,collected,size\n")
	at := time.Date(2026, time.January, 5, 10, 0, 0, 0, time.UTC)
	for day := range 28 {
		for i := range 4 {
			from := at.AddDate(0, 0, day).Add(time.Duration(i) * time.Hour)
			fmt.Fprintf(&csv, "%s,%s,%s\n", from.Format("2006-01-02 15:04"), from.Add(20*time.Hour).Format("2006-01-02 15:04"),
				[]string{"S", "M", "L", "S"}[i])
		}
	}
	w := postLog(newFace(t, nil), csv.String())
	wantStatus(t, w, http.StatusOK)
	m := regexp.MustCompile(`href="/plan\?([^"]*by=l[^"]*)"`).FindStringSubmatch(w.Body.String())
	if m == nil {
		t.Fatalf("no address with the figures:\n%.3000s", w.Body)
	}
	s, problems := decode(t, strings.ReplaceAll(m[1], "&amp;", "&"))
	if p := s.Problem("x"); len(problems) > 0 || p.Demand.Rate.Mid != 1.4 || p.Demand.Rate.Assumed || p.Dwell.Median.Mid != 20 {
		t.Errorf("%v %s: %+v %+v", problems, m[1], p.Demand.Rate, p.Dwell.Median)
	}
	for log, want := range map[string]string{
		"nonsense\n1\n": "log.csv:1: ",
		"arrived\n2025-03-03 10:00\n2025-03-13 10:00\n":                   "log.csv:3: nothing arrived in the 10 days",
		"arrived\n2025-03-03T10:00:00-05:00\n2025-03-03T11:00:00-08:00\n": "log.csv:3: arrived: the offset -08:00 differs",
		"arrived,collected\n2025-03-03 10:00,2025-03-02 10:00\n":          "log.csv:2: collected 24h0m0s before it arrived",
		"arrived,width_mm,height_mm,depth_mm\n2025-03-03 10:00,10,-3,5\n": "log.csv:2: height_mm: ",
	} {
		w := postLog(newFace(t, nil), log)
		wantStatus(t, w, http.StatusUnprocessableEntity)
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	wantStatus(t, postLog(newFace(t, nil), ""), http.StatusUnprocessableEntity)
}
