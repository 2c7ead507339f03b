package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"cubby/internal/config"
)

// ACMEFolder is where certificates that were fetched are kept, in the server's data folder.
const ACMEFolder = "acme"

const (
	certLook    = 5 * time.Second  // how often the certificate's files are looked at, at most
	acmeRequest = 30 * time.Second // one request to an ACME server may take so long
)

// encryption is how the server's listener speaks TLS.
type encryption struct {
	config *tls.Config // nil: it does not

	// Of mode acme only.
	fetch  func() error // fetches the certificate, unless it is there
	cancel context.CancelFunc
	plain  *http.Server // proves the name over plain HTTP and sends people on; nil: none
	listen net.Listener
}

// buildTLS prepares certificates as the settings say.
func (s *Server) buildTLS(ctx context.Context) error {
	t := s.opts.Config.TLS
	switch t.Effective() {
	case config.TLSFiles:
		files := &certFiles{cert: t.CertFile, key: t.KeyFile, now: s.opts.Now, log: s.opts.Logger}
		if err := files.load(); err != nil {
			return err
		}
		s.tls.config = &tls.Config{GetCertificate: files.get, MinVersion: tls.VersionTLS12}
	case config.TLSACME:
		return s.buildACME(ctx, t.ACME)
	}
	return nil
}

// certFiles is a certificate that is read again when its files change, so that whoever renews it need
// not restart the server. A pair that cannot be used leaves the one before it in force.
type certFiles struct {
	cert, key string
	now       func() time.Time
	log       *slog.Logger

	mu     sync.Mutex // guards what follows
	pair   *tls.Certificate
	stamp  string // of the files that were read last
	looked time.Time
}

func (f *certFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	if now.Sub(f.looked) < certLook && !now.Before(f.looked) {
		return f.pair, nil
	}
	if stamp := f.stampNow(); stamp != f.stamp {
		if err := f.loadLocked(stamp); err != nil {
			f.log.Error("the new certificate cannot be used; the one before it stays", slog.Any("error", err))
		} else {
			f.log.Info("certificate read again", slog.Time("ends", f.pair.Leaf.NotAfter))
		}
	}
	f.looked = now
	return f.pair, nil
}

func (f *certFiles) load() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.looked = f.now()
	return f.loadLocked(f.stampNow())
}

// loadLocked reads the pair. A stamp is noted also when the pair is bad: it is tried again when a file
// changes, not at each look.
func (f *certFiles) loadLocked(stamp string) error {
	f.stamp = stamp
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return fmt.Errorf("load the certificate: %w", err)
	}
	f.pair = &pair
	return nil
}

// stampNow tells one state of the files from another.
func (f *certFiles) stampNow() string {
	var parts []string
	for _, path := range []string{f.cert, f.key} {
		info, err := os.Stat(path)
		if err != nil {
			parts = append(parts, "none")
			continue
		}
		parts = append(parts, fmt.Sprintf("%d/%d", info.ModTime().UnixNano(), info.Size()))
	}
	return strings.Join(parts, " ")
}

// buildACME prepares fetching certificates for the public host.
func (s *Server) buildACME(ctx context.Context, a config.ACME) error {
	public, err := url.Parse(s.opts.Config.PublicURL)
	if err != nil {
		return fmt.Errorf("public URL: %w", err)
	}
	var asking context.Context
	asking, s.tls.cancel = context.WithCancel(context.WithoutCancel(ctx))
	client, err := acmeClient(asking, a.CAFile)
	if err != nil {
		return err
	}
	m := &autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(filepath.Join(s.opts.Config.DataDir, ACMEFolder)),
		HostPolicy: autocert.HostWhitelist(public.Hostname()), Email: a.Mail,
		Client: &acme.Client{DirectoryURL: a.Directory, HTTPClient: client, UserAgent: "cubby/" + s.opts.Version},
	}
	s.tls.config = m.TLSConfig() // it also answers TLS-ALPN-01
	s.tls.config.MinVersion = tls.VersionTLS12
	s.tls.config.GetCertificate = s.tellFailures(m.GetCertificate)
	s.tls.fetch = func() error {
		_, err := s.tls.config.GetCertificate(&tls.ClientHelloInfo{ // as a modern browser would ask
			ServerName: public.Hostname(), CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256},
		})
		return err
	}
	if a.HTTPListen == "" {
		return nil
	}
	var lc net.ListenConfig
	if s.tls.listen, err = lc.Listen(ctx, "tcp", a.HTTPListen); err != nil {
		return fmt.Errorf("listen at %s for the ACME server: %w", a.HTTPListen, err)
	}
	s.tls.plain = &http.Server{
		Handler: withoutPort(m.HTTPHandler(toHTTPS(s.opts.Config.PublicURL))), ReadHeaderTimeout: headerTimeout,
		ReadTimeout: headerTimeout, WriteTimeout: headerTimeout, ErrorLog: quiet(s.opts.Logger),
	}
	return nil
}

// withoutPort takes the port from the name that was asked for: the list of names to prove has none.
func withoutPort(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if host, _, err := net.SplitHostPort(r.Host); err == nil {
			r.Host = host
		}
		next.ServeHTTP(w, r)
	})
}

// toHTTPS sends people to the public address. Forms are not sent on: what they hold was read on the way.
func toHTTPS(public string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "Use https.", http.StatusBadRequest)
			return
		}
		http.Redirect(w, r, strings.TrimRight(public, "/")+r.URL.RequestURI(), http.StatusFound) //nolint:gosec // the public host stands before it
	})
}

// tellFailures logs why no certificate could be had, once for each new reason: strangers ask for other
// names all day, which is no failure.
func (s *Server) tellFailures(
	get func(*tls.ClientHelloInfo) (*tls.Certificate, error),
) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	var mu sync.Mutex
	last := ""
	public, err := url.Parse(s.opts.Config.PublicURL)
	return func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		cert, failed := get(hello)
		if err != nil || !strings.EqualFold(hello.ServerName, public.Hostname()) {
			return cert, failed
		}
		mu.Lock()
		defer mu.Unlock()
		reason := ""
		if failed != nil {
			reason = failed.Error()
		}
		if reason != last && reason != "" {
			s.opts.Logger.Error("no certificate could be fetched; it is tried again with the next visitor", slog.Any("error", failed))
		}
		last = reason
		return cert, failed
	}
}

// acmeClient returns a client whose connections end with asking: the library that uses it has no other
// way to be stopped.
func acmeClient(asking context.Context, caFile string) (*http.Client, error) {
	var d net.Dialer
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, IdleConnTimeout: acmeRequest,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if err := asking.Err(); err != nil {
				return nil, fmt.Errorf("the server stops: %w", err)
			}
			conn, err := d.DialContext(ctx, network, address)
			if err == nil {
				context.AfterFunc(asking, func() { _ = conn.Close() }) // whoever reads from it gets the error
			}
			return conn, err
		},
	}
	if caFile != "" {
		data, err := os.ReadFile(caFile)
		if err != nil {
			return nil, fmt.Errorf("read the root of the ACME server: %w", err)
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("read the root of the ACME server: %s holds no PEM certificate", caFile)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{Timeout: acmeRequest, Transport: transport}, nil
}

// startTLS answers plain HTTP and fetches the certificate before the first visitor wants it.
func (s *Server) startTLS() {
	if s.tls.plain != nil {
		s.done.Go(func() {
			if err := s.tls.plain.Serve(s.tls.listen); !errors.Is(err, http.ErrServerClosed) {
				s.fail(fmt.Errorf("serve plain HTTP: %w", err))
			}
		})
	}
	if s.tls.fetch != nil {
		s.done.Go(func() {
			if err := s.tls.fetch(); err == nil {
				s.opts.Logger.Info("certificate is there")
			} // a failure was told already
		})
	}
}

func (s *Server) stopTLS() error {
	if s.tls.cancel != nil {
		s.tls.cancel()
	}
	switch {
	case s.tls.plain != nil:
		return errors.Join(s.tls.plain.Close(), ignoreClosed(s.tls.listen.Close()))
	case s.tls.listen != nil:
		return s.tls.listen.Close()
	}
	return nil
}

// ignoreClosed drops the complaint that a listener was closed before.
func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
