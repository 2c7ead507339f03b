package http

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/url"
	"slices"
	"strings"
	"text/template"
	"time"

	"github.com/nyaruka/phonenumbers"

	"cubby/internal/notify/email"
)

const (
	// DefaultTimeout is how long a gateway may take to answer.
	DefaultTimeout = 15 * time.Second
	maxAnswer      = 64 << 10 // bytes of an answer that are read
	maxExcerpt     = 200      // bytes of an answer that are kept
	maxBody        = 32 << 10 // bytes of a message as it goes out
)

// Secret is a token or a password. It prints as "redacted".
type Secret string

// String hides the secret.
func (Secret) String() string { return "redacted" }

// GoString hides the secret.
func (Secret) GoString() string { return "redacted" }

// Options configure [New]. URL is needed unless Preset has one.
type Options struct {
	// Preset fills in what is empty of Method, URL, Headers and Body: one of [Presets].
	Preset  string
	Method  string   // empty: POST
	URL     string   // a template
	Headers []string // templates, "Name: value"
	Body    string   // a template
	// From is the sender that the gateway knows: a number or a name.
	From    string
	Account string // the user name at the gateway
	Secret  Secret // the token or password there
	// Retry and Dead are statuses that mean "try again" and "never", where a gateway differs from the
	// usual: 200 to 299 sent; 401, 403 and 404 a mistake in the settings; 408, 425, 429 and 500 to 599
	// try again; all else never.
	Retry, Dead []int
	// Region is where numbers without a country are, e.g. "ES" (ISO 3166-1); empty: they are refused.
	Region  string
	Timeout time.Duration // 0: DefaultTimeout
}

// Message is one message or call to one person.
type Message struct {
	ID   string // the same when it is sent again
	To   string // a telephone number
	Text string
	Lang string // BCP 47, for calls
}

// fields are what the templates may name.
type fields struct {
	ID, To, From, Text, Lang, Account, Secret string
}

// preset is a gateway that is known.
type preset struct {
	url     string
	headers []string
	body    string
	basic   bool // Account and Secret go as HTTP's basic authentication
}

const form = "Content-Type: application/x-www-form-urlencoded"

// presets lists the gateways that are known. Many others take the same requests as the first.
func presets() map[string]preset {
	return map[string]preset{
		"": {},
		// Source: Twilio, Programmable Messaging API 2010-04-01, Create a Message.
		"twilio": {
			url: "https://api.twilio.com/2010-04-01/Accounts/{{.Account}}/Messages.json", headers: []string{form},
			body: "To={{query .To}}&From={{query .From}}&Body={{query .Text}}", basic: true,
		},
		"twilio-whatsapp": {
			url: "https://api.twilio.com/2010-04-01/Accounts/{{.Account}}/Messages.json", headers: []string{form},
			body: `To={{query (print "whatsapp:" .To)}}&From={{query (print "whatsapp:" .From)}}&Body={{query .Text}}`, basic: true,
		},
		// Source: Twilio, Programmable Voice API 2010-04-01, Create a Call; TwiML, Say.
		"twilio-voice": {
			url: "https://api.twilio.com/2010-04-01/Accounts/{{.Account}}/Calls.json", headers: []string{form},
			body:  `To={{query .To}}&From={{query .From}}&Twiml={{query (print "<Response><Say language=\"" .Lang "\">" (xml .Text) "</Say></Response>")}}`,
			basic: true,
		},
		"json": {
			headers: []string{"Content-Type: application/json", "Authorization: Bearer {{.Secret}}", "Idempotency-Key: {{.ID}}"},
			body:    `{"id":{{json .ID}},"to":{{json .To}},"from":{{json .From}},"text":{{json .Text}},"lang":{{json .Lang}}}`,
		},
	}
}

// Presets lists the names of the gateways that are known.
func Presets() []string { return []string{"twilio", "twilio-whatsapp", "twilio-voice", "json"} }

// Gateway sends messages. It is safe for concurrent use.
type Gateway struct {
	opts    Options
	basic   bool
	url     *template.Template
	headers map[string]*template.Template
	body    *template.Template
	client  *nethttp.Client
}

// New returns a gateway. An error says which setting is wrong.
func New(opts Options) (*Gateway, error) {
	known, ok := presets()[opts.Preset]
	if !ok {
		return nil, fmt.Errorf("preset %q is none of %s", opts.Preset, strings.Join(Presets(), ", "))
	}
	if opts.URL == "" {
		opts.URL = known.url
	}
	if opts.Body == "" {
		opts.Body = known.body
	}
	if len(opts.Headers) == 0 {
		opts.Headers = known.headers
	}
	if opts.Method == "" {
		opts.Method = nethttp.MethodPost
	}
	if opts.Timeout == 0 {
		opts.Timeout = DefaultTimeout
	}
	if opts.URL == "" {
		return nil, errors.New("url is empty")
	}
	g := &Gateway{opts: opts, basic: known.basic, headers: map[string]*template.Template{}}
	var err error
	if g.url, err = parse("url", opts.URL); err != nil {
		return nil, err
	}
	if g.body, err = parse("body", opts.Body); err != nil {
		return nil, err
	}
	for _, h := range opts.Headers {
		name, value, ok := strings.Cut(h, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, errors.New(`a header is not "Name: value"`)
		}
		if g.headers[strings.TrimSpace(name)], err = parse("header", strings.TrimSpace(value)); err != nil {
			return nil, err
		}
	}
	g.client = &nethttp.Client{
		Timeout:       opts.Timeout,
		CheckRedirect: func(*nethttp.Request, []*nethttp.Request) error { return nethttp.ErrUseLastResponse },
	}
	// What cannot be filled in is found now, not with the first parcel.
	_, err = g.request(context.Background(), Message{ID: "test", To: "+15550100", Text: "test", Lang: "en"})
	return g, err
}

func parse(what, text string) (*template.Template, error) {
	t, err := template.New(what).Option("missingkey=error").Funcs(template.FuncMap{
		"query": url.QueryEscape,
		"json": func(s string) (string, error) {
			b, err := json.Marshal(s)
			return string(b), err
		},
		"xml": func(s string) (string, error) {
			var b strings.Builder
			err := xml.EscapeText(&b, []byte(s))
			return b.String(), err
		},
	}).Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read the template of %s: %w", what, err)
	}
	return t, nil
}

// Number returns a number as E.164, e.g. "+34600000000". region is where numbers without a country are.
func Number(text, region string) (string, error) {
	n, err := phonenumbers.Parse(text, region)
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		return "", errors.New("this is no telephone number with a country")
	}
	return phonenumbers.Format(n, phonenumbers.E164), nil
}

func (g *Gateway) fill(t *template.Template, f fields) (string, error) {
	var b strings.Builder
	if err := t.Execute(&b, f); err != nil {
		return "", fmt.Errorf("fill in %s: %w", t.Name(), err)
	}
	if b.Len() > maxBody {
		return "", fmt.Errorf("fill in %s: more than %d bytes", t.Name(), maxBody)
	}
	return b.String(), nil
}

func (g *Gateway) request(ctx context.Context, m Message) (*nethttp.Request, error) {
	f := fields{
		ID: m.ID, To: m.To, From: g.opts.From, Text: m.Text, Lang: m.Lang, Account: g.opts.Account, Secret: string(g.opts.Secret),
	}
	address, err := g.fill(g.url, f)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("url is not https://host/path")
	}
	body, err := g.fill(g.body, f)
	if err != nil {
		return nil, err
	}
	r, err := nethttp.NewRequestWithContext(ctx, g.opts.Method, address, strings.NewReader(body))
	if err != nil {
		return nil, errors.New("method or url cannot be used")
	}
	for name, t := range g.headers {
		value, err := g.fill(t, f)
		if err != nil {
			return nil, err
		}
		r.Header.Set(name, strings.Map(func(c rune) rune {
			if c < ' ' {
				return -1 // no second header in a value
			}
			return c
		}, value))
	}
	if g.basic {
		r.SetBasicAuth(g.opts.Account, string(g.opts.Secret))
	}
	return r, nil
}

// Send hands a message to the gateway. An error is an *[Error], whose Fate says what to do.
func (g *Gateway) Send(ctx context.Context, m Message) error {
	to, err := Number(m.To, g.opts.Region)
	if err != nil {
		return &Error{Class: email.ClassPermanent, Recipient: true, err: err}
	}
	m.To = to
	r, err := g.request(ctx, m)
	if err != nil {
		return &Error{Class: email.ClassConfig, err: err}
	}
	answer, err := g.client.Do(r)
	if err != nil {
		return unreachable(err)
	}
	excerpt, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	_ = answer.Body.Close() // only read
	status := answer.StatusCode
	if status >= 200 && status < 300 && !slices.Contains(g.opts.Retry, status) && !slices.Contains(g.opts.Dead, status) {
		return nil // what follows the status says nothing new
	}
	if err != nil {
		return unreachable(err)
	}
	excerpt = bytes.ReplaceAll(excerpt[:min(len(excerpt), maxExcerpt)], []byte(m.To), []byte("…"))
	e := &Error{
		Class: g.classOf(status), Status: status, err: fmt.Errorf("status %d: %s", status, strings.ToValidUTF8(string(excerpt), "")),
	}
	e.Recipient = e.Class == email.ClassPermanent && status == nethttp.StatusBadRequest
	return e
}

func (g *Gateway) classOf(status int) email.Class {
	switch {
	case slices.Contains(g.opts.Retry, status):
		return email.ClassTemporary
	case slices.Contains(g.opts.Dead, status):
		return email.ClassPermanent
	case status == nethttp.StatusUnauthorized, status == nethttp.StatusForbidden, status == nethttp.StatusNotFound,
		status >= 300 && status < 400:
		return email.ClassConfig
	case status == nethttp.StatusRequestTimeout, status == nethttp.StatusTooEarly, status == nethttp.StatusTooManyRequests,
		status >= 500:
		return email.ClassTemporary
	}
	return email.ClassPermanent
}

// Error is a message that the gateway did not take. Its text holds what the gateway said, without the
// number.
type Error struct {
	Class     email.Class
	Status    int  // of HTTP; 0: there was no answer
	Recipient bool // the number is what is wrong
	err       error
}

// Error describes the failure for the history of a message.
func (e *Error) Error() string { return "gateway: " + e.err.Error() }

// Fate says what to do about the message.
func (e *Error) Fate() email.Class { return e.Class }

// Refused reports whether the number is what is wrong.
func (e *Error) Refused() bool { return e.Recipient }

// unreachable is an attempt that may have arrived all the same. An address that stands in the error is
// left out: it may hold a secret.
func unreachable(err error) *Error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	class := email.ClassTemporary
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		class = email.ClassConfig
	}
	return &Error{Class: class, err: fmt.Errorf("the gateway does not answer: %w", err)}
}
