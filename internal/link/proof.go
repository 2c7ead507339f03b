package link

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"

	"cubby/internal/auth"
	"cubby/internal/wire"
)

// Purposes keep a signature for one thing from being used for another.
const (
	purposeServer   = "cubby/link/server/v1"
	purposeSite     = "cubby/link/site/v1"
	purposeRequest  = "cubby/link/request/v1"
	purposeAnswer   = "cubby/link/answer/v1"
	purposeOffer    = "cubby/link/offer/v1"
	purposeEnrol    = "cubby/link/enrol/v1"
	purposeEnrolled = "cubby/link/enrolled/v1"
	purposeNonce    = "cubby/link/nonce-key/v1"
)

// Channel bindings.
const (
	bindingExporter = "tls-exporter"
	bindingHost     = "host"
	exporterLabel   = "EXPORTER-cubby-link-v1"
	exporterSize    = 32
)

const nonceSize = 32

// newNonce returns 32 random bytes.
func newNonce() []byte {
	nonce := make([]byte, nonceSize)
	_, _ = io.ReadFull(rand.Reader, nonce) // crypto/rand.Reader never returns an error
	return nonce
}

// exporter returns the channel binding of a TLS connection; nil when there is none.
// Source: RFC 5705, RFC 9266 (which needs TLS 1.3 or an extended master secret).
func exporter(state *tls.ConnectionState) []byte {
	if state == nil {
		return nil
	}
	material, err := state.ExportKeyingMaterial(exporterLabel, nil, exporterSize)
	if err != nil {
		return nil // an old TLS: the host is the binding
	}
	return material
}

// handshake is what both signatures of a session cover.
type handshake struct {
	hello     wire.Hello
	challenge wire.Challenge
	server    auth.Fingerprint
	exported  []byte // of the TLS connection; used when the challenge says so
}

// transcript returns the bytes to sign. Every part has its length in front, so that no two
// handshakes give the same bytes.
func (h handshake) transcript() ([]byte, error) {
	var binding []byte
	switch h.challenge.Binding {
	case bindingExporter:
		if len(h.exported) != exporterSize {
			return nil, fmt.Errorf("the server binds to TLS and this connection has none: %w", ErrServerKey)
		}
		binding = h.exported
	case bindingHost:
		binding = []byte(h.hello.Host)
	default:
		return nil, fmt.Errorf("unknown channel binding: %w", ErrProtocol)
	}
	if len(h.hello.Nonce) != nonceSize || len(h.challenge.Nonce) != nonceSize {
		return nil, fmt.Errorf("nonce of the wrong length: %w", ErrProtocol)
	}
	version := binary.AppendUvarint(nil, uint64(max(h.challenge.Version, 0)))
	return lengthPrefixed(
		version, []byte(h.challenge.Binding), binding, []byte(h.hello.Host), []byte(h.hello.Key),
		[]byte(h.server.String()), []byte(h.hello.Site), []byte(h.hello.Instance),
		h.hello.Nonce, h.challenge.Nonce,
	), nil
}

// lengthPrefixed joins parts, each with its length in front.
func lengthPrefixed(parts ...[]byte) []byte {
	var b []byte
	for _, p := range parts {
		b = binary.AppendUvarint(b, uint64(len(p)))
		b = append(b, p...)
	}
	return b
}

// hashed returns the SHA-256 of a body, so that a signature covers it.
func hashed(body []byte) []byte {
	sum := sha256.Sum256(body)
	return sum[:]
}
