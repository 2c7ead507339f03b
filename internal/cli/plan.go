package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/schollz/progressbar/v3"

	"cubby/internal/sizing"
	"cubby/internal/sizing/figure"
	"cubby/internal/sizing/layout"
	"cubby/internal/sizing/planfile"
)

type planCmd struct {
	File    planFileCmd    `cmd:"" default:"withargs" help:"Answer a plan file: how many doors of which size, where, at what cost. The word 'file' may be left out."`
	Quick   planQuickCmd   `cmd:"" help:"A first answer from three figures; everything else is a default, marked as an assumption where nobody published it."`
	Site    planSiteCmd    `cmd:"" help:"Plan an installed site again from its own record: would other doors, another hold or one more column help?"`
	Erlang  planErlangCmd  `cmd:"" help:"Erlang-B: how many parcels of a load find no door, and its inverses."`
	Kaufman planKaufmanCmd `cmd:"" help:"Kaufman-Roberts: how many parcels of each size do not fit into an open room."`
	Mix     planMixCmd     `cmd:"" help:"The best doors of each size in a height, or the least height for a loss."`
	Columns planColumnsCmd `cmd:"" help:"How compartments make columns, and the fewest columns that have the doors of a demand."`
}

type planFileCmd struct {
	File   string `arg:"" help:"Plan file (YAML); see docs/examples/plan-200.yaml. A log that it names is read relative to it."`
	Layout string `help:"Also write the plan as the layout of a site (YAML), for 'cubby site add'." placeholder:"FILE" type:"path"`
	Replay bool   `help:"Also let the recommended lockers meet the deliveries of the plan's log themselves: years of weeks drawn from it."`
	planForm
}

// Run answers a plan file.
func (cmd planFileCmd) Run(ctx context.Context, e *env) error {
	p, log, warnings, err := readPlan(cmd.File)
	if err != nil {
		return usageError{err}
	}
	o := sizing.Options{Seed: cmd.Seed}
	if cmd.Replay {
		if o.Log = log; len(log) == 0 {
			return usageError{errors.New("--replay: the plan names no log of deliveries (demand.log)")}
		}
	}
	a, err := e.solve(ctx, p, o)
	if err != nil {
		return err
	}
	if cmd.Layout != "" {
		if err := writeLayout(cmd.Layout, a); err != nil {
			return err
		}
		e.say("wrote %s", cmd.Layout)
	}
	return cmd.write(e, a, warnings)
}

// maxPlanBytes bounds plan files: the largest that makes sense has a hundredth.
const maxPlanBytes = 4 << 20

// readPlan reads a plan and the log that it names. Errors name file, line and key.
func readPlan(file string) (sizing.Problem, []sizing.Delivery, []string, error) {
	f, err := os.Open(file) // the operator names the file
	if err != nil {
		return sizing.Problem{}, nil, nil, fmt.Errorf("read the plan: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	data, err := io.ReadAll(io.LimitReader(f, maxPlanBytes+1))
	if err != nil {
		return sizing.Problem{}, nil, nil, fmt.Errorf("read the plan: %w", err)
	}
	if len(data) > maxPlanBytes {
		return sizing.Problem{}, nil, nil, fmt.Errorf("%s has more than %d bytes: a plan is a small file; is it the log?", file, maxPlanBytes)
	}
	p, err := planfile.Read(filepath.Base(file), data)
	if err != nil || p.Demand.Log == "" {
		return p, nil, nil, err
	}
	name := p.Demand.Log
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(file), name)
	}
	log, err := os.Open(name) // the plan names the file
	if err != nil {
		return p, nil, nil, fmt.Errorf("%s:%d: demand.log: %w", filepath.Base(file), planfile.Line(data, "demand.log"), err)
	}
	defer log.Close() //nolint:errcheck // only read
	read, err := planfile.ReadLog(log, planfile.LogOptions{Name: filepath.Base(name), Sizes: p.Sizes})
	if err != nil {
		return p, nil, nil, err
	}
	p, more, err := p.WithLog(read.Deliveries)
	if err != nil {
		last := slices.MaxFunc(read.Deliveries, func(a, b sizing.Delivery) int { return a.Line - b.Line })
		return p, nil, nil, fmt.Errorf("%s:%d: %w", filepath.Base(name), last.Line, err)
	}
	return p, read.Deliveries, append(read.Warnings, more...), nil
}

// solve answers a problem under a progress bar.
func (e *env) solve(ctx context.Context, p sizing.Problem, o sizing.Options) (sizing.Answer, error) {
	const steps = 1000
	bar := progressbar.NewOptions(steps, progressbar.OptionSetWriter(e.bars()), progressbar.OptionClearOnFinish(),
		progressbar.OptionSetDescription("plan"))
	o.Progress = func(g sizing.Progress) {
		bar.Describe(g.Stage.String())
		_ = bar.Set(int(g.Done * steps)) // a bar that cannot be drawn stops nothing
	}
	a, err := sizing.Solve(ctx, p, o)
	_ = bar.Finish() // as above
	if len(sizing.FieldErrors(err)) > 0 {
		return a, usageError{err}
	}
	return a, err
}

// writeLayout writes the recommended alternative as the layout of a site.
func writeLayout(file string, a sizing.Answer) error {
	made, err := layout.Of(a.Problem, a.Recommended, layout.Names{})
	if err != nil {
		return fmt.Errorf("make the layout: %w", err)
	}
	data, err := yaml.MarshalWithOptions(made, yaml.UseJSONMarshaler())
	if err != nil {
		return fmt.Errorf("write the layout: %w", err)
	}
	return os.WriteFile(file, data, 0o644) //nolint:gosec // a layout holds no secret, and others read it
}

type planQuickCmd struct {
	Units      int     `help:"Apartments of the building." required:"" placeholder:"N"`
	Rate       float64 `help:"Parcels per apartment and week; without it published figures, which differ tenfold." placeholder:"R"`
	DwellHours float64 `help:"Hours after which half of the parcels are collected; without it 18.5." placeholder:"H"`
	planForm
}

// Run answers from the defaults.
func (cmd planQuickCmd) Run(ctx context.Context, e *env) error {
	const given = figure.OnLine
	p := sizing.Defaults()
	p.Name = fmt.Sprintf("%d units", cmd.Units)
	p.Demand.Units = cmd.Units
	if cmd.Rate != 0 {
		p.Demand.Rate = figure.Of(cmd.Rate, given)
	}
	if cmd.DwellHours != 0 {
		p.Dwell.Median = figure.Of(cmd.DwellHours, given)
	}
	a, err := e.solve(ctx, p, sizing.Options{Seed: cmd.Seed, Quick: true})
	if err != nil {
		return flagNames(err)
	}
	return cmd.write(e, a, nil)
}

// flagNames says the flags of quick in place of the keys of a plan file.
func flagNames(err error) error {
	fields := sizing.FieldErrors(err)
	if len(fields) == 0 {
		return err
	}
	names := map[string]string{"demand.units": "--units", "demand.rate": "--rate", "dwell.median_hours": "--dwell-hours"}
	var all []error
	for _, f := range fields {
		name := f.Field
		if flag, ok := names[f.Field]; ok {
			name = flag
		}
		all = append(all, errors.New(strings.TrimSuffix(name+": "+f.Text, "\n")))
	}
	return usageError{errors.Join(all...)}
}
