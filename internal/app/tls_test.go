package app_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cubby/internal/app"
	"cubby/internal/config"
	"cubby/internal/store"
)

// startWith runs a server with changed settings until the test ends.
func startWith(t *testing.T, now func() time.Time, change func(*config.Server)) *app.Server {
	t.Helper()
	c := config.Default().Server
	c.DataDir, c.Listen = t.TempDir(), "127.0.0.1:0"
	change(&c)
	s, err := app.NewServer(t.Context(), app.ServerOptions{
		Config: c, Logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		Version: "test", Now: now, Random: rand.Reader, NewID: store.NewIDs(time.Now, rand.Reader).New,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := s.Start(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	return s
}

// issue writes a self-signed certificate for a name into two files and returns it.
func issue(t *testing.T, name, certFile, keyFile string) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, DNSNames: []string{name, "localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, certFile, "CERTIFICATE", der)
	writePEM(t, keyFile, "PRIVATE KEY", private)
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func writePEM(t *testing.T, file, kind string, der []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// shown returns the certificate that a server shows for a name.
func shown(t *testing.T, s *app.Server, name string) (*x509.Certificate, error) {
	t.Helper()
	d := tls.Dialer{
		NetDialer: &net.Dialer{Timeout: 10 * time.Second},
		Config:    &tls.Config{ServerName: name, InsecureSkipVerify: true, MinVersion: tls.VersionTLS12},
	}
	conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL(), "https://"))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0], nil
}

// A renewed certificate is taken without a restart; a bad one leaves the old one in force.
func TestServer_ReadsCertificateAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	first := issue(t, "parcels.example.org", certFile, keyFile)
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	s := startWith(t, now, func(c *config.Server) {
		c.PublicURL = "https://parcels.example.org"
		c.TLS.CertFile, c.TLS.KeyFile = certFile, keyFile
	})
	serial := func(what string, want *x509.Certificate) {
		t.Helper()
		ahead.Add(int64(time.Minute))
		cert, err := shown(t, s, "parcels.example.org")
		if err != nil {
			t.Fatal(err)
		}
		if cert.SerialNumber.Cmp(want.SerialNumber) != 0 {
			t.Errorf("%s: another certificate is shown", what)
		}
	}
	serial("at the start", first)
	if err := os.WriteFile(certFile, []byte("half of a fi"), 0o600); err != nil {
		t.Fatal(err)
	}
	serial("after half a file", first)
	serial("after two renewals", issue(t, "parcels.example.org", certFile, keyFile))
}

// Browsers are kept on https when they come by it, and only then.
func TestServer_SetsHSTSOnlyWithTLS(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		public  string
		proxies []string
		proto   string
		tls     bool
		want    bool
	}{
		"plain":                       {public: "http://localhost:8080", proto: "https", proxies: []string{"127.0.0.1"}},
		"own certificate":             {public: "https://parcels.example.org", tls: true, want: true},
		"behind a proxy":              {public: "https://parcels.example.org", proxies: []string{"127.0.0.0/8"}, proto: "https", want: true},
		"the proxy was asked by http": {public: "https://parcels.example.org", proxies: []string{"127.0.0.1"}, proto: "http"},
		"a proxy that is not ours":    {public: "https://parcels.example.org", proxies: []string{"192.0.2.1"}, proto: "https"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			client := &http.Client{}
			s := startWith(t, time.Now, func(c *config.Server) {
				c.PublicURL, c.TrustedProxies = tt.public, tt.proxies
				if tt.tls {
					c.TLS.CertFile, c.TLS.KeyFile = filepath.Join(dir, "c"), filepath.Join(dir, "k")
					roots := x509.NewCertPool()
					roots.AddCert(issue(t, "parcels.example.org", c.TLS.CertFile, c.TLS.KeyFile))
					client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
				}
			})
			r := request(t, http.MethodGet, s.URL()+"/healthz", "")
			r.Header.Set("X-Forwarded-Proto", tt.proto)
			res, err := client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if got := res.Header.Get("Strict-Transport-Security"); (got != "") != tt.want {
				t.Errorf("Strict-Transport-Security %q", got)
			}
			client.CloseIdleConnections()
		})
	}
}

func request(t *testing.T, method, address, form string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	if form != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

// guess tries to sign in as many times, each time for another account, and returns the last answer.
func guess(t *testing.T, s *app.Server, forwarded func(n int) string, times int) int {
	t.Helper()
	status := 0
	for n := range times {
		form := url.Values{"email": {fmt.Sprintf("nobody%d@dock.example", n)}, "password": {"not the password"}}
		r := request(t, http.MethodPost, s.URL()+"/sign-in", form.Encode())
		r.Header.Set("X-Forwarded-For", forwarded(n))
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		status = res.StatusCode
	}
	return status
}

// Behind a trusted proxy each client spends tries of its own. What a client writes itself buys none.
func TestServer_CountsTriesByClient(t *testing.T) {
	t.Parallel()
	const burst = 30
	frozen := time.Now()
	now := func() time.Time { return frozen } // no try comes back
	proxied := startWith(t, now, func(c *config.Server) { c.TrustedProxies = []string{"127.0.0.1", "10.0.0.0/8"} })
	// The last address that our proxies have seen is the client; what stands before it, the client wrote.
	attacker := func(n int) string { return fmt.Sprintf("198.51.100.%d, 203.0.113.7, 10.1.2.3", n) }
	if got := guess(t, proxied, attacker, burst+1); got != http.StatusTooManyRequests {
		t.Errorf("after %d tries the attacker gets %d", burst+1, got)
	}
	if got := guess(t, proxied, func(int) string { return "203.0.113.8, 10.1.2.3" }, 1); got == http.StatusTooManyRequests {
		t.Error("another client behind the same proxy is shut out")
	}
	direct := startWith(t, now, func(*config.Server) {})
	if got := guess(t, direct, func(n int) string { return fmt.Sprintf("203.0.113.%d", n) }, burst+1); got != http.StatusTooManyRequests {
		t.Errorf("a client that writes its own X-Forwarded-For gets %d", got)
	}
}

// pebble runs an ACME server that checks names by DNS and connections, and returns its directory and
// the file with the root of its own certificate.
func pebble(t *testing.T, httpPort, tlsPort string) (directory, caFile string) {
	t.Helper()
	for _, tool := range []string{"pebble", "pebble-challtestsrv"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") == "true" || os.Getenv("REQUIRE_TOOLS") != "" {
				t.Fatalf("%s is missing: install Debian's package pebble", tool)
			}
			t.Skipf("!!!! SKIPPED: %s is missing, no certificate is fetched from an ACME server", tool)
		}
	}
	dir := t.TempDir()
	caFile = filepath.Join(dir, "ca.pem")
	issue(t, "localhost", caFile, filepath.Join(dir, "ca.key"))
	dns, listen := freePort(t), freePort(t)
	port := func(address string) json.Number { return json.Number(address[strings.LastIndex(address, ":")+1:]) }
	settings, err := json.Marshal(map[string]any{"pebble": map[string]any{
		"listenAddress": listen, "managementListenAddress": freePort(t), "certificate": caFile,
		"privateKey": filepath.Join(dir, "ca.key"), "httpPort": port(httpPort), "tlsPort": port(tlsPort),
	}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "pebble.json")
	if err := os.WriteFile(file, settings, 0o600); err != nil {
		t.Fatal(err)
	}
	background(t, "pebble-challtestsrv", "-dns01", dns, "-http01", "", "-https01", "", "-tlsalpn01", "",
		"-management", freePort(t), "-defaultIPv6", "", "-defaultIPv4", "127.0.0.1")
	background(t, "pebble", "-config", file, "-dnsserver", dns)
	waitListening(t, listen)
	return "https://" + listen + "/dir", caFile
}

func background(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0")
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, said.String())
		}
	})
}

func waitListening(t *testing.T, address string) {
	t.Helper()
	var d net.Dialer
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		conn, err := d.DialContext(t.Context(), "tcp", address)
		if err == nil {
			_ = conn.Close()
			return
		}
		if time.Now().After(until) {
			t.Fatal(err)
		}
	}
}

// A certificate comes from a real ACME server by both ways of proving the name, is kept on the disk, and
// is given for the public host alone.
func TestServer_FetchesCertificate(t *testing.T) {
	t.Parallel()
	const host = "parcels.example.org"
	for _, way := range []string{"TLS-ALPN-01", "HTTP-01"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			listen, plain := freePort(t), freePort(t)
			tlsPort := listen
			if way == "HTTP-01" {
				tlsPort = freePort(t) // nobody is there: only plain HTTP is left
			}
			directory, caFile := pebble(t, plain, tlsPort)
			dir := t.TempDir()
			settings := func(c *config.Server) {
				c.DataDir, c.Listen, c.PublicURL = dir, listen, "https://"+host
				c.TLS.Mode, c.TLS.ACME = config.TLSACME, config.ACME{Directory: directory, CAFile: caFile, Mail: "desk@example.org"}
				if way == "HTTP-01" {
					c.TLS.ACME.HTTPListen = plain
				}
			}
			s := startWith(t, time.Now, settings)
			cert, err := shown(t, s, host)
			for until := time.Now().Add(90 * time.Second); err != nil && time.Now().Before(until); {
				cert, err = shown(t, s, host)
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := cert.VerifyHostname(host); err != nil {
				t.Error(err)
			}
			if !strings.Contains(cert.Issuer.CommonName, "Pebble") {
				t.Errorf("issued by %s", cert.Issuer)
			}
			if _, err := shown(t, s, "stranger.example.org"); err == nil {
				t.Error("a certificate was given for a name that is not ours")
			}
			if way == "HTTP-01" {
				checkSentOn(t, "http://"+plain, host)
			}
			kept := filepath.Join(dir, app.ACMEFolder, host)
			if info, err := os.Stat(kept); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("kept certificate: %v, %v", info, err)
			}
		})
	}
}

// checkSentOn wants people to be led to https, to the public host whatever they asked for.
func checkSentOn(t *testing.T, address, host string) {
	t.Helper()
	res, err := http.DefaultTransport.RoundTrip(request(t, http.MethodGet, address+"/p/abc?x=1", ""))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("Location"); got != "https://"+host+"/p/abc?x=1" {
		t.Errorf("plain HTTP leads to %q", got)
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Error(err)
	}
}
