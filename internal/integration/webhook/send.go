package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// DefaultTimeout is how long a receiver may take to answer. The specification suggests 15 to 30 seconds.
const DefaultTimeout = 15 * time.Second

const (
	maxURL     = 2000
	maxExcerpt = 300     // bytes of an answer that are kept
	maxAnswer  = 8 << 10 // bytes of an answer that are read
)

// ErrAddress marks an address that this server does not send to.
var ErrAddress = errors.New("webhook: the address cannot be used")

// Message is what is sent. ID stays the same when it is sent again, so that a receiver can tell copies.
type Message struct {
	ID   string
	At   time.Time // of this attempt
	Body []byte    // JSON
}

// Answer is what a receiver said.
type Answer struct {
	Status  int // of HTTP; 0: there was no answer
	Took    time.Duration
	Excerpt string // the beginning of its body, at most 300 bytes of text
}

// Taken reports whether the receiver has the message: any status of 200 to 299.
func (a Answer) Taken() bool { return a.Status >= 200 && a.Status < 300 }

// Gone reports whether the receiver wants nothing more at this address, status 410.
func (a Answer) Gone() bool { return a.Status == http.StatusGone }

// Options configure [New]. Now and Version are needed.
type Options struct {
	Now     func() time.Time
	Version string // of the program, for the User-Agent
	// Private allows plain HTTP, and addresses in private networks and on this computer: for receivers
	// beside the server.
	Private bool
	Timeout time.Duration // 0: DefaultTimeout
	// Transport carries certificates to trust; nil: the system's.
	Transport *http.Transport
}

// Client sends messages. It is safe for concurrent use.
type Client struct {
	opts Options
	http *http.Client
}

// New returns a client.
func New(opts Options) (*Client, error) {
	if opts.Now == nil || opts.Version == "" {
		return nil, errors.New("webhook: a clock and a version are needed")
	}
	if opts.Timeout == 0 {
		opts.Timeout = DefaultTimeout
	}
	c := &Client{opts: opts}
	transport := opts.Transport
	if transport == nil {
		transport = &http.Transport{ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute}
	}
	dialer := &net.Dialer{Timeout: opts.Timeout, Control: c.control}
	transport.DialContext = dialer.DialContext
	transport.Proxy = nil // a proxy would be asked for any address
	c.http = &http.Client{
		Timeout: opts.Timeout, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// Check says what is wrong with an address, wrapping [ErrAddress]. It asks no name server: a name that
// leads to a private network is found when it is dialled.
func (c *Client) Check(address string) error {
	u, err := url.Parse(address)
	switch {
	case len(address) > maxURL:
		return fmt.Errorf("%w: it has more than %d characters", ErrAddress, maxURL)
	case err != nil || u.Host == "" || u.Hostname() == "":
		return fmt.Errorf("%w: want https://host/path", ErrAddress)
	case u.User != nil:
		return fmt.Errorf("%w: leave name and password out, messages are signed", ErrAddress)
	case u.Fragment != "":
		return fmt.Errorf("%w: leave the part after # out", ErrAddress)
	case u.Scheme == "https":
	case u.Scheme == "http" && c.opts.Private:
	default:
		return fmt.Errorf("%w: it must begin with https://", ErrAddress)
	}
	if ip, err := netip.ParseAddr(strings.Trim(u.Hostname(), "[]")); err == nil {
		return c.reachable(ip)
	}
	return nil
}

// control refuses connections to where nobody outside should make this server go. It sees the address
// after the name was looked up, so that no answer of a name server slips past.
func (c *Client) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %s", ErrAddress, address)
	}
	return c.reachable(at.Addr())
}

func (c *Client) reachable(ip netip.Addr) error {
	if ip = ip.Unmap(); c.opts.Private {
		return nil
	}
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || shared(ip) {
		return fmt.Errorf("%w: %s is not a public address; see server.webhooks.addresses", ErrAddress, ip)
	}
	return nil
}

// shared reports addresses that are neither private nor public: carrier-grade NAT (RFC 6598),
// translation to IPv4 (RFC 6052, 8215), which leads back into any IPv4 network, and 0.0.0.0/8 (RFC 1122).
func shared(ip netip.Addr) bool {
	for _, text := range []string{"100.64.0.0/10", "64:ff9b::/96", "64:ff9b:1::/48", "0.0.0.0/8", "2002::/16", "192.0.0.0/24"} {
		if netip.MustParsePrefix(text).Contains(ip) {
			return true
		}
	}
	return false
}

// Send sends a message, signed with each of the secrets: two while one takes the other's place. An error
// says why there was no answer; an answer may still be a refusal, see [Answer].Taken.
func (c *Client) Send(ctx context.Context, address string, secrets []Secret, m Message) (Answer, error) {
	if err := c.Check(address); err != nil {
		return Answer{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(m.Body))
	if err != nil {
		return Answer{}, fmt.Errorf("%w: %w", ErrAddress, err)
	}
	if err := sign(request.Header, secrets, m); err != nil {
		return Answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "Cubby/"+c.opts.Version)
	began := c.opts.Now()
	response, err := c.http.Do(request)
	if err != nil {
		return Answer{Took: c.opts.Now().Sub(began)}, fmt.Errorf("send to %s: %w", request.URL.Host, unwrapURL(err))
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer)) // the status is the answer
	return Answer{Status: response.StatusCode, Took: c.opts.Now().Sub(began), Excerpt: excerpt(body)}, nil
}

// sign puts the headers of the specification on a request.
func sign(h http.Header, secrets []Secret, m Message) error {
	signatures := make([]string, 0, len(secrets))
	for _, s := range secrets {
		w, err := standardwebhooks.NewWebhookRaw(s.raw)
		if err != nil {
			return fmt.Errorf("sign a message: %w", err)
		}
		signature, err := w.Sign(m.ID, m.At, m.Body)
		if err != nil {
			return fmt.Errorf("sign a message: %w", err)
		}
		signatures = append(signatures, signature)
	}
	if len(signatures) == 0 {
		return errors.New("webhook: a message needs a secret")
	}
	h.Set(standardwebhooks.HeaderWebhookID, m.ID)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(m.At.Unix(), 10))
	h.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}

// unwrapURL takes the address off an error: its query may hold a secret.
func unwrapURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func excerpt(body []byte) string {
	text := strings.Join(strings.Fields(strings.ToValidUTF8(string(body), "")), " ")
	if len(text) > maxExcerpt {
		text = strings.ToValidUTF8(text[:maxExcerpt], "")
	}
	return text
}
