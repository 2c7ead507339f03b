package cli

import (
	"errors"
	"fmt"

	"cubby/internal/app/lock"
	"cubby/internal/config"
)

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
	c, err := e.config()
	if err != nil {
		return err
	}
	var problems []error
	for i, bus := range c.Controller.Buses {
		if err := lock.Check(bus); err != nil {
			problems = append(problems, fmt.Errorf("controller.buses[%d]: %w", i, err))
		}
	}
	if len(problems) > 0 {
		return usageError{errors.Join(problems...)}
	}
	return e.print("the settings are fine")
}
