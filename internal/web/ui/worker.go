package ui

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
)

// fillWorker puts the offline page, the addresses to keep and a version into a service worker.
// The version is of all three, so that a new release replaces the cache of the old one.
func fillWorker(name string, script, offline []byte) ([]byte, error) {
	keep := []string{AssetURL("phone.css"), AssetURL("phone.js"), AssetURL("icons.svg"), AssetURL("icon.svg")}
	if name == "kiosk-sw.js" {
		keep = []string{
			AssetURL("kiosk.css"), AssetURL("kiosk.js"), AssetURL("htmx.js"),
			AssetURL("inter.woff2"), AssetURL("icons.svg"), AssetURL("icon.svg"),
		}
	}
	page, err := json.Marshal(string(offline)) // escapes < and > too, so it is safe inside a script
	if err != nil {
		return nil, fmt.Errorf("encode offline page: %w", err)
	}
	urls, err := json.Marshal(keep)
	if err != nil {
		return nil, fmt.Errorf("encode addresses to keep: %w", err)
	}
	sum := sha256.Sum256(bytes.Join([][]byte{script, page, urls}, nil))
	version, err := json.Marshal(hex.EncodeToString(sum[:6]))
	if err != nil {
		return nil, fmt.Errorf("encode version: %w", err)
	}
	script = bytes.Replace(script, []byte("'{{offline}}'"), page, 1)
	script = bytes.Replace(script, []byte("['{{keep}}']"), urls, 1)
	return bytes.Replace(script, []byte("'{{version}}'"), version, 1), nil
}

// Worker serves a service worker: "resident-sw.js" (parcel pages work offline after their first
// load) or "kiosk-sw.js" ("One moment" while the controller restarts). Its scope is the folder of
// the address that it is served under. Offline is the page shown when nothing else can be; it must
// be complete in itself, see OneMoment. It returns an error for an unknown name.
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
