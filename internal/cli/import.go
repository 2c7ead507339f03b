package cli

import (
	"context"
	"os"

	"cubby/internal/cloud"
	"cubby/internal/locker"
)

type importCmd struct {
	Residents importResidentsCmd `cmd:"" help:"Import residents from a CSV file. Without --yes it only says what would change."`
}

type importResidentsCmd struct {
	File   string `arg:"" help:"CSV file; its first line names the columns." type:"existingfile"`
	Site   string `help:"Site whose property they live in; see 'cubby site list'." required:""`
	Source string `help:"System that the file comes from." default:"csv"`
	Skip   bool   `help:"Import the rows without problems; otherwise one problem stops all of them."`
	Gone   bool   `help:"Make inactive whom the source brought before and whom the file lacks."`
	Yes    bool   `help:"Apply."`
}

// Run plans the import, prints what would change, and applies it with --yes.
func (cmd importResidentsCmd) Run(ctx context.Context, e *env) error {
	data, err := os.ReadFile(cmd.File)
	if err != nil {
		return err
	}
	return e.withCloud(ctx, func(c *cloud.Cloud) error {
		p, err := c.Operator(ctx, "")
		if err != nil {
			return err
		}
		guess, err := c.GuessMapping(ctx, p, data)
		if err != nil {
			return err
		}
		for _, col := range guess.Columns {
			e.say("column %q: %s", col.Header, col.Guess)
		}
		plan, err := c.PlanImport(ctx, p, cloud.ImportInput{
			Site: locker.SiteID(cmd.Site), Data: data, Mapping: guess.Mapping(), Source: cmd.Source,
			SkipFaulty: cmd.Skip, DeactivateGone: cmd.Gone,
		})
		if err != nil {
			return err
		}
		return cmd.apply(ctx, e, c, p, plan)
	})
}

func (cmd importResidentsCmd) apply(
	ctx context.Context, e *env, c *cloud.Cloud, p cloud.Principal, plan cloud.ImportPlan,
) error {
	for _, problem := range plan.Problems {
		e.say("%s", problem)
	}
	err := e.print("%d rows: %d to add, %d to change, %d unchanged, %d gone, %d with problems",
		plan.Rows, plan.Add, plan.Change, plan.Unchanged, plan.Gone, plan.Faulty)
	switch {
	case err != nil:
		return err
	case plan.Faulty > 0 && !cmd.Skip:
		e.say("nothing was written: mend the rows above or use --skip")
		return errFailed
	case plan.ID == "":
		return e.print("nothing to do")
	case !cmd.Yes:
		return e.print("nothing was written: run again with --yes")
	}
	result, err := c.ApplyImport(ctx, p, plan.ID)
	if err != nil {
		return err
	}
	return e.print("added %d, changed %d, deactivated %d", result.Added, result.Changed, result.Deactivated)
}
