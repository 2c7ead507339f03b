package link

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"sync"
	"time"

	"cubby/internal/auth"
)

const (
	// nonceLife is how long a nonce may be used: longer than a slow upload takes.
	nonceLife = 2 * time.Minute
	// maxSpent bounds the memory of used nonces. Above it new requests are refused for a while:
	// only holders of an enrolled key get here, a few requests a second each.
	maxSpent = 200_000

	macSize = 16
)

// nonces gives out nonces and takes each once. It keeps only the used ones: a nonce carries its
// time and a MAC, so asking for one costs nothing. The key comes from the server's identity, so any
// process of the server takes what another gave out.
type nonces struct {
	key []byte
	now func() time.Time

	mu    sync.Mutex
	spent [2]map[string]struct{} // this span of nonceLife and the one before
	span  int64
}

func newNonces(id auth.Identity, now func() time.Time) *nonces {
	key := sha256.Sum256(id.Sign(purposeNonce, nil)) // Ed25519 signatures are deterministic
	return &nonces{key: key[:], now: now, spent: [2]map[string]struct{}{{}, {}}}
}

// next returns a fresh nonce.
func (n *nonces) next() string {
	b := binary.BigEndian.AppendUint64(nil, uint64(n.now().UnixMilli()))
	b = append(b, newNonce()[:16]...)
	return base64.RawURLEncoding.EncodeToString(append(b, n.mac(b)...))
}

func (n *nonces) mac(b []byte) []byte {
	h := hmac.New(sha256.New, n.key)
	_, _ = h.Write(b) // a hash never returns an error
	return h.Sum(nil)[:macSize]
}

// spend takes a nonce; false when it is not ours, too old, or was taken before. The caller has
// checked the signature: strangers cannot fill the memory.
func (n *nonces) spend(text string) bool {
	if !n.valid(text) {
		return false
	}
	now := n.now().UnixMilli() / nonceLife.Milliseconds()
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case now == n.span:
	case now == n.span+1:
		n.spent = [2]map[string]struct{}{{}, n.spent[0]}
	default:
		n.spent = [2]map[string]struct{}{{}, {}}
	}
	n.span = now
	_, inThis := n.spent[0][text]
	_, inLast := n.spent[1][text]
	if inThis || inLast || len(n.spent[0]) >= maxSpent {
		return false
	}
	n.spent[0][text] = struct{}{}
	return true
}

// valid reports whether a nonce is ours and young enough.
func (n *nonces) valid(text string) bool {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != 8+16+macSize || !hmac.Equal(b[24:], n.mac(b[:24])) {
		return false
	}
	age := n.now().Sub(time.UnixMilli(int64(binary.BigEndian.Uint64(b))))
	return age >= -time.Second && age < nonceLife
}
