package ui

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"

	"github.com/a-h/templ"
	"github.com/andybalholm/brotli"
)

// Policy is a content security policy.
type Policy string

// Policies. Every page uses StrictPolicy; only the page that describes the API uses DocsPolicy,
// because its vendored viewer sets style attributes.
const (
	StrictPolicy Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
		"font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; " +
		"manifest-src 'self'; worker-src 'self'"
	DocsPolicy Policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
		"img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; " +
		"frame-ancestors 'none'"
)

// Secure sets the security headers of every answer of next. An answer may replace them.
func Secure(next http.Handler, policy Policy) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", string(policy))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), payment=()")
		next.ServeHTTP(w, r)
	})
}

// smallest is the size below which compression does not pay.
const smallest = 860

// Write renders the component and sends it as an HTML page with the status code. The page is
// complete before the first byte leaves, so that a rendering error can still become a 500, which
// is the caller's to send: nothing has been written when Write returns an error. Pages are never
// stored by caches. Remote clients get the page compressed, the panel on the same machine not.
func Write(w http.ResponseWriter, r *http.Request, status int, page templ.Component) error {
	var body bytes.Buffer
	if err := page.Render(r.Context(), &body); err != nil {
		return fmt.Errorf("render page: %w", err)
	}
	return WriteHTML(w, r, status, body.Bytes())
}

// WriteHTML sends a rendered page or fragment as Write does.
func WriteHTML(w http.ResponseWriter, r *http.Request, status int, body []byte) error {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	h.Add("Vary", "Accept-Encoding")
	h.Add("Vary", "HX-Request")
	if len(body) >= smallest && !Local(r) {
		packed, encoding, err := pack(body, negotiate(r.Header.Get("Accept-Encoding")), pageLevel)
		if err != nil {
			return err
		}
		if encoding != "" {
			body = packed
			h.Set("Content-Encoding", encoding)
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client went away; nobody is left to tell
	}
	return nil
}

// Brotli levels: a page of 20 kB takes about a millisecond at pageLevel; bestLevel is for what is
// compressed once and sent for years.
const (
	pageLevel = 5
	bestLevel = brotli.BestCompression
)

// pack compresses body; used is "" when the encoding is none that it knows.
func pack(body []byte, encoding string, level int) (packed []byte, used string, err error) {
	var out bytes.Buffer
	var w io.WriteCloser
	switch encoding {
	case "br":
		w = brotli.NewWriterLevel(&out, level)
	case "gzip":
		w = gzip.NewWriter(&out)
	default:
		return nil, "", nil
	}
	if _, err := w.Write(body); err != nil {
		return nil, "", fmt.Errorf("compress: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, "", fmt.Errorf("compress: %w", err)
	}
	return out.Bytes(), encoding, nil
}

// Local reports whether the request comes straight from this machine, not through a proxy:
// there compression costs time and saves nothing.
func Local(r *http.Request) bool {
	if r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != "" {
		return false
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// WantsPartial reports whether htmx asks for a fragment to put into a page, rather than for a page.
func WantsPartial(r *http.Request) bool {
	return r.Header.Get("HX-Request") == "true" && r.Header.Get("HX-Request-Type") != "full" &&
		r.Header.Get("HX-History-Restore-Request") != "true"
}

// Redirect answers a form post: 303 to the address for a browser, HX-Redirect for htmx, which
// would otherwise swap the next page into the form.
func Redirect(w http.ResponseWriter, r *http.Request, address string) {
	w.Header().Set("Cache-Control", "no-store")
	if r.Header.Get("HX-Request") == "true" {
		w.Header().Set("HX-Redirect", address)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	http.Redirect(w, r, address, http.StatusSeeOther)
}
