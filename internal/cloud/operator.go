package cloud

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"cubby/internal/locker"
	"cubby/internal/store/db"
)

// Operator returns the principal of somebody who works on the server itself: the owner with that
// e-mail address or, when it is empty, the first owner. Whoever may run commands on the server's
// files needs no password; what they do is recorded under the owner's name, by way of "cli".
// Without such an owner it returns NOT_FOUND.
func (c *Cloud) Operator(ctx context.Context, email string) (Principal, error) {
	q := c.store.Read()
	if email != "" {
		user, err := q.FindUserByEmail(ctx, strings.ToLower(strings.TrimSpace(email)))
		if err != nil {
			return Principal{}, notFound(noneIf(err), "owner")
		}
		return operatorOf(user)
	}
	organization, err := q.FirstOrganization(ctx)
	if isNone(err) {
		return Principal{}, locker.Errorf(locker.CodeNotFound, "there is no owner yet: run `cubby owner add`")
	}
	if err != nil {
		return Principal{}, fmt.Errorf("find the organization: %w", err)
	}
	users, err := q.ListUsers(ctx, organization.ID)
	if err != nil {
		return Principal{}, fmt.Errorf("list users: %w", err)
	}
	slices.SortStableFunc(users, func(a, b db.User) int { return int(a.CreatedAt - b.CreatedAt) })
	for _, user := range users {
		if p, err := operatorOf(user); err == nil {
			return p, nil
		}
	}
	return Principal{}, locker.Errorf(locker.CodeNotFound, "there is no owner yet: run `cubby owner add`")
}

func operatorOf(user db.User) (Principal, error) {
	p, err := principalOf(user, "cli")
	if err != nil {
		return Principal{}, err
	}
	if user.Disabled || !p.May(RoleOwner) {
		return Principal{}, locker.Errorf(locker.CodeNotAllowed, "%s is not an owner", user.Email)
	}
	return p, nil
}

// HostedSites returns the sites without hardware, which run inside the server.
func (c *Cloud) HostedSites(ctx context.Context) ([]locker.SiteID, error) {
	rows, err := c.store.Read().ListHostedSites(ctx)
	if err != nil {
		return nil, fmt.Errorf("list hosted sites: %w", err)
	}
	sites := make([]locker.SiteID, 0, len(rows))
	for _, id := range rows {
		sites = append(sites, locker.SiteID(id))
	}
	return sites, nil
}
