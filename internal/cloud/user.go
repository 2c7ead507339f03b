package cloud

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"cubby/internal/auth"
	"cubby/internal/locker"
	"cubby/internal/store/db"
	"cubby/internal/wire"
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
	var p Principal
	draft := UserDraft{Name: d.Name, Email: d.Email, Password: d.Password, Roles: []Role{RoleOwner}, Duties: allDuties()}
	checked, hash, err := c.checkUser(ctx, draft, d.Organization)
	if err != nil {
		return p, err
	}
	err = c.store.Tx(ctx, func(q *db.Queries) error {
		organization, err := q.FirstOrganization(ctx)
		if isNone(err) {
			organization, err = c.createOrganization(ctx, q, d.Organization)
		}
		if err != nil {
			return fmt.Errorf("find the organization: %w", err)
		}
		p = Principal{Organization: organization.ID, Name: checked.Name, Roles: checked.Roles, Via: "cli"}
		if p.User, err = c.addUser(ctx, q, p, checked, hash); err != nil {
			return err
		}
		return c.act(ctx, q, p, act{kind: "create_owner", subject: p.User})
	})
	return p, err
}

func allDuties() []locker.Duty {
	return []locker.Duty{locker.DutyOpen, locker.DutyClear, locker.DutyReissue, locker.DutyService}
}

func (c *Cloud) createOrganization(ctx context.Context, q *db.Queries, name string) (db.Organization, error) {
	name, err := checkText("organization", name, 1, 200)
	if err != nil {
		return db.Organization{}, err
	}
	o := db.Organization{ID: c.newID(), Name: name, CreatedAt: c.millis()}
	return o, q.CreateOrganization(ctx, db.CreateOrganizationParams(o))
}

// checkUser checks a draft and hashes its password, which takes a while and so happens before the
// transaction.
func (c *Cloud) checkUser(ctx context.Context, d UserDraft, organization string) (UserDraft, string, error) {
	var err error
	if d.Name, err = checkText("name", d.Name, 1, 200); err != nil {
		return d, "", err
	}
	if len(d.Roles) == 0 {
		return d, "", locker.Errorf(locker.CodeInputInvalid, "a user needs a role")
	}
	for _, r := range d.Roles {
		if r.rank() == 0 {
			return d, "", locker.Errorf(locker.CodeInputInvalid, "no role %q", string(r))
		}
	}
	for _, duty := range d.Duties {
		if !slices.Contains(allDuties(), duty) {
			return d, "", locker.Errorf(locker.CodeInputInvalid, "no duty %q", string(duty))
		}
	}
	if d.ID != "" {
		return d, "", nil
	}
	if d.Email, err = checkEmail(d.Email); err != nil {
		return d, "", err
	}
	if err := auth.CheckPassword(d.Password, d.Name, d.Email, organization); err != nil {
		return d, "", locker.Errorf(locker.CodeInputInvalid, "%s", strings.TrimPrefix(err.Error(), "auth: "))
	}
	hash, err := c.passwords.Hash(ctx, d.Password)
	return d, hash, err
}

// checkEmail returns an address in lower case.
func checkEmail(text string) (string, error) {
	address, err := mail.ParseAddress(strings.TrimSpace(text))
	if err != nil || len(text) > maxEmail || address.Name != "" {
		return "", locker.Errorf(locker.CodeInputInvalid, "%q is not an e-mail address", shorten(text))
	}
	return strings.ToLower(address.Address), nil
}

const maxEmail = 254 // Source: RFC 5321 §4.5.3.1.3

func (c *Cloud) addUser(ctx context.Context, q *db.Queries, p Principal, d UserDraft, hash string) (string, error) {
	if _, err := q.FindUserByEmail(ctx, d.Email); !isNone(err) {
		return "", locker.Errorf(locker.CodeConflict, "there is a user with this e-mail address already")
	}
	roles, err := encodeJSON(d.Roles)
	if err != nil {
		return "", err
	}
	duties, err := encodeJSON(slices.Concat([]locker.Duty{}, d.Duties))
	if err != nil {
		return "", err
	}
	row := db.User{
		ID: c.newID(), Organization: p.Organization, Name: d.Name, Email: d.Email, PasswordHash: hash, Roles: roles,
		Duties: duties, Generation: 1, Disabled: d.Disabled, CreatedAt: c.millis(),
	}
	if err := q.CreateUser(ctx, db.CreateUserParams(row)); err != nil {
		return "", fmt.Errorf("create a user: %w", err)
	}
	_, err = c.publishStaff(ctx, q, row)
	return row.ID, err
}

// publishStaff tells every site that a user's organization runs who the user is. The code at the
// kiosks differs from site to site, for each has its own key.
func (c *Cloud) publishStaff(ctx context.Context, q *db.Queries, user db.User) ([]locker.SiteID, error) {
	tree, err := q.ListOrganizationTree(ctx, user.Organization)
	if err != nil {
		return nil, fmt.Errorf("list organizations: %w", err)
	}
	var told []locker.SiteID
	for _, organization := range tree {
		sites, err := q.ListSites(ctx, organization)
		if err != nil {
			return nil, fmt.Errorf("list sites: %w", err)
		}
		for _, site := range sites {
			change, err := staffChange(user, site)
			if err != nil {
				return nil, err
			}
			if err := c.publish(ctx, q, site.ID, change); err != nil {
				return nil, err
			}
			told = append(told, locker.SiteID(site.ID))
		}
	}
	return told, nil
}

func staffChange(user db.User, site db.Site) (wire.Change, error) {
	s := locker.Staff{
		ID: locker.StaffID(user.ID), Name: user.Name, Generation: uint32(user.Generation), Key: locker.KeyID(site.CodeKey),
		Revoked: user.Disabled,
	}
	if err := decodeJSON(user.Duties, &s.Duties); err != nil {
		return wire.Change{}, err
	}
	return wire.EncodeStaff(s)
}

// SignIn checks a password and starts a session; the secret is for the cookie. Whatever is wrong,
// the error is SIGN_IN_WRONG. Limiting tries by address is the face's part.
func (c *Cloud) SignIn(ctx context.Context, email, password, agent string) (auth.Secret, error) {
	wrong := locker.Errorf(locker.CodeSignInWrong, "the e-mail address or the password is wrong")
	user, err := c.store.Read().FindUserByEmail(ctx, strings.ToLower(strings.TrimSpace(email)))
	if err != nil && !isNone(err) {
		return "", fmt.Errorf("find the user: %w", err)
	}
	// Somebody unknown takes as long as a wrong password.
	verdict, err := c.passwords.Verify(ctx, user.PasswordHash, password)
	if err != nil {
		return "", err
	}
	if !verdict.OK || user.Disabled {
		return "", wrong
	}
	rehashed := ""
	if verdict.Rehash {
		if rehashed, err = c.passwords.Hash(ctx, password); err != nil {
			return "", err
		}
	}
	session, secret, err := auth.NewSession(c.rand, user.ID, agent, c.now())
	if err != nil {
		return "", err
	}
	err = c.store.Tx(ctx, func(q *db.Queries) error {
		if rehashed != "" {
			if err := q.SetUserPassword(ctx, db.SetUserPasswordParams{PasswordHash: rehashed, ID: user.ID}); err != nil {
				return fmt.Errorf("keep the password: %w", err)
			}
		}
		return q.CreateWebSession(ctx, db.CreateWebSessionParams{
			TokenHash: session.Digest[:], UserID: user.ID, AgentHint: session.AgentHint,
			CreatedAt: session.CreatedAt.UnixMilli(), SeenAt: session.LastSeenAt.UnixMilli(),
		})
	})
	return secret, err
}

// SignOut ends a session.
func (c *Cloud) SignOut(ctx context.Context, secret auth.Secret) error {
	digest := secret.Digest()
	return c.store.Tx(ctx, func(q *db.Queries) error { return q.DeleteWebSession(ctx, digest[:]) })
}

// Session returns who a session's secret belongs to, or SESSION_ENDED.
func (c *Cloud) Session(ctx context.Context, secret auth.Secret) (Principal, error) {
	over := locker.Errorf(locker.CodeSessionEnded, "sign in again")
	digest := secret.Digest()
	row, err := c.store.Read().FindWebSession(ctx, digest[:])
	if isNone(err) {
		return Principal{}, over
	}
	if err != nil {
		return Principal{}, fmt.Errorf("find the session: %w", err)
	}
	session := auth.Session{Person: row.UserID, CreatedAt: moment(row.CreatedAt), LastSeenAt: moment(row.SeenAt)}
	now := c.now()
	if !session.Valid(now) {
		return Principal{}, over
	}
	user, err := c.store.Read().FindUser(ctx, row.UserID)
	if err != nil || user.Disabled {
		return Principal{}, over
	}
	if session.NeedsTouch(now) {
		err := c.store.Tx(ctx, func(q *db.Queries) error {
			return q.TouchWebSession(ctx, db.TouchWebSessionParams{SeenAt: now.UnixMilli(), TokenHash: digest[:]})
		})
		if err != nil {
			return Principal{}, fmt.Errorf("touch the session: %w", err)
		}
	}
	return principalOf(user, "console")
}

func principalOf(user db.User, via string) (Principal, error) {
	p := Principal{User: user.ID, Name: user.Name, Organization: user.Organization, Via: via}
	return p, decodeJSON(user.Roles, &p.Roles)
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
func (c *Cloud) Users(ctx context.Context, p Principal) ([]UserView, error) {
	rows, err := c.store.Read().ListUsers(ctx, p.Organization)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	users := make([]UserView, 0, len(rows))
	for _, row := range rows {
		u := UserView{ID: row.ID, Name: row.Name, Email: row.Email, Disabled: row.Disabled}
		if err := decodeJSON(row.Roles, &u.Roles); err != nil {
			return nil, err
		}
		if err := decodeJSON(row.Duties, &u.Duties); err != nil {
			return nil, err
		}
		users = append(users, u)
	}
	return users, nil
}

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
	if err := p.Need(RoleOwner, auth.ScopeWrite); err != nil {
		return "", err
	}
	d, hash, err := c.checkUser(ctx, d, "")
	if err != nil {
		return "", err
	}
	id := d.ID
	var told []locker.SiteID
	err = c.store.Tx(ctx, func(q *db.Queries) (err error) {
		if id == "" {
			if id, err = c.addUser(ctx, q, p, d, hash); err != nil {
				return err
			}
			return c.act(ctx, q, p, act{kind: "create_user", subject: id})
		}
		if told, err = c.updateUser(ctx, q, p, d); err != nil {
			return err
		}
		return c.act(ctx, q, p, act{kind: "update_user", subject: id})
	})
	if err == nil {
		c.wakeSites(told...)
	}
	return id, err
}

func (c *Cloud) updateUser(ctx context.Context, q *db.Queries, p Principal, d UserDraft) ([]locker.SiteID, error) {
	row, err := q.FindUser(ctx, d.ID)
	if err != nil || row.Organization != p.Organization {
		return nil, notFound(noneIf(err), "user")
	}
	if d.ID == p.User && (d.Disabled || !slices.Contains(d.Roles, RoleOwner)) {
		return nil, locker.Errorf(locker.CodeNotAllowed, "you cannot take your own access away")
	}
	if row.Roles, err = encodeJSON(d.Roles); err != nil {
		return nil, err
	}
	if row.Duties, err = encodeJSON(slices.Concat([]locker.Duty{}, d.Duties)); err != nil {
		return nil, err
	}
	if d.Disabled && !row.Disabled {
		row.Generation++ // the code at the kiosks is worthless from now on
		if err := q.DeleteWebSessionsOf(ctx, row.ID); err != nil {
			return nil, fmt.Errorf("end the sessions of a user: %w", err)
		}
	}
	row.Name, row.Disabled = d.Name, d.Disabled
	err = q.UpdateUser(ctx, db.UpdateUserParams{
		Name: row.Name, Roles: row.Roles, Duties: row.Duties, Generation: row.Generation, Disabled: row.Disabled, ID: row.ID,
	})
	if err != nil {
		return nil, fmt.Errorf("update a user: %w", err)
	}
	return c.publishStaff(ctx, q, row)
}

// SetPassword replaces the password of a user and ends the user's sessions. Owners set those of
// others, everybody the own one.
func (c *Cloud) SetPassword(ctx context.Context, p Principal, user, password string) error {
	if user != p.User {
		if err := p.Need(RoleOwner, auth.ScopeWrite); err != nil {
			return err
		}
	}
	row, err := c.store.Read().FindUser(ctx, user)
	if err != nil || row.Organization != p.Organization {
		return notFound(noneIf(err), "user")
	}
	if err := auth.CheckPassword(password, row.Name, row.Email); err != nil {
		return locker.Errorf(locker.CodeInputInvalid, "%s", strings.TrimPrefix(err.Error(), "auth: "))
	}
	hash, err := c.passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	return c.store.Tx(ctx, func(q *db.Queries) error {
		if err := q.SetUserPassword(ctx, db.SetUserPasswordParams{PasswordHash: hash, ID: user}); err != nil {
			return fmt.Errorf("keep the password: %w", err)
		}
		if err := q.DeleteWebSessionsOf(ctx, user); err != nil {
			return fmt.Errorf("end the sessions of a user: %w", err)
		}
		return c.act(ctx, q, p, act{kind: "set_password", subject: user})
	})
}

// StaffCode returns a user's code for the kiosks of a site. The act is recorded.
func (c *Cloud) StaffCode(ctx context.Context, p Principal, site locker.SiteID, user string) (Code, error) {
	if user != p.User {
		if err := p.Need(RoleOwner, auth.ScopeWrite); err != nil {
			return Code{}, err
		}
	}
	if err := p.NeedScope(auth.ScopeWrite); err != nil {
		return Code{}, err
	}
	row, err := c.findSite(ctx, p, site)
	if err != nil {
		return Code{}, err
	}
	person, err := c.store.Read().FindUser(ctx, user)
	if err != nil || person.Organization != p.Organization {
		return Code{}, notFound(noneIf(err), "user")
	}
	var code Code
	err = c.store.Tx(ctx, func(q *db.Queries) error {
		cr, err := c.derive(ctx, q, derivation{row.ID, row.CodeKey, subjectStaff + user, person.Generation})
		if err != nil {
			return err
		}
		code = codeOf(cr, "")
		return c.act(ctx, q, p, act{kind: "show_staff_code", site: row.ID, subject: user})
	})
	return code, err
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
	if err := p.Need(RoleOwner, auth.ScopeWrite); err != nil {
		return "", err
	}
	name, err := checkText("name", name, 1, 100)
	if err != nil {
		return "", err
	}
	for _, s := range scopes {
		if !slices.Contains(auth.Scopes(), s) || !p.Allows(s) {
			return "", locker.Errorf(locker.CodeInputInvalid, "scope %q cannot be given", string(s))
		}
	}
	if len(scopes) == 0 {
		return "", locker.Errorf(locker.CodeInputInvalid, "a token needs a scope")
	}
	token, secret, err := auth.NewAPIToken(c.rand, auth.APIToken{
		Name: name, Organization: p.Organization, Scopes: scopes, CreatedBy: p.User, CreatedAt: c.now(), ExpiresAt: expires,
	})
	if err != nil {
		return "", err
	}
	text, err := encodeJSON(scopes)
	if err != nil {
		return "", err
	}
	err = c.store.Tx(ctx, func(q *db.Queries) error {
		err := q.CreateAPIToken(ctx, db.CreateAPITokenParams{
			TokenHash: token.Digest[:], Hint: token.Hint, Name: name, Organization: p.Organization, Scopes: text,
			CreatedBy: p.User, CreatedAt: c.millis(), ExpiresAt: int64(locker.At(expires)),
		})
		if err != nil {
			return fmt.Errorf("keep the token: %w", err)
		}
		return c.act(ctx, q, p, act{kind: "create_api_token", subject: token.Hint})
	})
	return secret, err
}

// APITokens lists the tokens of the principal's organization.
func (c *Cloud) APITokens(ctx context.Context, p Principal) ([]TokenView, error) {
	if err := p.Need(RoleOwner, auth.ScopeRead); err != nil {
		return nil, err
	}
	rows, err := c.store.Read().ListAPITokens(ctx, p.Organization)
	if err != nil {
		return nil, fmt.Errorf("list tokens: %w", err)
	}
	tokens := make([]TokenView, 0, len(rows))
	for _, row := range rows {
		t := TokenView{
			ID: hex.EncodeToString(row.TokenHash), Name: row.Name, Hint: row.Hint, Created: moment(row.CreatedAt),
			Expires: moment(row.ExpiresAt), Revoked: moment(row.RevokedAt),
		}
		if err := decodeJSON(row.Scopes, &t.Scopes); err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
	}
	return tokens, nil
}

// RevokeAPIToken ends a token.
func (c *Cloud) RevokeAPIToken(ctx context.Context, p Principal, id string) error {
	if err := p.Need(RoleOwner, auth.ScopeWrite); err != nil {
		return err
	}
	digest, err := hex.DecodeString(id)
	if err != nil {
		return locker.Errorf(locker.CodeNotFound, "no such token")
	}
	return c.store.Tx(ctx, func(q *db.Queries) error {
		n, err := q.RevokeAPIToken(ctx, db.RevokeAPITokenParams{
			RevokedAt: c.millis(), TokenHash: digest, Organization: p.Organization,
		})
		if err != nil {
			return fmt.Errorf("end a token: %w", err)
		}
		if n == 0 {
			return locker.Errorf(locker.CodeNotFound, "no such token")
		}
		return c.act(ctx, q, p, act{kind: "revoke_api_token", subject: id[:min(len(id), 8)]})
	})
}

// Token returns who an API token acts for, or NOT_ALLOWED.
func (c *Cloud) Token(ctx context.Context, secret auth.Secret) (Principal, error) {
	refused := locker.Errorf(locker.CodeNotAllowed, "this API token is unknown, over or revoked")
	digest := secret.Digest()
	row, err := c.store.Read().FindAPIToken(ctx, digest[:])
	if isNone(err) {
		return Principal{}, refused
	}
	if err != nil {
		return Principal{}, fmt.Errorf("find the token: %w", err)
	}
	token := auth.APIToken{ExpiresAt: moment(row.ExpiresAt), RevokedAt: moment(row.RevokedAt)}
	user, err := c.store.Read().FindUser(ctx, row.CreatedBy)
	if err != nil || user.Disabled || !token.Valid(c.now()) {
		return Principal{}, refused
	}
	p, err := principalOf(user, "api")
	if err != nil {
		return Principal{}, err
	}
	p.Organization = row.Organization
	return p, decodeJSON(row.Scopes, &p.Scopes)
}
