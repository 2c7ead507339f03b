package journal_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"cubby/internal/journal"
	"cubby/internal/journal/journaltest"
)

const goldenText = "cubby/site-1/3\n12\nAQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"

func golden() journal.Checkpoint {
	return journal.Checkpoint{Site: "site-1", Epoch: 3, Size: 12, Root: [32]byte{1, 2, 3}}
}

func sign(tb testing.TB, text, name string, key ed25519.PrivateKey) []byte {
	tb.Helper()
	signer, err := journal.NewSigner(name, key)
	if err != nil {
		tb.Fatal(err)
	}
	msg, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		tb.Fatal(err)
	}
	return msg
}

func publicKey(key ed25519.PrivateKey) ed25519.PublicKey {
	pub, _ := key.Public().(ed25519.PublicKey)
	return pub
}

func verifier(tb testing.TB, name string, key ed25519.PrivateKey) note.Verifier {
	tb.Helper()
	v, err := journal.NewVerifier(name, publicKey(key))
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

func serverKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, ed25519.SeedSize))
}

func TestCheckpoint_Text(t *testing.T) {
	t.Parallel()
	if got := golden().Text(); got != goldenText {
		t.Errorf("text is %q, want %q", got, goldenText)
	}
	c := golden()
	c.Prev = [32]byte{9}
	want := goldenText + "prev CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	if got := c.Text(); got != want {
		t.Errorf("text is %q, want %q", got, want)
	}
	if back, err := journal.ParseCheckpoint(want); err != nil || back != c {
		t.Errorf("parsed is %+v, %v, want %+v", back, err, c)
	}
}

func TestParseCheckpoint_RefusesOthers(t *testing.T) {
	t.Parallel()
	root := "AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	for name, text := range map[string]string{
		"empty":           "",
		"no line end":     strings.TrimSuffix(goldenText, "\n"),
		"other origin":    "locker/site-1/3\n12\n" + root,
		"no epoch":        "cubby/site-1\n12\n" + root,
		"epoch 0":         "cubby/site-1/0\n12\n" + root,
		"epoch too large": "cubby/site-1/4194304\n12\n" + root,
		"space in site":   "cubby/site 1/3\n12\n" + root,
		"leading zero":    "cubby/site-1/3\n012\n" + root,
		"negative size":   "cubby/site-1/3\n-1\n" + root,
		"short root":      "cubby/site-1/3\n12\nAQID\n",
		"other extension": goldenText + "next CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
		"zero prev":       goldenText + "prev AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
		"too many lines":  goldenText + "prev CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nx\n",
	} {
		if c, err := journal.ParseCheckpoint(text); !errors.Is(err, journal.ErrBadHead) {
			t.Errorf("%s: %+v, %v, want ErrBadHead", name, c, err)
		}
	}
}

// TestSigner_IsSumdbNote checks that the standard implementation of notes verifies our signatures.
func TestSigner_IsSumdbNote(t *testing.T) {
	t.Parallel()
	key := journaltest.Key()
	vkey, err := note.NewEd25519VerifierKey("cubby/site-1", publicKey(key))
	if err != nil {
		t.Fatal(err)
	}
	standard, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	msg := sign(t, goldenText, "cubby/site-1", key)
	if c, err := journal.OpenCheckpoint(msg, standard); err != nil || c != golden() {
		t.Errorf("opened %+v, %v", c, err)
	}
	if c, err := journal.OpenCheckpoint(msg, verifier(t, "cubby/site-1", key)); err != nil || c != golden() {
		t.Errorf("opened %+v, %v", c, err)
	}
}

func TestOpenCheckpoint_NeedsEverySignature(t *testing.T) {
	t.Parallel()
	site, server := verifier(t, "cubby/site-1", journaltest.Key()), verifier(t, "server", serverKey())
	msg := sign(t, goldenText, "cubby/site-1", journaltest.Key())
	if _, err := journal.OpenCheckpoint(msg, site, server); !errors.Is(err, journal.ErrBadHead) {
		t.Errorf("without the server's signature: %v, want ErrBadHead", err)
	}
	if _, err := journal.OpenCheckpoint(msg, server); !errors.Is(err, journal.ErrBadHead) {
		t.Errorf("with the site's signature alone: %v, want ErrBadHead", err)
	}
	bad := bytes.Replace(msg, []byte("\n12\n"), []byte("\n13\n"), 1)
	if _, err := journal.OpenCheckpoint(bad, site); !errors.Is(err, journal.ErrBadHead) {
		t.Errorf("changed text: %v, want ErrBadHead", err)
	}
	if c, err := journal.OpenCheckpoint(msg); err != nil || c != golden() {
		t.Errorf("without a check: %+v, %v", c, err)
	}
}

func TestCountersign_AddsASignature(t *testing.T) {
	t.Parallel()
	site, server := verifier(t, "cubby/site-1", journaltest.Key()), verifier(t, "server", serverKey())
	signer, err := journal.NewSigner("server", serverKey())
	if err != nil {
		t.Fatal(err)
	}
	msg := sign(t, goldenText, "cubby/site-1", journaltest.Key())
	both, err := journal.Countersign(msg, site, signer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := journal.OpenCheckpoint(both, site, server); err != nil {
		t.Error(err)
	}
	if journal.HashHead(msg) != journal.HashHead(both) {
		t.Error("a countersignature changes the hash of the head")
	}
	if _, err := journal.Countersign(sign(t, goldenText, "cubby/site-1", serverKey()), site, signer); !errors.Is(err, journal.ErrBadHead) {
		t.Errorf("countersign what another key signed: %v, want ErrBadHead", err)
	}
	if _, err := journal.Countersign(sign(t, "hello\n", "cubby/site-1", journaltest.Key()), site, signer); !errors.Is(err, journal.ErrBadHead) {
		t.Errorf("countersign another text: %v, want ErrBadHead", err)
	}
}

func TestParsePublicKey(t *testing.T) {
	t.Parallel()
	key := publicKey(journaltest.Key())
	for _, text := range []string{hex.EncodeToString(key), " " + base64.StdEncoding.EncodeToString(key) + "\n"} {
		if got, err := journal.ParsePublicKey(text); err != nil || !got.Equal(key) {
			t.Errorf("%q: %x, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "abcd", "not a key"} {
		if _, err := journal.ParsePublicKey(text); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add(goldenText)
	f.Add(goldenText + "prev CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
	f.Add("cubby//1\n0\n\n")
	f.Add("\n\n\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := journal.ParseCheckpoint(text)
		if err != nil {
			if !errors.Is(err, journal.ErrBadHead) {
				t.Fatalf("error is %v, want ErrBadHead", err)
			}
			return
		}
		if c.Text() != text {
			t.Fatalf("%q became %q", text, c.Text())
		}
	})
}

func FuzzOpenCheckpoint(f *testing.F) {
	f.Add(sign(f, goldenText, "cubby/site-1", journaltest.Key()))
	f.Add([]byte("\n\n— x AAAAAAAA\n"))
	site := verifier(f, "cubby/site-1", journaltest.Key())
	want := sign(f, goldenText, "cubby/site-1", journaltest.Key())
	f.Fuzz(func(t *testing.T, msg []byte) {
		_, _ = journal.OpenCheckpoint(msg) // must not panic
		if _, err := journal.OpenCheckpoint(msg, site); err == nil && journal.HashHead(msg) != journal.HashHead(want) {
			t.Fatalf("a text that was never signed verifies: %q", msg)
		}
	})
}
