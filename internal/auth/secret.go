package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"strings"
)

const secretSize = 32 // bytes, random: no dictionary, so a fast hash is enough

// ErrToken means that a text is not a token of the kind expected, or is damaged.
var ErrToken = errors.New("auth: not a valid token")

// Digest is the SHA-256 of a random secret: what is stored of a session, an API token or an
// enrolment. It is the key to look it up by.
type Digest [sha256.Size]byte

// Equal compares in constant time.
func (d Digest) Equal(o Digest) bool { return subtle.ConstantTimeCompare(d[:], o[:]) == 1 }

// Secret is the text of a random token. It is shown or set once and never stored; it prints as
// "redacted".
type Secret string

// Format prints "redacted" for every verb; convert to string to show it.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "redacted") } // fmt.State keeps its own errors

// LogValue hides the secret from logs.
func (Secret) LogValue() slog.Value { return slog.StringValue("redacted") }

// Digest returns what is stored of the secret.
func (s Secret) Digest() Digest { return sha256.Sum256([]byte(s)) }

// newSecret returns prefix, 256 random bits and a checksum, in lower-case base 32. The checksum
// tells a mistyped token from a revoked one, and lets scanners of leaked secrets recognise it.
func newSecret(random io.Reader, prefix string) (Secret, error) {
	if random == nil {
		random = rand.Reader
	}
	var raw [secretSize]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	return Secret(prefix + encodeChecked(prefix, raw[:])), nil
}

// parseSecret checks the prefix, the length and the checksum.
func parseSecret(text, prefix string) (Secret, error) {
	body, ok := strings.CutPrefix(text, prefix)
	if !ok {
		return "", ErrToken
	}
	if raw, err := decodeChecked(prefix, body); err != nil || len(raw) != secretSize {
		return "", ErrToken
	}
	return Secret(text), nil
}

func encodeChecked(prefix string, raw []byte) string {
	sum := crc32.ChecksumIEEE(append([]byte(prefix), raw...))
	return tokenEncoding().EncodeToString(binary.BigEndian.AppendUint32(append([]byte(nil), raw...), sum))
}

func decodeChecked(prefix, body string) ([]byte, error) {
	all, err := tokenEncoding().DecodeString(body)
	if err != nil || len(all) < crc32.Size || tokenEncoding().EncodeToString(all) != body {
		return nil, ErrToken
	}
	raw, sum := all[:len(all)-crc32.Size], binary.BigEndian.Uint32(all[len(all)-crc32.Size:])
	if crc32.ChecksumIEEE(append([]byte(prefix), raw...)) != sum {
		return nil, ErrToken
	}
	return raw, nil
}

// tokenEncoding is base 32 in lower case: it survives being read aloud, and a double click selects
// all of it.
func tokenEncoding() *base32.Encoding {
	return base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)
}
