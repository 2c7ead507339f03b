package auth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"cubby/internal/auth"
)

func newLimiter(t *testing.T, now *time.Time, maxKeys int) *auth.Limiter {
	t.Helper()
	l, err := auth.NewLimiter(auth.LimiterOptions{
		Every: time.Minute, Burst: 3, MaxKeys: maxKeys, Now: func() time.Time { return *now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func tries(l *auth.Limiter, key string, n int) (made int) {
	for range n {
		if ok, _ := l.Allow(key); ok {
			made++
		}
	}
	return made
}

func TestLimiter(t *testing.T) {
	t.Parallel()
	now := start
	l := newLimiter(t, &now, 0)
	if n := tries(l, "ada", 50); n != 3 {
		t.Errorf("%d tries, want 3", n)
	}
	if ok, wait := l.Allow("ada"); ok || wait != time.Minute {
		t.Errorf("wait is %s", wait)
	}
	if n := tries(l, "bob", 50); n != 3 {
		t.Errorf("another key has %d tries, want 3", n)
	}
	now = now.Add(time.Minute)
	if n := tries(l, "ada", 50); n != 1 {
		t.Errorf("%d tries after a minute, want 1", n)
	}
	l.Forget("ada")
	if n := tries(l, "ada", 50); n != 3 {
		t.Errorf("%d tries after the right password, want 3", n)
	}
}

func TestLimiter_FloodFreesNothing(t *testing.T) {
	t.Parallel()
	now := start
	l := newLimiter(t, &now, 100)
	tries(l, "ada", 3)
	extra := 0
	for i := range 10_000 {
		extra += tries(l, fmt.Sprintf("key %d", i), 1)
	}
	if want := 99 + 30; extra != want {
		t.Errorf("%d tries of new keys, want %d", extra, want)
	}
	if ok, _ := l.Allow("ada"); ok {
		t.Error("the flood freed a key that was used up")
	}
	now = now.Add(time.Hour)
	if n := tries(l, "fresh", 9); n != 3 {
		t.Errorf("a new key has %d tries an hour later, want 3", n)
	}
}

func TestLimiter_NeedsAClock(t *testing.T) {
	t.Parallel()
	if _, err := auth.NewLimiter(auth.LimiterOptions{}); err == nil {
		t.Error("no error without Now")
	}
}

func TestAddressKey(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]string{
		"192.0.2.7:4711":              "192.0.2.7",
		"192.0.2.7":                   "192.0.2.7",
		"[::ffff:192.0.2.7]:4711":     "192.0.2.7",
		"[2001:db8:1:2:3:4:5:6]:4711": "2001:db8:1:2::/64",
		"[2001:db8:1:2:ffff::1]:1":    "2001:db8:1:2::/64",
		"[fe80::1%eth0]:1":            "fe80::/64",
		"pipe":                        "unknown",
		"":                            "unknown",
	} {
		if got := auth.AddressKey(remote); got != want {
			t.Errorf("%s: %s, want %s", remote, got, want)
		}
	}
}

func TestCrossOrigin(t *testing.T) {
	t.Parallel()
	protect, err := auth.CrossOrigin([]string{"https://console.example"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	handler := protect(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for _, tc := range []struct {
		name, method, site, origin string
		want                       int
	}{
		{"own page", http.MethodPost, "same-origin", "https://cubby.example", http.StatusNoContent},
		{"a program", http.MethodPost, "", "", http.StatusNoContent},
		{"reading", http.MethodGet, "cross-site", "https://evil.example", http.StatusNoContent},
		{"another site", http.MethodPost, "cross-site", "https://evil.example", http.StatusForbidden},
		{"a sister site", http.MethodPost, "same-site", "https://evil.cubby.example", http.StatusForbidden},
		{"an old browser", http.MethodPost, "", "https://evil.example", http.StatusForbidden},
		{"a trusted origin", http.MethodPost, "cross-site", "https://console.example", http.StatusNoContent},
	} {
		r := httptest.NewRequest(tc.method, "https://cubby.example/x", nil)
		if tc.site != "" {
			r.Header.Set("Sec-Fetch-Site", tc.site)
		}
		if tc.origin != "" {
			r.Header.Set("Origin", tc.origin)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != tc.want {
			t.Errorf("%s: %d, want %d", tc.name, w.Code, tc.want)
		}
	}
	if _, err := auth.CrossOrigin([]string{"console.example"}, nil); err == nil {
		t.Error("an origin without a scheme was taken")
	}
}

// A patient program gets no more than the day's tries: 100 at once or one by one, and 100 more in each
// day after.
func TestLimiter_BoundsTheDay(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC)
	l, err := auth.NewLimiter(auth.LimiterOptions{Now: func() time.Time { return now }, Day: 100})
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	const days = 30
	for range days * 24 * 60 * 2 { // a try each half a minute
		if ok, _ := l.Allow("olive"); ok {
			made++
		}
		now = now.Add(30 * time.Second)
	}
	if made < days*100 || made > (days+1)*100 {
		t.Errorf("%d tries in %d days, want 100 a day and 100 at once", made, days)
	}
	for range 200 {
		l.Allow("olive")
	}
	if ok, wait := l.Allow("olive"); ok || wait <= 0 || wait > 15*time.Minute {
		t.Errorf("the day is used up: %v, next in %s", ok, wait)
	}
	if ok, _ := l.Allow("ben"); !ok {
		t.Error("another account pays for it")
	}
	l.Forget("olive")
	if ok, _ := l.Allow("olive"); !ok {
		t.Error("after a right password there are no tries")
	}
}
