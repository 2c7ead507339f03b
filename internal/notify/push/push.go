package push

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	"cubby/internal/notify/email"
)

const (
	// DefaultTimeout is how long a push service may take to answer.
	DefaultTimeout = 15 * time.Second
	// keep is how long a push service keeps a message for a phone that is off.
	keep = 24 * time.Hour
)

// Options configure [New]. Key and Contact are needed.
type Options struct {
	// Key is the server's private key, 32 bytes: a scalar of P-256.
	Key []byte
	// Contact is whom a push service asks, an address of mail or of a page.
	Contact string
	// Private allows addresses on this computer and in private networks: for tests.
	Private bool
	// Client carries certificates to trust; nil: the system's.
	Client *http.Client
}

// Subscription is where a browser listens.
type Subscription struct {
	Endpoint, P256DH, Auth string
}

// Message is what a phone shows. It is seen on a locked screen: it holds no code.
type Message struct {
	Title string `json:"title"`
	Body  string `json:"body"`
	URL   string `json:"url,omitempty"`
	Lang  string `json:"lang"`
	Dir   string `json:"dir"`
	Tag   string `json:"tag,omitempty"` // a later message with the same takes its place
}

// Client sends messages. It is safe for concurrent use.
type Client struct {
	opts    Options
	public  string
	private string
	http    *http.Client
}

// New returns a client.
func New(opts Options) (*Client, error) {
	key, err := ecdh.P256().NewPrivateKey(opts.Key)
	if err != nil {
		return nil, fmt.Errorf("push: the key is no key of P-256: %w", err)
	}
	if opts.Contact == "" {
		return nil, errors.New("push: an address to ask is needed")
	}
	c := &Client{
		opts: opts, private: base64.RawURLEncoding.EncodeToString(opts.Key),
		public: base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), http: opts.Client,
	}
	if c.http == nil {
		dialer := &net.Dialer{Timeout: DefaultTimeout, Control: c.control}
		c.http = &http.Client{
			Timeout:       DefaultTimeout,
			Transport:     &http.Transport{DialContext: dialer.DialContext, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return c, nil
}

// PublicKey is what browsers need to be asked, base64url.
func (c *Client) PublicKey() string { return c.public }

// control refuses what is not out in the internet: the address comes from a browser.
func (c *Client) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("push: dial %s: %w", address, err)
	}
	ip := at.Addr().Unmap()
	if !c.opts.Private && (!ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback()) {
		return errors.New("push: the address of the browser leads into this network")
	}
	return nil
}

// ErrGone says that a browser listens no more: forget its subscription.
var ErrGone = errors.New("push: the browser listens no more")

// Error is a message that the push service did not take.
type Error struct {
	Class  email.Class
	Status int // of HTTP; 0: there was no answer
	err    error
}

// Error describes the failure for the history of a message.
func (e *Error) Error() string { return "push: " + e.err.Error() }

// Unwrap returns the cause: ErrGone, when that is it.
func (e *Error) Unwrap() error { return e.err }

// Fate says what to do about the message.
func (e *Error) Fate() email.Class { return e.Class }

// Send hands a message to a browser's push service. An error is an *[Error]; it wraps [ErrGone] when
// the browser listens no more.
func (c *Client) Send(ctx context.Context, to Subscription, m Message) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("push: write a message: %w", err)
	}
	answer, err := webpush.SendNotificationWithContext(ctx, body, &webpush.Subscription{
		Endpoint: to.Endpoint, Keys: webpush.Keys{P256dh: to.P256DH, Auth: to.Auth},
	}, &webpush.Options{
		HTTPClient: c.http, Subscriber: strings.TrimPrefix(c.opts.Contact, "mailto:"), TTL: int(keep.Seconds()), Urgency: webpush.UrgencyHigh,
		VAPIDPublicKey: c.public, VAPIDPrivateKey: c.private,
	})
	if err != nil {
		return &Error{Class: email.ClassTemporary, err: fmt.Errorf("the push service does not answer: %w", err)}
	}
	_ = answer.Body.Close() // nothing of it is read
	status := answer.StatusCode
	switch { // Source: RFC 8030 §5, §7.3
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusNotFound, status == http.StatusGone:
		return &Error{Class: email.ClassPermanent, Status: status, err: ErrGone}
	case status == http.StatusTooManyRequests, status >= 500:
		return &Error{Class: email.ClassTemporary, Status: status, err: fmt.Errorf("status %d", status)}
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return &Error{Class: email.ClassConfig, Status: status, err: fmt.Errorf("status %d: the push service does not know this server's key", status)}
	}
	return &Error{Class: email.ClassPermanent, Status: status, err: fmt.Errorf("status %d", status)}
}
