package ui

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed static vendored
var files embed.FS

// AssetPrefix is the path under which Handler serves.
const AssetPrefix = "/assets/"

// asset is one served file. Its body is read and compressed when it is first asked for: the
// controller must be ready within a second of its start and stay small, and the largest file (the
// API viewer) is one that it never serves.
type asset struct {
	kind    string
	version string
	body    func() []byte
	brotli  func() []byte
	gzip    func() []byte
}

// assets computes the table of files once. Its input is embedded, so it never changes.
var assets = sync.OnceValue(loadAssets) //nolint:gochecknoglobals // a cache of embedded bytes, immutable once made

// sources maps the name of each served asset to the files that it is made of, joined in order: a
// page asks for one stylesheet and one script of ours.
func sources() map[string][]string {
	return map[string][]string{
		"console.css": {"static/font.css", "static/app.css"},
		"kiosk.css":   {"static/font.css", "static/app.css", "static/panel.css"},
		"phone.css":   {"static/app.css", "static/handheld.css"},
		"console.js":  {"static/base.js", "static/wall.js"},
		"kiosk.js":    {"static/base.js", "static/panel.js"},
		"phone.js":    {"static/base.js", "static/handheld.js"},
		"icon.svg":    {"static/icon.svg"},
		"icons.svg":   {"vendored/lucide/icons.svg"},
		"inter.woff2": {fontFile},
		// One script: htmx starts from a timer when it was not the last to load, and a page whose extension
		// came after that would never open its stream.
		"htmx.js":   {"vendored/htmx/htmx.min.js", "vendored/htmx/hx-sse.min.js"},
		"scalar.js": {"vendored/scalar/standalone.js"},
	}
}

const fontFile = "vendored/inter/inter-latin-wght-normal.woff2"

// join reads the files of an asset. A file that is not embedded cannot happen in a build whose
// tests passed; it makes the asset empty.
func join(parts []string) []byte {
	var all []byte
	for _, part := range parts {
		body, err := fs.ReadFile(files, part)
		if err != nil {
			return nil
		}
		all = append(all, body...)
	}
	return all
}

func loadAssets() map[string]*asset {
	font := version(join([]string{fontFile}))
	table := map[string]*asset{}
	for name, parts := range sources() {
		read := func() []byte { return join(parts) }
		if path.Ext(name) == ".css" {
			read = func() []byte {
				return bytes.ReplaceAll(join(parts), []byte("/inter.woff2"), []byte("/inter.woff2?v="+font))
			}
		}
		a := &asset{kind: contentType(name), version: version(read()), body: sync.OnceValue(read)}
		a.brotli = sync.OnceValue(func() []byte { return a.squeeze("br") })
		a.gzip = sync.OnceValue(func() []byte { return a.squeeze("gzip") })
		table[name] = a
	}
	return table
}

func version(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:6])
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
func (a *asset) squeeze(encoding string) []byte {
	if a.kind == "font/woff2" {
		return nil // woff2 is brotli inside
	}
	body := a.body()
	level := bestLevel
	if len(body) > bestBelow {
		level = pageLevel
	}
	packed, used, err := pack(body, encoding, level)
	if err != nil || used == "" || len(packed) >= len(body) {
		return nil
	}
	return packed
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
		a, ok := assets()[strings.TrimPrefix(r.URL.Path, AssetPrefix)]
		switch {
		case !ok:
			http.NotFound(w, r)
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		default:
			serveAsset(w, r, a)
		}
	})
}

func serveAsset(w http.ResponseWriter, r *http.Request, a *asset) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Vary", "Accept-Encoding")
	if r.URL.Query().Get("v") == a.version {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	encoding := negotiate(r.Header.Get("Accept-Encoding"))
	var body []byte
	switch encoding {
	case "br":
		body = a.brotli()
	case "gzip":
		body = a.gzip()
	}
	if body == nil {
		body, encoding = a.body(), ""
	}
	tag := `"` + a.version + encoding + `"` // each encoding is a representation of its own: RFC 9110 §8.8.3
	h.Set("Etag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if encoding != "" {
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
		if q, ok := strings.CutPrefix(strings.ReplaceAll(quality, " ", ""), "q="); ok {
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
