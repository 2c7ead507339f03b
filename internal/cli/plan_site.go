package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"

	"cubby/internal/app"
	"cubby/internal/locker"
	"cubby/internal/sizing"
	"cubby/internal/sizing/refit"
	"cubby/internal/text"
	planreport "cubby/internal/web/planner/report"
)

type planSiteCmd struct {
	Site     string `arg:"" help:"Id of the site; see 'cubby site list'."`
	JSON     bool   `help:"Write the whole advice as JSON (keys: docs/planner.md)." name:"json" xor:"form"`
	HTML     bool   `help:"Write the report as one page that is complete in itself." name:"html" xor:"form"`
	PDF      bool   `help:"Write the report as PDF." name:"pdf" xor:"form"`
	Out      string `help:"File to write; without it standard output." short:"o" placeholder:"FILE" type:"path"`
	Seed     uint64 `help:"Seed of the simulation: the same record and seed give the same advice." default:"1"`
	Language string `help:"Language of the report." enum:"en,es,ar" default:"en"`
	Letter   bool   `help:"US Letter paper instead of A4."`
	Owner    string `help:"E-mail address of the owner in whose name it asks; the first when empty."`
}

// Run plans an installed site again from its own record.
func (cmd planSiteCmd) Run(ctx context.Context, e *env) error {
	c, err := e.config()
	if err != nil {
		return err
	}
	a, err := cmd.advise(ctx, e, e.serverOptions(c))
	var thin *sizing.ThinRecord
	if errors.As(err, &thin) || errors.Is(err, refit.ErrNoDoors) {
		e.say("no advice: %v", err)
		return errFailed
	}
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := cmd.form(&out, a); err != nil {
		return err
	}
	if cmd.Out != "" {
		if err := os.WriteFile(cmd.Out, out.Bytes(), 0o644); err != nil { //nolint:gosec // a report is for others
			return fmt.Errorf("write the report: %w", err)
		}
		e.say("wrote %s", cmd.Out)
		return nil
	}
	if cmd.PDF && terminal(e.Out) {
		return usageError{errors.New("this form is not for a terminal: give --out FILE")}
	}
	_, err = e.Out.Write(out.Bytes())
	return err
}

func (cmd planSiteCmd) advise(ctx context.Context, e *env, opts app.ServerOptions) (sizing.Advice, error) {
	const steps = 100
	bar := progressbar.NewOptions(steps, progressbar.OptionSetWriter(e.bars()), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetDescription("plan"))
	a, err := app.AdviseSite(ctx, opts, cmd.Owner, locker.SiteID(cmd.Site), sizing.ReplanOptions{
		Seed: cmd.Seed, Progress: func(done float64) { _ = bar.Set(int(done * steps)) }, // a bar that cannot be drawn stops nothing
	})
	_ = bar.Finish() // as above
	return a, err
}

func (cmd planSiteCmd) form(out *bytes.Buffer, a sizing.Advice) error {
	if cmd.JSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(a)
	}
	catalog, err := text.New()
	if err != nil {
		return fmt.Errorf("load the catalogues: %w", err)
	}
	r, err := planreport.NewAdvice(a, planreport.Options{Printer: catalog.For(cmd.Language), At: time.Now(), Letter: cmd.Letter})
	if err != nil {
		return err
	}
	switch {
	case cmd.HTML:
		return r.HTML(out)
	case cmd.PDF:
		return r.PDF(out)
	}
	return r.Text(out)
}
