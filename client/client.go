package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Options configure [New]. URL and Token are needed.
type Options struct {
	// URL is where people reach the server, e.g. "https://parcels.example.org".
	URL string
	// Token is an API token: "cubby_…".
	Token string
	// HTTP sends the requests; nil: a client of its own that gives up after DefaultTimeout.
	HTTP *http.Client
	// UserAgent names the program to whoever reads the server's log; empty: "cubby-client".
	UserAgent string
	// Tries is how often a request is sent at most when the network or the server is away; 0:
	// DefaultTries, 1: no second try.
	Tries int
	// Insecure allows http:// to other machines. The token then travels in clear.
	Insecure bool
}

// Defaults and limits.
const (
	DefaultTimeout = 30 * time.Second
	DefaultTries   = 3

	prefix     = "/api/v1"
	maxAnswer  = 32 << 20 // bytes: a page of 200 is far below
	firstPause = 250 * time.Millisecond
	maxPause   = 10 * time.Second
)

// Client talks to one server with one token.
type Client struct {
	base  string
	token string
	http  *http.Client
	agent string
	tries int
}

// New returns a client. It returns an error for a URL that is not one, or that would send the token
// in clear.
func New(opts Options) (*Client, error) {
	u, err := url.Parse(strings.TrimRight(opts.URL, "/"))
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, errors.New("client: the URL is not like https://parcels.example.org")
	}
	switch {
	case u.Scheme == "https":
	case u.Scheme == "http" && (opts.Insecure || loopback(u.Hostname())):
	default:
		return nil, errors.New("client: the URL must begin with https://, or the token travels in clear")
	}
	if opts.Token == "" {
		return nil, errors.New("client: an API token is needed")
	}
	c := &Client{base: u.String() + prefix, token: opts.Token, http: opts.HTTP, agent: opts.UserAgent, tries: opts.Tries}
	if c.http == nil {
		c.http = &http.Client{Timeout: DefaultTimeout}
	}
	if c.agent == "" {
		c.agent = "cubby-client"
	}
	if c.tries <= 0 {
		c.tries = DefaultTries
	}
	return c, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

type keyOfContext struct{}

// WithIdempotencyKey returns a context whose POST carries a key of your own, 1 to 255 visible ASCII
// characters: a repeat with the same key, also from another process within 24 hours, gets the first
// answer again. Use one context for one request.
func WithIdempotencyKey(ctx context.Context, key string) context.Context {
	return context.WithValue(ctx, keyOfContext{}, key)
}

// request is one operation.
type request struct {
	method string
	path   string // below the prefix, escaped
	query  url.Values
	body   any    // JSON; []byte is sent as it is
	kind   string // content type of the body; empty: JSON
}

// call sends a request and reads the answer into T.
func call[T any](ctx context.Context, c *Client, q request) (T, error) {
	var out T
	raw, err := c.send(ctx, q)
	if err != nil || len(bytes.TrimSpace(raw)) == 0 {
		return out, err
	}
	if err := json.Unmarshal(raw, &out); err != nil {
		return out, fmt.Errorf("read the answer to %s %s: %w", q.method, q.path, err)
	}
	return out, nil
}

// run sends a request that has no answer.
func (c *Client) run(ctx context.Context, method, path string, body any) error {
	_, err := c.send(ctx, request{method: method, path: path, body: body})
	return err
}

// send sends a request until it is answered, at most c.tries times.
func (c *Client) send(ctx context.Context, q request) ([]byte, error) {
	body, kind, err := encode(q)
	if err != nil {
		return nil, err
	}
	header := http.Header{
		"Authorization": {"Bearer " + c.token}, "Accept": {"application/json"}, "User-Agent": {c.agent},
	}
	if body != nil {
		header.Set("Content-Type", kind)
	}
	if q.method == http.MethodPost {
		header.Set("Idempotency-Key", keyFor(ctx))
	}
	pause := firstPause
	for try := 1; ; try++ {
		raw, err := c.once(ctx, q, body, header)
		wait, again := mayRetry(q.method, err)
		if !again || try >= c.tries {
			return raw, err
		}
		if err := sleep(ctx, min(max(pause, wait), maxPause)); err != nil {
			return nil, err
		}
		pause *= 2
	}
}

func encode(q request) (body []byte, kind string, err error) {
	kind = q.kind
	if kind == "" {
		kind = "application/json"
	}
	switch b := q.body.(type) {
	case nil:
		return nil, kind, nil
	case []byte:
		return b, kind, nil
	}
	body, err = json.Marshal(q.body)
	if err != nil {
		return nil, kind, fmt.Errorf("write the request: %w", err)
	}
	return body, kind, nil
}

func keyFor(ctx context.Context) string {
	if key, ok := ctx.Value(keyOfContext{}).(string); ok {
		return key
	}
	return rand.Text()
}

func (c *Client) once(ctx context.Context, q request, body []byte, header http.Header) ([]byte, error) {
	address := c.base + q.path
	if len(q.query) > 0 {
		address += "?" + q.query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, q.method, address, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	r.Header = header.Clone()
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", q.method, q.path, err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read the answer to %s %s: %w", q.method, q.path, err)
	case len(raw) > maxAnswer:
		return nil, fmt.Errorf("the answer to %s %s has more than %d bytes", q.method, q.path, maxAnswer)
	case answer.StatusCode >= http.StatusMultipleChoices:
		return nil, problem(answer, raw)
	}
	return raw, nil
}

// mayRetry reports whether a request may be sent again, and after which pause at least. A PATCH or a
// DELETE may not: nobody knows whether the first one came through.
func mayRetry(method string, err error) (time.Duration, bool) {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return 0, false
	}
	safe := method == http.MethodGet || method == http.MethodPost || method == http.MethodPut
	var told *Error
	if !errors.As(err, &told) {
		return 0, safe
	}
	switch told.Status {
	case http.StatusTooManyRequests: // was not begun, whatever it is
		return told.RetryAfter, true
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return told.RetryAfter, safe && told.Code == "" // a code means that the server itself has spoken
	}
	return 0, false
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// at writes a path: every %s is one segment.
func at(format string, segments ...string) string {
	escaped := make([]any, len(segments))
	for i, s := range segments {
		escaped[i] = url.PathEscape(s)
	}
	return fmt.Sprintf(format, escaped...)
}

// query collects the parameters that say something.
type query struct{ values url.Values }

func params() query { return query{values: url.Values{}} }

func (q query) text(name, value string) query {
	if value != "" {
		q.values.Set(name, value)
	}
	return q
}

func (q query) flag(name string, value bool) query {
	if value {
		q.values.Set(name, "true")
	}
	return q
}

func (q query) number(name string, value int) query {
	if value != 0 {
		q.values.Set(name, strconv.Itoa(value))
	}
	return q
}

// made creates something and returns its id.
func made(ctx context.Context, c *Client, path string, draft any) (string, error) {
	m, err := call[struct{ ID string }](ctx, c, request{method: http.MethodPost, path: path, body: draft})
	return m.ID, err
}
