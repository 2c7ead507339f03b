package email

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	netmail "net/mail"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

const (
	// DefaultTimeout bounds one message, from connecting to the server's last word.
	DefaultTimeout = 60 * time.Second

	portSubmission = 587 // Source: RFC 8314 §3.3
	portTLS        = 465
	portPlain      = 25
	maxTimeout     = 10 * time.Minute
)

var (
	errNoTLS  = errors.New("the server offers no encryption (STARTTLS)")
	errNoAuth = errors.New("the server offers no sign-in that is safe here (SCRAM-SHA-256, PLAIN or LOGIN)")
)

// TLSMode says how the connection is encrypted.
type TLSMode string

// The modes.
const (
	TLSStart    TLSMode = "starttls" // required after connecting; the default
	TLSImplicit TLSMode = "tls"      // from the first byte
	TLSNone     TLSMode = "none"     // to loopback, or with AllowPlain
)

// Password is a password that prints as "redacted".
type Password string

// Format prints "redacted" for every verb.
func (Password) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "redacted") } // fmt.State keeps its own errors

// LogValue hides the password from logs.
func (Password) LogValue() slog.Value { return slog.StringValue("redacted") }

// Options configure [New].
type Options struct {
	Host     string // required
	Port     int    // 0 = 587, 465 or 25 by TLS
	Username string // "" = no sign-in
	Password Password
	From     string        // "Cubby <cubby@example.com>", required
	TLS      TLSMode       // "" = starttls
	Timeout  time.Duration // 0 = one minute
	HELO     string        // the name that we give ourselves; "" = the domain of From
	// AllowPlain permits TLSNone to a host other than loopback: codes and passwords in the clear.
	AllowPlain bool
	RootCAs    *x509.CertPool   // nil = the system's
	Now        func() time.Time // required: the Date header
}

// Client sends messages, each over a connection of its own. It is safe for concurrent use.
type Client struct {
	opts Options
	from *netmail.Address
}

// New checks the options and returns a client. It connects to nothing.
func New(opts Options) (*Client, error) {
	from, err := netmail.ParseAddress(opts.From)
	if err != nil {
		return nil, fmt.Errorf("email: sender's address: %w", err)
	}
	if opts.TLS == "" {
		opts.TLS = TLSStart
	}
	defaultPort := map[TLSMode]int{TLSStart: portSubmission, TLSImplicit: portTLS, TLSNone: portPlain}[opts.TLS]
	if opts.Port == 0 {
		opts.Port = defaultPort
	}
	if opts.Timeout == 0 {
		opts.Timeout = DefaultTimeout
	}
	if opts.HELO == "" {
		opts.HELO = domainOf(from.Address)
	}
	switch {
	case opts.Host == "" || hasControl(opts.Host) || strings.ContainsAny(opts.Host, "/ "):
		return nil, errors.New("email: the server's host name is missing or wrong")
	case defaultPort == 0:
		return nil, fmt.Errorf("email: encryption %q is not starttls, tls or none", opts.TLS)
	case opts.Port < 1 || opts.Port > 65535:
		return nil, fmt.Errorf("email: port %d is not 1 to 65535", opts.Port)
	case opts.Timeout < time.Second || opts.Timeout > maxTimeout:
		return nil, fmt.Errorf("email: time-out %s is not 1s to %s", opts.Timeout, maxTimeout)
	case opts.TLS == TLSNone && !opts.AllowPlain && !isLoopback(opts.Host):
		return nil, errors.New("email: no encryption is for a server on this machine only")
	case opts.Now == nil:
		return nil, errors.New("email: no clock")
	case hasControl(opts.HELO) || strings.Contains(opts.HELO, " "):
		return nil, errors.New("email: the name for HELO is wrong")
	}
	return &Client{opts: opts, from: from}, nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}

// Send delivers one message to the server. It returns nil once the server has taken it, even when
// the connection breaks right after, and an [*Error] otherwise.
func (c *Client) Send(ctx context.Context, m Message) error {
	msg, err := m.build(c.from, c.opts.Now())
	if err != nil {
		return newError(ClassPermanent, StepMessage, err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	sender, err := mail.NewClient(c.opts.Host,
		mail.WithTimeout(c.opts.Timeout), mail.WithHELO(c.opts.HELO), mail.WithoutNoop(), mail.WithoutRset())
	if err != nil {
		return newError(ClassConfig, StepMessage, err)
	}
	err = sender.SendWithSMTPClient(s.smtp, msg)
	if err == nil || msg.IsDelivered() {
		s.quit()
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		err = errors.Join(cause, err) // the broken connection is our own doing
	}
	return sendError(err)
}

// Check connects, encrypts and signs in, and sends no mail: the test button. It returns an
// [*Error] that names the step which failed.
func (c *Client) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.smtp.Noop(); err != nil {
		return dialError(StepHello, err)
	}
	s.quit()
	return nil
}

// session is one connection, past sign-in.
type session struct {
	smtp *smtp.Client
	conn net.Conn
	stop func() bool // ends the watch on the context
}

// close ends the connection whatever state it is in.
func (s *session) close() {
	s.stop()
	_ = s.conn.Close() // the outcome is known already
}

// quit says good-bye; the mail is safe whether the server answers or not.
func (s *session) quit() { _ = s.smtp.Quit() }

// open connects and takes every step up to the sign-in. The context bounds all of it and whatever
// follows: when it ends, the connection is closed under the feet of whoever waits.
func (c *Client) open(ctx context.Context) (*session, error) {
	var dialer net.Dialer
	raw, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(c.opts.Host, strconv.Itoa(c.opts.Port)))
	if err != nil {
		return nil, dialError(StepConnect, err)
	}
	s := &session{conn: raw}
	s.stop = context.AfterFunc(ctx, func() { _ = raw.Close() }) // wakes whoever waits
	if step, err := c.greet(ctx, s); err != nil {
		s.close()
		if cause := context.Cause(ctx); cause != nil {
			err = errors.Join(cause, err)
		}
		return nil, dialError(step, err)
	}
	return s, nil
}

// greet takes the steps between the connection and the first mail. It returns the step that
// failed.
func (c *Client) greet(ctx context.Context, s *session) (Step, error) {
	conn := s.conn
	config := &tls.Config{ServerName: c.opts.Host, RootCAs: c.opts.RootCAs, MinVersion: tls.VersionTLS12}
	if c.opts.TLS == TLSImplicit {
		secure := tls.Client(conn, config)
		if err := secure.HandshakeContext(ctx); err != nil {
			return StepTLS, err
		}
		conn = secure
	}
	client, err := smtp.NewClient(conn, c.opts.Host)
	if err != nil {
		return StepHello, err
	}
	s.smtp = client
	if err := client.Hello(c.opts.HELO); err != nil {
		return StepHello, err
	}
	if c.opts.TLS == TLSStart {
		if ok, _ := client.Extension("STARTTLS"); !ok {
			return StepTLS, errNoTLS
		}
		if err := client.StartTLS(config); err != nil {
			return StepTLS, err
		}
	}
	if c.opts.Username == "" {
		return "", nil
	}
	auth, err := c.auth(client)
	if err != nil {
		return StepSignIn, err
	}
	return StepSignIn, client.Auth(auth)
}

// auth picks the best sign-in that both sides know. Without encryption, which only the operator
// can allow, passwords are sent in the clear as a last resort.
func (c *Client) auth(client *smtp.Client) (smtp.Auth, error) {
	_, offered := client.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	plain := c.opts.TLS == TLSNone
	user, password := c.opts.Username, string(c.opts.Password)
	switch {
	case slices.Contains(mechanisms, "SCRAM-SHA-256"):
		return smtp.ScramSHA256Auth(user, password), nil
	case slices.Contains(mechanisms, "PLAIN"):
		return smtp.PlainAuth("", user, password, c.opts.Host, plain), nil
	case slices.Contains(mechanisms, "LOGIN"):
		return smtp.LoginAuth(user, password, c.opts.Host, plain), nil
	}
	return nil, errNoAuth
}
