package cli

import (
	"context"

	"cubby/internal/app"
)

type doctorCmd struct {
	All   doctorAllCmd   `cmd:"" default:"withargs" help:"Look at this computer: settings, disk, clock, mail, boards."`
	Codes doctorCodesCmd `cmd:"" help:"How hard the codes of each site are to guess, and what to change where they are too easy."`
}

type doctorAllCmd struct {
	Server     bool `help:"Look at the server only."`
	Controller bool `help:"Look at the controller only."`
}

// Run prints one line for each thing that was looked at, and says no when one of them is wrong.
func (cmd doctorAllCmd) Run(ctx context.Context, e *env) error {
	c, err := e.config()
	if err != nil {
		return err
	}
	both := cmd.Server == cmd.Controller
	var findings []app.Finding
	if both || cmd.Server {
		findings = append(findings, app.ExamineServer(ctx, e.serverOptions(c))...)
	}
	if both || cmd.Controller {
		findings = append(findings, app.ExamineController(ctx, e.siteOptions(c))...)
	}
	wrong := 0
	for _, f := range findings {
		mark := "ok   "
		if f.Wrong != nil {
			mark, wrong = "WRONG", wrong+1
		}
		if err := e.print("%s  %-22s %s", mark, f.What, f.Text()); err != nil {
			return err
		}
	}
	if wrong > 0 {
		return errFailed
	}
	return nil
}
