package resident_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"cubby/internal/cloud/holder"
	"cubby/internal/locker"
	"cubby/internal/web/resident/residenttest"
)

func (b *bench) post(path string, form url.Values) *httptest.ResponseRecorder {
	return b.do(residenttest.Fixture{Method: "POST", Path: path, Form: form}.Request("en"))
}

func wantCall(t *testing.T, b *bench, call string) {
	t.Helper()
	if !slices.Contains(b.fake.Calls(), call) {
		t.Errorf("calls are %q, want %q", b.fake.Calls(), call)
	}
}

// Each act is done once, leads back to its page, and says there that it is done.
func TestActs(t *testing.T) {
	t.Parallel()
	page := "/p/" + residenttest.LinkOne
	for _, v := range []struct {
		path string
		form url.Values
		call string
		says string
	}{
		{"/wrong", url.Values{"stay": {"s2"}, "problem": {"empty"}, "note": {"dark"}}, "report s2 empty dark 0", "The staff know."},
		{"/send", url.Values{"name": {"Tom"}, "stay": {"s2"}, "until": {"2026-11-27"}}, "send Tom s2 2026-11-28T05:00:00Z", "Hand on the link"},
		{"/send/d1/end", url.Values{"x": {""}}, "end d1", "Ended."},
		{"/keep", url.Values{"stay": {"s2"}}, "keep s2", "It waits longer."},
		{"/away", url.Values{"until": {"2026-12-24"}}, "away 2026-12-25T05:00:00Z", "Your parcels are held."},
		{"/away", url.Values{"back": {"yes"}}, "back", "Welcome back."},
		{"/browser", url.Values{"endpoint": {"https://push.example.org/1"}}, "browser https://push.example.org/1", "Saved."},
		{"/browser", url.Values{"none": {"yes"}}, "no browser", "Saved."},
	} {
		b := newBench(t)
		w := b.post(page+v.path, v.form)
		wantStatus(t, w, http.StatusSeeOther)
		wantCall(t, b, v.call)
		where, _, _ := strings.Cut(w.Header().Get("Location"), "#")
		wantText(t, b.get(where), v.says)
	}
}

// What the rules refuse is said at the form, and nothing else is lost of it.
func TestActs_Refused(t *testing.T) {
	t.Parallel()
	page := "/p/" + residenttest.LinkOne
	for _, v := range []struct {
		path string
		form url.Values
		code locker.Code
		says string
	}{
		{"/wrong", url.Values{"stay": {"s2"}, "problem": {"empty"}, "note": {"very dark"}}, locker.CodeRateLimited, "very dark"},
		{"/send", url.Values{"name": {"Tom"}, "stay": {"s2"}, "until": {"2026-11-27"}}, locker.CodeConflict, "it shares its door"},
		{"/send", url.Values{"name": {"Tom"}, "until": {"2029-11-27"}}, locker.CodeInputInvalid, "Choose an earlier day."},
		{"/send", url.Values{"name": {"Tom"}, "until": {"soon"}}, "", "Choose a day from today on"},
		{"/keep", url.Values{"stay": {"s2"}}, locker.CodeConflict, "for as long as it can"},
		{"/away", url.Values{"until": {"2020-01-01"}}, "", "Choose a day from today on"},
		{"/wishes", url.Values{"low": {"yes"}}, "", "Choose at least one way"},
		{"/wishes", url.Values{"channel": {"sms"}, "from": {"22:00"}}, "", "Enter both times"},
	} {
		b := newBench(t)
		if v.code != "" {
			b.fake.FailOpen(locker.Errorf(v.code, "no"))
		}
		w := b.post(page+v.path, v.form)
		wantStatus(t, w, http.StatusUnprocessableEntity)
		wantText(t, w, "There is a problem", v.says)
	}
}

func TestWrong_TakesAPhoto(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range map[string]string{"stay": "s9", "problem": "damaged"} {
		if err := form.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("photo", "x.jpg")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write(make([]byte, 100_000)); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/p/"+residenttest.LinkOne+"/wrong", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	wantStatus(t, b.do(r), http.StatusSeeOther)
	wantCall(t, b, "report s9 damaged  100000")
}

func TestWishes_AreKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	page := "/p/" + residenttest.LinkOne + "/wishes"
	w := b.post(page, url.Values{"low": {"yes"}, "channel": {"sms", "voice"}, "messages": {"ar"}, "from": {"22:00"}, "to": {"07:30"}})
	wantStatus(t, w, http.StatusSeeOther)
	got, err := b.fake.Wishes(t.Context(), residenttest.LinkOne)
	if err != nil {
		t.Fatal(err)
	}
	if !got.LowDoor || got.Language != "ar" || got.QuietFrom != 22*60 || got.QuietTo != 7*60+30 ||
		!slices.Equal(got.Channels, []holder.Channel{holder.SMS, holder.Voice}) {
		t.Errorf("wishes are %+v", got)
	}
	wantText(t, b.get(page), `value="22:00"`, `value="sms" checked`, "Your next parcels come into low doors.")
}

// Whoever was sent sees codes and nothing that is the recipient's alone.
func TestSent_SeesNothingElse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	page := "/p/" + residenttest.LinkSent
	w := b.get(page)
	wantStatus(t, w, http.StatusOK)
	// A pass is for one parcel: each has a code of its own, or the reason why it has none.
	wantText(t, w, "B07", "E01", "a pass opens one parcel only", "It is not behind a door")
	if body := w.Body.String(); strings.Count(body, `aria-label="`+"QR") > 2 || strings.Contains(body, "One code opens all") {
		t.Error("the page says that a code opens more than it does")
	}
	if strings.Contains(w.Body.String(), "/lost") {
		t.Error("the page offers what only the recipient may do")
	}
	for _, path := range []string{"/send", "/keep", "/wishes", "/wrong", "/lost", "/open"} {
		wantStatus(t, b.get(page+path), http.StatusNotFound)
		wantStatus(t, b.post(page+path, url.Values{"x": {""}}), http.StatusNotFound)
	}
	if len(b.fake.Calls()) != 0 {
		t.Errorf("somebody who was sent did %q", b.fake.Calls())
	}
}

func TestLost_EndsThePage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	wantText(t, b.get("/p/"+residenttest.LinkOne+"/lost"), "j…@example.org")
	w := b.post("/p/"+residenttest.LinkOne+"/lost", url.Values{"x": {""}})
	wantStatus(t, w, http.StatusOK)
	wantCall(t, b, "lost "+residenttest.LinkOne)
	wantText(t, w, "Everything is ended", "+1 555 0100")
	if strings.Contains(w.Body.String(), residenttest.LinkOne+"/wrong") {
		t.Error("the page still offers what the old link could do")
	}
}
