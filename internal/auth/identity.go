package auth

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

const (
	pemType       = "PRIVATE KEY"
	maxKeyFile    = 4096 // bytes; an Ed25519 key in PEM has 119
	fingerprintV1 = "k1"
	signDomain    = "cubby/signature/v1"
)

var (
	// ErrIdentity means that a key file is damaged or of another kind.
	ErrIdentity = errors.New("auth: not an Ed25519 private key")
	// ErrKeyFileOpen means that others may read a key file.
	ErrKeyFileOpen = errors.New("auth: the key file may be read by others; set its mode to 0600")
)

// Fingerprint names a public key: the SHA-256 of its 32 bytes.
type Fingerprint [sha256.Size]byte

// FingerprintOf returns the fingerprint of a public key.
func FingerprintOf(key ed25519.PublicKey) Fingerprint { return sha256.Sum256(key) }

// String returns "k1" and 52 characters of base 32 behind it, all of the hash.
func (f Fingerprint) String() string { return fingerprintV1 + tokenEncoding().EncodeToString(f[:]) }

// ParseFingerprint reads what String wrote. It returns [ErrToken] for anything else.
func ParseFingerprint(text string) (Fingerprint, error) {
	if len(text) < len(fingerprintV1) || text[:len(fingerprintV1)] != fingerprintV1 {
		return Fingerprint{}, ErrToken
	}
	raw, err := tokenEncoding().DecodeString(text[len(fingerprintV1):])
	if err != nil || len(raw) != sha256.Size || Fingerprint(raw).String() != text {
		return Fingerprint{}, ErrToken
	}
	return Fingerprint(raw), nil
}

// Identity is the Ed25519 key of one controller or server. It prints as its fingerprint.
type Identity struct {
	private ed25519.PrivateKey
}

// NewIdentity makes an identity; nil means crypto/rand.
func NewIdentity(random io.Reader) (Identity, error) {
	if random == nil {
		random = rand.Reader
	}
	var seed [ed25519.SeedSize]byte
	if _, err := io.ReadFull(random, seed[:]); err != nil {
		return Identity{}, fmt.Errorf("make an identity: %w", err)
	}
	return Identity{private: ed25519.NewKeyFromSeed(seed[:])}, nil
}

// LoadIdentity reads the identity in the file at path. It returns [fs.ErrNotExist] when there is
// none, [ErrKeyFileOpen] when others may read it, and [ErrIdentity] when it is damaged. A damaged
// file is never replaced: a new key would be a new controller.
func LoadIdentity(path string) (Identity, error) {
	f, err := os.Open(path)
	if err != nil {
		return Identity{}, fmt.Errorf("open the identity: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return Identity{}, fmt.Errorf("look at the identity: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return Identity{}, fmt.Errorf("%s: %w", filepath.Base(path), ErrKeyFileOpen)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return Identity{}, fmt.Errorf("read the identity: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil || block.Type != pemType {
		return Identity{}, fmt.Errorf("%s: %w", filepath.Base(path), ErrIdentity)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, ok := key.(ed25519.PrivateKey)
	if err != nil || !ok {
		return Identity{}, fmt.Errorf("%s: %w", filepath.Base(path), ErrIdentity)
	}
	return Identity{private: private}, nil
}

// LoadOrCreateIdentity reads the identity at path or, when there is no file, makes one and writes
// it with mode 0600, durable before it returns. Two processes that start together end up with the
// same identity.
func LoadOrCreateIdentity(path string, random io.Reader) (id Identity, created bool, err error) {
	id, err = LoadIdentity(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return id, false, err
	}
	if id, err = NewIdentity(random); err != nil {
		return Identity{}, false, err
	}
	switch err = id.write(path); {
	case errors.Is(err, fs.ErrExist): // another process was first
		id, err = LoadIdentity(path)
		return id, false, err
	case err != nil:
		return Identity{}, false, err
	}
	return id, true, nil
}

// write puts the key beside path first and links it into place, so that path never holds half a
// key and an existing key is never overwritten.
func (id Identity) write(path string) (err error) {
	der, err := x509.MarshalPKCS8PrivateKey(id.private)
	if err != nil {
		return fmt.Errorf("encode the identity: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".identity-*") // mode 0600
	if err != nil {
		return fmt.Errorf("write the identity: %w", err)
	}
	defer func() {
		err = errors.Join(err, ignoreNotExist(os.Remove(f.Name())))
	}()
	if err := errors.Join(pem.Encode(f, &pem.Block{Type: pemType, Bytes: der}), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the identity: %w", err)
	}
	if err := os.Link(f.Name(), path); err != nil {
		return fmt.Errorf("put the identity in place: %w", err)
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("make the identity durable: %w", err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func ignoreNotExist(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// IsZero reports whether there is no key.
func (id Identity) IsZero() bool { return id.private == nil }

// Public returns the public key.
func (id Identity) Public() ed25519.PublicKey {
	if id.IsZero() {
		return nil
	}
	return ed25519.PublicKey(id.private[ed25519.SeedSize:])
}

// Fingerprint returns the fingerprint of the public key.
func (id Identity) Fingerprint() Fingerprint { return FingerprintOf(id.Public()) }

// Private returns the key itself, for TLS and for signers of other formats. It is never stored or
// logged by the caller.
func (id Identity) Private() ed25519.PrivateKey { return id.private }

// Format prints the fingerprint for every verb.
func (id Identity) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, id.name()) } // fmt.State keeps its own errors

// LogValue shows the fingerprint only.
func (id Identity) LogValue() slog.Value { return slog.StringValue(id.name()) }

func (id Identity) name() string {
	if id.IsZero() {
		return "none"
	}
	return id.Fingerprint().String()
}

// Sign signs message for one purpose. A signature for one purpose is void for every other.
func (id Identity) Sign(purpose string, message []byte) []byte {
	if id.IsZero() {
		return nil
	}
	return ed25519.Sign(id.private, signedBytes(purpose, message))
}

// VerifySignature reports whether signature is key's over message for this purpose.
func VerifySignature(key ed25519.PublicKey, purpose string, message, signature []byte) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, signedBytes(purpose, message), signature)
}

func signedBytes(purpose string, message []byte) []byte {
	b := append([]byte(signDomain), 0)
	b = binary.BigEndian.AppendUint32(b, uint32(len(purpose)))
	b = append(b, purpose...)
	return append(b, message...)
}
