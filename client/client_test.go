package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cubby/client"
)

// told is one answer of a script.
type told struct {
	status int
	body   string
	header []string // name, value, ...
	err    error
}

func say(status int, body string, header ...string) told {
	return told{status: status, body: body, header: header}
}

func cut() told { return told{err: errors.New("connection reset")} }

// script answers one request after the other.
type script struct {
	mu      sync.Mutex
	answers []told
	seen    []*http.Request
	at      []time.Time
}

// RoundTrip implements http.RoundTripper.
func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen, s.at = append(s.seen, r), append(s.at, time.Now())
	if len(s.answers) == 0 {
		return nil, errors.New("nobody is there")
	}
	next := s.answers[0]
	s.answers = s.answers[1:]
	if next.err != nil {
		return nil, next.err
	}
	h := http.Header{}
	for i := 0; i < len(next.header); i += 2 {
		h.Set(next.header[i], next.header[i+1])
	}
	return &http.Response{StatusCode: next.status, Header: h, Body: io.NopCloser(strings.NewReader(next.body)), Request: r}, nil
}

func scripted(t *testing.T, answers ...told) (*client.Client, *script) {
	t.Helper()
	s := &script{answers: answers}
	c, err := client.New(client.Options{URL: "https://cubby.example/", Token: "cubby_t", HTTP: &http.Client{Transport: s}})
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

const problemType = "application/problem+json"

func TestNew_RefusesToSendTheTokenInClear(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"https://cubby.example": true, "https://cubby.example/base/": true, "http://127.0.0.1:8080": true, "http://localhost": true,
		"http://[::1]:80": true, "http://cubby.example": false, "cubby.example": false, "": false, "ftp://cubby.example": false,
		"https://cubby.example?a=b": false, "https://u:p@cubby.example": false, "http://127.0.0.1.example": false,
	} {
		if _, err := client.New(client.Options{URL: address, Token: "t"}); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := client.New(client.Options{URL: "https://cubby.example"}); err == nil {
		t.Error("without a token")
	}
	if _, err := client.New(client.Options{URL: "http://cubby.example", Token: "t", Insecure: true}); err != nil {
		t.Error(err)
	}
}

func TestRetry_PostKeepsItsKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, cut(), say(503, "proxy"), say(202, `{"id":"i1"}`))
		asked, err := c.OpenPlace(t.Context(), "s", "main/B07", "courier stuck")
		if err != nil || asked.ID != "i1" || len(s.seen) != 3 {
			t.Fatalf("%v, %v after %d requests", asked, err, len(s.seen))
		}
		key := s.seen[0].Header.Get("Idempotency-Key")
		for _, r := range s.seen {
			if r.Header.Get("Idempotency-Key") != key || key == "" || r.URL.EscapedPath() != "/api/v1/sites/s/places/main%2FB07/open" ||
				r.Header.Get("Authorization") != "Bearer cubby_t" {
				t.Errorf("request %s %v", r.URL, r.Header)
			}
		}
		if first, second := s.at[1].Sub(s.at[0]), s.at[2].Sub(s.at[1]); first != 250*time.Millisecond || second != 500*time.Millisecond {
			t.Errorf("pauses %s, %s", first, second)
		}
	})
}

func TestRetry_OnlyWhatIsSafe(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		busy := say(429, `{"code":"RATE_LIMITED"}`, "Content-Type", problemType, "Retry-After", "4")
		for _, tc := range []struct {
			name  string
			call  func(context.Context, *client.Client) error
			first told
			tries int
		}{
			{"get, cut", getSite, cut(), 3},
			{"get, not found", getSite, say(404, `{"code":"NOT_FOUND"}`, "Content-Type", problemType), 1},
			{"get, busy", getSite, busy, 3},
			{"get, site offline is an answer", getSite, say(503, `{"code":"SITE_OFFLINE"}`, "Content-Type", problemType), 1},
			{"patch, cut", patch, cut(), 1},
			{"patch, busy", patch, busy, 3},
		} {
			c, s := scripted(t, tc.first, tc.first, tc.first, tc.first)
			if err := tc.call(t.Context(), c); err == nil || len(s.seen) != tc.tries {
				t.Errorf("%s: %d requests, %v", tc.name, len(s.seen), err)
			}
			if strings.HasSuffix(tc.name, "busy") && s.at[1].Sub(s.at[0]) != 4*time.Second {
				t.Errorf("%s: pause %s", tc.name, s.at[1].Sub(s.at[0]))
			}
		}
	})
}

func getSite(ctx context.Context, c *client.Client) error { _, err := c.Site(ctx, "s"); return err }
func patch(ctx context.Context, c *client.Client) error {
	return c.UpdateResident(ctx, "r", client.Edit{"phone": nil})
}

func TestRetry_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, s := scripted(t, cut(), cut(), cut())
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := c.Site(ctx, "s"); !errors.Is(err, context.DeadlineExceeded) || len(s.seen) != 1 {
			t.Errorf("%v after %d requests", err, len(s.seen))
		}
	})
}

func TestError_SaysWhatAndWhere(t *testing.T) {
	t.Parallel()
	c, _ := scripted(t, say(422, `{"code":"INPUT_INVALID","number":101,"title":"Check it.","detail":"validation failed",
		"request":"r1","errors":[{"location":"body.reason","message":"too short"}]}`, "Content-Type", problemType+"; charset=utf-8"))
	_, err := c.Reboot(t.Context(), "s", "")
	var told *client.Error
	if !errors.As(err, &told) || told.Number != 101 || told.Request != "r1" || told.Fields[0].Location != "body.reason" {
		t.Fatalf("%#v", err)
	}
	if !client.HasCode(fmt.Errorf("wrapped: %w", err), client.CodeInputInvalid) || client.HasCode(err, client.CodeNotFound) ||
		client.HasCode(nil, client.CodeNotFound) {
		t.Error("codes")
	}
	if text := err.Error(); text != "cubby: INPUT_INVALID: validation failed; body.reason: too short (request r1)" {
		t.Error(text)
	}
	c, _ = scripted(t, say(418, `<html>`))
	if _, err := c.Site(t.Context(), "s"); err == nil || err.Error() != "cubby: answered with status 418" {
		t.Error(err)
	}
	c, _ = scripted(t, say(200, `<html>`))
	if _, err := c.Site(t.Context(), "s"); err == nil {
		t.Error("a page was read as a site")
	}
}

func TestList_StopsWhenTheReaderDoes(t *testing.T) {
	t.Parallel()
	c, s := scripted(t,
		say(200, `{"items":[{"id":"a"},{"id":"b"}],"next":"c1"}`), say(200, `{"items":[{"id":"c"}]}`),
		say(200, `{"items":[{"id":"a"}],"next":"c1"}`), say(404, `{"code":"NOT_FOUND"}`, "Content-Type", problemType))
	sites := c.Sites(t.Context())
	all, err := client.Collect(sites, 0)
	if err != nil || len(all) != 3 || s.seen[1].URL.RawQuery != "cursor=c1" || s.seen[0].URL.RawQuery != "" {
		t.Errorf("%v, %v", all, err)
	}
	if all, err = client.Collect(sites, 1); err != nil || len(all) != 1 || len(s.seen) != 3 || s.seen[2].URL.RawQuery != "" {
		t.Errorf("%v, %v after %d requests", all, err, len(s.seen))
	}
	s.answers = append([]told{say(200, `{"items":[{"id":"a"}],"next":"c1"}`)}, s.answers...)
	if all, err = client.Collect(sites, 0); !client.HasCode(err, client.CodeNotFound) || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
}
