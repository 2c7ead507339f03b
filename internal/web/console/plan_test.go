package console_test

import (
	"net/http"
	"strings"
	"testing"

	"cubby/internal/locker"
)

const planned = "/sites/new-from-plan?v=1&u=20"

func TestPlan_BecomesASite(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	w := b.get(planned)
	wantStatus(t, w, http.StatusOK)
	for _, part := range []string{"Two doors in one bank", "<svg", `action="/sites/new-from-plan?`, "Harbour House"} {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("the page lacks %q", part)
		}
	}
	wantRedirect(t, b.post(planned, "name", "Mill", "property", "p1"), "/sites/main/health")
	wantCalls(t, b, "CreateSite p1 Mill")
}

func TestPlan_MakesAPropertyWhereThereIsNone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	wantRedirect(t, b.post(planned, "name", "Mill", "property", "", "zone", "Europe/Madrid"), "/sites/main/health")
	wantCalls(t, b, "CreateProperty Mill Europe/Madrid", "CreateSite p2 Mill")
}

func TestPlan_AsksForWhatIsMissing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, form := range [][]string{{"name", "", "property", "p1"}, {"name", "Mill", "zone", "Mars"}, {"name", "Mill", "zone", ""}} {
		wantStatus(t, b.post(planned, form...), http.StatusUnprocessableEntity)
	}
	wantStatus(t, b.get("/sites/new-from-plan?u=0"), http.StatusUnprocessableEntity)
	b.fake.Fail("CreateSite", locker.Errorf(locker.CodeNotAllowed, "staff"))
	wantStatus(t, b.post(planned, "name", "Mill", "property", "p1"), http.StatusForbidden)
}

func TestPlan_WaitsBehindTheSignIn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.fake.EndSession()
	wantRedirect(t, b.get(planned), "/sign-in?next=%2Fsites%2Fnew-from-plan%3Fv%3D1%26u%3D20")
}
