package credential

import (
	"crypto/subtle"
	"strings"
	"time"
)

const (
	// ProofWindow is how long one proof is shown. It is accepted for one window more.
	ProofWindow = 30 * time.Second
	// ProofPrefix starts the text of a proof's QR code.
	ProofPrefix = "P1."
	// ProofLength is how many symbols of a proof a person types.
	ProofLength = 6

	domainProof    = "cubby/proof/v1"
	proofTokenSize = 10 // 80 bits for half a minute
	proofSpace     = 64_000_000
)

// Proof shows that somebody stands at a bank: the kiosk shows it, a phone sends it back. It is no
// credential and opens nothing by itself. Wrong proofs are for the caller to limit: six symbols
// are one of 64 million.
type Proof struct {
	Symbols string    // six symbols, shown 3-3: "HJK-3MP"
	Text    string    // for the QR code: "P1." and sixteen characters
	Until   time.Time // when the kiosk shows the next one
}

// NewProof returns the proof that bank shows at time t, under a key derived from the site's. A
// zero key gives the zero Proof.
func NewProof(key Key, bank string, t time.Time) Proof {
	if key.IsZero() || bank == "" {
		return Proof{}
	}
	window := t.Unix() / int64(ProofWindow/time.Second)
	symbols, text := proofAt(key, bank, window)
	return Proof{
		Symbols: formatGroups(symbols),
		Text:    text,
		Until:   time.Unix((window+1)*int64(ProofWindow/time.Second), 0).UTC(),
	}
}

// VerifyProof reports whether input, typed or scanned, is what bank shows at time t or showed in
// the window before. Case, spaces and dashes do not matter.
func VerifyProof(key Key, bank, input string, t time.Time) bool {
	if key.IsZero() || bank == "" || len(input) > maxInput {
		return false
	}
	given := strings.ToUpper(strings.TrimSpace(input))
	if !strings.HasPrefix(given, ProofPrefix) {
		chars, err := squeeze(input)
		if err != nil {
			return false
		}
		given = strings.NewReplacer("Z", "2", "I", "L", "1", "L").Replace(chars)
	}
	window := t.Unix() / int64(ProofWindow/time.Second)
	ok := 0
	for _, w := range [...]int64{window, window - 1} {
		symbols, text := proofAt(key, bank, w)
		ok |= subtle.ConstantTimeCompare([]byte(given), []byte(symbols)) |
			subtle.ConstantTimeCompare([]byte(given), []byte(text))
	}
	return ok == 1
}

// proofAt returns the plain symbols and the text of one window. The bank and the window are hashed
// under a domain of their own, so a proof says nothing about codes.
func proofAt(key Key, bank string, window int64) (symbols, text string) {
	w := uint64(window)
	sum := key.mac(domainProof, bank, uint32(w>>32), uint32(w))
	text = ProofPrefix + tokenEncoding().EncodeToString(sum[:proofTokenSize])
	n := reduce(sum[16:], proofSpace)
	var out [ProofLength]byte
	for i := ProofLength - 1; i >= 0; i-- {
		out[i] = Alphabet[n%base]
		n /= base
	}
	return string(out[:]), text
}
