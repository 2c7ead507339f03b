package cli

import (
	"errors"
	"strings"

	"cubby/internal/app"
)

type keyCmd struct{}

// Run prints the public key of this computer's server, as a file to give out.
func (keyCmd) Run(e *env) error {
	c, err := e.config()
	if err != nil {
		return err
	}
	id, err := app.ServerIdentity(e.serverOptions(c).Config.DataDir)
	if err != nil {
		return errors.Join(err, errors.New("run this on the server, after it has started once"))
	}
	return e.print("%s", strings.TrimSpace(app.PublicKeyFile(id)))
}
