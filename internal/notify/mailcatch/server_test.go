package mailcatch_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"cubby/internal/notify/mailcatch"
)

var start = time.Date(2026, 7, 1, 8, 0, 0, 0, time.UTC)

func newServer(t *testing.T, keep int) *mailcatch.Server {
	t.Helper()
	s, err := mailcatch.New(mailcatch.Options{
		Keep: keep, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return start },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

const rich = "From: a@b.example\r\nSubject: =?utf-8?q?Puerta_14_est=C3=A1?=\r\nMessage-ID: <1@b>\r\nContent-Language: es\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=r\r\n\r\n" +
	"--r\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n" +
	"--a\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nC=C3=B3digo\r\n" +
	"--a\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
	"PGltZyBzcmM9ImNpZDpxciIgYWx0PSJRUiI+PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==\r\n--a--\r\n" +
	"--r\r\nContent-Type: image/png; name=code.png\r\nContent-ID: <qr>\r\nContent-Disposition: inline\r\n" +
	"Content-Transfer-Encoding: base64\r\n\r\niVBORw==\r\n--r--\r\n"

func send(t *testing.T, s *mailcatch.Server, to, body string) {
	t.Helper()
	if err := smtp.SendMail(s.Addr().String(), nil, "a@b.example", []string{to}, []byte(body)); err != nil {
		t.Fatal(err)
	}
}

func TestServer_CatchesAndParses(t *testing.T) {
	t.Parallel()
	s := newServer(t, 0)
	send(t, s, "ada@homes.example", rich)
	m, ok := s.Mail(1)
	if !ok || m.ParseError != "" {
		t.Fatalf("%t %s", ok, m.ParseError)
	}
	if m.Subject != "Puerta 14 está" || m.Text != "Código" || !strings.Contains(m.HTML, "cid:qr") || m.Lang != "es" ||
		m.MessageID != "1@b" || m.From != "a@b.example" || m.To[0] != "ada@homes.example" || !m.At.Equal(start) {
		t.Errorf("got %+v", m)
	}
	if len(m.Inline) != 1 || m.Inline[0].ContentID != "qr" || m.Inline[0].Name != "code.png" || string(m.Inline[0].Data) != "\x89PNG" {
		t.Errorf("pictures %+v", m.Inline)
	}
}

func TestServer_KeepsTheLast(t *testing.T) {
	t.Parallel()
	s := newServer(t, 3)
	for i := range 5 {
		send(t, s, "ada@homes.example", fmt.Sprintf("Subject: mail %d\r\n\r\nx\r\n", i+1))
	}
	list := s.List()
	if len(list) != 3 || list[0].Subject != "mail 5" || list[2].ID != 3 || s.Count() != 5 {
		t.Errorf("%d mails, first %q, count %d", len(list), list[0].Subject, s.Count())
	}
	if _, ok := s.Mail(2); ok {
		t.Error("an old mail is kept")
	}
}

func TestServer_Wait(t *testing.T) {
	t.Parallel()
	s := newServer(t, 0)
	got := make(chan mailcatch.Mail)
	go func() {
		m, err := s.Wait(t.Context(), func(m mailcatch.Mail) bool { return m.To[0] == "bob@homes.example" })
		if err != nil {
			t.Error(err)
		}
		got <- m
	}()
	send(t, s, "ada@homes.example", "Subject: one\r\n\r\nx\r\n")
	send(t, s, "bob@homes.example", "Subject: two\r\n\r\nx\r\n")
	if m := <-got; m.Subject != "two" {
		t.Errorf("got %q", m.Subject)
	}
	if m, err := s.Wait(t.Context(), func(m mailcatch.Mail) bool { return m.Subject == "one" }); err != nil || m.ID != 1 {
		t.Errorf("a kept mail: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Wait(ctx, func(mailcatch.Mail) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestServer_StopsAtOnce(t *testing.T) {
	t.Parallel()
	for range 50 { // whether or not its goroutine has begun to listen
		s, err := mailcatch.New(mailcatch.Options{Logger: slog.New(slog.DiscardHandler), Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNew_LoopbackOnly(t *testing.T) {
	t.Parallel()
	for _, addr := range []string{":2525", "0.0.0.0:2525", "192.0.2.1:2525", "mail.example:25", "127.0.0.1"} {
		opts := mailcatch.Options{Addr: addr, Logger: slog.New(slog.DiscardHandler), Now: time.Now}
		if _, err := mailcatch.New(opts); err == nil {
			t.Errorf("%s was taken", addr)
		}
	}
}

func TestHandler(t *testing.T) {
	t.Parallel()
	s := newServer(t, 0)
	handler, err := s.Handler("/mail")
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	if w := get("/mail/"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "No mail yet") {
		t.Errorf("empty list: %d", w.Code)
	}
	send(t, s, "ada@homes.example", rich)
	send(t, s, "ada@homes.example", "Subject: <b>bold</b>\r\n\r\n<i>text</i>\r\n")
	for path, want := range map[string][]string{
		"/mail/":       {`href="/mail/1"`, "Puerta 14 está", "&lt;b&gt;bold"},
		"/mail/1":      {`<iframe sandbox title=`, `src="/mail/1/html"`, "Código"},
		"/mail/2":      {"&lt;i&gt;text"},
		"/mail/1/html": {`src="data:image/png;base64,iVBORw=="`},
	} {
		w := get(path)
		for _, text := range want {
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), text) {
				t.Errorf("%s: %d, no %q", path, w.Code, text)
			}
		}
		if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") ||
			strings.HasSuffix(path, "/html") != strings.HasPrefix(policy, "sandbox;") {
			t.Errorf("%s: policy %q", path, policy)
		}
	}
	for _, path := range []string{"/mail/9", "/mail/x", "/mail/2/html", "/mail/9/html"} {
		if w := get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(rich))
	f.Add([]byte("Subject: =?iso-8859-1?q?=E9?=\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n\xe9"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=\"\"\r\n\r\n----\r\n"))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n\r\n--a--"))
	f.Add([]byte("no header"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m := mailcatch.Parse(raw)
		if string(m.Raw) != string(raw) {
			t.Error("the raw mail was changed")
		}
		if len(m.Inline) > 100 {
			t.Errorf("%d parts", len(m.Inline))
		}
	})
}
