package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"cubby/internal/api"
	"cubby/internal/auth"
	"cubby/internal/locker"
)

// path fills the parameters of a route with ids that exist, where they do.
func path(route string) string {
	return strings.NewReplacer("{site}", site, "{place}", "main%2FA01", "{round}", "r1").Replace(route)
}

// TestRoutes_Authorization walks every operation: without a token, with one of each kind that must not
// pass, and with the very scopes that it needs.
func TestRoutes_Authorization(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, api.Options{Every: time.Millisecond, Burst: 10_000})
	over, err := w.cloud.CreateAPIToken(t.Context(), w.owner, "over", auth.Scopes(), w.clock.now().Add(time.Hour))
	must(t, err)
	w.clock.add(time.Hour)
	revoked := w.token(auth.Scopes()...)
	tokens, err := w.cloud.APITokens(t.Context(), w.owner)
	must(t, err)
	for _, v := range tokens {
		if strings.HasSuffix(revoked, v.Hint) {
			must(t, w.cloud.RevokeAPIToken(t.Context(), w.owner, v.ID))
		}
	}
	_, stranger, err := auth.NewAPIToken(nil, auth.APIToken{Organization: "o", Scopes: auth.Scopes()})
	must(t, err)
	wrong, right := map[string]string{}, map[string]string{} // by scopes
	for _, route := range w.api.Routes() {
		if len(route.Scopes) == 0 {
			t.Errorf("%s needs no scope", route.Operation)
		}
		needs := fmt.Sprint(route.Scopes)
		if right[needs] == "" {
			right[needs] = w.token(route.Scopes...)
			others := slices.DeleteFunc(auth.Scopes(), func(s auth.Scope) bool { return slices.Contains(route.Scopes, s) })
			wrong[needs] = w.token(others...)
		}
		for name, token := range map[string]string{
			"none": "", "malformed": "cubby_x", "unknown": string(stranger), "over": string(over), "revoked": revoked,
		} {
			r := w.ask(asked{method: route.Method, path: path(route.Path), token: token})
			if r.refused(http.StatusUnauthorized, locker.CodeNotAllowed); r.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s, token %s: no challenge", route.Operation, name)
			}
		}
		w.ask(asked{method: route.Method, path: path(route.Path), token: wrong[needs]}).
			refused(http.StatusForbidden, locker.CodeNotAllowed)
		r := w.ask(asked{method: route.Method, path: path(route.Path), token: right[needs]})
		if r.status == http.StatusUnauthorized || r.status == http.StatusForbidden || r.status >= http.StatusInternalServerError {
			t.Errorf("%s with %s: status %d: %s", route.Operation, needs, r.status, r.body)
		}
	}
}

// TestRoutes_Tenancy asks about another organization's objects: they do not exist.
func TestRoutes_Tenancy(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, api.Options{Every: time.Millisecond, Burst: 10_000})
	w.enrol()
	w.store("s1", "main/A01", w.ana)
	mine := w.token(auth.Scopes()...)
	stranger := w.ownerOf("Somewhere Else", "Sam Stranger")
	theirs, err := w.cloud.CreateAPIToken(t.Context(), stranger, "theirs", auth.Scopes(), time.Time{})
	must(t, err)
	for _, p := range []string{
		"/sites/harbour", "/sites/harbour/health", "/sites/harbour/wall", "/sites/harbour/banks", "/sites/harbour/compartments",
		"/sites/harbour/compartments/main%2FA01", "/sites/harbour/residents", "/sites/harbour/units", "/sites/harbour/couriers",
		"/sites/harbour/parcels", "/sites/harbour/parcels/p-s1", "/sites/harbour/facts", "/sites/harbour/layout",
		"/residents/" + string(w.ana),
	} {
		w.get(mine, p)
		w.ask(asked{method: "GET", path: api.Prefix + p, token: string(theirs)}).refused(http.StatusNotFound, locker.CodeNotFound)
	}
	for _, p := range []string{"/sites", "/parcels", "/incidents", "/properties"} {
		if items := w.get(string(theirs), p)["items"].([]any); len(items) != 0 {
			t.Errorf("%s gives %v to a stranger", p, items)
		}
	}
}

func TestRateLimit_OfOneToken(t *testing.T) {
	t.Parallel()
	w := newWorldWith(t, api.Options{Every: 2 * time.Second, Burst: 3})
	busy, calm := w.token(auth.ScopeRead), w.token(auth.ScopeRead)
	for range 3 {
		w.get(busy, "/sites")
	}
	r := w.ask(asked{method: "GET", path: "/api/v1/sites", token: busy})
	r.refused(http.StatusTooManyRequests, locker.CodeRateLimited)
	if r.header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q", r.header.Get("Retry-After"))
	}
	w.get(calm, "/sites")
	w.clock.add(2 * time.Second)
	w.get(busy, "/sites")
}

func TestRequest_Headers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(auth.ScopeRead)
	for sent, want := range map[string]string{"abc-1.2_Z": "abc-1.2_Z", "": "request-", "a b": "request-", strings.Repeat("a", 65): "request-"} {
		r := w.ask(asked{method: "GET", path: "/api/v1/sites/none", token: token, header: map[string]string{
			"X-Request-Id": sent, "Accept-Language": "es-MX",
		}})
		p := r.refused(http.StatusNotFound, locker.CodeNotFound)
		if id := r.header.Get("X-Request-Id"); !strings.HasPrefix(id, want) || p["request"] != id {
			t.Errorf("sent %q, got %q, told %v", sent, id, p["request"])
		}
		if p["title"] != "No lo encontramos." && !strings.Contains(p["title"].(string), "encontr") {
			t.Errorf("title %v is not Spanish", p["title"])
		}
		if r.header.Get("Cache-Control") != "no-store" || r.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("headers %v", r.header)
		}
	}
}

func TestRouter_UnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(auth.Scopes()...)
	w.ask(asked{method: "GET", path: "/api/v1/lockers", token: token}).refused(http.StatusNotFound, locker.CodeNotFound)
	r := w.ask(asked{method: "DELETE", path: "/api/v1/sites", token: token})
	r.refused(http.StatusMethodNotAllowed, locker.CodeInputInvalid)
	if got := r.header.Get("Allow"); got != "GET, POST" {
		t.Errorf("Allow %q", got)
	}
}
