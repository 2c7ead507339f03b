package cloud

import (
	"slices"

	"cubby/internal/auth"
	"cubby/internal/locker"
)

// Role is what a console user may do. The zero value is invalid.
type Role string

// The roles. Each includes those below it.
const (
	RoleOwner   Role = "owner"   // everything, also users and API tokens
	RoleManager Role = "manager" // sites, people, policy
	RoleStaff   Role = "staff"   // daily work
)

// Principal is who acts: a user of the console, or a program with a user's API token.
type Principal struct {
	User         string // id; also the locker.StaffID by which the sites know the person
	Name         string
	Organization string // sees this one and those below it
	Roles        []Role
	Via          string       // "console", "api", "cli"
	Scopes       []auth.Scope // of an API token; nil for a person
}

// May reports whether the principal has the role, or one that includes it.
func (p Principal) May(r Role) bool {
	for _, have := range p.Roles {
		if have.rank() >= r.rank() && r.rank() > 0 {
			return true
		}
	}
	return false
}

// Allows reports whether the principal's token has the scope; a person has all of them.
func (p Principal) Allows(s auth.Scope) bool { return p.Scopes == nil || slices.Contains(p.Scopes, s) }

// Staff returns the id by which the sites know the principal.
func (p Principal) Staff() locker.StaffID { return locker.StaffID(p.User) }

func (r Role) rank() int {
	switch r {
	case RoleOwner:
		return 3
	case RoleManager:
		return 2
	case RoleStaff:
		return 1
	}
	return 0
}

// Need returns NOT_ALLOWED when the principal lacks the role or its token the scope.
func (p Principal) Need(r Role, s auth.Scope) error {
	if !p.May(r) {
		return locker.Errorf(locker.CodeNotAllowed, "this needs the role %q", string(r))
	}
	return p.NeedScope(s)
}

// NeedScope returns NOT_ALLOWED when the principal's token lacks the scope.
func (p Principal) NeedScope(s auth.Scope) error {
	if !p.Allows(s) {
		return locker.Errorf(locker.CodeNotAllowed, "this token lacks the scope %q", string(s))
	}
	return nil
}
