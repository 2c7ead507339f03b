package cli

import (
	"context"
	"fmt"
	"strings"

	"cubby/internal/cloud"
	"cubby/internal/locker"
)

type staffCmd struct {
	Add      staffAddCmd      `cmd:"" help:"Add a member of staff. The password comes from the input or from a file."`
	List     staffListCmd     `cmd:"" help:"List the staff."`
	Code     staffCodeCmd     `cmd:"" help:"Print somebody's code for the kiosks of a site. It is recorded that it was shown."`
	Password staffPasswordCmd `cmd:"" help:"Set somebody's password and end their sessions."`
}

type staffAddCmd struct {
	Email        string        `arg:"" help:"E-mail address to sign in with."`
	Name         string        `help:"Name of the person." required:""`
	Role         cloud.Role    `help:"What they may do: owner (everything), manager (sites, people, policy) or staff (daily work)." default:"staff" enum:"owner,manager,staff"`
	Duty         []locker.Duty `help:"What they may do at kiosks: open, clear, reissue, service." default:"open,clear,reissue"`
	PasswordFile string        `help:"File with the password; else it is read from the input." type:"existingfile"`
	Owner        string        `help:"E-mail address of the owner whose organization it is; the first when empty."`
}

// Run adds the person.
func (cmd staffAddCmd) Run(ctx context.Context, e *env) error {
	password, err := readPassword(e, cmd.PasswordFile)
	if err != nil {
		return err
	}
	return e.withOperator(ctx, cmd.Owner, func(c *cloud.Cloud, p cloud.Principal) error {
		_, err := c.PutUser(ctx, p, cloud.UserDraft{
			Name: cmd.Name, Email: cmd.Email, Password: password, Roles: []cloud.Role{cmd.Role}, Duties: cmd.Duty,
		})
		if err != nil {
			return err
		}
		return e.print("%s may sign in as %s", cmd.Name, strings.ToLower(cmd.Email))
	})
}

type staffListCmd struct {
	Owner string `help:"E-mail address of the owner whose organization it is; the first when empty."`
}

// Run lists them.
func (cmd staffListCmd) Run(ctx context.Context, e *env) error {
	return e.withOperator(ctx, cmd.Owner, func(c *cloud.Cloud, p cloud.Principal) error {
		users, err := c.Users(ctx, p)
		if err != nil {
			return err
		}
		for _, u := range users {
			if err := e.print("%s\t%s\t%v\t%v", u.Email, u.Name, u.Roles, u.Duties); err != nil {
				return err
			}
		}
		return nil
	})
}

type staffCodeCmd struct {
	Email string `arg:"" help:"E-mail address of the person."`
	Site  string `help:"Site whose kiosks it opens; see 'cubby site list'." required:""`
	Owner string `help:"E-mail address of the owner whose organization it is; the first when empty."`
}

// Run prints the code.
func (cmd staffCodeCmd) Run(ctx context.Context, e *env) error {
	return e.withOperator(ctx, cmd.Owner, func(c *cloud.Cloud, p cloud.Principal) error {
		user, err := findUser(ctx, c, p, cmd.Email)
		if err != nil {
			return err
		}
		code, err := c.StaffCode(ctx, p, locker.SiteID(cmd.Site), user)
		if err != nil {
			return err
		}
		return e.print("%s", code.Symbols)
	})
}

type staffPasswordCmd struct {
	Email        string `arg:"" help:"E-mail address of the person."`
	PasswordFile string `help:"File with the password; else it is read from the input." type:"existingfile"`
	Owner        string `help:"E-mail address of the owner whose organization it is; the first when empty."`
}

// Run sets the password.
func (cmd staffPasswordCmd) Run(ctx context.Context, e *env) error {
	password, err := readPassword(e, cmd.PasswordFile)
	if err != nil {
		return err
	}
	return e.withOperator(ctx, cmd.Owner, func(c *cloud.Cloud, p cloud.Principal) error {
		user, err := findUser(ctx, c, p, cmd.Email)
		if err != nil {
			return err
		}
		if err := c.SetPassword(ctx, p, user, password); err != nil {
			return err
		}
		return e.print("%s signs in with the new password from now on", strings.ToLower(cmd.Email))
	})
}

func findUser(ctx context.Context, c *cloud.Cloud, p cloud.Principal, email string) (string, error) {
	users, err := c.Users(ctx, p)
	if err != nil {
		return "", err
	}
	for _, u := range users {
		if strings.EqualFold(u.Email, strings.TrimSpace(email)) {
			return u.ID, nil
		}
	}
	return "", usageError{fmt.Errorf("nobody of the staff has the address %s: see 'cubby staff list'", email)}
}

// withOperator runs f over the server's tables as an owner.
func (e *env) withOperator(ctx context.Context, owner string, f func(*cloud.Cloud, cloud.Principal) error) error {
	return e.withCloud(ctx, func(c *cloud.Cloud) error {
		p, err := c.Operator(ctx, owner)
		if err != nil {
			return err
		}
		return f(c, p)
	})
}
