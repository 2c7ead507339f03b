package cli

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"cubby/internal/cloud"
	"cubby/internal/cloud/importer"
	"cubby/internal/locker"
	"cubby/internal/text"
)

type importCmd struct {
	Residents importResidentsCmd `cmd:"" help:"Import residents from a CSV file. Without --yes it only says what would change."`
}

type importResidentsCmd struct {
	File   string            `arg:"" help:"CSV file; its first line names the columns." type:"existingfile"`
	Site   string            `help:"Site whose property they live in; see 'cubby site list'." required:""`
	Column map[string]string `help:"What a column holds, where its name is not understood, e.g. --column 'unit=Apt no.'. May be repeated." placeholder:"FIELD=NAME" mapsep:"none"`
	Source string            `help:"System that the file comes from." default:"csv"`
	Skip   bool              `help:"Import the rows without problems; otherwise one problem stops all of them."`
	Gone   bool              `help:"Make inactive whom the source brought before and whom the file lacks."`
	Yes    bool              `help:"Apply."`
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
		mapping, err := cmd.mapping(guess)
		if err != nil {
			return usageError{err}
		}
		for i, col := range guess.Columns {
			e.say("column %q: %s", col.Header, heldBy(mapping[i]))
		}
		plan, err := c.PlanImport(ctx, p, cloud.ImportInput{
			Site: locker.SiteID(cmd.Site), Data: data, Mapping: mapping, Source: cmd.Source,
			SkipFaulty: cmd.Skip, DeactivateGone: cmd.Gone,
		})
		if err != nil {
			return err
		}
		return cmd.apply(ctx, e, c, p, plan)
	})
}

// mapping is the guess with what the person said over it.
func (cmd importResidentsCmd) mapping(guess cloud.ImportGuess) (importer.Mapping, error) {
	m := guess.Mapping()
	for name, header := range cmd.Column {
		field := importer.Field(name)
		if !slices.Contains(importer.Fields(), field) {
			return nil, fmt.Errorf("--column: no field %q, known are %s", name, fieldList())
		}
		at := slices.IndexFunc(guess.Columns, func(c cloud.ImportColumn) bool { return c.Header == header })
		if at < 0 {
			return nil, fmt.Errorf("--column: the file has no column %q", header)
		}
		for i, f := range m {
			if f == field {
				m[i] = importer.FieldNone
			}
		}
		m[at] = field
	}
	return m, nil
}

func fieldList() string {
	var names []string
	for _, f := range importer.Fields() {
		names = append(names, string(f))
	}
	return strings.Join(names, ", ")
}

func heldBy(f importer.Field) string {
	if f == importer.FieldNone {
		return "not imported"
	}
	return string(f)
}

// problemText is a problem as a person reads it.
func problemText(words *text.Printer, p importer.Problem) string {
	line := fmt.Sprintf("line %d", p.Line)
	if p.Column != "" {
		line += fmt.Sprintf(", %s", p.Column)
	}
	line += ": " + words.T("import.problem."+string(p.Code), "line", p.Other)
	if p.Value != "" {
		line += fmt.Sprintf(" (%q)", p.Value)
	}
	return line
}

func (cmd importResidentsCmd) apply(
	ctx context.Context, e *env, c *cloud.Cloud, p cloud.Principal, plan cloud.ImportPlan,
) error {
	catalog, err := text.New()
	if err != nil {
		return fmt.Errorf("load the catalogues: %w", err)
	}
	for _, problem := range plan.Problems {
		e.say("%s", problemText(catalog.For("en"), problem))
	}
	err = e.print("%d rows: %d to add, %d to change, %d unchanged, %d not in the file, %d with problems",
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
