package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"cubby/internal/auth"
	"cubby/internal/locker"
)

func TestOnce_SameKeySameAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(auth.ScopePII)
	post := func(token, key, body string) reply {
		return w.ask(asked{
			method: "POST", path: "/api/v1/sites/harbour/units", token: token, body: body,
			header: map[string]string{"Idempotency-Key": key},
		})
	}
	const body = `{"name":"7C"}`
	first := post(token, "k1", body)
	made := first.want(http.StatusCreated)
	again := post(token, "k1", body)
	if got := again.want(http.StatusCreated); got["id"] != made["id"] || again.header.Get("Location") != first.header.Get("Location") ||
		again.header.Get("Idempotency-Replayed") != "true" || first.header.Get("Idempotency-Replayed") != "" ||
		again.header.Get("Content-Type") != "application/json" || again.body != first.body {
		t.Errorf("first %v %s, again %v %s", first.header, first.body, again.header, again.body)
	}
	post(token, "k1", `{"name":"7D"}`).refused(http.StatusConflict, locker.CodeConflict)
	// A key is one token's: another one of the same person runs the request again.
	post(w.token(auth.ScopePII), "k1", body).refused(http.StatusConflict, locker.CodeConflict)
	units := w.get(w.token(auth.ScopeRead), "/sites/harbour/units")["items"].([]any)
	if len(units) != 3 {
		t.Errorf("%d units", len(units))
	}
	w.clock.add(25 * time.Hour)
	must(t, w.cloud.Sweep(t.Context()))
	post(token, "k1", body).refused(http.StatusConflict, locker.CodeConflict) // runs again, and the unit is there
}

func TestOnce_RefusedRequestMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(auth.ScopePII)
	key := map[string]string{"Idempotency-Key": "k"}
	q := asked{method: "POST", path: "/api/v1/sites/harbour/units", token: token, body: `{"name":""}`, header: key}
	w.ask(q).refused(http.StatusUnprocessableEntity, locker.CodeInputInvalid)
	q.body = `{"name":"9Z"}`
	w.ask(q).want(http.StatusCreated)
}

func TestOnce_BadKeysAndBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token(auth.ScopePII)
	for _, key := range []string{strings.Repeat("k", 256), "two words", "ключ"} {
		w.ask(asked{
			method: "POST", path: "/api/v1/sites/harbour/units", token: token, body: `{"name":"9Z"}`,
			header: map[string]string{"Idempotency-Key": key},
		}).refused(http.StatusUnprocessableEntity, locker.CodeInputInvalid)
	}
	large := `{"name":"` + strings.Repeat("x", 70<<10) + `"}`
	for _, header := range []map[string]string{{"Idempotency-Key": "k"}, nil} {
		w.ask(asked{method: "POST", path: "/api/v1/sites/harbour/units", token: token, body: large, header: header}).
			refused(http.StatusRequestEntityTooLarge, locker.CodeInputInvalid)
	}
}

// TestOnce_SecretsAreNotStored: what shows a code ignores the key, so that no code is kept anywhere.
func TestOnce_SecretsAreNotStored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enrol()
	w.store("s1", "main/A01", w.ana)
	q := asked{
		method: "POST", path: "/api/v1/sites/harbour/stays/s1/code", token: w.token(auth.ScopeOpen),
		body: `{"reason":"resident asked"}`, header: map[string]string{"Idempotency-Key": "k"},
	}
	for range 2 {
		r := w.ask(q)
		if code := r.want(http.StatusOK); code["digits"] == "" || r.header.Get("Idempotency-Replayed") != "" ||
			r.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v %v", code, r.header)
		}
	}
}
