package cli_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"cubby/internal/journal"
)

const (
	packDir = "../cloud/evidence/testdata/"
	parcel  = "01a21328-5660-7001-927a-de888e095e85" // of the pack that is kept there
)

// serveFiles serves a folder by HTTPS to whoever brings a token, and what is called *.pub.txt to anybody.
func serveFiles(t *testing.T, dir string) (address, ca string) {
	t.Helper()
	files := http.FileServer(http.Dir(dir))
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/moved":
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusFound)
		case r.URL.Path == "/early":
			w.WriteHeader(http.StatusConflict)
			_, _ = w.Write([]byte(`{"title":"Conflict","detail":"no signed head covers it yet"}`)) // the client says so
		case r.Header.Get("Authorization") == "Bearer cubby_secret", strings.HasSuffix(r.URL.Path, ".pub.txt"):
			files.ServeHTTP(w, r)
		default:
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(s.Close)
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return s.URL, write(t, dir, "ca.pem", string(block))
}

func TestVerify_EvidenceOffline(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	key := packDir + "operator.pub"
	for _, file := range []string{packDir + "evidence.json", packDir + "evidence.zip"} {
		code, out, errs := run(t, dir, "", "verify", file, "--key", key, "--parcel", parcel, "--site", "harbour-lockers")
		want(t, code, 0, out, "verified: 4 records", errs)
		want(t, code, 0, out, "parcel_stored main/A01", errs)
		code, out, errs = run(t, dir, "", "verify", file)
		want(t, code, 2, errs, "give --key operator.pub", out)
		code, out, errs = run(t, dir, "", "verify", file, "--key", key, "--parcel", "another")
		want(t, code, 1, out, "not about another", errs)
		code, out, errs = run(t, dir, "", "verify", file, "--key", key, "--published", key)
		want(t, code, 2, errs, "whole record", out)
	}
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	code, out, errs := run(t, dir, "", "verify", packDir+"evidence.zip", "--key", base64.StdEncoding.EncodeToString(public))
	want(t, code, 1, out, "NOT VERIFIED: it names the operator's key", errs)
	pack, err := os.ReadFile(packDir + "evidence.json")
	if err != nil {
		t.Fatal(err)
	}
	bad := write(t, dir, "bad.json", strings.Replace(string(pack), `"number": 5`, `"number": 7`, 1))
	code, out, errs = run(t, dir, "", "verify", bad, "--key", key)
	want(t, code, 1, out, "NOT VERIFIED", errs)
	page := write(t, dir, "page.html", "<!doctype html><title>409</title>")
	code, out, errs = run(t, dir, "", "verify", page, "--key", key)
	want(t, code, 2, errs, "web page", out)
	code, out, errs = run(t, dir, "", "verify", filepath.Join(dir, "missing"))
	want(t, code, 2, errs, "no such file", out)
}

func TestVerify_Address(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, siteKey := writeExport(t, dir)
	address, ca := serveFiles(t, dir)
	token := write(t, dir, "token.txt", "cubby_secret\n")
	ask := func(args ...string) (int, string, string) {
		return run(t, dir, "", append([]string{"verify", "--ca-file", ca, "--site-key", siteKey}, args...)...)
	}
	code, out, errs := ask(address+"/export.jsonl", "--token-file", token)
	want(t, code, 0, out, "verified: 20 records", errs)
	code, out, errs = ask(address + "/export.jsonl")
	want(t, code, 1, errs, "--token-file", out)
	code, out, errs = ask(address+"/moved", "--token-file", token)
	want(t, code, 1, errs, "302", out)
	code, out, errs = ask(address+"/early", "--token-file", token)
	want(t, code, 1, errs, "409 Conflict: no signed head covers it yet", out)
	code, out, errs = ask("http://cubby.example/export.jsonl", "--token-file", token)
	want(t, code, 2, errs, "must begin with https", out)
	code, out, errs = run(t, dir, "", "verify", address+"/export.jsonl", "--token-file", token)
	want(t, code, 1, errs, "certificate", out)
}

// A record is compared with what its operator has published, from a file and from an address.
func TestVerify_Published(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	export, siteKey := writeExport(t, dir)
	data, err := os.ReadFile(export)
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	day := func(name, day string, sums ...[32]byte) string {
		signer, err := journal.NewSigner("cubby", private)
		if err != nil {
			t.Fatal(err)
		}
		msg, err := note.Sign(&note.Note{Text: journal.Publication{Day: day, Sums: sums}.Text()}, signer)
		if err != nil {
			t.Fatal(err)
		}
		return write(t, dir, name, string(msg))
	}
	good, other := day("good.pub.txt", "2026-11-24", headOf(t, data)), day("other.txt", "2026-11-26", [32]byte{1})
	address, ca := serveFiles(t, dir)
	ask := func(args ...string) (int, string, string) {
		return run(t, dir, "", append([]string{
			"verify", export, "--site-key", siteKey, "--ca-file", ca, "--key", base64.StdEncoding.EncodeToString(public),
		}, args...)...)
	}
	code, out, errs := ask("--published", good)
	want(t, code, 0, out, "what was published on 1 day", errs)
	code, out, errs = ask("--published", address+"/good.pub.txt")
	want(t, code, 0, out, "verified: 20 records", errs)
	code, out, errs = ask("--published", good, "--published", other)
	want(t, code, 1, out, "epoch 1 record 21 not what was published: 2026-11-26", errs)
	code, out, errs = ask("--published", export)
	want(t, code, 1, out, "NOT VERIFIED", errs)
	code, out, errs = run(t, dir, "", "verify", good, "--site-key", siteKey)
	want(t, code, 2, errs, "--published", out)
}

// headOf returns the hash of the last head in an export.
func headOf(t *testing.T, export []byte) [32]byte {
	t.Helper()
	_, rest, found := strings.Cut(string(export), `"note":"`)
	text, _, ended := strings.Cut(rest, `"`)
	if !found || !ended {
		t.Fatal("the export holds no head")
	}
	return journal.HashHead([]byte(strings.ReplaceAll(text, `\n`, "\n")))
}

func TestKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	code, out, errs := run(t, dir, "", "key")
	want(t, code, 1, errs, "run this on the server", out)
	code, out, errs = run(t, dir, "three quiet parcels\n", "owner", "add", "olive@dock.example", "--name", "Olive")
	want(t, code, 0, out, "may sign in", errs)
	code, out, errs = run(t, dir, "", "key")
	want(t, code, 0, out, "# Fingerprint: ", errs)
	file := write(t, dir, "operator.pub", out)
	code, out, errs = run(t, dir, "", "verify", packDir+"evidence.json", "--key", file)
	want(t, code, 1, out, "NOT VERIFIED: it names the operator's key", errs)
}
