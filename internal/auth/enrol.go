package auth

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

const (
	// EnrolmentPrefix starts every enrolment token.
	EnrolmentPrefix = "cubby-enrol1-"
	// EnrolmentLife is how long an enrolment token may be used.
	EnrolmentLife = 24 * time.Hour

	maxServerURL   = 200  // bytes
	maxEnrolToken  = 1000 // characters
	enrolSecretTag = "e1_"
)

// ErrServerURL means that a server's address cannot be used: not https (or http on loopback), or
// with a user, a query or a fragment.
var ErrServerURL = errors.New("auth: the server's address must be https://… without user, query and fragment")

// EnrolmentToken is all that a new controller needs, in one string to paste: where the server is,
// which key it must have, and a secret that works once. It prints as "redacted".
type EnrolmentToken struct {
	ServerURL string
	ServerKey Fingerprint
	Secret    Secret
}

// Enrolment is the server's side of a token, as it is stored.
type Enrolment struct {
	Digest    Digest // of the secret
	Site      string // id
	CreatedBy string // id of a person
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time   // zero = not used
	UsedBy    Fingerprint // of the controller
}

// Usable reports whether the token may enrol a controller at now.
func (e Enrolment) Usable(now time.Time) bool {
	return e.UsedAt.IsZero() && now.Before(e.ExpiresAt)
}

// NewEnrolment makes a token for a site and what the server stores of it. It returns
// [ErrServerURL] for an address that a controller would refuse.
func NewEnrolment(random io.Reader, serverURL string, serverKey Fingerprint, record Enrolment) (Enrolment, EnrolmentToken, error) {
	if err := checkServerURL(serverURL); err != nil {
		return Enrolment{}, EnrolmentToken{}, err
	}
	secret, err := newSecret(random, enrolSecretTag)
	if err != nil {
		return Enrolment{}, EnrolmentToken{}, err
	}
	record.Digest = secret.Digest()
	if record.ExpiresAt.IsZero() {
		record.ExpiresAt = record.CreatedAt.Add(EnrolmentLife)
	}
	return record, EnrolmentToken{ServerURL: serverURL, ServerKey: serverKey, Secret: secret}, nil
}

// Encode returns the token as one word, with a checksum against a lost piece of it.
func (t EnrolmentToken) Encode() Secret {
	body := strings.Join([]string{string(t.Secret), t.ServerKey.String(), t.ServerURL}, " ")
	return Secret(EnrolmentPrefix + encodeChecked(EnrolmentPrefix, []byte(body)))
}

// Format prints "redacted" for every verb.
func (t EnrolmentToken) Format(s fmt.State, r rune) { t.Secret.Format(s, r) }

// ParseEnrolmentToken reads a pasted token; white space within, as from a wrapped line, does not
// matter. It returns [ErrToken] or [ErrServerURL].
func ParseEnrolmentToken(text string) (EnrolmentToken, error) {
	if len(text) > maxEnrolToken {
		return EnrolmentToken{}, ErrToken
	}
	body, ok := strings.CutPrefix(strings.Join(strings.Fields(text), ""), EnrolmentPrefix)
	if !ok {
		return EnrolmentToken{}, ErrToken
	}
	raw, err := decodeChecked(EnrolmentPrefix, body)
	if err != nil {
		return EnrolmentToken{}, err
	}
	parts := strings.Split(string(raw), " ")
	if len(parts) != 3 {
		return EnrolmentToken{}, ErrToken
	}
	secret, err := parseSecret(parts[0], enrolSecretTag)
	if err != nil {
		return EnrolmentToken{}, err
	}
	key, err := ParseFingerprint(parts[1])
	if err != nil {
		return EnrolmentToken{}, err
	}
	if err := checkServerURL(parts[2]); err != nil {
		return EnrolmentToken{}, err
	}
	return EnrolmentToken{ServerURL: parts[2], ServerKey: key, Secret: secret}, nil
}

// ParseEnrolmentSecret checks the form of a secret that a controller presents.
func ParseEnrolmentSecret(text string) (Secret, error) { return parseSecret(text, enrolSecretTag) }

func checkServerURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil, len(text) > maxServerURL, strings.ContainsAny(text, " \t\r\n"),
		u.User != nil, u.RawQuery != "", u.ForceQuery, u.Fragment != "", u.Hostname() == "":
		return ErrServerURL
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return ErrServerURL
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}
