package evidence

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"cubby/internal/auth"
	"cubby/internal/journal"
	"cubby/internal/locker"
)

const (
	format = 1
	// MaxPack is the most bytes of a pack: a parcel has some dozens of operations of some hundred bytes.
	MaxPack = 8 << 20

	sealOrigin = "cubby/evidence"
)

// ErrBadPack means that a file is no evidence pack, or was changed after it was signed.
var ErrBadPack = errors.New("evidence pack is not valid")

// Pack is the evidence about one parcel. Encode writes it, Check reads it.
type Pack struct {
	Format      int             `json:"cubby_evidence"`
	Site        locker.SiteID   `json:"site"`
	Parcel      locker.ParcelID `json:"parcel"`
	Stays       []locker.StayID `json:"stays"`
	MadeMS      int64           `json:"made_ms"`              // when, by the server's clock, since 1970-01-01 UTC
	Operator    string          `json:"operator_key"`         // name of the key
	Fingerprint string          `json:"operator_fingerprint"` // of the key, see auth.Fingerprint
	Parts       []Part          `json:"parts"`
	// Pending are records that no signed head covers yet: a head comes each 5 minutes.
	Pending []Position `json:"pending"`
	Paper   *Paper     `json:"paper"` // null when there is none
	Seal    string     `json:"seal"`  // the operator's signature over all of the above
}

// Part is what stands in one epoch of the record.
type Part struct {
	Epoch   uint64 `json:"epoch"`
	Head    string `json:"head"` // signed tree head: a note
	Records []Item `json:"records"`
}

// Item is one record with the proof that it is in the tree of its part's head.
type Item struct {
	Number uint64      `json:"number"`
	Body   string      `json:"body"` // as the site wrote it
	Proof  []tlog.Hash `json:"proof"`
}

// Position is where a record stands.
type Position struct {
	Epoch  uint64 `json:"epoch"`
	Number uint64 `json:"number"`
}

// Paper names the document for people that was made with the pack.
type Paper struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // base64
}

// seal signs the pack.
func (p *Pack) seal(signer note.Signer) error {
	text, err := p.sealText()
	if err != nil {
		return err
	}
	msg, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return fmt.Errorf("sign the evidence: %w", err)
	}
	p.Seal = string(msg)
	return nil
}

// sealText is what the seal signs.
func (p *Pack) sealText() (string, error) {
	bare := *p
	bare.Seal = ""
	data, err := bare.Encode()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return fmt.Sprintf("%s\n%s\n%s\n%s\n", sealOrigin, p.Site, p.Parcel, base64.StdEncoding.EncodeToString(sum[:])), nil
}

// Encode returns the bytes of the pack. There is one form only: equal packs give equal bytes.
func (p *Pack) Encode() ([]byte, error) {
	for _, part := range p.Parts {
		for _, item := range part.Records {
			if !utf8.ValidString(item.Body) {
				return nil, fmt.Errorf("record %d of epoch %d is no text: %w", item.Number, part.Epoch, ErrBadPack)
			}
		}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetIndent("", " ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(p); err != nil {
		return nil, fmt.Errorf("write the evidence: %w", err)
	}
	return out.Bytes(), nil
}

// decode reads exactly what Encode writes.
func decode(data []byte) (*Pack, error) {
	if len(data) > MaxPack {
		return nil, fmt.Errorf("it has %d bytes, at most %d: %w", len(data), MaxPack, ErrBadPack)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	p := new(Pack)
	if err := dec.Decode(p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadPack, err)
	}
	if p.Format != format {
		return nil, fmt.Errorf("its format is %d, %d is known: %w", p.Format, format, ErrBadPack)
	}
	again, err := p.Encode()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, data) {
		return nil, fmt.Errorf("its text was changed, or written anew by another program: %w", ErrBadPack)
	}
	return p, nil
}

// Is reports whether a file looks like a pack: Check says whether it is one.
func Is(begin []byte) bool { return bytes.HasPrefix(begin, []byte("{\n \"cubby_evidence\"")) }

// openNote reads a signed text that a key has signed. It is stricter than package note: the same
// signature has one form in base64 only.
func openNote(msg string, v note.Verifier) (string, error) {
	n, err := note.Open([]byte(msg), note.VerifierList(v))
	if err != nil {
		return "", err //nolint:wrapcheck // the caller says of what
	}
	for _, sigs := range [][]note.Signature{n.Sigs, n.UnverifiedSigs} {
		for _, s := range sigs {
			if _, err := base64.StdEncoding.Strict().DecodeString(s.Base64); err != nil {
				return "", fmt.Errorf("signature of %s: %w", s.Name, err)
			}
		}
	}
	return n.Text, nil
}

// Key is the public half of an operator's key, under the name that it signs with.
type Key struct {
	Name string
	Key  ed25519.PublicKey
}

// Fingerprint names the key.
func (k Key) Fingerprint() string { return auth.FingerprintOf(k.Key).String() }

// openHead reads a tree head that the operator stands for: it countersigned the head of a site with a
// controller, or signed itself for a site that runs inside its server.
func (k Key) openHead(site locker.SiteID, msg string) (journal.Checkpoint, error) {
	var firstErr error
	for _, name := range []string{k.Name, journal.SiteKeyName(string(site))} {
		v, err := journal.NewVerifier(name, k.Key)
		if err != nil {
			return journal.Checkpoint{}, fmt.Errorf("operator's key: %w", err)
		}
		text, err := openNote(msg, v)
		if err != nil {
			if firstErr == nil {
				firstErr = err
			}
			continue
		}
		return journal.ParseCheckpoint(text)
	}
	return journal.Checkpoint{}, firstErr
}

// ParsePublic reads the public key in a file that an operator gives out: its bytes in base64 or hex,
// lines that begin with # are notes.
func ParsePublic(data []byte) (ed25519.PublicKey, error) {
	var key string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			key += line
		}
	}
	return journal.ParsePublicKey(key)
}
