package email_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"cubby/internal/notify/email"
)

var now = time.Date(2026, 7, 1, 8, 30, 0, 0, time.UTC)

func options(s *server) email.Options {
	return email.Options{
		Host: "127.0.0.1", Port: s.port, From: "Cubby <cubby@harbor.example>", TLS: email.TLSMode(s.tls),
		RootCAs: s.roots, Timeout: 5 * time.Second, Now: func() time.Time { return now },
	}
}

func newClient(t *testing.T, opts email.Options) *email.Client {
	t.Helper()
	if opts.TLS == "" {
		opts.TLS = email.TLSNone
	}
	c, err := email.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func message() email.Message {
	return email.Message{
		ID: "outbox:1", To: "Ada Alarcón <ada@homes.example>", Subject: "Tu paquete está en la puerta 14",
		Text: "Código: HJK-3MP-2XY\n", HTML: `<p>Código</p><img src="cid:qr" alt="QR">`, Lang: "es",
		Inline:      []email.Inline{{ContentID: "qr", Name: "code.png", Type: "image/png", Data: []byte{0x89, 'P', 'N', 'G', 0, 255}}},
		Unsubscribe: "https://cubby.example/u/1",
	}
}

func TestSend_ArrivesWhole(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"", "starttls", "tls"} {
		for _, mechanisms := range [][]string{nil, {"PLAIN"}, {"LOGIN"}, {"LOGIN", "PLAIN"}} {
			t.Run(fmt.Sprintf("tls=%s auth=%v", mode, mechanisms), func(t *testing.T) {
				t.Parallel()
				s := (&server{tls: mode, mechanisms: mechanisms}).start(t)
				opts := options(s)
				if mechanisms != nil {
					opts.Username, opts.Password = "cubby", "s3cret phrase"
				}
				c := newClient(t, opts)
				if err := c.Check(t.Context()); err != nil {
					t.Fatalf("check: %v", err)
				}
				if n := len(s.caught()); n != 0 {
					t.Errorf("the check sent %d mails", n)
				}
				if err := c.Send(t.Context(), message()); err != nil {
					t.Fatal(err)
				}
				checkArrived(t, s)
			})
		}
	}
}

func checkArrived(t *testing.T, s *server) {
	t.Helper()
	mails := s.caught()
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	m, want := mails[0], message()
	if m.ParseError != "" || m.From != "cubby@harbor.example" || len(m.To) != 1 || m.To[0] != "ada@homes.example" {
		t.Errorf("envelope %s to %v, %s", m.From, m.To, m.ParseError)
	}
	if m.Subject != want.Subject || m.Text != want.Text || m.HTML != want.HTML || m.Lang != "es" {
		t.Errorf("got %q %q %q %q", m.Subject, m.Text, m.HTML, m.Lang)
	}
	if len(m.Inline) != 1 || string(m.Inline[0].Data) != string(want.Inline[0].Data) || m.Inline[0].ContentID != "qr" ||
		m.Inline[0].Type != "image/png" {
		t.Errorf("pictures: %+v", m.Inline)
	}
	if id := email.MessageID(want.ID, "harbor.example"); m.MessageID != id {
		t.Errorf("message id %s, want %s", m.MessageID, id)
	}
	for name, want := range map[string]string{
		"Auto-Submitted": "auto-generated", "List-Unsubscribe": "<https://cubby.example/u/1>",
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Date": "Wed, 01 Jul 2026 08:30:00 +0000",
	} {
		if got := m.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestSend_Classifies(t *testing.T) {
	t.Parallel()
	reply := func(code int, enhanced smtp.EnhancedCode, text string) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text}
	}
	for _, tc := range []struct {
		name     string
		server   *server
		change   func(*email.Options)
		class    email.Class
		step     email.Step
		code     int
		enhanced string
	}{
		{name: "no such person", server: &server{fail: map[string]error{"to": reply(550, smtp.EnhancedCode{5, 1, 1}, "<ada@homes.example> unknown")}}, class: email.ClassPermanent, step: email.StepRecipient, code: 550, enhanced: "5.1.1"},
		{name: "greylisted", server: &server{fail: map[string]error{"to": reply(451, smtp.EnhancedCode{4, 7, 1}, "try later")}}, class: email.ClassTemporary, step: email.StepRecipient, code: 451, enhanced: "4.7.1"},
		{name: "mailbox full for now", server: &server{fail: map[string]error{"data": reply(452, smtp.EnhancedCode{4, 2, 2}, "full")}}, class: email.ClassTemporary, step: email.StepContent, code: 452, enhanced: "4.2.2"},
		{name: "content refused", server: &server{fail: map[string]error{"data": reply(554, smtp.EnhancedCode{5, 6, 0}, "no")}}, class: email.ClassPermanent, step: email.StepContent, code: 554, enhanced: "5.6.0"},
		{name: "sender refused", server: &server{fail: map[string]error{"from": reply(553, smtp.EnhancedCode{5, 1, 8}, "not yours")}}, class: email.ClassConfig, step: email.StepSender, code: 553, enhanced: "5.1.8"},
		{name: "sender later", server: &server{fail: map[string]error{"from": reply(421, smtp.EnhancedCode{4, 3, 2}, "shutting down")}}, class: email.ClassTemporary, step: email.StepSender, code: 421, enhanced: "4.3.2"},
		{name: "server too busy", server: &server{fail: map[string]error{"connect": reply(421, smtp.EnhancedCode{4, 3, 2}, "busy")}}, class: email.ClassTemporary, step: email.StepHello},
		{name: "cut in the content", server: &server{dropInData: true}, class: email.ClassTemporary, step: email.StepContent},
		{name: "cut before the answer", server: &server{dropAfter: true}, class: email.ClassTemporary, step: email.StepContent},
		{name: "wrong password", server: &server{tls: "starttls", mechanisms: []string{"PLAIN"}}, change: func(o *email.Options) { o.Username, o.Password = "cubby", "wrong" }, class: email.ClassConfig, step: email.StepSignIn, code: 535, enhanced: "5.7.8"},
		{name: "no password", server: &server{tls: "starttls", mechanisms: []string{"PLAIN"}}, class: email.ClassConfig, step: email.StepSender, code: 530},
		{name: "no sign-in offered", server: &server{}, change: func(o *email.Options) { o.Username, o.Password = "cubby", "x" }, class: email.ClassConfig, step: email.StepSignIn},
		{name: "no encryption offered", server: &server{}, change: func(o *email.Options) { o.TLS = email.TLSStart }, class: email.ClassConfig, step: email.StepTLS},
		{name: "encryption not spoken", server: &server{}, change: func(o *email.Options) { o.TLS = email.TLSImplicit }, class: email.ClassConfig, step: email.StepTLS},
		{name: "unknown authority", server: &server{tls: "starttls"}, change: func(o *email.Options) { o.RootCAs = nil }, class: email.ClassConfig, step: email.StepTLS},
		{name: "unknown authority from the first byte", server: &server{tls: "tls"}, change: func(o *email.Options) { o.RootCAs = nil }, class: email.ClassConfig, step: email.StepTLS},
		{name: "certificate of another host", server: &server{tls: "starttls"}, change: func(o *email.Options) { o.Host = "localhost" }, class: email.ClassConfig, step: email.StepTLS},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := tc.server.start(t)
			opts := options(s)
			if tc.change != nil {
				tc.change(&opts)
			}
			err := newClient(t, opts).Send(t.Context(), message())
			var e *email.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			if e.Class != tc.class || e.Step != tc.step || email.ClassOf(err) != tc.class {
				t.Errorf("%s at %s, want %s at %s: %v", e.Class, e.Step, tc.class, tc.step, err)
			}
			if tc.code != 0 && e.Code != tc.code || tc.enhanced != "" && e.Enhanced != tc.enhanced {
				t.Errorf("code %d %s, want %d %s", e.Code, e.Enhanced, tc.code, tc.enhanced)
			}
			for _, secret := range []string{"ada@", "s3cret", "wrong\"", "HJK"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error tells %q: %v", secret, err)
				}
			}
		})
	}
}

func TestSend_SameIDAfterAmbiguousEnd(t *testing.T) {
	t.Parallel()
	s := (&server{dropAfter: true}).start(t)
	c := newClient(t, options(s))
	for range 2 {
		if err := c.Send(t.Context(), message()); email.ClassOf(err) != email.ClassTemporary || err == nil {
			t.Fatalf("got %v", err)
		}
	}
	mails := s.caught()
	if len(mails) != 2 || mails[0].MessageID != mails[1].MessageID || mails[0].MessageID == "" {
		t.Errorf("%d mails", len(mails))
	}
}

func TestSend_Unreachable(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	c := newClient(t, email.Options{Host: "127.0.0.1", Port: port, From: "a@b.example", TLS: email.TLSNone, Now: time.Now})
	for name, err := range map[string]error{"send": c.Send(t.Context(), message()), "check": c.Check(t.Context())} {
		var e *email.Error
		if !errors.As(err, &e) || e.Class != email.ClassTemporary || e.Step != email.StepConnect {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSend_EndsWithTheContext(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	s := (&server{hangInData: hang}).start(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := newClient(t, options(s)).Send(ctx, message())
	if email.ClassOf(err) != email.ClassTemporary || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestSend_RefusesBadMessages(t *testing.T) {
	t.Parallel()
	s := (&server{}).start(t)
	c := newClient(t, options(s))
	for name, change := range map[string]func(*email.Message){
		"no id":              func(m *email.Message) { m.ID = "" },
		"no text":            func(m *email.Message) { m.Text = "" },
		"no subject":         func(m *email.Message) { m.Subject = "" },
		"long subject":       func(m *email.Message) { m.Subject = strings.Repeat("x", 251) },
		"header injection":   func(m *email.Message) { m.Subject = "Hi\r\nBcc: eve@evil.example" },
		"address injection":  func(m *email.Message) { m.To = "ada@homes.example\r\nBcc: eve@evil.example" },
		"two addresses":      func(m *email.Message) { m.To = "ada@homes.example, eve@evil.example" },
		"no address":         func(m *email.Message) { m.To = "ada" },
		"a book":             func(m *email.Message) { m.Text = strings.Repeat("x", 1<<20+1) },
		"many pictures":      func(m *email.Message) { m.Inline = make([]email.Inline, 11) },
		"plain unsubscribe":  func(m *email.Message) { m.Unsubscribe = "http://cubby.example" },
		"picture injection":  func(m *email.Message) { m.Inline[0].Name = "a\r\nX: y" },
		"language injection": func(m *email.Message) { m.Lang = "es\nX: y" },
	} {
		m := message()
		change(&m)
		err := c.Send(t.Context(), m)
		var e *email.Error
		if !errors.As(err, &e) || e.Class != email.ClassPermanent || e.Step != email.StepMessage {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(s.caught()); n != 0 {
		t.Errorf("%d mails were sent", n)
	}
}

func TestNew_RefusesBadOptions(t *testing.T) {
	t.Parallel()
	good := email.Options{Host: "mail.example", From: "a@b.example", Now: time.Now}
	if _, err := email.New(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*email.Options){
		"no host":        func(o *email.Options) { o.Host = "" },
		"an address":     func(o *email.Options) { o.Host = "smtp://mail.example" },
		"no sender":      func(o *email.Options) { o.From = "" },
		"port":           func(o *email.Options) { o.Port = 70000 },
		"mode":           func(o *email.Options) { o.TLS = "ssl" },
		"plain remote":   func(o *email.Options) { o.TLS = email.TLSNone },
		"time-out":       func(o *email.Options) { o.Timeout = time.Hour },
		"no clock":       func(o *email.Options) { o.Now = nil },
		"HELO injection": func(o *email.Options) { o.HELO = "a\r\nMAIL FROM:<x>" },
	} {
		opts := good
		change(&opts)
		if _, err := email.New(opts); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	good.TLS, good.AllowPlain = email.TLSNone, true
	if _, err := email.New(good); err != nil {
		t.Errorf("forced plain: %v", err)
	}
}

func TestOptions_PrintRedacted(t *testing.T) {
	t.Parallel()
	opts := email.Options{Password: "s3cret phrase"}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		fmt.Fprintf(&out, verb, opts)
		fmt.Fprintf(&out, verb, opts.Password)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", slog.Any("p", opts.Password), slog.Any("m", message()))
	for _, leak := range []string{"s3cret", "733363", "ada@", "HJK"} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("printing leaks %q", leak)
		}
	}
}
