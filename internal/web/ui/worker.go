package ui

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// fillWorker puts the offline page, the addresses to keep and a version into a service worker.
// The version is of all three, so that a new release replaces the cache of the old one.
func fillWorker(name string, script, offline []byte) ([]byte, error) {
	keep := []string{AssetURL("phone.css"), AssetURL("phone.js"), AssetURL("icons.svg"), AssetURL("icon.svg")}
	if name == "kiosk-sw.js" {
		keep = []string{AssetURL("kiosk.css"), AssetURL("inter.woff2"), AssetURL("icons.svg")}
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
