package cloud

import (
	"context"
	"time"

	"cubby/internal/auth"
	"cubby/internal/locker"
)

// OwnerDraft is the first owner of an organization, made on the command line.
type OwnerDraft struct {
	Organization string // name; the organization is created when there is none yet
	Name         string
	Email        string
	Password     string
}

// CreateOwner creates an owner, and the organization when it is the first one.
func (c *Cloud) CreateOwner(ctx context.Context, d OwnerDraft) (Principal, error) {
	return Principal{}, errLater
}

// SignIn checks a password and starts a session; the secret is for the cookie. Whatever is wrong,
// the error is SIGN_IN_WRONG. Limiting tries by address is the face's part.
func (c *Cloud) SignIn(ctx context.Context, email, password, agent string) (auth.Secret, error) {
	return "", errLater
}

// SignOut ends a session.
func (c *Cloud) SignOut(ctx context.Context, secret auth.Secret) error { return errLater }

// Session returns who a session's secret belongs to, or SESSION_ENDED.
func (c *Cloud) Session(ctx context.Context, secret auth.Secret) (Principal, error) {
	return Principal{}, errLater
}

// UserView is a user of the console.
type UserView struct {
	ID       string
	Name     string
	Email    string
	Roles    []Role
	Duties   []locker.Duty // at kiosks
	Disabled bool
}

// Users returns the users of the principal's organization.
func (c *Cloud) Users(ctx context.Context, p Principal) ([]UserView, error) { return nil, errLater }

// UserDraft is a user to add or to change.
type UserDraft struct {
	ID       string // empty: a new one
	Name     string
	Email    string // of a new one
	Password string // of a new one
	Roles    []Role
	Duties   []locker.Duty
	Disabled bool
}

// PutUser adds or changes a user and tells the organization's sites who is staff.
func (c *Cloud) PutUser(ctx context.Context, p Principal, d UserDraft) (string, error) {
	return "", errLater
}

// StaffCode returns a user's code for the kiosks of a site. The act is recorded.
func (c *Cloud) StaffCode(ctx context.Context, p Principal, site locker.SiteID, user string) (Code, error) {
	return Code{}, errLater
}

// TokenView is an API token in a list.
type TokenView struct {
	ID      string // digest in hexadecimal
	Name    string
	Hint    string // last four characters
	Scopes  []auth.Scope
	Created time.Time
	Expires time.Time // zero: never
	Revoked time.Time // zero: not
}

// CreateAPIToken makes an API token; its text is shown once. expires may be zero: never.
func (c *Cloud) CreateAPIToken(ctx context.Context, p Principal, name string, scopes []auth.Scope, expires time.Time) (auth.Secret, error) {
	return "", errLater
}

// APITokens lists the tokens of the principal's organization.
func (c *Cloud) APITokens(ctx context.Context, p Principal) ([]TokenView, error) {
	return nil, errLater
}

// RevokeAPIToken ends a token.
func (c *Cloud) RevokeAPIToken(ctx context.Context, p Principal, id string) error { return errLater }

// Token returns who an API token acts for, or NOT_ALLOWED.
func (c *Cloud) Token(ctx context.Context, secret auth.Secret) (Principal, error) {
	return Principal{}, errLater
}
