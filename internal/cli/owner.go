package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"cubby/internal/app"
	"cubby/internal/cloud"
)

type ownerCmd struct {
	Add ownerAddCmd `cmd:"" help:"Make an owner, who signs in at the console. The password comes from the input or from a file."`
}

type ownerAddCmd struct {
	Email        string `arg:"" help:"E-mail address to sign in with."`
	Name         string `help:"Name of the person." required:""`
	Organization string `help:"Name of the organization, when this is the first owner." default:"My organization"`
	PasswordFile string `help:"File with the password; else it is read from the input." type:"existingfile"`
}

// Run makes the owner.
func (cmd ownerAddCmd) Run(ctx context.Context, e *env) error {
	password, err := readPassword(e, cmd.PasswordFile)
	if err != nil {
		return err
	}
	return e.withCloud(ctx, func(c *cloud.Cloud) error {
		p, err := c.CreateOwner(ctx, cloud.OwnerDraft{
			Organization: cmd.Organization, Name: cmd.Name, Email: cmd.Email, Password: password,
		})
		if err != nil {
			return err
		}
		return e.print("%s may sign in as %s", p.Name, strings.ToLower(cmd.Email))
	})
}

func readPassword(e *env, file string) (string, error) {
	if file != "" {
		data, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return strings.TrimRight(string(data), "\r\n"), nil
	}
	e.say("Password (at least 12 characters), then Enter:")
	line, err := bufio.NewReader(e.In).ReadString('\n')
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", usageError{errors.Join(errors.New("no password was given"), err)}
	}
	return line, nil
}

// withCloud runs f over the server's tables. It is for commands that may run beside the server.
func (e *env) withCloud(ctx context.Context, f func(*cloud.Cloud) error) error {
	c, err := e.config()
	if err != nil {
		return err
	}
	return app.WithCloud(ctx, e.serverOptions(c), f)
}
