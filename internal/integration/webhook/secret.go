package webhook

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	secretPrefix = "whsec_"
	secretBytes  = 32
	shortest     = 24 // of a secret, in bytes; both bounds by the specification
	longest      = 64
)

// Secret is what sender and receiver share, 24 to 64 random bytes. It prints as nothing.
type Secret struct{ raw []byte }

// NewSecret draws 32 bytes.
func NewSecret(random io.Reader) (Secret, error) {
	raw := make([]byte, secretBytes)
	if _, err := io.ReadFull(random, raw); err != nil {
		return Secret{}, fmt.Errorf("draw a secret: %w", err)
	}
	return Secret{raw}, nil
}

// SecretOf returns the secret of bytes that were kept.
func SecretOf(raw []byte) (Secret, error) {
	if len(raw) < shortest || len(raw) > longest {
		return Secret{}, fmt.Errorf("a secret has %d to %d bytes, not %d", shortest, longest, len(raw))
	}
	return Secret{raw}, nil
}

// ParseSecret reads the text form, with or without "whsec_".
func ParseSecret(text string) (Secret, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, secretPrefix))
	if err != nil {
		return Secret{}, errors.New("a secret is whsec_ and base64")
	}
	return SecretOf(raw)
}

// Bytes returns what to keep.
func (s Secret) Bytes() []byte { return s.raw }

// Reveal returns the text form, for whoever sets the receiver up.
func (s Secret) Reveal() string { return secretPrefix + base64.StdEncoding.EncodeToString(s.raw) }

// String hides the secret from logs.
func (Secret) String() string { return secretPrefix + "…" }

// GoString hides the secret from logs.
func (s Secret) GoString() string { return s.String() }
