package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"

	"cubby/internal/cloud"
	"cubby/internal/credential"
	"cubby/internal/locker"
)

type doctorCodesCmd struct {
	JSON    bool   `help:"Print one JSON object instead of a table."`
	Schemes bool   `help:"Compare ways to make codes instead, with 20 guesses a day."`
	Owner   string `help:"E-mail address of the owner whose sites are looked at; the first when empty."`
}

// siteCodes is a site in the answer.
type siteCodes struct {
	Site      locker.SiteID `json:"site"`
	Name      string        `json:"name"`
	Scheme    string        `json:"scheme"`
	Live      int           `json:"live_codes"`      // at most, at any time
	PerNumber int           `json:"codes_of_a_unit"` // at most
	Guesses   float64       `json:"guesses_a_day"`
	Most      int           `json:"guesses_allowed"` // the most a day that the policy could name
	Chance    float64       `json:"chance_a_year"`
	Wrong     string        `json:"wrong,omitempty"`
}

// Run prints for each site the chance that a stranger opens anything in a year, and says no when one is
// above what is allowed.
func (cmd doctorCodesCmd) Run(ctx context.Context, e *env) error {
	if cmd.Schemes {
		return cmd.schemes(e)
	}
	var sites []siteCodes
	err := e.withCloud(ctx, func(c *cloud.Cloud) error {
		p, err := c.Operator(ctx, cmd.Owner)
		if err != nil {
			return err
		}
		all, err := c.Sites(ctx, p)
		if err != nil {
			return err
		}
		for _, s := range all {
			a, err := c.Codes(ctx, p, s.ID)
			if err != nil {
				return err
			}
			sites = append(sites, codesOf(s, a))
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := cmd.print(e, sites); err != nil {
		return err
	}
	for _, s := range sites {
		if s.Wrong != "" {
			return errFailed
		}
	}
	return nil
}

func codesOf(s cloud.SiteSummary, a credential.Assessment) siteCodes {
	return siteCodes{
		Site: s.ID, Name: s.Name, Scheme: a.Policy.String(), Live: a.Counts.Live, PerNumber: a.Counts.PerNumber,
		Guesses: a.Policy.Limits.Site.PerDay(), Most: a.Most, Chance: a.Chance, Wrong: a.Why(),
	}
}

func (cmd doctorCodesCmd) print(e *env, sites []siteCodes) error {
	if cmd.JSON {
		return json.NewEncoder(e.Out).Encode(map[string]any{"max_chance": credential.MaxChance, "sites": sites})
	}
	if len(sites) == 0 {
		return e.print("there is no site yet: make one with 'cubby site add'")
	}
	if err := e.print("%s", sites[0].Scheme); err != nil { // all sites issue the same
		return err
	}
	w := tabwriter.NewWriter(e.Out, 0, 0, 2, ' ', 0)
	_, err := fmt.Fprintln(w, "\nSITE\tLIVE CODES\tGUESSES A DAY\tCHANCE A YEAR\t")
	for _, s := range sites {
		verdict := "ok"
		if s.Wrong != "" {
			verdict = "WEAK"
		}
		_, werr := fmt.Fprintf(w, "%s\t%d\t%g\t%s\t%s\n", s.Name, s.Live, s.Guesses, credential.FormatChance(s.Chance), verdict)
		err = errors.Join(err, werr)
	}
	if err = errors.Join(err, w.Flush()); err != nil {
		return err
	}
	for _, s := range sites {
		if s.Wrong != "" {
			err = errors.Join(err, e.print("\n%s: %s. Its controller takes fewer guesses meanwhile.", s.Name, s.Wrong))
		}
	}
	return err
}

// schemes prints what other ways to make codes would be worth.
func (cmd doctorCodesCmd) schemes(e *env) error {
	const few, many, guesses = 50, 200, 20
	if cmd.JSON {
		var rows []map[string]any
		for _, s := range credential.Schemes() {
			rows = append(rows, map[string]any{
				"scheme": s.Name, "chance_50_codes": s.Chance(few, guesses), "chance_200_codes": s.Chance(many, guesses),
			})
		}
		return json.NewEncoder(e.Out).Encode(map[string]any{"guesses_a_day": guesses, "schemes": rows})
	}
	w := tabwriter.NewWriter(e.Out, 0, 0, 2, ' ', 0)
	_, err := fmt.Fprintf(w, "CHANCE THAT A STRANGER OPENS ANYTHING IN A YEAR\t%d CODES\t%d CODES\n", few, many)
	for _, s := range credential.Schemes() {
		_, werr := fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, credential.FormatChance(s.Chance(few, guesses)),
			credential.FormatChance(s.Chance(many, guesses)))
		err = errors.Join(err, werr)
	}
	return errors.Join(err, w.Flush())
}
