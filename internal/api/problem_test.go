package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"cubby/internal/api"
	"cubby/internal/auth"
	"cubby/internal/locker"
)

// TestProblem_EveryCodeHasAStatus: no domain error is told as our own fault, and none as success.
func TestProblem_EveryCodeHasAStatus(t *testing.T) {
	t.Parallel()
	for _, n := range locker.Codes() {
		status := api.StatusOfForTest(n.Code)
		if (status == http.StatusInternalServerError) != (n.Code == locker.CodeInternal) || status < 400 || status > 599 {
			t.Errorf("%s has status %d", n.Code, status)
		}
	}
}

// TestProblem_InsideStaysInside: an error of ours is logged under the request's id and not told.
func TestProblem_InsideStaysInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(auth.ScopeRead)
	must(t, w.db.Close())
	r := w.ask(asked{method: "GET", path: "/api/v1/sites", token: token, header: map[string]string{"X-Request-Id": "find-me"}})
	p := r.refused(http.StatusInternalServerError, locker.CodeInternal)
	if strings.Contains(r.body, "sql") || strings.Contains(r.body, "database") {
		t.Errorf("told: %v", p)
	}
	if logged := w.log.String(); !strings.Contains(logged, "request=find-me") || !strings.Contains(logged, "is closed") ||
		strings.Contains(logged, token) {
		t.Errorf("logged: %s", logged)
	}
}

func TestProblem_ClientThatLeftIsNoError(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(auth.ScopeRead)
	gone, leave := context.WithCancel(t.Context())
	leave()
	w.askWith(gone, asked{method: "GET", path: "/api/v1/sites", token: token})
	if strings.Contains(w.log.String(), "level=ERROR") {
		t.Errorf("logged: %s", w.log.String())
	}
}
