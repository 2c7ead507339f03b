package journal

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	originPrefix = "cubby/"
	maxSiteID    = 128
	// maxNote bounds a signed head: a few lines of text and a few signatures.
	maxNote = 4096
	// algEd25519 is the key type of sumdb/note.
	algEd25519 = 1
)

// Checkpoint is what a tree head says. Its text follows C2SP tlog-checkpoint v1: origin, size, root,
// and one extension line "prev HASH" in epochs that continue an earlier one.
type Checkpoint struct {
	Site  string // site id
	Epoch uint64
	Size  uint64 // number of the last record that the head covers
	Root  tlog.Hash
	// Prev is the hash of the head that the epoch continues, see HashHead; zero when there is none.
	Prev [32]byte
}

// Text returns the lines that are signed.
func (c Checkpoint) Text() string {
	text := fmt.Sprintf("%s%s/%d\n%d\n%s\n", originPrefix, c.Site, c.Epoch, c.Size, c.Root)
	if c.Prev != [32]byte{} {
		text += "prev " + base64.StdEncoding.EncodeToString(c.Prev[:]) + "\n"
	}
	return text
}

// ParseCheckpoint reads the text of a head. It is strict: it accepts exactly what Text writes. The
// error is ErrBadHead.
func ParseCheckpoint(text string) (Checkpoint, error) {
	c, err := parseCheckpoint(text)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrBadHead, err)
	}
	if c.Text() != text {
		return Checkpoint{}, fmt.Errorf("%w: not in its canonical form", ErrBadHead)
	}
	return c, nil
}

func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(text) > maxNote || len(lines) < 4 || len(lines) > 5 || lines[len(lines)-1] != "" {
		return Checkpoint{}, fmt.Errorf("it has %d lines, three or four are allowed", len(lines)-1)
	}
	origin, ok := strings.CutPrefix(lines[0], originPrefix)
	site, epochText, ok2 := strings.Cut(origin, "/")
	if !ok || !ok2 || !validSite(site) {
		return Checkpoint{}, fmt.Errorf("its origin %q is not %sSITE/EPOCH", lines[0], originPrefix)
	}
	epoch, err := strconv.ParseUint(epochText, 10, 64)
	if err != nil || epoch == 0 || epoch > maxEpoch {
		return Checkpoint{}, fmt.Errorf("its epoch %q is not a number from 1 to %d", epochText, maxEpoch)
	}
	size, err := strconv.ParseUint(lines[1], 10, 64)
	if err != nil || size > maxNumber {
		return Checkpoint{}, fmt.Errorf("its size %q is not a number up to %d", lines[1], int64(maxNumber))
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return Checkpoint{}, fmt.Errorf("its root is not a hash: %w", err)
	}
	c := Checkpoint{Site: site, Epoch: epoch, Size: size, Root: root}
	if len(lines) == 5 {
		prev, ok := strings.CutPrefix(lines[3], "prev ")
		h, err := tlog.ParseHash(prev)
		if !ok || err != nil {
			return Checkpoint{}, fmt.Errorf("its fourth line %q is not a previous head", lines[3])
		}
		c.Prev = h
	}
	return c, nil
}

// OpenCheckpoint reads a signed head. All verifiers given must have signed it; with none it reads
// without checking a signature. The error is ErrBadHead.
func OpenCheckpoint(msg []byte, verifiers ...note.Verifier) (Checkpoint, error) {
	n, err := openNote(msg, verifiers)
	if err != nil {
		return Checkpoint{}, err
	}
	return ParseCheckpoint(n.Text)
}

func openNote(msg []byte, verifiers []note.Verifier) (*note.Note, error) {
	if len(msg) > maxNote {
		return nil, fmt.Errorf("%w: it has %d bytes, at most %d", ErrBadHead, len(msg), maxNote)
	}
	n, err := note.Open(msg, note.VerifierList(verifiers...))
	if unverified, ok := err.(*note.UnverifiedNoteError); ok && len(verifiers) == 0 { //nolint:errorlint // note.Open returns it bare
		return unverified.Note, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadHead, err)
	}
	if len(n.Sigs) != len(verifiers) {
		return nil, fmt.Errorf("%w: %d of %d signatures are there", ErrBadHead, len(n.Sigs), len(verifiers))
	}
	return n, nil
}

// Countersign adds the server's signature to a head that the site signed. The caller compares the
// head with its own Frontier first: the signature says "this is the record that I hold".
func Countersign(msg []byte, site note.Verifier, server note.Signer) ([]byte, error) {
	n, err := openNote(msg, []note.Verifier{site})
	if err != nil {
		return nil, err
	}
	if _, err := ParseCheckpoint(n.Text); err != nil {
		return nil, err
	}
	signed, err := note.Sign(n, server)
	if err != nil {
		return nil, fmt.Errorf("countersign tree head: %w", err)
	}
	return signed, nil
}

// HashHead returns the hash that an epoch continues: of the text of a signed head, without its
// signatures, so that a later countersignature does not change it. No head gives zero.
func HashHead(msg []byte) [32]byte {
	if len(msg) == 0 {
		return [32]byte{}
	}
	if i := bytes.Index(msg, []byte("\n\n")); i >= 0 {
		msg = msg[:i+1]
	}
	return sha256.Sum256(msg)
}

// SiteKeyName returns the name under which a site's key signs, in all its epochs.
func SiteKeyName(site string) string { return originPrefix + site }

func validSite(site string) bool {
	return len(site) <= maxSiteID && validKeyName(site) && !strings.Contains(site, "/")
}

func validKeyName(name string) bool {
	bad := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '+' }
	return name != "" && utf8.ValidString(name) && strings.IndexFunc(name, bad) < 0
}

// noteSigner signs with a key that is already in memory; note.NewSigner wants it as text.
type noteSigner struct {
	name string
	hash uint32
	key  ed25519.PrivateKey
}

var _ note.Signer = noteSigner{}

// NewSigner returns a signer of heads. The name holds neither spaces nor plus signs; a site uses
// SiteKeyName.
func NewSigner(name string, key ed25519.PrivateKey) (note.Signer, error) {
	if !validKeyName(name) || len(key) != ed25519.PrivateKeySize {
		return nil, fmt.Errorf("key %q is not an Ed25519 key with a name without spaces", name)
	}
	pub, _ := key.Public().(ed25519.PublicKey)
	return noteSigner{name: name, hash: keyHash(name, pub), key: key}, nil
}

func (s noteSigner) Name() string    { return s.name }
func (s noteSigner) KeyHash() uint32 { return s.hash }
func (s noteSigner) Sign(msg []byte) ([]byte, error) {
	return ed25519.Sign(s.key, msg), nil
}

type noteVerifier struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

var _ note.Verifier = noteVerifier{}

// NewVerifier returns the verifier for what NewSigner signs with the private half.
func NewVerifier(name string, key ed25519.PublicKey) (note.Verifier, error) {
	if !validKeyName(name) || len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("key %q is not an Ed25519 key with a name without spaces", name)
	}
	return noteVerifier{name: name, hash: keyHash(name, key), key: key}, nil
}

func (v noteVerifier) Name() string                { return v.name }
func (v noteVerifier) KeyHash() uint32             { return v.hash }
func (v noteVerifier) Verify(msg, sig []byte) bool { return ed25519.Verify(v.key, msg, sig) }

// ParsePublicKey reads an Ed25519 public key as a person passes it: its 32 bytes in hex or base64.
func ParsePublicKey(text string) (ed25519.PublicKey, error) {
	text = strings.TrimSpace(text)
	key, err := hex.DecodeString(text)
	if err != nil {
		key, err = base64.StdEncoding.DecodeString(text)
	}
	if err != nil || len(key) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("public key is not %d bytes in hex or base64", ed25519.PublicKeySize)
	}
	return key, nil
}

// keyHash follows sumdb/note: SHA-256(name || "\n" || algorithm || key), first four bytes.
func keyHash(name string, key ed25519.PublicKey) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n"))
	h.Write([]byte{algEd25519})
	h.Write(key)
	return binary.BigEndian.Uint32(h.Sum(nil))
}
