package cli

import "cubby/internal/config"

type settingsCmd struct {
	Describe describeCmd `cmd:"" help:"Print every setting with its meaning and its default, as a file to start from."`
	Check    checkCmd    `cmd:"" help:"Load the settings and say what is wrong with them."`
}

type describeCmd struct{}

// Run prints the commented default settings.
func (describeCmd) Run(e *env) error { return config.Describe(e.Out) }

type checkCmd struct{}

// Run loads the settings as a command would.
func (checkCmd) Run(e *env) error {
	if _, err := e.config(); err != nil {
		return err
	}
	return e.print("the settings are fine")
}
