package consoletest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
)

// Fixture is one request that shows a page, or a page in a special state.
type Fixture struct {
	Name     string
	Method   string // "" is GET
	Path     string
	Form     url.Values
	Stranger bool  // without the session's cookie
	Partial  bool  // as htmx asks for a fragment
	Paper    bool  // made to be printed: without the shell, and light
	Lists    bool  // with the lists empty
	Stage    Stage // of the test of a bank
	Status   int   // 0 is 200
}

// Fixtures lists a request for every page of the console and for its forms in the wrong.
func Fixtures() []Fixture {
	const (
		post = http.MethodPost
		bad  = http.StatusUnprocessableEntity
	)
	bank, room := "/sites/harbour", "/sites/room"
	door, parcel := bank+"/doors/main~1B04", bank+"/parcels/p4"
	all := []Fixture{
		{Name: "sign-in", Path: "/sign-in", Stranger: true},
		{Name: "sign-in-wrong", Method: post, Path: "/sign-in", Form: url.Values{"email": {"ana@example.org"}, "password": {"x"}}, Stranger: true, Status: bad},
		{Name: "help", Path: "/help"},
		{Name: "wall", Path: bank + "/wall"},
		{Name: "wall-list", Path: bank + "/wall?view=list"},
		{Name: "wall-room", Path: room + "/wall"},
		{Name: "door", Path: door},
		{Name: "door-sheet", Path: door, Partial: true},
		{Name: "door-open", Path: door + "/open"},
		{Name: "door-open-wrong", Method: post, Path: door + "/open", Form: url.Values{"reason": {"x"}}, Status: bad},
		{Name: "door-verify", Path: door + "/verify", Partial: true},
		{Name: "log", Path: room + "/log"},
		{Name: "log-wrong", Method: post, Path: room + "/log", Form: url.Values{"who": {"smith"}, "tracking": {"1Z999"}}, Status: bad},
		{Name: "log-done", Path: room + "/log?intent=i1&size=M&place=desk"},
		{Name: "log-just", Path: bank + "/log?just=new,s4&place=door&size=M"},
		{Name: "log-undo", Method: post, Path: bank + "/log/undo", Form: url.Values{"stay": {"s4"}, "just": {"s4"}}, Partial: true},
		{Name: "labels", Path: bank + "/labels?kind=parcel&stay=s4"},
		{Name: "labels-slip", Method: post, Path: bank + "/labels", Form: url.Values{"kind": {"slip"}, "stay": {"s4"}}},
		{Name: "labels-ask", Path: bank + "/labels?kind=slip&stay=s4"},
		{Name: "labels-place", Path: room + "/labels?kind=place"},
		{Name: "desk", Path: bank + "/desk"},
		{Name: "desk-wrong", Method: post, Path: bank + "/desk", Form: url.Values{"printer": {"http://x"}, "width": {"5"}, "height": {"x"}, "dots": {"8"}}, Status: bad},
		{Name: "hand-over-code", Method: post, Path: room + "/hand-over/find", Form: url.Values{"q": {Code}}},
		{Name: "hand-over", Path: room + "/hand-over?q=310"},
		{Name: "hand-over-start", Path: room + "/hand-over"},
		{Name: "hand-over-wrong", Method: post, Path: room + "/hand-over", Form: url.Values{"q": {"310"}}, Status: bad},
		{Name: "deliveries", Path: "/deliveries"},
		{Name: "deliveries-none", Path: "/deliveries?q=zz&state=overdue", Lists: true},
		{Name: "parcel", Path: parcel},
		{Name: "parcel-code", Method: post, Path: parcel + "/code", Form: url.Values{"reason": {"Resident at the desk"}}},
		{Name: "parcel-reassign", Path: parcel + "/reassign"},
		{Name: "parcel-extend", Path: parcel + "/extend", Partial: true},
		{Name: "incidents", Path: "/incidents"},
		{Name: "incidents-none", Path: "/incidents", Lists: true},
		{Name: "incident", Path: "/incidents/n1"},
		{Name: "incident-wrong", Method: post, Path: "/incidents/n1/resolve", Form: url.Values{}, Status: bad},
		{Name: "residents", Path: bank + "/residents"},
		{Name: "resident", Path: bank + "/residents/r4"},
		{Name: "resident-wrong", Method: post, Path: bank + "/residents/new", Form: url.Values{"unit": {"999"}, "name": {"Kim Lo"}, "kind": {"resident"}}, Status: bad},
		{Name: "resident-link", Method: post, Path: bank + "/residents/r4/link", Form: url.Values{"do": {"show"}}},
		{Name: "import", Path: bank + "/residents/import"},
		{Name: "couriers", Path: bank + "/couriers"},
		{Name: "courier-card", Method: post, Path: bank + "/couriers/c1/code", Form: url.Values{}},
		{Name: "courier-wrong", Method: post, Path: bank + "/couriers", Form: url.Values{}, Status: bad},
		{Name: "courier-revoke", Path: bank + "/couriers/c1/revoke", Partial: true},
		{Name: "sites", Path: "/sites"},
		{Name: "sites-none", Path: "/sites", Lists: true},
		{Name: "plan", Path: "/sites/new-from-plan?v=1&u=20"},
		{Name: "plan-first", Path: "/sites/new-from-plan?v=1&u=20", Lists: true},
		{Name: "plan-wrong", Method: post, Path: "/sites/new-from-plan?v=1&u=20", Form: url.Values{"name": {""}, "zone": {"Mars"}}, Status: bad},
		{Name: "health", Path: bank + "/health"},
		{Name: "enrol", Method: post, Path: bank + "/enrol", Form: url.Values{}},
		{Name: "reboot", Path: bank + "/reboot"},
		{Name: "settings", Path: "/settings"},
		{Name: "settings-wrong", Method: post, Path: "/settings/test-mail", Form: url.Values{"to": {"nobody"}}, Status: bad},
		{Name: "codes", Path: bank + "/codes"},
		{Name: "codes-weak", Method: post, Path: bank + "/codes", Form: url.Values{"guesses": {"500"}}, Status: bad},
	}
	return append(all, siteFixtures(bank, room)...)
}

// siteFixtures are those of the test of a bank, of advice, and of what belongs to no site.
func siteFixtures(bank, room string) []Fixture {
	return []Fixture{
		{Name: "advice", Path: bank + "/advice"},
		{Name: "advice-room", Path: room + "/advice"},
		{Name: "test", Path: bank + "/test", Stage: StageNone},
		{Name: "test-open", Path: bank + "/test", Stage: StageOpen},
		{Name: "test-wait", Path: bank + "/test", Stage: StageWait},
		{Name: "test-pending", Path: bank + "/test", Stage: StagePending},
		{Name: "test-asked", Path: bank + "/test", Stage: StageAsked},
		{Name: "test-full", Path: bank + "/test", Stage: StageFull},
		{Name: "test-done", Path: bank + "/test", Stage: StageDone},
		{Name: "test-doors", Path: bank + "/test/doors", Stage: StageDone},
		{Name: "test-sheet", Path: bank + "/test/sheet", Stage: StageDone, Paper: true},
		{Name: "audit", Path: bank + "/audit"},
		{Name: "audit-fine", Path: room + "/audit"},
		{Name: "audit-wrong", Method: http.MethodPost, Path: bank + "/audit/rounds", Form: url.Values{"scope": {"all"}}, Status: http.StatusUnprocessableEntity},
		{Name: "round", Path: bank + "/audit/rounds/g1"},
		{Name: "round-several", Path: bank + "/audit/rounds/g1?place=main%2FD04"},
		{Name: "round-scan", Method: http.MethodPost, Path: bank + "/audit/rounds/g1/scan", Form: url.Values{"place": {"main/B04"}, "scan": {"4B"}, "label": {"1Z999AA10123456784"}}},
		{Name: "round-wrong", Method: http.MethodPost, Path: bank + "/audit/rounds/g1/answer", Form: url.Values{"place": {"main/B04"}, "said": {"differs"}}, Status: http.StatusUnprocessableEntity},
		{Name: "round-done", Path: bank + "/audit/rounds/g2"},
		{Name: "round-sheet", Path: bank + "/audit/rounds/g1/sheet"},
		{Name: "hardware", Path: "/hardware"},
		{Name: "not-found", Path: "/nowhere", Status: http.StatusNotFound},
	}
}

// Request is the fixture as a request in a language; theme may be empty.
func (x Fixture) Request(f *Fake, lang, theme string) *http.Request {
	f.Stage(x.Stage)
	method := x.Method
	if method == "" {
		method = http.MethodGet
	}
	r := httptest.NewRequestWithContext(context.Background(), method, x.Path, strings.NewReader(x.Form.Encode()))
	if x.Form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if !x.Stranger {
		r.AddCookie(f.Cookie())
	}
	if x.Partial {
		r.Header.Set("HX-Request", "true")
		r.Header.Set("HX-Request-Type", "partial")
	}
	r.Header.Add("Cookie", "cubby-lang="+lang)
	if theme != "" {
		r.Header.Add("Cookie", "cubby-theme="+theme)
	}
	return r
}
