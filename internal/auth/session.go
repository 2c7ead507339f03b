package auth

import (
	"io"
	"net/http"
	"time"
)

const (
	// SessionIdle ends a session that was not used for so long.
	SessionIdle = 12 * time.Hour
	// SessionMax ends every session, however busy.
	SessionMax = 14 * 24 * time.Hour

	sessionPrefix = "s1_"
	// The prefix makes a browser refuse the cookie unless it is Secure, for this host and path "/".
	secureCookie = "__Host-cubby"
	plainCookie  = "cubby" // plain HTTP on loopback or in a closed network
)

// Session is one sign-in of a member of staff, as it is stored.
type Session struct {
	Digest     Digest // of the cookie's secret
	Person     string // id
	CreatedAt  time.Time
	LastSeenAt time.Time
	// AgentHint is what the list of sign-ins shows: a shortened user agent.
	AgentHint string
}

// NewSession starts a session. The secret goes into the cookie and is kept nowhere else. A new one
// is made at each sign-in, so a planted cookie is worth nothing.
func NewSession(random io.Reader, person, agent string, now time.Time) (Session, Secret, error) {
	secret, err := newSecret(random, sessionPrefix)
	if err != nil {
		return Session{}, "", err
	}
	return Session{
		Digest: secret.Digest(), Person: person, CreatedAt: now.UTC(), LastSeenAt: now.UTC(),
		AgentHint: shorten(agent, 120),
	}, secret, nil
}

// Valid reports whether the session still counts at now. A clock before its start does not revive
// or extend it.
func (s Session) Valid(now time.Time) bool {
	return s.Person != "" && now.Before(s.CreatedAt.Add(SessionMax)) && now.Before(s.LastSeenAt.Add(SessionIdle))
}

// NeedsTouch reports whether LastSeenAt should be stored again: at most once in five minutes, so
// that reading pages does not write to the database.
func (s Session) NeedsTouch(now time.Time) bool { return now.Sub(s.LastSeenAt) > 5*time.Minute }

// SessionCookie returns the cookie that holds a session's secret: unreadable for scripts, not sent
// from other sites, and bound to this host where secure (HTTPS) is true.
func SessionCookie(secret Secret, secure bool) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure follows the connection: plain HTTP on loopback has no other way
		Name: cookieName(secure), Value: string(secret), Path: "/", MaxAge: int(SessionMax / time.Second),
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	}
}

// EndSessionCookie returns the cookie that takes a session's cookie away.
func EndSessionCookie(secure bool) *http.Cookie {
	c := SessionCookie("", secure) //nolint:gosec // as the cookie that it takes away
	c.MaxAge = -1
	return c
}

// SessionSecret returns the secret in a request's cookie. It returns [ErrToken] when there is none
// or when it cannot be one.
func SessionSecret(r *http.Request, secure bool) (Secret, error) {
	c, err := r.Cookie(cookieName(secure))
	if err != nil {
		return "", ErrToken
	}
	return parseSecret(c.Value, sessionPrefix)
}

func cookieName(secure bool) string {
	if secure {
		return secureCookie
	}
	return plainCookie
}

// shorten keeps at most n runes.
func shorten(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}
