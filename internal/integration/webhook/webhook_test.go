package webhook_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"cubby/internal/integration/webhook"
)

func client(t *testing.T, private bool, transport *http.Transport) *webhook.Client {
	t.Helper()
	c, err := webhook.New(webhook.Options{
		Now: time.Now, Version: "1.2.3", Private: private, Timeout: 2 * time.Second, Transport: transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func secret(t *testing.T) webhook.Secret {
	t.Helper()
	s, err := webhook.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The secret, the message and the signature that the specification's own text shows.
func TestSecret_OfTheSpecification(t *testing.T) {
	t.Parallel()
	s, err := webhook.ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		verifier, err := standardwebhooks.NewWebhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
		if err == nil {
			err = verifier.VerifyIgnoringTimestamp(body, r.Header)
		}
		fmt.Fprint(w, r.Header.Get("webhook-signature"), " ", err)
	}))
	defer server.Close()
	a, err := client(t, true, nil).Send(t.Context(), server.URL, []webhook.Secret{s}, webhook.Message{
		ID: "msg_p5jXN8AQM9LWM0D4loKWxJek", At: time.Unix(1614265330, 0), Body: []byte(`{"test": 2432232314}`),
	})
	if err != nil || a.Excerpt != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE= <nil>" {
		t.Errorf("got %q, %v", a.Excerpt, err)
	}
}

func TestSecret_Forms(t *testing.T) {
	t.Parallel()
	s := secret(t)
	again, err := webhook.ParseSecret(s.Reveal())
	if err != nil || !bytes.Equal(again.Bytes(), s.Bytes()) {
		t.Errorf("got %v, %v", again, err)
	}
	for _, shown := range []string{fmt.Sprint(s), fmt.Sprintf("%#v", s), fmt.Sprintf("%+v", struct{ S webhook.Secret }{s})} {
		if strings.Contains(shown, strings.TrimPrefix(s.Reveal(), "whsec_")) {
			t.Errorf("printed as %s", shown)
		}
	}
	for _, bad := range []string{"", "whsec_", "whsec_AAAA", "whsec_%%%", "whsec_" + strings.Repeat("A", 88)} {
		if _, err := webhook.ParseSecret(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

// While a secret is changed, receivers with the old one and with the new one both know the message.
func TestSend_IsSignedWithBothSecrets(t *testing.T) {
	t.Parallel()
	before, after, other := secret(t), secret(t), secret(t)
	var headers http.Header
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		headers = r.Header.Clone()
		body, _ = io.ReadAll(r.Body)
	}))
	defer server.Close()
	m := webhook.Message{ID: "m-1", At: time.Now(), Body: []byte(`{"type":"parcel.stored"}`)}
	a, err := client(t, true, nil).Send(t.Context(), server.URL, []webhook.Secret{after, before}, m)
	if err != nil || !a.Taken() {
		t.Fatalf("got %+v, %v", a, err)
	}
	for _, c := range []struct {
		secret webhook.Secret
		body   string
		want   bool
	}{{before, string(body), true}, {after, string(body), true}, {other, string(body), false}, {after, string(body) + " ", false}} {
		verifier, err := standardwebhooks.NewWebhook(c.secret.Reveal())
		if err != nil {
			t.Fatal(err)
		}
		if err := verifier.Verify([]byte(c.body), headers); (err == nil) != c.want {
			t.Errorf("verified %q: %v, want %t", c.body, err, c.want)
		}
	}
}

// A receiver in another language, with nothing but its own cryptography.
func TestSend_IsVerifiedByNode(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("!!!! SKIPPED: no node: nothing outside Go verifies a webhook")
	}
	s := secret(t)
	var in struct {
		Secret  string            `json:"secret"`
		Body    string            `json:"body"`
		Headers map[string]string `json:"headers"`
	}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		in.Body, in.Headers = string(body), map[string]string{}
		for _, name := range []string{"webhook-id", "webhook-timestamp", "webhook-signature"} {
			in.Headers[name] = r.Header.Get(name)
		}
	}))
	defer server.Close()
	m := webhook.Message{ID: "m-1", At: time.Now(), Body: []byte(`{"type":"parcel.stored","é":"ü"}`)}
	if _, err := client(t, true, nil).Send(t.Context(), server.URL, []webhook.Secret{s}, m); err != nil {
		t.Fatal(err)
	}
	in.Secret = s.Reveal()
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	const script = `
const crypto = require("crypto"), x = JSON.parse(require("fs").readFileSync(0));
const key = Buffer.from(x.secret.replace("whsec_", ""), "base64");
const said = x.headers["webhook-id"] + "." + x.headers["webhook-timestamp"] + "." + x.body;
const want = "v1," + crypto.createHmac("sha256", key).update(said, "utf8").digest("base64");
process.exit(x.headers["webhook-signature"].split(" ").includes(want) ? 0 : 1);`
	cmd := exec.CommandContext(t.Context(), node, "-e", script)
	cmd.Stdin = bytes.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("node does not know the signature: %v %s", err, out)
	}
}

func TestCheck_KeepsTheServerFromItsNeighbours(t *testing.T) {
	t.Parallel()
	strict, loose := client(t, false, nil), client(t, true, nil)
	for address, want := range map[string][2]bool{ // strict, loose
		"https://example.org/hook":                         {true, true},
		"https://example.org:8443/hook?token=1":            {true, true},
		"https://8.8.8.8/":                                 {true, true},
		"http://example.org/hook":                          {false, true},
		"https://127.0.0.1/":                               {false, true},
		"https://[::1]/":                                   {false, true},
		"https://[::ffff:10.0.0.1]/":                       {false, true},
		"https://192.168.1.10/":                            {false, true},
		"https://169.254.169.254/latest/meta-data":         {false, true},
		"https://100.64.0.1/":                              {false, true},
		"https://[64:ff9b::7f00:1]/":                       {false, true},
		"https://[fe80::1]/":                               {false, true},
		"https://0.0.0.0/":                                 {false, true},
		"ftp://example.org/":                               {false, false},
		"https://":                                         {false, false},
		"example.org":                                      {false, false},
		"https://me:secret@example.org/":                   {false, false},
		"https://example.org/#part":                        {false, false},
		"https://example.org/" + strings.Repeat("a", 2000): {false, false},
	} {
		for i, c := range []*webhook.Client{strict, loose} {
			err := c.Check(address)
			if (err == nil) != want[i] || err != nil && !errors.Is(err, webhook.ErrAddress) {
				t.Errorf("%s (private %t): %v", address, i == 1, err)
			}
		}
	}
}

// A name that leads to this computer is found when it is dialled.
func TestSend_ANameCannotHideAPrivateAddress(t *testing.T) {
	t.Parallel()
	hit := false
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hit = true }))
	defer server.Close()
	address := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	transport := server.Client().Transport.(*http.Transport).Clone()
	_, err := client(t, false, transport).Send(t.Context(), address, []webhook.Secret{secret(t)}, webhook.Message{ID: "m", At: time.Now()})
	if !errors.Is(err, webhook.ErrAddress) || hit {
		t.Errorf("sent to %s: %v", address, err)
	}
}

func TestSend_Answers(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then is a client that left noticed
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/ok", http.StatusFound)
		case "/gone":
			w.WriteHeader(http.StatusGone)
		case "/long":
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprint(w, strings.Repeat("é \n", 9000))
		case "/slow":
			select {
			case <-r.Context().Done():
			case <-time.After(20 * time.Second):
			}
		}
	}))
	defer server.Close()
	c := client(t, true, nil)
	for path, want := range map[string]struct {
		status      int
		taken, gone bool
	}{"/ok": {200, true, false}, "/moved": {302, false, false}, "/gone": {410, false, true}, "/long": {500, false, false}, "/slow": {0, false, false}} {
		a, err := c.Send(t.Context(), server.URL+path, []webhook.Secret{secret(t)}, webhook.Message{ID: "m", At: time.Now(), Body: []byte("{}")})
		if a.Status != want.status || a.Taken() != want.taken || a.Gone() != want.gone || (err != nil) != (want.status == 0) || len(a.Excerpt) > 300 {
			t.Errorf("%s: %+v, %v", path, a, err)
		}
	}
}
