package cli

import (
	"context"
	"time"

	"cubby/internal/auth"
	"cubby/internal/cloud"
)

type apiTokenCmd struct {
	Add    tokenAddCmd    `cmd:"" help:"Make an API token and print it. It is shown once."`
	List   tokenListCmd   `cmd:"" help:"List the API tokens."`
	Revoke tokenRevokeCmd `cmd:"" help:"End an API token."`
}

type tokenAddCmd struct {
	Name  string        `arg:"" help:"What it is for."`
	Scope []auth.Scope  `help:"What it may do: read, pii (names, contacts, tracking numbers), write, open (doors)." default:"read"`
	Valid time.Duration `help:"How long it is valid, e.g. 2160h; 0: until it is revoked." default:"0s"`
	Owner string        `help:"E-mail address of the owner for whom it acts; the first when empty."`
}

// Run makes the token.
func (cmd tokenAddCmd) Run(ctx context.Context, e *env) error {
	return e.withOperator(ctx, cmd.Owner, func(c *cloud.Cloud, p cloud.Principal) error {
		var expires time.Time
		if cmd.Valid > 0 {
			expires = time.Now().Add(cmd.Valid)
		}
		token, err := c.CreateAPIToken(ctx, p, cmd.Name, cmd.Scope, expires)
		if err != nil {
			return err
		}
		return e.print("%s", string(token))
	})
}

type tokenListCmd struct {
	Owner string `help:"E-mail address of the owner whose organization it is; the first when empty."`
}

// Run lists the tokens.
func (cmd tokenListCmd) Run(ctx context.Context, e *env) error {
	return e.withOperator(ctx, cmd.Owner, func(c *cloud.Cloud, p cloud.Principal) error {
		tokens, err := c.APITokens(ctx, p)
		if err != nil {
			return err
		}
		for _, t := range tokens {
			state := "valid"
			switch {
			case !t.Revoked.IsZero():
				state = "revoked"
			case !t.Expires.IsZero():
				state = "until " + t.Expires.UTC().Format(time.DateOnly)
			}
			if err := e.print("%s\t%s\t...%s\t%v\t%s", t.ID, t.Name, t.Hint, t.Scopes, state); err != nil {
				return err
			}
		}
		return nil
	})
}

type tokenRevokeCmd struct {
	ID    string `arg:"" help:"Id of the token; see 'cubby api-token list'."`
	Owner string `help:"E-mail address of the owner whose organization it is; the first when empty."`
}

// Run ends the token.
func (cmd tokenRevokeCmd) Run(ctx context.Context, e *env) error {
	return e.withOperator(ctx, cmd.Owner, func(c *cloud.Cloud, p cloud.Principal) error {
		return c.RevokeAPIToken(ctx, p, cmd.ID)
	})
}
