package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"cubby/internal/api"
	"cubby/internal/config"
)

const (
	reachWithin = 5 * time.Second
	reachLimit  = 4096             // bytes of an answer that are read
	clockApart  = 60 * time.Second // two clocks that differ by more are wrong
)

// reached is what an address of a Cubby server answered.
type reached struct {
	ours bool // it answered as a Cubby server does
	date time.Time
	cert *x509.Certificate // nil: by http
}

// reach asks a server whether it lives.
func reach(ctx context.Context, base string) (r reached, err error) {
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(base, "/")+api.LivePath, http.NoBody)
	if err != nil {
		return r, err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
	res, err := (&http.Client{Transport: transport, Timeout: reachWithin}).Do(q)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	body, err := io.ReadAll(io.LimitReader(res.Body, reachLimit))
	if err != nil {
		return r, err
	}
	var said struct {
		Status string `json:"status"`
	}
	r.ours = res.StatusCode == http.StatusOK && json.Unmarshal(body, &said) == nil && said.Status == "ok"
	if at, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		r.date = at
	}
	if res.TLS != nil && len(res.TLS.PeerCertificates) > 0 {
		r.cert = res.TLS.PeerCertificates[0]
	}
	return r, nil
}

// reachFindings ask an address as people and controllers do: whether it answers, how long its certificate
// lasts, and whether its clock is ours.
func reachFindings(ctx context.Context, what, base string, now time.Time) []Finding {
	f := Finding{
		What: what, Detail: base + " answers",
		Advice: "Look whether the server runs, at its name (DNS), at the firewall and at the proxy before it.",
	}
	u, err := url.Parse(base)
	if err != nil {
		return nil // the address has a finding of its own
	}
	r, err := reach(ctx, base)
	switch {
	case err != nil && loopback(u.Hostname()):
		f.Detail = base + " does not answer: the server does not run now"
		return []Finding{f}
	case err != nil:
		f.Wrong = err
		return []Finding{f}
	case !r.ours:
		f.Wrong = fmt.Errorf("%s is answered by something else", base)
		return []Finding{f}
	}
	found := []Finding{f}
	if r.cert != nil {
		found = append(found, expiryFinding(what+" cert", r.cert, now))
	}
	if !r.date.IsZero() {
		c := Finding{What: what + " clock", Detail: "the same as here", Advice: "Run a time service on both computers."}
		if apart := now.Sub(r.date).Abs(); apart > clockApart {
			c.Wrong = fmt.Errorf("its clock and the one here are %s apart", apart.Round(time.Second))
		}
		found = append(found, c)
	}
	return found
}

func expiryFinding(what string, cert *x509.Certificate, now time.Time) Finding {
	f := Finding{What: what, Detail: "valid until " + cert.NotAfter.Format(time.DateOnly), Advice: "Renew it."}
	if cert.NotAfter.Sub(now) < certWarning {
		f.Wrong = fmt.Errorf("it ends on %s", cert.NotAfter.Format(time.DateOnly))
	}
	return f
}

// tlsFinding looks at the certificate that this server would show.
func tlsFinding(c config.Server, now time.Time) Finding {
	switch c.TLS.Effective() {
	case config.TLSFiles:
		return certFinding(c.TLS, now)
	case config.TLSACME:
		return fetchedFinding(c, now)
	}
	f := Finding{What: "certificate", Detail: "none here: a proxy speaks TLS"}
	host, _, err := net.SplitHostPort(c.Listen)
	if err == nil && !loopback(host) && len(c.TrustedProxies) == 0 {
		f.Wrong = fmt.Errorf("%s takes requests without encryption from other computers", c.Listen)
		f.Advice = "Set server.tls, or name your proxy in server.trusted_proxies."
	}
	return f
}

// fetchedFinding looks at what the ACME server has issued.
func fetchedFinding(c config.Server, now time.Time) Finding {
	f := Finding{
		What: "certificate", Detail: "is fetched when the server starts",
		Advice: "Look at the log of the server, and whether port 80 or 443 of the public host leads to it.",
	}
	public, err := url.Parse(c.PublicURL)
	if err != nil {
		f.Wrong = err
		return f
	}
	data, err := os.ReadFile(filepath.Join(c.DataDir, ACMEFolder, public.Hostname()))
	if errors.Is(err, fs.ErrNotExist) {
		return f
	}
	if err != nil {
		f.Wrong = err
		return f
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			f.Wrong = err
			return f
		}
		advice := f.Advice
		f = expiryFinding("certificate", cert, now)
		f.Advice = advice
		return f
	}
	f.Wrong = errors.New("the certificate that is kept cannot be read")
	return f
}

// portFinding tells whether an address can be listened at, or who has it.
func portFinding(ctx context.Context, what, address string, secure bool) Finding {
	f := Finding{What: what, Detail: address + " is free"}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	switch {
	case err == nil:
		if err := l.Close(); err != nil {
			f.Wrong = err
		}
	case errors.Is(err, syscall.EADDRINUSE):
		f.Detail = address + " is in use by cubby, which runs"
		if !isCubby(ctx, address, secure) {
			f.Wrong = fmt.Errorf("%s is in use by another program", address)
			f.Advice = "End that program, or choose another port in the settings."
		}
	case errors.Is(err, syscall.EACCES):
		f.Wrong = fmt.Errorf("this user may not listen at %s", address)
		f.Advice = "Use the systemd unit of the package, which may use ports below 1024, or a higher port."
	default:
		f.Wrong, f.Advice = err, "Name an address of this computer in the settings."
	}
	return f
}

// isCubby asks the program at an address of this computer who it is. The certificate is for another name.
func isCubby(ctx context.Context, address string, secure bool) bool {
	ctx, cancel := context.WithTimeout(ctx, reachWithin)
	defer cancel()
	scheme := "http"
	if secure {
		scheme = "https"
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+address+"/", http.NoBody)
	if err != nil {
		return false
	}
	transport := &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // asks this computer itself, and says nothing
	}
	res, err := transport.RoundTrip(q)
	if err != nil {
		return secure // mode acme answers its own name only
	}
	_ = res.Body.Close() // only its head matters
	return res.Header.Get("Content-Security-Policy") != ""
}

// zoneFinding tells whether time zones are known: without them reminders come at the wrong hour.
func zoneFinding() Finding {
	f := Finding{What: "time zones", Detail: "known", Advice: "Install the package tzdata."}
	if _, err := time.LoadLocation("America/New_York"); err != nil {
		f.Wrong = err
	}
	return f
}

// rightsFinding tells whether others may read a data folder, and whether everything in it belongs to
// whom the folder belongs: a command that root ran leaves files that the service cannot write.
func rightsFinding(dir string) Finding {
	f := Finding{What: "data folder rights", Detail: "private"}
	info, err := os.Stat(dir)
	if err != nil {
		f.Wrong = err
		return f
	}
	if info.Mode().Perm()&0o007 != 0 {
		f.Wrong, f.Advice = fmt.Errorf("everybody on this computer may look into %s", dir), "Run `chmod 0700 "+dir+"`."
		return f
	}
	owner := ownerOf(info)
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a file of a moment
		}
		if err == nil && ownerOf(info) != owner && f.Wrong == nil {
			f.Wrong = fmt.Errorf("%s belongs to another user than its folder", path)
			f.Advice = "Stop cubby and run `chown -R --reference=" + dir + " " + dir + "`."
		}
		return err
	})
	if err != nil && f.Wrong == nil {
		f.Wrong = err
	}
	return f
}

func ownerOf(info fs.FileInfo) uint32 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return st.Uid
	}
	return 0
}
