package cli_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cubby/internal/journal"
)

// writeExport writes the export of a journal of twenty records and returns its path and the site's
// public key.
func writeExport(t *testing.T, dir string) (path, key string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	log, _, err := journal.Open(t.Context(), journal.Options{
		Path: filepath.Join(dir, "journal.db"), Site: "dock", Signer: private, ReserveBytes: -1, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		body := fmt.Appendf(nil, `{"n":%d}`, i+1)
		if err := log.Append(t.Context(), uint64(i+1), []journal.Entry{{Body: body}}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := log.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "export.jsonl")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := log.Export(t.Context(), f, journal.ExportOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	return path, base64.StdEncoding.EncodeToString(public)
}

func TestVerify_JournalExportAndTampering(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	export, key := writeExport(t, dir)
	for _, file := range []string{export, filepath.Join(dir, "journal.db")} {
		code, out, errs := run(t, dir, "", "verify", file, "--site-key", key)
		want(t, code, 0, out, "verified: 20 records", errs)
	}
	_, other, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	stranger := base64.StdEncoding.EncodeToString(other.Public().(ed25519.PublicKey))
	code, out, errs := run(t, dir, "", "verify", export, "--site-key", stranger)
	want(t, code, 1, out, "NOT VERIFIED", errs)

	data, err := os.ReadFile(export)
	if err != nil {
		t.Fatal(err)
	}
	old := []byte(base64.StdEncoding.EncodeToString([]byte(`{"n":7}`)))
	forged := []byte(base64.StdEncoding.EncodeToString([]byte(`{"n":8}`)))
	tampered := replaceOnce(data, old, forged)
	if tampered == nil {
		old, forged = []byte(`{\"n\":7}`), []byte(`{\"n\":8}`)
		if tampered = replaceOnce(data, old, forged); tampered == nil {
			t.Fatalf("record 7 was not found in the export:\n%.300s", data)
		}
	}
	if err := os.WriteFile(export, tampered, 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, errs = run(t, dir, "", "verify", export, "--site-key", key)
	want(t, code, 1, out, "7", errs)
	want(t, code, 1, out, "NOT VERIFIED", errs)
}

func replaceOnce(data, old, forged []byte) []byte {
	for i := 0; i+len(old) <= len(data); i++ {
		if string(data[i:i+len(old)]) == string(old) {
			return append(append(append([]byte{}, data[:i]...), forged...), data[i+len(old):]...)
		}
	}
	return nil
}
