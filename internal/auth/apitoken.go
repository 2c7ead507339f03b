package auth

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
)

// APITokenPrefix starts every API token.
const APITokenPrefix = "cubby_"

// ErrScope means that a scope has no meaning.
var ErrScope = errors.New("auth: unknown scope")

// Scope is what an API token may be used for.
type Scope string

// The scopes. None includes another.
const (
	ScopeRead  Scope = "read"  // read sites, places, parcels and facts
	ScopePII   Scope = "pii"   // read and write residents: names and contacts
	ScopeWrite Scope = "write" // change parcels, layout and settings
	ScopeOpen  Scope = "open"  // ask a site to open a door
)

// Scopes lists every scope, in the order in which a form shows them.
func Scopes() []Scope { return []Scope{ScopeRead, ScopePII, ScopeWrite, ScopeOpen} }

// ParseScopes reads scopes divided by spaces or commas, without repeats. It returns [ErrScope] for
// an unknown one and when there is none.
func ParseScopes(text string) ([]Scope, error) {
	var scopes []Scope
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ' ' || r == ',' }) {
		s := Scope(word)
		if !slices.Contains(Scopes(), s) {
			return nil, fmt.Errorf("%w: %q", ErrScope, shorten(word, 20))
		}
		if !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	if len(scopes) == 0 {
		return nil, fmt.Errorf("%w: none given", ErrScope)
	}
	return scopes, nil
}

// APIToken is a program's right to use the API, as it is stored.
type APIToken struct {
	Digest       Digest
	Hint         string // the last four characters, to tell tokens apart in a list
	Name         string
	Organization string // id
	Scopes       []Scope
	CreatedBy    string // id of a person
	CreatedAt    time.Time
	ExpiresAt    time.Time // zero = never
	RevokedAt    time.Time // zero = not revoked
}

// NewAPIToken completes t with the digest and the hint of a new random token, and returns the
// token's text, which is shown once.
func NewAPIToken(random io.Reader, t APIToken) (APIToken, Secret, error) {
	if len(t.Scopes) == 0 || t.Organization == "" {
		return APIToken{}, "", fmt.Errorf("%w: a token needs an organization and a scope", ErrScope)
	}
	secret, err := newSecret(random, APITokenPrefix)
	if err != nil {
		return APIToken{}, "", err
	}
	t.Digest, t.Hint = secret.Digest(), string(secret[len(secret)-4:])
	return t, secret, nil
}

// Valid reports whether the token counts at now.
func (t APIToken) Valid(now time.Time) bool {
	return t.RevokedAt.IsZero() && (t.ExpiresAt.IsZero() || now.Before(t.ExpiresAt))
}

// Allows reports whether the token has the scope.
func (t APIToken) Allows(s Scope) bool { return slices.Contains(t.Scopes, s) }

// ParseAPIToken checks the form of a token: prefix, length and checksum. It returns [ErrToken] for
// anything else, so that nothing else reaches the database.
func ParseAPIToken(text string) (Secret, error) { return parseSecret(text, APITokenPrefix) }

// BearerToken returns the API token in a request's Authorization header. It returns [ErrToken]
// when there is none or when it is damaged.
func BearerToken(r *http.Request) (Secret, error) {
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", ErrToken
	}
	return ParseAPIToken(strings.TrimSpace(text))
}
