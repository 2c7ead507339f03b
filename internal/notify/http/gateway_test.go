package http_test

import (
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cubby/internal/notify/email"
	"cubby/internal/notify/http"
)

type request struct {
	*nethttp.Request
	body string
}

// fake is a gateway that answers one status and says what it was asked.
func fake(t *testing.T, status int) (string, chan request) {
	t.Helper()
	asked := make(chan request, 8)
	s := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		body, _ := io.ReadAll(r.Body)
		asked <- request{r, string(body)}
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"message":"%s is odd"}`, "+34600123456")
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

func message() http.Message {
	return http.Message{ID: "m1", To: "600 123 456", Text: `Puerta "A01" & más`, Lang: "es"}
}

func TestSend_Presets(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"twilio":          "To=%2B34600123456&From=%2B34900&Body=Puerta+%22A01%22+%26+m%C3%A1s",
		"twilio-whatsapp": "To=whatsapp%3A%2B34600123456&From=whatsapp%3A%2B34900&Body=Puerta+%22A01%22+%26+m%C3%A1s",
		"twilio-voice":    "Twiml=%3CResponse%3E%3CSay+language%3D%22es%22%3EPuerta+%26%2334%3BA01%26%2334%3B+%26amp%3B+m%C3%A1s",
		"json":            `{"id":"m1","to":"+34600123456","from":"+34900","text":"Puerta \"A01\" \u0026 más","lang":"es"}`,
	} {
		url, asked := fake(t, 201)
		g, err := http.New(http.Options{Preset: name, URL: url + "/{{.Account}}", From: "+34900", Account: "AC1", Secret: "s3", Region: "ES"})
		if err != nil {
			t.Fatal(err)
		}
		if err := g.Send(t.Context(), message()); err != nil {
			t.Fatal(err)
		}
		r := <-asked
		if !strings.Contains(r.body, want) {
			t.Errorf("%s sends %s, want %s", name, r.body, want)
		}
		user, password, basic := r.BasicAuth()
		if strings.HasPrefix(name, "twilio") != basic || basic && (user != "AC1" || password != "s3") || r.URL.Path != "/AC1" {
			t.Errorf("%s signs in as %q at %s", name, user, r.URL.Path)
		}
		if name == "json" && (r.Header.Get("Authorization") != "Bearer s3" || r.Header.Get("Idempotency-Key") != "m1") {
			t.Errorf("headers are %v", r.Header)
		}
	}
	for _, name := range http.Presets() {
		if _, err := http.New(http.Options{Preset: name, URL: "https://x.example.org"}); err != nil {
			t.Errorf("preset %s: %v", name, err)
		}
	}
}

func TestSend_Fates(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]email.Class{
		400: email.ClassPermanent, 401: email.ClassConfig, 404: email.ClassConfig, 422: email.ClassPermanent, 429: email.ClassTemporary,
		500: email.ClassTemporary, 503: email.ClassTemporary, 302: email.ClassConfig, 202: email.ClassTemporary, 418: email.ClassPermanent,
	} {
		url, _ := fake(t, status)
		g, err := http.New(http.Options{URL: url, Region: "ES", Retry: []int{202}, Dead: []int{418}})
		if err != nil {
			t.Fatal(err)
		}
		err = g.Send(t.Context(), message())
		var e *http.Error
		if !errors.As(err, &e) || e.Fate() != want || e.Status != status {
			t.Errorf("status %d: %v, want %s", status, err, want)
		}
		if strings.Contains(err.Error(), "600123456") {
			t.Errorf("the error tells the number: %v", err)
		}
	}
	g, err := http.New(http.Options{URL: "http://127.0.0.1:1/?key={{.Secret}}", Secret: "s3"})
	if err != nil {
		t.Fatal(err)
	}
	err = g.Send(t.Context(), http.Message{To: "+34600123456"})
	var e *http.Error
	if !errors.As(err, &e) || e.Fate() != email.ClassTemporary || strings.Contains(err.Error(), "s3") {
		t.Errorf("nobody there: %v", err)
	}
	if err = g.Send(t.Context(), message()); !errors.As(err, &e) || !e.Refused() { // no country
		t.Errorf("a number without a country: %v", err)
	}
}

func TestNew_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]http.Options{
		"preset": {Preset: "pigeon"}, "url is empty": {}, "https://host": {URL: "ftp://x"}, "Name: value": {URL: "https://x", Headers: []string{"x"}},
		"template of body": {URL: "https://x", Body: "{{"}, "fill in body": {URL: "https://x", Body: "{{.Nobody}}"},
	} {
		if _, err := http.New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if s := fmt.Sprintf("%v %+v %#v", http.Secret("x1"), http.Options{Secret: "x1"}, http.Secret("x1")); strings.Contains(s, "x1") {
		t.Errorf("a secret prints as %s", s)
	}
}

func FuzzNumber(f *testing.F) {
	f.Add("+34 600-12 34 56", "ES")
	f.Fuzz(func(t *testing.T, text, region string) {
		n, err := http.Number(text, region)
		if err == nil && (!strings.HasPrefix(n, "+") || strings.Trim(n[1:], "0123456789") != "") {
			t.Errorf("%q is %q", text, n)
		}
	})
}
