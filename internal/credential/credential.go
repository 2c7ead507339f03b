package credential

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"math/bits"
)

const (
	// KeySize is the length of a site's key in bytes.
	KeySize = 32
	// TokenPrefix starts the text of a token, so that a scanner's input is told from typing.
	TokenPrefix = "C1."

	tokenSize    = 16
	domainToken  = "cubby/credential/v1/token" //nolint:gosec // names a hash domain
	domainSymbol = "cubby/credential/v1/symbols"
	domainDigits = "cubby/credential/v1/digits"
	domainKeyID  = "cubby/credential/v1/key-id"
	redacted     = "redacted"

	symbolSpace = 25_600_000_000 // 20^8
	digitSpace  = 1_000_000_000  // 10^9
	// maxRounds bounds the search for a symbol code with a letter in it: one round fails with
	// chance (7/20)^8, so 16 rounds never do.
	maxRounds = 16
)

// ErrKey means that a key is missing or has the wrong length.
var ErrKey = errors.New("credential: a key has 32 bytes")

// Key is the secret of a site under which codes are derived. It prints as "redacted".
// The zero Key derives nothing.
type Key struct {
	secret [KeySize]byte
	set    bool
}

// NewKey takes 32 random bytes. It returns [ErrKey] for any other length and for all zeroes.
func NewKey(secret []byte) (Key, error) {
	if len(secret) != KeySize || [KeySize]byte(secret) == [KeySize]byte{} {
		return Key{}, ErrKey
	}
	return Key{secret: [KeySize]byte(secret), set: true}, nil
}

// ID names the key without giving it away: 16 hexadecimal digits. A stay records it.
func (k Key) ID() string {
	sum := k.mac(domainKeyID, "", 0, 0)
	return hex.EncodeToString(sum[:8])
}

// IsZero reports whether the key was never set.
func (k Key) IsZero() bool { return !k.set }

// Format prints "redacted" for every verb.
func (k Key) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) } // fmt.State keeps its own errors

// LogValue hides the key from logs.
func (k Key) LogValue() slog.Value { return slog.StringValue(redacted) }

// mac is HMAC-SHA256 over a domain, a subject, a generation and a round; lengths are written so
// that no two inputs have the same bytes.
func (k Key) mac(domain, subject string, generation, round uint32) [sha256.Size]byte {
	return mac(k.hash(), domain, subject, generation, round)
}

// hash returns HMAC-SHA256 under the key, for several calls of mac: the key's own half of the work is done once.
func (k Key) hash() hash.Hash { return hmac.New(sha256.New, k.secret[:]) }

func mac(h hash.Hash, domain, subject string, generation, round uint32) [sha256.Size]byte {
	h.Reset()
	var buf [8]byte
	for _, part := range [...]string{domain, subject} {
		binary.BigEndian.PutUint64(buf[:], uint64(len(part)))
		h.Write(buf[:])
		_, _ = io.WriteString(h, part) // a hash never fails
	}
	binary.BigEndian.PutUint32(buf[:4], generation)
	binary.BigEndian.PutUint32(buf[4:], round)
	h.Write(buf[:])
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return sum
}

// Credential is one code in its three forms. It prints as "redacted"; the methods Token, Symbols
// and Digits give the forms out, to be sent or shown to the holder only.
type Credential struct {
	tokenHigh, tokenLow uint64
	symbols             uint64 // below 20^8, without the check symbol
	digits              uint32 // below 10^9
	set                 bool
}

// Derive computes the code of subject at a generation under key. The same input gives the same
// code for ever. Symbols and digits are 128 bits of HMAC-SHA256 reduced modulo their number: no
// code is likelier than another by more than one part in 2^93. A zero key or an empty subject
// gives the zero Credential, which matches nothing.
func Derive(key Key, subject string, generation uint32) Credential {
	if key.IsZero() || subject == "" {
		return Credential{}
	}
	h := key.hash()
	token := mac(h, domainToken, subject, generation, 0)
	digits := mac(h, domainDigits, subject, generation, 0)
	c := Credential{
		tokenHigh: binary.BigEndian.Uint64(token[:8]),
		tokenLow:  binary.BigEndian.Uint64(token[8:16]),
		digits:    uint32(reduce(digits[:16], digitSpace)),
		set:       true,
	}
	for round := range uint32(maxRounds) {
		sum := mac(h, domainSymbol, subject, generation, round)
		c.symbols = reduce(sum[:16], symbolSpace)
		if !needsLetter(c.symbols) {
			return c
		}
	}
	return Credential{}
}

// reduce takes 16 bytes as one number modulo n.
func reduce(wide []byte, n uint64) uint64 {
	high, low := binary.BigEndian.Uint64(wide[:8]), binary.BigEndian.Uint64(wide[8:16])
	_, rem := bits.Div64(high%n, low, n)
	return rem
}

// IsZero reports whether the credential opens nothing, as one derived under no key.
func (c Credential) IsZero() bool { return !c.set }

// Token returns the text of the QR code: "C1." and 26 characters out of 0-9 and A-V, 128 bits. The
// characters fit a QR code's alphanumeric mode and hold neither Y nor Z, which a scanner set to
// another keyboard layout swaps.
func (c Credential) Token() string {
	var raw [tokenSize]byte
	binary.BigEndian.PutUint64(raw[:8], c.tokenHigh)
	binary.BigEndian.PutUint64(raw[8:], c.tokenLow)
	return TokenPrefix + tokenEncoding().EncodeToString(raw[:])
}

// Symbols returns the nine symbols, shown 3-3-3: "HJK-3MP-2XY". The last one checks the others.
func (c Credential) Symbols() string { return formatGroups(symbolText(c.symbols)) }

// Digits returns the nine digits, shown 3-3-3: "012-345-678". They open only together with the
// number of the unit or pass.
func (c Credential) Digits() string { return formatGroups(fmt.Sprintf("%09d", c.digits)) }

// Format prints "redacted" for every verb.
func (c Credential) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) } // fmt.State keeps its own errors

// LogValue hides the credential from logs.
func (c Credential) LogValue() slog.Value { return slog.StringValue(redacted) }

// equalsAny reports whether two codes are the same in at least one form.
func (c Credential) equalsAny(o Credential) bool {
	return c.symbols == o.symbols || c.digits == o.digits ||
		(c.tokenHigh == o.tokenHigh && c.tokenLow == o.tokenLow)
}

func tokenEncoding() *base32.Encoding { return base32.HexEncoding.WithPadding(base32.NoPadding) }
