package push_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cubby/internal/notify/email"
	"cubby/internal/notify/push"
)

func TestSend(t *testing.T) {
	t.Parallel()
	status := http.StatusCreated
	var seen *http.Request
	service := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r
		w.WriteHeader(status)
	}))
	defer service.Close()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c, err := push.New(push.Options{Key: key.Bytes(), Contact: "desk@example.org", Client: service.Client()})
	if err != nil {
		t.Fatal(err)
	}
	if c.PublicKey() != base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()) {
		t.Error("the public key is another's")
	}
	browser, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	to := push.Subscription{
		Endpoint: service.URL + "/x", P256DH: base64.RawURLEncoding.EncodeToString(browser.PublicKey().Bytes()),
		Auth: base64.RawURLEncoding.EncodeToString(make([]byte, 16)),
	}
	message := push.Message{Title: "A parcel", Body: "Door A01", Lang: "en", Dir: "ltr"}
	if err := c.Send(t.Context(), to, message); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(seen.Header.Get("Authorization"), "vapid t=") || seen.Header.Get("Content-Encoding") != "aes128gcm" ||
		seen.Header.Get("TTL") == "" {
		t.Errorf("headers are %v", seen.Header)
	}
	for s, want := range map[int]email.Class{410: email.ClassPermanent, 404: email.ClassPermanent, 429: email.ClassTemporary, 503: email.ClassTemporary, 403: email.ClassConfig} {
		status = s
		err := c.Send(t.Context(), to, message)
		var e *push.Error
		if !errors.As(err, &e) || e.Fate() != want || errors.Is(err, push.ErrGone) != (s == 410 || s == 404) {
			t.Errorf("status %d: %v", s, err)
		}
	}
	inside, err := push.New(push.Options{Key: key.Bytes(), Contact: "desk@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	if err := inside.Send(t.Context(), to, message); err == nil || !strings.Contains(err.Error(), "this network") {
		t.Errorf("an address on this computer was asked: %v", err)
	}
	if _, err := push.New(push.Options{Key: []byte{1}, Contact: "x"}); err == nil {
		t.Error("a short key is taken")
	}
}
