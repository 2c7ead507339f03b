package app

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"cubby/internal/config"
)

// hsts keeps browsers from plain HTTP for half a year (RFC 6797). Subdomains are other people's.
const hsts = "max-age=15552000"

// front stands before all pages: it finds out who asks when proxies stand between, and keeps browsers
// on https once they have come that way.
type front struct {
	next    http.Handler
	trusted []netip.Prefix
	https   bool // the public address is https
}

func newFront(next http.Handler, c config.Server) (*front, error) {
	f := &front{next: next, https: strings.HasPrefix(c.PublicURL, "https://")}
	for _, text := range c.TrustedProxies {
		p, err := config.ParseProxy(text)
		if err != nil {
			return nil, fmt.Errorf("trusted proxy %q: %w", text, err)
		}
		f.trusted = append(f.trusted, p)
	}
	return f, nil
}

// ServeHTTP implements http.Handler.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	encrypted := r.TLS != nil
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && f.trusts(peer.Addr()) {
		encrypted = encrypted || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
		if client := f.client(r.Header.Values("X-Forwarded-For")); client.IsValid() {
			r = r.Clone(r.Context())
			r.RemoteAddr = netip.AddrPortFrom(client, 0).String() // the port is the proxy's business
		}
	}
	if encrypted && f.https {
		w.Header().Set("Strict-Transport-Security", hsts)
	}
	f.next.ServeHTTP(w, r)
}

func (f *front) trusts(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range f.trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// client returns who asked: the last address that a trusted proxy has seen and that is no trusted proxy
// itself. What stands before it, the client may have written. Not valid: the headers say nothing.
func (f *front) client(headers []string) netip.Addr {
	var found netip.Addr
	hops := strings.Split(strings.Join(headers, ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop := hopAddr(strings.TrimSpace(hops[i]))
		if !hop.IsValid() {
			return found
		}
		found = hop
		if !f.trusts(hop) {
			return found
		}
	}
	return found
}

// hopAddr reads one entry: an address, which some proxies give with its port.
func hopAddr(text string) netip.Addr {
	if a, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return a.Unmap().WithZone("")
	}
	if p, err := netip.ParseAddrPort(text); err == nil {
		return p.Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}
