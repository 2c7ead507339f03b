package auth_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cubby/internal/auth"
)

var start = time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC)

func TestSession_Lifecycle(t *testing.T) {
	t.Parallel()
	s, secret, err := auth.NewSession(nil, "person:1", strings.Repeat("é", 300), start)
	if err != nil {
		t.Fatal(err)
	}
	if !s.Digest.Equal(secret.Digest()) || s.Digest.Equal(auth.Digest{}) {
		t.Error("the digest is not the secret's")
	}
	if got := []rune(s.AgentHint); len(got) != 120 {
		t.Errorf("the agent hint has %d characters", len(got))
	}
	seen := s
	seen.LastSeenAt = start.Add(auth.SessionMax - time.Hour)
	for _, tc := range []struct {
		name    string
		session auth.Session
		after   time.Duration
		want    bool
	}{
		{"at once", s, 0, true},
		{"just before idle", s, auth.SessionIdle - 1, true},
		{"idle", s, auth.SessionIdle, false},
		{"busy until the end", seen, auth.SessionMax - 1, true},
		{"past the end", seen, auth.SessionMax, false},
		{"no session", auth.Session{CreatedAt: start, LastSeenAt: start}, 0, false},
	} {
		if got := tc.session.Valid(start.Add(tc.after)); got != tc.want {
			t.Errorf("%s: %t", tc.name, got)
		}
	}
	if s.NeedsTouch(start.Add(5*time.Minute)) || !s.NeedsTouch(start.Add(6*time.Minute)) {
		t.Error("a session is stored again too soon or too late")
	}
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	_, secret, err := auth.NewSession(nil, "person:1", "", start)
	if err != nil {
		t.Fatal(err)
	}
	for _, secure := range []bool{true, false} {
		c := auth.SessionCookie(secret, secure)
		if err := c.Valid(); err != nil || !c.HttpOnly || c.Secure != secure || c.SameSite != http.SameSiteLaxMode || c.Domain != "" {
			t.Errorf("cookie %+v, %v", c, err)
		}
		if strings.HasPrefix(c.Name, "__Host-") != secure {
			t.Errorf("cookie name %s", c.Name)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.AddCookie(c)
		if got, err := auth.SessionSecret(r, secure); err != nil || got != secret {
			t.Errorf("secret comes back as %v", err)
		}
		if _, err := auth.SessionSecret(r, !secure); !errors.Is(err, auth.ErrToken) {
			t.Errorf("the other cookie was read: %v", err)
		}
		if end := auth.EndSessionCookie(secure); end.MaxAge >= 0 || end.Value != "" || end.Name != c.Name {
			t.Errorf("end cookie %+v", end)
		}
	}
}

func TestAPIToken(t *testing.T) {
	t.Parallel()
	scopes, err := auth.ParseScopes("read, open read")
	if err != nil || !slices.Equal(scopes, []auth.Scope{auth.ScopeRead, auth.ScopeOpen}) {
		t.Fatalf("%v, %v", scopes, err)
	}
	token, secret, err := auth.NewAPIToken(nil, auth.APIToken{Organization: "org:1", Scopes: scopes, ExpiresAt: start})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(secret), "cubby_") || !strings.HasSuffix(string(secret), token.Hint) || len(token.Hint) != 4 {
		t.Errorf("hint %s of a token of %d characters", token.Hint, len(secret))
	}
	if !token.Allows(auth.ScopeOpen) || token.Allows(auth.ScopeWrite) {
		t.Error("scopes")
	}
	if !token.Valid(start.Add(-1)) || token.Valid(start) {
		t.Error("expiry")
	}
	token.RevokedAt = start
	if token.Valid(start.Add(-1)) {
		t.Error("a revoked token is valid")
	}
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	for header, want := range map[string]error{
		"Bearer " + string(secret):      nil,
		"bearer  " + string(secret):     nil,
		"Basic " + string(secret):       auth.ErrToken,
		"Bearer " + string(secret[:20]): auth.ErrToken,
		"Bearer cubby_":                 auth.ErrToken,
		"":                              auth.ErrToken,
		"Bearer " + strings.ToUpper(string(secret)): auth.ErrToken,
	} {
		r.Header.Set("Authorization", header)
		if got, err := auth.BearerToken(r); !errors.Is(err, want) || (want == nil && got != secret) {
			t.Errorf("%d characters: %v, want %v", len(header), err, want)
		}
	}
	for _, bad := range []string{"", " ", "root", "read;write"} {
		if _, err := auth.ParseScopes(bad); !errors.Is(err, auth.ErrScope) {
			t.Errorf("scopes %q: %v", bad, err)
		}
	}
	if _, _, err := auth.NewAPIToken(nil, auth.APIToken{Organization: "org:1"}); !errors.Is(err, auth.ErrScope) {
		t.Errorf("no scopes: %v", err)
	}
}

func TestAPIToken_EveryTypoIsSeen(t *testing.T) {
	t.Parallel()
	_, secret, err := auth.NewAPIToken(nil, auth.APIToken{Organization: "org:1", Scopes: auth.Scopes()})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		typed := []byte(secret)
		typed[rapid.IntRange(0, len(typed)-1).Draw(t, "place")] = rapid.Byte().Draw(t, "character")
		if _, err := auth.ParseAPIToken(string(typed)); (err == nil) != (string(typed) == string(secret)) {
			t.Fatalf("%s: %v", typed, err)
		}
	})
}

func TestSecrets_PrintRedacted(t *testing.T) {
	t.Parallel()
	_, secret, err := auth.NewSession(nil, "person:1", "", start)
	if err != nil {
		t.Fatal(err)
	}
	id, err := auth.NewIdentity(bytes.NewReader(bytes.Repeat([]byte{0x4b}, 32)))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, nil))
	token := auth.EnrolmentToken{ServerURL: "https://a.example", Secret: secret}
	for _, v := range []any{secret, id, &id, token, struct{ S auth.Secret }{secret}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		log.Info("value", slog.Any("value", v))
	}
	for _, leak := range []string{string(secret[3:]), "4b4b4b", "KKKK", "75, 75", "0x4b", "75 75"} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("printing leaks %q", leak)
		}
	}
}

func TestEnrolment(t *testing.T) {
	t.Parallel()
	server, err := auth.NewIdentity(nil)
	if err != nil {
		t.Fatal(err)
	}
	record, token, err := auth.NewEnrolment(nil, "https://cubby.example:8443/base", server.Fingerprint(),
		auth.Enrolment{Site: "site:1", CreatedAt: start})
	if err != nil {
		t.Fatal(err)
	}
	if !record.Usable(start.Add(auth.EnrolmentLife-1)) || record.Usable(start.Add(auth.EnrolmentLife)) {
		t.Error("expiry")
	}
	used := record
	used.UsedAt = start
	if used.Usable(start) {
		t.Error("a token can be used twice")
	}
	text := string(token.Encode())
	for _, pasted := range []string{text, " " + text + "\r\n", text[:40] + "\n  " + text[40:]} {
		got, err := auth.ParseEnrolmentToken(pasted)
		if err != nil || got != token || !got.Secret.Digest().Equal(record.Digest) {
			t.Errorf("%v", err)
		}
	}
	for _, bad := range []string{"", text[:len(text)-1], text[1:], text + "a", "cubby-enrol1-", strings.Repeat("a", 2000), strings.Replace(text, "enrol1", "enrol2", 1)} {
		if _, err := auth.ParseEnrolmentToken(bad); !errors.Is(err, auth.ErrToken) {
			t.Errorf("%d characters: %v", len(bad), err)
		}
	}
	if got, err := auth.ParseEnrolmentSecret(string(token.Secret)); err != nil || got != token.Secret {
		t.Error(err)
	}
}

func TestEnrolment_ServerURL(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]error{
		"https://cubby.example":                            nil,
		"http://127.0.0.1:8080":                            nil,
		"http://[::1]:8080":                                nil,
		"http://localhost":                                 nil,
		"http://cubby.example":                             auth.ErrServerURL,
		"http://127.0.0.1.example":                         auth.ErrServerURL,
		"https://a:b@cubby.example":                        auth.ErrServerURL,
		"https://cubby.example?a=b":                        auth.ErrServerURL,
		"https://cubby.example#a":                          auth.ErrServerURL,
		"https://":                                         auth.ErrServerURL,
		"cubby.example":                                    auth.ErrServerURL,
		"file:///etc/passwd":                               auth.ErrServerURL,
		"https://" + strings.Repeat("a", 300) + ".example": auth.ErrServerURL,
		"": auth.ErrServerURL,
	} {
		if _, _, err := auth.NewEnrolment(nil, address, auth.Fingerprint{}, auth.Enrolment{}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", address, err, want)
		}
	}
}

func FuzzParseEnrolmentToken(f *testing.F) {
	_, token, err := auth.NewEnrolment(nil, "https://cubby.example", auth.Fingerprint{1}, auth.Enrolment{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(token.Encode()))
	f.Add("cubby-enrol1-aaaaaaa")
	f.Add("cubby-enrol1-")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := auth.ParseEnrolmentToken(text)
		if err != nil {
			return
		}
		if again, err := auth.ParseEnrolmentToken(string(got.Encode())); err != nil || again != got {
			t.Errorf("does not come back: %v", err)
		}
	})
}
