package mailcatch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

const (
	// DefaultKeep is how many mails are kept.
	DefaultKeep = 500

	maxMailBytes  = 8 << 20
	maxKeptBytes  = 64 << 20 // of all mails as they came; their parts take about as much again
	maxRecipients = 50
	ioTimeout     = 30 * time.Second
)

// Options configure [New].
type Options struct {
	// Addr is the loopback address to listen on; "" means "127.0.0.1:0", any free port.
	Addr string
	// Keep bounds the mails in memory, the oldest go first; 0 means [DefaultKeep].
	Keep   int
	Logger *slog.Logger     // required
	Now    func() time.Time // required
}

// Server catches mails. It is safe for concurrent use.
type Server struct {
	opts     Options
	smtp     *smtp.Server
	listener net.Listener
	done     chan struct{} // closed when the listener's goroutine has ended

	mu      sync.Mutex
	mails   []Mail        // oldest first
	bytes   int           // of all Raw in mails
	last    int           // id of the newest
	changed chan struct{} // closed and replaced at each new mail
}

// New checks the options. It listens on nothing yet.
func New(opts Options) (*Server, error) {
	if opts.Addr == "" {
		opts.Addr = "127.0.0.1:0"
	}
	if opts.Keep == 0 {
		opts.Keep = DefaultKeep
	}
	host, _, err := net.SplitHostPort(opts.Addr)
	if err != nil {
		return nil, fmt.Errorf("mailcatch: address: %w", err)
	}
	ip := net.ParseIP(host)
	switch {
	case host != "localhost" && !ip.IsLoopback():
		return nil, fmt.Errorf("mailcatch: %s is not this machine alone: anybody could read the mails", host)
	case opts.Keep < 1 || opts.Logger == nil || opts.Now == nil:
		return nil, errors.New("mailcatch: needs a logger, a clock and room for a mail")
	}
	s := &Server{opts: opts, done: make(chan struct{}), changed: make(chan struct{})}
	s.smtp = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{server: s}, nil
	}))
	s.smtp.Domain = "mailcatch.localhost"
	s.smtp.MaxMessageBytes = maxMailBytes
	s.smtp.MaxRecipients = maxRecipients
	s.smtp.ReadTimeout, s.smtp.WriteTimeout = ioTimeout, ioTimeout
	s.smtp.EnableSMTPUTF8 = true
	s.smtp.ErrorLog = slog.NewLogLogger(opts.Logger.Handler(), slog.LevelDebug)
	return s, nil
}

// Start listens and returns. [Server.Stop] ends it.
func (s *Server) Start(ctx context.Context) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.opts.Addr)
	if err != nil {
		return fmt.Errorf("mailcatch: listen: %w", err)
	}
	s.listener = listener
	go func() {
		defer close(s.done)
		if err := s.smtp.Serve(listener); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			s.opts.Logger.ErrorContext(ctx, "mail catcher stopped", slog.Any("error", err))
		}
	}()
	return nil
}

// Stop closes the listener and every connection and waits for the listener's goroutine. The mails
// stay readable. Stop once, after Start.
func (s *Server) Stop() error {
	err := s.smtp.Close()
	// The library forgets a listener whose Serve has not begun yet, so it is closed here too.
	if closeErr := s.listener.Close(); !errors.Is(closeErr, net.ErrClosed) {
		err = errors.Join(err, closeErr)
	}
	<-s.done
	if err != nil {
		return fmt.Errorf("mailcatch: stop: %w", err)
	}
	return nil
}

// Addr returns the address that the server listens on, after Start.
func (s *Server) Addr() *net.TCPAddr {
	addr, _ := s.listener.Addr().(*net.TCPAddr) // listened on "tcp"
	return addr
}

// List returns the mails, newest first.
func (s *Server) List() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	mails := slices.Clone(s.mails)
	slices.Reverse(mails)
	return mails
}

// Mail returns the mail with this id, unless it never came or is gone.
func (s *Server) Mail(id int) (Mail, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.mails, func(m Mail) bool { return m.ID == id })
	if i < 0 {
		return Mail{}, false
	}
	return s.mails[i], true
}

// Count returns how many mails were caught, those that are gone included.
func (s *Server) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// Wait returns the first mail, kept or yet to come, that match accepts. It returns the context's
// error when that ends first. Match must not call the server.
func (s *Server) Wait(ctx context.Context, match func(Mail) bool) (Mail, error) {
	seen := 0
	for {
		s.mu.Lock()
		changed, mails := s.changed, slices.Clone(s.mails)
		s.mu.Unlock()
		for _, m := range mails {
			if m.ID > seen && match(m) {
				return m, nil
			}
			seen = max(seen, m.ID)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Mail{}, fmt.Errorf("wait for a mail: %w", context.Cause(ctx))
		}
	}
}

func (s *Server) add(m Mail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	m.ID = s.last
	s.mails = append(s.mails, m)
	s.bytes += len(m.Raw)
	drop := 0
	for len(s.mails)-drop > s.opts.Keep || s.bytes > maxKeptBytes {
		s.bytes -= len(s.mails[drop].Raw)
		drop++
	}
	s.mails = slices.Delete(s.mails, 0, drop)
	close(s.changed)
	s.changed = make(chan struct{})
}

// session is one SMTP connection.
type session struct {
	server *Server
	from   string
	to     []string
}

var _ smtp.Session = (*session)(nil)

// Mail begins a mail.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from, s.to = from, nil
	return nil
}

// Rcpt adds a recipient.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

// Data takes the mail.
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r) // bounded by MaxMessageBytes
	if err != nil {
		return err
	}
	m := Parse(raw)
	m.From, m.To, m.At = s.from, slices.Clone(s.to), s.server.opts.Now()
	s.server.add(m)
	return nil
}

// Reset forgets the mail that was begun.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout ends the connection.
func (*session) Logout() error { return nil }
