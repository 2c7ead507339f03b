package console_test

import (
	"net/http"
	"strings"
	"testing"

	"cubby/internal/locker"
	"cubby/internal/sizing"
)

func TestAdvice_PageAndFiles(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.get("/sites/harbour/health")
	if !strings.Contains(w.Body.String(), `href="/sites/harbour/advice"`) {
		t.Error("nothing leads to the advice")
	}
	w = b.get("/sites/harbour/advice")
	wantStatus(t, w, http.StatusOK)
	for _, part := range []string{"Would other doors help?", "other doors in the same columns", `href="/sites/harbour/advice/advice.pdf"`, "12 S", `href="/advice.css"`} {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	for name, begins := range map[string]string{"advice.pdf": "%PDF-", "advice.html": "<!doctype html>", "advice.json": "{"} {
		w := b.get("/sites/harbour/advice/" + name)
		wantStatus(t, w, http.StatusOK)
		if !strings.HasPrefix(w.Body.String(), begins) || !strings.Contains(w.Header().Get("Content-Disposition"), name) {
			t.Errorf("%s begins with %.20q, %s", name, w.Body.String(), w.Header().Get("Content-Disposition"))
		}
	}
	wantStatus(t, b.get("/sites/harbour/advice/advice.exe"), http.StatusNotFound)
	wantStatus(t, b.get("/advice.css"), http.StatusOK)
	b.fake.Fail("Advise", locker.Errorf(locker.CodeRateLimited, "others ask"))
	wantStatus(t, b.get("/sites/harbour/advice"), http.StatusTooManyRequests)
}

func TestAdvice_SaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if w := b.get("/sites/room/advice"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "no locker doors") {
		t.Errorf("a room: %d", w.Code)
	}
	b.fake.Fail("Advise", &sizing.ThinRecord{Days: 9, MissingDays: 5, Parcels: 120})
	w := b.get("/sites/harbour/advice")
	wantStatus(t, w, http.StatusOK)
	if !strings.Contains(w.Body.String(), "Days still missing: 5") {
		t.Error("nobody says how much is missing")
	}
	wantStatus(t, b.get("/sites/harbour/advice/advice.pdf"), http.StatusConflict)
}
