package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
)

//go:embed static vendored
var files embed.FS

// AssetPrefix is the path under which Handler serves.
const AssetPrefix = "/assets/"

// asset is one served file. Its compressed forms are made once, when they are first asked for:
// the controller must be ready within a second of its start, and brotli at its best is slow.
type asset struct {
	body    []byte
	kind    string
	version string
	brotli  func() []byte
	gzip    func() []byte
}

// assets computes the table of files once. Its input is embedded, so it never changes.
var assets = sync.OnceValue(loadAssets) //nolint:gochecknoglobals // a cache of embedded bytes, immutable once made

// bundles are the stylesheets of the faces, joined so that a page asks for one file.
func bundles() map[string][]string {
	return map[string][]string{
		"console.css": {"font.css", "app.css"},
		"kiosk.css":   {"font.css", "app.css", "panel.css"},
		"phone.css":   {"app.css", "handheld.css"},
	}
}

// vendored maps the served name of a vendored file to its place.
func vendored() map[string]string {
	return map[string]string{
		"htmx.min.js":   "vendored/htmx/htmx.min.js",
		"hx-sse.min.js": "vendored/htmx/hx-sse.min.js",
		"inter.woff2":   "vendored/inter/inter-latin-wght-normal.woff2",
		"icons.svg":     "vendored/lucide/icons.svg",
		"scalar.js":     "vendored/scalar/standalone.js",
	}
}

// served lists the files of static that are served under their own names.
func served() []string {
	return []string{"wall.js", "kiosk.js", "phone.js", "icon.svg", "print.css"}
}

func loadAssets() map[string]*asset {
	table := map[string]*asset{}
	add := func(name string, body []byte) {
		if name != "inter.woff2" && strings.HasSuffix(name, ".css") {
			if font := table["inter.woff2"]; font != nil {
				body = bytes.ReplaceAll(body, []byte("inter.woff2"), []byte("inter.woff2?v="+font.version))
			}
		}
		sum := sha256.Sum256(body)
		a := &asset{body: body, kind: contentType(name), version: hex.EncodeToString(sum[:6])}
		a.brotli = sync.OnceValue(func() []byte { return squeeze(a, "br") })
		a.gzip = sync.OnceValue(func() []byte { return squeeze(a, "gzip") })
		table[name] = a
	}
	for name, file := range vendored() {
		if body, err := fs.ReadFile(files, file); err == nil { // a missing file is a 404; a test checks that none is
			add(name, body)
		}
	}
	for _, name := range served() {
		if body, err := fs.ReadFile(files, "static/"+name); err == nil {
			add(name, body)
		}
	}
	for name, parts := range bundles() {
		var all []byte
		for _, part := range parts {
			if body, err := fs.ReadFile(files, "static/"+part); err == nil {
				all = append(all, body...)
			}
		}
		add(name, all)
	}
	return table
}

func contentType(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	}
	return mime.TypeByExtension(path.Ext(name))
}

// bestBelow is the size up to which the slowest brotli setting is worth its time: below it the
// result is ready in some 100 ms.
const bestBelow = 100_000

// squeeze returns the compressed body, or nil when compression does not pay.
func squeeze(a *asset, encoding string) []byte {
	if a.kind == "font/woff2" {
		return nil // woff2 is brotli inside
	}
	var out bytes.Buffer
	var err error
	switch encoding {
	case "br":
		level := brotli.BestCompression
		if len(a.body) > bestBelow {
			level = 6
		}
		w := brotli.NewWriterLevel(&out, level)
		_, err = w.Write(a.body)
		err = firstError(err, w.Close())
	case "gzip":
		w, levelErr := gzip.NewWriterLevel(&out, gzip.BestCompression)
		if levelErr != nil {
			return nil
		}
		_, err = w.Write(a.body)
		err = firstError(err, w.Close())
	}
	if err != nil || out.Len() >= len(a.body) {
		return nil
	}
	return out.Bytes()
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// AssetURL returns the address of an asset with its version, e.g.
// "/assets/console.css?v=3f2a...". An unknown name is returned without a version, and answers 404.
func AssetURL(name string) string {
	if a, ok := assets()[name]; ok {
		return AssetPrefix + name + "?v=" + a.version
	}
	return AssetPrefix + name
}

// Handler serves the assets under AssetPrefix: GET and HEAD, compressed with brotli or gzip when
// the client accepts it, and immutable for a year when the address carries the right version.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, AssetPrefix)
		a, ok := assets()[name]
		if !ok {
			http.NotFound(w, r)
			return
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		serveAsset(w, r, a)
	})
}

func serveAsset(w http.ResponseWriter, r *http.Request, a *asset) {
	h := w.Header()
	tag := `"` + a.version + `"`
	h.Set("Content-Type", a.kind)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Etag", tag)
	if r.URL.Query().Get("v") == a.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := a.body
	encoding := negotiate(r.Header.Get("Accept-Encoding"))
	var packed []byte
	switch encoding {
	case "br":
		packed = a.brotli()
	case "gzip":
		packed = a.gzip()
	}
	if packed != nil {
		body = packed
		h.Set("Content-Encoding", encoding)
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body) // the client went away; nobody is left to tell
}

// negotiate chooses "br", "gzip" or "" from an Accept-Encoding header.
// Source: RFC 9110 §12.5.3.
func negotiate(accept string) string {
	allowed := map[string]bool{}
	for part := range strings.SplitSeq(accept, ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(part), ";")
		q, ok := strings.CutPrefix(strings.ReplaceAll(quality, " ", ""), "q=")
		if ok {
			if value, err := strconv.ParseFloat(q, 64); err != nil || value == 0 {
				continue
			}
		}
		allowed[strings.ToLower(strings.TrimSpace(name))] = true
	}
	switch {
	case allowed["br"]:
		return "br"
	case allowed["gzip"]:
		return "gzip"
	}
	return ""
}

// Worker serves a service worker: "resident-sw.js" (first load of a parcel page works offline) or
// "kiosk-sw.js" ("One moment" while the controller restarts). The scope is the folder of the
// address that it is served under. Offline is the page shown when nothing else can be; it must be
// complete in itself. It returns an error for an unknown name.
func Worker(name string, offline []byte) (http.Handler, error) {
	if name != "resident-sw.js" && name != "kiosk-sw.js" {
		return nil, fmt.Errorf("serve worker %q: no such worker", name)
	}
	body, err := fs.ReadFile(files, "static/"+name)
	if err != nil {
		return nil, fmt.Errorf("serve worker %q: %w", name, err)
	}
	body, err = fillWorker(name, body, offline)
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "text/javascript; charset=utf-8")
		h.Set("Cache-Control", "no-cache")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body) // the client went away; nobody is left to tell
	}), nil
}
