package residenttest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"cubby/internal/cloud"
	"cubby/internal/cloud/holder"
	"cubby/internal/locker"
	"cubby/internal/web/resident"
)

// The links of the sample.
const (
	LinkOne   = "one0000000000000000000000a" // one parcel behind a door
	LinkMany  = "many000000000000000000000a" // two doors, a shelf, and one that staff hold
	LinkNone  = "none000000000000000000000a" // nothing waits
	LinkAway  = "away000000000000000000000a" // its site is not connected
	LinkSent  = "sent000000000000000000000a" // of somebody who was sent
	LinkEnded = "ended00000000000000000000a" // unknown
)

// Now is the moment of the goldens: a Wednesday at 12:46 in New York.
func Now() time.Time { return time.Date(2026, 11, 25, 17, 46, 0, 0, time.UTC) }

// Fake answers like a cloud.Cloud. It is safe for concurrent use.
type Fake struct {
	now time.Time

	mu      sync.Mutex
	calls   []string
	openErr error
	pageErr error
	answer  cloud.IntentView
	wishes  holder.Wishes
}

var (
	_ resident.Backend = (*Fake)(nil)
	_ resident.Desk    = (*Fake)(nil)
)

// New returns a Fake at a moment whose doors open.
func New(now time.Time) *Fake {
	return &Fake{now: now, answer: cloud.IntentView{State: cloud.IntentDone}}
}

// Answer sets what a site answers.
func (f *Fake) Answer(a cloud.IntentView) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = a
}

// FailOpen lets opening fail; FailPage every page.
func (f *Fake) FailOpen(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.openErr = err
}

// FailPage lets every page fail.
func (f *Fake) FailPage(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pageErr = err
}

// Calls lists what was asked, e.g. "one… s2 HJK3MP".
func (f *Fake) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.calls...)
}

func (f *Fake) parcel(n, door string) cloud.WaitingParcel {
	return cloud.WaitingParcel{
		Site: "harbour", SiteName: "Harbour House", TimeZone: "America/New_York", Phone: "+1 555 0100", Mail: "desk@example.org",
		Stay: locker.StayID("s" + n), Place: locker.PlaceID("main/" + door), PlaceName: door, PlaceKind: locker.PlaceCompartment,
		Bank: "Locker 1", Column: 2, Row: 7, Carrier: "UPS", Last4: "6784", Size: locker.SizeM, StoredAt: f.now.Add(-64 * time.Minute),
		CollectBy: f.now.Add(30*time.Hour + 14*time.Minute), MayOpen: true,
		Code: cloud.Code{Symbols: "4F7-H2K-MX9", Token: "C1.4QZT7W2K6YJH3MPX9RNC", Unit: "310", Digits: "471-082-336"}, //nolint:gosec // opens nothing
	}
}

// ResidentPage knows the links above.
func (f *Fake) ResidentPage(_ context.Context, token string) (cloud.ResidentPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := cloud.ResidentPage{
		Name: "Jane", Parcels: []cloud.WaitingParcel{f.parcel("2", "B07")},
		Contact: cloud.ResidentContact{Name: "Harbour House", Phone: "+1 555 0100", Mail: "desk@example.org"},
	}
	switch token {
	case LinkOne:
	case LinkMany:
		shelf, held := f.parcel("4", "4"), f.parcel("5", "D04")
		shelf.Site, shelf.SiteName, shelf.PlaceKind, shelf.Bank, shelf.MayOpen = "room", "Harbour package room", locker.PlaceShelf, "Ground floor", false
		shelf.Code.Symbols, shelf.Code.Token = "HJK-3MP-2XY", "C1.7W2K6YJH3MPX9RNC4QZT"
		held.Held, held.Code, held.Overdue, held.CollectBy = true, cloud.Code{}, true, f.now.Add(-26*time.Hour)
		p.Parcels = append(p.Parcels, f.parcel("3", "E01"), held, shelf)
	case LinkNone:
		p.Parcels = nil
	case LinkAway:
		p.Parcels[0].MayOpen = false
	default:
		return cloud.ResidentPage{}, locker.Errorf(locker.CodeNotFound, "no such link")
	}
	return p, f.pageErr
}

// ResidentOpen notes the wish.
func (f *Fake) ResidentOpen(_ context.Context, token string, stay locker.StayID, proof string) (locker.IntentID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, strings.Join([]string{token, string(stay), proof}, " "))
	return "i1", f.openErr
}

// ResidentAwait answers as Answer says.
func (f *Fake) ResidentAwait(_ context.Context, _ string, id locker.IntentID) (cloud.IntentView, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a := f.answer
	a.ID = id
	return a, nil
}

// done notes an act of a [resident.Desk] and answers as FailOpen says.
func (f *Fake) done(call ...string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls = append(f.calls, strings.Join(call, " "))
	return f.openErr
}

// DelegatePage knows LinkSent.
func (f *Fake) DelegatePage(_ context.Context, token string) (cloud.ResidentPage, error) {
	if token != LinkSent {
		return cloud.ResidentPage{}, locker.Errorf(locker.CodeNotFound, "no such link")
	}
	p, other, shared, shelf := f.parcel("2", "B07"), f.parcel("3", "E01"), f.parcel("6", "C02"), f.parcel("4", "4")
	other.Code.Symbols, other.Code.Token = "HJK-3MP-2XY", "C1.7W2K6YJH3MPX9RNC4QZT"
	shared.Code, shared.Bar = cloud.Code{}, cloud.PassShared
	shelf.Code, shelf.Bar, shelf.PlaceKind, shelf.Bank = cloud.Code{}, cloud.PassStaff, locker.PlaceShelf, "Ground floor"
	all := []cloud.WaitingParcel{p, other, shared, shelf}
	for i := range all {
		all[i].MayOpen, all[i].Carrier, all[i].Last4 = false, "", ""
	}
	return cloud.ResidentPage{
		Contact: cloud.ResidentContact{Name: "Harbour House", Phone: "+1 555 0100", Mail: "desk@example.org"}, Parcels: all,
	}, nil
}

// Reportable lists the parcel of LinkOne and one that was collected.
func (f *Fake) Reportable(_ context.Context, token string) ([]holder.Reportable, error) {
	if token == LinkNone {
		return nil, nil
	}
	return []holder.Reportable{{Stay: "s2", Place: "main/B07"}, {Stay: "s9", Place: "main/C03", Collected: true}}, nil
}

// Report notes the complaint.
func (f *Fake) Report(_ context.Context, _ string, c holder.Complaint) error {
	return f.done("report", string(c.Stay), string(c.Problem), c.Note, strconv.Itoa(len(c.Photo)))
}

// SentBy lists Tom, who was sent for everything.
func (f *Fake) SentBy(_ context.Context, token string) ([]holder.Sent, error) {
	if token != LinkMany {
		return nil, nil
	}
	return []holder.Sent{
		{ID: "d1", Name: "Tom", Until: f.now.Add(54 * time.Hour), Token: LinkSent},
		{ID: "d2", Name: "Ada", Stay: "s3", Place: "E01", Until: f.now.Add(30 * time.Hour), Token: "ada000000000000000000000a"},
	}, nil
}

// Send notes whom it sends.
func (f *Fake) Send(_ context.Context, _ string, d holder.Draft) (holder.Sent, error) {
	return holder.Sent{ID: "d3"}, f.done("send", d.Name, string(d.Stay), d.Until.UTC().Format(time.RFC3339))
}

// End notes whose codes end.
func (f *Fake) End(_ context.Context, _, id string) error { return f.done("end", id) }

// KeepUntil allows two more days for the first parcel.
func (f *Fake) KeepUntil(_ context.Context, _ string, stay locker.StayID) (time.Time, error) {
	if stay != "s2" {
		return time.Time{}, nil
	}
	return f.now.Add(78*time.Hour + 14*time.Minute), nil
}

// Keep notes the parcel.
func (f *Fake) Keep(_ context.Context, _ string, stay locker.StayID) error {
	return f.done("keep", string(stay))
}

// Away notes until when.
func (f *Fake) Away(_ context.Context, _ string, until time.Time) error {
	if until.IsZero() {
		return f.done("back")
	}
	return f.done("away", until.UTC().Format(time.RFC3339))
}

// Wishes returns the wishes of every link.
func (f *Fake) Wishes(_ context.Context, token string) (holder.Wishes, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.wishes
	w.Email, w.Phone, w.TimeZone = "j…@example.org", "…07", "America/New_York"
	if token == LinkMany {
		w.VacationUntil, w.Browsers = f.now.Add(200*time.Hour), 2
	}
	return w, nil
}

// SetWishes keeps the wishes.
func (f *Fake) SetWishes(_ context.Context, _ string, w holder.Wishes) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wishes = w
	return nil
}

// AddBrowser notes the address.
func (f *Fake) AddBrowser(_ context.Context, _ string, b holder.Browser) error {
	return f.done("browser", b.Endpoint)
}

// RemoveBrowsers notes it.
func (f *Fake) RemoveBrowsers(context.Context, string) error { return f.done("no browser") }

// LostPhone notes it.
func (f *Fake) LostPhone(_ context.Context, token string) error { return f.done("lost", token) }

// Fixture is one request that shows a page.
type Fixture struct {
	Name   string
	Method string // "" is GET
	Path   string
	Form   url.Values
	Status int // 0 is 200
}

// Fixtures lists a request for every page.
func Fixtures() []Fixture {
	return []Fixture{
		{Name: "one", Path: "/p/" + LinkOne},
		{Name: "many", Path: "/p/" + LinkMany},
		{Name: "none", Path: "/p/" + LinkNone},
		{Name: "away", Path: "/p/" + LinkAway},
		{Name: "ended", Path: "/p/" + LinkEnded, Status: http.StatusNotFound},
		{Name: "help", Path: "/p/" + LinkOne + "/help"},
		{Name: "open", Path: "/p/" + LinkOne + "/open"},
		{Name: "open-many", Path: "/p/" + LinkMany + "/open"},
		{Name: "open-wrong", Method: http.MethodPost, Path: "/p/" + LinkOne + "/open", Form: url.Values{"stay": {"s2"}}, Status: http.StatusUnprocessableEntity},
		{Name: "sent", Path: "/p/" + LinkSent},
		{Name: "wrong", Path: "/p/" + LinkOne + "/wrong?stay=s9"},
		{Name: "wrong-bad", Method: http.MethodPost, Path: "/p/" + LinkOne + "/wrong", Form: url.Values{"stay": {"s2"}}, Status: http.StatusUnprocessableEntity},
		{Name: "send", Path: "/p/" + LinkMany + "/send?done=send"},
		{Name: "send-bad", Method: http.MethodPost, Path: "/p/" + LinkOne + "/send", Form: url.Values{"name": {""}}, Status: http.StatusUnprocessableEntity},
		{Name: "keep", Path: "/p/" + LinkOne + "/keep"},
		{Name: "keep-away", Path: "/p/" + LinkMany + "/keep"},
		{Name: "wishes", Path: "/p/" + LinkOne + "/wishes"},
		{Name: "lost", Path: "/p/" + LinkOne + "/lost"},
		{Name: "lost-done", Method: http.MethodPost, Path: "/p/" + LinkOne + "/lost", Form: url.Values{"x": {""}}},
		{Name: "opened", Path: "/p/" + LinkOne + "/opened/i1?stay=s2"},
	}
}

// Request is the fixture as a request in a language.
func (x Fixture) Request(lang string) *http.Request {
	method := x.Method
	if method == "" {
		method = http.MethodGet
	}
	r := httptest.NewRequestWithContext(context.Background(), method, x.Path, strings.NewReader(x.Form.Encode()))
	if x.Form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Add("Cookie", "cubby-lang="+lang)
	return r
}
